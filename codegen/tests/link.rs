//! Joining functions: what lies where, what leads where, how deep the stack can get.

use codegen::ir::{
    Block, Callee, ExitId, Function, FunctionId, Import, Instruction, List, Module, Op, Value,
};
use codegen::link::{Architecture, LinkError, Linked, Options, StackChecks, StackNeed, link};
use codegen::machine::{
    CallSite, Calls, CodeUnit, ExitSite, Frame, Relocation, RelocationKind, Symbol,
};
use codegen::origin::{Origin, PlaceId};

const AARCH64: Options = Options {
    architecture: Architecture::Aarch64,
    calls: Calls::Direct,
    checks: StackChecks::InFunctions,
    exhausted: 9,
};

const X86_64: Options = Options {
    architecture: Architecture::X86_64,
    ..AARCH64
};

/// A module of functions without instructions.
fn module(functions: usize) -> Module {
    Module {
        functions: (0..functions)
            .map(|n| Function::new(format!("f{n}"), 0))
            .collect(),
        imports: Vec::new(),
    }
}

/// A unit of so many bytes 0.
fn unit(id: u32, size: usize) -> CodeUnit {
    CodeUnit {
        id: FunctionId(id),
        bytes: vec![0; size],
        relocations: Vec::new(),
        offsets: Vec::new(),
        frame: Frame::default(),
        slots_at: 0,
        exits: Vec::new(),
        calls: Vec::new(),
        checks_stack: false,
    }
}

fn relocation(offset: u32, kind: RelocationKind, symbol: Symbol) -> Relocation {
    Relocation {
        offset,
        kind,
        symbol,
    }
}

/// A unit with a frame that branches to these functions at its first words.
fn calling(id: u32, frame: u32, callees: &[u32]) -> CodeUnit {
    let mut unit = unit(id, 4 * callees.len().max(1));
    unit.frame.size = frame;
    unit.relocations = callees
        .iter()
        .zip((0..).step_by(4))
        .map(|(&callee, offset)| {
            let symbol = Symbol::Function(FunctionId(callee));
            relocation(offset, RelocationKind::Aarch64Branch, symbol)
        })
        .collect();
    unit
}

fn linked(units: Vec<CodeUnit>, options: Options) -> Linked {
    let functions = units.iter().map(|unit| unit.id.0 + 1).max().unwrap_or(0);
    link(&module(functions as usize), units, &options).expect("it links")
}

fn word(bytes: &[u8], at: u32) -> u32 {
    let bytes = bytes[at as usize..].first_chunk().expect("4 bytes");
    u32::from_le_bytes(*bytes)
}

fn address(bytes: &[u8], at: u32) -> u64 {
    let bytes = bytes[at as usize..].first_chunk().expect("8 bytes");
    u64::from_le_bytes(*bytes)
}

fn start(linked: &Linked, id: u32) -> u32 {
    linked.function(FunctionId(id)).expect("it is there").start
}

#[test]
fn functions_lie_at_multiples_of_16_and_do_not_overlap() {
    let linked = linked(vec![unit(1, 5), unit(0, 33), unit(2, 16)], X86_64);
    let mut free = 0;
    for function in linked.functions() {
        assert_eq!(function.start % 16, 0);
        assert!(function.start >= free);
        free = function.end;
    }
    assert!(linked.size() >= free as usize);
}

#[test]
fn an_offset_leads_to_the_function_around_it_and_padding_to_none() {
    let linked = linked(vec![unit(0, 5), unit(1, 5)], X86_64);
    let (first, second) = (start(&linked, 0), start(&linked, 1));
    let at = |offset| linked.function_at(offset).map(|function| function.id.0);
    assert_eq!(at(first), Some(0));
    assert_eq!(at(first + 4), Some(0));
    assert_eq!(at(first + 5), None);
    assert_eq!(at(second), Some(1));
    assert_eq!(at(0), None);
    assert_eq!(at(u32::MAX), None);
}

#[test]
fn a_branch_of_aarch64_holds_the_distance_in_words() {
    let mut back = calling(1, 0, &[0]);
    back.bytes = 0x9400_0000_u32.to_le_bytes().to_vec();
    let linked = linked(vec![unit(0, 4), back], AARCH64);
    let bytes = linked.relocated(0);
    let (from, to) = (start(&linked, 1), start(&linked, 0));
    let distance = (to as i32 - from as i32) / 4;
    assert!(distance < 0);
    assert_eq!(
        word(&bytes, from),
        0x9400_0000 | distance as u32 & 0x03FF_FFFF
    );
}

#[test]
fn a_branch_of_x86_holds_the_distance_from_its_end() {
    let mut forward = unit(0, 8);
    let symbol = Symbol::Function(FunctionId(1));
    forward.relocations = vec![relocation(1, RelocationKind::X86Relative, symbol)];
    let linked = linked(vec![forward, unit(1, 8)], X86_64);
    let from = start(&linked, 0) + 1;
    let distance = word(&linked.relocated(0), from);
    assert_eq!(from + 4 + distance, start(&linked, 1));
}

#[test]
fn a_whole_address_of_aarch64_stands_in_four_instructions() {
    let mut unit = unit(0, 16);
    unit.bytes = [0xD280_0011_u32, 0xF2A0_0011, 0xF2C0_0011, 0xF2E0_0011]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let symbol = Symbol::Function(FunctionId(0));
    unit.relocations = vec![relocation(0, RelocationKind::Aarch64Address, symbol)];
    let linked = linked(vec![unit], AARCH64);
    let base = 0x1234_5678_9ABC_0000;
    let at = start(&linked, 0);
    let bytes = linked.relocated(base);
    let halves = (0..4).map(|part| u64::from(word(&bytes, at + 4 * part) >> 5 & 0xFFFF));
    let found = halves.rev().fold(0, |address, half| address << 16 | half);
    assert_eq!(found, base + u64::from(at));
    assert_eq!(word(&bytes, at + 12) & !(0xFFFF << 5), 0xF2E0_0011);
}

#[test]
fn the_catalogue_has_the_address_of_each_function_by_number() {
    let mut unit_with_table = unit(2, 8);
    let kind = RelocationKind::X86Absolute;
    unit_with_table.relocations = vec![relocation(0, kind, Symbol::Catalogue)];
    let linked = linked(vec![unit_with_table, unit(0, 1)], X86_64);
    let base = 0x7000_0000_0000;
    let bytes = linked.relocated(base);
    let catalogue = (address(&bytes, start(&linked, 2)) - base) as u32;
    assert_eq!(
        address(&bytes, catalogue),
        base + u64::from(start(&linked, 0))
    );
    assert_eq!(address(&bytes, catalogue + 8), 0);
    assert_eq!(
        address(&bytes, catalogue + 16),
        base + u64::from(start(&linked, 2))
    );
    assert_eq!(linked.size() as u32, catalogue + 24);
}

#[test]
fn a_site_is_found_by_its_offset_even_at_the_ends_of_its_function() {
    let site = |at| ExitSite {
        at,
        exit: ExitId(0),
        framed: true,
        values: Vec::new(),
        origin: Origin::body(PlaceId(at)),
    };
    let mut first = unit(0, 16);
    first.exits = vec![site(16), site(5)];
    let mut second = unit(1, 16);
    second.exits = vec![site(0)];
    for (units, id, at) in [
        (vec![first.clone(), unit(1, 16)], 0, 16),
        (vec![first, unit(1, 16)], 0, 5),
        (vec![unit(0, 16), second], 1, 0),
    ] {
        let linked = linked(units, X86_64);
        let found = linked.exit_at(start(&linked, id) + at);
        let found = found.map(|(function, site)| (function.id.0, site.origin.place.0));
        assert_eq!(found, Some((id, at)));
        assert!(linked.exit_at(start(&linked, id) + at + 1).is_none());
    }
}

#[test]
fn a_call_that_ends_its_function_is_found_by_where_it_returns_to() {
    let mut first = unit(0, 16);
    first.calls = vec![CallSite {
        returns_to: 16,
        lowered: 0,
        origin: Origin::body(PlaceId(3)),
    }];
    let linked = linked(vec![first, unit(1, 16)], X86_64);
    let found = linked.call_returning_to(start(&linked, 0) + 16);
    assert_eq!(
        found.map(|(function, site)| (function.id.0, site.origin.place.0)),
        Some((0, 3))
    );
    assert!(linked.call_returning_to(start(&linked, 0)).is_none());
}

#[test]
fn a_callee_without_code_is_an_error() {
    let error = link(&module(2), vec![calling(0, 0, &[1])], &AARCH64).expect_err("f1 is missing");
    let expected = LinkError::Undefined {
        caller: String::from("f0"),
        callee: String::from("f1"),
    };
    assert_eq!(error, expected);
}

#[test]
fn two_units_of_one_function_are_an_error() {
    let error = link(&module(1), vec![unit(0, 4), unit(0, 4)], &AARCH64);
    let name = String::from("f0");
    assert_eq!(error.err(), Some(LinkError::Duplicate { name }));
}

#[test]
fn a_unit_of_no_function_is_an_error() {
    let error = link(&module(1), vec![unit(1, 4)], &AARCH64);
    let id = FunctionId(1);
    assert_eq!(error.err(), Some(LinkError::NotInModule { id }));
}

#[test]
fn code_that_branches_do_not_reach_is_an_error() {
    let units = vec![unit(0, 4), unit(1, 128 << 20)];
    let error = link(&module(2), units, &AARCH64);
    assert!(matches!(error, Err(LinkError::TooLarge { .. })));
}

#[test]
fn too_many_imports_are_an_error() {
    let import = Import {
        name: String::new(),
        parameters: 0,
    };
    let module = Module {
        functions: Vec::new(),
        imports: vec![import; 5000],
    };
    let error = link(&module, Vec::new(), &AARCH64);
    let count = 5000;
    assert_eq!(error.err(), Some(LinkError::TooManyImports { count }));
}

#[test]
fn without_recursion_the_need_is_the_deepest_sum_of_frames() {
    // 0 → 1 → 3, 0 → 2
    let units = vec![
        calling(0, 16, &[1, 2]),
        calling(1, 32, &[3]),
        calling(2, 64, &[]),
        calling(3, 48, &[]),
    ];
    let linked = linked(units, AARCH64);
    let need = |id| linked.stack_need(FunctionId(id));
    assert_eq!(need(0), Some(StackNeed::Bounded(96)));
    assert_eq!(need(1), Some(StackNeed::Bounded(80)));
    assert_eq!(need(2), Some(StackNeed::Bounded(64)));
    assert_eq!(linked.head_room(), 96);
}

#[test]
fn on_x86_each_call_takes_its_return_address_too() {
    let linked = linked(vec![unit(0, 1)], X86_64);
    let need = linked.stack_need(FunctionId(0));
    assert_eq!(need, Some(StackNeed::Bounded(8)));
}

#[test]
fn arguments_that_lower_the_stack_count() {
    let mut caller = calling(0, 16, &[1]);
    caller.calls = vec![CallSite {
        returns_to: 4,
        lowered: 32,
        origin: Origin::default(),
    }];
    let linked = linked(vec![caller, calling(1, 16, &[])], AARCH64);
    let need = linked.stack_need(FunctionId(0));
    assert_eq!(need, Some(StackNeed::Bounded(64)));
}

#[test]
fn with_recursion_the_head_room_reaches_from_check_to_check() {
    // 0 → 1 ⇄ 2, 2 checks; 2 → 3
    let mut checking = calling(2, 100, &[1, 3]);
    checking.checks_stack = true;
    let units = vec![
        calling(0, 10, &[1]),
        calling(1, 1000, &[2]),
        checking,
        calling(3, 5, &[]),
    ];
    let linked = linked(units, AARCH64);
    for id in 0..3 {
        assert_eq!(linked.stack_need(FunctionId(id)), Some(StackNeed::Checked));
    }
    let leaf = linked.stack_need(FunctionId(3));
    assert_eq!(leaf, Some(StackNeed::Bounded(5)));
    // From the check in 2 to its next one: 2 and 1.
    assert_eq!(linked.head_room(), 1100);
}

#[test]
fn recursion_that_checks_nothing_is_found() {
    let linked = linked(vec![calling(0, 16, &[1]), calling(1, 16, &[0])], AARCH64);
    let need = linked.stack_need(FunctionId(1));
    assert_eq!(need, Some(StackNeed::Unchecked));
}

#[test]
fn the_trampoline_checks_each_call_if_it_is_asked_to() {
    // The call by number stands in the IR only.
    let mut module = module(1);
    let function = &mut module.functions[0];
    let call = Op::Call {
        dest: Value(0),
        callee: Callee::Function(FunctionId(0)),
        arguments: List::EMPTY,
        exit: None,
    };
    function.instructions = [call, Op::Return { value: Value(0) }]
        .map(|op| Instruction {
            op,
            origin: Origin::default(),
        })
        .to_vec();
    function.values = 1;
    function.blocks = vec![Block {
        parameters: List::EMPTY,
        start: 0,
        end: 2,
    }];
    let mut unit = unit(0, 8);
    unit.frame.size = 48;
    unit.calls = vec![CallSite {
        returns_to: 4,
        lowered: 0,
        origin: Origin::default(),
    }];
    for (checks, need) in [
        (StackChecks::InTrampoline, StackNeed::Checked),
        (StackChecks::InFunctions, StackNeed::Unchecked),
    ] {
        let options = Options {
            calls: Calls::Trampoline,
            checks,
            ..AARCH64
        };
        let linked = link(&module, vec![unit.clone()], &options).expect("it links");
        assert_eq!(linked.stack_need(FunctionId(0)), Some(need));
    }
}

#[test]
fn a_chain_of_a_hundred_thousand_functions_is_walked_without_recursion() {
    let count = 100_000;
    let units = (0..count)
        .map(|id| calling(id, 16, if id + 1 < count { &[1] } else { &[] }))
        .map(|mut unit| {
            for relocation in &mut unit.relocations {
                relocation.symbol = Symbol::Function(FunctionId(unit.id.0 + 1));
            }
            unit
        })
        .collect();
    let linked = linked(units, AARCH64);
    let need = linked.stack_need(FunctionId(0));
    assert_eq!(need, Some(StackNeed::Bounded(16 * u64::from(count))));
}
