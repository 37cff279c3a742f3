//! The condition flags.

use crate::aarch64::instruction::Cond;

/// N, Z, C and V, as bits 3 to 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags(u8);

/// For each condition the flags with which it holds: bit `f` for flags `f`.
const HOLDS: [u16; 14] = {
    let mut holds = [0; 14];
    let mut flags = 0;
    while flags < 16 {
        let (n, z) = (flags & 8 != 0, flags & 4 != 0);
        let (c, v) = (flags & 2 != 0, flags & 1 != 0);
        let each = [
            z,
            !z,
            c,
            !c,
            n,
            !n,
            v,
            !v,
            c && !z,
            !c || z,
            n == v,
            n != v,
            !z && n == v,
            z || n != v,
        ];
        let mut cond = 0;
        while cond < each.len() {
            holds[cond] |= (each[cond] as u16) << flags;
            cond += 1;
        }
        flags += 1;
    }
    holds
};

impl Flags {
    const fn new(result: u64, carry: bool, overflow: bool) -> Self {
        let (n, z) = ((result >> 63) as u8, (result == 0) as u8);
        Self(n << 3 | z << 2 | (carry as u8) << 1 | overflow as u8)
    }

    /// After `a - b`.
    #[inline]
    pub(super) const fn subtraction(a: u64, b: u64) -> Self {
        let (result, borrow) = a.overflowing_sub(b);
        let (_, overflow) = (a as i64).overflowing_sub(b as i64);
        Self::new(result, !borrow, overflow)
    }

    /// After `a + b`.
    #[inline]
    pub(super) const fn addition(a: u64, b: u64) -> Self {
        let (result, carry) = a.overflowing_add(b);
        let (_, overflow) = (a as i64).overflowing_add(b as i64);
        Self::new(result, carry, overflow)
    }

    /// After a logical operation with this result.
    #[inline]
    pub(super) const fn logical(result: u64) -> Self {
        Self::new(result, false, false)
    }

    /// Whether a condition holds.
    #[inline]
    pub(super) const fn hold(self, cond: Cond) -> bool {
        HOLDS[cond as usize] >> (self.0 & 15) & 1 != 0
    }
}
