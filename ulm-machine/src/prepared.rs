//! Instruction words made ready for execution: decoded, checked and lowered once.

use rustc_hash::FxHashMap;
use ulm_isa::micro::{self, Address, Condition, Lowered, MicroOperation, NotLowered, Operand};
use ulm_isa::{Decoded, Isa};

use crate::arithmetic;
use crate::engine::Step;
use crate::execution::{Execution, trap_at};
use crate::machine::{JumpKind, Machine};
use crate::observer::Observer;
use crate::reference::{evaluate, fetch, trap_of};
use crate::stop::{Stop, TrapKind};

/// How many different words are kept. A program that makes up its instructions as it goes could
/// otherwise fill the host's memory with them.
const MOST_WORDS: usize = 1 << 16;

/// What executing a word means.
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    /// It can't be executed.
    Trap(TrapKind),
    /// These steps.
    Micro(Lowered),
    /// The effect itself, which has no micro-operations.
    Effect {
        decoded: Decoded,
        reads_of_input: usize,
    },
}

/// Index of a word's [`Meaning`]. Void once [`Prepared::forgotten`] has changed.
pub(crate) type Index = u32;

/// The meanings of the words met so far.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    isa: Isa,
    /// Words with what they mean.
    meanings: Vec<(u32, Meaning)>,
    by_word: FxHashMap<u32, Index>,
    temporaries: Box<[u64; 256]>,
    /// How often all was forgotten.
    forgotten: u64,
}

impl Prepared {
    pub(crate) fn new(isa: &Isa) -> Self {
        Self {
            isa: isa.clone(),
            meanings: Vec::new(),
            by_word: FxHashMap::default(),
            temporaries: Box::new([0; 256]),
            forgotten: 0,
        }
    }

    /// The machine whose words they are.
    pub(crate) fn isa(&self) -> &Isa {
        &self.isa
    }

    /// How often all words were forgotten; every index is then void.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The index of a word's meaning.
    pub(crate) fn index_of(&mut self, word: u32) -> Index {
        if let Some(&index) = self.by_word.get(&word) {
            return index;
        }
        if self.meanings.len() >= MOST_WORDS {
            self.meanings.clear();
            self.by_word.clear();
            self.forgotten += 1;
        }
        let index = self.meanings.len() as Index;
        self.meanings.push((word, meaning(&self.isa, word)));
        self.by_word.insert(word, index);
        index
    }

    pub(crate) fn meaning(&self, index: Index) -> &Meaning {
        &self.meanings[index as usize].1
    }

    /// Executes the instruction at the instruction pointer.
    pub(crate) fn step<O: Observer>(
        &mut self,
        machine: &mut Machine,
        observer: &mut O,
    ) -> Result<Step, Stop> {
        let word = fetch(machine)?;
        let index = self.index_of(word);
        self.execute(index, machine, observer)
    }

    /// Executes the instruction at the instruction pointer, whose index is known.
    pub(crate) fn execute<O: Observer>(
        &mut self,
        index: Index,
        machine: &mut Machine,
        observer: &mut O,
    ) -> Result<Step, Stop> {
        let (word, meaning) = &self.meanings[index as usize];
        match meaning {
            Meaning::Trap(kind) => Err(trap_at(machine.ip, *kind)),
            Meaning::Micro(lowered) => {
                if machine.needs_input(lowered.reads_of_input) {
                    return Err(Stop::NeedsInput);
                }
                let mut steps = Steps {
                    execution: Execution::begin(machine, observer, *word),
                    temporaries: &mut self.temporaries,
                };
                for &operation in &lowered.operations {
                    steps.execute(operation)?;
                }
                Ok(steps.execution.complete())
            }
            Meaning::Effect {
                decoded,
                reads_of_input,
            } => {
                if machine.needs_input(*reads_of_input) {
                    return Err(Stop::NeedsInput);
                }
                let format = self.isa.format_of(decoded.instruction);
                let effect = &self.isa.instruction(decoded.instruction).effect;
                let mut execution = Execution::begin(machine, observer, *word);
                evaluate(&mut execution, format, *decoded, effect)?;
                Ok(execution.complete())
            }
        }
    }
}

fn meaning(isa: &Isa, word: u32) -> Meaning {
    let Some(decoded) = isa.decode(word) else {
        return Meaning::Trap(TrapKind::IllegalInstruction { word });
    };
    let effect = &isa.instruction(decoded.instruction).effect;
    match micro::lower(isa, decoded) {
        Ok(lowered) => Meaning::Micro(lowered),
        Err(NotLowered::Fault(fault)) => Meaning::Trap(trap_of(fault)),
        Err(NotLowered::Conditional | NotLowered::TooLong) => Meaning::Effect {
            decoded,
            reads_of_input: effect.reads_of_input(),
        },
    }
}

/// An instruction on its way through its micro-operations.
struct Steps<'a, O> {
    execution: Execution<'a, O>,
    temporaries: &'a mut [u64; 256],
}

impl<O: Observer> Steps<'_, O> {
    fn value(&mut self, operand: Operand) -> u64 {
        match operand {
            Operand::Constant(number) => number,
            Operand::Register(number) => self.execution.read(number),
            Operand::Temporary(number) => self.temporaries[number as usize],
            Operand::InstructionPointer => self.execution.ip,
        }
    }

    fn address(&mut self, address: Address) -> u64 {
        let displacement = self.value(address.displacement);
        let base = self.execution.read(address.base);
        let index = self.execution.read(address.index);
        displacement
            .wrapping_add(base)
            .wrapping_add(address.scale.wrapping_mul(index))
    }

    fn execute(&mut self, operation: MicroOperation) -> Result<(), Stop> {
        use MicroOperation as M;
        match operation {
            M::Unary { operator, a, to } => {
                self.temporaries[to as usize] = operator.apply(self.value(a));
            }
            M::Binary { operator, a, b, to } => {
                let (a, b) = (self.value(a), self.value(b));
                self.temporaries[to as usize] = operator
                    .apply(a, b)
                    .map_err(|_| self.execution.trap(TrapKind::DivisionByZero))?;
            }
            M::Select {
                condition,
                a,
                b,
                to,
            } => {
                let chosen = if self.value(condition) != 0 { a } else { b };
                self.temporaries[to as usize] = self.value(chosen);
            }
            M::ReadFlag { flag, to } => {
                self.temporaries[to as usize] = u64::from(self.execution.machine.flags.get(flag));
            }
            M::ReadChar { to } => self.temporaries[to as usize] = self.execution.read_char()?,
            M::SetRegister { value, destination } => {
                let value = self.value(value);
                self.execution.write(destination, value);
            }
            M::Add { a, b, destination } => {
                let (a, b) = (self.value(a), self.value(b));
                self.execution.add(a, b, destination);
            }
            M::Subtract { a, b, destination } => {
                let (a, b) = (self.value(a), self.value(b));
                self.execution.subtract(a, b, destination);
            }
            M::Multiply { a, b, destination } => {
                let product = self.value(a).wrapping_mul(self.value(b));
                self.execution.write(destination, product);
            }
            M::MultiplyWide { a, b, low, high } => {
                let (a, b) = (self.value(a), self.value(b));
                self.execution.multiply_wide(a, b, low, high);
            }
            M::DivideWide {
                divisor,
                low,
                high,
                quotient_low,
                quotient_high,
                remainder,
            } => {
                let (divisor, low, high) = (self.value(divisor), self.value(low), self.value(high));
                let results = [quotient_low, quotient_high, remainder];
                self.execution.divide_wide(divisor, low, high, results)?;
            }
            M::DivideSigned {
                divisor,
                dividend,
                quotient,
            } => {
                let (divisor, dividend) = (self.value(divisor), self.value(dividend));
                self.execution.divide_signed(divisor, dividend, quotient)?;
            }
            M::And { a, b, destination } => {
                let value = self.value(a) & self.value(b);
                self.execution.write_bitwise(value, destination);
            }
            M::Or { a, b, destination } => {
                let value = self.value(a) | self.value(b);
                self.execution.write_bitwise(value, destination);
            }
            M::Not { a, destination } => {
                let value = !self.value(a);
                self.execution.write_bitwise(value, destination);
            }
            M::ShiftLeft {
                count,
                value,
                destination,
            } => {
                let (count, value) = (self.value(count), self.value(value));
                self.execution.shift_left(count, value, destination);
            }
            M::ShiftRightUnsigned {
                count,
                value,
                destination,
            } => {
                let (count, value) = (self.value(count), self.value(value));
                let value = arithmetic::shift_right_unsigned(count, value);
                self.execution.write(destination, value);
            }
            M::ShiftRightSigned {
                count,
                value,
                destination,
            } => {
                let (count, value) = (self.value(count), self.value(value));
                let value = arithmetic::shift_right_signed(count, value);
                self.execution.write(destination, value);
            }
            M::Load {
                address,
                size,
                signed,
                destination,
            } => {
                let address = self.address(address);
                self.execution.load(address, size, signed, destination)?;
            }
            M::Store {
                address,
                size,
                source,
            } => {
                let address = self.address(address);
                let value = self.execution.read(source);
                self.execution.store(address, size, value)?;
            }
            M::JumpAbsolute { target, link } => {
                let target = self.value(target);
                self.execution.jump_absolute(target, link)?;
            }
            M::JumpRelative { distance } => {
                let distance = self.value(distance);
                self.execution.jump_by(distance)?;
            }
            M::JumpConditional {
                condition,
                distance,
            } => {
                let taken = match condition {
                    Condition::Flags(states) => {
                        states.contains(self.execution.machine.flags.index())
                    }
                    Condition::Value(value) => self.value(value) != 0,
                };
                if taken {
                    let distance = self.value(distance);
                    self.execution.jump_by(distance)?;
                }
            }
            M::SetInstructionPointer { target } => {
                let target = self.value(target);
                self.execution.jump(target, JumpKind::Jump)?;
            }
            M::Halt { status } => {
                let status = self.value(status);
                return Err(self.execution.halt(status));
            }
            M::PrintChar { value } => {
                let value = self.value(value);
                self.execution.print_char(value)?;
            }
        }
        Ok(())
    }
}
