//! Calls, parameters, and the two functions that are built in.

use codegen::ir::{Callee, ExitId, FunctionId, List, Op, Value};
use codegen::machine::{Constraint, Register, Role};
use codegen::origin::{Linkage, Mechanism, Origin};

use super::{Selector, own_register};
use crate::built_in::PUTC;
use crate::reason::Reason;
use crate::ulm::instruction::{Grouped, Half, Instruction, Source, Symbol, ZERO};
use crate::ulm::registers::{LAST_SCRATCH, Passing};

impl Selector<'_> {
    pub(super) fn call(
        &mut self,
        dest: Value,
        callee: Callee,
        arguments: List,
        exit: Option<ExitId>,
    ) {
        match callee {
            Callee::Function(callee) => {
                self.has_calls = true;
                match self.scheme.passing {
                    Passing::Registers { callee_registers } => {
                        self.call_leaf(dest, callee, arguments, callee_registers);
                    }
                    Passing::Stack => self.call_with_frame(dest, callee, arguments),
                }
            }
            Callee::Import(import) if import.index() == PUTC => self.putc(dest, arguments),
            Callee::Import(_) => self.getc(dest, exit),
        }
    }

    /// `ldzwq f, %CALL; jmp %CALL, %RET`, arguments and result in registers of the callee.
    fn call_leaf(&mut self, dest: Value, callee: FunctionId, arguments: List, spoils: u8) {
        let registers = self.registers(arguments);
        self.builder.set_linkage(Linkage::Precall);
        let call = self.scheme.call_register();
        self.load_address(callee, call);
        for (place, &register) in (1..).zip(&registers) {
            self.builder
                .operand(register, Role::Use, Constraint::Fixed(place));
        }
        self.builder
            .operand(own_register(dest), Role::Define, Constraint::Fixed(1));
        self.builder.emit(Instruction::Call {
            x: call,
            callee,
            spoils,
        });
    }

    /// Room for the frame, the arguments in it, the call, the result from it.
    ///
    /// ```text
    /// subq 32, %SP, %SP       ldzwq f, t              movq rval(%SP), dest
    /// movq a, 24(%SP)         jmp   t, %RET           addq 32, %SP, %SP
    /// ```
    fn call_with_frame(&mut self, dest: Value, callee: FunctionId, list: List) {
        let registers = self.registers(list);
        let arguments = registers.len() as u32;
        self.builder.set_linkage(Linkage::Precall);
        self.builder.set_mechanism(Mechanism::StateManagement);
        self.builder.emit(Instruction::OpenFrame { arguments });
        self.builder.set_mechanism(Mechanism::DataTransfer);
        for (index, x) in (0..).zip(registers) {
            self.builder.emit(Instruction::Argument { index, x });
        }
        let x = self.builder.register();
        self.load_address(callee, x);
        let spoils = LAST_SCRATCH;
        self.builder.emit(Instruction::Call { x, callee, spoils });
        self.builder.set_linkage(Linkage::Postreturn);
        self.builder.set_mechanism(Mechanism::DataTransfer);
        if self.values[dest.index()].uses > 0 {
            let z = own_register(dest);
            self.builder.emit(Instruction::Result { z });
        }
        self.builder.set_mechanism(Mechanism::StateManagement);
        self.builder.emit(Instruction::CloseFrame { arguments });
    }

    fn load_address(&mut self, callee: FunctionId, z: Register) {
        self.builder.set_mechanism(Mechanism::ControlTransfer);
        self.builder.emit(Instruction::LoadAddress {
            symbol: Symbol::Function(callee),
            half: Half::Whole,
            z,
        });
    }

    /// The registers of a call's arguments.
    fn registers(&mut self, arguments: List) -> Vec<Register> {
        let function = self.function;
        let is_on_stack = matches!(self.scheme.passing, Passing::Stack);
        function
            .list(arguments)
            .map(|value| {
                if is_on_stack {
                    self.register_or_zero(value)
                } else {
                    self.register(value)
                }
            })
            .collect()
    }

    /// `putc x`; its value is the argument.
    fn putc(&mut self, dest: Value, arguments: List) {
        let Some(argument) = self.function.list(arguments).next() else {
            return;
        };
        let x = match self.constant(argument) {
            Some(number) => Source::Immediate(i16::from(number as u8)),
            None => Source::Register(self.register(argument)),
        };
        self.builder.emit(Instruction::Putc { x });
        if self.values[dest.index()].uses > 0 {
            let y = self.register_or_zero(argument);
            let z = own_register(dest);
            self.builder.emit(Instruction::Move { z, y });
        }
    }

    /// The next byte, −1 at the end of the input, where the machine gives 255.
    fn getc(&mut self, dest: Value, exit: Option<ExitId>) {
        let y = self.builder.register();
        let getc = Instruction::Getc { x: y };
        match exit {
            Some(exit) => self.leaving(exit, getc),
            None => self.builder.emit(getc),
        }
        if self.values[dest.index()].uses > 0 {
            let z = own_register(dest);
            self.builder.emit(Instruction::InputByte { y, z });
        }
    }

    // ---- parameters ----

    /// The entry: parameters that come in registers.
    pub(super) fn parameters(&mut self) {
        if self.scheme.entry.is_some() || matches!(self.scheme.passing, Passing::Stack) {
            return;
        }
        let function = self.function;
        self.builder.begin(Origin::body(function.place));
        self.builder.set_linkage(Linkage::Prologue);
        self.builder.set_mechanism(Mechanism::DataTransfer);
        let mut is_met = vec![false; function.parameters as usize];
        for instruction in &function.instructions {
            if let Op::Argument { dest, index } = instruction.op
                && self.values[dest.index()].uses > 0
                && !std::mem::replace(&mut is_met[index as usize], true)
            {
                let place = index as u8 + 1;
                self.builder
                    .operand(own_register(dest), Role::Define, Constraint::Fixed(place));
            }
        }
        self.builder.emit(Instruction::Parameters);
    }

    /// `movq 24(%SP), z` on the stack; the number itself where the program begins with this function.
    pub(super) fn argument(&mut self, dest: Value, index: u32) {
        let z = own_register(dest);
        self.builder.set_linkage(Linkage::Prologue);
        self.builder.set_mechanism(Mechanism::DataTransfer);
        if let Some(arguments) = self.scheme.entry {
            let value = arguments.get(index as usize).copied().unwrap_or_default();
            self.builder.emit(Instruction::BuiltIn { z, value });
            return;
        }
        match self.scheme.passing {
            Passing::Stack => self.builder.emit(Instruction::Parameter { index, z }),
            Passing::Registers { .. } => {
                // The first of those that fetch it stands beside the entry.
                let first = self.function.instructions.iter().find_map(|i| match i.op {
                    Op::Argument { dest, index: other }
                        if other == index && self.values[dest.index()].uses > 0 =>
                    {
                        Some(dest)
                    }
                    _ => None,
                });
                if let Some(first) = first
                    && first != dest
                {
                    let y = own_register(first);
                    self.builder.emit(Instruction::Move { z, y });
                }
            }
        }
    }

    // ---- leaving ----

    /// An exit that is taken in any case: the division by zero that was found before, or the end of
    /// a stack that counts as exhausted.
    pub(super) fn leave(&mut self, exit: ExitId) {
        let reason = self.function.exits[exit.index()].reason;
        if Reason::from_number(reason) == Some(Reason::DivisionByZero) {
            let values = self.exit_values(exit);
            let y = values.first().copied().unwrap_or(ZERO);
            let first = self.scheme.group(0);
            let instruction = Instruction::Grouped {
                operation: Grouped::Divide,
                x: Source::Immediate(0),
                y,
                first,
            };
            self.builder.exit(exit, &values, instruction);
            self.builder.emit(Instruction::Unreachable);
        } else {
            self.leaving(exit, Instruction::Leave);
        }
    }
}
