//! Comparisons that need no instruction of their own: a sum, a difference or an `and` that is made
//! anyway leaves the flags.
//!
//! ```text
//!     lea  rcx, [rax - 1]               sub  rax, 1
//!     lea  rsi, [rsi + rdx]      →      jne  …         the addition has come before
//!     cmp  rax, 1
//!     jne  …
//! ```
//!
//! The arithmetic moves down to where the flags are read, if nobody reads its result in between.

use super::Selector;
use super::condition::{Test, cond};
use crate::ir::{Binary, Condition, Op, Value};
use crate::x86_64::instruction::{Alu, Compare, Cond, Instruction, Source, Tied};

/// How many instructions are looked at, backwards, for one that leaves the flags.
const DISTANCE: usize = 16;

/// An instruction that makes a value, and leaves the flags that are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlagSource {
    /// The value.
    value: Value,
    op: Alu,
    a: Value,
    b: FlagOperand,
}

/// What a value is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Value(Value),
    Zero,
}

/// The second operand of a [`FlagSource`].
#[derive(Debug, Clone, Copy)]
enum FlagOperand {
    Value(Value),
    Number(i32),
}

impl Selector<'_> {
    /// A test by the flags that another instruction leaves, which has to be emitted right before.
    ///
    /// The comparison is between `a` and `b`; `truth` is what it gives, or `a` itself.
    pub(super) fn test_of_flags(
        &mut self,
        truth: Value,
        condition: Condition,
        a: Value,
        b: Right,
    ) -> Option<Test> {
        let start = self.function.blocks[self.block as usize].range().start;
        let near = start.max(self.at.saturating_sub(DISTANCE));
        let (cond, source) = (near..self.at).rev().find_map(|index| {
            let turned = match b {
                Right::Value(b) => self.flags_for(index, condition.swapped(), (b, Right::Value(a))),
                Right::Zero => None,
            };
            let (cond, source) = self.flags_for(index, condition, (a, b)).or(turned)?;
            self.can_sink(source.value, index, truth)
                .then_some((cond, source))
        })?;
        self.values[source.value.index()].sunk = true;
        let rn = self.own_register(source.value);
        Some(Test {
            compare: Compare::Kept,
            cond,
            rn,
            source: Source::Immediate(0),
            flags: Some(source),
        })
    }

    /// What an instruction's flags say of a comparison, if anything, and how it has to be emitted.
    fn flags_for(
        &self,
        index: usize,
        condition: Condition,
        (a, b): (Value, Right),
    ) -> Option<(Cond, FlagSource)> {
        let Op::Binary {
            operator,
            dest,
            a: x,
            b: y,
        } = self.function.instructions[index].op
        else {
            return None;
        };
        let (x, y) = if operator.is_commutative() && self.constant(x).is_some() {
            (y, x)
        } else {
            (x, y)
        };
        if self.constant(x).is_some() {
            return None;
        }
        let constant = match b {
            Right::Value(b) => self.constant(b),
            Right::Zero => Some(0),
        };
        let with_zero = a == dest && constant == Some(0);
        let source = |op, b| FlagSource {
            value: dest,
            op,
            a: x,
            b,
        };
        let number = self.immediate(y);
        match operator {
            Binary::Add | Binary::Subtract => {
                let op = match operator {
                    Binary::Add => Alu::Add,
                    _ => Alu::Sub,
                };
                let source = match (number, op) {
                    // add x, -y is sub x, y
                    (Some(number), Alu::Add) if number < 0 => {
                        source(Alu::Sub, FlagOperand::Number(number.checked_neg()?))
                    }
                    (Some(number), _) => source(op, FlagOperand::Number(number)),
                    (None, _) if self.constant(y).is_some() => return None,
                    (None, _) => source(op, FlagOperand::Value(y)),
                };
                if with_zero {
                    return sign(condition).map(|cond| (cond, source));
                }
                let same = source.op == Alu::Sub
                    && a == x
                    && match source.b {
                        FlagOperand::Value(y) => b == Right::Value(y),
                        FlagOperand::Number(number) => constant == Some(i64::from(number)),
                    };
                same.then(|| (cond(condition), source))
            }
            Binary::And | Binary::Or | Binary::Xor if with_zero => {
                let op = match operator {
                    Binary::And => Alu::And,
                    Binary::Or => Alu::Or,
                    _ => Alu::Xor,
                };
                let operand = match number {
                    // That is an extension, which leaves no flags.
                    Some(0xff | 0xffff) if op == Alu::And => return None,
                    Some(number) => FlagOperand::Number(number),
                    None if self.constant(y).is_some() => return None,
                    None => FlagOperand::Value(y),
                };
                Some((cond(condition), source(op, operand)))
            }
            _ => None,
        }
    }

    /// Whether a value that the instruction defines can as well be made where selection is: it is
    /// needed later, and by nobody in between but the comparison.
    fn can_sink(&self, value: Value, definition: usize, truth: Value) -> bool {
        let facts = &self.values[value.index()];
        let is_used_by = |op: &Op| {
            let mut is_used = false;
            self.function
                .visit_uses(op, |used| is_used |= used == value);
            is_used && op.result() != Some(truth)
        };
        self.has_register(value)
            && !facts.sunk
            && self.early_return.is_none()
            && !self.function.instructions[definition + 1..self.at]
                .iter()
                .any(|instruction| is_used_by(&instruction.op))
    }

    /// Emits what leaves the flags for a test whose reader has been emitted.
    pub(super) fn emit_flags(&mut self, source: FlagSource) {
        let rd = self.own_register(source.value);
        let rn = self.register(source.a);
        let operand = match source.b {
            FlagOperand::Value(b) => Source::Register(self.register(b)),
            FlagOperand::Number(number) => Source::Immediate(number),
        };
        self.builder.emit(Instruction::Tied {
            op: Tied::Alu(source.op),
            rd,
            rn,
            source: operand,
        });
    }
}

/// The flags by which a sum is compared with 0: its overflow says nothing of that.
const fn sign(condition: Condition) -> Option<Cond> {
    match condition {
        Condition::Equal => Some(Cond::E),
        Condition::NotEqual => Some(Cond::Ne),
        Condition::Less => Some(Cond::S),
        Condition::GreaterEqual => Some(Cond::Ns),
        _ => None,
    }
}
