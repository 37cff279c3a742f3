//! The words of the command line, as clap can take them.
//!
//! After `compare FILE` options may stand among the arguments of `main`. There clap takes a word with
//! a minus sign for a number if it is decimal, and for options if it is hexadecimal.

use std::ffi::OsString;

/// The words of the command line; negative hexadecimal ones of `compare` have become decimal.
pub(super) fn words() -> impl Iterator<Item = OsString> {
    readable(std::env::args_os())
}

fn readable(words: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut is_of_compare = false;
    words.enumerate().map(move |(index, word)| match index {
        0 => word,
        1 => {
            is_of_compare = word == "compare";
            word
        }
        _ if is_of_compare => word.to_str().and_then(decimal).map_or(word, OsString::from),
        _ => word,
    })
}

/// The same number in decimal, of a negative hexadecimal one: `-0x10` is `-16`.
fn decimal(word: &str) -> Option<String> {
    let digits = word
        .strip_prefix("-0x")
        .or_else(|| word.strip_prefix("-0X"))?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // Too large a number is not refused here.
    let value = u128::from_str_radix(digits, 16).ok()?;
    Some(format!("-{value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let words = readable(line.split(' ').map(OsString::from));
        let words: Vec<String> = words
            .map(|word| word.into_string().expect("it was text"))
            .collect();
        words.join(" ")
    }

    #[test]
    fn negative_hexadecimal_arguments_of_compare_become_decimal() {
        assert_eq!(
            read("emjay compare f.emjay -0x10 0x10 -0XfF --opt 1"),
            "emjay compare f.emjay -16 0x10 -255 --opt 1"
        );
        assert_eq!(
            read("emjay compare f.emjay -0x8000000000000000"),
            "emjay compare f.emjay -9223372036854775808"
        );
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for line in [
            "emjay run f.emjay -0x10",
            "emjay compare f.emjay -0x -0xg -0x+1 -x10 --0x10",
        ] {
            assert_eq!(read(line), line);
        }
    }
}
