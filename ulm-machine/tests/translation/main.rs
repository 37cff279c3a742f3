//! The translating engine does what the others do: what is hard to get right when code of the program
//! becomes code of the host, case by case, and random programs that are made of such cases.

#![cfg(feature = "jit")]

#[path = "../common/mod.rs"]
mod common;

mod ahead;
mod known;
mod limits;
mod program;
mod session;
mod source;
