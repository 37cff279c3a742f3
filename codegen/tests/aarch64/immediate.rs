//! Which constants fit into an instruction.

use std::collections::HashMap;

use codegen::aarch64::immediate::{
    arithmetic, branch14, branch19, branch26, constant_sequence, decode_arithmetic, decode_logical,
    logical, pair_offset, scaled_offset, unscaled_offset,
};
use codegen::aarch64::instruction::Instruction;

use crate::forms::{Random, any_logical, cases, x};

/// All logical immediates by their definition: each run of ones in each size, each turn of it.
fn logical_by_definition() -> HashMap<u64, u32> {
    let mut fields = HashMap::new();
    for size_log2 in 1..=6 {
        let size = 1u32 << size_log2;
        for ones in 1..size {
            for turn in 0..size {
                let mut value = 0u64;
                for bit in 0..64 {
                    if (bit + turn) % size < ones {
                        value |= 1 << bit;
                    }
                }
                let n = u32::from(size == 64);
                let mark = if size == 64 {
                    0
                } else {
                    !(2 * size - 1) & 0x3f
                };
                fields.insert(value, n << 12 | turn << 6 | mark | (ones - 1));
            }
        }
    }
    fields
}

#[test]
fn logical_immediates_are_those_of_the_definition() {
    let fields = logical_by_definition();
    assert_eq!(fields.len(), 5334);
    for (&value, &field) in &fields {
        assert_eq!(logical(value), Some(field), "{value:#x}");
        assert_eq!(decode_logical(field), Some(value), "{field:#x}");
        for bit in 0..64 {
            let near = value ^ 1 << bit;
            assert_eq!(logical(near), fields.get(&near).copied(), "{near:#x}");
        }
    }
    let encoded = (0..1 << 13).filter(|&field| decode_logical(field).is_some());
    assert_eq!(encoded.count(), 5334);
    assert_eq!(logical(0), None);
    assert_eq!(logical(u64::MAX), None);
}

#[test]
fn arithmetic_immediates_have_12_bits_maybe_shifted() {
    assert_eq!(arithmetic(0), Some(0));
    assert_eq!(arithmetic(0xfff), Some(0xfff));
    assert_eq!(arithmetic(0x1000), Some(0x1001));
    assert_eq!(arithmetic(0xff_f000), Some(0x1fff));
    assert_eq!(arithmetic(0x1001), None);
    assert_eq!(arithmetic(0x100_0000), None);
    assert_eq!(arithmetic(u64::MAX), None);
    assert_eq!(decode_arithmetic(0x1001), Some(0x1000));
    assert_eq!(decode_arithmetic(0x1000), None);
}

#[test]
fn offsets_fit_up_to_their_borders() {
    assert_eq!(scaled_offset(32760, 3), Some(4095));
    assert_eq!(scaled_offset(32768, 3), None);
    assert_eq!(scaled_offset(4, 3), None);
    assert_eq!(scaled_offset(-8, 3), None);
    assert_eq!(scaled_offset(4095, 0), Some(4095));
    assert_eq!(unscaled_offset(-256), Some(0x100));
    assert_eq!(unscaled_offset(-257), None);
    assert_eq!(unscaled_offset(255), Some(255));
    assert_eq!(unscaled_offset(256), None);
    assert_eq!(pair_offset(-512), Some(0x40));
    assert_eq!(pair_offset(504), Some(63));
    assert_eq!(pair_offset(512), None);
    assert_eq!(pair_offset(-520), None);
    assert_eq!(pair_offset(4), None);
}

#[test]
fn branches_reach_up_to_their_borders() {
    for (branch, reach) in [
        (branch14 as fn(i32) -> Option<u32>, 1 << 15),
        (branch19, 1 << 20),
        (branch26, 1 << 27),
    ] {
        assert!(branch(-reach).is_some() && branch(reach - 4).is_some());
        assert!(branch(-reach - 4).is_none() && branch(reach).is_none());
        assert!(branch(2).is_none());
    }
}

/// What instructions that make a constant give.
fn value_of(sequence: impl Iterator<Item = Instruction>) -> i64 {
    let mut result = 0u64;
    for instruction in sequence {
        match instruction {
            Instruction::Movz { value, shift, .. } => result = u64::from(value) << shift,
            Instruction::Movn { value, shift, .. } => result = !(u64::from(value) << shift),
            Instruction::Movk { value, shift, .. } => {
                result = result & !(0xffff << shift) | u64::from(value) << shift;
            }
            Instruction::LogicalImmediate { value, .. } => result = value,
            other => panic!("{other} is not part of a constant"),
        }
    }
    result as i64
}

#[test]
fn a_sequence_makes_its_constant() {
    let mut random = Random(1);
    for _ in 0..cases(20_000) {
        let mut value = random.next() as i64;
        // Half-words of zeros and ones are what matters.
        for place in 0..4 {
            match random.below(4) {
                0 => value &= !(0xffff << (16 * place)),
                1 => value |= 0xffff << (16 * place),
                _ => {}
            }
        }
        assert_eq!(value_of(constant_sequence(x(0), value)), value);
    }
}

#[test]
fn a_logical_immediate_takes_one_instruction_and_but_for_a_half_word_two() {
    let mut random = Random(2);
    for _ in 0..cases(20_000) {
        let value = any_logical(&mut random);
        assert_eq!(constant_sequence(x(0), value as i64).len(), 1);
        let shift = 16 * random.below(4);
        let changed = value & !(0xffff << shift) | (random.next() & 0xffff) << shift;
        let sequence = constant_sequence(x(0), changed as i64);
        assert!(sequence.len() <= 2, "{changed:#x}");
        assert_eq!(value_of(sequence), changed as i64);
    }
}

#[test]
fn a_constant_takes_no_more_instructions_than_it_has_half_words_that_differ() {
    let length = |value| constant_sequence(x(0), value).len();
    assert_eq!(length(0), 1);
    assert_eq!(length(-1), 1);
    assert_eq!(length(i64::MIN), 1);
    assert_eq!(length(0x1_2345), 2);
    assert_eq!(length(-0x1_2345), 2);
    assert_eq!(length(0x1234_0000_0000_5678), 2);
    assert_eq!(length(0x1234_ffff_9abc_ffff), 2);
    assert_eq!(length(0x1234_5678_9abc_def0), 4);
}

#[test]
fn a_small_constant_is_a_movz_and_a_small_negative_one_a_movn() {
    let text = |value| {
        let sequence = constant_sequence(x(9), value);
        sequence.map(|part| part.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(text(4), ["movz x9, 4"]);
    assert_eq!(text(-4), ["movn x9, 3"]);
    assert_eq!(text(65536), ["movz x9, 1, lsl #16"]);
    assert_eq!(text(65538), ["movz x9, 2", "movk x9, 1, lsl #16"]);
}
