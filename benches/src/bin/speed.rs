//! Seconds of execution on this machine.
//!
//! `cargo run --release --bin speed`. Needs gcc, python3.

use std::process::Command;
use std::time::Instant;

use benches::cranelift::{self, Mode};
use benches::median;
use benches::peers::link;
use benches::programs::{Program, generated, written};
use codegen::execution::Outcome;
use codegen::link::Architecture;
use codegen::native::{Program as Loaded, RunOptions};
use codegen::passes::Level;
use emjay_jit::backend::Backend;

const ROUNDS: u32 = 7;

fn main() {
    println!("| program | ours | ours, inlining | Cranelift speed | gcc -O2 | ours / better |");
    println!("|---|---|---|---|---|---|");
    for program in generated().into_iter().chain(written()) {
        let repetitions = repetitions(program.name);
        let module = program.module();
        let main = module.find("main").expect("there is a main");
        let peer = cranelift::compile(&module, main, Mode::Speed);
        let gcc = link("gcc", &[], &program.c, &format!("{}-native", program.name));
        let mut times: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            times[0].push(ours(&program, false, repetitions));
            times[1].push(ours(&program, true, repetitions));
            times[2].push(call(&peer, &program.arguments, repetitions));
            times[3].push(process(&gcc, &program, repetitions));
        }
        let [plain, inlined, cranelift, gcc] = times.map(median);
        println!(
            "| {} | {plain:.6} | {inlined:.6} | {cranelift:.6} | {gcc:.6} | {:.2} |",
            program.name,
            plain / cranelift.min(gcc)
        );
    }
}

/// How often a main is executed between two looks at the clock: it shall take some milliseconds.
const fn repetitions(name: &str) -> u32 {
    match name.as_bytes() {
        b"small" => 100_000,
        b"wide40" => 2_000,
        b"line100k" | b"tree200" => 50,
        _ => 1,
    }
}

fn ours(program: &Program, inline: bool, repetitions: u32) -> f64 {
    let architecture = Architecture::of_this_machine().expect("a machine that code is made for");
    let backend = Backend {
        inline,
        ..Backend::new(architecture, Level::Full)
    };
    let mut module = program.module();
    backend.optimise(&mut module);
    let linked = backend
        .link(&module, backend.generate(&module))
        .expect("it can be linked");
    let main = module.find("main").expect("there is a main");
    let mut loaded = Loaded::load(linked).expect("there is memory");
    let options = RunOptions::default();
    let mut run = || {
        let outcome = loaded.run(main, &program.arguments, &mut (), &options);
        assert!(matches!(outcome, Ok(Outcome::Returned(_))), "{outcome:?}");
    };
    run();
    let start = Instant::now();
    for _ in 0..repetitions {
        run();
    }
    start.elapsed().as_secs_f64() / f64::from(repetitions)
}

fn call(compiled: &cranelift::Compiled, arguments: &[i64], repetitions: u32) -> f64 {
    // SAFETY: the code is that of a function that takes as many numbers, or fewer, and gives one.
    let main: extern "C" fn(i64, i64) -> i64 = unsafe { std::mem::transmute(compiled.entry()) };
    let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
    main(argument(0), argument(1));
    let start = Instant::now();
    for _ in 0..repetitions {
        std::hint::black_box(main(argument(0), argument(1)));
    }
    start.elapsed().as_secs_f64() / f64::from(repetitions)
}

/// The mean of the executions in one process but the first.
fn process(executable: &std::path::Path, program: &Program, repetitions: u32) -> f64 {
    let output = Command::new(executable)
        .args([(repetitions + 1).to_string(), "time".to_owned()])
        .args(program.arguments.iter().map(i64::to_string))
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let seconds = text
        .lines()
        .skip(1)
        .map(|line| line.parse::<f64>().expect("seconds"));
    seconds.sum::<f64>() / f64::from(repetitions)
}
