//! `--time`: how long each phase took.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The phases that have ended, with their durations.
#[derive(Debug, Default)]
pub(super) struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    /// Does something, and notes how long it took.
    pub(super) fn measure<T>(&mut self, name: &'static str, phase: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = phase();
        self.0.push((name, start.elapsed()));
        result
    }

    /// A line for each phase, in milliseconds.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        for (name, duration) in &self.0 {
            _ = writeln!(text, "{name:<10} {:>12.3} ms", duration.as_secs_f64() * 1e3);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_has_its_line() {
        let phases = Phases(vec![
            ("parse", Duration::from_micros(1500)),
            ("run", Duration::from_secs(2)),
        ]);
        assert_eq!(
            phases.table(),
            "parse             1.500 ms\nrun            2000.000 ms\n"
        );
    }
}
