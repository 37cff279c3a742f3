//! Translated code on this processor. It works on the machine's registers and memory where they are.

use codegen::native::{Ended, Procedure, Runner};

use super::exits::{Cause, Entry};
use super::processor::{Compiled, STACK};
use super::state::{self, State};
use crate::machine::Machine;

/// This processor.
#[derive(Debug)]
pub(super) struct Native {
    runner: Runner,
    state: State,
}

impl Native {
    /// The processor with a stack; `None` if there is no memory for that.
    pub(super) fn new() -> Option<Self> {
        Some(Self {
            runner: Runner::new(STACK).ok()?,
            state: State::new(),
        })
    }

    /// See [`super::processor::Processor::begin`].
    pub(super) fn begin(&mut self, machine: &mut Machine) {
        self.state
            .set(state::REGISTERS, machine.registers_address());
        self.state.set(state::TABLE, machine.memory.table_address());
    }

    /// See [`super::processor::Processor::enter`].
    pub(super) fn enter(
        &mut self,
        region: &Compiled,
        procedure: &Procedure,
        machine: &mut Machine,
        left: u64,
    ) -> Option<Cause> {
        let state = &self.state;
        let (input, input_end) = machine.input_addresses();
        state.set(state::INPUT, input);
        state.set(state::INPUT_END, input_end);
        state.make_room(machine.room_for_output());
        state.set(state::LEFT, left);
        for (offset, operand) in (state::FLAGS..)
            .step_by(8)
            .zip(region.rules.operands(machine.flags))
        {
            state.set(offset, operand);
        }
        let arguments = [state.address() as i64];
        let Ok(Ended::Left(exit)) = procedure.enter(&mut self.runner, &arguments) else {
            return None;
        };
        let plan = &region.plans[exit.reason as usize];
        let entry = Entry {
            left,
            reserve: region.reserve,
            input,
        };
        plan.restore(machine, entry, exit.values, |next| state.written(next));
        Some(plan.cause)
    }
}
