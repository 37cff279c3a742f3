//! From words back to instructions: exactly the words that [`encode`](mod@super::encode) makes.
//!
//! A word has one reading; of several instructions with the same word it is the one that the manual
//! prefers: `mov` rather than `orr` with `xzr`, `mul` rather than `madd`, `lsr` rather than `ubfx`.
//! Words that a processor would take, but which the encoder never makes, are none of ours: a shifted
//! immediate 0, an offset of `ldur` that `ldr` has room for.

use super::immediate::{decode_arithmetic, decode_logical, scaled_offset, sign_extend};
use super::instruction::{Address, Alu, Alu1, Instruction, Label, SP, Shift, ZR};
use super::tables::{self, word};
use crate::machine::Register;

/// The instruction that a word is. Labels are [`Label::Offset`].
///
/// `None` for every word that [`encode_instruction`](super::encode::encode_instruction) never gives.
pub fn decode(word: u32) -> Option<Instruction> {
    // The manual's main groups, by bits 25 to 28.
    match bits(word, 25, 4) {
        0b1000 | 0b1001 => immediate_operand(word),
        0b1010 | 0b1011 => branch(word),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => memory(word),
        0b0101 | 0b1101 => register_operand(word),
        _ => None,
    }
}

/// So many bits of a word, from `at` on.
const fn bits(word: u32, at: u32, count: u32) -> u32 {
    word >> at & ((1 << count) - 1)
}

/// The word without so many bits from `at` on.
const fn without(word: u32, at: u32, count: u32) -> u32 {
    word & !(((1 << count) - 1) << at)
}

/// The register whose number stands at a bit.
const fn register(word: u32, at: u32) -> Register {
    Register::physical(bits(word, at, 5) as u8)
}

const fn rd(word: u32) -> Register {
    register(word, 0)
}

const fn rn(word: u32) -> Register {
    register(word, 5)
}

const fn rm(word: u32) -> Register {
    register(word, 16)
}

// Immediate operands.

fn immediate_operand(word: u32) -> Option<Instruction> {
    match bits(word, 23, 3) {
        0b000 | 0b001 => adr(word),
        0b010 => arithmetic_immediate(word),
        0b100 => logical_immediate(word),
        0b101 => move_wide(word),
        0b110 => bit_field(word),
        0b111 => rotate(word),
        _ => None,
    }
}

fn adr(word: u32) -> Option<Instruction> {
    if word >> 31 != 0 {
        return None;
    }
    let distance = sign_extend(bits(word, 5, 19) << 2 | bits(word, 29, 2), 21);
    let label = Label::Offset(distance);
    Some(Instruction::Adr {
        rd: rd(word),
        label,
    })
}

fn arithmetic_immediate(word: u32) -> Option<Instruction> {
    let value = decode_arithmetic(bits(word, 10, 13))?;
    let (rd, rn) = (rd(word), rn(word));
    let opcode = without(word, 5, 18);
    match opcode {
        word::CMN_IMMEDIATE => return Some(Instruction::CmnImmediate { rn, value }),
        word::CMP_IMMEDIATE => return Some(Instruction::CmpImmediate { rn, value }),
        _ => {}
    }
    let op = match without(opcode, 0, 5) {
        // add xd, sp, #0  =  mov xd, sp
        word::ADD_IMMEDIATE if value == 0 && (rd == SP || rn == SP) => {
            return Some(Instruction::MovSp { rd, rn });
        }
        word::ADD_IMMEDIATE => Alu::Add,
        word::SUB_IMMEDIATE => Alu::Sub,
        _ => return None,
    };
    Some(Instruction::AddImmediate { op, rd, rn, value })
}

fn logical_immediate(word: u32) -> Option<Instruction> {
    let value = decode_logical(bits(word, 10, 13))?;
    let (rd, rn) = (rd(word), rn(word));
    let opcode = without(word, 5, 18);
    if opcode == word::TST_IMMEDIATE {
        return Some(Instruction::TstImmediate { rn, value });
    }
    let op = match without(opcode, 0, 5) {
        word::AND_IMMEDIATE => Alu::And,
        word::ORR_IMMEDIATE => Alu::Orr,
        word::EOR_IMMEDIATE => Alu::Eor,
        _ => return None,
    };
    Some(Instruction::LogicalImmediate { op, rd, rn, value })
}

fn move_wide(word: u32) -> Option<Instruction> {
    let (rd, value, shift) = (
        rd(word),
        bits(word, 5, 16) as u16,
        bits(word, 21, 2) as u8 * 16,
    );
    match without(word, 0, 23) {
        word::MOVZ => Some(Instruction::Movz { rd, value, shift }),
        word::MOVN => Some(Instruction::Movn { rd, value, shift }),
        word::MOVK => Some(Instruction::Movk { rd, value, shift }),
        _ => None,
    }
}

/// `ubfm` and `sbfm`, by the names that they have for certain fields.
fn bit_field(word: u32) -> Option<Instruction> {
    let (rd, rn) = (rd(word), rn(word));
    // The extensions of bytes and half-words, some of which are on 32 bits.
    if let Some(op) = tables::find(&tables::ALU1, without(word, 0, 10)) {
        return Some(Instruction::Alu1 { op, rd, rn });
    }
    let (immr, imms) = (bits(word, 16, 6) as u8, bits(word, 10, 6) as u8);
    let shift = |op, amount| Some(Instruction::ShiftImmediate { op, rd, rn, amount });
    let opcode = without(without(word, 0, 16), 16, 6);
    match opcode {
        word::SBFM if imms == 63 => shift(Shift::Asr, immr),
        word::SBFM if imms >= immr => Some(Instruction::Sbfx {
            rd,
            rn,
            lsb: immr,
            width: imms - immr + 1,
        }),
        word::UBFM if imms == 63 => shift(Shift::Lsr, immr),
        word::UBFM if imms + 1 == immr => shift(Shift::Lsl, 63 - imms),
        word::UBFM if imms >= immr => Some(Instruction::Ubfx {
            rd,
            rn,
            lsb: immr,
            width: imms - immr + 1,
        }),
        word::UBFM => Some(Instruction::Ubfiz {
            rd,
            rn,
            lsb: 64 - immr,
            width: imms + 1,
        }),
        _ => None,
    }
}

/// `extr` from twice the same register.
fn rotate(word: u32) -> Option<Instruction> {
    let (rd, rn, rm) = (rd(word), rn(word), rm(word));
    let opcode = without(without(word, 0, 16), 16, 5);
    if opcode != word::EXTR || rn != rm {
        return None;
    }
    let amount = bits(word, 10, 6) as u8;
    let op = Shift::Ror;
    Some(Instruction::ShiftImmediate { op, rd, rn, amount })
}

// Register operands.

fn register_operand(word: u32) -> Option<Instruction> {
    match bits(word, 24, 5) {
        0b0_1010 | 0b0_1011 => shifted_operand(word),
        0b1_1010 => select(word).or_else(|| one_or_two_sources(word)),
        0b1_1011 => multiply(word),
        _ => None,
    }
}

fn shifted_operand(word: u32) -> Option<Instruction> {
    let (rd, rn, rm) = (rd(word), rn(word), rm(word));
    if without(word, 16, 5) == word::CMP_SP {
        return Some(Instruction::CmpSp { rm });
    }
    if without(without(word, 16, 5), 0, 5) == tables::ALU1[Alu1::Uxtw as usize].word {
        let op = Alu1::Uxtw;
        return Some(Instruction::Alu1 { op, rd, rn: rm });
    }
    let shift = tables::SHIFT[bits(word, 22, 2) as usize].op;
    let amount = bits(word, 10, 6) as u8;
    let opcode = without(without(word, 5, 16), 22, 2);
    if (opcode == word::TST || shift != Shift::Ror)
        && let Some(compare) = comparison(opcode, rn, rm, shift, amount)
    {
        return Some(compare);
    }
    let op = tables::find(&tables::ALU, without(opcode, 0, 5))?;
    match (op, rn, shift, amount) {
        (Alu::Add | Alu::Sub, _, Shift::Ror, _) => None,
        // orr xd, xzr, xm  =  mov xd, xm
        (Alu::Orr, ZR, Shift::Lsl, 0) => Some(Instruction::Mov { rd, rn: rm }),
        _ => Some(Instruction::Alu {
            op,
            rd,
            rn,
            rm,
            shift,
            amount,
        }),
    }
}

fn comparison(
    opcode: u32,
    rn: Register,
    rm: Register,
    shift: Shift,
    amount: u8,
) -> Option<Instruction> {
    Some(match opcode {
        word::CMP => Instruction::Cmp {
            rn,
            rm,
            shift,
            amount,
        },
        word::CMN => Instruction::Cmn {
            rn,
            rm,
            shift,
            amount,
        },
        word::TST => Instruction::Tst {
            rn,
            rm,
            shift,
            amount,
        },
        _ => return None,
    })
}

fn select(word: u32) -> Option<Instruction> {
    let opcode = without(without(word, 0, 10), 12, 9);
    Some(Instruction::Select {
        op: tables::find(&tables::SELECT, opcode)?,
        rd: rd(word),
        rn: rn(word),
        rm: rm(word),
        cond: tables::find(&tables::COND, bits(word, 12, 4))?,
    })
}

fn one_or_two_sources(word: u32) -> Option<Instruction> {
    let (rd, rn, rm) = (rd(word), rn(word), rm(word));
    let opcode = without(word, 0, 10);
    if let Some(op) = tables::find(&tables::ALU1, opcode) {
        return Some(Instruction::Alu1 { op, rd, rn });
    }
    let op = tables::find(&tables::ALU2, without(opcode, 16, 5))?;
    Some(Instruction::Alu2 { op, rd, rn, rm })
}

fn multiply(word: u32) -> Option<Instruction> {
    let (rd, rn, rm, ra) = (rd(word), rn(word), rm(word), register(word, 10));
    let opcode = without(without(word, 0, 10), 16, 5);
    // madd xd, xn, xm, xzr  =  mul xd, xn, xm
    if let Some(op) = tables::find(&tables::ALU2, opcode) {
        return Some(Instruction::Alu2 { op, rd, rn, rm });
    }
    match without(opcode, 10, 5) {
        word::MADD => Some(Instruction::Madd { rd, rn, rm, ra }),
        word::MSUB => Some(Instruction::Msub { rd, rn, rm, ra }),
        _ => None,
    }
}

// Loads and stores.

fn memory(word: u32) -> Option<Instruction> {
    if bits(word, 27, 3) == 0b101 {
        return pair(word);
    }
    // The size and the operation, as the tables have them.
    let row = word & (3 << 30 | 3 << 22);
    let load = tables::find(&tables::LOAD, row);
    let store = tables::find(&tables::STORE, row);
    let access = load.or(store)?;
    let rt = rd(word);
    let address = address(word, tables::size_log2(access))?;
    if !address.leaves(rt) {
        return None;
    }
    Some(match load {
        Some(_) => Instruction::Load {
            access,
            rt,
            address,
        },
        None => Instruction::Store {
            access,
            rt,
            address,
        },
    })
}

fn address(word: u32, size_log2: u32) -> Option<Address> {
    let rn = rn(word);
    let opcode = word & !(3 << 30 | 3 << 22);
    if without(opcode, 0, 22) == word::SCALED {
        let units = bits(word, 10, 12) as i32;
        return Some(Address::Offset(rn, units << size_log2));
    }
    let offset = sign_extend(bits(word, 12, 9), 9);
    match without(without(opcode, 0, 10), 12, 9) {
        word::UNSCALED if scaled_offset(offset, size_log2).is_none() => {
            return Some(Address::Offset(rn, offset));
        }
        word::POST_INDEX => return Some(Address::PostIndex(rn, offset)),
        word::PRE_INDEX => return Some(Address::PreIndex(rn, offset)),
        _ => {}
    }
    match without(without(opcode, 0, 10), 16, 5) {
        word::INDEX => Some(Address::Index(rn, rm(word))),
        opcode if opcode == word::INDEX | word::INDEX_SCALED => {
            Some(Address::ScaledIndex(rn, rm(word)))
        }
        _ => None,
    }
}

fn pair(word: u32) -> Option<Instruction> {
    let (rt1, rt2, rn) = (rd(word), register(word, 10), rn(word));
    let offset = sign_extend(bits(word, 15, 7), 7) * 8;
    let is_load = word & word::PAIR_LOAD != 0;
    let address = match without(word, 0, 23) {
        word::PAIR_OFFSET => Address::Offset(rn, offset),
        word::PAIR_PRE_INDEX => Address::PreIndex(rn, offset),
        word::PAIR_POST_INDEX => Address::PostIndex(rn, offset),
        _ => return None,
    };
    if !address.leaves(rt1) || !address.leaves(rt2) || is_load && rt1 == rt2 {
        return None;
    }
    Some(if is_load {
        Instruction::LoadPair { rt1, rt2, address }
    } else {
        Instruction::StorePair { rt1, rt2, address }
    })
}

// Branches.

fn branch(word: u32) -> Option<Instruction> {
    let label = |at, count| Label::Offset(sign_extend(bits(word, at, count), count) * 4);
    match without(word, 0, 26) {
        word::B => {
            let label = label(0, 26);
            return Some(Instruction::B { label });
        }
        word::BL => {
            let label = label(0, 26);
            return Some(Instruction::BlLocal { label });
        }
        _ => {}
    }
    let rt = rd(word);
    match without(word, 0, 24) {
        word::CBZ => {
            let label = label(5, 19);
            return Some(Instruction::Cbz { rt, label });
        }
        word::CBNZ => {
            let label = label(5, 19);
            return Some(Instruction::Cbnz { rt, label });
        }
        word::B_COND => {
            let cond = tables::find(&tables::COND, bits(word, 0, 5))?;
            let label = label(5, 19);
            return Some(Instruction::BCond { cond, label });
        }
        _ => {}
    }
    let (bit, label) = (
        (bits(word, 31, 1) << 5 | bits(word, 19, 5)) as u8,
        label(5, 14),
    );
    match without(without(word, 0, 24), 31, 1) {
        word::TBZ => Some(Instruction::Tbz { rt, bit, label }),
        word::TBNZ => Some(Instruction::Tbnz { rt, bit, label }),
        _ => indirect_branch_or_system(word),
    }
}

fn indirect_branch_or_system(word: u32) -> Option<Instruction> {
    let rn = rn(word);
    let value = bits(word, 5, 16) as u16;
    match word {
        word::RET => return Some(Instruction::Ret),
        word::NOP => return Some(Instruction::Nop),
        _ => {}
    }
    match without(word, 5, 5) {
        word::BR => return Some(Instruction::Br { rn }),
        word::BLR => return Some(Instruction::Blr { rn }),
        _ => {}
    }
    match without(word, 5, 16) {
        word::SVC => Some(Instruction::Svc { value }),
        word::BRK => Some(Instruction::Brk { value }),
        _ => None,
    }
}
