//! The forms of a machine's mnemonics, prepared for matching.
//!
//! The operands of a statement have a *shape*: their punctuation, with every expression alike.
//! Forms of equal shape differ in fixed numbers only, as `(%x, %y, 2)` and `(%x, %y, 4)` do.

use rustc_hash::FxHashMap;
use ulm_isa::{FieldIndex, FormRef, Isa, Piece};

use crate::expression::{Expression, Node};

/// A form with its pieces by their place among the items of a statement.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) form: FormRef,
    pub(crate) shape: u128,
    /// Index among the expressions of the statement, field, and whether `%` stands before it.
    pub(crate) variables: Vec<(usize, FieldIndex, bool)>,
    /// Expressions that must stand in parentheses of their own.
    pub(crate) parenthesised: Vec<usize>,
    /// Expression and the number that it must be.
    pub(crate) numbers: Vec<(usize, u64)>,
    /// The operands as the description writes them, for messages.
    pub(crate) text: String,
}

/// A mnemonic with its forms.
#[derive(Debug, Clone)]
pub(crate) struct Mnemonic {
    pub(crate) name: String,
    pub(crate) candidates: Vec<Candidate>,
    /// A form has a `$`: it is not skipped.
    pub(crate) has_dollar: bool,
    /// A form has an `@`.
    pub(crate) has_at: bool,
    /// A form has a register directly behind another operand, without a comma.
    pub(crate) has_adjacent_register: bool,
}

/// All mnemonics of a machine.
#[derive(Debug)]
pub(crate) struct Mnemonics {
    pub(crate) list: Vec<Mnemonic>,
    index: FxHashMap<String, u32>,
}

/// What stands between expressions. Its number is its code in a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mark {
    Percent = 1,
    Comma,
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Dollar,
    At,
    Colon,
}

impl Mark {
    /// By their codes.
    const ALL: [Self; 11] = [
        Self::Percent,
        Self::Comma,
        Self::OpenParenthesis,
        Self::CloseParenthesis,
        Self::OpenBracket,
        Self::CloseBracket,
        Self::OpenBrace,
        Self::CloseBrace,
        Self::Dollar,
        Self::At,
        Self::Colon,
    ];

    /// How it is written.
    pub(crate) fn character(self) -> char {
        match self {
            Self::Percent => '%',
            Self::Comma => ',',
            Self::OpenParenthesis => '(',
            Self::CloseParenthesis => ')',
            Self::OpenBracket => '[',
            Self::CloseBracket => ']',
            Self::OpenBrace => '{',
            Self::CloseBrace => '}',
            Self::Dollar => '$',
            Self::At => '@',
            Self::Colon => ':',
        }
    }

    /// The mark that is written so. Descriptions of machines have no others.
    fn of(character: char) -> Self {
        let mark = Self::ALL.into_iter().find(|m| m.character() == character);
        mark.unwrap_or(Self::Colon)
    }
}

/// The shape of nothing.
pub(crate) const EMPTY_SHAPE: u128 = 1;
/// The shape of more items than any form has.
pub(crate) const ENDLESS_SHAPE: u128 = 0;

const EXPRESSION: u128 = 12;

/// Adds an expression to a shape.
#[inline]
pub(crate) fn with_expression(shape: u128) -> u128 {
    with_code(shape, EXPRESSION)
}

/// Adds a mark to a shape.
#[inline]
pub(crate) fn with_mark(shape: u128, mark: Mark) -> u128 {
    with_code(shape, mark as u128)
}

/// Adds an item to a shape: four bits each, below a leading 1.
#[inline]
fn with_code(shape: u128, code: u128) -> u128 {
    if shape == ENDLESS_SHAPE || shape >> 123 != 0 {
        return ENDLESS_SHAPE;
    }
    shape << 4 | code
}

/// The marks of a shape; `None` is an expression.
pub(crate) fn marks_of_shape(mut shape: u128) -> Vec<Option<Mark>> {
    let mut marks = Vec::new();
    while shape > EMPTY_SHAPE {
        let code = (shape & 15) as usize;
        marks.push(Mark::ALL.get(code.wrapping_sub(1)).copied());
        shape >>= 4;
    }
    marks.reverse();
    marks
}

impl Mnemonics {
    pub(crate) fn new(isa: &Isa) -> Self {
        let mut list = Vec::new();
        let mut index = FxHashMap::default();
        for name in isa.mnemonics() {
            let mut mnemonic = Mnemonic {
                name: name.to_owned(),
                candidates: Vec::new(),
                has_dollar: false,
                has_at: false,
                has_adjacent_register: false,
            };
            for &form in isa.forms_of(name) {
                let pieces = &isa.form(form).pieces;
                mnemonic.has_dollar |= pieces.contains(&Piece::Punctuation('$'));
                mnemonic.has_at |= pieces.contains(&Piece::Punctuation('@'));
                mnemonic.has_adjacent_register |= pieces.windows(2).any(|pair| {
                    matches!(pair[1], Piece::Register(_) | Piece::Punctuation('%'))
                        && !matches!(pair[0], Piece::Punctuation(mark) if !")]}".contains(mark))
                });
                mnemonic.candidates.push(candidate(isa, form, pieces, &[]));
                // `(imm)` is read as an expression in parentheses; it goes before `imm`.
                if let Some((bare, places)) = without_parentheses(pieces) {
                    mnemonic
                        .candidates
                        .insert(0, candidate(isa, form, &bare, &places));
                }
            }
            index.insert(name.to_owned(), list.len() as u32);
            list.push(mnemonic);
        }
        Self { list, index }
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    pub(crate) fn get(&self, number: u32) -> &Mnemonic {
        &self.list[number as usize]
    }
}

/// The form `pieces`; those at `places` were in parentheses.
fn candidate(isa: &Isa, form: FormRef, pieces: &[Piece], places: &[usize]) -> Candidate {
    let text = isa.write_form(form);
    let mut found = Candidate {
        form,
        shape: EMPTY_SHAPE,
        variables: Vec::new(),
        parenthesised: Vec::new(),
        numbers: Vec::new(),
        text: text
            .split_once(' ')
            .map_or("", |(_, operands)| operands)
            .to_owned(),
    };
    let mut operand = 0;
    for (place, piece) in pieces.iter().enumerate() {
        if places.contains(&place) {
            found.parenthesised.push(operand);
        }
        match *piece {
            Piece::Punctuation(mark) => {
                found.shape = with_mark(found.shape, Mark::of(mark));
                continue;
            }
            Piece::Number(number) => found.numbers.push((operand, number)),
            Piece::Immediate(field) => found.variables.push((operand, field, false)),
            Piece::Register(field) => {
                found.shape = with_mark(found.shape, Mark::Percent);
                found.variables.push((operand, field, true));
            }
        }
        found.shape = with_expression(found.shape);
        operand += 1;
    }
    found
}

/// The pieces without parentheses that stand around a single number or immediate, and where that
/// was so; `None` if it is nowhere.
fn without_parentheses(pieces: &[Piece]) -> Option<(Vec<Piece>, Vec<usize>)> {
    let mut bare = Vec::with_capacity(pieces.len());
    let mut places = Vec::new();
    let mut i = 0;
    while i < pieces.len() {
        match pieces[i..] {
            [
                Piece::Punctuation('('),
                inner @ (Piece::Immediate(_) | Piece::Number(_)),
                Piece::Punctuation(')'),
                ..,
            ] => {
                places.push(bare.len());
                bare.push(inner);
                i += 3;
            }
            _ => {
                bare.push(pieces[i]);
                i += 1;
            }
        }
    }
    (!places.is_empty()).then_some((bare, places))
}

impl Candidate {
    /// Whether operands of this shape, with these expressions, can be this form.
    #[inline]
    pub(crate) fn fits(
        &self,
        shape: u128,
        operands: &[Expression],
        nodes: &[Node],
        text: &str,
    ) -> bool {
        self.shape == shape
            && self.parenthesised.iter().all(|&operand| {
                let own = operands[operand].nodes(nodes);
                let start = operands[operand].span(nodes).start;
                // The parentheses are around all of it, not around its first part.
                text.as_bytes().get(start as usize) == Some(&b'(')
                    && own[..own.len() - 1]
                        .iter()
                        .all(|node| node.span.start > start)
            })
    }
}
