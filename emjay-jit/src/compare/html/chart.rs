//! Bars of executed instructions, stacked by part, drawn as SVG when the page is written.
//!
//! A part is told by its colour, by a pattern, and, where there is room, by its name.

use maud::{Markup, html};

use super::super::phrases::{average, number};
use super::super::{Column, Part, Report};
use super::tables;

/// The width of a drawing, in its own units: about a pixel each at full size.
const WIDTH: f64 = 720.0;
/// Room for the sum behind the longest bar.
const MARGIN: f64 = 120.0;
const BAR: f64 = 26.0;
/// From one bar to the next: the name of the column stands between.
const PITCH: u32 = 56;
/// The width of a character.
const CHARACTER: f64 = 8.0;

/// A bar: a column, and how much each part has.
struct Bar<'r> {
    title: &'r str,
    parts: Option<[f64; Part::ALL.len()]>,
    /// How its amounts are written.
    write: fn(f64) -> String,
}

impl Bar<'_> {
    fn sum(&self) -> f64 {
        self.parts.iter().flatten().sum()
    }
}

/// Both drawings: all executed instructions, and those of one call.
pub(super) fn figures(report: &Report) -> Markup {
    let totals = bars(report, whole, |column, part| {
        let sum = tables::of(&column.ledger, |cell| cell.part == part);
        sum.count.executed.map(length)
    });
    let per_call = bars(report, average, |column, part| {
        tables::of(&column.ledger, |cell| cell.part == part).per_call
    });
    html! {
        div class="charts" {
            (figure("chart-totals", "Executed instructions", &totals))
            @if per_call.iter().any(|bar| bar.parts.is_some()) {
                (figure("chart-calls", "Executed instructions per call", &per_call))
            }
        }
    }
}

/// A count as a length: what a drawing can't show need not be exact.
#[expect(
    clippy::cast_precision_loss,
    reason = "a drawing has no such precision"
)]
fn length(count: u64) -> f64 {
    count as f64
}

/// An amount that was a count.
fn whole(amount: f64) -> String {
    number(amount.round() as u64)
}

fn bars(
    report: &Report,
    write: fn(f64) -> String,
    amount: impl Fn(&Column, Part) -> Option<f64>,
) -> Vec<Bar<'_>> {
    report
        .columns
        .iter()
        .map(|column| {
            let parts: Option<Vec<f64>> = Part::ALL
                .into_iter()
                .map(|part| amount(column, part))
                .collect();
            Bar {
                title: &column.title,
                parts: parts.and_then(|parts| parts.try_into().ok()),
                write,
            }
        })
        .collect()
}

fn figure(id: &str, title: &str, bars: &[Bar<'_>]) -> Markup {
    let longest = bars.iter().map(Bar::sum).fold(0.0, f64::max).max(1.0);
    let height = PITCH as usize * bars.len();
    html! {
        figure {
            figcaption id={ (id) "-title" } { (title) }
            div class="scroll" {
                svg role="img" aria-labelledby={ (id) "-title" } aria-describedby={ (id) "-text" }
                    viewBox=(format!("0 0 {WIDTH} {height}")) {
                    defs { @for part in Part::ALL { (pattern(id, part)) } }
                    @for (index, bar) in (0_u32..).zip(bars) {
                        (drawn(id, f64::from(PITCH * index), (WIDTH - MARGIN) / longest, bar))
                    }
                }
            }
            ul id={ (id) "-text" } class="spoken" { @for bar in bars { li { (spoken(bar)) } } }
        }
    }
}

fn drawn(id: &str, top: f64, scale: f64, bar: &Bar<'_>) -> Markup {
    html! {
        text class="title" x="0" y=(top + 16.0) { (bar.title) }
        @match &bar.parts {
            Some(parts) => {
                @for segment in segments(parts, scale, bar.write) { (segment.drawn(id, top + 22.0)) }
                text class="sum" x=(coordinate(scale * bar.sum() + 6.0)) y=(top + 40.0) {
                    ((bar.write)(bar.sum()))
                }
            }
            None => { text x="0" y=(top + 40.0) { "not counted" } }
        }
    }
}

/// What a part has of a bar.
struct Segment {
    part: Part,
    /// The amount, as it is written.
    figure: String,
    left: f64,
    width: f64,
}

/// The segments of a bar, side by side; parts without instructions have none.
fn segments(parts: &[f64], scale: f64, write: fn(f64) -> String) -> Vec<Segment> {
    let mut left = 0.0;
    let mut segments = Vec::with_capacity(parts.len());
    for (part, &amount) in Part::ALL.into_iter().zip(parts) {
        let width = amount * scale;
        if amount > 0.0 {
            segments.push(Segment {
                part,
                figure: write(amount),
                left,
                width,
            });
        }
        left += width;
    }
    segments
}

impl Segment {
    fn drawn(&self, id: &str, top: f64) -> Markup {
        let name = self.part.name();
        let (left, width) = (coordinate(self.left), coordinate(self.width));
        html! {
            g class=(name) {
                rect class="segment" x=(left) y=(top) width=(width) height=(BAR) {}
                rect fill={ "url(#" (id) "-" (name) ")" } x=(left) y=(top) width=(width) height=(BAR) {}
                @if let Some(text) = self.text() {
                    text class="figure" x=(coordinate(self.left + self.width / 2.0)) y=(top + 18.0) {
                        (text)
                    }
                }
            }
        }
    }

    /// The name of the part and the figure, or only the figure, or nothing: what there is room for.
    fn text(&self) -> Option<String> {
        let named = format!("{} {}", self.part.name(), self.figure);
        [named, self.figure.clone()]
            .into_iter()
            .find(|text| self.width >= CHARACTER * length(text.len() as u64 + 1))
    }
}

/// What is laid over a part's colour, so that parts differ without any.
fn pattern(id: &str, part: Part) -> Markup {
    let path = match part {
        Part::Precall => "M0 8L8 0",
        Part::Prologue => "M4 0V8",
        Part::Body => "",
        Part::Epilogue => "M0 0L8 8",
        Part::Postreturn => "M0 4H8",
    };
    html! {
        pattern id={ (id) "-" (part.name()) } width="8" height="8" patternUnits="userSpaceOnUse" {
            path class={ "hatch " (part.name()) } d=(path) {}
        }
    }
}

/// What a bar shows, in words.
fn spoken(bar: &Bar<'_>) -> String {
    let Some(parts) = &bar.parts else {
        return format!("{}: not counted.", bar.title);
    };
    let parts: Vec<String> = Part::ALL
        .into_iter()
        .zip(parts)
        .filter(|&(_, &amount)| amount > 0.0)
        .map(|(part, &amount)| format!("{} {}", part.name(), (bar.write)(amount)))
        .collect();
    format!(
        "{}: {}; {}.",
        bar.title,
        (bar.write)(bar.sum()),
        parts.join(", ")
    )
}

/// A coordinate with as many digits as can be seen.
fn coordinate(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(parts: Option<[f64; 5]>) -> Bar<'static> {
        Bar {
            title: "AArch64",
            parts,
            write: average,
        }
    }

    #[test]
    fn a_bar_is_also_said_in_words() {
        let text = spoken(&bar(Some([2.0, 0.0, 3.5, 1.0, 0.0])));
        assert_eq!(text, "AArch64: 6.5; precall 2, body 3.5, epilogue 1.");
    }

    #[test]
    fn a_column_without_counts_says_so() {
        assert_eq!(spoken(&bar(None)), "AArch64: not counted.");
    }

    #[test]
    fn segments_follow_each_other_without_gaps() {
        let svg = drawn("id", 0.0, 10.0, &bar(Some([1.0, 2.0, 3.0, 0.0, 0.0]))).into_string();
        for x in ["x=\"0.0\"", "x=\"10.0\"", "x=\"30.0\""] {
            assert!(svg.contains(x), "{x} in {svg}");
        }
    }

    #[test]
    fn a_segment_says_as_much_as_it_has_room_for() {
        let segment = |width| Segment {
            part: Part::Body,
            figure: "12".to_owned(),
            left: 0.0,
            width,
        };
        let texts = [100.0, 30.0, 10.0].map(|width| segment(width).text());
        assert_eq!(
            texts,
            [Some("body 12".to_owned()), Some("12".to_owned()), None]
        );
    }

    #[test]
    fn parts_without_instructions_are_not_drawn() {
        let svg = drawn("id", 0.0, 10.0, &bar(Some([1.0, 0.0, 0.0, 0.0, 0.0]))).into_string();
        assert!(!svg.contains("prologue"), "{svg}");
    }
}
