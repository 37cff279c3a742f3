//! The listings of a column by name, and the instructions of a function by the line of the source
//! that they come from.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Column, Line, Listing};

/// A gap of at most so many lines between two that have code is filled.
const FILLED_GAP: u32 = 3;

/// The listings of a column, by the names of their functions.
pub(super) fn by_name(column: &Column) -> FxHashMap<&str, &Listing> {
    let listings = column.functions.iter();
    listings.map(|listing| (&*listing.name, listing)).collect()
}

/// A line of the source and what came from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group<'a> {
    /// The line, from 1; `None` for what comes from none.
    pub(super) source_line: Option<u32>,
    /// For each listing its instructions, in the order of their addresses.
    pub(super) instructions: Vec<Vec<&'a Line>>,
}

/// The groups of a function, of which there is a listing or none for each column: in the order of
/// the source, what comes from none of its lines at the end. Short gaps are filled with lines that
/// have no code.
pub(super) fn by_source_line<'a>(listings: &[Option<&'a Listing>]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<u32, Vec<Vec<&Line>>> = BTreeMap::new();
    for (index, listing) in listings.iter().enumerate() {
        for line in listing.iter().flat_map(|listing| &listing.lines) {
            // Behind all others.
            let key = line.source_line.unwrap_or(u32::MAX);
            let group = groups
                .entry(key)
                .or_insert_with(|| vec![Vec::new(); listings.len()]);
            group[index].push(line);
        }
    }
    let mut filled: Vec<Group<'_>> = Vec::with_capacity(groups.len());
    for (key, instructions) in groups {
        let source_line = (key != u32::MAX).then_some(key);
        if let (Some(line), Some(last)) = (source_line, filled.last().and_then(|g| g.source_line))
            && line - last <= FILLED_GAP + 1
        {
            filled.extend((last + 1..line).map(|line| Group {
                source_line: Some(line),
                instructions: vec![Vec::new(); listings.len()],
            }));
        }
        filled.push(Group {
            source_line,
            instructions,
        });
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::sample;

    fn moved_to(lines: &[Option<u32>]) -> Listing {
        let mut listing = sample().columns[0].functions[0].clone();
        listing.lines.truncate(lines.len());
        for (line, &source_line) in listing.lines.iter_mut().zip(lines) {
            line.source_line = source_line;
        }
        listing
    }

    fn lines_and_sizes(groups: &[Group<'_>]) -> Vec<(Option<u32>, Vec<usize>)> {
        let sizes = |g: &Group<'_>| g.instructions.iter().map(Vec::len).collect();
        groups.iter().map(|g| (g.source_line, sizes(g))).collect()
    }

    #[test]
    fn instructions_of_a_line_stand_together_in_every_column() {
        let (first, second) = (
            moved_to(&[Some(1), Some(3), Some(2), Some(3), None]),
            moved_to(&[Some(2)]),
        );
        let groups = by_source_line(&[Some(&first), None, Some(&second)]);
        assert_eq!(
            lines_and_sizes(&groups),
            [
                (Some(1), vec![1, 0, 0]),
                (Some(2), vec![1, 0, 1]),
                (Some(3), vec![2, 0, 0]),
                (None, vec![1, 0, 0]),
            ]
        );
        assert_eq!(
            groups[2].instructions[0],
            [&first.lines[1], &first.lines[3]]
        );
    }

    #[test]
    fn lines_without_code_fill_short_gaps_only() {
        let listing = moved_to(&[Some(1), Some(3), Some(90)]);
        let groups = by_source_line(&[Some(&listing)]);
        let lines: Vec<_> = groups.iter().map(|group| group.source_line).collect();
        assert_eq!(lines, [Some(1), Some(2), Some(3), Some(90)]);
    }
}
