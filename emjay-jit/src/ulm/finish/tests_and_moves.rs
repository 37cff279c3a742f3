//! Comparisons with 0 that ask for what an instruction before has said already, and moves that a
//! loop makes on its way back to its beginning.

use codegen::machine::Assembly;

use crate::ulm::instruction::Instruction;

/// Improves a function that has been written out.
pub(super) fn improve(assembly: &mut Assembly<Instruction>) {
    let _ = assembly;
}
