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

    /// Where a definition is looked for and entered.
    pub(super) fn key(&self, definition: Definition) -> Key {
        match definition {
            Definition::Opaque => Key::None,
            Definition::Constant(constant) => Key::Constant(constant),
            Definition::Argument(index) => Key::Argument(index),
            Definition::Unary(_, a) | Definition::Select(a, ..) => Key::Operand(a),
            Definition::Binary(_, a, b) | Definition::Divide(_, a, b) => {
                Key::Operand(self.latest(a, b))
            }
        }
    }

    /// A value with that definition, and that key, from a block for which `reaches` holds.
    pub(super) fn find(
        &self,
        definition: Definition,
        key: Key,
        reaches: impl Fn(BlockId) -> bool,
    ) -> Option<Value> {
        let operand = match key {
            Key::None => return None,
            Key::Constant(constant) => {
                let known = self.constants.get(&constant).copied();
                return known.filter(|&value| reaches(self.home(value)));
            }
            Key::Argument(index) => {
                let known = self.arguments.get(index as usize).copied().flatten();
                return known.filter(|&value| reaches(self.home(value)));
            }
            Key::Operand(operand) => operand,
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

    /// The block in which a value is defined.
    fn home(&self, value: Value) -> BlockId {
        self.values[value.index()].home
    }

    /// A new value, to be found by its key.
    pub(super) fn add(&mut self, home: BlockId, definition: Definition, key: Key) -> Value {
        let value = Value(self.len());
        let mut next = None;
        match key {
            Key::None => {}
            Key::Constant(constant) => {
                self.constants.insert(constant, value);
            }
            Key::Argument(index) => {
                let index = index as usize;
                if index >= self.arguments.len() {
                    self.arguments.resize(index + 1, None);
                }
                self.arguments[index] = Some(value);
            }
            Key::Operand(operand) => {
                // What has an operand is not value 0.
                let user = NonZeroU32::new(value.0);
                next = std::mem::replace(&mut self.values[operand.index()].last_user, user);
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
    fn latest(&self, a: Value, b: Value) -> Value {
        if self.constant(b).is_some() {
            a
        } else if self.constant(a).is_some() {
            b
        } else {
            a.max(b)
        }
    }
}

/// Where a value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Nowhere.
    None,
    Constant(i64),
    Argument(u32),
    /// Among the values that were computed from this one.
    Operand(Value),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(numbering: &mut Numbering, home: u32, definition: Definition) -> Value {
        let key = numbering.key(definition);
        numbering.add(BlockId(home), definition, key)
    }

    #[test]
    fn a_definition_is_found_in_a_block_that_reaches() {
        let mut numbering = Numbering::new(0);
        let x = add(&mut numbering, 0, Definition::Argument(0));
        let c = add(&mut numbering, 0, Definition::Constant(7));
        let sum = Definition::Binary(Binary::Add, x, c);
        let near = add(&mut numbering, 1, sum);
        let far = add(&mut numbering, 2, sum);
        let find = |definition, block| {
            numbering.find(definition, numbering.key(definition), |home| {
                block == Some(home)
            })
        };
        assert_eq!(find(sum, Some(BlockId(1))), Some(near));
        assert_eq!(find(sum, Some(BlockId(2))), Some(far));
        assert_eq!(find(sum, None), None);
        assert_eq!(find(Definition::Constant(7), Some(BlockId(0))), Some(c));
        assert_eq!(find(Definition::Argument(0), Some(BlockId(0))), Some(x));
        let other = Definition::Binary(Binary::Subtract, x, c);
        assert_eq!(find(other, Some(BlockId(1))), None);
    }
}
