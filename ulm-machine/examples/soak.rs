//! Runs random programs with the translating engine for a long time, and watches its memory.
//!
//! ```text
//! cargo run --release -p ulm-machine --example soak -- SECONDS
//! ```
//!
//! One engine runs all programs, one after the other, so that regions are compiled and dropped all the
//! time. Each program is run by the fast engine, too, and has to end up in the same state. After a
//! fifth of the time memory must not grow any more. Resident memory is read where Linux has it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a command, and this is what it is for"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/translation/program.rs"]
#[allow(dead_code, reason = "the tests make other programs, too")]
mod program;
#[path = "../tests/translation/source.rs"]
mod source;

use common::{Random, same_memory, state};
use program::{Contents, random_program};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, JitEngine, Machine, Stop};

/// How many instructions of a program are executed at most.
const MOST: u64 = 300_000;

/// How far resident memory may grow after the warm-up, in bytes. What the engine remembers of words and
/// of jumps fills up slowly to its bounds.
const MOST_GROWTH: u64 = 24 << 20;

/// How often there is a line about it.
const INTERVAL: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let Some(seconds) = std::env::args().nth(1).and_then(|text| text.parse().ok()) else {
        eprintln!("usage: soak SECONDS");
        return ExitCode::from(2);
    };
    soak(Duration::from_secs(seconds))
}

fn soak(duration: Duration) -> ExitCode {
    let start = Instant::now();
    let mut engine = JitEngine::with_threshold(Isa::ulm(), 20);
    let mut warm = None;
    let mut next_line = INTERVAL;
    let mut instructions = 0;
    for seed in 0.. {
        instructions += run_program(&mut engine, seed);
        let passed = start.elapsed();
        let resident = resident_bytes();
        if passed >= next_line || passed >= duration {
            println!(
                "{:5} s: {} programs, {} million instructions, {} KiB",
                passed.as_secs(),
                seed + 1,
                instructions / 1_000_000,
                resident >> 10
            );
            next_line = passed + INTERVAL;
        }
        if passed < duration / 5 {
            continue;
        }
        let warm = *warm.get_or_insert(resident);
        if resident > warm + MOST_GROWTH {
            eprintln!("memory grows: {warm} bytes after the warm-up, {resident} now");
            return ExitCode::FAILURE;
        }
        if passed >= duration {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Runs a random program, and gives the number of its instructions.
fn run_program(engine: &mut JitEngine, seed: u64) -> u64 {
    let random = &mut Random(seed);
    let statements = random.pick(&[10, 30, 100, 300]);
    let program = random_program(random, Contents::All, statements);
    let mut machine = source::assembled(&program.text);
    for &(register, value) in &program.registers {
        machine.set_register(register, value);
    }
    machine.feed(&seed.to_le_bytes().repeat(20));
    machine.end_input();
    let mut other = machine.snapshot();
    let stop = run(engine, &mut machine);
    let expected = run(&mut FastEngine::new(Isa::ulm()), &mut other);
    assert_eq!(stop, expected, "seed {seed}");
    assert_eq!(state(&machine), state(&other), "seed {seed}");
    assert!(same_memory(&machine, &other), "seed {seed}: memory differs");
    machine.instructions()
}

/// Runs a machine, takes a snapshot of it now and then, and revives it when it has stopped.
fn run(engine: &mut impl Engine, machine: &mut Machine) -> Stop {
    let mut revived = 0;
    loop {
        let stop = engine.run(machine, MOST / 20, &mut ());
        // Before anything happens from outside.
        engine.recall(machine);
        if machine.instructions() >= MOST {
            return stop;
        }
        if stop == Stop::Paused {
            *machine = machine.snapshot();
        } else {
            if revived == 100 {
                return stop;
            }
            revived += 1;
            machine.set_ip(4 * (revived % 50));
        }
    }
}

/// The bytes of this process that are in memory; 0 where it can't be found out.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|n| n.parse().ok());
    pages.unwrap_or(0) * 4096
}
