//! stub
use crate::engine::{Breakpoints, Engine, run_steps};
use crate::machine::Machine;
use crate::observer::Observer;
use crate::prepared::Prepared;
use crate::stop::Stop;
use ulm_isa::Isa;

/// Decodes each word once.
#[derive(Debug, Clone)]
pub struct FastEngine {
    prepared: Prepared,
    breakpoints: Breakpoints,
}

impl FastEngine {
    /// An engine for the machine that `isa` describes.
    pub fn new(isa: &Isa) -> Self {
        Self {
            prepared: Prepared::new(isa),
            breakpoints: Breakpoints::default(),
        }
    }
}

impl Engine for FastEngine {
    fn run<O: Observer>(&mut self, machine: &mut Machine, budget: u64, observer: &mut O) -> Stop {
        let prepared = &mut self.prepared;
        run_steps(machine, &mut self.breakpoints, budget, |machine| {
            prepared.step(machine, observer)
        })
    }
    fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }
    fn breakpoints_mut(&mut self) -> &mut Breakpoints {
        &mut self.breakpoints
    }
}
