//! The shared stubs: entering the code, leaving it, calling by number, and calling the host.
//!
//! What they have to do stands in [`context`](crate::context). They are emitted like all other code,
//! so that an ELF file and the processor run the same bytes.

use super::encode::encode;
use super::instruction::{
    Address, Alu, CONTEXT, Cond, EXIT_SITE, Instruction, Label, Operand, R8, R9, R10, R12, R13,
    R14, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Scale, Size,
};
use crate::context;
use crate::ir::{FunctionId, ImportId};
use crate::link::{StackChecks, StubOffsets, Stubs};
use crate::machine::{Assembly, Frame, Register, Symbol};
use crate::origin::{Linkage, Mechanism, Origin};

/// What the entry stub keeps for its caller, in the order in which it pushes.
const SAVED: [Register; 6] = [RBX, RBP, R12, R13, R14, CONTEXT];

/// Tells the entry stub whether the code has left: 1, or returned: 0.
const LEFT: Register = RBX;

/// The registers in which values can be where the code leaves: all but the stack pointer, the scratch
/// register and the context's.
const KEPT_AT_EXIT: [u8; 13] = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 14];

/// The registers of arguments.
const ARGUMENTS: [Register; 6] = [RDI, RSI, RDX, RCX, R8, R9];

/// The register in which a thunk says which import is called.
const IMPORT_NUMBER: Register = R9;

/// The stubs for a module with so many imports.
pub(crate) fn assemble(imports: u32, checks: StackChecks) -> Stubs {
    let mut code = Writer::default();
    entry(&mut code);
    let exit = code.position();
    exit_stub(&mut code);
    let trampoline = code.position();
    let trampoline_site = trampoline_stub(&mut code, checks);
    let thunks: Vec<u32> = (0..imports)
        .map(|import| {
            let start = code.position();
            thunk(&mut code, ImportId(import));
            start
        })
        .collect();
    // One more, for what is told to the exit stub: the position behind.
    code.set_part(Linkage::Body, Mechanism::Computation);
    code.push(Instruction::Ud2);
    let assembly = code.finish();
    let unit = encode(&assembly);
    let offset = |position: u32| unit.offsets[position as usize];
    let offsets = StubOffsets {
        exit: offset(exit),
        trampoline: offset(trampoline),
        trampoline_site: trampoline_site.map(offset),
        thunks: thunks.into_iter().map(offset).collect(),
    };
    Stubs {
        unit,
        origins: assembly.origins,
        offsets,
    }
}

/// `entry(rdi: context, rsi: function, rdx: arguments, rcx: stack)`.
///
/// Whether the code has left is in rbx, which functions keep, so that the exit stub can come back
/// here by `ret` as a function does: the processor, which pairs calls with returns, then knows where
/// both go on.
fn entry(code: &mut Writer) {
    code.set_part(Linkage::Prologue, Mechanism::StateManagement);
    for rd in SAVED {
        code.push(Instruction::Push { rd });
    }
    // For the exit stub: where the stack begins.
    code.push(Instruction::Push { rd: RCX });
    code.store(RSP, RDI, context::HOST_STACK);
    code.mov(CONTEXT, RDI);
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.mov(RAX, RSI);
    code.set_part(Linkage::Precall, Mechanism::DataTransfer);
    code.mov(R10, RDX);
    code.set_part(Linkage::Precall, Mechanism::StateManagement);
    code.mov(RSP, RCX);
    code.constant(LEFT, 0);
    code.set_part(Linkage::Precall, Mechanism::DataTransfer);
    for (offset, rd) in (0..).step_by(8).zip(ARGUMENTS) {
        code.load(rd, R10, offset);
    }
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::CallRegister { rn: RAX });
    code.set_part(Linkage::Epilogue, Mechanism::DataTransfer);
    code.mov(RDX, LEFT);
    code.set_part(Linkage::Epilogue, Mechanism::StateManagement);
    code.load(RSP, CONTEXT, context::HOST_STACK);
    code.push(Instruction::Pop { rd: RCX });
    for rd in SAVED.into_iter().rev() {
        code.push(Instruction::Pop { rd });
    }
    code.set_part(Linkage::Epilogue, Mechanism::ControlTransfer);
    code.push(Instruction::Ret);
}

/// Keeps the registers, the stack pointer and the site, r11, and returns to the entry stub.
fn exit_stub(code: &mut Writer) {
    code.set_part(Linkage::Body, Mechanism::Computation);
    code.store(EXIT_SITE, CONTEXT, context::EXIT_SITE);
    code.store(RSP, CONTEXT, context::EXIT_STACK);
    for number in KEPT_AT_EXIT {
        let offset = context::REGISTERS + 8 * u32::from(number);
        code.store(Register::physical(number), CONTEXT, offset);
    }
    code.constant(RAX, 0);
    code.constant(LEFT, 1);
    // The stack pointer is what it was when the function was called, and the return address is there.
    code.load(RCX, CONTEXT, context::HOST_STACK);
    code.load(RCX, RCX, 0);
    code.push(Instruction::Lea {
        rd: RSP,
        address: Address::base(RCX, -8),
    });
    code.push(Instruction::Ret);
}

/// Calls a function by its number: rdi is the catalogue, rsi the number, rdx, rcx, r8, r9 are the
/// first four arguments, which the function expects from rdi on. Gives the position that is told where
/// it leaves, if it checks the stack.
fn trampoline_stub(code: &mut Writer, checks: StackChecks) -> Option<u32> {
    let exhausted = match checks {
        StackChecks::InFunctions => None,
        StackChecks::InTrampoline => {
            let label = code.label_to_come();
            let limit = Address::base(CONTEXT, context::STACK_LIMIT as i32);
            code.set_part(Linkage::Prologue, Mechanism::StateManagement);
            code.push(Instruction::Alu {
                op: Alu::Cmp,
                size: Size::Bits64,
                rd: RSP,
                operand: Operand::Memory(limit),
            });
            code.push(Instruction::Jcc {
                cond: Cond::Be,
                label,
            });
            Some(label)
        }
    };
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::Load {
        rd: RAX,
        address: Address::indexed(RDI, RSI, Scale::Eight),
    });
    code.set_part(Linkage::Precall, Mechanism::DataTransfer);
    for (&to, &from) in ARGUMENTS.iter().zip(&ARGUMENTS[2..]) {
        code.mov(to, from);
    }
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::JmpRegister { rn: RAX });
    exhausted.map(|label| {
        code.place(label);
        code.set_part(Linkage::Body, Mechanism::Computation);
        code.push(Instruction::Here { rd: EXIT_SITE });
        let site = code.position();
        code.push(Instruction::JmpSymbol {
            symbol: Symbol::ExitStub,
        });
        site
    })
}

/// Goes on to the host's function with the import's number in r9, behind the context and at most
/// four arguments.
fn thunk(code: &mut Writer, import: ImportId) {
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.constant(IMPORT_NUMBER, i64::from(import.0));
    code.push(Instruction::JmpMemory {
        address: Address::base(CONTEXT, context::HOST_CALL as i32),
    });
}

/// Instructions and labels, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    instructions: Vec<Instruction>,
    origins: Vec<Origin>,
    labels: Vec<u32>,
    /// The origin of what is added.
    origin: Origin,
}

impl Writer {
    /// The position of the next instruction.
    pub(crate) fn position(&self) -> u32 {
        self.instructions.len() as u32
    }

    /// A label for an instruction further on.
    pub(crate) fn label_to_come(&mut self) -> Label {
        self.labels.push(u32::MAX);
        Label(self.labels.len() as u32 - 1)
    }

    /// Says that a label is that of the next instruction.
    pub(crate) fn place(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.position();
    }

    /// Adds an instruction.
    pub(crate) fn push(&mut self, instruction: Instruction) {
        self.instructions.push(instruction);
        self.origins.push(self.origin);
    }

    /// Says which part in a call the instructions have that are added from here on; at first they
    /// have none.
    pub(crate) fn set_part(&mut self, linkage: Linkage, mechanism: Mechanism) {
        self.origin = self.origin.with(linkage).doing(mechanism);
    }

    /// `mov rd, rn`
    pub(crate) fn mov(&mut self, rd: Register, rn: Register) {
        self.push(Instruction::Mov { rd, rn });
    }

    /// `mov rd, value`
    pub(crate) fn constant(&mut self, rd: Register, value: i64) {
        self.push(Instruction::MovImmediate { rd, value });
    }

    /// `mov rd, [base + offset]`
    pub(crate) fn load(&mut self, rd: Register, base: Register, offset: u32) {
        let address = Address::base(base, offset as i32);
        self.push(Instruction::Load { rd, address });
    }

    /// `mov [base + offset], rt`
    pub(crate) fn store(&mut self, rt: Register, base: Register, offset: u32) {
        let address = Address::base(base, offset as i32);
        let size = Size::Bits64;
        self.push(Instruction::Store { size, rt, address });
    }

    /// The instructions as a function of no module.
    pub(crate) fn finish(self) -> Assembly<Instruction> {
        Assembly {
            id: FunctionId(u32::MAX),
            name: String::from("stubs"),
            origins: self.origins,
            instructions: self.instructions,
            labels: self.labels,
            frame: Frame::default(),
            slots_at: 0,
            exits: Vec::new(),
            calls: Vec::new(),
            checks_stack: false,
            needless: Vec::new(),
        }
    }
}
