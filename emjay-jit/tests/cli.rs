//! The command as its users see it.

mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Result, emjay, program, run, run_with_input, runner};

/// Runs a program with the interpreter, which is there on every host.
fn interpret(name: &str, text: &str, input: &[u8]) -> Result {
    let path = program(name, text);
    let path = path.to_str().expect("its name is text");
    run_with_input(&["run", "--target", "interpreter", path], input)
}

// ---- run ----

#[test]
fn the_examples_print_what_they_say() {
    let examples: [(&[&str], &[u8], &str); 9] = [
        (&["blog"], b"", "1321\n"),
        (&["calls"], b"", "5\n"),
        (&["scopes", "5"], b"", "42\n"),
        (&["gcd", "1071", "-462"], b"", "21\n"),
        (&["fib", "20"], b"", "6765\n"),
        (&["collatz", "1000"], b"", "871\n"),
        (&["ackermann", "2", "3"], b"", "9\n"),
        (&["pow", "-2", "63"], b"", "-9223372036854775808\n"),
        (&["echo"], b"Hello\n", "HELLO\n6\n"),
    ];
    for target in TARGETS {
        for (words, input, expected) in examples {
            let file = format!("examples/{}.emjay", words[0]);
            let mut arguments = vec!["run", "--target", target, &file];
            arguments.extend(&words[1..]);
            let result = run_with_input(&arguments, input);
            assert_eq!(result.stderr, "", "{target} {words:?}");
            assert_eq!(result.stdout, expected, "{target} {words:?}");
            assert_eq!(result.status, 0);
        }
    }
}

const TARGETS: [&str; 3] = ["interpreter", "native", "aarch64-sim"];

#[test]
fn a_source_may_come_from_stdin() {
    let text = b"fn main(a) { return -a; }";
    let result = run_with_input(&["run", "--target", "interpreter", "-", "-5"], text);
    assert_eq!(result.stdout, "5\n");
}

#[test]
fn errors_of_the_source_end_with_status_1() {
    let result = interpret("errors.emjay", "fn main() { return x; }", b"");
    assert_eq!((result.status, &*result.stdout), (1, ""));
    assert!(
        result.stderr.starts_with("error[E0201]"),
        "{}",
        result.stderr
    );
}

#[test]
fn without_main_there_is_nothing_to_run() {
    let result = interpret("no_main.emjay", "fn mian() { return 1; }", b"");
    assert_eq!(result.status, 1);
    assert!(
        result.stderr.contains("did you mean `mian`?"),
        "{}",
        result.stderr
    );
}

#[test]
fn another_number_of_arguments_is_a_wrong_command_line() {
    let result = run(&["run", "examples/gcd.emjay", "5"]);
    assert_eq!(result.status, 2);
    assert!(
        result.stderr.contains("`main` takes 2 arguments, found 1"),
        "{}",
        result.stderr
    );
}

#[test]
fn an_argument_that_is_no_number_is_a_wrong_command_line() {
    let result = run(&["run", "examples/fib.emjay", "5", "--opt"]);
    assert_eq!(result.status, 2);
    assert!(
        result.stderr.contains("options stand before them"),
        "{}",
        result.stderr
    );
}

#[test]
fn a_division_by_zero_shows_the_line_the_dividend_and_the_calls() {
    let text =
        "fn main() {\n    putc(79);\n    return f(7);\n}\nfn f(x) {\n    return x / (x - 7);\n}\n";
    let path = program("division.emjay", text);
    let name = path.to_str().expect("its name is text");
    for target in TARGETS {
        let result = run(&["run", "--target", target, "--no-inline", name]);
        assert_eq!(result.status, 125);
        assert_eq!(result.stdout, "O", "what was written stays written");
        let expected = format!(
            "error[E0301]: division by zero\n\
             {margin}--> {name}:6:12\n  \
               |\n\
             6 |     return x / (x - 7);\n  \
               |            ^^^^^^^^^^^ 7 is divided by 0\n  \
               |\n\
             note: `f` was called here\n\
             {margin}--> {name}:3:12\n  \
               |\n\
             3 |     return f(7);\n  \
               |            ^^^^\n",
            margin = " "
        );
        assert_eq!(result.stderr, expected, "{target}");
    }
}

#[test]
fn recursion_without_end_is_a_message_with_the_number_of_calls() {
    let text = "fn main() { return f(1); }\nfn f(x) { return 1 + f(x + 1); }\n";
    let path = program("recursion.emjay", text);
    let name = path.to_str().expect("its name is text");
    for target in TARGETS {
        let result = run(&["run", "--target", target, "--stack", "64K", name]);
        assert_eq!(result.status, 125, "{target}: {}", result.stderr);
        assert!(
            result
                .stderr
                .starts_with("error[E0302]: the stack is exhausted\n"),
            "{target}: {}",
            result.stderr
        );
        assert!(
            result.stderr.contains("more calls led there"),
            "{}",
            result.stderr
        );
    }
}

#[test]
fn an_exhausted_stack_is_found_where_the_function_is_declared_or_called() {
    let text = "fn leaf() { return 1; }\nfn main() {\n    return f();\n}\nfn f() {\n    putc(46);\n    return f() + 1;\n}\n";
    let path = program("exhausted.emjay", text);
    let name = path.to_str().expect("its name is text");
    for (calls, place) in [("direct", ":5:4\n"), ("trampoline", ":7:12\n")] {
        let result = run(&[
            "run",
            "--target",
            "aarch64-sim",
            "--opt",
            "0",
            "--calls",
            calls,
            "--stack",
            "16K",
            name,
        ]);
        let found = result.stderr.lines().nth(1).unwrap_or_default();
        assert!(format!("{found}\n").ends_with(place), "{}", result.stderr);
    }
}

#[test]
fn a_stack_that_is_too_small_for_main_is_a_message_about_main() {
    let text = "fn f(x) { return x; }\nfn main() { return f(1); }\n";
    let path = program("no_stack.emjay", text);
    let name = path.to_str().expect("its name is text");
    let result = run(&["run", "--opt", "0", "--stack", "1", name]);
    assert_eq!(result.status, 125);
    assert!(result.stderr.contains(":2:4\n"), "{}", result.stderr);
    assert!(
        result.stderr.contains("1 call has not returned"),
        "{}",
        result.stderr
    );
}

#[test]
fn reading_on_and_on_past_the_end_of_the_input_ends_with_status_124() {
    let text = "fn main() {\n    while getc() != 10 { }\n    return 0;\n}\n";
    let result = interpret("reads_on.emjay", text, b"abc");
    assert_eq!((result.status, &*result.stdout), (124, ""));
    assert!(
        result.stderr.starts_with("error[E0303]"),
        "{}",
        result.stderr
    );
    assert!(result.stderr.contains(":2:11"), "{}", result.stderr);
}

#[test]
fn a_limit_of_instructions_ends_with_status_124() {
    let path = program("endless.emjay", "fn main() { while 1 { } return 0; }");
    let name = path.to_str().expect("its name is text");
    let result = run(&["run", "--target", "interpreter", "--limit", "1000", name]);
    assert_eq!(result.status, 124);
    assert!(
        result.stderr.contains("1000 instructions"),
        "{}",
        result.stderr
    );
}

#[test]
fn time_has_a_line_for_each_phase() {
    let result = run(&[
        "run",
        "--target",
        "interpreter",
        "--time",
        "examples/blog.emjay",
    ]);
    assert_eq!(result.stdout, "1321\n");
    for phase in ["parse", "lower", "optimise", "run"] {
        assert!(result.stderr.contains(phase), "{}", result.stderr);
    }
}

#[test]
#[cfg(unix)]
fn a_reader_that_went_away_ends_a_program_quietly() {
    let text = "fn main() { while 1 { putc(65); putc(10); } return 0; }";
    let path = program("writes_on.emjay", text);
    let name = path.to_str().expect("its name is text");
    let mut child = emjay(&["run", name]).spawn().expect("emjay can be started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(output.stderr, b"");
}

#[test]
fn input_may_come_from_a_file() {
    let input = program("input.txt", "hi\n");
    let input = input.to_str().expect("its name is text");
    let result = run(&["run", "--stdin", input, "examples/echo.emjay"]);
    assert_eq!(result.stdout, "HI\n3\n");
}

// ---- emit ----

#[test]
fn every_stage_of_a_program_can_be_written() {
    let path = program(
        "stages.emjay",
        "fn main(x) {\n    let a = 2;\n    return a + 2 + x;\n}\n",
    );
    let name = path.to_str().expect("its name is text");
    let stages = [
        (
            "ir",
            "fn main - #args: 1, #reg: 5 {\n    0:  mvi  @r0, 2\n    1:  mvi  @r1, 2\n    \
             2:  add  @r2, r0, r1\n    3:  mva  @r3, a0\n    4:  add  @r4, r2, r3\n    5:  ret  r4\n}\n",
        ),
        (
            "ir-constants",
            "fn main - #args: 1, #reg: 5 {\n    0:  mvi  @r0, 2\n    1:  mvi  @r1, 2\n    \
             2:  mvi  @r2, 4\n    3:  mva  @r3, a0\n    4:  add  @r4, r2, r3\n    5:  ret  r4\n}\n",
        ),
        (
            "ir-dedup",
            "fn main - #args: 1, #reg: 5 {\n    0:  mvi  @r0, 2\n    1:  mvi  @r2, 4\n    \
             2:  mva  @r3, a0\n    3:  add  @r4, r2, r3\n    4:  ret  r4\n}\n",
        ),
        (
            "ir-dead",
            "fn main - #args: 1, #reg: 5 {\n    0:  mvi  @r2, 4\n    1:  mva  @r3, a0\n    \
             2:  add  @r4, r2, r3\n    3:  ret  r4\n}\n",
        ),
        (
            "ir-final",
            "fn main - #args: 1, #reg: 3 {\n    0:  mvi  @r0, 4\n    1:  mva  @r1, a0\n    \
             2:  add  @r2, r0, r1\n    3:  ret  r2\n}\n",
        ),
    ];
    for (stage, expected) in stages {
        let result = run(&["emit", "--stage", stage, name]);
        assert_eq!(result.stdout, expected, "{stage}");
    }
}

#[test]
fn the_baseline_makes_a_few_instructions_of_each_one_of_the_ir() {
    let path = program(
        "baseline.emjay",
        "fn main(x) {\n    let a = 2;\n    return a + 2 + x;\n}\n",
    );
    let name = path.to_str().expect("its name is text");
    let result = run(&["emit", "--target", "aarch64", "--opt", "1", name]);
    let expected = "main:\nstp  x29, x30, [sp, #-16]!\nmov  x29, sp\nmovz x9, 4\nmov  x10, x0\n\
                    add  x11, x9, x10\nmov  x0, x11\nldp  x29, x30, [sp], #16\nret\n";
    assert_eq!(result.stdout, expected);
}

#[test]
fn the_baseline_saves_the_registers_that_it_uses_and_calls_through_the_trampoline() {
    let text = "fn f() {\n    return 1 + g(2);\n}\n\nfn g(x) {\n    return 2 * x;\n}\n";
    let path = program("trampoline.emjay", text);
    let name = path.to_str().expect("its name is text");
    let result = run(&["emit", "--target", "aarch64", "--opt", "1", name]);
    let expected = "f:\nstp  x29, x30, [sp, #-64]!\nmov  x29, sp\nmovz x9, 1\nmovz x10, 2\n\
                    str  x0, [x29, #24]\nstr  x19, [x29, #32]\nstr  x9, [x29, #40]\n\
                    str  x10, [x29, #48]\nstr  x11, [x29, #56]\nmovz x0, catalogue\nmovz x1, 1\n\
                    mov  x2, x10\nmovz x19, trampoline\nblr x19\nldr  x11, [x29, #56]\n\
                    ldr  x10, [x29, #48]\nldr  x9, [x29, #40]\nldr  x19, [x29, #32]\n\
                    mov  x11, x0\nldr  x0, [x29, #24]\nadd  x10, x9, x11\nmov  x0, x10\n\
                    ldp  x29, x30, [sp], #64\nret\n";
    let (f, _) = result.stdout.split_once("\ng:").expect("f comes first");
    assert_eq!(f, expected);
}

#[test]
fn every_level_and_way_of_calling_gives_the_same() {
    for target in ["native", "aarch64-sim"] {
        for opt in ["0", "1", "2"] {
            for calls in ["direct", "trampoline"] {
                let options = ["run", "--target", target, "--opt", opt, "--calls", calls];
                let mut arguments = options.to_vec();
                arguments.extend(["examples/ackermann.emjay", "2", "3"]);
                let result = run(&arguments);
                assert_eq!(result.stdout, "9\n", "{options:?}: {}", result.stderr);
            }
        }
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn an_executable_prints_the_value_and_says_what_went_wrong() {
    let path = program("quotient.emjay", "fn main(a, b) {\n    return a / b;\n}\n");
    let name = path.to_str().expect("its name is text");
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quotient");
    let file = output.to_str().expect("its name is text");
    let result = run(&["emit", "--format", "elf", "-o", file, name]);
    assert_eq!((result.status, &*result.stderr), (0, ""));
    let execute = |arguments: &[&str]| Command::new(&output).args(arguments).output();
    let right = execute(&["-84", "2"]).expect("it can be started");
    assert_eq!(right.stdout, b"-42\n");
    let wrong = execute(&["1", "0"]).expect("it can be started");
    assert_eq!(wrong.status.code(), Some(125));
    let stderr = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        stderr.starts_with("error[E0301]: division by zero"),
        "{stderr}"
    );
    let missing = execute(&["1"]).expect("it can be started");
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_program_with_its_output_written() {
    let text = "fn main() { putc(65); putc(10); let c = getc(); while 1 { } return c; }";
    let path = program("for_ever.emjay", text);
    let name = path.to_str().expect("its name is text");
    let mut child = emjay(&["run", name]).spawn().expect("emjay can be started");
    // The output is written before the program waits for its input.
    let mut byte = [0; 2];
    let stdout = child.stdout.as_mut().expect("it is piped");
    std::io::Read::read_exact(stdout, &mut byte).expect("it writes");
    assert_eq!(&byte, b"A\n");
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status();
    assert!(status.expect("there is a kill").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(output.stderr, b"interrupted\n");
}

#[test]
fn emit_needs_no_main_and_writes_a_file() {
    let path = program("no_main_either.emjay", "fn f() { return 1; }");
    let name = path.to_str().expect("its name is text");
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tree.txt");
    let result = run(&[
        "emit",
        "--stage",
        "ast",
        "-o",
        output.to_str().expect("its name is text"),
        name,
    ]);
    assert_eq!(
        (result.status, &*result.stdout),
        (0, ""),
        "{}",
        result.stderr
    );
    let text = std::fs::read_to_string(output).expect("it was written");
    assert!(text.starts_with("Function {\n  name: \"f\""), "{text}");
}

#[test]
fn the_output_never_replaces_the_source() {
    let path = program("precious.emjay", "fn f() { return 1; }");
    let name = path.to_str().expect("its name is text");
    let result = run(&["emit", "--stage", "ast", "-o", name, name]);
    assert_eq!(result.status, 2);
    assert_eq!(
        std::fs::read_to_string(&path).expect("it is there"),
        "fn f() { return 1; }"
    );
}

// ---- repl ----

fn repl(entries: &str) -> Result {
    run_with_input(&["repl", "--target", "interpreter"], entries.as_bytes())
}

#[test]
fn a_session_remembers_functions_and_variables() {
    let result =
        repl("fn double(x) {\n    return 2 * x;\n}\nlet a = double(21);\na = a + 1\na - 1\n");
    assert_eq!((&*result.stdout, &*result.stderr), ("42\n", ""));
    assert_eq!(result.status, 0);
}

#[test]
fn a_function_that_is_declared_anew_is_what_its_callers_call() {
    let result = repl("fn f() { return 1; }\nfn g() { return f(); }\nfn f() { return 2; }\ng()\n");
    assert_eq!((&*result.stdout, &*result.stderr), ("2\n", ""));
}

#[test]
fn a_mistake_does_not_end_a_session() {
    let result = repl("let a = b;\n1 / 0\n:nonsense\n1 +;\n7\n");
    assert_eq!(result.stdout, "7\n");
    for text in ["E0201", "E0301", ":nonsense", "E0101"] {
        assert!(result.stderr.contains(text), "{}", result.stderr);
    }
}

#[test]
fn what_fails_at_run_time_changes_no_variable() {
    let result = repl("let a = 1;\na = 2; a = 1 / (a - 2);\na\n");
    assert_eq!(result.stdout, "1\n");
}

#[test]
fn a_session_shows_stages() {
    let result = repl("fn f(x) { return x + 1; }\n:ir f\n:ast f\n:list\n");
    let expected = "fn f - #args: 1, #reg: 3 {\n    0:  mva  @r0, a0\n    1:  mvi  @r1, 1\n    \
                    2:  add  @r2, r0, r1\n    3:  ret  r2\n}\nFunction {\n";
    assert!(result.stdout.starts_with(expected), "{}", result.stdout);
    assert!(
        result.stdout.ends_with("fn f(x) { return x + 1; }\n"),
        "{}",
        result.stdout
    );
}

#[test]
fn output_of_an_entry_ends_its_line() {
    let result = repl("putc(65);\nputc(66)\n");
    assert_eq!(result.stdout, "A\nB\n66\n");
}

#[test]
fn the_input_of_an_entry_is_the_next_line() {
    let result = repl("let c = getc();\nx\nc\n");
    assert_eq!((&*result.stdout, &*result.stderr), ("120\n", ""));
}

#[test]
fn a_file_is_loaded() {
    let result = repl(":load examples/gcd.emjay\nabsolute(-5)\n");
    assert_eq!((&*result.stdout, &*result.stderr), ("5\n", ""));
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_an_evaluation_and_not_the_session() {
    let mut child = emjay(&["repl"]).spawn().expect("emjay can be started");
    let mut stdin = child.stdin.take().expect("it is piped");
    // The second entry runs for ever; that it has begun shows in what it writes.
    let entries = b"let a = 1;\n{ putc(33); putc(10); getc(); while 1 { a = 2; } }\n\na + 41\n";
    stdin.write_all(entries).expect("it reads");
    let mut line = [0; 2];
    let stdout = child.stdout.as_mut().expect("it is piped");
    std::io::Read::read_exact(stdout, &mut line).expect("it writes");
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status();
    assert!(status.expect("there is a kill").success());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.stdout, b"42\n", "variables are what they were");
    assert_eq!(output.stderr, b"interrupted\n");
    assert_eq!(output.status.code(), Some(0));
}

/// The command at a terminal that `script` of util-linux makes; nothing where there is none.
#[cfg(target_os = "linux")]
fn at_a_terminal(arguments: &str) -> Option<std::process::Child> {
    let runner = runner().unwrap_or_default();
    // In the shell's place: a shell that waits gets the interrupt, too, and may end with it.
    let line = format!("exec {runner} {} {arguments}", env!("CARGO_BIN_EXE_emjay"));
    Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()
}

/// Reads until a text has come.
#[cfg(target_os = "linux")]
fn read_until(reader: &mut impl std::io::Read, text: &str) {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(text.as_bytes()) {
        reader.read_exact(&mut byte).expect("more is written");
        read.push(byte[0]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_at_a_terminal_ends_an_evaluation_and_not_the_session() {
    let Some(mut child) = at_a_terminal("repl") else {
        return;
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut stdout = child.stdout.take().expect("it is piped");
    let mut enter = |keys: &[u8]| stdin.write_all(keys).expect("it reads");
    read_until(&mut stdout, "> ");
    enter(b"{ putc(33); putc(10); while 1 { } }\r");
    read_until(&mut stdout, "!\r\n");
    enter(b"\x03");
    read_until(&mut stdout, "interrupted");
    read_until(&mut stdout, "> ");
    enter(b"20 * 21\r");
    read_until(&mut stdout, "420");
    read_until(&mut stdout, "> ");
    enter(b"\x04");
    assert!(child.wait().expect("it ends").success());
}

// ---- pages ----

#[test]
fn a_page_is_printed_for_a_code() {
    let result = run(&["explain", "e0201"]);
    assert!(
        result
            .stdout
            .starts_with("E0201: there is no such variable\n")
    );
    assert_eq!(run(&["explain", "E9999"]).status, 1);
}

#[test]
fn completions_and_man_pages_are_generated() {
    assert!(run(&["completions", "bash"]).stdout.contains("_emjay"));
    assert!(run(&["man"]).stdout.contains(".TH"));
    assert!(run(&["man", "run"]).stdout.contains("emjay"));
}
