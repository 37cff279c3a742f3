//! Divisions: by constants without dividing, by others without a needless exit.

use super::Simplifier;
use super::arithmetic::Offset;
use super::numbering::Definition;
use crate::ir::{Binary, Condition, Division, ExitId, List, Op, Value};
use crate::passes::strength::{SignedReciprocal, UnsignedReciprocal};

impl Simplifier<'_> {
    /// A division of two old values.
    pub(super) fn divide(
        &mut self,
        operator: Division,
        a: Value,
        b: Value,
        exit: Option<ExitId>,
    ) -> Offset {
        let (dividend, divisor) = (self.offset(a), self.offset(b));
        if divisor.is_constant() && divisor.offset != 0 {
            if dividend.is_constant()
                && let Some(quotient) = operator.evaluate(dividend.offset, divisor.offset)
            {
                return Offset::constant(quotient);
            }
            return self.divide_by_constant(operator, dividend, divisor.offset);
        }
        let (a, b) = (self.value(a), self.value(b));
        let exit = match exit {
            Some(exit) if !divisor.is_constant() && self.decided(b) != Some(true) => exit,
            Some(exit) if divisor.is_constant() => exit,
            _ => return Offset::base(self.division_value(operator, a, b)),
        };
        let exit = self.exit(exit);
        let key = self.numbering.key(a, b);
        let definition = Definition::Divide(operator, a, b);
        let dest = self.numbering.add_computed(self.here, definition, key);
        self.push(Op::Divide {
            operator,
            dest,
            a,
            b,
            exit: Some(exit),
        });
        if !divisor.is_constant() {
            self.learn(b, true);
        }
        Offset::base(dest)
    }

    /// A division by a constant other than 0.
    fn divide_by_constant(&mut self, operator: Division, a: Offset, divisor: i64) -> Offset {
        let n = self.make(a);
        let by_multiplication = self.costs.divide_by_multiplication;
        let quotient = match operator {
            Division::Signed | Division::SignedRemainder => match divisor.unsigned_abs() {
                1 => Some(Offset::base(n)),
                size if size.is_power_of_two() && !self.costs.divides_at_once => {
                    let power = size.trailing_zeros();
                    if operator == Division::SignedRemainder {
                        return self.remainder_by_power(n, power);
                    }
                    Some(self.quotient_by_power(n, power))
                }
                size if by_multiplication => {
                    SignedReciprocal::of(size).map(|by| self.signed_quotient(n, by))
                }
                _ => None,
            },
            Division::Unsigned | Division::UnsignedRemainder => {
                self.unsigned_quotient(n, divisor as u64)
            }
        };
        let Some(quotient) = quotient else {
            let divisor = self.constant(divisor);
            return Offset::base(self.division_value(operator, n, divisor));
        };
        match operator {
            Division::Signed if divisor < 0 => self.negated(quotient),
            Division::Signed | Division::Unsigned => quotient,
            Division::SignedRemainder => {
                let multiple = self.scaled(quotient, divisor.wrapping_abs(), true);
                self.difference(Offset::base(n), multiple)
            }
            Division::UnsignedRemainder => {
                let multiple = self.scaled(quotient, divisor, true);
                self.difference(Offset::base(n), multiple)
            }
        }
    }

    /// n / 2^power, rounded toward zero:
    ///
    /// ```text
    /// sar  @sign, n, 63
    /// shr  @bias, sign, 64 - power      2^power − 1 if n is negative
    /// add  @sum, n, bias
    /// sar  @quotient, sum, power
    /// ```
    fn quotient_by_power(&mut self, n: Value, power: u32) -> Offset {
        let (_, sum) = self.biased(n, power);
        self.shift_by(Binary::ShiftRightSigned, sum, power)
    }

    /// n % 2^power, with the sign of n: the low bits of the biased number, less the bias.
    fn remainder_by_power(&mut self, n: Value, power: u32) -> Offset {
        let (bias, sum) = self.biased(n, power);
        let mask = (1_i64 << power).wrapping_sub(1);
        let low = self.logical(Binary::And, sum, Offset::constant(mask));
        self.difference(low, bias)
    }

    /// 2^power − 1 if n is negative, else 0; and n plus that.
    fn biased(&mut self, n: Value, power: u32) -> (Offset, Offset) {
        let n = Offset::base(n);
        let bias = if power == 1 {
            self.shift_by(Binary::ShiftRight, n, 63)
        } else {
            let sign = self.shift_by(Binary::ShiftRightSigned, n, 63);
            self.shift_by(Binary::ShiftRight, sign, 64 - power)
        };
        (bias, self.sum(n, bias))
    }

    /// n / divisor by its reciprocal, for a positive divisor.
    ///
    /// ```text
    /// mulhs @high, n, multiplier
    /// sar   @q, high, shift
    /// sar   @sign, n, 63
    /// sub   @quotient, q, sign
    /// ```
    fn signed_quotient(&mut self, n: Value, by: SignedReciprocal) -> Offset {
        let n = Offset::base(n);
        let multiplier = Offset::constant(by.multiplier);
        let mut high = self.high_product(Binary::MultiplyHighSigned, n, multiplier);
        if by.adds_dividend {
            high = self.sum(high, n);
        }
        let q = self.shift_by(Binary::ShiftRightSigned, high, by.shift);
        let sign = self.shift_by(Binary::ShiftRightSigned, n, 63);
        self.difference(q, sign)
    }

    /// n / divisor, unsigned; `None` if a division is best.
    fn unsigned_quotient(&mut self, n: Value, divisor: u64) -> Option<Offset> {
        let n = Offset::base(n);
        if divisor.is_power_of_two() {
            return Some(self.shift_by(Binary::ShiftRight, n, divisor.trailing_zeros()));
        }
        if !self.costs.divide_by_multiplication {
            return None;
        }
        let high = |this: &mut Self, n, multiplier: u64| {
            let multiplier = Offset::constant(multiplier as i64);
            this.high_product(Binary::MultiplyHighUnsigned, n, multiplier)
        };
        Some(match UnsignedReciprocal::of(divisor)? {
            UnsignedReciprocal::Short {
                multiplier,
                before,
                after,
            } => {
                let n = self.shift_by(Binary::ShiftRight, n, before);
                let q = high(self, n, multiplier);
                self.shift_by(Binary::ShiftRight, q, after)
            }
            UnsignedReciprocal::Long { multiplier, after } => {
                // The carry of n + q: their mean is (n − q) / 2 + q.
                let q = high(self, n, multiplier);
                let rest = self.difference(n, q);
                let half = self.shift_by(Binary::ShiftRight, rest, 1);
                let mean = self.sum(half, q);
                self.shift_by(Binary::ShiftRight, mean, after)
            }
        })
    }

    fn shift_by(&mut self, operator: Binary, a: Offset, amount: u32) -> Offset {
        if a.is_constant() {
            return Offset::constant(operator.evaluate(a.offset, i64::from(amount)));
        }
        self.shift(operator, a, Offset::constant(i64::from(amount)))
    }

    /// `eq (mod n, 2^k), 0` asks for the low bits of n only: finds n and 2^k − 1 in what
    /// [`Self::remainder_by_power`] made.
    pub(super) fn remainder_source(&self, low: Value, bias: Value) -> Option<(Value, i64)> {
        let Definition::Binary(Binary::And, sum, mask) = self.definition(low) else {
            return None;
        };
        let Definition::Binary(Binary::Add, a, b) = self.definition(sum) else {
            return None;
        };
        let n = match bias {
            _ if a == bias => b,
            _ if b == bias => a,
            _ => return None,
        };
        let mask = self.constant_of(mask)?;
        // The bias is 0 or the mask, so it is 0 or −1 modulo 2^k, and n is a multiple of 2^k
        // exactly if …
        let is_bias = match self.definition(bias) {
            Definition::Binary(Binary::ShiftRight, sign, amount) => {
                let amount = self.constant_of(amount)?;
                let from = if amount == 63 {
                    sign
                } else if let Definition::Binary(Binary::ShiftRightSigned, from, all) =
                    self.definition(sign)
                    && self.constant_of(all) == Some(63)
                {
                    from
                } else {
                    return None;
                };
                from == n && mask == (u64::MAX >> amount) as i64
            }
            _ => false,
        };
        is_bias.then_some((n, mask))
    }

    /// A division of 128 bits. If the upper half of the dividend is 0, ordinary ones do.
    pub(super) fn wide_divide(&mut self, results: List, operands: List, exit: Option<ExitId>) {
        let old = self.old;
        let needed = exit.is_some() || old.list(results).any(|value| self.uses.is_live(value));
        if !needed {
            return;
        }
        let mut values = old.list(operands);
        let (Some(low), Some(high), Some(divisor)) = (values.next(), values.next(), values.next())
        else {
            return;
        };
        if self.offset(high) == Offset::constant(0) {
            let mut dests = old.list(results);
            let (Some(quotient), Some(upper), Some(remainder)) =
                (dests.next(), dests.next(), dests.next())
            else {
                return;
            };
            let result = self.divide(Division::Unsigned, low, divisor, exit);
            self.is(quotient, result);
            self.is(upper, Offset::constant(0));
            if self.uses.is_live(remainder) {
                let result = self.divide(Division::UnsignedRemainder, low, divisor, exit);
                self.is(remainder, result);
            }
            return;
        }
        let operands = self.list(operands);
        let known_divisor = self.offset(divisor);
        let is_safe = if known_divisor.is_constant() {
            known_divisor.offset != 0
        } else {
            let divisor = self.make(known_divisor);
            self.decided(divisor) == Some(true)
        };
        let exit = if is_safe { None } else { exit };
        let exit = exit.map(|exit| self.exit(exit));
        let mut made = std::mem::take(&mut self.scratch);
        made.clear();
        made.extend(old.list(results).map(|value| self.opaque(value)));
        let results = self.new.make_list(&made);
        self.scratch = made;
        self.push(Op::WideDivide {
            results,
            operands,
            exit,
        });
    }

    /// Whether n is a multiple of 2^k: `eq` or `ne` of its low bits with 0.
    pub(super) fn compare_low_bits(&mut self, condition: Condition, n: Value, mask: i64) -> Offset {
        let low = self.logical(Binary::And, Offset::base(n), Offset::constant(mask));
        self.compare(condition, low, Offset::constant(0))
    }
}
