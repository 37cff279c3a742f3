//! What the end-to-end tests share: finding the tools and running them.

#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A tool of this workspace, ready to be started in the root of the repository.
///
/// It stands beside the test that is running; if it does not, it is built. Where cargo would start
/// programs of this target through a runner, so does this: a suite that was built for another
/// processor runs under its emulator.
///
/// # Panics
///
/// When the tool can't be built.
pub fn tool(name: &str) -> Command {
    static BUILT: Once = Once::new();
    let directory = directory_of_tools();
    let path = directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    BUILT.call_once(|| build_missing(&directory));
    assert!(path.exists(), "{} was not built", path.display());
    let mut command = match runner() {
        Some(runner) => {
            let mut words = runner.split_whitespace();
            let mut command = Command::new(words.next().unwrap_or("env"));
            command.args(words).arg(&path);
            command
        }
        None => Command::new(&path),
    };
    command.current_dir(root());
    command
}

/// The tests are in `deps`, the tools one level above.
fn directory_of_tools() -> PathBuf {
    let mut path = std::env::current_exe().unwrap_or_default();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path
}

fn build_missing(directory: &Path) {
    let exists = |tool: &str| {
        directory
            .join(format!("{tool}{}", std::env::consts::EXE_SUFFIX))
            .exists()
    };
    if exists("ulm") && exists("ulmas") && exists("emjay") {
        return;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "-p", "ulm", "-p", "ulmas", "-p", "emjay-jit"])
        .current_dir(root());
    if directory.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the tools can't be built"
    );
}

/// Whether the tests, and the tools with them, run in an emulator of another processor.
pub fn is_emulated() -> bool {
    runner().is_some()
}

/// How an executable for a machine can be run here: by itself (`None`), or by an emulator.
///
/// # Errors
///
/// Why it can't be run.
pub fn emulator(machine: &str) -> Result<Option<&'static str>, &'static str> {
    if cfg!(not(target_os = "linux")) {
        return Err("needs Linux");
    }
    if is_emulated() {
        return Err("the tests are emulated themselves");
    }
    match (machine, std::env::consts::ARCH) {
        ("aarch64", "aarch64") | ("x86-64", "x86_64") => Ok(None),
        ("aarch64", _) if is_there("qemu-aarch64") => Ok(Some("qemu-aarch64")),
        ("aarch64", _) => Err("needs qemu-aarch64"),
        _ if is_there("qemu-x86_64") => Ok(Some("qemu-x86_64")),
        _ => Err("needs qemu-x86_64"),
    }
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What starts programs of this target, if that is not the system itself.
fn runner() -> Option<String> {
    let architecture = std::env::consts::ARCH.to_uppercase();
    let system = std::env::consts::OS.to_uppercase();
    std::env::vars()
        .find(|(name, _)| {
            name.strip_prefix("CARGO_TARGET_")
                .and_then(|name| name.strip_suffix("_RUNNER"))
                .is_some_and(|triple| triple.starts_with(&architecture) && triple.contains(&system))
        })
        .map(|(_, runner)| runner)
}

/// Runs a command with this input and gives what it printed and how it ended.
///
/// # Panics
///
/// When the command can't be started.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take();
    let input = input.to_vec();
    // The program may end without reading all of it.
    let writer = std::thread::spawn(move || {
        if let Some(stdin) = &mut stdin {
            let _ = stdin.write_all(&input);
        }
    });
    let output = child.wait_with_output();
    let _ = writer.join();
    output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
