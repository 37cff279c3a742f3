//! For the tests of the ULM's code: emjay programs, what they must do, and what they do there.

// Each test file has its own copy of this, and none needs all of it.
#![allow(dead_code)]

pub(crate) mod convention;
pub(crate) mod generators;

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::interpret::{Limits, run as interpret};
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::passes::Level;
use diagnostics::{FileId, Sources};
use emjay_jit::ulm::{Convention, Options, Program, Refusal, compile};
use emjay_jit::{GETC, Reason};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Machine, Observer, Stop, TrapKind};

/// How many programs are tried: the usual number, or in proportion to `ULM_TEST_CASES`, for which 160
/// is usual.
pub(crate) fn cases(usual: u64) -> u64 {
    let number = std::env::var("ULM_TEST_CASES").ok();
    let number = number.and_then(|number| number.parse::<u64>().ok());
    number.map_or(usual, |number| (number * usual).div_ceil(160))
}

/// What programs read. A byte 255 reads as the end there, so it isn't among these.
pub(crate) const INPUT: &[u8] = b"emjay\0\xfe\x80 reads";

/// The most instructions that a program of a test executes.
const BUDGET: u64 = 50_000_000;

/// The warning of a label that nothing refers to: the first function, say.
const UNUSED_LABEL: &str = "U0704";

/// One of the ways in which a program is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) convention: Convention,
    pub(crate) level: Level,
    pub(crate) inline: bool,
}

/// All conventions at all levels; a few where there is little time (see [`cases`]).
pub(crate) fn ways() -> impl Iterator<Item = Way> {
    let is_short = cases(160) < 160;
    all_ways().filter(move |way| {
        !is_short
            || match way.level {
                Level::Full => !way.inline,
                _ => way.level == Level::None && way.convention == Convention::Stack,
            }
    })
}

fn all_ways() -> impl Iterator<Item = Way> {
    let levels = [
        (Level::None, false),
        (Level::Basic, false),
        (Level::Full, false),
        (Level::Full, true),
    ];
    [Convention::Leaf, Convention::Stack, Convention::Inline]
        .into_iter()
        .flat_map(move |convention| {
            levels.map(|(level, inline)| Way {
                convention,
                level,
                inline,
            })
        })
}

/// How a program ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With this exit status; the value of `main` has been printed before if it is 0.
    Halted(u8),
    /// With a division of this number by zero.
    DivisionByZero(i64),
    /// In a way in which no program may end.
    Stopped(Stop),
}

/// What can be seen of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effects {
    pub(crate) ending: Ending,
    pub(crate) output: Vec<u8>,
}

/// A program, compiled to the IR.
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) arguments: Vec<i64>,
    pub(crate) sources: Sources,
    pub(crate) file: FileId,
    pub(crate) module: Module,
    pub(crate) main: Option<FunctionId>,
}

/// A program that has been compiled for the ULM.
pub(crate) struct Compiled {
    /// The IR as the generator left it.
    pub(crate) module: Module,
    pub(crate) program: Program,
    pub(crate) assembly: String,
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

impl Case {
    pub(crate) fn new(text: &str, arguments: &[i64]) -> Self {
        Self::named("program.emjay", text, arguments)
    }

    /// A program from a file with a certain name.
    pub(crate) fn named(name: &str, text: &str, arguments: &[i64]) -> Self {
        let mut sources = Sources::new();
        let file = sources.add(name, text);
        let module = emjay_jit::compile(&sources, file, emjay_jit::Options::default())
            .unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
            .module;
        Self {
            text: text.to_owned(),
            arguments: arguments.to_vec(),
            main: module.find("main"),
            sources,
            file,
            module,
        }
    }

    /// What the interpreter of the IR says that the program does.
    pub(crate) fn expected(&self) -> Effects {
        let main = self.main.expect("there is a main");
        let mut console = Console::default();
        let limits = Limits {
            instructions: BUDGET,
            ..Limits::default()
        };
        let outcome = interpret(&self.module, main, &self.arguments, &mut console, &limits);
        let ending = match outcome {
            Ok(Outcome::Returned(value)) => {
                console.output.extend(format!("{value}\n").bytes());
                Ending::Halted(0)
            }
            Ok(Outcome::Left(departure))
                if Reason::from_number(departure.reason) == Some(Reason::DivisionByZero) =>
            {
                Ending::DivisionByZero(departure.values[0])
            }
            other => panic!("{other:?}\n{}", self.text),
        };
        Effects {
            ending,
            output: console.output,
        }
    }

    pub(crate) fn compile(&self, way: Way) -> Result<Compiled, Refusal> {
        let options = Options {
            convention: way.convention,
            level: way.level,
            inline: way.inline,
            arguments: &self.arguments,
            ..Options::default()
        };
        self.compile_with(&options)
    }

    pub(crate) fn compile_with(&self, options: &Options<'_>) -> Result<Compiled, Refusal> {
        let mut module = self.module.clone();
        let program = compile(&mut module, self.main, options)?;
        let assembly = program.text(&module, &self.sources, self.file);
        Ok(Compiled {
            module,
            program,
            assembly,
        })
    }

    /// Runs the program in all ways that are possible for it, and compares what it does.
    pub(crate) fn check(&self) {
        let expected = self.expected();
        for way in ways() {
            self.check_way(way, &expected, &mut ());
        }
    }

    /// Runs the program in one way, if that is possible, and compares what it does. Says whether
    /// it was.
    pub(crate) fn check_way(
        &self,
        way: Way,
        expected: &Effects,
        observer: &mut impl Observer,
    ) -> bool {
        let Ok(compiled) = self.compile(way) else {
            return false;
        };
        let found = compiled.run(observer);
        assert_eq!(
            &found, expected,
            "{way:?}, arguments {:?}\n{}",
            self.arguments, self.text
        );
        true
    }
}

impl Compiled {
    /// Assembles and executes the text.
    pub(crate) fn run(&self, observer: &mut impl Observer) -> Effects {
        let (machine, stop) = execute(&self.assembly, observer);
        let ending = match stop {
            Stop::Trapped(trap) if trap.kind == TrapKind::DivisionByZero => {
                self.expect_exit(trap.address);
                let word = machine.memory().number(trap.address, 4);
                let dividend = machine.register((word >> 8) as u8);
                Ending::DivisionByZero(dividend as i64)
            }
            Stop::Halted(status) => Ending::Halted(status),
            other => Ending::Stopped(other),
        };
        let mut machine = machine;
        Effects {
            ending,
            output: machine.take_output(),
        }
    }

    /// Where a division traps, the program has an exit.
    fn expect_exit(&self, address: u64) {
        let place = self.program.instruction_at(address);
        let (section, at) = place.expect("the trap is within the program");
        assert!(
            section
                .assembly
                .exits
                .iter()
                .any(|exit| exit.at as usize == at),
            "there is no exit at {address:#x}\n{}",
            self.assembly
        );
    }
}

/// Assembles a program, and executes it with [`INPUT`] until it ends.
pub(crate) fn execute(assembly: &str, observer: &mut impl Observer) -> (Machine, Stop) {
    let mut sources = Sources::new();
    let file = sources.add("program.s", assembly);
    let assembled = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    let wrong: Vec<_> = assembled
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code != UNUSED_LABEL)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{assembly}");
    let image = assembled.image.expect("there is no error");
    let mut machine = Machine::new();
    machine.load(&image).expect("the program fits into memory");
    machine.feed(INPUT);
    machine.end_input();
    let stop = FastEngine::new(Isa::ulm()).run(&mut machine, BUDGET, observer);
    (machine, stop)
}
