//! Divisions.

use super::Selector;
use crate::ir::{Division, ExitId, List, Op, Value};
use crate::machine::Register;
use crate::x86_64::instruction::{Divisor, Instruction};

/// How many instructions are looked at, backwards, for the other result of a division.
const DISTANCE: usize = 16;

impl Selector<'_> {
    /// `dest = a / b`, or the remainder; both at once if an earlier instruction wants the other.
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
        let is_safe = exit.is_none();
        if let Some(earlier) = self.other_half(op, (a, b)).filter(|_| is_safe) {
            self.other_results.push((earlier, wanted));
            return;
        }
        let shared = self
            .other_results
            .pop_if(|&mut (earlier, _)| earlier == self.at);
        let other = match shared {
            Some((_, register)) => register,
            None => self.builder.register(),
        };
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

    /// An earlier instruction of the block that gives the other result of the same division.
    fn other_half(&mut self, op: Division, operands: (Value, Value)) -> Option<usize> {
        let start = self.function.blocks[self.block as usize].range().start;
        let near = start.max(self.at.saturating_sub(DISTANCE));
        let (earlier, dest) =
            (near..self.at)
                .rev()
                .find_map(|index| match self.function.instructions[index].op {
                    Op::Divide {
                        operator,
                        dest,
                        a,
                        b,
                        ..
                    } if operator == other_result(op) && (a, b) == operands => Some((index, dest)),
                    _ => None,
                })?;
        // The last one found comes first; with others in between it has to wait for them.
        let is_next = self
            .other_results
            .last()
            .is_none_or(|&(waiting, _)| waiting < earlier);
        is_next.then(|| {
            self.own_register(dest);
            earlier
        })
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

/// What the same division gives besides.
const fn other_result(op: Division) -> Division {
    match op {
        Division::Signed => Division::SignedRemainder,
        Division::SignedRemainder => Division::Signed,
        Division::Unsigned => Division::UnsignedRemainder,
        Division::UnsignedRemainder => Division::Unsigned,
    }
}
