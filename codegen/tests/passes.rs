//! Passes change no meaning: random modules do the same before and after each, and verify.

mod common;

use codegen::Place;
use codegen::execution::{Activation, Host, Outcome, Reply, SHOWN_CALLS};
use codegen::ir::interpret::{Limits, Memory, run_with_memory};
use codegen::ir::verify::verify;
use codegen::ir::{Function, FunctionId, ImportId, Module};
use codegen::passes::strength::Costs;
use codegen::passes::{
    Inlining, Level, Options, blocks, constants, dead, dedup, if_conversion, layout, loops,
    optimise, renumber, simplify,
};
use codegen::random::{self, Shape, Window};
use common::cases;

const WINDOW: Window = Window {
    address: 0x10000,
    bytes: 64,
};

/// What can be seen of an execution.
#[derive(Debug, PartialEq)]
struct Behaviour {
    outcome: Outcome,
    output: Vec<(ImportId, Vec<i64>)>,
    memory: Vec<u8>,
}

/// Writes down all calls. What it answers depends on how many there have been.
#[derive(Default)]
struct Recorder(Vec<(ImportId, Vec<i64>)>);

impl Host for Recorder {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        self.0.push((import, arguments.to_vec()));
        match self.0.len() {
            30.. => Reply::Stop,
            count => Reply::Continue(count as i64 - 3),
        }
    }
}

/// Runs function 0; `None` if it comes to no end within the limit, or does what has no meaning.
fn behaviour(module: &Module, seed: u64, instructions: u64) -> Option<Behaviour> {
    let mut memory = vec![0; WINDOW.bytes as usize];
    let mut host = Recorder::default();
    let arguments = random::arguments(seed, module.functions[0].parameters);
    let limits = Limits {
        instructions,
        ..Limits::default()
    };
    let execution = run_with_memory(
        module,
        FunctionId(0),
        &arguments,
        &mut host,
        &mut Memory {
            base: WINDOW.address,
            bytes: &mut memory,
        },
        &limits,
    );
    let outcome = execution.outcome.ok()?;
    (outcome != Outcome::Limit).then_some(Behaviour {
        outcome,
        output: host.0,
        memory,
    })
}

fn shapes() -> [Shape; 2] {
    [
        Shape {
            memory: Some(WINDOW),
            ..Shape::default()
        },
        Shape {
            statements: 12,
            nesting: 3,
            ..Shape::default()
        },
    ]
}

/// Checks that random modules do the same after `change`, with the same calls.
fn assert_same_behaviour(change: impl Fn(&mut Module)) {
    assert_same(change, |_, behaviour| behaviour);
}

/// A place that has been made up, so that each instruction of a random module has its own.
fn number_places(module: &mut Module) {
    for (index, function) in module.functions.iter_mut().enumerate() {
        for position in 0..function.instructions.len() {
            let place = Place::Source {
                start: index as u32,
                end: position as u32,
            };
            function.instructions[position].origin.place = function.make_place(place);
        }
    }
}

/// Where control was, as the source tells it: with the calls that have been inlined.
fn told_calls(module: &Module, calls: &[Activation]) -> Vec<(u32, Place)> {
    let mut told = Vec::new();
    for activation in calls {
        let places = &module.functions[activation.function.index()].places;
        let mut place = places[activation.place.0 as usize];
        while let Place::Inlined {
            place: inner,
            callee,
            call,
        } = place
        {
            told.push((callee, places[inner.0 as usize]));
            place = places[call.0 as usize];
        }
        told.push((activation.function.0, place));
    }
    told.truncate(SHOWN_CALLS);
    told
}

/// Checks that random modules do the same after `change`, as far as `seen` shows it.
fn assert_same<T: PartialEq + std::fmt::Debug>(
    change: impl Fn(&mut Module),
    seen: impl Fn(&Module, Behaviour) -> T,
) {
    const LIMIT: u64 = 200_000;
    let mut compared = 0;
    let all = cases(600);
    for seed in 0..all {
        for shape in shapes() {
            let mut before = random::module(seed, &shape);
            number_places(&mut before);
            let Some(expected) = behaviour(&before, seed, LIMIT) else {
                continue;
            };
            let expected = seen(&before, expected);
            let mut after = before.clone();
            change(&mut after);
            if let Err(error) = verify(&after) {
                panic!("seed {seed}: {error}\nbefore:\n{before}\nafter:\n{after}");
            }
            let found = behaviour(&after, seed, 10 * LIMIT).map(|found| seen(&after, found));
            assert!(
                found.as_ref() == Some(&expected),
                "seed {seed}: {found:?} instead of {expected:?}\nbefore:\n{before}\nafter:\n{after}"
            );
            compared += 1;
        }
    }
    assert!(compared >= all, "most random modules come to an end");
}

fn assert_pass_keeps_meaning(pass: fn(&mut Function)) {
    assert_same_behaviour(|module| module.functions.iter_mut().for_each(pass));
}

#[test]
fn constant_propagation_keeps_the_meaning() {
    assert_pass_keeps_meaning(constants::propagate);
}

#[test]
fn constant_deduplication_keeps_the_meaning() {
    assert_pass_keeps_meaning(dedup::deduplicate);
}

#[test]
fn dead_store_elimination_keeps_the_meaning() {
    assert_pass_keeps_meaning(dead::eliminate);
}

#[test]
fn renumbering_keeps_the_meaning() {
    assert_pass_keeps_meaning(renumber::renumber);
}

#[test]
fn straightening_keeps_the_meaning() {
    assert_pass_keeps_meaning(blocks::straighten);
}

#[test]
fn splitting_edges_keeps_the_meaning_and_leaves_none_that_is_critical() {
    assert_same_behaviour(|module| {
        for function in &mut module.functions {
            blocks::split_critical_edges(function);
            let flow = codegen::ir::flow::Flow::of(function);
            for block in flow.reverse_postorder() {
                let targets: Vec<_> = function.successors(*block).collect();
                if targets.len() == 2 {
                    for target in targets {
                        assert_eq!(flow.predecessors(target.block).len(), 1);
                        assert_eq!(function.list(target.arguments).len(), 0);
                    }
                }
            }
        }
    });
}

#[test]
fn simplification_for_aarch64_keeps_the_meaning() {
    assert_pass_keeps_meaning(|function| simplify::simplify(function, Costs::AARCH64));
}

#[test]
fn simplification_for_x86_64_keeps_the_meaning() {
    assert_pass_keeps_meaning(|function| simplify::simplify(function, Costs::X86_64));
}

#[test]
fn loop_inversion_keeps_the_meaning() {
    assert_pass_keeps_meaning(|function| {
        loops::invert::invert(function);
    });
}

#[test]
fn loop_invariant_code_motion_keeps_the_meaning() {
    assert_pass_keeps_meaning(loops::hoist::hoist);
}

#[test]
fn if_conversion_keeps_the_meaning() {
    assert_pass_keeps_meaning(|function| {
        if_conversion::convert(function);
    });
}

#[test]
fn layout_keeps_the_meaning() {
    assert_pass_keeps_meaning(layout::arrange);
}

#[test]
fn inlining_keeps_the_meaning_and_the_calls_can_be_told() {
    let inlining = Options {
        inline: Inlining::Small,
        costs: Costs::AARCH64,
        exhausted: None,
    };
    assert_same(
        |module| optimise(module, Level::Full, inlining),
        |module, behaviour| {
            let outcome = match behaviour.outcome {
                Outcome::Left(departure) => {
                    let calls = told_calls(module, &departure.calls);
                    Err((departure.reason, departure.values, calls))
                }
                ended => Ok(ended),
            };
            (outcome, behaviour.output, behaviour.memory)
        },
    );
}

fn options(costs: Costs) -> Options {
    Options {
        inline: Inlining::None,
        costs,
        exhausted: None,
    }
}

#[test]
fn the_basic_level_keeps_the_meaning() {
    assert_same_behaviour(|module| optimise(module, Level::Basic, options(Costs::AARCH64)));
}

#[test]
fn the_full_level_for_aarch64_keeps_the_meaning() {
    assert_same_behaviour(|module| optimise(module, Level::Full, options(Costs::AARCH64)));
}

#[test]
fn the_full_level_for_x86_64_keeps_the_meaning() {
    assert_same_behaviour(|module| optimise(module, Level::Full, options(Costs::X86_64)));
}
