//! Random modules do the same in the interpreter, in the simulator and on the processor: value,
//! output, exit with its values, chain of calls, preserved registers.

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::interpret::{self, Limits};
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::link::{Architecture, Linked, Options, StackChecks, link};
use codegen::machine::Calls;
use codegen::passes::stack_checks;
use codegen::program::RunOptions;
use codegen::random::{self, Shape};
use codegen::simulated::{SimulationOptions, simulate};
use codegen::{aarch64, x86_64};

const MAIN: FunctionId = FunctionId(0);

/// How functions call, and who checks the stack.
const CALLS: [(Calls, StackChecks); 3] = [
    (Calls::Direct, StackChecks::InFunctions),
    (Calls::Trampoline, StackChecks::InFunctions),
    (Calls::Trampoline, StackChecks::InTrampoline),
];

/// How many modules are tried; each as often as there are ways to call.
fn cases() -> u64 {
    let asked = std::env::var("ULM_TEST_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// Remembers what it was asked, and answers by a rule. Ends the program now and then.
#[derive(Debug, Default, PartialEq, Eq)]
struct Journal {
    calls: Vec<(u32, Vec<i64>)>,
    answer: i64,
}

impl Host for Journal {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        self.calls.push((import.0, arguments.to_vec()));
        self.answer = self.answer.wrapping_mul(0x5851_F42D_4C95_7F2D) + 0x1405;
        if self.answer >> 58 == 7 {
            Reply::Stop
        } else {
            Reply::Continue(self.answer >> 32)
        }
    }
}

/// A module of a seed, with checks where recursion needs them.
fn module(seed: u64, checks: StackChecks) -> Module {
    let mut module = random::module(seed, &Shape::default());
    if checks == StackChecks::InFunctions {
        stack_checks::insert(&mut module, 77);
    }
    module
}

fn linked(module: &Module, architecture: Architecture, way: (Calls, StackChecks)) -> Linked {
    let (calls, checks) = way;
    let units = (0..module.functions.len() as u32)
        .map(|id| match architecture {
            Architecture::Aarch64 => {
                let options = aarch64::Options { calls };
                aarch64::encode(&aarch64::generate(module, FunctionId(id), &options))
            }
            Architecture::X86_64 => {
                let options = x86_64::Options { calls };
                x86_64::encode(&x86_64::generate(module, FunctionId(id), &options))
            }
        })
        .collect();
    let options = Options {
        architecture,
        calls,
        checks,
        exhausted: 77,
    };
    link(module, units, &options).expect("it links")
}

/// What the interpreter says; `None` if the module wants more than the test allows.
fn interpreted(module: &Module, arguments: &[i64]) -> Option<(Outcome, Journal)> {
    let mut journal = Journal::default();
    let limits = Limits {
        depth: u64::MAX,
        ..Limits::default()
    };
    let execution = interpret::run(module, MAIN, arguments, &mut journal, &limits);
    let outcome = execution.expect("random modules do nothing forbidden");
    (outcome != Outcome::Limit).then_some((outcome, journal))
}

/// Tries modules on one way to run them.
fn compare(
    architecture: Architecture,
    mut run: impl FnMut(Linked, &[i64], &mut Journal) -> Outcome,
) {
    for seed in 0..cases() {
        for way in CALLS {
            let module = module(seed, way.1);
            let parameters = module.functions[MAIN.index()].parameters;
            let arguments = random::arguments(seed, parameters);
            let Some(expected) = interpreted(&module, &arguments) else {
                continue;
            };
            let linked = linked(&module, architecture, way);
            let mut journal = Journal::default();
            let outcome = run(linked, &arguments, &mut journal);
            assert_eq!((outcome, journal), expected, "seed {seed}, {way:?}");
        }
    }
}

#[test]
fn the_simulator_does_what_the_interpreter_does() {
    compare(Architecture::Aarch64, |linked, arguments, journal| {
        let options = SimulationOptions::default();
        let simulation = simulate(&linked, MAIN, arguments, journal, &options);
        simulation.expect("the code does nothing forbidden").outcome
    });
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn the_processor_does_what_the_interpreter_does() {
    use codegen::native::Program;

    let this = Architecture::of_this_machine().expect("the test is for such machines");
    compare(this, |linked, arguments, journal| {
        let mut program = Program::load(linked).expect("it loads");
        let (outcome, registers) = program
            .run_watched(MAIN, arguments, journal, &RunOptions::default())
            .expect("it runs");
        let spoiled = registers.expect("it was entered").spoiled();
        assert!(spoiled.is_empty(), "{spoiled:?} are not preserved");
        outcome
    });
}
