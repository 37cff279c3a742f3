//! What all ways of running a module have in common: the interpreter, the simulator, the processor.

use crate::ir::{FunctionId, ImportId};
use crate::origin::PlaceId;

/// What a program can call outside.
pub trait Host {
    /// Called for an import, with as many arguments as it has parameters. It must not panic.
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply;
}

/// A host that has nothing to offer: every import gives 0.
impl Host for () {
    fn call(&mut self, _: ImportId, _: &[i64]) -> Reply {
        Reply::Continue(0)
    }
}

/// What an import answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Go on with this value.
    Continue(i64),
    /// Take the exit of the call.
    Stop,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned this.
    Returned(i64),
    /// The code left by an exit.
    Left(Departure),
    /// The number of instructions that was allowed has been executed (where the way of running
    /// counts them).
    Limit,
}

/// An exit that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The exit's reason.
    pub reason: u32,
    /// The exit's values.
    pub values: Vec<i64>,
    /// The activations at that time, the innermost first, at most [`SHOWN_CALLS`] of them.
    pub calls: Vec<Activation>,
    /// How many activations there were.
    pub depth: u64,
}

/// The number of activations that are reported.
pub const SHOWN_CALLS: usize = 64;

/// A function that was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// The function.
    pub function: FunctionId,
    /// Where in it: the instruction that left, or the call. In the function's own table of places.
    pub place: PlaceId,
}
