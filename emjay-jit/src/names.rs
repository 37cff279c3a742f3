//! Names as numbers.

use rustc_hash::FxHashMap;

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names<'s> {
    texts: Vec<&'s str>,
    numbers: FxHashMap<&'s str, Name>,
}

impl<'s> Names<'s> {
    /// The number of a name, which is made known if it is not.
    #[inline]
    pub fn intern(&mut self, text: &'s str) -> Name {
        *self.numbers.entry(text).or_insert_with(|| {
            self.texts.push(text);
            Name(self.texts.len() as u32 - 1)
        })
    }

    /// The number of a name, if it is known.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
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
