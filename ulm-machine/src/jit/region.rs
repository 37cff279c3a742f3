//! Regions: the part of a program that is translated as one function.
//!
//! From its head a region takes in whatever control can reach and, as far as anybody knows, does reach,
//! nearest first, up to a size. Loops and calls whose instructions are all inside are thus joined. Small
//! loops are [peeled].

mod peel;

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;
use ulm_isa::isa::INSTRUCTION_BYTES;
use ulm_isa::micro::{Condition, FlagStates, Lowered, MicroOperation as M, Operand};

/// A block of a region, by its position in [`Region::blocks`]; the head is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Index(pub(super) u32);

impl Index {
    pub(super) const HEAD: Self = Self(0);

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where the instructions of a region come from, and what is known about their execution.
pub(super) trait Program {
    /// The micro-operations of the instruction at an address; `None` if it has none.
    fn lowered(&mut self, address: u64) -> Option<Lowered>;

    /// Whether the instruction at an address is worth being translated.
    fn is_reached(&self, address: u64) -> bool;

    /// Where the jump through a register at an address goes, the likely ones first.
    fn targets(&self, address: u64) -> Vec<u64>;
}

/// Instructions that are translated as one function.
#[derive(Debug)]
pub(super) struct Region {
    /// The blocks in reverse post-order: a block comes after those that lead to it, except for jumps
    /// back.
    pub(super) blocks: Vec<Block>,
}

/// Instructions that are executed one after the other.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The address of the first.
    pub(super) start: u64,
    /// What they do. The last may be a jump: that part is in `end`.
    pub(super) instructions: Vec<Vec<M>>,
    /// How many input bytes each may read.
    pub(super) reads_of_input: Vec<usize>,
    /// Where control goes then.
    pub(super) end: End,
    /// How many ways lead here, the way into the region included.
    pub(super) predecessors: u32,
    /// Whether a way back leads here.
    pub(super) is_header: bool,
}

impl Block {
    /// The address behind the last instruction.
    pub(super) fn end_address(&self) -> u64 {
        self.start
            .wrapping_add(INSTRUCTION_BYTES * self.instructions.len() as u64)
    }

    /// Whether several ways lead here.
    pub(super) fn is_join(&self) -> bool {
        self.predecessors > 1
    }
}

/// A way out of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To a block of the region.
    Inside(Index),
    /// To an address outside.
    Outside(u64),
}

/// Where control goes behind a block.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// To one place.
    Jump(Way),
    /// To one of two.
    Branch {
        condition: Condition,
        taken: Way,
        next: Way,
    },
    /// To an address that is computed, by the last instruction.
    Computed {
        target: Operand,
        /// The register that gets the return address, or 0.
        link: u8,
        /// Blocks where it goes, the likely ones first.
        likely: Vec<(u64, Index)>,
    },
    /// To an instruction that is not translated, which stands behind the block.
    Interpreted,
}

/// The same with addresses, before there are blocks.
#[derive(Debug, Clone)]
enum Control {
    None,
    Jump(u64),
    Branch { condition: Condition, taken: u64 },
    Computed { target: Operand, link: u8 },
}

#[derive(Debug)]
struct Decoded {
    operations: Vec<M>,
    reads_of_input: usize,
    control: Control,
    targets: Vec<u64>,
}

/// The region with this head, of at most so many instructions; `None` if its first instruction can't be
/// translated.
pub(super) fn form(program: &mut impl Program, head: u64, most: usize) -> Option<Region> {
    let mut found = Found::default();
    found.explore(program, head, most);
    found
        .instructions
        .contains_key(&head)
        .then(|| found.arrange(head))
}

#[derive(Debug, Default)]
struct Found {
    instructions: FxHashMap<u64, Decoded>,
    leaders: BTreeSet<u64>,
}

impl Found {
    fn explore(&mut self, program: &mut impl Program, head: u64, most: usize) {
        let mut waiting = VecDeque::from([head]);
        while let Some(start) = waiting.pop_front() {
            self.leaders.insert(start);
            let mut address = start;
            loop {
                if self.instructions.contains_key(&address) {
                    self.leaders.insert(address);
                    break;
                }
                if self.instructions.len() >= most || !program.is_reached(address) {
                    break;
                }
                let Some(decoded) = decode(program, address) else {
                    break;
                };
                let next = address.wrapping_add(INSTRUCTION_BYTES);
                let is_end = match decoded.control {
                    Control::None => false,
                    Control::Jump(target) => {
                        waiting.push_back(target);
                        true
                    }
                    Control::Branch { taken, .. } => {
                        waiting.push_back(next);
                        waiting.push_back(taken);
                        true
                    }
                    Control::Computed { .. } => {
                        waiting.extend(&decoded.targets);
                        true
                    }
                };
                self.instructions.insert(address, decoded);
                if is_end {
                    break;
                }
                address = next;
            }
        }
    }

    fn arrange(mut self, head: u64) -> Region {
        let mut order = vec![head];
        let others = self.leaders.iter().copied();
        order
            .extend(others.filter(|start| *start != head && self.instructions.contains_key(start)));
        let numbers: FxHashMap<u64, Index> = order.iter().copied().zip((0..).map(Index)).collect();
        let blocks: Vec<Block> = order
            .iter()
            .map(|&start| self.block(start, &numbers))
            .collect();
        let mut region = Region { blocks };
        region.sort();
        region.peel();
        region
    }

    /// The address of the last instruction of a block.
    fn last_of(&self, start: u64) -> u64 {
        let mut address = start;
        loop {
            let next = address.wrapping_add(INSTRUCTION_BYTES);
            let ends = !matches!(self.instructions[&address].control, Control::None);
            if ends || self.leaders.contains(&next) || !self.instructions.contains_key(&next) {
                return address;
            }
            address = next;
        }
    }

    fn block(&mut self, start: u64, numbers: &FxHashMap<u64, Index>) -> Block {
        let last = self.last_of(start);
        let mut instructions = Vec::new();
        let mut reads_of_input = Vec::new();
        let mut address = start;
        loop {
            let decoded = self.instructions.get_mut(&address);
            let decoded = decoded.expect("a block is made of instructions that were found");
            instructions.push(std::mem::take(&mut decoded.operations));
            reads_of_input.push(decoded.reads_of_input);
            if address == last {
                break;
            }
            address = address.wrapping_add(INSTRUCTION_BYTES);
        }
        let way = |address: u64| match numbers.get(&address) {
            Some(&index) => Way::Inside(index),
            None => Way::Outside(address),
        };
        let next = last.wrapping_add(INSTRUCTION_BYTES);
        let decoded = &self.instructions[&last];
        let end = match &decoded.control {
            Control::None if numbers.contains_key(&next) => End::Jump(way(next)),
            Control::None => End::Interpreted,
            Control::Jump(target) => End::Jump(way(*target)),
            Control::Branch { condition, taken } => End::Branch {
                condition: *condition,
                taken: way(*taken),
                next: way(next),
            },
            Control::Computed { target, link } => {
                let mut likely = Vec::new();
                for &address in &decoded.targets {
                    if let Some(&index) = numbers.get(&address) {
                        likely.push((address, index));
                    }
                }
                End::Computed {
                    target: *target,
                    link: *link,
                    likely,
                }
            }
        };
        Block {
            start,
            instructions,
            reads_of_input,
            end,
            predecessors: 0,
            is_header: false,
        }
    }
}

impl Region {
    /// Brings the blocks that can be reached into reverse post-order, and counts the ways to each. The
    /// first stays the first.
    fn sort(&mut self) {
        let mut order = Vec::new();
        let mut seen = vec![false; self.blocks.len()];
        seen[0] = true;
        let mut path = vec![(0, inside(&self.blocks[0].end))];
        while let Some((block, rest)) = path.last_mut() {
            // The way straight on comes last, so that it stands first in the end.
            match rest.pop() {
                Some(next) => {
                    if !std::mem::replace(&mut seen[next.index()], true) {
                        path.push((next.index(), inside(&self.blocks[next.index()].end)));
                    }
                }
                None => {
                    order.push(*block);
                    path.pop();
                }
            }
        }
        order.reverse();
        let mut numbers = vec![Index(u32::MAX); self.blocks.len()];
        for (&old, new) in order.iter().zip((0..).map(Index)) {
            numbers[old] = new;
        }
        self.blocks = order
            .iter()
            .map(|&old| {
                let mut block = self.blocks[old].clone();
                redirect(&mut block.end, |to| numbers[to.index()]);
                block.predecessors = 0;
                block.is_header = false;
                block
            })
            .collect();
        self.blocks[0].predecessors = 1;
        for from in 0..self.blocks.len() {
            for to in inside(&self.blocks[from].end) {
                let block = &mut self.blocks[to.index()];
                block.predecessors += 1;
                block.is_header |= to.index() <= from;
            }
        }
    }
}

/// Makes an end lead elsewhere.
fn redirect(end: &mut End, to: impl Fn(Index) -> Index) {
    let change = |way: &mut Way| {
        if let Way::Inside(index) = way {
            *index = to(*index);
        }
    };
    match end {
        End::Jump(way) => change(way),
        End::Branch { taken, next, .. } => {
            change(taken);
            change(next);
        }
        End::Computed { likely, .. } => {
            for (_, index) in likely {
                *index = to(*index);
            }
        }
        End::Interpreted => {}
    }
}

/// The blocks of the region to which an end leads.
pub(super) fn inside(end: &End) -> Vec<Index> {
    let within = |way: &Way| match way {
        Way::Inside(index) => Some(*index),
        Way::Outside(_) => None,
    };
    match end {
        End::Jump(way) => within(way).into_iter().collect(),
        End::Branch { taken, next, .. } => within(next).into_iter().chain(within(taken)).collect(),
        End::Computed { likely, .. } => likely.iter().map(|&(_, index)| index).collect(),
        End::Interpreted => Vec::new(),
    }
}

/// The instruction at an address, if it can be translated.
fn decode(program: &mut impl Program, address: u64) -> Option<Decoded> {
    let lowered = program.lowered(address)?;
    let mut operations = lowered.operations;
    if !can_be_left(&operations) {
        return None;
    }
    let last = operations.last().copied();
    let control = match last {
        Some(M::JumpRelative { distance }) => match distance {
            Operand::Constant(distance) => Control::Jump(address.wrapping_add(distance)),
            _ => return None,
        },
        Some(M::JumpConditional {
            condition,
            distance: Operand::Constant(distance),
        }) => match condition {
            Condition::Flags(FlagStates(0)) => Control::None,
            Condition::Flags(FlagStates(u16::MAX)) => Control::Jump(address.wrapping_add(distance)),
            _ => Control::Branch {
                condition,
                taken: address.wrapping_add(distance),
            },
        },
        Some(M::JumpConditional { .. } | M::Halt { .. }) => return None,
        Some(M::JumpAbsolute { target, link }) => Control::Computed { target, link },
        Some(M::SetInstructionPointer { target }) => Control::Computed { target, link: 0 },
        _ => Control::None,
    };
    match control {
        Control::Jump(target) | Control::Branch { taken: target, .. }
            if !target.is_multiple_of(INSTRUCTION_BYTES) =>
        {
            return None;
        }
        _ => {}
    }
    if is_jump(last.as_ref()) {
        operations.pop();
    }
    let mut targets = match control {
        Control::Computed { .. } => program.targets(address),
        _ => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    targets.retain(|&target| target.is_multiple_of(INSTRUCTION_BYTES) && seen.insert(target));
    Some(Decoded {
        operations,
        reads_of_input: lowered.reads_of_input,
        control,
        targets,
    })
}

fn is_jump(operation: Option<&M>) -> bool {
    matches!(
        operation,
        Some(
            M::JumpRelative { .. }
                | M::JumpConditional { .. }
                | M::JumpAbsolute { .. }
                | M::SetInstructionPointer { .. }
        )
    )
}

/// Whether the instruction can be left at each of its steps as if it had not begun: a store must be the
/// last that may fail, and only the last step jumps.
fn can_be_left(operations: &[M]) -> bool {
    let mut has_stored = false;
    for (position, operation) in operations.iter().enumerate() {
        let is_last = position + 1 == operations.len();
        if !is_last && (is_jump(Some(operation)) || matches!(operation, M::Halt { .. })) {
            return false;
        }
        let may_leave = match operation {
            M::Binary { operator, .. } => may_divide(*operator),
            M::DivideWide { .. }
            | M::DivideSigned { .. }
            | M::Load { .. }
            | M::Store { .. }
            | M::PrintChar { .. }
            | M::ReadChar { .. }
            | M::JumpAbsolute { .. }
            | M::SetInstructionPointer { .. } => true,
            _ => false,
        };
        if has_stored && may_leave {
            return false;
        }
        has_stored |= matches!(operation, M::Store { .. });
    }
    true
}

fn may_divide(operator: ulm_isa::effect::BinaryOperator) -> bool {
    use ulm_isa::effect::BinaryOperator as B;
    matches!(operator, B::Divide(_) | B::Remainder(_))
}
