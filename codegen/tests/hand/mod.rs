//! Functions written by hand in the instructions of each machine, with the IR that they stand for as
//! far as the linker asks: parameters, exits, imports, calls.

pub(crate) mod aarch64;
pub(crate) mod x86_64;

use codegen::ir::{ExitId, Function, FunctionId, Import, Module};
use codegen::machine::{Assembly, CallSite, ExitSite, Frame, Location};
use codegen::origin::{Origin, PlaceId};

/// `fn sum(10 parameters)`: the first + twice the second + 10 times the last.
pub(crate) const SUM: FunctionId = FunctionId(0);
/// `fn down(n)`: 0 for 0, else 1 + `down(n - 1)`; checks the stack and leaves with
/// [`EXHAUSTED`].
pub(crate) const DOWN: FunctionId = FunctionId(1);
/// `fn wait(x)`: polls for ever; leaves with [`INTERRUPTED`] and x.
pub(crate) const WAIT: FunctionId = FunctionId(2);
/// `fn ask(x)`: calls the import with x and 7 and returns its result + 1; leaves with [`STOPPED`].
pub(crate) const ASK: FunctionId = FunctionId(3);
/// `fn twice(x)`: `down(x) + down(x)`, so that [`DOWN`] has a caller.
pub(crate) const TWICE: FunctionId = FunctionId(4);

pub(crate) const EXHAUSTED: u32 = 11;
pub(crate) const INTERRUPTED: u32 = 12;
pub(crate) const STOPPED: u32 = 13;

/// The IR, without instructions.
pub(crate) fn module() -> Module {
    let function = |name: &str, parameters, reason: Option<u32>| {
        let mut function = Function::new(name, parameters);
        if let Some(reason) = reason {
            function.make_exit(reason, &[]);
        }
        function
    };
    Module {
        functions: vec![
            function("sum", 10, None),
            function("down", 1, Some(EXHAUSTED)),
            function("wait", 1, Some(INTERRUPTED)),
            function("ask", 1, Some(STOPPED)),
            function("twice", 1, None),
        ],
        imports: vec![Import {
            name: String::from("host"),
            parameters: 2,
        }],
    }
}

/// An origin by the number of its place.
pub(crate) fn origin(place: u32) -> Origin {
    Origin::body(PlaceId(place))
}

/// A function of these instructions.
pub(crate) fn assembly<I>(id: FunctionId, instructions: Vec<I>, labels: &[u32]) -> Assembly<I> {
    Assembly {
        id,
        name: String::from("by hand"),
        origins: vec![Origin::default(); instructions.len()],
        instructions,
        labels: labels.to_vec(),
        frame: Frame::default(),
        slots_at: 0,
        exits: Vec::new(),
        calls: Vec::new(),
        checks_stack: false,
        needless: Vec::new(),
    }
}

/// The first exit of a function, at an instruction.
pub(crate) fn exit(at: u32, framed: bool, values: &[Location]) -> ExitSite {
    ExitSite {
        at,
        exit: ExitId(0),
        framed,
        values: values.to_vec(),
        origin: origin(100),
    }
}

/// A call that returns to an instruction.
pub(crate) fn call(returns_to: u32, place: u32) -> CallSite {
    CallSite {
        returns_to,
        lowered: 0,
        origin: origin(place),
    }
}
