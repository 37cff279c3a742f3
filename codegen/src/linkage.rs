//! Which part in a call the allocator's moves have, for all machines.
//!
//! ```text
//!     mov  x19, x0          prologue, data: a parameter goes to where it is wanted
//!     …
//!     str  x8, [sp, #16]    precall, state: it has to outlive the call
//!     mov  x1, x19          precall, data: an argument
//!     bl   g
//!     ldr  x9, [sp, #24]    postreturn, state: what had to be stored
//!     mov  x20, x0          postreturn, data: the result
//!     …
//!     mov  x0, x20          epilogue, data: the function's own result
//! ```
//!
//! All others belong to the body. A move stands *before* an instruction, but may be there because of
//! the one in front of it.

use crate::ir::BlockId;
use crate::machine::{
    Code, CodeBlock, Constraint, Edit, Location, MachineInstruction, Operand, Register, RegisterSet,
};
use crate::origin::{Linkage, Mechanism, Origin};

/// What an instruction means for the moves around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The entry: the parameters that come in registers are defined beside it.
    Parameters,
    /// Written elsewhere, and no reason for a move.
    StackCheck,
    /// Loads a parameter that comes on the stack.
    StackParameter(Register),
    /// Stores a register; as a part of a precall, an argument.
    Store(Register),
    /// A call.
    Call,
    /// Wants its operands in certain registers.
    Constrained,
    /// A jump, which brings values to the block's parameters.
    Jump(BlockId),
    /// Returns.
    Return,
    /// Anything else.
    Other,
}

/// An instruction that says what it means for the moves around it.
pub(crate) trait Steps: MachineInstruction {
    /// What it means.
    fn step(&self) -> Step;
}

/// What the calling convention says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Convention {
    /// The registers that a call leaves as they are.
    pub(crate) callee_saved: RegisterSet,
    /// The register of a function's result.
    pub(crate) result: Register,
    /// The register of an import's second result.
    pub(crate) second_result: Register,
}

/// The parts of a function's moves.
#[derive(Debug)]
pub(crate) struct MoveParts<'a, I> {
    code: &'a Code<I>,
    convention: Convention,
    /// Jumps before which parameters in registers are brought to where they are wanted, and these
    /// registers.
    entering: [(u32, RegisterSet); 2],
}

type Part = (Linkage, Mechanism);

impl<'a, I: Steps> MoveParts<'a, I> {
    /// For a function whose entry consists of these blocks.
    pub(crate) fn of(
        code: &'a Code<I>,
        convention: Convention,
        entry: [Option<BlockId>; 2],
    ) -> Self {
        let entering = entry.map(|block| match block {
            Some(block) => entering(code, &code.blocks[block.index()]),
            None => (u32::MAX, RegisterSet::EMPTY),
        });
        Self {
            code,
            convention,
            entering,
        }
    }

    /// The origin of a jump that is not one way of a branch: if it leads to a return that several
    /// ways share, it belongs to the epilogue.
    pub(crate) fn jump_origin(&self, origin: Origin, block: u32) -> Origin {
        if self.is_epilogue(block) {
            let origin = origin.with(Linkage::Epilogue);
            origin.doing(Mechanism::ControlTransfer)
        } else {
            origin
        }
    }

    /// Whether a block is nothing but an epilogue.
    fn is_epilogue(&self, block: u32) -> bool {
        let block = self.code.blocks.get(block as usize);
        block.is_some_and(|block| {
            self.code.origins[block.start as usize].linkage == Linkage::Epilogue
        })
    }

    /// The origin of a move. `target` says where a jump to a block leads in the end.
    pub(crate) fn origin(&self, edit: &Edit, target: impl Fn(BlockId) -> u32) -> Origin {
        let (linkage, mechanism) = self.part(edit, target);
        let cause = match linkage {
            Linkage::Postreturn => edit.before - 1,
            _ => edit.before,
        };
        Origin {
            place: self.code.origins[cause as usize].place,
            linkage,
            mechanism,
        }
    }

    fn part(&self, edit: &Edit, target: impl Fn(BlockId) -> u32) -> Part {
        let at = edit.before as usize;
        let step = self.code.instructions[at].step();
        self.part_by_next(edit, step, target)
            .or_else(|| self.part_by_previous(edit, step))
            .unwrap_or_else(|| {
                if self.code.origins[at].linkage == Linkage::Precall && self.outlives_call(edit.to)
                {
                    (Linkage::Precall, Mechanism::StateManagement)
                } else {
                    (Linkage::Body, Mechanism::Computation)
                }
            })
    }

    /// The part of a move that the instruction behind it wants.
    fn part_by_next(
        &self,
        edit: &Edit,
        step: Step,
        target: impl Fn(BlockId) -> u32,
    ) -> Option<Part> {
        let linkage = match step {
            Step::Return => Linkage::Epilogue,
            // Several ways share the return.
            Step::Jump(block)
                if is_in(edit.to, self.convention.result) && self.is_epilogue(target(block)) =>
            {
                Linkage::Epilogue
            }
            Step::Jump(_) if self.enters(edit) => Linkage::Prologue,
            Step::Call if self.is_spoilt(edit.to) => Linkage::Precall,
            Step::Store(register)
                if is_in(edit.to, register) && !matches!(edit.from, Location::Register(_)) =>
            {
                let origin = self.code.origins[edit.before as usize];
                (origin.linkage == Linkage::Precall).then_some(Linkage::Precall)?
            }
            _ => return None,
        };
        Some((linkage, Mechanism::DataTransfer))
    }

    /// The part of a move that brings away what the instruction in front of it has left.
    fn part_by_previous(&self, edit: &Edit, step: Step) -> Option<Part> {
        match self.previous(edit.before)? {
            Step::Parameters if matches!(edit.from, Location::Register(_)) => {
                Some((Linkage::Prologue, Mechanism::DataTransfer))
            }
            Step::StackParameter(register) if is_in(edit.from, register) => {
                Some((Linkage::Prologue, Mechanism::DataTransfer))
            }
            Step::Call => self.part_behind_call(edit, step),
            _ => None,
        }
    }

    fn part_behind_call(&self, edit: &Edit, step: Step) -> Option<Part> {
        let Convention {
            result,
            second_result,
            ..
        } = self.convention;
        if is_in(edit.from, result) || is_in(edit.from, second_result) {
            return Some((Linkage::Postreturn, Mechanism::DataTransfer));
        }
        // These would load what they want wherever they stood.
        let is_wanted = matches!(step, Step::Constrained | Step::Jump(_));
        if matches!(edit.from, Location::Slot(_)) && !is_wanted {
            return Some((Linkage::Postreturn, Mechanism::StateManagement));
        }
        None
    }

    /// The instruction in front, the check of the stack aside. At the beginning of a block it is the
    /// end of another one: no call, no entry.
    fn previous(&self, before: u32) -> Option<Step> {
        let instructions = &self.code.instructions[..before as usize];
        let mut steps = instructions.iter().rev().map(Steps::step).take(2);
        steps.find(|&step| step != Step::StackCheck)
    }

    /// Whether a move brings a parameter from the register in which it has come.
    fn enters(&self, edit: &Edit) -> bool {
        self.entering.iter().any(|&(jump, registers)| {
            jump == edit.before
                && matches!(edit.from, Location::Register(from) if registers.contains(from))
        })
    }

    fn is_spoilt(&self, place: Location) -> bool {
        matches!(place, Location::Register(number)
            if !self.convention.callee_saved.contains(number))
    }

    fn outlives_call(&self, place: Location) -> bool {
        match place {
            Location::Register(number) => self.convention.callee_saved.contains(number),
            Location::Slot(_) => true,
            Location::Constant(_) => false,
        }
    }
}

/// The jump at the end of a block, and the registers of those parameters of the function that it
/// hands over.
fn entering<I: Steps>(code: &Code<I>, block: &CodeBlock) -> (u32, RegisterSet) {
    let (start, end) = block.arguments;
    let arguments = &code.lists[start as usize..end as usize];
    let mut registers = RegisterSet::EMPTY;
    if !arguments.is_empty() {
        for operand in parameters(code) {
            if let Constraint::Fixed(number) = operand.constraint
                && arguments.contains(&operand.register)
            {
                registers.insert(number);
            }
        }
    }
    (block.end.saturating_sub(1), registers)
}

/// What is defined beside the entry.
fn parameters<I: Steps>(code: &Code<I>) -> &[Operand] {
    let extra = code.extras.first().filter(|extra| {
        let instruction = &code.instructions[extra.instruction as usize];
        instruction.step() == Step::Parameters
    });
    extra.map_or(&[], |extra| {
        &code.operands[extra.operands.0 as usize..extra.operands.1 as usize]
    })
}

fn is_in(place: Location, register: Register) -> bool {
    matches!(place, Location::Register(number) if Register::physical(number) == register)
}
