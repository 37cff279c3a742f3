//! AArch64.

pub mod baseline;
pub mod decode;
pub mod display;
pub mod encode;
mod finish;
pub mod immediate;
pub mod instruction;
mod operands;
pub mod registers;
mod select;
pub mod simulator;
pub(crate) mod stubs;
mod tables;

pub use decode::decode;
pub use display::print;
pub use encode::encode;
pub use registers::registers;

use self::instruction::Instruction;
use crate::ir::{FunctionId, Module};
use crate::machine::{Assembly, Calls, Code};
use crate::passes::blocks::without_critical_edges;
use crate::regalloc;

/// What the optimised generator is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How functions are called.
    pub calls: Calls,
}

/// The optimised generator: chooses instructions, allocates registers, and writes the function out.
///
/// # Panics
///
/// If the module has no such function, or is not one that the [verifier](crate::ir::verify) accepts.
pub fn generate(module: &Module, id: FunctionId, options: &Options) -> Assembly<Instruction> {
    let function = without_critical_edges(&module.functions[id.index()]);
    let mut selected = select::select(&function, options.calls);
    let allocation = regalloc::allocate(&mut selected.code, registers());
    finish::finish(id, &function.name, &selected, &allocation, options.calls)
}

/// A function's instructions before register allocation: for tests of that.
#[doc(hidden)]
pub fn code_before_allocation(
    module: &Module,
    id: FunctionId,
    options: &Options,
) -> Code<Instruction> {
    let function = without_critical_edges(&module.functions[id.index()]);
    select::select(&function, options.calls).code
}
