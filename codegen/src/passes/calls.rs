//! Which function calls which.

use crate::ir::{Callee, Function, FunctionId, Module, Op};

/// The calls between the functions of a module.
pub(super) struct Calls {
    callees: Vec<FunctionId>,
    /// Where the callees of each function begin, and one more.
    starts: Vec<usize>,
}

impl Calls {
    /// Finds the calls.
    pub(super) fn of(module: &Module) -> Self {
        let mut calls = Self {
            callees: Vec::new(),
            starts: Vec::with_capacity(module.functions.len() + 1),
        };
        for function in &module.functions {
            calls.starts.push(calls.callees.len());
            calls.callees.extend(called(function));
        }
        calls.starts.push(calls.callees.len());
        calls
    }

    /// The number of functions.
    pub(super) const fn functions(&self) -> usize {
        self.starts.len() - 1
    }

    /// The callees of a function, by its index: one for each call, in their order.
    pub(super) fn callees(&self, function: usize) -> &[FunctionId] {
        &self.callees[self.starts[function]..self.starts[function + 1]]
    }

    /// All functions, callees before their callers, as far as there is no recursion.
    pub(super) fn bottom_up(&self) -> Vec<FunctionId> {
        let mut order = Vec::with_capacity(self.functions());
        let mut is_met = vec![false; self.functions()];
        // Each function on the path with the number of its callees that have been looked at.
        let mut path: Vec<(usize, usize)> = Vec::new();
        for root in 0..self.functions() {
            if !std::mem::replace(&mut is_met[root], true) {
                path.push((root, 0));
            }
            while let Some((function, looked_at)) = path.last_mut() {
                if let Some(callee) = self.callees(*function).get(*looked_at) {
                    *looked_at += 1;
                    if !std::mem::replace(&mut is_met[callee.index()], true) {
                        path.push((callee.index(), 0));
                    }
                } else {
                    order.push(FunctionId(*function as u32));
                    path.pop();
                }
            }
        }
        order
    }
}

/// The functions of the module that a function calls, one for each call.
pub(super) fn called(function: &Function) -> impl Iterator<Item = FunctionId> + '_ {
    function
        .instructions
        .iter()
        .filter_map(|instruction| match instruction.op {
            Op::Call {
                callee: Callee::Function(id),
                ..
            } => Some(id),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::parse;

    #[test]
    fn callees_come_before_their_callers() {
        let module = parse(
            "fn a - #args: 0, #reg: 1 {
                0: call @r0, b:1()
                1: ret r0
            }
            fn b - #args: 0, #reg: 2 {
                0: call @r0, c:2()
                1: call @r1, b:1()
                2: ret r0
            }
            fn c - #args: 0, #reg: 1 {
                0: mvi @r0, 1
                1: ret r0
            }",
        );
        let order = Calls::of(&module).bottom_up();
        assert_eq!(order, [FunctionId(2), FunctionId(1), FunctionId(0)]);
    }
}
