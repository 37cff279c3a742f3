//! Logical operations, shifts and extensions.

use super::Simplifier;
use super::arithmetic::Offset;
use super::numbering::Definition;
use crate::ir::{Binary, Condition, Unary};

impl Simplifier<'_> {
    /// A unary operation.
    pub(super) fn unary(&mut self, operator: Unary, a: Offset) -> Offset {
        if a.is_constant() {
            return Offset::constant(operator.evaluate(a.offset));
        }
        if operator == Unary::Negate {
            return self.negated(a);
        }
        let x = self.make(a);
        match (operator, self.definition(x)) {
            (Unary::Not, Definition::Unary(Unary::Not, y)) => return Offset::base(y),
            (outer, Definition::Unary(inner, _)) if keeps(outer, inner) => return Offset::base(x),
            (outer, Definition::Unary(inner, y)) if forgets(outer, inner) => {
                return Offset::base(self.unary_value(outer, y));
            }
            // 0 and 1 are extended already.
            (outer, Definition::Binary(Binary::Compare(_), ..)) if outer != Unary::Not => {
                return Offset::base(x);
            }
            _ => {}
        }
        Offset::base(self.unary_value(operator, x))
    }

    /// `and`, `or`, `xor`, of values that are not both constants.
    pub(super) fn logical(&mut self, operator: Binary, a: Offset, b: Offset) -> Offset {
        let (a, b) = if a.is_constant() { (b, a) } else { (a, b) };
        if a == b {
            return match operator {
                Binary::Xor => Offset::constant(0),
                _ => a,
            };
        }
        if !b.is_constant() {
            let (a, b) = (self.make(a), self.make(b));
            return Offset::base(self.binary_value(operator, a, b));
        }
        match (operator, b.offset) {
            (Binary::And, 0) | (Binary::Or, -1) => return b,
            (Binary::And, -1) | (Binary::Or | Binary::Xor, 0) => return a,
            (Binary::Xor, -1) => return self.unary(Unary::Not, a),
            _ => {}
        }
        let x = self.make(a);
        match self.definition(x) {
            // (y op c) op d
            Definition::Binary(inner, y, c) if inner == operator => {
                if let Some(c) = self.constant_of(c) {
                    let joined = Offset::constant(operator.evaluate(c, b.offset));
                    return self.logical(operator, Offset::base(y), joined);
                }
            }
            Definition::Binary(Binary::Compare(condition), p, q) if b.offset == 1 => {
                return match operator {
                    Binary::And => Offset::base(x),
                    Binary::Or => Offset::constant(1),
                    _ => {
                        let (p, q) = (self.known_value(p), self.known_value(q));
                        self.compare(Condition::negated(condition), p, q)
                    }
                };
            }
            _ => {}
        }
        let constant = self.constant(b.offset);
        Offset::base(self.binary_value(operator, x, constant))
    }

    /// A shift to the right, or one to the left by an amount that is no constant.
    pub(super) fn shift(&mut self, operator: Binary, a: Offset, amount: Offset) -> Offset {
        if a.is_constant() && a.offset == 0 {
            return a;
        }
        if !amount.is_constant() {
            let (a, amount) = (self.make(a), self.make(amount));
            return Offset::base(self.binary_value(operator, a, amount));
        }
        let amount = amount.offset & 63;
        if amount == 0 {
            return a;
        }
        let x = self.make(a);
        if let Definition::Binary(inner, y, before) = self.definition(x)
            && inner == operator
            && let Some(before) = self.constant_of(before)
        {
            let sum = (before & 63) + amount;
            return match operator {
                Binary::ShiftRightSigned => {
                    self.shift(operator, Offset::base(y), Offset::constant(sum.min(63)))
                }
                _ if sum > 63 => Offset::constant(0),
                _ => self.shift(operator, Offset::base(y), Offset::constant(sum)),
            };
        }
        let amount = self.constant(amount);
        Offset::base(self.binary_value(operator, x, amount))
    }
}

/// The number of bits that an extension looks at, and whether it extends the sign.
const fn extension(operator: Unary) -> Option<(u32, bool)> {
    match operator {
        Unary::SignExtend8 => Some((8, true)),
        Unary::SignExtend16 => Some((16, true)),
        Unary::SignExtend32 => Some((32, true)),
        Unary::ZeroExtend8 => Some((8, false)),
        Unary::ZeroExtend16 => Some((16, false)),
        Unary::ZeroExtend32 => Some((32, false)),
        Unary::Negate | Unary::Not => None,
    }
}

/// Whether `outer` leaves as it is what `inner` gives.
const fn keeps(outer: Unary, inner: Unary) -> bool {
    match (extension(outer), extension(inner)) {
        (Some((wide, outer_signed)), Some((narrow, inner_signed))) => {
            narrow < wide && (outer_signed || !inner_signed)
                || narrow == wide && outer_signed == inner_signed
        }
        _ => false,
    }
}

/// Whether `outer` gives the same without `inner`: it looks at no more bits.
const fn forgets(outer: Unary, inner: Unary) -> bool {
    match (extension(outer), extension(inner)) {
        (Some((outer, _)), Some((inner, _))) => outer <= inner,
        _ => false,
    }
}
