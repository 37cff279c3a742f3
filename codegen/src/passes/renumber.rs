//! Renumbering: values become dense from 0, and keep their order.
//!
//! ```text
//! 0:  mvi  @r2, 4            0:  mvi  @r0, 4
//! 1:  mva  @r3, a0           1:  mva  @r1, a0
//! 2:  add  @r4, r2, r3       2:  add  @r2, r0, r1
//! 3:  ret  r4                3:  ret  r2
//! ```
//!
//! Lists and exits that nothing refers to any more go as well.

use super::rewrite;
use crate::ir::{Exit, ExitId, Function, List, Op, Value};

/// Numbers the values that are left, in the order of the numbers that they had, and drops unused
/// lists and exits.
pub fn renumber(function: &mut Function) {
    let mut numbers = marks(function);
    function.values = count(&mut numbers);
    let mut names = Names::new(function, numbers);
    for block in &mut function.blocks {
        block.parameters = names.list(block.parameters);
        for instruction in &mut function.instructions[block.range()] {
            names.rename(&mut instruction.op);
        }
    }
    names.finish(function);
}

/// By value: 1 if it is defined, else 0.
fn marks(function: &Function) -> Vec<u32> {
    let mut marks = vec![0; function.values as usize];
    for block in &function.blocks {
        for value in function.list(block.parameters) {
            marks[value.index()] = 1;
        }
    }
    for instruction in &function.instructions {
        match instruction.op.result() {
            Some(value) => marks[value.index()] = 1,
            None => function.visit_results(&instruction.op, |value| marks[value.index()] = 1),
        }
    }
    marks
}

/// The number of what is not there any more.
const GONE: u32 = u32::MAX;

/// Makes new numbers of marks, which are 1 for values that stay and 0 for those that go. Returns how
/// many stay.
pub(super) fn count(marks: &mut [u32]) -> u32 {
    let mut next = 0;
    for mark in marks {
        let stays = *mark;
        *mark = if stays == 0 { GONE } else { next };
        next += stays;
    }
    next
}

/// The new numbers of values, and what lists and exits become.
pub(super) struct Names {
    new: Vec<u32>,
    old_lists: Vec<u32>,
    old_exits: Vec<Exit>,
    lists: Vec<u32>,
    exits: Vec<Exit>,
}

impl Names {
    /// With the numbers that [`count`] has made. The function's lists and exits are taken out of it
    /// until [`Self::finish`].
    pub(super) fn new(function: &mut Function, numbers: Vec<u32>) -> Self {
        Self {
            new: numbers,
            lists: vec![0],
            exits: Vec::with_capacity(function.exits.len()),
            old_lists: std::mem::take(&mut function.lists),
            old_exits: std::mem::take(&mut function.exits),
        }
    }

    /// Gives the function the lists and exits that its instructions refer to now.
    pub(super) fn finish(self, function: &mut Function) {
        function.lists = self.lists;
        function.exits = self.exits;
    }

    /// Whether an instruction stays: it has no result, or one that does.
    fn keeps(&self, op: &Op) -> bool {
        let stays = |value: Value| self.new[value.index()] != GONE;
        match *op {
            Op::WideMultiply { low, high, .. } => stays(low) || stays(high),
            Op::WideDivide { results, .. } => {
                let start = results.0 as usize + 1;
                let values = &self.old_lists[start..start + self.old_lists[start - 1] as usize];
                values.iter().any(|&value| stays(Value(value)))
            }
            _ => op.result().is_none_or(stays),
        }
    }

    /// Renames what an instruction reads and defines, if it stays. Says whether it does.
    #[inline]
    pub(super) fn rename(&mut self, op: &mut Op) -> bool {
        // Most instructions are one of these; of others it is asked several times what they are.
        match op {
            Op::Constant { dest, .. } => self.rename_value(dest),
            Op::Binary { dest, a, b, .. } => {
                let stays = self.rename_value(dest);
                if stays {
                    self.rename_value(a);
                    self.rename_value(b);
                }
                stays
            }
            _ => {
                let stays = self.keeps(op);
                if stays {
                    self.rename_any(op);
                }
                stays
            }
        }
    }

    /// Renames a value, if it stays. Says whether it does.
    fn rename_value(&self, value: &mut Value) -> bool {
        value.0 = self.number(value.0);
        value.0 != GONE
    }

    fn number(&self, value: u32) -> u32 {
        self.new[value as usize]
    }

    fn rename_any(&mut self, op: &mut Op) {
        rewrite::operands_mut(op, |value| *value = Value(self.number(value.0)));
        rewrite::results_mut(op, |value| *value = Value(self.number(value.0)));
        match op {
            Op::WideDivide {
                results, operands, ..
            } => {
                *operands = self.list(*operands);
                *results = self.list(*results);
            }
            Op::Call { arguments, .. } => *arguments = self.list(*arguments),
            _ => rewrite::targets_mut(op, |target| target.arguments = self.list(target.arguments)),
        }
        if let Some(id) = rewrite::exit_mut(op) {
            let exit = self.old_exits[id.index()];
            let values = self.list(exit.values);
            *id = ExitId(self.exits.len() as u32);
            self.exits.push(Exit { values, ..exit });
        }
    }

    fn list(&mut self, old: List) -> List {
        let start = old.0 as usize;
        let length = self.old_lists[start];
        if length == 0 {
            return List::EMPTY;
        }
        let new = List(self.lists.len() as u32);
        self.lists.push(length);
        for index in start + 1..=start + length as usize {
            let number = self.number(self.old_lists[index]);
            self.lists.push(number);
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn numbers_become_dense_and_keep_their_order() {
        assert_pass(
            renumber,
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r2, 4
                1:  mva  @r3, a0
                2:  add  @r4, r2, r3
                3:  ret  r4
            }",
            "fn main - #args: 1, #reg: 3 {
                0:  mvi  @r0, 4
                1:  mva  @r1, a0
                2:  add  @r2, r0, r1
                3:  ret  r2
            }",
        );
    }

    #[test]
    fn numbers_that_are_dense_stay() {
        assert_kept(
            renumber,
            "fn f - #args: 0, #reg: 3 {
                0:  mvi  @r1, 2
                1:  call @r0, f:0()
                2:  add  @r2, r0, r1
                3:  ret  r2
            }",
        );
    }
}
