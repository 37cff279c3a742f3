//! Programs that change themselves, and callers that change programs.

mod common;

use common::{machine, run_all, write_words};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Machine, ReferenceEngine, Stop};

const NOP: u32 = 0xFF00_0000;

fn halt(status: u32) -> u32 {
    0x0900_0000 | status << 16
}

#[test]
fn a_store_into_the_next_instruction_takes_effect_at_once() {
    // movl %1, 4(%0); halt 1
    let mut machine = machine(&[0x2901_0400, halt(1)]);
    machine.set_register(1, u64::from(halt(2)));
    assert_eq!(run_all(Isa::ulm(), &mut machine, 10).0, Stop::Halted(2));
}

#[test]
fn a_store_of_any_size_changes_decoded_instructions() {
    // Runs over the halts' place once, jumps back, stores, and runs over it again.
    for (store, value, status) in [
        (
            0x2801_1800,
            u64::from(halt(3)) << 32 | u64::from(halt(4)),
            3,
        ),
        (0x2801_1800, u64::from(NOP) << 32 | u64::from(halt(4)), 4),
        (0x2901_1C00, u64::from(halt(5)), 5),
        (0x2A01_1C00, u64::from(halt(6) >> 16), 6),
        (0x2B01_1C00, 0x09, 0),
    ] {
        let mut machine = machine(&[
            0x4100_0006, // 00 jmp 24
            0x0000_0000,
            store,       // 08
            0x4100_0003, // 0C jmp 12
            0x0000_0000,
            0x0000_0000,
            NOP,         // 18
            NOP,         // 1C
            0x41FF_FFFA, // 20 jmp -24
        ]);
        machine.set_register(1, value);
        let (stop, _) = run_all(Isa::ulm(), &mut machine, 100);
        assert_eq!(stop, Stop::Halted(status), "{store:08X}");
    }
}

#[test]
fn code_on_another_page_can_be_changed_after_it_ran() {
    let mut machine = Machine::new();
    // Calls 0x2000, changes what it calls, calls it again.
    write_words(&mut machine, 0, &[0x4001_0200, 0x2903_0001, 0x41FF_FFFE]);
    write_words(&mut machine, 0x2000, &[NOP, 0x4002_0000]); // nop; jmp %2, %0
    machine.set_register(1, 0x2000);
    machine.set_register(3, u64::from(halt(7)));
    assert_eq!(run_all(Isa::ulm(), &mut machine, 100).0, Stop::Halted(7));
}

#[test]
fn a_caller_can_change_decoded_code_between_runs() {
    let mut machine = machine(&[NOP, 0x41FF_FFFF]); // nop, jmp -4
    let mut engine = FastEngine::new(Isa::ulm());
    assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::Paused);
    write_words(&mut machine, 4, &[halt(8)]);
    assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::Halted(8));
}

#[test]
fn another_engine_can_change_decoded_code() {
    // jmp 12; movl %1, 12(%0); nop; nop; jmp -12
    let words = [0x4100_0003, 0x2901_0C00, NOP, NOP, 0x41FF_FFFD];
    let mut engine = FastEngine::new(Isa::ulm());
    let mut others: [&mut dyn FnMut(&mut Machine); 2] = [
        &mut |machine| {
            ReferenceEngine::new(Isa::ulm()).run(machine, 1, &mut ());
        },
        &mut |machine| {
            FastEngine::new(Isa::ulm()).run(machine, 1, &mut ());
        },
    ];
    for other in &mut others {
        let mut machine = machine(&words);
        machine.set_register(1, u64::from(halt(9)));
        assert_eq!(engine.run(&mut machine, 3, &mut ()), Stop::Paused);
        assert_eq!(machine.ip(), 4);
        other(&mut machine);
        assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::Halted(9));
    }
}

#[test]
fn one_engine_can_run_different_machines_in_turn() {
    let mut engine = FastEngine::new(Isa::ulm());
    let mut machines = [halt(1), halt(2)].map(|word| machine(&[NOP, NOP, word]));
    for machine in &mut machines {
        assert_eq!(engine.run(machine, 1, &mut ()), Stop::Paused);
    }
    let mut copy = machines[0].snapshot();
    write_words(&mut copy, 8, &[halt(3)]);
    for (machine, status) in machines.iter_mut().chain([&mut copy]).zip([1, 2, 3]) {
        assert_eq!(engine.run(machine, 5, &mut ()), Stop::Halted(status));
    }
}

#[test]
fn a_program_that_makes_up_ever_new_instructions_goes_on_and_on() {
    // Writes `ldzwq n, %4` for growing n in front of itself, executes it, and adds up.
    let mut machine = machine(&[
        0x2901_0800, // movl %1, 8(%0)
        0x3002_0101, // addq %2, %1, %1
        NOP,         // becomes ldzwq n, %4
        0x3004_0505, // addq %4, %5, %5
        0x41FF_FFFC, // jmp -16
    ]);
    machine.set_register(1, 0x5600_0004);
    machine.set_register(2, 0x100);
    let mut engine = FastEngine::new(Isa::ulm());
    // More than the engine keeps in mind.
    let rounds = 65_536;
    engine.run(&mut machine, 5 * rounds, &mut ());
    assert_eq!(machine.register(5), rounds * (rounds - 1) / 2);
    assert_eq!(machine.register(1), 0x5700_0004);
}

#[test]
fn a_program_spread_over_very_many_pages_runs() {
    // A chain of jumps, each on a page of its own, more pages than the engine keeps.
    let mut machine = Machine::new();
    let count = 1500;
    for i in 0..count {
        write_words(&mut machine, i << 12, &[0x4100_0400]);
    }
    write_words(&mut machine, count << 12, &[0x4000_0100]); // jmp %0, %1
    let mut engine = FastEngine::new(Isa::ulm());
    assert_eq!(
        engine.run(&mut machine, 3 * (count + 1), &mut ()),
        Stop::Paused
    );
    assert_eq!(machine.ip(), 0);
    assert_eq!(machine.recent_jumps().last().unwrap().from, count << 12);
}

#[test]
fn code_decoded_before_a_snapshot_still_sees_stores_after_it() {
    // 00 movl %1, 8(%0); 04 jmp 4; 08 halt 1
    let mut machine = machine(&[0x2901_0800, 0x4100_0001, halt(1)]);
    let mut engine = FastEngine::new(Isa::ulm());
    // Decodes the page, and stops at the halt.
    machine.set_register(1, u64::from(halt(2)));
    assert_eq!(engine.run(&mut machine, 2, &mut ()), Stop::Paused);
    let mut copy = machine.snapshot();
    for status in [3, 4] {
        machine.set_ip(0);
        machine.set_register(1, u64::from(halt(status)));
        assert_eq!(
            engine.run(&mut machine, 10, &mut ()),
            Stop::Halted(status as u8)
        );
    }
    // The snapshot has what it had.
    assert_eq!(engine.run(&mut copy, 10, &mut ()), Stop::Halted(2));
}

#[test]
fn memories_that_change_places_are_told_apart() {
    let mut one = machine(&[NOP, halt(1)]);
    let mut two = machine(&[NOP, halt(2)]);
    let mut engine = FastEngine::new(Isa::ulm());
    assert_eq!(engine.run(&mut one, 1, &mut ()), Stop::Paused);
    std::mem::swap(one.memory_mut(), two.memory_mut());
    assert_eq!(engine.run(&mut one, 1, &mut ()), Stop::Halted(2));
    assert_eq!(engine.run(&mut two, 9, &mut ()), Stop::Halted(1));
}

#[test]
fn snapshots_run_in_threads_of_their_own() {
    // loop: addq 1, %2, %2; movq %2, 64(%0); subq %2, %1, %0; jnz loop; halt %2
    let mut machine = machine(&[
        0x3801_0202,
        0x2802_4000,
        0x3102_0100,
        0x43FF_FFFD,
        0x0102_0000,
    ]);
    let copies: Vec<Machine> = (1..5)
        .map(|count| {
            let mut copy = machine.snapshot();
            copy.set_register(1, count * 50);
            copy
        })
        .collect();
    let runs: Vec<_> = copies
        .into_iter()
        .map(|mut copy| {
            std::thread::spawn(move || {
                let stop = FastEngine::new(Isa::ulm()).run(&mut copy, 10_000, &mut ());
                (stop, copy.memory().number(64, 8))
            })
        })
        .collect();
    for (run, count) in runs.into_iter().zip(1..) {
        let (stop, stored) = run.join().expect("the thread does not panic");
        assert_eq!(
            (stop, stored),
            (Stop::Halted((count * 50) as u8), count * 50)
        );
    }
}
