//! Comparisons, and what depends on them: branches, guards, selections, truth values.

use super::super::immediate;
use super::super::instruction::{Cond, Instruction, Label, Select, Shift, ZR};
use super::Selector;
use crate::ir::{Binary, Condition, Op, Unary, Value};
use crate::machine::Register;

/// A condition that a branch can test.
#[derive(Debug, Clone, Copy)]
pub(super) enum Test {
    /// The flags, which have been set.
    Flags(Cond),
    /// The register is 0.
    Zero(Register),
    /// The register is not 0.
    NotZero(Register),
    /// The bit of the register is 0.
    Clear(Register, u8),
    /// The bit of the register is 1.
    Set(Register, u8),
}

impl Test {
    /// The branch that is taken if the condition holds.
    pub(super) const fn branch(self, label: Label) -> Instruction {
        match self {
            Self::Flags(cond) => Instruction::BCond { cond, label },
            Self::Zero(rt) => Instruction::Cbz { rt, label },
            Self::NotZero(rt) => Instruction::Cbnz { rt, label },
            Self::Clear(rt, bit) => Instruction::Tbz { rt, bit, label },
            Self::Set(rt, bit) => Instruction::Tbnz { rt, bit, label },
        }
    }
}

/// The right side of a comparison.
#[derive(Debug, Clone, Copy)]
enum Right {
    Constant(i64, Option<Value>),
    Value(Value),
}

/// A comparison to be made; constants stand on the right.
#[derive(Debug, Clone, Copy)]
struct Comparison {
    condition: Condition,
    a: Value,
    b: Right,
}

impl Selector<'_> {
    /// What a branch tests for a value not to be 0.
    pub(super) fn test(&mut self, value: Value) -> Test {
        let comparison = self.comparison(value);
        match self.short_test(&comparison) {
            Some(test) => test,
            None => Test::Flags(self.compare(&comparison)),
        }
    }

    /// `rd` becomes 1 or 0: a comparison whose result is needed as a number.
    pub(super) fn set(&mut self, rd: Register, condition: Condition, a: Value, b: Value) {
        let comparison = self.ordered(condition, a, b);
        let cond = self.compare(&comparison);
        self.emit_select(Select::Csinc, rd, ZR, ZR, cond.negated());
    }

    /// `rd = a + (condition)`, if that is what the second operand is:
    /// `cmp …; csinc rd, a, a, not cond`.
    pub(super) fn add_condition(&mut self, rd: Register, a: Value, truth: Value) -> bool {
        let Some(&Op::Binary {
            operator: Binary::Compare(condition),
            a: x,
            b: y,
            ..
        }) = self.foldable(truth)
        else {
            return false;
        };
        let comparison = self.ordered(condition, x, y);
        let rn = self.register(a);
        let cond = self.compare(&comparison);
        self.emit_select(Select::Csinc, rd, rn, rn, cond.negated());
        true
    }

    /// `sel`: the arm for a condition that doesn't hold may be incremented, inverted or negated.
    pub(super) fn select(&mut self, dest: Value, condition: Value, a: Value, b: Value) {
        let rd = self.own_register(dest);
        let comparison = self.comparison(condition);
        let cond = self.compare(&comparison);
        if let Some((op, rm)) = self.changed_arm(b) {
            let rn = self.register_or_zero(a);
            return self.emit_select(op, rd, rn, rm, cond);
        }
        if let Some((op, rm)) = self.changed_arm(a) {
            let rn = self.register_or_zero(b);
            return self.emit_select(op, rd, rn, rm, cond.negated());
        }
        let (rn, rm) = (self.register_or_zero(a), self.register_or_zero(b));
        self.emit_select(Select::Csel, rd, rn, rm, cond);
    }

    /// An arm that is another value plus 1, inverted or negated: how, and that value.
    fn changed_arm(&mut self, arm: Value) -> Option<(Select, Register)> {
        match self.constant(arm) {
            Some(1) => return Some((Select::Csinc, ZR)),
            Some(-1) => return Some((Select::Csinv, ZR)),
            Some(_) => return None,
            None => {}
        }
        let (op, x) = match *self.foldable(arm)? {
            Op::Binary {
                operator: Binary::Add,
                a,
                b,
                ..
            } if self.constant(b) == Some(1) => (Select::Csinc, a),
            Op::Unary {
                operator: Unary::Not,
                a,
                ..
            } => (Select::Csinv, a),
            Op::Unary {
                operator: Unary::Negate,
                a,
                ..
            } => (Select::Csneg, a),
            _ => return None,
        };
        Some((op, self.register(x)))
    }

    /// The comparison that a condition is: that of the value with 0, unless a comparison itself can
    /// be taken in, through any number of comparisons with 0 around it.
    fn comparison(&self, value: Value) -> Comparison {
        let mut comparison = Comparison {
            condition: Condition::NotEqual,
            a: value,
            b: Right::Constant(0, None),
        };
        while let Comparison {
            condition: outer @ (Condition::Equal | Condition::NotEqual),
            a: value,
            b: Right::Constant(0, _),
        } = comparison
            && let Some(&Op::Binary {
                operator: Binary::Compare(condition),
                a,
                b,
                ..
            }) = self.foldable(value)
        {
            let holds = outer == Condition::NotEqual;
            let condition = if holds {
                condition
            } else {
                condition.negated()
            };
            comparison = self.ordered(condition, a, b);
        }
        comparison
    }

    /// A comparison with a constant on the right, if there is one.
    fn ordered(&self, condition: Condition, a: Value, b: Value) -> Comparison {
        let (condition, a, b) = match (self.constant(a), self.constant(b)) {
            (_, Some(constant)) => (condition, a, Right::Constant(constant, Some(b))),
            (Some(constant), None) => (condition.swapped(), b, Right::Constant(constant, Some(a))),
            (None, None) => (condition, a, Right::Value(b)),
        };
        let condition = match (condition, b) {
            (Condition::Above, Right::Constant(0, _)) => Condition::NotEqual,
            (Condition::BelowEqual, Right::Constant(0, _)) => Condition::Equal,
            _ => condition,
        };
        Comparison { condition, a, b }
    }

    /// A branch that needs no flags: on 0, on the sign, on a bit.
    fn short_test(&mut self, comparison: &Comparison) -> Option<Test> {
        let Comparison {
            condition,
            a,
            b: Right::Constant(0, _),
        } = *comparison
        else {
            return None;
        };
        match condition {
            Condition::Less => Some(Test::Set(self.register(a), 63)),
            Condition::GreaterEqual => Some(Test::Clear(self.register(a), 63)),
            Condition::Equal | Condition::NotEqual => {
                let is_equal = condition == Condition::Equal;
                if let Some((x, y)) = self.masked(a) {
                    let (x, bit) = self.single_bit(x, y)?;
                    let register = self.register(x);
                    return Some(if is_equal {
                        Test::Clear(register, bit)
                    } else {
                        Test::Set(register, bit)
                    });
                }
                let register = self.register(a);
                Some(if is_equal {
                    Test::Zero(register)
                } else {
                    Test::NotZero(register)
                })
            }
            _ => None,
        }
    }

    /// The operands of an `and` that can be a part of the comparison.
    fn masked(&self, value: Value) -> Option<(Value, Value)> {
        match self.foldable(value) {
            Some(&Op::Binary {
                operator: Binary::And,
                a,
                b,
                ..
            }) => Some((a, b)),
            _ => None,
        }
    }

    /// One of two values, and the bit that the other, a constant, has.
    fn single_bit(&self, a: Value, b: Value) -> Option<(Value, u8)> {
        [(a, b), (b, a)].into_iter().find_map(|(x, y)| {
            let mask = self.constant(y)?;
            (mask.count_ones() == 1).then_some((x, mask.trailing_zeros() as u8))
        })
    }

    /// Sets the flags, and says which condition to look for.
    fn compare(&mut self, comparison: &Comparison) -> Cond {
        let Comparison { condition, a, b } = *comparison;
        match b {
            Right::Constant(constant, value) => {
                self.compare_constant(condition, a, constant, value)
            }
            Right::Value(b) => self.compare_values(condition, a, b),
        }
    }

    fn compare_values(&mut self, condition: Condition, a: Value, b: Value) -> Cond {
        if let Some(shifted) = self.shifted(b) {
            let rn = self.register(a);
            self.builder.emit(Instruction::Cmp {
                rn,
                rm: shifted.register,
                shift: shifted.shift,
                amount: shifted.amount,
            });
            return flags(condition);
        }
        if let Some(shifted) = self.shifted(a) {
            let rn = self.register(b);
            self.builder.emit(Instruction::Cmp {
                rn,
                rm: shifted.register,
                shift: shifted.shift,
                amount: shifted.amount,
            });
            return flags(condition.swapped());
        }
        let (rn, rm) = (self.register(a), self.register(b));
        let (shift, amount) = (Shift::Lsl, 0);
        self.builder.emit(Instruction::Cmp {
            rn,
            rm,
            shift,
            amount,
        });
        flags(condition)
    }

    fn compare_constant(
        &mut self,
        condition: Condition,
        a: Value,
        constant: i64,
        value: Option<Value>,
    ) -> Cond {
        if constant == 0
            && !is_unsigned(condition)
            && let Some((x, y)) = self.masked(a)
        {
            self.test_bits(x, y);
            return flags(condition);
        }
        let rn = self.register(a);
        for (condition, constant) in [Some((condition, constant)), neighbour(condition, constant)]
            .into_iter()
            .flatten()
        {
            let magnitude = constant.unsigned_abs();
            if immediate::arithmetic(magnitude).is_some() {
                let value = magnitude as u32;
                self.builder.emit(if constant < 0 {
                    Instruction::CmnImmediate { rn, value }
                } else {
                    Instruction::CmpImmediate { rn, value }
                });
                return flags(condition);
            }
        }
        // Without a value of its own the constant is 0, which is an immediate.
        let rm = value.map_or(ZR, |value| self.register(value));
        let (shift, amount) = (Shift::Lsl, 0);
        self.builder.emit(Instruction::Cmp {
            rn,
            rm,
            shift,
            amount,
        });
        flags(condition)
    }

    /// `tst a, b`
    fn test_bits(&mut self, a: Value, b: Value) {
        for (x, y) in [(a, b), (b, a)] {
            if let Some(constant) = self.constant(y)
                && immediate::logical(constant as u64).is_some()
            {
                let (rn, value) = (self.register(x), constant as u64);
                return self.builder.emit(Instruction::TstImmediate { rn, value });
            }
        }
        for (x, y) in [(a, b), (b, a)] {
            if let Some(shifted) = self.shifted(y) {
                let rn = self.register(x);
                return self.builder.emit(Instruction::Tst {
                    rn,
                    rm: shifted.register,
                    shift: shifted.shift,
                    amount: shifted.amount,
                });
            }
        }
        let (rn, rm) = (self.register(a), self.register(b));
        let (shift, amount) = (Shift::Lsl, 0);
        self.builder.emit(Instruction::Tst {
            rn,
            rm,
            shift,
            amount,
        });
    }

    fn emit_select(&mut self, op: Select, rd: Register, rn: Register, rm: Register, cond: Cond) {
        self.builder.emit(Instruction::Select {
            op,
            rd,
            rn,
            rm,
            cond,
        });
    }
}

/// The same comparison with a neighbouring constant: `a < 4097` is `a ≤ 4096`, which is an immediate.
const fn neighbour(condition: Condition, constant: i64) -> Option<(Condition, i64)> {
    let up = constant.checked_add(1);
    let down = constant.checked_sub(1);
    let unsigned_up = (constant as u64).checked_add(1);
    let unsigned_down = (constant as u64).checked_sub(1);
    match (condition, up, down, unsigned_up, unsigned_down) {
        (Condition::Less, _, Some(down), ..) => Some((Condition::LessEqual, down)),
        (Condition::GreaterEqual, _, Some(down), ..) => Some((Condition::Greater, down)),
        (Condition::LessEqual, Some(up), ..) => Some((Condition::Less, up)),
        (Condition::Greater, Some(up), ..) => Some((Condition::GreaterEqual, up)),
        (Condition::Below, .., Some(down)) => Some((Condition::BelowEqual, down as i64)),
        (Condition::AboveEqual, .., Some(down)) => Some((Condition::Above, down as i64)),
        (Condition::BelowEqual, .., Some(up), _) => Some((Condition::Below, up as i64)),
        (Condition::Above, .., Some(up), _) => Some((Condition::AboveEqual, up as i64)),
        _ => None,
    }
}

const fn is_unsigned(condition: Condition) -> bool {
    matches!(
        condition,
        Condition::Below | Condition::BelowEqual | Condition::Above | Condition::AboveEqual
    )
}

/// The condition code after a comparison.
const fn flags(condition: Condition) -> Cond {
    match condition {
        Condition::Equal => Cond::Eq,
        Condition::NotEqual => Cond::Ne,
        Condition::Less => Cond::Lt,
        Condition::LessEqual => Cond::Le,
        Condition::Greater => Cond::Gt,
        Condition::GreaterEqual => Cond::Ge,
        Condition::Below => Cond::Lo,
        Condition::BelowEqual => Cond::Ls,
        Condition::Above => Cond::Hi,
        Condition::AboveEqual => Cond::Hs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbouring_comparison_is_the_same_one() {
        let conditions = [
            Condition::Less,
            Condition::LessEqual,
            Condition::Greater,
            Condition::GreaterEqual,
            Condition::Below,
            Condition::BelowEqual,
            Condition::Above,
            Condition::AboveEqual,
        ];
        let numbers = [
            i64::MIN,
            i64::MIN + 1,
            -2,
            -1,
            0,
            1,
            2,
            i64::MAX - 1,
            i64::MAX,
        ];
        for condition in conditions {
            for constant in numbers {
                let Some((other, near)) = neighbour(condition, constant) else {
                    continue;
                };
                for a in numbers {
                    assert_eq!(condition.holds(a, constant), other.holds(a, near));
                }
            }
        }
    }

    #[test]
    fn the_last_number_has_no_neighbour() {
        assert_eq!(neighbour(Condition::Less, i64::MIN), None);
        assert_eq!(neighbour(Condition::Above, -1), None);
    }
}
