//! A comparison for a terminal of any width: columns side by side as far as they fit, else below
//! each other.
//!
//! ```text
//! main
//! ------------------ aarch64 | --------------- ulm:leaf
//!    2     return 1 + g(2);
//! 0004 pre  dat  movz x0, 2 | 0000 pre  dat  ldzwq   2, %CALLEE0
//! ```

mod code;
mod grid;
mod styled;

use diagnostics::Appearance;

use self::grid::{beside_each_other, drawn, drawn_in_bands};
use self::styled::{Role, Styled, short_mechanism, short_part};
use super::phrases::{self, MEANING_OF_NEEDLESS, meaning_of_mechanism, meaning_of_part};
use super::tables::{self, Unit};
use super::{Mechanism, Part, Report, Verdict};

/// How the text is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// No line takes more columns of the terminal.
    pub width: usize,
    /// Whether there are colours.
    pub appearance: Appearance,
}

/// How much of a program's output is shown, in characters.
const SHOWN_OUTPUT: usize = 2000;

/// The whole report.
pub fn render(report: &Report, options: &Options) -> String {
    let width = options.width;
    let sections = [
        title(report, width),
        legend(),
        code::functions(report, width),
        code::runtime(report, width),
        ledgers(report, width),
        totals(report, width),
        sites(report, width),
        verdict(report),
    ];
    let mut text = String::new();
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        for mut line in section {
            line.cut(width);
            line.write(options.appearance, &mut text);
        }
    }
    text
}

/// What was compared, how each column ended, and what the program wrote.
fn title(report: &Report, width: usize) -> Vec<Styled> {
    let mut first = Styled::new(Role::Heading, &report.program);
    first.push(Role::Plain, &format!(": {}", phrases::call(report)));
    first.push(Role::Aside, &format!("  {}", phrases::options(report)));
    let mut lines = vec![first, Styled::default()];
    lines.extend(drawn(&tables::outcomes(report)));
    let output = report
        .columns
        .iter()
        .filter_map(|column| column.outcome.as_ref())
        .find(|outcome| !outcome.output.is_empty());
    if let Some(outcome) = output {
        lines.push(Styled::default());
        lines.push(Styled::new(Role::Heading, "Output"));
        let shown: String = outcome.output.chars().take(SHOWN_OUTPUT).collect();
        lines.extend(shown.lines().map(|line| Styled::new(Role::Plain, line)));
        if shown.len() < outcome.output.len() {
            lines.push(Styled::new(Role::Aside, "…"));
        }
    }
    let _ = width;
    lines
}

/// What the marks before instructions mean.
fn legend() -> Vec<Styled> {
    let entry = |role: Role, mark: &str, name: &str, meaning: &str| {
        let mut line = Styled::blank(2);
        line.push(role, mark);
        line.pad(8);
        line.push(Role::Plain, name);
        line.pad(26);
        line.push(Role::Aside, meaning);
        line
    };
    let mut lines = vec![Styled::new(Role::Heading, "Marks")];
    for part in Part::ALL {
        let (mark, meaning) = (short_part(part), meaning_of_part(part));
        lines.push(entry(Role::Of(part), mark, part.name(), meaning));
    }
    for mechanism in Mechanism::ALL {
        let (mark, meaning) = (short_mechanism(mechanism), meaning_of_mechanism(mechanism));
        if !mark.is_empty() {
            lines.push(entry(Role::Plain, mark, mechanism.name(), meaning));
        }
    }
    lines.push(entry(Role::Bad, "!", "needless", MEANING_OF_NEEDLESS));
    lines.push(entry(Role::Plain, "×3", "executed", "how often"));
    lines
}

/// What calls cost, a table for each column.
fn ledgers(report: &Report, width: usize) -> Vec<Styled> {
    let mut lines = vec![heading(
        "What calls cost",
        "instructions by part and mechanism",
    )];
    let blocks = report.columns.iter().map(|column| {
        let mut block = vec![Styled::new(Role::Aside, Unit::of(column).name())];
        block.extend(drawn(&tables::ledger(column)));
        block
    });
    lines.extend(beside_each_other(blocks, width));
    lines
}

fn totals(report: &Report, width: usize) -> Vec<Styled> {
    let mut lines = vec![heading("Totals", "of the program's functions")];
    lines.extend(drawn_in_bands(&tables::totals(report), width));
    lines
}

fn sites(report: &Report, width: usize) -> Vec<Styled> {
    let table = tables::sites(report);
    if table.rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading(
        "Calls",
        "instructions around: precall and postreturn; inside: prologue and epilogue",
    )];
    lines.extend(drawn_in_bands(&table, width));
    lines
}

fn verdict(report: &Report) -> Vec<Styled> {
    let role = match report.agreement.verdict {
        Verdict::Agree => Role::Good,
        Verdict::StackExhaustedOnOneSide => Role::Heading,
        Verdict::Differ => Role::Bad,
    };
    let mut lines = vec![Styled::new(role, &phrases::verdict(report))];
    let notes = report.agreement.notes.iter();
    lines.extend(notes.map(|note| Styled::new(Role::Plain, note)));
    lines
}

fn heading(name: &str, what: &str) -> Styled {
    let mut line = Styled::new(Role::Heading, name);
    line.push(Role::Aside, &format!("  {what}"));
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::sample;
    use unicode_width::UnicodeWidthStr;

    fn plain(report: &Report, width: usize) -> String {
        let appearance = Appearance::Plain;
        render(report, &Options { width, appearance })
    }

    #[test]
    fn look() {
        for width in [80, 120] {
            println!("{}", plain(&sample(), width));
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let mut report = sample();
        report.program = "漢字".repeat(100);
        report.source[1] = "\treturn 1 + g(2); // 漢字 ☎\u{fe0f} ".repeat(20);
        report.agreement.notes.push("note ".repeat(60));
        report.columns[0].functions[0].lines[1].text = "x".repeat(300);
        report.columns[0].functions[0].lines[0].executed = Some(u64::MAX);
        for width in 1..200 {
            for line in plain(&report, width).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}
