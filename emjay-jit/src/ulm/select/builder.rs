//! Puts [`Code`] together, from its beginning.

use codegen::ir::{BlockId, ExitId, Function};
use codegen::machine::{Code, CodeBlock, CodeExit, Constraint, Extra, Operand, Register, Role};
use codegen::origin::{Linkage, Mechanism, Origin};

use crate::ulm::instruction::Instruction;

/// Code that is being put together.
#[derive(Debug)]
pub(super) struct Builder {
    code: Code<Instruction>,
    /// Where the operands begin that stand beside the next instruction.
    operands_start: u32,
    origin: Origin,
    block: CodeBlock,
}

impl Builder {
    /// For a function: its values have the first virtual registers.
    pub(super) fn new(function: &Function) -> Self {
        Self {
            code: Code {
                instructions: Vec::with_capacity(function.instructions.len()),
                origins: Vec::with_capacity(function.instructions.len()),
                blocks: Vec::with_capacity(function.blocks.len()),
                lists: Vec::new(),
                extras: Vec::new(),
                operands: Vec::new(),
                exits: Vec::new(),
                virtual_registers: function.values,
            },
            operands_start: 0,
            origin: Origin::default(),
            block: CodeBlock::default(),
        }
    }

    /// A new virtual register.
    pub(super) const fn register(&mut self) -> Register {
        self.code.virtual_registers += 1;
        Register::virtual_register(self.code.virtual_registers - 1)
    }

    /// How many instructions there are.
    pub(super) const fn position(&self) -> u32 {
        self.code.instructions.len() as u32
    }

    /// Begins a block.
    pub(super) fn begin_block(&mut self, loop_depth: u32) {
        self.block = CodeBlock {
            start: self.position(),
            loop_depth,
            ..CodeBlock::default()
        };
    }

    /// Ends the block, with what it is handed.
    pub(super) fn end_block(&mut self, parameters: Vec<Register>) {
        self.block.parameters = self.list(parameters);
        self.block.end = self.position();
        self.code.blocks.push(std::mem::take(&mut self.block));
    }

    /// Says where control goes from the block.
    pub(super) const fn set_successors(&mut self, successors: [Option<BlockId>; 2]) {
        self.block.successors = successors;
    }

    /// Says what the block hands over to its only successor.
    pub(super) fn set_arguments(&mut self, arguments: Vec<Register>) {
        self.block.arguments = self.list(arguments);
    }

    fn list(&mut self, registers: Vec<Register>) -> (u32, u32) {
        let start = self.code.lists.len() as u32;
        self.code.lists.extend(registers);
        (start, self.code.lists.len() as u32)
    }

    /// Begins what comes from an instruction of the IR: a part of the body that computes, unless
    /// something else is said.
    pub(super) const fn begin(&mut self, origin: Origin) {
        self.origin = origin.with(Linkage::Body).doing(Mechanism::Computation);
    }

    /// What comes next has this part in a call.
    pub(super) const fn set_linkage(&mut self, linkage: Linkage) {
        self.origin = self.origin.with(linkage);
    }

    /// What comes next does this for a call.
    pub(super) const fn set_mechanism(&mut self, mechanism: Mechanism) {
        self.origin = self.origin.doing(mechanism);
    }

    /// An operand beside the next instruction.
    pub(super) fn operand(&mut self, register: Register, role: Role, constraint: Constraint) {
        self.code.operands.push(Operand {
            register,
            role,
            constraint,
        });
    }

    /// Adds an instruction, with the operands that have been collected.
    pub(super) fn emit(&mut self, instruction: Instruction) {
        let operands = (self.operands_start, self.code.operands.len() as u32);
        if operands.0 < operands.1 {
            self.code.extras.push(Extra {
                instruction: self.position(),
                operands,
            });
            self.operands_start = operands.1;
        }
        self.code.instructions.push(instruction);
        self.code.origins.push(self.origin);
    }

    /// Adds an instruction that computes, while others around it prepare a call. No operands may be
    /// waiting for their instruction.
    pub(super) fn emit_computation(&mut self, instruction: Instruction) {
        debug_assert_eq!(self.operands_start, self.code.operands.len() as u32);
        let origin = self.origin;
        self.origin = origin.with(Linkage::Body).doing(Mechanism::Computation);
        self.emit(instruction);
        self.origin = origin;
    }

    /// Adds an instruction that may leave by an exit with these values.
    pub(super) fn exit(&mut self, exit: ExitId, values: &[Register], instruction: Instruction) {
        for &register in values {
            self.operand(register, Role::Use, Constraint::Anywhere);
        }
        self.code.exits.push(CodeExit {
            instruction: self.position(),
            exit,
        });
        self.emit(instruction);
    }

    /// What has been put together.
    pub(super) fn finish(self) -> Code<Instruction> {
        self.code
    }
}
