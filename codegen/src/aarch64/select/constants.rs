//! Constants that no instruction takes as an immediate, made near where they are used.
//!
//! A constant gets a register of its own in each *region*: the part of a block between two calls,
//! which would cost a saved register to cross, as long as its uses follow each other within
//! [`REACH`] instructions. It is made before its first use there. So live ranges stay short, and a
//! constant that is used again soon is made once.

use super::builder::Builder;
use crate::ir::Value;
use crate::machine::Register;
use crate::origin::Origin;

/// As many instructions a constant may go unused before it is made again.
const REACH: u32 = 500;

/// No entry.
const NONE: u32 = u32::MAX;

/// A constant that has a register in the current region.
#[derive(Debug, Clone, Copy)]
struct Entry {
    value: Value,
    constant: i64,
    register: Register,
    /// Where its first use so far is: the builder's position behind that group.
    position: u32,
    origin: Origin,
}

/// The constants of the current region.
#[derive(Debug)]
pub(super) struct Constants {
    /// By IR value: its entry.
    index: Vec<u32>,
    entries: Vec<Entry>,
    /// The entries that the current group uses.
    touched: Vec<u32>,
}

impl Constants {
    /// For a function with so many values.
    pub(super) fn new(values: u32) -> Self {
        Self {
            index: vec![NONE; values as usize],
            entries: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// The register of a constant for the group that is being written.
    pub(super) fn register(
        &mut self,
        value: Value,
        constant: i64,
        builder: &mut Builder,
    ) -> Register {
        let position = builder.position();
        let index = self.index[value.index()];
        if index == NONE {
            let register = builder.register();
            self.index[value.index()] = self.entries.len() as u32;
            self.touched.push(self.entries.len() as u32);
            self.entries.push(Entry {
                value,
                constant,
                register,
                position,
                origin: builder.origin(),
            });
            return register;
        }
        let entry = &mut self.entries[index as usize];
        self.touched.push(index);
        if position - entry.position > REACH {
            // The uses that follow are far away: they have a register of their own.
            builder.insert_constant(entry.position, entry.register, constant, entry.origin);
            entry.register = builder.register();
        }
        entry.position = position;
        entry.origin = builder.origin();
        entry.register
    }

    /// The group has been ended: what it uses is made before it.
    #[inline]
    pub(super) fn end_group(&mut self, builder: &Builder) {
        if self.touched.is_empty() {
            return;
        }
        for &index in &self.touched {
            self.entries[index as usize].position = builder.position();
        }
        self.touched.clear();
    }

    /// Ends the region: makes its constants.
    pub(super) fn end_region(&mut self, builder: &mut Builder) {
        for entry in self.entries.drain(..) {
            builder.insert_constant(entry.position, entry.register, entry.constant, entry.origin);
            self.index[entry.value.index()] = NONE;
        }
    }
}
