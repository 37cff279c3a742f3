//! A comparison as JSON: the report as it stands, with the version of its shape.

use serde::Serialize;

use super::Report;

/// Rises when a field goes away or changes its meaning; further fields don't change it.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Versioned<'a> {
    version: u32,
    #[serde(flatten)]
    report: &'a Report,
}

/// The whole report, with a newline at its end. Integers are written with all their digits: values
/// and addresses beyond 2^53 need a reader that keeps them.
pub fn render(report: &Report) -> String {
    let versioned = Versioned {
        version: VERSION,
        report,
    };
    let text = serde_json::to_string_pretty(&versioned);
    text.expect("the keys of a report are text, and writing to memory doesn't fail") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::sample;

    #[test]
    fn the_version_stands_before_the_report() {
        let mut report = sample();
        report.arguments = vec![i64::MIN];
        let text = render(&report);
        assert!(text.starts_with("{\n  \"version\": 1,\n  \"program\": \"sample.emjay\",\n"));
        assert!(text.contains("-9223372036854775808"));
        assert!(text.ends_with("}\n"));
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(
            value["columns"][1]["functions"][0]["lines"][2]["part"],
            "precall"
        );
        assert_eq!(value["agreement"]["verdict"], "agree");
    }

    #[test]
    fn listings_say_whether_they_are_counted() {
        let value: serde_json::Value = serde_json::from_str(&render(&sample())).expect("JSON");
        let column = &value["columns"][0];
        assert_eq!(column["functions"][0]["is_counted"], true);
        assert_eq!(column["runtime"][0]["is_counted"], false);
    }
}
