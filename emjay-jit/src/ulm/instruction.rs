//! Instructions of the ULM, and what stands for several of them until a function is written out.

use codegen::ir::{Condition, FunctionId};
use codegen::machine::{Constraint, MachineInstruction, Register, RegisterSet, Role};

/// `%0`: reads as 0, and what is written to it is lost.
pub(super) const ZERO: Register = Register::physical(0);

/// The first operand of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A register.
    Register(Register),
    /// A number in the instruction: 0 to 255, for `imulq` −128 to 127.
    Immediate(i16),
}

/// What an instruction with two operands does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// z := y + x
    Add,
    /// z := y − x
    Subtract,
    /// z := y · x
    Multiply,
    /// z := y | x, registers only
    Or,
    /// z := y & x, registers only
    And,
    /// z := y << x
    ShiftLeft,
    /// z := y >> x, zeros from the left
    ShiftRight,
    /// z := y >> x, signs from the left
    ShiftRightSigned,
}

impl Operation {
    const fn mnemonic(self) -> &'static str {
        match self {
            Self::Add => "addq",
            Self::Subtract => "subq",
            Self::Multiply => "imulq",
            Self::Or => "orq",
            Self::And => "andq",
            Self::ShiftLeft => "shlq",
            Self::ShiftRight => "shrq",
            Self::ShiftRightSigned => "sarq",
        }
    }

    /// Whether ZF says afterwards whether the result is 0.
    pub(super) const fn sets_zero_flag(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Or | Self::And)
    }

    /// The numbers that the instruction takes as its first operand.
    pub(super) const fn immediates(self) -> std::ops::RangeInclusive<i64> {
        match self {
            Self::Add | Self::Subtract => 0..=255,
            Self::Multiply => -128..=127,
            Self::ShiftLeft | Self::ShiftRight | Self::ShiftRightSigned => 0..=63,
            #[expect(clippy::reversed_empty_ranges, reason = "they take none")]
            Self::Or | Self::And => 1..=0,
        }
    }
}

/// Divisions and wide multiplications: their results are in neighbouring registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouped {
    /// `idivq x, y, %n`: quotient in %n, remainder in %(n+1).
    Divide,
    /// `divq x, %n, %n`: the numerator is in %n and %(n+1), high half last; the quotient comes to
    /// the same place, the remainder to %(n+2).
    DivideUnsigned,
    /// `mulq x, y, %n`: low half in %n, high half in %(n+1).
    Multiply,
}

impl Grouped {
    /// The registers that it writes, from a first one on.
    fn written(self, first: u8) -> RegisterSet {
        let count = match self {
            Self::Divide | Self::Multiply => 2,
            Self::DivideUnsigned => 3,
        };
        (first..=first.saturating_add(count - 1)).collect()
    }
}

/// A label of the function: of a block, by its number, or one that comes behind those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(pub u32);

/// What an address is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A function.
    Function(FunctionId),
    /// The bytes in which digits are collected.
    Digits,
    /// The words in which values wait that found no register: this one and those behind it.
    Spilled(u32),
}

/// Which part of an address an instruction loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// All of it; it is below 2^16.
    Whole,
    /// `ldzwq @w1(symbol)`
    High,
    /// `shldwq @w0(symbol)`
    Low,
}

/// The memory that an instruction reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// `displacement(%base)`
    Displaced(i8, Register),
    /// `(%base, %index)`
    Indexed(Register, Register),
    /// A word of the call's frame that has a name, seen from its lower end.
    Slot(FrameSlot, Register),
}

/// The words of a frame that have names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameSlot {
    /// The return address.
    Return,
    /// The caller's frame pointer.
    FramePointer,
    /// The result.
    Result,
}

impl FrameSlot {
    /// Bytes from the lower end of the frame.
    pub const fn offset(self) -> u8 {
        match self {
            Self::Return => 0,
            Self::FramePointer => 8,
            Self::Result => 16,
        }
    }

    /// Its name in the assembly text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Return => "ret",
            Self::FramePointer => "fp",
            Self::Result => "rval",
        }
    }
}

/// When a jump is taken, after `subq x, y, %0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Test {
    /// How y and x compare.
    pub condition: Condition,
    /// The right side; as a number −255 to 255.
    pub x: Source,
    /// The left side.
    pub y: Register,
}

impl Test {
    /// The opposite.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            condition: self.condition.negated(),
            ..self
        }
    }

    /// `subq x, y, %0`; where x is below 0, `addq -x, y, %0`, whose flags are the same but for CF,
    /// which nothing then asks for.
    pub(super) const fn comparison(self) -> Instruction {
        match self.x {
            Source::Immediate(number) if number < 0 => Instruction::Arithmetic {
                operation: Operation::Add,
                x: Source::Immediate(-number),
                y: self.y,
                z: ZERO,
            },
            x => Instruction::Arithmetic {
                operation: Operation::Subtract,
                x,
                y: self.y,
                z: ZERO,
            },
        }
    }
}

/// An instruction; those of the second part stand for others until [`finish`](super::finish).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instruction {
    /// `addq x, y, z` and its like.
    Arithmetic {
        /// What it does.
        operation: Operation,
        /// The right operand.
        x: Source,
        /// The left operand.
        y: Register,
        /// The result.
        z: Register,
    },
    /// `idivq x, y, %first` and its like; results and numerators in neighbouring registers are
    /// operands beside the instruction.
    Grouped {
        /// What it does.
        operation: Grouped,
        /// The divisor, or a factor.
        x: Source,
        /// The dividend, or a factor; `%first` for unsigned division.
        y: Register,
        /// The first register of the results.
        first: u8,
    },
    /// `notq y, z`
    Not {
        /// The operand.
        y: Register,
        /// The result.
        z: Register,
    },
    /// `ldzwq value, z`
    LoadUnsigned {
        /// The number.
        value: u16,
        /// Where to.
        z: Register,
    },
    /// `ldswq value, z`
    LoadSigned {
        /// The number.
        value: i16,
        /// Where to.
        z: Register,
    },
    /// `shldwq value, z`: z := z · 2^16 + value
    ShiftIn {
        /// The lowest 16 bits.
        value: u16,
        /// What is shifted.
        z: Register,
    },
    /// The address of a symbol, or a part of it.
    LoadAddress {
        /// What the address is of.
        symbol: Symbol,
        /// Which part.
        half: Half,
        /// Where to.
        z: Register,
    },
    /// `movq memory, z`
    Load {
        /// Where from.
        from: Memory,
        /// Where to.
        z: Register,
    },
    /// `movq x, memory`
    Store {
        /// What.
        x: Register,
        /// Where to.
        to: Memory,
    },
    /// `movzbq (%y), z`
    LoadByte {
        /// The address.
        y: Register,
        /// Where to.
        z: Register,
    },
    /// `movb x, (%z)`
    StoreByte {
        /// What.
        x: Register,
        /// The address.
        z: Register,
    },
    /// `putc x`
    Putc {
        /// The byte.
        x: Source,
    },
    /// `getc x`
    Getc {
        /// Where to.
        x: Register,
    },
    /// `jmp label`
    Jump {
        /// Where to.
        label: Label,
    },
    /// `jl label` and its like; the flags are those of a comparison.
    JumpIf {
        /// When.
        condition: Condition,
        /// Where to.
        label: Label,
    },
    /// `jmp stack_exhausted` and its like, to a place that all functions share.
    JumpExhausted {
        /// When; always if nothing.
        condition: Option<Condition>,
    },
    /// `jmp %x, %y`: a call or a return.
    JumpRegister {
        /// Where to.
        x: Register,
        /// Where the address of the next instruction goes.
        y: Register,
    },
    /// `halt status`
    Halt {
        /// The exit status.
        status: u8,
    },

    /// A constant of any width.
    Constant {
        /// Where to.
        z: Register,
        /// The number.
        value: i64,
    },
    /// `addq y, %0, z`
    Move {
        /// Where to.
        z: Register,
        /// Where from.
        y: Register,
    },
    /// The entry of a function whose parameters are in registers: they are beside it.
    Parameters,
    /// A parameter on the stack.
    Parameter {
        /// Which one, from 0.
        index: u32,
        /// Where to.
        z: Register,
    },
    /// z := whether the test holds, 1 or 0.
    Compare {
        /// What is asked.
        test: Test,
        /// The answer.
        z: Register,
    },
    /// z := a if the test holds, else b.
    Select {
        /// What is asked.
        test: Test,
        /// The first choice.
        a: Register,
        /// The second.
        b: Register,
        /// The choice.
        z: Register,
    },
    /// z := y, plus a number if the test holds.
    AddIf {
        /// What is asked.
        test: Test,
        /// The number, −255 to 255.
        amount: i16,
        /// What it is added to.
        y: Register,
        /// The sum; the register of `y`.
        z: Register,
    },
    /// z := y, or −1 if that is 255: what the machine gives at the end of its input.
    InputByte {
        /// What has been read.
        y: Register,
        /// The byte; the register of `y`.
        z: Register,
    },
    /// A jump if the test holds; the other way is the block's second successor.
    Branch {
        /// What is asked.
        test: Test,
        /// Where to.
        label: Label,
    },
    /// To where the stack is exhausted, if the test holds.
    LeaveIf {
        /// What is asked.
        test: Test,
    },
    /// Leaves, because the stack counts as exhausted.
    Leave,
    /// Is the stack used up?
    StackCheck,
    /// Lowers the stack pointer for a call with so many arguments.
    OpenFrame {
        /// The number of arguments.
        arguments: u32,
    },
    /// Stores an argument in the frame that has been opened.
    Argument {
        /// Which one, from 0.
        index: u32,
        /// The value.
        x: Register,
    },
    /// `jmp %x, %RET`, to a function.
    Call {
        /// The register with its address.
        x: Register,
        /// The function.
        callee: FunctionId,
        /// The last of the registers that belong to the callee: it may change all up to there.
        spoils: u8,
    },
    /// Loads the result from the frame.
    Result {
        /// Where to.
        z: Register,
    },
    /// Raises the stack pointer again.
    CloseFrame {
        /// The number of arguments.
        arguments: u32,
    },
    /// The end of a function: the result is beside it or in `y`.
    Return {
        /// The result, if it goes to the frame.
        y: Option<Register>,
    },
    /// The value of an argument that is built in. No constant to the allocator: it is made once.
    BuiltIn {
        /// Where to.
        z: Register,
        /// The argument.
        value: i64,
    },
    /// From `main` to where its value is printed.
    JumpEnd,
    /// What control can't reach.
    Unreachable,
}

impl Test {
    fn visit(&mut self, visit: &mut impl FnMut(&mut Register, Role, Constraint)) {
        self.x.visit(visit);
        visit(&mut self.y, Role::Use, Constraint::Register);
    }
}

impl Source {
    fn visit(&mut self, visit: &mut impl FnMut(&mut Register, Role, Constraint)) {
        if let Self::Register(register) = self {
            visit(register, Role::Use, Constraint::Register);
        }
    }
}

impl Memory {
    fn visit(&mut self, visit: &mut impl FnMut(&mut Register, Role, Constraint)) {
        match self {
            Self::Displaced(_, base) | Self::Slot(_, base) => {
                visit(base, Role::Use, Constraint::Register);
            }
            Self::Indexed(base, index) => {
                visit(base, Role::Use, Constraint::Register);
                visit(index, Role::Use, Constraint::Register);
            }
        }
    }
}

impl MachineInstruction for Instruction {
    fn visit_registers(&mut self, mut visit: impl FnMut(&mut Register, Role, Constraint)) {
        let visit = &mut visit;
        let free = Constraint::Register;
        match self {
            Self::Arithmetic { x, y, z, .. } => {
                x.visit(visit);
                visit(y, Role::Use, free);
                visit(z, Role::Define, free);
            }
            Self::Grouped { x, y, .. } => {
                x.visit(visit);
                visit(y, Role::Use, free);
            }
            Self::Not { y, z } | Self::Move { z, y } | Self::LoadByte { y, z } => {
                visit(y, Role::Use, free);
                visit(z, Role::Define, free);
            }
            Self::LoadUnsigned { z, .. }
            | Self::LoadSigned { z, .. }
            | Self::LoadAddress {
                half: Half::Whole | Half::High,
                z,
                ..
            }
            | Self::Constant { z, .. }
            | Self::BuiltIn { z, .. }
            | Self::Parameter { z, .. }
            | Self::Result { z }
            | Self::Getc { x: z } => visit(z, Role::Define, free),
            Self::ShiftIn { z, .. }
            | Self::LoadAddress {
                half: Half::Low, z, ..
            } => {
                visit(z, Role::Use, free);
                visit(z, Role::Define, free);
            }
            Self::Load { from, z } => {
                from.visit(visit);
                visit(z, Role::Define, free);
            }
            Self::Store { x, to } => {
                visit(x, Role::Use, free);
                to.visit(visit);
            }
            Self::StoreByte { x, z } => {
                visit(x, Role::Use, free);
                visit(z, Role::Use, free);
            }
            Self::Putc { x } => x.visit(visit),
            Self::JumpRegister { x, y } => {
                visit(x, Role::Use, free);
                visit(y, Role::Define, free);
            }
            Self::Compare { test, z } => {
                test.visit(visit);
                visit(z, Role::Define, free);
            }
            Self::Select { test, a, b, z } => {
                test.visit(visit);
                visit(a, Role::Use, free);
                visit(b, Role::Use, free);
                visit(z, Role::DefineEarly, free);
            }
            Self::AddIf { test, y, z, .. } => {
                visit(y, Role::Use, free);
                test.visit(visit);
                visit(z, Role::Define, Constraint::SameAsFirstUse);
            }
            Self::InputByte { y, z } => {
                visit(y, Role::Use, free);
                visit(z, Role::Define, Constraint::SameAsFirstUse);
            }
            Self::Branch { test, .. } | Self::LeaveIf { test } => test.visit(visit),
            Self::Argument { x, .. } | Self::Call { x, .. } => visit(x, Role::Use, free),
            Self::Return { y: Some(y) } => visit(y, Role::Use, free),
            Self::Return { y: None }
            | Self::Jump { .. }
            | Self::JumpIf { .. }
            | Self::JumpExhausted { .. }
            | Self::Halt { .. }
            | Self::Parameters
            | Self::Leave
            | Self::StackCheck
            | Self::OpenFrame { .. }
            | Self::CloseFrame { .. }
            | Self::JumpEnd
            | Self::Unreachable => {}
        }
    }

    fn clobbers(&self) -> RegisterSet {
        match *self {
            Self::Call { spoils, .. } => (1..=spoils).collect(),
            Self::Grouped {
                operation, first, ..
            } => operation.written(first),
            _ => RegisterSet::EMPTY,
        }
    }

    fn as_move(&self) -> Option<(Register, Register)> {
        match *self {
            Self::Move { z, y } => Some((z, y)),
            _ => None,
        }
    }

    fn as_constant(&self) -> Option<(Register, i64)> {
        match *self {
            Self::Constant { z, value } => Some((z, value)),
            _ => None,
        }
    }
}

/// The mnemonic of the jump that is taken when y compares so with x after `subq x, y, %0`.
pub(super) const fn jump_mnemonic(condition: Condition) -> &'static str {
    match condition {
        Condition::Equal => "jz",
        Condition::NotEqual => "jnz",
        Condition::Less => "jl",
        Condition::LessEqual => "jle",
        Condition::Greater => "jg",
        Condition::GreaterEqual => "jge",
        Condition::Below => "jb",
        Condition::BelowEqual => "jbe",
        Condition::Above => "ja",
        Condition::AboveEqual => "jae",
    }
}

/// The names that stand in an instruction's text.
pub(super) trait Names {
    /// A register, with its `%`.
    fn register(&self, register: Register) -> String;
    /// A label of the function that the instruction stands in.
    fn label(&self, label: Label) -> String;
    /// A symbol.
    fn symbol(&self, symbol: Symbol) -> String;
}

/// The mnemonic and the operands of an instruction that has been written out.
pub(super) fn parts(instruction: &Instruction, names: &impl Names) -> (&'static str, Vec<String>) {
    let register = |register: Register| names.register(register);
    let source = |source: Source| match source {
        Source::Register(register) => names.register(register),
        Source::Immediate(number) => number.to_string(),
    };
    let memory = |memory: Memory| match memory {
        Memory::Displaced(0, base) => format!("({})", names.register(base)),
        Memory::Displaced(displacement, base) => {
            format!("{displacement}({})", names.register(base))
        }
        Memory::Indexed(base, index) => {
            format!("({}, {})", names.register(base), names.register(index))
        }
        Memory::Slot(slot, base) => format!("{}({})", slot.name(), names.register(base)),
    };
    match *instruction {
        Instruction::Arithmetic { operation, x, y, z } => (
            operation.mnemonic(),
            vec![source(x), register(y), register(z)],
        ),
        Instruction::Grouped {
            operation,
            x,
            y,
            first,
        } => (
            match operation {
                Grouped::Divide => "idivq",
                Grouped::DivideUnsigned => "divq",
                Grouped::Multiply => "mulq",
            },
            vec![source(x), register(y), register(Register::physical(first))],
        ),
        Instruction::Not { y, z } => ("notq", vec![register(y), register(z)]),
        Instruction::LoadUnsigned { value, z } => ("ldzwq", vec![value.to_string(), register(z)]),
        Instruction::LoadSigned { value, z } => ("ldswq", vec![value.to_string(), register(z)]),
        Instruction::ShiftIn { value, z } => ("shldwq", vec![value.to_string(), register(z)]),
        Instruction::LoadAddress { symbol, half, z } => {
            let name = names.symbol(symbol);
            match half {
                Half::Whole => ("ldzwq", vec![name, register(z)]),
                Half::High => ("ldzwq", vec![format!("@w1({name})"), register(z)]),
                Half::Low => ("shldwq", vec![format!("@w0({name})"), register(z)]),
            }
        }
        Instruction::Load { from, z } => ("movq", vec![memory(from), register(z)]),
        Instruction::Store { x, to } => ("movq", vec![register(x), memory(to)]),
        Instruction::LoadByte { y, z } => {
            ("movzbq", vec![format!("({})", register(y)), register(z)])
        }
        Instruction::StoreByte { x, z } => {
            ("movb", vec![register(x), format!("({})", register(z))])
        }
        Instruction::Putc {
            x: Source::Immediate(byte),
        } => ("putc", vec![character(byte as u8)]),
        Instruction::Putc { x } => ("putc", vec![source(x)]),
        Instruction::Getc { x } => ("getc", vec![register(x)]),
        Instruction::Jump { label } => ("jmp", vec![names.label(label)]),
        Instruction::JumpIf { condition, label } => {
            (jump_mnemonic(condition), vec![names.label(label)])
        }
        Instruction::JumpEnd => ("jmp", vec![PRINT_VALUE.to_owned()]),
        Instruction::JumpExhausted { condition } => (
            condition.map_or("jmp", jump_mnemonic),
            vec![STACK_EXHAUSTED.to_owned()],
        ),
        Instruction::JumpRegister { x, y } => ("jmp", vec![register(x), register(y)]),
        Instruction::Halt { status } => ("halt", vec![status.to_string()]),
        // The others have been written out as some of those above.
        _ => ("nop", Vec::new()),
    }
}

/// A byte as an operand: a character literal if there is one.
fn character(byte: u8) -> String {
    match byte {
        b'\n' => "'\\n'".to_owned(),
        b'\'' | b'\\' => format!("'\\{}'", char::from(byte)),
        b' '..=b'~' => format!("'{}'", char::from(byte)),
        _ => byte.to_string(),
    }
}

/// The label of the place where the value of `main` is printed.
pub(super) const PRINT_VALUE: &str = "print_value";

/// The label of the place where programs end whose stack is exhausted.
pub(super) const STACK_EXHAUSTED: &str = "stack_exhausted";
