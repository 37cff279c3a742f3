//! How functions call each other on the ULM.

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
