//! Which unit calls which functions.

use crate::ir::{Callee, FunctionId, Module, Op};
use crate::machine::{Calls, CodeUnit, Symbol};

/// The functions that each of several units calls, some perhaps more than once.
#[derive(Debug)]
pub(super) struct CallGraph {
    callees: Vec<FunctionId>,
    /// Where the callees of each unit begin, and one more.
    starts: Vec<u32>,
}

impl CallGraph {
    /// The calls of these units.
    pub(super) fn of(module: &Module, units: &[CodeUnit], calls: Calls) -> Self {
        let mut graph = Self {
            callees: Vec::new(),
            starts: Vec::with_capacity(units.len() + 1),
        };
        for unit in units {
            graph.starts.push(graph.callees.len() as u32);
            match calls {
                Calls::Direct => graph.add_branches(unit),
                Calls::Trampoline => graph.add_numbers(module, unit),
            }
        }
        graph.starts.push(graph.callees.len() as u32);
        graph
    }

    /// What is called by an address that the linker writes.
    fn add_branches(&mut self, unit: &CodeUnit) {
        let functions = unit.relocations.iter().filter_map(|r| match r.symbol {
            Symbol::Function(id) => Some(id),
            _ => None,
        });
        self.callees.extend(functions);
    }

    /// What is called by its number: that stands in an instruction, so the IR is asked.
    fn add_numbers(&mut self, module: &Module, unit: &CodeUnit) {
        if unit.calls.is_empty() {
            return;
        }
        let function = &module.functions[unit.id.index()];
        let numbers = function.instructions.iter().filter_map(|i| match i.op {
            Op::Call {
                callee: Callee::Function(id),
                ..
            } => Some(id),
            _ => None,
        });
        self.callees.extend(numbers);
    }

    /// What the unit at a position calls.
    pub(super) fn callees(&self, position: usize) -> &[FunctionId] {
        &self.callees[self.starts[position] as usize..self.starts[position + 1] as usize]
    }
}
