//! Every opcode and addressing mode of the built-in machine, executed by both engines against
//! values that were worked out by hand.

mod common;

use std::collections::BTreeSet;

use common::{EDGES, Random, cases, machine, run_all, write_words};
use ulm_isa::Isa;
use ulm_machine::{Flags, JumpKind, Machine, Stop};

const MIN: u64 = 1 << 63;
const MAX: u64 = MIN - 1;
const ALL: u64 = u64::MAX;

fn flags(text: &str) -> Flags {
    Flags {
        zero: text.contains('Z'),
        carry: text.contains('C'),
        sign: text.contains('S'),
        overflow: text.contains('O'),
    }
}

/// An instruction: word, text, registers before, registers after, flags before, flags after.
type Row = (
    u32,
    &'static str,
    &'static [(u8, u64)],
    &'static [(u8, u64)],
    &'static str,
    &'static str,
);

/// All instructions that only change registers and flags.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (0xFF00_0000, "nop", &[], &[], "ZCSO", "ZCSO"),

    (0x3001_0203, "addq %1, %2, %3", &[(1, 5), (2, 7)], &[(3, 12)], "ZCSO", ""),
    (0x3001_0203, "addq %1, %2, %3", &[(1, 1), (2, ALL)], &[(3, 0)], "", "ZC"),
    (0x3001_0203, "addq %1, %2, %3", &[(1, 1), (2, MAX)], &[(3, MIN)], "", "SO"),
    (0x3001_0203, "addq %1, %2, %3", &[(1, MIN), (2, MIN)], &[(3, 0)], "", "ZCO"),
    (0x3001_0101, "addq %1, %1, %1", &[(1, ALL)], &[(1, ALL - 1)], "", "CS"),
    (0x3001_0203, "addq %1, %2, %3", &[(1, MIN), (2, MAX)], &[(3, ALL)], "", "S"),
    (0x3001_0200, "addq %1, %2, %0", &[(1, 1), (2, ALL)], &[], "", "ZC"),
    (0x38FF_0203, "addq 255, %2, %3", &[(2, 1)], &[(3, 256)], "ZCSO", ""),
    (0x3801_0202, "addq 1, %2, %2", &[(2, ALL)], &[(2, 0)], "", "ZC"),
    (0x3880_0003, "addq 128, %0, %3", &[], &[(3, 128)], "", ""),
    (0x3101_0203, "subq %1, %2, %3", &[(1, 5), (2, 7)], &[(3, 2)], "ZCSO", ""),
    (0x3101_0203, "subq %1, %2, %3", &[(1, 7), (2, 5)], &[(3, ALL - 1)], "", "CS"),
    (0x3101_0203, "subq %1, %2, %3", &[(1, 1), (2, MIN)], &[(3, MAX)], "", "O"),
    (0x3101_0203, "subq %1, %2, %3", &[(1, ALL), (2, MAX)], &[(3, MIN)], "", "CSO"),
    (0x3101_0003, "subq %1, %0, %3", &[(1, MIN)], &[(3, MIN)], "", "CSO"),
    (0x3101_0200, "subq %1, %2, %0", &[(1, 7), (2, 7)], &[], "", "Z"),
    (0x39FF_0203, "subq 255, %2, %3", &[(2, 0)], &[(3, ALL - 254)], "", "CS"),
    (0x3901_0101, "subq 1, %1, %1", &[(1, 1)], &[(1, 0)], "", "Z"),
    (0x3908_0200, "subq 8, %2, %0", &[(2, 9)], &[], "ZCSO", ""),

    (0x3401_0203, "imulq %1, %2, %3", &[(1, ALL), (2, 7)], &[(3, ALL - 6)], "ZCSO", "ZCSO"),
    (0x3401_0203, "imulq %1, %2, %3", &[(1, MIN), (2, ALL)], &[(3, MIN)], "", ""),
    (0x3C80_0203, "imulq -128, %2, %3", &[(2, 3)], &[(3, 384u64.wrapping_neg())], "", ""),
    (0x3C7F_0203, "imulq 127, %2, %3", &[(2, ALL)], &[(3, 127u64.wrapping_neg())], "", ""),

    (0x3201_0204, "mulq %1, %2, %4", &[(1, ALL), (2, ALL), (5, 9)], &[(4, 1), (5, ALL - 1)], "ZSO", "ZCSO"),
    (0x3201_0204, "mulq %1, %2, %4", &[(1, 6), (2, 7), (5, 9)], &[(4, 42), (5, 0)], "ZCSO", "ZSO"),
    (0x3201_0201, "mulq %1, %2, %1", &[(1, MIN), (2, 6)], &[(1, 0), (2, 3)], "", "C"),
    (0x3AFF_0204, "mulq 255, %2, %4", &[(2, ALL)], &[(4, ALL - 254), (5, 254)], "", "C"),
    (0x3A02_02FE, "mulq 2, %2, %254", &[(2, 5)], &[(254, 10), (255, 0)], "C", ""),
    (0x3A02_0200, "mulq 2, %2, %0", &[(2, MIN)], &[(1, 1)], "", "C"),

    (0x3301_0204, "divq %1, %2, %4", &[(1, 7), (2, 100), (3, 0), (5, 9)], &[(4, 14), (5, 0), (6, 2)], "ZCSO", "ZCSO"),
    (0x3301_0204, "divq %1, %2, %4", &[(1, 1), (2, 2), (3, 3)], &[(4, 2), (5, 3), (6, 0)], "", ""),
    (0x3301_0204, "divq %1, %2, %4", &[(1, 16), (2, 0x21), (3, 0x35)], &[(4, 0x5000_0000_0000_0002), (5, 3), (6, 1)], "", ""),
    (0x3301_0204, "divq %1, %2, %4", &[(1, ALL), (2, ALL), (3, ALL)], &[(4, 1), (5, 1), (6, 0)], "", ""),
    (0x3301_0201, "divq %1, %2, %1", &[(1, 10), (2, 57), (3, 0)], &[(1, 5), (2, 0), (3, 7)], "", ""),
    (0x330A_FEFD, "divq %10, %254, %253", &[(10, 2), (254, 9), (255, 1)], &[(253, MIN + 4), (254, 0), (255, 1)], "", ""),
    (0x3B0A_0204, "divq 10, %2, %4", &[(2, 12345)], &[(4, 1234), (5, 0), (6, 5)], "", ""),
    (0x3B0A_0200, "divq 10, %2, %0", &[(2, 12345), (1, 8)], &[(1, 0), (2, 5)], "", ""),

    (0x3501_0204, "idivq %1, %2, %4", &[(1, 2), (2, 7u64.wrapping_neg())], &[(4, 3u64.wrapping_neg()), (5, ALL)], "ZCSO", "ZCSO"),
    (0x3501_0204, "idivq %1, %2, %4", &[(1, 2u64.wrapping_neg()), (2, 7)], &[(4, 3u64.wrapping_neg()), (5, 1)], "", ""),
    (0x3501_0204, "idivq %1, %2, %4", &[(1, ALL), (2, MIN), (5, 9)], &[(4, MIN), (5, 0)], "", ""),
    (0x3501_0201, "idivq %1, %2, %1", &[(1, 3), (2, 11)], &[(1, 3), (2, 2)], "", ""),
    (0x3DFF_0204, "idivq 255, %2, %4", &[(2, 511u64.wrapping_neg())], &[(4, 2u64.wrapping_neg()), (5, ALL)], "", ""),
    (0x3D05_02FE, "idivq 5, %2, %254", &[(2, 13)], &[(254, 2), (255, 3)], "", ""),

    (0x5001_0203, "orq %1, %2, %3", &[(1, 0xF0), (2, 0x0F)], &[(3, 0xFF)], "ZCSO", "CSO"),
    (0x5000_0003, "orq %0, %0, %3", &[(3, 5)], &[(3, 0)], "CSO", "ZCSO"),
    (0x5001_0200, "orq %1, %2, %0", &[(1, 1)], &[], "Z", ""),
    (0x5101_0203, "andq %1, %2, %3", &[(1, 0xF5), (2, 0x0F)], &[(3, 5)], "ZCSO", "CSO"),
    (0x5101_0203, "andq %1, %2, %3", &[(1, 0xF0), (2, 0x0F), (3, 1)], &[(3, 0)], "", "Z"),
    (0x5101_0200, "andq %1, %2, %0", &[(1, 1), (2, 2)], &[], "", "Z"),
    (0x5E01_0200, "notq %1, %2", &[(1, 5)], &[(2, ALL - 5)], "ZCSO", "CSO"),
    (0x5E01_0100, "notq %1, %1", &[(1, ALL)], &[(1, 0)], "", "Z"),
    (0x5E01_0000, "notq %1, %0", &[(1, ALL)], &[], "", "Z"),

    (0x5201_0203, "shlq %1, %2, %3", &[(1, 1), (2, MIN | 1)], &[(3, 2)], "", "C"),
    (0x5201_0203, "shlq %1, %2, %3", &[(1, 63), (2, 3)], &[(3, MIN)], "", "C"),
    (0x5201_0203, "shlq %1, %2, %3", &[(1, 63), (2, 1)], &[(3, MIN)], "ZCSO", "ZSO"),
    (0x5201_0203, "shlq %1, %2, %3", &[(1, 0), (2, ALL)], &[(3, ALL)], "C", "C"),
    (0x5201_0203, "shlq %1, %2, %3", &[(1, 0), (2, ALL)], &[(3, ALL)], "", ""),
    (0x5201_0203, "shlq %1, %2, %3", &[(1, 64), (2, 5)], &[(3, 5)], "C", "C"),
    (0x5201_0203, "shlq %1, %2, %3", &[(1, 65), (2, 5)], &[(3, 10)], "C", ""),
    (0x5A04_0203, "shlq 4, %2, %3", &[(2, 0x3000_0000_0000_0001)], &[(3, 0x10)], "", "C"),
    (0x5A40_0203, "shlq 64, %2, %3", &[(2, ALL)], &[(3, ALL)], "", ""),
    (0x5A01_0200, "shlq 1, %2, %0", &[(2, MIN)], &[], "", "C"),
    (0x5301_0203, "shrq %1, %2, %3", &[(1, 60), (2, MIN)], &[(3, 8)], "ZCSO", "ZCSO"),
    (0x5301_0203, "shrq %1, %2, %3", &[(1, 64), (2, 7)], &[(3, 7)], "", ""),
    (0x5B01_0203, "shrq 1, %2, %3", &[(2, ALL)], &[(3, MAX)], "", ""),
    (0x5BFF_0203, "shrq 255, %2, %3", &[(2, ALL)], &[(3, 1)], "", ""),
    (0x5401_0203, "sarq %1, %2, %3", &[(1, 60), (2, MIN)], &[(3, ALL - 7)], "ZCSO", "ZCSO"),
    (0x5401_0203, "sarq %1, %2, %3", &[(1, 128), (2, MIN)], &[(3, MIN)], "", ""),
    (0x5C3F_0203, "sarq 63, %2, %3", &[(2, MAX)], &[(3, 0)], "", ""),
    (0x5C3F_0203, "sarq 63, %2, %3", &[(2, MIN)], &[(3, ALL)], "", ""),

    (0x56FF_FF03, "ldzwq 65535, %3", &[(3, ALL)], &[(3, 0xFFFF)], "ZCSO", "ZCSO"),
    (0x5600_0500, "ldzwq 5, %0", &[], &[], "", ""),
    (0x5780_0003, "ldswq -32768, %3", &[], &[(3, 0xFFFF_FFFF_FFFF_8000)], "ZCSO", "ZCSO"),
    (0x577F_FF03, "ldswq 32767, %3", &[], &[(3, 0x7FFF)], "", ""),
    (0x5DAB_CD03, "shldwq 43981, %3", &[(3, 0x1111_2222_3333_4444)], &[(3, 0x2222_3333_4444_ABCD)], "ZCSO", "ZCSO"),
    (0x5DAB_CD00, "shldwq 43981, %0", &[], &[], "", ""),
];

/// Opcodes that the other tests of this file execute.
fn opcodes_elsewhere() -> Vec<u32> {
    let control = (0x40..=0x4B).chain([0x01, 0x09]);
    let text = [0x60, 0x61, 0x69];
    let loads = LOADS
        .iter()
        .flat_map(|&(opcode, ..)| [0x10, 0x18, 0x80, 0xA0, 0xC0].map(|mode| mode + opcode));
    let stores = (0..4).flat_map(|size| [0x20, 0x28, 0x90, 0xB0, 0xD0].map(|mode| mode + size));
    control.chain(text).chain(loads).chain(stores).collect()
}

#[test]
fn every_opcode_is_executed_by_some_test_of_this_file() {
    let tested: BTreeSet<u32> = ROWS
        .iter()
        .map(|&(word, ..)| word >> 24)
        .chain(opcodes_elsewhere())
        .collect();
    let isa = Isa::ulm().instructions.iter();
    assert_eq!(tested, isa.map(|i| i.opcode).collect());
}

#[test]
fn operations_give_the_values_and_flags_worked_out_by_hand() {
    for &(word, text, before, after, flags_before, flags_after) in ROWS {
        assert_eq!(Isa::ulm().disassemble(word).as_deref(), Some(text));
        let mut machine = machine(&[word]);
        machine.set_flags(flags(flags_before));
        for &(register, value) in before {
            machine.set_register(register, value);
        }
        let mut expected: Vec<u64> = (0..=255).map(|n| machine.register(n)).collect();
        for &(register, value) in after {
            expected[register as usize] = value;
        }
        let (stop, result) = run_all(Isa::ulm(), &mut machine, 1);
        assert_eq!(stop, Stop::Paused, "{text}");
        for (number, expected) in (0..=255).zip(expected) {
            assert_eq!(result.register(number), expected, "{text}: %{number}");
        }
        assert_eq!(
            result.flags(),
            flags(flags_after),
            "{text} with {before:X?}"
        );
        assert_eq!((result.ip(), result.instructions()), (4, 1), "{text}");
    }
}

/// Offset of the opcode, size, value of the bytes 80 81 82 … at 0x1000, and of 07 06 05 … at
/// 0x1010.
const LOADS: [(u32, u64, u64, u64); 7] = [
    (0, 8, 0x8081_8283_8485_8687, 0x0706_0504_0302_0100),
    (1, 4, 0x8081_8283, 0x0706_0504),
    (2, 2, 0x8081, 0x0706),
    (3, 1, 0x80, 0x07),
    (5, 4, 0xFFFF_FFFF_8081_8283, 0x0706_0504),
    (6, 2, 0xFFFF_FFFF_FFFF_8081, 0x0706),
    (7, 1, 0xFFFF_FFFF_FFFF_FF80, 0x07),
];

/// Opcode of an addressing mode, operands behind it (`base`, `index` are %1 and %2, the register
/// to load or store is %3), %1, and %2, such that the address is 0x1000.
const LOAD_MODES: [(u32, u64, u64); 9] = [
    (0x1800_0103, 0x1000, 99),
    (0x1880_0103, 0x1080, 99),
    (0x1878_0103, 0x0F88, 99),
    (0x1001_0203, 0x0FF8, 8),
    (0x1001_0203, 0x1010, 0xFFFF_FFFF_FFFF_FFF0),
    (0x8001_0203, 0x0FF0, 8),
    (0xA001_0203, 0x0FE0, 8),
    (0xC001_0203, 0x0FC0, 8),
    (0xC001_0203, 0x1008, u64::MAX),
];

fn with_bytes(words: &[u32]) -> Machine {
    let mut machine = machine(words);
    let bytes = [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87];
    machine.memory_mut().write_bytes(0x1000, &bytes).unwrap();
    let bytes = [7, 6, 5, 4, 3, 2, 1, 0];
    machine.memory_mut().write_bytes(0x1010, &bytes).unwrap();
    machine
}

#[test]
fn loads_of_every_size_and_addressing_mode_give_the_bytes_in_memory() {
    for (mode, base, index) in LOAD_MODES {
        for (opcode, _, high, low) in LOADS {
            for (distance, expected) in [(0, high), (0x10, low), (0x20, 0)] {
                let mut machine = with_bytes(&[mode + (opcode << 24)]);
                machine.set_register(1, base + distance);
                machine.set_register(2, index);
                machine.set_register(3, 0xABCD);
                machine.set_flags(flags("ZCSO"));
                let allocated = machine.memory().allocated();
                let (_, result) = run_all(Isa::ulm(), &mut machine, 1);
                assert_eq!(result.register(3), expected, "{:X}", mode + (opcode << 24));
                assert_eq!(result.flags(), flags("ZCSO"));
                assert_eq!(result.memory().allocated(), allocated);
            }
        }
    }
}

#[test]
fn a_load_into_register_zero_never_traps() {
    for (opcode, ..) in LOADS {
        for mode in [
            0x1801_0100,
            0x1001_0200,
            0x8001_0200,
            0xA001_0200,
            0xC001_0200,
        ] {
            let mut machine = with_bytes(&[mode + (opcode << 24)]);
            machine.set_register(1, 0x1001);
            machine.set_register(2, 0x1003);
            let (stop, result) = run_all(Isa::ulm(), &mut machine, 1);
            assert_eq!((stop, result.register(0)), (Stop::Paused, 0));
        }
    }
}

#[test]
fn stores_of_every_size_and_addressing_mode_change_their_bytes_only() {
    // As for loads, but the source comes first: `movq %3, disp(%1)`.
    for (mode, base, index) in [
        (0x2803_0001, 0x1000, 99),
        (0x2803_8001, 0x1080, 99),
        (0x2803_7801, 0x0F88, 99),
        (0x2003_0102, 0x0FF8, 8),
        (0x9003_0102, 0x0FF0, 8),
        (0xB003_0102, 0x1010, 4u64.wrapping_neg()),
        (0xD003_0102, 0x0FC0, 8),
    ] {
        for (opcode, expected) in [
            (0, 0x1122_3344_5566_7788),
            (1, 0x5566_7788_8485_8687),
            (2, 0x7788_8283_8485_8687),
            (3, 0x8881_8283_8485_8687),
        ] {
            let mut machine = with_bytes(&[mode + (opcode << 24)]);
            machine.set_register(1, base);
            machine.set_register(2, index);
            machine.set_register(3, 0x1122_3344_5566_7788);
            machine.set_flags(flags("ZCSO"));
            let (_, result) = run_all(Isa::ulm(), &mut machine, 1);
            let memory = result.memory();
            assert_eq!(memory.number(0x1000, 8), expected, "{mode:X} {opcode}");
            assert_eq!(memory.number(0x0FF8, 8), 0);
            assert_eq!(memory.number(0x1008, 8), 0);
            assert_eq!(result.flags(), flags("ZCSO"));
        }
    }
}

#[test]
fn memory_at_the_very_end_of_the_address_space_is_memory() {
    // movq %3, -8(%0) and movq -8(%0), %4
    let mut machine = machine(&[0x2803_F800, 0x18F8_0004]);
    machine.set_register(3, 0x1234);
    let (_, result) = run_all(Isa::ulm(), &mut machine, 2);
    assert_eq!(result.register(4), 0x1234);
    assert_eq!(result.memory().number(u64::MAX - 7, 8), 0x1234);
}

/// A condition as a function of ZF, CF, SF and OF.
type Holds = fn(bool, bool, bool, bool) -> bool;

/// Opcode and condition of the jumps.
const JUMPS: [(u32, Holds); 11] = [
    (0x41, |_, _, _, _| true),
    (0x42, |z, _, _, _| z),
    (0x43, |z, _, _, _| !z),
    (0x44, |_, _, s, o| s != o),
    (0x45, |_, _, s, o| s == o),
    (0x46, |z, _, s, o| z || s != o),
    (0x47, |z, _, s, o| !z && s == o),
    (0x48, |_, c, _, _| c),
    (0x49, |_, c, _, _| !c),
    (0x4A, |z, c, _, _| c || z),
    (0x4B, |z, c, _, _| !c && !z),
];

#[test]
fn jumps_are_taken_in_exactly_the_states_of_the_flags_that_they_name() {
    for (opcode, holds) in JUMPS {
        for state in 0..16 {
            let [zero, carry, sign, overflow] = [0, 1, 2, 3].map(|bit| state >> bit & 1 != 0);
            // Near, back, to another page, and to the far ends.
            for (ip, field) in [
                (0x2000, 5),
                (0x2010, -4),
                (0x2000, 0x400),
                (0x2000, -1),
                (0x2000, 0x7F_FFFF),
                (0x2000, -0x80_0000),
            ] {
                let mut machine = Machine::new();
                let word = opcode << 24 | (field as u32 & 0xFF_FFFF);
                write_words(&mut machine, ip, &[word]);
                machine.set_ip(ip);
                let before = Flags {
                    zero,
                    carry,
                    sign,
                    overflow,
                };
                machine.set_flags(before);
                let (_, result) = run_all(Isa::ulm(), &mut machine, 1);
                let target = ip.wrapping_add((4 * field) as u64);
                let is_taken = holds(zero, carry, sign, overflow);
                assert_eq!(result.ip(), if is_taken { target } else { ip + 4 });
                assert_eq!(result.recent_jumps().count(), usize::from(is_taken));
                assert_eq!(result.flags(), before);
            }
        }
    }
}

#[test]
fn a_jump_to_a_register_reads_the_target_before_it_writes_the_return_address() {
    for (word, target_register, link) in [
        (0x4001_0200, 1, Some(2)),
        (0x4001_0100, 1, Some(1)),
        (0x4001_0000, 1, None),
        (0x4000_0300, 0, Some(3)),
    ] {
        for target in [0x2040, 0x8000, u64::MAX - 3] {
            let mut machine = Machine::new();
            write_words(&mut machine, 0x2000, &[word]);
            machine.set_ip(0x2000);
            machine.set_register(target_register, target);
            let (_, result) = run_all(Isa::ulm(), &mut machine, 1);
            let target = if target_register == 0 { 0 } else { target };
            assert_eq!(result.ip(), target);
            if let Some(link) = link {
                assert_eq!(result.register(link), 0x2004);
            }
            let jump = result.recent_jumps().next().unwrap();
            let kind = match link {
                Some(_) => JumpKind::Call,
                None => JumpKind::Return,
            };
            assert_eq!((jump.from, jump.to, jump.kind), (0x2000, target, kind));
        }
    }
}

#[test]
fn the_instruction_pointer_wraps_around() {
    let mut machine = Machine::new();
    write_words(&mut machine, u64::MAX - 3, &[0xFF00_0000]); // nop
    machine.set_ip(u64::MAX - 3);
    let (_, result) = run_all(Isa::ulm(), &mut machine, 1);
    assert_eq!(result.ip(), 0);
}

#[test]
fn halt_gives_the_low_byte() {
    for (word, value, status) in [
        (0x0900_0000, 0, 0),
        (0x09FF_0000, 0, 255),
        (0x0101_0000, 0x1_02FE, 0xFE),
    ] {
        let mut machine = machine(&[0xFF00_0000, word]);
        machine.set_register(1, value);
        let (stop, result) = run_all(Isa::ulm(), &mut machine, 10);
        assert_eq!(stop, Stop::Halted(status));
        assert_eq!((result.ip(), result.instructions()), (4, 2));
    }
}

#[test]
fn characters_are_read_and_written_byte_by_byte() {
    // getc %1, putc %1, three times, then putc 'x'
    let (get, put) = (0x6001_0000, 0x6101_0000);
    let mut machine = machine(&[get, put, get, put, get, put, 0x6978_0000]);
    machine.feed(&[0x80, 0]);
    machine.end_input();
    machine.set_flags(flags("ZCSO"));
    let (_, result) = run_all(Isa::ulm(), &mut machine, 7);
    assert_eq!(result.output(), [0x80, 0, 0xFF, b'x']);
    assert_eq!(result.register(1), 255);
    assert_eq!(result.flags(), flags("ZCSO"));
}

#[test]
fn flags_of_add_and_subtract_are_what_exact_numbers_say() {
    let random = &mut Random(1);
    let mut pairs: Vec<(u64, u64)> = (0..cases(2000))
        .map(|_| (random.number(), random.number()))
        .collect();
    pairs.extend(EDGES.iter().flat_map(|&a| EDGES.map(|b| (a, b))));
    for (a, b) in pairs {
        for (word, is_sum) in [(0x3001_0203, true), (0x3101_0203, false)] {
            let mut machine = machine(&[word]);
            machine.set_register(1, a);
            machine.set_register(2, b);
            let exact = |a: i128, b: i128| if is_sum { b + a } else { b - a };
            let unsigned = exact(i128::from(a), i128::from(b));
            let signed = exact(i128::from(a as i64), i128::from(b as i64));
            let (_, result) = run_all(Isa::ulm(), &mut machine, 1);
            let value = result.register(3);
            assert_eq!(value, unsigned as u64);
            let expected = Flags {
                zero: value == 0,
                carry: u64::try_from(unsigned).is_err(),
                sign: (value as i64) < 0,
                overflow: i64::try_from(signed).is_err(),
            };
            assert_eq!(result.flags(), expected, "{a:#x}, {b:#x}, sum: {is_sum}");
        }
    }
}

#[test]
fn wide_products_and_quotients_are_exact() {
    let random = &mut Random(2);
    for _ in 0..cases(2000) {
        let (a, b, high) = (random.number(), random.number(), random.number());
        // mulq %1, %2, %4; divq %1, %2, %6
        let mut machine = machine(&[0x3201_0204, 0x3301_0206]);
        machine.set_register(1, a);
        machine.set_register(2, b);
        machine.set_register(3, high);
        let (stop, result) = run_all(Isa::ulm(), &mut machine, 2);
        let wide =
            |low, high| u128::from(result.register(low)) | u128::from(result.register(high)) << 64;
        assert_eq!(wide(4, 5), u128::from(a) * u128::from(b));
        assert_eq!(result.flags().carry, result.register(5) != 0);
        if a == 0 {
            assert!(matches!(stop, Stop::Trapped(_)));
            continue;
        }
        let dividend = u128::from(b) | u128::from(high) << 64;
        assert_eq!(wide(6, 7), dividend / u128::from(a));
        assert_eq!(u128::from(result.register(8)), dividend % u128::from(a));
    }
}
