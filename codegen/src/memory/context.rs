//! The context of running code: see [`context`](crate::context) for its layout.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::context::{INTERRUPT, size};

/// The words that generated code and its host share.
#[derive(Debug)]
pub(crate) struct Context(Arc<[AtomicU64]>);

impl Context {
    /// A context with so many imports, all 0.
    pub(crate) fn new(imports: u32) -> Self {
        let words = size(imports) / 8;
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Where it lies.
    pub(crate) fn address(&self) -> u64 {
        self.as_ptr().expose_provenance() as u64
    }

    /// Where it lies, for the code.
    pub(super) fn as_ptr(&self) -> *const AtomicU64 {
        self.0.as_ptr()
    }

    /// Writes the word at an offset in bytes.
    pub(crate) fn set(&self, offset: u32, value: u64) {
        self.0[offset as usize / 8].store(value, Ordering::Relaxed);
    }

    /// The word at an offset in bytes.
    #[inline]
    pub(crate) fn get(&self, offset: u32) -> u64 {
        self.0[offset as usize / 8].load(Ordering::Relaxed)
    }

    /// The word at an address, if the address is that of one.
    pub(crate) fn read(&self, address: u64) -> Option<u64> {
        let offset = address.checked_sub(self.address())?;
        let word = self.0.get(usize::try_from(offset / 8).ok()?)?;
        (offset % 8 == 0).then(|| word.load(Ordering::Relaxed))
    }

    /// What another thread stops the code with.
    pub(crate) fn interrupt(&self) -> Interrupt {
        Interrupt(Arc::clone(&self.0))
    }
}

/// Asks running code to leave, from any thread. The code does so where it polls.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<[AtomicU64]>);

impl Interrupt {
    /// Lets the code leave at the next poll, of this run or of a later one.
    pub fn request(&self) {
        self.0[INTERRUPT as usize / 8].store(1, Ordering::Relaxed);
    }

    /// Takes the request back.
    pub fn clear(&self) {
        self.0[INTERRUPT as usize / 8].store(0, Ordering::Relaxed);
    }

    /// Whether there is a request.
    pub fn is_requested(&self) -> bool {
        self.0[INTERRUPT as usize / 8].load(Ordering::Relaxed) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{IMPORTS, STACK_LIMIT};

    #[test]
    fn a_word_is_read_by_its_address() {
        let context = Context::new(2);
        context.set(IMPORTS + 8, 5);
        let address = context.address() + u64::from(IMPORTS) + 8;
        assert_eq!(context.read(address), Some(5));
    }

    #[test]
    fn outside_the_context_and_between_its_words_nothing_is_read() {
        let context = Context::new(2);
        let end = context.address() + u64::from(size(2));
        for address in [context.address() - 8, context.address() + 1, end] {
            assert_eq!(context.read(address), None);
        }
    }

    #[test]
    fn an_interrupt_outlives_its_context_and_touches_nothing_else() {
        let context = Context::new(0);
        context.set(STACK_LIMIT, 3);
        let interrupt = context.interrupt();
        interrupt.request();
        let limit = context.address() + u64::from(STACK_LIMIT);
        assert_eq!(context.read(limit), Some(3));
        drop(context);
        assert!(interrupt.is_requested());
    }
}
