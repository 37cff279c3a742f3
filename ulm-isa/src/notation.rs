//! Effects as people write them: `%z := %y + imm`, derived from the typed effect.

use crate::effect::{
    BinaryOperator, Effect, Expression, Flag, Operation, Signedness, Statement, UnaryOperator,
};
use crate::isa::{FieldIndex, FieldKind, Format, InstructionId, Isa};

/// Statements with more nodes than this are shown as their source text.
const READABLE_NODES: usize = 24;

/// What an instruction does, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notation {
    /// A line for each statement; never empty.
    Lines(Vec<String>),
    /// The source text: the effect is too complex for a line.
    Source(String),
}

impl Isa {
    /// The effect of an instruction in readable notation, with the names of its fields.
    pub fn notation(&self, id: InstructionId) -> Notation {
        let effect = &self.instruction(id).effect;
        let writer = Writer {
            format: self.format_of(id),
        };
        if !effect.statements.iter().all(is_readable) {
            return Notation::Source(effect.text.clone());
        }
        let lines: Vec<String> = effect
            .statements
            .iter()
            .filter(|statement| statement.operation != Operation::Reserved)
            .map(|statement| writer.statement(statement))
            .collect();
        Notation::Lines(if lines.is_empty() {
            vec!["nothing".into()]
        } else {
            lines
        })
    }
}

fn is_readable(statement: &Statement) -> bool {
    let mut nodes = 0;
    for argument in &statement.arguments {
        argument.walk(&mut |_| nodes += 1);
    }
    let has_plain_extension = statement.operation != Operation::Fetch
        || matches!(statement.arguments[4], Expression::Constant(_));
    nodes <= READABLE_NODES && has_plain_extension
}

impl Effect {
    /// The flags that some statement writes, in the order of [`Flag::ALL`].
    pub fn flags_written(&self) -> Vec<Flag> {
        let written = |flag: &Flag| {
            let mut statements = self.statements.iter();
            statements.any(|statement| statement.operation.flags_written().contains(flag))
        };
        Flag::ALL.into_iter().filter(written).collect()
    }

    /// The flags that some expression reads, in the order of [`Flag::ALL`].
    pub fn flags_read(&self) -> Vec<Flag> {
        let mut read = Vec::new();
        for (_, argument) in self.arguments() {
            argument.walk(&mut |part| {
                if let Expression::Flag(flag) = part {
                    read.push(*flag);
                }
            });
        }
        Flag::ALL.into_iter().filter(|f| read.contains(f)).collect()
    }

    /// What the flags that are written say: a flag and when it is set.
    ///
    /// Where several statements write a flag, the last one counts.
    pub fn flag_meanings(&self) -> Vec<(Flag, &'static str)> {
        let meaning = |flag: Flag| {
            let mut statements = self.statements.iter().rev();
            let last = statements.find(|s| s.operation.flags_written().contains(&flag))?;
            Some((flag, meaning(last.operation, flag)))
        };
        Flag::ALL.into_iter().filter_map(meaning).collect()
    }
}

fn meaning(operation: Operation, flag: Flag) -> &'static str {
    match (flag, operation) {
        (Flag::Zero, _) => "the result is 0",
        (Flag::Sign, _) => "the top bit of the result is 1",
        (Flag::Overflow, _) => "the result is wrong as a signed number",
        (Flag::Carry, Operation::Subtract) => "there was a borrow",
        (Flag::Carry, Operation::MultiplyWide) => "the high half is not 0",
        (Flag::Carry, Operation::ShiftLeft) => {
            "the last bit shifted out is 1; unchanged for a count of 0"
        }
        (Flag::Carry, _) => "there was a carry",
    }
}

/// How tightly an operator binds, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Conditional,
    LogicalOr,
    LogicalAnd,
    LogicalNot,
    Comparison,
    BitOr,
    BitExclusiveOr,
    BitAnd,
    Shift,
    Sum,
    Product,
    Prefix,
    Atom,
}

impl Level {
    /// The next tighter one.
    fn tighter(self) -> Self {
        match self {
            Self::Conditional => Self::LogicalOr,
            Self::LogicalOr => Self::LogicalAnd,
            Self::LogicalAnd => Self::LogicalNot,
            Self::LogicalNot => Self::Comparison,
            Self::Comparison => Self::BitOr,
            Self::BitOr => Self::BitExclusiveOr,
            Self::BitExclusiveOr => Self::BitAnd,
            Self::BitAnd => Self::Shift,
            Self::Shift => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Prefix,
            Self::Prefix | Self::Atom => Self::Atom,
        }
    }
}

struct Writer<'a> {
    format: &'a Format,
}

impl Writer<'_> {
    fn statement(&self, statement: &Statement) -> String {
        let arguments = &statement.arguments;
        let value = |i: usize| self.at(&arguments[i], Level::Conditional);
        let operand = |i: usize, level: Level| self.at(&arguments[i], level);
        let register = |i: usize| self.register(&arguments[i]);
        match statement.operation {
            Operation::SetRegister => format!("{} := {}", register(1), value(0)),
            Operation::Add => format!(
                "{} := {} + {}",
                register(2),
                operand(1, Level::Sum),
                operand(0, Level::Product)
            ),
            Operation::Subtract => format!(
                "{} := {} - {}",
                register(2),
                operand(1, Level::Sum),
                operand(0, Level::Product)
            ),
            Operation::Multiply => format!(
                "{} := low 64 bits of {} · {}",
                register(2),
                operand(1, Level::Product),
                operand(0, Level::Prefix)
            ),
            Operation::MultiplyWide => format!(
                "{}:{} := {} · {} (unsigned, 128 bits)",
                register(3),
                register(2),
                operand(1, Level::Product),
                operand(0, Level::Prefix)
            ),
            Operation::DivideWide => self.divide_wide(arguments),
            Operation::DivideSigned => format!(
                "{} := {} / {}, {} := remainder (signed, toward 0)",
                register(2),
                operand(1, Level::Product),
                operand(0, Level::Prefix),
                self.register_behind(&arguments[2])
            ),
            Operation::And => format!(
                "{} := {} & {}",
                register(2),
                operand(1, Level::BitAnd),
                operand(0, Level::Shift)
            ),
            Operation::Or => format!(
                "{} := {} | {}",
                register(2),
                operand(1, Level::BitOr),
                operand(0, Level::BitExclusiveOr)
            ),
            Operation::Not => format!("{} := ~{}", register(1), operand(0, Level::Prefix)),
            Operation::ShiftLeft => self.shift("<<", "", arguments),
            Operation::ShiftRightUnsigned => self.shift(">>", " (unsigned)", arguments),
            Operation::ShiftRightSigned => self.shift(">>", " (signed)", arguments),
            Operation::Fetch => {
                let extension = match (&arguments[4], &arguments[5]) {
                    (_, Expression::Constant(8)) => "",
                    (Expression::Constant(0), _) => ", zero-extended",
                    _ => ", sign-extended",
                };
                format!(
                    "{} := memory[{}], {}{extension}",
                    register(6),
                    self.address(arguments),
                    self.bytes(&arguments[5])
                )
            }
            Operation::Store => {
                let part = match &arguments[4] {
                    Expression::Constant(8) => String::new(),
                    Expression::Constant(1) => "low byte of ".into(),
                    size => format!("low {} of ", self.bytes(size)),
                };
                let size = self.bytes(&arguments[4]);
                let source = register(5);
                let address = self.address(arguments);
                format!("memory[{address}], {size} := {part}{source}")
            }
            Operation::JumpAbsolute => match &arguments[1] {
                Expression::Constant(0) => format!("IP := {}", value(0)),
                _ => format!(
                    "IP := {}, {} := address of the next instruction",
                    value(0),
                    register(1)
                ),
            },
            Operation::JumpRelative => format!("IP := IP + {}", operand(0, Level::Product)),
            Operation::JumpConditional => format!(
                "if {}: IP := IP + {}",
                self.truth(&arguments[0], Level::Conditional),
                operand(1, Level::Product)
            ),
            Operation::SetInstructionPointer => format!("IP := {}", value(0)),
            Operation::Halt if self.is_byte(&arguments[0]) => {
                format!("stop with exit status {}", value(0))
            }
            Operation::Halt => {
                let status = operand(0, Level::Prefix);
                format!("stop with exit status {status} mod 256")
            }
            Operation::PrintChar if self.is_byte(&arguments[0]) => {
                format!("write the byte {}", value(0))
            }
            Operation::PrintChar => {
                format!("write the low byte of {}", operand(0, Level::Prefix))
            }
            Operation::Reserved => "nothing".into(),
        }
    }

    fn divide_wide(&self, arguments: &[Expression]) -> String {
        let zero = Expression::Constant(0);
        let divisor = self.at(&arguments[0], Level::Prefix);
        let low = self.at(&arguments[1], Level::Product);
        let dividend = if arguments[2] == zero {
            low
        } else {
            format!("{}:{low}", self.at(&arguments[2], Level::Product))
        };
        let low = self.register(&arguments[3]);
        let quotient = match (arguments[3] == zero, arguments[4] == zero) {
            (true, true) => None,
            (false, true) => Some(low),
            _ => Some(format!("{}:{low}", self.register(&arguments[4]))),
        };
        let remainder = (arguments[5] != zero).then(|| self.register(&arguments[5]));
        match (quotient, remainder) {
            (Some(q), Some(r)) => {
                format!("{q} := {dividend} / {divisor}, {r} := remainder (unsigned)")
            }
            (Some(q), None) => format!("{q} := {dividend} / {divisor} (unsigned)"),
            (None, Some(r)) => format!("{r} := {dividend} mod {divisor} (unsigned)"),
            (None, None) => format!("trap if {divisor} = 0"),
        }
    }

    fn shift(&self, operator: &str, kind: &str, arguments: &[Expression]) -> String {
        let count = match &arguments[0] {
            Expression::Constant(n @ 0..=63) => n.to_string(),
            count => format!("({} mod 64)", self.at(count, Level::Prefix)),
        };
        format!(
            "{} := {} {operator} {count}{kind}",
            self.register(&arguments[2]),
            self.at(&arguments[1], Level::Sum)
        )
    }

    /// The address of a memory access: base, index and displacement, as far as they can differ
    /// from 0.
    fn address(&self, arguments: &[Expression]) -> String {
        let zero = Expression::Constant(0);
        let [displacement, base, index, scale, ..] = arguments else {
            return String::new();
        };
        let mut parts = Vec::new();
        if *base != zero {
            parts.push(self.register(base));
        }
        if *index != zero && *scale != zero {
            let index = self.register(index);
            parts.push(match scale {
                Expression::Constant(1) => index,
                scale => format!("{} · {index}", self.at(scale, Level::Product)),
            });
        }
        if *displacement != zero || parts.is_empty() {
            parts.push(self.at(displacement, Level::Product));
        }
        parts.join(" + ")
    }

    fn bytes(&self, size: &Expression) -> String {
        match size {
            Expression::Constant(1) => "1 byte".into(),
            size => format!("{} bytes", self.at(size, Level::Prefix)),
        }
    }

    /// The register with a number.
    fn register(&self, number: &Expression) -> String {
        format!("%{}", self.at(number, Level::Atom))
    }

    /// The register behind the one with a number.
    fn register_behind(&self, number: &Expression) -> String {
        match number {
            Expression::Constant(n) => format!("%{}", n.wrapping_add(1)),
            number => format!("%({} + 1)", self.at(number, Level::Sum)),
        }
    }

    /// Whether the value is a field that has no more than a byte's values.
    fn is_byte(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Field(field) => {
                let field = &self.format.fields[field.0 as usize];
                field.kind == FieldKind::Unsigned && field.bits <= 8
            }
            Expression::Constant(n) => *n < 256,
            _ => false,
        }
    }

    /// The expression, in parentheses if it binds less tightly than `least`.
    fn at(&self, expression: &Expression, least: Level) -> String {
        parenthesised(self.value(expression), least)
    }

    /// The expression as a condition: what is no truth value is compared with 0.
    fn truth(&self, expression: &Expression, least: Level) -> String {
        if is_truth(expression) {
            return self.at(expression, least);
        }
        let value = self.at(expression, Level::Comparison.tighter());
        parenthesised((format!("{value} ≠ 0"), Level::Comparison), least)
    }

    fn value(&self, expression: &Expression) -> (String, Level) {
        match expression {
            Expression::Constant(n) if *n > 0xFFFF => (format!("{n:#x}"), Level::Atom),
            Expression::Constant(n) => (n.to_string(), Level::Atom),
            Expression::Field(FieldIndex(field)) => {
                let name = &self.format.fields[*field as usize].name;
                (name.clone(), Level::Atom)
            }
            Expression::Register(number) => (self.register(number), Level::Atom),
            Expression::InstructionPointer => ("IP".into(), Level::Atom),
            Expression::ReadChar => ("next input byte (-1 at the end)".into(), Level::Conditional),
            Expression::Flag(flag) => (flag.name().into(), Level::Atom),
            Expression::Unary(UnaryOperator::Negate, a) => {
                (format!("-{}", self.at(a, Level::Atom)), Level::Prefix)
            }
            Expression::Unary(UnaryOperator::Complement, a) => {
                (format!("~{}", self.at(a, Level::Prefix)), Level::Prefix)
            }
            Expression::Unary(UnaryOperator::Not, a) if is_truth(a) => {
                let operand = self.at(a, Level::Comparison.tighter());
                (format!("not {operand}"), Level::LogicalNot)
            }
            Expression::Unary(UnaryOperator::Not, a) => {
                let operand = self.at(a, Level::Comparison.tighter());
                (format!("{operand} = 0"), Level::Comparison)
            }
            Expression::Binary(operator, a, b) => self.binary(*operator, a, b),
            Expression::LogicalAnd(a, b) => {
                let [a, b] = [a, b].map(|part| self.truth(part, Level::LogicalAnd));
                (format!("{a} and {b}"), Level::LogicalAnd)
            }
            Expression::LogicalOr(a, b) => {
                let [a, b] = [a, b].map(|part| self.truth(part, Level::LogicalOr));
                (format!("{a} or {b}"), Level::LogicalOr)
            }
            Expression::Conditional(condition, a, b) => {
                let condition = self.truth(condition, Level::LogicalOr);
                let a = self.at(a, Level::LogicalOr);
                let b = self.at(b, Level::Conditional);
                (format!("{a} if {condition}, else {b}"), Level::Conditional)
            }
        }
    }

    fn binary(&self, operator: BinaryOperator, a: &Expression, b: &Expression) -> (String, Level) {
        use BinaryOperator as B;
        if operator == B::And && *a == Expression::ReadChar && *b == Expression::Constant(0xFF) {
            let text = "next input byte (255 at the end)";
            return (text.into(), Level::Conditional);
        }
        let (sign, level) = match operator {
            B::Multiply => ("·", Level::Product),
            B::Divide(kind) => (typed("/", "/ₛ", kind, a, b), Level::Product),
            B::Remainder(kind) => (typed("mod", "remₛ", kind, a, b), Level::Product),
            B::Add => ("+", Level::Sum),
            B::Subtract => ("-", Level::Sum),
            B::ShiftLeft => ("<<", Level::Shift),
            B::ShiftRight(kind) => (typed(">>", ">>ₛ", kind, a, a), Level::Shift),
            B::Less(kind) => (typed("<", "<ₛ", kind, a, b), Level::Comparison),
            B::LessOrEqual(kind) => (typed("≤", "≤ₛ", kind, a, b), Level::Comparison),
            B::Equal => ("=", Level::Comparison),
            B::NotEqual => ("≠", Level::Comparison),
            B::And => ("&", Level::BitAnd),
            B::ExclusiveOr => ("xor", Level::BitExclusiveOr),
            B::Or => ("|", Level::BitOr),
        };
        // Comparisons don't chain; the others group to the left.
        let left = match level {
            Level::Comparison => level.tighter(),
            _ => level,
        };
        let text = format!(
            "{} {sign} {}",
            self.at(a, left),
            self.at(b, level.tighter())
        );
        (text, level)
    }
}

fn parenthesised((text, level): (String, Level), least: Level) -> String {
    if level < least {
        format!("({text})")
    } else {
        text
    }
}

/// Whether the expression is 0 or 1.
fn is_truth(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::Flag(_)
            | Expression::Unary(UnaryOperator::Not, _)
            | Expression::LogicalAnd(..)
            | Expression::LogicalOr(..)
            | Expression::Binary(
                BinaryOperator::Less(_)
                    | BinaryOperator::LessOrEqual(_)
                    | BinaryOperator::Equal
                    | BinaryOperator::NotEqual,
                ..
            )
    )
}

/// The sign of an operator that differs for signed operands, where an operand can be negative.
fn typed(
    plain: &'static str,
    signed: &'static str,
    kind: Signedness,
    a: &Expression,
    b: &Expression,
) -> &'static str {
    let is_number = |e: &Expression| matches!(e, Expression::Constant(_)) || is_truth(e);
    match kind {
        Signedness::Signed if !is_number(a) || !is_number(b) => signed,
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(effect: &str) -> Vec<String> {
        let text =
            format!("F (OP u 8) (x u 8) (y u 8) (s s 8)\n0x01 F\n: f %x, %y, s\n    {effect}\n");
        let isa = Isa::parse(&text).unwrap();
        match isa.notation(InstructionId(0)) {
            Notation::Lines(lines) => lines,
            Notation::Source(text) => panic!("not readable: {text}"),
        }
    }

    #[test]
    fn sources_stand_in_the_order_of_the_mathematics() {
        assert_eq!(lines("ulm_sub64(s, ulm_regVal(x), y);"), ["%y := %x - s"]);
    }

    #[test]
    fn parentheses_stand_where_the_notation_needs_them() {
        assert_eq!(
            lines("ulm_setReg((ulm_regVal(x) + 1) * 2 - (3 - s), y);"),
            ["%y := (%x + 1) · 2 - (3 - s)"]
        );
        assert_eq!(
            lines("ulm_setReg(- -s, y); ulm_setReg(~(x | 1 & y), y);"),
            ["%y := -(-s)", "%y := ~(x | 1 & y)"]
        );
    }

    #[test]
    fn conditions_are_words() {
        assert_eq!(
            lines(
                "ulm_conditionalRelJump(!ulm_statusReg[ULM_ZF] && (x & 1 || \
                 ulm_statusReg[ULM_SF] != ulm_statusReg[ULM_OF]), s);"
            ),
            ["if not ZF and (x & 1 ≠ 0 or SF ≠ OF): IP := IP + s"]
        );
        assert_eq!(
            lines("ulm_setReg(ulm_regVal(x) ? 1 : !x, y);"),
            ["%y := 1 if %x ≠ 0, else x = 0"]
        );
    }

    #[test]
    fn signed_operators_are_marked_where_it_matters() {
        assert_eq!(
            lines("ulm_setReg((s >> 1) + (ulm_regVal(x) >> 1) + (s / 2 < s), y);"),
            ["%y := (s >>ₛ 1) + (%x >> 1) + (s /ₛ 2 <ₛ s)"]
        );
    }

    #[test]
    fn memory_shows_what_its_address_is_made_of() {
        assert_eq!(
            lines(
                "ulm_fetch64(s, x, 0, 0, ULM_SIGN_EXT, 2, y); ulm_store64(0, x, y, 4, 1, x); \
                 ulm_store64(0, 0, 0, 0, 8, x);"
            ),
            [
                "%y := memory[%x + s], 2 bytes, sign-extended",
                "memory[%x + 4 · %y], 1 byte := low byte of %x",
                "memory[0], 8 bytes := %x",
            ]
        );
    }

    #[test]
    fn results_that_are_dropped_are_not_shown() {
        assert_eq!(
            lines("ulm_div128(ulm_regVal(x), s, 0, 0, 0, y); ulm_absJump(ulm_regVal(x), 0);"),
            ["%y := s mod %x (unsigned)", "IP := %x"]
        );
    }

    #[test]
    fn an_effect_that_does_nothing_says_so() {
        assert_eq!(lines(";"), ["nothing"]);
        assert_eq!(lines("ulm_trap(1, 2, 3);"), ["nothing"]);
    }

    #[test]
    fn what_is_too_complex_is_shown_as_it_was_written() {
        let sum = vec!["ulm_regVal(x)"; 20].join(" + ");
        let text = format!("F (OP u 8) (x u 8)\n1 F\n: f %x\n    ulm_setReg({sum},\n        x);\n");
        let isa = Isa::parse(&text).unwrap();
        assert_eq!(
            isa.notation(InstructionId(0)),
            Notation::Source(format!("ulm_setReg({sum}, x);"))
        );
    }

    #[test]
    fn flags_are_told_with_what_they_say() {
        let isa = Isa::ulm();
        let effect = |word: u32| {
            &isa.instruction(isa.decode(word).unwrap().instruction)
                .effect
        };
        let subq = effect(0x3100_0000);
        assert_eq!(subq.flags_written(), Flag::ALL);
        assert_eq!(subq.flag_meanings()[1], (Flag::Carry, "there was a borrow"));
        let jle = effect(0x4600_0000);
        assert_eq!(jle.flags_read(), [Flag::Zero, Flag::Sign, Flag::Overflow]);
        assert_eq!(jle.flags_written(), []);
    }
}
