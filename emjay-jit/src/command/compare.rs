//! `emjay compare`: the same program in several columns, run, judged, shown.

use std::io;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use codegen::ir::{Callee, ImportId, Module, Op};
use diagnostics::{Appearance, Sources};
use emjay_jit::GETC;
use emjay_jit::compare::text::Options;
use emjay_jit::compare::{
    ColumnName, CompareError, Report, Request, Verdict, compare as make_report, html, json,
    markdown, text,
};
use terminal::{Failure, fail, is_stdin, print, render_all, say, say_error, status};

use super::arguments::{CompareArguments, CompareFormat, refuse};
use super::console::Output;
use super::emit::{check_output, write_output};
use super::phases::Phases;
use super::run::{check_arguments, compile, exit_on_interrupt, find_main, numbers};

/// The width of text where there is no terminal.
const USUAL_WIDTH: usize = 80;

/// Compares, and shows what was found.
pub(super) fn compare(arguments: &CompareArguments) -> Result<(), Failure> {
    check_columns(&arguments.columns);
    check_output(arguments.output.as_deref(), &arguments.file)?;
    let values = numbers(&arguments.arguments);
    let mut sources = Sources::new();
    let file = terminal::read_source(&mut sources, &arguments.file)
        .map_err(|error| fail(&error.to_string()))?;
    let module = compile(&sources, file, &mut Phases::default())?;
    let main = find_main(&module, &sources, file)?;
    check_arguments(&module, main, &values);
    let request = Request {
        columns: arguments.columns.clone(),
        arguments: values,
        level: arguments.opt.level(),
        inline: arguments.inline,
        stack: arguments.stack.0,
        limit: arguments.limit,
        input: input(arguments, &module)?,
    };
    exit_on_interrupt(Output::default());
    let report = make_report(&sources, file, &module, &request)
        .map_err(|error| refused(&error, &sources))?;
    show(arguments, &rendered(arguments, &report))?;
    judge(report.agreement.verdict)?;
    check_end(&report)
}

/// Exits with status 2 if a column is asked for twice.
fn check_columns(columns: &[ColumnName]) {
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].contains(column) {
            refuse(format_args!("the column `{column}` is asked for twice"));
        }
    }
}

/// What the program reads: every column gets the same, so all of it is read before they begin.
fn input(arguments: &CompareArguments, module: &Module) -> Result<Vec<u8>, Failure> {
    let path = match &arguments.stdin {
        Some(path) => path,
        // Who doesn't ask for input is not to wait for its end.
        None if is_stdin(&arguments.file) || !reads(module) => return Ok(Vec::new()),
        None => Path::new("-"),
    };
    terminal::read(path).map_err(|error| fail(&error.to_string()))
}

/// Whether there is a call of `getc`.
fn reads(module: &Module) -> bool {
    let getc = Callee::Import(ImportId(GETC as u32));
    let instructions = module.functions.iter().flat_map(|f| &f.instructions);
    instructions
        .map(|instruction| instruction.op)
        .any(|op| matches!(op, Op::Call { callee, .. } if callee == getc))
}

/// Says why there is no comparison.
fn refused(error: &CompareError, sources: &Sources) -> Failure {
    match error {
        CompareError::Unsuitable(messages) => {
            say(&render_all(messages, sources));
            Failure(status::FAILED)
        }
        error => fail(&error.to_string()),
    }
}

fn rendered(arguments: &CompareArguments, report: &Report) -> String {
    match arguments.format {
        CompareFormat::Text => text::render(report, &text_options(arguments)),
        CompareFormat::Markdown => markdown::render(report),
        CompareFormat::Json => json::render(report),
        CompareFormat::Html => html::render(report),
    }
}

/// Text is made for the terminal that it goes to; a file has none.
fn text_options(arguments: &CompareArguments) -> Options {
    let stdout = io::stdout();
    let is_file = arguments.output.is_some();
    let terminal = terminal_size::terminal_size_of(&stdout).filter(|_| !is_file);
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|&columns| columns > 0);
    let terminal = terminal.map(|(width, _)| usize::from(width.0));
    let appearance = match AutoStream::choice(&stdout) {
        _ if is_file => Appearance::Plain,
        ColorChoice::Never => Appearance::Plain,
        _ => Appearance::Coloured,
    };
    Options {
        width: columns.or(terminal).unwrap_or(USUAL_WIDTH),
        appearance,
    }
}

fn show(arguments: &CompareArguments, text: &str) -> Result<(), Failure> {
    match &arguments.output {
        None => print(text),
        Some(path) => write_output(path, text.as_bytes()),
    }
}

/// Columns that differ are a failure; it is said on stderr, too, since the report may be in a file.
fn judge(verdict: Verdict) -> Result<(), Failure> {
    match verdict {
        Verdict::Agree | Verdict::StackExhaustedOnOneSide | Verdict::AmbiguousByte => Ok(()),
        Verdict::Differ => Err(fail("the columns differ: a generator is wrong")),
    }
}

/// Nobody knows whether columns agree that were all stopped on the way.
fn check_end(report: &Report) -> Result<(), Failure> {
    if report.is_cut_short() {
        say_error("a limit stopped every column before the program's end");
        return Err(Failure(status::LIMIT));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_that_differ_are_a_failure() {
        assert_eq!(judge(Verdict::Differ), Err(Failure(status::FAILED)));
        assert_eq!(judge(Verdict::StackExhaustedOnOneSide), Ok(()));
        assert_eq!(judge(Verdict::AmbiguousByte), Ok(()));
        assert_eq!(judge(Verdict::Agree), Ok(()));
    }
}
