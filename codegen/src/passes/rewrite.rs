//! What passes do to instructions: rename operands, take instructions out, copy them to another
//! function.

use crate::ir::{BlockId, ExitId, Function, List, Op, Target, Value};

/// Values that are to be replaced by others. Chains are followed, so a value may be replaced by one
/// that is replaced itself; cycles must not be made.
pub(super) struct Substitution {
    replacement: Vec<Value>,
    changed: bool,
}

impl Substitution {
    /// Nothing replaced, for so many values.
    pub(super) fn new(values: u32) -> Self {
        Self {
            replacement: (0..values).map(Value).collect(),
            changed: false,
        }
    }

    /// From now on `new` stands for `old`.
    pub(super) fn replace(&mut self, old: Value, new: Value) {
        self.replacement[old.index()] = new;
        self.changed = true;
    }

    /// Whether anything is replaced.
    pub(super) const fn is_empty(&self) -> bool {
        !self.changed
    }

    /// What stands for a value in the end.
    pub(super) fn resolve(&mut self, value: Value) -> Value {
        let mut end = value;
        while self.replacement[end.index()] != end {
            end = self.replacement[end.index()];
        }
        let mut step = value;
        while self.replacement[step.index()] != end {
            step = std::mem::replace(&mut self.replacement[step.index()], end);
        }
        end
    }

    /// Renames every operand of the function. Doing it twice to a list that two instructions share
    /// does no harm: what a value ends in is not replaced itself.
    pub(super) fn apply(&mut self, function: &mut Function) {
        if self.is_empty() {
            return;
        }
        own_parameter_lists(function);
        let Function {
            instructions,
            lists,
            exits,
            ..
        } = function;
        for instruction in instructions {
            operands_mut(&mut instruction.op, |value| *value = self.resolve(*value));
            for list in operand_lists(&instruction.op).into_iter().flatten() {
                self.apply_to_list(lists, list);
            }
            if let Some(exit) = instruction.op.exit() {
                self.apply_to_list(lists, exits[exit.index()].values);
            }
        }
    }

    fn apply_to_list(&mut self, lists: &mut [u32], list: List) {
        let start = list.0 as usize + 1;
        let length = lists[list.0 as usize] as usize;
        for value in &mut lists[start..start + length] {
            *value = self.resolve(Value(*value)).0;
        }
    }
}

/// Gives each block's parameters a list of their own: a jump that hands over just those may share it,
/// and its arguments are about to be renamed.
fn own_parameter_lists(function: &mut Function) {
    for block in 0..function.blocks.len() {
        let parameters: Vec<Value> = function.list(function.blocks[block].parameters).collect();
        if !parameters.is_empty() {
            function.blocks[block].parameters = function.make_list(&parameters);
        }
    }
}

/// Calls `visit` with each operand that stands in the instruction itself; those in lists not.
pub(super) fn operands_mut(op: &mut Op, mut visit: impl FnMut(&mut Value)) {
    match op {
        Op::Unary { a, .. } => visit(a),
        Op::Binary { a, b, .. } | Op::WideMultiply { a, b, .. } | Op::Divide { a, b, .. } => {
            visit(a);
            visit(b);
        }
        Op::Select {
            condition, a, b, ..
        } => {
            visit(condition);
            visit(a);
            visit(b);
        }
        Op::Load { address, .. } => visit(address),
        Op::Store { value, address, .. } => {
            visit(value);
            visit(address);
        }
        Op::Guard { condition, .. } | Op::Branch { condition, .. } => visit(condition),
        Op::Return { value } => visit(value),
        Op::Constant { .. }
        | Op::Argument { .. }
        | Op::WideDivide { .. }
        | Op::Call { .. }
        | Op::Poll { .. }
        | Op::StackCheck { .. }
        | Op::Jump { .. }
        | Op::Leave { .. } => {}
    }
}

/// The lists of operands that belong to the instruction; its exit's not.
pub(super) const fn operand_lists(op: &Op) -> [Option<List>; 2] {
    match *op {
        Op::WideDivide { operands, .. } => [Some(operands), None],
        Op::Call { arguments, .. } => [Some(arguments), None],
        Op::Jump { target } => [Some(target.arguments), None],
        Op::Branch {
            then, otherwise, ..
        } => [Some(then.arguments), Some(otherwise.arguments)],
        _ => [None, None],
    }
}

/// The exit of an instruction, to be changed.
pub(super) const fn exit_mut(op: &mut Op) -> Option<&mut ExitId> {
    match op {
        Op::Divide { exit, .. } | Op::WideDivide { exit, .. } | Op::Call { exit, .. } => {
            exit.as_mut()
        }
        Op::Guard { exit, .. }
        | Op::Poll { exit }
        | Op::StackCheck { exit }
        | Op::Leave { exit } => Some(exit),
        _ => None,
    }
}

/// Calls `visit` with each target of a terminator.
pub(super) fn targets_mut(op: &mut Op, mut visit: impl FnMut(&mut Target)) {
    match op {
        Op::Jump { target } => visit(target),
        Op::Branch {
            then, otherwise, ..
        } => {
            visit(then);
            visit(otherwise);
        }
        _ => {}
    }
}

/// Calls `visit` with each result that stands in the instruction itself; those in lists not.
pub(super) fn results_mut(op: &mut Op, mut visit: impl FnMut(&mut Value)) {
    match op {
        Op::Constant { dest, .. }
        | Op::Argument { dest, .. }
        | Op::Unary { dest, .. }
        | Op::Binary { dest, .. }
        | Op::Divide { dest, .. }
        | Op::Select { dest, .. }
        | Op::Load { dest, .. }
        | Op::Call { dest, .. } => visit(dest),
        Op::WideMultiply { low, high, .. } => {
            visit(low);
            visit(high);
        }
        _ => {}
    }
}

/// Keeps the instructions for which `keep` holds, given the instruction's position, in their order.
pub(super) fn retain(function: &mut Function, mut keep: impl FnMut(usize) -> bool) {
    let mut end = 0;
    for block in &mut function.blocks {
        let range = block.range();
        block.start = end as u32;
        for position in range {
            if keep(position) {
                function.instructions[end] = function.instructions[position];
                end += 1;
            }
        }
        block.end = end as u32;
    }
    function.instructions.truncate(end);
}

/// How names change when an instruction is copied to another function.
pub(super) trait Renaming {
    /// The operand there.
    fn operand(&mut self, value: Value) -> Value;
    /// The result there.
    fn result(&mut self, value: Value) -> Value;
    /// The block there.
    fn block(&mut self, block: BlockId) -> BlockId;
}

/// Copies a list of operands.
pub(super) fn copy_operands(
    source: &Function,
    list: List,
    target: &mut Function,
    renaming: &mut impl Renaming,
) -> List {
    copy_list(source, list, target, |value| renaming.operand(value))
}

/// Copies a list of results.
pub(super) fn copy_results(
    source: &Function,
    list: List,
    target: &mut Function,
    renaming: &mut impl Renaming,
) -> List {
    copy_list(source, list, target, |value| renaming.result(value))
}

fn copy_list(
    source: &Function,
    list: List,
    target: &mut Function,
    mut rename: impl FnMut(Value) -> Value,
) -> List {
    let values = source.list(list);
    if values.len() == 0 {
        return List::EMPTY;
    }
    let copy = List(target.lists.len() as u32);
    target.lists.push(values.len() as u32);
    target.lists.extend(values.map(|value| rename(value).0));
    copy
}

/// Copies an instruction with its lists and its exit to another function. The origin is the
/// caller's business.
pub(super) fn copy(
    source: &Function,
    op: &Op,
    target: &mut Function,
    renaming: &mut impl Renaming,
) -> Op {
    let mut op = *op;
    operands_mut(&mut op, |value| *value = renaming.operand(*value));
    match &mut op {
        Op::WideDivide {
            results, operands, ..
        } => {
            *operands = copy_operands(source, *operands, target, renaming);
            *results = copy_results(source, *results, target, renaming);
        }
        Op::Call { arguments, .. } => {
            *arguments = copy_operands(source, *arguments, target, renaming);
        }
        _ => {}
    }
    targets_mut(&mut op, |to| {
        to.arguments = copy_operands(source, to.arguments, target, renaming);
        to.block = renaming.block(to.block);
    });
    if let Some(exit) = exit_mut(&mut op) {
        *exit = copy_exit(source, *exit, target, renaming);
    }
    results_mut(&mut op, |value| *value = renaming.result(*value));
    op
}

/// Copies an exit.
pub(super) fn copy_exit(
    source: &Function,
    exit: ExitId,
    target: &mut Function,
    renaming: &mut impl Renaming,
) -> ExitId {
    let mut exit = source.exits[exit.index()];
    exit.values = copy_operands(source, exit.values, target, renaming);
    target.exits.push(exit);
    ExitId(target.exits.len() as u32 - 1)
}
