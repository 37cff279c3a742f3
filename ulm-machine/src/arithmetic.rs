//! Operations with flags, as the effects define them.

use crate::machine::Flags;

/// `b + a` and all flags.
pub(crate) fn add(a: u64, b: u64) -> (u64, Flags) {
    let (sum, carry) = b.overflowing_add(a);
    let (_, overflow) = (b as i64).overflowing_add(a as i64);
    (sum, all_flags(sum, carry, overflow))
}

/// `b − a` and all flags.
pub(crate) fn subtract(a: u64, b: u64) -> (u64, Flags) {
    let (difference, borrow) = b.overflowing_sub(a);
    let (_, overflow) = (b as i64).overflowing_sub(a as i64);
    (difference, all_flags(difference, borrow, overflow))
}

fn all_flags(result: u64, carry: bool, overflow: bool) -> Flags {
    Flags {
        zero: result == 0,
        carry,
        sign: (result as i64) < 0,
        overflow,
    }
}

/// The low and the high half of a number of 128 bits.
pub(crate) fn halves(value: u128) -> (u64, u64) {
    (value as u64, (value >> 64) as u64)
}

/// `a · b`, unsigned: low and high half.
pub(crate) fn multiply_wide(a: u64, b: u64) -> (u64, u64) {
    halves(u128::from(a) * u128::from(b))
}

/// `high:low ÷ divisor`, unsigned: the quotient's low and high half, the remainder; `None` for a
/// division by zero.
pub(crate) fn divide_wide(divisor: u64, low: u64, high: u64) -> Option<(u64, u64, u64)> {
    if high == 0 {
        // The usual case, which the processor can do in one go.
        return Some((low.checked_div(divisor)?, 0, low % divisor));
    }
    let (dividend, divisor) = (
        u128::from(high) << 64 | u128::from(low),
        u128::from(divisor),
    );
    let (quotient_low, quotient_high) = halves(dividend.checked_div(divisor)?);
    Some((quotient_low, quotient_high, (dividend % divisor) as u64))
}

/// `dividend ÷ divisor`, signed, truncated toward 0: quotient and remainder; `None` for a division
/// by zero.
pub(crate) fn divide_signed(divisor: u64, dividend: u64) -> Option<(u64, u64)> {
    let (divisor, dividend) = (divisor as i64, dividend as i64);
    if divisor == 0 {
        return None;
    }
    Some((
        dividend.wrapping_div(divisor) as u64,
        dividend.wrapping_rem(divisor) as u64,
    ))
}

/// `value << count mod 64`, and the last bit shifted out if there is one.
pub(crate) fn shift_left(count: u64, value: u64) -> (u64, Option<bool>) {
    let count = count & 63;
    let last = (count != 0).then(|| value >> (64 - count) & 1 != 0);
    (value << count, last)
}

/// `value >> count mod 64`, zeros shifted in.
pub(crate) fn shift_right_unsigned(count: u64, value: u64) -> u64 {
    value >> (count & 63)
}

/// `value >> count mod 64`, copies of the sign shifted in.
pub(crate) fn shift_right_signed(count: u64, value: u64) -> u64 {
    (value as i64 >> (count & 63)) as u64
}

/// The low `size` bytes of a value, 1, 2, 4 or 8, sign-extended.
pub(crate) fn sign_extend(value: u64, size: u8) -> u64 {
    match size {
        1 => value as i8 as u64,
        2 => value as i16 as u64,
        4 => value as i32 as u64,
        _ => value,
    }
}
