//! Runs generated code on the processor.

mod procedure;

use std::panic::resume_unwind;

use thiserror::Error;

use crate::context::STACK_LIMIT;
use crate::execution::{Host, Outcome};
use crate::ir::FunctionId;
use crate::link::{Architecture, Linked};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::memory::PreservedRegisters;
use crate::memory::{
    Context, Ending, Entry, ExecutableCode, HostPanic, Interrupt, Stack, WritableCode,
};
use crate::program::{Prepared, Start, prepare};
pub use crate::program::{RunError, RunOptions};
use crate::unwind::{Left, Words};
pub use procedure::{Ended, Exit, Procedure, ProcedureError, Runner, Values};

/// The bytes of stack below the limit, and below what the code needs there, for the host: imports
/// and signal handlers run on the same stack.
const HOST_RESERVE: usize = 1 << 20;

/// A program in executable memory.
#[derive(Debug)]
pub struct Program {
    linked: Linked,
    code: ExecutableCode,
    context: Context,
    stack: Option<Stack>,
}

/// Why a program can't be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The code is for another machine.
    #[error("this is not the machine that the code is for")]
    NotThisMachine,
    /// The system gives no memory, or does not let it be executed.
    #[error("there is no executable memory: {0}")]
    NoMemory(#[from] std::io::Error),
}

impl Program {
    /// Brings code into memory of its own.
    pub fn load(linked: Linked) -> Result<Self, LoadError> {
        let code = load_code(&linked)?;
        let context = Context::new(linked.import_parameters().len() as u32);
        Ok(Self {
            linked,
            code,
            context,
            stack: None,
        })
    }

    /// What it was made of.
    pub fn linked(&self) -> &Linked {
        &self.linked
    }

    /// The address of the code.
    pub fn address(&self) -> u64 {
        self.code.address()
    }

    /// What another thread makes this program leave with, where it polls. A request stays until it
    /// is taken back.
    pub fn interrupt(&self) -> Interrupt {
        self.context.interrupt()
    }

    /// Runs a function. If the host panics, the code is left, and the panic goes on from here.
    pub fn run(
        &mut self,
        function: FunctionId,
        arguments: &[i64],
        host: &mut dyn Host,
        options: &RunOptions,
    ) -> Result<Outcome, RunError> {
        self.run_by(function, arguments, *options, |entry| entry.enter(host))
    }

    /// As [`Self::run`], and says what was in the registers that a call has to preserve, after they
    /// had known values before. For tests.
    #[doc(hidden)]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub fn run_watched(
        &mut self,
        function: FunctionId,
        arguments: &[i64],
        host: &mut dyn Host,
        options: &RunOptions,
    ) -> Result<(Outcome, Option<PreservedRegisters>), RunError> {
        let mut registers = None;
        let outcome = self.run_by(function, arguments, *options, |entry| {
            let (ending, after) = entry.enter_watched(host);
            registers = Some(after);
            ending
        })?;
        Ok((outcome, registers))
    }

    fn run_by(
        &mut self,
        function: FunctionId,
        arguments: &[i64],
        options: RunOptions,
        enter: impl FnOnce(Entry<'_>) -> Result<Ending, HostPanic>,
    ) -> Result<Outcome, RunError> {
        let start = match prepare(&self.linked, function, arguments, options)? {
            Prepared::Ended(outcome) => return Ok(outcome),
            Prepared::Start(start) => start,
        };
        let mut stack = self.take_stack(&start)?;
        let on_stack = start.on_stack.len() as u64 * 8;
        let stack_pointer = (stack.top() - on_stack) & !15;
        for (address, &argument) in (stack_pointer..).step_by(8).zip(&start.on_stack) {
            stack.write(address, argument as u64);
        }
        let limit = stack.top() - start.above_limit as u64;
        self.context.set(STACK_LIMIT, limit);
        let ending = enter(Entry {
            code: &self.code,
            stub: self.linked.entry_stub(),
            function: start.function,
            thunks: self.linked.thunks(),
            import_parameters: self.linked.import_parameters(),
            context: &self.context,
            stack: &mut stack,
            stack_pointer,
            arguments: start.registers,
        });
        let outcome = match ending {
            Err(panic) => resume_unwind(panic),
            Ok(Ending { value, left: 0 }) => Ok(Outcome::Returned(value)),
            Ok(_) => self.departure(&stack),
        };
        self.stack = Some(stack);
        outcome
    }

    /// The stack of the run before, or a new one if that is too small.
    fn take_stack(&mut self, start: &Start) -> Result<Stack, RunError> {
        let bytes = start
            .above_limit
            .saturating_add(start.below_limit)
            .saturating_add(HOST_RESERVE);
        match self.stack.take() {
            Some(stack) if stack.size() >= bytes => Ok(stack),
            _ => Stack::new(bytes).map_err(|error| RunError::NoStack { bytes, error }),
        }
    }

    fn departure(&self, stack: &Stack) -> Result<Outcome, RunError> {
        let left = Left {
            linked: &self.linked,
            base: self.code.address(),
            context: self.context.address(),
            words: &Memory {
                context: &self.context,
                stack,
            },
        };
        let site = left.site();
        let departure = left.departure().ok_or(RunError::UnknownSite { site })?;
        Ok(Outcome::Left(departure))
    }
}

/// Brings code into executable memory.
fn load_code(linked: &Linked) -> Result<ExecutableCode, LoadError> {
    if Architecture::of_this_machine() != Some(linked.options().architecture) {
        return Err(LoadError::NotThisMachine);
    }
    let mut room = WritableCode::new(linked.size())?;
    linked.relocate_into(room.address(), room.bytes());
    Ok(room.publish()?)
}

/// The memory that the code has written.
struct Memory<'a> {
    context: &'a Context,
    stack: &'a Stack,
}

impl Words for Memory<'_> {
    fn read(&self, address: u64) -> Option<u64> {
        let on_stack = self.stack.read(address);
        on_stack.or_else(|| self.context.read(address))
    }
}
