//! The command, started by tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The command, started at the top of the repository.
pub(crate) fn emjay(arguments: &[&str]) -> Command {
    let mut command = match runner() {
        Some(runner) => {
            let mut words = runner.split_whitespace().map(str::to_owned);
            let mut command = Command::new(words.next().unwrap_or_default());
            command.args(words).arg(env!("CARGO_BIN_EXE_emjay"));
            command
        }
        None => Command::new(env!("CARGO_BIN_EXE_emjay")),
    };
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What cargo was told to run this target's programs with, for example qemu.
pub(crate) fn runner() -> Option<String> {
    let architecture = std::env::consts::ARCH.to_uppercase();
    std::env::vars()
        .find(|(name, _)| {
            name.strip_prefix("CARGO_TARGET_")
                .and_then(|rest| rest.strip_suffix("_RUNNER"))
                .is_some_and(|triple| triple.starts_with(&architecture))
        })
        .map(|(_, value)| value)
}

/// Status, stdout and stderr.
pub(crate) struct Result {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What becomes of the command with that input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Result {
    let mut child = emjay(arguments).spawn().expect("emjay can be started");
    // A program that doesn't read them all closes the pipe.
    _ = child.stdin.take().expect("it is piped").write_all(input);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    Result {
        status: status.code().expect("it ends by itself"),
        stdout: String::from_utf8(stdout).expect("it is text"),
        stderr: String::from_utf8(stderr).expect("it is text"),
    }
}

/// What becomes of the command without input.
pub(crate) fn run(arguments: &[&str]) -> Result {
    run_with_input(arguments, b"")
}

/// A file of a test's own with a program.
pub(crate) fn program(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("it can be written");
    path
}
