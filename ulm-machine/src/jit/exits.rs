//! What is to be done where translated code is left.

use super::flags::OPERANDS;

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

/// All slots of the flags.
pub(super) fn flag_slots() -> impl Iterator<Item = Slot> {
    (0..OPERANDS as u8).map(Slot::Flag)
}
