//! The tables of a comparison, as text: how they are drawn is the formats' business.

use rustc_hash::FxHashMap;

use super::phrases::{NOTHING, average, ending, known, number};
use super::{Cell, Column, Mechanism, Part, Report, Site};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// How many of its columns are names, on the left; the others are numbers.
    pub(super) names: usize,
    /// The heads of its columns.
    pub(super) head: Vec<String>,
    /// Its rows, each as long as the head.
    pub(super) rows: Vec<Vec<String>>,
}

/// What was compared, and how it ended.
pub(super) fn outcomes(report: &Report) -> Table {
    let row = |column: &Column| vec![column.name.clone(), ending(column), column.title.clone()];
    Table {
        names: 3,
        head: ["column", "result", ""].map(str::to_owned).to_vec(),
        rows: report.columns.iter().map(row).collect(),
    }
}

/// What the numbers of a ledger are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Executed instructions per call.
    PerCall,
    /// Executed instructions: there is no call.
    Executed,
    /// Instructions in the code: nothing was counted.
    InTheCode,
}

impl Unit {
    /// The unit of a column's ledger.
    pub(super) fn of(column: &Column) -> Self {
        let cells = &column.ledger.cells;
        if cells.iter().any(|cell| cell.per_call.is_some()) {
            Self::PerCall
        } else if cells.iter().any(|cell| cell.count.executed.is_some()) {
            Self::Executed
        } else {
            Self::InTheCode
        }
    }

    /// Whether a column has this unit.
    pub(super) fn is_in(self, report: &Report) -> bool {
        report.columns.iter().any(|column| Self::of(column) == self)
    }

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PerCall => "instructions executed per call",
            Self::Executed => "instructions executed; there was no call",
            Self::InTheCode => "instructions in the code; they could not be counted while they ran",
        }
    }

    fn sum<'a>(self, cells: impl Iterator<Item = &'a Cell>) -> String {
        let mut cells = cells.peekable();
        if cells.peek().is_none() {
            return NOTHING.to_owned();
        }
        match self {
            Self::PerCall => average(cells.filter_map(|cell| cell.per_call).sum()),
            Self::Executed => number(cells.filter_map(|cell| cell.count.executed).sum()),
            Self::InTheCode => number(cells.map(|cell| cell.count.instructions).sum()),
        }
    }
}

/// The ledger of a column: parts below each other, mechanisms beside each other, then the sums.
pub(super) fn ledger(column: &Column) -> Table {
    let unit = Unit::of(column);
    let cells = &column.ledger.cells;
    let head = [
        "", "control", "data", "state", "compute", "sum", "executed", "in code",
    ];
    let row = |name: &str, is_in: &dyn Fn(&&Cell) -> bool| -> Vec<String> {
        let mut row = vec![name.to_owned()];
        for mechanism in MECHANISMS {
            let cells = cells.iter().filter(is_in);
            row.push(unit.sum(cells.filter(|cell| cell.mechanism == mechanism)));
        }
        row.push(unit.sum(cells.iter().filter(is_in)));
        let executed: Option<u64> = cells
            .iter()
            .filter(is_in)
            .map(|cell| cell.count.executed)
            .sum();
        row.push(known(executed));
        let code = cells.iter().filter(is_in);
        row.push(number(code.map(|cell| cell.count.instructions).sum()));
        row
    };
    let mut rows: Vec<Vec<String>> = Part::ALL
        .into_iter()
        .map(|part| row(part.name(), &|cell| cell.part == part))
        .collect();
    rows.push(row("sum", &|_| true));
    Table {
        names: 1,
        head: head.map(str::to_owned).to_vec(),
        rows,
    }
}

/// The order of mechanisms in a ledger: those of calls first.
const MECHANISMS: [Mechanism; 4] = [
    Mechanism::ControlTransfer,
    Mechanism::DataTransfer,
    Mechanism::StateManagement,
    Mechanism::Computation,
];

/// The sums of all columns beside each other.
pub(super) fn totals(report: &Report) -> Table {
    let columns = &report.columns;
    let mut rows = Vec::new();
    let mut add = |name: &str, value: &dyn Fn(&Column) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(columns.iter().map(value));
        rows.push(row);
    };
    add("instructions", &|c| {
        number(c.totals.instructions.instructions)
    });
    add("bytes", &|c| number(c.totals.bytes));
    add("executed", &|c| known(c.totals.instructions.executed));
    add("loads", &|c| known(c.totals.loads));
    add("stores", &|c| known(c.totals.stores));
    add("deepest stack, bytes", &|c| known(c.totals.stack_bytes));
    add("calls", &|c| known(c.totals.calls));
    for part in Part::ALL {
        add(&format!("{} per call", part.name()), &|c| per_call(c, part));
    }
    add("needless, in the code", &|c| {
        number(c.ledger.needless.instructions)
    });
    add("needless, executed", &|c| known(c.ledger.needless.executed));
    let names = columns.iter().map(|column| column.name.clone());
    Table {
        names: 1,
        head: std::iter::once(String::new()).chain(names).collect(),
        rows,
    }
}

/// The executed instructions of a part, per call.
fn per_call(column: &Column, part: Part) -> String {
    if Unit::of(column) != Unit::PerCall {
        return super::phrases::UNKNOWN.to_owned();
    }
    let cells = column.ledger.cells.iter();
    average(
        cells
            .filter(|cell| cell.part == part)
            .filter_map(|cell| cell.per_call)
            .sum(),
    )
}

/// The places that call, each with what it is in every column.
pub(super) fn sites(report: &Report) -> Table {
    let mut order: FxHashMap<(&str, &str, Option<u32>, usize), usize> = FxHashMap::default();
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    for column in &report.columns {
        // A line may call a function several times.
        let mut seen: FxHashMap<(&str, &str, Option<u32>), usize> = FxHashMap::default();
        for site in &column.ledger.sites {
            let key = (&*site.caller, &*site.callee, site.source_line);
            let nth = seen.entry(key).or_default();
            let next = order.len();
            let place = *order.entry((key.0, key.1, key.2, *nth)).or_insert(next);
            *nth += 1;
            rows.push((place, site_row(column, site)));
        }
    }
    rows.sort_by_key(|&(place, _)| place);
    let head = [
        "caller", "callee", "line", "column", "executed", "around", "inside", "needless",
    ];
    Table {
        names: 4,
        head: head.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

fn site_row(column: &Column, site: &Site) -> Vec<String> {
    vec![
        site.caller.clone(),
        site.callee.clone(),
        site.source_line
            .map_or_else(String::new, |line| line.to_string()),
        column.name.clone(),
        known(site.executed),
        number(site.around),
        number(site.inside),
        if site.needless == 0 {
            NOTHING.to_owned()
        } else {
            number(site.needless)
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::sample;

    #[test]
    fn a_ledger_has_its_sums_below_and_on_the_right() {
        let table = ledger(&sample().columns[1]);
        let row = |name: &str| {
            let row = table.rows.iter().find(|row| row[0] == name);
            row.expect("it is there").join(" ")
        };
        assert_eq!(row("precall"), "precall 2 1 · · 3 3 3");
        assert_eq!(row("prologue"), "prologue · · · · · 0 0");
        assert_eq!(row("sum"), "sum 3 2 · 2 7 7 7");
    }

    #[test]
    fn without_calls_a_ledger_counts_what_was_executed_and_else_what_stands_there() {
        let mut column = sample().columns.remove(0);
        for cell in &mut column.ledger.cells {
            cell.per_call = None;
            cell.count.executed = Some(7);
        }
        assert_eq!(Unit::of(&column), Unit::Executed);
        assert_eq!(ledger(&column).rows[0][1], "7");
        for cell in &mut column.ledger.cells {
            cell.count.executed = None;
        }
        assert_eq!(Unit::of(&column), Unit::InTheCode);
        assert_eq!(ledger(&column).rows[0][1], "1");
    }

    #[test]
    fn a_place_that_calls_stands_beside_itself_in_the_other_columns() {
        let mut report = sample();
        for column in &mut report.columns {
            let mut other = column.ledger.sites[0].clone();
            other.source_line = Some(3);
            column.ledger.sites.insert(0, other);
            let again = column.ledger.sites[1].clone();
            column.ledger.sites.push(again);
        }
        let rows = sites(&report).rows;
        let order: Vec<(&str, &str)> = rows.iter().map(|row| (&*row[2], &*row[3])).collect();
        assert_eq!(
            order,
            [
                ("3", "aarch64"),
                ("3", "ulm:leaf"),
                ("2", "aarch64"),
                ("2", "ulm:leaf"),
                ("2", "aarch64"),
                ("2", "ulm:leaf"),
            ]
        );
    }
}
