//! The registers of x86-64 as data, and where arguments go.
//!
//! Facts: System V Application Binary Interface, AMD64 Architecture Processor Supplement, 3.2.

use std::sync::LazyLock;

use super::instruction::{
    CONTEXT, R8, R9, R10, R11, R12, R13, R14, RAX, RBP, RBX, RCX, RDI, RDX, RSI,
};
use crate::machine::{Calls, Register, RegisterFile, RegisterSet};

/// The register of a result.
pub const RESULT: Register = RAX;
/// The register of an import's second result: not 0 if the program ends.
pub const IMPORT_ENDS: Register = RDX;

/// What a call spoils.
pub const CALLER_SAVED: RegisterSet = set(&[RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11]);

/// What a function gives back as it found it, the stack pointer aside.
pub const CALLEE_SAVED: RegisterSet = set(&[RBX, RBP, R12, R13, R14, CONTEXT]);

/// The registers of arguments, in their order.
const ARGUMENTS: [Register; 6] = [RDI, RSI, RDX, RCX, R8, R9];

const fn set(registers: &[Register]) -> RegisterSet {
    let mut set = RegisterSet::EMPTY;
    let mut i = 0;
    while i < registers.len() {
        set.insert(number(registers[i]));
        i += 1;
    }
    set
}

/// The number of a register of the machine.
const fn number(register: Register) -> u8 {
    match register.number() {
        Some(number) => number,
        None => panic!("a register of the machine"),
    }
}

/// What is allocated, and how: first what costs nothing, the oldest registers before those that
/// need a prefix, then what must be saved.
pub fn registers() -> &'static RegisterFile {
    static REGISTERS: LazyLock<RegisterFile> = LazyLock::new(|| RegisterFile {
        allocatable: [
            RAX, RCX, RDX, RSI, RDI, R8, R9, R10, RBX, RBP, R12, R13, R14,
        ]
        .map(number)
        .to_vec(),
        callee_saved: CALLEE_SAVED,
        scratch: number(R11),
    });
    &REGISTERS
}

/// Where an argument is when a function begins, or is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentPlace {
    /// In this register.
    Register(Register),
    /// On the stack: so many times 8 bytes above the stack pointer before the call, which pushes
    /// the return address.
    Stack(u32),
}

/// Where a function finds its argument with that index, from 0.
///
/// The trampoline has two arguments of its own, so that four registers remain.
pub const fn parameter(calls: Calls, index: u32) -> ArgumentPlace {
    let in_registers = match calls {
        Calls::Direct => 6,
        Calls::Trampoline => 4,
    };
    if index < in_registers {
        ArgumentPlace::Register(ARGUMENTS[index as usize])
    } else {
        ArgumentPlace::Stack(index - in_registers)
    }
}

/// Where a caller puts the argument with that index: the trampoline moves it on to where
/// [`parameter`] says.
pub const fn argument(calls: Calls, index: u32) -> ArgumentPlace {
    match (calls, parameter(calls, index)) {
        (Calls::Trampoline, ArgumentPlace::Register(_)) => {
            ArgumentPlace::Register(ARGUMENTS[index as usize + 2])
        }
        (_, place) => place,
    }
}

/// Where an import finds its argument with that index, 0 to 3, behind the context's address.
pub const fn import_argument(index: u32) -> Register {
    ARGUMENTS[index as usize + 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x86_64::instruction::RSP;

    #[test]
    fn nothing_reserved_is_allocated() {
        for reserved in [RSP, R11, CONTEXT] {
            assert!(!registers().allocatable.contains(&number(reserved)));
        }
    }

    #[test]
    fn what_costs_nothing_is_allocated_first() {
        let callee_saved = |register: &u8| CALLEE_SAVED.contains(*register);
        assert!(registers().allocatable.is_sorted_by_key(callee_saved));
    }

    #[test]
    fn the_seventh_argument_is_the_first_on_the_stack() {
        assert_eq!(parameter(Calls::Direct, 5), ArgumentPlace::Register(R9));
        assert_eq!(argument(Calls::Direct, 5), ArgumentPlace::Register(R9));
        assert_eq!(parameter(Calls::Direct, 6), ArgumentPlace::Stack(0));
    }

    #[test]
    fn the_trampoline_takes_four_arguments_from_rdx_on() {
        assert_eq!(argument(Calls::Trampoline, 0), ArgumentPlace::Register(RDX));
        assert_eq!(argument(Calls::Trampoline, 3), ArgumentPlace::Register(R9));
        assert_eq!(argument(Calls::Trampoline, 4), ArgumentPlace::Stack(0));
        assert_eq!(
            parameter(Calls::Trampoline, 3),
            ArgumentPlace::Register(RCX)
        );
        assert_eq!(parameter(Calls::Trampoline, 4), ArgumentPlace::Stack(0));
    }
}
