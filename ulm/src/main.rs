//! The `ulm` command: runs programs of the Ulm Lecture Machine and describes the machine.

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

use std::process::ExitCode;

use terminal::Failure;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::read();
    ExitCode::from(match arguments.command {
        Some(command) => match pages::execute(command) {
            Ok(()) => 0,
            Err(Failure(status)) => status,
        },
        None => run::run(&arguments.run),
    })
}
