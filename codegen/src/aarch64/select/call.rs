//! Calls, parameters, and what asks the context.

use super::super::instruction::{Address, CONTEXT, Instruction, MemoryAccess};
use super::super::registers::{self, ArgumentPlace};
use super::Selector;
use super::condition::Test;
use crate::context;
use crate::ir::{Callee, ExitId, FunctionId, ImportId, List, Value};
use crate::machine::{Constraint, Role};
use crate::origin::{Linkage, Mechanism};

impl Selector<'_> {
    pub(super) fn call(
        &mut self,
        dest: Value,
        callee: Callee,
        arguments: List,
        exit: Option<ExitId>,
    ) {
        // What comes after the call and needs a constant makes it after the call.
        self.constants.end_region(&mut self.builder);
        self.has_calls = true;
        let builder = &mut self.builder;
        builder.set_part(Linkage::Precall, Mechanism::DataTransfer);
        match callee {
            Callee::Function(callee) => self.call_function(dest, callee, arguments),
            Callee::Import(import) => self.call_import(dest, import, arguments, exit),
        }
    }

    /// Arguments beside the call, those past the last register stored at `[sp]` before it.
    fn call_function(&mut self, dest: Value, callee: FunctionId, arguments: List) {
        let function = self.function;
        for (index, value) in function.list(arguments).enumerate() {
            if let ArgumentPlace::Stack(place) = registers::argument(self.calls, index as u32) {
                let address = self.outgoing_address(place * 8);
                let rt = self.register_or_zero(value);
                self.builder.emit(Instruction::Store {
                    access: MemoryAccess::Double,
                    rt,
                    address,
                });
                self.outgoing = self.outgoing.max(place * 8 + 8);
            }
        }
        for (index, value) in function.list(arguments).enumerate() {
            if let ArgumentPlace::Register(place) = registers::argument(self.calls, index as u32) {
                self.argument_in(place, value);
            }
        }
        self.result_in(registers::RESULT, dest);
        self.branch_with_link(Instruction::CallFunction { callee });
    }

    /// Arguments from x1 on; x0 is the context's. `cbnz x1, exit` follows.
    fn call_import(
        &mut self,
        dest: Value,
        import: ImportId,
        arguments: List,
        exit: Option<ExitId>,
    ) {
        let function = self.function;
        for (index, value) in function.list(arguments).enumerate() {
            self.argument_in(index as u8 + 1, value);
        }
        self.result_in(registers::RESULT, dest);
        let ends = self.builder.register();
        let fixed = Constraint::Fixed(registers::IMPORT_ENDS);
        self.builder.operand(ends, Role::Define, fixed);
        self.branch_with_link(Instruction::CallImport { import });
        if let Some(exit) = exit {
            self.leave_if(Test::NotZero(ends), exit);
        }
    }

    /// The call itself, with the operands that have been collected. The body goes on behind it.
    fn branch_with_link(&mut self, call: Instruction) {
        let builder = &mut self.builder;
        builder.set_part(Linkage::Precall, Mechanism::ControlTransfer);
        builder.emit_with_operands(call);
        builder.set_part(Linkage::Body, Mechanism::Computation);
    }

    fn argument_in(&mut self, place: u8, value: Value) {
        let register = self.register(value);
        self.builder
            .operand(register, Role::Use, Constraint::Fixed(place));
    }

    fn result_in(&mut self, place: u8, value: Value) {
        let register = self.own_register(value);
        self.builder
            .operand(register, Role::Define, Constraint::Fixed(place));
    }

    /// A parameter: of those in registers the function's entry takes care.
    pub(super) fn argument(&mut self, dest: Value, index: u32) {
        let rd = self.own_register(dest);
        let builder = &mut self.builder;
        builder.set_part(Linkage::Prologue, Mechanism::DataTransfer);
        match registers::parameter(self.calls, index) {
            ArgumentPlace::Stack(index) => {
                builder.emit(Instruction::StackParameter { rd, index });
            }
            ArgumentPlace::Register(place) => {
                if let Some(later) = self.parameters[usize::from(place)].replace(rd) {
                    // It is fetched a second time.
                    builder.emit(Instruction::Mov { rd: later, rn: rd });
                }
            }
        }
    }

    /// The first instruction of all, with the parameters in registers beside it.
    pub(super) fn parameters(&mut self) {
        for place in 0..self.parameters.len() as u8 {
            if let Some(register) = self.parameters[usize::from(place)] {
                self.builder
                    .operand(register, Role::Define, Constraint::Fixed(place));
            }
        }
        let builder = &mut self.builder;
        builder.set_part(Linkage::Prologue, Mechanism::DataTransfer);
        builder.emit_with_operands(Instruction::Parameters);
    }

    /// `ldr xt, [x28, #8]; cbnz xt, exit`
    pub(super) fn poll(&mut self, exit: ExitId) {
        let rt = self.builder.register();
        self.builder.emit(Instruction::Load {
            access: MemoryAccess::Double,
            rt,
            address: Address::Offset(CONTEXT, context::INTERRUPT as i32),
        });
        self.leave_if(Test::NotZero(rt), exit);
    }
}
