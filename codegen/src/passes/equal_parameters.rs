//! Parameters of a block that are handed the same values, and constants that are the same number.
//!
//! ```text
//! b0():                               b0():
//!     mvi  @r1, 8                         mvi  @r1, 8
//!     mvi  @r2, 8                         mvi  @r2, 8
//!     jmp  b1(r0, r0, r1)                 jmp  b1(r0, r0, r1)
//! b1(@r3, @r4, @r5):            →     b1(@r3, @r4, @r5):
//!     add  @r6, r3, r4                    add  @r6, r3, r3
//!     guard r6 or exit 1(r4, r5)          guard r6 or exit 1(r3, r5)
//!     jmp  b1(r6, r6, r2)                 jmp  b1(r6, r6, r1)
//! ```
//!
//! What always is the same value then, as the last parameter here, is [replaced](super::parameters)
//! afterwards; what nobody reads any more is left to the [elimination of what is dead](super::dead).

use rustc_hash::FxHashMap;

use super::rewrite::Substitution;
use crate::ir::{BlockId, Function, Op, Target, Value};

/// How often parameters are compared anew because others have turned out to be equal.
const ROUNDS: usize = 3;

/// Replaces parameters by others of the same block that are handed the same on all ways, and
/// constants of the first block by equal ones there. Says whether there were any.
pub fn merge(function: &mut Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let mut substitution = Substitution::new(function.values);
    merge_constants(function, &mut substitution);
    for _ in 0..ROUNDS {
        if !merge_parameters(function, &mut substitution) {
            break;
        }
    }
    substitution.apply(function);
    !substitution.is_empty()
}

/// Only the first block comes before all others.
fn merge_constants(function: &Function, substitution: &mut Substitution) {
    let mut first = FxHashMap::default();
    for instruction in function.block(BlockId::ENTRY) {
        if let Op::Constant { dest, value } = instruction.op {
            let known = *first.entry(value).or_insert(dest);
            if known != dest {
                substitution.replace(dest, known);
            }
        }
    }
}

/// What a jump hands to a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Handed {
    /// The parameter itself: in a loop it stays what it is.
    Itself,
    /// A value.
    Value(Value),
}

/// One step of the merging: parameters begin in one class for each block, and every jump divides the
/// classes by what it hands over.
fn merge_parameters(function: &Function, substitution: &mut Substitution) -> bool {
    let mut classes = vec![0_u32; function.values as usize];
    let mut count = function.blocks.len() as u32;
    for (number, block) in (0..).zip(&function.blocks) {
        for parameter in function.list(block.parameters) {
            classes[parameter.index()] = number;
        }
    }
    let mut parts: FxHashMap<(u32, Handed), u32> = FxHashMap::default();
    let mut divide = |target: Target, substitution: &mut Substitution| {
        let parameters = function.list(function.blocks[target.block.index()].parameters);
        for (parameter, argument) in parameters.zip(function.list(target.arguments)) {
            let argument = substitution.resolve(argument);
            let handed = if argument == substitution.resolve(parameter) {
                Handed::Itself
            } else {
                Handed::Value(argument)
            };
            let class = &mut classes[parameter.index()];
            *class = *parts.entry((*class, handed)).or_insert_with(|| {
                count += 1;
                count - 1
            });
        }
    };
    for instruction in &function.instructions {
        match instruction.op {
            Op::Jump { target } => divide(target, substitution),
            Op::Branch {
                then, otherwise, ..
            } => {
                divide(then, substitution);
                divide(otherwise, substitution);
            }
            _ => {}
        }
    }
    let mut is_changed = false;
    let mut first = FxHashMap::default();
    for block in &function.blocks {
        for parameter in function.list(block.parameters) {
            let known = *first.entry(classes[parameter.index()]).or_insert(parameter);
            if known != parameter && substitution.resolve(parameter) == parameter {
                substitution.replace(parameter, known);
                is_changed = true;
            }
        }
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn parameters_that_are_handed_the_same_are_one() {
        assert_pass(
            |function| {
                assert!(merge(function));
            },
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0, r0)
            b1(@r1, @r2, @r3):
                2: sub @r4, r1, r3
                3: guard r4 or exit 7(r1, r2, r3)
                4: jmp b1(r4, r4, r3)
            }",
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0, r0)
            b1(@r1, @r2, @r3):
                2: sub @r4, r1, r3
                3: guard r4 or exit 7(r1, r1, r3)
                4: jmp b1(r4, r4, r3)
            }",
        );
    }

    #[test]
    fn parameters_that_a_loop_keeps_are_one_if_they_begin_as_one() {
        assert_pass(
            |function| {
                assert!(merge(function));
            },
            "fn f - #args: 1, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0)
            b1(@r1, @r2):
                2: sub @r3, r1, r2
                3: guard r3 or exit 7()
                4: jmp b1(r1, r2)
            }",
            "fn f - #args: 1, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0)
            b1(@r1, @r2):
                2: sub @r3, r1, r1
                3: guard r3 or exit 7()
                4: jmp b1(r1, r1)
            }",
        );
    }

    #[test]
    fn parameters_that_change_places_are_two() {
        assert_kept(
            |function| {
                assert!(!merge(function));
            },
            "fn f - #args: 2, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: mva @r1, a1
                2: jmp b1(r0, r1)
            b1(@r2, @r3):
                3: sub @r4, r2, r3
                4: guard r4 or exit 7()
                5: jmp b1(r3, r2)
            }",
        );
    }

    #[test]
    fn equal_constants_of_the_first_block_are_one() {
        assert_pass(
            |function| {
                assert!(merge(function));
            },
            "fn f - #args: 0, #reg: 3 {
            b0():
                0: mvi @r0, 5
                1: mvi @r1, 5
                2: jmp b1(r0)
            b1(@r2):
                3: guard r2 or exit 7()
                4: jmp b1(r1)
            }",
            "fn f - #args: 0, #reg: 3 {
            b0():
                0: mvi @r0, 5
                1: mvi @r1, 5
                2: jmp b1(r0)
            b1(@r2):
                3: guard r2 or exit 7()
                4: jmp b1(r0)
            }",
        );
    }
}
