//! What every name stands for, and whether the program is one that can be run.
//!
//! The tree stays as it is; [`Resolution`] says beside it which variable or function each of its
//! names means. Statements are visited in their order, and the nodes of an expression stand side by
//! side in the order of their evaluation, so that looking through them is a loop.

use std::ops::Range;

use codegen::ir::{Callee, FunctionId, ImportId};
use diagnostics::{SHOWN_ERRORS, nearest};

use crate::ast::{
    Ast, BinaryOperator, Block, ExpressionId, ExpressionKind, Function, Identifier, Slice,
    StatementKind,
};
use crate::built_in::BUILT_IN;
use crate::error::{CheckError, CheckErrorKind, Passed};
use crate::names::Name;
use crate::span::Span;

/// A variable of a function: parameters first, then in the order of their declarations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Variable(pub u32);

impl Variable {
    /// The number as an index.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the names of a tree stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Resolution {
    /// By expression: the number of the variable, or [`Resolution::callee`]; of a whole expression
    /// that ends with an operator 1 more than [`Resolution::straight_nodes`] begin with, or 0.
    expressions: Vec<u32>,
    /// By statement: the variable that it sets, or the number of the loop.
    statements: Vec<u32>,
    /// By loop: what is assigned in it, in `assigned`.
    loops: Vec<LoopFacts>,
    assigned: Vec<Variable>,
    /// By function.
    functions: Vec<FunctionFacts>,
    /// By parameter of the tree: whether it is ever read.
    read_parameters: Vec<bool>,
    /// The variables that are visible at the end of what was typed in.
    entry_variables: Vec<(Name, Variable)>,
}

/// What the lowering wants to know of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LoopFacts {
    assigned: Slice,
    /// How many variables the function has in front of it.
    outer: u32,
}

/// What the lowering wants to know of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FunctionFacts {
    /// How many variables it has, parameters included.
    pub(crate) variables: u32,
    /// How often they are read.
    pub(crate) reads: u32,
    /// Whether it has neither `if` nor `while` nor `&&` nor `||`.
    pub(crate) is_straight_line: bool,
}

/// Set in the number of a callee that is built in.
const IS_BUILT_IN: u32 = 1 << 31;

impl Resolution {
    /// The variable of an expression that is one.
    #[inline]
    pub(crate) fn variable(&self, expression: ExpressionId) -> Variable {
        Variable(self.expressions[expression.index()])
    }

    /// The function of an expression that calls one.
    pub(crate) fn callee(&self, expression: ExpressionId) -> Callee {
        let number = self.expressions[expression.index()];
        if number & IS_BUILT_IN == 0 {
            Callee::Function(FunctionId(number))
        } else {
            Callee::Import(ImportId(number & !IS_BUILT_IN))
        }
    }

    /// The nodes of a whole expression if it is an operator, and nothing in it calls or decides:
    /// they can be lowered one after another.
    #[inline]
    pub(crate) fn straight_nodes(&self, ast: &Ast<'_>, root: ExpressionId) -> Option<Range<usize>> {
        let is_operator = matches!(
            ast.expression(root).kind,
            ExpressionKind::Binary(..) | ExpressionKind::Negate(_) | ExpressionKind::Not(_)
        );
        let first = self.expressions[root.index()].checked_sub(1);
        first
            .filter(|_| is_operator)
            .map(|first| first as usize..root.index() + 1)
    }

    /// The variable that a statement declares or assigns to, by the statement's position.
    #[inline]
    pub(crate) fn target(&self, statement: usize) -> Variable {
        Variable(self.statements[statement])
    }

    /// The variables from outside of a loop that are assigned in it, some of them several times,
    /// by the position of its statement.
    pub(crate) fn assigned_in_loop(&self, statement: usize) -> impl Iterator<Item = Variable> {
        let facts = self.loops[self.statements[statement] as usize];
        let assigned = self.assigned[facts.assigned.range()].iter().copied();
        assigned.filter(move |variable| variable.0 < facts.outer)
    }

    /// The variables that are visible at the end of what was typed in.
    pub(crate) fn entry_variables(&self) -> &[(Name, Variable)] {
        &self.entry_variables
    }

    pub(crate) fn function(&self, index: usize) -> FunctionFacts {
        self.functions[index]
    }

    /// Whether a parameter is ever read, by its position in the tree.
    pub(crate) fn is_parameter_read(&self, parameter: usize) -> bool {
        self.read_parameters[parameter]
    }
}

/// Which functions are to be checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// By function: whether its body has been read without errors. The others are left out.
    pub(crate) is_whole: &'a [bool],
    /// Whether there may be functions that are not in the tree.
    pub(crate) has_unknown_functions: bool,
    /// The function that is what was typed in: its parameters are the variables of the session,
    /// which may be declared again, and it needs no `return`.
    pub(crate) entry: Option<FunctionId>,
}

/// Finds what the names stand for.
///
/// # Errors
///
/// All that is wrong, function by function, in the order of the text.
pub(crate) fn check(ast: &Ast<'_>, scope: Scope<'_>) -> Result<Resolution, Vec<CheckError>> {
    let mut checker = Checker {
        ast,
        scope,
        resolution: Resolution {
            expressions: vec![0; ast.expressions.len()],
            statements: vec![0; ast.statements.len()],
            functions: vec![FunctionFacts::default(); ast.functions.len()],
            read_parameters: vec![false; ast.parameters.len()],
            ..Resolution::default()
        },
        functions: vec![Meaning::Nothing; ast.names.len()],
        visible: vec![Meaning::Nothing; ast.names.len()],
        variables: Vec::new(),
        scopes: Vec::new(),
        is_straight_line: true,
        reads: 0,
        is_entry: false,
        parameters: Slice::default(),
        reported: Vec::new(),
        errors: Vec::new(),
    };
    checker.declare_functions();
    for (index, function) in ast.functions.iter().enumerate() {
        if scope.is_whole[index] {
            checker.function(index, function);
        }
    }
    if checker.errors.is_empty() {
        return Ok(checker.resolution);
    }
    checker.errors.sort_by_key(|error| error.span.start);
    Err(checker.errors)
}

/// What a name means at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Nothing,
    /// The number of a variable or a callee.
    Number(u32),
    /// Nothing, and that was said.
    Reported,
}

/// What is done with a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Assignment,
}

struct Checker<'a, 's> {
    ast: &'a Ast<'s>,
    scope: Scope<'a>,
    resolution: Resolution,
    /// By name.
    functions: Vec<Meaning>,
    /// By name, variables.
    visible: Vec<Meaning>,
    /// The variables of the function.
    variables: Vec<Identifier>,
    /// The variables that are visible, in the order of their declaration.
    scopes: Vec<Name>,
    is_straight_line: bool,
    reads: u32,
    is_entry: bool,
    /// Those of the function.
    parameters: Slice,
    /// Names that are marked as reported in this function.
    reported: Vec<Name>,
    errors: Vec<CheckError>,
}

impl Checker<'_, '_> {
    fn error(&mut self, span: Span, kind: CheckErrorKind) {
        self.errors.push(CheckError { span, kind });
    }

    fn text(&self, name: Name) -> String {
        self.ast.names.text(name).to_owned()
    }

    // ---- functions ----

    fn declare_functions(&mut self) {
        let ast = self.ast;
        for (index, built_in) in BUILT_IN.iter().enumerate() {
            if let Some(name) = ast.names.find(built_in.name) {
                self.functions[name.index()] = Meaning::Number(index as u32 | IS_BUILT_IN);
            }
        }
        let mut ambiguous = Vec::new();
        for (index, function) in ast.functions.iter().enumerate() {
            let Identifier { name, span } = function.name;
            match self.functions[name.index()] {
                Meaning::Number(number) => {
                    let text = self.text(name);
                    let kind = if number & IS_BUILT_IN != 0 {
                        CheckErrorKind::BuiltInFunction { name: text }
                    } else {
                        let first = &ast.functions[number as usize];
                        if first.parameters.len() != function.parameters.len() {
                            ambiguous.push(name);
                        }
                        let first = first.name.span;
                        CheckErrorKind::DuplicateFunction { name: text, first }
                    };
                    self.error(span, kind);
                }
                _ => self.functions[name.index()] = Meaning::Number(index as u32),
            }
        }
        // Nobody knows how many arguments a call of one of these should have.
        for name in ambiguous {
            self.functions[name.index()] = Meaning::Reported;
        }
    }

    fn function(&mut self, index: usize, function: &Function) {
        self.variables.clear();
        self.is_straight_line = true;
        self.reads = 0;
        self.is_entry = self.scope.entry == Some(FunctionId(index as u32));
        self.parameters = function.parameters;
        for &parameter in &self.ast.parameters[function.parameters.range()] {
            self.parameter(parameter);
        }
        let returns = self.statements(function.body);
        if !returns && !self.is_entry {
            self.missing_return(function);
        }
        if self.is_entry {
            self.keep_variables();
        }
        self.close_scope(0);
        for name in self.reported.drain(..) {
            self.visible[name.index()] = Meaning::Nothing;
        }
        self.resolution.functions[index] = FunctionFacts {
            variables: self.variables.len() as u32,
            reads: self.reads,
            is_straight_line: self.is_straight_line,
        };
    }

    /// Notes what the session keeps of an entry.
    fn keep_variables(&mut self) {
        for &name in &self.scopes {
            if let Meaning::Number(number) = self.visible[name.index()] {
                let kept = &mut self.resolution.entry_variables;
                kept.push((name, Variable(number)));
                // All parameters are handed back, whether they are read or not.
                let flags = &mut self.resolution.read_parameters[self.parameters.range()];
                flags.fill(true);
            }
        }
    }

    fn parameter(&mut self, parameter: Identifier) {
        if let Meaning::Number(first) = self.visible[parameter.name.index()] {
            let kind = CheckErrorKind::DuplicateParameter {
                name: self.text(parameter.name),
                first: self.variables[first as usize].span,
            };
            self.error(parameter.span, kind);
            // Those behind it keep their numbers.
            self.variables.push(parameter);
            return;
        }
        self.declare(parameter);
    }

    fn missing_return(&mut self, function: &Function) {
        let last = self.ast.statements(function.body).last();
        let passed = last.and_then(|statement| match statement.kind {
            StatementKind::If {
                otherwise: None, ..
            } => Some((statement.span, Passed::IfWithoutElse)),
            StatementKind::While { .. } => Some((statement.span, Passed::While)),
            _ => None,
        });
        // The keyword is enough to point at.
        let passed = passed.map(|(span, what)| {
            let length = if what == Passed::While { 5 } else { 2 };
            let keyword = Span {
                start: span.start,
                end: span.start + length,
            };
            (keyword, what)
        });
        let kind = CheckErrorKind::MissingReturn {
            name: self.text(function.name.name),
            close: function.body.close,
            passed,
        };
        self.error(function.name.span, kind);
    }

    // ---- variables ----

    fn declare(&mut self, identifier: Identifier) -> u32 {
        let number = self.variables.len() as u32;
        self.variables.push(identifier);
        self.visible[identifier.name.index()] = Meaning::Number(number);
        self.scopes.push(identifier.name);
        number
    }

    /// Forgets all but the first `kept` visible variables.
    fn close_scope(&mut self, kept: usize) {
        for name in self.scopes.drain(kept..) {
            self.visible[name.index()] = Meaning::Nothing;
        }
    }

    /// The number of the variable that `let` declares.
    fn declared(&mut self, statement: Span, identifier: Identifier) -> u32 {
        let Meaning::Number(first) = self.visible[identifier.name.index()] else {
            return self.declare(identifier);
        };
        let is_parameter = (first as usize) < self.parameters.len();
        if self.is_entry && is_parameter {
            return first;
        }
        let kind = CheckErrorKind::DuplicateVariable {
            name: self.text(identifier.name),
            first: Some(self.variables[first as usize].span),
            is_parameter,
            keyword: Span {
                start: statement.start,
                end: identifier.span.start,
            },
        };
        self.error(identifier.span, kind);
        first
    }

    /// The number of a visible variable; 0 if there is none, which is reported.
    #[inline]
    fn variable(&mut self, name: Name, span: Span, access: Access) -> u32 {
        match self.visible[name.index()] {
            Meaning::Number(number) => number,
            Meaning::Reported => 0,
            Meaning::Nothing => {
                self.undefined_variable(name, span, access);
                0
            }
        }
    }

    #[cold]
    fn undefined_variable(&mut self, name: Name, span: Span, access: Access) {
        self.visible[name.index()] = Meaning::Reported;
        self.reported.push(name);
        let text = self.ast.names.text(name);
        // Beyond those that are shown nobody sees the advice.
        let is_shown = self.errors.len() < SHOWN_ERRORS;
        let names = self.scopes.iter().map(|&name| self.ast.names.text(name));
        let near = is_shown.then(|| nearest(text, names)).flatten();
        let other = |variable: &&Identifier| variable.name == name;
        let elsewhere = is_shown
            .then(|| self.variables.iter().rfind(other))
            .flatten();
        let kind = CheckErrorKind::UndefinedVariable {
            name: text.to_owned(),
            near: near.map(str::to_owned),
            elsewhere: elsewhere.map(|variable| variable.span),
            is_function: is_shown && self.is_function(name),
            is_assigned: access == Access::Assignment,
        };
        self.error(span, kind);
    }

    /// Whether there is a function of that name, also where it is not clear which.
    fn is_function(&self, name: Name) -> bool {
        let declared = || {
            self.ast
                .functions
                .iter()
                .any(|function| function.name.name == name)
        };
        matches!(self.functions[name.index()], Meaning::Number(_)) || declared()
    }

    // ---- statements ----

    /// Visits the statements of a block; whether control can't reach its end.
    fn statements(&mut self, block: Block) -> bool {
        let mut returns = false;
        for index in block.statements.range() {
            returns |= self.statement(index);
        }
        returns
    }

    /// The same in a scope of its own.
    fn block(&mut self, block: Block) -> bool {
        let outer = self.scopes.len();
        let returns = self.statements(block);
        self.close_scope(outer);
        returns
    }

    /// Whether control can't get past the statement.
    fn statement(&mut self, index: usize) -> bool {
        let statement = self.ast.statements[index];
        match statement.kind {
            StatementKind::Let { name, value } => {
                self.expression(value);
                self.resolution.statements[index] = self.declared(statement.span, name);
                false
            }
            StatementKind::Assign { name, value } => {
                // The name stands in front of the value.
                let variable = self.variable(name.name, name.span, Access::Assignment);
                self.expression(value);
                self.resolution.statements[index] = variable;
                self.resolution.assigned.push(Variable(variable));
                false
            }
            StatementKind::Return(value) => {
                self.expression(value);
                true
            }
            StatementKind::Expression(value) => {
                self.expression(value);
                false
            }
            StatementKind::If {
                branches,
                otherwise,
            } => {
                self.is_straight_line = false;
                let mut returns = true;
                for branch in branches.range() {
                    let branch = self.ast.branches[branch];
                    self.expression(branch.condition);
                    returns &= self.block(branch.block);
                }
                // Without `else` there is a way past.
                otherwise.is_some_and(|block| self.block(block)) && returns
            }
            StatementKind::While { condition, body } => {
                self.is_straight_line = false;
                let start = self.resolution.assigned.len() as u32;
                let outer = self.variables.len() as u32;
                self.expression(condition);
                self.block(body);
                let end = self.resolution.assigned.len() as u32;
                self.resolution.statements[index] = self.resolution.loops.len() as u32;
                self.resolution.loops.push(LoopFacts {
                    assigned: Slice { start, end },
                    outer,
                });
                false
            }
            StatementKind::Block(block) => self.block(block),
        }
    }

    // ---- expressions ----

    /// Looks through the nodes of an expression.
    fn expression(&mut self, root: ExpressionId) {
        let ast = self.ast;
        let first = ast.first_node(root).index();
        let mut is_straight = true;
        let mut reads = 0;
        let nodes = &ast.expressions[first..=root.index()];
        for (index, expression) in (first..).zip(nodes) {
            match expression.kind {
                ExpressionKind::Variable(name) => {
                    reads += 1;
                    let number = self.variable(name, expression.span, Access::Read);
                    self.resolution.expressions[index] = number;
                    if (number as usize) < self.parameters.len() {
                        let parameter = self.parameters.start + number;
                        self.resolution.read_parameters[parameter as usize] = true;
                    }
                }
                ExpressionKind::Call { name, arguments } => {
                    is_straight = false;
                    self.resolution.expressions[index] =
                        self.call(name, expression.span, arguments.len());
                }
                ExpressionKind::Binary(BinaryOperator::And | BinaryOperator::Or, ..) => {
                    is_straight = false;
                    self.is_straight_line = false;
                }
                ExpressionKind::Binary(..)
                | ExpressionKind::Negate(_)
                | ExpressionKind::Not(_)
                | ExpressionKind::Number(_) => {}
            }
        }
        self.reads += reads;
        let is_operator = matches!(
            ast.expression(root).kind,
            ExpressionKind::Binary(..) | ExpressionKind::Negate(_) | ExpressionKind::Not(_)
        );
        if is_straight && is_operator {
            self.resolution.expressions[root.index()] = first as u32 + 1;
        }
    }

    /// The number of the function that is called; 0 if there is none, which is reported.
    fn call(&mut self, name: Name, span: Span, found: usize) -> u32 {
        match self.functions[name.index()] {
            Meaning::Number(number) => {
                let (expected, declared) = match number {
                    _ if number & IS_BUILT_IN != 0 => {
                        let built_in = &BUILT_IN[(number & !IS_BUILT_IN) as usize];
                        (built_in.parameters as usize, None)
                    }
                    _ => {
                        let function = &self.ast.functions[number as usize];
                        (function.parameters.len(), Some(function.name.span))
                    }
                };
                if expected != found {
                    let kind = CheckErrorKind::ArgumentCount {
                        name: self.text(name),
                        expected,
                        found,
                        declared,
                    };
                    self.error(span, kind);
                }
                number
            }
            Meaning::Nothing if !self.scope.has_unknown_functions => {
                self.undefined_function(name, span);
                0
            }
            _ => 0,
        }
    }

    #[cold]
    fn undefined_function(&mut self, name: Name, span: Span) {
        self.functions[name.index()] = Meaning::Reported;
        let text = self.ast.names.text(name);
        let declared = self.ast.functions.iter();
        let names = declared.map(|function| self.ast.names.text(function.name.name));
        let names = names.chain(BUILT_IN.iter().map(|built_in| built_in.name));
        let is_shown = self.errors.len() < SHOWN_ERRORS;
        let near = is_shown.then(|| nearest(text, names)).flatten();
        let kind = CheckErrorKind::UndefinedFunction {
            name: text.to_owned(),
            near: near.map(str::to_owned),
            is_variable: matches!(self.visible[name.index()], Meaning::Number(_)),
        };
        // The name, without the arguments.
        let end = span.start + text.len() as u32;
        self.error(Span { end, ..span }, kind);
    }
}
