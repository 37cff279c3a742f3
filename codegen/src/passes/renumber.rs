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

use super::rewrite::{self, Renaming};
use crate::ir::{BlockId, Function, Value};

/// Numbers the values in the order in which they appear in the text, and drops unused lists and
/// exits.
pub fn renumber(function: &mut Function) {
    let mut numbers = Numbers {
        new: vec![Numbers::NONE; function.values as usize],
        next: 0,
    };
    let source = std::mem::replace(function, Function::new(String::new(), 0));
    function.lists.reserve(source.lists.len());
    function.exits.reserve(source.exits.len());
    function.blocks.clone_from(&source.blocks);
    function
        .instructions
        .reserve_exact(source.instructions.len());
    for index in 0..source.blocks.len() {
        let block = source.blocks[index];
        function.blocks[index].parameters =
            rewrite::copy_results(&source, block.parameters, function, &mut numbers);
        for instruction in &source.instructions[block.range()] {
            let mut copy = *instruction;
            copy.op = rewrite::copy(&source, &instruction.op, function, &mut numbers);
            function.instructions.push(copy);
        }
    }
    function.values = numbers.next;
    function.name = source.name;
    function.parameters = source.parameters;
    function.places = source.places;
}

/// The new numbers of values; a value gets its number when it is first met, as operand or result.
struct Numbers {
    new: Vec<Value>,
    next: u32,
}

impl Numbers {
    const NONE: Value = Value(u32::MAX);

    fn number(&mut self, value: Value) -> Value {
        let number = &mut self.new[value.index()];
        if *number == Self::NONE {
            *number = Value(self.next);
            self.next += 1;
        }
        *number
    }
}

impl Renaming for Numbers {
    fn operand(&mut self, value: Value) -> Value {
        self.number(value)
    }

    fn result(&mut self, value: Value) -> Value {
        self.number(value)
    }

    fn block(&mut self, block: BlockId) -> BlockId {
        block
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
