//! Register allocation by linear scan.

use crate::machine::{Allocation, Code, MachineInstruction, RegisterFile};

/// Gives every virtual register a place.
pub fn allocate<I: MachineInstruction>(_: &mut Code<I>, _: &RegisterFile) -> Allocation {
    Allocation::default()
}
