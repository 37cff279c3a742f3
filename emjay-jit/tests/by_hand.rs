//! The code that the compiler makes for the ULM executes no more instructions than what a person
//! writes with care for the same functions, under the same convention.
//!
//! `by_hand` has each program twice. A program by hand ends with the value in a register; what is
//! generated counts up to where its value is printed.

use diagnostics::Sources;
use emjay_jit::ulm::{Convention, Options, compile};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Machine, Stop};
use ulmas::image::Image;

fn assembled(name: &str, text: &str) -> Image {
    let mut sources = Sources::new();
    let file = sources.add(name, text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    assembly.image.expect("the program is right")
}

/// The instructions that are executed up to the end, or to a breakpoint, and the registers then.
fn execute(image: &Image, breakpoint: Option<u64>) -> Machine {
    let mut machine = Machine::new();
    machine.load(image).expect("it is small");
    let mut engine = FastEngine::new(Isa::ulm());
    if let Some(address) = breakpoint {
        engine.breakpoints_mut().insert(address);
    }
    let stop = engine.run(&mut machine, 10_000_000, &mut ());
    assert!(
        matches!(stop, Stop::Halted(0) | Stop::Breakpoint(_)),
        "{stop:?}"
    );
    machine
}

/// The value and the number of instructions of a program by hand.
fn by_hand(name: &str, text: &str, result: u8) -> (u64, u64) {
    let machine = execute(&assembled(name, text), None);
    // The halt is none of the work.
    (machine.register(result), machine.instructions() - 1)
}

/// The same for what the compiler makes.
fn compiled(text: &str, convention: Convention, arguments: &[i64]) -> (u64, u64) {
    let mut sources = Sources::new();
    let file = sources.add("program.emjay", text);
    let program = emjay_jit::compile(&sources, file, emjay_jit::Options::default());
    let mut module = program.expect("the program is right").module;
    let options = Options {
        convention,
        inline: false,
        arguments,
        ..Options::default()
    };
    let main = module.find("main");
    let program = compile(&mut module, main, &options).expect("the convention works");
    let (address, register) = program.value().expect("there is a main");
    let image = assembled("program.s", &program.text(&module, &sources, file));
    let machine = execute(&image, Some(address));
    (machine.register(register), machine.instructions())
}

fn assert_not_behind(generated: (u64, u64), hand: (u64, u64)) {
    assert_eq!(generated.0, hand.0, "the values");
    assert!(
        generated.1 <= hand.1,
        "generated: {} instructions, by hand: {}",
        generated.1,
        hand.1
    );
}

#[test]
fn the_greatest_common_divisor_as_a_leaf() {
    let hand = by_hand("gcd.s", include_str!("by_hand/gcd.s"), 1);
    let source = include_str!("by_hand/gcd.emjay");
    let generated = compiled(source, Convention::Leaf, &[832_040, 514_229]);
    assert_not_behind(generated, hand);
}

#[test]
fn the_factorial_with_a_loop_as_a_leaf() {
    let hand = by_hand("product.s", include_str!("by_hand/product.s"), 1);
    let source = include_str!("by_hand/product.emjay");
    assert_not_behind(compiled(source, Convention::Leaf, &[20]), hand);
}

#[test]
fn the_recursive_factorial_on_the_stack() {
    let hand = by_hand("factorial.s", include_str!("by_hand/factorial.s"), 6);
    let source = include_str!("by_hand/factorial.emjay");
    assert_not_behind(compiled(source, Convention::Stack, &[20]), hand);
}

#[test]
fn the_recursive_fibonacci_numbers_on_the_stack() {
    let hand = by_hand("fib.s", include_str!("by_hand/fib.s"), 6);
    let source = include_str!("by_hand/fib.emjay");
    assert_not_behind(compiled(source, Convention::Stack, &[15]), hand);
}
