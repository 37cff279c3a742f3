//! Strength reduction: what a multiplication or division by a constant can be done with instead.
//!
//! This file finds the numbers; [`simplify`](super::simplify) makes the instructions.
//!
//! Divisions become multiplications by a scaled reciprocal, of which the high half is taken:
//! Warren, *Hacker's Delight*, chapter 10 (Granlund and Montgomery, "Division by Invariant Integers
//! using Multiplication", 1994).

/// What operations cost on a machine, as far as it decides between ways of doing the same.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of a machine, each of its own"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// Whether a division by a constant that is no power of two is better done by multiplication.
    pub divide_by_multiplication: bool,
    /// The largest n for which `a + (b << n)` is one instruction.
    pub free_shift: u32,
    /// Whether `a - (b << n)` is one instruction for such n.
    pub subtracts_shifted: bool,
    /// Whether a multiplication takes its constant in the instruction, so that nothing of two
    /// instructions is better.
    pub multiply_takes_constant: bool,
    /// Whether a multiplication and the addition of its product are one instruction.
    pub multiply_add: bool,
    /// Whether a division is one instruction like others, so that nothing of two is better.
    pub divides_at_once: bool,
    /// Whether an instruction selects one of two values.
    pub selects: bool,
}

impl Costs {
    /// AArch64. A division is two instructions, `mov` of the divisor and `sdiv`, of some ten cycles;
    /// by multiplication it would be six or more, four of which make a constant.
    pub const AARCH64: Self = Self {
        divide_by_multiplication: false,
        free_shift: 63,
        subtracts_shifted: true,
        multiply_takes_constant: false,
        multiply_add: true,
        divides_at_once: false,
        selects: true,
    };

    /// x86-64: `idiv` takes 18 to 40 cycles, `lea` shifts by up to 3, and `imul` takes a constant
    /// of 32 bits.
    pub const X86_64: Self = Self {
        divide_by_multiplication: true,
        free_shift: 3,
        subtracts_shifted: false,
        multiply_takes_constant: true,
        multiply_add: false,
        divides_at_once: false,
        selects: true,
    };

    /// The ULM, where what counts is the number of instructions.
    pub const ULM: Self = Self {
        divide_by_multiplication: false,
        free_shift: 0,
        subtracts_shifted: false,
        multiply_takes_constant: true,
        multiply_add: false,
        divides_at_once: true,
        selects: false,
    };
}

/// A multiplication by a constant as shifts and one addition or subtraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiplication {
    /// `x << n`
    Shift(u32),
    /// `-(x << n)`
    NegatedShift(u32),
    /// `x + (x << n)`
    AddShifted(u32),
    /// `x - (x << n)`
    SubtractShifted(u32),
    /// `(x << n) - x`
    SubtractFromShifted(u32),
    /// A multiplication is best.
    Multiply,
}

impl Multiplication {
    /// The best way to multiply by `factor`. `accumulates`: the product is only added to or
    /// subtracted from something, which a machine may do with the multiplication.
    pub const fn by(factor: i64, accumulates: bool, costs: Costs) -> Self {
        let bits = factor as u64;
        if bits.is_power_of_two() {
            return Self::Shift(bits.trailing_zeros());
        }
        let fused = accumulates && costs.multiply_add;
        let one_is_best = fused || costs.multiply_takes_constant;
        let negated = bits.wrapping_neg();
        if negated.is_power_of_two() && !fused {
            return Self::NegatedShift(negated.trailing_zeros());
        }
        let below = bits.wrapping_sub(1);
        if below.is_power_of_two() && below.trailing_zeros() <= costs.free_shift {
            return Self::AddShifted(below.trailing_zeros());
        }
        let above = bits.wrapping_add(1);
        if above.is_power_of_two() && !one_is_best {
            return Self::SubtractFromShifted(above.trailing_zeros());
        }
        let from_one = 1_u64.wrapping_sub(bits);
        if from_one.is_power_of_two() && costs.subtracts_shifted && !one_is_best {
            return Self::SubtractShifted(from_one.trailing_zeros());
        }
        Self::Multiply
    }
}

/// A signed division by multiplication: the quotient is the high half of (n · `multiplier`), plus n
/// if `adds_dividend`, shifted right by `shift`, minus the sign of n (−1 or 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedReciprocal {
    /// The scaled reciprocal, as a signed number.
    pub multiplier: i64,
    /// The scaled reciprocal is 2^63 or more, so that as a signed number it is 2^64 too small.
    pub adds_dividend: bool,
    /// 0 to 63.
    pub shift: u32,
}

impl SignedReciprocal {
    /// The reciprocal of a divisor from 2 to 2^63 − 1; `None` for others.
    pub const fn of(divisor: u64) -> Option<Self> {
        if divisor < 2 || divisor >= 1 << 63 {
            return None;
        }
        // The smallest p ≥ 64 with 2^p > largest · (divisor − 2^p mod divisor), where `largest` is
        // the largest dividend whose remainder is divisor − 1.
        let largest = (1 << 63) - 1 - (1 << 63) % divisor;
        let mut by_largest = ScaledPower::of_two_to_63(largest);
        let mut by_divisor = ScaledPower::of_two_to_63(divisor);
        let mut shift = 0;
        loop {
            by_largest.double();
            by_divisor.double();
            let missing = divisor - by_divisor.remainder;
            if by_largest.quotient > missing
                || by_largest.quotient == missing && by_largest.remainder > 0
            {
                let multiplier = by_divisor.quotient.wrapping_add(1) as i64;
                return Some(Self {
                    multiplier,
                    adds_dividend: multiplier < 0,
                    shift,
                });
            }
            shift += 1;
        }
    }
}

/// Quotient and remainder of a power of two by a number below 2^63.
struct ScaledPower {
    divisor: u64,
    quotient: u64,
    remainder: u64,
}

impl ScaledPower {
    const fn of_two_to_63(divisor: u64) -> Self {
        Self {
            divisor,
            quotient: (1 << 63) / divisor,
            remainder: (1 << 63) % divisor,
        }
    }

    /// Goes to the next power. The quotient is taken modulo 2^64.
    const fn double(&mut self) {
        self.quotient = self.quotient.wrapping_mul(2);
        self.remainder *= 2;
        if self.remainder >= self.divisor {
            self.quotient = self.quotient.wrapping_add(1);
            self.remainder -= self.divisor;
        }
    }
}

/// An unsigned division by multiplication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsignedReciprocal {
    /// With q = high half of ((n >> `before`) · `multiplier`): q >> `after`.
    Short {
        /// The scaled reciprocal.
        multiplier: u64,
        /// Shift of the dividend.
        before: u32,
        /// Shift of the product's high half.
        after: u32,
    },
    /// The multiplier has 65 bits, the highest of which is not written down. With q = high half of
    /// (n · `multiplier`): (((n − q) >> 1) + q) >> `after`.
    Long {
        /// The scaled reciprocal without its highest bit.
        multiplier: u64,
        /// The last shift.
        after: u32,
    },
}

impl UnsignedReciprocal {
    /// The reciprocal of a divisor; `None` for 0 and powers of two.
    pub const fn of(divisor: u64) -> Option<Self> {
        if divisor == 0 || divisor.is_power_of_two() {
            return None;
        }
        let (multiplier, shift) = Self::rounded_up(divisor, 64);
        if multiplier >> 64 == 0 {
            return Some(Self::Short {
                multiplier: multiplier as u64,
                before: 0,
                after: shift,
            });
        }
        let zeros = divisor.trailing_zeros();
        if zeros > 0 {
            let (multiplier, shift) = Self::rounded_up(divisor >> zeros, 64 - zeros);
            return Some(Self::Short {
                multiplier: multiplier as u64,
                before: zeros,
                after: shift,
            });
        }
        Some(Self::Long {
            multiplier: multiplier as u64,
            after: shift - 1,
        })
    }

    /// The smallest m and s such that (n · m) >> (64 + s) is n / divisor for all n of so many bits;
    /// m may have one bit more.
    const fn rounded_up(divisor: u64, bits: u32) -> (u128, u32) {
        // 2^64 and more, times a divisor below 2^64, is at most 128 bits: s is at most 63, and
        // the dividend of the division, 2^(64 + s), has at most 128 bits.
        let divisor = divisor as u128;
        let mut shift = 0;
        loop {
            let power = 1_u128 << (64 + shift);
            let multiplier = power / divisor + 1;
            // m · divisor − 2^(64 + s), the error, must not exceed 2^(64 + s − bits).
            let error = divisor - power % divisor;
            if error <= 1_u128 << (64 + shift - bits) {
                return (multiplier, shift);
            }
            shift += 1;
            if shift == 64 {
                // ⌈log2 divisor⌉ always suffices; for the largest divisors that is 64:
                // m = ⌊2^128 / divisor⌋ + 1 = ⌊(2^128 − 1) / divisor⌋ + 1.
                return (u128::MAX / divisor + 1, 64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divisors() -> Vec<i64> {
        let mut divisors: Vec<i64> = (-4096..=4096).collect();
        for power in 0..64 {
            let power = 1_i64 << power;
            for near in -2..=2 {
                divisors.push(power.wrapping_add(near));
                divisors.push(power.wrapping_neg().wrapping_add(near));
            }
        }
        divisors.extend([i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1]);
        divisors.extend(noise(0x5eed, 2000));
        divisors
    }

    /// Numbers of all magnitudes, from a linear congruence.
    fn noise(seed: u64, count: usize) -> Vec<i64> {
        let mut state = seed;
        (0..count)
            .map(|index| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state ^ (state >> 29)) as i64 >> (index % 60)
            })
            .collect()
    }

    /// Dividends where rounding goes wrong first: multiples of the divisor and their neighbours.
    fn dividends(divisor: i64) -> Vec<i64> {
        let mut dividends = vec![
            0,
            1,
            -1,
            2,
            -2,
            i64::MIN,
            i64::MIN + 1,
            i64::MAX,
            i64::MAX - 1,
        ];
        let largest = (i64::MAX / divisor.wrapping_abs().max(1)).max(1);
        for factor in [1, 2, 3, largest, largest / 2, largest - 1] {
            for near in -2..=2 {
                let multiple = divisor.wrapping_mul(factor).wrapping_add(near);
                dividends.extend([multiple, multiple.wrapping_neg()]);
            }
        }
        // The same for unsigned ones.
        let largest = u64::MAX / (divisor as u64).max(1);
        for near in -2..=2 {
            dividends.push(
                (divisor as u64)
                    .wrapping_mul(largest)
                    .wrapping_add(near as u64) as i64,
            );
        }
        dividends.extend(noise(divisor as u64, 20));
        dividends
    }

    #[test]
    fn signed_reciprocals_divide_every_dividend_at_a_border() {
        for divisor in divisors() {
            let Some(reciprocal) = SignedReciprocal::of(divisor as u64) else {
                assert!(divisor < 2);
                continue;
            };
            for dividend in dividends(divisor) {
                let mut q = ((dividend as i128 * reciprocal.multiplier as i128) >> 64) as i64;
                if reciprocal.adds_dividend {
                    q = q.wrapping_add(dividend);
                }
                q = (q >> reciprocal.shift) - (dividend >> 63);
                assert_eq!(q, dividend / divisor, "{dividend} / {divisor}");
            }
        }
    }

    #[test]
    fn unsigned_reciprocals_divide_every_dividend_at_a_border() {
        let high = |a: u64, b: u64| ((a as u128 * b as u128) >> 64) as u64;
        for divisor in divisors() {
            let divisor = divisor as u64;
            let Some(reciprocal) = UnsignedReciprocal::of(divisor) else {
                assert!(divisor == 0 || divisor.is_power_of_two());
                continue;
            };
            for dividend in dividends(divisor as i64) {
                let dividend = dividend as u64;
                let quotient = match reciprocal {
                    UnsignedReciprocal::Short {
                        multiplier,
                        before,
                        after,
                    } => high(dividend >> before, multiplier) >> after,
                    UnsignedReciprocal::Long { multiplier, after } => {
                        let q = high(dividend, multiplier);
                        (((dividend - q) >> 1) + q) >> after
                    }
                };
                assert_eq!(quotient, dividend / divisor, "{dividend} / {divisor}");
            }
        }
    }

    #[test]
    fn every_way_to_multiply_gives_the_product() {
        for costs in [Costs::AARCH64, Costs::X86_64] {
            for factor in divisors() {
                for x in [0, 1, -1, 7, i64::MIN, i64::MAX, 0x1234_5678_9abc_def0] {
                    for accumulates in [false, true] {
                        let shifted = |n: u32| x << n;
                        let product = match Multiplication::by(factor, accumulates, costs) {
                            Multiplication::Shift(n) => shifted(n),
                            Multiplication::NegatedShift(n) => shifted(n).wrapping_neg(),
                            Multiplication::AddShifted(n) => x.wrapping_add(shifted(n)),
                            Multiplication::SubtractShifted(n) => x.wrapping_sub(shifted(n)),
                            Multiplication::SubtractFromShifted(n) => shifted(n).wrapping_sub(x),
                            Multiplication::Multiply => continue,
                        };
                        assert_eq!(product, x.wrapping_mul(factor), "{x} * {factor}");
                    }
                }
            }
        }
    }
}
