//! Runs linked code of AArch64 in the simulator, on any machine.
//!
//! The same bytes as on the processor, entered and left through the same stubs, with the same
//! outcomes; and what has been executed is counted.

mod procedure;

use std::io;

use thiserror::Error;

use crate::aarch64::simulator::{
    Ending, Fault, IMAGE_BASE, Image, LARGEST_STACK, Observer, Permission, Simulator, Statistics,
};
use crate::context::STACK_LIMIT;
use crate::execution::{Host, Outcome};
use crate::ir::FunctionId;
use crate::link::{Architecture, Linked};
use crate::program::{Prepared, RunError, RunOptions, Start, prepare};
use crate::unwind::{Left, Words};
pub use procedure::{Procedure, Runner};

/// Where the entry stub finds the arguments.
const ARGUMENTS: u64 = 0x0800_0000_0000;

/// What a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulationOptions {
    /// The stack.
    pub run: RunOptions,
    /// The number of instructions that may be executed, those of the stubs included.
    pub instructions: u64,
}

impl Default for SimulationOptions {
    /// The stack of [`RunOptions`], and as many instructions as anybody can wait for.
    fn default() -> Self {
        Self {
            run: RunOptions::default(),
            instructions: u64::MAX,
        }
    }
}

/// What a simulated run gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// How it ended.
    pub outcome: Outcome,
    /// What has been executed, the stubs included.
    pub statistics: Statistics,
}

/// Why there is no outcome.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// The code is for another machine.
    #[error("only code for AArch64 can be simulated")]
    NotAarch64,
    /// The function can't be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The code has done what it must not: a generator is wrong.
    #[error("the code is wrong: {0}")]
    Fault(#[from] Fault),
}

/// Runs a function.
pub fn simulate(
    linked: &Linked,
    function: FunctionId,
    arguments: &[i64],
    host: &mut dyn Host,
    options: &SimulationOptions,
) -> Result<Simulation, SimulationError> {
    simulate_observed(linked, function, arguments, host, options, &mut ())
}

/// As [`simulate`]; the observer is told each word of the code that is executed, by its number.
pub fn simulate_observed(
    linked: &Linked,
    function: FunctionId,
    arguments: &[i64],
    host: &mut dyn Host,
    options: &SimulationOptions,
    observer: &mut impl Observer,
) -> Result<Simulation, SimulationError> {
    if linked.options().architecture != Architecture::Aarch64 {
        return Err(SimulationError::NotAarch64);
    }
    let start = match prepare(linked, function, arguments, options.run)? {
        Prepared::Start(start) => start,
        Prepared::Ended(outcome) => {
            let statistics = Statistics::default();
            return Ok(Simulation {
                outcome,
                statistics,
            });
        }
    };
    let mut simulator = load(linked, &start)?;
    simulator.set_limit(options.instructions);
    let stack_pointer = place_arguments(&mut simulator, &start);
    let words = [
        simulator.context(),
        IMAGE_BASE + u64::from(start.function),
        ARGUMENTS,
        stack_pointer,
    ];
    let entry = IMAGE_BASE + u64::from(linked.entry_stub());
    let outcome = match simulator.call_observed(entry, &words, host, observer)? {
        Ending::Limit => Outcome::Limit,
        Ending::Returned([value, 0]) => Outcome::Returned(value as i64),
        Ending::Returned(_) => departure(linked, &simulator)?,
    };
    Ok(Simulation {
        outcome,
        statistics: simulator.statistics(),
    })
}

/// A simulator with the code and a stack.
fn load(linked: &Linked, start: &Start) -> Result<Simulator, RunError> {
    let bytes = start.above_limit.saturating_add(start.below_limit);
    if bytes > LARGEST_STACK {
        let error = io::Error::from(io::ErrorKind::OutOfMemory);
        return Err(RunError::NoStack { bytes, error });
    }
    let image = Image {
        bytes: &linked.relocated(IMAGE_BASE),
        code: linked.code_size(),
    };
    let mut simulator = Simulator::new(image, linked.import_parameters(), bytes);
    let limit = simulator.stack_top() - start.above_limit as u64;
    simulator.set_context(STACK_LIMIT, limit);
    Ok(simulator)
}

/// Brings the arguments to memory; gives the stack pointer.
fn place_arguments(simulator: &mut Simulator, start: &Start) -> u64 {
    let registers = start.registers.iter().flat_map(|word| word.to_le_bytes());
    simulator.map(ARGUMENTS, registers.collect(), Permission::Read);
    let on_stack = start.on_stack.iter().flat_map(|word| word.to_le_bytes());
    let bytes: Vec<u8> = on_stack.collect();
    let stack_pointer = (simulator.stack_top() - bytes.len() as u64) & !15;
    simulator.write(stack_pointer, &bytes);
    stack_pointer
}

fn departure(linked: &Linked, simulator: &Simulator) -> Result<Outcome, RunError> {
    let left = Left {
        linked,
        base: IMAGE_BASE,
        context: simulator.context(),
        words: simulator,
    };
    let site = left.site();
    let departure = left.departure().ok_or(RunError::UnknownSite { site })?;
    Ok(Outcome::Left(departure))
}

impl Words for Simulator {
    fn read(&self, address: u64) -> Option<u64> {
        self.read_word(address)
    }
}
