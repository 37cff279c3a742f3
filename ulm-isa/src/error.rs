//! What can be wrong with a description.

use std::ops::Range;

use diagnostics::{Diagnostic, FileId, Location};

/// An error in an ISA description, with its place as a byte range of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct IsaError {
    /// What is wrong.
    pub kind: IsaErrorKind,
    /// Where.
    pub span: Range<usize>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IsaErrorKind {
    /// A token that can't stand here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What could stand here.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// A character that the language doesn't use.
    #[error("the character `{}` has no meaning here", visible(*.0))]
    StrayCharacter(char),
    /// A `/*` without its `*/`.
    #[error("a comment that is never closed")]
    UnterminatedComment,
    /// A number of more than 64 bits.
    #[error("the number is too large")]
    NumberTooLarge,
    /// Parentheses or operators nested too deep.
    #[error("the expression is nested too deep")]
    NestingTooDeep,
    /// A format that is not defined.
    #[error("there is no format `{name}`")]
    UnknownFormat {
        /// Its name.
        name: String,
        /// A format above with a name like that.
        near: Option<String>,
    },
    /// A format that is defined twice.
    #[error("the format `{name}` is defined twice")]
    DuplicateFormat {
        /// Its name.
        name: String,
        /// The first definition.
        first: Range<usize>,
    },
    /// A field that the format doesn't have.
    #[error("the format `{format}` has no operand field `{name}`")]
    UnknownField {
        /// The field's name.
        name: String,
        /// The format's name.
        format: String,
        /// The names of its fields.
        fields: Vec<String>,
    },
    /// Two fields of one format with the same name.
    #[error("the field `{0}` stands twice in this format")]
    DuplicateField(String),
    /// A field type other than `u`, `s`, `j`.
    #[error("`{0}` is not a type of field")]
    UnknownFieldType(String),
    /// A width of 0 or more than 32 bits.
    #[error("a field of {0} bits")]
    FieldWidth(u64),
    /// More than 32 bits in a format.
    #[error("the fields of this format take {0} bits together")]
    FormatTooWide(u64),
    /// The first field isn't `(OP u n)`.
    #[error("the first field of a format is its opcode, `(OP u n)`")]
    NoOpcodeField,
    /// Opcode fields of different widths.
    #[error("the opcode field has {here} bits here and {before} bits in other formats")]
    OpcodeWidth {
        /// Width in this format.
        here: u32,
        /// Width in the first format.
        before: u32,
        /// Where that is.
        first: Range<usize>,
    },
    /// An opcode that is already used.
    #[error("the opcode 0x{opcode:02X} is taken")]
    OpcodeTaken {
        /// The opcode.
        opcode: u64,
        /// The first instruction with it.
        first: Range<usize>,
    },
    /// An opcode that doesn't fit its field.
    #[error("the opcode 0x{opcode:02X} does not fit into {bits} bits")]
    OpcodeTooWide {
        /// The opcode.
        opcode: u64,
        /// The width of the field.
        bits: u32,
    },
    /// Some text would be a form of two instructions.
    #[error("this form of `{mnemonic}` fits two opcodes")]
    AmbiguousForm {
        /// The mnemonic.
        mnemonic: String,
        /// The other form.
        first: Range<usize>,
    },
    /// An instruction without a form.
    #[error("the instruction 0x{0:02X} has no form: nobody could write it")]
    NoForm(u64),
    /// An instruction without an effect.
    #[error("the instruction 0x{0:02X} has no effect")]
    NoEffect(u64),
    /// A form or an effect that belongs to nothing.
    #[error("{0} that belongs to no instruction")]
    OutsideInstruction(&'static str),
    /// A call of something that is not an effect.
    #[error("there is no effect `{0}`")]
    UnknownEffect(String),
    /// A name in an expression that is neither a field nor a constant nor a function.
    #[error("`{name}` is neither a field of `{format}` nor a constant")]
    UnknownName {
        /// The name.
        name: String,
        /// The format.
        format: String,
        /// What could have been meant.
        candidates: Vec<String>,
    },
    /// A name in `ulm_statusReg[…]` that is not a flag.
    #[error("there is no flag `{0}`")]
    UnknownFlag(String),
    /// A number of arguments that the effect doesn't take.
    #[error("`{name}` takes {expected} argument{}, found {found}", plural(*.expected))]
    ArgumentCount {
        /// The effect or function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An argument that must be known from the word alone, and isn't.
    #[error("{0} may depend on fields and numbers only")]
    NotStatic(&'static str),
    /// A constant argument that is out of its range.
    #[error("{what} can't be {}", *.value as i64)]
    BadArgument {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: u64,
    },
    /// More formats, instructions or forms than this program can count.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// Not a single instruction.
    #[error("the description has no instruction")]
    Empty,
}

/// What the destination of an effect is that writes two registers.
pub(crate) const FIRST_OF_PAIR: &str = "the first of two registers";

/// A character as it is, if it can be seen.
fn visible(c: char) -> String {
    if c.is_control() {
        c.escape_debug().to_string()
    } else {
        c.to_string()
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl IsaErrorKind {
    /// The code that `explain` takes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "I0101",
            Self::StrayCharacter(_) => "I0102",
            Self::UnterminatedComment => "I0103",
            Self::NumberTooLarge => "I0104",
            Self::NestingTooDeep => "I0105",
            Self::UnknownFormat { .. } => "I0201",
            Self::DuplicateFormat { .. } => "I0202",
            Self::UnknownField { .. } => "I0203",
            Self::DuplicateField(_) => "I0204",
            Self::UnknownFieldType(_) => "I0205",
            Self::FieldWidth(_) => "I0206",
            Self::FormatTooWide(_) => "I0207",
            Self::NoOpcodeField => "I0208",
            Self::OpcodeWidth { .. } => "I0209",
            Self::OpcodeTaken { .. } => "I0301",
            Self::OpcodeTooWide { .. } => "I0302",
            Self::AmbiguousForm { .. } => "I0303",
            Self::NoForm(_) => "I0304",
            Self::NoEffect(_) => "I0305",
            Self::OutsideInstruction(_) => "I0306",
            Self::TooMany(_) => "I0307",
            Self::Empty => "I0308",
            Self::UnknownEffect(_) => "I0401",
            Self::UnknownName { .. } => "I0402",
            Self::ArgumentCount { .. } => "I0403",
            Self::NotStatic(_) => "I0404",
            Self::BadArgument { .. } => "I0405",
            Self::UnknownFlag(_) => "I0406",
        }
    }
}

impl IsaError {
    /// The error as a message about `file`.
    pub fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let at = |span: &Range<usize>| Location::new(file, span.clone());
        let near = |name: &str, candidates: &[String]| {
            diagnostics::nearest(name, candidates.iter().map(String::as_str)).map(str::to_owned)
        };
        let error = |label: String| {
            Diagnostic::error(self.kind.code(), self.to_string(), at(&self.span), label)
        };
        let suggest = |diagnostic: Diagnostic, name: Option<String>| match name {
            Some(name) => {
                diagnostic.with_repair(format!("did you mean `{name}`?"), at(&self.span), name)
            }
            None => diagnostic,
        };
        match &self.kind {
            IsaErrorKind::Unexpected { expected, .. } => error(format!("expected {expected}")),
            IsaErrorKind::StrayCharacter(_) => error("not used by the language".into()),
            IsaErrorKind::UnterminatedComment => error("opened here".into()),
            IsaErrorKind::NumberTooLarge => error("at most 2^64 - 1".into()),
            IsaErrorKind::NestingTooDeep => error("nested more than 200 deep".into()),
            IsaErrorKind::UnknownFormat { near, .. } => {
                suggest(error("no line above defines it".into()), near.clone())
            }
            IsaErrorKind::DuplicateFormat { first, .. } => error("defined again here".into())
                .with_note_at("the first definition", at(first), ""),
            IsaErrorKind::UnknownField { name, fields, .. } => suggest(
                error(if fields.is_empty() {
                    "it has an opcode only".into()
                } else {
                    format!("its operands: {}", fields.join(", "))
                }),
                near(name, fields),
            ),
            IsaErrorKind::DuplicateField(_) => error("the second one".into()),
            IsaErrorKind::UnknownFieldType(_) => {
                error("u (unsigned), s (signed) or j (jump distance)".into())
            }
            IsaErrorKind::FieldWidth(_) => error("from 1 to 32 bits".into()),
            IsaErrorKind::FormatTooWide(_) => error("a word has 32 bits".into()),
            IsaErrorKind::NoOpcodeField => error("expected `(OP u 8)` or another width".into()),
            IsaErrorKind::OpcodeWidth { first, .. } => error(
                "the opcode has one width in all formats".into(),
            )
            .with_note_at("the first format", at(first), ""),
            IsaErrorKind::OpcodeTaken { first, .. } => error("used again here".into())
                .with_note_at("the first instruction with this opcode", at(first), ""),
            IsaErrorKind::OpcodeTooWide { bits, .. } => {
                error(format!("at most 0x{:X}", u32::MAX >> (32 - bits)))
            }
            IsaErrorKind::AmbiguousForm { first, .. } => error(
                "the assembler could not choose".into(),
            )
            .with_note_at("the other form", at(first), ""),
            IsaErrorKind::NoForm(_) => error("a form is a line like `: halt imm`".into()),
            IsaErrorKind::NoEffect(_) => {
                error("an indented line, at least `;`, says what it does".into())
            }
            IsaErrorKind::OutsideInstruction(_) => {
                error("a line like `0x01 FORMAT` must come first".into())
            }
            IsaErrorKind::TooMany(_) => error("one too many".into()),
            IsaErrorKind::Empty => error("a line like `0x01 FORMAT` begins one".into()),
            IsaErrorKind::UnknownEffect(name) => {
                let names = crate::effect::OPERATIONS.iter().map(|o| o.0);
                suggest(
                    error("unknown effect".into()),
                    diagnostics::nearest(name, names).map(str::to_owned),
                )
            }
            IsaErrorKind::UnknownName {
                name, candidates, ..
            } => suggest(
                error(format!("known here: {}", candidates.join(", "))),
                near(name, candidates),
            ),
            IsaErrorKind::UnknownFlag(name) => {
                let names = crate::parse::FLAGS.map(|flag| flag.0);
                suggest(
                    error(format!("the flags: {}", names.join(", "))),
                    diagnostics::nearest(name, names).map(str::to_owned),
                )
            }
            IsaErrorKind::ArgumentCount { expected, .. } => {
                error(format!("expected {expected} argument{}", plural(*expected)))
            }
            IsaErrorKind::NotStatic(_) => error("this is known only when it runs".into()),
            IsaErrorKind::BadArgument { what, .. } => error(
                match *what {
                    "a number of bytes" => "1, 2, 4 or 8",
                    "an extension" => "ULM_ZERO_EXT or ULM_SIGN_EXT",
                    FIRST_OF_PAIR => "the one behind it is written, too, and %255 is the last",
                    _ => "registers are numbered from 0 to 255",
                }
                .into(),
            ),
        }
    }
}

/// A name, shortened if it is absurdly long: it stands in many messages.
pub(crate) fn clip(name: &str) -> String {
    match name.char_indices().nth(64) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}…", &name[..end]),
    }
}
