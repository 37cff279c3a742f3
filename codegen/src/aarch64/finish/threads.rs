//! Where jumps really lead: through blocks that only jump on.

use super::super::instruction::{Instruction, Label};
use crate::machine::{Allocation, Code};

/// The label that stands for each block.
#[derive(Debug)]
pub(super) struct Threads {
    /// By block: the label to branch to instead; labels from the number of blocks on are those of
    /// exits.
    labels: Vec<u32>,
}

/// No label yet.
const UNKNOWN: u32 = u32::MAX;

impl Threads {
    /// Follows the jumps of a function.
    pub(super) fn of(code: &Code<Instruction>, allocation: &Allocation) -> Self {
        let blocks = code.blocks.len() as u32;
        let mut next = vec![UNKNOWN; blocks as usize];
        let mut edits = allocation.edits.iter().map(|edit| edit.before).peekable();
        for (block, parts) in code.blocks.iter().enumerate() {
            while edits.next_if(|&before| before < parts.start).is_some() {}
            let is_alone = parts.end == parts.start + 1;
            let has_edits = edits.peek().is_some_and(|&before| before < parts.end);
            next[block] = match code.instructions.get(parts.start as usize) {
                Some(&Instruction::B { label }) if is_alone && !has_edits && block != 0 => {
                    match label {
                        Label::Local(target) => target,
                        Label::Exit(exit) => blocks + exit,
                        Label::Offset(_) => block as u32,
                    }
                }
                _ => block as u32,
            };
        }
        Self {
            labels: resolve(&next),
        }
    }

    /// The label for a block.
    pub(super) fn label(&self, block: u32) -> u32 {
        self.labels[block as usize]
    }

    /// Whether a block only jumps on, so that it can be left out.
    pub(super) fn is_skipped(&self, block: u32) -> bool {
        self.labels[block as usize] != block
    }
}

/// Follows each chain to its end; blocks that jump in a circle stay as they are.
fn resolve(next: &[u32]) -> Vec<u32> {
    let mut labels = vec![UNKNOWN; next.len()];
    let mut chain = Vec::new();
    for start in 0..next.len() as u32 {
        let mut at = start;
        let end = loop {
            let Some(&known) = labels.get(at as usize) else {
                break at;
            };
            if known != UNKNOWN {
                break known;
            }
            if next[at as usize] == at {
                break at;
            }
            // Provisional: coming back here closes a circle.
            labels[at as usize] = at;
            chain.push(at);
            at = next[at as usize];
        };
        if let Some(known) = labels.get_mut(at as usize) {
            *known = end;
        }
        for block in chain.drain(..) {
            labels[block as usize] = end;
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_followed_to_their_end() {
        assert_eq!(resolve(&[1, 2, 3, 3]), [3, 3, 3, 3]);
    }

    #[test]
    fn an_exit_ends_a_chain() {
        assert_eq!(resolve(&[1, 7]), [7, 7]);
    }

    #[test]
    fn one_block_of_a_circle_stays() {
        let labels = resolve(&[0, 2, 1, 1]);
        let stays = labels[1];
        assert_eq!(labels, [0, stays, stays, stays]);
        assert!(stays == 1 || stays == 2);
    }
}
