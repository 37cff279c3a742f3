//! Where the time of a compilation goes: milliseconds of each phase, medians, one thread.
//!
//! `cargo run --release --bin phases [PROGRAM [ROUNDS]]`, where PROGRAM is one that `programs.py`
//! writes; tree200 by default. Under `valgrind --tool=callgrind`, with one round, it shows where
//! instructions are executed.

use std::time::Instant;

use benches::median;
use benches::programs::generated;
use codegen::link::Architecture;
use codegen::native::Program;
use codegen::passes::Level;
use diagnostics::Sources;
use emjay_jit::backend::{Backend, ids};

const PHASES: [&str; 7] = [
    "parse",
    "parse, check",
    "lower",
    "optimise",
    "generate",
    "link",
    "load",
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "tree200".to_owned());
    let rounds = arguments
        .next()
        .map_or(15, |rounds| rounds.parse().expect("a number"));
    let program = generated().into_iter().find(|program| program.name == name);
    let program = program.expect("a program of programs.py");
    let architecture = Architecture::of_this_machine().expect("a machine that code is made for");
    let backend = Backend {
        inline: false,
        ..Backend::new(architecture, Level::Full)
    };
    let mut times: [Vec<f64>; 7] = Default::default();
    for _ in 0..rounds {
        let mut sources = Sources::new();
        let file = sources.add("program.emjay", program.emjay.clone());
        let mut clock = Instant::now();
        let mut lap = |phase: usize| {
            times[phase].push(clock.elapsed().as_secs_f64() * 1e3);
            clock = Instant::now();
        };
        drop(emjay_jit::parse(&sources, file).expect("the program is right"));
        lap(0);
        let checked = emjay_jit::check(&sources, file).expect("the program is right");
        lap(1);
        let options = emjay_jit::Options::default();
        let lowered = emjay_jit::lower(&checked, file, options).expect("it is not too large");
        let mut module = lowered.module;
        lap(2);
        backend.optimise(&mut module);
        lap(3);
        let units = ids(&module).map(|id| backend.unit(&module, id)).collect();
        lap(4);
        let linked = backend.link(&module, units).expect("it can be linked");
        lap(5);
        let loaded = Program::load(linked).expect("there is memory");
        lap(6);
        drop(loaded);
    }
    for (name, times) in PHASES.into_iter().zip(times) {
        println!("{name:14}{:10.3} ms", median(times));
    }
}
