//! Why an engine stopped.

use std::fmt;

/// Why an engine gave control back.
///
/// After every stop but [`Stop::Halted`] and [`Stop::Trapped`] the same call goes on, once its
/// cause is removed. After those two it gives the same stop again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The program ended itself with this exit status. `%IP` is at the halt, which counts as
    /// executed.
    Halted(u8),
    /// An instruction could not be executed; `%IP` is at it.
    Trapped(Trap),
    /// A limit was reached; `%IP` is at the instruction that would exceed it.
    Limit(Limit),
    /// The instruction at `%IP` may read more input than there is, and more may come.
    NeedsInput,
    /// `%IP` has reached a breakpoint; the instruction there is not executed yet.
    Breakpoint(u64),
    /// The budget is used up, or much output is waiting to be taken.
    Paused,
}

/// What a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The number of instructions.
    Instructions,
    /// The bytes of allocated pages.
    Memory,
    /// The bytes of output.
    Output,
    /// Reads in a row past the end of the input.
    InputEnded,
}

/// An instruction that can't be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap {
    /// Why.
    pub kind: TrapKind,
    /// The address of the instruction.
    pub address: u64,
}

/// Why an instruction can't be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrapKind {
    /// No instruction has the opcode of this word.
    IllegalInstruction {
        /// The word at the instruction pointer.
        word: u32,
    },
    /// A division by zero.
    DivisionByZero,
    /// A load from an address that is not a multiple of its size.
    MisalignedLoad {
        /// The address.
        address: u64,
        /// The size in bytes: 2, 4 or 8.
        size: u8,
    },
    /// A store to an address that is not a multiple of its size.
    MisalignedStore {
        /// The address.
        address: u64,
        /// The size in bytes: 2, 4 or 8.
        size: u8,
    },
    /// A jump to an address that is not a multiple of 4.
    MisalignedJump {
        /// The address.
        target: u64,
    },
    /// The instruction pointer itself, set from outside, is not a multiple of 4.
    MisalignedFetch,
    /// The instruction needs a register past %255.
    RegisterPastEnd {
        /// The number that it would have.
        number: u64,
    },
    /// An operand of the instruction has a value that its effect can't be executed with.
    IllegalOperand,
}

impl TrapKind {
    /// The code for `explain`.
    pub fn code(self) -> &'static str {
        match self {
            Self::IllegalInstruction { .. } => "T0101",
            Self::DivisionByZero => "T0102",
            Self::MisalignedLoad { .. } => "T0103",
            Self::MisalignedStore { .. } => "T0104",
            Self::MisalignedJump { .. } => "T0105",
            Self::MisalignedFetch => "T0106",
            Self::RegisterPastEnd { .. } => "T0107",
            Self::IllegalOperand => "T0108",
        }
    }

    /// A short name for reports that programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::IllegalInstruction { .. } => "illegal-instruction",
            Self::DivisionByZero => "division-by-zero",
            Self::MisalignedLoad { .. } => "misaligned-load",
            Self::MisalignedStore { .. } => "misaligned-store",
            Self::MisalignedJump { .. } => "misaligned-jump",
            Self::MisalignedFetch => "misaligned-fetch",
            Self::RegisterPastEnd { .. } => "register-past-end",
            Self::IllegalOperand => "illegal-operand",
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IllegalInstruction { word } => {
                let [a, b, c, d] = word.to_be_bytes();
                write!(f, "illegal instruction {a:02X} {b:02X} {c:02X} {d:02X}")
            }
            Self::DivisionByZero => write!(f, "division by zero"),
            Self::MisalignedLoad { address, size } => write!(
                f,
                "misaligned load of {size} bytes: the address 0x{address:016X} is not a multiple \
                 of {size}"
            ),
            Self::MisalignedStore { address, size } => write!(
                f,
                "misaligned store of {size} bytes: the address 0x{address:016X} is not a multiple \
                 of {size}"
            ),
            Self::MisalignedJump { target } => write!(
                f,
                "misaligned jump: the target 0x{target:016X} is not a multiple of 4"
            ),
            Self::MisalignedFetch => write!(
                f,
                "misaligned fetch: the instruction pointer is not a multiple of 4"
            ),
            Self::RegisterPastEnd { number } => write!(
                f,
                "the instruction needs register %{number}, and %255 is the last one"
            ),
            Self::IllegalOperand => write!(
                f,
                "an operand of the instruction has a value that its effect can't use"
            ),
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at 0x{:016X}: {}", self.address, self.kind)
    }
}

impl std::error::Error for Trap {}

impl Limit {
    /// The code for `explain`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Instructions => "T0201",
            Self::Memory => "T0202",
            Self::Output => "T0203",
            Self::InputEnded => "T0204",
        }
    }

    /// A short name for reports that programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::InputEnded => "input-ended",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instructions => "the program has executed as many instructions as it may",
            Self::Memory => "the program needs more memory than it may use",
            Self::Output => "the program writes more output than it may",
            Self::InputEnded => "the program keeps reading past the end of its input",
        })
    }
}

impl std::error::Error for Limit {}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}
