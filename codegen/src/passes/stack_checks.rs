//! Checks of the stack's limit where recursion could exhaust it.
//!
//! ```text
//! fn f - #args: 1, #reg: 4 {              fn f - #args: 1, #reg: 4 {
//!     0:  mva  @r0, a0                        0:  stack or exit 3()
//!     …                               →       1:  mva  @r0, a0
//!     3:  call @r3, f:0(r2)                   …
//! ```
//!
//! Each cycle of calls gets one check at least, and few functions get one: those that call
//! themselves, which no choice can spare, and what closes the cycles that are left. A module without
//! recursion gets none: how deep its stack can be is known before it runs.

use super::calls::Calls;
use crate::ir::{Function, Instruction, Module, Op};
use crate::origin::{Linkage, Origin};

/// Lets each cycle of calls check the stack, leaving with `reason` where it is exhausted.
pub fn insert(module: &mut Module, reason: u32) {
    let closing = closing(&Calls::of(module));
    for (function, checks) in module.functions.iter_mut().zip(closing) {
        if checks {
            insert_check(function, reason);
        }
    }
}

/// Puts a check first, unless there is one.
fn insert_check(function: &mut Function, reason: u32) {
    match function.instructions.first() {
        None
        | Some(Instruction {
            op: Op::StackCheck { .. },
            ..
        }) => return,
        Some(_) => {}
    }
    let exit = function.make_exit(reason, &[]);
    let check = Instruction {
        op: Op::StackCheck { exit },
        origin: Origin::body(function.place).with(Linkage::Prologue),
    };
    function.instructions.insert(0, check);
    for (index, block) in function.blocks.iter_mut().enumerate() {
        block.start += u32::from(index > 0);
        block.end += 1;
    }
}

/// How far the walk has come with a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    /// On the path.
    Open,
    Done,
}

/// The functions without which there is no cycle: those that call themselves, and of what is left
/// those that a walk in depth comes back to.
fn closing(calls: &Calls) -> Vec<bool> {
    let count = calls.functions();
    let calls_itself = |f: usize| calls.callees(f).iter().any(|callee| callee.index() == f);
    let mut closing: Vec<bool> = (0..count).map(calls_itself).collect();
    let mut visits = vec![Visit::New; count];
    for root in 0..count {
        // Each function on the path with the number of its callees that have been looked at.
        let mut path = Vec::new();
        if visits[root] == Visit::New && !closing[root] {
            visits[root] = Visit::Open;
            path.push((root, 0));
        }
        while let Some((function, looked_at)) = path.last_mut() {
            let Some(callee) = calls.callees(*function).get(*looked_at) else {
                visits[*function] = Visit::Done;
                path.pop();
                continue;
            };
            *looked_at += 1;
            let callee = callee.index();
            if closing[callee] {
                continue;
            }
            match visits[callee] {
                Visit::New => {
                    visits[callee] = Visit::Open;
                    path.push((callee, 0));
                }
                Visit::Open => closing[callee] = true,
                Visit::Done => {}
            }
        }
    }
    closing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Block, Callee, FunctionId, List};

    /// A function that calls these, one after the other, and returns a result.
    fn caller(callees: &[u32]) -> Function {
        let mut function = Function::new("f", 0);
        let mut push = |op| {
            let origin = Origin::default();
            function.instructions.push(Instruction { op, origin });
        };
        let mut dest = crate::ir::Value(0);
        push(Op::Constant { dest, value: 1 });
        for &callee in callees {
            dest.0 += 1;
            push(Op::Call {
                dest,
                callee: Callee::Function(FunctionId(callee)),
                arguments: List::EMPTY,
                exit: None,
            });
        }
        push(Op::Return { value: dest });
        function.values = dest.0 + 1;
        function.blocks.push(Block {
            parameters: List::EMPTY,
            start: 0,
            end: function.instructions.len() as u32,
        });
        function
    }

    /// Which functions check, of a module whose functions call these.
    fn checked(calls: &[&[u32]]) -> Vec<usize> {
        let mut module = Module {
            functions: calls.iter().map(|callees| caller(callees)).collect(),
            imports: Vec::new(),
        };
        insert(&mut module, 7);
        (0..calls.len())
            .filter(|&f| {
                matches!(
                    module.functions[f].instructions[0].op,
                    Op::StackCheck { .. }
                )
            })
            .collect()
    }

    #[test]
    fn a_module_without_recursion_checks_nothing() {
        assert_eq!(checked(&[&[1, 2], &[2, 3], &[3], &[]]), []);
    }

    #[test]
    fn a_function_that_calls_itself_checks() {
        assert_eq!(checked(&[&[1], &[1]]), [1]);
    }

    #[test]
    fn a_cycle_of_three_has_one_check() {
        assert_eq!(checked(&[&[1], &[2], &[0]]).len(), 1);
    }

    #[test]
    fn a_cycle_through_a_function_that_calls_itself_needs_no_other_check() {
        assert_eq!(checked(&[&[1], &[0, 1]]), [1]);
    }

    #[test]
    fn two_cycles_that_share_no_function_have_two_checks() {
        assert_eq!(checked(&[&[1, 2], &[0], &[3], &[2]]).len(), 2);
    }

    #[test]
    fn a_check_moves_all_blocks_and_leaves_with_the_reason() {
        let mut function = caller(&[0]);
        let end = function.instructions.len() as u32;
        function.blocks.push(Block {
            parameters: List::EMPTY,
            start: end,
            end: end + 1,
        });
        insert_check(&mut function, 7);
        assert_eq!(function.blocks[0].range(), 0..end as usize + 1);
        assert_eq!(
            function.blocks[1].range(),
            end as usize + 1..end as usize + 2
        );
        assert_eq!(function.exits[0].reason, 7);
    }

    #[test]
    fn a_second_time_adds_no_second_check() {
        let mut module = Module {
            functions: vec![caller(&[0])],
            imports: Vec::new(),
        };
        insert(&mut module, 7);
        let once = module.clone();
        insert(&mut module, 7);
        assert_eq!(module, once);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_calls_is_walked_without_recursion() {
        let count = 100_000;
        let module = Module {
            functions: (0..count).map(|f| caller(&[(f + 1) % count])).collect(),
            imports: Vec::new(),
        };
        let checks = closing(&Calls::of(&module));
        assert_eq!(checks.iter().filter(|&&checks| checks).count(), 1);
    }
}
