//! What engines have in common.

use rustc_hash::FxHashSet;

use crate::machine::Machine;
use crate::observer::Observer;
use crate::stop::Stop;

/// Executes instructions.
///
/// Machines may be passed between engines, changed and exchanged between any two calls.
pub trait Engine {
    /// Executes until something stops the machine, or `budget` more instructions are executed
    /// ([`Stop::Paused`]).
    ///
    /// The instruction limit is looked at first, then the budget, then breakpoints. Output does
    /// not pile up: after an instruction that leaves [`crate::PENDING_OUTPUT`] bytes or more, the
    /// engine pauses.
    fn run<O: Observer>(&mut self, machine: &mut Machine, budget: u64, observer: &mut O) -> Stop;

    /// Brings [`Machine::recent_jumps`] up to date, if the engine does not do so all the time.
    ///
    /// May take as long as a part of the run before. What can't be found out any more is left out.
    fn recall(&mut self, machine: &mut Machine) {
        let _ = machine;
    }

    /// Where the engine stops.
    fn breakpoints(&self) -> &Breakpoints;

    /// Where the engine stops, to be changed.
    fn breakpoints_mut(&mut self) -> &mut Breakpoints;
}

/// Addresses before whose instructions an engine stops.
#[derive(Debug, Clone, Default)]
pub struct Breakpoints {
    addresses: FxHashSet<u64>,
    /// How often the set was changed.
    changes: u64,
    /// Address and instruction count of the last stop: going on from there must make progress.
    passed: Option<(u64, u64)>,
}

impl Breakpoints {
    /// Adds an address; false if it is there already.
    pub fn insert(&mut self, address: u64) -> bool {
        self.changes += 1;
        self.addresses.insert(address)
    }

    /// Removes an address; false if it is not there.
    pub fn remove(&mut self, address: u64) -> bool {
        self.changes += 1;
        self.addresses.remove(&address)
    }

    /// Removes all addresses.
    pub fn clear(&mut self) {
        self.changes += 1;
        self.addresses.clear();
    }

    /// Whether an address is there.
    pub fn contains(&self, address: u64) -> bool {
        self.addresses.contains(&address)
    }

    /// All addresses, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.addresses.iter().copied()
    }

    /// A number that is another one after each change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether the engine must stop before the instruction at `ip`. Says so once: the next time,
    /// if no instruction was executed in between, it is passed.
    pub(crate) fn stops(&mut self, ip: u64, instructions: u64) -> bool {
        if !self.addresses.contains(&ip) || self.passed == Some((ip, instructions)) {
            return false;
        }
        self.passed = Some((ip, instructions));
        true
    }
}

/// Runs a machine by single steps.
pub(crate) fn run_steps(
    machine: &mut Machine,
    breakpoints: &mut Breakpoints,
    budget: u64,
    mut step: impl FnMut(&mut Machine) -> Result<Step, Stop>,
) -> Stop {
    let mut left = machine.allowance(budget);
    while left > 0 {
        if breakpoints.stops(machine.ip, machine.instructions) {
            return Stop::Breakpoint(machine.ip);
        }
        match step(machine) {
            Ok(Step::WroteOutput) if machine.has_much_output() => return machine.pause(),
            Ok(_) => left -= 1,
            Err(stop) => return stop,
        }
    }
    machine.pause()
}

/// A completed instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It wrote no output.
    Silent,
    /// It did.
    WroteOutput,
}
