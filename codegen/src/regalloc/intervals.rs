//! Intervals: a virtual register's life, or a piece of it, with one place.

use super::layout::NONE;
use super::lifetimes::{Lifetimes, Range, Want};

/// How many steps are made along two lists of ranges before the answer is given for safe.
const RANGE_STEPS: u32 = 64;

/// The gap behind the instruction that a position belongs to.
pub(super) const fn behind(position: u32) -> u32 {
    (position | 1) + 1
}

/// Where an interval's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Not decided yet.
    Undecided,
    /// In the register of this rank.
    Register(u8),
    /// In the virtual register's slot, or nowhere if it is a constant.
    Memory,
}

/// A piece of a virtual register's life.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interval {
    /// The virtual register.
    pub register: u32,
    /// The first position.
    pub start: u32,
    /// The position behind the last.
    pub end: u32,
    /// The range that the scan has come to; `NONE` if there are no holes.
    pub range: u32,
    /// The first use that the scan has not passed, or `NONE`.
    pub upcoming: u32,
    /// From where on nothing that the scan has passed asks for a register: it may be split off here.
    pub idle_from: u32,
    /// The next piece of the same virtual register, or `NONE`.
    pub next: u32,
    /// Where it is.
    pub place: Place,
}

/// All intervals: first those that begin where the virtual registers do, with the same numbers,
/// then what has been split off.
#[derive(Debug)]
pub(super) struct Intervals {
    all: Vec<Interval>,
}

impl Intervals {
    /// An interval for each virtual register.
    pub(super) fn new(lifetimes: &Lifetimes) -> Self {
        let whole = lifetimes.registers.iter().enumerate();
        let all = whole
            .map(|(number, register)| Interval {
                register: number as u32,
                start: register.start,
                end: register.end,
                range: register.ranges,
                upcoming: register.first_use,
                idle_from: if register.pinned(register.start) {
                    behind(register.start)
                } else {
                    register.start
                },
                next: NONE,
                place: Place::Undecided,
            })
            .collect();
        Self { all }
    }

    /// An interval by its number.
    pub(super) fn get(&self, interval: u32) -> &Interval {
        &self.all[interval as usize]
    }

    /// All intervals.
    pub(super) fn all(&self) -> &[Interval] {
        &self.all
    }

    /// An interval by its number.
    pub(super) fn get_mut(&mut self, interval: u32) -> &mut Interval {
        &mut self.all[interval as usize]
    }

    /// The range that an interval has come to, cut at its end.
    pub(super) fn present_range(&self, lifetimes: &Lifetimes, interval: u32) -> Range {
        let this = self.get(interval);
        match lifetimes.ranges.get(this.range as usize) {
            None => Range {
                start: this.start,
                end: this.end,
                next: NONE,
            },
            Some(range) => Range {
                start: range.start.max(this.start),
                end: range.end.min(this.end),
                next: range.next,
            },
        }
    }

    /// Leaves the ranges behind that end at or before a position. The interval must not end there.
    pub(super) fn pass_ranges(&mut self, lifetimes: &Lifetimes, interval: u32, position: u32) {
        let this = self.get_mut(interval);
        while let Some(range) = lifetimes.ranges.get(this.range as usize) {
            if range.end > position || range.next == NONE {
                break;
            }
            this.range = range.next;
        }
    }

    /// Whether an interval lives at a position that is not before the scan.
    pub(super) fn covers(&self, lifetimes: &Lifetimes, interval: u32, position: u32) -> bool {
        let this = self.get(interval);
        if position < this.start || position >= this.end {
            return false;
        }
        let mut number = this.range;
        while let Some(range) = lifetimes.ranges.get(number as usize) {
            if position < range.end {
                return position >= range.start;
            }
            number = range.next;
        }
        this.range == NONE
    }

    /// A position before which two intervals don't live at once: the first at which they do, `NONE`
    /// if they never do; an earlier one if that takes long to find out.
    pub(super) fn first_meeting(&self, lifetimes: &Lifetimes, one: u32, other: u32) -> u32 {
        let mut a = self.present_range(lifetimes, one);
        let mut b = self.present_range(lifetimes, other);
        let (a_end, b_end) = (self.get(one).end, self.get(other).end);
        for _ in 0..RANGE_STEPS {
            if a.start >= a_end || b.start >= b_end {
                return NONE;
            }
            if a.start.max(b.start) < a.end.min(a_end).min(b.end.min(b_end)) {
                return a.start.max(b.start);
            }
            let behind = if a.end <= b.end { &mut a } else { &mut b };
            match lifetimes.ranges.get(behind.next as usize) {
                Some(range) => *behind = *range,
                None => return NONE,
            }
        }
        a.start.max(b.start)
    }

    /// The next position, from the given one on, at which an interval's value is used other than to
    /// be recorded; `NONE` if there is none. Positions must not decrease from call to call.
    pub(super) fn next_use(&mut self, lifetimes: &Lifetimes, interval: u32, position: u32) -> u32 {
        let this = self.get_mut(interval);
        while let Some(use_) = lifetimes.uses.get(this.upcoming as usize) {
            if use_.position >= this.end {
                return NONE;
            }
            if use_.want != Want::Nothing {
                if use_.position >= position {
                    return use_.position;
                }
                this.idle_from = behind(use_.position);
            }
            this.upcoming = use_.next;
        }
        NONE
    }

    /// The next position, from the given one on, at which an interval's value must be in a
    /// register; `NONE` if there is none.
    pub(super) fn next_register_use(
        &self,
        lifetimes: &Lifetimes,
        interval: u32,
        position: u32,
    ) -> u32 {
        let this = self.get(interval);
        let mut number = this.upcoming;
        while let Some(use_) = lifetimes.uses.get(number as usize) {
            if use_.position >= this.end {
                break;
            }
            if use_.want == Want::Register && use_.position >= position {
                return use_.position;
            }
            number = use_.next;
        }
        NONE
    }

    /// Whether an interval's value must be in a register at a position to which the scan has come.
    pub(super) fn needs_register(
        &self,
        lifetimes: &Lifetimes,
        interval: u32,
        position: u32,
    ) -> bool {
        let this = self.get(interval);
        let mut number = this.upcoming;
        while let Some(use_) = lifetimes.uses.get(number as usize) {
            if use_.position > position {
                break;
            }
            if use_.want == Want::Register && use_.position == position {
                return true;
            }
            number = use_.next;
        }
        lifetimes.registers[this.register as usize].pinned(position)
    }

    /// From where on nothing before the given position asks for a register.
    pub(super) fn idle_before(&self, lifetimes: &Lifetimes, interval: u32, position: u32) -> u32 {
        let this = self.get(interval);
        let mut idle = this.idle_from;
        let mut number = this.upcoming;
        while let Some(use_) = lifetimes.uses.get(number as usize) {
            if use_.position >= position {
                break;
            }
            if use_.want != Want::Nothing {
                idle = behind(use_.position);
            }
            number = use_.next;
        }
        idle
    }

    /// Splits an interval: what lives from the position on becomes an interval of its own, whose
    /// number is given back. The position lies behind the beginning and before the end.
    ///
    /// If the position is in a hole, the first piece ends where the hole begins: a hole at its end
    /// could be split off later as a piece in which nothing lives.
    pub(super) fn split(&mut self, lifetimes: &Lifetimes, interval: u32, position: u32) -> u32 {
        let this = self.all[interval as usize];
        debug_assert!(
            this.start < position && position < this.end,
            "a split inside"
        );
        let (mut range, mut start, mut end) = (this.range, position, position);
        while let Some(present) = lifetimes.ranges.get(range as usize) {
            if position < present.end {
                if present.start < position {
                    end = position;
                }
                start = position.max(present.start);
                break;
            }
            end = present.end;
            range = present.next;
        }
        debug_assert!(start < this.end, "something lives in both pieces");
        let mut upcoming = this.upcoming;
        while let Some(use_) = lifetimes.uses.get(upcoming as usize) {
            if use_.position >= position {
                break;
            }
            upcoming = use_.next;
        }
        let number = self.all.len() as u32;
        self.all.push(Interval {
            start,
            range,
            upcoming,
            idle_from: start,
            place: Place::Undecided,
            ..this
        });
        let this = self.get_mut(interval);
        this.end = end;
        this.next = number;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lives from 0 to 10 and from 20 to 30.
    fn life_with_a_hole() -> (Lifetimes, Intervals) {
        let range = |start, end, next| Range { start, end, next };
        let lifetimes = Lifetimes {
            ranges: vec![range(0, 10, 1), range(20, 30, NONE)],
            ..Lifetimes::default()
        };
        let interval = Interval {
            register: 0,
            start: 0,
            end: 30,
            range: 0,
            upcoming: NONE,
            idle_from: 0,
            next: NONE,
            place: Place::Undecided,
        };
        let all = vec![interval];
        (lifetimes, Intervals { all })
    }

    fn bounds(intervals: &Intervals, interval: u32) -> (u32, u32) {
        let this = intervals.get(interval);
        (this.start, this.end)
    }

    #[test]
    fn a_split_in_a_range_gives_pieces_that_touch() {
        let (lifetimes, mut intervals) = life_with_a_hole();
        let rest = intervals.split(&lifetimes, 0, 24);
        assert_eq!(bounds(&intervals, 0), (0, 24));
        assert_eq!(bounds(&intervals, rest), (24, 30));
    }

    #[test]
    fn a_split_in_a_hole_leaves_the_hole_to_neither_piece() {
        for position in [10, 14, 20] {
            let (lifetimes, mut intervals) = life_with_a_hole();
            let rest = intervals.split(&lifetimes, 0, position);
            assert_eq!(bounds(&intervals, 0), (0, 10));
            assert_eq!(bounds(&intervals, rest), (20, 30));
        }
    }
}
