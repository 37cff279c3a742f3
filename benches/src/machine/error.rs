//! What can keep a measurement from being made.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program can't be started or waited for.
    #[error("{command}: {source}")]
    Start {
        /// The command, as in a shell.
        command: String,
        /// What the system says.
        source: io::Error,
    },
    /// A program ended in another way than it should.
    #[error("{command}: {status}{message}")]
    Failed {
        /// The command, as in a shell.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to stderr, on lines of its own, or nothing.
        message: String,
    },
    /// A file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A program for the ULM has no line that defines `SIZE`.
    #[error("{}: no line \".equ SIZE, number\"", path.display())]
    NoSize {
        /// The source.
        path: PathBuf,
    },
    /// A program writes something that is no number where a number is expected.
    #[error("{command}: a number is expected, not {text:?}")]
    NoNumber {
        /// The command, as in a shell.
        command: String,
        /// What there is instead.
        text: String,
    },
    /// Not everybody prints the same.
    #[error("{program}: {one} and {other} print different results")]
    OutputsDiffer {
        /// The program.
        program: &'static str,
        /// Who prints one result.
        one: &'static str,
        /// Who prints the other.
        other: &'static str,
    },
    /// Two engines count differently.
    #[error("{program}: {one} instructions under one engine, {other} under another")]
    CountsDiffer {
        /// The program.
        program: &'static str,
        /// The count of one engine.
        one: u64,
        /// That of another.
        other: u64,
    },
}

impl Error {
    /// To be given to `map_err` where a file is read or written.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
