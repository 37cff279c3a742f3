//! The bytes of a single instruction.

use super::number;
use crate::machine::{Register, Symbol};
use crate::x86_64::instruction::{
    Address, Alu, Extend, Instruction, Operand, RAX, Shift, Size, Source,
};

/// The bytes of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded {
    /// The bytes, and zeros behind them.
    pub bytes: [u8; 16],
    /// How many bytes there are, 1 to 15.
    pub length: usize,
    /// What the last four bytes wait for, relative to their end.
    pub symbol: Option<Symbol>,
}

impl Encoded {
    fn byte(&mut self, byte: u8) {
        self.bytes[self.length & 15] = byte;
        self.length += 1;
    }

    fn append<const N: usize>(&mut self, bytes: [u8; N]) {
        for byte in bytes {
            self.byte(byte);
        }
    }

    /// One byte, or `0F` and one byte.
    fn opcode(&mut self, opcode: u16) {
        if opcode > 0xff {
            self.byte(0x0f);
        }
        self.byte(opcode as u8);
    }

    /// The prefix, if one is needed: the fourth bits of `ModRM`'s reg, of the index, and of `ModRM`'s
    /// rm, base, or the opcode's register.
    fn rex(&mut self, need: Rex, reg: u8, index: u8, base: u8) {
        let wide = (need == Rex::Wide) as u8;
        let bits = (wide << 3) | ((reg >> 3) << 2) | ((index >> 3) << 1) | (base >> 3);
        if bits != 0 || need == Rex::Always {
            self.byte(0x40 | bits);
        }
    }

    /// An instruction whose `ModRM` names two registers, or a register and a part of the opcode.
    fn registers(&mut self, need: Rex, opcode: u16, reg: u8, rm: u8) {
        self.rex(need, reg, 0, rm);
        self.opcode(opcode);
        self.byte(0xc0 | ((reg & 7) << 3) | (rm & 7));
    }

    /// An instruction whose `ModRM` names a register, or a part of the opcode, and memory.
    fn memory(&mut self, need: Rex, opcode: u16, reg: u8, address: Address) {
        let base = address.base.map(number);
        let index = address.index.map(|(index, scale)| (number(index), scale));
        self.rex(
            need,
            reg,
            index.map_or(0, |(index, _)| index),
            base.unwrap_or(0),
        );
        self.opcode(opcode);
        let reg = (reg & 7) << 3;
        let Some(base) = base else {
            // No base: a SIB byte whose base is 101, and always 32 bits.
            let sib = index.map_or(0b100_101, |(index, scale)| {
                (scale as u8) << 6 | (index & 7) << 3 | 0b101
            });
            self.append([
                reg | 0b100,
                if index.is_some() { sib } else { 0b00_100_101 },
            ]);
            return self.append(address.displacement.to_le_bytes());
        };
        // rbp and r13 without a displacement would mean something else.
        let mode = match address.displacement {
            0 if base & 7 != 5 => 0x00,
            -128..=127 => 0x40,
            _ => 0x80,
        };
        match index {
            Some((index, scale)) => self.append([
                mode | reg | 0b100,
                (scale as u8) << 6 | (index & 7) << 3 | base & 7,
            ]),
            // rsp and r12 as a base need a SIB byte that says that there is no index.
            None if base & 7 == 4 => self.append([mode | reg | 0b100, 0b00_100_100]),
            None => self.byte(mode | reg | base & 7),
        }
        match mode {
            0x40 => self.byte(address.displacement as u8),
            0x80 => self.append(address.displacement.to_le_bytes()),
            _ => {}
        }
    }

    /// `ModRM` with a second operand that is a register or memory.
    fn operand(&mut self, need: Rex, opcode: u16, reg: u8, operand: Operand) {
        match operand {
            Operand::Memory(address) => self.memory(need, opcode, reg, address),
            Operand::Register(register) => self.registers(need, opcode, reg, number(register)),
            Operand::Immediate(_) => self.opcode(UD2),
        }
    }
}

/// What asks for a REX prefix, besides the registers 8 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rex {
    /// Nothing.
    Registers,
    /// The width of 64 bits.
    Wide,
    /// A byte in the register 4 to 7, which would be `ah` to `bh`.
    Always,
}

impl Rex {
    /// For an operation on 32 or 64 bits.
    fn width(size: Size) -> Self {
        if size == Size::Bits64 {
            Self::Wide
        } else {
            Self::Registers
        }
    }

    /// For the low byte of a register.
    fn byte(register: Register) -> Self {
        if matches!(number(register), 4..=7) {
            Self::Always
        } else {
            Self::Registers
        }
    }
}

const UD2: u16 = 0x0f0b;

/// The opcode that extends a register or memory, and the width of the destination.
const fn extension(op: Extend) -> (u16, Rex) {
    match op {
        Extend::Zero8 => (0x0fb6, Rex::Registers),
        Extend::Zero16 => (0x0fb7, Rex::Registers),
        Extend::Zero32 => (0x8b, Rex::Registers),
        Extend::Sign8 => (0x0fbe, Rex::Wide),
        Extend::Sign16 => (0x0fbf, Rex::Wide),
        Extend::Sign32 => (0x63, Rex::Wide),
    }
}

/// The bytes of an instruction. The displacement of a jump to a label is 0, in 32 bits; what exists
/// only before `finish` becomes `ud2`.
///
/// # Panics
///
/// If a register is virtual.
#[inline]
pub fn encode_instruction(instruction: &Instruction) -> Encoded {
    let mut e = Encoded::default();
    match *instruction {
        Instruction::Mov { rd, rn } => e.registers(Rex::Wide, 0x89, number(rn), number(rd)),
        Instruction::MovImmediate { rd, value } => mov_immediate(&mut e, rd, value),
        Instruction::LoadAddress { rd, symbol } => {
            // [rip + 32 bits] is ModRM with mode 00 and rm 101.
            e.rex(Rex::Wide, number(rd), 0, 0);
            e.append([0x8d, (number(rd) & 7) << 3 | 0b101]);
            wait_for(&mut e, symbol);
        }
        Instruction::Here { rd } => {
            e.rex(Rex::Wide, number(rd), 0, 0);
            e.append([0x8d, (number(rd) & 7) << 3 | 0b101, 0, 0, 0, 0]);
        }
        Instruction::Extend { op, rd, rn } => extend(&mut e, op, rd, rn),
        Instruction::Load { rd, address } => e.memory(Rex::Wide, 0x8b, number(rd), address),
        Instruction::LoadExtend { op, rd, address } => {
            let (opcode, need) = extension(op);
            e.memory(need, opcode, number(rd), address);
        }
        Instruction::Store { size, rt, address } => store(&mut e, size, rt, address),
        Instruction::StoreImmediate {
            size,
            address,
            value,
        } => store_immediate(&mut e, size, address, value),
        Instruction::Lea { rd, address } => e.memory(Rex::Wide, 0x8d, number(rd), address),
        Instruction::Alu {
            op,
            size,
            rd,
            operand,
        } => alu(&mut e, op, size, rd, operand),
        Instruction::AluMemory {
            op,
            size,
            address,
            value,
        } => match i8::try_from(value) {
            Ok(value) => {
                e.memory(Rex::width(size), 0x83, op as u8, address);
                e.byte(value as u8);
            }
            Err(_) => {
                e.memory(Rex::width(size), 0x81, op as u8, address);
                e.append(value.to_le_bytes());
            }
        },
        Instruction::Test { size, rn, source } => test(&mut e, size, rn, source),
        Instruction::Imul { rd, operand } => e.operand(Rex::Wide, 0x0faf, number(rd), operand),
        Instruction::ImulImmediate { rd, operand, value } => match i8::try_from(value) {
            Ok(value) => {
                e.operand(Rex::Wide, 0x6b, number(rd), operand);
                e.byte(value as u8);
            }
            Err(_) => {
                e.operand(Rex::Wide, 0x69, number(rd), operand);
                e.append(value.to_le_bytes());
            }
        },
        Instruction::Unary { op, size, rd } => {
            e.registers(Rex::width(size), 0xf7, op as u8, number(rd));
        }
        Instruction::Cqo => e.append([0x48, 0x99]),
        Instruction::ShiftImmediate {
            op,
            size,
            rd,
            amount,
        } => shift(&mut e, op, size, rd, amount),
        Instruction::ShiftCl { op, size, rd } => {
            e.registers(Rex::width(size), 0xd3, op as u8, number(rd));
        }
        Instruction::Bswap { size, rd } => {
            e.rex(Rex::width(size), 0, 0, number(rd));
            e.append([0x0f, 0xc8 | number(rd) & 7]);
        }
        Instruction::Set { cond, rd } => {
            e.registers(Rex::byte(rd), 0x0f90 | cond as u16, 0, number(rd));
        }
        Instruction::Cmov { cond, rd, rn } => {
            e.registers(Rex::Wide, 0x0f40 | cond as u16, number(rd), number(rn));
        }
        Instruction::Push { rd } => one_byte(&mut e, 0x50, rd),
        Instruction::Pop { rd } => one_byte(&mut e, 0x58, rd),
        Instruction::Jmp { .. } => e.append(super::jumps::LONG_JMP),
        Instruction::Jcc { cond, .. } => {
            e.append([0x0f, 0x80 | cond as u8, 0, 0, 0, 0]);
        }
        Instruction::JmpSymbol { symbol } => {
            e.byte(0xe9);
            wait_for(&mut e, symbol);
        }
        Instruction::JmpRegister { rn } => e.registers(Rex::Registers, 0xff, 4, number(rn)),
        Instruction::JmpMemory { address } => e.memory(Rex::Registers, 0xff, 4, address),
        Instruction::Call { symbol } => {
            e.byte(0xe8);
            wait_for(&mut e, symbol);
        }
        Instruction::CallRegister { rn } => e.registers(Rex::Registers, 0xff, 2, number(rn)),
        Instruction::CallMemory { address } => e.memory(Rex::Registers, 0xff, 2, address),
        Instruction::Ret => e.byte(0xc3),
        Instruction::Syscall => e.append([0x0f, 0x05]),
        _ => e.opcode(UD2),
    }
    e
}

/// Four bytes for the distance to a symbol.
fn wait_for(e: &mut Encoded, symbol: Symbol) {
    e.append([0; 4]);
    e.symbol = Some(symbol);
}

/// An opcode with a register in its low bits; 64 bits without asking for it.
fn one_byte(e: &mut Encoded, opcode: u8, register: Register) {
    e.rex(Rex::Registers, 0, 0, number(register));
    e.byte(opcode | number(register) & 7);
}

fn mov_immediate(e: &mut Encoded, rd: Register, value: i64) {
    if let Ok(value) = u32::try_from(value) {
        one_byte(e, 0xb8, rd);
        e.append(value.to_le_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        e.registers(Rex::Wide, 0xc7, 0, number(rd));
        e.append(value.to_le_bytes());
    } else {
        e.rex(Rex::Wide, 0, 0, number(rd));
        e.byte(0xb8 | number(rd) & 7);
        e.append(value.to_le_bytes());
    }
}

fn extend(e: &mut Encoded, op: Extend, rd: Register, rn: Register) {
    match op {
        // The form that GNU as takes has the registers the other way round.
        Extend::Zero32 => e.registers(Rex::Registers, 0x89, number(rn), number(rd)),
        Extend::Zero8 => e.registers(Rex::byte(rn), 0x0fb6, number(rd), number(rn)),
        _ => {
            let (opcode, need) = extension(op);
            e.registers(need, opcode, number(rd), number(rn));
        }
    }
}

fn store(e: &mut Encoded, size: Size, rt: Register, address: Address) {
    match size {
        Size::Bits8 => e.memory(Rex::byte(rt), 0x88, number(rt), address),
        Size::Bits16 => {
            e.byte(0x66);
            e.memory(Rex::Registers, 0x89, number(rt), address);
        }
        Size::Bits32 | Size::Bits64 => e.memory(Rex::width(size), 0x89, number(rt), address),
    }
}

fn store_immediate(e: &mut Encoded, size: Size, address: Address, value: i32) {
    match size {
        Size::Bits8 => {
            e.memory(Rex::Registers, 0xc6, 0, address);
            e.byte(value as u8);
        }
        Size::Bits16 => {
            e.byte(0x66);
            e.memory(Rex::Registers, 0xc7, 0, address);
            e.append((value as u16).to_le_bytes());
        }
        Size::Bits32 | Size::Bits64 => {
            e.memory(Rex::width(size), 0xc7, 0, address);
            e.append(value.to_le_bytes());
        }
    }
}

fn alu(e: &mut Encoded, op: Alu, size: Size, rd: Register, operand: Operand) {
    let need = Rex::width(size);
    // Eight opcodes an operation: 01 r/m, r; 03 r, r/m; 05 accumulator, number.
    let opcodes = (op as u16) << 3;
    match operand {
        Operand::Register(rn) => e.registers(need, opcodes | 1, number(rn), number(rd)),
        Operand::Memory(address) => e.memory(need, opcodes | 3, number(rd), address),
        Operand::Immediate(value) => match i8::try_from(value) {
            Ok(value) => {
                e.registers(need, 0x83, op as u8, number(rd));
                e.byte(value as u8);
            }
            Err(_) if rd == RAX => {
                e.rex(need, 0, 0, 0);
                e.byte(opcodes as u8 | 5);
                e.append(value.to_le_bytes());
            }
            Err(_) => {
                e.registers(need, 0x81, op as u8, number(rd));
                e.append(value.to_le_bytes());
            }
        },
    }
}

fn test(e: &mut Encoded, size: Size, rn: Register, source: Source) {
    let need = Rex::width(size);
    match source {
        Source::Register(rm) => e.registers(need, 0x85, number(rm), number(rn)),
        Source::Immediate(value) => {
            if rn == RAX {
                e.rex(need, 0, 0, 0);
                e.byte(0xa9);
            } else {
                e.registers(need, 0xf7, 0, number(rn));
            }
            e.append(value.to_le_bytes());
        }
    }
}

fn shift(e: &mut Encoded, op: Shift, size: Size, rd: Register, amount: u8) {
    if amount == 1 {
        return e.registers(Rex::width(size), 0xd1, op as u8, number(rd));
    }
    e.registers(Rex::width(size), 0xc1, op as u8, number(rd));
    e.byte(amount);
}
