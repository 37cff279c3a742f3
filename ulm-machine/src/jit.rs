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

mod ahead;
mod builder;
mod compile;
mod exits;
mod flags;
mod history;
mod native;
mod processor;
mod profile;
mod region;
mod simulated;
mod state;
mod translate;
pub mod translation;

use rustc_hash::{FxHashMap, FxHashSet};
use ulm_isa::Isa;
use ulm_isa::isa::INSTRUCTION_BYTES;
use ulm_isa::micro::Lowered;
use ulmas::image::Image;

use crate::engine::{Breakpoints, Engine};
use crate::fast::{self, FastEngine};
use crate::machine::Machine;
use crate::observer::Observer;
use crate::prepared::Meaning;
use crate::stop::Stop;
use ahead::{Ahead, Outline};
use exits::Cause;
use history::History;
pub use processor::Target;
use processor::{Compiled, Processor};
use profile::Targets;
use region::Region;

/// How often control must come to an address before the code there is translated.
const HOT: u16 = 3000;

/// What an exit to code outside of a region adds to the heat there: it costs as much as some hundred
/// instructions.
const HEAT_OF_EXIT: i16 = 30;

/// The most instructions of a region.
const MOST_INSTRUCTIONS: usize = 1500;

/// The most bytes of code that are kept, and the most regions.
const MOST_CODE: usize = 4 << 20;
const MOST_REGIONS: usize = 512;

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
    /// Where translated code runs, and what runs it once there is some.
    target: Target,
    processor: Option<Processor>,
    history: History,
    hot: i16,
    /// What is translated before it runs.
    ahead: Option<Ahead>,
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

impl JitEngine {
    /// An engine for the machine that `isa` describes.
    pub fn new(isa: &Isa) -> Self {
        Self::with_threshold(isa, HOT)
    }

    /// An engine that translates code when control comes there for the `arrivals`-th time, 1 to 32767, by
    /// a jump back or through a register; with 0, also where it begins to interpret, as far as the code
    /// there was executed before.
    pub fn with_threshold(isa: &Isa, arrivals: u16) -> Self {
        Self::with_target(isa, Target::Native, arrivals)
    }

    /// As [`Self::with_threshold`], with translated code running elsewhere than usual.
    pub fn with_target(isa: &Isa, target: Target, arrivals: u16) -> Self {
        Self {
            fast: FastEngine::new(isa),
            targets: Targets::default(),
            regions: Regions::default(),
            target,
            processor: None,
            history: History::default(),
            hot: i16::try_from(arrivals).unwrap_or(i16::MAX),
            ahead: None,
        }
    }

    /// An engine that translates the program of an image wherever control comes to it, before anything
    /// is executed there. What else is executed, and what is left of a very large program, is
    /// translated when it is hot.
    pub fn ahead(isa: &Isa, target: Target, image: &Image) -> Self {
        Self {
            ahead: Some(Ahead::new(isa, image)),
            ..Self::with_target(isa, target, HOT)
        }
    }

    /// Whether code can be generated for this host. If not, the engine only interprets.
    pub fn is_available() -> bool {
        Target::Native.architecture().is_some()
    }
}

impl Engine for JitEngine {
    fn run<O: Observer>(&mut self, machine: &mut Machine, budget: u64, observer: &mut O) -> Stop {
        let has_breakpoints = self.breakpoints().iter().next().is_some();
        let is_aligned = machine.ip.is_multiple_of(INSTRUCTION_BYTES);
        let is_available = self.target.architecture().is_some();
        if O::ACTIVE || has_breakpoints || !is_aligned || !is_available {
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
        if let Some(processor) = &mut self.processor {
            processor.begin(machine);
        }
        loop {
            self.regions.follow(&mut self.fast, machine);
            if self.hot == 0 {
                self.translate(machine);
            }
            let left = end - machine.instructions;
            let head = machine.ip;
            if left > 0 {
                self.translate_ahead(machine);
            }
            let cause = match self.regions.by_head.get(&head) {
                Some(region) if region.reserve > left => {
                    return self.interpret(machine, left);
                }
                Some(_) => {
                    let cause = self.enter(machine, left);
                    if cause.is_none() {
                        self.regions.drop_region(head);
                        self.refuse(head);
                    }
                    cause
                }
                None => None,
            };
            let left = end - machine.instructions;
            match cause {
                Some(Cause::Outside) if self.is_heated(machine, HEAT_OF_EXIT) => continue,
                Some(cause @ (Cause::Instruction | Cause::Group)) if left > 0 => {
                    let (ip, fills) = (machine.ip, machine.memory.fills());
                    let stop = self.interpret_one(machine);
                    if cause == Cause::Group && machine.memory.fills() == fills {
                        let instructions = machine.instructions;
                        self.regions
                            .count_group(&mut self.fast, head, ip, instructions);
                    }
                    if let Some(stop) = stop {
                        return stop;
                    }
                    if self.is_heated(machine, 1) {
                        continue;
                    }
                }
                _ => {}
            }
            let left = end - machine.instructions;
            let has_time = left > 0 && cause != Some(Cause::Limit);
            if let Some(ahead) = &self.ahead
                && has_time
                && ahead.has(machine.ip)
            {
                if ahead.is_refused(machine.ip)
                    && let Some(stop) = self.interpret_one(machine)
                {
                    return stop;
                }
                continue;
            }
            match self
                .fast
                .run_until_hot(machine, left, self.hot, &mut self.targets)
            {
                fast::Ended::Stopped(stop) => return stop,
                fast::Ended::Hot => self.translate(machine),
            }
        }
    }

    /// Executes the next instruction as the interpreter does; gives the stop if the machine must not go
    /// on.
    fn interpret_one(&mut self, machine: &mut Machine) -> Option<Stop> {
        let stop = self.interpret(machine, 1);
        (stop != Stop::Paused || machine.has_much_output()).then_some(stop)
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

    /// Executes instructions without translated code. Stores into that are noticed, and it is seen where
    /// jumps through registers go.
    fn interpret(&mut self, machine: &mut Machine, budget: u64) -> Stop {
        let end = machine.instructions + machine.allowance(budget);
        loop {
            let left = end - machine.instructions;
            let ended = self
                .fast
                .run_until_hot(machine, left, i16::MAX, &mut self.targets);
            if let fast::Ended::Stopped(stop) = ended {
                return stop;
            }
        }
    }

    /// Runs the region at the instruction pointer, and says why it was left.
    fn enter(&mut self, machine: &mut Machine, left: u64) -> Option<Cause> {
        let region = self.regions.by_head.get(&machine.ip)?;
        let processor = self.processor.as_mut()?;
        self.history.keep(machine);
        processor.enter(region, machine, left)
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
            None => self.refuse(machine.ip),
        }
    }

    /// Translates the region at the instruction pointer if it is one of those that are translated before
    /// they run.
    fn translate_ahead(&mut self, machine: &mut Machine) {
        let head = machine.ip;
        let Some(ahead) = &mut self.ahead else {
            return;
        };
        if self.regions.by_head.contains_key(&head) || !ahead.has(head) || ahead.is_refused(head) {
            return;
        }
        self.fast.reach(machine, head);
        self.regions.follow(&mut self.fast, machine);
        self.translate(machine);
        let Some(region) = self.regions.by_head.get(&head) else {
            return;
        };
        let ranges = region.ranges.iter();
        let addresses = ranges.flat_map(|&(from, length)| {
            let offsets = (0..length).step_by(INSTRUCTION_BYTES as usize);
            offsets.map(move |offset| from.wrapping_add(offset))
        });
        for address in addresses {
            self.fast.reach(machine, address);
            if let Some(ahead) = &mut self.ahead {
                ahead.spend_one();
            }
        }
        self.regions.follow(&mut self.fast, machine);
    }

    /// Makes sure that nobody asks soon for a translation of the region with this head.
    fn refuse(&mut self, head: u64) {
        self.fast.set_heat(head, i16::MIN);
        if let Some(ahead) = &mut self.ahead {
            ahead.refuse(head);
        }
    }

    fn compile(&mut self, machine: &mut Machine) -> Option<Compiled> {
        if self.processor.is_none() {
            let mut processor = Processor::new(self.target)?;
            processor.begin(machine);
            self.processor = Some(processor);
        }
        let processor = self.processor.as_ref()?;
        let architecture = self.target.architecture()?;
        let mut program = Interpreted {
            fast: &mut self.fast,
            machine,
            targets: &self.targets,
            outline: self.ahead.as_ref().map(|ahead| &ahead.outline),
        };
        let most = program
            .outline
            .map_or(MOST_INSTRUCTIONS, |_| ahead::MOST_INSTRUCTIONS);
        let region = region::form(&mut program, machine.ip, most)?;
        let name = format!("ulm_{:X}", machine.ip);
        let translation = translate::translate(&region, name, &self.regions.alone);
        let mut module = compile::module(translation.function);
        compile::optimise(&mut module, architecture);
        let linked = compile::generate(&module, architecture)?;
        Some(Compiled {
            code: processor.load(linked)?,
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
                    self.size -= region.code.size();
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
            self.size -= region.code.size();
        }
    }

    fn insert(&mut self, fast: &mut FastEngine, head: u64, region: Compiled) {
        let size = region.code.size();
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

/// The program as the fast engine knows it, and as it is known before it runs.
struct Interpreted<'a> {
    fast: &'a mut FastEngine,
    machine: &'a Machine,
    targets: &'a Targets,
    outline: Option<&'a Outline>,
}

impl region::Program for Interpreted<'_> {
    fn lowered(&mut self, address: u64) -> Option<Lowered> {
        match self.fast.meaning(self.machine, address) {
            Meaning::Micro(lowered) => Some(lowered.clone()),
            Meaning::Trap(_) | Meaning::Effect { .. } => None,
        }
    }

    fn is_reached(&self, address: u64) -> bool {
        let is_foreseen = || {
            self.outline
                .is_some_and(|outline| outline.contains(address))
        };
        self.fast.has_reached(address) || is_foreseen()
    }

    fn targets(&self, address: u64) -> Vec<u64> {
        let mut targets = self.targets.of(address);
        if let Some(outline) = self.outline {
            targets.extend(outline.targets(address));
        }
        targets
    }
}
