//! Register allocation by linear scan.

pub mod check;
mod intervals;
mod layout;
mod lifetimes;
pub mod parallel_move;
mod resolve;
mod scan;
mod slots;

use crate::machine::{Allocation, Code, MachineInstruction, RegisterFile};

/// Gives every virtual register of some code places to live in, and writes the registers into the
/// instructions.
///
/// A block that has successors must end with an instruction of its own that defines nothing, and if
/// it has one successor only, that instruction, a jump, must have no operands.
///
/// # Panics
///
/// If an instruction needs more registers at once than the machine has.
pub fn allocate<I: MachineInstruction>(code: &mut Code<I>, registers: &RegisterFile) -> Allocation {
    let ranks = lifetimes::Ranks::of(registers);
    let layout = layout::Layout::of(code);
    let mut lifetimes = lifetimes::collect(code, &layout, &ranks);
    let scanned = scan::scan(&mut lifetimes, &layout, &ranks);
    let slots = slots::assign(code, &lifetimes, &scanned.intervals);
    resolve::resolve(
        code, registers, &lifetimes, &layout, &ranks, &scanned, &slots,
    )
}
