//! emjay programs whose results come from other systems, in every way in which they can be run.

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use tests::{emulator, is_emulated, root, run, tool};

/// A case of a `manifest.json`.
#[derive(Debug, Clone, Deserialize)]
struct Case {
    name: String,
    file: String,
    args: Vec<String>,
    result: i64,
}

/// The folders below `tests/cases/emjay`: the language without control flow, and all of it.
const FOLDERS: [&str; 2] = ["", "ext/"];

/// Options of `emjay run`.
const WAYS: [&str; 19] = [
    "--target native --opt 0",
    "--target native --opt 1",
    "--target native --opt 2",
    "--target native --opt 2 --no-inline",
    "--target native --opt 2 --calls trampoline",
    "--target aarch64-sim --opt 0",
    "--target aarch64-sim --opt 0 --calls direct",
    "--target aarch64-sim --opt 1",
    "--target aarch64-sim --opt 2",
    "--target aarch64-sim --opt 2 --no-inline",
    "--target aarch64-sim --opt 2 --calls trampoline",
    "--target ulm --opt 0",
    "--target ulm --opt 1",
    "--target ulm --opt 2",
    "--target ulm --opt 2 --no-inline",
    "--target ulm --opt 0 --convention stack",
    "--target ulm --opt 1 --convention stack",
    "--target ulm --opt 2 --convention stack",
    "--target ulm --opt 2 --no-inline --convention stack",
];

/// The same, where the program may be one that the convention has no place for.
const WAYS_OF_SOME: [&str; 5] = [
    "--target ulm --opt 0 --convention leaf",
    "--target ulm --opt 2 --convention leaf",
    "--target ulm --opt 0 --convention inline",
    "--target ulm --opt 1 --convention inline",
    "--target ulm --opt 2 --convention inline",
];

/// What a test process that is emulated itself has the time for.
const FEW_WAYS: [&str; 3] = [
    "--target native --opt 0",
    "--target native --opt 1",
    "--target native --opt 2",
];

fn main() {
    let arguments = Arguments::from_args();
    let ways: &[&'static str] = if is_emulated() { &FEW_WAYS } else { &WAYS };
    let mut trials = Vec::new();
    for folder in FOLDERS {
        let path = root()
            .join("tests/cases/emjay")
            .join(folder)
            .join("manifest.json");
        let manifest = std::fs::read_to_string(path).expect("the manifest is there");
        let cases: Vec<Case> = serde_json::from_str(&manifest).expect("the manifest is JSON");
        for case in cases {
            for &way in ways {
                let case = case.clone();
                let name = name_of(&case, way);
                trials.push(Trial::test(name, move || run_case(&case, folder, way)));
            }
            if !is_emulated() {
                for way in WAYS_OF_SOME {
                    let case = case.clone();
                    let name = name_of(&case, way);
                    trials.push(Trial::test(name, move || run_or_refuse(&case, folder, way)));
                }
            }
            for machine in ["aarch64", "x86-64"] {
                trials.push(executable(&case, folder, machine));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn name_of(case: &Case, way: &str) -> String {
    format!("{}::{}", case.name, way.replace("--", "").replace(' ', "-"))
}

fn run_case(case: &Case, folder: &str, way: &str) -> Result<(), Failed> {
    check(&output_of(case, folder, way), case.result)
}

/// A program that the convention has no place for is refused with a message that says so.
fn run_or_refuse(case: &Case, folder: &str, way: &str) -> Result<(), Failed> {
    let output = output_of(case, folder, way);
    let is_refused = output.status.code() == Some(1) && output.stderr.starts_with(b"error[E04");
    if is_refused && output.stdout.is_empty() {
        return Ok(());
    }
    check(&output, case.result)
}

fn output_of(case: &Case, folder: &str, way: &str) -> std::process::Output {
    let mut command = tool("emjay");
    command
        .arg("run")
        .args(way.split(' '))
        .arg(path(case, folder))
        .args(&case.args);
    run(&mut command, b"")
}

/// A static executable for a machine, run there: on the processor, or in an emulator of it.
fn executable(case: &Case, folder: &'static str, machine: &'static str) -> Trial {
    let name = format!("{}::elf-{machine}", case.name);
    let case = case.clone();
    match emulator(machine) {
        Ok(emulator) => Trial::test(name, move || {
            let scratch = tempfile::tempdir()?;
            let file = scratch.path().join("program");
            let mut command = tool("emjay");
            command
                .args(["emit", "--format", "elf", "--target", machine, "-o"])
                .arg(&file)
                .arg(path(&case, folder));
            let output = run(&mut command, b"");
            if !output.status.success() {
                return Err(format!("{output:?}").into());
            }
            let mut command = match emulator {
                Some(emulator) => {
                    let mut command = std::process::Command::new(emulator);
                    command.arg(&file);
                    command
                }
                None => std::process::Command::new(&file),
            };
            let output = run(command.args(&case.args), b"");
            check(&output, case.result)
        }),
        Err(reason) => Trial::test(format!("{name} ({reason})"), || Ok(())).with_ignored_flag(true),
    }
}

fn path(case: &Case, folder: &str) -> String {
    format!("tests/cases/emjay/{folder}{}", case.file)
}

fn check(output: &std::process::Output, result: i64) -> Result<(), Failed> {
    let printed = String::from_utf8_lossy(&output.stdout);
    let messages = String::from_utf8_lossy(&output.stderr);
    if printed == format!("{result}\n") && messages.is_empty() && output.status.success() {
        return Ok(());
    }
    Err(format!(
        "printed {printed:?}, expected {result}; {}; messages: {messages}",
        output.status
    )
    .into())
}
