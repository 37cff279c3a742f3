//! Sizes as people write them: bytes, or with K, M, G.

use std::str::FromStr;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

/// Why a text is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// It is written in another way.
    #[error("a size is a number of bytes, or a number with K, M or G (1024 each), like 64K")]
    NotASize,
    /// It does not fit 64 bits.
    #[error("too large: a size is less than 2^64 bytes")]
    TooLarge,
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let (number, shift) = match text.as_bytes() {
            [.., b'K' | b'k'] => (&text[..text.len() - 1], 10),
            [.., b'M' | b'm'] => (&text[..text.len() - 1], 20),
            [.., b'G' | b'g'] => (&text[..text.len() - 1], 30),
            _ => (text, 0),
        };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SizeError::NotASize);
        }
        number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(1 << shift))
            .map(Self)
            .ok_or(SizeError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, SizeError};

    #[test]
    fn letters_multiply_by_1024() {
        assert_eq!("7".parse(), Ok(Size(7)));
        assert_eq!("64K".parse(), Ok(Size(65_536)));
        assert_eq!("3M".parse(), Ok(Size(3 << 20)));
        assert_eq!("2g".parse(), Ok(Size(2 << 30)));
    }

    #[test]
    fn what_does_not_fit_64_bits_is_too_large() {
        assert_eq!("17179869183G".parse::<Size>().unwrap().0, u64::MAX << 30);
        assert_eq!("17179869184G".parse::<Size>(), Err(SizeError::TooLarge));
        let digits = "9".repeat(30);
        assert_eq!(digits.parse::<Size>(), Err(SizeError::TooLarge));
    }

    #[test]
    fn everything_else_is_not_a_size() {
        for text in ["", "K", "-1", "+1", "1.5K", "1KB", "1 K", "0x10", "ü"] {
            assert_eq!(text.parse::<Size>(), Err(SizeError::NotASize), "{text}");
        }
    }
}
