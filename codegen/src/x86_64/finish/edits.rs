//! What the allocator wants: moves, instructions that vanish, and where values are.

use super::expand::constant;
use super::layout::AllocatorStart;
use crate::machine::{Allocation, Edit, Location, Register};
use crate::x86_64::instruction::{Address, Instruction, RSP, Size};

/// An allocation that is walked through in the order of the instructions.
#[derive(Debug)]
pub(super) struct Edits<'a> {
    allocation: &'a Allocation,
    next: usize,
    next_dead: usize,
}

impl<'a> Edits<'a> {
    pub(super) fn new(allocation: &'a Allocation) -> Self {
        Self {
            allocation,
            next: 0,
            next_dead: 0,
        }
    }

    /// Goes on at a block.
    pub(super) fn seek(&mut self, start: AllocatorStart) {
        self.next = start.edits as usize;
        self.next_dead = start.dead as usize;
    }

    /// The next move before an instruction, and there are none left when it has gone by.
    #[inline]
    pub(super) fn next_before(&mut self, index: u32) -> Option<&'a Edit> {
        let edit = self.allocation.edits.get(self.next)?;
        if edit.before > index {
            return None;
        }
        self.next += 1;
        Some(edit)
    }

    /// Whether nothing needs an instruction any more.
    #[inline]
    pub(super) fn is_dead(&mut self, index: u32) -> bool {
        let dead = self.allocation.dead.get(self.next_dead) == Some(&index);
        self.next_dead += usize::from(dead);
        dead
    }

    /// Where the operands beside an instruction are.
    pub(super) fn locations(&self, (start, end): (u32, u32)) -> Vec<Location> {
        self.allocation.operands[start as usize..end as usize].to_vec()
    }
}

/// As [`instruction`], where flags are in use: 0 is no `xor`.
pub(super) fn instruction_keeping_flags(edit: &Edit, slots_at: u32) -> Instruction {
    match (edit.to, edit.from) {
        (Location::Register(to), Location::Constant(value)) => Instruction::MovImmediate {
            rd: Register::physical(to),
            value,
        },
        _ => instruction(edit, slots_at),
    }
}

/// `mov` between registers, to and from a slot, or a constant.
pub(super) fn instruction(edit: &Edit, slots_at: u32) -> Instruction {
    let slot = |slot: u32| Address::base(RSP, (slots_at + 8 * slot) as i32);
    let register = Register::physical;
    match (edit.to, edit.from) {
        (Location::Register(to), Location::Register(from)) => Instruction::Mov {
            rd: register(to),
            rn: register(from),
        },
        (Location::Register(to), Location::Slot(from)) => Instruction::Load {
            rd: register(to),
            address: slot(from),
        },
        (Location::Register(to), Location::Constant(value)) => constant(register(to), value),
        (Location::Slot(to), Location::Register(from)) => Instruction::Store {
            size: Size::Bits64,
            rt: register(from),
            address: slot(to),
        },
        // One of the two places is a register.
        _ => {
            debug_assert!(false, "{edit:?}");
            Instruction::Ud2
        }
    }
}
