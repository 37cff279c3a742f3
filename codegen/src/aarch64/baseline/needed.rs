//! Which registers hold something after a call that is still needed: the saves of the others are
//! needless.
//!
//! The generator itself saves whatever the function uses and asks nobody. This only looks at what it
//! does, for those who compare it with what would have been enough:
//!
//! ```text
//!     str  x0, [x29, #24]     needless, unless the first parameter is fetched after the call
//!     str  x19, [x29, #32]    needed: see below
//!     str  x9, [x29, #40]     needed if the value in x9 is used later, on any way from here
//!     str  x11, [x29, #56]    needless: the result goes there
//! ```
//!
//! No value of the function lives in x19, where calls put the trampoline's address. But it has to be
//! given back to the function's own caller as it was, so whoever returns needs it.
//!
//! The registers that are needed are found as live values always are, backwards and over the edges
//! back of loops. Registers do instead of values: no two values are in one at the same time.

use super::frame::argument_registers;
use super::places::Places;
use super::{BlockId, Calls, Function, List, Location, Op, Value, X19};
use crate::ir::flow::Flow;
use crate::machine::RegisterSet;

/// The registers that are needed after each call, in the order in which the calls are written.
pub(super) fn after_calls(
    function: &Function,
    places: &Places,
    order: &[BlockId],
    calls: Calls,
) -> Vec<RegisterSet> {
    let has_calls = function
        .instructions
        .iter()
        .any(|instruction| matches!(instruction.op, Op::Call { .. }));
    if !has_calls {
        return Vec::new();
    }
    let needs = Needs {
        function,
        places,
        argument_registers: argument_registers(calls),
    };
    let at_beginnings = needs.at_beginnings(order);
    let mut after_calls = Vec::new();
    for &block in order {
        let first = after_calls.len();
        let mut needed = needs.at_end(block, &at_beginnings);
        for instruction in function.block(block).iter().rev() {
            if let Op::Call { dest, exit, .. } = instruction.op {
                // The exit of a call is taken when the registers have been restored.
                let mut after = needed;
                if let Some(exit) = exit {
                    needs.note_all(function.exits[exit.index()].values, &mut after);
                }
                needs.write(dest, &mut after);
                after_calls.push(after);
            }
            needs.before(&instruction.op, &mut needed);
        }
        after_calls[first..].reverse();
    }
    after_calls
}

/// What a block does to what is needed.
#[derive(Debug, Clone, Copy, Default)]
struct Effect {
    /// The registers that it reads before it writes them.
    read: RegisterSet,
    /// The registers that it writes.
    written: RegisterSet,
}

struct Needs<'a> {
    function: &'a Function,
    places: &'a Places,
    argument_registers: u32,
}

impl Needs<'_> {
    /// By block, what is needed where a jump to it begins, its parameters aside.
    fn at_beginnings(&self, order: &[BlockId]) -> Vec<RegisterSet> {
        let blocks = self.function.blocks.len();
        let flow = Flow::of(self.function);
        let mut at_beginnings = vec![RegisterSet::EMPTY; blocks];
        let effects: Vec<Effect> = (0..blocks as u32)
            .map(|block| self.effect(BlockId(block)))
            .collect();
        let mut is_waiting = vec![true; blocks];
        // The last one is taken first: what is needed comes from behind.
        let mut waiting = order.to_vec();
        while let Some(block) = waiting.pop() {
            is_waiting[block.index()] = false;
            let effect = effects[block.index()];
            let at_end = self.at_end(block, &at_beginnings);
            let needed = at_end.difference(&effect.written).union(&effect.read);
            let needed = needed.difference(&self.parameters(block));
            if needed == at_beginnings[block.index()] {
                continue;
            }
            at_beginnings[block.index()] = needed;
            for &before in flow.predecessors(block) {
                if !std::mem::replace(&mut is_waiting[before.index()], true) {
                    waiting.push(before);
                }
            }
        }
        at_beginnings
    }

    fn effect(&self, block: BlockId) -> Effect {
        let mut effect = Effect::default();
        for instruction in self.function.block(block).iter().rev() {
            self.before(&instruction.op, &mut effect.read);
            self.function.visit_results(&instruction.op, |value| {
                self.note(value, &mut effect.written);
            });
        }
        effect
    }

    /// What is needed at the end of a block, by those that follow.
    fn at_end(&self, block: BlockId, at_beginnings: &[RegisterSet]) -> RegisterSet {
        let mut needed = RegisterSet::EMPTY;
        for target in self.function.successors(block) {
            needed = needed.union(&at_beginnings[target.block.index()]);
        }
        needed
    }

    /// From what is needed behind an instruction to what is needed before it.
    fn before(&self, op: &Op, needed: &mut RegisterSet) {
        self.function
            .visit_results(op, |value| self.write(value, needed));
        self.function
            .visit_uses(op, |value| self.note(value, needed));
        match *op {
            Op::Argument { index, .. } if index < self.argument_registers => {
                needed.insert(index as u8);
            }
            Op::Return { .. } => {
                if let Some(number) = X19.number() {
                    needed.insert(number);
                }
            }
            _ => {}
        }
    }

    /// The registers of a block's parameters, which the jumps to it write.
    fn parameters(&self, block: BlockId) -> RegisterSet {
        let mut registers = RegisterSet::EMPTY;
        self.note_all(
            self.function.blocks[block.index()].parameters,
            &mut registers,
        );
        registers
    }

    fn note_all(&self, values: List, registers: &mut RegisterSet) {
        for value in self.function.list(values) {
            self.note(value, registers);
        }
    }

    fn note(&self, value: Value, registers: &mut RegisterSet) {
        if let Location::Register(number) = self.places.location(value) {
            registers.insert(number);
        }
    }

    fn write(&self, value: Value, needed: &mut RegisterSet) {
        if let Location::Register(number) = self.places.location(value) {
            needed.remove(number);
        }
    }
}
