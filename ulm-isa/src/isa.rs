//! The description of a machine, read and checked.

use std::ops::{Range, RangeInclusive};
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::effect::Effect;

/// The number of registers of every machine; `%0` always reads as 0.
pub const REGISTERS: u64 = 256;

/// The size of an instruction in bytes; an instruction's address is a multiple of it.
pub const INSTRUCTION_BYTES: u64 = 4;

/// How the bits of a field are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// `u`: an unsigned number, or a register number.
    Unsigned,
    /// `s`: a signed number, two's complement.
    Signed,
    /// `j`: a signed number of 4-byte words, shown and written in bytes.
    Jump,
}

/// A run of bits in an instruction word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the description.
    pub name: String,
    /// How its bits are read.
    pub kind: FieldKind,
    /// Its width, 1 ..= 32.
    pub bits: u32,
    /// The position of its lowest bit in the word, 0 ..= 31.
    pub shift: u32,
}

impl Field {
    /// The values that fit; in bytes, in steps of 4, for a jump distance.
    pub fn range(&self) -> RangeInclusive<i64> {
        match self.kind {
            FieldKind::Unsigned => 0..=(1i64 << self.bits) - 1,
            FieldKind::Signed => -(1i64 << (self.bits - 1))..=(1i64 << (self.bits - 1)) - 1,
            FieldKind::Jump => {
                let words = 1i64 << (self.bits - 1);
                -4 * words..=4 * (words - 1)
            }
        }
    }
}

/// Index of a field in its format; 0 is the opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIndex(pub u8);

/// How the 32 bits of a word divide into fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// Its name in the description.
    pub name: String,
    /// The fields from the most significant bit down. The first is the opcode.
    pub fields: Vec<Field>,
}

impl Format {
    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<FieldIndex> {
        self.fields
            .iter()
            .position(|f| f.name == name)
            .map(|i| FieldIndex(i as u8))
    }

    /// The bits of a word that belong to a field.
    pub fn used_bits(&self) -> u32 {
        self.fields
            .iter()
            .map(|f| (u32::MAX >> (32 - f.bits)) << f.shift)
            .fold(0, |a, b| a | b)
    }
}

/// A part of an operand list, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Piece {
    /// A punctuation mark, one of `% , ( ) [ ] { } $ @ :`.
    Punctuation(char),
    /// A number that must stand there.
    Number(u64),
    /// `%` and the number of a register.
    Register(FieldIndex),
    /// A number or an address.
    Immediate(FieldIndex),
}

/// A way to write an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its mnemonic.
    pub mnemonic: String,
    /// Its operands. A field of the format that is not among them is 0.
    pub pieces: Vec<Piece>,
}

impl Form {
    /// Whether the form has a place for `field`.
    pub fn mentions(&self, field: FieldIndex) -> bool {
        self.pieces
            .iter()
            .any(|p| matches!(p, Piece::Register(f) | Piece::Immediate(f) if *f == field))
    }
}

/// Index of a format in [`Isa::formats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FormatId(pub u16);

/// Index of an instruction in [`Isa::instructions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstructionId(pub u16);

/// An opcode with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The value of the opcode field.
    pub opcode: u32,
    /// The format of its words.
    pub format: FormatId,
    /// Its description for the manual: lines of text without their `#`; may be empty.
    pub help: String,
    /// The forms; the first is the one that the disassembler prints. Never empty.
    pub forms: Vec<Form>,
    /// What it does.
    pub effect: Effect,
    /// Where its head stands in the description, in bytes.
    pub span: Range<usize>,
}

/// A form of some instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FormRef {
    /// The instruction.
    pub instruction: InstructionId,
    /// Index in its forms.
    pub form: u16,
}

/// A machine.
#[derive(Debug, Clone)]
pub struct Isa {
    /// The formats in the order of the description.
    pub formats: Vec<Format>,
    /// The instructions in the order of the description.
    pub instructions: Vec<Instruction>,
    /// Introductions for the manual: mnemonic and text, in the order of the description.
    pub introductions: Vec<(String, String)>,
    /// The width of the opcode field.
    pub(crate) opcode_bits: u32,
    pub(crate) by_opcode: OpcodeTable,
    pub(crate) by_mnemonic: FxHashMap<String, Vec<FormRef>>,
}

/// From opcode to instruction.
#[derive(Debug, Clone)]
pub(crate) enum OpcodeTable {
    /// An entry for each value of a narrow opcode field.
    Dense(Vec<Option<InstructionId>>),
    /// For opcode fields of more than 12 bits.
    Sparse(FxHashMap<u32, InstructionId>),
}

impl Isa {
    /// The Ulm Lecture Machine.
    ///
    /// # Panics
    ///
    /// Never: a test reads the built-in description.
    pub fn ulm() -> &'static Self {
        static ULM: OnceLock<Isa> = OnceLock::new();
        ULM.get_or_init(|| {
            Self::parse(ULM_SOURCE).unwrap_or_else(|errors| {
                panic!("the built-in machine has errors: {}", errors[0]);
            })
        })
    }

    /// Reads a description; all errors in the order of the text, if there are any.
    pub fn parse(text: &str) -> Result<Self, Vec<crate::IsaError>> {
        crate::parse::parse(text)
    }

    pub(crate) fn new(
        formats: Vec<Format>,
        instructions: Vec<Instruction>,
        introductions: Vec<(String, String)>,
    ) -> Self {
        let opcode_bits = formats.first().map_or(8, |f| f.fields[0].bits);
        let opcodes = instructions
            .iter()
            .enumerate()
            .map(|(i, instruction)| (instruction.opcode, InstructionId(i as u16)));
        let by_opcode = if opcode_bits <= 12 {
            let mut table = vec![None; 1 << opcode_bits];
            for (opcode, id) in opcodes {
                table[opcode as usize] = Some(id);
            }
            OpcodeTable::Dense(table)
        } else {
            OpcodeTable::Sparse(opcodes.collect())
        };
        let mut by_mnemonic: FxHashMap<String, Vec<FormRef>> = FxHashMap::default();
        for (i, instruction) in instructions.iter().enumerate() {
            for (j, form) in instruction.forms.iter().enumerate() {
                by_mnemonic
                    .entry(form.mnemonic.clone())
                    .or_default()
                    .push(FormRef {
                        instruction: InstructionId(i as u16),
                        form: j as u16,
                    });
            }
        }
        Self {
            formats,
            instructions,
            introductions,
            opcode_bits,
            by_opcode,
            by_mnemonic,
        }
    }

    /// The instruction called `id`.
    pub fn instruction(&self, id: InstructionId) -> &Instruction {
        &self.instructions[id.0 as usize]
    }

    /// The format of an instruction.
    pub fn format_of(&self, id: InstructionId) -> &Format {
        &self.formats[self.instruction(id).format.0 as usize]
    }

    /// A form.
    pub fn form(&self, form: FormRef) -> &Form {
        &self.instruction(form.instruction).forms[form.form as usize]
    }

    /// All forms of a mnemonic, in the order of the description; empty if there is no such
    /// mnemonic.
    pub fn forms_of(&self, mnemonic: &str) -> &[FormRef] {
        self.by_mnemonic.get(mnemonic).map_or(&[], Vec::as_slice)
    }

    /// Every mnemonic once, in the order of the description.
    pub fn mnemonics(&self) -> Vec<&str> {
        let mut seen = rustc_hash::FxHashSet::default();
        self.instructions
            .iter()
            .flat_map(|i| &i.forms)
            .map(|f| f.mnemonic.as_str())
            .filter(|m| seen.insert(*m))
            .collect()
    }

    /// A form as the description writes it, with the names of its fields: `subq imm, %y, %z`.
    pub fn write_form(&self, form: FormRef) -> String {
        let format = self.format_of(form.instruction);
        let form = self.form(form);
        crate::disassemble::write_pieces(form, |piece| match piece {
            Piece::Register(f) => format!("%{}", format.fields[f.0 as usize].name),
            Piece::Immediate(f) => format.fields[f.0 as usize].name.clone(),
            Piece::Number(n) => n.to_string(),
            Piece::Punctuation(c) => c.to_string(),
        })
    }
}

/// The text of the built-in description.
pub const ULM_SOURCE: &str = include_str!("ulm.isa");
