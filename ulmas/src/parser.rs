//! From text to statements, one statement at a time; a bad line never spoils the next.
//!
//! Parsing and layout go together: the size of everything is known when it is read (an instruction
//! takes 4 bytes in every form, `.space` and `.align` need values known above them), so a
//! statement gets its offset at once. What its operands stand for is found afterwards.

use std::sync::Arc;

use crate::error::{AssemblyError, Edit, ErrorKind, LexicalError, Repair, look_alike};
use crate::expression::{Expression, Input, Node, Value};
use crate::forms::{EMPTY_SHAPE, ENDLESS_SHAPE, Mnemonics, extend_shape};
use crate::image::SegmentKind;
use crate::lexer::{Lexeme, Token};
use crate::statement::{Item, ItemKind, Run, Span, Statement, StatementKind};
use crate::symbols::{Definition, SymbolId, Symbols};

/// All directives, for messages.
pub(crate) const DIRECTIVES: [&str; 14] = [
    ".text", ".data", ".bss", ".equ", ".byte", ".word", ".long", ".quad", ".string", ".ascii",
    ".space", ".align", ".globl", ".global",
];

/// What `#line` said: from here on, the source is that line of that file.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) from: u32,
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
}

/// A file that has been read: statements with their places, names, and what was wrong.
#[derive(Debug)]
pub(crate) struct File<'s> {
    pub(crate) text: &'s str,
    pub(crate) symbols: Symbols<'s>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) items: Vec<Item>,
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
    /// Labels that name what comes next in a segment, by segment.
    pending: [Vec<SymbolId>; 3],
    lonely: Vec<LonelyWord<'s>>,
    /// By segment: it has grown past the address space, and that was said.
    is_full: [bool; 3],
}

/// Reads a file.
pub(crate) fn parse<'s>(text: &'s str, mnemonics: &Mnemonics) -> File<'s> {
    let lines = text.len() / 24;
    let mut parser = Parser {
        mnemonics,
        file: File {
            text,
            symbols: Symbols::default(),
            nodes: Vec::with_capacity(lines * 2),
            items: Vec::with_capacity(lines * 3),
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
        pending: Default::default(),
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
        }
    }

    // origin = "#line" number string
    fn origin(&mut self, span: Span) {
        let text = &self.file.text[span.range()];
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
            self.file.origins.push(Origin {
                from: span.end,
                file: Arc::from(name),
                line,
            });
        }
    }

    fn error(&mut self, span: Span, kind: ErrorKind) {
        self.file.errors.push(AssemblyError::new(span, kind));
    }

    /// A line that the lexer could not read: its label is defined, its instruction takes place.
    fn bad_line(&mut self, lexemes: &[Lexeme], line_start: u32, error: LexicalError, span: Span) {
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
    fn break_symbol(&mut self, name: Option<&Lexeme>) {
        if let Some(lexeme) = name.filter(|l| l.token == Token::Identifier) {
            let id = self.file.symbols.intern(&self.file.text[lexeme.range()]);
            self.file.symbols.get_mut(id).is_broken = true;
        }
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
        let is_code = name.starts_with('.') && DIRECTIVES.contains(&name)
            || self.mnemonics.find(name).is_some();
        let next_is_code = lexemes.get(1).is_some_and(|next| {
            let next = &self.file.text[next.range()];
            self.mnemonics.find(next).is_some() || DIRECTIVES.contains(&next)
        });
        // `.section .data` is no label.
        let is_directive = name.starts_with('.')
            && lexemes
                .get(1)
                .is_some_and(|next| self.file.text[next.range()].starts_with('.'));
        if !is_code && (followed_by_colon || next_is_code && !is_directive) {
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
        if lexemes.len() == 1 && !is_code && !name.starts_with('.') {
            let indentation = Span {
                start: line_start,
                end: first.start,
            };
            self.lonely_word(name, first, indentation);
            return;
        }
        self.code(lexemes);
    }

    /// Whether a word in column 1 was meant as code: a directive, or an instruction with operands.
    ///
    /// `halt halt 0` is a label before an instruction, and `halt` alone is a label.
    fn is_in_first_column(&self, name: &str, rest: &[Lexeme]) -> bool {
        if DIRECTIVES.contains(&name) {
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
            || takes_operands && next.starts_with('.') && !DIRECTIVES.contains(&next)
    }

    /// Whether a word in column 1 was meant as code, but is misspelt.
    fn is_misspelt_in_first_column(&self, name: &str, lexemes: &[Lexeme]) -> bool {
        if self.mnemonics.find(name).is_some() || DIRECTIVES.contains(&name) {
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
            let kind = unknown_directive(self.file.text, lexemes, indentation);
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
        if let Some(mnemonic) = self.mnemonics.find(name) {
            self.instruction(mnemonic, lexemes);
        } else if DIRECTIVES.contains(&name) {
            self.directive(name, lexemes);
        } else {
            self.unknown(lexemes, "");
        }
    }

    fn input<'a>(&'a mut self, lexemes: &'a [Lexeme]) -> Input<'a, 's> {
        Input {
            text: self.file.text,
            lexemes,
            position: 0,
            nodes: &mut self.file.nodes,
            symbols: &mut self.file.symbols,
        }
    }

    // instruction = mnemonic {punctuation | expression}
    fn instruction(&mut self, number: u16, lexemes: &[Lexeme]) {
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
        let start = self.file.items.len() as u32;
        let mut input = Input {
            text: self.file.text,
            lexemes,
            position: 1,
            nodes: &mut self.file.nodes,
            symbols: &mut self.file.symbols,
        };
        match operands(&mut input, mnemonic, &mut self.file.items) {
            Ok(shape) => {
                let items = Run {
                    start,
                    end: self.file.items.len() as u32,
                };
                let kind = StatementKind::Instruction {
                    mnemonic: number,
                    items,
                    shape,
                };
                if mnemonic.candidates.iter().any(|c| c.shape == shape) {
                    self.emit(kind, 4, 4, span);
                } else {
                    let mnemonics = self.mnemonics;
                    self.file.items.truncate(start as usize);
                    let error =
                        crate::operands::diagnose(&mut self.file, mnemonics, mnemonic, lexemes);
                    self.file.errors.push(error);
                    self.emit_broken(span);
                }
            }
            Err(error) => {
                self.file.items.truncate(start as usize);
                let error = crate::operands::or_missing_mark(&mut self.file, mnemonic, lexemes)
                    .unwrap_or(error);
                self.file.errors.push(error);
                self.emit_broken(span);
            }
        }
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
        self.file.statements.push(Statement {
            kind,
            span,
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

fn followed_by_colon(lexemes: &[Lexeme]) -> bool {
    lexemes.get(1).is_some_and(|l| l.token == Token::Colon)
}

fn whole(lexemes: &[Lexeme]) -> Span {
    Span {
        start: lexemes[0].start,
        end: lexemes[lexemes.len() - 1].end,
    }
}

/// Reads the operands of an instruction to items; gives their shape.
pub(crate) fn operands(
    input: &mut Input<'_, '_>,
    mnemonic: &crate::forms::Mnemonic,
    items: &mut Vec<Item>,
) -> Result<u128, AssemblyError> {
    let mut shape = EMPTY_SHAPE;
    while let Some(&lexeme) = input.lexemes.get(input.position) {
        let mark = match lexeme.token {
            Token::Percent => Some('%'),
            Token::Comma => Some(','),
            Token::CloseParenthesis => Some(')'),
            Token::OpenBracket => Some('['),
            Token::CloseBracket => Some(']'),
            Token::OpenBrace => Some('{'),
            Token::CloseBrace => Some('}'),
            Token::Colon => Some(':'),
            Token::Dollar if mnemonic.has_dollar => Some('$'),
            Token::Dollar => {
                // The course's C compiler wrote it before immediates.
                input.position += 1;
                continue;
            }
            Token::At if mnemonic.has_at && !is_word_selector(input) => Some('@'),
            Token::OpenParenthesis if is_punctuation_parenthesis(input)? => Some('('),
            _ => None,
        };
        if let Some(mark) = mark {
            input.position += 1;
            shape = extend_shape(shape, Some(mark));
            items.push(Item {
                kind: ItemKind::Punctuation(mark),
                span: Span::of(lexeme),
            });
            if mark != '%' {
                continue;
            }
        }
        let (position, nodes) = (input.position, input.nodes.len());
        let expression = input
            .expect_expression()
            .map_err(|error| expected_operand(input, error, mark, position))?;
        shape = extend_shape(shape, None);
        if mark == Some('%') && input.nodes.len() > nodes + 1 {
            let lexemes = input.lexemes;
            let end = input.position;
            if (position + 1..end)
                .any(|i| lexemes[i].token == Token::Percent && is_doubtful_percent(lexemes, i))
            {
                shape = ENDLESS_SHAPE;
            }
        }
        let span = expression.span(input.nodes);
        items.push(Item {
            kind: ItemKind::Expression(expression),
            span,
        });
    }
    Ok(shape)
}

/// Says what was expected in terms of operands.
fn expected_operand(
    input: &Input<'_, '_>,
    mut error: AssemblyError,
    mark: Option<char>,
    position: usize,
) -> AssemblyError {
    if input.position == position
        && let ErrorKind::Unexpected { expected, .. } = &mut *error.kind
        && *expected == "a value"
    {
        *expected = if mark == Some('%') {
            "a register"
        } else {
            "an operand"
        };
    }
    error
}

/// Whether `%` was hardly meant as modulo: in `%1 %2`, a comma is missing.
pub(crate) fn is_doubtful_percent(lexemes: &[Lexeme], position: usize) -> bool {
    let sign = lexemes[position];
    let stands_apart = position > 0 && lexemes[position - 1].end < sign.start;
    let is_prefix = (lexemes.get(position + 1)).is_some_and(|next| next.start == sign.end);
    stands_apart && is_prefix
}

/// A directive that there is not, with the one that does the same if another assembler has it.
fn unknown_directive(text: &str, lexemes: &[Lexeme], indentation: &str) -> ErrorKind {
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

fn is_word_selector(input: &Input<'_, '_>) -> bool {
    input
        .lexemes
        .get(input.position + 1)
        .is_some_and(|lexeme| matches!(input.slice(*lexeme), "w0" | "w1" | "w2" | "w3"))
}

/// Whether `(` belongs to the form, as in `8(%1)`, and not to an expression, as in `(1 + 2) * 4`.
fn is_punctuation_parenthesis(input: &mut Input<'_, '_>) -> Result<bool, AssemblyError> {
    if input.peek_second() == Some(Token::Percent) {
        return Ok(true);
    }
    let (position, nodes) = (input.position, input.nodes.len());
    let result = input.expect_expression();
    let stopped = input.position;
    input.position = position;
    input.nodes.truncate(nodes);
    match result {
        Ok(_) => Ok(false),
        Err(error) if *error.kind == ErrorKind::NestingTooDeep => Err(error),
        // `(8, %1)` goes on where an expression can't; anything else is an error in it.
        Err(error) => match *error.kind {
            ErrorKind::MissingParenthesis { .. }
                if input
                    .lexemes
                    .get(stopped)
                    .is_some_and(|l| matches!(l.token, Token::Comma | Token::Colon)) =>
            {
                Ok(true)
            }
            _ => Err(error),
        },
    }
}

impl<'s> Parser<'s, '_> {
    fn directive(&mut self, name: &'s str, lexemes: &[Lexeme]) {
        match name {
            ".text" => self.switch(SegmentKind::Text, lexemes),
            ".data" => self.switch(SegmentKind::Data, lexemes),
            ".bss" => self.switch(SegmentKind::Bss, lexemes),
            ".equ" => {
                if let Err(error) = self.equ(lexemes) {
                    self.file.errors.push(error);
                    self.break_symbol(lexemes.get(1));
                }
            }
            ".byte" => self.data(1, lexemes),
            ".word" => self.data(2, lexemes),
            ".long" => self.data(4, lexemes),
            ".quad" => self.data(8, lexemes),
            ".string" => self.string(true, lexemes),
            ".ascii" => self.string(false, lexemes),
            ".space" => self.space(lexemes),
            ".align" => self.align(lexemes),
            ".globl" | ".global" => self.global(lexemes),
            _ => self.unknown(lexemes, ""),
        }
    }

    fn expect_end(input: &Input<'_, '_>) -> Result<(), AssemblyError> {
        if input.peek().is_none() {
            return Ok(());
        }
        Err(input.unexpected("the end of the line"))
    }

    fn switch(&mut self, segment: SegmentKind, lexemes: &[Lexeme]) {
        self.segment = segment;
        let mut input = self.input(lexemes);
        input.position = 1;
        if let Err(error) = Self::expect_end(&input) {
            self.file.errors.push(error);
        }
    }

    // equ = ".equ" name "," expression
    fn equ(&mut self, lexemes: &[Lexeme]) -> Result<(), AssemblyError> {
        let time = self.time;
        self.time += 1;
        let mut input = self.input(lexemes);
        input.position = 1;
        if input.peek() != Some(Token::Identifier) {
            return Err(input.unexpected("the name of a constant"));
        }
        let name = lexemes[1];
        input.position = 2;
        if input.peek() != Some(Token::Comma) {
            return Err(match input.peek() {
                Some(
                    Token::Number
                    | Token::Identifier
                    | Token::Character
                    | Token::Minus
                    | Token::OpenParenthesis
                    | Token::At,
                ) => {
                    let end = Span {
                        start: name.end,
                        end: name.end,
                    };
                    let edits = vec![Edit {
                        span: end,
                        text: ",".into(),
                    }];
                    AssemblyError::new(end, ErrorKind::MissingComma { edits })
                }
                _ => input.unexpected("`,` and a value"),
            });
        }
        input.position = 3;
        let expression = input.expect_expression()?;
        Self::expect_end(&input)?;
        let text = &self.file.text[name.range()];
        self.file
            .symbols
            .define_equ(text, Span::of(name), expression, time)
    }

    // data = (".byte" | ".word" | ".long" | ".quad") expression {"," expression}
    fn data(&mut self, size: u8, lexemes: &[Lexeme]) {
        let start = self.file.items.len() as u32;
        let mut input = Input {
            text: self.file.text,
            lexemes,
            position: 1,
            nodes: &mut self.file.nodes,
            symbols: &mut self.file.symbols,
        };
        let mut missing: Vec<Edit> = Vec::new();
        let result = loop {
            if input.peek() == Some(Token::Dollar) {
                input.position += 1;
            }
            match input.expect_expression() {
                Ok(expression) => {
                    let span = expression.span(input.nodes);
                    let kind = ItemKind::Expression(expression);
                    self.file.items.push(Item { kind, span });
                }
                Err(mut error) => {
                    if let ErrorKind::Unexpected { repair, .. } = &mut *error.kind
                        && input.peek().is_none()
                        && input.position > 2
                        && lexemes[input.position - 1].token == Token::Comma
                    {
                        let comma = Span::of(lexemes[input.position - 1]);
                        *repair = Some(Repair::new("remove the comma", comma, ""));
                    }
                    break Err(error);
                }
            }
            match input.peek() {
                None => break Ok(()),
                Some(Token::Comma) => input.position += 1,
                Some(
                    Token::Number
                    | Token::Identifier
                    | Token::Character
                    | Token::OpenParenthesis
                    | Token::At,
                ) => {
                    let end = lexemes[input.position - 1].end;
                    missing.push(Edit {
                        span: Span { start: end, end },
                        text: ",".into(),
                    });
                }
                Some(_) => break Err(input.unexpected("`,` or the end of the line")),
            }
        };
        let result = match missing.first() {
            Some(first) if result.is_ok() => Err(AssemblyError::new(
                first.span,
                ErrorKind::MissingComma { edits: missing },
            )),
            _ => result,
        };
        // A bad value takes place all the same.
        let commas = lexemes.iter().filter(|l| l.token == Token::Comma).count();
        let items = Run {
            start,
            end: self.file.items.len() as u32,
        };
        let size_of_all = u64::from(size) * (commas + 1).max(items.range().len()) as u64;
        let kind = match result {
            Ok(()) => StatementKind::Data { size, items },
            Err(error) => {
                self.file.errors.push(error);
                StatementKind::Space { size: size_of_all }
            }
        };
        self.emit(kind, size_of_all, u64::from(size), whole(lexemes));
    }

    // string = (".string" | ".ascii") text
    fn string(&mut self, with_nul: bool, lexemes: &[Lexeme]) {
        let start = self.file.bytes.len() as u32;
        let mut input = self.input(lexemes);
        input.position = 1;
        let result = match input.peek() {
            Some(Token::String) => {
                input.position = 2;
                let text = &input.text[lexemes[1].range()];
                Self::expect_end(&input).and_then(|()| {
                    crate::lexer::unescape(text, &mut self.file.bytes).map_err(|(error, range)| {
                        let start = lexemes[1].start + range.start as u32;
                        let end = lexemes[1].start + range.end as u32;
                        let kind = ErrorKind::lexical(error, &text[range]);
                        AssemblyError::new(Span { start, end }, kind)
                    })
                })
            }
            found => {
                let mut error = input.unexpected("text in double quotes");
                let lexeme = lexemes.get(1).filter(|_| found == Some(Token::Character));
                if let (Some(lexeme), ErrorKind::Unexpected { repair, .. }) =
                    (lexeme, &mut *error.kind)
                {
                    let text = &input.text[lexeme.range()];
                    let inner = text[1..text.len() - 1].replace('"', "\\\"");
                    *repair = Some(Repair::new(
                        "text has double quotes",
                        Span::of(*lexeme),
                        format!("\"{inner}\""),
                    ));
                }
                Err(error)
            }
        };
        if let Err(error) = result {
            self.file.errors.push(error);
        }
        if with_nul {
            self.file.bytes.push(0);
        }
        let bytes = Run {
            start,
            end: self.file.bytes.len() as u32,
        };
        let size = u64::from(bytes.end - bytes.start);
        self.emit(StatementKind::Text { bytes }, size, 1, whole(lexemes));
    }

    /// The one operand of `.space` and `.align`: a number that is known here.
    fn expect_count(
        &mut self,
        what: &'static str,
        least: i128,
        lexemes: &[Lexeme],
    ) -> Result<u64, Option<AssemblyError>> {
        let mut input = self.input(lexemes);
        input.position = 1;
        if input.peek() == Some(Token::Dollar) {
            input.position += 1;
        }
        let expression: Expression = input.expect_expression()?;
        Self::expect_end(&input)?;
        let time = self.time;
        let file = &mut self.file;
        let span = expression.span(&file.nodes);
        let fail = |kind| Err(Some(AssemblyError::new(span, kind)));
        let nodes: Vec<Node> = expression.nodes(&file.nodes).to_vec();
        // Each look may follow a chain of definitions as long as the file: not for ever.
        let is_hopeless = file.unknown_counts.len() > UNKNOWN_COUNTS_TRIED
            && crate::symbols::symbols_of(&nodes).next().is_some();
        let value = if is_hopeless {
            None
        } else {
            file.symbols.evaluate_above(&nodes, &file.nodes, time)?
        };
        match value {
            Some(Value::Number(value)) => match u64::try_from(value) {
                Ok(count) if value >= least => Ok(count),
                _ => fail(ErrorKind::BadCount { what, value }),
            },
            Some(value) => fail(ErrorKind::AddressAsNumber {
                what,
                is_word: matches!(value, Value::Word(..)),
            }),
            None => {
                // Whether it is a mistake of its own shows when all definitions are known.
                self.file.unknown_counts.push(UnknownCount {
                    what,
                    expression,
                    time,
                });
                Err(None)
            }
        }
    }

    fn space(&mut self, lexemes: &[Lexeme]) {
        let size = match self.expect_count("a size", 0, lexemes) {
            Ok(size) => size,
            Err(error) => {
                self.file.errors.extend(error);
                0
            }
        };
        self.emit(StatementKind::Space { size }, size, 1, whole(lexemes));
    }

    fn align(&mut self, lexemes: &[Lexeme]) {
        match self.expect_count("an alignment", 1, lexemes) {
            Ok(alignment) => {
                let index = self.segment as usize;
                let size = self.file.sizes[index];
                let aligned = crate::image::round_up(size, alignment);
                if aligned < size {
                    self.too_large(whole(lexemes));
                } else {
                    self.file.sizes[index] = aligned;
                    let common = self.file.alignments[index];
                    let common = crate::image::common_alignment(common, alignment);
                    self.file.alignments[index] = common;
                }
            }
            Err(error) => self.file.errors.extend(error),
        }
        self.time += 1;
    }

    // global = (".globl" | ".global") name
    fn global(&mut self, lexemes: &[Lexeme]) {
        let mut input = self.input(lexemes);
        input.position = 1;
        if input.peek() != Some(Token::Identifier) {
            let error = input.unexpected("the name of a symbol");
            self.file.errors.push(error);
            return;
        }
        input.position = 2;
        let end = Self::expect_end(&input);
        self.file.errors.extend(end.err());
        let id = self
            .file
            .symbols
            .intern(&self.file.text[lexemes[1].range()]);
        let span = Span::of(lexemes[1]);
        self.file.symbols.get_mut(id).global.get_or_insert(span);
    }
}
