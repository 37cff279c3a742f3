//! Loads and stores.

use super::super::immediate;
use super::super::instruction::{Address, Alu, Alu1, Instruction, MemoryAccess};
use super::Selector;
use crate::ir::{Access, Binary, Op, Value, Width};

impl Selector<'_> {
    pub(super) fn load(&mut self, dest: Value, address: Value, offset: i32, access: Access) {
        let rd = self.own_register(dest);
        let address = self.address(address, offset, access.width);
        let Some(reverse) = reversal(access) else {
            let access = load_access(access);
            return self.builder.emit(Instruction::Load {
                access,
                rt: rd,
                address,
            });
        };
        // ldrh wd, …; rev16 xd, xd; sxth xd, wd
        let extension = extension(access);
        let raw = self.builder.register();
        let reversed = extension.map_or(rd, |_| self.builder.register());
        self.builder.emit(Instruction::Load {
            access: plain_access(access.width),
            rt: raw,
            address,
        });
        self.builder.emit(Instruction::Alu1 {
            op: reverse,
            rd: reversed,
            rn: raw,
        });
        if let Some(op) = extension {
            let rn = reversed;
            self.builder.emit(Instruction::Alu1 { op, rd, rn });
        }
    }

    pub(super) fn store(&mut self, value: Value, address: Value, offset: i32, access: Access) {
        let address = self.address(address, offset, access.width);
        let rt = match reversal(access) {
            Some(op) => {
                let rn = self.register(value);
                let rd = self.builder.register();
                self.builder.emit(Instruction::Alu1 { op, rd, rn });
                rd
            }
            None => self.register_or_zero(value),
        };
        self.builder.emit(Instruction::Store {
            access: plain_access(access.width),
            rt,
            address,
        });
    }

    /// An address: `[x, #offset]`, or `[x, y]` and `[x, y, lsl #s]` where a sum can be taken in, or
    /// `[x, y]` with an offset that does not fit in a register.
    fn address(&mut self, address: Value, offset: i32, width: Width) -> Address {
        let mut offset = i64::from(offset);
        let mut base = address;
        if let Some(&Op::Binary {
            operator: Binary::Add,
            a,
            b,
            ..
        }) = self.foldable(address)
        {
            let (x, y) = if self.constant(a).is_some() {
                (b, a)
            } else {
                (a, b)
            };
            match self.constant(y) {
                Some(constant) => {
                    if let Some(sum) = offset.checked_add(constant)
                        && fits(sum, width)
                    {
                        (base, offset) = (x, sum);
                    }
                }
                None if offset == 0 => return self.index(x, y, width),
                None => {}
            }
        }
        let base = self.register(base);
        if fits(offset, width) {
            return Address::Offset(base, offset as i32);
        }
        let index = self.builder.register();
        self.builder.emit(Instruction::Constant {
            rd: index,
            value: offset,
        });
        Address::Index(base, index)
    }

    fn index(&mut self, x: Value, y: Value, width: Width) -> Address {
        for (x, y) in [(x, y), (y, x)] {
            if let Some(&Op::Binary {
                operator: Binary::ShiftLeft,
                a: index,
                b: amount,
                ..
            }) = self.foldable(y)
                && width != Width::Byte
                && self.constant(amount) == Some(i64::from(width.bytes().trailing_zeros()))
            {
                return Address::ScaledIndex(self.register(x), self.register(index));
            }
        }
        Address::Index(self.register(x), self.register(y))
    }

    /// `[sp, #offset]` in the area for arguments of calls.
    pub(super) fn outgoing_address(&mut self, offset: u32) -> Address {
        let mut base = super::super::instruction::SP;
        let mut rest = offset;
        while rest > 4095 * 8 {
            let value = rest.min(0xff_ffff) & 0xff_f000;
            let rd = self.builder.register();
            self.builder.emit(Instruction::AddImmediate {
                op: Alu::Add,
                rd,
                rn: base,
                value,
            });
            base = rd;
            rest -= value;
        }
        Address::Offset(base, rest as i32)
    }
}

/// Whether an offset fits into an instruction.
fn fits(offset: i64, width: Width) -> bool {
    i32::try_from(offset)
        .is_ok_and(|offset| immediate::is_offset(offset, width.bytes().trailing_zeros()))
}

/// The instruction that changes the order of the bytes, if that is necessary.
const fn reversal(access: Access) -> Option<Alu1> {
    match (access.big_endian, access.width) {
        (false, _) | (_, Width::Byte) => None,
        (true, Width::Half) => Some(Alu1::Rev16),
        (true, Width::Word) => Some(Alu1::Rev32),
        (true, Width::Double) => Some(Alu1::Rev),
    }
}

/// The instruction that extends the sign after the bytes have been reversed.
const fn extension(access: Access) -> Option<Alu1> {
    match (access.signed, access.width) {
        (true, Width::Half) => Some(Alu1::Sxth),
        (true, Width::Word) => Some(Alu1::Sxtw),
        _ => None,
    }
}

const fn load_access(access: Access) -> MemoryAccess {
    match (access.signed, access.width) {
        (true, Width::Byte) => MemoryAccess::SignedByte,
        (true, Width::Half) => MemoryAccess::SignedHalf,
        (true, Width::Word) => MemoryAccess::SignedWord,
        _ => plain_access(access.width),
    }
}

/// Stores, and loads that extend zeros.
const fn plain_access(width: Width) -> MemoryAccess {
    match width {
        Width::Byte => MemoryAccess::Byte,
        Width::Half => MemoryAccess::Half,
        Width::Word => MemoryAccess::Word,
        Width::Double => MemoryAccess::Double,
    }
}
