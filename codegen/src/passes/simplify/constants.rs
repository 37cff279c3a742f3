//! Which value each constant is: a hash table with open addressing.

use crate::ir::Value;

/// The values of constants.
///
/// A constant stands in one of a few slots in a row, if it stands anywhere: where too many have the
/// same hash some are forgotten, and made again.
pub(super) struct Constants {
    /// A power of two of them.
    slots: Vec<Slot>,
    /// How many are taken.
    count: usize,
}

#[derive(Clone, Copy)]
struct Slot {
    constant: i64,
    value: Option<Value>,
}

const FREE: Slot = Slot {
    constant: 0,
    value: None,
};

impl Constants {
    /// How many slots a constant may stand in.
    const LONGEST_SEARCH: usize = 32;

    /// No constants yet; in a function with about so many values not many come.
    pub(super) fn new(values: usize) -> Self {
        let size = (values / 4).next_power_of_two().clamp(16, 1024);
        Self {
            slots: vec![FREE; size],
            count: 0,
        }
    }

    /// The value that was last entered for a constant.
    pub(super) fn find(&self, constant: i64) -> Option<Value> {
        self.slots[self.usable_slot(constant)?].value
    }

    /// Enters a constant, in the place of an older value of it.
    pub(super) fn insert(&mut self, constant: i64, value: Value) {
        if self.count > self.slots.len() / 2 {
            self.grow();
        }
        let slot = Slot {
            constant,
            value: Some(value),
        };
        self.put(slot);
    }

    /// Puts a constant where it is, into a free slot, or else in the place of another.
    fn put(&mut self, new: Slot) {
        let index = self.usable_slot(new.constant);
        let index = index.unwrap_or_else(|| self.first_slot(new.constant));
        let slot = &mut self.slots[index];
        self.count += usize::from(slot.value.is_none());
        *slot = new;
    }

    /// The slot where a constant stands, or the first free one where it could; none if others have
    /// taken all.
    fn usable_slot(&self, constant: i64) -> Option<usize> {
        let mut index = self.first_slot(constant);
        for _ in 0..Self::LONGEST_SEARCH {
            let slot = &self.slots[index];
            if slot.constant == constant || slot.value.is_none() {
                return Some(index);
            }
            index = (index + 1) & (self.slots.len() - 1);
        }
        None
    }

    fn grow(&mut self) {
        let larger = vec![FREE; 2 * self.slots.len()];
        let old = std::mem::replace(&mut self.slots, larger);
        self.count = 0;
        for slot in old.into_iter().filter(|slot| slot.value.is_some()) {
            self.put(slot);
        }
    }

    /// Fibonacci hashing: the upper bits of the product with 2^64 divided by the golden ratio.
    fn first_slot(&self, constant: i64) -> usize {
        let hash = (constant as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> (64 - self.slots.len().trailing_zeros())) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_last_is_found() {
        let mut constants = Constants::new(0);
        constants.insert(7, Value(1));
        constants.insert(-7, Value(2));
        constants.insert(7, Value(3));
        assert_eq!(constants.find(7), Some(Value(3)));
        assert_eq!(constants.find(-7), Some(Value(2)));
        assert_eq!(constants.find(0), None);
    }

    #[test]
    fn all_are_found_when_the_table_has_grown() {
        let mut constants = Constants::new(0);
        for index in 0..1000 {
            constants.insert(i64::from(index) * 3 - 500, Value(index));
        }
        for index in 0..1000 {
            let constant = i64::from(index) * 3 - 500;
            assert_eq!(constants.find(constant), Some(Value(index)));
        }
    }

    #[test]
    fn one_of_too_many_with_the_same_hash_is_forgotten() {
        let mut constants = Constants::new(4096);
        let same_hash: Vec<i64> = (0..1 << 16)
            .filter(|&constant| constants.first_slot(constant) == 5)
            .take(Constants::LONGEST_SEARCH + 1)
            .collect();
        for (index, &constant) in same_hash.iter().enumerate() {
            constants.insert(constant, Value(index as u32));
        }
        let found = same_hash
            .iter()
            .filter_map(|&constant| constants.find(constant));
        assert_eq!(found.count(), Constants::LONGEST_SEARCH);
        assert!(
            constants
                .find(same_hash[Constants::LONGEST_SEARCH])
                .is_some()
        );
    }
}
