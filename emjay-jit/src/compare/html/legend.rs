//! What the marks mean, in a sentence each.

use maud::{Markup, html};

use super::super::{Mechanism, Part};
use super::code::{mechanism_mark, part_mark};

pub(super) fn section() -> Markup {
    html! {
        section id="legend" aria-labelledby="legend-title" {
            h2 id="legend-title" { "What the marks mean" }
            p {
                "A call is a contract between two functions, and nearly every instruction that serves \
                 it can be said to do one of three things, in one of four places around the body."
            }
            div class="legend" {
                div {
                    h3 { "Where in a call" }
                    dl {
                        @for part in Part::ALL {
                            dt { (part_mark(part)) }
                            dd { (part_meaning(part)) }
                        }
                    }
                }
                div {
                    h3 { "What it is for" }
                    dl {
                        @for mechanism in Mechanism::ALL {
                            dt { (mechanism_mark(mechanism)) }
                            dd { (mechanism_meaning(mechanism)) }
                        }
                        dt { span class="needless" { "needless" } }
                        dd {
                            "Saves or restores a register whose value nobody needs after the call: \
                             the price of a generator that does not look."
                        }
                        dt { span class="count" { "12×" } }
                        dd { "How often the instruction was executed in this run." }
                    }
                }
            }
        }
    }
}

const fn part_meaning(part: Part) -> &'static str {
    match part {
        Part::Precall => {
            "The caller gets ready: it puts away what it will need again, lays the arguments where \
             the callee will look for them, and jumps."
        }
        Part::Prologue => {
            "The callee moves in: it makes room on the stack, keeps what it has to hand back \
             unchanged, and picks up its parameters."
        }
        Part::Body => "The work for which the function was written.",
        Part::Epilogue => {
            "The callee moves out: it leaves the result where the caller will look for it, puts \
             everything back in its place, and returns."
        }
        Part::Postreturn => {
            "The caller goes on: it takes the result, and fetches what it had put away."
        }
    }
}

const fn mechanism_meaning(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Computation => {
            "No part of the contract: the instruction computes what the source asks for. In the listings it has no mark."
        }
        Mechanism::ControlTransfer => {
            "Takes execution to the callee, and back to the very place from which the call came, \
             which the callee cannot know beforehand."
        }
        Mechanism::DataTransfer => "Takes the arguments to the callee, and the result back.",
        Mechanism::StateManagement => {
            "Keeps the two activations apart, so that neither spoils what the other still needs, \
             even when a function calls itself."
        }
    }
}
