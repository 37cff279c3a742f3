//! Which registers hold the same value, so that moves between them can be left out.
//!
//! ```text
//! mov  x19, x0         mov  x19, x0
//! mov  x0, x19    →    bl   f
//! bl   f
//! ```

use super::super::registers::CALLER_SAVED;
use crate::machine::{Register, RegisterSet};

/// The number of registers.
const REGISTERS: usize = 32;

/// What the registers hold: equal numbers are equal values.
#[derive(Debug, Clone)]
pub(super) struct Copies {
    contents: [u32; REGISTERS],
    next: u32,
}

impl Copies {
    /// Nothing is known.
    pub(super) fn new() -> Self {
        let mut copies = Self {
            contents: [0; REGISTERS],
            next: 0,
        };
        copies.forget_all();
        copies
    }

    /// Control comes here from elsewhere: nothing is known.
    pub(super) fn forget_all(&mut self) {
        for content in &mut self.contents {
            *content = self.next;
            self.next = self.next.wrapping_add(1);
        }
    }

    /// A register has been written.
    #[inline]
    pub(super) const fn define(&mut self, register: Register) {
        if let Some(number) = register.number() {
            self.contents[number as usize & (REGISTERS - 1)] = self.next;
            self.next = self.next.wrapping_add(1);
        }
    }

    /// A call has been made.
    pub(super) fn define_caller_saved(&mut self) {
        self.define_all(CALLER_SAVED);
    }

    /// Registers have been written.
    pub(super) fn define_all(&mut self, registers: RegisterSet) {
        for number in registers.iter() {
            self.define(Register::physical(number));
        }
    }

    /// A register is copied to another. Gives whether that changes anything.
    pub(super) const fn copy(&mut self, to: Register, from: Register) -> bool {
        let (Some(to), Some(from)) = (to.number(), from.number()) else {
            return true;
        };
        let content = self.contents[from as usize & (REGISTERS - 1)];
        let slot = &mut self.contents[to as usize & (REGISTERS - 1)];
        let changes = *slot != content;
        *slot = content;
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Register = Register::physical(0);
    const B: Register = Register::physical(19);

    #[test]
    fn copying_back_changes_nothing() {
        let mut copies = Copies::new();
        assert!(copies.copy(B, A));
        assert!(!copies.copy(A, B));
    }

    #[test]
    fn a_register_that_has_been_written_is_no_copy() {
        let mut copies = Copies::new();
        copies.copy(B, A);
        copies.define(A);
        assert!(copies.copy(A, B));
    }

    #[test]
    fn a_call_leaves_no_copies_in_registers_that_it_spoils() {
        let mut copies = Copies::new();
        copies.copy(B, A);
        copies.define_caller_saved();
        assert!(copies.copy(A, B));
    }
}
