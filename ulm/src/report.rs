//! `--report json`: how it ended, for programs that start `ulm`.

use std::fs::File;
use std::io::{self, Write};

use serde::Serialize;
use terminal::{reason, say_error};

use crate::arguments::ReportTo;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// The program ended itself.
    Halted,
    /// It did something that can't be done.
    Trapped,
    /// It reached a limit.
    Limit,
    /// Something outside ended it: Ctrl-C, or a reader of its output that went away.
    Interrupted,
    /// The source has errors, or can't be read.
    Source,
    /// The image can't be loaded.
    Image,
}

/// The report's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The exit status.
    pub(crate) status: u8,
    /// How many instructions were executed.
    pub(crate) instructions: u64,
    /// Which limit was reached: `instructions`, `memory`, `output` or `input-ended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<&'static str>,
    /// The trap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trap: Option<TrapReport>,
}

/// A trap in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TrapReport {
    /// Its name, for example `division-by-zero`.
    pub(crate) kind: &'static str,
    /// The address of the instruction.
    pub(crate) address: u64,
    /// The source file of the instruction, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// The line in it, from 1, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// What happened, in one line.
    pub(crate) message: String,
}

impl Report {
    /// The report of a program that didn't run.
    pub(crate) fn not_run(outcome: Outcome, status: u8) -> Self {
        Self {
            outcome,
            status,
            instructions: 0,
            limit: None,
            trap: None,
        }
    }

    /// Writes the object and a newline. Where that fails, says so.
    pub(crate) fn write(&self, to: &ReportTo) {
        let text = serde_json::to_string(self).unwrap_or_default() + "\n";
        let result = match to {
            ReportTo::Stderr => io::stderr().write_all(text.as_bytes()).map_err(|_| None),
            ReportTo::File(path) => File::create(path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|error| Some((path, error))),
        };
        // Where stderr is gone, there is nobody to tell.
        if let Err(Some((path, error))) = result {
            say_error(&format!(
                "can't write the report to `{}`: {}",
                path.display(),
                reason(&error)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_do_not_apply_are_absent() {
        let report = Report::not_run(Outcome::Source, 1);
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"outcome":"source","status":1,"instructions":0}"#
        );
    }
}
