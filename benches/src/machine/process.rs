//! Other programs as processes: their output, and what they need of time and memory.

use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

use super::error::Error;

/// What a process needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Time of the processor, in the process and in the system for it.
    ///
    /// The system knows this sum exactly. How it divides into the two it finds out by looking at
    /// times some milliseconds apart, which says little about a process that lives for twenty.
    pub processor: Duration,
    /// Time that passed, from before the process was made.
    pub elapsed: Duration,
    /// Bytes of memory that were present at the same time, at most.
    pub peak: u64,
}

/// What a process wrote to stdout, too much to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// The number of bytes.
    length: u64,
    /// A hash of them.
    hash: u64,
}

/// Runs a command to its end; its output is thrown away.
///
/// # Errors
///
/// If it can't be started, or ends with another status than 0.
pub fn measure(command: &mut Command) -> Result<Usage, Error> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().map_err(start_error(command))?;
    let end = child.wait4().map_err(start_error(command))?;
    let elapsed = start.elapsed();
    check(command, end.status, &[])?;
    Ok(Usage {
        processor: end.rusage.utime + end.rusage.stime,
        elapsed,
        peak: end.rusage.maxrss,
    })
}

/// Runs a command to its end and looks at its output.
///
/// # Errors
///
/// As [`measure`].
pub fn digest(command: &mut Command) -> Result<Digest, Error> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(start_error(command))?;
    let mut digest = Digest { length: 0, hash: 0 };
    if let Some(mut output) = child.stdout.take() {
        let mut hasher = DefaultHasher::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let length = output.read(&mut buffer).map_err(start_error(command))?;
            if length == 0 {
                break;
            }
            // Byte by byte: the pieces in which the output comes must not matter.
            for &byte in &buffer[..length] {
                hasher.write_u8(byte);
            }
            digest.length += length as u64;
        }
        digest.hash = hasher.finish();
    }
    let status = child.wait().map_err(start_error(command))?;
    check(command, status, &[])?;
    Ok(digest)
}

/// Runs a command to its end, for what it does; its messages are shown if that fails.
///
/// # Errors
///
/// As [`measure`].
pub fn run(command: &mut Command) -> Result<(), Error> {
    stderr(command.stdin(Stdio::null()).stdout(Stdio::null())).map(|_| ())
}

/// Runs a command to its end and gives what it writes to stderr.
///
/// # Errors
///
/// As [`measure`].
pub fn stderr(command: &mut Command) -> Result<String, Error> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(start_error(command))?;
    check(command, output.status, &output.stderr)?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn check(command: &Command, status: ExitStatus, message: &[u8]) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(message);
    let message = message.trim_end();
    Err(Error::Failed {
        command: shown(command),
        status,
        message: if message.is_empty() {
            String::new()
        } else {
            format!("\n{message}")
        },
    })
}

fn start_error(command: &Command) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let command = shown(command);
    |source| Error::Start { command, source }
}

/// The command as in a shell, as far as there is nothing to quote.
pub fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
