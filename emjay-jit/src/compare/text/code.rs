//! The code of the columns, side by side, below the lines of the source that it comes from.

use rustc_hash::FxHashMap;

use super::heading;
use super::styled::{Role, Styled};
use crate::compare::groups::{Group, by_name, by_source_line};
use crate::compare::phrases::{function_names, number, quantity, short_mechanism, short_part};
use crate::compare::{Column, Line, Listing, Report};

/// Between two columns.
const SEPARATOR: &str = " │ ";
const SEPARATOR_WIDTH: usize = 3;

/// Columns stand side by side if their instructions have so much room, or as much as they need.
const ENOUGH_FOR_TEXT: usize = 36;

/// Code stands so far to the right of the lines of the source.
const INDENT: usize = 2;

/// The marks: `pre  ctl! `.
const MARKS_WIDTH: usize = 10;

/// The code of all functions.
pub(super) fn functions(report: &Report, width: usize) -> Vec<Styled> {
    let columns: Vec<Code<'_>> = report.columns.iter().map(Code::of).collect();
    let bands = bands(&columns, width.saturating_sub(INDENT));
    let mut lines = Vec::new();
    for name in function_names(report) {
        if !lines.is_empty() {
            lines.push(Styled::default());
        }
        lines.push(heading(name, width));
        for band in &bands {
            let listings: Vec<Option<&Listing>> = band
                .iter()
                .map(|placed| placed.code.functions.get(name).copied())
                .collect();
            if listings.iter().any(Option::is_some) {
                lines.push(Styled::default());
                lines.push(band_head(band, &listings));
                lines.extend(band_code(band, &listings, &report.source));
            }
        }
    }
    lines
}

/// The code that belongs to no function: in full where it is counted, else its size.
pub(super) fn runtime(report: &Report, width: usize) -> Vec<Styled> {
    let mut lines = Vec::new();
    for column in &report.columns {
        let code = Code::of(column);
        let room = width.saturating_sub(INDENT);
        let band = [Placed {
            width: code.natural_width().min(room),
            code: &code,
        }];
        for listing in &column.runtime {
            let mut line = Styled::new(Role::Aside, &column.name);
            line.push(Role::Plain, &format!("  {}", listing.name));
            line.push(Role::Aside, &format!("  {}", size(listing)));
            lines.push(line);
            if listing.is_counted {
                lines.extend(band_code(&band, &[Some(listing)], &[]));
            }
        }
    }
    if !lines.is_empty() {
        lines.splice(
            0..0,
            [heading("Around the program", width), Styled::default()],
        );
    }
    lines
}

// ---- columns ----

/// The code of a column, and how much room its pieces need.
struct Code<'a> {
    column: &'a Column,
    functions: FxHashMap<&'a str, &'a Listing>,
    address_width: usize,
    text_width: usize,
    executed_width: usize,
    head_width: usize,
}

impl<'a> Code<'a> {
    fn of(column: &'a Column) -> Self {
        let lines = || {
            let runtime = column.runtime.iter().filter(|listing| listing.is_counted);
            let listings = column.functions.iter().chain(runtime);
            listings.flat_map(|listing| &listing.lines)
        };
        let width = |text: &str| Styled::new(Role::Plain, text).width();
        let highest = lines().map(|line| line.address).max().unwrap_or(0);
        Self {
            column,
            functions: by_name(column),
            address_width: format!("{highest:x}").len().max(4),
            text_width: lines().map(|line| width(&line.text)).max().unwrap_or(0),
            executed_width: lines()
                .filter_map(|line| line.executed)
                .map(|executed| width(&times(executed)))
                .max()
                .unwrap_or(0),
            head_width: column
                .functions
                .iter()
                .map(Some)
                .chain([None])
                .map(|listing| column_head(column, listing).width())
                .max()
                .unwrap_or(0),
        }
    }

    /// The room for everything but the text of the instructions.
    const fn frame_width(&self) -> usize {
        self.address_width + 1 + MARKS_WIDTH + 2 + self.executed_width
    }

    /// The least room for this column beside others.
    fn least_width(&self) -> usize {
        let text_width = self.text_width.min(ENOUGH_FOR_TEXT);
        self.head_width.max(self.frame_width() + text_width)
    }

    /// The room in which nothing has to be cut.
    fn natural_width(&self) -> usize {
        self.head_width.max(self.frame_width() + self.text_width)
    }
}

/// How often, as it stands behind an instruction.
fn times(executed: u64) -> String {
    format!("×{}", number(executed))
}

/// A column with the room that it has.
struct Placed<'a> {
    code: &'a Code<'a>,
    width: usize,
}

/// The columns that stand side by side: as many as have enough room, at least one.
fn bands<'a>(columns: &'a [Code<'a>], width: usize) -> Vec<Vec<Placed<'a>>> {
    let mut bands: Vec<Vec<Placed<'_>>> = Vec::new();
    let mut room = 0;
    for code in columns {
        let needed = code.least_width() + SEPARATOR_WIDTH;
        match bands.last_mut() {
            Some(band) if needed <= room => {
                room -= needed;
                band.push(Placed {
                    code,
                    width: code.least_width(),
                });
            }
            _ => {
                let first = code.least_width().min(width);
                room = width - first;
                bands.push(vec![Placed { code, width: first }]);
            }
        }
    }
    for band in &mut bands {
        widen(band, width);
    }
    bands
}

/// Gives the room that is left to columns that are cut.
fn widen(band: &mut [Placed<'_>], width: usize) {
    let separators = SEPARATOR_WIDTH * (band.len() - 1);
    let used: usize = band.iter().map(|placed| placed.width).sum();
    let mut room = width.saturating_sub(used + separators);
    for placed in band {
        let wanted = placed.code.natural_width().saturating_sub(placed.width);
        let more = wanted.min(room);
        placed.width += more;
        room -= more;
    }
}

// ---- rows ----

/// The names of the columns over their code.
fn band_head(band: &[Placed<'_>], listings: &[Option<&Listing>]) -> Styled {
    let cells = band.iter().zip(listings);
    let cells = cells.map(|(placed, listing)| vec![column_head(placed.code.column, *listing)]);
    rows_of(band, cells.collect()).remove(0)
}

/// `aarch64  6 instructions, ×1`
fn column_head(column: &Column, listing: Option<&Listing>) -> Styled {
    let mut head = Styled::new(Role::Heading, &column.name);
    let size = listing.map_or_else(|| "no code".to_owned(), size);
    head.push(Role::Aside, &format!("  {size}"));
    head
}

/// The size of a listing, and how often it was entered.
fn size(listing: &Listing) -> String {
    let size = quantity(listing.lines.len() as u64, "instruction");
    match listing.entered {
        Some(entered) => format!("{size}, {}", times(entered)),
        None => size,
    }
}

/// The code of a function, by lines of the source.
fn band_code(band: &[Placed<'_>], listings: &[Option<&Listing>], source: &[String]) -> Vec<Styled> {
    let groups = by_source_line(listings);
    let last = groups.iter().filter_map(|group| group.source_line).max();
    let digits = last.map_or(0, |line| line.to_string().len());
    let mut lines = Vec::new();
    for Group {
        source_line,
        instructions,
    } in groups
    {
        if let Some(line) = source_line {
            let text = source.get(line as usize - 1).map_or("", |text| text);
            let mut heading = Styled::new(Role::Aside, &format!("{line:>digits$} | "));
            heading.push(Role::Aside, text);
            lines.push(heading);
        }
        let cells = band
            .iter()
            .zip(instructions)
            .map(|(placed, instructions)| cells(placed, &instructions));
        lines.extend(rows_of(band, cells.collect()));
    }
    lines
}

/// The instructions of a group in a column, and their labels; `⋮` where one doesn't stand behind the
/// other in the code.
fn cells(placed: &Placed<'_>, instructions: &[&Line]) -> Vec<Styled> {
    let mut cells = Vec::with_capacity(instructions.len());
    let mut next = None;
    for line in instructions {
        if next.is_some_and(|next| next != line.address) {
            cells.push(Styled::new(Role::Aside, "⋮"));
        }
        next = Some(line.address + u64::from(line.bytes));
        if let Some(label) = &line.label {
            let mut cell = Styled::blank(placed.code.address_width + 1);
            cell.push(Role::Heading, &format!("{label}:"));
            cells.push(cell);
        }
        cells.push(instruction(placed, line));
    }
    cells
}

/// `0004 pre  ctl  bl   g            ×1`
fn instruction(placed: &Placed<'_>, line: &Line) -> Styled {
    let code = placed.code;
    let role = Role::Of(line.part);
    let address = format!("{:0width$x} ", line.address, width = code.address_width);
    let mut cell = Styled::new(Role::Aside, &address);
    let marks = cell.width();
    cell.push(role, short_part(line.part));
    cell.pad(marks + 5);
    cell.push(role, short_mechanism(line.mechanism));
    if line.needless {
        cell.push(Role::Bad, "!");
    }
    cell.pad(marks + MARKS_WIDTH);
    cell.push(role, &line.text);
    let executed = line.executed.map(times).unwrap_or_default();
    let executed = Styled::new(Role::Aside, &executed);
    let end = placed.width.saturating_sub(code.executed_width);
    // Without room for the text and the count, the text goes first.
    if cell.width() < end || code.frame_width() + code.text_width.min(8) <= placed.width {
        cell.cut(end.saturating_sub(1));
        cell.pad(placed.width - executed.width());
        cell.append(executed);
    }
    cell
}

/// Cells of columns as rows.
fn rows_of(band: &[Placed<'_>], cells: Vec<Vec<Styled>>) -> Vec<Styled> {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut columns: Vec<_> = cells.into_iter().map(Vec::into_iter).collect();
    let mut rows = Vec::with_capacity(height);
    for _ in 0..height {
        let mut row = Styled::blank(INDENT);
        let mut end = INDENT;
        for (index, (placed, column)) in band.iter().zip(&mut columns).enumerate() {
            if index > 0 {
                row.push(Role::Aside, SEPARATOR);
                end += SEPARATOR_WIDTH;
            }
            end += placed.width;
            if let Some(mut cell) = column.next() {
                cell.cut(placed.width);
                row.append(cell);
            }
            row.pad(end);
        }
        rows.push(row);
    }
    rows
}
