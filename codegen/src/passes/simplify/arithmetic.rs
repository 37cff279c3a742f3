//! Sums, differences and products of values with offsets.

use super::Simplifier;
use super::numbering::Definition;
use crate::ir::{Binary, Unary, Value};
use crate::passes::strength::Multiplication;

/// A value as `base + offset`: the addition has been put off. Without a base it is a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    base: Option<Value>,
    /// The constant, or what is to be added. With a base [`is_immediate`] holds for it.
    pub(super) offset: i64,
}

impl Offset {
    pub(super) const fn constant(value: i64) -> Self {
        Self {
            base: None,
            offset: value,
        }
    }

    pub(super) const fn base(base: Value) -> Self {
        Self {
            base: Some(base),
            offset: 0,
        }
    }

    pub(super) const fn is_constant(self) -> bool {
        self.base.is_none()
    }

    /// The base, of what is not a constant.
    pub(super) const fn base_value(self) -> Option<Value> {
        self.base
    }

    /// The same base with another offset.
    pub(super) const fn with_offset(self, offset: i64) -> Self {
        Self {
            base: self.base,
            offset,
        }
    }
}

/// Whether one addition or subtraction of an immediate makes this up, on AArch64: 12 bits, or 12
/// bits shifted by 12.
const fn is_immediate(offset: i64) -> bool {
    let size = offset.unsigned_abs();
    size < 1 << 12 || size < 1 << 24 && size.trailing_zeros() >= 12
}

impl Simplifier<'_> {
    /// The value itself, with its offset added.
    pub(super) fn make(&mut self, value: Offset) -> Value {
        match value.base {
            None => self.constant(value.offset),
            Some(base) if value.offset == 0 => base,
            Some(base) => {
                let offset = self.constant(value.offset);
                self.binary_value(Binary::Add, base, offset)
            }
        }
    }

    /// The value with another offset on top; added at once if it gets too large to be carried.
    fn carry(&mut self, value: Offset, more: i64) -> Offset {
        let sum = value.with_offset(value.offset.wrapping_add(more));
        if sum.is_constant() || is_immediate(sum.offset) {
            return sum;
        }
        if is_immediate(more) {
            let made = self.make(value);
            return Offset::base(made).with_offset(more);
        }
        let made = self.make(sum);
        Offset::base(made)
    }

    /// a + b
    pub(super) fn sum(&mut self, a: Offset, b: Offset) -> Offset {
        let (Some(x), Some(y)) = (a.base, b.base) else {
            return if a.is_constant() {
                self.carry(b, a.offset)
            } else {
                self.carry(a, b.offset)
            };
        };
        let base = self.sum_of_bases(x, y);
        let base = self.carry(base, a.offset);
        self.carry(base, b.offset)
    }

    /// a − b
    pub(super) fn difference(&mut self, a: Offset, b: Offset) -> Offset {
        let base = match (a.base, b.base) {
            (_, None) => return self.carry(a, b.offset.wrapping_neg()),
            (None, Some(_)) => {
                let negative = self.negated(b);
                return self.carry(negative, a.offset);
            }
            (Some(x), Some(y)) => self.difference_of_bases(x, y),
        };
        let base = self.carry(base, a.offset);
        self.carry(base, b.offset.wrapping_neg())
    }

    /// constant − b, for a value that is needed at once.
    pub(super) fn difference_from_constant(&mut self, constant: i64, b: Offset) -> Offset {
        let rest = constant.wrapping_sub(b.offset);
        match b.base {
            Some(base) if rest != 0 => {
                let rest = self.constant(rest);
                Offset::base(self.binary_value(Binary::Subtract, rest, base))
            }
            _ => self.difference(Offset::constant(constant), b),
        }
    }

    /// 0 − a
    pub(super) fn negated(&mut self, a: Offset) -> Offset {
        match a.base {
            None => Offset::constant(a.offset.wrapping_neg()),
            Some(base) => {
                let negative = self.negated_base(base);
                self.carry(negative, a.offset.wrapping_neg())
            }
        }
    }

    fn negated_base(&mut self, x: Value) -> Offset {
        match self.definition(x) {
            Definition::Unary(Unary::Negate, y) => Offset::base(y),
            Definition::Binary(Binary::Subtract, y, z) if self.constant_of(y).is_none() => {
                Offset::base(self.binary_value(Binary::Subtract, z, y))
            }
            _ => Offset::base(self.unary_value(Unary::Negate, x)),
        }
    }

    fn sum_of_bases(&mut self, x: Value, y: Value) -> Offset {
        if x == y {
            return self.scaled_base(x, 2, false);
        }
        match (self.definition(x), self.definition(y)) {
            (_, Definition::Unary(Unary::Negate, z)) => return self.difference_of_bases(x, z),
            (Definition::Unary(Unary::Negate, z), _) => return self.difference_of_bases(y, z),
            // x + (z − x)
            (_, Definition::Binary(Binary::Subtract, z, s)) if s == x => return Offset::base(z),
            (Definition::Binary(Binary::Subtract, z, s), _) if s == y => return Offset::base(z),
            _ => {}
        }
        Offset::base(self.binary_value(Binary::Add, x, y))
    }

    fn difference_of_bases(&mut self, x: Value, y: Value) -> Offset {
        if x == y {
            return Offset::constant(0);
        }
        match self.definition(x) {
            // (y + z) − y
            Definition::Binary(Binary::Add, s, z) if s == y => return self.known_value(z),
            Definition::Binary(Binary::Add, z, s) if s == y => return self.known_value(z),
            // (y − z) − y
            Definition::Binary(Binary::Subtract, s, z) if s == y => return self.negated_base(z),
            _ => {}
        }
        match self.definition(y) {
            Definition::Unary(Unary::Negate, z) => return self.sum_of_bases(x, z),
            // x − (x + z)
            Definition::Binary(Binary::Add, s, z) if s == x => {
                let z = self.known_value(z);
                return self.negated(z);
            }
            Definition::Binary(Binary::Add, z, s) if s == x => {
                let z = self.known_value(z);
                return self.negated(z);
            }
            // x − (x − z)
            Definition::Binary(Binary::Subtract, s, z) if s == x => return self.known_value(z),
            _ => {}
        }
        Offset::base(self.binary_value(Binary::Subtract, x, y))
    }

    /// A new value as base, or as the constant that it is.
    pub(super) fn known_value(&self, value: Value) -> Offset {
        self.constant_of(value)
            .map_or(Offset::base(value), Offset::constant)
    }

    /// a · b. `accumulates`: the product will only be added to something or subtracted.
    pub(super) fn product(&mut self, a: Offset, b: Offset, accumulates: bool) -> Offset {
        if b.is_constant() {
            return self.scaled(a, b.offset, accumulates);
        }
        if a.is_constant() {
            return self.scaled(b, a.offset, accumulates);
        }
        let (a, b) = (self.make(a), self.make(b));
        Offset::base(self.binary_value(Binary::Multiply, a, b))
    }

    /// a · factor: (x + c) · factor is x · factor, and c · factor carried, if that is small enough.
    pub(super) fn scaled(&mut self, a: Offset, factor: i64, accumulates: bool) -> Offset {
        let offset = a.offset.wrapping_mul(factor);
        let Some(base) = a.base else {
            return Offset::constant(offset);
        };
        if is_immediate(offset) {
            let product = self.scaled_base(base, factor, accumulates);
            self.carry(product, offset)
        } else {
            let made = self.make(a);
            self.scaled_base(made, factor, accumulates)
        }
    }

    fn scaled_base(&mut self, x: Value, factor: i64, accumulates: bool) -> Offset {
        match factor {
            0 => return Offset::constant(0),
            1 => return Offset::base(x),
            -1 => return self.negated_base(x),
            _ => {}
        }
        if let Some((x, factor)) = self.joined_factors(x, factor) {
            return self.scaled_by(x, factor, accumulates);
        }
        self.scaled_by(x, factor, accumulates)
    }

    /// (y · c) · factor and (y << c) · factor as y · (c · factor), if that doesn't take a larger
    /// constant.
    fn joined_factors(&self, x: Value, factor: i64) -> Option<(Value, i64)> {
        const LARGEST: u64 = 1 << 16;
        let (y, joined) = match self.definition(x) {
            Definition::Binary(Binary::Multiply, y, c) => {
                (y, self.constant_of(c)?.wrapping_mul(factor))
            }
            Definition::Binary(Binary::ShiftLeft, y, c) => {
                let power = 1_i64.wrapping_shl(self.constant_of(c)? as u32);
                if !(factor as u64).is_power_of_two() {
                    return None;
                }
                let joined = power.wrapping_mul(factor);
                return Some((y, joined));
            }
            _ => return None,
        };
        (joined.unsigned_abs() < LARGEST).then_some((y, joined))
    }

    /// x · factor by the cheapest means.
    fn scaled_by(&mut self, x: Value, factor: i64, accumulates: bool) -> Offset {
        if factor == 0 {
            return Offset::constant(0);
        }
        let shifted = |this: &mut Self, amount: u32| {
            let amount = this.constant(i64::from(amount));
            this.binary_value(Binary::ShiftLeft, x, amount)
        };
        let product = match Multiplication::by(factor, accumulates, self.costs) {
            Multiplication::Shift(0) => x,
            Multiplication::Shift(amount) => shifted(self, amount),
            Multiplication::NegatedShift(amount) => {
                let shifted = shifted(self, amount);
                self.unary_value(Unary::Negate, shifted)
            }
            Multiplication::AddShifted(amount) => {
                let shifted = shifted(self, amount);
                self.binary_value(Binary::Add, x, shifted)
            }
            Multiplication::SubtractShifted(amount) => {
                let shifted = shifted(self, amount);
                self.binary_value(Binary::Subtract, x, shifted)
            }
            Multiplication::SubtractFromShifted(amount) => {
                let shifted = shifted(self, amount);
                self.binary_value(Binary::Subtract, shifted, x)
            }
            Multiplication::Multiply => {
                let factor = self.constant(factor);
                self.binary_value(Binary::Multiply, x, factor)
            }
        };
        Offset::base(product)
    }

    /// The high half of a product.
    pub(super) fn high_product(&mut self, operator: Binary, a: Offset, b: Offset) -> Offset {
        for (factor, other) in [(a, b), (b, a)] {
            match (factor.is_constant(), factor.offset) {
                (true, 0) => return Offset::constant(0),
                // The sign, or nothing.
                (true, 1) if operator == Binary::MultiplyHighSigned => {
                    return self.shift(Binary::ShiftRightSigned, other, Offset::constant(63));
                }
                (true, 1) => return Offset::constant(0),
                _ => {}
            }
        }
        let (a, b) = (self.make(a), self.make(b));
        Offset::base(self.binary_value(operator, a, b))
    }

    /// A product of 128 bits, of which perhaps only one half is needed.
    pub(super) fn wide_multiply(&mut self, low: Value, high: Value, a: Value, b: Value) {
        let (needs_low, needs_high) = (self.uses.is_live(low), self.uses.is_live(high));
        let (x, y) = (self.offset(a), self.offset(b));
        let is_simple = x.is_constant() && y.is_constant();
        if needs_low && needs_high && !is_simple {
            let (a, b) = (self.value(a), self.value(b));
            let (low, high) = (self.opaque(low), self.opaque(high));
            self.push(crate::ir::Op::WideMultiply { low, high, a, b });
            return;
        }
        if needs_low {
            let product = self.binary(Binary::Multiply, low, x, y);
            self.is(low, product);
        }
        if needs_high {
            let product = self.binary(Binary::MultiplyHighUnsigned, high, x, y);
            self.is(high, product);
        }
    }
}
