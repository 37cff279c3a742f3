//! Which registers hold known numbers, one instruction after the other: enough to follow the
//! `ldzwq` and `shldwq` that bring an address to a register.

use ulm_isa::micro::{MicroOperation as M, Operand};

/// The known numbers.
#[derive(Debug)]
pub(super) struct Constants {
    registers: [Option<u64>; 256],
    /// The temporaries of the current instruction.
    temporaries: Vec<Option<u64>>,
}

impl Constants {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        let mut registers = [None; 256];
        registers[0] = Some(0);
        Self {
            registers,
            temporaries: Vec::new(),
        }
    }

    /// The number that an operand of the instruction at an address is known to be.
    pub(super) fn value(&self, operand: Operand, address: u64) -> Option<u64> {
        match operand {
            Operand::Constant(number) => Some(number),
            Operand::Register(number) => self.registers[usize::from(number)],
            Operand::Temporary(number) => *self.temporaries.get(usize::from(number))?,
            Operand::InstructionPointer => Some(address),
        }
    }

    /// Goes past an instruction that does not jump.
    pub(super) fn pass(&mut self, operations: &[M], address: u64) {
        self.temporaries.clear();
        for &operation in operations {
            self.operation(operation, address);
        }
    }

    fn operation(&mut self, operation: M, address: u64) {
        let value = |operand| self.value(operand, address);
        let both = |a, b| Some((value(a)?, value(b)?));
        match operation {
            M::Unary { operator, a, to } => {
                let result = value(a).map(|a| operator.apply(a));
                self.set_temporary(to, result);
            }
            M::Binary { operator, a, b, to } => {
                let result = both(a, b).and_then(|(a, b)| operator.apply(a, b).ok());
                self.set_temporary(to, result);
            }
            M::Select { to, .. } | M::ReadFlag { to, .. } | M::ReadChar { to } => {
                self.set_temporary(to, None);
            }
            M::SetRegister {
                value: number,
                destination,
            } => {
                let result = value(number);
                self.set(destination, result);
            }
            M::Add { a, b, destination } => {
                let sum = both(a, b).map(|(a, b)| b.wrapping_add(a));
                self.set(destination, sum);
            }
            M::Subtract { a, b, destination } => {
                let difference = both(a, b).map(|(a, b)| b.wrapping_sub(a));
                self.set(destination, difference);
            }
            M::And { a, b, destination } => {
                let result = both(a, b).map(|(a, b)| a & b);
                self.set(destination, result);
            }
            M::Or { a, b, destination } => {
                let result = both(a, b).map(|(a, b)| a | b);
                self.set(destination, result);
            }
            M::Multiply { a, b, destination } => {
                let result = both(a, b).map(|(a, b)| a.wrapping_mul(b));
                self.set(destination, result);
            }
            M::ShiftLeft {
                count,
                value: shifted,
                destination,
            } => {
                let result = both(count, shifted).map(|(n, value)| value.wrapping_shl(n as u32));
                self.set(destination, result);
            }
            M::Not { destination, .. }
            | M::ShiftRightUnsigned { destination, .. }
            | M::ShiftRightSigned { destination, .. }
            | M::Load { destination, .. } => self.set(destination, None),
            M::MultiplyWide { low, high, .. } => self.forget(&[low, high]),
            M::DivideWide {
                quotient_low,
                quotient_high,
                remainder,
                ..
            } => self.forget(&[quotient_low, quotient_high, remainder]),
            M::DivideSigned { quotient, .. } => {
                self.forget(&[quotient, quotient.wrapping_add(1)]);
            }
            M::Store { .. }
            | M::JumpAbsolute { .. }
            | M::JumpRelative { .. }
            | M::JumpConditional { .. }
            | M::SetInstructionPointer { .. }
            | M::Halt { .. }
            | M::PrintChar { .. } => {}
        }
    }

    fn set_temporary(&mut self, to: u8, value: Option<u64>) {
        let index = usize::from(to);
        if index >= self.temporaries.len() {
            self.temporaries.resize(index + 1, None);
        }
        self.temporaries[index] = value;
    }

    fn set(&mut self, destination: u8, value: Option<u64>) {
        if destination != 0 {
            self.registers[usize::from(destination)] = value;
        }
    }

    fn forget(&mut self, destinations: &[u8]) {
        for &destination in destinations {
            self.set(destination, None);
        }
    }
}
