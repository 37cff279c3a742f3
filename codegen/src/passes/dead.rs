//! Dead store elimination: what nobody reads is not computed.
//!
//! ```text
//! 0:  mvi  @r0, 2            0:  mvi  @r2, 4
//! 1:  mvi  @r2, 4            1:  mva  @r3, a0
//! 2:  mva  @r3, a0           2:  add  @r4, r2, r3
//! 3:  add  @r4, r2, r3       3:  ret  r4
//! 4:  ret  r4
//! ```
//!
//! A value is alive if an instruction with an effect reads it, or one whose result is alive, or if
//! it is handed over to a block's parameter that is alive. So a parameter that only feeds itself
//! goes, around a loop as well. Calls stay, and divisions that may leave.

use super::rewrite;
use crate::ir::flow::Flow;
use crate::ir::{BlockId, Function, List, Op, Target, Value};

/// Removes instructions without an effect whose results nobody reads, and parameters of blocks
/// that nobody reads, with their arguments.
pub fn eliminate(function: &mut Function) {
    if function.blocks.len() == 1 {
        eliminate_in_one_block(function);
        return;
    }
    let live = Liveness::of(function).live;
    remove_parameters(function, &live);
    remove_instructions(function, &live);
}

/// With one block all uses stand behind the definitions: one walk backwards sees them first.
fn eliminate_in_one_block(function: &mut Function) {
    let mut live = vec![false; function.values as usize];
    let mut keep = vec![true; function.instructions.len()];
    for (position, instruction) in function.instructions.iter().enumerate().rev() {
        let op = &instruction.op;
        let needed = is_needed(function, op, &live);
        if needed {
            function.visit_uses(op, |value| live[value.index()] = true);
        }
        keep[position] = needed;
    }
    rewrite::retain(function, |position| keep[position]);
}

/// Whether an instruction has an effect, or a result that is alive.
fn is_needed(function: &Function, op: &Op, live: &[bool]) -> bool {
    match op.result() {
        Some(dest) if live[dest.index()] => true,
        Some(_) => op.has_effect(),
        None => {
            let mut needed = op.has_effect();
            function.visit_results(op, |value| needed |= live[value.index()]);
            needed
        }
    }
}

/// Where a value is defined.
#[derive(Clone, Copy)]
enum Definition {
    /// By the instruction at this position, or nowhere.
    Instruction(u32),
    /// As the block's parameter with this index.
    Parameter(BlockId, u32),
}

/// The spread of life from instructions with an effect to what they need.
struct Liveness<'a> {
    function: &'a Function,
    definitions: Vec<Definition>,
    live: Vec<bool>,
    /// Values that are alive, and whose own needs have not been looked at.
    pending: Vec<Value>,
}

impl<'a> Liveness<'a> {
    fn of(function: &'a Function) -> Self {
        let flow = Flow::of(function);
        let mut this = Self {
            function,
            definitions: definitions(function),
            live: vec![false; function.values as usize],
            pending: Vec::new(),
        };
        for instruction in &function.instructions {
            if instruction.op.has_effect() {
                this.mark_direct_uses(instruction);
            }
        }
        while let Some(value) = this.pending.pop() {
            match this.definitions[value.index()] {
                Definition::Instruction(position) => {
                    if let Some(instruction) = function.instructions.get(position as usize) {
                        this.mark_direct_uses(instruction);
                    }
                }
                Definition::Parameter(block, index) => {
                    for argument in
                        super::blocks::arguments_for(function, &flow, block, index as usize)
                    {
                        this.mark(argument);
                    }
                }
            }
        }
        this
    }

    /// Marks what an instruction reads. The arguments for a block are read by its parameters only.
    fn mark_direct_uses(&mut self, instruction: &crate::ir::Instruction) {
        let function = self.function;
        let mut op = instruction.op;
        rewrite::targets_mut(&mut op, |target| target.arguments = List::EMPTY);
        function.visit_uses(&op, |value| self.mark(value));
    }

    fn mark(&mut self, value: Value) {
        if !std::mem::replace(&mut self.live[value.index()], true) {
            self.pending.push(value);
        }
    }
}

fn definitions(function: &Function) -> Vec<Definition> {
    let mut definitions = vec![Definition::Instruction(u32::MAX); function.values as usize];
    for (position, instruction) in function.instructions.iter().enumerate() {
        function.visit_results(&instruction.op, |value| {
            definitions[value.index()] = Definition::Instruction(position as u32);
        });
    }
    for (block, body) in function.blocks.iter().enumerate() {
        for (index, value) in function.list(body.parameters).enumerate() {
            definitions[value.index()] = Definition::Parameter(BlockId(block as u32), index as u32);
        }
    }
    definitions
}

fn remove_instructions(function: &mut Function, live: &[bool]) {
    let keep: Vec<bool> = function
        .instructions
        .iter()
        .map(|instruction| is_needed(function, &instruction.op, live))
        .collect();
    rewrite::retain(function, |position| keep[position]);
}

fn remove_parameters(function: &mut Function, live: &[bool]) {
    let old: Vec<List> = function.blocks.iter().map(|b| b.parameters).collect();
    let loses = |function: &Function, block: BlockId| {
        function
            .list(old[block.index()])
            .any(|value| !live[value.index()])
    };
    if !(0..old.len()).any(|block| loses(function, BlockId(block as u32))) {
        return;
    }
    for position in 0..function.instructions.len() {
        let mut op = function.instructions[position].op;
        if !op.is_terminator() {
            continue;
        }
        rewrite::targets_mut(&mut op, |target: &mut Target| {
            if loses(function, target.block) {
                let kept: Vec<Value> = function
                    .list(target.arguments)
                    .zip(function.list(old[target.block.index()]))
                    .filter(|(_, parameter)| live[parameter.index()])
                    .map(|(argument, _)| argument)
                    .collect();
                target.arguments = function.make_list(&kept);
            }
        });
        function.instructions[position].op = op;
    }
    for (block, &list) in old.iter().enumerate() {
        let kept: Vec<Value> = function
            .list(list)
            .filter(|parameter| live[parameter.index()])
            .collect();
        function.blocks[block].parameters = function.make_list(&kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::{assert_kept, assert_pass};

    #[test]
    fn a_chain_that_ends_nowhere_goes() {
        assert_pass(
            eliminate,
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r0, 2
                1:  mvi  @r2, 4
                2:  mva  @r3, a0
                3:  add  @r1, r0, r2
                4:  add  @r4, r2, r3
                5:  ret  r4
            }",
            "fn main - #args: 1, #reg: 5 {
                0:  mvi  @r2, 4
                1:  mva  @r3, a0
                2:  add  @r4, r2, r3
                3:  ret  r4
            }",
        );
    }

    #[test]
    fn a_call_is_never_dead() {
        assert_kept(
            eliminate,
            "fn main - #args: 0, #reg: 2 {
                0:  call @r0, main:0()
                1:  mvi  @r1, 1
                2:  ret  r1
            }",
        );
    }

    #[test]
    fn a_division_that_may_leave_is_never_dead() {
        assert_kept(
            eliminate,
            "fn main - #args: 1, #reg: 3 {
                0:  mva  @r0, a0
                1:  mvi  @r1, 1
                2:  div  @r2, r1, r0 or exit 0(r1)
                3:  ret  r1
            }",
        );
    }

    #[test]
    fn a_parameter_that_only_feeds_itself_goes() {
        assert_pass(
            eliminate,
            "fn main - #args: 1, #reg: 6 {
                0:  mva  @r0, a0
                1:  mvi  @r1, 1
                2:  jmp  b1(r0, r1)
            b1(@r2, @r3):
                3:  add  @r4, r3, r1
                4:  sub  @r5, r2, r1
                5:  br   r5, b1(r5, r4), b2()
            b2():
                6:  ret  r5
            }",
            "fn main - #args: 1, #reg: 6 {
                0:  mva  @r0, a0
                1:  mvi  @r1, 1
                2:  jmp  b1(r0)
            b1(@r2):
                3:  sub  @r5, r2, r1
                4:  br   r5, b1(r5), b2()
            b2():
                5:  ret  r5
            }",
        );
    }
}
