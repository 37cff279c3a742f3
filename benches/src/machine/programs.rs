//! The programs, and how each one becomes something that can be run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::execution::Execution;
use super::process;
use super::runner::Runner;
use super::tools::{RISCV_GCC, Tools};
use crate::programs::scratch;

/// A program, for the ULM and in C.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// As in the tables.
    pub name: &'static str,
    /// What it is for the ULM.
    source: Source,
    /// Options for gcc besides those of everybody.
    gcc_options: &'static [&'static str],
}

/// The sources of a program, without folder and ending.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// By hand: `ulm/*.s` and `c/*.c`. The size is where the assembly defines `SIZE`.
    Hand(&'static str),
    /// Through the compiler: `programs/*.emjay` and `programs/*.c`, with the argument of `main`.
    Emjay(&'static str, u64),
}

/// Keeps the calls that the source has: the optimiser makes loops of most calls of a small recursive
/// function, and no processor without its source could do that.
const CALLS_KEPT: &[&str] = &["-fno-inline", "-fno-optimize-sibling-calls"];

/// All programs.
pub const PROGRAMS: [Program; 11] = [
    Program::by_hand("loop", "loop", &[]),
    Program::by_hand("fib", "fib", &[]),
    Program::by_hand("fib-calls", "fib", CALLS_KEPT),
    Program::by_hand("sieve", "sieve", &[]),
    Program::by_hand("printuint", "printuint", &[]),
    Program::by_hand("sort", "sort", &[]),
    Program::by_hand("collatz", "collatz", &[]),
    Program::in_emjay("emjay-fib", "fib35", 34),
    Program::in_emjay("emjay-nest", "nest", 360),
    Program::in_emjay("emjay-collatz", "collatz", 300_000),
    Program::in_emjay("emjay-gcd", "gcd", 2_900),
];

impl Program {
    const fn by_hand(
        name: &'static str,
        file: &'static str,
        gcc_options: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            source: Source::Hand(file),
            gcc_options,
        }
    }

    const fn in_emjay(name: &'static str, file: &'static str, argument: u64) -> Self {
        Self {
            name,
            source: Source::Emjay(file, argument),
            gcc_options: &[],
        }
    }

    /// The program of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.name == name)
    }

    /// The number that says how much there is to do; what it counts depends on the program.
    ///
    /// # Errors
    ///
    /// If the source of the program can't be read, or doesn't say it.
    pub fn size(&self) -> Result<u64, Error> {
        let file = match self.source {
            Source::Hand(file) => file,
            Source::Emjay(_, argument) => return Ok(argument),
        };
        let path = folder("ulm").join(format!("{file}.s"));
        let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
        defined_size(&text).ok_or(Error::NoSize { path })
    }

    /// Makes what this runner runs.
    ///
    /// # Errors
    ///
    /// If it can't be assembled or compiled.
    pub fn prepare(&self, runner: Runner, tools: &Tools) -> Result<Execution, Error> {
        match runner {
            Runner::Engine(_) => self.assemble(tools),
            Runner::Qemu => self.compile(
                RISCV_GCC,
                &["-O2", "-fno-tree-vectorize", "-static"],
                "riscv64",
            ),
            Runner::GccO1 => self.compile("gcc", &["-O1"], "O1"),
            Runner::GccO2 => self.compile("gcc", &["-O2"], "O2"),
        }
        .map(|file| Execution::new(runner, tools, &file))
    }

    fn assemble(&self, tools: &Tools) -> Result<PathBuf, Error> {
        let source = match self.source {
            Source::Hand(file) => folder("ulm").join(format!("{file}.s")),
            Source::Emjay(file, argument) => {
                let assembly = scratch().join(format!("{}.s", self.name));
                process::run(
                    tools
                        .emjay()
                        .args(["emit", "--target", "ulm", "-o"])
                        .arg(&assembly)
                        .arg(folder("programs").join(format!("{file}.emjay")))
                        .arg(argument.to_string()),
                )?;
                assembly
            }
        };
        tools.assemble(self.name, &source)
    }

    fn compile(&self, gcc: &str, options: &[&str], ending: &str) -> Result<PathBuf, Error> {
        let executable = scratch().join(format!("{}.{ending}", self.name));
        let mut command = Command::new(gcc);
        command
            .args(options)
            .args(self.gcc_options)
            .arg(format!("-DSIZE={}", self.size()?))
            .arg("-o")
            .arg(&executable);
        match self.source {
            Source::Hand(file) => command.arg(folder("c").join(format!("{file}.c"))),
            Source::Emjay(file, _) => command
                .arg("-fwrapv")
                .arg(folder("c").join("emjay.c"))
                .arg(folder("programs").join(format!("{file}.c"))),
        };
        process::run(&mut command)?;
        Ok(executable)
    }
}

/// A folder of the benchmarks.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The number in a line `.equ SIZE, number`.
fn defined_size(assembly: &str) -> Option<u64> {
    assembly.lines().find_map(|line| {
        let definition = line.trim().strip_prefix(".equ")?.trim_start();
        let value = definition.strip_prefix("SIZE,")?;
        value.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_by_hand_says_its_size() {
        for program in PROGRAMS {
            assert!(
                program.size().is_ok_and(|size| size > 1),
                "{}",
                program.name
            );
        }
    }
}
