//! From instructions to words, and from a finished function to bytes.
//!
//! Each instruction is one word of 4 bytes, except: the address of a symbol is four words, a constant
//! that nobody has written out is one to four, and a conditional branch that does not reach its label
//! becomes two,
//!
//! ```text
//! cbz  x0, .L3     →     cbnz x0, .+8
//!                        b    .L3
//! ```

use super::immediate;
use super::instruction::{Address, Alu, Alu1, Instruction, Label, MemoryAccess, SP, Shift};
use super::tables::{self, Row, word};
use crate::machine::{
    Assembly, CallSite, CodeUnit, ExitSite, Register, Relocation, RelocationKind,
};

/// The size of a function, in bytes, up to which every branch reaches.
const ALL_BRANCHES_REACH: u32 = 1 << 15;

/// The bytes of a finished function. Positions of exits and calls become offsets in bytes.
///
/// # Panics
///
/// If an instruction cannot be encoded: it stands only before `finish`, has a virtual register, or an
/// immediate that does not fit. A generator never makes one.
pub fn encode(assembly: &Assembly<Instruction>) -> CodeUnit {
    let mut offsets = lay_out(&assembly.instructions, &assembly.labels);
    let mut bytes = Vec::with_capacity(offsets[assembly.instructions.len()] as usize);
    let mut relocations = Vec::new();
    for (instruction, span) in assembly.instructions.iter().zip(offsets.windows(2)) {
        let offset = span[0];
        let distance = |label| distance(label, offset, &offsets, &assembly.labels);
        let mut relocate = |kind, symbol| {
            relocations.push(Relocation {
                offset,
                kind,
                symbol,
            });
        };
        match *instruction {
            Instruction::Bl { symbol } => {
                relocate(RelocationKind::Aarch64Branch, symbol);
                push(&mut bytes, word::BL);
            }
            Instruction::BSymbol { symbol } => {
                relocate(RelocationKind::Aarch64Branch, symbol);
                push(&mut bytes, word::B);
            }
            Instruction::LoadAddress { rd, symbol } => {
                relocate(RelocationKind::Aarch64Address, symbol);
                for part in whole_address(rd) {
                    push(&mut bytes, expect_word(&part, distance));
                }
            }
            Instruction::Constant { rd, value } => {
                for part in immediate::constant_sequence(rd, value) {
                    push(&mut bytes, expect_word(&part, distance));
                }
            }
            _ if span[1] - offset == 4 => push(&mut bytes, expect_word(instruction, distance)),
            _ => {
                let parts = around(instruction, distance);
                for part in parts.expect("only a conditional branch is made longer") {
                    push(&mut bytes, expect_word(&part, distance));
                }
            }
        }
    }

    let exits = assembly.exits.iter().map(|exit| ExitSite {
        at: offsets[exit.at as usize],
        ..exit.clone()
    });
    let calls = assembly.calls.iter().map(|call| CallSite {
        returns_to: offsets[call.returns_to as usize],
        ..*call
    });
    let (exits, calls) = (exits.collect(), calls.collect());
    offsets.pop();
    CodeUnit {
        id: assembly.id,
        bytes,
        relocations,
        offsets,
        frame: assembly.frame,
        slots_at: assembly.slots_at,
        exits,
        calls,
        checks_stack: assembly.checks_stack,
    }
}

/// The word of an instruction that stands alone: its label, if it has one, is a
/// [`Label::Offset`]. A branch to a symbol is encoded with distance 0.
///
/// `None` if it is not one word (see the module), has a virtual register, a register or an immediate
/// that cannot be encoded, or stands only before `finish`.
pub fn encode_instruction(instruction: &Instruction) -> Option<u32> {
    encode_with(instruction, |label| match label {
        Label::Offset(offset) => Some(offset),
        Label::Local(_) | Label::Exit(_) => None,
    })
}

fn push(bytes: &mut Vec<u8>, word: u32) {
    bytes.extend_from_slice(&word.to_le_bytes());
}

fn expect_word(instruction: &Instruction, distance: impl Fn(Label) -> Option<i32>) -> u32 {
    encode_with(instruction, distance)
        .unwrap_or_else(|| panic!("an instruction that cannot be encoded: {instruction:?}"))
}

/// `movz xd, 0; movk xd, 0, lsl #16; …`: what the linker writes an address into.
fn whole_address(rd: Register) -> [Instruction; 4] {
    let movk = |shift| Instruction::Movk {
        rd,
        value: 0,
        shift,
    };
    let movz = Instruction::Movz {
        rd,
        value: 0,
        shift: 0,
    };
    [movz, movk(16), movk(32), movk(48)]
}

// Labels.

/// The distance in bytes from the instruction at `offset` to a label.
fn distance(label: Label, offset: u32, offsets: &[u32], labels: &[u32]) -> Option<i32> {
    match label {
        Label::Local(label) => {
            let target = offsets[labels[label as usize] as usize];
            Some(target.wrapping_sub(offset) as i32)
        }
        Label::Offset(distance) => Some(distance),
        Label::Exit(_) => None,
    }
}

/// The offset in bytes of each instruction, and the size of the whole.
///
/// Branches are taken to be short, and if not all of them then reach, all are taken to be long to find
/// which of them need to be: distances only become smaller after that. So the time is linear, at the
/// price of a few long branches that would just have reached.
fn lay_out(instructions: &[Instruction], labels: &[u32]) -> Vec<u32> {
    let short = offsets(instructions, |_, _| 4);
    let reaches = |branch: Branch, offset, offsets: &[u32]| {
        distance(branch.label, offset, offsets, labels)
            .is_none_or(|distance| branch.reach.covers(distance))
    };
    let all_reach = short[instructions.len()] <= ALL_BRANCHES_REACH
        || instructions
            .iter()
            .zip(&short)
            .filter_map(|(instruction, &offset)| Some((branch(instruction)?, offset)))
            .all(|(branch, offset)| reaches(branch, offset, &short));
    if all_reach {
        return short;
    }
    let long = offsets(instructions, |_, _| 8);
    offsets(instructions, |index, branch| {
        if reaches(branch, long[index], &long) {
            4
        } else {
            8
        }
    })
}

/// The offset of each instruction, and the size of the whole, if conditional branches are so big.
fn offsets(instructions: &[Instruction], branch_size: impl Fn(usize, Branch) -> u32) -> Vec<u32> {
    let mut offsets = Vec::with_capacity(instructions.len() + 1);
    let mut offset = 0;
    for (index, instruction) in instructions.iter().enumerate() {
        offsets.push(offset);
        offset += match *instruction {
            Instruction::LoadAddress { .. } => 16,
            Instruction::Constant { rd, value } => {
                4 * immediate::constant_sequence(rd, value).len() as u32
            }
            _ => branch(instruction).map_or(4, |branch| branch_size(index, branch)),
        };
    }
    offsets.push(offset);
    offsets
}

/// A conditional branch's label, and how far it reaches.
#[derive(Clone, Copy)]
struct Branch {
    label: Label,
    reach: Reach,
}

#[derive(Clone, Copy)]
enum Reach {
    /// ±32 KiB
    Bits14,
    /// ±1 MiB
    Bits19,
}

impl Reach {
    const fn covers(self, distance: i32) -> bool {
        match self {
            Self::Bits14 => immediate::branch14(distance).is_some(),
            Self::Bits19 => immediate::branch19(distance).is_some(),
        }
    }
}

const fn branch(instruction: &Instruction) -> Option<Branch> {
    let (label, reach) = match *instruction {
        Instruction::BCond { label, .. }
        | Instruction::Cbz { label, .. }
        | Instruction::Cbnz { label, .. } => (label, Reach::Bits19),
        Instruction::Tbz { label, .. } | Instruction::Tbnz { label, .. } => (label, Reach::Bits14),
        _ => return None,
    };
    Some(Branch { label, reach })
}

/// The two instructions for a conditional branch that does not reach its label.
fn around(
    branch: &Instruction,
    distance: impl Fn(Label) -> Option<i32>,
) -> Option<[Instruction; 2]> {
    let far = self::branch(branch)?.label;
    let label = Label::Offset(8);
    let inverted = match *branch {
        Instruction::BCond { cond, .. } => {
            let cond = cond.negated();
            Instruction::BCond { cond, label }
        }
        Instruction::Cbz { rt, .. } => Instruction::Cbnz { rt, label },
        Instruction::Cbnz { rt, .. } => Instruction::Cbz { rt, label },
        Instruction::Tbz { rt, bit, .. } => Instruction::Tbnz { rt, bit, label },
        Instruction::Tbnz { rt, bit, .. } => Instruction::Tbz { rt, bit, label },
        _ => return None,
    };
    let label = Label::Offset(distance(far)? - 4);
    Some([inverted, Instruction::B { label }])
}

// Words.

/// The word of an instruction, if it is one; `distance` says how far away a label is, in bytes.
fn encode_with(instruction: &Instruction, distance: impl Fn(Label) -> Option<i32>) -> Option<u32> {
    let word = match *instruction {
        Instruction::Movz { rd, value, shift } => move_wide(word::MOVZ, rd, value, shift)?,
        Instruction::Movn { rd, value, shift } => move_wide(word::MOVN, rd, value, shift)?,
        Instruction::Movk { rd, value, shift } => move_wide(word::MOVK, rd, value, shift)?,
        Instruction::Mov { rd, rn } => word::MOV | field(rn, 16)? | field(rd, 0)?,
        Instruction::MovSp { rd, rn } => word::ADD_IMMEDIATE | field(rn, 5)? | field(rd, 0)?,
        Instruction::Alu {
            op,
            rd,
            rn,
            rm,
            shift,
            amount,
        } => {
            // Additions have no rotated operand.
            if matches!((op, shift), (Alu::Add | Alu::Sub, Shift::Ror)) {
                return None;
            }
            shifted(tables::ALU[op as usize].word, rm, shift, amount)?
                | field(rn, 5)?
                | field(rd, 0)?
        }
        Instruction::AddImmediate { op, rd, rn, value } => {
            let word = match op {
                Alu::Add => word::ADD_IMMEDIATE,
                Alu::Sub => word::SUB_IMMEDIATE,
                _ => return None,
            };
            arithmetic(word, rn, value)? | field(rd, 0)?
        }
        Instruction::LogicalImmediate { op, rd, rn, value } => {
            let word = match op {
                Alu::And => word::AND_IMMEDIATE,
                Alu::Orr => word::ORR_IMMEDIATE,
                Alu::Eor => word::EOR_IMMEDIATE,
                _ => return None,
            };
            logical(word, rn, value)? | field(rd, 0)?
        }
        Instruction::Alu2 { op, rd, rn, rm } => three(tables::ALU2[op as usize].word, rd, rn, rm)?,
        Instruction::Alu1 { op, rd, rn } => {
            let at = if op == Alu1::Uxtw { 16 } else { 5 };
            tables::ALU1[op as usize].word | field(rn, at)? | field(rd, 0)?
        }
        Instruction::Madd { rd, rn, rm, ra } => three(word::MADD, rd, rn, rm)? | field(ra, 10)?,
        Instruction::Msub { rd, rn, rm, ra } => three(word::MSUB, rd, rn, rm)? | field(ra, 10)?,
        Instruction::ShiftImmediate { op, rd, rn, amount } => match op {
            // lsl xd, xn, #a  =  ubfm xd, xn, #(64 - a) % 64, #(63 - a)
            Shift::Lsl => bit_field(
                word::UBFM,
                rd,
                rn,
                amount.wrapping_neg() & 63,
                63u8.checked_sub(amount)?,
            )?,
            Shift::Lsr => bit_field(word::UBFM, rd, rn, amount, 63)?,
            Shift::Asr => bit_field(word::SBFM, rd, rn, amount, 63)?,
            // ror xd, xn, #a  =  extr xd, xn, xn, #a
            Shift::Ror => bit_field(word::EXTR, rd, rn, 0, amount)? | field(rn, 16)?,
        },
        Instruction::Ubfx { rd, rn, lsb, width } => extract(word::UBFM, rd, rn, lsb, width)?,
        Instruction::Sbfx { rd, rn, lsb, width } => extract(word::SBFM, rd, rn, lsb, width)?,
        Instruction::Ubfiz { rd, rn, lsb, width } => {
            if !(1..=64 - i32::from(lsb)).contains(&i32::from(width)) {
                return None;
            }
            bit_field(word::UBFM, rd, rn, lsb.wrapping_neg() & 63, width - 1)?
        }
        Instruction::Cmp {
            rn,
            rm,
            shift,
            amount,
        } => compare(word::CMP, rn, rm, shift, amount)?,
        Instruction::Cmn {
            rn,
            rm,
            shift,
            amount,
        } => compare(word::CMN, rn, rm, shift, amount)?,
        Instruction::CmpImmediate { rn, value } => arithmetic(word::CMP_IMMEDIATE, rn, value)?,
        Instruction::CmnImmediate { rn, value } => arithmetic(word::CMN_IMMEDIATE, rn, value)?,
        Instruction::CmpSp { rm } => word::CMP_SP | field(rm, 16)?,
        Instruction::Tst {
            rn,
            rm,
            shift,
            amount,
        } => shifted(word::TST, rm, shift, amount)? | field(rn, 5)?,
        Instruction::TstImmediate { rn, value } => logical(word::TST_IMMEDIATE, rn, value)?,
        Instruction::Select {
            op,
            rd,
            rn,
            rm,
            cond,
        } => three(tables::SELECT[op as usize].word, rd, rn, rm)? | (cond as u32) << 12,
        Instruction::Load {
            access,
            rt,
            address,
        } => {
            let row = tables::LOAD[access as usize];
            memory(row, rt, address)?
        }
        Instruction::Store {
            access,
            rt,
            address,
        } => {
            let row = tables::STORE.get(access as usize)?;
            memory(*row, rt, address)?
        }
        Instruction::LoadPair { rt1, rt2, address } if rt1 != rt2 => {
            word::PAIR_LOAD | pair(rt1, rt2, address)?
        }
        // Which of the two it would be is not defined.
        Instruction::LoadPair { .. } => return None,
        Instruction::StorePair { rt1, rt2, address } => pair(rt1, rt2, address)?,
        Instruction::B { label } => word::B | immediate::branch26(distance(label)?)?,
        Instruction::BlLocal { label } => word::BL | immediate::branch26(distance(label)?)?,
        Instruction::BCond { cond, label } => {
            word::B_COND | immediate::branch19(distance(label)?)? << 5 | cond as u32
        }
        Instruction::Cbz { rt, label } => {
            word::CBZ | immediate::branch19(distance(label)?)? << 5 | field(rt, 0)?
        }
        Instruction::Cbnz { rt, label } => {
            word::CBNZ | immediate::branch19(distance(label)?)? << 5 | field(rt, 0)?
        }
        Instruction::Tbz { rt, bit, label } => {
            test_bit(word::TBZ, rt, bit)? | immediate::branch14(distance(label)?)? << 5
        }
        Instruction::Tbnz { rt, bit, label } => {
            test_bit(word::TBNZ, rt, bit)? | immediate::branch14(distance(label)?)? << 5
        }
        Instruction::BSymbol { .. } => word::B,
        Instruction::Bl { .. } => word::BL,
        Instruction::Blr { rn } => word::BLR | field(rn, 5)?,
        Instruction::Br { rn } => word::BR | field(rn, 5)?,
        Instruction::Ret => word::RET,
        Instruction::Adr { rd, label } => {
            let distance = immediate::adr21(distance(label)?)?;
            word::ADR | (distance & 3) << 29 | distance >> 2 << 5 | field(rd, 0)?
        }
        Instruction::Nop => word::NOP,
        Instruction::Svc { value } => word::SVC | u32::from(value) << 5,
        Instruction::Brk { value } => word::BRK | u32::from(value) << 5,
        Instruction::Constant { .. }
        | Instruction::LoadAddress { .. }
        | Instruction::CallFunction { .. }
        | Instruction::CallImport { .. }
        | Instruction::Parameters
        | Instruction::StackParameter { .. }
        | Instruction::WideDivide
        | Instruction::StackCheck { .. }
        | Instruction::Return => return None,
    };
    Some(word)
}

/// A register's number, where it belongs in the word.
fn field(register: Register, at: u32) -> Option<u32> {
    let number = register.number()?;
    (number < 32).then_some(u32::from(number) << at)
}

fn three(word: u32, rd: Register, rn: Register, rm: Register) -> Option<u32> {
    Some(word | field(rm, 16)? | field(rn, 5)? | field(rd, 0)?)
}

fn move_wide(word: u32, rd: Register, value: u16, shift: u8) -> Option<u32> {
    let half = match shift {
        0 | 16 | 32 | 48 => u32::from(shift) / 16,
        _ => return None,
    };
    Some(word | half << 21 | u32::from(value) << 5 | field(rd, 0)?)
}

/// A shifted second operand: 0 to 63 bits.
fn shifted(word: u32, rm: Register, shift: Shift, amount: u8) -> Option<u32> {
    let amount = six_bits(amount)?;
    Some(word | tables::SHIFT[shift as usize].word | field(rm, 16)? | amount << 10)
}

fn compare(word: u32, rn: Register, rm: Register, shift: Shift, amount: u8) -> Option<u32> {
    if shift == Shift::Ror {
        return None;
    }
    Some(shifted(word, rm, shift, amount)? | field(rn, 5)?)
}

fn arithmetic(word: u32, rn: Register, value: u32) -> Option<u32> {
    Some(word | immediate::arithmetic(u64::from(value))? << 10 | field(rn, 5)?)
}

fn logical(word: u32, rn: Register, value: u64) -> Option<u32> {
    Some(word | immediate::logical(value)? << 10 | field(rn, 5)?)
}

fn bit_field(word: u32, rd: Register, rn: Register, immr: u8, imms: u8) -> Option<u32> {
    Some(word | six_bits(immr)? << 16 | six_bits(imms)? << 10 | field(rn, 5)? | field(rd, 0)?)
}

/// `width` bits from bit `lsb` on, 1 of them at least and all of them in the register.
fn extract(word: u32, rd: Register, rn: Register, lsb: u8, width: u8) -> Option<u32> {
    let last = lsb.checked_add(width)?.checked_sub(1)?;
    if width == 0 {
        return None;
    }
    bit_field(word, rd, rn, lsb, last)
}

fn six_bits(value: u8) -> Option<u32> {
    (value < 64).then_some(u32::from(value))
}

fn test_bit(word: u32, rt: Register, bit: u8) -> Option<u32> {
    let bit = six_bits(bit)?;
    Some(word | bit >> 5 << 31 | (bit & 31) << 19 | field(rt, 0)?)
}

impl Address {
    /// Whether a load or store of this register through the address is defined: it must not be the
    /// base if the base is changed. (A base 31 is `sp`, a register 31 there is `xzr`.)
    pub(super) fn leaves(self, rt: Register) -> bool {
        match self {
            Self::PreIndex(rn, _) | Self::PostIndex(rn, _) => rn != rt || rn == SP,
            Self::Offset(..) | Self::Index(..) | Self::ScaledIndex(..) => true,
        }
    }
}

/// A load or store of one register.
fn memory(row: Row<MemoryAccess>, rt: Register, address: Address) -> Option<u32> {
    if !address.leaves(rt) {
        return None;
    }
    let size_log2 = tables::size_log2(row.op);
    let unscaled =
        |word, rn, offset| Some(word | immediate::unscaled_offset(offset)? << 12 | field(rn, 5)?);
    let rest = match address {
        Address::Offset(rn, offset) => match immediate::scaled_offset(offset, size_log2) {
            Some(units) => word::SCALED | units << 10 | field(rn, 5)?,
            None => unscaled(word::UNSCALED, rn, offset)?,
        },
        Address::PreIndex(rn, offset) => unscaled(word::PRE_INDEX, rn, offset)?,
        Address::PostIndex(rn, offset) => unscaled(word::POST_INDEX, rn, offset)?,
        Address::Index(rn, rm) => word::INDEX | field(rm, 16)? | field(rn, 5)?,
        Address::ScaledIndex(rn, rm) => {
            word::INDEX | word::INDEX_SCALED | field(rm, 16)? | field(rn, 5)?
        }
    };
    Some(row.word | rest | field(rt, 0)?)
}

/// A store of two registers.
fn pair(rt1: Register, rt2: Register, address: Address) -> Option<u32> {
    if !address.leaves(rt1) || !address.leaves(rt2) {
        return None;
    }
    let (word, rn, offset) = match address {
        Address::Offset(rn, offset) => (word::PAIR_OFFSET, rn, offset),
        Address::PreIndex(rn, offset) => (word::PAIR_PRE_INDEX, rn, offset),
        Address::PostIndex(rn, offset) => (word::PAIR_POST_INDEX, rn, offset),
        Address::Index(..) | Address::ScaledIndex(..) => return None,
    };
    let offset = immediate::pair_offset(offset)?;
    Some(word | offset << 15 | field(rt2, 10)? | field(rn, 5)? | field(rt1, 0)?)
}
