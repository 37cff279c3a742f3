//! From the start of a process to its end, for a program that does nothing.

use std::process::Command;

use super::error::Error;
use super::process;
use super::runner::Engine;
use super::table::{Table, Target, judged};
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
    for _ in 0..ROUNDS {
        for (index, (_, _, command)) in starts.iter_mut().enumerate() {
            let usage = process::measure(command)?;
            elapsed[index].push(usage.elapsed.as_secs_f64() * 1e3);
            processor[index].push(usage.processor.as_secs_f64() * 1e3);
        }
    }
    let mut table = Table::new(["process", "ms that pass", "ms of the processor"]);
    for ((name, target, _), (elapsed, processor)) in
        starts.iter().zip(elapsed.into_iter().zip(processor))
    {
        table.row([
            (*name).to_owned(),
            judged(median(elapsed), *target),
            judged(median(processor), None),
        ]);
    }
    Ok(table)
}
