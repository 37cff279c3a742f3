//! Tokens of the description language.

use std::ops::Range;

use logos::Logos;

use crate::error::{IsaError, IsaErrorKind};

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Logos)]
#[logos(skip r"[ \t\r\f]+|\n", error = LexError)]
// A `#` in column 1 of a line inside an effect.
#[logos(skip(r"\n#[^\n]*", allow_greedy = true))]
pub(super) enum Token {
    #[regex(r"[A-Za-z_.][A-Za-z0-9_.]*")]
    Identifier,
    #[regex(r"[0-9][A-Za-z0-9_]*", |lex| number(lex.slice()))]
    Number(u64),
    /// Skipped by the cursor; the callback finds its end.
    #[token("/*", |lex| comment(lex))]
    Comment,
    #[token("%")]
    Percent,
    #[token(",")]
    Comma,
    #[token("(")]
    OpenParenthesis,
    #[token(")")]
    CloseParenthesis,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token("$")]
    Dollar,
    #[token("@")]
    At,
    #[token(":")]
    Colon,
    #[token(";")]
    Semicolon,
    #[token("?")]
    Question,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("~")]
    Tilde,
    #[token("!")]
    Exclamation,
    #[token("<<")]
    ShiftLeft,
    #[token(">>")]
    ShiftRight,
    #[token("<")]
    Less,
    #[token("<=")]
    LessOrEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterOrEqual,
    #[token("==")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("&")]
    Ampersand,
    #[token("^")]
    Caret,
    #[token("|")]
    Bar,
    #[token("&&")]
    AndAnd,
    #[token("||")]
    OrOr,
}

impl Token {
    /// The punctuation that may stand in a form.
    pub(super) fn punctuation(self) -> Option<char> {
        Some(match self {
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
            _ => return None,
        })
    }
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LexError {
    #[default]
    Stray,
    NumberTooLarge,
    NotANumber,
    UnterminatedComment,
}

fn number(text: &str) -> Result<u64, LexError> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(LexError::NotANumber);
    }
    u64::from_str_radix(digits, radix).map_err(|_| LexError::NumberTooLarge)
}

fn comment(lex: &mut logos::Lexer<'_, Token>) -> Result<(), LexError> {
    match lex.remainder().find("*/") {
        Some(at) => {
            lex.bump(at + 2);
            Ok(())
        }
        None => Err(LexError::UnterminatedComment),
    }
}

/// The tokens of a part of the text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<(Token, Range<usize>)>,
    position: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, span: Range<usize>) -> Result<Self, IsaError> {
        let mut tokens = Vec::new();
        for (token, found) in Token::lexer(&text[span.clone()]).spanned() {
            let found = found.start + span.start..found.end + span.start;
            match token {
                Ok(Token::Comment) => {}
                Ok(token) => tokens.push((token, found)),
                Err(error) => return Err(describe(error, text, found)),
            }
        }
        Ok(Self {
            text,
            tokens,
            position: 0,
            end: span.end,
        })
    }

    pub(super) fn text_of(&self, span: &Range<usize>) -> &'a str {
        &self.text[span.clone()]
    }

    pub(super) fn at_end(&self) -> bool {
        self.position == self.tokens.len()
    }

    pub(super) fn peek(&self) -> Option<Token> {
        self.tokens.get(self.position).map(|t| t.0)
    }

    /// The next token, which must exist; `expected` is for the message if it doesn't.
    pub(super) fn next(
        &mut self,
        expected: &'static str,
    ) -> Result<(Token, Range<usize>), IsaError> {
        match self.tokens.get(self.position) {
            Some(token) => {
                self.position += 1;
                Ok(token.clone())
            }
            None => Err(self.unexpected(expected)),
        }
    }

    /// Goes past the next token if it is `token`.
    pub(super) fn take(&mut self, token: Token) -> bool {
        let found = self.peek() == Some(token);
        self.position += usize::from(found);
        found
    }

    /// Goes behind the next `token`, or to the end.
    pub(super) fn skip_behind(&mut self, token: Token) {
        let rest = &self.tokens[self.position..];
        let skipped = rest.iter().position(|t| t.0 == token);
        self.position += skipped.map_or(rest.len(), |at| at + 1);
    }

    pub(super) fn expect(
        &mut self,
        token: Token,
        expected: &'static str,
    ) -> Result<Range<usize>, IsaError> {
        if self.peek() == Some(token) {
            return Ok(self.next(expected)?.1);
        }
        Err(self.unexpected(expected))
    }

    pub(super) fn expect_identifier(
        &mut self,
        expected: &'static str,
    ) -> Result<(String, Range<usize>), IsaError> {
        let span = self.expect(Token::Identifier, expected)?;
        Ok((self.text_of(&span).to_owned(), span))
    }

    pub(super) fn expect_number(
        &mut self,
        expected: &'static str,
    ) -> Result<(u64, Range<usize>), IsaError> {
        let Some(Token::Number(number)) = self.peek() else {
            return Err(self.unexpected(expected));
        };
        Ok((number, self.next(expected)?.1))
    }

    pub(super) fn expect_end(&self) -> Result<(), IsaError> {
        if self.at_end() {
            Ok(())
        } else {
            Err(self.unexpected("the end of the line"))
        }
    }

    /// The place of the next token, or behind the last.
    pub(super) fn here(&self) -> Range<usize> {
        match self.tokens.get(self.position) {
            Some((_, span)) => span.clone(),
            None => self.end..self.end,
        }
    }

    /// Where the token before the next one ends.
    pub(super) fn previous_end(&self) -> usize {
        self.position
            .checked_sub(1)
            .map_or(self.end, |i| self.tokens[i].1.end)
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> IsaError {
        let span = self.here();
        let found = match self.text_of(&span) {
            "" => "the end of the line".to_owned(),
            text => format!("`{text}`"),
        };
        IsaError {
            kind: IsaErrorKind::Unexpected { expected, found },
            span,
        }
    }
}

fn describe(error: LexError, text: &str, span: Range<usize>) -> IsaError {
    let kind = match error {
        LexError::Stray => {
            IsaErrorKind::StrayCharacter(text[span.clone()].chars().next().unwrap_or('?'))
        }
        LexError::NumberTooLarge => IsaErrorKind::NumberTooLarge,
        LexError::NotANumber => IsaErrorKind::Unexpected {
            expected: "a decimal or hexadecimal number",
            found: format!("`{}`", &text[span.clone()]),
        },
        LexError::UnterminatedComment => IsaErrorKind::UnterminatedComment,
    };
    IsaError { kind, span }
}
