//! Which blocks come to nothing, and where jumps to them lead.

use crate::ir::BlockId;
use crate::machine::{Allocation, Code};
use crate::x86_64::instruction::{Instruction, Label};

/// What happens to the blocks.
#[derive(Debug)]
pub(super) struct Layout {
    /// By block: whether nothing is emitted for it, since it only jumps.
    empty: Vec<bool>,
    /// By block: where a jump to it leads.
    targets: Vec<u32>,
    /// By block: the next one that something is emitted for.
    next: Vec<u32>,
    /// By block: whether it only returns.
    returns: Vec<bool>,
}

/// No block.
const NONE: u32 = u32::MAX;

impl Layout {
    pub(super) fn of(code: &Code<Instruction>, allocation: &Allocation) -> Self {
        let moved = Moved::of(code, allocation);
        let only = |block: usize| {
            let contents = &code.blocks[block];
            let last = &code.instructions[contents.end as usize - 1];
            let rest = &code.instructions[contents.start as usize..contents.end as usize - 1];
            let nothing = rest.len() == moved.dead[block] as usize && moved.edits[block] == 0;
            nothing.then_some(last)
        };
        let blocks = code.blocks.len();
        let jumps: Vec<u32> = (0..blocks)
            .map(|block| match only(block) {
                Some(&Instruction::Jmp { label }) => label.0,
                _ => NONE,
            })
            .collect();
        let targets = follow(&jumps);
        let empty: Vec<bool> = (0..blocks)
            .map(|block| targets[block] != block as u32)
            .collect();
        let returns = (0..blocks)
            .map(|block| only(block) == Some(&Instruction::Return))
            .collect();
        let mut next = vec![NONE; blocks];
        let mut following = NONE;
        for block in (0..blocks).rev() {
            next[block] = following;
            if !empty[block] {
                following = block as u32;
            }
        }
        Self {
            empty,
            targets,
            next,
            returns,
        }
    }

    /// Whether nothing is emitted for a block.
    pub(super) fn is_empty(&self, block: usize) -> bool {
        self.empty[block]
    }

    /// Where a jump to a block leads.
    pub(super) fn target(&self, block: BlockId) -> Label {
        Label(self.targets[block.index()])
    }

    /// Whether control gets to a label by itself when it comes to the end of a block.
    pub(super) fn is_next(&self, block: usize, label: Label) -> bool {
        self.next[block] == label.0
    }

    /// Whether the block with that label only returns.
    pub(super) fn only_returns(&self, label: Label) -> bool {
        self.returns[label.0 as usize]
    }
}

/// By block, how much the allocator adds and takes away.
struct Moved {
    edits: Vec<u32>,
    dead: Vec<u32>,
}

impl Moved {
    fn of(code: &Code<Instruction>, allocation: &Allocation) -> Self {
        let ends = || code.blocks.iter().map(|block| block.end);
        Self {
            edits: count(ends(), allocation.edits.iter().map(|edit| edit.before)),
            dead: count(ends(), allocation.dead.iter().copied()),
        }
    }
}

/// How many of the ascending numbers are below each end and not below the one before.
fn count(ends: impl Iterator<Item = u32>, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut numbers = numbers.peekable();
    ends.map(|end| {
        let mut count = 0;
        while numbers.next_if(|&number| number < end).is_some() {
            count += 1;
        }
        count
    })
    .collect()
}

/// Where one arrives that follows the jumps; a circle of jumps is followed to one of its blocks,
/// which stays.
fn follow(jumps: &[u32]) -> Vec<u32> {
    let mut targets = vec![NONE; jumps.len()];
    let mut way = Vec::new();
    for start in 0..jumps.len() as u32 {
        let mut block = start;
        // Blocks on the way are marked with themselves, as are those at the end of one.
        while targets[block as usize] == NONE {
            targets[block as usize] = block;
            if jumps[block as usize] == NONE {
                break;
            }
            way.push(block);
            block = jumps[block as usize];
        }
        let end = targets[block as usize];
        for block in way.drain(..) {
            targets[block as usize] = end;
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_followed_to_a_block_that_stays() {
        assert_eq!(follow(&[2, NONE, 1, 0]), [1, 1, 1, 1]);
    }

    #[test]
    fn of_a_circle_one_block_stays() {
        let targets = follow(&[1, 2, 1]);
        assert_eq!(targets[1], targets[2]);
        assert_eq!(targets[0], targets[1]);
        assert_eq!(targets[targets[0] as usize], targets[0]);
    }
}
