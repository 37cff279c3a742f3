//! `emjay repl`
use terminal::Failure;

use super::arguments::ReplArguments;

/// Takes entries.
pub(super) fn repl(_arguments: &ReplArguments) -> Result<(), Failure> {
    Ok(())
}
