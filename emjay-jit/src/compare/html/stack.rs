//! The stack of a call that is walked through: which of its words are drawn, and what is in them
//! after each step.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Step, Walk, Write};

/// Words that nothing was written to are drawn one by one up to this many; a longer row of them is
/// drawn as a gap.
const EMPTY_WORDS: u64 = 4;

/// The size of a word in bytes.
const WORD: u64 = 8;

/// How far an address lies above the stack pointer before the first step, in bytes; negative below
/// it. The ULM's stack begins at 0 and goes down from 2^64: as heights, addresses are in order there
/// too.
type Height = i64;

/// A row of the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// The word at this address.
    Word(u64),
    /// So many words to which nothing was written.
    Gap(u64),
}

/// The words that are drawn, the highest address first: all that are written to in the course of the
/// walk, that a pointer points to, and what lies between them.
pub(super) fn rows(walk: &Walk) -> Vec<Row> {
    let origin = walk.before_pointer;
    let heights = drawn(walk);
    let mut rows = Vec::new();
    let mut above: Option<Height> = None;
    for &height in heights.iter().rev() {
        if let Some(above) = above {
            let between = (above.abs_diff(height) / WORD).saturating_sub(1);
            if between > EMPTY_WORDS {
                rows.push(Row::Gap(between));
            } else {
                rows.extend(
                    (1..=between)
                        .map(|word| Row::Word(address(origin, above).wrapping_sub(WORD * word))),
                );
            }
        }
        rows.push(Row::Word(address(origin, height)));
        above = Some(height);
    }
    rows
}

fn drawn(walk: &Walk) -> BTreeSet<Height> {
    let height = |address| height(walk.before_pointer, address);
    let written = walk
        .before
        .iter()
        .chain(walk.steps.iter().flat_map(|step| &step.writes));
    let mut heights: BTreeSet<Height> = written
        .map(|write| height(write.address))
        .chain(walk.steps.iter().map(|step| height(step.pointer)))
        .chain([0])
        .collect();
    // A frame pointer that does not point into this stack yet may hold anything.
    if let (Some(&lowest), Some(&highest)) = (heights.first(), heights.last()) {
        let frames = walk.steps.iter().filter_map(|step| step.frame);
        heights.extend(
            frames
                .map(height)
                .filter(|frame| (lowest..=highest).contains(frame)),
        );
    }
    heights
}

fn height(origin: u64, address: u64) -> Height {
    address.wrapping_sub(origin) as Height
}

fn address(origin: u64, height: Height) -> u64 {
    origin.wrapping_add(height as u64)
}

/// Whether the walk leaves the stack as it is.
pub(super) fn is_untouched(walk: &Walk) -> bool {
    walk.steps
        .iter()
        .all(|step| step.writes.is_empty() && step.pointer == walk.before_pointer)
}

/// The stack in the course of a walk.
#[derive(Debug)]
pub(super) struct Stack<'w> {
    pub(super) pointer: u64,
    pub(super) frame: Option<u64>,
    contents: BTreeMap<u64, &'w Write>,
    fresh: &'w [Write],
}

/// A word of the stack at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'w> {
    /// What was written there last, if anything was.
    pub(super) content: Option<&'w Write>,
    /// Whether it lies below the stack pointer.
    pub(super) given_up: bool,
    /// Whether the latest step wrote it.
    pub(super) fresh: bool,
}

impl<'w> Stack<'w> {
    /// Before the first step.
    pub(super) fn before(walk: &'w Walk) -> Self {
        Self {
            pointer: walk.before_pointer,
            frame: None,
            contents: walk
                .before
                .iter()
                .map(|write| (write.address, write))
                .collect(),
            fresh: &[],
        }
    }

    /// Takes a step, and says whether it changed the drawing.
    pub(super) fn take(&mut self, step: &'w Step) -> bool {
        let changed =
            !step.writes.is_empty() || (self.pointer, self.frame) != (step.pointer, step.frame);
        self.pointer = step.pointer;
        self.frame = step.frame;
        self.contents
            .extend(step.writes.iter().map(|write| (write.address, write)));
        self.fresh = &step.writes;
        changed
    }

    /// The word at an address.
    pub(super) fn word(&self, address: u64) -> Word<'w> {
        Word {
            content: self.contents.get(&address).copied(),
            given_up: height(self.pointer, address) < 0,
            fresh: self.fresh.iter().any(|write| write.address == address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(address: u64, value: u64) -> Write {
        Write {
            address,
            value,
            name: "x".to_owned(),
        }
    }

    fn step(pointer: u64, writes: Vec<Write>) -> Step {
        Step {
            listing: 0,
            line: 0,
            pointer,
            frame: None,
            registers: Vec::new(),
            writes,
            skipped: 0,
        }
    }

    fn walk(before_pointer: u64, steps: Vec<Step>) -> Walk {
        Walk {
            caller: "main".to_owned(),
            callee: "g".to_owned(),
            stack_pointer: Some("sp".to_owned()),
            frame_pointer: None,
            before: Vec::new(),
            before_pointer,
            steps,
        }
    }

    #[test]
    fn the_highest_address_is_drawn_first() {
        let walk = walk(64, vec![step(48, vec![write(48, 1)])]);
        assert_eq!(rows(&walk), [Row::Word(64), Row::Word(56), Row::Word(48)]);
    }

    #[test]
    fn a_stack_that_begins_at_zero_goes_down_from_the_end_of_memory() {
        let top = 0_u64.wrapping_sub(8);
        let walk = walk(0, vec![step(top, vec![write(top, 1)])]);
        assert_eq!(rows(&walk), [Row::Word(0), Row::Word(top)]);
    }

    #[test]
    fn many_words_without_content_are_a_gap() {
        let walk = walk(800, vec![step(0, vec![write(0, 1)])]);
        assert_eq!(rows(&walk), [Row::Word(800), Row::Gap(99), Row::Word(0)]);
    }

    #[test]
    fn a_word_below_the_stack_pointer_is_given_up_and_keeps_its_content() {
        let top = 0_u64.wrapping_sub(8);
        let walk = walk(0, vec![step(top, vec![write(top, 7)]), step(0, Vec::new())]);
        let mut stack = Stack::before(&walk);
        stack.take(&walk.steps[0]);
        assert!(!stack.word(top).given_up);
        stack.take(&walk.steps[1]);
        let word = stack.word(top);
        assert_eq!(
            (word.given_up, word.content.map(|write| write.value)),
            (true, Some(7))
        );
    }

    #[test]
    fn what_the_latest_step_wrote_is_fresh() {
        let walk = walk(8, vec![step(8, vec![write(8, 7)]), step(8, Vec::new())]);
        let mut stack = Stack::before(&walk);
        stack.take(&walk.steps[0]);
        assert!(stack.word(8).fresh);
        stack.take(&walk.steps[1]);
        assert!(!stack.word(8).fresh);
    }

    #[test]
    fn a_frame_pointer_that_points_elsewhere_is_not_drawn() {
        let mut walk = walk(64, vec![step(48, Vec::new())]);
        walk.steps[0].frame = Some(1 << 40);
        assert_eq!(rows(&walk).len(), 3);
    }

    #[test]
    fn a_walk_that_neither_writes_nor_moves_the_pointer_leaves_the_stack_untouched() {
        assert!(is_untouched(&walk(8, vec![step(8, Vec::new())])));
        assert!(!is_untouched(&walk(8, vec![step(0, Vec::new())])));
    }
}
