//! Value numbering: a value that has been computed is found by what it was computed from.

<<<<<<< HEAD
<<<<<<< HEAD
=======
=======
>>>>>>> front
use std::num::NonZeroU32;

use rustc_hash::FxHashMap;

<<<<<<< HEAD
>>>>>>> passes
=======
>>>>>>> front
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
<<<<<<< HEAD
<<<<<<< HEAD

    /// A hash of 64 bits, the lower of which are good.
    const fn hash(self) -> u64 {
        // 2^64 divided by the golden ratio.
        const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
        let (kind, x, y) = match self {
            Self::Opaque => (0, 0, 0),
            Self::Argument(index) => (1, index as u64, 0),
            Self::Constant(value) => (2, value as u64, 0),
            Self::Unary(operator, a) => (3 + operator as u64, a.0 as u64, 0),
            Self::Binary(operator, a, b) => (Self::kind_of(operator), a.0 as u64, b.0 as u64),
            Self::Select(condition, a, b) => {
                (60, condition.0 as u64, (a.0 as u64) << 32 | b.0 as u64)
            }
            Self::Divide(operator, a, b) => (70 + operator as u64, a.0 as u64, b.0 as u64),
        };
        let mixed = x ^ y.rotate_left(32) ^ kind << 24;
        let product = mixed as u128 * MULTIPLIER as u128;
        (product >> 64) as u64 ^ product as u64
    }

    const fn kind_of(operator: Binary) -> u64 {
        match operator {
            Binary::Add => 20,
            Binary::Subtract => 21,
            Binary::Multiply => 22,
            Binary::MultiplyHighSigned => 23,
            Binary::MultiplyHighUnsigned => 24,
            Binary::And => 25,
            Binary::Or => 26,
            Binary::Xor => 27,
            Binary::ShiftLeft => 28,
            Binary::ShiftRight => 29,
            Binary::ShiftRightSigned => 30,
            Binary::Compare(condition) => 40 + condition as u64,
        }
    }
=======
>>>>>>> passes
=======
>>>>>>> front
}

/// All values of the function that is made, by number and by definition.
///
<<<<<<< HEAD
<<<<<<< HEAD
/// The table is hashed with open addressing. An entry is a value's number plus 1 in the lower half,
/// and in the upper half a part of its definition's hash; 0 is free. The length is a power of two,
/// and a quarter or more is free.
pub(super) struct Numbering {
    definitions: Vec<Definition>,
    homes: Vec<BlockId>,
    entries: Vec<u64>,
    used: usize,
}

/// Where a definition belongs in the table.
#[derive(Debug)]
pub(super) struct Slot {
    index: usize,
    hash: u64,
}

impl Numbering {
    /// Room for about so many values, to begin with.
    pub(super) fn new(values: usize) -> Self {
        Self {
            definitions: Vec::with_capacity(values),
            homes: Vec::with_capacity(values),
            entries: vec![0; (values + values / 2).next_power_of_two().max(16)],
            used: 0,
=======
=======
>>>>>>> front
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
<<<<<<< HEAD
>>>>>>> passes
=======
>>>>>>> front
        }
    }

    /// How many values there are.
    pub(super) const fn len(&self) -> u32 {
<<<<<<< HEAD
<<<<<<< HEAD
        self.definitions.len() as u32
=======
        self.values.len() as u32
>>>>>>> passes
=======
        self.values.len() as u32
>>>>>>> front
    }

    /// What a value was computed from.
    pub(super) fn definition(&self, value: Value) -> Definition {
<<<<<<< HEAD
<<<<<<< HEAD
        self.definitions[value.index()]
    }

    /// The block in which a value is defined.
    pub(super) fn home(&self, value: Value) -> BlockId {
        self.homes[value.index()]
    }

    /// A new value that can't be found until it is entered.
    pub(super) fn add(&mut self, home: BlockId, definition: Definition) -> Value {
        self.definitions.push(definition);
        self.homes.push(home);
        Value(self.len() - 1)
    }

    /// Where a definition belongs, and the value that was last entered with it.
    pub(super) fn find(&self, definition: Definition) -> (Slot, Option<Value>) {
        const TAG: u64 = u64::MAX << 32;
        let hash = definition.hash();
        let mask = self.entries.len() - 1;
        let mut index = hash as usize & mask;
        loop {
            let entry = self.entries[index];
            if entry == 0 {
                return (Slot { index, hash }, None);
            }
            let value = Value(entry as u32 - 1);
            if entry & TAG == hash & TAG && self.definition(value) == definition {
                return (Slot { index, hash }, Some(value));
            }
            index = (index + 1) & mask;
        }
    }

    /// Lets a value be found in the place that [`Self::find`] gave for its definition.
    pub(super) fn enter(&mut self, slot: &Slot, value: Value) {
        let entry = &mut self.entries[slot.index];
        self.used += usize::from(*entry == 0);
        *entry = slot.hash >> 32 << 32 | u64::from(value.0 + 1);
        if self.used * 4 > self.entries.len() * 3 {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let length = self.entries.len() * 2;
        let entries = std::mem::replace(&mut self.entries, vec![0; length]);
        for entry in entries.into_iter().filter(|&entry| entry != 0) {
            let (slot, _) = self.find(self.definition(Value(entry as u32 - 1)));
            self.entries[slot.index] = entry;
        }
=======
=======
>>>>>>> front
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
<<<<<<< HEAD
>>>>>>> passes
=======
>>>>>>> front
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
<<<<<<< HEAD
<<<<<<< HEAD
    fn every_definition_is_found_again_after_the_table_has_grown() {
        let mut numbering = Numbering::new(0);
        for constant in 0..1000 {
            let definition = Definition::Constant(constant << 40);
            let (slot, found) = numbering.find(definition);
            assert_eq!(found, None);
            let value = numbering.add(BlockId::ENTRY, definition);
            numbering.enter(&slot, value);
        }
        for constant in 0..1000 {
            let (_, found) = numbering.find(Definition::Constant(constant << 40));
            assert_eq!(found, Some(Value(constant as u32)));
        }
=======
=======
>>>>>>> front
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
<<<<<<< HEAD
>>>>>>> passes
=======
>>>>>>> front
    }
}
