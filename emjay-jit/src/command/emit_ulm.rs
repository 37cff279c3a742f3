//! `emjay emit --target ulm`: programs and functions for the ULM.

use std::fmt::Write as _;

use codegen::ir::{FunctionId, Module};
use diagnostics::{FileId, Sources};
use emjay_jit::ulm::run::assemble;
use emjay_jit::ulm::{self, Program, SectionKind};
use terminal::{Failure, fail};

use super::arguments::{EmitArguments, Format, Opt, refuse};
use super::phases::Phases;
use super::run::{check_arguments, compile, numbers};
use super::run_ulm::{convention, refused};

/// Makes of a module what the generator gets.
pub(super) fn optimise(
    arguments: &EmitArguments,
    module: &mut Module,
    sources: &Sources,
    file: FileId,
) -> Result<(), Failure> {
    let values = values(arguments);
    let options = options(arguments, Opt::Basic, &values);
    let main = module.find("main");
    ulm::optimise(module, main, &options)
        .map_err(|refusal| refused(&refusal, module, sources, file))
}

/// The code of a program, or of functions without `main`.
pub(super) fn code(
    arguments: &EmitArguments,
    sources: &Sources,
    file: FileId,
) -> Result<Vec<u8>, Failure> {
    if arguments.format == Format::Elf {
        refuse(
            "`--format elf` is for processors; `ulmas` makes an executable image of the ULM's \
             assembly text",
        );
    }
    let values = values(arguments);
    let mut module = compile(sources, file, &mut Phases::default())?;
    let main = module.find("main");
    match main {
        Some(main) => check_arguments(&module, main, &values),
        None if values.is_empty() => {}
        None => refuse("without a function `main` nobody takes the arguments"),
    }
    let options = options(arguments, Opt::Full, &values);
    let program = ulm::compile(&mut module, main, &options)
        .map_err(|refusal| refused(&refusal, &module, sources, file))?;
    if arguments.format == Format::Bytes {
        return bytes(&program, &module, sources, file);
    }
    Ok(program.text(&module, sources, file).into_bytes())
}

fn values(arguments: &EmitArguments) -> Vec<i64> {
    numbers(&arguments.arguments)
}

fn options<'a>(arguments: &EmitArguments, usual: Opt, values: &'a [i64]) -> ulm::Options<'a> {
    let code = arguments.code(usual);
    ulm::Options {
        convention: convention(arguments.convention),
        level: code.opt.level(),
        inline: !code.no_inline,
        arguments: values,
        stack: arguments.stack(),
    }
}

/// The words of each part of the program, with their addresses.
fn bytes(
    program: &Program,
    module: &Module,
    sources: &Sources,
    file: FileId,
) -> Result<Vec<u8>, Failure> {
    let image = assemble(program, module, sources, file)
        .map_err(|error| fail(&format!("can't assemble the program: {error}")))?;
    let mut code = vec![0; program.size() as usize];
    for (address, bytes) in image.bytes() {
        let start = address as usize;
        if let Some(place) = code.get_mut(start..start + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }
    let name = |kind| match kind {
        SectionKind::Function(FunctionId(id)) => &*module.functions[id as usize].name,
        SectionKind::Start => "start",
        SectionKind::End => "print_value",
        SectionKind::StackExhausted => "stack_exhausted",
    };
    let parts = program.sections.iter().map(|section| {
        let mut text = format!("{}:\n", name(section.kind));
        let start = section.address as usize;
        let end = start + 4 * section.assembly.instructions.len();
        for (address, word) in (start..end).step_by(4).zip(code[start..end].chunks(4)) {
            _ = write!(text, "{address:6x}: ");
            for byte in word {
                _ = write!(text, " {byte:02x}");
            }
            text.push('\n');
        }
        text
    });
    Ok(parts.collect::<Vec<_>>().join("\n").into_bytes())
}
