//! What the parser says about a mistake, and where it goes on.

use super::{Parse, Parser, Reported};
use crate::ast::{Block, ExpressionKind, Slice, StatementKind};
use crate::error::{Repair, SyntaxError, SyntaxErrorKind};
use crate::lexer::{Lexeme, Token};
use crate::span::Span;

/// Words that other languages have for `let`.
const LIKE_LET: [&str; 8] = ["var", "const", "int", "long", "auto", "local", "mut", "i64"];
/// Words that other languages have for `fn`.
const LIKE_FN: [&str; 6] = ["func", "fun", "function", "def", "proc", "sub"];

impl Block {
    /// A block without statements, for one that could not be read.
    pub(super) fn empty() -> Self {
        Self {
            statements: Slice::default(),
            close: Span::default(),
        }
    }
}

impl Parser<'_> {
    // ---- reports ----

    #[cold]
    pub(super) fn report(&mut self, span: Span, kind: SyntaxErrorKind) -> Reported {
        // What can't be read has been reported by the lexer.
        let is_known = self.at(Token::Error) && span == self.current.span;
        if !self.is_stopped && !is_known {
            self.has_met_end |= self.at(Token::End);
            self.errors.push(SyntaxError { span, kind });
        }
        Reported
    }

    /// Something else stands where `expected` should.
    #[cold]
    pub(super) fn unexpected(
        &mut self,
        expected: &'static str,
        repair: Option<Repair>,
    ) -> Reported {
        let kind = SyntaxErrorKind::Unexpected {
            expected,
            found: self.found(),
            repair,
        };
        self.report(self.current.span, kind)
    }

    /// The current token as messages name it.
    pub(super) fn found(&self) -> String {
        let text = self.text_of(self.current.span);
        match self.current.token {
            Token::End => "the end of the file".into(),
            token if token.is_keyword() => format!("the keyword `{text}`"),
            _ => format!("`{text}`"),
        }
    }

    #[cold]
    pub(super) fn too_deep(&mut self) -> Reported {
        self.report(self.current.span, SyntaxErrorKind::NestingTooDeep);
        self.stop();
        Reported
    }

    /// Ends the parsing: what follows can't be understood.
    fn stop(&mut self) {
        self.is_stopped = true;
        self.current = Lexeme {
            token: Token::End,
            span: self.current.span.behind(),
            value: 0,
        };
        self.lexer.skip_rest();
    }

    #[cold]
    pub(super) fn assignment_in_expression(&mut self) -> Reported {
        self.report(self.current.span, SyntaxErrorKind::AssignmentInExpression)
    }

    // ---- semicolons ----

    // ";"
    #[inline]
    pub(super) fn semicolon(&mut self) -> Parse<()> {
        if self.at(Token::Semicolon) {
            self.advance();
            return Ok(());
        }
        self.missing_semicolon()
    }

    /// The semicolon behind an expression or an assignment; without one the first word may have
    /// been meant as a keyword.
    pub(super) fn semicolon_after_simple(&mut self, kind: StatementKind) -> Parse<()> {
        if self.at(Token::Semicolon) {
            self.advance();
            return Ok(());
        }
        if let Some(error) = self.misspelt_keyword(kind) {
            self.errors.push(error);
            return Err(Reported);
        }
        self.missing_semicolon()
    }

    #[cold]
    fn missing_semicolon(&mut self) -> Parse<()> {
        if self.at(Token::Error) {
            return Err(Reported);
        }
        if self.at(Token::Assign) {
            return Err(self.assignment_in_expression());
        }
        let is_last = matches!(self.current.token, Token::End | Token::Fn);
        if self.is_entry && self.nesting == 0 && is_last {
            return Ok(());
        }
        let starts_statement = matches!(
            self.current.token,
            Token::Let | Token::Return | Token::If | Token::While | Token::Fn | Token::CloseBrace
        );
        let between = self.previous.end as usize..self.current.span.start as usize;
        let is_line_end = self.text[between].contains('\n');
        if starts_statement || is_line_end || self.at(Token::End) {
            let repair = Repair::insert(self.previous.behind(), ";", "end the statement");
            let kind = SyntaxErrorKind::MissingSemicolon { repair };
            self.report(self.previous.behind(), kind);
            return Ok(());
        }
        Err(self.unexpected("an operator or `;`", None))
    }

    /// A lonely word in front of something that makes no statement with it.
    fn misspelt_keyword(&self, kind: StatementKind) -> Option<SyntaxError> {
        let (StatementKind::Expression(value) | StatementKind::Assign { value, .. }) = kind else {
            return None;
        };
        let expression = self.ast.expression(value);
        let ExpressionKind::Variable(name) = expression.kind else {
            return None;
        };
        let follows_word = matches!(
            self.current.token,
            Token::Name | Token::Number | Token::OpenBrace | Token::If
        );
        let word = self.ast.names.text(name);
        if !follows_word || matches!(kind, StatementKind::Assign { .. }) {
            return None;
        }
        let keyword = match word {
            _ if LIKE_LET.contains(&word) => "let",
            "elif" | "elsif" | "elseif" => "else if",
            "for" | "loop" | "until" | "do" => "while",
            "ret" | "yield" => "return",
            _ if LIKE_FN.contains(&word) => "fn",
            _ => diagnostics::nearest(word, Token::KEYWORDS)?,
        };
        Some(SyntaxError {
            span: expression.span,
            kind: SyntaxErrorKind::UnknownKeyword {
                word: word.into(),
                keyword,
            },
        })
    }

    // ---- going on ----

    /// Whether the current word is the `fn` of a function: a name follows. Otherwise somebody took it
    /// for a name.
    pub(super) fn begins_function(&self) -> bool {
        self.at(Token::Fn)
            && self.text[self.current.span.end as usize..]
                .trim_start()
                .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    /// Whether a word stands where `fn` was meant; that is reported here.
    pub(super) fn is_misspelt_fn(&mut self) -> bool {
        if !self.at(Token::Name) {
            return false;
        }
        let span = self.current.span;
        let word = self.text_of(span);
        let is_meant = LIKE_FN.contains(&word)
            || word.eq_ignore_ascii_case("fn")
            || matches!(word, "fm" | "nf" | "ffn" | "fnn");
        if is_meant {
            let kind = SyntaxErrorKind::UnknownKeyword {
                word: word.into(),
                keyword: "fn",
            };
            self.report(span, kind);
        }
        is_meant
    }

    #[cold]
    pub(super) fn outside_of_functions(&mut self) -> Reported {
        let is_statement = matches!(
            self.current.token,
            Token::Let | Token::Return | Token::If | Token::While | Token::Name | Token::OpenBrace
        );
        if is_statement {
            return self.report(self.current.span, SyntaxErrorKind::OutsideOfFunctions);
        }
        self.unexpected("a function", None)
    }

    /// Goes to the next `fn`, or to the end.
    pub(super) fn skip_to_function(&mut self) {
        let known = self.lexer.errors.len();
        while !self.begins_function() && !self.at(Token::End) {
            self.advance();
        }
        self.forget_skipped(known);
    }

    /// What was skipped belongs to a mistake that has been reported: its characters don't matter.
    fn forget_skipped(&mut self, known: usize) {
        let current = self.current.span.start;
        // Only the new ones are looked at: a text may have as many mistakes as bytes.
        let skipped = self.lexer.errors.split_off(known);
        let still_matter = skipped.into_iter().filter(|error| {
            error.span.start >= current
                || matches!(error.kind, SyntaxErrorKind::UnterminatedComment)
        });
        self.lexer.errors.extend(still_matter);
    }

    /// Goes behind the statement that has a mistake: behind its semicolon or its block, or in front
    /// of the next keyword or the brace that closes the block around it.
    pub(super) fn synchronise(&mut self) {
        let known = self.lexer.errors.len();
        self.skip_statement();
        self.forget_skipped(known);
    }

    fn skip_statement(&mut self) {
        let mut braces = 0u32;
        loop {
            match self.current.token {
                Token::End => return,
                Token::Fn if self.begins_function() => return,
                Token::Let | Token::Return | Token::If | Token::While if braces == 0 => return,
                Token::Semicolon if braces == 0 => {
                    self.advance();
                    return;
                }
                Token::OpenBrace => braces += 1,
                Token::CloseBrace if braces == 0 => return,
                Token::CloseBrace => {
                    braces -= 1;
                    if braces == 0 {
                        self.advance();
                        return;
                    }
                }
                _ => {}
            }
            self.advance();
        }
    }
}
