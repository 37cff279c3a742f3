//! Memory of the engines, beyond that of the program itself.

use std::process::Command;

use super::error::Error;
use super::process;
use super::programs::Program;
use super::runner::{Engine, Runner};
use super::table::{Table, Target, judged, number};
use super::tools::Tools;
use super::{MEBIBYTE, long_code};

/// Mebibytes.
const TARGET: Target = Target::AtMost(64.0);

/// Programs that write to every byte of an array, with the bytes for each unit of their size.
const ARRAYS: [(&str, u64); 2] = [("sieve", 1), ("sort", 8)];

/// The peak of each engine, beside what the program touches.
///
/// # Errors
///
/// If an engine fails.
pub fn measured(engines: &[Engine], tools: &Tools) -> Result<Table, Error> {
    let mut table = Table::new(["program", "engine", "MiB", "of the program", "beyond it"]);
    for (name, unit) in ARRAYS {
        let Some(program) = Program::find(name) else {
            continue;
        };
        let bytes = program.size()? * unit;
        for &engine in engines {
            let execution = program.prepare(Runner::Engine(engine), tools)?;
            add_row(&mut table, name, engine, bytes, &mut execution.command())?;
        }
    }
    let image = long_code::assembled(tools)?;
    for &engine in engines {
        let mut command = tools.ulm(engine);
        command.arg(&image);
        add_row(
            &mut table,
            "long-code",
            engine,
            long_code::BYTES,
            &mut command,
        )?;
    }
    Ok(table)
}

fn add_row(
    table: &mut Table,
    program: &str,
    engine: Engine,
    bytes: u64,
    command: &mut Command,
) -> Result<(), Error> {
    let peak = process::measure(command)?.peak as f64 / MEBIBYTE;
    let touched = bytes as f64 / MEBIBYTE;
    table.row([
        program.to_owned(),
        engine.name().to_owned(),
        number(peak),
        number(touched),
        judged(peak - touched, Some(TARGET)),
    ]);
    Ok(())
}
