//! Linked code in the simulator: calls in, calls out, exits, limits.

mod hand;

use codegen::execution::{Departure, Host, Outcome, Reply};
use codegen::ir::{FunctionId, ImportId};
use codegen::link::{Architecture, Linked, Options, StackChecks, link};
use codegen::machine::Calls;
use codegen::program::RunOptions;
use codegen::simulated::{
    Simulation, SimulationError, SimulationOptions, simulate, simulate_observed,
};
use hand::{ASK, DOWN, EXHAUSTED, STOPPED, SUM, TWICE, WAIT};

const OPTIONS: Options = Options {
    architecture: Architecture::Aarch64,
    calls: Calls::Direct,
    checks: StackChecks::InFunctions,
    exhausted: 99,
};

fn linked() -> Linked {
    link(&hand::module(), hand::aarch64::units(), &OPTIONS).expect("it links")
}

fn run(function: FunctionId, arguments: &[i64], host: &mut dyn Host, stack: usize) -> Simulation {
    let options = SimulationOptions {
        run: RunOptions { stack },
        instructions: 1_000_000,
    };
    simulate(&linked(), function, arguments, host, &options).expect("it runs without a fault")
}

fn departure(simulation: Simulation) -> Departure {
    match simulation.outcome {
        Outcome::Left(departure) => departure,
        other => panic!("it did not leave: {other:?}"),
    }
}

/// Answers with this.
struct Answer(Reply);

impl Host for Answer {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        assert_eq!((import, arguments), (ImportId(0), &[30, 7][..]));
        self.0
    }
}

#[test]
fn arguments_arrive_in_registers_and_on_the_stack() {
    let arguments = [1, 20, 0, 0, 0, 0, 0, 0, 0, 500];
    let found = run(SUM, &arguments, &mut (), 4096);
    assert_eq!(found.outcome, Outcome::Returned(5041));
}

#[test]
fn recursion_that_does_not_fit_leaves_with_its_depth() {
    let found = departure(run(DOWN, &[1 << 40], &mut (), 64 << 10));
    assert_eq!(found.reason, EXHAUSTED);
    assert_eq!(found.depth, (64 << 10) / 16 + 1);
}

#[test]
fn a_stack_of_a_gigabyte_is_not_too_large() {
    let found = run(DOWN, &[100], &mut (), 1 << 30);
    assert!(matches!(found.outcome, Outcome::Returned(_)));
}

#[test]
fn the_chain_of_calls_ends_with_the_function_that_was_run() {
    let found = departure(run(TWICE, &[1 << 40], &mut (), 600));
    let last = found.calls.last().expect("there are calls");
    assert_eq!((last.function, last.place.0), (TWICE, 2));
}

#[test]
fn the_host_is_called_and_can_stop_the_program() {
    let found = run(ASK, &[30], &mut Answer(Reply::Continue(41)), 4096);
    assert_eq!(found.outcome, Outcome::Returned(42));
    let found = departure(run(ASK, &[30], &mut Answer(Reply::Stop), 4096));
    assert_eq!(found.reason, STOPPED);
}

#[test]
fn an_endless_loop_ends_at_the_limit() {
    let found = run(WAIT, &[0], &mut (), 4096);
    assert_eq!(found.outcome, Outcome::Limit);
    assert_eq!(found.statistics.instructions, 1_000_000);
}

#[test]
fn an_observer_sees_each_instruction_of_a_function() {
    let linked = linked();
    let mut counts = vec![0; linked.code_size() / 4];
    let options = SimulationOptions::default();
    simulate_observed(&linked, DOWN, &[3], &mut (), &options, &mut counts).expect("it runs");
    let function = linked.function(DOWN).expect("it is there");
    let first = function.start as usize / 4;
    // The check and the frame of each of four activations; the call of three of them.
    assert_eq!(
        counts[first..first + 12],
        [4, 4, 4, 4, 4, 3, 3, 3, 4, 4, 0, 0]
    );
}

#[test]
fn code_of_another_machine_is_not_simulated() {
    let options = Options {
        architecture: Architecture::X86_64,
        ..OPTIONS
    };
    let linked = link(&hand::module(), hand::x86_64::units(), &options).expect("it links");
    let options = SimulationOptions::default();
    let result = simulate(&linked, DOWN, &[0], &mut (), &options);
    assert!(matches!(result, Err(SimulationError::NotAarch64)));
}
