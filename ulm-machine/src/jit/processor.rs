//! What translated code runs on: this processor, or the simulator of AArch64.

use codegen::link::{Architecture, Linked};
use codegen::{native, simulated};
use ulm_isa::isa::INSTRUCTION_BYTES;

use super::compile::FUNCTION;
use super::exits::{Cause, Plan};
use super::flags::Rules;
use super::native::Native;
use super::simulated::Simulated;
use crate::machine::Machine;

/// The bytes of stack for spill slots.
pub(super) const STACK: usize = 256 << 10;

/// Where translated code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// On this processor, if code can be generated for it.
    Native,
    /// In the simulator of AArch64, on any processor: slower than interpreting, for who wants to know
    /// whether that code is right.
    Simulated,
}

impl Target {
    /// What code is generated for, if there is anything.
    pub fn architecture(self) -> Option<Architecture> {
        match self {
            Self::Native => Architecture::of_this_machine(),
            Self::Simulated => Some(Architecture::Aarch64),
        }
    }
}

/// Instructions side by side. The last word of memory may be among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// The address of the first.
    pub(super) start: u64,
    /// How many.
    pub(super) count: u64,
}

impl Stretch {
    /// Whether the word at an address, a multiple of 4, is one of them.
    pub(super) fn has(self, address: u64) -> bool {
        address.wrapping_sub(self.start) / INSTRUCTION_BYTES < self.count
    }

    /// Their addresses.
    pub(super) fn addresses(self) -> impl Iterator<Item = u64> {
        let Self { start, count } = self;
        (0..count).map(move |index| start.wrapping_add(index * INSTRUCTION_BYTES))
    }
}

/// A translated region.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) code: Code,
    pub(super) plans: Vec<Plan>,
    pub(super) reserve: u64,
    pub(super) rules: Rules,
    /// Its instructions.
    pub(super) stretches: Vec<Stretch>,
}

/// The code of a region, for one of the processors.
#[derive(Debug)]
pub(super) enum Code {
    Native(native::Procedure),
    Simulated(simulated::Procedure),
}

impl Code {
    /// Its size in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Native(procedure) => procedure.linked().size(),
            Self::Simulated(procedure) => procedure.linked().size(),
        }
    }
}

/// What runs code.
#[derive(Debug)]
pub(super) enum Processor {
    Native(Native),
    Simulated(Box<Simulated>),
}

impl Processor {
    /// What runs code for a target, if that is possible here.
    pub(super) fn new(target: Target) -> Option<Self> {
        Some(match target {
            Target::Native => Self::Native(Native::new()?),
            Target::Simulated => Self::Simulated(Box::new(Simulated::new())),
        })
    }

    /// Brings code to where it can be entered.
    pub(super) fn load(&self, linked: Linked) -> Option<Code> {
        Some(match self {
            Self::Native(_) => Code::Native(native::Procedure::load(linked, FUNCTION).ok()?),
            Self::Simulated(_) => {
                Code::Simulated(simulated::Procedure::load(linked, FUNCTION).ok()?)
            }
        })
    }

    /// Takes notice of where the machine is. It stays there, and nobody else gets at it, until this is
    /// called again.
    pub(super) fn begin(&mut self, machine: &mut Machine) {
        if let Self::Native(native) = self {
            native.begin(machine);
        }
    }

    /// Runs a region with at most so many instructions, at least its reserve, and says why it was left;
    /// nothing if it could not be entered, or is wrong. The machine is as it is there.
    pub(super) fn enter(
        &mut self,
        region: &Compiled,
        machine: &mut Machine,
        left: u64,
    ) -> Option<Cause> {
        let left = left.min(i64::MAX as u64);
        match (self, &region.code) {
            (Self::Native(native), Code::Native(procedure)) => {
                native.enter(region, procedure, machine, left)
            }
            (Self::Simulated(simulated), Code::Simulated(procedure)) => {
                simulated.enter(region, procedure, machine, left)
            }
            _ => None,
        }
    }
}
