//! One rendering for the messages of every tool.
//!
//! A phase of a tool describes what it found as a [`Diagnostic`]: a severity, a code, a message,
//! the exact source ranges, notes and repairs. This crate turns that into the text that people
//! read (the shape of rustc's messages), and knows nothing of who produced it. Nothing here reads
//! a file or prints.

#![forbid(unsafe_code)]

mod explain;
mod near;
mod render;
mod source;

pub use explain::{Explanation, find_explanation};
pub use near::nearest;
pub use render::{Appearance, render, render_all};
pub use source::{FileId, Location, NotUtf8, Source, Sources};

/// The number of errors of one run that are shown; the others are counted.
pub const SHOWN_ERRORS: usize = 20;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The input can't be used.
    Error,
    /// The input can be used, but is probably not what its author meant.
    Warning,
}

/// A source range with what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// What is said beside the caret; may be empty.
    pub text: String,
}

/// A text replacement that repairs the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The range to replace; empty to insert.
    pub location: Location,
    /// The text to stand there.
    pub text: String,
}

/// Advice below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// A fact that helps to understand.
    Note(String),
    /// A fact that helps to understand, at another place in the sources.
    NoteAt(String, Label),
    /// What to do.
    Help(String),
    /// What to do, with the corrected text.
    Repair(String, Vec<Replacement>),
}

/// One finding, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The code that `explain` takes, for example `U0104`.
    pub code: &'static str,
    /// One line: what is wrong.
    pub message: String,
    /// Where the mistake is, and what was expected there.
    pub primary: Label,
    /// Other ranges that belong to it.
    pub secondary: Vec<Label>,
    /// Notes and repairs, in the order in which they are shown.
    pub advice: Vec<Advice>,
}

impl Diagnostic {
    /// An error with a message, the range of the mistake, and the text beside its caret.
    pub fn error(
        code: &'static str,
        message: impl Into<String>,
        location: Location,
        label: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            primary: Label {
                location,
                text: label.into(),
            },
            secondary: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// A warning, otherwise like [`Diagnostic::error`].
    pub fn warning(
        code: &'static str,
        message: impl Into<String>,
        location: Location,
        label: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message, location, label)
        }
    }

    /// Adds another range.
    #[must_use]
    pub fn with_secondary(mut self, location: Location, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            location,
            text: text.into(),
        });
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn with(mut self, advice: Advice) -> Self {
        self.advice.push(advice);
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn with_note(self, text: impl Into<String>) -> Self {
        self.with(Advice::Note(text.into()))
    }

    /// Adds a note that points to another place.
    #[must_use]
    pub fn with_note_at(
        self,
        text: impl Into<String>,
        location: Location,
        label: impl Into<String>,
    ) -> Self {
        self.with(Advice::NoteAt(
            text.into(),
            Label {
                location,
                text: label.into(),
            },
        ))
    }

    /// Adds help.
    #[must_use]
    pub fn with_help(self, text: impl Into<String>) -> Self {
        self.with(Advice::Help(text.into()))
    }

    /// Adds a repair that replaces one range.
    #[must_use]
    pub fn with_repair(
        self,
        text: impl Into<String>,
        location: Location,
        replacement: impl Into<String>,
    ) -> Self {
        self.with(Advice::Repair(
            text.into(),
            vec![Replacement {
                location,
                text: replacement.into(),
            }],
        ))
    }
}
