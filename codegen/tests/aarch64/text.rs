//! AArch64 instructions as text, and whole functions as text and bytes.

use codegen::aarch64::instruction::{
    Address, Alu, Cond, FP, Instruction, LR, Label, MemoryAccess, SP, Select, Shift, ZR,
};
use codegen::aarch64::{decode, encode, print};
use codegen::ir::{ExitId, Function, FunctionId, Module};
use codegen::machine::{Assembly, CallSite, ExitSite, Frame, Relocation, RelocationKind, Symbol};
use codegen::origin::Origin;

use crate::forms::x;

/// A function of these instructions, with these labels, that neither leaves nor calls.
pub(crate) fn assembly(instructions: Vec<Instruction>, labels: Vec<u32>) -> Assembly<Instruction> {
    Assembly {
        id: FunctionId(0),
        name: "main".to_owned(),
        origins: vec![Origin::default(); instructions.len()],
        instructions,
        labels,
        frame: Frame::default(),
        slots_at: 0,
        exits: Vec::new(),
        calls: Vec::new(),
        checks_stack: false,
        needless: Vec::new(),
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let words = bytes.as_chunks::<4>().0.iter();
    words.map(|&word| u32::from_le_bytes(word)).collect()
}

#[test]
fn the_seeds_function_prints_as_there() {
    let code = assembly(
        vec![
            Instruction::StorePair {
                rt1: FP,
                rt2: LR,
                address: Address::PreIndex(SP, -16),
            },
            Instruction::MovSp { rd: FP, rn: SP },
            Instruction::Movz {
                rd: x(9),
                value: 4,
                shift: 0,
            },
            Instruction::Mov {
                rd: x(10),
                rn: x(0),
            },
            Instruction::Alu {
                op: Alu::Add,
                rd: x(11),
                rn: x(9),
                rm: x(10),
                shift: Shift::Lsl,
                amount: 0,
            },
            Instruction::Mov {
                rd: x(0),
                rn: x(11),
            },
            Instruction::LoadPair {
                rt1: FP,
                rt2: LR,
                address: Address::PostIndex(SP, 16),
            },
            Instruction::Ret,
        ],
        Vec::new(),
    );
    assert_eq!(
        print(&code, &Module::default()),
        "main:\n\
         stp  x29, x30, [sp, #-16]!\n\
         mov  x29, sp\n\
         movz x9, 4\n\
         mov  x10, x0\n\
         add  x11, x9, x10\n\
         mov  x0, x11\n\
         ldp  x29, x30, [sp], #16\n\
         ret\n"
    );
}

#[test]
fn the_seeds_call_prints_as_there() {
    let text = |instruction: Instruction| instruction.to_string();
    let fp = |offset| Address::Offset(FP, offset);
    let access = MemoryAccess::Double;
    let store = |rt, offset| Instruction::Store {
        access,
        rt: x(rt),
        address: fp(offset),
    };
    let load = |rt, offset| Instruction::Load {
        access,
        rt: x(rt),
        address: fp(offset),
    };
    assert_eq!(text(store(0, 24)), "str  x0, [x29, #24]");
    assert_eq!(text(load(19, 32)), "ldr  x19, [x29, #32]");
    assert_eq!(text(Instruction::Blr { rn: x(19) }), "blr x19");
    let address = |rd, symbol| Instruction::LoadAddress { rd: x(rd), symbol };
    assert_eq!(
        text(address(19, Symbol::Trampoline)),
        "movz x19, trampoline"
    );
    assert_eq!(text(address(0, Symbol::Catalogue)), "movz x0, catalogue");
}

#[test]
fn a_label_is_printed_where_something_branches_to_it() {
    let code = assembly(
        vec![
            Instruction::Cbz {
                rt: x(0),
                label: Label::Local(2),
            },
            Instruction::Nop,
            Instruction::B {
                label: Label::Local(0),
            },
            Instruction::Ret,
        ],
        vec![0, 1, 3],
    );
    assert_eq!(
        print(&code, &Module::default()),
        "main:\n.L0:\ncbz  x0, .L2\nnop\nb    .L0\n.L2:\nret\n"
    );
}

#[test]
fn a_function_is_called_by_its_name() {
    let module = Module {
        functions: vec![Function::new("main", 0), Function::new("g", 0)],
        imports: Vec::new(),
    };
    let symbol = Symbol::Function(FunctionId(1));
    let code = assembly(
        vec![Instruction::Bl { symbol }, Instruction::BSymbol { symbol }],
        Vec::new(),
    );
    assert_eq!(print(&code, &module), "main:\nbl   g\nb    g\n");
}

#[test]
fn truth_values_negations_and_moves_print_as_what_they_are() {
    let alu = |op, rn, shift, amount| Instruction::Alu {
        op,
        rd: x(1),
        rn,
        rm: x(2),
        shift,
        amount,
    };
    let select = |op| Instruction::Select {
        op,
        rd: x(1),
        rn: ZR,
        rm: ZR,
        cond: Cond::Ne,
    };
    let printed = [
        (select(Select::Csinc), "cset x1, eq"),
        (select(Select::Csinv), "csetm x1, eq"),
        (select(Select::Csel), "csel x1, xzr, xzr, ne"),
        (alu(Alu::Sub, ZR, Shift::Lsl, 0), "neg  x1, x2"),
        (alu(Alu::Orn, ZR, Shift::Lsr, 3), "mvn  x1, x2, lsr #3"),
        (alu(Alu::Orr, ZR, Shift::Lsl, 0), "mov  x1, x2"),
        (alu(Alu::Orr, ZR, Shift::Lsl, 1), "orr  x1, xzr, x2, lsl #1"),
        (
            alu(Alu::Add, x(3), Shift::Lsl, 4),
            "add  x1, x3, x2, lsl #4",
        ),
    ];
    for (instruction, text) in printed {
        assert_eq!(instruction.to_string(), text);
    }
}

#[test]
fn labels_become_distances() {
    let code = assembly(
        vec![
            Instruction::Cbz {
                rt: x(0),
                label: Label::Local(1),
            },
            Instruction::B {
                label: Label::Local(0),
            },
            Instruction::Ret,
        ],
        vec![0, 2],
    );
    let unit = encode(&code);
    assert_eq!(words(&unit.bytes), [0xb400_0040, 0x17ff_ffff, 0xd65f_03c0]);
    assert_eq!(unit.offsets, [0, 4, 8]);
}

#[test]
fn symbols_become_relocations_and_positions_offsets() {
    let mut code = assembly(
        vec![
            Instruction::LoadAddress {
                rd: x(0),
                symbol: Symbol::Catalogue,
            },
            Instruction::Bl {
                symbol: Symbol::Trampoline,
            },
            Instruction::Ret,
            Instruction::BSymbol {
                symbol: Symbol::ExitStub,
            },
        ],
        Vec::new(),
    );
    code.calls.push(CallSite {
        returns_to: 2,
        lowered: 0,
        origin: Origin::default(),
    });
    code.exits.push(ExitSite {
        at: 3,
        exit: ExitId(0),
        framed: true,
        values: Vec::new(),
        origin: Origin::default(),
    });
    let unit = encode(&code);
    let relocation = |offset, kind, symbol| Relocation {
        offset,
        kind,
        symbol,
    };
    assert_eq!(
        unit.relocations,
        [
            relocation(0, RelocationKind::Aarch64Address, Symbol::Catalogue),
            relocation(16, RelocationKind::Aarch64Branch, Symbol::Trampoline),
            relocation(24, RelocationKind::Aarch64Branch, Symbol::ExitStub),
        ]
    );
    assert_eq!(
        words(&unit.bytes),
        [
            0xd280_0000,
            0xf2a0_0000,
            0xf2c0_0000,
            0xf2e0_0000,
            0x9400_0000,
            0xd65f_03c0,
            0x1400_0000
        ]
    );
    assert_eq!((unit.calls[0].returns_to, unit.exits[0].at), (20, 24));
}

/// The first two words of a function of a branch, so many `nop` and a `ret`, to which it branches.
fn branch_over(branch: impl Fn(Label) -> Instruction, nops: usize) -> [u32; 2] {
    let mut instructions = vec![branch(Label::Local(0))];
    instructions.resize(1 + nops, Instruction::Nop);
    instructions.push(Instruction::Ret);
    let unit = encode(&assembly(instructions, vec![1 + nops as u32]));
    let words = words(&unit.bytes);
    assert_eq!(unit.offsets.len(), 2 + nops);
    assert_eq!(unit.bytes.len(), unit.offsets[1 + nops] as usize + 4);
    [words[0], words[1]]
}

#[test]
fn a_branch_that_does_not_reach_goes_around_a_long_one() {
    const NOP: u32 = 0xd503_201f;
    let (rt, bit, cond) = (x(0), 3, Cond::Lt);
    let tbz = |label| Instruction::Tbz { rt, bit, label };
    let cbz = |label| Instruction::Cbz { rt, label };
    let b_lt = |label| Instruction::BCond { cond, label };
    assert_eq!(branch_over(tbz, 8190), [0x361b_ffe0, NOP]);
    // tbnz x0, #3, .+8; b .+32768
    assert_eq!(branch_over(tbz, 8191), [0x3718_0040, 0x1400_2000]);
    assert_eq!(branch_over(cbz, 262_142), [0xb47f_ffe0, NOP]);
    // cbnz x0, .+8; b .+1048576
    assert_eq!(branch_over(cbz, 262_143), [0xb500_0040, 0x1404_0000]);
    // b.ge .+8; b .+1048576
    assert_eq!(branch_over(b_lt, 262_143), [0x5400_004a, 0x1404_0000]);
}

#[test]
fn branches_that_are_made_longer_still_lead_to_their_labels() {
    // Each of many branches leads to an instruction far before or behind it.
    const COUNT: u32 = 30_000;
    let (rt, bit) = (x(0), 40);
    let label = |number| Label::Local(number * 7919 % COUNT);
    let instructions: Vec<_> = (0..COUNT)
        .map(|number| match (number % 3, label(number)) {
            (0, label) => Instruction::Tbnz { rt, bit, label },
            (1, label) => Instruction::Cbnz { rt, label },
            (_, label) => Instruction::B { label },
        })
        .collect();
    let unit = encode(&assembly(instructions, (0..COUNT).collect()));
    let words = words(&unit.bytes);
    let ends = unit.offsets[1..]
        .iter()
        .copied()
        .chain([unit.bytes.len() as u32]);
    for (number, (&start, end)) in (0..COUNT).zip(unit.offsets.iter().zip(ends)) {
        let Label::Local(target) = label(number) else {
            unreachable!("all labels are local");
        };
        let last = decode(words[end as usize / 4 - 1]).expect("a branch");
        let Some(Label::Offset(distance)) = last.label() else {
            panic!("{last} is not a branch");
        };
        let reached = (end - 4).wrapping_add_signed(distance);
        assert_eq!(reached, unit.offsets[target as usize], "from {start}");
        let inverted = (end - start == 8).then(|| decode(words[start as usize / 4]));
        let over = Some(Label::Offset(8));
        assert!(inverted.is_none_or(|inverted| inverted.and_then(|i| i.label()) == over));
    }
}
