//! Chooses x86-64 instructions for a function.
//!
//! Blocks are walked from the last to the first, and each from its end. What has no effect is
//! selected only if something selected before needs its result, so what nobody needs vanishes; and
//! what a single instruction in the same block needs can become a part of that one: a number, a part
//! of an address, the comparison before a jump.
//!
//! The result is [`Code`] with virtual registers, one for each value that needs one, and constants
//! where they are used.

mod arithmetic;
mod builder;
mod call;
mod condition;
mod divide;
mod early;
mod flags;
mod memory;

use self::builder::{Builder, NONE, ValueFacts, value_facts};
use super::early_return::EarlyReturn;
use super::instruction::{Instruction, Label, Source};
use super::registers::RESULT;
use crate::ir::flow::Flow;
use crate::ir::{BlockId, ExitId, Function, List, Op, Target, Value};
use crate::machine::{Calls, Code, Constraint, Register, Role};
use crate::origin::{Linkage, Mechanism, Origin};

/// Instructions for a function, and what its frame must have room for.
#[derive(Debug)]
pub(super) struct Selected {
    /// The instructions.
    pub(super) code: Code<Instruction>,
    /// How many arguments of a call go on the stack, at most.
    pub(super) outgoing: u32,
    /// Whether it calls, so that its stack pointer must be aligned.
    pub(super) calls: bool,
    /// The block before which no frame is needed, and the one that returns without; the first comes
    /// from the entry alone.
    pub(super) early_return: Option<EarlyReturn>,
}

/// Chooses instructions for a function without critical edges.
pub(super) fn select(function: &Function, calls: Calls) -> Selected {
    let mut selector = Selector::new(function, calls);
    if function.blocks.len() == 1 {
        selector.block(BlockId::ENTRY, 0);
    } else {
        let flow = Flow::of(function);
        let blocks = (0..function.blocks.len() as u32).map(BlockId);
        selector.depths = blocks.clone().map(|block| flow.loop_depth(block)).collect();
        selector.find_early_return();
        for block in blocks.rev() {
            if flow.is_reachable(block) {
                selector.block(block, flow.loop_depth(block));
            } else {
                selector.unreachable_block();
            }
        }
    }
    selector.hand_over_behind_early_return();
    Selected {
        early_return: selector.early_return,
        code: selector.builder.finish(),
        outgoing: selector.outgoing,
        calls: selector.has_calls,
    }
}

/// The registers of arguments that a function uses.
const PARAMETERS: usize = 6;

struct Selector<'a> {
    function: &'a Function,
    calls: Calls,
    builder: Builder,
    values: Vec<ValueFacts>,
    /// By block: how many loops it is in; empty if there is one block.
    depths: Vec<u32>,
    /// The block that is being selected, and how many loops it is in.
    block: u32,
    depth: u32,
    /// The instruction of the function that is being selected.
    at: usize,
    /// Divisions further up that give a second result, in this register; the next one last.
    other_results: Vec<(usize, Register)>,
    /// By argument in a register: the virtual register that it is in.
    parameters: [Option<Register>; PARAMETERS],
    /// With an early return the block that leads to the rest is one of its own.
    early_return: Option<EarlyReturn>,
    /// With an early return, by value: its virtual register before the rest, or `NONE`.
    early_registers: Vec<u32>,
    outgoing: u32,
    has_calls: bool,
}

impl<'a> Selector<'a> {
    fn new(function: &'a Function, calls: Calls) -> Self {
        let mut builder = Builder::new(function);
        Self {
            function,
            calls,
            values: value_facts(function, &mut builder),
            builder,
            depths: Vec::new(),
            block: 0,
            depth: 0,
            at: 0,
            other_results: Vec::new(),
            parameters: [None; PARAMETERS],
            early_return: None,
            early_registers: Vec::new(),
            outgoing: 0,
            has_calls: false,
        }
    }

    fn block(&mut self, block: BlockId, depth: u32) {
        self.block = block.0;
        self.depth = depth;
        self.builder.begin_block(depth);
        if block == BlockId::ENTRY {
            self.begin_entry();
        }
        let function = self.function;
        let range = function.blocks[block.index()].range();
        for (at, instruction) in range.zip(function.block(block)).rev() {
            self.at = at;
            if self.is_needed(&instruction.op) {
                self.builder.set_origin(instruction.origin);
                self.instruction(&instruction.op);
            }
        }
        if block == BlockId::ENTRY {
            self.begin_function();
        }
        let parameters = self.registers(
            function.blocks[block.index()].parameters,
            Self::own_register,
        );
        self.builder.end_block(parameters.into_iter());
    }

    /// Nothing that others need is made where control can't come.
    fn unreachable_block(&mut self) {
        self.builder.begin_block(0);
        self.builder.set_origin(Origin::default());
        self.builder.emit(Instruction::Ud2);
        self.builder.end_block(std::iter::empty());
    }

    fn instruction(&mut self, op: &Op) {
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
            Op::Guard { condition, exit } => self.guard(condition, exit),
            Op::Poll { exit } => self.emit_exit(exit, Instruction::Poll),
            Op::StackCheck { exit } => {
                self.builder
                    .set_part(Linkage::Prologue, Mechanism::StateManagement);
                self.emit_exit(exit, Instruction::StackCheck);
            }
            Op::Jump { target } => self.jump(target),
            Op::Branch {
                condition,
                then,
                otherwise,
            } => self.branch(condition, then, otherwise),
            Op::Return { value } => self.give_back(value),
            Op::Leave { exit } => self.emit_exit(exit, Instruction::Leave),
        }
    }

    /// `jmp target`, the last instruction of its block.
    fn jump(&mut self, target: Target) {
        let arguments = self.registers(target.arguments, Self::register);
        self.builder.set_arguments(arguments.into_iter());
        self.builder.set_successors([Some(target.block), None]);
        self.builder.emit(Instruction::Jmp {
            label: Label(target.block.0),
        });
    }

    /// The result goes to rax; the rest depends on the frame.
    fn give_back(&mut self, value: Value) {
        self.builder
            .set_part(Linkage::Epilogue, Mechanism::DataTransfer);
        let register = self.register(value);
        self.use_fixed(register, RESULT);
        self.builder.emit_with_operands(Instruction::Return);
    }

    /// An instruction that may leave by an exit.
    fn emit_exit(&mut self, exit: ExitId, instruction: Instruction) {
        let values = self.function.exits[exit.index()].values;
        for value in self.function.list(values) {
            let register = self.register(value);
            self.builder
                .operand(register, Role::Use, Constraint::Anywhere);
        }
        self.builder.emit_exit(exit, instruction);
    }

    /// The next instruction reads a register of the machine.
    fn use_fixed(&mut self, register: Register, place: Register) {
        let constraint = place
            .number()
            .map_or(Constraint::Register, Constraint::Fixed);
        self.builder.operand(register, Role::Use, constraint);
    }

    /// The next instruction writes a register of the machine.
    fn define_fixed(&mut self, register: Register, place: Register) {
        let constraint = place
            .number()
            .map_or(Constraint::Register, Constraint::Fixed);
        self.builder.operand(register, Role::Define, constraint);
    }

    /// Whether an instruction has an effect, or something that has been selected needs a result.
    fn is_needed(&self, op: &Op) -> bool {
        match *op {
            Op::Constant { dest, .. } | Op::Unary { dest, .. } => self.has_register(dest),
            Op::Binary { dest, .. } => self.has_register(dest) && !self.values[dest.index()].sunk,
            Op::WideMultiply { low, high, .. } => self.has_register(low) || self.has_register(high),
            Op::WideDivide { results, exit, .. } => {
                let mut results = self.function.list(results);
                exit.is_some() || results.any(|value| self.has_register(value))
            }
            _ => op.has_effect() || op.result().is_some_and(|value| self.has_register(value)),
        }
    }

    /// Whether something that has been selected, and so comes later, uses a value.
    #[inline]
    fn has_register(&self, value: Value) -> bool {
        self.values[value.index()].register != NONE
            || self.early_return.is_some() && self.early_registers[value.index()] != NONE
    }

    /// The instruction that defines a value, if it is no block's parameter.
    #[inline]
    fn definition(&self, value: Value) -> Option<&'a Op> {
        let definition = self.values[value.index()].definition;
        Some(&self.function.instructions.get(definition as usize)?.op)
    }

    /// The value's number, if it is a constant.
    #[inline]
    fn constant(&self, value: Value) -> Option<i64> {
        match self.definition(value) {
            Some(&Op::Constant { value, .. }) => Some(value),
            _ => None,
        }
    }

    /// The value's number, if it is a constant that fits into an instruction.
    fn immediate(&self, value: Value) -> Option<i32> {
        i32::try_from(self.constant(value)?).ok()
    }

    /// A value as an operand: a number if it fits, else a register.
    fn source(&mut self, value: Value) -> Source {
        match self.immediate(value) {
            Some(number) => Source::Immediate(number),
            None => Source::Register(self.register(value)),
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

    /// The virtual register of a value as an operand of the instruction that is emitted next.
    fn register(&mut self, value: Value) -> Register {
        match self.constant(value) {
            Some(constant) if !self.is_hoisted(value) => self.builder.constant(constant),
            _ => self.own_register(value),
        }
    }

    /// The one virtual register of a value.
    #[inline]
    fn own_register(&mut self, value: Value) -> Register {
        let known = if self.early_return.is_some() && self.has_early_register(value) {
            &mut self.early_registers[value.index()]
        } else {
            &mut self.values[value.index()].register
        };
        if *known == NONE {
            let register = self.builder.register();
            *known = register.virtual_index().unwrap_or(NONE);
            return register;
        }
        Register::virtual_register(*known)
    }

    /// The registers of all values of a list.
    fn registers(
        &mut self,
        list: List,
        register: impl Fn(&mut Self, Value) -> Register,
    ) -> Vec<Register> {
        let function = self.function;
        function
            .list(list)
            .map(|value| register(self, value))
            .collect()
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
