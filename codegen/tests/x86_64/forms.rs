//! Every form of every instruction, with operands at the edges of what the encoding distinguishes.

use codegen::machine::Register;
use codegen::x86_64::instruction::{
    Address, Alu, Cond, Extend, Instruction, Operand, Scale, Shift, Size, Source, Unary,
};

const ALUS: [Alu; 8] = [
    Alu::Add,
    Alu::Or,
    Alu::Adc,
    Alu::Sbb,
    Alu::And,
    Alu::Sub,
    Alu::Xor,
    Alu::Cmp,
];
const UNARIES: [Unary; 6] = [
    Unary::Not,
    Unary::Neg,
    Unary::Mul,
    Unary::Imul,
    Unary::Div,
    Unary::Idiv,
];
const SHIFTS: [Shift; 5] = [Shift::Rol, Shift::Ror, Shift::Shl, Shift::Shr, Shift::Sar];
const EXTENDS: [Extend; 6] = [
    Extend::Zero8,
    Extend::Zero16,
    Extend::Zero32,
    Extend::Sign8,
    Extend::Sign16,
    Extend::Sign32,
];
pub(crate) const CONDS: [Cond; 16] = [
    Cond::O,
    Cond::No,
    Cond::B,
    Cond::Ae,
    Cond::E,
    Cond::Ne,
    Cond::Be,
    Cond::A,
    Cond::S,
    Cond::Ns,
    Cond::P,
    Cond::Np,
    Cond::L,
    Cond::Ge,
    Cond::Le,
    Cond::G,
];
const SIZES: [Size; 4] = [Size::Bits8, Size::Bits16, Size::Bits32, Size::Bits64];
const WIDE: [Size; 2] = [Size::Bits32, Size::Bits64];
const SCALES: [Scale; 4] = [Scale::One, Scale::Two, Scale::Four, Scale::Eight];
const IMMEDIATES: [i32; 10] = [
    0,
    1,
    -1,
    127,
    128,
    -128,
    -129,
    0x1234_5678,
    i32::MAX,
    i32::MIN,
];
const DISPLACEMENTS: [i32; 8] = [0, 127, -127, -128, 128, -129, i32::MAX, i32::MIN];

fn registers() -> impl Iterator<Item = Register> {
    (0..16).map(Register::physical)
}

/// A few registers: the accumulator, those that mean something else in `ModRM`, those that mean
/// something else as bytes, and some that need a prefix.
fn some_registers() -> impl Iterator<Item = Register> {
    [0, 3, 4, 5, 7, 8, 12, 13, 15]
        .into_iter()
        .map(Register::physical)
}

fn pairs() -> impl Iterator<Item = (Register, Register)> {
    some_registers().flat_map(|a| some_registers().map(move |b| (a, b)))
}

/// Addresses with every base, index, scale and length of displacement.
fn addresses() -> Vec<Address> {
    let mut addresses = Vec::new();
    for base in registers() {
        for displacement in DISPLACEMENTS {
            addresses.push(Address::base(base, displacement));
        }
    }
    for (base, index) in pairs().filter(|(_, index)| index.number() != Some(4)) {
        for (scale, displacement) in [
            (Scale::One, 0),
            (Scale::Two, 8),
            (Scale::Four, 0),
            (Scale::Eight, -1000),
        ] {
            addresses.push(Address {
                displacement,
                ..Address::indexed(base, index, scale)
            });
        }
    }
    for index in some_registers().filter(|index| index.number() != Some(4)) {
        for scale in SCALES {
            addresses.push(Address {
                displacement: 64,
                ..Address::scaled(index, scale)
            });
        }
    }
    addresses
}

/// A few addresses, one for each shape.
fn some_addresses() -> [Address; 6] {
    let [rax, rsp, rbp, r12, r13] = [0, 4, 5, 12, 13].map(Register::physical);
    [
        Address::base(rax, 0),
        Address::base(rsp, 8),
        Address::base(rbp, 0),
        Address::base(r12, 1 << 20),
        Address::indexed(r13, r12, Scale::Eight),
        Address::scaled(rax, Scale::Four),
    ]
}

/// All of them. What refers to labels and symbols is not among them: other tests are for that.
pub(crate) fn all() -> Vec<Instruction> {
    let mut all = Vec::new();
    moves(&mut all);
    memory(&mut all);
    arithmetic(&mut all);
    one_operand(&mut all);
    control(&mut all);
    all
}

fn moves(all: &mut Vec<Instruction>) {
    for (rd, rn) in pairs() {
        all.push(Instruction::Mov { rd, rn });
        all.extend(EXTENDS.map(|op| Instruction::Extend { op, rd, rn }));
    }
    for rd in registers() {
        for value in [
            0,
            1,
            -1,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x1_0000_0000,
            -0x8000_0000,
            -0x8000_0001,
            i64::MAX,
            i64::MIN,
        ] {
            all.push(Instruction::MovImmediate { rd, value });
        }
    }
    for (rd, rn) in pairs() {
        all.extend(CONDS.map(|cond| Instruction::Cmov { cond, rd, rn }));
    }
    for rd in registers() {
        all.extend(CONDS.map(|cond| Instruction::Set { cond, rd }));
    }
}

fn memory(all: &mut Vec<Instruction>) {
    let rd = Register::physical(9);
    for address in addresses() {
        all.push(Instruction::Load { rd, address });
        all.push(Instruction::Lea {
            rd: Register::physical(2),
            address,
        });
    }
    for address in some_addresses() {
        for rd in registers() {
            all.extend(EXTENDS.map(|op| Instruction::LoadExtend { op, rd, address }));
            all.extend(SIZES.map(|size| Instruction::Store {
                size,
                rt: rd,
                address,
            }));
        }
        for (size, values) in [
            (Size::Bits8, [0, 127, -128]),
            (Size::Bits16, [1, 32767, -32768]),
            (Size::Bits32, [-1, i32::MAX, i32::MIN]),
            (Size::Bits64, [5, i32::MAX, i32::MIN]),
        ] {
            all.extend(values.map(|value| Instruction::StoreImmediate {
                size,
                address,
                value,
            }));
        }
    }
}

fn arithmetic(all: &mut Vec<Instruction>) {
    for (op, size) in ALUS.into_iter().flat_map(|op| WIDE.map(|size| (op, size))) {
        let alu = |rd, operand| Instruction::Alu {
            op,
            size,
            rd,
            operand,
        };
        all.extend(pairs().map(|(rd, rn)| alu(rd, Operand::Register(rn))));
        for rd in some_registers() {
            all.extend(IMMEDIATES.map(|value| alu(rd, Operand::Immediate(value))));
            all.extend(some_addresses().map(|address| alu(rd, Operand::Memory(address))));
        }
        for address in some_addresses() {
            all.extend(IMMEDIATES.map(|value| Instruction::AluMemory {
                op,
                size,
                address,
                value,
            }));
        }
    }
    for size in WIDE {
        let test = |rn, source| Instruction::Test { size, rn, source };
        all.extend(pairs().map(|(rn, rm)| test(rn, Source::Register(rm))));
        for rn in some_registers() {
            all.extend(IMMEDIATES.map(|value| test(rn, Source::Immediate(value))));
        }
    }
    let operands = pairs().map(|(rd, rn)| (rd, Operand::Register(rn)));
    let loads = some_registers()
        .flat_map(|rd| some_addresses().map(|address| (rd, Operand::Memory(address))));
    for (rd, operand) in operands.chain(loads) {
        all.push(Instruction::Imul { rd, operand });
        all.extend(
            [1, 127, -128, 128, -129, i32::MAX, i32::MIN].map(|value| Instruction::ImulImmediate {
                rd,
                operand,
                value,
            }),
        );
    }
}

fn one_operand(all: &mut Vec<Instruction>) {
    all.push(Instruction::Cqo);
    for (rd, size) in registers().flat_map(|rd| WIDE.map(|size| (rd, size))) {
        all.extend(UNARIES.map(|op| Instruction::Unary { op, size, rd }));
        all.push(Instruction::Bswap { size, rd });
        for op in SHIFTS {
            all.push(Instruction::ShiftCl { op, size, rd });
            all.extend([1, 2, 31].map(|amount| Instruction::ShiftImmediate {
                op,
                size,
                rd,
                amount,
            }));
        }
    }
    all.extend(registers().map(|rd| Instruction::ShiftImmediate {
        op: Shift::Sar,
        size: Size::Bits64,
        rd,
        amount: 63,
    }));
}

fn control(all: &mut Vec<Instruction>) {
    for rn in registers() {
        all.extend([
            Instruction::Push { rd: rn },
            Instruction::Pop { rd: rn },
            Instruction::JmpRegister { rn },
            Instruction::CallRegister { rn },
        ]);
    }
    for address in addresses() {
        all.push(Instruction::CallMemory { address });
    }
    for address in some_addresses() {
        all.push(Instruction::JmpMemory { address });
    }
    all.extend([Instruction::Ret, Instruction::Syscall, Instruction::Ud2]);
}
