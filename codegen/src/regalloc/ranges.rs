//! Ranges: where a virtual register lives that is used in another block than the one that defines
//! it. From each use the walk goes backwards through the predecessors to the definition; it takes
//! time in proportion to the blocks found, and needs no sets.

use super::layout::{Layout, NONE};
use super::lifetimes::{Definition, Hint, Lifetimes, Range, Use, Want};

/// What has been found out about a block: each field names the virtual register that it was last
/// found out for, so that nothing need be cleared.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// It lives at the block's beginning.
    live_in: u32,
    /// It lives at the block's end.
    live_out: u32,
    /// It is used in the block.
    used: u32,
    /// The position behind the last use; valid for the one that is used.
    behind_use: u32,
}

impl Seen {
    const NOTHING: Self = Self {
        live_in: NONE,
        live_out: NONE,
        used: NONE,
        behind_use: 0,
    };
}

/// Finds the blocks in which one virtual register after the other lives.
pub(super) struct BlockWalk<'a> {
    layout: &'a Layout,
    seen: Vec<Seen>,
    /// The blocks that the present one lives in.
    blocks: Vec<u32>,
    pending: Vec<u32>,
}

impl<'a> BlockWalk<'a> {
    /// Nothing has been found yet.
    pub(super) fn new(layout: &'a Layout) -> Self {
        let count = layout.innermost.len();
        Self {
            layout,
            seen: vec![Seen::NOTHING; count],
            blocks: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Finds where a virtual register lives, from its uses and its definition.
    pub(super) fn run(&mut self, lifetimes: &mut Lifetimes, index: u32) {
        self.blocks.clear();
        let register = lifetimes.registers[index as usize];
        let mut number = register.first_use;
        let mut block = NONE;
        while let Some(use_) = lifetimes.uses.get(number as usize) {
            // Uses ascend: most are in the block of the one before.
            if block == NONE || use_.position >= self.layout.starts[block as usize + 1] {
                block = self.layout.block_at(use_.position);
            }
            let seen = &mut self.seen[block as usize];
            seen.behind_use = use_.position + 1;
            seen.used = index;
            if block != register.block || use_.position < register.defined_at {
                self.enter(index, block);
            }
            number = use_.next;
        }
        while let Some(block) = self.pending.pop() {
            for &before in self.layout.predecessors(block) {
                self.seen[before as usize].live_out = index;
                if before != register.block {
                    self.enter(index, before);
                }
            }
        }
        if register.block != NONE && self.seen[register.block as usize].live_in != index {
            self.blocks.push(register.block);
        }
        self.sort_blocks(index, register.block);
        self.write(lifetimes, index);
    }

    /// Brings the blocks in order: by walking over all between the first and the last, unless most
    /// of those are others.
    fn sort_blocks(&mut self, index: u32, definition: u32) {
        let bounds = (self.blocks.iter().min(), self.blocks.iter().max());
        let (Some(&first), Some(&last)) = bounds else {
            return;
        };
        if (last - first) as usize / 8 > self.blocks.len() {
            self.blocks.sort_unstable();
            return;
        }
        self.blocks.clear();
        for block in first..=last {
            if self.seen[block as usize].live_in == index || block == definition {
                self.blocks.push(block);
            }
        }
    }

    /// The virtual register lives at the beginning of a block.
    fn enter(&mut self, index: u32, block: u32) {
        let seen = &mut self.seen[block as usize];
        if seen.live_in != index {
            seen.live_in = index;
            self.blocks.push(block);
            self.pending.push(block);
        }
    }

    /// Makes ranges of the blocks found.
    fn write(&self, lifetimes: &mut Lifetimes, index: u32) {
        let register = &mut lifetimes.registers[index as usize];
        let first = lifetimes.ranges.len();
        for &block in &self.blocks {
            let at = block as usize;
            let seen = &self.seen[at];
            let start = if seen.live_in == index {
                self.layout.starts[at]
            } else {
                register.defined_at
            };
            let mut end = if seen.live_out == index {
                self.layout.starts[at + 1]
            } else if seen.used == index {
                seen.behind_use
            } else {
                start
            };
            if block == register.block && register.definition == Definition::Register {
                end = end.max((register.defined_at | 1) + 1);
            }
            if end <= start {
                continue;
            }
            match lifetimes.ranges[first..].last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => {
                    let next = lifetimes.ranges.len() as u32;
                    if let Some(last) = lifetimes.ranges[first..].last_mut() {
                        last.next = next;
                    }
                    lifetimes.ranges.push(Range {
                        start,
                        end,
                        next: NONE,
                    });
                }
            }
        }
        let (Some(head), Some(last)) = (lifetimes.ranges.get(first), lifetimes.ranges.last())
        else {
            register.end = register.start;
            return;
        };
        register.start = head.start;
        register.end = last.end;
        if lifetimes.ranges.len() - first > 1 {
            register.ranges = first as u32;
        } else {
            lifetimes.ranges.pop();
        }
        if register.start != register.defined_at {
            lifetimes.strict = false;
            pretend_uses(lifetimes, index);
        }
    }
}

/// The layout has some of a virtual register's life before its definition, so that the definition
/// stands in the middle of the life as the scan sees it. That it needs a register there is expressed
/// as a use.
fn pretend_uses(lifetimes: &mut Lifetimes, index: u32) {
    let register = lifetimes.registers[index as usize];
    if register.definition != Definition::Register {
        return;
    }
    let (mut before, mut next) = (NONE, register.first_use);
    while let Some(use_) = lifetimes.uses.get(next as usize) {
        if use_.position >= register.defined_at {
            break;
        }
        (before, next) = (next, use_.next);
    }
    for position in register.defined_at..=register.defined_at | 1 {
        let number = lifetimes.uses.len() as u32;
        lifetimes.uses.push(Use {
            position,
            next,
            want: Want::Register,
            hint: Hint::None,
        });
        match lifetimes.uses.get_mut(before as usize) {
            Some(before) => before.next = number,
            None => lifetimes.registers[index as usize].first_use = number,
        }
        before = number;
    }
}
