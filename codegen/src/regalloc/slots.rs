//! Spill slots: two virtual registers share one if the stretches of the code from the beginning to
//! the end of their lives don't overlap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    slots.of = vec![NONE; lifetimes.registers.len()];
    let partners = partners(code, lifetimes.registers.len());
    let mut taken: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
    let mut is_free: Vec<bool> = Vec::new();
    // May still name slots that a partner has taken since.
    let mut free: Vec<u32> = Vec::new();
    for register in spilled {
        let life = &lifetimes.registers[register as usize];
        while let Some(&Reverse((end, slot))) = taken.peek() {
            if end > life.start {
                break;
            }
            taken.pop();
            is_free[slot as usize] = true;
            free.push(slot);
        }
        let partner = slots.of(partners[register as usize]);
        let slot = match partner.filter(|&slot| is_free[slot as usize]) {
            Some(slot) => slot,
            None => next_free(&mut free, &mut is_free),
        };
        is_free[slot as usize] = false;
        taken.push(Reverse((life.end, slot)));
        slots.of[register as usize] = slot;
    }
    slots.count = is_free.len() as u32;
    slots
}

/// A slot that is free: one freed before, else a new one.
fn next_free(free: &mut Vec<u32>, is_free: &mut Vec<bool>) -> u32 {
    while let Some(slot) = free.pop() {
        if is_free[slot as usize] {
            return slot;
        }
    }
    is_free.push(true);
    is_free.len() as u32 - 1
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

/// For each virtual register another one that it is handed over to, or gets its value from, where
/// blocks join: if the two can share a slot, nothing need be moved.
fn partners<I>(code: &Code<I>, registers: usize) -> Vec<u32> {
    let mut partners = vec![NONE; registers];
    for block in &code.blocks {
        let Some(successor) = block.successors.iter().flatten().next() else {
            continue;
        };
        let parameters = list(&code.lists, code.blocks[successor.index()].parameters);
        for (argument, parameter) in list(&code.lists, block.arguments).zip(parameters) {
            let indices = (argument.virtual_index(), parameter.virtual_index());
            if let (Some(argument), Some(parameter)) = indices {
                partners[argument as usize] = parameter;
                partners[parameter as usize] = argument;
            }
        }
    }
    partners
}
