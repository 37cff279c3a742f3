//! What to say about traps and limits: what happened, the operands' values, and what to try.

use ulm_isa::effect::{Expression, Operation, Statement};
use ulm_isa::flow::Flow;
use ulm_isa::{Decoded, FieldIndex, InstructionId, Isa, Piece};
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
    if scene.runs_data() {
        scene.no_text(&mut trouble);
        return trouble;
    }
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
    trouble.helps.extend(scene.strange_jump());
    trouble
}

/// The place where the user has interrupted the program. The message's first line says that.
pub(crate) fn interrupt(is_waiting: bool, machine: &Machine, places: &Places<'_>) -> Trouble {
    let scene = Scene::new(machine.ip(), machine, places);
    let mut trouble = scene.trouble("", String::new());
    trouble.label = if is_waiting {
        "this waits for input".into()
    } else {
        "this would have been the next one".into()
    };
    trouble.helps.extend(scene.strange_jump());
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
            trouble.helps.push(scene.strange_jump().unwrap_or_else(|| {
                "if this is a loop without an end, which instruction should end it?\n\
                 `--limit` allows more instructions"
                    .into()
            }));
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
            scene.end_of_input(&mut trouble);
        }
    }
    trouble
}

/// How often the same jump in a row is a loop.
const REPEATED: usize = 4;

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

    fn end_of_input(&self, trouble: &mut Trouble) {
        // The read that was stopped is one more.
        let reads = grouped(u64::from(READS_PAST_END) + 1);
        match self.value_at_end_of_input() {
            Some(value) => {
                trouble.notes.push(format!(
                    "at the end of the input it gives {value}; the program asked {reads} times in \
                     a row"
                ));
                trouble.helps.push(format!(
                    "compare what is read with {value}, and leave the loop when it is equal"
                ));
            }
            None => trouble.notes.push(format!(
                "the program asked {reads} times in a row at the end of the input"
            )),
        }
    }

    /// What the instruction puts into a register at the end of the input, as a signed number.
    fn value_at_end_of_input(&self) -> Option<i64> {
        let (statement, decoded) = self.statement(&[Operation::SetRegister])?;
        let field = |f| self.field(decoded, f);
        Some(at_end_of_input(&statement.arguments[0], &field)? as i64)
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
                Some((base, index)) if self.has_scaled_form(size) => format!(
                    ": if {1} counts elements, write `({0}, {1}, {size})`",
                    self.register(base),
                    self.register(index)
                ),
                _ => {
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

    /// Whether the mnemonic of the instruction can be written with `(%base, %index, scale)`.
    fn has_scaled_form(&self, scale: u64) -> bool {
        let isa = self.places.isa;
        let Some(decoded) = self.decoded else {
            return false;
        };
        let is_scaled = |pieces: &[Piece]| {
            matches!(pieces, [
                Piece::Punctuation('('),
                Piece::Register(_),
                Piece::Punctuation(','),
                Piece::Register(_),
                Piece::Punctuation(','),
                Piece::Number(number),
                Piece::Punctuation(')'),
            ] if *number == scale)
        };
        let mnemonic = &isa.instruction(decoded.instruction).forms[0].mnemonic;
        let forms = isa.forms_of(mnemonic).iter();
        forms
            .map(|at| &isa.instruction(at.instruction).forms[usize::from(at.form)])
            .any(|form| form.pieces.windows(7).any(is_scaled))
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
        let is_in_program = self.places.image().segment_at(target).is_some();
        if is_in_program && self.places.label_before(target).is_some() {
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

    /// Whether the program has no text and starts in data that is no instruction.
    fn runs_data(&self) -> bool {
        let image = self.places.image();
        if image.size(SegmentKind::Text) > 0 {
            return false;
        }
        match self.places.data_instructions().next() {
            Some((first, _)) => first != image.base(SegmentKind::Data),
            None => self.decoded.is_none(),
        }
    }

    fn no_text(&self, trouble: &mut Trouble) {
        let none = "there are no instructions in the text segment";
        match self.places.data_instructions().next() {
            Some((first, _)) => {
                self.show(
                    trouble,
                    first,
                    "the first instruction is in the data segment",
                );
                let help = format!("{none}: is `.text` missing in front of them?");
                trouble.helps.push(help);
            }
            None => {
                trouble.label = "not an instruction of the program".into();
                trouble.helps.push(none.into());
            }
        }
    }

    /// The word at an address, as it is now.
    fn word_at(&self, address: u64) -> u32 {
        self.machine.memory().number(address, 4) as u32
    }

    /// The register whose value an instruction jumps to, if it does nothing else with it; never %0.
    fn target_register(&self, word: u32) -> Option<u8> {
        let decoded = self.places.isa.decode(word)?;
        let effect = &self.places.isa.instruction(decoded.instruction).effect;
        let mut statements = effect.statements.iter();
        let jump = statements.find(|s| s.operation == Operation::JumpAbsolute)?;
        self.register_read(&jump.arguments[0], decoded)
            .filter(|&number| number != 0)
    }

    /// What is wrong with the register jumps that led here, if that is certain.
    fn strange_jump(&self) -> Option<String> {
        self.kept_return().or_else(|| self.jump_to_start())
    }

    /// That one return is made over and over: to behind a call after which nothing has put the
    /// register back.
    fn kept_return(&self) -> Option<String> {
        let &last = self.jumps.last()?;
        let repeated = self.jumps.iter().rev().take_while(|&&j| j == last).count();
        if repeated < REPEATED || last.kind != JumpKind::Return || last.to > last.from {
            return None;
        }
        let isa = self.places.isa;
        let word = self.word_at(last.from);
        let register = self.target_register(word)?;
        let call = isa.decode(self.word_at(last.to.checked_sub(4)?))?;
        let is_call_with_it = isa.flow(call).link == Some(register);
        // Behind another label another function may begin that control ran into.
        let label = self.places.label_before(last.from);
        let is_one_function = label.is_some_and(|label| label.address < last.to);
        let value = self.machine.register(register);
        if !is_call_with_it || !is_one_function || value != last.to {
            return None;
        }
        let names = self.places.register_names(last.from, word);
        let name = Places::register(&names, register);
        let place = self.places.describe(value);
        let advice = if self.places.takes_address(|address| address < last.to) {
            format!(
                "a function that calls another one must save {name} before and restore it after"
            )
        } else {
            "no call leads to the start of a program: it ends with a halt, not with a return".into()
        };
        Some(format!(
            "{name} (= 0x{value:X} = {place}) still leads back here:\n{advice}"
        ))
    }

    /// That the last jump to an address in a register went to the start of a program that does not
    /// have this address anywhere.
    fn jump_to_start(&self) -> Option<String> {
        let mut last = self.jumps.iter().rev();
        let jump = last.find(|j| j.kind != JumpKind::Jump)?;
        let has_lines = !self.places.image().object.lines.is_empty();
        if jump.to != 0 || !has_lines || self.places.takes_address(|address| address == 0) {
            return None;
        }
        let word = self.word_at(jump.from);
        let register = self.target_register(word)?;
        let names = self.places.register_names(jump.from, word);
        let name = Places::register(&names, register);
        let is = match self.machine.register(register) {
            0 => "is",
            _ => "was",
        };
        Some(format!(
            "{name} {is} 0 at {}, so the jump goes to the start of the program:\n\
             was it ever set?",
            self.places.describe_with_line(jump.from)
        ))
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
            let word = self.word_at(jump.from);
            self.show(trouble, jump.from, &self.values_of(jump.from, word));
            trouble.helps.push(strange_target(jump.kind).into());
        } else if self.address >= image.size(SegmentKind::Text)
            && (image.size(SegmentKind::Text) > 0 || image.segment_at(self.address).is_none())
        {
            if let Some(last) = image.size(SegmentKind::Text).checked_sub(1) {
                self.show(trouble, last & !3, "the last instruction");
            }
            let missing = way_out(self.places.isa);
            trouble.helps.push(format!(
                "execution ran past the end of the text: is {missing} missing?"
            ));
        } else {
            if let Some(last) = self.last_line_before(self.address).filter(|&l| l >= start) {
                self.show(trouble, last, "the last instruction before data");
            }
            let missing = way_out(self.places.isa);
            trouble.helps.push(format!(
                "execution ran on into data: is {missing} missing before it?"
            ));
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

/// The machine's instructions after which the next one is not executed: "a `halt` or `jmp`".
fn way_out(isa: &Isa) -> String {
    let first = |is_wanted: fn(Flow) -> bool| {
        (0..isa.instructions.len()).find_map(|i| {
            let id = InstructionId(i as u16);
            let decoded = isa.decode(isa.encode(id, &[]).ok()?)?;
            let mnemonic = &*isa.instruction(id).forms[0].mnemonic;
            is_wanted(isa.flow(decoded)).then_some(mnemonic)
        })
    };
    let halt = first(|flow| flow.halts);
    let jump = first(|flow| flow.is_jump() && !flow.falls_through);
    let names: Vec<_> = halt.into_iter().chain(jump).collect();
    match names.first() {
        None => "an instruction that ends the program or jumps".to_owned(),
        Some(name) => {
            let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
                "an"
            } else {
                "a"
            };
            format!("{article} `{}`", names.join("` or `"))
        }
    }
}

/// The value of an expression where there is no more input, if only that and the fields of the word
/// decide it.
fn at_end_of_input(expression: &Expression, field: &dyn Fn(FieldIndex) -> i64) -> Option<u64> {
    let value = |e: &Expression| at_end_of_input(e, field);
    match expression {
        // −1
        Expression::ReadChar => Some(u64::MAX),
        Expression::Unary(operator, a) => Some(operator.apply(value(a)?)),
        Expression::Binary(operator, a, b) => operator.apply(value(a)?, value(b)?).ok(),
        other => other.evaluate_static(field),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(instructions: &str) -> Isa {
        Isa::parse(&format!("N (OP u 8)\nR (OP u 8) (x u 8)\n{instructions}")).unwrap()
    }

    #[test]
    fn the_way_out_is_called_as_the_machine_calls_it() {
        assert_eq!(way_out(Isa::ulm()), "a `halt` or `jmp`");
        let call = "1 R\n: exit %x\n    ulm_halt(ulm_regVal(x));\n\
                    2 R\n: when %x\n    ulm_conditionalRelJump(ulm_regVal(x), 8);\n";
        assert_eq!(way_out(&machine(call)), "an `exit`");
        let back = "1 R\n: back %x\n    ulm_absJump(ulm_regVal(x), 0);\n";
        assert_eq!(way_out(&machine(back)), "a `back`");
        assert_eq!(
            way_out(&machine("1 N\n: wait\n    ;\n")),
            "an instruction that ends the program or jumps"
        );
    }

    #[test]
    fn the_value_at_the_end_of_the_input_is_what_the_effect_makes_of_it() {
        let value = |effect: &str| {
            let isa = machine(&format!("1 R\n: get %x\n    ulm_setReg({effect}, x);\n"));
            let argument = &isa.instructions[0].effect.statements[0].arguments[0];
            at_end_of_input(argument, &|_| 0).map(|value| value as i64)
        };
        assert_eq!(value("ulm_readChar() & 0xFF"), Some(255));
        assert_eq!(value("ulm_readChar()"), Some(-1));
        assert_eq!(value("ulm_readChar() + ulm_regVal(x)"), None);
    }
}
