//! A program as assembly text for `ulmas`.

use std::fmt::Write as _;

use codegen::ir::{FunctionId, Module};
use codegen::machine::MachineInstruction;
use codegen::machine::{Register, RegisterSet};
use codegen::origin::{Linkage, Origin, Place, PlaceId};
use diagnostics::{FileId, Source, Sources};
use rustc_hash::FxHashSet;

use super::Convention;
use super::instruction::{
    FrameSlot, Instruction, Label, Memory, Names, PRINT_VALUE, STACK_EXHAUSTED, Symbol, parts,
};
use super::program::{DIGITS_BYTES, Program, Section, SectionKind};
use super::registers::Layout;

/// Where operands begin.
const OPERANDS: usize = 8;
/// The width of an operand that others follow.
const OPERAND: usize = 16;

/// The label of the digits.
const DIGITS: &str = "digits";
/// The label of the spilled values.
const SPILLED: &str = "spilled";

impl Program {
    /// The assembly text, with the lines of the source beside what came from them.
    ///
    /// `module` is the one that the program was compiled from, as [`compile`](super::compile) left
    /// it.
    pub fn text(&self, module: &Module, sources: &Sources, file: FileId) -> String {
        let labels = function_labels(module);
        let mut text = Text {
            program: self,
            module,
            source: sources.get(file),
            starts: line_starts(&sources.get(file).text),
            labels: &labels,
            out: String::new(),
            line: None,
            part: None,
            head: None,
            used: Used::of(self),
        };
        text.write();
        text.out
    }

    /// The program piece by piece, as it stands in the text. `module` is as for [`Self::text`].
    pub fn pieces(&self, module: &Module) -> Pieces<'_> {
        Pieces {
            program: self,
            labels: function_labels(module),
        }
    }
}

/// The text of a program piece by piece.
#[derive(Debug)]
pub struct Pieces<'a> {
    program: &'a Program,
    /// Those of the functions, by number.
    labels: Vec<String>,
}

impl Pieces<'_> {
    /// The label of a section.
    pub fn section(&self, section: &Section) -> String {
        section_label(section.kind, &self.labels)
    }

    /// The instructions of a section, without labels and comments.
    pub fn instructions(&self, section: &Section) -> Vec<String> {
        let names = self.names(section);
        let instructions = section.assembly.instructions.iter();
        instructions
            .map(|instruction| {
                let (mnemonic, operands) = parts(instruction, &names);
                format!("{mnemonic} {}", operands.join(", "))
            })
            .collect()
    }

    /// The labels that stand before the instructions of a section, each with the instruction's index,
    /// ascending.
    pub fn labels(&self, section: &Section) -> Vec<(u32, String)> {
        let names = self.names(section);
        let targets = targets(section).into_iter();
        targets
            .map(|(at, label)| (at, names.label(label)))
            .collect()
    }

    fn names(&self, section: &Section) -> SectionNames<'_> {
        SectionNames {
            layout: self.program.layout,
            labels: &self.labels,
            section: section_number(self.program, section),
        }
    }
}

fn section_number(program: &Program, section: &Section) -> usize {
    program
        .sections
        .partition_point(|other| other.address < section.address)
}

fn section_label(kind: SectionKind, labels: &[String]) -> String {
    match kind {
        SectionKind::Start => "start".to_owned(),
        SectionKind::Function(id) => labels[id.index()].clone(),
        SectionKind::End => PRINT_VALUE.to_owned(),
        SectionKind::StackExhausted => STACK_EXHAUSTED.to_owned(),
    }
}

/// The labels to which instructions of a section jump, with the instruction that each stands before,
/// ascending.
fn targets(section: &Section) -> Vec<(u32, Label)> {
    let instructions = section.assembly.instructions.iter();
    let mut labels: Vec<(u32, Label)> = instructions
        .filter_map(|instruction| match *instruction {
            Instruction::Jump { label } | Instruction::JumpIf { label, .. } => {
                Some((section.assembly.labels[label.0 as usize], label))
            }
            _ => None,
        })
        .collect();
    labels.sort_unstable_by_key(|&(at, label)| (at, label.0));
    labels.dedup();
    labels
}

/// The label of each function: its name, changed where that can't be a label or means something else.
fn function_labels(module: &Module) -> Vec<String> {
    let mut taken: FxHashSet<String> = ["start", PRINT_VALUE, DIGITS, SPILLED, STACK_EXHAUSTED]
        .into_iter()
        .chain(
            [
                FrameSlot::Return,
                FrameSlot::FramePointer,
                FrameSlot::Result,
            ]
            .map(FrameSlot::name),
        )
        .map(str::to_owned)
        .collect();
    let is_plain = |name: &str| name.is_ascii() && !is_register_name(name);
    // Names that can stay as they are come first, so that no changed one takes theirs.
    let mut labels: Vec<String> = module
        .functions
        .iter()
        .map(|function| {
            let name = &function.name;
            if is_plain(name) && taken.insert(name.clone()) {
                name.clone()
            } else {
                String::new()
            }
        })
        .collect();
    for (label, function) in labels.iter_mut().zip(&module.functions) {
        if !label.is_empty() {
            continue;
        }
        let base: String = function.name.chars().fold(String::new(), |mut text, c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                text.push(c);
            } else {
                _ = write!(text, "_u{:x}", c as u32);
            }
            text
        });
        let mut candidate = format!("fn_{base}");
        let mut number = 1;
        while !taken.insert(candidate.clone()) {
            number += 1;
            candidate = format!("fn_{base}_{number}");
        }
        *label = candidate;
    }
    labels
}

/// Whether a name is one that a register may have.
fn is_register_name(name: &str) -> bool {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(
        letters,
        "CALLEE" | "CALLER" | "CALL" | "RET" | "FP" | "SP" | "TMP" | "LIMIT" | "R"
    )
}

/// The names in one section.
struct SectionNames<'a> {
    layout: Layout,
    labels: &'a [String],
    section: usize,
}

impl Names for SectionNames<'_> {
    fn register(&self, register: Register) -> String {
        let number = register.number().unwrap_or_default();
        match self.layout.name(number) {
            Some(name) => format!("%{name}"),
            None => format!("%{number}"),
        }
    }

    fn label(&self, label: Label) -> String {
        format!(".L{}_{}", self.section, label.0)
    }

    fn symbol(&self, symbol: Symbol) -> String {
        match symbol {
            Symbol::Function(id) => self.labels[id.index()].clone(),
            Symbol::Digits => DIGITS.to_owned(),
            Symbol::Spilled(0) => SPILLED.to_owned(),
            Symbol::Spilled(word) => format!("{SPILLED} + {}", 8 * u64::from(word)),
        }
    }
}

struct Text<'a> {
    program: &'a Program,
    module: &'a Module,
    source: &'a Source,
    /// Where the lines of the source begin, in bytes.
    starts: Vec<u32>,
    labels: &'a [String],
    out: String,
    /// The line of the source that what was written last came from.
    line: Option<usize>,
    /// The part of the linkage that what was written last has.
    part: Option<Linkage>,
    /// The line that stands in the head of the function, as long as nothing else has been shown.
    head: Option<usize>,
    used: Used,
}

/// What instructions of the program name.
#[derive(Debug, Default)]
struct Used {
    functions: FxHashSet<FunctionId>,
    /// The place where the value is printed.
    end: bool,
    /// The frame pointer.
    frame_pointer: bool,
}

impl Used {
    fn of(program: &Program) -> Self {
        let mut used = Self::default();
        let sections = program.sections.iter();
        for instruction in sections.flat_map(|section| &section.assembly.instructions) {
            match *instruction {
                Instruction::LoadAddress {
                    symbol: Symbol::Function(id),
                    ..
                } => {
                    used.functions.insert(id);
                }
                Instruction::JumpEnd => used.end = true,
                Instruction::Store {
                    to: Memory::Slot(FrameSlot::FramePointer, _),
                    ..
                } => used.frame_pointer = true,
                _ => {}
            }
        }
        used
    }
}

/// The first of several texts, with commas.
fn shortened(texts: &[String]) -> String {
    const SHOWN: usize = 6;
    if texts.len() <= SHOWN {
        return texts.join(", ");
    }
    format!("{}, …", texts[..SHOWN].join(", "))
}

impl Text<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn write(&mut self) {
        self.heading();
        self.registers();
        self.line("");
        self.line("        .text");
        let program = self.program;
        for (number, section) in program.sections.iter().enumerate() {
            self.section(number, section);
        }
        self.data();
    }

    fn heading(&mut self) {
        let name: String = one_line(&self.source.name);
        let how = match self.program.convention {
            Convention::Leaf | Convention::Auto => {
                "leaf convention: arguments and result in the callee's registers"
            }
            Convention::Stack => "stack convention: a frame on the stack for each call",
            Convention::Inline => "no calls: each is replaced by the function's body",
        };
        self.line(&format!("# {name}, compiled by emjay"));
        self.line(&format!("# {how}"));
        self.line("");
    }

    // ---- names ----

    fn registers(&mut self) {
        let mut used = RegisterSet::EMPTY;
        for section in &self.program.sections {
            for instruction in &section.assembly.instructions {
                note_registers(*instruction, &mut used);
            }
        }
        match self.program.layout {
            Layout::Leaf { callee_registers } => {
                self.line(
                    "# registers that a callee may change; arguments come in them, and the result",
                );
                self.numbered(1, callee_registers);
                self.line("# the address that is called, and the one to return to");
                self.equ("CALL", &format!("CALLEE{} + 1", callee_registers - 1), "");
                self.equ("RET", "CALL + 1", "");
                let own = callee_registers + 3;
                if used.iter().any(|number| number >= own) {
                    self.line("# all others belong to the caller");
                    self.used_numbers(own, used);
                }
            }
            Layout::Stack => {
                if self.used.frame_pointer {
                    self.equ("FP", "1", "frame of the running function");
                }
                self.equ("SP", "2", "lower end of the stack");
                self.equ("RET", "3", "return address");
                self.line("# scratch: every call changes them");
                let mut scratch = used;
                for number in [1, 2, 3, 255] {
                    scratch.remove(number);
                }
                self.used_numbers(4, scratch);
                if used.contains(255) {
                    self.equ("LIMIT", "255", "how far down the stack may grow");
                }
                self.line("");
                self.line("# a frame, seen from its lower end; arguments follow");
                self.equ("ret", "0", "return address");
                if self.used.frame_pointer {
                    self.equ("fp", "8", "the caller's %FP");
                } else {
                    self.line("# (8: for the caller's frame pointer, which nobody here changes)");
                }
                self.equ("rval", "16", "result");
            }
            Layout::Inline => self.used_numbers(1, used),
        }
    }

    /// `.equ` for registers from `first` on, so many.
    fn numbered(&mut self, first: u8, count: u8) {
        self.used_numbers(first, (first..first + count).collect());
    }

    fn used_numbers(&mut self, first: u8, used: RegisterSet) {
        let mut previous: Option<(u8, String)> = None;
        for number in used.iter().filter(|&number| number >= first) {
            let Some(name) = self.program.layout.name(number) else {
                continue;
            };
            let before = previous.take();
            let value = match (before, self.program.layout) {
                (Some((before, name)), _) => format!("{name} + {}", number - before),
                (None, Layout::Leaf { .. }) if number == first && first > 1 => "RET + 1".to_owned(),
                (None, Layout::Leaf { .. }) if first > 1 => {
                    format!("RET + {}", number - first + 1)
                }
                (None, _) => number.to_string(),
            };
            self.equ(&name, &value, "");
            previous = Some((number, name));
        }
    }

    fn equ(&mut self, name: &str, value: &str, comment: &str) {
        let definition = format!("        .equ    {:<16}{value}", format!("{name},"));
        if comment.is_empty() {
            self.line(&definition);
        } else {
            self.line(&format!("{definition:<40}# {comment}"));
        }
    }

    // ---- code ----

    fn section(&mut self, number: usize, section: &Section) {
        self.line("");
        match section.kind {
            SectionKind::Start if is_refusal(section) => {
                self.line("# the program needs more stack than there is");
            }
            SectionKind::Start if !self.program.has_main() => {
                self.line("# there is no main: nothing begins here, the functions are for others");
            }
            SectionKind::Start => {
                self.line("# the program begins: sets up the stack and calls main");
            }
            SectionKind::End => {
                self.line("# prints the value of main in decimal, and ends the program");
            }
            SectionKind::StackExhausted => self.line("# too many calls that have not returned"),
            SectionKind::Function(_) => {}
        }
        if self.line.take().is_some() && !matches!(section.kind, SectionKind::Function(_)) {
            self.line("#line");
        }
        self.section_head(section);
        self.part = None;
        let names = SectionNames {
            layout: self.program.layout,
            labels: self.labels,
            section: number,
        };
        let mut targets = targets(section).into_iter().peekable();
        for (at, instruction) in section.assembly.instructions.iter().enumerate() {
            let mut is_target = false;
            while let Some((_, label)) = targets.next_if(|&(target, _)| target as usize <= at) {
                self.line(&format!("{}:", names.label(label)));
                is_target = true;
            }
            if let SectionKind::Function(id) = section.kind {
                self.note_origin(id, section.assembly.origins[at], is_target);
            }
            let (mnemonic, operands) = parts(instruction, &names);
            self.instruction(mnemonic, &operands);
        }
        for (_, label) in targets {
            self.line(&format!("{}:", names.label(label)));
        }
    }

    /// The label, if somebody goes there by it. A function that nobody calls here is there for others.
    fn section_head(&mut self, section: &Section) {
        let label = section_label(section.kind, self.labels);
        let is_used = match section.kind {
            SectionKind::Start => false,
            SectionKind::End => self.used.end,
            SectionKind::StackExhausted => true,
            SectionKind::Function(id) => {
                self.function_head(id);
                if !self.used.functions.contains(&id) {
                    self.line(&format!("        .globl  {label}"));
                }
                true
            }
        };
        if is_used {
            self.line(&format!("{label}:"));
        }
    }

    /// The line in which the function begins, and where its arguments are.
    fn function_head(&mut self, id: FunctionId) {
        let function = &self.module.functions[id.index()];
        if let Some(line) = self.source_line(id, function.place) {
            let text = self.source_text(line);
            self.line(&format!("# {line}: {text}"));
            self.head = Some(line);
        }
        if function.parameters == 0 {
            return;
        }
        let is_begin = self.program.main == Some(id);
        let places: Vec<String> = match self.program.layout {
            Layout::Leaf { .. } | Layout::Inline if is_begin => vec!["built in".to_owned()],
            Layout::Leaf { .. } | Layout::Inline => (1..=function.parameters as u8)
                .filter_map(|number| Some(format!("%{}", self.program.layout.name(number)?)))
                .collect(),
            Layout::Stack => (0..function.parameters)
                .map(|index| format!("{}(%SP)", super::frame_size(index)))
                .collect(),
        };
        self.line(&format!("#     arguments: {}", shortened(&places)));
    }

    fn source_text(&self, line: usize) -> String {
        let text = &self.source.text[self.starts[line - 1] as usize..];
        one_line(text.lines().next().unwrap_or_default().trim())
    }

    /// Says from which line of the source what follows comes, and which part of a call it is.
    fn note_origin(&mut self, id: FunctionId, origin: Origin, is_target: bool) {
        if let Some(line) = self.source_line(id, origin.place)
            && self.line.replace(line) != Some(line)
        {
            let name: String = one_line(&self.source.name).replace('"', "'");
            self.line(&format!("#line {line} \"{name}\""));
            if self.head.take() != Some(line) {
                let text = self.source_text(line);
                self.line(&format!("        # {line}: {text}"));
            }
        }
        let before = self.part.replace(origin.linkage);
        let is_marked = match before {
            None => origin.linkage != Linkage::Body,
            Some(before) => before != origin.linkage || is_target && before != Linkage::Body,
        };
        if is_marked {
            self.line(&format!("        # {}", origin.linkage.name()));
        }
    }

    /// The line of the source of a place: the innermost one, where calls were replaced.
    fn source_line(&self, id: FunctionId, place: PlaceId) -> Option<usize> {
        let function = &self.module.functions[id.index()];
        let mut place = place;
        for _ in 0..64 {
            match function.places.get(place.0 as usize)? {
                Place::Source { start, .. } => {
                    let line = self.starts.partition_point(|at| at <= start);
                    return Some(line);
                }
                Place::Inlined { place: inner, .. } => place = *inner,
                Place::Unknown | Place::Address(_) => return None,
            }
        }
        None
    }

    fn instruction(&mut self, mnemonic: &str, operands: &[String]) {
        let mut text = format!("        {mnemonic:<OPERANDS$}");
        for (index, operand) in operands.iter().enumerate() {
            if index + 1 == operands.len() {
                text.push_str(operand);
            } else {
                let operand = format!("{operand},");
                _ = write!(
                    text,
                    "{operand:<width$}",
                    width = OPERAND.max(operand.len() + 1)
                );
            }
        }
        self.line(&text);
    }

    fn data(&mut self) {
        if !self.program.has_main() && self.program.spilled == 0 {
            return;
        }
        self.line("");
        self.line("        .bss");
        if self.program.spilled > 0 {
            self.line("        .align  8");
            self.line(&format!("{SPILLED}:"));
            self.line(&format!(
                "        .space  {}",
                8 * u64::from(self.program.spilled)
            ));
        }
        if self.program.has_main() {
            self.line(&format!("{DIGITS}:"));
            self.line(&format!("        .space  {DIGITS_BYTES}"));
        }
    }
}

/// Whether a beginning gives up at once.
fn is_refusal(start: &Section) -> bool {
    let first = start.assembly.instructions.first();
    matches!(first, Some(Instruction::JumpExhausted { .. }))
}

fn note_registers(mut instruction: Instruction, used: &mut RegisterSet) {
    instruction.visit_registers(|register, _, _| {
        if let Some(number) = register.number() {
            used.insert(number);
        }
    });
    if let Instruction::Grouped { first, .. } = instruction {
        used.insert(first);
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let breaks = text
        .bytes()
        .enumerate()
        .filter(|&(_, byte)| byte == b'\n')
        .map(|(at, _)| at);
    std::iter::once(0)
        .chain(breaks.map(|at| at as u32 + 1))
        .collect()
}

/// A text without line breaks and other control characters.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
