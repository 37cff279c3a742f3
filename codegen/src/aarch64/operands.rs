//! What register allocation is told about AArch64 instructions.

use super::instruction::{Address, Instruction};
use super::registers::CALLER_SAVED;
use crate::machine::{Constraint, MachineInstruction, Register, RegisterSet, Role};

/// What a call gives back; it is defined beside the instruction.
const CALL_RESULT: RegisterSet = RegisterSet::of(&[super::registers::RESULT]);
/// What an import gives back.
const IMPORT_RESULTS: RegisterSet =
    RegisterSet::of(&[super::registers::RESULT, super::registers::IMPORT_ENDS]);
/// What the wide division works with besides its operands and results.
const WIDE_DIVIDE_TEMPORARIES: RegisterSet = RegisterSet::of(&[3, 4, 5, 6, 7]);

impl MachineInstruction for Instruction {
    #[inline]
    fn visit_registers(&mut self, mut visit: impl FnMut(&mut Register, Role, Constraint)) {
        let mut r#use = |register: &mut Register| visit(register, Role::Use, Constraint::Register);
        let defined = match self {
            Self::Movz { rd, .. }
            | Self::Movn { rd, .. }
            | Self::Constant { rd, .. }
            | Self::LoadAddress { rd, .. }
            | Self::Adr { rd, .. }
            | Self::StackParameter { rd, .. } => rd,
            Self::Movk { rd, .. } => {
                r#use(rd);
                rd
            }
            Self::Mov { rd, rn }
            | Self::MovSp { rd, rn }
            | Self::AddImmediate { rd, rn, .. }
            | Self::LogicalImmediate { rd, rn, .. }
            | Self::Alu1 { rd, rn, .. }
            | Self::ShiftImmediate { rd, rn, .. }
            | Self::Ubfx { rd, rn, .. }
            | Self::Sbfx { rd, rn, .. }
            | Self::Ubfiz { rd, rn, .. } => {
                r#use(rn);
                rd
            }
            Self::Alu { rd, rn, rm, .. }
            | Self::Alu2 { rd, rn, rm, .. }
            | Self::Select { rd, rn, rm, .. } => {
                r#use(rn);
                r#use(rm);
                rd
            }
            Self::Madd { rd, rn, rm, ra } | Self::Msub { rd, rn, rm, ra } => {
                r#use(rn);
                r#use(rm);
                r#use(ra);
                rd
            }
            Self::Load { rt, address, .. } => {
                visit_address(address, r#use);
                rt
            }
            Self::LoadPair { rt1, rt2, address } => {
                visit_address(address, r#use);
                visit(rt1, Role::Define, Constraint::Register);
                rt2
            }
            Self::Store { rt, address, .. } => {
                r#use(rt);
                visit_address(address, r#use);
                return;
            }
            Self::StorePair { rt1, rt2, address } => {
                r#use(rt1);
                r#use(rt2);
                visit_address(address, r#use);
                return;
            }
            Self::Cmp { rn, rm, .. } | Self::Cmn { rn, rm, .. } | Self::Tst { rn, rm, .. } => {
                r#use(rn);
                r#use(rm);
                return;
            }
            Self::CmpImmediate { rn, .. }
            | Self::CmnImmediate { rn, .. }
            | Self::TstImmediate { rn, .. }
            | Self::CmpSp { rm: rn }
            | Self::Cbz { rt: rn, .. }
            | Self::Cbnz { rt: rn, .. }
            | Self::Tbz { rt: rn, .. }
            | Self::Tbnz { rt: rn, .. }
            | Self::Blr { rn }
            | Self::Br { rn } => {
                r#use(rn);
                return;
            }
            Self::B { .. }
            | Self::BCond { .. }
            | Self::BlLocal { .. }
            | Self::BSymbol { .. }
            | Self::Bl { .. }
            | Self::Ret
            | Self::Nop
            | Self::Svc { .. }
            | Self::Brk { .. }
            | Self::CallFunction { .. }
            | Self::CallImport { .. }
            | Self::Parameters
            | Self::WideDivide
            | Self::StackCheck { .. }
            | Self::Return => return,
        };
        visit(defined, Role::Define, Constraint::Register);
    }

    #[inline]
    fn clobbers(&self) -> RegisterSet {
        match self {
            Self::CallFunction { .. } => CALLER_SAVED.difference(&CALL_RESULT),
            Self::CallImport { .. } => CALLER_SAVED.difference(&IMPORT_RESULTS),
            Self::WideDivide => WIDE_DIVIDE_TEMPORARIES,
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

/// The registers of an address are read. (Those that also change occur after allocation only.)
#[inline]
fn visit_address(address: &mut Address, mut r#use: impl FnMut(&mut Register)) {
    match address {
        Address::Offset(base, _) | Address::PreIndex(base, _) | Address::PostIndex(base, _) => {
            r#use(base);
        }
        Address::Index(base, index) | Address::ScaledIndex(base, index) => {
            r#use(base);
            r#use(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::instruction::{Alu, SP, Shift};
    use super::*;
    use crate::ir::FunctionId;

    fn roles(mut instruction: Instruction) -> Vec<(Option<u32>, Role)> {
        let mut seen = Vec::new();
        instruction
            .visit_registers(|register, role, _| seen.push((register.virtual_index(), role)));
        seen
    }

    const fn v(index: u32) -> Register {
        Register::virtual_register(index)
    }

    #[test]
    fn sources_are_visited_before_the_destination() {
        let add = Instruction::Alu {
            op: Alu::Add,
            rd: v(0),
            rn: v(1),
            rm: v(2),
            shift: Shift::Lsl,
            amount: 0,
        };
        assert_eq!(
            roles(add),
            [
                (Some(1), Role::Use),
                (Some(2), Role::Use),
                (Some(0), Role::Define)
            ]
        );
    }

    #[test]
    fn a_store_only_reads() {
        let store = Instruction::Store {
            access: super::super::instruction::MemoryAccess::Double,
            rt: v(3),
            address: Address::Offset(SP, 8),
        };
        assert_eq!(roles(store), [(Some(3), Role::Use), (None, Role::Use)]);
    }

    #[test]
    fn a_call_spoils_all_that_it_need_not_save_but_its_result() {
        let call = Instruction::CallFunction {
            callee: FunctionId(0),
        };
        assert!(!call.clobbers().contains(0));
        assert!(call.clobbers().contains(15));
        assert!(!call.clobbers().contains(19));
    }
}
