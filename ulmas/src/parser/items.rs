//! The operands of an instruction, as items.

use crate::error::{AssemblyError, ErrorKind};
use crate::expression::{Expression, Input, Node};
use crate::forms::{EMPTY_SHAPE, ENDLESS_SHAPE, Mark, with_expression, with_mark};
use crate::lexer::{Lexeme, Token};
use crate::statement::{Item, ItemKind, Span};

/// Takes operands as they are read.
pub(crate) trait Operands {
    /// Takes a mark.
    fn mark(&mut self, mark: Mark, span: Span);
    /// Takes an expression, which is among `nodes`.
    fn expression(&mut self, expression: Expression, nodes: &[Node]);
}

/// All of them, for messages.
impl Operands for Vec<Item> {
    fn mark(&mut self, mark: Mark, span: Span) {
        let kind = ItemKind::Punctuation(mark.character());
        self.push(Item { kind, span });
    }

    fn expression(&mut self, expression: Expression, nodes: &[Node]) {
        let kind = ItemKind::Expression(expression);
        let span = expression.span(nodes);
        self.push(Item { kind, span });
    }
}

/// The expressions: the marks are in the shape.
impl Operands for Vec<Expression> {
    fn mark(&mut self, _mark: Mark, _span: Span) {}

    fn expression(&mut self, expression: Expression, _nodes: &[Node]) {
        self.push(expression);
    }
}

/// Reads the operands of an instruction; gives their shape.
pub(crate) fn operands(
    input: &mut Input<'_, '_>,
    mnemonic: &crate::forms::Mnemonic,
    into: &mut impl Operands,
) -> Result<u128, AssemblyError> {
    let mut shape = EMPTY_SHAPE;
    while let Some(&lexeme) = input.lexemes.get(input.position) {
        let mark = match lexeme.token {
            Token::Percent => Some(Mark::Percent),
            Token::Comma => Some(Mark::Comma),
            Token::CloseParenthesis => Some(Mark::CloseParenthesis),
            Token::OpenBracket => Some(Mark::OpenBracket),
            Token::CloseBracket => Some(Mark::CloseBracket),
            Token::OpenBrace => Some(Mark::OpenBrace),
            Token::CloseBrace => Some(Mark::CloseBrace),
            Token::Colon => Some(Mark::Colon),
            Token::Dollar if mnemonic.has_dollar => Some(Mark::Dollar),
            Token::Dollar => {
                // The course's C compiler wrote it before immediates.
                input.position += 1;
                continue;
            }
            Token::At if mnemonic.has_at && !is_word_selector(input) => Some(Mark::At),
            Token::OpenParenthesis if is_punctuation_parenthesis(input)? => {
                Some(Mark::OpenParenthesis)
            }
            _ => None,
        };
        if let Some(mark) = mark {
            input.position += 1;
            shape = with_mark(shape, mark);
            into.mark(mark, Span::of(lexeme));
            if mark != Mark::Percent {
                continue;
            }
        }
        let (position, nodes) = (input.position, input.nodes.len());
        let expression = input
            .expect_expression()
            .map_err(|error| expected_operand(input, error, mark, position))?;
        shape = with_expression(shape);
        let is_longer = input.nodes.len() > nodes + 1;
        if mark == Some(Mark::Percent)
            && is_longer
            && has_doubtful_percent(input.lexemes, position, input.position)
        {
            shape = ENDLESS_SHAPE;
        }
        into.expression(expression, input.nodes);
    }
    Ok(shape)
}

/// Says what was expected in terms of operands.
fn expected_operand(
    input: &Input<'_, '_>,
    mut error: AssemblyError,
    mark: Option<Mark>,
    position: usize,
) -> AssemblyError {
    if input.position == position
        && let ErrorKind::Unexpected { expected, .. } = &mut *error.kind
        && *expected == "a value"
    {
        *expected = if mark == Some(Mark::Percent) {
            "a register"
        } else {
            "an operand"
        };
    }
    error
}

/// Whether the number of a register, these lexemes, has a `%` that was hardly meant as modulo.
/// In parentheses there is no doubt.
fn has_doubtful_percent(lexemes: &[Lexeme], start: usize, end: usize) -> bool {
    let mut depth = 0;
    (start..end).any(|i| {
        match lexemes[i].token {
            Token::OpenParenthesis => depth += 1,
            Token::CloseParenthesis => depth -= 1,
            _ => {}
        }
        i > start
            && depth == 0
            && lexemes[i].token == Token::Percent
            && is_doubtful_percent(lexemes, i)
    })
}

/// Whether `%` was hardly meant as modulo: in `%1 %2`, a comma is missing.
pub(crate) fn is_doubtful_percent(lexemes: &[Lexeme], position: usize) -> bool {
    let sign = lexemes[position];
    let stands_apart = position > 0 && lexemes[position - 1].end < sign.start;
    let is_prefix = (lexemes.get(position + 1)).is_some_and(|next| next.start == sign.end);
    stands_apart && is_prefix
}

fn is_word_selector(input: &Input<'_, '_>) -> bool {
    input
        .lexemes
        .get(input.position + 1)
        .is_some_and(|lexeme| matches!(input.slice(*lexeme), "w0" | "w1" | "w2" | "w3"))
}

/// Whether `(` belongs to the form, as in `8(%1)`, and not to an expression, as in `(1 + 2) * 4`.
fn is_punctuation_parenthesis(input: &mut Input<'_, '_>) -> Result<bool, AssemblyError> {
    if input.peek_second() == Some(Token::Percent) {
        return Ok(true);
    }
    let (position, nodes) = (input.position, input.nodes.len());
    let result = input.expect_expression();
    let stopped = input.position;
    input.position = position;
    input.nodes.truncate(nodes);
    match result {
        Ok(_) => Ok(false),
        Err(error) if *error.kind == ErrorKind::NestingTooDeep => Err(error),
        // `(8, %1)` goes on where an expression can't; anything else is an error in it.
        Err(error) => match *error.kind {
            ErrorKind::MissingParenthesis { .. }
                if input
                    .lexemes
                    .get(stopped)
                    .is_some_and(|l| matches!(l.token, Token::Comma | Token::Colon)) =>
            {
                Ok(true)
            }
            _ => Err(error),
        },
    }
}
