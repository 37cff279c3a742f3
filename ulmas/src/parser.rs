//! From text to statements, one statement at a time; a bad line never spoils the next.
//!
//! Parsing and layout go together: the size of everything is known when it is read (an instruction
//! takes 4 bytes in every form, `.space` and `.align` need values known above them), so a
//! statement gets its offset at once. What its operands stand for is found afterwards.

use std::sync::Arc;

use crate::error::{AssemblyError, ErrorKind, LexicalError, Repair};
use crate::expression::{Expression, Input, Node};
use crate::forms::{Candidate, EMPTY_SHAPE, Mnemonics};
use crate::image::SegmentKind;
use crate::lexer::{Lexeme, Token};
use crate::statement::{Run, Span, Statement, StatementKind};
use crate::symbols::{Definition, SymbolId, Symbols};

mod directives;
mod items;
mod recovery;

pub(crate) use items::{is_doubtful_percent, operands};

/// All directives, for messages.
pub(crate) const DIRECTIVES: [&str; 14] = [
    ".text", ".data", ".bss", ".equ", ".byte", ".word", ".long", ".quad", ".string", ".ascii",
    ".space", ".align", ".globl", ".global",
];

/// What `#line` said: from here on, the source is that line of that file; this file itself if it
/// names none.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) from: u32,
    pub(crate) place: Option<(Arc<str>, u32)>,
}

/// A file that has been read: statements with their places, names, and what was wrong.
#[derive(Debug)]
pub(crate) struct File<'s> {
    pub(crate) text: &'s str,
    pub(crate) symbols: Symbols<'s>,
    /// The expressions of all statements and definitions.
    pub(crate) nodes: Vec<Node>,
    /// The bytes of all strings.
    pub(crate) bytes: Vec<u8>,
    pub(crate) statements: Vec<Statement>,
    /// By segment.
    pub(crate) sizes: [u64; 3],
    /// By segment.
    pub(crate) alignments: [u64; 3],
    pub(crate) origins: Vec<Origin>,
    pub(crate) errors: Vec<AssemblyError>,
    /// Sizes that could not be found where they stand.
    pub(crate) unknown_counts: Vec<UnknownCount>,
}

impl File<'_> {
    /// The expressions of a statement.
    pub(crate) fn expressions(&self, nodes: Run) -> Vec<Expression> {
        let mut expressions = Vec::new();
        Expression::split(&self.nodes, nodes, &mut expressions);
        expressions
    }
}

/// The operand of `.space` or `.align` that depends on something not known above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnknownCount {
    pub(crate) what: &'static str,
    pub(crate) expression: Expression,
    pub(crate) time: u32,
}

/// In a file with more sizes that are not known, further ones that use names are not tried.
const UNKNOWN_COUNTS_TRIED: usize = 100;

/// A line that is a single unknown word: an instruction misspelt, or a label indented.
struct LonelyWord<'s> {
    name: &'s str,
    span: Span,
    indentation: Span,
    place: (SegmentKind, u64),
    /// What it is if it is no label.
    kind: ErrorKind,
}

struct Parser<'s, 'm> {
    mnemonics: &'m Mnemonics,
    file: File<'s>,
    segment: SegmentKind,
    time: u32,
    /// The line that is being read, from 1.
    line: u32,
    /// Where that line begins, if a comment carries it over to further lines.
    folded_from: Option<u32>,
    /// Labels that name what comes next in a segment, by segment.
    pending: [Vec<SymbolId>; 3],
    /// The operands of the instruction that is being read.
    operands: Vec<Expression>,
    lonely: Vec<LonelyWord<'s>>,
    /// By segment: it has grown past the address space, and that was said.
    is_full: [bool; 3],
}

/// Reads a file, the one with this index of the call.
pub(crate) fn parse<'s>(text: &'s str, index: usize, mnemonics: &Mnemonics) -> File<'s> {
    let lines = text.len() / 24;
    let mut parser = Parser {
        mnemonics,
        file: File {
            text,
            symbols: Symbols::new(index),
            nodes: Vec::with_capacity(lines * 2),
            bytes: Vec::new(),
            statements: Vec::with_capacity(lines),
            sizes: [0; 3],
            // Instructions are 4 bytes apart wherever the text is loaded.
            alignments: [4, 1, 1],
            origins: Vec::new(),
            errors: Vec::new(),
            unknown_counts: Vec::new(),
        },
        is_full: [false; 3],
        segment: SegmentKind::Text,
        time: 0,
        line: 1,
        folded_from: None,
        pending: Default::default(),
        operands: Vec::new(),
        lonely: Vec::new(),
    };
    if u32::try_from(text.len()).is_err() {
        let span = Span { start: 0, end: 0 };
        parser
            .file
            .errors
            .push(AssemblyError::new(span, ErrorKind::FileTooLarge));
        return parser.file;
    }
    parser.lines();
    parser.finish()
}

impl<'s> Parser<'s, '_> {
    fn lines(&mut self) {
        let mut lexer = <Token as logos::Logos>::lexer(self.file.text);
        let mut lexemes: Vec<Lexeme> = Vec::with_capacity(64);
        let mut line_start = 0u32;
        let mut lines_in_comments = 0;
        // Some editors begin a file with this mark of its encoding.
        if self.file.text.starts_with('\u{FEFF}') {
            lexer.bump(3);
            line_start = 3;
        }
        loop {
            lexemes.clear();
            let mut at_end = false;
            let mut lexical: Option<(LexicalError, Span)> = None;
            loop {
                let Some(token) = lexer.next() else {
                    at_end = true;
                    break;
                };
                let range = lexer.span();
                let span = Span {
                    start: range.start as u32,
                    end: range.end as u32,
                };
                match token {
                    Ok(Token::Newline) => break,
                    Ok(Token::Hash) => {
                        if span.start == line_start {
                            self.origin(span);
                        }
                    }
                    Ok(token) => {
                        lexemes.push(Lexeme {
                            token,
                            start: span.start,
                            end: span.end,
                        });
                    }
                    Err(error) => {
                        lexical.get_or_insert((error, span));
                    }
                }
            }
            let lines = lexer.extras.0 - lines_in_comments;
            lines_in_comments = lexer.extras.0;
            self.folded_from = (lines > 0).then_some(line_start);
            if let Some((error, span)) = lexical {
                lexemes.retain(|lexeme| lexeme.end <= span.start);
                self.bad_line(&lexemes, line_start, error, span);
            } else if !lexemes.is_empty() {
                self.statement(&lexemes, line_start);
            }
            if at_end {
                return;
            }
            line_start = lexer.span().end as u32;
            self.line += 1 + lines;
        }
    }

    // origin = "#line" [number string]
    fn origin(&mut self, span: Span) {
        let text = &self.file.text[span.range()];
        let from = span.end;
        if text.trim_end() == "#line" {
            self.file.origins.push(Origin { from, place: None });
            return;
        }
        let Some(rest) = text.strip_prefix("#line ") else {
            return;
        };
        let Some((line, file)) = rest.trim().split_once(char::is_whitespace) else {
            return;
        };
        let name = file
            .trim()
            .strip_prefix('"')
            .and_then(|f| f.strip_suffix('"'));
        if let (Ok(line), Some(name)) = (line.parse(), name) {
            let place = Some((Arc::from(name), line));
            self.file.origins.push(Origin { from, place });
        }
    }

    fn error(&mut self, span: Span, kind: ErrorKind) {
        self.file.errors.push(AssemblyError::new(span, kind));
    }

    // statement = [label [":"]] [instruction | directive]
    fn statement(&mut self, lexemes: &[Lexeme], line_start: u32) {
        let first = lexemes[0];
        let name = &self.file.text[first.range()];
        if first.token != Token::Identifier {
            let mut error = self
                .input(lexemes)
                .unexpected("a label, an instruction or a directive");
            if followed_by_colon(lexemes) && first.token == Token::Number {
                let ErrorKind::Unexpected { repair, .. } = &mut *error.kind else {
                    return;
                };
                *repair = Some(Repair::new(
                    "a name begins with a letter, `_` or `.`",
                    Span::of(first),
                    format!(".{name}"),
                ));
            }
            self.file.errors.push(error);
            return;
        }
        let followed_by_colon = followed_by_colon(lexemes);
        if first.start == line_start {
            if !followed_by_colon && self.is_misspelt_in_first_column(name, lexemes) {
                self.unknown(lexemes, "        ");
                return;
            }
            if !followed_by_colon && self.is_in_first_column(name, &lexemes[1..]) {
                let what = if name.starts_with('.') {
                    "directive"
                } else {
                    "instruction"
                };
                let kind = ErrorKind::InFirstColumn {
                    what,
                    name: name.to_owned(),
                };
                self.error(Span::of(first), kind);
                // Reading on as it was meant avoids errors that follow from this one.
                self.code(lexemes);
                return;
            }
            self.label(first);
            let rest = &lexemes[1 + usize::from(followed_by_colon)..];
            if !rest.is_empty() {
                self.code(rest);
            }
            return;
        }
        if self.known_code(name, lexemes) {
            return;
        }
        let next_is_code = lexemes.get(1).is_some_and(|next| {
            let next = &self.file.text[next.range()];
            self.mnemonics.find(next).is_some() || is_directive(next)
        });
        // `.section .data` is no label.
        let is_unknown_directive = name.starts_with('.')
            && lexemes
                .get(1)
                .is_some_and(|next| self.file.text[next.range()].starts_with('.'));
        if followed_by_colon || next_is_code && !is_unknown_directive {
            let indentation = Span {
                start: line_start,
                end: first.start,
            };
            if self.file.text[indentation.range()].trim().is_empty() {
                let kind = ErrorKind::IndentedLabel {
                    name: name.to_owned(),
                    indentation,
                };
                self.error(Span::of(first), kind);
            } else {
                // A comment stands before it.
                let error = self
                    .input(lexemes)
                    .unexpected("a label in column 1, or code");
                self.file.errors.push(error);
            }
            self.label(first);
            let rest = &lexemes[1 + usize::from(followed_by_colon)..];
            if !rest.is_empty() {
                self.code(rest);
            }
            return;
        }
        if lexemes.len() == 1 && !name.starts_with('.') {
            let indentation = Span {
                start: line_start,
                end: first.start,
            };
            self.lonely_word(name, first, indentation);
            return;
        }
        self.unknown(lexemes, "");
    }

    /// Whether a word in column 1 was meant as code: a directive, or an instruction with operands.
    ///
    /// `halt halt 0` is a label before an instruction, and `halt` alone is a label.
    fn is_in_first_column(&self, name: &str, rest: &[Lexeme]) -> bool {
        if is_directive(name) {
            return true;
        }
        let Some(mnemonic) = self.mnemonics.find(name) else {
            return false;
        };
        let Some(next) = rest.first() else {
            return false;
        };
        if next.token != Token::Identifier {
            return true;
        }
        let next = &self.file.text[next.range()];
        let takes_operands = self
            .mnemonics
            .get(mnemonic)
            .candidates
            .iter()
            .any(|c| c.shape != EMPTY_SHAPE);
        takes_operands && self.mnemonics.find(next).is_none() && !next.starts_with('.')
            || takes_operands && next.starts_with('.') && !is_directive(next)
    }

    /// Whether a word in column 1 was meant as code, but is misspelt.
    fn is_misspelt_in_first_column(&self, name: &str, lexemes: &[Lexeme]) -> bool {
        if self.mnemonics.find(name).is_some() || is_directive(name) {
            return false;
        }
        let Some(next) = lexemes.get(1) else {
            return false;
        };
        if next.token != Token::Identifier {
            return self.is_near_code(name);
        }
        // `jpm loop`; but `loop sbuq …` is a label before something misspelt.
        let next = &self.file.text[next.range()];
        let next_is_code = next.starts_with('.') && !name.starts_with('.')
            || self.mnemonics.find(next).is_some()
            || self.is_near_code(next);
        !next_is_code && lexemes.len() == 2 && self.is_near_code(name)
    }

    fn is_near_code(&self, name: &str) -> bool {
        let mnemonics = self.mnemonics.list.iter().map(|m| m.name.as_str());
        diagnostics::nearest(name, mnemonics.chain(DIRECTIVES)).is_some()
    }

    fn lonely_word(&mut self, name: &'s str, lexeme: Lexeme, indentation: Span) {
        let kind = crate::operands::unknown_mnemonic(&mut self.file, self.mnemonics, &[lexeme], "");
        let segment = self.segment;
        let place = (segment, self.file.sizes[segment as usize]);
        self.lonely.push(LonelyWord {
            name,
            span: Span::of(lexeme),
            indentation,
            place,
            kind,
        });
        self.time += 1;
    }

    /// Code that is neither an instruction nor a directive.
    fn unknown(&mut self, lexemes: &[Lexeme], indentation: &str) {
        let first = lexemes[0];
        let name = &self.file.text[first.range()];
        if name.starts_with('.') {
            let kind = recovery::unknown_directive(self.file.text, lexemes, indentation);
            self.error(Span::of(first), kind);
        } else {
            let kind = crate::operands::unknown_mnemonic(
                &mut self.file,
                self.mnemonics,
                lexemes,
                indentation,
            );
            self.error(Span::of(first), kind);
            self.emit_broken(Span::of(first));
        }
    }

    fn label(&mut self, lexeme: Lexeme) {
        let name = &self.file.text[lexeme.range()];
        match self.file.symbols.define_label(name, Span::of(lexeme)) {
            Ok(id) => self.pending[self.segment as usize].push(id),
            Err(error) => self.file.errors.push(error),
        }
    }

    fn code(&mut self, lexemes: &[Lexeme]) {
        let first = lexemes[0];
        let name = &self.file.text[first.range()];
        if first.token != Token::Identifier {
            let error = self
                .input(lexemes)
                .unexpected("an instruction or a directive");
            self.file.errors.push(error);
            return;
        }
        if !self.known_code(name, lexemes) {
            self.unknown(lexemes, "");
        }
    }

    /// Reads an instruction or a directive; `false` if `name`, the first word, is neither.
    fn known_code(&mut self, name: &'s str, lexemes: &[Lexeme]) -> bool {
        if let Some(mnemonic) = self.mnemonics.find(name) {
            self.instruction(mnemonic, lexemes);
        } else if is_directive(name) {
            self.directive(name, lexemes);
        } else {
            return false;
        }
        true
    }

    fn input<'a>(&'a mut self, lexemes: &'a [Lexeme]) -> Input<'a, 's> {
        Input {
            text: self.file.text,
            lexemes,
            position: 0,
            nodes: &mut self.file.nodes,
            symbols: &mut self.file.symbols,
            percent_begins_operand: false,
        }
    }

    // instruction = mnemonic {punctuation | expression}
    fn instruction(&mut self, number: u32, lexemes: &[Lexeme]) {
        let span = whole(lexemes);
        if self.segment == SegmentKind::Bss {
            self.error(
                span,
                ErrorKind::DataInBss {
                    what: "an instruction",
                },
            );
            self.emit_broken(span);
            return;
        }
        let mnemonic = self.mnemonics.get(number);
        let start = self.file.nodes.len() as u32;
        self.operands.clear();
        let mut input = Input {
            text: self.file.text,
            lexemes,
            position: 1,
            nodes: &mut self.file.nodes,
            symbols: &mut self.file.symbols,
            percent_begins_operand: mnemonic.has_adjacent_register,
        };
        let shape = operands(&mut input, mnemonic, &mut self.operands);
        let file = &mut self.file;
        let error = match shape {
            Ok(shape) => {
                let own = &self.operands;
                let fits = |c: &Candidate| c.fits(shape, own, &file.nodes, file.text);
                if let Some(form) = mnemonic.candidates.iter().position(fits) {
                    let operands = Run {
                        start,
                        end: file.nodes.len() as u32,
                    };
                    let kind = StatementKind::Instruction {
                        mnemonic: number,
                        form: form as u16,
                        operands,
                    };
                    self.emit(kind, 4, 4, span);
                    return;
                }
                crate::operands::diagnose(file, self.mnemonics, mnemonic, lexemes)
            }
            Err(error) => {
                crate::operands::or_missing_mark(file, mnemonic, lexemes).unwrap_or(error)
            }
        };
        self.file.errors.push(error);
        self.emit_broken(span);
    }

    /// A line in error takes its place, so that the labels below are right.
    fn emit_broken(&mut self, span: Span) {
        self.emit(StatementKind::Broken, 4, 4, span);
    }

    fn too_large(&mut self, span: Span) {
        if !std::mem::replace(&mut self.is_full[self.segment as usize], true) {
            self.error(span, ErrorKind::SegmentTooLarge);
        }
    }

    /// The line on which a part of the line that is being read begins.
    fn line_of(&self, span: Span) -> u32 {
        self.folded_from.map_or(self.line, |start| {
            let before = &self.file.text.as_bytes()[start as usize..span.start as usize];
            self.line + memchr::memchr_iter(b'\n', before).count() as u32
        })
    }

    /// Gives a statement its place in the current segment and its labels theirs.
    fn emit(&mut self, kind: StatementKind, size: u64, alignment: u64, span: Span) {
        let segment = self.segment;
        let index = segment as usize;
        let offset = crate::image::round_up(self.file.sizes[index], alignment);
        let end = offset
            .checked_add(size)
            .filter(|_| offset >= self.file.sizes[index]);
        let Some(end) = end else {
            self.too_large(span);
            return;
        };
        let common = crate::image::common_alignment(self.file.alignments[index], alignment);
        self.file.alignments[index] = common;
        self.file.sizes[index] = end;
        let is_labelled = !self.pending[index].is_empty();
        for id in self.pending[index].drain(..) {
            self.file.symbols.place_label(id, segment, offset);
        }
        let time = self.time;
        self.time += 1;
        let line = self.line_of(span);
        self.file.statements.push(Statement {
            kind,
            span,
            line,
            offset,
            time,
            segment,
            is_labelled,
        });
    }

    /// The labels at the end of a segment name its end.
    fn finish(mut self) -> File<'s> {
        for segment in SegmentKind::ALL {
            let end = self.file.sizes[segment as usize];
            for id in std::mem::take(&mut self.pending[segment as usize]) {
                self.file.symbols.place_label(id, segment, end);
            }
        }
        for word in std::mem::take(&mut self.lonely) {
            self.judge(word);
        }
        self.file
    }

    /// An indented word alone on its line is a label if something refers to it.
    fn judge(&mut self, word: LonelyWord<'s>) {
        let id = self.file.symbols.find(word.name);
        let is_wanted = id.is_some_and(|id| {
            let symbol = self.file.symbols.get(id);
            symbol.uses > 0 && symbol.definition == Definition::None
        });
        let name = word.name.to_owned();
        let blank = self.file.text[word.indentation.range()].trim().is_empty();
        if is_wanted && blank {
            if let Ok(id) = self.file.symbols.define_label(word.name, word.span) {
                self.file
                    .symbols
                    .place_label(id, word.place.0, word.place.1);
            }
            let indentation = word.indentation;
            self.error(word.span, ErrorKind::IndentedLabel { name, indentation });
        } else {
            self.error(word.span, word.kind);
        }
    }
}

fn is_directive(name: &str) -> bool {
    name.starts_with('.') && DIRECTIVES.contains(&name)
}

fn followed_by_colon(lexemes: &[Lexeme]) -> bool {
    lexemes.get(1).is_some_and(|l| l.token == Token::Colon)
}

fn whole(lexemes: &[Lexeme]) -> Span {
    Span {
        start: lexemes[0].start,
        end: lexemes[lexemes.len() - 1].end,
    }
}
