//! Programs as assembly text.

use diagnostics::Sources;
use ulm_isa::Isa;
use ulm_machine::Machine;
use ulmas::image::Image;

/// The image of a program.
///
/// # Panics
///
/// With what the assembler has to say.
#[track_caller]
pub(crate) fn image(text: &str) -> Image {
    let mut sources = Sources::new();
    let file = sources.add("test.s", text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    match assembly.image {
        Some(image) => image,
        None => panic!("{:?}\n{text}", assembly.diagnostics),
    }
}

/// A machine with an assembled program.
#[track_caller]
pub(crate) fn assembled(text: &str) -> Machine {
    let mut machine = Machine::new();
    machine.load(&image(text)).expect("the program fits");
    machine
}
