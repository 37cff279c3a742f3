//! The flags of the fast engine, worked out when something asks for them.

use crate::machine::Flags;

/// The flags as the values that they are made from.
///
/// An addition leaves the same CF and OF as the subtraction that undoes it: taking a summand from the
/// sum borrows if the sum carried, and overflows if it overflowed. So a subtraction is all that CF and
/// OF are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct LazyFlags {
    /// ZF is set if this is 0.
    zero: u64,
    /// SF is the top bit of this.
    sign: u64,
    /// CF and OF are those of `minuend − subtrahend`.
    minuend: u64,
    subtrahend: u64,
}

impl LazyFlags {
    pub(super) fn of(flags: Flags) -> Self {
        let (minuend, subtrahend) = operands(flags.carry, flags.overflow);
        Self {
            zero: u64::from(!flags.zero),
            sign: u64::from(flags.sign) << 63,
            minuend,
            subtrahend,
        }
    }

    #[inline]
    pub(super) fn is_zero(self) -> bool {
        self.zero == 0
    }

    #[inline]
    pub(super) fn carry(self) -> bool {
        self.minuend < self.subtrahend
    }

    /// OF is the top bit of this.
    #[inline]
    fn overflow(self) -> u64 {
        let difference = self.minuend.wrapping_sub(self.subtrahend);
        // The operands differ in sign, and the result's is not the minuend's.
        (self.minuend ^ self.subtrahend) & (self.minuend ^ difference)
    }

    /// SF ≠ OF.
    #[inline]
    pub(super) fn is_less(self) -> bool {
        ((self.sign ^ self.overflow()) as i64) < 0
    }

    pub(super) fn get(self) -> Flags {
        Flags {
            zero: self.is_zero(),
            carry: self.carry(),
            sign: (self.sign as i64) < 0,
            overflow: (self.overflow() as i64) < 0,
        }
    }

    /// Sets ZF if the value is 0, else clears it.
    #[inline]
    pub(super) fn set_zero(&mut self, value: u64) {
        self.zero = value;
    }

    /// Sets or clears CF.
    #[inline]
    pub(super) fn set_carry(&mut self, carry: bool) {
        let overflow = (self.overflow() as i64) < 0;
        (self.minuend, self.subtrahend) = operands(carry, overflow);
    }

    /// `y + x`, with all flags.
    #[inline]
    pub(super) fn add(&mut self, x: u64, y: u64) -> u64 {
        let sum = y.wrapping_add(x);
        *self = Self {
            zero: sum,
            sign: sum,
            minuend: sum,
            subtrahend: x,
        };
        sum
    }

    /// `y − x`, with all flags.
    #[inline]
    pub(super) fn subtract(&mut self, x: u64, y: u64) -> u64 {
        let difference = y.wrapping_sub(x);
        *self = Self {
            zero: difference,
            sign: difference,
            minuend: y,
            subtrahend: x,
        };
        difference
    }
}

/// A minuend and a subtrahend with this carry and this overflow.
#[inline]
fn operands(carry: bool, overflow: bool) -> (u64, u64) {
    const SIGN: u64 = 1 << 63;
    match (carry, overflow) {
        (false, false) => (0, 0),
        (true, false) => (0, 1),
        (false, true) => (SIGN, 1),
        (true, true) => (SIGN - 1, SIGN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_come_from_outside_stay_as_they_are() {
        for bits in 0..16 {
            let flags = Flags {
                zero: bits & 1 != 0,
                carry: bits & 2 != 0,
                sign: bits & 4 != 0,
                overflow: bits & 8 != 0,
            };
            assert_eq!(LazyFlags::of(flags).get(), flags);
        }
    }

    #[test]
    fn setting_the_carry_leaves_the_overflow() {
        for (carry, overflow) in [(false, false), (true, false), (false, true), (true, true)] {
            let before = Flags {
                carry: !carry,
                overflow,
                ..Flags::default()
            };
            let mut flags = LazyFlags::of(before);
            flags.set_carry(carry);
            assert_eq!(flags.get(), Flags { carry, ..before });
        }
    }
}
