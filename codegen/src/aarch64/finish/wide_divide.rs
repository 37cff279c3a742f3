//! The unsigned division of 128 bits by 64, written out.

use super::super::instruction::{Alu, Alu2, Cond, Instruction, Label, Select, Shift, ZR};
use super::Finisher;
use crate::machine::Register;
use crate::origin::Origin;

const LOW: Register = Register::physical(0);
const HIGH: Register = Register::physical(1);
const DIVISOR: Register = Register::physical(2);
const QUOTIENT_HIGH: Register = Register::physical(3);
const REST: Register = Register::physical(4);
const COUNT: Register = Register::physical(5);
const BIT: Register = Register::physical(6);
const CARRY: Register = Register::physical(7);

impl Finisher<'_> {
    /// x0 and x1, low half first, by x2: the quotient to x0 and x1, the remainder to x2.
    ///
    /// The high half is divided by itself. What remains of it, mostly nothing, goes before the low
    /// half, and is divided bit by bit unless it is 0.
    pub(super) fn wide_divide(&mut self, origin: Origin) {
        let (bit_by_bit, done) = (self.new_label(), self.new_label());
        let mut emit = |instruction| self.push(instruction, origin);
        emit(alu2(Alu2::Udiv, QUOTIENT_HIGH, HIGH, DIVISOR));
        emit(Instruction::Msub {
            rd: REST,
            rn: QUOTIENT_HIGH,
            rm: DIVISOR,
            ra: HIGH,
        });
        emit(Instruction::Mov {
            rd: HIGH,
            rn: QUOTIENT_HIGH,
        });
        emit(Instruction::Cbnz {
            rt: REST,
            label: Label::Local(bit_by_bit),
        });
        emit(alu2(Alu2::Udiv, COUNT, LOW, DIVISOR));
        emit(Instruction::Msub {
            rd: DIVISOR,
            rn: COUNT,
            rm: DIVISOR,
            ra: LOW,
        });
        emit(Instruction::Mov { rd: LOW, rn: COUNT });
        emit(Instruction::B {
            label: Label::Local(done),
        });
        self.place_label(bit_by_bit);
        self.divide_bits(origin);
        self.place_label(done);
    }

    /// The remainder `REST` before `LOW`, less than the divisor, by the divisor, in 64 steps: the
    /// next bit of `LOW` goes to the remainder, and a bit of the quotient comes into `LOW`.
    fn divide_bits(&mut self, origin: Origin) {
        let again = self.new_label();
        self.push(
            Instruction::Movz {
                rd: COUNT,
                value: 64,
                shift: 0,
            },
            origin,
        );
        self.place_label(again);
        let mut emit = |instruction| self.push(instruction, origin);
        // carry:rest:low <<= 1
        emit(shift_right(CARRY, REST));
        emit(shift_right(BIT, LOW));
        emit(alu(Alu::Orr, REST, BIT, REST, 1));
        emit(Instruction::ShiftImmediate {
            op: Shift::Lsl,
            rd: LOW,
            rn: LOW,
            amount: 1,
        });
        // bit = carry or rest ≥ divisor
        emit(Instruction::Cmp {
            rn: REST,
            rm: DIVISOR,
            shift: Shift::Lsl,
            amount: 0,
        });
        emit(Instruction::Select {
            op: Select::Csinc,
            rd: BIT,
            rn: ZR,
            rm: ZR,
            cond: Cond::Lo,
        });
        emit(alu(Alu::Orr, BIT, BIT, CARRY, 0));
        // rest -= divisor · bit; low |= bit
        emit(Instruction::Msub {
            rd: REST,
            rn: DIVISOR,
            rm: BIT,
            ra: REST,
        });
        emit(alu(Alu::Orr, LOW, LOW, BIT, 0));
        emit(Instruction::AddImmediate {
            op: Alu::Sub,
            rd: COUNT,
            rn: COUNT,
            value: 1,
        });
        emit(Instruction::Cbnz {
            rt: COUNT,
            label: Label::Local(again),
        });
        emit(Instruction::Mov {
            rd: DIVISOR,
            rn: REST,
        });
    }
}

const fn alu2(op: Alu2, rd: Register, rn: Register, rm: Register) -> Instruction {
    Instruction::Alu2 { op, rd, rn, rm }
}

const fn alu(op: Alu, rd: Register, rn: Register, rm: Register, amount: u8) -> Instruction {
    Instruction::Alu {
        op,
        rd,
        rn,
        rm,
        shift: Shift::Lsl,
        amount,
    }
}

/// The highest bit.
const fn shift_right(rd: Register, rn: Register) -> Instruction {
    Instruction::ShiftImmediate {
        op: Shift::Lsr,
        rd,
        rn,
        amount: 63,
    }
}
