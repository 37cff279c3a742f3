//! Text → tokens, one at a time.

use std::borrow::Cow;

use super::error::ParseErrorKind;
use super::is_name_character;

/// A token. White space and comments (`//` to the end of the line) are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Letters, digits and what else may stand in a name.
    Word(&'a str),
    /// A name in quotes, without them.
    Quoted(Cow<'a, str>),
    /// One of `@ , ( ) [ ] { } : + - / #`.
    Punctuation(char),
    /// The end of the text.
    End,
}

/// Where in the text the next token is looked for.
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// The next token, and at which byte it begins. The byte belongs to an error, too.
    pub(super) fn next(&mut self) -> (usize, Result<Token<'a>, ParseErrorKind>) {
        self.skip_space();
        let start = self.position;
        (start, self.token())
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.position += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.position += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn token(&mut self) -> Result<Token<'a>, ParseErrorKind> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        let word = rest.find(|character| !is_name_character(character));
        match word.unwrap_or(rest.len()) {
            0 => {}
            len => {
                self.position += len;
                return Ok(Token::Word(&rest[..len]));
            }
        }
        self.position += first.len_utf8();
        match first {
            '"' => self.quoted(),
            '@' | ',' | '(' | ')' | '[' | ']' | '{' | '}' | ':' | '+' | '-' | '/' | '#' => {
                Ok(Token::Punctuation(first))
            }
            _ => Err(ParseErrorKind::UnexpectedCharacter(first)),
        }
    }

    /// quoted = `"` { character | `\"` | `\\` | `\u{` hex digits `}` } `"`, behind the first quote.
    fn quoted(&mut self) -> Result<Token<'a>, ParseErrorKind> {
        let mut name = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let Some(len) = rest.find(['"', '\\', '\n']) else {
                return Err(ParseErrorKind::UnclosedName);
            };
            name += &rest[..len];
            self.position += len + 1;
            match rest.as_bytes()[len] {
                b'"' => return Ok(Token::Quoted(name)),
                b'\\' => name.to_mut().push(self.escape()?),
                _ => return Err(ParseErrorKind::UnclosedName),
            }
        }
    }

    /// The character of an escape, behind the backslash.
    fn escape(&mut self) -> Result<char, ParseErrorKind> {
        let rest = self.rest();
        let (character, len) = if let Some(rest) = rest.strip_prefix("u{") {
            // The longest number has six digits.
            let end = rest.bytes().take(7).position(|byte| byte == b'}');
            let digits = &rest[..end.ok_or(ParseErrorKind::Escape)?];
            let digits_only = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok();
            let number = number.filter(|_| digits_only);
            (number.and_then(char::from_u32), digits.len() + 3)
        } else {
            let character = rest.chars().next();
            (character.filter(|c| matches!(c, '"' | '\\')), 1)
        };
        let character = character.ok_or(ParseErrorKind::Escape)?;
        self.position += len;
        Ok(character)
    }
}
