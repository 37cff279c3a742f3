//! The checker finds what is done to a right allocation to make it wrong.

use codegen::machine::{Allocation, Code, Location, RegisterFile, Role};
use codegen::regalloc::allocate;
use codegen::regalloc::check::{CheckError, check};

use crate::random::{self, Random};
use crate::toy::{Builder, Toy, file};
use crate::{SHAPES, cases};

/// Code before and after, and its allocation.
struct Example {
    before: Code<Toy>,
    after: Code<Toy>,
    allocation: Allocation,
    registers: RegisterFile,
}

impl Example {
    fn new(before: Code<Toy>, registers: RegisterFile) -> Self {
        let mut after = before.clone();
        let allocation = allocate(&mut after, &registers);
        Self {
            before,
            after,
            allocation,
            registers,
        }
    }

    fn random(seed: u64) -> Self {
        let registers = file(8, 5);
        let shape = SHAPES[(seed % 4) as usize];
        Self::new(random::code(seed, shape, &registers), registers)
    }

    fn check(&self) -> Result<(), CheckError> {
        check(&self.before, &self.after, &self.allocation, &self.registers)
    }
}

/// A value that lives across two calls in a slot: the only register that they keep is taken.
fn example() -> Example {
    let clobbers = (0..7).collect();
    let mut b = Builder::new();
    b.block(&[]);
    (0..5).for_each(|value| b.compute(value, &[]));
    b.call(5, &[0, 1], clobbers);
    b.call(6, &[5], clobbers);
    b.consume(&[1, 2]);
    b.consume(&[3, 4]);
    b.leave(6);
    Example::new(b.code, file(8, 7))
}

#[test]
fn the_example_is_right() {
    let example = example();
    assert_eq!(example.check(), Ok(()));
    assert!(example.allocation.slots > 1);
}

#[test]
fn a_missing_move_is_found() {
    let count = example().allocation.edits.len();
    for missing in 0..count {
        let mut example = example();
        example.allocation.edits.remove(missing);
        assert!(example.check().is_err(), "without move {missing}");
    }
}

#[test]
fn a_move_that_comes_too_late_is_found() {
    let mut example = example();
    let store = example
        .allocation
        .edits
        .iter()
        .position(|e| matches!(e.to, Location::Slot(_)));
    let mut edit = example
        .allocation
        .edits
        .remove(store.expect("there is one"));
    edit.before = 6;
    let edits = &mut example.allocation.edits;
    let at = edits.partition_point(|e| e.before <= 6);
    edits.insert(at, edit);
    assert!(matches!(example.check(), Err(CheckError::Value { .. })));
}

#[test]
fn two_values_in_one_slot_are_found() {
    let mut example = example();
    for edit in &mut example.allocation.edits {
        for place in [&mut edit.to, &mut edit.from] {
            if let Location::Slot(slot) = place {
                *slot = 0;
            }
        }
    }
    assert!(matches!(example.check(), Err(CheckError::Value { .. })));
}

#[test]
fn a_slot_that_does_not_exist_is_found() {
    let mut example = example();
    example.allocation.slots -= 1;
    assert!(matches!(example.check(), Err(CheckError::Edit { .. })));
}

#[test]
fn a_move_between_two_slots_is_found() {
    let mut example = example();
    example.allocation.edits[0].to = Location::Slot(0);
    example.allocation.edits[0].from = Location::Slot(1);
    assert!(matches!(example.check(), Err(CheckError::Edit { .. })));
}

#[test]
fn a_fixed_operand_in_another_place_is_found() {
    let mut example = example();
    example.allocation.operands[0] = Location::Register(3);
    assert!(matches!(
        example.check(),
        Err(CheckError::Constraint { .. })
    ));
}

#[test]
fn a_register_that_is_not_reported_is_found() {
    let mut example = example();
    example.allocation.used.remove(7);
    assert_eq!(example.check(), Err(CheckError::Unreported { number: 7 }));
}

#[test]
fn an_instruction_left_out_that_is_needed_is_found() {
    let mut example = example();
    example.allocation.dead.push(0);
    assert_eq!(example.check(), Err(CheckError::Dead { instruction: 0 }));
}

#[test]
fn a_value_in_a_register_that_a_call_spoils_is_found() {
    let mut example = example();
    // Register 7 becomes one that calls spoil.
    for code in [&mut example.before, &mut example.after] {
        for instruction in &mut code.instructions {
            if !instruction.clobbers.is_empty() {
                instruction.clobbers.insert(7);
            }
        }
    }
    assert!(matches!(example.check(), Err(CheckError::Value { .. })));
}

#[test]
fn an_operand_read_from_another_register_is_found_in_random_code() {
    let mut changed = 0;
    for seed in 0..cases() {
        let mut example = Example::random(seed);
        let mut random = Random(seed);
        let count = example.after.instructions.len();
        let instruction = &mut example.after.instructions[random.below(count)];
        let Some(operand) = instruction.operands[0].as_mut() else {
            continue;
        };
        if operand.role != Role::Use {
            continue;
        }
        // The scratch register holds nothing between instructions.
        operand.register = codegen::machine::Register::physical(example.registers.scratch);
        // What can't be reached is not looked at.
        changed += u64::from(example.check().is_err());
    }
    assert!(changed * 4 > cases(), "{changed} found");
}
