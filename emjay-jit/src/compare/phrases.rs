//! What every format says in the same words: numbers, outcomes, the verdict.

use rustc_hash::FxHashSet;

use super::{Column, Mechanism, Outcome, Part, Report, Verdict};

/// What stands where nothing could be counted.
pub(super) const UNKNOWN: &str = "–";

/// What stands where there is nothing.
pub(super) const NOTHING: &str = "·";

/// A number with its digits in groups of three.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that may not be known.
pub(super) fn known(value: Option<u64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), number)
}

/// An average, with at most two digits behind the point.
pub(super) fn average(value: f64) -> String {
    if value >= 1e6 {
        return format!("{value:.1e}");
    }
    if value >= 1000.0 {
        return number(value.round() as u64);
    }
    // Sums of nothing are −0.
    if value == 0.0 {
        return "0".to_owned();
    }
    if value < 0.005 {
        return "<0.01".to_owned();
    }
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number and what is counted: `1 byte`, `2 bytes`.
pub(super) fn quantity(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(value))
}

/// `main(12, -18)`
pub(super) fn call(report: &Report) -> String {
    let arguments: Vec<String> = report.arguments.iter().map(i64::to_string).collect();
    format!("main({})", arguments.join(", "))
}

/// How the code was made.
pub(super) fn options(report: &Report) -> String {
    let inlining = if report.inlined { "with" } else { "without" };
    format!("--opt {}, {inlining} inlining", report.level)
}

/// The names of all functions: in the order of the first column, then what only others have.
pub(super) fn function_names(report: &Report) -> Vec<&str> {
    let mut seen = FxHashSet::default();
    let functions = report.columns.iter().flat_map(|column| &column.functions);
    functions
        .map(|listing| &*listing.name)
        .filter(|name| seen.insert(*name))
        .collect()
}

/// How much of a program's output is shown, in characters.
const SHOWN_OUTPUT: usize = 2000;

/// What the columns wrote, as far as it is shown; nothing if none wrote.
pub(super) fn output(report: &Report) -> String {
    let outcomes = report.columns.iter().filter_map(|c| c.outcome.as_ref());
    let Some(outcome) = outcomes.max_by_key(|outcome| outcome.output_bytes) else {
        return String::new();
    };
    let mut shown: String = outcome.output.chars().take(SHOWN_OUTPUT).collect();
    if shown.len() < outcome.output.len() || (shown.len() as u64) < outcome.output_bytes {
        shown += &format!("\n… ({})", quantity(outcome.output_bytes, "byte"));
    }
    shown
}

/// How a program ended.
pub(super) fn ending(column: &Column) -> String {
    column
        .outcome
        .as_ref()
        .map_or_else(|| "not run".to_owned(), end_of)
}

fn end_of(outcome: &Outcome) -> String {
    match (&outcome.error, outcome.value) {
        (Some(error), _) => match outcome.error_line {
            Some(line) => format!("{error}, line {line}"),
            None => error.clone(),
        },
        (None, Some(value)) => value.to_string(),
        (None, None) => "no value".to_owned(),
    }
}

/// The judgement, as a sentence.
pub(super) fn verdict(report: &Report) -> String {
    let ran: Vec<&Column> = report
        .columns
        .iter()
        .filter(|column| column.outcome.is_some())
        .collect();
    match report.agreement.verdict {
        Verdict::Differ => "The columns differ: a generator is wrong.".to_owned(),
        Verdict::StackExhaustedOnOneSide => {
            "The columns agree, but the stack was too small for some of them.".to_owned()
        }
        Verdict::Agree => match *ran {
            [] => "Nothing could be run.".to_owned(),
            [only] => format!("Only {} ran: {}.", only.name, same_ending(&ran)),
            _ if ran.len() < report.columns.len() => format!(
                "The {} columns that ran agree: {}.",
                ran.len(),
                same_ending(&ran)
            ),
            _ => format!("All columns agree: {}.", same_ending(&ran)),
        },
    }
}

/// How columns that agree ended.
fn same_ending(columns: &[&Column]) -> String {
    let mut outcomes = columns.iter().filter_map(|c| c.outcome.as_ref());
    let Some(first) = outcomes.next() else {
        return UNKNOWN.to_owned();
    };
    // A limit stops one column sooner than the other.
    if outcomes.any(|outcome| outcome != first) {
        return "they do the same as far as they got".to_owned();
    }
    let ending = match (&first.error, first.value) {
        (None, Some(value)) => format!("main returned {value}"),
        _ => end_of(first),
    };
    match first.output_bytes {
        0 => ending,
        bytes => format!("{ending}, after {} of output", quantity(bytes, "byte")),
    }
}

/// What a mechanism is called where there is little room.
pub(super) const fn short_mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Computation => "",
        Mechanism::ControlTransfer => "ctl",
        Mechanism::DataTransfer => "dat",
        Mechanism::StateManagement => "sta",
    }
}

/// What a part is called where there is little room.
pub(super) const fn short_part(part: Part) -> &'static str {
    match part {
        Part::Precall => "pre",
        Part::Prologue => "pro",
        Part::Body => "body",
        Part::Epilogue => "epi",
        Part::Postreturn => "post",
    }
}

/// What a part is, in a few words.
pub(super) const fn meaning_of_part(part: Part) -> &'static str {
    match part {
        Part::Precall => "the caller saves, passes arguments, jumps",
        Part::Prologue => "the callee sets up its frame, takes its parameters",
        Part::Body => "what the function is for",
        Part::Epilogue => "the callee gives the result, restores, returns",
        Part::Postreturn => "the caller restores, takes the result",
    }
}

/// What a mechanism is, in a few words.
pub(super) const fn meaning_of_mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Computation => "no part in a call",
        Mechanism::ControlTransfer => "goes to the callee, or back",
        Mechanism::DataTransfer => "brings an argument there, or the result back",
        Mechanism::StateManagement => "keeps the values of caller and callee apart",
    }
}

/// What is said of needless saves.
pub(super) const MEANING_OF_NEEDLESS: &str = "saves or restores what nobody needs after the call";

/// What averages per call leave out.
pub(super) const MEANING_OF_PER_CALL: &str = "per call: executed for calls between the program's \
    functions, divided by their number; what main does for itself, and calls of putc and getc, \
    are counted in `executed` alone";

/// What the numbers of a place that calls are.
pub(super) const MEANING_OF_SITES: &str = "around: precall and postreturn; inside: the callee's \
    prologues and epilogues; those of a trampoline on the way are among them";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::sample;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(known(None), UNKNOWN);
    }

    #[test]
    fn averages_have_as_many_digits_as_say_something() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (2.0, "2"),
            (1.5, "1.5"),
            (1.0 / 3.0, "0.33"),
            (0.001, "<0.01"),
            (12345.6, "12,346"),
            (1.5e9, "1.5e9"),
        ] {
            assert_eq!(average(value), text);
        }
    }

    #[test]
    fn columns_that_agree_are_said_to_with_what_they_gave() {
        let mut report = sample();
        assert_eq!(verdict(&report), "All columns agree: main returned 5.");
        for column in &mut report.columns {
            column.outcome = Some(Outcome {
                value: None,
                output: "x".to_owned(),
                output_bytes: 1,
                error: Some("E0301: division by zero".to_owned()),
                error_line: Some(2),
            });
        }
        assert_eq!(
            verdict(&report),
            "All columns agree: E0301: division by zero, line 2, after 1 byte of output."
        );
    }

    #[test]
    fn a_long_output_is_shown_up_to_a_limit_and_its_size_said() {
        let mut report = sample();
        assert_eq!(output(&report), "");
        let outcome = report.columns[1].outcome.as_mut().expect("it ran");
        outcome.output = "ü".repeat(3000);
        outcome.output_bytes = 6000;
        let shown = output(&report);
        assert_eq!(shown, "ü".repeat(SHOWN_OUTPUT) + "\n… (6,000 bytes)");
    }

    #[test]
    fn columns_that_a_limit_stopped_at_different_places_agree_up_to_there() {
        let mut report = sample();
        let outcome = report.columns[1].outcome.as_mut().expect("it ran");
        outcome.value = None;
        outcome.error = Some("the limit is reached".to_owned());
        assert_eq!(
            verdict(&report),
            "All columns agree: they do the same as far as they got."
        );
    }

    #[test]
    fn columns_that_were_not_run_are_not_said_to_agree() {
        let mut report = sample();
        report.columns[1].outcome = None;
        assert_eq!(verdict(&report), "Only aarch64 ran: main returned 5.");
        report.columns[0].outcome = None;
        assert_eq!(verdict(&report), "Nothing could be run.");
    }
}
