//! A report made by hand, for tests of what shows reports.
//!
//! ```text
//! 1  fn main() {
//! 2      return 1 + g(2);
//! 3  }
//! 4
//! 5  fn g(x) {
//! 6      return 2 * x;
//! 7  }
//! ```

use super::Mechanism::{Computation, ControlTransfer, DataTransfer, StateManagement};
use super::Part::{Body, Epilogue, Postreturn, Precall, Prologue};
use super::report::{
    Agreement, Cell, Column, Count, End, IrFunction, IrLine, Ledger, Line, Listing, Mechanism,
    Outcome, Part, Report, Site, Step, Totals, Verdict, Walk, Write,
};

/// `main` calls `g` once, on AArch64 and on the ULM with the leaf convention.
pub(crate) fn sample() -> Report {
    let source = "fn main() {\n    return 1 + g(2);\n}\n\nfn g(x) {\n    return 2 * x;\n}";
    Report {
        program: "sample.emjay".to_owned(),
        arguments: Vec::new(),
        level: 2,
        inlined: false,
        source: source.lines().map(str::to_owned).collect(),
        agreement: Agreement {
            verdict: Verdict::Agree,
            notes: Vec::new(),
        },
        ir: ir(),
        columns: vec![aarch64(), leaf()],
    }
}

fn ir() -> Vec<IrFunction> {
    let line = |(text, source_line): (&str, Option<u32>)| IrLine {
        text: text.to_owned(),
        source_line,
    };
    let main = [
        ("fn main - #args: 0, #reg: 4 {", Some(1)),
        ("    0:  mvi  @r0, 2", Some(2)),
        ("    1:  call @r1, g:1(r0)", Some(2)),
        ("    2:  mvi  @r2, 1", Some(2)),
        ("    3:  add  @r3, r1, r2", Some(2)),
        ("    4:  ret  r3", Some(2)),
        ("}", None),
    ];
    let g = [
        ("fn g - #args: 1, #reg: 3 {", Some(5)),
        ("    0:  mva  @r0, a0", Some(6)),
        ("    1:  mvi  @r1, 1", Some(6)),
        ("    2:  shl  @r2, r0, r1", Some(6)),
        ("    3:  ret  r2", Some(6)),
        ("}", None),
    ];
    vec![
        IrFunction {
            name: "main".to_owned(),
            lines: main.map(line).to_vec(),
        },
        IrFunction {
            name: "g".to_owned(),
            lines: g.map(line).to_vec(),
        },
    ]
}

fn aarch64() -> Column {
    let functions = vec![
        listing(
            "main",
            0,
            &[
                (Prologue, StateManagement, 1, "str  x30, [sp, #-16]!"),
                (Precall, DataTransfer, 2, "movz x0, 2"),
                (Precall, ControlTransfer, 2, "bl   g"),
                (Body, Computation, 2, "add  x0, x0, #1"),
                (Epilogue, StateManagement, 2, "ldr  x30, [sp], #16"),
                (Epilogue, ControlTransfer, 2, "ret"),
            ],
        ),
        listing(
            "g",
            24,
            &[
                (Body, Computation, 6, "lsl  x0, x0, #1"),
                (Epilogue, ControlTransfer, 6, "ret"),
            ],
        ),
    ];
    let runtime = vec![listing(
        "entry",
        32,
        &[
            (Body, Computation, 0, "stp  x29, x30, [sp, #-16]!"),
            (Body, Computation, 0, "bl   main"),
            (Body, Computation, 0, "ldp  x29, x30, [sp], #16"),
            (Body, Computation, 0, "ret"),
        ],
    )];
    let walk = Walk {
        caller: "main".to_owned(),
        callee: "g".to_owned(),
        stack_pointer: Some("sp".to_owned()),
        frame_pointer: None,
        before: vec![Write {
            address: 0x7fff_0000,
            value: 0x1234,
            name: "x30".to_owned(),
        }],
        before_pointer: 0x7fff_0000,
        steps: [
            (0, 1, Some(("x0".to_owned(), 2))),
            (0, 2, Some(("x30".to_owned(), 12))),
            (1, 0, Some(("x0".to_owned(), 4))),
            (1, 1, None),
        ]
        .map(|(listing, line, register)| Step {
            listing,
            line,
            pointer: 0x7fff_0000,
            frame: None,
            registers: register.into_iter().collect(),
            writes: Vec::new(),
            skipped: 0,
        })
        .to_vec(),
    };
    Column {
        name: "aarch64".to_owned(),
        title: "AArch64".to_owned(),
        outcome: Some(returned(5)),
        totals: totals(&functions, 1, 1, 16),
        ledger: ledger(&functions, 2, 1),
        functions,
        runtime,
        walk: Some(walk),
    }
}

fn leaf() -> Column {
    let functions = vec![
        listing(
            "main",
            0,
            &[
                (Precall, DataTransfer, 2, "ldzwq   2, %CALLEE0"),
                (Precall, ControlTransfer, 2, "ldzwq   g, %CALL"),
                (Precall, ControlTransfer, 2, "jmp     %CALL, %RET"),
                (Postreturn, DataTransfer, 2, "addq    0, %CALLEE0, %7"),
                (Body, Computation, 2, "addq    1, %7, %7"),
            ],
        ),
        listing(
            "g",
            20,
            &[
                (Body, Computation, 6, "addq    %CALLEE0, %CALLEE0, %CALLEE0"),
                (Epilogue, ControlTransfer, 6, "jmp     %RET, %0"),
            ],
        ),
    ];
    let runtime = vec![listing(
        "end",
        28,
        &[
            (Body, Computation, 0, "putc    %7"),
            (Body, Computation, 0, "halt    0"),
        ],
    )];
    let steps = [
        (0, 0, Some(("%CALLEE0".to_owned(), 2))),
        (0, 1, Some(("%CALL".to_owned(), 20))),
        (0, 2, Some(("%RET".to_owned(), 12))),
        (1, 0, Some(("%CALLEE0".to_owned(), 4))),
        (1, 1, None),
        (0, 3, Some(("%7".to_owned(), 4))),
    ];
    let walk = Walk {
        caller: "main".to_owned(),
        callee: "g".to_owned(),
        stack_pointer: None,
        frame_pointer: None,
        before: Vec::new(),
        before_pointer: 0,
        steps: steps
            .map(|(listing, line, register)| Step {
                listing,
                line,
                pointer: 0,
                frame: None,
                registers: register.into_iter().collect(),
                writes: Vec::new(),
                skipped: 0,
            })
            .to_vec(),
    };
    Column {
        name: "ulm:leaf".to_owned(),
        title: "ULM, leaf convention".to_owned(),
        outcome: Some(returned(5)),
        totals: totals(&functions, 0, 0, 0),
        ledger: ledger(&functions, 4, 1),
        functions,
        runtime,
        walk: Some(walk),
    }
}

fn returned(value: i64) -> Outcome {
    Outcome {
        end: End::Returned,
        value: Some(value),
        output: String::new(),
        output_bytes: 0,
        error: None,
        error_line: None,
    }
}

/// Instructions of four bytes, each executed once; line 0 of the source is none.
fn listing(name: &str, start: u64, rows: &[(Part, Mechanism, u32, &str)]) -> Listing {
    let line = |(index, &(part, mechanism, source_line, text)): (usize, _)| -> Line {
        let text: &str = text;
        Line {
            label: None,
            address: start + 4 * index as u64,
            text: text.to_owned(),
            bytes: 4,
            part,
            mechanism,
            needless: false,
            source_line: (source_line > 0).then_some(source_line),
            calls: (text.starts_with("bl ") || text == "jmp     %CALL, %RET")
                .then(|| "g".to_owned()),
            executed: Some(1),
        }
    };
    Listing {
        name: name.to_owned(),
        lines: rows.iter().enumerate().map(line).collect(),
        entered: Some(1),
        is_counted: rows.iter().all(|row| row.2 > 0),
    }
}

fn totals(functions: &[Listing], loads: u64, stores: u64, stack_bytes: u64) -> Totals {
    let instructions = functions.iter().map(|f| f.lines.len() as u64).sum();
    Totals {
        instructions: Count {
            instructions,
            executed: Some(instructions),
        },
        bytes: 4 * instructions,
        loads: Some(loads),
        stores: Some(stores),
        stack_bytes: Some(stack_bytes),
        calls: Some(1),
    }
}

/// The ledger of code with one call, each instruction of which is executed once.
fn ledger(functions: &[Listing], around: u64, inside: u64) -> Ledger {
    let lines = || functions.iter().flat_map(|f| &f.lines);
    let cell = |(part, mechanism)| {
        let instructions = lines()
            .filter(|line| (line.part, line.mechanism) == (part, mechanism))
            .count() as u32;
        (instructions > 0).then_some(Cell {
            part,
            mechanism,
            count: Count {
                instructions: instructions.into(),
                executed: Some(instructions.into()),
            },
            per_call: Some(instructions.into()),
        })
    };
    Ledger {
        cells: Part::ALL
            .into_iter()
            .flat_map(|part| Mechanism::ALL.map(|mechanism| (part, mechanism)))
            .filter_map(cell)
            .collect(),
        needless: Count {
            instructions: 0,
            executed: Some(0),
        },
        sites: vec![Site {
            caller: "main".to_owned(),
            callee: "g".to_owned(),
            source_line: Some(2),
            executed: Some(1),
            around,
            inside,
            needless: 0,
        }],
    }
}

#[test]
fn the_ledger_of_the_sample_has_every_instruction_once() {
    for column in sample().columns {
        let counts = column
            .ledger
            .cells
            .iter()
            .map(|cell| cell.count.instructions);
        assert_eq!(
            counts.sum::<u64>(),
            column.totals.instructions.instructions,
            "{}",
            column.name
        );
    }
}
