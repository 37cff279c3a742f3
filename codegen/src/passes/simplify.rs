//! Simplification: one walk over a function that writes it anew, each instruction in the simplest
//! form that is known.
//!
//! - *Folding and identities*: `x + 0`, `x * 1`, `x - x`, `!!x`, comparisons of comparisons, …
//! - *Value numbering*: what has been computed in the block, or in one that dominates it, is not
//!   computed again; operands of commutative operations are ordered.
//! - *Offsets*: a value is known as `base + offset`, and the addition is put off. Sums of such values
//!   add the bases, and their offsets now:
//!
//!   ```text
//!   add  @r2, r0, 3
//!   add  @r3, r1, 5             sub  @r2, r0, r1
//!   sub  @r4, r2, r3            sub  @r3, r2, 2
//!   ```
//!
//!   A value that somebody needs as it is, as a factor or an argument, say, gets its addition where
//!   it is defined. An offset is only carried as long as one addition of a 12-bit immediate makes it
//!   up, and never from block to block.
//! - *Strength*: multiplications and divisions by constants ([`strength`](super::strength)).
//! - *Known conditions*: what a branch, a guard or a division above has decided.
//!
//! Constants stand where they are first needed, once on each way from the entry; a generator makes
//! them again wherever that is cheaper than keeping them.
//!
//! Blocks are walked in reverse postorder, which is their new order: what dominates a block has been
//! seen before it. Blocks that no branch leads to any more are left out, also in the rest of the
//! walk; not so loops, to which a way back might lead.

mod arithmetic;
mod compare;
mod constants;
mod division;
mod logic;
mod numbering;
#[cfg(test)]
mod tests;
mod uses;

use rustc_hash::FxHashMap;

use self::arithmetic::Offset;
use self::numbering::{Definition, Numbering};
use self::uses::Uses;
use super::blocks;
use super::rewrite;
use super::strength::Costs;
use crate::ir::flow::Flow;
use crate::ir::{
    Binary, Block, BlockId, Condition, Division, ExitId, Function, Instruction, List, Op, Target,
    Unary, Value,
};
use crate::origin::Origin;

/// Writes a function anew, for a machine of such costs. Values are dense afterwards, blocks stand
/// in reverse postorder.
pub fn simplify(function: &mut Function, costs: Costs) {
    let flow = Flow::of(function);
    let name = std::mem::take(&mut function.name);
    let places = std::mem::take(&mut function.places);
    let mut simplifier = Simplifier::new(function, &flow, costs);
    for &block in flow.reverse_postorder() {
        if simplifier.may_be_reached(block) {
            simplifier.block(block);
        } else {
            simplifier.progress[block.index()] = Progress::LeftOut;
        }
    }
    *function = Function {
        name,
        places,
        ..simplifier.finish()
    };
}

/// How far the walk has come with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It has not been met yet.
    Ahead,
    /// Nothing leads to it.
    LeftOut,
    /// It is walked, or has been, and is this block of the new function.
    Made(BlockId),
}

/// The walk.
struct Simplifier<'a> {
    old: &'a Function,
    flow: &'a Flow,
    costs: Costs,
    uses: Uses,
    /// The function that is made. Its targets name blocks by their old numbers until the end.
    new: Function,
    /// How far the walk has come with each old block.
    progress: Vec<Progress>,
    /// What stands for each old value.
    known: Vec<Offset>,
    /// The values of the new function.
    numbering: Numbering,
    /// What has been decided of new values, and in which block: whether they are not 0.
    decided: FxHashMap<Value, (BlockId, bool)>,
    /// The old block that is walked.
    here: BlockId,
    /// The origin of what is made.
    origin: Origin,
    /// Room for lists of operands.
    scratch: Vec<Value>,
}

impl<'a> Simplifier<'a> {
    fn new(old: &'a Function, flow: &'a Flow, costs: Costs) -> Self {
        let mut new = Function::new("", old.parameters);
        new.place = old.place;
        new.instructions.reserve(old.instructions.len());
        new.exits.reserve(old.exits.len());
        new.lists.reserve(old.lists.len());
        Self {
            old,
            flow,
            costs,
            uses: Uses::of(old, flow),
            new,
            progress: vec![Progress::Ahead; old.blocks.len()],
            known: vec![Offset::constant(0); old.values as usize],
            numbering: Numbering::new(old.values as usize),
            decided: FxHashMap::default(),
            here: BlockId::ENTRY,
            origin: Origin::default(),
            scratch: Vec::new(),
        }
    }

    fn finish(mut self) -> Function {
        for block in &self.new.blocks {
            let last = &mut self.new.instructions[block.end as usize - 1].op;
            rewrite::targets_mut(last, |target| {
                if let Progress::Made(name) = self.progress[target.block.index()] {
                    target.block = name;
                }
            });
        }
        self.new.values = self.numbering.len();
        self.new
    }

    /// Whether something leads to a block that is next, or may turn out to.
    fn may_be_reached(&self, block: BlockId) -> bool {
        block == BlockId::ENTRY
            || self
                .flow
                .predecessors(block)
                .iter()
                .any(|&from| match self.progress[from.index()] {
                    Progress::Ahead => self.flow.is_reachable(from),
                    Progress::LeftOut => false,
                    Progress::Made(name) => self.leads_to(name, block),
                })
    }

    /// Walks a block.
    fn block(&mut self, block: BlockId) {
        self.here = block;
        self.learn_from_predecessor(block);
        let parameters = self.parameters(block);
        self.progress[block.index()] = Progress::Made(BlockId(self.new.blocks.len() as u32));
        let start = self.new.instructions.len() as u32;
        for instruction in self.old.block(block) {
            self.origin = instruction.origin;
            self.instruction(&instruction.op);
            if matches!(instruction.op, Op::Guard { .. }) && self.has_ended(start) {
                break;
            }
        }
        let end = self.new.instructions.len() as u32;
        self.new.blocks.push(Block {
            parameters,
            start,
            end,
        });
    }

    /// Whether the block that began at `start` has its terminator: a guard may have become one.
    fn has_ended(&self, start: u32) -> bool {
        self.new.instructions[start as usize..]
            .last()
            .is_some_and(|last| last.op.is_terminator())
    }

    /// If the only way to a block is one side of a branch, the condition is known in it.
    fn learn_from_predecessor(&mut self, block: BlockId) {
        let &[from] = self.flow.predecessors(block) else {
            return;
        };
        let Progress::Made(name) = self.progress[from.index()] else {
            return;
        };
        let last = self.new.blocks[name.index()].end as usize - 1;
        if let Op::Branch {
            condition,
            then,
            otherwise,
        } = self.new.instructions[last].op
            && then.block != otherwise.block
        {
            self.learn(condition, then.block == block);
        }
    }

    /// Gives a block its parameters. One for which all ways to the block have the same argument is
    /// known to be that; it stays, unused.
    fn parameters(&mut self, block: BlockId) -> List {
        let old = self.old;
        let list = old.blocks[block.index()].parameters;
        self.scratch.clear();
        for (index, parameter) in old.list(list).enumerate() {
            let value = self.numbering.add_opaque(block);
            self.scratch.push(value);
            if self.is_tested_argument(block, index) {
                self.decide(value, true);
            }
            self.known[parameter.index()] = self
                .common_argument(block, index, parameter)
                .unwrap_or(Offset::base(value));
        }
        self.new.make_list(&self.scratch)
    }

    /// Whether each way to a block tests what it hands over to its parameter, and comes only if that
    /// is not 0: `br r1, b1(r1), b2()`.
    fn is_tested_argument(&self, block: BlockId, index: usize) -> bool {
        self.flow.predecessors(block).iter().all(|&from| {
            let last = self.old.block(from).last();
            let Some(Op::Branch {
                condition,
                then,
                otherwise,
            }) = last.map(|last| last.op)
            else {
                return false;
            };
            then.block == block
                && otherwise.block != block
                && self.old.list(then.arguments).nth(index) == Some(condition)
        })
    }

    /// What all ways to a block hand over to its parameter, if that is the same.
    fn common_argument(&self, block: BlockId, index: usize, parameter: Value) -> Option<Offset> {
        let mut common = None;
        for &from in self.flow.predecessors(block) {
            let mut arguments = blocks::arguments_from(self.old, from, block, index);
            match self.progress[from.index()] {
                // Control comes back from there: what is handed over is not known yet.
                Progress::Ahead
                    if self.flow.is_reachable(from)
                        && arguments.any(|argument| argument != parameter) =>
                {
                    return None;
                }
                Progress::Made(name) if self.leads_to(name, block) => {
                    for argument in arguments {
                        let known = self.known[argument.index()];
                        if *common.get_or_insert(known) != known {
                            return None;
                        }
                    }
                }
                _ => {}
            }
        }
        common
    }

    /// Whether a new block still leads to an old one.
    fn leads_to(&self, name: BlockId, block: BlockId) -> bool {
        self.new
            .successors(name)
            .any(|target| target.block == block)
    }

    /// Remembers that a value is, or is not, 0 here and in the blocks that this one dominates.
    fn learn(&mut self, value: Value, is_not_zero: bool) {
        self.decide(value, is_not_zero);
        let Definition::Binary(Binary::Compare(condition), a, b) = self.numbering.definition(value)
        else {
            return;
        };
        let Some(constant) = self.constant_of(b) else {
            return;
        };
        let holds_for_zero = condition.holds(0, constant);
        if holds_for_zero != is_not_zero {
            self.decide(a, true);
        } else if constant == 0 && matches!(condition, Condition::Equal | Condition::NotEqual) {
            self.decide(a, false);
        }
    }

    fn decide(&mut self, value: Value, is_not_zero: bool) {
        if self.decided(value).is_none() {
            self.decided.insert(value, (self.here, is_not_zero));
        }
    }

    /// Whether a value is known to be 0 (`false`) or not to be (`true`).
    fn decided(&self, value: Value) -> Option<bool> {
        let &(home, is_not_zero) = self.decided.get(&value)?;
        self.flow.dominates(home, self.here).then_some(is_not_zero)
    }

    /// What stands for an old value.
    fn offset(&self, value: Value) -> Offset {
        self.known[value.index()]
    }

    /// The new value that stands for an old one.
    fn value(&mut self, old: Value) -> Value {
        let known = self.known[old.index()];
        let value = self.make(known);
        if !known.is_constant() {
            self.known[old.index()] = Offset::base(value);
        }
        value
    }

    /// A new list of the values that stand for those of an old one.
    fn list(&mut self, old: List) -> List {
        let mut values = std::mem::take(&mut self.scratch);
        values.clear();
        let function = self.old;
        values.extend(function.list(old).map(|value| self.value(value)));
        let list = self.new.make_list(&values);
        self.scratch = values;
        list
    }

    fn exit(&mut self, old: ExitId) -> ExitId {
        let mut exit = self.old.exits[old.index()];
        exit.values = self.list(exit.values);
        self.new.exits.push(exit);
        ExitId(self.new.exits.len() as u32 - 1)
    }

    fn target(&mut self, old: Target) -> Target {
        Target {
            block: old.block,
            arguments: self.list(old.arguments),
        }
    }

    /// A new value that is different each time, for an old one.
    fn opaque(&mut self, old: Value) -> Value {
        let value = self.numbering.add_opaque(self.here);
        self.known[old.index()] = Offset::base(value);
        value
    }

    fn push(&mut self, op: Op) {
        self.new.instructions.push(Instruction {
            op,
            origin: self.origin,
        });
    }

    /// Whether what is defined in a block can be used here.
    fn reaches(&self, home: BlockId) -> bool {
        home == self.here || self.flow.dominates(home, self.here)
    }

    /// The value of a constant.
    fn constant(&mut self, value: i64) -> Value {
        if let Some((known, home)) = self.numbering.find_constant(value)
            && self.reaches(home)
        {
            return known;
        }
        let dest = self.numbering.add_constant(self.here, value);
        self.push(Op::Constant { dest, value });
        dest
    }

    /// The value of an argument.
    fn argument(&mut self, index: u32) -> Value {
        if let Some((known, home)) = self.numbering.find_argument(index)
            && self.reaches(home)
        {
            return known;
        }
        let dest = self.numbering.add_argument(self.here, index);
        self.push(Op::Argument { dest, index });
        dest
    }

    /// The number that a new value is, if it is a constant.
    fn constant_of(&self, value: Value) -> Option<i64> {
        self.numbering.constant(value)
    }

    /// What a new value was computed from.
    fn definition(&self, value: Value) -> Definition {
        self.numbering.definition(value)
    }

    /// The value of a unary operation that has been simplified.
    fn unary_value(&mut self, operator: Unary, a: Value) -> Value {
        let definition = Definition::Unary(operator, a);
        self.computed(definition, a, |dest| Op::Unary { operator, dest, a })
    }

    /// The value of a binary operation that has been simplified. Operands that may change places
    /// are put in order, constants behind.
    fn binary_value(&mut self, operator: Binary, a: Value, b: Value) -> Value {
        let (a, b, key) = self.numbering.ordered(operator, a, b);
        let known = self
            .numbering
            .find_binary((operator, a, b), key, |home| self.reaches(home));
        if let Some(value) = known {
            return value;
        }
        let definition = Definition::Binary(operator, a, b);
        let dest = self.numbering.add_computed(self.here, definition, key);
        self.push(Op::Binary {
            operator,
            dest,
            a,
            b,
        });
        dest
    }

    /// The value of a selection that has been simplified.
    fn select_value(&mut self, condition: Value, a: Value, b: Value) -> Value {
        let definition = Definition::Select(condition, a, b);
        self.computed(definition, condition, |dest| Op::Select {
            dest,
            condition,
            a,
            b,
        })
    }

    /// The value of a division that can't fail.
    fn division_value(&mut self, operator: Division, a: Value, b: Value) -> Value {
        let key = self.numbering.key(a, b);
        self.computed(Definition::Divide(operator, a, b), key, |dest| Op::Divide {
            operator,
            dest,
            a,
            b,
            exit: None,
        })
    }

    /// A value with a definition: one that is there already, or a new one. `key` is the operand by
    /// which it is found.
    fn computed(
        &mut self,
        definition: Definition,
        key: Value,
        instruction: impl FnOnce(Value) -> Op,
    ) -> Value {
        let known = self
            .numbering
            .find(definition, key, |home| self.reaches(home));
        if let Some(value) = known {
            return value;
        }
        let value = self.numbering.add_computed(self.here, definition, key);
        self.push(instruction(value));
        value
    }

    /// Writes one instruction, if anybody needs it.
    fn instruction(&mut self, op: &Op) {
        match *op {
            Op::Constant { dest, .. }
            | Op::Argument { dest, .. }
            | Op::Unary { dest, .. }
            | Op::Binary { dest, .. }
            | Op::Select { dest, .. }
            | Op::Load { dest, .. }
            | Op::Divide {
                dest, exit: None, ..
            } if !self.uses.is_live(dest) => {}
            Op::Constant { dest, value } => self.is(dest, Offset::constant(value)),
            Op::Argument { dest, index } => {
                let value = self.argument(index);
                self.is(dest, Offset::base(value));
            }
            Op::Unary { operator, dest, a } => {
                let result = self.unary(operator, self.offset(a));
                self.is(dest, result);
            }
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => {
                let result = self.binary(operator, dest, self.offset(a), self.offset(b));
                self.is(dest, result);
            }
            Op::Select {
                dest,
                condition,
                a,
                b,
            } => {
                let condition = self.offset(condition);
                let result = self.select(condition, self.offset(a), self.offset(b));
                self.is(dest, result);
            }
            Op::Divide {
                operator,
                dest,
                a,
                b,
                exit,
            } => {
                let result = self.divide(operator, a, b, exit);
                self.is(dest, result);
            }
            Op::WideMultiply { low, high, a, b } => self.wide_multiply(low, high, a, b),
            Op::WideDivide {
                results,
                operands,
                exit,
            } => self.wide_divide(results, operands, exit),
            Op::Load {
                dest,
                address,
                offset,
                access,
            } => {
                let (address, offset) = self.address(address, offset);
                let dest = self.opaque(dest);
                self.push(Op::Load {
                    dest,
                    address,
                    offset,
                    access,
                });
            }
            Op::Store {
                value,
                address,
                offset,
                access,
            } => {
                let value = self.value(value);
                let (address, offset) = self.address(address, offset);
                self.push(Op::Store {
                    value,
                    address,
                    offset,
                    access,
                });
            }
            Op::Call {
                dest,
                callee,
                arguments,
                exit,
            } => {
                let arguments = self.list(arguments);
                let exit = exit.map(|exit| self.exit(exit));
                let dest = self.opaque(dest);
                self.push(Op::Call {
                    dest,
                    callee,
                    arguments,
                    exit,
                });
            }
            Op::Guard { condition, exit } => self.guard(condition, exit),
            Op::Poll { exit } => {
                let exit = self.exit(exit);
                self.push(Op::Poll { exit });
            }
            Op::StackCheck { exit } => {
                let exit = self.exit(exit);
                self.push(Op::StackCheck { exit });
            }
            Op::Leave { exit } => {
                let exit = self.exit(exit);
                self.push(Op::Leave { exit });
            }
            Op::Jump { target } => {
                let target = self.target(target);
                self.push(Op::Jump { target });
            }
            Op::Branch {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise),
            Op::Return { value } => {
                let value = self.value(value);
                self.push(Op::Return { value });
            }
        }
    }

    /// Says what stands for an old value. If it is needed as it is, and not as a part of sums only,
    /// it is made now; a constant is made where it is used.
    fn is(&mut self, old: Value, result: Offset) {
        self.known[old.index()] = result;
        if !result.is_constant() && self.uses.is_made(old) {
            self.value(old);
        }
    }

    /// The simplest form of a binary operation. `dest` is the old result.
    fn binary(&mut self, operator: Binary, dest: Value, a: Offset, b: Offset) -> Offset {
        if a.is_constant() && b.is_constant() {
            return Offset::constant(operator.evaluate(a.offset, b.offset));
        }
        match operator {
            Binary::Add => self.sum(a, b),
            Binary::Subtract if a.is_constant() && self.uses.is_made(dest) => {
                self.difference_from_constant(a.offset, b)
            }
            Binary::Subtract => self.difference(a, b),
            Binary::Multiply => self.product(a, b, self.uses.accumulates(dest)),
            Binary::ShiftLeft if b.is_constant() => {
                self.scaled(a, 1_i64.wrapping_shl(b.offset as u32), false)
            }
            Binary::ShiftLeft | Binary::ShiftRight | Binary::ShiftRightSigned => {
                self.shift(operator, a, b)
            }
            Binary::MultiplyHighSigned | Binary::MultiplyHighUnsigned => {
                self.high_product(operator, a, b)
            }
            Binary::And | Binary::Or | Binary::Xor => self.logical(operator, a, b),
            Binary::Compare(condition) => self.compare(condition, a, b),
        }
    }

    /// The address of an access: an offset of the value becomes one of the instruction.
    fn address(&mut self, address: Value, offset: i32) -> (Value, i32) {
        let known = self.offset(address);
        if let Some(base) = known.base_value()
            && let Ok(sum) = i32::try_from(known.offset + i64::from(offset))
        {
            return (base, sum);
        }
        (self.value(address), offset)
    }

    /// `guard r0`: goes if it is known to hold; what follows goes if it is known not to.
    fn guard(&mut self, condition: Value, exit: ExitId) {
        let known = self.offset(condition);
        let known = self.truth(known);
        match self.decided_truth(known) {
            Some(false) => {}
            Some(true) => {
                let exit = self.exit(exit);
                self.push(Op::Leave { exit });
            }
            None => {
                let condition = self.make(known);
                let exit = self.exit(exit);
                self.push(Op::Guard { condition, exit });
                self.learn(condition, false);
            }
        }
    }

    /// `br (eq x, 0), b1, b2` becomes `br x, b2, b1`, and a branch on what is known a jump.
    fn branch(&mut self, condition: Value, mut then: Target, mut otherwise: Target) {
        let known = self.offset(condition);
        let mut known = self.truth(known);
        if let Some(base) = known.base_value()
            && let Definition::Binary(Binary::Compare(Condition::Equal), a, b) =
                self.definition(base)
            && self.constant_of(b) == Some(0)
        {
            std::mem::swap(&mut then, &mut otherwise);
            known = Offset::base(a);
        }
        if let Some(truth) = self.decided_truth(known) {
            let target = self.target(if truth { then } else { otherwise });
            self.push(Op::Jump { target });
            return;
        }
        let condition = self.make(known);
        let then = self.target(then);
        let otherwise = self.target(otherwise);
        self.push(Op::Branch {
            condition,
            then,
            otherwise,
        });
    }

    /// A simpler value that is 0 exactly when this one is.
    fn truth(&mut self, value: Offset) -> Offset {
        if let Some(base) = value.base_value()
            && value.offset == 0
        {
            match self.definition(base) {
                Definition::Binary(Binary::Compare(Condition::NotEqual), a, b)
                    if self.constant_of(b) == Some(0) =>
                {
                    return Offset::base(a);
                }
                Definition::Unary(Unary::Negate, a) => return Offset::base(a),
                _ => {}
            }
        }
        value
    }

    /// Whether a value is known to be true or false.
    fn decided_truth(&self, value: Offset) -> Option<bool> {
        if value.is_constant() {
            return Some(value.offset != 0);
        }
        if value.offset != 0 {
            return None;
        }
        self.decided(value.base_value()?)
    }
}
