//! Parallel moves, run in a simulation of registers and slots.

use std::collections::BTreeMap;

use codegen::machine::Location;
use codegen::regalloc::parallel_move::{Move, Sequencer};

use crate::cases;
use crate::random::Random;

const SCRATCH: u8 = 255;
const SPARE: u32 = 1000;

/// Runs the sequence for some moves and compares what every place then holds with what all moves
/// done at once give. Places hold their own names at first.
fn is_right(moves: &[Move]) {
    let name = |place: Location| format!("{place:?}");
    let mut held: BTreeMap<String, String> = BTreeMap::new();
    Sequencer::new(SCRATCH, SPARE).sequence(moves, |Move { to, from }| {
        let is_register = |place| matches!(place, Location::Register(_));
        assert!(
            is_register(to) || is_register(from),
            "{to:?} ← {from:?} in {moves:?}"
        );
        let value = held.get(&name(from)).cloned().unwrap_or(name(from));
        held.insert(name(to), value);
    });
    for m in moves {
        let value = held.remove(&name(m.to)).unwrap_or(name(m.to));
        assert_eq!(value, name(m.from), "{:?} in {moves:?}", m.to);
    }
    held.remove(&name(Location::Register(SCRATCH)));
    held.remove(&name(Location::Slot(SPARE)));
    assert_eq!(
        held,
        BTreeMap::new(),
        "nothing else is written in {moves:?}"
    );
}

/// Places 0 to 2 are registers, further ones slots.
fn place(number: usize) -> Location {
    match number {
        0..3 => Location::Register(number as u8),
        _ => Location::Slot(number as u32),
    }
}

#[test]
fn every_way_of_filling_six_places_from_each_other_comes_out_right() {
    // Each of six places gets one of six values: 6^6 sets of moves, all permutations among them.
    for set in 0..6usize.pow(6) {
        let from = |to: u32| place(set / 6usize.pow(to) % 6);
        let moves: Vec<Move> = (0..6)
            .map(|to| Move {
                to: place(to as usize),
                from: from(to),
            })
            .collect();
        is_right(&moves);
    }
}

#[test]
fn random_moves_come_out_right() {
    let mut random = Random(1);
    for _ in 0..cases() * 4 {
        let places = 1 + random.below(24);
        let shift = random.below(3);
        let mut moves = Vec::new();
        for to in 0..places {
            let from = match random.below(6) {
                0 => continue,
                1 => Location::Constant(random.below(3) as i64),
                _ => place(random.below(places) + shift),
            };
            moves.push(Move {
                to: place(to + shift),
                from,
            });
        }
        is_right(&moves);
    }
}

#[test]
fn a_cycle_of_registers_takes_one_move_more_than_it_has() {
    let moves = [(0, 1), (1, 2), (2, 0)].map(|(to, from)| Move {
        to: Location::Register(to),
        from: Location::Register(from),
    });
    let mut count = 0;
    Sequencer::new(SCRATCH, SPARE).sequence(&moves, |_| count += 1);
    assert_eq!(count, 4);
}

#[test]
fn only_a_cycle_with_two_moves_between_slots_needs_the_spare_slot() {
    let needs_spare = |places: &[usize]| {
        let next = |i: usize| places[(i + 1) % places.len()];
        let moves: Vec<Move> = (0..places.len())
            .map(|i| Move {
                to: place(places[i]),
                from: place(next(i)),
            })
            .collect();
        let mut sequencer = Sequencer::new(SCRATCH, SPARE);
        sequencer.sequence(&moves, |_| ());
        sequencer.used_spare()
    };
    assert!(!needs_spare(&[0, 1, 2]));
    assert!(!needs_spare(&[0, 3, 1, 4]));
    assert!(!needs_spare(&[0, 3, 4]));
    assert!(needs_spare(&[3, 4]));
    assert!(needs_spare(&[0, 3, 4, 5]));
}
