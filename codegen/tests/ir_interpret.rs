//! What each instruction does, shown on programs in the text form of the IR.

use codegen::execution::{Activation, Departure, Host, Outcome, Reply, SHOWN_CALLS};
use codegen::ir::interpret::{Execution, Fault, Limits, Memory, run_with_memory};
use codegen::ir::text::parse;
use codegen::ir::{FunctionId, ImportId, Module};
use codegen::{Origin, Place, PlaceId};

/// Input and output as a program sees them: import 0 writes a byte, import 1 reads one.
#[derive(Default)]
struct Console {
    output: Vec<u8>,
    input: Vec<u8>,
}

impl Host for Console {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        if let (ImportId(0), &[byte]) = (import, arguments) {
            self.output.push(byte as u8);
            return Reply::Continue(byte);
        }
        match self.input.pop() {
            Some(byte) => Reply::Continue(i64::from(byte)),
            None => Reply::Stop,
        }
    }
}

/// A function of two parameters around these lines, which may read r0 and r1.
fn module(lines: &str) -> Module {
    let text = format!(
        "import putc/1\nimport getc/0\nfn main - #args: 2, #reg: 20 {{
            mva @r0, a0
            mva @r1, a1
            {lines}
        }}"
    );
    parse(&text).expect("the test's text is right")
}

fn execute(module: &Module, arguments: &[i64], limits: &Limits) -> Execution {
    let mut bytes: Vec<u8> = (0x80..0x90).collect();
    let mut memory = Memory {
        base: 0x1000,
        bytes: &mut bytes,
    };
    let host = &mut Console::default();
    run_with_memory(module, FunctionId(0), arguments, host, &mut memory, limits)
}

/// The outcome of a function with these lines for two arguments.
fn outcome(lines: &str, arguments: [i64; 2]) -> Result<Outcome, Fault> {
    execute(&module(lines), &arguments, &Limits::default()).outcome
}

/// What a function with these lines returns.
fn result(lines: &str, arguments: [i64; 2]) -> i64 {
    match outcome(lines, arguments) {
        Ok(Outcome::Returned(result)) => result,
        other => panic!("{other:?}"),
    }
}

/// The reason and the values of an exit that was taken.
fn departure(outcome: Result<Outcome, Fault>) -> Departure {
    match outcome {
        Ok(Outcome::Left(departure)) => departure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn operations_with_one_operand_compute_their_result() {
    let table = [
        ("neg", 5, -5),
        ("neg", i64::MIN, i64::MIN),
        ("not", 0, -1),
        ("sx1", 0x1ff, -1),
        ("sx2", 0x8000, -0x8000),
        ("sx4", 0xffff_ffff, -1),
        ("zx1", -1, 0xff),
        ("zx2", -1, 0xffff),
        ("zx4", -1, 0xffff_ffff),
    ];
    for (mnemonic, operand, expected) in table {
        let lines = format!("{mnemonic} @r2, r0 ret r2");
        assert_eq!(result(&lines, [operand, 0]), expected, "{mnemonic}");
    }
}

#[test]
fn operations_with_two_operands_compute_their_result() {
    let table = [
        ("add", i64::MAX, 1, i64::MIN),
        ("sub", i64::MIN, 1, i64::MAX),
        ("mul", i64::MAX, 2, -2),
        ("mulhs", -1, 2, -1),
        ("mulhu", -1, 2, 1),
        ("and", 6, 3, 2),
        ("or", 6, 3, 7),
        ("xor", 6, 3, 5),
        ("shl", 1, 65, 2),
        ("shr", -1, 63, 1),
        ("sar", -8, 66, -2),
        ("eq", 1, 1, 1),
        ("ne", 1, 1, 0),
        ("lt", -1, 0, 1),
        ("le", 0, 0, 1),
        ("gt", -1, 0, 0),
        ("ge", 0, 0, 1),
        ("ltu", -1, 0, 0),
        ("leu", 0, 0, 1),
        ("gtu", -1, 0, 1),
        ("geu", 0, 1, 0),
        ("div", -7, 2, -3),
        ("div", i64::MIN, -1, i64::MIN),
        ("mod", -7, 2, -1),
        ("mod", i64::MIN, -1, 0),
        ("divu", -1, 2, i64::MAX),
        ("modu", -1, 16, 15),
    ];
    for (mnemonic, a, b, expected) in table {
        let lines = format!("{mnemonic} @r2, r0, r1 ret r2");
        assert_eq!(result(&lines, [a, b]), expected, "{mnemonic} {a}, {b}");
    }
}

#[test]
fn a_select_takes_its_first_value_unless_the_condition_is_zero() {
    let lines = "mvi @r2, 10 mvi @r3, 20 sel @r4, r0, r2, r3 ret r4";
    assert_eq!(result(lines, [-3, 0]), 10);
    assert_eq!(result(lines, [0, 0]), 20);
}

#[test]
fn a_wide_product_has_a_low_and_a_high_half() {
    assert_eq!(result("mulw @r2, @r3, r0, r1 ret r2", [-1, -1]), 1);
    assert_eq!(result("mulw @r2, @r3, r0, r1 ret r3", [-1, -1]), -2);
}

#[test]
fn a_wide_quotient_has_two_halves_and_a_remainder() {
    // (3·2⁶⁴ + 10) ÷ 2: the quotient is 2⁶⁴ + 2⁶³ + 5.
    let divide = "mvi @r2, 2 divw @r3, @r4, @r5, r0, r1, r2";
    assert_eq!(result(&format!("{divide} ret r3"), [10, 3]), i64::MIN + 5);
    assert_eq!(result(&format!("{divide} ret r4"), [10, 3]), 1);
    assert_eq!(result(&format!("{divide} ret r5"), [11, 3]), 1);
}

#[test]
fn a_division_by_zero_takes_its_exit() {
    let narrow = departure(outcome("div @r2, r0, r1 or exit 7(r0, r1) ret r2", [5, 0]));
    assert_eq!((narrow.reason, narrow.values), (7, vec![5, 0]));
    let wide = "divw @r2, @r3, @r4, r0, r0, r1 or exit 8(r0) ret r2";
    let wide = departure(outcome(wide, [5, 0]));
    assert_eq!((wide.reason, wide.values), (8, vec![5]));
}

#[test]
fn a_division_by_zero_without_an_exit_is_a_fault() {
    let fault = Err(Fault::DivisionByZero);
    assert_eq!(outcome("modu @r2, r0, r1 ret r2", [5, 0]), fault);
    let wide = "divw @r2, @r3, @r4, r0, r0, r1 ret r2";
    assert_eq!(outcome(wide, [5, 0]), fault);
}

#[test]
fn loads_extend_and_order_the_bytes() {
    let table = [
        ("ld1", 0x80),
        ("ld1s", -0x80),
        ("ld2", 0x8180),
        ("ld2b", 0x8081),
        ("ld2s", -0x7e80),
        ("ld2sb", -0x7f7f),
        ("ld4", 0x8382_8180),
        ("ld4s", i64::from(0x8382_8180_u32 as i32)),
        ("ld4b", 0x8081_8283),
        ("ld8", 0x8786_8584_8382_8180_u64 as i64),
        ("ld8b", 0x8081_8283_8485_8687_u64 as i64),
    ];
    for (mnemonic, expected) in table {
        let lines = format!("{mnemonic} @r2, [r0 - 8] ret r2");
        assert_eq!(result(&lines, [0x1008, 0]), expected, "{mnemonic}");
    }
}

#[test]
fn stores_write_the_low_bytes_in_their_order() {
    let table = [
        ("st1", 0x8786_8584_8382_8108_u64),
        ("st2", 0x8786_8584_8382_0708),
        ("st2b", 0x8786_8584_8382_0807),
        ("st4b", 0x8786_8584_0807_0605),
        ("st8", 0x0102_0304_0506_0708),
        ("st8b", 0x0807_0605_0403_0201),
    ];
    for (mnemonic, expected) in table {
        let lines = format!("{mnemonic} r1, [r0 + 16] ld8 @r2, [r0 + 16] ret r2");
        let found = result(&lines, [0xff0, 0x0102_0304_0506_0708]);
        assert_eq!(found, expected as i64, "{mnemonic}");
    }
}

#[test]
fn memory_has_a_first_and_a_last_byte() {
    for (address, bytes) in [(0xfff, 1), (0x1010, 1), (0x100d, 4), (-1, 8)] {
        let lines = format!("ld{bytes} @r2, [r0] ret r2");
        let fault = Fault::Access {
            address: address as u64,
            bytes,
        };
        assert_eq!(outcome(&lines, [address, 0]), Err(fault));
    }
    assert_eq!(result("ld4 @r2, [r0] ret r0", [0x100c, 0]), 0x100c);
}

#[test]
fn imports_get_their_arguments_and_give_a_result() {
    let module = module("call @r2, putc(r0) call @r3, getc() add @r4, r2, r3 ret r4");
    let mut host = Console {
        input: vec![5],
        ..Console::default()
    };
    let (memory, limits) = (&mut Memory::default(), &Limits::default());
    let execution = run_with_memory(&module, FunctionId(0), &[65, 0], &mut host, memory, limits);
    assert_eq!(execution.outcome, Ok(Outcome::Returned(70)));
    assert_eq!(host.output, [65]);
}

#[test]
fn an_import_that_stops_takes_the_exit_of_its_call() {
    let stopped = departure(outcome("call @r2, getc() or exit 4(r1) ret r2", [1, 2]));
    assert_eq!((stopped.reason, stopped.values), (4, vec![2]));
    let without = outcome("call @r2, getc() ret r2", [1, 2]);
    assert_eq!(without, Err(Fault::Stop));
}

#[test]
fn a_guard_leaves_unless_its_condition_is_zero() {
    let lines = "guard r0 or exit 1(r1) ret r1";
    assert_eq!(result(lines, [0, 8]), 8);
    assert_eq!(departure(outcome(lines, [-1, 8])).values, [8]);
}

#[test]
fn a_poll_leaves_if_the_host_has_asked_for_it() {
    let lines = "poll or exit 2() ret r1";
    assert_eq!(result(lines, [0, 8]), 8);
    let interrupted = Limits {
        interrupt: true,
        ..Limits::default()
    };
    let execution = execute(&module(lines), &[0, 8], &interrupted);
    assert_eq!(departure(execution.outcome).reason, 2);
}

#[test]
fn an_exit_leaves() {
    let left = departure(outcome("exit 3(r1, r0)", [1, 2]));
    assert_eq!((left.reason, left.values), (3, vec![2, 1]));
}

#[test]
fn a_branch_takes_its_first_target_unless_the_condition_is_zero() {
    let lines = "br r0, b1(), b2() b1(): ret r0 b2(): ret r1";
    assert_eq!(result(lines, [-4, 9]), -4);
    assert_eq!(result(lines, [0, 9]), 9);
}

#[test]
fn parameters_of_a_block_get_their_values_all_at_once() {
    // The first time around, r2 and r3 change places.
    let lines = "mvi @r5, 1 jmp b1(r0, r1, r5)
        b1(@r2, @r3, @r4): mvi @r6, 0 br r4, b1(r3, r2, r6), b2()
        b2(): sub @r7, r2, r3 ret r7";
    assert_eq!(result(lines, [10, 3]), -7);
}

/// A function that calls itself as often as its argument says and counts the calls.
const RECURSION: &str = "fn main - #args: 1, #reg: 5 {
    b0(): stack or exit 1() mva @r0, a0 br r0, b1(), b2()
    b1(): mvi @r1, 1 sub @r2, r0, r1 call @r3, main:0(r2) add @r4, r3, r1 ret r4
    b2(): ret r0
}";

#[test]
fn functions_keep_their_values_over_calls() {
    let module = parse(RECURSION).expect("the test's text is right");
    let limits = Limits {
        depth: 101,
        ..Limits::default()
    };
    let execution = execute(&module, &[100], &limits);
    assert_eq!(execution.outcome, Ok(Outcome::Returned(100)));
}

#[test]
fn a_stack_check_leaves_when_the_stack_is_deeper_than_allowed() {
    let module = parse(RECURSION).expect("the test's text is right");
    let limits = Limits {
        depth: 100,
        ..Limits::default()
    };
    let left = departure(execute(&module, &[100], &limits).outcome);
    assert_eq!((left.reason, left.depth), (1, 101));
    assert_eq!(left.calls.len(), SHOWN_CALLS);
}

#[test]
fn a_departure_names_the_calls_from_the_inside_out() {
    let mut module = parse(
        "fn main - #args: 0, #reg: 1 { call @r0, inner:1() ret r0 }
         fn inner - #args: 0, #reg: 0 { exit 0() }",
    )
    .expect("the test's text is right");
    for function in &mut module.functions {
        for (index, instruction) in function.instructions.iter_mut().enumerate() {
            function.places.push(Place::Address(index as u64));
            instruction.origin = Origin::body(PlaceId(index as u32 + 1));
        }
    }
    let left = departure(execute(&module, &[], &Limits::default()).outcome);
    let activation = |function| Activation {
        function: FunctionId(function),
        place: PlaceId(1),
    };
    assert_eq!(left.calls, [activation(1), activation(0)]);
    assert_eq!(left.depth, 2);
}

#[test]
fn the_limit_of_instructions_is_exact() {
    let module = module("ret r1");
    for (instructions, expected) in [(3, Outcome::Returned(6)), (2, Outcome::Limit)] {
        let limits = Limits {
            instructions,
            ..Limits::default()
        };
        let execution = execute(&module, &[5, 6], &limits);
        assert_eq!(execution.outcome, Ok(expected));
        assert_eq!(execution.instructions, instructions);
    }
}

#[test]
fn a_wrong_number_of_arguments_is_a_fault() {
    let execution = execute(&module("ret r1"), &[1], &Limits::default());
    let fault = Fault::Arguments {
        expected: 2,
        given: 1,
    };
    assert_eq!(execution.outcome, Err(fault));
}

#[test]
fn unbounded_recursion_ends_at_the_limit_of_memory() {
    let text = "fn main - #args: 0, #reg: 1 { call @r0, main:0() ret r0 }";
    let module = parse(text).expect("the test's text is right");
    let limits = Limits {
        memory: 1 << 12,
        ..Limits::default()
    };
    let execution = execute(&module, &[], &limits);
    assert_eq!(execution.outcome, Err(Fault::OutOfMemory));
}
