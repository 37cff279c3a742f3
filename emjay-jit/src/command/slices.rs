//! The console of a machine that runs slice by slice, and what Ctrl-C does then: what the program has
//! written within a slice is still in the machine, so the end of the slice is waited for.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use emjay_jit::ulm::run;

use super::console::{Console, StopCause};
use super::run::exit_interrupted;

/// The machine doesn't run: whoever interrupts may end the process at once.
const IDLE: u8 = 0;
/// The machine runs.
const RUNNING: u8 = 1;
/// The machine runs, and is to stop behind the slice.
const INTERRUPTED: u8 = 2;

/// Why the console has stopped the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SliceStop {
    /// Somebody has pressed Ctrl-C.
    Interrupted,
    /// Input or output.
    Console(StopCause),
}

/// A console between slices.
pub(super) struct Slices<'a> {
    console: &'a mut Console,
    state: Arc<AtomicU8>,
    stop: Option<SliceStop>,
}

impl<'a> Slices<'a> {
    /// From now on the machine runs, and Ctrl-C stops it behind the slice. A second Ctrl-C ends the
    /// process at once.
    pub(super) fn begin(console: &'a mut Console) -> Self {
        let state = Arc::new(AtomicU8::new(RUNNING));
        let (seen, output) = (Arc::clone(&state), console.output());
        let handler = move || {
            if !change(&seen, RUNNING, INTERRUPTED) {
                exit_interrupted(&output);
            }
        };
        // Without a handler, Ctrl-C ends the process as it does by default: no reason not to run.
        _ = ctrlc::set_handler(handler);
        Self {
            console,
            state,
            stop: None,
        }
    }

    /// The machine has ended: why the console has stopped it, if it has.
    pub(super) fn end(self) -> Option<SliceStop> {
        self.state.store(IDLE, Ordering::SeqCst);
        self.stop
    }

    /// Does something while the machine is idle.
    fn idle<T>(
        &mut self,
        task: impl FnOnce(&mut Console) -> Result<T, StopCause>,
    ) -> ControlFlow<(), T> {
        if !change(&self.state, RUNNING, IDLE) {
            return self.stop(SliceStop::Interrupted);
        }
        let result = task(self.console);
        self.state.store(RUNNING, Ordering::SeqCst);
        match result {
            Ok(value) => ControlFlow::Continue(value),
            Err(cause) => self.stop(SliceStop::Console(cause)),
        }
    }

    fn stop<T>(&mut self, stop: SliceStop) -> ControlFlow<(), T> {
        self.stop = Some(stop);
        ControlFlow::Break(())
    }
}

fn change(state: &AtomicU8, from: u8, to: u8) -> bool {
    state
        .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
        .is_ok()
}

impl run::Console for Slices<'_> {
    fn pause(&mut self, output: &[u8]) -> ControlFlow<()> {
        self.console.keep(output);
        self.idle(Console::write_if_due)
    }

    fn input(&mut self) -> ControlFlow<(), Vec<u8>> {
        self.idle(|console| console.take_input().map(<[u8]>::to_vec))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use emjay_jit::ulm::run::Console as _;

    use super::*;

    #[test]
    fn an_interrupt_stops_the_machine_behind_the_slice() {
        let mut console = Console::new(Box::new(io::empty()));
        let mut slices = Slices {
            console: &mut console,
            state: Arc::new(AtomicU8::new(RUNNING)),
            stop: None,
        };
        assert_eq!(slices.pause(b""), ControlFlow::Continue(()));
        assert!(change(&slices.state, RUNNING, INTERRUPTED));
        assert_eq!(slices.pause(b""), ControlFlow::Break(()));
        assert_eq!(slices.end(), Some(SliceStop::Interrupted));
    }

    #[test]
    fn input_comes_until_its_end() {
        let mut console = Console::new(Box::new(&b"abc"[..]));
        let mut slices = Slices {
            console: &mut console,
            state: Arc::new(AtomicU8::new(RUNNING)),
            stop: None,
        };
        assert_eq!(slices.input(), ControlFlow::Continue(b"abc".to_vec()));
        assert_eq!(slices.input(), ControlFlow::Continue(Vec::new()));
        assert_eq!(slices.end(), None);
    }
}
