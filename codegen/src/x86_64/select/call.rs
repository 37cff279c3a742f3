//! Calls, and the arguments of the function itself.

use super::Selector;
use crate::ir::{Callee, ExitId, FunctionId, ImportId, List, Value};
use crate::machine::Register;
use crate::origin::{Linkage, Mechanism};
use crate::x86_64::instruction::{Address, Instruction, RSP, Size};
use crate::x86_64::registers::{
    ArgumentPlace, IMPORT_ENDS, RESULT, argument, import_argument, parameter,
};

impl Selector<'_> {
    pub(super) fn call(
        &mut self,
        dest: Value,
        callee: Callee,
        arguments: List,
        exit: Option<ExitId>,
    ) {
        self.has_calls = true;
        match callee {
            Callee::Function(callee) => self.call_function(dest, callee, arguments),
            Callee::Import(import) => self.call_import(dest, import, arguments, exit),
        }
    }

    /// The arguments to their places, `call`, and the result from rax.
    fn call_function(&mut self, dest: Value, callee: FunctionId, arguments: List) {
        self.builder
            .set_part(Linkage::Precall, Mechanism::DataTransfer);
        let function = self.function;
        let place = |index| argument(self.calls, index);
        let places: Vec<ArgumentPlace> = (0..function.list(arguments).len() as u32)
            .map(place)
            .collect();
        for (value, place) in function.list(arguments).zip(&places) {
            if let ArgumentPlace::Register(place) = *place {
                let register = self.register(value);
                self.use_fixed(register, place);
            }
        }
        let result = self.own_register(dest);
        self.define_fixed(result, RESULT);
        self.builder
            .emit_with_operands(Instruction::CallFunction { callee });
        for (value, place) in function.list(arguments).zip(&places).rev() {
            if let ArgumentPlace::Stack(index) = *place {
                self.put_on_stack(value, index);
            }
        }
    }

    fn put_on_stack(&mut self, value: Value, index: u32) {
        self.outgoing = self.outgoing.max(index + 1);
        let address = Address::base(RSP, 8 * index as i32);
        let size = Size::Bits64;
        let instruction = match self.immediate(value) {
            Some(value) => Instruction::StoreImmediate {
                size,
                address,
                value,
            },
            None => Instruction::Store {
                size,
                rt: self.register(value),
                address,
            },
        };
        self.builder.emit(instruction);
    }

    /// The arguments behind the context's address, `call`, and whether the program ends. That is
    /// asked behind the call, so that the exit's values are where the call has left them.
    fn call_import(
        &mut self,
        dest: Value,
        import: ImportId,
        arguments: List,
        exit: Option<ExitId>,
    ) {
        let ends = self.builder.register();
        if let Some(exit) = exit {
            self.leave_unless_zero(ends, exit);
        }
        self.builder
            .set_part(Linkage::Precall, Mechanism::DataTransfer);
        let function = self.function;
        for (index, value) in (0..).zip(function.list(arguments)) {
            let register = self.register(value);
            self.use_fixed(register, import_argument(index));
        }
        let result = self.own_register(dest);
        self.define_fixed(result, RESULT);
        self.define_fixed(ends, IMPORT_ENDS);
        self.builder
            .emit_with_operands(Instruction::CallImport { import });
    }

    /// The function's own argument.
    pub(super) fn argument(&mut self, dest: Value, index: u32) {
        let rd = self.own_register(dest);
        self.builder
            .set_part(Linkage::Prologue, Mechanism::DataTransfer);
        match parameter(self.calls, index) {
            ArgumentPlace::Stack(index) => {
                self.builder.emit(Instruction::LoadArgument { rd, index });
            }
            ArgumentPlace::Register(_) => match self.parameters[index as usize] {
                None => self.parameters[index as usize] = Some(rd),
                Some(rn) => self.builder.emit(Instruction::Mov { rd, rn }),
            },
        }
    }

    /// Where the arguments are that are used, at the very beginning.
    pub(super) fn begin_function(&mut self) {
        let used: Vec<(Register, Register)> = (0..)
            .zip(self.parameters)
            .filter_map(|(index, register)| match parameter(self.calls, index) {
                ArgumentPlace::Register(place) => Some((register?, place)),
                ArgumentPlace::Stack(_) => None,
            })
            .collect();
        if used.is_empty() {
            return;
        }
        for (register, place) in used {
            self.define_fixed(register, place);
        }
        self.builder
            .set_part(Linkage::Prologue, Mechanism::DataTransfer);
        self.builder.emit_with_operands(Instruction::Parameters);
    }
}
