//! From an intermediate representation to machine code.
//!
//! A [`Module`](ir::Module) holds functions in SSA form. The generators choose instructions of a
//! machine for them, every value is given a place, the functions are joined to one piece of code,
//! and that is run on the processor, run in a simulator of AArch64, or written as an ELF file.
//!
//! This crate knows nothing of the languages that its input comes from: positions in sources are
//! numbers, reasons for leaving are numbers, and what the code may call outside is a table.

pub mod aarch64;
pub mod context;
pub mod elf;
pub mod execution;
pub mod ir;
pub mod link;
mod linkage;
pub mod machine;
pub mod memory;
pub mod native;
pub mod origin;
pub mod passes;
pub mod program;
pub mod random;
pub mod regalloc;
pub mod simulated;
pub mod unwind;
pub mod x86_64;

pub use origin::{Linkage, Mechanism, Origin, Place, PlaceId};
