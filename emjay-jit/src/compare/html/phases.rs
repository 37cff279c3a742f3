//! The walks of several columns in step: the same part of the call is seen on all sides at a time.
//!
//! ```text
//! part         precall      prologue  body   epilogue  postreturn
//! aarch64      1  2  2  2             3  3   4         4
//! ulm:stack    1  2  3  4   5  6      7  8   9         10
//! ```
//!
//! A column that is through with a part waits for the others.

use super::super::{Column, Line, Listing, Mechanism, Part, Report, Step, Walk};

/// A column that has a walk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked<'r> {
    /// Its index in the report.
    pub(super) index: usize,
    pub(super) column: &'r Column,
    pub(super) walk: &'r Walk,
}

impl<'r> Walked<'r> {
    /// The instruction of a step; `None` for a step that does not fit its column.
    pub(super) fn line(&self, step: &Step) -> Option<&'r Line> {
        self.listing(step)?.lines.get(step.line)
    }

    fn listing(&self, step: &Step) -> Option<&'r Listing> {
        let functions = &self.column.functions;
        match step.listing.checked_sub(functions.len()) {
            Some(runtime) => self.column.runtime.get(runtime),
            None => functions.get(step.listing),
        }
    }

    /// The name of the listing in which a step is; empty for a step that does not fit its column.
    pub(super) fn place(&self, step: &Step) -> &'r str {
        self.listing(step).map_or("", |listing| &listing.name)
    }

    fn is_runtime(&self, step: &Step) -> bool {
        step.listing >= self.column.functions.len()
    }
}

/// The columns that have a walk, in their order.
pub(super) fn walked(report: &Report) -> Vec<Walked<'_>> {
    let columns = report.columns.iter().enumerate();
    columns
        .filter_map(|(index, column)| {
            let walk = column.walk.as_ref()?;
            Some(Walked {
                index,
                column,
                walk,
            })
        })
        .collect()
}

/// A moment at which all columns are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tick {
    /// The part that they are in; `None` before the first step.
    pub(super) part: Option<Part>,
    /// How many steps each has taken.
    pub(super) done: Vec<usize>,
}

/// All moments, from the one before the first step to the one after the last.
pub(super) fn ticks(walked: &[Walked<'_>]) -> Vec<Tick> {
    let phases: Vec<Vec<Part>> = walked.iter().map(phases).collect();
    let mut done = vec![0; walked.len()];
    let mut ticks = vec![Tick {
        part: None,
        done: done.clone(),
    }];
    for part in Part::ALL {
        let ends: Vec<usize> = phases
            .iter()
            .map(|phases| phases.partition_point(|&phase| phase <= part))
            .collect();
        while done != ends {
            for (done, &end) in done.iter_mut().zip(&ends) {
                *done = (*done + 1).min(end);
            }
            ticks.push(Tick {
                part: Some(part),
                done: done.clone(),
            });
        }
    }
    ticks
}

/// The part of this call that each step belongs to, ascending.
///
/// That is not the part of the instruction where caller or callee do something else on the way: an
/// argument that is computed between two others is a part of getting ready to call, and a call that
/// the callee makes is a part of its body.
pub(super) fn phases(walked: &Walked<'_>) -> Vec<Part> {
    let (entry, exit) = inside(walked);
    let mut phase = Part::Prologue;
    walked
        .walk
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            if index < entry {
                return Part::Precall;
            }
            if index >= exit {
                return Part::Postreturn;
            }
            let part = walked.line(step).map_or(Part::Body, |line| line.part);
            phase = phase.max(match part {
                Part::Prologue | Part::Epilogue => part,
                Part::Precall | Part::Body | Part::Postreturn => Part::Body,
            });
            phase
        })
        .collect()
}

/// The steps that the callee takes: from its first up to its return, end exclusive.
fn inside(walked: &Walked<'_>) -> (usize, usize) {
    let steps = &walked.walk.steps;
    let line = |step: &Step| walked.line(step);
    let call = steps.iter().position(|step| {
        line(step).is_some_and(|line| {
            line.part == Part::Precall
                && line.mechanism == Mechanism::ControlTransfer
                && line.calls.is_some()
        })
    });
    let entry = call.map_or(0, |call| {
        // Behind the call itself, and the trampoline if there is one.
        let behind = &steps[call + 1..];
        call + 1
            + behind
                .iter()
                .take_while(|step| walked.is_runtime(step))
                .count()
    });
    let exit = steps.iter().rposition(|step| {
        line(step).is_some_and(|line| {
            line.part == Part::Epilogue && line.mechanism == Mechanism::ControlTransfer
        })
    });
    (entry, exit.map_or(steps.len(), |exit| exit + 1))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing;
    use super::*;

    #[test]
    fn a_column_that_is_through_with_a_part_waits_for_the_others() {
        let report = testing::sample();
        let ticks = ticks(&walked(&report));
        let shown: Vec<(Option<&str>, &[usize])> = ticks
            .iter()
            .map(|tick| (tick.part.map(Part::name), tick.done.as_slice()))
            .collect();
        let expected: [(Option<&str>, &[usize]); 7] = [
            (None, &[0, 0]),
            (Some("precall"), &[1, 1]),
            (Some("precall"), &[2, 2]),
            (Some("precall"), &[2, 3]),
            (Some("body"), &[3, 4]),
            (Some("epilogue"), &[4, 5]),
            (Some("postreturn"), &[4, 6]),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_last_moment_is_behind_the_last_step_of_every_column() {
        let report = testing::sample();
        let walked = walked(&report);
        let ends: Vec<usize> = walked
            .iter()
            .map(|walked| walked.walk.steps.len())
            .collect();
        assert_eq!(
            ticks(&walked).last().map(|tick| tick.done.clone()),
            Some(ends)
        );
    }

    #[test]
    fn what_the_caller_computes_between_arguments_is_a_part_of_the_precall() {
        let mut report = testing::sample();
        report.columns[0].functions[0].lines[1].part = Part::Body;
        let walked = walked(&report);
        assert_eq!(phases(&walked[0])[0], Part::Precall);
    }

    #[test]
    fn a_call_that_the_callee_makes_is_a_part_of_its_body() {
        let mut report = testing::sample();
        report.columns[0].functions[1].lines[0].part = Part::Precall;
        let walked = walked(&report);
        assert_eq!(phases(&walked[0])[2], Part::Body);
    }

    #[test]
    fn a_step_that_fits_no_line_is_no_panic() {
        let mut report = testing::sample();
        let walk = report.columns[0].walk.as_mut().expect("there is one");
        walk.steps[0].listing = 100;
        assert_eq!(ticks(&walked(&report)).len(), 7);
    }
}
