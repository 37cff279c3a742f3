//! x86-64 (System V).
//!
//! The way of a function: a selection of [`instruction`]s, register allocation, their finish, and
//! then [`encode`](mod@encode) makes bytes of them, [`display`] text.

pub mod display;
mod early_return;
pub mod encode;
mod finish;
pub mod instruction;
mod operands;
pub mod registers;
mod select;
pub(crate) mod stubs;

pub use display::print;
pub use encode::encode;
use instruction::Instruction;
pub use registers::registers;

use crate::ir::{FunctionId, Module};
use crate::machine::{Assembly, Calls, Code};
use crate::passes::blocks::without_critical_edges;
use crate::regalloc;

/// What is left open by the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How functions are called.
    pub calls: Calls,
}

/// The code of a function of a module that verifies.
///
/// # Panics
///
/// If the module has no such function.
pub fn generate(module: &Module, id: FunctionId, options: &Options) -> Assembly<Instruction> {
    let function = &module.functions[id.index()];
    let function = without_critical_edges(function);
    let mut selected = select::select(&function, options.calls);
    let allocation = regalloc::allocate(&mut selected.code, registers());
    let header = finish::Header {
        id,
        name: &function.name,
        calls: options.calls,
    };
    finish::finish(header, &selected, &allocation)
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
