//! From placed instructions to the finished function: the allocator's moves, the frame, jumps
//! between blocks as they lie, what stands for several instructions, and the stubs at the end.
//!
//! The frame, from high addresses to low:
//!
//! ```text
//!           arguments that the caller put on the stack
//!           return address
//!           registers that are saved         size ─┐
//!           (8 bytes, if that aligns it)           │
//!           spill slots                            │
//! rsp ────► arguments for functions called         ┘
//! ```
//!
//! There is only what is needed of it, and so none at all in most leaves.

mod edits;
mod expand;
mod layout;

use self::edits::Edits;
use self::layout::Layout;
use super::early_return::EarlyReturn;
use super::instruction::{Address, Alu, CONTEXT, Cond, Instruction, Label, Operand, RSP, Size};
use super::registers::{CALLEE_SAVED, IMPORT_ENDS, RESULT};
use super::select::Selected;
use crate::context;
use crate::ir::{BlockId, FunctionId, ImportId};
use crate::linkage::{Convention, MoveParts, Step, Steps};
use crate::machine::{
    Allocation, Assembly, CallSite, Calls, Code, ExitSite, Frame, Location, MachineInstruction,
    Register, ReturnAddress, Symbol,
};
use crate::origin::{Linkage, Mechanism, Origin};

/// What the convention says of calls.
const CONVENTION: Convention = Convention {
    callee_saved: CALLEE_SAVED,
    result: RESULT,
    second_result: IMPORT_ENDS,
};

/// What a function is, besides its instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    /// Its number.
    pub(super) id: FunctionId,
    /// Its name.
    pub(super) name: &'a str,
    /// How it calls.
    pub(super) calls: Calls,
}

/// Finishes a function whose registers have been allocated.
pub(super) fn finish(
    header: Header<'_>,
    selected: &Selected,
    allocation: &Allocation,
) -> Assembly<Instruction> {
    let mut finisher = Finisher::new(header, selected, allocation);
    finisher.early_return = selected
        .early_return
        .filter(|&early| finisher.needs_no_frame(early, allocation));
    finisher.prologue();
    for position in 0..finisher.layout.len() {
        finisher.block(finisher.layout.block(position));
    }
    finisher.stubs();
    finisher.assembly
}

/// What stands at the end of the function because it is hardly ever executed.
#[derive(Debug, Clone, Copy)]
enum Stub {
    /// Leaves by an exit, an index into the assembly's.
    Exit(usize),
    /// Divides rax by −1: quotient and remainder to rax and rdx, and back to the label.
    NegativeOne(Label),
    /// Divides the high half of a dividend, in rax, by rsi: the quotient to rdi, the remainder to rdx,
    /// and back to the label.
    HighHalf(Label),
}

struct Finisher<'a> {
    header: Header<'a>,
    code: &'a Code<Instruction>,
    edits: Edits<'a>,
    parts: MoveParts<'a, Instruction>,
    layout: Layout,
    /// The registers to be saved, in the order of their numbers.
    saved: Vec<Register>,
    /// Bytes of the frame below the saved registers.
    local: u32,
    assembly: Assembly<Instruction>,
    /// Where the block begins that is being emitted.
    block_start: u32,
    /// The origin of what is emitted.
    origin: Origin,
    /// The stubs to come, with their labels and origins.
    stubs: Vec<(Label, Stub, Origin)>,
    /// The check of the stack, if it has been done before the prologue.
    checked: Option<u32>,
    /// The early return that is without a frame, if there is one.
    early_return: Option<EarlyReturn>,
    /// Whether flags have been left that are read further on.
    flags_are_kept: bool,
    /// The place of the next exit in [`Code::exits`].
    next_exit: usize,
    /// The place of the next operands in [`Code::extras`].
    next_extra: usize,
}

impl<'a> Finisher<'a> {
    fn new(header: Header<'a>, selected: &'a Selected, allocation: &'a Allocation) -> Self {
        let code = &selected.code;
        let saved: Vec<Register> = allocation
            .used
            .intersection(&CALLEE_SAVED)
            .iter()
            .map(Register::physical)
            .collect();
        let slots_at = 8 * selected.outgoing;
        let mut local = slots_at + 8 * allocation.slots;
        let saved_size = 8 * saved.len() as u32;
        // The caller has aligned the stack and then pushed the return address.
        if selected.calls && !(8 + saved_size + local).is_multiple_of(16) {
            local += 8;
        }
        let size = saved_size + local;
        // Behind an early return parameters are handed over once more.
        let entry = [
            Some(BlockId::ENTRY),
            selected.early_return.map(|early| early.goes_on),
        ];
        let count = code.instructions.len() + code.instructions.len() / 8 + 16;
        Self {
            header,
            code,
            edits: Edits::new(allocation),
            parts: MoveParts::of(code, CONVENTION, entry),
            layout: Layout::of(code, allocation),
            saved,
            local,
            assembly: Assembly {
                id: header.id,
                name: header.name.into(),
                instructions: Vec::with_capacity(count),
                origins: Vec::with_capacity(count),
                labels: vec![0; code.blocks.len()],
                frame: Frame {
                    size,
                    return_address: ReturnAddress::Stack(size),
                },
                slots_at,
                exits: Vec::new(),
                calls: Vec::new(),
                checks_stack: false,
                needless: Vec::new(),
            },
            block_start: 0,
            origin: Origin::default(),
            stubs: Vec::new(),
            checked: None,
            early_return: None,
            flags_are_kept: false,
            next_exit: 0,
            next_extra: 0,
        }
    }

    #[inline]
    fn emit(&mut self, instruction: Instruction) {
        self.assembly.instructions.push(instruction);
        self.assembly.origins.push(self.origin);
    }

    /// Says which part in a call the instructions have that are emitted from here on.
    const fn set_part(&mut self, linkage: Linkage, mechanism: Mechanism) {
        self.origin = self.origin.with(linkage).doing(mechanism);
    }

    fn position(&self) -> u32 {
        self.assembly.instructions.len() as u32
    }

    /// A label that is placed later.
    fn label(&mut self) -> Label {
        self.assembly.labels.push(0);
        Label(self.assembly.labels.len() as u32 - 1)
    }

    fn place(&mut self, label: Label) {
        self.assembly.labels[label.0 as usize] = self.position();
    }

    /// The label of a stub.
    fn stub(&mut self, stub: Stub) -> Label {
        let label = self.label();
        self.stubs.push((label, stub, self.origin));
        label
    }

    /// The check of the stack, `push` of the registers that the function uses, `sub rsp, local`.
    fn prologue(&mut self) {
        let first = self.code.origins.first().copied().unwrap_or_default();
        self.origin = first;
        self.set_part(Linkage::Prologue, Mechanism::StateManagement);
        // The arguments may come before it; they are where they are.
        self.checked = (0..2).find(|&index| {
            let instruction = self.code.instructions.get(index as usize);
            instruction == Some(&Instruction::StackCheck)
        });
        if let Some(index) = self.checked {
            self.stack_check(index);
        }
        if self.early_return.is_none() {
            self.set_up_frame();
        }
    }

    fn set_up_frame(&mut self) {
        for index in 0..self.saved.len() {
            let rd = self.saved[index];
            self.emit(Instruction::Push { rd });
        }
        self.move_stack_pointer(Alu::Sub);
    }

    /// `ret`, behind what takes the frame down if there is one in that block.
    fn give_back(&mut self, block: usize) {
        let early = self.early_return;
        if early.is_some_and(|early| early.returns.index() == block) {
            return self.r#return();
        }
        self.epilogue();
    }

    /// `add rsp, local`, `pop`, `ret`
    fn epilogue(&mut self) {
        self.set_part(Linkage::Epilogue, Mechanism::StateManagement);
        self.move_stack_pointer(Alu::Add);
        for index in (0..self.saved.len()).rev() {
            let rd = self.saved[index];
            self.emit(Instruction::Pop { rd });
        }
        self.r#return();
    }

    fn r#return(&mut self) {
        self.set_part(Linkage::Epilogue, Mechanism::ControlTransfer);
        self.emit(Instruction::Ret);
    }

    /// Whether the first block and the one that returns touch nothing for which there must be a
    /// frame: no saved register, no slot, no argument on the stack, nothing that may leave.
    fn needs_no_frame(&self, early: EarlyReturn, allocation: &Allocation) -> bool {
        let is_free = |place: Location| match place {
            Location::Register(number) => !CALLEE_SAVED.contains(number),
            Location::Slot(_) => false,
            Location::Constant(_) => true,
        };
        let blocks = [BlockId::ENTRY, early.returns];
        self.layout.is_emitted(early.goes_on)
            && blocks.into_iter().all(|block| {
                let index = block.index();
                let (start, end) = (self.layout.start(index), self.layout.start(index + 1));
                let edits = &allocation.edits[start.edits as usize..end.edits as usize];
                let contents = &self.code.blocks[index];
                let range = contents.start as usize..contents.end as usize;
                self.layout.is_emitted(block)
                    && edits
                        .iter()
                        .all(|edit| is_free(edit.to) && is_free(edit.from))
                    && self.code.instructions[range]
                        .iter()
                        .enumerate()
                        .all(|(at, instruction)| {
                            // That comes first, before the prologue.
                            at < 2 && *instruction == Instruction::StackCheck
                                || is_frameless(instruction)
                        })
            })
    }

    fn move_stack_pointer(&mut self, op: Alu) {
        if self.local != 0 {
            self.emit(Instruction::Alu {
                op,
                size: Size::Bits64,
                rd: RSP,
                operand: Operand::Immediate(self.local as i32),
            });
        }
    }

    /// `cmp rsp, [context + limit]; jbe stub`
    fn stack_check(&mut self, index: u32) {
        self.assembly.checks_stack = true;
        self.emit(Instruction::Alu {
            op: Alu::Cmp,
            size: Size::Bits64,
            rd: RSP,
            operand: Operand::Memory(Address::base(CONTEXT, context::STACK_LIMIT as i32)),
        });
        let framed = self.checked.is_none();
        self.exit_if(Cond::Be, index, framed);
    }

    fn block(&mut self, block: usize) {
        self.block_start = self.position();
        self.flags_are_kept = false;
        self.assembly.labels[block] = self.block_start;
        if let Some(early) = self.early_return
            && early.goes_on.index() == block
        {
            self.origin = self.code.origins[self.code.blocks[block].start as usize];
            self.set_part(Linkage::Prologue, Mechanism::StateManagement);
            self.set_up_frame();
        }
        self.edits.seek(self.layout.start(block));
        let contents = &self.code.blocks[block];
        for index in contents.start..contents.end {
            self.origin = self.code.origins[index as usize];
            self.edits_before(index);
            if !self.edits.is_dead(index) {
                let instruction = self.code.instructions[index as usize];
                self.instruction(block, index, instruction);
            }
        }
    }

    /// The moves that the allocator wants before an instruction.
    fn edits_before(&mut self, index: u32) {
        while let Some(edit) = self.edits.next_before(index) {
            let origin = self.parts.origin(edit, |block| self.layout.target(block).0);
            let instruction = if self.flags_are_kept {
                edits::instruction_keeping_flags(edit, self.assembly.slots_at)
            } else {
                edits::instruction(edit, self.assembly.slots_at)
            };
            self.assembly.instructions.push(instruction);
            self.assembly.origins.push(origin);
        }
    }

    /// Jumps to the stub of the exit of an instruction, if the condition holds.
    fn exit_if(&mut self, cond: Cond, index: u32, framed: bool) {
        if let Some(exit) = self.exit(index, framed) {
            let label = self.stub(Stub::Exit(exit));
            self.emit(Instruction::Jcc { cond, label });
        }
    }

    /// Notes the exit of an instruction, if it has one: its index among the assembly's. Its
    /// position follows.
    fn exit(&mut self, index: u32, framed: bool) -> Option<usize> {
        let exit = *self.code.exits.get(self.next_exit)?;
        if exit.instruction != index {
            return None;
        }
        self.next_exit += 1;
        let extras = &self.code.extras[self.next_extra..];
        self.next_extra += extras.partition_point(|extra| extra.instruction < index);
        let operands = match self.code.extras.get(self.next_extra) {
            Some(extra) if extra.instruction == index => extra.operands,
            _ => (0, 0),
        };
        self.assembly.exits.push(ExitSite {
            at: 0,
            exit: exit.exit,
            framed,
            values: self.edits.locations(operands),
            origin: self.origin,
        });
        Some(self.assembly.exits.len() - 1)
    }

    /// `call exit_stub`, which is told by its return address where it was called.
    fn leave(&mut self, exit: usize) {
        self.assembly.exits[exit].at = self.position();
        self.emit(Instruction::Call {
            symbol: Symbol::ExitStub,
        });
    }

    /// `call f`; or `lea rdi, catalogue; mov esi, number; call trampoline`.
    fn call_function(&mut self, callee: FunctionId) {
        self.set_part(Linkage::Precall, Mechanism::ControlTransfer);
        let symbol = match self.header.calls {
            Calls::Direct => Symbol::Function(callee),
            Calls::Trampoline => {
                self.emit(Instruction::LoadAddress {
                    rd: super::instruction::RDI,
                    symbol: Symbol::Catalogue,
                });
                self.emit(expand::constant(
                    super::instruction::RSI,
                    i64::from(callee.0),
                ));
                Symbol::Trampoline
            }
        };
        self.emit(Instruction::Call { symbol });
        self.note_call();
    }

    /// `mov rdi, context; call [context + imports + 8 * import]`
    fn call_import(&mut self, import: ImportId) {
        self.emit(Instruction::Mov {
            rd: super::instruction::RDI,
            rn: CONTEXT,
        });
        self.set_part(Linkage::Precall, Mechanism::ControlTransfer);
        let offset = context::IMPORTS + 8 * import.0;
        self.emit(Instruction::CallMemory {
            address: Address::base(CONTEXT, offset as i32),
        });
        self.note_call();
    }

    fn note_call(&mut self) {
        self.assembly.calls.push(CallSite {
            returns_to: self.position(),
            lowered: 0,
            origin: self.origin,
        });
    }

    /// What stands at the end.
    fn stubs(&mut self) {
        for (label, stub, origin) in std::mem::take(&mut self.stubs) {
            self.origin = Origin::body(origin.place);
            self.place(label);
            match stub {
                Stub::Exit(exit) => self.leave(exit),
                Stub::NegativeOne(back) => self.divide_by_negative_one(back),
                Stub::HighHalf(back) => self.divide_high_half(back),
            }
        }
    }
}

/// Whether an instruction can be executed before the frame has been set up.
fn is_frameless(instruction: &Instruction) -> bool {
    let mut copy = *instruction;
    let mut saved = false;
    copy.visit_registers(|register, _, _| {
        saved |= register
            .number()
            .is_some_and(|number| CALLEE_SAVED.contains(number));
    });
    !saved
        && !matches!(
            instruction,
            Instruction::LoadArgument { .. }
                | Instruction::CompareExit { .. }
                | Instruction::CompareMemoryExit { .. }
                | Instruction::Poll
                | Instruction::StackCheck
                | Instruction::Divide { .. }
                | Instruction::WideDivide { .. }
                | Instruction::Leave
        )
}

impl Steps for Instruction {
    fn step(&self) -> Step {
        match *self {
            Self::Parameters => Step::Parameters,
            Self::StackCheck => Step::StackCheck,
            Self::LoadArgument { rd, .. } => Step::StackParameter(rd),
            Self::Store { rt, .. } => Step::Store(rt),
            Self::CallFunction { .. } | Self::CallImport { .. } => Step::Call,
            Self::Divide { .. }
            | Self::WideMultiply { .. }
            | Self::WideDivide { .. }
            | Self::TiedShift { .. } => Step::Constrained,
            Self::Jmp { label } => Step::Jump(BlockId(label.0)),
            Self::Return => Step::Return,
            _ => Step::Other,
        }
    }
}
