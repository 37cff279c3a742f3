//! The ULM's registers under the conventions, as data, with the names of the course.

use codegen::machine::{Register, RegisterFile, RegisterSet};

use super::instruction::ZERO;

/// The last register.
const LAST: u8 = 255;
/// The fewest registers that belong to callees under the leaf convention.
const FEWEST_CALLEE: u8 = 4;
/// The most: so that some are left for the caller.
const MOST_CALLEE: u8 = 236;
/// As many divisions may have results of their own in neighbouring registers.
const MOST_GROUPS: u32 = 8;
/// The same for callees of the leaf convention.
const MOST_CALLEE_GROUPS: u32 = 2;

/// Frame pointer, stack pointer and return address of the stack convention.
pub(super) const FP: Register = Register::physical(1);
pub(super) const SP: Register = Register::physical(2);
const STACK_RET: u8 = 3;
/// Where scratch registers begin in the stack convention.
const FIRST_SCRATCH: u8 = 4;
/// The lowest address that the stack pointer may have.
pub(super) const LIMIT: Register = Register::physical(LAST);

/// How arguments and results are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// In the registers of the callee, %1 up to this one.
    Registers {
        /// The last one that the callee may change.
        callee_registers: u8,
    },
    /// In the call's frame.
    Stack,
}

/// What names the registers have, and which belong to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// CALLEE0 … from %1, CALL and RET behind them, CALLER0 … behind these.
    Leaf {
        /// How many registers belong to the callee.
        callee_registers: u8,
    },
    /// FP, SP, RET, TMP0 …
    Stack,
    /// R0 … from %1.
    Inline,
}

impl Layout {
    /// The register that takes a return address.
    pub(super) const fn return_address(self) -> Register {
        match self {
            Self::Leaf { callee_registers } => Register::physical(callee_registers + 2),
            Self::Stack => Register::physical(STACK_RET),
            Self::Inline => ZERO,
        }
    }

    /// The number of the stack pointer, if there is a stack.
    pub const fn stack_pointer(self) -> Option<u8> {
        match self {
            Self::Stack => SP.number(),
            Self::Leaf { .. } | Self::Inline => None,
        }
    }

    /// The number of the frame pointer, if there is a stack.
    pub const fn frame_pointer(self) -> Option<u8> {
        match self {
            Self::Stack => FP.number(),
            Self::Leaf { .. } | Self::Inline => None,
        }
    }

    /// The first of the registers that anybody may use who runs outside of all functions.
    pub(super) const fn first_free(self) -> u8 {
        match self {
            Self::Leaf { .. } | Self::Inline => 1,
            Self::Stack => FIRST_SCRATCH,
        }
    }

    /// The name of a register, without `%`; nothing for `%0`, and for those that have no name.
    pub fn name(self, number: u8) -> Option<String> {
        match (self, number) {
            (_, 0) => None,
            (Self::Leaf { callee_registers }, _) => Some(match number - 1 {
                index if index < callee_registers => format!("CALLEE{index}"),
                index if index == callee_registers => "CALL".to_owned(),
                index if index == callee_registers + 1 => "RET".to_owned(),
                index => format!("CALLER{}", index - callee_registers - 2),
            }),
            (Self::Stack, 1) => Some("FP".to_owned()),
            (Self::Stack, 2) => Some("SP".to_owned()),
            (Self::Stack, STACK_RET) => Some("RET".to_owned()),
            (Self::Stack, LAST) => Some("LIMIT".to_owned()),
            (Self::Stack, _) => Some(format!("TMP{}", number - FIRST_SCRATCH)),
            (Self::Inline, _) => Some(format!("R{}", number - 1)),
        }
    }
}

/// What a function's instructions are chosen and allocated by.
#[derive(Debug)]
pub(super) struct Scheme<'a> {
    /// How functions are called.
    pub(super) passing: Passing,
    /// The names.
    pub(super) layout: Layout,
    /// If the program begins with this function: the arguments that are built in.
    pub(super) entry: Option<&'a [i64]>,
    /// The registers that values may live in.
    pub(super) file: RegisterFile,
    /// The first register of the first group.
    first_group: u8,
}

/// The last register that a call under the stack convention spoils.
pub(super) const LAST_SCRATCH: u8 = SCRATCH[1];

/// Registers that are taken for slots and addresses if they are needed, and then get other numbers.
pub(super) const SCRATCH: [u8; 2] = [253, 254];

impl<'a> Scheme<'a> {
    /// A function that calls nobody, under the leaf convention.
    pub(super) fn leaf_callee(parameters: u32) -> Self {
        Self {
            passing: Passing::Registers {
                callee_registers: MOST_CALLEE,
            },
            layout: Layout::Leaf {
                callee_registers: MOST_CALLEE,
            },
            entry: None,
            // Two remain for what is done with slots.
            file: file(1..=MOST_CALLEE - 2),
            first_group: parameters.clamp(2, 200) as u8 + 1,
        }
    }

    /// The program's main part under the leaf convention; its callees have so many registers.
    pub(super) fn leaf_caller(arguments: &'a [i64], callee_registers: u8) -> Self {
        let own = callee_registers + 3..=SCRATCH[0] - 1;
        Self {
            passing: Passing::Registers { callee_registers },
            layout: Layout::Leaf { callee_registers },
            entry: Some(arguments),
            first_group: *own.start(),
            file: file((1..=callee_registers).chain(own)),
        }
    }

    /// The whole program, without calls.
    pub(super) fn inline(arguments: &'a [i64]) -> Self {
        Self {
            passing: Passing::Registers {
                callee_registers: 0,
            },
            layout: Layout::Inline,
            entry: Some(arguments),
            file: file(1..SCRATCH[0]),
            first_group: 1,
        }
    }

    /// A function under the stack convention.
    pub(super) fn stack() -> Self {
        Self {
            passing: Passing::Stack,
            layout: Layout::Stack,
            entry: None,
            file: file(FIRST_SCRATCH..SCRATCH[0]),
            first_group: FIRST_SCRATCH,
        }
    }

    /// The register of the result, if it doesn't go to a frame.
    pub(super) const fn result_register(&self) -> Option<u8> {
        match self.passing {
            Passing::Registers { .. } => Some(1),
            Passing::Stack => None,
        }
    }

    /// The register that a called function's address is loaded to.
    pub(super) const fn call_register(&self) -> Register {
        match self.layout {
            Layout::Leaf { callee_registers } => Register::physical(callee_registers + 1),
            Layout::Stack | Layout::Inline => ZERO,
        }
    }

    /// How many groups of neighbouring registers there are. A group has up to three, the last of
    /// which the next group begins with.
    pub(super) fn most_groups(&self) -> u32 {
        let last = self.file.allocatable.last().copied().unwrap_or(0);
        let room = last.saturating_sub(self.first_group);
        // A callee's registers are counted: it gets no more of them than it has use for.
        let most = match (self.passing, self.entry) {
            (Passing::Registers { .. }, None) => MOST_CALLEE_GROUPS,
            _ => MOST_GROUPS,
        };
        most.min(u32::from(room / 2))
    }

    /// The first register of a group.
    pub(super) const fn group(&self, index: u32) -> u8 {
        self.first_group + 2 * index as u8
    }
}

/// Nobody has to save anything: what a call leaves alone belongs to the caller.
fn file(allocatable: impl IntoIterator<Item = u8>) -> RegisterFile {
    RegisterFile {
        allocatable: allocatable.into_iter().collect(),
        callee_saved: RegisterSet::EMPTY,
        scratch: SCRATCH[0],
    }
}

/// How many registers callees get that use these.
pub(super) fn callee_registers(used: RegisterSet) -> u8 {
    used.iter()
        .filter(|&number| number <= MOST_CALLEE)
        .last()
        .unwrap_or(0)
        .max(FEWEST_CALLEE)
}
