//! The pages behind `explain CODE`.

/// What a code means, at length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code, for example `U0104`.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it means, with a wrong and a right example; plain text of several paragraphs.
    pub text: &'static str,
}

/// The page of `code`, written in either case, if one of `pages` has it.
pub fn find_explanation(pages: &'static [Explanation], code: &str) -> Option<&'static Explanation> {
    pages
        .iter()
        .find(|page| page.code.eq_ignore_ascii_case(code))
}
