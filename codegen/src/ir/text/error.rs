//! What can be wrong with a text, and how it is said.

use std::fmt::{self, Display, Formatter};

use thiserror::Error;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub kind: ParseErrorKind,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseErrorKind {
    /// Something else should stand there.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What should stand there.
        expected: Expected,
        /// What stands there, cut off if it is long.
        found: String,
    },
    /// A character with which nothing begins.
    #[error("unexpected character {0:?}")]
    UnexpectedCharacter(char),
    /// A name in quotes that doesn't end on its line.
    #[error("the name's closing quote is missing")]
    UnclosedName,
    /// A backslash in a name, and nothing behind it that it could mean.
    #[error("unknown escape; there are \\\", \\\\ and \\u{{…}}")]
    Escape,
    /// A number that its place has no room for.
    #[error("the number is too large")]
    NumberTooLarge,
    /// A first word that no instruction has.
    #[error("no instruction is called `{0}`")]
    UnknownMnemonic(String),
    /// A call of something that is not imported.
    #[error("no import is called `{0}`")]
    UnknownImport(String),
    /// An import that has been imported before.
    #[error("`{0}` has been imported before")]
    DuplicateImport(String),
    /// A call of a function whose name and number don't belong together.
    #[error("function {id} is not called `{name}`")]
    WrongCallee {
        /// The number.
        id: u32,
        /// The name.
        name: String,
    },
    /// A label that doesn't count on.
    #[error("the label of this block must be b{0}: blocks count up from b0")]
    Label(u32),
    /// A text of 4 GiB or more.
    #[error("the text is too long")]
    TextTooLong,
}

/// What should have stood where something else stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// This character.
    Punctuation(char),
    /// This word.
    Keyword(&'static str),
    /// A function, or the end.
    Function,
    /// The name of a function or an import.
    Name,
    /// A number.
    Number,
    /// An instruction, a label, or the end of the function.
    Instruction,
    /// `@` and a value.
    Definition,
    /// A value.
    Value,
    /// An argument of the function.
    Argument,
    /// A block.
    Block,
}

impl Display for Expected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Punctuation(character) => write!(f, "`{character}`"),
            Self::Keyword(word) => write!(f, "`{word}`"),
            Self::Function => f.write_str("`fn`"),
            Self::Name => f.write_str("a name"),
            Self::Number => f.write_str("a number"),
            Self::Instruction => f.write_str("an instruction, a label or `}`"),
            Self::Definition => f.write_str("the definition of a value, like `@r0`"),
            Self::Value => f.write_str("a value, like `r0`"),
            Self::Argument => f.write_str("an argument, like `a0`"),
            Self::Block => f.write_str("a block, like `b0`"),
        }
    }
}
