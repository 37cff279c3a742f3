//! No input makes the assembler panic or hang; every input gives an image or an error.
//!
//! `ULM_TEST_CASES` sets the number of random inputs of each kind.

use std::path::Path;
use std::sync::LazyLock;

use diagnostics::{Appearance, FileId, Severity, Sources};
use proptest::prelude::*;
use ulm_isa::Isa;

fn cases() -> u32 {
    std::env::var("ULM_TEST_CASES")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(256)
}

/// Assembles, renders the messages, and checks what always holds; the number of errors.
fn assemble(files: &[Vec<u8>]) -> usize {
    let mut sources = Sources::new();
    let ids: Vec<FileId> = files
        .iter()
        .map(|bytes| sources.add_bytes("a.s", bytes.clone()))
        .collect();
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &ids);
    let errors = assembly
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    assert_eq!(assembly.image.is_none(), errors > 0);
    let text = diagnostics::render_all(&assembly.diagnostics, &sources, Appearance::Plain);
    assert_eq!(text.is_empty(), assembly.diagnostics.is_empty());
    errors
}

fn assemble_text(text: String) -> usize {
    assemble(&[text.into_bytes()])
}

static EXAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the examples are there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "s"))
        .collect();
    paths.sort();
    let read = |path| std::fs::read(path).expect("it can be read");
    paths.iter().map(read).collect()
});

/// Pieces of programs, right and wrong ones.
const PIECES: [&str; 72] = [
    "addq",
    "subq",
    "movq",
    "movzbq",
    "movb",
    "ldzwq",
    "jmp",
    "jz",
    "halt",
    "divq",
    "putc",
    "nop",
    "hlat",
    "HALT",
    ".text",
    ".data",
    ".bss",
    ".equ",
    ".byte",
    ".word",
    ".quad",
    ".string",
    ".space",
    ".align",
    ".globl",
    ".foo",
    "loop",
    "loop:",
    "x",
    "y",
    ".L1",
    "x:",
    "%",
    "%1",
    "%2",
    "%255",
    "%256",
    "%x",
    "$",
    "@",
    "@w0",
    "@w1(",
    "@w9(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ",",
    ",",
    ":",
    "+",
    "-",
    "*",
    "/",
    "0",
    "1",
    "4",
    "8",
    "256",
    "65536",
    "18446744073709551615",
    "99999999999999999999",
    "0x",
    "'a'",
    "'",
    "\"s\"",
    "\"",
    "\\",
    "“",
];
const GAPS: [&str; 10] = [
    " ",
    " ",
    " ",
    "",
    "\t",
    "\n",
    "\n        ",
    "\n        ",
    "# c\n",
    "/* c */",
];

fn token_soup() -> impl Strategy<Value = String> {
    let piece = (0..PIECES.len(), 0..GAPS.len());
    prop::collection::vec(piece, 0..120).prop_map(|pieces| {
        pieces
            .into_iter()
            .flat_map(|(piece, gap)| [PIECES[piece], GAPS[gap]])
            .collect()
    })
}

/// A change of an example: at a place, some bytes go, and others come.
#[derive(Debug, Clone)]
struct Change {
    at: prop::sample::Index,
    removed: usize,
    inserted: String,
}

fn change() -> impl Strategy<Value = Change> {
    let inserted = prop_oneof![
        Just(String::new()),
        (0..PIECES.len()).prop_map(|i| PIECES[i].to_owned()),
        any::<char>().prop_map(String::from),
    ];
    (any::<prop::sample::Index>(), 0..6usize, inserted).prop_map(|(at, removed, inserted)| Change {
        at,
        removed,
        inserted,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn random_bytes_give_an_image_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        assemble(&[bytes]);
    }

    #[test]
    fn random_tokens_give_an_image_or_an_error(text in token_soup(), other in token_soup()) {
        assemble(&[text.into_bytes(), other.into_bytes()]);
    }

    #[test]
    fn changed_examples_give_an_image_or_an_error(
        example in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut text = example.get(&EXAMPLES).clone();
        for change in changes {
            let start = change.at.index(text.len() + 1);
            let end = (start + change.removed).min(text.len());
            text.splice(start..end, change.inserted.into_bytes());
        }
        assemble(&[text]);
    }
}

/// A test of these that takes more than a few seconds has found something that is not linear.
#[test]
fn deep_nesting_is_one_error() {
    assert_eq!(
        assemble_text(format!("        .quad {}", "(".repeat(200_000))),
        1
    );
    assert_eq!(
        assemble_text(format!("        .quad {}1", "-".repeat(200_000))),
        1
    );
    assert_eq!(
        assemble_text(format!("        movq {}%1", "(".repeat(200_000))),
        1
    );
    let closed = format!("{}1{}", "(".repeat(200_000), ")".repeat(200_000));
    assert_eq!(assemble_text(format!("        halt {closed}")), 1);
    assert_eq!(
        assemble_text(format!("        halt {}", "@w0(".repeat(50_000))),
        1
    );
    // Parentheses that are not nested: each begins as a memory operand might.
    assert_eq!(
        assemble_text(format!("        halt {}", "(1)".repeat(50_000))),
        1
    );
    assert_eq!(
        assemble_text(format!("        halt {}", "(1,".repeat(50_000))),
        1
    );
    assert_eq!(
        assemble_text(format!("        halt {}", "(%1,".repeat(50_000))),
        1
    );
    assert_eq!(
        assemble_text(format!("        halt {}", ")".repeat(200_000))),
        1
    );
}

#[test]
fn long_sums_are_no_error() {
    let sum = vec!["1"; 100_000].join("+");
    assert_eq!(assemble_text(format!("        .quad {sum}\n")), 0);
    let sum = vec!["x"; 100_000].join(" - ");
    assert_eq!(
        assemble_text(format!("        .equ x, 0\n        .quad {sum}\n")),
        0
    );
    let sum = vec!["(1)"; 100_000].join("*");
    assert_eq!(assemble_text(format!("        .quad {sum}\n")), 0);
    let sum = vec!["undefined"; 100_000].join("+");
    assert_eq!(assemble_text(format!("        .quad {sum}\n")), 1);
}

#[test]
fn long_lists_are_no_error() {
    let list = vec!["255"; 200_000].join(", ");
    assert_eq!(
        assemble_text(format!("        .data\n        .byte {list}\n")),
        0
    );
    let list = vec!["255"; 200_000].join(" ");
    assert_eq!(
        assemble_text(format!("        .data\n        .byte {list}\n")),
        1
    );
    let list = vec!["%1"; 100_000].join(" ");
    assert_eq!(assemble_text(format!("        addq {list}\n")), 1);
    let list = vec!["%1"; 100_000].join(", ");
    assert_eq!(assemble_text(format!("        addq {list}\n")), 1);
}

#[test]
fn long_chains_of_definitions_have_values() {
    const LENGTH: usize = 100_000;
    let upwards: String = (1..LENGTH)
        .map(|i| format!("        .equ c{i}, c{} + 1\n", i - 1))
        .collect();
    let upwards = format!(
        "        .equ c0, 1\n{upwards}        .quad c{}\n",
        LENGTH - 1
    );
    assert_eq!(assemble_text(upwards), 0);
    let downwards: String = (1..LENGTH)
        .map(|i| format!("        .equ c{}, c{i} + 1\n", i - 1))
        .collect();
    let last = LENGTH - 1;
    let space = "        .data\n        .space c0\n";
    assert_eq!(
        assemble_text(format!("{downwards}        .equ c{last}, 1\n{space}")),
        1
    );
    assert_eq!(
        assemble_text(format!("{downwards}        .equ c{last}, c0\n{space}")),
        1
    );
    assert_eq!(
        assemble_text(format!("{space}{downwards}        .equ c{last}, 1\n")),
        1
    );
    // One name again and again.
    let again = "        .equ n, n + 1\n".repeat(LENGTH);
    assert_eq!(
        assemble_text(format!("        .equ n, 0\n{again}        .quad n\n")),
        0
    );
    // Each of many sizes follows the same chain.
    let sizes = format!("        .space c{last}\n").repeat(10_000);
    let upwards: String = (1..LENGTH)
        .map(|i| format!("        .equ c{i}, c{}\n", i - 1))
        .collect();
    let text = format!("        .equ c0, end - start\n{upwards}start:\n{sizes}end:\n");
    assert_eq!(assemble_text(text), 10_000);
    let sizes = "        .space c0 - c0\n".repeat(1000);
    assert_eq!(
        assemble_text(format!("{downwards}{sizes}        .equ c{last}, 1\n")),
        1000
    );
}

#[test]
fn a_hundred_thousand_errors_are_counted() {
    const NUMBER: usize = 100_000;
    assert_eq!(assemble_text("        hlat 0\n".repeat(NUMBER)), NUMBER);
    assert_eq!(
        assemble_text("        addq 1 %1 %2 %3\n".repeat(NUMBER)),
        NUMBER
    );
    assert_eq!(
        assemble_text("        movq 8(%1, (2), %2\n".repeat(NUMBER)),
        NUMBER
    );
    assert_eq!(assemble_text("        ;\n".repeat(NUMBER)), NUMBER);
    assert_eq!(assemble_text("“\n".repeat(NUMBER)), NUMBER);
    assert_eq!(assemble_text("        halt 256\n".repeat(NUMBER)), NUMBER);
    let undefined: String = (0..NUMBER)
        .map(|i| format!("label{i}: jmp lable{i}\n"))
        .collect();
    assert_eq!(assemble_text(undefined), NUMBER);
    let globals: String = (0..NUMBER)
        .map(|i| format!(" .globl n{i}\nm{i}:\n"))
        .collect();
    assert_eq!(assemble_text(globals), NUMBER);
    let words: String = (0..NUMBER).map(|i| format!("        word{i}\n")).collect();
    assert_eq!(assemble_text(words), NUMBER);
    let twice: String = (0..NUMBER)
        .map(|i| format!("a{i}: halt 0\na{i}:\n"))
        .collect();
    assert_eq!(assemble_text(twice), NUMBER);
}

#[test]
fn warnings_of_a_long_program_are_counted() {
    let text: String = (0..100_000)
        .map(|i| format!("a{i}: halt 0\n nop\n"))
        .collect();
    assert_eq!(assemble_text(text), 0);
}

#[test]
fn a_line_of_five_megabytes_is_a_line() {
    const LENGTH: usize = 5_000_000;
    assert_eq!(assemble_text("x".repeat(LENGTH)), 0);
    assert_eq!(assemble_text(format!("        {}", "x".repeat(LENGTH))), 1);
    assert_eq!(
        assemble_text(format!("        .string \"{}", "x".repeat(LENGTH))),
        1
    );
    assert_eq!(
        assemble_text(format!("        .string \"{}\"", "\\n".repeat(LENGTH / 2))),
        0
    );
    assert_eq!(
        assemble_text(format!("        halt {}", "9".repeat(LENGTH))),
        1
    );
    assert_eq!(
        assemble_text(format!("        putc '{}", "x".repeat(LENGTH))),
        1
    );
    assert_eq!(
        assemble_text(format!("        putc '{}'", "x".repeat(LENGTH))),
        1
    );
    assert_eq!(
        assemble_text(format!("        halt {}", "“".repeat(LENGTH / 3))),
        1
    );
    assert_eq!(
        assemble_text(format!("{}        halt", " ".repeat(LENGTH))),
        1
    );
    assert_eq!(
        assemble_text(format!("        halt 0 # {}", "x".repeat(LENGTH))),
        0
    );
    assert_eq!(
        assemble_text(format!("        halt 0 /* {}", "\n*".repeat(LENGTH / 2))),
        1
    );
    assert_eq!(
        assemble_text(format!("        halt 0, {}", "/**/ ".repeat(LENGTH / 5))),
        1
    );
    // Many errors in one such line.
    let values = "256, ".repeat(LENGTH / 50);
    assert_eq!(
        assemble_text(format!("        .byte {values}256")),
        LENGTH / 50 + 1
    );
}

#[test]
fn huge_segments_take_no_memory() {
    for directive in [".space", ".align"] {
        for size in [
            "0x7FFFFFFFFFFFFFFF",
            "0x8000000000000000",
            "0xFFFFFFFFFFFFFFF0",
        ] {
            for segment in [".text", ".data", ".bss"] {
                let text =
                    format!("        halt 0\n        {segment}\n        {directive} {size}\n");
                assemble_text(text.clone());
                assemble_text(format!("{text}        .quad 1\n        .align 0x10000\n"));
                assemble_text(format!(
                    "{text}x:      .byte 1\n        .quad x\n        .text\n jmp x\n"
                ));
            }
        }
    }
}

#[test]
fn many_runs_of_zeros_take_no_memory() {
    for line in ["        .space 65536\n", "        .align 65536\n"] {
        let text = format!(
            "        .data\n{}",
            format!("{line}        .byte 1\n").repeat(2000)
        );
        let mut sources = Sources::new();
        let file = sources.add("zeros.s", text);
        let image = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
        let data = image.expect("there is no error").object.data;
        let bytes: usize = data.blocks.iter().map(|block| block.bytes.len()).sum();
        assert!(data.size > 1999 * 65536, "{}", data.size);
        assert!(bytes < 8 << 20, "{bytes}");
    }
}

#[test]
fn many_file_names_in_line_comments_take_linear_time() {
    let text: String = (0..100_000)
        .map(|i| format!("#line {i} \"file{i:06}.c\"\n        halt 0\n"))
        .collect();
    assert_eq!(assemble_text(text), 0);
}
