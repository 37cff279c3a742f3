//! The intermediate representation: SSA over basic blocks with block parameters.
//!
//! A [`Module`] has functions, a [`Function`] has blocks, a [`Block`] has instructions, the last of
//! which, and only that, is a terminator. Every [`Value`] is a 64-bit number and is defined once: by
//! an instruction, or as a parameter of a block. Where control joins, values are handed to the
//! block's parameters, as to a function's.
//!
//! Everything lives in a few vectors of the function and is addressed by number: building,
//! walking and copying a function costs little, and a pass is a loop over a vector.
//!
//! Invariants (checked by the verifier):
//!
//! - Block 0 is the entry; it has no parameters and no block jumps to it.
//! - Blocks stand in the order of layout, and their instructions in the same order in
//!   [`Function::instructions`], without gaps: a block's end is the next one's beginning.
//! - Each block ends with a terminator and has none before.
//! - A value is defined once, before its uses: earlier in the block, or in a block that dominates
//!   it. (In a block that can't be reached every definition counts.)
//! - A target has as many arguments as its block has parameters; a call as many as the callee.
//! - `Argument` stands in the entry block, or anywhere if that is the only block.

pub mod flow;
pub mod interpret;
pub mod text;
pub mod verify;

use crate::origin::{Origin, Place, PlaceId};

/// A value: defined once, 64 bits. Printed `r3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub u32);

impl Value {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A block, by its position in [`Function::blocks`]. Printed `b3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

impl BlockId {
    /// Where every function begins.
    pub const ENTRY: Self = Self(0);

    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A function, by its position in [`Module::functions`]. Printed `g:1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

impl FunctionId {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Something outside that the code may call, by its position in [`Module::imports`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImportId(pub u32);

impl ImportId {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An exit, by its position in [`Function::exits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExitId(pub u32);

impl ExitId {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A list of values, kept in [`Function::lists`]: the length stands at the index, the values
/// behind it. `List::EMPTY` is valid in every function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct List(pub u32);

impl List {
    /// No values.
    pub const EMPTY: Self = Self(0);
}

/// All functions of a program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Module {
    /// The functions; ids count up in the order of the source.
    pub functions: Vec<Function>,
    /// What the code may call outside.
    pub imports: Vec<Import>,
}

impl Module {
    /// The function of a name, if there is one.
    pub fn find(&self, name: &str) -> Option<FunctionId> {
        let index = self
            .functions
            .iter()
            .position(|function| function.name == name)?;
        Some(FunctionId(index as u32))
    }
}

/// A function outside. It gives a value, and says whether the program shall go on: if not, the
/// call's exit is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The name by which it is printed and found.
    pub name: String,
    /// The number of parameters, 0 to 4.
    pub parameters: u32,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The number of parameters, which [`Op::Argument`] fetches.
    pub parameters: u32,
    /// The number of values: their numbers are below it. Printed as `#reg`.
    pub values: u32,
    /// The instructions of all blocks, in layout order.
    pub instructions: Vec<Instruction>,
    /// The blocks, in layout order. The first is the entry.
    pub blocks: Vec<Block>,
    /// The contents of all [`List`]s.
    pub lists: Vec<u32>,
    /// The exits.
    pub exits: Vec<Exit>,
    /// The places in the source; number 0 is `Unknown`.
    pub places: Vec<Place>,
    /// Where the function itself is declared, for what happens before its first instruction.
    pub place: PlaceId,
}

/// A basic block: its instructions are `instructions[start..end]` of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The parameters, values that no instruction defines.
    pub parameters: List,
    /// The first instruction.
    pub start: u32,
    /// The one after the last.
    pub end: u32,
}

impl Block {
    /// The positions of the block's instructions.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A way out of the code for good: the host gets the reason and the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Why, a number of the front end's.
    pub reason: u32,
    /// Values that are live there, which the host wants to see.
    pub values: List,
}

/// An instruction with its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub op: Op,
    /// Where it comes from.
    pub origin: Origin,
}

/// A block to go to, with the arguments for its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The block.
    pub block: BlockId,
    /// As many values as the block has parameters.
    pub arguments: List,
}

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function of the module.
    Function(FunctionId),
    /// A function outside.
    Import(ImportId),
}

/// What an instruction does. All arithmetic is on 64 bits and wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `mvi @r0, 2`: a constant.
    Constant {
        /// The result.
        dest: Value,
        /// The constant.
        value: i64,
    },
    /// `mva @r0, a0`: the function's argument with that index, from 0.
    Argument {
        /// The result.
        dest: Value,
        /// Which argument.
        index: u32,
    },
    /// `neg @r1, r0`
    Unary {
        /// The operation.
        operator: Unary,
        /// The result.
        dest: Value,
        /// The operand.
        a: Value,
    },
    /// `add @r2, r0, r1`
    Binary {
        /// The operation.
        operator: Binary,
        /// The result.
        dest: Value,
        /// The left operand.
        a: Value,
        /// The right operand.
        b: Value,
    },
    /// `div @r2, r0, r1 or exit 0(r0)`: leaves by the exit if the divisor is 0. Without an exit the
    /// front end or a pass vouches that it is not. The smallest number by −1 is itself, remainder 0.
    Divide {
        /// The operation.
        operator: Division,
        /// The result.
        dest: Value,
        /// The dividend.
        a: Value,
        /// The divisor.
        b: Value,
        /// Where to go if the divisor is 0.
        exit: Option<ExitId>,
    },
    /// `sel @r3, r0, r1, r2`: `a` if the condition is not 0, else `b`; both have been computed.
    Select {
        /// The result.
        dest: Value,
        /// 0 or not.
        condition: Value,
        /// The result if the condition is not 0.
        a: Value,
        /// The result if it is 0.
        b: Value,
    },
    /// `mulw @r2, @r3, r0, r1`: the unsigned product in 128 bits, low half first.
    WideMultiply {
        /// Bits 0 to 63.
        low: Value,
        /// Bits 64 to 127.
        high: Value,
        /// A factor.
        a: Value,
        /// The other.
        b: Value,
    },
    /// `divw @r3, @r4, @r5, r0, r1, r2`: unsigned, a dividend of 128 bits (low half first) by a
    /// divisor of 64: the quotient in 128 bits (low half first) and the remainder. The three results
    /// are the values of `results`, the three operands those of `operands`.
    WideDivide {
        /// Quotient bits 0 to 63, quotient bits 64 to 127, remainder.
        results: List,
        /// Dividend bits 0 to 63, dividend bits 64 to 127, divisor.
        operands: List,
        /// Where to go if the divisor is 0.
        exit: Option<ExitId>,
    },
    /// `ld8 @r1, [r0 + 16]`, `ld2s`, `ld4b` (b: big-endian, s: sign-extended).
    Load {
        /// The result, extended to 64 bits.
        dest: Value,
        /// The address; to it the offset is added.
        address: Value,
        /// Bytes.
        offset: i32,
        /// How wide, how extended, in which order.
        access: Access,
    },
    /// `st4b r1, [r0 - 8]`
    Store {
        /// What is stored: its low bytes.
        value: Value,
        /// The address; to it the offset is added.
        address: Value,
        /// Bytes.
        offset: i32,
        /// How wide, in which order.
        access: Access,
    },
    /// `call @r1, g:1(r2)`, and `call @r1, putc(r2) or exit 0()` of an import.
    Call {
        /// The result.
        dest: Value,
        /// Who is called.
        callee: Callee,
        /// The arguments.
        arguments: List,
        /// For an import: where to go if it says that the program ends.
        exit: Option<ExitId>,
    },
    /// `guard r0 or exit 1()`: leaves if the value is not 0.
    Guard {
        /// 0 or not.
        condition: Value,
        /// The way out.
        exit: ExitId,
    },
    /// `poll or exit 2()`: leaves if the host has asked for it.
    Poll {
        /// The way out.
        exit: ExitId,
    },
    /// `stack or exit 3()`: leaves if the stack's limit has been reached. Stands first in the entry
    /// block.
    StackCheck {
        /// The way out.
        exit: ExitId,
    },
    /// `jmp b1(r0)`
    Jump {
        /// Where to.
        target: Target,
    },
    /// `br r0, b1(), b2(r3)`
    Branch {
        /// 0 or not.
        condition: Value,
        /// Where to if the condition is not 0.
        then: Target,
        /// Where to if it is 0.
        otherwise: Target,
    },
    /// `ret r0`
    Return {
        /// The function's result.
        value: Value,
    },
    /// `exit 1(r0)`: leaves.
    Leave {
        /// The way out.
        exit: ExitId,
    },
}

/// Operations with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `neg`: 0 − a.
    Negate,
    /// `not`: all bits inverted.
    Not,
    /// `sx1`: the low byte, sign-extended.
    SignExtend8,
    /// `sx2`
    SignExtend16,
    /// `sx4`
    SignExtend32,
    /// `zx1`: the low byte, zero-extended.
    ZeroExtend8,
    /// `zx2`
    ZeroExtend16,
    /// `zx4`
    ZeroExtend32,
}

/// Operations with two operands and one result that can't fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `add`
    Add,
    /// `sub`
    Subtract,
    /// `mul`: the low 64 bits.
    Multiply,
    /// `mulhs`: the high 64 bits of the signed product.
    MultiplyHighSigned,
    /// `mulhu`: the high 64 bits of the unsigned product.
    MultiplyHighUnsigned,
    /// `and`
    And,
    /// `or`
    Or,
    /// `xor`
    Xor,
    /// `shl`: the count is taken modulo 64, as in the other shifts.
    ShiftLeft,
    /// `shr`: zeros come in.
    ShiftRight,
    /// `sar`: copies of the sign come in.
    ShiftRightSigned,
    /// A comparison: 1 or 0.
    Compare(Condition),
}

/// Comparisons. Printed `eq ne lt le gt ge ltu leu gtu geu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// a = b
    Equal,
    /// a ≠ b
    NotEqual,
    /// a < b, signed
    Less,
    /// a ≤ b, signed
    LessEqual,
    /// a > b, signed
    Greater,
    /// a ≥ b, signed
    GreaterEqual,
    /// a < b, unsigned
    Below,
    /// a ≤ b, unsigned
    BelowEqual,
    /// a > b, unsigned
    Above,
    /// a ≥ b, unsigned
    AboveEqual,
}

impl Condition {
    /// Whether it holds for two numbers.
    pub const fn holds(self, a: i64, b: i64) -> bool {
        match self {
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            Self::Less => a < b,
            Self::LessEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterEqual => a >= b,
            Self::Below => (a as u64) < b as u64,
            Self::BelowEqual => (a as u64) <= b as u64,
            Self::Above => (a as u64) > b as u64,
            Self::AboveEqual => (a as u64) >= b as u64,
        }
    }

    /// The condition that holds exactly when this one doesn't.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
            Self::Below => Self::AboveEqual,
            Self::BelowEqual => Self::Above,
            Self::Above => Self::BelowEqual,
            Self::AboveEqual => Self::Below,
        }
    }

    /// The condition for the same operands in the other order.
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            Self::Below => Self::Above,
            Self::BelowEqual => Self::AboveEqual,
            Self::Above => Self::Below,
            Self::AboveEqual => Self::BelowEqual,
        }
    }
}

/// Divisions. Signed ones truncate toward zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Division {
    /// `div`
    Signed,
    /// `mod`: has the sign of the dividend.
    SignedRemainder,
    /// `divu`
    Unsigned,
    /// `modu`
    UnsignedRemainder,
}

impl Division {
    /// The result; `None` if the divisor is 0.
    pub const fn evaluate(self, a: i64, b: i64) -> Option<i64> {
        if b == 0 {
            return None;
        }
        Some(match self {
            Self::Signed => a.wrapping_div(b),
            Self::SignedRemainder => a.wrapping_rem(b),
            Self::Unsigned => (a as u64 / b as u64) as i64,
            Self::UnsignedRemainder => (a as u64 % b as u64) as i64,
        })
    }
}

impl Unary {
    /// The result.
    pub const fn evaluate(self, a: i64) -> i64 {
        match self {
            Self::Negate => a.wrapping_neg(),
            Self::Not => !a,
            Self::SignExtend8 => a as i8 as i64,
            Self::SignExtend16 => a as i16 as i64,
            Self::SignExtend32 => a as i32 as i64,
            Self::ZeroExtend8 => a as u8 as i64,
            Self::ZeroExtend16 => a as u16 as i64,
            Self::ZeroExtend32 => a as u32 as i64,
        }
    }
}

impl Binary {
    /// The result.
    pub const fn evaluate(self, a: i64, b: i64) -> i64 {
        match self {
            Self::Add => a.wrapping_add(b),
            Self::Subtract => a.wrapping_sub(b),
            Self::Multiply => a.wrapping_mul(b),
            Self::MultiplyHighSigned => ((a as i128 * b as i128) >> 64) as i64,
            Self::MultiplyHighUnsigned => ((a as u64 as u128 * b as u64 as u128) >> 64) as i64,
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
            Self::ShiftLeft => a.wrapping_shl(b as u32),
            Self::ShiftRight => (a as u64).wrapping_shr(b as u32) as i64,
            Self::ShiftRightSigned => a.wrapping_shr(b as u32),
            Self::Compare(condition) => condition.holds(a, b) as i64,
        }
    }

    /// Whether the operands may change places.
    pub const fn is_commutative(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Multiply
                | Self::MultiplyHighSigned
                | Self::MultiplyHighUnsigned
                | Self::And
                | Self::Or
                | Self::Xor
                | Self::Compare(Condition::Equal | Condition::NotEqual)
        )
    }
}

/// How memory is read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access {
    /// How many bytes.
    pub width: Width,
    /// For loads of less than 8 bytes: whether the sign is extended, else zeros are.
    pub signed: bool,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
}

/// The number of bytes of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 1 byte
    Byte,
    /// 2 bytes
    Half,
    /// 4 bytes
    Word,
    /// 8 bytes
    Double,
}

impl Width {
    /// The number of bytes: 1, 2, 4 or 8.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
            Self::Double => 8,
        }
    }
}

impl Op {
    /// Whether it ends a block.
    pub const fn is_terminator(&self) -> bool {
        matches!(
            self,
            Self::Jump { .. } | Self::Branch { .. } | Self::Return { .. } | Self::Leave { .. }
        )
    }

    /// Whether it must stay although nobody uses its result: it writes, calls, may leave, or ends
    /// a block. Loads may go.
    pub const fn has_effect(&self) -> bool {
        match self {
            Self::Constant { .. }
            | Self::Argument { .. }
            | Self::Unary { .. }
            | Self::Binary { .. }
            | Self::Select { .. }
            | Self::WideMultiply { .. }
            | Self::Load { .. } => false,
            Self::Divide { exit, .. } | Self::WideDivide { exit, .. } => exit.is_some(),
            _ => true,
        }
    }

    /// The exit that it may take.
    pub const fn exit(&self) -> Option<ExitId> {
        match *self {
            Self::Divide { exit, .. } | Self::WideDivide { exit, .. } | Self::Call { exit, .. } => {
                exit
            }
            Self::Guard { exit, .. }
            | Self::Poll { exit }
            | Self::StackCheck { exit }
            | Self::Leave { exit } => Some(exit),
            _ => None,
        }
    }

    /// The one result, of those that have one. (`WideMultiply` and `WideDivide` have several.)
    pub const fn result(&self) -> Option<Value> {
        match *self {
            Self::Constant { dest, .. }
            | Self::Argument { dest, .. }
            | Self::Unary { dest, .. }
            | Self::Binary { dest, .. }
            | Self::Divide { dest, .. }
            | Self::Select { dest, .. }
            | Self::Load { dest, .. }
            | Self::Call { dest, .. } => Some(dest),
            _ => None,
        }
    }
}

impl Function {
    /// A function without instructions. It becomes valid when its first block is closed.
    pub fn new(name: impl Into<String>, parameters: u32) -> Self {
        Self {
            name: name.into(),
            parameters,
            values: 0,
            instructions: Vec::new(),
            blocks: Vec::new(),
            lists: vec![0],
            exits: Vec::new(),
            places: vec![Place::Unknown],
            place: PlaceId::default(),
        }
    }

    /// A new value.
    pub fn value(&mut self) -> Value {
        self.values += 1;
        Value(self.values - 1)
    }

    /// The values of a list.
    pub fn list(
        &self,
        list: List,
    ) -> impl ExactSizeIterator<Item = Value> + DoubleEndedIterator + '_ {
        let start = list.0 as usize + 1;
        self.lists[start..start + self.lists[list.0 as usize] as usize]
            .iter()
            .map(|&v| Value(v))
    }

    /// Makes a list.
    pub fn make_list(&mut self, values: &[Value]) -> List {
        if values.is_empty() {
            return List::EMPTY;
        }
        let list = List(self.lists.len() as u32);
        self.lists.push(values.len() as u32);
        self.lists.extend(values.iter().map(|value| value.0));
        list
    }

    /// Adds an exit.
    pub fn make_exit(&mut self, reason: u32, values: &[Value]) -> ExitId {
        let values = self.make_list(values);
        self.exits.push(Exit { reason, values });
        ExitId(self.exits.len() as u32 - 1)
    }

    /// Adds a place, or finds the one that was added last if it is the same.
    pub fn make_place(&mut self, place: Place) -> PlaceId {
        if self.places.last() != Some(&place) {
            self.places.push(place);
        }
        PlaceId(self.places.len() as u32 - 1)
    }

    /// The instructions of a block.
    pub fn block(&self, block: BlockId) -> &[Instruction] {
        &self.instructions[self.blocks[block.index()].range()]
    }

    /// Where control goes after a block.
    pub fn successors(&self, block: BlockId) -> impl Iterator<Item = Target> + use<> {
        let pair = match self.block(block).last().map(|last| last.op) {
            Some(Op::Jump { target }) => [Some(target), None],
            Some(Op::Branch {
                then, otherwise, ..
            }) => [Some(then), Some(otherwise)],
            _ => [None, None],
        };
        pair.into_iter().flatten()
    }

    /// Calls `visit` with each value that an instruction reads, those of its exit included.
    pub fn visit_uses(&self, op: &Op, mut visit: impl FnMut(Value)) {
        let list = |list: List, visit: &mut dyn FnMut(Value)| {
            self.list(list).for_each(visit);
        };
        match *op {
            Op::Constant { .. } | Op::Argument { .. } => {}
            Op::Unary { a, .. } => visit(a),
            Op::Binary { a, b, .. } | Op::WideMultiply { a, b, .. } | Op::Divide { a, b, .. } => {
                visit(a);
                visit(b);
            }
            Op::Select {
                condition, a, b, ..
            } => {
                visit(condition);
                visit(a);
                visit(b);
            }
            Op::WideDivide { operands, .. } => list(operands, &mut visit),
            Op::Load { address, .. } => visit(address),
            Op::Store { value, address, .. } => {
                visit(value);
                visit(address);
            }
            Op::Call { arguments, .. } => list(arguments, &mut visit),
            Op::Guard { condition, .. } => visit(condition),
            Op::Poll { .. } | Op::StackCheck { .. } | Op::Leave { .. } => {}
            Op::Jump { target } => list(target.arguments, &mut visit),
            Op::Branch {
                condition,
                then,
                otherwise,
            } => {
                visit(condition);
                list(then.arguments, &mut visit);
                list(otherwise.arguments, &mut visit);
            }
            Op::Return { value } => visit(value),
        }
        if let Some(exit) = op.exit() {
            list(self.exits[exit.index()].values, &mut visit);
        }
    }

    /// Calls `visit` with each value that an instruction defines.
    pub fn visit_results(&self, op: &Op, mut visit: impl FnMut(Value)) {
        match *op {
            Op::WideMultiply { low, high, .. } => {
                visit(low);
                visit(high);
            }
            Op::WideDivide { results, .. } => self.list(results).for_each(visit),
            _ => {
                if let Some(value) = op.result() {
                    visit(value);
                }
            }
        }
    }
}
