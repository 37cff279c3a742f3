//! Programs as assembly text.

use diagnostics::Sources;
use ulm_isa::Isa;
use ulm_machine::Machine;

/// A machine with an assembled program.
///
/// # Panics
///
/// With what the assembler has to say.
#[track_caller]
pub(crate) fn assembled(text: &str) -> Machine {
    let mut sources = Sources::new();
    let file = sources.add("test.s", text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    let Some(image) = assembly.image else {
        panic!("{:?}\n{text}", assembly.diagnostics);
    };
    let mut machine = Machine::new();
    machine.load(&image).expect("the program fits");
    machine
}
