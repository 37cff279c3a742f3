//! The `ulm` command.

fn main() {}
