//! The figures: totals, what calls cost part by part, and the places that call.

use maud::{Markup, html};

use super::super::phrases::{NOTHING, UNKNOWN, average, known, number};
use super::super::{Cell, Column, Count, Ledger, Mechanism, Part, Report, Site};
use super::chart;
use super::code::{mechanism_mark, part_mark};
use super::notation::visible;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="figures" aria-labelledby="figures-title" {
            h2 id="figures-title" { "What it costs" }
            (chart::figures(report))
            (totals(report))
            h3 { "Where the instructions of a call are" }
            p class="hint" {
                "Each cell: executed instructions per call; below it how many were executed, and how \
                 many stand in the code."
            }
            div class="ledgers" {
                @for column in &report.columns { (ledger(column)) }
            }
            (sites(report))
        }
    }
}

/// A figure of a column, as text.
type Figure = fn(&Column) -> String;

fn totals(report: &Report) -> Markup {
    let rows: [(&str, Figure); 8] = [
        ("instructions in the code", |column| {
            number(column.totals.instructions.instructions)
        }),
        ("bytes of code", |column| number(column.totals.bytes)),
        ("executed instructions", |column| {
            known(column.totals.instructions.executed)
        }),
        ("executed loads", |column| known(column.totals.loads)),
        ("executed stores", |column| known(column.totals.stores)),
        ("deepest stack in bytes", |column| {
            known(column.totals.stack_bytes)
        }),
        ("calls", |column| known(column.totals.calls)),
        ("needless saves and restores, executed", |column| {
            known(column.ledger.needless.executed)
        }),
    ];
    html! {
        div class="scroll" {
            table class="totals" {
                caption { "Totals" }
                thead {
                    tr {
                        td {}
                        @for column in &report.columns { th scope="col" { (column.title) } }
                    }
                }
                tbody {
                    @for (name, value) in rows {
                        tr {
                            th scope="row" { (name) }
                            @for column in &report.columns { td class="number" { (value(column)) } }
                        }
                    }
                }
            }
        }
    }
}

fn ledger(column: &Column) -> Markup {
    let ledger = &column.ledger;
    html! {
        div class="scroll" {
            table class="ledger" {
                caption { (column.title) }
                thead {
                    tr {
                        th scope="col" { "part" }
                        @for mechanism in Mechanism::ALL {
                            th scope="col" { (mechanism_mark(mechanism)) }
                        }
                        th scope="col" { "together" }
                    }
                }
                tbody {
                    @for part in Part::ALL {
                        tr {
                            th scope="row" { (part_mark(part)) }
                            @for mechanism in Mechanism::ALL {
                                (cell(&of(ledger, |cell| (cell.part, cell.mechanism) == (part, mechanism))))
                            }
                            (cell(&of(ledger, |cell| cell.part == part)))
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "together" }
                        @for mechanism in Mechanism::ALL {
                            (cell(&of(ledger, |cell| cell.mechanism == mechanism)))
                        }
                        (cell(&of(ledger, |_| true)))
                    }
                }
            }
        }
    }
}

/// The sum of some cells.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) count: Count,
    pub(super) per_call: Option<f64>,
}

/// The sum of the cells of a ledger that are chosen; what one of them does not know, the sum does not
/// know.
pub(super) fn of(ledger: &Ledger, chosen: impl Fn(&Cell) -> bool) -> Sum {
    let cells = || ledger.cells.iter().filter(|cell| chosen(cell));
    Sum {
        count: Count {
            instructions: cells().map(|cell| cell.count.instructions).sum(),
            executed: cells().map(|cell| cell.count.executed).sum(),
        },
        per_call: cells().map(|cell| cell.per_call).sum(),
    }
}

fn cell(sum: &Sum) -> Markup {
    let Count {
        instructions,
        executed,
    } = sum.count;
    html! {
        @if instructions == 0 {
            td class="number none" { (NOTHING) }
        } @else {
            td class="number" {
                @if let Some(per_call) = sum.per_call { b { (average(per_call)) } " " }
                @if let Some(executed) = executed { small { (number(executed)) " executed" } }
                small { (number(instructions)) " in code" }
            }
        }
    }
}

fn sites(report: &Report) -> Markup {
    html! {
        @if report.columns.iter().any(|column| !column.ledger.sites.is_empty()) {
            div class="scroll" {
                table class="sites" {
                    caption { "The places that call" }
                    thead {
                        tr {
                            th scope="col" { "call" }
                            th scope="col" { "line" }
                            th scope="col" { "executed" }
                            th scope="col" { "instructions around it" }
                            th scope="col" { "to enter and leave the callee" }
                            th scope="col" { "of these needless" }
                        }
                    }
                    @for column in &report.columns {
                        @if !column.ledger.sites.is_empty() {
                            tbody {
                                tr class="group" { th colspan="6" scope="rowgroup" { (column.title) } }
                                @for each in &column.ledger.sites { (site(each)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn site(site: &Site) -> Markup {
    html! {
        tr {
            th scope="row" { code { (visible(&site.caller)) " → " (visible(&site.callee)) } }
            td class="number" { @match site.source_line { Some(line) => (line), None => (UNKNOWN) } }
            td class="number" { (known(site.executed)) }
            td class="number" { (number(site.around)) }
            td class="number" { (number(site.inside)) }
            td class="number" { (number(site.needless)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing;
    use super::*;

    #[test]
    fn the_sum_of_all_cells_is_all_instructions() {
        for column in testing::sample().columns {
            let sum = of(&column.ledger, |_| true);
            assert_eq!(sum.count, column.totals.instructions);
        }
    }

    #[test]
    fn a_sum_with_a_cell_that_was_not_counted_is_not_known() {
        let mut ledger = testing::sample().columns[0].ledger.clone();
        ledger.cells[0].count.executed = None;
        assert_eq!(of(&ledger, |_| true).count.executed, None);
    }
}
