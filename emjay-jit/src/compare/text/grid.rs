//! What has to fit the width: tables, tables that are broken because they are too wide, blocks
//! beside each other, sentences.

use super::styled::{Role, Styled};
use crate::compare::tables::Table;

/// What is between two columns of a table.
const GAP: usize = 2;

/// What is between two blocks.
const GUTTER: usize = 4;

/// A table, in its natural width.
pub(super) fn drawn(table: &Table) -> Vec<Styled> {
    let all: Vec<usize> = (0..table.head.len()).collect();
    draw(table, &all, &widths(table))
}

/// A table in pieces below each other, each as wide as there is room and with the names again.
pub(super) fn drawn_in_bands(table: &Table, width: usize) -> Vec<Styled> {
    let widths = widths(table);
    let names: Vec<usize> = (0..table.names).collect();
    let names_width: usize = names.iter().map(|&column| widths[column] + GAP).sum();
    let mut lines = Vec::new();
    let mut next = table.names;
    loop {
        let mut band = names.clone();
        let mut used = names_width;
        while next < table.head.len() {
            let is_first = band.len() == table.names;
            if !is_first && used + widths[next] > width {
                break;
            }
            used += widths[next] + GAP;
            band.push(next);
            next += 1;
        }
        lines.extend(draw(table, &band, &widths));
        if next == table.head.len() {
            return lines;
        }
        lines.push(Styled::default());
    }
}

fn widths(table: &Table) -> Vec<usize> {
    let width = |text: &String| Styled::new(Role::Plain, text).width();
    let mut widths: Vec<usize> = table.head.iter().map(width).collect();
    for row in &table.rows {
        for (widest, text) in widths.iter_mut().zip(row) {
            *widest = width(text).max(*widest);
        }
    }
    widths
}

/// Some columns of a table.
fn draw(table: &Table, columns: &[usize], widths: &[usize]) -> Vec<Styled> {
    let line = |row: &[String], role: Role| {
        let mut line = Styled::default();
        for &column in columns {
            let mut cell = Styled::new(role, &row[column]);
            if column >= table.names {
                line.pad(line.width() + widths[column] - cell.width());
            } else {
                cell.pad(widths[column]);
            }
            line.append(cell);
            line.pad(line.width() + GAP);
        }
        line
    };
    let head = line(&table.head, Role::Heading);
    let rows = table.rows.iter().map(|row| line(row, Role::Plain));
    std::iter::once(head).chain(rows).collect()
}

/// Blocks of lines, as many beside each other as there is room for.
pub(super) fn beside_each_other(
    blocks: impl Iterator<Item = Vec<Styled>>,
    width: usize,
) -> Vec<Styled> {
    let mut lines: Vec<Styled> = Vec::new();
    // Where the blocks begin that stand beside each other at the moment, and how wide they are.
    let mut top = 0;
    let mut used = 0;
    for block in blocks {
        let block_width = block.iter().map(Styled::width).max().unwrap_or(0);
        let is_first = used == 0;
        if !is_first && used + GUTTER + block_width > width {
            lines.push(Styled::default());
            top = lines.len();
            used = 0;
        }
        let start = if used == 0 { 0 } else { used + GUTTER };
        for (index, line) in block.into_iter().enumerate() {
            if lines.len() <= top + index {
                lines.push(Styled::default());
            }
            lines[top + index].pad(start);
            lines[top + index].append(line);
        }
        used = start + block_width;
    }
    lines
}

/// A sentence in as many lines as it takes.
pub(super) fn wrapped(role: Role, text: &str, width: usize) -> Vec<Styled> {
    let mut lines: Vec<Styled> = Vec::new();
    for word in text.split_whitespace() {
        let word = Styled::new(role, word);
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(role, " ");
                line.append(word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use diagnostics::Appearance;

    fn text(lines: &[Styled]) -> String {
        let mut text = String::new();
        for line in lines {
            line.write(Appearance::Plain, &mut text);
        }
        text
    }

    fn table() -> Table {
        let row = |texts: [&str; 3]| texts.map(str::to_owned).to_vec();
        Table {
            names: 1,
            head: row(["", "one", "two"]),
            rows: vec![row(["loads", "1", "1,000"])],
        }
    }

    #[test]
    fn names_stand_on_the_left_and_numbers_on_the_right() {
        assert_eq!(
            text(&drawn(&table())),
            "       one    two\nloads    1  1,000\n"
        );
    }

    #[test]
    fn a_table_that_is_too_wide_goes_on_below() {
        let lines = drawn_in_bands(&table(), 12);
        assert_eq!(
            text(&lines),
            "       one\nloads    1\n\n         two\nloads  1,000\n"
        );
        assert_eq!(
            text(&drawn_in_bands(&table(), 17)),
            text(&drawn(&table())),
            "there is room for all"
        );
    }

    #[test]
    fn blocks_stand_beside_each_other_as_far_as_they_fit() {
        let block = |names: &[&str]| -> Vec<Styled> {
            names
                .iter()
                .map(|name| Styled::new(Role::Plain, name))
                .collect()
        };
        let blocks = [block(&["aa", "a"]), block(&["b"]), block(&["c"])];
        let lines = beside_each_other(blocks.into_iter(), 8);
        assert_eq!(text(&lines), "aa    b\na\n\nc\n");
    }
    #[test]
    fn a_sentence_goes_on_in_the_next_line() {
        let lines = wrapped(Role::Plain, "the stack was too small", 10);
        assert_eq!(text(&lines), "the stack\nwas too\nsmall\n");
    }
}
