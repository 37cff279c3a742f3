//! Code of the generators, from IR as text.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use codegen::execution::{Departure, Host, Outcome, Reply};
use codegen::ir::{FunctionId, ImportId, text};
use codegen::link::{Architecture, Options, StackChecks, link};
use codegen::machine::Calls;
use codegen::native::{Program, RunOptions};
use codegen::passes::stack_checks;
use codegen::{aarch64, x86_64};

/// The function that is run in each of the texts.
const MAIN: FunctionId = FunctionId(0);
const EXHAUSTED: u32 = 77;

/// A program from IR.
fn program(source: &str, calls: Calls, checks: StackChecks) -> Program {
    let mut module = text::parse(source).expect("it parses");
    if checks == StackChecks::InFunctions {
        stack_checks::insert(&mut module, EXHAUSTED);
    }
    let architecture = Architecture::of_this_machine().expect("the tests are for such machines");
    let units = (0..module.functions.len() as u32)
        .map(|id| match architecture {
            Architecture::Aarch64 => {
                let options = aarch64::Options { calls };
                aarch64::encode(&aarch64::generate(&module, FunctionId(id), &options))
            }
            Architecture::X86_64 => {
                let options = x86_64::Options { calls };
                x86_64::encode(&x86_64::generate(&module, FunctionId(id), &options))
            }
        })
        .collect();
    let options = Options {
        architecture,
        calls,
        checks,
        exhausted: EXHAUSTED,
    };
    let linked = link(&module, units, &options).expect("it links");
    Program::load(linked).expect("it loads")
}

fn departure(outcome: Outcome) -> Departure {
    match outcome {
        Outcome::Left(departure) => departure,
        other => panic!("it did not leave: {other:?}"),
    }
}

/// Two functions that call each other as often as the argument says.
const PING_PONG: &str = "\
fn ping - #args: 1, #reg: 6 {
b0():
    mva  @r0, a0
    br   r0, b1(), b2()
b1():
    mvi  @r1, 1
    sub  @r2, r0, r1
    call @r3, pong:1(r2)
    add  @r4, r3, r0
    ret  r4
b2():
    mvi  @r5, 0
    ret  r5
}

fn pong - #args: 1, #reg: 5 {
    mva  @r0, a0
    mvi  @r1, 3
    mul  @r2, r0, r1
    call @r3, ping:0(r0)
    sub  @r4, r3, r2
    ret  r4
}
";

#[test]
fn mutual_recursion_is_exhausted_with_either_kind_of_check() {
    for (calls, checks) in [
        (Calls::Direct, StackChecks::InFunctions),
        (Calls::Trampoline, StackChecks::InFunctions),
        (Calls::Trampoline, StackChecks::InTrampoline),
    ] {
        let mut program = program(PING_PONG, calls, checks);
        let options = RunOptions { stack: 1 << 20 };
        let mut run = |n| program.run(MAIN, &[n], &mut (), &options).expect("it runs");
        assert_eq!(run(10), Outcome::Returned(55 - 3 * 45));
        let found = departure(run(1 << 40));
        assert_eq!(found.reason, EXHAUSTED);
        assert!(found.depth > 1000, "{} is not deep", found.depth);
        let functions: Vec<u32> = found.calls.iter().map(|call| call.function.0).collect();
        assert!(functions.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn a_check_in_the_trampoline_counts_as_deep_as_the_stack_is() {
    let mut program = program(PING_PONG, Calls::Trampoline, StackChecks::InTrampoline);
    let mut depth = |stack| {
        let outcome = program.run(MAIN, &[1 << 40], &mut (), &RunOptions { stack });
        departure(outcome.expect("it runs")).depth
    };
    let (small, large) = (depth(64 << 10), depth(128 << 10));
    assert!(large.abs_diff(2 * small) <= 2, "{small}, {large}");
}

/// Tells another thread that the code is running.
struct Announces(Sender<()>);

impl Host for Announces {
    fn call(&mut self, _: ImportId, _: &[i64]) -> Reply {
        // If nobody waits any more, the test has failed already.
        let _ = self.0.send(());
        Reply::Continue(0)
    }
}

#[test]
fn a_loop_that_is_running_already_is_interrupted() {
    let source = "\
import running/0

fn main - #args: 1, #reg: 5 {
b0():
    mva  @r0, a0
    call @r1, running() or exit 1()
    jmp  b1(r1)
b1(@r2):
    poll or exit 2(r0)
    mvi  @r3, 1
    add  @r4, r2, r3
    jmp  b1(r4)
}
";
    let mut program = program(source, Calls::Direct, StackChecks::InFunctions);
    let interrupt = program.interrupt();
    let (sender, receiver): (_, Receiver<()>) = channel();
    let handle = interrupt.clone();
    let interrupter = thread::spawn(move || {
        receiver.recv().expect("the program announces itself");
        handle.request();
    });
    let mut host = Announces(sender);
    let options = RunOptions::default();
    let outcome = program.run(MAIN, &[-3], &mut host, &options);
    interrupter.join().expect("the other thread ends");
    let found = departure(outcome.expect("it runs"));
    assert_eq!((found.reason, found.values), (2, vec![-3]));
    assert!(interrupt.is_requested());
    interrupt.clear();
    assert!(!interrupt.is_requested());
}

#[test]
fn values_of_an_exit_are_read_from_registers_slots_and_constants() {
    // Forty values that live across a call: more than there are registers.
    let mut source = String::from("import host/0\n\nfn main - #args: 1, #reg: 90 {\n");
    source.push_str("    mva  @r0, a0\n    mvi  @r1, 7\n");
    for n in 2..42 {
        source.push_str(&format!("    add  @r{n}, r{}, r{}\n", n - 1, n - 2));
    }
    source.push_str("    call @r42, host() or exit 1()\n");
    let values: Vec<String> = (0..42).map(|n| format!("r{n}")).collect();
    source.push_str(&format!("    guard r1 or exit 5({})\n", values.join(", ")));
    source.push_str("    ret  r42\n}\n");

    let mut expected = vec![100, 7];
    for n in 2..42 {
        expected.push(expected[n - 1] + expected[n - 2]);
    }
    let mut program = program(&source, Calls::Direct, StackChecks::InFunctions);
    let outcome = program.run(MAIN, &[100], &mut (), &RunOptions::default());
    let found = departure(outcome.expect("it runs"));
    assert_eq!((found.reason, found.values), (5, expected));
}
