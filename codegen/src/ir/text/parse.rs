//! Text → IR. What is read has the shape of a module; whether it is a valid one is the verifier's
//! question.
//!
//! The parser needs time and memory linear in the length of the text, and no stack that grows with
//! it. It stops at the first error.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::{Expected, ParseError, ParseErrorKind};
use super::lex::{Lexer, Token};
use super::{Mnemonic, is_plain_name};
use crate::ir::verify::{MAX_PARAMETERS, MAX_VALUES};
use crate::ir::{
    Access, Block, BlockId, Callee, Exit, ExitId, Function, FunctionId, Import, ImportId,
    Instruction, List, Module, Op, Target, Value,
};
use crate::origin::Origin;

/// Reads a module.
///
/// # Errors
///
/// The first thing in the text that has no place in it.
pub fn parse(text: &str) -> Result<Module, ParseError> {
    let mut parser = Parser {
        text,
        lexer: Lexer::new(text),
        token: Token::End,
        start: 0,
        imports: HashMap::new(),
        callees: Vec::new(),
    };
    if u32::try_from(text.len()).is_err() {
        return Err(parser.error(ParseErrorKind::TextTooLong));
    }
    parser.advance()?;
    parser.module()
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// The next token.
    token: Token<'a>,
    /// At which byte it begins.
    start: usize,
    /// The imports by their names.
    imports: HashMap<String, ImportId>,
    /// The calls of functions, which are compared with the functions in the end: where, which
    /// number, which name.
    callees: Vec<(usize, FunctionId, Cow<'a, str>)>,
}

impl<'a> Parser<'a> {
    // module = { import } { function }
    fn module(mut self) -> Result<Module> {
        let mut module = Module::default();
        while self.token == Token::Word("import") {
            module.imports.push(self.import()?);
        }
        while self.token != Token::End {
            module.functions.push(self.function()?);
        }
        for (at, id, name) in &self.callees {
            let function = module.functions.get(id.index());
            if function.is_none_or(|function| function.name != **name) {
                let (id, name) = (id.0, shortened(name));
                return Err(self.error_at(*at, ParseErrorKind::WrongCallee { id, name }));
            }
        }
        Ok(module)
    }

    // import = "import" name "/" number
    fn import(&mut self) -> Result<Import> {
        self.advance()?;
        let at = self.start;
        let name = self.name()?.into_owned();
        let id = ImportId(self.imports.len() as u32);
        if self.imports.insert(name.clone(), id).is_some() {
            return Err(self.error_at(at, ParseErrorKind::DuplicateImport(shortened(&name))));
        }
        self.punctuation('/')?;
        let parameters = self.number(u32::MAX)?;
        Ok(Import { name, parameters })
    }

    // function = "fn" name "-" "#args:" number "," "#reg:" number "{" { label | instruction } "}"
    fn function(&mut self) -> Result<Function> {
        if self.token != Token::Word("fn") {
            return Err(self.unexpected(Expected::Function));
        }
        self.advance()?;
        let name = self.name()?.into_owned();
        self.punctuation('-')?;
        self.header_word("args")?;
        let mut function = Function::new(name, self.number(MAX_PARAMETERS)?);
        self.punctuation(',')?;
        self.header_word("reg")?;
        function.values = self.number(MAX_VALUES)?;
        self.punctuation('{')?;
        while !self.accept('}')? {
            match self.token {
                Token::Word(word) if numbered(word, 'b').is_some() => self.label(&mut function)?,
                _ => self.instruction(&mut function)?,
            }
        }
        Ok(function)
    }

    // "#" word ":"
    fn header_word(&mut self, word: &'static str) -> Result<()> {
        self.punctuation('#')?;
        self.keyword(word)?;
        self.punctuation(':')
    }

    // label = block "(" [ definition { "," definition } ] ")" ":"
    fn label(&mut self, function: &mut Function) -> Result<()> {
        let at = self.start;
        let number = function.blocks.len() as u32;
        if self.block()? != BlockId(number) {
            return Err(self.error_at(at, ParseErrorKind::Label(number)));
        }
        let parameters = self.parenthesized(function, Self::definition)?;
        self.punctuation(':')?;
        open_block(function, parameters);
        Ok(())
    }

    // instruction = [ number ":" ] mnemonic operands
    fn instruction(&mut self, function: &mut Function) -> Result<()> {
        if let Token::Word(word) = self.token
            && word.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.advance()?;
            self.punctuation(':')?;
        }
        let Token::Word(word) = self.token else {
            return Err(self.unexpected(Expected::Instruction));
        };
        let Some(mnemonic) = Mnemonic::from_name(word) else {
            return Err(self.error(ParseErrorKind::UnknownMnemonic(shortened(word))));
        };
        self.advance()?;
        let op = self.operands(function, mnemonic)?;
        if function.blocks.is_empty() {
            open_block(function, List::EMPTY);
        }
        function.instructions.push(Instruction {
            op,
            origin: Origin::default(),
        });
        if let Some(block) = function.blocks.last_mut() {
            block.end += 1;
        }
        Ok(())
    }

    /// What follows a mnemonic; an example stands beside each case of [`Op`].
    fn operands(&mut self, function: &mut Function, mnemonic: Mnemonic) -> Result<Op> {
        Ok(match mnemonic {
            Mnemonic::Constant => Op::Constant {
                dest: self.destination()?,
                value: self.constant()?,
            },
            Mnemonic::Argument => Op::Argument {
                dest: self.destination()?,
                index: self.numbered_word('a', Expected::Argument)?,
            },
            Mnemonic::Unary(operator) => Op::Unary {
                operator,
                dest: self.destination()?,
                a: self.value()?,
            },
            Mnemonic::Binary(operator) => Op::Binary {
                operator,
                dest: self.destination()?,
                a: self.operand()?,
                b: self.value()?,
            },
            Mnemonic::Divide(operator) => Op::Divide {
                operator,
                dest: self.destination()?,
                a: self.operand()?,
                b: self.value()?,
                exit: self.optional_exit(function)?,
            },
            Mnemonic::Select => Op::Select {
                dest: self.destination()?,
                condition: self.operand()?,
                a: self.operand()?,
                b: self.value()?,
            },
            Mnemonic::WideMultiply => Op::WideMultiply {
                low: self.destination()?,
                high: self.destination()?,
                a: self.operand()?,
                b: self.value()?,
            },
            Mnemonic::WideDivide => {
                let results = [
                    self.destination()?,
                    self.destination()?,
                    self.destination()?,
                ];
                let operands = [self.operand()?, self.operand()?, self.value()?];
                Op::WideDivide {
                    results: function.make_list(&results),
                    operands: function.make_list(&operands),
                    exit: self.optional_exit(function)?,
                }
            }
            Mnemonic::Load(access) => self.load(access)?,
            Mnemonic::Store(access) => self.store(access)?,
            Mnemonic::Call => self.call(function)?,
            Mnemonic::Guard => Op::Guard {
                condition: self.value()?,
                exit: self.exit(function)?,
            },
            Mnemonic::Poll => Op::Poll {
                exit: self.exit(function)?,
            },
            Mnemonic::StackCheck => Op::StackCheck {
                exit: self.exit(function)?,
            },
            Mnemonic::Jump => Op::Jump {
                target: self.target(function)?,
            },
            Mnemonic::Branch => {
                let condition = self.operand()?;
                let then = self.target(function)?;
                self.punctuation(',')?;
                Op::Branch {
                    condition,
                    then,
                    otherwise: self.target(function)?,
                }
            }
            Mnemonic::Return => Op::Return {
                value: self.value()?,
            },
            Mnemonic::Leave => Op::Leave {
                exit: self.reason(function)?,
            },
        })
    }

    // load = definition "," address
    fn load(&mut self, access: Access) -> Result<Op> {
        let dest = self.destination()?;
        let (address, offset) = self.address()?;
        Ok(Op::Load {
            dest,
            address,
            offset,
            access,
        })
    }

    // store = value "," address
    fn store(&mut self, access: Access) -> Result<Op> {
        let value = self.operand()?;
        let (address, offset) = self.address()?;
        Ok(Op::Store {
            value,
            address,
            offset,
            access,
        })
    }

    // address = "[" value [ ( "+" | "-" ) number ] "]"
    fn address(&mut self) -> Result<(Value, i32)> {
        self.punctuation('[')?;
        let address = self.value()?;
        let at = self.start;
        let offset = if self.accept('+')? {
            self.magnitude()?
        } else if self.accept('-')? {
            self.magnitude()?.wrapping_neg()
        } else {
            0
        };
        let offset =
            i32::try_from(offset).map_err(|_| self.error_at(at, ParseErrorKind::NumberTooLarge))?;
        self.punctuation(']')?;
        Ok((address, offset))
    }

    // call = definition "," name [ ":" number ] "(" [ value { "," value } ] ")" [ exit ]
    fn call(&mut self, function: &mut Function) -> Result<Op> {
        let dest = self.destination()?;
        let at = self.start;
        let name = self.name()?;
        let callee = if self.accept(':')? {
            let id = FunctionId(self.number(u32::MAX)?);
            self.callees.push((at, id, name));
            Callee::Function(id)
        } else if let Some(&id) = self.imports.get(&*name) {
            Callee::Import(id)
        } else {
            return Err(self.error_at(at, ParseErrorKind::UnknownImport(shortened(&name))));
        };
        Ok(Op::Call {
            dest,
            callee,
            arguments: self.parenthesized(function, Self::value)?,
            exit: self.optional_exit(function)?,
        })
    }

    // target = block "(" [ value { "," value } ] ")"
    fn target(&mut self, function: &mut Function) -> Result<Target> {
        Ok(Target {
            block: self.block()?,
            arguments: self.parenthesized(function, Self::value)?,
        })
    }

    fn optional_exit(&mut self, function: &mut Function) -> Result<Option<ExitId>> {
        if self.token == Token::Word("or") {
            self.exit(function).map(Some)
        } else {
            Ok(None)
        }
    }

    // exit = "or" "exit" reason
    fn exit(&mut self, function: &mut Function) -> Result<ExitId> {
        self.keyword("or")?;
        self.keyword("exit")?;
        self.reason(function)
    }

    // reason = number "(" [ value { "," value } ] ")"
    fn reason(&mut self, function: &mut Function) -> Result<ExitId> {
        let reason = self.number(u32::MAX)?;
        let values = self.parenthesized(function, Self::value)?;
        function.exits.push(Exit { reason, values });
        Ok(ExitId(function.exits.len() as u32 - 1))
    }

    /// A list in parentheses.
    fn parenthesized(
        &mut self,
        function: &mut Function,
        item: fn(&mut Self) -> Result<Value>,
    ) -> Result<List> {
        self.punctuation('(')?;
        if self.accept(')')? {
            return Ok(List::EMPTY);
        }
        // The items go behind their number at once.
        let list = List(function.lists.len() as u32);
        function.lists.push(0);
        loop {
            function.lists.push(item(self)?.0);
            function.lists[list.0 as usize] += 1;
            if !self.accept(',')? {
                self.punctuation(')')?;
                return Ok(list);
            }
        }
    }

    // definition = "@" value
    fn definition(&mut self) -> Result<Value> {
        if !self.accept('@')? {
            return Err(self.unexpected(Expected::Definition));
        }
        self.value()
    }

    /// A definition and the comma behind it.
    fn destination(&mut self) -> Result<Value> {
        let value = self.definition()?;
        self.punctuation(',')?;
        Ok(value)
    }

    /// A value and the comma behind it.
    fn operand(&mut self) -> Result<Value> {
        let value = self.value()?;
        self.punctuation(',')?;
        Ok(value)
    }

    fn value(&mut self) -> Result<Value> {
        self.numbered_word('r', Expected::Value).map(Value)
    }

    fn block(&mut self) -> Result<BlockId> {
        self.numbered_word('b', Expected::Block).map(BlockId)
    }

    /// A letter and a number in one word.
    fn numbered_word(&mut self, letter: char, expected: Expected) -> Result<u32> {
        let digits = match self.token {
            Token::Word(word) => numbered(word, letter),
            _ => None,
        };
        let Some(digits) = digits else {
            return Err(self.unexpected(expected));
        };
        let number = digits.parse().ok();
        let number = number.ok_or_else(|| self.error(ParseErrorKind::NumberTooLarge))?;
        self.advance()?;
        Ok(number)
    }

    // constant = [ "-" ] number
    fn constant(&mut self) -> Result<i64> {
        let at = self.start;
        let number = if self.accept('-')? {
            self.magnitude()?.wrapping_neg()
        } else {
            self.magnitude()?
        };
        i64::try_from(number).map_err(|_| self.error_at(at, ParseErrorKind::NumberTooLarge))
    }

    /// A number up to `max`.
    fn number(&mut self, max: u32) -> Result<u32> {
        let at = self.start;
        let number = u32::try_from(self.magnitude()?).ok();
        number
            .filter(|number| *number <= max)
            .ok_or_else(|| self.error_at(at, ParseErrorKind::NumberTooLarge))
    }

    /// A number without a sign, below 2⁶⁴.
    fn magnitude(&mut self) -> Result<i128> {
        let Token::Word(word) = self.token else {
            return Err(self.unexpected(Expected::Number));
        };
        if !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected(Expected::Number));
        }
        let number: Option<u64> = word.parse().ok();
        let number = number.ok_or_else(|| self.error(ParseErrorKind::NumberTooLarge))?;
        self.advance()?;
        Ok(i128::from(number))
    }

    fn name(&mut self) -> Result<Cow<'a, str>> {
        match &mut self.token {
            Token::Word(word) if is_plain_name(word) => {
                let name = Cow::Borrowed(*word);
                self.advance()?;
                Ok(name)
            }
            Token::Quoted(name) => {
                let name = std::mem::take(name);
                self.advance()?;
                Ok(name)
            }
            _ => Err(self.unexpected(Expected::Name)),
        }
    }

    fn keyword(&mut self, word: &'static str) -> Result<()> {
        if self.token != Token::Word(word) {
            return Err(self.unexpected(Expected::Keyword(word)));
        }
        self.advance()
    }

    fn punctuation(&mut self, character: char) -> Result<()> {
        if self.accept(character)? {
            Ok(())
        } else {
            Err(self.unexpected(Expected::Punctuation(character)))
        }
    }

    /// Goes past a character if it is there.
    fn accept(&mut self, character: char) -> Result<bool> {
        let there = self.token == Token::Punctuation(character);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn advance(&mut self) -> Result<()> {
        let (start, token) = self.lexer.next();
        self.start = start;
        self.token = token.map_err(|kind| self.error(kind))?;
        Ok(())
    }

    /// The next token is not what should stand there.
    fn unexpected(&self, expected: Expected) -> ParseError {
        let found = match &self.token {
            Token::Word(word) => format!("`{}`", shortened(word)),
            Token::Quoted(name) => format!("{:?}", shortened(name)),
            Token::Punctuation(character) => format!("`{character}`"),
            Token::End => "the end of the text".to_owned(),
        };
        self.error(ParseErrorKind::Unexpected { expected, found })
    }

    /// An error at the next token.
    fn error(&self, kind: ParseErrorKind) -> ParseError {
        self.error_at(self.start, kind)
    }

    fn error_at(&self, offset: usize, kind: ParseErrorKind) -> ParseError {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            line: 1 + before.bytes().filter(|&byte| byte == b'\n').count() as u32,
            column: 1 + before[line_start..].chars().count() as u32,
            kind,
        }
    }
}

/// Begins a block behind the last instruction.
fn open_block(function: &mut Function, parameters: List) {
    let end = function.instructions.len() as u32;
    function.blocks.push(Block {
        parameters,
        start: end,
        end,
    });
}

/// The digits of a word that is a letter and digits.
fn numbered(word: &str, letter: char) -> Option<&str> {
    let digits = word.strip_prefix(letter)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(digits)
}

/// As much of a word as a message shows.
fn shortened(word: &str) -> String {
    match word.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
