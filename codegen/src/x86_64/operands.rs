//! What register allocation is told about x86-64 instructions.

use super::instruction::{Address, Instruction, Operand, R11, RAX, RCX, RDI, RDX, RSI, Source};
use super::registers::{CALLER_SAVED, IMPORT_ENDS, RESULT};
use crate::machine::{Constraint, MachineInstruction, Register, RegisterSet, Role};

/// That an operand must be in a register of the machine.
const fn fixed(register: Register) -> Constraint {
    match register.number() {
        Some(number) => Constraint::Fixed(number),
        None => Constraint::Register,
    }
}

/// What a call spoils besides its result, which is defined beside it.
const CALL_SPOILS: RegisterSet = without(CALLER_SAVED, &[RESULT, R11]);
/// What an import spoils besides its results.
const IMPORT_SPOILS: RegisterSet = without(CALLER_SAVED, &[RESULT, IMPORT_ENDS, R11]);

const fn without(mut set: RegisterSet, registers: &[Register]) -> RegisterSet {
    let mut i = 0;
    while i < registers.len() {
        if let Some(number) = registers[i].number() {
            set.remove(number);
        }
        i += 1;
    }
    set
}

impl MachineInstruction for Instruction {
    #[inline]
    fn visit_registers(&mut self, mut visit: impl FnMut(&mut Register, Role, Constraint)) {
        let mut r#use = |register: &mut Register| visit(register, Role::Use, Constraint::Register);
        match self {
            Self::Mov { rd, rn } | Self::Extend { rd, rn, .. } => {
                r#use(rn);
                visit(rd, Role::Define, Constraint::Register);
            }
            Self::MovImmediate { rd, .. }
            | Self::LoadAddress { rd, .. }
            | Self::Here { rd }
            | Self::Constant { rd, .. }
            | Self::LoadArgument { rd, .. } => visit(rd, Role::Define, Constraint::Register),
            Self::Load { rd, address }
            | Self::LoadExtend { rd, address, .. }
            | Self::Lea { rd, address } => {
                visit_address(address, r#use);
                visit(rd, Role::Define, Constraint::Register);
            }
            Self::Store { rt, address, .. }
            | Self::CompareMemoryExit {
                rn: rt, address, ..
            } => {
                r#use(rt);
                visit_address(address, r#use);
            }
            Self::StoreImmediate { address, .. } | Self::AluMemory { address, .. } => {
                visit_address(address, r#use);
            }
            Self::ImulImmediate { rd, operand, .. } => {
                visit_operand(operand, r#use);
                visit(rd, Role::Define, Constraint::Register);
            }
            Self::Tied { rd, rn, source, .. } => {
                r#use(rn);
                visit_source(source, r#use);
                visit(rd, Role::Define, Constraint::SameAsFirstUse);
            }
            Self::TiedShift { rd, rn, count, .. } => {
                r#use(rn);
                visit(count, Role::Use, fixed(RCX));
                visit(rd, Role::Define, Constraint::SameAsFirstUse);
            }
            Self::WideMultiply {
                low, high, a, b, ..
            } => {
                visit(a, Role::Use, fixed(RAX));
                visit(b, Role::Use, Constraint::Register);
                visit(low, Role::Define, fixed(RAX));
                visit(high, Role::Define, fixed(RDX));
            }
            Self::Divide {
                quotient,
                remainder,
                dividend,
                divisor,
                ..
            } => {
                visit(dividend, Role::Use, fixed(RAX));
                visit(divisor, Role::Use, Constraint::Register);
                visit(quotient, Role::Define, fixed(RAX));
                visit(remainder, Role::DefineEarly, fixed(RDX));
            }
            Self::WideDivide {
                quotient_low,
                quotient_high,
                remainder,
                low,
                high,
                divisor,
            } => {
                visit(low, Role::Use, fixed(RCX));
                visit(high, Role::Use, fixed(RAX));
                visit(divisor, Role::Use, fixed(RSI));
                visit(quotient_low, Role::Define, fixed(RAX));
                visit(quotient_high, Role::DefineEarly, fixed(RDI));
                visit(remainder, Role::DefineEarly, fixed(RDX));
            }
            Self::Test { rn, source, .. }
            | Self::CompareJump { rn, source, .. }
            | Self::CompareExit { rn, source, .. } => {
                r#use(rn);
                visit_source(source, r#use);
            }
            Self::CompareSet { rd, rn, source, .. } => {
                r#use(rn);
                visit_source(source, r#use);
                visit(rd, Role::Define, Constraint::Register);
            }
            Self::CompareSelect {
                rn,
                source,
                rd,
                then,
                otherwise,
                ..
            } => {
                r#use(otherwise);
                r#use(then);
                r#use(rn);
                visit_source(source, r#use);
                visit(rd, Role::Define, Constraint::SameAsFirstUse);
            }
            // Not made before allocation, or without registers that it must know of.
            _ => {}
        }
    }

    #[inline]
    fn clobbers(&self) -> RegisterSet {
        match self {
            Self::CallFunction { .. } => CALL_SPOILS,
            Self::CallImport { .. } => IMPORT_SPOILS,
            _ => RegisterSet::EMPTY,
        }
    }

    #[inline]
    fn as_move(&self) -> Option<(Register, Register)> {
        match *self {
            Self::Mov { rd, rn } => Some((rd, rn)),
            _ => None,
        }
    }

    #[inline]
    fn as_constant(&self) -> Option<(Register, i64)> {
        match *self {
            Self::Constant { rd, value } => Some((rd, value)),
            _ => None,
        }
    }
}

#[inline]
fn visit_address(address: &mut Address, mut r#use: impl FnMut(&mut Register)) {
    if let Some(base) = &mut address.base {
        r#use(base);
    }
    if let Some((index, _)) = &mut address.index {
        r#use(index);
    }
}

#[inline]
fn visit_operand(operand: &mut Operand, mut r#use: impl FnMut(&mut Register)) {
    match operand {
        Operand::Register(register) => r#use(register),
        Operand::Immediate(_) => {}
        Operand::Memory(address) => visit_address(address, r#use),
    }
}

#[inline]
fn visit_source(source: &mut Source, mut r#use: impl FnMut(&mut Register)) {
    match source {
        Source::Register(register) => r#use(register),
        Source::Immediate(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::FunctionId;
    use crate::x86_64::instruction::{Alu, Tied};

    const fn v(index: u32) -> Register {
        Register::virtual_register(index)
    }

    #[test]
    fn the_first_use_of_a_tied_instruction_is_what_it_changes() {
        let mut seen = Vec::new();
        let mut subtraction = Instruction::Tied {
            op: Tied::Alu(Alu::Sub),
            rd: v(0),
            rn: v(1),
            source: Source::Register(v(2)),
        };
        subtraction.visit_registers(|register, _, constraint| seen.push((*register, constraint)));
        assert_eq!(
            seen,
            [
                (v(1), Constraint::Register),
                (v(2), Constraint::Register),
                (v(0), Constraint::SameAsFirstUse)
            ]
        );
    }

    #[test]
    fn a_call_spoils_all_that_it_need_not_save_but_its_result() {
        let call = Instruction::CallFunction {
            callee: FunctionId(0),
        };
        assert!(!call.clobbers().contains(0));
        assert!(call.clobbers().contains(10));
        assert!(!call.clobbers().contains(12));
    }
}
