//! Random modules are valid, come to an end, and have something of everything.

mod common;

use std::collections::BTreeMap;

use codegen::execution::{Host, Outcome, Reply};
use codegen::ir::flow::Flow;
use codegen::ir::interpret::{Execution, Limits, Memory, run_with_memory};
use codegen::ir::verify::verify;
use codegen::ir::{BlockId, FunctionId, ImportId, Module, Op};
use codegen::random::{self, Shape, Window};
use common::cases;

const WINDOW: Window = Window {
    address: 0xffff_ffff_ffff_ff00,
    bytes: 100,
};

/// An input of so many zeros.
struct Zeros(u32);

impl Host for Zeros {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        match (import, arguments) {
            (ImportId(0), &[byte]) => Reply::Continue(byte),
            _ if self.0 == 0 => Reply::Stop,
            _ => {
                self.0 -= 1;
                Reply::Continue(0)
            }
        }
    }
}

fn shape() -> Shape {
    Shape {
        memory: Some(WINDOW),
        ..Shape::default()
    }
}

fn execute(module: &Module, seed: u64) -> Execution {
    let mut bytes = vec![0; WINDOW.bytes as usize];
    let mut memory = Memory {
        base: WINDOW.address,
        bytes: &mut bytes,
    };
    let arguments = random::arguments(seed, module.functions[0].parameters);
    let limits = Limits {
        depth: 60,
        ..Limits::default()
    };
    let host = &mut Zeros(3);
    run_with_memory(
        module,
        FunctionId(0),
        &arguments,
        host,
        &mut memory,
        &limits,
    )
}

/// The numbers of instructions, by the first word of how they are printed for debugging.
fn count(modules: impl Iterator<Item = Module>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for module in modules {
        for function in &module.functions {
            for instruction in &function.instructions {
                let text = format!("{:?}", instruction.op);
                let word = text.split(' ').next().unwrap_or_default();
                *counts.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    counts
}

#[test]
fn random_modules_are_valid() {
    for seed in 0..cases(2_000) {
        let module = random::module(seed, &shape());
        assert_eq!(verify(&module), Ok(()), "seed {seed}\n{module}");
    }
}

#[test]
fn random_modules_come_to_an_end_without_a_fault() {
    for seed in 0..cases(2_000) {
        let module = random::module(seed, &shape());
        let outcome = execute(&module, seed).outcome;
        let ended = matches!(outcome, Ok(Outcome::Returned(_) | Outcome::Left(_)));
        assert!(ended, "seed {seed}: {outcome:?}\n{module}");
    }
}

#[test]
fn most_random_modules_return_and_some_leave_for_each_reason() {
    let mut returned = 0;
    let mut reasons = BTreeMap::new();
    for seed in 0..2_000 {
        match execute(&random::module(seed, &shape()), seed).outcome {
            Ok(Outcome::Returned(_)) => returned += 1,
            Ok(Outcome::Left(departure)) => *reasons.entry(departure.reason).or_insert(0) += 1,
            _ => {}
        }
    }
    assert!((1_000..1_900).contains(&returned), "{returned} {reasons:?}");
    // Division, end of the input, guard, stack, exit; nobody asks for polls.
    for reason in [0, 1, 2, 4, 5] {
        assert!(reasons.get(&reason) > Some(&2), "{reasons:?}");
    }
}

#[test]
fn random_modules_have_every_kind_of_instruction() {
    let counts = count((0..300).map(|seed| random::module(seed, &shape())));
    assert_eq!(counts.len(), 18, "{counts:?}");
    assert!(counts.values().all(|&count| count > 20), "{counts:?}");
}

#[test]
fn random_modules_have_loops_and_blocks_that_cannot_be_reached() {
    let (mut loops, mut nested, mut unreachable, mut cycles) = (0, 0, 0, 0);
    for seed in 0..300 {
        for function in &random::module(seed, &shape()).functions {
            let flow = Flow::of(function);
            for block in (0..function.blocks.len() as u32).map(BlockId) {
                loops += u32::from(flow.is_loop_header(block));
                nested += u32::from(flow.loop_depth(block) > 1);
                unreachable += u32::from(!flow.is_reachable(block));
                // A way back that doesn't lead to a header.
                let order = flow.reverse_postorder();
                let position = |b| order.iter().position(|&other| other == b);
                let back = |&p: &BlockId| position(p) >= position(block) && flow.is_reachable(p);
                cycles += u32::from(
                    flow.predecessors(block).iter().any(back) && !flow.is_loop_header(block),
                );
            }
        }
    }
    for count in [loops, nested, unreachable, cycles] {
        assert!(count > 10, "{loops} {nested} {unreachable} {cycles}");
    }
}

#[test]
fn random_modules_execute_no_more_than_asked_for_and_something() {
    let small = Shape {
        instructions: 2_000,
        ..shape()
    };
    let mut sum = 0;
    for seed in 0..500 {
        let instructions = execute(&random::module(seed, &small), seed).instructions;
        assert!(instructions < 20_000, "seed {seed}: {instructions}");
        sum += instructions;
    }
    assert!(sum > 500 * 20, "{sum}");
}

#[test]
fn the_same_seed_gives_the_same_module() {
    assert_eq!(random::module(7, &shape()), random::module(7, &shape()));
    assert_ne!(random::module(7, &shape()), random::module(8, &shape()));
    assert_eq!(random::arguments(7, 3), random::arguments(7, 3));
}

#[test]
fn what_a_shape_switches_off_does_not_occur() {
    let bare = Shape {
        nesting: 0,
        calls: false,
        recursion: false,
        imports: false,
        divisions: false,
        wide: false,
        exits: false,
        memory: None,
        ..Shape::default()
    };
    let counts = count((0..200).map(|seed| random::module(seed, &bare)));
    let left: Vec<&str> = counts.keys().map(String::as_str).collect();
    let expected = [
        "Argument", "Binary", "Constant", "Return", "Select", "Unary",
    ];
    assert_eq!(left, expected);
    assert!(random::module(0, &bare).imports.is_empty());
}

#[test]
fn any_shape_gives_a_valid_module() {
    for seed in 0..cases(500) {
        let mut numbers = random::arguments(seed, 16).into_iter().map(|n| n as u32);
        let mut next = |bound: u32| numbers.next().unwrap_or_default() % bound;
        let shape = Shape {
            functions: next(4),
            parameters: [0, 1, 20, u32::MAX][next(4) as usize],
            statements: [0, 1, 300, u32::MAX][next(4) as usize],
            nesting: [0, 1, 20, u32::MAX][next(4) as usize],
            pressure: [0, 1, 200, u32::MAX][next(4) as usize],
            instructions: [0, 1, 100, 1_000][next(4) as usize],
            calls: next(2) == 0,
            recursion: next(2) == 0,
            imports: next(2) == 0,
            divisions: next(2) == 0,
            wide: next(2) == 0,
            exits: next(2) == 0,
            memory: (next(2) == 0).then_some(Window {
                address: u64::from(next(1 << 20)),
                bytes: [0, 64, 65, u32::MAX][next(4) as usize],
            }),
        };
        let module = random::module(seed, &shape);
        assert_eq!(verify(&module), Ok(()), "seed {seed}: {shape:?}");
    }
}

#[test]
fn a_single_function_of_many_statements_can_be_asked_for() {
    let shape = Shape {
        functions: 1,
        statements: 100_000,
        instructions: 1_000_000,
        ..shape()
    };
    let largest = (0..10).map(|seed| random::module(seed, &shape).functions[0].instructions.len());
    assert!(largest.max() > Some(50_000));
}

#[test]
fn some_functions_keep_many_values() {
    let kept = |module: &Module| {
        // The last instructions fold the values that were kept.
        let function = &module.functions[0];
        let fold = function.instructions.iter().rev().skip(1);
        fold.take_while(|instruction| matches!(instruction.op, Op::Binary { .. }))
            .count()
    };
    let many = (0..300).filter(|&seed| kept(&random::module(seed, &shape())) > 43);
    assert!(many.count() > 5);
}
