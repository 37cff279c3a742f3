//! From a region to a function of the intermediate representation.
//!
//! The function gets the address of the [`state`], loads the registers that the region
//! uses, and never returns: each way out is an exit, whose [`Plan`] says what its values are. Within the
//! function registers are values, handed from block to block where ways join.
//!
//! Nobody counts instruction by instruction. On the ways back it is seen whether as many instructions are
//! left as can be executed until somebody looks again; how many were executed is subtracted where ways
//! join, and known everywhere else.

mod memory;
mod operations;
mod shape;

use codegen::ir::{Binary, BlockId, Condition, ExitId, Function, Target, Value};
use ulm_isa::isa::INSTRUCTION_BYTES;
use ulm_isa::micro::{self, MicroOperation, Operand};

use super::builder::{Builder, Computed};
use super::exits::{Cause, Plan, Slot, flag_slots};
use super::flags::{FlagValues, OPERANDS, Rules};
use super::region::{Block, End, Index, Region, Way};
use super::state;
use memory::Group;
use rustc_hash::FxHashSet;
use shape::Shape;

/// A translated region.
#[derive(Debug)]
pub(super) struct Translation {
    /// The function. The reason of an exit is the index of its plan.
    pub(super) function: Function,
    pub(super) plans: Vec<Plan>,
    /// How many instructions must be left at the entry.
    pub(super) reserve: u64,
    /// How the flags follow from the operands in the state.
    pub(super) rules: Rules,
}

/// Translates a region. Accesses to memory are not looked at together with those of the instructions at
/// the addresses `alone`.
pub(super) fn translate(region: &Region, name: String, alone: &FxHashSet<u64>) -> Translation {
    let shape = Shape::of(region);
    let mut builder = Builder::new(name, 1);
    let state = builder.argument(0);
    let reserve = shape.reserve;
    let entry = entry_values(&mut builder, &shape, state);
    let table = builder.load_word(state, state::TABLE);
    let starts = region
        .blocks
        .iter()
        .map(|block| {
            let parameters = if block.is_join() { shape.width() } else { 0 };
            builder.block(parameters)
        })
        .collect();
    let mut translator = Translator {
        region,
        shape,
        state,
        table,
        inherited: region.blocks.iter().map(|_| None).collect(),
        starts,
        values: entry.clone(),
        entry,
        builder,
        plans: Vec::new(),
        groups: Vec::new(),
        alone,
        current: None,
        temporaries: Vec::new(),
    };
    let head = translator.edge(Index::HEAD);
    translator.builder.jump(head);
    for index in (0..region.blocks.len() as u32).map(Index) {
        translator.block(index);
    }
    translator.close_groups();
    Translation {
        rules: translator.shape.rules[0],
        function: translator.builder.finish(),
        plans: translator.plans,
        reserve,
    }
}

/// Loads what the region uses.
fn entry_values(builder: &mut Builder, shape: &Shape, state: Value) -> Values {
    let registers = builder.load_word(state, state::REGISTERS);
    let registers = shape
        .registers
        .iter()
        .map(|&number| builder.load_word(registers, 8 * i32::from(number)))
        .collect();
    let operands =
        [0, 1, 2, 3, 4, 5].map(|index| builder.load_word(state, state::FLAGS + 8 * index));
    let left = builder.load_word(state, state::LEFT);
    Values {
        registers,
        flags: FlagValues::new(builder, shape.rules[0], operands),
        left: builder.add_constant(left, shape.reserve.wrapping_neg()),
        input: builder.load_word(state, state::INPUT),
        output: builder.load_word(state, state::OUTPUT),
        executed: 0,
        groups: Vec::new(),
        computed: Computed::default(),
    }
}

/// The state of the machine as values.
#[derive(Debug, Clone)]
struct Values {
    /// The registers of [`Shape::registers`].
    registers: Vec<Value>,
    flags: FlagValues,
    left: Value,
    input: Value,
    output: Value,
    /// How many instructions were executed that `left` does not know of.
    executed: u64,
    /// The pages that are known to be there: indices into [`Translator::groups`].
    groups: Vec<usize>,
    /// What has been computed before, in values that a block inherits; elsewhere the builder knows it.
    computed: Computed,
}

struct Translator<'a> {
    region: &'a Region,
    shape: Shape,
    state: Value,
    table: Value,
    /// The values with which blocks begin that are no joins, once their predecessor has been translated.
    inherited: Vec<Option<Values>>,
    /// The blocks of the function, and their parameters.
    starts: Vec<(BlockId, Vec<Value>)>,
    /// The values now.
    values: Values,
    /// Those at the entry.
    entry: Values,
    builder: Builder,
    plans: Vec<Plan>,
    groups: Vec<Group>,
    /// The addresses of instructions whose accesses are looked at one by one.
    alone: &'a FxHashSet<u64>,
    /// The block that is translated; none at the entry.
    current: Option<Index>,
    /// The temporaries of the current instruction.
    temporaries: Vec<Value>,
}

impl Translator<'_> {
    fn block(&mut self, index: Index) {
        let block = &self.region.blocks[index.index()];
        let (start, parameters) = &self.starts[index.index()];
        let start = *start;
        self.builder.switch_to(start);
        if block.is_join() {
            self.values = self.shape.unpack(&self.entry, parameters, index);
        } else if let Some(mut values) = self.inherited[index.index()].take() {
            let computed = std::mem::take(&mut values.computed);
            self.builder.go_on(start, computed);
            self.values = values;
        } else {
            // No way leads here, as a condition turned out to be a constant.
            let target = self.builder.target(start, &[]);
            return self.builder.jump(target);
        }
        self.current = Some(index);
        self.builder.set_address(block.start);
        self.instructions(block);
    }

    fn instructions(&mut self, block: &Block) {
        let mut address = block.start;
        let last = block.instructions.len() - 1;
        for (position, operations) in block.instructions.iter().enumerate() {
            self.builder.set_address(address);
            self.temporaries.clear();
            let before = self.values.clone();
            let reads = block.reads_of_input[position];
            self.instruction(address, operations, reads, &before);
            if position == last {
                self.end(block, address, &before);
            }
            self.values.executed += 1;
            address = address.wrapping_add(INSTRUCTION_BYTES);
        }
    }

    /// The way on behind the last instruction, at this address.
    fn end(&mut self, block: &Block, address: u64, before: &Values) {
        self.values.executed += 1;
        match &block.end {
            End::Jump(way) => {
                let target = self.way(*way);
                self.builder.jump(target);
            }
            End::Branch {
                condition,
                taken,
                next,
            } => {
                let condition = match *condition {
                    micro::Condition::Flags(states) => {
                        self.values.flags.is_in(&mut self.builder, states)
                    }
                    micro::Condition::Value(operand) => self.operand(operand, address),
                };
                let taken = self.way(*taken);
                let next = self.way(*next);
                self.builder.branch(condition, taken, next);
            }
            End::Computed {
                target,
                link,
                likely,
            } => {
                let target = self.operand(*target, address);
                let link_value = address.wrapping_add(INSTRUCTION_BYTES);
                let link_value = self.builder.constant(link_value);
                self.write(*link, link_value);
                self.computed(target, likely);
                self.values.clone_from(before);
                let exit = self.exit(address, Cause::Instruction);
                self.builder.leave(exit);
            }
            End::Interpreted => {
                let exit = self.exit(block.end_address(), Cause::Outside);
                self.builder.leave(exit);
            }
        }
    }

    /// Goes to the likely targets, and on in a block for all others.
    fn computed(&mut self, target: Value, likely: &[(u64, Index)]) {
        for &(address, index) in likely {
            let hits = self
                .builder
                .compare_constant(Condition::Equal, target, address);
            if self.builder.as_constant(hits) == Some(0) {
                continue;
            }
            let then = self.edge(index);
            let (others, _) = self.builder.block(0);
            let otherwise = self.builder.target(others, &[]);
            self.builder.branch(hits, then, otherwise);
            self.builder.switch_to(others);
        }
    }

    fn way(&mut self, way: Way) -> Target {
        match way {
            Way::Inside(index) => self.edge(index),
            Way::Outside(address) => {
                let (block, _) = self.builder.block(0);
                let exit = self.exit(address, Cause::Outside);
                self.builder.leave_from(block, exit);
                self.builder.target(block, &[])
            }
        }
    }

    /// The way to a block of the region with the values as they are now.
    fn edge(&mut self, index: Index) -> Target {
        let (start, _) = self.starts[index.index()];
        if !self.region.blocks[index.index()].is_join() {
            let mut values = self.values.clone();
            values.computed = self.builder.computed();
            self.inherited[index.index()] = Some(values);
            return self.builder.target(start, &[]);
        }
        if self.current.is_some_and(|current| index <= current) {
            return self.way_back(index);
        }
        let left = self.left_now();
        let arguments = self.arguments(index, left);
        self.builder.target(start, &arguments)
    }

    /// The way back to a block, if so many instructions are left that nobody needs to look before control
    /// comes to a way back again.
    fn way_back(&mut self, index: Index) -> Target {
        let (start, _) = self.starts[index.index()];
        let (block, _) = self.builder.block(0);
        let computed = self.builder.computed();
        let from = self.builder.go_on(block, computed.clone());
        let before = self.values.clone();
        let left = self.left_now();
        self.values.left = left;
        self.values.executed = 0;
        let ip = self.region.blocks[index.index()].start;
        let exit = self.exit(ip, Cause::Limit);
        let too_few = self.builder.compare_constant(Condition::Less, left, 0);
        self.builder.guard(too_few, exit);
        let arguments = self.arguments(index, left);
        let target = self.builder.target(start, &arguments);
        self.builder.jump(target);
        self.values = before;
        self.builder.go_on(from, computed);
        self.builder.target(block, &[])
    }

    /// How many instructions are left.
    fn left_now(&mut self) -> Value {
        let executed = self.builder.constant(self.values.executed);
        let left = self.values.left;
        self.builder.binary(Binary::Subtract, left, executed)
    }

    /// What is handed over to a block.
    fn arguments(&mut self, index: Index, left: Value) -> Vec<Value> {
        let rules = self.shape.rules[index.index()];
        let operands = self.values.flags.converted(&mut self.builder, rules);
        self.shape.pack(&self.values, left, operands)
    }

    /// An exit at an address with the values as they are now.
    fn exit(&mut self, ip: u64, cause: Cause) -> ExitId {
        let now = &self.values;
        let mut slots = vec![Slot::Left];
        let mut values = vec![now.left];
        let mut add = |slot: Slot, value: Value, before: Value| {
            if value != before {
                slots.push(slot);
                values.push(value);
            }
        };
        add(Slot::Input, now.input, self.entry.input);
        add(Slot::Output, now.output, self.entry.output);
        for (i, &number) in self.shape.registers.iter().enumerate() {
            let slot = Slot::Register(number);
            add(slot, now.registers[i], self.entry.registers[i]);
        }
        let flags = now.flags;
        if flags.operands != self.entry.flags.operands {
            slots.extend(flag_slots());
            values.extend(flags.operands);
        }
        let plan = Plan {
            ip,
            cause,
            executed: now.executed,
            slots,
        };
        self.plans.push(plan);
        self.builder.make_exit(self.plans.len() as u32 - 1, &values)
    }

    /// The value of a register.
    fn read(&mut self, number: u8) -> Value {
        match self.shape.index(number) {
            Some(index) => self.values.registers[index],
            None => self.builder.constant(0),
        }
    }

    fn write(&mut self, number: u8, value: Value) {
        if let Some(index) = self.shape.index(number) {
            self.values.registers[index] = value;
        }
    }

    fn operand(&mut self, operand: Operand, address: u64) -> Value {
        match operand {
            Operand::Constant(number) => self.builder.constant(number),
            Operand::Register(number) => self.read(number),
            Operand::Temporary(number) => self.temporaries[usize::from(number)],
            Operand::InstructionPointer => self.builder.constant(address),
        }
    }

    fn instruction(
        &mut self,
        address: u64,
        operations: &[MicroOperation],
        reads_of_input: usize,
        before: &Values,
    ) {
        if reads_of_input > 0 {
            let exit = self.exit(address, Cause::Instruction);
            let end = self.builder.load_word(self.state, state::INPUT_END);
            let waiting = self
                .builder
                .binary(Binary::Subtract, end, self.values.input);
            let missing =
                self.builder
                    .compare_constant(Condition::Below, waiting, reads_of_input as u64);
            self.builder.guard(missing, exit);
        }
        for &operation in operations {
            self.operation(operation, address, before);
        }
    }

    /// An exit at an instruction as if it had not begun.
    fn exit_before(&mut self, address: u64, cause: Cause, before: &Values) -> ExitId {
        let now = std::mem::replace(&mut self.values, before.clone());
        let exit = self.exit(address, cause);
        self.values = now;
        exit
    }
}

/// The number of values that are handed over where ways join.
const OTHER_VALUES: usize = 3 + OPERANDS;
