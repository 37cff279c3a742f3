//! Functions that are entered again and again: what can be done once is done when they are loaded, and
//! an exit says no more than its number, its place and its values.
//!
//! [`Program::run`](super::Program::run) prepares everything anew and reports the whole chain of
//! calls. A translating engine enters code a million times a second, and there even a small vector
//! costs more than the code itself.

use std::slice;

use thiserror::Error;

use super::{HOST_RESERVE, LoadError, load_code};
use crate::context::{ENTRY_ARGUMENTS, EXIT_SITE, EXIT_STACK, REGISTERS, STACK_LIMIT};
use crate::ir::{ExitId, FunctionId};
use crate::link::{Linked, StackNeed};
use crate::machine::Location;
use crate::memory::{Context, Ending, Entry, ExecutableCode, Interrupt, Stack};
use crate::origin::PlaceId;
use crate::program::RunError;

/// What procedures run on, one after the other: a stack and a context. One is enough for any number
/// of procedures.
#[derive(Debug)]
pub struct Runner {
    context: Context,
    stack: Stack,
    /// The bytes of stack for the code.
    room: u64,
}

impl Runner {
    /// A runner with so many bytes of stack for the code.
    pub fn new(stack: usize) -> Result<Self, RunError> {
        let bytes = stack.saturating_add(HOST_RESERVE);
        let mapping = Stack::new(bytes).map_err(|error| RunError::NoStack { bytes, error })?;
        let context = Context::new(0);
        context.set(STACK_LIMIT, mapping.top() - stack as u64);
        Ok(Self {
            context,
            stack: mapping,
            room: stack as u64,
        })
    }

    /// What another thread makes procedures leave with, where they poll. A request stays until it is
    /// taken back.
    pub fn interrupt(&self) -> Interrupt {
        self.context.interrupt()
    }
}

/// A function in executable memory, with those that it calls. It calls nothing outside.
#[derive(Debug)]
pub struct Procedure {
    linked: Linked,
    code: ExecutableCode,
    /// The offset of the function.
    start: u32,
    /// How many arguments it takes.
    parameters: u32,
    /// The bytes of stack that it needs at most.
    stack: u64,
}

/// Why a function can't be a [`Procedure`].
#[derive(Debug, Error)]
pub enum ProcedureError {
    /// It can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no code of it.
    #[error("there is no code of function {}", .0.0)]
    NoCode(FunctionId),
    /// Its module has imports.
    #[error("a procedure can't call anything outside")]
    Imports,
    /// Some of its arguments would stand on the stack.
    #[error("a procedure takes at most {limit} arguments, not {parameters}")]
    TooManyParameters {
        /// How many it takes.
        parameters: u32,
        /// How many are possible.
        limit: usize,
    },
    /// It is recursive.
    #[error("there is no bound to the stack that the function needs")]
    UnboundedStack,
}

impl Procedure {
    /// Brings code into memory of its own, to be entered at this function.
    pub fn load(linked: Linked, function: FunctionId) -> Result<Self, ProcedureError> {
        let no_code = ProcedureError::NoCode(function);
        let (Some(place), Some(parameters)) =
            (linked.function(function), linked.parameters(function))
        else {
            return Err(no_code);
        };
        let start = place.start;
        let Some(StackNeed::Bounded(stack)) = linked.stack_need(function) else {
            return Err(ProcedureError::UnboundedStack);
        };
        if !linked.import_parameters().is_empty() {
            return Err(ProcedureError::Imports);
        }
        let options = linked.options();
        let limit = options.architecture.register_arguments(options.calls);
        if parameters as usize > limit {
            return Err(ProcedureError::TooManyParameters { parameters, limit });
        }
        let code = load_code(&linked)?;
        Ok(Self {
            linked,
            code,
            start,
            parameters,
            stack,
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

    /// Runs it. What it ended with can be read until the runner is used again.
    #[inline]
    pub fn enter<'a>(
        &'a self,
        runner: &'a mut Runner,
        arguments: &[i64],
    ) -> Result<Ended<'a>, RunError> {
        if arguments.len() != self.parameters as usize {
            return Err(RunError::WrongArguments {
                expected: self.parameters,
                given: arguments.len(),
            });
        }
        if self.stack > runner.room {
            return Err(RunError::StackTooSmall {
                needed: self.stack,
                room: runner.room,
            });
        }
        let mut registers = [0; ENTRY_ARGUMENTS];
        registers[..arguments.len()].copy_from_slice(arguments);
        let stack_pointer = runner.stack.top();
        let ending = Entry {
            code: &self.code,
            stub: self.linked.entry_stub(),
            function: self.start,
            thunks: &[],
            import_parameters: &[],
            context: &runner.context,
            stack: &mut runner.stack,
            stack_pointer,
            arguments: registers,
        }
        .enter_alone();
        match ending {
            Ending { value, left: 0 } => Ok(Ended::Returned(value)),
            Ending { .. } => self.exit(runner).map(Ended::Left),
        }
    }

    /// The exit that the code has left by.
    #[inline]
    fn exit<'a>(&'a self, runner: &'a Runner) -> Result<Exit<'a>, RunError> {
        let site = runner.context.get(EXIT_SITE);
        let offset = u32::try_from(site.wrapping_sub(self.code.address())).ok();
        let (function, site) = offset
            .and_then(|offset| self.linked.exit_at(offset))
            .ok_or(RunError::UnknownSite { site })?;
        Ok(Exit {
            exit: site.exit,
            reason: function.reasons[site.exit.index()],
            function: function.id,
            place: site.origin.place,
            values: Values {
                locations: site.values.iter(),
                slots: runner
                    .context
                    .get(EXIT_STACK)
                    .wrapping_add(u64::from(function.slots_at)),
                runner,
            },
        })
    }
}

/// How a procedure ended.
#[derive(Debug, Clone)]
pub enum Ended<'a> {
    /// It returned this.
    Returned(i64),
    /// It left.
    Left(Exit<'a>),
}

/// An exit that a procedure has left by.
#[derive(Debug, Clone)]
pub struct Exit<'a> {
    /// Which exit of the function.
    pub exit: ExitId,
    /// The exit's reason.
    pub reason: u32,
    /// The function that left.
    pub function: FunctionId,
    /// Where in it, in the function's own table of places.
    pub place: PlaceId,
    /// The exit's values.
    pub values: Values<'a>,
}

/// The values of an exit, in their order. They are fetched from registers and stack as they are asked
/// for.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    locations: slice::Iter<'a, Location>,
    /// The address of spill slot 0.
    slots: u64,
    runner: &'a Runner,
}

impl Iterator for Values<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        let value = match *self.locations.next()? {
            Location::Register(number) => {
                let offset = REGISTERS + 8 * u32::from(number);
                self.runner.context.get(offset) as i64
            }
            Location::Slot(slot) => {
                let address = self.slots.wrapping_add(8 * u64::from(slot));
                self.runner.stack.read(address).unwrap_or(0) as i64
            }
            Location::Constant(value) => value,
        };
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.locations.size_hint()
    }
}

impl ExactSizeIterator for Values<'_> {}
