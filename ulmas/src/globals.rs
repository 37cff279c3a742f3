//! How names lead from one file to another, and the values of all definitions.

use diagnostics::{FileId, SHOWN_ERRORS};
use rustc_hash::FxHashMap;

use crate::error::{AssemblyError, ErrorKind};
use crate::expression::{Base, Node, NodeKind, Value};
use crate::image::SegmentKind;
use crate::parser::{File, UnknownCount};
use crate::statement::Span;
use crate::symbols::{Definition, EquValue, SymbolId, symbols_of};

/// The names that all files see: the file that defines each, and its number there.
pub(crate) type Globals<'s> = FxHashMap<&'s str, (usize, SymbolId)>;

/// Finds the global names; each must be defined in one file.
pub(crate) fn collect_globals<'s>(
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

/// Where a name is defined first.
pub(crate) fn definition_span(file: &File<'_>, id: SymbolId) -> Span {
    let symbol = file.symbols.get(id);
    match &symbol.definition {
        Definition::Label { span, .. } => *span,
        Definition::Equ(equs) => file.symbols.equs[equs[0] as usize].span,
        Definition::None => symbol.global.unwrap_or(Span { start: 0, end: 0 }),
    }
}

/// Whether nothing defines a name of a file.
pub(crate) fn is_undefined(file: &File<'_>, globals: &Globals<'_>, id: SymbolId) -> bool {
    let symbol = file.symbols.get(id);
    symbol.definition == Definition::None && !symbol.is_broken && !globals.contains_key(symbol.name)
}

/// What a name stands for at a place in a file.
enum Meaning {
    /// An `.equ`: its file and its number there.
    Equ(usize, u32),
    /// A label: its file, segment, and offset in the segment.
    Place(usize, SegmentKind, u64),
    /// Nothing: the mistake has been reported.
    Nothing,
}

/// All files of a call: what names and expressions stand for in any of them.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a, 's> {
    pub(crate) files: &'a [File<'s>],
    pub(crate) globals: &'a Globals<'s>,
    /// Where the segments of each file begin in the joined ones.
    pub(crate) starts: &'a [[u64; 3]],
}

impl Scope<'_, '_> {
    fn meaning(&self, file: usize, id: SymbolId, time: u32) -> Meaning {
        let symbols = &self.files[file].symbols;
        match &symbols.get(id).definition {
            Definition::Equ(equs) => Meaning::Equ(file, symbols.equ_at(equs, time)),
            Definition::Label {
                place: Some((segment, offset)),
                ..
            } => Meaning::Place(file, *segment, *offset),
            Definition::Label { place: None, .. } => Meaning::Nothing,
            // A name of another file, which sees its last definition.
            Definition::None => match self.globals.get(symbols.get(id).name) {
                Some(&(other, global)) if other != file => self.meaning(other, global, u32::MAX),
                _ => Meaning::Nothing,
            },
        }
    }

    /// The value of a name for a use at `time` in a file, once all definitions are evaluated.
    ///
    /// # Errors
    ///
    /// `None`: the mistake has been reported.
    pub(crate) fn value(
        &self,
        file: usize,
        id: SymbolId,
        time: u32,
    ) -> Result<Value, Option<AssemblyError>> {
        match self.meaning(file, id, time) {
            Meaning::Equ(file, equ) => match self.files[file].symbols.equs[equ as usize].value {
                EquValue::Known(value) => Ok(value),
                _ => Err(None),
            },
            Meaning::Place(file, segment, offset) => {
                Ok(Value::Address(Base { file, segment }, i128::from(offset)))
            }
            Meaning::Nothing => Err(None),
        }
    }

    /// The value of an expression for a use at `time` in a file.
    pub(crate) fn evaluate(
        &self,
        file: usize,
        nodes: &[Node],
        time: u32,
    ) -> Result<Value, Option<AssemblyError>> {
        crate::expression::evaluate(
            nodes,
            |id| self.value(file, id, time),
            |a, b| self.distance(a, b),
        )
    }

    /// How far the base `a` lies behind `b`, if that is known before the program is put together.
    pub(crate) fn distance(&self, a: Base, b: Base) -> Option<i128> {
        let start = |base: Base| i128::from(self.starts[base.file][base.segment as usize]);
        (a.segment == b.segment).then(|| start(a) - start(b))
    }
}

/// Evaluates every `.equ` of every file; each error once, at the definition.
///
/// The order is that of their dependence, by an explicit stack: a chain of definitions may be as
/// long as the files, and lead through all of them.
pub(crate) fn evaluate_definitions(
    files: &mut [File<'_>],
    globals: &Globals<'_>,
    starts: &[[u64; 3]],
) {
    let all: Vec<(usize, u32)> = (0..files.len())
        .flat_map(|file| (0..files[file].symbols.equs.len() as u32).map(move |equ| (file, equ)))
        .collect();
    for first in all {
        let mut work = vec![first];
        while let Some(&(file, equ)) = work.last() {
            let entry = &mut files[file].symbols.equs[equ as usize];
            let (expression, time, span) = (entry.expression, entry.time, entry.span);
            if matches!(entry.value, EquValue::Known(_) | EquValue::Broken) {
                work.pop();
                continue;
            }
            entry.value = EquValue::InProgress;
            let scope = Scope {
                files,
                globals,
                starts,
            };
            let nodes = expression.nodes(&files[file].nodes);
            let before = work.len();
            let mut is_circular = false;
            for id in symbols_of(nodes) {
                let Meaning::Equ(other, number) = scope.meaning(file, id, time) else {
                    continue;
                };
                match files[other].symbols.equs[number as usize].value {
                    EquValue::Unknown => work.push((other, number)),
                    EquValue::InProgress => is_circular = true,
                    EquValue::Known(_) | EquValue::Broken => {}
                }
            }
            if !is_circular && work.len() > before {
                continue;
            }
            work.truncate(before - 1);
            let result = if is_circular {
                let symbols = &files[file].symbols;
                let name = symbols
                    .get(symbols.equs[equ as usize].symbol)
                    .name
                    .to_owned();
                Err(Some(AssemblyError::new(span, ErrorKind::Circular { name })))
            } else {
                scope.evaluate(file, nodes, time)
            };
            let value = match result {
                Ok(value) => EquValue::Known(value),
                Err(error) => {
                    files[file].errors.extend(error);
                    EquValue::Broken
                }
            };
            files[file].symbols.equs[equ as usize].value = value;
        }
    }
}

/// What definitions and sizes of a file use must be defined. Gives the sizes that are defined, but
/// only below their use.
pub(crate) fn check_definitions(file: &mut File<'_>, globals: &Globals<'_>) -> Vec<UnknownCount> {
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
    late
}

/// Reports the sizes of a file that are defined below their use.
pub(crate) fn report_late_sizes(
    files: &mut [File<'_>],
    globals: &Globals<'_>,
    starts: &[[u64; 3]],
    file: usize,
    late: &[UnknownCount],
) {
    let mut errors = Vec::new();
    let scope = Scope {
        files,
        globals,
        starts,
    };
    let (symbols, nodes) = (&files[file].symbols, &files[file].nodes);
    for count in late {
        let expression = count.expression.nodes(nodes);
        // What depends on a mistake elsewhere is none here.
        if scope.evaluate(file, expression, count.time).is_err() {
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
    files[file].errors.extend(errors);
}

/// What an undefined name was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Register,
    Target,
    Value,
}

/// The undefined names of a file: the first use of each, and how many more there are.
#[derive(Debug, Default)]
pub(crate) struct Undefined {
    found: FxHashMap<SymbolId, (Span, Role, usize)>,
}

impl Undefined {
    pub(crate) fn note(&mut self, id: SymbolId, span: Span, role: Role) {
        self.found
            .entry(id)
            .and_modify(|entry| entry.2 += 1)
            .or_insert((span, role, 0));
    }

    pub(crate) fn errors(&self, file: &File<'_>) -> Vec<AssemblyError> {
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
