//! `emjay run --from-ulm` and `emjay emit --from-ulm`: programs of the ULM by way of the IR.

mod support;

use std::path::{Path, PathBuf};

use codegen::ir::text::parse;
use codegen::ir::verify::verify;
use diagnostics::Sources;
use support::{Result, program, run, run_with_input};
use ulm_isa::Isa;
use ulm_machine::{Engine, Machine, ReferenceEngine, Stop};

/// The targets that run everywhere where these tests do.
const TARGETS: [&str; 2] = ["native", "aarch64-sim"];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The `.s` files of a folder for the built-in machine.
fn sources(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(top().join(folder)).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "s"))
        // It is for a machine of its own.
        .filter(|path| path.file_stem().is_none_or(|stem| stem != "tiny"))
        .collect();
    paths.sort();
    paths
}

/// What a program writes, and its exit status, by the definition of the machine.
fn definition(path: &Path, input: &[u8]) -> (String, i32) {
    let mut sources = Sources::new();
    let text = std::fs::read_to_string(path).expect("it can be read");
    let file = sources.add("test.s", text);
    let image = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
    let mut machine = Machine::new();
    machine
        .load(&image.expect("it has no errors"))
        .expect("it fits");
    machine.feed(input);
    machine.end_input();
    let mut output = Vec::new();
    let mut engine = ReferenceEngine::new(Isa::ulm());
    loop {
        let stop = engine.run(&mut machine, 1 << 20, &mut ());
        output.extend(machine.take_output());
        match stop {
            Stop::Paused => {}
            Stop::Halted(status) => {
                let text = String::from_utf8(output).expect("it is text");
                return (text, status.into());
            }
            _ => panic!("{}: {stop:?}", path.display()),
        }
    }
}

fn runs_as_defined(folder: &str) {
    for path in sources(folder) {
        let mut input = std::fs::read(path.with_extension("in")).unwrap_or_default();
        if path.file_stem().is_some_and(|stem| stem == "func03") {
            input = b"1234567890123\n".to_vec();
        }
        let (output, status) = definition(&path, &input);
        let name = path.to_str().expect("its name is text");
        for target in TARGETS {
            let words = ["run", "--target", target, "--from-ulm", name];
            let result = run_with_input(&words, &input);
            assert_eq!(result.stderr, "", "{name} {target}");
            assert_eq!(result.stdout, output, "{name} {target}");
            assert_eq!(result.status, status, "{name} {target}");
        }
    }
}

#[test]
fn the_examples_run_as_defined() {
    runs_as_defined("examples");
}

#[test]
fn the_cases_of_other_systems_run_as_defined() {
    runs_as_defined("tests/cases/ulm");
}

/// The path of a program for the ULM.
fn ulm_program(name: &str, text: &str) -> String {
    let path = program(&format!("from_ulm_{name}.s"), text);
    path.to_str().expect("its name is text").to_owned()
}

#[test]
fn a_trap_is_told_as_ulm_tells_it() {
    let path = ulm_program(
        "trap",
        "start:\n    ldzwq 1, %1\n    divq %0, %1, %2\n    halt 0\n",
    );
    for target in TARGETS {
        let result = run(&["run", "--target", target, "--from-ulm", &path]);
        assert_eq!(result.status, 125);
        let expected = format!(
            "error[T0102]: division by zero\n --> {path}:3:5\n  |\n3 |     divq %0, %1, %2\n  \
             |     ^^^^^^^^^^^^^^^ %1 = 1, %2 = 0\n"
        );
        assert!(result.stderr.starts_with(&expected), "{}", result.stderr);
    }
}

#[test]
fn a_limit_counts_the_programs_instructions() {
    let path = ulm_program("loop", "loop:\n    addq 1, %1, %1\n    jmp loop\n");
    for target in TARGETS {
        let words = ["run", "--target", target, "--limit", "1001", "--from-ulm"];
        let result = run(&[&words[..], &[&path]].concat());
        assert_eq!(result.status, 124);
        let title = "error[T0201]: the limit of 1,001 instructions is reached\n";
        assert!(result.stderr.starts_with(title), "{}", result.stderr);
        assert!(result.stderr.contains("jmp loop"), "{}", result.stderr);
    }
}

const COUNTDOWN: &str = "\
    ldzwq 3, %count
    .equ count, 1
loop:
    putc '0'
    subq 1, %count, %count
    jnz loop
    halt 0
";

fn emit(words: &[&str]) -> Result {
    let path = ulm_program("countdown", COUNTDOWN);
    run(&[&["emit"], words, &["--from-ulm", &path]].concat())
}

#[test]
fn the_ir_stands_beside_the_instructions_that_it_comes_from() {
    for stage in ["ir", "ir-final"] {
        let result = emit(&["--stage", stage, "--target", "aarch64"]);
        assert_eq!((result.status, &*result.stderr), (0, ""));
        assert!(result.stdout.starts_with("fn ulm_0 - #args: 1"), "{stage}");
        for comment in ["// 0x0004  putc '0'", "// 0x0008  subq 1, %count, %count"] {
            assert!(
                result.stdout.contains(comment),
                "{stage}:\n{}",
                result.stdout
            );
        }
    }
}

#[test]
fn the_ir_can_be_read_back() {
    for stage in ["ir", "ir-final"] {
        let text = emit(&["--stage", stage]).stdout;
        let module = parse(&text).expect("it is the text of a module");
        verify(&module).expect("it is a module that makes sense");
    }
}

#[test]
fn functions_have_the_names_of_labels() {
    let path = ulm_program("names", "start:\n    putc 'a'\n    halt 0\n");
    let text = run(&["emit", "--stage", "ir", "--from-ulm", &path]).stdout;
    assert!(text.starts_with("fn start - "), "{text}");
}

#[test]
fn native_code_is_written_as_text_and_as_bytes() {
    for (target, instruction) in [("aarch64", "ldr  x"), ("x86-64", "mov ")] {
        let assembly = emit(&["--target", target]);
        assert_eq!(assembly.status, 0);
        assert!(
            assembly.stdout.starts_with("ulm_0:\n"),
            "{}",
            assembly.stdout
        );
        assert!(assembly.stdout.contains(instruction), "{}", assembly.stdout);
        assert!(
            assembly.stdout.contains(" 0x0004  putc '0'\n"),
            "{}",
            assembly.stdout
        );
        let bytes = emit(&["--target", target, "--format", "bytes"]);
        assert_eq!(bytes.status, 0);
        assert!(
            bytes.stdout.starts_with("ulm_0:\n     0:  "),
            "{}",
            bytes.stdout
        );
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let path = ulm_program("refused", "    halt 0\n");
    let lines: [(&[&str], &str); 8] = [
        (&["run", "--from-ulm", &path, "3"], "takes no arguments"),
        (
            &["run", "--target", "ulm", "--from-ulm", &path],
            "with `ulm`",
        ),
        (&["run", "--opt", "1", "--from-ulm", &path], "--opt"),
        (
            &["emit", "--stage", "ast", "--from-ulm", &path],
            "`ir-final`",
        ),
        (
            &["emit", "--stage", "no", "--from-ulm", &path],
            "invalid value",
        ),
        (
            &["emit", "--target", "ulm", "--from-ulm", &path],
            "`ulm disasm`",
        ),
        (
            &["emit", "--format", "elf", "--from-ulm", &path],
            "in emjay",
        ),
        (&["emit", "-o", &path, "--from-ulm", &path], "would replace"),
    ];
    for (words, part) in lines {
        let result = run(words);
        assert_eq!(result.status, 2, "{words:?}");
        assert!(result.stderr.contains(part), "{words:?}: {}", result.stderr);
        assert_eq!(result.stdout, "");
    }
}

#[test]
fn what_is_no_program_is_said_as_ulm_says_it() {
    for command in ["run", "emit"] {
        let result = run(&[command, "--from-ulm", "Cargo.toml"]);
        assert_eq!(result.status, 126);
        assert!(
            result.stderr.starts_with("error[U0602]: "),
            "{}",
            result.stderr
        );
        let result = run(&[command, "--from-ulm", "nothing"]);
        assert_eq!(result.status, 126);
        let path = ulm_program("wrong", "    hlt 0\n");
        let result = run(&[command, "--from-ulm", &path]);
        assert_eq!(result.status, 1);
    }
}
