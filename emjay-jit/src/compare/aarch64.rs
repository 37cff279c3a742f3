//! The columns of AArch64: their code, run in the simulator, which counts each word.

use codegen::aarch64;
use codegen::aarch64::decode;
use codegen::aarch64::display::used_labels;
use codegen::aarch64::instruction::Instruction;
use codegen::ir::{FunctionId, Module};
use codegen::link::{LinkError, Linked};
use codegen::machine::Assembly;
use codegen::program::{RunError, RunOptions};
use codegen::simulated::{self, SimulationError, SimulationOptions};

use super::code::{Access, Code, CodeListing, Describe, call_places, listing};
use super::console::Console;
use super::ledger::Counts;
use super::request::Request;
use super::run::{Ending, Run};
use super::source_lines::SourceLines;
use crate::backend::{Backend, ids};

/// A program for AArch64.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Its code, to be looked at.
    pub(super) code: Code,
    linked: Linked,
}

/// What a run of it gave.
#[derive(Debug)]
pub(super) struct Executed {
    /// How it ended.
    pub(super) run: Run,
    /// What was counted.
    pub(super) counts: Counts,
}

/// The code of a module that has been optimised.
pub(super) fn compile(module: &Module, backend: Backend) -> Result<Compiled, LinkError> {
    let assemblies: Vec<_> = ids(module).map(|id| backend.aarch64(module, id)).collect();
    let units: Vec<_> = assemblies.iter().map(aarch64::encode).collect();
    let linked = backend.link(module, units.clone())?;
    let calls = call_places(module);
    let describe = Aarch64 { module };
    let functions = assemblies.iter().zip(&units).zip(&calls);
    let functions = functions.map(|((assembly, unit), calls)| {
        let start = linked
            .function(unit.id)
            .map_or(0, |function| function.start);
        listing(assembly, unit, start.into(), calls, &describe)
    });
    let code = Code {
        functions: functions.collect(),
        runtime: runtime(&linked),
    };
    Ok(Compiled { code, linked })
}

/// The shared stubs.
fn runtime(_: &Linked) -> Vec<CodeListing> {
    Vec::new()
}

impl Compiled {
    /// Runs a function of the module that it was made of.
    pub(super) fn run(
        &self,
        module: &Module,
        main: FunctionId,
        request: &Request,
        lines: &SourceLines,
    ) -> Result<Executed, RunError> {
        let mut console = Console::new(&request.input);
        let options = SimulationOptions {
            run: RunOptions {
                stack: usize::try_from(request.stack).unwrap_or(usize::MAX),
            },
            instructions: request.limit,
        };
        let mut words = vec![0; self.linked.code_size() / 4];
        let result = simulated::simulate_observed(
            &self.linked,
            main,
            &request.arguments,
            &mut console,
            &options,
            &mut words,
        );
        match result {
            Ok(simulation) => Ok(Executed {
                run: Run::of(&simulation.outcome, console, module, lines),
                counts: Counts {
                    words,
                    stack_bytes: simulation.statistics.deepest_stack,
                },
            }),
            Err(SimulationError::Run(error)) => Err(error),
            Err(error) => Ok(Executed {
                run: Run {
                    ending: Ending::Fault(error.to_string()),
                    output: console.output,
                },
                counts: Counts {
                    words,
                    stack_bytes: 0,
                },
            }),
        }
    }
}

/// How instructions become lines.
struct Aarch64<'a> {
    module: &'a Module,
}

impl Describe<Instruction> for Aarch64<'_> {
    fn labels(&self, assembly: &Assembly<Instruction>) -> Vec<(u32, String)> {
        let labels = used_labels(assembly).into_iter();
        labels
            .map(|(at, label)| (at, format!(".L{label}")))
            .collect()
    }

    fn texts(&self, instruction: &Instruction, bytes: &[u8]) -> Vec<(String, u32)> {
        let (words, _) = bytes.as_chunks::<4>();
        let whole = instruction.with_names(self.module).to_string();
        match *instruction {
            // movz x19, trampoline; movk x19, trampoline, lsl #16; …
            Instruction::LoadAddress { .. } => (0..words.len())
                .map(|word| (part_of_address(&whole, word), 4))
                .collect(),
            _ if words.len() == 1 => vec![(whole, 4)],
            _ => words.iter().map(|&word| (text_of_word(word), 4)).collect(),
        }
    }

    fn access(&self, instruction: &Instruction) -> Access {
        match instruction {
            Instruction::Load { .. } | Instruction::LoadPair { .. } => Access::Load,
            Instruction::Store { .. } | Instruction::StorePair { .. } => Access::Store,
            _ => Access::None,
        }
    }
}

/// One of the instructions that make an address; `whole` is the first one.
fn part_of_address(whole: &str, word: usize) -> String {
    match whole.strip_prefix("movz") {
        Some(operands) if word > 0 => format!("movk{operands}, lsl #{}", 16 * word),
        _ => whole.to_owned(),
    }
}

fn text_of_word(word: [u8; 4]) -> String {
    let word = u32::from_le_bytes(word);
    match decode(word) {
        Some(instruction) => instruction.to_string(),
        None => format!(".inst 0x{word:08x}"),
    }
}
