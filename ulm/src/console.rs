//! Input, output and Ctrl-C of a running program.
//!
//! Bytes are read from the input only when the program asks for them, by a thread of their own:
//! so Ctrl-C is heard while nothing comes from the terminal.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use terminal::status;

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
pub(crate) struct Console {
    events: Receiver<Event>,
    reader: Reader,
    interrupted: Arc<AtomicBool>,
    /// Whether the output so far ends in the middle of a line.
    in_line: bool,
}

/// The thread that reads.
enum Reader {
    /// Not needed so far.
    Idle(Box<dyn Read + Send>, Sender<Event>),
    /// Reads once for each request.
    Started(Sender<()>),
    /// It could not be started, or has ended.
    Gone,
}

impl Console {
    /// A console with that input, and the process's stdout as its output.
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        let (event_sender, events) = mpsc::channel();
        let interrupted = Arc::new(AtomicBool::new(false));
        listen_for_interrupts(Arc::clone(&interrupted), event_sender.clone());
        Self {
            events,
            reader: Reader::Idle(input, event_sender),
            interrupted,
            in_line: false,
        }
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Waits for input, its end, or Ctrl-C.
    pub(crate) fn read(&mut self) -> Event {
        if self.is_interrupted() {
            return Event::Interrupt;
        }
        self.reader = match std::mem::replace(&mut self.reader, Reader::Gone) {
            Reader::Idle(input, events) => {
                let (requests, wanted) = mpsc::channel();
                let read = move || read_on_request(input, &wanted, &events);
                match thread::Builder::new().spawn(read) {
                    Ok(_) => Reader::Started(requests),
                    Err(error) => return Event::Failed(error),
                }
            }
            reader => reader,
        };
        match &self.reader {
            Reader::Started(requests) if requests.send(()).is_ok() => {
                self.events.recv().unwrap_or(Event::End)
            }
            _ => Event::End,
        }
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

/// Whether both stdout and stderr appear on a terminal, so that they share its lines.
pub(crate) fn outputs_share_a_terminal() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
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
