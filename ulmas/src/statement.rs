//! What a line of source says.

use std::ops::Range;

use crate::expression::Expression;
use crate::image::SegmentKind;
use crate::lexer::Lexeme;

/// A byte range of a source file; files are smaller than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn of(lexeme: Lexeme) -> Self {
        Self {
            start: lexeme.start,
            end: lexeme.end,
        }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Part of an operand list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Punctuation(char),
    Expression(Expression),
}

/// Part of an operand list with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    pub(crate) span: Span,
}

/// Consecutive entries of a table of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Run {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What a statement puts into its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// An instruction.
    Instruction {
        /// Its index among the mnemonics.
        mnemonic: u32,
        /// The first of its forms that has this punctuation.
        form: u16,
        /// Its expressions, among the nodes of the file.
        operands: Run,
    },
    /// A line in error that would have been an instruction.
    Broken,
    /// Numbers of `size` bytes each, among the nodes of the file.
    Data { size: u8, operands: Run },
    /// Bytes of a string, among the bytes of the file.
    Text { bytes: Run },
    /// Zeros.
    Space { size: u64 },
}

/// A line that puts something into a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) kind: StatementKind,
    /// From the mnemonic or directive to the last operand.
    pub(crate) span: Span,
    /// The line on which it begins, from 1.
    pub(crate) line: u32,
    /// Where it goes, behind its padding.
    pub(crate) offset: u64,
    /// Its place in the order of statements and definitions.
    pub(crate) time: u32,
    pub(crate) segment: SegmentKind,
    /// A label names it.
    pub(crate) is_labelled: bool,
}
