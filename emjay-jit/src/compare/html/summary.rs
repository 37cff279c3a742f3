//! The head of the page: what was compared, whether it agreed, and how each column ended.

use maud::{Markup, html};

use super::super::{Agreement, Column, Outcome, Report, Verdict, phrases};
use super::notation::visible;

/// The sections of the page, in their order.
const PLACES: [(&str, &str); 4] = [
    ("code", "The code"),
    ("stepper", "One call, step by step"),
    ("figures", "What it costs"),
    ("legend", "What the marks mean"),
];

pub(super) fn header(report: &Report) -> Markup {
    html! {
        header {
            p class="kicker" { "emjay compare" }
            h1 { (visible(&report.program)) }
            p class="call" {
                code { (phrases::call(report)) } " · " (phrases::options(report))
            }
            (verdict(report))
            nav aria-label="On this page" {
                ul {
                    @for (target, name) in PLACES { li { a href={ "#" (target) } { (name) } } }
                }
            }
            (outcomes(report))
        }
    }
}

fn verdict(report: &Report) -> Markup {
    let Agreement { verdict, notes } = &report.agreement;
    let (class, sign) = match verdict {
        Verdict::Agree => ("agree", "✓"),
        Verdict::StackExhaustedOnOneSide => ("exhausted", "!"),
        Verdict::AmbiguousByte => ("ambiguous", "!"),
        Verdict::Differ => ("differ", "✗"),
    };
    html! {
        div id="verdict" class={ "verdict " (class) } {
            p {
                span class="sign" aria-hidden="true" { (sign) } " "
                strong { (visible(&phrases::verdict(report))) }
            }
            @if !notes.is_empty() {
                ul { @for note in notes { li { (visible(note)) } } }
            }
        }
    }
}

fn outcomes(report: &Report) -> Markup {
    html! {
        div class="scroll" {
            table class="outcomes" {
                caption { "How each column ended" }
                thead {
                    tr {
                        th scope="col" { "Column" }
                        th scope="col" { "Value of main" }
                        th scope="col" { "Output" }
                        th scope="col" { "Run-time error" }
                    }
                }
                tbody { @for column in &report.columns { (outcome(column)) } }
            }
        }
    }
}

fn outcome(column: &Column) -> Markup {
    html! {
        tr {
            th scope="row" { (column.title) " " code class="name" { (column.name) } }
            @match &column.outcome {
                Some(outcome) => {
                    td class="number" {
                        @match outcome.value { Some(value) => (value), None => "none" }
                    }
                    td {
                        @if outcome.output.is_empty() { "none" }
                        @else {
                            pre class="output" { (visible(&outcome.output)) }
                            @if outcome.output_bytes > outcome.output.len() as u64 {
                                "… " (phrases::quantity(outcome.output_bytes, "byte")) " in all"
                            }
                        }
                    }
                    td { (error(outcome)) }
                }
                None => { td colspan="3" { "could not be run here" } }
            }
        }
    }
}

fn error(outcome: &Outcome) -> Markup {
    html! {
        @match (&outcome.error, outcome.error_line) {
            (Some(error), Some(line)) => { (visible(error)) " (line " (line) ")" }
            (Some(error), None) => (visible(error)),
            (None, _) => "none",
        }
    }
}
