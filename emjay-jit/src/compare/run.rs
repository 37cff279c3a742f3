//! How the program of a column ended.

use codegen::execution;
use codegen::ir::Module;

use super::console::Console;
use super::ledger::Counts;
use super::report::{End, Outcome, Walk};
use super::source_lines::SourceLines;
use crate::reason::Reason;

/// The most bytes of the output that a report shows.
const SHOWN_OUTPUT: usize = 1 << 16;

/// How a run ended, and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// How it ended.
    pub(super) ending: Ending,
    /// All that it wrote.
    pub(super) output: Vec<u8>,
}

/// What a run gave that was watched.
#[derive(Debug)]
pub(super) struct Executed {
    /// How it ended.
    pub(super) run: Run,
    /// What was counted.
    pub(super) counts: Counts,
    /// The first call.
    pub(super) walk: Option<Walk>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// `main` returned this.
    Returned(i64),
    /// A run-time error, and the line of the source, from 1.
    Error {
        /// Which.
        reason: Reason,
        /// Where.
        line: Option<u32>,
    },
    /// A limit was reached.
    Limit(Bound),
    /// The code did what it must not: a generator is wrong.
    Fault(String),
}

/// What was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The instructions that may be executed.
    Instructions,
    /// The output.
    Output,
}

impl Bound {
    /// What has happened, in a few words.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Instructions => "the limit of instructions is reached",
            Self::Output => "the limit of the output is reached",
        }
    }
}

impl Run {
    /// The end of code that was generated for a processor.
    pub(super) fn of(
        outcome: &execution::Outcome,
        console: Console<'_>,
        module: &Module,
        lines: &SourceLines,
    ) -> Self {
        let ending = match outcome {
            execution::Outcome::Returned(value) => Ending::Returned(*value),
            execution::Outcome::Limit => Ending::Limit(Bound::Instructions),
            execution::Outcome::Left(_) if console.is_full => Ending::Limit(Bound::Output),
            execution::Outcome::Left(departure) => match Reason::from_number(departure.reason) {
                Some(reason) => Ending::Error {
                    reason,
                    line: line_of(departure, module, lines),
                },
                None => Ending::Fault(format!(
                    "the program left for an unknown reason, {}",
                    departure.reason
                )),
            },
        };
        Self {
            ending,
            output: console.output,
        }
    }

    /// Whether the program itself came to an end, which doesn't depend on how much it may use.
    pub(super) const fn is_complete(&self) -> bool {
        matches!(
            self.ending,
            Ending::Returned(_)
                | Ending::Error {
                    reason: Reason::DivisionByZero | Reason::Stopped | Reason::Interrupted,
                    ..
                }
        )
    }

    /// Whether it ran out of stack, which depends on the size of the frames.
    pub(super) const fn is_exhausted(&self) -> bool {
        matches!(
            self.ending,
            Ending::Error {
                reason: Reason::StackExhausted,
                ..
            }
        )
    }

    /// The same for the report.
    pub(super) fn outcome(&self) -> Outcome {
        let shown = &self.output[..self.output.len().min(SHOWN_OUTPUT)];
        let (end, value, error, error_line) = match &self.ending {
            Ending::Returned(value) => (End::Returned, Some(*value), None, None),
            Ending::Error { reason, line } => {
                let error = format!("{}: {}", reason.code(), reason.title());
                (End::Error, None, Some(error), *line)
            }
            Ending::Limit(bound) => (End::Limit, None, Some(bound.title().to_owned()), None),
            Ending::Fault(fault) => (End::Fault, None, Some(fault.clone()), None),
        };
        Outcome {
            end,
            value,
            output: String::from_utf8_lossy(shown).into_owned(),
            output_bytes: self.output.len() as u64,
            error,
            error_line,
        }
    }
}

/// The line of the innermost place that is known.
fn line_of(departure: &execution::Departure, module: &Module, lines: &SourceLines) -> Option<u32> {
    departure.calls.iter().find_map(|activation| {
        let function = module.functions.get(activation.function.index())?;
        lines
            .of_place(function, activation.place)
            .or_else(|| lines.of_function(function))
    })
}
