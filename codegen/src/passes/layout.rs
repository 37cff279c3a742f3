//! Block layout: in what order blocks stand.
//!
//! Blocks stand in reverse postorder, so that what dominates a block stands before it, with two
//! exceptions: the blocks of a loop stand together, and those that leave the code for good stand at
//! the end, out of the way.

use super::blocks;
use super::loops::Loops;
use crate::ir::flow::Flow;
use crate::ir::{BlockId, Function, Op};

/// Puts the blocks in order. Those that can't be reached go.
pub fn arrange(function: &mut Function) {
    if function.blocks.len() == 1 {
        return;
    }
    let flow = Flow::of(function);
    let loops = Loops::of(&flow);
    let mut order = Vec::with_capacity(function.blocks.len());
    let mut last = Vec::new();
    for block in loops.contiguous_order(&flow) {
        let leaves = matches!(
            function.block(block).last().map(|last| last.op),
            Some(Op::Leave { .. })
        );
        if leaves && block != BlockId::ENTRY {
            last.push(block);
        } else {
            order.push(block);
        }
    }
    order.append(&mut last);
    blocks::arrange(function, &order);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::assert_pass;

    #[test]
    fn the_blocks_of_a_loop_stand_together_and_exits_last() {
        assert_pass(
            arrange,
            "fn f - #args: 1, #reg: 3 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0)
            b1(@r1):
                2: br r1, b2(), b3()
            b2():
                3: exit 0(r1)
            b3():
                4: br r0, b4(), b5()
            b4():
                5: ret r1
            b5():
                6: add @r2, r1, r1
                7: jmp b1(r2)
            }",
            "fn f - #args: 1, #reg: 3 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0)
            b1(@r1):
                2: br r1, b5(), b2()
            b2():
                3: br r0, b4(), b3()
            b3():
                4: add @r2, r1, r1
                5: jmp b1(r2)
            b4():
                6: ret r1
            b5():
                7: exit 0(r1)
            }",
        );
    }
}
