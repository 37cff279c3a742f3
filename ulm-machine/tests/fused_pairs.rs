//! Pairs of instructions that the fast engine executes as one: what is between the two can be seen all
//! the same.

mod common;

use common::{machine, run_all, same_memory, state, write_words};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Limits, Machine, ReferenceEngine, Stop};

/// Opcodes of the conditional jumps, `jz` to `ja`.
const JUMPS: std::ops::RangeInclusive<u32> = 0x42..=0x4B;

/// Numbers whose differences have all the flags.
const NUMBERS: [u64; 6] = [0, 1, 2, u64::MAX >> 1, 1 << 63, u64::MAX];

/// Instructions that set flags: what can be the first of a pair, and what can't.
const FIRSTS: [u32; 7] = [
    0x3101_0200, // subq %1, %2, %0
    0x3902_0200, // subq 2, %2, %0
    0x3901_0203, // subq 1, %2, %3
    0x5101_0200, // andq %1, %2, %0
    0x5101_0203, // andq %1, %2, %3
    0x3001_0200, // addq %1, %2, %0
    0x3801_0203, // addq 1, %2, %3
];

/// A loop over a pair: it counts the times that the jump is not taken in %4, else in %5.
fn pair(first: u32, jump: u32) -> [u32; 7] {
    [
        first,          // 00
        jump << 24 | 3, // 04 to 10
        0x3801_0404,    // 08 addq 1, %4, %4
        0x41FF_FFFD,    // 0C jmp -12
        0x3801_0505,    // 10 addq 1, %5, %5
        0x3003_0202,    // 14 addq %3, %2, %2
        0x41FF_FFFA,    // 18 jmp -24
    ]
}

fn pairs() -> impl Iterator<Item = [u32; 7]> {
    FIRSTS
        .into_iter()
        .flat_map(|first| JUMPS.map(move |jump| pair(first, jump)))
}

#[test]
fn a_pair_gives_the_flags_and_goes_where_its_instructions_do() {
    for words in pairs() {
        for x in NUMBERS {
            for y in NUMBERS {
                let mut machine = machine(&words);
                machine.set_register(1, x);
                machine.set_register(2, y);
                run_all(Isa::ulm(), &mut machine, 20);
            }
        }
    }
}

#[test]
fn a_run_can_end_between_the_two() {
    for words in pairs() {
        let mut slow = machine(&words);
        slow.set_register(2, 5);
        let mut quick = slow.snapshot();
        let (mut reference, mut fast) = engines();
        // Decodes the pair, then stops at every place of it.
        for budget in [40]
            .into_iter()
            .chain([1, 2, 3, 5, 7, 1, 1, 1, 1, 1, 1, 1, 1])
        {
            let expected = reference.run(&mut slow, budget, &mut ());
            assert_eq!(fast.run(&mut quick, budget, &mut ()), expected);
            assert_eq!(state(&quick), state(&slow), "{words:08X?}");
        }
    }
}

#[test]
fn every_limit_is_exact() {
    for words in pairs() {
        for limit in 0..30 {
            let mut machine = machine(&words);
            machine.set_register(2, 5);
            machine.set_limits(Limits {
                instructions: Some(limit),
                ..Limits::default()
            });
            let (_, result) = run_all(Isa::ulm(), &mut machine, u64::MAX);
            assert_eq!(result.instructions(), limit);
        }
    }
}

#[test]
fn a_jump_can_go_to_the_second() {
    for jump in JUMPS {
        // The pair at 8 is executed first, then its second instruction from behind.
        let mut machine = machine(&[
            0x4100_0002,    // 00 jmp 8
            0x0900_0000,    // 04 halt 0
            0x3901_0202,    // 08 subq 1, %2, %2
            jump << 24 | 2, // 0C to 14
            0x3801_0404,    // 10 addq 1, %4, %4
            0x3103_0200,    // 14 subq %3, %2, %0
            0x41FF_FFFD,    // 18 jmp -12
        ]);
        machine.set_register(2, 3);
        machine.set_register(3, 3);
        run_all(Isa::ulm(), &mut machine, 50);
    }
}

#[test]
fn a_store_into_either_word_takes_the_pair_apart() {
    for target in [8u32, 12] {
        for word in [0x0907_0000u32, 0xFF00_0000, 0x3901_0200] {
            // Twice through the pair, with a store into it before the third time.
            let mut machine = machine(&[
                0x3801_0404,               // 00 addq 1, %4, %4
                0x3903_0400,               // 04 subq 3, %4, %0
                0x3901_0202,               // 08 subq 1, %2, %2
                0x4300_0002,               // 0C jnz 8
                0x0901_0000,               // 10 halt 1
                0x3902_0400,               // 14 subq 2, %4, %0
                0x43FF_FFFA,               // 18 jnz -24
                0x2905_0000 | target << 8, // 1C movl %5, target(%0)
                0x41FF_FFF8,               // 20 jmp -32
            ]);
            machine.set_register(2, 9);
            machine.set_register(5, word.into());
            let (_, result) = run_all(Isa::ulm(), &mut machine, 60);
            assert_eq!(result.memory().number(target.into(), 4), u64::from(word));
        }
    }
}

#[test]
fn a_breakpoint_at_the_second_stops_between_the_two() {
    let mut slow = machine(&pair(0x3901_0202, 0x43));
    slow.set_register(2, 100);
    let mut quick = slow.snapshot();
    let (mut reference, mut fast) = engines();
    assert_eq!(fast.run(&mut quick, 40, &mut ()), Stop::Paused);
    reference.run(&mut slow, 40, &mut ());
    fast.breakpoints_mut().insert(4);
    reference.breakpoints_mut().insert(4);
    for _ in 0..5 {
        assert_eq!(fast.run(&mut quick, 100, &mut ()), Stop::Breakpoint(4));
        reference.run(&mut slow, 100, &mut ());
        assert_eq!(state(&quick), state(&slow));
    }
}

#[test]
fn three_in_a_row_can_be_stopped_jumped_into_and_changed_anywhere() {
    for jump in JUMPS {
        for target in [4u32, 8, 12] {
            let mut machine = machine(&[
                0x3801_0505,               // 00 addq 1, %5, %5
                0x3801_0202,               // 04 addq 1, %2, %2
                0x3101_0200,               // 08 subq %1, %2, %0
                jump << 24 | 0x00FF_FFFE,  // 0C to 04
                0x3905_0500,               // 10 subq 5, %5, %0
                0x42FF_FFFE,               // 14 jz to 0C
                0x3907_0500,               // 18 subq 7, %5, %0
                0x43FF_FFF9,               // 1C jnz to 00
                0x2906_0000 | target << 8, // 20 movl %6, target(%0)
                0x41FF_FFF7,               // 24 jmp to 00
            ]);
            machine.set_register(1, 20);
            machine.set_register(6, 0x0907_0000);
            for limit in 0..150 {
                let mut limited = machine.snapshot();
                limited.set_limits(Limits {
                    instructions: Some(limit),
                    ..Limits::default()
                });
                run_all(Isa::ulm(), &mut limited, u64::MAX);
            }
        }
    }
}

#[test]
fn a_pair_across_the_end_of_a_page_is_none() {
    let mut machine = Machine::new();
    // subq 1, %2, %2; jnz -4
    write_words(
        &mut machine,
        0xFFC,
        &[0x3901_0202, 0x43FF_FFFF, 0x0900_0000],
    );
    machine.set_ip(0xFFC);
    machine.set_register(2, 10);
    let (stop, result) = run_all(Isa::ulm(), &mut machine, 100);
    assert_eq!(stop, Stop::Halted(0));
    assert_eq!(result.instructions(), 21);
    assert!(same_memory(&machine, &result));
}

fn engines() -> (ReferenceEngine, FastEngine) {
    (
        ReferenceEngine::new(Isa::ulm()),
        FastEngine::new(Isa::ulm()),
    )
}
