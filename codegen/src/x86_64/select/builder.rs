//! Puts [`Code`] together from its end.
//!
//! Selection walks backwards, so that it knows what is needed before it comes to where that is made.
//! What is emitted stands before what has been emitted; [`Builder::finish`] turns everything around.

use crate::ir::{BlockId, ExitId, Function, Op, Value};
use crate::machine::{Code, CodeBlock, CodeExit, Constraint, Extra, Operand, Register, Role};
use crate::origin::{Linkage, Mechanism, Origin};
use crate::x86_64::instruction::Instruction;

/// Code that is being put together.
#[derive(Debug)]
pub(super) struct Builder {
    /// Everything is in it reversed, and numbers of instructions are those of the reversed order.
    code: Code<Instruction>,
    /// Where the operands begin that stand beside the next instruction.
    operands_start: u32,
    /// Constants that the next instruction needs.
    constants: Vec<(Register, i64)>,
    origin: Origin,
    block: CodeBlock,
}

impl Builder {
    /// For a function like this one.
    pub(super) fn new(function: &Function) -> Self {
        let instructions = function.instructions.len() + function.instructions.len() / 8 + 8;
        Self {
            code: Code {
                instructions: Vec::with_capacity(instructions),
                origins: Vec::with_capacity(instructions),
                blocks: Vec::with_capacity(function.blocks.len()),
                lists: Vec::new(),
                extras: Vec::new(),
                operands: Vec::new(),
                exits: Vec::new(),
                virtual_registers: 0,
            },
            operands_start: 0,
            constants: Vec::new(),
            origin: Origin::default(),
            block: CodeBlock::default(),
        }
    }

    /// A new virtual register.
    #[inline]
    pub(super) fn register(&mut self) -> Register {
        self.code.virtual_registers += 1;
        Register::virtual_register(self.code.virtual_registers - 1)
    }

    /// A new register that holds a constant when the next instruction is reached.
    pub(super) fn constant(&mut self, value: i64) -> Register {
        let register = self.register();
        self.constants.push((register, value));
        register
    }

    fn position(&self) -> u32 {
        self.code.instructions.len() as u32
    }

    /// What is emitted from here on comes from there, and belongs to the body.
    pub(super) fn set_origin(&mut self, origin: Origin) {
        self.origin = Origin::body(origin.place);
    }

    /// Says which part in a call the instructions have that are emitted from here on, the constants
    /// included that they need.
    pub(super) fn set_part(&mut self, linkage: Linkage, mechanism: Mechanism) {
        self.origin = self.origin.with(linkage).doing(mechanism);
    }

    /// Begins a block at its end. Blocks come in the reverse of their order.
    pub(super) fn begin_block(&mut self, loop_depth: u32) {
        self.block = CodeBlock {
            start: self.position(),
            loop_depth,
            ..CodeBlock::default()
        };
    }

    /// Ends a block at its beginning.
    pub(super) fn end_block(&mut self, parameters: impl Iterator<Item = Register>) {
        self.block.parameters = self.list(parameters);
        self.block.end = self.position();
        self.code.blocks.push(std::mem::take(&mut self.block));
    }

    /// Says where control goes from the current block.
    pub(super) fn set_successors(&mut self, successors: [Option<BlockId>; 2]) {
        self.block.successors = successors;
    }

    /// Says what the current block hands over to its only successor.
    pub(super) fn set_arguments(&mut self, arguments: impl Iterator<Item = Register>) {
        self.block.arguments = self.list(arguments);
    }

    /// Makes a finished block hand over values to its successor, which has had no parameters.
    pub(super) fn hand_over(
        &mut self,
        from: BlockId,
        arguments: Vec<Register>,
        to: BlockId,
        parameters: Vec<Register>,
    ) {
        let last = self.code.blocks.len() - 1;
        self.code.blocks[last - from.index()].arguments = self.list(arguments.into_iter());
        self.code.blocks[last - to.index()].parameters = self.list(parameters.into_iter());
    }

    fn list(&mut self, registers: impl Iterator<Item = Register>) -> (u32, u32) {
        let start = self.code.lists.len() as u32;
        self.code.lists.extend(registers);
        (start, self.code.lists.len() as u32)
    }

    /// Emits an instruction, and before it the constants that it needs.
    #[inline]
    pub(super) fn emit(&mut self, instruction: Instruction) {
        self.code.instructions.push(instruction);
        self.code.origins.push(self.origin);
        if !self.constants.is_empty() {
            self.emit_constants(self.origin);
        }
    }

    /// Emits the constants that an instruction needs, before it.
    fn emit_constants(&mut self, origin: Origin) {
        for (rd, value) in self.constants.drain(..) {
            self.code
                .instructions
                .push(Instruction::Constant { rd, value });
            self.code.origins.push(origin);
        }
    }

    /// Adds an operand beside the next instruction.
    pub(super) fn operand(&mut self, register: Register, role: Role, constraint: Constraint) {
        self.code.operands.push(Operand {
            register,
            role,
            constraint,
        });
    }

    /// Emits an instruction with the operands that have been collected.
    pub(super) fn emit_with_operands(&mut self, instruction: Instruction) {
        let end = self.code.operands.len() as u32;
        if self.operands_start < end {
            self.code.extras.push(Extra {
                instruction: self.position(),
                operands: (self.operands_start, end),
            });
            self.operands_start = end;
        }
        self.emit(instruction);
    }

    /// Emits an instruction that may leave by an exit; the operands that have been collected are
    /// the exit's values.
    pub(super) fn emit_exit(&mut self, exit: ExitId, instruction: Instruction) {
        self.code.exits.push(CodeExit {
            instruction: self.position(),
            exit,
        });
        self.emit_with_operands(instruction);
    }

    /// Turns everything around.
    pub(super) fn finish(self) -> Code<Instruction> {
        let mut code = self.code;
        let count = code.instructions.len() as u32;
        code.instructions.reverse();
        code.origins.reverse();
        code.extras.reverse();
        let reversed = std::mem::take(&mut code.operands);
        code.operands.reserve(reversed.len());
        for extra in &mut code.extras {
            extra.instruction = count - 1 - extra.instruction;
            let start = code.operands.len() as u32;
            let operands = extra.operands.0 as usize..extra.operands.1 as usize;
            code.operands.extend_from_slice(&reversed[operands]);
            extra.operands = (start, code.operands.len() as u32);
        }
        code.exits.reverse();
        for exit in &mut code.exits {
            exit.instruction = count - 1 - exit.instruction;
        }
        code.blocks.reverse();
        for block in &mut code.blocks {
            (block.start, block.end) = (count - block.end, count - block.start);
        }
        code
    }
}

/// No instruction, no register, no block.
pub(super) const NONE: u32 = u32::MAX;

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueFacts {
    /// The instruction that defines it; `NONE` for a block's parameter.
    pub(super) definition: u32,
    /// How many operands it is.
    pub(super) uses: u32,
    /// How many of them are addresses of loads and stores.
    pub(super) addresses: u32,
    /// The block that defines it, or whose parameter it is.
    pub(super) block: u32,
    /// The index of its virtual register, `NONE` as long as nobody needs one.
    pub(super) register: u32,
    /// Whether it is made further down than its definition stands.
    pub(super) sunk: bool,
}

/// What is known of the values before selection. Values that are used in a block that stands before
/// the one that defines them get their registers: selection comes to the use too late to ask.
pub(super) fn value_facts(function: &Function, builder: &mut Builder) -> Vec<ValueFacts> {
    let unknown = ValueFacts {
        definition: NONE,
        uses: 0,
        addresses: 0,
        block: NONE,
        register: NONE,
        sunk: false,
    };
    let mut values = vec![unknown; function.values as usize];
    let define = |values: &mut [ValueFacts], value: Value, index: usize, block: usize| {
        let facts = &mut values[value.index()];
        facts.definition = index as u32;
        facts.block = block as u32;
    };
    let mut use_value = |values: &mut [ValueFacts], value: Value| {
        let facts = &mut values[value.index()];
        facts.uses += 1;
        if facts.block == NONE && facts.register == NONE {
            facts.register = builder.register().virtual_index().unwrap_or(NONE);
        }
    };
    for (block, contents) in function.blocks.iter().enumerate() {
        for parameter in function.list(contents.parameters) {
            values[parameter.index()].block = block as u32;
        }
        let range = contents.range();
        for (index, instruction) in range.clone().zip(&function.instructions[range]) {
            match instruction.op {
                Op::Constant { dest, .. } => define(&mut values, dest, index, block),
                Op::Binary { dest, a, b, .. } => {
                    use_value(&mut values, a);
                    use_value(&mut values, b);
                    define(&mut values, dest, index, block);
                }
                ref op => {
                    if let Op::Load { address, .. } | Op::Store { address, .. } = *op {
                        values[address.index()].addresses += 1;
                    }
                    function.visit_uses(op, |value| use_value(&mut values, value));
                    function.visit_results(op, |value| define(&mut values, value, index, block));
                }
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn constant(register: u32, value: i64) -> Instruction {
        Instruction::Constant {
            rd: Register::virtual_register(register),
            value,
        }
    }

    #[test]
    fn what_is_emitted_last_comes_first() {
        let mut builder = Builder::new(&Function::new("f", 0));
        for block in [1, 0] {
            builder.begin_block(block);
            builder.emit(constant(block, 1));
            builder.emit(constant(block, 0));
            builder.end_block(std::iter::empty());
        }
        let code = builder.finish();
        assert_eq!(
            code.instructions,
            [
                constant(0, 0),
                constant(0, 1),
                constant(1, 0),
                constant(1, 1)
            ]
        );
        assert_eq!((code.blocks[1].start, code.blocks[1].end), (2, 4));
        assert_eq!(code.blocks[1].loop_depth, 1);
    }

    #[test]
    fn a_constant_is_made_before_what_needs_it() {
        let mut builder = Builder::new(&Function::new("f", 0));
        builder.begin_block(0);
        let rn = builder.constant(7);
        let rd = builder.register();
        builder.emit(Instruction::Mov { rd, rn });
        builder.end_block(std::iter::empty());
        assert_eq!(
            builder.finish().instructions,
            [constant(0, 7), Instruction::Mov { rd, rn }]
        );
    }

    #[test]
    fn exits_and_operands_stay_with_their_instruction() {
        let mut builder = Builder::new(&Function::new("f", 0));
        builder.begin_block(0);
        builder.emit(Instruction::Ret);
        let register = builder.register();
        builder.operand(register, Role::Use, Constraint::Anywhere);
        builder.emit_exit(ExitId(3), Instruction::Leave);
        builder.end_block(std::iter::empty());
        let code = builder.finish();
        assert_eq!(code.instructions[0], Instruction::Leave);
        assert_eq!(code.exits[0].instruction, 0);
        assert_eq!(code.extras[0].instruction, 0);
        assert_eq!(code.extras[0].operands, (0, 1));
    }
}
