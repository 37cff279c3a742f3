//! No text makes the compiler panic, hang or overflow its stack; every text gives valid functions or
//! errors that can be shown. Long chains take time that is linear in their length.
//!
//! `ULM_TEST_CASES` sets the number of random texts of each kind.

use codegen::execution::Outcome;
use codegen::ir::interpret::{self, Limits};
use codegen::ir::{Module, verify};
use diagnostics::{Appearance, Sources};
use emjay_jit::session::{Session, is_incomplete};
use emjay_jit::{Options, compile};
use proptest::prelude::*;

fn cases() -> u32 {
    std::env::var("ULM_TEST_CASES")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(512)
}

/// Compiles, renders the messages, and checks what always holds; the functions, if there are any.
fn attempt(bytes: Vec<u8>) -> Option<Module> {
    let mut sources = Sources::new();
    let file = sources.add_bytes("a.emjay", bytes);
    match compile(&sources, file, Options::default()) {
        Ok(program) => {
            verify::verify(&program.module).expect("what is lowered is valid");
            Some(program.module)
        }
        Err(messages) => {
            assert!(!messages.is_empty(), "nothing is refused without a reason");
            let text = diagnostics::render_all(&messages, &sources, Appearance::Plain);
            assert!(text.contains("error"), "{text}");
            None
        }
    }
}

/// Pieces of programs, right and wrong ones.
const PIECES: [&str; 60] = [
    "fn",
    "let",
    "return",
    "if",
    "else",
    "while",
    "fn f(x) {",
    "fn main() {",
    "let a = 1;",
    "a",
    "b",
    "x",
    "f",
    "main",
    "(",
    ")",
    "{",
    "}",
    "{",
    "}",
    "(",
    ")",
    ",",
    ";",
    ";",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "&&",
    "||",
    "&",
    "|",
    "0",
    "1",
    "-1",
    "9223372036854775808",
    "0x",
    "12ab",
    "// ",
    "/*",
    "*/",
    "\n",
    "f(x)",
    "putc(65);",
    "getc()",
    "return 1;",
    "retrun",
    "ü",
    "$",
    "if a { b = 1; } else",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn any_bytes_give_functions_or_errors(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        attempt(bytes);
    }

    #[test]
    fn any_pieces_give_functions_or_errors(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60),
        blank in prop::bool::ANY,
    ) {
        let text = pieces.join(if blank { " " } else { "" });
        attempt(text.into_bytes());
    }

    #[test]
    fn any_pieces_in_a_body_give_functions_or_errors(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..30),
    ) {
        let body = pieces.join(" ");
        attempt(format!("fn main(x) {{ let a = x; let b = a; {body}; return a; }}").into_bytes());
    }

    #[test]
    fn any_pieces_are_an_entry_or_errors(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..30),
    ) {
        let mut session = Session::default();
        session.set("a", 5);
        let text = pieces.join(" ");
        is_incomplete(&text);
        let mut sources = Sources::new();
        match session.compile(&mut sources, "entry", &text, Options { polls: true }) {
            Ok(entry) => {
                verify::verify(&entry.module).expect("what is lowered is valid");
                session.accept(entry);
                let again = session.compile(&mut sources, "entry", "a", Options::default());
                prop_assert!(again.is_ok(), "{text}");
            }
            Err(messages) => {
                diagnostics::render_all(&messages, &sources, Appearance::Plain);
            }
        }
    }
}

// ---- chains and nesting ----

fn value(text: &str) -> i64 {
    let module = attempt(text.as_bytes().to_vec()).expect("it has no errors");
    let main = module.find("main").expect("it is there");
    let limits = Limits {
        instructions: u64::MAX,
        ..Limits::default()
    };
    match interpret::run(&module, main, &[], &mut (), &limits) {
        Ok(Outcome::Returned(value)) => value,
        other => panic!("{other:?}"),
    }
}

const MANY: usize = 100_000;

#[test]
fn a_hundred_thousand_lines_may_have_two_mistakes_each() {
    let text = format!("fn main() {{ {} }}", "let ; $ ;\n".repeat(100_000));
    assert_eq!(attempt(text.into_bytes()), None);
}

#[test]
fn a_sum_may_have_a_hundred_thousand_terms() {
    let sum = vec!["1"; MANY].join(" + ");
    assert_eq!(
        value(&format!("fn main() {{ return {sum}; }}")),
        MANY as i64
    );
}

#[test]
fn logic_may_have_a_hundred_thousand_operands() {
    for (operator, operand) in [("&&", "1"), ("||", "0")] {
        let chain = vec![operand; MANY].join(operator);
        let text = format!("fn main() {{ if {chain} {{ return 1; }} return ({chain}) + 2; }}");
        assert_eq!(value(&text), if operand == "1" { 1 } else { 2 });
    }
}

#[test]
fn there_may_be_a_hundred_thousand_else_ifs() {
    let chain: String = (0..MANY)
        .map(|n| format!("if a == {n} {{ b = {n}; }} else "))
        .collect();
    let text = format!("fn main() {{ let a = 5; let b = 0; {chain} {{ b = 1; }} return b; }}");
    assert_eq!(value(&text), 5);
}

#[test]
fn a_function_may_have_a_hundred_thousand_statements_and_variables() {
    let statements: String = (0..MANY).map(|n| format!("let v{n} = {n};")).collect();
    let text = format!("fn main() {{ {statements} return v{}; }}", MANY - 1);
    assert_eq!(value(&text), MANY as i64 - 1);
}

#[test]
fn a_call_may_have_thousands_of_arguments() {
    let names = (0..5000)
        .map(|n| format!("a{n}"))
        .collect::<Vec<_>>()
        .join(",");
    let ones = vec!["1"; 5000].join(",");
    let text = format!("fn main() {{ return f({ones}); }} fn f({names}) {{ return a0 + a4999; }}");
    assert_eq!(value(&text), 2);
}

#[test]
fn nesting_as_deep_as_allowed_is_compiled_and_one_level_more_is_an_error() {
    let nestings: [(&str, &str, &str); 5] = [
        ("(", "1", ")"),
        ("-", "(1)", ""),
        ("!", "1", ""),
        ("f(", "1", ")"),
        ("1 + 2 * (3 - ", "1", ")"),
    ];
    // The body of the function is a level, and so are the parentheses around one operand.
    for (open, inner, close) in nestings {
        let nested = |levels: usize| {
            let (open, close) = (open.repeat(levels), close.repeat(levels));
            let text =
                format!("fn main() {{ return {open}{inner}{close}; }} fn f(x) {{ return x; }}");
            attempt(text.into_bytes()).is_some()
        };
        let own = usize::from(inner.starts_with('('));
        let deepest = emjay_jit::DEEPEST_NESTING as usize - 1 - own;
        assert!(nested(deepest), "{open}");
        assert!(!nested(deepest + 1), "{open}");
        assert!(!nested(MANY), "{open}");
    }
}

#[test]
fn blocks_nest_as_deep_as_allowed_and_no_deeper() {
    for (open, close) in [("{", "}"), ("if 1 {", "}"), ("while 0 {", "}")] {
        let nested = |levels: usize| {
            let (open, close) = (open.repeat(levels), close.repeat(levels));
            let text = format!("fn main() {{ let a = 1; {open} a = 2; {close} return a; }}");
            attempt(text.into_bytes()).is_some()
        };
        let deepest = emjay_jit::DEEPEST_NESTING as usize - 1;
        assert!(nested(deepest), "{open}");
        assert!(!nested(deepest + 1), "{open}");
        assert!(!nested(MANY), "{open}");
    }
}

#[test]
fn a_function_whose_joins_need_too_much_memory_is_refused() {
    // Each of the branches changes another variable: the product is what the joins need.
    let many = 6000;
    let variables: String = (0..many).map(|n| format!("let v{n} = {n};")).collect();
    let chain: String = (0..many)
        .map(|n| format!("if a == {n} {{ v{n} = a; }} else "))
        .collect();
    let text = format!("fn main(a) {{ {variables} {chain} {{ a = 1; }} return v1; }}");
    let mut sources = Sources::new();
    let file = sources.add("large.emjay", text);
    let messages = compile(&sources, file, Options::default()).expect_err("it is too large");
    let codes: Vec<_> = messages.iter().map(|message| message.code).collect();
    assert_eq!(codes, ["E0209"]);
}
