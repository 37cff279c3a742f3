//! Why a program can't be had under a convention, and the messages about that.

use codegen::ir::{Function, FunctionId, Module};
use codegen::{Place, PlaceId};
use diagnostics::{Diagnostic, FileId, Location};
use thiserror::Error;

use crate::span::Span;

/// So many inlined calls at one place are followed.
const DEEPEST_INLINING: usize = 64;

/// A program can't be had under the convention that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Under the leaf convention functions call nobody, but this one does; or `main` is called.
    #[error("under the leaf convention only `main` calls functions, and nobody calls it")]
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
    #[error("without calls the program would have more than {} instructions", grouped(*.limit))]
    TooLarge {
        /// The largest number of instructions.
        limit: u64,
    },
    /// Arguments in registers: these are too many.
    #[error("under the leaf convention functions have at most {most} parameters")]
    TooManyParameters {
        /// The function.
        function: FunctionId,
        /// How many it has.
        parameters: u32,
        /// How many are possible.
        most: u32,
    },
}

/// A number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Refusal {
    /// The code that `explain` takes.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CallInFunction { .. } => "E0401",
            Self::Recursion { .. } => "E0402",
            Self::TooLarge { .. } => "E0403",
            Self::TooManyParameters { .. } => "E0404",
        }
    }

    /// The refusal as a message about `file`; `module` is the one that was refused.
    pub fn to_diagnostic(&self, module: &Module, file: FileId) -> Diagnostic {
        let name = |id: FunctionId| &*module.functions[id.index()].name;
        let (span, label) = match *self {
            Self::CallInFunction {
                caller,
                place,
                callee,
            } => {
                let scene = Scene::of(module, caller, place);
                let (caller, callee) = (name(scene.function), name(callee));
                (scene.span, format!("`{caller}` calls `{callee}`"))
            }
            Self::Recursion {
                caller,
                place,
                callee,
            } => {
                let scene = Scene::of(module, caller, place);
                let label = if caller == callee {
                    format!("`{}` calls itself", name(caller))
                } else {
                    let (caller, callee) = (name(caller), name(callee));
                    format!("`{caller}` calls `{callee}`, which leads back to `{caller}`")
                };
                (scene.span, label)
            }
            Self::TooLarge { .. } => {
                let main = module.find("main").unwrap_or(FunctionId(0));
                let label = "with the bodies of all functions that it leads to";
                (function_span(module, main), label.to_owned())
            }
            Self::TooManyParameters {
                function,
                parameters,
                ..
            } => (
                function_span(module, function),
                format!("it has {parameters} parameters"),
            ),
        };
        let location = Location::new(file, span.unwrap_or_default().range());
        Diagnostic::error(self.code(), self.to_string(), location, label)
            .with_help("`--convention stack` works for every program")
    }
}

/// A place in the text.
struct Scene {
    /// The function that the text stands in.
    function: FunctionId,
    span: Option<Span>,
}

impl Scene {
    /// Where something in a function stands in the text, in another function if that was inlined.
    fn of(module: &Module, mut function: FunctionId, mut place: PlaceId) -> Self {
        let places = &module.functions[function.index()].places;
        for _ in 0..DEEPEST_INLINING {
            let Some(&Place::Inlined {
                place: inner,
                callee,
                ..
            }) = places.get(place.0 as usize)
            else {
                break;
            };
            (function, place) = (FunctionId(callee), inner);
        }
        let span = source_span(places, place);
        Self { function, span }
    }
}

/// Where a function is declared.
fn function_span(module: &Module, id: FunctionId) -> Option<Span> {
    let Function { places, place, .. } = module.functions.get(id.index())?;
    source_span(places, *place)
}

fn source_span(places: &[Place], place: PlaceId) -> Option<Span> {
    match places.get(place.0 as usize) {
        Some(&Place::Source { start, end }) => Some(Span { start, end }),
        _ => None,
    }
}
