//! Parameters of blocks that are always the same value.
//!
//! ```text
//! b0():                           b0():
//!     jmp  b1(r0, r1)                 jmp  b1(r0, r1)
//! b1(@r2, @r3):              →    b1(@r2, @r3):
//!     add  @r4, r2, r3                add  @r4, r2, r1
//!     br   r4, b1(r4, r1), b2()       br   r4, b1(r4, r1), b2()
//! ```
//!
//! The parameter itself is left to the [elimination of what is dead](super::dead).

use super::rewrite::Substitution;
use crate::ir::{Function, Op, Target, Value};

/// What a parameter is handed, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handed {
    Nothing,
    Always(Value),
    Several,
}

/// Replaces parameters to which all jumps hand the same value, or the parameter itself. Says whether
/// there were any.
pub fn replace_constant(function: &mut Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let mut substitution = Substitution::new(function.values);
    // What is replaced can make others the same: as often as loops are in each other.
    while replace_once(function, &mut substitution) {}
    substitution.apply(function);
    !substitution.is_empty()
}

fn replace_once(function: &Function, substitution: &mut Substitution) -> bool {
    let mut handed = vec![Handed::Nothing; function.values as usize];
    let mut note = |target: Target, substitution: &mut Substitution| {
        let parameters = function.list(function.blocks[target.block.index()].parameters);
        for (parameter, argument) in parameters.zip(function.list(target.arguments)) {
            let argument = substitution.resolve(argument);
            if argument == parameter {
                continue;
            }
            let known = &mut handed[parameter.index()];
            *known = match *known {
                Handed::Nothing => Handed::Always(argument),
                Handed::Always(value) if value == argument => Handed::Always(value),
                _ => Handed::Several,
            };
        }
    };
    for instruction in &function.instructions {
        match instruction.op {
            Op::Jump { target } => note(target, substitution),
            Op::Branch {
                then, otherwise, ..
            } => {
                note(then, substitution);
                note(otherwise, substitution);
            }
            _ => {}
        }
    }
    let mut is_changed = false;
    for (index, handed) in handed.into_iter().enumerate() {
        let parameter = Value(index as u32);
        if let Handed::Always(value) = handed
            && substitution.resolve(parameter) == parameter
            && substitution.resolve(value) != parameter
        {
            substitution.replace(parameter, value);
            is_changed = true;
        }
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn what_each_round_hands_on_unchanged_is_the_same_value() {
        assert_pass(
            |function| {
                assert!(replace_constant(function));
                crate::passes::dead::eliminate(function);
            },
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: mvi @r1, 1
                2: jmp b1(r0, r1)
            b1(@r2, @r3):
                3: sub @r4, r2, r3
                4: br  r4, b1(r4, r1), b2()
            b2():
                5: ret r3
            }",
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: mvi @r1, 1
                2: jmp b1(r0)
            b1(@r2):
                3: sub @r4, r2, r1
                4: br  r4, b1(r4), b2()
            b2():
                5: ret r1
            }",
        );
    }

    #[test]
    fn what_changes_is_handed_over() {
        assert_kept(
            |function| {
                assert!(!replace_constant(function));
            },
            "fn f - #args: 1, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: mvi @r1, 1
                2: jmp b1(r0, r1)
            b1(@r2, @r3):
                3: sub @r4, r2, r3
                4: br  r4, b1(r4, r2), b2()
            b2():
                5: ret r3
            }",
        );
    }
}
