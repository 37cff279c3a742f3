//! The engine that is the definition: it evaluates the effects as they stand.

use ulm_isa::effect::{Effect, Expression, Operation, Statement};
use ulm_isa::isa::FieldIndex;
use ulm_isa::micro::{StaticFault, static_fault};
use ulm_isa::{Decoded, Format, Isa};

use crate::arithmetic;
use crate::engine::{Breakpoints, Engine, Step, run_steps};
use crate::execution::{Execution, trap_at};
use crate::machine::{JumpKind, Machine};
use crate::observer::Observer;
use crate::stop::{Stop, TrapKind};

/// Executes one instruction after the other: fetches the word, decodes it, evaluates its effect.
/// Nothing is remembered from one to the next.
#[derive(Debug, Clone)]
pub struct ReferenceEngine {
    isa: Isa,
    breakpoints: Breakpoints,
}

impl ReferenceEngine {
    /// An engine for the machine that `isa` describes.
    pub fn new(isa: &Isa) -> Self {
        Self {
            isa: isa.clone(),
            breakpoints: Breakpoints::default(),
        }
    }
}

impl Engine for ReferenceEngine {
    fn run<O: Observer>(&mut self, machine: &mut Machine, budget: u64, observer: &mut O) -> Stop {
        let isa = &self.isa;
        run_steps(machine, &mut self.breakpoints, budget, |machine| {
            step(isa, machine, observer)
        })
    }

    fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }

    fn breakpoints_mut(&mut self) -> &mut Breakpoints {
        &mut self.breakpoints
    }
}

/// Executes the instruction at the instruction pointer.
fn step<O: Observer>(isa: &Isa, machine: &mut Machine, observer: &mut O) -> Result<Step, Stop> {
    let ip = machine.ip;
    let word = fetch(machine)?;
    let decoded = isa
        .decode(word)
        .ok_or_else(|| trap_at(ip, TrapKind::IllegalInstruction { word }))?;
    let format = isa.format_of(decoded.instruction);
    let effect = &isa.instruction(decoded.instruction).effect;
    static_fault(effect, &|f: FieldIndex| decoded.field(format, f))
        .map_err(|fault| trap_at(ip, trap_of(fault)))?;
    if machine.needs_input(effect.reads_of_input()) {
        return Err(Stop::NeedsInput);
    }
    let mut execution = Execution::begin(machine, observer, word);
    evaluate(&mut execution, format, decoded, effect)?;
    Ok(execution.complete())
}

/// The word at the instruction pointer.
pub(crate) fn fetch(machine: &mut Machine) -> Result<u32, Stop> {
    let ip = machine.ip;
    match machine.memory.load::<4>(ip) {
        Some(word) => Ok(word as u32),
        None => Err(trap_at(ip, TrapKind::MisalignedFetch)),
    }
}

/// The trap for what [`static_fault`] finds.
pub(crate) fn trap_of(fault: StaticFault) -> TrapKind {
    match fault {
        StaticFault::RegisterPastEnd(number) => TrapKind::RegisterPastEnd { number },
        StaticFault::IllegalOperand => TrapKind::IllegalOperand,
    }
}

/// Runs the statements of an effect that has no static fault.
///
/// # Errors
///
/// Whatever stops it, the halt included; all else must be completed by the caller.
pub(crate) fn evaluate<O: Observer>(
    execution: &mut Execution<'_, O>,
    format: &Format,
    decoded: Decoded,
    effect: &Effect,
) -> Result<(), Stop> {
    let fields = |f: FieldIndex| decoded.field(format, f);
    let mut evaluation = Evaluation {
        execution,
        fields: &fields,
    };
    effect
        .statements
        .iter()
        .try_for_each(|statement| evaluation.statement(statement))
}

/// An instruction with the values of its fields.
struct Evaluation<'a, 'e, O> {
    execution: &'a mut Execution<'e, O>,
    fields: &'a dyn Fn(FieldIndex) -> i64,
}

impl<O: Observer> Evaluation<'_, '_, O> {
    fn statement(&mut self, statement: &Statement) -> Result<(), Stop> {
        // All values first, left to right; numbers of registers and the like are fields and
        // numbers alone, so their evaluation changes nothing.
        let mut values = [0; 7];
        let parameters = statement.operation.parameters();
        for ((value, argument), parameter) in
            values.iter_mut().zip(&statement.arguments).zip(parameters)
        {
            *value = if parameter.is_static() {
                argument.evaluate_static(self.fields).unwrap_or(0)
            } else {
                self.value(argument)?
            };
        }
        let register = |i: usize| values[i] as u8;
        let to = &mut *self.execution;
        match statement.operation {
            Operation::SetRegister => to.write(register(1), values[0]),
            Operation::Add => to.add(values[0], values[1], register(2)),
            Operation::Subtract => to.subtract(values[0], values[1], register(2)),
            Operation::Multiply => to.write(register(2), values[0].wrapping_mul(values[1])),
            Operation::MultiplyWide => {
                to.multiply_wide(values[0], values[1], register(2), register(3));
            }
            Operation::DivideWide => {
                let results = [register(3), register(4), register(5)];
                to.divide_wide(values[0], values[1], values[2], results)?;
            }
            Operation::DivideSigned => to.divide_signed(values[0], values[1], register(2))?,
            Operation::And => to.write_bitwise(values[0] & values[1], register(2)),
            Operation::Or => to.write_bitwise(values[0] | values[1], register(2)),
            Operation::Not => to.write_bitwise(!values[0], register(1)),
            Operation::ShiftLeft => to.shift_left(values[0], values[1], register(2)),
            Operation::ShiftRightUnsigned => {
                let value = arithmetic::shift_right_unsigned(values[0], values[1]);
                to.write(register(2), value);
            }
            Operation::ShiftRightSigned => {
                let value = arithmetic::shift_right_signed(values[0], values[1]);
                to.write(register(2), value);
            }
            // A load into %0 touches no memory.
            Operation::Fetch if register(6) == 0 => {}
            Operation::Fetch => {
                let address = address(to, &values);
                to.load(address, values[5] as u8, values[4] == 1, register(6))?;
            }
            Operation::Store => {
                let address = address(to, &values);
                let value = to.read(register(5));
                to.store(address, values[4] as u8, value)?;
            }
            Operation::JumpAbsolute => to.jump_absolute(values[0], register(1))?,
            Operation::JumpRelative => to.jump_by(values[0])?,
            Operation::JumpConditional if values[0] == 0 => {}
            Operation::JumpConditional => to.jump_by(values[1])?,
            Operation::SetInstructionPointer => to.jump(values[0], JumpKind::Jump)?,
            Operation::Halt => return Err(to.halt(values[0])),
            Operation::PrintChar => to.print_char(values[0])?,
            Operation::Reserved => {}
        }
        Ok(())
    }

    fn value(&mut self, expression: &Expression) -> Result<u64, Stop> {
        Ok(match expression {
            Expression::Constant(number) => *number,
            Expression::Field(field) => (self.fields)(*field) as u64,
            Expression::Register(number) => {
                let number = number.evaluate_static(self.fields).unwrap_or(0);
                self.execution.read(number as u8)
            }
            Expression::InstructionPointer => self.execution.ip,
            Expression::ReadChar => self.execution.read_char()?,
            Expression::Flag(flag) => u64::from(self.execution.machine.flags.get(*flag)),
            Expression::Unary(operator, a) => operator.apply(self.value(a)?),
            Expression::Binary(operator, a, b) => {
                let a = self.value(a)?;
                let b = self.value(b)?;
                operator
                    .apply(a, b)
                    .map_err(|_| self.execution.trap(TrapKind::DivisionByZero))?
            }
            Expression::LogicalAnd(a, b) => u64::from(self.value(a)? != 0 && self.value(b)? != 0),
            Expression::LogicalOr(a, b) => u64::from(self.value(a)? != 0 || self.value(b)? != 0),
            Expression::Conditional(condition, a, b) => {
                let chosen = if self.value(condition)? != 0 { a } else { b };
                self.value(chosen)?
            }
        })
    }
}

/// `displacement + %base + scale · %index`
fn address<O: Observer>(execution: &mut Execution<'_, O>, values: &[u64; 7]) -> u64 {
    let base = execution.read(values[1] as u8);
    let index = execution.read(values[2] as u8);
    values[0]
        .wrapping_add(base)
        .wrapping_add(values[3].wrapping_mul(index))
}
