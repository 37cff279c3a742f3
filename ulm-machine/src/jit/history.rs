//! The last jumps, which translated code does not write down.
//!
//! Hardly anybody asks for them, but who does, asks after a trap, and wants to know how control got
//! there. So the engine keeps a snapshot of the machine from some time ago, and runs that once more with
//! the fast engine, up to where the machine is now. The machine itself says whether anything but input
//! came from outside since then.

use std::sync::atomic::{AtomicU64, Ordering};

use ulm_isa::Isa;

use crate::engine::Engine;
use crate::fast::FastEngine;
use crate::machine::{Machine, Trail};
use crate::memory::PAGE_BYTES;
use crate::stop::Stop;

/// How many instructions are executed before there is a new snapshot, at least: some tenths of a second
/// for who runs them once more.
const INTERVAL: u64 = 100_000_000;

/// How many instructions more there are for each page that has to be copied because of a snapshot.
/// Copying one takes as long as some thousand.
const INSTRUCTIONS_PER_COPY: u64 = 50_000;

/// The most bytes of pages that a snapshot may have for itself.
const MOST_MEMORY: u64 = 16 << 20;

/// The snapshot.
#[derive(Debug, Default)]
pub(super) struct History {
    snapshot: Option<Snapshot>,
    /// The number of instructions at which there will be a new one, if the last one got too large.
    pause_until: u64,
}

#[derive(Debug)]
struct Snapshot {
    machine: Box<Machine>,
    /// [`Trail::snapshot`] of the machine of which it is one.
    number: u64,
    /// How many pages that machine had copied.
    copied: u64,
    /// The number of instructions at which there will be a new one.
    until: u64,
}

impl History {
    /// Makes sure, if it costs little, that there is a snapshot. From now on the machine's own
    /// account of its jumps is not complete any more.
    pub(super) fn keep(&mut self, machine: &mut Machine) {
        match self.of(machine) {
            Some(snapshot) => {
                let copied = machine.memory().pages_copied() - snapshot.copied;
                let interval = INTERVAL.max(copied * INSTRUCTIONS_PER_COPY);
                if copied * PAGE_BYTES > MOST_MEMORY {
                    self.snapshot = None;
                    self.pause_until = machine.instructions + interval;
                } else if machine.instructions >= snapshot.until {
                    self.take(machine, interval);
                }
            }
            None if machine.instructions >= self.pause_until => self.take(machine, INTERVAL),
            None => {}
        }
        machine.jumps.clear();
    }

    fn of(&self, machine: &Machine) -> Option<&Snapshot> {
        let trail = machine.trail.as_ref()?;
        let snapshot = self.snapshot.as_ref()?;
        (trail.snapshot == snapshot.number).then_some(snapshot)
    }

    fn take(&mut self, machine: &mut Machine, interval: u64) {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        // The old one first: its pages need not be copied any more.
        self.snapshot = None;
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        self.snapshot = Some(Snapshot {
            machine: Box::new(machine.snapshot()),
            number,
            copied: machine.memory().pages_copied(),
            until: machine.instructions + interval,
        });
        machine.trail = Some(Trail {
            snapshot: number,
            input: Vec::new(),
        });
    }

    /// Finds out the last jumps.
    pub(super) fn recall(&mut self, machine: &mut Machine, isa: &Isa) {
        let (Some(_), Some(trail)) = (self.of(machine), &machine.trail) else {
            return;
        };
        let mut again = match &mut self.snapshot {
            Some(snapshot) => snapshot.machine.snapshot(),
            None => return,
        };
        again.feed(&trail.input);
        if machine.input_has_ended() {
            again.end_input();
        }
        let mut engine = FastEngine::new(isa);
        while again.instructions < machine.instructions {
            let left = machine.instructions - again.instructions;
            if engine.run(&mut again, left, &mut ()) != Stop::Paused {
                break;
            }
            again.take_output();
        }
        if again.ip == machine.ip && again.instructions == machine.instructions {
            machine.jumps = again.jumps;
        }
    }
}
