//! Passes over the IR.

pub mod stack_checks;
