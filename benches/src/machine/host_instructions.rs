//! Instructions that this machine executes for a program: a figure that other load doesn't disturb.
//!
//! Counted by qemu's emulation of this machine with the plugin `peers/count.c`: everything of the
//! process in user mode, its start included, and code that is made on the way.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::execution::{Execution, Prepared};
use super::process;
use super::runner::Runner;
use super::table::{Table, number};
use crate::programs::scratch;

/// Counts the instructions of processes.
#[derive(Debug)]
pub struct Counter {
    emulator: String,
    plugin: PathBuf,
}

impl Counter {
    /// Builds the plugin.
    ///
    /// # Errors
    ///
    /// If there is no gcc, or no qemu for this machine.
    pub fn build() -> Result<Self, Error> {
        let emulator = format!("qemu-{}", std::env::consts::ARCH);
        process::run(Command::new(&emulator).arg("--version"))?;
        let plugin = scratch().join("count.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/count.c");
        process::run(
            Command::new("gcc")
                .args(["-O2", "-shared", "-fPIC", "-o"])
                .arg(&plugin)
                .arg(source),
        )?;
        Ok(Self { emulator, plugin })
    }

    /// Instructions of one execution.
    ///
    /// # Errors
    ///
    /// If it fails.
    pub fn count(&self, execution: &Execution) -> Result<u64, Error> {
        let (executable, arguments) = execution.words();
        let mut command = Command::new(&self.emulator);
        command
            .arg("-plugin")
            .arg(&self.plugin)
            .arg(on_path(Path::new(executable)))
            .args(arguments);
        let text = process::stderr(&mut command)?;
        // Last of all, behind what the program itself may say.
        let last = text.lines().next_back().unwrap_or_default();
        last.trim().parse().map_err(|_| Error::NoNumber {
            command: process::shown(&command),
            text,
        })
    }
}

/// Where a command is: the emulator doesn't look for it.
fn on_path(executable: &Path) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .map(|folder| folder.join(executable))
        .find(|path| path.is_file())
        .unwrap_or_else(|| executable.to_owned())
}

/// Instructions of each runner in millions, and by those of the ULM.
///
/// # Errors
///
/// If somebody fails.
pub fn counted(
    programs: &[Prepared],
    runners: &[Runner],
    counter: &Counter,
) -> Result<Table, Error> {
    let titles = ["program", "million instructions of the ULM"].into_iter();
    let mut table = Table::new(titles.chain(runners.iter().map(|runner| runner.title())));
    for prepared in programs {
        let mut cells = vec![prepared.program.name.to_owned()];
        let ulm = prepared.instructions.map(|count| count as f64);
        cells.push(ulm.map_or_else(String::new, |count| number(count / 1e6)));
        for execution in &prepared.executions {
            let count = counter.count(execution)? as f64;
            let millions = number(count / 1e6);
            cells.push(match ulm {
                Some(ulm) => format!("{millions} ({} each)", number(count / ulm)),
                None => millions,
            });
        }
        table.row(cells);
    }
    Ok(table)
}
