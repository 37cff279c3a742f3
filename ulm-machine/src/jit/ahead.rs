//! What can be known of a program before it runs: which words are its instructions, and where its
//! jumps through registers probably go.
//!
//! All of it is a guess that makes code better and never wrong: translated code looks at where such
//! a jump really goes, and leaves if it was not foreseen.

mod constants;

use rustc_hash::{FxHashMap, FxHashSet};
use ulm_isa::Isa;
use ulm_isa::isa::INSTRUCTION_BYTES;
use ulm_isa::micro::{self, Lowered, MicroOperation as M, Operand};
use ulmas::image::{FixupKind, Image, SegmentKind, Target};

use constants::Constants;

/// The most instructions of a region that is translated before it runs.
pub(super) const MOST_INSTRUCTIONS: usize = 4096;

/// How many instructions are translated before they run, those that are parts of several regions
/// counted as often.
const EAGERNESS: usize = 1 << 16;

/// How many targets of a jump are thought of, and of all jumps of a program.
const MOST_TARGETS: usize = 64;
const MOST_TARGETS_IN_ALL: usize = 1 << 14;

/// What is to be translated before it runs.
#[derive(Debug)]
pub(super) struct Ahead {
    pub(super) outline: Outline,
    /// How many instructions more.
    budget: usize,
    /// The heads of regions that can't be translated.
    refused: FxHashSet<u64>,
}

impl Ahead {
    /// All of the text of an image, up to a size.
    pub(super) fn new(isa: &Isa, image: &Image) -> Self {
        Self {
            outline: Outline::of(isa, image),
            budget: EAGERNESS,
            refused: FxHashSet::default(),
        }
    }

    /// Whether this is about the instruction at an address.
    pub(super) fn has(&self, address: u64) -> bool {
        self.budget > 0 && self.outline.contains(address)
    }

    /// Whether no region can begin at an address.
    pub(super) fn is_refused(&self, address: u64) -> bool {
        self.refused.contains(&address)
    }

    /// Takes notice that no region can begin at an address.
    pub(super) fn refuse(&mut self, address: u64) {
        self.refused.insert(address);
    }

    /// Takes notice that an instruction has been translated.
    pub(super) fn spend_one(&mut self) {
        self.budget = self.budget.saturating_sub(1);
    }
}

/// The program of an image as its text shows it.
#[derive(Debug)]
pub(super) struct Outline {
    isa: Isa,
    /// The words of the text with their addresses, ascending.
    words: Vec<(u64, u32)>,
    /// Where jumps through registers go, as far as their instructions say it.
    targets: FxHashMap<u64, u64>,
    /// The addresses that calls go to, or that the program takes of its text, ascending: there,
    /// functions begin.
    functions: Vec<u64>,
    /// The addresses behind the calls of each function, and of those that nobody knows.
    returns: FxHashMap<u64, Vec<u64>>,
    other_returns: Vec<u64>,
    /// How many targets of each jump are thought of.
    most_targets: usize,
}

/// A jump through a register.
#[derive(Debug, Clone, Copy)]
struct Jump {
    address: u64,
    target: Option<u64>,
    is_call: bool,
}

impl Outline {
    /// Looks through an image.
    pub(super) fn of(isa: &Isa, image: &Image) -> Self {
        let mut outline = Self {
            isa: isa.clone(),
            words: words(image),
            targets: FxHashMap::default(),
            functions: Vec::new(),
            returns: FxHashMap::default(),
            other_returns: Vec::new(),
            most_targets: MOST_TARGETS,
        };
        let jumps = outline.jumps();
        outline.most_targets = (MOST_TARGETS_IN_ALL / jumps.len().max(1)).clamp(1, MOST_TARGETS);
        let mut functions = functions(&jumps, image);
        functions.retain(|&start| outline.contains(start));
        outline.functions = functions;
        for jump in jumps {
            if let Some(target) = jump.target {
                outline.targets.insert(jump.address, target);
            }
            if jump.is_call {
                let behind = jump.address.wrapping_add(INSTRUCTION_BYTES);
                match jump.target {
                    Some(target) => outline.returns.entry(target).or_default().push(behind),
                    None => outline.other_returns.push(behind),
                }
            }
        }
        outline
    }

    /// Whether the text has a word at an address.
    pub(super) fn contains(&self, address: u64) -> bool {
        self.word(address).is_some()
    }

    fn word(&self, address: u64) -> Option<u32> {
        let index = self.words.binary_search_by_key(&address, |&(at, _)| at);
        index.ok().map(|index| self.words[index].1)
    }

    /// Where functions begin, as far as the program calls them by their addresses, or takes these.
    pub(super) fn functions(&self) -> &[u64] {
        &self.functions
    }

    /// Where the jump through a register at an address probably goes.
    pub(super) fn targets(&self, address: u64) -> Vec<u64> {
        if let Some(&target) = self.targets.get(&address) {
            return vec![target];
        }
        let mut targets = Vec::new();
        if self.is_call(address) {
            targets.extend(self.functions.iter().take(self.most_targets));
        } else {
            let function = self.functions.partition_point(|&start| start <= address);
            let function = function.checked_sub(1).map(|index| self.functions[index]);
            let returns = function.and_then(|function| self.returns.get(&function));
            let returns = returns.into_iter().flatten().chain(&self.other_returns);
            targets.extend(returns.take(self.most_targets));
        }
        targets
    }

    /// The micro-operations of the instruction at an address, if it has any.
    pub(super) fn lowered(&self, address: u64) -> Option<Lowered> {
        lower(&self.isa, self.word(address)?)
    }

    /// Whether the instruction at an address keeps the address behind it.
    fn is_call(&self, address: u64) -> bool {
        let lowered = self.lowered(address);
        let last = lowered.and_then(|lowered| lowered.operations.last().copied());
        matches!(last, Some(M::JumpAbsolute { link: 1.., .. }))
    }

    /// The jumps through registers in the text.
    fn jumps(&self) -> Vec<Jump> {
        let mut jumps = Vec::new();
        let mut known = Constants::unknown();
        let mut expected = 0;
        for &(address, word) in &self.words {
            if address != expected {
                known = Constants::unknown();
            }
            expected = address.wrapping_add(INSTRUCTION_BYTES);
            let operations = lower(&self.isa, word).unwrap_or_default().operations;
            known.pass(&operations, address);
            let through = |target: Operand, is_call: bool| Jump {
                address,
                target: known.value(target, address),
                is_call,
            };
            match operations.last() {
                Some(&M::JumpAbsolute { target, link }) => jumps.push(through(target, link != 0)),
                Some(&M::SetInstructionPointer { target }) => jumps.push(through(target, false)),
                Some(M::JumpRelative { .. } | M::Halt { .. }) | None => {}
                Some(_) => continue,
            }
            // What stands behind is reached from elsewhere.
            known = Constants::unknown();
        }
        jumps
    }
}

fn lower(isa: &Isa, word: u32) -> Option<Lowered> {
    micro::lower(isa, isa.decode(word)?).ok()
}

/// The words of the text with their addresses, as far as the image has bytes for them.
fn words(image: &Image) -> Vec<(u64, u32)> {
    let mut words: Vec<(u64, u32)> = Vec::new();
    for block in &image.object.text.blocks {
        for (offset, &byte) in (block.offset..).zip(&block.bytes) {
            let place = offset % INSTRUCTION_BYTES;
            let address = offset - place;
            if words.last().is_none_or(|&(last, _)| last != address) {
                words.push((address, 0));
            }
            if let Some((_, word)) = words.last_mut() {
                *word |= u32::from(byte) << (24 - 8 * place);
            }
        }
    }
    words
}

/// Where functions begin: what is called, and the addresses of the text that the program takes.
fn functions(jumps: &[Jump], image: &Image) -> Vec<u64> {
    let calls = jumps.iter().filter(|jump| jump.is_call);
    let mut functions: Vec<u64> = calls.filter_map(|jump| jump.target).collect();
    for fixup in &image.object.fixups {
        if fixup.target == Target::Segment(SegmentKind::Text) && fixup.kind != FixupKind::Relative {
            functions.push(fixup.addend as u64);
        }
    }
    functions.sort_unstable();
    functions.dedup();
    functions
}
