//! Which part in the linkage of procedures each instruction has, what it does there, and which saves
//! are needless.

#[path = "../common/mod.rs"]
mod common;
mod listings;
mod needless;
mod properties;
mod stubs;

use codegen::aarch64::{self, baseline};
use codegen::ir::{FunctionId, Module};
use codegen::machine::{Assembly, Calls};
use codegen::passes::{self, stack_checks};
use codegen::random::{self, Shape};
use codegen::x86_64;
use std::fmt::{Display, Write};

const BOTH: [Calls; 2] = [Calls::Direct, Calls::Trampoline];

/// The reason of checks of the stack.
const EXHAUSTED: u32 = 99;

type Aarch64 = Assembly<aarch64::instruction::Instruction>;
type X86 = Assembly<x86_64::instruction::Instruction>;

fn optimised(module: &Module, id: FunctionId, calls: Calls) -> Aarch64 {
    aarch64::generate(module, id, &aarch64::Options { calls })
}

fn of_baseline(module: &Module, id: FunctionId, calls: Calls) -> Aarch64 {
    baseline::generate(module, id, calls)
}

fn x86(module: &Module, id: FunctionId, calls: Calls) -> X86 {
    x86_64::generate(module, id, &x86_64::Options { calls })
}

/// `part what-it-does instruction`, the second by its first word, with a `*` behind what is needless.
fn labelled<I: Display>(assembly: &Assembly<I>) -> String {
    let mut text = String::new();
    let lines = assembly.instructions.iter().zip(&assembly.origins);
    for (index, (instruction, origin)) in (0..).zip(lines) {
        let mechanism = origin.mechanism.name().split(' ').next();
        let needless = assembly.needless.contains(&index);
        let line = format!(
            "{} {} {instruction} {}",
            origin.linkage.name(),
            mechanism.unwrap_or_default(),
            if needless { "*" } else { "" }
        );
        let words: Vec<&str> = line.split_whitespace().collect();
        writeln!(text, "{}", words.join(" ")).expect("a string takes everything");
    }
    text
}

/// A random module, at one of the levels of optimisation, with or without checks of the stack.
fn random_module(seed: u64, shape: &Shape) -> Module {
    let mut module = random::module(seed, shape);
    let level = match seed % 3 {
        0 => passes::Level::None,
        1 => passes::Level::Basic,
        _ => passes::Level::Full,
    };
    passes::optimise(&mut module, level, passes::Options::default());
    if seed.is_multiple_of(2) {
        stack_checks::insert(&mut module, EXHAUSTED);
    }
    module
}

/// All functions of a module.
fn functions(module: &Module) -> impl Iterator<Item = FunctionId> + use<> {
    (0..module.functions.len() as u32).map(FunctionId)
}
