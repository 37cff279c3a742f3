//! The manual of a machine, made from its description: Markdown, HTML, and a page of plain text for
//! each mnemonic.
//!
//! All three show the same facts: the mnemonics in the order of the file, each with its
//! introduction and its instructions; of an instruction its forms, opcode, word layout, description,
//! effect, and the flags that it writes and reads.

mod html;
mod markdown;
mod text;

use crate::effect::Flag;
use crate::isa::{Field, FieldIndex, FieldKind, Form, FormRef, Format, InstructionId, Isa, Piece};
use crate::notation::Notation;

impl Isa {
    /// The manual as one page of Markdown.
    pub fn manual_markdown(&self) -> String {
        markdown::manual(self)
    }

    /// The manual as one page of HTML that needs nothing else: no scripts, no network.
    pub fn manual_html(&self) -> String {
        html::manual(self)
    }

    /// What there is to know about a mnemonic, as plain text; `None` if there is no such mnemonic.
    pub fn show(&self, mnemonic: &str) -> Option<String> {
        text::show(self, mnemonic)
    }
}

/// A mnemonic with its instructions.
struct Group<'a> {
    /// The mnemonic of the first form of each instruction.
    mnemonic: &'a str,
    /// Other mnemonics for the same forms.
    aliases: Vec<&'a str>,
    /// Paragraphs, from the description.
    introduction: Vec<String>,
    instructions: Vec<InstructionId>,
}

impl Group<'_> {
    /// `jz = je`
    fn title(&self) -> String {
        let mut title = self.mnemonic.to_owned();
        for alias in &self.aliases {
            title += " = ";
            title += alias;
        }
        title
    }
}

/// The mnemonics in the order of their first instructions.
fn groups(isa: &Isa) -> Vec<Group<'_>> {
    let mut order: Vec<&str> = Vec::new();
    let mut members: rustc_hash::FxHashMap<&str, Vec<InstructionId>> =
        rustc_hash::FxHashMap::default();
    for (i, instruction) in isa.instructions.iter().enumerate() {
        let mnemonic = instruction.forms[0].mnemonic.as_str();
        let group = members.entry(mnemonic).or_default();
        if group.is_empty() {
            order.push(mnemonic);
        }
        group.push(InstructionId(i as u16));
    }
    let mut introductions: rustc_hash::FxHashMap<&str, Vec<String>> =
        rustc_hash::FxHashMap::default();
    for (name, text) in &isa.introductions {
        let entry = introductions.entry(name.as_str()).or_default();
        entry.extend(paragraphs(text));
    }
    order
        .into_iter()
        .map(|mnemonic| {
            let instructions = members.remove(mnemonic).unwrap_or_default();
            let aliases = aliases(isa, mnemonic, &instructions);
            let introduction = std::iter::once(mnemonic)
                .chain(aliases.iter().copied())
                .filter_map(|name| introductions.remove(name))
                .flatten()
                .collect();
            Group {
                mnemonic,
                aliases,
                introduction,
                instructions,
            }
        })
        .collect()
}

/// The mnemonics that may stand for `mnemonic` in each of its forms of these instructions.
fn aliases<'a>(isa: &'a Isa, mnemonic: &str, instructions: &[InstructionId]) -> Vec<&'a str> {
    let forms = |id: &InstructionId| isa.instruction(*id).forms.iter();
    let Some(first) = instructions.first() else {
        return Vec::new();
    };
    let mut aliases: Vec<&str> = Vec::new();
    for candidate in forms(first).map(|form| form.mnemonic.as_str()) {
        if candidate == mnemonic || aliases.contains(&candidate) {
            continue;
        }
        let has = |id: &InstructionId, name: &str, pieces: &[Piece]| {
            forms(id).any(|form| form.mnemonic == name && form.pieces == pieces)
        };
        let is_alias = instructions.iter().all(|id| {
            forms(id).all(|form| {
                (form.mnemonic != mnemonic || has(id, candidate, &form.pieces))
                    && (form.mnemonic != candidate || has(id, mnemonic, &form.pieces))
            })
        });
        if is_alias {
            aliases.push(candidate);
        }
    }
    aliases
}

/// The facts about an instruction, ready to be shown.
struct Entry {
    /// `0x1B`
    opcode: String,
    format: String,
    forms: Vec<String>,
    layout: Vec<Row>,
    description: Vec<String>,
    effect: Notation,
    flags: String,
}

/// A field of a word, or a run of unused bits.
struct Row {
    name: String,
    bits: u32,
    /// The number of its lowest bit.
    shift: u32,
    /// What it holds, with its range.
    holds: String,
}

impl Row {
    /// `31 … 24`
    fn place(&self) -> String {
        match self.bits {
            1 => self.shift.to_string(),
            bits => format!("{} … {}", self.shift + bits - 1, self.shift),
        }
    }

    fn width(&self) -> String {
        match self.bits {
            1 => "1 bit".into(),
            bits => format!("{bits} bits"),
        }
    }
}

fn entry(isa: &Isa, id: InstructionId) -> Entry {
    let instruction = isa.instruction(id);
    let format = isa.format_of(id);
    let forms = (0..instruction.forms.len()).map(|form| {
        let form = FormRef {
            instruction: id,
            form: form as u16,
        };
        with_conditions(isa, form)
    });
    let opcode = hexadecimal(instruction.opcode, isa.opcode_bits);
    let layout = layout(format, |field| match field.0 {
        0 => opcode.clone(),
        _ => holds(&instruction.forms, format, field),
    });
    Entry {
        format: format.name.clone(),
        forms: forms.collect(),
        layout,
        description: paragraphs(&instruction.help),
        effect: isa.notation(id),
        flags: flags(isa, id),
        opcode,
    }
}

/// A form, and what it says about fields that it leaves out: `movq (%base), %dest    (disp = 0)`.
fn with_conditions(isa: &Isa, form: FormRef) -> String {
    let fields = &isa.format_of(form.instruction).fields;
    let left_out: Vec<String> = (1..fields.len())
        .filter(|&i| !isa.form(form).mentions(FieldIndex(i as u8)))
        .map(|i| format!("{} = 0", fields[i].name))
        .collect();
    let text = isa.write_form(form);
    if left_out.is_empty() {
        text
    } else {
        format!("{text}    ({})", left_out.join(", "))
    }
}

fn hexadecimal(opcode: u32, bits: u32) -> String {
    format!("0x{opcode:0width$X}", width = bits.div_ceil(4) as usize)
}

/// The fields of a format with the unused bits, from the most significant bit down.
fn layout(format: &Format, holds: impl Fn(FieldIndex) -> String) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (i, field) in format.fields.iter().enumerate() {
        rows.push(Row {
            name: field.name.clone(),
            bits: field.bits,
            shift: field.shift,
            holds: holds(FieldIndex(i as u8)),
        });
    }
    let unused = rows.last().map_or(32, |last| last.shift);
    if unused > 0 {
        rows.push(Row {
            name: "-".into(),
            bits: unused,
            shift: 0,
            holds: "unused".into(),
        });
    }
    rows
}

/// What an operand field holds.
fn holds(forms: &[Form], format: &Format, field: FieldIndex) -> String {
    let is_register = forms
        .iter()
        .any(|form| form.pieces.contains(&Piece::Register(field)));
    let field = &format.fields[field.0 as usize];
    if is_register {
        format!("register, {}", range(field))
    } else {
        format!("{}, {}", kind(field), range(field))
    }
}

fn kind(field: &Field) -> &'static str {
    match field.kind {
        FieldKind::Unsigned => "unsigned",
        FieldKind::Signed => "signed",
        FieldKind::Jump => "distance in bytes, a multiple of 4",
    }
}

fn range(field: &Field) -> String {
    let (low, high) = field.range().into_inner();
    format!("{low} … {high}")
}

/// The flags that an instruction writes and reads.
fn flags(isa: &Isa, id: InstructionId) -> String {
    let effect = &isa.instruction(id).effect;
    let mut sentences = Vec::new();
    let meanings = effect.flag_meanings();
    if !meanings.is_empty() {
        let meanings: Vec<String> = meanings
            .iter()
            .map(|(flag, meaning)| format!("{} ({meaning})", flag.name()))
            .collect();
        sentences.push(format!("writes {}", meanings.join(", ")));
    }
    let read: Vec<&str> = effect.flags_read().into_iter().map(Flag::name).collect();
    if !read.is_empty() {
        sentences.push(format!("reads {}", read.join(", ")));
    }
    if sentences.is_empty() {
        "neither written nor read".into()
    } else {
        sentences.join("; ")
    }
}

/// The blocks of a comment between its empty lines.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current = String::new();
    for line in text.lines().chain([""]) {
        let line = line.trim();
        if !line.is_empty() {
            if !current.is_empty() {
                current.push('\n');
            }
            current += line;
        } else if !current.is_empty() {
            paragraphs.push(std::mem::take(&mut current));
        }
    }
    paragraphs
}

/// The opcodes of a machine, for an overview.
enum OpcodeMap<'a> {
    /// By the first and the second hexadecimal digit, for opcodes of 8 bits.
    Square(Vec<[Option<&'a str>; 16]>),
    /// Opcode, form and mnemonic, by opcode.
    List(Vec<(String, String, &'a str)>),
}

fn opcode_map(isa: &Isa) -> OpcodeMap<'_> {
    if isa.opcode_bits == 8 {
        let mut square = vec![[None; 16]; 16];
        for instruction in &isa.instructions {
            let (row, column) = (instruction.opcode >> 4, instruction.opcode & 15);
            square[row as usize][column as usize] = Some(instruction.forms[0].mnemonic.as_str());
        }
        return OpcodeMap::Square(square);
    }
    let mut ids: Vec<InstructionId> = (0..isa.instructions.len())
        .map(|i| InstructionId(i as u16))
        .collect();
    ids.sort_by_key(|&id| isa.instruction(id).opcode);
    let rows = ids.into_iter().map(|id| {
        let form = FormRef {
            instruction: id,
            form: 0,
        };
        let opcode = hexadecimal(isa.instruction(id).opcode, isa.opcode_bits);
        (
            opcode,
            isa.write_form(form),
            isa.form(form).mnemonic.as_str(),
        )
    });
    OpcodeMap::List(rows.collect())
}

/// What the manual says about the machine as a whole.
fn summary(isa: &Isa) -> String {
    format!(
        "An instruction is a word of 32 bits, read big endian from an address that is divisible \
         by 4. Its top {} bits are the opcode; bits of no field are ignored. There are {} \
         instructions with {} mnemonics in {} formats, and 256 registers of 64 bits: %0 is always \
         0. The flags are ZF (zero), CF (carry), SF (sign) and OF (signed overflow). IP is the \
         address of the instruction.",
        isa.opcode_bits,
        isa.instructions.len(),
        isa.mnemonics().len(),
        isa.formats.len()
    )
}
