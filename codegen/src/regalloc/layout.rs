//! Positions in the code, and how the blocks lie there: predecessors and loops.
//!
//! Instruction i has two positions: at 2i it reads its operands, at 2i + 1 it writes its results.
//! Moves between instructions stand in the gap before 2i.

use crate::machine::Code;

/// No block, loop, interval, …
pub(super) const NONE: u32 = u32::MAX;

/// A loop: a stretch of the layout from a block that control comes back to, to the last block that
/// it comes back from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop {
    /// The position of its first instruction.
    pub start: u32,
    /// The position behind its last one.
    pub end: u32,
    /// The loop around it, or `NONE`.
    pub parent: u32,
}

/// How the blocks lie.
#[derive(Debug)]
pub(super) struct Layout {
    /// The position at which each block begins, and the end of the code.
    pub starts: Vec<u32>,
    /// The innermost loop of each block, or `NONE`.
    pub innermost: Vec<u32>,
    /// The loops.
    pub loops: Vec<Loop>,
    /// Whether a block ends with a jump: it has one successor.
    pub jumps: Vec<bool>,
    predecessor_starts: Vec<u32>,
    predecessors: Vec<u32>,
    /// How many loops each block is in.
    depths: Vec<u32>,
    /// The parameters of each block, virtual registers: where they begin in `parameters`, and one
    /// more.
    parameter_starts: Vec<u32>,
    parameters: Vec<u32>,
    /// Whether every block can be reached from the first.
    pub all_reachable: bool,
}

impl Layout {
    /// The layout of some code.
    pub(super) fn of<I>(code: &Code<I>) -> Self {
        let mut starts: Vec<u32> = code.blocks.iter().map(|block| 2 * block.start).collect();
        starts.push(2 * code.instructions.len() as u32);
        let (predecessor_starts, predecessors) = predecessors(code);
        let (loops, innermost) = loops(code, &starts);
        let (parameter_starts, parameters) = if loops.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            parameters(code)
        };
        Self {
            innermost,
            loops,
            depths: code.blocks.iter().map(|block| block.loop_depth).collect(),
            parameter_starts,
            parameters,
            jumps: code
                .blocks
                .iter()
                .map(|block| block.successors.iter().flatten().count() == 1)
                .collect(),
            predecessor_starts,
            predecessors,
            all_reachable: all_reachable(code),
            starts,
        }
    }

    /// The blocks that control comes from to a block.
    pub(super) fn predecessors(&self, block: u32) -> &[u32] {
        let from = self.predecessor_starts[block as usize] as usize;
        let to = self.predecessor_starts[block as usize + 1] as usize;
        &self.predecessors[from..to]
    }

    /// The block that a position is in.
    pub(super) fn block_at(&self, position: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= position) as u32)
            .min(self.starts.len() as u32 - 1)
            .saturating_sub(1)
    }

    /// Whether a block begins at a position.
    pub(super) fn is_block_start(&self, position: u32) -> bool {
        self.starts.binary_search(&position).is_ok()
    }

    /// The innermost loop that a position is in.
    pub(super) fn loop_at(&self, position: u32) -> Option<Loop> {
        if self.loops.is_empty() {
            return None;
        }
        let number = self.innermost[self.block_at(position) as usize];
        self.loops.get(number as usize).copied()
    }

    /// How many loops a position is in, as the flow of control says: blocks of a loop may stand
    /// apart.
    pub(super) fn loop_depth(&self, position: u32) -> u32 {
        if self.loops.is_empty() {
            return 0;
        }
        self.depths[self.block_at(position) as usize]
    }

    /// The virtual registers that the innermost loop around a position hands from round to round.
    pub(super) fn carried(&self, position: u32) -> &[u32] {
        let Some(around) = self.loop_at(position) else {
            return &[];
        };
        let header = self.block_at(around.start) as usize;
        let from = self.parameter_starts[header] as usize;
        let to = self.parameter_starts[header + 1] as usize;
        &self.parameters[from..to]
    }

    /// The best position from `low` to `high` to split at, seen from `high`: before as many loops
    /// as possible, else as late as possible.
    pub(super) fn outermost_split(&self, low: u32, high: u32) -> u32 {
        let mut best = high;
        let mut around = self.loop_at(high);
        while let Some(this) = around {
            if this.start < low {
                break;
            }
            best = this.start;
            around = self.loops.get(this.parent as usize).copied();
        }
        best
    }
}

/// For each block where its parameters begin, and the parameters of all.
fn parameters<I>(code: &Code<I>) -> (Vec<u32>, Vec<u32>) {
    let mut starts = Vec::with_capacity(code.blocks.len() + 1);
    let mut parameters = Vec::new();
    for block in &code.blocks {
        starts.push(parameters.len() as u32);
        let (from, to) = block.parameters;
        let registers = &code.lists[from as usize..to as usize];
        parameters.extend(
            registers
                .iter()
                .filter_map(|register| register.virtual_index()),
        );
    }
    starts.push(parameters.len() as u32);
    (starts, parameters)
}

/// For each block where its predecessors begin, and the predecessors of all.
fn predecessors<I>(code: &Code<I>) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; code.blocks.len() + 2];
    for block in &code.blocks {
        for successor in block.successors.iter().flatten() {
            starts[successor.index() + 2] += 1;
        }
    }
    for i in 2..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut all = vec![0; starts[starts.len() - 1] as usize];
    for (number, block) in code.blocks.iter().enumerate() {
        for successor in block.successors.iter().flatten() {
            let next = &mut starts[successor.index() + 1];
            all[*next as usize] = number as u32;
            *next += 1;
        }
    }
    starts.pop();
    (starts, all)
}

fn all_reachable<I>(code: &Code<I>) -> bool {
    if code.blocks.len() <= 1 {
        return true;
    }
    let mut seen = vec![false; code.blocks.len()];
    seen[0] = true;
    let mut count = 1;
    let mut pending = vec![0];
    while let Some(block) = pending.pop() {
        let block: usize = block;
        for successor in code.blocks[block].successors.iter().flatten() {
            if !seen[successor.index()] {
                seen[successor.index()] = true;
                count += 1;
                pending.push(successor.index());
            }
        }
    }
    count == code.blocks.len()
}

/// The loops, outer ones first where they begin together, and the innermost loop of each block.
fn loops<I>(code: &Code<I>, starts: &[u32]) -> (Vec<Loop>, Vec<u32>) {
    let count = code.blocks.len();
    let mut last = vec![NONE; count];
    for (number, block) in code.blocks.iter().enumerate() {
        for successor in block.successors.iter().flatten() {
            if successor.index() <= number {
                last[successor.index()] = number as u32;
            }
        }
    }
    let mut loops: Vec<Loop> = Vec::new();
    let mut innermost = vec![NONE; count];
    let mut open = NONE;
    for block in 0..count {
        while open != NONE && loops[open as usize].end <= starts[block] {
            open = loops[open as usize].parent;
        }
        if last[block] != NONE {
            loops.push(Loop {
                start: starts[block],
                end: starts[last[block] as usize + 1],
                parent: open,
            });
            open = loops.len() as u32 - 1;
        }
        innermost[block] = open;
    }
    (loops, innermost)
}
