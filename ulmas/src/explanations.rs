//! The pages behind `ulmas explain`.

use diagnostics::Explanation;

/// A page for each code of this crate.
pub const EXPLANATIONS: &[Explanation] = &[];
