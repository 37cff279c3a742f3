//! Programs whose results come from other systems: image, output, exit status and number of
//! executed instructions must be the same, on every engine.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tests::{root, run, tool};

/// A case of `tests/cases/ulm/manifest.json`.
#[derive(Debug, Clone, Deserialize)]
struct Case {
    name: String,
    file: String,
    stdin: Option<String>,
    /// Base64.
    stdout: String,
    exit: i32,
    instructions: Option<u64>,
    /// Over each byte of text and data with its address.
    sha256: Option<String>,
}

fn directory() -> std::path::PathBuf {
    root().join("tests/cases/ulm")
}

fn main() {
    let arguments = Arguments::from_args();
    let manifest =
        std::fs::read_to_string(directory().join("manifest.json")).expect("the manifest is there");
    let cases: Vec<Case> = serde_json::from_str(&manifest).expect("the manifest is JSON");
    let mut trials = Vec::new();
    for case in cases {
        for engine in ["reference", "fast", "jit"] {
            let case = case.clone();
            let name = format!("{}::{engine}", case.name);
            trials.push(Trial::test(name, move || run_case(&case, engine)));
        }
        if case.sha256.is_some() {
            let name = format!("{}::image", case.name);
            trials.push(Trial::test(name, move || check_image(&case)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, expected {expected:?}").into())
}

fn run_case(case: &Case, engine: &str) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let report = scratch.path().join("report.json");
    let mut command = tool("ulm");
    command
        .args(["--engine", engine])
        .arg(format!("--report=json={}", report.display()))
        .arg(directory().join(&case.file));
    let input = match &case.stdin {
        Some(file) => std::fs::read(directory().join(file))?,
        None => Vec::new(),
    };
    let output = run(&mut command, &input);
    let expected = base64::engine::general_purpose::STANDARD.decode(&case.stdout)?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    check("messages", &stderr.as_str(), &"")?;
    check("output", &output.stdout, &expected)?;
    check("exit status", &output.status.code(), &Some(case.exit))?;
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    check("outcome", &report["outcome"].as_str(), &Some("halted"))?;
    if case.instructions.is_some() {
        check(
            "instructions",
            &report["instructions"].as_u64(),
            &case.instructions,
        )?;
    }
    Ok(())
}

fn check_image(case: &Case) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let image = scratch.path().join("image");
    let mut command = tool("ulmas");
    command
        .arg("-o")
        .arg(&image)
        .arg(directory().join(&case.file));
    let output = run(&mut command, b"");
    check("exit status", &output.status.code(), &Some(0))?;
    check("digest", &Some(digest(&image)?), &case.sha256)
}

/// The digest of the bytes of an image: of each its address, 8 bytes big endian, and itself.
fn digest(image: &Path) -> Result<String, Failed> {
    let mut digest = Sha256::new();
    let mut in_bytes = false;
    for line in std::fs::read_to_string(image)?.lines() {
        if line.starts_with('#') {
            in_bytes = line.starts_with("#TEXT") || line.starts_with("#DATA");
        } else if in_bytes {
            let (address, rest) = line.split_once(':').ok_or("a row has an address")?;
            let start = u64::from_str_radix(address.trim_start_matches("0x"), 16)?;
            let bytes = rest.split('#').next().unwrap_or("").split_whitespace();
            for (address, byte) in (start..).zip(bytes) {
                digest.update(address.to_be_bytes());
                digest.update([u8::from_str_radix(byte, 16)?]);
            }
        }
    }
    let bytes = digest.finalize();
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
