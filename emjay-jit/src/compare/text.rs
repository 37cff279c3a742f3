//! A comparison as text.

use super::Report;

/// The whole report.
pub fn render(report: &Report) -> String {
    report.program.clone()
}
