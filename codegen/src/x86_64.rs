//! x86-64 (System V).
//!
//! The way of a function: a selection of [`instruction`]s, register allocation, their finish, and
//! then [`encode`] makes bytes of them, [`display`] text.

pub mod display;
pub mod encode;
pub mod instruction;
pub(crate) mod stubs;

pub use display::print;
