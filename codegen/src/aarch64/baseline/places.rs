//! Where values live: the greedy allocation of the baseline generator.
//!
//! The instructions are walked once, in order. A destination gets its place first: the register that
//! was freed last, else the next one that has never been used, else a spill slot. Only then the
//! values whose last use is this instruction are freed, in ascending order. A value that is alive
//! around a loop is last used at the loop's end. A block's parameters get their places at the first
//! jump to the block, or at the block if it comes first.

use super::{BlockId, Function, List, Location, Op, VALUE_REGISTERS, Value};
use crate::ir::Target;
use crate::machine::RegisterSet;

/// The places of a function's values.
pub(super) struct Places {
    /// The blocks that can be reached, in the order in which code is written for them: every value
    /// is defined before it is used.
    pub(super) order: Vec<BlockId>,
    locations: Vec<Location>,
    /// The number of spill slots.
    pub(super) slots: u32,
    /// How many more are needed to exchange values between slots: 0 or 1.
    pub(super) spare_slots: u32,
    /// The registers that values live in.
    pub(super) used: RegisterSet,
}

impl Places {
    pub(super) fn of(function: &Function) -> Self {
        let order = order(function);
        let last_uses = LastUses::of(function, &order);
        let mut greedy = Greedy::new(function.values as usize);
        let ending = Ending::new(&last_uses.positions);
        let mut position = 0;
        for &block in &order {
            // All jumps to it may come from behind.
            let parameters = function.blocks[block.index()].parameters;
            function
                .list(parameters)
                .for_each(|value| greedy.place(value));
            for instruction in function.block(block) {
                function.visit_results(&instruction.op, |value| greedy.place(value));
                visit_targets(&instruction.op, |target| {
                    let parameters = function.blocks[target.block.index()].parameters;
                    function
                        .list(parameters)
                        .for_each(|value| greedy.place(value));
                });
                for &value in ending.at(position) {
                    greedy.free(Value(value));
                }
                position += 1;
            }
        }
        let mut places = Self {
            order,
            locations: greedy.locations,
            slots: greedy.slots,
            spare_slots: 0,
            used: greedy.used,
        };
        places.spare_slots = u32::from(places.exchanges_slots(function));
        places
    }

    /// Whether a jump moves several values from slots to slots.
    fn exchanges_slots(&self, function: &Function) -> bool {
        let is_slot = |value: Value| matches!(self.location(value), Location::Slot(_));
        self.order.iter().any(|&block| {
            function.successors(block).any(|target| {
                let parameters = function.blocks[target.block.index()].parameters;
                let pairs = function
                    .list(parameters)
                    .zip(function.list(target.arguments));
                pairs
                    .filter(|&(to, from)| is_slot(to) && is_slot(from))
                    .count()
                    > 1
            })
        })
    }

    /// Where a value is.
    pub(super) fn location(&self, value: Value) -> Location {
        self.locations[value.index()]
    }
}

/// No place has been given yet.
const NOWHERE: Location = Location::Constant(0);

struct Greedy {
    locations: Vec<Location>,
    free_registers: Vec<u8>,
    free_slots: Vec<u32>,
    never_used: usize,
    slots: u32,
    used: RegisterSet,
}

impl Greedy {
    fn new(values: usize) -> Self {
        Self {
            locations: vec![NOWHERE; values],
            free_registers: Vec::new(),
            free_slots: Vec::new(),
            never_used: 0,
            slots: 0,
            used: RegisterSet::EMPTY,
        }
    }

    fn place(&mut self, value: Value) {
        if self.locations[value.index()] != NOWHERE {
            return;
        }
        self.locations[value.index()] = if let Some(number) = self.free_registers.pop() {
            Location::Register(number)
        } else if let Some(&number) = VALUE_REGISTERS.get(self.never_used) {
            self.never_used += 1;
            self.used.insert(number);
            Location::Register(number)
        } else if let Some(slot) = self.free_slots.pop() {
            Location::Slot(slot)
        } else {
            self.slots += 1;
            Location::Slot(self.slots - 1)
        };
    }

    fn free(&mut self, value: Value) {
        match self.locations[value.index()] {
            Location::Register(number) => self.free_registers.push(number),
            Location::Slot(slot) => self.free_slots.push(slot),
            Location::Constant(_) => {}
        }
    }
}

/// The values by the position where they end, ascending in each.
struct Ending {
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl Ending {
    fn new(last_uses: &[u32]) -> Self {
        let placed = || last_uses.iter().filter(|&&position| position != NEVER);
        let positions = placed().max().map_or(0, |&last| last as usize + 1);
        let mut starts = vec![0; positions + 1];
        placed().for_each(|&position| starts[position as usize + 1] += 1);
        for position in 0..positions {
            starts[position + 1] += starts[position];
        }
        let mut next = starts.clone();
        let mut values = vec![0; placed().count()];
        for (value, &position) in last_uses.iter().enumerate() {
            if position != NEVER {
                let index = &mut next[position as usize];
                values[*index as usize] = value as u32;
                *index += 1;
            }
        }
        Self { starts, values }
    }

    fn at(&self, position: usize) -> &[u32] {
        match self.starts.get(position..position + 2) {
            Some(range) => &self.values[range[0] as usize..range[1] as usize],
            None => &[],
        }
    }
}

/// The position of a value that is never defined in what is walked.
const NEVER: u32 = u32::MAX;

/// The last position at which each value is alive. Positions count the instructions in the order of
/// the walk.
struct LastUses {
    positions: Vec<u32>,
}

impl LastUses {
    fn of(function: &Function, order: &[BlockId]) -> Self {
        let blocks = Blocks::of(function, order);
        let mut positions = vec![NEVER; function.values as usize];
        let mut defined_in = vec![NEVER; function.values as usize];
        let mut position = 0;
        for &block in order {
            let parameters = function.list(function.blocks[block.index()].parameters);
            for value in parameters {
                defined_in[value.index()] = block.0;
                positions[value.index()] = blocks.start[block.index()];
            }
            for instruction in function.block(block) {
                function.visit_results(&instruction.op, |value| {
                    defined_in[value.index()] = block.0;
                    positions[value.index()] = position;
                });
                position += 1;
            }
        }
        // Where a value is used in another block than its own, it is alive at the end of every
        // block on the way back.
        let mut visited = vec![NEVER; function.blocks.len()];
        let mut outside = Vec::new();
        position = 0;
        for &block in order {
            for instruction in function.block(block) {
                function.visit_uses(&instruction.op, |value| {
                    let last = &mut positions[value.index()];
                    *last = (*last).max(position);
                    if defined_in[value.index()] != block.0 {
                        outside.push((value, block));
                    }
                });
                position += 1;
            }
        }
        outside.sort_unstable();
        outside.dedup();
        let mut stack = Vec::new();
        for (value, block) in outside {
            stack.push(block);
            while let Some(block) = stack.pop() {
                for &before in blocks.predecessors(block) {
                    let last = &mut positions[value.index()];
                    *last = (*last).max(blocks.end[before as usize] - 1);
                    if visited[before as usize] != value.0 {
                        visited[before as usize] = value.0;
                        if defined_in[value.index()] != before {
                            stack.push(BlockId(before));
                        }
                    }
                }
            }
        }
        Self { positions }
    }
}

/// The blocks' positions and predecessors.
struct Blocks {
    start: Vec<u32>,
    end: Vec<u32>,
    first: Vec<u32>,
    predecessors: Vec<u32>,
}

impl Blocks {
    fn of(function: &Function, order: &[BlockId]) -> Self {
        let count = function.blocks.len();
        let mut blocks = Self {
            start: vec![0; count],
            end: vec![0; count],
            first: vec![0; count + 1],
            predecessors: Vec::new(),
        };
        let mut position = 0;
        let mut edges = Vec::new();
        for &block in order {
            blocks.start[block.index()] = position;
            position += function.block(block).len() as u32;
            blocks.end[block.index()] = position;
            edges.extend(
                function
                    .successors(block)
                    .map(|target| (target.block.0, block.0)),
            );
        }
        edges.sort_unstable();
        for &(to, from) in &edges {
            blocks.first[to as usize + 1] += 1;
            blocks.predecessors.push(from);
        }
        for block in 0..count {
            blocks.first[block + 1] += blocks.first[block];
        }
        blocks
    }

    fn predecessors(&self, block: BlockId) -> &[u32] {
        let range = self.first[block.index()]..self.first[block.index() + 1];
        &self.predecessors[range.start as usize..range.end as usize]
    }
}

/// The blocks that can be reached: in the order of layout if every value is defined before its uses
/// there, as front ends write them, else in reverse postorder, where that is always so.
fn order(function: &Function) -> Vec<BlockId> {
    let postorder = postorder(function);
    let mut layout = postorder.clone();
    layout.sort_unstable();
    if defines_before_use(function, &layout) {
        return layout;
    }
    postorder.into_iter().rev().collect()
}

fn defines_before_use(function: &Function, order: &[BlockId]) -> bool {
    let mut defined = vec![false; function.values as usize];
    for &block in order {
        let parameters = function.list(function.blocks[block.index()].parameters);
        parameters.for_each(|value| defined[value.index()] = true);
        for instruction in function.block(block) {
            let mut all = true;
            function.visit_uses(&instruction.op, |value| all &= defined[value.index()]);
            if !all {
                return false;
            }
            function.visit_results(&instruction.op, |value| defined[value.index()] = true);
        }
    }
    true
}

fn postorder(function: &Function) -> Vec<BlockId> {
    let mut seen = vec![false; function.blocks.len()];
    let mut result = Vec::with_capacity(function.blocks.len());
    let mut stack = vec![(BlockId::ENTRY, function.successors(BlockId::ENTRY))];
    seen[0] = true;
    while let Some((block, successors)) = stack.last_mut() {
        if let Some(target) = successors.next() {
            if !std::mem::replace(&mut seen[target.block.index()], true) {
                stack.push((target.block, function.successors(target.block)));
            }
        } else {
            result.push(*block);
            stack.pop();
        }
    }
    result
}

fn visit_targets(op: &Op, mut visit: impl FnMut(Target)) {
    match *op {
        Op::Jump { target } if target.arguments != List::EMPTY => visit(target),
        Op::Branch {
            then, otherwise, ..
        } => {
            visit(then);
            visit(otherwise);
        }
        _ => {}
    }
}
