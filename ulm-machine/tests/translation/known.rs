//! One difficulty a test.

use ulm_isa::Isa;
use ulm_machine::{
    Engine, Flags, JitEngine, Limit, Machine, READS_PAST_END, ReferenceEngine, Stop, Target,
};

use crate::common::{same_memory, state, write_words};
use crate::source::{assembled, image};

/// Runs copies of a machine with the reference engine and with code that is translated at the
/// `threshold`th arrival, in slices of `slice` instructions, until they stop for good or have executed
/// `most`.
#[track_caller]
fn agree_in_slices(
    machine: &mut Machine,
    threshold: u16,
    slice: u64,
    most: u64,
) -> (Stop, Machine) {
    let (mut slow, mut quick) = (machine.snapshot(), machine.snapshot());
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut jit = JitEngine::with_threshold(Isa::ulm(), threshold);
    loop {
        let expected = reference.run(&mut slow, slice, &mut ());
        let stop = jit.run(&mut quick, slice, &mut ());
        jit.recall(&mut quick);
        let context = || format!("threshold {threshold}, slices of {slice}");
        assert_eq!(stop, expected, "{}", context());
        assert_eq!(state(&quick), state(&slow), "{}", context());
        assert!(same_memory(&quick, &slow), "{}", context());
        if stop != Stop::Paused || quick.instructions() >= most {
            return (stop, quick);
        }
    }
}

/// The same with several thresholds, and in slices of many sizes.
#[track_caller]
fn agree(machine: &mut Machine, most: u64) -> (Stop, Machine) {
    for threshold in [1, 2, 3, 6] {
        for slice in [1, 2, 3, 7, 20, 100, most] {
            agree_in_slices(machine, threshold, slice, most);
        }
    }
    agree_in_slices(machine, 1, most, most)
}

/// Goes round an inner loop, and then stores: to data in all rounds but one, and in that one into the
/// inner loop. `stretch` is put in front of the store.
fn that_changes_its_inner_loop(stretch: &str) -> Machine {
    assembled(&text_that_changes_its_inner_loop(stretch))
}

fn text_that_changes_its_inner_loop(stretch: &str) -> String {
    let data = "20000, ".repeat(10);
    let places = format!("{data} loop + 1, {data} 20000");
    format!(
        "        ldzwq   20, %5
again:  ldzwq   9, %1
loop:   addq    1, %2, %2
        subq    1, %1, %1
        jnz     loop
        ldzwq   77, %4
        ldzwq   places, %6
        movq    (%6, %5, 8), %6
        {stretch}
        movb    %4, (%6)
        subq    1, %5, %5
        jnz     again
        halt    0
        .data
        .align  8192
places: .quad   {places}
"
    )
}

#[test]
fn a_store_by_translated_code_into_translated_code_takes_effect() {
    let (stop, result) = agree(&mut that_changes_its_inner_loop(""), 10_000);
    assert_eq!(stop, Stop::Halted(0));
    assert_eq!(result.register(2), 11 * 9 + 9 * 9 * 77);
}

#[test]
fn a_store_by_interpreted_code_into_translated_code_takes_effect() {
    let nops = "        nop\n".repeat(30);
    let mut machine = that_changes_its_inner_loop(&nops);
    for slice in 1..200 {
        agree_in_slices(&mut machine, 2, slice, 10_000);
    }
}

#[test]
fn a_store_into_code_that_was_translated_before_it_ran_takes_effect() {
    // Behind a page of other code.
    let nops = "        nop\n".repeat(1200);
    let text = format!("{nops}{}", text_that_changes_its_inner_loop(""));
    let mut machine = assembled(&text);
    let mut jit = JitEngine::ahead(Isa::ulm(), Target::Native, &image(&text));
    assert_eq!(jit.run(&mut machine, 10_000, &mut ()), Stop::Halted(0));
    assert_eq!(machine.register(2), 11 * 9 + 9 * 9 * 77);
}

#[test]
fn code_in_the_last_words_of_memory_can_change() {
    // The loop of the programs above in the last words, and the rest of it from address 0 on.
    let mut machine = assembled(
        "       movq    (%7, %5, 8), %6
        movb    %4, (%6)
        subq    1, %5, %5
        jnz     8
        halt    0
        ldzwq   9, %1
        jmp     -36
",
    );
    // addq 1, %2, %2; subq 1, %1, %1; jnz -8
    let start = 12u64.wrapping_neg();
    write_words(
        &mut machine,
        start,
        &[0x3801_0202, 0x3901_0101, 0x43FF_FFFE],
    );
    for round in 0..=20 {
        let place = if round == 10 { start + 1 } else { 0x2000 };
        write_words(&mut machine, 0x1004 + 8 * round, &[place as u32]);
        write_words(&mut machine, 0x1000 + 8 * round, &[(place >> 32) as u32]);
    }
    machine.set_ip(start);
    for (register, value) in [(1, 9), (4, 77), (5, 20), (7, 0x1000)] {
        machine.set_register(register, value);
    }
    let (stop, result) = agree(&mut machine, 10_000);
    assert_eq!(stop, Stop::Halted(0));
    assert_eq!(result.register(2), 11 * 9 + 9 * 9 * 77);
}

#[test]
fn translated_code_that_reads_on_and_on_past_the_end_is_stopped() {
    let mut machine = assembled("loop: getc %1\n jmp loop\n");
    machine.feed(b"AB");
    machine.end_input();
    let mut jit = JitEngine::with_threshold(Isa::ulm(), 1);
    let most = 4 * u64::from(READS_PAST_END);
    assert_eq!(
        jit.run(&mut machine, most, &mut ()),
        Stop::Limit(Limit::InputEnded)
    );
    assert_eq!(machine.instructions(), 2 * (2 + u64::from(READS_PAST_END)));
}

#[test]
fn a_budget_without_end_is_one_in_the_middle_of_a_program_too() {
    let mut machine = assembled(
        "       ldzwq   50, %1
loop:   subq    1, %1, %1
        jnz     loop
        halt    0
",
    );
    let mut jit = JitEngine::with_threshold(Isa::ulm(), 1);
    assert_eq!(jit.run(&mut machine, 10, &mut ()), Stop::Paused);
    assert_eq!(jit.run(&mut machine, u64::MAX, &mut ()), Stop::Halted(0));
}

#[test]
fn flags_from_before_the_region_are_seen_behind_a_join_with_flags_of_its_own() {
    // `inner` begins with flags from elsewhere, which join with those of the addition.
    let mut slow = assembled(
        "       ldzwq   inner, %7
        jmp     %7, %6
inner:  ldzwq   3, %2
test:   jl      out
        addq    1, %3, %3
        jb      out
        subq    1, %2, %2
        jz      out
        addq    %2, %4, %4
        jmp     test
out:    halt    0
",
    );
    let mut quick = slow.snapshot();
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut jit = JitEngine::with_threshold(Isa::ulm(), 3);
    for states in 0..64 {
        let is_set = |flag: u32| states >> flag & 1 != 0;
        for machine in [&mut slow, &mut quick] {
            machine.set_ip(0);
            machine.set_flags(Flags {
                zero: is_set(0),
                carry: is_set(1),
                sign: is_set(2),
                overflow: is_set(3),
            });
        }
        assert_eq!(
            reference.run(&mut slow, 100, &mut ()),
            jit.run(&mut quick, 100, &mut ())
        );
        jit.recall(&mut quick);
        assert_eq!(state(&quick), state(&slow), "{states:06b}");
    }
}

#[test]
fn input_that_comes_behind_an_end_does_not_confuse_the_history() {
    // Counts what is 255, and jumps differently for it.
    let mut machine = assembled(
        "loop:  getc    %1
        subq    255, %1, %0
        jz      end
        addq    1, %2, %2
        jmp     loop
end:    addq    1, %3, %3
        addq    1, %3, %3
        jmp     loop
",
    );
    let mut slow = machine.snapshot();
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut jit = JitEngine::with_threshold(Isa::ulm(), 1);
    for round in 0..20 {
        for machine in [&mut slow, &mut machine] {
            machine.feed(b"abc");
            machine.end_input();
        }
        let budget = 40 + round;
        reference.run(&mut slow, budget, &mut ());
        jit.run(&mut machine, budget, &mut ());
        jit.recall(&mut machine);
        assert_eq!(state(&machine), state(&slow), "round {round}");
    }
}
