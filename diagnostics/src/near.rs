//! "Did you mean …?"

/// Names longer than this, in characters, are no slips of the keyboard; comparing them costs the
/// product of their lengths.
const LONGEST: usize = 80;

/// The candidate most like `name`, if one is near enough to be a slip of the keyboard.
///
/// Near means: a Damerau–Levenshtein distance (insertions, deletions, substitutions, and swaps of
/// neighbours) of at most a third of the longer name, at least 1; or the same letters in another
/// case. Of equally near ones the first in order is taken.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter_map(|candidate| {
            if candidate.eq_ignore_ascii_case(name) {
                return Some((0, candidate));
            }
            let other = candidate.chars().count();
            let limit = (length.max(other) / 3).max(1);
            // A name of one letter is near to every other such name: that helps nobody.
            if length.abs_diff(other) > limit || length.min(other) < 2 {
                return None;
            }
            let distance = strsim::damerau_levenshtein(name, candidate);
            (distance <= limit).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_swap_of_neighbours_is_near() {
        assert_eq!(nearest("lopo", ["halt", "loop"]), Some("loop"));
    }

    #[test]
    fn another_case_is_nearest() {
        assert_eq!(nearest("CALL", ["CALLS", "call"]), Some("call"));
    }

    #[test]
    fn an_unlike_name_is_not_near() {
        assert_eq!(nearest("print", ["getc", "divq"]), None);
    }

    #[test]
    fn names_of_one_letter_are_not_near_to_each_other() {
        assert_eq!(nearest("x", ["y"]), None);
    }
}
