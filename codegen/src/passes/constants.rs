//! Constant propagation: what can be computed now is not computed by the program.
//!
//! ```text
//! 0:  mvi  @r0, 2            0:  mvi  @r0, 2
//! 1:  mvi  @r1, 2            1:  mvi  @r1, 2
//! 2:  add  @r2, r0, r1       2:  mvi  @r2, 4
//! ```
//!
//! A branch on a constant becomes a jump, and blocks that nothing leads to any more go. A division
//! by zero stays as it is; one by another constant loses its exit.

use super::blocks;
use crate::ir::flow::Flow;
use crate::ir::{Function, Op, Value};

/// Replaces what is computed from constants alone by its result.
///
/// A block's parameter counts as a constant if all ways to it that have been seen before hand over
/// the same one; those of loops, which are seen later, never do.
pub fn propagate(function: &mut Function) {
    if function.blocks.len() == 1 {
        let mut known = Known::new(function.values);
        for instruction in &mut function.instructions {
            fold(&mut instruction.op, &mut known);
        }
        return;
    }
    let flow = Flow::of(function);
    let mut known = Known::new(function.values);
    let mut cuts_branches = false;
    for &block in flow.reverse_postorder() {
        let parameters: Vec<Value> = function
            .list(function.blocks[block.index()].parameters)
            .collect();
        for (index, &parameter) in parameters.iter().enumerate() {
            if let Some(value) = blocks::arguments_for(function, &flow, block, index)
                .map(|argument| known.get(argument))
                .reduce(|all, one| if all == one { all } else { None })
                .flatten()
            {
                known.set(parameter, value);
            }
        }
        for instruction in &mut function.instructions[function.blocks[block.index()].range()] {
            let was_branch = matches!(instruction.op, Op::Branch { .. });
            fold(&mut instruction.op, &mut known);
            cuts_branches |= was_branch && matches!(instruction.op, Op::Jump { .. });
        }
    }
    if cuts_branches {
        blocks::remove_unreachable(function);
    }
}

/// Rewrites one instruction, and remembers its result if that is a constant.
fn fold(op: &mut Op, known: &mut Known) {
    match *op {
        Op::Constant { dest, value } => known.set(dest, value),
        Op::Divide { b, exit, .. } if exit.is_some() && known.get(b).is_some_and(|b| b != 0) => {
            if let Op::Divide { exit, .. } = op {
                *exit = None;
            }
            fold(op, known);
        }
        Op::Branch {
            condition,
            then,
            otherwise,
        } => {
            if let Some(condition) = known.get(condition) {
                let target = if condition != 0 { then } else { otherwise };
                *op = Op::Jump { target };
            }
        }
        _ => {
            if let Some(dest) = op.result()
                && let Some(value) = evaluate(op, known)
            {
                known.set(dest, value);
                *op = Op::Constant { dest, value };
            }
        }
    }
}

/// The result of an instruction all of whose operands are constants.
fn evaluate(op: &Op, known: &Known) -> Option<i64> {
    match *op {
        Op::Unary { operator, a, .. } => Some(operator.evaluate(known.get(a)?)),
        Op::Binary { operator, a, b, .. } => Some(operator.evaluate(known.get(a)?, known.get(b)?)),
        Op::Divide { operator, a, b, .. } => operator.evaluate(known.get(a)?, known.get(b)?),
        Op::Select {
            condition, a, b, ..
        } => known.get(if known.get(condition)? != 0 { a } else { b }),
        _ => None,
    }
}

/// Which values are known to be which constants.
struct Known(Vec<Option<i64>>);

impl Known {
    fn new(values: u32) -> Self {
        Self(vec![None; values as usize])
    }

    fn get(&self, value: Value) -> Option<i64> {
        self.0[value.index()]
    }

    fn set(&mut self, value: Value, constant: i64) {
        self.0[value.index()] = Some(constant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn a_sum_of_constants_becomes_one() {
        assert_pass(
            propagate,
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r0, 2
                1:  mvi  @r1, 2
                2:  add  @r2, r0, r1
                3:  mva  @r3, a0
                4:  add  @r4, r2, r3
                5:  ret  r4
            }",
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r0, 2
                1:  mvi  @r1, 2
                2:  mvi  @r2, 4
                3:  mva  @r3, a0
                4:  add  @r4, r2, r3
                5:  ret  r4
            }",
        );
    }

    #[test]
    fn a_division_by_zero_stays() {
        assert_kept(
            propagate,
            "fn main - #args: 0, #reg: 3 {
                0:  mvi  @r0, 1
                1:  mvi  @r1, 0
                2:  div  @r2, r0, r1 or exit 0(r0)
                3:  ret  r2
            }",
        );
    }

    #[test]
    fn a_division_by_another_constant_loses_its_exit() {
        assert_pass(
            propagate,
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  mvi  @r1, 3
                2:  div  @r2, r0, r1 or exit 0(r0)
                3:  ret  r2
            }",
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  mvi  @r1, 3
                2:  div  @r2, r0, r1
                3:  ret  r2
            }",
        );
    }

    #[test]
    fn a_branch_on_a_constant_becomes_a_jump_and_the_other_way_goes() {
        assert_pass(
            propagate,
            "fn main - #args: 0, #reg: 5 {
                0:  mvi  @r0, 0
                1:  br   r0, b1(), b2()
            b1():
                2:  mvi  @r1, 5
                3:  jmp  b3(r1)
            b2():
                4:  mvi  @r2, 6
                5:  jmp  b3(r2)
            b3(@r3):
                6:  ret  r3
            }",
            "fn main - #args: 0, #reg: 5 {
                0:  mvi  @r0, 0
                1:  jmp  b1()
            b1():
                2:  mvi  @r2, 6
                3:  jmp  b2(r2)
            b2(@r3):
                4:  ret  r3
            }",
        );
    }
}
