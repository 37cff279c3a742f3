//! What is read, and what is said of what can't be.

use super::*;

/// A function around these lines.
fn function(lines: &str) -> String {
    format!("fn f - #args: 0, #reg: 9 {{\n{lines}\n}}\n")
}

fn error(text: &str) -> ParseError {
    parse(text).expect_err("the text is wrong")
}

/// The kind of error in a function of these lines, and its line, counted from the first of them.
fn error_in(lines: &str) -> (u32, u32, ParseErrorKind) {
    let error = error(&function(lines));
    (error.line - 1, error.column, error.kind)
}

fn unexpected(expected: Expected, found: &str) -> ParseErrorKind {
    let found = found.to_owned();
    ParseErrorKind::Unexpected { expected, found }
}

#[test]
fn every_instruction_comes_back() {
    let text = "\
import putc/1
import \"odd name\"/0

fn \"\" - #args: 2, #reg: 20 {
b0():
    0:  stack or exit 3()
    1:  mvi  @r0, -9223372036854775808
    2:  mva  @r1, a1
    3:  sx2  @r2, r0
    4:  mulhs @r3, r0, r1
    5:  leu  @r4, r0, r1
    6:  div  @r5, r0, r1 or exit 0(r0, r1)
    7:  modu @r6, r0, r1
    8:  sel  @r7, r0, r1, r2
    9:  mulw @r8, @r9, r0, r1
   10:  divw @r10, @r11, @r12, r0, r1, r2 or exit 1()
   11:  ld2sb @r13, [r0 - 2147483648]
   12:  st4b r13, [r0 + 2147483647]
   13:  ld8  @r14, [r0]
   14:  call @r15, größe:1(r0, r1)
   15:  call @r16, putc(r0) or exit 2()
   16:  call @r17, \"odd name\"()
   17:  guard r0 or exit 1()
   18:  poll or exit 2()
   19:  jmp  b1(r0, r1)
b1(@r18, @r19):
   20:  br   r0, b1(r1, r0), b2()
b2():
   21:  exit 7(r18)
}

fn größe - #args: 2, #reg: 1 {
    0:  mva  @r0, a0
    1:  ret  r0
}
";
    assert_eq!(parse(text).expect("the text is right").to_string(), text);
}

#[test]
fn numbers_of_instructions_and_line_ends_may_be_missing() {
    let short = parse("fn f-#args:0,#reg:1{mvi@r0,1 ret r0}// end");
    let long = parse(&function("0: mvi @r0, 1\n// then\n1: ret r0").replace('9', "1"));
    assert_eq!(short, long);
}

#[test]
fn an_empty_text_is_an_empty_module() {
    assert_eq!(parse(" \n"), Ok(Module::default()));
}

#[test]
fn an_error_names_line_and_column() {
    let error = error("fn f - #args: 0, #reg: 1 {\n  mvi @r0, 1\n  mvi @r0 2\n}");
    assert_eq!((error.line, error.column), (3, 11));
    let message = "line 3, column 11: expected `,`, found `2`";
    assert_eq!(error.to_string(), message);
}

#[test]
fn columns_count_characters() {
    assert_eq!(error("fn größe !").column, 10);
}

#[test]
fn a_function_begins_with_its_word() {
    let expected = unexpected(Expected::Function, "`func`");
    assert_eq!(error("func f").kind, expected);
}

#[test]
fn a_name_is_no_number() {
    let expected = unexpected(Expected::Name, "`7`");
    assert_eq!(error("fn 7").kind, expected);
}

#[test]
fn the_header_has_its_words() {
    let expected = unexpected(Expected::Keyword("args"), "`arg`");
    assert_eq!(error("fn f - #arg: 0").kind, expected);
}

#[test]
fn a_function_is_closed() {
    let expected = unexpected(Expected::Instruction, "the end of the text");
    assert_eq!(error("fn f - #args: 0, #reg: 0 {").kind, expected);
}

#[test]
fn a_definition_has_its_mark() {
    let expected = unexpected(Expected::Definition, "`r0`");
    assert_eq!(error_in("mvi r0, 1"), (1, 5, expected));
}

#[test]
fn a_value_is_a_letter_and_a_number() {
    let expected = unexpected(Expected::Value, "`rx`");
    assert_eq!(error_in("ret rx"), (1, 5, expected));
}

#[test]
fn an_argument_is_a_letter_and_a_number() {
    let expected = unexpected(Expected::Argument, "`r1`");
    assert_eq!(error_in("mva @r0, r1"), (1, 10, expected));
}

#[test]
fn a_target_is_a_block() {
    let expected = unexpected(Expected::Block, "`r1`");
    assert_eq!(error_in("jmp r1()"), (1, 5, expected));
}

#[test]
fn a_constant_is_a_number() {
    let expected = unexpected(Expected::Number, "`one`");
    assert_eq!(error_in("mvi @r0, one"), (1, 10, expected));
}

#[test]
fn numbers_have_bounds() {
    let too_large = |column| (1, column, ParseErrorKind::NumberTooLarge);
    assert_eq!(error_in("mvi @r0, 9223372036854775808"), too_large(10));
    assert_eq!(error_in("mvi @r0, -9223372036854775809"), too_large(10));
    assert_eq!(error_in("mvi @r0, 99999999999999999999"), too_large(10));
    assert_eq!(error_in("ld8 @r0, [r0 + 2147483648]"), too_large(14));
    assert_eq!(error_in("ret r4294967296"), too_large(5));
    let values = error("fn f - #args: 0, #reg: 16777217 {}").kind;
    assert_eq!(values, ParseErrorKind::NumberTooLarge);
    let parameters = error("fn f - #args: 65537, #reg: 0 {}").kind;
    assert_eq!(parameters, ParseErrorKind::NumberTooLarge);
}

#[test]
fn an_unknown_mnemonic_is_named() {
    let kind = ParseErrorKind::UnknownMnemonic("ld3".to_owned());
    assert_eq!(error_in("0: ld3 @r0, [r0]"), (1, 4, kind));
}

#[test]
fn an_unknown_import_is_named() {
    let kind = ParseErrorKind::UnknownImport("getc".to_owned());
    assert_eq!(error_in("call @r0, getc()"), (1, 11, kind));
}

#[test]
fn imports_have_different_names() {
    let kind = ParseErrorKind::DuplicateImport("putc".to_owned());
    assert_eq!(error("import putc/1\nimport putc/2").kind, kind);
}

#[test]
fn name_and_number_of_a_callee_belong_together() {
    for callee in ["g:0", "f:1"] {
        let lines = format!("call @r0, {callee}()");
        assert!(matches!(
            error_in(&lines),
            (1, 11, ParseErrorKind::WrongCallee { .. })
        ));
    }
}

#[test]
fn labels_count_up() {
    assert_eq!(error_in("b1():"), (1, 1, ParseErrorKind::Label(0)));
    let again = error_in("ret r0\nb0():");
    assert_eq!(again, (2, 1, ParseErrorKind::Label(1)));
}

#[test]
fn characters_without_a_meaning_are_shown() {
    let kind = ParseErrorKind::UnexpectedCharacter('!');
    assert_eq!(error_in("ret !"), (1, 5, kind));
}

#[test]
fn a_quoted_name_ends_on_its_line() {
    assert_eq!(error("fn \"f\n\"").kind, ParseErrorKind::UnclosedName);
    assert_eq!(error("fn \"f").kind, ParseErrorKind::UnclosedName);
}

#[test]
fn escapes_are_few() {
    for name in [
        r"\n",
        r"\u{110000}",
        r"\u{0000041}",
        r"\u{+41}x",
        r"\u{é",
        r"\",
    ] {
        let text = format!("fn \"{name}\" - #args");
        let kind = error(&text).kind;
        let expected = [ParseErrorKind::Escape, ParseErrorKind::UnclosedName];
        assert!(expected.contains(&kind), "{name}: {kind}");
    }
}

#[test]
fn long_words_are_cut_off_in_messages() {
    let error = error(&"é".repeat(1_000_000));
    assert!(error.to_string().chars().count() < 100);
}
