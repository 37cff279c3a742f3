//! Bytes as emjay source, compiled for the ULM under each convention: the assembler has nothing to
//! say about the text, and the program does what the interpreter of the IR says.

#![no_main]

use std::ops::ControlFlow;

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::interpret::{Limits, run as interpret};
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::passes::Level;
use diagnostics::{FileId, Sources};
use emjay_jit::ulm::run::{Console, Ending, Run, RunOptions, Runner};
use emjay_jit::ulm::{Convention, Options, Program, compile};
use emjay_jit::{GETC, Reason};
use libfuzzer_sys::fuzz_target;
use ulm_isa::Isa;
use ulmas::image::Image;

/// What programs read. A byte 255 reads as the end on the ULM, so it isn't among these.
const INPUT: &[u8] = b"emjay\0\xfe\x80 reads";

/// The most instructions that are executed, of the IR as of the ULM.
const MOST_INSTRUCTIONS: u64 = 100_000;

/// Larger programs are compiled, but not assembled: without calls a few bytes of source can become a
/// million instructions.
const LARGEST: u64 = 1 << 17;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::new();
    let file = sources.add_bytes("fuzz.emjay", bytes.to_vec());
    let Ok(program) = emjay_jit::compile(&sources, file, emjay_jit::Options::default()) else {
        return;
    };
    let case = Case::new(&sources, file, program.module);
    for convention in [Convention::Leaf, Convention::Stack, Convention::Inline] {
        for level in [Level::None, Level::Full] {
            case.check(convention, level);
        }
    }
});

/// A program, and what it must do.
struct Case<'a> {
    sources: &'a Sources,
    file: FileId,
    module: Module,
    main: Option<FunctionId>,
    arguments: Vec<i64>,
    expected: Option<Behaviour>,
}

/// What can be seen of a run.
#[derive(Debug, PartialEq, Eq)]
struct Behaviour {
    end: End,
    output: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The value of `main` stands at the end of the output.
    Returned,
    /// A division of this number by zero.
    DivisionByZero(i64),
    /// A limit, which comes at another time elsewhere.
    Early,
}

impl Behaviour {
    /// Whether two runs were of the same program. One that ended early has done the beginning of
    /// what the other did.
    fn agrees(&self, other: &Self) -> bool {
        match (&self.end, &other.end) {
            (End::Early, _) | (_, End::Early) => {
                let both = self.output.len().min(other.output.len());
                self.output[..both] == other.output[..both]
            }
            _ => self == other,
        }
    }
}

impl<'a> Case<'a> {
    fn new(sources: &'a Sources, file: FileId, module: Module) -> Self {
        let main = module.find("main");
        let parameters = main.map_or(0, |main| module.functions[main.index()].parameters);
        let arguments: Vec<i64> = (1..=i64::from(parameters)).map(|n| n * n - 5).collect();
        Self {
            sources,
            file,
            expected: main.map(|main| interpreted(&module, main, &arguments)),
            main,
            module,
            arguments,
        }
    }

    /// Compiles and runs the program, if the convention can have it.
    fn check(&self, convention: Convention, level: Level) {
        let options = Options {
            convention,
            level,
            arguments: &self.arguments,
            ..Options::default()
        };
        let mut module = self.module.clone();
        let Ok(program) = compile(&mut module, self.main, &options) else {
            return;
        };
        if program.size() > 4 * LARGEST {
            return;
        }
        let image = self.assembled(&program, &module);
        let Some(expected) = &self.expected else {
            return;
        };
        let found = executed(&program, &module, &image, options.stack);
        assert!(
            found.agrees(expected),
            "{convention:?}, {level:?}: {found:?}, expected {expected:?}"
        );
    }

    fn assembled(&self, program: &Program, module: &Module) -> Image {
        let text = program.text(module, self.sources, self.file);
        let mut texts = Sources::new();
        let file = texts.add("program.s", text);
        let assembly = ulmas::assemble(Isa::ulm(), &texts, &[file]);
        let complaint = assembly.diagnostics.first();
        assert!(complaint.is_none(), "{complaint:?}");
        assembly.image.expect("there is no error")
    }
}

/// Reads [`INPUT`] and keeps what is written.
#[derive(Default)]
struct Bytes {
    read: usize,
    output: Vec<u8>,
}

impl Host for Bytes {
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

impl Console for Bytes {
    fn pause(&mut self, output: &[u8]) -> ControlFlow<()> {
        self.output.extend(output);
        ControlFlow::Continue(())
    }

    fn input(&mut self) -> ControlFlow<(), Vec<u8>> {
        let bytes = if self.read == 0 { INPUT } else { &[] };
        self.read = INPUT.len();
        ControlFlow::Continue(bytes.to_vec())
    }
}

fn interpreted(module: &Module, main: FunctionId, arguments: &[i64]) -> Behaviour {
    let limits = Limits {
        instructions: MOST_INSTRUCTIONS,
        ..Limits::default()
    };
    let mut bytes = Bytes::default();
    let end = match interpret(module, main, arguments, &mut bytes, &limits) {
        Ok(Outcome::Returned(value)) => {
            bytes.output.extend(format!("{value}\n").bytes());
            End::Returned
        }
        Ok(Outcome::Left(departure)) => left(departure.reason, &departure.values),
        _ => End::Early,
    };
    Behaviour {
        end,
        output: bytes.output,
    }
}

fn executed(program: &Program, module: &Module, image: &Image, stack: u64) -> Behaviour {
    let options = RunOptions {
        instructions: Some(MOST_INSTRUCTIONS),
        stack,
    };
    let mut bytes = Bytes::default();
    let runner = Runner::load(program, module, image, options).expect("there is enough memory");
    let run = runner.run(&mut bytes, &mut ());
    let Run { ending, .. } = run.expect("the code is right");
    let end = match ending {
        Ending::Halted(status) => {
            assert_eq!(status, 0);
            End::Returned
        }
        Ending::Left(departure) => left(departure.reason, &departure.values),
        Ending::Limit | Ending::Stopped => End::Early,
    };
    Behaviour {
        end,
        output: bytes.output,
    }
}

fn left(reason: u32, values: &[i64]) -> End {
    match Reason::from_number(reason) {
        Some(Reason::DivisionByZero) => End::DivisionByZero(values[0]),
        _ => End::Early,
    }
}
