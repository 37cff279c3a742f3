//! Random modules for tests: valid, with all that the IR has, and at an end soon whatever the
//! arguments are.
//!
//! Public because the tests of other crates, the fuzz targets and the benchmarks use them, too. The
//! same seed and the same shape give the same module, on every machine.
//!
//! A module ends by construction: loops count down from at most 8, a function calls only those
//! behind it, or itself with a parameter that gets less each time. What it executes in the worst case
//! is added up while it is built, and when [`Shape::instructions`] is reached nothing more is added.

mod body;
mod builder;
mod numbers;

use crate::ir::{FunctionId, Import, Module};
use body::{Body, Callable};
use numbers::Random;

/// What random modules look like. Numbers are upper bounds, switches say what may occur.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "parts that are switched on one by one, not states"
)]
pub struct Shape {
    /// The number of functions, at least 1.
    pub functions: u32,
    /// The number of parameters of a function.
    pub parameters: u32,
    /// The number of statements of a function. A statement is a few instructions, or a loop or a
    /// choice around further statements.
    pub statements: u32,
    /// How deep loops and choices are nested, at most 64; 0 gives functions of one block.
    pub nesting: u32,
    /// The number of values that are alive all over a function. Most functions have few, every
    /// fourth up to this.
    pub pressure: u32,
    /// About how many instructions are executed until the end, in the worst case.
    pub instructions: u64,
    /// Whether functions call each other.
    pub calls: bool,
    /// Whether functions call themselves.
    pub recursion: bool,
    /// Whether the imports `putc/1` and `getc/0` are there and called.
    pub imports: bool,
    /// Divisions: by constants, by values, sometimes by 0, with an exit where that could be.
    pub divisions: bool,
    /// Multiplications and divisions of 128 bits.
    pub wide: bool,
    /// Whether there are instructions that leave: guards, polls, checks of the stack, exits.
    pub exits: bool,
    /// What loads and stores may reach; without it there are none.
    pub memory: Option<Window>,
}

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first address.
    pub address: u64,
    /// How many bytes, at least 64.
    pub bytes: u32,
}

impl Default for Shape {
    /// Everything but memory, in sizes that run thousands of times in a test.
    fn default() -> Self {
        Self {
            functions: 6,
            parameters: 12,
            statements: 40,
            nesting: 3,
            pressure: 60,
            instructions: 20_000,
            calls: true,
            recursion: true,
            imports: true,
            divisions: true,
            wide: true,
            exits: true,
            memory: None,
        }
    }
}

/// A random module. Execution begins at function 0, `main`, which has any number of parameters; see
/// [`arguments`].
pub fn module(seed: u64, shape: &Shape) -> Module {
    let mut random = Random::new(seed);
    let count = 1 + random.below(shape.functions.max(1));
    // The last one first: a function needs to know what its callees cost.
    let mut callables: Vec<Callable> = Vec::new();
    let mut functions = Vec::new();
    for index in (0..count).rev() {
        let (function, callable) =
            Body::generate(FunctionId(index), &mut random, shape, &callables);
        functions.push(function);
        callables.push(callable);
    }
    functions.reverse();
    let import = |name: &str, parameters| Import {
        name: name.to_owned(),
        parameters,
    };
    let imports = if shape.imports {
        vec![import("putc", 1), import("getc", 0)]
    } else {
        Vec::new()
    };
    Module { functions, imports }
}

/// Random arguments: small ones, large ones, and those at the borders of what machines treat
/// differently.
pub fn arguments(seed: u64, count: u32) -> Vec<i64> {
    let mut random = Random::new(!seed);
    (0..count).map(|_| random.number()).collect()
}
