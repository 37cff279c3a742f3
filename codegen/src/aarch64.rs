//! AArch64.

pub mod decode;
pub mod display;
pub mod encode;
pub mod immediate;
pub mod instruction;
pub(crate) mod stubs;
mod tables;

pub use decode::decode;
pub use display::print;
pub use encode::encode;
