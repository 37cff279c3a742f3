//! The calls that have not returned yet, and what has to be as before when they do.

use super::fault::FaultKind;

/// The first register that a function preserves: x18 belongs to the platform, the following ones to
/// the caller.
const FIRST_PRESERVED: u8 = 18;
/// The number of registers that a function preserves: x18 to x29.
const PRESERVED: usize = 12;
/// How many calls are remembered. Deeper ones are not checked, so that endless recursion does not
/// take endless memory.
const REMEMBERED: usize = 1 << 16;

/// What a function has to preserve.
#[derive(Debug, Clone, Copy)]
struct Activation {
    returns_to: u64,
    stack_pointer: u64,
    registers: [u64; PRESERVED],
}

/// The calls that have not returned, the outermost first.
#[derive(Debug, Default)]
pub(super) struct Activations {
    remembered: Vec<Activation>,
    /// Those inside of them.
    others: u64,
}

impl Activations {
    /// Forgets all calls.
    pub(super) fn clear(&mut self) {
        self.remembered.clear();
        self.others = 0;
    }

    /// A call that will return there, with the registers x0 to x30 (and more) as they are.
    #[inline]
    pub(super) fn call(&mut self, returns_to: u64, stack_pointer: u64, registers: &[u64]) {
        if self.remembered.len() == REMEMBERED {
            self.others += 1;
            return;
        }
        self.remembered.push(Activation {
            returns_to,
            stack_pointer,
            registers: preserved(registers),
        });
    }

    /// A return, from the innermost call, or, by way of the exit stub, from all of them.
    #[inline]
    pub(super) fn ret(
        &mut self,
        target: u64,
        stack_pointer: u64,
        registers: &[u64],
    ) -> Result<(), FaultKind> {
        let outermost = self.remembered.first();
        if outermost.is_some_and(|outermost| outermost.returns_to == target) {
            self.remembered.truncate(1);
            self.others = 0;
        }
        if self.others > 0 {
            self.others -= 1;
            return Ok(());
        }
        match self.remembered.pop() {
            Some(activation) if activation.returns_to == target => {
                activation.check(stack_pointer, &preserved(registers))
            }
            _ => Err(FaultKind::WrongReturn { target }),
        }
    }
}

impl Activation {
    #[inline]
    fn check(&self, stack_pointer: u64, registers: &[u64; PRESERVED]) -> Result<(), FaultKind> {
        if self.stack_pointer != stack_pointer {
            return Err(FaultKind::StackPointerNotPreserved {
                before: self.stack_pointer,
                after: stack_pointer,
            });
        }
        if self.registers == *registers {
            return Ok(());
        }
        let pairs = self.registers.into_iter().zip(*registers);
        let spoiled = (FIRST_PRESERVED..)
            .zip(pairs)
            .find(|(_, (before, after))| before != after);
        match spoiled {
            Some((register, (before, after))) => Err(FaultKind::NotPreserved {
                register,
                before,
                after,
            }),
            None => Ok(()),
        }
    }
}

/// The registers x18 to x29 of all.
#[inline]
fn preserved(registers: &[u64]) -> [u64; PRESERVED] {
    let preserved = registers[usize::from(FIRST_PRESERVED)..].first_chunk();
    *preserved.expect("there are 31 registers")
}
