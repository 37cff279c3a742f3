//! The code for the ULM keeps the calling convention that it claims, whatever it is watched at.

mod ulm_programs;

use std::collections::BTreeMap;

use emjay_jit::random::{Shape, program};
use ulm_programs::convention::{Checker, Claim, Part, PartKind, Rules};
use ulm_programs::generators::many_live;
use ulm_programs::{Case, cases, execute, ways};

/// Watches a program in all ways that are possible for it. Gives the number of calls.
fn watch(case: &Case) -> u64 {
    let expected = case.expected();
    let mut calls = 0;
    for way in ways() {
        let Ok(compiled) = case.compile(way) else {
            continue;
        };
        let mut checker = Checker::new(Claim::of(&compiled, way));
        let found = compiled.run(&mut checker);
        assert_eq!(
            checker.breach, None,
            "{way:?}, arguments {:?}\n{}\n{}",
            case.arguments, case.text, compiled.assembly
        );
        assert_eq!(found, expected, "{way:?}\n{}", case.text);
        calls += checker.calls;
    }
    calls
}

#[test]
fn random_programs_keep_the_convention() {
    let mut calls = 0;
    for seed in 0..cases(25) {
        let (text, arguments) = program(seed, &Shape::default());
        calls += watch(&Case::new(&text, &arguments));
    }
    assert!(calls > 0);
}

#[test]
fn random_programs_with_many_parameters_keep_the_convention() {
    let shape = Shape {
        parameters: 50,
        functions: 3,
        ..Shape::default()
    };
    let mut calls = 0;
    for seed in 0..cases(8) {
        let (text, arguments) = program(seed, &shape);
        calls += watch(&Case::new(&text, &arguments));
    }
    assert!(calls > 0);
}

#[test]
fn functions_with_many_live_values_keep_the_convention() {
    let rest = "if p0 > 0 { v3 = v3 + f(p0 - 1, v299); }";
    for rest in [rest, ""] {
        let function = many_live("f", 2, 300, rest);
        let text = format!("{function}fn main(x) {{ return f(x, 1) + f(0, x); }}");
        assert!(watch(&Case::new(&text, &[2])) > 0);
    }
}

#[test]
fn the_shared_programs_keep_the_convention() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut calls = 0;
    for folder in ["tests/cases/emjay", "tests/cases/emjay/ext"] {
        let manifest = std::fs::read_to_string(format!("{root}/{folder}/manifest.json"));
        let manifest = manifest.expect("the manifest is there");
        let cases: serde_json::Value = serde_json::from_str(&manifest).expect("it is JSON");
        for case in cases.as_array().expect("a list of cases") {
            let file = case["file"].as_str().expect("a file's name");
            let arguments: Vec<i64> = case["args"]
                .as_array()
                .expect("a list of arguments")
                .iter()
                .map(|argument| argument.as_str().and_then(|a| a.parse().ok()))
                .collect::<Option<_>>()
                .expect("arguments are numbers");
            let text = std::fs::read_to_string(format!("{root}/{folder}/{file}"));
            calls += watch(&Case::new(&text.expect("the program is there"), &arguments));
        }
    }
    assert!(calls > 0);
}

// ---- the checker itself ----

/// What the checker says of a program with a beginning, a function of two parameters and 8 bytes of
/// local variables right behind it, and an end.
fn breach(rules: Rules, beginning: &str, function: &str) -> Option<String> {
    const END: &str = "        halt 0\n";
    let size = |text: &str| {
        let lines = text.lines();
        4 * lines.filter(|line| line.starts_with(' ')).count() as u64
    };
    let function_at = size(beginning);
    let end_at = function_at + size(function);
    let part = |start, kind| Part { start, kind };
    let two = PartKind::Function {
        parameters: 2,
        lowered: 8,
    };
    let parts = BTreeMap::from([
        (function_at, part(0, PartKind::Beginning)),
        (end_at, part(function_at, two)),
        (end_at + 4, part(end_at, PartKind::End)),
    ]);
    let mut checker = Checker::new(Claim { rules, parts });
    execute(
        &format!("{beginning}f:\n{function}end:\n{END}"),
        &mut checker,
    );
    checker.breach
}

const LEAF: Rules = Rules::Leaf {
    callee_registers: 4,
};
const CALL_LEAF: &str = "        ldzwq f, %5\n        jmp %5, %6\n        jmp end\n";

fn leaf_breach(function: &str) -> Option<String> {
    breach(LEAF, CALL_LEAF, function)
}

#[test]
fn a_right_leaf_function_is_accepted() {
    let function = "        addq %1, %2, %1\n        ldzwq 1, %4\n        jmp %6, %0\n";
    assert_eq!(leaf_breach(function), None);
}

#[test]
fn a_leaf_function_must_not_change_other_registers() {
    let found = leaf_breach("        ldzwq 1, %7\n        jmp %6, %0\n");
    assert_eq!(found.as_deref(), Some("0xc: the callee changes %7"));
}

#[test]
fn a_leaf_function_must_not_change_the_return_address() {
    let found = leaf_breach("        addq 0, %6, %6\n        jmp %6, %0\n");
    assert_eq!(found.as_deref(), Some("0xc: the callee changes %6"));
}

#[test]
fn a_leaf_function_must_not_call() {
    let found = leaf_breach("        ldzwq f, %1\n        jmp %1, %2\n");
    assert_eq!(found.as_deref(), Some("0x10: the callee calls"));
}

#[test]
fn a_leaf_function_must_return() {
    let found = leaf_breach("        ldzwq end, %1\n        jmp %1, %0\n");
    assert_eq!(found.as_deref(), Some("0x10: a return by another register"));
}

#[test]
fn a_caller_must_use_the_registers_for_calls() {
    let found = breach(
        LEAF,
        "        ldzwq f, %7\n        jmp %7, %6\n",
        "        jmp %6, %0\n",
    );
    assert_eq!(found.as_deref(), Some("0x4: a call by other registers"));
}

const STACK: Rules = Rules::Stack { whole_frames: true };
const SHORT_STACK: Rules = Rules::Stack {
    whole_frames: false,
};
const CALL_STACK: &str = "        subq 40, %2, %2
        movq %5, 24(%2)
        movq %5, 32(%2)
        ldzwq f, %4
        jmp %4, %3
        movq 16(%2), %4
        addq 40, %2, %2
        jmp end
";
const PROLOGUE: &str = "        movq %3, 0(%2)
        movq %1, 8(%2)
        addq %2, %0, %1
        subq 8, %2, %2
";
const EPILOGUE: &str = "        addq %1, %0, %2
        movq 0(%1), %3
        movq 8(%1), %1
        jmp %3, %0
";

/// A function with a prologue and an epilogue around its body.
fn stack_breach(body: &str) -> Option<String> {
    breach(STACK, CALL_STACK, &format!("{PROLOGUE}{body}{EPILOGUE}"))
}

#[test]
fn a_right_stack_function_is_accepted() {
    let body = "        movq 24(%1), %4\n        movq %4, -8(%1)\n        movq %4, 16(%1)\n";
    assert_eq!(stack_breach(body), None);
}

#[test]
fn a_stack_function_must_not_write_to_its_callers_frame() {
    let found = stack_breach("        movq %4, 40(%1)\n");
    assert_eq!(
        found.as_deref(),
        Some("0x30: a store at 0x0, outside of the frame")
    );
}

#[test]
fn a_stack_function_must_not_write_below_the_stack_pointer() {
    let found = stack_breach("        movq %4, -16(%1)\n");
    assert_eq!(
        found.as_deref(),
        Some("0x30: a store at 0xffffffffffffffc8, outside of the frame")
    );
}

#[test]
fn a_stack_function_must_not_read_below_the_stack_pointer() {
    let found = stack_breach("        movq -16(%1), %4\n");
    assert_eq!(
        found.as_deref(),
        Some("0x30: a load at 0xffffffffffffffc8, outside of the frame")
    );
}

#[test]
fn a_stack_function_must_leave_the_return_address_alone() {
    let found = stack_breach("        movq %4, 0(%1)\n");
    assert_eq!(
        found.as_deref(),
        Some("0x30: `ret` isn't the return address")
    );
}

#[test]
fn a_stack_function_must_restore_the_frame_pointer() {
    let found = breach(
        STACK,
        CALL_STACK,
        &format!("{PROLOGUE}        addq 8, %2, %2\n        jmp %3, %0\n"),
    );
    assert_eq!(found.as_deref(), Some("0x34: %FP isn't what it was"));
}

#[test]
fn a_stack_function_must_restore_the_stack_pointer() {
    let found = breach(
        SHORT_STACK,
        CALL_STACK,
        "        subq 8, %2, %2\n        jmp %3, %0\n",
    );
    assert_eq!(found.as_deref(), Some("0x24: %SP isn't what it was"));
}

#[test]
fn where_frames_are_whole_a_function_must_have_one() {
    let function = "        jmp %3, %0\n";
    let found = breach(STACK, CALL_STACK, function);
    assert_eq!(found.as_deref(), Some("0x20: %RET and %FP were not stored"));
    assert_eq!(breach(SHORT_STACK, CALL_STACK, function), None);
}

#[test]
fn a_call_must_have_room_for_its_arguments() {
    let call = CALL_STACK.replace("40", "32").replace("32(%2)", "24(%2)");
    let found = breach(SHORT_STACK, &call, "        jmp %3, %0\n");
    assert_eq!(
        found.as_deref(),
        Some("0x10: Some(Made(32)) for a frame of 40 bytes")
    );
}

#[test]
fn without_calls_there_must_be_none() {
    let found = breach(Rules::Inline, CALL_LEAF, "        jmp %6, %0\n");
    assert_eq!(found.as_deref(), Some("0x4: there is a call or a return"));
}
