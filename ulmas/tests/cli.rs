//! The command as its users see it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const HALT: &str = "        halt    42\n";
const WRONG: &str = "        hlat    42\n";
/// It falls off its end.
const DOUBTFUL: &str = "        putc    'x'\n";

/// A folder of its own, in which the command runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("there is room for a folder"))
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, text) in files {
            std::fs::write(folder.path(name), text).expect("it can be written");
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }

    /// The command in this folder, through what cargo runs this target's programs with (qemu, for
    /// example).
    fn ulmas(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_ulmas");
        let mut command = match runner() {
            Some(runner) => {
                let mut words = runner.split_whitespace().map(str::to_owned);
                let mut command = Command::new(words.next().unwrap_or_default());
                command.args(words).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.ulmas(arguments).output().expect("it can be started")
    }

    fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .ulmas(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let mut stdin = child.stdin.take().expect("it is a pipe");
        stdin.write_all(input.as_bytes()).expect("it is read");
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }
}

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

fn status(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("it is text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("it is text")
}

fn example(name: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    examples.join(name).display().to_string()
}

#[test]
fn the_image_goes_to_a_out_without_a_word() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    let output = folder.run(&["halt.s"]);
    assert_eq!(status(&output), 0);
    assert_eq!((stdout(&output), stderr(&output)), ("", ""));
    let image = folder.read("a.out").expect("it was written");
    assert!(image.contains("0x0000000000000000: 09 2A 00 00 #     halt 42\n"));
}

#[test]
fn the_option_o_names_the_image() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    let output = folder.run(&["-o", "halt", "halt.s"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(folder.read("halt").is_some());
    assert!(folder.read("a.out").is_none());
}

#[test]
fn the_first_line_of_an_image_makes_it_a_program() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    folder.run(&["halt.s"]);
    let image = folder.read("a.out").expect("it was written");
    assert_eq!(image.lines().next(), Some("#!/usr/bin/env ulm"));
    assert_eq!(image.lines().nth(1), Some("#TEXT 4"));
}

#[cfg(unix)]
#[test]
fn whoever_can_read_the_image_can_run_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&[("halt.s", HALT)]);
    folder.run(&["halt.s"]);
    let metadata = std::fs::metadata(folder.path("a.out")).expect("it was written");
    let mode = metadata.permissions().mode();
    assert_eq!(mode >> 2 & 0o111, mode & 0o111, "{mode:o}");
    assert_ne!(mode & 0o100, 0, "{mode:o}");
}

#[test]
fn a_listing_shows_addresses_bytes_and_instructions() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    let output = folder.run(&["--list", "halt.s"]);
    assert_eq!(status(&output), 0);
    assert_eq!(
        stdout(&output),
        "0x0000000000000000: 09 2A 00 00   halt 42\n"
    );
    assert!(folder.read("a.out").is_some());
}

#[test]
fn an_error_writes_nothing_and_gives_status_1() {
    let folder = Folder::with(&[("wrong.s", WRONG), ("a.out", "as it was")]);
    let output = folder.run(&["--list", "wrong.s"]);
    assert_eq!(status(&output), 1);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).starts_with("error[U0102]: there is no instruction `hlat`\n"));
    assert!(stderr(&output).contains(" --> wrong.s:1:9\n"));
    assert!(stderr(&output).ends_with("\n1 error\n"));
    assert_eq!(folder.read("a.out").as_deref(), Some("as it was"));
}

#[test]
fn warnings_do_not_fail() {
    let folder = Folder::with(&[("doubtful.s", DOUBTFUL)]);
    let output = folder.run(&["doubtful.s"]);
    assert_eq!(status(&output), 0);
    assert!(stderr(&output).starts_with("warning[U0703]: "));
    assert!(folder.read("a.out").is_some());
}

#[test]
fn warnings_are_silent_beside_errors() {
    let folder = Folder::with(&[("doubtful.s", DOUBTFUL), ("wrong.s", WRONG)]);
    let output = folder.run(&["wrong.s", "doubtful.s"]);
    assert_eq!(status(&output), 1);
    assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
}

#[test]
fn a_dash_is_the_standard_input() {
    let folder = Folder::new();
    let output = folder.run_with_input(&["-"], HALT);
    assert_eq!(status(&output), 0);
    assert!(folder.read("a.out").is_some());

    let output = folder.run_with_input(&["-"], WRONG);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains(" --> <stdin>:1:9\n"));
}

#[test]
fn several_files_see_what_is_global() {
    let main = "        jmp     done\nunused:\n        jmp     unused\n";
    let library = "        .globl  done\ndone:   halt    7\n";
    let folder = Folder::with(&[("main.s", main), ("library.s", library)]);
    let output = folder.run(&["--list", "main.s", "library.s"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("0x0000000000000000: 41 00 00 02   jmp 8\n"));

    let output = folder.run(&["main.s"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).starts_with("error[U0301]: `done` is not defined\n"));
}

#[test]
fn another_machine_can_be_assembled_for() {
    let folder = Folder::new();
    let (isa, program) = (example("tiny.isa"), example("tiny.s"));
    let output = folder.run(&["--isa", &isa, "--list", &program]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("   load 1, %6\n"));

    let output = folder.run(&["--isa", &isa, &example("hello.s")]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains("there is no instruction `ldzwq`"));
}

#[test]
fn a_wrong_description_of_a_machine_is_explained() {
    let folder = Folder::with(&[("halt.s", HALT), ("wrong.isa", "0x01 NOWHERE\n: halt\n")]);
    let output = folder.run(&["--isa", "wrong.isa", "halt.s"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).contains(" --> wrong.isa:1:"));
    assert!(folder.read("a.out").is_none());
}

#[test]
fn files_that_cannot_be_read_or_written_give_status_1_and_are_named() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    std::fs::create_dir(folder.path("folder")).expect("it can be made");
    for (arguments, named) in [
        (&["missing.s"][..], "can't read `missing.s`: "),
        (&["folder"], "can't read `folder`: "),
        (
            &["--isa", "missing.isa", "halt.s"],
            "can't read `missing.isa`: ",
        ),
        (&["-o", "folder", "halt.s"], "can't write `folder`: "),
        (&["-o", "nowhere/halt", "halt.s"], "can't write `nowhere"),
    ] {
        let output = folder.run(arguments);
        assert_eq!(status(&output), 1, "{arguments:?}");
        let message = format!("error: {named}");
        assert!(stderr(&output).starts_with(&message), "{}", stderr(&output));
        assert!(!stderr(&output).contains("os error"), "{}", stderr(&output));
    }
}

#[test]
fn the_image_never_replaces_its_source() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    let output = folder.run(&["-o", "./halt.s", "halt.s"]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("halt.s"));
    assert_eq!(folder.read("halt.s").as_deref(), Some(HALT));
}

#[test]
fn a_wrong_command_line_gives_status_2() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    for arguments in [
        &[][..],
        &["-o"],
        &["-o", "halt"],
        &["--no-such-option", "halt.s"],
    ] {
        let output = folder.run(arguments);
        assert_eq!(status(&output), 2, "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert_ne!(stderr(&output), "", "{arguments:?}");
    }
    assert!(folder.read("a.out").is_none());
}

#[test]
fn explain_prints_the_page_of_a_code_in_either_case() {
    let folder = Folder::new();
    for code in ["U0104", "u0104"] {
        let output = folder.run(&["explain", code]);
        assert_eq!(status(&output), 0);
        assert!(stdout(&output).starts_with("U0104: missing comma between operands\n\n"));
        assert!(stdout(&output).contains("\nWrong:\n"));
        assert!(stdout(&output).contains("\nRight:\n"));
    }
}

#[test]
fn explain_lists_all_codes() {
    let output = Folder::new().run(&["explain"]);
    assert_eq!(status(&output), 0);
    for page in ulmas::EXPLANATIONS {
        let line = format!("{}  {}\n", page.code, page.title);
        assert!(stdout(&output).contains(&line), "{line}");
    }
}

#[test]
fn explain_names_a_code_that_there_is_not() {
    let output = Folder::new().run(&["explain", "U9999"]);
    assert_eq!(status(&output), 1);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).starts_with("error: there is no message with the code `U9999`"));
    let output = Folder::new().run(&["explain", "U010"]);
    assert!(stderr(&output).contains("help: did you mean `U01"));
}

#[test]
fn there_are_no_colours_where_there_is_no_terminal() {
    let folder = Folder::with(&[("wrong.s", WRONG)]);
    let output = folder.run(&["wrong.s"]);
    assert!(!stderr(&output).contains('\x1B'));
    let output = folder.ulmas(&["wrong.s"]).env("NO_COLOR", "1").output();
    assert!(!stderr(&output.expect("it can be started")).contains('\x1B'));
}

#[test]
fn colours_that_are_asked_for_are_there() {
    let folder = Folder::with(&[("wrong.s", WRONG)]);
    let coloured = folder
        .ulmas(&["wrong.s"])
        .env_remove("NO_COLOR")
        .env("CLICOLOR_FORCE", "1")
        .output();
    assert!(stderr(&coloured.expect("it can be started")).contains('\x1B'));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_has_a_status_of_its_own() {
    let folder = Folder::new();
    let (reader, writer) = std::io::pipe().expect("there are pipes");
    drop(reader);
    let output = folder.ulmas(&["explain"]).stdout(writer).output();
    let output = output.expect("it can be started");
    assert_eq!((status(&output), stderr(&output)), (141, ""));
}

#[test]
fn the_help_names_every_option_and_has_an_example() {
    let output = Folder::new().run(&["--help"]);
    assert_eq!(status(&output), 0);
    for word in ["-o ", "--isa ", "--list", "explain", "`-`", "a.out"] {
        assert!(stdout(&output).contains(word), "{word}");
    }
    assert!(stdout(&output).contains("\nExample:\n  ulmas -o "));
    assert_eq!(status(&Folder::new().run(&["--version"])), 0);
}

#[cfg(unix)]
#[test]
fn the_description_of_a_machine_may_come_from_the_standard_input() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    let output = folder.run_with_input(&["--isa", "-", "halt.s"], "not a machine\n");
    assert_eq!(status(&output), 1);
    assert!(
        stderr(&output).contains(" --> <stdin>:1:"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_image_is_no_source() {
    let folder = Folder::with(&[("halt.s", HALT)]);
    assert!(folder.run(&["halt.s"]).status.success());
    let output = folder.run(&["-o", "again", "a.out"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("`a.out` is an image, not source"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
    assert_eq!(folder.read("again"), None);
}
