//! Executes the IR as it stands. This is the definition of what the IR means: every other way of
//! running a module is compared with it.
//!
//! It is as plain as it can be: one instruction after the other, every value a number in a vector,
//! activations on a stack of its own.

use thiserror::Error;

use super::{
    Access, BlockId, Callee, ExitId, Function, FunctionId, List, Module, Op, Target, Value, Width,
};
use crate::execution::{Activation, Departure, Host, Outcome, Reply, SHOWN_CALLS};
use crate::origin::PlaceId;

/// How far an execution may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of instructions that may be executed; then the outcome is [`Outcome::Limit`].
    pub instructions: u64,
    /// A check of the stack takes its exit if there are more activations than this, its own
    /// included.
    pub depth: u64,
    /// Bytes for the values of all activations, 8 for each.
    pub memory: usize,
    /// Whether the host wants the code to leave at the next `poll`.
    pub interrupt: bool,
}

impl Default for Limits {
    /// Enough for a test: a million instructions, ten thousand activations, 64 MiB.
    fn default() -> Self {
        Self {
            instructions: 1_000_000,
            depth: 10_000,
            memory: 64 << 20,
            interrupt: false,
        }
    }
}

/// What loads and stores reach: some bytes from an address on.
#[derive(Debug, Default)]
pub struct Memory<'a> {
    /// The address of the first byte.
    pub base: u64,
    /// The bytes.
    pub bytes: &'a mut [u8],
}

/// What the code must not do, and what no other way of running it has to notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// The function has another number of parameters.
    #[error("the function takes {expected} arguments, not {given}")]
    Arguments {
        /// The number of parameters.
        expected: u32,
        /// The number of arguments.
        given: usize,
    },
    /// A division without an exit, whose divisor was 0 all the same.
    #[error("a division that has no exit was by zero")]
    DivisionByZero,
    /// A load or store that isn't within the memory.
    #[error("{bytes} bytes at address {address:#x} are not in the memory")]
    Access {
        /// The address of the first byte.
        address: u64,
        /// How many bytes.
        bytes: u32,
    },
    /// An import wanted the program to end, and its call has no exit.
    #[error("an import ended the program at a call without an exit")]
    Stop,
    /// The values of all activations need more than [`Limits::memory`].
    #[error("the activations need more memory than allowed")]
    OutOfMemory,
}

/// A finished execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// How it ended.
    pub outcome: Result<Outcome, Fault>,
    /// How many instructions were executed, the last one included.
    pub instructions: u64,
}

/// Executes a function of a valid module that neither loads nor stores.
pub fn run(
    module: &Module,
    function: FunctionId,
    arguments: &[i64],
    host: &mut dyn Host,
    limits: &Limits,
) -> Result<Outcome, Fault> {
    let mut memory = Memory::default();
    run_with_memory(module, function, arguments, host, &mut memory, limits).outcome
}

/// Executes a function of a valid module.
pub fn run_with_memory(
    module: &Module,
    function: FunctionId,
    arguments: &[i64],
    host: &mut dyn Host,
    memory: &mut Memory<'_>,
    limits: &Limits,
) -> Execution {
    let mut interpreter = Interpreter {
        module,
        host,
        memory,
        limits,
        callers: Vec::new(),
        id: function,
        function: &module.functions[function.index()],
        position: 0,
        base: 0,
        values: Vec::new(),
        moved: arguments.to_vec(),
        instructions: 0,
    };
    Execution {
        outcome: interpreter.run(),
        instructions: interpreter.instructions,
    }
}

/// An activation that waits for a function that it has called.
struct Caller {
    id: FunctionId,
    /// The position of the call.
    position: usize,
    /// Where its arguments and values begin.
    base: usize,
}

struct Interpreter<'a, 'm> {
    module: &'a Module,
    host: &'a mut dyn Host,
    memory: &'a mut Memory<'m>,
    limits: &'a Limits,
    /// The activations but for the current one, the outermost first.
    callers: Vec<Caller>,
    id: FunctionId,
    function: &'a Function,
    /// The instruction that is executed next.
    position: usize,
    /// Where the current activation begins in `values`: its arguments, then its values.
    base: usize,
    /// What all activations hold. It never shrinks, and isn't cleared: valid code defines a value
    /// before it reads it.
    values: Vec<i64>,
    /// Values on their way to a function, an import or a block.
    moved: Vec<i64>,
    instructions: u64,
}

impl Interpreter<'_, '_> {
    fn run(&mut self) -> Result<Outcome, Fault> {
        let expected = self.function.parameters;
        let given = self.moved.len();
        if given != expected as usize {
            return Err(Fault::Arguments { expected, given });
        }
        self.enter(self.id, 0)?;
        loop {
            if self.instructions == self.limits.instructions {
                return Ok(Outcome::Limit);
            }
            self.instructions += 1;
            if let Some(outcome) = self.step()? {
                return Ok(outcome);
            }
        }
    }

    /// Executes one instruction.
    fn step(&mut self) -> Result<Option<Outcome>, Fault> {
        let op = self.function.instructions[self.position].op;
        self.position += 1;
        match op {
            Op::Constant { dest, value } => self.set(dest, value),
            Op::Argument { dest, index } => {
                let argument = self.values[self.base + index as usize];
                self.set(dest, argument);
            }
            Op::Unary { operator, dest, a } => self.set(dest, operator.evaluate(self.get(a))),
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => self.set(dest, operator.evaluate(self.get(a), self.get(b))),
            Op::Divide {
                operator,
                dest,
                a,
                b,
                exit,
            } => match operator.evaluate(self.get(a), self.get(b)) {
                Some(result) => self.set(dest, result),
                None => return self.leave_division(exit),
            },
            Op::Select {
                dest,
                condition,
                a,
                b,
            } => {
                let chosen = if self.get(condition) == 0 { b } else { a };
                self.set(dest, self.get(chosen));
            }
            Op::WideMultiply { low, high, a, b } => {
                let product = u128::from(self.get(a) as u64) * u128::from(self.get(b) as u64);
                self.set(low, product as i64);
                self.set(high, (product >> 64) as i64);
            }
            Op::WideDivide {
                results,
                operands,
                exit,
            } => {
                if !self.wide_divide(results, operands) {
                    return self.leave_division(exit);
                }
            }
            Op::Load {
                dest,
                address,
                offset,
                access,
            } => {
                let value = self.load(address, offset, access)?;
                self.set(dest, value);
            }
            Op::Store {
                value,
                address,
                offset,
                access,
            } => self.store(self.get(value), address, offset, access)?,
            Op::Call {
                dest,
                callee,
                arguments,
                exit,
            } => {
                self.fetch(arguments);
                match callee {
                    Callee::Function(id) => self.call(id)?,
                    Callee::Import(id) => match self.host.call(id, &self.moved) {
                        Reply::Continue(result) => self.set(dest, result),
                        Reply::Stop => return Ok(Some(self.leave(exit.ok_or(Fault::Stop)?))),
                    },
                }
            }
            Op::Guard { condition, exit } => {
                if self.get(condition) != 0 {
                    return Ok(Some(self.leave(exit)));
                }
            }
            Op::Poll { exit } => {
                if self.limits.interrupt {
                    return Ok(Some(self.leave(exit)));
                }
            }
            Op::StackCheck { exit } => {
                if self.depth() > self.limits.depth {
                    return Ok(Some(self.leave(exit)));
                }
            }
            Op::Jump { target } => self.jump(target),
            Op::Branch {
                condition,
                then,
                otherwise,
            } => {
                let target = if self.get(condition) == 0 {
                    otherwise
                } else {
                    then
                };
                self.jump(target);
            }
            Op::Return { value } => {
                let result = self.get(value);
                return Ok(self.return_to_caller(result));
            }
            Op::Leave { exit } => return Ok(Some(self.leave(exit))),
        }
        Ok(None)
    }

    fn slot(&self, value: Value) -> usize {
        self.base + self.function.parameters as usize + value.index()
    }

    fn get(&self, value: Value) -> i64 {
        self.values[self.slot(value)]
    }

    fn set(&mut self, value: Value, number: i64) {
        let slot = self.slot(value);
        self.values[slot] = number;
    }

    /// The number of activations.
    fn depth(&self) -> u64 {
        self.callers.len() as u64 + 1
    }

    /// Takes the values of a list into `moved`.
    fn fetch(&mut self, list: List) {
        self.moved.clear();
        for value in self.function.list(list) {
            let number = self.values[self.slot(value)];
            self.moved.push(number);
        }
    }

    /// Calls a function with the arguments in `moved`.
    fn call(&mut self, id: FunctionId) -> Result<(), Fault> {
        self.callers.push(Caller {
            id: self.id,
            position: self.position - 1,
            base: self.base,
        });
        let end = self.slot(Value(self.function.values));
        self.enter(id, end)
    }

    /// Begins an activation at a place in `values`.
    fn enter(&mut self, id: FunctionId, base: usize) -> Result<(), Fault> {
        self.id = id;
        self.function = &self.module.functions[id.index()];
        self.position = self.function.blocks[BlockId::ENTRY.index()].start as usize;
        self.base = base;
        let end = self.slot(Value(self.function.values));
        if end > self.limits.memory / size_of::<i64>() {
            return Err(Fault::OutOfMemory);
        }
        if self.values.len() < end {
            self.values.resize(end, 0);
        }
        self.values[base..base + self.moved.len()].copy_from_slice(&self.moved);
        Ok(())
    }

    /// Ends the activation. The outermost one's result is the outcome.
    fn return_to_caller(&mut self, result: i64) -> Option<Outcome> {
        let Some(caller) = self.callers.pop() else {
            return Some(Outcome::Returned(result));
        };
        self.id = caller.id;
        self.function = &self.module.functions[caller.id.index()];
        self.position = caller.position + 1;
        self.base = caller.base;
        if let Op::Call { dest, .. } = self.function.instructions[caller.position].op {
            self.set(dest, result);
        }
        None
    }

    /// Goes to a block. Its parameters get their values all at once.
    fn jump(&mut self, target: Target) {
        let block = self.function.blocks[target.block.index()];
        self.fetch(target.arguments);
        for (index, parameter) in self.function.list(block.parameters).enumerate() {
            let slot = self.slot(parameter);
            self.values[slot] = self.moved[index];
        }
        self.position = block.start as usize;
    }

    /// Divides; says whether that was possible.
    fn wide_divide(&mut self, results: List, operands: List) -> bool {
        self.fetch(operands);
        let [low, high, divisor] = [0, 1, 2].map(|index| u128::from(self.moved[index] as u64));
        if divisor == 0 {
            return false;
        }
        let dividend = high << 64 | low;
        let quotient = dividend / divisor;
        let numbers = [quotient, quotient >> 64, dividend % divisor];
        for (value, number) in self.function.list(results).zip(numbers) {
            let slot = self.slot(value);
            self.values[slot] = number as i64;
        }
        true
    }

    /// The bytes that a load or store reaches.
    fn bytes(&mut self, address: Value, offset: i32, width: Width) -> Result<&mut [u8], Fault> {
        let address = (self.get(address) as u64).wrapping_add_signed(i64::from(offset));
        let bytes = width.bytes();
        let start = usize::try_from(address.wrapping_sub(self.memory.base)).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(bytes as usize)?));
        range
            .and_then(|range| self.memory.bytes.get_mut(range))
            .ok_or(Fault::Access { address, bytes })
    }

    fn load(&mut self, address: Value, offset: i32, access: Access) -> Result<i64, Fault> {
        let bytes = self.bytes(address, offset, access.width)?;
        let mut little_endian = [0; 8];
        little_endian[..bytes.len()].copy_from_slice(bytes);
        if access.big_endian {
            little_endian[..bytes.len()].reverse();
        }
        let number = i64::from_le_bytes(little_endian);
        Ok(match (access.signed, access.width) {
            (true, Width::Byte) => i64::from(number as i8),
            (true, Width::Half) => i64::from(number as i16),
            (true, Width::Word) => i64::from(number as i32),
            _ => number,
        })
    }

    fn store(
        &mut self,
        number: i64,
        address: Value,
        offset: i32,
        access: Access,
    ) -> Result<(), Fault> {
        let bytes = self.bytes(address, offset, access.width)?;
        let len = bytes.len();
        bytes.copy_from_slice(&number.to_le_bytes()[..len]);
        if access.big_endian {
            bytes.reverse();
        }
        Ok(())
    }

    /// Leaves a division by zero.
    fn leave_division(&self, exit: Option<ExitId>) -> Result<Option<Outcome>, Fault> {
        Ok(Some(self.leave(exit.ok_or(Fault::DivisionByZero)?)))
    }

    /// Leaves by an exit of the instruction before the current position.
    fn leave(&self, exit: ExitId) -> Outcome {
        let exit = self.function.exits[exit.index()];
        let place = |id: FunctionId, position: usize| -> PlaceId {
            self.module.functions[id.index()].instructions[position]
                .origin
                .place
        };
        let innermost = Activation {
            function: self.id,
            place: place(self.id, self.position - 1),
        };
        let callers = self.callers.iter().rev().map(|caller| Activation {
            function: caller.id,
            place: place(caller.id, caller.position),
        });
        let calls = std::iter::once(innermost).chain(callers);
        Outcome::Left(Departure {
            reason: exit.reason,
            values: self
                .function
                .list(exit.values)
                .map(|v| self.get(v))
                .collect(),
            calls: calls.take(SHOWN_CALLS).collect(),
            depth: self.depth(),
        })
    }
}
