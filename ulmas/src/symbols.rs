//! Names and what they stand for.

use rustc_hash::FxHashMap;

use crate::error::{AssemblyError, ErrorKind};
use crate::expression::{Base, Expression, Node, NodeKind, Value, evaluate};
use crate::image::SegmentKind;
use crate::statement::Span;

/// A name of a file, numbered in the order of first mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SymbolId(pub(crate) u32);

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Definition {
    /// Nothing, in this file.
    None,
    /// A place; `None` until what it names has one.
    Label {
        span: Span,
        place: Option<(SegmentKind, u64)>,
    },
    /// Indices of its `.equ` definitions, in order.
    Equ(Vec<u32>),
}

/// A name with all that is known about it.
#[derive(Debug, Clone)]
pub(crate) struct Symbol<'s> {
    pub(crate) name: &'s str,
    pub(crate) definition: Definition,
    /// Where `.globl` names it.
    pub(crate) global: Option<Span>,
    /// How often expressions mention it.
    pub(crate) uses: u32,
    /// A definition of it is in error.
    pub(crate) is_broken: bool,
}

/// A definition by `.equ`.
#[derive(Debug, Clone)]
pub(crate) struct Equ {
    pub(crate) symbol: SymbolId,
    /// Of the name in the directive.
    pub(crate) span: Span,
    pub(crate) expression: Expression,
    /// Its place in the order of statements and definitions.
    pub(crate) time: u32,
    pub(crate) value: EquValue,
}

/// How far the evaluation of an `.equ` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EquValue {
    Unknown,
    InProgress,
    Known(Value),
    /// An error in it has been reported.
    Broken,
}

/// The names of a file.
#[derive(Debug, Default)]
pub(crate) struct Symbols<'s> {
    pub(crate) table: Vec<Symbol<'s>>,
    index: FxHashMap<&'s str, SymbolId>,
    /// The index of the file among those of the call.
    file: usize,
    pub(crate) equs: Vec<Equ>,
}

impl<'s> Symbols<'s> {
    /// No names yet; `file` is the index of the file among those of the call.
    pub(crate) fn new(file: usize) -> Self {
        Self {
            file,
            ..Self::default()
        }
    }

    /// The number of a name.
    pub(crate) fn intern(&mut self, name: &'s str) -> SymbolId {
        match self.find(name) {
            Some(id) => id,
            None => self.add(name),
        }
    }

    fn add(&mut self, name: &'s str) -> SymbolId {
        let id = SymbolId(self.table.len() as u32);
        self.table.push(Symbol {
            name,
            definition: Definition::None,
            global: None,
            uses: 0,
            is_broken: false,
        });
        self.index.insert(name, id);
        id
    }

    /// The number of a name that an expression uses.
    pub(crate) fn mention(&mut self, name: &'s str) -> SymbolId {
        let id = self.intern(name);
        self.table[id.0 as usize].uses += 1;
        id
    }

    pub(crate) fn find(&self, name: &str) -> Option<SymbolId> {
        self.index.get(name).copied()
    }

    pub(crate) fn get(&self, id: SymbolId) -> &Symbol<'s> {
        &self.table[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: SymbolId) -> &mut Symbol<'s> {
        &mut self.table[id.0 as usize]
    }

    /// Defines a label whose place is not known yet.
    pub(crate) fn define_label(
        &mut self,
        name: &'s str,
        span: Span,
    ) -> Result<SymbolId, AssemblyError> {
        let id = self.intern(name);
        let first = match &self.get(id).definition {
            Definition::None => {
                self.get_mut(id).definition = Definition::Label { span, place: None };
                return Ok(id);
            }
            Definition::Label { span, .. } => *span,
            Definition::Equ(equs) => {
                let first = self.equs[equs[0] as usize].span;
                self.forget(id);
                first
            }
        };
        let name = name.to_owned();
        Err(AssemblyError::new(
            span,
            ErrorKind::DefinedTwice { name, first },
        ))
    }

    /// A name that is both a label and a constant is neither: its uses are no errors of their own.
    fn forget(&mut self, id: SymbolId) {
        let symbol = self.get_mut(id);
        symbol.definition = Definition::None;
        symbol.is_broken = true;
    }

    pub(crate) fn place_label(&mut self, id: SymbolId, segment: SegmentKind, offset: u64) {
        if let Definition::Label { place, .. } = &mut self.get_mut(id).definition {
            *place = Some((segment, offset));
        }
    }

    /// Defines or redefines a constant.
    pub(crate) fn define_equ(
        &mut self,
        name: &'s str,
        span: Span,
        expression: Expression,
        time: u32,
    ) -> Result<(), AssemblyError> {
        let symbol = self.intern(name);
        let number = self.equs.len() as u32;
        match &mut self.get_mut(symbol).definition {
            Definition::Label { span: first, .. } => {
                let kind = ErrorKind::DefinedTwice {
                    name: name.to_owned(),
                    first: *first,
                };
                self.forget(symbol);
                return Err(AssemblyError::new(span, kind));
            }
            Definition::Equ(equs) => equs.push(number),
            none @ Definition::None => *none = Definition::Equ(vec![number]),
        }
        self.equs.push(Equ {
            symbol,
            span,
            expression,
            time,
            value: EquValue::Unknown,
        });
        Ok(())
    }

    /// The definition that a use at `time` sees: the one in force, before any the last one.
    #[inline]
    pub(crate) fn equ_at(&self, equs: &[u32], time: u32) -> u32 {
        if let [only] = equs {
            return *only;
        }
        let before = equs.partition_point(|&equ| self.equs[equ as usize].time < time);
        match before.checked_sub(1) {
            Some(last) => equs[last],
            None => equs[equs.len() - 1],
        }
    }

    /// Which `.equ` a use of `id` at `time` sees, if it is defined so.
    pub(crate) fn definition_at(&self, id: SymbolId, time: u32) -> Option<u32> {
        match &self.get(id).definition {
            Definition::Equ(equs) => Some(self.equ_at(equs, time)),
            _ => None,
        }
    }

    /// The value of a symbol for a use at `time`, from what this file knows so far.
    ///
    /// # Errors
    ///
    /// `None`: it is not known.
    fn value(&self, id: SymbolId, time: u32) -> Result<Value, Option<AssemblyError>> {
        match &self.get(id).definition {
            Definition::Label {
                place: Some((segment, offset)),
                ..
            } => {
                let base = Base {
                    file: self.file,
                    segment: *segment,
                };
                Ok(Value::Address(base, i128::from(*offset)))
            }
            Definition::None | Definition::Label { .. } => Err(None),
            Definition::Equ(equs) => match self.equs[self.equ_at(equs, time) as usize].value {
                EquValue::Known(value) => Ok(value),
                _ => Err(None),
            },
        }
    }

    /// The value of an expression for a use at `time`, from what this file knows so far.
    fn evaluate(&self, nodes: &[Node], time: u32) -> Result<Value, Option<AssemblyError>> {
        evaluate(
            nodes,
            |id| self.value(id, time),
            |a, b| (a == b).then_some(0),
        )
    }

    /// The value of an expression from what is known above `time`, while the file is being read.
    ///
    /// # Errors
    ///
    /// `Ok(None)` if something in it is not known yet.
    pub(crate) fn evaluate_above(
        &mut self,
        nodes: &[Node],
        all_nodes: &[Node],
        time: u32,
    ) -> Result<Option<Value>, Option<AssemblyError>> {
        let ids: Vec<SymbolId> = symbols_of(nodes).collect();
        for id in ids {
            let symbol = self.get(id);
            let known = match &symbol.definition {
                Definition::None => false,
                Definition::Label { place, .. } => place.is_some(),
                Definition::Equ(equs) => {
                    let equ = self.equ_at(equs, time);
                    // Its own expression may look below; then it is not known either.
                    self.known_above(equ, all_nodes)
                }
            };
            if self.get(id).is_broken {
                return Err(None);
            }
            if !known {
                return Ok(None);
            }
        }
        self.evaluate(nodes, time).map(Some)
    }

    /// Evaluates an `.equ` if it depends on what is known already.
    fn known_above(&mut self, equ: u32, nodes: &[Node]) -> bool {
        let mut work = vec![equ];
        while let Some(&top) = work.last() {
            let entry = &self.equs[top as usize];
            match entry.value {
                EquValue::Known(_) | EquValue::Broken => {
                    work.pop();
                    continue;
                }
                EquValue::Unknown | EquValue::InProgress => {}
            }
            let (expression, time) = (entry.expression, entry.time);
            let mut missing = Vec::new();
            for id in symbols_of(expression.nodes(nodes)) {
                match &self.get(id).definition {
                    Definition::Label { place: Some(_), .. } => {}
                    Definition::Equ(equs) => {
                        let other = self.equ_at(equs, time);
                        // Only what stands above is asked for: no circle. And what stands below
                        // may be defined anew further down, even if it has a value by now.
                        if self.equs[other as usize].time >= time {
                            return false;
                        }
                        if self.equs[other as usize].value == EquValue::Unknown {
                            missing.push(other);
                        }
                    }
                    _ => return false,
                }
            }
            if missing.is_empty() {
                // An error in it is reported when everything is evaluated.
                match self.evaluate(expression.nodes(nodes), time) {
                    Ok(value) => self.equs[top as usize].value = EquValue::Known(value),
                    Err(_) => return false,
                }
                work.pop();
            } else {
                work.extend(missing);
            }
        }
        matches!(self.equs[equ as usize].value, EquValue::Known(_))
    }
}

/// The symbols that an expression mentions.
pub(crate) fn symbols_of(nodes: &[Node]) -> impl Iterator<Item = SymbolId> + '_ {
    nodes.iter().filter_map(|node| match node.kind {
        NodeKind::Symbol(id) => Some(id),
        _ => None,
    })
}
