//! Reading images, liberally.

use std::ops::Range;
use std::sync::Arc;

use diagnostics::{Diagnostic, FileId, Location};

use super::write::ROW;
use super::{
    Block, Extent, Fixup, FixupKind, Image, Object, Record, Segment, SegmentKind, SourceLine,
    Symbol, SymbolKind, Target, ZeroSegment, round_up,
};

/// Zeros between two rows that are kept as bytes of one block: a row takes memory in proportion.
const SMALL_GAP: u64 = 64;

/// Why a file is not an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ImageError {
    /// What is wrong.
    pub kind: ImageErrorKind,
    /// The line, from 1.
    pub line: usize,
    /// The byte range in the file.
    pub span: Range<usize>,
}

/// What is wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageErrorKind {
    /// There is nothing in it.
    #[error("the file has no bytes of a program")]
    Empty,
    /// It is something else.
    #[error("this is not an image of a ULM program")]
    NotAnImage,
    /// A row that can't be read.
    #[error("{0}")]
    Damaged(&'static str),
    /// An address below the bytes before it.
    #[error("the address goes back: the bytes before end at {0:#x}")]
    AddressGoesBack(u64),
    /// A symbol that nothing defines.
    #[error("the symbol `{0}` is not defined")]
    Undefined(String),
}

impl ImageErrorKind {
    /// The code that `explain` takes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "U0601",
            Self::NotAnImage => "U0602",
            Self::Damaged(_) => "U0603",
            Self::AddressGoesBack(_) => "U0604",
            Self::Undefined(_) => "U0605",
        }
    }
}

impl ImageError {
    /// The error as a message about `file`, whose text must be the image's bytes, lossily decoded.
    pub fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let label = match &self.kind {
            ImageErrorKind::Empty => "nothing here",
            ImageErrorKind::NotAnImage => "expected bytes in hex, like `09 00 00 00`",
            ImageErrorKind::Damaged(_) => "here",
            ImageErrorKind::AddressGoesBack(_) => "addresses only go up",
            ImageErrorKind::Undefined(_) => "undefined",
        };
        let location = Location::new(file, self.span.clone());
        let diagnostic = Diagnostic::error(self.kind.code(), self.to_string(), location, label);
        match self.kind {
            ImageErrorKind::NotAnImage => {
                diagnostic.with_help("`ulmas -o IMAGE PROGRAM.s` makes an image from source")
            }
            _ => diagnostic,
        }
    }
}

/// The part of the file that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Bytes before any heading: text.
    Bare,
    Text,
    Data,
    Bss,
    Symbols,
    Fixups,
    Lines,
}

impl Image {
    /// Reads an image, or a bare list of bytes in hex.
    ///
    /// Hex may be in either case, addresses may be left out, lines may end with CR LF, and the
    /// first may be a `#!` line.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        let mut reader = Reader::default();
        let mut start = 0;
        for (number, line) in bytes.split(|&b| b == b'\n').enumerate() {
            let end = start + line.len();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let result = reader.line(line, number == 0);
            if let Err((kind, inner)) = result {
                // Something else altogether, if it shows before a heading or a byte.
                let kind = match kind {
                    ImageErrorKind::Damaged(_) if !reader.saw_any => ImageErrorKind::NotAnImage,
                    kind => kind,
                };
                let inner = inner.unwrap_or(0..line.len());
                let span = start + inner.start..start + inner.end;
                return Err(ImageError {
                    kind,
                    line: number + 1,
                    span,
                });
            }
            start = end + 1;
        }
        if !reader.saw_any {
            return Err(ImageError {
                kind: ImageErrorKind::Empty,
                line: 1,
                span: 0..0,
            });
        }
        Ok(Self {
            object: reader.object,
        })
    }
}

type LineResult = Result<(), (ImageErrorKind, Option<Range<usize>>)>;

struct Reader {
    part: Part,
    object: Object,
    /// A heading or a byte was read.
    saw_any: bool,
    /// The row before was a full one of a longer record: a row without a comment continues it.
    continues: bool,
    file_numbers: rustc_hash::FxHashMap<String, u32>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            part: Part::Bare,
            object: Object::default(),
            saw_any: false,
            continues: false,
            file_numbers: rustc_hash::FxHashMap::default(),
        }
    }
}

impl Reader {
    fn line(&mut self, line: &[u8], is_first: bool) -> LineResult {
        if line.trim_ascii().is_empty() || (is_first && line.starts_with(b"#!")) {
            return Ok(());
        }
        if line.starts_with(b"#") && self.heading(line)? {
            self.saw_any = true;
            return Ok(());
        }
        match self.part {
            Part::Bare | Part::Text | Part::Data => self.row(line),
            Part::Symbols | Part::Fixups if line.starts_with(b"#") => Ok(()),
            Part::Symbols => self.symbol(line),
            Part::Fixups => self.fixup(line),
            Part::Lines => {
                self.source_line(line);
                Ok(())
            }
            Part::Bss if line.starts_with(b"#") => Ok(()),
            Part::Bss => Err((
                ImageErrorKind::Damaged("the .bss segment has no bytes"),
                None,
            )),
        }
    }

    /// Whether the line is a heading; if so it is taken in.
    fn heading(&mut self, line: &[u8]) -> Result<bool, (ImageErrorKind, Option<Range<usize>>)> {
        let text = String::from_utf8_lossy(line);
        let mut words = text.split_whitespace();
        let (part, numbers) = match words.next() {
            Some("#TEXT") => (Part::Text, 1),
            Some("#DATA") => (Part::Data, 1),
            Some("#BSS") => (Part::Bss, 2),
            Some("#SYMTAB") => (Part::Symbols, 0),
            Some("#FIXUPS") => (Part::Fixups, 0),
            Some("#LINES") => (Part::Lines, 0),
            _ => return Ok(false),
        };
        let damaged = |what| (ImageErrorKind::Damaged(what), None);
        let mut values = [1u64, 0];
        for value in values.iter_mut().take(numbers) {
            *value = match words.next() {
                Some(word) => {
                    number(word).ok_or(damaged("expected a number behind the heading"))?
                }
                None => *value,
            };
        }
        let [alignment, size] = values;
        if alignment == 0 {
            return Err(damaged("the alignment is 0"));
        }
        let again = match part {
            // The data begins behind the text: its size must be known by then.
            Part::Text => self.object.text.size != 0 || self.object.data.size != 0,
            Part::Data => self.object.data.size != 0,
            _ => false,
        };
        if again {
            return Err(damaged("this segment was there already"));
        }
        match part {
            Part::Text => self.object.text.alignment = alignment,
            Part::Data => self.object.data.alignment = alignment,
            Part::Bss => self.object.bss = ZeroSegment { alignment, size },
            _ => {}
        }
        self.part = part;
        self.continues = false;
        Ok(true)
    }

    // row = ["0x" address ":"] {byte} ["#" comment]
    fn row(&mut self, line: &[u8]) -> LineResult {
        let hash = line.iter().position(|&b| b == b'#');
        let (code, comment) = match hash {
            Some(at) => (&line[..at], Some(&line[at + 1..])),
            None => (line, None),
        };
        let damaged = |what, span: Range<usize>| (ImageErrorKind::Damaged(what), Some(span));
        let mut from = 0;
        let mut address = None;
        if let Some(colon) = code.iter().position(|&b| b == b':') {
            let digits = code[..colon].trim_ascii();
            address = digits
                .strip_prefix(b"0x")
                .or_else(|| digits.strip_prefix(b"0X"))
                .filter(|hex| hex.len() <= 16)
                .and_then(|hex| u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
            if address.is_none() {
                return Err(damaged(
                    "expected an address, `0x` and hex digits",
                    0..colon,
                ));
            }
            from = colon + 1;
        }
        let mut bytes = Vec::with_capacity(16);
        let mut high = None;
        for (i, &character) in code.iter().enumerate().skip(from) {
            let digit = char::from(character).to_digit(16);
            match (digit, high) {
                (Some(digit), None) => high = Some(digit as u8),
                (Some(digit), Some(first)) => {
                    bytes.push(first << 4 | digit as u8);
                    high = None;
                }
                (None, None) if character.is_ascii_whitespace() => {}
                (None, Some(_)) if character.is_ascii_whitespace() => {
                    return Err(damaged("a byte has two hex digits", i - 1..i));
                }
                _ => return Err(damaged("expected a byte in hex", i..i + 1)),
            }
        }
        if high.is_some() {
            return Err(damaged(
                "a byte has two hex digits",
                code.len() - 1..code.len(),
            ));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.saw_any = true;
        let data_base = round_up(self.object.text.size, self.object.data.alignment);
        let is_data = self.part == Part::Data;
        let segment = if is_data {
            &mut self.object.data
        } else {
            &mut self.object.text
        };
        let base = if is_data { data_base } else { 0 };
        let offset = match address {
            None => segment.size,
            Some(address) => match address.checked_sub(base) {
                Some(offset) if offset >= segment.size => offset,
                _ => {
                    let end = base + segment.size;
                    return Err((ImageErrorKind::AddressGoesBack(end), Some(0..from)));
                }
            },
        };
        let end = offset.checked_add(bytes.len() as u64);
        let Some(end) = end.filter(|end| base.checked_add(*end).is_some()) else {
            return Err(damaged("past the end of the address space", 0..from));
        };
        let length = bytes.len();
        append(segment, offset, bytes);
        segment.size = end;
        self.continues = note_comment(segment, offset, length, comment, self.continues);
        Ok(())
    }

    // symbol = kind name value
    fn symbol(&mut self, line: &[u8]) -> LineResult {
        let text = String::from_utf8_lossy(line);
        let mut words = text.split_whitespace();
        let damaged = |what| (ImageErrorKind::Damaged(what), None);
        let (Some(kind), Some(name)) = (words.next(), words.next()) else {
            return Err(damaged("a symbol has a kind, a name and a value"));
        };
        let symbol_kind = match kind {
            "a" | "A" => SymbolKind::Absolute,
            "t" | "T" => SymbolKind::Address(SegmentKind::Text),
            "d" | "D" => SymbolKind::Address(SegmentKind::Data),
            "b" | "B" => SymbolKind::Address(SegmentKind::Bss),
            "U" | "u" => return Err((ImageErrorKind::Undefined(name.to_owned()), None)),
            _ => return Err(damaged("the kind of a symbol is one of a, t, d, b, U")),
        };
        let value = words
            .next()
            .and_then(number)
            .ok_or(damaged("expected the symbol's value"))?;
        self.object.symbols.push(Symbol {
            name: Arc::from(name),
            kind: symbol_kind,
            is_global: kind.starts_with(|c: char| c.is_ascii_uppercase()),
            value,
        });
        Ok(())
    }

    // fixup = segment offset bit bits kind target
    fn fixup(&mut self, line: &[u8]) -> LineResult {
        let text = String::from_utf8_lossy(line);
        match parse_fixup(&text) {
            Some(fixup) => {
                self.object.fixups.push(fixup);
                Ok(())
            }
            None => Err((ImageErrorKind::Damaged("this is not a fixup"), None)),
        }
    }

    // source line = "#" "text" offset file ":" line; a comment for everybody else
    fn source_line(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let parsed = (|| {
            let rest = text
                .strip_prefix('#')?
                .trim_start()
                .strip_prefix("text")?
                .trim_start();
            let (offset, place) = rest.split_once(' ')?;
            let (file, line) = place.trim().rsplit_once(':')?;
            Some((number(offset)?, file.to_owned(), line.parse::<u32>().ok()?))
        })();
        let Some((offset, file, line)) = parsed else {
            return;
        };
        if self
            .object
            .lines
            .last()
            .is_some_and(|last| last.offset >= offset)
        {
            return;
        }
        let files = &mut self.object.files;
        let file = *self.file_numbers.entry(file).or_insert_with_key(|name| {
            files.push(Arc::from(name.as_str()));
            files.len() as u32 - 1
        });
        self.object.lines.push(SourceLine { offset, file, line });
    }
}

/// Puts bytes behind those of the segment, with zeros between.
fn append(segment: &mut Segment, offset: u64, bytes: Vec<u8>) {
    if let Some(block) = segment.blocks.last_mut() {
        let end = block.offset + block.bytes.len() as u64;
        if offset - end <= SMALL_GAP {
            block
                .bytes
                .resize(block.bytes.len() + (offset - end) as usize, 0);
            block.bytes.extend(bytes);
            return;
        }
    }
    segment.blocks.push(Block { offset, bytes });
}

/// Keeps the comment of a row; says whether the next row may continue its record.
fn note_comment(
    segment: &mut Segment,
    offset: u64,
    length: usize,
    comment: Option<&[u8]>,
    continues: bool,
) -> bool {
    let Some(comment) = comment else {
        if let Some(record) = segment.records.last_mut()
            && continues
            && record.offset + record.length == offset
        {
            record.length += length as u64;
            return length == ROW;
        }
        return false;
    };
    let comment = String::from_utf8_lossy(comment.trim_ascii());
    let start = segment.comments.len() as u64;
    segment.comments += &comment;
    segment.records.push(Record {
        offset,
        length: length as u64,
        comment: (start, comment.len() as u32),
    });
    length == ROW
}

/// A number, decimal or with `0x`.
fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

fn parse_fixup(line: &str) -> Option<Fixup> {
    let mut words = line.split_whitespace();
    let segment = match words.next()? {
        "text" => SegmentKind::Text,
        "data" => SegmentKind::Data,
        _ => return None,
    };
    let offset = number(words.next()?)?;
    let bit = u32::try_from(number(words.next()?)?)
        .ok()
        .filter(|bit| *bit < 32)?;
    let bits = u32::try_from(number(words.next()?)?)
        .ok()
        .filter(|b| (1..=64).contains(b))?;
    let kind = match words.next()? {
        "absolute" => FixupKind::Absolute,
        "relative" => FixupKind::Relative,
        "w0" => FixupKind::Word(0),
        "w1" => FixupKind::Word(1),
        "w2" => FixupKind::Word(2),
        "w3" => FixupKind::Word(3),
        _ => return None,
    };
    let target = words.next()?;
    // A sign separates target and addend; a name has none.
    let sign = target.find(['+', '-']).unwrap_or(target.len());
    let (name, addend) = target.split_at(sign);
    let addend: i128 = if addend.is_empty() {
        0
    } else {
        // Sums with it stay far from the limits.
        let addend = addend.parse::<i128>().ok()?;
        Some(addend).filter(|addend| addend.abs() < 1 << 100)?
    };
    let target = match name {
        "" => return None,
        "[text]" => Target::Segment(SegmentKind::Text),
        "[data]" => Target::Segment(SegmentKind::Data),
        "[bss]" => Target::Segment(SegmentKind::Bss),
        name => Target::Symbol(Arc::from(name)),
    };
    let extent = if kind == FixupKind::Relative {
        Extent::Signed
    } else {
        Extent::Unsigned
    };
    Some(Fixup {
        segment,
        offset,
        bit,
        bits,
        kind,
        target,
        addend,
        extent,
    })
}
