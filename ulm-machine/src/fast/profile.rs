//! What the translating engine asks of this one: to interpret until something is hot, and what it knows
//! of the code.
//!
//! Each word of a decoded page has a heat. Arriving at it by a jump backwards or through a register
//! adds 1 to it; so every loop and every procedure becomes hot if it is executed often enough.

#![allow(dead_code, reason = "for an engine that translates what is hot")]

use super::{FastEngine, decode};
use ulm_isa::Isa;

use crate::engine::run_steps;
use crate::machine::Machine;
use crate::memory::Memory;
use crate::prepared::Meaning;
use crate::stop::Stop;

/// How a run ended that looks out for hot code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As runs of any engine do.
    Stopped(Stop),
    /// The instruction pointer is at an address that is hot. Nothing there is executed yet, and the
    /// budget is not used up.
    Hot,
}

/// Is told what interpreting shows about a program. `()` is the profile that costs nothing.
pub(crate) trait Profile {
    /// Whether the profile wants to be told, and heat to be counted.
    const ACTIVE: bool;

    /// A jump through a register took place: a call, a return, or a jump of an instruction that is
    /// not among the usual ones.
    fn through_register(&mut self, from: u64, to: u64);
}

impl Profile for () {
    const ACTIVE: bool = false;

    fn through_register(&mut self, _from: u64, _to: u64) {}
}

impl FastEngine {
    /// Executes until the heat of an address at which control arrives is at least `hot`, counted
    /// when it arrives; otherwise like [`crate::Engine::run`]. Where the run begins does not count.
    pub(crate) fn run_until_hot<P: Profile>(
        &mut self,
        machine: &mut Machine,
        budget: u64,
        hot: i16,
        profile: &mut P,
    ) -> Ended {
        if !machine.ip.is_multiple_of(4) {
            let prepared = &mut self.prepared;
            return Ended::Stopped(run_steps(
                machine,
                &mut self.breakpoints,
                budget,
                |machine| prepared.step(machine, &mut ()),
            ));
        }
        self.run_decoded(machine, budget, hot, profile)
    }

    /// The machine that is run.
    pub(crate) fn isa(&self) -> &Isa {
        self.prepared.isa()
    }

    /// Sets the heat of an address. With [`i16::MAX`] every arrival ends a run, with [`i16::MIN`] it
    /// takes long. Does nothing if the address is in a page in which nothing was executed.
    pub(crate) fn set_heat(&mut self, address: u64, heat: i16) {
        if let Some(page) = self.code.page_at(address) {
            page.heat.set(address, heat);
        }
    }

    /// Adds to the heat of an address, which stays in the range of its type. Does nothing if the
    /// address is in a page in which nothing was executed.
    pub(crate) fn add_heat(&mut self, address: u64, heat: i16) -> i16 {
        if let Some(page) = self.code.page_at(address) {
            return page.heat.add(address, heat);
        }
        0
    }

    /// Whether the instruction at an address was executed, or was about to be, and its word has not
    /// changed since.
    pub(crate) fn has_reached(&self, address: u64) -> bool {
        self.code.is_decoded(address)
    }

    /// Decodes the word at an address, a multiple of 4, as if control had come there. Like whatever is
    /// decoded, it may make the engine forget what it knows: [`FastEngine::generation`] tells.
    pub(crate) fn reach(&mut self, machine: &mut Machine, address: u64) {
        if self.changes != self.breakpoints.changes() || self.forgotten != self.prepared.forgotten()
        {
            self.code.forget();
            self.changes = self.breakpoints.changes();
            self.forgotten = self.prepared.forgotten();
        }
        let page = self.code.enter(&mut machine.memory, address);
        if self.code.is_decoded(address) {
            return;
        }
        let op = decode(address, machine, &mut self.prepared, &self.breakpoints);
        self.code.decoded(page, address, op);
        machine.memory.mark(address);
    }

    /// What the word at an address, a multiple of 4, means. May be one word too many: then
    /// [`FastEngine::generation`] becomes another.
    pub(crate) fn meaning(&mut self, machine: &Machine, address: u64) -> &Meaning {
        let word = machine.memory.number(address, 4) as u32;
        let index = self.prepared.index_of(word);
        self.prepared.meaning(index)
    }

    /// A number that is another whenever all decoded code was forgotten, or is not that of `memory`
    /// as it is. While nothing that is decoded counts, it is odd.
    pub(crate) fn generation(&self, memory: &Memory) -> u64 {
        let is_current = !self.code.is_empty()
            && self.code.is_current(memory)
            && self.changes == self.breakpoints.changes()
            && self.forgotten == self.prepared.forgotten();
        2 * self.code.forgotten() + u64::from(!is_current)
    }

    /// Takes notice of a store by translated code of `size` bytes, aligned, that hit a marked word.
    pub(crate) fn changed(&mut self, address: u64, size: u64) {
        self.code.changed(address, size);
        self.code.note_change(address, size);
    }

    /// The addresses of the words that stores have hit since the last call, if they were marked in the
    /// memory. There are never more than a few thousand: all code is forgotten before.
    pub(crate) fn take_changed(&mut self) -> Vec<u64> {
        self.code.take_changes()
    }
}
