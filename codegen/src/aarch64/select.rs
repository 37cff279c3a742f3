//! Chooses AArch64 instructions for a function.
//!
//! Blocks are visited after those that follow them, and each is walked from its end. What has no
//! effect is selected only if something selected before needs its result, so what nobody needs
//! vanishes; and what a single instruction in the same block needs can become a part of that one: a
//! shifted operand, an immediate, the comparison of a branch, the multiplication of a `madd`.
//!
//! The result is [`Code`] with virtual registers, one for each value that needs one, and constants
//! where they are used.

mod arithmetic;
mod builder;
mod call;
mod condition;
mod constants;
mod divide;
mod logic;
mod memory;
#[cfg(test)]
mod tests;

use self::builder::Builder;
use self::constants::Constants;
use super::instruction::{Instruction, Label};
use crate::ir::flow::Flow;
use crate::ir::{BlockId, ExitId, Function, Op, Target, Value};
use crate::machine::{Calls, Code, Constraint, Register, Role};
use crate::origin::{Linkage, Mechanism, Origin};

/// Instructions for a function, and what its frame must have room for.
#[derive(Debug)]
pub(super) struct Selected {
    /// The instructions.
    pub(super) code: Code<Instruction>,
    /// Bytes for arguments of calls that go on the stack.
    pub(super) outgoing: u32,
    /// Whether it calls, so that it must save the link register.
    pub(super) calls: bool,
}

/// Chooses instructions for a function without critical edges.
pub(super) fn select(function: &Function, calls: Calls) -> Selected {
    let mut selector = Selector::new(function, calls);
    if function.blocks.len() == 1 {
        selector.block(BlockId::ENTRY, 0);
    } else {
        let flow = Flow::of(function);
        selector.note_depths(&flow);
        for &block in flow.reverse_postorder().iter().rev() {
            selector.block(block, flow.loop_depth(block));
        }
        for block in (0..function.blocks.len() as u32).map(BlockId) {
            if !flow.is_reachable(block) {
                selector.unreachable_block(block);
            }
        }
    }
    Selected {
        code: selector.builder.finish(),
        outgoing: selector.outgoing,
        calls: selector.has_calls,
    }
}

/// No instruction, no register, no block.
const NONE: u32 = u32::MAX;

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
struct ValueFacts {
    /// The instruction that defines it; `NONE` for a block's parameter.
    definition: u32,
    /// How many operands it is.
    uses: u32,
    /// The block that defines it, or whose parameter it is.
    block: u32,
    /// The index of its virtual register, `NONE` as long as nobody needs one.
    register: u32,
}

struct Selector<'a> {
    function: &'a Function,
    calls: Calls,
    builder: Builder,
    constants: Constants,
    values: Vec<ValueFacts>,
    /// By block: how many loops it is in; empty if there is one block.
    depths: Vec<u32>,
    /// The block that is being selected, and how many loops it is in.
    block: u32,
    depth: u32,
    /// Quotients that an earlier remainder of the same operands computes, too: the remainder's
    /// instruction, and the quotient's register.
    shared_quotients: Vec<(u32, Register)>,
    /// By argument in a register: the virtual register that it is in.
    parameters: [Option<Register>; 8],
    outgoing: u32,
    has_calls: bool,
}

impl<'a> Selector<'a> {
    fn new(function: &'a Function, calls: Calls) -> Self {
        Self {
            function,
            calls,
            builder: Builder::new(function.blocks.len(), function.instructions.len()),
            constants: Constants::new(function.values),
            values: value_facts(function),
            depths: Vec::new(),
            block: 0,
            depth: 0,
            shared_quotients: Vec::new(),
            parameters: [None; 8],
            outgoing: 0,
            has_calls: false,
        }
    }

    fn note_depths(&mut self, flow: &Flow) {
        self.depths = (0..self.function.blocks.len() as u32)
            .map(|block| flow.loop_depth(BlockId(block)))
            .collect();
    }

    /// Selects a block whose successors have been selected, those by edges back aside.
    fn block(&mut self, block: BlockId, depth: u32) {
        self.block = block.0;
        self.depth = depth;
        self.builder.begin_block(depth);
        let range = self.function.blocks[block.index()].range();
        for index in range.rev() {
            let instruction = &self.function.instructions[index];
            if instruction.op.has_effect() || self.is_needed(&instruction.op) {
                self.builder.begin_group(instruction.origin);
                self.instruction(index as u32, &instruction.op);
                self.end_group();
            }
        }
        if block == BlockId::ENTRY {
            self.builder.begin_group(Origin::default());
            self.parameters();
            self.end_group();
        }
        self.constants.end_region(&mut self.builder);
        let parameters: Vec<Register> = self
            .function
            .list(self.function.blocks[block.index()].parameters)
            .map(|parameter| self.own_register(parameter))
            .collect();
        self.builder.set_parameters(parameters.into_iter());
        self.builder.end_block(block);
    }

    /// A block that control can't reach has nothing that others need.
    fn unreachable_block(&mut self, block: BlockId) {
        self.builder.begin_block(0);
        self.builder.begin_group(Origin::default());
        self.builder.emit(Instruction::Brk { value: 0 });
        self.builder.end_group();
        self.builder.end_block(block);
    }

    #[inline]
    fn end_group(&mut self) {
        if !self.builder.group_is_empty() {
            self.builder.end_group();
        }
        self.constants.end_group(&self.builder);
    }

    fn instruction(&mut self, index: u32, op: &Op) {
        match *op {
            Op::Constant { dest, value } => {
                let rd = self.own_register(dest);
                self.builder.emit(Instruction::Constant { rd, value });
            }
            Op::Argument { dest, index } => self.argument(dest, index),
            Op::Unary { operator, dest, a } => self.unary(operator, dest, a),
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => self.binary(operator, dest, a, b),
            Op::Divide { .. } => self.divide(index, op),
            Op::Select {
                dest,
                condition,
                a,
                b,
            } => self.select(dest, condition, a, b),
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
            } => self.load(dest, address, offset, access),
            Op::Store {
                value,
                address,
                offset,
                access,
            } => self.store(value, address, offset, access),
            Op::Call {
                dest,
                callee,
                arguments,
                exit,
            } => self.call(dest, callee, arguments, exit),
            Op::Guard { condition, exit } => {
                let test = self.test(condition);
                self.leave_if(test, exit);
            }
            Op::Poll { exit } => self.poll(exit),
            Op::StackCheck { exit } => {
                let label = Label::Exit(0);
                self.builder
                    .set_part(Linkage::Prologue, Mechanism::StateManagement);
                self.leave(exit, Instruction::StackCheck { label });
            }
            Op::Jump { target } => self.jump(target),
            Op::Branch {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise),
            Op::Return { value } => self.r#return(value),
            Op::Leave { exit } => {
                let label = Label::Exit(0);
                self.leave(exit, Instruction::B { label });
            }
        }
    }

    /// `b target`, the last instruction of its block.
    fn jump(&mut self, target: Target) {
        let arguments: Vec<Register> = self
            .function
            .list(target.arguments)
            .map(|argument| self.register(argument))
            .collect();
        self.builder.set_arguments(arguments.into_iter());
        self.builder.set_successors([Some(target.block), None]);
        self.builder.emit(Instruction::B {
            label: Label::Local(target.block.0),
        });
    }

    /// The branch if the condition holds; the other way is left to the end of selection.
    fn branch(&mut self, condition: Value, then: Target, otherwise: Target) {
        if then.block == otherwise.block {
            return self.jump(then);
        }
        let test = self.test(condition);
        self.builder
            .set_successors([Some(then.block), Some(otherwise.block)]);
        self.builder.emit(test.branch(Label::Local(then.block.0)));
    }

    /// The result goes to x0; the rest depends on the frame.
    fn r#return(&mut self, value: Value) {
        self.builder
            .set_part(Linkage::Epilogue, Mechanism::DataTransfer);
        let register = self.register(value);
        let fixed = Constraint::Fixed(super::registers::RESULT);
        self.builder.operand(register, Role::Use, fixed);
        self.builder
            .set_part(Linkage::Epilogue, Mechanism::ControlTransfer);
        self.builder.emit_with_operands(Instruction::Return);
    }

    /// An instruction with the label `Exit(0)` that may leave by an exit.
    fn leave(&mut self, exit: ExitId, instruction: Instruction) {
        let values = self.function.exits[exit.index()].values;
        for value in self.function.list(values) {
            let register = self.register(value);
            self.builder
                .operand(register, Role::Use, Constraint::Anywhere);
        }
        self.builder.emit_exit(exit, instruction);
    }

    fn leave_if(&mut self, test: condition::Test, exit: ExitId) {
        self.leave(exit, test.branch(Label::Exit(0)));
    }

    /// Whether something that has been selected needs a result of the instruction.
    fn is_needed(&self, op: &Op) -> bool {
        match *op {
            Op::WideMultiply { low, high, .. } => self.has_register(low) || self.has_register(high),
            Op::WideDivide { results, .. } => self
                .function
                .list(results)
                .any(|value| self.has_register(value)),
            _ => op.result().is_some_and(|value| self.has_register(value)),
        }
    }

    fn has_register(&self, value: Value) -> bool {
        self.values[value.index()].register != NONE
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

    /// The instruction that defines a value, if it can become a part of the one that asks: it is in
    /// the same block, and nobody else uses the value.
    fn foldable(&self, value: Value) -> Option<&'a Op> {
        let facts = &self.values[value.index()];
        if facts.uses == 1 && facts.block == self.block && facts.register == NONE {
            self.definition(value)
        } else {
            None
        }
    }

    /// The virtual register of a value as an operand.
    fn register(&mut self, value: Value) -> Register {
        if let Some(constant) = self.constant(value)
            && !self.is_hoisted(value)
        {
            return self.constants.register(value, constant, &mut self.builder);
        }
        self.own_register(value)
    }

    /// The register of a value as an operand that can be the zero register.
    fn register_or_zero(&mut self, value: Value) -> Register {
        if self.constant(value) == Some(0) {
            super::instruction::ZR
        } else {
            self.register(value)
        }
    }

    /// The one virtual register of a value.
    fn own_register(&mut self, value: Value) -> Register {
        let facts = &mut self.values[value.index()];
        if facts.register == NONE {
            let register = self.builder.register();
            facts.register = register.virtual_index().unwrap_or(NONE);
            return register;
        }
        Register::virtual_register(facts.register)
    }

    /// Whether a constant is made outside of the loop that the current block is in.
    fn is_hoisted(&self, value: Value) -> bool {
        let block = self.values[value.index()].block;
        self.depth > 0
            && self
                .depths
                .get(block as usize)
                .is_some_and(|&depth| depth < self.depth)
    }
}

/// What is known of the values before selection.
fn value_facts(function: &Function) -> Vec<ValueFacts> {
    let unknown = ValueFacts {
        definition: NONE,
        uses: 0,
        block: NONE,
        register: NONE,
    };
    let mut values = vec![unknown; function.values as usize];
    for (block, contents) in function.blocks.iter().enumerate() {
        for parameter in function.list(contents.parameters) {
            values[parameter.index()].block = block as u32;
        }
        for index in contents.range() {
            note_operands(function, index as u32, block as u32, &mut values);
        }
    }
    values
}

/// Notes what an instruction reads and defines. The frequent ones are done here, at once.
#[inline]
fn note_operands(function: &Function, index: u32, block: u32, values: &mut [ValueFacts]) {
    let op = &function.instructions[index as usize].op;
    let define = |values: &mut [ValueFacts], value: Value| {
        let facts = &mut values[value.index()];
        facts.definition = index;
        facts.block = block;
    };
    match *op {
        Op::Constant { dest, .. } => define(values, dest),
        Op::Binary { dest, a, b, .. } => {
            values[a.index()].uses += 1;
            values[b.index()].uses += 1;
            define(values, dest);
        }
        _ => {
            function.visit_uses(op, |value| values[value.index()].uses += 1);
            function.visit_results(op, |value| define(values, value));
        }
    }
}
