//! `emjay run --target ulm`: the same program on the ULM, with the same messages as native code.

use codegen::ir::Module;
use diagnostics::{FileId, Sources};
use emjay_jit::ulm::run::{Ending, RunError, RunOptions, Runner, assemble};
use emjay_jit::ulm::{self, Convention, Refusal};
use terminal::{Failure, fail, say, status};

use super::arguments::{ConventionName, RunArguments};
use super::console::Console;
use super::execute::Bounds;
use super::phases::Phases;
use super::run::{
    Program, check_arguments, compile, find_main, input, limit_reached, render, say_interrupted,
    stopped,
};
use super::slices::{SliceStop, Slices};

/// Everything from the source to the end of the program.
pub(super) fn compile_and_run(
    arguments: &RunArguments,
    values: &[i64],
    phases: &mut Phases,
) -> Result<(), Failure> {
    let mut sources = Sources::new();
    let file = phases
        .measure("read", || {
            terminal::read_source(&mut sources, arguments.file())
        })
        .map_err(|error| fail(&error.to_string()))?;
    let mut module = compile(&sources, file, phases)?;
    let main = find_main(&module, &sources, file)?;
    check_arguments(&module, main, values);
    let options = ulm::Options {
        convention: convention(arguments.convention),
        level: arguments.code.opt.level(),
        inline: !arguments.code.no_inline,
        arguments: values,
        stack: arguments.stack(),
    };
    let optimised = phases.measure("optimise", || {
        ulm::optimise(&mut module, Some(main), &options)
    });
    let code = optimised
        .and_then(|()| phases.measure("generate", || ulm::generate(&module, Some(main), &options)));
    let code = code.map_err(|refusal| refused(&refusal, &module, &sources, file))?;
    let bounds = Bounds {
        stack: options.stack,
        instructions: arguments.limit,
    };
    let program = Program {
        module: &module,
        sources: &sources,
        file,
    };
    let mut console = Console::new(input(arguments));
    execute(&code, &program, bounds, &mut console, phases)
}

/// The convention that is asked for.
pub(super) fn convention(name: Option<ConventionName>) -> Convention {
    name.map_or(Convention::Auto, ConventionName::convention)
}

/// Says why there is no code.
pub(super) fn refused(
    refusal: &Refusal,
    module: &Module,
    sources: &Sources,
    file: FileId,
) -> Failure {
    say(&render(&refusal.to_diagnostic(module, file), sources));
    Failure(status::FAILED)
}

/// Runs the code; says how it ended, if it hasn't printed its value.
fn execute(
    code: &ulm::Program,
    program: &Program<'_>,
    bounds: Bounds,
    console: &mut Console,
    phases: &mut Phases,
) -> Result<(), Failure> {
    let options = RunOptions {
        instructions: bounds.instructions,
        stack: bounds.stack,
    };
    let runner = phases
        .measure("assemble", || {
            assemble(code, program.module, program.sources, program.file)
        })
        .and_then(|image| {
            phases.measure("load", || {
                Runner::load(code, program.module, &image, options)
            })
        })
        .map_err(|error| failed(&error))?;
    let mut slices = Slices::begin(console);
    let run = phases.measure("run", || runner.run(&mut slices, &mut ()));
    let stop = slices.end();
    if !matches!(stop, Some(SliceStop::Console(_)))
        && let Err(stop) = console.finish()
    {
        return Err(stopped(&stop));
    }
    match (run.map_err(|error| failed(&error))?.ending, stop) {
        (Ending::Halted(0), _) => Ok(()),
        (Ending::Halted(status), _) => Err(Failure(status)),
        (Ending::Left(departure), _) => Err(program.left(&departure, None)),
        (Ending::Limit, _) => Err(limit_reached(bounds)),
        (Ending::Stopped, Some(SliceStop::Console(stop))) => Err(stopped(&stop)),
        (Ending::Stopped, _) => {
            say_interrupted();
            Err(Failure(status::INTERRUPTED))
        }
    }
}

fn failed(error: &RunError) -> Failure {
    fail(&format!("can't run the program: {error}"))
}
