//! Random programs, cut off after 1, 2, 3, … 1000 instructions.
//!
//! What was translated stays while the machine is put back to its start from outside, so the programs
//! are cut off at all places of translated code.

use ulm_isa::Isa;
use ulm_machine::{Engine, JitEngine, Limit, Limits, Machine, PAGE_BYTES, ReferenceEngine, Stop};

use crate::common::{Random, cases};
use crate::program::{Contents, random_program};
use crate::session::machine_of;

/// The most instructions after which programs are cut off.
const MOST: u64 = 1000;

const PAGE: usize = PAGE_BYTES as usize;

/// Whether two memories read the same. One may have pages that the other does not have.
fn read_the_same(a: &Machine, b: &Machine) -> bool {
    let has = |a: &Machine, b: &Machine| {
        b.memory().pages().all(|(address, bytes)| {
            let mut found = [0; PAGE];
            a.memory().read_bytes(address, &mut found);
            found == *bytes
        })
    };
    has(a, b) && has(b, a)
}

/// Gives a machine the registers, flags, instruction pointer and memory of another, and leaves alone
/// what is the same.
fn put_back(machine: &mut Machine, start: &Machine) {
    for register in 0..=255 {
        machine.set_register(register, start.register(register));
    }
    machine.set_flags(start.flags());
    machine.set_ip(start.ip());
    let mut changes = Vec::new();
    for (page, bytes) in machine.memory().pages() {
        let mut expected = [0; PAGE];
        start.memory().read_bytes(page, &mut expected);
        if *bytes == expected {
            continue;
        }
        let words = bytes.chunks(8).zip(expected.chunks(8));
        for (index, (found, expected)) in (0..).zip(words) {
            if found != expected {
                changes.push((page + 8 * index, expected.to_vec()));
            }
        }
    }
    for (address, bytes) in changes {
        let written = machine.memory_mut().write_bytes(address, &bytes);
        written.expect("the page is there");
    }
    machine.take_output();
}

fn all_limits(seed: u64, threshold: u16) {
    let random = &mut Random(seed);
    let statements = random.pick(&[8, 20, 40]);
    let program = random_program(random, Contents::Endless, statements);
    let start = &mut machine_of(&program);
    let mut slow = start.snapshot();
    let mut quick = start.snapshot();
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut jit = JitEngine::with_threshold(Isa::ulm(), threshold);
    jit.run(&mut quick, MOST, &mut ());
    for limit in 1..=MOST {
        put_back(&mut quick, start);
        let before = quick.instructions();
        quick.set_limits(Limits {
            instructions: Some(before + limit),
            ..Limits::default()
        });
        let expected = match reference.run(&mut slow, 1, &mut ()) {
            Stop::Paused => Stop::Limit(Limit::Instructions),
            stop => stop,
        };
        let stop = jit.run(&mut quick, u64::MAX, &mut ());
        let context = || {
            println!("{}", program.text);
            format!("seed {seed}, threshold {threshold}, limit {limit}")
        };
        assert_eq!(stop, expected, "{}", context());
        let counts = (quick.instructions() - before, slow.instructions());
        assert_eq!(counts.0, counts.1, "{}", context());
        assert_eq!(quick.ip(), slow.ip(), "{}", context());
        assert_eq!(quick.flags(), slow.flags(), "{}", context());
        assert_eq!(quick.output(), slow.output(), "{}", context());
        for register in 0..=255 {
            let values = (quick.register(register), slow.register(register));
            assert_eq!(values.0, values.1, "%{register}, {}", context());
        }
        assert!(read_the_same(&quick, &slow), "memory, {}", context());
        if stop != Stop::Limit(Limit::Instructions) {
            break;
        }
    }
}

#[test]
fn at_each_limit_translated_code_is_where_the_reference_engine_is() {
    for seed in 0..cases(12) {
        for threshold in [1, 2, 5] {
            all_limits(seed, threshold);
        }
    }
}
