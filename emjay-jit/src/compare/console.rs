//! What a compared program reads and writes: the same bytes for every column, its output kept.

use std::mem::take;

use codegen::execution::{Host, Reply};
use codegen::ir::ImportId;

use crate::built_in::{GETC, PUTC, READS_PAST_END};

/// The most bytes of output of a column; a program that writes more is stopped there.
pub(super) const MOST_OUTPUT: usize = 16 << 20;

/// The host of a run.
#[derive(Debug)]
pub(super) struct Console<'a> {
    /// What has not been read yet.
    input: &'a [u8],
    reads_past_end: u32,
    /// What has been written.
    pub(super) output: Vec<u8>,
    /// Whether it has stopped the program because of its output.
    pub(super) is_full: bool,
}

impl<'a> Console<'a> {
    /// A console with that input.
    pub(super) const fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            reads_past_end: 0,
            output: Vec::new(),
            is_full: false,
        }
    }

    /// What has not been read yet; from now on it has been.
    pub(super) fn read_all(&mut self) -> Vec<u8> {
        take(&mut self.input).to_vec()
    }

    /// Adds to the output, as far as there is room; says whether there was.
    pub(super) fn write(&mut self, bytes: &[u8]) -> bool {
        let room = MOST_OUTPUT - self.output.len();
        self.output
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.is_full = bytes.len() > room;
        !self.is_full
    }

    fn put(&mut self, value: i64) -> Reply {
        if self.output.len() == MOST_OUTPUT {
            self.is_full = true;
            return Reply::Stop;
        }
        self.output.push(value as u8);
        Reply::Continue(value)
    }

    fn get(&mut self) -> Reply {
        if let Some((&byte, rest)) = self.input.split_first() {
            self.input = rest;
            return Reply::Continue(byte.into());
        }
        self.reads_past_end += 1;
        if self.reads_past_end >= READS_PAST_END {
            return Reply::Stop;
        }
        Reply::Continue(-1)
    }
}

impl Host for Console<'_> {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        match (import.index(), arguments) {
            (PUTC, &[value]) => self.put(value),
            (GETC, &[]) => self.get(),
            _ => Reply::Continue(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_read_from_its_beginning_and_then_its_end() {
        let mut console = Console::new(b"\xff");
        assert_eq!(console.get(), Reply::Continue(255));
        for _ in 1..READS_PAST_END {
            assert_eq!(console.get(), Reply::Continue(-1));
        }
        assert_eq!(console.get(), Reply::Stop);
        assert!(!console.is_full);
    }

    #[test]
    fn too_much_output_stops_the_program() {
        let mut console = Console::new(b"");
        for _ in 0..MOST_OUTPUT {
            assert_eq!(console.put(65), Reply::Continue(65));
        }
        assert_eq!(console.put(65), Reply::Stop);
        assert!(console.is_full);
    }
}
