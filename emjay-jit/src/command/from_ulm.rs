//! `emjay run --from-ulm` and `emjay emit --from-ulm`: programs of the ULM by way of the IR.

use std::path::Path;

use codegen::ir::text::{PrintedLine, print_lines};
use codegen::ir::{Function, FunctionId, Module};
use codegen::link::Architecture;
use codegen::machine::Calls;
use codegen::passes::Level;
use codegen::{Origin, Place, aarch64, x86_64};
use emjay_jit::backend::{Backend, ids};
use terminal::{Failure, print};
use ulm::{Places, TranslatedRun};
use ulm_isa::Isa;
use ulm_machine::{Target, translation};

use super::arguments::{EmitArguments, EmitTarget, Format, RunArguments, RunTarget, Stage, refuse};
use super::emit::{bytes, check_output, functions, write_output};
use super::execute::{Machine, TargetError};
use super::run::input;

// ---- run ----

/// Runs a program. The exit status is the program's own.
pub(super) fn run(arguments: &RunArguments, image: &Path) -> Result<(), Failure> {
    check_arguments(arguments.file.as_deref());
    if arguments.target == RunTarget::Ulm {
        refuse(
            "a program of the ULM runs on the ULM with `ulm`; `--from-ulm` is for other targets",
        );
    }
    // The program's instructions are counted everywhere.
    let machine = Machine::of(arguments.target, false).unwrap_or_else(|error| refuse(error));
    let target = match machine {
        Machine::Native(_) => Target::Native,
        Machine::Simulator => Target::Simulated,
        Machine::Interpreter => refuse("there is no interpreter for programs of the ULM"),
    };
    let status = ulm::run_translated(TranslatedRun {
        program: image,
        target,
        limit: arguments.limit,
        input: input(arguments),
    });
    match status {
        0 => Ok(()),
        status => Err(Failure(status)),
    }
}

/// Exits with status 2 if there is an argument for the program.
fn check_arguments(first: Option<&Path>) {
    if let Some(argument) = first {
        refuse(format_args!(
            "`{}` is one too many: a program of the ULM takes no arguments, and options begin with `--`",
            argument.display()
        ));
    }
}

// ---- emit ----

/// Writes what is asked for.
pub(super) fn emit(arguments: &EmitArguments, path: &Path) -> Result<(), Failure> {
    check_arguments(arguments.file.as_deref());
    check_output(arguments.output.as_deref(), path)?;
    let architecture = architecture(arguments);
    if arguments.stage.is_none() && arguments.format == Format::Elf {
        refuse("`--format elf` is for programs in emjay");
    }
    let program = ulm::load(Isa::ulm(), path)?;
    let mut module = translation::translate(Isa::ulm(), &program.image).module;
    let places = Places::new(Isa::ulm(), &program);
    let text = match arguments.stage {
        Some(Stage::Ir) => listing(&module, &places),
        Some(Stage::IrFinal) => {
            translation::optimise(&mut module, architecture);
            listing(&module, &places)
        }
        Some(_) => refuse("of a program of the ULM there are the stages `ir` and `ir-final`"),
        None => {
            translation::optimise(&mut module, architecture);
            code(&module, architecture, arguments.format, &places)
        }
    };
    match &arguments.output {
        None => print(text),
        Some(path) => write_output(path, text.as_bytes()),
    }
}

/// The machine that code is written for.
fn architecture(arguments: &EmitArguments) -> Architecture {
    match arguments.target {
        EmitTarget::Aarch64 => Architecture::Aarch64,
        EmitTarget::X86_64 => Architecture::X86_64,
        EmitTarget::Native => {
            Architecture::of_this_machine().unwrap_or_else(|| refuse(TargetError::NoNative))
        }
        EmitTarget::Ulm => {
            refuse("a program of the ULM is code for the ULM already; `ulm disasm` shows it")
        }
    }
}

/// The native code of a module that has been optimised.
fn code(
    module: &Module,
    architecture: Architecture,
    format: Format,
    places: &Places<'_>,
) -> String {
    if format == Format::Bytes {
        let backend = Backend::new(architecture, Level::Full);
        let texts = ids(module).map(|id| bytes(module, &backend.unit(module, id)));
        return texts.collect::<Vec<_>>().join("\n");
    }
    functions(module, |id| {
        let function = &module.functions[id.index()];
        let calls = Calls::Direct;
        match architecture {
            Architecture::Aarch64 => {
                let assembly = aarch64::generate(module, id, &aarch64::Options { calls });
                let text = aarch64::print(&assembly, module);
                annotated(&text, "//", &addresses(function, &assembly.origins), places)
            }
            Architecture::X86_64 => {
                let assembly = x86_64::generate(module, id, &x86_64::Options { calls });
                let text = x86_64::print(&assembly, module);
                annotated(&text, "#", &addresses(function, &assembly.origins), places)
            }
        }
    })
}

/// The addresses in the program that instructions of a function come from.
fn addresses(function: &Function, origins: &[Origin]) -> Vec<Option<u64>> {
    let addresses = origins.iter();
    addresses
        .map(|origin| address_of(function, *origin))
        .collect()
}

/// The text of a function, a line for each instruction besides name and labels; before what comes from
/// one instruction of the program stand its address and its text.
fn annotated(
    text: &str,
    comment_sign: &str,
    addresses: &[Option<u64>],
    places: &Places<'_>,
) -> String {
    let mut annotated = String::new();
    let mut addresses = addresses.iter();
    let mut last = None;
    for line in text.lines() {
        if !line.ends_with(':') {
            let address = addresses.next().copied().flatten();
            if address != last
                && let Some(address) = address
            {
                annotated += &format!("{comment_sign} {}\n", described(address, places));
            }
            last = address;
        }
        annotated += line;
        annotated.push('\n');
    }
    annotated
}

/// The IR; before what comes from one instruction of the program stand its address and its text.
fn listing(module: &Module, places: &Places<'_>) -> String {
    functions(module, |id| function_listing(module, id, places))
}

fn function_listing(module: &Module, id: FunctionId, places: &Places<'_>) -> String {
    let function = &module.functions[id.index()];
    let mut text = String::new();
    let mut last = None;
    for (line, kind) in print_lines(module, id) {
        match kind {
            PrintedLine::Instruction(index) => {
                let address = address_of(function, function.instructions[index].origin);
                if address != last
                    && let Some(address) = address
                {
                    text += &format!("        // {}\n", described(address, places));
                }
                last = address;
            }
            PrintedLine::Block => last = None,
            PrintedLine::Head | PrintedLine::End => {}
        }
        text += &line;
        text.push('\n');
    }
    text
}

/// The address in the program that something of a function comes from.
fn address_of(function: &Function, origin: Origin) -> Option<u64> {
    match function.places.get(origin.place.0 as usize) {
        Some(&Place::Address(address)) => Some(address),
        _ => None,
    }
}

/// `0x0004  movzbq (%p), %ch`
fn described(address: u64, places: &Places<'_>) -> String {
    let word = places.loaded_word(address).unwrap_or_default();
    let instruction = places.loaded_instruction_text(address, word);
    format!("0x{address:04X}  {instruction}")
}
