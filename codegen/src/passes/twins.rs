//! Parameters of a block that always have the same value as another one of the block.
//!
//! ```text
//! b0():                            b0():
//!     jmp  b1(r0, r0)                  jmp  b1(r0, r0)
//! b1(@r1, @r2):               →    b1(@r1, @r2):
//!     add  @r3, r1, r2                 add  @r3, r1, r1
//!     br   r3, b1(r3, r3), b2()        br   r3, b1(r3, r3), b2()
//! ```
//!
//! The second parameter is left to the [elimination of what is dead](super::dead).

use rustc_hash::FxHashMap;

use super::rewrite::Substitution;
use crate::ir::{Function, List, Value};

/// Stands for the parameter itself where it is handed to itself.
const ITSELF: Value = Value(u32::MAX);

/// Replaces parameters by others of their block to which all jumps hand the same values. Says whether
/// there were any.
pub fn merge(function: &mut Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let handed = handed(function);
    let mut substitution = Substitution::new(function.values);
    // What is merged can make others the same.
    while merge_once(function, &handed, &mut substitution) {}
    substitution.apply(function);
    !substitution.is_empty()
}

/// What is handed to each block, jump by jump.
fn handed(function: &Function) -> Vec<Vec<List>> {
    let mut handed = vec![Vec::new(); function.blocks.len()];
    for block in 0..function.blocks.len() as u32 {
        for target in function.successors(crate::ir::BlockId(block)) {
            handed[target.block.index()].push(target.arguments);
        }
    }
    handed
}

fn merge_once(function: &Function, handed: &[Vec<List>], substitution: &mut Substitution) -> bool {
    let mut is_changed = false;
    let mut first = FxHashMap::default();
    for (block, jumps) in function.blocks.iter().zip(handed) {
        let parameters = function.list(block.parameters);
        if parameters.len() < 2 {
            continue;
        }
        first.clear();
        for (position, parameter) in parameters.enumerate() {
            if substitution.resolve(parameter) != parameter {
                continue;
            }
            let values: Vec<Value> = jumps
                .iter()
                .filter_map(|&list| function.list(list).nth(position))
                .map(|value| match substitution.resolve(value) {
                    value if value == parameter => ITSELF,
                    value => value,
                })
                .collect();
            let twin = *first.entry(values).or_insert(parameter);
            if twin != parameter {
                substitution.replace(parameter, twin);
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
    fn parameters_that_get_the_same_on_all_ways_become_one() {
        assert_pass(
            |function| {
                assert!(merge(function));
                crate::passes::dead::eliminate(function);
            },
            "fn f - #args: 1, #reg: 6 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0, r0)
            b1(@r1, @r2, @r5):
                2: sub @r3, r1, r2
                3: add @r4, r3, r5
                4: br  r4, b1(r4, r4, r5), b2()
            b2():
                5: ret r2
            }",
            "fn f - #args: 1, #reg: 6 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0)
            b1(@r1, @r5):
                2: sub @r3, r1, r1
                3: add @r4, r3, r5
                4: br  r4, b1(r4, r5), b2()
            b2():
                5: ret r1
            }",
        );
    }

    #[test]
    fn parameters_that_are_each_handed_to_themselves_stay_the_same() {
        assert_pass(
            |function| {
                assert!(merge(function));
                crate::passes::dead::eliminate(function);
            },
            "fn f - #args: 1, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0, r0)
            b1(@r1, @r2):
                2: sub @r3, r1, r2
                3: br  r3, b1(r1, r2), b2()
            b2():
                4: ret r2
            }",
            "fn f - #args: 1, #reg: 4 {
            b0():
                0: mva @r0, a0
                1: jmp b1(r0)
            b1(@r1):
                2: sub @r3, r1, r1
                3: br  r3, b1(r1), b2()
            b2():
                4: ret r1
            }",
        );
    }

    #[test]
    fn parameters_that_differ_on_one_way_are_two() {
        assert_kept(
            |function| {
                assert!(!merge(function));
            },
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: mvi @r1, 1
                2: jmp b1(r0, r1)
            b1(@r2, @r3):
                3: sub @r4, r2, r3
                4: br  r4, b1(r4, r4), b2()
            b2():
                5: ret r3
            }",
        );
    }
}
