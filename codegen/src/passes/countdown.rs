//! Loops that count down to 0: the test whether the counter is still above 0 becomes the test
//! whether it is 0, which machines have done when they subtract.
//!
//! ```text
//!     gt  @r2, r0, 0                       gt  @r2, r0, 0
//!     br  r2, b1(r0), b2()                 br  r2, b1(r0), b2()
//! b1(@r3):                            →    b1(@r3):
//!     sub @r4, r3, 1                       sub @r4, r3, 1
//!     gt  @r5, r4, 0                       ne  @r5, r4, 0
//!     br  r5, b1(r4), b2()                 br  r5, b1(r4), b2()
//! ```
//!
//! r3 is above 0 whenever control comes to b1, so r4 is not below 0. And where r4 has been computed,
//! `ne r3, 1` becomes `ne r4, 0`.

use rustc_hash::FxHashMap;

use crate::ir::flow::Flow;
use crate::ir::{Binary, BlockId, Condition, Function, List, Op, Target, Value};

/// Changes the tests of a function; says whether there were any.
pub fn count_down(function: &mut Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let flow = Flow::of(function);
    let definitions = definitions(function);
    let facts = Facts {
        function,
        flow: &flow,
        definitions: &definitions,
        parameters: parameters(function),
    };
    let changes: Vec<(usize, Condition)> = (0..function.instructions.len())
        .filter_map(|at| Some((at, facts.simpler(at)?)))
        .collect();
    let equalities = facts.equalities();
    for &(at, condition) in &changes {
        if let Op::Binary { operator, .. } = &mut function.instructions[at].op {
            *operator = Binary::Compare(condition);
        }
    }
    for &(at, value, zero) in &equalities {
        if let Op::Binary { a, b, .. } = &mut function.instructions[at].op {
            (*a, *b) = (value, zero);
        }
    }
    !changes.is_empty() || !equalities.is_empty()
}

/// No instruction: a block's parameter.
const NONE: u32 = u32::MAX;

/// The parameters of blocks, with their places.
fn parameters(function: &Function) -> FxHashMap<Value, (BlockId, usize)> {
    let mut parameters = FxHashMap::default();
    for (block, parts) in function.blocks.iter().enumerate() {
        let values = function.list(parts.parameters).enumerate();
        parameters.extend(values.map(|(index, value)| (value, (BlockId(block as u32), index))));
    }
    parameters
}

/// By value: the instruction that defines it.
fn definitions(function: &Function) -> Vec<u32> {
    let mut definitions = vec![NONE; function.values as usize];
    for (at, instruction) in function.instructions.iter().enumerate() {
        function.visit_results(&instruction.op, |value| {
            definitions[value.index()] = at as u32;
        });
    }
    definitions
}

struct Facts<'a> {
    function: &'a Function,
    flow: &'a Flow,
    definitions: &'a [u32],
    /// Of parameters of blocks: the block, and which of its parameters.
    parameters: FxHashMap<Value, (BlockId, usize)>,
}

impl Facts<'_> {
    fn definition(&self, value: Value) -> Option<&Op> {
        let at = self.definitions[value.index()] as usize;
        Some(&self.function.instructions.get(at)?.op)
    }

    fn constant(&self, value: Value) -> Option<i64> {
        match self.definition(value) {
            Some(&Op::Constant { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// Comparisons with a number whose difference has been computed before in the same block: the
    /// instruction, the difference, and a zero to compare it with.
    fn equalities(&self) -> Vec<(usize, Value, Value)> {
        let function = self.function;
        let is_zero = |op: &Op| matches!(op, Op::Constant { value: 0, .. });
        let entry = function.block(BlockId::ENTRY).iter();
        let Some(zero) = entry.map(|i| i.op).find(is_zero).and_then(|op| op.result()) else {
            return Vec::new();
        };
        let mut equalities = Vec::new();
        let mut differences: FxHashMap<(Value, i64), Value> = FxHashMap::default();
        for block in &function.blocks[1..] {
            differences.clear();
            for at in block.range() {
                let Op::Binary {
                    operator,
                    dest,
                    a,
                    b,
                } = function.instructions[at].op
                else {
                    continue;
                };
                let Some(number) = self.constant(b) else {
                    continue;
                };
                match operator {
                    Binary::Add => {
                        differences.insert((a, number.wrapping_neg()), dest);
                    }
                    Binary::Subtract => {
                        differences.insert((a, number), dest);
                    }
                    Binary::Compare(Condition::Equal | Condition::NotEqual) => {
                        let known = differences.get(&(a, number));
                        equalities.extend(known.map(|&difference| (at, difference, zero)));
                    }
                    _ => {}
                }
            }
        }
        equalities
    }

    /// What an instruction may ask instead, if it asks whether a counter has come down to 0.
    fn simpler(&self, at: usize) -> Option<Condition> {
        let Op::Binary {
            operator: Binary::Compare(condition),
            a,
            b,
            ..
        } = self.function.instructions[at].op
        else {
            return None;
        };
        let simpler = match condition {
            Condition::Greater => Condition::NotEqual,
            Condition::LessEqual => Condition::Equal,
            _ => return None,
        };
        let counter = self.decremented(a)?;
        (self.constant(b) == Some(0) && self.is_above_zero(counter)).then_some(simpler)
    }

    /// The value of which this one is 1 less.
    fn decremented(&self, value: Value) -> Option<Value> {
        match *self.definition(value)? {
            Op::Binary {
                operator: Binary::Add,
                a,
                b,
                ..
            } if self.constant(b) == Some(-1) => Some(a),
            Op::Binary {
                operator: Binary::Subtract,
                a,
                b,
                ..
            } if self.constant(b) == Some(1) => Some(a),
            _ => None,
        }
    }

    /// Whether a block's parameter is handed numbers above 0 only: each jump comes behind a branch
    /// that has asked.
    fn is_above_zero(&self, parameter: Value) -> bool {
        let function = self.function;
        let Some(&(block, index)) = self.parameters.get(&parameter) else {
            return false;
        };
        let predecessors = self.flow.predecessors(block);
        !predecessors.is_empty()
            && predecessors.iter().all(|&from| {
                self.targets(from)
                    .filter(|target| target.block == block)
                    .all(|target| {
                        let argument = function.list(target.arguments).nth(index);
                        argument.is_some_and(|argument| self.is_known(argument, from, target))
                    })
            })
    }

    fn targets(&self, block: BlockId) -> impl Iterator<Item = Target> {
        let last = self.function.block(block).last().map(|last| last.op);
        let targets = match last {
            Some(Op::Jump { target }) => [Some(target), None],
            Some(Op::Branch {
                then, otherwise, ..
            }) => [Some(then), Some(otherwise)],
            _ => [None, None],
        };
        targets.into_iter().flatten()
    }

    /// Whether a value is above 0 on the way from a block to a target: the block's own branch says
    /// so, or that of the only block before.
    fn is_known(&self, value: Value, from: BlockId, target: Target) -> bool {
        if self.says_above(from, value, target) {
            return true;
        }
        match self.flow.predecessors(from) {
            &[before] => self.says_above(
                before,
                value,
                Target {
                    block: from,
                    arguments: List::EMPTY,
                },
            ),
            _ => false,
        }
    }

    /// Whether a block's branch leads to a target only if the value is above 0.
    fn says_above(&self, block: BlockId, value: Value, target: Target) -> bool {
        let last = self.function.block(block).last().map(|last| last.op);
        let Some(Op::Branch {
            condition,
            then,
            otherwise,
        }) = last
        else {
            return false;
        };
        if then.block == otherwise.block {
            return false;
        }
        let Some(&Op::Binary {
            operator: Binary::Compare(condition),
            a,
            b,
            ..
        }) = self.definition(condition)
        else {
            return false;
        };
        let holds = match condition {
            Condition::Greater => then.block == target.block,
            Condition::LessEqual => otherwise.block == target.block,
            _ => return false,
        };
        holds && a == value && self.constant(b) == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    fn text(test: &str, start: &str) -> String {
        format!(
            "fn f - #args: 1, #reg: 8 {{
            b0():
                0: mva @r0, a0
                1: mvi @r1, 0
                2: mvi @r2, -1
                3: {start} @r3, r0, r1
                4: br  r3, b1(r0), b2()
            b1(@r4):
                5: add @r5, r4, r2
                6: {test} @r6, r5, r1
                7: br  r6, b1(r5), b2()
            b2():
                8: ret r1
            }}"
        )
    }

    #[test]
    fn a_counter_that_is_above_zero_is_tested_for_zero() {
        let pass = |function: &mut Function| assert!(count_down(function));
        assert_pass(pass, &text("gt", "gt"), &text("ne", "gt"));
    }

    #[test]
    fn a_comparison_with_one_asks_the_difference_that_has_been_computed() {
        let before = text("ne", "ne")
            .replace("@r6, r5, r1", "@r6, r4, r7")
            .replace(
                "4: br  r3",
                "9: mvi @r7, 1
                4: br  r3",
            );
        let after = before.replace("@r6, r4, r7", "@r6, r5, r1");
        let pass = |function: &mut Function| assert!(count_down(function));
        assert_pass(pass, &before, &after);
    }

    #[test]
    fn a_counter_that_may_begin_below_zero_is_not() {
        let pass = |function: &mut Function| assert!(!count_down(function));
        assert_kept(pass, &text("gt", "ne"));
    }
}
