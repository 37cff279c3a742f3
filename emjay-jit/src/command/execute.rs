//! Executes linked code, or the IR itself, wherever that is asked for.

use codegen::execution::{Host, Outcome};
use codegen::ir::{FunctionId, Module, interpret};
use codegen::link::{Architecture, LinkError, Linked};
use codegen::native::{self, LoadError};
use codegen::program::{RunError, RunOptions};
use codegen::simulated::{self, SimulationError, SimulationOptions};

use super::arguments::RunTarget;

/// What executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    /// This processor.
    Native(Architecture),
    /// The simulator of AArch64.
    Simulator,
    /// The interpreter of the IR.
    Interpreter,
}

/// What a target can't do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    #[error("there is no native code for this machine; `--target aarch64-sim` runs everywhere")]
    NoNative,
    #[error("this machine can't run code for x86-64; `--target aarch64-sim` runs everywhere")]
    NotThisMachine,
    #[error(
        "native code doesn't count its instructions; with `--target aarch64-sim` `--limit` works"
    )]
    NoLimit,
    #[error("the ULM runs whole programs: `emjay run --target ulm`")]
    WholePrograms,
}

impl Machine {
    /// What executes for a target.
    pub(super) fn of(target: RunTarget, has_limit: bool) -> Result<Self, TargetError> {
        let host = Architecture::of_this_machine();
        let machine = match (target, host) {
            (RunTarget::Native, Some(host)) => Self::Native(host),
            (RunTarget::Native, None) => return Err(TargetError::NoNative),
            (RunTarget::Aarch64, Some(Architecture::Aarch64)) => {
                Self::Native(Architecture::Aarch64)
            }
            (RunTarget::Aarch64 | RunTarget::Aarch64Sim, _) => Self::Simulator,
            (RunTarget::X86_64, Some(Architecture::X86_64)) => Self::Native(Architecture::X86_64),
            (RunTarget::X86_64, _) => return Err(TargetError::NotThisMachine),
            (RunTarget::Ulm, _) => return Err(TargetError::WholePrograms),
            (RunTarget::Interpreter, _) => Self::Interpreter,
        };
        if has_limit && matches!(machine, Self::Native(_)) {
            return Err(TargetError::NoLimit);
        }
        Ok(machine)
    }

    /// The machine that code is generated for.
    pub(super) fn architecture(self) -> Architecture {
        match self {
            Self::Native(architecture) => architecture,
            Self::Simulator | Self::Interpreter => Architecture::Aarch64,
        }
    }
}

/// How far an execution may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Bytes of stack.
    pub(super) stack: u64,
    /// Instructions, where they are counted.
    pub(super) instructions: Option<u64>,
}

/// Why a program that has no errors can't be executed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExecuteError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Interpreter(#[from] interpret::Fault),
}

/// A program that is ready to be executed.
pub(super) enum Loaded<'a> {
    Native(Box<native::Program>),
    Simulator(Box<Linked>),
    Interpreter(&'a Module),
}

impl Loaded<'_> {
    /// Executes a function.
    pub(super) fn execute(
        &mut self,
        function: FunctionId,
        arguments: &[i64],
        host: &mut dyn Host,
        bounds: Bounds,
    ) -> Result<Outcome, ExecuteError> {
        let run = RunOptions {
            stack: usize::try_from(bounds.stack).unwrap_or(usize::MAX),
        };
        let instructions = bounds.instructions.unwrap_or(u64::MAX);
        match self {
            Self::Native(program) => Ok(program.run(function, arguments, host, &run)?),
            Self::Simulator(linked) => {
                let options = SimulationOptions { run, instructions };
                let simulation = simulated::simulate(linked, function, arguments, host, &options)?;
                Ok(simulation.outcome)
            }
            Self::Interpreter(module) => {
                let limits = interpret::Limits {
                    instructions,
                    // As if an activation took so much.
                    depth: bounds.stack / 64,
                    memory: usize::MAX,
                    interrupt: false,
                };
                Ok(interpret::run(module, function, arguments, host, &limits)?)
            }
        }
    }
}
