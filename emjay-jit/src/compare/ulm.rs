//! The columns of the ULM: their code, assembled by `ulmas`, run on the machine, which tells what it
//! does.

use std::ops::ControlFlow;

use codegen::execution::Outcome;
use codegen::ir::{FunctionId, Module};
use codegen::{Linkage, Mechanism};
use diagnostics::{FileId, Sources};
use ulm_machine::{Machine, Observer};
use ulmas::image::Image;

use super::code::{Access, CallPlaces, Code, CodeListing, Written, call_places, listing};
use super::console::Console;
use super::ledger::Counts;
use super::report::Write;
use super::request::Request;
use super::run::{Bound, Ending, Executed, Run};
use super::sites::Sites;
use super::source_lines::SourceLines;
use super::walk::{Effects, PointerNames, Pointers, Recorder};
use crate::ulm::run::{self, RunError, RunOptions, Runner};
use crate::ulm::{
    self, Convention, Instruction, Layout, Memory, Pieces, Program, Refusal, Section, SectionKind,
};

/// The largest stack; nobody has so much memory.
const LARGEST_STACK: u64 = 1 << 40;

/// A program for the ULM.
#[derive(Debug)]
pub(super) struct Compiled {
    /// The functions as the generator got them.
    pub(super) module: Module,
    /// Its code, to be looked at.
    pub(super) code: Code,
    program: Program,
    image: Image,
}

/// Why there is no code.
#[derive(Debug)]
pub(super) enum Unavailable {
    /// The convention can't have the program; the functions as the generator got them.
    Refused(Refusal, Module),
    /// The assembler refuses it: the generator is wrong.
    Assembler(RunError),
}

/// The code of a module, which has not been optimised.
pub(super) fn compile(
    mut module: Module,
    main: FunctionId,
    convention: Convention,
    request: &Request,
    (sources, file): (&Sources, FileId),
) -> Result<Compiled, Unavailable> {
    let options = ulm::Options {
        convention,
        level: request.level,
        inline: request.inline,
        arguments: &request.arguments,
        stack: request.stack.min(LARGEST_STACK),
    };
    let program = match ulm::compile(&mut module, Some(main), &options) {
        Ok(program) => program,
        Err(refusal) => return Err(Unavailable::Refused(refusal, module)),
    };
    let code = code(&program, &module);
    let image = run::assemble(&program, &module, sources, file).map_err(Unavailable::Assembler)?;
    Ok(Compiled {
        module,
        code,
        program,
        image,
    })
}

/// The functions in the order of the source, and the rest.
fn code(program: &Program, module: &Module) -> Code {
    let pieces = program.pieces(module);
    let calls = call_places(module);
    let none = CallPlaces::default();
    let mut functions: Vec<(FunctionId, CodeListing)> = Vec::new();
    let mut runtime = Vec::new();
    for section in &program.sections {
        match section.kind {
            SectionKind::Function(id) => functions.push((
                id,
                CodeListing {
                    name: module.functions[id.index()].name.clone(),
                    function: Some(id),
                    ..section_listing(&pieces, section, &calls[id.index()])
                },
            )),
            SectionKind::Start | SectionKind::End | SectionKind::StackExhausted => {
                runtime.push(CodeListing {
                    name: pieces.section(section),
                    function: None,
                    is_counted: false,
                    ..section_listing(&pieces, section, &none)
                });
            }
        }
    }
    functions.sort_by_key(|(id, _)| *id);
    Code {
        functions: functions.into_iter().map(|(_, listing)| listing).collect(),
        runtime,
    }
}

fn section_listing(pieces: &Pieces<'_>, section: &Section, calls: &CallPlaces) -> CodeListing {
    let texts = pieces.instructions(section);
    let labels = pieces.labels(section);
    listing(&section.assembly, section.address, calls, labels, |index| {
        Written {
            texts: vec![(texts[index].clone(), 4)],
            access: access(&section.assembly.instructions[index]),
        }
    })
}

const fn access(instruction: &Instruction) -> Access {
    match instruction {
        Instruction::Load { .. } | Instruction::LoadByte { .. } => Access::Load,
        Instruction::Store { .. } | Instruction::StoreByte { .. } => Access::Store,
        _ => Access::None,
    }
}

impl Compiled {
    /// How its functions call each other; never [`Convention::Auto`].
    pub(super) const fn convention(&self) -> Convention {
        self.program.convention
    }

    /// Runs the program up to where the value of `main` is known.
    pub(super) fn run(&self, sites: &Sites, request: &Request, lines: &SourceLines) -> Executed {
        let mut watch = Watch {
            program: &self.program,
            counts: vec![0; (self.program.size() / 4) as usize],
            recorder: Recorder::new(&self.code, sites),
            ip: 0,
            lowest: 0,
            registers: Vec::new(),
            writes: Vec::new(),
        };
        let mut console = Console::new(&request.input);
        let run = match self.execute(request, &mut console, &mut watch) {
            Ok(Some(outcome)) => Run::of(&outcome, console, &self.module, lines),
            Ok(None) => Run {
                ending: Ending::Limit(Bound::Output),
                output: console.output,
            },
            Err(error) => Run {
                ending: Ending::Fault(error.to_string()),
                output: console.output,
            },
        };
        let names = pointer_names(self.program.layout);
        Executed {
            run,
            walk: watch
                .recorder
                .finish(&self.module, &self.code, sites, names),
            counts: Counts {
                words: watch.counts,
                stack_bytes: watch.lowest,
            },
        }
    }

    /// `None` if the program has written too much.
    fn execute(
        &self,
        request: &Request,
        console: &mut Console<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Outcome>, RunError> {
        let options = RunOptions {
            instructions: Some(request.limit),
            stack: request.stack.min(LARGEST_STACK),
        };
        let runner = Runner::load(&self.program, &self.module, &self.image, options)?;
        runner.run_to_value(console, watch)
    }
}

impl run::Console for Console<'_> {
    fn pause(&mut self, output: &[u8]) -> ControlFlow<()> {
        if self.write(output) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn input(&mut self) -> ControlFlow<(), Vec<u8>> {
        ControlFlow::Continue(self.read_all())
    }
}

fn pointer_names(layout: Layout) -> PointerNames {
    PointerNames {
        stack: layout.stack_pointer().map(|_| "%SP"),
        frame: layout.frame_pointer().map(|_| "%FP"),
    }
}

/// Counts each word, measures the stack, and records the first call.
struct Watch<'a> {
    program: &'a Program,
    counts: Vec<u64>,
    recorder: Recorder,
    /// The instruction that is executed.
    ip: u64,
    /// The deepest stack, in bytes.
    lowest: u64,
    /// The registers that it wrote.
    registers: Vec<(u8, u64)>,
    /// The words that it wrote.
    writes: Vec<(u64, u64)>,
}

impl Observer for Watch<'_> {
    fn begin(&mut self, ip: u64, _: u32) {
        if let Some(count) = self.counts.get_mut((ip / 4) as usize) {
            *count += 1;
        }
        self.ip = ip;
        self.registers.clear();
        self.writes.clear();
    }

    fn register_write(&mut self, number: u8, _: u64, new: u64) {
        if Some(number) == self.program.layout.stack_pointer() {
            // The stack grows down from 0.
            self.lowest = self.lowest.max(new.wrapping_neg());
        }
        if !self.recorder.is_over() {
            self.registers.push((number, new));
        }
    }

    fn store(&mut self, address: u64, size: u8, value: u64) {
        if size == 8 && !self.recorder.is_over() {
            self.writes.push((address, value));
        }
    }

    fn end(&mut self, machine: &Machine) {
        if self.recorder.is_over() {
            return;
        }
        let layout = self.program.layout;
        let pointers = Pointers {
            stack: layout
                .stack_pointer()
                .map_or(0, |number| machine.register(number)),
            frame: layout
                .frame_pointer()
                .map(|number| machine.register(number)),
        };
        let effects = Executing {
            program: self.program,
            ip: self.ip,
            registers: &self.registers,
            writes: &self.writes,
        };
        self.recorder
            .step((self.ip / 4) as usize, pointers, &effects);
    }
}

/// What an instruction did.
struct Executing<'a> {
    program: &'a Program,
    ip: u64,
    registers: &'a [(u8, u64)],
    writes: &'a [(u64, u64)],
}

impl Effects for Executing<'_> {
    fn registers(&self) -> Vec<(String, u64)> {
        let layout = self.program.layout;
        let pointers = [layout.stack_pointer(), layout.frame_pointer()];
        self.registers
            .iter()
            .filter(|(number, _)| !pointers.contains(&Some(*number)))
            .map(|&(number, value)| (register_name(layout, number), value))
            .collect()
    }

    fn writes(&self) -> Vec<Write> {
        let name = self.name_of_store();
        let write = |&(address, value): &(u64, u64)| Write {
            address,
            value,
            name: name.clone(),
        };
        self.writes.iter().map(write).collect()
    }
}

impl Executing<'_> {
    /// What the instruction stores: the slot of the frame, the argument, or the register.
    fn name_of_store(&self) -> String {
        let Some((section, index)) = self.program.instruction_at(self.ip) else {
            return String::new();
        };
        let Instruction::Store { x, to } = section.assembly.instructions[index] else {
            return String::new();
        };
        let origin = section.assembly.origins[index];
        let is_argument =
            (origin.linkage, origin.mechanism) == (Linkage::Precall, Mechanism::DataTransfer);
        match to {
            Memory::Slot(slot, _) => slot.name().to_owned(),
            Memory::Displaced(offset, _) if is_argument && offset >= 24 => {
                format!("argument {}", (offset - 24) / 8 + 1)
            }
            _ => register_name(self.program.layout, x.number().unwrap_or_default()),
        }
    }
}

/// `%SP`, or `%7` for a register without a name.
fn register_name(layout: Layout, number: u8) -> String {
    match layout.name(number) {
        Some(name) => format!("%{name}"),
        None => format!("%{number}"),
    }
}
