//! Directives.

use super::{Parser, UNKNOWN_COUNTS_TRIED, UnknownCount, whole};
use crate::error::{AssemblyError, Edit, ErrorKind, Repair};
use crate::expression::{Expression, Input, Node, Value};
use crate::image::SegmentKind;
use crate::lexer::{Lexeme, Token};
use crate::statement::{Run, Span, StatementKind};

impl<'s> Parser<'s, '_> {
    pub(super) fn directive(&mut self, name: &'s str, lexemes: &[Lexeme]) {
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
        let start = self.file.nodes.len() as u32;
        let mut count = 0;
        let mut input = Input {
            text: self.file.text,
            lexemes,
            position: 1,
            nodes: &mut self.file.nodes,
            symbols: &mut self.file.symbols,
            percent_begins_operand: false,
        };
        let mut missing: Vec<Edit> = Vec::new();
        let result = loop {
            if input.peek() == Some(Token::Dollar) {
                input.position += 1;
            }
            match input.expect_expression() {
                Ok(_) => count += 1,
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
        let operands = Run {
            start,
            end: self.file.nodes.len() as u32,
        };
        let size_of_all = u64::from(size) * (commas + 1).max(count) as u64;
        let kind = match result {
            Ok(()) => StatementKind::Data { size, operands },
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
        // It is not padded, so the labels before it have their place already: its own size may be
        // said with them.
        let (segment, index) = (self.segment, self.segment as usize);
        let was_labelled = !self.pending[index].is_empty();
        for id in self.pending[index].drain(..) {
            let offset = self.file.sizes[index];
            self.file.symbols.place_label(id, segment, offset);
        }
        let size = match self.expect_count("a size", 0, lexemes) {
            Ok(size) => size,
            Err(error) => {
                self.file.errors.extend(error);
                0
            }
        };
        self.emit(StatementKind::Space { size }, size, 1, whole(lexemes));
        if let Some(statement) = self.file.statements.last_mut() {
            statement.is_labelled |= was_labelled;
        }
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
