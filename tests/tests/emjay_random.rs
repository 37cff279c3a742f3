//! Random emjay programs: every way of running one does what the interpreter of the IR says.
//!
//! `ULM_TEST_CASES` says how many programs there are.

#[path = "emjay_random/on_ulm.rs"]
mod on_ulm;

use std::process::Command;

use codegen::execution::{Activation, Host, Outcome, Reply};
use codegen::ir::interpret::{Limits, run as interpret};
use codegen::ir::verify::verify;
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::link::Architecture;
use codegen::machine::Calls;
use codegen::native::{Program, RunOptions};
use codegen::passes::Level;
use codegen::simulated::{SimulationOptions, simulate};
use diagnostics::Sources;
use emjay_jit::GETC;
use emjay_jit::backend::Backend;
use emjay_jit::random::{Shape, program};
use libtest_mimic::{Arguments, Failed, Trial};
use tests::{emulator, run, tool};

/// What programs read.
const INPUT: &[u8] = b"emjay\0\xff\x80 reads";

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("random_programs_are_correct_and_end", || {
            each_case(cases(), Case::expect_end)
        }),
        Trial::test("the_simulator_does_what_the_interpreter_says", || {
            each_case(cases(), |case| {
                ways(Architecture::Aarch64).try_for_each(|way| case.simulate(way))
            })
        }),
    ];
    let name = "the_processor_does_what_the_interpreter_says";
    trials.push(match Architecture::of_this_machine() {
        Some(architecture) => Trial::test(name, move || {
            each_case(cases(), |case| {
                ways(architecture).try_for_each(|way| case.run_natively(way))
            })
        }),
        None => not_here(name, "no code is made for this processor"),
    });
    trials.push(Trial::test(
        "the_ulm_does_what_the_interpreter_says",
        || each_case(cases(), on_ulm::check),
    ));
    for machine in ["aarch64", "x86-64"] {
        let name = format!("executables_for_{machine}_do_what_the_interpreter_says");
        trials.push(match emulator(machine) {
            Ok(emulator) => Trial::test(name, move || {
                each_case(cases(), |case| case.run_executable(machine, emulator))
            }),
            Err(reason) => not_here(&name, reason),
        });
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn not_here(name: &str, reason: &str) -> Trial {
    Trial::test(format!("{name} ({reason})"), || Ok(())).with_ignored_flag(true)
}

fn cases() -> u64 {
    let number = std::env::var("ULM_TEST_CASES").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(1500)
}

/// Levels, ways of calling, and inlining, in all combinations.
fn ways(architecture: Architecture) -> impl Iterator<Item = Backend> {
    let both = [Calls::Direct, Calls::Trampoline];
    let levels = [
        (Level::None, false),
        (Level::Basic, false),
        (Level::Full, false),
        (Level::Full, true),
    ];
    levels.into_iter().flat_map(move |(level, inline)| {
        both.map(|calls| Backend {
            calls,
            inline,
            ..Backend::new(architecture, level)
        })
    })
}

/// A program with what it does.
struct Case {
    seed: u64,
    text: String,
    arguments: Vec<i64>,
    module: Module,
    main: FunctionId,
    expected: Effects,
}

/// What can be seen of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Effects {
    ending: Ending,
    output: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Ending {
    Returned(i64),
    Left {
        reason: u32,
        values: Vec<i64>,
        calls: Vec<Activation>,
    },
}

/// Reads and writes bytes as the built-in functions do.
#[derive(Default)]
struct Console {
    read: usize,
    output: Vec<u8>,
}

impl Host for Console {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        if import.index() == GETC {
            let byte = INPUT.get(self.read);
            self.read += 1;
            return Reply::Continue(byte.map_or(-1, |&byte| i64::from(byte)));
        }
        let value = arguments.first().copied().unwrap_or_default();
        self.output.push(value as u8);
        Reply::Continue(value)
    }
}

impl Effects {
    fn of(outcome: Outcome, console: Console) -> Result<Self, Failed> {
        let ending = match outcome {
            Outcome::Returned(value) => Ending::Returned(value),
            Outcome::Left(departure) => Ending::Left {
                reason: departure.reason,
                values: departure.values,
                calls: departure.calls,
            },
            Outcome::Limit => return Err("it does not end".into()),
        };
        Ok(Self {
            ending,
            output: console.output,
        })
    }

    /// Where a call has been inlined there is no activation, and its places are others.
    fn without_calls(mut self) -> Self {
        if let Ending::Left { calls, .. } = &mut self.ending {
            calls.clear();
        }
        self
    }
}

fn each_case(count: u64, mut check: impl FnMut(&Case) -> Result<(), Failed>) -> Result<(), Failed> {
    for seed in 0..count {
        let case = Case::new(seed)?;
        check(&case).map_err(|failed| {
            let message = failed.message().unwrap_or_default();
            format!(
                "seed {seed}, arguments {:?}: {message}\n{}",
                case.arguments, case.text
            )
        })?;
    }
    Ok(())
}

impl Case {
    fn new(seed: u64) -> Result<Self, Failed> {
        // Every fourth is in the part of the language that has no control flow.
        let shape = Shape {
            control: !seed.is_multiple_of(4),
            ..Shape::default()
        };
        let (text, arguments) = program(seed, &shape);
        let mut sources = Sources::new();
        let file = sources.add("random.emjay", text.clone());
        let compiled = emjay_jit::compile(&sources, file, emjay_jit::Options::default());
        let module = compiled
            .map_err(|errors| format!("{errors:?}\n{text}"))?
            .module;
        verify(&module).map_err(|error| format!("seed {seed}: {error}\n{text}"))?;
        let main = module.find("main").ok_or("there is no main")?;
        let mut console = Console::default();
        let outcome = interpret(&module, main, &arguments, &mut console, &Limits::default());
        let outcome = outcome.map_err(|fault| format!("seed {seed}: {fault:?}\n{text}"))?;
        let expected = Effects::of(outcome, console)?;
        Ok(Self {
            seed,
            text,
            arguments,
            module,
            main,
            expected,
        })
    }

    /// That there is an expectation at all says that the program is right.
    fn expect_end(&self) -> Result<(), Failed> {
        match &self.expected.ending {
            Ending::Returned(_) => Ok(()),
            Ending::Left {
                reason: 0,
                values,
                calls,
            } if values.len() == 1 && !calls.is_empty() => Ok(()),
            ending @ Ending::Left { .. } => Err(format!("{ending:?}").into()),
        }
    }

    fn compare(&self, found: Effects, way: Backend) -> Result<(), Failed> {
        let (found, expected) = if way.level == Level::Full && way.inline {
            (found.without_calls(), self.expected.clone().without_calls())
        } else {
            (found, self.expected.clone())
        };
        if found == expected {
            return Ok(());
        }
        Err(format!("{way:?}: {found:?}, expected {expected:?}").into())
    }

    fn link(&self, way: Backend) -> Result<codegen::link::Linked, Failed> {
        let mut module = self.module.clone();
        way.optimise(&mut module);
        verify(&module).map_err(|error| format!("{way:?}: {error}"))?;
        Ok(way.link(&module, way.generate(&module))?)
    }

    fn simulate(&self, way: Backend) -> Result<(), Failed> {
        let linked = self.link(way)?;
        let mut console = Console::default();
        let options = SimulationOptions::default();
        let run = simulate(&linked, self.main, &self.arguments, &mut console, &options);
        let run = run.map_err(|error| format!("{way:?}: {error}"))?;
        self.compare(Effects::of(run.outcome, console)?, way)
    }

    fn run_natively(&self, way: Backend) -> Result<(), Failed> {
        let mut program = Program::load(self.link(way)?)?;
        let mut console = Console::default();
        let options = RunOptions::default();
        let (outcome, registers) =
            program.run_watched(self.main, &self.arguments, &mut console, &options)?;
        let spoiled = registers.map_or(Vec::new(), |registers| registers.spoiled());
        if !spoiled.is_empty() {
            return Err(format!("{way:?}: it spoils {spoiled:?}").into());
        }
        self.compare(Effects::of(outcome, console)?, way)
    }

    /// Each program in another one of the ways: starting processes takes its time.
    fn run_executable(&self, machine: &str, emulator: Option<&str>) -> Result<(), Failed> {
        const OPTIONS: [&str; 7] = [
            "--opt=0",
            "--opt=0 --calls=direct",
            "--opt=1",
            "--opt=1 --calls=direct",
            "--opt=2",
            "--opt=2 --no-inline",
            "--opt=2 --calls=trampoline",
        ];
        let options = OPTIONS[self.seed as usize % OPTIONS.len()];
        let scratch = tempfile::tempdir()?;
        let (source, file) = (
            scratch.path().join("random.emjay"),
            scratch.path().join("program"),
        );
        std::fs::write(&source, &self.text)?;
        let mut compiler = tool("emjay");
        compiler
            .args(["emit", "--format=elf", "--target", machine])
            .args(options.split(' '))
            .arg("-o")
            .arg(&file)
            .arg(&source);
        let output = run(&mut compiler, b"");
        if !output.status.success() {
            return Err(format!("{options}: {output:?}").into());
        }
        let mut command = match emulator {
            Some(emulator) => {
                let mut command = Command::new(emulator);
                command.arg(&file);
                command
            }
            None => Command::new(&file),
        };
        let output = run(
            command.args(self.arguments.iter().map(i64::to_string)),
            INPUT,
        );
        let mut expected = self.expected.output.clone();
        let status = match self.expected.ending {
            Ending::Returned(value) => {
                expected.extend(format!("{value}\n").bytes());
                0
            }
            Ending::Left { .. } => 125,
        };
        if output.stdout == expected && output.status.code() == Some(status) {
            return Ok(());
        }
        Err(format!("{options}: {output:?}, expected {status}, {expected:?}").into())
    }
}
