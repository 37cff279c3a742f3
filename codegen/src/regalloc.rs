//! Register allocation by linear scan over intervals, on SSA form.
//!
//! The method is that of Wimmer and Mössenböck ("Optimized Interval Splitting in a Linear Scan
//! Register Allocator", 2005), on SSA form as in Wimmer and Franz (2010). Its steps are the modules:
//!
//! 1. `layout`: positions in the code, predecessors, loops.
//! 2. `lifetimes` (and `ranges`): one walk over the code collects for each virtual register its definition, its
//!    uses and its life, a list of ranges with holes between them. Registers that an instruction
//!    wants or clobbers are not pre-coloured intervals but *barriers*: positions at which a register
//!    can hold nothing else. Operands are copied to where they are wanted in the gap before the
//!    instruction, results from where they are left in the gap behind it.
//! 3. `scan`: takes the intervals by their beginnings and gives each a register that is free to its
//!    end, if possible one that saves a move (an argument's register, that of a block's parameter,
//!    of the other side of a move, of a tied operand). Registers that calls spoil come first, so one
//!    that they keep is taken by what lives across a call only, or when no other is free. If a
//!    register is free for a part of the way, the interval is split before the barrier and the rest
//!    placed when the scan comes there. If none is free, the interval whose next use is furthest away
//!    goes to memory; in a loop a use earlier in the loop counts as one at its end. What goes to
//!    memory goes there where it was last used, outside the loops around if it isn't used in them,
//!    and comes back right before the next use, or before the loops around that.
//! 4. `slots`: spill slots, shared by lives that don't overlap.
//! 5. `resolve`: writes the registers into the instructions and makes the moves, where an interval is
//!    split inside a block, and between blocks; [`parallel_move`] puts them in order.
//!
//! Before all of them, `straight` tries a shorter way: in a function of one block in which registers
//! suffice, each value has one register for its whole life, and neither intervals nor slots are
//! needed.
//!
//! A slot is written once, directly behind the definition; SSA form makes it valid from then on, so
//! that going to memory costs nothing anywhere else. A constant has no slot: it is made again where
//! it is needed in a register, in straight-line code right there, before a loop for the uses in it;
//! a definition of which nothing is left then is reported in [`Allocation::dead`]. It is the first
//! to be evicted and evicts nobody before it is needed.
//!
//! Time is linear in the size of the code where registers suffice: whatever is looked at for an
//! interval (uses, barriers, inactive intervals, steps along ranges) is bounded by a constant.
//!
//! [`check`](check::check) proves an allocation by following the values, and shares nothing with
//! the above.

pub mod check;
mod intervals;
mod layout;
mod lifetimes;
pub mod parallel_move;
mod ranges;
mod resolve;
mod scan;
mod slots;
mod straight;

use crate::machine::{Allocation, Code, MachineInstruction, RegisterFile};

/// Gives every virtual register of some code places to live in, and writes the registers into the
/// instructions.
///
/// Operands are read before an instruction does anything: a value with `Constraint::Anywhere` is
/// where [`Allocation::operands`] says at the beginning of its instruction, and may be gone behind it
/// if that clobbers registers.
///
/// A block that has successors must end with an instruction of its own that defines nothing, and if
/// it has one successor only, that instruction, a jump, must have no operands.
///
/// # Panics
///
/// If an instruction needs more registers at once than the machine has.
pub fn allocate<I: MachineInstruction>(code: &mut Code<I>, registers: &RegisterFile) -> Allocation {
    let ranks = lifetimes::Ranks::of(registers);
    if let Some(allocation) = straight::allocate(code, registers, &ranks) {
        return allocation;
    }
    let layout = layout::Layout::of(code);
    let mut lifetimes = lifetimes::collect(code, &layout, &ranks);
    let scanned = scan::scan(&mut lifetimes, &layout, &ranks);
    let slots = slots::assign(code, &lifetimes, &scanned);
    resolve::resolve(
        code, registers, &lifetimes, &layout, &ranks, &scanned, &slots,
    )
}
