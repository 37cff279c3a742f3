//! A whole program as intermediate representation, to be looked at.

use std::collections::VecDeque;

use codegen::ir::Module;
use codegen::link::Architecture;
use rustc_hash::{FxHashMap, FxHashSet};
use ulm_isa::Isa;
use ulm_isa::isa::INSTRUCTION_BYTES;
use ulm_isa::micro::Lowered;
use ulmas::image::{Image, SymbolKind};

use super::ahead::{MOST_INSTRUCTIONS, Outline};
use super::region::{self, End, Region, Way};
use super::{compile, translate};

/// A program that has been translated as far as its instructions can be found without running it.
#[derive(Debug)]
pub struct Translation {
    /// A function for each part of the program, that at address 0 first. A function is named after
    /// the label at its head, or `ulm_` and the address. Its one argument is the address of what it
    /// works on; it leaves by exits alone.
    pub module: Module,
    /// The address of the first instruction of each function.
    pub heads: Vec<u64>,
}

/// Translates the program of an image, each instruction once. Parts of more than some thousand
/// instructions become several functions; where control goes from one to another, it leaves.
pub fn translate(isa: &Isa, image: &Image) -> Translation {
    let outline = Outline::of(isa, image);
    let labels = labels(image);
    let mut found = Found::default();
    found.add(0);
    found.perhaps.extend(outline.functions());
    let mut translation = Translation {
        module: Module::default(),
        heads: Vec::new(),
    };
    let mut names = FxHashSet::default();
    while let Some(head) = found.next() {
        let mut program = Rest {
            outline: &outline,
            translated: &found.translated,
        };
        let Some(region) = region::form(&mut program, head, MOST_INSTRUCTIONS) else {
            continue;
        };
        found.visit(&region, &outline);
        let label = labels.get(&head).map(|&name| name.to_owned());
        let name = label.filter(|name| !names.contains(name));
        let name = name.unwrap_or_else(|| format!("ulm_{head:X}"));
        names.insert(name.clone());
        let translated = translate::translate(&region, name, &FxHashSet::default());
        translation.module.functions.push(translated.function);
        translation.heads.push(head);
    }
    translation
}

/// Runs the passes of the translating engine over the functions.
pub fn optimise(module: &mut Module, architecture: Architecture) {
    compile::optimise(module, architecture);
}

/// The names of the addresses in the text; of several, the first.
fn labels(image: &Image) -> FxHashMap<u64, &str> {
    let mut labels = FxHashMap::default();
    for symbol in &image.object.symbols {
        if let SymbolKind::Address(_) = symbol.kind
            && let Some(address) = image.symbol_value(symbol)
        {
            labels.entry(address).or_insert(&*symbol.name);
        }
    }
    labels
}

/// What is not translated yet.
struct Rest<'a> {
    outline: &'a Outline,
    translated: &'a FxHashSet<u64>,
}

impl region::Program for Rest<'_> {
    fn lowered(&mut self, address: u64) -> Option<Lowered> {
        self.outline.lowered(address)
    }

    fn is_reached(&self, address: u64) -> bool {
        self.outline.contains(address) && !self.translated.contains(&address)
    }

    fn targets(&self, address: u64) -> Vec<u64> {
        self.outline.targets(address)
    }
}

/// The addresses where functions begin.
#[derive(Debug, Default)]
struct Found {
    waiting: VecDeque<u64>,
    /// Where functions of the program begin, and where calls return to: that is mostly within what has
    /// been found already, and a function of its own only if nothing else leads there.
    perhaps: VecDeque<u64>,
    /// All that has been among them.
    seen: FxHashSet<u64>,
    /// The addresses of the instructions that functions have.
    translated: FxHashSet<u64>,
}

impl Found {
    fn add(&mut self, head: u64) {
        if self.seen.insert(head) {
            self.waiting.push_back(head);
        }
    }

    fn next(&mut self) -> Option<u64> {
        if let Some(head) = self.waiting.pop_front() {
            return Some(head);
        }
        while let Some(head) = self.perhaps.pop_front() {
            if self.seen.insert(head) {
                return Some(head);
            }
        }
        None
    }

    /// Takes notice of what a region has, and where control goes from there.
    fn visit(&mut self, region: &Region, outline: &Outline) {
        for block in &region.blocks {
            let mut address = block.start;
            for _ in &block.instructions {
                self.translated.insert(address);
                address = address.wrapping_add(INSTRUCTION_BYTES);
            }
            match &block.end {
                End::Jump(way) => self.follow(*way),
                End::Branch { taken, next, .. } => {
                    self.follow(*taken);
                    self.follow(*next);
                }
                End::Computed { link, .. } => {
                    let behind = block.end_address();
                    let targets = outline.targets(behind.wrapping_sub(INSTRUCTION_BYTES));
                    for target in targets {
                        self.add(target);
                    }
                    if *link != 0 {
                        self.perhaps.push_back(behind);
                    }
                }
                End::Interpreted => {}
            }
        }
    }

    fn follow(&mut self, way: Way) {
        if let Way::Outside(address) = way {
            self.add(address);
        }
    }
}
