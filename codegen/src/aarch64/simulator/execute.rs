//! The simulator's loop.

use super::fault::FaultKind;
use super::flags::Flags;
use super::operation::{Index, Operation, Place, Shifted};
use super::{Goal, Observer, Simulator, address_of};
use crate::aarch64::instruction::{Alu, Alu1, Alu2, MemoryAccess, Select, Shift};
use crate::execution::Host;

/// The link register.
const LINK: Index = Index(30);

/// How a run ends.
pub(super) enum Halt {
    /// The function that was called has returned.
    Returned,
    /// As many instructions as were allowed have been executed.
    Limit,
    /// The instruction there did what it must not.
    Fault(u64, FaultKind),
}

impl Simulator {
    /// Runs from a word of the code on.
    pub(super) fn run(
        &mut self,
        mut position: u64,
        host: &mut dyn Host,
        observer: &mut impl Observer,
    ) -> Halt {
        loop {
            if self.instructions >= self.limit {
                return Halt::Limit;
            }
            let operation = match self.operations.get(position as usize) {
                None => return Halt::Fault(position, FaultKind::NoCode),
                Some(Operation::Undecoded) => self.decode(position),
                Some(&operation) => operation,
            };
            self.instructions += 1;
            observer.execute(position as usize);
            let goal = self.execute(operation, position, host);
            if goal.is_ok() {
                observer.executed(position as usize, self);
            }
            match goal {
                Ok(Goal::Word(next)) => position = next,
                Ok(Goal::Returned) => return Halt::Returned,
                Err(kind) => return Halt::Fault(position, kind),
            }
        }
    }

    /// Executes one operation, and says where to go on.
    #[inline]
    fn execute(
        &mut self,
        operation: Operation,
        position: u64,
        host: &mut dyn Host,
    ) -> Result<Goal, FaultKind> {
        let next = position + 1;
        match operation {
            Operation::Undecoded | Operation::Nop => {}
            Operation::Undefined { word } => return Err(FaultKind::Undefined { word }),
            Operation::Constant { d, value } => self.set(d, value),
            Operation::Keep { d, value, at } => {
                let others = self.get(d) & !(0xffff << at);
                self.set(d, others | u64::from(value) << at);
            }
            Operation::Move { d, n } => self.set(d, self.get(n)),
            Operation::AddImmediate { d, n, value } => {
                self.set(d, self.get(n).wrapping_add(value));
            }
            Operation::SetStackPointer { n, value } => {
                self.set_stack_pointer(self.get(n).wrapping_add(value))?;
            }
            Operation::LogicalImmediate { op, d, n, value } => {
                self.set(d, alu(op, self.get(n), value));
            }
            Operation::LogicalToStackPointer { op, n, value } => {
                self.set_stack_pointer(alu(op, self.get(n), value))?;
            }
            Operation::Add { d, n, m } => self.set(d, self.get(n).wrapping_add(self.get(m))),
            Operation::Sub { d, n, m } => self.set(d, self.get(n).wrapping_sub(self.get(m))),
            Operation::Alu { op, d, n, m } => self.set(d, alu(op, self.get(n), self.shifted(m))),
            Operation::Mul { d, n, m } => self.set(d, self.get(n).wrapping_mul(self.get(m))),
            Operation::Alu2 { op, d, n, m } => self.set(d, alu2(op, self.get(n), self.get(m))),
            Operation::Alu1 { op, d, n } => self.set(d, alu1(op, self.get(n))),
            Operation::Madd { d, n, m, a } => {
                let product = self.get(n).wrapping_mul(self.get(m));
                self.set(d, self.get(a).wrapping_add(product));
            }
            Operation::Msub { d, n, m, a } => {
                let product = self.get(n).wrapping_mul(self.get(m));
                self.set(d, self.get(a).wrapping_sub(product));
            }
            Operation::ShiftImmediate { op, d, n, amount } => {
                self.set(d, shift(op, self.get(n), amount));
            }
            Operation::Unsigned { d, n, up, down } => self.set(d, self.get(n) << up >> down),
            Operation::Signed { d, n, up, down } => {
                self.set(d, ((self.get(n) << up) as i64 >> down) as u64);
            }
            Operation::Cmp { n, m } => self.flags = Flags::subtraction(self.get(n), self.get(m)),
            Operation::CmpShifted { n, m } => {
                self.flags = Flags::subtraction(self.get(n), self.shifted(m));
            }
            Operation::CmpImmediate { n, value } => {
                self.flags = Flags::subtraction(self.get(n), value);
            }
            Operation::CmnShifted { n, m } => {
                self.flags = Flags::addition(self.get(n), self.shifted(m));
            }
            Operation::CmnImmediate { n, value } => {
                self.flags = Flags::addition(self.get(n), value);
            }
            Operation::Tst { n, m } => self.flags = Flags::logical(self.get(n) & self.shifted(m)),
            Operation::TstImmediate { n, value } => {
                self.flags = Flags::logical(self.get(n) & value);
            }
            Operation::Select { op, d, n, m, cond } => {
                let value = if self.flags.hold(cond) {
                    self.get(n)
                } else {
                    otherwise(op, self.get(m))
                };
                self.set(d, value);
            }
            Operation::LoadDouble { t, place } => {
                let bytes = self.access(place, |simulator, at| simulator.memory.load(at))?;
                self.set(t, u64::from_le_bytes(bytes));
            }
            Operation::StoreDouble { t, place } => {
                let bytes = self.get(t).to_le_bytes();
                self.access(place, |simulator, at| simulator.memory.store(at, bytes))?;
            }
            Operation::Load { access, t, place } => {
                let value = self.access(place, |simulator, at| simulator.load(access, at))?;
                self.set(t, value);
            }
            Operation::Store { access, t, place } => {
                let value = self.get(t);
                self.access(place, |simulator, at| simulator.store(access, at, value))?;
            }
            Operation::LoadPair { t, place } => {
                let bytes = self.access(place, |simulator, at| simulator.memory.load(at))?;
                let pair = u128::from_le_bytes(bytes);
                self.set(t[0], pair as u64);
                self.set(t[1], (pair >> 64) as u64);
            }
            Operation::StorePair { t, place } => {
                let pair = u128::from(self.get(t[1])) << 64 | u128::from(self.get(t[0]));
                let bytes = pair.to_le_bytes();
                self.access(place, |simulator, at| simulator.memory.store(at, bytes))?;
            }
            Operation::B { target } => return Ok(Goal::Word(target)),
            Operation::BCond { cond, target } => {
                return Ok(branch_if(self.flags.hold(cond), target, next));
            }
            Operation::Cbz { t, target } => {
                return Ok(branch_if(self.get(t) == 0, target, next));
            }
            Operation::Cbnz { t, target } => {
                return Ok(branch_if(self.get(t) != 0, target, next));
            }
            Operation::Tbz { t, bit, target } => {
                return Ok(branch_if(self.get(t) >> bit & 1 == 0, target, next));
            }
            Operation::Tbnz { t, bit, target } => {
                return Ok(branch_if(self.get(t) >> bit & 1 != 0, target, next));
            }
            Operation::Bl { target } => {
                self.link(next)?;
                return Ok(Goal::Word(target));
            }
            Operation::Blr { n } => {
                let target = self.get(n);
                self.link(next)?;
                return self.branch_to(target, host);
            }
            Operation::Br { n } => return self.branch_to(self.get(n), host),
            Operation::Ret => return self.ret(),
            Operation::Svc { value } => return Err(FaultKind::SystemCall { value }),
            Operation::Brk { value } => return Err(FaultKind::Breakpoint { value }),
        }
        Ok(Goal::Word(next))
    }

    #[inline]
    fn shifted(&self, Shifted { m, shift, amount }: Shifted) -> u64 {
        self::shift(shift, self.get(m), amount)
    }

    /// Loads or stores: `access` gets the address. The base is changed before or after if it is to be.
    #[inline]
    fn access<T>(
        &mut self,
        place: Place,
        access: impl FnOnce(&mut Self, u64) -> Result<T, FaultKind>,
    ) -> Result<T, FaultKind> {
        match place {
            Place::Offset(base, offset) => {
                let address = self.base(base)?.wrapping_add_signed(offset.into());
                access(self, address)
            }
            Place::Register(base, m, scale) => {
                let address = self.base(base)?.wrapping_add(self.get(m) << scale);
                access(self, address)
            }
            Place::PreIndex(base, offset) => {
                let address = self.base(base)?.wrapping_add_signed(offset.into());
                self.change_base(base, address)?;
                access(self, address)
            }
            Place::PostIndex(base, offset) => {
                let address = self.base(base)?;
                let result = access(self, address)?;
                self.change_base(base, address.wrapping_add_signed(offset.into()))?;
                Ok(result)
            }
        }
    }

    /// The register that an address is relative to. The stack pointer has to be a multiple of 16.
    #[inline]
    fn base(&self, base: Index) -> Result<u64, FaultKind> {
        if base == Index::STACK_POINTER {
            self.memory.check_stack_alignment()?;
        }
        Ok(self.get(base))
    }

    #[inline]
    fn change_base(&mut self, base: Index, address: u64) -> Result<(), FaultKind> {
        if base == Index::STACK_POINTER {
            self.set_stack_pointer(address)
        } else {
            self.set(base, address);
            Ok(())
        }
    }

    /// A load that is not of 8 bytes, extended to them.
    #[inline]
    fn load(&mut self, access: MemoryAccess, address: u64) -> Result<u64, FaultKind> {
        let memory = &mut self.memory;
        Ok(match access {
            MemoryAccess::Double => u64::from_le_bytes(memory.load(address)?),
            MemoryAccess::Word => u32::from_le_bytes(memory.load(address)?).into(),
            MemoryAccess::Half => u16::from_le_bytes(memory.load(address)?).into(),
            MemoryAccess::Byte => u8::from_le_bytes(memory.load(address)?).into(),
            MemoryAccess::SignedWord => i32::from_le_bytes(memory.load(address)?) as u64,
            MemoryAccess::SignedHalf => i16::from_le_bytes(memory.load(address)?) as u64,
            MemoryAccess::SignedByte => i8::from_le_bytes(memory.load(address)?) as u64,
        })
    }

    /// A store that is not of 8 bytes.
    #[inline]
    fn store(&mut self, access: MemoryAccess, address: u64, value: u64) -> Result<(), FaultKind> {
        let memory = &mut self.memory;
        match access {
            MemoryAccess::Double => memory.store(address, value.to_le_bytes()),
            MemoryAccess::Word | MemoryAccess::SignedWord => {
                memory.store(address, (value as u32).to_le_bytes())
            }
            MemoryAccess::Half | MemoryAccess::SignedHalf => {
                memory.store(address, (value as u16).to_le_bytes())
            }
            MemoryAccess::Byte | MemoryAccess::SignedByte => {
                memory.store(address, (value as u8).to_le_bytes())
            }
        }
    }

    /// A call, before it branches: x30 and what has to be preserved.
    #[inline]
    fn link(&mut self, next: u64) -> Result<(), FaultKind> {
        self.memory.check_stack_alignment()?;
        let returns_to = address_of(next);
        let stack_pointer = self.memory.stack_pointer();
        self.activations
            .call(returns_to, stack_pointer, &self.registers);
        self.set(LINK, returns_to);
        Ok(())
    }

    #[inline]
    fn ret(&mut self) -> Result<Goal, FaultKind> {
        let target = self.get(LINK);
        let stack_pointer = self.memory.stack_pointer();
        self.activations
            .ret(target, stack_pointer, &self.registers)?;
        self.goal(target)
    }

    /// A branch to an address: in the code, or a function outside, which is called and returns.
    fn branch_to(&mut self, target: u64, host: &mut dyn Host) -> Result<Goal, FaultKind> {
        match self.import_at(target) {
            None => self.goal(target),
            Some(import) => {
                self.call_import(import, host)?;
                self.ret()
            }
        }
    }
}

const fn branch_if(holds: bool, target: u64, next: u64) -> Goal {
    Goal::Word(if holds { target } else { next })
}

#[inline]
fn alu(op: Alu, a: u64, b: u64) -> u64 {
    match op {
        Alu::Add => a.wrapping_add(b),
        Alu::Sub => a.wrapping_sub(b),
        Alu::And => a & b,
        Alu::Orr => a | b,
        Alu::Eor => a ^ b,
        Alu::Bic => a & !b,
        Alu::Orn => a | !b,
        Alu::Eon => a ^ !b,
    }
}

/// Shifts by registers take the amount modulo 64; a division by 0 gives 0.
#[inline]
fn alu2(op: Alu2, a: u64, b: u64) -> u64 {
    let shifted = |op| shift(op, a, (b & 63) as u8);
    match op {
        Alu2::Mul => a.wrapping_mul(b),
        Alu2::Mneg => a.wrapping_mul(b).wrapping_neg(),
        Alu2::Smulh => ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64,
        Alu2::Umulh => ((u128::from(a) * u128::from(b)) >> 64) as u64,
        Alu2::Sdiv if b == 0 => 0,
        Alu2::Sdiv => (a as i64).wrapping_div(b as i64) as u64,
        Alu2::Udiv => a.checked_div(b).unwrap_or(0),
        Alu2::Lsl => shifted(Shift::Lsl),
        Alu2::Lsr => shifted(Shift::Lsr),
        Alu2::Asr => shifted(Shift::Asr),
        Alu2::Ror => shifted(Shift::Ror),
    }
}

#[inline]
fn alu1(op: Alu1, n: u64) -> u64 {
    match op {
        Alu1::Sxtb => n as i8 as u64,
        Alu1::Sxth => n as i16 as u64,
        Alu1::Sxtw => n as i32 as u64,
        Alu1::Uxtb => (n as u8).into(),
        Alu1::Uxth => (n as u16).into(),
        Alu1::Uxtw => (n as u32).into(),
        Alu1::Rev => n.swap_bytes(),
        Alu1::Rev32 => n.swap_bytes().rotate_left(32),
        Alu1::Rev16 => (n & 0x00ff_00ff_00ff_00ff) << 8 | n >> 8 & 0x00ff_00ff_00ff_00ff,
        Alu1::Clz => n.leading_zeros().into(),
    }
}

#[inline]
fn shift(op: Shift, n: u64, amount: u8) -> u64 {
    match op {
        Shift::Lsl => n << amount,
        Shift::Lsr => n >> amount,
        Shift::Asr => (n as i64 >> amount) as u64,
        Shift::Ror => n.rotate_right(amount.into()),
    }
}

/// What a conditional selection gives if the condition does not hold.
#[inline]
fn otherwise(op: Select, m: u64) -> u64 {
    match op {
        Select::Csel => m,
        Select::Csinc => m.wrapping_add(1),
        Select::Csinv => !m,
        Select::Csneg => m.wrapping_neg(),
    }
}
