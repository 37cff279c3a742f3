//! Arithmetic, comparisons, divisions.

use codegen::ir::{Binary, Condition, Division, ExitId, Op, Unary, Value};
use codegen::machine::{Constraint, Register, Role};

use super::{Selector, own_register};
use crate::ulm::instruction::{Grouped, Instruction, Operation, Source, Test, ZERO};

/// Whether an instruction takes a constant without a register for it.
pub(super) fn takes_immediate(selector: &Selector<'_>, op: &Op, value: Value) -> bool {
    let Some(number) = selector.constant(value) else {
        return false;
    };
    let (a, b) = match *op {
        Op::Binary { a, b, .. } | Op::Divide { a, b, .. } => (a, b),
        Op::Branch { .. } | Op::Guard { .. } | Op::Select { .. } | Op::Return { .. } => {
            return number == 0;
        }
        _ => return false,
    };
    if number == 0 {
        return true;
    }
    let is_left = a == value && b != value;
    match *op {
        Op::Binary { operator, .. } => match operator {
            Binary::Add => (-255..=255).contains(&number),
            Binary::Subtract => !is_left && (-255..=255).contains(&number),
            Binary::Multiply => (-128..=127).contains(&number),
            Binary::ShiftLeft | Binary::ShiftRight | Binary::ShiftRightSigned => {
                !is_left && (0..=63).contains(&number)
            }
            Binary::Compare(condition) => is_comparable(condition, number),
            _ => false,
        },
        Op::Divide { operator, .. } => {
            !is_left && operator_is_signed(operator) && (0..=255).contains(&number)
        }
        _ => false,
    }
}

/// Whether a comparison can have a number in its instruction. One below 0 is added, which leaves CF
/// as it is not needed.
fn is_comparable(condition: Condition, number: i64) -> bool {
    let is_unsigned = matches!(
        condition,
        Condition::Below | Condition::BelowEqual | Condition::Above | Condition::AboveEqual
    );
    let least = if is_unsigned { 0 } else { -255 };
    (least..=255).contains(&number)
}

const fn operator_is_signed(operator: Division) -> bool {
    matches!(operator, Division::Signed | Division::SignedRemainder)
}

impl Selector<'_> {
    /// `operation x, y, z`
    fn arithmetic(&mut self, operation: Operation, x: Source, y: Register, z: Register) {
        self.builder
            .emit(Instruction::Arithmetic { operation, x, y, z });
    }

    /// A value as the first operand of an operation.
    fn source(&mut self, operation: Operation, value: Value) -> Source {
        match self.constant(value) {
            Some(number) if operation.immediates().contains(&number) => {
                Source::Immediate(number as i16)
            }
            _ => Source::Register(self.register_or_zero(value)),
        }
    }

    pub(super) fn unary(&mut self, operator: Unary, dest: Value, a: Value) {
        let z = own_register(dest);
        let a = self.register_or_zero(a);
        match operator {
            Unary::Negate => self.arithmetic(Operation::Subtract, Source::Register(a), ZERO, z),
            Unary::Not => self.builder.emit(Instruction::Not { y: a, z }),
            Unary::SignExtend8 => self.extend(Operation::ShiftRightSigned, 56, a, z),
            Unary::SignExtend16 => self.extend(Operation::ShiftRightSigned, 48, a, z),
            Unary::SignExtend32 => self.extend(Operation::ShiftRightSigned, 32, a, z),
            Unary::ZeroExtend8 => self.extend(Operation::ShiftRight, 56, a, z),
            Unary::ZeroExtend16 => self.extend(Operation::ShiftRight, 48, a, z),
            Unary::ZeroExtend32 => self.extend(Operation::ShiftRight, 32, a, z),
        }
    }

    /// `shlq 56, a, t; sarq 56, t, z`
    fn extend(&mut self, back: Operation, bits: i16, a: Register, z: Register) {
        let shifted = self.builder.register();
        let bits = Source::Immediate(bits);
        self.arithmetic(Operation::ShiftLeft, bits, a, shifted);
        self.arithmetic(back, bits, shifted, z);
    }

    pub(super) fn binary(&mut self, operator: Binary, dest: Value, a: Value, b: Value) {
        if self.conditional_addition(dest) {
            return;
        }
        let z = own_register(dest);
        match operator {
            Binary::Add => self.add(a, b, z),
            Binary::Subtract => self.subtract(a, b, z),
            Binary::Multiply => self.commutative(Operation::Multiply, a, b, z),
            Binary::And => self.commutative(Operation::And, a, b, z),
            Binary::Or => self.commutative(Operation::Or, a, b, z),
            Binary::Xor => self.exclusive_or(a, b, z),
            Binary::ShiftLeft => self.shift(Operation::ShiftLeft, a, b, z),
            Binary::ShiftRight => self.shift(Operation::ShiftRight, a, b, z),
            Binary::ShiftRightSigned => self.shift(Operation::ShiftRightSigned, a, b, z),
            Binary::Compare(condition) => self.compare(condition, a, b, z),
            Binary::MultiplyHighUnsigned => {
                let (a, b) = (self.register_or_zero(a), self.register_or_zero(b));
                self.multiply_high(a, b, z);
            }
            Binary::MultiplyHighSigned => self.multiply_high_signed(a, b, z),
        }
    }

    /// `addq 5, y, z`, or `subq 5, y, z` for −5.
    fn add(&mut self, a: Value, b: Value, z: Register) {
        let (a, b) = if self.constant(a).is_some() {
            (b, a)
        } else {
            (a, b)
        };
        self.add_or_subtract([Operation::Add, Operation::Subtract], a, b, z);
    }

    /// `subq 5, y, z`, or `addq 5, y, z` for −5.
    fn subtract(&mut self, a: Value, b: Value, z: Register) {
        self.add_or_subtract([Operation::Subtract, Operation::Add], a, b, z);
    }

    /// The first operation; the second, which is its opposite, with a number below 0.
    fn add_or_subtract(&mut self, operations: [Operation; 2], a: Value, b: Value, z: Register) {
        let (operation, x) = match self.constant(b) {
            Some(number @ -255..=-1) => (operations[1], Source::Immediate(-number as i16)),
            _ => (operations[0], self.source(operations[0], b)),
        };
        let y = self.register_or_zero(a);
        self.arithmetic(operation, x, y, z);
    }

    fn commutative(&mut self, operation: Operation, a: Value, b: Value, z: Register) {
        let is_left = self
            .constant(a)
            .is_some_and(|number| operation.immediates().contains(&number));
        let (a, b) = if is_left { (b, a) } else { (a, b) };
        let x = self.source(operation, b);
        let y = self.register_or_zero(a);
        self.arithmetic(operation, x, y, z);
    }

    fn shift(&mut self, operation: Operation, a: Value, b: Value, z: Register) {
        let x = match self.constant(b) {
            Some(count) => Source::Immediate((count & 63) as i16),
            None => Source::Register(self.register(b)),
        };
        let y = self.register_or_zero(a);
        self.arithmetic(operation, x, y, z);
    }

    /// `orq a, b, s; andq a, b, t; subq t, s, z`: there is no instruction for it.
    fn exclusive_or(&mut self, a: Value, b: Value, z: Register) {
        let (a, b) = (self.register_or_zero(a), self.register_or_zero(b));
        let (either, both) = (self.builder.register(), self.builder.register());
        self.arithmetic(Operation::Or, Source::Register(a), b, either);
        self.arithmetic(Operation::And, Source::Register(a), b, both);
        self.arithmetic(Operation::Subtract, Source::Register(both), either, z);
    }

    // ---- comparisons ----

    /// The test whether two values compare so.
    pub(super) fn comparison(&mut self, condition: Condition, a: Value, b: Value) -> Test {
        let is_left = self.constant(a).is_some() && self.constant(b).is_none();
        let (condition, a, b) = if is_left {
            (condition.swapped(), b, a)
        } else {
            (condition, a, b)
        };
        let x = match self.constant(b) {
            Some(number) if is_comparable(condition, number) => Source::Immediate(number as i16),
            _ => Source::Register(self.register_or_zero(b)),
        };
        Test {
            condition,
            x,
            y: self.register_or_zero(a),
        }
    }

    fn compare(&mut self, condition: Condition, a: Value, b: Value, z: Register) {
        let test = self.comparison(condition, a, b);
        match test {
            // The sign: `shrq 63, y, z`
            Test {
                condition: Condition::Less,
                x: Source::Immediate(0),
                y,
            } => self.arithmetic(Operation::ShiftRight, Source::Immediate(63), y, z),
            _ => self.builder.emit(Instruction::Compare { test, z }),
        }
    }

    // ---- results in neighbouring registers ----

    /// Where the next results go.
    fn group(&mut self) -> u8 {
        let group = self.scheme.group(self.next_group);
        self.next_group = (self.next_group + 1) % self.groups.max(1);
        group
    }

    /// The result of the next instruction is in a register of the machine.
    fn result_in(&mut self, place: u8, z: Register) {
        self.builder
            .operand(z, Role::Define, Constraint::Fixed(place));
    }

    /// `idivq x, y, %n`, quotient and remainder at once; the machine traps where the divisor is 0.
    pub(super) fn divide(
        &mut self,
        operator: Division,
        dest: Value,
        (a, b): (Value, Value),
        exit: Option<ExitId>,
    ) {
        if self.computed.contains(&dest) {
            return;
        }
        let z = own_register(dest);
        let x = match self.constant(b) {
            Some(number @ 0..=255) if operator_is_signed(operator) => {
                Source::Immediate(number as i16)
            }
            _ => Source::Register(self.register_or_zero(b)),
        };
        let y = self.register_or_zero(a);
        let values = exit.map(|exit| self.exit_values(exit)).unwrap_or_default();
        let first = self.group();
        let instruction = match operator {
            Division::Signed | Division::SignedRemainder => {
                let is_quotient = operator == Division::Signed;
                self.result_in(first + u8::from(!is_quotient), z);
                if let Some(&partner) = self.partners.get(&dest) {
                    self.result_in(first + u8::from(is_quotient), own_register(partner));
                    self.computed.insert(partner);
                }
                Instruction::Grouped {
                    operation: Grouped::Divide,
                    x,
                    y,
                    first,
                }
            }
            Division::Unsigned | Division::UnsignedRemainder => {
                let high = self.builder.register();
                self.builder
                    .emit_computation(Instruction::Constant { z: high, value: 0 });
                self.builder.operand(y, Role::Use, Constraint::Fixed(first));
                self.builder
                    .operand(high, Role::Use, Constraint::Fixed(first + 1));
                let is_quotient = operator == Division::Unsigned;
                self.result_in(if is_quotient { first } else { first + 2 }, z);
                Instruction::Grouped {
                    operation: Grouped::DivideUnsigned,
                    x,
                    y: Register::physical(first),
                    first,
                }
            }
        };
        match exit {
            Some(exit) => self.builder.exit(exit, &values, instruction),
            None => self.builder.emit(instruction),
        }
    }

    pub(super) fn wide_multiply(&mut self, low: Value, high: Value, a: Value, b: Value) {
        let (a, b) = (self.register_or_zero(a), self.register_or_zero(b));
        let first = self.group();
        self.result_in(first, own_register(low));
        self.result_in(first + 1, own_register(high));
        self.multiply_wide(a, b, first);
    }

    /// `mulq a, b, %n`, of which %(n+1) is the result.
    fn multiply_high(&mut self, a: Register, b: Register, z: Register) {
        let first = self.group();
        self.result_in(first + 1, z);
        self.multiply_wide(a, b, first);
    }

    fn multiply_wide(&mut self, a: Register, b: Register, first: u8) {
        self.builder.emit(Instruction::Grouped {
            operation: Grouped::Multiply,
            x: Source::Register(a),
            y: b,
            first,
        });
    }

    /// As unsigned numbers a factor below 0 is 2^64 too large: the other one is subtracted.
    ///
    /// ```text
    /// mulq a, b, %n       sarq 63, a, s       andq b, s, s       subq s, %(n+1), t
    ///                     sarq 63, b, u       andq a, u, u       subq u, t, z
    /// ```
    fn multiply_high_signed(&mut self, a: Value, b: Value, z: Register) {
        let (a, b) = (self.register_or_zero(a), self.register_or_zero(b));
        let high = self.builder.register();
        self.multiply_high(a, b, high);
        let mut rest = high;
        for (sign_of, other, result) in [(a, b, None), (b, a, Some(z))] {
            let sign = self.builder.register();
            let part = self.builder.register();
            let result = result.unwrap_or_else(|| self.builder.register());
            let bits = Source::Immediate(63);
            self.arithmetic(Operation::ShiftRightSigned, bits, sign_of, sign);
            self.arithmetic(Operation::And, Source::Register(sign), other, part);
            self.arithmetic(Operation::Subtract, Source::Register(part), rest, result);
            rest = result;
        }
    }
}
