//! Runs a program on the machine: its text is assembled, loaded, and executed slice by slice, and
//! where it leaves before its end that is told as for native code.

use std::ops::ControlFlow;

use codegen::execution::{Departure, Outcome};
use codegen::ir::Module;
use diagnostics::{FileId, Sources};
use thiserror::Error;
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Limit, Limits, Machine, Observer, Stop, Trap, TrapKind};
use ulmas::image::Image;

use super::program::{Program, SectionKind};
use super::unwind::Left;

/// How many instructions run between two looks at the output: some hundredths of a second.
const SLICE: u64 = 4_000_000;
/// The same with an observer, who takes time.
const WATCHED_SLICE: u64 = 20_000;

/// What a program reads and writes, and who may stop it.
pub trait Console {
    /// Called after every slice, with what the program has written since the last one, which may be
    /// nothing. [`ControlFlow::Break`] stops the program.
    fn pause(&mut self, output: &[u8]) -> ControlFlow<()>;

    /// More input, no bytes at its end. [`ControlFlow::Break`] stops the program.
    fn input(&mut self) -> ControlFlow<(), Vec<u8>>;
}

/// What a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunOptions {
    /// The most instructions, all of the program's; a halt as the last one ends it normally.
    pub instructions: Option<u64>,
    /// The bytes of stack that the program was compiled for.
    pub stack: u64,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It has printed the value of `main`, and ended with this status.
    Halted(u8),
    /// It left before: a run-time error, or it read on and on past the end of its input.
    Left(Departure),
    /// It has executed as many instructions as it may.
    Limit,
    /// The console has stopped it.
    Stopped,
}

/// A program that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How.
    pub ending: Ending,
    /// The number of instructions that were executed.
    pub instructions: u64,
}

/// Why a program can't be run to its end.
#[derive(Debug, Error)]
pub enum RunError {
    /// The assembler refuses its text.
    #[error("the assembler refuses the program: {0}")]
    Assembler(String),
    /// Its code and its stack need more memory than the machine has.
    #[error("it needs more memory than the machine has")]
    Memory,
    /// It did what it must not: the generator is wrong.
    #[error("the code is wrong: {0}")]
    Trap(Trap),
    /// It left where it can't leave: the generator is wrong.
    #[error("the code left at {0:#x}, where there is no exit")]
    UnknownExit(u64),
}

/// The program as an image for the machine.
///
/// # Errors
///
/// [`RunError::Assembler`], if the generator is wrong.
pub fn assemble(
    program: &Program,
    module: &Module,
    sources: &Sources,
    file: FileId,
) -> Result<Image, RunError> {
    let mut texts = Sources::new();
    let text = texts.add("program.s", program.text(module, sources, file));
    let assembly = ulmas::assemble(Isa::ulm(), &texts, &[text]);
    let error = assembly.diagnostics.first();
    let message = error.map_or_else(String::new, |error| error.message.clone());
    assembly.image.ok_or(RunError::Assembler(message))
}

/// A program that is ready to run.
#[derive(Debug)]
pub struct Runner<'a> {
    program: &'a Program,
    /// As [`compile`](super::compile) left it.
    module: &'a Module,
    machine: Machine,
}

impl<'a> Runner<'a> {
    /// Loads a program that has been assembled.
    ///
    /// # Errors
    ///
    /// [`RunError::Memory`] if it doesn't fit into the memory.
    pub fn load(
        program: &'a Program,
        module: &'a Module,
        image: &Image,
        options: RunOptions,
    ) -> Result<Self, RunError> {
        let mut machine = Machine::new();
        let usual = Limits::default();
        machine.set_limits(Limits {
            instructions: options.instructions,
            memory: usual.memory.max(options.stack.saturating_add(usual.memory)),
            output: None,
        });
        machine.load(image).map_err(|_| RunError::Memory)?;
        Ok(Self {
            program,
            module,
            machine,
        })
    }

    /// Runs it to its end; the observer is told all that happens.
    ///
    /// # Errors
    ///
    /// What only a wrong generator can cause; [`RunError::Memory`].
    pub fn run<O: Observer>(
        mut self,
        console: &mut impl Console,
        observer: &mut O,
    ) -> Result<Run, RunError> {
        let mut engine = FastEngine::new(Isa::ulm());
        loop {
            if let Some(ending) = self.execute(&mut engine, console, observer)? {
                return Ok(Run {
                    ending,
                    instructions: self.machine.instructions(),
                });
            }
        }
    }

    /// Runs it until the value of `main` is known, which is not printed; `None` if the console has
    /// stopped it. The observer is told all that happens.
    ///
    /// # Errors
    ///
    /// As for [`Self::run`].
    pub fn run_to_value<O: Observer>(
        mut self,
        console: &mut impl Console,
        observer: &mut O,
    ) -> Result<Option<Outcome>, RunError> {
        let mut engine = FastEngine::new(Isa::ulm());
        let value = self.program.value();
        if let Some((address, _)) = value {
            engine.breakpoints_mut().insert(address);
        }
        let ending = self.execute(&mut engine, console, observer)?;
        Ok(match (ending, value) {
            (Some(Ending::Left(departure)), _) => Some(Outcome::Left(departure)),
            (Some(Ending::Limit), _) => Some(Outcome::Limit),
            (None, Some((_, register))) => {
                Some(Outcome::Returned(self.machine.register(register) as i64))
            }
            (Some(Ending::Stopped | Ending::Halted(_)) | None, _) => None,
        })
    }

    /// Runs to the end, or to a breakpoint (`None`).
    fn execute<O: Observer>(
        &mut self,
        engine: &mut FastEngine,
        console: &mut impl Console,
        observer: &mut O,
    ) -> Result<Option<Ending>, RunError> {
        let slice = if O::ACTIVE { WATCHED_SLICE } else { SLICE };
        loop {
            let stop = engine.run(&mut self.machine, slice, observer);
            if console.pause(&self.machine.take_output()).is_break() {
                return Ok(Some(Ending::Stopped));
            }
            let ending = match stop {
                Stop::Paused => continue,
                Stop::Breakpoint(_) => return Ok(None),
                Stop::NeedsInput => match console.input() {
                    ControlFlow::Continue(bytes) if bytes.is_empty() => {
                        self.machine.end_input();
                        continue;
                    }
                    ControlFlow::Continue(bytes) => {
                        self.machine.feed(&bytes);
                        continue;
                    }
                    ControlFlow::Break(()) => Ending::Stopped,
                },
                Stop::Halted(status) => self.halted(status)?,
                Stop::Trapped(trap) if trap.kind == TrapKind::DivisionByZero => {
                    self.left_at(trap.address)?
                }
                Stop::Trapped(trap) => return Err(RunError::Trap(trap)),
                Stop::Limit(Limit::Instructions) => Ending::Limit,
                Stop::Limit(Limit::InputEnded) => self.left_at(self.machine.ip())?,
                Stop::Limit(Limit::Memory | Limit::Output) => return Err(RunError::Memory),
            };
            return Ok(Some(ending));
        }
    }

    /// Where an exhausted stack ends, control has jumped to from where it was found.
    fn halted(&self, status: u8) -> Result<Ending, RunError> {
        let section = self.program.instruction_at(self.machine.ip());
        let kind = section.map(|(section, _)| section.kind);
        let last = self.machine.recent_jumps().last();
        match (kind, last) {
            (Some(SectionKind::StackExhausted), Some(jump)) => self.left_at(jump.from),
            _ => Ok(Ending::Halted(status)),
        }
    }

    fn left_at(&self, address: u64) -> Result<Ending, RunError> {
        let left = Left::new(self.program, self.module, &self.machine);
        let departure = left.departure(address);
        departure
            .map(Ending::Left)
            .ok_or(RunError::UnknownExit(address))
    }
}
