//! `emjay run`: compile, execute `main`, print its value, or say why there is none.

use std::fs::File;
use std::io::{self, IsTerminal, Read};

use codegen::execution::{Departure, Outcome};
use codegen::ir::{FunctionId, Module};
use codegen::native;
use diagnostics::{Diagnostic, FileId, Sources, nearest};
use emjay_jit::{Options, Reason, backend::Backend};
use terminal::{Failure, fail, print, reason, render_all, say, say_error, status};

use super::arguments::{RunArguments, RunTarget, check_calls, refuse};
use super::console::{Console, Output, StopCause};
use super::departure::Message;
use super::execute::{Bounds, ExecuteError, Loaded, Machine};
use super::from_ulm;
use super::phases::Phases;
use super::run_ulm;

/// Runs a program.
pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    if let Some(image) = &arguments.from_ulm {
        return from_ulm::run(arguments, image);
    }
    let is_ulm = arguments.target == RunTarget::Ulm;
    check_calls(is_ulm, arguments.code.calls, arguments.convention);
    let values = numbers(&arguments.arguments);
    let mut phases = Phases::default();
    let result = if is_ulm {
        run_ulm::compile_and_run(arguments, &values, &mut phases)
    } else {
        let machine = Machine::of(arguments.target, arguments.limit.is_some())
            .unwrap_or_else(|error| refuse(error));
        compile_and_run(arguments, machine, &values, &mut phases)
    };
    if arguments.time {
        say(&phases.table());
    }
    result
}

fn compile_and_run(
    arguments: &RunArguments,
    machine: Machine,
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
    let backend = arguments.code.backend(machine.architecture());
    phases.measure("optimise", || backend.optimise(&mut module));
    let mut console = Console::new(input(arguments));
    exit_on_interrupt(console.output());
    let bounds = Bounds {
        stack: arguments.stack(),
        instructions: arguments.limit,
    };
    let mut loaded = load(machine, backend, &module, phases)
        .map_err(|error| fail(&format!("can't run the program: {error}")))?;
    let outcome = phases.measure("run", || loaded.execute(main, values, &mut console, bounds));
    let program = Program {
        module: &module,
        sources: &sources,
        file,
    };
    program.end(outcome, &mut console, bounds)
}

/// Everything up to the IR; the messages have been shown if there is none.
pub(super) fn compile(
    sources: &Sources,
    file: FileId,
    phases: &mut Phases,
) -> Result<Module, Failure> {
    let checked = phases.measure("parse", || emjay_jit::check(sources, file));
    let program = checked.and_then(|checked| {
        phases.measure("lower", || {
            emjay_jit::lower(&checked, file, Options::default())
        })
    });
    match program {
        Ok(program) => Ok(program.module),
        Err(messages) => {
            say(&render_all(&messages, sources));
            Err(Failure(status::FAILED))
        }
    }
}

/// The function where execution begins.
pub(super) fn find_main(
    module: &Module,
    sources: &Sources,
    file: FileId,
) -> Result<FunctionId, Failure> {
    if let Some(main) = module.find("main") {
        return Ok(main);
    }
    let names = module.functions.iter().map(|function| &*function.name);
    let message = format!(
        "`{}` has no function `main`, where execution begins",
        sources.get(file).name
    );
    Err(terminal::fail_with_near(&message, nearest("main", names)))
}

/// The arguments of `main`; exits with status 2 where they are no numbers.
pub(super) fn numbers(texts: &[String]) -> Vec<i64> {
    let parse = |text: &String| {
        number(text).unwrap_or_else(|| {
            let hint = if text.starts_with("--") {
                "; options stand before them"
            } else {
                ""
            };
            refuse(format_args!(
                "`{text}` is no whole number of 64 bits: the arguments of `main` are such numbers{hint}"
            ))
        })
    };
    texts.iter().map(parse).collect()
}

/// A decimal or hexadecimal number with or without a minus sign.
fn number(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = match hex {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(if is_negative { -value } else { value }).ok()
}

/// Exits with status 2 if `main` takes another number of arguments.
pub(super) fn check_arguments(module: &Module, main: FunctionId, values: &[i64]) {
    let expected = module.functions[main.index()].parameters as usize;
    if expected != values.len() {
        let arguments = match expected {
            0 => "no arguments".to_owned(),
            1 => "1 argument".to_owned(),
            _ => format!("{expected} arguments"),
        };
        refuse(format_args!(
            "`main` takes {arguments}, found {}",
            values.len()
        ));
    }
}

/// Where the program's input comes from; exits with status 2 if that can't be read.
pub(super) fn input(arguments: &RunArguments) -> Box<dyn Read + Send> {
    match &arguments.stdin {
        None => Box::new(io::stdin()),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(error) => refuse(format_args!(
                "can't read the input `{}`: {}",
                path.display(),
                reason(&error)
            )),
        },
    }
}

/// At Ctrl-C, writes the output so far, says so, and ends the process.
pub(super) fn exit_on_interrupt(output: Output) {
    // Without a handler, Ctrl-C ends the process as it does by default: no reason not to run.
    _ = ctrlc::set_handler(move || exit_interrupted(&output));
}

/// Writes the output so far, says that somebody has interrupted the program, and ends the process.
pub(super) fn exit_interrupted(output: &Output) -> ! {
    output.flush_if_idle();
    say_interrupted();
    std::process::exit(i32::from(status::INTERRUPTED));
}

/// Says that somebody has interrupted the program.
pub(super) fn say_interrupted() {
    // A terminal has shown `^C`.
    let newline = if io::stderr().is_terminal() { "\n" } else { "" };
    say(&format!("{newline}interrupted\n"));
}

/// Makes a module that has been optimised ready to be executed.
pub(super) fn load<'a>(
    machine: Machine,
    backend: Backend,
    module: &'a Module,
    phases: &mut Phases,
) -> Result<Loaded<'a>, ExecuteError> {
    if machine == Machine::Interpreter {
        return Ok(Loaded::Interpreter(module));
    }
    let units = phases.measure("generate", || backend.generate(module));
    let linked = phases.measure("link", || backend.link(module, units))?;
    if machine == Machine::Simulator {
        return Ok(Loaded::Simulator(Box::new(linked)));
    }
    let program = phases.measure("load", || native::Program::load(linked))?;
    Ok(Loaded::Native(Box::new(program)))
}

/// A program that has been executed.
pub(super) struct Program<'a> {
    pub(super) module: &'a Module,
    pub(super) sources: &'a Sources,
    pub(super) file: FileId,
}

impl Program<'_> {
    /// Prints the value, or says why there is none.
    fn end(
        &self,
        outcome: Result<Outcome, ExecuteError>,
        console: &mut Console,
        bounds: Bounds,
    ) -> Result<(), Failure> {
        let stop = console.take_stop();
        if stop != Some(StopCause::ReaderGone)
            && let Err(stop) = console.finish()
        {
            return Err(stopped(&stop));
        }
        match outcome {
            Ok(Outcome::Returned(value)) => print(format!("{value}\n")),
            Ok(Outcome::Left(departure)) => Err(self.left(&departure, stop)),
            Ok(Outcome::Limit) => Err(limit_reached(bounds)),
            Err(error) => Err(fail(&format!("can't run the program: {error}"))),
        }
    }

    /// Says why the program left before its end.
    pub(super) fn left(&self, departure: &Departure, stop: Option<StopCause>) -> Failure {
        match (Reason::from_number(departure.reason), stop) {
            (Some(Reason::Stopped), Some(stop)) if stop != StopCause::InputEnded => stopped(&stop),
            (Some(Reason::Interrupted), _) => Failure(status::INTERRUPTED),
            (Some(reason), _) => {
                self.say(departure, reason);
                Failure(match reason {
                    Reason::Stopped => status::LIMIT,
                    _ => status::TRAPPED,
                })
            }
            (None, _) => fail("the program left for an unknown reason"),
        }
    }

    fn say(&self, departure: &Departure, reason: Reason) {
        let message = Message::of_error(self.module, self.file, departure, reason);
        let diagnostic = message.diagnostic(departure);
        say(&render(&diagnostic, self.sources));
    }
}

/// One message, as it is to look on stderr.
pub(super) fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    diagnostics::render(diagnostic, sources, terminal::appearance())
}

/// The console has ended the program, or could not write its output.
pub(super) fn stopped(stop: &StopCause) -> Failure {
    match stop {
        StopCause::ReaderGone => Failure(status::READER_GONE),
        StopCause::HostFailed(what) => fail(what),
        StopCause::InputEnded => Failure(status::LIMIT),
    }
}

pub(super) fn limit_reached(bounds: Bounds) -> Failure {
    let number = bounds.instructions.unwrap_or_default();
    say_error(&format!(
        "the limit of {number} instructions is reached; `emjay explain E0304`"
    ));
    Failure(status::LIMIT)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_64_bits_and_two_notations() {
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(number("9223372036854775807"), Some(i64::MAX));
        assert_eq!(number("0x10"), Some(16));
        assert_eq!(number("-0xF"), Some(-15));
        for text in [
            "9223372036854775808",
            "",
            "-",
            "--5",
            "-+5",
            "1.5",
            "0x",
            "x",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
