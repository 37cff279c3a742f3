//! Source text in pieces, for colours.

use crate::lexer::{Lexer, Token};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// One of [`KEYWORDS`].
    Keyword,
    /// A number.
    Number,
    /// What stands between two tokens and is not only blank.
    Comment,
    /// Something that can't be read.
    Wrong,
    /// Everything else.
    Plain,
}

/// The words that can't be names.
pub const KEYWORDS: [&str; 6] = Token::KEYWORDS;

/// Cuts a text, shorter than 4 GiB, into pieces; put together they are the text.
pub fn classify(text: &str) -> Vec<(Class, &str)> {
    let mut pieces = Vec::new();
    let mut lexer = Lexer::new(text);
    let mut end = 0;
    loop {
        let lexeme = lexer.next();
        let range = lexeme.span.range();
        let between = &text[end..range.start];
        if !between.is_empty() {
            let class = if between.trim().is_empty() {
                Class::Plain
            } else {
                Class::Comment
            };
            pieces.push((class, between));
        }
        end = range.end;
        let class = match lexeme.token {
            Token::End => return pieces,
            token if token.is_keyword() => Class::Keyword,
            Token::Number => Class::Number,
            Token::Error => Class::Wrong,
            _ => Class::Plain,
        };
        pieces.push((class, &text[range]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_has_its_class() {
        assert_eq!(
            classify("let a=1 // one\n$"),
            [
                (Class::Keyword, "let"),
                (Class::Plain, " "),
                (Class::Plain, "a"),
                (Class::Plain, "="),
                (Class::Number, "1"),
                (Class::Comment, " // one\n"),
                (Class::Wrong, "$"),
            ]
        );
    }

    #[test]
    fn the_pieces_are_the_text_also_where_a_comment_is_open() {
        let text = "a /* b\n c";
        let pieces = classify(text);
        let whole: String = pieces.iter().map(|(_, piece)| *piece).collect();
        assert_eq!(whole, text);
    }
}
