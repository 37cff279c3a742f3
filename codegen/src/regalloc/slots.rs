//! Spill slots.
//!
//! Where blocks join, a value in memory is handed over without a move if argument and parameter have
//! the same slot. Therefore the virtual registers that are handed over to each other form *webs*, as
//! long as no two in a web live at once, the innermost loops first; a web has one slot. Two webs
//! share one if the stretches of the code from their beginnings to their ends don't overlap.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::mem::take;

use super::intervals::{Intervals, Place};
use super::layout::NONE;
use super::lifetimes::{Lifetimes, list};
use super::scan::Scanned;
use crate::machine::Code;

/// The slots of the virtual registers.
#[derive(Debug)]
pub(super) struct Slots {
    /// The slot of each virtual register, or `NONE`; empty if none has one.
    of: Vec<u32>,
    /// How many there are.
    pub count: u32,
}

impl Slots {
    /// The slot of a virtual register, if it has one.
    pub(super) fn of(&self, register: u32) -> Option<u32> {
        self.of
            .get(register as usize)
            .copied()
            .filter(|&slot| slot != NONE)
    }
}

/// Gives a slot to each virtual register that is in memory somewhere, constants excepted.
pub(super) fn assign<I>(code: &Code<I>, lifetimes: &Lifetimes, scanned: &Scanned) -> Slots {
    let mut slots = Slots {
        of: Vec::new(),
        count: 0,
    };
    if !scanned.memory {
        return slots;
    }
    let spilled = spilled(lifetimes, &scanned.intervals);
    if spilled.is_empty() {
        return slots;
    }
    let mut webs = Webs::new(lifetimes, &spilled);
    for (argument, parameter) in handed_over(code) {
        webs.join(argument, parameter);
    }
    slots.of = vec![NONE; lifetimes.registers.len()];
    let mut slot_of_web = vec![NONE; spilled.len()];
    let mut taken: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
    let mut free: Vec<u32> = Vec::new();
    for register in spilled {
        let web = webs.of(register).expect("it is one of the spilled");
        if slot_of_web[web as usize] == NONE {
            let (start, end) = webs.stretch(web);
            while let Some(&Reverse((end, slot))) = taken.peek() {
                if end > start {
                    break;
                }
                taken.pop();
                free.push(slot);
            }
            let slot = free.pop().unwrap_or_else(|| {
                slots.count += 1;
                slots.count - 1
            });
            taken.push(Reverse((end, slot)));
            slot_of_web[web as usize] = slot;
        }
        slots.of[register as usize] = slot_of_web[web as usize];
    }
    slots
}

/// The virtual registers that need a slot, by the beginnings of their lives.
fn spilled(lifetimes: &Lifetimes, intervals: &Intervals) -> Vec<u32> {
    let in_memory = |register: u32| {
        let mut number = register;
        while number != NONE {
            let interval = intervals.get(number);
            if interval.place == Place::Memory {
                return true;
            }
            number = interval.next;
        }
        false
    };
    let order = lifetimes.order.iter().copied();
    order
        .filter(|&register| {
            let constant = lifetimes.registers[register as usize].constant();
            constant.is_none() && in_memory(register)
        })
        .collect()
}

/// The arguments and parameters of blocks, those in the innermost loops first.
fn handed_over<I>(code: &Code<I>) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for block in &code.blocks {
        let Some(successor) = block.successors.iter().flatten().next() else {
            continue;
        };
        let parameters = list(&code.lists, code.blocks[successor.index()].parameters);
        for (argument, parameter) in list(&code.lists, block.arguments).zip(parameters) {
            let indices = (argument.virtual_index(), parameter.virtual_index());
            if let (Some(argument), Some(parameter)) = indices {
                pairs.push((Reverse(block.loop_depth), (argument, parameter)));
            }
        }
    }
    pairs.sort_by_key(|&(depth, _)| depth);
    pairs.into_iter().map(|(_, pair)| pair).collect()
}

/// Sets of virtual registers of which no two live at once.
struct Webs {
    /// By virtual register: its number among the spilled, or `NONE`.
    number: Vec<u32>,
    /// By number: another one of the same web, nearer to the web's root; the root has itself.
    towards_root: Vec<u32>,
    /// By root: where those of the web live, the ends by the beginnings.
    lives: Vec<BTreeMap<u32, u32>>,
}

impl Webs {
    /// Each on its own.
    fn new(lifetimes: &Lifetimes, spilled: &[u32]) -> Self {
        let mut number = vec![NONE; lifetimes.registers.len()];
        for (&register, web) in spilled.iter().zip(0..) {
            number[register as usize] = web;
        }
        Self {
            number,
            towards_root: (0..spilled.len() as u32).collect(),
            lives: spilled
                .iter()
                .map(|&register| life(lifetimes, register))
                .collect(),
        }
    }

    /// The web of a virtual register, if that is one of the spilled.
    fn of(&mut self, register: u32) -> Option<u32> {
        let mut web = self.number[register as usize];
        if web == NONE {
            return None;
        }
        loop {
            let next = self.towards_root[web as usize];
            if next == web {
                return Some(web);
            }
            let further = self.towards_root[next as usize];
            self.towards_root[web as usize] = further;
            web = further;
        }
    }

    /// The first position at which one of a web lives, and the one behind the last.
    fn stretch(&self, web: u32) -> (u32, u32) {
        let lives = &self.lives[web as usize];
        let start = lives.first_key_value().map_or(0, |(&start, _)| start);
        let end = lives.last_key_value().map_or(0, |(_, &end)| end);
        (start, end)
    }

    /// Makes one web of two, if no two in it live at once.
    fn join(&mut self, one: u32, other: u32) {
        let (Some(one), Some(other)) = (self.of(one), self.of(other)) else {
            return;
        };
        if one == other {
            return;
        }
        let size = |web: u32| self.lives[web as usize].len();
        let (large, small) = if size(one) < size(other) {
            (other, one)
        } else {
            (one, other)
        };
        let around = &self.lives[large as usize];
        let meets = |(&start, &end): (&u32, &u32)| {
            let before = around.range(..end).next_back();
            before.is_some_and(|(_, &before)| before > start)
        };
        if self.lives[small as usize].iter().any(meets) {
            return;
        }
        let lives = take(&mut self.lives[small as usize]);
        self.lives[large as usize].extend(lives);
        self.towards_root[small as usize] = large;
    }
}

/// Where a virtual register lives.
fn life(lifetimes: &Lifetimes, register: u32) -> BTreeMap<u32, u32> {
    let whole = &lifetimes.registers[register as usize];
    let mut life = BTreeMap::new();
    let mut number = whole.ranges;
    if number == NONE {
        life.insert(whole.start, whole.end);
    }
    while let Some(range) = lifetimes.ranges.get(number as usize) {
        life.insert(range.start, range.end);
        number = range.next;
    }
    life
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regalloc::lifetimes::{Range, Virtual};

    /// Virtual register 0 lives from 0 to 10 and from 20 to 30, register 1 from 10 to 20, register 2
    /// from 25 to 40.
    fn webs() -> Webs {
        let range = |start, end, next| Range { start, end, next };
        let life = |start, end, ranges| {
            let mut life = Virtual::NEW;
            (life.start, life.end, life.ranges) = (start, end, ranges);
            life
        };
        let lifetimes = Lifetimes {
            registers: vec![life(0, 30, 0), life(10, 20, NONE), life(25, 40, NONE)],
            ranges: vec![range(0, 10, 1), range(20, 30, NONE)],
            ..Lifetimes::default()
        };
        Webs::new(&lifetimes, &[0, 1, 2])
    }

    #[test]
    fn what_lives_in_a_hole_of_another_can_be_in_its_web() {
        let mut webs = webs();
        webs.join(0, 1);
        assert_eq!(webs.of(0), webs.of(1));
        assert_eq!(webs.of(0).map(|web| webs.stretch(web)), Some((0, 30)));
    }

    #[test]
    fn what_lives_at_once_with_one_of_a_web_stays_out_of_it() {
        let mut webs = webs();
        webs.join(0, 1);
        webs.join(2, 1);
        assert_ne!(webs.of(1), webs.of(2));
    }

    #[test]
    fn what_lives_at_once_with_a_member_joins_no_web_by_another_one() {
        let mut webs = webs();
        webs.join(1, 2);
        assert_eq!(webs.of(1), webs.of(2));
        webs.join(0, 1);
        assert_ne!(webs.of(0), webs.of(1));
    }
}
