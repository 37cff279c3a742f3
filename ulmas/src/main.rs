//! The `ulmas` command.

#![forbid(unsafe_code)]

mod command;
mod write_behind;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
