//! From intervals with places to code: registers are written into the instructions, and the moves
//! that are needed between the places are put in order.
//!
//! Moves stand in the gap before an instruction, in three groups, each of them parallel in itself:
//!
//! 1. what the instruction before has left in a certain register goes to its place, results that
//!    have a slot are stored, intervals that begin here are brought to their registers (at the
//!    beginning of a block: from the only predecessor's places);
//! 2. operands are copied to where the instruction wants them;
//! 3. before the jump at the end of a block: values go to the successor's places, arguments to its
//!    parameters.
//!
//! A slot is written once, behind the definition, so going to memory needs no move anywhere else.

use super::intervals::{Intervals, Place};
use super::layout::{Layout, NONE};
use super::lifetimes::{Definition, Lifetimes, Ranks, list};
use super::parallel_move::{Move, Sequencer};
use super::scan::Scanned;
use super::slots::Slots;
use crate::machine::{
    Allocation, Code, Constraint, Edit, Location, MachineInstruction, Register, RegisterFile,
    RegisterSet, Role,
};

/// The groups of a gap, in their order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Group {
    /// From the places behind the instruction before to those at this one.
    Between,
    /// To where the instruction wants its operands.
    Operands,
    /// To the places in the next block.
    Edge,
}

/// A move of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// The instruction, and the group.
    key: u64,
    moved: Move,
}

impl Pending {
    /// A move in the gap before an instruction.
    pub(super) fn new(before: u32, group: Group, moved: Move) -> Self {
        let key = u64::from(before) << 2 | group as u64;
        Self { key, moved }
    }
}

/// Writes the registers into the code and makes the moves.
pub(super) fn resolve<I: MachineInstruction>(
    code: &mut Code<I>,
    file: &RegisterFile,
    lifetimes: &Lifetimes,
    layout: &Layout,
    ranks: &Ranks,
    scanned: &Scanned,
    slots: &Slots,
) -> Allocation {
    let mut resolver = Resolver {
        scratch: Register::physical(file.scratch),
        lifetimes,
        layout,
        ranks,
        intervals: &scanned.intervals,
        slots,
        present: (0..lifetimes.registers.len() as u32).collect(),
        pending: Vec::new(),
        operands: Vec::with_capacity(code.operands.len()),
        dead: Vec::new(),
        touched: scanned
            .used
            .iter()
            .map(|rank| ranks.registers[usize::from(rank)])
            .collect(),
    };
    resolver.rewrite(code);
    resolver.split_lives();
    in_order(
        resolver.pending,
        file.scratch,
        Allocation {
            operands: resolver.operands,
            slots: slots.count,
            used: resolver.touched,
            dead: resolver.dead,
            ..Allocation::default()
        },
    )
}

/// The state of the walk over the code.
struct Resolver<'a> {
    scratch: Register,
    lifetimes: &'a Lifetimes,
    layout: &'a Layout,
    ranks: &'a Ranks,
    intervals: &'a Intervals,
    slots: &'a Slots,
    /// For each virtual register the interval that the walk has come to.
    present: Vec<u32>,
    pending: Vec<Pending>,
    operands: Vec<Location>,
    dead: Vec<u32>,
    touched: RegisterSet,
}

impl Resolver<'_> {
    fn rewrite<I: MachineInstruction>(&mut self, code: &mut Code<I>) {
        let mut extras = 0;
        let mut tied = 0;
        for number in 0..code.blocks.len() {
            let (start, end) = (code.blocks[number].start, code.blocks[number].end);
            for parameter in list(&code.lists, code.blocks[number].parameters) {
                self.parameter(start, parameter);
            }
            for at in start..end {
                let mut result = None;
                if let Some(&(instruction, register)) = self.lifetimes.tied.get(tied)
                    && instruction == at
                {
                    result = Some(register);
                    tied += 1;
                }
                self.instruction(at, &mut code.instructions[at as usize], result);
                if let Some(extra) = code.extras.get(extras)
                    && extra.instruction == at
                {
                    extras += 1;
                    for index in extra.operands.0..extra.operands.1 {
                        let operand = code.operands[index as usize];
                        let place =
                            self.operand(at, operand.register, operand.role, operand.constraint);
                        self.operands.push(place);
                    }
                }
            }
            self.arguments(code, number);
        }
    }

    /// A parameter is brought to its place by the jumps to its block; if it has a slot beside a
    /// register, it is stored there.
    fn parameter(&mut self, start: u32, parameter: Register) {
        let Some(register) = parameter.virtual_index() else {
            return;
        };
        let Some(place) = self.place_at_definition(register) else {
            return;
        };
        if let (Location::Register(_), Some(slot)) = (place, self.slots.of(register)) {
            self.push(start, Group::Between, Location::Slot(slot), place);
        }
    }

    fn instruction<I: MachineInstruction>(
        &mut self,
        at: u32,
        instruction: &mut I,
        mut tied: Option<u32>,
    ) {
        let clobbers = instruction.clobbers();
        if !clobbers.is_empty() {
            self.touched = self.touched.union(&clobbers);
        }
        instruction.visit_registers(|operand, role, constraint| {
            let Some(register) = operand.virtual_index() else {
                return;
            };
            let place = match (role, constraint) {
                (Role::Use, Constraint::Register | Constraint::Anywhere) if tied.is_some() => {
                    let result = tied.take().expect("just seen");
                    let to = self.place_at(result, 2 * at);
                    let from = self.place_at(register, 2 * at);
                    self.push(at, Group::Operands, to, from);
                    to
                }
                (Role::Use, Constraint::Register) => self.place_at(register, 2 * at),
                (_, constraint) => self.operand(at, *operand, role, constraint),
            };
            *operand = match place {
                Location::Register(number) => Register::physical(number),
                // A constant that is made elsewhere: the instruction is dead.
                Location::Constant(_) | Location::Slot(_) => self.scratch,
            };
        });
    }

    /// The place of an operand, with the moves that it needs.
    fn operand(
        &mut self,
        at: u32,
        operand: Register,
        role: Role,
        constraint: Constraint,
    ) -> Location {
        let Some(register) = operand.virtual_index() else {
            let number = operand.number().expect("physical or virtual");
            return Location::Register(number);
        };
        match (role, constraint) {
            (Role::Use, Constraint::Fixed(number)) => {
                let to = Location::Register(number);
                let from = self.place_at(register, 2 * at);
                self.push(at, Group::Operands, to, from);
                self.touched.insert(number);
                to
            }
            (Role::Use, _) => self.place_at(register, 2 * at),
            (_, Constraint::Fixed(number)) => {
                self.touched.insert(number);
                self.fixed_result(at, register, number);
                Location::Register(number)
            }
            _ => self.result(at, register),
        }
    }

    /// A result in a certain register goes to its place, and to its slot if it has one.
    fn fixed_result(&mut self, at: u32, register: u32, number: u8) {
        let from = Location::Register(number);
        if let Some(place) = self.place_at_definition(register) {
            self.push(at + 1, Group::Between, place, from);
            if let (Location::Register(_), Some(slot)) = (place, self.slots.of(register)) {
                self.push(at + 1, Group::Between, Location::Slot(slot), from);
            }
        }
    }

    /// A result in any register is stored if it has a slot; a constant need not be made.
    fn result(&mut self, at: u32, register: u32) -> Location {
        let place = self.place_at_definition(register);
        let place = place.expect("a result lives at least while it is written");
        if let Location::Constant(_) = place {
            self.dead.push(at);
        }
        if let Some(slot) = self.slots.of(register) {
            self.push(at + 1, Group::Between, Location::Slot(slot), place);
        }
        place
    }

    /// The arguments of a block that jumps go to the places of the parameters.
    fn arguments<I>(&mut self, code: &Code<I>, number: usize) {
        let block = &code.blocks[number];
        let Some(successor) = block.successors.iter().flatten().next() else {
            return;
        };
        let parameters = list(&code.lists, code.blocks[successor.index()].parameters);
        for (argument, parameter) in list(&code.lists, block.arguments).zip(parameters) {
            let indices = (argument.virtual_index(), parameter.virtual_index());
            let (Some(argument), Some(parameter)) = indices else {
                continue;
            };
            if let Some(to) = self.place_at_definition(parameter) {
                let jump = block.end - 1;
                let from = self.place_at(argument, 2 * jump);
                self.push(jump, Group::Edge, to, from);
            }
        }
    }

    fn push(&mut self, before: u32, group: Group, to: Location, from: Location) {
        if to != from {
            self.pending
                .push(Pending::new(before, group, Move { to, from }));
        }
    }

    /// Where a virtual register is at a position; positions must not decrease from call to call.
    #[inline]
    fn place_at(&mut self, register: u32, position: u32) -> Location {
        let present = &mut self.present[register as usize];
        let mut interval = self.intervals.get(*present);
        while position >= interval.end && interval.next != NONE {
            *present = interval.next;
            interval = self.intervals.get(*present);
        }
        let place = interval.place;
        self.location(register, place)
    }

    /// Where a virtual register is when it has been defined; `None` if nobody uses it.
    fn place_at_definition(&self, register: u32) -> Option<Location> {
        let life = &self.lifetimes.registers[register as usize];
        if life.start >= life.end {
            return None;
        }
        let mut interval = self.intervals.get(register);
        while life.defined_at >= interval.end && interval.next != NONE {
            interval = self.intervals.get(interval.next);
        }
        Some(self.location(register, interval.place))
    }

    fn location(&self, register: u32, place: Place) -> Location {
        if let Place::Register(rank) = place {
            return Location::Register(self.ranks.registers[usize::from(rank)]);
        }
        match self.lifetimes.registers[register as usize].definition {
            Definition::Constant(value) => Location::Constant(value),
            // Without a slot it isn't used where control can come.
            _ => Location::Slot(self.slots.of(register).unwrap_or(0)),
        }
    }

    /// The moves of virtual registers that have more than one interval.
    fn split_lives(&mut self) {
        if self.intervals.all().len() == self.lifetimes.registers.len() {
            return;
        }
        let mut pieces = Vec::new();
        for register in 0..self.lifetimes.registers.len() as u32 {
            if self.intervals.get(register).next == NONE {
                continue;
            }
            pieces.clear();
            let mut number = register;
            while number != NONE {
                let interval = self.intervals.get(number);
                pieces.push((interval.end, self.location(register, interval.place)));
                self.between(register, number);
                number = interval.next;
            }
            self.edges(register, &pieces);
        }
    }

    /// The move from an interval to the next one inside a block.
    fn between(&mut self, register: u32, number: u32) {
        let before = *self.intervals.get(number);
        let Some(after) = self.intervals.all().get(before.next as usize) else {
            return;
        };
        let begins = after.start == self.lifetimes.registers[register as usize].defined_at;
        let Place::Register(_) = after.place else {
            return;
        };
        if begins || after.start != before.end || self.layout.is_block_start(after.start) {
            return;
        }
        let to = self.location(register, after.place);
        let from = self.location(register, before.place);
        self.push(after.start / 2, Group::Between, to, from);
    }

    /// The moves between blocks. `pieces` are the ends and places of the intervals.
    fn edges(&mut self, register: u32, pieces: &[(u32, Location)]) {
        let life = self.lifetimes.registers[register as usize];
        let piece = |position: u32| {
            let piece = pieces.partition_point(|&(end, _)| end <= position);
            pieces[piece.min(pieces.len() - 1)]
        };
        let mut range = life.ranges;
        let (mut start, mut end) = (life.start, life.end);
        loop {
            if let Some(this) = self.lifetimes.ranges.get(range as usize) {
                (start, end) = (this.start, this.end);
                range = this.next;
            }
            let block_from = |position| self.layout.starts.partition_point(|&s| s < position);
            let mut block = block_from(start);
            while block < self.layout.innermost.len() && self.layout.starts[block] < end {
                let at = self.layout.starts[block];
                let (piece_end, to) = piece(at);
                if !matches!(to, Location::Register(_)) {
                    // Going to memory needs no move.
                    block = block_from(piece_end);
                    continue;
                }
                if at != life.defined_at {
                    self.edges_into(block as u32, to, piece);
                }
                block += 1;
            }
            if range == NONE {
                break;
            }
        }
    }

    /// The moves from the predecessors of a block.
    fn edges_into(&mut self, block: u32, to: Location, piece: impl Fn(u32) -> (u32, Location)) {
        let layout = self.layout;
        for &before in layout.predecessors(block) {
            let end = layout.starts[before as usize + 1];
            let (_, from) = piece(end - 1);
            if layout.jumps[before as usize] {
                self.push(end / 2 - 1, Group::Edge, to, from);
            } else {
                self.push(layout.starts[block as usize] / 2, Group::Between, to, from);
            }
        }
    }
}

/// Puts moves in order: completes an allocation that has everything else.
pub(super) fn in_order(
    mut pending: Vec<Pending>,
    scratch: u8,
    mut allocation: Allocation,
) -> Allocation {
    if pending.is_empty() {
        return allocation;
    }
    if !pending.is_sorted_by_key(|pending| pending.key) {
        pending.sort_unstable_by_key(|pending| pending.key);
    }
    let mut sequencer = Sequencer::new(scratch, allocation.slots);
    allocation.edits.reserve(pending.len());
    let mut group = Vec::new();
    let mut rest = pending.as_slice();
    while let Some(first) = rest.first() {
        let count = rest
            .iter()
            .take_while(|pending| pending.key == first.key)
            .count();
        group.clear();
        group.extend(rest[..count].iter().map(|pending| pending.moved));
        let before = (first.key >> 2) as u32;
        sequencer.sequence(&group, |Move { to, from }| {
            if to == Location::Register(scratch) {
                allocation.used.insert(scratch);
            }
            allocation.edits.push(Edit { before, to, from });
        });
        rest = &rest[count..];
    }
    allocation.slots += u32::from(sequencer.used_spare());
    allocation
}
