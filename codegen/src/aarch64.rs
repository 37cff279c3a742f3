//! AArch64.

pub mod instruction;
