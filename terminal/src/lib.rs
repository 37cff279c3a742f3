//! What the commands share: reading files, printing, exit statuses, `explain`.
//!
//! The libraries of the workspace are pure; this one is the other half, for binaries only. A
//! message goes to stderr, in colour where that is wanted; what was asked for goes to stdout. A
//! step of a command that can't go on says why and gives a [`Failure`], which is nothing more than
//! the exit status.

#![forbid(unsafe_code)]

mod explain;
mod files;
mod message;
mod output;
mod size;
pub mod status;

pub use explain::explain;
pub use files::{
    LARGEST_FILE, LoadError, ReadError, display_name, is_stdin, load_isa, read, read_source,
};
pub use message::{Palette, appearance, reason, render_all, say, say_error, say_help};
pub use output::print;
pub use size::{Size, SizeError};

/// A command can't go on: the user has been told why, and this is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Failure(pub u8);

/// Says `error: …`, and gives the failure with [`status::FAILED`].
pub fn fail(message: &str) -> Failure {
    say_error(message);
    Failure(status::FAILED)
}

/// Says that there is nothing of a name, and which one was probably meant, if that is known.
pub fn fail_with_near(message: &str, near: Option<&str>) -> Failure {
    say_error(message);
    if let Some(near) = near {
        say_help(&format!("did you mean `{near}`?"));
    }
    Failure(status::FAILED)
}
