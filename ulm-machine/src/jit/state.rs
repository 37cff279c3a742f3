//! The words through which the engine and translated code talk.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Offsets in bytes.
pub(super) const REGISTERS: i32 = 0;
/// The address of the table of pages.
pub(super) const TABLE: i32 = 8;
/// The address of the next byte of input, and behind the last.
pub(super) const INPUT: i32 = 16;
pub(super) const INPUT_END: i32 = 24;
/// The address of the next byte of output, and behind the room for it.
pub(super) const OUTPUT: i32 = 32;
pub(super) const OUTPUT_END: i32 = 40;
/// How many instructions may be executed.
pub(super) const LEFT: i32 = 48;
/// The operands of the flags, the rules left out.
pub(super) const FLAGS: i32 = 56;

const WORDS: usize = 7 + 6;

/// The size of the words in bytes.
pub(super) const SIZE: usize = 8 * WORDS;

/// The bytes of output for which there is room at once.
const ROOM: usize = 1 << 16;

/// The words, and a buffer for output.
#[derive(Debug)]
pub(super) struct State {
    words: Box<[AtomicU64; WORDS]>,
    output: Box<[AtomicU8]>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            words: Box::new([const { AtomicU64::new(0) }; WORDS]),
            output: (0..ROOM).map(|_| AtomicU8::new(0)).collect(),
        }
    }

    /// Where the words lie.
    pub(super) fn address(&self) -> u64 {
        self.words.as_ptr().expose_provenance() as u64
    }

    /// Writes the word at an offset.
    pub(super) fn set(&self, offset: i32, value: u64) {
        self.words[offset as usize / 8].store(value, Ordering::Relaxed);
    }

    /// Makes room for at most so many bytes of output.
    pub(super) fn make_room(&self, most: usize) {
        let start = self.output.as_ptr().expose_provenance() as u64;
        self.set(OUTPUT, start);
        self.set(OUTPUT_END, start + most.min(ROOM) as u64);
    }

    /// The bytes that were written if the next one goes to an address.
    pub(super) fn written(&self, next: u64) -> impl Iterator<Item = u8> {
        let count = next.wrapping_sub(self.output.as_ptr().addr() as u64) as usize;
        let bytes = &self.output[..count.min(ROOM)];
        bytes.iter().map(|byte| byte.load(Ordering::Relaxed))
    }
}
