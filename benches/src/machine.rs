//! The engines of the ULM beside qemu-riscv64 and gcc: programs, who runs them, what is measured, and
//! the figures that are to be reached.
//!
//! Each program exists for the ULM (`ulm/*.s`, `programs/*.emjay`) and in C (`c/*.c`, `programs/*.c`),
//! with the same steps and the same output.

pub mod assembler;
pub mod error;
pub mod execution;
pub mod host_instructions;
pub mod long_code;
pub mod memory;
pub mod process;
pub mod programs;
pub mod runner;
pub mod speed;
pub mod start_up;
pub mod table;
pub mod tools;

/// Bytes.
const MEBIBYTE: f64 = 1024.0 * 1024.0;
