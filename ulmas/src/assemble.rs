//! From statements to objects, and from objects to an image.

use diagnostics::{Diagnostic, FileId, SHOWN_ERRORS, Sources};
use rustc_hash::FxHashMap;
use ulm_isa::{Field, FieldError, FieldKind, Isa};

use crate::error::{AssemblyError, ErrorKind};
use crate::expression::{Base, Expression, NodeKind, Value};
use crate::forms::{Candidate, Mnemonic, Mnemonics};
use crate::globals::{GlobalValues, Globals};
use crate::image::{
    Extent, Fixup, FixupKind, Image, LinkError, LinkErrorKind, Object, SegmentKind, Symbol,
    SymbolKind, Target, link,
};
use crate::object::SegmentBuilder;
use crate::parser::{File, parse};
use crate::statement::{Item, ItemKind, Run, Span, Statement, StatementKind};
use crate::symbols::{Definition, EquValue, SymbolId, symbols_of};
use crate::warnings::Watch;

/// What became of the source files.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    /// The errors, or, if there are none, the warnings; by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The program, if there is no error.
    pub image: Option<Image>,
}

/// Assembles and joins files for a machine.
///
/// Every error of every file is reported, one for each cause. A file sees its own names and those
/// that other files declare `.globl`.
pub fn assemble(isa: &Isa, sources: &Sources, files: &[FileId]) -> Assembly {
    let mnemonics = Mnemonics::new(isa);
    let mut parsed: Vec<File<'_>> = files
        .iter()
        .map(|&file| parse(&sources.get(file).text, &mnemonics))
        .collect();
    for (file, &id) in parsed.iter_mut().zip(files) {
        report_encoding(file, sources, id);
    }
    let mut late: Vec<(usize, AssemblyError)> = Vec::new();
    let globals = collect_globals(&mut parsed, files, &mut late);
    for file in &mut parsed {
        check_definitions(file, &globals);
    }
    let global_values = GlobalValues::new(&parsed, &globals, |name, kind| {
        let (index, id) = globals[name];
        let span = definition_span(&parsed[index], id);
        late.push((index, AssemblyError::new(span, kind)));
    });
    let mut objects = Vec::with_capacity(files.len());
    let mut origins = Vec::with_capacity(files.len());
    let mut warnings = Vec::new();
    for index in 0..parsed.len() {
        let mut encoder = Encoder::new(isa, &mnemonics, &parsed, index, &globals, &global_values);
        encoder.run(sources.get(files[index]).name.as_str());
        let is_last = index + 1 == parsed.len();
        warnings.extend(
            encoder
                .watch
                .finish(&parsed[index], &mnemonics, is_last)
                .into_iter()
                .map(|w| (index, w)),
        );
        late.extend(encoder.errors.into_iter().map(|error| (index, error)));
        objects.push(encoder.object);
        origins.push(encoder.fixup_origins);
    }
    let image = match link(objects) {
        Ok(image) => Some(image),
        Err(errors) => {
            let describe = |error| describe_link_error(&parsed, &origins, &mnemonics, error);
            late.extend(errors.iter().filter_map(describe));
            None
        }
    };
    let mut errors: Vec<(usize, AssemblyError)> = late;
    for (index, file) in parsed.iter_mut().enumerate() {
        errors.extend(file.errors.drain(..).map(|error| (index, error)));
    }
    for (index, error) in &mut errors {
        note_elsewhere(&parsed, files, *index, error);
    }
    errors.sort_by_key(|(index, error)| (*index, error.span.start));
    if errors.is_empty() {
        warnings.sort_by_key(|(index, warning)| (*index, warning.span.start));
        let diagnostics = warnings
            .iter()
            .map(|(i, w)| noting_origin(w.to_diagnostic(files[*i]), &parsed[*i], w.span))
            .collect();
        return Assembly { diagnostics, image };
    }
    let diagnostics = errors
        .iter()
        .map(|(i, e)| noting_origin(e.to_diagnostic(files[*i]), &parsed[*i], e.span))
        .collect();
    Assembly {
        diagnostics,
        image: None,
    }
}

/// An undefined name may have a definition in another file that keeps it for itself.
fn note_elsewhere(parsed: &[File<'_>], files: &[FileId], index: usize, error: &mut AssemblyError) {
    if let ErrorKind::Undefined {
        name, elsewhere, ..
    } = &mut *error.kind
    {
        *elsewhere = (0..parsed.len()).filter(|&i| i != index).find_map(|i| {
            let symbols = &parsed[i].symbols;
            let id = symbols.find(name)?;
            (symbols.get(id).definition != Definition::None)
                .then(|| (files[i], definition_span(&parsed[i], id)))
        });
    }
}

/// Generated source says where it came from.
fn noting_origin(diagnostic: Diagnostic, file: &File<'_>, span: Span) -> Diagnostic {
    let after = file
        .origins
        .partition_point(|origin| origin.from <= span.start);
    match after.checked_sub(1).map(|i| &file.origins[i]) {
        Some(origin) => diagnostic.with_note(format!(
            "this line comes from {}:{}",
            origin.file, origin.line
        )),
        None => diagnostic,
    }
}

/// A file that is not UTF-8 has one error for all the places where it shows.
fn report_encoding(file: &mut File<'_>, sources: &Sources, id: FileId) {
    let Some(problem) = sources.get(id).not_utf8 else {
        return;
    };
    file.errors.retain(|error| {
        !matches!(
            *error.kind,
            ErrorKind::StrayCharacter {
                character: char::REPLACEMENT_CHARACTER,
                ..
            }
        )
    });
    let start = problem.first as u32;
    let end = start + char::REPLACEMENT_CHARACTER.len_utf8() as u32;
    let kind = ErrorKind::NotUtf8 {
        places: problem.places,
    };
    file.errors
        .push(AssemblyError::new(Span { start, end }, kind));
}

fn collect_globals<'s>(
    parsed: &mut [File<'s>],
    files: &[FileId],
    late: &mut Vec<(usize, AssemblyError)>,
) -> Globals<'s> {
    let mut globals = Globals::default();
    for (index, file) in parsed.iter().enumerate() {
        for (number, symbol) in file.symbols.table.iter().enumerate() {
            let is_defined = symbol.definition != Definition::None || symbol.is_broken;
            if symbol.global.is_none() || !is_defined {
                continue;
            }
            let own = (index, SymbolId(number as u32));
            if let Some(&(first_index, first)) = globals.get(symbol.name) {
                let kind = ErrorKind::DefinedInTwoFiles {
                    name: symbol.name.to_owned(),
                    first_file: files[first_index],
                    first: definition_span(&parsed[first_index], first),
                };
                late.push((
                    index,
                    AssemblyError::new(definition_span(file, own.1), kind),
                ));
            } else {
                globals.insert(symbol.name, own);
            }
        }
    }
    for (index, file) in parsed.iter().enumerate() {
        for symbol in &file.symbols.table {
            let Some(span) = symbol.global else { continue };
            if !globals.contains_key(symbol.name) {
                let defined = file.symbols.table.iter();
                let names = defined
                    .filter(|s| s.definition != Definition::None)
                    .map(|s| s.name);
                // Suggestions for what is shown only: each looks at all names.
                let near = (late.len() < SHOWN_ERRORS)
                    .then(|| diagnostics::nearest(symbol.name, names).map(str::to_owned));
                let near = near.flatten();
                let kind = ErrorKind::UndefinedGlobal {
                    name: symbol.name.to_owned(),
                    near,
                };
                late.push((index, AssemblyError::new(span, kind)));
            }
        }
    }
    // What was reported at its declaration is not reported at its uses.
    for file in parsed.iter_mut() {
        for symbol in &mut file.symbols.table {
            if symbol.global.is_some() && !globals.contains_key(symbol.name) {
                symbol.is_broken = true;
            }
        }
    }
    globals
}

fn definition_span(file: &File<'_>, id: SymbolId) -> Span {
    let symbol = file.symbols.get(id);
    match &symbol.definition {
        Definition::Label { span, .. } => *span,
        Definition::Equ(equs) => file.symbols.equs[equs[0] as usize].span,
        Definition::None => symbol.global.unwrap_or(Span { start: 0, end: 0 }),
    }
}

/// Evaluates the `.equ` definitions of a file; what they use must be defined.
fn check_definitions(file: &mut File<'_>, globals: &Globals<'_>) {
    let mut undefined = Undefined::default();
    for index in 0..file.symbols.equs.len() {
        let expression = file.symbols.equs[index].expression;
        for node in expression.nodes(&file.nodes) {
            if let NodeKind::Symbol(id) = node.kind
                && is_undefined(file, globals, id)
            {
                undefined.note(id, node.span, Role::Value);
                file.symbols.equs[index].value = EquValue::Broken;
            }
        }
    }
    // A size that nothing defines is undefined; another one is only defined too late.
    let mut late = Vec::new();
    for count in &file.unknown_counts {
        let nodes = count.expression.nodes(&file.nodes);
        let missing = nodes.iter().find_map(|node| match node.kind {
            NodeKind::Symbol(id) if is_undefined(file, globals, id) => Some((id, node.span)),
            _ => None,
        });
        match missing {
            Some((id, span)) => undefined.note(id, span, Role::Value),
            None => late.push(*count),
        }
    }
    let errors = undefined.errors(file);
    for id in undefined.found.keys() {
        file.symbols.get_mut(*id).is_broken = true;
    }
    file.errors.extend(errors);
    let File {
        symbols,
        nodes,
        errors,
        ..
    } = file;
    symbols.evaluate_all(nodes, errors);
    for count in late {
        let expression = count.expression.nodes(nodes);
        // What depends on a mistake elsewhere is none here.
        if symbols.evaluate(expression, count.time).is_err() {
            continue;
        }
        let start = |id| match &symbols.get(id).definition {
            Definition::Label { span, .. } => Some(*span),
            Definition::Equ(equs) => Some(symbols.equs[equs[0] as usize].span),
            Definition::None => None,
        };
        // The one to blame stands below, if there is such a one.
        let span = count.expression.span(nodes);
        let ids: Vec<SymbolId> = symbols_of(expression).collect();
        let below = |id: &SymbolId| start(*id).is_some_and(|place| place.start > span.start);
        let blamed = ids.iter().find(|id| below(id)).or(ids.first());
        let Some(&id) = blamed else { continue };
        let kind = ErrorKind::NotKnownHere {
            what: count.what,
            name: symbols.get(id).name.to_owned(),
            definition: start(id),
        };
        errors.push(AssemblyError::new(span, kind));
    }
}

fn is_undefined(file: &File<'_>, globals: &Globals<'_>, id: SymbolId) -> bool {
    let symbol = file.symbols.get(id);
    symbol.definition == Definition::None && !symbol.is_broken && !globals.contains_key(symbol.name)
}

/// What an undefined name was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Register,
    Target,
    Value,
}

/// The undefined names of a file: the first use of each, and how many more there are.
#[derive(Debug, Default)]
struct Undefined {
    found: FxHashMap<SymbolId, (Span, Role, usize)>,
}

impl Undefined {
    fn note(&mut self, id: SymbolId, span: Span, role: Role) {
        self.found
            .entry(id)
            .and_modify(|entry| entry.2 += 1)
            .or_insert((span, role, 0));
    }

    fn errors(&self, file: &File<'_>) -> Vec<AssemblyError> {
        let table = &file.symbols.table;
        let mut found: Vec<_> = self.found.iter().collect();
        found.sort_by_key(|(_, (span, ..))| span.start);
        let error = |(number, (id, &(span, role, more)))| {
            let (number, id): (usize, &SymbolId) = (number, id);
            let name = file.symbols.get(*id).name;
            let fits = |definition: &Definition| match role {
                Role::Register => matches!(definition, Definition::Equ(_)),
                Role::Target => matches!(definition, Definition::Label { .. }),
                Role::Value => *definition != Definition::None,
            };
            let names = table.iter().filter(|s| fits(&s.definition)).map(|s| s.name);
            // Suggestions for what is shown only: each looks at all names.
            let near = (number < SHOWN_ERRORS).then(|| diagnostics::nearest(name, names));
            let near = near.flatten().map(str::to_owned);
            let name = name.to_owned();
            let kind = match role {
                Role::Register => ErrorKind::UndefinedRegister { name, near, more },
                Role::Target | Role::Value => ErrorKind::Undefined {
                    name,
                    near,
                    more,
                    is_target: role == Role::Target,
                    elsewhere: None,
                },
            };
            AssemblyError::new(span, kind)
        };
        found.into_iter().enumerate().map(error).collect()
    }
}

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
struct FixupOrigin {
    operand: Span,
    /// Its index in the file.
    statement: u32,
    kind: FixupKind,
}

/// Turns the statements of a file into an object.
struct Encoder<'a, 's> {
    isa: &'a Isa,
    mnemonics: &'a Mnemonics,
    files: &'a [File<'s>],
    file: &'a File<'s>,
    globals: &'a Globals<'s>,
    global_values: &'a GlobalValues<'s>,
    traits: Vec<Traits>,
    object: Object,
    fixup_origins: Vec<FixupOrigin>,
    errors: Vec<AssemblyError>,
    undefined: Undefined,
    watch: Watch,
}

impl<'a, 's> Encoder<'a, 's> {
    fn new(
        isa: &'a Isa,
        mnemonics: &'a Mnemonics,
        files: &'a [File<'s>],
        index: usize,
        globals: &'a Globals<'s>,
        global_values: &'a GlobalValues<'s>,
    ) -> Self {
        Self {
            isa,
            mnemonics,
            files,
            file: &files[index],
            globals,
            global_values,
            traits: isa.instructions.iter().map(|i| traits(isa, i)).collect(),
            object: Object::default(),
            fixup_origins: Vec::new(),
            errors: Vec::new(),
            undefined: Undefined::default(),
            watch: Watch::default(),
        }
    }

    fn run(&mut self, name: &str) {
        let file = self.file;
        let mut lines = crate::object::LineCounter::new(file, name);
        let [mut text, mut data] = [SegmentKind::Text, SegmentKind::Data].map(|segment| {
            SegmentBuilder::new(file.statements.len(), file.alignments[segment as usize])
        });
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
                    items,
                    shape,
                } => {
                    let word = self.instruction(number, statement, mnemonic, items, shape);
                    segment.push(&word.unwrap_or(0).to_be_bytes(), source);
                    if statement.segment == SegmentKind::Text {
                        lines.note(statement.span.start, statement.offset);
                    }
                }
                StatementKind::Broken => segment.push(&[0; 4], source),
                StatementKind::Data { size, items } => {
                    let mut bytes = Vec::with_capacity(usize::from(size) * items.range().len());
                    let mut offset = statement.offset;
                    for item in &file.items[items.range()] {
                        let value = self
                            .datum(number, statement, item, offset, size)
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
        let value_of = |number: u32, definition: &Definition| match definition {
            Definition::None => None,
            Definition::Label {
                place: Some((segment, offset)),
                ..
            } => Some((SymbolKind::Address(*segment), *offset)),
            Definition::Label { .. } => None,
            Definition::Equ(equs) => {
                let span = self.file.symbols.equs[equs[0] as usize].span;
                match self.value(SymbolId(number), u32::MAX, span).ok()? {
                    Value::Number(number) => Some((SymbolKind::Absolute, number as u64)),
                    Value::Address(Base::Segment(segment), offset) => {
                        Some((SymbolKind::Address(segment), offset as u64))
                    }
                    Value::Address(..) | Value::Word(..) => None,
                }
            }
        };
        let table = self.file.symbols.table.iter().enumerate();
        table
            .filter_map(|(number, symbol)| {
                let (kind, value) = value_of(number as u32, &symbol.definition)?;
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

    /// The value of a symbol at `time`, through the other files if one defines it.
    fn value(&self, id: SymbolId, time: u32, span: Span) -> Result<Value, Option<AssemblyError>> {
        let value = self.file.symbols.value(id, time)?;
        self.global_values.resolve(self.file, value, span)
    }

    fn evaluate(
        &mut self,
        expression: Expression,
        time: u32,
        role: Role,
    ) -> Result<Value, Option<AssemblyError>> {
        let file = self.file;
        let nodes = expression.nodes(&file.nodes);
        let mut is_complete = true;
        for node in nodes {
            if let NodeKind::Symbol(id) = node.kind
                && is_undefined(file, self.globals, id)
            {
                self.undefined.note(id, node.span, role);
                is_complete = false;
            }
        }
        if !is_complete {
            return Err(None);
        }
        crate::expression::evaluate(nodes, &mut |id, span| self.value(id, time, span))
    }

    /// The word of an instruction; `None` if it is in error.
    fn instruction(
        &mut self,
        number: usize,
        statement: &Statement,
        mnemonic: u16,
        items: Run,
        shape: u128,
    ) -> Option<u32> {
        let (mnemonics, isa) = (self.mnemonics, self.isa);
        let mnemonic = mnemonics.get(mnemonic);
        let items = &self.file.items[items.range()];
        let result = self
            .choose(statement, mnemonic, items, shape)
            .and_then(|candidate| {
                let word = self.encode(number, statement, candidate, items)?;
                let traits = self.traits[candidate.form.instruction.0 as usize];
                if traits.may_pass_last_register {
                    self.check_registers(statement, mnemonic, candidate, items, word)?;
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
                None
            }
        }
    }

    /// The form that the statement is: of those with its shape, the one whose numbers it has.
    fn choose(
        &mut self,
        statement: &Statement,
        mnemonic: &'a Mnemonic,
        items: &[Item],
        shape: u128,
    ) -> Result<&'a Candidate, Option<AssemblyError>> {
        let mut wrong: Option<(Span, i128, Vec<u64>)> = None;
        let file = self.file;
        let fits = |c: &&Candidate| c.fits(shape, items, &file.nodes, file.text);
        for candidate in mnemonic.candidates.iter().filter(fits) {
            let mut fits = true;
            for &(item, expected) in &candidate.numbers {
                let Item {
                    kind: ItemKind::Expression(expression),
                    span,
                } = items[item]
                else {
                    continue;
                };
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
        items: &[Item],
    ) -> Result<u32, Option<AssemblyError>> {
        let isa = self.isa;
        let id = candidate.form.instruction;
        let format = isa.format_of(id);
        let opcode = &format.fields[0];
        let mut word = isa.instruction(id).opcode << opcode.shift;
        let mut is_complete = true;
        for &(item, index, is_register) in &candidate.variables {
            let Item {
                kind: ItemKind::Expression(expression),
                span,
            } = items[item]
            else {
                continue;
            };
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
            Value::Address(Base::Segment(segment), offset) if segment == statement.segment => {
                (offset - i128::from(statement.offset), false)
            }
            Value::Address(base, offset) => {
                let extent = Extent::Signed;
                self.fixup(
                    number,
                    statement,
                    span,
                    field,
                    FixupKind::Relative,
                    extent,
                    base,
                    offset,
                )?;
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
                self.watch.address(base, offset);
                (FixupKind::Absolute, base, offset)
            }
            Value::Word(word, base, offset) => {
                self.watch.address(base, offset);
                (FixupKind::Word(word), base, offset)
            }
        };
        self.fixup(number, statement, span, field, kind, extent, base, offset)?;
        Ok(0)
    }

    #[expect(clippy::too_many_arguments, reason = "a fixup has that many parts")]
    fn fixup(
        &mut self,
        number: usize,
        statement: &Statement,
        span: Span,
        field: &Field,
        kind: FixupKind,
        extent: Extent,
        base: Base,
        offset: i128,
    ) -> Result<(), Option<AssemblyError>> {
        let place = Place {
            segment: statement.segment,
            offset: statement.offset,
            bit: 32 - field.shift - field.bits,
            bits: field.bits,
        };
        self.fix(number, span, place, kind, extent, base, offset)
    }

    #[expect(clippy::too_many_arguments, reason = "a fixup has that many parts")]
    fn fix(
        &mut self,
        number: usize,
        span: Span,
        place: Place,
        kind: FixupKind,
        extent: Extent,
        base: Base,
        offset: i128,
    ) -> Result<(), Option<AssemblyError>> {
        let Ok(addend) = i64::try_from(offset) else {
            return Err(Some(AssemblyError::new(span, ErrorKind::Overflow)));
        };
        let target = match base {
            Base::Segment(segment) => Target::Segment(segment),
            Base::External(id) => Target::Symbol(self.file.symbols.get(id).name.into()),
            Base::Elsewhere(file, id) => {
                Target::Symbol(self.files[file].symbols.get(id).name.into())
            }
        };
        let Place {
            segment,
            offset,
            bit,
            bits,
        } = place;
        self.object.fixups.push(Fixup {
            segment,
            offset,
            bit,
            bits,
            kind,
            target,
            addend,
            extent,
        });
        self.fixup_origins.push(FixupOrigin {
            operand: span,
            statement: number as u32,
            kind,
        });
        Ok(())
    }

    /// A register behind a pair or triplet must exist.
    fn check_registers(
        &self,
        statement: &Statement,
        mnemonic: &Mnemonic,
        candidate: &Candidate,
        items: &[Item],
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
            .map(|(item, _, _)| items[*item].span);
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
        item: &Item,
        offset: u64,
        size: u8,
    ) -> Option<u64> {
        let ItemKind::Expression(expression) = item.kind else {
            return None;
        };
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
                        return Err(Some(AssemblyError::new(item.span, kind)));
                    }
                    Value::Address(base, addend) => (FixupKind::Absolute, base, addend),
                    Value::Word(word, base, addend) => (FixupKind::Word(word), base, addend),
                };
                self.watch.address(base, addend);
                let place = Place {
                    segment: statement.segment,
                    offset,
                    bit: 0,
                    bits,
                };
                self.fix(number, item.span, place, kind, Extent::Either, base, addend)?;
                Ok(None)
            });
        result.unwrap_or_else(|error| {
            self.errors.extend(error);
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
            StatementKind::Data { items, .. } => {
                let found = self.file.items[items.range()].iter().find(|item| {
                    let ItemKind::Expression(expression) = item.kind else {
                        return false;
                    };
                    match self.evaluate(expression, statement.time, Role::Value) {
                        Ok(value) => value != Value::Number(0),
                        Err(error) => {
                            self.errors.extend(error);
                            false
                        }
                    }
                });
                found.map(|item| item.span)
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

/// A link error as an error at the operand that caused it.
fn describe_link_error(
    parsed: &[File<'_>],
    origins: &[Vec<FixupOrigin>],
    mnemonics: &Mnemonics,
    error: &LinkError,
) -> Option<(usize, AssemblyError)> {
    let index = error.object;
    let Some(fixup) = error.fixup else {
        return match error.kind {
            LinkErrorKind::TooLarge => {
                let is_said = |e: &AssemblyError| matches!(*e.kind, ErrorKind::SegmentTooLarge);
                let file = &parsed[index];
                if file.errors.iter().any(is_said) {
                    return None;
                }
                // The largest piece is to blame.
                let size = |statement: &&Statement| match statement.kind {
                    StatementKind::Space { size } => size,
                    _ => 0,
                };
                let largest = file.statements.iter().max_by_key(size);
                let span = largest.map_or(Span { start: 0, end: 0 }, |s| s.span);
                Some((index, AssemblyError::new(span, ErrorKind::SegmentTooLarge)))
            }
            // Found in the symbols of the files before, with their places.
            _ => None,
        };
    };
    let origin = origins[index][fixup];
    let span = origin.operand;
    let file = &parsed[index];
    let statement = &file.statements[origin.statement as usize];
    let kind = match error.kind.clone() {
        LinkErrorKind::OutOfRange { value, range } if origin.kind == FixupKind::Relative => {
            ErrorKind::JumpTooFar {
                distance: value,
                range,
            }
        }
        LinkErrorKind::OutOfRange { value, range } => {
            let bits = (range.end() - range.start() + 1).ilog2();
            let wide = wide_load(file, mnemonics, statement, span, value);
            ErrorKind::AddressOutOfRange {
                value,
                bits,
                range,
                wide,
            }
        }
        LinkErrorKind::NotAMultipleOfFour(distance) => ErrorKind::JumpNotMultipleOfFour {
            distance,
            is_number: false,
        },
        // A broken definition in another file, which is reported there.
        LinkErrorKind::Undefined(_) | LinkErrorKind::Duplicate { .. } => return None,
        LinkErrorKind::TooLarge => ErrorKind::SegmentTooLarge,
    };
    Some((index, AssemblyError::new(span, kind)))
}

/// How to do with a number that does not fit, on a machine that has the usual instructions.
fn other_way(
    file: &File<'_>,
    mnemonics: &Mnemonics,
    statement: &Statement,
    operand: Span,
    value: i128,
) -> Option<String> {
    let StatementKind::Instruction {
        mnemonic, items, ..
    } = statement.kind
    else {
        return None;
    };
    let mnemonic = mnemonics.get(mnemonic);
    let has = |name| mnemonics.find(name).is_some();
    let instead = |name| format!("`{name}` with {} does that", -value);
    match mnemonic.name.as_str() {
        "addq" if (-255..0).contains(&value) && has("subq") => Some(instead("subq")),
        "subq" if (-255..0).contains(&value) && has("addq") => Some(instead("addq")),
        "ldzwq" if (-0x8000..0).contains(&value) && has("ldswq") => {
            Some("`ldswq` loads numbers with a sign".to_owned())
        }
        "ldzwq" | "ldswq" if has("ldzwq") && has("shldwq") => {
            let last = file.items[items.range()].last()?.span;
            let (number, register) = (&file.text[operand.range()], &file.text[last.range()]);
            // Modulo 2^64, a negative number has all words.
            let value = u64::try_from(value)
                .or_else(|_| i64::try_from(value).map(|value| value as u64))
                .ok()?;
            let code = in_words(number, register, value);
            Some(format!("load the number like this:\n{code}"))
        }
        _ => {
            let is_register_form = |c: &Candidate| {
                c.variables.len() > 2 && c.variables.iter().all(|(_, _, is_register)| *is_register)
            };
            let has_one = mnemonic.candidates.iter().any(is_register_form);
            // An index is no way around a displacement, and shifts count to 63 only.
            let is_first = file.items[items.range()].first()?.span == operand;
            let is_sum = file.items[items.range()].len() > 6 && is_first && has_one;
            let is_other = ["mov", "sh", "sa"]
                .iter()
                .any(|o| mnemonic.name.starts_with(o));
            (is_sum && !is_other)
                .then(|| "load the number into a register first, and name that here".to_owned())
        }
    }
}

/// How to load an address that is too wide for one instruction, on a machine that has the usual
/// ones for that.
fn wide_load(
    file: &File<'_>,
    mnemonics: &Mnemonics,
    statement: &Statement,
    operand: Span,
    value: i128,
) -> Option<String> {
    let StatementKind::Instruction {
        mnemonic, items, ..
    } = statement.kind
    else {
        return None;
    };
    mnemonics.find("shldwq")?;
    mnemonics.find("ldzwq")?;
    if value < 0 || !matches!(mnemonics.get(mnemonic).name.as_str(), "ldzwq" | "ldswq") {
        return None;
    }
    let last = file.items[items.range()].last()?.span;
    let (address, register) = (&file.text[operand.range()], &file.text[last.range()]);
    Some(in_words(address, register, u64::try_from(value).ok()?))
}

/// Instructions that load a value, 16 bits at a time.
fn in_words(source: &str, register: &str, value: u64) -> String {
    let words = (1..4)
        .find(|&words| value >> (16 * words) == 0)
        .unwrap_or(4);
    if words == 1 {
        return format!("    ldzwq   {source}, %{register}");
    }
    let first = format!("    ldzwq   @w{}({source}), %{register}", words - 1);
    (0..words - 1).rev().fold(first, |code, word| {
        code + &format!("\n    shldwq  @w{word}({source}), %{register}")
    })
}
