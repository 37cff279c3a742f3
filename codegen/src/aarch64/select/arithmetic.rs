//! Additions, subtractions and multiplications, and what is common to operations with two operands.

use super::super::immediate;
use super::super::instruction::{Alu, Alu2, Instruction, Shift, ZR};
use super::Selector;
use crate::ir::{Binary, Op, Unary, Value};
use crate::machine::Register;

/// A second operand that is shifted by a constant.
pub(super) struct Shifted {
    pub(super) register: Register,
    pub(super) shift: Shift,
    pub(super) amount: u8,
}

impl Selector<'_> {
    pub(super) fn binary(&mut self, operator: Binary, dest: Value, a: Value, b: Value) {
        let rd = self.own_register(dest);
        match operator {
            Binary::Add => self.add(rd, a, b),
            Binary::Subtract => self.subtract(rd, a, b),
            Binary::Multiply => self.multiply(rd, a, b),
            Binary::MultiplyHighSigned => self.plain2(Alu2::Smulh, rd, a, b),
            Binary::MultiplyHighUnsigned => self.plain2(Alu2::Umulh, rd, a, b),
            Binary::And => self.and(rd, a, b),
            Binary::Or => self.logical(Alu::Orr, rd, a, b),
            Binary::Xor => self.logical(Alu::Eor, rd, a, b),
            Binary::ShiftLeft => self.shift(Shift::Lsl, rd, a, b),
            Binary::ShiftRight => self.shift(Shift::Lsr, rd, a, b),
            Binary::ShiftRightSigned => self.shift(Shift::Asr, rd, a, b),
            Binary::Compare(condition) => self.set(rd, condition, a, b),
        }
    }

    fn add(&mut self, rd: Register, a: Value, b: Value) {
        if let Some(constant) = self.constant(b) {
            return self.add_constant(rd, a, b, constant);
        }
        if let Some(constant) = self.constant(a) {
            return self.add_constant(rd, b, a, constant);
        }
        for (x, y) in [(b, a), (a, b)] {
            if self.foldable(y).is_some() && self.add_folded(rd, x, y) {
                return;
            }
        }
        let (rn, rm) = (self.register(a), self.register(b));
        self.alu(Alu::Add, rd, rn, rm);
    }

    /// An addition that takes in what its second operand is: `madd`, a shifted operand, `cinc`.
    fn add_folded(&mut self, rd: Register, a: Value, b: Value) -> bool {
        // madd rd, n, m, a
        if let Some((n, m)) = self.product(b) {
            let (rn, rm) = (self.register(n), self.register(m));
            let ra = self.register(a);
            self.builder.emit(Instruction::Madd { rd, rn, rm, ra });
            return true;
        }
        if let Some(shifted) = self.shifted(b) {
            let rn = self.register(a);
            self.alu_shifted(Alu::Add, rd, rn, &shifted);
            return true;
        }
        self.add_condition(rd, a, b)
    }

    fn subtract(&mut self, rd: Register, a: Value, b: Value) {
        if let Some(constant) = self.constant(b)
            && self.add_immediate(rd, a, constant.wrapping_neg())
        {
            return;
        }
        if self.constant(a) == Some(0) {
            return self.negate(rd, b);
        }
        // msub rd, n, m, a
        if let Some((n, m)) = self.product(b) {
            let (rn, rm) = (self.register(n), self.register(m));
            let ra = self.register(a);
            return self.builder.emit(Instruction::Msub { rd, rn, rm, ra });
        }
        if let Some(shifted) = self.shifted(b) {
            let rn = self.register(a);
            return self.alu_shifted(Alu::Sub, rd, rn, &shifted);
        }
        let (rn, rm) = (self.register(a), self.register(b));
        self.alu(Alu::Sub, rd, rn, rm);
    }

    /// `a` plus the constant `b`.
    fn add_constant(&mut self, rd: Register, a: Value, b: Value, constant: i64) {
        if !self.add_immediate(rd, a, constant) {
            let (rn, rm) = (self.register(a), self.register(b));
            self.alu(Alu::Add, rd, rn, rm);
        }
    }

    /// Adds a constant in one instruction, or in two if making it took two itself.
    fn add_immediate(&mut self, rd: Register, a: Value, constant: i64) -> bool {
        let magnitude = constant.unsigned_abs();
        let op = if constant < 0 { Alu::Sub } else { Alu::Add };
        if magnitude >= 1 << 24
            || (magnitude < 1 << 16 && immediate::arithmetic(magnitude).is_none())
        {
            return false;
        }
        let mut rn = self.register(a);
        if constant == 0 {
            self.builder.emit(Instruction::Mov { rd, rn });
            return true;
        }
        let (high, low) = (magnitude as u32 & 0xff_f000, magnitude as u32 & 0xfff);
        if high != 0 {
            let rd = if low == 0 {
                rd
            } else {
                self.builder.register()
            };
            let value = high;
            self.builder
                .emit(Instruction::AddImmediate { op, rd, rn, value });
            rn = rd;
        }
        if low != 0 {
            let value = low;
            self.builder
                .emit(Instruction::AddImmediate { op, rd, rn, value });
        }
        true
    }

    fn multiply(&mut self, rd: Register, a: Value, b: Value) {
        for (x, y) in [(a, b), (b, a)] {
            let Some(constant) = self.constant(y) else {
                continue;
            };
            if constant.count_ones() == 1 {
                let rn = self.register(x);
                let amount = constant.trailing_zeros() as u8;
                return self.shift_immediate(Shift::Lsl, rd, rn, amount);
            }
            // x · (2ⁿ + 1): add rd, x, x, lsl #n
            let rest = constant.wrapping_sub(1);
            if rest.count_ones() == 1 && rest != 1 {
                let register = self.register(x);
                let shifted = Shifted {
                    register,
                    shift: Shift::Lsl,
                    amount: rest.trailing_zeros() as u8,
                };
                return self.alu_shifted(Alu::Add, rd, register, &shifted);
            }
        }
        for (x, y) in [(a, b), (b, a)] {
            if let Some(&Op::Unary {
                operator: Unary::Negate,
                a: y,
                ..
            }) = self.foldable(y)
            {
                return self.plain2(Alu2::Mneg, rd, x, y);
            }
        }
        self.plain2(Alu2::Mul, rd, a, b);
    }

    pub(super) fn wide_multiply(&mut self, low: Value, high: Value, a: Value, b: Value) {
        for (op, dest) in [(Alu2::Mul, low), (Alu2::Umulh, high)] {
            if self.has_register(dest) {
                let rd = self.own_register(dest);
                self.plain2(op, rd, a, b);
            }
        }
    }

    /// `rd = -a`
    pub(super) fn negate(&mut self, rd: Register, a: Value) {
        if let Some((n, m)) = self.product(a) {
            return self.plain2(Alu2::Mneg, rd, n, m);
        }
        if let Some(shifted) = self.shifted(a) {
            return self.alu_shifted(Alu::Sub, rd, ZR, &shifted);
        }
        let rm = self.register(a);
        self.alu(Alu::Sub, rd, ZR, rm);
    }

    /// The factors of a product that can become a part of `madd` and the like: not one by a power of
    /// two, which is a shifted operand.
    fn product(&self, value: Value) -> Option<(Value, Value)> {
        let Some(&Op::Binary {
            operator: Binary::Multiply,
            a,
            b,
            ..
        }) = self.foldable(value)
        else {
            return None;
        };
        let is_power = |factor| {
            self.constant(factor)
                .is_some_and(|constant| constant.count_ones() == 1)
        };
        (!is_power(a) && !is_power(b)).then_some((a, b))
    }

    /// A shift by a constant that can become a part of the instruction that uses it.
    pub(super) fn shifted(&mut self, value: Value) -> Option<Shifted> {
        let &Op::Binary { operator, a, b, .. } = self.foldable(value)? else {
            return None;
        };
        let (shift, x, amount) = match operator {
            Binary::ShiftLeft => (Shift::Lsl, a, self.constant(b)? as u8 & 63),
            Binary::ShiftRight => (Shift::Lsr, a, self.constant(b)? as u8 & 63),
            Binary::ShiftRightSigned => (Shift::Asr, a, self.constant(b)? as u8 & 63),
            Binary::Multiply => {
                let (x, factor) = match (self.constant(a), self.constant(b)) {
                    (_, Some(factor)) => (a, factor),
                    (Some(factor), None) => (b, factor),
                    (None, None) => return None,
                };
                if factor.count_ones() != 1 {
                    return None;
                }
                (Shift::Lsl, x, factor.trailing_zeros() as u8)
            }
            _ => return None,
        };
        Some(Shifted {
            register: self.register(x),
            shift,
            amount,
        })
    }

    pub(super) fn plain2(&mut self, op: Alu2, rd: Register, a: Value, b: Value) {
        let (rn, rm) = (self.register(a), self.register(b));
        self.builder.emit(Instruction::Alu2 { op, rd, rn, rm });
    }

    pub(super) fn alu(&mut self, op: Alu, rd: Register, rn: Register, rm: Register) {
        self.builder.emit(Instruction::Alu {
            op,
            rd,
            rn,
            rm,
            shift: Shift::Lsl,
            amount: 0,
        });
    }

    pub(super) fn alu_shifted(&mut self, op: Alu, rd: Register, rn: Register, b: &Shifted) {
        self.builder.emit(Instruction::Alu {
            op,
            rd,
            rn,
            rm: b.register,
            shift: b.shift,
            amount: b.amount,
        });
    }
}
