//! Puts [`Code`] together from its end.
//!
//! Selection walks a block backwards, so that it knows what is needed before it comes to where that
//! is made. What one IR instruction becomes, a *group*, is still written forwards. Groups are kept in
//! reverse, as are the tables beside the instructions; [`Builder::finish`] turns everything around
//! and puts the blocks, which come in any order, into theirs.

use super::super::instruction::{Instruction, Label};
use crate::ir::{BlockId, ExitId};
use crate::machine::{Code, CodeBlock, CodeExit, Constraint, Extra, Operand, Register, Role};
use crate::origin::{Linkage, Mechanism, Origin};

/// A constant that is made before the instructions that stand at and before a reversed position.
#[derive(Debug, Clone, Copy)]
struct Insertion {
    /// How many reversed instructions of the function come after it.
    position: u32,
    register: Register,
    value: i64,
    origin: Origin,
}

/// Where a block's parts are in the reversed tables.
#[derive(Debug, Clone, Copy, Default)]
struct BlockParts {
    instructions: (u32, u32),
    insertions: (u32, u32),
    extras: (u32, u32),
    exits: (u32, u32),
    arguments: (u32, u32),
    parameters: (u32, u32),
    successors: [Option<BlockId>; 2],
    loop_depth: u32,
}

/// Where a group begins in the tables.
#[derive(Debug, Clone, Copy, Default)]
struct GroupStart {
    instructions: u32,
    extras: u32,
    exits: u32,
}

/// Code that is being put together.
#[derive(Debug)]
pub(super) struct Builder {
    /// Reversed.
    instructions: Vec<Instruction>,
    /// Reversed.
    origins: Vec<Origin>,
    /// Reversed; positions are those in `instructions`.
    extras: Vec<Extra>,
    /// Reversed; positions are those in `instructions`.
    exits: Vec<(u32, ExitId)>,
    insertions: Vec<Insertion>,
    operands: Vec<Operand>,
    lists: Vec<Register>,
    blocks: Vec<BlockParts>,
    virtual_registers: u32,

    /// Where the group that is being written, forwards, begins in the tables.
    group: GroupStart,
    /// Where the extra operands that are being collected begin.
    operands_start: u32,
    origin: Origin,
    current: BlockParts,
}

impl Builder {
    /// Code with so many blocks, of about so many instructions.
    pub(super) fn new(blocks: usize, instructions: usize) -> Self {
        Self {
            instructions: Vec::with_capacity(instructions),
            origins: Vec::with_capacity(instructions),
            extras: Vec::new(),
            exits: Vec::new(),
            insertions: Vec::new(),
            operands: Vec::new(),
            lists: Vec::new(),
            blocks: vec![BlockParts::default(); blocks],
            virtual_registers: 0,
            group: GroupStart::default(),
            operands_start: 0,
            origin: Origin::default(),
            current: BlockParts::default(),
        }
    }

    /// A new virtual register.
    pub(super) const fn register(&mut self) -> Register {
        self.virtual_registers += 1;
        Register::virtual_register(self.virtual_registers - 1)
    }

    /// How many instructions follow the group that is being written.
    pub(super) const fn position(&self) -> u32 {
        self.group.instructions
    }

    /// Begins a block, at its end.
    pub(super) fn begin_block(&mut self, loop_depth: u32) {
        self.current = BlockParts {
            instructions: (self.position(), 0),
            insertions: (self.insertions.len() as u32, 0),
            extras: (self.extras.len() as u32, 0),
            exits: (self.exits.len() as u32, 0),
            loop_depth,
            ..BlockParts::default()
        };
    }

    /// Ends a block, at its beginning.
    pub(super) fn end_block(&mut self, block: BlockId) {
        let parts = &mut self.current;
        parts.instructions.1 = self.instructions.len() as u32;
        parts.insertions.1 = self.insertions.len() as u32;
        parts.extras.1 = self.extras.len() as u32;
        parts.exits.1 = self.exits.len() as u32;
        self.insertions[parts.insertions.0 as usize..]
            .sort_unstable_by_key(|insertion| insertion.position);
        self.blocks[block.index()] = *parts;
    }

    /// Says where control goes from the current block.
    pub(super) const fn set_successors(&mut self, successors: [Option<BlockId>; 2]) {
        self.current.successors = successors;
    }

    /// Says what the current block hands over to its only successor.
    pub(super) fn set_arguments(&mut self, arguments: impl Iterator<Item = Register>) {
        self.current.arguments = self.list(arguments);
    }

    /// Says what the current block is handed.
    pub(super) fn set_parameters(&mut self, parameters: impl Iterator<Item = Register>) {
        self.current.parameters = self.list(parameters);
    }

    fn list(&mut self, registers: impl Iterator<Item = Register>) -> (u32, u32) {
        let start = self.lists.len() as u32;
        self.lists.extend(registers);
        (start, self.lists.len() as u32)
    }

    /// Begins the group of an instruction. What is added to it belongs to the body, unless
    /// [`Self::set_part`] says something else.
    pub(super) const fn begin_group(&mut self, origin: Origin) {
        self.origin = Origin::body(origin.place);
    }

    /// Says which part in a call the instructions have that are added to the group from here on,
    /// the constants included that are made for them.
    pub(super) const fn set_part(&mut self, linkage: Linkage, mechanism: Mechanism) {
        self.origin = self.origin.with(linkage).doing(mechanism);
    }

    /// Adds an instruction to the group.
    #[inline]
    pub(super) fn emit(&mut self, instruction: Instruction) {
        self.instructions.push(instruction);
        self.origins.push(self.origin);
    }

    /// Adds an operand beside the instruction that comes next.
    pub(super) fn operand(&mut self, register: Register, role: Role, constraint: Constraint) {
        self.operands.push(Operand {
            register,
            role,
            constraint,
        });
    }

    /// Adds an instruction with the operands that have been collected.
    pub(super) fn emit_with_operands(&mut self, instruction: Instruction) {
        let start = self.operands_start;
        self.operands_start = self.operands.len() as u32;
        self.extras.push(Extra {
            instruction: self.instructions.len() as u32,
            operands: (start, self.operands_start),
        });
        self.emit(instruction);
    }

    /// Adds an instruction that may leave by an exit; the operands that have been collected are the
    /// exit's values.
    pub(super) fn emit_exit(&mut self, exit: ExitId, instruction: Instruction) {
        self.exits.push((self.instructions.len() as u32, exit));
        self.emit_with_operands(instruction);
    }

    /// Ends the group, and turns it around.
    #[inline]
    pub(super) fn end_group(&mut self) {
        let first = self.group.instructions as usize;
        if self.instructions.len() - first > 1 {
            self.instructions[first..].reverse();
            self.origins[first..].reverse();
        }
        if self.extras.len() > self.group.extras as usize {
            self.turn_tables();
        }
        self.group = GroupStart {
            instructions: self.instructions.len() as u32,
            extras: self.extras.len() as u32,
            exits: self.exits.len() as u32,
        };
    }

    /// Turns around what stands beside the group's instructions.
    fn turn_tables(&mut self) {
        let last = self.group.instructions + self.instructions.len() as u32 - 1;
        let extras = &mut self.extras[self.group.extras as usize..];
        extras.reverse();
        for extra in extras {
            extra.instruction = last - extra.instruction;
        }
        // An instruction that may leave has an entry in both tables.
        let exits = &mut self.exits[self.group.exits as usize..];
        exits.reverse();
        for (instruction, _) in exits {
            *instruction = last - *instruction;
        }
    }

    /// Whether nothing has been added to the group.
    pub(super) const fn group_is_empty(&self) -> bool {
        self.instructions.len() == self.group.instructions as usize
    }

    /// The origin of the group.
    pub(super) const fn origin(&self) -> Origin {
        self.origin
    }

    /// Makes a constant before the group that had been ended when this was the
    /// [`position`](Self::position).
    pub(super) fn insert_constant(
        &mut self,
        position: u32,
        register: Register,
        value: i64,
        origin: Origin,
    ) {
        self.insertions.push(Insertion {
            position,
            register,
            value,
            origin,
        });
    }

    /// Turns everything around.
    pub(super) fn finish(self) -> Code<Instruction> {
        let count = self.instructions.len() + self.insertions.len();
        let mut code = Code {
            instructions: Vec::with_capacity(count),
            origins: Vec::with_capacity(count),
            blocks: Vec::with_capacity(self.blocks.len()),
            lists: Vec::new(),
            extras: Vec::with_capacity(self.extras.len()),
            operands: Vec::with_capacity(self.operands.len()),
            exits: Vec::with_capacity(self.exits.len()),
            virtual_registers: self.virtual_registers,
        };
        for parts in &self.blocks {
            let start = code.instructions.len() as u32;
            self.append_block(parts, &mut code);
            code.blocks.push(CodeBlock {
                start,
                end: code.instructions.len() as u32,
                parameters: parts.parameters,
                arguments: parts.arguments,
                successors: parts.successors,
                loop_depth: parts.loop_depth,
            });
        }
        code.lists = self.lists;
        code
    }

    fn append_block(&self, parts: &BlockParts, code: &mut Code<Instruction>) {
        let range = |(start, end): (u32, u32)| start as usize..end as usize;
        let mut insertions = self.insertions[range(parts.insertions)]
            .iter()
            .rev()
            .peekable();
        let mut extras = self.extras[range(parts.extras)].iter().rev().peekable();
        let mut exits = self.exits[range(parts.exits)].iter().rev().peekable();
        for at in range(parts.instructions).rev() {
            while let Some(insertion) =
                insertions.next_if(|insertion| insertion.position > at as u32)
            {
                code.instructions.push(Instruction::Constant {
                    rd: insertion.register,
                    value: insertion.value,
                });
                code.origins.push(insertion.origin);
            }
            let instruction = code.instructions.len() as u32;
            code.instructions.push(self.instructions[at]);
            code.origins.push(self.origins[at]);
            if let Some(extra) = extras.next_if(|extra| extra.instruction == at as u32) {
                let start = code.operands.len() as u32;
                code.operands
                    .extend_from_slice(&self.operands[range(extra.operands)]);
                let operands = (start, code.operands.len() as u32);
                code.extras.push(Extra {
                    instruction,
                    operands,
                });
            }
            if let Some(&(_, exit)) = exits.next_if(|&&(position, _)| position == at as u32) {
                let label = Label::Exit(code.exits.len() as u32);
                if let Some(slot) = code.instructions[instruction as usize].label_mut() {
                    *slot = label;
                }
                code.exits.push(CodeExit { instruction, exit });
            }
        }
    }
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
    fn groups_come_out_in_the_order_of_execution() {
        let mut builder = Builder::new(1, 0);
        builder.begin_block(0);
        builder.begin_group(Origin::default());
        builder.emit(constant(2, 2));
        builder.emit(constant(3, 3));
        builder.end_group();
        builder.begin_group(Origin::default());
        builder.emit(constant(0, 0));
        builder.emit(constant(1, 1));
        builder.end_group();
        builder.end_block(BlockId(0));
        let code = builder.finish();
        let expected: Vec<Instruction> = (0..4).map(|i| constant(i, i64::from(i))).collect();
        assert_eq!(code.instructions, expected);
    }

    #[test]
    fn blocks_come_out_in_the_order_of_layout() {
        let mut builder = Builder::new(2, 0);
        for block in [1, 0] {
            builder.begin_block(0);
            builder.begin_group(Origin::default());
            builder.emit(constant(block, 0));
            builder.end_group();
            builder.end_block(BlockId(block));
        }
        let code = builder.finish();
        assert_eq!(code.instructions, [constant(0, 0), constant(1, 0)]);
        assert_eq!((code.blocks[1].start, code.blocks[1].end), (1, 2));
    }

    #[test]
    fn a_constant_is_made_before_the_group_that_it_was_ordered_for() {
        let mut builder = Builder::new(1, 0);
        builder.begin_block(0);
        builder.begin_group(Origin::default());
        builder.emit(constant(2, 2));
        builder.end_group();
        let position = builder.position();
        builder.begin_group(Origin::default());
        builder.emit(constant(0, 0));
        builder.end_group();
        builder.insert_constant(
            position,
            Register::virtual_register(1),
            1,
            Origin::default(),
        );
        builder.end_block(BlockId(0));
        let code = builder.finish();
        let expected: Vec<Instruction> = (0..3).map(|i| constant(i, i64::from(i))).collect();
        assert_eq!(code.instructions, expected);
    }

    #[test]
    fn exits_are_numbered_in_the_order_of_execution() {
        let mut builder = Builder::new(1, 0);
        builder.begin_block(0);
        for exit in [1, 0] {
            builder.begin_group(Origin::default());
            builder.emit_exit(
                ExitId(exit),
                Instruction::B {
                    label: Label::Exit(0),
                },
            );
            builder.end_group();
        }
        builder.end_block(BlockId(0));
        let code = builder.finish();
        let exits: Vec<u32> = code.exits.iter().map(|exit| exit.exit.0).collect();
        assert_eq!(exits, [0, 1]);
        assert_eq!(
            code.instructions[1],
            Instruction::B {
                label: Label::Exit(1)
            }
        );
    }
}
