//! Short ways to a return are copied to those who jump there, where their arguments are known.
//!
//! ```text
//!     br  r2, b3(r0, r1), b2()              br  r2, b4(), b2()
//! b3(r7, r8):                           b4():
//!     add @r9, r7, r8                       add @r10, r0, r1
//!     ret r9                                ret r10
//! ```
//!
//! What is a constant on one of the ways, as a sum that begins with 0, can then be folded.

use super::rewrite::operands_mut;
use crate::ir::{Block, BlockId, Function, Instruction, List, Op, Target, Value};

/// The number of instructions of a way that is copied, its return included.
const LONGEST: usize = 3;
/// The number of copies of one way.
const MOST_COPIES: usize = 8;

/// Copies returns; says whether there were any.
pub fn duplicate(function: &mut Function) -> bool {
    let mut jumps = vec![0; function.blocks.len()];
    for block in 0..function.blocks.len() as u32 {
        function
            .successors(BlockId(block))
            .for_each(|target| jumps[target.block.index()] += 1);
    }
    let is_copied: Vec<bool> = (0..function.blocks.len())
        .map(|block| {
            (2..=MOST_COPIES).contains(&jumps[block]) && is_short(function, BlockId(block as u32))
        })
        .collect();
    if !is_copied.contains(&true) {
        return false;
    }
    let mut copier = Copier {
        instructions: Vec::with_capacity(function.instructions.len()),
        new_blocks: Vec::new(),
        originals: function.blocks.clone(),
        function,
        is_copied,
    };
    copier.run();
    true
}

fn is_short(function: &Function, block: BlockId) -> bool {
    let instructions = function.block(block);
    function.blocks[block.index()].parameters != List::EMPTY
        && instructions.len() <= LONGEST
        && matches!(
            instructions.last().map(|last| last.op),
            Some(Op::Return { .. })
        )
        && instructions[..instructions.len() - 1]
            .iter()
            .all(|instruction| {
                matches!(
                    instruction.op,
                    Op::Constant { .. } | Op::Unary { .. } | Op::Binary { .. }
                )
            })
}

struct Copier<'f> {
    function: &'f mut Function,
    instructions: Vec<Instruction>,
    /// Copies for branches, which stand behind all other blocks.
    new_blocks: Vec<Vec<Instruction>>,
    /// The blocks as they are in the instructions before.
    originals: Vec<Block>,
    is_copied: Vec<bool>,
}

impl Copier<'_> {
    fn run(&mut self) {
        for index in 0..self.originals.len() {
            let block = self.originals[index];
            let start = self.instructions.len() as u32;
            for position in block.range() {
                let mut instruction = self.function.instructions[position];
                match &mut instruction.op {
                    Op::Jump { target } if self.is_copied[target.block.index()] => {
                        let copy = self.copy(*target);
                        self.instructions.extend(copy);
                        continue;
                    }
                    Op::Branch {
                        then, otherwise, ..
                    } => {
                        self.copy_for_branch(then);
                        self.copy_for_branch(otherwise);
                    }
                    _ => {}
                }
                self.instructions.push(instruction);
            }
            let end = self.instructions.len() as u32;
            self.function.blocks[index] = Block {
                start,
                end,
                ..block
            };
        }
        for copy in std::mem::take(&mut self.new_blocks) {
            let start = self.instructions.len() as u32;
            self.instructions.extend(copy);
            let end = self.instructions.len() as u32;
            self.function.blocks.push(Block {
                parameters: List::EMPTY,
                start,
                end,
            });
        }
        self.function.instructions = std::mem::take(&mut self.instructions);
    }

    fn copy_for_branch(&mut self, target: &mut Target) {
        if self.is_copied[target.block.index()] {
            let copy = self.copy(*target);
            let block = self.originals.len() + self.new_blocks.len();
            self.new_blocks.push(copy);
            *target = Target {
                block: BlockId(block as u32),
                arguments: List::EMPTY,
            };
        }
    }

    /// The instructions of a block with the arguments for its parameters, and results of their own.
    fn copy(&mut self, target: Target) -> Vec<Instruction> {
        let function = &mut *self.function;
        let block = self.originals[target.block.index()];
        let mut names: Vec<(Value, Value)> = function
            .list(block.parameters)
            .zip(function.list(target.arguments))
            .collect();
        let mut copy = function.instructions[block.range()].to_vec();
        for instruction in &mut copy {
            operands_mut(&mut instruction.op, |value| {
                if let Some(&(_, new)) = names.iter().find(|name| name.0 == *value) {
                    *value = new;
                }
            });
            if let Op::Constant { dest, .. } | Op::Unary { dest, .. } | Op::Binary { dest, .. } =
                &mut instruction.op
            {
                let new = function.value();
                names.push((std::mem::replace(dest, new), new));
            }
        }
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    fn pass(function: &mut Function) {
        duplicate(function);
    }

    #[test]
    fn a_jump_and_a_branch_get_their_own_returns() {
        assert_pass(
            pass,
            "\
fn f - #args: 2, #reg: 8 {
b0():
    mva @r0, a0
    mva @r1, a1
    mvi @r2, 0
    br r0, b2(r1, r2), b1()
b1():
    mul @r3, r1, r1
    jmp b2(r3, r1)
b2(@r4, @r5):
    add @r6, r4, r5
    ret r6
}
",
            "\
fn f - #args: 2, #reg: 10 {
b0():
    mva @r0, a0
    mva @r1, a1
    mvi @r2, 0
    br r0, b3(), b1()
b1():
    mul @r3, r1, r1
    add @r9, r3, r1
    ret r9
b2(@r4, @r5):
    add @r6, r4, r5
    ret r6
b3():
    add @r8, r1, r2
    ret r8
}
",
        );
    }

    #[test]
    fn a_return_behind_a_call_is_not_copied() {
        assert_kept(
            pass,
            "\
fn f - #args: 1, #reg: 5 {
b0():
    mva @r0, a0
    mvi @r1, 0
    br r0, b1(r0), b1(r1)
b1(@r2):
    call @r3, f:0(r2)
    ret r3
}
",
        );
    }
}
