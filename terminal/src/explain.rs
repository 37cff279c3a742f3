//! `explain`: the page of a code, or the list of all codes.

use diagnostics::{Explanation, find_explanation, nearest};

use crate::{Failure, fail_with_near, print};

/// Prints the page of a code, written in either case; without one, all codes with their titles.
///
/// `pages` has a list for each crate, `command` is how the user asks for pages: `ulm explain`.
///
/// # Errors
///
/// There is no such code, or the text can't be written; the user has been told.
pub fn explain(
    pages: &[&'static [Explanation]],
    code: Option<&str>,
    command: &str,
) -> Result<(), Failure> {
    match code {
        None => print(list(pages)),
        Some(code) => match pages.iter().find_map(|list| find_explanation(list, code)) {
            Some(page) => print(text(page)),
            None => Err(fail_with_near(
                &format!("there is no message with the code `{code}`; `{command}` lists all"),
                near(pages, code),
            )),
        },
    }
}

fn text(page: &Explanation) -> String {
    format!(
        "{}: {}\n\n{}\n",
        page.code,
        page.title,
        page.text.trim_end()
    )
}

fn list(pages: &[&'static [Explanation]]) -> String {
    let pages = pages.iter().copied().flatten();
    pages
        .map(|page| format!("{}  {}\n", page.code, page.title))
        .collect()
}

/// The code that was probably meant.
fn near(pages: &[&'static [Explanation]], code: &str) -> Option<&'static str> {
    let code = code.to_uppercase();
    let codes = pages.iter().copied().flatten().map(|page| page.code);
    // Codes differ in a digit or two: those that share the beginning are near.
    let mut beginning = code.chars();
    beginning.next_back();
    let beginning = beginning.as_str();
    codes
        .clone()
        .find(|known| beginning.len() >= 2 && known.starts_with(beginning))
        .or_else(|| nearest(&code, codes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status;

    const PAGES: &[&[Explanation]] = &[
        &[Explanation {
            code: "U0104",
            title: "missing comma",
            text: "It is missing.\n\n    a b\n",
        }],
        &[Explanation {
            code: "T0102",
            title: "division by zero",
            text: "There is no result.",
        }],
    ];

    #[test]
    fn a_page_has_its_code_and_title_above_it_and_one_newline_at_its_end() {
        assert_eq!(
            text(&PAGES[0][0]),
            "U0104: missing comma\n\nIt is missing.\n\n    a b\n"
        );
        assert_eq!(
            text(&PAGES[1][0]),
            "T0102: division by zero\n\nThere is no result.\n"
        );
    }

    #[test]
    fn the_list_has_a_line_for_each_page_of_all_crates() {
        assert_eq!(
            list(PAGES),
            "U0104  missing comma\nT0102  division by zero\n"
        );
    }

    #[test]
    fn a_code_with_the_same_beginning_is_near_and_so_is_a_slip() {
        assert_eq!(near(PAGES, "u0109"), Some("U0104"));
        assert_eq!(near(PAGES, "T010"), Some("T0102"));
        assert_eq!(near(PAGES, "T0012"), Some("T0102"));
        assert_eq!(near(PAGES, "hello"), None);
        assert_eq!(near(PAGES, ""), None);
        assert_eq!(near(PAGES, "ü"), None);
    }

    #[test]
    fn a_code_that_there_is_not_fails() {
        assert_eq!(
            explain(PAGES, Some("U9999"), "ulm explain"),
            Err(Failure(status::FAILED))
        );
    }
}
