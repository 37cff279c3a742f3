//! Instructions as text, in Intel's syntax as GNU as reads it after `.intel_syntax noprefix`.

use std::fmt::{self, Display, Write as _};

use super::instruction::{
    Address, Alu, Compare, Cond, Extend, Instruction, Label, Operand, Scale, Shift, Size, Source,
    Tied, Unary,
};
use crate::ir::{FunctionId, Module};
use crate::machine::{Assembly, Register, Symbol};

/// A function as text: its name as a label, then an instruction a line. Of the labels those are
/// printed that something jumps to.
pub fn print(assembly: &Assembly<Instruction>, module: &Module) -> String {
    let mut text = format!("{}:\n", assembly.name);
    let mut labels = used_labels(assembly).into_iter().peekable();
    for (position, instruction) in assembly.instructions.iter().enumerate() {
        while let Some((_, label)) = labels.next_if(|&(at, _)| at as usize <= position) {
            text += &format!("{label}:\n");
        }
        text += &format!("{}\n", instruction.with_names(module));
    }
    for (_, label) in labels {
        text += &format!("{label}:\n");
    }
    text
}

/// The labels that are jumped to, with the instruction that each stands before, in the order of
/// these.
pub fn used_labels(assembly: &Assembly<Instruction>) -> Vec<(u32, Label)> {
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

impl Instruction {
    /// The instruction as text, functions called by their names.
    pub const fn with_names<'a>(&'a self, module: &'a Module) -> WithNames<'a> {
        WithNames {
            instruction: self,
            names: Some(module),
        }
    }
}

/// An instruction, printed with the names of a module.
#[derive(Debug, Clone, Copy)]
pub struct WithNames<'a> {
    instruction: &'a Instruction,
    names: Option<&'a Module>,
}

/// A symbol, printed with the names of a module.
#[derive(Clone, Copy)]
struct NamedSymbol<'a>(Symbol, Option<&'a Module>);

impl Display for NamedSymbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = |id: FunctionId| self.1?.functions.get(id.index());
        match self.0 {
            Symbol::Function(id) => match function(id) {
                Some(function) => f.write_str(&function.name),
                None => write!(f, "g:{}", id.0),
            },
            Symbol::Catalogue => f.write_str("catalogue"),
            Symbol::Trampoline => f.write_str("trampoline"),
            Symbol::ExitStub => f.write_str("exit_stub"),
        }
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
            write!(f, "{separator}{}", r64(index))?;
            match scale {
                // Without a base it says that the register is the index.
                Scale::One if self.base.is_some() => {}
                Scale::One => f.write_str("*1")?,
                Scale::Two => f.write_str("*2")?,
                Scale::Four => f.write_str("*4")?,
                Scale::Eight => f.write_str("*8")?,
            }
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
            Self::Kept => "flags",
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

impl Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (instruction, names) = (self, None);
        WithNames { instruction, names }.fmt(f)
    }
}

impl Display for WithNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.instruction {
            Instruction::Mov { rd, rn } => write!(f, "mov {}, {}", r64(rd), r64(rn)),
            Instruction::MovImmediate { rd, value } => mov_immediate(f, rd, value),
            Instruction::LoadAddress { rd, symbol } => {
                let symbol = NamedSymbol(symbol, self.names);
                write!(f, "lea {}, [rip + {symbol}]", r64(rd))
            }
            Instruction::Here { rd } => write!(f, "lea {}, [rip]", r64(rd)),
            Instruction::Call { symbol } => write!(f, "call {}", NamedSymbol(symbol, self.names)),
            Instruction::JmpSymbol { symbol } => {
                write!(f, "jmp {}", NamedSymbol(symbol, self.names))
            }
            Instruction::Extend { op, rd, rn } => {
                let (mnemonic, to, from) = extension(op);
                write!(f, "{mnemonic} {}, {}", Name(rd, to), Name(rn, from))
            }
            Instruction::Load { rd, address } => write!(f, "mov {}, qword ptr {address}", r64(rd)),
            Instruction::LoadExtend { op, rd, address } => {
                let (mnemonic, to, from) = extension(op);
                write!(f, "{mnemonic} {}, {from} {address}", Name(rd, to))
            }
            Instruction::Store { size, rt, address } => {
                write!(f, "mov {size} {address}, {}", Name(rt, size))
            }
            Instruction::StoreImmediate {
                size,
                address,
                value,
            } => write!(f, "mov {size} {address}, {value}"),
            Instruction::Lea { rd, address } => write!(f, "lea {}, {address}", r64(rd)),
            Instruction::Alu {
                op,
                size,
                rd,
                operand,
            } => write!(f, "{op} {}, {}", Name(rd, size), Sized(operand, size)),
            Instruction::AluMemory {
                op,
                size,
                address,
                value,
            } => write!(f, "{op} {size} {address}, {value}"),
            Instruction::Test { size, rn, source } => {
                write!(f, "test {}, {}", Name(rn, size), Sized(source.into(), size))
            }
            Instruction::Imul { rd, operand } => {
                write!(f, "imul {}, {}", r64(rd), Sized(operand, Size::Bits64))
            }
            Instruction::ImulImmediate { rd, operand, value } => {
                let operand = Sized(operand, Size::Bits64);
                write!(f, "imul {}, {operand}, {value}", r64(rd))
            }
            Instruction::Unary { op, size, rd } => write!(f, "{op} {}", Name(rd, size)),
            Instruction::Cqo => f.write_str("cqo"),
            Instruction::ShiftImmediate {
                op,
                size,
                rd,
                amount,
            } => write!(f, "{op} {}, {amount}", Name(rd, size)),
            Instruction::ShiftCl { op, size, rd } => write!(f, "{op} {}, cl", Name(rd, size)),
            Instruction::Bswap { size, rd } => write!(f, "bswap {}", Name(rd, size)),
            Instruction::Set { cond, rd } => write!(f, "set{cond} {}", r8(rd)),
            Instruction::Cmov { cond, rd, rn } => write!(f, "cmov{cond} {}, {}", r64(rd), r64(rn)),
            Instruction::Push { rd } => write!(f, "push {}", r64(rd)),
            Instruction::Pop { rd } => write!(f, "pop {}", r64(rd)),
            Instruction::Jmp { label } => write!(f, "jmp {label}"),
            Instruction::Jcc { cond, label } => write!(f, "j{cond} {label}"),
            Instruction::JmpRegister { rn } => write!(f, "jmp {}", r64(rn)),
            Instruction::JmpMemory { address } => write!(f, "jmp qword ptr {address}"),
            Instruction::CallRegister { rn } => write!(f, "call {}", r64(rn)),
            Instruction::CallMemory { address } => write!(f, "call qword ptr {address}"),
            Instruction::Ret => f.write_str("ret"),
            Instruction::Syscall => f.write_str("syscall"),
            Instruction::Ud2 => f.write_str("ud2"),
            _ => pseudo(f, self.instruction),
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
        Instruction::CompareMemoryExit { cond, rn, address } => {
            let memory = Sized(Operand::Memory(address), Size::Bits64);
            write!(f, "cmp {}, {memory}; exit{cond}", r64(rn))
        }
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
        Instruction::Parameters => f.write_str("parameters"),
        Instruction::Poll => f.write_str("poll"),
        Instruction::StackCheck => f.write_str("stack"),
        Instruction::Leave => f.write_str("exit"),
        _ => f.write_str("return"),
    }
}
