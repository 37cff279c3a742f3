//! The `emjay` command.

#![forbid(unsafe_code)]

fn main() {}
