//! Random programs, run side by side by the reference engine and others, with things happening on the
//! way that must make no difference between them.

use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, JitEngine, Limits, Machine, ReferenceEngine, Stop, Target};
use ulmas::image::Image;

use crate::common::{Random, cases, same_memory, state};
use crate::program::{Contents, Program, random_program};
use crate::source::{assembled, image};

/// The most instructions of a session.
const MOST: u64 = 12_000;

pub(crate) fn machine_of(program: &Program) -> Machine {
    let mut machine = assembled(&program.text);
    for &(register, value) in &program.registers {
        machine.set_register(register, value);
    }
    machine
}

/// Both machines, and what runs them.
struct Session<E> {
    slow: Machine,
    quick: Machine,
    reference: ReferenceEngine,
    engine: E,
    image: Image,
    new: fn(&Image) -> E,
}

impl<E: Engine> Session<E> {
    fn run(&mut self, seed: u64, program: &Program) {
        let random = &mut Random(seed ^ 0x5E55_1017);
        if random.one_in(3) {
            let limits = Limits {
                instructions: Some(random.below(2 * MOST)),
                memory: 4096 * (3 + random.below(8)),
                output: Some(random.below(60)),
            };
            self.slow.set_limits(limits);
            self.quick.set_limits(limits);
        }
        let is_cut_small = random.one_in(3);
        let mut revived = 0;
        for round in 0..400 {
            let budget = if is_cut_small {
                random.pick(&[1, 2, 3, 7, 20])
            } else {
                random.pick(&[1, 30, 100, 700, 2500])
            };
            let expected = self.reference.run(&mut self.slow, budget, &mut ());
            let stop = self.engine.run(&mut self.quick, budget, &mut ());
            self.engine.recall(&mut self.quick);
            if stop != expected
                || state(&self.quick) != state(&self.slow)
                || !same_memory(&self.quick, &self.slow)
            {
                self.fail(seed, round, program, (stop, expected));
            }
            match stop {
                Stop::NeedsInput => {
                    let bytes = random.next().to_be_bytes();
                    let count = random.below(8) as usize;
                    self.both(|machine| machine.feed(&bytes[..count]));
                    if random.one_in(4) {
                        self.both(Machine::end_input);
                    }
                }
                Stop::Breakpoint(_) | Stop::Paused => {}
                Stop::Halted(_) | Stop::Trapped(_) | Stop::Limit(_) => {
                    if revived == 8 {
                        break;
                    }
                    revived += 1;
                    self.revive(random, program);
                }
            }
            if self.slow.instructions() > MOST {
                break;
            }
            self.disturb(random, program);
        }
    }

    fn both(&mut self, mut change: impl FnMut(&mut Machine)) {
        change(&mut self.slow);
        change(&mut self.quick);
    }

    /// Makes the program go on after it has ended.
    fn revive(&mut self, random: &mut Random, program: &Program) {
        let ip = 4 * random.below(40);
        self.both(|machine| {
            machine.set_ip(ip);
            for &(register, value) in &program.registers {
                machine.set_register(register, value);
            }
            machine.set_limits(Limits::default());
        });
    }

    /// Does something that must make no difference.
    fn disturb(&mut self, random: &mut Random, program: &Program) {
        match random.below(60) {
            0 => {
                let (address, byte) = (4 * random.below(100) + 1, random.next() as u8);
                self.both(|machine| {
                    // As far as the limits allow.
                    let _ = machine.memory_mut().write_bytes(address, &[byte]);
                });
            }
            1 => self.quick = self.quick.snapshot(),
            2 => {
                // A snapshot that is run does nothing to the original.
                let mut other = self.quick.snapshot();
                self.engine.run(&mut other, 200, &mut ());
            }
            3 => self.engine = (self.new)(&self.image),
            4 => {
                // Another engine goes on for a while.
                let budget = random.below(50);
                self.reference.run(&mut self.slow, budget, &mut ());
                FastEngine::new(Isa::ulm()).run(&mut self.quick, budget, &mut ());
            }
            5 => {
                let output = self.slow.take_output();
                assert_eq!(self.quick.take_output(), output);
            }
            6 => {
                let index = random.below(program.registers.len() as u64) as usize;
                let (register, value) = program.registers[index];
                self.both(|machine| machine.set_register(register, value));
            }
            7 => {
                let ip = 4 * random.below(60);
                self.both(|machine| machine.set_ip(ip));
            }
            8 => {
                let bytes = random.next().to_be_bytes();
                self.both(|machine| machine.feed(&bytes));
            }
            9 => {
                // Without a page of its own anywhere.
                let _ = self.quick.snapshot();
            }
            10 => {
                let mut limits = self.slow.limits();
                limits.memory += 4096;
                self.both(|machine| machine.set_limits(limits));
            }
            _ => {}
        }
    }

    #[track_caller]
    fn fail(&self, seed: u64, round: u64, program: &Program, stops: (Stop, Stop)) {
        let text = &program.text;
        let (quick, slow) = (state(&self.quick), state(&self.slow));
        assert_eq!(stops.0, stops.1, "seed {seed}, round {round}:\n{text}");
        assert_eq!(quick, slow, "seed {seed}, round {round}:\n{text}");
        panic!("memory differs, seed {seed}, round {round}:\n{text}");
    }
}

#[track_caller]
fn run_sessions<E: Engine>(first: u64, default: u64, new: fn(&Image) -> E) {
    // Each takes as long as ten cases elsewhere.
    for seed in first..first + cases(10 * default).div_ceil(10) {
        let random = &mut Random(seed);
        let statements = random.pick(&[10, 30, 60]);
        let program = random_program(random, Contents::All, statements);
        let mut slow = machine_of(&program);
        let image = image(&program.text);
        Session {
            quick: slow.snapshot(),
            slow,
            reference: ReferenceEngine::new(Isa::ulm()),
            engine: new(&image),
            image,
            new,
        }
        .run(seed, &program);
    }
}

#[test]
fn the_fast_engine_does_the_same_with_programs_made_for_translation() {
    run_sessions(0, 60, |_| FastEngine::new(Isa::ulm()));
}

#[test]
fn code_translated_at_once_does_the_same() {
    run_sessions(1_000_000, 40, |_| JitEngine::with_threshold(Isa::ulm(), 1));
}

#[test]
fn code_translated_at_the_second_arrival_does_the_same() {
    run_sessions(2_000_000, 40, |_| JitEngine::with_threshold(Isa::ulm(), 2));
}

#[test]
fn code_translated_when_it_is_warm_does_the_same() {
    run_sessions(3_000_000, 40, |_| JitEngine::with_threshold(Isa::ulm(), 5));
}

#[test]
fn code_translated_when_it_is_hot_does_the_same() {
    run_sessions(4_000_000, 40, |_| JitEngine::with_threshold(Isa::ulm(), 50));
}

#[test]
fn code_translated_before_it_runs_does_the_same() {
    run_sessions(5_000_000, 20, |image| {
        JitEngine::ahead(Isa::ulm(), Target::Native, image)
    });
}

#[test]
fn code_translated_for_aarch64_does_the_same_in_the_simulator() {
    run_sessions(6_000_000, 10, |_| {
        JitEngine::with_target(Isa::ulm(), Target::Simulated, 2)
    });
}
