//! The observers of a run that is watched, as one.

use ulm_machine::{Flags, Jump, Machine, Observer};

use crate::stats::Stats;
use crate::trace::Trace;

/// Passes everything on to the observers that are wanted.
#[derive(Default)]
pub(crate) struct Watch<'a> {
    pub(crate) trace: Option<Trace<'a>>,
    pub(crate) stats: Option<Stats<'a>>,
}

impl Watch<'_> {
    /// Whether anything is wanted.
    pub(crate) fn is_active(&self) -> bool {
        self.trace.is_some() || self.stats.is_some()
    }
}

/// Passes one kind of event on.
macro_rules! pass_on {
    ($($event:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $event(&mut self, $($argument: $type),*) {
            if let Some(trace) = &mut self.trace {
                trace.$event($($argument),*);
            }
            if let Some(stats) = &mut self.stats {
                stats.$event($($argument),*);
            }
        })*
    };
}

impl Observer for Watch<'_> {
    const ACTIVE: bool = true;

    pass_on! {
        begin(ip: u64, word: u32);
        register_write(number: u8, old: u64, new: u64);
        flags_write(old: Flags, new: Flags);
        load(address: u64, size: u8, value: u64);
        store(address: u64, size: u8, value: u64);
        input(byte: Option<u8>);
        output(byte: u8);
        transfer(jump: Jump);
        end(machine: &Machine);
    }
}
