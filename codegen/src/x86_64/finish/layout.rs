//! Which blocks come to nothing, where jumps to them lead, and in which order the others stand.

use crate::ir::BlockId;
use crate::machine::{Allocation, Code};
use crate::x86_64::instruction::{Instruction, Label};

/// What happens to the blocks.
#[derive(Debug)]
pub(super) struct Layout {
    /// The blocks that something is emitted for, in their order.
    order: Vec<u32>,
    /// By block: where a jump to it leads.
    targets: Vec<u32>,
    /// By block: the one that stands behind it.
    next: Vec<u32>,
    /// By block: whether it only returns.
    returns: Vec<bool>,
    /// By block: what comes first in it of what the allocator wants.
    starts: Vec<AllocatorStart>,
}

/// No block.
const NONE: u32 = u32::MAX;

impl Layout {
    pub(super) fn of(code: &Code<Instruction>, allocation: &Allocation) -> Self {
        let starts = allocator_starts(code, allocation);
        let only = |block: usize| {
            let contents = &code.blocks[block];
            let (here, behind) = (starts[block], starts[block + 1]);
            let dead = behind.dead - here.dead;
            let nothing = contents.end - contents.start == dead + 1 && here.edits == behind.edits;
            nothing.then(|| &code.instructions[contents.end as usize - 1])
        };
        let blocks = 0..code.blocks.len();
        let jumps: Vec<u32> = blocks
            .clone()
            .map(|block| match only(block) {
                Some(&Instruction::Jmp { label }) => label.0,
                _ => NONE,
            })
            .collect();
        let returns = blocks
            .map(|block| only(block) == Some(&Instruction::Return))
            .collect();
        let targets = follow(&jumps);
        let order = order(code, &targets);
        let mut next = vec![NONE; code.blocks.len()];
        for pair in order.windows(2) {
            next[pair[0] as usize] = pair[1];
        }
        Self {
            order,
            targets,
            next,
            returns,
            starts,
        }
    }

    /// How many blocks something is emitted for.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The block with that position.
    pub(super) fn block(&self, position: usize) -> usize {
        self.order[position] as usize
    }

    /// What comes first in a block of what the allocator wants.
    pub(super) fn start(&self, block: usize) -> AllocatorStart {
        self.starts[block]
    }

    /// Whether something is emitted for a block.
    pub(super) fn is_emitted(&self, block: BlockId) -> bool {
        self.targets[block.index()] == block.0
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

/// Positions in the lists of an [`Allocation`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AllocatorStart {
    /// In `edits`.
    pub(super) edits: u32,
    /// In `dead`.
    pub(super) dead: u32,
}

/// By block, the first positions that concern it, and at last the ends of the lists.
fn allocator_starts(code: &Code<Instruction>, allocation: &Allocation) -> Vec<AllocatorStart> {
    let mut start = AllocatorStart::default();
    let mut starts = Vec::with_capacity(code.blocks.len() + 1);
    starts.push(start);
    for block in &code.blocks {
        let edits = allocation.edits[start.edits as usize..].iter();
        start.edits += edits.take_while(|edit| edit.before < block.end).count() as u32;
        let dead = allocation.dead[start.dead as usize..].iter();
        start.dead += dead.take_while(|&&index| index < block.end).count() as u32;
        starts.push(start);
    }
    starts
}

/// The blocks that stay, as they are laid out, but a block that only brings the values of one way of
/// a branch to their places stands behind that branch:
///
/// ```text
///     cmp  …; jge .L2             cmp  …; jl .L1
/// .L1:                            mov  …
///     …                       .L1:
///     …                           …
/// .L2:
///     mov  …; jmp .L1
/// ```
///
/// Not so if the way leads out of a loop, and the branch would not be taken otherwise.
fn order(code: &Code<Instruction>, targets: &[u32]) -> Vec<u32> {
    let before = before(code);
    let mut order = Vec::with_capacity(code.blocks.len());
    let mut placed: Vec<bool> = (0..)
        .zip(targets)
        .map(|(block, &target)| target != block)
        .collect();
    for block in 0..code.blocks.len() {
        if placed[block] {
            continue;
        }
        let mover = before[block] as usize;
        if before[block] != NONE && !placed[mover] {
            placed[mover] = true;
            order.push(mover as u32);
        }
        order.push(block as u32);
        let contents = &code.blocks[block];
        let [Some(then), Some(otherwise)] = contents.successors else {
            continue;
        };
        let mut ways = [otherwise, then];
        ways.sort_by_key(|way| std::cmp::Reverse(code.blocks[way.index()].loop_depth));
        for way in ways {
            let only_moves = is_mover(code, way.index())
                && code.blocks[way.index()].successors[0]
                    .is_none_or(|target| before[target.index()] != way.0);
            let leaves_loop = code.blocks[way.index()].loop_depth < contents.loop_depth;
            if only_moves && !leaves_loop && !placed[way.index()] && way.index() > block {
                placed[way.index()] = true;
                order.push(way.0);
            }
        }
    }
    order
}

/// Whether a block has only a jump of its own.
fn is_mover(code: &Code<Instruction>, block: usize) -> bool {
    let block = &code.blocks[block];
    block.end - block.start == 1 && matches!(block.successors, [Some(_), None])
}

/// By block: one behind it in the layout that only brings values to it, and had better stand
/// directly before it, since nothing else comes from there.
fn before(code: &Code<Instruction>) -> Vec<u32> {
    let mut before = vec![NONE; code.blocks.len()];
    for mover in 1..code.blocks.len() {
        let Some(target) = code.blocks[mover].successors[0].filter(|_| is_mover(code, mover))
        else {
            continue;
        };
        if let Some(previous) = target.index().checked_sub(1)
            && target.index() < mover
            && code.blocks[previous].successors == [None, None]
        {
            before[target.index()] = mover as u32;
        }
    }
    before
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
