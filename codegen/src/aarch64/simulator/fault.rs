//! What a program must not do, and what the simulator says then.

use thiserror::Error;

use super::memory::Access;

/// A program has done what it must not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at {pc:#x}: {kind}")]
pub struct Fault {
    /// The address of the instruction.
    pub pc: u64,
    /// What it has done.
    pub kind: FaultKind,
}

/// What a program has done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// Execution has come to a place where there is no code.
    #[error("there is no code")]
    NoCode,
    /// A branch to a place that is neither code nor a function outside.
    #[error("branch to {target:#x}, where there is no code")]
    BranchOutside {
        /// Where to.
        target: u64,
    },
    /// A word that is no instruction of the subset.
    #[error("{word:#010x} is not an instruction")]
    Undefined {
        /// The word.
        word: u32,
    },
    /// `brk`.
    #[error("brk #{value}")]
    Breakpoint {
        /// The instruction's number.
        value: u16,
    },
    /// `svc`: there is no system.
    #[error("svc #{value}: there is no system to call")]
    SystemCall {
        /// The instruction's number.
        value: u16,
    },
    /// An access to memory that is not there, or not for this kind of access.
    #[error("{access} of {size} bytes at {address:#x}, which is not there for that")]
    NotMapped {
        /// A load or a store.
        access: Access,
        /// The address.
        address: u64,
        /// How many bytes.
        size: u32,
    },
    /// An access to the stack below the stack pointer.
    #[error("{access} of {size} bytes at {address:#x}, below the stack pointer {stack_pointer:#x}")]
    BelowStackPointer {
        /// A load or a store.
        access: Access,
        /// The address.
        address: u64,
        /// How many bytes.
        size: u32,
        /// The stack pointer.
        stack_pointer: u64,
    },
    /// An access through a stack pointer that is not a multiple of 16, or a call with such a one.
    #[error("the stack pointer {stack_pointer:#x} is not a multiple of 16")]
    MisalignedStackPointer {
        /// The stack pointer.
        stack_pointer: u64,
    },
    /// The stack pointer has left the stack.
    #[error("the stack pointer {stack_pointer:#x} is outside the stack")]
    OutsideStack {
        /// The stack pointer.
        stack_pointer: u64,
    },
    /// `ret` to a place that nobody called from.
    #[error("return to {target:#x}, which is not where the function was called from")]
    WrongReturn {
        /// Where to.
        target: u64,
    },
    /// A function has returned with another value in a register that it has to preserve.
    #[error(
        "x{register} was {before:#x} when the function was called, and is {after:#x} at its return"
    )]
    NotPreserved {
        /// The register's number.
        register: u8,
        /// Its value at the call.
        before: u64,
        /// Its value at the return.
        after: u64,
    },
    /// A function has returned with another stack pointer.
    #[error("sp was {before:#x} when the function was called, and is {after:#x} at its return")]
    StackPointerNotPreserved {
        /// Its value at the call.
        before: u64,
        /// Its value at the return.
        after: u64,
    },
    /// A function outside was called without the context's address in x0.
    #[error("x0 is {found:#x} at the call of an import, not the context's address")]
    NoContext {
        /// What was there.
        found: u64,
    },
}
