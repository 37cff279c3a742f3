//! Errors and warnings as messages: the labels, notes and repairs around their wording.

use diagnostics::{Diagnostic, FileId, Location};

use super::{
    AssemblyError, Edit, ErrorKind, Repair, UnknownHelp, Warning, WarningKind, any_of, code_of,
    is_invisible,
};
use crate::expression::Operator;
use crate::statement::Span;

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
        let repaired = |diagnostic: Diagnostic, repair: &Option<Repair>| match repair {
            Some(repair) => edited(diagnostic, &repair.text, &repair.edits),
            None => diagnostic,
        };
        let semicolon = |diagnostic: Diagnostic, edits: &[Edit]| match edits {
            [edit] if edit.text.is_empty() => edited(diagnostic, "remove it", edits),
            [_] => edited(diagnostic, "a comment begins with `#`", edits),
            _ => diagnostic.with_help("a line has one instruction; a comment begins with `#`"),
        };
        let with_forms = |diagnostic: Diagnostic, mnemonic: &str, forms: &[String]| {
            if forms.is_empty() {
                return diagnostic;
            }
            let what = if forms.len() == 1 { "form" } else { "forms" };
            diagnostic.with_note(format!("the {what} of `{mnemonic}`:\n{}", forms.join("\n")))
        };
        let before = Span {
            end: self.span.start,
            ..self.span
        };
        let behind = Span {
            start: self.span.end,
            ..self.span
        };
        match &*self.kind {
            ErrorKind::Unexpected {
                expected,
                found,
                repair,
            } => {
                let diagnostic = repaired(error(&format!("expected {expected}")), repair);
                if repair.is_none() && found.starts_with("`\"") {
                    diagnostic.with_help(
                        "a character is written like 'a'; text stands in a `.string` with a label",
                    )
                } else {
                    diagnostic
                }
            }
            ErrorKind::UnknownMnemonic { help, .. } => match help {
                UnknownHelp::Repair(repair) => {
                    edited(error("unknown instruction"), &repair.text, &repair.edits)
                }
                UnknownHelp::Words(words) => error("unknown instruction").with_help(words),
            },
            ErrorKind::UnknownDirective { repair, .. } => {
                let diagnostic = repaired(error("unknown directive"), repair);
                if repair.is_none() {
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
                form,
                effect,
                corrected,
                ..
            } => {
                let effect = effect
                    .as_ref()
                    .map_or(String::new(), |text| format!(": {text}"));
                edited(
                    error("no form has them in this order"),
                    &format!("the order is `{form}`{effect}"),
                    std::slice::from_ref(corrected),
                )
            }
            ErrorKind::OperandCount {
                mnemonic,
                expected,
                found,
                forms,
                repair,
            } => {
                let number = match expected.split(" operand").next() {
                    Some("no") | None => "none",
                    Some(number) => number,
                };
                let label = match found {
                    0 => format!("expected {expected} behind it"),
                    1 => format!("1 operand, expected {number}"),
                    n => format!("{n} operands, expected {number}"),
                };
                repaired(with_forms(error(&label), mnemonic, forms), repair)
            }
            ErrorKind::NoSuchForm {
                mnemonic,
                forms,
                expected,
                others,
                repair,
            } => {
                let label = match expected {
                    Some(expected) => format!("expected {expected}"),
                    None => "no form fits".to_owned(),
                };
                let diagnostic = with_forms(error(&label), mnemonic, forms);
                let diagnostic = if others.is_empty() {
                    diagnostic
                } else {
                    let others: Vec<_> = others.iter().map(|o| format!("`{o}`")).collect();
                    diagnostic.with_help(format!("{} takes such operands", any_of(&others)))
                };
                repaired(diagnostic, repair)
            }
            ErrorKind::MissingPercent { edits } => edited(
                error("a number, but a register is needed here"),
                "a register begins with `%`",
                edits,
            ),
            ErrorKind::InFirstColumn { what, name } => error("in column 1 this would be a label")
                .with_repair(format!("indent the {what}"), at(before), "        ")
                .with_note(format!(
                    "a label with this name would be written `{name}:` with a colon"
                )),
            ErrorKind::IndentedLabel { indentation, .. } => error("indented, so not a label")
                .with_repair("a label begins in column 1", at(*indentation), ""),
            ErrorKind::MissingParenthesis { open, found } => {
                let diagnostic = error(&format!("expected `)`, found {found}"))
                    .with_secondary(at(*open), "opened here");
                if self.span.start == self.span.end || found == "`,`" {
                    let here = Span {
                        end: self.span.start,
                        ..self.span
                    };
                    diagnostic.with_repair("close it", at(here), ")")
                } else {
                    diagnostic
                }
            }
            ErrorKind::UnopenedParenthesis { repair } => {
                repaired(error("this closes nothing"), repair)
            }
            ErrorKind::NestingTooDeep => error("too deep from here").with_note(format!(
                "parentheses and signs may nest {} deep",
                crate::expression::NESTING_LIMIT
            )),
            ErrorKind::UnknownWord => error("expected `@w0`, `@w1`, `@w2` or `@w3`")
                .with_note("`@w0(e)` is the lowest 16 bits of e, `@w3(e)` the highest"),
            ErrorKind::WordOfWord => {
                error("here").with_help("take the word that is meant from the address itself")
            }
            ErrorKind::WrongConstant { allowed, .. } => {
                let allowed: Vec<_> = allowed.iter().map(u64::to_string).collect();
                error(&format!("expected {}", any_of(&allowed)))
            }
            ErrorKind::StrayCharacter {
                character,
                ascii,
                edits,
            } => {
                let code = code_of(*character);
                match ascii {
                    Some(ascii @ ('!' | '?')) => {
                        error(&code).with_help(format!("`{ascii}` has no meaning here either"))
                    }
                    Some(';') => semicolon(error(&code), edits),
                    Some(' ') => edited(error("not a space"), "write an ordinary space", edits),
                    Some(ascii) => edited(error(&code), &format!("write `{ascii}`"), edits),
                    None => match character {
                        ';' => semicolon(error("stray character"), edits),
                        '=' if !edits.is_empty() => edited(
                            error("stray character"),
                            "a constant is defined by `.equ NAME, VALUE`",
                            edits,
                        ),
                        '&' | '|' | '^' | '~' | '<' | '>' | '=' => error("stray character")
                            .with_help("expressions have `+`, `-`, `*`, `/`, `%` and parentheses"),
                        '!'..='~' => error("stray character"),
                        c if c.is_alphanumeric() => error(&code).with_help(
                            "names consist of the letters a to z and A to Z, digits, `_` and `.`",
                        ),
                        c if is_invisible(*c) => error("not visible in most editors").with_repair(
                            "remove it",
                            at(self.span),
                            "",
                        ),
                        _ => error(&code).with_help(
                            "outside of comments and strings there is only plain ASCII text",
                        ),
                    },
                }
            }
            ErrorKind::UnterminatedString { look_alike } => match look_alike {
                None => {
                    error("opened here").with_repair("close it on the same line", at(behind), "\"")
                }
                Some((character, place)) => error("opened here").with_repair(
                    format!("`{character}` only looks like `\"`"),
                    at(*place),
                    "\"",
                ),
            },
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
                let inside = text.trim_start_matches('\'');
                let is_whole = match inside.strip_prefix('\\') {
                    Some(escape) => escape.chars().count() == 1,
                    None => inside.chars().count() == 1,
                };
                if text == "'\\'" {
                    error("opened here").with_help("a backslash is '\\\\', a quote is '\\''")
                } else if is_whole {
                    error("opened here").with_repair("close it", at(behind), "'")
                } else {
                    error("opened here")
                        .with_help("a character is like 'a' or '\\n'; text stands in a `.string`")
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
            ErrorKind::BadNumber { text } => bad_number(error, text, &at(self.span)),
            ErrorKind::EmptyCharacter => {
                error("expected one character").with_help("a space is ' ', a quote is '\\''")
            }
            ErrorKind::CharacterTooLong {
                is_one_character, ..
            } => {
                let diagnostic = error("expected one byte");
                if *is_one_character {
                    diagnostic.with_note("characters other than ASCII can stand in a `.string`")
                } else {
                    diagnostic.with_help("text stands in a `.string`, between double quotes")
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
                name,
                near: other,
                more,
                is_target,
                elsewhere,
            } => {
                let what = if *is_target {
                    "no such label"
                } else {
                    "no such label or constant"
                };
                match elsewhere {
                    None => noting_more(near(error(what), other), *more),
                    Some((other, place)) => noting_more(error("not known in this file"), *more)
                        .with_note_at(
                            format!("`.globl {name}` in that file would make it known in all"),
                            Location::new(*other, place.range()),
                            "defined here, for this file alone",
                        ),
                }
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
                near(error("none of the files defines it"), other)
            }
            ErrorKind::OutOfRange {
                range, what, help, ..
            } => {
                let label = format!("expected {} … {}{what}", range.start(), range.end());
                match help {
                    Some(help) => error(&label).with_help(help),
                    None => error(&label),
                }
            }
            ErrorKind::AddressOutOfRange { range, wide, .. } => {
                let diagnostic = error(&format!("expected {} … {}", range.start(), range.end()));
                match wide {
                    Some(code) => {
                        diagnostic.with_help(format!("load the address like this:\n{code}"))
                    }
                    None => diagnostic,
                }
            }
            ErrorKind::RegisterOutOfRange { last, .. } => {
                error(&format!("the registers are %0 … %{last}"))
            }
            ErrorKind::PairPastEnd { mnemonic, .. } => error("the last register is %255")
                .with_note(format!(
                    "it uses the registers behind this one, too; `ulm isa show {mnemonic}` tells \
                     which"
                )),
            ErrorKind::JumpTooFar { range, .. } => error(&format!(
                "expected {} … {} bytes",
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
            ErrorKind::AddressArithmetic { is_word: true, .. } => {
                error("nothing can be computed with it")
                    .with_help("compute inside of the parentheses: `@w0(e + 1)`")
            }
            ErrorKind::AddressArithmetic { operator, .. } => error(match operator {
                Operator::Add => "two addresses can't be added",
                Operator::Subtract => "an address can't be subtracted from a number",
                Operator::Multiply => "an address can't be multiplied",
                Operator::Divide | Operator::Remainder => "an address can't be divided",
            })
            .with_note(
                "possible are: an address plus or minus a number, \
                 and the difference of two addresses of one segment",
            ),
            ErrorKind::AddressAsNumber { .. } => error("expected a number"),
            ErrorKind::NotKnownHere {
                name, definition, ..
            } => {
                let diagnostic = error(&format!("this depends on `{name}`"));
                match definition {
                    Some(place) if place.start < self.span.start => diagnostic
                        .with_secondary(at(*place), "its value is known only further down"),
                    Some(place) => diagnostic.with_secondary(at(*place), "defined below"),
                    None => diagnostic.with_note(format!("`{name}` is defined in another file")),
                }
            }
            ErrorKind::BadCount { what, .. } => error(if *what == "an alignment" {
                "expected a number of bytes from 1"
            } else {
                "expected a number of bytes"
            }),
            ErrorKind::DataInBss { what } => error(what).with_help(if *what == "an instruction" {
                "instructions stand in `.text`"
            } else {
                "`.space` reserves zeros here; other contents stand in `.data`"
            }),
            ErrorKind::SegmentTooLarge => error("beyond 2^64 bytes from here"),
        }
    }
}

/// What is not a number, with the number that it may be.
fn bad_number(error: impl Fn(&str) -> Diagnostic, text: &str, location: &Location) -> Diagnostic {
    let corrected = |label, words: &str, number: &str| {
        error(label).with_repair(words, location.clone(), number)
    };
    let value = |digits: &str, radix| u64::from_str_radix(digits, radix).ok();
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("0x") {
        return error("expected hex digits behind `0x`");
    }
    if let Some(number) = lower.strip_prefix("0b").and_then(|digits| value(digits, 2)) {
        let label = "numbers are decimal, hex with `0x`, or octal with a leading 0";
        return corrected(label, "in hex", &format!("{number:#x}"));
    }
    if text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()) {
        let digits = text.trim_start_matches('0');
        let label = "a number with a leading 0 is octal: digits 0 to 7";
        return corrected(label, "without the 0 it is decimal", digits);
    }
    if text.contains('_') {
        let digits = text.replace('_', "");
        if !digits.starts_with('0') && value(&digits, 10).is_some() {
            return corrected("expected decimal digits", "without `_`", &digits);
        }
    }
    if text.contains('.') {
        return error("expected a whole number");
    }
    error("expected decimal digits")
}

fn noting_more(diagnostic: Diagnostic, more: usize) -> Diagnostic {
    match more {
        0 => diagnostic,
        1 => diagnostic.with_note("it is used once more"),
        n => diagnostic.with_note(format!("it is used {n} more times")),
    }
}

impl Warning {
    /// The warning as a message about `file`.
    pub(crate) fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let at = |span: Span| Location::new(file, span.range());
        let warning = |label: &str| {
            Diagnostic::warning(
                self.kind.code(),
                self.kind.to_string(),
                at(self.span),
                label,
            )
        };
        match &self.kind {
            WarningKind::Unreachable { before, mnemonic } => warning("no label leads here")
                .with_secondary(
                    at(*before),
                    format!("control does not go on behind `{mnemonic}`"),
                ),
            WarningKind::FallsIntoData { data } => {
                warning("control goes on behind this instruction")
                    .with_secondary(at(*data), "data follows")
                    .with_help("is a `halt` or a `jmp` missing?")
            }
            WarningKind::FallsOffEnd => {
                warning("the last instruction, and control goes on behind it")
                    .with_help("is a `halt` or a `jmp` missing?")
            }
            WarningKind::UnusedLabel { name, is_mnemonic } => {
                let diagnostic = warning("nothing refers to it");
                if *is_mnemonic {
                    diagnostic.with_help(format!(
                        "the instruction `{name}` must be indented; in column 1 it is a label"
                    ))
                } else {
                    diagnostic
                }
            }
            WarningKind::SharedRegister { first, other, .. } => {
                warning("used here, in the middle of the other's uses")
                    .with_secondary(at(*first), format!("`{other}` is in use from here on"))
            }
        }
    }
}
