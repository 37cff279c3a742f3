//! Statements and expressions that choose a way.

use codegen::ir::{Condition, Value};

use super::Lowering;
use super::builder::Label;
use crate::ast::{BinaryOperator, Block, ExpressionId, ExpressionKind, Slice};
use crate::span::Span;

impl Lowering<'_, '_> {
    /// ```text
    ///     br  r0, b1(), b2()
    /// b1: …                  // the first block
    ///     jmp b4(…)
    /// b2: br  r5, b3(), b4() // `else if`
    /// ```
    pub(super) fn if_statement(&mut self, branches: Slice, otherwise: Option<Block>, span: Span) {
        let join = self.variables.begin_join();
        let end = self.builder.label();
        let mut rest = None;
        for index in branches.range() {
            let branch = self.ast.branches[index];
            if let Some(label) = rest {
                self.builder.bind(label, &[]);
            }
            let then = self.builder.label();
            let next = self.builder.label();
            self.condition(branch.condition, then, next);
            self.builder.bind(then, &[]);
            self.branch(branch.block, end);
            rest = Some(next);
        }
        match (rest, otherwise) {
            (Some(label), Some(block)) => {
                self.builder.bind(label, &[]);
                self.branch(block, end);
            }
            (Some(label), None) => self.variables.edge_without_changes(label),
            (None, _) => {}
        }
        self.end_join(join, end, span);
    }

    /// A block that ends at a join, if its end can be reached.
    fn branch(&mut self, block: Block, end: Label) {
        let mark = self.variables.begin_branch();
        self.statements(block);
        if self.builder.is_reachable() {
            let jump = self.builder.jump(end, &[], block.close);
            self.variables.edge(jump, mark);
        }
        self.variables.end_branch(mark);
    }

    /// ```text
    ///         jmp b1(r0)
    /// b1(r1): …               // the condition
    ///         br  r4, b2(), b3()
    /// b2:     …               // the body
    ///         jmp b1(r7)
    /// b3:                     // x is r1 here
    /// ```
    pub(super) fn while_statement(&mut self, index: usize, condition: ExpressionId, body: Block) {
        let span = self.ast.expression(condition).span;
        let head = self.builder.label();
        let inside = self.builder.label();
        let end = self.builder.label();
        let mut carried = Vec::new();
        let assigned = self.resolution.assigned_in_loop(index);
        self.variables.distinct(assigned, &mut carried);
        // A parameter that is assigned to and never read has no value.
        carried.retain(|&variable| self.variables.current(variable).is_some());
        let mut values = Vec::with_capacity(carried.len());
        for &variable in &carried {
            values.push(self.current(variable, span));
        }
        self.builder.jump(head, &values, span);
        for (&variable, value) in carried.iter().zip(&mut values) {
            *value = self.builder.value();
            self.variables.set(variable, *value);
        }
        self.builder.bind(head, &values);
        self.condition(condition, inside, end);
        self.builder.bind(inside, &[]);
        let mark = self.variables.begin_branch();
        if self.options.polls {
            self.poll(span);
        }
        self.statements(body);
        if self.builder.is_reachable() {
            for (&variable, value) in carried.iter().zip(&mut values) {
                *value = self.current(variable, span);
            }
            self.builder.jump(head, &values, body.close);
        }
        self.variables.end_branch(mark);
        self.builder.bind(end, &[]);
    }

    /// Goes to `then` if an expression is not 0, else to `otherwise`.
    fn condition(&mut self, id: ExpressionId, then: Label, otherwise: Label) {
        match self.ast.expression(id).kind {
            ExpressionKind::Not(operand) => self.condition(operand, otherwise, then),
            ExpressionKind::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or), ..) => {
                let last = self.all_but_last(id, operator, then, otherwise);
                self.condition(last, then, otherwise);
            }
            _ => {
                let value = self.whole_expression(id);
                let span = self.ast.expression(id).span;
                self.builder.branch(value, then, otherwise, span);
            }
        }
    }

    /// Decides by the operands of `a && b && c` until only the last one counts, which it gives.
    /// Chains lean to the left and may be long: no recursion along them.
    fn all_but_last(
        &mut self,
        id: ExpressionId,
        operator: BinaryOperator,
        then: Label,
        otherwise: Label,
    ) -> ExpressionId {
        let first = self.spine.len();
        let mut leftmost = id;
        while let ExpressionKind::Binary(inner, left, right) = self.ast.expression(leftmost).kind
            && inner == operator
        {
            self.spine.push(right);
            leftmost = left;
        }
        let mut operand = leftmost;
        while self.spine.len() > first {
            let next = self.builder.label();
            if operator == BinaryOperator::And {
                self.condition(operand, next, otherwise);
            } else {
                self.condition(operand, then, next);
            }
            self.builder.bind(next, &[]);
            let Some(right) = self.spine.pop() else { break };
            operand = right;
        }
        operand
    }

    /// `a && b` as a value:
    ///
    /// ```text
    ///         br  r0, b1(), b2()
    /// b1:     …                  // b, as 0 or 1, in r3
    ///         jmp b3(r3)
    /// b2:     mvi @r4, 0
    ///         jmp b3(r4)
    /// b3(r5):
    /// ```
    pub(super) fn logic(&mut self, id: ExpressionId) -> Value {
        let expression = *self.ast.expression(id);
        let span = expression.span;
        let operator = match expression.kind {
            ExpressionKind::Binary(operator, ..) => operator,
            _ => BinaryOperator::And,
        };
        let decided = self.builder.label();
        let end = self.builder.label();
        let last = self.all_but_last(id, operator, decided, decided);
        let value = self.truth(last);
        self.builder.jump(end, &[value], span);
        self.builder.bind(decided, &[]);
        let value = self.constant(i64::from(operator == BinaryOperator::Or), span);
        self.builder.jump(end, &[value], span);
        let result = self.builder.value();
        self.builder.bind(end, &[result]);
        result
    }

    /// 1 if an expression is not 0, else 0.
    fn truth(&mut self, id: ExpressionId) -> Value {
        let expression = *self.ast.expression(id);
        let value = self.expression(id);
        let is_truth = match expression.kind {
            ExpressionKind::Not(_) => true,
            ExpressionKind::Number(number) => number == 0 || number == 1,
            ExpressionKind::Binary(operator, ..) => !matches!(
                operator,
                BinaryOperator::Add
                    | BinaryOperator::Subtract
                    | BinaryOperator::Multiply
                    | BinaryOperator::Divide
                    | BinaryOperator::Remainder
            ),
            _ => false,
        };
        if is_truth {
            return value;
        }
        self.compare_with_zero(Condition::NotEqual, value, expression.span)
    }
}
