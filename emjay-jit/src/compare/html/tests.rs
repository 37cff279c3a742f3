//! The page as a whole.

use std::io::Write as _;
use std::path::Path;

use goldenfile::Mint;

use super::super::{Report, testing};
use super::*;

/// A report whose texts try to be more than text.
fn hostile() -> Report {
    let mut report = testing::sample();
    let attack = "// </script><img src=x onerror=\"alert('1')\"><!-- & ]]>";
    report.source[3] = attack.to_owned();
    report.program = format!("{attack}.emjay");
    report.ir[0].lines[0].text = attack.to_owned();
    report.agreement.notes.push(attack.to_owned());
    let column = &mut report.columns[0];
    column.functions[0].name = attack.to_owned();
    column.functions[0].lines[0].text = attack.to_owned();
    column.functions[0].lines[0].label = Some(attack.to_owned());
    column.ledger.sites[0].caller = attack.to_owned();
    if let Some(walk) = &mut column.walk {
        walk.caller = attack.to_owned();
        walk.steps[0].registers = vec![(attack.to_owned(), 1)];
    }
    if let Some(outcome) = &mut column.outcome {
        outcome.output = attack.to_owned();
        outcome.error = Some(attack.to_owned());
    }
    report
}

#[test]
fn no_text_of_the_program_becomes_markup() {
    let page = render(&hostile());
    assert!(!page.contains("<img"), "an element out of a comment");
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(page.matches("<!--").count(), 0);
    assert!(page.contains("&lt;/script&gt;&lt;img"));
}

#[test]
fn the_page_names_no_address_of_another_machine() {
    let page = render(&testing::sample());
    for scheme in ["http:", "https:", "src=", "@import"] {
        assert!(!page.contains(scheme), "{scheme}");
    }
}

#[test]
fn the_page_forbids_itself_every_request() {
    let page = render(&testing::sample());
    assert!(page.contains("Content-Security-Policy"));
    assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
}

#[test]
fn every_line_of_every_column_is_in_the_page() {
    let report = testing::sample();
    let page = render(&report);
    let lines = report
        .columns
        .iter()
        .flat_map(|column| column.functions.iter().chain(&column.runtime))
        .flat_map(|listing| &listing.lines);
    for line in lines {
        let text = line.text.replace('<', "&lt;");
        assert!(page.contains(&format!("<code>{text}</code>")), "{text}");
    }
}

#[test]
fn needless_saves_are_marked_in_the_listing() {
    let mut report = testing::sample();
    let mark = "<code>ret</code> <span class=\"needless\">needless</span>";
    assert!(!render(&report).contains(mark));
    report.columns[0].functions[0].lines[5].needless = true;
    assert!(render(&report).contains(mark));
}

#[test]
fn every_place_that_the_head_leads_to_is_there() {
    let page = render(&testing::sample());
    let targets: Vec<&str> = page
        .split(" href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(targets.len(), 4);
    for target in targets {
        assert!(
            page.contains(&format!("<section id=\"{target}\"")),
            "{target}"
        );
    }
}

#[test]
fn code_of_a_huge_program_is_left_out_and_that_is_said() {
    let mut report = testing::sample();
    let column = &mut report.columns[1];
    let mut huge = column.functions[0].clone();
    huge.name = "huge".to_owned();
    huge.lines = vec![huge.lines[0].clone(); 20_001];
    column.functions.push(huge);
    // What the walk goes through is there all the same.
    let page = render(&report);
    assert!(page.contains("1 function with 20,001 instructions left out"));
    assert!(!page.contains("<code>huge</code>"));
    assert!(page.contains("id=\"c1-l0-i0\""));
    assert!(!page.contains("id=\"c1-l2-i0\""));
}

#[test]
fn a_difference_is_said_at_the_top() {
    let mut report = testing::sample();
    report.agreement.verdict = super::super::Verdict::Differ;
    report.agreement.notes = vec!["ulm:leaf gives 6.".to_owned()];
    let page = render(&report);
    let (head, _) = page.split_once("<main>").expect("there is a main part");
    assert!(head.contains("class=\"verdict differ\""));
    assert!(head.contains("ulm:leaf gives 6."));
}

#[test]
fn a_report_without_anything_is_a_page() {
    let mut report = testing::sample();
    report.source.clear();
    report.ir.clear();
    report.columns.clear();
    assert!(render(&report).contains("There is no call here"));
}

#[test]
fn a_column_that_could_not_run_is_shown_without_counts() {
    let mut report = testing::sample();
    report.columns.truncate(1);
    let column = &mut report.columns[0];
    column.outcome = None;
    column.walk = None;
    column.totals.instructions.executed = None;
    for cell in &mut column.ledger.cells {
        cell.count.executed = None;
        cell.per_call = None;
    }
    for line in &mut column.functions[0].lines {
        line.executed = None;
    }
    let page = render(&report);
    assert!(page.contains("could not be run here"));
    assert!(page.contains("title=\"not counted\""));
}

/// The page between its head and its script, with an element per line.
#[test]
fn the_sample_gives_the_golden_page() {
    let page = body(&testing::sample()).into_string();
    let (page, _) = page.rsplit_once("<script>").expect("there is a script");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compare/html/golden");
    let mut mint = Mint::new(folder);
    let mut file = mint.new_goldenfile("sample.html").expect("it can be made");
    let lines = page.replace("><", ">\n<");
    file.write_all(lines.as_bytes()).expect("it can be written");
}
