//! How much stack code needs, from its frames and its calls.
//!
//! Where no function can come back to itself the deepest stack is a sum of frames. Where one can,
//! each cycle has a check of the stack's limit; then what counts is how deep the code can go from one
//! check to the next: so much must be free below the limit.

use super::call_graph::CallGraph;
use super::{LinkedFunction, Options, StackChecks};

/// The stack that a call of a function needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StackNeed {
    /// Never more than so many bytes below the stack pointer before the call.
    Bounded(u64),
    /// It depends on the data; each cycle of calls checks the limit.
    Checked,
    /// It depends on the data, and a cycle of calls checks nothing: the code must not be run.
    Unchecked,
}

/// The needs of all functions.
pub(super) struct Depths {
    /// By position.
    pub(super) needs: Vec<StackNeed>,
    /// The deepest stretch without a check, in bytes.
    pub(super) head_room: u64,
}

impl Depths {
    /// From the frames of the functions and their calls.
    pub(super) fn of(
        functions: &[LinkedFunction],
        by_id: &[Option<u32>],
        graph: &CallGraph,
        options: Options,
    ) -> Self {
        let frames = Frames {
            functions,
            by_id,
            graph,
            options,
        };
        let unchecked = frames.deepest(|callee| frames.checks(callee));
        let bounded = frames.deepest(|_| false);
        let needs = bounded
            .iter()
            .zip(&unchecked)
            .map(|(bounded, unchecked)| match (bounded, unchecked) {
                (Some(bytes), _) => StackNeed::Bounded(*bytes),
                (None, Some(_)) => StackNeed::Checked,
                (None, None) => StackNeed::Unchecked,
            })
            .collect();
        Self {
            needs,
            head_room: unchecked.into_iter().flatten().max().unwrap_or(0),
        }
    }
}

/// How far the walk has come with a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// Not seen.
    New,
    /// On the path.
    Open,
    /// Its depth is known; `None`: a cycle can be reached.
    Done(Option<u64>),
}

struct Frames<'a> {
    functions: &'a [LinkedFunction],
    by_id: &'a [Option<u32>],
    graph: &'a CallGraph,
    options: Options,
}

impl Frames<'_> {
    /// Whether the limit is checked when a function is called.
    fn checks(&self, position: usize) -> bool {
        match self.options.checks {
            StackChecks::InFunctions => self.functions[position].checks_stack,
            StackChecks::InTrampoline => true,
        }
    }

    /// The bytes that an activation itself takes, with the arguments that it puts on the stack.
    fn own(&self, position: usize) -> u64 {
        let function = &self.functions[position];
        let arguments = function.calls.iter().map(|call| call.lowered).max();
        u64::from(function.frame.size) + u64::from(arguments.unwrap_or(0)) + self.call()
    }

    /// The bytes that a call takes before the callee has done anything.
    fn call(&self) -> u64 {
        u64::from(self.options.architecture.return_address_size())
    }

    /// The positions of what a function calls.
    fn callees(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        let known = self.graph.callees(position).iter();
        known.filter_map(|id| self.by_id[id.index()].map(|callee| callee as usize))
    }

    /// The deepest stack below each function's call, if the path ends at the entry of functions
    /// where `ends` says so; `None` if a cycle can be reached.
    fn deepest(&self, ends: impl Fn(usize) -> bool) -> Vec<Option<u64>> {
        let mut visits = vec![Visit::New; self.functions.len()];
        for root in 0..self.functions.len() {
            let mut path = vec![root];
            while let Some(&position) = path.last() {
                match visits[position] {
                    Visit::Done(_) => {
                        path.pop();
                    }
                    Visit::New => {
                        visits[position] = Visit::Open;
                        let callees = self.callees(position);
                        path.extend(callees.filter(|&c| !ends(c) && visits[c] == Visit::New));
                    }
                    Visit::Open => {
                        path.pop();
                        visits[position] = Visit::Done(self.depth(position, &ends, &visits));
                    }
                }
            }
        }
        visits
            .into_iter()
            .map(|visit| match visit {
                Visit::Done(depth) => depth,
                Visit::New | Visit::Open => None,
            })
            .collect()
    }

    /// The depth of a function whose callees are done, but for those on the path.
    fn depth(
        &self,
        position: usize,
        ends: impl Fn(usize) -> bool,
        visits: &[Visit],
    ) -> Option<u64> {
        let mut deepest = 0;
        for callee in self.callees(position) {
            let below = if ends(callee) {
                self.call()
            } else {
                match visits[callee] {
                    Visit::Done(depth) => depth?,
                    Visit::New | Visit::Open => return None,
                }
            };
            deepest = deepest.max(below);
        }
        Some(deepest.saturating_add(self.own(position)))
    }
}
