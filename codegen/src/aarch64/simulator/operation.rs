//! Instructions as the simulator's loop wants them: registers as indices, `xzr` and `sp` told apart,
//! everything that is known beforehand worked out.

use crate::aarch64::instruction::{
    Address, Alu, Alu1, Alu2, Cond, Instruction, Label, MemoryAccess, Select, Shift,
};
use crate::machine::Register;

/// A register's index: x0 to x30 have their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Index(pub(super) u8);

impl Index {
    /// `xzr` as a source: always 0.
    const ZERO: Self = Self(31);
    /// `xzr` as a destination: never read.
    const SINK: Self = Self(32);
    /// The stack pointer.
    pub(super) const STACK_POINTER: Self = Self(33);

    fn new(register: Register, number_31: Self) -> Self {
        match register.number() {
            Some(number) if number < 31 => Self(number),
            _ => number_31,
        }
    }
}

/// A source of which number 31 is `xzr`.
fn source(register: Register) -> Index {
    Index::new(register, Index::ZERO)
}

/// A destination of which number 31 is `xzr`.
fn destination(register: Register) -> Index {
    Index::new(register, Index::SINK)
}

/// A source or destination of which number 31 is `sp`.
fn or_stack_pointer(register: Register) -> Index {
    Index::new(register, Index::STACK_POINTER)
}

/// An operand that is shifted first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shifted {
    pub(super) m: Index,
    pub(super) shift: Shift,
    pub(super) amount: u8,
}

/// Where a load or store goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Offset(Index, i32),
    PreIndex(Index, i32),
    PostIndex(Index, i32),
    /// Base, and a register that is shifted left by so many bits.
    Register(Index, Index, u8),
}

/// What to do. Targets of branches are numbers of words in the code.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    /// The word has not been looked at.
    Undecoded,
    Undefined {
        word: u32,
    },
    Nop,
    Constant {
        d: Index,
        value: u64,
    },
    /// Replaces the 16 bits from a bit on.
    Keep {
        d: Index,
        value: u16,
        at: u8,
    },
    Move {
        d: Index,
        n: Index,
    },
    /// Also a subtraction.
    AddImmediate {
        d: Index,
        n: Index,
        value: u64,
    },
    /// The same to `sp`, which is not just a register.
    SetStackPointer {
        n: Index,
        value: u64,
    },
    LogicalImmediate {
        op: Alu,
        d: Index,
        n: Index,
        value: u64,
    },
    LogicalToStackPointer {
        op: Alu,
        n: Index,
        value: u64,
    },
    Add {
        d: Index,
        n: Index,
        m: Index,
    },
    Sub {
        d: Index,
        n: Index,
        m: Index,
    },
    Alu {
        op: Alu,
        d: Index,
        n: Index,
        m: Shifted,
    },
    Mul {
        d: Index,
        n: Index,
        m: Index,
    },
    Alu2 {
        op: Alu2,
        d: Index,
        n: Index,
        m: Index,
    },
    Alu1 {
        op: Alu1,
        d: Index,
        n: Index,
    },
    Madd {
        d: Index,
        n: Index,
        m: Index,
        a: Index,
    },
    Msub {
        d: Index,
        n: Index,
        m: Index,
        a: Index,
    },
    ShiftImmediate {
        op: Shift,
        d: Index,
        n: Index,
        amount: u8,
    },
    /// First up, then down: so much, without sign.
    Unsigned {
        d: Index,
        n: Index,
        up: u8,
        down: u8,
    },
    /// The same with sign.
    Signed {
        d: Index,
        n: Index,
        up: u8,
        down: u8,
    },
    Cmp {
        n: Index,
        m: Index,
    },
    CmpShifted {
        n: Index,
        m: Shifted,
    },
    CmpImmediate {
        n: Index,
        value: u64,
    },
    CmnShifted {
        n: Index,
        m: Shifted,
    },
    CmnImmediate {
        n: Index,
        value: u64,
    },
    Tst {
        n: Index,
        m: Shifted,
    },
    TstImmediate {
        n: Index,
        value: u64,
    },
    Select {
        op: Select,
        d: Index,
        n: Index,
        m: Index,
        cond: Cond,
    },
    LoadDouble {
        t: Index,
        place: Place,
    },
    StoreDouble {
        t: Index,
        place: Place,
    },
    Load {
        access: MemoryAccess,
        t: Index,
        place: Place,
    },
    Store {
        access: MemoryAccess,
        t: Index,
        place: Place,
    },
    LoadPair {
        t: [Index; 2],
        place: Place,
    },
    StorePair {
        t: [Index; 2],
        place: Place,
    },
    B {
        target: u64,
    },
    BCond {
        cond: Cond,
        target: u64,
    },
    Cbz {
        t: Index,
        target: u64,
    },
    Cbnz {
        t: Index,
        target: u64,
    },
    Tbz {
        t: Index,
        bit: u8,
        target: u64,
    },
    Tbnz {
        t: Index,
        bit: u8,
        target: u64,
    },
    Bl {
        target: u64,
    },
    Blr {
        n: Index,
    },
    Br {
        n: Index,
    },
    Ret,
    Svc {
        value: u16,
    },
    Brk {
        value: u16,
    },
}

impl Operation {
    /// The operation of the decoded instruction that is word number `position` of the code at `base`.
    /// `None` for instructions that the decoder never gives.
    pub(super) fn new(instruction: &Instruction, position: u64, base: u64) -> Option<Self> {
        Some(match *instruction {
            Instruction::Movz { rd, value, shift } => Self::Constant {
                d: destination(rd),
                value: u64::from(value) << shift,
            },
            Instruction::Movn { rd, value, shift } => Self::Constant {
                d: destination(rd),
                value: !(u64::from(value) << shift),
            },
            Instruction::Movk { rd, value, shift } => Self::Keep {
                d: destination(rd),
                value,
                at: shift,
            },
            Instruction::Mov { rd, rn } => Self::Move {
                d: destination(rd),
                n: source(rn),
            },
            Instruction::MovSp { rd, rn } => add_immediate(rd, rn, 0),
            Instruction::Alu {
                op,
                rd,
                rn,
                rm,
                shift,
                amount,
            } => {
                let (d, n, m) = (destination(rd), source(rn), source(rm));
                match (op, shift, amount) {
                    (Alu::Add, Shift::Lsl, 0) => Self::Add { d, n, m },
                    (Alu::Sub, Shift::Lsl, 0) => Self::Sub { d, n, m },
                    _ => {
                        let m = Shifted { m, shift, amount };
                        Self::Alu { op, d, n, m }
                    }
                }
            }
            Instruction::AddImmediate { op, rd, rn, value } => {
                let value = u64::from(value);
                match op {
                    Alu::Add => add_immediate(rd, rn, value),
                    _ => add_immediate(rd, rn, value.wrapping_neg()),
                }
            }
            Instruction::LogicalImmediate { op, rd, rn, value } => {
                let (d, n) = (or_stack_pointer(rd), source(rn));
                if d == Index::STACK_POINTER {
                    Self::LogicalToStackPointer { op, n, value }
                } else {
                    Self::LogicalImmediate { op, d, n, value }
                }
            }
            Instruction::Alu2 { op, rd, rn, rm } => {
                let (d, n, m) = (destination(rd), source(rn), source(rm));
                match op {
                    Alu2::Mul => Self::Mul { d, n, m },
                    _ => Self::Alu2 { op, d, n, m },
                }
            }
            Instruction::Alu1 { op, rd, rn } => Self::Alu1 {
                op,
                d: destination(rd),
                n: source(rn),
            },
            Instruction::Madd { rd, rn, rm, ra } => Self::Madd {
                d: destination(rd),
                n: source(rn),
                m: source(rm),
                a: source(ra),
            },
            Instruction::Msub { rd, rn, rm, ra } => Self::Msub {
                d: destination(rd),
                n: source(rn),
                m: source(rm),
                a: source(ra),
            },
            Instruction::ShiftImmediate { op, rd, rn, amount } => Self::ShiftImmediate {
                op,
                d: destination(rd),
                n: source(rn),
                amount,
            },
            // Up until the field's last bit is bit 63, then down until its first is bit 0.
            Instruction::Ubfx { rd, rn, lsb, width } => Self::Unsigned {
                d: destination(rd),
                n: source(rn),
                up: 64 - width - lsb,
                down: 64 - width,
            },
            Instruction::Sbfx { rd, rn, lsb, width } => Self::Signed {
                d: destination(rd),
                n: source(rn),
                up: 64 - width - lsb,
                down: 64 - width,
            },
            // The same, but down only to bit lsb.
            Instruction::Ubfiz { rd, rn, lsb, width } => Self::Unsigned {
                d: destination(rd),
                n: source(rn),
                up: 64 - width,
                down: 64 - width - lsb,
            },
            Instruction::Cmp {
                rn,
                rm,
                shift,
                amount,
            } => {
                let (n, m) = (source(rn), source(rm));
                match (shift, amount) {
                    (Shift::Lsl, 0) => Self::Cmp { n, m },
                    _ => {
                        let m = Shifted { m, shift, amount };
                        Self::CmpShifted { n, m }
                    }
                }
            }
            Instruction::Cmn {
                rn,
                rm,
                shift,
                amount,
            } => {
                let m = source(rm);
                Self::CmnShifted {
                    n: source(rn),
                    m: Shifted { m, shift, amount },
                }
            }
            Instruction::CmpImmediate { rn, value } => Self::CmpImmediate {
                n: or_stack_pointer(rn),
                value: value.into(),
            },
            Instruction::CmnImmediate { rn, value } => Self::CmnImmediate {
                n: or_stack_pointer(rn),
                value: value.into(),
            },
            Instruction::CmpSp { rm } => Self::Cmp {
                n: Index::STACK_POINTER,
                m: source(rm),
            },
            Instruction::Tst {
                rn,
                rm,
                shift,
                amount,
            } => {
                let m = source(rm);
                Self::Tst {
                    n: source(rn),
                    m: Shifted { m, shift, amount },
                }
            }
            Instruction::TstImmediate { rn, value } => Self::TstImmediate {
                n: source(rn),
                value,
            },
            Instruction::Select {
                op,
                rd,
                rn,
                rm,
                cond,
            } => Self::Select {
                op,
                d: destination(rd),
                n: source(rn),
                m: source(rm),
                cond,
            },
            Instruction::Load {
                access,
                rt,
                address,
            } => {
                let (t, place) = (destination(rt), place(address, access));
                match access {
                    MemoryAccess::Double => Self::LoadDouble { t, place },
                    _ => Self::Load { access, t, place },
                }
            }
            Instruction::Store {
                access,
                rt,
                address,
            } => {
                let (t, place) = (source(rt), place(address, access));
                match access {
                    MemoryAccess::Double => Self::StoreDouble { t, place },
                    _ => Self::Store { access, t, place },
                }
            }
            Instruction::LoadPair { rt1, rt2, address } => Self::LoadPair {
                t: [destination(rt1), destination(rt2)],
                place: place(address, MemoryAccess::Double),
            },
            Instruction::StorePair { rt1, rt2, address } => Self::StorePair {
                t: [source(rt1), source(rt2)],
                place: place(address, MemoryAccess::Double),
            },
            Instruction::B { label } => Self::B {
                target: target(label, position)?,
            },
            Instruction::BCond { cond, label } => Self::BCond {
                cond,
                target: target(label, position)?,
            },
            Instruction::Cbz { rt, label } => Self::Cbz {
                t: source(rt),
                target: target(label, position)?,
            },
            Instruction::Cbnz { rt, label } => Self::Cbnz {
                t: source(rt),
                target: target(label, position)?,
            },
            Instruction::Tbz { rt, bit, label } => Self::Tbz {
                t: source(rt),
                bit,
                target: target(label, position)?,
            },
            Instruction::Tbnz { rt, bit, label } => Self::Tbnz {
                t: source(rt),
                bit,
                target: target(label, position)?,
            },
            Instruction::BlLocal { label } => Self::Bl {
                target: target(label, position)?,
            },
            Instruction::Blr { rn } => Self::Blr { n: source(rn) },
            Instruction::Br { rn } => Self::Br { n: source(rn) },
            Instruction::Ret => Self::Ret,
            Instruction::Adr { rd, label } => Self::Constant {
                d: destination(rd),
                value: (base + 4 * position).wrapping_add_signed(distance(label)?),
            },
            Instruction::Nop => Self::Nop,
            Instruction::Svc { value } => Self::Svc { value },
            Instruction::Brk { value } => Self::Brk { value },
            Instruction::Constant { .. }
            | Instruction::LoadAddress { .. }
            | Instruction::Bl { .. }
            | Instruction::BSymbol { .. }
            | Instruction::CallFunction { .. }
            | Instruction::CallImport { .. }
            | Instruction::StackCheck { .. }
            | Instruction::Parameters
            | Instruction::StackParameter { .. }
            | Instruction::WideDivide
            | Instruction::Return => return None,
        })
    }
}

fn add_immediate(rd: Register, rn: Register, value: u64) -> Operation {
    let (d, n) = (or_stack_pointer(rd), or_stack_pointer(rn));
    if d == Index::STACK_POINTER {
        Operation::SetStackPointer { n, value }
    } else {
        Operation::AddImmediate { d, n, value }
    }
}

fn place(address: Address, access: MemoryAccess) -> Place {
    match address {
        Address::Offset(rn, offset) => Place::Offset(or_stack_pointer(rn), offset),
        Address::PreIndex(rn, offset) => Place::PreIndex(or_stack_pointer(rn), offset),
        Address::PostIndex(rn, offset) => Place::PostIndex(or_stack_pointer(rn), offset),
        Address::Index(rn, rm) => Place::Register(or_stack_pointer(rn), source(rm), 0),
        Address::ScaledIndex(rn, rm) => {
            let scale = crate::aarch64::tables::size_log2(access) as u8;
            Place::Register(or_stack_pointer(rn), source(rm), scale)
        }
    }
}

fn distance(label: Label) -> Option<i64> {
    match label {
        Label::Offset(distance) => Some(distance.into()),
        Label::Local(_) | Label::Exit(_) => None,
    }
}

/// The number of the word that a branch goes to; too large if that lies before the code.
fn target(label: Label, position: u64) -> Option<u64> {
    Some(position.wrapping_add_signed(distance(label)? / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_takes_two_words() {
        assert_eq!(size_of::<Operation>(), 16);
    }
}
