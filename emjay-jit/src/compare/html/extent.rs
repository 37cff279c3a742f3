//! How much of the code is in the page: browsers get slow over some ten thousand lines.

use super::super::phrases::{number, quantity};
use super::super::{Column, IrFunction};

/// The page has at most so many instructions of a column, and so many lines of the IR.
const MOST: usize = 20_000;

/// Which parts of a code are in the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// For each part, by its index, whether it is there.
    shown: Vec<bool>,
    /// How many parts are not there.
    left_out: u64,
    /// How many lines those have.
    lines_left_out: u64,
}

impl Extent {
    /// The listings of a column, those of the runtime behind the functions; those that its walk goes
    /// through come first.
    pub(super) fn of_column(column: &Column) -> Self {
        let listings = column.functions.iter().chain(&column.runtime);
        let sizes: Vec<usize> = listings.map(|listing| listing.lines.len()).collect();
        let steps = column.walk.iter().flat_map(|walk| &walk.steps);
        Self::of(&sizes, steps.map(|step| step.listing))
    }

    /// The functions of the IR.
    pub(super) fn of_ir(functions: &[IrFunction]) -> Self {
        let sizes: Vec<usize> = functions.iter().map(|f| f.lines.len()).collect();
        Self::of(&sizes, std::iter::empty())
    }

    /// Takes what still fits: first the parts that are `wanted`, then all in their order.
    fn of(sizes: &[usize], wanted: impl Iterator<Item = usize>) -> Self {
        let mut shown = vec![false; sizes.len()];
        let mut room = MOST;
        for index in wanted.chain(0..sizes.len()) {
            let Some(&size) = sizes.get(index) else {
                continue;
            };
            if !shown[index] && size <= room {
                shown[index] = true;
                room -= size;
            }
        }
        let left_out = || sizes.iter().zip(&shown).filter(|&(_, &shown)| !shown);
        Self {
            left_out: left_out().count() as u64,
            lines_left_out: left_out().map(|(&size, _)| size as u64).sum(),
            shown,
        }
    }

    /// Whether a part is in the page.
    pub(super) fn has(&self, index: usize) -> bool {
        self.shown.get(index).copied().unwrap_or(false)
    }

    /// What is to be said if something is missing; `line` is what a line of the code is called.
    pub(super) fn note(&self, line: &str) -> Option<String> {
        (self.left_out > 0).then(|| {
            format!(
                "{} with {} left out: the page has at most {} of them, the other formats have all.",
                quantity(self.left_out, "function"),
                quantity(self.lines_left_out, line),
                number(MOST as u64),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sizes: &[usize], wanted: &[usize]) -> Vec<bool> {
        Extent::of(sizes, wanted.iter().copied()).shown
    }

    #[test]
    fn a_code_that_fits_is_shown_as_a_whole() {
        let extent = Extent::of(&[MOST - 1, 1], std::iter::empty());
        assert_eq!(extent.shown, [true, true]);
        assert_eq!(extent.note("instruction"), None);
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_counted() {
        let extent = Extent::of(&[MOST - 1, 2, 1, 1000], std::iter::empty());
        assert_eq!(extent.shown, [true, false, true, false]);
        let expected = "2 functions with 1,002 instructions left out: the page has at most 20,000 \
                        of them, the other formats have all.";
        assert_eq!(extent.note("instruction").as_deref(), Some(expected));
    }

    #[test]
    fn what_is_wanted_comes_first() {
        assert_eq!(shown(&[MOST, 3, 4], &[2, 1, 2]), [false, true, true]);
        assert_eq!(shown(&[1], &[7]), [true]);
    }
}
