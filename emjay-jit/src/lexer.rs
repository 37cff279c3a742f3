//! Tokens of the language.
//!
//! The parser asks for one token after another; a token is a kind and a range, nothing is copied.
//! What can't be read is a token, too, [`Token::Error`], and is described in [`Lexer::errors`]: the
//! parser knows then that the mistake has been reported.

use logos::Logos;

use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::span::Span;

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Logos)]
#[logos(skip r"[ \t\r\n\x0b\x0c]+", skip("//[^\n]*", allow_greedy = true))]
pub(crate) enum Token {
    #[token("/*", block_comment)]
    Comment,
    #[regex(r"[_\p{XID_Start}]\p{XID_Continue}*")]
    Name,
    #[regex(r"[0-9][0-9A-Za-z_]*")]
    Number,
    #[token("fn")]
    Fn,
    #[token("let")]
    Let,
    #[token("return")]
    Return,
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[token("while")]
    While,
    #[token("(")]
    OpenParenthesis,
    #[token(")")]
    CloseParenthesis,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token(",")]
    Comma,
    #[token(";")]
    Semicolon,
    #[token("=")]
    Assign,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("%")]
    Percent,
    #[token("!")]
    Not,
    #[token("&&")]
    And,
    #[token("||")]
    Or,
    #[token("==")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    /// Something that can't be read; the error is in [`Lexer::errors`].
    Error,
    /// The end of the text.
    End,
}

impl Token {
    /// The words that can't be names.
    pub(crate) const KEYWORDS: [&'static str; 6] = ["fn", "let", "return", "if", "else", "while"];

    /// Whether it is one of [`Token::KEYWORDS`].
    pub(crate) fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Fn | Self::Let | Self::Return | Self::If | Self::Else | Self::While
        )
    }
}

/// A token with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) span: Span,
}

/// Goes behind the end of a comment; `false` if it has none.
fn block_comment(lexer: &mut logos::Lexer<'_, Token>) -> logos::FilterResult<(), ()> {
    match lexer.remainder().find("*/") {
        Some(at) => {
            lexer.bump(at + 2);
            logos::FilterResult::Skip
        }
        None => logos::FilterResult::Error(()),
    }
}

/// Hands out the tokens of a text.
pub(crate) struct Lexer<'s> {
    tokens: logos::Lexer<'s, Token>,
    /// What could not be read.
    pub(crate) errors: Vec<SyntaxError>,
}

impl<'s> Lexer<'s> {
    /// The text is shorter than 4 GiB.
    pub(crate) fn new(text: &'s str) -> Self {
        let mut tokens = Token::lexer(text);
        // Some editors begin a file with this mark of its encoding.
        if text.starts_with('\u{FEFF}') {
            tokens.bump('\u{FEFF}'.len_utf8());
        }
        Self {
            tokens,
            errors: Vec::new(),
        }
    }

    /// The next token; at the end of the text always [`Token::End`].
    #[inline]
    pub(crate) fn next(&mut self) -> Lexeme {
        let token = self.tokens.next();
        let range = self.tokens.span();
        let span = Span {
            start: range.start as u32,
            end: range.end as u32,
        };
        match token {
            Some(Ok(token)) => Lexeme { token, span },
            None => Lexeme {
                token: Token::End,
                span,
            },
            Some(Err(())) => self.error(span),
        }
    }

    /// Leaves out everything up to the end.
    pub(crate) fn skip_rest(&mut self) {
        self.tokens.bump(self.tokens.remainder().len());
    }

    #[cold]
    fn error(&mut self, span: Span) -> Lexeme {
        let text = self.tokens.source();
        let mut span = span;
        let kind = if text[span.range()].starts_with("/*") {
            // Nothing behind it can be read.
            self.skip_rest();
            span.end = span.start + 2;
            SyntaxErrorKind::UnterminatedComment
        } else {
            let character = text[span.range()].chars().next().unwrap_or_default();
            span.end = span.start + character.len_utf8() as u32;
            SyntaxErrorKind::StrayCharacter {
                character,
                doubled: matches!(character, '&' | '|'),
            }
        };
        self.errors.push(SyntaxError { span, kind });
        Lexeme {
            token: Token::Error,
            span,
        }
    }
}

/// Why a text is not the number it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    TooLarge,
    Malformed,
}

/// The value of a number literal, decimal or `0x` hex, up to 2^63.
#[inline]
pub(crate) fn number(text: &str) -> Result<u64, NumberError> {
    let bytes = text.as_bytes();
    // 18 digits are always less than 2^63.
    if bytes.len() <= 18 {
        let mut value = 0;
        let all_digits = bytes.iter().all(|byte| {
            let digit = byte.wrapping_sub(b'0');
            value = value * 10 + u64::from(digit);
            digit < 10
        });
        if all_digits {
            return Ok(value);
        }
    }
    let (digits, radix) = match bytes {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|b| (b as char).is_digit(radix)) {
        return Err(NumberError::Malformed);
    }
    u64::from_str_radix(digits, radix)
        .ok()
        .filter(|&value| value <= 1 << 63)
        .ok_or(NumberError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Token, &str)> {
        let mut lexer = Lexer::new(text);
        let next = || {
            let lexeme = lexer.next();
            (lexeme.token != Token::End).then(|| (lexeme.token, &text[lexeme.span.range()]))
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn the_longest_token_is_taken() {
        assert_eq!(
            tokens("fnord fn <== elsewhere"),
            [
                (Token::Name, "fnord"),
                (Token::Fn, "fn"),
                (Token::LessEqual, "<="),
                (Token::Assign, "="),
                (Token::Name, "elsewhere"),
            ]
        );
    }

    #[test]
    fn names_are_those_of_unicode_and_may_begin_with_an_underscore() {
        assert_eq!(
            tokens("größe _x1 π²"),
            [
                (Token::Name, "größe"),
                (Token::Name, "_x1"),
                (Token::Name, "π"),
                (Token::Error, "²"),
            ]
        );
    }

    #[test]
    fn comments_separate_tokens_and_block_comments_do_not_nest() {
        assert_eq!(
            tokens("a/**/b // c\n/* /* */ d /* * / **/e"),
            [
                (Token::Name, "a"),
                (Token::Name, "b"),
                (Token::Name, "d"),
                (Token::Name, "e"),
            ]
        );
    }

    #[test]
    fn a_comment_without_end_is_one_error_that_takes_the_rest() {
        let mut lexer = Lexer::new("a /* b");
        lexer.next();
        assert_eq!(lexer.next().token, Token::Error);
        assert_eq!(lexer.next().token, Token::End);
        assert_eq!(lexer.errors.len(), 1);
        assert_eq!(lexer.errors[0].span, Span { start: 2, end: 4 });
    }

    #[test]
    fn numbers_are_decimal_or_hex_and_go_to_2_to_the_63() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("007"), Ok(7));
        assert_eq!(number("0xfF"), Ok(255));
        assert_eq!(number("9223372036854775808"), Ok(1 << 63));
        assert_eq!(number("9223372036854775809"), Err(NumberError::TooLarge));
        assert_eq!(number("0x8000000000000001"), Err(NumberError::TooLarge));
        assert_eq!(
            number("99999999999999999999999"),
            Err(NumberError::TooLarge)
        );
        for text in ["0x", "12ab", "1_000", "0xg"] {
            assert_eq!(number(text), Err(NumberError::Malformed), "{text}");
        }
    }
}
