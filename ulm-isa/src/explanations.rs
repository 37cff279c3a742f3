/// The pages behind `explain I…`.
pub const EXPLANATIONS: &[Explanation] = &[];
