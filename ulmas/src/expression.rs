//! Expressions: parsing to postfix code, and exact evaluation.
//!
//! An expression is a run of [`Node`]s in postfix order, so that evaluation needs no recursion and
//! a sum of a hundred thousand terms is no deeper than a sum of two.

use crate::error::{AssemblyError, ErrorKind};
use crate::image::SegmentKind;
use crate::lexer::{Lexeme, Token};
use crate::statement::{Run, Span};
use crate::symbols::SymbolId;

/// How deep parentheses and signs may nest.
pub(crate) const NESTING_LIMIT: u32 = 256;

/// A step of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    /// Pushes a number.
    Number(u32),
    /// Puts 32 bits behind the number before: one that needs more than 32 is two steps.
    Low(u32),
    /// Pushes the value of a symbol.
    Symbol(SymbolId),
    /// Replaces the top value.
    Negate,
    /// Replaces the top value by one of its 16-bit words.
    Word(u8),
    /// Replaces the two top values.
    Binary(Operator),
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A step with the range of the operand that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) span: Span,
}

/// An expression among the nodes of a file: the first node, and one past the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) first: u32,
    pub(crate) end: u32,
}

impl Expression {
    pub(crate) fn nodes(self, nodes: &[Node]) -> &[Node] {
        &nodes[self.first as usize..self.end as usize]
    }

    /// The range of the whole expression.
    pub(crate) fn span(self, nodes: &[Node]) -> Span {
        nodes[self.end as usize - 1].span
    }

    /// The expressions that a run of nodes is, one behind the other.
    pub(crate) fn split(nodes: &[Node], run: Run, into: &mut Vec<Self>) {
        into.clear();
        for (number, node) in (run.start..).zip(&nodes[run.range()]) {
            match node.kind {
                NodeKind::Number(_) | NodeKind::Symbol(_) => {
                    into.push(Self {
                        first: number,
                        end: number + 1,
                    });
                    continue;
                }
                NodeKind::Low(_) | NodeKind::Negate | NodeKind::Word(_) => {}
                // Its right operand is part of what its left one begins.
                NodeKind::Binary(_) => {
                    into.pop();
                }
            }
            if let Some(expression) = into.last_mut() {
                expression.end = number + 1;
            }
        }
    }

    /// The symbol, if the expression is nothing else.
    pub(crate) fn as_symbol(self, nodes: &[Node]) -> Option<SymbolId> {
        match self.nodes(nodes) {
            [
                Node {
                    kind: NodeKind::Symbol(symbol),
                    ..
                },
            ] => Some(*symbol),
            _ => None,
        }
    }
}

/// What the parser of expressions works on: the tokens of a statement and the tables of its file.
pub(crate) struct Input<'a, 's> {
    pub(crate) text: &'s str,
    pub(crate) lexemes: &'a [Lexeme],
    pub(crate) position: usize,
    pub(crate) nodes: &'a mut Vec<Node>,
    pub(crate) symbols: &'a mut crate::symbols::Symbols<'s>,
    /// Outside of parentheses `%` begins an operand: the machine has forms without commas.
    pub(crate) percent_begins_operand: bool,
}

impl<'s> Input<'_, 's> {
    pub(crate) fn peek(&self) -> Option<Token> {
        self.lexemes.get(self.position).map(|l| l.token)
    }

    pub(crate) fn peek_second(&self) -> Option<Token> {
        self.lexemes.get(self.position + 1).map(|l| l.token)
    }

    pub(crate) fn slice(&self, lexeme: Lexeme) -> &'s str {
        &self.text[lexeme.range()]
    }

    /// The place of the next token, or behind the last.
    pub(crate) fn here(&self) -> Span {
        match self.lexemes.get(self.position) {
            Some(lexeme) => Span::of(*lexeme),
            None => {
                let end = self.lexemes.last().map_or(0, |l| l.end);
                Span { start: end, end }
            }
        }
    }

    /// The next token as a message shows it.
    pub(crate) fn found(&self) -> String {
        match self.lexemes.get(self.position) {
            Some(lexeme) => format!("`{}`", shortened(self.slice(*lexeme))),
            None => "the end of the line".into(),
        }
    }

    pub(crate) fn unexpected(&self, expected: &'static str) -> AssemblyError {
        AssemblyError::new(
            self.here(),
            ErrorKind::Unexpected {
                expected,
                found: self.found(),
                repair: None,
            },
        )
    }

    // expression = term {("+" | "-") term}
    pub(crate) fn expect_expression(&mut self) -> Result<Expression, AssemblyError> {
        let first = self.nodes.len() as u32;
        // Most expressions are one number or one name.
        let goes_on = matches!(
            self.peek_second(),
            Some(Token::Plus | Token::Minus | Token::Star | Token::Slash | Token::Percent)
        );
        match self.lexemes.get(self.position) {
            Some(&lexeme) if !goes_on && lexeme.token == Token::Number => {
                self.push_number(lexeme)?;
            }
            Some(&lexeme) if !goes_on && lexeme.token == Token::Identifier => {
                self.push_symbol(lexeme);
            }
            _ => {
                self.expect_sum(NESTING_LIMIT)?;
            }
        }
        Ok(Expression {
            first,
            end: self.nodes.len() as u32,
        })
    }

    fn expect_sum(&mut self, depth: u32) -> Result<Span, AssemblyError> {
        let mut span = self.expect_term(depth)?;
        loop {
            let operator = match self.peek() {
                Some(Token::Plus) => Operator::Add,
                Some(Token::Minus) => Operator::Subtract,
                _ => return Ok(span),
            };
            self.position += 1;
            let right = self.expect_term(depth)?;
            span = self.push_binary(operator, span, right);
        }
    }

    // term = factor {("*" | "/" | "%") factor}
    fn expect_term(&mut self, depth: u32) -> Result<Span, AssemblyError> {
        let mut span = self.expect_factor(depth)?;
        loop {
            let operator = match self.peek() {
                Some(Token::Star) => Operator::Multiply,
                Some(Token::Slash) => Operator::Divide,
                Some(Token::Percent) if depth == NESTING_LIMIT && self.percent_begins_operand => {
                    return Ok(span);
                }
                Some(Token::Percent) => Operator::Remainder,
                _ => return Ok(span),
            };
            self.position += 1;
            let right = self.expect_factor(depth)?;
            span = self.push_binary(operator, span, right);
        }
    }

    fn push_binary(&mut self, operator: Operator, left: Span, right: Span) -> Span {
        let span = Span {
            start: left.start,
            end: right.end,
        };
        self.nodes.push(Node {
            kind: NodeKind::Binary(operator),
            span,
        });
        span
    }

    // factor = ("+" | "-") factor | primary
    fn expect_factor(&mut self, depth: u32) -> Result<Span, AssemblyError> {
        let Some(sign @ (Token::Plus | Token::Minus)) = self.peek() else {
            return self.expect_primary(depth);
        };
        let start = self.here().start;
        let depth = self.deeper(depth)?;
        self.position += 1;
        let operand = self.expect_factor(depth)?;
        let span = Span {
            start,
            end: operand.end,
        };
        if sign == Token::Minus {
            self.nodes.push(Node {
                kind: NodeKind::Negate,
                span,
            });
        } else if let Some(node) = self.nodes.last_mut() {
            node.span = span;
        }
        Ok(span)
    }

    fn deeper(&self, depth: u32) -> Result<u32, AssemblyError> {
        depth
            .checked_sub(1)
            .ok_or_else(|| AssemblyError::new(self.here(), ErrorKind::NestingTooDeep))
    }

    // primary = number | character | symbol | "(" expression ")" | "@" word "(" expression ")"
    fn expect_primary(&mut self, depth: u32) -> Result<Span, AssemblyError> {
        let Some(&lexeme) = self.lexemes.get(self.position) else {
            return Err(self.unexpected("a value"));
        };
        match lexeme.token {
            Token::Number => self.push_number(lexeme)?,
            Token::Character => {
                let value = self.character(lexeme)?;
                self.push_leaf(NodeKind::Number(u32::from(value)), lexeme);
            }
            Token::Identifier => self.push_symbol(lexeme),
            Token::OpenParenthesis => return self.expect_parenthesised(depth),
            Token::At => return self.expect_word(depth),
            _ => return Err(self.unexpected("a value")),
        }
        Ok(Span::of(lexeme))
    }

    #[inline]
    fn push_number(&mut self, lexeme: Lexeme) -> Result<(), AssemblyError> {
        let value = crate::lexer::number(self.slice(lexeme))
            .map_err(|error| self.lexical(error, Span::of(lexeme)))?;
        if let Ok(value) = u32::try_from(value) {
            self.push_leaf(NodeKind::Number(value), lexeme);
        } else {
            let span = Span::of(lexeme);
            let kind = NodeKind::Number((value >> 32) as u32);
            self.nodes.push(Node { kind, span });
            self.push_leaf(NodeKind::Low(value as u32), lexeme);
        }
        Ok(())
    }

    #[inline]
    fn push_symbol(&mut self, lexeme: Lexeme) {
        let symbol = self.symbols.mention(self.slice(lexeme));
        self.push_leaf(NodeKind::Symbol(symbol), lexeme);
    }

    /// The next token, which is a value.
    #[inline]
    fn push_leaf(&mut self, kind: NodeKind, lexeme: Lexeme) {
        self.position += 1;
        let span = Span::of(lexeme);
        self.nodes.push(Node { kind, span });
    }

    fn lexical(&self, error: crate::error::LexicalError, span: Span) -> AssemblyError {
        AssemblyError::new(span, ErrorKind::lexical(error, &self.text[span.range()]))
    }

    /// The value of a character literal: one byte.
    fn character(&self, lexeme: Lexeme) -> Result<u8, AssemblyError> {
        let text = self.slice(lexeme);
        let span = Span::of(lexeme);
        if text == "'''" {
            return Ok(b'\'');
        }
        let mut bytes = Vec::new();
        crate::lexer::unescape(text, &mut bytes).map_err(|(error, range)| {
            let start = lexeme.start + range.start as u32;
            self.lexical(
                error,
                Span {
                    start,
                    end: lexeme.start + range.end as u32,
                },
            )
        })?;
        match bytes[..] {
            [byte] => Ok(byte),
            [] => Err(AssemblyError::new(span, ErrorKind::EmptyCharacter)),
            _ => Err(AssemblyError::new(
                span,
                ErrorKind::CharacterTooLong {
                    is_one_character: text.chars().count() == 3,
                    bytes: bytes.len(),
                },
            )),
        }
    }

    fn expect_parenthesised(&mut self, depth: u32) -> Result<Span, AssemblyError> {
        let open = self.here();
        let depth = self.deeper(depth)?;
        self.position += 1;
        self.expect_sum(depth)?;
        if self.peek() != Some(Token::CloseParenthesis) {
            let error = ErrorKind::MissingParenthesis {
                open,
                found: self.found(),
            };
            return Err(AssemblyError::new(self.here(), error));
        }
        let span = Span {
            start: open.start,
            end: self.here().end,
        };
        self.position += 1;
        if let Some(node) = self.nodes.last_mut() {
            node.span = span;
        }
        Ok(span)
    }

    fn expect_word(&mut self, depth: u32) -> Result<Span, AssemblyError> {
        let start = self.here().start;
        self.position += 1;
        let selector = self.lexemes.get(self.position).copied();
        let word = selector.and_then(|lexeme| match self.slice(lexeme) {
            "w0" => Some(0),
            "w1" => Some(1),
            "w2" => Some(2),
            "w3" => Some(3),
            _ => None,
        });
        let Some(word) = word else {
            let end = selector.map_or(start + 1, |l| l.end);
            return Err(AssemblyError::new(
                Span { start, end },
                ErrorKind::UnknownWord,
            ));
        };
        self.position += 1;
        if self.peek() != Some(Token::OpenParenthesis) {
            return Err(self.unexpected("`(` and a value"));
        }
        let inner = self.expect_parenthesised(depth)?;
        let span = Span {
            start,
            end: inner.end,
        };
        self.nodes.push(Node {
            kind: NodeKind::Word(word),
            span,
        });
        Ok(span)
    }
}

/// At most the first characters of a token, for a message.
fn shortened(text: &str) -> String {
    const LENGTH: usize = 24;
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(LENGTH).collect();
    if characters.next().is_some() {
        head + "…"
    } else {
        head
    }
}

/// What an address counts from: the start of a segment of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    /// The index of the file.
    pub(crate) file: usize,
    pub(crate) segment: SegmentKind,
}

/// The value of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// An exact number.
    Number(i128),
    /// An address, as a distance from its base.
    Address(Base, i128),
    /// A 16-bit word of an address.
    Word(u8, Base, i128),
}

/// Evaluates an expression. `distance` is how far one base lies behind another, if that is known.
///
/// # Errors
///
/// `None` if the mistake behind it has been reported elsewhere.
#[inline]
pub(crate) fn evaluate(
    nodes: &[Node],
    symbol: impl Fn(SymbolId) -> Result<Value, Option<AssemblyError>>,
    distance: impl Fn(Base, Base) -> Option<i128>,
) -> Result<Value, Option<AssemblyError>> {
    if let [node] = nodes {
        // The usual case needs no stack.
        match node.kind {
            NodeKind::Number(number) => return Ok(Value::Number(i128::from(number))),
            NodeKind::Symbol(id) => return symbol(id),
            _ => {}
        }
    }
    evaluate_postfix(nodes, &symbol, &distance)
}

fn evaluate_postfix(
    nodes: &[Node],
    symbol: &dyn Fn(SymbolId) -> Result<Value, Option<AssemblyError>>,
    distance: &dyn Fn(Base, Base) -> Option<i128>,
) -> Result<Value, Option<AssemblyError>> {
    let mut stack: Vec<(Value, Span)> = Vec::with_capacity(4);
    for node in nodes {
        let value = match node.kind {
            NodeKind::Number(number) => Value::Number(i128::from(number)),
            NodeKind::Low(low) => match pop(&mut stack).0 {
                Value::Number(high) => Value::Number(high << 32 | i128::from(low)),
                // The parser puts it behind numbers only.
                other => other,
            },
            NodeKind::Symbol(id) => symbol(id)?,
            NodeKind::Negate => {
                let (operand, span) = pop(&mut stack);
                let zero = (Value::Number(0), span);
                binary(
                    Operator::Subtract,
                    zero,
                    (operand, span),
                    node.span,
                    distance,
                )?
            }
            NodeKind::Word(word) => match pop(&mut stack).0 {
                Value::Number(number) => Value::Number(number >> (16 * word) & 0xFFFF),
                Value::Address(base, offset) => Value::Word(word, base, offset),
                Value::Word(..) => {
                    return Err(Some(AssemblyError::new(node.span, ErrorKind::WordOfWord)));
                }
            },
            NodeKind::Binary(operator) => {
                let right = pop(&mut stack);
                let left = pop(&mut stack);
                binary(operator, left, right, node.span, distance)?
            }
        };
        stack.push((value, node.span));
    }
    Ok(pop(&mut stack).0)
}

fn pop(stack: &mut Vec<(Value, Span)>) -> (Value, Span) {
    // The parser writes well-formed postfix code only.
    stack
        .pop()
        .unwrap_or((Value::Number(0), Span { start: 0, end: 0 }))
}

/// Numbers of more bits than this are an overflow: far beyond any field, far from wrapping.
const LIMIT: i128 = 1 << 100;

fn binary(
    operator: Operator,
    (left, _): (Value, Span),
    (right, right_span): (Value, Span),
    span: Span,
    distance: &dyn Fn(Base, Base) -> Option<i128>,
) -> Result<Value, Option<AssemblyError>> {
    use Value::{Address, Number};
    let fail = |span, kind| Err(Some(AssemblyError::new(span, kind)));
    let value = match (operator, left, right) {
        (_, Number(a), Number(b)) => {
            let result = match operator {
                Operator::Add => a.checked_add(b),
                Operator::Subtract => a.checked_sub(b),
                Operator::Multiply => a.checked_mul(b),
                Operator::Divide | Operator::Remainder if b == 0 => {
                    return fail(right_span, ErrorKind::DivisionByZero);
                }
                Operator::Divide => a.checked_div(b),
                Operator::Remainder => a.checked_rem(b),
            };
            Number(result.filter(|n| n.abs() < LIMIT).unwrap_or(i128::MAX))
        }
        (Operator::Add, Address(base, offset), Number(n))
        | (Operator::Add, Number(n), Address(base, offset)) => {
            Address(base, offset.saturating_add(n))
        }
        (Operator::Subtract, Address(base, offset), Number(n)) => {
            Address(base, offset.saturating_sub(n))
        }
        (Operator::Subtract, Address(a, x), Address(b, y)) => {
            let Some(between) = distance(a, b) else {
                return fail(span, ErrorKind::AddressesOfTwoSegments);
            };
            Number(x.saturating_sub(y).saturating_add(between))
        }
        (_, left, right) => {
            let is_word = matches!((left, right), (Value::Word(..), _) | (_, Value::Word(..)));
            return fail(span, ErrorKind::AddressArithmetic { operator, is_word });
        }
    };
    let magnitude = match value {
        Number(n) | Address(_, n) | Value::Word(_, _, n) => n,
    };
    if magnitude.saturating_abs() >= LIMIT {
        return fail(span, ErrorKind::Overflow);
    }
    Ok(value)
}
