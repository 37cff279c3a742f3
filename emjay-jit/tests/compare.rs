//! `emjay compare` as its users see it, and whole reports of three programs beside what they are
//! expected to be.
//!
//! `UPDATE_GOLDENFILES=1 cargo test -p emjay-jit --test compare` writes the expected files anew.

mod support;

use std::io::Write;
use std::path::Path;

use diagnostics::{Appearance, Sources};
use emjay_jit::compare::text::{self, Options};
use emjay_jit::compare::{Report, Request, compare, json, markdown};
use support::{Result, emjay, program, run, run_with_input};

// ---- reports ----

/// The report of an example, for columns that are the same on every host.
fn report_of(name: &str, columns: &str, arguments: &[i64]) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/{name}.emjay"));
    let bytes = std::fs::read(path).expect("the example is there");
    let mut sources = Sources::new();
    let file = sources.add_bytes(format!("{name}.emjay"), bytes);
    let program = emjay_jit::compile(&sources, file, emjay_jit::Options::default());
    let columns = columns.split(',').map(str::parse);
    let request = Request {
        columns: columns
            .collect::<std::result::Result<_, _>>()
            .expect("they are there"),
        arguments: arguments.to_vec(),
        ..Request::default()
    };
    let module = program.expect("it is right").module;
    compare(&sources, file, &module, &request).expect("it can be compared")
}

fn plain(report: &Report, width: usize) -> String {
    let appearance = Appearance::Plain;
    text::render(report, &Options { width, appearance })
}

#[test]
fn reports_are_as_they_are_expected_to_be() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compare");
    let mut mint = goldenfile::Mint::new(folder);
    let mut expect = |name: String, text: String| {
        let mut file = mint.new_goldenfile(name).expect("it can be made");
        file.write_all(text.as_bytes()).expect("it can be written");
    };
    let programs: [(&str, &str, &[i64]); 3] = [
        ("blog", "aarch64,aarch64:baseline,ulm:leaf,ulm:stack", &[]),
        ("calls", "aarch64,aarch64:baseline,ulm", &[]),
        ("fib", "aarch64,ulm", &[5]),
    ];
    for (name, columns, arguments) in programs {
        let report = report_of(name, columns, arguments);
        expect(format!("{name}-80.txt"), plain(&report, 80));
        expect(format!("{name}-160.txt"), plain(&report, 160));
        expect(format!("{name}.md"), markdown::render(&report));
        let report = report_of(name, "aarch64,ulm", arguments);
        expect(format!("{name}.json"), json::render(&report));
    }
}

// ---- the command ----

#[test]
fn columns_that_agree_end_with_status_0() {
    let Result {
        status,
        stdout,
        stderr,
    } = run(&["compare", "examples/gcd.emjay", "12", "-18"]);
    assert_eq!((status, &*stderr), (0, ""));
    assert!(
        stdout.starts_with("examples/gcd.emjay: main(12, -18)  --opt 2"),
        "{stdout}"
    );
    assert!(
        stdout.ends_with("\nAll columns agree: main returned 6.\n"),
        "{stdout}"
    );
}

#[test]
fn columns_that_end_with_the_same_error_agree() {
    let text = "fn main() {\n    return 1 / 0;\n}\n";
    let path = program("compare_division.emjay", text);
    let result = run(&["compare", path.to_str().expect("its name is text")]);
    assert_eq!(result.status, 0, "{}", result.stderr);
    let end = " E0301: division by zero, line 2.\n";
    assert!(result.stdout.ends_with(end), "{}", result.stdout);
}

#[test]
fn columns_that_a_limit_stopped_all_end_with_status_124() {
    let text = "fn main() { putc(72); let n = 100; while n { n = n - 1; } return n; }";
    let path = program("compare_limit.emjay", text);
    let name = path.to_str().expect("its name is text");
    let stopped = run(&["compare", "--opt", "0", "--limit", "50", name]);
    assert_eq!(stopped.status, 124);
    let verdict = "\nA limit stopped every column that ran; what they wrote agrees for 1 byte.\n";
    assert!(stopped.stdout.contains(verdict), "{}", stopped.stdout);
    assert!(
        stopped.stderr.contains("a limit stopped every column"),
        "{}",
        stopped.stderr
    );
}

#[test]
fn a_limit_that_stopped_only_some_columns_is_a_note() {
    let text = "fn main() { let n = 1000; while n { n = n - 1; } return n; }";
    let path = program("compare_limit_of_one.emjay", text);
    let name = path.to_str().expect("its name is text");
    let columns = "aarch64,aarch64:baseline";
    let result = run(&["compare", "--columns", columns, "--limit", "4000", name]);
    assert_eq!((result.status, &*result.stderr), (0, ""));
    let note = "`aarch64:baseline`: the limit of instructions is reached; it is compared as far";
    assert!(result.stdout.contains(note), "{}", result.stdout);
    let verdict = "\nAll columns agree: they do the same as far as they got.\n";
    assert!(result.stdout.contains(verdict), "{}", result.stdout);
}

#[test]
fn a_byte_that_the_ulm_can_t_read_is_named_in_the_verdict() {
    let text = "fn main() { let n = 0; while getc() != -1 { n = n + 1; } return n; }";
    let path = program("compare_byte.emjay", text);
    let name = path.to_str().expect("its name is text");
    let result = run_with_input(&["compare", name], b"a\xffb");
    assert_eq!((result.status, &*result.stderr), (0, ""));
    let verdict = "\nThe columns agree but for the byte 255, which the ULM takes for the end.\n";
    assert!(result.stdout.contains(verdict), "{}", result.stdout);
    assert!(!result.stdout.contains("as far as"), "{}", result.stdout);
}

#[test]
fn errors_of_the_source_end_with_status_1() {
    let path = program("compare_errors.emjay", "fn main() { return x; }");
    let result = run(&["compare", path.to_str().expect("its name is text")]);
    assert_eq!((result.status, &*result.stdout), (1, ""));
    assert!(
        result.stderr.starts_with("error[E0201]"),
        "{}",
        result.stderr
    );
}

#[test]
fn a_column_that_can_t_have_the_program_is_an_error_that_names_the_call() {
    let result = run(&[
        "compare",
        "--columns",
        "ulm:leaf",
        "examples/fib.emjay",
        "5",
    ]);
    assert_eq!((result.status, &*result.stdout), (1, ""));
    assert!(result.stderr.contains("fib(n - 1)"), "{}", result.stderr);
}

#[test]
fn an_unknown_column_is_a_wrong_command_line() {
    let result = run(&[
        "compare",
        "--columns",
        "aarch64,riscv",
        "examples/calls.emjay",
    ]);
    assert_eq!((result.status, &*result.stdout), (2, ""));
    let expected = "there is no column `riscv`; columns are aarch64, aarch64:baseline, ";
    assert!(result.stderr.contains(expected), "{}", result.stderr);
}

#[test]
fn a_column_twice_is_a_wrong_command_line() {
    let columns = "aarch64,ulm,aarch64";
    let result = run(&["compare", "--columns", columns, "examples/calls.emjay"]);
    assert_eq!((result.status, &*result.stdout), (2, ""));
    let expected = "the column `aarch64` is asked for twice";
    assert!(result.stderr.contains(expected), "{}", result.stderr);
}

#[test]
fn another_number_of_arguments_is_a_wrong_command_line() {
    let result = run(&["compare", "examples/gcd.emjay", "5"]);
    assert_eq!((result.status, &*result.stdout), (2, ""));
    let expected = "`main` takes 2 arguments, found 1";
    assert!(result.stderr.contains(expected), "{}", result.stderr);
}

#[test]
fn a_wrong_command_line_is_answered_with_the_usage_of_compare() {
    for arguments in [
        &["compare", "examples/gcd.emjay", "5"][..],
        &["compare", "examples/gcd.emjay", "5", "x"],
        &["compare", "--columns", "ulm,ulm", "examples/calls.emjay"],
    ] {
        let result = run(arguments);
        assert_eq!((result.status, &*result.stdout), (2, ""));
        let usage = "\nUsage: emjay compare [OPTIONS] <FILE> [ARG]...\n";
        assert!(result.stderr.contains(usage), "{}", result.stderr);
    }
}

#[test]
fn negative_arguments_may_be_hexadecimal() {
    let result = run(&[
        "compare",
        "examples/gcd.emjay",
        "0xc",
        "-0x12",
        "--opt",
        "1",
    ]);
    assert_eq!(result.status, 0, "{}", result.stderr);
    let beginning = "examples/gcd.emjay: main(12, -18)  --opt 1";
    assert!(result.stdout.starts_with(beginning), "{}", result.stdout);
}

#[test]
fn a_program_without_main_is_an_error() {
    let path = program("compare_no_main.emjay", "fn mian() { return 1; }");
    let result = run(&["compare", path.to_str().expect("its name is text")]);
    assert_eq!(result.status, 1);
    assert!(
        result.stderr.contains("did you mean `mian`?"),
        "{}",
        result.stderr
    );
}

#[test]
fn options_stand_before_or_behind_the_arguments_of_main() {
    for arguments in [
        [
            "compare",
            "--columns",
            "ulm",
            "examples/gcd.emjay",
            "-12",
            "18",
        ],
        [
            "compare",
            "examples/gcd.emjay",
            "--columns",
            "ulm",
            "-12",
            "18",
        ],
        [
            "compare",
            "examples/gcd.emjay",
            "-12",
            "18",
            "--columns",
            "ulm",
        ],
    ] {
        let result = run(&arguments);
        assert_eq!(result.status, 0, "{}", result.stderr);
        assert!(!result.stdout.contains("aarch64"), "{}", result.stdout);
        assert!(result.stdout.contains("main(-12, 18)"), "{}", result.stdout);
    }
}

#[test]
fn every_column_reads_the_same_input() {
    let file = program("compare_input.txt", "hi\n");
    let file = file.to_str().expect("its name is text");
    for (options, input) in [(&[][..], &b"hi\n"[..]), (&["--stdin", file], b"")] {
        let mut arguments = vec!["compare"];
        arguments.extend(options);
        arguments.push("examples/echo.emjay");
        let result = run_with_input(&arguments, input);
        assert_eq!(result.status, 0, "{}", result.stderr);
        assert!(result.stdout.contains("\nHI\n"), "{}", result.stdout);
        let end = "All columns agree: main returned 3, after 3 bytes of output.\n";
        assert!(result.stdout.ends_with(end), "{}", result.stdout);
    }
}

#[test]
fn a_program_that_doesn_t_read_waits_for_no_input() {
    let (reader, writer) = std::io::pipe().expect("there are pipes");
    drop(reader);
    let child = emjay(&["compare", "examples/calls.emjay"])
        .stdout(writer)
        .spawn()
        .expect("emjay can be started");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(output.stderr, b"");
}
