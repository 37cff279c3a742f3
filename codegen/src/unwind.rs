//! What an exit says: its values, and the activations that led to it.
//!
//! Nothing is kept while the code runs: the context says where the code left, and from there the
//! frames follow from the return addresses, one by one, as every frame has a known size.

use crate::context::{EXIT_SITE, EXIT_STACK, REGISTERS};
use crate::execution::{Activation, Departure, SHOWN_CALLS};
use crate::link::{Architecture, Linked, LinkedFunction};
use crate::machine::{CallSite, ExitSite, Location, ReturnAddress};

/// The memory of a program that has left, wherever it is.
pub trait Words {
    /// The 8 bytes at an address; `None` if the program has no memory there.
    fn read(&self, address: u64) -> Option<u64>;
}

/// A program that has left.
#[derive(Debug)]
pub struct Left<'a, W> {
    /// The program.
    pub linked: &'a Linked,
    /// The address of its code.
    pub base: u64,
    /// The address of its context.
    pub context: u64,
    /// Its memory.
    pub words: &'a W,
}

/// The link register of AArch64.
const LINK_REGISTER: u8 = 30;

/// Where one activation ends and its caller goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Caller {
    /// The address that is returned to.
    returns_to: u64,
    /// The stack pointer there, right after the return.
    stack: u64,
}

impl<W: Words> Left<'_, W> {
    /// The address at which the code left, as the exit stub was told it; 0 if it has not left.
    pub fn site(&self) -> u64 {
        self.context_word(EXIT_SITE)
    }

    /// The exit's values and the activations; `None` if the site is not one.
    pub fn departure(&self) -> Option<Departure> {
        let offset = self.offset(self.site())?;
        let stack = self.context_word(EXIT_STACK);
        if self.linked.trampoline_site() == Some(offset) {
            let mut departure = Departure {
                reason: self.linked.options().exhausted,
                values: Vec::new(),
                calls: Vec::new(),
                depth: 0,
            };
            self.walk(self.caller_at_entry(stack), &mut departure);
            return Some(departure);
        }
        let (function, site) = self.linked.exit_at(offset)?;
        let innermost = Activation {
            function: function.id,
            place: site.origin.place,
        };
        let mut departure = Departure {
            reason: *function.reasons.get(site.exit.index())?,
            values: self.values(function, site, stack),
            calls: vec![innermost],
            depth: 1,
        };
        let caller = if site.framed {
            self.caller_in_body(function, stack)
        } else {
            self.caller_at_entry(stack)
        };
        self.walk(caller, &mut departure);
        Some(departure)
    }

    fn values(&self, function: &LinkedFunction, site: &ExitSite, stack: u64) -> Vec<i64> {
        let slots = stack.wrapping_add(u64::from(function.slots_at));
        let value = |location: &Location| match *location {
            Location::Register(number) => self.register(number),
            Location::Slot(slot) => {
                let address = slots.wrapping_add(8 * u64::from(slot));
                self.words.read(address).unwrap_or(0) as i64
            }
            Location::Constant(value) => value,
        };
        site.values.iter().map(value).collect()
    }

    /// The caller, seen from a function whose frame is set up.
    fn caller_in_body(&self, function: &LinkedFunction, stack: u64) -> Option<Caller> {
        let returns_to = match function.frame.return_address {
            ReturnAddress::LinkRegister => self.register(LINK_REGISTER) as u64,
            ReturnAddress::Stack(above) => self.words.read(stack.checked_add(above.into())?)?,
        };
        self.after_return(returns_to, stack.checked_add(function.frame.size.into())?)
    }

    /// The caller, seen from a function that has not set up its frame.
    fn caller_at_entry(&self, stack: u64) -> Option<Caller> {
        let returns_to = match self.linked.options().architecture {
            Architecture::Aarch64 => self.register(LINK_REGISTER) as u64,
            Architecture::X86_64 => self.words.read(stack)?,
        };
        self.after_return(returns_to, stack)
    }

    /// The caller, from the stack pointer at the callee's entry.
    fn after_return(&self, returns_to: u64, entry_stack: u64) -> Option<Caller> {
        let architecture = self.linked.options().architecture;
        let taken = u64::from(architecture.return_address_size());
        Some(Caller {
            returns_to,
            stack: entry_stack.checked_add(taken)?,
        })
    }

    /// Adds the activations from a caller on.
    fn walk(&self, mut caller: Option<Caller>, departure: &mut Departure) {
        let mut sites = SiteCache::default();
        while let Some(Caller { returns_to, stack }) = caller {
            let find = || self.linked.call_returning_to(self.offset(returns_to)?);
            let Some((function, site)) = sites.get_or(returns_to, find) else {
                // The entry stub.
                break;
            };
            departure.depth += 1;
            if departure.calls.len() < SHOWN_CALLS {
                departure.calls.push(Activation {
                    function: function.id,
                    place: site.origin.place,
                });
            }
            caller = stack
                .checked_add(site.lowered.into())
                .and_then(|body| self.caller_in_body(function, body))
                // Each activation has taken some stack, or this is none.
                .filter(|next| next.stack > stack);
        }
    }

    /// The offset of an address in the code.
    fn offset(&self, address: u64) -> Option<u32> {
        u32::try_from(address.checked_sub(self.base)?).ok()
    }

    fn register(&self, number: u8) -> i64 {
        self.context_word(REGISTERS + 8 * u32::from(number)) as i64
    }

    fn context_word(&self, offset: u32) -> u64 {
        let address = self.context.wrapping_add(offset.into());
        self.words.read(address).unwrap_or(0)
    }
}

/// The call sites that were found last: in a deep recursion the same few come again and again.
#[derive(Debug, Default)]
struct SiteCache<'a>([Option<(u64, Site<'a>)>; 16]);

/// A function and a call in it.
type Site<'a> = (&'a LinkedFunction, &'a CallSite);

impl<'a> SiteCache<'a> {
    fn get_or(
        &mut self,
        address: u64,
        find: impl FnOnce() -> Option<Site<'a>>,
    ) -> Option<Site<'a>> {
        let entry = &mut self.0[(address >> 2) as usize % 16];
        match entry {
            Some((known, site)) if *known == address => Some(*site),
            _ => {
                let site = find()?;
                *entry = Some((address, site));
                Some(site)
            }
        }
    }
}
