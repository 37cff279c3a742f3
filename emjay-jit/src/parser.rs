//! From text to the tree, by recursive descent; a mistake never spoils the next statement.
//!
//! Above each function stands its rule of the grammar. Recursion follows the nesting of the source,
//! which is limited ([`DEEPEST_NESTING`]); chains, like long sums and `else if`, are loops.

use crate::ast::{
    Ast, BinaryOperator, Block, Branch, Expression, ExpressionId, ExpressionKind, Function,
    Identifier, Slice, Statement, StatementKind,
};
use crate::error::{Repair, SyntaxError, SyntaxErrorKind};
use crate::lexer::{self, Lexeme, Lexer, NumberError, Token};
use crate::span::Span;

mod recovery;

/// How deep blocks, parentheses, calls and unary operators may be nested.
pub const DEEPEST_NESTING: u32 = 256;

/// A text that has been read.
#[derive(Debug)]
pub(crate) struct Parsed<'s> {
    pub(crate) ast: Ast<'s>,
    /// What was wrong, in the order of the text.
    pub(crate) errors: Vec<SyntaxError>,
    /// By function of the tree: whether its body has no error.
    pub(crate) is_whole: Vec<bool>,
    /// Whether there are functions that are not in the tree, because their heads can't be read.
    pub(crate) has_unknown_functions: bool,
}

/// Something that was typed in: functions, and statements outside of them.
#[derive(Debug)]
pub(crate) struct ParsedEntry<'s> {
    pub(crate) parsed: Parsed<'s>,
    /// The statements outside of functions.
    pub(crate) statements: Block,
    /// The expression at the end that has no semicolon.
    pub(crate) value: Option<ExpressionId>,
    /// Whether the text breaks off, so that more of it could make it right.
    pub(crate) is_incomplete: bool,
}

/// The mistake has been reported; the caller goes on where that makes sense.
#[derive(Debug)]
struct Reported;

type Parse<T> = Result<T, Reported>;

struct Parser<'s> {
    text: &'s str,
    lexer: Lexer<'s>,
    current: Lexeme,
    /// Where the token before the current one stands.
    previous: Span,
    ast: Ast<'s>,
    errors: Vec<SyntaxError>,
    /// Statements of blocks that are still open.
    open_statements: Vec<Statement>,
    /// Branches of `if` statements that are still open.
    open_branches: Vec<Branch>,
    /// Arguments of calls that are still open.
    open_arguments: Vec<ExpressionId>,
    nesting: u32,
    /// Whether an error was reported at the end of the text.
    has_met_end: bool,
    /// Whether nothing more is to be reported.
    is_stopped: bool,
    /// Whether the last statement of the text needs no semicolon.
    is_entry: bool,
}

/// Reads the functions of a text that is shorter than 4 GiB.
pub(crate) fn parse(text: &str) -> Parsed<'_> {
    let mut parser = Parser::new(text);
    let mut is_whole = Vec::new();
    let has_unknown_functions = !parser.program(&mut is_whole);
    parser.finish(is_whole, has_unknown_functions)
}

/// Reads what was typed in: functions and statements in any order, at the end perhaps an
/// expression without a semicolon.
pub(crate) fn parse_entry(text: &str) -> ParsedEntry<'_> {
    let mut parser = Parser::new(text);
    parser.is_entry = true;
    let mut is_whole = Vec::new();
    let (statements, value, has_unknown_functions) = parser.entry(&mut is_whole);
    let is_incomplete = parser.has_met_end || parser.is_in_comment();
    ParsedEntry {
        parsed: parser.finish(is_whole, has_unknown_functions),
        statements,
        value,
        is_incomplete,
    }
}

impl<'s> Parser<'s> {
    fn new(text: &'s str) -> Self {
        let mut lexer = Lexer::new(text);
        let current = lexer.next();
        // Most programs have a node in four bytes and a statement in twenty, or fewer; what is not
        // used of the room is never touched.
        let mut ast = Ast::default();
        ast.expressions.reserve(text.len() / 4);
        ast.statements.reserve(text.len() / 20);
        Self {
            text,
            lexer,
            current,
            previous: Span::default(),
            ast,
            errors: Vec::new(),
            open_statements: Vec::new(),
            open_branches: Vec::new(),
            open_arguments: Vec::new(),
            nesting: 0,
            has_met_end: false,
            is_stopped: false,
            is_entry: false,
        }
    }

    fn finish(mut self, is_whole: Vec<bool>, has_unknown_functions: bool) -> Parsed<'s> {
        self.errors.append(&mut self.lexer.errors);
        self.errors.sort_by_key(|error| error.span.start);
        Parsed {
            ast: self.ast,
            errors: self.errors,
            is_whole,
            has_unknown_functions,
        }
    }

    fn is_in_comment(&self) -> bool {
        self.lexer
            .errors
            .iter()
            .any(|error| matches!(error.kind, SyntaxErrorKind::UnterminatedComment))
    }

    // ---- tokens ----

    #[inline]
    fn at(&self, token: Token) -> bool {
        self.current.token == token
    }

    #[inline]
    fn advance(&mut self) -> Span {
        let span = self.current.span;
        self.previous = span;
        self.current = self.lexer.next();
        span
    }

    #[inline]
    fn accept(&mut self, token: Token) -> bool {
        let found = self.at(token);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, token: Token, expected: &'static str) -> Parse<Span> {
        if self.at(token) {
            return Ok(self.advance());
        }
        Err(self.unexpected(expected, None))
    }

    /// The closing part of a pair.
    fn expect_closing(&mut self, token: Token, open: Span) -> Parse<Span> {
        if self.at(token) {
            return Ok(self.advance());
        }
        if self.at(Token::Assign) {
            return Err(self.assignment_in_expression());
        }
        let kind = SyntaxErrorKind::Unclosed {
            open,
            is_brace: token == Token::CloseBrace,
            found: self.found(),
            insert: self.previous.behind(),
        };
        Err(self.report(self.current.span, kind))
    }

    fn text_of(&self, span: Span) -> &'s str {
        &self.text[span.range()]
    }

    fn identifier(&mut self, expected: &'static str) -> Parse<Identifier> {
        if !self.at(Token::Name) {
            let error = self.unexpected(expected, None);
            if self.current.token.is_keyword() && !self.begins_function() {
                // It was meant as a name: no statement begins there.
                self.advance();
            }
            return Err(error);
        }
        Ok(self.name())
    }

    /// Takes the name that is the current token.
    #[inline]
    fn name(&mut self) -> Identifier {
        let text = self.text;
        let Lexeme { span, .. } = self.current;
        let key = self.current.key();
        let name = self.ast.names.intern_key(key, || &text[span.range()]);
        self.advance();
        Identifier { name, span }
    }

    /// Does something one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.nesting == DEEPEST_NESTING {
            return Err(self.too_deep());
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    // ---- functions ----

    // program = function {function}
    fn program(&mut self, is_whole: &mut Vec<bool>) -> bool {
        let mut all_known = true;
        if self.at(Token::End) {
            self.unexpected("a function", None);
        }
        while !self.at(Token::End) {
            let result = if self.at(Token::Fn) || self.is_misspelt_fn() {
                self.function(is_whole)
            } else {
                Err(self.outside_of_functions())
            };
            if result.is_err() {
                all_known = false;
                self.skip_to_function();
            }
        }
        all_known
    }

    // function = "fn" name "(" [name {"," name}] ")" block
    fn function(&mut self, is_whole: &mut Vec<bool>) -> Parse<()> {
        let errors = self.errors.len() + self.lexer.errors.len();
        self.advance();
        let name = self.identifier("the name of a function")?;
        let parameters = self.parameters()?;
        let start = self.ast.expressions.len() as u32;
        let body = self.block();
        // What follows a body that is not closed belongs to another function.
        let (body, is_closed) = match body {
            Ok(body) => (body, true),
            Err(Reported) => (Block::empty(), false),
        };
        self.ast.functions.push(Function {
            name,
            parameters,
            body,
            nodes: self.ast.expressions.len() as u32 - start,
        });
        is_whole.push(is_closed && errors == self.errors.len() + self.lexer.errors.len());
        if !is_closed && !self.at(Token::Fn) && !self.at(Token::End) {
            self.skip_to_function();
        }
        Ok(())
    }

    // parameters = "(" [name {"," name}] ")"
    fn parameters(&mut self) -> Parse<Slice> {
        self.expect(Token::OpenParenthesis, "`(` and the parameters")?;
        let start = self.ast.parameters.len() as u32;
        if !self.at(Token::CloseParenthesis) {
            loop {
                let name = self.identifier("a parameter")?;
                self.ast.parameters.push(name);
                if !self.accept(Token::Comma) {
                    break;
                }
            }
            if self.at(Token::Name) {
                let repair = Repair::insert(self.previous.behind(), ",", "separate parameters");
                return Err(self.unexpected("`,` or `)`", Some(repair)));
            }
        }
        self.expect(Token::CloseParenthesis, "`,` or `)`")?;
        let end = self.ast.parameters.len() as u32;
        Ok(Slice { start, end })
    }

    // entry = {function | statement} [expression]
    fn entry(&mut self, is_whole: &mut Vec<bool>) -> (Block, Option<ExpressionId>, bool) {
        let mut value = None;
        let mut has_unknown_functions = false;
        while !self.at(Token::End) {
            if self.at(Token::Fn) {
                if self.function(is_whole).is_err() {
                    has_unknown_functions = true;
                    self.skip_to_function();
                }
                continue;
            }
            match self.statement_or_value() {
                Ok(last) => value = last,
                Err(Reported) => {
                    self.synchronise();
                    self.accept(Token::CloseBrace);
                }
            }
        }
        let close = self.current.span;
        (self.close_block(0, close), value, has_unknown_functions)
    }

    // ---- statements ----

    // block = "{" {statement} "}"
    fn block(&mut self) -> Parse<Block> {
        let open = self.expect(Token::OpenBrace, "`{`")?;
        self.nested(|parser| {
            let first = parser.open_statements.len();
            let mut is_broken = false;
            while !matches!(parser.current.token, Token::CloseBrace | Token::End)
                && !parser.begins_function()
            {
                if parser.statement().is_err() {
                    is_broken = true;
                    parser.synchronise();
                }
            }
            let close = if parser.at(Token::CloseBrace) {
                parser.advance()
            } else if is_broken {
                parser.open_statements.truncate(first);
                return Err(Reported);
            } else {
                parser.open_statements.truncate(first);
                parser.expect_closing(Token::CloseBrace, open)?
            };
            Ok(parser.close_block(first, close))
        })
    }

    /// Makes a block of the open statements from `first` on.
    fn close_block(&mut self, first: usize, close: Span) -> Block {
        let start = self.ast.statements.len() as u32;
        self.ast
            .statements
            .extend(self.open_statements.drain(first..));
        let end = self.ast.statements.len() as u32;
        Block {
            statements: Slice { start, end },
            close,
        }
    }

    // statement = "let" name "=" expression ";" | "return" expression ";"
    //           | if | "while" expression block | block | simple ";"
    fn statement(&mut self) -> Parse<()> {
        let start = self.current.span;
        let kind = match self.current.token {
            Token::Let => self.let_statement()?,
            Token::Return => {
                self.advance();
                let value = self.expression()?;
                self.semicolon()?;
                StatementKind::Return(value)
            }
            Token::If => self.if_statement()?,
            Token::While => {
                self.advance();
                let condition = self.condition()?;
                let body = self.block()?;
                StatementKind::While { condition, body }
            }
            Token::OpenBrace => StatementKind::Block(self.block()?),
            _ => {
                let kind = self.simple()?;
                self.semicolon_after_simple(kind)?;
                kind
            }
        };
        self.push_statement(start, kind);
        Ok(())
    }

    /// A statement, or an expression at the end of the text.
    fn statement_or_value(&mut self) -> Parse<Option<ExpressionId>> {
        if matches!(
            self.current.token,
            Token::Let | Token::Return | Token::If | Token::While | Token::OpenBrace
        ) {
            return self.statement().map(|()| None);
        }
        let start = self.current.span;
        let kind = self.simple()?;
        let value = match kind {
            StatementKind::Expression(value)
                if matches!(self.current.token, Token::End | Token::Fn) =>
            {
                Some(value)
            }
            _ => {
                self.semicolon_after_simple(kind)?;
                None
            }
        };
        self.push_statement(start, kind);
        Ok(value)
    }

    fn push_statement(&mut self, start: Span, kind: StatementKind) {
        let span = start.to(self.previous);
        self.open_statements.push(Statement { kind, span });
    }

    // let = "let" name "=" expression ";"
    fn let_statement(&mut self) -> Parse<StatementKind> {
        self.advance();
        let name = self.identifier("the name of a variable")?;
        if self.at(Token::Semicolon) {
            let repair = Repair::insert(name.span.behind(), " = 0", "give it a first value");
            return Err(self.unexpected("`=` and a value", Some(repair)));
        }
        self.expect(Token::Assign, "`=` and a value")?;
        let value = self.expression()?;
        self.semicolon()?;
        Ok(StatementKind::Let { name, value })
    }

    // simple = name "=" expression | expression
    fn simple(&mut self) -> Parse<StatementKind> {
        if !self.starts_expression() {
            return Err(self.unexpected("a statement", None));
        }
        let start = self.current.span;
        let value = if self.at(Token::Name) {
            let name = self.name();
            if self.accept(Token::Assign) {
                let value = self.expression()?;
                return Ok(StatementKind::Assign { name, value });
            }
            let first = self.variable_or_call(name)?;
            self.operators(start, first, Precedence::None)?
        } else {
            self.expression()?
        };
        if self.at(Token::Assign) {
            let span = start.to(self.previous);
            return Err(self.report(span, SyntaxErrorKind::NotAssignable));
        }
        Ok(StatementKind::Expression(value))
    }

    // if = "if" expression block {"else" "if" expression block} ["else" block]
    fn if_statement(&mut self) -> Parse<StatementKind> {
        let first = self.open_branches.len();
        let result = self.branches();
        let start = self.ast.branches.len() as u32;
        self.ast.branches.extend(self.open_branches.drain(first..));
        let end = self.ast.branches.len() as u32;
        Ok(StatementKind::If {
            branches: Slice { start, end },
            otherwise: result?,
        })
    }

    /// The branches of an `if` statement; gives the block behind the last `else`.
    fn branches(&mut self) -> Parse<Option<Block>> {
        loop {
            self.advance();
            let condition = self.condition()?;
            let block = self.block()?;
            self.open_branches.push(Branch { condition, block });
            if !self.accept(Token::Else) {
                return Ok(None);
            }
            if self.at(Token::If) {
                continue;
            }
            if !self.at(Token::OpenBrace) {
                return Err(self.unexpected("`{` or `if`", None));
            }
            return self.block().map(Some);
        }
    }

    /// An expression that decides where to go.
    fn condition(&mut self) -> Parse<ExpressionId> {
        let condition = self.expression()?;
        if self.at(Token::Assign) {
            self.assignment_in_expression();
            // The rest is what it would be after `==`.
            self.advance();
            self.expression()?;
        }
        Ok(condition)
    }

    // ---- expressions ----

    fn starts_expression(&self) -> bool {
        matches!(
            self.current.token,
            Token::Name
                | Token::Number
                | Token::OpenParenthesis
                | Token::Minus
                | Token::Not
                | Token::Error
        )
    }

    // expression = or
    // or = and {"||" and}
    // and = comparison {"&&" comparison}
    // comparison = sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum]
    // sum = product {("+" | "-") product}
    // product = unary {("*" | "/" | "%") unary}
    fn expression(&mut self) -> Parse<ExpressionId> {
        let start = self.current.span;
        let first = self.unary()?;
        self.operators(start, first, Precedence::None)
    }

    /// What follows the operand `left`, as long as it binds more tightly than what stands in front
    /// of it: the rules above by the precedences of the operators.
    fn operators(
        &mut self,
        start: Span,
        mut left: ExpressionId,
        before: Precedence,
    ) -> Parse<ExpressionId> {
        let mut comparisons = 0;
        let mut next = infix(self.current.token);
        while let Some((precedence, operator)) = next
            && precedence > before
        {
            if precedence == Precedence::Comparison {
                comparisons += 1;
                if comparisons == 2 {
                    self.report(self.current.span, SyntaxErrorKind::ChainedComparison);
                }
            }
            self.advance();
            let start_of_right = self.current.span;
            let mut right = self.unary()?;
            next = infix(self.current.token);
            if next.is_some_and(|(next, _)| next > precedence) {
                right = self.operators(start_of_right, right, precedence)?;
                next = infix(self.current.token);
            }
            left = self.push(start, ExpressionKind::Binary(operator, left, right));
        }
        Ok(left)
    }

    // unary = "-" unary | "!" unary | "-" number | primary
    // primary = number | name | name "(" [expression {"," expression}] ")" | "(" expression ")"
    #[inline]
    fn unary(&mut self) -> Parse<ExpressionId> {
        match self.current.token {
            Token::Name => {
                let name = self.name();
                self.variable_or_call(name)
            }
            Token::Number => Ok(self.number()),
            _ => self.unary_or_parenthesis(),
        }
    }

    /// An operand that is neither a name nor a number.
    fn unary_or_parenthesis(&mut self) -> Parse<ExpressionId> {
        let start = self.current.span;
        match self.current.token {
            Token::Minus => {
                self.advance();
                if self.at(Token::Number) {
                    return Ok(self.negative_number(start));
                }
                let operand = self.nested(Self::unary)?;
                Ok(self.push(start, ExpressionKind::Negate(operand)))
            }
            Token::Not => {
                self.advance();
                let operand = self.nested(Self::unary)?;
                Ok(self.push(start, ExpressionKind::Not(operand)))
            }
            Token::OpenParenthesis => {
                let open = self.advance();
                let inner = self.nested(Self::expression)?;
                self.expect_closing(Token::CloseParenthesis, open)?;
                // The tree has no parentheses: only a name in them is no longer assignable.
                Ok(inner)
            }
            _ => {
                let error = self.unexpected("a value", None);
                if self.at(Token::Fn) && !self.begins_function() {
                    // It was meant as a name.
                    self.advance();
                }
                Err(error)
            }
        }
    }

    /// What a name is, by what stands behind it.
    #[inline]
    fn variable_or_call(&mut self, identifier: Identifier) -> Parse<ExpressionId> {
        if self.at(Token::OpenParenthesis) {
            return self.call(identifier);
        }
        let Identifier { name, span } = identifier;
        Ok(self.push(span, ExpressionKind::Variable(name)))
    }

    fn call(&mut self, identifier: Identifier) -> Parse<ExpressionId> {
        let Identifier { name, span } = identifier;
        let arguments = self.nested(Self::arguments)?;
        Ok(self.push(span, ExpressionKind::Call { name, arguments }))
    }

    /// The rest of a call, from its parenthesis on.
    fn arguments(&mut self) -> Parse<Slice> {
        let open = self.advance();
        let first = self.open_arguments.len();
        let result = self.argument_list(open);
        let start = self.ast.arguments.len() as u32;
        self.ast
            .arguments
            .extend(self.open_arguments.drain(first..));
        let end = self.ast.arguments.len() as u32;
        result.map(|()| Slice { start, end })
    }

    fn argument_list(&mut self, open: Span) -> Parse<()> {
        if !self.at(Token::CloseParenthesis) {
            loop {
                let argument = self.expression()?;
                self.open_arguments.push(argument);
                if !self.accept(Token::Comma) {
                    break;
                }
            }
        }
        self.expect_closing(Token::CloseParenthesis, open)?;
        Ok(())
    }

    // number = decimal | "0x" hex
    #[inline]
    fn number(&mut self) -> ExpressionId {
        let value = self.number_value(i64::MAX as u64);
        let span = self.advance();
        self.push(span, ExpressionKind::Number(value as i64))
    }

    /// The literal behind a minus sign, which may be one larger.
    fn negative_number(&mut self, minus: Span) -> ExpressionId {
        let value = self.number_value(1 << 63);
        self.advance();
        let value = (value as i64).wrapping_neg();
        self.push(minus, ExpressionKind::Number(value))
    }

    /// The value of the literal that is the current token; 0 after a mistake.
    #[inline]
    fn number_value(&mut self, largest: u64) -> u64 {
        if self.current.value <= largest {
            return self.current.value;
        }
        self.wrong_number();
        0
    }

    #[cold]
    fn wrong_number(&mut self) {
        let span = self.current.span;
        let text = self.text_of(span);
        let kind = match lexer::number(text) {
            Ok(_) | Err(NumberError::TooLarge) => SyntaxErrorKind::NumberTooLarge,
            Err(NumberError::Malformed) => SyntaxErrorKind::MalformedNumber { text: text.into() },
        };
        self.report(span, kind);
    }

    /// Adds a node that goes from `start` to the token before the current one.
    #[inline]
    fn push(&mut self, start: Span, kind: ExpressionKind) -> ExpressionId {
        let id = ExpressionId(self.ast.expressions.len() as u32);
        self.ast.expressions.push(Expression {
            kind,
            span: start.to(self.previous),
        });
        id
    }
}

/// How tightly an operator binds: the later, the tighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precedence {
    /// That of no operator.
    None,
    Or,
    And,
    Comparison,
    Sum,
    Product,
}

/// What a token is between two operands.
#[inline]
fn infix(token: Token) -> Option<(Precedence, BinaryOperator)> {
    Some(match token {
        Token::Or => (Precedence::Or, BinaryOperator::Or),
        Token::And => (Precedence::And, BinaryOperator::And),
        Token::Equal => (Precedence::Comparison, BinaryOperator::Equal),
        Token::NotEqual => (Precedence::Comparison, BinaryOperator::NotEqual),
        Token::Less => (Precedence::Comparison, BinaryOperator::Less),
        Token::LessEqual => (Precedence::Comparison, BinaryOperator::LessEqual),
        Token::Greater => (Precedence::Comparison, BinaryOperator::Greater),
        Token::GreaterEqual => (Precedence::Comparison, BinaryOperator::GreaterEqual),
        Token::Plus => (Precedence::Sum, BinaryOperator::Add),
        Token::Minus => (Precedence::Sum, BinaryOperator::Subtract),
        Token::Star => (Precedence::Product, BinaryOperator::Multiply),
        Token::Slash => (Precedence::Product, BinaryOperator::Divide),
        Token::Percent => (Precedence::Product, BinaryOperator::Remainder),
        _ => return None,
    })
}
