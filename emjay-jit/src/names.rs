//! Names as numbers.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// A name, by its position in [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub u32);

impl Name {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a name is looked up by. Up to eight ASCII characters are a number themselves, the first one
/// in the highest place: comparing these compares the names. Of any other name it is a hash with
/// the highest bit set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub u64);

impl Key {
    /// Of no name.
    const NONE: Self = Self(0);
    const IS_HASH: u64 = 1 << 63;

    /// The key of a name, in UTF-8.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.len() <= 8 && bytes.is_ascii() {
            let word = |word, &byte| word << 8 | u64::from(byte);
            return Self(bytes.iter().fold(0, word));
        }
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        Self(hasher.finish() | Self::IS_HASH)
    }

    /// Whether only one name has it.
    const fn is_exact(self) -> bool {
        self.0 & Self::IS_HASH == 0
    }

    /// Where it is looked for first, modulo the size of the table.
    #[inline]
    const fn home(self) -> usize {
        // Both halves of the product: every bit of the key has its say in the lowest ones.
        let product = self.0 as u128 * 0x9E37_79B9_7F4A_7C15;
        (product as u64 ^ (product >> 64) as u64) as usize
    }
}

/// A place in the table of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    /// [`Key::NONE`] in one that is free.
    key: Key,
    name: Name,
}

impl Slot {
    const FREE: Self = Self {
        key: Key::NONE,
        name: Name(0),
    };
}

/// The names of a text, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names<'s> {
    texts: Vec<&'s str>,
    /// A hash table with open addressing: empty, or a power of two long and at most half full.
    slots: Vec<Slot>,
}

impl<'s> Names<'s> {
    /// The number of a name, which is made known if it is not.
    pub fn intern(&mut self, text: &'s str) -> Name {
        self.intern_key(Key::of(text.as_bytes()), || text)
    }

    /// The same for a name whose key is known already.
    #[inline]
    pub(crate) fn intern_key(&mut self, key: Key, text: impl FnOnce() -> &'s str) -> Name {
        let home = key.home() & self.slots.len().wrapping_sub(1);
        match self.slots.get(home) {
            Some(slot) if slot.key == key && key.is_exact() => slot.name,
            _ => self.intern_text(key, text()),
        }
    }

    #[inline(never)]
    fn intern_text(&mut self, key: Key, text: &'s str) -> Name {
        if let Ok(name) = self.search(key, text) {
            return name;
        }
        if self.slots.len() <= 2 * self.texts.len() {
            self.grow();
        }
        let name = Name(self.texts.len() as u32);
        if let Err(Some(free)) = self.search(key, text) {
            self.slots[free] = Slot { key, name };
        }
        self.texts.push(text);
        name
    }

    /// The number of a name, or else the slot where it would stand, if there is a table.
    fn search(&self, key: Key, text: &str) -> Result<Name, Option<usize>> {
        if self.slots.is_empty() {
            return Err(None);
        }
        let mask = self.slots.len() - 1;
        let mut index = key.home() & mask;
        loop {
            let slot = self.slots[index];
            if slot.key == Key::NONE {
                return Err(Some(index));
            }
            if slot.key == key && (key.is_exact() || self.text(slot.name) == text) {
                return Ok(slot.name);
            }
            index = (index + 1) & mask;
        }
    }

    /// Doubles the table.
    fn grow(&mut self) {
        let length = (2 * self.slots.len()).max(64);
        let old = std::mem::replace(&mut self.slots, vec![Slot::FREE; length]);
        for slot in old.into_iter().filter(|slot| slot.key != Key::NONE) {
            if let Err(Some(free)) = self.search(slot.key, self.text(slot.name)) {
                self.slots[free] = slot;
            }
        }
    }

    /// The number of a name, if it is known.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.search(Key::of(text.as_bytes()), text).ok()
    }

    /// The text of a name.
    pub fn text(&self, name: Name) -> &'s str {
        self.texts[name.index()]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_however_long_and_in_whatever_script() {
        let texts: Vec<String> = (0..500)
            .flat_map(|i| {
                [
                    format!("v{i}"),
                    format!("variable_{i}"),
                    format!("größe{i}"),
                ]
            })
            .collect();
        let mut names = Names::default();
        let first: Vec<Name> = texts.iter().map(|text| names.intern(text)).collect();
        let again: Vec<Name> = texts.iter().map(|text| names.intern(text)).collect();
        assert_eq!(first, again);
        assert_eq!(names.len(), texts.len());
        for (name, text) in first.iter().zip(&texts) {
            assert_eq!(names.text(*name), text);
            assert_eq!(names.find(text), Some(*name));
        }
        assert_eq!(names.find("variable_500"), None);
    }

    #[test]
    fn names_with_the_same_hash_are_told_apart_by_their_texts() {
        let key = Key(Key::IS_HASH | 1);
        let mut names = Names::default();
        let one = names.intern_key(key, || "a_long_name");
        let other = names.intern_key(key, || "another_long_name");
        assert_ne!(one, other);
        assert_eq!(names.intern_key(key, || "a_long_name"), one);
    }
}
