//! A broken module for everything that the verifier finds; what it finds nothing wrong with can run.

mod common;

use codegen::ir::interpret::{Limits, Memory, run_with_memory};
use codegen::ir::text::parse;
use codegen::ir::verify::{VerifyError, VerifyErrorKind, verify};
use codegen::ir::{BlockId, ExitId, Function, FunctionId, ImportId, List, Module, Op, Value};
use codegen::random::{self, Shape};
use codegen::{Place, PlaceId};
use common::cases;

/// A valid function with two blocks, a call and an exit, which the tests break.
const VALID: &str = "import putc/1
fn f - #args: 1, #reg: 9 {
b0():
    0: stack or exit 1()
    1: mva @r0, a0
    2: call @r1, f:0(r0)
    3: call @r2, putc(r1) or exit 2(r1)
    4: br r2, b1(r2), b2()
b1(@r3):
    5: div @r4, r3, r0 or exit 3(r3, r0)
    6: jmp b2()
b2():
    7: ret r1
}";

fn module(text: &str) -> Module {
    parse(text).expect("the test's text is right")
}

/// A function around these lines.
fn lines(lines: &str) -> Module {
    module(&format!("fn f - #args: 1, #reg: 9 {{ {lines} }}"))
}

fn error(module: &Module) -> VerifyErrorKind {
    verify(module).expect_err("the module is broken").kind
}

/// The error after a change of the valid function.
fn broken(change: impl FnOnce(&mut Function)) -> VerifyErrorKind {
    let mut module = module(VALID);
    change(&mut module.functions[0]);
    error(&module)
}

#[test]
fn a_valid_module_is_valid() {
    assert_eq!(verify(&module(VALID)), Ok(()));
    assert_eq!(verify(&Module::default()), Ok(()));
}

#[test]
fn an_error_says_where() {
    let VerifyError { position, kind } =
        verify(&lines("jmp b1() b1(): ret r7")).expect_err("r7 is not defined");
    assert_eq!(position.function.as_deref(), Some("f"));
    assert_eq!(position.block, Some(BlockId(1)));
    assert_eq!(position.instruction, Some(1));
    let message = VerifyError { position, kind }.to_string();
    assert_eq!(message, "f: b1, 1: r7 is not defined");
}

#[test]
fn imports_have_few_parameters() {
    let module = module("import f/5");
    assert_eq!(
        error(&module),
        VerifyErrorKind::ImportParameters(ImportId(0))
    );
}

#[test]
fn imports_have_different_names() {
    let mut module = module("import f/1 import g/1");
    module.imports[1].name = "f".to_owned();
    assert_eq!(error(&module), VerifyErrorKind::ImportName(ImportId(1)));
}

#[test]
fn functions_have_a_bounded_number_of_values_and_parameters() {
    let values = broken(|function| function.values = u32::MAX);
    assert_eq!(values, VerifyErrorKind::TooManyValues);
    let parameters = broken(|function| function.parameters = u32::MAX);
    assert_eq!(parameters, VerifyErrorKind::TooManyParameters);
}

#[test]
fn a_function_has_a_block() {
    assert_eq!(error(&lines("")), VerifyErrorKind::NoBlock);
}

#[test]
fn the_first_list_is_empty() {
    let without = broken(|function| function.lists.clear());
    assert_eq!(without, VerifyErrorKind::EmptyList);
    let full = broken(|function| function.lists[0] = 1);
    assert_eq!(full, VerifyErrorKind::EmptyList);
}

#[test]
fn the_first_place_is_unknown() {
    let kind = broken(|function| function.places[0] = Place::Address(0));
    assert_eq!(kind, VerifyErrorKind::UnknownPlace);
}

#[test]
fn an_inlined_place_refers_to_earlier_ones_and_a_function() {
    for (place, call, callee) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
        let inlined = Place::Inlined {
            place: PlaceId(place),
            callee,
            call: PlaceId(call),
        };
        let kind = broken(|function| function.places.push(inlined));
        assert_eq!(kind, VerifyErrorKind::InlinedPlace(PlaceId(1)));
    }
}

#[test]
fn blocks_follow_each_other() {
    let gap = broken(|function| function.blocks[1].start += 1);
    assert_eq!(gap, VerifyErrorKind::Layout);
    let backwards = broken(|function| function.blocks[0].end = 0);
    assert_eq!(backwards, VerifyErrorKind::NoTerminator);
    let beyond = broken(|function| function.blocks[2].end += 1);
    assert_eq!(beyond, VerifyErrorKind::Layout);
}

#[test]
fn no_instruction_stands_behind_the_last_block() {
    let kind = broken(|function| {
        let last = function.instructions[7];
        function.instructions.push(last);
    });
    assert_eq!(kind, VerifyErrorKind::Leftover);
}

#[test]
fn a_block_ends_with_a_terminator() {
    let kind = error(&lines("mvi @r0, 1"));
    assert_eq!(kind, VerifyErrorKind::NoTerminator);
    assert_eq!(error(&lines("b0():")), VerifyErrorKind::NoTerminator);
}

#[test]
fn a_terminator_ends_its_block() {
    let kind = error(&lines("mvi @r0, 1 ret r0 ret r0"));
    assert_eq!(kind, VerifyErrorKind::EarlyTerminator);
}

#[test]
fn the_entry_has_no_parameters() {
    let kind = error(&lines("b0(@r0): ret r0"));
    assert_eq!(kind, VerifyErrorKind::EntryParameters);
}

#[test]
fn the_entry_is_no_target() {
    assert_eq!(error(&lines("jmp b0()")), VerifyErrorKind::EntryTarget);
}

#[test]
fn lists_lie_in_their_table() {
    let list = List(1_000);
    let start = broken(|function| function.exits[0].values = list);
    assert_eq!(start, VerifyErrorKind::NoList(list));
    let end = broken(|function| {
        function.lists.push(1);
        function.blocks[1].parameters = List(function.lists.len() as u32 - 1);
    });
    assert!(matches!(end, VerifyErrorKind::NoList(_)));
}

#[test]
fn values_are_below_their_number() {
    let defined = broken(|function| function.values = 4);
    assert_eq!(defined, VerifyErrorKind::NoValue(Value(4)));
    let used = error(&lines("ret r9"));
    assert_eq!(used, VerifyErrorKind::NoValue(Value(9)));
    let parameter = error(&lines(
        "jmp b1() b1(): mvi @r1, 0 jmp b2(r1) b2(@r9): ret r9",
    ));
    assert_eq!(parameter, VerifyErrorKind::NoValue(Value(9)));
}

#[test]
fn targets_are_blocks() {
    let kind = error(&lines("jmp b1()"));
    assert_eq!(kind, VerifyErrorKind::NoTarget(BlockId(1)));
}

#[test]
fn exits_lie_in_their_table() {
    let kind = broken(|function| function.exits.truncate(2));
    assert_eq!(kind, VerifyErrorKind::NoExit(ExitId(2)));
}

#[test]
fn places_lie_in_their_table() {
    let kind = broken(|function| function.instructions[3].origin.place = PlaceId(1));
    assert_eq!(kind, VerifyErrorKind::NoPlace(PlaceId(1)));
}

#[test]
fn callees_are_in_the_module() {
    let mut without_import = module(VALID);
    without_import.imports.clear();
    let kind = error(&without_import);
    assert_eq!(kind, VerifyErrorKind::NoImport(ImportId(0)));
    let mut function = module(VALID);
    if let Op::Call { callee, .. } = &mut function.functions[0].instructions[2].op {
        *callee = codegen::ir::Callee::Function(FunctionId(1));
    }
    let kind = error(&function);
    assert_eq!(kind, VerifyErrorKind::NoFunction(FunctionId(1)));
}

#[test]
fn arguments_are_the_function_s() {
    let kind = error(&lines("mva @r0, a1 ret r0"));
    assert_eq!(kind, VerifyErrorKind::NoArgument(1));
}

#[test]
fn arguments_are_fetched_in_the_entry() {
    let kind = error(&lines("jmp b1() b1(): mva @r0, a0 ret r0"));
    assert_eq!(kind, VerifyErrorKind::ArgumentBlock);
}

#[test]
fn a_stack_check_comes_first() {
    let later = error(&lines("mvi @r0, 1 stack or exit 0() ret r0"));
    assert_eq!(later, VerifyErrorKind::StackCheck);
}

#[test]
fn calls_of_functions_have_no_exit() {
    let kind = error(&lines("mvi @r0, 1 call @r1, f:0(r0) or exit 1() ret r1"));
    assert_eq!(kind, VerifyErrorKind::CallExit);
}

#[test]
fn calls_have_as_many_arguments_as_parameters() {
    let (expected, given) = (1, 0);
    let kind = VerifyErrorKind::Arguments { expected, given };
    assert_eq!(error(&lines("call @r0, f:0() ret r0")), kind);
    let import = "import g/1 fn f - #args: 0, #reg: 1 { call @r0, g() ret r0 }";
    assert_eq!(error(&module(import)), kind);
}

#[test]
fn targets_have_as_many_arguments_as_parameters() {
    let (expected, given) = (1, 0);
    let kind = VerifyErrorKind::Arguments { expected, given };
    let text = "mvi @r0, 1 br r0, b1(r0), b1() b1(@r1): ret r1";
    assert_eq!(error(&lines(text)), kind);
}

#[test]
fn a_wide_division_has_three_results_and_operands() {
    let mut module = lines("mvi @r0, 1 divw @r1, @r2, @r3, r0, r0, r0 ret r1");
    if let Op::WideDivide { operands, .. } = &mut module.functions[0].instructions[1].op {
        *operands = List::EMPTY;
    }
    assert_eq!(error(&module), VerifyErrorKind::WideDivide);
}

#[test]
fn values_are_defined_once() {
    for text in [
        "mvi @r0, 1 mvi @r0, 2 ret r0",
        "mvi @r1, 1 mulw @r0, @r0, r1, r1 ret r1",
        "mvi @r0, 1 jmp b1(r0) b1(@r0): ret r0",
    ] {
        let kind = error(&lines(text));
        assert_eq!(kind, VerifyErrorKind::DefinedTwice(Value(0)), "{text}");
    }
}

#[test]
fn values_are_defined_somewhere() {
    assert_eq!(
        error(&lines("ret r0")),
        VerifyErrorKind::Undefined(Value(0))
    );
    let exit = error(&lines("exit 0(r0)"));
    assert_eq!(exit, VerifyErrorKind::Undefined(Value(0)));
}

#[test]
fn values_are_defined_before_they_are_used() {
    for text in [
        "neg @r1, r0 mvi @r0, 1 ret r0",
        "neg @r0, r0 ret r0",
        "mvi @r1, 1 br r1, b1(), b2() b1(): mvi @r0, 1 jmp b2() b2(): ret r0",
        "mvi @r1, 1 ret r0 b1(): mvi @r0, 1 ret r0",
    ] {
        let kind = error(&lines(text));
        assert_eq!(kind, VerifyErrorKind::NotDominated(Value(0)), "{text}");
    }
}

#[test]
fn in_a_block_that_cannot_be_reached_every_definition_counts() {
    let text = "mvi @r0, 1 ret r0 b1(): neg @r1, r2 mvi @r2, 1 jmp b2() b2(): ret r1";
    assert_eq!(verify(&lines(text)), Ok(()));
}

#[test]
fn a_loop_may_use_what_its_header_defines() {
    let text = "mvi @r0, 1 jmp b1(r0) b1(@r1): neg @r2, r1 br r2, b1(r2), b2() b2(): ret r2";
    assert_eq!(verify(&lines(text)), Ok(()));
}

#[test]
fn a_module_with_changed_numbers_is_refused_or_runs() {
    let shape = Shape {
        functions: 2,
        statements: 10,
        ..Shape::default()
    };
    let mut valid = 0;
    for seed in 0..cases(2_000) {
        let mut text = random::module(seed, &shape).to_string().into_bytes();
        let mut position = random::arguments(seed, 1)[0] as usize % text.len();
        // The next digit behind a `r` or `b` becomes another one.
        while position + 1 < text.len()
            && !(matches!(text[position], b'r' | b'b') && text[position + 1].is_ascii_digit())
        {
            position += 1;
        }
        if position + 1 < text.len() {
            text[position + 1] = b'0' + (seed % 10) as u8;
        }
        let text = String::from_utf8_lossy(&text);
        let Ok(module) = parse(&text) else {
            continue;
        };
        if verify(&module).is_err() {
            continue;
        }
        valid += 1;
        let arguments = random::arguments(seed, module.functions[0].parameters);
        let limits = Limits {
            instructions: 10_000,
            memory: 1 << 16,
            ..Limits::default()
        };
        let (host, memory) = (&mut (), &mut Memory::default());
        let execution = run_with_memory(&module, FunctionId(0), &arguments, host, memory, &limits);
        assert!(execution.instructions <= limits.instructions);
    }
    assert!(valid > cases(2_000) / 10, "{valid}");
}
