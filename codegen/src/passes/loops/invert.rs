//! Loop inversion: a loop that tests at its top becomes one that tests at its bottom, behind a test
//! whether it runs at all. An iteration then has one branch instead of a branch and a jump.
//!
//! ```text
//!     jmp  b1(r0)                    jmp  b1(r0)
//! b1(@r2):                       b1(@r2):
//!     lt   @r3, r2, r1               lt   @r3, r2, r1
//!     br   r3, b2(), b3()            br   r3, b4(r2), b5(r2)
//! b2():                          b4(@r6):
//!     add  @r4, r2, r1               add  @r4, r6, r1
//!     jmp  b1(r4)                    lt   @r5, r4, r1
//! b3():                              br   r5, b4(r4), b5(r4)
//!     ret  r2                    b5(@r7):
//!                                    ret  r7
//! ```
//!
//! The header's instructions, a few pure ones, are copied to each block that jumps back to it. What
//! the header defines and others read is then defined in several places: the blocks that follow the
//! header get it as parameters.

use crate::ir::flow::Flow;
use crate::ir::{Block, BlockId, Function, Instruction, List, Op, Target, Value};
use crate::passes::rewrite;

/// The number of instructions of a header that may be copied, without its branch.
const LARGEST_HEADER: usize = 6;
/// The number of blocks that may jump back.
const MOST_COPIES: usize = 2;
/// The number of parameters that a header may have: they are searched by walking.
const MOST_PARAMETERS: usize = 32;

/// Inverts the loops whose headers are small and have no effect. Says whether there are any.
pub fn invert(function: &mut Function) -> bool {
    if function.blocks.len() == 1 {
        return false;
    }
    let flow = Flow::of(function);
    let mut inversions: Vec<Inversion> = flow
        .reverse_postorder()
        .iter()
        .filter_map(|&header| Inversion::of(function, &flow, header))
        .collect();
    if inversions.is_empty() {
        return false;
    }
    let mut by_header = vec![None; function.blocks.len()];
    for (index, inversion) in inversions.iter().enumerate() {
        by_header[inversion.header.index()] = Some(index);
    }
    let homes = header_values(function, &inversions);
    find_carried(function, &flow, &homes, &by_header, &mut inversions);
    Inverter {
        function,
        flow: &flow,
        homes,
        by_header,
        inversions,
    }
    .apply();
    true
}

/// A loop that can be inverted.
struct Inversion {
    header: BlockId,
    /// Where the header goes into the loop, and where out of it; both have no other way to them.
    inside: BlockId,
    outside: BlockId,
    /// The blocks that jump back.
    latches: Vec<BlockId>,
    /// The values of the header that other blocks read; with the parameters that stand for them in
    /// the loop and behind it.
    carried: Vec<(Value, Value, Value)>,
    is_possible: bool,
}

impl Inversion {
    /// The inversion of the loop with that header, if the header is small and pure, and its
    /// surroundings are simple. (Whether it is possible turns out later.)
    fn of(function: &Function, flow: &Flow, header: BlockId) -> Option<Self> {
        if !flow.is_loop_header(header) || header == BlockId::ENTRY {
            return None;
        }
        let (last, test) = function.block(header).split_last()?;
        let Op::Branch {
            then, otherwise, ..
        } = last.op
        else {
            return None;
        };
        let parameters = function.blocks[header.index()].parameters;
        if function.list(parameters).len() > MOST_PARAMETERS
            || test.len() > LARGEST_HEADER
            || !test.iter().all(|instruction| is_pure(&instruction.op))
        {
            return None;
        }
        let is_inside = |block: BlockId| {
            flow.predecessors(block) == [header]
                && flow.loop_header(block).is_some_and(|inner| {
                    inner == header || flow.dominates(header, inner) && in_loop(flow, header, block)
                })
        };
        let (inside, outside) = match (is_inside(then.block), is_inside(otherwise.block)) {
            (true, false) => (then.block, otherwise.block),
            (false, true) => (otherwise.block, then.block),
            _ => return None,
        };
        if flow.predecessors(outside) != [header] {
            return None;
        }
        let latches: Vec<BlockId> = flow
            .predecessors(header)
            .iter()
            .copied()
            .filter(|&from| flow.dominates(header, from))
            .collect();
        let simple = latches.len() <= MOST_COPIES
            && latches.iter().all(|&latch| {
                flow.is_reachable(latch)
                    && matches!(
                        function.block(latch).last().map(|last| last.op),
                        Some(Op::Jump { .. })
                    )
            });
        simple.then_some(Self {
            header,
            inside,
            outside,
            latches,
            carried: Vec::new(),
            is_possible: true,
        })
    }
}

/// Whether a block that a header dominates is in its loop: a way back leads from behind it, and not
/// past it.
fn in_loop(flow: &Flow, header: BlockId, block: BlockId) -> bool {
    flow.predecessors(header)
        .iter()
        .any(|&latch| flow.is_reachable(latch) && flow.dominates(block, latch))
}

const fn is_pure(op: &Op) -> bool {
    matches!(
        op,
        Op::Constant { .. } | Op::Unary { .. } | Op::Binary { .. } | Op::Select { .. }
    )
}

/// For each value that a header of an inversion defines, that header.
fn header_values(function: &Function, inversions: &[Inversion]) -> Vec<Option<BlockId>> {
    let mut homes = vec![None; function.values as usize];
    for inversion in inversions {
        let header = inversion.header;
        for value in function.list(function.blocks[header.index()].parameters) {
            homes[value.index()] = Some(header);
        }
        for instruction in function.block(header) {
            function.visit_results(&instruction.op, |value| homes[value.index()] = Some(header));
        }
    }
    homes
}

/// Finds the values that headers define and others read, and gives them parameters. A loop is left
/// alone if one is read where control may have come both from the loop and from behind it.
fn find_carried(
    function: &mut Function,
    flow: &Flow,
    homes: &[Option<BlockId>],
    by_header: &[Option<usize>],
    inversions: &mut [Inversion],
) {
    let mut is_carried = vec![false; function.values as usize];
    for &block in flow.reverse_postorder() {
        for instruction in function.block(block) {
            function.visit_uses(&instruction.op, |value| {
                let Some(header) = homes[value.index()] else {
                    return;
                };
                let Some(index) = by_header[header.index()] else {
                    return;
                };
                if header == block {
                    return;
                }
                let inversion = &mut inversions[index];
                inversion.is_possible &= flow.dominates(inversion.inside, block)
                    || flow.dominates(inversion.outside, block);
                if !std::mem::replace(&mut is_carried[value.index()], true) {
                    inversion.carried.push((value, value, value));
                }
            });
        }
    }
    for inversion in inversions
        .iter_mut()
        .filter(|inversion| inversion.is_possible)
    {
        for (_, inside, outside) in &mut inversion.carried {
            *inside = function.value();
            *outside = function.value();
        }
    }
}

/// The inversions at work.
struct Inverter<'a> {
    function: &'a mut Function,
    flow: &'a Flow,
    homes: Vec<Option<BlockId>>,
    by_header: Vec<Option<usize>>,
    inversions: Vec<Inversion>,
}

impl Inverter<'_> {
    fn apply(mut self) {
        self.inversions.iter_mut().for_each(|inversion| {
            if !inversion.is_possible {
                self.by_header[inversion.header.index()] = None;
            }
        });
        self.rename_uses();
        // The headers as they are now are what is copied.
        let copies: Vec<(usize, BlockId)> = (0..self.inversions.len())
            .filter(|&index| self.inversions[index].is_possible)
            .flat_map(|index| {
                let latches = self.inversions[index].latches.clone();
                latches.into_iter().map(move |latch| (index, latch))
            })
            .collect();
        let mut appended: Vec<Option<Vec<Instruction>>> = vec![None; self.function.blocks.len()];
        for (index, latch) in copies {
            appended[latch.index()] = Some(self.copy_of_header(index, latch));
        }
        for index in 0..self.inversions.len() {
            if self.inversions[index].is_possible {
                self.give_parameters(index);
            }
        }
        self.rebuild(appended);
    }

    /// Renames the values of headers in the blocks behind them.
    fn rename_uses(&mut self) {
        let renamed: Vec<(BlockId, std::ops::Range<usize>)> = self
            .flow
            .reverse_postorder()
            .iter()
            .map(|&block| (block, self.function.blocks[block.index()].range()))
            .collect();
        for (block, range) in renamed {
            for position in range {
                let mut op = self.function.instructions[position].op;
                rewrite::operands_mut(&mut op, |value| *value = self.name_in(*value, block));
                self.rename_lists(&mut op, block);
                self.function.instructions[position].op = op;
            }
        }
    }

    fn rename_lists(&mut self, op: &mut Op, block: BlockId) {
        if let Op::WideDivide { operands, .. } = op {
            *operands = self.renamed_list(*operands, block);
        }
        if let Op::Call { arguments, .. } = op {
            *arguments = self.renamed_list(*arguments, block);
        }
        rewrite::targets_mut(op, |target| {
            target.arguments = self.renamed_list(target.arguments, block);
        });
        if let Some(exit) = rewrite::exit_mut(op) {
            let old = self.function.exits[exit.index()];
            let values = self.renamed_list(old.values, block);
            if values != old.values {
                let values: Vec<Value> = self.function.list(values).collect();
                *exit = self.function.make_exit(old.reason, &values);
            }
        }
    }

    /// The list as it reads in a block; the same if nothing changes.
    fn renamed_list(&mut self, list: List, block: BlockId) -> List {
        let values: Vec<Value> = self.function.list(list).collect();
        let renamed: Vec<Value> = values.iter().map(|&v| self.name_in(v, block)).collect();
        if values == renamed {
            return list;
        }
        self.function.make_list(&renamed)
    }

    /// What stands for a value in a block.
    fn name_in(&self, value: Value, block: BlockId) -> Value {
        let Some(header) = self.homes.get(value.index()).copied().flatten() else {
            return value;
        };
        let Some(index) = self.by_header[header.index()] else {
            return value;
        };
        if header == block {
            return value;
        }
        let inversion = &self.inversions[index];
        let carried = inversion.carried.iter().find(|carried| carried.0 == value);
        match carried {
            Some(&(_, inside, _)) if self.flow.dominates(inversion.inside, block) => inside,
            Some(&(_, _, outside)) if self.flow.dominates(inversion.outside, block) => outside,
            _ => value,
        }
    }

    /// The header's instructions for the end of a block that jumps to it.
    fn copy_of_header(&mut self, index: usize, latch: BlockId) -> Vec<Instruction> {
        let header = self.inversions[index].header;
        let arguments = match self.function.block(latch).last().map(|last| last.op) {
            Some(Op::Jump { target }) => target.arguments,
            _ => List::EMPTY,
        };
        let parameters = self.function.blocks[header.index()].parameters;
        let mut names: Vec<(Value, Value)> = self
            .function
            .list(parameters)
            .zip(self.function.list(arguments))
            .collect();
        let body: Vec<Instruction> = self.function.block(header).to_vec();
        let mut copies = Vec::with_capacity(body.len());
        for mut instruction in body {
            rewrite::operands_mut(&mut instruction.op, |value| {
                *value = self.name_of_copy(&names, *value, latch);
            });
            rewrite::results_mut(&mut instruction.op, |value| {
                let copy = self.function.value();
                names.push((*value, copy));
                *value = copy;
            });
            self.extend_branch(&mut instruction.op, index, |this, value| {
                this.name_of_copy(&names, value, latch)
            });
            copies.push(instruction);
        }
        copies
    }

    /// What a header's operand is in the copy at the end of a block.
    fn name_of_copy(&self, names: &[(Value, Value)], value: Value, latch: BlockId) -> Value {
        match names.iter().find(|(old, _)| *old == value) {
            Some(&(_, new)) => new,
            None => self.name_in(value, latch),
        }
    }

    /// Hands over the carried values to both targets of the branch at a header's end.
    fn extend_branch(&mut self, op: &mut Op, index: usize, name: impl Fn(&Self, Value) -> Value) {
        rewrite::targets_mut(op, |target: &mut Target| {
            let values: Vec<Value> = self
                .function
                .list(target.arguments)
                .chain(
                    self.inversions[index]
                        .carried
                        .iter()
                        .map(|carried| carried.0),
                )
                .map(|value| name(self, value))
                .collect();
            target.arguments = self.function.make_list(&values);
        });
    }

    /// Gives the blocks that follow a header the carried values as parameters.
    fn give_parameters(&mut self, index: usize) {
        let header = self.inversions[index].header;
        let last = self.function.blocks[header.index()].end as usize - 1;
        let mut op = self.function.instructions[last].op;
        self.extend_branch(&mut op, index, |_, value| value);
        self.function.instructions[last].op = op;
        let inversion = &self.inversions[index];
        let (inside, outside) = (inversion.inside, inversion.outside);
        let (in_loop, behind): (Vec<Value>, Vec<Value>) = inversion
            .carried
            .iter()
            .map(|&(_, inside, outside)| (inside, outside))
            .unzip();
        for (block, more) in [(inside, in_loop), (outside, behind)] {
            let old = self.function.blocks[block.index()].parameters;
            let all: Vec<Value> = self.function.list(old).chain(more).collect();
            self.function.blocks[block.index()].parameters = self.function.make_list(&all);
        }
    }

    /// Puts the copies in the place of the jumps.
    fn rebuild(self, mut appended: Vec<Option<Vec<Instruction>>>) {
        let mut instructions = Vec::with_capacity(self.function.instructions.len() * 2);
        let mut blocks = Vec::with_capacity(self.function.blocks.len());
        for (index, block) in self.function.blocks.iter().enumerate() {
            let start = instructions.len() as u32;
            let body = &self.function.instructions[block.range()];
            match appended[index].take() {
                Some(copy) => {
                    instructions.extend_from_slice(&body[..body.len() - 1]);
                    instructions.extend(copy);
                }
                None => instructions.extend_from_slice(body),
            }
            blocks.push(Block {
                parameters: block.parameters,
                start,
                end: instructions.len() as u32,
            });
        }
        self.function.blocks = blocks;
        self.function.instructions = instructions;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    fn pass(function: &mut Function) {
        invert(function);
    }

    #[test]
    fn a_test_at_the_top_is_copied_to_the_bottom() {
        assert_pass(
            pass,
            "fn f - #args: 2, #reg: 5 {
            b0():
                0: mva @r0, a0
                1: mva @r1, a1
                2: jmp b1(r0)
            b1(@r2):
                3: lt @r3, r2, r1
                4: br r3, b2(), b3()
            b2():
                5: add @r4, r2, r1
                6: jmp b1(r4)
            b3():
                7: ret r2
            }",
            "fn f - #args: 2, #reg: 8 {
            b0():
                0: mva @r0, a0
                1: mva @r1, a1
                2: jmp b1(r0)
            b1(@r2):
                3: lt @r3, r2, r1
                4: br r3, b2(r2), b3(r2)
            b2(@r5):
                5: add @r4, r5, r1
                6: lt @r7, r4, r1
                7: br r7, b2(r4), b3(r4)
            b3(@r6):
                8: ret r6
            }",
        );
    }

    #[test]
    fn a_header_that_calls_is_left_alone() {
        assert_kept(
            pass,
            "fn f - #args: 1, #reg: 2 {
            b0():
                0: mva @r0, a0
                1: jmp b1()
            b1():
                2: call @r1, f:0(r0)
                3: br r1, b2(), b3()
            b2():
                4: jmp b1()
            b3():
                5: ret r0
            }",
        );
    }
}
