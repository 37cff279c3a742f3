//! What the command line asks for.

mod arguments;
mod compare;
mod console;
mod departure;
mod emit;
mod emit_ulm;
mod executable;
mod execute;
mod from_ulm;
mod phases;
mod repl;
mod run;
mod run_ulm;
mod slices;
mod words;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::{CommandFactory, Parser};
use terminal::{Failure, fail, print, reason};

/// Does what the command line says.
pub(crate) fn run() -> ExitCode {
    let result = match Arguments::parse_from(words::words()).command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Emit(arguments) => emit::emit(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Repl(arguments) => repl::repl(&arguments),
        Command::Explain { code } => explain(code.as_deref()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "emjay", &mut script);
            print(&script)
        }
        Command::Man { command } => man(command.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(status)) => ExitCode::from(status),
    }
}

/// Prints the page of a code, those of messages about programs of the ULM included, or the list of the
/// codes of emjay.
fn explain(code: Option<&str>) -> Result<(), Failure> {
    let own: &[_] = &[emjay_jit::EXPLANATIONS];
    let all: &[_] = &[
        emjay_jit::EXPLANATIONS,
        ulm_machine::EXPLANATIONS,
        ulmas::EXPLANATIONS,
    ];
    let pages = if code.is_some() { all } else { own };
    terminal::explain(pages, code, "emjay explain")
}

/// Prints the manual page of the command, or of one of its subcommands.
fn man(name: Option<&str>) -> Result<(), Failure> {
    let mut command = Arguments::command();
    command.build();
    let command = match name {
        None => command,
        Some(name) => match command.find_subcommand(name) {
            Some(found) => found.clone(),
            None => return Err(fail(&format!("there is no subcommand `{name}`"))),
        },
    };
    let mut page = Vec::new();
    match clap_mangen::Man::new(command).render(&mut page) {
        Ok(()) => print(&page),
        Err(error) => Err(fail(&reason(&error))),
    }
}
