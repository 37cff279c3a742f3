//! The text of an image.

use std::io::{self, Write as _};

use super::{Fixup, FixupKind, Image, Segment, SegmentKind, Symbol, SymbolKind, Target};

/// Bytes of a longer line of source, in a row.
pub(crate) const ROW: usize = 16;
/// A line of source with at most this many bytes is one row.
pub(crate) const WHOLE_ROW: u64 = 32;

/// Text is handed on in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// Takes a piece of text, and gives an empty buffer for the next one.
type Taker<'t> = dyn FnMut(Vec<u8>) -> io::Result<Vec<u8>> + 't;

/// Collects text and hands it on.
struct Output<'t> {
    text: Vec<u8>,
    take: &'t mut Taker<'t>,
}

impl Output<'_> {
    /// Hands on what has been collected, if it is enough.
    fn relay(&mut self) -> io::Result<()> {
        if self.text.len() >= PIECE {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.text);
        self.text = (self.take)(piece)?;
        Ok(())
    }
}

impl Image {
    /// The image as text: bytes with the source beside them, symbols, fixups and source lines.
    pub fn write(&self) -> String {
        let mut bytes = Vec::new();
        // A vector takes everything.
        let _ = self.write_to(&mut bytes);
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Writes the text of [`Image::write`] in pieces, so that it needs no memory of its size.
    pub fn write_to(&self, writer: &mut dyn io::Write) -> io::Result<()> {
        self.write_pieces(&mut |mut piece| {
            writer.write_all(&piece)?;
            piece.clear();
            Ok(piece)
        })
    }

    /// Hands on the text of [`Image::write`] in pieces; `take` gives an empty buffer for the next
    /// one back.
    ///
    /// # Errors
    ///
    /// Those of `take`.
    pub fn write_pieces<'t>(
        &self,
        take: &'t mut (dyn FnMut(Vec<u8>) -> io::Result<Vec<u8>> + 't),
    ) -> io::Result<()> {
        let object = &self.object;
        let mut out = Output {
            text: Vec::with_capacity(2 * PIECE),
            take,
        };
        let _ = writeln!(out.text, "#TEXT {}", object.text.alignment);
        write_segment(&mut out, &object.text, 0)?;
        let _ = writeln!(out.text, "#DATA {}", object.data.alignment);
        write_segment(&mut out, &object.data, self.base(SegmentKind::Data))?;
        let _ = writeln!(
            out.text,
            "#BSS {} {}",
            object.bss.alignment, object.bss.size
        );
        out.text.extend_from_slice(b"#SYMTAB\n");
        for symbol in &object.symbols {
            write_symbol(&mut out.text, symbol);
            out.relay()?;
        }
        if !object.fixups.is_empty() {
            out.text.extend_from_slice(b"#FIXUPS\n");
            for fixup in &object.fixups {
                write_fixup(&mut out.text, fixup);
                out.relay()?;
            }
        }
        if !object.lines.is_empty() {
            out.text.extend_from_slice(b"#LINES\n");
            for line in &object.lines {
                out.text.extend_from_slice(b"# text 0x");
                push_address(&mut out.text, line.offset);
                out.text.push(b' ');
                let file = object.files.get(line.file as usize);
                out.text
                    .extend_from_slice(file.map_or("?", |file| file).as_bytes());
                out.text.push(b':');
                push_decimal(&mut out.text, line.line);
                out.text.push(b'\n');
                out.relay()?;
            }
        }
        out.flush()
    }
}

/// A number without the machinery of formatting: there are as many as lines.
fn push_decimal(text: &mut Vec<u8>, number: u32) {
    let length = number.checked_ilog10().unwrap_or(0) as usize + 1;
    let start = text.len();
    text.resize(start + length, b'0');
    let mut rest = number;
    for digit in text[start..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
}

/// The rows of a segment loaded at `base`.
fn write_segment(out: &mut Output<'_>, segment: &Segment, base: u64) -> io::Result<()> {
    let mut records = segment.records.iter().peekable();
    for block in &segment.blocks {
        let mut done = 0;
        while done < block.bytes.len() {
            out.relay()?;
            let offset = block.offset + done as u64;
            let rest = &block.bytes[done..];
            while records
                .peek()
                .is_some_and(|r| r.offset + r.length <= offset)
            {
                records.next();
            }
            match records.peek() {
                Some(record) if record.offset <= offset => {
                    let length = record.offset + record.length - offset;
                    let bytes = &rest[..length.min(rest.len() as u64) as usize];
                    let first = record.offset == offset;
                    let comment = first.then(|| segment.comment(record));
                    write_rows(&mut out.text, base.wrapping_add(offset), bytes, comment);
                    done += bytes.len();
                }
                next => {
                    let length = next.map_or(rest.len() as u64, |r| {
                        (r.offset - offset).min(rest.len() as u64)
                    });
                    let bytes = &rest[..length as usize];
                    write_rows(&mut out.text, base.wrapping_add(offset), bytes, None);
                    done += bytes.len();
                }
            }
        }
    }
    // The segment ends with zeros that no block holds: its last byte says how long it is.
    let end = segment
        .blocks
        .last()
        .map_or(0, |b| b.offset + b.bytes.len() as u64);
    if segment.size > end {
        write_rows(
            &mut out.text,
            base.wrapping_add(segment.size - 1),
            &[0],
            None,
        );
    }
    Ok(())
}

fn write_rows(text: &mut Vec<u8>, mut address: u64, bytes: &[u8], mut comment: Option<&str>) {
    let whole = comment.is_some() && bytes.len() as u64 <= WHOLE_ROW;
    for row in bytes.chunks(if whole { WHOLE_ROW as usize } else { ROW }) {
        text.extend_from_slice(b"0x");
        push_address(text, address);
        text.push(b':');
        push_hex(text, row);
        if let Some(comment) = comment.take() {
            let blank = if comment == super::PADDING {
                "      "
            } else {
                "     "
            };
            text.extend_from_slice(b" #");
            text.extend_from_slice(blank.as_bytes());
            text.extend_from_slice(comment.as_bytes());
        }
        text.push(b'\n');
        address = address.wrapping_add(row.len() as u64);
    }
}

/// The two hex digits of each byte.
const HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789ABCDEF";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// ` HH` for each byte.
pub(crate) fn push_hex(text: &mut Vec<u8>, bytes: &[u8]) {
    text.reserve(3 * bytes.len());
    for &byte in bytes {
        let [high, low] = HEX[usize::from(byte)];
        text.extend_from_slice(&[b' ', high, low]);
    }
}

/// 16 hex digits.
pub(crate) fn push_address(text: &mut Vec<u8>, address: u64) {
    let digits = address.to_be_bytes().map(|byte| HEX[usize::from(byte)]);
    text.extend_from_slice(digits.as_flattened());
}

/// Shorter names of symbols are padded to this many characters.
const NAME_WIDTH: usize = 20;

fn write_symbol(text: &mut Vec<u8>, symbol: &Symbol) {
    let letter = match symbol.kind {
        SymbolKind::Absolute => 'a',
        SymbolKind::Address(SegmentKind::Text) => 't',
        SymbolKind::Address(SegmentKind::Data) => 'd',
        SymbolKind::Address(SegmentKind::Bss) => 'b',
        SymbolKind::Undefined => 'U',
    };
    let letter = if symbol.is_global {
        letter.to_ascii_uppercase()
    } else {
        letter
    };
    text.extend_from_slice(&[letter as u8, b' ']);
    text.extend_from_slice(symbol.name.as_bytes());
    let blank = NAME_WIDTH.saturating_sub(symbol.name.chars().count());
    text.extend(std::iter::repeat_n(b' ', blank));
    text.extend_from_slice(b" 0x");
    push_address(text, symbol.value);
    text.push(b'\n');
}

fn write_fixup(text: &mut Vec<u8>, fixup: &Fixup) {
    let kind = match fixup.kind {
        FixupKind::Absolute => "absolute",
        FixupKind::Relative => "relative",
        FixupKind::Word(0) => "w0",
        FixupKind::Word(1) => "w1",
        FixupKind::Word(2) => "w2",
        FixupKind::Word(_) => "w3",
    };
    let _ = write!(text, "{} 0x", fixup.segment.name());
    push_address(text, fixup.offset);
    let _ = write!(text, " {:>2} {:>2} {kind} ", fixup.bit, fixup.bits);
    let _ = match &fixup.target {
        Target::Segment(segment) => write!(text, "[{}]", segment.name()),
        Target::Part { segment, .. } => write!(text, "[{}]", segment.name()),
        Target::Symbol(name) => write!(text, "{name}"),
    };
    let _ = writeln!(text, "{:+}", fixup.addend);
}
