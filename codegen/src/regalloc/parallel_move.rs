//! Parallel moves: several places take over values at once, written as a sequence.
//!
//! Every source is read as it was before any destination is written. A move is emitted as soon as
//! nobody reads its destination any more; what remains then are cycles. A cycle is opened by saving
//! one of its values in the scratch register:
//!
//! ```text
//! r1 ← r2, r2 ← r1        scratch ← r1; r1 ← r2; r2 ← scratch
//! ```
//!
//! A move between two slots goes through the scratch register as well. If a cycle has one of them,
//! it is that move's source which is saved, so that the register is free when the others run. If it
//! has several, the saved value is parked in a spare slot.

use crate::machine::Location;

/// One move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The destination: a register or a slot.
    pub to: Location,
    /// The source.
    pub from: Location,
}

/// How many places stand before slot 0 in the tables.
const REGISTERS: usize = 256;

/// The position of a place in the tables; `None` for a constant.
fn index(location: Location) -> Option<usize> {
    match location {
        Location::Register(number) => Some(usize::from(number)),
        Location::Slot(slot) => Some(REGISTERS + slot as usize),
        Location::Constant(_) => None,
    }
}

fn is_register(location: Location) -> bool {
    matches!(location, Location::Register(_))
}

/// What is known of a place while a sequence is being made.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The pending move that writes it.
    writer: u32,
    /// How many pending moves read it.
    readers: u32,
}

const UNTOUCHED: Place = Place {
    writer: u32::MAX,
    readers: 0,
};

/// Makes sequences; keeps its tables from one to the next.
#[derive(Debug)]
pub struct Sequencer {
    scratch: Location,
    spare: Location,
    spare_used: bool,
    places: Vec<Place>,
    pending: Vec<bool>,
    ready: Vec<u32>,
}

impl Sequencer {
    /// Moves may use the register `scratch`, which holds no value, and the slot `spare`, if they
    /// have to.
    pub fn new(scratch: u8, spare: u32) -> Self {
        Self {
            scratch: Location::Register(scratch),
            spare: Location::Slot(spare),
            spare_used: false,
            places: vec![UNTOUCHED; REGISTERS],
            pending: Vec::new(),
            ready: Vec::new(),
        }
    }

    /// Whether any sequence so far has used the spare slot.
    pub fn used_spare(&self) -> bool {
        self.spare_used
    }

    /// Calls `emit` with moves that have the effect of all `moves` at once; each has a register on
    /// at least one side. No two of `moves` have the same destination, and none mentions the
    /// scratch register or the spare slot.
    pub fn sequence(&mut self, moves: &[Move], mut emit: impl FnMut(Move)) {
        if let [single] = moves {
            if single.to != single.from {
                self.emit_one(*single, &mut emit);
            }
            return;
        }
        self.enter(moves);
        self.emit_ready(moves, &mut emit);
        for start in 0..moves.len() {
            if self.pending[start] {
                self.emit_cycle(moves, start, &mut emit);
            }
        }
        let touched = moves.iter().flat_map(|m| [index(m.to), index(m.from)]);
        for place in touched.flatten() {
            if let Some(place) = self.places.get_mut(place) {
                *place = UNTOUCHED;
            }
        }
    }

    /// Writes down who reads and who writes each place.
    fn enter(&mut self, moves: &[Move]) {
        self.pending.clear();
        self.ready.clear();
        for (number, m) in moves.iter().enumerate() {
            let changes = m.to != m.from;
            self.pending.push(changes);
            if !changes {
                continue;
            }
            for place in [index(m.to), index(m.from)].into_iter().flatten() {
                if place >= self.places.len() {
                    self.places.resize(place + 1, UNTOUCHED);
                }
            }
            if let Some(place) = index(m.to) {
                debug_assert_eq!(
                    self.places[place].writer,
                    u32::MAX,
                    "one move a destination"
                );
                self.places[place].writer = number as u32;
            }
            if let Some(place) = index(m.from) {
                self.places[place].readers += 1;
            }
        }
    }

    /// Emits the moves whose destinations nobody reads, until there are none.
    fn emit_ready(&mut self, moves: &[Move], emit: &mut impl FnMut(Move)) {
        for (number, m) in moves.iter().enumerate() {
            if self.pending[number] && index(m.to).is_some_and(|to| self.places[to].readers == 0) {
                self.ready.push(number as u32);
            }
        }
        while let Some(number) = self.ready.pop() {
            let m = moves[number as usize];
            self.pending[number as usize] = false;
            self.emit_one(m, emit);
            if let Some(from) = index(m.from) {
                let source = &mut self.places[from];
                source.readers -= 1;
                if source.readers == 0 && source.writer != u32::MAX {
                    self.ready.push(source.writer);
                }
            }
        }
    }

    /// Emits a cycle: every place in it is read once and written once.
    fn emit_cycle(&mut self, moves: &[Move], start: usize, emit: &mut impl FnMut(Move)) {
        let between_slots = |m: &Move| !is_register(m.to) && !is_register(m.from);
        let mut opening = start;
        let mut count = 0;
        let mut number = start;
        loop {
            if between_slots(&moves[number]) {
                opening = number;
                count += 1;
            }
            number = self.writer_of_source(moves, number);
            if number == start {
                break;
            }
        }
        let saved = moves[opening];
        let (scratch, spare) = (self.scratch, self.spare);
        let parked = count > 1;
        emit(Move {
            to: scratch,
            from: saved.from,
        });
        if parked {
            self.spare_used = true;
            emit(Move {
                to: spare,
                from: scratch,
            });
        }
        self.pending[opening] = false;
        let mut number = self.writer_of_source(moves, opening);
        while number != opening {
            self.pending[number] = false;
            self.emit_one(moves[number], emit);
            number = self.writer_of_source(moves, number);
        }
        if parked {
            emit(Move {
                to: scratch,
                from: spare,
            });
        }
        emit(Move {
            to: saved.to,
            from: scratch,
        });
    }

    /// The move that writes what a move of a cycle reads.
    fn writer_of_source(&self, moves: &[Move], number: usize) -> usize {
        let from = index(moves[number].from).expect("a constant is in no cycle");
        self.places[from].writer as usize
    }

    /// Emits a move, through the scratch register if no side is a register.
    fn emit_one(&self, m: Move, emit: &mut impl FnMut(Move)) {
        if is_register(m.to) || is_register(m.from) {
            emit(m);
        } else {
            emit(Move {
                to: self.scratch,
                from: m.from,
            });
            emit(Move {
                to: m.to,
                from: self.scratch,
            });
        }
    }
}
