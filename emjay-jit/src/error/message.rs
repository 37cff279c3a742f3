//! Errors as messages: the labels, notes and repairs around their wording.

use diagnostics::{Diagnostic, FileId, Location};

use super::{CheckError, CheckErrorKind, Passed, SyntaxError, SyntaxErrorKind, arguments};
use crate::parser::DEEPEST_NESTING;
use crate::span::Span;

/// Makes ranges of one file to locations.
#[derive(Clone, Copy)]
struct At(FileId);

impl At {
    fn at(self, span: Span) -> Location {
        Location::new(self.0, span.range())
    }
}

impl SyntaxError {
    /// The error as a message about `file`.
    pub(crate) fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let at = |span| At(file).at(span);
        let error = |label: &str| {
            Diagnostic::error(
                self.kind.code(),
                self.kind.to_string(),
                at(self.span),
                label,
            )
        };
        match &self.kind {
            SyntaxErrorKind::Unexpected {
                expected, repair, ..
            } => {
                let diagnostic = error(&format!("expected {expected}"));
                match repair {
                    Some(repair) => {
                        diagnostic.with_repair(repair.advice, at(repair.span), &*repair.text)
                    }
                    None => diagnostic,
                }
            }
            SyntaxErrorKind::MissingSemicolon { repair } => error("expected `;` here").with_repair(
                repair.advice,
                at(repair.span),
                &*repair.text,
            ),
            SyntaxErrorKind::Unclosed {
                open,
                is_brace,
                found,
                insert,
            } => {
                let diagnostic = error(&format!("found {found}"))
                    .with_secondary(at(*open), "this is not closed");
                if *is_brace {
                    diagnostic
                } else {
                    diagnostic.with_repair("close it", at(*insert), ")")
                }
            }
            SyntaxErrorKind::StrayCharacter { character, doubled } => {
                let diagnostic = error("not part of the language");
                match character {
                    _ if *doubled => diagnostic.with_repair(
                        "the logical operator has two",
                        at(self.span),
                        format!("{character}{character}"),
                    ),
                    '#' => diagnostic.with_help("a comment begins with `//`"),
                    '"' | '\'' => diagnostic
                        .with_help("there are no texts: `putc(65);` writes the character A"),
                    '.' => diagnostic.with_help("numbers are whole"),
                    _ => diagnostic,
                }
            }
            SyntaxErrorKind::UnterminatedComment => {
                error("it begins here").with_help("end it with `*/`")
            }
            SyntaxErrorKind::NumberTooLarge => error("does not fit 64 bits")
                .with_note("numbers go from -9223372036854775808 to 9223372036854775807"),
            SyntaxErrorKind::MalformedNumber { .. } => error("not a number")
                .with_help("write decimal digits, or `0x` and hexadecimal digits"),
            SyntaxErrorKind::NestingTooDeep => error("one level too many").with_note(format!(
                "blocks, parentheses, calls and unary operators may be nested {DEEPEST_NESTING} \
                 levels deep"
            )),
            SyntaxErrorKind::AssignmentInExpression => {
                error("this assigns").with_repair("to compare, write", at(self.span), "==")
            }
            SyntaxErrorKind::ChainedComparison => error("the second comparison")
                .with_help("join two comparisons with `&&`, as in `a < b && b < c`"),
            SyntaxErrorKind::NotAssignable => error("not a variable"),
            SyntaxErrorKind::UnknownKeyword { keyword, .. } => error("unknown keyword")
                .with_repair(
                    format!("did you mean `{keyword}`?"),
                    at(self.span),
                    *keyword,
                ),
            SyntaxErrorKind::OutsideOfFunctions => error("this is in no function")
                .with_help("execution begins in `fn main() { … }`: put it there"),
            SyntaxErrorKind::NotUtf8 { places } => {
                let label = if *places == 1 {
                    "not a character".to_owned()
                } else {
                    format!("the first of {places} places")
                };
                error(&label)
            }
            SyntaxErrorKind::FileTooLarge => error(""),
        }
    }
}

impl CheckError {
    /// The error as a message about `file`.
    pub(crate) fn to_diagnostic(&self, file: FileId) -> Diagnostic {
        let at = |span| At(file).at(span);
        let error = |label: &str| {
            Diagnostic::error(
                self.kind.code(),
                self.kind.to_string(),
                at(self.span),
                label,
            )
        };
        let with_near = |diagnostic: Diagnostic, near: &Option<String>| match near {
            Some(near) => {
                diagnostic.with_repair(format!("did you mean `{near}`?"), at(self.span), near)
            }
            None => diagnostic,
        };
        match &self.kind {
            CheckErrorKind::UndefinedVariable {
                name,
                near,
                elsewhere,
                is_function,
                is_assigned,
            } => {
                let diagnostic = error("not declared here");
                if let Some(span) = elsewhere {
                    return diagnostic.with_note_at(
                        "a variable is visible in the block in which it is declared",
                        at(*span),
                        format!("this `{name}` is gone"),
                    );
                }
                match &**name {
                    _ if *is_function => diagnostic.with_help(format!(
                        "`{name}` is a function: a call has parentheses, `{name}(…)`"
                    )),
                    "true" | "false" => {
                        diagnostic.with_help("true is written 1, false is written 0")
                    }
                    _ if *is_assigned && near.is_none() => diagnostic.with_repair(
                        "a variable is declared with `let`",
                        at(Span {
                            end: self.span.start,
                            ..self.span
                        }),
                        "let ",
                    ),
                    _ => with_near(diagnostic, near),
                }
            }
            CheckErrorKind::UndefinedFunction {
                name,
                near,
                is_variable,
            } => {
                let diagnostic = with_near(error("not declared"), near);
                if *is_variable {
                    diagnostic.with_note(format!("`{name}` is a variable"))
                } else {
                    diagnostic
                }
            }
            CheckErrorKind::DuplicateVariable {
                first,
                is_parameter,
                keyword,
                ..
            } => {
                let what = if *is_parameter {
                    "it is this parameter"
                } else {
                    "first declared here"
                };
                let diagnostic = match first {
                    Some(first) => error("declared again").with_secondary(at(*first), what),
                    None => error("declared again"),
                };
                diagnostic.with_repair("to give it another value, assign", at(*keyword), "")
            }
            CheckErrorKind::DuplicateFunction { first, .. }
            | CheckErrorKind::DuplicateParameter { first, .. } => {
                error("declared again").with_secondary(at(*first), "first declared here")
            }
            CheckErrorKind::BuiltInFunction { .. } => error("can't be declared")
                .with_note("`putc` and `getc` are there without being declared"),
            CheckErrorKind::ArgumentCount {
                name,
                found,
                declared,
                ..
            } => {
                let diagnostic = error(&arguments(*found));
                match declared {
                    Some(span) => diagnostic.with_secondary(at(*span), "declared here"),
                    None => diagnostic.with_note(format!("`{name}` is built in")),
                }
            }
            CheckErrorKind::MissingReturn { close, passed, .. } => {
                let diagnostic = error("must return a value")
                    .with_secondary(at(*close), "control can come here");
                match passed {
                    None => diagnostic,
                    Some((span, Passed::IfWithoutElse)) => {
                        diagnostic.with_secondary(at(*span), "has no `else`")
                    }
                    Some((span, Passed::While)) => {
                        diagnostic.with_secondary(at(*span), "a loop may always end, or not begin")
                    }
                }
            }
            CheckErrorKind::FunctionTooLarge { .. } => {
                error("too many values at its joins").with_help("make several functions of it")
            }
        }
    }
}
