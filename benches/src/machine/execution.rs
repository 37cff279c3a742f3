//! Programs in the hands of those who run them.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use super::error::Error;
use super::process::{self, Digest};
use super::programs::Program;
use super::runner::Runner;
use super::tools::Tools;
use crate::programs::scratch;

/// What is started, and with what arguments.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Who runs the program.
    pub runner: Runner,
    executable: OsString,
    arguments: Vec<OsString>,
}

impl Execution {
    /// Of an image or an executable, whichever the runner takes.
    pub fn new(runner: Runner, tools: &Tools, file: &Path) -> Self {
        let command = match runner {
            Runner::Engine(engine) => {
                let mut command = tools.ulm(engine);
                command.arg(file);
                command
            }
            Runner::Qemu => {
                let mut command = Command::new("qemu-riscv64");
                command.arg(file);
                command
            }
            Runner::GccO1 | Runner::GccO2 => Command::new(file),
        };
        Self {
            runner,
            executable: command.get_program().to_owned(),
            arguments: command.get_args().map(OsStr::to_owned).collect(),
        }
    }

    /// The command.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(&self.arguments);
        command
    }

    /// The executable, perhaps without its folder, and its arguments.
    pub fn words(&self) -> (&OsStr, &[OsString]) {
        (&self.executable, &self.arguments)
    }
}

/// A program in the hands of everybody, who all print the same.
#[derive(Debug)]
pub struct Prepared {
    /// The program.
    pub program: &'static Program,
    /// The instructions that it executes on the ULM, if an engine is among the runners.
    pub instructions: Option<u64>,
    /// As many as there are runners, in their order.
    pub executions: Vec<Execution>,
}

impl Prepared {
    /// Assembles and compiles a program, and has everybody run it once.
    ///
    /// # Errors
    ///
    /// If that fails, or somebody prints something else, or counts differently.
    pub fn new(
        program: &'static Program,
        runners: &[Runner],
        tools: &Tools,
    ) -> Result<Self, Error> {
        let mut executions = Vec::new();
        let mut first: Option<(Runner, Digest)> = None;
        let mut instructions = None;
        for &runner in runners {
            let execution = program.prepare(runner, tools)?;
            let (digest, count) = run_once(&execution)?;
            let (one, expected) = *first.get_or_insert((runner, digest));
            if digest != expected {
                return Err(Error::OutputsDiffer {
                    program: program.name,
                    one: one.title(),
                    other: runner.title(),
                });
            }
            if let Some(other) = count {
                let one = *instructions.get_or_insert(other);
                if one != other {
                    let program = program.name;
                    return Err(Error::CountsDiffer {
                        program,
                        one,
                        other,
                    });
                }
            }
            executions.push(execution);
        }
        Ok(Self {
            program,
            instructions,
            executions,
        })
    }
}

/// What is printed, and the instructions if an engine counts them.
fn run_once(execution: &Execution) -> Result<(Digest, Option<u64>), Error> {
    let mut command = execution.command();
    if !matches!(execution.runner, Runner::Engine(_)) {
        return Ok((process::digest(&mut command)?, None));
    }
    let report = scratch().join("report.json");
    // Options may stand behind the program.
    command.arg(format!("--report=json={}", report.display()));
    let digest = process::digest(&mut command)?;
    let text = std::fs::read_to_string(&report).map_err(Error::file(&report))?;
    match counted(&text) {
        Some(count) => Ok((digest, Some(count))),
        None => Err(Error::NoNumber {
            command: process::shown(&command),
            text,
        }),
    }
}

/// The number behind `"instructions":` in a report.
fn counted(report: &str) -> Option<u64> {
    let (_, rest) = report.split_once("\"instructions\":")?;
    let digits = rest.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_a_report_is_found() {
        let report = r#"{"outcome":"halted","status":0,"instructions":12}"#;
        assert_eq!(counted(report), Some(12));
    }
}
