//! Memory of the engines, beyond that of the program itself.

use super::error::Error;
use super::execution::Execution;
use super::process;
use super::programs::Program;
use super::runner::{Engine, Runner};
use super::table::{Table, Target, judged, number};
use super::tools::Tools;

/// Bytes of a mebibyte.
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Mebibytes.
const TARGET: Target = Target::AtMost(64.0);

/// Programs that write to every byte of an array, with the bytes for each unit of their size.
const ARRAYS: [(&str, u64); 2] = [("sieve", 1), ("sort", 8)];

/// The peak of each engine, beside the array that the program fills.
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
        let array = (program.size()? * unit) as f64 / MEBIBYTE;
        for &engine in engines {
            let execution: Execution = program.prepare(Runner::Engine(engine), tools)?;
            let usage = process::measure(&mut execution.command())?;
            let peak = usage.peak as f64 / MEBIBYTE;
            table.row([
                name.to_owned(),
                engine.name().to_owned(),
                number(peak),
                number(array),
                judged(peak - array, Some(TARGET)),
            ]);
        }
    }
    Ok(table)
}
