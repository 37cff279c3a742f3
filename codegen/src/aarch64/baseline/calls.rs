//! Calls of the baseline generator: save everything, call, restore everything.

use super::frame::{Layout, argument_registers};
use super::{Alu, CONTEXT, Generator, Instruction, MemoryAccess, SP, X16, X17, X19};
use crate::aarch64::instruction::Address;
use crate::context;
use crate::ir::{Callee, ExitId, FunctionId, ImportId, List, Value};
use crate::machine::{CallSite, Calls, Location, Register, RegisterSet, Symbol};
use crate::origin::{Linkage, Mechanism};

const X0: Register = Register::physical(0);
const X1: Register = Register::physical(1);

impl Generator<'_> {
    pub(super) fn call(
        &mut self,
        dest: Value,
        callee: Callee,
        arguments: List,
        exit: Option<ExitId>,
    ) {
        let arguments: Vec<_> = self.function.list(arguments).collect();
        let needed = self.needed_after_calls[self.output.calls.len()];
        self.save(needed);
        let lowered = match callee {
            Callee::Function(callee) => self.call_function(callee, &arguments),
            Callee::Import(import) => {
                self.call_import(import, &arguments);
                0
            }
        };
        self.output.calls.push(CallSite {
            returns_to: self.here(),
            lowered,
            origin: self.origin,
        });
        if lowered != 0 {
            self.set_part(Linkage::Postreturn, Mechanism::StateManagement);
            self.change_sp(Alu::Add, lowered);
        }
        if exit.is_some() {
            self.set_part(Linkage::Postreturn, Mechanism::DataTransfer);
            self.emit(Instruction::Mov { rd: X16, rn: X1 });
        }
        self.restore(dest, needed);
        self.set_part(Linkage::Body, Mechanism::Computation);
        if let Some(exit) = exit {
            let label = self.exit_label(exit);
            self.emit(Instruction::Cbnz { rt: X16, label });
        }
    }

    /// ```text
    /// str  x0, [x29, #24]
    /// str  x19, [x29, #32]
    /// …
    /// ```
    fn save(&mut self, needed: RegisterSet) {
        self.set_part(Linkage::Precall, Mechanism::StateManagement);
        for n in 0..self.layout.saved.len() {
            self.note_if_needless(n, needed);
            let rt = Register::physical(self.layout.saved[n]);
            self.store_slot(rt, Layout::saved_slot(n));
        }
    }

    /// The next instruction saves or restores the nth saved register; says so if nobody needs it.
    fn note_if_needless(&mut self, n: usize, needed: RegisterSet) {
        if !needed.contains(self.layout.saved[n]) {
            let at = self.here();
            self.output.needless.push(at);
        }
    }

    /// The loads in reverse order; x0's is the last, when the result has been taken.
    fn restore(&mut self, dest: Value, needed: RegisterSet) {
        self.set_part(Linkage::Postreturn, Mechanism::StateManagement);
        for n in (1..self.layout.saved.len()).rev() {
            self.note_if_needless(n, needed);
            let number = self.layout.saved[n];
            // What the result is about to overwrite is loaded all the same: this generator looks
            // at one instruction at a time.
            self.load_slot(Register::physical(number), Layout::saved_slot(n));
        }
        self.set_part(Linkage::Postreturn, Mechanism::DataTransfer);
        match self.places.location(dest) {
            Location::Register(number) => {
                self.emit(Instruction::Mov {
                    rd: Register::physical(number),
                    rn: X0,
                });
            }
            _ => self.move_result(dest, X0),
        }
        self.set_part(Linkage::Postreturn, Mechanism::StateManagement);
        self.note_if_needless(0, needed);
        self.load_slot(X0, Layout::saved_slot(0));
    }

    /// Gives by how much the stack pointer has been lowered for arguments.
    ///
    /// ```text
    /// movz x0, catalogue
    /// movz x1, 1
    /// mov  x2, x10
    /// movz x19, trampoline
    /// blr x19
    /// ```
    fn call_function(&mut self, callee: FunctionId, arguments: &[Value]) -> u32 {
        let in_registers = arguments.len().min(argument_registers(self.calls) as usize);
        let lowered = self.stack_arguments(&arguments[in_registers..]);
        let first = match self.calls {
            Calls::Direct => 0,
            Calls::Trampoline => {
                self.set_part(Linkage::Precall, Mechanism::ControlTransfer);
                self.emit(Instruction::LoadAddress {
                    rd: X0,
                    symbol: Symbol::Catalogue,
                });
                self.constant(X1, i64::from(callee.0));
                2
            }
        };
        self.set_part(Linkage::Precall, Mechanism::DataTransfer);
        self.register_arguments(&arguments[..in_registers], first);
        self.set_part(Linkage::Precall, Mechanism::ControlTransfer);
        match self.calls {
            Calls::Direct => self.emit(Instruction::Bl {
                symbol: Symbol::Function(callee),
            }),
            Calls::Trampoline => {
                self.emit(Instruction::LoadAddress {
                    rd: X19,
                    symbol: Symbol::Trampoline,
                });
                self.emit(Instruction::Blr { rn: X19 });
            }
        }
        lowered
    }

    /// `mov x0, x28`, the arguments from x1 on, `ldr x16, [imports]`, `blr x16`
    fn call_import(&mut self, import: ImportId, arguments: &[Value]) {
        self.set_part(Linkage::Precall, Mechanism::DataTransfer);
        self.emit(Instruction::Mov {
            rd: X0,
            rn: CONTEXT,
        });
        self.register_arguments(arguments, 1);
        self.set_part(Linkage::Precall, Mechanism::ControlTransfer);
        let offset = context::IMPORTS + 8 * import.0;
        let address = if offset <= 8 * 4095 {
            Address::Offset(CONTEXT, offset as i32)
        } else {
            self.constant(X17, i64::from(offset));
            Address::Index(CONTEXT, X17)
        };
        self.emit(Instruction::Load {
            access: MemoryAccess::Double,
            rt: X16,
            address,
        });
        self.emit(Instruction::Blr { rn: X16 });
    }

    /// Values live in x9 and up: none is overwritten before it is read.
    fn register_arguments(&mut self, arguments: &[Value], first: u8) {
        for (number, &argument) in (first..).zip(arguments) {
            let rd = Register::physical(number);
            let rn = self.read(argument, rd);
            if rn != rd {
                self.emit(Instruction::Mov { rd, rn });
            }
        }
    }

    /// Lowers the stack pointer and writes the arguments that no register is left for.
    fn stack_arguments(&mut self, arguments: &[Value]) -> u32 {
        if arguments.is_empty() {
            return 0;
        }
        let lowered = (8 * arguments.len() as u32).next_multiple_of(16);
        self.change_sp(Alu::Sub, lowered);
        self.set_part(Linkage::Precall, Mechanism::DataTransfer);
        for (n, &argument) in arguments.iter().enumerate() {
            let rt = self.read(argument, X16);
            let offset = 8 * n as u32;
            let address = if offset <= 8 * 4095 {
                Address::Offset(SP, offset as i32)
            } else {
                // An index register can't be added to the stack pointer with this form of address.
                self.emit(Instruction::MovSp { rd: X17, rn: SP });
                self.constant(crate::aarch64::instruction::LR, i64::from(offset));
                Address::Index(X17, crate::aarch64::instruction::LR)
            };
            self.emit(Instruction::Store {
                access: MemoryAccess::Double,
                rt,
                address,
            });
        }
        lowered
    }
}
