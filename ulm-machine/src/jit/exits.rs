//! What is to be done where translated code is left.

use super::flags::{OPERANDS, flags_of};
use crate::machine::Machine;

/// What a value of an exit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// How many instructions may still be executed, less [`super::translate::Translation::reserve`].
    Left,
    /// Where the next byte of input is.
    Input,
    /// Where the next byte of output goes.
    Output,
    /// An operand of the flags.
    Flag(u8),
    /// A register.
    Register(u8),
}

/// Why translated code is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The instruction needs the interpreter: its page is not in the table, it traps, it stores into
    /// code, there is no room for output or no input.
    Instruction,
    /// The same, for accesses that are looked at together and are not in one page that is there.
    Group,
    /// Control goes to an instruction that is not in the region.
    Outside,
    /// There may be fewer instructions left than the code executes before it looks again.
    Limit,
}

/// The state of the machine at an exit.
#[derive(Debug)]
pub(super) struct Plan {
    /// The address of the next instruction.
    pub(super) ip: u64,
    pub(super) cause: Cause,
    /// How many instructions were executed that [`Slot::Left`] does not know of.
    pub(super) executed: u64,
    /// What the exit's values are. Whatever is not there is as it was at the entry.
    pub(super) slots: Vec<Slot>,
}

/// What a region was entered with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// How many instructions might be executed.
    pub(super) left: u64,
    /// How many of them the region had for itself.
    pub(super) reserve: u64,
    /// Where the next byte of input was.
    pub(super) input: u64,
}

impl Plan {
    /// Makes the machine be as it is at this exit with these values. `written` gives the output by where
    /// its next byte would go.
    #[inline]
    pub(super) fn restore<I: Iterator<Item = u8>>(
        &self,
        machine: &mut Machine,
        entry: Entry,
        values: impl Iterator<Item = i64>,
        mut written: impl FnMut(u64) -> I,
    ) {
        let mut flags = [0; OPERANDS];
        let mut has_flags = false;
        for (&slot, value) in self.slots.iter().zip(values) {
            let value = value as u64;
            match slot {
                Slot::Left => {
                    let still = value.wrapping_add(entry.reserve) - self.executed;
                    machine.instructions += entry.left - still;
                }
                Slot::Input => machine.skip_input(value.wrapping_sub(entry.input) as usize),
                Slot::Output => machine.append_output(written(value)),
                Slot::Flag(index) => {
                    flags[usize::from(index)] = value;
                    has_flags = true;
                }
                Slot::Register(number) => machine.registers[usize::from(number)] = value,
            }
        }
        if has_flags {
            machine.flags = flags_of(flags);
        }
        machine.ip = self.ip;
    }
}

/// All slots of the flags.
pub(super) fn flag_slots() -> impl Iterator<Item = Slot> {
    (0..OPERANDS as u8).map(Slot::Flag)
}
