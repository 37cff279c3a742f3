//! The reader of ISA descriptions.
//!
//! The first column of a line decides what the line is (see [`Line`]); a line with an error never
//! spoils the next. All errors are found in one run.

mod expression;
mod token;

use std::ops::Range;

use diagnostics::SHOWN_ERRORS;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::effect::{Effect, OPERATIONS, Parameter, Statement};
use crate::error::{FIRST_OF_PAIR, IsaError, IsaErrorKind, clip};
use crate::isa::{Field, FieldIndex, FieldKind, Form, Format, FormatId, Instruction, Isa, Piece};
pub(crate) use expression::FLAGS;
use expression::Parsed;
use token::{Cursor, Token};

/// How deep the expressions of an effect may nest, and how high their trees may be.
const NESTING_LIMIT: usize = 200;

/// How many errors are kept; a text that is no description at all has one in each line.
const ERROR_LIMIT: usize = 10_000;

/// How many forms may differ in nothing but the numbers in them: each is compared with the others.
const SIMILAR_FORMS_LIMIT: usize = 1024;

/// What the first column says about a line.
enum Line<'a> {
    /// `# …`
    Comment(&'a str),
    /// `@mnemonic`
    Introduction(&'a str),
    /// `: mnemonic operands`
    Form,
    /// `0xNN FORMAT`
    Head,
    /// `NAME (field type bits) …`
    Format,
    /// White space, then code.
    Code,
    /// Nothing.
    Blank,
}

impl<'a> Line<'a> {
    fn classify(text: &'a str) -> Self {
        let trimmed = text.trim_end();
        match text.bytes().next() {
            _ if trimmed.is_empty() => Line::Blank,
            Some(b'#') => Line::Comment(trimmed[1..].strip_prefix(' ').unwrap_or(&trimmed[1..])),
            Some(b'@') => Line::Introduction(trimmed[1..].trim_start()),
            Some(b':') => Line::Form,
            Some(b'0'..=b'9') => Line::Head,
            Some(b' ' | b'\t') => Line::Code,
            _ => Line::Format,
        }
    }
}

/// An instruction whose lines are being read.
struct Pending {
    instruction: Instruction,
    form_spans: Vec<Range<usize>>,
    /// From the first line of the effect to the last.
    code: Option<Range<usize>>,
    /// Comment lines still describe it: no form was seen yet.
    describing: bool,
    /// An error in its head or forms was reported: what would follow from it is not.
    broken: bool,
}

pub(crate) fn parse(text: &str) -> Result<Isa, Vec<IsaError>> {
    Parser::new(text).run()
}

struct Parser<'a> {
    text: &'a str,
    errors: Vec<IsaError>,
    formats: Vec<(Format, Range<usize>)>,
    format_names: FxHashMap<&'a str, u16>,
    /// The names of formats with errors: that they are missing is not reported again.
    broken_formats: FxHashSet<&'a str>,
    /// Those without errors, with the places of their forms.
    instructions: Vec<(Instruction, Vec<Range<usize>>)>,
    opcodes: FxHashMap<u64, Range<usize>>,
    introductions: Vec<(String, String)>,
    pending: Option<Pending>,
    /// Comment lines belong to the last introduction.
    introducing: bool,
    /// The line before could not be read: lines that would belong to it are not reported.
    lost: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            errors: Vec::new(),
            formats: Vec::new(),
            format_names: FxHashMap::default(),
            broken_formats: FxHashSet::default(),
            instructions: Vec::new(),
            opcodes: FxHashMap::default(),
            introductions: Vec::new(),
            pending: None,
            introducing: false,
            lost: false,
        }
    }

    fn run(mut self) -> Result<Isa, Vec<IsaError>> {
        let mut start = 0;
        let mut in_comment = false;
        for line in self.text.split_inclusive('\n') {
            let span = start..start + line.trim_end().len();
            start += line.len();
            if in_comment {
                // A comment of an effect goes on in column 1.
                in_comment = leaves_comment_open(line, true);
                self.code(span);
                continue;
            }
            let kind = Line::classify(line);
            if !matches!(kind, Line::Comment(_)) {
                self.introducing = false;
            }
            match kind {
                Line::Blank => self.stop_describing(),
                Line::Comment(comment) => self.comment(comment),
                Line::Introduction(name) => self.introduction(name),
                Line::Form => self.form(span),
                Line::Head => self.head(span),
                Line::Format => self.format(span),
                Line::Code => {
                    in_comment = leaves_comment_open(line, false);
                    self.code(span);
                }
            }
        }
        self.finish_instruction();
        if self.instructions.is_empty() && self.errors.is_empty() {
            self.error(0..self.text.len().min(1), IsaErrorKind::Empty);
        }
        self.check_ambiguity();
        if self.errors.is_empty() {
            let formats = self.formats.into_iter().map(|(format, _)| format).collect();
            let instructions = self.instructions.into_iter().map(|(i, _)| i).collect();
            Ok(Isa::new(formats, instructions, self.introductions))
        } else {
            self.errors.sort_by_key(|error| error.span.start);
            Err(self.errors)
        }
    }

    fn error(&mut self, span: Range<usize>, kind: IsaErrorKind) {
        self.report(IsaError { kind, span });
    }

    fn report(&mut self, error: IsaError) {
        if self.errors.len() < ERROR_LIMIT {
            self.errors.push(error);
        }
    }

    /// Runs `read` over the tokens of a line; an error ends the line.
    fn line<T>(
        &mut self,
        span: Range<usize>,
        read: impl FnOnce(&mut Self, &mut Cursor<'a>) -> Result<T, IsaError>,
    ) -> Option<T> {
        let mut cursor = match Cursor::new(self.text, span) {
            Ok(cursor) => cursor,
            Err(error) => {
                self.report(error);
                return None;
            }
        };
        let result = read(self, &mut cursor).and_then(|value| {
            cursor.expect_end()?;
            Ok(value)
        });
        result.map_err(|error| self.report(error)).ok()
    }

    fn stop_describing(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.describing = false;
        }
    }

    fn comment(&mut self, comment: &str) {
        if let Some(pending) = &mut self.pending
            && pending.describing
        {
            push_line(&mut pending.instruction.help, comment);
        } else if self.introducing
            && let Some((_, text)) = self.introductions.last_mut()
        {
            push_line(text, comment);
        }
    }

    fn introduction(&mut self, name: &str) {
        self.finish_instruction();
        self.introductions.push((name.to_owned(), String::new()));
        self.introducing = true;
        self.lost = false;
    }

    // format = NAME field+
    fn format(&mut self, span: Range<usize>) {
        self.finish_instruction();
        self.lost = false;
        let read = self.line(span.clone(), |this, cursor| {
            let (name, name_span) = cursor.expect_identifier("the name of a format")?;
            let mut fields: Vec<Field> = Vec::new();
            let mut total = 0;
            while !cursor.at_end() {
                let (field, field_span) = Self::expect_field(cursor)?;
                let fail = |kind| {
                    Err(IsaError {
                        kind,
                        span: field_span.clone(),
                    })
                };
                if fields.is_empty() && (field.name != "OP" || field.kind != FieldKind::Unsigned) {
                    return fail(IsaErrorKind::NoOpcodeField);
                }
                // A format that is too wide may have any number of fields.
                if total <= 32 && fields.iter().any(|other| other.name == field.name) {
                    return fail(IsaErrorKind::DuplicateField(field.name));
                }
                total += u64::from(field.bits);
                fields.push(Field {
                    shift: 32u32.saturating_sub(total as u32),
                    ..field
                });
            }
            let fail = |kind| {
                Err(IsaError {
                    kind,
                    span: name_span.clone(),
                })
            };
            if fields.is_empty() {
                return fail(IsaErrorKind::NoOpcodeField);
            }
            if total > 32 {
                return fail(IsaErrorKind::FormatTooWide(total));
            }
            if let Some((first, first_span)) = this.formats.first()
                && first.fields[0].bits != fields[0].bits
            {
                let (here, before) = (fields[0].bits, first.fields[0].bits);
                let first = first_span.clone();
                return fail(IsaErrorKind::OpcodeWidth {
                    here,
                    before,
                    first,
                });
            }
            if let Some(&index) = this.format_names.get(name.as_str()) {
                let first = this.formats[index as usize].1.clone();
                return fail(IsaErrorKind::DuplicateFormat { name, first });
            }
            if this.formats.len() >= usize::from(u16::MAX) {
                return fail(IsaErrorKind::TooMany("formats"));
            }
            Ok((Format { name, fields }, name_span))
        });
        if let Some((format, name_span)) = read {
            self.format_names
                .insert(&self.text[name_span.clone()], self.formats.len() as u16);
            self.formats.push((format, name_span));
        } else {
            let line = &self.text[span];
            let end = line.find([' ', '\t', '(']).unwrap_or(line.len());
            self.broken_formats.insert(&line[..end]);
        }
    }

    // field = "(" name ("u" | "s" | "j") bits ")"
    fn expect_field(cursor: &mut Cursor<'a>) -> Result<(Field, Range<usize>), IsaError> {
        let start = cursor.expect(Token::OpenParenthesis, "`(` and a field")?;
        let (name, _) = cursor.expect_identifier("the name of a field")?;
        let (kind, kind_span) = cursor.expect_identifier("the type of the field: u, s or j")?;
        let kind = match kind.as_str() {
            "u" => FieldKind::Unsigned,
            "s" => FieldKind::Signed,
            "j" => FieldKind::Jump,
            _ => {
                return Err(IsaError {
                    kind: IsaErrorKind::UnknownFieldType(kind),
                    span: kind_span,
                });
            }
        };
        let (bits, bits_span) = cursor.expect_number("the width of the field in bits")?;
        if !(1..=32).contains(&bits) {
            return Err(IsaError {
                kind: IsaErrorKind::FieldWidth(bits),
                span: bits_span,
            });
        }
        let end = cursor.expect(Token::CloseParenthesis, "`)`")?;
        Ok((
            Field {
                name,
                kind,
                bits: bits as u32,
                shift: 0,
            },
            start.start..end.end,
        ))
    }

    // head = opcode FORMAT
    fn head(&mut self, span: Range<usize>) {
        self.finish_instruction();
        self.lost = true;
        let read = self.line(span.clone(), |this, cursor| {
            let (opcode, opcode_span) = cursor.expect_number("an opcode")?;
            let (name, name_span) = cursor.expect_identifier("the name of a format")?;
            if this.broken_formats.contains(name.as_str()) {
                return Ok(None);
            }
            let Some(&index) = this.format_names.get(name.as_str()) else {
                return Err(IsaError {
                    kind: this.unknown_format(name),
                    span: name_span,
                });
            };
            let mut broken = false;
            let bits = this.formats[index as usize].0.fields[0].bits;
            if opcode > u64::from(u32::MAX >> (32 - bits)) {
                this.error(opcode_span, IsaErrorKind::OpcodeTooWide { opcode, bits });
                broken = true;
            } else if let Some(first) = this.opcodes.get(&opcode) {
                let first = first.clone();
                this.error(opcode_span, IsaErrorKind::OpcodeTaken { opcode, first });
                broken = true;
            } else {
                this.opcodes.insert(opcode, opcode_span);
            }
            Ok(Some((opcode, FormatId(index), broken)))
        });
        if let Some(Some((opcode, format, broken))) = read {
            self.lost = false;
            self.pending = Some(Pending {
                instruction: Instruction {
                    opcode: opcode as u32,
                    format,
                    help: String::new(),
                    forms: Vec::new(),
                    effect: Effect::default(),
                    span,
                },
                form_spans: Vec::new(),
                code: None,
                describing: true,
                broken,
            });
        }
    }

    fn unknown_format(&self, name: String) -> IsaErrorKind {
        // Only what is shown needs a suggestion; finding one takes time.
        let near = if self.errors.len() < SHOWN_ERRORS {
            let names = self.formats.iter().map(|(format, _)| format.name.as_str());
            diagnostics::nearest(&name, names.filter(|n| n.len() <= 64)).map(str::to_owned)
        } else {
            None
        };
        IsaErrorKind::UnknownFormat { name, near }
    }

    // form = ":" mnemonic piece*
    fn form(&mut self, span: Range<usize>) {
        let Some(mut pending) = self.pending.take() else {
            if !self.lost {
                // One message for a block of such lines.
                self.lost = true;
                self.error(span, IsaErrorKind::OutsideInstruction("a form"));
            }
            return;
        };
        pending.describing = false;
        let format = pending.instruction.format;
        let form = self.line(span.clone(), |this, cursor| {
            cursor.expect(Token::Colon, "`:`")?;
            let (mnemonic, _) = cursor.expect_identifier("a mnemonic")?;
            let mut pieces = Vec::new();
            while !cursor.at_end() {
                pieces.push(this.expect_piece(cursor, format)?);
            }
            Ok(Form { mnemonic, pieces })
        });
        match form {
            Some(form) => {
                pending.instruction.forms.push(form);
                pending.form_spans.push(span);
            }
            None => pending.broken = true,
        }
        self.pending = Some(pending);
    }

    // piece = "%" field | field | number | one of % , ( ) [ ] { } $ @ :
    fn expect_piece(&self, cursor: &mut Cursor<'a>, format: FormatId) -> Result<Piece, IsaError> {
        let (token, span) = cursor.next("an operand")?;
        let mark = match token {
            Token::Number(number) => return Ok(Piece::Number(number)),
            Token::Identifier => {
                return self
                    .field(cursor.text_of(&span), span, format)
                    .map(Piece::Immediate);
            }
            Token::Percent if matches!(cursor.peek(), Some(Token::Identifier)) => {
                let (_, span) = cursor.next("a field")?;
                return self
                    .field(cursor.text_of(&span), span, format)
                    .map(Piece::Register);
            }
            token => token.punctuation(),
        };
        mark.map(Piece::Punctuation).ok_or_else(|| IsaError {
            kind: IsaErrorKind::Unexpected {
                expected: "a field, a number or one of % , ( ) [ ] { } $ @ :",
                found: format!("`{}`", cursor.text_of(&span)),
            },
            span,
        })
    }

    fn field(
        &self,
        name: &str,
        span: Range<usize>,
        format: FormatId,
    ) -> Result<FieldIndex, IsaError> {
        let format = &self.formats[format.0 as usize].0;
        format
            .field(name)
            .filter(|f| f.0 != 0)
            .ok_or_else(|| IsaError {
                kind: IsaErrorKind::UnknownField {
                    name: name.to_owned(),
                    format: clip(&format.name),
                    fields: format.fields[1..].iter().map(|f| clip(&f.name)).collect(),
                },
                span,
            })
    }

    fn code(&mut self, span: Range<usize>) {
        match &mut self.pending {
            Some(pending) => {
                pending.describing = false;
                let start = pending.code.as_ref().map_or(span.start, |code| code.start);
                pending.code = Some(start..span.end);
            }
            None if self.lost => {}
            None => {
                // One message for a block of such lines.
                self.lost = true;
                let start = span.end - self.text[span.clone()].trim_start().len();
                self.error(start..span.end, IsaErrorKind::OutsideInstruction("code"));
            }
        }
    }

    fn finish_instruction(&mut self) {
        let Some(mut pending) = self.pending.take() else {
            return;
        };
        let head = pending.instruction.span.clone();
        let opcode = u64::from(pending.instruction.opcode);
        if pending.instruction.forms.is_empty() && !pending.broken {
            self.error(head.clone(), IsaErrorKind::NoForm(opcode));
            pending.broken = true;
        }
        match pending.code {
            None => {
                if !pending.broken {
                    self.error(head, IsaErrorKind::NoEffect(opcode));
                }
                return;
            }
            Some(code) => {
                let format = pending.instruction.format;
                let text = self.text[code.clone()]
                    .lines()
                    .filter(|line| !line.starts_with('#'))
                    .flat_map(str::split_whitespace)
                    .collect::<Vec<_>>()
                    .join(" ");
                let statements = self.line(code, |this, cursor| {
                    this.statements(cursor, format, &head, opcode)
                });
                pending.instruction.effect = Effect {
                    statements: statements.unwrap_or_default(),
                    text,
                };
            }
        }
        if self.instructions.len() >= usize::from(u16::MAX)
            || pending.instruction.forms.len() > usize::from(u16::MAX)
        {
            self.error(head, IsaErrorKind::TooMany("instructions"));
        } else if !pending.broken {
            self.instructions
                .push((pending.instruction, pending.form_spans));
        }
    }

    // effect = {[call] ";"}
    //
    // A statement with an error does not spoil the next.
    fn statements(
        &mut self,
        cursor: &mut Cursor<'a>,
        format: FormatId,
        head: &Range<usize>,
        opcode: u64,
    ) -> Result<Vec<Statement>, IsaError> {
        if cursor.at_end() {
            // Nothing but comments.
            return Err(IsaError {
                kind: IsaErrorKind::NoEffect(opcode),
                span: head.clone(),
            });
        }
        let mut statements = Vec::new();
        while !cursor.at_end() {
            if cursor.take(Token::Semicolon) {
                continue;
            }
            match self.call(cursor, format) {
                Ok(statement) => statements.push(statement),
                Err(error) => {
                    self.report(error);
                    cursor.skip_behind(Token::Semicolon);
                    continue;
                }
            }
            if !cursor.take(Token::Semicolon) {
                // It is missing where the statement ends, perhaps lines above what comes next.
                let end = cursor.previous_end();
                let error = cursor.unexpected("`;`");
                self.error(end..end, error.kind);
                if cursor.peek() != Some(Token::Identifier) {
                    cursor.skip_behind(Token::Semicolon);
                }
            }
        }
        Ok(statements)
    }

    // call = effect "(" [expression {"," expression}] ")"
    fn call(&self, cursor: &mut Cursor<'a>, format: FormatId) -> Result<Statement, IsaError> {
        let (name, name_span) = cursor.expect_identifier("an effect")?;
        let Some(&(_, operation, parameters)) = OPERATIONS.iter().find(|o| o.0 == name) else {
            return Err(IsaError {
                kind: IsaErrorKind::UnknownEffect(name),
                span: name_span,
            });
        };
        cursor.expect(Token::OpenParenthesis, "`(` and the arguments")?;
        let format = &self.formats[format.0 as usize].0;
        let mut arguments: Vec<Parsed> = Vec::new();
        if !cursor.take(Token::CloseParenthesis) {
            loop {
                arguments.push(expression::expression(cursor, format, NESTING_LIMIT)?);
                if cursor.take(Token::CloseParenthesis) {
                    break;
                }
                cursor.expect(Token::Comma, "`,` or `)`")?;
            }
        }
        if arguments.len() != parameters.len() {
            let (expected, found) = (parameters.len(), arguments.len());
            return Err(IsaError {
                kind: IsaErrorKind::ArgumentCount {
                    name,
                    expected,
                    found,
                },
                span: name_span,
            });
        }
        for (argument, &parameter) in arguments.iter().zip(parameters) {
            check_argument(argument, parameter)?;
        }
        let arguments = arguments.into_iter().map(|a| a.expression).collect();
        Ok(Statement {
            operation,
            arguments,
        })
    }

    /// A text must not be a form of two instructions.
    fn check_ambiguity(&mut self) {
        let mut by_marks: FxHashMap<(&str, Vec<Option<char>>), Vec<Shape<'_>>> =
            FxHashMap::default();
        let mut found = Vec::new();
        for (i, (instruction, spans)) in self.instructions.iter().enumerate() {
            for (j, form) in instruction.forms.iter().enumerate() {
                let shape = self.shape(i, instruction, form);
                let marks = shape.atoms.iter().map(|atom| match atom {
                    Atom::Mark(mark) => Some(*mark),
                    Atom::Number(_) | Atom::Value(_) => None,
                });
                let others = by_marks
                    .entry((form.mnemonic.as_str(), marks.collect()))
                    .or_default();
                let clash = others
                    .iter()
                    .find(|other| other.instruction != i && overlap(&shape.atoms, &other.atoms));
                if let Some(other) = clash {
                    let kind = IsaErrorKind::AmbiguousForm {
                        mnemonic: form.mnemonic.clone(),
                        first: other.span.clone(),
                    };
                    found.push((spans[j].clone(), kind));
                } else if others.len() <= SIMILAR_FORMS_LIMIT {
                    if others.len() == SIMILAR_FORMS_LIMIT {
                        let kind = IsaErrorKind::TooMany("forms that differ only in a number");
                        found.push((spans[j].clone(), kind));
                    }
                    let span = spans[j].clone();
                    others.push(Shape { span, ..shape });
                }
            }
        }
        for (span, kind) in found {
            self.error(span, kind);
        }
    }

    fn shape(&self, index: usize, instruction: &Instruction, form: &Form) -> Shape<'_> {
        let fields = &self.formats[instruction.format.0 as usize].0.fields;
        let mut atoms = Vec::with_capacity(form.pieces.len());
        for piece in &form.pieces {
            match *piece {
                Piece::Punctuation(mark) => atoms.push(Atom::Mark(mark)),
                Piece::Number(number) => atoms.push(Atom::Number(number)),
                Piece::Immediate(field) => atoms.push(Atom::Value(&fields[field.0 as usize])),
                Piece::Register(field) => {
                    atoms.push(Atom::Mark('%'));
                    atoms.push(Atom::Value(&fields[field.0 as usize]));
                }
            }
        }
        Shape {
            instruction: index,
            atoms,
            span: 0..0,
        }
    }
}

/// A form as far as it decides which texts fit it.
struct Shape<'a> {
    /// Index of its instruction.
    instruction: usize,
    atoms: Vec<Atom<'a>>,
    span: Range<usize>,
}

enum Atom<'a> {
    /// A punctuation mark, also the one of a register.
    Mark(char),
    /// This number.
    Number(u64),
    /// Any number that fits the field.
    Value(&'a Field),
}

/// Whether some text could be either form; they have the same punctuation.
fn overlap(a: &[Atom<'_>], b: &[Atom<'_>]) -> bool {
    let fits =
        |field: &Field, number: u64| i64::try_from(number).is_ok_and(|n| field.insert(n).is_ok());
    a.iter().zip(b).all(|pair| match pair {
        (Atom::Number(x), Atom::Number(y)) => x == y,
        (Atom::Value(field), Atom::Number(n)) | (Atom::Number(n), Atom::Value(field)) => {
            fits(field, *n)
        }
        // Any two fields have 0 in common.
        (Atom::Value(_), Atom::Value(_)) | (Atom::Mark(_), _) | (_, Atom::Mark(_)) => true,
    })
}

/// An argument must be static where the effect says so, and a constant must be in range.
fn check_argument(argument: &Parsed, parameter: Parameter) -> Result<(), IsaError> {
    let what = match parameter {
        Parameter::Value => return Ok(()),
        Parameter::Source | Parameter::Destination => "the number of a register",
        Parameter::DestinationPair => FIRST_OF_PAIR,
        Parameter::Size => "a number of bytes",
        Parameter::Scale => "a scale",
        Parameter::Extension => "an extension",
    };
    let fail = |kind| {
        Err(IsaError {
            kind,
            span: argument.span.clone(),
        })
    };
    if !argument.is_static() {
        return fail(IsaErrorKind::NotStatic(what));
    }
    let Some(value) = argument.constant() else {
        return Ok(());
    };
    let good = match parameter {
        Parameter::Value | Parameter::Scale => true,
        Parameter::Source | Parameter::Destination => value < 256,
        Parameter::DestinationPair => value < 255,
        Parameter::Size => matches!(value, 1 | 2 | 4 | 8),
        Parameter::Extension => value < 2,
    };
    if good {
        Ok(())
    } else {
        fail(IsaErrorKind::BadArgument { what, value })
    }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// Whether a `/*` is open at the end of a line of code.
fn leaves_comment_open(line: &str, open: bool) -> bool {
    let mut rest = line;
    let mut open = open;
    loop {
        match rest.find(if open { "*/" } else { "/*" }) {
            None => return open,
            Some(at) => {
                rest = &rest[at + 2..];
                open = !open;
            }
        }
    }
}
