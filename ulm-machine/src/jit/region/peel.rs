//! The first round of a small loop gets code of its own.
//!
//! ```text
//!        b1 ◄──┐               b1'
//!        b2 ───┘      →        b2' ──┐
//!                              b1 ◄──┤
//!                              b2 ───┘
//! ```
//!
//! In all further rounds the flags come from the loop itself, nearly always from operands that are in
//! registers of the program anyway: they need no values of their own.

use super::{Index, Region, inside, redirect};

/// The most instructions of a loop that is peeled.
const SMALL: usize = 48;

/// The most instructions that are added to a region.
const MOST_ADDED: usize = 400;

impl Region {
    /// Peels the small loops that have no other loop in them.
    pub(super) fn peel(&mut self) {
        let mut added = 0;
        let mut copies: Vec<(Index, Vec<Index>)> = Vec::new();
        let before = self.predecessors();
        for header in (0..self.blocks.len() as u32).map(Index) {
            if !self.blocks[header.index()].is_header {
                continue;
            }
            let Some((size, body)) = self.smallest_loop(header, &before) else {
                continue;
            };
            if added + size <= MOST_ADDED {
                added += size;
                copies.push((header, body));
            }
        }
        if copies.is_empty() {
            return;
        }
        for (header, body) in &copies {
            self.copy(*header, body);
        }
        self.sort();
    }

    /// Of the loops with a header the smallest, if it is small and has no other loop in it; with the
    /// number of its instructions.
    fn smallest_loop(&self, header: Index, before: &[Vec<Index>]) -> Option<(usize, Vec<Index>)> {
        let latches = before[header.index()].iter();
        latches
            .filter(|&&latch| latch >= header)
            .filter_map(|&latch| {
                let body = self.body(header, latch, before)?;
                let sizes = body
                    .iter()
                    .map(|block| self.blocks[block.index()].instructions.len());
                let size = sizes.sum();
                let is_innermost = body
                    .iter()
                    .all(|block| *block == header || !self.blocks[block.index()].is_header);
                (is_innermost && size <= SMALL).then_some((size, body))
            })
            .min_by_key(|(size, _)| *size)
    }

    /// The blocks of the loop with a header and a way back from a latch; `None` if it is large or can be
    /// entered elsewhere.
    fn body(&self, header: Index, latch: Index, before: &[Vec<Index>]) -> Option<Vec<Index>> {
        let mut body = vec![header];
        if latch != header {
            body.push(latch);
        }
        let mut next = 1;
        while next < body.len() {
            let block = body[next];
            next += 1;
            for &predecessor in &before[block.index()] {
                // In reverse post-order what comes before the header is not in its loop.
                if predecessor < header || body.len() > SMALL {
                    return None;
                }
                if !body.contains(&predecessor) {
                    body.push(predecessor);
                }
            }
        }
        Some(body)
    }

    fn predecessors(&self) -> Vec<Vec<Index>> {
        let mut before = vec![Vec::new(); self.blocks.len()];
        for (from, block) in (0..).map(Index).zip(&self.blocks) {
            for to in inside(&block.end) {
                before[to.index()].push(from);
            }
        }
        before
    }

    /// Copies a loop, and makes what leads to it from outside lead to the copy.
    fn copy(&mut self, header: Index, body: &[Index]) {
        let first = self.blocks.len() as u32;
        let copy_of = |block: Index| {
            let position = body.iter().position(|&other| other == block)?;
            Some(Index(first + position as u32))
        };
        for from in 0..self.blocks.len() {
            if !body.contains(&Index(from as u32)) {
                redirect(&mut self.blocks[from].end, |to| {
                    if to == header {
                        copy_of(to).unwrap_or(to)
                    } else {
                        to
                    }
                });
            }
        }
        for &block in body {
            let mut copy = self.blocks[block.index()].clone();
            redirect(&mut copy.end, |to| {
                if to == header {
                    to
                } else {
                    copy_of(to).unwrap_or(to)
                }
            });
            self.blocks.push(copy);
        }
        if header == Index::HEAD {
            // The copy of the head is the head now.
            self.blocks.swap(0, first as usize);
            let other = Index(first);
            for block in &mut self.blocks {
                redirect(&mut block.end, |to| match to {
                    to if to == header => other,
                    to if to == other => header,
                    to => to,
                });
            }
        }
    }
}
