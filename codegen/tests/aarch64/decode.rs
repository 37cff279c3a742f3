//! The decoder reads what the encoder writes, and nothing else.

use codegen::aarch64::decode;
use codegen::aarch64::encode::encode_instruction;
use codegen::aarch64::instruction::{Alu, Instruction, Shift};

use crate::forms::{self, Random, cases, x};

#[test]
fn every_form_is_decoded_to_an_instruction_with_the_same_word() {
    for form in forms::all() {
        let word = encode_instruction(&form);
        let decoded = word.and_then(decode);
        assert_eq!(
            decoded.as_ref().and_then(encode_instruction),
            word,
            "{form}"
        );
    }
}

#[test]
fn the_text_of_what_is_decoded_is_that_of_the_manuals_preferred_reading() {
    let alias = |instruction: Instruction| {
        let word = encode_instruction(&instruction).expect("these can be encoded");
        decode(word).expect("and decoded").to_string()
    };
    let [rd, rn, rm] = [x(1), x(2), x(3)];
    let orr = Instruction::Alu {
        op: Alu::Orr,
        rd,
        rn: x(31),
        rm,
        shift: Shift::Lsl,
        amount: 0,
    };
    assert_eq!(alias(orr), "mov  x1, x3");
    let ra = x(31);
    assert_eq!(
        alias(Instruction::Madd { rd, rn, rm, ra }),
        "mul  x1, x2, x3"
    );
    assert_eq!(
        alias(Instruction::Msub { rd, rn, rm, ra }),
        "mneg x1, x2, x3"
    );
    let (lsb, width) = (60, 4);
    assert_eq!(
        alias(Instruction::Ubfx { rd, rn, lsb, width }),
        "lsr  x1, x2, #60"
    );
    assert_eq!(
        alias(Instruction::Ubfiz { rd, rn, lsb, width }),
        "lsl  x1, x2, #60"
    );
    assert_eq!(
        alias(Instruction::Sbfx { rd, rn, lsb, width }),
        "asr  x1, x2, #60"
    );
    let (lsb, width) = (0, 32);
    assert_eq!(
        alias(Instruction::Sbfx { rd, rn, lsb, width }),
        "sxtw x1, w2"
    );
    assert_eq!(alias(Instruction::MovSp { rd, rn }), "add  x1, x2, #0");
    let (op, rn, value) = (Alu::Add, x(31), 0);
    assert_eq!(
        alias(Instruction::AddImmediate { op, rd, rn, value }),
        "mov  x1, sp"
    );
}

#[test]
fn a_word_that_decodes_is_encoded_to_the_same_word() {
    let mut random = Random(3);
    for _ in 0..cases(2_000_000) {
        let word = random.next() as u32;
        if let Some(instruction) = decode(word) {
            assert_eq!(
                encode_instruction(&instruction),
                Some(word),
                "{instruction:?}"
            );
        }
    }
}

#[test]
fn a_word_near_a_form_that_decodes_is_encoded_to_the_same_word() {
    for form in forms::all() {
        let word = encode_instruction(&form).expect("forms::all keeps what can be encoded");
        for bit in 0..32 {
            let near = word ^ 1 << bit;
            if let Some(instruction) = decode(near) {
                assert_eq!(
                    encode_instruction(&instruction),
                    Some(near),
                    "{instruction:?}"
                );
            }
        }
    }
}
