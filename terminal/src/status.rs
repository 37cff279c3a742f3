//! The exit statuses that are ours; the others are those of the programs that are run.

/// The source has errors or can't be read, what is asked for doesn't exist, or the host failed.
pub const FAILED: u8 = 1;
/// The command line is wrong; what clap exits with, too.
pub const MISUSED: u8 = 2;
/// A limit was reached.
pub const LIMIT: u8 = 124;
/// The program trapped.
pub const TRAPPED: u8 = 125;
/// The image can't be loaded.
pub const NOT_LOADED: u8 = 126;
/// Interrupted: 128 and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;
/// The reader of the output went away: 128 and the number of SIGPIPE.
pub const READER_GONE: u8 = 141;
