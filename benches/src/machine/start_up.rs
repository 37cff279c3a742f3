//! From the start of a process to its end, for a program that does nothing.

use std::mem;
use std::process::Command;

use super::MEBIBYTE;
use super::error::Error;
use super::process;
use super::runner::Engine;
use super::table::{Table, Target, judged, number};
use super::tools::Tools;
use crate::median;

/// How often each one is started.
const ROUNDS: usize = 50;

/// Milliseconds.
const TARGET: Target = Target::AtMost(2.0);

/// Milliseconds of `halt 0` under each engine, and of a process that does nothing at all.
///
/// # Errors
///
/// If somebody fails.
pub fn measured(engines: &[Engine], tools: &Tools) -> Result<Table, Error> {
    let image = tools.halt()?;
    let mut starts = vec![("/bin/true", None, Command::new("/bin/true"))];
    for &engine in engines {
        let mut command = tools.ulm(engine);
        command.arg(&image);
        starts.push((engine.name(), Some(TARGET), command));
    }
    let mut elapsed = vec![Vec::new(); starts.len()];
    let mut processor = elapsed.clone();
    let mut peak = elapsed.clone();
    for _ in 0..ROUNDS {
        for (index, (_, _, command)) in starts.iter_mut().enumerate() {
            let usage = process::measure(command)?;
            elapsed[index].push(usage.elapsed.as_secs_f64() * 1e3);
            processor[index].push(usage.processor.as_secs_f64() * 1e3);
            peak[index].push(usage.peak as f64 / MEBIBYTE);
        }
    }
    let mut table = Table::new(["process", "ms that pass", "ms of the processor", "MiB"]);
    for (index, (name, target, _)) in starts.into_iter().enumerate() {
        table.row([
            name.to_owned(),
            judged(median(mem::take(&mut elapsed[index])), target),
            number(median(mem::take(&mut processor[index]))),
            number(median(mem::take(&mut peak[index]))),
        ]);
    }
    Ok(table)
}
