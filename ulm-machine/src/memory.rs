//! Guest memory: 2^64 bytes, big endian, in pages that exist once they are written.
//!
//! Pages hang in a trie that is shared between a machine and its snapshots: taking a snapshot
//! copies the root, and the first write to a page afterwards copies the page and the few nodes
//! above it. In front of the trie stand two small tables with the pages in use, one for reads and
//! one for writes. They hold raw pointers, which is why this module may say `unsafe`.
//!
//! A table entry for writes means: this memory owns the page alone. Taking a snapshot therefore
//! clears that table, and only the way through the trie, which copies what is shared, fills it.

// Loads and stores are a third of what programs do. Going through the trie and its reference
// counts each time would make them ten times as slow.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashSet;

use crate::stop::Limit;

/// The size of a page in bytes: the unit in which memory is allocated and counted.
pub const PAGE_BYTES: u64 = 4096;

const PAGE: usize = PAGE_BYTES as usize;
const OFFSET_MASK: u64 = PAGE_BYTES - 1;

/// Bits of a page's key that select a child at each level of the trie.
const LEVEL_BITS: u32 = 5;

/// Entries of each table of pages in use: 2 to this power.
const TABLE_BITS: u32 = 8;

/// A tag that no address has.
const NO_PAGE: u64 = u64::MAX;

/// Set in the tag of a page that an engine watches, so that stores to it take the long way.
const WATCHED: u64 = 0x800;

/// The bytes of a page.
///
/// Invariant: they are changed only by a [`Memory`] whose trie holds the only reference to the
/// page, through a method that has that memory `&mut`.
#[repr(align(64))]
struct Page(UnsafeCell<[u8; PAGE]>);

// SAFETY: by the invariant above, a page that two threads can reach (it is shared by memories, or
// the memory is borrowed by both) is not changed by either.
unsafe impl Sync for Page {}

impl Page {
    fn address(&self) -> *mut u8 {
        self.0.get().cast()
    }

    /// The bytes, for as long as nobody can write to the memory they belong to.
    ///
    /// # Safety
    ///
    /// The page must not be written while the reference lives.
    unsafe fn bytes(&self) -> &[u8; PAGE] {
        // SAFETY: the pointer is valid, and the caller rules out writes.
        unsafe { &*self.0.get() }
    }
}

/// What unwritten memory reads as.
static ZERO_PAGE: Page = Page(UnsafeCell::new([0; PAGE]));

/// A child in the trie.
#[derive(Clone)]
enum Node {
    Branch(Arc<Branch>),
    Page { key: u64, page: Arc<Page> },
}

/// An inner node: the children that exist, by ascending index.
#[derive(Clone, Default)]
struct Branch {
    /// A bit for each index that has a child.
    present: u32,
    children: Vec<Node>,
}

impl Branch {
    /// Where the child for `key` is, or would have to be inserted, and its bit.
    fn slot(&self, key: u64, level: u32) -> (usize, u32) {
        let bit = 1u32 << (key >> (level * LEVEL_BITS) & 31);
        ((self.present & (bit - 1)).count_ones() as usize, bit)
    }
}

/// The place of a page in the trie: its number, shuffled so that any stride spreads out.
///
/// Each step can be undone, so different pages have different keys.
fn key_of(address: u64) -> u64 {
    let number = address / PAGE_BYTES;
    let mixed = (number ^ number >> 23).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 32
}

/// The table entry for a page. The multiplication keeps pages of a regular stride apart.
#[inline]
fn table_index(address: u64) -> usize {
    ((address / PAGE_BYTES).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - TABLE_BITS)) as usize
}

/// A page in use: the address of its first byte, perhaps with [`WATCHED`], and its bytes.
#[derive(Clone, Copy)]
struct Entry {
    tag: u64,
    bytes: *mut u8,
}

type Table = Box<[Entry; 1 << TABLE_BITS]>;

fn empty_table() -> Table {
    Box::new(
        [Entry {
            tag: NO_PAGE,
            bytes: std::ptr::null_mut(),
        }; 1 << TABLE_BITS],
    )
}

/// How a store went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The bytes are in memory.
    Done,
    /// The bytes are in memory, in a page that an engine watches.
    DoneWatched,
    /// Nothing was stored: the address is not a multiple of the size.
    Misaligned,
    /// Nothing was stored: the page would have been one too many.
    Full,
}

/// Which engine has decoded code of a memory; no two adoptions have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watcher(u64);

impl Watcher {
    /// Nobody.
    pub(crate) const NONE: Self = Self(0);

    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// 2^64 bytes. They read as 0 until they are written, and take room in pages of [`PAGE_BYTES`]
/// once they are.
pub struct Memory {
    root: Arc<Branch>,
    /// Pages for reading. Invariant: an entry's bytes are those of the page in the trie with that
    /// address, or [`ZERO_PAGE`] if there is none.
    reads: Table,
    /// Pages for writing. Invariant: as above, and the page and all nodes above it belong to this
    /// memory alone. The tag has [`WATCHED`] if `watched` has the page.
    writes: Table,
    /// Number of pages in the trie.
    pages: u64,
    /// How many pages were copied because a snapshot shared them.
    copied: u64,
    /// The most bytes that pages may take.
    limit: u64,
    /// The engine that has decoded the pages in `watched` and nothing has happened to them since
    /// behind its back.
    watcher: Watcher,
    watched: FxHashSet<u64>,
}

// SAFETY: the pointers in the tables lead to pages that the trie keeps alive wherever the memory
// goes, or to a static. The rest is `Send`.
unsafe impl Send for Memory {}

// SAFETY: through `&Memory`, pages are only read, and the tables are not used.
unsafe impl Sync for Memory {}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("allocated", &self.allocated())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Memory {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            root: Arc::default(),
            reads: empty_table(),
            writes: empty_table(),
            pages: 0,
            copied: 0,
            limit,
            watcher: Watcher::NONE,
            watched: FxHashSet::default(),
        }
    }

    /// A memory with the same contents. Takes the same short time however many pages there are;
    /// the first write to each page afterwards, by either, copies that page.
    pub(crate) fn snapshot(&mut self) -> Self {
        // From now on no page belongs to this memory alone.
        for entry in self.writes.iter_mut() {
            entry.tag = NO_PAGE;
        }
        Self {
            root: Arc::clone(&self.root),
            pages: self.pages,
            ..Self::new(self.limit)
        }
    }

    /// The bytes that the allocated pages take.
    pub fn allocated(&self) -> u64 {
        self.pages * PAGE_BYTES
    }

    /// How many pages were copied, in this memory's life, because a snapshot had them too.
    pub fn pages_copied(&self) -> u64 {
        self.copied
    }

    pub(crate) fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The byte at an address.
    pub fn byte(&self, address: u64) -> u8 {
        let mut byte = [0];
        self.read_bytes(address, &mut byte);
        byte[0]
    }

    /// The big-endian number in the `size` bytes, 0 ..= 8, at an address, aligned or not.
    pub fn number(&self, address: u64, size: usize) -> u64 {
        let mut bytes = [0; 8];
        let size = size.min(8);
        self.read_bytes(address, &mut bytes[8 - size..]);
        u64::from_be_bytes(bytes)
    }

    /// The bytes from `address` on; behind 2^64 − 1 comes 0. Allocates nothing.
    pub fn read_bytes(&self, mut address: u64, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = (address & OFFSET_MASK) as usize;
            let length = rest.len().min(PAGE - offset);
            let (now, later) = rest.split_at_mut(length);
            match self.find(address) {
                Some(page) => {
                    // SAFETY: `self` is borrowed, so nothing writes to its pages.
                    let bytes = unsafe { page.bytes() };
                    now.copy_from_slice(&bytes[offset..offset + length]);
                }
                None => now.fill(0),
            }
            address = address.wrapping_add(length as u64);
            rest = later;
        }
    }

    /// Puts bytes into memory from `address` on; behind 2^64 − 1 comes 0.
    ///
    /// # Errors
    ///
    /// [`Limit::Memory`] at the first page that can't be allocated; the bytes before it are
    /// written then.
    pub fn write_bytes(&mut self, mut address: u64, bytes: &[u8]) -> Result<(), Limit> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = (address & OFFSET_MASK) as usize;
            let length = rest.len().min(PAGE - offset);
            let (now, later) = rest.split_at(length);
            let entry = self.fill_write(address).ok_or(Limit::Memory)?;
            // SAFETY: `fill_write` gives a page of PAGE bytes that is this memory's alone, and
            // offset + length ≤ PAGE. `now` can't overlap: it isn't part of a page, whose bytes
            // are lent only with `self` borrowed.
            unsafe { entry.bytes.add(offset).copy_from(now.as_ptr(), length) };
            if entry.tag & WATCHED != 0 {
                self.unwatch();
            }
            address = address.wrapping_add(length as u64);
            rest = later;
        }
        Ok(())
    }

    /// The allocated pages by ascending address: the address of the first byte, and all bytes.
    pub fn pages(&self) -> impl Iterator<Item = (u64, &[u8; PAGE])> {
        let mut found = Vec::with_capacity(self.pages as usize);
        let mut branches = vec![&*self.root];
        while let Some(branch) = branches.pop() {
            for child in &branch.children {
                match child {
                    Node::Branch(inner) => branches.push(inner),
                    Node::Page { key, page } => found.push((address_of(*key), &**page)),
                }
            }
        }
        found.sort_unstable_by_key(|&(address, _)| address);
        found
            .into_iter()
            // SAFETY: `self` is borrowed as long as the iterator and what it gives.
            .map(|(address, page)| (address, unsafe { page.bytes() }))
    }

    /// The `N` bytes, 1, 2, 4 or 8, at an address, zero-extended; `None` if it is not a multiple
    /// of `N`.
    #[inline]
    pub(crate) fn load<const N: u64>(&mut self, address: u64) -> Option<u64> {
        let mut entry = self.reads[table_index(address)];
        // A misaligned address keeps low bits that no tag has.
        if entry.tag != address & (!OFFSET_MASK | (N - 1)) {
            if address & (N - 1) != 0 {
                return None;
            }
            entry = self.fill_read(address);
        }
        // SAFETY: the entry's page holds PAGE bytes; the offset is below that and a multiple of N,
        // so N bytes are there. Nothing writes to them during the call: `self` is `&mut`, and
        // pages of other memories that are shared with this one are not written.
        unsafe {
            let bytes = entry.bytes.add((address & OFFSET_MASK) as usize);
            Some(match N {
                1 => u64::from(bytes.read()),
                2 => u64::from(u16::from_be(bytes.cast::<u16>().read_unaligned())),
                4 => u64::from(u32::from_be(bytes.cast::<u32>().read_unaligned())),
                _ => u64::from_be(bytes.cast::<u64>().read_unaligned()),
            })
        }
    }

    /// Stores the low `N` bytes, 1, 2, 4 or 8, of a value. Does not tell the watcher.
    #[inline]
    pub(crate) fn store_for_watcher<const N: u64>(&mut self, address: u64, value: u64) -> Stored {
        let entry = self.writes[table_index(address)];
        if entry.tag != address & (!OFFSET_MASK | (N - 1)) {
            return self.store_slowly::<N>(address, value);
        }
        // SAFETY: the entry's page holds PAGE bytes and is this memory's alone; the offset is
        // below that and a multiple of N.
        unsafe { write_number::<N>(entry.bytes.add((address & OFFSET_MASK) as usize), value) };
        Stored::Done
    }

    #[inline(never)]
    fn store_slowly<const N: u64>(&mut self, address: u64, value: u64) -> Stored {
        if address & (N - 1) != 0 {
            return Stored::Misaligned;
        }
        let mut entry = self.writes[table_index(address)];
        if entry.tag & !WATCHED != address & !OFFSET_MASK {
            match self.fill_write(address) {
                Some(filled) => entry = filled,
                None => return Stored::Full,
            }
        }
        // SAFETY: as above.
        unsafe { write_number::<N>(entry.bytes.add((address & OFFSET_MASK) as usize), value) };
        if entry.tag & WATCHED == 0 {
            Stored::Done
        } else {
            Stored::DoneWatched
        }
    }

    /// [`Self::load`] with a size that is not known before; `None` also for a size that there is
    /// not.
    pub(crate) fn load_sized(&mut self, address: u64, size: u8) -> Option<u64> {
        match size {
            1 => self.load::<1>(address),
            2 => self.load::<2>(address),
            4 => self.load::<4>(address),
            8 => self.load::<8>(address),
            _ => None,
        }
    }

    /// Stores on behalf of someone other than the watching engine, which will find out. Never
    /// [`Stored::DoneWatched`].
    pub(crate) fn store_sized(&mut self, address: u64, size: u8, value: u64) -> Stored {
        let stored = match size {
            1 => self.store_for_watcher::<1>(address, value),
            2 => self.store_for_watcher::<2>(address, value),
            4 => self.store_for_watcher::<4>(address, value),
            8 => self.store_for_watcher::<8>(address, value),
            _ => Stored::Misaligned,
        };
        if stored == Stored::DoneWatched {
            self.unwatch();
            return Stored::Done;
        }
        stored
    }

    /// Begins a watch over no pages, and ends that of any other engine.
    pub(crate) fn adopt(&mut self) -> Watcher {
        self.watched.clear();
        for entry in self.writes.iter_mut() {
            if entry.tag != NO_PAGE {
                entry.tag &= !WATCHED;
            }
        }
        self.watcher = Watcher::fresh();
        self.watcher
    }

    /// Whose watch it is.
    #[inline]
    pub(crate) fn watcher(&self) -> Watcher {
        self.watcher
    }

    /// Makes stores to the page of an address [`Stored::DoneWatched`].
    pub(crate) fn watch(&mut self, address: u64) {
        let page = address & !OFFSET_MASK;
        self.watched.insert(page);
        let entry = &mut self.writes[table_index(page)];
        if entry.tag == page {
            entry.tag |= WATCHED;
        }
    }

    /// Ends the watch: something was stored into a watched page that the engine doesn't know of.
    fn unwatch(&mut self) {
        self.watcher = Watcher::NONE;
    }

    fn find(&self, address: u64) -> Option<&Page> {
        let key = key_of(address);
        let mut branch = &*self.root;
        let mut level = 0;
        loop {
            let (slot, bit) = branch.slot(key, level);
            if branch.present & bit == 0 {
                return None;
            }
            match &branch.children[slot] {
                Node::Branch(inner) => branch = inner,
                Node::Page { key: found, page } => return (*found == key).then_some(page),
            }
            level += 1;
        }
    }

    #[inline(never)]
    fn fill_read(&mut self, address: u64) -> Entry {
        let entry = Entry {
            tag: address & !OFFSET_MASK,
            bytes: self.find(address).unwrap_or(&ZERO_PAGE).address(),
        };
        self.reads[table_index(address)] = entry;
        entry
    }

    /// Makes the page of an address exist and this memory's alone; `None` if that is one too many.
    #[inline(never)]
    fn fill_write(&mut self, address: u64) -> Option<Entry> {
        let page = address & !OFFSET_MASK;
        let bytes = self.own_page(page)?;
        let index = table_index(page);
        // The page may be new or a copy: what reads use must follow.
        if self.reads[index].tag == page {
            self.reads[index].bytes = bytes;
        }
        let watched = if self.watched.contains(&page) {
            WATCHED
        } else {
            0
        };
        let entry = Entry {
            tag: page | watched,
            bytes,
        };
        self.writes[index] = entry;
        Some(entry)
    }

    /// The bytes of the page of an address, which afterwards exists, as do all nodes above it, for
    /// this memory alone.
    fn own_page(&mut self, address: u64) -> Option<*mut u8> {
        let full = (self.pages + 1).saturating_mul(PAGE_BYTES) > self.limit;
        if full && self.find(address).is_none() {
            return None;
        }
        let key = key_of(address);
        let mut node = &mut self.root;
        let mut level = 0;
        loop {
            let branch = Arc::make_mut(node);
            let (slot, bit) = branch.slot(key, level);
            if branch.present & bit == 0 {
                let page = Arc::new(Page(UnsafeCell::new([0; PAGE])));
                let bytes = page.address();
                branch.children.insert(slot, Node::Page { key, page });
                branch.present |= bit;
                self.pages += 1;
                return Some(bytes);
            }
            let child = &mut branch.children[slot];
            if let Node::Page { key: other, .. } = child
                && *other != key
            {
                // Two pages want the place: put the one that is there a level further down.
                let mut inner = Branch::default();
                let (_, bit) = inner.slot(*other, level + 1);
                inner.present = bit;
                inner.children.push(child.clone());
                *child = Node::Branch(Arc::new(inner));
            }
            match child {
                Node::Branch(inner) => node = inner,
                Node::Page { page, .. } => {
                    if Arc::get_mut(page).is_none() {
                        // SAFETY: `self` is borrowed, and nobody else writes to a shared page.
                        let copy = *unsafe { page.bytes() };
                        *page = Arc::new(Page(UnsafeCell::new(copy)));
                        self.copied += 1;
                    }
                    return Some(page.address());
                }
            }
            level += 1;
        }
    }
}

/// Undoes [`key_of`].
fn address_of(key: u64) -> u64 {
    let mixed = key ^ key >> 32;
    // The inverse of the odd factor modulo 2^64.
    let number = mixed.wrapping_mul(0xF1DE_83E1_9937_733D);
    // Undo x ^ x >> 23, whose inverse needs the shifts up to 64.
    let number = number ^ number >> 23;
    let number = number ^ number >> 46;
    number * PAGE_BYTES
}

/// Writes the low `N` bytes of a value, most significant first.
///
/// # Safety
///
/// `N` bytes at `bytes` must be valid for writing.
#[inline]
unsafe fn write_number<const N: u64>(bytes: *mut u8, value: u64) {
    // SAFETY: the caller promises it.
    unsafe {
        match N {
            1 => bytes.write(value as u8),
            2 => bytes.cast::<u16>().write_unaligned((value as u16).to_be()),
            4 => bytes.cast::<u32>().write_unaligned((value as u32).to_be()),
            _ => bytes.cast::<u64>().write_unaligned(value.to_be()),
        }
    }
}
