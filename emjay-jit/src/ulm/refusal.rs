//! Why a program can't be had under a convention.

use codegen::ir::{FunctionId, Module};
use codegen::{Place, PlaceId};
use diagnostics::{Diagnostic, FileId, Location};
use thiserror::Error;

/// A program can't be had under the convention that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Under the leaf convention functions call nobody, but this one does; or `main` is called.
    #[error("under the leaf convention only `main` calls, and nobody calls it")]
    CallInFunction {
        /// The function that calls.
        caller: FunctionId,
        /// The call, in the places of the caller.
        place: PlaceId,
        /// The function that is called.
        callee: FunctionId,
    },
    /// What calls itself can't be replaced by its body.
    #[error("a recursive call can't be replaced by the function's body")]
    Recursion {
        /// The function that calls.
        caller: FunctionId,
        /// The call, in the places of the caller.
        place: PlaceId,
        /// The function that is called.
        callee: FunctionId,
    },
    /// Without calls the program would be too large.
    #[error("without calls the program would have more than {limit} instructions")]
    TooLarge {
        /// The largest number of instructions.
        limit: u64,
    },
    /// Arguments in registers: these are too many.
    #[error("the function has {parameters} parameters; {most} can be handed over in registers")]
    TooManyParameters {
        /// The function.
        function: FunctionId,
        /// How many it has.
        parameters: u32,
        /// How many are possible.
        most: u32,
    },
}

impl Refusal {
    /// The code that `explain` takes.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CallInFunction { .. } => "E0305",
            Self::Recursion { .. } => "E0306",
            Self::TooLarge { .. } => "E0307",
            Self::TooManyParameters { .. } => "E0308",
        }
    }

    /// The same as a message about `file`. `module` is the one that was refused.
    pub fn diagnostic(&self, module: &Module, file: FileId) -> Diagnostic {
        let name = |id: FunctionId| &*module.functions[id.index()].name;
        let at = |function, place| location(module, function, place, file);
        let error = |location, label: &str| {
            Diagnostic::error(self.code(), self.to_string(), location, label)
        };
        match *self {
            Self::CallInFunction {
                caller,
                place,
                callee,
            } => {
                let label = format!("`{}` calls `{}`", name(caller), name(callee));
                error(at(caller, place), &label).with_help(
                    "the stack convention has frames, so that functions can call functions",
                )
            }
            Self::Recursion {
                caller,
                place,
                callee,
            } => {
                let label = format!("this call of `{}` leads back to it", name(callee));
                error(at(caller, place), &label).with_help(
                    "the stack convention has frames, so that functions can call themselves",
                )
            }
            Self::TooLarge { .. } => {
                let start = Location::new(file, 0..0);
                error(start, "")
                    .with_help("with calls it is smaller: the stack convention has them")
            }
            Self::TooManyParameters { function, .. } => {
                let place = module.functions[function.index()].place;
                error(at(function, place), "")
                    .with_help("the stack convention takes any number, in the frame")
            }
        }
    }
}

/// Where a place stands in the text; the beginning of the text if nobody knows.
fn location(module: &Module, function: FunctionId, place: PlaceId, file: FileId) -> Location {
    let places = &module.functions[function.index()].places;
    match places.get(place.0 as usize) {
        Some(&Place::Source { start, end }) => Location::new(file, start as usize..end as usize),
        Some(&Place::Inlined { call, .. }) if call.0 < place.0 => {
            location(module, function, call, file)
        }
        _ => Location::new(file, 0..0),
    }
}
