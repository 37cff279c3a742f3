//! From the start of a process to its end, for a program that does nothing.

use std::process::Command;

use super::MEBIBYTE;
use super::error::Error;
use super::process::{self, Usage};
use super::runner::Engine;
use super::table::{Table, Target, judged, number};
use super::tools::Tools;
use crate::median;

/// How often each one is started.
const ROUNDS: usize = 50;

/// Milliseconds.
const TARGET: Target = Target::AtMost(2.0);

/// What is started, and what it needed each time.
struct Start {
    name: &'static str,
    target: Option<Target>,
    command: Command,
    usages: Vec<Usage>,
}

impl Start {
    const fn new(name: &'static str, target: Option<Target>, command: Command) -> Self {
        Self {
            name,
            target,
            command,
            usages: Vec::new(),
        }
    }

    fn median(&self, figure: impl Fn(&Usage) -> f64) -> f64 {
        median(self.usages.iter().map(figure).collect())
    }
}

/// Milliseconds of `halt 0` under each engine, and of a process that does nothing at all.
///
/// # Errors
///
/// If somebody fails.
pub fn measured(engines: &[Engine], tools: &Tools) -> Result<Table, Error> {
    let image = tools.halt()?;
    let mut starts = vec![Start::new("/bin/true", None, Command::new("/bin/true"))];
    for &engine in engines {
        let mut command = tools.ulm(engine);
        command.arg(&image);
        starts.push(Start::new(engine.name(), Some(TARGET), command));
    }
    for _ in 0..ROUNDS {
        for start in &mut starts {
            start.usages.push(process::measure(&mut start.command)?);
        }
    }
    let mut table = Table::new(["process", "ms that pass", "ms of the processor", "MiB"]);
    for start in starts {
        let elapsed = start.median(|usage| usage.elapsed.as_secs_f64() * 1e3);
        let processor = start.median(|usage| usage.processor.as_secs_f64() * 1e3);
        let peak = start.median(|usage| usage.peak as f64 / MEBIBYTE);
        table.row([
            start.name.to_owned(),
            judged(elapsed, start.target),
            number(processor),
            number(peak),
        ]);
    }
    Ok(table)
}
