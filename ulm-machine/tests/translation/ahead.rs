//! Programs that are translated before they run: natively where that is possible, and in the
//! simulator.

use diagnostics::Sources;
use ulm_isa::Isa;
use ulm_machine::{Engine, JitEngine, Limits, Machine, ReferenceEngine, Stop, Target};
use ulmas::image::Image;

use crate::common::{Random, cases, state};
use crate::program::{Contents, random_program};

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
#[track_caller]
fn run_ahead(text: &str, input: &[u8]) -> (Stop, Vec<u8>) {
    let image = assemble(text);
    compare(&image, || load(&image, input), 100_000)
}

/// Runs machines with the program of an image, made anew each time; gives the stop and the output.
#[track_caller]
fn compare(image: &Image, start: impl Fn() -> Machine, budget: u64) -> (Stop, Vec<u8>) {
    let mut expected = start();
    let stop = ReferenceEngine::new(Isa::ulm()).run(&mut expected, budget, &mut ());
    for target in [Target::Native, Target::Simulated] {
        let mut machine = start();
        let mut engine = JitEngine::ahead(Isa::ulm(), target, image);
        let found = engine.run(&mut machine, budget, &mut ());
        engine.recall(&mut machine);
        assert_eq!(found, stop, "{target:?}");
        assert_eq!(state(&machine), state(&expected), "{target:?}");
        let pages = machine.memory().pages();
        assert!(pages.eq(expected.memory().pages()), "{target:?}");
    }
    (stop, expected.take_output())
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

#[test]
fn a_call_returns_within_translated_code() {
    let (stop, _) = run_ahead(
        "
    .equ RET, 5
    .equ CALL, 4
    ldzwq 10, %1
loop:
    ldzwq @w1(twice), %CALL
    shldwq @w0(twice), %CALL
    jmp %CALL, %RET
    subq 1, %1, %1
    jnz loop
    halt %2
twice:
    addq 2, %2, %2
    jmp %RET, %0
",
        b"",
    );
    assert_eq!(stop, Stop::Halted(20));
}

#[test]
fn more_pages_than_have_copies_are_written_and_read() {
    // 100 pages far apart, twice round.
    let (stop, _) = run_ahead(
        "
    ldzwq 2, %5
again:
    ldzwq 100, %1
    ldzwq 1, %2
    shlq 16, %2, %2
fill:
    movq (%2), %3
    addq %1, %3, %3
    movq %3, (%2)
    ldzwq 8192, %4
    addq %4, %2, %2
    subq 1, %1, %1
    jnz fill
    subq 1, %5, %5
    jnz again
    halt %3
",
        b"",
    );
    assert_eq!(stop, Stop::Halted(2));
}

#[test]
fn random_programs_are_the_same_when_translated_before() {
    for seed in 5_000_000..5_000_000 + cases(40) {
        let random = &mut Random(seed);
        let statements = random.pick(&[10, 30, 60]);
        let program = random_program(random, Contents::All, statements);
        let image = assemble(&program.text);
        let start = || {
            let mut machine = load(&image, b"some input");
            for &(register, value) in &program.registers {
                machine.set_register(register, value);
            }
            machine
        };
        println!("seed {seed}");
        compare(&image, start, 5000);
    }
}
