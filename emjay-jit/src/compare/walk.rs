//! One call, step by step, recorded while the program runs.
//!
//! The [`Recorder`] is told every instruction that is executed, and what it did if it wants to know.
//! It waits for the first precall of a function of the program, and goes along through the callee, to
//! the caller's postreturn:
//!
//! ```text
//! Searching → Approaching → Called ⇄ Inner → Returned → Over
//!     ↑___________|
//! ```
//!
//! What it keeps is bounded: calls that the callee makes are left out, of a loop each instruction is
//! kept once, and no part has more than a number of steps. What is left out is counted.

use std::collections::BTreeMap;
use std::mem::take;

use codegen::ir::Module;

use super::code::{Access, Code};
use super::report::{Part, Step, Walk, Write};
use super::sites::{SiteId, Sites};

/// How many words of the stack are shown from before the call.
const SHOWN_BEFORE: usize = 64;

/// How many steps of a part are kept.
const fn most_steps(part: Part) -> usize {
    match part {
        Part::Body => 96,
        Part::Precall | Part::Prologue | Part::Epilogue | Part::Postreturn => 40,
    }
}

/// How many writes of instructions that were left out are kept for the next step.
const MOST_PENDING: usize = 64;

/// How many instructions of the caller may stand between those of the postreturn.
const MOST_BETWEEN: usize = 16;

/// What the recorder asks about an instruction that was executed.
pub(super) trait Effects {
    /// The registers that it wrote, but for those of stack and frame.
    fn registers(&self) -> Vec<(String, u64)>;

    /// What it wrote to the stack.
    fn writes(&self) -> Vec<Write>;
}

/// Stack and frame pointer after an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pointers {
    /// The stack pointer.
    pub(super) stack: u64,
    /// The frame pointer, if the convention has one.
    pub(super) frame: Option<u64>,
}

/// What is known of a word of the code.
#[derive(Debug, Clone, Copy)]
struct Fact {
    /// The listing: the functions, behind them the rest.
    listing: u32,
    line: u32,
    part: Part,
    /// The call that it serves.
    site: Option<SiteId>,
    calls: bool,
    access: Access,
    /// Whether there is a step of it.
    is_kept: bool,
    /// Whether it belongs to the program or the calls of its functions.
    is_counted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No call has been made.
    Searching,
    /// In the precall, perhaps that of a call that is not reached.
    Approaching(SiteId),
    /// In the callee, or on the way.
    Called(SiteId, Return),
    /// In a call that the callee makes.
    Inner(SiteId, Return, Return),
    /// Back in the caller; so many instructions of the postreturn are still to come.
    Returned(SiteId, usize),
    /// The walk is complete, or there will be none.
    Over,
}

impl Fact {
    fn stores(&self) -> bool {
        self.access == Access::Store
    }

    /// Whether it has this part in a call.
    fn serves(&self, site: SiteId, part: Part) -> bool {
        self.part == part && self.site == Some(site)
    }
}

/// An instruction that was executed.
struct Event<'e, E> {
    word: usize,
    fact: Fact,
    /// After it.
    pointers: Pointers,
    effects: &'e E,
}

impl<E> Event<'_, E> {
    /// Where it comes back, if it is a call.
    const fn comes_back(&self) -> Return {
        Return {
            word: self.word + 1,
            stack: self.pointers.stack,
        }
    }
}

/// How a call comes back: at this word, with the stack pointer as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Return {
    word: usize,
    stack: u64,
}

/// Records the first call.
#[derive(Debug)]
pub(super) struct Recorder {
    /// What is known of each word of 4 bytes of the code.
    facts: Vec<Option<Fact>>,
    /// How many of the listings are functions.
    functions: usize,
    /// The instructions of the postreturn of each call.
    postreturns: Vec<usize>,
    phase: Phase,
    /// The call, once it has been made.
    called: Option<SiteId>,
    /// After the instruction before.
    pointers: Pointers,
    /// What was written to the stack before the walk.
    stack: BTreeMap<u64, Write>,
    before_pointer: u64,
    steps: Vec<Step>,
    /// The words of the steps.
    words: Vec<usize>,
    /// How many of the steps have each part.
    of_part: [usize; Part::ALL.len()],
    skipped: u64,
    /// What instructions that were left out wrote.
    pending: Vec<Write>,
    /// The length of `steps` behind the last one of the postreturn.
    complete: usize,
}

impl Recorder {
    /// A recorder for a code. Its instructions have 4 bytes each.
    pub(super) fn new(code: &Code, sites: &Sites) -> Self {
        let mut postreturns = vec![0; sites.all.len()];
        let mut facts = Vec::new();
        for (listing, function) in code.listings().enumerate() {
            for (line, instruction) in function.lines.iter().enumerate() {
                let Ok(word) = usize::try_from(instruction.address / 4) else {
                    continue;
                };
                if facts.len() <= word {
                    facts.resize(word + 1, None);
                }
                let part = Part::from(instruction.origin.linkage);
                let site = sites.of_line(listing, line);
                if let (Part::Postreturn, Some(site)) = (part, site) {
                    postreturns[site.index()] += 1;
                }
                facts[word] = Some(Fact {
                    listing: listing as u32,
                    line: line as u32,
                    part,
                    site,
                    calls: instruction.calls.is_some(),
                    access: instruction.access,
                    is_kept: false,
                    is_counted: function.is_counted,
                });
            }
        }
        Self {
            facts,
            functions: code.functions.len(),
            phase: if sites.all.is_empty() {
                Phase::Over
            } else {
                Phase::Searching
            },
            postreturns,
            called: None,
            pointers: Pointers::default(),
            stack: BTreeMap::new(),
            before_pointer: 0,
            steps: Vec::new(),
            words: Vec::new(),
            of_part: [0; Part::ALL.len()],
            skipped: 0,
            pending: Vec::new(),
            complete: 0,
        }
    }

    /// Whether it has seen all that it wants to see.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The word was executed; the pointers are as it left them.
    pub(super) fn step(&mut self, word: usize, pointers: Pointers, effects: &impl Effects) {
        if let Some(fact) = self.facts.get(word).copied().flatten() {
            self.visit(&Event {
                word,
                fact,
                pointers,
                effects,
            });
        }
        self.pointers = pointers;
    }

    fn visit(&mut self, event: &Event<'_, impl Effects>) {
        match self.phase {
            Phase::Over => {}
            Phase::Searching => self.search(event),
            Phase::Approaching(site) => self.approach(site, event),
            Phase::Called(site, back) if self.is_back(back, event.word) => {
                self.complete = self.steps.len();
                self.phase = Phase::Returned(site, self.postreturns[site.index()]);
                self.visit(event);
            }
            Phase::Called(site, back) => self.accompany(site, back, event),
            Phase::Inner(site, back, inner) if self.is_back(inner, event.word) => {
                self.phase = Phase::Called(site, back);
                self.visit(event);
            }
            Phase::Inner(..) => self.skipped += 1,
            Phase::Returned(_, 0) => self.end(),
            Phase::Returned(site, left) => self.leave(site, left, event),
        }
    }

    /// Whether a call has come back, at the instruction that is executed.
    fn is_back(&self, back: Return, word: usize) -> bool {
        word == back.word && self.pointers.stack == back.stack
    }

    fn search(&mut self, event: &Event<'_, impl Effects>) {
        if let (Part::Precall, Some(site)) = (event.fact.part, event.fact.site) {
            self.before_pointer = self.pointers.stack;
            self.phase = Phase::Approaching(site);
            self.approach(site, event);
        } else if event.fact.stores() && event.fact.is_counted {
            self.remember(event.effects.writes());
        }
    }

    /// What is on the stack before the walk. There was no call so far: no more than one frame.
    fn remember(&mut self, writes: impl IntoIterator<Item = Write>) {
        for write in writes {
            self.stack.insert(write.address, write);
        }
    }

    fn approach(&mut self, site: SiteId, event: &Event<'_, impl Effects>) {
        let serves = event.fact.serves(site, Part::Precall);
        if !serves && !self.is_between(event) {
            self.give_up();
            self.visit(event);
            return;
        }
        self.record(event);
        if serves && event.fact.calls {
            self.called = Some(site);
            self.phase = Phase::Called(site, event.comes_back());
        }
    }

    /// The call was not reached: what was recorded was before the walk.
    fn give_up(&mut self) {
        let writes: Vec<Write> = take(&mut self.steps)
            .into_iter()
            .flat_map(|step| step.writes)
            .chain(take(&mut self.pending))
            .collect();
        self.remember(writes);
        for word in take(&mut self.words) {
            self.set_kept(word, false);
        }
        self.of_part = [0; Part::ALL.len()];
        self.skipped = 0;
        self.phase = Phase::Searching;
    }

    /// In the callee.
    fn accompany(&mut self, site: SiteId, back: Return, event: &Event<'_, impl Effects>) {
        let fact = &event.fact;
        // What the callee does for its own calls is none of this one's parts; the trampoline's is.
        let is_inner = matches!(fact.part, Part::Precall | Part::Postreturn)
            && (fact.listing as usize) < self.functions;
        if is_inner {
            self.skip(event);
            if fact.calls {
                self.phase = Phase::Inner(site, back, event.comes_back());
            }
        } else if fact.is_counted {
            self.record(event);
        } else {
            self.skipped += 1;
        }
    }

    /// Back in the caller, where so many instructions are left of the postreturn.
    fn leave(&mut self, site: SiteId, left: usize, event: &Event<'_, impl Effects>) {
        let serves = event.fact.serves(site, Part::Postreturn);
        let is_soon = self.steps.len() < self.complete + MOST_BETWEEN;
        if serves {
            self.record(event);
            self.complete = self.steps.len();
            self.phase = Phase::Returned(site, left - 1);
            if left == 1 {
                self.end();
            }
        } else if is_soon && self.is_between(event) {
            self.record(event);
        } else {
            self.end();
        }
    }

    /// Whether the caller does something else between what it does for the call.
    fn is_between(&self, event: &Event<'_, impl Effects>) -> bool {
        let is_in_caller = |first: &Step| first.listing == event.fact.listing as usize;
        event.fact.part == Part::Body && self.steps.first().is_some_and(is_in_caller)
    }

    fn end(&mut self) {
        self.steps.truncate(self.complete);
        self.phase = Phase::Over;
    }

    /// Keeps an instruction as a step, unless there are enough like it.
    fn record(&mut self, event: &Event<'_, impl Effects>) {
        let fact = &event.fact;
        let of_part = &mut self.of_part[fact.part as usize];
        let is_repeated = fact.part == Part::Body && fact.is_kept;
        if is_repeated || *of_part == most_steps(fact.part) {
            self.skip(event);
            return;
        }
        *of_part += 1;
        self.set_kept(event.word, true);
        self.words.push(event.word);
        let mut writes = take(&mut self.pending);
        if fact.stores() {
            for write in event.effects.writes() {
                put(&mut writes, write);
            }
        }
        self.steps.push(Step {
            listing: fact.listing as usize,
            line: fact.line as usize,
            pointer: event.pointers.stack,
            frame: event.pointers.frame,
            registers: event.effects.registers(),
            writes,
            skipped: take(&mut self.skipped),
        });
    }

    fn set_kept(&mut self, word: usize, is_kept: bool) {
        if let Some(fact) = &mut self.facts[word] {
            fact.is_kept = is_kept;
        }
    }

    /// Leaves an instruction out; what it wrote counts for the next step.
    fn skip(&mut self, event: &Event<'_, impl Effects>) {
        self.skipped += 1;
        if event.fact.stores() {
            for write in event.effects.writes() {
                if self.pending.len() < MOST_PENDING {
                    put(&mut self.pending, write);
                }
            }
        }
    }

    /// The walk, if a call was made.
    pub(super) fn finish(
        mut self,
        module: &Module,
        code: &Code,
        sites: &Sites,
        names: PointerNames,
    ) -> Option<Walk> {
        let site = &sites.all[self.called?.index()];
        if let Phase::Returned(..) = self.phase {
            self.end();
        }
        let callee = module.functions.get(site.callee.index())?;
        let before = self.stack.into_values();
        let live = before.filter(|write| write.address.wrapping_sub(self.before_pointer) < 1 << 62);
        Some(Walk {
            caller: code.functions[site.listing].name.clone(),
            callee: callee.name.clone(),
            stack_pointer: names.stack.map(str::to_owned),
            frame_pointer: names.frame.map(str::to_owned),
            before: live.take(SHOWN_BEFORE).collect(),
            before_pointer: self.before_pointer,
            steps: self.steps,
        })
    }
}

/// What the pointers are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PointerNames {
    /// The stack pointer, if the convention has one.
    pub(super) stack: Option<&'static str>,
    /// The frame pointer, if the convention has one.
    pub(super) frame: Option<&'static str>,
}

/// Adds a write, in the place of an earlier one at its address.
fn put(writes: &mut Vec<Write>, write: Write) {
    writes.retain(|other| other.address != write.address);
    writes.push(write);
}
