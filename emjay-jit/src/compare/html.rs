//! A comparison as one page of HTML that stands alone: for the lecture hall, for reading, for paper.
//!
//! Everything is in the page as text before any script runs, so that it can be read without one and
//! printed; the script ([`SCRIPT`]) links the lines of the listings and lets a call be walked through
//! step by step. The page fetches nothing.

mod chart;
mod code;
mod data;
mod extent;
mod legend;
mod notation;
mod phases;
mod stack;
mod stepper;
mod summary;
mod tables;
#[cfg(test)]
mod tests;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Report;
use notation::visible;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Forbids the page every request: what it has, it has in itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The whole report, as a page.
pub fn render(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Browsers would ask for an icon of their own accord.
                link rel="icon" href="data:,";
                title { (visible(&report.program)) " – emjay compare" }
                style { (PreEscaped(STYLE)) }
            }
            (body(report))
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn body(report: &Report) -> Markup {
    html! {
        body {
            (summary::header(report))
            main {
                (code::section(report))
                (stepper::section(report))
                (tables::section(report))
                (legend::section())
            }
            footer { p { "Written by " code { "emjay compare" } "." } }
            script type="application/json" id="data" { (PreEscaped(data::json(report))) }
            script { (PreEscaped(SCRIPT)) }
        }
    }
}
