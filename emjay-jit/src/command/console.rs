//! What a program reads and writes: the host of its imports.
//!
//! Output is kept until there is much of it, until the program waits for input, and until its end;
//! on a terminal, until the line is complete.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codegen::execution::{Host, Reply};
use codegen::ir::ImportId;
use emjay_jit::{GETC, PUTC, READS_PAST_END};
use terminal::reason;

/// How many bytes are read and written at once.
const CHUNK: usize = 1 << 16;

/// Why the console has ended a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StopCause {
    /// It reads on and on past the end of its input.
    InputEnded,
    /// Nobody reads its output any more.
    ReaderGone,
    /// The host can't read or write: what couldn't be done.
    HostFailed(String),
}

/// Output that has not been written yet. Ctrl-C writes it from another thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what there is to stdout.
    pub(super) fn flush(&self) -> io::Result<()> {
        flush(&mut self.lock())
    }

    /// The same if nobody is writing at the moment; else that may never end.
    pub(super) fn flush_if_idle(&self) {
        if let Ok(mut bytes) = self.0.try_lock() {
            // Nobody is left to be told if it can't be written.
            _ = flush(&mut bytes);
        }
    }
}

fn flush(bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
    bytes.clear();
    result
}

/// Where input comes from and output goes.
pub(super) struct Console {
    output: Output,
    input: Box<dyn Read>,
    read: Vec<u8>,
    /// How much of `read` the program has seen.
    position: usize,
    reads_past_end: u32,
    flushes_lines: bool,
    /// Whether the output so far ends in the middle of a line.
    is_in_line: bool,
    stop: Option<StopCause>,
}

impl Console {
    /// A console with that input, and the process's stdout as its output.
    pub(super) fn new(input: Box<dyn Read>) -> Self {
        Self {
            output: Output::default(),
            input,
            read: Vec::new(),
            position: 0,
            reads_past_end: 0,
            flushes_lines: io::stdout().is_terminal(),
            is_in_line: false,
            stop: None,
        }
    }

    /// The output, for other threads.
    pub(super) fn output(&self) -> Output {
        self.output.clone()
    }

    /// Another program begins: the end of the input may have been passed before.
    pub(super) fn begin(&mut self) {
        self.reads_past_end = 0;
    }

    /// Writes what is left, and ends the line.
    pub(super) fn end_line(&mut self) {
        if self.is_in_line {
            self.output.lock().push(b'\n');
            self.is_in_line = false;
        }
        // If nobody reads it, the session ends when its input does.
        _ = self.output.flush();
    }

    /// Why it has ended the program, if it has.
    pub(super) fn take_stop(&mut self) -> Option<StopCause> {
        self.stop.take()
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self) -> Result<(), StopCause> {
        self.output.flush().map_err(|error| failed_write(&error))
    }

    /// Keeps output until [`Console::write_if_due`].
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if let Some(&last) = bytes.last() {
            self.is_in_line = last != b'\n';
            self.output.lock().extend_from_slice(bytes);
        }
    }

    /// Writes what has been kept, if it is much, or if a terminal waits for it.
    pub(super) fn write_if_due(&mut self) -> Result<(), StopCause> {
        let mut bytes = self.output.lock();
        if bytes.len() >= CHUNK || (self.flushes_lines && !bytes.is_empty()) {
            return flush(&mut bytes).map_err(|error| failed_write(&error));
        }
        Ok(())
    }

    /// All input that is there, after waiting for some; nothing at its end.
    pub(super) fn take_input(&mut self) -> Result<&[u8], StopCause> {
        self.output.flush().map_err(|error| failed_write(&error))?;
        self.fill()?;
        self.position = self.read.len();
        if self.read.is_empty() {
            self.reads_past_end += 1;
        }
        Ok(&self.read)
    }

    fn put(&mut self, byte: u8) -> Result<(), StopCause> {
        self.is_in_line = byte != b'\n';
        let mut bytes = self.output.lock();
        bytes.push(byte);
        if bytes.len() >= CHUNK || (byte == b'\n' && self.flushes_lines) {
            return flush(&mut bytes).map_err(|error| failed_write(&error));
        }
        Ok(())
    }

    /// The next byte; `None` at the end.
    fn get(&mut self) -> Result<Option<u8>, StopCause> {
        if self.position == self.read.len() {
            self.output.flush().map_err(|error| failed_write(&error))?;
            self.fill()?;
        }
        let byte = self.read.get(self.position).copied();
        self.position += usize::from(byte.is_some());
        if byte.is_none() {
            self.reads_past_end += 1;
            if self.reads_past_end >= READS_PAST_END {
                return Err(StopCause::InputEnded);
            }
        }
        Ok(byte)
    }

    fn fill(&mut self) -> Result<(), StopCause> {
        // At the end of the input nothing is asked of the system again.
        if self.reads_past_end > 0 {
            return Ok(());
        }
        self.position = 0;
        self.read.resize(CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.read) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        self.read.truncate(*read.as_ref().unwrap_or(&0));
        match read {
            Ok(_) => Ok(()),
            Err(error) => Err(StopCause::HostFailed(format!(
                "can't read the input: {}",
                reason(&error)
            ))),
        }
    }
}

fn failed_write(error: &io::Error) -> StopCause {
    if error.kind() == ErrorKind::BrokenPipe {
        return StopCause::ReaderGone;
    }
    StopCause::HostFailed(format!("can't write to stdout: {}", reason(error)))
}

impl Host for Console {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        let result = match (import.index(), arguments) {
            (PUTC, &[value]) => self.put(value as u8).map(|()| value),
            (GETC, &[]) => self.get().map(|byte| byte.map_or(-1, i64::from)),
            _ => Ok(0),
        };
        match result {
            Ok(value) => Reply::Continue(value),
            Err(stop) => {
                self.stop = Some(stop);
                Reply::Stop
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(console: &mut Console) -> Reply {
        console.call(ImportId(GETC as u32), &[])
    }

    #[test]
    fn behind_the_end_of_the_input_there_is_minus_one_for_a_while() {
        let mut console = Console::new(Box::new(&b"\xff"[..]));
        assert_eq!(get(&mut console), Reply::Continue(255));
        for _ in 1..READS_PAST_END {
            assert_eq!(get(&mut console), Reply::Continue(-1));
        }
        assert_eq!(get(&mut console), Reply::Stop);
        assert_eq!(console.take_stop(), Some(StopCause::InputEnded));
    }

    #[test]
    fn what_is_written_is_given_back_whole() {
        let mut console = Console::new(Box::new(io::empty()));
        let reply = console.call(ImportId(PUTC as u32), &[256 + 65]);
        assert_eq!(reply, Reply::Continue(256 + 65));
        assert_eq!(*console.output.lock(), b"A");
        console.output.lock().clear();
    }
}
