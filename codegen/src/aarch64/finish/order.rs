//! In which order blocks are written.
//!
//! Blocks come in the order that they have, but for those that only move values on the way from a
//! branch to a block: they come right behind the branch, so that it falls through to them.
//!
//! ```text
//!     b.lt .L7                    b.ge .L3
//! .L3:                            mov  x9, x11
//!     …                  →    .L3:
//! .L7:                            …
//!     mov  x9, x11
//!     b    .L3
//! ```

use super::super::instruction::{Instruction, Label};
use super::threads::Threads;
use crate::machine::Code;

/// No block, or several.
const NONE: u32 = u32::MAX;

/// The order of the blocks that are written, and from where control comes to them.
#[derive(Debug)]
pub(super) struct Order {
    /// The blocks.
    pub(super) blocks: Vec<u32>,
    /// By block: its predecessor, if it has exactly one.
    predecessors: Vec<u32>,
}

impl Order {
    /// Orders the blocks that are not left out.
    pub(super) fn of(code: &Code<Instruction>, threads: &Threads) -> Self {
        let movers = movers(code, threads);
        let is_written = |block: u32| !threads.is_skipped(block) && !is_unreachable(code, block);
        let mut blocks = Vec::with_capacity(code.blocks.len());
        for block in 0..code.blocks.len() as u32 {
            if movers[block as usize] || !is_written(block) {
                continue;
            }
            blocks.push(block);
            let behind = || {
                let successors = code.blocks[block as usize].successors;
                successors
                    .into_iter()
                    .flatten()
                    .map(|successor| successor.0)
                    .filter(|&successor| movers[successor as usize])
            };
            // What falls through to the next block comes last.
            let falls_through = |mover: u32| jump_target(code, threads, mover) == block + 1;
            blocks.extend(behind().filter(|&mover| !falls_through(mover)));
            blocks.extend(behind().filter(|&mover| falls_through(mover)));
        }
        Self {
            blocks,
            predecessors: sole_predecessors(code),
        }
    }

    /// Whether control comes to a block from one other only.
    pub(super) fn follows_only(&self, block: u32, previous: u32) -> bool {
        self.predecessors[block as usize] == previous
    }
}

/// By block: whether it only moves values and jumps, and is a successor of a branch; then it has no
/// other predecessor.
fn movers(code: &Code<Instruction>, threads: &Threads) -> Vec<bool> {
    let mut movers = vec![false; code.blocks.len()];
    for parts in &code.blocks {
        if let [Some(a), Some(b)] = parts.successors {
            for successor in [a, b] {
                movers[successor.index()] =
                    !threads.is_skipped(successor.0) && is_jump(code, successor.0);
            }
        }
    }
    movers
}

fn is_jump(code: &Code<Instruction>, block: u32) -> bool {
    let parts = &code.blocks[block as usize];
    parts.end == parts.start + 1
        && matches!(
            code.instructions[parts.start as usize],
            Instruction::B {
                label: Label::Local(_)
            }
        )
}

fn jump_target(code: &Code<Instruction>, threads: &Threads, block: u32) -> u32 {
    match code.blocks[block as usize].successors[0] {
        Some(target) => threads.label(target.0),
        None => NONE,
    }
}

/// Selection makes a single `brk` of a block that control can't reach.
fn is_unreachable(code: &Code<Instruction>, block: u32) -> bool {
    let first = code.blocks[block as usize].start as usize;
    matches!(code.instructions.get(first), Some(Instruction::Brk { .. }))
}

fn sole_predecessors(code: &Code<Instruction>) -> Vec<u32> {
    let mut counts = vec![0u32; code.blocks.len()];
    let mut predecessors = vec![NONE; code.blocks.len()];
    for (block, parts) in code.blocks.iter().enumerate() {
        for successor in parts.successors.into_iter().flatten() {
            counts[successor.index()] += 1;
            predecessors[successor.index()] = block as u32;
        }
    }
    for (predecessor, count) in predecessors.iter_mut().zip(counts) {
        if count != 1 {
            *predecessor = NONE;
        }
    }
    predecessors
}
