//! The pages behind `explain I…`.

use diagnostics::Explanation;

/// The pages behind `explain I…`, in the order of their codes.
pub const EXPLANATIONS: &[Explanation] = &[];
