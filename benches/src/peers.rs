//! Programs that are compiled by others and run as processes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::programs::{Program, scratch};

/// The folder of the sources in C that belong to the measurement.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

fn must(command: &mut Command) {
    let status = command.status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "failed: {command:?}"
    );
}

/// Builds the plugin that counts instructions, and gives its path.
pub fn counter() -> PathBuf {
    let plugin = scratch().join("count.so");
    let source = folder().join("count.c");
    must(
        Command::new("gcc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&plugin)
            .arg(source),
    );
    plugin
}

/// Links a driver with a program, C source or object file, by this gcc.
pub fn link(gcc: &str, options: &[&str], program: &Path, name: &str) -> PathBuf {
    let executable = scratch().join(name);
    let mut command = Command::new(gcc);
    command
        .args(["-O2", "-fwrapv", "-static", "-w"])
        .args(options)
        .arg("-o")
        .arg(&executable);
    must(command.arg(folder().join("main.c")).arg(program));
    executable
}

/// Executed AArch64 instructions of one execution of a program's main: the difference between a
/// process that executes it once and one that does not.
pub fn count(executable: &Path, plugin: &Path, program: &Program) -> u64 {
    let total = |repetitions: u32| -> u64 {
        let output = Command::new("qemu-aarch64")
            .arg("-plugin")
            .arg(plugin)
            .arg(executable)
            // As many digits of the result are printed in both.
            .args([repetitions.to_string(), "quiet".to_owned()])
            .args(program.arguments.iter().map(i64::to_string))
            .stdout(Stdio::null())
            .output()
            .expect("qemu-aarch64 is installed");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        text.trim()
            .parse()
            .unwrap_or_else(|_| panic!("no count: {text}"))
    };
    // The driver's loop around a call is the same for everybody: it is measured with a function
    // that returns at once.
    total(2) - total(1)
}

/// Compiles a program in C with libtcc, and gives the milliseconds of each repetition.
pub fn libtcc(program: &Program, repetitions: u32) -> Vec<f64> {
    let timer = scratch().join("tcc");
    if !timer.exists() {
        let source = folder().join("tcc.c");
        must(
            Command::new("gcc")
                .args(["-O2", "-o"])
                .arg(&timer)
                .arg(source)
                .args(["-ltcc", "-ldl"]),
        );
    }
    let output = Command::new(timer)
        .arg(&program.c)
        .arg(repetitions.to_string())
        .output();
    let text = String::from_utf8(output.expect("libtcc is installed").stdout).expect("numbers");
    text.lines()
        .map(|line| line.parse().expect("milliseconds"))
        .collect()
}
