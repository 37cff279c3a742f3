//! The one type of x86-64 instructions: what is selected, printed and encoded.
//!
//! Facts: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. Everything here
//! belongs to the first 64-bit processors; nothing asks for an extension.
//!
//! The first variants are instructions of the machine. The others, from
//! [`Constant`](Instruction::Constant) on, exist only up to `finish`, which writes them out. Some of
//! them stand for two or three instructions: between a comparison and what reads its flags nothing
//! can then be inserted, and so every other instruction may spoil the flags. Only with
//! [`Compare::Kept`] the flags come from an instruction of its own; what `finish` writes in between
//! leaves them alone.

use crate::ir::{Division, FunctionId, ImportId};
use crate::machine::{Register, Symbol};

/// The accumulator: results, dividends, one factor.
pub const RAX: Register = Register::physical(0);
/// Counts of shifts.
pub const RCX: Register = Register::physical(1);
/// High halves, remainders.
pub const RDX: Register = Register::physical(2);
/// Callee-saved.
pub const RBX: Register = Register::physical(3);
/// The stack pointer.
pub const RSP: Register = Register::physical(4);
/// Callee-saved; no frame pointer is kept.
pub const RBP: Register = Register::physical(5);
/// The second argument.
pub const RSI: Register = Register::physical(6);
/// The first argument.
pub const RDI: Register = Register::physical(7);
/// The fifth argument.
pub const R8: Register = Register::physical(8);
/// The sixth argument.
pub const R9: Register = Register::physical(9);
/// Caller-saved.
pub const R10: Register = Register::physical(10);
/// Scratch, never allocated.
pub const R11: Register = Register::physical(11);
/// Tells the exit stub which site it was.
pub const EXIT_SITE: Register = R11;
/// Callee-saved.
pub const R12: Register = Register::physical(12);
/// Callee-saved.
pub const R13: Register = Register::physical(13);
/// Callee-saved.
pub const R14: Register = Register::physical(14);
/// The context's address.
pub const CONTEXT: Register = Register::physical(crate::context::X86_64_CONTEXT);

/// A place to jump to, an index into [`Assembly::labels`](crate::machine::Assembly).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label(pub u32);

/// The width of an operation or an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Size {
    /// `byte ptr`
    Bits8,
    /// `word ptr`
    Bits16,
    /// `dword ptr`; a register's upper half becomes 0
    Bits32,
    /// `qword ptr`
    Bits64,
}

/// What an index register is multiplied by, numbered as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scale {
    /// `*1`
    One = 0,
    /// `*2`
    Two = 1,
    /// `*4`
    Four = 2,
    /// `*8`
    Eight = 3,
}

/// An address: `[base + index*scale + displacement]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Any register.
    pub base: Option<Register>,
    /// Any register but rsp.
    pub index: Option<(Register, Scale)>,
    /// Bytes.
    pub displacement: i32,
}

impl Address {
    /// `[base + displacement]`
    pub const fn base(base: Register, displacement: i32) -> Self {
        Self {
            base: Some(base),
            index: None,
            displacement,
        }
    }

    /// `[base + index*scale]`
    pub const fn indexed(base: Register, index: Register, scale: Scale) -> Self {
        Self {
            base: Some(base),
            index: Some((index, scale)),
            displacement: 0,
        }
    }

    /// `[index*scale]`
    pub const fn scaled(index: Register, scale: Scale) -> Self {
        Self {
            base: None,
            index: Some((index, scale)),
            displacement: 0,
        }
    }
}

/// A second operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A register.
    Register(Register),
    /// A number, sign-extended to the operation's width.
    Immediate(i32),
    /// What memory holds.
    Memory(Address),
}

/// A second operand that is not in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A register.
    Register(Register),
    /// A number, sign-extended to 64 bits.
    Immediate(i32),
}

impl Instruction {
    /// Whether it reads flags that the instruction before leaves.
    pub(super) const fn reads_flags(&self) -> bool {
        matches!(
            self,
            Self::CompareJump {
                compare: Compare::Kept,
                ..
            } | Self::CompareExit {
                compare: Compare::Kept,
                ..
            }
        )
    }
}

impl From<Source> for Operand {
    fn from(source: Source) -> Self {
        match source {
            Source::Register(register) => Self::Register(register),
            Source::Immediate(value) => Self::Immediate(value),
        }
    }
}

/// Arithmetic and logic with two operands, numbered as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Alu {
    /// `add`
    Add = 0,
    /// `or`
    Or = 1,
    /// `adc`
    Adc = 2,
    /// `sbb`
    Sbb = 3,
    /// `and`
    And = 4,
    /// `sub`
    Sub = 5,
    /// `xor`
    Xor = 6,
    /// `cmp`: the first operand stays as it is
    Cmp = 7,
}

/// Operations on one register, numbered as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Unary {
    /// `not`
    Not = 2,
    /// `neg`
    Neg = 3,
    /// `mul`: rdx:rax = rax · register, unsigned
    Mul = 4,
    /// `imul`: the same, signed
    Imul = 5,
    /// `div`: rax = rdx:rax / register, rdx the remainder, unsigned
    Div = 6,
    /// `idiv`: the same, signed
    Idiv = 7,
}

/// Shifts, numbered as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Shift {
    /// `rol`
    Rol = 0,
    /// `ror`
    Ror = 1,
    /// `shl`
    Shl = 4,
    /// `shr`
    Shr = 5,
    /// `sar`
    Sar = 7,
}

/// How less than 64 bits become 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extend {
    /// `movzx r32, r/m8`
    Zero8,
    /// `movzx r32, r/m16`
    Zero16,
    /// `mov r32, r/m32`
    Zero32,
    /// `movsx r64, r/m8`
    Sign8,
    /// `movsx r64, r/m16`
    Sign16,
    /// `movsxd r64, r/m32`
    Sign32,
}

/// Condition codes, numbered as encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Cond {
    /// overflow
    O = 0,
    /// no overflow
    No = 1,
    /// unsigned <
    B = 2,
    /// unsigned ≥
    Ae = 3,
    /// equal
    E = 4,
    /// not equal
    Ne = 5,
    /// unsigned ≤
    Be = 6,
    /// unsigned >
    A = 7,
    /// negative
    S = 8,
    /// not negative
    Ns = 9,
    /// an even number of bits set in the low byte
    P = 10,
    /// an odd number
    Np = 11,
    /// signed <
    L = 12,
    /// signed ≥
    Ge = 13,
    /// signed ≤
    Le = 14,
    /// signed >
    G = 15,
}

impl Cond {
    /// The condition that holds exactly when this one doesn't.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::O => Self::No,
            Self::No => Self::O,
            Self::B => Self::Ae,
            Self::Ae => Self::B,
            Self::E => Self::Ne,
            Self::Ne => Self::E,
            Self::Be => Self::A,
            Self::A => Self::Be,
            Self::S => Self::Ns,
            Self::Ns => Self::S,
            Self::P => Self::Np,
            Self::Np => Self::P,
            Self::L => Self::Ge,
            Self::Ge => Self::L,
            Self::Le => Self::G,
            Self::G => Self::Le,
        }
    }
}

/// What sets the flags before a jump, a selection, a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `cmp`: as the difference
    Cmp,
    /// `test`: as the and
    Test,
    /// Nothing: the instruction before, which has made the register, leaves the flags.
    Kept,
}

/// What [`Instruction::Tied`] does to its first operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tied {
    /// Arithmetic and logic with a second operand.
    Alu(Alu),
    /// `imul` by a second operand, a register.
    Imul,
    /// `not` or `neg`; no second operand.
    Unary(Unary),
    /// A shift by a number.
    Shift(Shift),
    /// The same on the low 32 bits; the upper half becomes 0.
    Shift32(Shift),
    /// `bswap`; no second operand.
    Bswap,
    /// The same on the low 32 bits; the upper half becomes 0.
    Bswap32,
}

/// What a division knows of its divisor besides that it is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Divisor {
    /// Nothing: a signed division by −1 must be looked after.
    Any,
    /// It isn't −1.
    NotMinusOne,
}

/// An instruction.
#[expect(
    missing_docs,
    reason = "the fields have the names of the manual's operands"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// `mov rd, rn`
    Mov { rd: Register, rn: Register },
    /// `mov rd, value`: the shortest of `mov r32, imm32`, `mov r64, imm32` (sign-extended), `movabs`.
    MovImmediate { rd: Register, value: i64 },
    /// `lea rd, [rip + symbol]`
    LoadAddress { rd: Register, symbol: Symbol },
    /// `lea rd, [rip]`: the address behind it
    Here { rd: Register },
    /// `movzx`, `movsx`, `movsxd`, `mov` between registers
    Extend {
        op: Extend,
        rd: Register,
        rn: Register,
    },
    /// `mov rd, qword ptr [address]`
    Load { rd: Register, address: Address },
    /// `movzx rd, byte ptr [address]` and the like
    LoadExtend {
        op: Extend,
        rd: Register,
        address: Address,
    },
    /// `mov [address], rt`
    Store {
        size: Size,
        rt: Register,
        address: Address,
    },
    /// `mov [address], value`
    StoreImmediate {
        size: Size,
        address: Address,
        value: i32,
    },
    /// `lea rd, [address]`. `finish` makes `add` of it where that is the same.
    Lea { rd: Register, address: Address },
    /// `op rd, operand`: 32 or 64 bits
    Alu {
        op: Alu,
        size: Size,
        rd: Register,
        operand: Operand,
    },
    /// `op [address], value`: 32 or 64 bits
    AluMemory {
        op: Alu,
        size: Size,
        address: Address,
        value: i32,
    },
    /// `test rn, operand`: 32 or 64 bits
    Test {
        size: Size,
        rn: Register,
        source: Source,
    },
    /// `imul rd, operand`; the operand is not a number
    Imul { rd: Register, operand: Operand },
    /// `imul rd, operand, value`; the operand is not a number
    ImulImmediate {
        rd: Register,
        operand: Operand,
        value: i32,
    },
    /// `not rd`, `neg rd`, and multiplications and divisions of rdx:rax: 32 or 64 bits
    Unary { op: Unary, size: Size, rd: Register },
    /// `cqo`: rdx becomes the sign of rax
    Cqo,
    /// `shl rd, amount` and the like: 32 or 64 bits
    ShiftImmediate {
        op: Shift,
        size: Size,
        rd: Register,
        amount: u8,
    },
    /// `shl rd, cl` and the like: 32 or 64 bits
    ShiftCl { op: Shift, size: Size, rd: Register },
    /// `bswap rd`: 32 or 64 bits
    Bswap { size: Size, rd: Register },
    /// `setcc` of the low byte of a register
    Set { cond: Cond, rd: Register },
    /// `cmovcc rd, rn`
    Cmov {
        cond: Cond,
        rd: Register,
        rn: Register,
    },
    /// `push rd`
    Push { rd: Register },
    /// `pop rd`
    Pop { rd: Register },
    /// `jmp label`
    Jmp { label: Label },
    /// `jcc label`
    Jcc { cond: Cond, label: Label },
    /// `jmp symbol`
    JmpSymbol { symbol: Symbol },
    /// `jmp rn`
    JmpRegister { rn: Register },
    /// `jmp qword ptr [address]`
    JmpMemory { address: Address },
    /// `call symbol`
    Call { symbol: Symbol },
    /// `call rn`
    CallRegister { rn: Register },
    /// `call qword ptr [address]`
    CallMemory { address: Address },
    /// `ret`
    Ret,
    /// `syscall` (ELF start-up only)
    Syscall,
    /// `ud2`: must never be reached
    Ud2,

    // Only before `finish`, which writes them out.
    /// A constant: `xor rd, rd` for 0, else as [`Self::MovImmediate`].
    Constant { rd: Register, value: i64 },
    /// `rd = rn op source`, where `rd` and `rn` must be the same register. (An operation without a
    /// second operand has an immediate there, 0.)
    Tied {
        op: Tied,
        rd: Register,
        rn: Register,
        source: Source,
    },
    /// `rd = rn shifted by count`: the same register for `rd` and `rn`, the count in rcx.
    TiedShift {
        op: Shift,
        rd: Register,
        rn: Register,
        count: Register,
    },
    /// The 128-bit product: `a` in rax, results in rax and rdx. The operation is `Mul` or `Imul`.
    WideMultiply {
        op: Unary,
        low: Register,
        high: Register,
        a: Register,
        b: Register,
    },
    /// The dividend in rax, quotient in rax, remainder in rdx. If it stands among the exits, it
    /// leaves if the divisor is 0.
    Divide {
        op: Division,
        known: Divisor,
        quotient: Register,
        remainder: Register,
        dividend: Register,
        divisor: Register,
    },
    /// 128 bits by 64, unsigned: the dividend in rcx (low) and rax (high), the divisor in rsi,
    /// the quotient in rax (low) and rdi (high), the remainder in rdx. If it stands among the
    /// exits, it leaves if the divisor is 0.
    WideDivide {
        quotient_low: Register,
        quotient_high: Register,
        remainder: Register,
        low: Register,
        high: Register,
        divisor: Register,
    },
    /// Compares, and jumps if the condition holds.
    CompareJump {
        compare: Compare,
        cond: Cond,
        rn: Register,
        source: Source,
        label: Label,
    },
    /// Compares, and leaves if the condition holds.
    CompareExit {
        compare: Compare,
        cond: Cond,
        rn: Register,
        source: Source,
    },
    /// Compares with what memory holds, and leaves if the condition holds.
    CompareMemoryExit {
        cond: Cond,
        rn: Register,
        address: Address,
    },
    /// Compares; `rd` is 1 if the condition holds, else 0.
    CompareSet {
        compare: Compare,
        cond: Cond,
        rd: Register,
        rn: Register,
        source: Source,
    },
    /// Compares; `rd` is `then` if the condition holds, else `otherwise`, which is in the same
    /// register.
    CompareSelect {
        compare: Compare,
        cond: Cond,
        rn: Register,
        source: Source,
        rd: Register,
        then: Register,
        otherwise: Register,
    },
    /// The beginning of a function; the arguments in registers are defined beside it.
    Parameters,
    /// An argument of the function that its caller put on the stack: the how many-th there.
    LoadArgument { rd: Register, index: u32 },
    /// A call; arguments and result stand beside it.
    CallFunction { callee: FunctionId },
    /// A call through the context's table. Beside it stand arguments, result, and whether to go on.
    CallImport { import: ImportId },
    /// Leaves if the host has asked for it.
    Poll,
    /// Leaves if the stack's limit has been reached; `finish` puts it before the prologue.
    StackCheck,
    /// Leaves.
    Leave,
    /// The end of the function; the result stands beside it, fixed in rax.
    Return,
}

const _: () = assert!(
    size_of::<Instruction>() <= 32,
    "the compiler walks over many of them"
);
