//! The columns of AArch64: their code, run in the simulator, which counts each word.

use codegen::aarch64;
use codegen::aarch64::decode;
use codegen::aarch64::display::used_labels;
use codegen::aarch64::instruction::{Address, FP, Instruction, LR, SP};
use codegen::aarch64::simulator::{Observer, Simulator};
use codegen::ir::{FunctionId, Module};
use codegen::link::{LinkError, Linked, SharedStubInstruction, SharedStubKind};
use codegen::machine::{Calls, MachineInstruction, Register, Role};
use codegen::program::{RunError, RunOptions};
use codegen::simulated::{self, SimulationError, SimulationOptions};

use super::code::{Access, Code, CodeLine, CodeListing, Written, bytes_of, call_places, listing};
use super::console::Console;
use super::ledger::Counts;
use super::report::Write;
use super::request::Request;
use super::run::{Ending, Executed, Run};
use super::sites::Sites;
use super::source_lines::SourceLines;
use super::walk::{Effects, PointerNames, Pointers, Recorder};
use crate::backend::{Backend, ids};

/// A program for AArch64.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Its code, to be looked at.
    pub(super) code: Code,
    linked: Linked,
    /// The register that the code uses as frame pointer.
    frame_pointer: Option<Register>,
}

/// The code of a module that has been optimised.
pub(super) fn compile(module: &Module, backend: Backend) -> Result<Compiled, LinkError> {
    let assemblies: Vec<_> = ids(module).map(|id| backend.aarch64(module, id)).collect();
    let units: Vec<_> = assemblies.iter().map(aarch64::encode).collect();
    let linked = backend.link(module, units.clone())?;
    let calls = call_places(module);
    let functions = assemblies.iter().zip(&units).zip(&calls);
    let functions = functions.map(|((assembly, unit), calls)| {
        let start = linked
            .function(unit.id)
            .map_or(0, |function| function.start);
        let labels = used_labels(assembly).into_iter();
        let labels = labels.map(|(at, label)| (at, format!(".L{label}")));
        listing(assembly, start.into(), calls, labels.collect(), |index| {
            let instruction = &assembly.instructions[index];
            written(instruction, bytes_of(unit, index), module)
        })
    });
    let code = Code {
        functions: functions.collect(),
        runtime: runtime(&linked, backend),
    };
    Ok(Compiled {
        code,
        linked,
        frame_pointer: backend.is_baseline().then_some(FP),
    })
}

/// The stubs that code of a backend may use.
fn runtime(linked: &Linked, backend: Backend) -> Vec<CodeListing> {
    let bytes = linked.relocated(0);
    let may_leave = linked.trampoline_site().is_some()
        || linked.functions().iter().any(|f| !f.exits.is_empty());
    let stubs = linked.shared_stubs().iter();
    stubs
        .filter(|stub| match stub.kind {
            SharedStubKind::Entry => true,
            SharedStubKind::Exit => may_leave,
            SharedStubKind::Trampoline => backend.calls == Calls::Trampoline,
            // Here imports are called without them.
            SharedStubKind::Import(_) => false,
        })
        .map(|stub| CodeListing {
            name: stub.kind.name().to_owned(),
            function: None,
            is_counted: stub.kind == SharedStubKind::Trampoline,
            lines: linked
                .shared_stub_instructions(stub)
                .iter()
                .map(|instruction| stub_line(&bytes, instruction))
                .collect(),
        })
        .collect()
}

/// A line of a stub; all its instructions are one word.
fn stub_line(bytes: &[u8], instruction: &SharedStubInstruction) -> CodeLine {
    let at = instruction.offset as usize;
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    let word = word.copied().unwrap_or_default();
    let decoded = decode(u32::from_le_bytes(word));
    CodeLine {
        label: None,
        address: instruction.offset.into(),
        text: text_of_word(word),
        bytes: 4,
        origin: instruction.origin,
        needless: false,
        calls: None,
        access: decoded.map_or(Access::None, |instruction| access(&instruction)),
    }
}

impl Compiled {
    /// Runs a function of the module that it was made of.
    pub(super) fn run(
        &self,
        module: &Module,
        main: FunctionId,
        sites: &Sites,
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
        let mut watch = Watch {
            counts: vec![0; self.linked.code_size() / 4],
            recorder: Recorder::new(&self.code, sites),
            code: words_of(&self.linked),
            frame: self.frame_pointer,
        };
        let result = simulated::simulate_observed(
            &self.linked,
            main,
            &request.arguments,
            &mut console,
            &options,
            &mut watch,
        );
        let walk = watch
            .recorder
            .finish(module, &self.code, sites, self.pointer_names());
        let (run, stack_bytes) = match result {
            Ok(simulation) => (
                Run::of(&simulation.outcome, console, module, lines),
                simulation.statistics.deepest_stack,
            ),
            Err(SimulationError::Run(error)) => return Err(error),
            Err(error) => (
                Run {
                    ending: Ending::Fault(error.to_string()),
                    output: console.output,
                },
                0,
            ),
        };
        Ok(Executed {
            run,
            counts: Counts {
                words: watch.counts,
                stack_bytes,
            },
            walk,
        })
    }

    fn pointer_names(&self) -> PointerNames {
        PointerNames {
            stack: Some("sp"),
            frame: self.frame_pointer.map(|_| "x29"),
        }
    }
}

/// Counts each word, and records the first call.
struct Watch {
    counts: Vec<u64>,
    recorder: Recorder,
    code: Vec<u32>,
    frame: Option<Register>,
}

impl Observer for Watch {
    #[inline]
    fn execute(&mut self, word: usize) {
        self.counts.execute(word);
    }

    #[inline]
    fn executed(&mut self, word: usize, machine: &Simulator) {
        if !self.recorder.is_over() {
            self.record(word, machine);
        }
    }
}

impl Watch {
    fn record(&mut self, word: usize, machine: &Simulator) {
        let pointers = Pointers {
            stack: machine.stack_pointer(),
            frame: self.frame.map(|frame| general(machine, frame)),
        };
        let effects = Executing {
            word: self.code.get(word).copied().unwrap_or(0),
            machine,
            frame: self.frame,
        };
        self.recorder.step(word, pointers, &effects);
    }
}

/// The words of the code.
fn words_of(linked: &Linked) -> Vec<u32> {
    let bytes = linked.relocated(0);
    let (words, _) = bytes[..linked.code_size()].as_chunks::<4>();
    words.iter().map(|&word| u32::from_le_bytes(word)).collect()
}

/// An instruction, and the machine as it left it.
struct Executing<'a> {
    word: u32,
    machine: &'a Simulator,
    frame: Option<Register>,
}

impl Effects for Executing<'_> {
    fn registers(&self) -> Vec<(String, u64)> {
        let mut written = Vec::new();
        let Some(mut instruction) = decode(self.word) else {
            return written;
        };
        let mut write = |register: Register| {
            // Number 31 is the stack pointer, or nothing.
            let number = register.number().filter(|&number| number < 31);
            if let Some(number) = number
                && self.frame != Some(register)
            {
                written.push((format!("x{number}"), general(self.machine, register)));
            }
        };
        instruction.visit_registers(|register, role, _| {
            if role == Role::Define {
                write(*register);
            }
        });
        if let Instruction::BlLocal { .. } | Instruction::Blr { .. } = instruction {
            write(LR);
        }
        written
    }

    fn writes(&self) -> Vec<Write> {
        match decode(self.word) {
            Some(Instruction::Store { rt, address, .. }) => {
                vec![self.write(rt, self.address(address))]
            }
            Some(Instruction::StorePair { rt1, rt2, address }) => {
                let first = self.address(address);
                vec![
                    self.write(rt1, first),
                    self.write(rt2, first.wrapping_add(8)),
                ]
            }
            _ => Vec::new(),
        }
    }
}

impl Executing<'_> {
    fn write(&self, register: Register, address: u64) -> Write {
        Write {
            address,
            value: general(self.machine, register),
            name: match register.number() {
                Some(number) if number < 31 => format!("x{number}"),
                _ => "xzr".to_owned(),
            },
        }
    }

    /// Where a store went, after it: its registers are as they were, but for the base, which may have
    /// been changed.
    fn address(&self, address: Address) -> u64 {
        let base = |register: Register| match register {
            SP => self.machine.stack_pointer(),
            _ => general(self.machine, register),
        };
        match address {
            Address::Offset(register, offset) => base(register).wrapping_add_signed(offset.into()),
            Address::PreIndex(register, _) => base(register),
            Address::PostIndex(register, offset) => {
                base(register).wrapping_sub(i64::from(offset) as u64)
            }
            Address::Index(register, index) => {
                base(register).wrapping_add(general(self.machine, index))
            }
            Address::ScaledIndex(register, index) => {
                base(register).wrapping_add(general(self.machine, index) << 3)
            }
        }
    }
}

/// What is in a general register; 0 for `xzr`.
fn general(machine: &Simulator, register: Register) -> u64 {
    let number = register.number().map(usize::from);
    let value = number.and_then(|number| machine.registers().get(number));
    value.copied().unwrap_or(0)
}

/// What an instruction becomes in the code.
fn written(instruction: &Instruction, bytes: &[u8], module: &Module) -> Written {
    let (words, _) = bytes.as_chunks::<4>();
    let whole = instruction.with_names(module).to_string();
    let texts = match *instruction {
        // movz x19, trampoline; movk x19, trampoline, lsl #16; …
        Instruction::LoadAddress { .. } => (0..words.len())
            .map(|word| (part_of_address(&whole, word), 4))
            .collect(),
        _ if words.len() == 1 => vec![(whole, 4)],
        _ => words.iter().map(|&word| (text_of_word(word), 4)).collect(),
    };
    Written {
        texts,
        access: access(instruction),
    }
}

const fn access(instruction: &Instruction) -> Access {
    match instruction {
        Instruction::Load { .. } | Instruction::LoadPair { .. } => Access::Load,
        Instruction::Store { .. } | Instruction::StorePair { .. } => Access::Store,
        _ => Access::None,
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
