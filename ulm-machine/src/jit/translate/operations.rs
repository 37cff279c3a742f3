//! Micro-operations.

use codegen::ir::{Access, Binary, Condition, Division, Unary, Value, Width};
use ulm_isa::effect::{BinaryOperator, Signedness, UnaryOperator};
use ulm_isa::micro::{MicroOperation as M, Operand};

use super::shape::replaces_minuend;
use super::{Translator, Values};
use crate::jit::exits::Cause;
use crate::jit::state;

const BYTE: Access = Access {
    width: Width::Byte,
    signed: false,
    big_endian: false,
};

impl Translator<'_> {
    pub(super) fn operation(&mut self, operation: M, address: u64, before: &Values) {
        let at = (address, before);
        match operation {
            M::Unary { operator, a, .. } => {
                let a = self.operand(a, address);
                let value = self.unary(operator, a);
                self.temporaries.push(value);
            }
            M::Binary { operator, a, b, .. } => {
                let (a, b) = (self.operand(a, address), self.operand(b, address));
                let value = self.binary(operator, a, b, at);
                self.temporaries.push(value);
            }
            M::Select {
                condition, a, b, ..
            } => {
                let condition = self.operand(condition, address);
                let (a, b) = (self.operand(a, address), self.operand(b, address));
                let value = self.builder.select(condition, a, b);
                self.temporaries.push(value);
            }
            M::ReadFlag { flag, .. } => {
                let value = self.values.flags.flag(&mut self.builder, flag);
                self.temporaries.push(value);
            }
            M::ReadChar { .. } => {
                let byte = self.builder.load(self.values.input, 0, BYTE);
                self.values.input = self.builder.add_constant(self.values.input, 1);
                self.temporaries.push(byte);
            }
            M::SetRegister { value, destination } => {
                let value = self.operand(value, address);
                self.write(destination, value);
            }
            M::Add { a, b, destination } => {
                let (a, b) = (self.operand(a, address), self.operand(b, address));
                let sum = self.builder.binary(Binary::Add, b, a);
                self.write(destination, sum);
                self.values.flags.add(&mut self.builder, sum, a);
            }
            M::Subtract { a, b, destination } => {
                let (x, y) = (self.operand(a, address), self.operand(b, address));
                let difference = self.builder.binary(Binary::Subtract, y, x);
                self.write(destination, difference);
                let flags = &mut self.values.flags;
                if replaces_minuend(b, destination) {
                    flags.subtract(&mut self.builder, y, x, difference);
                } else {
                    flags.compare(y, x);
                }
            }
            M::Multiply { a, b, destination } => {
                self.simple(Binary::Multiply, a, b, destination, address);
            }
            M::MultiplyWide { a, b, low, high } => {
                let (a, b) = (self.operand(a, address), self.operand(b, address));
                let (product_low, product_high) = self.builder.wide_multiply(a, b);
                self.write(low, product_low);
                self.write(high, product_high);
                let flags = &mut self.values.flags;
                flags.carry_unless_zero(&mut self.builder, product_high);
            }
            M::DivideWide {
                divisor,
                low,
                high,
                quotient_low,
                quotient_high,
                remainder,
            } => {
                let operands = [low, high, divisor].map(|operand| self.operand(operand, address));
                let exit = self.exit_before(address, Cause::Instruction, before);
                let results = self.builder.wide_divide(operands, exit);
                for (destination, value) in
                    [quotient_low, quotient_high, remainder].into_iter().zip(results)
                {
                    self.write(destination, value);
                }
            }
            M::DivideSigned {
                divisor,
                dividend,
                quotient,
            } => {
                let (b, a) = (self.operand(divisor, address), self.operand(dividend, address));
                let exit = self.exit_before(address, Cause::Instruction, before);
                let value = self.builder.divide(Division::Signed, a, b, Some(exit));
                let rest = self.builder.divide(Division::SignedRemainder, a, b, None);
                self.write(quotient, value);
                self.write(quotient.wrapping_add(1), rest);
            }
            M::And { a, b, destination } => {
                let value = self.simple(Binary::And, a, b, destination, address);
                self.values.flags.test(&mut self.builder, value);
            }
            M::Or { a, b, destination } => {
                let value = self.simple(Binary::Or, a, b, destination, address);
                self.values.flags.test(&mut self.builder, value);
            }
            M::Not { a, destination } => {
                let a = self.operand(a, address);
                let value = self.builder.unary(Unary::Not, a);
                self.write(destination, value);
                self.values.flags.test(&mut self.builder, value);
            }
            M::ShiftLeft {
                count,
                value,
                destination,
            } => self.shift_left(count, value, destination, address),
            M::ShiftRightUnsigned {
                count,
                value,
                destination,
            } => {
                self.simple(Binary::ShiftRight, value, count, destination, address);
            }
            M::ShiftRightSigned {
                count,
                value,
                destination,
            } => {
                self.simple(Binary::ShiftRightSigned, value, count, destination, address);
            }
            M::Load {
                address: place,
                size,
                signed,
                destination,
            } => {
                let value = self.load(place, size, signed, at);
                self.write(destination, value);
            }
            M::Store {
                address: place,
                size,
                source,
            } => {
                let value = self.read(source);
                self.store(place, size, value, at);
            }
            M::PrintChar { value } => self.print(value, at),
            // The last step of a block's last instruction, which is looked at there.
            M::JumpAbsolute { .. }
            | M::JumpRelative { .. }
            | M::JumpConditional { .. }
            | M::SetInstructionPointer { .. }
            // Never translated.
            | M::Halt { .. } => {}
        }
    }

    /// An operation without flags.
    fn simple(
        &mut self,
        operator: Binary,
        a: Operand,
        b: Operand,
        destination: u8,
        address: u64,
    ) -> Value {
        let (a, b) = (self.operand(a, address), self.operand(b, address));
        let value = self.builder.binary(operator, a, b);
        self.write(destination, value);
        value
    }

    fn shift_left(&mut self, count: Operand, value: Operand, destination: u8, address: u64) {
        let (count, value) = (self.operand(count, address), self.operand(value, address));
        let shifted = self.builder.binary(Binary::ShiftLeft, value, count);
        self.write(destination, shifted);
        let builder = &mut self.builder;
        let flags = &mut self.values.flags;
        match builder.as_constant(count).map(|count| count & 63) {
            Some(0) => {}
            Some(known) => {
                let back = builder.constant(64 - known);
                let last = builder.binary(Binary::ShiftRight, value, back);
                flags.carry_low_bit(builder, last);
            }
            None => {
                // value >> (64 - count) & 1; with a count of 0 the carry stays.
                let zero = builder.constant(0);
                let back = builder.binary(Binary::Subtract, zero, count);
                let last = builder.binary(Binary::ShiftRight, value, back);
                let last = builder.and_constant(last, 1);
                let taken = builder.and_constant(count, 63);
                let before = flags.flag(builder, ulm_isa::effect::Flag::Carry);
                let carry = builder.select(taken, last, before);
                flags.carry_unless_zero(builder, carry);
            }
        }
    }

    fn print(&mut self, value: Operand, (address, before): (u64, &Values)) {
        let value = self.operand(value, address);
        let exit = self.exit_before(address, Cause::Instruction, before);
        let end = self.builder.load_word(self.state, state::OUTPUT_END);
        let output = self.values.output;
        let full = self.builder.compare(Condition::Equal, output, end);
        self.builder.guard(full, exit);
        self.builder.store(value, output, 0, BYTE);
        self.values.output = self.builder.add_constant(output, 1);
    }

    fn unary(&mut self, operator: UnaryOperator, a: Value) -> Value {
        match operator {
            UnaryOperator::Negate => self.builder.unary(Unary::Negate, a),
            UnaryOperator::Complement => self.builder.unary(Unary::Not, a),
            UnaryOperator::Not => self.builder.compare_constant(Condition::Equal, a, 0),
        }
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        a: Value,
        b: Value,
        (address, before): (u64, &Values),
    ) -> Value {
        use BinaryOperator as B;
        use Signedness::{Signed, Unsigned};
        let simple = match operator {
            B::Multiply => Binary::Multiply,
            B::Add => Binary::Add,
            B::Subtract => Binary::Subtract,
            B::ShiftLeft => Binary::ShiftLeft,
            B::ShiftRight(Unsigned) => Binary::ShiftRight,
            B::ShiftRight(Signed) => Binary::ShiftRightSigned,
            B::Less(Unsigned) => Binary::Compare(Condition::Below),
            B::Less(Signed) => Binary::Compare(Condition::Less),
            B::LessOrEqual(Unsigned) => Binary::Compare(Condition::BelowEqual),
            B::LessOrEqual(Signed) => Binary::Compare(Condition::LessEqual),
            B::Equal => Binary::Compare(Condition::Equal),
            B::NotEqual => Binary::Compare(Condition::NotEqual),
            B::And => Binary::And,
            B::ExclusiveOr => Binary::Xor,
            B::Or => Binary::Or,
            B::Divide(_) | B::Remainder(_) => {
                let division = match operator {
                    B::Divide(Unsigned) => Division::Unsigned,
                    B::Divide(Signed) => Division::Signed,
                    B::Remainder(Unsigned) => Division::UnsignedRemainder,
                    _ => Division::SignedRemainder,
                };
                let exit = self.exit_before(address, Cause::Instruction, before);
                return self.builder.divide(division, a, b, Some(exit));
            }
        };
        self.builder.binary(simple, a, b)
    }
}
