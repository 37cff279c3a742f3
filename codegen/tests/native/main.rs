//! Code on the processor: calls in, calls out, exits, stacks, mappings.

#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

mod generated;
#[path = "../hand/mod.rs"]
#[expect(dead_code, reason = "the functions for the other machine, too")]
mod hand;
mod procedure;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use codegen::execution::{Departure, Host, Outcome, Reply, SHOWN_CALLS};
use codegen::ir::{FunctionId, ImportId};
use codegen::link::{Architecture, Linked, Options, StackChecks, StackNeed, link};
use codegen::machine::Calls;
use codegen::native::{LoadError, Program, RunError, RunOptions};
#[cfg(target_arch = "aarch64")]
use hand::aarch64::units;
#[cfg(target_arch = "x86_64")]
use hand::x86_64::units;
use hand::{ASK, DOWN, EXHAUSTED, INTERRUPTED, STOPPED, SUM, TWICE, WAIT};

fn linked() -> Linked {
    let options = Options {
        architecture: Architecture::of_this_machine().expect("the tests are for such machines"),
        calls: Calls::Direct,
        checks: StackChecks::InFunctions,
        exhausted: 99,
    };
    link(&hand::module(), units(), &options).expect("it links")
}

fn program() -> Program {
    Program::load(linked()).expect("it loads")
}

fn run(function: FunctionId, arguments: &[i64], host: &mut dyn Host, stack: usize) -> Outcome {
    let options = RunOptions { stack };
    let outcome = program().run(function, arguments, host, &options);
    outcome.expect("it runs")
}

fn departure(outcome: Outcome) -> Departure {
    match outcome {
        Outcome::Left(departure) => departure,
        other => panic!("it did not leave: {other:?}"),
    }
}

/// Answers each call with a sum of the arguments, or stops.
struct Answers(Reply);

impl Host for Answers {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        assert_eq!((import, arguments), (ImportId(0), &[30, 7][..]));
        self.0
    }
}

struct Panics;

impl Host for Panics {
    fn call(&mut self, _: ImportId, _: &[i64]) -> Reply {
        panic!("the host is out of order");
    }
}

#[test]
fn arguments_arrive_in_registers_and_on_the_stack() {
    let arguments = [1, 20, 0, 0, 0, 0, 0, 0, 0, 500];
    let outcome = run(SUM, &arguments, &mut (), 4096);
    assert_eq!(outcome, Outcome::Returned(5041));
}

#[test]
fn recursion_that_fits_returns() {
    let outcome = run(DOWN, &[1000], &mut (), 1 << 20);
    assert_eq!(outcome, Outcome::Returned(1000));
}

#[test]
fn recursion_that_does_not_fit_leaves_with_its_depth() {
    let found = departure(run(DOWN, &[1 << 40], &mut (), 64 << 10));
    assert_eq!(found.reason, EXHAUSTED);
    // 16 bytes each; the last one finds the limit reached.
    assert_eq!(found.depth, (64 << 10) / 16 + 1);
    assert_eq!(found.calls.len(), SHOWN_CALLS);
    assert_eq!(found.calls[0].place.0, 100);
    assert!(found.calls[1..].iter().all(|call| call.place.0 == 1));
}

#[test]
fn a_stack_can_be_exhausted_again_and_again() {
    let mut program = program();
    let mut depth = |stack| {
        let outcome = program.run(DOWN, &[1 << 40], &mut (), &RunOptions { stack });
        departure(outcome.expect("it runs")).depth
    };
    let first = depth(1 << 16);
    assert!(depth(1 << 20) > first);
    assert_eq!(depth(1 << 16), first);
}

#[test]
fn the_chain_of_calls_ends_with_the_function_that_was_run() {
    let found = departure(run(TWICE, &[1 << 40], &mut (), 600));
    let last = found.calls.last().expect("there are calls");
    assert_eq!((last.function, last.place.0), (TWICE, 2));
    assert_eq!(found.depth, found.calls.len() as u64);
}

#[test]
fn a_call_from_a_lowered_stack_is_found_in_the_chain() {
    // The first call of `down` has one activation less above it than the second.
    let mut program = program();
    let mut run = |n: i64, stack| {
        let outcome = program.run(TWICE, &[n], &mut (), &RunOptions { stack });
        outcome.expect("it runs")
    };
    let stack = (10..1000)
        .map(|steps| steps * 16)
        .find(|&stack| matches!(run(50, stack), Outcome::Returned(_)));
    let enough = stack.expect("some stack is enough");
    let found = departure(run(50, enough - 16));
    let last = found.calls.last().expect("there are calls");
    assert_eq!((last.function, last.place.0), (TWICE, 3));
}

#[test]
fn the_host_is_called_with_its_arguments() {
    let mut host = Answers(Reply::Continue(41));
    assert_eq!(run(ASK, &[30], &mut host, 4096), Outcome::Returned(42));
}

#[test]
fn the_host_can_stop_the_program() {
    let found = departure(run(ASK, &[30], &mut Answers(Reply::Stop), 4096));
    assert_eq!((found.reason, found.depth), (STOPPED, 1));
}

#[test]
fn a_panic_of_the_host_comes_out_of_run() {
    let mut program = program();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        program.run(ASK, &[30], &mut Panics, &RunOptions::default())
    }));
    let message = panic.expect_err("the panic goes on");
    assert_eq!(
        message.downcast_ref::<&str>(),
        Some(&"the host is out of order")
    );
    let mut host = Answers(Reply::Continue(1));
    let again = program.run(ASK, &[30], &mut host, &RunOptions::default());
    assert_eq!(again.expect("it runs"), Outcome::Returned(2));
}

#[test]
fn another_thread_interrupts_an_endless_loop() {
    let mut program = program();
    let interrupt = program.interrupt();
    let (started, wait) = mpsc::channel();
    let interrupter = thread::spawn(move || {
        wait.recv().expect("the main thread starts the program");
        interrupt.request();
    });
    started.send(()).expect("the other thread waits");
    let outcome = program.run(WAIT, &[-7], &mut (), &RunOptions::default());
    interrupter.join().expect("the other thread ends");
    let found = departure(outcome.expect("it runs"));
    assert_eq!(found.reason, INTERRUPTED);
    assert_eq!(found.values, [-7, -7, -5]);
}

#[test]
fn callee_saved_registers_are_as_before_after_a_return_and_after_an_exit() {
    let mut program = program();
    for (function, argument) in [(DOWN, 10), (DOWN, 1 << 40), (TWICE, 3)] {
        let options = RunOptions { stack: 4096 };
        let (_, registers) = program
            .run_watched(function, &[argument], &mut (), &options)
            .expect("it runs");
        let none: &[&str] = &[];
        assert_eq!(registers.expect("it was entered").spoiled(), none);
    }
}

#[test]
fn what_surely_needs_more_stack_than_there_is_does_not_begin() {
    let need = match linked().stack_need(SUM) {
        Some(StackNeed::Bounded(bytes)) => bytes as usize,
        other => panic!("{other:?}"),
    };
    if need == 0 {
        // AArch64: a leaf needs nothing at all.
        return;
    }
    let found = departure(run(SUM, &[0; 10], &mut (), need - 1));
    assert_eq!((found.reason, found.depth), (99, 1));
}

#[test]
fn the_number_of_arguments_is_checked() {
    let outcome = program().run(DOWN, &[], &mut (), &RunOptions::default());
    let wrong = matches!(
        outcome,
        Err(RunError::WrongArguments {
            expected: 1,
            given: 0
        })
    );
    assert!(wrong);
}

#[test]
fn a_stack_larger_than_the_memory_is_an_error() {
    let options = RunOptions { stack: usize::MAX };
    let outcome = program().run(DOWN, &[0], &mut (), &options);
    assert!(matches!(outcome, Err(RunError::NoStack { .. })));
}

#[test]
fn code_of_another_machine_is_not_loaded() {
    let architecture = match Architecture::of_this_machine() {
        Some(Architecture::X86_64) => Architecture::Aarch64,
        _ => Architecture::X86_64,
    };
    let options = Options {
        architecture,
        ..*linked().options()
    };
    let linked = link(&codegen::ir::Module::default(), Vec::new(), &options).expect("it links");
    let loaded = Program::load(linked);
    assert!(matches!(loaded, Err(LoadError::NotThisMachine)));
}

/// The mappings of this process: range and access.
#[cfg(target_os = "linux")]
fn mappings() -> Vec<(std::ops::Range<u64>, String)> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let start = u64::from_str_radix(start, 16).ok()?;
        let end = u64::from_str_radix(end, 16).ok()?;
        Some((start..end, String::from(words.next()?)))
    };
    maps.lines().filter_map(line).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn no_mapping_is_writable_and_executable() {
    use codegen::memory::WritableCode;

    let access = |address: u64| {
        let mapping = mappings().into_iter().find(|m| m.0.contains(&address));
        mapping.map(|(_, access)| access)
    };
    let room = WritableCode::new(100).expect("there is memory");
    let address = room.address();
    assert!(access(address).is_some_and(|a| a.starts_with("rw-")));
    let code = room.publish().expect("it may be executed");
    assert_eq!(code.address(), address);
    assert!(access(address).is_some_and(|a| a.starts_with("r-x")));
    let both = mappings().into_iter().find(|m| m.1.starts_with("rwx"));
    assert_eq!(both, None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_dropped_program_leaves_no_mapping() {
    let mut addresses = Vec::new();
    for _ in 0..50 {
        let mut program = program();
        let outcome = program.run(DOWN, &[3], &mut (), &RunOptions::default());
        assert_eq!(outcome.expect("it runs"), Outcome::Returned(3));
        addresses.push(program.address());
    }
    // Each mapping goes before the next one comes; only other tests can take the place meanwhile.
    let executable = mappings().into_iter().filter(|m| m.1.contains('x'));
    let left = executable
        .filter(|m| addresses.contains(&m.0.start))
        .count();
    assert!(left < 25, "{left} of 50 mappings are still there");
}
