//! The division of 128 bits by 64, which AArch64 has no instruction for.

use super::{
    Address, Alu, Alu2, Cond, Generator, Instruction, LR, Label, Register, SP, Shift, X16, X17,
};
use crate::ir::{ExitId, List, Value};

const QUOTIENT_HIGH: Register = Register::physical(0);
const REMAINDER: Register = Register::physical(1);
const COUNT: Register = Register::physical(2);
const CARRY: Register = Register::physical(3);
/// The dividend's low half goes out of it at the top while the quotient's comes in at the bottom.
const LOW: Register = X16;
const HIGH: Register = X17;
const DIVISOR: Register = LR;

impl Generator<'_> {
    /// The high half by `udiv`; the low half bit by bit, as on paper.
    pub(super) fn wide_divide(&mut self, results: List, operands: List, exit: Option<ExitId>) {
        let operands: Vec<Value> = self.function.list(operands).collect();
        let results: Vec<Value> = self.function.list(results).collect();
        // A slot that is far is reached through x17, which is therefore filled last.
        for (n, rd) in [(0, LOW), (2, DIVISOR), (1, HIGH)] {
            let rn = self.read(operands[n], rd);
            if rn != rd {
                self.emit(Instruction::Mov { rd, rn });
            }
        }
        self.check_divisor(DIVISOR, exit);
        // x0 to x3 may still hold arguments.
        let down = Address::PreIndex(SP, -32);
        self.emit(Instruction::StorePair {
            rt1: QUOTIENT_HIGH,
            rt2: REMAINDER,
            address: down,
        });
        let upper = Address::Offset(SP, 16);
        self.emit(Instruction::StorePair {
            rt1: COUNT,
            rt2: CARRY,
            address: upper,
        });
        self.long_division();
        self.emit(Instruction::Mov {
            rd: X17,
            rn: QUOTIENT_HIGH,
        });
        self.emit(Instruction::Mov {
            rd: LR,
            rn: REMAINDER,
        });
        self.emit(Instruction::LoadPair {
            rt1: COUNT,
            rt2: CARRY,
            address: upper,
        });
        let up = Address::PostIndex(SP, 32);
        self.emit(Instruction::LoadPair {
            rt1: QUOTIENT_HIGH,
            rt2: REMAINDER,
            address: up,
        });
        // A slot that is far needs x17 itself: it is stored first.
        for (n, from) in [(1, X17), (0, X16), (2, LR)] {
            self.move_result(results[n], from);
        }
    }

    /// ```text
    ///     udiv x0, x17, x30          the quotient's high half
    ///     msub x1, x0, x30, x17      what remains
    ///     movz x2, 64
    /// .L1:                           64 times:
    ///     lsr  x3, x1, #63           the bit that leaves the remainder
    ///     lsl  x1, x1, #1
    ///     orr  x1, x1, x16, lsr #63
    ///     lsl  x16, x16, #1
    ///     cbnz x3, .L2
    ///     cmp  x1, x30
    ///     b.lo .L3
    /// .L2:                           the divisor goes into it
    ///     sub  x1, x1, x30
    ///     add  x16, x16, #1
    /// .L3:
    ///     sub  x2, x2, #1
    ///     cbnz x2, .L1
    /// ```
    fn long_division(&mut self) {
        let (again, fits, next) = (self.new_label(), self.new_label(), self.new_label());
        let op = Alu2::Udiv;
        self.emit(Instruction::Alu2 {
            op,
            rd: QUOTIENT_HIGH,
            rn: HIGH,
            rm: DIVISOR,
        });
        self.emit(Instruction::Msub {
            rd: REMAINDER,
            rn: QUOTIENT_HIGH,
            rm: DIVISOR,
            ra: HIGH,
        });
        self.constant(COUNT, 64);
        self.place_label(again);
        let shift = |op, rd, rn, amount| Instruction::ShiftImmediate { op, rd, rn, amount };
        self.emit(shift(Shift::Lsr, CARRY, REMAINDER, 63));
        self.emit(shift(Shift::Lsl, REMAINDER, REMAINDER, 1));
        self.emit(Instruction::Alu {
            op: Alu::Orr,
            rd: REMAINDER,
            rn: REMAINDER,
            rm: LOW,
            shift: Shift::Lsr,
            amount: 63,
        });
        self.emit(shift(Shift::Lsl, LOW, LOW, 1));
        self.emit(Instruction::Cbnz {
            rt: CARRY,
            label: Label::Local(fits),
        });
        self.emit(Instruction::Cmp {
            rn: REMAINDER,
            rm: DIVISOR,
            shift: Shift::Lsl,
            amount: 0,
        });
        self.emit(Instruction::BCond {
            cond: Cond::Lo,
            label: Label::Local(next),
        });
        self.place_label(fits);
        self.alu(Alu::Sub, REMAINDER, REMAINDER, DIVISOR);
        self.emit(Instruction::AddImmediate {
            op: Alu::Add,
            rd: LOW,
            rn: LOW,
            value: 1,
        });
        self.place_label(next);
        self.emit(Instruction::AddImmediate {
            op: Alu::Sub,
            rd: COUNT,
            rn: COUNT,
            value: 1,
        });
        self.emit(Instruction::Cbnz {
            rt: COUNT,
            label: Label::Local(again),
        });
    }
}
