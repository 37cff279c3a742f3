//! Functions that are entered again and again in the simulator, on memory that stays.
//!
//! [`simulate`](super::simulate) gives each run a machine of its own. A translating engine enters many
//! pieces of code one after the other, and what they work on is there before and afterwards.

use std::sync::Arc;

use super::{ARGUMENTS, SimulationError, departure};
use crate::aarch64::simulator::{Ending, IMAGE_BASE, Image, Permission, Simulator};
use crate::context::{ENTRY_ARGUMENTS, STACK_LIMIT};
use crate::execution::{Host, Outcome, Reply};
use crate::ir::{FunctionId, ImportId};
use crate::link::{Architecture, Linked};
use crate::program::{Prepared, RunError, RunOptions, prepare};

/// What procedures run on, one after the other: the simulator with its memory.
#[derive(Debug)]
pub struct Runner {
    simulator: Simulator,
    /// The bytes of stack for the code.
    stack: usize,
    /// The code that is in the simulator.
    loaded: Arc<[u8]>,
}

impl Runner {
    /// A runner with so many bytes of stack for the code.
    pub fn new(stack: usize) -> Self {
        let image = Image {
            bytes: &[],
            code: 0,
        };
        let mut simulator = Simulator::new(image, &[], stack);
        let limit = simulator.stack_top() - stack as u64;
        simulator.set_context(STACK_LIMIT, limit);
        let arguments = vec![0; 8 * ENTRY_ARGUMENTS];
        simulator.map(ARGUMENTS, arguments, Permission::Read);
        Self {
            simulator,
            stack,
            loaded: Arc::new([]),
        }
    }

    /// Adds memory. It must not overlap other memory; an address above the code and below
    /// `0x0800_0000_0000` is free.
    pub fn map(&mut self, address: u64, bytes: Vec<u8>, permission: Permission) {
        self.simulator.map(address, bytes, permission);
    }

    /// Bytes from an address on; `None` if not all of them are there.
    pub fn read(&self, address: u64, size: usize) -> Option<&[u8]> {
        self.simulator.read(address, size)
    }

    /// Writes bytes from an address on. Says whether all of them are there; if not, nothing is written.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> bool {
        self.simulator.write(address, bytes)
    }
}

/// A function for the simulator, with those that it calls. It calls nothing outside.
#[derive(Debug)]
pub struct Procedure {
    linked: Linked,
    image: Arc<[u8]>,
    function: FunctionId,
}

impl Procedure {
    /// Makes code ready to be entered at this function.
    pub fn load(linked: Linked, function: FunctionId) -> Result<Self, SimulationError> {
        if linked.options().architecture != Architecture::Aarch64 {
            return Err(SimulationError::NotAarch64);
        }
        if linked.function(function).is_none() {
            return Err(RunError::NoCode(function).into());
        }
        Ok(Self {
            image: linked.relocated(IMAGE_BASE).into(),
            linked,
            function,
        })
    }

    /// What it was made of.
    pub fn linked(&self) -> &Linked {
        &self.linked
    }

    /// Runs it, with all its arguments in registers. If the code is wrong, memory is as it was when
    /// that was noticed.
    pub fn enter(
        &self,
        runner: &mut Runner,
        arguments: &[i64],
    ) -> Result<Outcome, SimulationError> {
        let options = RunOptions {
            stack: runner.stack,
        };
        let start = match prepare(&self.linked, self.function, arguments, options)? {
            Prepared::Start(start) => start,
            Prepared::Ended(outcome) => return Ok(outcome),
        };
        let simulator = &mut runner.simulator;
        if !Arc::ptr_eq(&runner.loaded, &self.image) {
            simulator.replace_image(Image {
                bytes: &self.image,
                code: self.linked.code_size(),
            });
            runner.loaded = Arc::clone(&self.image);
        }
        let registers = start.registers.iter().flat_map(|word| word.to_le_bytes());
        simulator.write(ARGUMENTS, &registers.collect::<Vec<u8>>());
        let words = [
            simulator.context(),
            IMAGE_BASE + u64::from(start.function),
            ARGUMENTS,
            simulator.stack_top(),
        ];
        let entry = IMAGE_BASE + u64::from(self.linked.entry_stub());
        match simulator.call(entry, &words, &mut Nobody)? {
            Ending::Limit => Ok(Outcome::Limit),
            Ending::Returned([value, 0]) => Ok(Outcome::Returned(value as i64)),
            Ending::Returned(_) => Ok(departure(&self.linked, simulator)?),
        }
    }
}

/// The host of code that calls nothing outside.
struct Nobody;

impl Host for Nobody {
    fn call(&mut self, _: ImportId, _: &[i64]) -> Reply {
        Reply::Stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aarch64;
    use crate::ir::Module;
    use crate::ir::text::parse;
    use crate::link::{self, StackChecks};
    use crate::machine::Calls;

    fn procedure(text: &str) -> Procedure {
        let module: Module = parse(text).unwrap();
        let calls = Calls::Direct;
        let id = FunctionId(0);
        let unit = aarch64::encode(&aarch64::generate(&module, id, &aarch64::Options { calls }));
        let options = link::Options {
            architecture: Architecture::Aarch64,
            calls,
            checks: StackChecks::InFunctions,
            exhausted: 0,
        };
        let linked = link::link(&module, vec![unit], &options).unwrap();
        Procedure::load(linked, id).unwrap()
    }

    #[test]
    fn memory_stays_from_one_procedure_to_the_next() {
        const CELL: u64 = 0x0100_0000_0000;
        let mut runner = Runner::new(4096);
        runner.map(CELL, vec![0; 8], Permission::ReadWrite);
        let store = procedure(
            "fn store - #args: 2, #reg: 3 {\n\
             mva @r0, a0\n mva @r1, a1\n st8 r1, [r0]\n exit 7(r1)\n}",
        );
        let load =
            procedure("fn load - #args: 1, #reg: 2 {\n mva @r0, a0\n ld8 @r1, [r0]\n ret r1\n}");
        let address = CELL as i64;
        let Ok(Outcome::Left(left)) = store.enter(&mut runner, &[address, 42]) else {
            panic!("it leaves");
        };
        assert_eq!((left.reason, &*left.values), (7, &[42][..]));
        for _ in 0..2 {
            let outcome = load.enter(&mut runner, &[address]).unwrap();
            assert_eq!(outcome, Outcome::Returned(42));
        }
    }
}
