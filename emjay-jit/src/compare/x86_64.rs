//! The column of x86-64: its code, which is run where the host has such a processor. Nothing is
//! counted there.

use codegen::execution::Outcome;
use codegen::ir::interpret::{self, Limits};
use codegen::ir::{FunctionId, Module};
use codegen::link::{LinkError, Linked};
use codegen::native::{LoadError, Program, RunError};
use codegen::program::RunOptions;
use codegen::x86_64;
use codegen::x86_64::display::used_labels;
use codegen::x86_64::instruction::Instruction;
use thiserror::Error;

use super::code::{Access, Code, CodeListing, Written, bytes_of, call_places, listing};
use super::console::Console;
use super::request::Request;
use super::run::Run;
use super::source_lines::SourceLines;
use crate::backend::{Backend, ids};

/// The smallest frame of a function that calls, in bytes: the return address, and what makes it a
/// multiple of 16.
const SMALLEST_FRAME: u64 = 16;

/// The memory of the interpreter that looks whether a program ends.
const INTERPRETER_MEMORY: usize = 1 << 30;

/// Why code can't be run.
#[derive(Debug, Error)]
pub enum NativeError {
    /// It can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It can't be started.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// A program for x86-64.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Its code, to be looked at.
    pub(super) code: Code,
    linked: Linked,
}

/// The code of a module that has been optimised.
pub(super) fn compile(module: &Module, backend: Backend) -> Result<Compiled, LinkError> {
    let assemblies: Vec<_> = ids(module).map(|id| backend.x86_64(module, id)).collect();
    let units: Vec<_> = assemblies.iter().map(x86_64::encode).collect();
    let linked = backend.link(module, units.clone())?;
    let calls = call_places(module);
    let functions = assemblies.iter().zip(&units).zip(&calls);
    let functions = functions.map(|((assembly, unit), calls)| {
        let start = linked
            .function(unit.id)
            .map_or(0, |function| function.start);
        let labels = used_labels(assembly).into_iter();
        let labels = labels.map(|(at, label)| (at, label.to_string()));
        listing(assembly, start.into(), calls, labels.collect(), |index| {
            let instruction = &assembly.instructions[index];
            written(instruction, bytes_of(unit, index).len() as u32, module)
        })
    });
    let functions: Vec<CodeListing> = functions.collect();
    let code = Code {
        functions,
        runtime: Vec::new(),
    };
    Ok(Compiled { code, linked })
}

/// What an instruction becomes in the code; nothing if it has been left out.
fn written(instruction: &Instruction, bytes: u32, module: &Module) -> Written {
    let text = instruction.with_names(module).to_string();
    Written {
        texts: (bytes > 0).then_some((text, bytes)).into_iter().collect(),
        access: Access::None,
    }
}

impl Compiled {
    /// Runs a function of the module that it was made of, on this processor. The program must have an
    /// end: nobody stops it. `None` if this is another processor.
    pub(super) fn run(
        self,
        module: &Module,
        main: FunctionId,
        request: &Request,
        lines: &SourceLines,
    ) -> Result<Option<Run>, NativeError> {
        let mut console = Console::new(&request.input);
        let options = RunOptions {
            stack: usize::try_from(request.stack).unwrap_or(usize::MAX),
        };
        let mut program = match Program::load(self.linked) {
            Err(LoadError::NotThisMachine) => return Ok(None),
            loaded => loaded?,
        };
        let outcome = program.run(main, &request.arguments, &mut console, &options)?;
        Ok(Some(Run::of(&outcome, console, module, lines)))
    }
}

/// Whether the program surely has an end on this processor, where nobody counts its instructions: the
/// interpreter of the IR comes to one.
///
/// An activation that calls takes 16 bytes of stack at least. So where the interpreter exhausts a
/// stack that is deep enough for all of them, the processor does.
pub(super) fn has_end(module: &Module, main: FunctionId, request: &Request) -> bool {
    let limits = Limits {
        instructions: request.limit,
        depth: (request.stack / SMALLEST_FRAME).saturating_add(1),
        memory: INTERPRETER_MEMORY,
        interrupt: false,
    };
    let mut console = Console::new(&request.input);
    let outcome = interpret::run(module, main, &request.arguments, &mut console, &limits);
    !matches!(outcome, Err(_) | Ok(Outcome::Limit))
}
