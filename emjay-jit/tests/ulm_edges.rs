//! Programs at the edges of what the ULM's instructions, registers and frames can take.

mod ulm_programs;

use emjay_jit::ulm::{Convention, Options};
use ulm_programs::generators::{many_live, names, numbers};
use ulm_programs::{Case, Effects, Ending, ways};

// ---- calls and frames ----

#[test]
fn parameters_that_nobody_reads_leave_the_callers_registers_alone() {
    let text = "fn f(a, b, c, d, e, g, h, i) { return a; }\n\
                fn main(x) { let y = x * 3; return f(1, 2, 3, 4, 5, 6, 7, 8) + y; }";
    Case::new(text, &[5]).check();
}

#[test]
fn a_call_on_one_way_through_a_function_only() {
    let text = "fn g(n) { if n > 9 { return g(n - 1) + 1; } return n; }\n\
                fn f(n) { let r = 7; if n > 3 { r = g(n); } return r; }\n\
                fn main(n) { return f(n) * 100 + f(2); }";
    Case::new(text, &[14]).check();
}

#[test]
fn a_call_on_one_way_and_no_value_behind_it() {
    let text = "fn f(n) { if n > 0 { f(n - 1); putc(65 + n); } return 1; }\n\
                fn main(n) { f(n); return f(0); }";
    Case::new(text, &[14]).check();
}

#[test]
fn calls_in_some_branches_of_several() {
    let text = "fn f(n) { if n > 20 { if n > 30 { f(n - 7); } else { putc(66); } } else { if n > 10 { putc(65); } \
                else { while n > 0 { n = n - 1; if n == 5 { f(3); } } } } return n; }\n\
                fn main(n) { return f(n) + f(25) + f(15) + f(8) + f(0); }";
    Case::new(text, &[50]).check();
}

#[test]
fn three_hundred_parameters() {
    let text = format!(
        "fn f({}) {{ return {}; }}\nfn main(x) {{ return f({}) * x; }}",
        names("p", 300),
        (0..300)
            .map(|n| format!("p{n} * {}", 1 + n % 3))
            .collect::<Vec<_>>()
            .join(" - "),
        numbers(300),
    );
    Case::new(&text, &[3]).check();
}

#[test]
fn three_hundred_parameters_of_main() {
    let text = many_live("main", 300, 300, "");
    let arguments: Vec<i64> = (0..300).map(|n| n * 77 - 1000).collect();
    Case::new(&text, &arguments).check();
}

#[test]
fn as_many_parameters_as_the_leaf_convention_takes() {
    for count in [127, 128, 129] {
        let text = format!(
            "fn f({}) {{ return p0 - p{}; }}\nfn main(x) {{ let y = x / 7; return f({}) + x / y; }}",
            names("p", count),
            count - 1,
            numbers(count),
        );
        Case::new(&text, &[300]).check();
    }
}

#[test]
fn three_hundred_live_values_in_main() {
    Case::new(&many_live("main", 1, 300, ""), &[9]).check();
}

#[test]
fn three_hundred_live_values_across_calls() {
    let main = many_live(
        "main",
        3,
        300,
        "putc(65 + f(p0, p1)); let x = f(1, 2) / p2;\n",
    );
    let text = format!("fn f(a, b) {{ return (a + b) % 20; }}\n{main}");
    Case::new(&text, &[9, 8, 7]).check();
}

#[test]
fn a_function_with_three_hundred_live_values() {
    for (parameters, live) in [
        (1, 230),
        (1, 240),
        (2, 300),
        (100, 300),
        (128, 400),
        (200, 600),
    ] {
        let function = many_live("f", parameters, live, "");
        let text = format!(
            "{function}fn main(x) {{ let y = x * 7; return f({}) + f({}) * y; }}",
            names("x +", 0) + &numbers(parameters),
            numbers(parameters)
        );
        Case::new(&text, &[9]).check();
    }
}

#[test]
fn values_that_wait_in_memory_in_a_recursive_function() {
    let function = many_live(
        "f",
        2,
        300,
        "if p0 > 0 { v3 = v3 + f(p0 - 1, v299); }\nlet w = 3; while w * p0 > 0 { w = w - 1; v7 = v7 + f(0 - w, w); }",
    );
    let text = format!("{function}fn main(x) {{ return f(x, 1); }}");
    Case::new(&text, &[2]).check();
}

#[test]
fn many_live_values_on_one_way_only() {
    let function = many_live("g", 2, 280, "");
    let body = function
        .strip_prefix("fn g(p0, p1) {")
        .and_then(|rest| rest.trim_end().strip_suffix('}'))
        .expect("a function");
    let text = format!(
        "fn f(p0, p1) {{ if p0 > 3 {{ {body} }} return p1; }}\nfn main(x) {{ return f(x, 1) + f(1, x); }}"
    );
    Case::new(&text, &[5]).check();
}

#[test]
fn many_divisions_beside_a_callee_that_needs_all_registers() {
    let function = many_live("f", 3, 300, "");
    let divisions: Vec<String> = (0..24)
        .map(|n| format!("let d{n} = x / (y + {n}); let r{n} = x % (y + {n});"))
        .collect();
    let sum: Vec<String> = (0..24).map(|n| format!("d{n} * r{n}")).collect();
    let text = format!(
        "{function}fn main(x, y) {{ {} let a = f(1, 2, 3); return a + {}; }}",
        divisions.join("\n"),
        sum.join(" + ")
    );
    Case::new(&text, &[1_000_000, 17]).check();
}

#[test]
fn many_live_values_and_divisions() {
    let rest =
        "let q = p0 / p1; let r = q % p1; let s = q / 10; let t = r / 7 + s % 7; putc(q); putc(t);";
    let function = many_live("f", 2, 260, rest);
    let text = format!("{function}fn main(x, y) {{ return f(x, y) + f(y, x); }}");
    Case::new(&text, &[1_000_000, 17]).check();
    Case::new(&text, &[1_000_000, 0]).check();
}

#[test]
fn mutual_recursion() {
    let text = "fn even(n) { if n == 0 { return 1; } return odd(n - 1); }\n\
                fn odd(n) { if n == 0 { return 0; } return even(n - 1); }\n\
                fn main(n) { return even(n) * 10 + odd(n); }";
    Case::new(text, &[501]).check();
}

#[test]
fn main_calls_main() {
    let text = "fn main(n) { if n <= 1 { return 1; } return n * main(n - 1) + main(0); }";
    Case::new(text, &[12]).check();
}

// ---- control flow ----

#[test]
fn chains_of_joins_are_followed_to_their_end() {
    let mut text = String::from("fn main(n) { let r = 0;");
    for k in 0..300 {
        text += &format!("if n == {k} {{ putc(65 + {k} % 26); }} else ");
    }
    text += "{ r = 9; } return r + n; }";
    for n in [0, 1, 63, 64, 65, 150, 299, 300] {
        Case::new(&text, &[n]).check();
    }
}

#[test]
fn nested_joins_are_followed_to_their_end() {
    let depth = 120;
    let mut text = String::from("fn main(n) { ");
    for k in 0..depth {
        text += &format!("if n > {k} {{ ");
    }
    text += "putc(65);";
    text += &"}".repeat(depth);
    text += " return n; }";
    for n in [0, 1, 50, 119, 120, 121] {
        Case::new(&text, &[n]).check();
    }
}

#[test]
fn chains_of_joins_around_calls() {
    let mut text = String::from("fn f(n) { let r = 0;");
    for k in 0..200 {
        text += &if k % 3 == 0 {
            format!("if n == {k} {{ f(n + 1); }} else ")
        } else {
            format!("if n == {k} {{ putc({k}); }} else ")
        };
    }
    text += "{ r = 9; } return r + n; } fn main(n) { return f(n); }";
    for n in [0, 1, 63, 64, 65, 150, 199, 200] {
        Case::new(&text, &[n]).check();
    }
}

// ---- numbers ----

const NUMBERS: [i64; 24] = [
    i64::MIN,
    i64::MIN + 1,
    -65537,
    -65536,
    -32769,
    -32768,
    -257,
    -256,
    -255,
    -254,
    -2,
    -1,
    0,
    1,
    2,
    127,
    128,
    254,
    255,
    256,
    257,
    65535,
    65536,
    i64::MAX,
];

fn literal(number: i64) -> String {
    if number < 0 {
        format!("(-{})", number.unsigned_abs())
    } else {
        number.to_string()
    }
}

#[test]
fn comparisons_with_constants() {
    for constant in NUMBERS {
        let c = literal(constant);
        let mut text = String::from("fn f(x) { let r = 0;");
        for relation in ["==", "!=", "<", "<=", ">", ">="] {
            text += &format!("r = r * 2 + (x {relation} {c}); r = r * 2 + ({c} {relation} x);");
            text += &format!("r = r * 2; if x {relation} {c} {{ r = r + 1; }}");
            text += &format!("r = r * 2; if {c} {relation} x {{ r = r + 1; }}");
        }
        text += "return r; } fn main() { let h = 0;";
        let near = [constant.wrapping_sub(1), constant, constant.wrapping_add(1)];
        for x in NUMBERS.into_iter().chain(near) {
            text += &format!("h = h * 31 + f({});", literal(x));
        }
        text += "return h; }";
        Case::new(&text, &[]).check();
    }
}

#[test]
fn divisions_by_all_signs() {
    for constant in NUMBERS {
        let c = literal(constant);
        let mut text = format!("fn f(x) {{ return x / {c} * 3 + x % {c}; }}");
        text += &format!("fn g(x) {{ return {c} / x * 3 + {c} % x; }} fn main(y) {{ let h = 0;");
        for x in NUMBERS {
            let x_text = literal(x);
            if constant != 0 {
                text += &format!("h = h * 31 + f({x_text}) + (y * {x_text}) / {c};");
            }
            if x != 0 {
                text += &format!("h = h * 31 + g({x_text}) + (y * {c}) % ({x_text} * y);");
            }
        }
        text += "return h; }";
        Case::new(&text, &[1]).check();
    }
}

#[test]
fn divisions_by_zero_at_every_level() {
    for text in [
        "fn main(x) { return x / 0; }",
        "fn main(x) { return x % 0; }",
        "fn main(x) { putc(65); return 7 / (x - x); }",
        "fn main(x) { return 7 % (x - 5); }",
        "fn f(a, b) { return a / b; } fn main(x) { return f(x, 2) + f(x, x - 5); }",
        "fn f(a) { if a { return 1 + f(a - 1); } return 3 / a; } fn main(x) { return f(x); }",
    ] {
        Case::new(text, &[5]).check();
    }
}

#[test]
fn arithmetic_with_constants_on_either_side() {
    for constant in NUMBERS {
        let c = literal(constant);
        let mut text = format!(
            "fn f(x) {{ return (x + {c}) * 3 + ({c} + x) * 5 + (x - {c}) * 7 + ({c} - x) * 11 + x * {c} * 13 + {c} * x + (!(x - {c}) || x == {c}) + (-x) * 17; }} fn main() {{ let h = 0;"
        );
        for x in NUMBERS {
            text += &format!("h = h * 31 + f({});", literal(x));
        }
        text += "return h; }";
        Case::new(&text, &[]).check();
    }
}

#[test]
fn putc_of_constants_outside_of_a_byte() {
    let mut text = String::from("fn main() { let h = 0;");
    for x in NUMBERS {
        text += &format!("h = h * 31 + putc({});", literal(x));
    }
    for x in 0..300 {
        text += &format!("putc({x});");
    }
    text += "return h; }";
    Case::new(&text, &[]).check();
}

#[test]
fn every_value_is_printed_as_it_is() {
    for number in NUMBERS.into_iter().chain([10, 99, 100, -10, 1_000_000_007]) {
        Case::new("fn main(x) { return x; }", &[number]).check();
        let text = format!("fn main() {{ return {}; }}", literal(number));
        Case::new(&text, &[]).check();
    }
}

// ---- names ----

#[test]
fn names_that_mean_something_else_in_the_assembly() {
    let names = [
        "ret",
        "fp",
        "rval",
        "CALL",
        "RET",
        "FP",
        "SP",
        "TMP0",
        "R0",
        "CALLEE0",
        "CALLER3",
        "LIMIT",
        "start",
        "print_value",
        "digits",
        "halt",
        "addq",
        "spilled",
        "stack_exhausted",
        "jmp",
        "_",
        "__",
        "_1",
        "w0",
        "ldzwq",
        "équation",
        "_ue9quation",
        "fn__ue9quation",
        "fn_ret",
        "fn_start",
        "fn_start_2",
        "名前",
        "text",
        "equ",
        "bss",
        "L1_0",
        "line",
        "main2",
        "FN",
        "TMP",
        "x",
    ];
    let mut text = String::new();
    for (n, name) in names.iter().enumerate() {
        text +=
            &format!("fn {name}(a) {{ if a > 900 {{ return putc(a); }} return a * {n} + 1; }}\n");
    }
    text += "fn main(x) { return 0";
    for name in names {
        text += &format!(" + {name}(x)");
    }
    text += "; }";
    Case::new(&text, &[7]).check();
}

#[test]
fn names_of_files_that_no_comment_takes() {
    for name in [
        "a\"b.emjay",
        "a\nhalt 3\n.emjay",
        "a\\b.emjay",
        "a\\",
        "a\u{fffd}b",
        "",
        "*/",
        "日本.emjay",
        "a\r\nb",
        "\u{2028}x",
    ] {
        let case = Case::named(name, "fn main(x) {\n return x + 1;\n}", &[4]);
        case.check();
    }
}

#[test]
fn sources_that_no_comment_takes() {
    let text = "fn main(x) { /* \\ */ let y = x; // */ \"#line 9\u{2028}\u{85}\n\
                #"
    .trim_end_matches('#')
    .to_owned()
        + "return y; /* \r\n */ }\r\n// \\";
    Case::new(&text, &[4]).check();
}

// ---- no main ----

#[test]
fn a_program_without_main_is_functions_only() {
    let text = "fn f(a, b) { return a / b; } fn g(x) { return f(x, 2) + 1; } fn h(n) { if n { return h(n - 1); } return 1; }";
    assemble_without_main(text);
}

#[test]
fn functions_with_many_parameters_without_main() {
    let text = format!("fn f({}) {{ return p3 + p299; }}", names("p", 300));
    assemble_without_main(&text);
    assemble_without_main(&many_live("f", 200, 300, ""));
    assemble_without_main(&many_live("f", 300, 300, ""));
}

fn assemble_without_main(text: &str) {
    let case = Case::new(text, &[]);
    for way in ways() {
        if let Ok(compiled) = case.compile(way) {
            let (_, stop) = ulm_programs::execute(&compiled.assembly, &mut ());
            assert_eq!(stop, ulm_machine::Stop::Halted(1));
        }
    }
}

// ---- large programs ----

/// So many functions, each with calls of the one before and of the first.
fn large(functions: usize) -> String {
    let mut text = String::from("fn f0(n) { return n % 1000; }\n");
    for n in 1..functions {
        text += &format!(
            "fn f{n}(n) {{ let s = n; while s > 100 {{ s = s / 3 + f0(s) / 5; }} return f{}(s + {}) + s; }}\n",
            n - 1,
            n * 70001
        );
    }
    text + &format!("fn main(x) {{ return f{}(x) + f0(x); }}", functions - 1)
}

#[test]
fn programs_past_64_kib() {
    for functions in [800, 490] {
        let case = Case::new(&large(functions), &[1_000_000]);
        let expected = case.expected();
        for way in ways().filter(|way| way.convention == Convention::Stack && !way.inline) {
            assert!(case.check_way(way, &expected, &mut ()));
        }
    }
}

#[test]
fn functions_of_more_than_64_kib() {
    let mut text = String::from("fn f(n, a) { while n > 0 { n = n - 1;");
    for k in 0..3000 {
        text += &format!("a = a * 3 + n - {k}; if a == {k} {{ putc(a); }}");
    }
    text += "} return a; } fn main(n) { return f(n, 1) + f(1, n); }";
    Case::new(&text, &[2]).check();
}

#[test]
fn an_exhausted_stack_ends_with_status_125() {
    let text = "fn f(n) { return f(n + 1) + 1; } fn main() { putc(65); return f(0); }";
    let case = Case::new(text, &[]);
    for way in ways() {
        let options = Options {
            convention: way.convention,
            level: way.level,
            inline: way.inline,
            stack: 1 << 16,
            ..Options::default()
        };
        if let Ok(compiled) = case.compile_with(&options) {
            let found = compiled.run(&mut ());
            let expected = Effects {
                ending: Ending::Halted(125),
                output: b"A".to_vec(),
            };
            assert_eq!(found, expected, "{way:?}");
        }
    }
}
