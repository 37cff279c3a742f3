//! Objects and images: what the assembler makes and the machine loads.
//!
//! An [`Object`] is one assembled file: bytes, symbols, and fixups for what is not known before
//! the files are joined. [`link`] joins objects to an [`Image`], in which every address is final.
//! An image is written as text that people read ([`Image::write`]) and read back
//! ([`Image::parse`]).

mod link;
mod read;
mod write;

pub(crate) use link::starts;
pub use link::{LinkError, LinkErrorKind, link};
pub use read::{ImageError, ImageErrorKind};
pub(crate) use write::{WHOLE_ROW, push_address, push_hex};

/// The comment of bytes that are there for alignment.
pub(crate) const PADDING: &str = "for alignment";

use std::ops::RangeInclusive;
use std::sync::Arc;

/// A part of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SegmentKind {
    /// Instructions, loaded at address 0.
    Text,
    /// Initialised data, loaded behind the text.
    Data,
    /// Data that starts as zero, behind the data.
    Bss,
}

impl SegmentKind {
    /// All segments, in the order in which they are loaded.
    pub const ALL: [Self; 3] = [Self::Text, Self::Data, Self::Bss];

    /// `text`, `data`, `bss`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Data => "data",
            Self::Bss => "bss",
        }
    }
}

/// Consecutive bytes of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Where they begin, from the start of the segment.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Bytes that one line of source made, with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Where the bytes begin, from the start of the segment.
    pub offset: u64,
    /// How many they are.
    pub length: u64,
    /// The text in [`Segment::comments`]: its first byte there, and its length in bytes.
    pub comment: (u64, u32),
}

/// The bytes of a segment. Between blocks, and up to its size, it is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The address is a multiple of this; at least 1.
    pub alignment: u64,
    /// Size in bytes.
    pub size: u64,
    /// The bytes, by ascending offset, without overlap.
    pub blocks: Vec<Block>,
    /// What the bytes come from, by ascending offset, without overlap; may be incomplete.
    pub records: Vec<Record>,
    /// The source texts of all records.
    pub comments: String,
}

impl Default for Segment {
    fn default() -> Self {
        Self {
            alignment: 1,
            size: 0,
            blocks: Vec::new(),
            records: Vec::new(),
            comments: String::new(),
        }
    }
}

impl Segment {
    /// The source text of a record.
    pub fn comment(&self, record: &Record) -> &str {
        let (start, length) = record.comment;
        self.comments
            .get(start as usize..start as usize + length as usize)
            .unwrap_or("")
    }

    /// The record that covers `offset`.
    pub fn record_at(&self, offset: u64) -> Option<&Record> {
        let after = self.records.partition_point(|r| r.offset <= offset);
        let record = &self.records[after.checked_sub(1)?];
        (offset - record.offset < record.length).then_some(record)
    }
}

/// Zero bytes that take no place in the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroSegment {
    /// The address is a multiple of this; at least 1.
    pub alignment: u64,
    /// Size in bytes.
    pub size: u64,
}

impl Default for ZeroSegment {
    fn default() -> Self {
        Self {
            alignment: 1,
            size: 0,
        }
    }
}

/// What a symbol stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SymbolKind {
    /// A number.
    Absolute,
    /// An address: its value counts from the start of this segment.
    Address(SegmentKind),
    /// Something that no file defines.
    Undefined,
}

/// A named value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: Arc<str>,
    /// What it stands for.
    pub kind: SymbolKind,
    /// Whether other files see it.
    pub is_global: bool,
    /// Its value, for addresses relative to the segment; modulo 2^64.
    pub value: u64,
}

/// How a fixup computes its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FixupKind {
    /// The address itself.
    Absolute,
    /// The distance from the instruction in 4-byte words.
    Relative,
    /// A 16-bit word of the address, 0 the lowest.
    Word(u8),
}

/// Which values fit into the bits of a fixup, n of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// 0 ≤ v < 2^n
    Unsigned,
    /// −2^(n−1) ≤ v < 2^(n−1)
    Signed,
    /// −2^(n−1) ≤ v < 2^n
    Either,
}

impl Extent {
    /// The values that fit into `bits` bits, 1 … 64.
    pub fn range(self, bits: u32) -> RangeInclusive<i128> {
        let half = 1i128 << (bits - 1);
        match self {
            Self::Unsigned => 0..=2 * half - 1,
            Self::Signed => -half..=half - 1,
            Self::Either => -half..=2 * half - 1,
        }
    }
}

/// What a fixup refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The start of a segment.
    Segment(SegmentKind),
    /// The start of a segment of another object, by its index among those that are joined.
    Part {
        /// The index.
        object: usize,
        /// The segment.
        segment: SegmentKind,
    },
    /// A symbol of another object, by its name.
    Symbol(Arc<str>),
}

/// A place that depends on an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fixup {
    /// The segment of the place: text or data.
    pub segment: SegmentKind,
    /// Its first byte in the segment.
    pub offset: u64,
    /// Its first bit there, 0 … 31; 0 is the most significant bit of the first byte.
    pub bit: u32,
    /// How many bits, 1 … 64.
    pub bits: u32,
    /// How they are computed.
    pub kind: FixupKind,
    /// From what.
    pub target: Target,
    /// Added to the target's address; exact, so it may be wider than an address.
    pub addend: i128,
    /// Which values fit; not part of an image's text.
    pub extent: Extent,
}

/// The source line of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLine {
    /// Where the instruction is in the text segment.
    pub offset: u64,
    /// Index into the list of files.
    pub file: u32,
    /// The line, from 1.
    pub line: u32,
}

/// One assembled file, or several joined ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// The instructions.
    pub text: Segment,
    /// The data.
    pub data: Segment,
    /// The zero data.
    pub bss: ZeroSegment,
    /// The symbols in order of first mention.
    pub symbols: Vec<Symbol>,
    /// The fixups in order of their places.
    pub fixups: Vec<Fixup>,
    /// The names of the source files.
    pub files: Vec<Arc<str>>,
    /// The source lines of the text, by ascending offset.
    pub lines: Vec<SourceLine>,
}

/// A program whose addresses are final.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// Its contents, fixups applied.
    pub object: Object,
}

impl Image {
    /// Where a segment is loaded. Addresses count modulo 2^64.
    pub fn base(&self, segment: SegmentKind) -> u64 {
        let object = &self.object;
        let data = round_up(object.text.size, object.data.alignment);
        match segment {
            SegmentKind::Text => 0,
            SegmentKind::Data => data,
            SegmentKind::Bss => round_up(data.wrapping_add(object.data.size), object.bss.alignment),
        }
    }

    /// The size of a segment in bytes.
    pub fn size(&self, segment: SegmentKind) -> u64 {
        match segment {
            SegmentKind::Text => self.object.text.size,
            SegmentKind::Data => self.object.data.size,
            SegmentKind::Bss => self.object.bss.size,
        }
    }

    /// The segment that an address lies in.
    pub fn segment_at(&self, address: u64) -> Option<SegmentKind> {
        SegmentKind::ALL
            .into_iter()
            .find(|&segment| address.wrapping_sub(self.base(segment)) < self.size(segment))
    }

    /// Everything that the image has bytes for: addresses with their bytes.
    pub fn bytes(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let data = self.base(SegmentKind::Data);
        let text = self
            .object
            .text
            .blocks
            .iter()
            .map(|b| (b.offset, b.bytes.as_slice()));
        text.chain(
            self.object
                .data
                .blocks
                .iter()
                .map(move |b| (data.wrapping_add(b.offset), b.bytes.as_slice())),
        )
    }

    /// The address or number that a symbol stands for; `None` if it is undefined.
    pub fn symbol_value(&self, symbol: &Symbol) -> Option<u64> {
        match symbol.kind {
            SymbolKind::Absolute => Some(symbol.value),
            SymbolKind::Address(segment) => Some(self.base(segment).wrapping_add(symbol.value)),
            SymbolKind::Undefined => None,
        }
    }

    /// The source text of the line that made the byte at an address, if the image has it.
    pub fn source_at(&self, address: u64) -> Option<&str> {
        let segment = match self.segment_at(address)? {
            SegmentKind::Text => &self.object.text,
            SegmentKind::Data => &self.object.data,
            SegmentKind::Bss => return None,
        };
        let offset = address.wrapping_sub(self.base(self.segment_at(address)?));
        segment
            .record_at(offset)
            .map(|record| segment.comment(record))
    }

    /// File and line (from 1) of the instruction at an address, if known.
    pub fn line_at(&self, address: u64) -> Option<(&str, u32)> {
        let lines = &self.object.lines;
        let found = lines
            .binary_search_by_key(&address, |line| line.offset)
            .ok()?;
        let line = lines[found];
        Some((self.object.files.get(line.file as usize)?, line.line))
    }
}

/// The least multiple of `alignment` that is not below `value`, modulo 2^64.
pub(crate) fn round_up(value: u64, alignment: u64) -> u64 {
    let alignment = alignment.max(1);
    let rest = if alignment.is_power_of_two() {
        value & (alignment - 1)
    } else {
        value % alignment
    };
    match rest {
        0 => value,
        rest => value.wrapping_add(alignment - rest),
    }
}

/// The least number that both alignments divide.
pub(crate) fn common_alignment(a: u64, b: u64) -> u64 {
    let (a, b) = (a.max(1), b.max(1));
    if a.is_power_of_two() && b.is_power_of_two() {
        return a.max(b);
    }
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    // Alignments that have no common one in 64 bits are nobody's.
    (a / x).checked_mul(b).unwrap_or(a.max(b))
}
