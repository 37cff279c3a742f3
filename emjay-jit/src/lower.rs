//! From the tree to the IR, in SSA form from the beginning.
//!
//! A variable is nothing but its current value: `let` and assignments only change which value that
//! is. Where control joins, the variables that differ become parameters of the block
//! ([`variables`]); a loop's head has one for each variable that the loop assigns to.
//!
//! Numbers are given as the source is read: operands from left to right, then the result; but the
//! result of a call before its arguments.

use std::ops::Range;

use codegen::Linkage;
use codegen::ir::{Binary, Callee, Condition, Division, ImportId, Module, Op, Unary, Value};

use crate::ast::{
    Ast, BinaryOperator, Block, ExpressionId, ExpressionKind, Function, Statement, StatementKind,
};
use crate::built_in;
use crate::check::{Resolution, Variable};
use crate::error::{CheckError, CheckErrorKind};
use crate::parallel;
use crate::reason::Reason;
use crate::span::Span;

mod builder;
mod control;
mod variables;

use builder::Builder;
use variables::Variables;

/// What the code shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether functions and loops look whether somebody wants the program to end
    /// ([`Reason::Interrupted`]).
    pub polls: bool,
}

/// An entry of a session: its last function is what was typed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The expression that is the result; without one, it is 0.
    pub(crate) value: Option<ExpressionId>,
    /// What is called at the end for each variable that the session keeps, with its number in
    /// [`Resolution::entry_variables`] and its value.
    pub(crate) keep: ImportId,
}

/// So many arguments of blocks a function may have: a program that needs more joins thousands of
/// variables at thousands of places.
const MOST_LIST_ENTRIES: usize = 1 << 25;

/// Below so many expressions starting threads takes longer than it saves.
const LARGE: usize = 20_000;

/// Lowers all functions of a tree.
///
/// # Errors
///
/// Functions that would need too much memory.
pub(crate) fn lower(
    ast: &Ast<'_>,
    resolution: &Resolution,
    options: Options,
    entry: Option<Entry>,
) -> Result<Module, Vec<CheckError>> {
    let count = ast.functions.len();
    let mut results: Vec<_> = (0..count).map(|index| (index, None)).collect();
    let lower = |variables: &mut Variables, (index, result): &mut (usize, Option<_>)| {
        let entry = entry.filter(|_| *index + 1 == count);
        *result = Some(function(ast, resolution, options, *index, entry, variables));
    };
    if ast.expressions.len() > LARGE {
        parallel::for_each(&mut results, Variables::default, lower);
    } else {
        let mut variables = Variables::default();
        for item in &mut results {
            lower(&mut variables, item);
        }
    }
    let mut functions = Vec::with_capacity(count);
    let mut errors = Vec::new();
    for result in results.into_iter().filter_map(|(_, result)| result) {
        match result {
            Ok(function) => functions.push(function),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Module {
        functions,
        imports: built_in::imports(),
    })
}

/// Lowers one function.
fn function(
    ast: &Ast<'_>,
    resolution: &Resolution,
    options: Options,
    index: usize,
    entry: Option<Entry>,
    variables: &mut Variables,
) -> Result<codegen::ir::Function, CheckError> {
    let function = &ast.functions[index];
    let reused = std::mem::take(variables);
    let mut lowering = Lowering::new(ast, resolution, options, index, reused);
    lowering.entry = entry;
    lowering.body(function);
    *variables = lowering.variables;
    if lowering.is_too_large {
        let name = ast.names.text(function.name.name).to_owned();
        return Err(CheckError {
            span: function.name.span,
            kind: CheckErrorKind::FunctionTooLarge { name },
        });
    }
    Ok(lowering.builder.finish())
}

/// The lowering of one function.
struct Lowering<'a, 's> {
    ast: &'a Ast<'s>,
    resolution: &'a Resolution,
    options: Options,
    builder: Builder,
    variables: Variables,
    entry: Option<Entry>,
    entry_value: Option<Value>,
    /// The values of the nodes of a straight expression.
    values: Vec<Value>,
    /// Operators whose right operands are still to be lowered.
    spine: Vec<ExpressionId>,
    /// Arguments of calls that are being lowered.
    arguments: Vec<Value>,
    parameters: u32,
    /// Whether it would need too much memory, and is given up.
    is_too_large: bool,
}

impl<'a, 's> Lowering<'a, 's> {
    fn new(
        ast: &'a Ast<'s>,
        resolution: &'a Resolution,
        options: Options,
        index: usize,
        mut variables: Variables,
    ) -> Self {
        let function = &ast.functions[index];
        let facts = resolution.function(index);
        variables.start(facts.variables as usize);
        let parameters = function.parameters.len() as u32;
        let name = ast.names.text(function.name.name);
        // Each node is an instruction, save for variables and logic; blocks have jumps.
        let nodes = function.nodes.saturating_sub(facts.reads);
        let instructions = (nodes + parameters) as usize + 8;
        let mut lowering = Self {
            ast,
            resolution,
            options,
            builder: Builder::new(name, parameters, function.name.span, instructions),
            variables,
            entry: None,
            entry_value: None,
            values: Vec::new(),
            spine: Vec::new(),
            arguments: Vec::new(),
            parameters,
            is_too_large: false,
        };
        if options.polls {
            lowering.poll(function.name.span);
        }
        if !facts.is_straight_line {
            lowering.fetch_parameters(function);
        }
        lowering
    }

    // ---- functions ----

    /// Where control flows, each parameter that is read is fetched in front.
    fn fetch_parameters(&mut self, function: &Function) {
        for (index, parameter) in function.parameters.range().enumerate() {
            if self.resolution.is_parameter_read(parameter) {
                let span = self.ast.parameters[parameter].span;
                self.fetch(index as u32, span);
            }
        }
    }

    /// `mva @r0, a0`
    fn fetch(&mut self, index: u32, span: Span) -> Value {
        let dest = self.builder.value();
        self.builder.emit(Op::Argument { dest, index }, span);
        self.variables.set(Variable(index), dest);
        dest
    }

    fn body(&mut self, function: &Function) {
        self.statements(function.body);
        if self.builder.is_reachable() {
            self.end_of_entry(function.body.close);
        }
    }

    /// What was typed in gives its variables back, and its value.
    fn end_of_entry(&mut self, span: Span) {
        if let Some(entry) = self.entry {
            for index in 0..self.resolution.entry_variables().len() {
                let (_, variable) = self.resolution.entry_variables()[index];
                let number = self.constant(index as i64, span);
                let value = self.current(variable, span);
                self.import(entry.keep, &[number, value], span);
            }
        }
        let value = match self.entry_value {
            Some(value) => value,
            None => self.constant(0, span),
        };
        self.builder.emit(Op::Return { value }, span);
    }

    fn poll(&mut self, span: Span) {
        let function = &mut self.builder.function;
        let exit = function.make_exit(Reason::Interrupted.number(), &[]);
        self.builder.emit(Op::Poll { exit }, span);
    }

    // ---- statements ----

    fn statements(&mut self, block: Block) {
        for index in block.statements.range() {
            // What stands behind a `return` is never executed.
            if !self.builder.is_reachable() {
                return;
            }
            self.is_too_large |= self.builder.function.lists.len() > MOST_LIST_ENTRIES;
            if self.is_too_large {
                self.give_up();
                return;
            }
            let statement = self.ast.statements[index];
            self.statement(index, statement);
        }
    }

    /// A function that is too large gets no more instructions; it is not used.
    fn give_up(&mut self) {
        let span = Span::default();
        let value = self.constant(0, span);
        self.builder.emit(Op::Return { value }, span);
    }

    fn statement(&mut self, index: usize, statement: Statement) {
        match statement.kind {
            StatementKind::Let { value, .. } | StatementKind::Assign { value, .. } => {
                let value = self.whole_expression(value);
                self.variables.set(self.resolution.target(index), value);
            }
            StatementKind::Return(value) => {
                let value = self.whole_expression(value);
                self.builder.emit(Op::Return { value }, statement.span);
            }
            StatementKind::Expression(expression) => {
                let value = self.expression(expression);
                if self.entry.is_some_and(|e| e.value == Some(expression)) {
                    self.entry_value = Some(value);
                }
            }
            StatementKind::If {
                branches,
                otherwise,
            } => self.if_statement(branches, otherwise, statement.span),
            StatementKind::While { condition, body } => {
                self.while_statement(index, condition, body);
            }
            StatementKind::Block(block) => self.statements(block),
        }
    }

    // ---- expressions ----

    #[inline]
    fn constant(&mut self, value: i64, span: Span) -> Value {
        let dest = self.builder.value();
        self.builder.emit(Op::Constant { dest, value }, span);
        dest
    }

    /// The value of a variable; a parameter of straight-line code is fetched when it is first used.
    #[inline]
    fn current(&mut self, variable: Variable, span: Span) -> Value {
        match self.variables.current(variable) {
            Some(value) => value,
            None => {
                debug_assert!(variable.0 < self.parameters, "other variables have values");
                self.fetch(variable.0, span)
            }
        }
    }

    /// Lowers an expression: the short way if that is known to be possible.
    fn whole_expression(&mut self, root: ExpressionId) -> Value {
        match self.resolution.straight_nodes(self.ast, root) {
            Some(nodes) => self.straight_expression(nodes),
            None => self.expression(root),
        }
    }

    /// Lowers an expression without calls and decisions: the order of its nodes is the order of
    /// its instructions.
    fn straight_expression(&mut self, nodes: Range<usize>) -> Value {
        let first = nodes.start;
        let (ast, resolution) = (self.ast, self.resolution);
        self.values.clear();
        let mut value = Value(0);
        for (index, expression) in (first..).zip(&ast.expressions[nodes]) {
            let span = expression.span;
            value = match expression.kind {
                ExpressionKind::Number(number) => self.constant(number, span),
                ExpressionKind::Variable(_) => {
                    let variable = resolution.variable(ExpressionId(index as u32));
                    self.current(variable, span)
                }
                ExpressionKind::Binary(operator, left, right) => {
                    let a = self.values[left.index() - first];
                    let b = self.values[right.index() - first];
                    match plain_operator(operator) {
                        Some(operator) => self.compute(operator, a, b, span),
                        None => self.divide(operator, a, b, right, span),
                    }
                }
                ExpressionKind::Negate(operand) => {
                    let a = self.values[operand.index() - first];
                    self.negate(a, span)
                }
                ExpressionKind::Not(operand) => {
                    let a = self.values[operand.index() - first];
                    self.compare_with_zero(Condition::Equal, a, span)
                }
                ExpressionKind::Call { .. } => self.call(ExpressionId(index as u32)),
            };
            self.values.push(value);
        }
        value
    }

    /// Lowers an expression; left operands without recursion, for long sums lean to the left.
    fn expression(&mut self, root: ExpressionId) -> Value {
        let first = self.spine.len();
        let mut id = root;
        while let ExpressionKind::Binary(operator, left, _) = self.ast.expression(id).kind
            && !matches!(operator, BinaryOperator::And | BinaryOperator::Or)
        {
            self.spine.push(id);
            id = left;
        }
        let mut value = self.leaf(id);
        while self.spine.len() > first {
            let Some(id) = self.spine.pop() else { break };
            let expression = self.ast.expression(id);
            if let ExpressionKind::Binary(operator, _, right) = expression.kind {
                let b = self.expression(right);
                value = match plain_operator(operator) {
                    Some(operator) => self.compute(operator, value, b, expression.span),
                    None => self.divide(operator, value, b, right, expression.span),
                };
            }
        }
        value
    }

    /// Lowers an expression that has no left operand to begin with.
    #[inline]
    fn leaf(&mut self, id: ExpressionId) -> Value {
        let expression = *self.ast.expression(id);
        match expression.kind {
            ExpressionKind::Number(value) => self.constant(value, expression.span),
            ExpressionKind::Variable(_) => {
                self.current(self.resolution.variable(id), expression.span)
            }
            ExpressionKind::Negate(operand) => {
                let a = self.expression(operand);
                self.negate(a, expression.span)
            }
            // mvi @r1, 0
            // eq  @r2, r0, r1
            ExpressionKind::Not(operand) => {
                let a = self.expression(operand);
                self.compare_with_zero(Condition::Equal, a, expression.span)
            }
            ExpressionKind::Binary(..) => self.logic(id),
            ExpressionKind::Call { .. } => self.call(id),
        }
    }

    fn negate(&mut self, a: Value, span: Span) -> Value {
        let dest = self.builder.value();
        let operator = Unary::Negate;
        self.builder.emit(Op::Unary { operator, dest, a }, span);
        dest
    }

    fn compare_with_zero(&mut self, condition: Condition, a: Value, span: Span) -> Value {
        let b = self.constant(0, span);
        self.compute(Binary::Compare(condition), a, b, span)
    }

    #[inline]
    fn compute(&mut self, operator: Binary, a: Value, b: Value, span: Span) -> Value {
        let dest = self.builder.value();
        let op = Op::Binary {
            operator,
            dest,
            a,
            b,
        };
        self.builder.emit(op, span);
        dest
    }

    // div @r2, r0, r1 or exit 0(r0)
    fn divide(
        &mut self,
        operator: BinaryOperator,
        a: Value,
        b: Value,
        right: ExpressionId,
        span: Span,
    ) -> Value {
        let operator = match operator {
            BinaryOperator::Divide => Division::Signed,
            _ => Division::SignedRemainder,
        };
        let is_safe =
            matches!(self.ast.expression(right).kind, ExpressionKind::Number(n) if n != 0);
        let exit = (!is_safe).then(|| {
            let function = &mut self.builder.function;
            function.make_exit(Reason::DivisionByZero.number(), &[a])
        });
        let dest = self.builder.value();
        self.builder.emit(
            Op::Divide {
                operator,
                dest,
                a,
                b,
                exit,
            },
            span,
        );
        dest
    }

    // call @r1, g:1(r2)
    fn call(&mut self, id: ExpressionId) -> Value {
        let expression = *self.ast.expression(id);
        let ExpressionKind::Call { arguments, .. } = expression.kind else {
            return self.constant(0, expression.span);
        };
        let dest = self.builder.value();
        let first = self.arguments.len();
        for index in arguments.range() {
            let value = self.expression(self.ast.arguments[index]);
            self.arguments.push(value);
        }
        let callee = self.resolution.callee(id);
        self.emit_call(dest, callee, first, expression.span);
        dest
    }

    fn import(&mut self, import: ImportId, arguments: &[Value], span: Span) {
        let dest = self.builder.value();
        let first = self.arguments.len();
        self.arguments.extend_from_slice(arguments);
        self.emit_call(dest, Callee::Import(import), first, span);
    }

    /// Emits a call whose arguments are those from `first` on, and takes them away.
    fn emit_call(&mut self, dest: Value, callee: Callee, first: usize, span: Span) {
        let function = &mut self.builder.function;
        let arguments = function.make_list(&self.arguments[first..]);
        self.arguments.truncate(first);
        let exit = match callee {
            Callee::Import(_) => Some(function.make_exit(Reason::Stopped.number(), &[])),
            Callee::Function(_) => None,
        };
        let op = Op::Call {
            dest,
            callee,
            arguments,
            exit,
        };
        self.builder.emit_as(op, span, Linkage::Precall);
    }
}

/// The operator of the IR that computes the same; none does what divisions do.
#[inline]
fn plain_operator(operator: BinaryOperator) -> Option<Binary> {
    Some(match operator {
        BinaryOperator::Add => Binary::Add,
        BinaryOperator::Subtract => Binary::Subtract,
        BinaryOperator::Multiply => Binary::Multiply,
        BinaryOperator::Divide | BinaryOperator::Remainder => return None,
        BinaryOperator::Equal => Binary::Compare(Condition::Equal),
        BinaryOperator::NotEqual => Binary::Compare(Condition::NotEqual),
        BinaryOperator::Less => Binary::Compare(Condition::Less),
        BinaryOperator::LessEqual => Binary::Compare(Condition::LessEqual),
        BinaryOperator::Greater => Binary::Compare(Condition::Greater),
        BinaryOperator::GreaterEqual => Binary::Compare(Condition::GreaterEqual),
        BinaryOperator::And => Binary::And,
        BinaryOperator::Or => Binary::Or,
    })
}
