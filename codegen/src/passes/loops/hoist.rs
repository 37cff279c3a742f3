//! Loop-invariant code motion: what gives the same in every iteration is computed before the loop.
//!
//! ```text
//! b1(@r3):                        mul  @r4, r0, r0
//!     mul  @r4, r0, r0            jmp  b1(r2)
//!     add  @r5, r3, r4        b1(@r3):
//!     br   r5, b1(r5), b2()       add  @r5, r3, r4
//!                                 br   r5, b1(r5), b2()
//! ```
//!
//! Only what can't fail and has no effect is moved, constants included: they are made again where
//! that is cheaper.

use super::Loops;
use crate::ir::flow::Flow;
use crate::ir::{Block, BlockId, Function, Instruction, List, Op, Target, Value};
use crate::origin::Origin;
use crate::passes::rewrite;

/// Moves invariant instructions out of as many loops as possible.
pub fn hoist(function: &mut Function) {
    if function.blocks.len() == 1 {
        return;
    }
    let flow = Flow::of(function);
    if flow
        .reverse_postorder()
        .iter()
        .all(|&b| !flow.is_loop_header(b))
    {
        return;
    }
    let moves = find_moves(function, &flow);
    if moves.iter().any(Option::is_some) {
        apply(function, &flow, &moves);
    }
}

/// For each instruction the header of the outermost loop out of which it can be moved.
fn find_moves(function: &Function, flow: &Flow) -> Vec<Option<BlockId>> {
    let loops = Loops::of(flow);
    let mut moves = vec![None; function.instructions.len()];
    // The block in which a value will be defined; for one that is moved some block that is in the
    // same loops as the place before the loop.
    let mut homes: Vec<Option<BlockId>> = vec![Some(BlockId::ENTRY); function.values as usize];
    for &block in flow.reverse_postorder() {
        for value in function.list(function.blocks[block.index()].parameters) {
            homes[value.index()] = Some(block);
        }
        for position in function.blocks[block.index()].range() {
            let op = &function.instructions[position].op;
            let target = outermost(function, flow, &loops, &homes, block, op);
            moves[position] = target;
            let home = target.map_or(Some(block), |header| loops.parent(header));
            function.visit_results(op, |value| homes[value.index()] = home);
        }
    }
    moves
}

/// The header of the outermost loop around a block in which an instruction gives the same always.
fn outermost(
    function: &Function,
    flow: &Flow,
    loops: &Loops,
    homes: &[Option<BlockId>],
    block: BlockId,
    op: &Op,
) -> Option<BlockId> {
    const MOST_LOOPS: usize = 8;
    if !is_movable(op) {
        return None;
    }
    let mut outermost = None;
    let mut around = flow.loop_header(block);
    for _ in 0..MOST_LOOPS {
        let Some(header) = around else { break };
        let mut invariant = true;
        function.visit_uses(op, |value| {
            invariant &=
                !homes[value.index()].is_some_and(|home| loops.may_contain(flow, header, home));
        });
        if !invariant {
            break;
        }
        outermost = Some(header);
        around = loops.parent(header);
    }
    outermost
}

/// Whether an instruction can be executed where it was not.
const fn is_movable(op: &Op) -> bool {
    matches!(
        op,
        Op::Constant { .. } | Op::Unary { .. } | Op::Binary { .. } | Op::Select { .. }
    )
}

/// Moves the instructions to the ends of blocks before the loops.
fn apply(function: &mut Function, flow: &Flow, moves: &[Option<BlockId>]) {
    let mut before: Vec<Option<BlockId>> = vec![None; function.blocks.len()];
    for &header in moves.iter().flatten() {
        if before[header.index()].is_none() {
            before[header.index()] = Some(block_before(function, flow, header));
        }
    }
    // In reverse postorder, so that what is needed for others comes first.
    let mut arriving: Vec<Vec<Instruction>> = vec![Vec::new(); function.blocks.len()];
    for &block in flow.reverse_postorder() {
        for position in function.blocks[block.index()].range() {
            if let Some(header) = moves[position]
                && let Some(target) = before[header.index()]
            {
                arriving[target.index()].push(function.instructions[position]);
            }
        }
    }
    let mut instructions = Vec::with_capacity(function.instructions.len());
    for (index, block) in function.blocks.iter_mut().enumerate() {
        let range = block.range();
        block.start = instructions.len() as u32;
        for position in range {
            let instruction = function.instructions[position];
            if instruction.op.is_terminator() {
                instructions.append(&mut arriving[index]);
            }
            if moves.get(position).copied().flatten().is_none() {
                instructions.push(instruction);
            }
        }
        block.end = instructions.len() as u32;
    }
    function.instructions = instructions;
}

/// The block that jumps to a header and is the only way into its loop: one that is there, or a new
/// one.
fn block_before(function: &mut Function, flow: &Flow, header: BlockId) -> BlockId {
    let outside: Vec<BlockId> = flow
        .predecessors(header)
        .iter()
        .copied()
        .filter(|&from| !flow.dominates(header, from))
        .collect();
    if let [only] = outside[..]
        && matches!(
            function.block(only).last().map(|last| last.op),
            Some(Op::Jump { .. })
        )
    {
        return only;
    }
    let new = BlockId(function.blocks.len() as u32);
    let mut origin = Origin::default();
    for from in outside {
        let last = function.blocks[from.index()].end as usize - 1;
        let terminator = &mut function.instructions[last];
        origin = terminator.origin;
        rewrite::targets_mut(&mut terminator.op, |target| {
            if target.block == header {
                target.block = new;
            }
        });
    }
    let count = function
        .list(function.blocks[header.index()].parameters)
        .len();
    let values: Vec<Value> = (0..count).map(|_| function.value()).collect();
    let list = function.make_list(&values);
    let jump = Op::Jump {
        target: Target {
            block: header,
            arguments: list,
        },
    };
    let start = function.instructions.len() as u32;
    function.instructions.push(Instruction { op: jump, origin });
    function.blocks.push(Block {
        parameters: if count == 0 { List::EMPTY } else { list },
        start,
        end: start + 1,
    });
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::assert_pass;

    #[test]
    fn what_is_invariant_goes_before_both_loops() {
        assert_pass(
            hoist,
            "fn f - #args: 1, #reg: 6 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0)
            b1(@r1):
                2: jmp b2(r1)
            b2(@r2):
                3: mul @r3, r0, r0
                4: mul @r4, r1, r3
                5: add @r5, r2, r4
                6: br r5, b2(r5), b3()
            b3():
                7: br r0, b1(r5), b4()
            b4():
                8: ret r5
            }",
            "fn f - #args: 1, #reg: 6 {
            b0():
                0: mva @r0, a0
                1: mul @r3, r0, r0
                2: jmp b1(r0)
            b1(@r1):
                3: mul @r4, r1, r3
                4: jmp b2(r1)
            b2(@r2):
                5: add @r5, r2, r4
                6: br r5, b2(r5), b3()
            b3():
                7: br r0, b1(r5), b4()
            b4():
                8: ret r5
            }",
        );
    }

    #[test]
    fn a_loop_that_is_entered_by_a_branch_gets_a_block_before_it() {
        assert_pass(
            hoist,
            "fn f - #args: 1, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: br r0, b1(r0), b2()
            b1(@r1):
                2: mul @r2, r0, r0
                3: sub @r3, r1, r2
                4: br r3, b1(r3), b2()
            b2():
                5: ret r0
            }",
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: br r0, b3(r0), b2()
            b1(@r1):
                2: sub @r3, r1, r2
                3: br r3, b1(r3), b2()
            b2():
                4: ret r0
            b3(@r4):
                5: mul @r2, r0, r0
                6: jmp b1(r4)
            }",
        );
    }
}
