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
    let (numbers, values) = numbers(function);
    let mut names = Names {
        new: numbers,
        old_lists: std::mem::replace(&mut function.lists, vec![0]),
        old_exits: std::mem::take(&mut function.exits),
        lists: Vec::new(),
        exits: Vec::new(),
    };
    names.lists.push(0);
    for block in &mut function.blocks {
        block.parameters = names.list(block.parameters);
        for instruction in &mut function.instructions[block.range()] {
            names.rename(&mut instruction.op);
        }
    }
    function.values = values;
    function.lists = names.lists;
    function.exits = names.exits;
}

/// The new number of each value that is defined, and how many there are.
fn numbers(function: &Function) -> (Vec<u32>, u32) {
    let mut numbers = vec![0; function.values as usize];
    for block in &function.blocks {
        for value in function.list(block.parameters) {
            numbers[value.index()] = 1;
        }
    }
    for instruction in &function.instructions {
        match instruction.op.result() {
            Some(value) => numbers[value.index()] = 1,
            None => function.visit_results(&instruction.op, |value| numbers[value.index()] = 1),
        }
    }
    let mut next = 0;
    for number in &mut numbers {
        let is_defined = *number;
        *number = next;
        next += is_defined;
    }
    (numbers, next)
}

/// The new numbers of values, and what lists and exits become.
struct Names {
    new: Vec<u32>,
    old_lists: Vec<u32>,
    old_exits: Vec<Exit>,
    lists: Vec<u32>,
    exits: Vec<Exit>,
}

impl Names {
    fn number(&self, value: u32) -> u32 {
        self.new[value as usize]
    }

    fn rename(&mut self, op: &mut Op) {
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
