//! Milliseconds from source to executable code.
//!
//! `cargo run --release --bin compile`. Needs libtcc, gcc, python3.

use std::time::Instant;

use benches::cranelift::{self, Mode};
use benches::median;
use benches::peers::libtcc;
use benches::programs::{Program, generated};
use codegen::link::Architecture;
use codegen::native::Program as Loaded;
use codegen::passes::Level;
use diagnostics::Sources;
use emjay_jit::backend::Backend;

fn main() {
    println!(
        "| program | --opt 1 | --opt 2 | libtcc | Cranelift fastest | Cranelift speed | opt 2 / libtcc |"
    );
    println!("|---|---|---|---|---|---|---|");
    for program in generated() {
        let rounds = if program.emjay.len() > 100_000 {
            11
        } else {
            201
        };
        let mut times: [Vec<f64>; 5] = Default::default();
        for _ in 0..rounds {
            times[0].push(warm(&program, Level::Basic));
            times[1].push(warm(&program, Level::Full));
            times[2].extend(libtcc(&program, WARM).last());
        }
        let module = program.module();
        let main = module.find("main").expect("there is a main");
        for (mode, index) in [(Mode::Fastest, 3), (Mode::Speed, 4)] {
            for _ in 0..rounds.min(15) {
                let start = Instant::now();
                let compiled = cranelift::compile(&module, main, mode);
                times[index].push(start.elapsed().as_secs_f64() * 1e3);
                // SAFETY: nothing of it has been called.
                unsafe { compiled.free() };
            }
        }
        let [basic, full, tcc, fastest, speed] = times.map(median);
        println!(
            "| {} | {basic:.3} | {full:.3} | {tcc:.3} | {fastest:.3} | {speed:.3} | {:.2} |",
            program.name,
            full / tcc
        );
    }
}

/// How often a compiler works on a program until it counts: everything else has run in between, and
/// nothing of the compiler is in the caches any more.
const WARM: u32 = 3;

fn warm(program: &Program, level: Level) -> f64 {
    for _ in 1..WARM {
        ours(program, level);
    }
    ours(program, level)
}

/// From the text to code that could be called, milliseconds.
fn ours(program: &Program, level: Level) -> f64 {
    let mut sources = Sources::new();
    let file = sources.add("program.emjay", program.emjay.clone());
    let architecture = Architecture::of_this_machine().expect("a machine that code is made for");
    let backend = Backend {
        inline: false,
        ..Backend::new(architecture, level)
    };
    let start = Instant::now();
    let compiled = emjay_jit::compile(&sources, file, emjay_jit::Options::default());
    let mut module = compiled.expect("the program is right").module;
    backend.optimise(&mut module);
    let linked = backend
        .link(&module, backend.generate(&module))
        .expect("it can be linked");
    let loaded = Loaded::load(linked).expect("there is memory");
    let time = start.elapsed().as_secs_f64() * 1e3;
    drop(loaded);
    time
}
