//! Which frame a function needs, and in which of its blocks it has it.
//!
//! ```text
//! as it is taught                         without frame pointer
//!   24(%FP)  arguments                      arguments
//!   16(%FP)  result                         result
//!    8(%FP)  the caller's %FP               (left as it is)
//!    0(%FP)  return address                 return address
//!   -8(%FP)  local variables                local variables
//!            frames of calls: %SP is        room for the largest frame of a call
//!            lowered for each           ◄── %SP
//! ```
//!
//! Under the stack convention, where the frame need not be everywhere, it is set up as late as that
//! can be done at one place on each way: a call that returns at once never has one.

use codegen::ir::{BlockId, ExitId};
use codegen::machine::{Allocation, Code, CodeBlock, Location};
use codegen::origin::{Linkage, Mechanism, Origin};

use super::Context;
use crate::ulm::frame_size;
use crate::ulm::instruction::Instruction;
use crate::ulm::registers::Passing;
use crate::ulm::select::Selected;

/// What a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// A local variable, by its number.
    Local(u32),
    /// A parameter: its value is in memory already, where the caller put it.
    Parameter(u32),
}

/// The frame of a function.
#[derive(Debug)]
pub(super) struct Plan {
    slots: Vec<Slot>,
    locals: u32,
    /// The bytes that are kept free for the frames of calls.
    outgoing: u32,
    has_frame_pointer: bool,
    saves_return_address: bool,
    /// The exit that is taken where the stack is used up.
    stack_check: Option<ExitId>,
    entry_origin: Origin,
    /// By block: whether the frame is there when it ends.
    framed: Vec<bool>,
    /// By block: whether the frame is set up at its beginning.
    begins: Vec<bool>,
}

impl Plan {
    pub(super) fn of(context: &Context<'_>, selected: &Selected, allocation: &Allocation) -> Self {
        let code = &selected.code;
        let blocks = code.blocks.len();
        let mut plan = Self {
            slots: Vec::new(),
            locals: 0,
            outgoing: 0,
            has_frame_pointer: false,
            saves_return_address: false,
            stack_check: None,
            entry_origin: entry_origin(code),
            framed: vec![false; blocks],
            begins: vec![false; blocks],
        };
        if context.scheme.passing != Passing::Stack {
            return plan;
        }
        plan.place_slots(code, allocation);
        let is_whole = context.always_frames;
        plan.has_frame_pointer = is_whole;
        if !is_whole {
            plan.outgoing = outgoing(code);
        }
        plan.saves_return_address = is_whole || selected.has_calls;
        plan.stack_check = code
            .exits
            .iter()
            .find(|exit| code.instructions[exit.instruction as usize] == Instruction::StackCheck)
            .map(|exit| exit.exit);
        let has_frame = plan.size() > 0 || is_whole || plan.stack_check.is_some();
        if has_frame {
            plan.place_frame(code, allocation, is_whole);
        }
        plan
    }

    /// A slot into which only a parameter goes, right after it has been loaded, is that parameter's
    /// own place.
    fn place_slots(&mut self, code: &Code<Instruction>, allocation: &Allocation) {
        let mut parameters = vec![None; allocation.slots as usize];
        let mut writes = vec![0_u32; allocation.slots as usize];
        for edit in &allocation.edits {
            let Location::Slot(slot) = edit.to else {
                continue;
            };
            writes[slot as usize] += 1;
            let previous = (edit.before as usize).checked_sub(1);
            if let Some(Instruction::Parameter { index, z }) =
                previous.map(|at| code.instructions[at])
                && z.number().map(Location::Register) == Some(edit.from)
            {
                parameters[slot as usize] = Some(index);
            }
        }
        for (parameter, writes) in parameters.into_iter().zip(writes) {
            self.slots.push(match parameter {
                Some(index) if writes == 1 => Slot::Parameter(index),
                _ => {
                    self.locals += 1;
                    Slot::Local(self.locals - 1)
                }
            });
        }
    }

    /// Decides where the frame is set up: before the first block that needs it on each way.
    fn place_frame(&mut self, code: &Code<Instruction>, allocation: &Allocation, is_whole: bool) {
        let mut edits = allocation.edits.iter().peekable();
        for (index, block) in code.blocks.iter().enumerate() {
            let range = block.start as usize..block.end as usize;
            let mut uses_slots = false;
            while let Some(edit) = edits.next_if(|edit| edit.before < block.end) {
                uses_slots |= self.is_local(edit.to) || self.is_local(edit.from);
            }
            let calls = code.instructions[range].iter().any(|instruction| {
                matches!(
                    instruction,
                    Instruction::Call { .. } | Instruction::OpenFrame { .. }
                )
            });
            self.framed[index] = calls || uses_slots || is_whole;
        }
        let predecessors = predecessors(&code.blocks);
        self.spread(code, &predecessors);
        // Where every way to an end has a frame, one place for it is easier to read than several.
        let ends_without = |(block, framed): (&CodeBlock, &bool)| {
            block.successors == [None, None] && block.start < block.end && !framed
        };
        if !code.blocks.iter().zip(&self.framed).any(ends_without) {
            self.framed[0] = true;
            self.spread(code, &predecessors);
        }
        for (block, predecessors) in predecessors.iter().enumerate() {
            let comes_without = predecessors.iter().all(|&before| !self.framed[before]);
            self.begins[block] = self.framed[block] && (block == 0 || comes_without);
        }
    }

    /// Brings the frame to all blocks that have to have it because others have.
    fn spread(&mut self, code: &Code<Instruction>, predecessors: &[Vec<usize>]) {
        // Behind a block with a frame all have it; where ways with and without one meet, it is
        // there before.
        let mut work: Vec<usize> = (0..code.blocks.len())
            .filter(|&block| self.framed[block])
            .collect();
        while let Some(block) = work.pop() {
            let successors = code.blocks[block].successors.into_iter().flatten();
            let follow = successors.map(BlockId::index).collect::<Vec<_>>();
            for next in follow {
                if !std::mem::replace(&mut self.framed[next], true) {
                    work.push(next);
                }
                for &before in &predecessors[next] {
                    if !std::mem::replace(&mut self.framed[before], true) {
                        work.push(before);
                    }
                }
            }
        }
    }

    fn is_local(&self, location: Location) -> bool {
        matches!(location, Location::Slot(slot) if matches!(self.slots[slot as usize], Slot::Local(_)))
    }

    pub(super) fn is_framed(&self, block: u32) -> bool {
        self.framed[block as usize]
    }

    pub(super) fn begins_frame(&self, block: u32) -> bool {
        self.begins[block as usize]
    }

    pub(super) const fn has_frame_pointer(&self) -> bool {
        self.has_frame_pointer
    }

    pub(super) const fn saves_return_address(&self) -> bool {
        self.saves_return_address
    }

    /// The exit of the check of the stack, if there is one.
    pub(super) const fn stack_check(&self) -> Option<ExitId> {
        self.stack_check
    }

    /// By how many bytes the stack pointer is lowered in the body.
    pub(super) const fn size(&self) -> u32 {
        8 * self.locals + self.outgoing
    }

    /// The bytes at the stack pointer that are kept free for the frames of calls.
    pub(super) const fn outgoing(&self) -> u32 {
        self.outgoing
    }

    /// The number of a slot's local variable.
    pub(super) fn local(&self, slot: u32) -> u32 {
        match self.slots[slot as usize] {
            Slot::Local(number) => number,
            Slot::Parameter(_) => 0,
        }
    }

    /// The parameter that a slot is the place of.
    pub(super) fn parameter(&self, slot: u32) -> Option<u32> {
        match self.slots.get(slot as usize) {
            Some(&Slot::Parameter(index)) => Some(index),
            _ => None,
        }
    }

    pub(super) fn is_parameter(&self, slot: u32) -> bool {
        self.parameter(slot).is_some()
    }

    /// How many words above the stack pointer a slot is, with the frame set up or before that.
    pub(super) fn word_above_stack_pointer(&self, slot: u32, is_framed: bool) -> u32 {
        let locals = if is_framed { self.locals } else { 0 };
        match self.parameter(slot) {
            Some(index) => locals + frame_size(index) / 8,
            None => locals.saturating_sub(self.local(slot) + 1),
        }
    }

    /// The origin of what sets the frame up.
    pub(super) const fn entry_origin(&self) -> Origin {
        self.entry_origin
    }
}

/// The bytes of the largest frame of a call.
fn outgoing(code: &Code<Instruction>) -> u32 {
    let arguments = code.instructions.iter().filter_map(|i| match *i {
        Instruction::OpenFrame { arguments } => Some(frame_size(arguments)),
        _ => None,
    });
    arguments.max().unwrap_or(0)
}

fn entry_origin(code: &Code<Instruction>) -> Origin {
    let place = code.origins.first().copied().unwrap_or_default();
    place
        .with(Linkage::Prologue)
        .doing(Mechanism::StateManagement)
}

fn predecessors(blocks: &[CodeBlock]) -> Vec<Vec<usize>> {
    let mut predecessors = vec![Vec::new(); blocks.len()];
    for (index, block) in blocks.iter().enumerate() {
        for successor in block.successors.into_iter().flatten() {
            predecessors[successor.index()].push(index);
        }
    }
    predecessors
}
