//! The exit statuses that are ours; all others are the program's own, or clap's 2.

/// The source has errors or can't be read, what is asked for doesn't exist, or the host failed.
pub(crate) const SOURCE: u8 = 1;
/// A limit was reached.
pub(crate) const LIMIT: u8 = 124;
/// The program trapped.
pub(crate) const TRAP: u8 = 125;
/// The image can't be loaded.
pub(crate) const IMAGE: u8 = 126;
/// Interrupted.
pub(crate) const INTERRUPTED: u8 = 130;
/// The reader of the output went away.
pub(crate) const READER_GONE: u8 = 141;
