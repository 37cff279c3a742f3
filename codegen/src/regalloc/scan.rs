//! The scan: gives each interval a register or memory, by the position at which it begins.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::intervals::{Intervals, Place, behind};
use super::layout::{Layout, Loop, NONE};
use super::lifetimes::{Definition, Hint, Lifetimes, NO_RANK, Ranks, Want};
use crate::machine::RegisterSet;

/// How many intervals may wait in a hole; further ones are split there. Bounds the time that looking
/// through them takes.
const MOST_INACTIVE: usize = 64;

/// How many uses are looked at for a register that would save a move.
const USES_FOR_HINTS: usize = 4;

/// How many barriers of a register are looked at for one that an interval meets.
const BARRIERS_PASSED: usize = 16;

/// A constant that isn't used within so many positions is made again instead of kept.
const CONSTANT_KEPT: u32 = 32;

/// How many uses of a constant are looked at to see whether it is kept.
const CONSTANT_USES: usize = 16;

/// Evicting a constant costs less than anything else.
const CONSTANT_BONUS: u32 = 1 << 30;

/// What the scan found.
#[derive(Debug)]
pub(super) struct Scanned {
    /// The intervals, each with its place.
    pub intervals: Intervals,
    /// The registers given to any, by rank.
    pub used: RegisterSet,
    /// Whether any of them is in memory, constants included.
    pub memory: bool,
}

/// Gives each interval a place.
///
/// # Panics
///
/// If an instruction needs more registers at once than there are.
pub(super) fn scan(lifetimes: &mut Lifetimes, layout: &Layout, ranks: &Ranks) -> Scanned {
    let intervals = Intervals::new(lifetimes);
    let count = ranks.registers.len();
    let mut scan = Scan {
        layout,
        ranks,
        intervals,
        queue: BinaryHeap::new(),
        active: vec![NONE; count],
        free: (0..count as u8).collect(),
        occupied: Vec::with_capacity(count),
        index: vec![0; count],
        inactive: Vec::new(),
        next_event: NONE,
        barriers: lifetimes.first_barrier.clone(),
        barriers_passed: 0,
        used: RegisterSet::EMPTY,
        memory: false,
        lifetimes,
    };
    scan.run();
    Scanned {
        intervals: scan.intervals,
        used: scan.used,
        memory: scan.memory,
    }
}

/// A register with an active interval.
#[derive(Debug, Clone, Copy)]
struct Occupied {
    rank: u8,
    /// Where the interval's present range ends.
    until: u32,
}

/// The state of the scan at a position.
struct Scan<'a> {
    lifetimes: &'a mut Lifetimes,
    layout: &'a Layout,
    ranks: &'a Ranks,
    intervals: Intervals,
    /// Intervals that have been split off, by their beginnings.
    queue: BinaryHeap<Reverse<(u32, u32)>>,
    /// By rank: the interval that lives in the register now, or `NONE`.
    active: Vec<u32>,
    /// The ranks without active interval.
    free: RegisterSet,
    /// Those with one, in no order, and for each its index there.
    occupied: Vec<Occupied>,
    index: Vec<u8>,
    /// Intervals that have a register and are in a hole.
    inactive: Vec<u32>,
    /// Nothing changes in the above before this position.
    next_event: u32,
    /// By rank: the first barrier not passed, or `NONE`.
    barriers: Vec<u32>,
    /// How many of the positions of barriers have been passed.
    barriers_passed: usize,
    used: RegisterSet,
    memory: bool,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut first = 0;
        loop {
            let fresh = self.lifetimes.order.get(first).copied();
            let fresh_start = fresh.map(|interval| self.intervals.get(interval).start);
            let split = self.queue.peek().map(|&Reverse(entry)| entry);
            let interval = match (fresh_start, split) {
                (Some(start), Some((split_start, split))) if split_start < start => {
                    self.queue.pop();
                    split
                }
                (Some(_), _) => {
                    first += 1;
                    self.lifetimes.order[first - 1]
                }
                (None, Some((_, split))) => {
                    self.queue.pop();
                    split
                }
                (None, None) => break,
            };
            self.place(interval);
        }
    }

    /// Gives an interval a place.
    fn place(&mut self, interval: u32) {
        let position = self.intervals.get(interval).start;
        self.advance(position);
        let needed = self
            .intervals
            .needs_register(self.lifetimes, interval, position);
        if self.is_constant(interval) {
            if !needed && self.postpone(interval) {
                return;
            }
            self.shorten(interval);
        }
        if !self.take_free(interval, needed) {
            self.take_occupied(interval, needed);
        }
    }

    /// Brings the state to a position.
    fn advance(&mut self, position: u32) {
        let positions = &self.lifetimes.barrier_positions;
        while positions
            .get(self.barriers_passed)
            .is_some_and(|&p| p < position)
        {
            self.barriers_passed += 1;
        }
        if position < self.next_event {
            return;
        }
        let mut next_event = NONE;
        let mut i = 0;
        while let Some(&Occupied { rank, until }) = self.occupied.get(i) {
            if until > position {
                next_event = next_event.min(until);
                i += 1;
            } else if let Some(until) = self.enter_range(rank, position) {
                self.occupied[i].until = until;
            }
        }
        self.next_event = next_event;
        let mut i = 0;
        while i < self.inactive.len() {
            if self.leave_hole(self.inactive[i], position) {
                self.inactive.swap_remove(i);
            } else {
                i += 1;
            }
        }
    }

    /// The range of an active interval has ended. If the next one has begun already, its end is given
    /// back; else the register is released.
    fn enter_range(&mut self, rank: u8, position: u32) -> Option<u32> {
        let interval = self.active[usize::from(rank)];
        if self.intervals.get(interval).end <= position {
            self.release(rank);
            return None;
        }
        self.intervals
            .pass_ranges(self.lifetimes, interval, position);
        let range = self.intervals.present_range(self.lifetimes, interval);
        if range.start <= position {
            return Some(range.end);
        }
        self.release(rank);
        if self.inactive.len() < MOST_INACTIVE {
            self.inactive.push(interval);
        } else {
            let rest = self.intervals.split(self.lifetimes, interval, position);
            self.enqueue(rest);
        }
        None
    }

    /// Whether an inactive interval is not inactive any more: because it is over, or because its
    /// next range has begun, in which case it becomes active.
    fn leave_hole(&mut self, interval: u32, position: u32) -> bool {
        if self.intervals.get(interval).end <= position {
            return true;
        }
        self.intervals
            .pass_ranges(self.lifetimes, interval, position);
        let range = self.intervals.present_range(self.lifetimes, interval);
        if range.start > position {
            self.next_event = self.next_event.min(range.start);
            return false;
        }
        if let Place::Register(rank) = self.intervals.get(interval).place {
            debug_assert!(self.free.contains(rank), "holes are kept free");
            self.occupy(rank, interval);
        }
        true
    }

    fn release(&mut self, rank: u8) {
        self.active[usize::from(rank)] = NONE;
        self.free.insert(rank);
        let index = self.index[usize::from(rank)];
        self.occupied.swap_remove(usize::from(index));
        if let Some(moved) = self.occupied.get(usize::from(index)) {
            self.index[usize::from(moved.rank)] = index;
        }
    }

    fn occupy(&mut self, rank: u8, interval: u32) {
        let until = self.intervals.present_range(self.lifetimes, interval).end;
        if self.free.contains(rank) {
            self.free.remove(rank);
            self.index[usize::from(rank)] = self.occupied.len() as u8;
            self.occupied.push(Occupied { rank, until });
        } else {
            // Inherited from an operand that dies.
            self.occupied[usize::from(self.index[usize::from(rank)])].until = until;
        }
        self.active[usize::from(rank)] = interval;
        self.next_event = self.next_event.min(until);
    }

    fn is_constant(&self, interval: u32) -> bool {
        let register = self.intervals.get(interval).register;
        self.lifetimes.registers[register as usize]
            .constant()
            .is_some()
    }

    /// Whether an interval begins with the definition of its virtual register.
    fn is_first(&self, interval: u32) -> bool {
        let this = self.intervals.get(interval);
        self.lifetimes.registers[this.register as usize].defined_at == this.start
    }

    /// Whether a constant need not be made yet: it is made before its first use in a register, or
    /// before the loops around that.
    fn postpone(&mut self, interval: u32) -> bool {
        let position = self.intervals.get(interval).start;
        let use_ = self
            .intervals
            .next_register_use(self.lifetimes, interval, position);
        if use_ != NONE && (!self.is_first(interval) || use_ <= behind(position)) {
            return false;
        }
        self.keep_in_memory(interval, behind(position));
        true
    }

    /// Outside loops, a constant that isn't used for long is given up in between.
    fn shorten(&mut self, interval: u32) {
        let this = *self.intervals.get(interval);
        if self.layout.loop_at(this.start).is_some() {
            return;
        }
        let mut kept = this.start;
        let mut number = this.upcoming;
        for _ in 0..CONSTANT_USES {
            let Some(use_) = self.lifetimes.uses.get(number as usize) else {
                break;
            };
            if use_.position >= this.end || use_.position > kept + CONSTANT_KEPT {
                break;
            }
            if use_.want == Want::Register {
                kept = use_.position;
            }
            number = use_.next;
            if number == NONE {
                break;
            }
        }
        let next = self.lifetimes.uses.get(number as usize);
        let far = next.is_none_or(|use_| use_.position > kept + CONSTANT_KEPT);
        if far && kept > this.start && kept + 1 < this.end {
            let rest = self.intervals.split(self.lifetimes, interval, kept + 1);
            self.keep_in_memory(rest, behind(kept));
        }
    }

    /// Gives an interval a register that is free, if there is one for long enough to be of use.
    fn take_free(&mut self, interval: u32, needed: bool) -> bool {
        let mut free = self.free;
        let inherited = self.inherited(interval);
        if let Some(rank) = inherited {
            free.insert(rank);
        }
        if free.is_empty() {
            return false;
        }
        if self.take_undisturbed(interval, free) {
            return true;
        }
        let end = self.intervals.get(interval).end;
        let positions = &self.lifetimes.barrier_positions;
        let no_barrier = positions
            .get(self.barriers_passed)
            .is_none_or(|&p| end <= p);
        if no_barrier && (self.inactive.is_empty() || !self.may_meet_inactive(interval)) {
            let hinted = self.hinted(interval, |rank| free.contains(rank));
            let rank = hinted
                .or(inherited)
                .or_else(|| self.beside_carried(interval, free).first())
                .or(free.first())
                .expect("the set is not empty");
            self.give(interval, rank);
            return true;
        }
        self.take_limited(interval, needed, free)
    }

    /// Gives an interval one of these registers, which may be taken again before the interval ends:
    /// one that is not, else the one that stays free the longest, up to there.
    fn take_limited(&mut self, interval: u32, needed: bool, free: RegisterSet) -> bool {
        let end = self.intervals.get(interval).end;
        let hinted = self.hinted(interval, |rank| free.contains(rank));
        let hinted_limit = hinted.map_or(0, |rank| self.free_until(rank, interval));
        if let (Some(rank), true) = (hinted, hinted_limit >= end) {
            self.give(interval, rank);
            return true;
        }
        let mut best = (hinted_limit, hinted);
        let spoilt_only = self.is_constant(interval) && self.outside_loops(interval);
        let beside = self.beside_carried(interval, free);
        for rank in beside.iter().chain(free.difference(&beside).iter()) {
            if spoilt_only && rank >= self.ranks.callee_saved {
                continue;
            }
            let limit = self.free_until(rank, interval);
            if limit >= end {
                self.give(interval, rank);
                return true;
            }
            if limit > best.0 {
                best = (limit, Some(rank));
            }
        }
        let (limit, Some(rank)) = best else {
            return false;
        };
        if limit <= self.needed_until(interval, needed) {
            return false;
        }
        self.cut(interval, limit);
        self.give(interval, rank);
        true
    }

    /// Of the free registers those that cost nothing more and in which the loop around hands no value
    /// from round to round: what is in the way there has to be moved before the next round.
    fn beside_carried(&self, interval: u32, free: RegisterSet) -> RegisterSet {
        let carried = self.layout.carried(self.intervals.get(interval).start);
        let mut beside = free;
        for &parameter in carried {
            let rank = self.lifetimes.registers[parameter as usize].preferred;
            if rank != NO_RANK {
                beside.remove(rank);
            }
        }
        if carried.is_empty() {
            return beside;
        }
        let costs_nothing =
            |rank: &u8| *rank < self.ranks.callee_saved || self.used.contains(*rank);
        beside.iter().filter(costs_nothing).collect()
    }

    /// Gives a parameter of a loop a register in which it can stay in every round, if there is one.
    fn take_undisturbed(&mut self, interval: u32, free: RegisterSet) -> bool {
        let undisturbed = self.undisturbed_in_loop(interval, free);
        let hinted = self.hinted(interval, |rank| undisturbed.contains(rank));
        let beside = || self.beside_carried(interval, undisturbed).first();
        let Some(rank) = hinted.or_else(beside).or(undisturbed.first()) else {
            return false;
        };
        let is_free = self.free_until(rank, interval) >= self.intervals.get(interval).end;
        if is_free {
            self.give(interval, rank);
        }
        is_free
    }

    /// For what a loop hands from round to round: the free registers that no instruction of the loop
    /// asks for, and that cost nothing more. In one of them the value can stay in every round, though
    /// its own life ends where the next one's begins.
    fn undisturbed_in_loop(&mut self, interval: u32, free: RegisterSet) -> RegisterSet {
        let this = *self.intervals.get(interval);
        let register = &self.lifetimes.registers[this.register as usize];
        let is_parameter = register.definition == Definition::Parameter;
        let around = self.layout.loop_at(this.start);
        let Some(around) = around.filter(|around| is_parameter && around.start == this.start)
        else {
            return RegisterSet::EMPTY;
        };
        let positions = &self.lifetimes.barrier_positions;
        let next = positions.get(self.barriers_passed);
        if next.is_none_or(|&next| next >= around.end) {
            // Any register will do.
            return RegisterSet::EMPTY;
        }
        let (callee_saved, used) = (self.ranks.callee_saved, self.used);
        let depth = self.layout.loop_depth(this.start);
        let is_disturbed = |position| {
            // The layout may have blocks in a loop that control leaves it by.
            position < around.end && self.layout.loop_depth(position) >= depth
        };
        free.iter()
            .filter(|&rank| rank < callee_saved || used.contains(rank))
            .filter(|&rank| !is_disturbed(self.next_barrier_position(rank, this.start)))
            .collect()
    }

    /// The first position from `start` on at which an instruction asks for a register.
    fn next_barrier_position(&mut self, rank: u8, start: u32) -> u32 {
        let first = &mut self.barriers[usize::from(rank)];
        while let Some(barrier) = self.lifetimes.barriers.get(*first as usize) {
            if barrier.position >= start {
                return barrier.position;
            }
            *first = barrier.next;
        }
        NONE
    }

    fn outside_loops(&self, interval: u32) -> bool {
        let position = self.intervals.get(interval).start;
        self.layout.loop_at(position).is_none()
    }

    /// Up to which position, inclusive, an interval must have a register for it to be of use:
    /// to its first use.
    fn needed_until(&mut self, interval: u32, needed: bool) -> u32 {
        let position = self.intervals.get(interval).start;
        let register = self.intervals.get(interval).register;
        if self.lifetimes.registers[register as usize].pinned(position) {
            position | 1
        } else if needed {
            position
        } else if self.is_constant(interval) {
            self.intervals
                .next_register_use(self.lifetimes, interval, position)
        } else {
            self.intervals.next_use(self.lifetimes, interval, position)
        }
    }

    /// Gives an interval a register that another one lives in, which goes to memory; or lets the
    /// interval itself stay in memory until its next use, if that is further away than those of all
    /// others.
    fn take_occupied(&mut self, interval: u32, needed: bool) {
        let position = self.intervals.get(interval).start;
        let until = self.needed_until(interval, needed);
        let mut best = None;
        // A constant pushes nothing out as long as it isn't needed.
        if until != NONE && (needed || !self.is_constant(interval)) {
            let around = self.layout.loop_at(position);
            let mut furthest = (if needed { 0 } else { until }, false);
            for rank in 0..self.active.len() as u8 {
                let next = self.next_use_of_occupant(rank, position, around);
                let distance = (next, self.is_stored_outside(rank, around));
                if distance > furthest && self.free_until(rank, interval) > until {
                    furthest = distance;
                    best = Some(rank);
                }
            }
        }
        let Some(rank) = best else {
            assert!(
                !needed,
                "an instruction needs more registers than there are"
            );
            // What has been brought before a loop in vain is brought where it is used.
            let low = if self.is_first(interval) { 0 } else { until };
            self.keep_in_memory(interval, low.max(behind(position)));
            return;
        };
        if !self.free.contains(rank) {
            self.evict(rank, position);
        }
        let limit = self.free_until(rank, interval);
        if limit < self.intervals.get(interval).end {
            self.cut(interval, limit);
        }
        self.give(interval, rank);
    }

    /// How far away the next use of the interval in a register is: 0 if it can't be evicted now,
    /// `NONE` if there is none or the register is free.
    fn next_use_of_occupant(&mut self, rank: u8, position: u32, around: Option<Loop>) -> u32 {
        let interval = self.active[usize::from(rank)];
        if interval == NONE {
            return NONE;
        }
        // First, because it passes the uses that lie behind.
        let next = self.intervals.next_use(self.lifetimes, interval, position);
        if self
            .intervals
            .needs_register(self.lifetimes, interval, position)
        {
            return 0;
        }
        if self.is_constant(interval) {
            return next.saturating_add(CONSTANT_BONUS);
        }
        let this = self.intervals.get(interval);
        match around {
            // Used earlier in the loop, so used again when that comes round.
            Some(around)
                if this.start < around.start
                    && this.end >= around.end
                    && this.idle_from > around.start =>
            {
                next.min(around.end)
            }
            _ => next,
        }
    }

    /// Whether what is in a register has been defined outside a loop, so that storing it costs nothing
    /// in there.
    fn is_stored_outside(&self, rank: u8, around: Option<Loop>) -> bool {
        let (Some(around), Some(&interval)) = (around, self.active.get(usize::from(rank))) else {
            return false;
        };
        if interval == NONE {
            return true;
        }
        let register = self.intervals.get(interval).register;
        self.lifetimes.registers[register as usize].defined_at < around.start
    }

    /// The interval in a register goes to memory: from here on, or from earlier on if it has not
    /// been used since, so that it does so outside the loops around.
    fn evict(&mut self, rank: u8, position: u32) {
        let interval = self.active[usize::from(rank)];
        self.release(rank);
        let this = *self.intervals.get(interval);
        let from = if this.idle_from < position {
            self.layout.outermost_split(this.idle_from, position)
        } else {
            position
        };
        let rest = if from <= this.start {
            interval
        } else {
            self.intervals.split(self.lifetimes, interval, from)
        };
        self.keep_in_memory(rest, behind(position));
    }

    /// Splits an interval so that it ends before a register is taken at `limit`; the rest is placed
    /// when the scan comes there.
    fn cut(&mut self, interval: u32, limit: u32) {
        let start = self.intervals.get(interval).start;
        let gap = limit & !1;
        let low = self
            .intervals
            .idle_before(self.lifetimes, interval, gap)
            .max(behind(start));
        if gap < low {
            // The limit is inside the instruction, where nothing can be moved; memory needs no move.
            let rest = self.intervals.split(self.lifetimes, interval, limit);
            self.keep_in_memory(rest, behind(limit));
        } else {
            let at = self.layout.outermost_split(low, gap);
            let rest = self.intervals.split(self.lifetimes, interval, at);
            self.enqueue(rest);
        }
    }

    fn enqueue(&mut self, interval: u32) {
        let start = self.intervals.get(interval).start;
        self.queue.push(Reverse((start, interval)));
    }

    /// An interval lives in memory up to its next use in a register; there, or from `low` on if that
    /// is before a loop around, the rest begins.
    fn keep_in_memory(&mut self, interval: u32, low: u32) {
        self.memory = true;
        let start = self.intervals.get(interval).start;
        let use_ = self
            .intervals
            .next_register_use(self.lifetimes, interval, start);
        if use_ == NONE {
            self.intervals.get_mut(interval).place = Place::Memory;
            return;
        }
        let at = self.layout.outermost_split(low.max(start), use_);
        let mut rest = interval;
        // If it begins behind a hole, it may be there that the register is wanted.
        if at > start {
            self.intervals.get_mut(interval).place = Place::Memory;
            rest = self.intervals.split(self.lifetimes, interval, at);
        }
        self.enqueue(rest);
    }

    /// The register of the operand that the interval's must share, if the operand dies there.
    fn inherited(&self, interval: u32) -> Option<u8> {
        let this = self.intervals.get(interval);
        let register = &self.lifetimes.registers[this.register as usize];
        if register.tied_to == NONE || register.defined_at != this.start {
            return None;
        }
        let rank = self.lifetimes.registers[register.tied_to as usize].preferred;
        let operand = *self.active.get(usize::from(rank))?;
        if operand == NONE {
            return None;
        }
        let operand = self.intervals.get(operand);
        (operand.register == register.tied_to && operand.end == this.start + 1).then_some(rank)
    }

    /// The register that would save the move which is made most often and is `suitable`; the first
    /// one among equals.
    fn hinted(&self, interval: u32, suitable: impl Fn(u8) -> bool) -> Option<u8> {
        let this = self.intervals.get(interval);
        let preferred = self.lifetimes.registers[this.register as usize].preferred;
        if preferred != NO_RANK && suitable(preferred) {
            return Some(preferred);
        }
        if !self.lifetimes.registers[this.register as usize].hinted {
            return None;
        }
        let mut number = this.upcoming;
        let mut best = self.hint_of_parameter(this.register, &suitable);
        for _ in 0..USES_FOR_HINTS {
            let Some(use_) = self.lifetimes.uses.get(number as usize) else {
                break;
            };
            let rank = match use_.hint {
                Hint::None => NO_RANK,
                Hint::Register(rank) => rank,
                Hint::Same(other) => self.lifetimes.registers[other as usize].preferred,
            };
            if rank != NO_RANK && suitable(rank) {
                let depth = self.layout.loop_depth(use_.position);
                if best.is_none_or(|(deepest, _)| depth > deepest) {
                    best = Some((depth, rank));
                }
            }
            number = use_.next;
        }
        best.map(|(_, rank)| rank)
    }

    /// The register of the parameter that a virtual register is handed over to, and in how many loops
    /// that happens. The jump may be far away, behind many uses.
    fn hint_of_parameter(&self, register: u32, suitable: impl Fn(u8) -> bool) -> Option<(u32, u8)> {
        let register = &self.lifetimes.registers[register as usize];
        let parameter = self.lifetimes.registers.get(register.handed_to as usize)?;
        let rank = parameter.preferred;
        (rank != NO_RANK && suitable(rank)).then_some((register.handed_depth, rank))
    }

    /// Whether an interval may overlap one that is inactive: of whole lives, each beginning at its
    /// definition, those that overlap do so where one begins.
    fn may_meet_inactive(&self, interval: u32) -> bool {
        !self.lifetimes.strict || !self.is_first(interval)
    }

    /// The first position at which an interval can't be in a register, as far as barriers and
    /// inactive intervals are concerned.
    fn free_until(&mut self, rank: u8, interval: u32) -> u32 {
        let mut limit = self.next_barrier(rank, interval);
        if !self.inactive.is_empty() && self.may_meet_inactive(interval) {
            for &other in &self.inactive {
                if self.intervals.get(other).place == Place::Register(rank) {
                    let meeting = self
                        .intervals
                        .first_meeting(self.lifetimes, interval, other);
                    limit = limit.min(meeting);
                }
            }
        }
        limit
    }

    fn next_barrier(&mut self, rank: u8, interval: u32) -> u32 {
        let this = *self.intervals.get(interval);
        self.next_barrier_position(rank, this.start);
        let mut number = self.barriers[usize::from(rank)];
        for _ in 0..BARRIERS_PASSED {
            let Some(barrier) = self.lifetimes.barriers.get(number as usize) else {
                return NONE;
            };
            if barrier.position >= this.end {
                return NONE;
            }
            if barrier.owner != this.register
                && self
                    .intervals
                    .covers(self.lifetimes, interval, barrier.position)
            {
                return barrier.position;
            }
            number = barrier.next;
        }
        let barrier = self.lifetimes.barriers.get(number as usize);
        barrier.map_or(NONE, |barrier| barrier.position)
    }

    /// An interval gets a register that nobody is in.
    fn give(&mut self, interval: u32, rank: u8) {
        self.intervals.get_mut(interval).place = Place::Register(rank);
        self.occupy(rank, interval);
        self.used.insert(rank);
        let this = *self.intervals.get(interval);
        let register = &mut self.lifetimes.registers[this.register as usize];
        register.preferred = rank;
        if !register.hinted {
            return;
        }
        let mut number = this.upcoming;
        for _ in 0..USES_FOR_HINTS {
            let Some(use_) = self.lifetimes.uses.get(number as usize) else {
                break;
            };
            if let Hint::Same(other) = use_.hint {
                let preferred = &mut self.lifetimes.registers[other as usize].preferred;
                if *preferred == NO_RANK {
                    *preferred = rank;
                }
            }
            number = use_.next;
        }
    }
}
