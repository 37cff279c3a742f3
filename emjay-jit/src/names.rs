//! Names as numbers.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::span::Span;

/// A name, by its position in [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub u32);

impl Name {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The names of a text, each once.
///
/// Most names are short: with up to eight bytes a name is a number, and comparing two is comparing
/// numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names<'s> {
    texts: Vec<&'s str>,
    /// A table with open addressing; its length is a power of two, or 0 at first.
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Slot {
    /// The first eight bytes, 0 behind the end of the name.
    beginning: u64,
    /// The length in bytes, 0 if the slot is free.
    length: u32,
    name: u32,
}

/// Spreads the bits of short names over the whole word: an odd number without a pattern.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl<'s> Names<'s> {
    /// The number of a name, which is made known if it is not.
    pub fn intern(&mut self, text: &'s str) -> Name {
        let span = Span {
            start: 0,
            end: text.len() as u32,
        };
        self.intern_at(text, span)
    }

    /// The number of the name that stands in a range of a text.
    #[inline]
    pub fn intern_at(&mut self, source: &'s str, span: Span) -> Name {
        if self.texts.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let beginning = beginning(source.as_bytes(), span);
        let length = span.end - span.start;
        if length <= 8 {
            let index = self.find_short(beginning, length);
            let slot = &self.slots[index];
            if slot.length == length {
                return Name(slot.name);
            }
        }
        self.intern_slowly(&source[span.range()], beginning)
    }

    /// The same for long names, and those that are not known.
    #[inline(never)]
    fn intern_slowly(&mut self, text: &'s str, beginning: u64) -> Name {
        let (index, is_known) = self.find_slot(beginning, text);
        if !is_known {
            self.slots[index] = Slot {
                beginning,
                length: text.len() as u32,
                name: self.texts.len() as u32,
            };
            self.texts.push(text);
        }
        Name(self.slots[index].name)
    }

    /// The slot of a name of up to eight bytes, or the free one where it belongs. The table has a
    /// free slot.
    #[inline]
    fn find_short(&self, beginning: u64, length: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut index = short_home(beginning, length) as usize & mask;
        loop {
            let slot = &self.slots[index];
            if slot.length == 0 || (slot.beginning == beginning && slot.length == length) {
                return index;
            }
            index = (index + 1) & mask;
        }
    }

    /// The number of a name, if it is known.
    pub fn find(&self, text: &str) -> Option<Name> {
        let span = Span {
            start: 0,
            end: text.len() as u32,
        };
        if self.slots.is_empty() {
            return None;
        }
        let (index, is_known) = self.find_slot(beginning(text.as_bytes(), span), text);
        is_known.then(|| Name(self.slots[index].name))
    }

    /// The slot of a name, or the free one where it belongs, and whether it is there. The table has
    /// a free slot.
    #[inline]
    fn find_slot(&self, beginning: u64, text: &str) -> (usize, bool) {
        let mask = self.slots.len() - 1;
        let mut index = home(beginning, text) as usize & mask;
        loop {
            let slot = &self.slots[index];
            if slot.length == 0 {
                return (index, false);
            }
            let is_same = slot.beginning == beginning
                && slot.length as usize == text.len()
                && (text.len() <= 8 || self.texts[slot.name as usize] == text);
            if is_same {
                return (index, true);
            }
            index = (index + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); length]);
        for slot in old.into_iter().filter(|slot| slot.length != 0) {
            let (index, _) = self.find_slot(slot.beginning, self.texts[slot.name as usize]);
            self.slots[index] = slot;
        }
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

/// The first eight bytes of a range, 0 behind its end.
#[inline]
fn beginning(source: &[u8], span: Span) -> u64 {
    let length = (span.end - span.start) as usize;
    let rest = &source[span.start as usize..];
    let Some(bytes) = rest.first_chunk::<8>() else {
        let short = &rest[..length.min(rest.len())];
        return short
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
    };
    let word = u64::from_le_bytes(*bytes);
    if length >= 8 {
        word
    } else {
        word & ((1 << (8 * length)) - 1)
    }
}

/// Where the search for a name of up to eight bytes begins.
#[inline]
fn short_home(beginning: u64, length: u32) -> u64 {
    (beginning ^ u64::from(length)).wrapping_mul(SPREAD) >> 32
}

/// Where the search for a name begins.
#[inline]
fn home(beginning: u64, text: &str) -> u64 {
    if text.len() <= 8 {
        return short_home(beginning, text.len() as u32);
    }
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_wherever_it_stands() {
        let source = "a ab abcdefgh abcdefghi abcdefgh abcdefghj a ab";
        let mut names = Names::default();
        let numbers: Vec<u32> = source
            .split(' ')
            .map(|word| {
                let start = word.as_ptr() as usize - source.as_ptr() as usize;
                let span = Span {
                    start: start as u32,
                    end: (start + word.len()) as u32,
                };
                names.intern_at(source, span).0
            })
            .collect();
        assert_eq!(numbers, [0, 1, 2, 3, 2, 4, 0, 1]);
        assert_eq!(names.intern("ab"), Name(1));
        assert_eq!(names.find("abcdefghj"), Some(Name(4)));
        assert_eq!(names.find("abc"), None);
        assert_eq!(names.text(Name(3)), "abcdefghi");
    }

    #[test]
    fn thousands_of_names_are_kept_apart() {
        let texts: Vec<String> = (0..5000).map(|n| format!("v{n}")).collect();
        let mut names = Names::default();
        for _ in 0..2 {
            for (index, text) in texts.iter().enumerate() {
                assert_eq!(names.intern(text), Name(index as u32));
            }
        }
        assert_eq!(names.len(), 5000);
    }
}
