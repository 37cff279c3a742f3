//! Every form of an instruction with operands at their borders, and random instructions.

use codegen::aarch64::immediate;
use codegen::aarch64::instruction::{
    Address, Alu, Alu1, Alu2, Cond, Instruction, Label, MemoryAccess, Select, Shift,
};
use codegen::machine::Register;

/// The numbers of registers that differ in a bit that could be lost, or have two meanings.
const REGISTERS: [u8; 7] = [0, 1, 15, 16, 28, 30, 31];

const ALU: [Alu; 8] = [
    Alu::Add,
    Alu::Sub,
    Alu::And,
    Alu::Orr,
    Alu::Eor,
    Alu::Bic,
    Alu::Orn,
    Alu::Eon,
];
const ALU2: [Alu2; 10] = [
    Alu2::Mul,
    Alu2::Mneg,
    Alu2::Smulh,
    Alu2::Umulh,
    Alu2::Sdiv,
    Alu2::Udiv,
    Alu2::Lsl,
    Alu2::Lsr,
    Alu2::Asr,
    Alu2::Ror,
];
const ALU1: [Alu1; 10] = [
    Alu1::Sxtb,
    Alu1::Sxth,
    Alu1::Sxtw,
    Alu1::Uxtb,
    Alu1::Uxth,
    Alu1::Uxtw,
    Alu1::Rev,
    Alu1::Rev32,
    Alu1::Rev16,
    Alu1::Clz,
];
const SHIFTS: [Shift; 4] = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror];
const CONDITIONS: [Cond; 14] = [
    Cond::Eq,
    Cond::Ne,
    Cond::Hs,
    Cond::Lo,
    Cond::Mi,
    Cond::Pl,
    Cond::Vs,
    Cond::Vc,
    Cond::Hi,
    Cond::Ls,
    Cond::Ge,
    Cond::Lt,
    Cond::Gt,
    Cond::Le,
];
const SELECT: [Select; 4] = [Select::Csel, Select::Csinc, Select::Csinv, Select::Csneg];
const LOADS: [(MemoryAccess, i32); 7] = [
    (MemoryAccess::Double, 8),
    (MemoryAccess::Word, 4),
    (MemoryAccess::Half, 2),
    (MemoryAccess::Byte, 1),
    (MemoryAccess::SignedWord, 4),
    (MemoryAccess::SignedHalf, 2),
    (MemoryAccess::SignedByte, 1),
];
/// How many of `LOADS` are stores, too.
const STORES: usize = 4;

pub(crate) const fn x(number: u8) -> Register {
    Register::physical(number)
}

/// N registers: each place takes all numbers of `REGISTERS` while the others keep theirs, and all
/// places take 31.
fn registers<const N: usize>() -> impl Iterator<Item = [Register; N]> {
    let base: [Register; N] = std::array::from_fn(|place| x(9 + place as u8));
    let varied = (0..N).flat_map(move |place| {
        REGISTERS.into_iter().map(move |number| {
            let mut registers = base;
            registers[place] = x(number);
            registers
        })
    });
    varied.chain([[x(31); N]])
}

/// Every form of an instruction, with operands at their borders.
pub(crate) fn all() -> Vec<Instruction> {
    let mut forms = Vec::new();
    constants(&mut forms);
    two_operands(&mut forms);
    three_operands(&mut forms);
    bit_fields(&mut forms);
    comparisons(&mut forms);
    memory(&mut forms);
    branches(&mut forms);
    forms.retain(|form| codegen::aarch64::encode::encode_instruction(form).is_some());
    forms
}

fn constants(forms: &mut Vec<Instruction>) {
    for [rd] in registers() {
        for shift in [0, 16, 32, 48] {
            for value in [0, 1, 0x5555, 0x8000, 0xffff] {
                forms.extend([
                    Instruction::Movz { rd, value, shift },
                    Instruction::Movn { rd, value, shift },
                    Instruction::Movk { rd, value, shift },
                ]);
            }
        }
    }
    for value in [0, 1, 0xffff] {
        forms.extend([Instruction::Svc { value }, Instruction::Brk { value }]);
    }
    forms.push(Instruction::Nop);
}

/// Logical immediates with runs of 1, half, and all but one of the bits of each size, turned by
/// nothing, one, and all but one.
pub(crate) fn logical_immediates() -> Vec<u64> {
    let mut values = Vec::new();
    for size in [2u32, 4, 8, 16, 32, 64] {
        for ones in [1, size / 2, size - 1] {
            for turn in [0, 1, size - 1] {
                let run = (1u64 << ones) - 1;
                let pattern = (0..64 / size).fold(0, |all, place| all | run << (place * size));
                values.push(pattern.rotate_right(turn));
            }
        }
    }
    values.sort_unstable();
    values.dedup();
    values
}

const ARITHMETIC_IMMEDIATES: [u32; 6] = [0, 1, 0x7ff, 0xfff, 0x1000, 0xff_f000];

fn two_operands(forms: &mut Vec<Instruction>) {
    for [rd, rn] in registers() {
        forms.extend([Instruction::Mov { rd, rn }, Instruction::MovSp { rd, rn }]);
        forms.extend(ALU1.map(|op| Instruction::Alu1 { op, rd, rn }));
        for op in [Alu::Add, Alu::Sub] {
            let form = |value| Instruction::AddImmediate { op, rd, rn, value };
            forms.extend(ARITHMETIC_IMMEDIATES.map(form));
        }
        for op in [Alu::And, Alu::Orr, Alu::Eor] {
            let form = |value| Instruction::LogicalImmediate { op, rd, rn, value };
            forms.extend([0xff, 0x5555_5555_5555_5555, u64::MAX - 1].map(form));
        }
    }
    for op in [Alu::And, Alu::Orr, Alu::Eor] {
        let form = |value| Instruction::LogicalImmediate {
            op,
            rd: x(9),
            rn: x(10),
            value,
        };
        forms.extend(logical_immediates().into_iter().map(form));
    }
}

fn three_operands(forms: &mut Vec<Instruction>) {
    for [rd, rn, rm] in registers() {
        for op in ALU {
            for shift in SHIFTS {
                forms.extend([0, 1, 31, 32, 63].map(|amount| Instruction::Alu {
                    op,
                    rd,
                    rn,
                    rm,
                    shift,
                    amount,
                }));
            }
        }
        forms.extend(ALU2.map(|op| Instruction::Alu2 { op, rd, rn, rm }));
        for op in SELECT {
            forms.extend(CONDITIONS.map(|cond| Instruction::Select {
                op,
                rd,
                rn,
                rm,
                cond,
            }));
        }
    }
    // `cset` and `csetm` have no sources.
    for [rd] in registers() {
        for op in SELECT {
            forms.extend(CONDITIONS.map(|cond| Instruction::Select {
                op,
                rd,
                rn: x(31),
                rm: x(31),
                cond,
            }));
        }
    }
    for [rd, rn, rm, ra] in registers() {
        forms.extend([
            Instruction::Madd { rd, rn, rm, ra },
            Instruction::Msub { rd, rn, rm, ra },
        ]);
    }
}

fn bit_fields(forms: &mut Vec<Instruction>) {
    for [rd, rn] in registers() {
        for op in SHIFTS {
            let form = |amount| Instruction::ShiftImmediate { op, rd, rn, amount };
            forms.extend([0, 1, 31, 32, 62, 63].map(form));
        }
        for (lsb, width) in [
            (0, 1),
            (0, 8),
            (0, 16),
            (0, 32),
            (0, 63),
            (0, 64),
            (1, 1),
            (1, 62),
            (1, 63),
            (31, 2),
            (32, 31),
            (62, 1),
            (62, 2),
            (63, 1),
        ] {
            forms.extend([
                Instruction::Ubfx { rd, rn, lsb, width },
                Instruction::Sbfx { rd, rn, lsb, width },
                Instruction::Ubfiz { rd, rn, lsb, width },
            ]);
        }
    }
}

fn comparisons(forms: &mut Vec<Instruction>) {
    for [rn, rm] in registers() {
        for shift in SHIFTS {
            for amount in [0, 1, 31, 32, 63] {
                forms.extend([
                    Instruction::Cmp {
                        rn,
                        rm,
                        shift,
                        amount,
                    },
                    Instruction::Cmn {
                        rn,
                        rm,
                        shift,
                        amount,
                    },
                    Instruction::Tst {
                        rn,
                        rm,
                        shift,
                        amount,
                    },
                ]);
            }
        }
    }
    for [rn] in registers() {
        forms.push(Instruction::CmpSp { rm: rn });
        forms.extend(ARITHMETIC_IMMEDIATES.map(|value| Instruction::CmpImmediate { rn, value }));
        forms.extend(ARITHMETIC_IMMEDIATES.map(|value| Instruction::CmnImmediate { rn, value }));
        let immediates = logical_immediates().into_iter();
        forms.extend(immediates.map(|value| Instruction::TstImmediate { rn, value }));
    }
}

fn memory(forms: &mut Vec<Instruction>) {
    for (index, (access, size)) in LOADS.into_iter().enumerate() {
        for [rt, rn, rm] in registers() {
            let scaled = [0, 1, 31, 32, 4095].map(|units| Address::Offset(rn, units * size));
            let signed = [-256, -1, 1, 255];
            let addresses = (scaled.into_iter())
                .chain(signed.map(|offset| Address::Offset(rn, offset)))
                .chain(signed.map(|offset| Address::PreIndex(rn, offset)))
                .chain(signed.map(|offset| Address::PostIndex(rn, offset)))
                .chain([Address::Index(rn, rm), Address::ScaledIndex(rn, rm)]);
            for address in addresses {
                forms.push(Instruction::Load {
                    access,
                    rt,
                    address,
                });
                if index < STORES {
                    forms.push(Instruction::Store {
                        access,
                        rt,
                        address,
                    });
                }
            }
        }
    }
    for [rt1, rt2, rn] in registers() {
        for offset in [-512, -8, 0, 8, 504] {
            for address in [
                Address::Offset(rn, offset),
                Address::PreIndex(rn, offset),
                Address::PostIndex(rn, offset),
            ] {
                forms.extend([
                    Instruction::LoadPair { rt1, rt2, address },
                    Instruction::StorePair { rt1, rt2, address },
                ]);
            }
        }
    }
}

fn branches(forms: &mut Vec<Instruction>) {
    let around = |distance: i32| [-distance, -4, 0, 4, distance - 4].map(Label::Offset);
    for label in around(1 << 27) {
        forms.extend([Instruction::B { label }, Instruction::BlLocal { label }]);
    }
    for label in around(1 << 20) {
        forms.extend(CONDITIONS.map(|cond| Instruction::BCond { cond, label }));
        for [rt] in registers() {
            forms.extend([
                Instruction::Cbz { rt, label },
                Instruction::Cbnz { rt, label },
            ]);
        }
    }
    for label in around(1 << 15) {
        for [rt] in registers() {
            for bit in [0, 1, 31, 32, 63] {
                forms.extend([
                    Instruction::Tbz { rt, bit, label },
                    Instruction::Tbnz { rt, bit, label },
                ]);
            }
        }
    }
    for [rd] in registers() {
        for distance in [-(1 << 20), -3, -1, 0, 1, 2, 4, (1 << 20) - 1] {
            let label = Label::Offset(distance);
            forms.push(Instruction::Adr { rd, label });
        }
    }
    for [rn] in registers() {
        forms.extend([Instruction::Br { rn }, Instruction::Blr { rn }]);
    }
    forms.push(Instruction::Ret);
}

/// Numbers that follow from a seed: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// The number of random cases, from the environment or this many.
pub(crate) fn cases(otherwise: usize) -> usize {
    let from_environment = std::env::var("ULM_TEST_CASES").ok();
    from_environment
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(otherwise)
}

/// Any logical immediate.
pub(crate) fn any_logical(random: &mut Random) -> u64 {
    loop {
        if let Some(value) = immediate::decode_logical(random.below(1 << 13) as u32) {
            return value;
        }
    }
}
