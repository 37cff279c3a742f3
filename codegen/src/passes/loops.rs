//! Loops: which there are, how they nest, and the passes that change them: [`invert`] and [`hoist`].

pub mod hoist;
pub mod invert;

use crate::ir::BlockId;
use crate::ir::flow::Flow;

/// The loops of a function as a forest. A loop is named by its header.
pub(super) struct Loops {
    /// For the header of a loop, the header of the loop around it.
    parents: Vec<Option<BlockId>>,
}

impl Loops {
    /// Finds the nesting.
    pub(super) fn of(flow: &Flow) -> Self {
        let order = flow.reverse_postorder();
        let length = order.iter().map(|block| block.index() + 1).max();
        let mut this = Self {
            parents: vec![None; length.unwrap_or(0)],
        };
        for &block in order {
            if flow.is_loop_header(block) {
                this.parents[block.index()] = this.find_parent(flow, block);
            }
        }
        this
    }

    /// The loop around a header: it is around its immediate dominator as well, but that may be in
    /// further loops that have ended before.
    fn find_parent(&self, flow: &Flow, header: BlockId) -> Option<BlockId> {
        let depth = flow.loop_depth(header);
        let mut around = flow.loop_header(flow.immediate_dominator(header)?);
        while let Some(outer) = around
            && flow.loop_depth(outer) >= depth
        {
            around = self.parents[outer.index()];
        }
        around
    }

    /// The loop around a loop.
    pub(super) fn parent(&self, header: BlockId) -> Option<BlockId> {
        self.parents[header.index()]
    }

    /// Whether a block may be in a loop: it is, or it is in so many more that this was not found out.
    pub(super) fn may_contain(&self, flow: &Flow, header: BlockId, block: BlockId) -> bool {
        const MOST_STEPS: u32 = 64;
        let depth = flow.loop_depth(header);
        if flow.loop_depth(block) > depth.saturating_add(MOST_STEPS) {
            return true;
        }
        let mut around = flow.loop_header(block);
        while let Some(inner) = around
            && flow.loop_depth(inner) > depth
        {
            around = self.parent(inner);
        }
        around == Some(header)
    }

    /// The blocks that can be reached in reverse postorder, except that all blocks of a loop follow
    /// its header before any other.
    pub(super) fn contiguous_order(&self, flow: &Flow) -> Vec<BlockId> {
        // The blocks directly in each loop, and outside all; a loop inside counts as its header.
        let mut heads: Vec<Option<BlockId>> = vec![None; self.parents.len()];
        let mut outside = None;
        let mut next: Vec<Option<BlockId>> = vec![None; self.parents.len()];
        for &block in flow.reverse_postorder().iter().rev() {
            let around = if flow.is_loop_header(block) {
                self.parent(block)
            } else {
                flow.loop_header(block)
            };
            let head = match around {
                Some(header) => &mut heads[header.index()],
                None => &mut outside,
            };
            next[block.index()] = head.replace(block);
        }
        let mut order = Vec::with_capacity(flow.reverse_postorder().len());
        let mut open = vec![outside];
        while let Some(head) = open.last_mut() {
            match *head {
                None => {
                    open.pop();
                }
                Some(block) => {
                    *head = next[block.index()];
                    order.push(block);
                    open.push(heads[block.index()]);
                }
            }
        }
        order
    }
}
