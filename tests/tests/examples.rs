//! The example programs: what they print is in `tests/golden/examples`, whatever registers and
//! `.bss` hold at the start, and they are free of warnings.

use std::io::Write as _;
use std::path::Path;

use goldenfile::Mint;
use libtest_mimic::{Arguments, Failed, Trial};
use tests::{root, run, tool};

/// The programs with the input that they are run with.
const PROGRAMS: &[(&str, &str)] = &[
    ("bignum", ""),
    ("echo", "one line\nand another, without an end"),
    ("factorial", ""),
    ("fib", ""),
    ("flags", ""),
    ("func01", ""),
    ("func02", ""),
    ("func03", "1234567890123\n"),
    ("gcd", ""),
    ("hello", ""),
    ("selfmod", ""),
    ("sieve", ""),
    ("sort", ""),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("every example has a test", every_example_is_listed),
        Trial::test("func01 prints what the course shows", || {
            prints("func01", "", "hello, world!\nhello, world!\n")
        }),
        Trial::test("func02 greets in three languages", || {
            prints("func02", "", "hello, world!\nHallo Welt!🍺\n你好,世界\n")
        }),
        Trial::test("func03 gives the number back", || {
            prints(
                "func03",
                "1234567890123\n",
                "Type in some unsigned integer (that fits in 64 bits): \
                 You typed in: 1234567890123\nbye!\n",
            )
        }),
        Trial::test(
            "func03 without input stops instead of hanging",
            func03_without_input,
        ),
        Trial::test("tiny runs on its own machine", || {
            golden("tiny", &["--isa", "examples/tiny.isa"], "")
        }),
        Trial::test("tiny::randomized", || {
            ignores_what_it_starts_with("tiny", &["--isa", "examples/tiny.isa"], "")
        }),
        Trial::test("tiny has no warning", || {
            has_no_warning("tiny", &["--isa", "examples/tiny.isa"])
        }),
    ];
    for &(name, input) in PROGRAMS {
        for engine in ["reference", "fast", "jit"] {
            trials.push(Trial::test(format!("{name}::{engine}"), move || {
                golden(name, &["--engine", engine], input)
            }));
        }
        trials.push(Trial::test(format!("{name}::randomized"), move || {
            ignores_what_it_starts_with(name, &[], input)
        }));
        trials.push(Trial::test(format!("{name}::warnings"), move || {
            has_no_warning(name, &[])
        }));
        trials.push(Trial::test(format!("{name}::disassembled"), move || {
            comes_back(name)
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn source(name: &str) -> String {
    format!("examples/{name}.s")
}

fn every_example_is_listed() -> Result<(), Failed> {
    for entry in std::fs::read_dir(root().join("examples"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "s") {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name != "tiny" && !PROGRAMS.iter().any(|(listed, _)| *listed == name) {
                return Err(format!("{name} is not listed").into());
            }
        }
    }
    Ok(())
}

fn output_of(name: &str, options: &[&str], input: &str) -> Result<String, Failed> {
    let output = run(
        tool("ulm").args(options).arg(source(name)),
        input.as_bytes(),
    );
    if output.status.code() != Some(0) {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("status {:?}\n{message}", output.status.code()).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn prints(name: &str, input: &str, expected: &str) -> Result<(), Failed> {
    let found = output_of(name, &[], input)?;
    if found == expected {
        Ok(())
    } else {
        Err(format!("it prints {found:?}").into())
    }
}

fn golden(name: &str, options: &[&str], input: &str) -> Result<(), Failed> {
    let text = output_of(name, options, input)?;
    let mut mint = Mint::new(root().join("tests/golden/examples"));
    mint.new_goldenfile(format!("{name}.out"))?
        .write_all(text.as_bytes())?;
    Ok(())
}

/// Random registers and random bytes in `.bss` change nothing: a program that teaches puts a zero
/// where it needs one.
fn ignores_what_it_starts_with(name: &str, options: &[&str], input: &str) -> Result<(), Failed> {
    let plain = output_of(name, options, input)?;
    for randomize in ["--randomize=1", "--randomize=2", "--randomize=3"] {
        let found = output_of(name, &[options, &[randomize]].concat(), input)?;
        if found != plain {
            return Err(format!("{randomize} makes it print {found:?}").into());
        }
    }
    Ok(())
}

fn func03_without_input() -> Result<(), Failed> {
    let output = run(tool("ulm").arg(source("func03")), b"");
    if output.status.code() != Some(124) {
        return Err(format!("status {:?}", output.status.code()).into());
    }
    if output.stdout != b"Type in some unsigned integer (that fits in 64 bits): " {
        return Err("the question was lost".into());
    }
    Ok(())
}

fn assembled(path: &Path, options: &[&str], image: &Path) -> Result<(), Failed> {
    let output = run(
        tool("ulmas").args(options).arg("-o").arg(image).arg(path),
        b"",
    );
    if output.status.success() && output.stderr.is_empty() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

fn has_no_warning(name: &str, options: &[&str]) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    assembled(
        Path::new(&source(name)),
        options,
        &scratch.path().join("image"),
    )
}

/// The bytes of an image with their addresses.
fn rows(image: &Path) -> Result<Vec<String>, Failed> {
    Ok(std::fs::read_to_string(image)?
        .lines()
        .take_while(|line| *line != "#SYMTAB")
        .skip(1)
        .map(|line| {
            if line.starts_with("0x") {
                line.split('#').next().unwrap_or("")
            } else {
                line
            }
        })
        .flat_map(|line| {
            // Rows may be cut otherwise: a byte and its address at a time.
            match line.split_once(':') {
                None => vec![line.to_owned()],
                Some((address, bytes)) => {
                    let start = u64::from_str_radix(address.trim_start_matches("0x"), 16);
                    let start = start.unwrap_or(u64::MAX);
                    let bytes = bytes.split_whitespace().enumerate();
                    bytes
                        .map(|(i, byte)| format!("{}:{byte}", start + i as u64))
                        .collect()
                }
            }
        })
        .collect())
}

fn comes_back(name: &str) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let (first, second) = (scratch.path().join("first"), scratch.path().join("second"));
    let text = scratch.path().join("again.s");
    assembled(Path::new(&source(name)), &[], &first)?;
    let output = run(tool("ulm").arg("disasm").arg(&first), b"");
    std::fs::write(&text, &output.stdout)?;
    let result = run(tool("ulmas").arg("-o").arg(&second).arg(&text), b"");
    if !result.status.success() {
        return Err(String::from_utf8_lossy(&result.stderr).into_owned().into());
    }
    if rows(&first)? == rows(&second)? {
        Ok(())
    } else {
        Err("the images differ".into())
    }
}
