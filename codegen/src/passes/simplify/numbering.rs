//! Value numbering: a value that has been computed is found by what it was computed from.

use std::num::NonZeroU32;

use rustc_hash::FxHashMap;

use crate::ir::{Binary, BlockId, Division, Op, Unary, Value};

/// What a value was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Definition {
    /// Something that is different each time.
    Opaque,
    Argument(u32),
    Constant(i64),
    Unary(Unary, Value),
    Binary(Binary, Value, Value),
    /// Condition, then, otherwise.
    Select(Value, Value, Value),
    /// A division whose divisor is not 0, or has been found not to be.
    Divide(Division, Value, Value),
}

impl Definition {
    /// The instruction that computes it; `None` if that takes more than its operands.
    pub(super) const fn instruction(self, dest: Value) -> Option<Op> {
        Some(match self {
            Self::Opaque => return None,
            Self::Argument(index) => Op::Argument { dest, index },
            Self::Constant(value) => Op::Constant { dest, value },
            Self::Unary(operator, a) => Op::Unary { operator, dest, a },
            Self::Binary(operator, a, b) => Op::Binary {
                operator,
                dest,
                a,
                b,
            },
            Self::Select(condition, a, b) => Op::Select {
                dest,
                condition,
                a,
                b,
            },
            Self::Divide(operator, a, b) => Op::Divide {
                operator,
                dest,
                a,
                b,
                exit: None,
            },
        })
    }
}

/// All values of the function that is made, by number and by definition.
///
/// A definition is looked for among the values that have been computed from its latest operand, the
/// latest first. These stand close together in memory, where a hash table would be all over it. Only
/// so many are looked at, lest a value that is used everywhere takes quadratic time; constants, which
/// are used everywhere, have a table of their own.
pub(super) struct Numbering {
    values: Vec<Entry>,
    constants: FxHashMap<i64, Value>,
    arguments: Vec<Option<Value>>,
}

struct Entry {
    definition: Definition,
    /// The block in which it is defined.
    home: BlockId,
    /// The value that was last computed from it.
    last_user: Option<NonZeroU32>,
    /// The value that was computed before this one from the same operand.
    next: Option<NonZeroU32>,
}

impl Numbering {
    /// How many values that have been computed from the same operand are looked at.
    const LONGEST_SEARCH: usize = 32;

    /// Room for about so many values, to begin with.
    pub(super) fn new(values: usize) -> Self {
        Self {
            values: Vec::with_capacity(values),
            constants: FxHashMap::default(),
            arguments: Vec::new(),
        }
    }

    /// How many values there are.
    pub(super) const fn len(&self) -> u32 {
        self.values.len() as u32
    }

    /// What a value was computed from.
    pub(super) fn definition(&self, value: Value) -> Definition {
        self.values[value.index()].definition
    }

    /// The number that a value is, if it is a constant.
    pub(super) fn constant(&self, value: Value) -> Option<i64> {
        match self.values[value.index()].definition {
            Definition::Constant(constant) => Some(constant),
            _ => None,
        }
    }

    /// A value with that definition from a block for which `reaches` holds.
    pub(super) fn find(
        &self,
        definition: Definition,
        reaches: impl Fn(BlockId) -> bool,
    ) -> Option<Value> {
        let usable = |value: &Value| reaches(self.values[value.index()].home);
        let operand = match definition {
            Definition::Opaque => return None,
            Definition::Constant(constant) => {
                return self.constants.get(&constant).copied().filter(usable);
            }
            Definition::Argument(index) => {
                let known = self.arguments.get(index as usize).copied();
                return known.flatten().filter(usable);
            }
            _ => self.latest_operand(definition)?,
        };
        let mut next = self.values[operand.index()].last_user;
        for _ in 0..Self::LONGEST_SEARCH {
            let value = Value(next?.get());
            let entry = &self.values[value.index()];
            if entry.definition == definition && reaches(entry.home) {
                return Some(value);
            }
            next = entry.next;
        }
        None
    }

    /// A new value, which can be found.
    pub(super) fn add(&mut self, home: BlockId, definition: Definition) -> Value {
        let value = Value(self.len());
        let mut next = None;
        match definition {
            Definition::Opaque => {}
            Definition::Constant(constant) => {
                self.constants.insert(constant, value);
            }
            Definition::Argument(index) => {
                let index = index as usize;
                if index >= self.arguments.len() {
                    self.arguments.resize(index + 1, None);
                }
                self.arguments[index] = Some(value);
            }
            _ => {
                // What has an operand is not value 0.
                if let Some(operand) = self.latest_operand(definition) {
                    let user = NonZeroU32::new(value.0);
                    next = std::mem::replace(&mut self.values[operand.index()].last_user, user);
                }
            }
        }
        self.values.push(Entry {
            definition,
            home,
            last_user: None,
            next,
        });
        value
    }

    /// The operand by which a value is found: the one that was defined last and is no constant.
    fn latest_operand(&self, definition: Definition) -> Option<Value> {
        Some(match definition {
            Definition::Opaque | Definition::Argument(_) | Definition::Constant(_) => return None,
            Definition::Unary(_, a) | Definition::Select(a, ..) => a,
            Definition::Binary(_, a, b) | Definition::Divide(_, a, b) => {
                if self.constant(b).is_some() {
                    a
                } else if self.constant(a).is_some() {
                    b
                } else {
                    a.max(b)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_found_in_a_block_that_reaches() {
        let mut numbering = Numbering::new(0);
        let x = numbering.add(BlockId(0), Definition::Argument(0));
        let c = numbering.add(BlockId(0), Definition::Constant(7));
        let sum = Definition::Binary(Binary::Add, x, c);
        let near = numbering.add(BlockId(1), sum);
        let far = numbering.add(BlockId(2), sum);
        assert_eq!(numbering.find(sum, |_| true), Some(far));
        assert_eq!(numbering.find(sum, |home| home == BlockId(1)), Some(near));
        assert_eq!(numbering.find(sum, |_| false), None);
        assert_eq!(numbering.find(Definition::Constant(7), |_| true), Some(c));
        assert_eq!(numbering.find(Definition::Argument(0), |_| true), Some(x));
        let other = Definition::Binary(Binary::Subtract, x, c);
        assert_eq!(numbering.find(other, |_| true), None);
    }
}
