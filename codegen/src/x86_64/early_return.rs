//! Functions whose first block decides whether there is anything to do.
//!
//! ```text
//!     cmp  rdi, 2
//!     jge  .L2
//!     mov  rax, rdi
//!     ret
//! .L2:
//!     push rbx
//!     mov  rbx, rdi
//!     …
//! ```
//!
//! If one way of the first branch returns and calls nobody, that way needs no frame, provided that
//! nothing that it has to do with is in a register that must be saved. Therefore values get other
//! virtual registers behind the branch ([`find`] says where), and the frame is set up there, if
//! allocation has gone as hoped.

use crate::ir::{BlockId, Function, Op};

/// The two ways of the first branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EarlyReturn {
    /// The block that returns.
    pub(super) returns: BlockId,
    /// The block with which the rest begins.
    pub(super) goes_on: BlockId,
}

impl EarlyReturn {
    /// Whether a block is executed without a frame.
    pub(super) fn has_no_frame(self, block: BlockId) -> bool {
        block == BlockId::ENTRY || block == self.returns
    }
}

/// The early return of a function without critical edges that calls after it and not before.
pub(super) fn find(function: &Function) -> Option<EarlyReturn> {
    let entry = function.block(BlockId::ENTRY).last()?.op;
    let Op::Branch {
        then, otherwise, ..
    } = entry
    else {
        return None;
    };
    let returns = |block| matches!(last(function, block), Some(Op::Return { .. }));
    let early = [(then, otherwise), (otherwise, then)]
        .map(|(a, b)| EarlyReturn {
            returns: a.block,
            goes_on: b.block,
        })
        .into_iter()
        .find(|early| returns(early.returns) && early.returns != early.goes_on)?;
    let ids = (0..function.blocks.len() as u32).map(BlockId);
    let (without, with): (Vec<BlockId>, Vec<BlockId>) =
        ids.partition(|&block| early.has_no_frame(block));
    let calls = |blocks: &[BlockId]| blocks.iter().any(|&block| calls(function, block));
    (!calls(&without) && calls(&with)).then_some(early)
}

fn last(function: &Function, block: BlockId) -> Option<Op> {
    function
        .block(block)
        .last()
        .map(|instruction| instruction.op)
}

fn calls(function: &Function, block: BlockId) -> bool {
    let body = function.block(block);
    body.iter()
        .any(|instruction| matches!(instruction.op, Op::Call { .. }))
}
