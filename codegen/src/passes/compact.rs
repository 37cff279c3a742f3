//! Compaction: what nobody reads goes, and what is left is numbered anew, at once.
//!
//! ```text
//! 0:  mvi  @r0, 2            0:  mvi  @r0, 4
//! 1:  mvi  @r2, 4            1:  mva  @r1, a0
//! 2:  mva  @r3, a0           2:  add  @r2, r0, r1
//! 3:  add  @r4, r2, r3       3:  ret  r2
//! 4:  ret  r4
//! ```
//!
//! That is [`dead`] and then [`renumber`]. In straight code two walks
//! do: one backwards, which sees the uses of a value before its definition, and one forwards, which
//! takes out and renames.

use super::dead;
use super::renumber::{self, Names};
use crate::ir::{Function, Op};

/// Removes instructions without an effect whose results nobody reads, and numbers the values that
/// are left in the order of the numbers that they had. Unused lists and exits go, too.
pub fn compact(function: &mut Function) {
    if function.blocks.len() != 1 {
        dead::eliminate(function);
        renumber::renumber(function);
        return;
    }
    let mut numbers = marks(function);
    function.values = renumber::count(&mut numbers);
    let mut names = Names::new(function, numbers);
    function
        .instructions
        .retain_mut(|instruction| names.rename(&mut instruction.op));
    function.blocks[0].end = function.instructions.len() as u32;
    names.finish(function);
}

/// By value of a function of one block: 1 if it is needed, or a result of what has an effect.
fn marks(function: &Function) -> Vec<u32> {
    let mut marks = vec![0; function.values as usize];
    for instruction in function.instructions.iter().rev() {
        match instruction.op {
            Op::Constant { .. } | Op::Argument { .. } => {}
            Op::Binary { dest, a, b, .. } => {
                if marks[dest.index()] != 0 {
                    marks[a.index()] = 1;
                    marks[b.index()] = 1;
                }
            }
            ref op => mark(function, op, &mut marks),
        }
    }
    marks
}

/// Marks what an instruction reads and defines, if it is needed.
fn mark(function: &Function, op: &Op, marks: &mut [u32]) {
    let mut is_needed = op.has_effect();
    function.visit_results(op, |value| is_needed |= marks[value.index()] != 0);
    if is_needed {
        function.visit_results(op, |value| marks[value.index()] = 1);
        function.visit_uses(op, |value| marks[value.index()] = 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::assert_pass;

    #[test]
    fn what_is_left_of_straight_code_is_numbered_from_0() {
        assert_pass(
            compact,
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r0, 2
                1:  mvi  @r2, 4
                2:  mva  @r3, a0
                3:  add  @r1, r0, r2
                4:  add  @r4, r2, r3
                5:  ret  r4
            }",
            "fn main - #args: 1, #reg: 3 {
                0:  mvi  @r0, 4
                1:  mva  @r1, a0
                2:  add  @r2, r0, r1
                3:  ret  r2
            }",
        );
    }

    #[test]
    fn what_has_an_effect_stays_with_a_result_that_nobody_reads() {
        assert_pass(
            compact,
            "fn main - #args: 0, #reg: 6 {
                0:  mvi  @r5, 1
                1:  mvi  @r3, 2
                2:  call @r4, main:0()
                3:  ret  r3
            }",
            "fn main - #args: 0, #reg: 2 {
                0:  mvi  @r0, 2
                1:  call @r1, main:0()
                2:  ret  r0
            }",
        );
    }

    #[test]
    fn a_product_of_two_halves_stays_if_one_is_needed() {
        assert_pass(
            compact,
            "fn main - #args: 1, #reg: 6 {
                0:  mva  @r1, a0
                1:  mulw @r2, @r3, r1, r1
                2:  mulw @r4, @r5, r1, r1
                3:  ret  r5
            }",
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  mulw @r1, @r2, r0, r0
                2:  ret  r2
            }",
        );
    }

    #[test]
    fn several_blocks_are_compacted_as_well() {
        assert_pass(
            compact,
            "fn main - #args: 1, #reg: 4 {
                0:  mva  @r1, a0
                1:  mvi  @r2, 7
                2:  jmp  b1()
            b1():
                3:  ret  r1
            }",
            "fn main - #args: 1, #reg: 1 {
                0:  mva  @r0, a0
                1:  jmp  b1()
            b1():
                2:  ret  r0
            }",
        );
    }
}
