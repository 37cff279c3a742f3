//! Comparisons and selections.

use super::Simplifier;
use super::arithmetic::Offset;
use super::numbering::Definition;
use crate::ir::{Binary, Condition, Unary, Value};

impl Simplifier<'_> {
    /// A comparison of two values that are not both constants.
    pub(super) fn compare(&mut self, condition: Condition, a: Offset, b: Offset) -> Offset {
        let (condition, a, b) = if a.is_constant() {
            (condition.swapped(), b, a)
        } else {
            (condition, a, b)
        };
        if a == b {
            return Offset::constant(i64::from(condition.holds(0, 0)));
        }
        if b.is_constant()
            && let Some(result) = self.compare_with_border(condition, a, b.offset)
        {
            return result;
        }
        match condition {
            Condition::Equal | Condition::NotEqual => self.compare_equality(condition, a, b),
            _ => {
                let (a, b) = (self.make(a), self.make(b));
                Offset::base(self.binary_value(Binary::Compare(condition), a, b))
            }
        }
    }

    /// Comparisons with the smallest and largest numbers, which always or never hold, or are
    /// comparisons for equality.
    fn compare_with_border(
        &mut self,
        condition: Condition,
        a: Offset,
        border: i64,
    ) -> Option<Offset> {
        const LARGEST: i64 = u64::MAX as i64;
        let equality = match (condition, border) {
            (Condition::Less, i64::MIN)
            | (Condition::Greater, i64::MAX)
            | (Condition::Below, 0)
            | (Condition::Above, LARGEST) => return Some(Offset::constant(0)),
            (Condition::GreaterEqual, i64::MIN)
            | (Condition::LessEqual, i64::MAX)
            | (Condition::AboveEqual, 0)
            | (Condition::BelowEqual, LARGEST) => return Some(Offset::constant(1)),
            (Condition::BelowEqual, 0)
            | (Condition::LessEqual, i64::MIN)
            | (Condition::GreaterEqual, i64::MAX)
            | (Condition::AboveEqual, LARGEST) => (Condition::Equal, border),
            (Condition::Above, 0)
            | (Condition::Greater, i64::MIN)
            | (Condition::Less, i64::MAX)
            | (Condition::Below, LARGEST) => (Condition::NotEqual, border),
            (Condition::Below, 1) => (Condition::Equal, 0),
            (Condition::AboveEqual, 1) => (Condition::NotEqual, 0),
            _ => return None,
        };
        Some(self.compare_equality(equality.0, a, Offset::constant(equality.1)))
    }

    /// `eq` and `ne`. What is on both sides goes; a comparison of a comparison is one.
    fn compare_equality(&mut self, condition: Condition, a: Offset, b: Offset) -> Offset {
        let operator = Binary::Compare(condition);
        let (Some(x), Some(y)) = (a.base_value(), b.base_value()) else {
            let Some(x) = a.base_value() else {
                return Offset::constant(operator.evaluate(a.offset, b.offset));
            };
            return self.compare_with_constant(condition, x, b.offset.wrapping_sub(a.offset));
        };
        let (left, right) = (self.peeled(a), self.peeled(b));
        if left.base_value() == right.base_value() {
            return Offset::constant(operator.evaluate(left.offset, right.offset));
        }
        let (x, y) = if a.offset == b.offset {
            (x, y)
        } else {
            (self.make(a), self.make(b))
        };
        Offset::base(self.binary_value(operator, x, y))
    }

    /// A value whose offset has been added, as base and offset again.
    fn peeled(&self, value: Offset) -> Offset {
        if let Some(base) = value.base_value()
            && let Definition::Binary(Binary::Add, x, c) = self.definition(base)
            && let Some(c) = self.constant_of(c)
        {
            return Offset::base(x).with_offset(c.wrapping_add(value.offset));
        }
        value
    }

    /// `eq` or `ne` of a value that is no constant with one.
    fn compare_with_constant(
        &mut self,
        condition: Condition,
        mut x: Value,
        mut constant: i64,
    ) -> Offset {
        let is_equal = condition == Condition::Equal;
        match self.definition(x) {
            Definition::Binary(Binary::Compare(inner), a, b) => {
                let value = match constant {
                    0 if is_equal => self.binary_value(Binary::Compare(inner.negated()), a, b),
                    1 if !is_equal => self.binary_value(Binary::Compare(inner.negated()), a, b),
                    0 | 1 => x,
                    _ => return Offset::constant(i64::from(!is_equal)),
                };
                return Offset::base(value);
            }
            Definition::Binary(Binary::Subtract | Binary::Xor, a, b) if constant == 0 => {
                if let Some((n, mask)) = self.remainder_source(a, b) {
                    return self.compare_low_bits(condition, n, mask);
                }
                let (a, b) = (self.known_value(a), self.known_value(b));
                return self.compare(condition, a, b);
            }
            Definition::Binary(Binary::Add, a, b) => {
                if let Some(b) = self.constant_of(b) {
                    (x, constant) = (a, constant.wrapping_sub(b));
                }
            }
            Definition::Unary(Unary::Negate, a) => (x, constant) = (a, constant.wrapping_neg()),
            _ => {}
        }
        let constant = self.constant(constant);
        Offset::base(self.binary_value(Binary::Compare(condition), x, constant))
    }

    /// Whether a new value is 0 or 1.
    fn is_truth_value(&self, value: Value) -> bool {
        match self.definition(value) {
            Definition::Binary(Binary::Compare(_), ..) => true,
            Definition::Binary(Binary::And, _, mask) => self.constant_of(mask) == Some(1),
            _ => false,
        }
    }

    /// `sel condition, a, b`
    pub(super) fn select(&mut self, condition: Offset, a: Offset, b: Offset) -> Offset {
        if a == b {
            return a;
        }
        let condition = self.truth(condition);
        if let Some(truth) = self.decided_truth(condition) {
            return if truth { a } else { b };
        }
        let condition = self.make(condition);
        if let Definition::Binary(Binary::Compare(Condition::Equal), x, zero) =
            self.definition(condition)
            && self.constant_of(zero) == Some(0)
        {
            return self.select(Offset::base(x), b, a);
        }
        if a.is_constant() && b.is_constant() {
            let zero = Offset::constant(0);
            match (a.offset, b.offset) {
                (1, 0) if self.is_truth_value(condition) => return Offset::base(condition),
                (1, 0) => {
                    return self.compare_equality(
                        Condition::NotEqual,
                        Offset::base(condition),
                        zero,
                    );
                }
                (0, 1) => {
                    return self.compare_equality(Condition::Equal, Offset::base(condition), zero);
                }
                _ => {}
            }
        }
        let (a, b) = (self.make(a), self.make(b));
        Offset::base(self.select_value(condition, a, b))
    }
}
