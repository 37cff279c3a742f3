//! Procedures: entered again and again, left by numbered exits.

use codegen::ir::{FunctionId, text};
use codegen::link::{Architecture, Linked, Options, StackChecks, link};
use codegen::machine::Calls;
use codegen::native::{Ended, Procedure, ProcedureError, RunError, Runner};
use codegen::{aarch64, x86_64};

/// The function that is entered in each of the texts.
const MAIN: FunctionId = FunctionId(0);

fn linked(source: &str) -> Linked {
    let module = text::parse(source).expect("it parses");
    let architecture = Architecture::of_this_machine().expect("the tests are for such machines");
    let calls = Calls::Direct;
    let units = (0..module.functions.len() as u32)
        .map(|id| match architecture {
            Architecture::Aarch64 => {
                let options = aarch64::Options { calls };
                aarch64::encode(&aarch64::generate(&module, FunctionId(id), &options))
            }
            Architecture::X86_64 => {
                let options = x86_64::Options { calls };
                x86_64::encode(&x86_64::generate(&module, FunctionId(id), &options))
            }
        })
        .collect();
    let options = Options {
        architecture,
        calls,
        checks: StackChecks::InFunctions,
        exhausted: 77,
    };
    link(&module, units, &options).expect("it links")
}

fn procedure(source: &str) -> Procedure {
    Procedure::load(linked(source), MAIN).expect("it can be one")
}

fn refusal(source: &str) -> ProcedureError {
    Procedure::load(linked(source), MAIN).expect_err("it can't be one")
}

fn runner() -> Runner {
    Runner::new(4096).expect("there is memory")
}

/// The number of the exit, the reason and the values.
fn left(procedure: &Procedure, runner: &mut Runner, arguments: &[i64]) -> (u32, u32, Vec<i64>) {
    match procedure.enter(runner, arguments).expect("it runs") {
        Ended::Left(exit) => (exit.exit.0, exit.reason, exit.values.collect()),
        Ended::Returned(value) => panic!("it returned {value}"),
    }
}

/// Leaves by one of three exits, for 0, 1, and everything else.
const THREE_WAYS: &str = "\
fn three - #args: 1, #reg: 6 {
    mva   @r0, a0
    mvi   @r1, 0
    eq    @r2, r0, r1
    guard r2 or exit 70(r0, r0)
    mvi   @r3, 1
    eq    @r4, r0, r3
    guard r4 or exit 71()
    shl   @r5, r0, r3
    exit  72(r5, r3, r0)
}
";

#[test]
fn an_exit_says_its_number_its_reason_and_its_values() {
    let procedure = procedure(THREE_WAYS);
    let mut runner = runner();
    assert_eq!(left(&procedure, &mut runner, &[0]), (0, 70, vec![0, 0]));
    assert_eq!(left(&procedure, &mut runner, &[1]), (1, 71, vec![]));
    assert_eq!(left(&procedure, &mut runner, &[3]), (2, 72, vec![6, 1, 3]));
}

#[test]
fn one_runner_serves_many_procedures() {
    let mut runner = runner();
    let three = procedure(THREE_WAYS);
    let other = procedure("fn other - #args: 0, #reg: 1 {\n    mvi @r0, 5\n    exit 9(r0)\n}\n");
    for _ in 0..3 {
        assert_eq!(left(&three, &mut runner, &[1]), (1, 71, vec![]));
        assert_eq!(left(&other, &mut runner, &[]), (0, 9, vec![5]));
    }
}

#[test]
fn a_procedure_can_return() {
    let procedure = procedure(
        "fn f - #args: 2, #reg: 3 {\n    mva @r0, a0\n    mva @r1, a1\n    sub @r2, r0, r1\n    ret r2\n}\n",
    );
    let mut runner = runner();
    let ended = procedure.enter(&mut runner, &[50, 8]).expect("it runs");
    assert!(matches!(ended, Ended::Returned(42)), "{ended:?}");
}

/// Adds 1, 2, …, 40 to the argument and leaves with all sums: more than there are registers.
fn many_values() -> String {
    let mut source = String::from("fn many - #args: 1, #reg: 90 {\n    mva @r0, a0\n");
    let mut names = Vec::new();
    for n in 1..=40 {
        let (constant, sum) = (2 * n, 2 * n + 1);
        source += &format!("    mvi @r{constant}, {n}\n    add @r{sum}, r0, r{constant}\n");
        names.push(format!("r{sum}"));
    }
    source + &format!("    exit 3({})\n}}\n", names.join(", "))
}

#[test]
fn values_on_the_stack_are_found() {
    let (_, _, values) = left(&procedure(&many_values()), &mut runner(), &[1000]);
    assert_eq!(values, (1001..=1040).collect::<Vec<i64>>());
}

#[test]
fn the_exit_of_a_function_that_was_called_names_that_function() {
    let procedure = procedure(
        "fn caller - #args: 1, #reg: 2 {\n    mva @r0, a0\n    call @r1, callee:1(r0)\n    ret r1\n}\n\n\
         fn callee - #args: 1, #reg: 1 {\n    mva @r0, a0\n    exit 4(r0)\n}\n",
    );
    let mut runner = runner();
    match procedure.enter(&mut runner, &[6]).expect("it runs") {
        Ended::Left(exit) => {
            assert_eq!((exit.function, exit.values.len()), (FunctionId(1), 1));
        }
        Ended::Returned(value) => panic!("it returned {value}"),
    }
}

#[test]
fn a_request_to_leave_is_seen_by_a_poll() {
    let procedure = procedure(
        "fn f - #args: 0, #reg: 0 {\nb0():\n    jmp b1()\nb1():\n    poll or exit 8()\n    jmp b1()\n}\n",
    );
    let mut runner = runner();
    runner.interrupt().request();
    assert_eq!(left(&procedure, &mut runner, &[]), (0, 8, vec![]));
}

#[test]
fn the_arguments_are_counted() {
    let procedure = procedure(THREE_WAYS);
    for arguments in [&[][..], &[1, 2]] {
        let error = procedure.enter(&mut runner(), arguments).expect_err("1");
        assert!(
            matches!(error, RunError::WrongArguments { expected: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_stack_that_is_too_small_is_noticed_before() {
    let procedure = procedure(&many_values());
    let mut runner = Runner::new(16).expect("there is memory");
    let error = procedure
        .enter(&mut runner, &[0])
        .expect_err("it needs more");
    assert!(matches!(error, RunError::StackTooSmall { .. }), "{error}");
}

#[test]
fn what_calls_the_host_is_no_procedure() {
    let error =
        refusal("import putc/1\n\nfn f - #args: 0, #reg: 1 {\n    mvi @r0, 1\n    ret r0\n}\n");
    assert!(matches!(error, ProcedureError::Imports), "{error}");
}

#[test]
fn what_is_recursive_is_no_procedure() {
    let error = refusal(
        "fn f - #args: 1, #reg: 3 {\n    mva @r0, a0\n    call @r1, f:0(r0)\n    add @r2, r1, r0\n    ret r2\n}\n",
    );
    assert!(matches!(error, ProcedureError::UnboundedStack), "{error}");
}

#[test]
fn what_takes_arguments_on_the_stack_is_no_procedure() {
    let error = refusal("fn f - #args: 10, #reg: 1 {\n    mva @r0, a9\n    ret r0\n}\n");
    assert!(
        matches!(
            error,
            ProcedureError::TooManyParameters { parameters: 10, .. }
        ),
        "{error}"
    );
}

#[test]
fn a_function_without_code_is_no_procedure() {
    let error = Procedure::load(linked(THREE_WAYS), FunctionId(1)).expect_err("there is none");
    assert!(
        matches!(error, ProcedureError::NoCode(FunctionId(1))),
        "{error}"
    );
}
