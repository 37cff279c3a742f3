//! One call, step by step: the controls, which the script brings to life, and a table of all steps
//! with the stack after each, which says the same on paper.

use maud::{Markup, html};

use super::super::phrases::quantity;
use super::super::{Part, Report, Step, Walk};
use super::code::{mechanism_of, part_mark};
use super::notation::{hexadecimal, short_address, visible, word};
use super::phases::{Walked, ticks, walked};
use super::stack::{self, Row, Stack};

pub(super) fn section(report: &Report) -> Markup {
    let walked = walked(report);
    html! {
        section id="stepper" aria-labelledby="stepper-title" {
            h2 id="stepper-title" { "One call, step by step" }
            @if walked.is_empty() {
                p { "There is no call here that could be watched." }
            } @else {
                p class="hint" {
                    "The first call that the program makes. What lies below the stack pointer is given \
                     up: still there, but the next call may overwrite it."
                }
                (controls(ticks(&walked).len() - 1))
                div class="walks" {
                    @for walked in &walked { (walk(walked)) }
                }
            }
        }
    }
}

/// Hidden until there is a script that they could move.
fn controls(last: usize) -> Markup {
    html! {
        div id="controls" class="controls" hidden {
            ol class="parts" aria-label="Parts of the call" {
                @for part in Part::ALL {
                    li { button type="button" class={ "part " (part.name()) } data-part=(part.name()) { (part.name()) } }
                }
            }
            div class="buttons" role="group" aria-label="Steps" {
                button type="button" id="first" { "|◀ first" }
                button type="button" id="back" { "◀ back" }
                button type="button" id="next" { "next ▶" }
                button type="button" id="next-part" { "next part ▶▶" }
                button type="button" id="last" { "last ▶|" }
            }
            label class="slider" {
                span { "Step " output id="position" for="slider" { "0" } " of " (last) }
                input type="range" id="slider" min="0" max=(last) value="0";
            }
            p class="hint keys" { "Keys: ← and → step, Home and End go to the ends." }
            p id="phase" class="status" role="status" {}
        }
    }
}

fn walk(walked: &Walked<'_>) -> Markup {
    let title = format!("walk-{}-title", walked.index);
    html! {
        section class="walk" data-column=(walked.index) aria-labelledby=(title) {
            h3 id=(title) {
                (walked.column.title) ": "
                code { (visible(&walked.walk.caller)) } " calls "
                code { (visible(&walked.walk.callee)) }
            }
            div class="live-only now" {}
            div class="live-only stage" {
                div class="drawing" {}
                div class="registers" {}
            }
            @if let Some(sentence) = without_stack(walked.walk) { p class="hint" { (sentence) } }
            (steps(walked))
        }
    }
}

/// What is to be said of a call that does without the stack.
fn without_stack(walk: &Walk) -> Option<&'static str> {
    if walk.stack_pointer.is_none() {
        Some(
            "This convention has no stack: arguments, result and return address stay in registers.",
        )
    } else if stack::is_untouched(walk) {
        Some("This call leaves the stack alone: what it needs stays in registers.")
    } else {
        None
    }
}

fn steps(walked: &Walked<'_>) -> Markup {
    let walk = walked.walk;
    let rows = stack::rows(walk);
    let mut stack = Stack::before(walk);
    let before = words(walked, &rows, &stack);
    html! {
        div class="scroll trace" {
            table class="steps" {
                caption { "All steps of this call" }
                thead {
                    tr {
                        th scope="col" { "step" }
                        th scope="col" { "in" }
                        th scope="col" { "part" }
                        th scope="col" { "does" }
                        th scope="col" { "instruction" }
                        th scope="col" { "registers" }
                        th scope="col" class="paper" { "stack afterwards, the highest address first" }
                    }
                }
                tbody {
                    tr class="before paper" {
                        th scope="row" { "0" }
                        td colspan="5" { "before the call" }
                        td class="paper" { (before) }
                    }
                    @for (count, step) in (1_usize..).zip(&walk.steps) {
                        @if step.skipped > 0 { (left_out(step.skipped)) }
                        (taken(walked, &rows, &mut stack, count, step))
                    }
                }
            }
        }
    }
}

fn left_out(count: u64) -> Markup {
    html! {
        tr class="left-out" {
            td colspan="7" {
                (quantity(count, "instruction")) " left out here: calls made inside, or repetitions"
            }
        }
    }
}

fn taken<'w>(
    walked: &Walked<'w>,
    rows: &[Row],
    stack: &mut Stack<'w>,
    count: usize,
    step: &'w Step,
) -> Markup {
    let changed = stack.take(step);
    let line = walked.line(step);
    html! {
        tr data-step=(count) class=[line.map(|line| line.part.name())] {
            th scope="row" { (count) }
            td { code { (visible(walked.place(step))) } }
            @match line {
                Some(line) => {
                    td { (part_mark(line.part)) }
                    td { (mechanism_of(line)) }
                    td class="text" {
                        code { (visible(&line.text)) }
                        @if line.needless { " " span class="needless" { "needless" } }
                    }
                }
                None => { td {} td {} td { "unknown" } }
            }
            td class="register" {
                @for (name, value) in &step.registers {
                    code title=(hexadecimal(*value)) { (visible(name)) " ← " (word(*value)) }
                }
            }
            td class="paper" {
                @if changed { (words(walked, rows, stack)) } @else { span class="same" { "as before" } }
            }
        }
    }
}

/// The stack at a moment, as a list of its words.
fn words(walked: &Walked<'_>, rows: &[Row], stack: &Stack<'_>) -> Markup {
    html! {
        ul class="words" {
            @for &row in rows {
                @match row {
                    Row::Gap(count) => li class="gap" { "… " (quantity(count, "word")) },
                    Row::Word(address) => (listed(walked, stack, address)),
                }
            }
        }
    }
}

fn listed(walked: &Walked<'_>, stack: &Stack<'_>, address: u64) -> Markup {
    let found = stack.word(address);
    let pointers = pointers(walked, stack, address);
    html! {
        @if !pointers.is_empty() || found.content.is_some() {
            li class=[found.given_up.then_some("given-up")] {
                @if !pointers.is_empty() { b { (pointers) " → " } }
                span title=(hexadecimal(address)) { (short_address(address)) }
                @match found.content {
                    Some(write) => {
                        " " (visible(&write.name)) " = "
                        span title=(hexadecimal(write.value)) { (word(write.value)) }
                    }
                    None => " –",
                }
                @if found.given_up { " (given up)" }
                @if found.fresh { " (new)" }
            }
        }
    }
}

/// The names of the pointers that point to an address.
fn pointers(walked: &Walked<'_>, stack: &Stack<'_>, address: u64) -> String {
    let stack_pointer = walked
        .walk
        .stack_pointer
        .as_deref()
        .filter(|_| stack.pointer == address);
    let frame_pointer = walked
        .walk
        .frame_pointer
        .as_deref()
        .filter(|_| stack.frame == Some(address));
    let names: Vec<String> = [stack_pointer, frame_pointer]
        .into_iter()
        .flatten()
        .map(visible)
        .collect();
    names.join(", ")
}
