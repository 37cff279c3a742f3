//! Bitwise operations, shifts, bit fields and extensions.

use super::super::immediate;
use super::super::instruction::{Alu, Alu1, Alu2, Instruction, Shift, ZR};
use super::Selector;
use crate::ir::{Binary, Op, Unary, Value};
use crate::machine::Register;

impl Selector<'_> {
    pub(super) fn unary(&mut self, operator: Unary, dest: Value, a: Value) {
        let rd = self.own_register(dest);
        let op = match operator {
            Unary::Negate => return self.negate(rd, a),
            Unary::Not => return self.not(rd, a),
            Unary::SignExtend8 => Alu1::Sxtb,
            Unary::SignExtend16 => Alu1::Sxth,
            Unary::SignExtend32 => Alu1::Sxtw,
            Unary::ZeroExtend8 => Alu1::Uxtb,
            Unary::ZeroExtend16 => Alu1::Uxth,
            Unary::ZeroExtend32 => Alu1::Uxtw,
        };
        let rn = self.register(a);
        self.builder.emit(Instruction::Alu1 { op, rd, rn });
    }

    /// `mvn rd, a`, or `eon` of what `a` is the exclusive or of.
    fn not(&mut self, rd: Register, a: Value) {
        if let Some(&Op::Binary {
            operator: Binary::Xor,
            a: x,
            b: y,
            ..
        }) = self.foldable(a)
            && self.constant(y).is_none()
        {
            let (rn, rm) = (self.register(x), self.register(y));
            return self.alu(Alu::Eon, rd, rn, rm);
        }
        if let Some(shifted) = self.shifted(a) {
            return self.alu_shifted(Alu::Orn, rd, ZR, &shifted);
        }
        let rm = self.register(a);
        self.alu(Alu::Orn, rd, ZR, rm);
    }

    /// An `and` may be a bit field.
    pub(super) fn and(&mut self, rd: Register, a: Value, b: Value) {
        for (x, y) in [(a, b), (b, a)] {
            if let Some(mask) = self.constant(y)
                && self.masked_shift(rd, x, mask as u64)
            {
                return;
            }
        }
        self.logical(Alu::And, rd, a, b);
    }

    /// `(x >> n) & (2^w - 1)`: `ubfx rd, x, #n, #w`, and
    /// `(x << n) & (2^w - 1) << n`: `ubfiz rd, x, #n, #w`.
    fn masked_shift(&mut self, rd: Register, shifted: Value, mask: u64) -> bool {
        let Some(&Op::Binary { operator, a, b, .. }) = self.foldable(shifted) else {
            return false;
        };
        let Some(amount) = self.constant(b) else {
            return false;
        };
        let lsb = amount as u8 & 63;
        let is_left = match operator {
            Binary::ShiftRight => false,
            Binary::ShiftLeft => true,
            _ => return false,
        };
        let field = if is_left { mask >> lsb } else { mask };
        let width = field.trailing_ones() as u8;
        if width == 0
            || width + lsb > 64
            || field != u64::MAX >> (64 - width)
            || (is_left && field << lsb != mask)
        {
            return false;
        }
        let rn = self.register(a);
        self.builder.emit(if is_left {
            Instruction::Ubfiz { rd, rn, lsb, width }
        } else {
            Instruction::Ubfx { rd, rn, lsb, width }
        });
        true
    }

    /// `op` is `And`, `Orr` or `Eor`.
    pub(super) fn logical(&mut self, op: Alu, rd: Register, a: Value, b: Value) {
        for (x, y) in [(a, b), (b, a)] {
            if let Some(constant) = self.constant(y)
                && immediate::logical(constant as u64).is_some()
            {
                let rn = self.register(x);
                let value = constant as u64;
                return self
                    .builder
                    .emit(Instruction::LogicalImmediate { op, rd, rn, value });
            }
        }
        for (x, y) in [(a, b), (b, a)] {
            if let Some(&Op::Unary {
                operator: Unary::Not,
                a: y,
                ..
            }) = self.foldable(y)
            {
                let op = match op {
                    Alu::And => Alu::Bic,
                    Alu::Orr => Alu::Orn,
                    _ => Alu::Eon,
                };
                let (rn, rm) = (self.register(x), self.register(y));
                return self.alu(op, rd, rn, rm);
            }
            if let Some(shifted) = self.shifted(y) {
                let rn = self.register(x);
                return self.alu_shifted(op, rd, rn, &shifted);
            }
        }
        let (rn, rm) = (self.register(a), self.register(b));
        self.alu(op, rd, rn, rm);
    }

    pub(super) fn shift(&mut self, op: Shift, rd: Register, a: Value, b: Value) {
        let Some(amount) = self.constant(b) else {
            let op = match op {
                Shift::Lsl => Alu2::Lsl,
                Shift::Lsr => Alu2::Lsr,
                Shift::Asr => Alu2::Asr,
                Shift::Ror => Alu2::Ror,
            };
            return self.plain2(op, rd, a, b);
        };
        let amount = amount as u8 & 63;
        if !self.shifted_twice(op, rd, a, amount) {
            let rn = self.register(a);
            self.shift_immediate(op, rd, rn, amount);
        }
    }

    /// `(x << m) >> n` is a bit field of `x`.
    fn shifted_twice(&mut self, op: Shift, rd: Register, shifted: Value, right: u8) -> bool {
        let Some(&Op::Binary {
            operator: Binary::ShiftLeft,
            a: x,
            b: left,
            ..
        }) = self.foldable(shifted)
        else {
            return false;
        };
        let Some(left) = self.constant(left).map(|left| left as u8 & 63) else {
            return false;
        };
        let is_signed = match op {
            Shift::Asr => true,
            Shift::Lsr => false,
            Shift::Lsl | Shift::Ror => return false,
        };
        if is_signed && right < left {
            return false;
        }
        let rn = self.register(x);
        self.builder.emit(if right < left {
            let (lsb, width) = (left - right, 64 - left);
            Instruction::Ubfiz { rd, rn, lsb, width }
        } else {
            let (lsb, width) = (right - left, 64 - right);
            if is_signed {
                Instruction::Sbfx { rd, rn, lsb, width }
            } else {
                Instruction::Ubfx { rd, rn, lsb, width }
            }
        });
        true
    }

    /// A shift by 0 to 63.
    pub(super) fn shift_immediate(&mut self, op: Shift, rd: Register, rn: Register, amount: u8) {
        self.builder.emit(if amount == 0 {
            Instruction::Mov { rd, rn }
        } else {
            Instruction::ShiftImmediate { op, rd, rn, amount }
        });
    }
}
