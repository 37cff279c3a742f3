//! Divisions.

use super::Selector;
use crate::ir::{Division, ExitId, List, Value};
use crate::machine::Register;
use crate::x86_64::instruction::{Divisor, Instruction};

impl Selector<'_> {
    /// `dest = a / b`, or the remainder.
    pub(super) fn divide(
        &mut self,
        op: Division,
        dest: Value,
        (a, b): (Value, Value),
        exit: Option<ExitId>,
    ) {
        let constant = self.constant(b);
        let exit = exit.filter(|_| constant.is_none_or(|divisor| divisor == 0));
        if exit.is_none() && !self.has_register(dest) {
            return;
        }
        let wanted = self.own_register(dest);
        let other = self.builder.register();
        let (quotient, remainder) = match op {
            Division::Signed | Division::Unsigned => (wanted, other),
            Division::SignedRemainder | Division::UnsignedRemainder => (other, wanted),
        };
        let known = match constant {
            None | Some(-1) => Divisor::Any,
            Some(_) => Divisor::NotMinusOne,
        };
        let instruction = Instruction::Divide {
            op,
            known,
            quotient,
            remainder,
            dividend: self.register(a),
            divisor: self.register(b),
        };
        self.emit_division(exit, instruction);
    }

    pub(super) fn wide_divide(&mut self, results: List, operands: List, exit: Option<ExitId>) {
        let results = self.registers(results, Self::own_register);
        let operands = self.registers(operands, Self::register);
        let (&[quotient_low, quotient_high, remainder], &[low, high, divisor]): (
            &[Register; 3],
            &[Register; 3],
        ) = (
            results[..].try_into().expect("three results"),
            operands[..].try_into().expect("three operands"),
        );
        let instruction = Instruction::WideDivide {
            quotient_low,
            quotient_high,
            remainder,
            low,
            high,
            divisor,
        };
        self.emit_division(exit, instruction);
    }

    fn emit_division(&mut self, exit: Option<ExitId>, instruction: Instruction) {
        match exit {
            Some(exit) => self.emit_exit(exit, instruction),
            None => self.builder.emit(instruction),
        }
    }
}
