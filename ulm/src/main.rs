//! The `ulm` command: runs programs of the Ulm Lecture Machine and describes the machine.

#![forbid(unsafe_code)]

mod arguments;
mod console;
mod dump;
mod history;
mod message;
mod number;
mod pages;
mod places;
mod program;
mod report;
mod run;
mod size;
mod stats;
mod status;
mod trace;
mod trap;
mod trouble;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::read();
    ExitCode::from(match arguments.command {
        Some(command) => pages::execute(command),
        None => run::run(&arguments.run),
    })
}
