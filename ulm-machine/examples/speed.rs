//! Prints how fast the engines are: `cargo run --release -p ulm-machine --example speed`.
//!
//! Times are the best of several runs, with an instruction limit set, as the command sets it.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Limits, Machine, Observer, ReferenceEngine};

/// A program that runs for ever, and its registers at the start.
struct Program {
    name: &'static str,
    words: &'static [u32],
    registers: &'static [(u8, u64)],
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "counting loop (subq, jnz)",
        words: &[0x3901_0101, 0x43FF_FFFF, 0x41FF_FFFE],
        registers: &[(1, u64::MAX)],
    },
    Program {
        // Sum of an array of 512 quads: load, add, step, compare, jump.
        name: "sum of an array",
        words: &[
            0xC002_0304, // movq (%2, %3, 8), %4
            0x3004_0505, // addq %4, %5, %5
            0x3801_0303, // addq 1, %3, %3
            0x3106_0300, // subq %6, %3, %0
            0x48FF_FFFC, // jb -16
            0x5600_0003, // ldzwq 0, %3
            0x41FF_FFFA, // jmp -24
        ],
        registers: &[(2, 0x10000), (6, 512)],
    },
    Program {
        // The same with stores, to a page that also holds the code.
        name: "stores beside the code",
        words: &[
            0x2804_0802, // movq %4, 8(%2)
            0x3801_0404, // addq 1, %4, %4
            0x41FF_FFFE, // jmp -8
        ],
        registers: &[(2, 0x100)],
    },
    Program {
        // Every 16 MiB a store, 4096 pages in turn.
        name: "a page every 16 MiB",
        words: &[
            0x2804_0002, // movq %4, (%2)
            0x3001_0202, // addq %1, %2, %2
            0x5100_0000, // andq %0, %0, %0
            0x3106_0200, // subq %6, %2, %0
            0x43FF_FFFC, // jnz -16
            0x5608_0002, // ldzwq 2048, %2
            0x41FF_FFFA, // jmp -24
        ],
        registers: &[(1, 16 << 20), (2, 2048), (6, 4096 * (16 << 20) + 2048)],
    },
    Program {
        // A call to the next page and back.
        name: "calls between pages",
        words: &[
            0x5610_0001, // ldzwq 4096, %1
            0x4001_0200, // jmp %1, %2
            0x41FF_FFFE, // jmp -8
        ],
        registers: &[],
    },
];

/// Short runs, and many: the best of them was disturbed least.
const REPETITIONS: usize = 40;

/// Wants to see everything and looks at nothing.
struct Blind;

impl Observer for Blind {}

fn main() {
    for program in PROGRAMS {
        let reference = speed(
            program,
            &mut ReferenceEngine::new(Isa::ulm()),
            &mut (),
            200_000,
        );
        let fast = speed(
            program,
            &mut FastEngine::new(Isa::ulm()),
            &mut (),
            2_000_000,
        );
        let observed = speed(
            program,
            &mut FastEngine::new(Isa::ulm()),
            &mut Blind,
            1_000_000,
        );
        println!(
            "{:28} reference {reference:7.1}   fast {fast:7.1}   observed {observed:7.1}   \
             million instructions/s",
            program.name
        );
    }
}

/// Millions of instructions per second.
fn speed<E: Engine, O: Observer>(
    program: &Program,
    engine: &mut E,
    observer: &mut O,
    count: u32,
) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..REPETITIONS {
        let mut machine = Machine::new();
        for (i, word) in program.words.iter().enumerate() {
            let _ = machine
                .memory_mut()
                .write_bytes(4 * i as u64, &word.to_be_bytes());
        }
        // jmp %2, %0
        let _ = machine.memory_mut().write_bytes(4096, &[0x40, 2, 0, 0]);
        for &(register, value) in program.registers {
            machine.set_register(register, value);
        }
        machine.set_limits(Limits {
            instructions: Some(count.into()),
            ..Limits::default()
        });
        let start = Instant::now();
        let stop = engine.run(&mut machine, u64::MAX, observer);
        let time = start.elapsed().as_secs_f64();
        assert_eq!(machine.instructions(), u64::from(count), "{stop:?}");
        best = best.min(time);
    }
    f64::from(count) / best / 1e6
}
