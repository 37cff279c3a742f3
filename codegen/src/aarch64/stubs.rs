//! The shared stubs: entering the code, leaving it, calling by number, and calling the host.
//!
//! What they have to do stands in [`context`](crate::context). They are emitted like all other code,
//! so that a simulator, an ELF file and the processor run the same bytes.

use super::encode::encode;
use super::instruction::{
    Address, CONTEXT, Cond, FP, Instruction, LR, Label, MemoryAccess, SP, X16, X17,
};
use crate::context;
use crate::ir::{FunctionId, ImportId};
use crate::link::{StackChecks, StubOffsets, Stubs};
use crate::machine::{Assembly, Frame, Register, Symbol};
use crate::origin::{Linkage, Mechanism, Origin};

/// The bytes in which the entry stub keeps what belongs to its caller: x19 to x30.
const SAVED: i32 = 96;

/// The register in which a thunk says which import is called.
const IMPORT_NUMBER: Register = x(5);

/// A general register.
const fn x(number: u8) -> Register {
    Register::physical(number)
}

/// The stubs for a module with so many imports.
pub(crate) fn assemble(imports: u32, checks: StackChecks) -> Stubs {
    let mut code = Writer::default();
    let leave = entry(&mut code);
    let exit = code.position();
    exit_stub(&mut code, leave);
    let trampoline = code.position();
    let trampoline_site = trampoline_stub(&mut code, checks);
    let thunks: Vec<u32> = (0..imports)
        .map(|import| {
            let start = code.position();
            thunk(&mut code, ImportId(import));
            start
        })
        .collect();
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

/// `entry(x0: context, x1: function, x2: arguments, x3: stack)`. Gives the label of its second half,
/// which goes back to the host with x0 and x1 as they are.
fn entry(code: &mut Writer) -> Label {
    let saved = |first: u8| i32::from(first - 19) * 8;
    code.set_part(Linkage::Prologue, Mechanism::StateManagement);
    code.push(Instruction::StorePair {
        rt1: x(19),
        rt2: x(20),
        address: Address::PreIndex(SP, -SAVED),
    });
    for first in [21, 23, 25, 27] {
        code.store_pair(x(first), x(first + 1), SP, saved(first));
    }
    code.store_pair(FP, LR, SP, saved(29));
    code.push(Instruction::MovSp { rd: x(9), rn: SP });
    code.store(x(9), x(0), context::HOST_STACK);
    code.push(Instruction::Mov {
        rd: CONTEXT,
        rn: x(0),
    });
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::Mov { rd: X16, rn: x(1) });
    code.set_part(Linkage::Precall, Mechanism::DataTransfer);
    code.push(Instruction::Mov { rd: X17, rn: x(2) });
    code.set_part(Linkage::Precall, Mechanism::StateManagement);
    code.push(Instruction::MovSp { rd: SP, rn: x(3) });
    code.set_part(Linkage::Precall, Mechanism::DataTransfer);
    for first in [0, 2, 4, 6] {
        code.load_pair(x(first), x(first + 1), X17, i32::from(first) * 8);
    }
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::Blr { rn: X16 });
    code.set_part(Linkage::Epilogue, Mechanism::DataTransfer);
    code.constant(x(1), 0);

    let leave = code.label();
    code.set_part(Linkage::Epilogue, Mechanism::StateManagement);
    code.load(x(9), CONTEXT, context::HOST_STACK);
    code.push(Instruction::MovSp { rd: SP, rn: x(9) });
    code.load_pair(FP, LR, SP, saved(29));
    for first in [27, 25, 23, 21] {
        code.load_pair(x(first), x(first + 1), SP, saved(first));
    }
    code.push(Instruction::LoadPair {
        rt1: x(19),
        rt2: x(20),
        address: Address::PostIndex(SP, SAVED),
    });
    code.set_part(Linkage::Epilogue, Mechanism::ControlTransfer);
    code.push(Instruction::Ret);
    leave
}

/// Keeps the registers, the stack pointer and the site, x16, and goes back to the host.
fn exit_stub(code: &mut Writer, leave: Label) {
    let registers = context::REGISTERS as i32;
    code.set_part(Linkage::Body, Mechanism::Computation);
    code.store(X16, CONTEXT, context::EXIT_SITE);
    for first in (0..30).step_by(2) {
        let offset = registers + i32::from(first) * 8;
        code.store_pair(x(first), x(first + 1), CONTEXT, offset);
    }
    code.store(LR, CONTEXT, context::REGISTERS + 30 * 8);
    code.push(Instruction::MovSp { rd: X16, rn: SP });
    code.store(X16, CONTEXT, context::EXIT_STACK);
    code.constant(x(0), 0);
    code.constant(x(1), 1);
    code.push(Instruction::B { label: leave });
}

/// Calls a function by its number: x0 is the catalogue, x1 the number, x2 to x7 are the first six
/// arguments, which the function expects from x0 on. Gives the site where it leaves, if it checks
/// the stack.
fn trampoline_stub(code: &mut Writer, checks: StackChecks) -> Option<u32> {
    let exhausted = match checks {
        StackChecks::InFunctions => None,
        StackChecks::InTrampoline => {
            let label = code.label_to_come();
            code.set_part(Linkage::Prologue, Mechanism::StateManagement);
            code.load(X16, CONTEXT, context::STACK_LIMIT);
            code.push(Instruction::CmpSp { rm: X16 });
            code.push(Instruction::BCond {
                cond: Cond::Ls,
                label: Label::Local(label),
            });
            Some(label)
        }
    };
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::Load {
        access: MemoryAccess::Double,
        rt: X16,
        address: Address::ScaledIndex(x(0), x(1)),
    });
    code.set_part(Linkage::Precall, Mechanism::DataTransfer);
    for number in 0..6 {
        code.push(Instruction::Mov {
            rd: x(number),
            rn: x(number + 2),
        });
    }
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.push(Instruction::Br { rn: X16 });
    exhausted.map(|label| {
        code.place(label);
        code.set_part(Linkage::Body, Mechanism::Computation);
        let site = code.position();
        code.push(Instruction::Adr {
            rd: X16,
            label: Label::Offset(0),
        });
        code.push(Instruction::BSymbol {
            symbol: Symbol::ExitStub,
        });
        site
    })
}

/// Goes on to the host's function with the import's number in x5, behind the context and at most
/// four arguments.
fn thunk(code: &mut Writer, import: ImportId) {
    code.set_part(Linkage::Precall, Mechanism::ControlTransfer);
    code.constant(IMPORT_NUMBER, import.0 as u16);
    code.load(X16, CONTEXT, context::HOST_CALL);
    code.push(Instruction::Br { rn: X16 });
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

    /// A label for the next instruction.
    pub(crate) fn label(&mut self) -> Label {
        let label = self.label_to_come();
        self.place(label);
        Label::Local(label)
    }

    /// A label for an instruction further on.
    pub(crate) fn label_to_come(&mut self) -> u32 {
        self.labels.push(u32::MAX);
        self.labels.len() as u32 - 1
    }

    /// Says that a label is that of the next instruction.
    pub(crate) fn place(&mut self, label: u32) {
        self.labels[label as usize] = self.position();
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

    /// `movz xd, value`
    pub(crate) fn constant(&mut self, rd: Register, value: u16) {
        self.push(Instruction::Movz {
            rd,
            value,
            shift: 0,
        });
    }

    /// `ldr xt, [xn, #offset]`
    pub(crate) fn load(&mut self, rt: Register, base: Register, offset: u32) {
        self.push(Instruction::Load {
            access: MemoryAccess::Double,
            rt,
            address: Address::Offset(base, offset as i32),
        });
    }

    /// `str xt, [xn, #offset]`
    pub(crate) fn store(&mut self, rt: Register, base: Register, offset: u32) {
        self.push(Instruction::Store {
            access: MemoryAccess::Double,
            rt,
            address: Address::Offset(base, offset as i32),
        });
    }

    fn load_pair(&mut self, rt1: Register, rt2: Register, base: Register, offset: i32) {
        self.push(Instruction::LoadPair {
            rt1,
            rt2,
            address: Address::Offset(base, offset),
        });
    }

    fn store_pair(&mut self, rt1: Register, rt2: Register, base: Register, offset: i32) {
        self.push(Instruction::StorePair {
            rt1,
            rt2,
            address: Address::Offset(base, offset),
        });
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
