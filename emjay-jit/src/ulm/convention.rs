//! How functions call each other on the ULM, and which convention a program can have.

use codegen::PlaceId;
use codegen::ir::{Callee, Function, FunctionId, Module, Op};

use super::refusal::Refusal;

/// A calling convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Convention {
    /// [`Convention::Leaf`] where that works, [`Convention::Stack`] elsewhere.
    #[default]
    Auto,
    /// Arguments and result in registers that belong to the callee, which calls nobody.
    Leaf,
    /// Frames on a stack, so that functions can call functions, and themselves.
    Stack,
    /// No calls: every call is replaced by the callee's body.
    Inline,
}

impl Convention {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Leaf => "leaf",
            Self::Stack => "stack",
            Self::Inline => "inline",
        }
    }
}

/// As many arguments the leaf convention hands over.
pub(super) const MOST_LEAF_PARAMETERS: u32 = 128;

/// The calls of functions in a function: who is called, and where.
pub(super) fn calls(function: &Function) -> impl Iterator<Item = (FunctionId, PlaceId)> + '_ {
    function
        .instructions
        .iter()
        .filter_map(|instruction| match instruction.op {
            Op::Call {
                callee: Callee::Function(callee),
                ..
            } => Some((callee, instruction.origin.place)),
            _ => None,
        })
}

/// The functions that a program needs: all that `main` leads to, or all if it has no `main`. In the
/// order of the module.
pub(super) fn needed(module: &Module, main: Option<FunctionId>) -> Vec<FunctionId> {
    let all = (0..module.functions.len() as u32).map(FunctionId);
    let Some(main) = main else {
        return all.collect();
    };
    let mut is_needed = vec![false; module.functions.len()];
    is_needed[main.index()] = true;
    let mut work = vec![main];
    while let Some(caller) = work.pop() {
        for (callee, _) in calls(&module.functions[caller.index()]) {
            if !std::mem::replace(&mut is_needed[callee.index()], true) {
                work.push(callee);
            }
        }
    }
    all.filter(|id| is_needed[id.index()]).collect()
}

/// Whether the leaf convention works for these functions of a program.
///
/// # Errors
///
/// Why it doesn't.
pub(super) fn check_leaf(
    module: &Module,
    main: Option<FunctionId>,
    functions: &[FunctionId],
) -> Result<(), Refusal> {
    for &caller in functions {
        let function = &module.functions[caller.index()];
        if Some(caller) != main && function.parameters > MOST_LEAF_PARAMETERS {
            return Err(Refusal::TooManyParameters {
                function: caller,
                parameters: function.parameters,
                most: MOST_LEAF_PARAMETERS,
            });
        }
        let mut calls = calls(function);
        let wrong = calls.find(|&(callee, _)| Some(caller) != main || Some(callee) == main);
        if let Some((callee, place)) = wrong {
            return Err(Refusal::CallInFunction {
                caller,
                place,
                callee,
            });
        }
    }
    Ok(())
}
