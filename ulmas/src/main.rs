//! The `ulmas` command.

fn main() {}
