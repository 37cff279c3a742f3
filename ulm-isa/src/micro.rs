//! Micro-operations: what a word does, with its fields known.
//!
//! [`lower`] turns the effect of a decoded word into a short list without names, fields or nested
//! expressions. Engines execute or translate this list; the effect itself stays the definition.
//!
//! ```
//! use ulm_isa::{Isa, micro};
//!
//! let isa = Isa::ulm();
//! let word = isa.decode(0x3801_0202).unwrap(); // addq 1, %2, %2
//! let lowered = micro::lower(isa, word).unwrap();
//! assert_eq!(lowered.operations, [micro::MicroOperation::Add {
//!     a: micro::Operand::Constant(1),
//!     b: micro::Operand::Register(2),
//!     destination: 2,
//! }]);
//! ```

use crate::effect::{
    BinaryOperator, Effect, Expression, Flag, Operation, Parameter, Statement, UnaryOperator,
};
use crate::isa::{FieldIndex, Isa};
use crate::word::Decoded;

/// A value that a micro-operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A known number.
    Constant(u64),
    /// The value of a register; `%0` is lowered to the constant 0.
    Register(u8),
    /// What an earlier micro-operation of the list left there.
    Temporary(u8),
    /// The address of the instruction.
    InstructionPointer,
}

/// A set of flag states, one bit for each of the 16 combinations: the condition of a jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlagStates(pub u16);

impl FlagStates {
    /// The index of a combination: bit 0 is ZF, 1 CF, 2 SF, 3 OF.
    #[inline]
    #[expect(
        clippy::fn_params_excessive_bools,
        reason = "a flag is a bool, and there are four"
    )]
    pub fn index(zero: bool, carry: bool, sign: bool, overflow: bool) -> u32 {
        u32::from(zero) | u32::from(carry) << 1 | u32::from(sign) << 2 | u32::from(overflow) << 3
    }

    /// Whether the combination with this index is in the set.
    #[inline]
    pub fn contains(self, index: u32) -> bool {
        self.0 >> index & 1 != 0
    }
}

/// When a conditional jump is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// When the flags are in one of these states.
    Flags(FlagStates),
    /// When the value is not 0.
    Value(Operand),
}

/// A step. Operands are read before anything is written; register 0 as a destination drops the
/// value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MicroOperation {
    /// `to := operator a`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// Its operand.
        a: Operand,
        /// The temporary that gets the value.
        to: u8,
    },
    /// `to := a operator b`; a division by zero traps.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Its left operand.
        a: Operand,
        /// Its right operand.
        b: Operand,
        /// The temporary that gets the value.
        to: u8,
    },
    /// `to := condition ≠ 0 ? a : b`
    Select {
        /// What decides.
        condition: Operand,
        /// The value if it is not 0.
        a: Operand,
        /// The value if it is 0.
        b: Operand,
        /// The temporary that gets the value.
        to: u8,
    },
    /// `to :=` a flag, 0 or 1.
    ReadFlag {
        /// The flag.
        flag: Flag,
        /// The temporary that gets the value.
        to: u8,
    },
    /// `to :=` the next input byte, −1 at the end.
    ReadChar {
        /// The temporary that gets the value.
        to: u8,
    },
    /// `destination := value`
    SetRegister {
        /// The value.
        value: Operand,
        /// The register that gets it.
        destination: u8,
    },
    /// `destination := b + a`, with all flags.
    Add {
        /// Summand.
        a: Operand,
        /// Summand.
        b: Operand,
        /// The register that gets the sum.
        destination: u8,
    },
    /// `destination := b − a`, with all flags.
    Subtract {
        /// Subtrahend.
        a: Operand,
        /// Minuend.
        b: Operand,
        /// The register that gets the difference.
        destination: u8,
    },
    /// `destination :=` low 64 bits of `a · b`
    Multiply {
        /// Factor.
        a: Operand,
        /// Factor.
        b: Operand,
        /// The register that gets the product.
        destination: u8,
    },
    /// `high:low := a · b`, unsigned; CF = high ≠ 0.
    MultiplyWide {
        /// Factor.
        a: Operand,
        /// Factor.
        b: Operand,
        /// The register that gets the low 64 bits; written first.
        low: u8,
        /// The register that gets the high 64 bits.
        high: u8,
    },
    /// `high:low ÷ divisor`, unsigned; traps if the divisor is 0. Written in the order of fields.
    DivideWide {
        /// Divisor.
        divisor: Operand,
        /// Low 64 bits of the dividend.
        low: Operand,
        /// High 64 bits of the dividend.
        high: Operand,
        /// The register that gets the low 64 bits of the quotient.
        quotient_low: u8,
        /// The register that gets the high 64 bits of the quotient.
        quotient_high: u8,
        /// The register that gets the remainder.
        remainder: u8,
    },
    /// `dividend ÷ divisor`, signed, truncated; traps if the divisor is 0.
    DivideSigned {
        /// Divisor.
        divisor: Operand,
        /// Dividend.
        dividend: Operand,
        /// The register that gets the quotient; the one behind it gets the remainder, later.
        quotient: u8,
    },
    /// `destination := a & b`; ZF.
    And {
        /// Operand.
        a: Operand,
        /// Operand.
        b: Operand,
        /// The register that gets the value.
        destination: u8,
    },
    /// `destination := a | b`; ZF.
    Or {
        /// Operand.
        a: Operand,
        /// Operand.
        b: Operand,
        /// The register that gets the value.
        destination: u8,
    },
    /// `destination := ~a`; ZF.
    Not {
        /// Operand.
        a: Operand,
        /// The register that gets the value.
        destination: u8,
    },
    /// `destination := value << count mod 64`; CF = the last bit shifted out, unchanged if the
    /// count is 0.
    ShiftLeft {
        /// Count.
        count: Operand,
        /// Value.
        value: Operand,
        /// The register that gets the value.
        destination: u8,
    },
    /// `destination := value >> count mod 64`, zeros shifted in.
    ShiftRightUnsigned {
        /// Count.
        count: Operand,
        /// Value.
        value: Operand,
        /// The register that gets the value.
        destination: u8,
    },
    /// `destination := value >> count mod 64`, copies of the sign shifted in.
    ShiftRightSigned {
        /// Count.
        count: Operand,
        /// Value.
        value: Operand,
        /// The register that gets the value.
        destination: u8,
    },
    /// `destination :=` the bytes at `address`; traps if it is not a multiple of their number.
    Load {
        /// Where.
        address: Address,
        /// How many bytes: 1, 2, 4, 8.
        size: u8,
        /// Whether the value is sign-extended; else zero-extended.
        signed: bool,
        /// The register that gets the value; never 0: such a load does nothing at all.
        destination: u8,
    },
    /// The low bytes of `source` to `address`; traps if it is not a multiple of their number.
    Store {
        /// Where.
        address: Address,
        /// How many bytes: 1, 2, 4, 8.
        size: u8,
        /// The register with the value.
        source: u8,
    },
    /// `link := IP + 4`, `IP := target`; traps if the target is not a multiple of 4.
    JumpAbsolute {
        /// The target, read before `link` is written.
        target: Operand,
        /// The register that gets the return address.
        link: u8,
    },
    /// `IP := IP + distance`; traps if the target is not a multiple of 4.
    JumpRelative {
        /// The distance in bytes.
        distance: Operand,
    },
    /// `IP := IP + distance` if the condition holds; traps then as above.
    JumpConditional {
        /// When.
        condition: Condition,
        /// The distance in bytes.
        distance: Operand,
    },
    /// `IP := target`; traps if it is not a multiple of 4.
    SetInstructionPointer {
        /// The target.
        target: Operand,
    },
    /// Stop with this exit status mod 256; what stands behind it is not executed.
    Halt {
        /// The status.
        status: Operand,
    },
    /// Write the low byte.
    PrintChar {
        /// The character.
        value: Operand,
    },
}

/// Where a load or store goes: `displacement + %base + scale · %index` modulo 2^64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Added as it is.
    pub displacement: Operand,
    /// The number of a register.
    pub base: u8,
    /// The number of a register.
    pub index: u8,
    /// Factor of the index register.
    pub scale: u64,
}

/// The micro-operations of a word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lowered {
    /// The steps, in order.
    pub operations: Vec<MicroOperation>,
    /// The number of input bytes that they may read, at most.
    pub reads_of_input: usize,
}

/// Why a word can't be executed, known from the word alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StaticFault {
    /// It names a register with this number, past 255.
    RegisterPastEnd(u64),
    /// A number of bytes that is not 1, 2, 4, 8, or an extension or register number that has no
    /// value.
    IllegalOperand,
}

/// Why a word has no micro-operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotLowered {
    /// It can't be executed at all.
    Fault(StaticFault),
    /// Its effect evaluates something only under a condition that must not be evaluated otherwise:
    /// a character read or a division in one branch of `?:`, `&&` or `||`. Execute the effect.
    Conditional,
    /// It needs more temporaries than can be numbered. Execute the effect.
    TooLong,
}

/// What can be said about executing a word before it is executed.
///
/// Every engine checks this first: such an instruction traps before it does anything.
pub fn static_fault(effect: &Effect, field: &dyn Fn(FieldIndex) -> i64) -> Result<(), StaticFault> {
    if let Some(number) = effect.register_past_end(field) {
        return Err(StaticFault::RegisterPastEnd(number));
    }
    for (parameter, argument) in effect.arguments() {
        let mut good = true;
        if parameter.is_static() {
            let value = argument.evaluate_static(field);
            good = match parameter {
                Parameter::Size => matches!(value, Some(1 | 2 | 4 | 8)),
                Parameter::Extension => matches!(value, Some(0 | 1)),
                _ => value.is_some(),
            };
        }
        argument.walk(&mut |part| {
            if let Expression::Register(number) = part {
                good &= number.evaluate_static(field).is_some();
            }
        });
        if !good {
            return Err(StaticFault::IllegalOperand);
        }
    }
    Ok(())
}

/// The micro-operations of a decoded word.
pub fn lower(isa: &Isa, decoded: Decoded) -> Result<Lowered, NotLowered> {
    let format = isa.format_of(decoded.instruction);
    let field = |f: FieldIndex| decoded.field(format, f);
    let effect = &isa.instruction(decoded.instruction).effect;
    static_fault(effect, &field).map_err(NotLowered::Fault)?;
    let mut lowering = Lowering {
        operations: Vec::new(),
        temporaries: 0,
        field: &field,
    };
    for statement in &effect.statements {
        lowering.statement(statement)?;
        if statement.operation == Operation::Halt {
            break;
        }
    }
    Ok(Lowered {
        operations: lowering.operations,
        reads_of_input: effect.reads_of_input(),
    })
}

struct Lowering<'a> {
    operations: Vec<MicroOperation>,
    temporaries: u8,
    field: &'a dyn Fn(FieldIndex) -> i64,
}

impl Lowering<'_> {
    fn statement(&mut self, statement: &Statement) -> Result<(), NotLowered> {
        use MicroOperation as M;
        // Values first, in order; static arguments have no effect of their own.
        let condition = match statement.operation {
            Operation::JumpConditional => self.flag_states(&statement.arguments[0]),
            _ => None,
        };
        let mut values = Vec::with_capacity(statement.arguments.len());
        for (i, (argument, parameter)) in statement
            .arguments
            .iter()
            .zip(statement.operation.parameters())
            .enumerate()
        {
            values.push(if parameter.is_static() {
                Operand::Constant(argument.evaluate_static(self.field).unwrap_or(0))
            } else if i == 0 && condition.is_some() {
                Operand::Constant(0)
            } else {
                self.value(argument)?
            });
        }
        let value = |i: usize| values[i];
        let number = |i: usize| match values[i] {
            Operand::Constant(n) => n,
            _ => 0,
        };
        let register = |i: usize| number(i) as u8;
        let address = || Address {
            displacement: value(0),
            base: register(1),
            index: register(2),
            scale: number(3),
        };
        let operation = match statement.operation {
            Operation::SetRegister => M::SetRegister {
                value: value(0),
                destination: register(1),
            },
            Operation::Add => M::Add {
                a: value(0),
                b: value(1),
                destination: register(2),
            },
            Operation::Subtract => M::Subtract {
                a: value(0),
                b: value(1),
                destination: register(2),
            },
            Operation::Multiply => M::Multiply {
                a: value(0),
                b: value(1),
                destination: register(2),
            },
            Operation::MultiplyWide => M::MultiplyWide {
                a: value(0),
                b: value(1),
                low: register(2),
                high: register(3),
            },
            Operation::DivideWide => M::DivideWide {
                divisor: value(0),
                low: value(1),
                high: value(2),
                quotient_low: register(3),
                quotient_high: register(4),
                remainder: register(5),
            },
            Operation::DivideSigned => M::DivideSigned {
                divisor: value(0),
                dividend: value(1),
                quotient: register(2),
            },
            Operation::And => M::And {
                a: value(0),
                b: value(1),
                destination: register(2),
            },
            Operation::Or => M::Or {
                a: value(0),
                b: value(1),
                destination: register(2),
            },
            Operation::Not => M::Not {
                a: value(0),
                destination: register(1),
            },
            Operation::ShiftLeft => M::ShiftLeft {
                count: value(0),
                value: value(1),
                destination: register(2),
            },
            Operation::ShiftRightUnsigned => M::ShiftRightUnsigned {
                count: value(0),
                value: value(1),
                destination: register(2),
            },
            Operation::ShiftRightSigned => M::ShiftRightSigned {
                count: value(0),
                value: value(1),
                destination: register(2),
            },
            // A load into %0 touches no memory.
            Operation::Fetch if register(6) == 0 => return Ok(()),
            Operation::Fetch => M::Load {
                address: address(),
                signed: number(4) == 1,
                size: number(5) as u8,
                destination: register(6),
            },
            Operation::Store => M::Store {
                address: address(),
                size: number(4) as u8,
                source: register(5),
            },
            Operation::JumpAbsolute => M::JumpAbsolute {
                target: value(0),
                link: register(1),
            },
            Operation::JumpRelative => M::JumpRelative { distance: value(0) },
            Operation::JumpConditional => M::JumpConditional {
                condition: condition.map_or(Condition::Value(value(0)), Condition::Flags),
                distance: value(1),
            },
            Operation::SetInstructionPointer => M::SetInstructionPointer { target: value(0) },
            Operation::Halt => M::Halt { status: value(0) },
            Operation::PrintChar => M::PrintChar { value: value(0) },
            Operation::Reserved => return Ok(()),
        };
        self.operations.push(operation);
        Ok(())
    }

    /// Appends what computes `expression` and says where its value is.
    fn value(&mut self, expression: &Expression) -> Result<Operand, NotLowered> {
        if let Some(known) = expression.evaluate_static(self.field) {
            return Ok(Operand::Constant(known));
        }
        Ok(match expression {
            Expression::Constant(_) | Expression::Field(_) => Operand::Constant(0),
            Expression::Register(number) => {
                match number.evaluate_static(self.field).unwrap_or(0) as u8 {
                    0 => Operand::Constant(0),
                    number => Operand::Register(number),
                }
            }
            Expression::InstructionPointer => Operand::InstructionPointer,
            Expression::ReadChar => self.temporary(|to| MicroOperation::ReadChar { to })?,
            Expression::Flag(flag) => {
                let flag = *flag;
                self.temporary(|to| MicroOperation::ReadFlag { flag, to })?
            }
            Expression::Unary(operator, a) => {
                let (operator, a) = (*operator, self.value(a)?);
                self.temporary(|to| MicroOperation::Unary { operator, a, to })?
            }
            Expression::Binary(operator, a, b) => {
                let a = self.value(a)?;
                let b = self.value(b)?;
                self.binary(*operator, a, b)?
            }
            Expression::LogicalAnd(a, b) => self.logical(BinaryOperator::And, a, b)?,
            Expression::LogicalOr(a, b) => self.logical(BinaryOperator::Or, a, b)?,
            Expression::Conditional(condition, a, b) => {
                if let Some(known) = condition.evaluate_static(self.field) {
                    return self.value(if known != 0 { a } else { b });
                }
                if !self.may_always_run(a) || !self.may_always_run(b) {
                    return Err(NotLowered::Conditional);
                }
                let condition = self.value(condition)?;
                let a = self.value(a)?;
                let b = self.value(b)?;
                self.temporary(|to| MicroOperation::Select {
                    condition,
                    a,
                    b,
                    to,
                })?
            }
        })
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        a: Operand,
        b: Operand,
    ) -> Result<Operand, NotLowered> {
        self.temporary(|to| MicroOperation::Binary { operator, a, b, to })
    }

    /// `a && b` or `a || b`, with `operator` the bitwise one.
    fn logical(
        &mut self,
        operator: BinaryOperator,
        a: &Expression,
        b: &Expression,
    ) -> Result<Operand, NotLowered> {
        if !self.may_always_run(b) {
            return Err(NotLowered::Conditional);
        }
        let zero = Operand::Constant(0);
        let a = self.value(a)?;
        let a = self.binary(BinaryOperator::NotEqual, a, zero)?;
        let b = self.value(b)?;
        let b = self.binary(BinaryOperator::NotEqual, b, zero)?;
        self.binary(operator, a, b)
    }

    /// Whether evaluating the expression where its value isn't wanted does no harm.
    fn may_always_run(&self, expression: &Expression) -> bool {
        let mut harmless = true;
        expression.walk(&mut |part| {
            harmless &= match part {
                Expression::ReadChar => false,
                Expression::Binary(
                    BinaryOperator::Divide(_) | BinaryOperator::Remainder(_),
                    _,
                    divisor,
                ) => divisor.evaluate_static(self.field).is_some_and(|d| d != 0),
                _ => true,
            };
        });
        harmless
    }

    fn temporary(
        &mut self,
        operation: impl FnOnce(u8) -> MicroOperation,
    ) -> Result<Operand, NotLowered> {
        let to = self.temporaries;
        self.temporaries = to.checked_add(1).ok_or(NotLowered::TooLong)?;
        self.operations.push(operation(to));
        Ok(Operand::Temporary(to))
    }

    /// The states in which a condition of flags and known values alone holds.
    fn flag_states(&self, condition: &Expression) -> Option<FlagStates> {
        let mut states = 0;
        for index in 0..16u32 {
            let value = self.with_flags(condition, index)?;
            states |= u16::from(value != 0) << index;
        }
        Some(FlagStates(states))
    }

    fn with_flags(&self, expression: &Expression, index: u32) -> Option<u64> {
        let value = |e: &Expression| self.with_flags(e, index);
        Some(match expression {
            Expression::Flag(Flag::Zero) => u64::from(index & 1),
            Expression::Flag(Flag::Carry) => u64::from(index >> 1 & 1),
            Expression::Flag(Flag::Sign) => u64::from(index >> 2 & 1),
            Expression::Flag(Flag::Overflow) => u64::from(index >> 3 & 1),
            Expression::Unary(operator, a) => operator.apply(value(a)?),
            Expression::Binary(operator, a, b) => operator.apply(value(a)?, value(b)?).ok()?,
            Expression::LogicalAnd(a, b) => u64::from(value(a)? != 0 && value(b)? != 0),
            Expression::LogicalOr(a, b) => u64::from(value(a)? != 0 || value(b)? != 0),
            Expression::Conditional(c, a, b) => value(if value(c)? != 0 { a } else { b })?,
            known => known.evaluate_static(self.field)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowered(word: u32) -> Vec<MicroOperation> {
        let isa = Isa::ulm();
        lower(isa, isa.decode(word).unwrap()).unwrap().operations
    }

    #[test]
    fn the_condition_of_a_jump_becomes_a_set_of_flag_states() {
        // jle: ZF or SF ≠ OF
        let [
            MicroOperation::JumpConditional {
                condition: Condition::Flags(states),
                distance,
            },
        ] = lowered(0x4600_0003)[..]
        else {
            panic!("jle is one operation");
        };
        assert_eq!(distance, Operand::Constant(12));
        for index in 0..16 {
            let [zero, _, sign, overflow] = [0, 1, 2, 3].map(|bit| index >> bit & 1 != 0);
            assert_eq!(states.contains(index), zero || sign != overflow);
        }
    }

    #[test]
    fn a_load_into_register_zero_is_nothing() {
        assert_eq!(lowered(0x1800_0100), []);
    }

    #[test]
    fn every_built_in_instruction_but_getc_and_shldwq_is_one_operation() {
        for instruction in &Isa::ulm().instructions {
            let count = lowered(instruction.opcode << 24 | 0x0001_0203).len();
            let expected = match instruction.opcode {
                // Read, mask, set; and shift, or, set.
                0x60 | 0x5D => 3,
                0xFF => 0,
                _ => 1,
            };
            assert_eq!(count, expected, "opcode {:#x}", instruction.opcode);
        }
    }

    #[test]
    fn a_triplet_past_the_last_register_is_a_fault() {
        let isa = Isa::ulm();
        let divq = isa.decode(0x3301_02FE).unwrap();
        assert_eq!(
            lower(isa, divq),
            Err(NotLowered::Fault(StaticFault::RegisterPastEnd(256)))
        );
    }
}
