//! The baseline generator: its patterns, and random modules in the simulator against the interpreter.

mod common;

use codegen::aarch64::{self, baseline};
use codegen::execution::{Host, Reply};
use codegen::ir::interpret::{Limits, Memory, run_with_memory};
use codegen::ir::{FunctionId, ImportId, Module, text};
use codegen::link::{self, Architecture, Linked, StackChecks, link};
use codegen::machine::Calls;
use codegen::passes::stack_checks;
use codegen::random::{self, Shape};
use codegen::simulated::{SimulationOptions, simulate};

const EXHAUSTED: u32 = 99;

fn listing(module: &Module, id: u32, calls: Calls) -> String {
    aarch64::print(&baseline::generate(module, FunctionId(id), calls), module)
}

fn assert_listing(source: &str, id: u32, calls: Calls, expected: &str) {
    let module = text::parse(source).expect("the text is right");
    let found = listing(&module, id, calls);
    let expected: String = expected
        .lines()
        .map(|line| format!("{}\n", line.trim()))
        .collect();
    assert_eq!(found.trim_end(), expected.trim());
}

#[test]
fn a_leaf_saves_only_frame_pointer_and_link_register() {
    assert_listing(
        "fn main - #args: 1, #reg: 3 {
            0:  mvi  @r0, 4
            1:  mva  @r1, a0
            2:  add  @r2, r0, r1
            3:  ret  r2
        }",
        0,
        Calls::Trampoline,
        "main:
        stp  x29, x30, [sp, #-16]!
        mov  x29, sp
        movz x9, 4
        mov  x10, x0
        add  x11, x9, x10
        mov  x0, x11
        ldp  x29, x30, [sp], #16
        ret",
    );
}

const CALLS: &str = "fn f - #args: 0, #reg: 4 {
    0:  mvi  @r0, 1
    1:  mvi  @r2, 2
    2:  call @r1, g:1(r2)
    3:  add  @r3, r0, r1
    4:  ret  r3
}

fn g - #args: 1, #reg: 3 {
    0:  mvi  @r0, 2
    1:  mva  @r1, a0
    2:  mul  @r2, r0, r1
    3:  ret  r2
}";

#[test]
fn a_call_saves_every_register_of_the_function_and_goes_through_the_trampoline() {
    assert_listing(
        CALLS,
        0,
        Calls::Trampoline,
        "f:
        stp  x29, x30, [sp, #-64]!
        mov  x29, sp
        movz x9, 1
        movz x10, 2
        str  x0, [x29, #24]
        str  x19, [x29, #32]
        str  x9, [x29, #40]
        str  x10, [x29, #48]
        str  x11, [x29, #56]
        movz x0, catalogue
        movz x1, 1
        mov  x2, x10
        movz x19, trampoline
        blr x19
        ldr  x11, [x29, #56]
        ldr  x10, [x29, #48]
        ldr  x9, [x29, #40]
        ldr  x19, [x29, #32]
        mov  x11, x0
        ldr  x0, [x29, #24]
        add  x10, x9, x11
        mov  x0, x10
        ldp  x29, x30, [sp], #64
        ret",
    );
}

#[test]
fn a_direct_call_needs_no_register_for_the_trampoline() {
    assert_listing(
        CALLS,
        0,
        Calls::Direct,
        "f:
        stp  x29, x30, [sp, #-64]!
        mov  x29, sp
        movz x9, 1
        movz x10, 2
        str  x0, [x29, #24]
        str  x9, [x29, #32]
        str  x10, [x29, #40]
        str  x11, [x29, #48]
        mov  x0, x10
        bl   g
        ldr  x11, [x29, #48]
        ldr  x10, [x29, #40]
        ldr  x9, [x29, #32]
        mov  x11, x0
        ldr  x0, [x29, #24]
        add  x10, x9, x11
        mov  x0, x10
        ldp  x29, x30, [sp], #64
        ret",
    );
}

#[test]
fn a_division_stands_behind_its_check() {
    assert_listing(
        "fn f - #args: 2, #reg: 3 {
            0:  mva  @r0, a0
            1:  mva  @r1, a1
            2:  div  @r2, r0, r1 or exit 0(r0)
            3:  ret  r2
        }",
        0,
        Calls::Trampoline,
        "f:
        stp  x29, x30, [sp, #-16]!
        mov  x29, sp
        mov  x9, x0
        mov  x10, x1
        cbz  x10, .L1
        sdiv x11, x9, x10
        mov  x0, x11
        ldp  x29, x30, [sp], #16
        ret
        .L1:
        adr  x16, .L1
        b    exit",
    );
}

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

fn compile(module: &Module, calls: Calls) -> Linked {
    let units = (0..module.functions.len() as u32)
        .map(|id| aarch64::encode::encode(&baseline::generate(module, FunctionId(id), calls)))
        .collect();
    let checks = match calls {
        Calls::Direct => StackChecks::InFunctions,
        Calls::Trampoline => StackChecks::InTrampoline,
    };
    let architecture = Architecture::Aarch64;
    let options = link::Options {
        architecture,
        calls,
        checks,
        exhausted: EXHAUSTED,
    };
    link(module, units, &options).expect("all callees are there")
}

fn assert_same(seed: u64, module: &Module, calls: Calls) {
    let arguments = random::arguments(seed, module.functions[0].parameters);
    let mut console = Console::default();
    let expected = run_with_memory(
        module,
        FunctionId(0),
        &arguments,
        &mut console,
        &mut Memory {
            base: 0,
            bytes: &mut [],
        },
        &Limits::default(),
    );
    let expected = (
        expected.outcome.expect("random modules do nothing wrong"),
        console,
    );
    let mut console = Console::default();
    let options = SimulationOptions::default();
    let linked = compile(module, calls);
    let found = simulate(&linked, FunctionId(0), &arguments, &mut console, &options)
        .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{module}"));
    assert_eq!(
        (found.outcome, console),
        expected,
        "seed {seed}, {calls:?}\n{module}"
    );
}

#[test]
fn random_modules_do_in_the_simulator_what_the_interpreter_says() {
    for seed in 0..common::cases(500) {
        let mut module = random::module(seed, &Shape::default());
        assert_same(seed, &module, Calls::Trampoline);
        stack_checks::insert(&mut module, EXHAUSTED);
        assert_same(seed, &module, Calls::Direct);
    }
}
