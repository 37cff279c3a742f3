//! Loads and stores.

use super::Selector;
use super::builder::NONE;
use crate::ir::{Access, Binary, Op, Value, Width};
use crate::machine::Register;
use crate::x86_64::instruction::{Address, Extend, Instruction, Shift, Size, Source, Tied};

/// A second operand for what has none.
const NO_SOURCE: Source = Source::Immediate(0);

/// How many instructions a load is moved down at most to become a part of another instruction.
const LOAD_DISTANCE: usize = 16;

/// How many addresses the same sum is a part of at most, instead of being made once.
const MOST_ADDRESSES: u32 = 3;

const fn size(width: Width) -> Size {
    match width {
        Width::Byte => Size::Bits8,
        Width::Half => Size::Bits16,
        Width::Word => Size::Bits32,
        Width::Double => Size::Bits64,
    }
}

/// A load of so many bytes in the machine's order.
const fn load(rd: Register, address: Address, width: Width, signed: bool) -> Instruction {
    let op = match (width, signed) {
        (Width::Double, _) => return Instruction::Load { rd, address },
        (Width::Byte, false) => Extend::Zero8,
        (Width::Byte, true) => Extend::Sign8,
        (Width::Half, false) => Extend::Zero16,
        (Width::Half, true) => Extend::Sign16,
        (Width::Word, false) => Extend::Zero32,
        (Width::Word, true) => Extend::Sign32,
    };
    Instruction::LoadExtend { op, rd, address }
}

impl<'a> Selector<'a> {
    pub(super) fn load(&mut self, dest: Value, address: Value, offset: i32, access: Access) {
        let rd = self.own_register(dest);
        let rd = if access.big_endian {
            self.turn_after_load(rd, access)
        } else {
            rd
        };
        let address = self.address(address, offset);
        self.builder
            .emit(load(rd, address, access.width, access.signed));
    }

    /// Emits what turns the bytes around that have been loaded and extended; gives the register
    /// that they must be loaded to.
    fn turn_after_load(&mut self, rd: Register, access: Access) -> Register {
        match (access.width, access.signed) {
            (Width::Byte, _) => rd,
            (Width::Double, _) => self.tied_before(Tied::Bswap, rd, NO_SOURCE),
            // bswap eax
            (Width::Word, false) => self.tied_before(Tied::Bswap32, rd, NO_SOURCE),
            // bswap eax; movsxd rax, eax
            (Width::Word, true) => {
                let rn = self.builder.register();
                self.builder.emit(Instruction::Extend {
                    op: Extend::Sign32,
                    rd,
                    rn,
                });
                self.tied_before(Tied::Bswap32, rn, NO_SOURCE)
            }
            // bswap eax; shr eax, 16
            (Width::Half, false) => {
                let rd = self.tied_before(Tied::Shift32(Shift::Shr), rd, Source::Immediate(16));
                self.tied_before(Tied::Bswap32, rd, NO_SOURCE)
            }
            // bswap rax; sar rax, 48
            (Width::Half, true) => {
                let rd = self.tied_before(Tied::Shift(Shift::Sar), rd, Source::Immediate(48));
                self.tied_before(Tied::Bswap, rd, NO_SOURCE)
            }
        }
    }

    /// Emits an instruction that makes the register out of the one that is given back.
    fn tied_before(&mut self, op: Tied, rd: Register, source: Source) -> Register {
        let rn = self.builder.register();
        self.builder.emit(Instruction::Tied { op, rd, rn, source });
        rn
    }

    pub(super) fn store(&mut self, value: Value, address: Value, offset: i32, access: Access) {
        let size = size(access.width);
        let turned = access.big_endian && access.width != Width::Byte;
        if let Some(value) = self.immediate(value).filter(|_| !turned) {
            let address = self.address(address, offset);
            self.builder.emit(Instruction::StoreImmediate {
                size,
                address,
                value,
            });
            return;
        }
        if !turned {
            let rt = self.register(value);
            let address = self.address(address, offset);
            self.builder.emit(Instruction::Store { size, rt, address });
            return;
        }
        let rt = self.builder.register();
        let address = self.address(address, offset);
        self.builder.emit(Instruction::Store { size, rt, address });
        self.turn_before_store(rt, value, access.width);
    }

    /// Emits what makes the register the value with its low bytes turned around.
    fn turn_before_store(&mut self, rd: Register, value: Value, width: Width) {
        let rd = match width {
            // bswap eax; shr eax, 16
            Width::Half => self.tied_before(Tied::Shift32(Shift::Shr), rd, Source::Immediate(16)),
            _ => rd,
        };
        let op = match width {
            Width::Double => Tied::Bswap,
            _ => Tied::Bswap32,
        };
        let rn = self.register(value);
        self.builder.emit(Instruction::Tied {
            op,
            rd,
            rn,
            source: NO_SOURCE,
        });
    }

    /// Where a value comes from, address and offset, if it is 8 bytes of memory that nobody else
    /// needs, and that are still the same where selection is.
    pub(super) fn loaded(&self, value: Value) -> Option<(Value, i32)> {
        const DOUBLE: Access = Access {
            width: Width::Double,
            signed: false,
            big_endian: false,
        };
        let &Op::Load {
            address,
            offset,
            access: DOUBLE,
            ..
        } = self.foldable(value)?
        else {
            return None;
        };
        let behind = self.values[value.index()].definition as usize + 1;
        let between = &self.function.instructions[behind..self.at];
        let is_unchanged = between.len() <= LOAD_DISTANCE
            && !between
                .iter()
                .any(|instruction| matches!(instruction.op, Op::Store { .. } | Op::Call { .. }));
        is_unchanged.then_some((address, offset))
    }

    /// The instruction that defines an address, if it can become a part of those that ask: nobody
    /// needs the value but as an address, in the same block.
    fn foldable_address(&self, address: Value) -> Option<&'a Op> {
        let facts = &self.values[address.index()];
        let only_addresses = facts.uses == facts.addresses && facts.addresses <= MOST_ADDRESSES;
        if only_addresses && facts.block == self.block && facts.register == NONE {
            self.definition(address)
        } else {
            None
        }
    }

    /// `[address + offset]`, with a sum that only addresses need as a part of it.
    pub(super) fn address(&mut self, address: Value, offset: i32) -> Address {
        if let Some(&Op::Binary {
            operator: Binary::Add,
            a,
            b,
            ..
        }) = self.foldable_address(address)
        {
            let (a, b) = if self.constant(a).is_some() {
                (b, a)
            } else {
                (a, b)
            };
            match self.immediate(b) {
                None => {
                    return Address {
                        displacement: offset,
                        ..self.sum(a, b)
                    };
                }
                Some(number) => {
                    if let Some(displacement) = number.checked_add(offset) {
                        return self.sum_with(a, displacement);
                    }
                }
            }
        }
        Address::base(self.register(address), offset)
    }
}
