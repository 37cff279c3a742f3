//! Value numbering: a value that has been computed is found by what it was computed from.

use std::num::NonZeroU32;

use super::constants::Constants;
use crate::ir::{Binary, BlockId, Division, Unary, Value};

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

/// All values of the function that is made, by number and by definition.
///
/// A definition is looked for among the values that have been computed from its latest operand, the
/// latest first. These stand close together in memory, where a hash table would be all over it. Only
/// so many are looked at, lest a value that is used everywhere takes quadratic time; constants, which
/// are used everywhere, have a table of their own.
pub(super) struct Numbering {
    values: Vec<Entry>,
    constants: Constants,
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
            constants: Constants::new(values),
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

    /// The value that was last entered as a constant, and its block.
    pub(super) fn find_constant(&self, constant: i64) -> Option<(Value, BlockId)> {
        let value = self.constants.find(constant)?;
        Some((value, self.values[value.index()].home))
    }

    /// The value that was last entered as an argument, and its block.
    pub(super) fn find_argument(&self, index: u32) -> Option<(Value, BlockId)> {
        let value = (*self.arguments.get(index as usize)?)?;
        Some((value, self.values[value.index()].home))
    }

    /// A value that was computed like this, in a block for which `reaches` holds. `operand` is
    /// [`Self::key`] of the definition.
    pub(super) fn find(
        &self,
        definition: Definition,
        operand: Value,
        reaches: impl Fn(BlockId) -> bool,
    ) -> Option<Value> {
        self.search(operand, |entry| {
            entry.definition == definition && reaches(entry.home)
        })
    }

    /// The same for a binary operation, of which there are most: it looks at the operands first, by
    /// which they differ.
    #[inline]
    pub(super) fn find_binary(
        &self,
        (operator, a, b): (Binary, Value, Value),
        operand: Value,
        reaches: impl Fn(BlockId) -> bool,
    ) -> Option<Value> {
        self.search(operand, |entry| match entry.definition {
            Definition::Binary(known, x, y) => {
                x == a && y == b && known == operator && reaches(entry.home)
            }
            _ => false,
        })
    }

    /// The first of the values that have been computed from an operand for which `is_it` holds.
    #[inline]
    fn search(&self, operand: Value, is_it: impl Fn(&Entry) -> bool) -> Option<Value> {
        let mut next = self.values[operand.index()].last_user;
        for _ in 0..Self::LONGEST_SEARCH {
            let value = Value(next?.get());
            let entry = &self.values[value.index()];
            if is_it(entry) {
                return Some(value);
            }
            next = entry.next;
        }
        None
    }

    /// The operand by which what is computed from two is found: the one that was defined last and is
    /// no constant.
    pub(super) fn key(&self, a: Value, b: Value) -> Value {
        if self.constant(b).is_some() {
            a
        } else if self.constant(a).is_some() {
            b
        } else {
            a.max(b)
        }
    }

    /// The operands of a binary operation in order, and their [`Self::key`]. Those that may change
    /// places come as they were defined, constants last.
    #[inline]
    pub(super) fn ordered(&self, operator: Binary, a: Value, b: Value) -> (Value, Value, Value) {
        if self.constant(b).is_some() {
            return (a, b, a);
        }
        let turns = operator.is_commutative();
        if self.constant(a).is_some() {
            return if turns { (b, a, b) } else { (a, b, b) };
        }
        if turns && b < a {
            (b, a, a)
        } else {
            (a, b, a.max(b))
        }
    }

    /// A new value that is different each time.
    pub(super) fn add_opaque(&mut self, home: BlockId) -> Value {
        self.add(home, Definition::Opaque, None)
    }

    /// A new constant.
    pub(super) fn add_constant(&mut self, home: BlockId, constant: i64) -> Value {
        let value = self.add(home, Definition::Constant(constant), None);
        self.constants.insert(constant, value);
        value
    }

    /// A new argument.
    pub(super) fn add_argument(&mut self, home: BlockId, index: u32) -> Value {
        let value = self.add(home, Definition::Argument(index), None);
        let index = index as usize;
        if index >= self.arguments.len() {
            self.arguments.resize(index + 1, None);
        }
        self.arguments[index] = Some(value);
        value
    }

    /// A new value that was computed. `operand` is [`Self::key`] of the definition.
    pub(super) fn add_computed(
        &mut self,
        home: BlockId,
        definition: Definition,
        operand: Value,
    ) -> Value {
        // What has an operand is not value 0.
        let user = NonZeroU32::new(self.len());
        let next = std::mem::replace(&mut self.values[operand.index()].last_user, user);
        self.add(home, definition, next)
    }

    fn add(&mut self, home: BlockId, definition: Definition, next: Option<NonZeroU32>) -> Value {
        let value = Value(self.len());
        self.values.push(Entry {
            definition,
            home,
            last_user: None,
            next,
        });
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: BlockId = BlockId(1);
    const FAR: BlockId = BlockId(2);

    #[test]
    fn what_was_computed_is_found_in_a_block_that_reaches() {
        let mut numbering = Numbering::new(0);
        let x = numbering.add_argument(BlockId::ENTRY, 0);
        let c = numbering.add_constant(BlockId::ENTRY, 7);
        let sum = Definition::Binary(Binary::Add, x, c);
        let key = numbering.key(x, c);
        let near = numbering.add_computed(NEAR, sum, key);
        let far = numbering.add_computed(FAR, sum, key);
        let find = |definition, block| numbering.find(definition, key, |home| block == Some(home));
        assert_eq!(find(sum, Some(NEAR)), Some(near));
        assert_eq!(find(sum, Some(FAR)), Some(far));
        assert_eq!(find(sum, None), None);
        let other = Definition::Binary(Binary::Subtract, x, c);
        assert_eq!(find(other, Some(NEAR)), None);
    }

    #[test]
    fn the_constant_and_the_argument_that_were_entered_last_are_found() {
        let mut numbering = Numbering::new(0);
        numbering.add_constant(NEAR, 7);
        let seven = numbering.add_constant(FAR, 7);
        let first = numbering.add_argument(NEAR, 2);
        assert_eq!(numbering.find_constant(7), Some((seven, FAR)));
        assert_eq!(numbering.find_constant(8), None);
        assert_eq!(numbering.find_argument(2), Some((first, NEAR)));
        assert_eq!(numbering.find_argument(1), None);
    }
}
