//! What we decode, against a disassembler that was written by others.

use codegen::aarch64::decode;
use codegen::aarch64::encode::encode_instruction;
use codegen::aarch64::instruction::{Alu, Cond, Instruction, Select, ZR};
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

use crate::forms::{self, Random, cases};

#[test]
fn every_form_reads_as_with_another_disassembler() {
    for form in forms::all() {
        let word = encode_instruction(&form).expect("forms::all keeps what can be encoded");
        assert_same_reading(word);
    }
}

#[test]
fn a_random_word_reads_as_with_another_disassembler() {
    let mut random = Random(4);
    for _ in 0..cases(200_000) {
        assert_same_reading(random.next() as u32);
    }
}

/// Compares the texts of a word that we decode.
fn assert_same_reading(word: u32) {
    let Some(ours) = decode(word) else { return };
    let theirs = InstDecoder::default().decode(&mut U8Reader::new(&word.to_le_bytes()));
    let theirs = theirs.map_or_else(|error| error.to_string(), |theirs| theirs.to_string());
    assert_eq!(in_their_words(&ours), normalised(&theirs), "{word:08x}");
}

/// Our text as the other would have it.
fn in_their_words(instruction: &Instruction) -> String {
    let text = normalised(&instruction.to_string());
    match *instruction {
        // A constant is a `mov`.
        Instruction::Movz { value, shift, .. } => as_mov(&text, u64::from(value) << shift),
        Instruction::Movn { value, shift, .. } => as_mov(&text, !(u64::from(value) << shift)),
        Instruction::LogicalImmediate {
            op: Alu::Orr,
            rn: ZR,
            value,
            ..
        } => as_mov(&text, value),
        // A selection between a register and the same one changed has a name for the change.
        Instruction::Select {
            op, rn, rm, cond, ..
        } if rn == rm && op != Select::Csel && (rn != ZR || op == Select::Csneg) => {
            as_change(&text, cond)
        }
        Instruction::AddImmediate { value, .. }
        | Instruction::CmpImmediate { value, .. }
        | Instruction::CmnImmediate { value, .. }
            if value >= 1 << 12 =>
        {
            let shifted = format!("{}, lsl 12", value >> 12);
            text.replace(&value.to_string(), &shifted)
        }
        // The bits of the low half are those of a w register.
        Instruction::Tbz { bit, .. } | Instruction::Tbnz { bit, .. } if bit < 32 => {
            text.replacen(" x", " w", 1)
        }
        _ => text,
    }
}

/// `mov` to the destination of some text.
fn as_mov(text: &str, value: u64) -> String {
    let operands = text.split(' ').nth(1).unwrap_or_default();
    format!("mov {operands} {value}")
}

/// `csinc x0, x1, x1, eq` as `cinc x0, x1, ne`.
fn as_change(text: &str, cond: Cond) -> String {
    const NEGATED: [&str; 14] = [
        "ne", "eq", "lo", "hs", "pl", "mi", "vc", "vs", "ls", "hi", "lt", "ge", "le", "gt",
    ];
    let operands: Vec<_> = text.split(", ").collect();
    let [first, rn, ..] = operands[..] else {
        panic!("{text} has operands");
    };
    let negated = NEGATED[cond as usize];
    format!("{}, {rn}, {negated}", first.replacen("cs", "c", 1))
}

/// A text with single blanks, decimal numbers without `#`, and neither a shift by 0 nor an offset 0.
fn normalised(text: &str) -> String {
    let mut normalised = String::new();
    for word in text.split_whitespace() {
        let blank = if normalised.is_empty() { "" } else { " " };
        normalised += blank;
        normalised += &decimal(word);
    }
    for shift in ["lsr", "asr", "ror"] {
        let by_0 = format!(", {shift} 0");
        if let Some(unshifted) = normalised.strip_suffix(&by_0) {
            return format!("{unshifted}, {shift}");
        }
    }
    normalised.replace(", lsl 0]", "]")
}

/// An operand with its number, if it has one, in decimal.
fn decimal(word: &str) -> String {
    // Distances begin with `$`, also one of nothing.
    let word = word
        .replace('#', "")
        .replace("$+0x0", ".")
        .replace('$', ".");
    let Some(at) = word.find("0x") else {
        return word;
    };
    let digits: String = word[at + 2..]
        .chars()
        .take_while(char::is_ascii_hexdigit)
        .collect();
    let value = u64::from_str_radix(&digits, 16).expect("these are hexadecimal digits");
    format!("{}{value}{}", &word[..at], &word[at + 2 + digits.len()..])
}
