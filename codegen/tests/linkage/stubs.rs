//! The shared stubs in linked code, and the way from an offset back to an instruction.

use super::{BOTH, Calls, functions, of_baseline, optimised, random_module, x86};
use crate::common::cases;
use codegen::aarch64::{self, decode};
use codegen::ir::text::parse;
use codegen::ir::{ImportId, Module};
use codegen::link::{self, Architecture, Linked, SharedStub, SharedStubKind, StackChecks, link};
use codegen::machine::CodeUnit;
use codegen::random::Shape;
use codegen::x86_64;

const TWO_IMPORTS: &str = "import putc/1
import getc/0

fn f - #args: 0, #reg: 1 {
    mvi @r0, 1
    ret r0
}";

fn module() -> Module {
    parse(TWO_IMPORTS).expect("the test's IR is well-formed")
}

fn linked(architecture: Architecture, checks: StackChecks) -> Linked {
    let module = module();
    let units = functions(&module)
        .map(|id| match architecture {
            Architecture::Aarch64 => aarch64::encode(&optimised(&module, id, Calls::Trampoline)),
            Architecture::X86_64 => x86_64::encode(&x86(&module, id, Calls::Trampoline)),
        })
        .collect();
    let options = link::Options {
        architecture,
        calls: Calls::Trampoline,
        checks,
        exhausted: 9,
    };
    link(&module, units, &options).expect("the only function calls nobody")
}

const MACHINES: [Architecture; 2] = [Architecture::Aarch64, Architecture::X86_64];

#[test]
fn the_stubs_lie_without_gaps_before_the_functions() {
    for architecture in MACHINES {
        let linked = linked(architecture, StackChecks::InFunctions);
        let stubs = linked.shared_stubs();
        let kinds: Vec<SharedStubKind> = stubs.iter().map(|stub| stub.kind).collect();
        assert_eq!(
            kinds,
            [
                SharedStubKind::Entry,
                SharedStubKind::Exit,
                SharedStubKind::Trampoline,
                SharedStubKind::Import(ImportId(0)),
                SharedStubKind::Import(ImportId(1)),
            ]
        );
        assert_eq!(stubs[0].start, linked.entry_stub());
        assert!(stubs.windows(2).all(|pair| pair[0].end == pair[1].start));
        let last = stubs.last().expect("there are five");
        assert_eq!(last.end.next_multiple_of(16), linked.functions()[0].start);
        assert_eq!(linked.thunks(), [stubs[3].start, stubs[4].start]);
    }
}

#[test]
fn an_offset_leads_to_its_stub() {
    let linked = linked(Architecture::Aarch64, StackChecks::InFunctions);
    let trampoline = linked.shared_stubs()[2];
    for offset in [trampoline.start, trampoline.end - 1] {
        assert_eq!(linked.shared_stub_at(offset), Some(&trampoline));
    }
    let end = linked.shared_stubs()[4].end;
    assert_eq!(linked.shared_stub_at(end), None);
}

/// The parts of a stub's instructions.
fn parts(linked: &Linked, stub: &SharedStub) -> Vec<String> {
    let instructions = linked.shared_stub_instructions(stub).iter();
    instructions
        .map(|instruction| {
            let origin = instruction.origin;
            let mechanism = origin.mechanism.name().split(' ').next();
            format!(
                "{} {}",
                origin.linkage.name(),
                mechanism.unwrap_or_default()
            )
        })
        .collect()
}

/// The parts of a stub's instructions, and the instructions.
fn listing(linked: &Linked, stub: &SharedStub) -> Vec<String> {
    let bytes = linked.relocated(0);
    let text = |offset: u32| {
        let word = bytes[offset as usize..].first_chunk();
        let word = u32::from_le_bytes(*word.expect("an instruction has four bytes"));
        decode(word).map_or_else(|| format!("{word:#x}"), |found| found.to_string())
    };
    let instructions = linked.shared_stub_instructions(stub).iter();
    parts(linked, stub)
        .into_iter()
        .zip(instructions)
        .map(|(part, instruction)| {
            let line = format!("{part} {}", text(instruction.offset));
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn the_trampoline_is_a_part_of_the_precall_and_checks_for_the_callee() {
    let linked = linked(Architecture::Aarch64, StackChecks::InTrampoline);
    assert_eq!(
        listing(&linked, &linked.shared_stubs()[2]),
        [
            "prologue state ldr x16, [x28]",
            "prologue state cmp sp, x16",
            "prologue state b.ls .+36",
            "precall control ldr x16, [x0, x1, lsl #3]",
            "precall data mov x0, x2",
            "precall data mov x1, x3",
            "precall data mov x2, x4",
            "precall data mov x3, x5",
            "precall data mov x4, x6",
            "precall data mov x5, x7",
            "precall control br x16",
            "body computation adr x16, .",
            "body computation b .-136",
        ]
    );
}

#[test]
fn the_entry_is_a_procedure_that_calls() {
    let linked = linked(Architecture::Aarch64, StackChecks::InFunctions);
    assert_eq!(
        listing(&linked, &linked.shared_stubs()[0]),
        [
            "prologue state stp x19, x20, [sp, #-96]!",
            "prologue state stp x21, x22, [sp, #16]",
            "prologue state stp x23, x24, [sp, #32]",
            "prologue state stp x25, x26, [sp, #48]",
            "prologue state stp x27, x28, [sp, #64]",
            "prologue state stp x29, x30, [sp, #80]",
            "prologue state mov x9, sp",
            "prologue state str x9, [x0, #16]",
            "prologue state mov x28, x0",
            "precall control mov x16, x1",
            "precall data mov x17, x2",
            "precall state mov sp, x3",
            "precall data ldp x0, x1, [x17]",
            "precall data ldp x2, x3, [x17, #16]",
            "precall data ldp x4, x5, [x17, #32]",
            "precall data ldp x6, x7, [x17, #48]",
            "precall control blr x16",
            "epilogue data movz x1, 0",
            "epilogue state ldr x9, [x28, #16]",
            "epilogue state mov sp, x9",
            "epilogue state ldp x29, x30, [sp, #80]",
            "epilogue state ldp x27, x28, [sp, #64]",
            "epilogue state ldp x25, x26, [sp, #48]",
            "epilogue state ldp x23, x24, [sp, #32]",
            "epilogue state ldp x21, x22, [sp, #16]",
            "epilogue state ldp x19, x20, [sp], #96",
            "epilogue control ret",
        ]
    );
}

#[test]
fn the_thunk_of_an_import_goes_on_to_the_host() {
    let linked = linked(Architecture::Aarch64, StackChecks::InFunctions);
    assert_eq!(
        listing(&linked, &linked.shared_stubs()[4]),
        [
            "precall control movz x5, 1",
            "precall control ldr x16, [x28, #296]",
            "precall control br x16",
        ]
    );
}

#[test]
fn the_exit_is_no_part_of_a_call() {
    for architecture in MACHINES {
        let linked = linked(architecture, StackChecks::InFunctions);
        let parts = parts(&linked, &linked.shared_stubs()[1]);
        assert!(parts.iter().all(|part| part == "body computation"));
    }
}

#[test]
fn on_x86_64_the_stubs_have_the_same_parts() {
    let linked = linked(Architecture::X86_64, StackChecks::InTrampoline);
    let stubs = linked.shared_stubs();
    let trampoline = [
        "prologue state",
        "prologue state",
        "precall control",
        "precall data",
        "precall data",
        "precall data",
        "precall data",
        "precall control",
        "body computation",
        "body computation",
    ];
    assert_eq!(parts(&linked, &stubs[2]), trampoline);
    assert_eq!(parts(&linked, &stubs[3]), ["precall control"; 2]);
}

/// Whether the offsets of a unit lead back to its instructions.
fn assert_offsets_lead_back(unit: &CodeUnit, instructions: usize) {
    assert_eq!(unit.offsets.len(), instructions);
    let ends = unit.offsets.iter().copied().skip(1);
    let ends = ends.chain([unit.bytes.len() as u32]);
    for (index, (&start, end)) in (0..).zip(unit.offsets.iter().zip(ends)) {
        assert!(start < end, "an instruction has bytes");
        assert_eq!(unit.instruction_at(start), Some(index));
        assert_eq!(unit.instruction_at(end - 1), Some(index));
    }
    assert_eq!(unit.instruction_at(unit.bytes.len() as u32), None);
}

#[test]
fn an_offset_in_a_function_leads_back_to_its_instruction() {
    for seed in 0..cases(30) {
        let module = random_module(seed, &Shape::default());
        for calls in BOTH {
            for id in functions(&module) {
                let assembly = optimised(&module, id, calls);
                let unit = aarch64::encode(&assembly);
                assert_offsets_lead_back(&unit, assembly.instructions.len());
                let assembly = of_baseline(&module, id, calls);
                let unit = aarch64::encode(&assembly);
                assert_offsets_lead_back(&unit, assembly.instructions.len());
                let assembly = x86(&module, id, calls);
                let unit = x86_64::encode(&assembly);
                assert_offsets_lead_back(&unit, assembly.instructions.len());
            }
        }
    }
}
