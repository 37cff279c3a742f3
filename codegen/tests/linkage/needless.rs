//! The baseline's needless saves, by what the instructions behind a call do with the registers.

use super::{Aarch64, BOTH, functions, of_baseline, random_module};
use crate::common::cases;
use codegen::aarch64::instruction::{Instruction, Label};
use codegen::ir::text::parse;
use codegen::ir::{FunctionId, Module};
use codegen::machine::{CallSite, Calls, Location, MachineInstruction, Register, Role};
use codegen::random::Shape;
use codegen::{Linkage, Mechanism};

/// Whether what is in a register at an instruction is read by anything but saves around calls, on
/// some way from there.
fn is_read(assembly: &Aarch64, register: Register, start: usize) -> bool {
    let mut seen = vec![false; assembly.instructions.len()];
    let mut waiting = vec![start];
    while let Some(at) = waiting.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let (reads, writes) = access(assembly, register, at);
        if reads {
            return true;
        }
        if !writes {
            waiting.extend(successors(assembly, at));
        }
    }
    false
}

/// Whether an instruction reads a register, and whether it writes it. Around calls registers are
/// saved and restored: there only values are read, and the result is written.
fn access(assembly: &Aarch64, register: Register, at: usize) -> (bool, bool) {
    let mut instruction = assembly.instructions[at];
    let origin = assembly.origins[at];
    let is_around_call = matches!(origin.linkage, Linkage::Precall | Linkage::Postreturn);
    let holds_value = register.number().is_some_and(|n| (9..16).contains(&n));
    if is_around_call && (!holds_value || origin.mechanism == Mechanism::StateManagement) {
        return (false, false);
    }
    let (mut reads, mut writes) = (false, false);
    instruction.visit_registers(|operand, role, _| {
        let is_it = *operand == register;
        reads |= is_it && role == Role::Use;
        writes |= is_it && role != Role::Use;
    });
    match instruction {
        // The function's own caller gets its x19 back.
        Instruction::Ret => reads |= register == Register::physical(19),
        Instruction::Adr { .. } => {
            let site = assembly.exits.iter().find(|site| site.at == at as u32);
            let place = Location::Register(register.number().unwrap_or_default());
            reads |= site.is_some_and(|site| site.values.contains(&place));
        }
        _ => {}
    }
    (reads, writes)
}

/// The instructions that may be executed next.
fn successors(assembly: &Aarch64, at: usize) -> Vec<usize> {
    let mut instruction = assembly.instructions[at];
    let ends = matches!(
        instruction,
        Instruction::Ret
            | Instruction::B { .. }
            | Instruction::BSymbol { .. }
            | Instruction::Brk { .. }
    );
    let mut next = Vec::new();
    if !ends {
        next.push(at + 1);
    }
    if !matches!(instruction, Instruction::Adr { .. })
        && let Some(&mut Label::Local(label)) = instruction.label_mut()
    {
        next.push(assembly.labels[label as usize] as usize);
    }
    next
}

/// The saves before a call or the restores behind it, with their registers.
fn state_around(assembly: &Aarch64, call: &CallSite) -> Vec<(u32, Register)> {
    let at = call.returns_to as usize;
    let is = |at: usize, linkage| assembly.origins[at].linkage == linkage;
    let before = (0..at).rev().take_while(|&at| is(at, Linkage::Precall));
    let behind = (at..assembly.origins.len()).take_while(|&at| is(at, Linkage::Postreturn));
    before
        .chain(behind)
        .filter_map(|at| match assembly.instructions[at] {
            Instruction::Store { rt, .. } | Instruction::Load { rt, .. }
                if assembly.origins[at].mechanism == Mechanism::StateManagement =>
            {
                Some((at as u32, rt))
            }
            _ => None,
        })
        .collect()
}

#[track_caller]
fn assert_needless_is_what_nobody_reads(assembly: &Aarch64, context: &str) {
    assert!(assembly.needless.is_sorted());
    for call in &assembly.calls {
        for (at, register) in state_around(assembly, call) {
            let is_needless = assembly.needless.binary_search(&at).is_ok();
            assert_eq!(
                is_needless,
                !is_read(assembly, register, call.returns_to as usize),
                "{context}: {at}\n{}",
                super::labelled(assembly)
            );
        }
    }
}

#[test]
fn exactly_those_saves_are_needless_whose_registers_nobody_reads() {
    // The division of 128 bits saves registers in which nothing may be.
    let shape = Shape {
        wide: false,
        ..Shape::default()
    };
    for seed in 0..cases(150) {
        let module = random_module(seed, &shape);
        for calls in BOTH {
            for id in functions(&module) {
                let assembly = of_baseline(&module, id, calls);
                assert_needless_is_what_nobody_reads(&assembly, &format!("seed {seed}, {calls:?}"));
            }
        }
    }
}

#[test]
fn everything_needless_saves_or_restores_around_a_call() {
    for seed in 0..cases(150) {
        let module = random_module(seed, &Shape::default());
        for id in functions(&module) {
            let assembly = of_baseline(&module, id, Calls::Trampoline);
            for &at in &assembly.needless {
                let origin = assembly.origins[at as usize];
                assert_eq!(origin.mechanism, Mechanism::StateManagement, "seed {seed}");
                let around_call = [Linkage::Precall, Linkage::Postreturn];
                assert!(around_call.contains(&origin.linkage), "seed {seed}");
            }
        }
    }
}

fn first_of(source: &str, calls: Calls) -> Aarch64 {
    let module: Module = parse(source).expect("the test's IR is well-formed");
    of_baseline(&module, FunctionId(0), calls)
}

/// The registers that are saved in vain before the only call.
fn saved_in_vain(source: &str, calls: Calls) -> Vec<u8> {
    let assembly = first_of(source, calls);
    let at = |&&at: &&u32| at < assembly.calls[0].returns_to;
    let saves = assembly.needless.iter().filter(at);
    saves
        .filter_map(|&at| match assembly.instructions[at as usize] {
            Instruction::Store { rt, .. } => rt.number(),
            _ => None,
        })
        .collect()
}

#[test]
fn the_first_parameters_register_is_needed_if_it_is_fetched_after_the_call() {
    let source = "fn f - #args: 1, #reg: 4 {
        mvi  @r0, 1
        call @r1, f:0(r0)
        mva  @r2, a0
        add  @r3, r1, r2
        ret  r3
    }";
    assert_eq!(saved_in_vain(source, Calls::Direct), [9, 10, 11]);
}

#[test]
fn what_only_the_exit_of_the_call_wants_is_needed() {
    let source = "import putc/1
    fn f - #args: 1, #reg: 2 {
        mva  @r0, a0
        call @r1, putc(r0) or exit 3(r0)
        ret  r1
    }";
    assert_eq!(saved_in_vain(source, Calls::Direct), [0, 10]);
}

#[test]
fn nobody_needs_the_callers_register_where_nobody_returns() {
    let source = "fn f - #args: 1, #reg: 2 {
        mva  @r0, a0
        call @r1, f:0(r0)
        exit 3(r1)
    }";
    assert_eq!(saved_in_vain(source, Calls::Trampoline), [0, 19, 9, 10]);
}
