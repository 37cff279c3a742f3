//! What a program that has left on the ULM says: the exit's values, and the activations that led
//! there.
//!
//! As in native code nothing is kept for that while the program runs: the address at which it left
//! says which exit it is, and the frames follow from the return addresses, one by one.

use codegen::PlaceId;
use codegen::execution::{Activation, Departure, SHOWN_CALLS};
use codegen::ir::{FunctionId, Module};
use codegen::machine::{CallSite, ExitSite, Frame, Location, ReturnAddress};
use rustc_hash::FxHashMap;
use ulm_machine::Machine;

use super::convention::Convention;
use super::program::{Program, Section, SectionKind};
use super::registers::SP;
use crate::reason::Reason;

/// A program that has left.
pub(super) struct Left<'a> {
    program: &'a Program,
    module: &'a Module,
    machine: &'a Machine,
}

/// Where one activation ends and its caller goes on.
#[derive(Debug, Clone, Copy)]
struct Caller {
    /// The address that is returned to.
    returns_to: u64,
    /// The stack pointer there; the stack grows down from 0.
    stack: u64,
}

/// A call, and who makes it.
struct Call<'a> {
    caller: FunctionId,
    frame: Frame,
    site: &'a CallSite,
}

impl<'a> Left<'a> {
    pub(super) const fn new(
        program: &'a Program,
        module: &'a Module,
        machine: &'a Machine,
    ) -> Self {
        Self {
            program,
            module,
            machine,
        }
    }

    /// What is to be said where the instruction at an address left; `None` if there is no exit.
    pub(super) fn departure(&self, address: u64) -> Option<Departure> {
        let (section, at) = self.program.instruction_at(address)?;
        let SectionKind::Function(id) = section.kind else {
            return self.exhausted_at_once();
        };
        let exits = &section.assembly.exits;
        let site = exits.binary_search_by_key(&(at as u32), |exit| exit.at);
        let site = &exits[site.ok()?];
        let exit = &self.module.functions[id.index()].exits[site.exit.index()];
        let mut departure = Departure {
            reason: exit.reason,
            values: self.values(section, site),
            calls: vec![Activation {
                function: id,
                place: site.origin.place,
            }],
            depth: 1,
        };
        let stack = self.register(SP.number());
        let frame = site.framed.then_some(section.assembly.frame);
        self.walk(
            self.caller(id, frame.unwrap_or_default(), stack),
            &mut departure,
        );
        Some(departure)
    }

    /// The program's beginning has found that the stack can't be enough for it.
    fn exhausted_at_once(&self) -> Option<Departure> {
        let function = self.program.main?;
        Some(Departure {
            reason: Reason::StackExhausted.number(),
            values: Vec::new(),
            calls: vec![Activation {
                function,
                place: PlaceId::default(),
            }],
            depth: 1,
        })
    }

    fn values(&self, section: &Section, site: &ExitSite) -> Vec<i64> {
        let slots = match self.program.convention {
            Convention::Stack => self
                .register(SP.number())
                .wrapping_add(section.assembly.slots_at.into()),
            Convention::Leaf | Convention::Inline | Convention::Auto => self.program.spilled_at(),
        };
        let value = |location: &Location| match *location {
            Location::Register(number) => self.register(Some(number)) as i64,
            Location::Slot(slot) => self.word(slots.wrapping_add(8 * u64::from(slot))) as i64,
            Location::Constant(value) => value,
        };
        site.values.iter().map(value).collect()
    }

    /// Adds the activations from a caller on.
    fn walk(&self, mut caller: Option<Caller>, departure: &mut Departure) {
        let calls = self.calls();
        while let Some(Caller { returns_to, stack }) = caller {
            let Some(call) = calls.get(&returns_to) else {
                // The program's beginning.
                break;
            };
            departure.depth += 1;
            if departure.calls.len() < SHOWN_CALLS {
                departure.calls.push(Activation {
                    function: call.caller,
                    place: call.site.origin.place,
                });
            }
            let body = stack.wrapping_add(call.site.lowered.into());
            caller = self
                .caller(call.caller, call.frame, body)
                // Each activation has taken some stack, or this is none.
                .filter(|next| (next.stack as i64) > (stack as i64));
        }
    }

    /// The caller of a function with that frame, by the stack pointer in the function's body.
    fn caller(&self, id: FunctionId, frame: Frame, body: u64) -> Option<Caller> {
        let is_beginning =
            self.program.convention != Convention::Stack && self.program.main == Some(id);
        if is_beginning {
            return None;
        }
        let returns_to = match frame.return_address {
            ReturnAddress::LinkRegister => {
                self.register(self.program.layout.return_address().number())
            }
            ReturnAddress::Stack(above) => self.word(body.wrapping_add(above.into())),
        };
        Some(Caller {
            returns_to,
            stack: body.wrapping_add(frame.size.into()),
        })
    }

    /// All calls, by the address that is returned to.
    fn calls(&self) -> FxHashMap<u64, Call<'a>> {
        let mut calls = FxHashMap::default();
        for section in &self.program.sections {
            let SectionKind::Function(caller) = section.kind else {
                continue;
            };
            for site in &section.assembly.calls {
                let frame = section.assembly.frame;
                let address = section.address + 4 * u64::from(site.returns_to);
                calls.insert(
                    address,
                    Call {
                        caller,
                        frame,
                        site,
                    },
                );
            }
        }
        calls
    }

    fn register(&self, number: Option<u8>) -> u64 {
        self.machine.register(number.unwrap_or_default())
    }

    fn word(&self, address: u64) -> u64 {
        self.machine.memory().number(address, 8)
    }
}
