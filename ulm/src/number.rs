//! Numbers as people read them.

/// With a comma between groups of three digits, from five digits on.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A register's value: in decimal, signed if that is shorter, and in hex where it is large.
pub(crate) fn value(value: u64) -> String {
    let signed = value as i64;
    match value {
        0..=99_999 => value.to_string(),
        _ if (-99_999..0).contains(&signed) => format!("{signed} (0x{value:X})"),
        _ => format!("0x{value:X}"),
    }
}

/// A number with its noun: `1 byte`, `7 bytes`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", grouped(number)),
    }
}

/// A size as the options take it: in the largest unit that divides it.
pub(crate) fn size(bytes: u64) -> String {
    for (letter, shift) in [('G', 30), ('M', 20), ('K', 10)] {
        if bytes != 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{letter}", bytes >> shift);
        }
    }
    count(bytes, "byte")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_five_on() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(9_999), "9999");
        assert_eq!(grouped(12_345), "12,345");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn small_negative_values_are_shown_as_such() {
        assert_eq!(value(7), "7");
        assert_eq!(value((-8i64) as u64), "-8 (0xFFFFFFFFFFFFFFF8)");
        assert_eq!(value(1 << 40), "0x10000000000");
    }

    #[test]
    fn sizes_are_shown_as_the_options_take_them() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(1 << 30), "1G");
        assert_eq!(size(3 << 10), "3K");
        assert_eq!(size(1025), "1025 bytes");
    }
}
