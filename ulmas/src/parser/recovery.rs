//! Lines that can't be read, or not as they were meant.

use super::{DIRECTIVES, Parser};
use crate::error::{Edit, ErrorKind, LexicalError, Repair, look_alike};
use crate::lexer::{Lexeme, Token};
use crate::statement::Span;

impl Parser<'_, '_> {
    /// A line that the lexer could not read: its label is defined, its instruction takes place.
    pub(super) fn bad_line(
        &mut self,
        lexemes: &[Lexeme],
        line_start: u32,
        error: LexicalError,
        span: Span,
    ) {
        let text = &self.file.text[span.range()];
        let mut kind = ErrorKind::lexical(error, text);
        match &mut kind {
            ErrorKind::StrayCharacter {
                character: ';',
                edits,
                ..
            }
            | ErrorKind::StrayCharacter {
                ascii: Some(';'),
                edits,
                ..
            } => *edits = self.semicolon(line_start, span),
            ErrorKind::StrayCharacter {
                character: '=',
                edits,
                ..
            } => *edits = self.assignment(lexemes, span),
            ErrorKind::StrayCharacter {
                ascii: Some(_),
                edits,
                ..
            } => *edits = self.look_alikes(span.start),
            ErrorKind::UnterminatedString { look_alike } => {
                let last = text.trim_end().char_indices().next_back();
                *look_alike = last.filter(|(_, c)| self::look_alike(*c) == Some('"')).map(
                    |(at, character)| {
                        let start = span.start + at as u32;
                        let end = start + character.len_utf8() as u32;
                        (character, Span { start, end })
                    },
                );
            }
            _ => {}
        }
        let is_assignment = text == "=" && lexemes.len() == 1;
        self.error(span, kind);
        if is_assignment {
            self.break_symbol(lexemes.first());
            return;
        }
        let Some((&first, mut rest)) = lexemes.split_first() else {
            return;
        };
        let mut word = Some(first);
        if first.start == line_start && first.token == Token::Identifier {
            self.label(first);
            if rest.first().is_some_and(|l| l.token == Token::Colon) {
                rest = &rest[1..];
            }
            word = rest.first().copied();
        }
        let name = word.map_or("", |word| &self.file.text[word.range()]);
        if self.mnemonics.find(name).is_some() {
            self.emit_broken(span);
        } else if name == ".equ" {
            self.break_symbol(rest.iter().find(|l| &self.file.text[l.range()] != ".equ"));
        }
    }

    /// A semicolon at the end of a line is too much; one that stands apart begins a comment.
    fn semicolon(&self, line_start: u32, span: Span) -> Vec<Edit> {
        let before = &self.file.text[line_start as usize..span.start as usize];
        let behind = &self.file.text[span.end as usize..];
        let replacement = if behind
            .bytes()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
            .is_none_or(|byte| byte == b'\n')
        {
            ""
        } else if before.ends_with(char::is_whitespace) || before.is_empty() {
            "#"
        } else {
            return Vec::new();
        };
        vec![Edit {
            span,
            text: replacement.to_owned(),
        }]
    }

    /// `SIZE = 5` and `.equ SIZE = 5` are meant as `.equ SIZE, 5`.
    fn assignment(&self, lexemes: &[Lexeme], span: Span) -> Vec<Edit> {
        let edit = |start, text: String| {
            let end = span.end;
            vec![Edit {
                span: Span { start, end },
                text,
            }]
        };
        match lexemes {
            [name] if name.token == Token::Identifier => {
                let indented = name.start > 0
                    && !matches!(self.file.text.as_bytes()[name.start as usize - 1], b'\n');
                let indentation = if indented { "" } else { "        " };
                let name_text = &self.file.text[name.range()];
                edit(name.start, format!("{indentation}.equ {name_text},"))
            }
            [directive, name] if &self.file.text[directive.range()] == ".equ" => {
                edit(name.end, ",".to_owned())
            }
            _ => Vec::new(),
        }
    }

    /// Replacements for the characters from `start` to the end of the line that only look like
    /// ASCII; not for those in comments and strings.
    fn look_alikes(&self, start: u32) -> Vec<Edit> {
        const LONGEST: usize = 100;
        let rest = &self.file.text[start as usize..];
        let mut edits = Vec::new();
        let mut closing: Option<char> = None;
        for (at, character) in rest.char_indices() {
            let ascii = look_alike(character);
            let is_quote = |c: char| c == '"' || c == '\'';
            if character == '\n' || edits.len() == LONGEST {
                break;
            }
            if let Some(quote) = closing {
                if character != quote && ascii != Some(quote) {
                    continue;
                }
                closing = None;
            } else if let Some(quote) = Some(ascii.unwrap_or(character)).filter(|c| is_quote(*c)) {
                closing = Some(quote);
            } else if character == '#' || rest[at..].starts_with("//") {
                break;
            }
            if let Some(ascii) = ascii {
                let start = start + at as u32;
                let end = start + character.len_utf8() as u32;
                edits.push(Edit {
                    span: Span { start, end },
                    text: ascii.to_string(),
                });
            }
        }
        edits
    }

    /// The symbol of a bad definition: its uses are no errors.
    pub(super) fn break_symbol(&mut self, name: Option<&Lexeme>) {
        if let Some(lexeme) = name.filter(|l| l.token == Token::Identifier) {
            let id = self.file.symbols.intern(&self.file.text[lexeme.range()]);
            self.file.symbols.get_mut(id).is_broken = true;
        }
    }
}

/// A directive that there is not, with the one that does the same if another assembler has it.
pub(super) fn unknown_directive(text: &str, lexemes: &[Lexeme], indentation: &str) -> ErrorKind {
    let span = Span::of(lexemes[0]);
    let name = &text[span.range()];
    let same = match name.to_ascii_lowercase().as_str() {
        ".asciz" | ".asciiz" | ".stringz" => Some(".string"),
        ".int" | ".4byte" => Some(".long"),
        ".short" | ".half" | ".hword" | ".2byte" => Some(".word"),
        ".dword" | ".8byte" => Some(".quad"),
        ".skip" | ".zero" => Some(".space"),
        ".balign" => Some(".align"),
        ".set" => Some(".equ"),
        ".rodata" => Some(".data"),
        _ => None,
    };
    let segment = lexemes.get(1).map(|next| &text[next.range()]);
    let repair = match (name, segment, same) {
        (".section", Some(segment @ (".text" | ".data" | ".bss")), _) => {
            let end = lexemes[1].end;
            let words = "the directive is the name of the segment alone";
            Some(Repair::new(
                words,
                Span { end, ..span },
                format!("{indentation}{segment}"),
            ))
        }
        (_, _, Some(same)) => Some(Repair::new(
            format!("`{same}` does that here"),
            span,
            format!("{indentation}{same}"),
        )),
        (_, _, None) => diagnostics::nearest(name, DIRECTIVES).map(|near| {
            Repair::new(
                format!("did you mean `{near}`?"),
                span,
                format!("{indentation}{near}"),
            )
        }),
    };
    ErrorKind::UnknownDirective {
        name: name.to_owned(),
        repair,
    }
}
