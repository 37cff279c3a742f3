//! The encodings as tables: a row per operation with its name and the bits of its word that do not
//! depend on operands. The encoder and the printer look a row up by the operation, the decoder by
//! the word.
//!
//! Facts: Arm Architecture Reference Manual for A-profile, C4.1 (the encoding index) and C6.2.

use super::instruction::{Alu, Alu1, Alu2, Cond, MemoryAccess, Select, Shift};

/// An operation, what it is called, and its bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<T> {
    /// The operation.
    pub(super) op: T,
    /// Its mnemonic.
    pub(super) name: &'static str,
    /// The word with all operands 0.
    pub(super) word: u32,
}

const fn row<T>(op: T, name: &'static str, word: u32) -> Row<T> {
    Row { op, name, word }
}

/// Shifted register: `rm` at bit 16, amount at 10, `rn` at 5, `rd` at 0, the shift at 22.
pub(super) const ALU: [Row<Alu>; 8] = [
    row(Alu::Add, "add", 0x8b00_0000),
    row(Alu::Sub, "sub", 0xcb00_0000),
    row(Alu::And, "and", 0x8a00_0000),
    row(Alu::Orr, "orr", 0xaa00_0000),
    row(Alu::Eor, "eor", 0xca00_0000),
    row(Alu::Bic, "bic", 0x8a20_0000),
    row(Alu::Orn, "orn", 0xaa20_0000),
    row(Alu::Eon, "eon", 0xca20_0000),
];

/// Three registers: `rm` at bit 16, `rn` at 5, `rd` at 0.
pub(super) const ALU2: [Row<Alu2>; 10] = [
    row(Alu2::Mul, "mul", 0x9b00_7c00),
    row(Alu2::Mneg, "mneg", 0x9b00_fc00),
    row(Alu2::Smulh, "smulh", 0x9b40_7c00),
    row(Alu2::Umulh, "umulh", 0x9bc0_7c00),
    row(Alu2::Sdiv, "sdiv", 0x9ac0_0c00),
    row(Alu2::Udiv, "udiv", 0x9ac0_0800),
    row(Alu2::Lsl, "lsl", 0x9ac0_2000),
    row(Alu2::Lsr, "lsr", 0x9ac0_2400),
    row(Alu2::Asr, "asr", 0x9ac0_2800),
    row(Alu2::Ror, "ror", 0x9ac0_2c00),
];

/// Two registers: `rn` at bit 5 (for `uxtw`, a move, at 16), `rd` at 0.
pub(super) const ALU1: [Row<Alu1>; 10] = [
    row(Alu1::Sxtb, "sxtb", 0x9340_1c00),
    row(Alu1::Sxth, "sxth", 0x9340_3c00),
    row(Alu1::Sxtw, "sxtw", 0x9340_7c00),
    row(Alu1::Uxtb, "uxtb", 0x5300_1c00),
    row(Alu1::Uxth, "uxth", 0x5300_3c00),
    row(Alu1::Uxtw, "mov", 0x2a00_03e0),
    row(Alu1::Rev, "rev", 0xdac0_0c00),
    row(Alu1::Rev32, "rev32", 0xdac0_0800),
    row(Alu1::Rev16, "rev16", 0xdac0_0400),
    row(Alu1::Clz, "clz", 0xdac0_1000),
];

/// Conditional selection: `rm` at bit 16, the condition at 12, `rn` at 5, `rd` at 0.
pub(super) const SELECT: [Row<Select>; 4] = [
    row(Select::Csel, "csel", 0x9a80_0000),
    row(Select::Csinc, "csinc", 0x9a80_0400),
    row(Select::Csinv, "csinv", 0xda80_0000),
    row(Select::Csneg, "csneg", 0xda80_0400),
];

/// Shifts: the two bits at 22.
pub(super) const SHIFT: [Row<Shift>; 4] = [
    row(Shift::Lsl, "lsl", 0 << 22),
    row(Shift::Lsr, "lsr", 1 << 22),
    row(Shift::Asr, "asr", 2 << 22),
    row(Shift::Ror, "ror", 3 << 22),
];

/// Conditions: the four bits where they stand in `b.cond`.
pub(super) const COND: [Row<Cond>; 14] = [
    row(Cond::Eq, "eq", 0),
    row(Cond::Ne, "ne", 1),
    row(Cond::Hs, "hs", 2),
    row(Cond::Lo, "lo", 3),
    row(Cond::Mi, "mi", 4),
    row(Cond::Pl, "pl", 5),
    row(Cond::Vs, "vs", 6),
    row(Cond::Vc, "vc", 7),
    row(Cond::Hi, "hi", 8),
    row(Cond::Ls, "ls", 9),
    row(Cond::Ge, "ge", 10),
    row(Cond::Lt, "lt", 11),
    row(Cond::Gt, "gt", 12),
    row(Cond::Le, "le", 13),
];

/// Loads, by [`MemoryAccess`]: size at bit 30, operation at 22.
pub(super) const LOAD: [Row<MemoryAccess>; 7] = [
    row(MemoryAccess::Double, "ldr", 3 << 30 | 1 << 22),
    row(MemoryAccess::Word, "ldr", 2 << 30 | 1 << 22),
    row(MemoryAccess::Half, "ldrh", 1 << 30 | 1 << 22),
    row(MemoryAccess::Byte, "ldrb", 1 << 22),
    row(MemoryAccess::SignedWord, "ldrsw", 2 << 30 | 2 << 22),
    row(MemoryAccess::SignedHalf, "ldrsh", 1 << 30 | 2 << 22),
    row(MemoryAccess::SignedByte, "ldrsb", 2 << 22),
];

/// Stores, by [`MemoryAccess`]: a store does not extend, so there are only the first four.
pub(super) const STORE: [Row<MemoryAccess>; 4] = [
    row(MemoryAccess::Double, "str", 3 << 30),
    row(MemoryAccess::Word, "str", 2 << 30),
    row(MemoryAccess::Half, "strh", 1 << 30),
    row(MemoryAccess::Byte, "strb", 0),
];

/// The words of what is not in a table, with all operands 0.
pub(super) mod word {
    /// Move wide: half-word number at bit 21, value at 5, `rd` at 0.
    pub(in crate::aarch64) const MOVN: u32 = 0x9280_0000;
    pub(in crate::aarch64) const MOVZ: u32 = 0xd280_0000;
    pub(in crate::aarch64) const MOVK: u32 = 0xf280_0000;
    /// Arithmetic with an immediate: 13 bits at 10, `rn` at 5, `rd` at 0.
    pub(in crate::aarch64) const ADD_IMMEDIATE: u32 = 0x9100_0000;
    pub(in crate::aarch64) const SUB_IMMEDIATE: u32 = 0xd100_0000;
    pub(in crate::aarch64) const CMN_IMMEDIATE: u32 = 0xb100_001f;
    pub(in crate::aarch64) const CMP_IMMEDIATE: u32 = 0xf100_001f;
    /// Logic with an immediate: 13 bits at 10, `rn` at 5, `rd` at 0.
    pub(in crate::aarch64) const AND_IMMEDIATE: u32 = 0x9200_0000;
    pub(in crate::aarch64) const ORR_IMMEDIATE: u32 = 0xb200_0000;
    pub(in crate::aarch64) const EOR_IMMEDIATE: u32 = 0xd200_0000;
    pub(in crate::aarch64) const TST_IMMEDIATE: u32 = 0xf200_001f;
    /// `orr xd, xzr, xm`: `xm` at 16.
    pub(in crate::aarch64) const MOV: u32 = 0xaa00_03e0;
    /// Comparisons, as the `ALU` table, with `xzr` as destination.
    pub(in crate::aarch64) const CMN: u32 = 0xab00_001f;
    pub(in crate::aarch64) const CMP: u32 = 0xeb00_001f;
    pub(in crate::aarch64) const TST: u32 = 0xea00_001f;
    /// `subs xzr, sp, xm, uxtx`: `rm` at 16.
    pub(in crate::aarch64) const CMP_SP: u32 = 0xeb20_63ff;
    /// Multiplication and addition: `rm` at 16, `ra` at 10, `rn` at 5, `rd` at 0.
    pub(in crate::aarch64) const MADD: u32 = 0x9b00_0000;
    pub(in crate::aarch64) const MSUB: u32 = 0x9b00_8000;
    /// Bit fields: rotation (`immr`) at 16, last bit (`imms`) at 10, `rn` at 5, `rd` at 0.
    pub(in crate::aarch64) const SBFM: u32 = 0x9340_0000;
    pub(in crate::aarch64) const UBFM: u32 = 0xd340_0000;
    /// `extr`: `rm` at 16, the lowest bit at 10, `rn` at 5, `rd` at 0.
    pub(in crate::aarch64) const EXTR: u32 = 0x93c0_0000;
    /// Loads and stores, beside their row: offset at 10 (scaled) or 12, `rn` at 5, `rt` at 0.
    pub(in crate::aarch64) const SCALED: u32 = 0x3900_0000;
    pub(in crate::aarch64) const UNSCALED: u32 = 0x3800_0000;
    pub(in crate::aarch64) const POST_INDEX: u32 = 0x3800_0400;
    pub(in crate::aarch64) const PRE_INDEX: u32 = 0x3800_0c00;
    /// With a register as offset, at 16; scaled if bit 12 is set.
    pub(in crate::aarch64) const INDEX: u32 = 0x3820_6800;
    pub(in crate::aarch64) const INDEX_SCALED: u32 = 1 << 12;
    /// Pairs: offset at 15, `rt2` at 10, `rn` at 5, `rt1` at 0; a load if bit 22 is set.
    pub(in crate::aarch64) const PAIR_POST_INDEX: u32 = 0xa880_0000;
    pub(in crate::aarch64) const PAIR_OFFSET: u32 = 0xa900_0000;
    pub(in crate::aarch64) const PAIR_PRE_INDEX: u32 = 0xa980_0000;
    pub(in crate::aarch64) const PAIR_LOAD: u32 = 1 << 22;
    /// Branches: 26 bits at 0.
    pub(in crate::aarch64) const B: u32 = 0x1400_0000;
    pub(in crate::aarch64) const BL: u32 = 0x9400_0000;
    /// 19 bits at 5; the condition, or `rt`, at 0.
    pub(in crate::aarch64) const B_COND: u32 = 0x5400_0000;
    pub(in crate::aarch64) const CBZ: u32 = 0xb400_0000;
    pub(in crate::aarch64) const CBNZ: u32 = 0xb500_0000;
    /// 14 bits at 5, the bit's number at 31 and 19, `rt` at 0.
    pub(in crate::aarch64) const TBZ: u32 = 0x3600_0000;
    pub(in crate::aarch64) const TBNZ: u32 = 0x3700_0000;
    /// `rn` at 5.
    pub(in crate::aarch64) const BR: u32 = 0xd61f_0000;
    pub(in crate::aarch64) const BLR: u32 = 0xd63f_0000;
    /// By x30.
    pub(in crate::aarch64) const RET: u32 = 0xd65f_03c0;
    /// The low 2 bits at 29, the others at 5, `rd` at 0.
    pub(in crate::aarch64) const ADR: u32 = 0x1000_0000;
    pub(in crate::aarch64) const NOP: u32 = 0xd503_201f;
    /// 16 bits at 5.
    pub(in crate::aarch64) const SVC: u32 = 0xd400_0001;
    pub(in crate::aarch64) const BRK: u32 = 0xd420_0000;
}

/// The operation whose word this is, the operands taken away.
pub(super) fn find<T: Copy>(rows: &[Row<T>], word: u32) -> Option<T> {
    rows.iter().find(|row| row.word == word).map(|row| row.op)
}

/// The logarithm of an access's size in bytes.
pub(super) const fn size_log2(access: MemoryAccess) -> u32 {
    LOAD[access as usize].word >> 30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_operations() {
        assert!(ALU.iter().enumerate().all(|(i, row)| row.op as usize == i));
        assert!(ALU2.iter().enumerate().all(|(i, row)| row.op as usize == i));
        assert!(ALU1.iter().enumerate().all(|(i, row)| row.op as usize == i));
        assert!(
            SELECT
                .iter()
                .enumerate()
                .all(|(i, row)| row.op as usize == i)
        );
        assert!(
            SHIFT
                .iter()
                .enumerate()
                .all(|(i, row)| row.op as usize == i)
        );
        assert!(COND.iter().enumerate().all(|(i, row)| row.op as usize == i));
        assert!(LOAD.iter().enumerate().all(|(i, row)| row.op as usize == i));
        assert!(
            STORE
                .iter()
                .enumerate()
                .all(|(i, row)| row.op as usize == i)
        );
    }
}
