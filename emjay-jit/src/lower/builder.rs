//! A function of the IR while it grows: blocks are written one behind the other, and what is
//! jumped to is a label until all blocks have their numbers.

use codegen::ir::{Block, BlockId, Function, Instruction, List, Op, Target, Value};
use codegen::{Linkage, Origin, Place};

use crate::span::Span;

/// A place to jump to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(u32);

/// An instruction, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position(u32);

pub(super) struct Builder {
    pub(super) function: Function,
    /// By label: its block.
    blocks: Vec<BlockId>,
    /// Whether instructions are added to the last block.
    is_open: bool,
}

impl Builder {
    /// A function, declared at a place, with its entry block open.
    pub(super) fn new(name: &str, parameters: u32, declared: Span, instructions: usize) -> Self {
        let mut function = Function::new(name, parameters);
        function.place = function.make_place(place(declared));
        function.instructions.reserve(instructions);
        function.places.reserve(instructions);
        let mut builder = Self {
            function,
            blocks: Vec::new(),
            is_open: false,
        };
        builder.open(&[]);
        builder
    }

    /// Whether control can be here.
    pub(super) fn is_reachable(&self) -> bool {
        self.is_open
    }

    pub(super) fn value(&mut self) -> Value {
        self.function.value()
    }

    pub(super) fn label(&mut self) -> Label {
        self.blocks.push(BlockId(u32::MAX));
        Label(self.blocks.len() as u32 - 1)
    }

    /// Begins a block with parameters.
    pub(super) fn bind(&mut self, label: Label, parameters: &[Value]) {
        self.open(parameters);
        self.bind_here(label);
    }

    /// Lets a label lead to the block that has just begun.
    pub(super) fn bind_here(&mut self, label: Label) {
        self.blocks[label.0 as usize] = BlockId(self.function.blocks.len() as u32 - 1);
    }

    fn open(&mut self, parameters: &[Value]) {
        debug_assert!(!self.is_open, "the block before has its terminator");
        let parameters = self.function.make_list(parameters);
        let start = self.function.instructions.len() as u32;
        self.function.blocks.push(Block {
            parameters,
            start,
            end: start,
        });
        self.is_open = true;
    }

    #[inline]
    pub(super) fn emit(&mut self, op: Op, span: Span) -> Position {
        self.emit_as(op, span, Linkage::Body)
    }

    /// Adds an instruction; a terminator ends the block.
    #[inline]
    pub(super) fn emit_as(&mut self, op: Op, span: Span, linkage: Linkage) -> Position {
        debug_assert!(self.is_open, "code that can't be reached is not lowered");
        let place = self.function.make_place(place(span));
        let origin = Origin::body(place).with(linkage);
        let position = self.function.instructions.len() as u32;
        self.function.instructions.push(Instruction { op, origin });
        if op.is_terminator() {
            self.is_open = false;
            if let Some(block) = self.function.blocks.last_mut() {
                block.end = position + 1;
            }
        }
        Position(position)
    }

    /// `jmp label(arguments)`
    pub(super) fn jump(&mut self, label: Label, arguments: &[Value], span: Span) -> Position {
        let arguments = self.function.make_list(arguments);
        let target = Target {
            block: BlockId(label.0),
            arguments,
        };
        self.emit(Op::Jump { target }, span)
    }

    /// `br condition, then(), otherwise()`
    pub(super) fn branch(&mut self, condition: Value, then: Label, otherwise: Label, span: Span) {
        let target = |label: Label| Target {
            block: BlockId(label.0),
            arguments: List::EMPTY,
        };
        let op = Op::Branch {
            condition,
            then: target(then),
            otherwise: target(otherwise),
        };
        self.emit(op, span);
    }

    /// Gives a jump its arguments.
    pub(super) fn set_arguments(&mut self, jump: Position, values: &[Value]) {
        let list = self.function.make_list(values);
        if let Op::Jump { target } = &mut self.function.instructions[jump.0 as usize].op {
            target.arguments = list;
        }
    }

    /// The function, with blocks in place of labels.
    pub(super) fn finish(mut self) -> Function {
        debug_assert!(!self.is_open, "the last block has its terminator");
        for block in &self.function.blocks {
            let last = &mut self.function.instructions[block.end as usize - 1];
            let place = |target: &mut Target| {
                target.block = self.blocks[target.block.index()];
            };
            match &mut last.op {
                Op::Jump { target } => place(target),
                Op::Branch {
                    then, otherwise, ..
                } => {
                    place(then);
                    place(otherwise);
                }
                _ => {}
            }
        }
        self.function
    }
}

/// A range of the source as a place of the IR.
fn place(Span { start, end }: Span) -> Place {
    Place::Source { start, end }
}
