//! Memory for code: writable or executable, never both; the stack that code runs on; entering code.
//!
//! The one room of this crate with unsafe code. What it relies on beyond Rust: the bytes that are
//! published here come from [`link`](crate::link) and the generators, and keep to what
//! [`context`](crate::context) says.

#![expect(
    unsafe_code,
    reason = "the operating system and the processor are spoken to here"
)]

mod cache;
mod code;
mod context;
mod enter;
mod stack;

pub use code::{ExecutableCode, WritableCode};
pub(crate) use context::Context;
pub use context::Interrupt;
pub(crate) use enter::{Ending, Entry, HostPanic};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub use enter::{PRESERVED, PreservedRegisters};
pub(crate) use stack::Stack;
