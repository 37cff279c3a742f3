//! Tokens of the assembly language.
//!
//! The lexer hands out the tokens of one statement at a time: up to the end of a line, where a
//! `/* … */` comment may carry the statement on to the next. A token is a kind and a byte range;
//! nothing is copied.

use std::ops::Range;

use logos::{Logos, Skip};

use crate::error::LexicalError;

/// How many line ends block comments have taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LinesInComments(pub(crate) u32);

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Logos)]
#[logos(skip r"[ \t\r\x0b\x0c]+", error = LexicalError, extras = LinesInComments)]
pub(crate) enum Token {
    #[token("\n")]
    Newline,
    /// `# …` to the end of the line; kept because `#line` in column 0 says something.
    #[regex(r"#[^\n]*", allow_greedy = true)]
    Hash,
    #[regex(r"//[^\n]*", |_| Skip, allow_greedy = true)]
    #[token("/*", skip_block_comment)]
    Comment,
    #[regex(r"[A-Za-z_.][A-Za-z0-9_.]*")]
    Identifier,
    #[regex(r"[0-9][A-Za-z0-9_.]*")]
    Number,
    #[token("'", character)]
    Character,
    #[token("\"", string)]
    String,
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
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
}

/// A token with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Lexeme {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

fn skip_block_comment(
    lexer: &mut logos::Lexer<'_, Token>,
) -> logos::FilterResult<(), LexicalError> {
    match lexer.remainder().find("*/") {
        Some(at) => {
            let comment = &lexer.remainder().as_bytes()[..at];
            lexer.extras.0 += memchr::memchr_iter(b'\n', comment).count() as u32;
            lexer.bump(at + 2);
            logos::FilterResult::Skip
        }
        None => {
            lexer.bump(lexer.remainder().len());
            logos::FilterResult::Error(LexicalError::UnterminatedComment)
        }
    }
}

/// Goes behind the closing quote; a backslash takes the next character with it.
fn quoted(lexer: &mut logos::Lexer<'_, Token>, quote: u8) -> bool {
    let bytes = lexer.remainder().as_bytes();
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'\n' => break,
            b'\\' if bytes.get(i + 1).is_some_and(|b| *b != b'\n') => {
                // The next character may be longer than a byte.
                let next = lexer.remainder()[i + 1..]
                    .chars()
                    .next()
                    .map_or(0, char::len_utf8);
                i += 1 + next;
            }
            _ if byte == quote => {
                lexer.bump(i + 1);
                return true;
            }
            _ => i += 1,
        }
    }
    let end = if i > 0 && bytes[i - 1] == b'\r' {
        i - 1
    } else {
        i
    };
    lexer.bump(end);
    false
}

fn string(lexer: &mut logos::Lexer<'_, Token>) -> Result<(), LexicalError> {
    if quoted(lexer, b'"') {
        Ok(())
    } else {
        Err(LexicalError::UnterminatedString)
    }
}

fn character(lexer: &mut logos::Lexer<'_, Token>) -> Result<(), LexicalError> {
    // `'''` is the quote itself, written without its backslash.
    if lexer.remainder().starts_with("''") {
        lexer.bump(2);
        return Ok(());
    }
    // A quote that doesn't close within a few characters was not meant to open one.
    let start = lexer.span().start;
    let before = lexer.clone();
    if quoted(lexer, b'\'') {
        return Ok(());
    }
    *lexer = before;
    let word = lexer.remainder();
    let end = word
        .find([',', ' ', '\t', '\r', '\n'])
        .unwrap_or(word.len());
    lexer.bump(end);
    debug_assert!(lexer.span().start == start);
    Err(LexicalError::UnterminatedCharacter)
}

/// The bytes of a string or character literal, quotes included in `text`.
///
/// # Errors
///
/// What is wrong with an escape, with its range in `text`.
pub(crate) fn unescape(text: &str, into: &mut Vec<u8>) -> Result<(), (LexicalError, Range<usize>)> {
    let inner = &text[1..text.len() - 1];
    if !inner.contains('\\') {
        into.extend_from_slice(inner.as_bytes());
        return Ok(());
    }
    let bytes = text.as_bytes();
    let end = text.len() - 1;
    let mut i = 1;
    while i < end {
        if bytes[i] != b'\\' {
            into.push(bytes[i]);
            i += 1;
            continue;
        }
        let start = i;
        i += 2;
        let byte = match bytes[start + 1] {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            quoted @ (b'\'' | b'"' | b'?' | b'\\') => quoted,
            digit @ b'0'..=b'7' => {
                // Up to three octal digits.
                let mut value = u32::from(digit - b'0');
                while i < end && i < start + 4 && matches!(bytes[i], b'0'..=b'7') {
                    value = value * 8 + u32::from(bytes[i] - b'0');
                    i += 1;
                }
                match u8::try_from(value) {
                    Ok(byte) => byte,
                    Err(_) => return Err((LexicalError::EscapeTooLarge, start..i)),
                }
            }
            b'x' => {
                let digits = bytes[i..end]
                    .iter()
                    .take_while(|b| b.is_ascii_hexdigit())
                    .count();
                i += digits;
                match u8::from_str_radix(&text[start + 2..i], 16) {
                    Ok(byte) => byte,
                    Err(_) if digits == 0 => {
                        return Err((LexicalError::UnknownEscape, start..i));
                    }
                    Err(_) => return Err((LexicalError::EscapeTooLarge, start..i)),
                }
            }
            _ => {
                let length = text[start + 1..].chars().next().map_or(1, char::len_utf8);
                return Err((LexicalError::UnknownEscape, start..start + 1 + length));
            }
        };
        into.push(byte);
    }
    Ok(())
}

/// The value of a number literal: decimal, `0x` hex, octal with a leading 0.
#[inline]
pub(crate) fn number(text: &str) -> Result<u64, LexicalError> {
    let bytes = text.as_bytes();
    if bytes.len() < 19
        && (bytes[0] != b'0' || bytes.len() == 1)
        && let Some(number) = decimal(bytes)
    {
        return Ok(number);
    }
    let (digits, radix) = match bytes {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(LexicalError::BadNumber);
    }
    u64::from_str_radix(digits, radix).map_err(|_| LexicalError::NumberTooLarge)
}

/// The value of up to 19 decimal digits.
#[inline]
fn decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Result<Vec<u8>, (LexicalError, Range<usize>)> {
        let mut into = Vec::new();
        unescape(text, &mut into).map(|()| into)
    }

    #[test]
    fn every_escape_of_c_has_its_byte() {
        assert_eq!(
            bytes(r#""\'\"\?\\\a\b\f\n\r\t\v\0\101\x41\x7e""#),
            Ok(b"'\"?\\\x07\x08\x0c\n\r\t\x0b\0AA~".to_vec())
        );
    }

    #[test]
    fn an_escape_past_a_byte_is_an_error_with_its_range() {
        assert_eq!(
            bytes(r#""a\777""#),
            Err((LexicalError::EscapeTooLarge, 2..6))
        );
        assert_eq!(
            bytes(r#""\x100""#),
            Err((LexicalError::EscapeTooLarge, 1..6))
        );
        assert_eq!(bytes(r#""\q""#), Err((LexicalError::UnknownEscape, 1..3)));
        assert_eq!(bytes("\"\\ü\""), Err((LexicalError::UnknownEscape, 1..4)));
    }

    #[test]
    fn numbers_have_three_notations() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("00"), Ok(0));
        assert_eq!(number("017"), Ok(15));
        assert_eq!(number("0xfF"), Ok(255));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(
            number("18446744073709551616"),
            Err(LexicalError::NumberTooLarge)
        );
        assert_eq!(number("09"), Err(LexicalError::BadNumber));
        assert_eq!(number("0x"), Err(LexicalError::BadNumber));
        assert_eq!(number("12ab"), Err(LexicalError::BadNumber));
    }
}
