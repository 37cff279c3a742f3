//! The execution of one instruction: what its operations do to the machine, and what they tell
//! the observer.

use ulm_isa::isa::INSTRUCTION_BYTES;

use crate::arithmetic;
use crate::engine::Step;
use crate::machine::{Flags, Jump, JumpKind, Machine};
use crate::memory::Stored;
use crate::observer::Observer;
use crate::stop::{Limit, Stop, Trap, TrapKind};

/// An instruction on its way. Nothing but its operations changes the machine until
/// [`Execution::complete`] or [`Execution::halt`].
pub(crate) struct Execution<'a, O> {
    pub(crate) machine: &'a mut Machine,
    observer: &'a mut O,
    /// The address of the instruction.
    pub(crate) ip: u64,
    /// Where control goes behind it, if not to the next instruction.
    jump: Option<(u64, JumpKind)>,
    step: Step,
}

impl<'a, O: Observer> Execution<'a, O> {
    /// Begins the instruction at the machine's instruction pointer.
    #[inline]
    pub(crate) fn begin(machine: &'a mut Machine, observer: &'a mut O, word: u32) -> Self {
        let ip = machine.ip;
        observer.begin(ip, word);
        Self {
            machine,
            observer,
            ip,
            jump: None,
            step: Step::Silent,
        }
    }

    /// Ends the instruction.
    #[inline]
    pub(crate) fn complete(self) -> Step {
        self.machine.ip = match self.jump {
            Some((to, kind)) => {
                let from = self.ip;
                self.machine.jumps.push(from, to, kind);
                self.observer.transfer(Jump { from, to, kind });
                to
            }
            None => self.ip.wrapping_add(INSTRUCTION_BYTES),
        };
        self.machine.instructions += 1;
        self.observer.end(self.machine);
        self.step
    }

    /// Ends the instruction and the program.
    pub(crate) fn halt(&mut self, status: u64) -> Stop {
        self.machine.instructions += 1;
        self.observer.end(self.machine);
        Stop::Halted(status as u8)
    }

    pub(crate) fn trap(&self, kind: TrapKind) -> Stop {
        trap_at(self.ip, kind)
    }

    pub(crate) fn read(&mut self, register: u8) -> u64 {
        let value = self.machine.registers[register as usize];
        if register != 0 {
            self.observer.register_read(register, value);
        }
        value
    }

    pub(crate) fn write(&mut self, register: u8, value: u64) {
        if register == 0 {
            return;
        }
        let old = std::mem::replace(&mut self.machine.registers[register as usize], value);
        self.observer.register_write(register, old, value);
    }

    fn write_flags(&mut self, flags: Flags) {
        let old = std::mem::replace(&mut self.machine.flags, flags);
        self.observer.flags_write(old, flags);
    }

    pub(crate) fn read_char(&mut self) -> Result<u64, Stop> {
        let byte = self.machine.read_input()?;
        self.observer.input(byte);
        Ok(byte.map_or(u64::MAX, u64::from))
    }

    pub(crate) fn print_char(&mut self, value: u64) -> Result<(), Stop> {
        self.machine.write_output(value as u8)?;
        self.observer.output(value as u8);
        self.step = Step::WroteOutput;
        Ok(())
    }

    pub(crate) fn add(&mut self, a: u64, b: u64, destination: u8) {
        let (sum, flags) = arithmetic::add(a, b);
        self.write(destination, sum);
        self.write_flags(flags);
    }

    pub(crate) fn subtract(&mut self, a: u64, b: u64, destination: u8) {
        let (difference, flags) = arithmetic::subtract(a, b);
        self.write(destination, difference);
        self.write_flags(flags);
    }

    pub(crate) fn multiply_wide(&mut self, a: u64, b: u64, low: u8, high: u8) {
        let (value_low, value_high) = arithmetic::multiply_wide(a, b);
        self.write(low, value_low);
        self.write(high, value_high);
        let carry = value_high != 0;
        self.write_flags(Flags {
            carry,
            ..self.machine.flags
        });
    }

    /// `results`: the registers for the quotient's low and high half, and for the remainder.
    pub(crate) fn divide_wide(
        &mut self,
        divisor: u64,
        low: u64,
        high: u64,
        results: [u8; 3],
    ) -> Result<(), Stop> {
        let (quotient_low, quotient_high, remainder) = arithmetic::divide_wide(divisor, low, high)
            .ok_or_else(|| self.trap(TrapKind::DivisionByZero))?;
        self.write(results[0], quotient_low);
        self.write(results[1], quotient_high);
        self.write(results[2], remainder);
        Ok(())
    }

    pub(crate) fn divide_signed(
        &mut self,
        divisor: u64,
        dividend: u64,
        destination: u8,
    ) -> Result<(), Stop> {
        let (quotient, remainder) = arithmetic::divide_signed(divisor, dividend)
            .ok_or_else(|| self.trap(TrapKind::DivisionByZero))?;
        self.write(destination, quotient);
        // A pair past the last register has been found out before.
        self.write(destination.wrapping_add(1), remainder);
        Ok(())
    }

    /// Writes the result of a bitwise operation.
    pub(crate) fn write_bitwise(&mut self, value: u64, destination: u8) {
        self.write(destination, value);
        let zero = value == 0;
        self.write_flags(Flags {
            zero,
            ..self.machine.flags
        });
    }

    pub(crate) fn shift_left(&mut self, count: u64, value: u64, destination: u8) {
        let (value, last) = arithmetic::shift_left(count, value);
        self.write(destination, value);
        if let Some(carry) = last {
            self.write_flags(Flags {
                carry,
                ..self.machine.flags
            });
        }
    }

    pub(crate) fn load(
        &mut self,
        address: u64,
        size: u8,
        signed: bool,
        destination: u8,
    ) -> Result<(), Stop> {
        let value = self
            .machine
            .memory
            .load_sized(address, size)
            .ok_or_else(|| self.trap(TrapKind::MisalignedLoad { address, size }))?;
        self.observer.load(address, size, value);
        let value = if signed {
            arithmetic::sign_extend(value, size)
        } else {
            value
        };
        self.write(destination, value);
        Ok(())
    }

    pub(crate) fn store(&mut self, address: u64, size: u8, value: u64) -> Result<(), Stop> {
        match self.machine.memory.store_sized(address, size, value) {
            Stored::Done | Stored::DoneWatched => {
                let kept = u64::MAX >> (64 - 8 * u32::from(size));
                self.observer.store(address, size, value & kept);
                Ok(())
            }
            Stored::Misaligned => Err(self.trap(TrapKind::MisalignedStore { address, size })),
            Stored::Full => Err(Limit::Memory.into()),
        }
    }

    /// Makes control go to `target` when the instruction is complete.
    pub(crate) fn jump(&mut self, target: u64, kind: JumpKind) -> Result<(), Stop> {
        if !target.is_multiple_of(INSTRUCTION_BYTES) {
            return Err(self.trap(TrapKind::MisalignedJump { target }));
        }
        self.jump = Some((target, kind));
        Ok(())
    }

    pub(crate) fn jump_by(&mut self, distance: u64) -> Result<(), Stop> {
        self.jump(self.ip.wrapping_add(distance), JumpKind::Jump)
    }

    pub(crate) fn jump_absolute(&mut self, target: u64, link: u8) -> Result<(), Stop> {
        let kind = if link == 0 {
            JumpKind::Return
        } else {
            JumpKind::Call
        };
        self.jump(target, kind)?;
        self.write(link, self.ip.wrapping_add(INSTRUCTION_BYTES));
        Ok(())
    }
}

/// The trap of the instruction at an address.
pub(crate) fn trap_at(address: u64, kind: TrapKind) -> Stop {
    Stop::Trapped(Trap { kind, address })
}
