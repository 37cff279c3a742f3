//! The frame: its layout, and the code that sets it up and takes it down.
//!
//! ```text
//! small, no arguments for callees      otherwise
//!   slots                                registers that are saved
//!   registers that are saved             slots
//!   ◄── sp                               arguments for callees
//!                                        ◄── sp
//! ```
//!
//! The first pair of registers is stored by an instruction that moves the stack pointer as well. In
//! the first layout it makes room for everything, in the second for the registers only.

use super::super::instruction::{Address, Alu, Instruction, LR, MemoryAccess, SP};
use super::super::registers::CALLEE_SAVED;
use crate::machine::{Frame, Register, RegisterSet, ReturnAddress};

/// The largest frame that an instruction which loads a pair can take down.
const LARGEST_STEP: u32 = 504;

/// Where everything is in a frame.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// In pairs, the last of which may lack its second.
    saved: Vec<(Register, Option<Register>)>,
    /// By how much the first pair's instruction moves the stack pointer; 0 without pairs.
    step: u32,
    /// By how much it is lowered further.
    rest: u32,
    /// Bytes from the stack pointer to slot 0.
    pub(super) slots_at: u32,
    /// The frame as others see it.
    pub(super) frame: Frame,
}

impl Layout {
    /// The frame of a function that uses such registers, so many slots, and so many bytes for
    /// arguments of calls.
    pub(super) fn of(used: &RegisterSet, has_calls: bool, slots: u32, outgoing: u32) -> Self {
        let saved = pairs(used, has_calls);
        let saved_count: u32 = saved
            .iter()
            .map(|(_, second)| 1 + u32::from(second.is_some()))
            .sum();
        let (saved_bytes, slot_bytes) = (saved_count * 8, slots * 8);
        let whole = aligned(saved_bytes + slot_bytes);
        let (step, rest, slots_at) = if outgoing == 0 && whole <= LARGEST_STEP && saved_count > 0 {
            (whole, 0, saved_bytes)
        } else {
            (
                aligned(saved_bytes),
                aligned(slot_bytes + outgoing),
                outgoing,
            )
        };
        // The link register is the second of the first pair, or alone.
        let return_address = match saved.first() {
            Some(&(LR, None)) if has_calls => ReturnAddress::Stack(rest),
            Some(_) if has_calls => ReturnAddress::Stack(rest + 8),
            _ => ReturnAddress::LinkRegister,
        };
        Self {
            saved,
            step,
            rest,
            slots_at,
            frame: Frame {
                size: step + rest,
                return_address,
            },
        }
    }

    /// How many instructions take the frame down.
    pub(super) fn epilogue_length(&self) -> usize {
        self.saved.len() + usize::from(self.rest > 0)
    }

    /// `stp x19, x30, [sp, #-32]!; str x20, [sp, #16]; sub sp, sp, #64`
    pub(super) fn prologue(&self, mut emit: impl FnMut(Instruction)) {
        for (index, &pair) in self.saved.iter().enumerate() {
            emit(store(
                pair,
                match index {
                    0 => Address::PreIndex(SP, -(self.step as i32)),
                    _ => Address::Offset(SP, 16 * index as i32),
                },
            ));
        }
        move_stack_pointer(Alu::Sub, self.rest, emit);
    }

    /// The prologue backwards.
    pub(super) fn epilogue(&self, mut emit: impl FnMut(Instruction)) {
        move_stack_pointer(Alu::Add, self.rest, &mut emit);
        for (index, &pair) in self.saved.iter().enumerate().rev() {
            emit(load(
                pair,
                match index {
                    0 => Address::PostIndex(SP, self.step as i32),
                    _ => Address::Offset(SP, 16 * index as i32),
                },
            ));
        }
    }
}

/// The registers that must be saved: the link register with the first of the others, then those.
fn pairs(used: &RegisterSet, has_calls: bool) -> Vec<(Register, Option<Register>)> {
    let mut rest = used
        .intersection(&CALLEE_SAVED)
        .iter()
        .map(Register::physical);
    let mut pairs = Vec::new();
    if has_calls {
        pairs.push(match rest.next() {
            Some(first) => (first, Some(LR)),
            None => (LR, None),
        });
    }
    while let Some(first) = rest.next() {
        pairs.push((first, rest.next()));
    }
    pairs
}

const fn aligned(bytes: u32) -> u32 {
    bytes.next_multiple_of(16)
}

fn store((first, second): (Register, Option<Register>), address: Address) -> Instruction {
    match second {
        Some(second) => Instruction::StorePair {
            rt1: first,
            rt2: second,
            address,
        },
        None => Instruction::Store {
            access: MemoryAccess::Double,
            rt: first,
            address,
        },
    }
}

fn load((first, second): (Register, Option<Register>), address: Address) -> Instruction {
    match second {
        Some(second) => Instruction::LoadPair {
            rt1: first,
            rt2: second,
            address,
        },
        None => Instruction::Load {
            access: MemoryAccess::Double,
            rt: first,
            address,
        },
    }
}

/// `sub sp, sp, #bytes`, in as many instructions as it takes.
fn move_stack_pointer(op: Alu, bytes: u32, emit: impl FnMut(Instruction)) {
    add_in_steps(op, SP, SP, bytes, emit);
}

/// `op rd, rn, #bytes`, in as many instructions as it takes: 12 bits each, shifted or not.
pub(super) fn add_in_steps(
    op: Alu,
    rd: Register,
    mut rn: Register,
    bytes: u32,
    mut emit: impl FnMut(Instruction),
) {
    let mut rest = bytes;
    while rest > 0 {
        let value = if rest > 0xfff {
            rest.min(0xff_ffff) & 0xff_f000
        } else {
            rest
        };
        emit(Instruction::AddImmediate { op, rd, rn, value });
        rn = rd;
        rest -= value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prologue(layout: &Layout) -> Vec<Instruction> {
        let mut instructions = Vec::new();
        layout.prologue(|instruction| instructions.push(instruction));
        instructions
    }

    #[test]
    fn a_leaf_that_saves_and_spills_nothing_has_no_frame() {
        let layout = Layout::of(&RegisterSet::of(&[0, 1, 9]), false, 0, 0);
        assert_eq!(layout.frame, Frame::default());
        assert_eq!(prologue(&layout), []);
    }

    #[test]
    fn a_function_that_only_calls_saves_the_link_register() {
        let layout = Layout::of(&RegisterSet::EMPTY, true, 0, 0);
        assert_eq!(layout.frame.size, 16);
        assert_eq!(layout.frame.return_address, ReturnAddress::Stack(0));
        assert_eq!(
            prologue(&layout),
            [Instruction::Store {
                access: MemoryAccess::Double,
                rt: LR,
                address: Address::PreIndex(SP, -16)
            }]
        );
    }

    #[test]
    fn a_small_frame_is_made_by_one_instruction() {
        let layout = Layout::of(&RegisterSet::of(&[19]), true, 3, 0);
        assert_eq!(layout.frame.size, 48);
        assert_eq!(layout.frame.return_address, ReturnAddress::Stack(8));
        assert_eq!(layout.slots_at, 16);
        assert_eq!(prologue(&layout).len(), 1);
    }

    #[test]
    fn arguments_of_calls_lie_at_the_stack_pointer() {
        let layout = Layout::of(&RegisterSet::of(&[19]), true, 3, 24);
        assert_eq!(layout.slots_at, 24);
        assert_eq!(layout.frame.size, 64);
        assert_eq!(layout.frame.return_address, ReturnAddress::Stack(56));
    }

    #[test]
    fn a_large_frame_is_made_in_steps() {
        let layout = Layout::of(&RegisterSet::EMPTY, false, 3_000_000, 0);
        let lowered: u32 = prologue(&layout)
            .iter()
            .map(|instruction| match instruction {
                Instruction::AddImmediate { value, .. } => *value,
                _ => 0,
            })
            .sum();
        assert_eq!(lowered, 24_000_000);
        assert_eq!(layout.frame.size, 24_000_000);
    }
}
