//! How values are used: the look ahead that [`simplify`](super) takes before it begins.

use crate::ir::flow::Flow;
use crate::ir::{Binary, BlockId, Function, Op, Unary, Value};

/// What is known of the uses of all values.
pub(super) struct Uses(Vec<u8>);

/// Somebody needs it. (The lowest bit, which can be multiplied.)
const LIVE: u8 = 1;
/// Somebody needs the value itself; an offset can't be taken into account.
const MADE: u8 = 2;
/// There is more than one use.
const SEVERAL: u8 = 4;
/// It is added to something, or subtracted from it.
const ADDED: u8 = 8;
/// It is a constant.
const CONSTANT: u8 = 16;

impl Uses {
    /// Looks at the whole function, backwards.
    ///
    /// What only a loop's parameter reads counts as alive: that is seen later.
    pub(super) fn of(function: &Function, flow: &Flow) -> Self {
        let mut uses = Self(vec![0; function.values as usize]);
        for instruction in &function.instructions {
            if let Op::Constant { dest, .. } = instruction.op {
                uses.0[dest.index()] = CONSTANT;
            }
        }
        let homes = homes(function);
        let order = flow.reverse_postorder();
        let mut position = vec![0; function.blocks.len()];
        for (index, block) in order.iter().enumerate() {
            position[block.index()] = index;
        }
        for (index, &block) in order.iter().enumerate().rev() {
            for target in function.successors(block) {
                let parameters = function.blocks[target.block.index()].parameters;
                let is_back = position[target.block.index()] <= index;
                for (argument, parameter) in function
                    .list(target.arguments)
                    .zip(function.list(parameters))
                {
                    if is_back || uses.is_live(parameter) {
                        uses.mark(argument, MADE);
                    }
                }
            }
            for instruction in function.block(block).iter().rev() {
                uses.visit(function, &instruction.op);
            }
            if order.len() > 1 {
                uses.mark_foreign(function, block, &homes);
            }
        }
        uses
    }

    /// Whether anybody needs a value.
    pub(super) fn is_live(&self, value: Value) -> bool {
        self.0[value.index()] & LIVE != 0
    }

    /// Whether a value itself is needed somewhere, and not only sums with it.
    pub(super) fn is_made(&self, value: Value) -> bool {
        self.0[value.index()] & MADE != 0
    }

    /// Whether a value has one use, and is added or subtracted there.
    pub(super) fn accumulates(&self, value: Value) -> bool {
        self.0[value.index()] & (ADDED | SEVERAL) == ADDED
    }

    fn is_constant(&self, value: Value) -> bool {
        self.0[value.index()] & CONSTANT != 0
    }

    fn mark(&mut self, value: Value, how: u8) {
        let flags = &mut self.0[value.index()];
        let again = (*flags & LIVE) * SEVERAL;
        *flags |= LIVE | again | how;
    }

    /// Marks what an instruction reads, if it is needed itself.
    fn visit(&mut self, function: &Function, op: &Op) {
        match *op {
            Op::Constant { .. } | Op::Argument { .. } => {}
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => {
                if !self.is_live(dest) {
                    return;
                }
                let (left, right) = match operator {
                    Binary::Add => (ADDED, ADDED),
                    Binary::Subtract => (0, ADDED),
                    Binary::Multiply if self.is_constant(a) || self.is_constant(b) => (0, 0),
                    Binary::ShiftLeft if self.is_constant(b) => (0, 0),
                    _ => (MADE, MADE),
                };
                self.mark(a, left);
                self.mark(b, right);
            }
            Op::Unary {
                operator: Unary::Negate,
                dest,
                a,
            } => {
                if self.is_live(dest) {
                    self.mark(a, 0);
                }
            }
            // Arguments are marked with the parameters that they are for.
            Op::Jump { .. } => {}
            Op::Branch { condition, .. } => self.mark(condition, MADE),
            _ => {
                let mut needed = op.has_effect();
                function.visit_results(op, |value| needed |= self.is_live(value));
                if needed {
                    function.visit_uses(op, |value| self.mark(value, MADE));
                }
            }
        }
    }

    /// Marks values of other blocks that this block reads: an offset is not carried across a
    /// border, as what is made from it would be made again in each loop.
    fn mark_foreign(&mut self, function: &Function, block: BlockId, homes: &[BlockId]) {
        for instruction in function.block(block) {
            function.visit_uses(&instruction.op, |value| {
                if homes[value.index()] != block {
                    self.0[value.index()] |= MADE;
                }
            });
        }
    }
}

/// The block in which each value is defined.
fn homes(function: &Function) -> Vec<BlockId> {
    if function.blocks.len() == 1 {
        return Vec::new();
    }
    let mut homes = vec![BlockId::ENTRY; function.values as usize];
    for block in super::blocks::block_ids(function) {
        for value in function.list(function.blocks[block.index()].parameters) {
            homes[value.index()] = block;
        }
        for instruction in function.block(block) {
            function.visit_results(&instruction.op, |value| homes[value.index()] = block);
        }
    }
    homes
}
