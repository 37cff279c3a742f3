//! Executables for Linux: they are run, on this machine or under an emulator. What can't be run here
//! is reported as ignored, with the reason.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use codegen::elf::{self, ElfError, Messages, Options, Report};
use codegen::execution::Activation;
use codegen::ir::{FunctionId, Module, text};
use codegen::link::{self, Architecture, StackChecks};
use codegen::machine::{Calls, CodeUnit};
use codegen::passes::stack_checks;
use codegen::{aarch64, x86_64};
use libtest_mimic::{Arguments, Failed, Trial};

/// A way to make executables, and the words that start one here.
#[derive(Debug, Clone)]
struct Setting {
    architecture: Architecture,
    calls: Calls,
    checks: StackChecks,
    runner: Vec<String>,
}

type Test = fn(&Setting) -> Result<(), Failed>;

const TESTS: [(&str, Test); 13] = [
    ("the_result_is_printed", the_result_is_printed),
    (
        "every_number_can_be_an_argument",
        every_number_can_be_an_argument,
    ),
    (
        "what_is_not_a_number_is_refused",
        what_is_not_a_number_is_refused,
    ),
    (
        "a_wrong_number_of_arguments_is_refused",
        a_wrong_number_of_arguments_is_refused,
    ),
    ("twelve_arguments_arrive", twelve_arguments_arrive),
    ("input_comes_out_as_output", input_comes_out_as_output),
    (
        "reading_on_and_on_past_the_end_stops",
        reading_on_and_on_past_the_end_stops,
    ),
    (
        "the_end_of_the_input_is_minus_one",
        the_end_of_the_input_is_minus_one,
    ),
    (
        "an_exit_says_where_after_the_output",
        an_exit_says_where_after_the_output,
    ),
    (
        "each_exit_has_its_own_message",
        each_exit_has_its_own_message,
    ),
    (
        "endless_recursion_exhausts_the_stack",
        endless_recursion_exhausts_the_stack,
    ),
    (
        "deep_recursion_fits_into_a_large_stack",
        deep_recursion_fits_into_a_large_stack,
    ),
    (
        "a_stack_that_is_surely_too_small_is_refused",
        a_stack_that_is_surely_too_small_is_refused,
    ),
];

const ERRORS: [(&str, Test); 3] = [
    (
        "an_import_that_executables_lack_is_an_error",
        an_import_that_executables_lack_is_an_error,
    ),
    (
        "a_function_without_code_is_an_error",
        a_function_without_code_is_an_error,
    ),
    (
        "a_stack_beyond_the_address_space_is_an_error",
        a_stack_beyond_the_address_space_is_an_error,
    ),
];

fn main() {
    let mut arguments = Arguments::from_args();
    // A file that another thread has open for writing when it starts a program can't be executed.
    arguments.test_threads = Some(1);
    let mut trials = Vec::new();
    for architecture in [Architecture::Aarch64, Architecture::X86_64] {
        let runner = runner(architecture);
        for (calls, checks) in [
            (Calls::Direct, StackChecks::InFunctions),
            (Calls::Trampoline, StackChecks::InTrampoline),
        ] {
            let setting = Setting {
                architecture,
                calls,
                checks,
                runner: runner.clone().unwrap_or_default(),
            };
            for (name, test) in TESTS {
                trials.push(match runner {
                    Some(_) => trial(name, test, &setting),
                    None => trial(name, test, &setting)
                        .with_kind("no such machine, no emulator")
                        .with_ignored_flag(true),
                });
            }
            trials.extend(ERRORS.map(|(name, test)| trial(name, test, &setting)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, test: Test, setting: &Setting) -> Trial {
    let name = format!("{name}::{:?}::{:?}", setting.architecture, setting.calls);
    let setting = setting.clone();
    Trial::test(name, move || test(&setting))
}

/// What starts executables of a machine here; `None` if nothing does.
fn runner(architecture: Architecture) -> Option<Vec<String>> {
    if cfg!(target_os = "linux") && Architecture::of_this_machine() == Some(architecture) {
        // These tests may themselves run under an emulator; cargo has been told which.
        let name = match architecture {
            Architecture::Aarch64 => "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
            Architecture::X86_64 => "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
        };
        let words = std::env::var(name).unwrap_or_default();
        return Some(words.split_whitespace().map(String::from).collect());
    }
    let emulator = match architecture {
        Architecture::Aarch64 => "qemu-aarch64",
        Architecture::X86_64 => "qemu-x86_64",
    };
    let asked = Command::new(emulator).arg("--version").output();
    asked.is_ok().then(|| vec![emulator.to_owned()])
}

/// Messages that say what they are about.
struct Plain;

impl Messages for Plain {
    fn exit(&self, reason: u32, activation: Activation) -> Report {
        report(&format!("exit {reason} in {}", activation.function.0), 125)
    }

    fn exhausted(&self) -> Report {
        report("exit 3", 125)
    }

    fn input_ended(&self) -> Report {
        report("input", 124)
    }

    fn wrong_arguments(&self) -> Report {
        report("arguments", 2)
    }

    fn not_a_number(&self) -> Report {
        report("number", 2)
    }
}

fn report(text: &str, status: u8) -> Report {
    let text = format!("{text}\n").into_bytes();
    Report { text, status }
}

impl Setting {
    fn options(&self, stack: u64) -> Options {
        Options {
            link: link::Options {
                architecture: self.architecture,
                calls: self.calls,
                checks: self.checks,
                exhausted: 3,
            },
            stack,
        }
    }

    fn unit(&self, module: &Module, id: u32) -> CodeUnit {
        let (id, calls) = (FunctionId(id), self.calls);
        match self.architecture {
            Architecture::Aarch64 => {
                let options = aarch64::Options { calls };
                aarch64::encode(&aarch64::generate(module, id, &options))
            }
            Architecture::X86_64 => {
                let options = x86_64::Options { calls };
                x86_64::encode(&x86_64::generate(module, id, &options))
            }
        }
    }

    /// An executable that runs `main`.
    fn executable(&self, source: &str, stack: u64) -> Result<Vec<u8>, ElfError> {
        let mut module = text::parse(source).expect("the program parses");
        if self.checks == StackChecks::InFunctions {
            stack_checks::insert(&mut module, 3);
        }
        let main = module.find("main").expect("there is a main");
        let units = (0..module.functions.len() as u32)
            .map(|id| self.unit(&module, id))
            .collect();
        elf::write(&module, units, main, &self.options(stack), &Plain)
    }

    fn run_with_stack(&self, source: &str, arguments: &[&str], input: &[u8], stack: u64) -> Ended {
        let executable = self.executable(source, stack).expect("it links");
        let mut file = tempfile::NamedTempFile::new().expect("there are temporary files");
        file.write_all(&executable).expect("there is room");
        let mode = std::fs::Permissions::from_mode(0o755);
        file.as_file().set_permissions(mode).expect("it is ours");
        let path = file.into_temp_path();
        run(&self.command(&path, arguments), input)
    }

    fn run(&self, source: &str, arguments: &[&str], input: &[u8]) -> Ended {
        self.run_with_stack(source, arguments, input, 1 << 20)
    }

    /// The words of the command.
    fn command(&self, path: &Path, arguments: &[&str]) -> Vec<String> {
        let mut words = self.runner.clone();
        words.push(path.to_str().expect("the path is text").to_owned());
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        words
    }
}

/// What a process has written, and its status.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    output: String,
    errors: String,
    status: Option<i32>,
}

fn ended(output: &str, errors: &str, status: i32) -> Ended {
    Ended {
        output: output.to_owned(),
        errors: errors.to_owned(),
        status: Some(status),
    }
}

fn run(words: &[String], input: &[u8]) -> Ended {
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("there is a pipe");
    let input = input.to_vec();
    // A program may end without reading all of it.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    Ended {
        output: String::from_utf8_lossy(&stdout).into_owned(),
        errors: String::from_utf8_lossy(&stderr).into_owned(),
        status: status.code(),
    }
}

fn check<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    Err(format!("found {found:?}, expected {expected:?}").into())
}

/// Returns its first argument.
const SAME: &str = "\
fn main - #args: 1, #reg: 1 {
    mva  @r0, a0
    ret  r0
}
";

/// Writes what it reads; returns the number of bytes.
const ECHO: &str = "\
import getc/0
import putc/1

fn main - #args: 0, #reg: 9 {
b0():
    mvi  @r0, 0
    mvi  @r1, 1
    jmp  b1(r0)
b1(@r2):
    call @r3, getc() or exit 2()
    lt   @r4, r3, r0
    br   r4, b2(), b3()
b2():
    ret  r2
b3():
    call @r5, putc(r3) or exit 2()
    add  @r6, r2, r1
    jmp  b1(r6)
}
";

/// Writes `A` and divides the two arguments, the quotient by the second again in another function.
const DIVIDE: &str = "\
import putc/1

fn main - #args: 2, #reg: 6 {
    mvi  @r0, 65
    call @r1, putc(r0) or exit 2()
    mva  @r2, a0
    mva  @r3, a1
    div  @r4, r2, r3 or exit 0(r2)
    call @r5, again:1(r4, r3)
    ret  r5
}

fn again - #args: 2, #reg: 5 {
    mva  @r0, a0
    mva  @r1, a1
    mvi  @r2, 7
    sub  @r3, r1, r2
    mod  @r4, r0, r3 or exit 1(r0)
    ret  r4
}
";

/// Calls itself as often as its argument says, minus one; for a negative one for ever.
const DOWN: &str = "\
fn main - #args: 1, #reg: 5 {
b0():
    mva  @r0, a0
    br   r0, b1(), b2()
b1():
    mvi  @r1, 1
    sub  @r2, r0, r1
    call @r3, main:0(r2)
    add  @r4, r3, r1
    ret  r4
b2():
    ret  r0
}
";

fn the_result_is_printed(setting: &Setting) -> Result<(), Failed> {
    check(&setting.run(SAME, &["42"], b""), &ended("42\n", "", 0))
}

fn every_number_can_be_an_argument(setting: &Setting) -> Result<(), Failed> {
    for number in [
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "1000000000000000000",
    ] {
        let found = setting.run(SAME, &[number], b"");
        check(&found, &ended(&format!("{number}\n"), "", 0))?;
    }
    for (word, number) in [
        ("0012", "12"),
        ("0x10", "16"),
        ("-0xfF", "-255"),
        ("0X7fffffffffffffff", "9223372036854775807"),
        ("-0x8000000000000000", "-9223372036854775808"),
    ] {
        let found = setting.run(SAME, &[word], b"");
        check(&found, &ended(&format!("{number}\n"), "", 0))?;
    }
    Ok(())
}

fn what_is_not_a_number_is_refused(setting: &Setting) -> Result<(), Failed> {
    for word in [
        "",
        "-",
        "+5",
        "x",
        "0x",
        "0xg",
        "0x@",
        "0x-5",
        "00x5",
        "1a",
        "0x8000000000000000",
        "-0x8000000000000001",
        "12x",
        "--5",
        " 1",
        "1.0",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        check(&setting.run(SAME, &[word], b""), &ended("", "number\n", 2))?;
    }
    Ok(())
}

fn a_wrong_number_of_arguments_is_refused(setting: &Setting) -> Result<(), Failed> {
    let expected = ended("", "arguments\n", 2);
    check(&setting.run(SAME, &[], b""), &expected)?;
    check(&setting.run(SAME, &["1", "2"], b""), &expected)
}

fn twelve_arguments_arrive(setting: &Setting) -> Result<(), Failed> {
    // 3·a0 + 3²·a1 + … as ((a11·3 + a10)·3 + …)·3
    let mut program = String::from("fn main - #args: 12, #reg: 100 {\n    mvi @r0, 3\n");
    program.push_str("    mvi @r1, 0\n");
    let mut sum = 1;
    for index in (0..12).rev() {
        let argument = sum + 1;
        program.push_str(&format!("    mva @r{argument}, a{index}\n"));
        program.push_str(&format!("    add @r{}, r{sum}, r{argument}\n", sum + 2));
        program.push_str(&format!("    mul @r{}, r{}, r0\n", sum + 3, sum + 2));
        sum += 3;
    }
    program.push_str(&format!("    ret r{sum}\n}}\n"));
    let words = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    ];
    let expected: i64 = (1..=12).map(|n| i64::from(n) * 3_i64.pow(n as u32)).sum();
    let found = setting.run(&program, &words, b"");
    check(&found, &ended(&format!("{expected}\n"), "", 0))
}

fn input_comes_out_as_output(setting: &Setting) -> Result<(), Failed> {
    // More than both buffers hold.
    let input: String = (0..40_000).map(|n| format!("{n} ")).collect();
    let found = setting.run(ECHO, &[], input.as_bytes());
    let expected = format!("{input}{}\n", input.len());
    check(&found, &ended(&expected, "", 0))
}

fn reading_on_and_on_past_the_end_stops(setting: &Setting) -> Result<(), Failed> {
    let program = "\
import getc/0
import putc/1

fn main - #args: 0, #reg: 3 {
b0():
    mvi  @r0, 66
    call @r1, putc(r0) or exit 2()
    jmp  b1()
b1():
    call @r2, getc() or exit 2()
    jmp  b1()
}
";
    let found = setting.run(program, &[], b"some input");
    check(&found, &ended("B", "input\n", 124))
}

fn the_end_of_the_input_is_minus_one(setting: &Setting) -> Result<(), Failed> {
    let program = "\
import getc/0

fn main - #args: 0, #reg: 4 {
    call @r0, getc() or exit 2()
    call @r1, getc() or exit 2()
    call @r2, getc() or exit 2()
    add  @r3, r0, r2
    ret  r3
}
";
    check(&setting.run(program, &[], b"A"), &ended("64\n", "", 0))
}

fn an_exit_says_where_after_the_output(setting: &Setting) -> Result<(), Failed> {
    let found = setting.run(DIVIDE, &["5", "0"], b"");
    check(&found, &ended("A", "exit 0 in 0\n", 125))
}

fn each_exit_has_its_own_message(setting: &Setting) -> Result<(), Failed> {
    let found = setting.run(DIVIDE, &["5", "7"], b"");
    check(&found, &ended("A", "exit 1 in 1\n", 125))?;
    let found = setting.run(DIVIDE, &["50", "10"], b"");
    check(&found, &ended("A2\n", "", 0))
}

fn endless_recursion_exhausts_the_stack(setting: &Setting) -> Result<(), Failed> {
    let found = setting.run(DOWN, &["-1"], b"");
    let message = match setting.checks {
        StackChecks::InFunctions => "exit 3 in 0\n",
        StackChecks::InTrampoline => "exit 3\n",
    };
    check(&found, &ended("", message, 125))
}

fn deep_recursion_fits_into_a_large_stack(setting: &Setting) -> Result<(), Failed> {
    let found = setting.run_with_stack(DOWN, &["1000000"], b"", 64 << 20);
    check(&found, &ended("1000000\n", "", 0))
}

fn a_stack_that_is_surely_too_small_is_refused(setting: &Setting) -> Result<(), Failed> {
    let found = setting.run_with_stack(DIVIDE, &["5", "1"], b"", 8);
    check(&found, &ended("", "exit 3\n", 125))
}

fn an_import_that_executables_lack_is_an_error(setting: &Setting) -> Result<(), Failed> {
    let source = format!("import rand/0\n\n{SAME}");
    let found = setting.executable(&source, 4096);
    check(&found.err(), &Some(ElfError::UnknownImport("rand".into())))
}

fn a_function_without_code_is_an_error(setting: &Setting) -> Result<(), Failed> {
    let module = text::parse(SAME).expect("it parses");
    let main = FunctionId(0);
    let found = elf::write(&module, Vec::new(), main, &setting.options(4096), &Plain);
    check(&found.err(), &Some(ElfError::NoCode(main)))
}

fn a_stack_beyond_the_address_space_is_an_error(setting: &Setting) -> Result<(), Failed> {
    let found = setting.executable(SAME, 1 << 50);
    check(&found.err(), &Some(ElfError::StackTooLarge(1 << 50)))
}
