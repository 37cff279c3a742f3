//! Operands compared with the forms of their mnemonic, piece by piece.

use crate::error::{AssemblyError, Edit, ErrorKind};
use crate::forms::{Candidate, Mark, Mnemonic, Mnemonics, marks_of_shape};
use crate::parser::File;
use crate::statement::{Item, ItemKind, Span};
use crate::symbols::Definition;

/// A piece of the operands, for comparison with forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// `None` for an expression.
    pub(super) mark: Option<char>,
    pub(super) span: Span,
    pub(super) item: Option<Item>,
}

/// The parts of the operands; an expression in parentheses shows its parentheses.
pub(super) fn parts_of(items: &[Item], text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut previous = None;
    for &item in items {
        match item.kind {
            ItemKind::Punctuation(mark) => {
                parts.push(Part {
                    mark: Some(mark),
                    span: item.span,
                    item: None,
                });
            }
            ItemKind::Expression(_) => {
                let inner = Part {
                    mark: None,
                    span: item.span,
                    item: Some(item),
                };
                if text[item.span.range()].starts_with('(') && previous != Some('%') {
                    let Span { start, end } = item.span;
                    let open = Span {
                        start,
                        end: start + 1,
                    };
                    let close = Span {
                        start: end - 1,
                        end,
                    };
                    parts.push(Part {
                        mark: Some('('),
                        span: open,
                        item: None,
                    });
                    parts.push(Part {
                        span: Span {
                            start: start + 1,
                            end: end - 1,
                        },
                        ..inner
                    });
                    parts.push(Part {
                        mark: Some(')'),
                        span: close,
                        item: None,
                    });
                } else {
                    parts.push(inner);
                }
            }
        }
        previous = match item.kind {
            ItemKind::Punctuation(mark) => Some(mark),
            ItemKind::Expression(_) => None,
        };
    }
    parts
}

/// The marks of a form; `None` is an expression.
pub(super) fn marks_of(candidate: &Candidate) -> Vec<Option<char>> {
    let marks = marks_of_shape(candidate.shape).into_iter();
    marks.map(|mark| mark.map(Mark::character)).collect()
}

/// The operands: what stands between commas outside of brackets.
pub(super) fn split(parts: &[Part]) -> Vec<&[Part]> {
    split_by(parts, |part| part.mark)
}

pub(super) fn split_by<T>(parts: &[T], mark: impl Fn(&T) -> Option<char>) -> Vec<&[T]> {
    if parts.is_empty() {
        return Vec::new();
    }
    let mut depth = 0i32;
    parts
        .split(|part| {
            match mark(part) {
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth -= 1,
                Some(',') if depth <= 0 => return true,
                _ => {}
            }
            false
        })
        .collect()
}

pub(super) fn span_of(operand: &[Part]) -> Span {
    Span {
        start: operand[0].span.start,
        end: operand[operand.len() - 1].span.end,
    }
}

/// The forms of a mnemonic; those that differ in a number only are one line.
pub(super) fn write_forms(mnemonic: &Mnemonic) -> Vec<String> {
    let texts = merged(mnemonic.candidates.iter().map(|c| (c.text.as_str(), c)));
    let line = |text: &String| {
        format!("    {} {text}", mnemonic.name)
            .trim_end()
            .to_owned()
    };
    texts.iter().map(line).collect()
}

/// The texts, each once; `(%x, %y, 2)` and `(%x, %y, 4)` are `(%x, %y, 2|4)`.
pub(super) fn merged<'a>(texts: impl Iterator<Item = (&'a str, &'a Candidate)>) -> Vec<String> {
    let mut found: Vec<(String, Vec<String>, String)> = Vec::new();
    for (text, candidate) in texts {
        let number = match candidate.numbers[..] {
            [(_, number)] => number.to_string(),
            _ => String::new(),
        };
        let (head, tail) = match text.rfind(&format!(", {number})")) {
            Some(at) if !number.is_empty() => (&text[..at + 2], &text[at + 2 + number.len()..]),
            _ => (text, ""),
        };
        let number = if tail.is_empty() {
            String::new()
        } else {
            number
        };
        match found.iter_mut().find(|f| f.0 == head && f.2 == tail) {
            Some(entry) if !entry.1.contains(&number) => entry.1.push(number),
            Some(_) => {}
            None => found.push((head.to_owned(), vec![number], tail.to_owned())),
        }
    }
    found
        .into_iter()
        .map(|(head, numbers, tail)| head + &numbers.join("|") + &tail)
        .collect()
}

/// The operands of a form as it is written.
pub(super) fn slots_of(candidate: &Candidate) -> Vec<&str> {
    let mut depth = 0i32;
    let text = candidate.text.as_str();
    if text.is_empty() {
        return Vec::new();
    }
    text.split(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return true,
            _ => {}
        }
        false
    })
    .map(str::trim)
    .collect()
}

/// Instructions with a name much like this one which take these operands: `movzbq` for `movb`.
pub(super) fn other_mnemonics(
    mnemonics: &Mnemonics,
    mnemonic: &Mnemonic,
    parts: &[Part],
) -> Vec<String> {
    let own: Vec<Option<char>> = parts.iter().map(|p| p.mark).collect();
    if own.len() < 3 {
        return Vec::new();
    }
    let is_within = |short: &str, long: &str| {
        let mut letters = long.chars();
        short.len() > 2 && short.chars().all(|c| letters.any(|other| other == c))
    };
    mnemonics
        .list
        .iter()
        .filter(|other| {
            other.name != mnemonic.name
                && (is_within(&other.name, &mnemonic.name)
                    || is_within(&mnemonic.name, &other.name))
                && other.candidates.iter().any(|c| marks_of(c) == own)
        })
        .map(|other| other.name.clone())
        .collect()
}

/// Operands that would fit a form if some had a `%`; and whether the names say so, too.
pub(super) fn missing_percent(
    file: &File<'_>,
    mnemonic: &Mnemonic,
    parts: &[Part],
) -> Option<(AssemblyError, bool)> {
    let bare = |marks: &[Option<char>]| -> Vec<Option<char>> {
        marks
            .iter()
            .copied()
            .filter(|mark| *mark != Some('%'))
            .collect()
    };
    let own: Vec<Option<char>> = parts.iter().map(|p| p.mark).collect();
    let mut best: Option<Vec<Part>> = None;
    for candidate in &mnemonic.candidates {
        let marks = marks_of(candidate);
        if bare(&marks) != bare(&own) {
            continue;
        }
        let mut lacking = Vec::new();
        let mut i = 0;
        let mut fits = true;
        for part in parts {
            let wants = marks.get(i) == Some(&Some('%'));
            match part.mark {
                Some('%') if wants => i += 1,
                Some('%') => fits = false,
                mark => {
                    if wants {
                        lacking.push(*part);
                        i += 1;
                    }
                    fits &= marks.get(i) == Some(&mark);
                    i += 1;
                }
            }
        }
        let is_better = best
            .as_ref()
            .is_none_or(|other| lacking.len() < other.len());
        if fits && !lacking.is_empty() && is_better {
            best = Some(lacking);
        }
    }
    let lacking = best?;
    // A character is no register, and the address of a label is none either.
    if lacking.iter().any(|part| is_no_register(file, part)) {
        return None;
    }
    let named = lacking.iter().all(|part| is_name_of_register(file, part));
    let edits = lacking
        .iter()
        .map(|part| Edit {
            span: Span {
                start: part.span.start,
                end: part.span.start,
            },
            text: "%".into(),
        })
        .collect();
    let kind = ErrorKind::MissingPercent { edits };
    Some((AssemblyError::new(lacking[0].span, kind), named))
}

/// Whether the expression can't have been meant as the number of a register.
pub(super) fn is_no_register(file: &File<'_>, part: &Part) -> bool {
    let is_label = match part.item {
        Some(Item {
            kind: ItemKind::Expression(expression),
            ..
        }) => expression
            .as_symbol(&file.nodes)
            .is_some_and(|id| matches!(file.symbols.get(id).definition, Definition::Label { .. })),
        _ => false,
    };
    is_label || file.text[part.span.range()].starts_with('\'')
}

/// Whether the expression is a name that `.equ` defines, or nothing does yet.
pub(super) fn is_name_of_register(file: &File<'_>, part: &Part) -> bool {
    let Some(Item {
        kind: ItemKind::Expression(expression),
        ..
    }) = part.item
    else {
        return false;
    };
    expression
        .as_symbol(&file.nodes)
        .is_some_and(|id| !matches!(file.symbols.get(id).definition, Definition::Label { .. }))
}

/// Operands that would fit a form in another order.
pub(super) fn wrong_order(
    file: &File<'_>,
    mnemonic: &Mnemonic,
    operands: &[&[Part]],
) -> Option<AssemblyError> {
    let own: Vec<Vec<Option<char>>> = operands
        .iter()
        .map(|o| o.iter().map(|p| p.mark).collect())
        .collect();
    mnemonic.candidates.iter().find_map(|candidate| {
        let marks = marks_of(candidate);
        let slots = split_by(&marks, |mark| *mark);
        if slots.len() != operands.len() {
            return None;
        }
        let mut free: Vec<usize> = (0..operands.len()).collect();
        let mut order = Vec::new();
        for slot in slots {
            let found = free.iter().position(|&i| own[i] == slot)?;
            order.push(free.remove(found));
        }
        if order.is_sorted() {
            // It is not the order then.
            return None;
        }
        let texts: Vec<&str> = order
            .iter()
            .map(|&i| &file.text[span_of(operands[i]).range()])
            .collect();
        let span = Span {
            start: span_of(operands[0]).start,
            end: span_of(operands[operands.len() - 1]).end,
        };
        let kind = ErrorKind::WrongOrder {
            mnemonic: mnemonic.name.clone(),
            form: format!("{} {}", mnemonic.name, candidate.text),
            instruction: candidate.form.instruction,
            effect: None,
            corrected: Edit {
                span,
                text: texts.join(", "),
            },
        };
        Some(AssemblyError::new(span, kind))
    })
}
