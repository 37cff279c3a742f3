//! Punctuation that is missing, left over, or of another assembler.

use super::{LEXEMES_SEARCHED, PLACES_TRIED};
use crate::error::{AssemblyError, Edit, ErrorKind, Repair};
use crate::expression::Input;
use crate::forms::Mnemonic;
use crate::lexer::{Lexeme, Token};
use crate::parser::{File, is_doubtful_percent, operands};
use crate::statement::{Item, ItemKind, Span};

/// How many operands the commas outside of parentheses make.
pub(super) fn count_commas(lexemes: &[Lexeme]) -> usize {
    if lexemes.len() < 2 {
        return 0;
    }
    let mut depth = 0i64;
    let mut count = 1;
    for lexeme in lexemes {
        match lexeme.token {
            Token::OpenParenthesis => depth += 1,
            Token::CloseParenthesis => depth -= 1,
            Token::Comma if depth <= 0 => count += 1,
            _ => {}
        }
    }
    count
}

pub(super) fn ends_operand(token: Token) -> bool {
    matches!(
        token,
        Token::Number
            | Token::Identifier
            | Token::Character
            | Token::CloseParenthesis
            | Token::CloseBracket
            | Token::CloseBrace
    )
}

/// Tries commas between neighbours that could be two operands.
pub(super) fn missing_commas(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
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
        .filter(|&i| ends_operand(lexemes[i - 1].token) && begins(lexemes[i].token))
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

pub(super) fn fits_with_commas(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
    places: &[usize],
) -> bool {
    fits(file, mnemonic, &with_commas(lexemes, places))
}

pub(super) fn with_commas(lexemes: &[Lexeme], places: &[usize]) -> Vec<Lexeme> {
    let mut changed = Vec::with_capacity(lexemes.len() + places.len());
    for (i, &lexeme) in lexemes.iter().enumerate() {
        if places.contains(&i) {
            changed.push(inserted(lexemes, i, Token::Comma));
        }
        changed.push(lexeme);
    }
    changed
}

/// A token of no width before the one at `position`.
pub(super) fn inserted(lexemes: &[Lexeme], position: usize, token: Token) -> Lexeme {
    let end = lexemes[position - 1].end;
    Lexeme {
        token,
        start: end,
        end,
    }
}

/// Whether these tokens are a mnemonic and operands that fit a form of it.
pub(super) fn fits(file: &mut File<'_>, mnemonic: &Mnemonic, lexemes: &[Lexeme]) -> bool {
    if lexemes.len() > LEXEMES_SEARCHED + PLACES_TRIED {
        return false;
    }
    let nodes = file.nodes.len();
    let (shape, _) = read(file, mnemonic, lexemes);
    file.nodes.truncate(nodes);
    shape.is_some_and(|shape| mnemonic.candidates.iter().any(|c| c.shape == shape))
}

/// The shape of the operands, if they can be read, and the items up to where they can't.
fn read(file: &mut File<'_>, mnemonic: &Mnemonic, lexemes: &[Lexeme]) -> (Option<u128>, Vec<Item>) {
    let mut items = Vec::new();
    let mut input = Input {
        text: file.text,
        lexemes,
        position: 1,
        nodes: &mut file.nodes,
        symbols: &mut file.symbols,
        percent_begins_operand: mnemonic.has_adjacent_register,
    };
    let shape = operands(&mut input, mnemonic, &mut items).ok();
    (shape, items)
}

/// The items of the operands, with a comma wherever two of them stand side by side.
pub(super) fn read_separated(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Vec<Item> {
    let places: Vec<usize> = (2..lexemes.len())
        .filter(|&i| {
            ends_operand(lexemes[i - 1].token)
                && match lexemes[i].token {
                    Token::Number
                    | Token::Identifier
                    | Token::Character
                    | Token::Dollar
                    | Token::At => true,
                    Token::Percent => is_doubtful_percent(lexemes, i),
                    _ => false,
                }
        })
        .take(LEXEMES_SEARCHED)
        .collect();
    match read(file, mnemonic, &with_commas(lexemes, &places)) {
        (Some(_), items) => items,
        (None, _) => read(file, mnemonic, lexemes).1,
    }
}

/// A parenthesis without its partner.
pub(super) fn unbalanced(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
    let mut open = Vec::new();
    for (i, lexeme) in lexemes.iter().enumerate() {
        match lexeme.token {
            Token::OpenParenthesis => open.push(i),
            Token::CloseParenthesis if open.pop().is_none() => {
                return Some(unopened(file, mnemonic, lexemes, i));
            }
            _ => {}
        }
    }
    let &open = open.last()?;
    let with = |position: usize| {
        let mut changed = lexemes.to_vec();
        changed.insert(
            position,
            inserted(lexemes, position, Token::CloseParenthesis),
        );
        changed
    };
    // Most likely before a comma or at the end.
    let is_at_end = |i: &usize| {
        lexemes
            .get(*i)
            .is_none_or(|next| next.token == Token::Comma)
    };
    let (likely, unlikely): (Vec<_>, Vec<_>) = (open + 2..=lexemes.len()).partition(is_at_end);
    let mut places = likely.into_iter().chain(unlikely);
    let place = places.find(|&i| fits(file, mnemonic, &with(i)))?;
    let span = Span::of(inserted(lexemes, place, Token::CloseParenthesis));
    let found = match lexemes.get(place) {
        Some(next) => format!("`{}`", &file.text[next.range()]),
        None => "the end of the line".into(),
    };
    let open = Span::of(lexemes[open]);
    Some(AssemblyError::new(
        span,
        ErrorKind::MissingParenthesis { open, found },
    ))
}

pub(super) fn unopened(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
    close: usize,
) -> AssemblyError {
    let span = Span::of(lexemes[close]);
    // The parenthesis of `8%1)` belongs before the register.
    let place = (2..close)
        .rev()
        .filter(|&i| lexemes[i].token == Token::Percent && ends_operand(lexemes[i - 1].token))
        .find(|&i| {
            let mut changed = lexemes.to_vec();
            changed.insert(i, inserted(lexemes, i, Token::OpenParenthesis));
            fits(file, mnemonic, &changed)
        });
    let mut without = lexemes.to_vec();
    without.remove(close);
    let repair = match place {
        Some(i) => {
            let place = Span::of(inserted(lexemes, i, Token::OpenParenthesis));
            Some(Repair::new("open it", place, "("))
        }
        None => fits(file, mnemonic, &without).then(|| Repair::new("remove it", span, "")),
    };
    AssemblyError::new(span, ErrorKind::UnopenedParenthesis { repair })
}

/// A comma with nothing before or behind it.
pub(super) fn missing_operand(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
    items: &[Item],
) -> Option<AssemblyError> {
    let is_comma =
        |item: Option<&Item>| item.is_none_or(|item| item.kind == ItemKind::Punctuation(','));
    let comma = (0..items.len()).find(|&i| {
        items[i].kind == ItemKind::Punctuation(',')
            && (is_comma(items.get(i + 1)) || is_comma(i.checked_sub(1).and_then(|j| items.get(j))))
    })?;
    let before = comma == 0;
    let (span, found) = match (before, items.get(comma + 1)) {
        (true, _) => (items[0].span, "`,`".to_owned()),
        (false, Some(next)) => (next.span, format!("`{}`", &file.text[next.span.range()])),
        (false, None) => {
            let end = items[comma].span.end;
            (Span { start: end, end }, "the end of the line".to_owned())
        }
    };
    let comma = items[comma].span;
    let without: Vec<Lexeme> = lexemes
        .iter()
        .copied()
        .filter(|lexeme| lexeme.start != comma.start)
        .collect();
    let repair = fits(file, mnemonic, &without).then(|| Repair::new("remove the comma", comma, ""));
    Some(AssemblyError::new(
        span,
        ErrorKind::Unexpected {
            expected: "an operand",
            found,
            repair,
        },
    ))
}

/// A mark that no form of the mnemonic has, like the brackets of `[%1]`.
pub(super) fn foreign_mark(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
    let mark_of = |lexeme: &Lexeme| match lexeme.token {
        Token::Colon => Some((':', None)),
        Token::OpenBracket => Some(('[', Some(Token::OpenParenthesis))),
        Token::CloseBracket => Some((']', Some(Token::CloseParenthesis))),
        Token::OpenBrace => Some(('{', Some(Token::OpenParenthesis))),
        Token::CloseBrace => Some(('}', Some(Token::CloseParenthesis))),
        _ => None,
    };
    let is_foreign = |(mark, _): &(char, Option<Token>)| {
        !mnemonic.candidates.iter().any(|c| c.text.contains(*mark))
    };
    let place = lexemes
        .iter()
        .position(|lexeme| mark_of(lexeme).is_some_and(|mark| is_foreign(&mark)))?;
    let found = format!("`{}`", &file.text[lexemes[place].range()]);
    let mut changed = Vec::with_capacity(lexemes.len());
    let mut edits = Vec::new();
    for &lexeme in lexemes {
        let Some((_, instead)) = mark_of(&lexeme).filter(is_foreign) else {
            changed.push(lexeme);
            continue;
        };
        changed.extend(instead.map(|token| Lexeme { token, ..lexeme }));
        let text = match instead {
            Some(Token::OpenParenthesis) => "(",
            Some(_) => ")",
            None => "",
        };
        edits.push(Edit {
            span: Span::of(lexeme),
            text: text.to_owned(),
        });
    }
    let words = if edits.iter().any(|edit| edit.text.is_empty()) {
        "remove it"
    } else {
        "memory is written with parentheses"
    };
    let repair = fits(file, mnemonic, &changed).then(|| Repair {
        text: words.to_owned(),
        edits,
    });
    let expected = if place == 1 {
        "an operand"
    } else {
        "`,` or the end of the line"
    };
    Some(AssemblyError::new(
        Span::of(lexemes[place]),
        ErrorKind::Unexpected {
            expected,
            found,
            repair,
        },
    ))
}
