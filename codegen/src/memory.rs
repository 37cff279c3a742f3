//! Memory for code: writable or executable, never both.
