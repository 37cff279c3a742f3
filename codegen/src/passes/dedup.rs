//! Constant de-duplication: of two registers that hold the same constant the later goes.
//!
//! ```text
//! 0:  mvi  @r0, 2            0:  mvi  @r0, 2
//! 1:  mvi  @r1, 2            1:  mva  @r1, a0
//! 2:  mva  @r2, a0           2:  add  @r2, r1, r0
//! 3:  add  @r3, r2, r1
//! ```

use rustc_hash::FxHashMap;

use super::rewrite::{self, Substitution};
use crate::ir::flow::Flow;
use crate::ir::{BlockId, Function, Op, Value};

/// Removes constants that stand in a register already: earlier in the block, or in a block that
/// dominates this one.
pub fn deduplicate(function: &mut Function) {
    let mut holders: FxHashMap<i64, (BlockId, Value)> = FxHashMap::default();
    let mut substitution = Substitution::new(function.values);
    let mut remove = vec![false; function.instructions.len()];
    let flow = Flow::of(function);
    for &block in flow.reverse_postorder() {
        for position in function.blocks[block.index()].range() {
            let Op::Constant { dest, value } = function.instructions[position].op else {
                continue;
            };
            match holders.get(&value) {
                Some(&(above, holder)) if flow.dominates(above, block) => {
                    substitution.replace(dest, holder);
                    remove[position] = true;
                }
                _ => {
                    holders.insert(value, (block, dest));
                }
            }
        }
    }
    if !substitution.is_empty() {
        substitution.apply(function);
        rewrite::retain(function, |position| !remove[position]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn the_second_register_with_the_same_constant_goes() {
        assert_pass(
            deduplicate,
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r0, 2
                1:  mvi  @r1, 2
                2:  mva  @r2, a0
                3:  add  @r3, r2, r1
                4:  add  @r4, r3, r0
                5:  ret  r4
            }",
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r0, 2
                1:  mva  @r2, a0
                2:  add  @r3, r2, r0
                3:  add  @r4, r3, r0
                4:  ret  r4
            }",
        );
    }

    #[test]
    fn constants_on_two_sides_of_a_branch_both_stay() {
        assert_kept(
            deduplicate,
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  br   r0, b1(), b2()
            b1():
                2:  mvi  @r1, 7
                3:  ret  r1
            b2():
                4:  mvi  @r2, 7
                5:  ret  r2
            }",
        );
    }

    #[test]
    fn a_constant_that_stands_above_a_branch_serves_both_sides() {
        assert_pass(
            deduplicate,
            "fn main - #args: 0, #reg: 2 {
                0:  mvi  @r0, 7
                1:  br   r0, b1(), b2()
            b1():
                2:  mvi  @r1, 7
                3:  ret  r1
            b2():
                4:  ret  r0
            }",
            "fn main - #args: 0, #reg: 2 {
                0:  mvi  @r0, 7
                1:  br   r0, b1(), b2()
            b1():
                2:  ret  r0
            b2():
                3:  ret  r0
            }",
        );
    }
}
