//! From the statements of a file to an object.

use ulm_isa::{Field, FieldError, FieldKind, Isa};

use crate::advice::other_way;
use crate::error::{AssemblyError, ErrorKind};
use crate::expression::{Base, Expression, Node, NodeKind, Value};
use crate::forms::{Candidate, Mnemonic, Mnemonics};
use crate::globals::{Role, Scope, Undefined, is_undefined};
use crate::image::{Extent, Fixup, FixupKind, Object, SegmentKind, Symbol, SymbolKind, Target};
use crate::object::SegmentBuilder;
use crate::parser::File;
use crate::statement::{Span, Statement, StatementKind};
use crate::symbols::{Definition, SymbolId};
use crate::warnings::Watch;

/// What is known of an instruction's effect without its operands.
#[derive(Debug, Clone, Copy)]
struct Traits {
    /// The effect names registers that the fields give only indirectly, or can exceed 255.
    may_pass_last_register: bool,
    /// It always goes on behind itself.
    always_falls_through: bool,
}

/// What a fixup was made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FixupOrigin {
    pub(crate) operand: Span,
    /// Its index in the file.
    pub(crate) statement: u32,
    pub(crate) kind: FixupKind,
}

/// Turns the statements of a file into an object.
pub(crate) struct Encoder<'a, 's> {
    isa: &'a Isa,
    mnemonics: &'a Mnemonics,
    scope: Scope<'a, 's>,
    /// The index of the file.
    index: usize,
    file: &'a File<'s>,
    traits: Vec<Traits>,
    pub(crate) object: Object,
    pub(crate) fixup_origins: Vec<FixupOrigin>,
    pub(crate) errors: Vec<AssemblyError>,
    /// Something has no value; the error behind it is here, or was reported before.
    pub(crate) has_failed: bool,
    undefined: Undefined,
    pub(crate) watch: Watch,
}

impl<'a, 's> Encoder<'a, 's> {
    pub(crate) fn new(
        isa: &'a Isa,
        mnemonics: &'a Mnemonics,
        scope: Scope<'a, 's>,
        index: usize,
    ) -> Self {
        Self {
            isa,
            mnemonics,
            scope,
            index,
            file: &scope.files[index],
            traits: isa.instructions.iter().map(|i| traits(isa, i)).collect(),
            object: Object::default(),
            fixup_origins: Vec::new(),
            errors: Vec::new(),
            has_failed: false,
            undefined: Undefined::default(),
            watch: Watch::default(),
        }
    }

    pub(crate) fn run(&mut self, name: &str) {
        let file = self.file;
        let mut lines = crate::object::LineTable::new(file, name);
        let [mut text, mut data] = [SegmentKind::Text, SegmentKind::Data].map(|segment| {
            SegmentBuilder::new(file.statements.len(), file.alignments[segment as usize])
        });
        let mut expressions: Vec<Expression> = Vec::new();
        for (number, statement) in file.statements.iter().enumerate() {
            let segment = match statement.segment {
                SegmentKind::Text => &mut text,
                SegmentKind::Data => &mut data,
                SegmentKind::Bss => {
                    self.check_zeros(statement);
                    continue;
                }
            };
            if statement.offset > segment.size() {
                segment.pad(statement.offset);
            }
            let source = &file.text[statement.span.range()];
            match statement.kind {
                StatementKind::Instruction {
                    mnemonic,
                    form,
                    operands,
                } => {
                    Expression::split(&file.nodes, operands, &mut expressions);
                    let word = self.instruction(number, statement, mnemonic, form, &expressions);
                    segment.push(&word.unwrap_or(0).to_be_bytes(), source);
                    if statement.segment == SegmentKind::Text {
                        lines.note(statement);
                    }
                }
                StatementKind::Broken => segment.push(&[0; 4], source),
                StatementKind::Data { size, operands } => {
                    Expression::split(&file.nodes, operands, &mut expressions);
                    let mut bytes = Vec::with_capacity(usize::from(size) * expressions.len());
                    let mut offset = statement.offset;
                    for &operand in &expressions {
                        let value = self
                            .datum(number, statement, operand, offset, size)
                            .unwrap_or(0);
                        bytes.extend_from_slice(&value.to_be_bytes()[8 - usize::from(size)..]);
                        offset += u64::from(size);
                    }
                    segment.push(&bytes, source);
                    self.watch.data(number, statement);
                }
                StatementKind::Text { bytes } => {
                    segment.push(&file.bytes[bytes.range()], source);
                    self.watch.data(number, statement);
                }
                StatementKind::Space { size } => {
                    segment.push_zeros(size, source);
                    self.watch.data(number, statement);
                }
            }
        }
        self.object.text = text.finish(file.sizes[SegmentKind::Text as usize]);
        self.object.data = data.finish(file.sizes[SegmentKind::Data as usize]);
        self.object.bss.size = file.sizes[SegmentKind::Bss as usize];
        self.object.bss.alignment = file.alignments[SegmentKind::Bss as usize];
        (self.object.files, self.object.lines) = lines.finish();
        self.object.symbols = self.symbols();
        self.errors.extend(self.undefined.errors(file));
    }

    /// The symbols of the file, for the image.
    fn symbols(&self) -> Vec<Symbol> {
        let value_of = |number: u32| match self.scope.value(self.index, SymbolId(number), u32::MAX)
        {
            Ok(Value::Number(number)) => Some((SymbolKind::Absolute, number as u64)),
            Ok(Value::Address(base, offset)) => {
                // From the start of this file's part, wherever the address is.
                let distance = self.scope.distance(base, self.own(base.segment))?;
                Some((
                    SymbolKind::Address(base.segment),
                    (offset + distance) as u64,
                ))
            }
            Ok(Value::Word(..)) | Err(_) => None,
        };
        let table = self.file.symbols.table.iter().enumerate();
        table
            .filter(|(_, symbol)| symbol.definition != Definition::None)
            .filter_map(|(number, symbol)| {
                let (kind, value) = value_of(number as u32)?;
                let is_global = symbol.global.is_some();
                Some(Symbol {
                    name: symbol.name.into(),
                    kind,
                    is_global,
                    value,
                })
            })
            .collect()
    }

    /// The start of a segment of this file.
    fn own(&self, segment: SegmentKind) -> Base {
        Base {
            file: self.index,
            segment,
        }
    }

    fn evaluate(
        &mut self,
        expression: Expression,
        time: u32,
        role: Role,
    ) -> Result<Value, Option<AssemblyError>> {
        let nodes = expression.nodes(&self.file.nodes);
        self.scope
            .evaluate(self.index, nodes, time)
            .map_err(|error| self.blame(nodes, role, error))
    }

    /// The reason why an expression has no value: names that nothing defines, or else `error`.
    #[cold]
    fn blame(
        &mut self,
        nodes: &[Node],
        role: Role,
        error: Option<AssemblyError>,
    ) -> Option<AssemblyError> {
        let mut is_complete = true;
        for node in nodes {
            if let NodeKind::Symbol(id) = node.kind
                && is_undefined(self.file, self.scope.globals, id)
            {
                self.undefined.note(id, node.span, role);
                is_complete = false;
            }
        }
        error.filter(|_| is_complete)
    }

    /// The word of an instruction; `None` if it is in error.
    fn instruction(
        &mut self,
        number: usize,
        statement: &Statement,
        mnemonic: u32,
        form: u16,
        operands: &[Expression],
    ) -> Option<u32> {
        let (mnemonics, isa) = (self.mnemonics, self.isa);
        let mnemonic = mnemonics.get(mnemonic);
        let result = self
            .choose(statement, mnemonic, form, operands)
            .and_then(|candidate| {
                let word = self.encode(number, statement, candidate, operands)?;
                let traits = self.traits[candidate.form.instruction.0 as usize];
                if traits.may_pass_last_register {
                    self.check_registers(statement, mnemonic, candidate, operands, word)?;
                }
                let decoded = ulm_isa::Decoded {
                    word,
                    instruction: candidate.form.instruction,
                };
                let falls_through = traits.always_falls_through || isa.flow(decoded).falls_through;
                self.watch.instruction(number, statement, falls_through);
                Ok(word)
            });
        match result {
            Ok(word) => Some(word),
            Err(error) => {
                self.errors.extend(error);
                self.has_failed = true;
                None
            }
        }
    }

    /// The form that the statement is: of those with its punctuation, from `form` on, the one whose
    /// numbers it has.
    fn choose(
        &mut self,
        statement: &Statement,
        mnemonic: &'a Mnemonic,
        form: u16,
        operands: &[Expression],
    ) -> Result<&'a Candidate, Option<AssemblyError>> {
        let mut wrong: Option<(Span, i128, Vec<u64>)> = None;
        let file = self.file;
        let candidates = &mnemonic.candidates[usize::from(form)..];
        let shape = candidates[0].shape;
        let fits = |c: &&Candidate| c.fits(shape, operands, &file.nodes, file.text);
        for candidate in candidates.iter().filter(fits) {
            let mut fits = true;
            for &(operand, expected) in &candidate.numbers {
                let expression = operands[operand];
                let span = expression.span(&file.nodes);
                let value = self.evaluate(expression, statement.time, Role::Value)?;
                let Value::Number(found) = value else {
                    let kind = ErrorKind::AddressAsNumber {
                        what: "this number",
                        is_word: matches!(value, Value::Word(..)),
                    };
                    return Err(Some(AssemblyError::new(span, kind)));
                };
                if found != i128::from(expected) {
                    fits = false;
                    let entry = wrong.get_or_insert_with(|| (span, found, Vec::new()));
                    if entry.0 == span {
                        entry.2.push(expected);
                    }
                }
            }
            if fits {
                return Ok(candidate);
            }
        }
        // The parser lets only shapes through that some form has.
        let (span, found, mut allowed) = wrong.ok_or(None)?;
        allowed.sort_unstable();
        allowed.dedup();
        let mnemonic = mnemonic.name.clone();
        Err(Some(AssemblyError::new(
            span,
            ErrorKind::WrongConstant {
                mnemonic,
                found,
                allowed,
            },
        )))
    }

    fn encode(
        &mut self,
        number: usize,
        statement: &Statement,
        candidate: &Candidate,
        operands: &[Expression],
    ) -> Result<u32, Option<AssemblyError>> {
        let isa = self.isa;
        let id = candidate.form.instruction;
        let format = isa.format_of(id);
        let opcode = &format.fields[0];
        let mut word = isa.instruction(id).opcode << opcode.shift;
        let mut is_complete = true;
        for &(operand, index, is_register) in &candidate.variables {
            let expression = operands[operand];
            let span = expression.span(&self.file.nodes);
            let field = &format.fields[usize::from(index.0)];
            let bits = if is_register {
                self.register(statement, expression, span, field)
            } else if field.kind == FieldKind::Jump {
                self.jump(number, statement, expression, span, field)
            } else {
                self.immediate(number, statement, expression, span, field)
            };
            match bits {
                Ok(bits) => word |= bits,
                // The other operands may have mistakes of their own.
                Err(error) => {
                    self.errors.extend(error);
                    is_complete = false;
                }
            }
        }
        if is_complete { Ok(word) } else { Err(None) }
    }

    fn register(
        &mut self,
        statement: &Statement,
        expression: Expression,
        span: Span,
        field: &Field,
    ) -> Result<u32, Option<AssemblyError>> {
        let value = self.evaluate(expression, statement.time, Role::Register)?;
        let Value::Number(value) = value else {
            let kind = ErrorKind::AddressAsNumber {
                what: "the number of a register",
                is_word: matches!(value, Value::Word(..)),
            };
            return Err(Some(AssemblyError::new(span, kind)));
        };
        let last = field.range().into_inner().1.min(255);
        if !(0..=i128::from(last)).contains(&value) {
            let kind = ErrorKind::RegisterOutOfRange { value, last };
            return Err(Some(AssemblyError::new(self.with_percent(span), kind)));
        }
        if let Some(symbol) = expression.as_symbol(&self.file.nodes) {
            self.watch
                .register(self.file, symbol, statement.time, span, value as u64);
        }
        // The range was checked against the field's own.
        field.insert(value as i64).map_err(|_| None)
    }

    fn jump(
        &mut self,
        number: usize,
        statement: &Statement,
        expression: Expression,
        span: Span,
        field: &Field,
    ) -> Result<u32, Option<AssemblyError>> {
        let fail = |kind| Err(Some(AssemblyError::new(span, kind)));
        let value = self.evaluate(expression, statement.time, Role::Target)?;
        let (distance, is_number) = match value {
            Value::Number(distance) => (distance, true),
            Value::Address(base, offset) if base.segment == statement.segment => {
                // Both ends are in one segment: the way is known, also into another file.
                let own = self.own(statement.segment);
                let between = self.scope.distance(base, own).unwrap_or(0);
                (offset + between - i128::from(statement.offset), false)
            }
            Value::Address(base, offset) => {
                let extent = Extent::Signed;
                let origin = FixupOrigin {
                    operand: span,
                    statement: number as u32,
                    kind: FixupKind::Relative,
                };
                self.fix(origin, Place::of(statement, field, extent), base, offset);
                return Ok(0);
            }
            Value::Word(..) => {
                return fail(ErrorKind::AddressAsNumber {
                    what: "a jump distance",
                    is_word: true,
                });
            }
        };
        self.watch.target(statement, distance);
        let range = field.range();
        let wide = i64::try_from(distance).unwrap_or(i64::MAX);
        match field.insert(wide) {
            Ok(bits) => Ok(bits),
            Err(FieldError::NotAMultipleOfFour { .. }) => fail(ErrorKind::JumpNotMultipleOfFour {
                distance,
                is_number,
            }),
            Err(FieldError::OutOfRange { .. }) => fail(ErrorKind::JumpTooFar {
                distance,
                range: i128::from(*range.start())..=i128::from(*range.end()),
            }),
        }
    }

    fn immediate(
        &mut self,
        number: usize,
        statement: &Statement,
        expression: Expression,
        span: Span,
        field: &Field,
    ) -> Result<u32, Option<AssemblyError>> {
        let extent = match field.kind {
            FieldKind::Unsigned => Extent::Unsigned,
            FieldKind::Signed | FieldKind::Jump => Extent::Signed,
        };
        let (kind, base, offset) = match self.evaluate(expression, statement.time, Role::Value)? {
            Value::Number(value) => {
                let fits = i64::try_from(value).ok().and_then(|v| field.insert(v).ok());
                return fits.ok_or_else(|| {
                    let range = field.range();
                    let range = i128::from(*range.start())..=i128::from(*range.end());
                    let what = match field.kind {
                        FieldKind::Unsigned => ", unsigned",
                        FieldKind::Signed | FieldKind::Jump => ", signed",
                    };
                    let help = other_way(self.file, self.mnemonics, statement, span, value);
                    let kind = ErrorKind::OutOfRange {
                        value,
                        bits: field.bits,
                        range,
                        what,
                        help,
                    };
                    Some(AssemblyError::new(span, kind))
                });
            }
            Value::Address(base, offset) => {
                self.note_address(base, offset);
                (FixupKind::Absolute, base, offset)
            }
            Value::Word(word, base, offset) => {
                self.note_address(base, offset);
                (FixupKind::Word(word), base, offset)
            }
        };
        let origin = FixupOrigin {
            operand: span,
            statement: number as u32,
            kind,
        };
        self.fix(origin, Place::of(statement, field, extent), base, offset);
        Ok(0)
    }

    /// Something may lead to this address.
    fn note_address(&mut self, base: Base, offset: i128) {
        if base == self.own(SegmentKind::Text) {
            self.watch.text_address(offset);
        }
    }

    /// Notes that a place gets the address `addend` behind `base`, when it is known.
    fn fix(&mut self, origin: FixupOrigin, place: Place, base: Base, addend: i128) {
        let target = if base.file == self.index {
            Target::Segment(base.segment)
        } else {
            Target::Part {
                object: base.file,
                segment: base.segment,
            }
        };
        self.object.fixups.push(Fixup {
            segment: place.segment,
            offset: place.offset,
            bit: place.bit,
            bits: place.bits,
            kind: origin.kind,
            target,
            addend,
            extent: place.extent,
        });
        self.fixup_origins.push(origin);
    }

    /// A register behind a pair or triplet must exist.
    fn check_registers(
        &self,
        statement: &Statement,
        mnemonic: &Mnemonic,
        candidate: &Candidate,
        operands: &[Expression],
        word: u32,
    ) -> Result<(), Option<AssemblyError>> {
        let id = candidate.form.instruction;
        let format = self.isa.format_of(id);
        let effect = &self.isa.instruction(id).effect;
        let field = |f: ulm_isa::FieldIndex| format.fields[usize::from(f.0)].extract(word);
        let Some(last) = effect.register_past_end(&field) else {
            return Ok(());
        };
        // The operand to blame is the greatest register.
        let operand = candidate
            .variables
            .iter()
            .filter(|(_, _, is_register)| *is_register)
            .max_by_key(|(_, index, _)| field(*index))
            .map(|(operand, _, _)| operands[*operand].span(&self.file.nodes));
        let span = operand.map_or(statement.span, |span| self.with_percent(span));
        let kind = ErrorKind::PairPastEnd {
            mnemonic: mnemonic.name.clone(),
            last,
        };
        Err(Some(AssemblyError::new(span, kind)))
    }

    /// The range of a register with its percent sign.
    fn with_percent(&self, span: Span) -> Span {
        let start = span.start.saturating_sub(1);
        if self.file.text.as_bytes().get(start as usize) == Some(&b'%') {
            Span { start, ..span }
        } else {
            span
        }
    }

    /// A value of a data directive, modulo 2^64; `None` if it is in error or fixed up later.
    fn datum(
        &mut self,
        number: usize,
        statement: &Statement,
        expression: Expression,
        offset: u64,
        size: u8,
    ) -> Option<u64> {
        let span = expression.span(&self.file.nodes);
        let bits = 8 * u32::from(size);
        let result = self
            .evaluate(expression, statement.time, Role::Value)
            .and_then(|value| {
                let (kind, base, addend) = match value {
                    Value::Number(value) => {
                        let range = Extent::Either.range(bits);
                        if range.contains(&value) {
                            return Ok(Some(value as u64));
                        }
                        let what = "";
                        let kind = ErrorKind::OutOfRange {
                            value,
                            bits,
                            range,
                            what,
                            help: None,
                        };
                        return Err(Some(AssemblyError::new(span, kind)));
                    }
                    Value::Address(base, addend) => (FixupKind::Absolute, base, addend),
                    Value::Word(word, base, addend) => (FixupKind::Word(word), base, addend),
                };
                self.note_address(base, addend);
                let origin = FixupOrigin {
                    operand: span,
                    statement: number as u32,
                    kind,
                };
                let place = Place {
                    segment: statement.segment,
                    offset,
                    bit: 0,
                    bits,
                    extent: Extent::Either,
                };
                self.fix(origin, place, base, addend);
                Ok(None)
            });
        result.unwrap_or_else(|error| {
            self.errors.extend(error);
            self.has_failed = true;
            None
        })
    }

    /// What stands in `.bss` must be zero.
    fn check_zeros(&mut self, statement: &Statement) {
        let not_zero = match statement.kind {
            // An instruction here was an error already, and is broken.
            StatementKind::Space { .. }
            | StatementKind::Broken
            | StatementKind::Instruction { .. } => None,
            StatementKind::Text { bytes } => self.file.bytes[bytes.range()]
                .iter()
                .any(|&byte| byte != 0)
                .then_some(statement.span),
            StatementKind::Data { operands, .. } => {
                let operands = self.file.expressions(operands);
                let found = operands.iter().find(|operand| {
                    match self.evaluate(**operand, statement.time, Role::Value) {
                        Ok(value) => value != Value::Number(0),
                        Err(error) => {
                            self.errors.extend(error);
                            false
                        }
                    }
                });
                found.map(|operand| operand.span(&self.file.nodes))
            }
        };
        if let Some(span) = not_zero {
            let kind = ErrorKind::DataInBss {
                what: "this is not zero",
            };
            self.errors.push(AssemblyError::new(span, kind));
        }
    }
}

/// The bits that a fixup is for.
#[derive(Debug, Clone, Copy)]
struct Place {
    segment: SegmentKind,
    offset: u64,
    bit: u32,
    bits: u32,
    /// Which values fit.
    extent: Extent,
}

impl Place {
    /// A field of an instruction.
    fn of(statement: &Statement, field: &Field, extent: Extent) -> Self {
        Self {
            segment: statement.segment,
            offset: statement.offset,
            bit: 32 - field.shift - field.bits,
            bits: field.bits,
            extent,
        }
    }
}

fn traits(isa: &Isa, instruction: &ulm_isa::Instruction) -> Traits {
    use ulm_isa::effect::{Expression as E, Operation, Parameter};
    let fields = &isa.formats[usize::from(instruction.format.0)].fields;
    let is_plain = |e: &E| match e {
        E::Field(f) => fields[usize::from(f.0)].bits <= 8,
        E::Constant(n) => *n < 256,
        _ => false,
    };
    let mut may_pass_last_register = false;
    for (parameter, argument) in instruction.effect.arguments() {
        if parameter.is_register() {
            may_pass_last_register |=
                !is_plain(argument) || parameter == Parameter::DestinationPair;
        }
        argument.walk(&mut |part| {
            if let E::Register(number) = part {
                may_pass_last_register |= !is_plain(number);
            }
        });
    }
    let always_falls_through = instruction.effect.statements.iter().all(|statement| {
        !matches!(
            statement.operation,
            Operation::Halt
                | Operation::JumpAbsolute
                | Operation::JumpRelative
                | Operation::SetInstructionPointer
        )
    });
    Traits {
        may_pass_last_register,
        always_falls_through,
    }
}
