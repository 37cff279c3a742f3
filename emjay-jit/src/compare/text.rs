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

use self::grid::{beside_each_other, drawn, drawn_in_bands, wrapped};
use self::styled::{Role, Styled};
use super::phrases::{
    self, MEANING_OF_NEEDLESS, MEANING_OF_PER_CALL, MEANING_OF_SITES, meaning_of_mechanism,
    meaning_of_part, short_mechanism, short_part,
};
use super::tables::{self, Unit};
use super::{Mechanism, Part, Report, Verdict};

/// How the text is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// No line takes more columns of the terminal; at most 1,000 are used.
    pub width: usize,
    /// Whether there are colours.
    pub appearance: Appearance,
}

/// Nobody reads wider lines.
const WIDEST: usize = 1000;

/// The whole report.
pub fn render(report: &Report, options: &Options) -> String {
    let width = options.width.min(WIDEST);
    let sections = [
        title(report, width),
        legend(width),
        code::functions(report, width),
        code::runtime(report, width),
        ledgers(report, width),
        totals(report, width),
        sites(report, width),
        verdict(report, width),
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
    let output = phrases::output(report);
    if !output.is_empty() {
        lines.push(Styled::default());
        lines.push(heading("Output", width));
        lines.push(Styled::default());
        let output = output.lines();
        lines.extend(output.map(|line| Styled::new(Role::Plain, line)));
    }
    lines
}

/// What the marks before instructions mean.
fn legend(width: usize) -> Vec<Styled> {
    let entry = |role: Role, mark: &str, name: &str, meaning: &str| {
        let mut line = Styled::blank(2);
        line.push(role, mark);
        line.pad(8);
        line.push(Role::Plain, name);
        line.pad(26);
        line.push(Role::Aside, meaning);
        line
    };
    let mut lines = vec![heading("Marks", width), Styled::default()];
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
    let mut lines = vec![heading("What calls cost", width), Styled::default()];
    let blocks = report.columns.iter().map(|column| {
        let mut caption = Styled::new(Role::Heading, &column.name);
        caption.push(Role::Aside, &format!("  {}", Unit::of(column).name()));
        let mut block = vec![caption];
        block.extend(drawn(&tables::ledger(column)));
        block
    });
    lines.extend(beside_each_other(blocks, width));
    if Unit::PerCall.is_in(report) {
        lines.extend(wrapped(Role::Aside, MEANING_OF_PER_CALL, width));
    }
    lines
}

fn totals(report: &Report, width: usize) -> Vec<Styled> {
    let mut lines = vec![heading("Totals", width), Styled::default()];
    lines.extend(drawn_in_bands(&tables::totals(report), width));
    lines
}

fn sites(report: &Report, width: usize) -> Vec<Styled> {
    let table = tables::sites(report);
    if table.rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("Calls", width), Styled::default()];
    lines.extend(drawn_in_bands(&table, width));
    lines.extend(wrapped(Role::Aside, MEANING_OF_SITES, width));
    lines
}

fn verdict(report: &Report, width: usize) -> Vec<Styled> {
    let role = match report.agreement.verdict {
        Verdict::Agree => Role::Good,
        Verdict::StackExhaustedOnOneSide | Verdict::AmbiguousByte => Role::Heading,
        Verdict::Differ => Role::Bad,
    };
    let mut lines = wrapped(role, &phrases::verdict(report), width);
    for note in &report.agreement.notes {
        lines.extend(wrapped(Role::Plain, note, width));
    }
    lines
}

/// A name over a section.
fn heading(name: &str, width: usize) -> Styled {
    let mut line = Styled::new(Role::Aside, "── ");
    line.push(Role::Heading, name);
    line.push(Role::Aside, " ");
    let rule = "─".repeat(width.saturating_sub(line.width()));
    line.push(Role::Aside, &rule);
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
    fn a_wide_terminal_has_the_columns_side_by_side() {
        let text = plain(&sample(), 120);
        let call = text.lines().find(|line| line.contains("bl   g"));
        assert_eq!(
            call,
            Some(
                "  0008 pre  ctl  bl   g                 ×1 │ \
                 0004 pre  ctl  ldzwq   g, %CALL                      ×1"
            )
        );
    }

    #[test]
    fn a_terminal_of_80_columns_has_the_columns_below_each_other_with_nothing_cut() {
        let text = plain(&sample(), 80);
        let (_, code) = text.split_once("main ───").expect("it is there");
        let first = code.find("bl   g").expect("it is there");
        let second = code.find("ldzwq   g, %CALL").expect("it is there");
        assert!(code[first..second].contains("2 |     return 1 + g(2);\n"));
        assert!(!text.contains('…'), "{text}");
    }

    #[test]
    fn code_of_a_line_that_stands_at_two_places_has_a_gap() {
        let mut report = sample();
        report.columns[0].functions[0].lines[3].source_line = Some(3);
        let text = plain(&report, 80);
        let gap = "bl   g                 ×1\n  ⋮\n  0010 epi";
        assert!(text.contains(gap), "{text}");
    }

    #[test]
    fn needless_saves_are_marked() {
        let mut report = sample();
        report.columns[0].functions[0].lines[0].needless = true;
        assert!(plain(&report, 80).contains("pro  sta! str  x30"));
    }

    #[test]
    fn a_function_without_code_in_a_column_is_said_to_have_none() {
        let mut report = sample();
        report.columns[0].functions.truncate(1);
        assert!(plain(&report, 120).contains("aarch64  no code"));
        assert!(plain(&report, 80).contains("ulm:leaf  2 instructions"));
    }

    #[test]
    fn of_the_code_around_the_program_what_is_counted_is_shown() {
        let mut report = sample();
        assert!(!plain(&report, 80).contains("halt    0"));
        report.columns[1].runtime[0].is_counted = true;
        let text = plain(&report, 80);
        let halt = "\n  0020 body      halt    0                             ×1\n";
        assert!(text.contains(halt), "{text}");
    }

    #[test]
    fn the_verdict_stands_at_the_end_with_what_differs() {
        let mut report = sample();
        report.agreement.verdict = Verdict::Differ;
        report.agreement.notes.push("5 is not 6".to_owned());
        let text = plain(&report, 80);
        assert!(text.ends_with("The columns differ: a generator is wrong.\n5 is not 6\n"));
    }

    #[test]
    fn a_long_output_is_cut_and_said_to_be() {
        let mut report = sample();
        let outcome = report.columns[0].outcome.as_mut().expect("it ran");
        outcome.output = "a\n".repeat(5000);
        outcome.output_bytes = 10_000;
        let text = plain(&report, 80);
        assert_eq!(text.lines().filter(|line| *line == "a").count(), 1000);
        assert!(text.contains("… (10,000 bytes)\n"));
    }

    #[test]
    fn only_coloured_text_has_escape_sequences() {
        assert!(!plain(&sample(), 80).contains('\x1b'));
        let options = Options {
            width: 80,
            appearance: Appearance::Coloured,
        };
        assert!(render(&sample(), &options).contains("\x1b[36mldzwq   g, %CALL\x1b[0m"));
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
