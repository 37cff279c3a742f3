//! Expressions of effects, with the types and precedences of C.

use std::ops::Range;

use super::NESTING_LIMIT;
use super::token::{Cursor, Token};
use crate::effect::{BinaryOperator, Expression, Flag, Signedness, UnaryOperator};
use crate::error::{IsaError, IsaErrorKind, clip};
use crate::isa::{FieldIndex, FieldKind, Format};

/// An expression with its type and place.
pub(super) struct Parsed {
    pub(super) expression: Expression,
    signedness: Signedness,
    pub(super) span: Range<usize>,
    /// The height of the tree. Whoever walks over it later recurses so deep; a chain of operators
    /// makes a tree as high as it is long.
    height: usize,
}

impl Parsed {
    fn leaf(expression: Expression, signedness: Signedness, span: Range<usize>) -> Self {
        Self {
            expression,
            signedness,
            span,
            height: 1,
        }
    }

    /// An expression with parts, the highest of which has height `below`.
    fn tree(
        expression: Expression,
        signedness: Signedness,
        span: Range<usize>,
        below: usize,
    ) -> Result<Self, IsaError> {
        let height = below + 1;
        if height > NESTING_LIMIT {
            let kind = IsaErrorKind::NestingTooDeep;
            return Err(IsaError { kind, span });
        }
        Ok(Self {
            expression,
            signedness,
            span,
            height,
        })
    }

    /// Whether the value depends on fields and numbers alone.
    pub(super) fn is_static(&self) -> bool {
        let mut known = true;
        self.expression.walk(&mut |e| {
            known &= !matches!(
                e,
                Expression::Register(_)
                    | Expression::InstructionPointer
                    | Expression::ReadChar
                    | Expression::Flag(_)
            );
        });
        known
    }

    /// The value, if it depends on numbers alone.
    pub(super) fn constant(&self) -> Option<u64> {
        let mut has_field = false;
        self.expression
            .walk(&mut |e| has_field |= matches!(e, Expression::Field(_)));
        if has_field {
            None
        } else {
            self.expression.evaluate_static(&|_| 0)
        }
    }
}

const CONSTANTS: [(&str, u64); 2] = [("ULM_ZERO_EXT", 0), ("ULM_SIGN_EXT", 1)];
const FUNCTIONS: [&str; 3] = ["ulm_regVal", "ulm_ipVal", "ulm_readChar"];
pub(crate) const FLAGS: [(&str, Flag); 4] = [
    ("ULM_ZF", Flag::Zero),
    ("ULM_CF", Flag::Carry),
    ("ULM_SF", Flag::Sign),
    ("ULM_OF", Flag::Overflow),
];

// expression = binary ["?" expression ":" expression]
pub(super) fn expression(
    cursor: &mut Cursor<'_>,
    format: &Format,
    depth: usize,
) -> Result<Parsed, IsaError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(IsaError {
            kind: IsaErrorKind::NestingTooDeep,
            span: cursor.here(),
        });
    };
    let condition = binary(cursor, format, 0, depth)?;
    if !cursor.take(Token::Question) {
        return Ok(condition);
    }
    let yes = expression(cursor, format, depth)?;
    cursor.expect(Token::Colon, "`:` and the other value")?;
    let no = expression(cursor, format, depth)?;
    let signedness = common(&yes, &no);
    let span = condition.span.start..no.span.end;
    let below = condition.height.max(yes.height).max(no.height);
    let [condition, yes, no] = [condition, yes, no].map(|part| Box::new(part.expression));
    let expression = Expression::Conditional(condition, yes, no);
    Parsed::tree(expression, signedness, span, below)
}

/// The binary operators by precedence, loosest first.
fn precedence(token: Token) -> Option<usize> {
    Some(match token {
        Token::OrOr => 0,
        Token::AndAnd => 1,
        Token::Bar => 2,
        Token::Caret => 3,
        Token::Ampersand => 4,
        Token::Equal | Token::NotEqual => 5,
        Token::Less | Token::LessOrEqual | Token::Greater | Token::GreaterOrEqual => 6,
        Token::ShiftLeft | Token::ShiftRight => 7,
        Token::Plus | Token::Minus => 8,
        Token::Star | Token::Slash | Token::Percent => 9,
        _ => return None,
    })
}

// binary = unary {operator binary}, by precedence climbing
fn binary(
    cursor: &mut Cursor<'_>,
    format: &Format,
    least: usize,
    depth: usize,
) -> Result<Parsed, IsaError> {
    let mut left = unary(cursor, format, depth)?;
    while let Some(token) = cursor.peek()
        && let Some(level) = precedence(token)
        && level >= least
    {
        cursor.next("an operator")?;
        let right = binary(cursor, format, level + 1, depth)?;
        left = combine(token, left, right)?;
    }
    Ok(left)
}

fn common(a: &Parsed, b: &Parsed) -> Signedness {
    if a.signedness == Signedness::Signed && b.signedness == Signedness::Signed {
        Signedness::Signed
    } else {
        Signedness::Unsigned
    }
}

fn combine(token: Token, left: Parsed, right: Parsed) -> Result<Parsed, IsaError> {
    use BinaryOperator as B;
    let both = common(&left, &right);
    let span = left.span.start..right.span.end;
    let below = left.height.max(right.height);
    let (a, b) = (Box::new(left.expression), Box::new(right.expression));
    let (operator, signedness, a, b) = match token {
        Token::OrOr => {
            return Parsed::tree(Expression::LogicalOr(a, b), Signedness::Signed, span, below);
        }
        Token::AndAnd => {
            return Parsed::tree(
                Expression::LogicalAnd(a, b),
                Signedness::Signed,
                span,
                below,
            );
        }
        Token::Bar => (B::Or, both, a, b),
        Token::Caret => (B::ExclusiveOr, both, a, b),
        Token::Ampersand => (B::And, both, a, b),
        Token::Equal => (B::Equal, Signedness::Signed, a, b),
        Token::NotEqual => (B::NotEqual, Signedness::Signed, a, b),
        Token::Less => (B::Less(both), Signedness::Signed, a, b),
        Token::LessOrEqual => (B::LessOrEqual(both), Signedness::Signed, a, b),
        Token::Greater => (B::Less(both), Signedness::Signed, b, a),
        Token::GreaterOrEqual => (B::LessOrEqual(both), Signedness::Signed, b, a),
        // The type of a shift is that of its left operand.
        Token::ShiftLeft => (B::ShiftLeft, left.signedness, a, b),
        Token::ShiftRight => (B::ShiftRight(left.signedness), left.signedness, a, b),
        Token::Plus => (B::Add, both, a, b),
        Token::Minus => (B::Subtract, both, a, b),
        Token::Star => (B::Multiply, both, a, b),
        Token::Slash => (B::Divide(both), both, a, b),
        _ => (B::Remainder(both), both, a, b),
    };
    Parsed::tree(Expression::Binary(operator, a, b), signedness, span, below)
}

// unary = ("-" | "~" | "!" | "+") unary | primary
fn unary(cursor: &mut Cursor<'_>, format: &Format, depth: usize) -> Result<Parsed, IsaError> {
    let operator = match cursor.peek() {
        Some(Token::Minus) => UnaryOperator::Negate,
        Some(Token::Tilde) => UnaryOperator::Complement,
        Some(Token::Exclamation) => UnaryOperator::Not,
        _ => return primary(cursor, format, depth),
    };
    let Some(depth) = depth.checked_sub(1) else {
        return Err(IsaError {
            kind: IsaErrorKind::NestingTooDeep,
            span: cursor.here(),
        });
    };
    let (_, start) = cursor.next("an operator")?;
    let operand = unary(cursor, format, depth)?;
    let signedness = match operator {
        UnaryOperator::Not => Signedness::Signed,
        UnaryOperator::Negate | UnaryOperator::Complement => operand.signedness,
    };
    let expression = Expression::Unary(operator, Box::new(operand.expression));
    let span = start.start..operand.span.end;
    Parsed::tree(expression, signedness, span, operand.height)
}

// primary = number | "(" expression ")" | field | constant
//         | "ulm_regVal" "(" expression ")" | "ulm_ipVal" "(" ")" | "ulm_readChar" "(" ")"
//         | "ulm_statusReg" "[" flag "]"
fn primary(cursor: &mut Cursor<'_>, format: &Format, depth: usize) -> Result<Parsed, IsaError> {
    const EXPECTED: &str = "a value";
    match cursor.peek() {
        Some(Token::Number(number)) => {
            let (_, span) = cursor.next(EXPECTED)?;
            let signedness = if i64::try_from(number).is_ok() {
                Signedness::Signed
            } else {
                Signedness::Unsigned
            };
            Ok(Parsed::leaf(Expression::Constant(number), signedness, span))
        }
        Some(Token::OpenParenthesis) => {
            let (_, start) = cursor.next(EXPECTED)?;
            let inner = expression(cursor, format, depth)?;
            let end = cursor.expect(Token::CloseParenthesis, "`)`")?;
            Ok(Parsed {
                span: start.start..end.end,
                ..inner
            })
        }
        Some(Token::Identifier) => {
            let (name, span) = cursor.expect_identifier(EXPECTED)?;
            named(cursor, format, depth, &name, span)
        }
        _ => Err(cursor.unexpected(EXPECTED)),
    }
}

fn named(
    cursor: &mut Cursor<'_>,
    format: &Format,
    depth: usize,
    name: &str,
    span: Range<usize>,
) -> Result<Parsed, IsaError> {
    if name == "ulm_statusReg" {
        cursor.expect(Token::OpenBracket, "`[` and a flag")?;
        let (flag, flag_span) = cursor.expect_identifier("a flag")?;
        let Some(&(_, flag)) = FLAGS.iter().find(|f| f.0 == flag) else {
            return Err(IsaError {
                kind: IsaErrorKind::UnknownFlag(flag),
                span: flag_span,
            });
        };
        let end = cursor.expect(Token::CloseBracket, "`]`")?;
        let span = span.start..end.end;
        return Ok(Parsed::leaf(
            Expression::Flag(flag),
            Signedness::Signed,
            span,
        ));
    }
    if FUNCTIONS.contains(&name) {
        return function(cursor, format, depth, name, span);
    }
    if let Some(&(_, value)) = CONSTANTS.iter().find(|c| c.0 == name) {
        return Ok(Parsed::leaf(
            Expression::Constant(value),
            Signedness::Signed,
            span,
        ));
    }
    // The opcode's own field is known, and the same for all words of the instruction.
    let Some(field) = format.field(name) else {
        let fields = format.fields.iter().map(|f| f.name.as_str());
        let known = fields.chain(FUNCTIONS).chain(CONSTANTS.iter().map(|c| c.0));
        return Err(unknown(name, span, format, known));
    };
    let FieldIndex(index) = field;
    let signedness = match format.fields[index as usize].kind {
        FieldKind::Unsigned => Signedness::Unsigned,
        FieldKind::Signed | FieldKind::Jump => Signedness::Signed,
    };
    Ok(Parsed::leaf(Expression::Field(field), signedness, span))
}

fn function(
    cursor: &mut Cursor<'_>,
    format: &Format,
    depth: usize,
    name: &str,
    span: Range<usize>,
) -> Result<Parsed, IsaError> {
    cursor.expect(Token::OpenParenthesis, "`(`")?;
    let mut arguments = Vec::new();
    while !cursor.take(Token::CloseParenthesis) {
        if !arguments.is_empty() {
            cursor.expect(Token::Comma, "`,` or `)`")?;
        }
        arguments.push(expression(cursor, format, depth)?);
    }
    let whole = span.start..cursor.previous_end();
    let expected = usize::from(name == "ulm_regVal");
    if arguments.len() != expected {
        let found = arguments.len();
        return Err(IsaError {
            kind: IsaErrorKind::ArgumentCount {
                name: name.to_owned(),
                expected,
                found,
            },
            span,
        });
    }
    match (name, arguments.pop()) {
        ("ulm_regVal", Some(number)) => {
            super::check_argument(&number, crate::effect::Parameter::Source)?;
            let expression = Expression::Register(Box::new(number.expression));
            Parsed::tree(expression, Signedness::Unsigned, whole, number.height)
        }
        ("ulm_ipVal", _) => Ok(Parsed::leaf(
            Expression::InstructionPointer,
            Signedness::Unsigned,
            whole,
        )),
        _ => Ok(Parsed::leaf(
            Expression::ReadChar,
            Signedness::Signed,
            whole,
        )),
    }
}

fn unknown<'n>(
    name: &str,
    span: Range<usize>,
    format: &Format,
    known: impl Iterator<Item = &'n str>,
) -> IsaError {
    IsaError {
        kind: IsaErrorKind::UnknownName {
            name: name.to_owned(),
            format: clip(&format.name),
            candidates: known.map(clip).collect(),
        },
        span,
    }
}
