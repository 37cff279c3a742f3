//! The fast engine does what the reference engine does, on random programs, state by state.

mod common;

use common::{Log, Random, cases, random_machine, random_word, same_memory, state, write_words};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Limits, Machine, ReferenceEngine, Stop};

/// A machine whose effects are what the built-in one has none of: conditions that guard reads and
/// divisions, several statements, conditions on registers, everything static and dynamic.
const STRANGE: &str = "\
RRR (OP u 8) (a u 8) (b u 8) (c u 8)
JMP (OP u 8) (d j 24)
IMM (OP u 8) (n s 16) (c u 8)

0x00 RRR
: guarded %a, %b, %c
    ulm_setReg(ulm_regVal(a) ? ulm_regVal(b) / ulm_regVal(a) : 7, c);
0x01 RRR
: maybe_read %a, %b, %c
    ulm_setReg(ulm_regVal(a) & 1 && ulm_readChar() & 255, c); ulm_setReg(ulm_regVal(c) + 1, b);
0x02 RRR
: store_and_jump %a, %b, %c
    ulm_store64(0, a, b, 1, 8, c); ulm_absJump(ulm_regVal(b), c); ulm_add64(1, ulm_regVal(a), a);
0x03 RRR
: add_jump %a, %b, %c
    ulm_add64(ulm_regVal(a), ulm_regVal(b), c);
    ulm_conditionalRelJump(ulm_statusReg[ULM_ZF] || ulm_statusReg[ULM_CF] && ulm_regVal(a), 12);
0x04 JMP
: back d
    ulm_conditionalRelJump(ulm_statusReg[ULM_SF] ? ulm_statusReg[ULM_OF] : !ulm_statusReg[ULM_CF], d);
0x05 RRR
: two_out %a, %b, %c
    ulm_printChar(ulm_regVal(a)); ulm_store64(8, b, c, 3, 4, a); ulm_printChar(ulm_readChar());
0x06 RRR
: sized %a, %b, %c
    ulm_fetch64(ulm_regVal(b), c, a, 2, a & 1, 1 << (b & 3), a);
0x07 RRR
: badly_sized %a, %b, %c
    ulm_fetch64(-8, c, 0, 0, 0, b, a);
0x08 IMM
: set n, %c
    ulm_setReg(n, c);
0x09 RRR
: set_ip %a, %b, %c
    ulm_ipSet(ulm_ipVal() + (ulm_regVal(a) & 28)); ulm_setReg(ulm_ipVal(), b);
0x0A RRR
: half_jump %a, %b, %c
    ulm_unconditionalRelJump((ulm_regVal(a) & 6) + 4);
0x0B RRR
: halt_early %a, %b, %c
    ulm_setReg(3, a); ulm_halt(ulm_regVal(b)); ulm_setReg(4, a);
0x0C RRR
: remainder %a, %b, %c
    ulm_setReg(-9 % (0 - ulm_regVal(a)) ^ ulm_regVal(b) >> ulm_regVal(c) << 3 | ~ulm_regVal(a), c);
0x0D RRR
: shift %a, %b, %c
    ulm_shiftLeft64(ulm_regVal(a), ulm_regVal(b), c); ulm_not64(ulm_regVal(c), a);
0x0E RRR
: store_conditionally %a, %b, %c
    ulm_store64(ulm_regVal(a) ? 0 : ulm_regVal(b) % ulm_regVal(a), 0, c, 1, 8, b);
0x0F RRR
: idle %a, %b, %c
    ;
";

fn machines() -> Vec<(&'static str, Isa)> {
    let parse = |text: &str| Isa::parse(text).expect("the description is right");
    vec![
        ("built-in", Isa::ulm().clone()),
        ("strange", parse(STRANGE)),
        (
            "sixteen",
            parse(include_str!("../../tests/isa/sixteen.isa")),
        ),
        ("odd", parse(include_str!("../../tests/isa/odd.isa"))),
    ]
}

/// Makes both machines run by the same steps until they stop for good, with things happening to
/// both on the way.
fn run_side_by_side<E: Engine>(name: &str, isa: &Isa, seed: u64, new: fn(&Isa) -> E) {
    let random = &mut Random(seed);
    let mut slow = random_machine(isa, random);
    if random.one_in(3) {
        slow.set_limits(Limits {
            instructions: Some(random.below(300)),
            memory: 4096 * (2 + random.below(4)),
            output: Some(random.below(5)),
        });
    }
    let mut quick = slow.snapshot();
    let mut reference = ReferenceEngine::new(isa);
    let mut fast = new(isa);
    // Sometimes observed, which is another way through the engine.
    let is_observed = random.one_in(4);
    let mut total = 0;
    let mut revived = 0;
    for round in 0..60 {
        let budget = random.pick(&[1, 1, 2, 3, 7, 50, 1000]);
        let expected = reference.run(&mut slow, budget, &mut ());
        let stop = if is_observed && random.one_in(2) {
            fast.run(&mut quick, budget, &mut Log::default())
        } else {
            fast.run(&mut quick, budget, &mut ())
        };
        fast.recall(&mut quick);
        let context = || format!("{name} machine, seed {seed}, round {round}");
        assert_eq!(stop, expected, "{}", context());
        assert_eq!(state(&quick), state(&slow), "{}", context());
        assert!(same_memory(&quick, &slow), "{}", context());
        total += 1;
        match stop {
            Stop::NeedsInput => {
                let bytes = random.next().to_be_bytes();
                for machine in [&mut slow, &mut quick] {
                    if bytes[0] < 100 {
                        machine.end_input();
                    } else {
                        machine.feed(&bytes[..=bytes[1] as usize % 7]);
                    }
                }
            }
            Stop::Breakpoint(_) | Stop::Paused => {}
            Stop::Halted(_) | Stop::Trapped(_) | Stop::Limit(_) => {
                if revived == 12 {
                    break;
                }
                revived += 1;
                let ip = common::PROGRAM + 4 * random.below(100);
                slow.set_ip(ip);
                quick.set_ip(ip);
            }
        }
        disturb(
            isa,
            random,
            &mut slow,
            &mut quick,
            &mut reference,
            &mut fast,
            new,
        );
    }
    assert!(total > 0);
}

/// Does something to both machines or engines that must make no difference between them.
fn disturb<E: Engine>(
    isa: &Isa,
    random: &mut Random,
    slow: &mut Machine,
    quick: &mut Machine,
    reference: &mut ReferenceEngine,
    fast: &mut E,
    new: fn(&Isa) -> E,
) {
    match random.below(30) {
        0 => {
            // New code, from outside.
            let address = common::PROGRAM + 4 * random.below(100);
            let word = random_word(isa, random);
            for machine in [slow, quick] {
                if machine.limits().memory > 1 << 20 {
                    write_words(machine, address, &[word]);
                }
            }
        }
        1 => *quick = quick.snapshot(),
        2 => {
            // A snapshot that is run does nothing to the original. (An engine remembers the one
            // breakpoint at which it stopped last, so there must be none.)
            reference.breakpoints_mut().clear();
            fast.breakpoints_mut().clear();
            let mut other = quick.snapshot();
            other.end_input();
            fast.run(&mut other, 100, &mut ());
        }
        3 => {
            reference.breakpoints_mut().clear();
            *fast = new(isa);
        }
        4 => {
            // Another engine goes on for a while.
            slow.end_input();
            quick.end_input();
            let budget = random.below(20);
            let expected = ReferenceEngine::new(isa).run(slow, budget, &mut ());
            let stop = if random.one_in(2) {
                FastEngine::new(isa).run(quick, budget, &mut ())
            } else {
                ReferenceEngine::new(isa).run(quick, budget, &mut ())
            };
            assert_eq!(stop, expected);
        }
        5 => {
            let address = common::PROGRAM + 4 * random.below(100);
            reference.breakpoints_mut().insert(address);
            fast.breakpoints_mut().insert(address);
        }
        6 => {
            reference.breakpoints_mut().clear();
            fast.breakpoints_mut().clear();
        }
        7 => {
            assert_eq!(slow.take_output(), quick.take_output());
        }
        8 => {
            let (register, value) = (random.next() as u8, common::PROGRAM + 8 * random.below(40));
            slow.set_register(register, value);
            quick.set_register(register, value);
        }
        _ => {}
    }
}

#[test]
fn both_engines_reach_the_same_states_on_random_programs() {
    for (name, isa) in machines() {
        for seed in 0..cases(1000) {
            run_side_by_side(name, &isa, seed, FastEngine::new);
        }
    }
}

#[cfg(feature = "jit")]
#[test]
fn translated_code_reaches_the_same_states_on_random_programs() {
    let new = |isa: &Isa| ulm_machine::JitEngine::with_threshold(isa, 1);
    for (name, isa) in machines() {
        for seed in 0..cases(300) {
            run_side_by_side(name, &isa, seed, new);
        }
    }
}

#[cfg(feature = "jit")]
#[test]
fn translated_code_in_the_simulator_reaches_the_same_states_on_random_programs() {
    let new =
        |isa: &Isa| ulm_machine::JitEngine::with_target(isa, ulm_machine::Target::Simulated, 1);
    for (name, isa) in machines() {
        for seed in 0..cases(100) {
            run_side_by_side(name, &isa, seed, new);
        }
    }
}

#[test]
fn both_engines_tell_an_observer_the_same() {
    let isa = Isa::ulm();
    for seed in 0..cases(300) {
        let random = &mut Random(seed);
        let mut slow = random_machine(isa, random);
        slow.feed(b"some input");
        slow.end_input();
        let mut quick = slow.snapshot();
        let (mut expected, mut told) = (Log::default(), Log::default());
        let stop = ReferenceEngine::new(isa).run(&mut slow, 200, &mut expected);
        assert_eq!(FastEngine::new(isa).run(&mut quick, 200, &mut told), stop);
        assert_eq!(told, expected, "seed {seed}");
    }
}

#[test]
fn random_bytes_as_program_do_no_harm() {
    for (_, isa) in machines() {
        for seed in 0..cases(300) {
            let random = &mut Random(seed);
            let mut machine = Machine::new();
            for address in (0..256).step_by(8) {
                let bytes = random.next().to_be_bytes();
                machine.memory_mut().write_bytes(address, &bytes).unwrap();
            }
            machine.randomize(seed, 0x1000..0x1080).unwrap();
            machine.end_input();
            machine.set_ip(4 * random.below(64));
            common::run_all(&isa, &mut machine, 2000);
        }
    }
}
