//! Ranges of a source text.

use std::ops::Range;

/// A range of bytes of a source text, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The bytes as an index range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From the beginning of this one to the end of another one behind it.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self {
            start: self.start,
            end: end.end,
        }
    }

    /// The empty range behind it.
    #[must_use]
    pub fn behind(self) -> Self {
        Self {
            start: self.end,
            end: self.end,
        }
    }

    /// The empty range before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self {
            start: self.start,
            end: self.start,
        }
    }
}
