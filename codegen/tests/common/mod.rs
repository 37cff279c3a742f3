//! What several tests need.

use std::env;

/// How many random cases a test runs: as many as the environment says, or the test's own number.
pub(crate) fn cases(default: u64) -> u64 {
    let variable = env::var("ULM_TEST_CASES").ok();
    variable
        .and_then(|number| number.parse().ok())
        .unwrap_or(default)
}
