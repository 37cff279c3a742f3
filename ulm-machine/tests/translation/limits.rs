//! Random programs, cut off after 1, 2, 3, … 1000 instructions.
//!
//! What was translated stays while the machine is put back to its start, so the programs are cut off at
//! all places of translated code.

use ulm_isa::Isa;
use ulm_machine::{Engine, JitEngine, Limit, Limits, Machine, PAGE_BYTES, ReferenceEngine, Stop};

use crate::common::{Random, State, begin_again, cases, state};
use crate::program::{Contents, random_program};
use crate::session::machine_of;

/// The most instructions after which programs are cut off.
const MOST: u64 = 1000;

/// Whether two memories read the same, if the second one has all pages of the first.
fn read_the_same(a: &Machine, b: &Machine) -> bool {
    b.memory().pages().all(|(address, bytes)| {
        let mut found = [0; PAGE_BYTES as usize];
        a.memory().read_bytes(address, &mut found);
        found == *bytes
    })
}

/// The state of a machine, whatever pages it has.
fn state_of(machine: &Machine) -> State {
    State {
        allocated: 0,
        ..state(machine)
    }
}

fn all_limits(seed: u64, threshold: u16) {
    let random = &mut Random(seed);
    let statements = random.pick(&[8, 20, 40]);
    let program = random_program(random, Contents::Endless, statements);
    let mut start = machine_of(&program);
    let mut slow = start.snapshot();
    let mut quick = start.snapshot();
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut jit = JitEngine::with_threshold(Isa::ulm(), threshold);
    jit.run(&mut quick, MOST, &mut ());
    for limit in 1..=MOST {
        quick = begin_again(&mut quick, &mut start);
        quick.set_limits(Limits {
            instructions: Some(limit),
            ..Limits::default()
        });
        let expected = match reference.run(&mut slow, 1, &mut ()) {
            Stop::Paused => Stop::Limit(Limit::Instructions),
            stop => stop,
        };
        let stop = jit.run(&mut quick, u64::MAX, &mut ());
        jit.recall(&mut quick);
        let context = || {
            let text = &program.text;
            format!("seed {seed}, threshold {threshold}, limit {limit}:\n{text}")
        };
        assert_eq!(stop, expected, "{}", context());
        assert_eq!(state_of(&quick), state_of(&slow), "{}", context());
        assert!(read_the_same(&slow, &quick), "{}", context());
        if stop != Stop::Limit(Limit::Instructions) {
            break;
        }
    }
}

#[test]
fn at_each_limit_translated_code_is_where_the_reference_engine_is() {
    // Each is run a thousand times.
    for seed in 0..cases(400).div_ceil(100) {
        for threshold in [1, 2, 5] {
            all_limits(seed, threshold);
        }
    }
}
