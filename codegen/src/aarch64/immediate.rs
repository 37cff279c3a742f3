//! Which constants fit into an instruction, and how: small functions that give the field's bits, or
//! `None` if the constant does not fit.
//!
//! Facts: Arm Architecture Reference Manual for A-profile, C6.2 (the instructions) and
//! `DecodeBitMasks` in J1.1 (logical immediates).

use super::instruction::{Alu, Instruction, ZR};
use crate::machine::Register;

/// The immediate of an addition, subtraction or comparison: 12 bits, or 12 bits shifted left by 12.
/// Gives the field of 13 bits, `shift:value`.
pub const fn arithmetic(value: u64) -> Option<u32> {
    if value < 1 << 12 {
        Some(value as u32)
    } else if value.trailing_zeros() >= 12 && value < 1 << 24 {
        Some(1 << 12 | (value >> 12) as u32)
    } else {
        None
    }
}

/// The value of an [`arithmetic`] field. `None` for a shifted 0, which the encoder never makes.
pub const fn decode_arithmetic(field: u32) -> Option<u32> {
    let value = field & 0xfff;
    if field & 1 << 12 == 0 {
        Some(value)
    } else if value != 0 {
        Some(value << 12)
    } else {
        None
    }
}

/// The immediate of `and`, `orr`, `eor`, `tst`: a pattern of 2, 4, 8, 16, 32 or 64 bits that repeats,
/// in which a single run of ones has been rotated. Gives the field of 13 bits, `N:immr:imms`.
pub const fn logical(value: u64) -> Option<u32> {
    if value == 0 || value == u64::MAX {
        return None;
    }
    // Turn the value so that a run of ones begins at bit 0 and bit 63 is 0. Ones at the bottom may be
    // the upper part of a run that begins at the top, so they are skipped to find a beginning:
    // adding 1 clears them.
    let turn = (value & value.wrapping_add(1)).trailing_zeros() & 63;
    let turned = value.rotate_right(turn);
    let ones = turned.trailing_ones();
    let size = turned.leading_zeros() + ones;
    if !size.is_power_of_two() || value.rotate_right(size & 63) != value {
        return None;
    }
    // `imms` says the size by how many ones it begins with: 0xxxxx is 32 bits, 10xxxx is 16, …,
    // 11110x is 2; `N` is for 64.
    let size_mark = (size.wrapping_neg() << 1) & 0x3f;
    let imms = size_mark | (ones - 1);
    let immr = turn.wrapping_neg() & (size - 1);
    Some((size >> 6) << 12 | immr << 6 | imms)
}

/// The value of a [`logical`] field. `None` for a field that is reserved, or that says more about
/// the rotation than the pattern's size has bits for, which the encoder never makes.
pub const fn decode_logical(field: u32) -> Option<u64> {
    let (n, immr, imms) = (field >> 12 & 1, field >> 6 & 0x3f, field & 0x3f);
    let size_bits = n << 6 | (!imms & 0x3f);
    if size_bits < 2 {
        return None;
    }
    let size = 1 << size_bits.ilog2();
    let ones = (imms & (size - 1)) + 1;
    if ones == size || immr >= size {
        return None;
    }
    let mut value = (1u64 << ones) - 1;
    let mut filled = size;
    while filled < 64 {
        value |= value << filled;
        filled *= 2;
    }
    Some(value.rotate_right(immr))
}

/// The offset of a load or store of `1 << size_log2` bytes, unsigned and in units of that size: 12
/// bits.
pub const fn scaled_offset(offset: i32, size_log2: u32) -> Option<u32> {
    let units = offset >> size_log2;
    if units << size_log2 == offset && 0 <= units && units < 1 << 12 {
        Some(units as u32)
    } else {
        None
    }
}

/// The offset of a load or store in bytes, −256 to 255: 9 bits. Also that of the forms which change
/// the base.
pub const fn unscaled_offset(offset: i32) -> Option<u32> {
    signed(offset, 9)
}

/// The offset of a load or store of two registers, a multiple of 8 from −512 to 504: 7 bits.
pub const fn pair_offset(offset: i32) -> Option<u32> {
    if offset % 8 == 0 {
        signed(offset / 8, 7)
    } else {
        None
    }
}

/// Whether a load or store of `1 << size_log2` bytes can have this offset without changing its base.
pub const fn is_offset(offset: i32, size_log2: u32) -> bool {
    scaled_offset(offset, size_log2).is_some() || unscaled_offset(offset).is_some()
}

/// The distance of `b` and `bl`, ±128 MiB: 26 bits.
pub const fn branch26(offset: i32) -> Option<u32> {
    words(offset, 26)
}

/// The distance of `b.cond`, `cbz` and `cbnz`, ±1 MiB: 19 bits.
pub const fn branch19(offset: i32) -> Option<u32> {
    words(offset, 19)
}

/// The distance of `tbz` and `tbnz`, ±32 KiB: 14 bits.
pub const fn branch14(offset: i32) -> Option<u32> {
    words(offset, 14)
}

/// The distance of `adr`, ±1 MiB, in bytes: 21 bits.
pub const fn adr21(offset: i32) -> Option<u32> {
    signed(offset, 21)
}

/// A distance in words of 4 bytes.
const fn words(offset: i32, bits: u32) -> Option<u32> {
    if offset % 4 == 0 {
        signed(offset / 4, bits)
    } else {
        None
    }
}

/// The low bits of a signed number that has so many.
const fn signed(value: i32, bits: u32) -> Option<u32> {
    if value >> (bits - 1) == value >> 31 {
        Some(value as u32 & ((1 << bits) - 1))
    } else {
        None
    }
}

/// The signed number that so many bits stand for.
pub const fn sign_extend(field: u32, bits: u32) -> i32 {
    ((field << (32 - bits)) as i32) >> (32 - bits)
}

/// The instructions that make a constant, one to four of them: the shortest of
///
/// ```text
/// movz x0, 4660; movk x0, 22136, lsl #16 …      the half-words that are not 0
/// movn x0, 4660; movk x0, 22136, lsl #16 …      those that are not 0xffff
/// orr  x0, xzr, #0x5555555555555555             a logical immediate
/// orr  x0, xzr, #0x5555555555555555; movk x0, 7 one, but for one half-word
/// ```
///
/// with ties decided in that order.
pub fn constant_sequence(rd: Register, value: i64) -> ConstantSequence {
    let value = value as u64;
    let half_words = [0, 16, 32, 48].map(|shift| (value >> shift) as u16);
    let differing = |filler: u16| half_words.iter().filter(|&&half| half != filler).count();
    let (not_zero, not_ones) = (differing(0), differing(u16::MAX));
    let by_half_words = not_zero.min(not_ones);

    let mut sequence = ConstantSequence::new();
    if by_half_words > 1
        && let Some(first) = logical_move(rd, value)
    {
        sequence.push(first);
    } else if by_half_words > 2
        && let Some([first, second]) = logical_move_but_one(rd, value, half_words)
    {
        sequence.push(first);
        sequence.push(second);
    } else if not_zero <= not_ones {
        push_half_words(&mut sequence, rd, half_words, 0);
    } else {
        push_half_words(&mut sequence, rd, half_words, u16::MAX);
    }
    sequence
}

/// A constant in one instruction, if it is a logical immediate.
fn logical_move(rd: Register, value: u64) -> Option<Instruction> {
    logical(value)?;
    Some(Instruction::LogicalImmediate {
        op: Alu::Orr,
        rd,
        rn: ZR,
        value,
    })
}

/// A constant that is a logical immediate but for one half-word. What a pattern has in that place is
/// what it has in some other place, all zeros, or all ones.
fn logical_move_but_one(
    rd: Register,
    value: u64,
    half_words: [u16; 4],
) -> Option<[Instruction; 2]> {
    let [a, b, c, d] = half_words;
    for (place, half) in half_words.into_iter().enumerate() {
        let shift = 16 * place as u8;
        let rest = value & !(0xffff << shift);
        for filler in [0, u16::MAX, a, b, c, d] {
            if let Some(first) = logical_move(rd, rest | u64::from(filler) << shift) {
                let value = half;
                return Some([first, Instruction::Movk { rd, value, shift }]);
            }
        }
    }
    None
}

/// `movz` (`movn` if the other half-words are to be all ones) and a `movk` for each further one.
fn push_half_words(
    sequence: &mut ConstantSequence,
    rd: Register,
    half_words: [u16; 4],
    filler: u16,
) {
    let first = |value, shift| match filler {
        0 => Instruction::Movz { rd, value, shift },
        _ => {
            let value = !value;
            Instruction::Movn { rd, value, shift }
        }
    };
    for (place, value) in half_words.into_iter().enumerate() {
        let shift = 16 * place as u8;
        if value == filler {
            continue;
        }
        sequence.push(match sequence.length {
            0 => first(value, shift),
            _ => Instruction::Movk { rd, value, shift },
        });
    }
    if sequence.length == 0 {
        sequence.push(first(filler, 0));
    }
}

/// The instructions that make a constant: an iterator over one to four.
#[derive(Debug, Clone)]
pub struct ConstantSequence {
    instructions: [Instruction; 4],
    next: u8,
    length: u8,
}

impl ConstantSequence {
    const fn new() -> Self {
        Self {
            instructions: [Instruction::Nop; 4],
            next: 0,
            length: 0,
        }
    }

    fn push(&mut self, instruction: Instruction) {
        self.instructions[usize::from(self.length)] = instruction;
        self.length += 1;
    }
}

impl Iterator for ConstantSequence {
    type Item = Instruction;

    fn next(&mut self) -> Option<Instruction> {
        if self.next == self.length {
            return None;
        }
        let instruction = self.instructions[usize::from(self.next)];
        self.next += 1;
        Some(instruction)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = usize::from(self.length - self.next);
        (rest, Some(rest))
    }
}

impl ExactSizeIterator for ConstantSequence {}
