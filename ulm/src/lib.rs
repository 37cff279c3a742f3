//! The `ulm` command as a library: what it does when it runs a program is the same for others who run
//! one.
//!
//! Only commands use this: it reads files, prints, and listens for Ctrl-C.

#![forbid(unsafe_code)]

mod arguments;
mod console;
mod dump;
mod history;
mod number;
mod pages;
mod places;
mod program;
mod report;
mod run;
mod stats;
mod trace;
mod trap;
mod trouble;
mod watch;

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use terminal::Failure;
use ulm_isa::Isa;
use ulm_machine::Target;

pub use places::Places;
pub use program::{LoadError, Program, load};

/// Does what the command line of `ulm` says.
pub fn main() -> ExitCode {
    let arguments = arguments::Arguments::read();
    ExitCode::from(match arguments.command {
        Some(command) => match pages::execute(command) {
            Ok(()) => 0,
            Err(Failure(status)) => status,
        },
        None => run::run(&arguments.run),
    })
}

/// A run of a program that is translated before it is executed.
pub struct TranslatedRun<'a> {
    /// An image, or a `.s` file to be assembled.
    pub program: &'a Path,
    /// Where the code runs.
    pub target: Target,
    /// The most instructions that are executed.
    pub limit: Option<u64>,
    /// The program's input.
    pub input: Box<dyn Read + Send>,
}

/// Runs a program of the built-in machine with the messages and the exit status of `ulm PROGRAM`.
pub fn run_translated(run: TranslatedRun<'_>) -> u8 {
    run::run_translated(Isa::ulm(), run)
}
