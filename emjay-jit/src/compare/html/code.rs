//! The source, its IR, and the code of each column, side by side; every line knows the line of the
//! source from which it comes.

use maud::{Markup, html};

use super::super::phrases::{UNKNOWN, number, quantity};
use super::super::{Column, IrFunction, Line, Listing, Mechanism, Part, Report};
use super::extent::Extent;
use super::notation::{mechanism_class, mechanism_sign, part_class, visible};

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="code" aria-labelledby="code-title" {
            h2 id="code-title" { "The code, line by line" }
            p class="hint live-only" {
                "Point at a line, or reach it with Tab and the arrow keys: what belongs to it lights \
                 up everywhere. A click or Enter pins it, Escape lets go."
            }
            p id="link-status" class="status live-only" role="status" {}
            div class="panes" {
                div class="origin" {
                    (source(report))
                    (ir(report))
                }
                div class="columns" {
                    @for (index, each) in report.columns.iter().enumerate() { (column(index, each)) }
                }
            }
        }
    }
}

fn source(report: &Report) -> Markup {
    html! {
        section class="pane" id="source" aria-labelledby="source-title" {
            h3 id="source-title" { "Source" }
            div class="lines" data-name="source" {
                ol class="source" {
                    @for (line, text) in (1_u32..).zip(&report.source) {
                        li data-line=(line) { code { (visible(text)) } }
                    }
                }
            }
        }
    }
}

fn ir(report: &Report) -> Markup {
    let extent = Extent::of_ir(&report.ir);
    html! {
        section class="pane" id="ir" aria-labelledby="ir-title" {
            h3 id="ir-title" { "IR" }
            @if let Some(note) = extent.note("line") { p class="hint" { (note) } }
            div class="lines" data-name="IR" {
                @for (index, function) in report.ir.iter().enumerate() {
                    @if extent.has(index) { (ir_function(function)) }
                }
            }
        }
    }
}

fn ir_function(function: &IrFunction) -> Markup {
    html! {
        ul class="ir" aria-label={ "IR of " (visible(&function.name)) } {
            @for line in &function.lines {
                li data-line=[line.source_line] { code { (visible(&line.text)) } }
            }
        }
    }
}

fn column(index: usize, column: &Column) -> Markup {
    let title = format!("column-{index}-title");
    let extent = Extent::of_column(column);
    let runtime = column.functions.len();
    html! {
        section class="pane" id={ "column-" (index) } aria-labelledby=(title) {
            h3 id=(title) { (column.title) " " code class="name" { (column.name) } }
            @if let Some(note) = extent.note("instruction") { p class="hint" { (note) } }
            div class="lines" data-name=(column.title) {
                @for (place, listing) in column.functions.iter().enumerate() {
                    @if extent.has(place) { (code_of(index, place, listing)) }
                }
                @if !column.runtime.is_empty() {
                    h4 { "Beside the program’s functions" }
                    @for (place, listing) in (runtime..).zip(&column.runtime) {
                        @if extent.has(place) { (code_of(index, place, listing)) }
                    }
                }
            }
        }
    }
}

fn code_of(column: usize, place: usize, listing: &Listing) -> Markup {
    html! {
        table class="code" {
            caption {
                code { (visible(&listing.name)) }
                @if let Some(entered) = listing.entered {
                    span class="entered" {
                        " entered " (quantity(entered, "time"))
                    }
                }
                @if !listing.is_counted { span class="entered" { " (not in the figures)" } }
            }
            thead {
                tr {
                    th scope="col" { "runs" }
                    th scope="col" { "part" }
                    th scope="col" { "does" }
                    th scope="col" { "address" }
                    th scope="col" { "instruction" }
                }
            }
            tbody {
                @for (index, line) in listing.lines.iter().enumerate() {
                    @if let Some(label) = &line.label {
                        tr class="label" { th colspan="5" scope="rowgroup" { code { (visible(label)) ":" } } }
                    }
                    (instruction(&line_id(column, place, index), line))
                }
            }
        }
    }
}

/// The identifier of an instruction in the page: the column, the listing with those of the runtime
/// behind the functions, the line.
pub(super) fn line_id(column: usize, listing: usize, line: usize) -> String {
    format!("c{column}-l{listing}-i{line}")
}

fn instruction(id: &str, line: &Line) -> Markup {
    html! {
        tr id=(id) class={ "instruction " (part_class(line.part)) } data-line=[line.source_line] {
            td class="count" {
                @match line.executed {
                    Some(count) => { (number(count)) "×" }
                    None => { span title="not counted" { (UNKNOWN) } }
                }
            }
            td { (part_mark(line.part)) }
            td { (mechanism_of(line)) }
            td class="address" { (format!("{:04x}", line.address)) }
            td class="text" {
                code { (visible(&line.text)) }
                @if line.needless { " " span class="needless" { "needless" } }
            }
        }
    }
}

/// The mark of a part: its name, in its colour.
pub(super) fn part_mark(part: Part) -> Markup {
    html! { span class={ "part " (part_class(part)) } { (part.name()) } }
}

/// The mark of what an instruction does; one that only computes has none.
pub(super) fn mechanism_of(line: &Line) -> Markup {
    html! {
        @if line.mechanism != Mechanism::Computation { (mechanism_mark(line.mechanism)) }
    }
}

/// The mark of a mechanism: a sign, and a word.
pub(super) fn mechanism_mark(mechanism: Mechanism) -> Markup {
    let sign = mechanism_sign(mechanism);
    html! {
        span class={ "mechanism " (mechanism_class(mechanism)) } title=(mechanism.name()) {
            @if !sign.is_empty() { span aria-hidden="true" { (sign) " " } }
            (mechanism_class(mechanism))
        }
    }
}
