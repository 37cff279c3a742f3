//! Input, output and Ctrl-C of a running program.
//!
//! Bytes are read from the input only when the program asks for them, by a thread of their own:
//! so Ctrl-C is heard while nothing comes from the terminal.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::status;

/// How many bytes are asked for at once.
const INPUT_CHUNK: usize = 1 << 16;

/// What became of a request for input.
#[derive(Debug)]
pub(crate) enum Event {
    /// There are these bytes, at least one.
    Input(Vec<u8>),
    /// There are no more.
    End,
    /// They can't be read.
    Failed(io::Error),
    /// Ctrl-C came first.
    Interrupt,
}

/// Where input comes from and output goes.
#[derive(Debug)]
pub(crate) struct Console {
    events: Receiver<Event>,
    /// Wakes the reading thread.
    requests: Sender<()>,
    interrupted: Arc<AtomicBool>,
    /// Whether the output so far ends in the middle of a line.
    in_line: bool,
}

impl Console {
    /// A console with that input, and the process's stdout as its output.
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        let (event_sender, events) = mpsc::channel();
        let (requests, wanted) = mpsc::channel();
        let interrupted = Arc::new(AtomicBool::new(false));
        listen_for_interrupts(Arc::clone(&interrupted), event_sender.clone());
        // Started now and not at the first request: it costs little, and can't fail later.
        thread::spawn(move || read_on_request(input, &wanted, &event_sender));
        Self {
            events,
            requests,
            interrupted,
            in_line: false,
        }
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Waits for input, its end, or Ctrl-C.
    pub(crate) fn read(&self) -> Event {
        if self.is_interrupted() {
            return Event::Interrupt;
        }
        if self.requests.send(()).is_err() {
            return Event::End;
        }
        self.events.recv().unwrap_or(Event::End)
    }

    /// Writes to stdout, at once.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(&last) = bytes.last() else {
            return Ok(());
        };
        self.in_line = last != b'\n';
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Whether the output so far ends in the middle of a line.
    pub(crate) fn is_in_line(&self) -> bool {
        self.in_line
    }
}

/// Notes the first Ctrl-C for whoever asks; a second one ends the process, for whatever may hang.
fn listen_for_interrupts(interrupted: Arc<AtomicBool>, events: Sender<Event>) {
    let handler = move || {
        if interrupted.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(status::INTERRUPTED));
        }
        // Nobody waits for the event if the program is past its end.
        _ = events.send(Event::Interrupt);
    };
    // Without a handler, Ctrl-C ends the process as it does by default: no reason not to run.
    _ = ctrlc::set_handler(handler);
}

fn read_on_request(mut input: impl Read, wanted: &Receiver<()>, events: &Sender<Event>) {
    let mut buffer = vec![0; INPUT_CHUNK];
    while wanted.recv().is_ok() {
        let event = loop {
            match input.read(&mut buffer) {
                Ok(0) => break Event::End,
                Ok(n) => break Event::Input(buffer[..n].to_vec()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Event::Failed(error),
            }
        };
        if events.send(event).is_err() {
            return;
        }
    }
}
