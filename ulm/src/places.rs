//! What a program's addresses and registers are called.

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::ops::Range;

use diagnostics::Location;
use ulm_isa::effect::{Expression, Parameter};
use ulm_isa::{Decoded, Isa};
use ulmas::image::{FixupKind, Image, SegmentKind, Symbol, SymbolKind, Target};

use crate::program::Program;

/// A label of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label<'a> {
    pub(crate) name: &'a str,
    pub(crate) address: u64,
    pub(crate) segment: SegmentKind,
}

/// The names of a program's addresses and registers.
#[derive(Debug)]
pub struct Places<'a> {
    pub(crate) isa: &'a Isa,
    pub(crate) program: &'a Program,
    /// Segment and address of each label with its number among the symbols, sorted. Made when
    /// they are first asked for: most programs end well.
    labels: OnceCell<Vec<(SegmentKind, u64, u32)>>,
}

impl<'a> Places<'a> {
    /// The names of a program of this machine.
    pub fn new(isa: &'a Isa, program: &'a Program) -> Self {
        Self {
            isa,
            program,
            labels: OnceCell::new(),
        }
    }

    pub(crate) fn image(&self) -> &'a Image {
        &self.program.image
    }

    /// All labels, by segment and ascending address; of several at one address, the first
    /// mentioned first.
    pub(crate) fn labels(&self) -> impl DoubleEndedIterator<Item = Label<'a>> {
        self.sorted_labels().iter().map(|&key| self.label(key))
    }

    fn sorted_labels(&self) -> &[(SegmentKind, u64, u32)] {
        self.labels.get_or_init(|| {
            let image = self.image();
            let key = |(i, symbol): (usize, &Symbol)| match symbol.kind {
                SymbolKind::Address(segment) => {
                    Some((segment, image.symbol_value(symbol)?, i as u32))
                }
                SymbolKind::Absolute | SymbolKind::Undefined => None,
            };
            let symbols = image.object.symbols.iter().enumerate();
            let mut labels: Vec<_> = symbols.filter_map(key).collect();
            labels.sort_unstable();
            labels
        })
    }

    fn label(&self, (segment, address, number): (SegmentKind, u64, u32)) -> Label<'a> {
        Label {
            name: &self.image().object.symbols[number as usize].name,
            address,
            segment,
        }
    }

    /// The label at an address, or the last one before it in its segment.
    ///
    /// The end of a segment still belongs to it: that is where a program arrives that runs off.
    pub(crate) fn label_before(&self, address: u64) -> Option<Label<'a>> {
        let image = self.image();
        let segment = image
            .segment_at(address)
            .or_else(|| image.segment_at(address.checked_sub(1)?))?;
        let labels = self.sorted_labels();
        let after = labels.partition_point(|&(s, a, _)| (s, a) <= (segment, address));
        let (last_segment, last_address, _) = labels[after.checked_sub(1)?];
        if last_segment != segment {
            return None;
        }
        // Of several names for one place, the first.
        let first = labels.partition_point(|&(s, a, _)| (s, a) < (segment, last_address));
        Some(self.label(labels[first]))
    }

    /// `label+8`, or the bare address where there is no label.
    pub fn describe(&self, address: u64) -> String {
        match self.label_before(address) {
            Some(label) if label.address == address => label.name.to_owned(),
            Some(label) => format!("{}+{}", label.name, address - label.address),
            None => format!("0x{address:X}"),
        }
    }

    /// `label+8 (address 0x2C)`, or the bare address where there is no label.
    pub(crate) fn describe_with_address(&self, address: u64) -> String {
        match self.label_before(address) {
            Some(_) => format!("{} (address 0x{address:X})", self.describe(address)),
            None => format!("address 0x{address:X}"),
        }
    }

    /// `label+8 (FILE:LINE)`, with as much of it as is known.
    pub(crate) fn describe_with_line(&self, address: u64) -> String {
        let mut text = self.describe(address);
        if let Some((file, line)) = self.line_at(address) {
            _ = write!(text, " ({file}:{line})");
        }
        text
    }

    /// File and line (from 1) of the instruction at an address, if known.
    pub(crate) fn line_at(&self, address: u64) -> Option<(&'a str, u32)> {
        let in_text = self.image().line_at(address);
        in_text.or_else(|| self.line_in_data(address))
    }

    /// File and line of an instruction in the data segment: the only source line that has it.
    ///
    /// Images keep the line numbers of the text alone.
    fn line_in_data(&self, address: u64) -> Option<(&'a str, u32)> {
        let code = self.data_instructions().find(|i| i.0 == address)?.1;
        let source = self.program.sources.get(self.program.source?);
        // Images keep their own white space.
        let bare = |text: &'a str| text.chars().filter(|c| !c.is_whitespace());
        let mut same = (1..)
            .zip(source.text.lines())
            .filter(|(_, line)| bare(&line[instruction_in_source(line)]).eq(bare(code)));
        let (number, _) = same.next()?;
        same.next().is_none().then_some((&*source.name, number))
    }

    /// The instructions that the source has put into the data segment: address and text.
    pub(crate) fn data_instructions(&self) -> impl Iterator<Item = (u64, &'a str)> {
        let image = self.image();
        let data = &image.object.data;
        let base = image.base(SegmentKind::Data);
        data.records.iter().filter_map(move |record| {
            let text = data.comment(record);
            let code = &text[instruction_in_image(text)];
            let mnemonic = code.split_whitespace().next()?;
            let address = base.wrapping_add(record.offset);
            let is_instruction = record.length == 4 && !self.isa.forms_of(mnemonic).is_empty();
            is_instruction.then_some((address, code))
        })
    }

    /// Whether the program takes an address that `is_wanted`, as a jump through a register needs.
    pub(crate) fn takes_address(&self, is_wanted: impl Fn(u64) -> bool) -> bool {
        let image = self.image();
        let mut fixups = image.object.fixups.iter();
        fixups.any(|fixup| match fixup.target {
            _ if fixup.kind == FixupKind::Relative => false,
            Target::Segment(segment) => {
                is_wanted(image.base(segment).wrapping_add(fixup.addend as u64))
            }
            // An image has no others.
            _ => true,
        })
    }

    /// The range of an instruction in the source text that it was assembled from.
    pub(crate) fn location(&self, address: u64) -> Option<Location> {
        let (name, line) = self.line_at(address)?;
        let sources = &self.program.sources;
        let file = self.program.source?;
        // `#line` may say that the line comes from elsewhere.
        if sources.get(file).name != name {
            return None;
        }
        let text = &sources.get(file).text;
        let number = (line as usize).checked_sub(1)?;
        let start = match number {
            0 => 0,
            _ => text.match_indices('\n').nth(number - 1)?.0 + 1,
        };
        let line = text[start..].lines().next().unwrap_or("");
        let code = instruction_in_source(line);
        Some(Location::new(file, start + code.start..start + code.end))
    }

    /// The text of an instruction: as the source has it, else as the machine's description does.
    pub(crate) fn instruction_text(&self, address: u64, word: u32) -> String {
        self.source_text(address, word)
            .map_or_else(|| self.disassembly(word), str::to_owned)
    }

    /// The source text of an instruction, if the program has not overwritten it.
    fn source_text(&self, address: u64, word: u32) -> Option<&'a str> {
        if self.loaded_word(address) != Some(word) {
            return None;
        }
        self.loaded_source_text(address)
    }

    /// The text of an instruction that the image has at an address.
    pub fn loaded_instruction_text(&self, address: u64, word: u32) -> String {
        self.loaded_source_text(address)
            .map_or_else(|| self.disassembly(word), str::to_owned)
    }

    fn loaded_source_text(&self, address: u64) -> Option<&'a str> {
        let text = self.image().source_at(address)?;
        let code = &text[instruction_in_image(text)];
        (!code.is_empty()).then_some(code)
    }

    /// The word that the image has at an address.
    pub fn loaded_word(&self, address: u64) -> Option<u32> {
        let image = self.image();
        let segment = image.segment_at(address)?;
        let (blocks, base) = match segment {
            SegmentKind::Text => (&image.object.text.blocks, 0),
            SegmentKind::Data => (&image.object.data.blocks, image.base(segment)),
            SegmentKind::Bss => return None,
        };
        let offset = address.wrapping_sub(base);
        let after = blocks.partition_point(|b| b.offset <= offset);
        let block = &blocks[after.checked_sub(1)?];
        let start = usize::try_from(offset - block.offset).ok()?;
        let bytes = block.bytes.get(start..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    }

    /// The text of a word that needs no source.
    pub(crate) fn disassembly(&self, word: u32) -> String {
        self.isa.disassemble(word).unwrap_or_else(|| {
            let [a, b, c, d] = word.to_be_bytes();
            format!("{a:02X} {b:02X} {c:02X} {d:02X}")
        })
    }

    /// The names that the source line of an instruction uses for its registers.
    pub(crate) fn register_names(&self, address: u64, word: u32) -> Vec<(u8, &'a str)> {
        let Some(text) = self.source_text(address, word) else {
            return Vec::new();
        };
        let Some(decoded) = self.isa.decode(word) else {
            return Vec::new();
        };
        let disassembly = self.isa.write_decoded(decoded);
        let numbers = registers_in(&disassembly)
            .into_iter()
            .map(|number| number.parse().unwrap_or(0));
        let names = registers_in(text);
        // `(%p)` may be written for `0(%p)`, but registers can't be left out.
        if numbers.len() != names.len() {
            return Vec::new();
        }
        let is_name =
            |text: &str| text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '.'));
        numbers
            .zip(names)
            .filter(|(_, name)| is_name(name))
            .collect()
    }

    /// `%name`, or `%7` where the line doesn't name the register.
    pub(crate) fn register(names: &[(u8, &str)], number: u8) -> String {
        match names.iter().find(|(n, _)| *n == number) {
            Some((_, name)) => format!("%{name}"),
            None => format!("%{number}"),
        }
    }

    /// `%name (register 7)`, or `%7`.
    pub(crate) fn register_with_number(names: &[(u8, &str)], number: u8) -> String {
        match names.iter().find(|(n, _)| *n == number) {
            Some((_, name)) => format!("%{name} (register {number})"),
            None => format!("%{number}"),
        }
    }
}

/// The registers that an instruction reads or writes, each once, %0 not counted.
pub(crate) fn registers_of(isa: &Isa, decoded: Decoded) -> Vec<u8> {
    registers(isa, decoded, |_| true)
}

/// The registers that an instruction reads, each once, %0 not counted.
pub(crate) fn sources_of(isa: &Isa, decoded: Decoded) -> Vec<u8> {
    registers(isa, decoded, |parameter| parameter == Parameter::Source)
}

/// The registers whose values an instruction uses, and those that stand for a parameter that
/// `is_wanted`.
fn registers(isa: &Isa, decoded: Decoded, is_wanted: impl Fn(Parameter) -> bool) -> Vec<u8> {
    let format = isa.format_of(decoded.instruction);
    let field = |f| decoded.field(format, f);
    let mut registers = Vec::new();
    let mut note = |number: Option<u64>| {
        if let Some(number) = number.and_then(|n| u8::try_from(n).ok())
            && number != 0
            && !registers.contains(&number)
        {
            registers.push(number);
        }
    };
    for (parameter, argument) in isa.instruction(decoded.instruction).effect.arguments() {
        if parameter.is_register() && is_wanted(parameter) {
            let number = argument.evaluate_static(&field);
            note(number);
            if parameter == Parameter::DestinationPair {
                note(number.map(|n| n.wrapping_add(1)));
            }
        }
        argument.walk(&mut |part| {
            if let Expression::Register(number) = part {
                note(number.evaluate_static(&field));
            }
        });
    }
    registers
}

/// The instruction in a source line, without label, comment and white space around it.
///
/// A word in column 1 is a label, with or without a colon.
fn instruction_in_source(line: &str) -> Range<usize> {
    let name = name_length(line);
    let rest = line[name..].trim_start();
    let is_marked = name > 0 && rest.starts_with(':');
    code_in(line, line.len() - rest.len() + usize::from(is_marked))
}

/// The instruction in the text that an image keeps of it: it has no indentation, and a label before
/// it has its colon.
fn instruction_in_image(text: &str) -> Range<usize> {
    let name = name_length(text);
    let is_label = name > 0 && text[name..].starts_with(':');
    code_in(text, if is_label { name + 1 } else { 0 })
}

/// What is in a line from `start` on, without comment and white space around it.
fn code_in(line: &str, start: usize) -> Range<usize> {
    let end = comment_start(line).max(start);
    let code = line[start..end].trim_end();
    let indentation = code.len() - code.trim_start().len();
    start + indentation..start + code.len()
}

/// The length of the name that a line begins with, in bytes.
fn name_length(line: &str) -> usize {
    line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(line.len())
}

/// Where the comment of a source line starts, or its end.
fn comment_start(line: &str) -> usize {
    let mut quote = None;
    let mut characters = line.char_indices();
    while let Some((i, c)) = characters.next() {
        match quote {
            Some(_) if c == '\\' => _ = characters.next(),
            Some(q) if c == q => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == '#' => return i,
            None if c == '/' && line[i + 1..].starts_with(['/', '*']) => return i,
            Some(_) | None => {}
        }
    }
    line.len()
}

/// What stands behind each `%` that begins a register.
fn registers_in(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['%', '\'']) {
        let quoted = rest[at..].starts_with('\'');
        rest = &rest[at + 1..];
        if quoted {
            // A character: skip it with its closing quote.
            let escaped = usize::from(rest.starts_with('\\'));
            let end = rest
                .char_indices()
                .skip(1 + escaped)
                .find(|(_, c)| *c == '\'');
            rest = end.map_or("", |(i, _)| &rest[i + 1..]);
            continue;
        }
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
            .unwrap_or(rest.len());
        found.push(&rest[..end]);
        rest = &rest[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_found_between_label_and_comment() {
        let code = |line: &'static str| &line[instruction_in_source(line)];
        assert_eq!(code("loop:  addq 1, %a, %a   # next"), "addq 1, %a, %a");
        assert_eq!(code(".L2     getc %CALLEE1"), "getc %CALLEE1");
        assert_eq!(code("loop : jmp loop"), "jmp loop");
        assert_eq!(code("    putc '#' // one"), "putc '#'");
        assert_eq!(code("\tputc '\\''  /* two */"), "putc '\\''");
        assert_eq!(code("   # nothing"), "");
        assert_eq!(code("loop:"), "");
        assert_eq!(code("loop"), "");
        assert_eq!(code("# nothing"), "");
        assert_eq!(code(""), "");
    }

    #[test]
    fn the_text_in_an_image_has_no_indentation() {
        let code = |text: &'static str| &text[instruction_in_image(text)];
        assert_eq!(code("halt 0"), "halt 0");
        assert_eq!(code("loop: jmp loop # again"), "jmp loop");
        assert_eq!(code("loop:"), "");
        assert_eq!(code(""), "");
    }

    #[test]
    fn registers_are_what_follows_a_percent_sign_outside_characters() {
        assert_eq!(registers_in("movq -8(%FP), %x.1"), ["FP", "x.1"]);
        assert_eq!(registers_in("addq '%', %5, %x"), ["5", "x"]);
        assert_eq!(registers_in("putc '\\''"), [""; 0]);
    }

    #[test]
    fn the_sources_of_an_instruction_are_what_it_reads() {
        let isa = Isa::ulm();
        let divq = isa.decode(0x3301_0204).unwrap();
        assert_eq!(sources_of(isa, divq), [1, 2, 3]);
        let store = isa.decode(0x2001_0203).unwrap();
        assert_eq!(sources_of(isa, store), [2, 3, 1]);
    }

    #[test]
    fn a_division_uses_the_registers_beside_its_operands() {
        let isa = Isa::ulm();
        let divq = isa.decode(0x3301_0204).unwrap();
        assert_eq!(registers_of(isa, divq), [1, 2, 3, 4, 5, 6]);
        let idivq = isa.decode(0x3501_0204).unwrap();
        assert_eq!(registers_of(isa, idivq), [1, 2, 4, 5]);
    }
}
