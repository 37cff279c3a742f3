//! Why the operands of an instruction fit no form.
//!
//! Only lines in error come here, so nothing needs to be fast; but nothing may explode either:
//! the number of trials is bounded.

use crate::error::{AssemblyError, Edit, ErrorKind, Repair, UnknownHelp, any_of};
use crate::expression::Input;
use crate::forms::{Candidate, Mnemonic, Mnemonics};
use crate::lexer::{Lexeme, Token};
use crate::parser::{File, is_doubtful_percent, operands};
use crate::statement::{Item, ItemKind, Span};
use crate::symbols::Definition;

/// A line with more tokens is not searched for repairs.
const LEXEMES_SEARCHED: usize = 40;
/// At most this many places for a comma are tried, in all combinations.
const PLACES_TRIED: usize = 6;
/// More forms are listed only where there is nothing better to say.
const LISTED_FORMS: usize = 4;
/// In a file with more errors, further ones come without suggestions: nobody reads them, and they
/// take time.
const ERRORS_WITH_SUGGESTIONS: usize = 1000;

/// A missing comma or parenthesis, if that explains a line which can't be read.
pub(crate) fn or_missing_mark(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
    if lexemes.len() > LEXEMES_SEARCHED || file.errors.len() > ERRORS_WITH_SUGGESTIONS {
        return None;
    }
    missing_commas(file, mnemonic, lexemes).or_else(|| unbalanced(file, mnemonic, lexemes))
}

/// What is wrong with operands that could be read but fit no form.
pub(crate) fn diagnose(
    file: &mut File<'_>,
    mnemonics: &Mnemonics,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> AssemblyError {
    if let Some(error) = or_missing_mark(file, mnemonic, lexemes) {
        return error;
    }
    let items = read_separated(file, mnemonic, lexemes);
    if let Some(error) = missing_operand(file, mnemonic, lexemes, &items) {
        return error;
    }
    if let Some(error) = foreign_mark(file, mnemonic, lexemes) {
        return error;
    }
    let parts = parts_of(&items, file.text);
    let operands = split(&parts);
    let percent = missing_percent(file, mnemonic, &parts);
    let is_brief = file.errors.len() > ERRORS_WITH_SUGGESTIONS;
    let others = if is_brief {
        Vec::new()
    } else {
        other_mnemonics(mnemonics, mnemonic, &parts)
    };
    let order = others
        .is_empty()
        .then(|| wrong_order(file, mnemonic, &operands))
        .flatten();
    match (percent, order) {
        (Some((error, true)), _) | (Some((error, false)), None) => return error,
        (_, Some(error)) => return error,
        (None, None) => {}
    }
    let names_no_register = parts.last().is_some_and(|part| {
        let Some(Item {
            kind: ItemKind::Expression(expression),
            ..
        }) = part.item
        else {
            return false;
        };
        let is_constant = |id| matches!(file.symbols.get(id).definition, Definition::Equ(_));
        expression
            .as_symbol(&file.nodes)
            .is_some_and(|id| !is_constant(id))
    });
    let found = Found {
        names_no_register,
        text: file.text,
        mnemonics,
        mnemonic,
        lexemes,
        operands,
        forms: if is_brief {
            Vec::new()
        } else {
            write_forms(mnemonic)
        },
    };
    found.count_or_form(others)
}

/// An instruction that the machine doesn't have.
///
/// `indentation` is put before a repaired word.
pub(crate) fn unknown_mnemonic(
    file: &mut File<'_>,
    mnemonics: &Mnemonics,
    lexemes: &[Lexeme],
    indentation: &str,
) -> ErrorKind {
    let name = &file.text[lexemes[0].range()];
    let span = Span::of(lexemes[0]);
    let words = |words: &str| ErrorKind::UnknownMnemonic {
        name: name.to_owned(),
        help: UnknownHelp::Words(words.to_owned()),
    };
    if file.errors.len() > ERRORS_WITH_SUGGESTIONS {
        return words(MANUAL);
    }
    let near: Vec<&Mnemonic> = (mnemonics.list.iter())
        .filter(|m| diagnostics::nearest(name, [m.name.as_str()]).is_some())
        .collect();
    let names = |list: &[&Mnemonic]| -> Option<String> {
        let names: Vec<&str> = list.iter().map(|m| m.name.as_str()).collect();
        diagnostics::nearest(name, names).map(str::to_owned)
    };
    let fitting: Vec<&Mnemonic> = (near.iter().copied())
        .filter(|m| m.name.eq_ignore_ascii_case(name) || fits(file, m, lexemes))
        .collect();
    let idiom = idiom(name, mnemonics);
    // `mov` may well be `movq`, but `xorq` is not `orq`.
    if let Some(words_for_it) = idiom.filter(|_| !name.starts_with("mov")) {
        return words(words_for_it);
    }
    if let Some(other) = names(&fitting) {
        let text = format!("did you mean `{other}`?");
        return ErrorKind::UnknownMnemonic {
            name: name.to_owned(),
            help: UnknownHelp::Repair(Repair::new(text, span, format!("{indentation}{other}"))),
        };
    }
    if let Some(idiom) = idiom {
        return words(idiom);
    }
    let count = count_commas(lexemes);
    let like: Vec<&Mnemonic> = (near.iter().copied())
        .filter(|m| m.candidates.iter().any(|c| slots_of(c).len() == count))
        .collect();
    if let Some(other) = names(&like).or_else(|| names(&near)) {
        return words(&format!("did you mean `{other}`?"));
    }
    match lexemes.get(1).map(|lexeme| lexeme.token) {
        None | Some(Token::Identifier) => words(&format!(
            "a label begins in column 1: is `{name}` one? {MANUAL}"
        )),
        _ => words(MANUAL),
    }
}

const MANUAL: &str = "`ulm isa manual` lists all instructions";

/// What instructions of other machines are on one with the usual instructions of the course.
fn idiom(name: &str, mnemonics: &Mnemonics) -> Option<&'static str> {
    for needed in ["addq", "subq", "ldzwq", "movq", "jmp", "putc"] {
        mnemonics.find(needed)?;
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "call" | "callq" | "jal" | "jsr" | "bl" => {
            "a call is `jmp %CALL, %RET`, with the address in the first register; \
             the second one gets the address to return to"
        }
        "ret" | "retq" | "return" | "rts" => "a return is `jmp %RET, %0`",
        "cmp" | "cmpq" | "cmpl" | "test" | "testq" => {
            "a comparison is a subtraction that drops its result, like `subq 5, %1, %0`"
        }
        "push" | "pushq" => "on a stack: `subq 8, %SP, %SP`, then `movq %1, (%SP)`",
        "pop" | "popq" => "from a stack: `movq (%SP), %1`, then `addq 8, %SP, %SP`",
        "mov" | "move" | "mv" | "ld" | "load" | "li" | "st" | "store" => {
            "`ldzwq` loads a number, `movq` moves between a register and memory, \
             `addq 0, %1, %2` copies a register"
        }
        "lea" | "leaq" | "la" => "`ldzwq` loads an address",
        "inc" | "incq" => "`addq 1, %1, %1` adds 1",
        "dec" | "decq" => "`subq 1, %1, %1` subtracts 1",
        "xor" | "xorq" => "there is no exclusive or; `orq`, `andq` and `notq` make it",
        "print" | "puts" | "printf" | "write" => "`putc` writes one character",
        "read" | "input" | "scanf" | "gets" => "`getc` reads one character",
        "exit" | "quit" | "stop" | "end" | "hlt" => "`halt 0` ends the program",
        _ => return None,
    })
}

/// How many operands the commas outside of parentheses make.
fn count_commas(lexemes: &[Lexeme]) -> usize {
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

fn ends_operand(token: Token) -> bool {
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
fn missing_commas(
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

fn fits_with_commas(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
    places: &[usize],
) -> bool {
    fits(file, mnemonic, &with_commas(lexemes, places))
}

fn with_commas(lexemes: &[Lexeme], places: &[usize]) -> Vec<Lexeme> {
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
fn inserted(lexemes: &[Lexeme], position: usize, token: Token) -> Lexeme {
    let end = lexemes[position - 1].end;
    Lexeme {
        token,
        start: end,
        end,
    }
}

/// Whether these tokens are a mnemonic and operands that fit a form of it.
fn fits(file: &mut File<'_>, mnemonic: &Mnemonic, lexemes: &[Lexeme]) -> bool {
    if lexemes.len() > LEXEMES_SEARCHED + PLACES_TRIED {
        return false;
    }
    let (nodes, items) = (file.nodes.len(), file.items.len());
    let shape = read(file, mnemonic, lexemes);
    file.nodes.truncate(nodes);
    file.items.truncate(items);
    shape.is_some_and(|shape| mnemonic.candidates.iter().any(|c| c.shape == shape))
}

fn read(file: &mut File<'_>, mnemonic: &Mnemonic, lexemes: &[Lexeme]) -> Option<u128> {
    let mut input = Input {
        text: file.text,
        lexemes,
        position: 1,
        nodes: &mut file.nodes,
        symbols: &mut file.symbols,
        percent_begins_operand: mnemonic.has_adjacent_register,
    };
    operands(&mut input, mnemonic, &mut file.items).ok()
}

/// The items of the operands, with a comma wherever two of them stand side by side.
fn read_separated(file: &mut File<'_>, mnemonic: &Mnemonic, lexemes: &[Lexeme]) -> Vec<Item> {
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
    let start = file.items.len();
    if read(file, mnemonic, &with_commas(lexemes, &places)).is_none() {
        file.items.truncate(start);
        read(file, mnemonic, lexemes);
    }
    file.items.split_off(start)
}

/// A parenthesis without its partner.
fn unbalanced(
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

fn unopened(
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
fn missing_operand(
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
fn foreign_mark(
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

/// The forms of a mnemonic; those that differ in a number only are one line.
fn write_forms(mnemonic: &Mnemonic) -> Vec<String> {
    let texts = merged(mnemonic.candidates.iter().map(|c| (c.text.as_str(), c)));
    let line = |text: &String| {
        format!("    {} {text}", mnemonic.name)
            .trim_end()
            .to_owned()
    };
    texts.iter().map(line).collect()
}

/// The texts, each once; `(%x, %y, 2)` and `(%x, %y, 4)` are `(%x, %y, 2|4)`.
fn merged<'a>(texts: impl Iterator<Item = (&'a str, &'a Candidate)>) -> Vec<String> {
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
fn slots_of(candidate: &Candidate) -> Vec<&str> {
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
fn other_mnemonics(mnemonics: &Mnemonics, mnemonic: &Mnemonic, parts: &[Part]) -> Vec<String> {
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
fn is_no_register(file: &File<'_>, part: &Part) -> bool {
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

/// Operands that fit no form, with what is needed to say why.
struct Found<'a> {
    text: &'a str,
    mnemonics: &'a Mnemonics,
    mnemonic: &'a Mnemonic,
    lexemes: &'a [Lexeme],
    operands: Vec<&'a [Part]>,
    forms: Vec<String>,
    /// The last operand is the name of something, but no `.equ` above defines it.
    names_no_register: bool,
}

impl Found<'_> {
    /// Too few operands, too many, or the wrong ones.
    fn count_or_form(&self, others: Vec<String>) -> AssemblyError {
        let Self {
            mnemonic, operands, ..
        } = self;
        let mut counts: Vec<usize> = mnemonic
            .candidates
            .iter()
            .map(|candidate| split_by(&marks_of(candidate), |mark| *mark).len())
            .collect();
        counts.sort_unstable();
        counts.dedup();
        let found = operands.len();
        let whole = self.whole();
        let forms = self.forms.clone();
        let name = mnemonic.name.clone();
        if counts.contains(&found) {
            let misfit = self.misfit();
            let repair = others.is_empty().then(|| self.other_form()).flatten();
            // A long list is for those whom nothing else tells more.
            let is_told = misfit.is_some() || repair.is_some();
            let forms = if is_told && forms.len() > LISTED_FORMS {
                Vec::new()
            } else {
                forms
            };
            return AssemblyError::new(
                misfit.as_ref().map_or(whole, |(span, _)| *span),
                ErrorKind::NoSuchForm {
                    mnemonic: name,
                    forms,
                    expected: misfit.map(|(_, expected)| expected),
                    repair,
                    others,
                },
            );
        }
        let most = counts.last().copied().unwrap_or(0);
        let span = if found > most {
            // The ones too many.
            Span {
                start: span_of(operands[most]).start,
                end: whole.end,
            }
        } else {
            whole
        };
        let expected = match counts[..] {
            [0] => "no operands".to_owned(),
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
                repair: self.completed(),
            },
        )
    }

    fn whole(&self) -> Span {
        match self.operands[..] {
            [] => Span::of(self.lexemes[0]),
            [first, .., last] => Span {
                start: span_of(first).start,
                end: span_of(last).end,
            },
            [only] => span_of(only),
        }
    }

    fn marks(&self) -> Vec<Vec<Option<char>>> {
        let marks = |operand: &&[Part]| operand.iter().map(|p| p.mark).collect();
        self.operands.iter().map(marks).collect()
    }

    /// Whether some form of `name` has operands with these marks.
    fn has_form(&self, name: &str, operands: &[&[Option<char>]]) -> bool {
        let Some(number) = self.mnemonics.find(name) else {
            return false;
        };
        let candidates = &self.mnemonics.get(number).candidates;
        candidates
            .iter()
            .any(|c| split_by(&marks_of(c), |mark| *mark) == operands)
    }

    /// The only operand that does not fit, and what it must be.
    fn misfit(&self) -> Option<(Span, String)> {
        let own = self.marks();
        let mut position = None;
        let mut expected: Vec<(&str, &Candidate)> = Vec::new();
        for candidate in &self.mnemonic.candidates {
            let marks = marks_of(candidate);
            let slots = split_by(&marks, |mark| *mark);
            if slots.len() != own.len() {
                continue;
            }
            let wrong: Vec<usize> = (0..own.len()).filter(|&i| own[i] != slots[i]).collect();
            let [only] = wrong[..] else { continue };
            if *position.get_or_insert(only) != only {
                // It may be one or the other.
                return None;
            }
            let text = match slots[only] {
                [Some('%'), None] => "a register",
                [None] => "a number or a label",
                _ => slots_of(candidate).get(only).copied().unwrap_or_default(),
            };
            expected.push((text, candidate));
        }
        let texts: Vec<String> = merged(expected.into_iter())
            .into_iter()
            .map(|text| {
                if text.starts_with("a ") {
                    text
                } else {
                    format!("`{text}`")
                }
            })
            .collect();
        Some((span_of(self.operands[position?]), any_of(&texts)))
    }

    /// What was probably meant by too few operands.
    fn completed(&self) -> Option<Repair> {
        let register: &[Option<char>] = &[Some('%'), None];
        let name = self.mnemonic.name.as_str();
        let own = self.marks();
        let own: Vec<&[Option<char>]> = own.iter().map(Vec::as_slice).collect();
        let whole = self.whole();
        let behind = Span {
            start: whole.end,
            ..whole
        };
        match own[..] {
            [] if self.immediate_with_hash().is_some() => {
                let hash = self.immediate_with_hash()?;
                Some(Repair::new("`#` begins a comment", hash, ""))
            }
            [] if name == "halt" && self.has_form(name, &[&[None]]) => {
                let text = "0 is the exit status of a program that went well";
                Some(Repair::new(text, behind, " 0"))
            }
            [first, last] if last == register && self.has_form(name, &[first, last, register]) => {
                let register = &self.text[span_of(self.operands[1]).range()];
                let text = "the destination is an operand of its own, even if it is a source, too";
                let mut repair = Repair::new(text, behind, format!(", {register}"));
                let gap = Span {
                    start: span_of(self.operands[0]).end,
                    end: span_of(self.operands[1]).start,
                };
                if !self.text[gap.range()].contains(',') {
                    repair.edits.push(Edit {
                        span: Span {
                            end: gap.start,
                            ..gap
                        },
                        text: ",".into(),
                    });
                }
                Some(repair)
            }
            _ => None,
        }
    }

    /// The sign in `addq #5, %1, %1`, as some assemblers write numbers.
    fn immediate_with_hash(&self) -> Option<Span> {
        let word = Span::of(self.lexemes[0]);
        let rest = &self.text[word.end as usize..];
        let comment = rest.trim_start_matches([' ', '\t']);
        let first = comment.strip_prefix('#')?.chars().next()?;
        let operands = comment.lines().next()?;
        let start = word.end + (rest.len() - comment.len()) as u32;
        let end = start + 1;
        (first.is_ascii_digit() && operands.contains('%')).then_some(Span { start, end })
    }

    /// What was probably meant by operands that no form has.
    fn other_form(&self) -> Option<Repair> {
        let register: &[Option<char>] = &[Some('%'), None];
        let number: &[Option<char>] = &[None];
        let name = self.mnemonic.name.as_str();
        let own = self.marks();
        let own: Vec<&[Option<char>]> = own.iter().map(Vec::as_slice).collect();
        let word = Span::of(self.lexemes[0]);
        let whole = self.whole();
        let operand = |i: usize| &self.text[span_of(self.operands[i]).range()];
        let behind = Span {
            start: whole.end,
            ..whole
        };
        let is_move = name.starts_with("mov");
        match own[..] {
            [only] if only == register && name == "jmp" && self.names_no_register => {
                let text = "a label is written without `%`";
                let percent = self.operands[0][0].span;
                Some(Repair::new(text, percent, ""))
            }
            [only] if only == register && name == "jmp" => {
                let text = "to jump to the address in a register, name %0 as the second one";
                (self.has_form(name, &[register, register]))
                    .then(|| Repair::new(text, behind, ", %0"))
            }
            [from, to] if is_move && from == register && to == register => {
                let (from, to) = (operand(0), operand(1));
                let line = Span {
                    start: word.start,
                    end: whole.end,
                };
                let text = "a register is copied by adding 0";
                (self.has_form("addq", &[number, register, register]))
                    .then(|| Repair::new(text, line, format!("addq    0, {from}, {to}")))
            }
            [from, to] if name == "movq" && from == number && to == register => {
                let load = if operand(0).starts_with('-') {
                    "ldswq"
                } else {
                    "ldzwq"
                };
                let text = "a number or an address is loaded by";
                (self.has_form(load, &[number, register]))
                    .then(|| Repair::new(format!("{text} `{load}`"), word, load))
            }
            _ => None,
        }
    }
}
