//! Executed AArch64 instructions of one main(): ours in the simulator, others under qemu.
//!
//! `cargo run --release --bin counts`. Needs aarch64-linux-gnu-gcc, qemu-aarch64, gcc, python3.

use std::path::Path;

use benches::cranelift::{self, Mode};
use benches::peers::{count, counter, link};
use benches::programs::{Program, generated, scratch, written};
use codegen::aarch64::simulator::Statistics;
use codegen::execution::Outcome;
use codegen::ir::Module;
use codegen::link::Architecture;
use codegen::passes::Level;
use codegen::simulated::{SimulationOptions, simulate};
use emjay_jit::backend::Backend;

const GCC: &str = "aarch64-linux-gnu-gcc";

fn main() {
    let plugin = counter();
    let empty = scratch().join("empty.c");
    std::fs::write(&empty, "long long ej_main(long long x) { return x; }").expect("a file");
    let nothing = Program {
        name: "empty",
        emjay: "fn main(x) { return x; }".to_owned(),
        c: empty,
        arguments: vec![0],
    };
    // What the driver executes around a main that is a `ret`.
    let driver = count(&link(GCC, &[], &nothing.c, "empty"), &plugin, &nothing) - 1;
    let stubs = ours(&nothing, Level::Full).instructions - 1;

    println!("| program | opt 2 | opt 1 | loads | stores | Cranelift speed | gcc -O2 | ratio |");
    println!("|---|---|---|---|---|---|---|---|");
    for program in generated().into_iter().chain(written()) {
        let full = ours(&program, Level::Full);
        let basic = ours(&program, Level::Basic);
        let module = program.module();
        let object = scratch().join(format!("{}.o", program.name));
        std::fs::write(&object, cranelift::object(&module, Mode::Speed)).expect("a file");
        let peer = |path: &Path, kind: &str| {
            let executable = link(GCC, &[], path, &format!("{}-{kind}", program.name));
            count(&executable, &plugin, &program) - driver
        };
        let (cranelift, gcc) = (peer(&object, "cranelift"), peer(&program.c, "gcc"));
        let executed = full.instructions - stubs;
        println!(
            "| {} | {executed} | {} | {} | {} | {cranelift} | {gcc} | {:.3} |",
            program.name,
            basic.instructions - stubs,
            full.loads,
            full.stores,
            executed as f64 / cranelift.min(gcc) as f64,
        );
    }
}

fn ours(program: &Program, level: Level) -> Statistics {
    let backend = Backend {
        inline: false,
        ..Backend::new(Architecture::Aarch64, level)
    };
    let mut module: Module = program.module();
    backend.optimise(&mut module);
    let linked = backend
        .link(&module, backend.generate(&module))
        .expect("it can be linked");
    let main = module.find("main").expect("there is a main");
    let options = SimulationOptions::default();
    let run = simulate(&linked, main, &program.arguments, &mut (), &options);
    let run = run.expect("the code is right");
    assert!(
        matches!(run.outcome, Outcome::Returned(_)),
        "{:?}",
        run.outcome
    );
    run.statistics
}
