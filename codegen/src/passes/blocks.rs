//! Blocks: those that nothing leads to, that do nothing, that follow one another, and edges that
//! need a block of their own.

use std::borrow::Cow;

use super::rewrite::{self, Substitution};
use crate::ir::flow::Flow;
use crate::ir::{Block, BlockId, Function, Instruction, List, Op, Target, Value};

/// The arguments that the ways to a block hand over to one of its parameters. A way may be met more
/// than once.
pub(super) fn arguments_for<'a>(
    function: &'a Function,
    flow: &'a Flow,
    block: BlockId,
    index: usize,
) -> impl Iterator<Item = Value> + 'a {
    flow.predecessors(block)
        .iter()
        .flat_map(move |&from| arguments_from(function, from, block, index))
}

/// The arguments that one block hands over to a parameter of another: one for each way between them.
pub(super) fn arguments_from(
    function: &Function,
    from: BlockId,
    block: BlockId,
    index: usize,
) -> impl Iterator<Item = Value> + '_ {
    function
        .successors(from)
        .filter(move |target| target.block == block)
        .filter_map(move |target| function.list(target.arguments).nth(index))
}

/// Puts the blocks that are named, and no others, in that order. Targets are renamed; no block that
/// stays may lead to one that does not.
pub(super) fn arrange(function: &mut Function, order: &[BlockId]) {
    let mut names = vec![BlockId(u32::MAX); function.blocks.len()];
    for (name, old) in order.iter().enumerate() {
        names[old.index()] = BlockId(name as u32);
    }
    let mut instructions = Vec::with_capacity(function.instructions.len());
    let blocks = order
        .iter()
        .map(|old| {
            let block = function.blocks[old.index()];
            let start = instructions.len() as u32;
            instructions.extend_from_slice(&function.instructions[block.range()]);
            if let Some(last) = instructions.last_mut() {
                rewrite::targets_mut(&mut last.op, |target| {
                    target.block = names[target.block.index()];
                });
            }
            Block {
                parameters: block.parameters,
                start,
                end: instructions.len() as u32,
            }
        })
        .collect();
    function.instructions = instructions;
    function.blocks = blocks;
}

/// Removes the blocks that control can't reach; the others keep their order.
pub fn remove_unreachable(function: &mut Function) {
    let flow = Flow::of(function);
    let order: Vec<BlockId> = block_ids(function)
        .filter(|&block| flow.is_reachable(block))
        .collect();
    if order.len() < function.blocks.len() {
        arrange(function, &order);
    }
}

/// All blocks, in layout order.
pub(super) fn block_ids(function: &Function) -> impl Iterator<Item = BlockId> + use<> {
    (0..function.blocks.len() as u32).map(BlockId)
}

/// Leads every jump to an empty block to where that one jumps, makes jumps of branches both of
/// whose targets are the same, joins blocks that can only follow one another, and removes what
/// can't be reached.
///
/// ```text
///     jmp  b1()                   add  @r1, r0, r0
/// b1():                           ret  r1
///     add  @r1, r0, r0
///     ret  r1
/// ```
pub fn straighten(function: &mut Function) {
    if function.blocks.len() == 1 {
        return;
    }
    skip_empty_blocks(function);
    remove_unreachable(function);
    join_chains(function);
}

/// Where an empty block, one without parameters that only jumps, leads. A chain of them is followed
/// for a bounded number of steps: it may be a circle.
fn skip_empty_blocks(function: &mut Function) {
    const LONGEST_CHAIN: usize = 16;
    let onward: Vec<Option<Target>> = function
        .blocks
        .iter()
        .map(|block| match function.instructions[block.range()] {
            [
                Instruction {
                    op: Op::Jump { target },
                    ..
                },
            ] if function.list(block.parameters).len() == 0 => Some(target),
            _ => None,
        })
        .collect();
    for block in block_ids(function) {
        let last = function.blocks[block.index()].end as usize - 1;
        let op = &mut function.instructions[last].op;
        rewrite::targets_mut(op, |target| {
            for _ in 0..LONGEST_CHAIN {
                match onward[target.block.index()] {
                    Some(next) => *target = next,
                    None => break,
                }
            }
        });
        if let Op::Branch {
            then, otherwise, ..
        } = *op
            && then.block == otherwise.block
            && function
                .list(then.arguments)
                .eq(function.list(otherwise.arguments))
        {
            function.instructions[last].op = Op::Jump { target: then };
        }
    }
}

/// Joins a block that ends with a jump to a block that has no other way to it with that block.
fn join_chains(function: &mut Function) {
    let flow = Flow::of(function);
    let follower = |function: &Function, block: BlockId| match function.block(block).last()?.op {
        Op::Jump { target }
            if target.block != block
                && flow.is_reachable(block)
                && flow.predecessors(target.block).iter().all(|&p| p == block) =>
        {
            Some(target)
        }
        _ => None,
    };
    if !block_ids(function).any(|block| follower(function, block).is_some()) {
        return;
    }
    let mut joined = vec![false; function.blocks.len()];
    for block in block_ids(function) {
        if let Some(target) = follower(function, block) {
            joined[target.block.index()] = true;
        }
    }
    let mut substitution = Substitution::new(function.values);
    let mut names = vec![BlockId(u32::MAX); function.blocks.len()];
    let mut instructions = Vec::with_capacity(function.instructions.len());
    let mut blocks: Vec<Block> = Vec::new();
    for head in block_ids(function).filter(|block| !joined[block.index()]) {
        names[head.index()] = BlockId(blocks.len() as u32);
        let start = instructions.len() as u32;
        let mut block = head;
        while let Some(next) = follower(function, block) {
            let body = function.block(block);
            instructions.extend_from_slice(&body[..body.len() - 1]);
            for (parameter, argument) in function
                .list(function.blocks[next.block.index()].parameters)
                .zip(function.list(next.arguments))
            {
                substitution.replace(parameter, argument);
            }
            block = next.block;
        }
        instructions.extend_from_slice(function.block(block));
        blocks.push(Block {
            parameters: function.blocks[head.index()].parameters,
            start,
            end: instructions.len() as u32,
        });
    }
    for block in &blocks {
        rewrite::targets_mut(&mut instructions[block.end as usize - 1].op, |target| {
            target.block = names[target.block.index()];
        });
    }
    function.blocks = blocks;
    function.instructions = instructions;
    substitution.apply(function);
}

/// The function itself if it has no branches, else a copy whose critical edges have been split: what
/// the generators work on.
pub fn without_critical_edges(function: &Function) -> Cow<'_, Function> {
    let has_branches = block_ids(function)
        .any(|block| matches!(function.block(block).last(), Some(last) if matches!(last.op, Op::Branch { .. })));
    if !has_branches {
        return Cow::Borrowed(function);
    }
    let mut split = function.clone();
    split_critical_edges(&mut split);
    Cow::Owned(split)
}

/// Gives every critical edge a block of its own: afterwards a block with several successors is the
/// only predecessor of each of them, and hands over no arguments.
///
/// ```text
///     br   r0, b1(), b2(r1)       br   r0, b1(), b3()
/// b2(@r2):                    b2(@r2):
///     …                           …
///                             b3():
///                                 jmp  b2(r1)
/// ```
///
/// The new blocks stand at the end of the layout.
pub fn split_critical_edges(function: &mut Function) {
    if function.blocks.len() == 1 {
        return;
    }
    let mut ways = vec![0_u32; function.blocks.len()];
    for block in block_ids(function) {
        for target in function.successors(block) {
            ways[target.block.index()] += 1;
        }
    }
    let mut added: Vec<(Target, Instruction)> = Vec::new();
    for block in 0..function.blocks.len() {
        let last = function.blocks[block].end as usize - 1;
        let mut terminator = function.instructions[last];
        let origin = terminator.origin;
        if !matches!(terminator.op, Op::Branch { .. }) {
            continue;
        }
        rewrite::targets_mut(&mut terminator.op, |target| {
            if ways[target.block.index()] > 1 || function.list(target.arguments).len() > 0 {
                let jump = Op::Jump { target: *target };
                *target = Target {
                    block: BlockId((ways.len() + added.len()) as u32),
                    arguments: List::EMPTY,
                };
                added.push((*target, Instruction { op: jump, origin }));
            }
        });
        function.instructions[last] = terminator;
    }
    for (_, jump) in added {
        let start = function.instructions.len() as u32;
        function.instructions.push(jump);
        function.blocks.push(Block {
            parameters: List::EMPTY,
            start,
            end: start + 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn what_cannot_be_reached_goes() {
        assert_pass(
            remove_unreachable,
            "fn main - #args: 0, #reg: 2 {
                0:  mvi  @r0, 1
                1:  jmp  b2()
            b1():
                2:  jmp  b2()
            b2():
                3:  ret  r0
            }",
            "fn main - #args: 0, #reg: 2 {
                0:  mvi  @r0, 1
                1:  jmp  b1()
            b1():
                2:  ret  r0
            }",
        );
    }

    #[test]
    fn empty_blocks_and_chains_become_straight_code() {
        assert_pass(
            straighten,
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  br   r0, b1(), b2()
            b1():
                2:  jmp  b3(r0)
            b2():
                3:  jmp  b3(r0)
            b3(@r1):
                4:  add  @r2, r1, r1
                5:  ret  r2
            }",
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  add  @r2, r0, r0
                2:  ret  r2
            }",
        );
    }

    #[test]
    fn a_circle_of_empty_blocks_stays_a_loop() {
        assert_kept(
            straighten,
            "fn main - #args: 0, #reg: 0 {
                0:  jmp  b1()
            b1():
                1:  jmp  b1()
            }",
        );
    }

    #[test]
    fn a_critical_edge_gets_a_block() {
        assert_pass(
            split_critical_edges,
            "fn main - #args: 1, #reg: 2 {
                0:  mva  @r0, a0
                1:  br   r0, b1(), b2(r0)
            b1():
                2:  jmp  b2(r0)
            b2(@r1):
                3:  ret  r1
            }",
            "fn main - #args: 1, #reg: 2 {
                0:  mva  @r0, a0
                1:  br   r0, b1(), b3()
            b1():
                2:  jmp  b2(r0)
            b2(@r1):
                3:  ret  r1
            b3():
                4:  jmp  b2(r0)
            }",
        );
    }
}
