//! A comparison as Markdown, for handouts: headings, fenced code, tables of GitHub's kind.

use super::groups::by_name;
use super::phrases::{
    self, MEANING_OF_NEEDLESS, MEANING_OF_PER_CALL, MEANING_OF_SITES, meaning_of_mechanism,
    meaning_of_part, number, quantity,
};
use super::tables::{self, Table, Unit};
use super::{Column, Line, Listing, Mechanism, Part, Report};

/// The whole report.
pub fn render(report: &Report) -> String {
    let sections = [
        title(report),
        source(report),
        marks(),
        code(report),
        ledgers(report),
        format!("## Totals\n\n{}", table(&tables::totals(report))),
        sites(report),
        verdict(report),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|s| !s.is_empty()).collect();
    sections.join("\n")
}

fn title(report: &Report) -> String {
    let mut text = format!(
        "# {}: {}\n\nCompiled with {}.\n\n{}",
        escaped(&report.program),
        escaped(&phrases::call(report)),
        escaped(&phrases::options(report)),
        table(&tables::outcomes(report))
    );
    let output = phrases::output(report);
    if !output.is_empty() {
        text += &format!("\nOutput:\n\n{}", fenced("text", &output));
    }
    text
}

fn source(report: &Report) -> String {
    let lines: Vec<&str> = report.source.iter().map(String::as_str).collect();
    format!("## Source\n\n{}", fenced("rust", &lines.join("\n")))
}

/// The code of every function, one column after the other.
fn code(report: &Report) -> String {
    let listings: Vec<_> = report.columns.iter().map(by_name).collect();
    let mut text = "## Code\n".to_owned();
    for name in phrases::function_names(report) {
        text += &format!("\n### {}\n", inline_code(name));
        for (column, listings) in report.columns.iter().zip(&listings) {
            if let Some(listing) = listings.get(name) {
                text += &format!("\n{}", listing_text(column, listing));
            }
        }
    }
    for column in &report.columns {
        for listing in column.runtime.iter().filter(|listing| listing.is_counted) {
            text += &format!(
                "\n### {}\n\n{}",
                inline_code(&listing.name),
                listing_text(column, listing)
            );
        }
    }
    text
}

/// The code of one function in one column.
fn listing_text(column: &Column, listing: &Listing) -> String {
    let text_width = listing
        .lines
        .iter()
        .map(|line| line.text.chars().count())
        .max()
        .unwrap_or(0);
    let mut code = String::new();
    for line in &listing.lines {
        if let Some(label) = &line.label {
            code += &format!("{label}:\n");
        }
        code += instruction(line, text_width).trim_end();
        code.push('\n');
    }
    let size = quantity(listing.lines.len() as u64, "instruction");
    format!(
        "{}: {size}\n\n{}",
        escaped(&column.title),
        fenced("text", &code)
    )
}

/// `0004  pre  ctl  bl   g   ×1  line 2`
fn instruction(line: &Line, text_width: usize) -> String {
    let needless = if line.needless { "!" } else { "" };
    let mechanism = format!("{}{needless}", phrases::short_mechanism(line.mechanism));
    let executed = line
        .executed
        .map_or_else(String::new, |executed| format!("×{}", number(executed)));
    let source_line = line
        .source_line
        .map_or_else(String::new, |line| format!("line {line}"));
    format!(
        "{:04x}  {:<4} {mechanism:<4}  {:<text_width$}  {executed:<8}  {source_line}",
        line.address,
        phrases::short_part(line.part),
        line.text,
    )
}

fn marks() -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |mark: &str, name: &str, meaning: &str| {
        rows.push(vec![inline_code(mark), name.to_owned(), meaning.to_owned()]);
    };
    for part in Part::ALL {
        row(
            phrases::short_part(part),
            part.name(),
            meaning_of_part(part),
        );
    }
    for mechanism in Mechanism::ALL {
        if mechanism != Mechanism::Computation {
            let mark = phrases::short_mechanism(mechanism);
            row(mark, mechanism.name(), meaning_of_mechanism(mechanism));
        }
    }
    row("!", "needless", MEANING_OF_NEEDLESS);
    let head = ["mark", "", "meaning"].map(str::to_owned).to_vec();
    format!("## Marks\n\n{}", drawn(&head, &rows, head.len()))
}

fn ledgers(report: &Report) -> String {
    let mut text = "## What calls cost\n".to_owned();
    for column in &report.columns {
        text += &format!(
            "\n{}, {}:\n\n{}",
            escaped(&column.title),
            Unit::of(column).name(),
            table(&tables::ledger(column))
        );
    }
    if Unit::PerCall.is_in(report) {
        text += &format!("\n{MEANING_OF_PER_CALL}\n");
    }
    text
}

fn sites(report: &Report) -> String {
    let sites = tables::sites(report);
    if sites.rows.is_empty() {
        return String::new();
    }
    format!("## Calls\n\n{}\n{MEANING_OF_SITES}\n", table(&sites))
}

fn verdict(report: &Report) -> String {
    let mut text = format!("## Verdict\n\n{}\n", escaped(&phrases::verdict(report)));
    for note in &report.agreement.notes {
        text += &format!("\n- {}", escaped(note));
    }
    if !report.agreement.notes.is_empty() {
        text.push('\n');
    }
    text
}

// ---- Markdown ----

fn table(table: &Table) -> String {
    let escape = |row: &Vec<String>| row.iter().map(|text| escaped(text)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = table.rows.iter().map(escape).collect();
    drawn(&escape(&table.head), &rows, table.names)
}

/// A table of cells that are Markdown already.
fn drawn(head: &[String], rows: &[Vec<String>], names: usize) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<String> = (0..head.len())
        .map(|column| if column < names { "---" } else { "---:" }.to_owned())
        .collect();
    let rows: String = rows.iter().map(|row| line(row)).collect();
    line(head) + &line(&rule) + &rows
}

/// Text that means itself, in one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '$' | '&' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ if character.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Code in a line; in tables, too.
fn inline_code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A block of code, whatever it contains.
fn fenced(language: &str, code: &str) -> String {
    let fence = "`".repeat(longest_run(code, '`').max(2) + 1);
    let end = if code.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{code}{end}{fence}\n")
}

/// The length of the longest row of a character.
fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::sample;

    #[test]
    fn what_means_something_to_markdown_is_escaped() {
        let mut report = sample();
        report.program = "a|b`c*d_e.emjay".to_owned();
        report.agreement.notes.push("x < y".to_owned());
        let text = render(&report);
        assert!(
            text.starts_with("# a\\|b\\`c\\*d\\_e.emjay: main()\n"),
            "{text}"
        );
        assert!(text.ends_with("\n- x \\< y\n"), "{text}");
    }

    #[test]
    fn a_fence_is_longer_than_every_one_in_the_code() {
        let mut report = sample();
        report.source[3] = "/* ```` */".to_owned();
        let text = render(&report);
        assert!(text.contains("\n`````rust\nfn main()"), "{text}");
        assert!(text.contains("\n}\n`````\n"), "{text}");
    }

    #[test]
    fn every_row_of_a_table_has_as_many_cells_as_its_head() {
        let text = render(&sample());
        let mut cells = None;
        for line in text.lines() {
            let found = line.starts_with('|').then(|| line.matches(" |").count());
            if let (Some(cells), Some(found)) = (cells, found) {
                assert_eq!(found, cells, "{line}");
            }
            cells = found;
        }
    }

    #[test]
    fn every_function_has_a_listing_for_each_column() {
        let text = render(&sample());
        let (_, g) = text.split_once("\n### `g`\n").expect("it is there");
        let aarch64 = "AArch64: 2 instructions\n\n```text\n\
                       0018  body       lsl  x0, x0, #1  ×1        line 6\n";
        assert!(g.contains(aarch64), "{g}");
        assert!(g.contains("ULM, leaf convention: 2 instructions\n"), "{g}");
    }
}
