//! Instructions as text, in Intel's syntax as GNU as reads it after `.intel_syntax noprefix`.

use std::fmt::{self, Display, Write as _};

use super::instruction::{
    Address, Alu, Compare, Cond, Extend, Instruction, Label, Operand, Scale, Shift, Size, Source,
    Tied, Unary,
};
use crate::ir::FunctionId;
use crate::machine::{Assembly, Register, Symbol};

/// A function as text: its name as a label, then an instruction a line. Of the labels those are
/// printed that something jumps to. `name` gives the names of the functions that are called.
pub fn print<'a>(assembly: &Assembly<Instruction>, name: &dyn Fn(FunctionId) -> &'a str) -> String {
    let mut text = String::with_capacity(32 * (assembly.instructions.len() + 1));
    // Writing to a string can't fail.
    let _ = writeln!(text, "{}:", assembly.name);
    let labels = labels_by_position(assembly);
    let mut labels = labels.iter().peekable();
    for (position, instruction) in assembly.instructions.iter().enumerate() {
        while let Some((_, label)) = labels.next_if(|(at, _)| *at as usize <= position) {
            let _ = writeln!(text, "{label}:");
        }
        let _ = match symbol_of(instruction) {
            Some(Symbol::Function(id)) => writeln!(text, "{}", with_symbol(instruction, name(id))),
            _ => writeln!(text, "{instruction}"),
        };
    }
    for (_, label) in labels {
        let _ = writeln!(text, "{label}:");
    }
    text
}

/// The labels that are jumped to, in the order of their positions, each once.
fn labels_by_position(assembly: &Assembly<Instruction>) -> Vec<(u32, Label)> {
    let mut labels: Vec<(u32, Label)> = assembly
        .instructions
        .iter()
        .filter_map(|instruction| match *instruction {
            Instruction::Jmp { label } | Instruction::Jcc { label, .. } => Some(label),
            _ => None,
        })
        .map(|label| (assembly.labels[label.0 as usize], label))
        .collect();
    labels.sort_unstable_by_key(|(at, label)| (*at, label.0));
    labels.dedup();
    labels
}

fn symbol_of(instruction: &Instruction) -> Option<Symbol> {
    match *instruction {
        Instruction::Call { symbol }
        | Instruction::JmpSymbol { symbol }
        | Instruction::LoadAddress { symbol, .. } => Some(symbol),
        _ => None,
    }
}

/// The text of an instruction that refers to a symbol of that name.
fn with_symbol(instruction: &Instruction, name: &str) -> String {
    match instruction {
        Instruction::Call { .. } => format!("call {name}"),
        Instruction::JmpSymbol { .. } => format!("jmp {name}"),
        Instruction::LoadAddress { rd, .. } => format!("lea {}, [rip + {name}]", r64(*rd)),
        other => other.to_string(),
    }
}

const NAMES_64: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
];
const NAMES_32: [&str; 16] = [
    "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d",
    "r13d", "r14d", "r15d",
];
const NAMES_16: [&str; 16] = [
    "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w",
    "r14w", "r15w",
];
const NAMES_8: [&str; 16] = [
    "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b",
    "r13b", "r14b", "r15b",
];

/// A register with the name that it has at a width; a virtual one as `v3`.
#[derive(Clone, Copy)]
struct Name(Register, Size);

impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.1 {
            Size::Bits8 => &NAMES_8,
            Size::Bits16 => &NAMES_16,
            Size::Bits32 => &NAMES_32,
            Size::Bits64 => &NAMES_64,
        };
        match (self.0.number(), self.0.virtual_index()) {
            (Some(number), _) => f.write_str(names[usize::from(number & 15)]),
            (None, Some(index)) => write!(f, "v{index}"),
            (None, None) => Ok(()),
        }
    }
}

const fn r64(register: Register) -> Name {
    Name(register, Size::Bits64)
}

const fn r32(register: Register) -> Name {
    Name(register, Size::Bits32)
}

const fn r8(register: Register) -> Name {
    Name(register, Size::Bits8)
}

impl Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".L{}", self.0)
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bits8 => "byte ptr",
            Self::Bits16 => "word ptr",
            Self::Bits32 => "dword ptr",
            Self::Bits64 => "qword ptr",
        })
    }
}

/// `[rax + rcx*4 - 8]`
impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        let mut separator = "";
        if let Some(base) = self.base {
            write!(f, "{}", r64(base))?;
            separator = " + ";
        }
        if let Some((index, scale)) = self.index {
            let factor = match scale {
                Scale::One => 1,
                Scale::Two => 2,
                Scale::Four => 4,
                Scale::Eight => 8,
            };
            write!(f, "{separator}{}*{factor}", r64(index))?;
            separator = " + ";
        }
        match self.displacement {
            0 if !separator.is_empty() => {}
            displacement if displacement < 0 && !separator.is_empty() => {
                write!(f, " - {}", displacement.unsigned_abs())?;
            }
            displacement => write!(f, "{separator}{displacement}")?,
        }
        f.write_char(']')
    }
}

/// An operand at a width.
#[derive(Clone, Copy)]
struct Sized(Operand, Size);

impl Display for Sized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Operand::Register(register) => Name(register, self.1).fmt(f),
            Operand::Immediate(value) => value.fmt(f),
            Operand::Memory(address) => write!(f, "{} {address}", self.1),
        }
    }
}

fn s64(source: Source) -> Sized {
    Sized(source.into(), Size::Bits64)
}

impl Display for Alu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "add",
            Self::Or => "or",
            Self::Adc => "adc",
            Self::Sbb => "sbb",
            Self::And => "and",
            Self::Sub => "sub",
            Self::Xor => "xor",
            Self::Cmp => "cmp",
        })
    }
}

impl Display for Unary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Not => "not",
            Self::Neg => "neg",
            Self::Mul => "mul",
            Self::Imul => "imul",
            Self::Div => "div",
            Self::Idiv => "idiv",
        })
    }
}

impl Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rol => "rol",
            Self::Ror => "ror",
            Self::Shl => "shl",
            Self::Shr => "shr",
            Self::Sar => "sar",
        })
    }
}

impl Display for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::O => "o",
            Self::No => "no",
            Self::B => "b",
            Self::Ae => "ae",
            Self::E => "e",
            Self::Ne => "ne",
            Self::Be => "be",
            Self::A => "a",
            Self::S => "s",
            Self::Ns => "ns",
            Self::P => "p",
            Self::Np => "np",
            Self::L => "l",
            Self::Ge => "ge",
            Self::Le => "le",
            Self::G => "g",
        })
    }
}

impl Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cmp => "cmp",
            Self::Test => "test",
        })
    }
}

/// The mnemonic; the width of the destination; the width of the source.
const fn extension(op: Extend) -> (&'static str, Size, Size) {
    match op {
        Extend::Zero8 => ("movzx", Size::Bits32, Size::Bits8),
        Extend::Zero16 => ("movzx", Size::Bits32, Size::Bits16),
        Extend::Zero32 => ("mov", Size::Bits32, Size::Bits32),
        Extend::Sign8 => ("movsx", Size::Bits64, Size::Bits8),
        Extend::Sign16 => ("movsx", Size::Bits64, Size::Bits16),
        Extend::Sign32 => ("movsxd", Size::Bits64, Size::Bits32),
    }
}

fn symbol_name(symbol: Symbol) -> String {
    match symbol {
        Symbol::Function(id) => format!("g:{}", id.0),
        Symbol::Catalogue => "catalogue".into(),
        Symbol::Trampoline => "trampoline".into(),
        Symbol::ExitStub => "exit_stub".into(),
    }
}

/// Functions that are referred to print as `g:1`; [`print`](fn@print) knows their names.
impl Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Mov { rd, rn } => write!(f, "mov {}, {}", r64(rd), r64(rn)),
            Self::MovImmediate { rd, value } => mov_immediate(f, rd, value),
            Self::LoadAddress { symbol, .. }
            | Self::Call { symbol }
            | Self::JmpSymbol { symbol } => f.write_str(&with_symbol(self, &symbol_name(symbol))),
            Self::Extend { op, rd, rn } => {
                let (mnemonic, to, from) = extension(op);
                write!(f, "{mnemonic} {}, {}", Name(rd, to), Name(rn, from))
            }
            Self::Load { rd, address } => write!(f, "mov {}, qword ptr {address}", r64(rd)),
            Self::LoadExtend { op, rd, address } => {
                let (mnemonic, to, from) = extension(op);
                write!(f, "{mnemonic} {}, {from} {address}", Name(rd, to))
            }
            Self::Store { size, rt, address } => {
                write!(f, "mov {size} {address}, {}", Name(rt, size))
            }
            Self::StoreImmediate {
                size,
                address,
                value,
            } => write!(f, "mov {size} {address}, {value}"),
            Self::Lea { rd, address } => write!(f, "lea {}, {address}", r64(rd)),
            Self::Alu {
                op,
                size,
                rd,
                operand,
            } => write!(f, "{op} {}, {}", Name(rd, size), Sized(operand, size)),
            Self::AluMemory {
                op,
                size,
                address,
                value,
            } => write!(f, "{op} {size} {address}, {value}"),
            Self::Test { size, rn, source } => {
                write!(f, "test {}, {}", Name(rn, size), Sized(source.into(), size))
            }
            Self::Imul { rd, operand } => {
                write!(f, "imul {}, {}", r64(rd), Sized(operand, Size::Bits64))
            }
            Self::ImulImmediate { rd, operand, value } => {
                let operand = Sized(operand, Size::Bits64);
                write!(f, "imul {}, {operand}, {value}", r64(rd))
            }
            Self::Unary { op, size, rd } => write!(f, "{op} {}", Name(rd, size)),
            Self::Cqo => f.write_str("cqo"),
            Self::ShiftImmediate {
                op,
                size,
                rd,
                amount,
            } => write!(f, "{op} {}, {amount}", Name(rd, size)),
            Self::ShiftCl { op, size, rd } => write!(f, "{op} {}, cl", Name(rd, size)),
            Self::Bswap { size, rd } => write!(f, "bswap {}", Name(rd, size)),
            Self::Set { cond, rd } => write!(f, "set{cond} {}", r8(rd)),
            Self::Cmov { cond, rd, rn } => write!(f, "cmov{cond} {}, {}", r64(rd), r64(rn)),
            Self::Push { rd } => write!(f, "push {}", r64(rd)),
            Self::Pop { rd } => write!(f, "pop {}", r64(rd)),
            Self::Jmp { label } => write!(f, "jmp {label}"),
            Self::Jcc { cond, label } => write!(f, "j{cond} {label}"),
            Self::JmpRegister { rn } => write!(f, "jmp {}", r64(rn)),
            Self::JmpMemory { address } => write!(f, "jmp qword ptr {address}"),
            Self::CallRegister { rn } => write!(f, "call {}", r64(rn)),
            Self::CallMemory { address } => write!(f, "call qword ptr {address}"),
            Self::Ret => f.write_str("ret"),
            Self::Syscall => f.write_str("syscall"),
            Self::Ud2 => f.write_str("ud2"),
            _ => pseudo(f, self),
        }
    }
}

fn mov_immediate(f: &mut fmt::Formatter<'_>, rd: Register, value: i64) -> fmt::Result {
    if u32::try_from(value).is_ok() {
        write!(f, "mov {}, {value}", r32(rd))
    } else if i32::try_from(value).is_ok() {
        write!(f, "mov {}, {value}", r64(rd))
    } else {
        write!(f, "movabs {}, {value}", r64(rd))
    }
}

/// The instructions that only exist before `finish`, for those who look into the compiler.
fn pseudo(f: &mut fmt::Formatter<'_>, instruction: &Instruction) -> fmt::Result {
    match *instruction {
        Instruction::Constant { rd, value } => write!(f, "{} = {value}", r64(rd)),
        Instruction::Tied { op, rd, rn, source } => {
            write!(f, "{} = {} ", r64(rd), r64(rn))?;
            match op {
                Tied::Alu(op) => write!(f, "{op} {}", s64(source)),
                Tied::Imul => write!(f, "imul {}", s64(source)),
                Tied::Unary(op) => write!(f, "{op}"),
                Tied::Shift(op) => write!(f, "{op} {}", s64(source)),
                Tied::Shift32(op) => write!(f, "{op} dword {}", s64(source)),
                Tied::Bswap => write!(f, "bswap"),
                Tied::Bswap32 => write!(f, "bswap dword"),
            }
        }
        Instruction::TiedShift { op, rd, rn, count } => {
            write!(f, "{} = {} {op} {}", r64(rd), r64(rn), r64(count))
        }
        Instruction::WideMultiply {
            op,
            low,
            high,
            a,
            b,
        } => write!(
            f,
            "{}, {} = {} {op} {}",
            r64(low),
            r64(high),
            r64(a),
            r64(b)
        ),
        Instruction::Divide {
            op,
            known,
            quotient,
            remainder,
            dividend,
            divisor,
        } => write!(
            f,
            "{}, {} = {} {op:?} {} ({known:?})",
            r64(quotient),
            r64(remainder),
            r64(dividend),
            r64(divisor)
        ),
        Instruction::WideDivide {
            quotient_low,
            quotient_high,
            remainder,
            low,
            high,
            divisor,
        } => write!(
            f,
            "{}, {}, {} = {}, {} div {}",
            r64(quotient_low),
            r64(quotient_high),
            r64(remainder),
            r64(low),
            r64(high),
            r64(divisor)
        ),
        Instruction::CompareJump {
            compare,
            cond,
            rn,
            source,
            label,
        } => write!(f, "{compare} {}, {}; j{cond} {label}", r64(rn), s64(source)),
        Instruction::CompareExit {
            compare,
            cond,
            rn,
            source,
        } => write!(f, "{compare} {}, {}; exit{cond}", r64(rn), s64(source)),
        Instruction::CompareSet {
            compare,
            cond,
            rd,
            rn,
            source,
        } => write!(
            f,
            "{} = {compare} {}, {}; set{cond}",
            r64(rd),
            r64(rn),
            s64(source)
        ),
        Instruction::CompareSelect {
            compare,
            cond,
            rn,
            source,
            rd,
            then,
            otherwise,
        } => write!(
            f,
            "{} = {compare} {}, {}; cmov{cond} {}, {}",
            r64(rd),
            r64(rn),
            s64(source),
            r64(otherwise),
            r64(then)
        ),
        Instruction::LoadArgument { rd, index } => write!(f, "{} = argument {index}", r64(rd)),
        Instruction::CallFunction { callee } => write!(f, "call g:{}", callee.0),
        Instruction::CallImport { import } => write!(f, "call import:{}", import.0),
        Instruction::Poll => f.write_str("poll"),
        Instruction::StackCheck => f.write_str("stack"),
        Instruction::Leave => f.write_str("exit"),
        _ => f.write_str("return"),
    }
}
