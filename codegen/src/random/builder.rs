//! Builds a function block by block, in any order.

use crate::ir::{Block, BlockId, Function, Instruction, List, Op, Target, Value};
use crate::origin::{Origin, Place};

/// A function that is being built. Its blocks have the numbers in which they were made until it is
/// finished.
pub(super) struct Builder {
    /// All of the function but blocks and instructions.
    pub(super) function: Function,
    /// By number: the block's parameters and instructions.
    drafts: Vec<(List, Vec<Instruction>)>,
    /// The blocks in the order in which they were begun.
    layout: Vec<BlockId>,
    current: BlockId,
}

impl Builder {
    /// A function whose entry block is begun.
    pub(super) fn new(name: String, parameters: u32) -> Self {
        Self {
            function: Function::new(name, parameters),
            drafts: vec![(List::EMPTY, Vec::new())],
            layout: vec![BlockId::ENTRY],
            current: BlockId::ENTRY,
        }
    }

    /// Makes a block with so many parameters, to be begun later.
    pub(super) fn make_block(&mut self, parameters: u32) -> (BlockId, Vec<Value>) {
        let values: Vec<Value> = (0..parameters).map(|_| self.function.value()).collect();
        let list = self.function.make_list(&values);
        self.drafts.push((list, Vec::new()));
        (BlockId(self.drafts.len() as u32 - 1), values)
    }

    /// Goes on in a block that has not been begun yet.
    pub(super) fn begin(&mut self, block: BlockId) {
        self.layout.push(block);
        self.current = block;
    }

    /// Whether the current block is the entry.
    pub(super) fn is_in_entry(&self) -> bool {
        self.current == BlockId::ENTRY
    }

    /// Adds an instruction to the current block, with a place of its own.
    pub(super) fn push(&mut self, op: Op) {
        let start = self.function.places.len() as u32;
        let place = self.function.make_place(Place::Source {
            start,
            end: start + 1,
        });
        self.drafts[self.current.index()].1.push(Instruction {
            op,
            origin: Origin::body(place),
        });
    }

    /// A target with its arguments.
    pub(super) fn target(&mut self, block: BlockId, arguments: &[Value]) -> Target {
        Target {
            block,
            arguments: self.function.make_list(arguments),
        }
    }

    /// The blocks behind the entry in the order of layout, to be changed.
    pub(super) fn layout(&mut self) -> &mut [BlockId] {
        &mut self.layout[1..]
    }

    /// The function, its blocks in the order of layout.
    pub(super) fn finish(mut self) -> Function {
        let mut positions = vec![BlockId::ENTRY; self.drafts.len()];
        for (position, block) in self.layout.iter().enumerate() {
            positions[block.index()] = BlockId(position as u32);
        }
        for block in &self.layout {
            let (parameters, instructions) = &mut self.drafts[block.index()];
            let start = self.function.instructions.len() as u32;
            let end = start + instructions.len() as u32;
            self.function.blocks.push(Block {
                parameters: *parameters,
                start,
                end,
            });
            for instruction in instructions.iter_mut() {
                match &mut instruction.op {
                    Op::Jump { target } => target.block = positions[target.block.index()],
                    Op::Branch {
                        then, otherwise, ..
                    } => {
                        then.block = positions[then.block.index()];
                        otherwise.block = positions[otherwise.block.index()];
                    }
                    _ => {}
                }
            }
            self.function.instructions.append(instructions);
        }
        self.function
    }
}
