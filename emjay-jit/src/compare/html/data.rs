//! What the script needs to know of the walks, as JSON.
//!
//! Words of 64 bits are strings, since JavaScript's numbers are exact up to 2^53 only.

use serde::Serialize;

use super::super::{Report, Step, Write};
use super::code::line_id;
use super::notation::{hexadecimal, short_address, visible, word};
use super::phases::{Walked, ticks, walked};
use super::stack::{self, Row};

#[derive(Serialize)]
struct Data {
    ticks: Vec<Tick>,
    walks: Vec<WalkData>,
}

#[derive(Serialize)]
struct Tick {
    part: Option<&'static str>,
    done: Vec<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WalkData {
    column: usize,
    pointer_name: Option<String>,
    frame_name: Option<String>,
    pointer: String,
    rows: Vec<RowData>,
    before: Vec<WordData>,
    steps: Vec<StepData>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum RowData {
    Word { address: String, short: String },
    Gap(u64),
}

#[derive(Serialize)]
struct WordData {
    address: String,
    value: String,
    shown: String,
    name: String,
}

#[derive(Serialize)]
struct StepData {
    line: String,
    pointer: String,
    frame: Option<String>,
    registers: Vec<RegisterData>,
    writes: Vec<WordData>,
    skipped: u64,
}

#[derive(Serialize)]
struct RegisterData {
    name: String,
    value: String,
    shown: String,
}

/// The data, as it can stand in a `script` element.
pub(super) fn json(report: &Report) -> String {
    let walked = walked(report);
    let data = Data {
        ticks: ticks(&walked)
            .into_iter()
            .map(|tick| Tick {
                part: tick.part.map(super::super::Part::name),
                done: tick.done,
            })
            .collect(),
        walks: walked.iter().map(walk_data).collect(),
    };
    let text = serde_json::to_string(&data).expect("strings and numbers can be written");
    // Neither `</script>` nor `<!--` can then end or open anything.
    text.replace('<', "\\u003c")
}

fn walk_data(walked: &Walked<'_>) -> WalkData {
    let walk = walked.walk;
    WalkData {
        column: walked.index,
        pointer_name: walk.stack_pointer.as_deref().map(visible),
        frame_name: walk.frame_pointer.as_deref().map(visible),
        pointer: hexadecimal(walk.before_pointer),
        rows: stack::rows(walk).into_iter().map(row_data).collect(),
        before: walk.before.iter().map(word_data).collect(),
        steps: walk
            .steps
            .iter()
            .map(|step| step_data(walked.index, step))
            .collect(),
    }
}

fn row_data(row: Row) -> RowData {
    match row {
        Row::Word(address) => RowData::Word {
            address: hexadecimal(address),
            short: short_address(address),
        },
        Row::Gap(words) => RowData::Gap(words),
    }
}

fn word_data(write: &Write) -> WordData {
    WordData {
        address: hexadecimal(write.address),
        value: hexadecimal(write.value),
        shown: word(write.value),
        name: visible(&write.name),
    }
}

fn step_data(column: usize, step: &Step) -> StepData {
    StepData {
        line: line_id(column, step.listing, step.line),
        pointer: hexadecimal(step.pointer),
        frame: step.frame.map(hexadecimal),
        registers: step.registers.iter().map(register_data).collect(),
        writes: step.writes.iter().map(word_data).collect(),
        skipped: step.skipped,
    }
}

fn register_data((name, value): &(String, u64)) -> RegisterData {
    RegisterData {
        name: visible(name),
        value: hexadecimal(*value),
        shown: word(*value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing;
    use super::*;

    #[test]
    fn words_above_what_a_double_can_hold_keep_all_their_digits() {
        let mut report = testing::sample();
        let walk = report.columns[0].walk.as_mut().expect("there is one");
        walk.steps[0].registers = vec![("x0".to_owned(), (1 << 53) + 1)];
        assert!(json(&report).contains("\"value\":\"0x0020000000000001\""));
    }

    #[test]
    fn no_name_can_end_the_script() {
        let mut report = testing::sample();
        let walk = report.columns[0].walk.as_mut().expect("there is one");
        walk.steps[0].registers = vec![("</script><!--".to_owned(), 0)];
        let text = json(&report);
        assert!(!text.contains('<'), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let name = &value["walks"][0]["steps"][0]["registers"][0]["name"];
        assert_eq!(name, "</script><!--");
    }

    #[test]
    fn every_step_names_a_line_of_the_page() {
        let report = testing::sample();
        let page = super::super::render(&report);
        let data: serde_json::Value = serde_json::from_str(&json(&report)).expect("it is JSON");
        for walk in data["walks"].as_array().expect("an array") {
            for step in walk["steps"].as_array().expect("an array") {
                let id = format!("id=\"{}\"", step["line"].as_str().expect("a string"));
                assert_eq!(page.matches(&id).count(), 1, "{id}");
            }
        }
    }
}
