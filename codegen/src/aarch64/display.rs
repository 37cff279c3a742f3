//! Instructions as text, in the syntax of the GNU assembler: `mov  x29, sp`, `b.lt .L3`,
//! `ldr  x0, [x29, #24]`.
//!
//! A mnemonic is filled up to four letters; only `br` and `blr` are followed by a single blank.
//! Labels are `.L3`, distances `.+8`. What a symbol leads to is given by its name, which is the one
//! thing that an assembler would need more for.

use std::fmt::{self, Write as _};

use super::instruction::{
    Address, Alu, Alu1, Cond, Instruction, Label, MemoryAccess, SP, Select, Shift, ZR,
};
use super::{immediate, tables};
use crate::ir::Module;
use crate::machine::{Assembly, Register, Symbol};

/// A function as text: its name, then an instruction a line, with a line for each label that is
/// branched to.
pub fn print(assembly: &Assembly<Instruction>, module: &Module) -> String {
    let mut text = String::with_capacity(24 * assembly.instructions.len());
    write_function(&mut text, assembly, module).expect("a string takes any text");
    text
}

fn write_function(
    text: &mut String,
    assembly: &Assembly<Instruction>,
    module: &Module,
) -> fmt::Result {
    let mut labels = used_labels(assembly).into_iter().peekable();
    writeln!(text, "{}:", assembly.name)?;
    for (index, instruction) in assembly.instructions.iter().enumerate() {
        while let Some((_, label)) = labels.next_if(|&(at, _)| at as usize == index) {
            writeln!(text, ".L{label}:")?;
        }
        writeln!(text, "{}", instruction.with_names(module))?;
    }
    for (_, label) in labels {
        writeln!(text, ".L{label}:")?;
    }
    Ok(())
}

/// The labels that something refers to, with the instruction that each stands before, in the order
/// of these.
pub fn used_labels(assembly: &Assembly<Instruction>) -> Vec<(u32, u32)> {
    let mut used = vec![false; assembly.labels.len()];
    for instruction in &assembly.instructions {
        if let Some(Label::Local(label)) = instruction.label() {
            used[label as usize] = true;
        }
    }
    let numbered = (0..).zip(used).zip(&assembly.labels);
    let mut labels: Vec<_> = numbered
        .filter(|((_, used), _)| *used)
        .map(|((label, _), &at)| (at, label))
        .collect();
    labels.sort_unstable();
    labels
}

impl Instruction {
    /// The label that it refers to.
    pub const fn label(&self) -> Option<Label> {
        match *self {
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

    /// The instruction as text, functions and imports called by their names.
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

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = None;
        let instruction = self;
        WithNames { instruction, names }.fmt(f)
    }
}

impl fmt::Display for WithNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.instruction {
            Instruction::Movz { rd, value, shift } => move_wide(f, "movz", rd, value, shift),
            Instruction::Movn { rd, value, shift } => move_wide(f, "movn", rd, value, shift),
            Instruction::Movk { rd, value, shift } => move_wide(f, "movk", rd, value, shift),
            Instruction::Constant { rd, value } => write!(f, "movz {}, {value}", X(rd)),
            Instruction::LoadAddress { rd, symbol } => {
                write!(f, "movz {}, {}", X(rd), self.symbol(symbol))
            }
            Instruction::Mov { rd, rn } => write!(f, "mov  {}, {}", X(rd), X(rn)),
            Instruction::MovSp { rd, rn } if rd == SP || rn == SP => {
                write!(f, "mov  {}, {}", XOrSp(rd), XOrSp(rn))
            }
            Instruction::MovSp { rd, rn } => write!(f, "add  {}, {}, #0", X(rd), X(rn)),
            Instruction::Alu {
                op,
                rd,
                rn,
                rm,
                shift,
                amount,
            } => alu(f, op, [rd, rn], Shifted(rm, shift, amount)),
            Instruction::AddImmediate { op, rd, rn, value } => {
                let name = tables::ALU[op as usize].name;
                write!(f, "{name:<4} {}, {}, #{value}", XOrSp(rd), XOrSp(rn))
            }
            Instruction::LogicalImmediate { op, rd, rn, value } => {
                logical_immediate(f, op, rd, rn, value)
            }
            Instruction::Alu2 { op, rd, rn, rm } => {
                let name = tables::ALU2[op as usize].name;
                write!(f, "{name:<4} {}, {}, {}", X(rd), X(rn), X(rm))
            }
            Instruction::Alu1 { op, rd, rn } => alu1(f, op, rd, rn),
            Instruction::Madd { rd, rn, rm, ra } => {
                write!(f, "madd {}, {}, {}, {}", X(rd), X(rn), X(rm), X(ra))
            }
            Instruction::Msub { rd, rn, rm, ra } => {
                write!(f, "msub {}, {}, {}, {}", X(rd), X(rn), X(rm), X(ra))
            }
            Instruction::ShiftImmediate { op, rd, rn, amount } => {
                let name = tables::SHIFT[op as usize].name;
                write!(f, "{name:<4} {}, {}, #{amount}", X(rd), X(rn))
            }
            Instruction::Ubfx { rd, rn, lsb, width } => bit_field(f, "ubfx", rd, rn, lsb, width),
            Instruction::Sbfx { rd, rn, lsb, width } => bit_field(f, "sbfx", rd, rn, lsb, width),
            Instruction::Ubfiz { rd, rn, lsb, width } => bit_field(f, "ubfiz", rd, rn, lsb, width),
            Instruction::Cmp {
                rn,
                rm,
                shift,
                amount,
            } => write!(f, "cmp  {}, {}", X(rn), Shifted(rm, shift, amount)),
            Instruction::Cmn {
                rn,
                rm,
                shift,
                amount,
            } => write!(f, "cmn  {}, {}", X(rn), Shifted(rm, shift, amount)),
            Instruction::CmpImmediate { rn, value } => write!(f, "cmp  {}, #{value}", XOrSp(rn)),
            Instruction::CmnImmediate { rn, value } => write!(f, "cmn  {}, #{value}", XOrSp(rn)),
            Instruction::CmpSp { rm } => write!(f, "cmp  sp, {}", X(rm)),
            Instruction::Tst {
                rn,
                rm,
                shift,
                amount,
            } => write!(f, "tst  {}, {}", X(rn), Shifted(rm, shift, amount)),
            Instruction::TstImmediate { rn, value } => write!(f, "tst  {}, #{value:#x}", X(rn)),
            Instruction::Select {
                op,
                rd,
                rn,
                rm,
                cond,
            } => select(f, op, [rd, rn, rm], cond),
            Instruction::Load {
                access,
                rt,
                address,
            } => memory(f, tables::LOAD[access as usize].name, access, rt, address),
            Instruction::Store {
                access,
                rt,
                address,
            } => {
                let name = tables::STORE
                    .get(access as usize)
                    .map_or("str", |row| row.name);
                memory(f, name, access, rt, address)
            }
            Instruction::LoadPair { rt1, rt2, address } => {
                write!(f, "ldp  {}, {}, {}", X(rt1), X(rt2), Place(address, 3))
            }
            Instruction::StorePair { rt1, rt2, address } => {
                write!(f, "stp  {}, {}, {}", X(rt1), X(rt2), Place(address, 3))
            }
            Instruction::B { label } => write!(f, "b    {label}"),
            Instruction::BCond { cond, label } => {
                write!(f, "b.{} {label}", tables::COND[cond as usize].name)
            }
            Instruction::Cbz { rt, label } => write!(f, "cbz  {}, {label}", X(rt)),
            Instruction::Cbnz { rt, label } => write!(f, "cbnz {}, {label}", X(rt)),
            Instruction::Tbz { rt, bit, label } => write!(f, "tbz  {}, #{bit}, {label}", X(rt)),
            Instruction::Tbnz { rt, bit, label } => write!(f, "tbnz {}, #{bit}, {label}", X(rt)),
            Instruction::BlLocal { label } => write!(f, "bl   {label}"),
            Instruction::BSymbol { symbol } => write!(f, "b    {}", self.symbol(symbol)),
            Instruction::Bl { symbol } => write!(f, "bl   {}", self.symbol(symbol)),
            Instruction::Blr { rn } => write!(f, "blr {}", X(rn)),
            Instruction::Br { rn } => write!(f, "br {}", X(rn)),
            Instruction::Ret => f.write_str("ret"),
            Instruction::Adr { rd, label } => write!(f, "adr  {}, {label}", X(rd)),
            Instruction::Nop => f.write_str("nop"),
            Instruction::Svc { value } => write!(f, "svc  #{value}"),
            Instruction::Brk { value } => write!(f, "brk  #{value}"),
            Instruction::CallFunction { callee } => {
                write!(f, "call {}", self.symbol(Symbol::Function(callee)))
            }
            Instruction::CallImport { import } => {
                let named = self
                    .names
                    .and_then(|module| module.imports.get(import.index()));
                match named {
                    Some(named) => write!(f, "call {}", named.name),
                    None => write!(f, "call import{}", import.0),
                }
            }
            Instruction::StackCheck { label } => write!(f, "stack check, {label}"),
            Instruction::Parameters => f.write_str("parameters"),
            Instruction::StackParameter { rd, index } => {
                write!(f, "ldr  {}, stack parameter {index}", X(rd))
            }
            Instruction::WideDivide => f.write_str("wide divide"),
            Instruction::Return => f.write_str("return"),
        }
    }
}

impl<'a> WithNames<'a> {
    const fn symbol(&self, symbol: Symbol) -> SymbolName<'a> {
        SymbolName(symbol, self.names)
    }
}

/// What a symbol is called: a function by its name, or by its number if that is all that is known.
struct SymbolName<'a>(Symbol, Option<&'a Module>);

impl fmt::Display for SymbolName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Symbol::Function(function) => {
                match self
                    .1
                    .and_then(|module| module.functions.get(function.index()))
                {
                    Some(named) => f.write_str(&named.name),
                    None => write!(f, "function{}", function.0),
                }
            }
            Symbol::Catalogue => f.write_str("catalogue"),
            Symbol::Trampoline => f.write_str("trampoline"),
            Symbol::ExitStub => f.write_str("exit"),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Local(label) => write!(f, ".L{label}"),
            Self::Exit(exit) => write!(f, ".exit{exit}"),
            Self::Offset(0) => f.write_str("."),
            Self::Offset(distance) => write!(f, ".{distance:+}"),
        }
    }
}

// Operands.

/// A register of which number 31 is `xzr`.
#[derive(Clone, Copy)]
struct X(Register);
/// A register of which number 31 is `sp`.
struct XOrSp(Register);
/// The low half of a register, of which number 31 is `wzr`.
struct W(Register);

impl fmt::Display for X {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        register(f, self.0, 'x', "xzr")
    }
}

impl fmt::Display for XOrSp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        register(f, self.0, 'x', "sp")
    }
}

impl fmt::Display for W {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        register(f, self.0, 'w', "wzr")
    }
}

/// A register by its number, number 31 by the name it has there, a virtual one as `v7`.
fn register(
    f: &mut fmt::Formatter<'_>,
    register: Register,
    letter: char,
    name_of_31: &str,
) -> fmt::Result {
    match (register.number(), register.virtual_index()) {
        (Some(31), _) => f.write_str(name_of_31),
        (Some(number), _) => write!(f, "{letter}{number}"),
        (None, index) => write!(f, "v{}", index.unwrap_or_default()),
    }
}

/// A register that is shifted: `x1`, `x1, lsl #3`.
#[derive(Clone, Copy)]
struct Shifted(Register, Shift, u8);

impl fmt::Display for Shifted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(register, shift, amount) = *self;
        write!(f, "{}", X(register))?;
        if (shift, amount) == (Shift::Lsl, 0) {
            return Ok(());
        }
        write!(f, ", {} #{amount}", tables::SHIFT[shift as usize].name)
    }
}

/// An address of something of `1 << .1` bytes.
struct Place(Address, u32);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address, size_log2) = *self;
        match address {
            Address::Offset(rn, 0) => write!(f, "[{}]", XOrSp(rn)),
            Address::Offset(rn, offset) => write!(f, "[{}, #{offset}]", XOrSp(rn)),
            Address::PreIndex(rn, offset) => write!(f, "[{}, #{offset}]!", XOrSp(rn)),
            Address::PostIndex(rn, offset) => write!(f, "[{}], #{offset}", XOrSp(rn)),
            Address::Index(rn, rm) => write!(f, "[{}, {}]", XOrSp(rn), X(rm)),
            Address::ScaledIndex(rn, rm) => {
                write!(f, "[{}, {}, lsl #{size_log2}]", XOrSp(rn), X(rm))
            }
        }
    }
}

// Instructions with several ways to be written.

fn move_wide(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    rd: Register,
    value: u16,
    shift: u8,
) -> fmt::Result {
    write!(f, "{name} {}, {value}", X(rd))?;
    if shift == 0 {
        return Ok(());
    }
    write!(f, ", lsl #{shift}")
}

/// `add  x0, x1, x2, lsl #3`, and by their own names those that take `xzr` first.
fn alu(
    f: &mut fmt::Formatter<'_>,
    op: Alu,
    [rd, rn]: [Register; 2],
    second: Shifted,
) -> fmt::Result {
    let alias = match (op, second) {
        _ if rn != ZR => None,
        (Alu::Sub, _) => Some("neg"),
        (Alu::Orn, _) => Some("mvn"),
        (Alu::Orr, Shifted(_, Shift::Lsl, 0)) => Some("mov"),
        _ => None,
    };
    match alias {
        Some(name) => write!(f, "{name:<4} {}, {second}", X(rd)),
        None => {
            let name = tables::ALU[op as usize].name;
            write!(f, "{name:<4} {}, {}, {second}", X(rd), X(rn))
        }
    }
}

/// `and  x0, x1, #0xff`; `mov  x0, #0x5555555555555555` for a constant.
fn logical_immediate(
    f: &mut fmt::Formatter<'_>,
    op: Alu,
    rd: Register,
    rn: Register,
    value: u64,
) -> fmt::Result {
    // An assembler makes `movz` or `movn` of a `mov` where it can.
    if op == Alu::Orr && rn == ZR && !is_move_wide(value) {
        return write!(f, "mov  {}, #{value:#x}", XOrSp(rd));
    }
    let name = tables::ALU[op as usize].name;
    write!(f, "{name:<4} {}, {}, #{value:#x}", XOrSp(rd), X(rn))
}

/// Whether one `movz` or `movn` makes the constant.
fn is_move_wide(value: u64) -> bool {
    let is_half_word = |value: u64| (0..64).step_by(16).any(|at| value & !(0xffff << at) == 0);
    is_half_word(value) || is_half_word(!value)
}

fn alu1(f: &mut fmt::Formatter<'_>, op: Alu1, rd: Register, rn: Register) -> fmt::Result {
    let name = tables::ALU1[op as usize].name;
    match op {
        Alu1::Sxtb | Alu1::Sxth | Alu1::Sxtw => write!(f, "{name:<4} {}, {}", X(rd), W(rn)),
        Alu1::Uxtb | Alu1::Uxth | Alu1::Uxtw => write!(f, "{name:<4} {}, {}", W(rd), W(rn)),
        Alu1::Rev | Alu1::Rev32 | Alu1::Rev16 | Alu1::Clz => {
            write!(f, "{name:<4} {}, {}", X(rd), X(rn))
        }
    }
}

fn bit_field(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    rd: Register,
    rn: Register,
    lsb: u8,
    width: u8,
) -> fmt::Result {
    write!(f, "{name} {}, {}, #{lsb}, #{width}", X(rd), X(rn))
}

/// `csel x0, x1, x2, eq`; `cset x0, eq` and `csetm x0, eq` for a truth value.
fn select(
    f: &mut fmt::Formatter<'_>,
    op: Select,
    [rd, rn, rm]: [Register; 3],
    cond: Cond,
) -> fmt::Result {
    let truth_value = match op {
        Select::Csinc => Some("cset"),
        Select::Csinv => Some("csetm"),
        Select::Csel | Select::Csneg => None,
    };
    if let Some(name) = truth_value
        && (rn, rm) == (ZR, ZR)
    {
        let cond = tables::COND[cond.negated() as usize].name;
        return write!(f, "{name} {}, {cond}", X(rd));
    }
    let name = tables::SELECT[op as usize].name;
    let cond = tables::COND[cond as usize].name;
    write!(f, "{name} {}, {}, {}, {cond}", X(rd), X(rn), X(rm))
}

/// `ldr  x0, [x1, #8]`; `ldur x0, [x1, #-8]` for an offset that is not in units of the size.
fn memory(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    access: MemoryAccess,
    rt: Register,
    address: Address,
) -> fmt::Result {
    let size_log2 = tables::size_log2(access);
    match address {
        Address::Offset(_, offset) if immediate::scaled_offset(offset, size_log2).is_none() => {
            let (direction, width) = name.split_at(2);
            write!(f, "{direction}u{width} ")?;
        }
        _ => write!(f, "{name:<4} ")?,
    }
    match access {
        MemoryAccess::Word | MemoryAccess::Half | MemoryAccess::Byte => write!(f, "{}", W(rt))?,
        _ => write!(f, "{}", X(rt))?,
    }
    write!(f, ", {}", Place(address, size_log2))
}
