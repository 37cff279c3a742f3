//! Loops and choices of random functions.

use super::{Body, reason};
use crate::ir::{Binary, BlockId, Condition, Op, Target, Value};

/// The largest number of rounds of a loop.
const ROUNDS: u32 = 8;

impl Body<'_> {
    /// Adds a choice or a loop.
    pub(super) fn control(&mut self) {
        self.nesting += 1;
        match self.random.below(20) {
            0..=6 => self.choice(),
            7..=9 => self.short_choice(),
            10 => self.choice_of_arguments(),
            11 if self.can_repeat() => self.loop_with_two_entries(),
            12..=15 if self.can_repeat() => self.loop_tested_first(),
            16..=19 if self.can_repeat() => self.loop_tested_last(),
            _ => self.choice(),
        }
        self.nesting -= 1;
    }

    /// Whether a loop would stay within the budget.
    fn can_repeat(&self) -> bool {
        let repetitions = self.repetitions * u64::from(ROUNDS + 1);
        self.cost + repetitions * 30 < self.budget
    }

    /// Adds a few statements.
    fn some_statements(&mut self) {
        let count = self.random.below(8);
        for _ in 0..count {
            if self.statements > 0 && self.cost < self.budget {
                self.statement();
            }
        }
    }

    /// The number of parameters of a block: mostly few.
    fn width(&mut self) -> u32 {
        let most = if self.random.percent(10) { 14 } else { 4 };
        self.random.below(most)
    }

    pub(super) fn target(&mut self, block: BlockId, arguments: &[Value]) -> Target {
        self.builder.target(block, arguments)
    }

    fn jump(&mut self, block: BlockId, arguments: &[Value]) {
        let target = self.target(block, arguments);
        self.push(Op::Jump { target });
    }

    fn branch(&mut self, condition: Value, then: Target, otherwise: Target) {
        self.push(Op::Branch {
            condition,
            then,
            otherwise,
        });
    }

    /// One side of a choice: statements, and a jump with so many arguments, or seldom the end of the
    /// function. What is defined here can't be used behind it.
    fn arm(&mut self, block: BlockId, join: BlockId, width: u32) {
        let known = self.pool.len();
        self.begin(block);
        self.some_statements();
        match self.random.below(100) {
            0..10 => {
                let value = self.value();
                self.push(Op::Return { value });
            }
            10..12 if self.shape.exits => {
                let exit = self.exit(reason::LEAVE);
                self.push(Op::Leave { exit });
            }
            _ => {
                let arguments = self.some_values(width);
                self.jump(join, &arguments);
            }
        }
        self.pool.truncate(known);
    }

    /// Goes on behind a choice or a loop.
    fn join(&mut self, block: BlockId, parameters: Vec<Value>) {
        self.begin(block);
        self.pool.extend(parameters);
    }

    // br c, then(), otherwise()
    // then: … jmp join(…)
    // otherwise: … jmp join(…)
    fn choice(&mut self) {
        let condition = self.tested();
        let width = self.width();
        let (then, _) = self.builder.make_block(0);
        let (otherwise, _) = self.builder.make_block(0);
        let (join, parameters) = self.builder.make_block(width);
        let targets = [then, otherwise].map(|block| self.target(block, &[]));
        self.branch(condition, targets[0], targets[1]);
        self.arm(then, join, width);
        self.arm(otherwise, join, width);
        self.join(join, parameters);
    }

    // br c, then(…), join(…)
    // then(…): … jmp join(…)
    fn short_choice(&mut self) {
        let condition = self.tested();
        let width = self.width();
        let (then, then_parameters) = self.builder.make_block(1);
        let (join, parameters) = self.builder.make_block(width);
        let argument = self.value();
        let arguments = self.some_values(width);
        let sides = [
            self.target(then, &[argument]),
            self.target(join, &arguments),
        ];
        if self.random.percent(50) {
            self.branch(condition, sides[0], sides[1]);
        } else {
            self.branch(condition, sides[1], sides[0]);
        }
        let known = self.pool.len();
        self.pool.extend(then_parameters);
        self.arm(then, join, width);
        self.pool.truncate(known);
        self.join(join, parameters);
    }

    // br c, join(a, b), join(b, a)
    fn choice_of_arguments(&mut self) {
        let condition = self.tested();
        let width = self.width();
        let (join, parameters) = self.builder.make_block(width);
        let [then, otherwise] = [(), ()].map(|()| {
            let arguments = self.some_values(width);
            self.target(join, &arguments)
        });
        self.branch(condition, then, otherwise);
        self.join(join, parameters);
    }

    /// How often a loop runs, at most [`ROUNDS`] times: a constant or something computed.
    fn rounds(&mut self) -> Value {
        if self.random.percent(60) {
            let rounds = i64::from(self.random.below(ROUNDS + 1));
            return self.constant(rounds);
        }
        let value = self.value();
        let mask = self.constant(i64::from(ROUNDS) - 1);
        self.binary(Binary::And, value, mask)
    }

    /// What a loop hands to its next round: the rest of the rounds, and the values of this round in
    /// another order, or others.
    fn next_round(&mut self, counter: Value, parameters: &[Value]) -> Vec<Value> {
        let one = self.constant(1);
        let less = self.binary(Binary::Subtract, counter, one);
        let mut next = parameters.to_vec();
        if self.random.percent(50) {
            self.random.shuffle(&mut next);
        } else {
            next = self.some_values(parameters.len() as u32);
        }
        next.insert(0, less);
        next
    }

    /// Whether there is a further round after this one.
    fn goes_on(&mut self, less: Value) -> Value {
        let zero = self.constant(0);
        self.binary(Binary::Compare(Condition::Greater), less, zero)
    }

    // jmp head(n, …)
    // head(i, …): br i, inside(), behind(…)
    // inside: … br c, behind(…), rest() … jmp head(i − 1, …)
    fn loop_tested_first(&mut self) {
        let (width, behind_width) = (self.width(), self.width());
        let (head, parameters) = self.builder.make_block(width + 1);
        let (inside, _) = self.builder.make_block(0);
        let (behind, behind_parameters) = self.builder.make_block(behind_width);
        let mut first = vec![self.rounds()];
        first.extend(self.some_values(width));
        self.jump(head, &first);
        let (known, repetitions) = (self.pool.len(), self.repetitions);
        self.repetitions *= u64::from(ROUNDS + 1);
        self.join(head, parameters.clone());
        let results = self.some_values(behind_width);
        let targets = [self.target(inside, &[]), self.target(behind, &results)];
        self.branch(parameters[0], targets[0], targets[1]);
        self.begin(inside);
        self.some_statements();
        if self.random.percent(30) {
            self.break_to(behind, behind_width);
            self.some_statements();
        }
        let next = self.next_round(parameters[0], &parameters[1..]);
        self.jump(head, &next);
        self.repetitions = repetitions;
        self.pool.truncate(known);
        self.join(behind, behind_parameters);
    }

    // br c, behind(…), rest()
    fn break_to(&mut self, behind: BlockId, width: u32) {
        let condition = self.tested();
        let (rest, _) = self.builder.make_block(0);
        let results = self.some_values(width);
        let targets = [self.target(behind, &results), self.target(rest, &[])];
        self.branch(condition, targets[0], targets[1]);
        self.begin(rest);
    }

    // jmp head(n, …)
    // head(i, …): … br i − 1 > 0, head(i − 1, …), behind(…)
    fn loop_tested_last(&mut self) {
        let (width, behind_width) = (self.width(), self.width());
        let (head, parameters) = self.builder.make_block(width + 1);
        let (behind, behind_parameters) = self.builder.make_block(behind_width);
        let mut first = vec![self.rounds()];
        first.extend(self.some_values(width));
        self.jump(head, &first);
        let (known, repetitions) = (self.pool.len(), self.repetitions);
        self.repetitions *= u64::from(ROUNDS);
        self.join(head, parameters.clone());
        self.some_statements();
        let next = self.next_round(parameters[0], &parameters[1..]);
        let condition = self.goes_on(next[0]);
        let results = self.some_values(behind_width);
        let targets = [self.target(head, &next), self.target(behind, &results)];
        self.branch(condition, targets[0], targets[1]);
        self.repetitions = repetitions;
        self.pool.truncate(known);
        self.join(behind, behind_parameters);
    }

    // br c, one(n, …), other(n, …)
    // one(i, …): … br i − 1 > 0, other(i − 1, …), behind()
    // other(i, …): … br i − 1 > 0, one(i − 1, …), behind()
    fn loop_with_two_entries(&mut self) {
        let width = self.width();
        let (one, one_parameters) = self.builder.make_block(width + 1);
        let (other, other_parameters) = self.builder.make_block(width + 1);
        let (behind, _) = self.builder.make_block(0);
        let condition = self.tested();
        let rounds = self.rounds();
        let [then, otherwise] = [one, other].map(|block| {
            let mut first = vec![rounds];
            first.extend(self.some_values(width));
            self.target(block, &first)
        });
        self.branch(condition, then, otherwise);
        let repetitions = self.repetitions;
        self.repetitions *= u64::from(ROUNDS);
        for (block, parameters, next_block) in
            [(one, one_parameters, other), (other, other_parameters, one)]
        {
            let known = self.pool.len();
            self.join(block, parameters.clone());
            self.some_statements();
            let next = self.next_round(parameters[0], &parameters[1..]);
            let condition = self.goes_on(next[0]);
            let targets = [self.target(next_block, &next), self.target(behind, &[])];
            self.branch(condition, targets[0], targets[1]);
            self.pool.truncate(known);
        }
        self.repetitions = repetitions;
        self.begin(behind);
    }
}
