//! From an image back to source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use byteorder::{BigEndian, ByteOrder};
use rustc_hash::{FxHashMap, FxHashSet};
use ulm_isa::{FieldKind, Isa, Piece};

use crate::image::{Fixup, FixupKind, Image, Segment, SegmentKind, SymbolKind, Target};

/// Bytes of a `.byte` line.
const ROW: usize = 8;

/// Source that assembles to the same bytes at the same addresses, with labels where jumps and
/// fixups lead.
///
/// A word that no instruction is, or that would come out otherwise, is written as `.long`.
pub fn disassemble(isa: &Isa, image: &Image) -> String {
    let mut writer = Writer::new(isa, image);
    writer.constants();
    writer.text();
    writer.data();
    writer.bss();
    writer.output
}

struct Writer<'a> {
    isa: &'a Isa,
    image: &'a Image,
    /// By segment and offset.
    labels: [BTreeMap<u64, Vec<String>>; 3],
    fixups: FxHashMap<(SegmentKind, u64), &'a Fixup>,
    /// The offsets of those in the data.
    data_fixups: BTreeSet<u64>,
    output: String,
}

impl<'a> Writer<'a> {
    fn new(isa: &'a Isa, image: &'a Image) -> Self {
        let fixups = &image.object.fixups;
        let mut writer = Self {
            isa,
            image,
            labels: Default::default(),
            fixups: fixups
                .iter()
                .map(|fixup| ((fixup.segment, fixup.offset), fixup))
                .collect(),
            data_fixups: fixups
                .iter()
                .filter(|fixup| fixup.segment == SegmentKind::Data)
                .map(|fixup| fixup.offset)
                .collect(),
            output: String::new(),
        };
        writer.name_places();
        writer
    }

    /// Labels from the symbol table, and made-up ones for the other targets.
    fn name_places(&mut self) {
        let mut taken = FxHashSet::default();
        for symbol in &self.image.object.symbols {
            let SymbolKind::Address(segment) = symbol.kind else {
                continue;
            };
            let fits = symbol.value <= self.image.size(segment);
            // Inside an instruction no label can be written.
            let aligned = segment != SegmentKind::Text || symbol.value % 4 == 0;
            if fits && aligned && is_name(&symbol.name) && taken.insert(symbol.name.to_string()) {
                let labels = &mut self.labels[segment as usize];
                labels
                    .entry(symbol.value)
                    .or_default()
                    .push(symbol.name.to_string());
            }
        }
        let mut targets: Vec<(SegmentKind, u64)> = Vec::new();
        self.for_each_word(|this, offset, word| {
            let flow = this.isa.decode(word).map(|decoded| this.isa.flow(decoded));
            if let Some(distance) = flow.and_then(|flow| flow.distance) {
                targets.push((SegmentKind::Text, offset.wrapping_add(distance as u64)));
            }
        });
        for fixup in &self.image.object.fixups {
            if let Target::Segment(segment) = fixup.target
                && let Ok(offset) = u64::try_from(fixup.addend)
            {
                targets.push((segment, offset));
            }
        }
        for (segment, offset) in targets {
            let limit = self.image.size(segment);
            let reachable = match segment {
                SegmentKind::Text => offset % 4 == 0 && offset < limit,
                SegmentKind::Data => offset <= limit && !self.is_inside_datum(offset),
                SegmentKind::Bss => offset <= limit,
            };
            if !reachable || self.labels[segment as usize].contains_key(&offset) {
                continue;
            }
            let mut name = format!(".{}_{offset:x}", segment.name());
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            self.labels[segment as usize].insert(offset, vec![name]);
        }
    }

    /// Whether an offset in the data is inside of a value that refers to an address.
    fn is_inside_datum(&self, offset: u64) -> bool {
        let before = self.data_fixups.range(..offset).next_back();
        before.is_some_and(|&start| {
            let fixup = self.fixups.get(&(SegmentKind::Data, start));
            fixup.is_some_and(|fixup| offset - start < u64::from(fixup.bits / 8))
        })
    }

    fn for_each_word(&mut self, mut visit: impl FnMut(&mut Self, u64, u32)) {
        let image = self.image;
        for block in &image.object.text.blocks {
            let skip = (block.offset.wrapping_neg() % 4) as usize;
            let bytes = block.bytes.get(skip..).unwrap_or_default();
            for (i, word) in bytes.chunks_exact(4).enumerate() {
                let word = BigEndian::read_u32(word);
                visit(self, block.offset + (skip + 4 * i) as u64, word);
            }
        }
    }

    /// The constants, by their last values.
    fn constants(&mut self) {
        let mut seen = FxHashSet::default();
        for labels in &self.labels {
            seen.extend(labels.values().flatten().cloned());
        }
        for symbol in &self.image.object.symbols {
            let name = symbol.name.to_string();
            if symbol.kind == SymbolKind::Absolute && is_name(&name) && seen.insert(name) {
                let _ = writeln!(
                    self.output,
                    "        .equ    {}, {}",
                    symbol.name, symbol.value as i64
                );
            }
            if symbol.is_global && seen.contains(&*symbol.name) {
                let _ = writeln!(self.output, "        .globl  {}", symbol.name);
            }
        }
    }

    fn heading(&mut self, segment: SegmentKind, alignment: u64, least: u64) {
        let _ = writeln!(self.output, "        .{}", segment.name());
        if alignment > least {
            let _ = writeln!(self.output, "        .align  {alignment}");
        }
    }

    fn write_labels(&mut self, segment: SegmentKind, offset: u64) {
        if let Some(names) = self.labels[segment as usize].get(&offset) {
            for name in names {
                let _ = writeln!(self.output, "{name}:");
            }
        }
    }

    fn text(&mut self) {
        let segment = &self.image.object.text;
        self.heading(SegmentKind::Text, segment.alignment, 4);
        let mut at = 0;
        for block in &segment.blocks {
            at = self.gap(SegmentKind::Text, at, block.offset);
            let mut bytes = block.bytes.as_slice();
            // Up to where words begin.
            let odd = ((at.wrapping_neg() % 4) as usize).min(bytes.len());
            at = self.plain_bytes(SegmentKind::Text, at, &bytes[..odd]);
            bytes = &bytes[odd..];
            while let Some((word, rest)) = bytes.split_first_chunk::<4>() {
                self.write_labels(SegmentKind::Text, at);
                self.word(at, BigEndian::read_u32(word));
                at += 4;
                bytes = rest;
            }
            at = self.plain_bytes(SegmentKind::Text, at, bytes);
        }
        self.end(SegmentKind::Text, at);
    }

    /// An instruction if it comes out again, else `.long`.
    fn word(&mut self, offset: u64, word: u32) {
        match self.instruction(offset, word) {
            Some(text) => {
                let (mnemonic, operands) = text.split_once(' ').unwrap_or((&text, ""));
                let line = format!("        {mnemonic:<7} {operands}");
                let _ = writeln!(self.output, "{}", line.trim_end());
            }
            None => {
                let _ = writeln!(self.output, "        .long   0x{word:08X}");
            }
        }
    }

    fn instruction(&self, offset: u64, word: u32) -> Option<String> {
        let decoded = self.isa.decode(word)?;
        let format = self.isa.format_of(decoded.instruction);
        if word & !format.used_bits() != 0 {
            return None;
        }
        let form = self.isa.form_for(decoded);
        let field = |f: ulm_isa::FieldIndex| decoded.field(format, f);
        // Fields that the form leaves out must be 0, registers must exist.
        for index in 1..format.fields.len() {
            let index = ulm_isa::FieldIndex(index as u8);
            if !form.mentions(index) && field(index) != 0 {
                return None;
            }
        }
        let effect = &self.isa.instruction(decoded.instruction).effect;
        if effect.register_past_end(&field).is_some() {
            return None;
        }
        let has_registers = form.pieces.iter().all(|piece| match piece {
            Piece::Register(f) => (0..256).contains(&field(*f)),
            _ => true,
        });
        has_registers.then(|| {
            ulm_isa::write_pieces(form, |piece| match piece {
                Piece::Register(f) => format!("%{}", field(f)),
                Piece::Immediate(f) => {
                    let kind = format.fields[usize::from(f.0)].kind;
                    self.immediate(offset, kind, field(f))
                }
                Piece::Number(number) => number.to_string(),
                Piece::Punctuation(mark) => mark.to_string(),
            })
        })
    }

    /// A number, or what it refers to.
    fn immediate(&self, offset: u64, kind: FieldKind, value: i64) -> String {
        if kind == FieldKind::Jump {
            let target = offset.wrapping_add(value as u64);
            return match self.labels[SegmentKind::Text as usize].get(&target) {
                Some(names) => names[0].clone(),
                None => value.to_string(),
            };
        }
        self.fixups
            .get(&(SegmentKind::Text, offset))
            .and_then(|fixup| self.reference(fixup, i128::from(value), 16))
            .unwrap_or_else(|| value.to_string())
    }

    /// The target of a fixup by name, if that gives `value`.
    fn reference(&self, fixup: &Fixup, value: i128, bits: u32) -> Option<String> {
        let Target::Segment(segment) = fixup.target else {
            return None;
        };
        let target = u64::try_from(fixup.addend).ok()?;
        let address = self.image.base(segment).checked_add(target)?;
        // The nearest label at or before it.
        let (at, names) = self.labels[segment as usize].range(..=target).next_back()?;
        let name = match target - at {
            0 => names[0].clone(),
            distance => format!("{}+{distance}", names[0]),
        };
        let mask = (1i128 << bits) - 1;
        let (text, result) = match fixup.kind {
            FixupKind::Absolute => (name, i128::from(address)),
            FixupKind::Word(word) => (
                format!("@w{word}({name})"),
                i128::from(address >> (16 * u32::from(word).min(3)) & 0xFFFF),
            ),
            FixupKind::Relative => return None,
        };
        (result == value || (bits == 64 && result & mask == value & mask)).then_some(text)
    }

    fn data(&mut self) {
        let segment = &self.image.object.data;
        if segment.size == 0 && segment.alignment <= 1 && self.labels[1].is_empty() {
            return;
        }
        self.heading(SegmentKind::Data, segment.alignment, 1);
        let mut at = 0;
        for block in &segment.blocks {
            at = self.gap(SegmentKind::Data, at, block.offset);
            at = self.data_block(segment, at, &block.bytes);
        }
        self.end(SegmentKind::Data, at);
    }

    /// Bytes of the data, cut at labels and fixups.
    fn data_block(&mut self, segment: &Segment, start: u64, bytes: &[u8]) -> u64 {
        let end = start + bytes.len() as u64;
        let mut at = start;
        // Up to here no string begins: what stopped the last one looked at was not its NUL.
        let mut plain_until = start;
        while at < end {
            self.write_labels(SegmentKind::Data, at);
            let rest = &bytes[(at - start) as usize..];
            if let Some((text, length)) = self.fixed_datum(segment, at, rest) {
                let _ = writeln!(self.output, "{text}");
                at += length as u64;
                continue;
            }
            let part = &rest[..(self.next_cut(at, end) - at) as usize];
            if at >= plain_until {
                match text_length(part) {
                    Ok(length) => {
                        let _ = writeln!(self.output, "        .string {}", quote(&part[..length]));
                        at += length as u64 + 1;
                        continue;
                    }
                    Err(length) => plain_until = at + length as u64,
                }
            }
            let row = part.len().min(ROW).min((plain_until - at).max(1) as usize);
            self.byte_row(&part[..row]);
            at += row as u64;
        }
        at
    }

    /// The next place in the data with a label or a fixup, at most `end`.
    fn next_cut(&self, at: u64, end: u64) -> u64 {
        let label = self.labels[SegmentKind::Data as usize]
            .range(at + 1..)
            .next();
        let fixup = self.data_fixups.range(at + 1..).next();
        label
            .map_or(end, |(offset, _)| *offset)
            .min(fixup.copied().unwrap_or(end))
            .min(end)
    }

    /// A value that refers to an address: its line, and how many bytes it takes.
    fn fixed_datum(&self, segment: &Segment, at: u64, bytes: &[u8]) -> Option<(String, usize)> {
        let fixup = self.fixups.get(&(SegmentKind::Data, at))?;
        let (directive, length) = match fixup.bits {
            8 => (".byte", 1),
            16 => (".word", 2),
            32 => (".long", 4),
            64 => (".quad", 8),
            _ => return None,
        };
        // The directive aligns itself, and the segment with it.
        let length_64 = length as u64;
        if !at.is_multiple_of(length_64) || !segment.alignment.is_multiple_of(length_64) {
            return None;
        }
        let value = i128::from(BigEndian::read_uint(bytes.get(..length)?, length));
        let text = self.reference(fixup, value, fixup.bits)?;
        Some((format!("        {directive:<7} {text}"), length))
    }

    /// Bytes without structure, with labels between them.
    fn plain_bytes(&mut self, segment: SegmentKind, mut at: u64, bytes: &[u8]) -> u64 {
        for &byte in bytes {
            self.write_labels(segment, at);
            self.byte_row(&[byte]);
            at += 1;
        }
        at
    }

    fn byte_row(&mut self, bytes: &[u8]) {
        let bytes: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02X}")).collect();
        let _ = writeln!(self.output, "        .byte   {}", bytes.join(", "));
    }

    /// Zeros up to `end`, with labels between them; gives `end`.
    fn gap(&mut self, segment: SegmentKind, mut at: u64, end: u64) -> u64 {
        while at < end {
            self.write_labels(segment, at);
            let next = self.labels[segment as usize]
                .range(at + 1..end)
                .next()
                .map_or(end, |(offset, _)| *offset);
            let _ = writeln!(self.output, "        .space  {}", next - at);
            at = next;
        }
        at
    }

    /// What is behind the last byte of a segment.
    fn end(&mut self, segment: SegmentKind, at: u64) {
        let size = self.image.size(segment);
        self.gap(segment, at, size);
        self.write_labels(segment, size);
    }

    fn bss(&mut self) {
        let bss = self.image.object.bss;
        if bss.size == 0 && bss.alignment <= 1 && self.labels[2].is_empty() {
            return;
        }
        self.heading(SegmentKind::Bss, bss.alignment, 1);
        self.end(SegmentKind::Bss, 0);
    }
}

/// Whether a symbol can be written as a name.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next();
    first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'.')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
        && !crate::parser::DIRECTIVES.contains(&name)
}

/// How many bytes of text stand before a NUL; else how many bytes begin no such text.
fn text_length(bytes: &[u8]) -> Result<usize, usize> {
    const SHORTEST: usize = 3;
    let is_text =
        |b: u8| (b' '..=b'~').contains(&b) || matches!(b, b'\n' | b'\t' | b'\r') || b >= 0x80;
    let Some(end) = bytes.iter().position(|&b| !is_text(b)) else {
        return Err(bytes.len());
    };
    let is_string =
        bytes[end] == 0 && end >= SHORTEST && std::str::from_utf8(&bytes[..end]).is_ok();
    if is_string { Ok(end) } else { Err(end + 1) }
}

fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '"' => text += "\\\"",
            '\\' => text += "\\\\",
            '\n' => text += "\\n",
            '\t' => text += "\\t",
            '\r' => text += "\\r",
            other => text.push(other),
        }
    }
    text + "\""
}
