//! `emjay run` and `emjay emit` for the ULM: the same results, messages and statuses as everywhere.

mod support;

use std::path::Path;
use std::process::Command;

use support::{Result, emjay, program, run, run_with_input};
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Machine, Stop};

/// Levels, with and without inlining.
const LEVELS: [&[&str]; 4] = [
    &["--opt", "0"],
    &["--opt", "1"],
    &["--opt", "2", "--no-inline"],
    &["--opt", "2"],
];

/// What becomes of a program on the ULM.
fn run_ulm(options: &[&str], name: &str, arguments: &[&str], input: &[u8]) -> Result {
    let words = [&["run", "--target", "ulm"], options, &[name], arguments].concat();
    run_with_input(&words, input)
}

/// A file of a test's own with a program: its name.
fn file(name: &str, text: &str) -> String {
    let path = program(&format!("on_ulm_{name}.emjay"), text);
    path.to_str().expect("its name is text").to_owned()
}

// ---- run ----

/// Name and arguments, conventions, and what is printed.
type Example = (
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

#[test]
fn the_examples_print_under_every_convention_what_they_say() {
    let all: &[&str] = &["auto", "leaf", "stack", "inline"];
    let recursive: &[&str] = &["auto", "stack"];
    let examples: [Example; 9] = [
        (&["blog"], all, "1321\n"),
        (&["calls"], &["auto", "stack", "inline"], "5\n"),
        (&["scopes", "5"], all, "42\n"),
        (&["gcd", "1071", "-462"], all, "21\n"),
        (&["fib", "20"], recursive, "6765\n"),
        (&["collatz", "1000"], all, "871\n"),
        (&["ackermann", "2", "3"], recursive, "9\n"),
        (&["pow", "-2", "63"], all, "-9223372036854775808\n"),
        (&["echo"], all, "HELLO\n6\n"),
    ];
    for (words, conventions, expected) in examples {
        let name = format!("examples/{}.emjay", words[0]);
        for convention in conventions {
            for level in ["0", "1", "2"] {
                let options = ["--convention", convention, "--opt", level];
                let result = run_ulm(&options, &name, &words[1..], b"Hello\n");
                assert_eq!(result.stderr, "", "{options:?} {words:?}");
                assert_eq!(result.stdout, expected, "{options:?} {words:?}");
                assert_eq!(result.status, 0);
            }
        }
    }
}

/// Programs that leave before their end, with their arguments.
const FAILING: [(&str, &[&str], &str); 9] = [
    (
        "divides_in_main",
        &["7", "0"],
        "fn main(a, b) {\n    putc(65);\n    return a / b;\n}\n",
    ),
    (
        "remainder_of_nothing",
        &["-9223372036854775808", "0"],
        "fn main(a, b) {\n    return f(a, b) + 1;\n}\nfn f(x, y) { return x % y; }\n",
    ),
    (
        "divides_by_a_constant",
        &["5"],
        "fn main(a) { return f(a * 3); }\nfn f(x) { putc(66); return x / 0; }\n",
    ),
    (
        "divides_a_constant",
        &["0"],
        "fn main(a) { return 40 + f(a); }\nfn f(x) { return 42 / x; }\n",
    ),
    (
        "divides_deep_down",
        &["12"],
        "fn main(a) {\n    return f(a, 1, 2);\n}\nfn f(n, x, y) {\n    if n == 0 {\n        \
         return g(x, y);\n    }\n    return f(n - 1, y, x) + 1;\n}\nfn g(x, y) {\n    \
         return h(x - 100, y - 2 + y % 2) + x;\n}\nfn h(x, y) { return x / y * 2; }\n",
    ),
    (
        "divides_in_two_turns",
        &["30"],
        "fn main(n) { return even(n); }\n\
         fn even(n) { if n == 0 { return 1 / n; } return odd(n - 1); }\n\
         fn odd(n) { if n == 0 { return 2 / n; } return 0 + even(n - 1) * 2; }\n",
    ),
    (
        "divides_with_arguments_on_the_way",
        &["0"],
        "fn main(z) { return f(1, g(2, z), h(3)); }\nfn f(a, b, c) { return a + b + c; }\n\
         fn g(a, b) { let c = h(a); return c / b + c; }\nfn h(x) { return x * 1000; }\n",
    ),
    (
        "reads_on_and_on",
        &[],
        "fn main() {\n    return f(2);\n}\nfn f(x) {\n    let n = x;\n    \
         while g() != 10 {\n        n = n + 1;\n    }\n    return n;\n}\n\
         fn g() { putc(46); return getc(); }\n",
    ),
    (
        "reads_in_main",
        &[],
        "fn main() {\n    while getc() != 10 { }\n    return 0;\n}\n",
    ),
];

#[test]
fn run_time_errors_have_the_same_message_and_status_as_in_native_code() {
    for (name, arguments, text) in FAILING {
        let name = file(name, text);
        for level in LEVELS {
            let words = [&["run"], level, &[&name], arguments].concat();
            let native = run_with_input(&words, b"ab");
            assert!([124, 125].contains(&native.status), "{words:?}");
            assert!(native.stderr.starts_with("error[E030"), "{words:?}");
            let mut others = 0;
            for convention in ["auto", "leaf", "stack", "inline"] {
                let options = [&["--convention", convention], level].concat();
                let ulm = run_ulm(&options, &name, arguments, b"ab");
                if ulm.stderr.starts_with("error[E04") {
                    continue;
                }
                assert_eq!(ulm.stdout, native.stdout, "{options:?} {name}");
                if convention == "inline" {
                    // Which functions are inlined changes which calls are shown together.
                    let head = |text: &str| text.lines().take(5).collect::<Vec<_>>().join("\n");
                    assert_eq!(head(&ulm.stderr), head(&native.stderr), "{options:?}");
                } else {
                    assert_eq!(ulm.stderr, native.stderr, "{options:?} {name}");
                }
                assert_eq!(ulm.status, native.status, "{options:?} {name}");
                others += 1;
            }
            assert!(others >= 2, "{name} runs under auto and stack");
        }
    }
}

/// A message without the numbers in its text, which depend on the size of frames.
fn without_counts(message: &str) -> String {
    let lines = message.lines().map(|line| match line.split_once("calls") {
        Some((before, after)) => {
            let kept: String = before.chars().filter(|c| !c.is_ascii_digit()).collect();
            format!("{kept}calls{after}\n")
        }
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn an_exhausted_stack_has_the_same_message_as_in_native_code() {
    let programs = [
        (
            "calls_itself",
            "fn main() { return f(1); }\nfn f(x) { return 1 + f(x + 1); }\n",
        ),
        (
            "calls_itself_with_much_in_hand",
            "fn main() { return 2 * f(1, 2); }\n\
             fn f(x, y) { let z = x * y; return f(z, x) + f(y, z) * z - g(z); }\n\
             fn g(x) { putc(46); return x; }\n",
        ),
        (
            "call_each_other",
            "fn main() {\n    return 1 + f(1);\n}\nfn f(x) {\n    return g(x) * x;\n}\n\
             fn g(x) {\n    return h(x) + 1;\n}\nfn h(x) {\n    return f(x) - x;\n}\n",
        ),
        (
            "main_calls_itself",
            "fn main() {\n    return main() + 1;\n}\n",
        ),
    ];
    for (name, text) in programs {
        let name = file(name, text);
        // The baseline finds an exhausted stack in its trampoline, before the function is called.
        let options = ["--opt", "2", "--no-inline", "--stack", "64K"];
        let words = [&["run"], &options[..], &[&name]].concat();
        let native = run(&words);
        let ulm = run_ulm(&options, &name, &[], b"");
        assert_eq!((native.status, ulm.status), (125, 125), "{}", ulm.stderr);
        assert!(ulm.stderr.starts_with("error[E0302]"), "{}", ulm.stderr);
        assert_eq!(without_counts(&ulm.stderr), without_counts(&native.stderr));
    }
}

#[test]
fn as_many_calls_are_reported_as_the_stack_has_room_for() {
    let name = file(
        "counts_calls",
        "fn main() { return f(1); }\nfn f(x) { return 1 + f(x + 1); }\n",
    );
    // 24 bytes for the call of main; 32 for each one of f; the last one finds that it has no room.
    let result = run_ulm(&["--stack", "3224"], &name, &[], b"");
    let expected = "102 calls have not returned";
    assert!(result.stderr.contains(expected), "{}", result.stderr);
    assert!(result.stderr.contains("100 more calls led there"));
}

#[test]
fn a_stack_that_is_too_small_for_main_is_a_message_about_main() {
    let text = "fn f(x) { return g(x, x) + 1; }\nfn g(x, y) { return x * y; }\n\
                fn main() { return f(1); }\n";
    let name = file("little_stack", text);
    let way = ["--convention", "stack", "--no-inline"];
    // 24 bytes for the call of main, 32 for that of f, 40 for that of g.
    let result = run_ulm(&[&way[..], &["--stack", "96"]].concat(), &name, &[], b"");
    assert_eq!((result.status, &*result.stdout), (0, "2\n"));
    let result = run_ulm(&[&way[..], &["--stack", "95"]].concat(), &name, &[], b"");
    let native = run(&["run", "--no-inline", "--stack", "1", &name]);
    assert_eq!((native.status, result.status), (125, 125));
    assert_eq!(result.stderr, native.stderr);
}

#[test]
fn stacks_of_any_size_can_be_asked_for() {
    for size in ["0", "1", "4096G", "18446744073709551615"] {
        let options = ["--convention", "stack", "--stack", size];
        let result = run_ulm(&options, "examples/fib.emjay", &["10"], b"");
        let expected = if size.len() > 1 { 0 } else { 125 };
        assert_eq!(result.status, expected, "{size}: {}", result.stderr);
    }
}

#[test]
fn a_limit_of_instructions_ends_with_status_124() {
    let name = file("endless", "fn main() { while 1 { } return 0; }");
    let native = run(&["run", "--target", "aarch64-sim", "--limit", "1000", &name]);
    let ulm = run_ulm(&["--limit", "1000"], &name, &[], b"");
    assert_eq!((ulm.status, ulm.stderr), (native.status, native.stderr));
    assert_eq!(ulm.status, 124);
}

#[test]
fn a_halt_as_the_last_instruction_of_the_limit_ends_normally() {
    let name = file("short", "fn main() { return 7; }");
    let ends = |limit: u32| {
        let result = run_ulm(&["--limit", &limit.to_string()], &name, &[], b"");
        (result.status, result.stdout)
    };
    let enough = (1..100).find(|&limit| ends(limit).0 == 0);
    let enough = enough.expect("it needs less than a hundred");
    assert_eq!(ends(enough), (0, "7\n".to_owned()));
    assert_eq!(ends(enough - 1), (124, "7\n".to_owned()));
}

#[test]
fn a_byte_255_reads_as_the_end_of_the_input() {
    let name = file("reads", "fn main() { return getc() + getc() * 1000; }");
    let result = run_ulm(&[], &name, &[], b"\x07\xff");
    assert_eq!(result.stdout, "-993\n");
}

#[test]
fn input_may_come_from_a_file() {
    let input = program("on_ulm_input.txt", "hi\n");
    let input = input.to_str().expect("its name is text");
    let result = run_ulm(&["--stdin", input], "examples/echo.emjay", &[], b"no");
    assert_eq!(result.stdout, "HI\n3\n");
}

#[test]
fn a_source_may_come_from_stdin() {
    let text = b"fn main(a) { return -a; }";
    let result = run_with_input(&["run", "--target", "ulm", "-", "-5"], text);
    assert_eq!(result.stdout, "5\n");
}

#[test]
fn time_has_a_line_for_each_phase() {
    let result = run_ulm(&["--time"], "examples/blog.emjay", &[], b"");
    assert_eq!(result.stdout, "1321\n");
    let phases = [
        "parse", "lower", "optimise", "generate", "assemble", "load", "run",
    ];
    for phase in phases {
        assert!(result.stderr.contains(phase), "{}", result.stderr);
    }
}

#[test]
fn without_main_there_is_nothing_to_run() {
    let name = file("no_main", "fn f() { return 1; }");
    let native = run(&["run", &name]);
    let ulm = run_ulm(&[], &name, &[], b"");
    assert_eq!((ulm.status, ulm.stderr), (native.status, native.stderr));
}

#[test]
#[cfg(unix)]
fn a_reader_that_went_away_ends_a_program_quietly() {
    let text = "fn main() { while 1 { putc(65); putc(10); } return 0; }";
    let name = file("writes_on", text);
    let mut child = emjay(&["run", "--target", "ulm", &name])
        .spawn()
        .expect("emjay can be started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(output.stderr, b"");
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_program_with_its_output_written() {
    use std::io::{Read, Write};
    let text = "fn main() { putc(65); putc(10); let c = getc(); putc(c); while 1 { } return c; }";
    let name = file("for_ever", text);
    let mut child = emjay(&["run", "--target", "ulm", &name])
        .spawn()
        .expect("emjay can be started");
    // The output is written before the program waits for its input.
    let mut bytes = [0; 2];
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut bytes).expect("it writes");
    assert_eq!(&bytes, b"A\n");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"B").expect("it reads");
    interrupt(&child);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(output.stderr, b"interrupted\n");
}

#[test]
#[cfg(unix)]
fn ctrl_c_is_heard_while_the_program_waits_for_input() {
    use std::io::Read;
    let text = "fn main() { putc(65); let c = getc(); return c; }";
    let name = file("waits", text);
    let mut child = emjay(&["run", "--target", "ulm", &name])
        .spawn()
        .expect("emjay can be started");
    let mut byte = [0];
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut byte).expect("it writes");
    let _open = child.stdin.take();
    interrupt(&child);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(output.stderr, b"interrupted\n");
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &id]).status();
    assert!(status.expect("there is a kill").success());
}

// ---- refusals ----

fn refusal(options: &[&str], name: &str, text: &str) -> String {
    let name = file(name, text);
    let result = run_ulm(options, &name, &[], b"");
    assert_eq!((result.status, &*result.stdout), (1, ""));
    let emitted = run(&[&["emit", "--target", "ulm"], options, &[&name]].concat());
    assert_eq!(emitted.status, 1);
    assert_eq!(emitted.stderr, result.stderr);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).to_string_lossy();
    result.stderr.replace(&format!("{folder}/on_ulm_"), "")
}

#[test]
fn the_leaf_convention_points_at_a_call_that_it_has_no_place_for() {
    let text = "fn main() {\n    return f(1);\n}\n\nfn f(x) {\n    return 1 + g(x);\n}\n\nfn g(x) {\n    return x;\n}\n";
    let message = refusal(&["--convention", "leaf", "--no-inline"], "chain", text);
    assert_eq!(
        message,
        "\
error[E0401]: under the leaf convention only `main` calls functions, and nobody calls it
 --> chain.emjay:6:16
  |
6 |     return 1 + g(x);
  |                ^^^^ `f` calls `g`
  |
  = help: `--convention stack` works for every program
"
    );
}

#[test]
fn the_leaf_convention_lets_nobody_call_main() {
    let text =
        "fn main() {\n    if getc() == 0 {\n        return main();\n    }\n    return 1;\n}\n";
    let message = refusal(&["--convention", "leaf"], "again", text);
    assert!(message.contains("again.emjay:3:16\n"), "{message}");
    assert!(message.contains("`main` calls `main`"), "{message}");
}

#[test]
fn a_call_in_a_body_that_was_inlined_is_that_of_its_function() {
    let text = "fn main() { return g(1) + k(2); }\nfn g(x) {\n    return k(x);\n}\n\
                fn k(x) {\n    if x > 5 {\n        return 1 + h(x) + h(x + 1);\n    }\n    \
                return h(x - 1) * 2;\n}\n\
                fn h(x) { while x > 0 { putc(x); if x > 3 { x = x - k(x - 4); } \
                x = x - 1; } return x; }\n";
    let message = refusal(&["--convention", "leaf"], "inlined", text);
    assert!(message.starts_with("error[E0401]"), "{message}");
    let line = message.lines().nth(1).unwrap_or_default();
    let callee = if line.contains(":7:") || line.contains(":9:") {
        "`k` calls `h`"
    } else {
        "`h` calls `k`"
    };
    assert!(message.contains(callee), "{message}");
}

#[test]
fn the_inline_convention_points_at_a_recursive_call() {
    let text = "fn main() {\n    return even(7);\n}\n\nfn even(n) {\n    if n == 0 { return 1; }\n    return odd(n - 1);\n}\n\nfn odd(n) {\n    if n == 0 { return 0; }\n    return even(n - 1);\n}\n";
    let message = refusal(&["--convention", "inline"], "turns", text);
    assert_eq!(
        message,
        "\
error[E0402]: a recursive call can't be replaced by the function's body
  --> turns.emjay:12:12
   |
12 |     return even(n - 1);
   |            ^^^^^^^^^^^ `odd` calls `even`, which leads back to `odd`
   |
   = help: `--convention stack` works for every program
"
    );
}

#[test]
fn a_program_that_is_too_large_without_calls_is_refused() {
    let mut text = String::from("fn main() { return f0(1); }\n");
    for n in 0..8 {
        let call = "(".repeat(20);
        let name = format!("f{}", n + 1);
        let nested = call.replace('(', &format!("{name}("));
        text += &format!("fn f{n}(x) {{ return {nested}x{}; }}\n", ")".repeat(20));
    }
    text += "fn f8(x) { return x * x; }\n";
    let message = refusal(&["--convention", "inline"], "large", &text);
    assert!(
        message.starts_with(
            "error[E0403]: without calls the program would have more than 1,000,000 instructions\n"
        ),
        "{message}"
    );
    assert!(message.contains("large.emjay:1:4\n"), "{message}");
}

#[test]
fn the_leaf_convention_has_registers_for_a_number_of_arguments() {
    let names: Vec<String> = (0..129).map(|n| format!("p{n}")).collect();
    let zeros = vec!["0"; 129].join(", ");
    let text = format!(
        "fn main() {{ return f({zeros}); }}\nfn f({}) {{ return p1; }}\n",
        names.join(", ")
    );
    let message = refusal(&["--convention", "leaf", "--no-inline"], "many", &text);
    assert!(message.starts_with("error[E0404]"), "{message}");
    assert!(message.contains("many.emjay:2:4\n"), "{message}");
    assert!(message.contains("it has 129 parameters"), "{message}");
    let name = file("many", &text);
    for convention in ["auto", "stack", "inline"] {
        let options = ["--no-inline", "--convention", convention];
        assert_eq!(run_ulm(&options, &name, &[], b"").stdout, "0\n");
    }
}

// ---- emit ----

/// What a machine does with assembly text: the status if it halts, and what it writes.
fn execute(text: &str, input: &[u8]) -> (Option<u8>, Vec<u8>) {
    let mut sources = diagnostics::Sources::new();
    let file = sources.add("program.s", text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    let image = assembly
        .image
        .unwrap_or_else(|| panic!("{:?}\n{text}", assembly.diagnostics));
    let mut machine = Machine::new();
    machine.load(&image).expect("it fits");
    machine.feed(input);
    machine.end_input();
    let mut output = Vec::new();
    loop {
        let stop = FastEngine::new(Isa::ulm()).run(&mut machine, u64::MAX, &mut ());
        output.append(&mut machine.take_output());
        match stop {
            Stop::Paused => {}
            Stop::Halted(status) => return (Some(status), output),
            _ => return (None, output),
        }
    }
}

#[test]
fn what_emit_writes_does_what_run_does() {
    let examples: [&[&str]; 9] = [
        &["blog"],
        &["calls"],
        &["scopes", "5"],
        &["gcd", "1071", "-462"],
        &["fib", "20"],
        &["collatz", "1000"],
        &["ackermann", "2", "3"],
        &["pow", "-2", "63"],
        &["echo"],
    ];
    for words in examples {
        let name = format!("examples/{}.emjay", words[0]);
        for convention in ["auto", "stack"] {
            let options = ["--convention", convention];
            let emitted = run(&[
                &["emit", "--target", "ulm"],
                &options[..],
                &[&*name],
                &words[1..],
            ]
            .concat());
            assert_eq!(emitted.status, 0, "{}", emitted.stderr);
            let result = run_ulm(&options, &name, &words[1..], b"Hello\n");
            let (status, output) = execute(&emitted.stdout, b"Hello\n");
            assert_eq!(String::from_utf8_lossy(&output), result.stdout, "{words:?}");
            assert_eq!(status, Some(0));
        }
    }
}

#[test]
fn an_exhausted_stack_ends_with_status_125_without_emjay_too() {
    let name = file("exhausts", "fn main() { return 1 + main(); }");
    let emitted = run(&["emit", "--target", "ulm", "--stack", "4K", &name]);
    assert_eq!(execute(&emitted.stdout, b""), (Some(125), Vec::new()));
}

#[test]
fn emit_needs_no_main_and_writes_a_file() {
    let name = file("functions", "fn f(x) { return x + 1; }");
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("on_ulm_functions.s");
    let path = output.to_str().expect("its name is text");
    let result = run(&["emit", "--target", "ulm", &name, "-o", path]);
    assert_eq!(
        (result.status, &*result.stdout),
        (0, ""),
        "{}",
        result.stderr
    );
    let text = std::fs::read_to_string(&output).expect("it was written");
    assert!(text.contains("\nf:\n"), "{text}");
    assert!(!text.contains("start:"), "{text}");
}

#[test]
fn bytes_are_those_of_the_image_by_address() {
    let name = file(
        "bytes",
        "fn main() { return f(7); }\nfn f(x) { return x * x; }",
    );
    let way = [
        "emit",
        "--target",
        "ulm",
        "--convention",
        "stack",
        "--no-inline",
    ];
    let bytes = run(&[&way[..], &["--format", "bytes", &name]].concat()).stdout;
    let text = run(&[&way[..], &[&name]].concat()).stdout;
    let mut sources = diagnostics::Sources::new();
    let file = sources.add("program.s", text);
    let image = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
    let image = image.expect("it is right");
    let code: Vec<u8> = image
        .bytes()
        .filter(|&(address, _)| image.segment_at(address) == Some(ulmas::image::SegmentKind::Text))
        .flat_map(|(_, bytes)| bytes.iter().copied())
        .collect();
    let words = bytes.lines().filter_map(|line| line.split_once(":  "));
    let mut expected = 0;
    for (address, word) in words {
        assert_eq!(u64::from_str_radix(address.trim(), 16), Ok(expected));
        let digits: Vec<String> = code[expected as usize..expected as usize + 4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(word, digits.join(" "));
        expected += 4;
    }
    assert_eq!(expected as usize, code.len());
    for part in ["start", "print_value", "main", "f"] {
        assert!(bytes.contains(&format!("{part}:\n")), "{bytes}");
    }
}

#[test]
fn the_last_stage_is_what_the_generator_gets() {
    let name = file(
        "stages",
        "fn main() { return f(3); }\nfn f(x) { return x * 4; }",
    );
    let stage = |options: &[&str]| {
        let words = [
            &["emit", "--stage", "ir-final", "--target", "ulm"],
            options,
            &[&name],
        ];
        run(&words.concat()).stdout
    };
    assert!(stage(&["--opt", "2", "--no-inline"]).contains("call "));
    assert!(!stage(&["--opt", "0", "--convention", "inline"]).contains("call "));
}

// ---- wrong command lines ----

#[test]
fn what_does_not_go_together_is_a_wrong_command_line() {
    let blog = "examples/blog.emjay";
    let fib = "examples/fib.emjay";
    let wrong: [(&[&str], &str); 10] = [
        (&["run", "--convention", "leaf", blog], "--target ulm"),
        (
            &["emit", "--target", "aarch64", "--convention", "leaf", blog],
            "--target ulm",
        ),
        (
            &["run", "--target", "ulm", "--calls", "direct", blog],
            "--convention",
        ),
        (
            &["emit", "--target", "ulm", "--format", "elf", blog],
            "ulmas",
        ),
        (&["run", "--target", "ulm", fib], "`main` takes 1 argument"),
        (&["emit", "--target", "ulm", fib], "`main` takes 1 argument"),
        (
            &["emit", "--target", "ulm", fib, "x"],
            "`x` is no whole number",
        ),
        (
            &["emit", "--target", "x86-64", fib, "5"],
            "only code for the ULM",
        ),
        (
            &["emit", "--stage", "ir", fib, "5"],
            "only code for the ULM",
        ),
        (
            &["run", "--target", "ulm", "--convention", "x", blog],
            "leaf",
        ),
    ];
    for (words, expected) in wrong {
        let result = run(words);
        assert_eq!(result.status, 2, "{words:?}: {}", result.stderr);
        assert!(result.stderr.contains(expected), "{}", result.stderr);
    }
}
