//! What an instruction does, as typed expressions and statements.
//!
//! Values are 64 bits wide and typed as in C: register values and `u` fields are unsigned, `s` and
//! `j` fields, characters, flags and the results of comparisons are signed, a number is signed if
//! it fits; where operands differ, both are taken as unsigned. That decides `/ % >> < <= > >=`.
//! Shift counts are taken modulo 64, and the smallest number divided by −1 is itself.

use crate::isa::FieldIndex;

/// A status flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// Zero.
    Zero,
    /// Carry, or borrow.
    Carry,
    /// Sign.
    Sign,
    /// Signed overflow.
    Overflow,
}

impl Flag {
    /// All flags, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Zero, Self::Carry, Self::Sign, Self::Overflow];

    /// The usual short name: `ZF`, `CF`, `SF`, `OF`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "ZF",
            Self::Carry => "CF",
            Self::Sign => "SF",
            Self::Overflow => "OF",
        }
    }
}

/// Whether operations take a value as signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signedness {
    /// 0 … 2^64 − 1.
    Unsigned,
    /// −2^63 … 2^63 − 1.
    Signed,
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `-`, wrapping.
    Negate,
    /// `~`
    Complement,
    /// `!`: 1 if the operand is 0, else 0.
    Not,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `*`, wrapping.
    Multiply,
    /// `/`; traps on 0.
    Divide(Signedness),
    /// `%`; traps on 0.
    Remainder(Signedness),
    /// `+`, wrapping.
    Add,
    /// `-`, wrapping.
    Subtract,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight(Signedness),
    /// `<`
    Less(Signedness),
    /// `<=`
    LessOrEqual(Signedness),
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `&`
    And,
    /// `^`
    ExclusiveOr,
    /// `|`
    Or,
}

/// A division by zero in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DivisionByZero;

impl UnaryOperator {
    /// The value of the operator.
    pub fn apply(self, a: u64) -> u64 {
        match self {
            Self::Negate => a.wrapping_neg(),
            Self::Complement => !a,
            Self::Not => u64::from(a == 0),
        }
    }
}

impl BinaryOperator {
    /// The value of the operator.
    pub fn apply(self, a: u64, b: u64) -> Result<u64, DivisionByZero> {
        use Signedness::{Signed, Unsigned};
        let (sa, sb) = (a as i64, b as i64);
        Ok(match self {
            Self::Multiply => a.wrapping_mul(b),
            Self::Divide(_) | Self::Remainder(_) if b == 0 => return Err(DivisionByZero),
            Self::Divide(Unsigned) => a / b,
            Self::Divide(Signed) => sa.wrapping_div(sb) as u64,
            Self::Remainder(Unsigned) => a % b,
            Self::Remainder(Signed) => sa.wrapping_rem(sb) as u64,
            Self::Add => a.wrapping_add(b),
            Self::Subtract => a.wrapping_sub(b),
            Self::ShiftLeft => a << (b & 63),
            Self::ShiftRight(Unsigned) => a >> (b & 63),
            Self::ShiftRight(Signed) => (sa >> (b & 63)) as u64,
            Self::Less(Unsigned) => u64::from(a < b),
            Self::Less(Signed) => u64::from(sa < sb),
            Self::LessOrEqual(Unsigned) => u64::from(a <= b),
            Self::LessOrEqual(Signed) => u64::from(sa <= sb),
            Self::Equal => u64::from(a == b),
            Self::NotEqual => u64::from(a != b),
            Self::And => a & b,
            Self::ExclusiveOr => a ^ b,
            Self::Or => a | b,
        })
    }
}

/// A value in an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A number or a named constant.
    Constant(u64),
    /// A field of the word, extended as its kind says.
    Field(FieldIndex),
    /// `ulm_regVal(r)`: the value of the register with that number.
    Register(Box<Expression>),
    /// `ulm_ipVal()`: the address of the instruction.
    InstructionPointer,
    /// `ulm_readChar()`: the next input byte, −1 at the end.
    ReadChar,
    /// `ulm_statusReg[…]`: 0 or 1.
    Flag(Flag),
    /// An operator with one operand.
    Unary(UnaryOperator, Box<Expression>),
    /// An operator with two operands, both always evaluated, left first.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `a && b`: `b` is evaluated only if `a` is not 0. Gives 1 or 0.
    LogicalAnd(Box<Expression>, Box<Expression>),
    /// `a || b`: `b` is evaluated only if `a` is 0. Gives 1 or 0.
    LogicalOr(Box<Expression>, Box<Expression>),
    /// `c ? a : b`: one of `a` and `b` is evaluated.
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
}

impl Expression {
    /// Calls `visit` with the expression and each of its parts, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Constant(_)
            | Self::Field(_)
            | Self::InstructionPointer
            | Self::ReadChar
            | Self::Flag(_) => {}
            Self::Register(a) | Self::Unary(_, a) => a.walk(visit),
            Self::Binary(_, a, b) | Self::LogicalAnd(a, b) | Self::LogicalOr(a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
            Self::Conditional(a, b, c) => {
                a.walk(visit);
                b.walk(visit);
                c.walk(visit);
            }
        }
    }

    /// The value, if it depends on fields and numbers alone.
    ///
    /// `field` gives the values of fields. A division by zero has no value.
    pub fn evaluate_static(&self, field: &dyn Fn(FieldIndex) -> i64) -> Option<u64> {
        let value = |e: &Self| e.evaluate_static(field);
        Some(match self {
            Self::Constant(n) => *n,
            Self::Field(f) => field(*f) as u64,
            Self::Unary(op, a) => op.apply(value(a)?),
            Self::Binary(op, a, b) => op.apply(value(a)?, value(b)?).ok()?,
            Self::LogicalAnd(a, b) => u64::from(value(a)? != 0 && value(b)? != 0),
            Self::LogicalOr(a, b) => u64::from(value(a)? != 0 || value(b)? != 0),
            Self::Conditional(c, a, b) => value(if value(c)? != 0 { a } else { b })?,
            Self::Register(_) | Self::InstructionPointer | Self::ReadChar | Self::Flag(_) => {
                return None;
            }
        })
    }
}

/// What a call in an effect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `ulm_setReg(v, d)`
    SetRegister,
    /// `ulm_add64(a, b, d)`
    Add,
    /// `ulm_sub64(a, b, d)`
    Subtract,
    /// `ulm_mul64(a, b, d)`
    Multiply,
    /// `ulm_mul128(a, b, d0, d1)`
    MultiplyWide,
    /// `ulm_div128(a, b0, b1, d0, d1, d2)`
    DivideWide,
    /// `ulm_idiv64(a, b, d)`; writes d and d + 1
    DivideSigned,
    /// `ulm_and64(a, b, d)`
    And,
    /// `ulm_or64(a, b, d)`
    Or,
    /// `ulm_not64(a, d)`
    Not,
    /// `ulm_shiftLeft64(a, b, d)`
    ShiftLeft,
    /// `ulm_shiftRightUnsigned64(a, b, d)`
    ShiftRightUnsigned,
    /// `ulm_shiftRightSigned64(a, b, d)`
    ShiftRightSigned,
    /// `ulm_fetch64(disp, base, index, scale, ext, n, d)`
    Fetch,
    /// `ulm_store64(disp, base, index, scale, n, s)`
    Store,
    /// `ulm_absJump(target, link)`
    JumpAbsolute,
    /// `ulm_unconditionalRelJump(d)`
    JumpRelative,
    /// `ulm_conditionalRelJump(c, d)`
    JumpConditional,
    /// `ulm_ipSet(v)`
    SetInstructionPointer,
    /// `ulm_halt(v)`
    Halt,
    /// `ulm_printChar(v)`
    PrintChar,
    /// `ulm_trap(a, b, c)`: reserved, does nothing
    Reserved,
}

/// What an argument of an effect is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// A 64-bit value.
    Value,
    /// The number of a register that is read.
    Source,
    /// The number of a register that is written.
    Destination,
    /// The number of a register that is written, and the one behind it.
    DestinationPair,
    /// A number of bytes: 1, 2, 4 or 8.
    Size,
    /// A factor of the index register.
    Scale,
    /// `ULM_ZERO_EXT` or `ULM_SIGN_EXT`.
    Extension,
}

impl Parameter {
    /// Whether the argument must depend on fields and numbers alone.
    pub fn is_static(self) -> bool {
        self != Self::Value
    }

    /// Whether the argument is the number of a register.
    pub fn is_register(self) -> bool {
        matches!(
            self,
            Self::Source | Self::Destination | Self::DestinationPair
        )
    }
}

/// The effects by name, with their parameters.
pub const OPERATIONS: &[(&str, Operation, &[Parameter])] = {
    use Parameter::{
        Destination as D, DestinationPair as DD, Extension as E, Scale as F, Size as N,
        Source as S, Value as V,
    };
    &[
        ("ulm_setReg", Operation::SetRegister, &[V, D]),
        ("ulm_add64", Operation::Add, &[V, V, D]),
        ("ulm_sub64", Operation::Subtract, &[V, V, D]),
        ("ulm_mul64", Operation::Multiply, &[V, V, D]),
        ("ulm_mul128", Operation::MultiplyWide, &[V, V, D, D]),
        ("ulm_div128", Operation::DivideWide, &[V, V, V, D, D, D]),
        ("ulm_idiv64", Operation::DivideSigned, &[V, V, DD]),
        ("ulm_and64", Operation::And, &[V, V, D]),
        ("ulm_or64", Operation::Or, &[V, V, D]),
        ("ulm_not64", Operation::Not, &[V, D]),
        ("ulm_shiftLeft64", Operation::ShiftLeft, &[V, V, D]),
        (
            "ulm_shiftRightUnsigned64",
            Operation::ShiftRightUnsigned,
            &[V, V, D],
        ),
        (
            "ulm_shiftRightSigned64",
            Operation::ShiftRightSigned,
            &[V, V, D],
        ),
        ("ulm_fetch64", Operation::Fetch, &[V, S, S, F, E, N, D]),
        ("ulm_store64", Operation::Store, &[V, S, S, F, N, S]),
        ("ulm_absJump", Operation::JumpAbsolute, &[V, D]),
        ("ulm_unconditionalRelJump", Operation::JumpRelative, &[V]),
        (
            "ulm_conditionalRelJump",
            Operation::JumpConditional,
            &[V, V],
        ),
        ("ulm_ipSet", Operation::SetInstructionPointer, &[V]),
        ("ulm_halt", Operation::Halt, &[V]),
        ("ulm_printChar", Operation::PrintChar, &[V]),
        ("ulm_trap", Operation::Reserved, &[V, V, V]),
    ]
};

impl Operation {
    /// The name of the effect in a description.
    pub fn name(self) -> &'static str {
        self.entry().0
    }

    /// What its arguments are.
    pub fn parameters(self) -> &'static [Parameter] {
        self.entry().2
    }

    fn entry(self) -> &'static (&'static str, Self, &'static [Parameter]) {
        // The table is in the order of the enum; a test holds it to that.
        &OPERATIONS[self as usize]
    }

    /// The flags that it writes.
    pub fn flags_written(self) -> &'static [Flag] {
        match self {
            Self::Add | Self::Subtract => &Flag::ALL,
            Self::MultiplyWide | Self::ShiftLeft => &[Flag::Carry],
            Self::And | Self::Or | Self::Not => &[Flag::Zero],
            _ => &[],
        }
    }
}

/// A call in an effect. Its arguments are evaluated, left first, before it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What is called.
    pub operation: Operation,
    /// One for each of [`Operation::parameters`].
    pub arguments: Vec<Expression>,
}

/// What an instruction does: its statements run in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// The statements; none for an instruction that does nothing.
    pub statements: Vec<Statement>,
    /// The source text, white space folded.
    pub text: String,
}

impl Effect {
    /// All arguments of all statements with what they are taken for.
    pub fn arguments(&self) -> impl Iterator<Item = (Parameter, &Expression)> {
        self.statements
            .iter()
            .flat_map(|s| s.operation.parameters().iter().copied().zip(&s.arguments))
    }

    /// How many times an execution may read a character, at most.
    pub fn reads_of_input(&self) -> usize {
        let mut count = 0;
        for (_, argument) in self.arguments() {
            argument.walk(&mut |e| count += usize::from(*e == Expression::ReadChar));
        }
        count
    }

    /// The first register number past 255 that the word with these fields names, if there is one.
    pub fn register_past_end(&self, field: &dyn Fn(FieldIndex) -> i64) -> Option<u64> {
        let past = |number: u64| (number >= crate::isa::REGISTERS).then_some(number);
        for (parameter, argument) in self.arguments() {
            let mut found = None;
            if parameter.is_register()
                && let Some(number) = argument.evaluate_static(field)
            {
                let last = number.wrapping_add(u64::from(parameter == Parameter::DestinationPair));
                found = past(number).or_else(|| past(last));
            }
            argument.walk(&mut |part| {
                if let Expression::Register(number) = part {
                    let number = number.evaluate_static(field);
                    found = found.or_else(|| number.and_then(past));
                }
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_operations_is_in_the_order_of_the_enum() {
        for &(_, operation, _) in OPERATIONS {
            assert_eq!(operation.entry().1, operation);
        }
    }

    #[test]
    fn division_is_signed_or_unsigned_by_type() {
        let minus_eight = -8i64 as u64;
        let signed = BinaryOperator::Divide(Signedness::Signed);
        let unsigned = BinaryOperator::Divide(Signedness::Unsigned);
        assert_eq!(signed.apply(minus_eight, 2), Ok(-4i64 as u64));
        assert_eq!(unsigned.apply(minus_eight, 2), Ok(minus_eight >> 1));
        assert_eq!(signed.apply(1 << 63, u64::MAX), Ok(1 << 63));
        assert_eq!(unsigned.apply(1, 0), Err(DivisionByZero));
    }
}
