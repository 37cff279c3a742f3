//! The frame of a baseline function, and reaching into it.

use super::{
    Address, FP, Function, Generator, Instruction, LR, Linkage, Mechanism, MemoryAccess, Op,
    Places, Register, SP, VALUE_REGISTERS, X17,
};
use crate::aarch64::instruction::Alu;
use crate::machine::Calls;
use crate::origin::Origin;

/// Where things are in a frame, in bytes from x29.
pub(super) struct Layout {
    /// The size of the frame, a multiple of 16.
    pub(super) size: u32,
    /// The registers that are saved around calls, in the order of their slots.
    pub(super) saved: Vec<u8>,
    /// Where the spill slots begin.
    pub(super) spills_at: u32,
}

/// How many arguments are handed over in registers, from x0 on. Calls through the trampoline need
/// two registers for themselves.
pub(super) const fn argument_registers(calls: Calls) -> u32 {
    match calls {
        Calls::Direct => 8,
        Calls::Trampoline => 6,
    }
}

/// Where the slots of the saved registers begin: behind x29, x30 and 8 bytes that stay unused.
const SAVED_AT: u32 = 24;
/// The largest frame that one `stp` with pre-index can make.
const SMALL_FRAME: u32 = 504;

impl Layout {
    pub(super) fn of(function: &Function, places: &Places, calls: Calls) -> Self {
        let has_call = function
            .instructions
            .iter()
            .any(|instruction| matches!(instruction.op, Op::Call { .. }));
        let saved = if has_call {
            saved_registers(function, places, calls)
        } else {
            Vec::new()
        };
        let spills_at = SAVED_AT + 8 * saved.len() as u32;
        let size = if saved.is_empty() && places.slots == 0 {
            16
        } else {
            (spills_at + 8 * (places.slots + places.spare_slots)).next_multiple_of(16)
        };
        Self {
            size,
            saved,
            spills_at,
        }
    }

    /// The offset of the slot of the nth saved register.
    pub(super) const fn saved_slot(n: usize) -> u32 {
        SAVED_AT + 8 * n as u32
    }

    /// The offset of a spill slot.
    pub(super) const fn spill(&self, slot: u32) -> u32 {
        self.spills_at + 8 * slot
    }
}

/// x0 always, x19 for the trampoline, every register that the function uses, its own parameters.
fn saved_registers(function: &Function, places: &Places, calls: Calls) -> Vec<u8> {
    let mut saved = vec![0];
    if calls == Calls::Trampoline {
        saved.push(19);
    }
    saved.extend(
        VALUE_REGISTERS
            .iter()
            .filter(|&&number| places.used.contains(number)),
    );
    let parameters = function.parameters.min(argument_registers(calls));
    saved.extend(1..parameters.max(1) as u8);
    saved
}

impl Generator<'_> {
    /// `stp x29, x30, [sp, #-F]!`, `mov x29, sp`
    pub(super) fn enter(&mut self) {
        let first = self
            .function
            .instructions
            .first()
            .map_or(Origin::default(), |i| i.origin);
        self.origin = first;
        self.set_part(Linkage::Prologue, Mechanism::StateManagement);
        let size = self.layout.size;
        if size <= SMALL_FRAME {
            let address = Address::PreIndex(SP, -(size as i32));
            self.emit(Instruction::StorePair {
                rt1: FP,
                rt2: LR,
                address,
            });
        } else {
            self.change_sp(Alu::Sub, size);
            let address = Address::Offset(SP, 0);
            self.emit(Instruction::StorePair {
                rt1: FP,
                rt2: LR,
                address,
            });
        }
        self.emit(Instruction::MovSp { rd: FP, rn: SP });
    }

    /// `ldp x29, x30, [sp], #F`, `ret`
    pub(super) fn leave(&mut self) {
        self.set_part(Linkage::Epilogue, Mechanism::StateManagement);
        let size = self.layout.size;
        if size <= SMALL_FRAME {
            let address = Address::PostIndex(SP, size as i32);
            self.emit(Instruction::LoadPair {
                rt1: FP,
                rt2: LR,
                address,
            });
        } else {
            let address = Address::Offset(SP, 0);
            self.emit(Instruction::LoadPair {
                rt1: FP,
                rt2: LR,
                address,
            });
            self.change_sp(Alu::Add, size);
        }
        self.set_part(Linkage::Epilogue, Mechanism::ControlTransfer);
        self.emit(Instruction::Ret);
    }

    /// Adds a multiple of 16 to the stack pointer, or subtracts it, 12 bits at a time.
    pub(super) fn change_sp(&mut self, op: Alu, bytes: u32) {
        for value in [bytes & 0xff_f000, bytes & 0xfff] {
            if value != 0 {
                self.emit(Instruction::AddImmediate {
                    op,
                    rd: SP,
                    rn: SP,
                    value,
                });
            }
        }
        // What 24 bits do not reach: 16 MiB at a time.
        for _ in 0..bytes >> 24 {
            for value in [0xff_f000, 0x1000] {
                self.emit(Instruction::AddImmediate {
                    op,
                    rd: SP,
                    rn: SP,
                    value,
                });
            }
        }
    }

    /// The operand for so many bytes above x29, through x17 where it is far.
    fn slot(&mut self, offset: u32) -> Address {
        if offset <= 8 * 4095 {
            return Address::Offset(FP, offset as i32);
        }
        self.constant(X17, i64::from(offset));
        Address::Index(FP, X17)
    }

    pub(super) fn load_slot(&mut self, rt: Register, offset: u32) {
        let address = self.slot(offset);
        self.emit(Instruction::Load {
            access: MemoryAccess::Double,
            rt,
            address,
        });
    }

    pub(super) fn store_slot(&mut self, rt: Register, offset: u32) {
        let address = self.slot(offset);
        self.emit(Instruction::Store {
            access: MemoryAccess::Double,
            rt,
            address,
        });
    }
}
