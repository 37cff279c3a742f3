//! Arithmetic, logic and shifts.

use super::Selector;
use crate::ir::{Binary, Op, Unary as Operator, Value};
use crate::machine::Register;
use crate::x86_64::instruction::{
    Address, Alu, Extend, Instruction, Scale, Shift, Source, Tied, Unary,
};

/// A second operand for what has none.
const NO_SOURCE: Source = Source::Immediate(0);

impl Selector<'_> {
    pub(super) fn unary(&mut self, operator: Operator, dest: Value, a: Value) {
        let rd = self.own_register(dest);
        let rn = self.register(a);
        let extend = |op| Instruction::Extend { op, rd, rn };
        let tied = |op| Instruction::Tied {
            op: Tied::Unary(op),
            rd,
            rn,
            source: NO_SOURCE,
        };
        self.builder.emit(match operator {
            Operator::Negate => tied(Unary::Neg),
            Operator::Not => tied(Unary::Not),
            Operator::SignExtend8 => extend(Extend::Sign8),
            Operator::SignExtend16 => extend(Extend::Sign16),
            Operator::SignExtend32 => extend(Extend::Sign32),
            Operator::ZeroExtend8 => extend(Extend::Zero8),
            Operator::ZeroExtend16 => extend(Extend::Zero16),
            Operator::ZeroExtend32 => extend(Extend::Zero32),
        });
    }

    pub(super) fn binary(&mut self, operator: Binary, dest: Value, a: Value, b: Value) {
        let turn = operator.is_commutative() && self.constant(a).is_some();
        let (a, b) = if turn { (b, a) } else { (a, b) };
        match operator {
            Binary::Add => self.add(dest, a, b),
            Binary::Subtract => self.subtract(dest, a, b),
            Binary::Multiply => self.multiply(dest, a, b),
            Binary::MultiplyHighSigned => self.multiply_high(Unary::Imul, dest, a, b),
            Binary::MultiplyHighUnsigned => self.multiply_high(Unary::Mul, dest, a, b),
            Binary::And => self.and(dest, a, b),
            Binary::Or => self.logic(Alu::Or, dest, a, b),
            Binary::Xor => self.logic(Alu::Xor, dest, a, b),
            Binary::ShiftLeft => self.shift(Shift::Shl, dest, a, b),
            Binary::ShiftRight => self.shift(Shift::Shr, dest, a, b),
            Binary::ShiftRightSigned => self.shift(Shift::Sar, dest, a, b),
            Binary::Compare(condition) => self.compare(dest, condition, a, b),
        }
    }

    fn lea(&mut self, dest: Value, address: Address) {
        let rd = self.own_register(dest);
        self.builder.emit(Instruction::Lea { rd, address });
    }

    fn tied(&mut self, op: Tied, dest: Value, rn: Register, source: Source) {
        let rd = self.own_register(dest);
        self.builder.emit(Instruction::Tied { op, rd, rn, source });
    }

    /// `lea rd, [a + b]`, which becomes `add` where the registers turn out to be right.
    fn add(&mut self, dest: Value, a: Value, b: Value) {
        let address = self.sum(a, b);
        self.lea(dest, address);
    }

    fn subtract(&mut self, dest: Value, a: Value, b: Value) {
        if let Some(displacement) = self.immediate(b).and_then(i32::checked_neg) {
            let address = self.sum_with(a, displacement);
            return self.lea(dest, address);
        }
        if self.constant(a) == Some(0) {
            let rn = self.register(b);
            return self.tied(Tied::Unary(Unary::Neg), dest, rn, NO_SOURCE);
        }
        let rn = self.register(a);
        let source = self.source(b);
        self.tied(Tied::Alu(Alu::Sub), dest, rn, source);
    }

    fn multiply(&mut self, dest: Value, a: Value, b: Value) {
        let Some(constant) = self.constant(b) else {
            let (a, b) = self.best_first(a, b);
            let rn = self.register(a);
            let source = Source::Register(self.register(b));
            return self.tied(Tied::Imul, dest, rn, source);
        };
        if let Some(scale) = scale_beside_one(constant) {
            let register = self.register(a);
            return self.lea(dest, Address::indexed(register, register, scale));
        }
        if constant.count_ones() == 1 {
            return self.shift_by(Shift::Shl, dest, a, constant.trailing_zeros() as u8);
        }
        match i32::try_from(constant) {
            Ok(value) => {
                let rd = self.own_register(dest);
                let operand = Source::Register(self.register(a)).into();
                self.builder
                    .emit(Instruction::ImulImmediate { rd, operand, value });
            }
            Err(_) => {
                let rn = self.register(a);
                let source = Source::Register(self.register(b));
                self.tied(Tied::Imul, dest, rn, source);
            }
        }
    }

    /// The high half of the product; the low one is not needed.
    fn multiply_high(&mut self, op: Unary, dest: Value, a: Value, b: Value) {
        let high = self.own_register(dest);
        let low = self.builder.register();
        // A constant in rax is made there; the other factor may be anywhere.
        let (a, b) = (self.register(b), self.register(a));
        self.builder.emit(Instruction::WideMultiply {
            op,
            low,
            high,
            a,
            b,
        });
    }

    /// Both halves of the product, or the one that is needed.
    pub(super) fn wide_multiply(&mut self, low: Value, high: Value, a: Value, b: Value) {
        if !self.has_register(high) {
            let turn = self.constant(a).is_some();
            let (a, b) = if turn { (b, a) } else { (a, b) };
            return self.multiply(low, a, b);
        }
        if !self.has_register(low) {
            return self.multiply_high(Unary::Mul, high, a, b);
        }
        let low = self.own_register(low);
        let high = self.own_register(high);
        let (a, b) = (self.register(a), self.register(b));
        self.builder.emit(Instruction::WideMultiply {
            op: Unary::Mul,
            low,
            high,
            a,
            b,
        });
    }

    fn and(&mut self, dest: Value, a: Value, b: Value) {
        let extend = match self.constant(b) {
            Some(0xff) => Extend::Zero8,
            Some(0xffff) => Extend::Zero16,
            Some(0xffff_ffff) => Extend::Zero32,
            _ => return self.logic(Alu::And, dest, a, b),
        };
        let rd = self.own_register(dest);
        let rn = self.register(a);
        self.builder
            .emit(Instruction::Extend { op: extend, rd, rn });
    }

    fn logic(&mut self, op: Alu, dest: Value, a: Value, b: Value) {
        let (a, b) = if self.constant(b).is_some() {
            (a, b)
        } else {
            self.best_first(a, b)
        };
        let rn = self.register(a);
        let source = self.source(b);
        self.tied(Tied::Alu(op), dest, rn, source);
    }

    /// Of two operands that may change places the one first that is better overwritten: nobody
    /// needs it later.
    fn best_first(&self, a: Value, b: Value) -> (Value, Value) {
        if self.has_register(a) && !self.has_register(b) {
            (b, a)
        } else {
            (a, b)
        }
    }

    fn shift(&mut self, op: Shift, dest: Value, a: Value, b: Value) {
        if let Some(amount) = self.constant(b) {
            return self.shift_by(op, dest, a, (amount & 63) as u8);
        }
        let rd = self.own_register(dest);
        let rn = self.register(a);
        let count = self.register(b);
        self.builder
            .emit(Instruction::TiedShift { op, rd, rn, count });
    }

    fn shift_by(&mut self, op: Shift, dest: Value, a: Value, amount: u8) {
        let rn = self.register(a);
        match (op, amount) {
            (_, 0) => {
                let rd = self.own_register(dest);
                self.builder.emit(Instruction::Mov { rd, rn });
            }
            (Shift::Shl, 1) => self.lea(dest, Address::indexed(rn, rn, Scale::One)),
            (Shift::Shl, 2) => self.lea(dest, Address::scaled(rn, Scale::Four)),
            (Shift::Shl, 3) => self.lea(dest, Address::scaled(rn, Scale::Eight)),
            _ => {
                let source = Source::Immediate(i32::from(amount));
                self.tied(Tied::Shift(op), dest, rn, source);
            }
        }
    }

    /// The address that is the sum of two values, the first not a constant unless both are.
    pub(super) fn sum(&mut self, a: Value, b: Value) -> Address {
        if let Some(displacement) = self.immediate(b) {
            return self.sum_with(a, displacement);
        }
        // (x << k) + b, a + (x << k)
        if let Some((x, scale)) = self.scaled(a) {
            return Address::indexed(self.register(b), self.register(x), scale);
        }
        if let Some((x, scale)) = self.scaled(b) {
            return Address::indexed(self.register(a), self.register(x), scale);
        }
        Address::indexed(self.register(a), self.register(b), Scale::One)
    }

    /// The address that is the sum of a value and a number.
    pub(super) fn sum_with(&mut self, a: Value, displacement: i32) -> Address {
        if let Some(&Op::Binary {
            operator: Binary::Add,
            a: x,
            b: y,
            ..
        }) = self.foldable(a)
            && self.constant(x).is_none()
            && self.constant(y).is_none()
        {
            return Address {
                displacement,
                ..self.sum(x, y)
            };
        }
        Address::base(self.register(a), displacement)
    }

    /// The value and the factor, if this is a value shifted left by 1 to 3 that can become a part of
    /// an address.
    fn scaled(&self, value: Value) -> Option<(Value, Scale)> {
        let Some(&Op::Binary {
            operator: Binary::ShiftLeft,
            a,
            b,
            ..
        }) = self.foldable(value)
        else {
            return None;
        };
        let scale = match self.constant(b)? & 63 {
            1 => Scale::Two,
            2 => Scale::Four,
            3 => Scale::Eight,
            _ => return None,
        };
        Some((a, scale))
    }
}

/// The scale s with 1 + s = factor.
const fn scale_beside_one(factor: i64) -> Option<Scale> {
    match factor {
        3 => Some(Scale::Two),
        5 => Some(Scale::Four),
        9 => Some(Scale::Eight),
        _ => None,
    }
}
