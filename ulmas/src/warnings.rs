//! What a program probably doesn't mean: found while encoding, judged at the end.

use crate::error::{Warning, WarningKind};
use crate::forms::Mnemonics;
use crate::image::SegmentKind;
use crate::parser::File;
use crate::statement::{Span, Statement, StatementKind};
use crate::symbols::{Definition, SymbolId};

/// The statement before, in the text.
#[derive(Debug, Clone, Copy)]
struct Previous {
    number: usize,
    end: u64,
    falls_through: bool,
    /// It was found unreachable: so is what follows it, which needs no warning of its own.
    is_unreachable: bool,
}

/// The uses of a name as a register.
#[derive(Debug, Clone, Copy)]
struct Interval {
    register: u64,
    first: u32,
    first_span: Span,
    last: u32,
}

/// Watches the statements go by.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    previous: Option<Previous>,
    /// Instructions that nothing seems to lead to, with the one before.
    unreachable: Vec<(usize, usize)>,
    /// Instructions that run into the data behind them.
    into_data: Vec<(usize, usize)>,
    /// Offsets in the text that something refers to, other than by label alone.
    targets: Vec<u64>,
    /// By definition.
    intervals: Vec<Option<Interval>>,
}

impl Watch {
    pub(crate) fn instruction(
        &mut self,
        number: usize,
        statement: &Statement,
        falls_through: bool,
    ) {
        if statement.segment != SegmentKind::Text {
            return;
        }
        let mut is_unreachable = false;
        if let Some(previous) = self.previous
            && !previous.falls_through
            && !statement.is_labelled
        {
            is_unreachable = true;
            if !previous.is_unreachable {
                self.unreachable.push((number, previous.number));
            }
        }
        self.previous = Some(Previous {
            number,
            end: statement.offset + 4,
            falls_through: falls_through && !is_unreachable,
            is_unreachable,
        });
    }

    pub(crate) fn data(&mut self, number: usize, statement: &Statement) {
        if statement.segment != SegmentKind::Text {
            return;
        }
        if let Some(previous) = self.previous.take()
            && previous.falls_through
        {
            self.into_data.push((previous.number, number));
        }
    }

    /// A jump by `distance` bytes.
    pub(crate) fn target(&mut self, statement: &Statement, distance: i128) {
        if statement.segment == SegmentKind::Text {
            self.targets
                .push(statement.offset.wrapping_add(distance as u64));
        }
    }

    /// An offset in the text that the program takes the address of.
    pub(crate) fn text_address(&mut self, offset: i128) {
        self.targets.push(offset as u64);
    }

    /// A register named by a symbol.
    pub(crate) fn register(
        &mut self,
        file: &File<'_>,
        symbol: SymbolId,
        time: u32,
        span: Span,
        register: u64,
    ) {
        if let Some(definition) = file.symbols.definition_at(symbol, time) {
            let fresh = Interval {
                register,
                first: time,
                first_span: span,
                last: time,
            };
            let definition = definition as usize;
            if definition >= self.intervals.len() {
                self.intervals.resize(definition + 1, None);
            }
            self.intervals[definition].get_or_insert(fresh).last = time;
        }
    }

    /// The warnings about a file; the text of the last file is not followed by other text.
    pub(crate) fn finish(
        mut self,
        file: &File<'_>,
        mnemonics: &Mnemonics,
        is_last: bool,
    ) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let span = |number: usize| file.statements[number].span;
        if !self.unreachable.is_empty() {
            self.targets.sort_unstable();
        }
        for &(number, before) in &self.unreachable {
            let offset = file.statements[number].offset;
            if self.targets.binary_search(&offset).is_ok() {
                continue;
            }
            let StatementKind::Instruction { mnemonic, .. } = file.statements[before].kind else {
                continue;
            };
            let mnemonic = mnemonics.get(mnemonic).name.clone();
            let kind = WarningKind::Unreachable {
                before: span(before),
                mnemonic,
            };
            warnings.push(Warning {
                span: span(number),
                kind,
            });
        }
        for &(number, data) in &self.into_data {
            let kind = WarningKind::FallsIntoData { data: span(data) };
            warnings.push(Warning {
                span: span(number),
                kind,
            });
        }
        if let Some(previous) = self.previous.take()
            && is_last
            && previous.falls_through
            && previous.end <= file.sizes[SegmentKind::Text as usize]
        {
            warnings.push(Warning {
                span: span(previous.number),
                kind: WarningKind::FallsOffEnd,
            });
        }
        for symbol in &file.symbols.table {
            if let Definition::Label { span, .. } = symbol.definition
                && symbol.uses == 0
                && symbol.global.is_none()
            {
                let name = symbol.name.to_owned();
                let is_mnemonic = mnemonics.find(&name).is_some();
                warnings.push(Warning {
                    span,
                    kind: WarningKind::UnusedLabel { name, is_mnemonic },
                });
            }
        }
        self.shared_registers(file, &mut warnings);
        warnings
    }

    /// Two names for one register whose uses are mixed.
    fn shared_registers(&self, file: &File<'_>, warnings: &mut Vec<Warning>) {
        let intervals = (0..).zip(&self.intervals);
        let mut intervals: Vec<(u32, Interval)> = intervals
            .filter_map(|(definition, interval)| Some((definition, (*interval)?)))
            .collect();
        intervals.sort_by_key(|(_, interval)| (interval.register, interval.first));
        // Of the intervals so far, the one that reaches furthest.
        let mut reaching: Option<(u32, Interval)> = None;
        for (definition, interval) in intervals {
            if let Some((other, before)) = reaching
                && before.register == interval.register
            {
                let name = |definition: u32| {
                    let symbol = file.symbols.equs[definition as usize].symbol;
                    file.symbols.get(symbol).name
                };
                let overlap = interval.first <= before.last;
                let is_alias =
                    refers_to(file, definition, other) || refers_to(file, other, definition);
                if overlap && !is_alias && name(definition) != name(other) {
                    let kind = WarningKind::SharedRegister {
                        name: name(definition).to_owned(),
                        other: name(other).to_owned(),
                        register: interval.register,
                        first: before.first_span,
                    };
                    warnings.push(Warning {
                        span: interval.first_span,
                        kind,
                    });
                }
                if before.last >= interval.last {
                    continue;
                }
            }
            reaching = Some((definition, interval));
        }
    }
}

/// Whether a definition is nothing but the name of another: a second name on purpose.
fn refers_to(file: &File<'_>, definition: u32, other: u32) -> bool {
    let definition = &file.symbols.equs[definition as usize];
    let other = file.symbols.equs[other as usize].symbol;
    definition.expression.as_symbol(&file.nodes) == Some(other)
}
