//! The decoded pages of a memory.

use rustc_hash::FxHashMap;

use super::fusion::{MOST_WORDS, first_of, fuse};
use super::op::Op;
use crate::memory::{Memory, PAGE_BYTES, Watcher};

/// Instructions in a page.
pub(super) const PAGE_OPS: usize = (PAGE_BYTES / 4) as usize;

/// How many decoded pages are kept; each takes four times the room of its page.
const MOST_PAGES: usize = 1024;

/// Entries in front of the table of pages.
const RECENT: usize = 64;

/// No address of a page.
const NO_PAGE: u64 = u64::MAX;

/// How many addresses of changed words are kept.
const MOST_CHANGES: usize = 4096;

/// The operations of a page.
pub(super) type Ops = [Op; PAGE_OPS];

/// How often control has come to the words of a page, as far as it is counted.
#[derive(Debug)]
pub(super) struct Heat(Box<[i16; PAGE_OPS]>);

impl Heat {
    /// Adds to the heat of a word, an address of which is given, and says what it is then.
    #[inline]
    pub(super) fn add(&mut self, address: u64, heat: i16) -> i16 {
        let word = &mut self.0[word_index(address)];
        *word = word.saturating_add(heat);
        *word
    }

    /// Sets the heat of a word.
    pub(super) fn set(&mut self, address: u64, heat: i16) {
        self.0[word_index(address)] = heat;
    }
}

/// A page with code.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) ops: Box<Ops>,
    pub(super) heat: Heat,
}

impl Page {
    fn undecoded() -> Self {
        Self {
            ops: Box::new([Op::Undecoded; PAGE_OPS]),
            heat: Heat(Box::new([0; PAGE_OPS])),
        }
    }
}

/// The index of a word in its page.
#[inline]
pub(super) fn word_index(address: u64) -> usize {
    (address % PAGE_BYTES / 4) as usize
}

/// The decoded pages of the memory that was run last.
///
/// They stay right because the memory tells its watcher about stores: the engine's own stores
/// come to [`Code::changed`], and after anybody else's the watch has ended, which
/// [`Code::enter`] notices.
#[derive(Debug)]
pub(super) struct Code {
    pages: Vec<Page>,
    by_address: FxHashMap<u64, u32>,
    /// Pages entered lately: address and index.
    recent: [(u64, u32); RECENT],
    watcher: Watcher,
    /// Words that stores have hit, for [`Code::take_changes`].
    changes: Vec<u64>,
    /// How often all pages were forgotten.
    forgotten: u64,
}

impl Default for Code {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            by_address: FxHashMap::default(),
            recent: [(NO_PAGE, 0); RECENT],
            watcher: Watcher::NONE,
            changes: Vec::new(),
            forgotten: 0,
        }
    }
}

impl Clone for Code {
    /// Nothing: two engines can't watch one memory.
    fn clone(&self) -> Self {
        Self::default()
    }
}

fn recent_index(page: u64) -> usize {
    (page / PAGE_BYTES) as usize % RECENT
}

impl Code {
    /// Forgets all pages.
    pub(super) fn forget(&mut self) {
        *self = Self {
            forgotten: self.forgotten + 1,
            ..Self::default()
        };
    }

    /// How often all pages were forgotten.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Whether the decoded pages are those of `memory` as it is.
    #[inline]
    pub(super) fn is_current(&self, memory: &Memory) -> bool {
        self.watcher == memory.watcher()
    }

    /// Whether anything was decoded since all was forgotten.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// What the memory's watcher is as long as the decoded pages are current.
    #[inline]
    pub(super) fn watcher(&self) -> Watcher {
        self.watcher
    }

    /// The index of the page of an address, for [`Code::ops`].
    #[inline]
    pub(super) fn enter(&mut self, memory: &mut Memory, address: u64) -> u32 {
        let page = address & !(PAGE_BYTES - 1);
        let (recent, index) = self.recent[recent_index(page)];
        if recent == page && self.is_current(memory) {
            return index;
        }
        self.enter_slowly(memory, page)
    }

    #[inline(never)]
    fn enter_slowly(&mut self, memory: &mut Memory, page: u64) -> u32 {
        let known = self.by_address.contains_key(&page);
        let is_full = !known && self.pages.len() >= MOST_PAGES;
        if self.watcher == Watcher::NONE || !self.is_current(memory) || is_full {
            self.forget();
            self.watcher = memory.adopt();
        }
        let index = *self.by_address.entry(page).or_insert_with(|| {
            memory.watch(page);
            self.pages.push(Page::undecoded());
            self.pages.len() as u32 - 1
        });
        self.recent[recent_index(page)] = (page, index);
        index
    }

    /// A page that was entered.
    #[inline]
    pub(super) fn page(&mut self, index: u32) -> &mut Page {
        &mut self.pages[index as usize]
    }

    /// The page of an address if it was entered.
    pub(super) fn page_at(&mut self, address: u64) -> Option<&mut Page> {
        let index = self.index_of(address)?;
        Some(self.page(index))
    }

    /// Whether the word of an address is decoded.
    pub(super) fn is_decoded(&self, address: u64) -> bool {
        self.index_of(address).is_some_and(|index| {
            let op = self.pages[index as usize].ops[word_index(address)];
            !matches!(op, Op::Undecoded)
        })
    }

    fn index_of(&self, address: u64) -> Option<u32> {
        let page = address & !(PAGE_BYTES - 1);
        match self.recent[recent_index(page)] {
            (recent, index) if recent == page => Some(index),
            _ => self.by_address.get(&page).copied(),
        }
    }

    /// Sets the operation at an address in a page, and makes pairs of it and its neighbours.
    pub(super) fn decoded(&mut self, index: u32, address: u64, op: Op) {
        let ops = &mut self.pages[index as usize].ops;
        let word = word_index(address);
        ops[word] = op;
        for first in (word.saturating_sub(MOST_WORDS - 1)..=word).rev() {
            if let Some(&second) = ops.get(first + 1)
                && let Some(pair) = fuse(ops[first], second)
            {
                ops[first] = pair;
            }
        }
    }

    /// Takes notice of a store of `size` bytes, aligned.
    pub(super) fn changed(&mut self, address: u64, size: u64) {
        let Some(Page { ops, .. }) = self.page_at(address) else {
            return;
        };
        let word = word_index(address);
        ops[word] = Op::Undecoded;
        for op in &mut ops[word.saturating_sub(MOST_WORDS - 1)..word] {
            *op = first_of(*op);
        }
        if size == 8 {
            ops[word + 1] = Op::Undecoded;
        }
    }

    /// Remembers that a store of `size` bytes, aligned, hit a marked word. If nobody asks for what is
    /// remembered, all is forgotten some time.
    pub(super) fn note_change(&mut self, address: u64, size: u64) {
        if self.changes.len() + 2 > MOST_CHANGES {
            self.forget();
            return;
        }
        let word = address & !3;
        self.changes.push(word);
        if size == 8 {
            self.changes.push(word + 4);
        }
    }

    /// The addresses of the words whose changes were noted since the last call.
    pub(super) fn take_changes(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.changes)
    }
}
