//! How control flows through a function: predecessors, orders, dominators, loops.
//!
//! All facts are found together, in time linear in the number of blocks but for a logarithm in the
//! dominators, whatever the graph looks like: blocks that can't be reached, loops with two entries,
//! ten thousand blocks in a row.
//!
//! The dominators are Lengauer and Tarjan's ("A fast algorithm for finding dominators in a
//! flowgraph", 1979) in the simple version, the loops those of back edges whose target dominates
//! their source; a cycle with several entries, none of which dominates the others, is no loop here.

use super::{BlockId, Function};

/// No block, no number.
const NONE: u32 = u32::MAX;

/// The facts about the control flow of one function. They hold until its blocks or terminators
/// change.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Where the predecessors of each block begin in `predecessors`, and the end of the last.
    starts: Vec<u32>,
    predecessors: Vec<BlockId>,
    reverse_postorder: Vec<BlockId>,
    /// By block: its dominator; `NONE` for the entry and what can't be reached.
    immediate_dominators: Vec<u32>,
    /// By block: the range of its subtree in a preorder of the dominator tree; empty if it can't be
    /// reached.
    subtrees: Vec<(u32, u32)>,
    /// By block: the header of the innermost loop that it is in, or is the header of.
    loop_headers: Vec<u32>,
    /// By block: in how many loops it is.
    loop_depths: Vec<u32>,
}

impl Flow {
    /// Finds the facts. Every target must be a block of the function.
    pub fn of(function: &Function) -> Self {
        let successors: Vec<[u32; 2]> = (0..function.blocks.len() as u32)
            .map(|block| successors(function, BlockId(block)))
            .collect();
        let (starts, predecessors) = invert(&successors);
        let walk = Walk::of(&successors);
        let mut flow = Self {
            starts,
            predecessors,
            reverse_postorder: walk.postorder.iter().rev().map(|&b| BlockId(b)).collect(),
            immediate_dominators: Vec::new(),
            subtrees: Vec::new(),
            loop_headers: vec![NONE; successors.len()],
            loop_depths: vec![0; successors.len()],
        };
        let dominators = dominators(&walk, &flow);
        flow.number_dominator_tree(&walk, &dominators);
        flow.find_loops(&walk);
        flow
    }

    /// The blocks from which control comes to a block, in ascending order, also those that can't be
    /// reached themselves. A branch both of whose targets are the block counts twice.
    pub fn predecessors(&self, block: BlockId) -> &[BlockId] {
        let range = self.starts[block.index()] as usize..self.starts[block.index() + 1] as usize;
        &self.predecessors[range]
    }

    /// The blocks that can be reached, each before its successors except where control goes back;
    /// of a branch, what follows the first target comes first.
    pub fn reverse_postorder(&self) -> &[BlockId] {
        &self.reverse_postorder
    }

    /// Whether control can reach a block.
    pub fn is_reachable(&self, block: BlockId) -> bool {
        let (start, end) = self.subtrees[block.index()];
        start < end
    }

    /// The last block before this one through which every way to it leads; none for the entry and
    /// for blocks that can't be reached.
    pub fn immediate_dominator(&self, block: BlockId) -> Option<BlockId> {
        named(self.immediate_dominators[block.index()])
    }

    /// Whether every way to `b` leads through `a`, which may be the same block. To a block that
    /// can't be reached there is no way: everything dominates it.
    pub fn dominates(&self, a: BlockId, b: BlockId) -> bool {
        let (start, end) = self.subtrees[a.index()];
        let (position, _) = self.subtrees[b.index()];
        !self.is_reachable(b) || (start <= position && position < end)
    }

    /// Whether control comes back to a block from one that it dominates.
    pub fn is_loop_header(&self, block: BlockId) -> bool {
        self.loop_headers[block.index()] == block.0
    }

    /// The header of the innermost loop around a block, which may be the block itself.
    pub fn loop_header(&self, block: BlockId) -> Option<BlockId> {
        named(self.loop_headers[block.index()])
    }

    /// In how many loops a block is.
    pub fn loop_depth(&self, block: BlockId) -> u32 {
        self.loop_depths[block.index()]
    }

    /// Takes over the dominators, given by number in the walk, and numbers their tree.
    fn number_dominator_tree(&mut self, walk: &Walk, dominators: &[u32]) {
        let reached = walk.blocks.len();
        self.immediate_dominators = vec![NONE; walk.numbers.len()];
        self.subtrees = vec![(0, 0); walk.numbers.len()];
        // A dominator has a lower number than what it dominates.
        let mut sizes = vec![1u32; reached];
        for number in (1..reached).rev() {
            sizes[dominators[number] as usize] += sizes[number];
        }
        // By number: the first position in the subtree that is still free.
        let mut free = vec![0u32; reached];
        for number in 0..reached {
            let block = walk.blocks[number] as usize;
            let start = if number == 0 {
                0
            } else {
                let dominator = dominators[number] as usize;
                self.immediate_dominators[block] = walk.blocks[dominator];
                let start = free[dominator];
                free[dominator] += sizes[number];
                start
            };
            free[number] = start + 1;
            self.subtrees[block] = (start, start + sizes[number]);
        }
    }

    /// Finds the loops, inner ones first. A loop that has been found counts as its header alone, so
    /// that every block is visited once.
    fn find_loops(&mut self, walk: &Walk) {
        // By number: the loop around the block that has been found, if any; and the same, shortened.
        let mut around = vec![NONE; walk.blocks.len()];
        let mut shortcuts: Vec<u32> = (0..walk.blocks.len() as u32).collect();
        let mut work = Vec::new();
        for header in (0..walk.blocks.len() as u32).rev() {
            let block = BlockId(walk.blocks[header as usize]);
            let sources = self.predecessors(block).iter();
            let latches = sources
                .filter(|&&source| self.is_reachable(source) && self.dominates(block, source));
            work.extend(latches.map(|latch| walk.numbers[latch.index()]));
            if work.is_empty() {
                continue;
            }
            self.loop_headers[block.index()] = block.0;
            while let Some(number) = work.pop() {
                let inside = outermost(&mut shortcuts, number);
                if inside == header {
                    continue;
                }
                around[inside as usize] = header;
                shortcuts[inside as usize] = header;
                let sources = self.predecessors(BlockId(walk.blocks[inside as usize]));
                let reachable = sources.iter().filter(|&&source| self.is_reachable(source));
                work.extend(reachable.map(|source| walk.numbers[source.index()]));
            }
        }
        // A header has a lower number than the blocks of its loop.
        for (&block, &around) in walk.blocks.iter().zip(&around) {
            let block = BlockId(block);
            let mut depth = u32::from(self.is_loop_header(block));
            if around != NONE {
                let outer = walk.blocks[around as usize];
                depth += self.loop_depths[outer as usize];
                if !self.is_loop_header(block) {
                    self.loop_headers[block.index()] = outer;
                }
            }
            self.loop_depths[block.index()] = depth;
        }
    }
}

/// The header of the outermost loop found so far around a block, by numbers; shortens the way.
fn outermost(shortcuts: &mut [u32], number: u32) -> u32 {
    let mut current = number;
    while shortcuts[current as usize] != current {
        let next = shortcuts[current as usize];
        shortcuts[current as usize] = shortcuts[next as usize];
        current = next;
    }
    current
}

/// A block, or none.
fn named(block: u32) -> Option<BlockId> {
    (block != NONE).then_some(BlockId(block))
}

/// The successors of a block, `NONE` for those that it hasn't.
fn successors(function: &Function, block: BlockId) -> [u32; 2] {
    let mut targets = function.successors(block).map(|target| target.block.0);
    [targets.next(), targets.next()].map(|target| target.unwrap_or(NONE))
}

/// The predecessors of all blocks in one vector, and where those of each begin.
fn invert(successors: &[[u32; 2]]) -> (Vec<u32>, Vec<BlockId>) {
    let mut starts = vec![0u32; successors.len() + 1];
    for &target in successors.as_flattened() {
        if target != NONE {
            starts[target as usize] += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    // Each start stands at the end of its part and comes down to the beginning.
    let mut predecessors = vec![BlockId::ENTRY; sum as usize];
    for (source, targets) in successors.iter().enumerate().rev() {
        for &target in targets {
            if target != NONE {
                let start = &mut starts[target as usize];
                *start -= 1;
                predecessors[*start as usize] = BlockId(source as u32);
            }
        }
    }
    (starts, predecessors)
}

/// A depth-first walk from the entry, which numbers the blocks that it finds from 0.
struct Walk {
    /// By number: the block.
    blocks: Vec<u32>,
    /// By number: the number of the block from which it was found.
    parents: Vec<u32>,
    /// By block: its number, or `NONE`.
    numbers: Vec<u32>,
    /// The blocks, each after what was found from it.
    postorder: Vec<u32>,
}

impl Walk {
    fn of(successors: &[[u32; 2]]) -> Self {
        let mut walk = Self {
            blocks: Vec::new(),
            parents: Vec::new(),
            numbers: vec![NONE; successors.len()],
            postorder: Vec::new(),
        };
        // The blocks on the way to the current one, each with its targets that are left. The last
        // target is walked first, so that the first comes first in reverse.
        let mut way: Vec<(u32, u8)> = Vec::new();
        if !successors.is_empty() {
            walk.find(BlockId::ENTRY.0, NONE);
            way.push((BlockId::ENTRY.0, 2));
        }
        while let Some((block, left)) = way.last_mut() {
            let block = *block;
            if *left == 0 {
                walk.postorder.push(block);
                way.pop();
                continue;
            }
            *left -= 1;
            let target = successors[block as usize][*left as usize];
            if target != NONE && walk.numbers[target as usize] == NONE {
                walk.find(target, walk.numbers[block as usize]);
                way.push((target, 2));
            }
        }
        walk
    }

    fn find(&mut self, block: u32, parent: u32) {
        self.numbers[block as usize] = self.blocks.len() as u32;
        self.blocks.push(block);
        self.parents.push(parent);
    }
}

/// The immediate dominators, by numbers of the walk; that of the entry is `NONE`.
fn dominators(walk: &Walk, flow: &Flow) -> Vec<u32> {
    let reached = walk.blocks.len();
    let mut forest = Forest::new(reached);
    let mut dominators = vec![NONE; reached];
    // By number: the first of those whose semidominator it is, and the next with the same one.
    let mut first = vec![NONE; reached];
    let mut next = vec![NONE; reached];
    for number in (1..reached).rev() {
        let parent = walk.parents[number] as usize;
        for source in flow.predecessors(BlockId(walk.blocks[number])) {
            let source = walk.numbers[source.index()];
            if source != NONE {
                let least = forest.least(source);
                let candidate = forest.semidominators[least as usize];
                let semidominator = &mut forest.semidominators[number];
                *semidominator = candidate.min(*semidominator);
            }
        }
        let semidominator = forest.semidominators[number] as usize;
        next[number] = first[semidominator];
        first[semidominator] = number as u32;
        forest.ancestors[number] = parent as u32;
        let mut member = std::mem::replace(&mut first[parent], NONE);
        while member != NONE {
            // Where the least one stands higher, its dominator is this one's too: filled in below.
            let least = forest.least(member);
            let lower = forest.semidominators[least as usize] < parent as u32;
            dominators[member as usize] = if lower { least } else { parent as u32 };
            member = next[member as usize];
        }
    }
    for number in 1..reached {
        if dominators[number] != forest.semidominators[number] {
            dominators[number] = dominators[dominators[number] as usize];
        }
    }
    dominators
}

/// The part of the walk's tree that the search for dominators has been through, by numbers.
struct Forest {
    /// The least number from which a way leads here through greater ones only.
    semidominators: Vec<u32>,
    /// The next one on the way to the root of a tree, or one further up; `NONE` for a root.
    ancestors: Vec<u32>,
    /// Between here and the ancestor, exclusive: the one with the least semidominator.
    labels: Vec<u32>,
    /// The way that is being shortened.
    way: Vec<u32>,
}

impl Forest {
    fn new(len: usize) -> Self {
        Self {
            semidominators: (0..len as u32).collect(),
            ancestors: vec![NONE; len],
            labels: (0..len as u32).collect(),
            way: Vec::new(),
        }
    }

    /// The one with the least semidominator from here to the root, exclusive; a root itself.
    fn least(&mut self, number: u32) -> u32 {
        let mut current = number;
        while self.ancestors[current as usize] != NONE {
            self.way.push(current);
            current = self.ancestors[current as usize];
        }
        let root = current;
        // From the root down: each takes over what was found above it. The topmost stays.
        let mut above = self.way.pop().unwrap_or(root);
        while let Some(current) = self.way.pop() {
            let (label, over) = (self.labels[current as usize], self.labels[above as usize]);
            if self.semidominators[over as usize] < self.semidominators[label as usize] {
                self.labels[current as usize] = over;
            }
            self.ancestors[current as usize] = root;
            above = current;
        }
        self.labels[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Block, Instruction, List, Op, Target, Value};
    use crate::origin::Origin;

    /// A function with these successors of its blocks.
    fn graph(successors: &[&[u32]]) -> Function {
        let mut function = Function::new("graph", 0);
        let target = |block| Target {
            block: BlockId(block),
            arguments: List::EMPTY,
        };
        for (block, &targets) in successors.iter().enumerate() {
            let op = match *targets {
                [] => Op::Return { value: Value(0) },
                [one] => Op::Jump {
                    target: target(one),
                },
                [then, otherwise, ..] => Op::Branch {
                    condition: Value(0),
                    then: target(then),
                    otherwise: target(otherwise),
                },
            };
            function.instructions.push(Instruction {
                op,
                origin: Origin::default(),
            });
            function.blocks.push(Block {
                parameters: List::EMPTY,
                start: block as u32,
                end: block as u32 + 1,
            });
        }
        function
    }

    /// Numbers from a generator that needs no state but its argument.
    fn next(state: &mut u64) -> u64 {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *state >> 33
    }

    fn random_graph(seed: u64) -> Vec<Vec<u32>> {
        let mut state = seed;
        let blocks = 1 + next(&mut state) % 12;
        (0..blocks)
            .map(|_| {
                let targets = next(&mut state) % 3;
                (0..targets)
                    .map(|_| (next(&mut state) % blocks) as u32)
                    .collect()
            })
            .collect()
    }

    /// What can be reached from the entry without passing through a block.
    fn reachable_without(successors: &[Vec<u32>], without: Option<u32>) -> Vec<bool> {
        let mut seen = vec![false; successors.len()];
        let mut work = vec![0];
        while let Some(block) = work.pop() {
            if Some(block) != without && !std::mem::replace(&mut seen[block as usize], true) {
                work.extend(&successors[block as usize]);
            }
        }
        seen
    }

    /// The headers of all loops around a block, by definition.
    fn headers_around(successors: &[Vec<u32>], flow: &Flow, block: u32) -> Vec<u32> {
        (0..successors.len() as u32)
            .filter(|_| flow.is_reachable(BlockId(block)))
            .filter(|&header| {
                let sources = flow.predecessors(BlockId(header)).iter();
                let latches: Vec<u32> = sources
                    .filter(|&&s| flow.is_reachable(s) && flow.dominates(BlockId(header), s))
                    .map(|s| s.0)
                    .collect();
                // A latch can be reached from the block without passing through the header.
                let mut seen = vec![false; successors.len()];
                let mut work = vec![block];
                while let Some(at) = work.pop() {
                    if !std::mem::replace(&mut seen[at as usize], true) && at != header {
                        work.extend(&successors[at as usize]);
                    }
                }
                if !flow.dominates(BlockId(header), BlockId(block)) || latches.is_empty() {
                    return false;
                }
                let another = |&latch: &u32| latch != header && seen[latch as usize];
                block == header || latches.iter().any(another)
            })
            .collect()
    }

    fn flow_of(successors: &[Vec<u32>]) -> Flow {
        let slices: Vec<&[u32]> = successors.iter().map(Vec::as_slice).collect();
        Flow::of(&graph(&slices))
    }

    #[test]
    fn a_diamond_joins_under_its_head() {
        let flow = Flow::of(&graph(&[&[1, 2], &[3], &[3], &[]]));
        assert_eq!(flow.predecessors(BlockId(3)), [BlockId(1), BlockId(2)]);
        assert_eq!(flow.immediate_dominator(BlockId(3)), Some(BlockId(0)));
        assert_eq!(flow.immediate_dominator(BlockId(0)), None);
        assert!(!flow.dominates(BlockId(1), BlockId(3)));
    }

    #[test]
    fn the_first_target_comes_first_in_reverse_postorder() {
        let flow = Flow::of(&graph(&[&[1, 2], &[3], &[3], &[]]));
        assert_eq!(flow.reverse_postorder(), [0, 1, 2, 3].map(BlockId));
    }

    #[test]
    fn a_branch_with_equal_targets_is_two_edges() {
        let flow = Flow::of(&graph(&[&[1, 1], &[]]));
        assert_eq!(flow.predecessors(BlockId(1)), [BlockId(0), BlockId(0)]);
    }

    #[test]
    fn nested_loops_have_depths_and_headers() {
        // 1 is the outer header, 2 the inner one, 3 its body, 4 closes the outer loop.
        let flow = Flow::of(&graph(&[&[1], &[2, 5], &[3, 4], &[2], &[1], &[]]));
        let depths: Vec<u32> = (0..6).map(|b| flow.loop_depth(BlockId(b))).collect();
        assert_eq!(depths, [0, 1, 2, 2, 1, 0]);
        assert_eq!(flow.loop_header(BlockId(3)), Some(BlockId(2)));
        assert_eq!(flow.loop_header(BlockId(4)), Some(BlockId(1)));
        assert_eq!(flow.loop_header(BlockId(5)), None);
    }

    #[test]
    fn a_cycle_with_two_entries_is_no_loop() {
        let flow = Flow::of(&graph(&[&[1, 2], &[2, 3], &[1], &[]]));
        assert!((0..4).all(|block| !flow.is_loop_header(BlockId(block))));
        assert!((0..4).all(|block| flow.loop_depth(BlockId(block)) == 0));
    }

    #[test]
    fn what_cannot_be_reached_is_dominated_by_everything() {
        let flow = Flow::of(&graph(&[&[], &[0, 1]]));
        assert!(!flow.is_reachable(BlockId(1)));
        assert!(flow.dominates(BlockId(0), BlockId(1)));
        assert!(!flow.dominates(BlockId(1), BlockId(0)));
        assert_eq!(flow.predecessors(BlockId(1)), [BlockId(1)]);
        assert_eq!(flow.loop_depth(BlockId(1)), 0);
    }

    #[test]
    fn a_function_without_blocks_has_no_facts() {
        let flow = Flow::of(&Function::new("nothing", 0));
        assert!(flow.reverse_postorder().is_empty());
    }

    #[test]
    fn dominators_are_as_defined_in_random_graphs() {
        for seed in 0..2_000 {
            let successors = random_graph(seed);
            let flow = flow_of(&successors);
            let reachable = reachable_without(&successors, None);
            for a in 0..successors.len() as u32 {
                let without = reachable_without(&successors, Some(a));
                for b in 0..successors.len() as u32 {
                    let expected = !reachable[b as usize] || !without[b as usize];
                    let expected = expected && (reachable[a as usize] || !reachable[b as usize]);
                    let found = flow.dominates(BlockId(a), BlockId(b));
                    assert_eq!(found, expected, "seed {seed}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn the_immediate_dominator_is_the_nearest_in_random_graphs() {
        for seed in 0..2_000 {
            let successors = random_graph(seed);
            let flow = flow_of(&successors);
            for block in flow.reverse_postorder() {
                let strict = |a: &BlockId| *a != *block && flow.dominates(*a, *block);
                let all: Vec<BlockId> = flow.reverse_postorder().to_vec();
                let nearest = all.iter().copied().filter(strict).find(|&a| {
                    all.iter()
                        .filter(|b| strict(b))
                        .all(|&b| flow.dominates(b, a))
                });
                assert_eq!(flow.immediate_dominator(*block), nearest, "seed {seed}");
            }
        }
    }

    #[test]
    fn loops_are_as_defined_in_random_graphs() {
        for seed in 0..2_000 {
            let successors = random_graph(seed);
            let flow = flow_of(&successors);
            for block in 0..successors.len() as u32 {
                let headers = headers_around(&successors, &flow, block);
                let depth = flow.loop_depth(BlockId(block));
                assert_eq!(depth as usize, headers.len(), "seed {seed}: {block}");
                let innermost = headers.iter().copied().find(|&inner| {
                    headers
                        .iter()
                        .all(|&outer| flow.dominates(BlockId(outer), BlockId(inner)))
                });
                let found = flow.loop_header(BlockId(block)).map(|header| header.0);
                assert_eq!(found, innermost, "seed {seed}: {block}");
            }
        }
    }

    #[test]
    fn reverse_postorder_goes_back_only_along_edges_of_cycles() {
        for seed in 0..500 {
            let successors = random_graph(seed);
            let flow = flow_of(&successors);
            let order = flow.reverse_postorder();
            assert_eq!(order.first(), Some(&BlockId::ENTRY));
            for (position, block) in order.iter().enumerate() {
                let dominator = flow.immediate_dominator(*block);
                let earlier = dominator.is_none_or(|d| order[..position].contains(&d));
                assert!(earlier, "seed {seed}: {block:?}");
            }
        }
    }

    #[test]
    fn long_chains_and_wide_joins_need_no_deep_stack() {
        // Block i goes on or leaves to the last: the worst case of the simple iterative method.
        let last = 100_000;
        let mut successors: Vec<Vec<u32>> = (0..last).map(|b| vec![b + 1, last]).collect();
        successors.push(Vec::new());
        let flow = flow_of(&successors);
        assert_eq!(flow.immediate_dominator(BlockId(last)), Some(BlockId(0)));
        assert_eq!(
            flow.immediate_dominator(BlockId(last - 1)),
            Some(BlockId(last - 2))
        );
    }
}
