//! The ULM as a target: from the IR to assembly text for `ulmas`, under the calling conventions of
//! the course.
//!
//! The way of a program: the passes ([`compile`]), a decision about the convention
//! ([`convention`]), instructions for each function (`select`), places for its
//! values (`codegen::regalloc` with the registers of `registers`), a finished function (`finish`),
//! and all of them with a beginning and an end as one [`Program`], which prints as assembly.

mod convention;
mod finish;
mod generate;
mod instruction;
mod program;
mod refusal;
mod registers;
pub mod run;
mod select;
mod stack_need;
mod start;
mod text;
mod unwind;

pub use convention::Convention;
#[doc(hidden)]
pub use generate::code_before_allocation;
pub use generate::{Options, compile, generate, optimise};
pub use instruction::{Instruction, Memory, Source};
pub use program::{Program, Section, SectionKind};
pub use refusal::Refusal;
pub use registers::Layout;
pub use text::Pieces;

/// The bytes of a call's frame under the stack convention: return address, frame pointer, result and
/// so many arguments.
pub(crate) const fn frame_size(arguments: u32) -> u32 {
    24 + 8 * arguments
}
