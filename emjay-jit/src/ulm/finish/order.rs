//! In which order blocks are written, and where jumps really lead.
//!
//! Blocks that only jump on are left out, unless a frame is set up in them. Those that only move
//! values on the way from a branch to a block come right behind the branch, so that it falls through
//! to them.

use codegen::machine::{Allocation, Code};

use super::frame::Plan;
use crate::ulm::instruction::Instruction;

/// The order of the blocks that are written, and what stands for those that are not.
#[derive(Debug)]
pub(super) struct Order {
    /// The blocks.
    pub(super) blocks: Vec<u32>,
    targets: Vec<u32>,
}

impl Order {
    /// Where a jump to a block really leads.
    pub(super) fn target(&self, block: u32) -> u32 {
        self.targets[block as usize]
    }
}

/// Orders the blocks of a function.
pub(super) fn order(code: &Code<Instruction>, allocation: &Allocation, plan: &Plan) -> Order {
    let targets = targets(code, allocation, plan);
    let count = code.blocks.len() as u32;
    let is_written = |block: u32| {
        let first = code.blocks[block as usize].start as usize;
        targets[block as usize] == block && code.instructions[first] != Instruction::Unreachable
    };
    let mut is_mover = vec![false; count as usize];
    for block in &code.blocks {
        if let [Some(a), Some(b)] = block.successors {
            for successor in [a.0, b.0] {
                is_mover[successor as usize] = moves_only(code, successor) && is_written(successor);
            }
        }
    }
    let mut blocks = Vec::with_capacity(count as usize);
    for block in 0..count {
        if is_mover[block as usize] || !is_written(block) {
            continue;
        }
        blocks.push(block);
        let successors = code.blocks[block as usize].successors;
        let mut behind: Vec<u32> = successors
            .into_iter()
            .flatten()
            .map(|successor| successor.0)
            .filter(|&successor| is_mover[successor as usize])
            .collect();
        // What falls through to the next block that is written comes last.
        let next = (block + 1..count).find(|&next| is_written(next) && !is_mover[next as usize]);
        behind.sort_by_key(|&mover| {
            let target = code.blocks[mover as usize].successors[0];
            target.map(|target| targets[target.index()]) == next
        });
        blocks.extend(behind);
    }
    Order { blocks, targets }
}

/// Whether a block makes constants for another one at most, moves values and jumps there.
fn moves_only(code: &Code<Instruction>, block: u32) -> bool {
    let parts = &code.blocks[block as usize];
    let instructions = &code.instructions[parts.start as usize..parts.end as usize];
    instructions.split_last().is_some_and(|(last, rest)| {
        matches!(last, Instruction::Jump { .. })
            && rest
                .iter()
                .all(|i| matches!(i, Instruction::Constant { .. }))
    })
}

/// By block: itself, or where it only jumps on to.
fn targets(code: &Code<Instruction>, allocation: &Allocation, plan: &Plan) -> Vec<u32> {
    let mut targets: Vec<u32> = (0..code.blocks.len() as u32).collect();
    let mut edits = allocation.edits.iter().map(|edit| edit.before).peekable();
    for (index, block) in code.blocks.iter().enumerate() {
        while edits.next_if(|&before| before < block.start).is_some() {}
        let has_edits = edits.peek().is_some_and(|&before| before < block.end);
        if let Some(&Instruction::Jump { label }) = code.instructions.get(block.start as usize)
            && block.end == block.start + 1
            && !has_edits
            && !plan.begins_frame(index as u32)
            && index != 0
        {
            targets[index] = label.0;
        }
    }
    // A chain is followed to its end; in a circle the block where it closes stays.
    for start in 0..targets.len() {
        let mut chain = Vec::new();
        let mut at = start;
        while targets[at] as usize != at && !chain.contains(&at) && chain.len() < 64 {
            chain.push(at);
            at = targets[at] as usize;
        }
        if chain.contains(&at) {
            targets[at] = at as u32;
        }
        for block in chain {
            if block != at {
                targets[block] = at as u32;
            }
        }
    }
    targets
}
