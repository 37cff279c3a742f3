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
use crate::ir::{BlockId, Function, FunctionId, Module, Op};
use crate::machine::{Assembly, Calls, Code};
use crate::{passes, regalloc};
use std::borrow::Cow;

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

/// The function itself, or a copy in which no edge is critical if one is.
fn without_critical_edges(function: &Function) -> Cow<'_, Function> {
    if !has_critical_edges(function) {
        return Cow::Borrowed(function);
    }
    let mut copy = function.clone();
    passes::split_critical_edges(&mut copy);
    Cow::Owned(copy)
}

/// Whether a branch leads to a block that control also reaches otherwise, or hands over arguments.
fn has_critical_edges(function: &Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let blocks = || (0..function.blocks.len() as u32).map(BlockId);
    let mut predecessors = vec![0u32; function.blocks.len()];
    for target in blocks().flat_map(|block| function.successors(block)) {
        predecessors[target.block.index()] += 1;
    }
    blocks().any(|block| match function.block(block).last() {
        Some(instruction) => match instruction.op {
            Op::Branch {
                then, otherwise, ..
            } => [then, otherwise].into_iter().any(|target| {
                predecessors[target.block.index()] > 1 || function.list(target.arguments).len() > 0
            }),
            _ => false,
        },
        None => false,
    })
}
