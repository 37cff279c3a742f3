//! What instructions compute, against qemu: `values.txt`, made by `values.sh`.

use std::fs;
use std::path::Path;

use codegen::aarch64::encode;
use codegen::aarch64::instruction::{Alu, Cond, Instruction, Select, Shift, ZR};
use codegen::aarch64::simulator::{Ending, IMAGE_BASE, Image, Simulator};

use crate::forms::{self, x};
use crate::text::assembly;

/// What is in x1, x10, x11 and x12 before the instruction, and the two numbers whose comparison has
/// set the flags. The same stand in `values.sh`.
const INPUTS: [[u64; 6]; 6] = [
    [5, 7, 3, 1, 0, 0],
    [0, u64::MAX, 1, 9, 0, 1],
    [1 << 63, 1 << 63, u64::MAX, 0, 1, 0],
    [u64::MAX, 0, 0, u64::MAX, 1 << 63, 1],
    [
        0x0123_4567_89ab_cdef,
        0xfedc_ba98_7654_3210,
        65,
        1 << 63,
        u64::MAX >> 1,
        u64::MAX,
    ],
    [
        u64::MAX >> 1,
        0x8081_8283_8485_8687,
        0xffff_ffff_0000_0040,
        12,
        3,
        4,
    ],
];

#[test]
fn every_instruction_computes_what_it_does_in_qemu() {
    let ours: String = forms::all()
        .iter()
        .filter(|form| computes_from_inputs(form))
        .map(|form| {
            let results = INPUTS.map(|inputs| result(*form, inputs));
            let results = results.map(|[value, flags]| format!(" {value:016x} {flags:x}"));
            format!("{form} ;{}\n", results.concat())
        })
        .collect();
    let golden = include_str!("values.txt");
    if ours != golden {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("values.txt");
        fs::write(&path, &ours).expect("the directory is there for this");
        let different = ours.lines().zip(golden.lines()).find(|(a, b)| a != b);
        panic!(
            "the first difference (ours, golden) is {different:?}; all of ours is in {0}; \
             if the forms have changed: codegen/tests/aarch64/values.sh {0}",
            path.display()
        );
    }
}

/// Whether it is one of those that are tried: its first operand is x1 or w1, the others are inputs,
/// and it neither branches nor goes to memory.
fn computes_from_inputs(form: &Instruction) -> bool {
    let text = form.to_string();
    let mut operands = text
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .skip(1);
    let first_is_destination = operands
        .next()
        .is_some_and(|first| matches!(first, "x1" | "w1"));
    let elsewhere = matches!(
        form,
        Instruction::Load { .. }
            | Instruction::Store { .. }
            | Instruction::LoadPair { .. }
            | Instruction::StorePair { .. }
            | Instruction::Cbz { .. }
            | Instruction::Cbnz { .. }
            | Instruction::Tbz { .. }
            | Instruction::Tbnz { .. }
            | Instruction::Br { .. }
            | Instruction::Blr { .. }
            | Instruction::Adr { .. }
    );
    first_is_destination && !elsewhere
}

/// What the instruction leaves in x1 and in the flags.
fn result(form: Instruction, inputs: [u64; 6]) -> [u64; 2] {
    let mov = |rd, rn| Instruction::Mov {
        rd: x(rd),
        rn: x(rn),
    };
    let flag = |rd, cond| Instruction::Select {
        op: Select::Csinc,
        rd: x(rd),
        rn: ZR,
        rm: ZR,
        cond,
    };
    let collect = |rn, amount| Instruction::Alu {
        op: Alu::Orr,
        rd: x(1),
        rn: x(1),
        rm: x(rn),
        shift: Shift::Lsl,
        amount,
    };
    let code = vec![
        mov(10, 2),
        mov(11, 3),
        mov(12, 4),
        Instruction::Cmp {
            rn: x(5),
            rm: x(6),
            shift: Shift::Lsl,
            amount: 0,
        },
        form,
        mov(0, 1),
        // `cset` takes the condition that does not hold.
        flag(1, Cond::Vc),
        flag(2, Cond::Lo),
        flag(3, Cond::Ne),
        flag(4, Cond::Pl),
        collect(2, 1),
        collect(3, 2),
        collect(4, 3),
        Instruction::Ret,
    ];
    let bytes = encode(&assembly(code, Vec::new())).bytes;
    let image = Image {
        bytes: &bytes,
        code: bytes.len(),
    };
    let mut simulator = Simulator::new(image, &[], 64);
    let stack_pointer = simulator.stack_top();
    let [x1, x10, x11, x12, a, b] = inputs;
    let arguments = [0, x1, x10, x11, x12, a, b];
    match simulator.call_directly(IMAGE_BASE, &arguments, stack_pointer, &mut ()) {
        Ok(Ending::Returned(result)) => result,
        other => panic!("{form}: {other:?}"),
    }
}
