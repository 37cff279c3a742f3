//! What can be wrong with a source file: one enum for errors, one for warnings, all wording here.

use std::ops::RangeInclusive;

use diagnostics::{Diagnostic, FileId, Location};

use crate::expression::Operator;
use crate::statement::Span;

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
    },
    #[error("there is no instruction `{name}`")]
    UnknownMnemonic { name: String, near: Option<String> },
    #[error("there is no directive `{name}`")]
    UnknownDirective { name: String, near: Option<String> },
    #[error("missing comma between operands")]
    MissingComma { edits: Vec<Edit> },
    #[error("the operands of `{mnemonic}` are in the wrong order")]
    WrongOrder {
        mnemonic: String,
        forms: Vec<String>,
        corrected: Edit,
    },
    #[error("`{mnemonic}` takes {expected}, found {found}")]
    OperandCount {
        mnemonic: String,
        expected: String,
        found: usize,
        forms: Vec<String>,
    },
    #[error("`{mnemonic}` can't be used with these operands")]
    NoSuchForm {
        mnemonic: String,
        forms: Vec<String>,
    },
    #[error("a register without `%`")]
    MissingPercent {
        mnemonic: String,
        edits: Vec<Edit>,
        forms: Vec<String>,
    },
    #[error("{what} `{name}` in column 1")]
    InFirstColumn { what: &'static str, name: String },
    #[error("the label `{name}` is indented")]
    IndentedLabel { name: String, indentation: Span },
    #[error("missing `)`")]
    MissingParenthesis { open: Span, found: String },
    #[error("the expression is nested too deep")]
    NestingTooDeep,
    #[error("there is no such word selector")]
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
    },
    #[error("the string is not closed")]
    UnterminatedString,
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
    #[error("a character literal without a character")]
    EmptyCharacter,
    #[error("a character literal of {bytes} bytes")]
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
    },
    #[error("the address {value:#x} does not fit into {bits} bits")]
    AddressOutOfRange {
        value: i128,
        bits: u32,
        range: RangeInclusive<i128>,
        wide: Option<String>,
    },
    #[error("there is no register %{value}")]
    RegisterOutOfRange { value: i128, last: i64 },
    #[error("`{mnemonic}` needs the registers up to %{last}")]
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
    #[error("`{}` with an address", operator_text(*.operator))]
    AddressArithmetic { operator: Operator, address: Span },
    #[error("an address as the number of a register")]
    AddressAsRegister,
    #[error("{0} must be known here")]
    NotKnownHere(&'static str),
    #[error("{what} can't be {value}")]
    BadCount { what: &'static str, value: i128 },
    #[error("`.bss` holds nothing but zeros")]
    DataInBss { what: &'static str },
    #[error("the segment is larger than the address space")]
    SegmentTooLarge,
}

fn stray(character: char, ascii: Option<char>) -> String {
    match ascii {
        Some(ascii) => format!("the character `{character}` only looks like `{ascii}`"),
        None => format!(
            "the character `{}` has no meaning here",
            character.escape_debug()
        ),
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
                }
            }
            LexicalError::UnterminatedString => Self::UnterminatedString,
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
            Self::StrayCharacter { .. } => "U0201",
            Self::UnterminatedString => "U0202",
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
            Self::AddressAsRegister => "U0411",
            Self::NotKnownHere(_) => "U0501",
            Self::BadCount { .. } => "U0502",
            Self::DataInBss { .. } => "U0503",
            Self::SegmentTooLarge => "U0504",
        }
    }
}

impl AssemblyError {
    /// The error as a message about `file`.
    pub(crate) fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let at = |span: Span| Location::new(file, span.range());
        let error = |label: &str| {
            Diagnostic::error(
                self.kind.code(),
                self.kind.to_string(),
                at(self.span),
                label,
            )
        };
        let near = |diagnostic: Diagnostic, name: &Option<String>| match name {
            Some(name) => {
                diagnostic.with_repair(format!("did you mean `{name}`?"), at(self.span), name)
            }
            None => diagnostic,
        };
        let edited = |diagnostic: Diagnostic, text: &str, edits: &[Edit]| {
            let replacements = edits
                .iter()
                .map(|edit| diagnostics::Replacement {
                    location: at(edit.span),
                    text: edit.text.clone(),
                })
                .collect();
            diagnostic.with(diagnostics::Advice::Repair(text.into(), replacements))
        };
        let with_forms = |diagnostic: Diagnostic, mnemonic: &str, forms: &[String]| {
            diagnostic.with_note(format!("the forms of `{mnemonic}`:\n{}", forms.join("\n")))
        };
        match &*self.kind {
            ErrorKind::Unexpected { expected, .. } => error(&format!("expected {expected}")),
            ErrorKind::UnknownMnemonic { name, near: other } => {
                let diagnostic = near(error("unknown instruction"), other);
                if other.is_none() {
                    diagnostic.with_help(format!(
                        "a label begins in column 1: is `{name}` one? \
                         `ulm isa manual` lists all instructions"
                    ))
                } else {
                    diagnostic
                }
            }
            ErrorKind::UnknownDirective { near: other, .. } => {
                let diagnostic = near(error("unknown directive"), other);
                if other.is_none() {
                    diagnostic.with_note(format!(
                        "the directives: {}",
                        crate::parser::DIRECTIVES.join(" ")
                    ))
                } else {
                    diagnostic
                }
            }
            ErrorKind::MissingComma { edits } => edited(
                error("expected `,` here"),
                "put a comma between the operands",
                edits,
            ),
            ErrorKind::WrongOrder {
                mnemonic,
                forms,
                corrected,
            } => {
                let diagnostic = error("no form has them in this order");
                let diagnostic = edited(
                    diagnostic,
                    "the destination comes last",
                    std::slice::from_ref(corrected),
                );
                with_forms(diagnostic, mnemonic, forms)
            }
            ErrorKind::OperandCount {
                mnemonic,
                expected,
                found,
                forms,
            } => {
                let label = match found {
                    0 => format!("expected {expected} behind it"),
                    1 => format!("1 operand, expected {expected}"),
                    n => format!("{n} operands, expected {expected}"),
                };
                with_forms(error(&label), mnemonic, forms)
            }
            ErrorKind::NoSuchForm { mnemonic, forms } => {
                with_forms(error("no form fits"), mnemonic, forms)
            }
            ErrorKind::MissingPercent {
                mnemonic,
                edits,
                forms,
            } => {
                let diagnostic = error("a number, but a register is needed here");
                let diagnostic = edited(diagnostic, "a register begins with `%`", edits);
                with_forms(diagnostic, mnemonic, forms)
            }
            ErrorKind::InFirstColumn { what, name } => {
                let start = Span {
                    end: self.span.start,
                    ..self.span
                };
                error("in column 1 this is a label")
                    .with_repair(format!("indent the {what}"), at(start), "        ")
                    .with_note(format!(
                        "a label with this name would be written `{name}:` with a colon"
                    ))
            }
            ErrorKind::IndentedLabel { indentation, .. } => error("indented, so not a label")
                .with_repair("a label begins in column 1", at(*indentation), ""),
            ErrorKind::MissingParenthesis { open, found } => {
                error(&format!("expected `)`, found {found}"))
                    .with_secondary(at(*open), "opened here")
            }
            ErrorKind::NestingTooDeep => error("too deep from here").with_note(format!(
                "parentheses and signs may nest {} deep",
                crate::expression::NESTING_LIMIT
            )),
            ErrorKind::UnknownWord => error("expected `@w0`, `@w1`, `@w2` or `@w3`")
                .with_note("`@w0(e)` is the lowest 16 bits of e, `@w3(e)` the highest"),
            ErrorKind::WordOfWord => error("the address was cut already"),
            ErrorKind::WrongConstant { allowed, .. } => {
                let allowed: Vec<_> = allowed.iter().map(u64::to_string).collect();
                error(&format!("expected {}", any_of(&allowed)))
            }
            ErrorKind::StrayCharacter { character, ascii } => {
                let code = format!("U+{:04X}", u32::from(*character));
                match ascii {
                    Some(ascii @ (';' | '!' | '?')) => error(&code).with_help(format!(
                        "`{ascii}` has no meaning either; a comment begins with `#`"
                    )),
                    Some(ascii) => error(&code).with_repair(
                        format!("write `{ascii}`"),
                        at(self.span),
                        ascii.to_string(),
                    ),
                    None => match character {
                        ';' => error("stray character").with_repair(
                            "a comment begins with `#`",
                            at(self.span),
                            "#",
                        ),
                        '!'..='~' => error("stray character"),
                        _ => error(&code)
                            .with_help("other than ASCII stands in comments and strings only"),
                    },
                }
            }
            ErrorKind::UnterminatedString => {
                let end = Span {
                    start: self.span.end,
                    end: self.span.end,
                };
                error("opened here").with_repair("close it on the same line", at(end), "\"")
            }
            ErrorKind::UnterminatedComment => {
                let open = Span {
                    end: self.span.start + 2,
                    ..self.span
                };
                Diagnostic::error(
                    self.kind.code(),
                    self.kind.to_string(),
                    at(open),
                    "opened here",
                )
                .with_help("everything up to the end of the file is comment: where is `*/`?")
            }
            ErrorKind::UnterminatedCharacter { text } => {
                let inside = text.trim_matches('\'').chars().count();
                let end = Span {
                    start: self.span.end,
                    end: self.span.end,
                };
                if inside == 1 || (inside == 2 && text.contains('\\')) {
                    error("opened here").with_repair("close it", at(end), "'")
                } else {
                    error("opened here")
                        .with_help("a character is like 'a' or '\\n'; text stands in a .string")
                }
            }
            ErrorKind::UnknownEscape { .. } => error("unknown escape").with_note(
                "the escapes: \\' \\\" \\? \\\\ \\a \\b \\f \\n \\r \\t \\v, \
                 octal like \\101, hex like \\x41",
            ),
            ErrorKind::EscapeTooLarge { .. } => {
                error("at most \\377 or \\xFF").with_note("a character is one byte, 0 to 255")
            }
            ErrorKind::NumberTooLarge => error("at most 2^64 - 1 = 18446744073709551615"),
            ErrorKind::BadNumber { text } => {
                let label = if text.starts_with("0x") || text.starts_with("0X") {
                    "expected hex digits behind `0x`"
                } else if text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()) {
                    "a number with a leading 0 is octal: digits 0 to 7"
                } else {
                    "expected decimal digits"
                };
                error(label)
            }
            ErrorKind::EmptyCharacter => {
                error("expected one character").with_help("a space is ' ', a quote is '\\''")
            }
            ErrorKind::CharacterTooLong {
                is_one_character, ..
            } => {
                let diagnostic = error("expected one byte");
                if *is_one_character {
                    diagnostic.with_note(
                        "this character takes several bytes in UTF-8: it can stand in a .string",
                    )
                } else {
                    diagnostic.with_help("text stands in a .string, between double quotes")
                }
            }
            ErrorKind::NotUtf8 { places } => error("this byte is not UTF-8 text")
                .with_note(match places {
                    1 => "it is the only such place".to_owned(),
                    n => format!("one of {n} such places in this file"),
                })
                .with_help("save the file as UTF-8 in your editor"),
            ErrorKind::FileTooLarge => error("too large"),
            ErrorKind::Undefined {
                near: other,
                more,
                is_target,
                ..
            } => {
                let what = if *is_target {
                    "no such label"
                } else {
                    "no such label or constant"
                };
                noting_more(near(error(what), other), *more)
            }
            ErrorKind::UndefinedRegister {
                name,
                near: other,
                more,
            } => {
                let diagnostic = error("no `.equ` defines this name");
                let diagnostic = match other {
                    Some(other) => diagnostic.with_repair(
                        format!("did you mean `%{other}`?"),
                        at(self.span),
                        other,
                    ),
                    None => diagnostic.with_help(format!(
                        "registers are %0 to %255; `.equ {name}, 5` would make it a name for %5"
                    )),
                };
                noting_more(diagnostic, *more)
            }
            ErrorKind::DefinedTwice { first, .. } => {
                error("defined again here").with_note_at("the first definition", at(*first), "")
            }
            ErrorKind::DefinedInTwoFiles {
                first_file, first, ..
            } => error("defined again here").with_note_at(
                "the first definition",
                Location::new(*first_file, first.range()),
                "",
            ),
            ErrorKind::Circular { .. } => error("its value depends on itself"),
            ErrorKind::UndefinedGlobal { near: other, .. } => {
                near(error("no file of this call defines it"), other)
            }
            ErrorKind::OutOfRange { range, what, .. } => {
                error(&format!("{what} is {} … {}", range.start(), range.end()))
            }
            ErrorKind::AddressOutOfRange { range, wide, .. } => {
                let diagnostic =
                    error(&format!("the range is {} … {}", range.start(), range.end()));
                match wide {
                    Some(code) => {
                        diagnostic.with_help(format!("load the address in 16-bit words:\n{code}"))
                    }
                    None => diagnostic,
                }
            }
            ErrorKind::RegisterOutOfRange { last, .. } => {
                error(&format!("the registers are %0 … %{last}"))
            }
            ErrorKind::PairPastEnd { .. } => error("the last register is %255").with_note(
                "it uses the registers behind this one, too; `ulm isa show` tells which",
            ),
            ErrorKind::JumpTooFar { range, .. } => error(&format!(
                "the range is {} … {} bytes",
                range.start(),
                range.end()
            ))
            .with_help("load the address into a register and use `jmp %register, %0`"),
            ErrorKind::JumpNotMultipleOfFour { is_number, .. } => {
                let diagnostic = error("instructions are 4 bytes apart");
                if *is_number {
                    diagnostic.with_note(
                        "the number is the distance in bytes; usually a label is written",
                    )
                } else {
                    diagnostic.with_help("is the target an instruction?")
                }
            }
            ErrorKind::DivisionByZero => error("this is 0"),
            ErrorKind::Overflow => error("far more than 64 bits"),
            ErrorKind::AddressesOfTwoSegments => {
                error("their distance is not known before the program is put together")
            }
            ErrorKind::AddressArithmetic { address, .. } => error("can't be computed")
                .with_secondary(at(*address), "an address")
                .with_note(
                    "an address plus or minus a number is an address; the difference of two \
                     addresses of one segment is a number; there is nothing else",
                ),
            ErrorKind::AddressAsRegister => error("expected a number from 0 to 255"),
            ErrorKind::NotKnownHere(_) => {
                error("this depends on something that is defined further down")
            }
            ErrorKind::BadCount { what, .. } => error(if *what == "an alignment" {
                "expected a number of bytes from 1"
            } else {
                "expected a number of bytes"
            }),
            ErrorKind::DataInBss { what } => error(what)
                .with_help("`.space` reserves zeros here; other contents belong into `.data`"),
            ErrorKind::SegmentTooLarge => error("beyond 2^64 bytes from here"),
        }
    }
}

fn noting_more(diagnostic: Diagnostic, more: usize) -> Diagnostic {
    match more {
        0 => diagnostic,
        1 => diagnostic.with_note("it is used once more below"),
        n => diagnostic.with_note(format!("it is used {n} more times below")),
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
fn look_alike(character: char) -> Option<char> {
    Some(match character {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '〃' => '"',
        '‘' | '’' | '‚' | '‛' | '′' | '´' => '\'',
        '–' | '—' | '−' | '‐' | '‑' | '‒' | '―' | '﹣' => '-',
        '×' | '∗' | '⋅' => '*',
        '÷' | '∕' | '⁄' => '/',
        '，' | '、' => ',',
        '…' => '.',
        '\u{A0}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
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

impl Warning {
    /// The warning as a message about `file`.
    pub(crate) fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let at = |span: Span| Location::new(file, span.range());
        let warning = |code, label: &str| {
            Diagnostic::warning(code, self.kind.to_string(), at(self.span), label)
        };
        match &self.kind {
            WarningKind::Unreachable { before, mnemonic } => {
                warning("U0701", "no label leads here").with_secondary(
                    at(*before),
                    format!("control does not go on behind `{mnemonic}`"),
                )
            }
            WarningKind::FallsIntoData { data } => {
                warning("U0702", "control goes on behind this instruction")
                    .with_secondary(at(*data), "data follows")
                    .with_help("is a `halt` or a `jmp` missing?")
            }
            WarningKind::FallsOffEnd => warning(
                "U0703",
                "the last instruction, and control goes on behind it",
            )
            .with_help("is a `halt` or a `jmp` missing?"),
            WarningKind::UnusedLabel { name, is_mnemonic } => {
                let diagnostic = warning("U0704", "nothing refers to it");
                if *is_mnemonic {
                    diagnostic.with_help(format!(
                        "the instruction `{name}` must be indented; in column 1 it is a label"
                    ))
                } else {
                    diagnostic
                }
            }
            WarningKind::SharedRegister { first, other, .. } => {
                warning("U0705", "used here, in the middle of the other's uses")
                    .with_secondary(at(*first), format!("`{other}` is in use from here on"))
            }
        }
    }
}
