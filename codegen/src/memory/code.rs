//! Mappings for code.

use std::io;

use memmap2::{Mmap, MmapMut, MmapOptions};

use super::cache;

/// Memory that code is written to. It can't be executed.
#[derive(Debug)]
pub struct WritableCode(MmapMut);

impl WritableCode {
    /// A mapping of at least so many bytes, all 0. Its address is a multiple of the page size.
    pub fn new(size: usize) -> io::Result<Self> {
        let mut options = MmapOptions::new();
        // All of it is about to be written: the pages come at once, not one by one.
        options.len(size.max(1)).populate();
        options.map_anon().map(Self)
    }

    /// Where it begins; there the code will stay.
    pub fn address(&self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    /// The bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Ends the writing: from here on the memory can be executed, and not be written.
    pub fn publish(self) -> io::Result<ExecutableCode> {
        let code = self.0.make_exec()?;
        cache::synchronise(&code);
        Ok(ExecutableCode(code))
    }
}

/// Memory that code is executed in. It can't be written; dropping it takes it away.
#[derive(Debug)]
pub struct ExecutableCode(Mmap);

impl ExecutableCode {
    /// Where it begins.
    pub fn address(&self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
