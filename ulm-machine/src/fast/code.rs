//! The decoded pages of a memory.

use rustc_hash::FxHashMap;

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

/// The operations of a page.
pub(super) type Ops = [Op; PAGE_OPS];

/// The decoded pages of the memory that was run last.
///
/// They stay right because the memory tells its watcher about stores: the engine's own stores
/// come to [`Code::changed`], and after anybody else's the watch has ended, which
/// [`Code::enter`] notices.
#[derive(Debug)]
pub(super) struct Code {
    pages: Vec<Box<Ops>>,
    by_address: FxHashMap<u64, u32>,
    /// Pages entered lately: address and index.
    recent: [(u64, u32); RECENT],
    watcher: Watcher,
}

impl Default for Code {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            by_address: FxHashMap::default(),
            recent: [(NO_PAGE, 0); RECENT],
            watcher: Watcher::NONE,
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
        *self = Self::default();
    }

    /// Whether the decoded pages are those of `memory` as it is.
    #[inline]
    pub(super) fn is_current(&self, memory: &Memory) -> bool {
        self.watcher == memory.watcher()
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
            self.pages.push(undecoded_page());
            self.pages.len() as u32 - 1
        });
        self.recent[recent_index(page)] = (page, index);
        index
    }

    /// The operations of a page.
    #[inline]
    pub(super) fn ops(&self, index: u32) -> &Ops {
        &self.pages[index as usize]
    }

    /// Sets the operation at an address in a page.
    pub(super) fn set(&mut self, index: u32, address: u64, op: Op) {
        self.pages[index as usize][(address % PAGE_BYTES / 4) as usize] = op;
    }

    /// Takes notice of a store of `size` bytes, aligned.
    pub(super) fn changed(&mut self, address: u64, size: u64) {
        let page = address & !(PAGE_BYTES - 1);
        let (recent, index) = self.recent[recent_index(page)];
        let index = if recent == page {
            index
        } else {
            match self.by_address.get(&page) {
                Some(&index) => index,
                None => return,
            }
        };
        let ops = &mut self.pages[index as usize];
        let word = (address % PAGE_BYTES / 4) as usize;
        ops[word] = Op::Undecoded;
        if size == 8 {
            ops[word + 1] = Op::Undecoded;
        }
    }
}

fn undecoded_page() -> Box<Ops> {
    Box::new([Op::Undecoded; PAGE_OPS])
}
