//! Why a program can't be had under a convention.

use codegen::PlaceId;
use codegen::ir::FunctionId;
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
