//! Additions of comparisons: a jump around an addition, instead of a comparison's value.
//!
//! ```text
//!                                         subq  j, i, %0
//! s + (i < j) * 2               →         jge   .L1
//!                                         addq  2, s, s
//!                                 .L1:
//! ```

use codegen::ir::{Binary, Condition, Function, Op, Value};

use super::{NONE, Selector, ValueFacts, own_register};
use crate::ulm::instruction::Instruction;

/// What is added where a comparison holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addition {
    condition: Condition,
    operands: (Value, Value),
    /// −255 to 255.
    amount: i16,
    to: Value,
}

/// By value: the addition that makes it, and whether it becomes a part of one.
#[derive(Debug)]
pub(super) struct Additions {
    made_by: Vec<Option<Addition>>,
    is_part: Vec<bool>,
}

impl Additions {
    /// Finds those of a function.
    pub(super) fn of(function: &Function, values: &[ValueFacts]) -> Self {
        let mut additions = Self {
            made_by: vec![None; values.len()],
            is_part: vec![false; values.len()],
        };
        for instruction in &function.instructions {
            let Op::Binary {
                operator,
                dest,
                a,
                b,
            } = instruction.op
            else {
                continue;
            };
            let sides: &[(Value, Value, i64)] = match operator {
                Binary::Add => &[(a, b, 1), (b, a, 1)],
                Binary::Subtract => &[(a, b, -1)],
                _ => continue,
            };
            for &(to, what, sign) in sides {
                if a != b && additions.note(function, values, dest, (to, what, sign)) {
                    break;
                }
            }
        }
        additions
    }

    /// Notes that `dest` is `to` and a comparison, if that is so.
    fn note(
        &mut self,
        function: &Function,
        values: &[ValueFacts],
        dest: Value,
        (to, what, sign): (Value, Value, i64),
    ) -> bool {
        let block = values[dest.index()].block;
        let definition = |value: Value| {
            let facts = &values[value.index()];
            let is_alone = facts.uses == 1 && facts.block == block && facts.definition != NONE;
            is_alone.then(|| function.instructions[facts.definition as usize].op)
        };
        let constant = |value: Value| {
            let at = values[value.index()].definition as usize;
            match function.instructions.get(at)?.op {
                Op::Constant { value, .. } => Some(value),
                _ => None,
            }
        };
        let (compared, factor) = match definition(what) {
            Some(Op::Binary {
                operator: Binary::ShiftLeft,
                a,
                b,
                ..
            }) => match constant(b) {
                Some(shift @ 0..=7) => (a, 1 << shift),
                _ => return false,
            },
            Some(Op::Binary {
                operator: Binary::Multiply,
                a,
                b,
                ..
            }) => match (constant(a), constant(b)) {
                (_, Some(factor @ -255..=255)) => (a, factor),
                (Some(factor @ -255..=255), _) => (b, factor),
                _ => return false,
            },
            _ => (what, 1),
        };
        let Some(Op::Binary {
            operator: Binary::Compare(condition),
            a,
            b,
            ..
        }) = definition(compared)
        else {
            return false;
        };
        self.made_by[dest.index()] = Some(Addition {
            condition,
            operands: (a, b),
            amount: (sign * factor) as i16,
            to,
        });
        self.is_part[what.index()] = true;
        self.is_part[compared.index()] = true;
        true
    }

    /// Whether a value becomes a part of an addition, so that nobody needs it for itself.
    pub(super) fn has_part(&self, value: Value) -> bool {
        self.is_part[value.index()]
    }
}

impl Selector<'_> {
    /// The addition of a comparison, if that is what makes the value; says so.
    pub(super) fn conditional_addition(&mut self, dest: Value) -> bool {
        let Some(addition) = self.additions.made_by[dest.index()] else {
            return false;
        };
        let (a, b) = addition.operands;
        let test = self.comparison(addition.condition, a, b);
        let y = self.register(addition.to);
        self.builder.emit(Instruction::AddIf {
            test,
            amount: addition.amount,
            y,
            z: own_register(dest),
        });
        true
    }
}
