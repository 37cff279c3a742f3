//! Where everything is in an executable: in the file, and in memory.
//!
//! ```text
//! file       memory
//! header     0x400000    read, execute
//! data       0x20000000  read, write: context, state; behind them, not in the file, the buffers
//! code                   read, execute, from 0x400000 on as the header
//! table
//! texts
//!            0x21000000  read, write, not in the file: the stack
//! ```
//!
//! The addresses of data are constants, so that the run-time support can have them in its
//! instructions before anything is linked.

use crate::context;
use crate::link::MOST_IMPORTS;

/// The bytes of the file's header with its four program headers.
pub(super) const HEADER: u64 = 64 + 4 * 56;

/// Where the file begins in memory, for what is read and executed.
pub(super) const CODE_SEGMENT: u64 = 0x40_0000;

/// Where the data begins in the file; in memory it is the same distance from a page's border.
pub(super) const DATA_IN_FILE: u64 = HEADER.next_multiple_of(64);

/// Where the data begins in memory, behind the largest code.
pub(super) const DATA: u64 = 0x2000_0000 + DATA_IN_FILE;

/// The context of the running code.
pub(super) const CONTEXT: u64 = DATA;

/// The state of the run-time support, behind the largest context.
pub(super) const STATE: u64 =
    CONTEXT + (context::size(MOST_IMPORTS as u32) as u64).next_multiple_of(64);

/// The arguments that can be in registers.
pub(super) const ARGUMENTS: u64 = STATE + state::ARGUMENTS;

/// What the file has of the data.
pub(super) const DATA_SIZE: u64 = STATE + state::SIZE - DATA;

/// The bytes of each buffer.
pub(super) const BUFFER_SIZE: u64 = 64 << 10;

/// Output that has not been written.
pub(super) const OUTPUT: u64 = (DATA + DATA_SIZE).next_multiple_of(4096);

/// Input that has not been read.
pub(super) const INPUT: u64 = OUTPUT + BUFFER_SIZE;

/// The end of the data.
pub(super) const DATA_END: u64 = INPUT + BUFFER_SIZE;

/// The lowest address of the stack. Nothing lies directly below.
pub(super) const STACK_BOTTOM: u64 = 0x2100_0000;

/// Where the code begins, in the file as in its segment.
pub(super) const CODE_IN_FILE: u64 = (DATA_IN_FILE + DATA_SIZE).next_multiple_of(64);

/// The address of the code.
pub(super) const CODE: u64 = CODE_SEGMENT + CODE_IN_FILE;

/// Offsets in the state of the run-time support, in bytes.
pub(super) mod state {
    use crate::context::ENTRY_ARGUMENTS;

    /// How much of the output buffer is in use.
    pub(in crate::elf) const OUTPUT_LENGTH: u64 = 0;
    /// The next byte of the input buffer.
    pub(in crate::elf) const INPUT_POSITION: u64 = 8;
    /// How much of the input buffer is in use.
    pub(in crate::elf) const INPUT_LENGTH: u64 = 16;
    /// Reads in a row behind the end of the input.
    pub(in crate::elf) const READS_PAST_END: u64 = 24;
    /// The number that was read last.
    pub(in crate::elf) const NUMBER: u64 = 32;
    /// Where the stack begins: the arguments on it.
    pub(in crate::elf) const STACK: u64 = 40;
    /// The address of the table of messages.
    pub(in crate::elf) const TABLE: u64 = 48;
    /// The number of its entries.
    pub(in crate::elf) const TABLE_LENGTH: u64 = 56;
    /// The number of parameters of the function that is run.
    pub(in crate::elf) const PARAMETERS: u64 = 64;
    /// How many of them can be in registers.
    pub(in crate::elf) const IN_REGISTERS: u64 = 72;
    /// Not 0 if the stack is surely too small.
    pub(in crate::elf) const REFUSED: u64 = 80;
    /// The arguments that can be in registers.
    pub(in crate::elf) const ARGUMENTS: u64 = 88;
    /// Room for the digits of a number.
    pub(in crate::elf) const DIGITS: u64 = ARGUMENTS + 8 * ENTRY_ARGUMENTS as u64;
    /// Behind the last digit.
    pub(in crate::elf) const DIGITS_END: u64 = DIGITS + 24;
    /// The size.
    pub(in crate::elf) const SIZE: u64 = DIGITS_END;
}

const _: () = assert!(DATA_END < STACK_BOTTOM && CODE + (128 << 20) < DATA);
