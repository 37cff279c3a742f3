//! A stack for generated code.

use std::io;

/// Sizes are multiples of this: at least a page on every system.
const GRAIN: usize = 64 << 10;

/// A stack. Its memory is taken when it is touched; below it lies memory that can't be accessed, for
/// the case that something else went wrong.
#[derive(Debug)]
pub(crate) struct Stack {
    mapping: Mapping,
}

impl Stack {
    /// A stack of at least so many bytes.
    pub(crate) fn new(size: usize) -> io::Result<Self> {
        let size = size
            .checked_next_multiple_of(GRAIN)
            .filter(|&size| size <= isize::MAX as usize - GRAIN)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        Mapping::new(size.max(GRAIN)).map(|mapping| Self { mapping })
    }

    /// The number of bytes.
    pub(crate) fn size(&self) -> usize {
        self.mapping.size()
    }

    /// The lowest address.
    pub(crate) fn bottom(&self) -> u64 {
        self.mapping.start().expose_provenance() as u64
    }

    /// The address behind the highest byte, a multiple of 16.
    pub(crate) fn top(&self) -> u64 {
        self.bottom() + self.size() as u64
    }

    /// The word at an address, if it lies in the stack and is a multiple of 8.
    #[inline]
    pub(crate) fn read(&self, address: u64) -> Option<u64> {
        let word = self.word(address)?;
        // SAFETY: `word` gives addresses in the mapping only, which lives as long as `self`. Nobody
        // has a reference into it; generated code runs only while its caller waits.
        Some(unsafe { word.read_volatile() })
    }

    /// Writes a word, if the address lies in the stack and is a multiple of 8.
    pub(crate) fn write(&mut self, address: u64, value: u64) {
        if let Some(word) = self.word(address) {
            // SAFETY: as in `read`.
            unsafe { word.write_volatile(value) }
        }
    }

    fn word(&self, address: u64) -> Option<*mut u64> {
        let offset = usize::try_from(address.checked_sub(self.bottom())?).ok()?;
        let inside = offset % 8 == 0 && offset + 8 <= self.size();
        inside.then(|| self.mapping.start().wrapping_add(offset).cast())
    }
}

#[cfg(unix)]
use unix::Mapping;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::ptr;

    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    use super::GRAIN;

    /// A range of memory behind a range without access.
    #[derive(Debug)]
    pub(super) struct Mapping {
        guard: *mut u8,
        size: usize,
    }

    // SAFETY: a mapping belongs to the process, not to a thread, and is not shared.
    unsafe impl Send for Mapping {}

    impl Mapping {
        /// Memory of so many bytes, a multiple of `GRAIN`.
        pub(super) fn new(size: usize) -> io::Result<Self> {
            #[cfg(target_os = "linux")]
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::STACK;
            #[cfg(not(target_os = "linux"))]
            let flags = MapFlags::PRIVATE;
            // SAFETY: a new mapping at an address of the system's choice touches nobody's memory.
            let guard = unsafe {
                mmap_anonymous(ptr::null_mut(), GRAIN + size, ProtFlags::empty(), flags)?
            };
            let mapping = Self {
                guard: guard.cast(),
                size,
            };
            let access = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the range is the upper part of the mapping that was just made.
            unsafe { mprotect(mapping.start().cast(), size, access)? };
            Ok(mapping)
        }

        /// The lowest byte that can be accessed.
        pub(super) fn start(&self) -> *mut u8 {
            self.guard.wrapping_add(GRAIN)
        }

        /// The number of bytes that can be accessed.
        pub(super) fn size(&self) -> usize {
            self.size
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: the whole mapping, made in `new`; nothing refers to it any more. It can fail
            // only for a range that is none, and nothing could be done then.
            let _ = unsafe { munmap(self.guard.cast(), GRAIN + self.size) };
        }
    }
}

#[cfg(not(unix))]
use elsewhere::Mapping;

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use memmap2::{MmapMut, MmapRaw};

    /// A range of memory. What lies below it is left to chance here: the checks of the code are what
    /// counts.
    #[derive(Debug)]
    pub(super) struct Mapping(MmapRaw);

    impl Mapping {
        /// Memory of so many bytes.
        pub(super) fn new(size: usize) -> io::Result<Self> {
            MmapMut::map_anon(size).map(|mapping| Self(mapping.into()))
        }

        /// The lowest byte.
        pub(super) fn start(&self) -> *mut u8 {
            self.0.as_mut_ptr()
        }

        /// The number of bytes.
        pub(super) fn size(&self) -> usize {
            self.0.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_stack_can_be_written_and_read_back() {
        let mut stack = Stack::new(100).expect("there is memory");
        for address in [stack.bottom(), stack.top() - 8] {
            stack.write(address, address);
            assert_eq!(stack.read(address), Some(address));
        }
    }

    #[test]
    fn outside_the_stack_and_between_its_words_nothing_is_read() {
        let stack = Stack::new(100).expect("there is memory");
        for address in [
            0,
            stack.bottom() - 8,
            stack.bottom() + 4,
            stack.top(),
            u64::MAX - 7,
        ] {
            assert_eq!(stack.read(address), None);
        }
    }

    #[test]
    fn a_stack_has_at_least_the_size_that_was_asked_for() {
        for size in [0, 1, GRAIN, GRAIN + 1, 64 << 20] {
            assert!(Stack::new(size).expect("there is memory").size() >= size);
        }
    }

    #[test]
    fn a_stack_beyond_all_memory_is_an_error() {
        for size in [usize::MAX, isize::MAX as usize] {
            assert!(Stack::new(size).is_err());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn below_the_stack_lies_memory_without_access() {
        let stack = Stack::new(1).expect("there is memory");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
        let ends_at_the_stack = format!("-{:x} ", stack.bottom());
        let below = maps.lines().find(|line| line.contains(&ends_at_the_stack));
        assert!(below.is_some_and(|line| line.contains("---p")), "{below:?}");
    }
}
