//! Machines that other descriptions describe, with effects that the built-in one has none of.

mod common;

use common::{machine, run_all};
use ulm_isa::Isa;
use ulm_machine::{Machine, Stop, Trap, TrapKind};

/// A machine with one instruction besides `halt`, opcode 1, fields a, b, c, and this effect.
fn with_effect(effect: &str) -> Isa {
    let text = format!(
        "RRR (OP u 8) (a u 8) (b u 8) (c u 8)\n0x01 RRR\n: test %a, %b, %c\n    {effect}\n\
         0x02 RRR\n: halt %a\n    ulm_halt(ulm_regVal(a));\n"
    );
    Isa::parse(&text).unwrap_or_else(|errors| panic!("{effect}: {}", errors[0]))
}

/// Executes `test %1, %2, %3` with 1, 2, 3 registers set to `values`.
fn execute(effect: &str, values: [u64; 3], prepare: impl Fn(&mut Machine)) -> (Stop, Machine) {
    let mut machine = machine(&[0x0101_0203]);
    for (register, value) in (1..).zip(values) {
        machine.set_register(register, value);
    }
    prepare(&mut machine);
    run_all(&with_effect(effect), &mut machine, 1)
}

#[test]
fn statements_run_in_order_and_see_what_earlier_ones_wrote() {
    let effect = "ulm_add64(ulm_regVal(a), ulm_regVal(b), b);
        ulm_setReg(ulm_regVal(b) << 4 | ulm_statusReg[ULM_CF], c);";
    let (_, result) = execute(effect, [u64::MAX, 3, 0], |_| ());
    assert_eq!(result.register(2), 2);
    assert_eq!(result.register(3), 0x21);
}

#[test]
fn a_division_is_guarded_by_a_condition() {
    let effect = "ulm_setReg(ulm_regVal(a) ? ulm_regVal(b) / ulm_regVal(a) : 77, c);";
    assert_eq!(execute(effect, [0, 9, 0], |_| ()).1.register(3), 77);
    assert_eq!(execute(effect, [2, 9, 0], |_| ()).1.register(3), 4);
    let (stop, _) = execute(
        "ulm_setReg(ulm_regVal(b) % ulm_regVal(a), c);",
        [0, 9, 0],
        |_| (),
    );
    let kind = TrapKind::DivisionByZero;
    assert_eq!(stop, Stop::Trapped(Trap { kind, address: 0 }));
}

#[test]
fn a_read_is_guarded_by_a_condition() {
    let effect = "ulm_setReg(ulm_regVal(a) && ulm_readChar() == 120, c);";
    let feed = |machine: &mut Machine| machine.feed(b"x");
    let (_, result) = execute(effect, [0, 0, 5], feed);
    assert_eq!((result.register(3), result.pending_input()), (0, 1));
    let (_, result) = execute(effect, [1, 0, 5], feed);
    assert_eq!((result.register(3), result.pending_input()), (1, 0));
    // It waits for input even where it would not read: it may.
    let (stop, _) = execute(effect, [0, 0, 5], |_| ());
    assert_eq!(stop, Stop::NeedsInput);
}

#[test]
fn an_instruction_that_reads_twice_waits_for_two_bytes_and_finds_the_end() {
    let effect = "ulm_setReg(ulm_readChar() << 8 | ulm_readChar() & 255, c);";
    let (stop, result) = execute(effect, [0; 3], |machine| machine.feed(b"A"));
    assert_eq!((stop, result.pending_input()), (Stop::NeedsInput, 1));
    let (_, result) = execute(effect, [0; 3], |machine| machine.feed(b"AB"));
    assert_eq!(result.register(3), 0x4142);
    let (_, result) = execute(effect, [0; 3], |machine| {
        machine.feed(b"A");
        machine.end_input();
    });
    assert_eq!(result.register(3), 0x41FF);
    let (_, result) = execute("ulm_setReg(ulm_readChar(), c);", [0; 3], Machine::end_input);
    assert_eq!(result.register(3), u64::MAX);
}

#[test]
fn the_last_of_several_jumps_counts_and_what_stands_behind_is_executed() {
    let effect = "ulm_unconditionalRelJump(64); ulm_absJump(ulm_regVal(a), b);
        ulm_setReg(ulm_ipVal() + 5, c); ulm_conditionalRelJump(ulm_regVal(c) > 5, 32);";
    let (_, result) = execute(effect, [0x2000, 0, 0], |machine| {
        let word = 0x0101_0203u32;
        machine
            .memory_mut()
            .write_bytes(0x100, &word.to_be_bytes())
            .unwrap();
        machine.set_ip(0x100);
    });
    assert_eq!(result.register(2), 0x104);
    assert_eq!(result.register(3), 0x105);
    assert_eq!(result.ip(), 0x120);
    assert_eq!(result.recent_jumps().count(), 1);
}

#[test]
fn earlier_statements_stay_done_when_a_later_one_traps() {
    let effect = "ulm_setReg(5, c); ulm_store64(1, 0, 0, 1, 8, c);";
    let (stop, result) = execute(effect, [0; 3], |_| ());
    let kind = TrapKind::MisalignedStore {
        address: 1,
        size: 8,
    };
    assert_eq!(stop, Stop::Trapped(Trap { kind, address: 0 }));
    assert_eq!((result.register(3), result.instructions()), (5, 0));
}

#[test]
fn what_stands_behind_a_halt_is_not_executed() {
    let effect = "ulm_setReg(1, b); ulm_halt(ulm_regVal(a)); ulm_setReg(2, b);";
    let (stop, result) = execute(effect, [9, 0, 0], |_| ());
    assert_eq!((stop, result.register(2)), (Stop::Halted(9), 1));
}

#[test]
fn a_size_that_there_is_not_is_a_trap() {
    let effect = "ulm_fetch64(0, 0, 0, 0, ULM_ZERO_EXT, c, a);";
    let (stop, _) = execute(effect, [0; 3], |_| ());
    let kind = TrapKind::IllegalOperand;
    assert_eq!(stop, Stop::Trapped(Trap { kind, address: 0 }));
}

#[test]
fn a_relative_jump_to_a_computed_odd_place_traps() {
    let effect = "ulm_setReg(1, c); ulm_unconditionalRelJump(ulm_regVal(a));";
    let (stop, _) = execute(effect, [6, 0, 0], |_| ());
    let kind = TrapKind::MisalignedJump { target: 6 };
    assert_eq!(stop, Stop::Trapped(Trap { kind, address: 0 }));
    let (_, result) = execute("ulm_conditionalRelJump(ulm_regVal(b), 6);", [0; 3], |_| ());
    assert_eq!(result.ip(), 4);
    let effect = "ulm_conditionalRelJump(!ulm_statusReg[ULM_ZF], 6);";
    let (stop, _) = execute(effect, [0; 3], |_| ());
    assert_eq!(stop, Stop::Trapped(Trap { kind, address: 0 }));
}

#[test]
fn an_effect_with_very_many_parts_is_executed_as_it_stands() {
    // More values than micro-operations can number.
    let sum = "+ulm_regVal(a)".repeat(6);
    let effect = format!("ulm_setReg(ulm_regVal(c){sum}, c);").repeat(60);
    let (_, result) = execute(&effect, [2, 0, 1], |_| ());
    assert_eq!(result.register(3), 1 + 60 * 6 * 2);
}

#[test]
fn registers_by_number_arithmetic_past_the_end_are_a_trap() {
    let effect = "ulm_setReg(ulm_regVal(c + 253), a);";
    let (stop, _) = execute(effect, [0; 3], |_| ());
    let kind = TrapKind::RegisterPastEnd { number: 256 };
    assert_eq!(stop, Stop::Trapped(Trap { kind, address: 0 }));
}
