//! The translating engine: hot code becomes code of the host.
//!
//! Everything begins in the [fast engine](crate::FastEngine), which counts how often control comes to
//! the targets of jumps. When one is hot, the [region] from there on is [translated](translate) to
//! the intermediate representation of `codegen`, optimised and [compiled](compile). From then on
//! that code runs whenever control comes there. Where it can't go on it leaves by an exit, whose
//! [plan](exits) says which value is which register; the fast engine executes the instruction that it
//! left at, traps, limits and input included, and goes on until it meets translated code again.
//!
//! Translated code reads and writes guest memory through the table of pages of
//! [`Memory`](crate::Memory), so that pages that do not exist, are shared with a snapshot or hold code
//! are the fast engine's business. No instruction that has been translated can change behind the
//! engine's back: all of them are marked, and a store to a marked word leaves.

mod builder;
mod compile;
mod exits;
mod flags;
mod history;
mod profile;
mod region;
mod state;
mod translate;

use codegen::link::{Architecture, Linked};
use codegen::native::{Ended, Procedure, Runner};
use rustc_hash::{FxHashMap, FxHashSet};
use ulm_isa::Isa;
use ulm_isa::isa::INSTRUCTION_BYTES;
use ulm_isa::micro::Lowered;

use crate::engine::{Breakpoints, Engine};
use crate::fast::{self, FastEngine};
use crate::machine::Machine;
use crate::observer::Observer;
use crate::prepared::Meaning;
use crate::stop::Stop;
use exits::{Cause, Plan, Slot};
use flags::{OPERANDS, Rules};
use history::History;
use profile::Targets;
use region::Region;
use state::State;

/// How often control must come to an address before the code there is translated.
const HOT: u16 = 3000;

/// What an exit to code outside of a region adds to the heat there: it costs as much as some hundred
/// instructions.
const HEAT_OF_EXIT: i16 = 30;

/// The most instructions of a region.
const MOST_INSTRUCTIONS: usize = 1500;

/// The most bytes of code that are kept, and the most regions.
const MOST_CODE: usize = 8 << 20;
const MOST_REGIONS: usize = 1024;

/// How often code of an address may change before it is left to the interpreter for long.
const MOST_CHANGES: u32 = 8;

/// After so many exits from a group of accesses it is seen whether there were at least so many
/// instructions for each of them; else the accesses are looked at one by one.
const GROUP_EXITS: u32 = 128;
const INSTRUCTIONS_PER_GROUP_EXIT: u64 = 1000;

/// Translates hot code to code of the host. Does exactly what [`crate::ReferenceEngine`] does.
///
/// As with [`FastEngine`], give each machine an engine of its own.
#[derive(Debug)]
pub struct JitEngine {
    fast: FastEngine,
    targets: Targets,
    regions: Regions,
    processor: Option<Processor>,
    state: State,
    history: History,
    hot: i16,
}

/// What code runs on.
#[derive(Debug)]
struct Processor {
    architecture: Architecture,
    runner: Runner,
}

/// The translated regions by the address of their head.
#[derive(Debug, Default)]
struct Regions {
    by_head: FxHashMap<u64, Compiled>,
    /// The bytes of their code.
    size: usize,
    /// How often a region with this head was dropped because its code changed.
    changes: FxHashMap<u64, u32>,
    /// [`FastEngine::generation`] when they were translated.
    generation: u64,
    /// The instructions at which groups of accesses were left: how often, and the number of instructions
    /// at that time.
    group_exits: FxHashMap<u64, GroupExits>,
    /// Those whose accesses are looked at one by one.
    alone: FxHashSet<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct GroupExits {
    count: u32,
    since: u64,
}

/// A translated region.
#[derive(Debug)]
struct Compiled {
    procedure: Procedure,
    plans: Vec<Plan>,
    reserve: u64,
    rules: Rules,
    /// The addresses of its instructions: the first, and the number of bytes from there on.
    ranges: Vec<(u64, u64)>,
}

/// The bytes of stack for spill slots.
const STACK: usize = 256 << 10;

impl JitEngine {
    /// An engine for the machine that `isa` describes.
    pub fn new(isa: &Isa) -> Self {
        Self::with_threshold(isa, HOT)
    }

    /// An engine that translates code when control comes there for the `arrivals`-th time, 1 to 32767, by
    /// a jump back or through a register; with 0, also where it begins to interpret, as far as the code
    /// there was executed before.
    pub fn with_threshold(isa: &Isa, arrivals: u16) -> Self {
        Self {
            fast: FastEngine::new(isa),
            targets: Targets::default(),
            regions: Regions::default(),
            processor: None,
            state: State::new(),
            history: History::default(),
            hot: i16::try_from(arrivals).unwrap_or(i16::MAX),
        }
    }

    /// Whether code can be generated for this host. If not, the engine only interprets.
    pub fn is_available() -> bool {
        Architecture::of_this_machine().is_some()
    }
}

impl Engine for JitEngine {
    fn run<O: Observer>(&mut self, machine: &mut Machine, budget: u64, observer: &mut O) -> Stop {
        let has_breakpoints = self.breakpoints().iter().next().is_some();
        let is_aligned = machine.ip.is_multiple_of(INSTRUCTION_BYTES);
        if O::ACTIVE || has_breakpoints || !is_aligned || !Self::is_available() {
            return self.fast.run(machine, budget, observer);
        }
        self.run_translated(machine, budget)
    }

    fn recall(&mut self, machine: &mut Machine) {
        self.history.recall(machine, self.fast.isa());
    }

    fn breakpoints(&self) -> &Breakpoints {
        self.fast.breakpoints()
    }

    fn breakpoints_mut(&mut self) -> &mut Breakpoints {
        self.fast.breakpoints_mut()
    }
}

impl JitEngine {
    fn run_translated(&mut self, machine: &mut Machine, budget: u64) -> Stop {
        let end = machine.instructions + machine.allowance(budget);
        self.state
            .set(state::REGISTERS, machine.registers_address());
        self.state.set(state::TABLE, machine.memory.table_address());
        loop {
            self.regions.follow(&mut self.fast, machine);
            if self.hot == 0 {
                self.translate(machine);
            }
            let left = end - machine.instructions;
            let head = machine.ip;
            let cause = match self.regions.by_head.get(&head) {
                Some(region) if region.reserve > left => {
                    return self.fast.run_noting_changes(machine, left);
                }
                Some(_) => self.enter(machine, left),
                None => None,
            };
            let left = end - machine.instructions;
            match cause {
                Some(Cause::Outside) if self.is_heated(machine, HEAT_OF_EXIT) => continue,
                Some(cause @ (Cause::Instruction | Cause::Group)) if left > 0 => {
                    // As if it were the interpreter's own.
                    let (ip, fills) = (machine.ip, machine.memory.fills());
                    let stop = self.fast.run_noting_changes(machine, 1);
                    if cause == Cause::Group && machine.memory.fills() == fills {
                        let instructions = machine.instructions;
                        self.regions
                            .count_group(&mut self.fast, head, ip, instructions);
                    }
                    if stop != Stop::Paused || machine.has_much_output() {
                        return stop;
                    }
                    if self.is_heated(machine, 1) {
                        continue;
                    }
                }
                _ => {}
            }
            let left = end - machine.instructions;
            match self
                .fast
                .run_until_hot(machine, left, self.hot, &mut self.targets)
            {
                fast::Ended::Stopped(stop) => return stop,
                fast::Ended::Hot => self.translate(machine),
            }
        }
    }

    /// Whether there is translated code where the machine is, or will be, after its address got more
    /// heat.
    fn is_heated(&mut self, machine: &mut Machine, heat: i16) -> bool {
        if self.regions.by_head.contains_key(&machine.ip) {
            return true;
        }
        if self.fast.add_heat(machine.ip, heat) >= self.hot {
            self.translate(machine);
            return self.regions.by_head.contains_key(&machine.ip);
        }
        false
    }

    /// Runs the region at the instruction pointer, and says why it was left.
    fn enter(&mut self, machine: &mut Machine, left: u64) -> Option<Cause> {
        let region = self.regions.by_head.get(&machine.ip)?;
        let processor = self.processor.as_mut()?;
        let state = &self.state;
        self.history.keep(machine);
        let left = left.min(i64::MAX as u64);
        let (input, input_end) = machine.input_addresses();
        state.set(state::INPUT, input);
        state.set(state::INPUT_END, input_end);
        state.make_room(machine.room_for_output());
        state.set(state::LEFT, left);
        for (offset, operand) in (state::FLAGS..)
            .step_by(8)
            .zip(region.rules.operands(machine.flags))
        {
            state.set(offset, operand);
        }
        let arguments = [state.address() as i64];
        let Ok(Ended::Left(exit)) = region.procedure.enter(&mut processor.runner, &arguments)
        else {
            return None;
        };
        let plan = &region.plans[exit.reason as usize];
        let mut flags = [0; OPERANDS];
        let mut has_flags = false;
        for (&slot, value) in plan.slots.iter().zip(exit.values) {
            let value = value as u64;
            match slot {
                Slot::Left => {
                    let still = value.wrapping_add(region.reserve) - plan.executed;
                    machine.instructions += left - still;
                }
                Slot::Input => machine.skip_input(value.wrapping_sub(input) as usize),
                Slot::Output => machine.append_output(state.written(value)),
                Slot::Flag(index) => {
                    flags[usize::from(index)] = value;
                    has_flags = true;
                }
                Slot::Register(number) => machine.registers[usize::from(number)] = value,
            }
        }
        if has_flags {
            machine.flags = flags::flags_of(flags);
        }
        machine.ip = plan.ip;
        Some(plan.cause)
    }

    /// Translates the region at the instruction pointer, or makes sure that nobody asks for it soon.
    fn translate(&mut self, machine: &mut Machine) {
        self.regions.follow(&mut self.fast, machine);
        if self.regions.by_head.contains_key(&machine.ip) {
            return;
        }
        match self.compile(machine) {
            Some(compiled) => {
                self.regions.insert(&mut self.fast, machine.ip, compiled);
                self.fast.set_heat(machine.ip, i16::MAX);
            }
            None => self.fast.set_heat(machine.ip, i16::MIN),
        }
    }

    fn compile(&mut self, machine: &Machine) -> Option<Compiled> {
        let architecture = match &self.processor {
            Some(processor) => processor.architecture,
            None => {
                let architecture = Architecture::of_this_machine()?;
                let runner = Runner::new(STACK).ok()?;
                self.processor = Some(Processor {
                    architecture,
                    runner,
                });
                architecture
            }
        };
        let mut program = Interpreted {
            fast: &mut self.fast,
            machine,
            targets: &self.targets,
        };
        let region = region::form(&mut program, machine.ip, MOST_INSTRUCTIONS)?;
        let name = format!("ulm_{:X}", machine.ip);
        let translation = translate::translate(&region, name, &self.regions.alone);
        let module = compile::optimise(translation.function, architecture);
        let linked: Linked = compile::generate(&module, architecture)?;
        let procedure = Procedure::load(linked, compile::FUNCTION).ok()?;
        Some(Compiled {
            procedure,
            plans: translation.plans,
            reserve: translation.reserve,
            rules: translation.rules,
            ranges: ranges(&region),
        })
    }
}

fn ranges(region: &Region) -> Vec<(u64, u64)> {
    let blocks = region.blocks.iter();
    blocks
        .map(|block| (block.start, block.end_address().wrapping_sub(block.start)))
        .collect()
}

impl Regions {
    /// Drops what does not hold any more: all regions if the decoded code was forgotten, else those
    /// whose words have changed.
    fn follow(&mut self, fast: &mut FastEngine, machine: &Machine) {
        let generation = fast.generation(&machine.memory);
        if self.generation != generation {
            self.clear();
            self.generation = generation;
        }
        for address in fast.take_changed() {
            let is_in = |&(from, bytes): &(u64, u64)| address.wrapping_sub(from) < bytes;
            let mut dropped = Vec::new();
            self.by_head.retain(|&head, region| {
                let stays = !region.ranges.iter().any(is_in);
                if !stays {
                    self.size -= region.procedure.linked().size();
                    dropped.push(head);
                }
                stays
            });
            for head in dropped {
                let changes = self.changes.entry(head).or_default();
                *changes += 1;
                let heat = if *changes > MOST_CHANGES { i16::MIN } else { 0 };
                fast.set_heat(head, heat);
            }
        }
    }

    /// Takes notice that a region was left at an instruction as the accesses of a group are not in one
    /// page, though all pages may be there. If that happens often, the region is dropped, to be
    /// translated without the group.
    fn count_group(&mut self, fast: &mut FastEngine, head: u64, ip: u64, instructions: u64) {
        let exits = self.group_exits.entry(ip).or_default();
        exits.count += 1;
        if exits.count < GROUP_EXITS {
            return;
        }
        // A machine that was put back to an earlier state has executed fewer than before.
        let passed = instructions.saturating_sub(exits.since);
        *exits = GroupExits {
            count: 0,
            since: instructions,
        };
        if passed < u64::from(GROUP_EXITS) * INSTRUCTIONS_PER_GROUP_EXIT {
            self.alone.insert(ip);
            self.drop_region(head);
            fast.set_heat(head, HOT as i16 / 2);
        }
    }

    fn drop_region(&mut self, head: u64) {
        if let Some(region) = self.by_head.remove(&head) {
            self.size -= region.procedure.linked().size();
        }
    }

    fn insert(&mut self, fast: &mut FastEngine, head: u64, region: Compiled) {
        let size = region.procedure.linked().size();
        if self.size + size > MOST_CODE || self.by_head.len() >= MOST_REGIONS {
            for &head in self.by_head.keys() {
                fast.set_heat(head, 0);
            }
            self.clear();
        }
        self.size += size;
        self.by_head.insert(head, region);
    }

    fn clear(&mut self) {
        self.by_head.clear();
        self.changes.clear();
        self.group_exits.clear();
        self.alone.clear();
        self.size = 0;
    }
}

/// The program as the fast engine knows it.
struct Interpreted<'a> {
    fast: &'a mut FastEngine,
    machine: &'a Machine,
    targets: &'a Targets,
}

impl region::Program for Interpreted<'_> {
    fn lowered(&mut self, address: u64) -> Option<Lowered> {
        match self.fast.meaning(self.machine, address) {
            Meaning::Micro(lowered) => Some(lowered.clone()),
            Meaning::Trap(_) | Meaning::Effect { .. } => None,
        }
    }

    fn is_reached(&self, address: u64) -> bool {
        self.fast.has_reached(address)
    }

    fn targets(&self, address: u64) -> Vec<u64> {
        self.targets.of(address)
    }
}
