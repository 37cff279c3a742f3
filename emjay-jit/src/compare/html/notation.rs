//! How numbers and foreign text are written on the page, and what its parts are called.

use super::super::{Mechanism, Part};

/// Text from outside, with the characters that HTML can't hold, or that would turn around what
/// stands beside them, replaced by visible ones.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(visible_character).collect()
}

fn visible_character(character: char) -> char {
    match character {
        '\t' | '\n' => character,
        // The control pictures stand in the order of what they depict.
        '\0'..='\x1f' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        // No character for HTML, although it is one for Unicode.
        '\u{fdd0}'..='\u{fdef}' => '\u{fffd}',
        _ if character as u32 & 0xfffe == 0xfffe => '\u{fffd}',
        _ => character,
    }
}

/// A word of 64 bits with all of its digits.
pub(super) fn hexadecimal(word: u64) -> String {
    format!("{word:#018x}")
}

/// A word of 64 bits as people would read it: a small number in decimal, everything else (an
/// address, mostly) in hexadecimal.
pub(super) fn word(word: u64) -> String {
    let signed = word as i64;
    if signed.unsigned_abs() < 1_000_000 {
        signed.to_string()
    } else {
        format!("{word:#x}")
    }
}

/// An address in as much room as a lecture hall can read: its last four digits.
pub(super) fn short_address(address: u64) -> String {
    format!("…{:04x}", address & 0xffff)
}

/// The class of a part in the style sheet.
pub(super) const fn part_class(part: Part) -> &'static str {
    part.name()
}

/// The class of a mechanism in the style sheet, which is also its short name.
pub(super) const fn mechanism_class(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Computation => "computation",
        Mechanism::ControlTransfer => "control",
        Mechanism::DataTransfer => "data",
        Mechanism::StateManagement => "state",
    }
}

/// The sign of a mechanism, which is told from the others by its shape alone.
pub(super) const fn mechanism_sign(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Computation => "",
        Mechanism::ControlTransfer => "→",
        Mechanism::DataTransfer => "◆",
        Mechanism::StateManagement => "■",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_are_decimal_and_addresses_hexadecimal() {
        let texts = [5, u64::MAX, 0x7fff_0000_1000].map(word);
        assert_eq!(texts, ["5", "-1", "0x7fff00001000"]);
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\0b\x1b\x7f\tc"), "a␀b␛␡\tc");
    }

    #[test]
    fn characters_that_turn_text_around_are_replaced() {
        assert_eq!(visible("x\u{202e}y\u{2066}"), "x\u{fffd}y\u{fffd}");
    }
}
