//! What a comparison measures: counts against listings worked out by hand, sums that have to agree,
//! and walks through calls.

use codegen::passes::Level;
use diagnostics::{FileId, Sources};
use emjay_jit::compare::{
    Column, ColumnName, CompareError, IrFunction, Line, Listing, Mechanism, Part, Report, Request,
    Site, Verdict, Walk, compare,
};
use emjay_jit::random;
use emjay_jit::ulm::Convention;

/// `1 + g(2)`: two calls, one of them with an argument.
const CALLS: &str = include_str!("../../examples/calls.emjay");
/// One call with three arguments.
const BLOG: &str = include_str!("../../examples/blog.emjay");
/// Recursion.
const FIB: &str = include_str!("../../examples/fib.emjay");
/// Recursion that needs much stack, and no optimiser makes a loop of.
const DEEP: &str = "fn main(n) { return deep(n) + n; }
fn deep(n) { if n == 0 { return 0; } return n * deep(n - 1) % 7 + deep(0); }";

/// The columns that are counted and work for every program.
const COUNTED: [ColumnName; 4] = [
    ColumnName::Aarch64,
    ColumnName::Aarch64Baseline,
    ColumnName::Aarch64Trampoline,
    ColumnName::Ulm(Convention::Stack),
];

fn request(columns: &[ColumnName], arguments: &[i64]) -> Request {
    Request {
        columns: columns.to_vec(),
        arguments: arguments.to_vec(),
        ..Request::default()
    }
}

fn source(text: &str) -> (Sources, FileId) {
    let mut sources = Sources::new();
    let file = sources.add("test.emjay", text);
    (sources, file)
}

fn try_compare(text: &str, request: &Request) -> Result<Report, CompareError> {
    let (sources, file) = source(text);
    let program = emjay_jit::compile(&sources, file, emjay_jit::Options::default())
        .expect("the program has no mistake");
    compare(&sources, file, &program.module, request)
}

fn report(text: &str, request: &Request) -> Report {
    try_compare(text, request).expect("all columns can have the program")
}

/// The only column.
fn column(text: &str, name: ColumnName, arguments: &[i64]) -> Column {
    let mut report = report(text, &request(&[name], arguments));
    report.columns.remove(0)
}

/// Programs with their arguments, each in all columns of [`COUNTED`].
fn reports() -> Vec<Report> {
    let programs: [(&str, &[i64]); 6] = [
        (CALLS, &[]),
        (BLOG, &[]),
        (FIB, &[12]),
        (include_str!("../../examples/collatz.emjay"), &[20]),
        (include_str!("../../examples/gcd.emjay"), &[1071, -462]),
        (include_str!("../../examples/ackermann.emjay"), &[2, 3]),
    ];
    programs
        .iter()
        .map(|(text, arguments)| report(text, &request(&COUNTED, arguments)))
        .collect()
}

/// A line for each instruction: `1 precall control transfer: bl   g`.
fn shown(listing: &Listing) -> String {
    let line = |line: &Line| {
        format!(
            "{} {} {}: {}\n",
            line.executed.unwrap_or(99),
            line.part.name(),
            line.mechanism.name(),
            line.text
        )
    };
    listing.lines.iter().map(line).collect()
}

fn function<'c>(column: &'c Column, name: &str) -> &'c Listing {
    let mut functions = column.functions.iter();
    functions
        .find(|function| function.name == name)
        .expect("the program has that function")
}

fn line(column: &Column, listing: usize, line: usize) -> &Line {
    let mut listings = column.functions.iter().chain(&column.runtime);
    &listings.nth(listing).expect("the listing is there").lines[line]
}

fn walk(column: &Column) -> &Walk {
    column.walk.as_ref().expect("there is a call")
}

// ---- counts ----

#[test]
fn a_call_on_aarch64_is_counted_instruction_by_instruction() {
    let column = column(CALLS, ColumnName::Aarch64, &[]);
    assert_eq!(
        shown(function(&column, "f")),
        "\
1 prologue state management: str  x30, [sp, #-16]!
1 precall data transfer: movz x0, 2
1 precall control transfer: bl   g
1 body computation: add  x0, x0, #1
1 epilogue state management: ldr  x30, [sp], #16
1 epilogue control transfer: ret
"
    );
    // main: str, bl, ldr, ret; f as above; g: lsl, ret.
    let totals = &column.totals;
    assert_eq!(totals.instructions.instructions, 12);
    assert_eq!(totals.instructions.executed, Some(12));
    assert_eq!(totals.bytes, 48);
    assert_eq!((totals.loads, totals.stores), (Some(2), Some(2)));
    assert_eq!(totals.stack_bytes, Some(32));
    assert_eq!(totals.calls, Some(2));
}

#[test]
fn a_call_on_the_ulm_is_counted_instruction_by_instruction() {
    let column = column(CALLS, ColumnName::Ulm(Convention::Stack), &[]);
    assert_eq!(
        shown(function(&column, "f")),
        "\
1 prologue state management: movq %RET, ret(%SP)
1 prologue state management: subq 32, %SP, %SP
1 precall data transfer: ldzwq 2, %TMP0
1 precall data transfer: movq %TMP0, 24(%SP)
1 precall control transfer: ldzwq g, %TMP0
1 precall control transfer: jmp %TMP0, %RET
1 postreturn data transfer: movq rval(%SP), %TMP0
1 body computation: addq 1, %TMP0, %TMP0
1 epilogue state management: addq 32, %SP, %SP
1 epilogue data transfer: movq %TMP0, rval(%SP)
1 epilogue state management: movq ret(%SP), %RET
1 epilogue control transfer: jmp %RET, %0
"
    );
    // 9 of main, 12 of f, 4 of g; frames of 24, 24 and 32 bytes.
    assert_eq!(column.totals.instructions.executed, Some(25));
    assert_eq!(column.totals.stack_bytes, Some(80));
}

#[test]
fn the_trampoline_is_counted_and_the_entry_is_not() {
    let column = column(BLOG, ColumnName::Aarch64Trampoline, &[]);
    let counted = |name: &str| {
        let listing = column.runtime.iter().find(|l| l.name == name);
        let listing = listing.expect("it is shown");
        (listing.is_counted, listing.lines.len(), listing.entered)
    };
    assert_eq!(counted("trampoline"), (true, 8, Some(1)));
    assert_eq!(counted("entry"), (false, 27, Some(1)));
    // 13 of main, 6 of f, 8 of the trampoline.
    assert_eq!(column.totals.instructions.executed, Some(27));
}

#[test]
fn what_is_in_the_body_of_a_loop_is_counted_each_time() {
    let text = "fn main(n) { let s = 0; while n > 0 { s = s * n + 1; n = n - 1; } return s; }";
    let column = column(text, ColumnName::Aarch64Baseline, &[10]);
    let main = function(&column, "main");
    let mul = main.lines.iter().find(|line| line.text.starts_with("mul"));
    assert_eq!(mul.and_then(|line| line.executed), Some(10));
    assert_eq!(main.entered, Some(1));
}

// ---- sums ----

#[test]
fn every_instruction_stands_in_one_cell_of_the_ledger() {
    for column in reports().iter().flat_map(|report| &report.columns) {
        let cells = column.ledger.cells.iter();
        let instructions: u64 = cells.clone().map(|cell| cell.count.instructions).sum();
        let executed: u64 = cells.filter_map(|cell| cell.count.executed).sum();
        assert_eq!(instructions, column.totals.instructions.instructions);
        assert_eq!(Some(executed), column.totals.instructions.executed);
    }
}

#[test]
fn calls_are_entered_as_often_as_they_are_executed() {
    for column in reports().iter().flat_map(|report| &report.columns) {
        let sites: u64 = column.ledger.sites.iter().filter_map(|s| s.executed).sum();
        let entered: u64 = column.functions.iter().filter_map(|f| f.entered).sum();
        assert_eq!(Some(sites), column.totals.calls);
        // `main` was entered from outside once.
        assert_eq!(entered, sites + 1);
    }
}

#[test]
fn a_call_costs_what_is_executed_for_it_but_not_what_main_does_for_itself() {
    for column in reports().iter().flat_map(|report| &report.columns) {
        let own = |line: &&Line| !matches!(line.part, Part::Precall | Part::Postreturn);
        let main = function(column, "main").lines.iter().filter(own);
        let mains: u64 = main.filter_map(|line| line.executed).sum();
        let executed = column.totals.instructions.executed.expect("it is counted");
        let calls = column.totals.calls.expect("they are counted");
        let cells = column.ledger.cells.iter();
        let per_call: f64 = cells.filter_map(|cell| cell.per_call).sum();
        let for_calls = u32::try_from(executed - mains).expect("the programs are small");
        let calls = u32::try_from(calls).expect("the programs are small");
        let difference = per_call * f64::from(calls) - f64::from(for_calls);
        assert!(difference.abs() < 0.001, "{}: {difference}", column.name);
    }
}

#[test]
fn what_is_said_of_each_call_sums_up_to_the_ledger() {
    // Without branches everything that stands there is executed by each call.
    for text in [CALLS, BLOG] {
        for column in report(text, &request(&COUNTED, &[])).columns {
            let of_sites = |count: fn(&Site) -> u64| -> u64 {
                let sites = column.ledger.sites.iter();
                sites
                    .map(|site| count(site) * site.executed.expect("it is counted"))
                    .sum()
            };
            let calls = column.totals.calls.expect("they are counted");
            let calls = f64::from(u32::try_from(calls).expect("the programs are small"));
            let of_ledger = |parts: [Part; 2]| -> f64 {
                let cells = column.ledger.cells.iter();
                let cells = cells.filter(|cell| parts.contains(&cell.part));
                calls * cells.filter_map(|cell| cell.per_call).sum::<f64>()
            };
            for (sites, ledger) in [
                (
                    of_sites(|site| site.around),
                    of_ledger([Part::Precall, Part::Postreturn]),
                ),
                (
                    of_sites(|site| site.inside),
                    of_ledger([Part::Prologue, Part::Epilogue]),
                ),
            ] {
                let sites = f64::from(u32::try_from(sites).expect("the programs are small"));
                assert!((sites - ledger).abs() < 0.001, "{}: {sites}", column.name);
            }
        }
    }
}

#[test]
fn calls_of_built_in_functions_are_no_calls_of_the_program() {
    let text = "fn main() { putc(65); return f(1); } fn f(x) { putc(x); return x; }";
    for column in report(text, &request(&COUNTED, &[])).columns {
        assert_eq!(column.totals.calls, Some(1), "{}", column.name);
        assert_eq!(column.ledger.sites.len(), 1);
        assert_eq!(column.outcome.expect("it was run").output, "A\u{1}");
    }
}

#[test]
fn needless_saves_are_counted_in_all_and_for_each_call() {
    let column = column(CALLS, ColumnName::Aarch64Baseline, &[]);
    let sites = column.ledger.sites.iter();
    let of_sites: u64 = sites.map(|site| site.needless).sum();
    assert!(of_sites > 0);
    assert_eq!(of_sites, column.ledger.needless.instructions);
}

// ---- walks ----

#[test]
fn a_walk_goes_from_the_first_precall_to_the_last_postreturn() {
    for column in reports().iter().flat_map(|report| &report.columns) {
        let walk = walk(column);
        let parts: Vec<Part> = walk
            .steps
            .iter()
            .map(|step| line(column, step.listing, step.line).part)
            .collect();
        assert_eq!(parts.first(), Some(&Part::Precall), "{}", column.name);
        let last = *parts.last().expect("there are steps");
        let last_is_return = matches!(last, Part::Postreturn | Part::Epilogue);
        assert!(last_is_return, "{}: {last:?}", column.name);
        assert!(parts.contains(&Part::Epilogue));
        let pointer = walk.steps.last().expect("there are steps").pointer;
        assert_eq!(pointer, walk.before_pointer, "{}", column.name);
    }
}

#[test]
fn a_walk_shows_each_instruction_with_what_it_changes() {
    // As the course teaches it: the caller moves the stack pointer.
    let request = Request {
        level: Level::Basic,
        ..request(&[ColumnName::Ulm(Convention::Stack)], &[])
    };
    let column = report(BLOG, &request).columns.remove(0);
    let walk = walk(&column);
    assert_eq!((&*walk.caller, &*walk.callee), ("main", "f"));
    let texts: Vec<(&str, u64)> = walk
        .steps
        .iter()
        .map(|step| (&*line(&column, step.listing, step.line).text, step.pointer))
        .collect();
    let before = walk.before_pointer;
    let lowered = before - 48;
    assert_eq!(texts[0], ("subq 48, %SP, %SP", lowered));
    assert_eq!(texts.last(), Some(&("addq 48, %SP, %SP", before)));
    // The third argument lies above the second one.
    let argument = |name: &str| {
        let writes = walk.steps.iter().flat_map(|step| &step.writes);
        let mut named = writes.filter(|write| write.name == name);
        named.next().map(|write| (write.address, write.value))
    };
    assert_eq!(argument("argument 1"), Some((lowered + 24, 3)));
    assert_eq!(argument("argument 2"), Some((lowered + 32, 2)));
    assert_eq!(argument("argument 3"), Some((lowered + 40, 1)));
    assert_eq!(argument("rval"), Some((lowered + 16, 321)));
}

#[test]
fn a_walk_knows_what_was_on_the_stack_before() {
    let column = column(CALLS, ColumnName::Aarch64Baseline, &[]);
    let names: Vec<&str> = walk(&column).before.iter().map(|w| &*w.name).collect();
    assert_eq!(names, ["x29", "x30"]);
    assert_eq!(
        walk(&column).before[0].address,
        walk(&column).before_pointer
    );
}

#[test]
fn a_walk_leaves_out_repetitions_and_the_calls_inside_and_counts_them() {
    let text = "fn main() { return f(1000); }
fn f(n) { let s = 0; while n > 0 { s = s + g(n) * n; n = n - 1; } return s; }
fn g(n) { if n % 3 == 0 { return putc(n); } return n / 3; }";
    for column in report(text, &request(&COUNTED, &[])).columns {
        let walk = walk(&column);
        assert!(walk.steps.len() <= 256, "{}", column.name);
        let executed = |name: &str| -> u64 {
            let lines = function(&column, name).lines.iter();
            lines.filter_map(|line| line.executed).sum()
        };
        let is_mains = |step: &&emjay_jit::compare::Step| step.listing != 0;
        let of_trampoline = column.runtime.iter().filter(|l| l.is_counted);
        let of_trampoline: u64 = of_trampoline
            .flat_map(|l| &l.lines)
            .filter_map(|line| line.executed)
            .sum();
        let steps = walk.steps.iter().filter(is_mains).count() as u64;
        let skipped: u64 = walk.steps.iter().map(|step| step.skipped).sum();
        let expected = executed("f") + executed("g") + of_trampoline;
        assert_eq!(steps + skipped, expected, "{}", column.name);
    }
}

#[test]
fn a_program_without_calls_has_no_walk() {
    let inline = column(BLOG, ColumnName::Ulm(Convention::Inline), &[]);
    assert_eq!(inline.walk, None);
    assert!(inline.ledger.sites.is_empty());
    assert_eq!(inline.totals.calls, Some(0));
}

// ---- agreement ----

#[test]
fn all_columns_agree_about_the_examples() {
    for report in reports() {
        assert_eq!(
            report.agreement.verdict,
            Verdict::Agree,
            "{:?}",
            report.agreement
        );
        assert!(report.agreement.notes.is_empty());
    }
}

#[test]
fn an_error_has_the_same_kind_and_line_everywhere() {
    let text = "fn main(n) { putc(72); return f(n); }\nfn f(n) {\n    return 7 / n;\n}";
    let report = report(text, &request(&COUNTED, &[0]));
    assert_eq!(
        report.agreement.verdict,
        Verdict::Agree,
        "{:?}",
        report.agreement
    );
    for column in report.columns {
        let outcome = column.outcome.expect("it was run");
        assert_eq!(outcome.error.as_deref(), Some("E0301: division by zero"));
        assert_eq!(outcome.error_line, Some(3), "{}", column.name);
        assert_eq!((outcome.value, &*outcome.output), (None, "H"));
    }
}

#[test]
fn a_stack_that_is_exhausted_on_one_side_is_told_and_no_difference() {
    let verdict = |stack| {
        let request = Request {
            stack,
            ..request(&COUNTED, &[100])
        };
        report(DEEP, &request).agreement.verdict
    };
    let verdicts: Vec<Verdict> = (1..40).map(|kib| verdict(kib * 512)).collect();
    assert!(verdicts.contains(&Verdict::StackExhaustedOnOneSide));
    assert!(!verdicts.contains(&Verdict::Differ));
    assert_eq!(verdicts.last(), Some(&Verdict::Agree));
}

#[test]
fn endless_recursion_is_the_same_error_everywhere() {
    let text = "fn main() { return f(1); } fn f(n) { return f(n + 1) * n; }";
    let request = Request {
        stack: 1 << 16,
        ..request(&COUNTED, &[])
    };
    let report = report(text, &request);
    assert_eq!(
        report.agreement.verdict,
        Verdict::Agree,
        "{:?}",
        report.agreement
    );
    for column in report.columns {
        let error = column.outcome.expect("it was run").error;
        assert_eq!(error.as_deref(), Some("E0302: the stack is exhausted"));
    }
}

#[test]
fn a_program_without_end_is_stopped_and_said_to_be() {
    let mut columns = COUNTED.to_vec();
    columns.push(ColumnName::X86_64);
    let request = Request {
        limit: 10_000,
        ..request(&columns, &[])
    };
    let report = report("fn main() { while 1 { putc(46); } return 0; }", &request);
    assert_eq!(
        report.agreement.verdict,
        Verdict::Agree,
        "{:?}",
        report.agreement
    );
    assert_eq!(report.agreement.notes.len(), 5);
    // Nobody would stop it on the processor.
    assert_eq!(report.columns[4].outcome, None);
}

#[test]
fn every_column_reads_the_same_input() {
    let text = "fn main() { let n = 0; while getc() != -1 { n = n + 1; } return n; }";
    let with_input = |input: &[u8]| {
        let request = Request {
            input: input.to_vec(),
            ..request(&COUNTED, &[])
        };
        report(text, &request)
    };
    let report = with_input(b"three");
    for column in &report.columns {
        assert_eq!(column.outcome.as_ref().and_then(|o| o.value), Some(5));
    }
    let report = with_input(b"a\xffb");
    assert_eq!(report.agreement.verdict, Verdict::Agree);
    assert_eq!(report.agreement.notes.len(), 2);
}

#[test]
fn this_processor_agrees_where_it_can_run_the_code() {
    let columns = [ColumnName::Aarch64, ColumnName::X86_64];
    let report = report(FIB, &request(&columns, &[15]));
    let outcome = &report.columns[1].outcome;
    if cfg!(target_arch = "x86_64") {
        assert_eq!(outcome.as_ref().and_then(|o| o.value), Some(610));
    } else {
        assert_eq!(outcome, &None);
        assert_eq!(report.agreement.notes.len(), 1);
    }
    let x86 = &report.columns[1];
    assert_eq!(x86.totals.instructions.executed, None);
    assert_eq!(x86.totals.calls, None);
    assert!(x86.totals.instructions.instructions > 0);
}

// ---- what can't be compared ----

#[test]
fn a_convention_that_does_not_work_names_the_call() {
    let columns = [ColumnName::Ulm(Convention::Leaf)];
    let error = try_compare(CALLS, &request(&columns, &[])).expect_err("f calls g");
    let CompareError::Unsuitable(messages) = error else {
        panic!("{error}");
    };
    assert_eq!(messages[0].code, "E0401");
    assert_eq!(messages[0].primary.text, "`f` calls `g`");
}

#[test]
fn a_program_without_main_and_one_with_other_parameters_are_refused() {
    let error = try_compare("fn f() { return 1; }", &request(&COUNTED, &[]));
    assert!(matches!(error, Err(CompareError::NoMain)));
    let error = try_compare(BLOG, &request(&COUNTED, &[1]));
    let is_expected = matches!(
        error,
        Err(CompareError::WrongArguments {
            expected: 0,
            given: 1
        })
    );
    assert!(is_expected);
}

// ---- sources ----

#[test]
fn ir_and_code_know_their_lines_of_the_source() {
    let report = report(CALLS, &request(&[ColumnName::Aarch64], &[]));
    let f = &report.ir[1];
    let call = f.lines.iter().find(|line| line.text.contains("call"));
    assert_eq!(call.and_then(|line| line.source_line), Some(13));
    assert_eq!(f.lines[0].source_line, Some(12));
    let call = function(&report.columns[0], "f")
        .lines
        .iter()
        .find(|line| line.calls.as_deref() == Some("g"));
    assert_eq!(call.and_then(|line| line.source_line), Some(13));
    assert_eq!(report.source[12].trim(), "return 1 + g(2);");
}

#[test]
fn what_sets_up_a_frame_stands_under_the_function_in_every_column() {
    let mut columns = COUNTED.to_vec();
    columns.push(ColumnName::X86_64);
    for column in report(FIB, &request(&columns, &[5])).columns {
        let is_set_up = |line: &&Line| {
            (line.part, line.mechanism) == (Part::Prologue, Mechanism::StateManagement)
        };
        for (name, expected) in [("fib", 11), ("main", 7)] {
            let lines = function(&column, name).lines.iter().filter(is_set_up);
            let lines: Vec<Option<u32>> = lines.map(|line| line.source_line).collect();
            assert!(!lines.is_empty(), "{} {name}", column.name);
            let is_expected = lines.iter().all(|&line| line == Some(expected));
            assert!(is_expected, "{} {name}: {lines:?}", column.name);
        }
    }
}

#[test]
fn the_convention_that_was_chosen_is_in_the_title() {
    let title = |text| {
        let arguments: &[i64] = if text == FIB { &[5] } else { &[] };
        column(text, ColumnName::Ulm(Convention::Auto), arguments).title
    };
    assert_eq!(title(BLOG), "ULM, leaf convention (auto)");
    assert_eq!(title(FIB), "ULM, stack convention (auto)");
    let asked_for = column(BLOG, ColumnName::Ulm(Convention::Stack), &[]);
    assert_eq!(asked_for.title, "ULM, stack convention");
}

#[test]
fn the_ir_is_that_of_the_first_column() {
    let ir = |name| report(BLOG, &request(&[name, ColumnName::X86_64], &[])).ir;
    let calls = |functions: &[IrFunction]| {
        let mut lines = functions[0].lines.iter();
        lines.any(|line| line.text.contains("call"))
    };
    assert!(calls(&ir(ColumnName::Aarch64)));
    assert!(!calls(&ir(ColumnName::Ulm(Convention::Inline))));
}

#[test]
fn columns_with_a_generator_of_their_own_keep_it_at_every_level() {
    let columns = [
        ColumnName::Aarch64,
        ColumnName::Aarch64Baseline,
        ColumnName::Aarch64Trampoline,
    ];
    let calls = |level| -> Vec<String> {
        let request = Request {
            level,
            ..request(&columns, &[])
        };
        let call = |column: &Column| {
            let mut lines = function(column, "main").lines.iter();
            let call = lines.find(|line| line.calls.is_some());
            call.expect("main calls f").text.clone()
        };
        report(CALLS, &request).columns.iter().map(call).collect()
    };
    assert_eq!(calls(Level::Full), ["bl   f", "blr x19", "bl   trampoline"]);
    assert_eq!(calls(Level::None), ["bl   f", "blr x19", "bl   trampoline"]);
}

// ---- random programs ----

#[test]
fn random_programs_do_the_same_in_every_column_and_every_instruction_is_accounted_for() {
    let cases = std::env::var("ULM_TEST_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(40);
    for seed in 0..cases {
        let (text, arguments) = random::program(seed, &random::Shape::default());
        let mut columns = COUNTED.to_vec();
        columns.extend([ColumnName::X86_64, ColumnName::Ulm(Convention::Auto)]);
        let request = Request {
            input: b"some input".to_vec(),
            inline: seed % 2 == 0,
            level: [Level::None, Level::Basic, Level::Full][seed as usize % 3],
            ..request(&columns, &arguments)
        };
        let report = report(&text, &request);
        let agreement = &report.agreement;
        assert_ne!(
            agreement.verdict,
            Verdict::Differ,
            "{seed} {agreement:?}\n{text}"
        );
        for column in &report.columns {
            let cells = column.ledger.cells.iter();
            let sums: u64 = cells.clone().map(|cell| cell.count.instructions).sum();
            assert_eq!(column.totals.instructions.instructions, sums);
            if column.totals.instructions.executed.is_some() {
                let executed: u64 = cells.filter_map(|cell| cell.count.executed).sum();
                assert_eq!(column.totals.instructions.executed, Some(executed));
            }
            check_walk(column, &text);
        }
    }
}

/// That a walk that came back has the stack pointer as it was, and only steps that are there.
fn check_walk(column: &Column, text: &str) {
    let Some(walk) = &column.walk else {
        return;
    };
    assert!(walk.steps.len() <= 256);
    let parts: Vec<Part> = walk
        .steps
        .iter()
        .map(|step| line(column, step.listing, step.line).part)
        .collect();
    assert_eq!(parts[0], Part::Precall, "{}\n{text}", column.name);
    if parts.contains(&Part::Postreturn) {
        let last = walk.steps.last().expect("there are steps");
        assert_eq!(
            parts.last(),
            Some(&Part::Postreturn),
            "{}\n{text}",
            column.name
        );
        assert_eq!(last.pointer, walk.before_pointer, "{}\n{text}", column.name);
    }
}
