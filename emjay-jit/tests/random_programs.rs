//! Random programs: every way of running one gives what the interpreter of the IR gives.

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::ImportId;
use codegen::ir::interpret::{self, Limits};
use codegen::ir::verify;
use diagnostics::Sources;
use emjay_jit::random::{Shape, program};

fn cases() -> u64 {
    std::env::var("ULM_TEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300)
}

#[derive(Default)]
struct Log(Vec<i64>);
impl Host for Log {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        self.0.push(i64::from(import.0));
        self.0.extend(arguments);
        Reply::Continue(arguments.first().copied().unwrap_or(-1))
    }
}

#[test]
fn random_programs_are_correct_and_end() {
    let (mut returned, mut left) = (0, 0);
    for seed in 0..cases() {
        let (text, arguments) = program(seed, &Shape::default());
        let mut sources = Sources::new();
        let file = sources.add("random.emjay", text.clone());
        let program = match emjay_jit::compile(&sources, file, emjay_jit::Options::default()) {
            Ok(program) => program,
            Err(errors) => panic!("seed {seed}: {errors:?}\n{text}"),
        };
        if let Err(error) = verify::verify(&program.module) {
            panic!("seed {seed}: {error}\n{text}");
        }
        let main = program.module.find("main").expect("main");
        let mut log = Log::default();
        let outcome = interpret::run(
            &program.module,
            main,
            &arguments,
            &mut log,
            &Limits::default(),
        );
        match outcome {
            Ok(Outcome::Returned(_)) => returned += 1,
            Ok(Outcome::Left(_)) => left += 1,
            other => panic!("seed {seed}: {other:?}\n{text}"),
        }
    }
    assert!(
        returned > left / 4 && left > returned / 20,
        "{returned} {left}"
    );
}
