//! Random modules of the IR on the ULM: every value is in its place, and what they do is what the
//! interpreter says.
//!
//! `ULM_TEST_CASES` says how many modules there are of each kind.

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::interpret::{Limits, run as interpret};
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::passes::{self, Level};
use codegen::random::{self, Shape};
use codegen::regalloc::{self, check};
use diagnostics::Sources;
use emjay_jit::GETC;
use emjay_jit::ulm::{Convention, Layout, Options, code_before_allocation, compile};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Machine, Stop, TrapKind};

fn cases(usual: u64) -> u64 {
    let number = std::env::var("ULM_TEST_CASES").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(usual)
}

/// What a module may have whose code is made for the ULM.
fn shape() -> Shape {
    Shape {
        wide: false,
        memory: None,
        exits: false,
        ..Shape::default()
    }
}

fn module(seed: u64, shape: &Shape) -> Module {
    let mut module = random::module(seed, shape);
    let level = [Level::None, Level::Basic, Level::Full][(seed % 3) as usize];
    passes::optimise(&mut module, level, passes::Options::default());
    module
}

/// Checks the allocation of each function of a module.
fn check_allocation(module: &Module, layout: Layout, arguments: Option<&[i64]>, seed: u64) {
    for id in (0..module.functions.len() as u32).map(FunctionId) {
        let (before, file) = code_before_allocation(module, id, layout, arguments);
        let mut after = before.clone();
        let allocation = regalloc::allocate(&mut after, &file);
        check::check(&before, &after, &allocation, &file)
            .unwrap_or_else(|error| panic!("seed {seed}, {id:?}, {layout:?}: {error}"));
    }
}

#[test]
fn every_allocation_of_functions_with_calls_is_right() {
    for pressure in [20, 300] {
        let shape = Shape {
            pressure,
            exits: true,
            ..shape()
        };
        for seed in 0..cases(60) {
            let module = module(seed, &shape);
            check_allocation(&module, Layout::Stack, None, seed);
            let callee_registers = [4, 20, 128, 236][(seed % 4) as usize].max(shape.parameters);
            let layout = Layout::Leaf {
                callee_registers: callee_registers as u8,
            };
            check_allocation(&module, layout, Some(&[]), seed);
        }
    }
}

#[test]
fn every_allocation_of_functions_without_calls_is_right() {
    for pressure in [20, 300] {
        let shape = Shape {
            pressure,
            calls: false,
            recursion: false,
            exits: true,
            parameters: 100,
            ..shape()
        };
        for seed in 0..cases(60) {
            let module = module(seed, &shape);
            check_allocation(&module, Layout::Inline, Some(&[]), seed);
            check_allocation(&module, Layout::Inline, None, seed);
        }
    }
}

/// Reads zeros, and keeps what is written.
#[derive(Default)]
struct Console {
    output: Vec<u8>,
}

impl Host for Console {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        if import.index() == GETC {
            return Reply::Continue(-1);
        }
        let value = arguments.first().copied().unwrap_or_default();
        self.output.push(value as u8);
        Reply::Continue(value)
    }
}

/// Compares what a module does in a convention with what the interpreter says.
fn check_run(seed: u64, module: &Module, convention: Convention) {
    let main = FunctionId(0);
    let arguments = random::arguments(seed, module.functions[0].parameters);
    let mut console = Console::default();
    let outcome = interpret(module, main, &arguments, &mut console, &Limits::default());
    let returned = match outcome {
        Ok(Outcome::Returned(value)) => Some(value),
        Ok(Outcome::Left(departure)) if departure.reason == 0 => None,
        // It has come to an exit that the language has not.
        _ => return,
    };
    let level = [Level::None, Level::Basic, Level::Full][(seed / 2 % 3) as usize];
    let options = Options {
        convention,
        level,
        arguments: &arguments,
        ..Options::default()
    };
    let mut module = module.clone();
    let Ok(program) = compile(&mut module, Some(main), &options) else {
        return;
    };
    let mut sources = Sources::new();
    let file = sources.add("random.emjay", "\n".repeat(1000));
    let text = program.text(&module, &sources, file);
    let file = sources.add("random.s", text.clone());
    let image = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
    let mut machine = Machine::new();
    let loaded = machine.load(&image.expect("the text is right"));
    loaded.expect("there is enough memory");
    machine.end_input();
    let stop = FastEngine::new(Isa::ulm()).run(&mut machine, 10_000_000, &mut ());
    if let Some(value) = returned {
        console.output.extend(format!("{value}\n").bytes());
        assert_eq!(stop, Stop::Halted(0), "seed {seed}, {options:?}\n{text}");
    } else {
        let is_division =
            matches!(stop, Stop::Trapped(trap) if trap.kind == TrapKind::DivisionByZero);
        assert!(is_division, "{stop:?}, seed {seed}, {options:?}\n{text}");
    }
    assert_eq!(
        machine.output(),
        console.output,
        "seed {seed}, {options:?}\n{text}"
    );
}

#[test]
fn random_modules_do_what_the_interpreter_says() {
    for pressure in [20, 300] {
        let shape = Shape {
            pressure,
            ..shape()
        };
        for seed in 0..cases(60) {
            let module = random::module(seed, &shape);
            check_run(seed, &module, Convention::Stack);
            check_run(seed, &module, Convention::Auto);
            check_run(seed, &module, Convention::Inline);
        }
    }
}

#[test]
fn random_modules_of_leaves_do_what_the_interpreter_says() {
    for pressure in [20, 300] {
        let shape = Shape {
            functions: 2,
            pressure,
            recursion: false,
            ..shape()
        };
        for seed in 0..cases(60) {
            let module = random::module(seed, &shape);
            check_run(seed, &module, Convention::Leaf);
        }
    }
}
