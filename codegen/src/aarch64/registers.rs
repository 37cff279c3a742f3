//! The registers of AArch64 as data, and where arguments go.
//!
//! Facts: Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), general-purpose
//! registers.

use crate::context::AARCH64_CONTEXT;
use crate::machine::{Calls, RegisterFile, RegisterSet};
use std::sync::LazyLock;

/// The register of a result.
pub const RESULT: u8 = 0;
/// The register of an import's second result: not 0 if the program ends.
pub const IMPORT_ENDS: u8 = 1;

/// What a call spoils, `x18` aside, which nobody touches.
pub const CALLER_SAVED: RegisterSet = RegisterSet::of(&[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 30,
]);

/// What a function gives back as it found it, the stack pointer aside.
pub const CALLEE_SAVED: RegisterSet =
    RegisterSet::of(&[19, 20, 21, 22, 23, 24, 25, 26, 27, AARCH64_CONTEXT, 29]);

/// What the optimised generator allocates, and how.
///
/// First come the registers that cost nothing and are in nobody's way, then those of arguments,
/// then those that must be saved.
pub fn registers() -> &'static RegisterFile {
    static REGISTERS: LazyLock<RegisterFile> = LazyLock::new(|| RegisterFile {
        allocatable: vec![
            8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 4, 3, 2, 1, 0, 19, 20, 21, 22, 23, 24, 25, 26,
            27, 29,
        ],
        callee_saved: CALLEE_SAVED,
        scratch: 16,
    });
    &REGISTERS
}

/// Where an argument is when a function begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentPlace {
    /// In this register.
    Register(u8),
    /// On the stack, so many times 8 bytes above the stack pointer.
    Stack(u32),
}

/// Where a function finds its argument with that index, from 0.
///
/// The trampoline has two arguments of its own, so that six registers remain.
pub const fn parameter(calls: Calls, index: u32) -> ArgumentPlace {
    let in_registers = match calls {
        Calls::Direct => 8,
        Calls::Trampoline => 6,
    };
    if index < in_registers {
        ArgumentPlace::Register(index as u8)
    } else {
        ArgumentPlace::Stack(index - in_registers)
    }
}

/// Where a caller puts the argument with that index: the trampoline moves it on to where
/// [`parameter`] says.
pub const fn argument(calls: Calls, index: u32) -> ArgumentPlace {
    match (calls, parameter(calls, index)) {
        (Calls::Trampoline, ArgumentPlace::Register(register)) => {
            ArgumentPlace::Register(register + 2)
        }
        (_, place) => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reserved_is_allocated() {
        for reserved in [16, 17, 18, AARCH64_CONTEXT, 30, 31] {
            assert!(!registers().allocatable.contains(&reserved));
        }
    }

    #[test]
    fn the_ninth_argument_is_the_first_on_the_stack() {
        assert_eq!(parameter(Calls::Direct, 7), ArgumentPlace::Register(7));
        assert_eq!(parameter(Calls::Direct, 8), ArgumentPlace::Stack(0));
    }

    #[test]
    fn the_trampoline_takes_six_arguments_from_x2_on() {
        assert_eq!(argument(Calls::Trampoline, 0), ArgumentPlace::Register(2));
        assert_eq!(argument(Calls::Trampoline, 5), ArgumentPlace::Register(7));
        assert_eq!(argument(Calls::Trampoline, 6), ArgumentPlace::Stack(0));
        assert_eq!(parameter(Calls::Trampoline, 5), ArgumentPlace::Register(5));
        assert_eq!(parameter(Calls::Trampoline, 6), ArgumentPlace::Stack(0));
    }
}
