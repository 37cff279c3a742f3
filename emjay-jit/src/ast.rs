//! The tree of a program: nodes in vectors, addressed by number.
//!
//! The nodes of an expression stand in the order in which they are evaluated, operands before
//! their operator, so that those of a whole expression are a contiguous range that ends with its
//! root. Statements of a block stand side by side. Nothing is boxed: building a tree is pushing,
//! dropping it is free, and no depth of nesting can exhaust a stack.

use crate::names::{Name, Names};
use crate::span::Span;

mod print;

/// An expression, by its position in [`Ast::expressions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExpressionId(pub u32);

impl ExpressionId {
    /// The number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Positions in one of the vectors of [`Ast`], end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slice {
    /// The first.
    pub start: u32,
    /// The one after the last.
    pub end: u32,
}

impl Slice {
    /// The positions as an index range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// How many there are.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A name where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier {
    /// The name.
    pub name: Name,
    /// Where it stands.
    pub span: Span,
}

/// All functions of a source text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ast<'s> {
    /// The functions, in the order of the text.
    pub functions: Vec<Function>,
    /// The parameters of all functions.
    pub parameters: Vec<Identifier>,
    /// The statements of all blocks.
    pub statements: Vec<Statement>,
    /// The branches of all `if` statements.
    pub branches: Vec<Branch>,
    /// The nodes of all expressions.
    pub expressions: Vec<Expression>,
    /// The arguments of all calls.
    pub arguments: Vec<ExpressionId>,
    /// The names.
    pub names: Names<'s>,
}

/// `fn name(parameters) { … }`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: Identifier,
    /// Its parameters, in [`Ast::parameters`].
    pub parameters: Slice,
    /// Its body.
    pub body: Block,
    /// How many nodes its expressions have.
    pub nodes: u32,
}

/// `{ … }`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its statements, in [`Ast::statements`].
    pub statements: Slice,
    /// The closing brace.
    pub close: Span,
}

/// A statement with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// From its first to its last token.
    pub span: Span,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// `let name = value;`
    Let {
        /// The variable.
        name: Identifier,
        /// Its first value.
        value: ExpressionId,
    },
    /// `name = value;`
    Assign {
        /// The variable.
        name: Identifier,
        /// Its new value.
        value: ExpressionId,
    },
    /// `return value;`
    Return(ExpressionId),
    /// `value;`
    Expression(ExpressionId),
    /// `if … else if … else …`: a chain is one statement, however long.
    If {
        /// `if` and each `else if`, in [`Ast::branches`].
        branches: Slice,
        /// What stands behind the last `else`.
        otherwise: Option<Block>,
    },
    /// `while condition body`
    While {
        /// The condition.
        condition: ExpressionId,
        /// The body.
        body: Block,
    },
    /// `{ … }`
    Block(Block),
}

/// A condition with its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// The condition.
    pub condition: ExpressionId,
    /// What is done if it holds.
    pub block: Block,
}

/// An expression with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// From its first to its last token; parentheses around it don't count.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionKind {
    /// A number; a minus sign directly before a literal belongs to it.
    Number(i64),
    /// A variable.
    Variable(Name),
    /// `-a`
    Negate(ExpressionId),
    /// `!a`
    Not(ExpressionId),
    /// `a + b` and the like.
    Binary(BinaryOperator, ExpressionId, ExpressionId),
    /// `name(arguments)`
    Call {
        /// The function.
        name: Name,
        /// The arguments, in [`Ast::arguments`].
        arguments: Slice,
    },
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&&`: the right operand is evaluated only if the left one is not 0.
    And,
    /// `||`: the right operand is evaluated only if the left one is 0.
    Or,
}

impl Ast<'_> {
    /// An expression.
    pub fn expression(&self, id: ExpressionId) -> &Expression {
        &self.expressions[id.index()]
    }

    /// The first node of an expression, in the order of evaluation: the nodes from there to `root`
    /// are the whole expression.
    pub fn first_node(&self, root: ExpressionId) -> ExpressionId {
        let mut node = root;
        loop {
            node = match self.expression(node).kind {
                ExpressionKind::Binary(_, left, _) => left,
                ExpressionKind::Negate(operand) | ExpressionKind::Not(operand) => operand,
                ExpressionKind::Call { arguments, .. } if !arguments.is_empty() => {
                    self.arguments[arguments.start as usize]
                }
                _ => return node,
            };
        }
    }

    /// The statements of a block.
    pub fn statements(&self, block: Block) -> &[Statement] {
        &self.statements[block.statements.range()]
    }

    /// The function of a name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Function> {
        let name = self.names.find(name)?;
        (self.functions.iter()).find(|function| function.name.name == name)
    }
}
