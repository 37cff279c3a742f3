//! If-conversion: both sides of a small branch are computed, and the result is selected.
//!
//! ```text
//!     br   r0, b1(), b2(r1)           add  @r2, r1, r1
//! b1():                               sel  @r3, r0, r2, r1
//!     add  @r2, r1, r1                ret  r3
//!     jmp  b2(r2)
//! b2(@r3):
//!     ret  r3
//! ```
//!
//! Only a few cheap instructions that can't fail are computed in vain: fewer than what a branch
//! that is predicted wrongly costs.

use super::blocks;
use crate::ir::flow::Flow;
use crate::ir::{Block, BlockId, Function, Instruction, Op, Target, Value};

/// How many instructions one side may have; constants don't count.
const LARGEST_ARM: usize = 3;
/// How many values may differ.
const MOST_SELECTS: usize = 2;

/// Converts what is small enough, inner branches first. Says whether anything was.
pub fn convert(function: &mut Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let flow = Flow::of(function);
    let mut bodies: Vec<Option<Vec<Instruction>>> = vec![None; function.blocks.len()];
    for &block in flow.reverse_postorder().iter().rev() {
        if let Some(body) = converted(function, &flow, &bodies, block) {
            bodies[block.index()] = Some(body);
        }
    }
    if bodies.iter().all(Option::is_none) {
        return false;
    }
    rebuild(function, &bodies);
    blocks::straighten(function);
    true
}

/// One side of a branch: what is computed there, and where it goes then.
struct Arm<'a> {
    instructions: &'a [Instruction],
    target: Target,
}

/// A block with what follows its branch, if that can be.
fn converted(
    function: &mut Function,
    flow: &Flow,
    bodies: &[Option<Vec<Instruction>>],
    block: BlockId,
) -> Option<Vec<Instruction>> {
    let (last, head) = function.block(block).split_last()?;
    let Op::Branch {
        condition,
        then,
        otherwise,
    } = last.op
    else {
        return None;
    };
    let origin = last.origin;
    let join = |a: &Option<Arm<'_>>, b: &Option<Arm<'_>>| match (a, b) {
        // Both sides, one side, or neither has a block of its own.
        (Some(a), Some(b)) if a.target.block == b.target.block => Some((a.target, b.target)),
        (Some(a), _) if a.target.block == otherwise.block => Some((a.target, otherwise)),
        (_, Some(b)) if b.target.block == then.block => Some((then, b.target)),
        _ if then.block == otherwise.block => Some((then, otherwise)),
        _ => None,
    };
    let first = arm(function, flow, bodies, then);
    let second = arm(function, flow, bodies, otherwise);
    let (from_then, from_otherwise) = join(&first, &second)?;
    let mut body = head.to_vec();
    if from_then.block != then.block {
        body.extend_from_slice(first?.instructions);
    }
    if from_otherwise.block != otherwise.block {
        body.extend_from_slice(second?.instructions);
    }
    let pairs: Vec<(Value, Value)> = function
        .list(from_then.arguments)
        .zip(function.list(from_otherwise.arguments))
        .collect();
    if pairs.iter().filter(|(a, b)| a != b).count() > MOST_SELECTS {
        return None;
    }
    let mut arguments = Vec::with_capacity(pairs.len());
    for (a, b) in pairs {
        if a == b {
            arguments.push(a);
            continue;
        }
        let dest = function.value();
        let op = Op::Select {
            dest,
            condition,
            a,
            b,
        };
        body.push(Instruction { op, origin });
        arguments.push(dest);
    }
    let target = Target {
        block: from_then.block,
        arguments: function.make_list(&arguments),
    };
    body.push(Instruction {
        op: Op::Jump { target },
        origin,
    });
    Some(body)
}

/// The block that a side of a branch leads to, if it is small, pure, only reached from there, and
/// ends with a jump.
fn arm<'a>(
    function: &'a Function,
    flow: &Flow,
    bodies: &'a [Option<Vec<Instruction>>],
    side: Target,
) -> Option<Arm<'a>> {
    let block = side.block;
    let has_one_way = flow.predecessors(block).len() == 1
        && function
            .list(function.blocks[block.index()].parameters)
            .len()
            == 0;
    if !has_one_way {
        return None;
    }
    let body = match &bodies[block.index()] {
        Some(body) => body.as_slice(),
        None => function.block(block),
    };
    let (last, instructions) = body.split_last()?;
    let Op::Jump { target } = last.op else {
        return None;
    };
    let mut size = 0;
    for instruction in instructions {
        match instruction.op {
            Op::Constant { .. } => {}
            Op::Unary { .. } | Op::Binary { .. } | Op::Select { .. } => size += 1,
            _ => return None,
        }
    }
    (size <= LARGEST_ARM).then_some(Arm {
        instructions,
        target,
    })
}

fn rebuild(function: &mut Function, bodies: &[Option<Vec<Instruction>>]) {
    let mut instructions = Vec::with_capacity(function.instructions.len());
    for (block, body) in function.blocks.iter_mut().zip(bodies) {
        let start = instructions.len() as u32;
        match body {
            Some(body) => instructions.extend_from_slice(body),
            None => instructions.extend_from_slice(&function.instructions[block.range()]),
        }
        *block = Block {
            parameters: block.parameters,
            start,
            end: instructions.len() as u32,
        };
    }
    function.instructions = instructions;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    fn pass(function: &mut Function) {
        convert(function);
    }

    #[test]
    fn a_side_with_one_addition_becomes_a_selection() {
        assert_pass(
            pass,
            "fn f - #args: 2, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: mva @r1, a1
                2: br r0, b1(), b2(r1)
            b1():
                3: add @r2, r1, r1
                4: jmp b2(r2)
            b2(@r3):
                5: ret r3
            }",
            "fn f - #args: 2, #reg: 5 {
                0: mva @r0, a0
                1: mva @r1, a1
                2: add @r2, r1, r1
                3: sel @r4, r0, r2, r1
                4: ret r4
            }",
        );
    }

    #[test]
    fn both_sides_of_a_branch_within_a_branch_become_selections() {
        assert_pass(
            pass,
            "fn f - #args: 2, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: mva @r1, a1
                2: br r0, b1(), b2(r0)
            b1():
                3: br r1, b2(r1), b3()
            b2(@r2):
                4: ret r2
            b3():
                5: not @r3, r1
                6: jmp b2(r3)
            }",
            "fn f - #args: 2, #reg: 6 {
                0: mva @r0, a0
                1: mva @r1, a1
                2: not @r3, r1
                3: sel @r4, r1, r1, r3
                4: sel @r5, r0, r4, r0
                5: ret r5
            }",
        );
    }

    #[test]
    fn a_side_that_divides_stays_a_branch() {
        assert_kept(
            pass,
            "fn f - #args: 2, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: mva @r1, a1
                2: br r0, b1(), b2(r1)
            b1():
                3: div @r2, r1, r0
                4: jmp b2(r2)
            b2(@r3):
                5: ret r3
            }",
        );
    }
}
