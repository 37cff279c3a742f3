//! The `ulm` command: runs programs of the Ulm Lecture Machine and describes the machine.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ulm::main()
}
