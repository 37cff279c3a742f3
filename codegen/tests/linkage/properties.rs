//! What holds of the parts of every instruction of random modules, whatever they are.

use super::{BOTH, of_baseline, optimised, random_module, x86};
use crate::common::cases;
use crate::functions;
use codegen::aarch64::instruction::{Address, FP, Instruction, LR, SP};
use codegen::aarch64::registers::CALLEE_SAVED;
use codegen::ir::{FunctionId, Module};
use codegen::machine::{Assembly, Calls, MachineInstruction, Register, Role};
use codegen::random::Shape;
use codegen::{Linkage, Mechanism, Origin};
use std::fmt::Display;

/// What the parts of two machines are checked by.
trait Control {
    fn calls(&self) -> bool;
    fn returns(&self) -> bool;
}

impl Control for Instruction {
    fn calls(&self) -> bool {
        matches!(self, Self::Bl { .. } | Self::Blr { .. })
    }

    fn returns(&self) -> bool {
        matches!(self, Self::Ret)
    }
}

impl Control for codegen::x86_64::instruction::Instruction {
    fn calls(&self) -> bool {
        matches!(self, Self::Call { .. } | Self::CallMemory { .. })
    }

    fn returns(&self) -> bool {
        matches!(self, Self::Ret)
    }
}

type Labelled<'a, I> = (&'a I, Origin);

/// Calls `check` with each function of random modules, generated for both kinds of calls.
fn for_all<I: Display>(
    generate: fn(&Module, FunctionId, Calls) -> Assembly<I>,
    shape: &Shape,
    check: impl Fn(&Assembly<I>) -> Result<(), String>,
) {
    for seed in 0..cases(200) {
        let module = random_module(seed, shape);
        for calls in BOTH {
            for id in functions(&module) {
                let assembly = generate(&module, id, calls);
                check(&assembly).unwrap_or_else(|error| {
                    let text = super::labelled(&assembly);
                    panic!("seed {seed}, {calls:?}: {error}\n{text}")
                });
            }
        }
    }
}

/// Calls `is_right` with each instruction.
fn for_each<I: Display>(
    generate: fn(&Module, FunctionId, Calls) -> Assembly<I>,
    shape: &Shape,
    is_right: impl Fn(Labelled<'_, I>) -> bool,
) {
    for_all(generate, shape, |assembly| {
        assert_eq!(assembly.instructions.len(), assembly.origins.len());
        let mut lines = assembly.instructions.iter().zip(&assembly.origins);
        match lines.position(|(instruction, &origin)| !is_right((instruction, origin))) {
            Some(at) => Err(format!("{at}: {}", assembly.instructions[at])),
            None => Ok(()),
        }
    });
}

fn only_the_body_computes<I: Display>((_, origin): Labelled<'_, I>) -> bool {
    let is_body = origin.linkage == Linkage::Body;
    is_body == (origin.mechanism == Mechanism::Computation)
}

#[test]
fn only_the_body_computes_and_it_does_nothing_else() {
    let shape = Shape::default();
    for_each(optimised, &shape, only_the_body_computes);
    for_each(of_baseline, &shape, only_the_body_computes);
    for_each(x86, &shape, only_the_body_computes);
}

const fn part(origin: Origin) -> (Linkage, Mechanism) {
    (origin.linkage, origin.mechanism)
}

fn transfers_control<I: Control>((instruction, origin): Labelled<'_, I>) -> bool {
    let part = part(origin);
    let is_call = instruction.calls();
    let is_return = instruction.returns();
    (!is_call || part == (Linkage::Precall, Mechanism::ControlTransfer))
        && (!is_return || part == (Linkage::Epilogue, Mechanism::ControlTransfer))
}

#[test]
fn calls_and_returns_transfer_control() {
    let shape = Shape::default();
    for_each(optimised, &shape, transfers_control);
    for_each(of_baseline, &shape, transfers_control);
    for_each(x86, &shape, transfers_control);
}

fn has_a_possible_part<I>((_, origin): Labelled<'_, I>) -> bool {
    match origin.linkage {
        Linkage::Prologue | Linkage::Postreturn => origin.mechanism != Mechanism::ControlTransfer,
        Linkage::Precall | Linkage::Body | Linkage::Epilogue => true,
    }
}

#[test]
fn nobody_jumps_in_a_prologue_or_behind_a_call() {
    let shape = Shape::default();
    for_each(optimised, &shape, has_a_possible_part);
    for_each(of_baseline, &shape, has_a_possible_part);
    for_each(x86, &shape, has_a_possible_part);
}

/// Whether all that sets up the frame stands before everything else.
fn frame_comes_first<I>(assembly: &Assembly<I>) -> Result<(), String> {
    let is_frame =
        |&&origin: &&Origin| part(origin) == (Linkage::Prologue, Mechanism::StateManagement);
    let first = assembly.origins.iter().take_while(is_frame).count();
    match assembly.origins[first..].iter().find(is_frame) {
        Some(_) => Err(format!("more than the first {first} set up the frame")),
        None => Ok(()),
    }
}

#[test]
fn on_aarch64_the_frame_is_set_up_before_everything_else() {
    let shape = Shape::default();
    for_all(optimised, &shape, frame_comes_first);
    for_all(of_baseline, &shape, frame_comes_first);
}

#[test]
fn on_aarch64_a_function_has_an_epilogue_if_it_has_a_prologue() {
    let count = |assembly: &Assembly<Instruction>, linkage| {
        let part = (linkage, Mechanism::StateManagement);
        let origins = assembly.origins.iter();
        let stack_check = 3 * usize::from(linkage == Linkage::Prologue && assembly.checks_stack);
        origins
            .filter(|&&origin| (origin.linkage, origin.mechanism) == part)
            .count()
            - stack_check
    };
    for_all(optimised, &Shape::default(), |assembly| {
        let prologue = count(assembly, Linkage::Prologue);
        let epilogues = count(assembly, Linkage::Epilogue);
        let returns = assembly.instructions.iter().filter(|i| i.returns()).count();
        if prologue * returns == epilogues {
            Ok(())
        } else {
            Err(format!(
                "{prologue} set it up, {epilogues} take it down in {returns} ways"
            ))
        }
    });
}

/// Random modules without the division of 128 bits, for which the generators move the stack pointer
/// in the body, or save registers.
fn without_wide_divisions() -> Shape {
    Shape {
        wide: false,
        ..Shape::default()
    }
}

fn written(instruction: &Instruction) -> Vec<Register> {
    let mut registers = Vec::new();
    let mut copy = *instruction;
    copy.visit_registers(|register, role, _| {
        if role != Role::Use {
            registers.push(*register);
        }
    });
    registers
}

const fn moves_stack_pointer(instruction: &Instruction) -> bool {
    matches!(
        instruction,
        Instruction::LoadPair {
            address: Address::PreIndex(..) | Address::PostIndex(..),
            ..
        } | Instruction::StorePair {
            address: Address::PreIndex(..) | Address::PostIndex(..),
            ..
        } | Instruction::Load {
            address: Address::PreIndex(..) | Address::PostIndex(..),
            ..
        } | Instruction::Store {
            address: Address::PreIndex(..) | Address::PostIndex(..),
            ..
        }
    )
}

#[test]
fn whoever_moves_the_stack_pointer_manages_state() {
    let is_right = |(instruction, origin): Labelled<'_, Instruction>| {
        let moves = moves_stack_pointer(instruction)
            || matches!(instruction, Instruction::AddImmediate { rd, .. } if *rd == SP);
        !moves || origin.mechanism == Mechanism::StateManagement
    };
    for_each(optimised, &without_wide_divisions(), is_right);
    for_each(of_baseline, &without_wide_divisions(), is_right);
}

fn is_callee_saved(register: Register) -> bool {
    register.number().is_some_and(|n| CALLEE_SAVED.contains(n))
}

/// Whether what a move of the optimised generator does fits what is said of it.
fn does_what_is_said((instruction, origin): Labelled<'_, Instruction>) -> bool {
    let written = written(instruction);
    let is_store = matches!(
        instruction,
        Instruction::Store { .. } | Instruction::StorePair { .. }
    );
    let is_load = matches!(
        instruction,
        Instruction::Load { .. } | Instruction::LoadPair { .. }
    );
    match part(origin) {
        // To the registers of arguments, through others that a call spoils, or to the stack. What is
        // stored may come from anywhere.
        (Linkage::Precall, Mechanism::DataTransfer) => {
            is_store
                || is_load
                || matches!(instruction, Instruction::AddImmediate { .. })
                || is_constant(instruction)
                || !written.iter().any(|&register| is_callee_saved(register))
        }
        // What is stored already may be brought back to where it outlives the call.
        (Linkage::Precall, Mechanism::StateManagement) => {
            is_store || is_load || written.iter().all(|&register| is_callee_saved(register))
        }
        (Linkage::Postreturn, Mechanism::DataTransfer) => reads_result(instruction),
        (Linkage::Postreturn, Mechanism::StateManagement) => is_load,
        (Linkage::Epilogue, Mechanism::StateManagement) => {
            moves_stack_pointer(instruction)
                || written.iter().all(|&register| {
                    is_callee_saved(register) || register == LR || register == SP || register == FP
                })
        }
        _ => true,
    }
}

const fn is_constant(instruction: &Instruction) -> bool {
    matches!(
        instruction,
        Instruction::Movz { .. }
            | Instruction::Movn { .. }
            | Instruction::Movk { .. }
            | Instruction::LogicalImmediate { .. }
    )
}

fn reads_result(instruction: &Instruction) -> bool {
    let mut reads = false;
    let mut copy = *instruction;
    copy.visit_registers(|register, role, _| {
        reads |= role == Role::Use && matches!(register.number(), Some(0 | 1));
    });
    reads
}

#[test]
fn the_optimised_generators_moves_do_what_is_said_of_them() {
    let pressed = Shape {
        pressure: 100,
        ..Shape::default()
    };
    for_each(optimised, &Shape::default(), does_what_is_said);
    for_each(optimised, &pressed, does_what_is_said);
}

#[test]
fn the_baseline_restores_after_a_call_what_it_has_saved_before() {
    for_all(of_baseline, &Shape::default(), |assembly| {
        for call in &assembly.calls {
            let (before, behind) = assembly.origins.split_at(call.returns_to as usize);
            let count = |origins: &mut dyn Iterator<Item = &Origin>, linkage| {
                let of_part = origins.take_while(|origin| origin.linkage == linkage);
                of_part
                    .filter(|origin| origin.mechanism == Mechanism::StateManagement)
                    .count()
            };
            // Calls that follow each other have no body between them.
            let saves = count(&mut before.iter().rev(), Linkage::Precall);
            let restores = count(&mut behind.iter(), Linkage::Postreturn);
            if saves != restores {
                return Err(format!("{saves} saved, {restores} restored"));
            }
        }
        Ok(())
    });
}
