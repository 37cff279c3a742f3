//! `emjay emit`: the program at a point of its way.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use codegen::elf;
use codegen::ir::Module;
use codegen::ir::text::print_function;
use codegen::link::Architecture;
use codegen::machine::CodeUnit;
use codegen::passes::BASIC;
use diagnostics::{FileId, Sources};
use emjay_jit::backend::{Backend, ids};
use terminal::{Failure, fail, print, reason, render_all, say, say_error, status};

use super::arguments::{EmitArguments, EmitTarget, Format, Opt, Stage, check_calls, refuse};
use super::emit_ulm;
use super::executable::Reports;
use super::execute::TargetError;
use super::from_ulm;
use super::phases::Phases;
use super::run::{compile, find_main};

/// Writes what is asked for.
pub(super) fn emit(arguments: &EmitArguments) -> Result<(), Failure> {
    if let Some(image) = &arguments.from_ulm {
        return from_ulm::emit(arguments, image);
    }
    let is_ulm = arguments.target == EmitTarget::Ulm;
    check_calls(is_ulm, arguments.calls, arguments.convention);
    if !is_ulm && !arguments.arguments.is_empty() {
        refuse("only code for the ULM has the arguments of `main` built in");
    }
    check_output(arguments.output.as_deref(), arguments.file())?;
    let mut sources = Sources::new();
    let file = terminal::read_source(&mut sources, arguments.file())
        .map_err(|error| fail(&error.to_string()))?;
    let output = match arguments.stage {
        Some(stage) => emit_stage(arguments, stage, &sources, file)?.into_bytes(),
        None => emit_code(arguments, &sources, file)?,
    };
    match &arguments.output {
        None => print(output),
        Some(path) if arguments.stage.is_none() && arguments.format == Format::Elf => {
            write_executable(path, &output)
        }
        Some(path) => write_output(path, &output),
    }
}

/// The output must not replace the source.
pub(super) fn check_output(output: Option<&Path>, input: &Path) -> Result<(), Failure> {
    let same = output.is_some_and(
        |output| match (output.canonicalize(), input.canonicalize()) {
            (Ok(output), Ok(input)) => output == input && output.is_file(),
            _ => false,
        },
    );
    if !same {
        return Ok(());
    }
    let path = input.display();
    say_error(&format!("the output would replace the input `{path}`"));
    Err(Failure(status::MISUSED))
}

// ---- stages ----

fn emit_stage(
    arguments: &EmitArguments,
    stage: Stage,
    sources: &Sources,
    file: FileId,
) -> Result<String, Failure> {
    if stage == Stage::Ast {
        return match emjay_jit::parse(sources, file) {
            Ok(ast) => Ok(ast.to_string()),
            Err(messages) => {
                say(&render_all(&messages, sources));
                Err(Failure(status::FAILED))
            }
        };
    }
    let mut module = compile(sources, file, &mut Phases::default())?;
    let code = arguments.code(Opt::Basic);
    match (stage, code.opt) {
        // The basic passes stand one behind the other: each stage is what comes after one.
        (Stage::IrFinal, _) if arguments.target == EmitTarget::Ulm => {
            emit_ulm::optimise(arguments, &mut module, sources, file)?;
        }
        (Stage::IrConstants | Stage::IrDedup | Stage::IrDead, _) | (Stage::IrFinal, Opt::Basic) => {
            for (_, pass) in &BASIC[..passes_until(stage)] {
                module.functions.iter_mut().for_each(pass);
            }
        }
        (Stage::IrFinal, _) => backend(arguments, Opt::Basic).optimise(&mut module),
        (Stage::Ast | Stage::Ir, _) => {}
    }
    Ok(functions(&module, |id| {
        print_function(&module, id).to_string()
    }))
}

/// How many of the basic passes come before a stage.
fn passes_until(stage: Stage) -> usize {
    match stage {
        Stage::Ast | Stage::Ir => 0,
        Stage::IrConstants => 1,
        Stage::IrDedup => 2,
        Stage::IrDead => 3,
        Stage::IrFinal => BASIC.len(),
    }
}

/// The texts of all functions, with a blank line between them.
pub(super) fn functions(
    module: &Module,
    text: impl Fn(codegen::ir::FunctionId) -> String,
) -> String {
    let texts: Vec<String> = ids(module)
        .map(|id| {
            let mut text = text(id);
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text
        })
        .collect();
    texts.join("\n")
}

// ---- code ----

/// The way to native code, at the level that is asked for or else the given one.
fn backend(arguments: &EmitArguments, usual: Opt) -> Backend {
    let architecture = match arguments.target {
        EmitTarget::Aarch64 => Architecture::Aarch64,
        EmitTarget::X86_64 => Architecture::X86_64,
        EmitTarget::Native | EmitTarget::Ulm => {
            Architecture::of_this_machine().unwrap_or_else(|| refuse(TargetError::NoNative))
        }
    };
    arguments.code(usual).backend(architecture)
}

fn emit_code(
    arguments: &EmitArguments,
    sources: &Sources,
    file: FileId,
) -> Result<Vec<u8>, Failure> {
    if arguments.target == EmitTarget::Ulm {
        return emit_ulm::code(arguments, sources, file);
    }
    let mut module = compile(sources, file, &mut Phases::default())?;
    let backend = backend(arguments, Opt::Full);
    backend.optimise(&mut module);
    match arguments.format {
        Format::Asm => Ok(functions(&module, |id| backend.print(&module, id)).into_bytes()),
        Format::Bytes => {
            let texts = backend
                .generate(&module)
                .iter()
                .map(|unit| bytes(&module, unit))
                .collect::<Vec<_>>();
            Ok(texts.join("\n").into_bytes())
        }
        Format::Elf => executable(arguments, sources, file, &module, backend),
    }
}

/// The bytes of a function, a line for each instruction.
pub(super) fn bytes(module: &Module, unit: &CodeUnit) -> String {
    let mut text = format!("{}:\n", module.functions[unit.id.index()].name);
    let ends = unit.offsets.iter().skip(1).copied();
    let ends = ends.chain([unit.bytes.len() as u32]);
    for (&start, end) in unit.offsets.iter().zip(ends) {
        let Some(bytes) = unit.bytes.get(start as usize..end as usize) else {
            continue;
        };
        if bytes.is_empty() {
            continue;
        }
        _ = write!(text, "{start:6x}: ");
        for byte in bytes {
            _ = write!(text, " {byte:02x}");
        }
        text.push('\n');
    }
    text
}

fn executable(
    arguments: &EmitArguments,
    sources: &Sources,
    file: FileId,
    module: &Module,
    backend: Backend,
) -> Result<Vec<u8>, Failure> {
    let main = find_main(module, sources, file)?;
    let options = elf::Options {
        link: backend.link_options(),
        stack: arguments.stack(),
    };
    let reports = Reports {
        module,
        sources,
        file,
        main,
    };
    let units = backend.generate(module);
    elf::write(module, units, main, &options, &reports)
        .map_err(|error| fail(&format!("can't make an executable: {error}")))
}

/// Writes a file.
pub(super) fn write_output(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| cannot_write(path, &error))
}

/// Writes a file that whoever can read it can execute.
fn write_executable(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_output(path, bytes)?;
    make_executable(path).map_err(|error| cannot_write(path, &error))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = path.metadata()?;
    if metadata.is_file() {
        let mut permissions = metadata.permissions();
        let mode = permissions.mode();
        permissions.set_mode(mode | (mode & 0o444) >> 2);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    fail(&format!(
        "can't write `{}`: {}",
        path.display(),
        reason(error)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_has_all_basic_passes() {
        assert_eq!(passes_until(Stage::IrFinal), 4);
        assert_eq!(passes_until(Stage::Ir), 0);
        assert_eq!(BASIC[passes_until(Stage::IrDead) - 1].0, "dead");
    }
}
