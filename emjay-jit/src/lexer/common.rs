//! The tokens that programs are full of, known by their bytes without the patterns.
//!
//! Each function gives the token, where it ends and its [`Lexeme::value`](super::Lexeme::value), or
//! `None` where what follows may belong to it, too: then the patterns decide.

use super::Token;
use crate::names::Key;

/// What a byte is at the beginning of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Something for the patterns.
    Other,
    /// Between tokens.
    Blank,
    /// A token of its own, if not more belongs to it.
    Single,
    /// An ASCII letter or `_`. This and what follows it continues a name or a number.
    Letter,
    /// A decimal digit.
    Digit,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => Class::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            other if !matches!(single_token(other), Token::Error) => Class::Single,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

impl Class {
    #[inline]
    pub(super) fn of(byte: u8) -> Self {
        CLASSES[byte as usize]
    }
}

/// The tokens of single characters, [`Token::Error`] of the others.
static SINGLE_TOKENS: [Token; 256] = {
    let mut tokens = [Token::Error; 256];
    let mut byte = 0;
    while byte < 256 {
        tokens[byte] = single_token(byte as u8);
        byte += 1;
    }
    tokens
};

const fn single_token(byte: u8) -> Token {
    match byte {
        b'(' => Token::OpenParenthesis,
        b')' => Token::CloseParenthesis,
        b'{' => Token::OpenBrace,
        b'}' => Token::CloseBrace,
        b',' => Token::Comma,
        b';' => Token::Semicolon,
        b'=' => Token::Assign,
        b'+' => Token::Plus,
        b'-' => Token::Minus,
        b'*' => Token::Star,
        b'/' => Token::Slash,
        b'%' => Token::Percent,
        b'!' => Token::Not,
        b'<' => Token::Less,
        b'>' => Token::Greater,
        _ => Token::Error,
    }
}

type Known = Option<(Token, usize, u64)>;

/// The byte at a position; behind the end 0, which is in no token.
#[inline]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// A token of one character.
#[inline]
pub(super) fn single(bytes: &[u8], start: usize, first: u8) -> Known {
    // No longer token and no comment goes on with anything else.
    let may_go_on = matches!(byte(bytes, start + 1), b'=' | b'/' | b'*');
    (!may_go_on).then(|| (SINGLE_TOKENS[first as usize], start + 1, 0))
}

/// A name of up to eight ASCII characters, or a keyword.
#[inline]
pub(super) fn name(bytes: &[u8], start: usize, first: u8) -> Known {
    let mut word = u64::from(first);
    let mut end = start + 1;
    let mut next = byte(bytes, end);
    while Class::of(next) >= Class::Letter {
        word = word << 8 | u64::from(next);
        end += 1;
        next = byte(bytes, end);
    }
    if end - start > 8 || !next.is_ascii() {
        return None;
    }
    Some(match keyword(word) {
        Some(token) => (token, end, 0),
        None => (Token::Name, end, word),
    })
}

/// A name of more than eight ASCII characters.
pub(super) fn long_name(bytes: &[u8], start: usize) -> Known {
    let mut end = start;
    while Class::of(byte(bytes, end)) >= Class::Letter {
        end += 1;
    }
    let is_name = Class::of(byte(bytes, start)) == Class::Letter
        && end - start > 8
        && byte(bytes, end).is_ascii();
    is_name.then(|| (Token::Name, end, Key::of(&bytes[start..end]).0))
}

/// The characters of a short text, one behind the other.
const fn word(text: &[u8]) -> u64 {
    let mut word = 0;
    let mut index = 0;
    while index < text.len() {
        word = word << 8 | text[index] as u64;
        index += 1;
    }
    word
}

/// The keyword of these characters.
#[inline]
fn keyword(characters: u64) -> Option<Token> {
    const FN: u64 = word(b"fn");
    const LET: u64 = word(b"let");
    const RETURN: u64 = word(b"return");
    const IF: u64 = word(b"if");
    const ELSE: u64 = word(b"else");
    const WHILE: u64 = word(b"while");
    // Most names that are not keywords are shorter.
    if characters < FN {
        return None;
    }
    Some(match characters {
        FN => Token::Fn,
        LET => Token::Let,
        RETURN => Token::Return,
        IF => Token::If,
        ELSE => Token::Else,
        WHILE => Token::While,
        _ => return None,
    })
}

/// A decimal number of up to 18 digits, which is always less than 2^63.
#[inline]
pub(super) fn number(bytes: &[u8], start: usize) -> Known {
    let mut value = 0u64;
    let mut end = start;
    let mut next = byte(bytes, end);
    while Class::of(next) == Class::Digit {
        value = value.wrapping_mul(10).wrapping_add(u64::from(next - b'0'));
        end += 1;
        next = byte(bytes, end);
    }
    (end - start <= 18 && Class::of(next) != Class::Letter).then_some((Token::Number, end, value))
}
