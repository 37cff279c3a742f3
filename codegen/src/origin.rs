//! Where an instruction comes from, and which part it has in a call.

/// What an instruction does in the linkage of procedures: the contract between a procedure that
/// calls and one that is called.
///
/// ```text
/// caller                     callee
///   …                          prologue    sets up its frame
///   precall     ──────────►    body
///   postreturn  ◄──────────    epilogue    takes its frame down, returns
///   …
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
#[repr(u8)]
pub enum Linkage {
    /// Caller: brings the arguments to their places, saves what it needs later, jumps.
    Precall,
    /// Callee: makes room, saves the registers that it has to preserve, moves its parameters to
    /// where it wants them.
    Prologue,
    /// What the procedure is for.
    #[default]
    Body,
    /// Callee: brings the result to its place, restores, returns.
    Epilogue,
    /// Caller: restores, and takes the result.
    Postreturn,
}

impl Linkage {
    /// All parts, in the order in which a call passes them.
    pub const ALL: [Self; 5] = [
        Self::Precall,
        Self::Prologue,
        Self::Body,
        Self::Epilogue,
        Self::Postreturn,
    ];

    /// The name of the part.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Precall => "precall",
            Self::Prologue => "prologue",
            Self::Body => "body",
            Self::Epilogue => "epilogue",
            Self::Postreturn => "postreturn",
        }
    }
}

/// What an instruction does towards a call: the three things that `P calls Q` takes. Instructions
/// that only compute do none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
#[repr(u8)]
pub enum Mechanism {
    /// Computes, as the source asks for.
    #[default]
    Computation,
    /// Brings control to the callee or back: jumps, and what prepares their address. The return
    /// address is a part of the state once it has to be saved.
    ControlTransfer,
    /// Brings arguments to the callee and the result back.
    DataTransfer,
    /// Keeps the states of caller and callee apart: frames, saved registers, checks of the stack.
    StateManagement,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Computation,
        Self::ControlTransfer,
        Self::DataTransfer,
        Self::StateManagement,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Computation => "computation",
            Self::ControlTransfer => "control transfer",
            Self::DataTransfer => "data transfer",
            Self::StateManagement => "state management",
        }
    }
}

/// A place of a function's table of places, [`Function::places`](crate::ir::Function::places).
/// Number 0 is always [`Place::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct PlaceId(pub u32);

/// The origin of one instruction, carried from the front end to the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Origin {
    /// Where in the source.
    pub place: PlaceId,
    /// The part in the procedure linkage.
    pub linkage: Linkage,
    /// What it does there.
    pub mechanism: Mechanism,
}

impl Origin {
    /// An instruction of the body.
    pub const fn body(place: PlaceId) -> Self {
        Self {
            place,
            linkage: Linkage::Body,
            mechanism: Mechanism::Computation,
        }
    }

    /// The same place in another part.
    #[must_use]
    pub const fn with(self, linkage: Linkage) -> Self {
        Self { linkage, ..self }
    }

    /// The same place and part, with what the instruction does there.
    #[must_use]
    pub const fn doing(self, mechanism: Mechanism) -> Self {
        Self { mechanism, ..self }
    }
}

/// A place in what was compiled. What the numbers mean is the front end's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Place {
    /// Made by the compiler itself.
    #[default]
    Unknown,
    /// A range of a source text, in bytes, end exclusive.
    Source {
        /// The first byte.
        start: u32,
        /// The byte after the last.
        end: u32,
    },
    /// An address of a program that is translated.
    Address(u64),
    /// A place in a function that was inlined: the place there, and the call that was replaced.
    Inlined {
        /// Where in the function that was inlined; never itself `Inlined` at its top level of the
        /// same call.
        place: PlaceId,
        /// The function that was inlined, its index in the module.
        callee: u32,
        /// The call.
        call: PlaceId,
    },
}
