//! Chooses ULM instructions for a function of the IR.
//!
//! Blocks are walked from their beginning. A comparison that only the branch behind it asks for
//! becomes a part of that branch; a constant that fits into the instructions that use it is made
//! nowhere else, one that is 0 is `%0`.

mod arithmetic;
mod builder;
mod calls;
mod conditional;

use codegen::ir::flow::Flow;
use codegen::ir::{
    BlockId, Condition, Division, ExitId, Function, Instruction as IrInstruction, Op, Target, Value,
};
use codegen::machine::{Code, Constraint, Register, Role};
use codegen::origin::{Linkage, Mechanism};

use rustc_hash::{FxHashMap, FxHashSet};

use self::builder::Builder;
use self::conditional::Additions;
use super::instruction::{Instruction, Label, Source, Test, ZERO};
use super::registers::Scheme;

/// The instructions that stand for the IR's in a function, with virtual registers.
#[derive(Debug)]
pub(super) struct Selected {
    /// The instructions.
    pub(super) code: Code<Instruction>,
    /// Whether it calls functions.
    pub(super) has_calls: bool,
}

/// Chooses instructions for a function without critical edges.
pub(super) fn select(function: &Function, scheme: &Scheme<'_>) -> Selected {
    let flow = Flow::of(function);
    let mut selector = Selector::new(function, scheme, &flow);
    for block in (0..function.blocks.len() as u32).map(BlockId) {
        if flow.is_reachable(block) {
            selector.block(block);
        } else {
            selector.unreachable_block();
        }
    }
    Selected {
        code: selector.builder.finish(),
        has_calls: selector.has_calls,
    }
}

/// No instruction, no register.
const NONE: u32 = u32::MAX;

/// As many instructions a constant may go unused before it is made again: there are registers
/// enough, but none to waste on one that is hardly used.
const REACH: u32 = 5000;

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
struct ValueFacts {
    /// The instruction that defines it; `NONE` for a block's parameter.
    definition: u32,
    /// How many operands it is.
    uses: u32,
    /// The block that defines it, or whose parameter it is.
    block: u32,
    /// The block in which it is somebody's condition, the last one.
    tested_in: u32,
    /// A constant: whether it is used in a deeper loop than it is made in, in a register.
    is_hoisted: bool,
}

/// A constant in a register.
#[derive(Debug, Clone, Copy)]
struct Made {
    /// The block and the instruction before which it was last used.
    block: u32,
    position: u32,
    register: Register,
}

struct Selector<'a> {
    function: &'a Function,
    scheme: &'a Scheme<'a>,
    flow: &'a Flow,
    builder: Builder,
    values: Vec<ValueFacts>,
    additions: Additions,
    /// By value: the register that a constant was made in last.
    made: Vec<Option<Made>>,
    block: BlockId,
    /// Of divisions of the same two values: the remainder that the division of a quotient computes as
    /// well, and the other way round.
    partners: FxHashMap<Value, Value>,
    /// Quotients and remainders that the division of their partner has computed.
    computed: FxHashSet<Value>,
    /// Where the results of the divisions go, by turns.
    next_group: u32,
    groups: u32,
    has_calls: bool,
}

impl<'a> Selector<'a> {
    fn new(function: &'a Function, scheme: &'a Scheme<'a>, flow: &'a Flow) -> Self {
        let values = value_facts(function);
        let mut selector = Self {
            function,
            scheme,
            flow,
            builder: Builder::new(function),
            additions: Additions::of(function, &values),
            values,
            made: vec![None; function.values as usize],
            block: BlockId::ENTRY,
            partners: FxHashMap::default(),
            computed: FxHashSet::default(),
            next_group: 0,
            groups: grouped_instructions(function).min(scheme.most_groups()),
            has_calls: false,
        };
        selector.note_hoisted();
        selector.note_partners();
        selector
    }

    /// Notes the constants that a loop needs in a register and that are made outside of it.
    fn note_hoisted(&mut self) {
        let function = self.function;
        for (index, block) in function.blocks.iter().enumerate() {
            let depth = self.flow.loop_depth(BlockId(index as u32));
            if depth == 0 {
                continue;
            }
            for instruction in &function.instructions[block.range()] {
                function.visit_uses(&instruction.op, |value| {
                    let facts = self.values[value.index()];
                    let made_at = BlockId(facts.block);
                    if facts.definition != NONE
                        && self.flow.loop_depth(made_at) < depth
                        && !arithmetic::takes_immediate(self, &instruction.op, value)
                    {
                        self.values[value.index()].is_hoisted = true;
                    }
                });
            }
        }
    }

    fn block(&mut self, block: BlockId) {
        self.block = block;
        let function = self.function;
        let parts = function.blocks[block.index()];
        self.builder.begin_block(self.flow.loop_depth(block));
        if block == BlockId::ENTRY {
            self.parameters();
        }
        for instruction in function.block(block) {
            self.builder.begin(instruction.origin);
            self.instruction(instruction);
        }
        let parameters = function.list(parts.parameters).map(own_register).collect();
        self.builder.end_block(parameters);
    }

    /// Finds quotients and remainders of the same values, the second where the first has been
    /// computed in any case.
    fn note_partners(&mut self) {
        let mut divisions: FxHashMap<(Value, Value), (Division, Value, BlockId)> =
            FxHashMap::default();
        for &block in self.flow.reverse_postorder() {
            for instruction in self.function.block(block) {
                let Op::Divide {
                    operator,
                    dest,
                    a,
                    b,
                    ..
                } = instruction.op
                else {
                    continue;
                };
                let is_used = self.values[dest.index()].uses > 0;
                if !is_used || !matches!(operator, Division::Signed | Division::SignedRemainder) {
                    continue;
                }
                match divisions.get(&(a, b)) {
                    Some(&(other, first, place))
                        if other != operator && self.flow.dominates(place, block) =>
                    {
                        self.partners.entry(first).or_insert(dest);
                    }
                    Some(_) => {}
                    None => {
                        divisions.insert((a, b), (operator, dest, block));
                    }
                }
            }
        }
    }

    /// Control can't come here, and nothing that others need is made here.
    fn unreachable_block(&mut self) {
        self.builder.begin_block(0);
        self.builder.emit(Instruction::Unreachable);
        self.builder.end_block(Vec::new());
    }

    fn instruction(&mut self, instruction: &IrInstruction) {
        if !self.is_needed(&instruction.op) {
            return;
        }
        match instruction.op {
            Op::Constant { dest, value } => {
                let z = own_register(dest);
                self.builder.emit(Instruction::Constant { z, value });
            }
            Op::Argument { dest, index } => self.argument(dest, index),
            Op::Unary { operator, dest, a } => self.unary(operator, dest, a),
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => self.binary(operator, dest, a, b),
            Op::Divide {
                operator,
                dest,
                a,
                b,
                exit,
            } => self.divide(operator, dest, (a, b), exit),
            Op::Select {
                dest,
                condition,
                a,
                b,
            } => {
                let test = self.test(condition);
                let (a, b) = (self.register_or_zero(a), self.register_or_zero(b));
                let z = own_register(dest);
                self.builder.emit(Instruction::Select { test, a, b, z });
            }
            Op::WideMultiply { low, high, a, b } => self.wide_multiply(low, high, a, b),
            Op::Call {
                dest,
                callee,
                arguments,
                exit,
            } => self.call(dest, callee, arguments, exit),
            Op::Guard { condition, exit } => {
                let test = self.test(condition);
                self.leaving(exit, Instruction::LeaveIf { test });
            }
            Op::StackCheck { exit } => {
                self.builder.set_mechanism(Mechanism::StateManagement);
                self.leaving(exit, Instruction::StackCheck);
            }
            Op::Jump { target } => self.jump(target),
            Op::Branch {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise),
            Op::Return { value } => self.give_back(value),
            Op::Leave { exit } => self.leave(exit),
            // Who runs a program on the machine stops it between two instructions.
            Op::Poll { .. } => {}
            // The language has no memory and no numbers of 128 bits.
            Op::Load { .. } | Op::Store { .. } | Op::WideDivide { .. } => {
                debug_assert!(false, "emjay has no {:?}", instruction.op);
                self.builder.emit(Instruction::Unreachable);
            }
        }
    }

    /// Whether an instruction must be written: a constant only where it has a register of its own,
    /// a comparison not if its branch makes it.
    fn is_needed(&self, op: &Op) -> bool {
        if op.has_effect() {
            return true;
        }
        let Some(dest) = op.result() else {
            return true;
        };
        let facts = &self.values[dest.index()];
        match op {
            _ if facts.uses == 0 || self.additions.has_part(dest) => false,
            Op::Constant { .. } => facts.is_hoisted,
            Op::Binary {
                operator: codegen::ir::Binary::Compare(_),
                ..
            } => !self.is_folded(dest),
            _ => true,
        }
    }

    /// Whether a comparison becomes a part of the only instruction that asks for it.
    fn is_folded(&self, dest: Value) -> bool {
        let facts = &self.values[dest.index()];
        facts.uses == 1 && facts.tested_in == facts.block
    }

    /// The test behind a condition.
    fn test(&mut self, condition: Value) -> Test {
        if let Some(&Op::Binary {
            operator: codegen::ir::Binary::Compare(relation),
            a,
            b,
            ..
        }) = self.definition(condition)
            && self.is_folded(condition)
        {
            return self.comparison(relation, a, b);
        }
        Test {
            condition: Condition::NotEqual,
            x: Source::Immediate(0),
            y: self.register_or_zero(condition),
        }
    }

    /// `jmp label`
    fn jump(&mut self, target: Target) {
        let function = self.function;
        let arguments = function
            .list(target.arguments)
            .map(|value| self.register(value))
            .collect();
        self.builder.set_arguments(arguments);
        self.builder.set_successors([Some(target.block), None]);
        self.builder.emit(Instruction::Jump {
            label: Label(target.block.0),
        });
    }

    fn branch(&mut self, condition: Value, then: Target, otherwise: Target) {
        if then.block == otherwise.block {
            return self.jump(then);
        }
        let test = self.test(condition);
        self.builder
            .set_successors([Some(then.block), Some(otherwise.block)]);
        self.builder.emit(Instruction::Branch {
            test,
            label: Label(then.block.0),
        });
    }

    /// The result to where the convention wants it.
    fn give_back(&mut self, value: Value) {
        self.builder.set_linkage(Linkage::Epilogue);
        self.builder.set_mechanism(Mechanism::DataTransfer);
        let y = match self.scheme.result_register() {
            Some(result) => {
                let register = self.register(value);
                self.builder
                    .operand(register, Role::Use, Constraint::Fixed(result));
                None
            }
            None => Some(self.register_or_zero(value)),
        };
        self.builder.emit(Instruction::Return { y });
    }

    /// The registers of the values that an exit reports.
    fn exit_values(&mut self, exit: ExitId) -> Vec<Register> {
        let function = self.function;
        let values = function.list(function.exits[exit.index()].values);
        values.map(|value| self.register(value)).collect()
    }

    /// An instruction that may leave by an exit.
    fn leaving(&mut self, exit: ExitId, instruction: Instruction) {
        let values = self.exit_values(exit);
        self.builder.exit(exit, &values, instruction);
    }

    /// The instruction that defines a value, if it is no block's parameter.
    fn definition(&self, value: Value) -> Option<&'a Op> {
        let definition = self.values[value.index()].definition;
        Some(&self.function.instructions.get(definition as usize)?.op)
    }

    /// The value's number, if it is a constant.
    fn constant(&self, value: Value) -> Option<i64> {
        match self.definition(value) {
            Some(&Op::Constant { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// The virtual register of a value as an operand of the next instruction.
    fn register(&mut self, value: Value) -> Register {
        let Some(constant) = self.constant(value) else {
            return own_register(value);
        };
        let facts = self.values[value.index()];
        if facts.is_hoisted && self.flow.loop_depth(BlockId(facts.block)) < self.depth() {
            return own_register(value);
        }
        let position = self.builder.position();
        let register = match self.made[value.index()] {
            Some(made) if made.block == self.block.0 && position - made.position <= REACH => {
                made.register
            }
            _ => {
                let z = self.builder.register();
                let value = constant;
                self.builder
                    .emit_computation(Instruction::Constant { z, value });
                z
            }
        };
        self.made[value.index()] = Some(Made {
            block: self.block.0,
            position,
            register,
        });
        register
    }

    fn depth(&self) -> u32 {
        self.flow.loop_depth(self.block)
    }

    /// The register of a value as an operand that can be `%0`.
    fn register_or_zero(&mut self, value: Value) -> Register {
        if self.constant(value) == Some(0) {
            ZERO
        } else {
            self.register(value)
        }
    }
}

/// The virtual register of a value that is no constant.
const fn own_register(value: Value) -> Register {
    Register::virtual_register(value.0)
}

/// How many instructions have their results in neighbouring registers.
fn grouped_instructions(function: &Function) -> u32 {
    let is_grouped = |op: &Op| {
        matches!(
            op,
            Op::Divide { .. }
                | Op::WideMultiply { .. }
                | Op::Binary {
                    operator: codegen::ir::Binary::MultiplyHighSigned
                        | codegen::ir::Binary::MultiplyHighUnsigned,
                    ..
                }
        )
    };
    let instructions = function.instructions.iter();
    instructions.filter(|i| is_grouped(&i.op)).count() as u32
}

/// What is known of the values before selection.
fn value_facts(function: &Function) -> Vec<ValueFacts> {
    let unknown = ValueFacts {
        definition: NONE,
        uses: 0,
        block: NONE,
        tested_in: NONE,
        is_hoisted: false,
    };
    let mut values = vec![unknown; function.values as usize];
    for (block, contents) in function.blocks.iter().enumerate() {
        for parameter in function.list(contents.parameters) {
            values[parameter.index()].block = block as u32;
        }
        for index in contents.range() {
            let op = &function.instructions[index].op;
            function.visit_uses(op, |value| values[value.index()].uses += 1);
            if let Op::Branch { condition, .. }
            | Op::Guard { condition, .. }
            | Op::Select { condition, .. } = *op
            {
                values[condition.index()].tested_in = block as u32;
            }
            function.visit_results(op, |value| {
                let facts = &mut values[value.index()];
                facts.definition = index as u32;
                facts.block = block as u32;
            });
        }
    }
    values
}
