//! The `emjay` command: runs programs, shows what the compiler makes of them, and takes them line by
//! line.

#![forbid(unsafe_code)]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
