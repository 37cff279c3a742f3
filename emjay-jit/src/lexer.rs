//! Tokens of the language.
//!
//! The parser asks for one token after another; a token is a kind and a range, nothing is copied.
//! What can't be read is a token, too, [`Token::Error`], and is described in [`Lexer::errors`]: the
//! parser knows then that the mistake has been reported.
//!
//! What tokens there are is said by the patterns of [`Token`]. Nearly all of a program are blanks,
//! ASCII names, small numbers and single characters: [`Lexer::next`] knows these at sight
//! ([`common`]) and leaves the others to the patterns.

use logos::Logos;

use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::names::Key;
use crate::span::Span;

mod common;

use common::Class;

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
    /// What is found out while it is read: of a number its value, [`NO_VALUE`] if that is not
    /// allowed; of a name its [`Key`].
    pub(crate) value: u64,
}

impl Lexeme {
    /// The key of a name.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key(self.value)
    }
}

/// In place of the value of a number that is malformed or too large: larger than all values.
pub(crate) const NO_VALUE: u64 = u64::MAX;

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
    text: &'s str,
    /// Where the next token is looked for.
    position: usize,
    /// Reads what is not common.
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
    pub(crate) fn next(&mut self) -> Lexeme {
        let bytes = self.text.as_bytes();
        let mut start = self.position;
        let mut first = common::byte(bytes, start);
        while Class::of(first) == Class::Blank {
            start += 1;
            first = common::byte(bytes, start);
        }
        let known = match Class::of(first) {
            Class::Single => common::single(bytes, start, first),
            Class::Letter => common::name(bytes, start, first),
            Class::Digit => common::number(bytes, start),
            Class::Blank | Class::Other => None,
        };
        let Some((token, end, value)) = known else {
            return self.less_common(start);
        };
        self.take(token, start, end, value)
    }

    /// A token that ends there.
    #[inline]
    fn take(&mut self, token: Token, start: usize, end: usize, value: u64) -> Lexeme {
        self.position = end;
        let span = Span {
            start: start as u32,
            end: end as u32,
        };
        Lexeme { token, span, value }
    }

    #[inline(never)]
    fn less_common(&mut self, start: usize) -> Lexeme {
        match common::long_name(self.text.as_bytes(), start) {
            Some((token, end, value)) => self.take(token, start, end, value),
            None => self.match_patterns(start),
        }
    }

    /// The next token from `start` on by the patterns of [`Token`].
    fn match_patterns(&mut self, start: usize) -> Lexeme {
        self.tokens.bump(start - self.tokens.span().end);
        let token = self.tokens.next();
        let range = self.tokens.span();
        self.position = range.end;
        let text = self.tokens.slice();
        let span = Span {
            start: range.start as u32,
            end: range.end as u32,
        };
        let Some(Err(())) = token else {
            let token = token.and_then(Result::ok).unwrap_or(Token::End);
            let value = match token {
                Token::Name => Key::of(text.as_bytes()).0,
                Token::Number => number(text).unwrap_or(NO_VALUE),
                _ => 0,
            };
            return Lexeme { token, span, value };
        };
        self.error(span)
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
            value: 0,
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
pub(crate) fn number(text: &str) -> Result<u64, NumberError> {
    let (digits, radix) = match text.as_bytes() {
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

    /// All tokens of a text as `next` gives them.
    fn lexemes<'s>(text: &'s str, next: impl Fn(&mut Lexer<'s>) -> Lexeme) -> Vec<Lexeme> {
        let mut lexer = Lexer::new(text);
        let mut lexemes = Vec::new();
        loop {
            let lexeme = next(&mut lexer);
            lexemes.push(lexeme);
            if lexeme.token == Token::End {
                return lexemes;
            }
        }
    }

    fn at_sight(text: &str) -> Vec<Lexeme> {
        lexemes(text, Lexer::next)
    }

    fn by_patterns(text: &str) -> Vec<Lexeme> {
        lexemes(text, |lexer| lexer.match_patterns(lexer.position))
    }

    #[test]
    fn what_is_like_a_common_token_is_left_to_the_patterns() {
        let text = "fn f_1(aé, éa, x9) { let fnx = 12ab+0x1F; /* ü */ return a<=b!=-c%2; } // ünd\n\
                    if iff else while(1)&&!whilex||x==y*2/3>=4>5<6!7=8 =/**/= /=9 !/ <* 9é \u{a0} fn";
        assert_eq!(at_sight(text), by_patterns(text));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None,
            ..Default::default()
        })]

        #[test]
        fn what_is_known_at_sight_is_what_the_patterns_say(
            pieces in proptest::collection::vec(proptest::prop_oneof![
                "[ -~\n\t\x0b\x0c\r]",
                "fn|let|return|if|else|while|=|/|\\*|[0-9]{1,20}|0x[0-9a-f]{1,17}",
                "[a-z_][a-z0-9_]{0,12}",
                "\\PC",
                "//|/\\*|\\*/|\n|\u{FEFF}|\0",
            ], 0..24),
        ) {
            let text = pieces.concat();
            proptest::prop_assert_eq!(at_sight(&text), by_patterns(&text), "{}", text);
        }
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
