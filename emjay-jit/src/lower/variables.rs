//! Which value each variable has at the moment, and what becomes of that where control joins.

use codegen::ir::Value;

use super::Lowering;
use super::builder::{Label, Position};
use crate::check::Variable;
use crate::span::Span;

/// A way into a join.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// Its jump, which gets the arguments; or the label of a way that has no block of its own so
    /// far.
    from: From,
    /// The variables that changed on the way: where their values begin in [`Variables::changed`].
    /// They end where those of the next edge begin.
    changed: u32,
}

#[derive(Debug, Clone, Copy)]
enum From {
    Jump(Position),
    Label(Label),
}

/// The variables of a function.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// By variable; `NOT_FETCHED` for a parameter that has not been used.
    current: Vec<Value>,
    /// What has been changed since the branches that are open began: the variables with their
    /// values before.
    log: Vec<(Variable, Value)>,
    /// How many branches are open.
    open_branches: u32,
    /// The values of variables that changed on the edges of joins that are open.
    changed: Vec<(Variable, Value)>,
    edges: Vec<Edge>,
    /// By variable: the last round in which it was met.
    met: Vec<u32>,
    round: u32,
}

const NOT_FETCHED: Value = Value(u32::MAX);

/// Where a branch began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize);

/// Where the edges of a join begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Join {
    first_edge: usize,
    first_changed: usize,
}

impl Variables {
    /// Begins a function with so many variables.
    pub(super) fn start(&mut self, variables: usize) {
        self.current.clear();
        self.current.resize(variables, NOT_FETCHED);
        self.met.clear();
        self.met.resize(variables, 0);
        self.round = 0;
        self.log.clear();
        self.changed.clear();
        self.edges.clear();
        self.open_branches = 0;
    }

    #[inline]
    pub(super) fn current(&self, variable: Variable) -> Option<Value> {
        let value = self.current[variable.index()];
        (value != NOT_FETCHED).then_some(value)
    }

    #[inline]
    pub(super) fn set(&mut self, variable: Variable, value: Value) {
        let before = std::mem::replace(&mut self.current[variable.index()], value);
        if self.open_branches > 0 {
            self.log.push((variable, before));
        }
    }

    /// Begins something that may or may not be executed.
    pub(super) fn begin_branch(&mut self) -> Mark {
        self.open_branches += 1;
        Mark(self.log.len())
    }

    /// Ends it: all variables are again what they were.
    pub(super) fn end_branch(&mut self, mark: Mark) {
        self.open_branches -= 1;
        for (variable, before) in self.log.drain(mark.0..).rev() {
            self.current[variable.index()] = before;
        }
    }

    /// Leaves out what has been met before.
    pub(super) fn distinct(
        &mut self,
        variables: impl Iterator<Item = Variable>,
        into: &mut Vec<Variable>,
    ) {
        self.round += 1;
        for variable in variables {
            let met = &mut self.met[variable.index()];
            if *met != self.round {
                *met = self.round;
                into.push(variable);
            }
        }
    }

    pub(super) fn begin_join(&self) -> Join {
        Join {
            first_edge: self.edges.len(),
            first_changed: self.changed.len(),
        }
    }

    /// Notes a jump to a join at the end of a branch.
    pub(super) fn edge(&mut self, jump: Position, mark: Mark) {
        self.push_edge(From::Jump(jump));
        self.round += 1;
        for &(variable, before) in &self.log[mark.0..] {
            let met = &mut self.met[variable.index()];
            if *met == self.round {
                continue;
            }
            *met = self.round;
            // Variables of the branch itself are gone, and parameters without a value are not read.
            if before != NOT_FETCHED {
                self.changed
                    .push((variable, self.current[variable.index()]));
            }
        }
    }

    /// Notes a way to a join on which nothing changes.
    pub(super) fn edge_without_changes(&mut self, label: Label) {
        self.push_edge(From::Label(label));
    }

    fn push_edge(&mut self, from: From) {
        self.edges.push(Edge {
            from,
            changed: self.changed.len() as u32,
        });
    }
}

impl Lowering<'_, '_> {
    /// Lets the edges since `join` meet at a new block, if there are any.
    ///
    /// ```text
    /// b1: …                      // x is r5 here
    ///     jmp b3(r5)
    /// b2: jmp b3(r0)             // and r0 here
    /// b3(r6): …                  // from here on it is r6
    /// ```
    pub(super) fn end_join(&mut self, join: Join, label: Label, span: Span) {
        let variables = &mut self.variables;
        let edges = variables.edges.split_off(join.first_edge);
        let changed = variables.changed.split_off(join.first_changed);
        if edges.is_empty() {
            return;
        }
        let mut joined = Vec::new();
        variables.distinct(changed.iter().map(|change| change.0), &mut joined);
        if (edges.len() * joined.len()) > super::MOST_LIST_ENTRIES {
            self.is_too_large = true;
            joined.clear();
        }
        let rows = self.values_of_edges(join, &edges, &changed, &joined);
        let columns = columns_that_differ(&rows, joined.len());
        let row = |edge: usize| {
            let row = &rows[edge * joined.len()..(edge + 1) * joined.len()];
            columns
                .iter()
                .map(|&column| row[column])
                .collect::<Vec<_>>()
        };
        for (index, edge) in edges.iter().enumerate() {
            match edge.from {
                From::Jump(jump) => self.builder.set_arguments(jump, &row(index)),
                From::Label(_) if columns.is_empty() => {}
                From::Label(from) => {
                    self.builder.bind(from, &[]);
                    self.builder.jump(label, &row(index), span);
                }
            }
        }
        let parameters: Vec<Value> = columns.iter().map(|_| self.builder.value()).collect();
        self.builder.bind(label, &parameters);
        for edge in &edges {
            if let From::Label(from) = edge.from
                && columns.is_empty()
            {
                self.builder.bind_here(from);
            }
        }
        // A variable that is the same on all ways has changed all the same, if there is one way.
        for (column, &variable) in joined.iter().enumerate() {
            self.variables.set(variable, rows[column]);
        }
        for (&column, &parameter) in columns.iter().zip(&parameters) {
            self.variables.set(joined[column], parameter);
        }
    }

    /// The values of the joined variables, edge by edge.
    fn values_of_edges(
        &mut self,
        join: Join,
        edges: &[Edge],
        changed: &[(Variable, Value)],
        joined: &[Variable],
    ) -> Vec<Value> {
        let mut rows = Vec::with_capacity(edges.len() * joined.len());
        let current = &mut self.variables.current;
        let before: Vec<Value> = joined.iter().map(|v| current[v.index()]).collect();
        for (index, edge) in edges.iter().enumerate() {
            let start = edge.changed as usize - join.first_changed;
            let end = edges.get(index + 1).map_or(changed.len(), |next| {
                next.changed as usize - join.first_changed
            });
            for &(variable, value) in &changed[start..end] {
                current[variable.index()] = value;
            }
            rows.extend(joined.iter().map(|v| current[v.index()]));
            for (variable, &value) in joined.iter().zip(&before) {
                current[variable.index()] = value;
            }
        }
        rows
    }
}

/// The columns of a table, row by row, that don't have the same value everywhere.
fn columns_that_differ(rows: &[Value], width: usize) -> Vec<usize> {
    let mut differs = vec![false; width];
    if width > 0 {
        for row in rows.chunks_exact(width) {
            for (column, value) in row.iter().enumerate() {
                differs[column] |= *value != rows[column];
            }
        }
    }
    (0..width).filter(|&column| differs[column]).collect()
}
