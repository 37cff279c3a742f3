//! AArch64.

pub mod display;
pub mod encode;
pub mod immediate;
pub mod instruction;
mod tables;

pub use display::print;
pub use encode::encode;
