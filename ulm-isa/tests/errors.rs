//! Descriptions with errors: their messages, and that no input does harm.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use diagnostics::{Appearance, Sources, render_all};
use goldenfile::Mint;
use proptest::prelude::*;
use ulm_isa::isa::ULM_SOURCE;
use ulm_isa::{EXPLANATIONS, Isa, IsaError};

/// The descriptions in `tests/err`.
fn inputs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/err");
    let entries = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "isa"))
        .collect();
    paths.sort();
    paths
}

fn errors_of(text: &str) -> Vec<IsaError> {
    Isa::parse(text).err().unwrap_or_default()
}

/// The messages as the command prints them.
fn rendered(name: &str, text: &str) -> String {
    let mut sources = Sources::new();
    let file = sources.add(name, text);
    let diagnostics: Vec<_> = errors_of(text)
        .iter()
        .map(|error| error.to_diagnostic(file))
        .collect();
    render_all(&diagnostics, &sources, Appearance::Plain)
}

fn codes(text: &str) -> Vec<&'static str> {
    errors_of(text).iter().map(|e| e.kind.code()).collect()
}

#[test]
fn each_description_with_errors_has_exactly_its_messages() {
    let mut mint = Mint::new("tests/err");
    for path in inputs() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let messages = rendered(name, &text);
        assert_ne!(messages, "", "{name} is rejected");
        let golden = Path::new(name).with_extension("txt");
        let mut file = mint.new_goldenfile(golden).unwrap();
        file.write_all(messages.as_bytes()).unwrap();
    }
}

#[test]
fn each_code_has_an_input_and_an_explanation() {
    let mut found: Vec<&str> = vec!["I0307"];
    for path in inputs() {
        found.extend(codes(&std::fs::read_to_string(path).unwrap()));
    }
    found.sort_unstable();
    found.dedup();
    let explained: Vec<&str> = EXPLANATIONS.iter().map(|page| page.code).collect();
    assert_eq!(found, explained);
}

#[test]
fn a_last_line_without_newline_and_windows_line_ends_are_fine() {
    let text = "IMM (OP u 8) (imm u 8)\r\n\r\n0x01 IMM\r\n: halt imm\r\n    ulm_halt(imm);";
    let isa = Isa::parse(text).unwrap();
    assert_eq!(isa.disassemble(0x0107_0000).as_deref(), Some("halt 7"));
}

#[test]
fn an_effect_may_have_comments_and_empty_lines_inside() {
    let text = "IMM (OP u 8) (imm u 8)\n0x01 IMM\n: halt imm\n    ulm_printChar(imm);\n\
                # in column 1\n\n#and again\n    ulm_halt(imm); /* over\n# lines\nand */\n";
    let isa = Isa::parse(text).unwrap();
    assert_eq!(isa.instructions[0].effect.statements.len(), 2);
    assert!(!isa.instructions[0].effect.text.contains("column"));
}

#[test]
fn comments_between_head_and_forms_are_the_description_and_others_are_not() {
    let text = "IMM (OP u 8) (imm u 8)\n# no\n@halt\n# Stops.\n#\n# Now.\n\n# no\n0x01 IMM\n\
                # Yes.\n#   Really.\n: halt imm\n# no\n    ulm_halt(imm);\n# no\n";
    let isa = Isa::parse(text).unwrap();
    assert_eq!(isa.instructions[0].help, "Yes.\n  Really.");
    let introduction = ("halt".to_owned(), "Stops.\n\nNow.".to_owned());
    assert_eq!(isa.introductions, [introduction]);
}

#[test]
fn operators_have_the_precedence_of_c() {
    let value = |expression: &str| {
        let text =
            format!("F (OP u 8) (a u 8) (s s 8)\n1 F\n: f a, s\n    ulm_halt({expression});\n");
        let isa = Isa::parse(&text).unwrap();
        let effect = &isa.instructions[0].effect;
        // a = 6, s = -2
        effect.statements[0].arguments[0].evaluate_static(&|f| [0, 6, -2][f.0 as usize])
    };
    for (expression, expected) in [
        ("2 + 3 * 4 - 6 / 2 % 2", 13),
        ("1 << 2 + 1", 8),
        ("1 << 2 < 5", 1),
        ("3 < 2 == 0", 1),
        ("6 & 3 == 3", 0),
        ("4 | 6 ^ 3 & 5", 7),
        ("1 || 0 && 0", 1),
        ("0 ? 1 : 0 ? 2 : 3", 3),
        ("- -3 - -2", 5),
        ("!0 + ~0", 0),
        ("10 - 4 - 3", 3),
        ("s / 2", -1i64 as u64),
        ("s >> 1", -1i64 as u64),
        ("s < 1", 1),
        ("s < a", 0),
        ("s / a", (-2i64 as u64) / 6),
        ("(0x10 + 010) * 1", 26),
    ] {
        assert_eq!(value(expression), Some(expected), "{expression}");
    }
}

#[test]
fn more_forms_that_differ_in_a_number_than_there_is_room_for_are_rejected() {
    let mut text = String::from("F (OP u 16)\n");
    for n in 0..1100 {
        writeln!(text, "{n} F\n: f {n}\n    ;").unwrap();
    }
    assert_eq!(codes(&text), ["I0307"]);
}

#[test]
fn more_formats_than_can_be_counted_are_rejected() {
    let mut text = String::new();
    for n in 0..65_536 {
        writeln!(text, "F{n} (OP u 8)").unwrap();
    }
    assert_eq!(codes(&text), ["I0307"]);
}

#[test]
fn trees_that_are_high_without_parentheses_being_deep_are_rejected() {
    // Each level alone is within the limit; together they would make a tree 20,000 high.
    let mut expression = String::from("1");
    for _ in 0..150 {
        expression = format!("({expression}{})", "+1".repeat(150));
    }
    let text = format!("F (OP u 8)\n1 F\n: f\n    ulm_halt({expression});\n");
    assert_eq!(codes(&text), ["I0105"]);
}

#[test]
fn nesting_without_end_is_one_error() {
    for open in ["(", "-", "!", "1?", "1?1:", "ulm_regVal(", "1+(", "1*-"] {
        let text = format!(
            "F (OP u 8)\n1 F\n: f\n    ulm_halt({}",
            open.repeat(100_000)
        );
        let codes = codes(&text);
        assert_eq!(codes.len(), 1, "{open}");
        assert_eq!(codes[0], "I0105", "{open}");
    }
}

#[test]
fn the_messages_about_long_names_stay_short() {
    let name = "n".repeat(100_000);
    let mut text = format!("{name} (OP u 8) ({name}x u 8)\n");
    for n in 0..50 {
        writeln!(text, "{n} {name}\n: f y\n    ;").unwrap();
    }
    let errors = errors_of(&text);
    assert_eq!(errors.len(), 50);
    assert!(errors.iter().all(|error| format!("{error:?}").len() < 1000));
}

#[test]
fn a_text_of_errors_alone_does_not_fill_the_memory() {
    let errors = errors_of(&"?\n".repeat(200_000));
    assert_eq!(errors.len(), 10_000);
}

/// Whatever was read can be used.
fn use_everything(isa: &Isa, words: &[u32]) {
    for &word in words {
        if let Some(decoded) = isa.decode(word) {
            isa.write_decoded(decoded);
            isa.flow(decoded);
            let _ = ulm_isa::micro::lower(isa, decoded);
            let _ = isa.encode(decoded.instruction, &[i64::from(word); 3]);
        }
    }
    isa.manual_markdown();
    isa.manual_html();
    isa.vim_syntax();
    isa.textmate_grammar();
    for mnemonic in isa.mnemonics() {
        assert!(isa.show(mnemonic).is_some());
    }
}

/// Reads a text, and uses or renders what comes out.
fn survives(text: &str) {
    match Isa::parse(text) {
        Ok(isa) => use_everything(&isa, &[0, 1, 0x0102_0304, u32::MAX]),
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.is_sorted_by_key(|error| error.span.start));
            for error in &errors {
                assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            }
            rendered("random.isa", text);
        }
    }
}

/// The words of the language, and some that are not.
fn fragment() -> impl Strategy<Value = String> {
    const FRAGMENTS: &[&str] = &[
        "F (OP u 8) (x u 8) (y s 8)",
        "G (OP u 8) (d j 24)",
        "\n",
        "\n",
        "\n    ",
        "0x01 F",
        "2 G",
        ": f %x, y",
        ": g d",
        ": ",
        "@f",
        "# text",
        "ulm_halt(",
        "ulm_setReg(",
        "ulm_regVal(",
        "x",
        "y",
        "d",
        ")",
        ");",
        ";",
        ",",
        "/*",
        "*/",
        "0",
        "256",
        "0xFFFFFFFFFFFFFFFF",
        "ulm_statusReg[",
        "ULM_ZF]",
        "?",
        ":",
        "&&",
        "||",
        "+",
        "-",
        "<<",
        "%",
        "(",
        "~",
        "!",
        "é",
        "\u{0}",
        "\r",
        "\t",
        "OP",
        "99999999999999999999",
    ];
    prop::collection::vec(prop::sample::select(FRAGMENTS), 0..60).prop_map(|parts| parts.join(" "))
}

/// The built-in description, cut, copied and changed at random places.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0usize..40, fragment());
    prop::collection::vec(edit, 1..8).prop_map(|edits| {
        let mut text = ULM_SOURCE.to_owned();
        for (at, length, new) in edits {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            // The built-in text is ASCII, the new one may not be.
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &new);
            }
        }
        text
    })
}

/// How many random cases a suite has: fewer under emulation.
fn cases() -> ProptestConfig {
    let cases = std::env::var("ULM_TEST_CASES").ok();
    let cases = cases.and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_text_does_no_harm(text in "\\PC*") {
        survives(&text);
    }

    #[test]
    fn random_fragments_do_no_harm(text in fragment()) {
        survives(&text);
    }

    #[test]
    fn random_changes_of_the_built_in_machine_do_no_harm(text in mutated()) {
        survives(&text);
    }
}
