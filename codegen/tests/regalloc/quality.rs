//! What the allocator makes of small examples: how many moves, in which registers, where.

use codegen::machine::{Allocation, Code, Constraint, Location, RegisterFile, RegisterSet};
use codegen::regalloc::{allocate, check};

use crate::toy::{Builder, Kind, Toy, file, reads, v, writes};

/// Allocates and checks.
fn allocated(builder: Builder, registers: &RegisterFile) -> (Code<Toy>, Allocation) {
    let before = builder.code;
    let mut after = before.clone();
    let allocation = allocate(&mut after, registers);
    check::check(&before, &after, &allocation, registers).expect("the allocation is right");
    (after, allocation)
}

/// The registers that a call spoils in a file of eight, of which three are kept.
fn spoilt() -> RegisterSet {
    (0..5).collect()
}

/// Whether the move's two sides are the same register.
fn is_gone(instruction: &Toy) -> bool {
    instruction.register(0) == instruction.register(1)
}

#[test]
fn a_call_finds_its_arguments_and_leaves_its_result_where_they_are() {
    let mut b = Builder::new();
    b.block(&[]);
    b.compute(0, &[]);
    b.compute(1, &[0]);
    b.call(2, &[0, 1], spoilt());
    b.compute(3, &[2]);
    b.leave(3);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert_eq!(allocation.edits, []);
}

#[test]
fn a_move_of_a_value_that_dies_stays_in_its_register() {
    let mut b = Builder::new();
    b.block(&[]);
    b.compute(0, &[]);
    b.copy(1, 0);
    b.leave(1);
    let (code, allocation) = allocated(b, &file(8, 5));
    assert!(is_gone(&code.instructions[1]));
    assert_eq!(allocation.edits, []);
}

#[test]
fn a_result_that_shares_its_operands_register_needs_no_copy_if_the_operand_dies() {
    let mut b = Builder::new();
    b.block(&[]);
    b.compute(0, &[]);
    b.compute(1, &[0]);
    let operands = [
        reads(v(0), Constraint::Register),
        reads(v(1), Constraint::Register),
        writes(v(2), Constraint::SameAsFirstUse),
    ];
    b.add(Toy::new(Kind::Compute, &operands));
    b.leave(2);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert_eq!(allocation.edits, []);
}

#[test]
fn a_value_that_lives_across_calls_is_in_a_register_that_they_keep() {
    let mut b = Builder::new();
    b.block(&[]);
    b.compute(0, &[]);
    b.compute(1, &[]);
    b.call(2, &[1], spoilt());
    b.call(3, &[2], spoilt());
    b.compute(4, &[0, 3]);
    b.leave(4);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert_eq!(allocation.slots, 0);
    assert_eq!(allocation.edits, []);
    assert!(allocation.used.contains(5));
}

#[test]
fn no_kept_register_is_used_without_a_call() {
    let mut b = Builder::new();
    b.block(&[]);
    (0..5).for_each(|value| b.compute(value, &[]));
    b.consume(&[0, 1, 2]);
    b.consume(&[3, 4]);
    b.compute(5, &[]);
    b.leave(5);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert!((5..8).all(|number| !allocation.used.contains(number)));
}

/// ```text
/// b0: v0 … v3; jmp b1(v0)
/// b1(v4): br v4, b2, b3
/// b2: v5 = v4, v1; jmp b1(v5)
/// b3: uses v2, v3; ret v4
/// ```
fn counting_loop() -> Builder {
    let mut b = Builder::new();
    b.block(&[]);
    (0..4).for_each(|value| b.compute(value, &[]));
    b.jump(1, &[v(0)]);
    b.block(&[v(4)]);
    b.branch(4, 2, 3);
    b.block(&[]);
    b.compute(6, &[4]);
    b.compute(5, &[6, 1]);
    b.jump(1, &[v(5)]);
    b.block(&[]);
    b.consume(&[2, 3]);
    b.leave(4);
    b
}

#[test]
fn a_variable_of_a_loop_stays_in_one_register() {
    let (_, allocation) = allocated(counting_loop(), &file(8, 5));
    let end_of_loop = 9;
    assert!(
        allocation
            .edits
            .iter()
            .all(|edit| edit.before > end_of_loop),
        "{allocation:?}"
    );
}

#[test]
fn a_loop_has_no_spill_code_if_what_is_spilled_is_used_outside() {
    // Three registers: v2 and v3 have to leave theirs for the loop.
    let (_, allocation) = allocated(counting_loop(), &file(3, 3));
    let (start, end) = (5, 9);
    let inside = |edit: &&codegen::machine::Edit| (start..end).contains(&edit.before);
    assert_eq!(allocation.edits.iter().find(inside), None);
    assert!(allocation.slots > 0);
}

#[test]
fn a_constant_used_far_away_is_made_there_and_not_where_it_was_defined() {
    let mut b = Builder::new();
    b.block(&[]);
    b.constant(0, 7);
    b.compute(1, &[]);
    for _ in 0..20 {
        b.consume(&[1]);
    }
    b.compute(2, &[0]);
    b.leave(2);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert_eq!(allocation.dead, [0]);
    assert_eq!(allocation.edits.len(), 1);
    assert_eq!(allocation.edits[0].before, 22);
    assert_eq!(allocation.edits[0].from, Location::Constant(7));
}

#[test]
fn a_constant_argument_is_made_in_the_argument_register() {
    let mut b = Builder::new();
    b.block(&[]);
    b.compute(0, &[]);
    b.constant(1, 7);
    b.call(2, &[0, 1], spoilt());
    b.leave(2);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert_eq!(allocation.edits.len() + 2 - allocation.dead.len(), 2);
}

#[test]
fn a_constant_of_a_loop_is_made_once_before_it() {
    let mut b = Builder::new();
    b.block(&[]);
    b.constant(0, 7);
    b.compute(1, &[]);
    b.jump(1, &[v(1)]);
    b.block(&[v(2)]);
    b.compute(3, &[2, 0]);
    b.branch(3, 2, 3);
    b.block(&[]);
    b.jump(1, &[v(3)]);
    b.block(&[]);
    b.leave(3);
    let (_, allocation) = allocated(b, &file(8, 5));
    let in_loop = |edit: &&codegen::machine::Edit| (3..6).contains(&edit.before);
    assert_eq!(allocation.edits.iter().find(in_loop), None);
}

#[test]
fn a_constant_used_often_in_a_row_is_made_once() {
    let mut b = Builder::new();
    b.block(&[]);
    b.constant(0, 7);
    b.compute(1, &[0]);
    (2..8).for_each(|value| b.compute(value, &[value - 1, 0]));
    b.leave(7);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert_eq!(allocation.edits, []);
    assert_eq!(allocation.dead, []);
}

#[test]
fn a_constant_is_not_kept_over_a_call() {
    let mut b = Builder::new();
    b.block(&[]);
    b.constant(0, 7);
    b.compute(1, &[0]);
    b.call(2, &[1], spoilt());
    b.compute(3, &[2, 0]);
    b.leave(3);
    let (_, allocation) = allocated(b, &file(8, 5));
    assert!((5..8).all(|number| !allocation.used.contains(number)));
    assert_eq!(allocation.edits.len(), 1);
}

#[test]
fn a_constant_is_never_stored() {
    let mut b = Builder::new();
    b.block(&[]);
    b.constant(0, 7);
    (1..4).for_each(|value| b.compute(value, &[0]));
    b.consume(&[1, 2, 3]);
    b.compute(4, &[0]);
    b.leave(4);
    let (_, allocation) = allocated(b, &file(3, 3));
    assert_eq!(allocation.slots, 0);
}

#[test]
fn a_value_is_stored_once_however_often_it_is_evicted() {
    let mut b = Builder::new();
    b.block(&[]);
    b.compute(0, &[]);
    for round in 0..3 {
        let first = 1 + 3 * round;
        (first..first + 3).for_each(|value| b.compute(value, &[]));
        b.consume(&[first, first + 1, first + 2]);
        b.consume(&[0]);
    }
    b.leave(0);
    let (_, allocation) = allocated(b, &file(3, 3));
    let stores = allocation
        .edits
        .iter()
        .filter(|edit| matches!(edit.to, Location::Slot(_)));
    assert_eq!(stores.count(), 1);
}

/// ```text
/// fn fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }
/// ```
#[test]
fn fib_spills_nothing_and_needs_three_moves() {
    let clobbers = spoilt();
    let mut b = Builder::new();
    b.block(&[]);
    b.add(Toy::new(Kind::Compute, &[]));
    b.beside(&[writes(v(0), Constraint::Fixed(0))]);
    b.branch(0, 1, 2);
    b.block(&[]);
    b.leave(0);
    b.block(&[]);
    b.compute(1, &[0]);
    b.call(2, &[1], clobbers);
    b.compute(3, &[0]);
    b.call(4, &[3], clobbers);
    b.compute(5, &[2, 4]);
    b.leave(5);
    let (code, allocation) = allocated(b, &file(8, 5));
    // n to a kept register; back for the early return; the first result to a kept register.
    assert_eq!(allocation.edits.len(), 3, "{allocation:?}{code:?}");
    assert_eq!(allocation.slots, 0);
}
