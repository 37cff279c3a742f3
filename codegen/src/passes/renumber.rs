//! Renumbering: values become dense from 0, in the order in which they appear.
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

/// Numbers the values in the order in which they appear in the text, and drops unused lists and
/// exits.
pub fn renumber(function: &mut Function) {
    let mut names = Names {
        new: vec![Names::NONE; function.values as usize],
        next: 0,
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
    function.values = names.next;
    function.lists = names.lists;
    function.exits = names.exits;
}

/// The new numbers of values; a value gets its number when it is first met, as operand or result.
struct Names {
    new: Vec<u32>,
    next: u32,
    old_lists: Vec<u32>,
    old_exits: Vec<Exit>,
    lists: Vec<u32>,
    exits: Vec<Exit>,
}

impl Names {
    const NONE: u32 = u32::MAX;

    fn number(&mut self, value: u32) -> u32 {
        let number = &mut self.new[value as usize];
        if *number == Self::NONE {
            *number = self.next;
            self.next += 1;
        }
        *number
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
    use crate::passes::testing::assert_pass;

    #[test]
    fn numbers_become_dense_in_the_order_of_appearance() {
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
}
