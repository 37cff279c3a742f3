//! `--trace`: a line per instruction.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use ulm_machine::{Flags, Jump, JumpKind, Machine, Observer};

use crate::dump::render_flags;
use crate::number::value;
use crate::places::Places;

/// How many rendered instructions are kept.
const KEPT: usize = 1 << 16;
/// Wider source lines push the changes to the right.
const WIDEST_INSTRUCTION: usize = 36;

/// Writes lines as the program runs.
pub(crate) struct Trace<'a> {
    places: &'a Places<'a>,
    to: Box<dyn Write>,
    /// The instruction that runs, and what it has changed so far.
    current: Option<(Rc<Head<'a>>, String)>,
    /// The address and size of the value that goes into a register.
    loaded_from: Option<(u64, u8)>,
    heads: HashMap<(u64, u32), Rc<Head<'a>>>,
    place_width: usize,
    instruction_width: usize,
    error: Option<io::Error>,
}

/// The part of a line that an instruction always has.
struct Head<'a> {
    text: String,
    names: Vec<(u8, &'a str)>,
    /// It may jump, and it may not.
    is_conditional_jump: bool,
}

impl<'a> Trace<'a> {
    pub(crate) fn new(places: &'a Places<'a>, to: Box<dyn Write>) -> Self {
        let object = &places.image().object;
        let places_of_lines = object.lines.iter().filter_map(|line| {
            let file = object.files.get(line.file as usize)?;
            Some(file.chars().count() + 1 + line.line.to_string().len())
        });
        let text = &object.text;
        let texts = text.records.iter().map(|r| text.comment(r).chars().count());
        Self {
            places,
            to,
            current: None,
            loaded_from: None,
            heads: HashMap::new(),
            place_width: places_of_lines.max().unwrap_or(0),
            instruction_width: texts.max().unwrap_or(0).clamp(16, WIDEST_INSTRUCTION),
            error: None,
        }
    }

    /// Ends the line of the last instruction, and writes all lines out.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.end_line();
        match self.error.take() {
            Some(error) => Err(error),
            None => self.to.flush(),
        }
    }

    fn end_line(&mut self) {
        if let Some((head, changes)) = self.current.take()
            && self.error.is_none()
        {
            let line = format!("{}  {changes}", head.text);
            self.error = writeln!(self.to, "{}", line.trim_end()).err();
        }
    }

    fn head(&mut self, ip: u64, word: u32) -> Rc<Head<'a>> {
        if let Some(head) = self.heads.get(&(ip, word)) {
            return Rc::clone(head);
        }
        if self.heads.len() >= KEPT {
            self.heads.clear();
        }
        let mut text = format!("0x{ip:04X}  ");
        if self.place_width > 0 {
            let place = self.places.image().line_at(ip);
            let place = place.map_or(String::new(), |(file, line)| format!("{file}:{line}"));
            _ = write!(text, "{place:<0$}  ", self.place_width);
        }
        let instruction = self.places.instruction_text(ip, word);
        _ = write!(text, "{instruction:<0$}", self.instruction_width);
        let flow = self
            .places
            .isa
            .decode(word)
            .map(|decoded| self.places.isa.flow(decoded));
        let head = Rc::new(Head {
            text,
            is_conditional_jump: flow
                .is_some_and(|f| f.is_jump() && f.falls_through && f.link.is_none()),
            names: self.places.register_names(ip, word),
        });
        self.heads.insert((ip, word), Rc::clone(&head));
        head
    }

    /// Adds to what the instruction has changed.
    fn change(&mut self, change: &str) {
        if let Some((_, changes)) = &mut self.current {
            if !changes.is_empty() {
                changes.push_str(", ");
            }
            changes.push_str(change);
        }
    }
}

/// A byte as a character, if it is a visible one, and its number.
fn character(byte: u8) -> String {
    match byte {
        b'\n' => "'\\n'".to_owned(),
        b' '..=b'~' => format!("'{}'", char::from(byte)),
        _ => byte.to_string(),
    }
}

impl Observer for Trace<'_> {
    const ACTIVE: bool = true;

    fn begin(&mut self, ip: u64, word: u32) {
        self.end_line();
        self.loaded_from = None;
        let head = self.head(ip, word);
        self.current = Some((head, String::new()));
    }

    fn register_write(&mut self, number: u8, _old: u64, new: u64) {
        let Some((head, _)) = &self.current else {
            return;
        };
        let mut change = format!("{} = {}", Places::register(&head.names, number), value(new));
        if let Some((address, size)) = self.loaded_from.take() {
            if size == 1 && (b' '..=b'~').contains(&(new as u8)) {
                _ = write!(change, " {}", character(new as u8));
            }
            _ = write!(change, " from [{}]", self.places.describe(address));
        }
        self.change(&change);
    }

    fn flags_write(&mut self, _old: Flags, new: Flags) {
        self.change(&render_flags(new));
    }

    fn load(&mut self, address: u64, size: u8, _value: u64) {
        self.loaded_from = Some((address, size));
    }

    fn store(&mut self, address: u64, _size: u8, stored: u64) {
        let change = format!("[{}] = {}", self.places.describe(address), value(stored));
        self.change(&change);
    }

    fn input(&mut self, byte: Option<u8>) {
        let change = match byte {
            Some(byte) => format!("input {}", character(byte)),
            None => "end of input".to_owned(),
        };
        self.change(&change);
    }

    fn output(&mut self, byte: u8) {
        self.change(&format!("output {}", character(byte)));
    }

    fn transfer(&mut self, jump: Jump) {
        let to = self.places.describe(jump.to);
        self.change(&match jump.kind {
            JumpKind::Call => format!("call {to}"),
            JumpKind::Return => format!("return to {to}"),
            JumpKind::Jump => format!("to {to}"),
        });
    }

    fn end(&mut self, _machine: &Machine) {
        if let Some((head, changes)) = &mut self.current
            && head.is_conditional_jump
            && changes.is_empty()
        {
            changes.push_str("no jump");
        }
        self.end_line();
    }
}
