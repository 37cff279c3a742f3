//! What can be wrong with a source file: one enum for errors, one for warnings, all wording here.

use std::ops::RangeInclusive;

use diagnostics::FileId;

use crate::expression::Operator;
use crate::statement::Span;

mod message;

/// What the lexer can't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LexicalError {
    #[default]
    Stray,
    UnterminatedString,
    UnterminatedComment,
    UnterminatedCharacter,
    UnknownEscape,
    EscapeTooLarge,
    NumberTooLarge,
    BadNumber,
}

/// An error with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AssemblyError {
    pub(crate) span: Span,
    // Errors are rare and large, results are frequent.
    pub(crate) kind: Box<ErrorKind>,
}

impl AssemblyError {
    pub(crate) fn new(span: Span, kind: ErrorKind) -> Self {
        Self {
            span,
            kind: Box::new(kind),
        }
    }
}

/// A text to put at a place of the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: String,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ErrorKind {
    // Lines and operands
    #[error("expected {expected}, found {found}")]
    Unexpected {
        expected: &'static str,
        found: String,
        repair: Option<Repair>,
    },
    #[error("there is no instruction `{name}`")]
    UnknownMnemonic { name: String, help: UnknownHelp },
    #[error("there is no directive `{name}`")]
    UnknownDirective {
        name: String,
        repair: Option<Repair>,
    },
    #[error("missing comma between operands")]
    MissingComma { edits: Vec<Edit> },
    #[error("the operands of `{mnemonic}` are in the wrong order")]
    WrongOrder {
        mnemonic: String,
        form: String,
        /// What it is a form of, and what that does, if a line can say it.
        instruction: ulm_isa::InstructionId,
        effect: Option<String>,
        corrected: Edit,
    },
    #[error("`{mnemonic}` takes {expected}, found {found}")]
    OperandCount {
        mnemonic: String,
        expected: String,
        found: usize,
        forms: Vec<String>,
        repair: Option<Repair>,
    },
    #[error("`{mnemonic}` can't be used with these operands")]
    NoSuchForm {
        mnemonic: String,
        forms: Vec<String>,
        /// What the operand must be, if it is a single one that does not fit.
        expected: Option<String>,
        /// Other instructions that take these operands.
        others: Vec<String>,
        repair: Option<Repair>,
    },
    #[error("a register without `%`")]
    MissingPercent { edits: Vec<Edit> },
    #[error("the {what} `{name}` begins in column 1")]
    InFirstColumn { what: &'static str, name: String },
    #[error("the label `{name}` is indented")]
    IndentedLabel { name: String, indentation: Span },
    #[error("missing `)`")]
    MissingParenthesis { open: Span, found: String },
    #[error("`)` without `(`")]
    UnopenedParenthesis { repair: Option<Repair> },
    #[error("the expression is nested too deep")]
    NestingTooDeep,
    #[error("`@` picks a word with `w0`, `w1`, `w2` or `w3`")]
    UnknownWord,
    #[error("a 16-bit word of a word of an address")]
    WordOfWord,
    #[error("no form of `{mnemonic}` has {found} here")]
    WrongConstant {
        mnemonic: String,
        found: i128,
        allowed: Vec<u64>,
    },

    // Characters, strings and numbers
    #[error("{}", stray(*.character, *.ascii))]
    StrayCharacter {
        character: char,
        ascii: Option<char>,
        /// What repairs the line: for all look-alikes in it at once.
        edits: Vec<Edit>,
    },
    #[error("the string is not closed")]
    UnterminatedString {
        /// A character at its end that only looks like the quote.
        look_alike: Option<(char, Span)>,
    },
    #[error("the comment is not closed")]
    UnterminatedComment,
    #[error("the character is not closed")]
    UnterminatedCharacter { text: String },
    #[error("there is no escape `{text}`")]
    UnknownEscape { text: String },
    #[error("the escape `{text}` is more than a byte")]
    EscapeTooLarge { text: String },
    #[error("the number is too large")]
    NumberTooLarge,
    #[error("`{text}` is not a number")]
    BadNumber { text: String },
    #[error("there is no character between the quotes")]
    EmptyCharacter,
    #[error("{}", too_long(*.is_one_character, *.bytes))]
    CharacterTooLong {
        is_one_character: bool,
        bytes: usize,
    },
    #[error("the file is not UTF-8")]
    NotUtf8 { places: usize },
    #[error("the file is larger than 4 GiB")]
    FileTooLarge,

    // Symbols
    #[error("`{name}` is not defined")]
    Undefined {
        name: String,
        near: Option<String>,
        more: usize,
        is_target: bool,
        /// Another file that has such a name, for itself alone.
        elsewhere: Option<(FileId, Span)>,
    },
    #[error("there is no register `%{name}`")]
    UndefinedRegister {
        name: String,
        near: Option<String>,
        more: usize,
    },
    #[error("`{name}` is defined twice")]
    DefinedTwice { name: String, first: Span },
    #[error("`{name}` is defined in two files")]
    DefinedInTwoFiles {
        name: String,
        first_file: FileId,
        first: Span,
    },
    #[error("the definition of `{name}` leads back to itself")]
    Circular { name: String },
    #[error("`{name}` is declared global but not defined")]
    UndefinedGlobal { name: String, near: Option<String> },

    // Values
    #[error("{value} does not fit into {bits} bits")]
    OutOfRange {
        value: i128,
        bits: u32,
        range: RangeInclusive<i128>,
        what: &'static str,
        help: Option<String>,
    },
    #[error("the address {} does not fit into {bits} bits", signed_hex(*.value))]
    AddressOutOfRange {
        value: i128,
        bits: u32,
        range: RangeInclusive<i128>,
        wide: Option<String>,
    },
    #[error("there is no register %{value}")]
    RegisterOutOfRange { value: i128, last: i64 },
    #[error("`{mnemonic}` would use the registers up to %{last}")]
    PairPastEnd { mnemonic: String, last: u64 },
    #[error("the jump is too far: {distance} bytes")]
    JumpTooFar {
        distance: i128,
        range: RangeInclusive<i128>,
    },
    #[error("the jump distance {distance} is not a multiple of 4")]
    JumpNotMultipleOfFour { distance: i128, is_number: bool },
    #[error("division by zero")]
    DivisionByZero,
    #[error("the value of this expression is too large")]
    Overflow,
    #[error("the difference of addresses of two segments")]
    AddressesOfTwoSegments,
    #[error("`{}` with {}", operator_text(*.operator), address_or_word(*.is_word))]
    AddressArithmetic { operator: Operator, is_word: bool },
    #[error("{} can't be {what}", address_or_word(*.is_word))]
    AddressAsNumber { what: &'static str, is_word: bool },
    #[error("{what} must be known here")]
    NotKnownHere {
        what: &'static str,
        /// What it depends on, with its definition if that is in this file.
        name: String,
        definition: Option<Span>,
    },
    #[error("{what} can't be {value}")]
    BadCount { what: &'static str, value: i128 },
    #[error("`.bss` holds nothing but zeros")]
    DataInBss { what: &'static str },
    #[error("the segment is larger than the address space")]
    SegmentTooLarge,
}

/// A correction with the words that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(crate) text: String,
    pub(crate) edits: Vec<Edit>,
}

impl Repair {
    pub(crate) fn new(text: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            edits: vec![Edit {
                span,
                text: replacement.into(),
            }],
        }
    }
}

/// What helps where there is no such instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnknownHelp {
    /// Another word repairs it.
    Repair(Repair),
    /// Advice in words.
    Words(String),
}

fn stray(character: char, ascii: Option<char>) -> String {
    match (ascii, character) {
        (Some(' '), _) => format!(
            "the character {} only looks like a space",
            code_of(character)
        ),
        (Some(ascii), _) => format!("the character `{character}` only looks like `{ascii}`"),
        (None, '`') => "the character '`' has no meaning here".into(),
        (None, _) if is_invisible(character) => {
            format!(
                "the invisible character {} has no meaning here",
                code_of(character)
            )
        }
        (None, _) => format!("the character `{character}` has no meaning here"),
    }
}

fn code_of(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn is_invisible(character: char) -> bool {
    let escaped = character.escape_debug().next() == Some('\\');
    escaped && !matches!(character, '\\' | '"' | '\'')
        || matches!(
            character,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
        )
}

fn too_long(is_one_character: bool, bytes: usize) -> String {
    if is_one_character {
        format!("this character takes {bytes} bytes")
    } else {
        "more than one character between single quotes".into()
    }
}

fn address_or_word(is_word: bool) -> &'static str {
    if is_word {
        "a word of an address"
    } else {
        "an address"
    }
}

/// Addresses are shown in hex, but none is negative.
fn signed_hex(value: i128) -> String {
    if value < 0 {
        value.to_string()
    } else {
        format!("{value:#x}")
    }
}

fn operator_text(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Remainder => "%",
    }
}

impl ErrorKind {
    /// An error of the lexer at a token with this text.
    pub(crate) fn lexical(error: LexicalError, text: &str) -> Self {
        match error {
            LexicalError::Stray => {
                let character = text.chars().next().unwrap_or('\u{FFFD}');
                Self::StrayCharacter {
                    character,
                    ascii: look_alike(character),
                    edits: Vec::new(),
                }
            }
            LexicalError::UnterminatedString => Self::UnterminatedString { look_alike: None },
            LexicalError::UnterminatedComment => Self::UnterminatedComment,
            LexicalError::UnterminatedCharacter => Self::UnterminatedCharacter {
                text: text.to_owned(),
            },
            LexicalError::UnknownEscape => Self::UnknownEscape {
                text: text.to_owned(),
            },
            LexicalError::EscapeTooLarge => Self::EscapeTooLarge {
                text: text.to_owned(),
            },
            LexicalError::NumberTooLarge => Self::NumberTooLarge,
            LexicalError::BadNumber => Self::BadNumber {
                text: text.to_owned(),
            },
        }
    }

    /// The code that `explain` takes.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "U0101",
            Self::UnknownMnemonic { .. } => "U0102",
            Self::UnknownDirective { .. } => "U0103",
            Self::MissingComma { .. } => "U0104",
            Self::WrongOrder { .. } => "U0105",
            Self::OperandCount { .. } => "U0106",
            Self::NoSuchForm { .. } => "U0107",
            Self::MissingPercent { .. } => "U0108",
            Self::InFirstColumn { .. } => "U0109",
            Self::IndentedLabel { .. } => "U0110",
            Self::MissingParenthesis { .. } => "U0111",
            Self::NestingTooDeep => "U0112",
            Self::UnknownWord => "U0113",
            Self::WordOfWord => "U0114",
            Self::WrongConstant { .. } => "U0115",
            Self::UnopenedParenthesis { .. } => "U0116",
            Self::StrayCharacter { .. } => "U0201",
            Self::UnterminatedString { .. } => "U0202",
            Self::UnterminatedComment => "U0203",
            Self::UnterminatedCharacter { .. } => "U0204",
            Self::UnknownEscape { .. } => "U0205",
            Self::EscapeTooLarge { .. } => "U0206",
            Self::NumberTooLarge => "U0207",
            Self::BadNumber { .. } => "U0208",
            Self::EmptyCharacter => "U0209",
            Self::CharacterTooLong { .. } => "U0210",
            Self::NotUtf8 { .. } => "U0211",
            Self::FileTooLarge => "U0212",
            Self::Undefined { .. } => "U0301",
            Self::UndefinedRegister { .. } => "U0302",
            Self::DefinedTwice { .. } => "U0303",
            Self::DefinedInTwoFiles { .. } => "U0304",
            Self::Circular { .. } => "U0305",
            Self::UndefinedGlobal { .. } => "U0306",
            Self::OutOfRange { .. } => "U0401",
            Self::AddressOutOfRange { .. } => "U0402",
            Self::RegisterOutOfRange { .. } => "U0403",
            Self::PairPastEnd { .. } => "U0404",
            Self::JumpTooFar { .. } => "U0405",
            Self::JumpNotMultipleOfFour { .. } => "U0406",
            Self::DivisionByZero => "U0407",
            Self::Overflow => "U0408",
            Self::AddressesOfTwoSegments => "U0409",
            Self::AddressArithmetic { .. } => "U0410",
            Self::AddressAsNumber { .. } => "U0411",
            Self::NotKnownHere { .. } => "U0501",
            Self::BadCount { .. } => "U0502",
            Self::DataInBss { .. } => "U0503",
            Self::SegmentTooLarge => "U0504",
        }
    }
}

/// `a, b or c`
pub(crate) fn any_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

/// The ASCII character that another one is easily taken for.
pub(crate) fn look_alike(character: char) -> Option<char> {
    Some(match character {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '〃' => '"',
        '‘' | '’' | '‚' | '‛' | '′' | '´' => '\'',
        '–' | '—' | '−' | '‐' | '‑' | '‒' | '―' | '﹣' => '-',
        '×' | '∗' | '⋅' => '*',
        '÷' | '∕' | '⁄' => '/',
        '，' | '、' => ',',
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            ' '
        }
        // The full-width forms, in the order of ASCII.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFF01 + u32::from('!'))?,
        '\u{37E}' => ';',
        _ => return None,
    })
}

/// What a program probably doesn't mean.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WarningKind {
    #[error("this is never executed")]
    Unreachable { before: Span, mnemonic: String },
    #[error("execution runs into data")]
    FallsIntoData { data: Span },
    #[error("execution runs past the end of the text")]
    FallsOffEnd,
    #[error("the label `{name}` is never used")]
    UnusedLabel { name: String, is_mnemonic: bool },
    #[error("`{name}` and `{other}` are both %{register}")]
    SharedRegister {
        name: String,
        other: String,
        register: u64,
        first: Span,
    },
}

/// A warning with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) span: Span,
    pub(crate) kind: WarningKind,
}

impl WarningKind {
    /// The code that `explain` takes.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "U0701",
            Self::FallsIntoData { .. } => "U0702",
            Self::FallsOffEnd => "U0703",
            Self::UnusedLabel { .. } => "U0704",
            Self::SharedRegister { .. } => "U0705",
        }
    }
}
