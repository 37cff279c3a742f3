//! The command as its users see it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use goldenfile::Mint;

/// The command; programs of the tests can be named without their folder.
fn ulm(arguments: &[&str]) -> Command {
    let mut command = match runner() {
        Some(runner) => {
            let mut words = runner.split_whitespace().map(str::to_owned);
            let mut command = Command::new(words.next().unwrap_or_default());
            command.args(words).arg(env!("CARGO_BIN_EXE_ulm"));
            command
        }
        None => Command::new(env!("CARGO_BIN_EXE_ulm")),
    };
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs"))
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What cargo was told to run this target's programs with, for example qemu.
fn runner() -> Option<String> {
    let architecture = std::env::consts::ARCH.to_uppercase();
    std::env::vars()
        .find(|(name, _)| {
            name.strip_prefix("CARGO_TARGET_")
                .and_then(|rest| rest.strip_suffix("_RUNNER"))
                .is_some_and(|triple| triple.starts_with(&architecture))
        })
        .map(|(_, value)| value)
}

fn run(arguments: &[&str]) -> Output {
    ulm(arguments).output().expect("ulm can be started")
}

/// Runs with bytes on stdin.
fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = ulm(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("ulm can be started");
    // A program that doesn't read them all closes the pipe.
    _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

/// A file of a test's own, which doesn't exist yet.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    _ = std::fs::remove_file(&path);
    path
}

/// Compares with a file in `tests/golden`, or writes it if `UPDATE_GOLDENFILES=1`.
fn golden(name: &str, text: &str) {
    let mut mint = Mint::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"));
    mint.new_goldenfile(name)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

/// Reads as many bytes as `expected` has from a child's stdout, and compares.
fn expect_output(child: &mut Child, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    assert_eq!(bytes, expected);
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

// ---- programs that end ----

#[test]
fn a_source_file_is_assembled_and_run() {
    let output = run(&["hello.s"]);
    assert_eq!(
        (status(&output), stdout(&output), stderr(&output)),
        (0, "hi\n", "")
    );
}

#[test]
fn a_list_of_bytes_is_a_program() {
    let path = scratch("bare");
    std::fs::write(&path, "09 2A 00 00").unwrap();
    assert_eq!(status(&run(&[path.to_str().unwrap()])), 42);
}

#[test]
fn source_text_may_come_from_stdin() {
    assert_eq!(status(&run_with_input(&["-"], b"\thalt 7\n")), 7);
}

#[test]
fn both_engines_give_the_programs_own_status() {
    for engine in ["reference", "fast"] {
        let output = run_with_input(&["--engine", engine, "echo.s"], b"A");
        assert_eq!((status(&output), stdout(&output)), (65, "? AA\n"));
    }
}

#[test]
fn getc_gives_255_at_the_end_of_the_input() {
    assert_eq!(status(&run(&["echo.s"])), 255);
}

#[test]
fn input_may_come_from_a_file() {
    let path = scratch("input");
    std::fs::write(&path, "z").unwrap();
    let output = run(&["--stdin", path.to_str().unwrap(), "echo.s"]);
    assert_eq!(stdout(&output), "? zz\n");
}

#[test]
fn output_is_there_before_the_program_waits_for_input() {
    let mut child = ulm(&["echo.s"]).stdin(Stdio::piped()).spawn().unwrap();
    expect_output(&mut child, b"? ");
    child.stdin.as_mut().unwrap().write_all(b"q").unwrap();
    expect_output(&mut child, b"qq\n");
    assert_eq!(child.wait().unwrap().code(), Some(i32::from(b'q')));
}

// ---- what can't be run ----

#[test]
fn errors_in_the_source_are_all_shown() {
    let output = run(&["wrong.s"]);
    assert_eq!((status(&output), stdout(&output)), (1, ""));
    assert!(stderr(&output).contains("wrong.s:2:9"));
    assert!(stderr(&output).contains("wrong.s:3:"));
}

#[test]
fn a_missing_source_file_is_an_error_of_the_source() {
    let output = run(&["nowhere.s"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("can't read `nowhere.s`: No such file"));
}

#[test]
fn a_missing_image_can_not_be_loaded() {
    let output = run(&["nowhere"]);
    assert_eq!(status(&output), 126);
    assert!(stderr(&output).contains("can't read `nowhere`: No such file"));
}

#[test]
fn a_forgotten_extension_is_found() {
    let output = run(&["hello"]);
    assert_eq!(status(&output), 126);
    assert!(stderr(&output).contains("there is `hello.s`"));
}

#[test]
fn damaged_images_can_not_be_loaded() {
    for bytes in [
        &b"\x7fELF\x01\x02\x00"[..],
        b"",
        b"#TEXT 4\n09 0\n",
        b"09 00 00 00\n#SYMTAB\nU puts 0x0\n",
        b"int main() {}\n",
    ] {
        let path = scratch("damaged");
        std::fs::write(&path, bytes).unwrap();
        let output = run(&[path.to_str().unwrap()]);
        assert_eq!(status(&output), 126, "{bytes:?}");
        assert!(stderr(&output).starts_with("error[U06"), "{bytes:?}");
    }
}

#[test]
fn a_wrong_command_line_has_status_2() {
    for arguments in [
        &[][..],
        &["--nonsense", "hello.s"],
        &["hello.s", "more"],
        &["--limit", "many", "hello.s"],
        &["--max-memory", "1T", "hello.s"],
        &["--max-memory", "99999999999G", "hello.s"],
        &["--engine", "steam", "hello.s"],
        &["--report", "xml", "hello.s"],
        &["--stdin", "nowhere", "hello.s"],
        &["--trace=nowhere/trace", "hello.s"],
        &["isa", "show"],
    ] {
        let output = run(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert_ne!(stderr(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_second_program_is_answered_with_how_to_join_files() {
    let output = run(&["--stats", "hello.s", "echo.s"]);
    assert_eq!(status(&output), 2);
    let text = stderr(&output);
    assert!(text.contains("ulm runs one program"), "{text}");
    assert!(
        text.contains("`ulmas -o PROGRAM hello.s echo.s` joins"),
        "{text}"
    );
    let output = run(&["hello.s", "explain"]);
    assert_eq!(status(&output), 2);
    assert!(!stderr(&output).contains("one program"));
}

#[test]
fn a_forgotten_equals_sign_is_found() {
    for (option, value) in [("--trace", "out.txt"), ("--randomize", "7")] {
        let output = run(&[option, value, "hello.s"]);
        assert_eq!(status(&output), 2);
        let text = stderr(&output);
        assert!(
            text.contains(&format!("write `{option}={value}`")),
            "{text}"
        );
    }
}

#[test]
fn all_engines_do_the_same() {
    let outputs = ["reference", "fast", "jit"].map(|engine| {
        let output = run(&["--engine", engine, "hello.s"]);
        (status(&output), stdout(&output).to_owned())
    });
    assert_eq!(outputs[0], outputs[1]);
    assert_eq!(outputs[0], outputs[2]);
    assert!(stdout(&run(&["--help"])).contains("jit"));
}

// ---- traps and limits ----

/// Checks status, program output and the message of a program that doesn't end by itself.
fn trouble(name: &str, arguments: &[&str], expected: (i32, &str)) {
    let output = run(arguments);
    assert_eq!((status(&output), stdout(&output)), expected);
    golden(&format!("{name}.txt"), stderr(&output));
}

#[test]
fn a_division_by_zero_names_the_divisor_and_the_call() {
    trouble("divide", &["divide.s"], (125, ".."));
}

#[test]
fn a_trap_in_an_image_shows_the_text_that_the_image_keeps() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/divide.image");
    trouble("divide.image", &[path.to_str().unwrap()], (125, ".."));
}

#[test]
fn a_trap_without_any_source_shows_the_disassembled_instruction() {
    let path = scratch("no-source");
    std::fs::write(&path, "33 01 02 04").unwrap();
    trouble("no-source", &[path.to_str().unwrap()], (125, ""));
}

#[test]
fn a_label_that_a_string_has_moved_is_told_apart() {
    trouble("moved", &["moved.s"], (125, ""));
}

#[test]
fn an_index_that_is_not_multiplied_gets_its_scale() {
    trouble("index", &["index.s"], (125, ""));
}

#[test]
fn running_off_the_end_is_told_apart() {
    trouble("past_the_end", &["past_the_end.s"], (125, "x\n"));
}

#[test]
fn a_forgotten_text_directive_is_told_apart() {
    trouble("no_text", &["no_text.s"], (125, ""));
}

#[test]
fn a_program_in_the_data_segment_is_not_told_to_have_no_instructions() {
    let output = run_with_input(&["-"], b"\t.data\n\tldzwq 0, %1\n\tdivq %1, %1, %4\n");
    let text = stderr(&output);
    assert!(text.contains("division by zero"), "{text}");
    assert!(text.contains("--> <stdin>:3:2\n"), "{text}");
    assert!(!text.contains("text segment"), "{text}");
}

#[test]
fn an_empty_program_is_not_told_to_put_text_in_front() {
    let output = run_with_input(&["-"], b"# nothing\n");
    let text = stderr(&output);
    let help = "help: there are no instructions in the text segment\n";
    assert!(text.contains(help), "{text}");
}

#[test]
fn a_return_address_that_was_not_saved_is_told_apart() {
    trouble(
        "kept_return",
        &["--limit", "1000", "kept_return.s"],
        (124, ""),
    );
}

#[test]
fn a_return_from_what_was_never_called_is_told_apart() {
    let source = b"main:\tldzwq f, %1\n\tjmp %1, %2\n\tjmp %2, %0\nf:\tjmp %2, %0\n";
    let output = run_with_input(&["--limit", "99", "-"], source);
    let text = stderr(&output);
    assert!(
        text.contains("%2 (= 0x8 = main+8) still leads back"),
        "{text}"
    );
    assert!(text.contains("it ends with a halt"), "{text}");
}

#[test]
fn a_function_that_control_runs_into_is_not_told_to_save_its_return_address() {
    let source = b"\tldzwq f, %1\n\tjmp %1, %2\nf:\tjmp %2, %0\n";
    let output = run_with_input(&["--limit", "99", "-"], source);
    let text = stderr(&output);
    assert!(text.contains("if this is a loop without an end"), "{text}");
}

#[test]
fn a_call_through_a_register_that_is_zero_is_told_apart() {
    trouble(
        "unset_call",
        &["--limit", "1000", "unset_call.s"],
        (124, "A".repeat(500).as_str()),
    );
}

#[test]
fn a_trap_after_a_jump_to_zero_names_the_register() {
    let source = b"\t.equ P, 7\n\tsubq 0, %1, %0\n\tjnz f\n\tldzwq 1, %1\n\tjmp %P, %0\n\
                   f:\tdivq %2, %1, %4\n";
    let output = run_with_input(&["-"], source);
    let text = stderr(&output);
    assert!(text.contains("division by zero"), "{text}");
    assert!(
        text.contains("%P is 0 at 0xC (<stdin>:5), so the jump goes to"),
        "{text}"
    );
}

#[test]
fn a_loop_through_the_address_of_the_start_is_no_mistake_of_a_register() {
    let output = run_with_input(&["--limit", "99", "-"], b"l:\tldzwq l, %1\n\tjmp %1, %0\n");
    let text = stderr(&output);
    assert!(text.contains("if this is a loop without an end"), "{text}");
}

#[test]
fn running_into_data_in_the_text_is_told_apart() {
    trouble("falls_into_data", &["falls_into_data.s"], (125, "x"));
}

#[test]
fn a_return_to_nowhere_is_told_apart() {
    trouble("lost_return", &["lost_return.s"], (125, ""));
}

#[test]
fn a_misaligned_jump_shows_its_target() {
    trouble("misaligned_jump", &["misaligned_jump.s"], (125, ""));
}

#[test]
fn results_past_the_last_register_are_told_apart() {
    let path = scratch("triplet");
    std::fs::write(&path, "33 01 02 FE #     divq %1, %2, %254").unwrap();
    trouble("triplet", &[path.to_str().unwrap()], (125, ""));
}

#[test]
fn a_jump_to_a_data_label_names_it() {
    trouble("into_data", &["into_data.s"], (125, ""));
}

#[test]
fn an_overwritten_instruction_is_told_apart() {
    trouble("overwritten", &["overwritten.s"], (125, ""));
}

#[test]
fn the_limit_of_instructions_stops_a_loop() {
    trouble("spin", &["--limit", "1000", "spin.s"], (124, "."));
}

#[test]
fn a_halt_as_the_last_allowed_instruction_is_a_normal_end() {
    let path = scratch("two-instructions");
    std::fs::write(&path, "FF 00 00 00 09 05 00 00").unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(status(&run(&["--limit", "2", path])), 5);
    assert_eq!(status(&run(&["--limit", "1", path])), 124);
}

#[test]
fn the_limit_of_memory_stops_a_recursion() {
    trouble(
        "recursion",
        &["--max-memory", "64K", "recursion.s"],
        (124, ""),
    );
}

#[test]
fn the_limit_of_output_stops_a_flood() {
    trouble("flood", &["--max-output", "3", "flood.s"], (124, "x\nx"));
}

#[test]
fn reading_on_past_the_end_of_the_input_is_stopped() {
    trouble("reads_on", &["reads_on.s"], (124, ""));
}

#[test]
fn a_program_that_does_not_fit_into_its_memory_is_stopped() {
    let output = run(&["--max-memory", "0", "hello.s"]);
    assert_eq!(status(&output), 124);
    assert!(stderr(&output).contains("does not fit"));
}

#[test]
fn both_engines_say_the_same() {
    for program in ["divide.s", "into_data.s", "index.s"] {
        let fast = run(&[program]);
        let reference = run(&["--engine", "reference", program]);
        assert_eq!(stderr(&fast), stderr(&reference));
    }
}

#[test]
fn a_label_without_a_colon_is_not_part_of_the_instruction() {
    let source = b"\t.equ\tch, 1\nloop\tgetc %ch\n\tjmp loop\n";
    let output = run_with_input(&["--limit", "8", "-"], source);
    assert_eq!(status(&output), 124);
    let text = stderr(&output);
    assert!(text.contains("--> <stdin>:2:6\n"), "{text}");
    assert!(text.contains(" ^^^^^^^^ this would"), "{text}");
}

#[test]
fn a_target_without_a_label_gets_no_note() {
    let output = run_with_input(&["-"], b"\tldzwq 6, %1\n\tjmp %1, %0\n");
    assert_eq!(status(&output), 125);
    assert!(stderr(&output).contains("0x0000000000000006 is not a multiple of 4"));
    assert!(!stderr(&output).contains("note:"), "{}", stderr(&output));
}

#[test]
fn advice_names_the_instructions_of_the_machine_that_runs() {
    let isa = scratch("advice.isa");
    std::fs::write(
        &isa,
        "R (OP u 8) (x u 8)\nM (OP u 8) (x u 8) (y u 8) (z u 8)\n\
         0x01 R\n: stop %x\n    ulm_halt(ulm_regVal(x));\n\
         0x02 R\n: goto %x\n    ulm_absJump(ulm_regVal(x), 0);\n\
         0x03 R\n: read %x\n    ulm_setReg(ulm_readChar(), x);\n\
         0x04 R\n: one %x\n    ulm_setReg(1, x);\n\
         0x05 M\n: load [%x : %y], %z\n    ulm_fetch64(0, x, y, 1, ULM_ZERO_EXT, 8, z);\n",
    )
    .unwrap();
    let advice = |source: &str, expected: &str| {
        let output = run_with_input(&["--isa", isa.to_str().unwrap(), "-"], source.as_bytes());
        let text = stderr(&output);
        assert!(text.contains(expected), "{text}");
    };
    advice("\tone %1\n", "is a `stop` or `goto` missing?");
    advice(
        "loop\tread %1\n\tgoto %0\n",
        "it gives -1; the program asked 65,536 times in a row",
    );
    advice(
        "here\tone %1\n\tone %2\n\tload [%1 : %2], %3\n",
        "was an index multiplied by 8, does a pointer grow by 8?",
    );
}

#[test]
fn one_instruction_is_not_several() {
    let output = run_with_input(&["--dump", "-"], b"\thalt 0\n");
    assert!(stderr(&output).ends_with("\n1 instruction executed\n"));
}

#[test]
fn a_description_may_come_from_stdin() {
    let program = scratch("piped.s");
    std::fs::write(&program, "\tstop 3\n").unwrap();
    let description = b"U (OP u 8) (n u 8)\n0x77 U\n: stop n\n    ulm_halt(n);\n";
    let arguments = ["--isa", "-", program.to_str().unwrap()];
    assert_eq!(status(&run_with_input(&arguments, description)), 3);
}

// ---- ends from outside ----

#[test]
#[cfg(unix)]
fn an_interrupt_in_a_loop_says_where_it_was() {
    let mut child = ulm(&["--report", "json", "spin.s"]).spawn().unwrap();
    expect_output(&mut child, b".");
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(status(&output), 130);
    let text = stderr(&output);
    assert!(
        text.starts_with("interrupted at loop (spin.s:3) after "),
        "{text}"
    );
    assert!(
        text.contains(r#"{"outcome":"interrupted","status":130,"#),
        "{text}"
    );
    let place =
        "\n --> spin.s:3:9\n  |\n3 | loop:   jmp     loop\n  |         ^^^^^^^^^^^^ this would";
    assert!(text.contains(place), "{text}");
    assert!(text.contains("loop -> loop  (x64)\n"), "{text}");
}

#[test]
fn a_line_that_a_compiler_has_translated_is_shown_if_its_file_is_there() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("translated");
    std::fs::create_dir_all(&folder).expect("it can be made");
    let assembly = "#line 2 \"there.emjay\"\n    idivq %0, %0, %1\n";
    std::fs::write(folder.join("there.s"), assembly).expect("it can be written");
    let missing = assembly.replace("there", "missing");
    std::fs::write(folder.join("missing.s"), missing).expect("it can be written");
    let source = "fn main(a) {\n\treturn 1 / a;\n}\n";
    std::fs::write(folder.join("there.emjay"), source).expect("it can be written");
    let message = |file: &str| {
        let output = ulm(&[file]).current_dir(&folder).output();
        let text = output.expect("ulm can be started").stderr;
        let text = String::from_utf8(text).expect("it is text");
        text.lines().take(5).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        message("there.s"),
        "error[T0102]: division by zero\n --> there.emjay:2\n  |\n2 |     return 1 / a;\n  |     \
         idivq %0, %0, %1"
    );
    assert_eq!(
        message("missing.s"),
        "error[T0102]: division by zero\n --> missing.emjay:2\n  |\n2 |     idivq %0, %0, %1\n  \
         |     ^^^^^^^^^^^^^^^^"
    );
}

#[test]
#[cfg(unix)]
fn an_interrupt_while_waiting_for_input_is_heard() {
    let mut child = ulm(&["echo.s"]).stdin(Stdio::piped()).spawn().unwrap();
    expect_output(&mut child, b"? ");
    interrupt(&child);
    let input = child.stdin.take();
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(
        text,
        "interrupted at 0x8 (echo.s:5), waiting for input, after 2 instructions\n \
          --> echo.s:5:9\n  \
           |\n\
         5 |         getc    %ch\n  \
           |         ^^^^^^^^^^^ this waits for input\n"
    );
    drop(input);
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let report = scratch("reader.json");
    let to = format!("json={}", report.display());
    let mut child = ulm(&["--report", &to, "--stats", "flood.s"])
        .spawn()
        .unwrap();
    expect_output(&mut child, b"x\n");
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((status(&output), stderr(&output)), (141, ""));
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.starts_with(r#"{"outcome":"interrupted","status":141,"#));
}

#[test]
fn a_reader_of_the_trace_that_goes_away_ends_the_program_quietly() {
    let mut child = ulm(&["--trace", "flood.s"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = [0; 8];
    child
        .stderr
        .as_mut()
        .unwrap()
        .read_exact(&mut line)
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_can_not_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = ulm(&["hello.s"]).stdout(full).output().unwrap();
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("can't write the output: No space left"));
}

// ---- reports ----

/// The report of a run, from stderr's last line.
fn report(arguments: &[&str]) -> serde_json::Value {
    let output = run(&[&["--report", "json"], arguments].concat());
    let line = stderr(&output).lines().last().expect("there is a report");
    let report: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(report["status"], status(&output));
    report
}

#[test]
fn a_report_says_how_it_ended() {
    let halted = report(&["hello.s"]);
    assert_eq!(halted["outcome"], "halted");
    assert_eq!(halted["instructions"], 23);
    assert_eq!(halted.get("trap"), None);

    let limit = report(&["--limit", "5", "hello.s"]);
    assert_eq!(limit["outcome"], "limit");
    assert_eq!(limit["limit"], "instructions");
    assert_eq!(limit["instructions"], 5);

    assert_eq!(report(&["wrong.s"])["outcome"], "source");
    assert_eq!(report(&["nowhere.s"])["outcome"], "source");
    assert_eq!(report(&["nowhere"])["outcome"], "image");
}

#[test]
fn a_report_names_the_trap_and_its_place() {
    let trapped = report(&["divide.s"]);
    assert_eq!(trapped["outcome"], "trapped");
    assert_eq!(
        trapped["trap"],
        serde_json::json!({
            "kind": "division-by-zero",
            "address": 28,
            "file": "divide.s",
            "line": 18,
            "message": "division by zero",
        })
    );
}

#[test]
fn a_report_of_a_trap_behind_the_text_has_the_line_of_the_last_instruction() {
    let trapped = report(&["past_the_end.s"]);
    assert_eq!(trapped["trap"]["address"], 8);
    assert_eq!(trapped["trap"]["file"], "past_the_end.s");
    assert_eq!(trapped["trap"]["line"], 3);
}

#[test]
fn a_report_may_go_to_a_file() {
    let path = scratch("report.json");
    let output = run(&["--report", &format!("json={}", path.display()), "hello.s"]);
    assert_eq!(stderr(&output), "");
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        text,
        "{\"outcome\":\"halted\",\"status\":0,\"instructions\":23}\n"
    );
}

// ---- watching ----

#[test]
fn a_trace_has_a_line_per_instruction() {
    let output = run(&["--trace", "hello.s"]);
    assert_eq!(stdout(&output), "hi\n");
    assert_eq!(stderr(&output).lines().count(), 23);
    golden("trace.txt", stderr(&output));
}

#[test]
fn a_trace_may_go_to_a_file_and_shows_calls_stores_and_input() {
    let path = scratch("trace");
    let output = run(&[&format!("--trace={}", path.display()), "several_calls.s"]);
    assert_eq!((status(&output), stderr(&output)), (9, ""));
    let calls = std::fs::read_to_string(&path).unwrap();
    let output = run_with_input(&[&format!("--trace={}", path.display()), "echo.s"], b"A");
    assert_eq!(status(&output), 65);
    let input = std::fs::read_to_string(&path).unwrap();
    golden("trace_of_calls.txt", &(calls + &input));
}

#[test]
fn statistics_count_by_mnemonic_and_label() {
    let output = run(&["--stats", "several_calls.s"]);
    golden("stats.txt", stderr(&output));
}

#[test]
fn a_dump_names_the_registers() {
    let output = run(&["--dump", "several_calls.s"]);
    golden("dump.txt", stderr(&output));
}

#[test]
fn a_dump_comes_however_the_program_stops() {
    let output = run(&["--dump", "divide.s"]);
    assert_eq!(status(&output), 125);
    assert!(stderr(&output).contains("%7   a"));
    let output = run(&["--dump", "--limit", "3", "divide.s"]);
    assert_eq!(status(&output), 124);
    assert!(stderr(&output).contains("%7   a"));
}

// ---- random starts ----

#[test]
fn random_starts_find_a_program_that_relies_on_zeros() {
    assert_eq!(status(&run(&["zero.s"])), 0);
    let output = run(&["--randomize=1", "zero.s"]);
    assert_eq!((status(&output), stderr(&output)), (1, ""));
}

#[test]
fn a_random_start_can_be_repeated() {
    let first = run(&["--randomize", "--dump", "zero.s"]);
    let (line, dump) = stderr(&first).split_once('\n').unwrap();
    let option = line.strip_prefix("randomized with ").unwrap();
    let again = run(&[option, "--dump", "zero.s"]);
    assert_eq!(stderr(&again), dump);
}

// ---- other machines ----

#[test]
fn a_description_with_errors_is_an_error_of_the_source() {
    let path = scratch("wrong.isa");
    std::fs::write(&path, "U (OP u 8)\n0x01 V\n: halt\n    ulm_halt(0);\n").unwrap();
    let output = run(&["--isa", path.to_str().unwrap(), "hello.s"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("wrong.isa:2:6"));
    let output = run(&["isa", "--isa", path.to_str().unwrap(), "manual"]);
    assert_eq!(status(&output), 1);
}

#[test]
fn another_machine_runs_its_own_words() {
    let path = scratch("other.isa");
    std::fs::write(
        &path,
        "U (OP u 8) (n u 8)\n0x77 U\n: stop n\n    ulm_halt(n);\n",
    )
    .unwrap();
    let isa = path.to_str().unwrap();
    let program = scratch("other.s");
    std::fs::write(&program, "\tstop 3\n").unwrap();
    assert_eq!(status(&run(&["--isa", isa, program.to_str().unwrap()])), 3);
}

// ---- pages ----

#[test]
fn the_disassembly_of_an_image_runs_like_the_image() {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/divide.image");
    let output = run(&["disasm", image.to_str().unwrap()]);
    assert_eq!(status(&output), 0);
    let again = scratch("again.s");
    std::fs::write(&again, &output.stdout).unwrap();
    let output = run(&[again.to_str().unwrap()]);
    assert_eq!((status(&output), stdout(&output)), (125, ".."));
}

#[test]
fn every_mnemonic_can_be_shown() {
    let output = run(&["isa", "show", "divq"]);
    assert_eq!(status(&output), 0);
    assert!(stdout(&output).contains("divq"));
    let output = run(&["isa", "show", "dvq"]);
    assert_eq!((status(&output), stdout(&output)), (1, ""));
    assert!(stderr(&output).contains("did you mean `divq`?"));
}

#[test]
fn manual_and_grammars_are_written() {
    for (arguments, part) in [
        (&["isa", "manual", "--format", "md"][..], "`divq"),
        (&["isa", "manual", "--format", "html"], "<html"),
        (&["isa", "grammar", "--format", "vim"], "syn"),
        (&["isa", "grammar", "--format", "textmate"], "scopeName"),
    ] {
        let output = run(arguments);
        assert_eq!(status(&output), 0, "{arguments:?}");
        assert!(stdout(&output).contains(part), "{arguments:?}");
    }
}

#[test]
fn codes_of_all_crates_are_explained() {
    for code in ["U0602", "I0101", "T0102", "t0102"] {
        let output = run(&["explain", code]);
        assert_eq!(status(&output), 0, "{code}");
        assert!(stdout(&output).starts_with(&code.to_uppercase()), "{code}");
    }
    let all = run(&["explain"]);
    for code in ["U0602", "I0101", "T0102"] {
        assert!(stdout(&all).contains(code));
    }
    let output = run(&["explain", "T010"]);
    assert_eq!((status(&output), stdout(&output)), (1, ""));
    assert!(stderr(&output).contains("did you mean `T01"));
}

#[test]
fn completions_and_man_pages_are_generated() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            stdout(&run(&["completions", shell])).contains("randomize"),
            "{shell}"
        );
    }
    assert!(stdout(&run(&["man"])).contains(".TH ulm"));
    assert!(stdout(&run(&["man", "disasm"])).contains("disasm"));
}

#[test]
fn every_help_has_an_example() {
    for command in [
        &[][..],
        &["disasm"],
        &["isa"],
        &["isa", "show"],
        &["isa", "manual"],
        &["isa", "grammar"],
        &["explain"],
    ] {
        let output = run(&[command, &["--help"]].concat());
        assert_eq!(status(&output), 0, "{command:?}");
        assert!(stdout(&output).contains("Example"), "{command:?}");
    }
}

#[test]
fn a_subcommand_wins_over_a_file_of_its_name() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("names");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("explain"), "09 05 00 00").unwrap();
    let mut command = ulm(&["explain"]);
    assert_eq!(status(&command.current_dir(&folder).output().unwrap()), 0);
    let mut command = ulm(&["./explain"]);
    assert_eq!(status(&command.current_dir(&folder).output().unwrap()), 5);
}
