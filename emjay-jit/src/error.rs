//! What can be wrong with a program: an enum for each phase, all wording here.

use crate::span::Span;

mod message;

/// A text to put at a place, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repair {
    /// What to do.
    pub(crate) advice: &'static str,
    /// What is replaced.
    pub(crate) span: Span,
    /// What stands there then.
    pub(crate) text: String,
}

impl Repair {
    /// Something that is missing at `span`, an empty range.
    pub(crate) fn insert(span: Span, text: &str, advice: &'static str) -> Self {
        Self {
            advice,
            span,
            text: text.into(),
        }
    }
}

/// A mistake in the grammar, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where.
    pub(crate) span: Span,
    /// What.
    pub(crate) kind: SyntaxErrorKind,
}

/// What is wrong with the grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxErrorKind {
    /// Something else stands where something is needed.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What is needed.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// What would be right.
        repair: Option<Repair>,
    },
    /// A statement doesn't end.
    #[error("missing `;`")]
    MissingSemicolon {
        /// The semicolon.
        repair: Repair,
    },
    /// A parenthesis or a brace is not closed.
    #[error("missing `{}`", closing(*.is_brace))]
    Unclosed {
        /// Where it was opened.
        open: Span,
        /// A brace, else a parenthesis.
        is_brace: bool,
        /// What stands where it should be closed.
        found: String,
        /// Where the closing one may go.
        insert: Span,
    },
    /// A character that is in no token.
    #[error("{}", stray(*.character, *.doubled))]
    StrayCharacter {
        /// The character.
        character: char,
        /// Whether two of it are an operator.
        doubled: bool,
    },
    /// `/*` without `*/`.
    #[error("the comment is not closed")]
    UnterminatedComment,
    /// More than 2^63 − 1, or 2^63 behind a minus sign.
    #[error("the number is too large")]
    NumberTooLarge,
    /// Digits with something else among them.
    #[error("`{text}` is not a number")]
    MalformedNumber {
        /// As it is written.
        text: String,
    },
    /// Too many blocks, parentheses or unary operators in each other.
    #[error("the nesting is too deep")]
    NestingTooDeep,
    /// `=` inside of an expression.
    #[error("`=` in an expression")]
    AssignmentInExpression,
    /// `a < b < c`
    #[error("comparisons can't be chained")]
    ChainedComparison,
    /// `a + 1 = 2;`
    #[error("only a variable can be assigned to")]
    NotAssignable,
    /// A word that is probably meant to be a keyword.
    #[error("there is no keyword `{word}`")]
    UnknownKeyword {
        /// As it is written.
        word: String,
        /// What was probably meant.
        keyword: &'static str,
    },
    /// A statement that is in no function.
    #[error("a statement outside of a function")]
    OutsideOfFunctions,
    /// The bytes of the file are no text.
    #[error("the file is not UTF-8")]
    NotUtf8 {
        /// At how many places.
        places: usize,
    },
    /// Positions in it don't fit 32 bits.
    #[error("the file is larger than 4 GiB")]
    FileTooLarge,
}

impl SyntaxErrorKind {
    /// The code that `explain` takes.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "E0101",
            Self::MissingSemicolon { .. } => "E0102",
            Self::Unclosed { .. } => "E0103",
            Self::StrayCharacter { .. } => "E0104",
            Self::UnterminatedComment => "E0105",
            Self::NumberTooLarge => "E0106",
            Self::MalformedNumber { .. } => "E0107",
            Self::NestingTooDeep => "E0108",
            Self::AssignmentInExpression => "E0109",
            Self::ChainedComparison => "E0110",
            Self::NotAssignable => "E0111",
            Self::UnknownKeyword { .. } => "E0112",
            Self::OutsideOfFunctions => "E0113",
            Self::NotUtf8 { .. } => "E0114",
            Self::FileTooLarge => "E0115",
        }
    }
}

fn closing(is_brace: bool) -> char {
    if is_brace { '}' } else { ')' }
}

fn stray(character: char, doubled: bool) -> String {
    if doubled {
        return format!("there is no operator `{character}`");
    }
    // What can't be seen is escaped, and so are three that can.
    let is_escaped = character.escape_debug().next() == Some('\\');
    if is_escaped && !matches!(character, '\\' | '"' | '\'') {
        return format!("the character U+{:04X} can't stand here", character as u32);
    }
    format!("the character `{character}` can't stand here")
}

/// A mistake in the use of names, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckError {
    /// Where.
    pub(crate) span: Span,
    /// What.
    pub(crate) kind: CheckErrorKind,
}

/// What is wrong with the use of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CheckErrorKind {
    /// No variable of that name is visible.
    #[error("there is no variable `{name}`")]
    UndefinedVariable {
        /// The name.
        name: String,
        /// A visible one that is like it.
        near: Option<String>,
        /// One of that name that is not visible here.
        elsewhere: Option<Span>,
        /// Whether a function has the name.
        is_function: bool,
        /// Whether something was to be assigned to it.
        is_assigned: bool,
    },
    /// There is no function of that name.
    #[error("there is no function `{name}`")]
    UndefinedFunction {
        /// The name.
        name: String,
        /// One that is like it.
        near: Option<String>,
        /// Whether a variable has the name.
        is_variable: bool,
    },
    /// A variable of that name is visible already.
    #[error("the variable `{name}` exists already")]
    DuplicateVariable {
        /// The name.
        name: String,
        /// Where the other one is declared; nowhere if it was declared in an earlier entry.
        first: Option<Span>,
        /// Whether the other one is a parameter.
        is_parameter: bool,
        /// From the statement's start to the name, to be removed if it is an assignment.
        keyword: Span,
    },
    /// Two functions have that name.
    #[error("the function `{name}` is declared twice")]
    DuplicateFunction {
        /// The name.
        name: String,
        /// Where the other one is declared.
        first: Span,
    },
    /// A function has the name of one that is built in.
    #[error("the function `{name}` is built in")]
    BuiltInFunction {
        /// The name.
        name: String,
    },
    /// Two parameters of a function have that name.
    #[error("the parameter `{name}` is declared twice")]
    DuplicateParameter {
        /// The name.
        name: String,
        /// The other one.
        first: Span,
    },
    /// A call has too few arguments, or too many.
    #[error("`{name}` takes {}, found {found}", arguments(*.expected))]
    ArgumentCount {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many there are.
        found: usize,
        /// Where it is declared; nowhere if it is built in.
        declared: Option<Span>,
    },
    /// Control can reach the end of a function.
    #[error("`{name}` can end without `return`")]
    MissingReturn {
        /// The function.
        name: String,
        /// Its closing brace.
        close: Span,
        /// The statement that control can pass, if it is one that might seem to return.
        passed: Option<(Span, Passed)>,
    },
    /// More values than there is room for.
    #[error("`{name}` is too large")]
    FunctionTooLarge {
        /// The function.
        name: String,
    },
}

/// A statement that control can get past, although a `return` stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// An `if` without `else`.
    IfWithoutElse,
    /// A loop, which may always end.
    While,
}

impl CheckErrorKind {
    /// The code that `explain` takes.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::UndefinedVariable { .. } => "E0201",
            Self::UndefinedFunction { .. } => "E0202",
            Self::DuplicateVariable { .. } => "E0203",
            Self::DuplicateFunction { .. } => "E0204",
            Self::BuiltInFunction { .. } => "E0205",
            Self::DuplicateParameter { .. } => "E0206",
            Self::ArgumentCount { .. } => "E0207",
            Self::MissingReturn { .. } => "E0208",
            Self::FunctionTooLarge { .. } => "E0209",
        }
    }
}

/// A number of arguments in words.
fn arguments(number: usize) -> String {
    match number {
        0 => "no arguments".into(),
        1 => "1 argument".into(),
        _ => format!("{number} arguments"),
    }
}
