//! AArch64.

pub mod baseline;
pub mod instruction;
