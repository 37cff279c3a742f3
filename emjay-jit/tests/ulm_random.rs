//! Random emjay programs on the ULM, in every convention at every level: they do what the interpreter
//! of the IR says.
//!
//! `ULM_TEST_CASES` says how many programs there are of each kind, in proportion.

mod ulm_programs;

use emjay_jit::random::{Shape, program};
use ulm_programs::{Case, cases, ways};

/// Checks so many programs of a shape; all conventions occur among the usual number of them.
fn check(usual: u64, shape: &Shape) {
    let mut runs = [0; 3];
    for seed in 0..cases(usual) {
        let (text, arguments) = program(seed, shape);
        let case = Case::new(&text, &arguments);
        let expected = case.expected();
        for (index, way) in ways().enumerate() {
            if case.check_way(way, &expected, &mut ()) {
                runs[index / 4] += 1;
            }
        }
    }
    // A few programs may have none that is without recursion.
    let is_enough = cases(usual) >= usual;
    assert!(
        !is_enough || runs.iter().all(|&count| count > 0),
        "{runs:?}"
    );
}

#[test]
fn programs_of_all_kinds_do_what_the_interpreter_says() {
    check(40, &Shape::default());
}

#[test]
fn programs_without_control_flow_do_what_the_interpreter_says() {
    check(
        30,
        &Shape {
            control: false,
            ..Shape::default()
        },
    );
}

#[test]
fn programs_with_many_parameters_do_what_the_interpreter_says() {
    check(
        10,
        &Shape {
            parameters: 60,
            functions: 3,
            ..Shape::default()
        },
    );
}

#[test]
fn programs_with_long_functions_do_what_the_interpreter_says() {
    check(
        5,
        &Shape {
            functions: 2,
            statements: 40,
            ..Shape::default()
        },
    );
}

#[test]
fn programs_with_one_short_function_do_what_the_interpreter_says() {
    check(
        40,
        &Shape {
            functions: 1,
            statements: 3,
            parameters: 3,
            ..Shape::default()
        },
    );
}
