//! Programs that are translated before they run: natively where that is possible, and in the
//! simulator.
#![cfg(feature = "jit")]

mod common;

use diagnostics::Sources;
use ulm_isa::Isa;
use ulm_machine::{Engine, JitEngine, Limits, Machine, ReferenceEngine, Stop, Target};
use ulmas::image::Image;

fn assemble(text: &str) -> Image {
    let mut sources = Sources::new();
    let file = sources.add("test.s", text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    assembly.image.expect("the program has no errors")
}

fn load(image: &Image, input: &[u8]) -> Machine {
    let mut machine = Machine::new();
    machine.load(image).unwrap();
    machine.feed(input);
    machine.end_input();
    machine
}

/// Runs a program by the reference and by code that was translated before; all must be the same.
fn run_ahead(text: &str, input: &[u8]) -> (Stop, Vec<u8>) {
    let image = assemble(text);
    let mut expected = load(&image, input);
    let stop = ReferenceEngine::new(Isa::ulm()).run(&mut expected, 1_000_000, &mut ());
    let output = expected.take_output();
    for target in [Target::Native, Target::Simulated] {
        let mut machine = load(&image, input);
        let mut engine = JitEngine::ahead(Isa::ulm(), target, &image);
        assert_eq!(engine.run(&mut machine, 1_000_000, &mut ()), stop);
        assert_eq!(machine.take_output(), output);
        assert_eq!(machine.ip(), expected.ip());
        assert_eq!(machine.instructions(), expected.instructions());
        assert_eq!(machine.flags(), expected.flags());
        for number in 0..=255 {
            assert_eq!(machine.register(number), expected.register(number));
        }
        assert!(machine.memory().pages().eq(expected.memory().pages()));
    }
    (stop, output)
}

const COUNT: &str = "
    ldzwq 1000, %1
loop:
    addq %1, %2, %2
    subq 1, %1, %1
    jnz loop
    halt %2
";

#[test]
fn a_loop_runs_as_translated_code() {
    let (stop, _) = run_ahead(COUNT, b"");
    assert_eq!(stop, Stop::Halted((500_500_u64 % 256) as u8));
}

#[test]
fn a_program_that_changes_its_own_loop_is_translated_anew() {
    // Each time round, the number that is added becomes one more.
    let (stop, _) = run_ahead(
        "
    ldzwq 10, %1
    ldzwq patch, %3
loop:
patch:
    addq 0, %2, %2
    movzlq (%3), %4
    ldzwq 1, %5
    shlq 16, %5, %5
    addq %5, %4, %4
    movl %4, (%3)
    subq 1, %1, %1
    jnz loop
    halt %2
",
        b"",
    );
    assert_eq!(stop, Stop::Halted(45));
}

#[test]
fn limits_stop_at_the_same_instruction() {
    let image = assemble(COUNT);
    for limit in [0, 1, 2, 3, 100, 101, 102, 103, 2999, 3001, 3002] {
        let mut states = Vec::new();
        for target in [None, Some(Target::Native), Some(Target::Simulated)] {
            let mut machine = load(&image, b"");
            machine.set_limits(Limits {
                instructions: Some(limit),
                ..Limits::default()
            });
            let stop = match target {
                None => ReferenceEngine::new(Isa::ulm()).run(&mut machine, u64::MAX, &mut ()),
                Some(target) => JitEngine::ahead(Isa::ulm(), target, &image).run(
                    &mut machine,
                    u64::MAX,
                    &mut (),
                ),
            };
            states.push((
                stop,
                machine.ip(),
                machine.instructions(),
                machine.register(2),
            ));
        }
        assert_eq!(states[0], states[1], "limit {limit}");
        assert_eq!(states[0], states[2], "limit {limit}");
    }
}

#[test]
fn input_and_output_go_through() {
    let (stop, output) = run_ahead(
        "
loop:
    getc %1
    subq 255, %1, %0
    jz done
    putc %1
    putc %1
    jmp loop
done:
    halt 3
",
        b"hello",
    );
    assert_eq!((stop, &*output), (Stop::Halted(3), &b"hheelllloo"[..]));
}
