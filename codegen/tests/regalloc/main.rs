//! Register allocation: random code through the allocator and the checker, and the quality of the
//! result on small examples.

mod moves;
mod quality;
#[expect(unreachable_pub, reason = "modules of one test")]
mod random;
mod sabotage;
#[expect(unreachable_pub, reason = "modules of one test")]
mod toy;

use codegen::machine::RegisterFile;
use codegen::regalloc::{allocate, check};
use random::Shape;

fn cases() -> u64 {
    let cases = std::env::var("ULM_TEST_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

const SHAPES: [Shape; 4] = [
    Shape {
        blocks: 1,
        instructions: 40,
        window: 6,
    },
    Shape {
        blocks: 4,
        instructions: 8,
        window: 4,
    },
    Shape {
        blocks: 12,
        instructions: 6,
        window: 12,
    },
    Shape {
        blocks: 6,
        instructions: 60,
        window: 40,
    },
];

fn allocations_are_correct(registers: &RegisterFile, first_seed: u64) {
    for case in 0..cases() {
        let seed = first_seed + case;
        let shape = SHAPES[(case % 4) as usize];
        let before = random::code(seed, shape, registers);
        let mut after = before.clone();
        let allocation = allocate(&mut after, registers);
        if let Err(error) = check::check(&before, &after, &allocation, registers) {
            panic!("seed {seed}: {error}");
        }
    }
}

#[test]
fn random_code_is_right_with_three_registers() {
    allocations_are_correct(&toy::file(3, 2), 0);
}

#[test]
fn random_code_is_right_with_eight_registers() {
    allocations_are_correct(&toy::file(8, 5), 100_000);
}

#[test]
fn random_code_is_right_with_26_registers() {
    allocations_are_correct(&toy::file(26, 16), 200_000);
}

#[test]
fn random_code_is_right_with_200_registers() {
    allocations_are_correct(&toy::file(200, 100), 300_000);
}

/// Most of this is allocated the short way: there are more registers than values at once.
#[test]
fn random_code_of_one_long_block_is_right() {
    let shape = Shape {
        blocks: 1,
        instructions: 120,
        window: 5,
    };
    for registers in [toy::file(26, 16), toy::file(60, 20)] {
        for seed in 400_000..400_000 + cases() {
            let before = random::code(seed, shape, &registers);
            let mut after = before.clone();
            let allocation = allocate(&mut after, &registers);
            let checked = check::check(&before, &after, &allocation, &registers);
            assert_eq!(checked, Ok(()), "seed {seed}");
        }
    }
}

/// A life with holes is split at the end of one, and its first piece again in that hole. What lies
/// between must not become an interval: it would drive out who lives in its register.
#[test]
fn a_life_that_is_split_twice_in_a_hole_has_no_piece_without_life() {
    for (seed, registers) in [
        (109_055, toy::file(8, 5)),
        (14_367, toy::file(3, 2)),
        (15_531, toy::file(3, 2)),
    ] {
        let before = random::code(seed, SHAPES[3], &registers);
        let mut after = before.clone();
        let allocation = allocate(&mut after, &registers);
        assert_eq!(
            check::check(&before, &after, &allocation, &registers),
            Ok(())
        );
    }
}
