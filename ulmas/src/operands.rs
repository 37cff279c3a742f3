//! Why the operands of an instruction fit no form.
//!
//! Only lines in error come here, so nothing needs to be fast; but nothing may explode either:
//! the number of trials is bounded.

use crate::error::{AssemblyError, Edit, ErrorKind, any_of};
use crate::expression::Input;
use crate::forms::{Candidate, Mnemonic};
use crate::lexer::{Lexeme, Token};
use crate::parser::{File, operands};
use crate::statement::{Item, ItemKind, Run, Span};
use crate::symbols::Definition;

/// A line with more tokens is not searched for missing commas.
const LEXEMES_SEARCHED: usize = 40;
/// At most this many places for a comma are tried, in all combinations.
const PLACES_TRIED: usize = 6;

/// A missing comma, if that explains a line which can't be read.
pub(crate) fn or_missing_comma(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
    missing_commas(file, mnemonic, lexemes)
}

/// What is wrong with operands that could be read but fit no form.
pub(crate) fn diagnose(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
    items: Run,
) -> AssemblyError {
    if let Some(error) = missing_commas(file, mnemonic, lexemes) {
        return error;
    }
    let items: Vec<Item> = file.items[items.range()].to_vec();
    if let Some(error) = missing_operand(&items, file.text) {
        return error;
    }
    let parts = parts_of(&items, file.text);
    let operands = split(&parts);
    let percent = missing_percent(file, mnemonic, &parts);
    let order = wrong_order(file, mnemonic, &operands);
    match (percent, order) {
        (Some((error, true)), _) | (Some((error, false)), None) => return error,
        (_, Some(error)) => return error,
        (None, None) => {}
    }
    count_or_form(mnemonic, lexemes, &operands)
}

/// Tries commas between neighbours that could be two operands.
fn missing_commas(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
    if lexemes.len() > LEXEMES_SEARCHED {
        return None;
    }
    let ends = |token| {
        matches!(
            token,
            Token::Number
                | Token::Identifier
                | Token::Character
                | Token::CloseParenthesis
                | Token::CloseBracket
                | Token::CloseBrace
        )
    };
    let begins = |token| {
        matches!(
            token,
            Token::Number
                | Token::Identifier
                | Token::Character
                | Token::Percent
                | Token::Dollar
                | Token::At
                | Token::Minus
                | Token::OpenParenthesis
                | Token::OpenBracket
        )
    };
    let places: Vec<usize> = (2..lexemes.len())
        .filter(|&i| ends(lexemes[i - 1].token) && begins(lexemes[i].token))
        .take(PLACES_TRIED)
        .collect();
    let mut choices: Vec<u32> = (1..1u32 << places.len()).collect();
    choices.sort_by_key(|choice| choice.count_ones());
    choices.into_iter().find_map(|choice| {
        let chosen: Vec<usize> = places
            .iter()
            .enumerate()
            .filter(|(bit, _)| choice >> bit & 1 != 0)
            .map(|(_, &place)| place)
            .collect();
        fits_with_commas(file, mnemonic, lexemes, &chosen).then(|| {
            let edit = |&place: &usize| {
                let end = lexemes[place - 1].end;
                Edit {
                    span: Span { start: end, end },
                    text: ",".into(),
                }
            };
            let edits: Vec<Edit> = chosen.iter().map(edit).collect();
            AssemblyError::new(edits[0].span, ErrorKind::MissingComma { edits })
        })
    })
}

fn fits_with_commas(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
    places: &[usize],
) -> bool {
    let mut changed = Vec::with_capacity(lexemes.len() + places.len());
    for (i, &lexeme) in lexemes.iter().enumerate() {
        if places.contains(&i) {
            let end = lexemes[i - 1].end;
            changed.push(Lexeme {
                token: Token::Comma,
                start: end,
                end,
            });
        }
        changed.push(lexeme);
    }
    let (nodes, items) = (file.nodes.len(), file.items.len());
    let mut input = Input {
        text: file.text,
        lexemes: &changed,
        position: 1,
        nodes: &mut file.nodes,
        symbols: &mut file.symbols,
    };
    let shape = operands(&mut input, mnemonic, &mut file.items);
    file.nodes.truncate(nodes);
    file.items.truncate(items);
    shape.is_ok_and(|shape| mnemonic.candidates.iter().any(|c| c.shape == shape))
}

/// A comma with nothing before or behind it.
fn missing_operand(items: &[Item], text: &str) -> Option<AssemblyError> {
    let is_comma =
        |item: Option<&Item>| item.is_none_or(|item| item.kind == ItemKind::Punctuation(','));
    let comma = (0..items.len()).find(|&i| {
        items[i].kind == ItemKind::Punctuation(',')
            && (is_comma(items.get(i + 1)) || is_comma(i.checked_sub(1).and_then(|j| items.get(j))))
    })?;
    let before = comma == 0;
    let (span, found) = match (before, items.get(comma + 1)) {
        (true, _) => (items[0].span, "`,`".to_owned()),
        (false, Some(next)) => (next.span, format!("`{}`", &text[next.span.range()])),
        (false, None) => {
            let end = items[comma].span.end;
            (Span { start: end, end }, "the end of the line".to_owned())
        }
    };
    Some(AssemblyError::new(
        span,
        ErrorKind::Unexpected {
            expected: "an operand",
            found,
        },
    ))
}

/// A piece of the operands, for comparison with forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// `None` for an expression.
    mark: Option<char>,
    span: Span,
    item: Option<Item>,
}

/// The parts of the operands; an expression in parentheses shows its parentheses.
fn parts_of(items: &[Item], text: &str) -> Vec<Part> {
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
fn marks_of(candidate: &Candidate) -> Vec<Option<char>> {
    const MARKS: [char; 11] = ['%', ',', '(', ')', '[', ']', '{', '}', '$', '@', ':'];
    let mut marks = Vec::new();
    let mut shape = candidate.shape;
    while shape > 1 {
        let code = (shape & 15) as usize;
        marks.push(MARKS.get(code.wrapping_sub(1)).copied());
        shape >>= 4;
    }
    marks.reverse();
    marks
}

/// The operands: what stands between commas outside of brackets.
fn split(parts: &[Part]) -> Vec<&[Part]> {
    split_by(parts, |part| part.mark)
}

fn split_by<T>(parts: &[T], mark: impl Fn(&T) -> Option<char>) -> Vec<&[T]> {
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

fn span_of(operand: &[Part]) -> Span {
    Span {
        start: operand[0].span.start,
        end: operand[operand.len() - 1].span.end,
    }
}

fn write_forms(mnemonic: &Mnemonic) -> Vec<String> {
    let mut forms: Vec<String> = Vec::new();
    for candidate in &mnemonic.candidates {
        let text = format!("    {} {}", mnemonic.name, candidate.text);
        let text = text.trim_end().to_owned();
        if !forms.contains(&text) {
            forms.push(text);
        }
    }
    forms
}

/// Operands that would fit a form if some had a `%`; and whether the names say so, too.
fn missing_percent(
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
    let kind = ErrorKind::MissingPercent {
        mnemonic: mnemonic.name.clone(),
        edits,
        forms: write_forms(mnemonic),
    };
    Some((AssemblyError::new(lacking[0].span, kind), named))
}

/// Whether the expression is a name that `.equ` defines, or nothing does yet.
fn is_name_of_register(file: &File<'_>, part: &Part) -> bool {
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
fn wrong_order(
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
            forms: write_forms(mnemonic),
            corrected: Edit {
                span,
                text: texts.join(", "),
            },
        };
        Some(AssemblyError::new(span, kind))
    })
}

/// Too few operands, too many, or the wrong ones.
fn count_or_form(mnemonic: &Mnemonic, lexemes: &[Lexeme], operands: &[&[Part]]) -> AssemblyError {
    let mut counts: Vec<usize> = mnemonic
        .candidates
        .iter()
        .map(|candidate| split_by(&marks_of(candidate), |mark| *mark).len())
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let found = operands.len();
    let whole = match operands {
        [] => Span::of(lexemes[0]),
        [first, .., last] => Span {
            start: span_of(first).start,
            end: span_of(last).end,
        },
        [only] => span_of(only),
    };
    let forms = write_forms(mnemonic);
    let name = mnemonic.name.clone();
    if counts.contains(&found) {
        return AssemblyError::new(
            whole,
            ErrorKind::NoSuchForm {
                mnemonic: name,
                forms,
            },
        );
    }
    let most = counts.last().copied().unwrap_or(0);
    let span = if found > most && most > 0 {
        // The ones too many.
        Span {
            start: span_of(operands[most]).start,
            end: whole.end,
        }
    } else {
        whole
    };
    let expected = match counts[..] {
        [0] => "no operand".to_owned(),
        [1] => "1 operand".to_owned(),
        _ => {
            let words: Vec<String> = counts.iter().map(usize::to_string).collect();
            format!("{} operands", any_of(&words))
        }
    };
    AssemblyError::new(
        span,
        ErrorKind::OperandCount {
            mnemonic: name,
            expected,
            found,
            forms,
        },
    )
}
