//! What was asked for, to stdout.

use std::io::{self, ErrorKind, Write};

use crate::message::reason;
use crate::{Failure, fail, status};

/// Writes text or bytes to stdout, all of it before it returns.
///
/// # Errors
///
/// [`status::READER_GONE`], without a word, if nobody reads on; else [`status::FAILED`].
pub fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    print_to(io::stdout().lock(), text.as_ref())
}

fn print_to(mut to: impl Write, text: &[u8]) -> Result<(), Failure> {
    to.write_all(text)
        .and_then(|()| to.flush())
        .map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure(status::READER_GONE),
            _ => fail(&format!("can't write to stdout: {}", reason(&error))),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing.
    struct Closed(ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_has_a_status_of_its_own() {
        let gone = print_to(Closed(ErrorKind::BrokenPipe), b"text");
        assert_eq!(gone, Err(Failure(status::READER_GONE)));
        let full = print_to(Closed(ErrorKind::StorageFull), b"text");
        assert_eq!(full, Err(Failure(status::FAILED)));
    }

    #[test]
    fn all_of_the_text_is_written() {
        let mut written = Vec::new();
        assert_eq!(print_to(&mut written, b"text\n"), Ok(()));
        assert_eq!(written, b"text\n");
    }
}
