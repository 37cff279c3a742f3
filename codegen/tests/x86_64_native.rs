//! Random modules as x86-64 code: the allocation is proved, and what the processor does is what the
//! interpreter says.
#![cfg(all(target_arch = "x86_64", unix))]

mod common;

use std::sync::atomic::{AtomicU8, Ordering};

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::interpret::{Limits, Memory, run_with_memory};
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::link::{self, Architecture, StackChecks, link};
use codegen::machine::Calls;
use codegen::native::{Program, RunOptions};
use codegen::passes::{self, stack_checks};
use codegen::random::{self, Shape, Window};
use codegen::regalloc::{self, check::check};
use codegen::x86_64::{self, Options};

/// Keeps what is written, gives three bytes to read, and then ends the program.
#[derive(Debug, Default, PartialEq, Eq)]
struct Console {
    output: Vec<i64>,
    reads: i64,
}

impl Host for Console {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        if let (ImportId(0), &[byte]) = (import, arguments) {
            self.output.push(byte);
            return Reply::Continue(byte);
        }
        self.reads += 1;
        if self.reads > 3 {
            Reply::Stop
        } else {
            Reply::Continue(64 + self.reads)
        }
    }
}

fn assert_allocation_is_right(module: &Module, id: FunctionId, options: Options) {
    let before = x86_64::code_before_allocation(module, id, &options);
    let mut after = before.clone();
    let allocation = regalloc::allocate(&mut after, x86_64::registers());
    if let Err(error) = check(&before, &after, &allocation, x86_64::registers()) {
        panic!(
            "{}: {error:?} {:?} {:?} {:?}",
            module.functions[id.index()].name,
            before.extras.first(),
            before.operands.get(..4),
            allocation.operands.get(..4)
        );
    }
}

fn compile(module: &Module, calls: Calls) -> Program {
    let options = Options { calls };
    let ids = || (0..module.functions.len() as u32).map(FunctionId);
    let units = ids()
        .map(|id| x86_64::encode(&x86_64::generate(module, id, &options)))
        .collect();
    let options = link::Options {
        architecture: Architecture::X86_64,
        calls,
        checks: StackChecks::InFunctions,
        exhausted: 99,
    };
    let linked = link(module, units, &options).expect("all callees are there");
    Program::load(linked).expect("it is for this machine")
}

/// What a run leaves behind.
#[derive(Debug, PartialEq, Eq)]
struct Effects {
    outcome: Outcome,
    console: Console,
    memory: Vec<u8>,
}

/// Memory that compiled code changes while nobody looks.
fn memory(bytes: u32) -> Vec<AtomicU8> {
    (0..bytes).map(|i| AtomicU8::new(i as u8)).collect()
}

fn assert_same_effects(module: &Module, arguments: &[i64], window: &[AtomicU8], calls: Calls) {
    let start = || (0..window.len()).map(|i| i as u8);
    let mut bytes: Vec<u8> = start().collect();
    let mut console = Console::default();
    let execution = run_with_memory(
        module,
        FunctionId(0),
        arguments,
        &mut console,
        &mut Memory {
            base: window.as_ptr() as u64,
            bytes: &mut bytes,
        },
        &Limits::default(),
    );
    let expected = Effects {
        outcome: execution.outcome.expect("random modules do nothing wrong"),
        console,
        memory: bytes,
    };

    for (byte, value) in window.iter().zip(start()) {
        byte.store(value, Ordering::SeqCst);
    }
    let mut console = Console::default();
    let (outcome, registers) = compile(module, calls)
        .run_watched(
            FunctionId(0),
            arguments,
            &mut console,
            &RunOptions::default(),
        )
        .expect("it can be run");
    let spoiled = registers.map(|registers| registers.spoiled());
    assert_eq!(spoiled, Some(Vec::new()));
    let effects = Effects {
        outcome,
        console,
        memory: window
            .iter()
            .map(|byte| byte.load(Ordering::SeqCst))
            .collect(),
    };
    assert_eq!(effects, expected);
}

fn assert_cases(calls: Calls, level: passes::Level, first_seed: u64) {
    let window = memory(512);
    let shape = Shape {
        memory: Some(Window {
            address: window.as_ptr() as u64,
            bytes: window.len() as u32,
        }),
        ..Shape::default()
    };
    for seed in first_seed..first_seed + common::cases(300) {
        let mut module = random::module(seed, &shape);
        stack_checks::insert(&mut module, 98);
        passes::optimise(&mut module, level, passes::Options::default());
        for id in (0..module.functions.len() as u32).map(FunctionId) {
            assert_allocation_is_right(&module, id, Options { calls });
        }
        let arguments = random::arguments(seed, module.functions[0].parameters);
        assert_same_effects(&module, &arguments, &window, calls);
    }
}

#[test]
fn random_modules_do_what_the_interpreter_says() {
    assert_cases(Calls::Direct, passes::Level::None, 0);
}

#[test]
fn random_modules_with_a_trampoline_do_what_the_interpreter_says() {
    assert_cases(Calls::Trampoline, passes::Level::None, 10_000);
}

#[test]
fn optimised_random_modules_do_what_the_interpreter_says() {
    assert_cases(Calls::Direct, passes::Level::Full, 20_000);
}

/// `main` has so many parameters, compares their first and last, and either combines them all, or
/// calls `g`, which does, and combines them with its result.
fn early_return(parameters: u32, branch: &str) -> Module {
    let combined = |operator: &str, first: u32| -> String {
        (1..parameters)
            .map(|i| {
                format!(
                    "{operator} @r{}, r{}, r{i}\n",
                    first + i,
                    if i == 1 { 0 } else { first + i - 1 }
                )
            })
            .collect()
    };
    let arguments: String = (0..parameters)
        .map(|i| format!("mva @r{i}, a{i}\n"))
        .collect();
    let list: Vec<String> = (0..parameters).map(|i| format!("r{i}")).collect();
    let list = list.join(", ");
    let last = parameters - 1;
    let text = format!(
        "fn main - #args: {parameters}, #reg: 100 {{
         b0():
             {arguments}
             mvi  @r90, 3
             mul  @r91, r0, r90
             lt   @r92, r91, r{last}
             {branch}
         b1():
             {}
             sub  @r93, r{}, r91
             ret  r93
         b2():
             call @r94, g:1({list})
             {}
             add  @r95, r{}, r94
             add  @r96, r95, r91
             ret  r96
         }}
         fn g - #args: {parameters}, #reg: 100 {{
             {arguments}
             {}
             ret  r{}
         }}",
        combined("xor", 20),
        20 + last,
        combined("mul", 40),
        40 + last,
        combined("sub", 60),
        60 + last,
    );
    codegen::ir::text::parse(&text).expect("the test's text is right")
}

#[test]
fn what_returns_early_and_what_does_not_do_what_the_interpreter_says() {
    for parameters in 2..=12 {
        for branch in ["br r92, b1(), b2()", "br r92, b2(), b1()"] {
            let module = early_return(parameters, branch);
            for calls in [Calls::Direct, Calls::Trampoline] {
                assert_allocation_is_right(&module, FunctionId(0), Options { calls });
                for seed in 0..4 {
                    let arguments = random::arguments(seed, parameters);
                    assert_same_effects(&module, &arguments, &[], calls);
                }
            }
        }
    }
}
