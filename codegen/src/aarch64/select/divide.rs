//! Divisions. The processor's own give 0 for a divisor of 0, so that is checked before; the smallest
//! number by −1 is itself, as it should be.

use super::super::instruction::{Alu2, Instruction};
use super::Selector;
use super::condition::Test;
use crate::ir::{Division, ExitId, List, Op, Value};
use crate::machine::{Constraint, Register, Role};

/// As many instructions a quotient and a remainder of the same operands may be apart to share one
/// division.
const NEAR: u32 = 16;

impl Selector<'_> {
    /// `cbz b, exit; sdiv rd, a, b`, and for a remainder `msub rd, quotient, b, a`.
    pub(super) fn divide(&mut self, index: u32, op: &Op) {
        let &Op::Divide {
            operator,
            dest,
            a,
            b,
            exit,
        } = op
        else {
            return;
        };
        let Some(quotient) = quotient_of(operator) else {
            return self.quotient(index, operator, dest, (a, b), exit);
        };
        if let Some(earlier) = self.nearby_division(index, quotient, a, b) {
            // The quotient has been computed, and the divisor been checked.
            if self.has_register(dest) {
                let rd = self.own_register(dest);
                let rn = self.own_register(earlier);
                self.remainder(rd, rn, a, b);
            }
            return;
        }
        self.check_divisor(b, exit);
        let shared = self.take_shared_quotient(index);
        if !self.has_register(dest) && shared.is_none() {
            return;
        }
        let rn = shared.unwrap_or_else(|| self.builder.register());
        self.plain2(instruction_of(quotient), rn, a, b);
        if self.has_register(dest) {
            let rd = self.own_register(dest);
            self.remainder(rd, rn, a, b);
        }
    }

    fn quotient(
        &mut self,
        index: u32,
        operator: Division,
        dest: Value,
        (a, b): (Value, Value),
        exit: Option<ExitId>,
    ) {
        if let Some(earlier) = self.nearby_remainder(index, operator, a, b) {
            // The remainder computes the quotient, and checks the divisor.
            if self.has_register(dest) {
                self.share_quotient(earlier, dest);
            }
            return;
        }
        self.check_divisor(b, exit);
        if self.has_register(dest) {
            let rd = self.own_register(dest);
            self.plain2(instruction_of(operator), rd, a, b);
        }
    }

    /// `msub rd, quotient, b, a`
    fn remainder(&mut self, rd: Register, quotient: Register, a: Value, b: Value) {
        let (rm, ra) = (self.register(b), self.register(a));
        self.builder.emit(Instruction::Msub {
            rd,
            rn: quotient,
            rm,
            ra,
        });
    }

    /// Leaves if the divisor is 0, where it may be.
    fn check_divisor(&mut self, divisor: Value, exit: Option<ExitId>) {
        if let Some(exit) = exit
            && self.constant(divisor).is_none_or(|constant| constant == 0)
        {
            let register = self.register(divisor);
            self.leave_if(Test::Zero(register), exit);
        }
    }

    /// The result of such a division of these operands shortly before an instruction of the same
    /// block.
    fn nearby_division(&self, index: u32, wanted: Division, a: Value, b: Value) -> Option<Value> {
        self.find_before(index, wanted, a, b).map(|(_, dest)| dest)
    }

    /// The remainder of these operands shortly before a quotient of the same block, if it is
    /// selected.
    fn nearby_remainder(&self, index: u32, quotient: Division, a: Value, b: Value) -> Option<u32> {
        let wanted = match quotient {
            Division::Signed => Division::SignedRemainder,
            _ => Division::UnsignedRemainder,
        };
        let (earlier, dest) = self.find_before(index, wanted, a, b)?;
        // A quotient before both serves both.
        let is_first = self.find_before(earlier, quotient, a, b).is_none();
        (is_first && self.has_register(dest)).then_some(earlier)
    }

    fn find_before(
        &self,
        index: u32,
        wanted: Division,
        a: Value,
        b: Value,
    ) -> Option<(u32, Value)> {
        let start = self.function.blocks[self.block as usize].start;
        (start.max(index.saturating_sub(NEAR))..index)
            .rev()
            .find_map(
                |earlier| match self.function.instructions[earlier as usize].op {
                    Op::Divide {
                        operator,
                        dest,
                        a: x,
                        b: y,
                        ..
                    } if (operator, x, y) == (wanted, a, b) => Some((earlier, dest)),
                    _ => None,
                },
            )
    }

    /// Has a quotient computed by an earlier remainder.
    fn share_quotient(&mut self, remainder: u32, dest: Value) {
        let rd = self.own_register(dest);
        let shared = self
            .shared_quotients
            .iter()
            .find(|&&(earlier, _)| earlier == remainder);
        match shared {
            // A later quotient asked first.
            Some(&(_, rn)) => self.builder.emit(Instruction::Mov { rd, rn }),
            None => self.shared_quotients.push((remainder, rd)),
        }
    }

    fn take_shared_quotient(&mut self, index: u32) -> Option<Register> {
        let at = self
            .shared_quotients
            .iter()
            .position(|&(earlier, _)| earlier == index)?;
        Some(self.shared_quotients.swap_remove(at).1)
    }

    /// `cbz divisor, exit`, and the pseudo-instruction with its operands in x0, x1, x2.
    pub(super) fn wide_divide(&mut self, results: List, operands: List, exit: Option<ExitId>) {
        let function = self.function;
        if let Some(divisor) = function.list(operands).nth(2) {
            self.check_divisor(divisor, exit);
        }
        if !function.list(results).any(|value| self.has_register(value)) {
            return;
        }
        for (place, value) in function.list(operands).enumerate() {
            let register = self.register(value);
            let fixed = Constraint::Fixed(place as u8);
            self.builder.operand(register, Role::Use, fixed);
        }
        for (place, value) in function.list(results).enumerate() {
            let register = self.own_register(value);
            let fixed = Constraint::Fixed(place as u8);
            self.builder.operand(register, Role::Define, fixed);
        }
        self.builder.emit_with_operands(Instruction::WideDivide);
    }
}

/// The division that gives the quotient for a remainder; none for a quotient.
const fn quotient_of(operator: Division) -> Option<Division> {
    match operator {
        Division::SignedRemainder => Some(Division::Signed),
        Division::UnsignedRemainder => Some(Division::Unsigned),
        Division::Signed | Division::Unsigned => None,
    }
}

/// The instruction for a quotient.
const fn instruction_of(quotient: Division) -> Alu2 {
    match quotient {
        Division::Signed | Division::SignedRemainder => Alu2::Sdiv,
        Division::Unsigned | Division::UnsignedRemainder => Alu2::Udiv,
    }
}
