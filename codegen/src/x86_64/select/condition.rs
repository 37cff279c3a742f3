//! Comparisons, and what depends on them: jumps, exits, selections, zeros and ones.

use super::Selector;
use super::flags::{FlagSource, Right};
use crate::ir::{Binary, Condition, ExitId, Op, Target, Value};
use crate::machine::Register;
use crate::x86_64::instruction::{Compare, Cond, Instruction, Label, Source};

/// A comparison, and the condition that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test {
    pub(super) compare: Compare,
    pub(super) cond: Cond,
    pub(super) rn: Register,
    pub(super) source: Source,
    /// For [`Compare::Kept`]: what has to be emitted right before the flags are read.
    pub(super) flags: Option<FlagSource>,
}

impl Test {
    /// The test that succeeds exactly when this one doesn't.
    fn negated(self) -> Self {
        Self {
            cond: self.cond.negated(),
            ..self
        }
    }
}

/// The code of a condition after `cmp`.
pub(super) const fn cond(condition: Condition) -> Cond {
    match condition {
        Condition::Equal => Cond::E,
        Condition::NotEqual => Cond::Ne,
        Condition::Less => Cond::L,
        Condition::LessEqual => Cond::Le,
        Condition::Greater => Cond::G,
        Condition::GreaterEqual => Cond::Ge,
        Condition::Below => Cond::B,
        Condition::BelowEqual => Cond::Be,
        Condition::Above => Cond::A,
        Condition::AboveEqual => Cond::Ae,
    }
}

impl Selector<'_> {
    /// The test whether a value is not 0, for a jump.
    fn test_for_jump(&mut self, value: Value) -> Test {
        let flags = match self.foldable(value) {
            Some(&Op::Binary {
                operator: Binary::Compare(condition),
                a,
                b,
                ..
            }) => self.test_of_flags(value, condition, a, Right::Value(b)),
            Some(_) => None,
            None => self.test_of_flags(value, Condition::NotEqual, value, Right::Zero),
        };
        flags.unwrap_or_else(|| self.test(value))
    }

    /// The test whether a value is not 0.
    fn test(&mut self, condition: Value) -> Test {
        match self.foldable(condition) {
            Some(&Op::Binary {
                operator: Binary::Compare(condition),
                a,
                b,
                ..
            }) => self.comparison(condition, a, b),
            Some(&Op::Binary {
                operator: Binary::And,
                a,
                b,
                ..
            }) => self.test_of_and(Cond::Ne, a, b),
            _ => Test {
                compare: Compare::Cmp,
                cond: Cond::Ne,
                rn: self.register(condition),
                source: Source::Immediate(0),
                flags: None,
            },
        }
    }

    /// `cmp a, b`, or `test x, y` for `x & y` against 0.
    fn comparison(&mut self, condition: Condition, a: Value, b: Value) -> Test {
        let turn = self.immediate(a).is_some() && self.immediate(b).is_none();
        let (condition, a, b) = if turn {
            (condition.swapped(), b, a)
        } else {
            (condition, a, b)
        };
        let cond = cond(condition);
        if self.constant(b) == Some(0)
            && let Some(&Op::Binary {
                operator: Binary::And,
                a,
                b,
                ..
            }) = self.foldable(a)
        {
            return self.test_of_and(cond, a, b);
        }
        Test {
            compare: Compare::Cmp,
            cond,
            rn: self.register(a),
            source: self.source(b),
            flags: None,
        }
    }

    fn test_of_and(&mut self, cond: Cond, a: Value, b: Value) -> Test {
        let (a, b) = if self.immediate(a).is_some() {
            (b, a)
        } else {
            (a, b)
        };
        Test {
            compare: Compare::Test,
            cond,
            rn: self.register(a),
            source: self.source(b),
            flags: None,
        }
    }

    /// The jump if the condition holds; the other way is left to `finish`.
    pub(super) fn branch(&mut self, condition: Value, then: Target, otherwise: Target) {
        if then.block == otherwise.block {
            return self.jump(then);
        }
        let test = self.test_for_jump(condition);
        let (then, otherwise) = (self.way_to(then.block), self.way_to(otherwise.block));
        self.builder.set_successors([Some(then), Some(otherwise)]);
        self.builder.emit(Instruction::CompareJump {
            compare: test.compare,
            cond: test.cond,
            rn: test.rn,
            source: test.source,
            label: Label(then.0),
        });
        self.emit_flags_of(test);
    }

    pub(super) fn guard(&mut self, condition: Value, exit: ExitId) {
        if self.guard_on_memory(condition, exit) {
            return;
        }
        let test = self.test_for_jump(condition);
        self.leave_if(test, exit);
        self.emit_flags_of(test);
    }

    /// `cmp rn, [address]`, if the condition is a comparison with what nobody else needs of memory.
    fn guard_on_memory(&mut self, condition: Value, exit: ExitId) -> bool {
        let Some(&Op::Binary {
            operator: Binary::Compare(condition),
            a,
            b,
            ..
        }) = self.foldable(condition)
        else {
            return false;
        };
        let (condition, a, (address, offset)) = match (self.loaded(a), self.loaded(b)) {
            (_, Some(memory)) => (condition, a, memory),
            (Some(memory), None) => (condition.swapped(), b, memory),
            (None, None) => return false,
        };
        let instruction = Instruction::CompareMemoryExit {
            cond: cond(condition),
            rn: self.register(a),
            address: self.address(address, offset),
        };
        self.emit_exit(exit, instruction);
        true
    }

    fn emit_flags_of(&mut self, test: Test) {
        if let Some(source) = test.flags {
            self.emit_flags(source);
        }
    }

    /// Leaves if a register is not 0.
    pub(super) fn leave_unless_zero(&mut self, register: Register, exit: ExitId) {
        let test = Test {
            compare: Compare::Cmp,
            cond: Cond::Ne,
            rn: register,
            source: Source::Immediate(0),
            flags: None,
        };
        self.leave_if(test, exit);
    }

    fn leave_if(&mut self, test: Test, exit: ExitId) {
        let instruction = Instruction::CompareExit {
            compare: test.compare,
            cond: test.cond,
            rn: test.rn,
            source: test.source,
        };
        self.emit_exit(exit, instruction);
    }

    /// A comparison as a value.
    pub(super) fn compare(&mut self, dest: Value, condition: Condition, a: Value, b: Value) {
        let test = self.comparison(condition, a, b);
        self.set(dest, test);
    }

    fn set(&mut self, dest: Value, test: Test) {
        let rd = self.own_register(dest);
        self.builder.emit(Instruction::CompareSet {
            compare: test.compare,
            cond: test.cond,
            rd,
            rn: test.rn,
            source: test.source,
        });
    }

    /// `a` if the condition is not 0, else `b`. The two places are tied to one register; better
    /// that of a value that nobody needs afterwards.
    pub(super) fn select(&mut self, dest: Value, condition: Value, a: Value, b: Value) {
        let test = self.test(condition);
        match (self.constant(a), self.constant(b)) {
            (Some(1), Some(0)) => return self.set(dest, test),
            (Some(0), Some(1)) => return self.set(dest, test.negated()),
            _ => {}
        }
        let turn = self.has_register(b) && !self.has_register(a);
        let (test, a, b) = if turn {
            (test.negated(), b, a)
        } else {
            (test, a, b)
        };
        let rd = self.own_register(dest);
        let then = self.register(a);
        let otherwise = self.register(b);
        self.builder.emit(Instruction::CompareSelect {
            compare: test.compare,
            cond: test.cond,
            rn: test.rn,
            source: test.source,
            rd,
            then,
            otherwise,
        });
    }
}
