//! Programs that end in trouble after they have been translated: whatever the engine, output, exit
//! status, message and report are the same to the last byte. The message has the history of jumps in
//! it.

use std::process::Output;

use libtest_mimic::{Arguments, Failed, Trial};
use tests::{run, tool};

/// Name, source text, options, input.
type Program = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
);

const PROGRAMS: &[Program] = &[
    (
        "a division by zero in a procedure",
        "        ldzwq   20000, %5
        ldzwq   share, %6
again:  subq    1, %5, %5
        jmp     %6, %7
        jmp     again
share:  ldzwq   1000, %1
        divq    %5, %1, %2
        putc    '.'
        jmp     %7, %0
",
        &[],
        "",
    ),
    (
        "a misaligned load in a loop",
        "        ldzwq   60000, %5
        ldzwq   1024, %6
loop:   addq    1, %5, %5
        shrq    16, %5, %7
        movzlq  (%6, %7), %4
        jmp     loop
",
        &[],
        "",
    ),
    (
        "a jump out of a table",
        "        ldzwq   table, %1
        ldzwq   0, %2
loop:   shrq    14, %2, %3
        movq    (%1, %3, 8), %4
        jmp     %4, %0
even:   addq    1, %2, %2
        jmp     loop
odd:    addq    2, %2, %2
        jmp     loop
        .data
table:  .quad   even, odd, even, odd + 2
",
        &[],
        "",
    ),
    (
        "a recursion without an end",
        "        ldzwq   0, %2
        ldzwq   call, %4
call:   subq    32, %2, %2
        movq    %3, (%2)
        movq    %2, 8(%2)
        jmp     %4, %3
",
        &["--max-memory", "1M"],
        "",
    ),
    (
        "a store into its own loop",
        "        ldzwq   10000, %1
loop:   subq    1, %1, %1
        jnz     loop
        movl    %1, loop(%0)
        jmp     loop
",
        &[],
        "",
    ),
    (
        "a limit of instructions",
        "loop:   addq    1, %1, %1
        jmp     next
next:   addq    1, %2, %2
        jmp     loop
",
        &["--limit", "1234567"],
        "",
    ),
    (
        "a limit of output",
        "loop:   putc    'x'
        jmp     loop
",
        &["--max-output", "70K"],
        "",
    ),
    (
        "reading on and on",
        "loop:   getc    %1
        putc    %1
        jmp     loop
",
        &[],
        "some input",
    ),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for &program in PROGRAMS {
        for engine in ["reference", "jit"] {
            trials.push(Trial::test(format!("{}::{engine}", program.0), move || {
                says_the_same(program, engine)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Runs a program from stdin, or with its input there, and the text from a file.
fn output_of((_, text, options, input): Program, engine: &str) -> Result<Output, Failed> {
    let scratch = tempfile::tempdir()?;
    std::fs::write(scratch.path().join("program.s"), text)?;
    let mut command = tool("ulm");
    command.current_dir(scratch.path()).args(options).args([
        "--engine",
        engine,
        "--report",
        "json",
        "--dump",
        "program.s",
    ]);
    Ok(run(&mut command, input.as_bytes()))
}

fn says_the_same(program: Program, engine: &str) -> Result<(), Failed> {
    let expected = output_of(program, "fast")?;
    let found = output_of(program, engine)?;
    if expected.status.code() == Some(0) || expected.stderr.is_empty() {
        return Err("the program ends without trouble".into());
    }
    if found.status != expected.status {
        return Err(format!("status {}, not {}", found.status, expected.status).into());
    }
    if found.stdout != expected.stdout {
        return Err("other output".into());
    }
    if found.stderr != expected.stderr {
        let [found, expected] =
            [found, expected].map(|o| String::from_utf8_lossy(&o.stderr).into_owned());
        return Err(format!("{found}\ninstead of\n{expected}").into());
    }
    Ok(())
}
