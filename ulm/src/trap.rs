//! What to say about traps and limits: what happened, the operands' values, and what to try.

use ulm_isa::effect::{Expression, Operation, Statement};
use ulm_isa::{Decoded, FieldIndex};
use ulm_machine::{Jump, JumpKind, Limit, Machine, READS_PAST_END, RECENT_JUMPS, Trap, TrapKind};
use ulmas::image::SegmentKind;

use crate::history;
use crate::number::{count, grouped, size, value};
use crate::places::{Places, sources_of};
use crate::trouble::Trouble;

/// The message about a trap.
pub(crate) fn trap(trap: &Trap, machine: &Machine, places: &Places<'_>) -> Trouble {
    let scene = Scene::new(trap.address, machine, places);
    let mut trouble = scene.trouble(trap.kind.code(), trap.kind.to_string());
    match trap.kind {
        TrapKind::IllegalInstruction { .. } => scene.illegal_instruction(&mut trouble),
        TrapKind::DivisionByZero => scene.division_by_zero(&mut trouble),
        TrapKind::MisalignedLoad { address, size }
        | TrapKind::MisalignedStore { address, size } => {
            scene.misaligned_access(&mut trouble, address, size);
        }
        TrapKind::MisalignedJump { target } => scene.misaligned_jump(&mut trouble, target),
        TrapKind::RegisterPastEnd { .. } => trouble.helps.push(
            "the results of this instruction take registers side by side: name a lower one".into(),
        ),
        TrapKind::MisalignedFetch | TrapKind::IllegalOperand => {}
    }
    trouble
}

/// The message about a limit that a running program has reached.
pub(crate) fn limit(limit: Limit, machine: &Machine, places: &Places<'_>) -> Trouble {
    let scene = Scene::new(machine.ip(), machine, places);
    let mut trouble = scene.trouble(limit.code(), limit.to_string());
    let limits = machine.limits();
    match limit {
        Limit::Instructions => {
            let number = limits.instructions.unwrap_or(machine.instructions());
            trouble.title = format!("the limit of {} is reached", count(number, "instruction"));
            trouble.label = "this would have been the next one".into();
            trouble.helps.push(
                "if this is a loop without an end, which instruction should end it?\n\
                 `--limit` allows more instructions"
                    .into(),
            );
        }
        Limit::Memory => {
            trouble.title = format!("the limit of {} of memory is reached", size(limits.memory));
            scene.out_of_memory(&mut trouble);
        }
        Limit::Output => {
            let number = limits.output.unwrap_or(machine.output_written());
            trouble.title = format!("the limit of {} of output is reached", size(number));
            trouble.label = "this byte would be one too many".into();
            trouble
                .helps
                .push("`--max-output` allows more output".into());
        }
        Limit::InputEnded => {
            trouble.label = "there is nothing left to read".into();
            trouble.notes.push(format!(
                "at the end of the input it gives 255; it did so {} times in a row",
                grouped(READS_PAST_END.into())
            ));
            trouble
                .helps
                .push("compare what is read with 255, and leave the loop when it is equal".into());
        }
    }
    trouble
}

/// The place where the program stopped.
struct Scene<'a> {
    machine: &'a Machine,
    places: &'a Places<'a>,
    address: u64,
    word: u32,
    decoded: Option<Decoded>,
    /// The source's names for the registers of the instruction.
    names: Vec<(u8, &'a str)>,
    jumps: Vec<Jump>,
}

impl<'a> Scene<'a> {
    fn new(address: u64, machine: &'a Machine, places: &'a Places<'a>) -> Self {
        let word = machine.memory().number(address, 4) as u32;
        Self {
            machine,
            places,
            address,
            word,
            decoded: places.isa.decode(word),
            names: places.register_names(address, word),
            jumps: machine.recent_jumps().collect(),
        }
    }

    fn trouble(&self, code: &'static str, title: String) -> Trouble {
        Trouble {
            code,
            title,
            address: self.address,
            word: self.word,
            label: String::new(),
            notes: history::notes(&self.jumps, self.places),
            helps: Vec::new(),
        }
    }

    fn register(&self, number: u8) -> String {
        Places::register(&self.names, number)
    }

    /// `%a = 5, %b = 0`: the registers that the instruction reads.
    fn values(&self) -> String {
        self.values_of(self.address, self.word)
    }

    /// The registers that an instruction reads, with their values now.
    fn values_of(&self, address: u64, word: u32) -> String {
        let isa = self.places.isa;
        let Some(decoded) = isa.decode(word) else {
            return String::new();
        };
        let names = self.places.register_names(address, word);
        let value_of = |number| {
            let register = Places::register(&names, number);
            format!("{register} = {}", value(self.machine.register(number)))
        };
        let values: Vec<_> = sources_of(isa, decoded).into_iter().map(value_of).collect();
        values.join(", ")
    }

    /// The instruction's first statement of one of these kinds.
    fn statement(&self, kinds: &[Operation]) -> Option<(&'a Statement, Decoded)> {
        let decoded = self.decoded?;
        let effect = &self.places.isa.instruction(decoded.instruction).effect;
        let statement = effect
            .statements
            .iter()
            .find(|s| kinds.contains(&s.operation))?;
        Some((statement, decoded))
    }

    fn field(&self, decoded: Decoded, field: FieldIndex) -> i64 {
        decoded.field(self.places.isa.format_of(decoded.instruction), field)
    }

    /// The number of the register that an expression reads, if it does nothing else.
    fn register_read(&self, expression: &Expression, decoded: Decoded) -> Option<u8> {
        match expression {
            Expression::Register(number) => number
                .evaluate_static(&|f| self.field(decoded, f))
                .and_then(|n| u8::try_from(n).ok()),
            _ => None,
        }
    }

    fn division_by_zero(&self, trouble: &mut Trouble) {
        trouble.label = self.values();
        let kinds = [Operation::DivideWide, Operation::DivideSigned];
        let divisor = self
            .statement(&kinds)
            .map(|(statement, decoded)| self.register_read(&statement.arguments[0], decoded));
        trouble.helps.push(match divisor {
            Some(Some(0) | None) => "the divisor is written as 0".into(),
            Some(Some(number)) => {
                let with_number = Places::register_with_number(&self.names, number);
                format!(
                    "the divisor is {with_number}: where does it become 0?\n\
                     Compare it with 0 before the division, and don't divide then"
                )
            }
            None => "compare the divisor with 0 before the division".into(),
        });
    }

    fn misaligned_access(&self, trouble: &mut Trouble, address: u64, size: u8) {
        trouble.label = self.values();
        let Some(label) = self.places.label_before(address) else {
            trouble.helps.push(format!(
                "the address is not a multiple of {size}: was an index multiplied by {size}?"
            ));
            return;
        };
        let place = self.places.describe(address);
        trouble
            .notes
            .push(format!("the address 0x{address:X} is {place}"));
        let size = u64::from(size);
        let name = label.name;
        if label.segment != SegmentKind::Text && label.address % size != 0 {
            let moved_by = self.what_stands_before(label.address);
            trouble.helps.push(match moved_by {
                Some(what) => {
                    format!("{what} before it moved `{name}`: put `.align {size}` in front of it")
                }
                None => format!(
                    "`{name}` itself is not at a multiple of {size}: put `.align {size}` in front \
                     of it"
                ),
            });
        } else {
            let size_text = match self.index_register() {
                Some((base, index)) => format!(
                    ": if {1} counts elements, write `({0}, {1}, {size})`",
                    self.register(base),
                    self.register(index)
                ),
                None => {
                    format!(": was an index multiplied by {size}, does a pointer grow by {size}?")
                }
            };
            trouble.helps.push(format!(
                "the address is not a multiple of {size}{size_text}"
            ));
        }
    }

    /// Base and index register of an access whose index is not multiplied.
    fn index_register(&self) -> Option<(u8, u8)> {
        let (statement, decoded) = self.statement(&[Operation::Fetch, Operation::Store])?;
        let number = |i: usize| statement.arguments[i].evaluate_static(&|f| self.field(decoded, f));
        let base = u8::try_from(number(1)?).ok()?;
        let index = u8::try_from(number(2)?).ok()?;
        (base != 0 && index != 0 && number(3)? == 1).then_some((base, index))
    }

    /// What the source put immediately before an address of the data segment.
    fn what_stands_before(&self, address: u64) -> Option<String> {
        let image = self.places.image();
        let data = &image.object.data;
        let offset = address.checked_sub(image.base(SegmentKind::Data))?;
        let record = data.record_at(offset.checked_sub(1)?)?;
        let text = data.comment(record);
        let what = match text.split_whitespace().find(|word| word.starts_with('.')) {
            Some(".string" | ".ascii") => "a string of ",
            _ => "",
        };
        Some(format!("{what}{}", count(record.length, "byte")))
    }

    fn misaligned_jump(&self, trouble: &mut Trouble, target: u64) {
        trouble.label = self.values();
        if self.places.image().segment_at(target).is_some() {
            let place = self.places.describe(target);
            trouble
                .notes
                .push(format!("the target 0x{target:X} is {place}"));
        }
        if let Some(text) = self.data_label(target) {
            trouble.helps.push(text);
        } else {
            trouble.helps.push(
                "the address of an instruction is a multiple of 4:\n\
                 does the register hold the address of a function, or what a call left there?"
                    .into(),
            );
        }
    }

    /// That an address belongs to data, and to which label.
    fn data_label(&self, address: u64) -> Option<String> {
        let segment = self.places.image().segment_at(address)?;
        if segment == SegmentKind::Text {
            return None;
        }
        let label = self.places.label_before(address);
        Some(match label {
            Some(label) if label.address == address => {
                format!(
                    "`{}` is a data label: no instructions are there",
                    label.name
                )
            }
            Some(label) => format!(
                "0x{address:X} is in the data behind the label `{}`: no instructions are there",
                label.name
            ),
            None => format!(
                "0x{address:X} is in the .{} segment: no instructions are there",
                segment.name()
            ),
        })
    }

    fn illegal_instruction(&self, trouble: &mut Trouble) {
        trouble.label = "not an instruction".into();
        let image = self.places.image();
        // Control came through this jump, and then went on line by line.
        let last_jump = self.jumps.last().filter(|jump| jump.to <= self.address);
        let start = last_jump.map_or(0, |jump| jump.to);
        let overwritten = self
            .places
            .loaded_word(self.address)
            .is_some_and(|w| w != self.word);
        if overwritten && image.segment_at(self.address) == Some(SegmentKind::Text) {
            let was = self.places.loaded_word(self.address).unwrap_or_default();
            trouble.helps.push(format!(
                "the program has overwritten this place; before, there was `{}`",
                self.places.loaded_instruction_text(self.address, was)
            ));
        } else if let (Some(jump), Some(text)) = (last_jump, self.data_label(start)) {
            self.show(trouble, jump.from, "the jump that left the instructions");
            trouble.helps.push(text);
        } else if let Some(jump) = last_jump
            && jump.to == self.address
        {
            let word = self.machine.memory().number(jump.from, 4) as u32;
            self.show(trouble, jump.from, &self.values_of(jump.from, word));
            trouble.helps.push(strange_target(jump.kind).into());
        } else if self.address >= image.size(SegmentKind::Text) {
            let last = image.size(SegmentKind::Text).saturating_sub(1) & !3;
            self.show(trouble, last, "the last instruction");
            trouble.helps.push(
                "execution ran past the end of the text: is a `halt` or `jmp` missing?".into(),
            );
        } else {
            if let Some(last) = self.last_line_before(self.address).filter(|&l| l >= start) {
                self.show(trouble, last, "the last instruction before data");
            }
            trouble
                .helps
                .push("execution ran on into data: is a `halt` or `jmp` missing before it?".into());
        }
    }

    /// The last instruction before an address that the source has.
    fn last_line_before(&self, address: u64) -> Option<u64> {
        let lines = &self.places.image().object.lines;
        let after = lines.partition_point(|line| line.offset < address);
        Some(lines[after.checked_sub(1)?].offset)
    }

    /// Shows the instruction from where control went astray, and only mentions the one where that
    /// came out.
    fn show(&self, trouble: &mut Trouble, culprit: u64, label: &str) {
        if let Some(word) = self.places.loaded_word(culprit) {
            trouble.address = culprit;
            trouble.word = word;
            trouble.label = label.into();
            let place = self.places.describe_with_address(self.address);
            let text = self.places.instruction_text(self.address, self.word);
            let note = format!("there is no instruction at {place}, but `{text}`");
            trouble.notes.insert(0, note);
        }
    }

    fn out_of_memory(&self, trouble: &mut Trouble) {
        trouble.label = self.values();
        let calls = self
            .jumps
            .iter()
            .filter(|j| j.kind == JumpKind::Call)
            .count();
        let returns = self
            .jumps
            .iter()
            .filter(|j| j.kind == JumpKind::Return)
            .count();
        trouble
            .helps
            .push(if calls > 2 * returns && calls >= RECENT_JUMPS / 8 {
                "there are many calls and hardly a return: does the recursion reach its end?".into()
            } else {
                "does a pointer run away from its data?\n`--max-memory` allows more memory".into()
            });
    }
}

/// Advice about a jump to a place where no instruction is.
fn strange_target(kind: JumpKind) -> &'static str {
    match kind {
        JumpKind::Return => {
            "it went back to where no call came from:\n\
             was the return address overwritten, by another call or on the stack?"
        }
        JumpKind::Call => "does its register hold the address of a function?",
        JumpKind::Jump => "does its label stand at an instruction?",
    }
}
