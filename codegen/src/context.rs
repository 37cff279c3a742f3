//! The block of memory through which generated code and its host talk.
//!
//! While generated code runs, one register holds the address of the context: x28 on AArch64, r15 on
//! x86-64. Both are callee-saved, so nobody called from there spoils it. The layout, in bytes:
//!
//! | offset | what |
//! |---|---|
//! | [`STACK_LIMIT`] | a function that checks the stack leaves if the stack pointer at its entry is at or below this address |
//! | [`INTERRUPT`] | `poll` leaves if this is not 0 |
//! | [`HOST_STACK`] | the host's stack pointer, kept by the entry stub |
//! | [`EXIT_SITE`] | 0, or the address where the code left: AArch64: of the `adr` in the site's stub; x86-64: behind the site's `call` |
//! | [`EXIT_STACK`] | the stack pointer where the code left |
//! | [`REGISTERS`] | the registers where the code left, by number, 8 bytes each; 32 of them |
//! | [`HOST_CALL`] | the host's function that the import thunks of a linked program go on to |
//! | [`HOST_DATA`] | what that function works on; nobody else looks at it |
//! | [`IMPORTS`] | the addresses of the functions outside, by [`ImportId`](crate::ir::ImportId) |
//!
//! **An exit.** The instruction that may leave branches to a stub at the end of its function. That is
//! on AArch64 `adr x16, .` and `b exit`, on x86-64 `lea r11, [rip]` and `jmp exit`: the shared exit
//! stub then knows which site it was, and no register with a value has been changed (x16, x17 and r11
//! are scratch). The exit
//! stub writes the registers, the stack pointer and the site to the context, and returns from the
//! entry stub to the host, with 1 as the second result.
//!
//! **An import** is called by its address from the table, as `f(context, arguments…)`, and returns two
//! values in x0 and x1, rax and rdx: the result, and 0 to go on. If the second is not 0 the call's
//! exit is taken. Where the host is a Rust program the table has the addresses of *thunks*, emitted code
//! that adds the import's number as one more argument, x5 or r9, and goes on to [`HOST_CALL`].
//!
//! **The entry stub** is called by the host as `entry(context, function, arguments, stack)`, by the
//! platform's C convention (System V on x86-64): the context's address, the address of the function,
//! the address of [`ENTRY_ARGUMENTS`] words with the first arguments, and the initial stack pointer, a
//! multiple of 16, where the arguments that do not go in registers already stand. It saves every
//! callee-saved register on the host's stack and that stack pointer in the context, changes to the
//! given stack, loads every register that can hold an argument, calls, changes back, restores, and
//! returns the function's result and 0; or, by way of the exit stub, 0 and 1.

/// Offset of the stack's limit, an address.
pub const STACK_LIMIT: u32 = 0;
/// Offset of the host's wish that the code leaves, 0 if there is none.
pub const INTERRUPT: u32 = 8;
/// Offset of the host's stack pointer.
pub const HOST_STACK: u32 = 16;
/// Offset of the address where the code left.
pub const EXIT_SITE: u32 = 24;
/// Offset of the stack pointer where the code left.
pub const EXIT_STACK: u32 = 32;
/// Offset of the registers where the code left.
pub const REGISTERS: u32 = 40;
/// Offset of the address of the host's function behind the import thunks.
pub const HOST_CALL: u32 = REGISTERS + 32 * 8;
/// Offset of what the host's function works on.
pub const HOST_DATA: u32 = HOST_CALL + 8;
/// Offset of the table of imports.
pub const IMPORTS: u32 = HOST_DATA + 8;

/// The number of words that the entry stub may read as arguments.
pub const ENTRY_ARGUMENTS: usize = 8;

/// The size of a context with so many imports, in bytes.
pub const fn size(imports: u32) -> u32 {
    IMPORTS + 8 * imports
}

/// The register that holds the context's address on AArch64: x28.
pub const AARCH64_CONTEXT: u8 = 28;
/// The register that holds the context's address on x86-64: r15.
pub const X86_64_CONTEXT: u8 = 15;
