//! A whole program: its sections with their addresses.

use codegen::ir::FunctionId;
use codegen::machine::Assembly;

use super::convention::Convention;
use super::finish::Rewriting;
use super::instruction::{Half, Instruction, Symbol};
use super::registers::Layout;

/// The bytes in which digits are collected: 20 for the largest number, and a 0 before them.
pub(super) const DIGITS_BYTES: u64 = 21;

/// The first address that an instruction with 16 bits can't load.
const FAR: u64 = 1 << 16;

/// What a section of a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// What comes before `main` under the stack convention.
    Start,
    /// A function.
    Function(FunctionId),
    /// Prints the value of `main` and ends the program.
    End,
    /// Where programs end whose stack is exhausted.
    StackExhausted,
}

/// A part of a program.
#[derive(Debug, Clone)]
pub struct Section {
    /// What it is.
    pub kind: SectionKind,
    /// The address of its first instruction.
    pub address: u64,
    /// Its instructions, 4 bytes each.
    pub assembly: Assembly<Instruction>,
}

/// A program of the ULM.
#[derive(Debug, Clone)]
pub struct Program {
    /// How its functions call each other; never [`Convention::Auto`].
    pub convention: Convention,
    /// What its registers are called.
    pub layout: Layout,
    /// The function that it begins with; without one it only has functions.
    pub main: Option<FunctionId>,
    /// Its parts, in the order of their addresses.
    pub sections: Vec<Section>,
    /// The words for values that found no register, outside of frames.
    pub(super) spilled: u32,
    /// The symbols whose addresses need two instructions, by the name of their section.
    far: Far,
}

/// Which addresses need more than 16 bits.
#[derive(Debug, Clone, Default)]
struct Far {
    /// The functions, by index in the module.
    functions: Vec<bool>,
    /// What stands behind the code.
    data: bool,
}

impl Program {
    pub(super) fn new(convention: Convention, layout: Layout, main: Option<FunctionId>) -> Self {
        Self {
            convention,
            layout,
            main,
            sections: Vec::new(),
            spilled: 0,
            far: Far::default(),
        }
    }

    pub(super) fn push(&mut self, kind: SectionKind, assembly: Assembly<Instruction>) {
        self.sections.push(Section {
            kind,
            address: 0,
            assembly,
        });
    }

    /// Adds what prints the value and ends the program.
    pub(super) fn push_end(&mut self, assembly: Assembly<Instruction>) {
        self.push(SectionKind::End, assembly);
    }

    /// The bytes of its code.
    pub fn size(&self) -> u64 {
        let sections = self.sections.iter();
        sections
            .map(|section| 4 * section.assembly.instructions.len() as u64)
            .sum()
    }

    /// Whether the program has a beginning and an end: without, it only has functions.
    pub const fn has_main(&self) -> bool {
        self.main.is_some()
    }

    /// The section of a function.
    pub fn function(&self, id: FunctionId) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.kind == SectionKind::Function(id))
    }

    /// The section with an address, and the index of the instruction there.
    pub fn instruction_at(&self, address: u64) -> Option<(&Section, usize)> {
        let index = self
            .sections
            .partition_point(|section| section.address <= address);
        let section = self.sections.get(index.checked_sub(1)?)?;
        let at = (address - section.address) as usize / 4;
        (at < section.assembly.instructions.len()).then_some((section, at))
    }

    /// Where the value of `main` is printed from: the address at which it is known, and the register
    /// that it is in then.
    pub fn value(&self) -> Option<(u64, u8)> {
        let end = self
            .sections
            .iter()
            .find(|section| section.kind == SectionKind::End)?;
        Some((end.address, self.layout.first_free()))
    }

    pub(super) fn uses_exhausted_end(&self) -> bool {
        self.sections.iter().any(|section| {
            let instructions = section.assembly.instructions.iter();
            instructions
                .clone()
                .any(|instruction| matches!(instruction, Instruction::JumpExhausted { .. }))
        })
    }

    // ---- addresses ----

    /// Gives everything its address, and addresses past 2^16 the two instructions that they need.
    pub(super) fn lay_out(&mut self) {
        self.set_addresses();
        // An upper bound: as if each address needed two instructions.
        let loads = self.loads_of_addresses();
        if self.end() + 4 * loads >= FAR {
            self.find_far(loads);
            self.expand_far();
            self.set_addresses();
        }
    }

    fn set_addresses(&mut self) {
        let mut address = 0;
        for section in &mut self.sections {
            section.address = address;
            address += 4 * section.assembly.instructions.len() as u64;
        }
    }

    /// The address of the words for values that found no register, outside of frames.
    pub(super) fn spilled_at(&self) -> u64 {
        self.size().next_multiple_of(8)
    }

    /// The first address behind code and data.
    fn end(&self) -> u64 {
        self.spilled_at() + 8 * u64::from(self.spilled) + DIGITS_BYTES
    }

    fn loads_of_addresses(&self) -> u64 {
        let sections = self.sections.iter();
        sections
            .flat_map(|section| &section.assembly.instructions)
            .filter(|instruction| matches!(instruction, Instruction::LoadAddress { .. }))
            .count() as u64
    }

    /// Decides by addresses that are rather too large.
    fn find_far(&mut self, loads: u64) {
        let mut before = 0;
        for section in &self.sections {
            if let SectionKind::Function(id) = section.kind {
                let functions = &mut self.far.functions;
                functions.resize(functions.len().max(id.index() + 1), false);
                functions[id.index()] = section.address + 4 * before >= FAR;
            }
            let instructions = section.assembly.instructions.iter();
            before += instructions
                .filter(|instruction| matches!(instruction, Instruction::LoadAddress { .. }))
                .count() as u64;
        }
        self.far.data = self.end() + 4 * loads >= FAR;
    }

    fn is_far(&self, symbol: Symbol) -> bool {
        match symbol {
            Symbol::Function(id) => self.far.functions.get(id.index()).copied().unwrap_or(false),
            Symbol::Digits | Symbol::Spilled(_) => self.far.data,
        }
    }

    fn expand_far(&mut self) {
        let mut sections = std::mem::take(&mut self.sections);
        for section in &mut sections {
            self.expand_section(&mut section.assembly);
        }
        self.sections = sections;
    }

    /// `ldzwq f, z` → `ldzwq @w1(f), z; shldwq @w0(f), z`
    fn expand_section(&self, assembly: &mut Assembly<Instruction>) {
        let mut rewriting = Rewriting::new(assembly);
        for at in 0..assembly.instructions.len() {
            match assembly.instructions[at] {
                Instruction::LoadAddress { symbol, z, .. } if self.is_far(symbol) => {
                    let origin = assembly.origins[at];
                    let halves = [Half::High, Half::Low].into_iter();
                    let load = |half| (Instruction::LoadAddress { symbol, half, z }, origin);
                    rewriting.replace(at, halves.map(load));
                }
                _ => rewriting.keep(assembly, at),
            }
        }
        rewriting.apply(assembly);
    }
}
