//! Guest memory: 2^64 bytes, big endian, in pages that exist once they are written.
//!
//! Pages hang in a trie that is shared between a machine and its snapshots: taking a snapshot
//! copies the root, and the first write to a page afterwards copies the page and the few nodes
//! above it. In front of the trie stands a table with the pages in use. It holds raw pointers, which
//! is why this module may say `unsafe`.
//!
//! An entry says for which page it may be read and for which it may be written. The latter means:
//! this memory owns the page alone. Taking a snapshot therefore clears all tags for writing, and only
//! the way through the trie, which copies what is shared, sets them.
//!
//! An engine that has decoded code of a page watches it, and marks the words that it relies on. Stores
//! to a watched page take the long way, and the engine is told of those that hit a marked word.

// Loads and stores are a third of what programs do. Going through the trie and its reference
// counts each time would make them ten times as slow.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::cell::UnsafeCell;
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use crate::stop::Limit;

/// The size of a page in bytes: the unit in which memory is allocated and counted.
pub const PAGE_BYTES: u64 = 4096;

const PAGE: usize = PAGE_BYTES as usize;
pub(crate) const OFFSET_MASK: u64 = PAGE_BYTES - 1;

/// Bits of a page's key that select a child at each level of the trie.
const LEVEL_BITS: u32 = 5;

/// Entries of the table of pages in use: 2 to this power. Pages side by side have entries of their own
/// as far as 64 MiB.
const TABLE_BITS: u32 = 14;

/// The number of those entries.
pub(crate) const TABLE_ENTRIES: usize = 1 << TABLE_BITS;

/// A tag that no address has.
const NO_PAGE: u64 = u64::MAX;

/// Set in the tag of a page that an engine watches, so that stores to it take the long way.
pub(crate) const WATCHED: u64 = 0x800;

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

/// The table entry for a page.
#[inline]
fn table_index(address: u64) -> usize {
    (address / PAGE_BYTES) as usize % TABLE_ENTRIES
}

/// What is known of a page in use. The tags are the address of its first byte; that for writing
/// perhaps with [`WATCHED`].
#[derive(Clone, Copy)]
#[repr(C)]
struct Entry {
    /// The page that may be read here.
    read: u64,
    /// The page that may be written here; if it is not [`NO_PAGE`], the same as `read`.
    write: u64,
    /// Where the byte with the address 0 would be: the host's address of a byte is this plus its
    /// address.
    origin: *mut u8,
    /// The page's [`Marks`] if it is watched.
    marks: *mut u8,
}

/// The layout of an entry of the table, for translated code: offsets in bytes, and its size.
#[cfg(feature = "jit")]
pub(crate) mod entry {
    use std::mem::offset_of;

    use super::Entry;

    pub(crate) const READ: i32 = offset_of!(Entry, read) as i32;
    pub(crate) const WRITE: i32 = offset_of!(Entry, write) as i32;
    pub(crate) const ORIGIN: i32 = offset_of!(Entry, origin) as i32;
    pub(crate) const MARKS: i32 = offset_of!(Entry, marks) as i32;
    pub(crate) const SIZE: u64 = size_of::<Entry>() as u64;
}

/// The marked words of a page, a byte for each.
pub(crate) type Marks = [u8; PAGE / 4];

type Table = Box<[Entry; TABLE_ENTRIES]>;

/// A bit for each entry of a table.
type EntrySet = Box<[u64; TABLE_ENTRIES / 64]>;

/// The indices in a set.
fn entries(set: &EntrySet) -> impl Iterator<Item = usize> + use<> {
    let words: Vec<(usize, u64)> = (0..)
        .step_by(64)
        .zip(**set)
        .filter(|&(_, word)| word != 0)
        .collect();
    words.into_iter().flat_map(|(first, word)| {
        (0..64)
            .filter(move |bit| word >> bit & 1 != 0)
            .map(move |bit| first + bit)
    })
}

/// A table without pages. The system gives its memory as it is used.
fn empty_table() -> Table {
    let layout = Layout::new::<[Entry; TABLE_ENTRIES]>();
    // SAFETY: the layout has a size.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: the memory comes from the allocator with the layout of the array; zeros are tags and
    // null pointers.
    let mut table: Table = unsafe { Box::from_raw(memory.cast()) };
    // The tag 0 is that of the page at 0, whose entry is the first; elsewhere it fits no address.
    table[0].read = NO_PAGE;
    table[0].write = NO_PAGE;
    table
}

/// A page in use, for who keeps a copy of it.
#[cfg(feature = "jit")]
pub(crate) struct PageInUse<'a> {
    /// The address of its first byte.
    pub(crate) address: u64,
    pub(crate) bytes: &'a [u8; PAGE],
    pub(crate) writing: Writing<'a>,
}

/// Whether a page in use may be written.
#[cfg(feature = "jit")]
pub(crate) enum Writing<'a> {
    /// Not before this memory has it for itself.
    No,
    /// Everywhere.
    Yes,
    /// Except for the marked words.
    Watched(&'a Marks),
}

/// How a store went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The bytes are in memory.
    Done,
    /// The bytes are in memory, and one of the words was marked. It isn't any more.
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
    /// Pages in use. Invariant: if a tag is that of a page, `origin` leads to the bytes of the page in
    /// the trie with that address, or to [`ZERO_PAGE`] if there is none. If it is the tag for writing,
    /// the page and all nodes above it belong to this memory alone, and it has [`WATCHED`], and
    /// `marks` is not null, exactly if `watched` has the page.
    table: Table,
    /// The entries that may have a tag for writing.
    written: EntrySet,
    /// The entries that may have a tag for reading.
    filled: EntrySet,
    /// Number of pages in the trie.
    pages: u64,
    /// How many pages were copied because a snapshot shared them.
    copied: u64,
    /// How often an entry of the table was filled.
    fills: u64,
    /// The most bytes that pages may take.
    limit: u64,
    /// The engine that has decoded the marked words of the pages in `watched`, and nothing has happened
    /// to them since behind its back.
    watcher: Watcher,
    watched: FxHashMap<u64, Box<UnsafeCell<Marks>>>,
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
            table: empty_table(),
            written: Box::new([0; TABLE_ENTRIES / 64]),
            filled: Box::new([0; TABLE_ENTRIES / 64]),
            pages: 0,
            copied: 0,
            fills: 0,
            limit,
            watcher: Watcher::NONE,
            watched: FxHashMap::default(),
        }
    }

    /// A memory with the same contents. Takes the same short time however many pages there are;
    /// the first write to each page afterwards, by either, copies that page.
    pub(crate) fn snapshot(&mut self) -> Self {
        // From now on no page belongs to this memory alone.
        for index in entries(&self.written) {
            self.table[index].write = NO_PAGE;
        }
        self.written.fill(0);
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

    /// How often a page came into use.
    #[cfg(feature = "jit")]
    pub(crate) fn fills(&self) -> u64 {
        self.fills
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
            unsafe { entry.byte(address).copy_from(now.as_ptr(), length) };
            if entry.write & WATCHED != 0 && self.unmark(address, length) {
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
        let mut entry = self.table[table_index(address)];
        // A misaligned address keeps low bits that no tag has.
        if entry.read != address & (!OFFSET_MASK | (N - 1)) {
            if address & (N - 1) != 0 {
                return None;
            }
            entry = self.fill_read(address);
        }
        // SAFETY: the entry's page holds PAGE bytes; the address lies in it and is a multiple of N,
        // so N bytes are there. Nothing writes to them during the call: `self` is `&mut`, and
        // pages of other memories that are shared with this one are not written.
        unsafe {
            let bytes = entry.byte(address);
            Some(match N {
                1 => u64::from(bytes.read()),
                2 => u64::from(u16::from_be(bytes.cast::<u16>().read_unaligned())),
                4 => u64::from(u32::from_be(bytes.cast::<u32>().read_unaligned())),
                _ => u64::from_be(bytes.cast::<u64>().read_unaligned()),
            })
        }
    }

    /// Stores the low `N` bytes, 1, 2, 4 or 8, of a value. The watcher is the caller.
    #[inline]
    pub(crate) fn store_for_watcher<const N: u64>(&mut self, address: u64, value: u64) -> Stored {
        let entry = &self.table[table_index(address)];
        if entry.write != address & (!OFFSET_MASK | (N - 1)) {
            return self.store_slowly::<N>(address, value);
        }
        // SAFETY: the entry's page holds PAGE bytes and is this memory's alone; the address lies in
        // it and is a multiple of N.
        unsafe { write_number::<N>(entry.byte(address), value) };
        Stored::Done
    }

    #[inline(never)]
    fn store_slowly<const N: u64>(&mut self, address: u64, value: u64) -> Stored {
        if address & (N - 1) != 0 {
            return Stored::Misaligned;
        }
        let mut entry = self.table[table_index(address)];
        if entry.write & !WATCHED != address & !OFFSET_MASK {
            match self.fill_write(address) {
                Some(filled) => entry = filled,
                None => return Stored::Full,
            }
        }
        // SAFETY: as above.
        unsafe { write_number::<N>(entry.byte(address), value) };
        if entry.write & WATCHED != 0 && self.unmark(address, N as usize) {
            Stored::DoneWatched
        } else {
            Stored::Done
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
        for index in entries(&self.written) {
            let entry = &mut self.table[index];
            entry.marks = ptr::null_mut();
            if entry.write != NO_PAGE {
                entry.write &= !WATCHED;
            }
        }
        self.watcher = Watcher::fresh();
        self.watcher
    }

    /// How many pages are in use, at most.
    #[cfg(feature = "jit")]
    pub(crate) fn count_in_use(&self) -> usize {
        self.filled
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// The pages in use.
    #[cfg(feature = "jit")]
    pub(crate) fn pages_in_use(&self) -> impl Iterator<Item = PageInUse<'_>> {
        entries(&self.filled).map(|index| {
            let Entry { read, write, .. } = self.table[index];
            let page = self.find(read).unwrap_or(&ZERO_PAGE);
            let writing = match self.marks_of(read) {
                _ if write == NO_PAGE => Writing::No,
                None => Writing::Yes,
                Some(marks) => Writing::Watched(marks),
            };
            PageInUse {
                address: read,
                // SAFETY: `self` is borrowed, so nothing writes to its pages.
                bytes: unsafe { page.bytes() },
                writing,
            }
        })
    }

    /// The marks of a watched page.
    #[cfg(feature = "jit")]
    fn marks_of(&self, page: u64) -> Option<&Marks> {
        let marks = self.watched.get(&page)?;
        // SAFETY: the marks are changed only through `&mut self`, which is borrowed, as nobody but
        // this memory has them, and translated code only reads them.
        Some(unsafe { &*marks.get() })
    }

    /// From now on no page is in use.
    #[cfg(feature = "jit")]
    pub(crate) fn put_pages_away(&mut self) {
        for index in entries(&self.filled) {
            let entry = &mut self.table[index];
            (entry.read, entry.write) = (NO_PAGE, NO_PAGE);
        }
        self.filled.fill(0);
        self.written.fill(0);
    }

    /// Exchanges the bytes of a page in use that may be written; those of marked words must be the same
    /// as before. Does nothing to other pages.
    #[cfg(feature = "jit")]
    pub(crate) fn write_page(&mut self, page: u64, bytes: &[u8; PAGE]) {
        let entry = self.table[table_index(page)];
        if entry.write & !WATCHED == page {
            // SAFETY: by its tag, the entry's page holds PAGE bytes and is this memory's alone. The
            // bytes can't overlap: they are not part of a page, whose bytes are lent only with `self`
            // borrowed.
            unsafe { entry.byte(page).copy_from(bytes.as_ptr(), PAGE) };
        }
    }

    /// The address of the table, for translated code.
    #[cfg(feature = "jit")]
    pub(crate) fn table_address(&mut self) -> u64 {
        self.table.as_mut_ptr().expose_provenance() as u64
    }

    /// Whose watch it is.
    #[inline]
    pub(crate) fn watcher(&self) -> Watcher {
        self.watcher
    }

    /// Watches the page of an address; no word is marked yet, or those that were before.
    pub(crate) fn watch(&mut self, address: u64) {
        let page = address & !OFFSET_MASK;
        let marks = self
            .watched
            .entry(page)
            .or_insert_with(|| Box::new(UnsafeCell::new([0; PAGE / 4])));
        let entry = &mut self.table[table_index(page)];
        if entry.write == page {
            entry.write |= WATCHED;
            entry.marks = exposed(marks);
        }
    }

    /// Makes stores to a word of a watched page [`Stored::DoneWatched`].
    pub(crate) fn mark(&mut self, address: u64) {
        if let Some(marks) = self.watched.get_mut(&(address & !OFFSET_MASK)) {
            marks.get_mut()[(address & OFFSET_MASK) as usize / 4] = 1;
        }
    }

    /// Takes the marks from the words of a range within a page; whether there were any.
    fn unmark(&mut self, address: u64, length: usize) -> bool {
        let Some(marks) = self.watched.get_mut(&(address & !OFFSET_MASK)) else {
            return false;
        };
        let offset = (address & OFFSET_MASK) as usize;
        let words = &mut marks.get_mut()[offset / 4..(offset + length).div_ceil(4)];
        let was_marked = words.iter().any(|&mark| mark != 0);
        words.fill(0);
        was_marked
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
        self.fills += 1;
        let page = address & !OFFSET_MASK;
        let bytes = self.find(address).unwrap_or(&ZERO_PAGE).address();
        let index = table_index(page);
        self.filled[index / 64] |= 1 << (index % 64);
        let entry = &mut self.table[index];
        if entry.write & !WATCHED != page {
            entry.write = NO_PAGE;
        }
        entry.read = page;
        entry.origin = origin(bytes, page);
        *entry
    }

    /// Makes the page of an address exist and this memory's alone; `None` if that is one too many.
    #[inline(never)]
    fn fill_write(&mut self, address: u64) -> Option<Entry> {
        self.fills += 1;
        let page = address & !OFFSET_MASK;
        let bytes = self.own_page(page)?;
        let (tag, marks) = match self.watched.get(&page) {
            Some(marks) => (page | WATCHED, exposed(marks)),
            None => (page, ptr::null_mut()),
        };
        let index = table_index(page);
        let entry = Entry {
            read: page,
            write: tag,
            origin: origin(bytes, page),
            marks,
        };
        self.written[index / 64] |= 1 << (index % 64);
        self.filled[index / 64] |= 1 << (index % 64);
        self.table[index] = entry;
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

impl Entry {
    /// The host's address of a byte of the page.
    #[inline]
    fn byte(&self, address: u64) -> *mut u8 {
        self.origin.wrapping_add(address as usize)
    }
}

/// Where the byte with the address 0 would be if a page has its bytes there.
fn origin(bytes: *mut u8, page: u64) -> *mut u8 {
    // Translated code comes there by the number.
    bytes.expose_provenance();
    bytes.wrapping_sub(page as usize)
}

/// Where marks are; translated code comes there by the number.
fn exposed(marks: &UnsafeCell<Marks>) -> *mut u8 {
    let marks: *mut u8 = marks.get().cast();
    marks.expose_provenance();
    marks
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
