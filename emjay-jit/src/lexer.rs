//! Tokens of the language.
//!
//! The parser asks for one token after another; a token is a kind and a range, nothing is copied.
//! [`Token`] defines the language, and logos makes the lexer of it. In front of that stands a
//! shortcut for what most of a text consists of: blanks, names and numbers in ASCII, and signs that
//! stand alone. What can't be read is a token, too, [`Token::Error`], and is described in
//! [`Lexer::errors`]: the parser knows then that the mistake has been reported.

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

/// What the shortcut does at a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Leaves it to the other lexer.
    Other,
    /// Skips it.
    Blank,
    /// Reads a name or a keyword.
    Letter,
    /// Reads a number.
    Digit,
    /// It is a token, see [`SIGNS`].
    Sign,
    /// The same unless `=`, `/` or `*` follows, with which it may be a longer token or a comment.
    Short,
}

/// By byte: what begins with it.
static FIRST: [First; 256] = {
    let mut table = [First::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte as usize] = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => First::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => First::Letter,
            b'0'..=b'9' => First::Digit,
            b'(' | b')' | b'{' | b'}' | b',' | b';' | b'+' | b'-' | b'*' | b'%' => First::Sign,
            b'=' | b'<' | b'>' | b'!' | b'/' => First::Short,
            _ => First::Other,
        };
        byte += 1;
    }
    table
};

/// The tokens of one sign, by byte.
static SIGNS: [Token; 256] = {
    let mut table = [Token::Error; 256];
    table[b'(' as usize] = Token::OpenParenthesis;
    table[b')' as usize] = Token::CloseParenthesis;
    table[b'{' as usize] = Token::OpenBrace;
    table[b'}' as usize] = Token::CloseBrace;
    table[b',' as usize] = Token::Comma;
    table[b';' as usize] = Token::Semicolon;
    table[b'+' as usize] = Token::Plus;
    table[b'-' as usize] = Token::Minus;
    table[b'*' as usize] = Token::Star;
    table[b'%' as usize] = Token::Percent;
    table[b'=' as usize] = Token::Assign;
    table[b'<' as usize] = Token::Less;
    table[b'>' as usize] = Token::Greater;
    table[b'!' as usize] = Token::Not;
    table[b'/' as usize] = Token::Slash;
    table
};

/// Whether a byte goes on with a name or a number.
fn goes_on(byte: u8) -> bool {
    matches!(FIRST[usize::from(byte)], First::Letter | First::Digit)
}

#[inline]
fn word(text: &[u8]) -> Token {
    if text.len() < 2 {
        return Token::Name;
    }
    match text {
        b"fn" => Token::Fn,
        b"let" => Token::Let,
        b"return" => Token::Return,
        b"if" => Token::If,
        b"else" => Token::Else,
        b"while" => Token::While,
        _ => Token::Name,
    }
}

/// Behind the letters and digits of ASCII from `start` on.
#[inline]
fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let mut end = start + 1;
    while let Some(&byte) = bytes.get(end)
        && goes_on(byte)
    {
        end += 1;
    }
    end
}

/// Hands out the tokens of a text.
pub(crate) struct Lexer<'s> {
    text: &'s str,
    /// Where the next token is looked for.
    position: usize,
    tokens: logos::Lexer<'s, Token>,
    /// What could not be read.
    pub(crate) errors: Vec<SyntaxError>,
}

impl<'s> Lexer<'s> {
    /// The text is shorter than 4 GiB.
    pub(crate) fn new(text: &'s str) -> Self {
        // Some editors begin a file with this mark of its encoding.
        let mark = '\u{FEFF}';
        let position = if text.starts_with(mark) {
            mark.len_utf8()
        } else {
            0
        };
        Self {
            text,
            position,
            tokens: Token::lexer(text),
            errors: Vec::new(),
        }
    }

    /// The next token; at the end of the text always [`Token::End`].
    #[inline]
    pub(crate) fn next(&mut self) -> Lexeme {
        let bytes = self.text.as_bytes();
        let mut start = self.position;
        while let Some(&byte) = bytes.get(start)
            && FIRST[usize::from(byte)] == First::Blank
        {
            start += 1;
        }
        let first = bytes.get(start).copied().unwrap_or_default();
        // The shortcut for the common tokens.
        let (token, end) = match FIRST[usize::from(first)] {
            First::Sign => (SIGNS[usize::from(first)], start + 1),
            First::Letter => {
                let end = end_of_word(bytes, start);
                (word(&bytes[start..end]), end)
            }
            First::Digit => (Token::Number, end_of_word(bytes, start)),
            First::Short if !matches!(bytes.get(start + 1), Some(b'=' | b'/' | b'*')) => {
                (SIGNS[usize::from(first)], start + 1)
            }
            First::Short | First::Blank | First::Other => return self.next_of_all(start),
        };
        // A word may go on with letters outside of ASCII.
        if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) {
            return self.next_of_all(start);
        }
        self.position = end;
        let span = Span {
            start: start as u32,
            end: end as u32,
        };
        Lexeme { token, span }
    }

    /// The next token from `start` on, whatever it is.
    #[cold]
    fn next_of_all(&mut self, start: usize) -> Lexeme {
        self.tokens.bump(start - self.tokens.span().end);
        let token = self.tokens.next();
        let range = self.tokens.span();
        self.position = range.end;
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
        self.position = self.text.len();
    }

    #[cold]
    fn error(&mut self, span: Span) -> Lexeme {
        let text = self.text;
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

    /// The tokens as logos alone finds them.
    fn tokens_of_logos(text: &str) -> Vec<(Token, &str)> {
        let mut lexer = Token::lexer(text);
        let next = || {
            let token = lexer.next()?;
            Some((token.unwrap_or(Token::Error), lexer.slice()))
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn the_shortcut_changes_nothing() {
        let text = "fn f_1(aé, éa, x9) { let fnx = 12ab+0x1F; /* ü */ return a<=b!=-c%2; } // ünd\n\
                    if iff else while(1)&&!whilex||x==y*2/3>=4>5<6!7=8 =/**/= /=9 !/ <* 9é \u{a0} fn";
        assert_eq!(tokens(text), tokens_of_logos(text));
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
