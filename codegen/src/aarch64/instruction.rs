//! The one type of AArch64 instructions: what is printed, encoded, decoded and simulated.
//!
//! Facts: Arm Architecture Reference Manual for A-profile, part C6 (A64 base instructions).
//!
//! A register operand is a [`Register`]; 31 means `xzr` or `sp`, as in the encoding: which of them is
//! the operand's business. All general instructions are on 64 bits except where the name says
//! otherwise.

use crate::ir::{FunctionId, ImportId};
use crate::machine::{Register, Symbol};

/// The stack pointer, where an operand can be it.
pub const SP: Register = Register::physical(31);
/// The zero register, where an operand can be it.
pub const ZR: Register = Register::physical(31);
/// The frame pointer.
pub const FP: Register = Register::physical(29);
/// The link register.
pub const LR: Register = Register::physical(30);
/// First scratch register, never allocated.
pub const X16: Register = Register::physical(16);
/// Second scratch register, never allocated.
pub const X17: Register = Register::physical(17);
/// The context's address.
pub const CONTEXT: Register = Register::physical(crate::context::AARCH64_CONTEXT);

/// A place to branch to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// A label of the same function, an index into [`Assembly::labels`](crate::machine::Assembly).
    Local(u32),
    /// An exit, an index into [`Code::exits`](crate::machine::Code): before `finish` only.
    Exit(u32),
    /// Bytes from this instruction, a multiple of 4 (what a decoder gives).
    Offset(i32),
}

/// Two-register arithmetic and logic: `op xd, xn, xm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alu {
    /// `add`
    Add,
    /// `sub`
    Sub,
    /// `and`
    And,
    /// `orr`
    Orr,
    /// `eor`
    Eor,
    /// `bic`: and with the second inverted
    Bic,
    /// `orn`: or with the second inverted
    Orn,
    /// `eon`: exclusive or with the second inverted
    Eon,
}

/// How the second operand is shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shift {
    /// `lsl`
    Lsl,
    /// `lsr`
    Lsr,
    /// `asr`
    Asr,
    /// `ror`, not for additions and subtractions
    Ror,
}

/// Instructions with two source registers and nothing else: `op xd, xn, xm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alu2 {
    /// `mul` (`madd` with `xzr`)
    Mul,
    /// `mneg` (`msub` with `xzr`)
    Mneg,
    /// `smulh`
    Smulh,
    /// `umulh`
    Umulh,
    /// `sdiv`
    Sdiv,
    /// `udiv`
    Udiv,
    /// `lsl` (`lslv`)
    Lsl,
    /// `lsr` (`lsrv`)
    Lsr,
    /// `asr` (`asrv`)
    Asr,
    /// `ror` (`rorv`)
    Ror,
}

/// Instructions with one source register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alu1 {
    /// `sxtb xd, wn`
    Sxtb,
    /// `sxth xd, wn`
    Sxth,
    /// `sxtw xd, wn`
    Sxtw,
    /// `uxtb wd, wn`
    Uxtb,
    /// `uxth wd, wn`
    Uxth,
    /// `mov wd, wn`: clears bits 32 to 63
    Uxtw,
    /// `rev xd, xn`: the order of the 8 bytes
    Rev,
    /// `rev32 xd, xn`: the order of the 4 bytes in each word
    Rev32,
    /// `rev16 xd, xn`: the order of the 2 bytes in each half-word
    Rev16,
    /// `clz xd, xn`
    Clz,
}

/// Condition codes, numbered as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Cond {
    /// equal
    Eq = 0,
    /// not equal
    Ne = 1,
    /// unsigned ≥
    Hs = 2,
    /// unsigned <
    Lo = 3,
    /// negative
    Mi = 4,
    /// not negative
    Pl = 5,
    /// overflow
    Vs = 6,
    /// no overflow
    Vc = 7,
    /// unsigned >
    Hi = 8,
    /// unsigned ≤
    Ls = 9,
    /// signed ≥
    Ge = 10,
    /// signed <
    Lt = 11,
    /// signed >
    Gt = 12,
    /// signed ≤
    Le = 13,
}

/// Conditional selection: `op xd, xn, xm, cond`: `xn` if it holds, else
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Select {
    /// `csel`: `xm`
    Csel,
    /// `csinc`: `xm + 1` (with `xzr` twice and the condition negated printed as `cset`)
    Csinc,
    /// `csinv`: `xm` inverted (`csetm`)
    Csinv,
    /// `csneg`: `-xm`
    Csneg,
}

/// An address: a base register (or `sp`) and
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// `[xn, #offset]`: from −256 to 255, or a multiple of the access size up to 4095 times it.
    Offset(Register, i32),
    /// `[xn, #offset]!`: −256 to 255 (pairs: multiples of 8, −512 to 504); the base is changed before.
    PreIndex(Register, i32),
    /// `[xn], #offset`: the base is changed after.
    PostIndex(Register, i32),
    /// `[xn, xm]`
    Index(Register, Register),
    /// `[xn, xm, lsl #s]`, s the access size's logarithm.
    ScaledIndex(Register, Register),
}

/// The width of a load or store, and how it extends to 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryAccess {
    /// `ldr x`, `str x`
    Double,
    /// `ldr w`, `str w`
    Word,
    /// `ldrh`, `strh`
    Half,
    /// `ldrb`, `strb`
    Byte,
    /// `ldrsw`
    SignedWord,
    /// `ldrsh x`
    SignedHalf,
    /// `ldrsb x`
    SignedByte,
}

/// An instruction.
#[expect(
    missing_docs,
    reason = "the fields have the names of the manual's operands"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// `movz xd, value, lsl #shift`: shift 0, 16, 32 or 48. Printed `movz x9, 1` without a shift.
    Movz { rd: Register, value: u16, shift: u8 },
    /// `movn xd, value, lsl #shift`: the inverse of that.
    Movn { rd: Register, value: u16, shift: u8 },
    /// `movk xd, value, lsl #shift`: replaces 16 bits.
    Movk { rd: Register, value: u16, shift: u8 },
    /// A constant that may need several instructions (`movz`/`movn`/`movk`, `mov` of a logical
    /// immediate). Only before register allocation: `finish` writes the instructions out.
    Constant { rd: Register, value: i64 },
    /// The address of a symbol: `movz` and three `movk`. Printed `movz x0, catalogue`.
    LoadAddress { rd: Register, symbol: Symbol },
    /// `mov xd, xn` (`orr xd, xzr, xn`). If one of them is `sp`: `add xd, xn, #0`, as
    /// [`Self::MovSp`].
    Mov { rd: Register, rn: Register },
    /// `mov xd, sp` and `mov sp, xn`: register 31 is `sp`. Printed `mov`.
    MovSp { rd: Register, rn: Register },
    /// `op xd, xn, xm` and `op xd, xn, xm, lsl #amount`. `sub` from `xzr` is printed as `neg`,
    /// `orn` as `mvn`.
    Alu {
        op: Alu,
        rd: Register,
        rn: Register,
        rm: Register,
        shift: Shift,
        amount: u8,
    },
    /// `add xd, xn, #value` (Add and Sub only; 12 bits, or 12 bits shifted by 12). Either register
    /// can be `sp`.
    AddImmediate {
        op: Alu,
        rd: Register,
        rn: Register,
        value: u32,
    },
    /// `and xd, xn, #value`: a logical immediate (And, Orr, Eor).
    LogicalImmediate {
        op: Alu,
        rd: Register,
        rn: Register,
        value: u64,
    },
    /// `op xd, xn, xm`
    Alu2 {
        op: Alu2,
        rd: Register,
        rn: Register,
        rm: Register,
    },
    /// `op xd, xn`
    Alu1 {
        op: Alu1,
        rd: Register,
        rn: Register,
    },
    /// `madd xd, xn, xm, xa`: xa + xn·xm
    Madd {
        rd: Register,
        rn: Register,
        rm: Register,
        ra: Register,
    },
    /// `msub xd, xn, xm, xa`: xa − xn·xm
    Msub {
        rd: Register,
        rn: Register,
        rm: Register,
        ra: Register,
    },
    /// `lsl xd, xn, #amount`, `lsr`, `asr`, `ror`
    ShiftImmediate {
        op: Shift,
        rd: Register,
        rn: Register,
        amount: u8,
    },
    /// `ubfx xd, xn, #lsb, #width`: an unsigned bit field.
    Ubfx {
        rd: Register,
        rn: Register,
        lsb: u8,
        width: u8,
    },
    /// `sbfx xd, xn, #lsb, #width`: a signed bit field.
    Sbfx {
        rd: Register,
        rn: Register,
        lsb: u8,
        width: u8,
    },
    /// `ubfiz xd, xn, #lsb, #width`: the low bits, zero-extended and shifted left.
    Ubfiz {
        rd: Register,
        rn: Register,
        lsb: u8,
        width: u8,
    },
    /// `cmp xn, xm`, with a shift as in `Alu`
    Cmp {
        rn: Register,
        rm: Register,
        shift: Shift,
        amount: u8,
    },
    /// `cmn xn, xm`
    Cmn {
        rn: Register,
        rm: Register,
        shift: Shift,
        amount: u8,
    },
    /// `cmp xn, #value` (12 bits, or 12 bits shifted by 12)
    CmpImmediate { rn: Register, value: u32 },
    /// `cmn xn, #value`: compares with −value
    CmnImmediate { rn: Register, value: u32 },
    /// `cmp sp, xm` (extended register form, `uxtx`)
    CmpSp { rm: Register },
    /// `tst xn, xm`
    Tst {
        rn: Register,
        rm: Register,
        shift: Shift,
        amount: u8,
    },
    /// `tst xn, #value`: a logical immediate
    TstImmediate { rn: Register, value: u64 },
    /// `csel xd, xn, xm, cond` and the like
    Select {
        op: Select,
        rd: Register,
        rn: Register,
        rm: Register,
        cond: Cond,
    },
    /// `ldr`, `ldrb`, …
    Load {
        access: MemoryAccess,
        rt: Register,
        address: Address,
    },
    /// `str`, `strb`, …
    Store {
        access: MemoryAccess,
        rt: Register,
        address: Address,
    },
    /// `ldp xt1, xt2, address`: offsets are multiples of 8, −512 to 504
    LoadPair {
        rt1: Register,
        rt2: Register,
        address: Address,
    },
    /// `stp xt1, xt2, address`
    StorePair {
        rt1: Register,
        rt2: Register,
        address: Address,
    },
    /// `b label`
    B { label: Label },
    /// `b.cond label`
    BCond { cond: Cond, label: Label },
    /// `cbz xt, label`
    Cbz { rt: Register, label: Label },
    /// `cbnz xt, label`
    Cbnz { rt: Register, label: Label },
    /// `tbz xt, #bit, label`
    Tbz { rt: Register, bit: u8, label: Label },
    /// `tbnz xt, #bit, label`
    Tbnz { rt: Register, bit: u8, label: Label },
    /// `bl` to a local label or offset
    BlLocal { label: Label },
    /// `b` to a symbol: a tail call, or to a shared stub
    BSymbol { symbol: Symbol },
    /// `bl` to a symbol
    Bl { symbol: Symbol },
    /// `blr xn`
    Blr { rn: Register },
    /// `br xn`
    Br { rn: Register },
    /// `ret` (by x30)
    Ret,
    /// `adr xd, label`: ±1 MiB
    Adr { rd: Register, label: Label },
    /// `nop`
    Nop,
    /// `svc #value`: a system call (ELF start-up only)
    Svc { value: u16 },
    /// `brk #value`: must never be reached
    Brk { value: u16 },

    // Only before register allocation; `finish` writes them out.
    /// A call; arguments, result and clobbered registers stand beside the instruction.
    CallFunction { callee: FunctionId },
    /// A call through the context's table.
    CallImport { import: ImportId },
    /// The function's entry: the parameters that come in registers are defined beside it, fixed.
    Parameters,
    /// A parameter that comes on the stack, the `index`th 8 bytes from the stack pointer at entry.
    StackParameter { rd: Register, index: u32 },
    /// The unsigned division of 128 bits by 64, the divisor not 0. Operands and results stand beside
    /// it, fixed: x0 low half, x1 high half, x2 divisor give x0 low half, x1 high half of the
    /// quotient, x2 remainder.
    WideDivide,
    /// Leaves if the stack's limit has been reached; `finish` puts it before the prologue.
    StackCheck { label: Label },
    /// The end of the function; the result stands beside it, fixed in x0.
    Return,
}

impl Instruction {
    /// The label that it branches to, if it is a branch to one.
    pub const fn label_mut(&mut self) -> Option<&mut Label> {
        match self {
            Self::B { label }
            | Self::BCond { label, .. }
            | Self::Cbz { label, .. }
            | Self::Cbnz { label, .. }
            | Self::Tbz { label, .. }
            | Self::Tbnz { label, .. }
            | Self::BlLocal { label }
            | Self::Adr { label, .. }
            | Self::StackCheck { label } => Some(label),
            _ => None,
        }
    }
}

impl Cond {
    /// The condition that holds exactly when this one doesn't.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Hs => Self::Lo,
            Self::Lo => Self::Hs,
            Self::Mi => Self::Pl,
            Self::Pl => Self::Mi,
            Self::Vs => Self::Vc,
            Self::Vc => Self::Vs,
            Self::Hi => Self::Ls,
            Self::Ls => Self::Hi,
            Self::Ge => Self::Lt,
            Self::Lt => Self::Ge,
            Self::Gt => Self::Le,
            Self::Le => Self::Gt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cond;

    #[test]
    fn a_negated_condition_differs_in_the_last_bit_of_its_number() {
        for cond in [
            Cond::Eq,
            Cond::Hs,
            Cond::Mi,
            Cond::Vs,
            Cond::Hi,
            Cond::Ge,
            Cond::Gt,
        ] {
            assert_eq!(cond.negated() as u8, cond as u8 ^ 1);
            assert_eq!(cond.negated().negated(), cond);
        }
    }
}
