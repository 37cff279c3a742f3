//! The text of an image.

use std::fmt::Write as _;

use super::{Fixup, FixupKind, Image, Segment, SegmentKind, Symbol, SymbolKind, Target};

/// Bytes of a longer line of source, in a row.
pub(crate) const ROW: usize = 16;
/// A line of source with at most this many bytes is one row.
pub(crate) const WHOLE_ROW: u64 = 32;

impl Image {
    /// The image as text: bytes with the source beside them, symbols, fixups and source lines.
    pub fn write(&self) -> String {
        let object = &self.object;
        let lines = object.text.records.len() + object.data.records.len();
        let comments = object.text.comments.len() + object.data.comments.len();
        let mut text = String::with_capacity(128 + 48 * lines + comments);
        let _ = writeln!(text, "#TEXT {}", object.text.alignment);
        write_segment(&mut text, &object.text, 0);
        let _ = writeln!(text, "#DATA {}", object.data.alignment);
        write_segment(&mut text, &object.data, self.base(SegmentKind::Data));
        let _ = writeln!(text, "#BSS {} {}", object.bss.alignment, object.bss.size);
        text += "#SYMTAB\n";
        for symbol in &object.symbols {
            write_symbol(&mut text, symbol);
        }
        if !object.fixups.is_empty() {
            text += "#FIXUPS\n";
            for fixup in &object.fixups {
                write_fixup(&mut text, fixup);
            }
        }
        if !object.lines.is_empty() {
            text += "#LINES\n";
            for line in &object.lines {
                text += "# text 0x";
                push_address(&mut text, line.offset);
                text.push(' ');
                text += object
                    .files
                    .get(line.file as usize)
                    .map_or("?", |file| file);
                let _ = writeln!(text, ":{}", line.line);
            }
        }
        text
    }
}

/// The rows of a segment loaded at `base`.
fn write_segment(text: &mut String, segment: &Segment, base: u64) {
    let mut records = segment.records.iter().peekable();
    for block in &segment.blocks {
        let mut done = 0;
        while done < block.bytes.len() {
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
                    write_rows(text, base.wrapping_add(offset), bytes, comment);
                    done += bytes.len();
                }
                next => {
                    let length = next.map_or(rest.len() as u64, |r| {
                        (r.offset - offset).min(rest.len() as u64)
                    });
                    let bytes = &rest[..length as usize];
                    write_rows(text, base.wrapping_add(offset), bytes, None);
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
        write_rows(text, base.wrapping_add(segment.size - 1), &[0], None);
    }
}

fn write_rows(text: &mut String, mut address: u64, bytes: &[u8], mut comment: Option<&str>) {
    let whole = comment.is_some() && bytes.len() as u64 <= WHOLE_ROW;
    for row in bytes.chunks(if whole { WHOLE_ROW as usize } else { ROW }) {
        text.push_str("0x");
        push_address(text, address);
        text.push(':');
        push_hex(text, row);
        if let Some(comment) = comment.take() {
            text.push_str(" #     ");
            text.push_str(comment);
        }
        text.push('\n');
        address = address.wrapping_add(row.len() as u64);
    }
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// ` HH` for each byte.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        text.push(' ');
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// 16 hex digits.
pub(crate) fn push_address(text: &mut String, address: u64) {
    let digits: [u8; 16] = std::array::from_fn(|i| DIGITS[(address >> (60 - 4 * i)) as usize & 15]);
    text.push_str(std::str::from_utf8(&digits).unwrap_or_default());
}

fn write_symbol(text: &mut String, symbol: &Symbol) {
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
    let _ = write!(text, "{letter} {:<20} 0x", symbol.name);
    push_address(text, symbol.value);
    text.push('\n');
}

fn write_fixup(text: &mut String, fixup: &Fixup) {
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
        Target::Symbol(name) => write!(text, "{name}"),
    };
    let _ = writeln!(text, "{:+}", fixup.addend);
}
