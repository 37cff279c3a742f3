//! The tree as text.
//!
//! ```text
//! Function {
//!   name: "main",
//!   args: ["x"],
//!   block: [
//!     ReturnStatement(
//!       Add(
//!         Identifier("x"),
//!         Number(2)
//!       )
//!     )
//!   ]
//! }
//! ```

use std::fmt::{self, Display, Formatter, Write};

use super::{
    Ast, BinaryOperator, Block, ExpressionId, ExpressionKind, Function, Identifier, Statement,
    StatementKind,
};
use crate::names::Name;

/// Deeper levels are indented no further: the sum of a thousand numbers has a thousand levels, and
/// its text would grow with their square.
const DEEPEST_INDENTATION: usize = 1024;

impl Display for Ast<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.functions
            .iter()
            .try_for_each(|function| writeln!(f, "{}", self.print_function(function)))
    }
}

impl<'s> Ast<'s> {
    /// The text of one function, without a newline at its end.
    pub fn print_function<'a>(&'a self, function: &'a Function) -> impl Display + use<'a, 's> {
        Print {
            ast: self,
            function,
        }
    }
}

struct Print<'a, 's> {
    ast: &'a Ast<'s>,
    function: &'a Function,
}

impl Display for Print<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Printer {
            ast: self.ast,
            f,
            depth: 0,
        }
        .function(self.function)
    }
}

struct Printer<'a, 's, 'f, 'b> {
    ast: &'a Ast<'s>,
    f: &'f mut Formatter<'b>,
    depth: usize,
}

impl Printer<'_, '_, '_, '_> {
    // ---- layout ----

    fn line(&mut self) -> fmt::Result {
        let width = 2 * self.depth.min(DEEPEST_INDENTATION);
        write!(self.f, "\n{:width$}", "")
    }

    /// `Name {` … `}`, `Name(` … `)`, `[` … `]`, one level deeper inside.
    fn open(&mut self, text: &str) -> fmt::Result {
        self.depth += 1;
        self.f.write_str(text)?;
        self.line()
    }

    fn separate(&mut self) -> fmt::Result {
        self.f.write_char(',')?;
        self.line()
    }

    fn close(&mut self, text: &str) -> fmt::Result {
        self.depth -= 1;
        self.line()?;
        self.f.write_str(text)
    }

    /// Items between brackets, each on lines of its own.
    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut print: impl FnMut(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        let mut is_first = true;
        for item in items {
            if is_first {
                self.open("[")?;
            } else {
                self.separate()?;
            }
            is_first = false;
            print(self, item)?;
        }
        if is_first {
            self.f.write_str("[]")
        } else {
            self.close("]")
        }
    }

    // ---- nodes ----

    fn function(&mut self, function: &Function) -> fmt::Result {
        self.open("Function {")?;
        self.name(function.name.name)?;
        self.separate()?;
        self.f.write_str("args: [")?;
        let parameters = &self.ast.parameters[function.parameters.range()];
        for (index, &parameter) in parameters.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let name = self.ast.names.text(parameter.name);
            write!(self.f, "{separator}\"{name}\"")?;
        }
        self.f.write_char(']')?;
        self.separate()?;
        self.f.write_str("block: ")?;
        self.block(function.body)?;
        self.close("}")
    }

    fn name(&mut self, name: Name) -> fmt::Result {
        write!(self.f, "name: \"{}\"", self.ast.names.text(name))
    }

    fn block(&mut self, block: Block) -> fmt::Result {
        self.list(block.statements.range(), |printer, index| {
            printer.statement(printer.ast.statements[index])
        })
    }

    fn statement(&mut self, statement: Statement) -> fmt::Result {
        match statement.kind {
            StatementKind::Let { name, value } => self.assignment("LetStatement {", name, value),
            StatementKind::Assign { name, value } => {
                self.assignment("AssignmentStatement {", name, value)
            }
            StatementKind::Return(value) => self.wrapped("ReturnStatement(", value),
            StatementKind::Expression(value) => self.wrapped("ExpressionStatement(", value),
            StatementKind::If {
                branches,
                otherwise,
            } => {
                self.open("IfStatement {")?;
                self.f.write_str("branches: ")?;
                self.list(branches.range(), |printer, index| {
                    let branch = printer.ast.branches[index];
                    printer.conditional("Branch {", branch.condition, branch.block)
                })?;
                if let Some(block) = otherwise {
                    self.separate()?;
                    self.f.write_str("else: ")?;
                    self.block(block)?;
                }
                self.close("}")
            }
            StatementKind::While { condition, body } => {
                self.conditional("WhileStatement {", condition, body)
            }
            StatementKind::Block(block) => {
                self.f.write_str("NestedBlock(")?;
                self.block(block)?;
                self.f.write_char(')')
            }
        }
    }

    fn assignment(&mut self, head: &str, name: Identifier, value: ExpressionId) -> fmt::Result {
        self.open(head)?;
        self.name(name.name)?;
        self.separate()?;
        self.f.write_str("expression: ")?;
        self.expression(value)?;
        self.close("}")
    }

    fn wrapped(&mut self, head: &str, value: ExpressionId) -> fmt::Result {
        self.open(head)?;
        self.expression(value)?;
        self.close(")")
    }

    fn conditional(&mut self, head: &str, condition: ExpressionId, block: Block) -> fmt::Result {
        self.open(head)?;
        self.f.write_str("condition: ")?;
        self.expression(condition)?;
        self.separate()?;
        self.f.write_str("block: ")?;
        self.block(block)?;
        self.close("}")
    }

    /// Left operands are printed without recursion, for long sums lean to the left.
    fn expression(&mut self, root: ExpressionId) -> fmt::Result {
        let mut rights = Vec::new();
        let mut id = root;
        while let ExpressionKind::Binary(operator, left, right) = self.ast.expression(id).kind {
            self.open(head(operator))?;
            rights.push(right);
            id = left;
        }
        self.leaf(id)?;
        while let Some(right) = rights.pop() {
            self.separate()?;
            self.expression(right)?;
            self.close(")")?;
        }
        Ok(())
    }

    /// An expression that is no binary operator.
    fn leaf(&mut self, id: ExpressionId) -> fmt::Result {
        match self.ast.expression(id).kind {
            ExpressionKind::Number(value) => write!(self.f, "Number({value})"),
            ExpressionKind::Variable(name) => {
                write!(self.f, "Identifier(\"{}\")", self.ast.names.text(name))
            }
            ExpressionKind::Negate(operand) => self.wrapped("Negate(", operand),
            ExpressionKind::Not(operand) => self.wrapped("Not(", operand),
            ExpressionKind::Binary(..) => Ok(()),
            ExpressionKind::Call { name, arguments } => {
                self.open("FunctionCall {")?;
                self.name(name)?;
                self.separate()?;
                self.f.write_str("args: ")?;
                self.list(arguments.range(), |printer, index| {
                    printer.expression(printer.ast.arguments[index])
                })?;
                self.close("}")
            }
        }
    }
}

fn head(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "Add(",
        BinaryOperator::Subtract => "Sub(",
        BinaryOperator::Multiply => "Mul(",
        BinaryOperator::Divide => "Div(",
        BinaryOperator::Remainder => "Rem(",
        BinaryOperator::Equal => "Equal(",
        BinaryOperator::NotEqual => "NotEqual(",
        BinaryOperator::Less => "Less(",
        BinaryOperator::LessEqual => "LessEqual(",
        BinaryOperator::Greater => "Greater(",
        BinaryOperator::GreaterEqual => "GreaterEqual(",
        BinaryOperator::And => "And(",
        BinaryOperator::Or => "Or(",
    }
}
