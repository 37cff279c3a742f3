//! Tables in Markdown, and figures beside what they are to reach.

use std::fmt;

/// A figure to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// This much, or more.
    AtLeast(f64),
    /// This much, or less.
    AtMost(f64),
}

impl Target {
    /// Whether a figure reaches it.
    pub fn is_reached(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(bound) => figure >= bound,
            Self::AtMost(bound) => figure <= bound,
        }
    }
}

/// `600 or more`, `2 or less`
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "{bound} or more"),
            Self::AtMost(bound) => write!(f, "{bound} or less"),
        }
    }
}

/// `0.874`, or with a target `0.874 (1 or less: reached)`.
pub fn judged(figure: f64, target: Option<Target>) -> String {
    let Some(target) = target else {
        return number(figure);
    };
    let verdict = if target.is_reached(figure) {
        "reached"
    } else {
        "**not reached**"
    };
    format!("{} ({target}: {verdict})", number(figure))
}

/// With three digits at least that say something.
pub fn number(figure: f64) -> String {
    let decimals = match figure.abs() {
        small if small < 10.0 => 3,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    format!("{figure:.decimals$}")
}

/// What stands where there is nothing to show.
pub const ABSENT: &str = "–";

/// A table that is filled row by row.
#[derive(Debug)]
pub struct Table {
    columns: usize,
    text: String,
}

impl Table {
    /// An empty table with these titles.
    pub fn new<T: AsRef<str>>(titles: impl IntoIterator<Item = T>) -> Self {
        let mut table = Self {
            columns: 0,
            text: String::new(),
        };
        table.columns = table.line(titles);
        table.line(std::iter::repeat_n("---", table.columns));
        table
    }

    /// Adds a row; cells that are missing at its end are empty.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.line(cells);
    }

    /// The number of cells.
    fn line<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> usize {
        let mut count = 0;
        self.text.push('|');
        for cell in cells {
            self.text.push_str(&format!(" {} |", cell.as_ref()));
            count += 1;
        }
        for _ in count..self.columns {
            self.text.push_str("  |");
        }
        self.text.push('\n');
        count
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_beside_its_target() {
        assert_eq!(
            judged(0.874, Some(Target::AtMost(1.0))),
            "0.874 (1 or less: reached)"
        );
        assert_eq!(
            judged(471.2, Some(Target::AtLeast(600.0))),
            "471 (600 or more: **not reached**)"
        );
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(["a", "b"]);
        table.row(["1"]);
        assert_eq!(table.to_string(), "| a | b |\n| --- | --- |\n| 1 |  |\n");
    }
}
