//! Values that live behind an early return get another virtual register there, so that they need not
//! be in the same place before: see [`early_return`](crate::x86_64::early_return).
//!
//! The branch leads to a block of its own, the last one, which hands the values over to the rest.

use super::{NONE, Selector};
use crate::ir::{BlockId, Op, Value};
use crate::machine::Register;
use crate::x86_64::early_return::{EarlyReturn, find};
use crate::x86_64::instruction::{Instruction, Label};

impl Selector<'_> {
    /// Looks for an early return, and selects the block that leads to the rest.
    pub(super) fn find_early_return(&mut self) {
        let Some(early) = find(self.function) else {
            return;
        };
        let rest = early.goes_on;
        self.builder.begin_block(0);
        self.builder.set_successors([Some(rest), None]);
        self.builder.emit(Instruction::Jmp {
            label: Label(rest.0),
        });
        self.builder.end_block(std::iter::empty());
        self.early_registers = vec![NONE; self.values.len()];
        self.early_return = Some(early);
    }

    /// The block to which a branch to this one leads.
    pub(super) fn way_to(&self, block: BlockId) -> BlockId {
        match self.early_return {
            Some(early) if block == early.goes_on && self.block == 0 => {
                BlockId(self.function.blocks.len() as u32)
            }
            _ => block,
        }
    }

    /// Whether the current block knows a value by its register before the rest. Constants have only
    /// one: they are made where they are used.
    pub(super) fn has_early_register(&self, value: Value) -> bool {
        self.early_return.is_some_and(|early| {
            early.has_no_frame(BlockId(self.block)) && self.is_handed_over(value)
        })
    }

    fn is_handed_over(&self, value: Value) -> bool {
        let is_constant = || matches!(self.definition(value), Some(Op::Constant { .. }));
        self.values[value.index()].block == 0 && !is_constant()
    }

    /// Everything but the entry has been selected: what the rest needs is needed there.
    pub(super) fn begin_entry(&mut self) {
        for (value, _) in self.handed_over() {
            self.own_register(value);
        }
    }

    /// The values that the rest needs, with their registers there.
    fn handed_over(&self) -> Vec<(Value, Register)> {
        if self.early_return.is_none() {
            return Vec::new();
        }
        (0..self.values.len() as u32)
            .map(Value)
            .filter(|&value| self.is_handed_over(value))
            .map(|value| (value, self.values[value.index()].register))
            .filter(|&(_, register)| register != NONE)
            .map(|(value, register)| (value, Register::virtual_register(register)))
            .collect()
    }

    /// Everything has been selected: the rest takes over its values.
    pub(super) fn hand_over_behind_early_return(&mut self) {
        let Some(EarlyReturn { goes_on, returns }) = self.early_return else {
            return;
        };
        let (values, parameters): (Vec<Value>, Vec<Register>) =
            self.handed_over().into_iter().unzip();
        let early = |value: &Value| self.early_registers[value.index()];
        let arguments: Vec<Register> = values
            .iter()
            .map(early)
            .map(Register::virtual_register)
            .collect();
        let bridge = BlockId(self.function.blocks.len() as u32);
        self.builder
            .hand_over(bridge, arguments, goes_on, parameters);
        self.early_return = Some(EarlyReturn {
            goes_on: bridge,
            returns,
        });
    }
}
