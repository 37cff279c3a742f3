//! The code of an executable that no IR can say: the start, system calls, and what stands between
//! the program's imports and the functions that do their work.
//!
//! Imports keep to [`context`](crate::context): the context's address comes first, and the second
//! result is 0 to go on.

use super::layout::{ARGUMENTS, CODE, CONTEXT, STATE, state};
use super::runtime::{Runtime, Stub};
use crate::ir::FunctionId;
use crate::link::Architecture;
use crate::machine::{CodeUnit, Symbol};

/// The code of all stubs. `main` is the program's function that is run.
pub(super) fn assemble(
    runtime: &Runtime,
    architecture: Architecture,
    main: FunctionId,
) -> Vec<CodeUnit> {
    let function = |name| Symbol::Function(runtime.function(name));
    Stub::ALL
        .into_iter()
        .map(|stub| {
            let callee = match stub {
                Stub::Begin => function("start"),
                Stub::Putc => function("putc"),
                Stub::Getc => function("getc"),
                Stub::System | Stub::Enter => Symbol::Function(main),
            };
            let mut unit = match architecture {
                Architecture::Aarch64 => aarch64::assemble(stub, callee),
                Architecture::X86_64 => x86_64::assemble(stub, callee),
            };
            unit.id = runtime.stub(stub);
            unit
        })
        .collect()
}

mod aarch64 {
    use super::{ARGUMENTS, CODE, CONTEXT, CodeUnit, STATE, Stub, Symbol, state};
    use crate::aarch64::encode::encode;
    use crate::aarch64::instruction::{
        Address, CONTEXT as CONTEXT_REGISTER, FP, Instruction, LR, SP, X16,
    };
    use crate::aarch64::stubs::Writer;
    use crate::machine::Register;

    const fn x(number: u8) -> Register {
        Register::physical(number)
    }

    pub(super) fn assemble(stub: Stub, callee: Symbol) -> CodeUnit {
        let mut code = Writer::default();
        match stub {
            Stub::Begin => {
                code.push(Instruction::MovSp { rd: x(0), rn: SP });
                constant(&mut code, CONTEXT_REGISTER, CONTEXT);
                code.push(Instruction::Bl { symbol: callee });
                code.push(Instruction::Brk { value: 0 });
            }
            Stub::System => {
                for (rd, rn) in [(8, 1), (0, 2), (1, 3), (2, 4)] {
                    mov(&mut code, rd, rn);
                }
                code.push(Instruction::Svc { value: 0 });
                code.constant(x(1), 0);
                code.push(Instruction::Ret);
            }
            Stub::Enter => framed(&mut code, |code| {
                code.push(Instruction::LoadAddress {
                    rd: x(1),
                    symbol: callee,
                });
                constant(code, x(2), ARGUMENTS);
                constant(code, x(3), STATE);
                code.load(x(3), x(3), state::STACK as u32);
                constant(code, X16, CODE);
                code.push(Instruction::Blr { rn: X16 });
            }),
            Stub::Putc | Stub::Getc => framed(&mut code, |code| {
                mov(code, 0, 1);
                code.push(Instruction::Bl { symbol: callee });
            }),
        }
        encode(&code.finish())
    }

    fn mov(code: &mut Writer, rd: u8, rn: u8) {
        let (rd, rn) = (x(rd), x(rn));
        code.push(Instruction::Mov { rd, rn });
    }

    fn constant(code: &mut Writer, rd: Register, value: u64) {
        let value = value as i64;
        code.push(Instruction::Constant { rd, value });
    }

    /// A body that calls, and then 0 as the second result.
    fn framed(code: &mut Writer, body: impl FnOnce(&mut Writer)) {
        code.push(Instruction::StorePair {
            rt1: FP,
            rt2: LR,
            address: Address::PreIndex(SP, -16),
        });
        body(code);
        code.constant(x(1), 0);
        code.push(Instruction::LoadPair {
            rt1: FP,
            rt2: LR,
            address: Address::PostIndex(SP, 16),
        });
        code.push(Instruction::Ret);
    }
}

mod x86_64 {
    use super::{ARGUMENTS, CODE, CONTEXT, CodeUnit, STATE, Stub, Symbol, state};
    use crate::machine::Register;
    use crate::x86_64::encode::encode;
    use crate::x86_64::instruction::{
        CONTEXT as CONTEXT_REGISTER, Instruction, R8, RAX, RBX, RCX, RDI, RDX, RSI, RSP,
    };
    use crate::x86_64::stubs::Writer;

    pub(super) fn assemble(stub: Stub, callee: Symbol) -> CodeUnit {
        let mut code = Writer::default();
        match stub {
            Stub::Begin => {
                code.mov(RDI, RSP);
                constant(&mut code, CONTEXT_REGISTER, CONTEXT);
                code.push(Instruction::Call { symbol: callee });
                code.push(Instruction::Ud2);
            }
            Stub::System => {
                for (rd, rn) in [(RAX, RSI), (RDI, RDX), (RSI, RCX), (RDX, R8)] {
                    code.mov(rd, rn);
                }
                code.push(Instruction::Syscall);
                code.constant(RDX, 0);
                code.push(Instruction::Ret);
            }
            Stub::Enter => framed(&mut code, |code| {
                code.push(Instruction::LoadAddress {
                    rd: RSI,
                    symbol: callee,
                });
                constant(code, RDX, ARGUMENTS);
                constant(code, RCX, STATE);
                code.load(RCX, RCX, state::STACK as u32);
                constant(code, RAX, CODE);
                code.push(Instruction::CallRegister { rn: RAX });
            }),
            Stub::Putc | Stub::Getc => framed(&mut code, |code| {
                code.mov(RDI, RSI);
                code.push(Instruction::Call { symbol: callee });
            }),
        }
        encode(&code.finish())
    }

    fn constant(code: &mut Writer, rd: Register, value: u64) {
        code.constant(rd, value as i64);
    }

    /// A body that calls, and then 0 as the second result.
    fn framed(code: &mut Writer, body: impl FnOnce(&mut Writer)) {
        code.push(Instruction::Push { rd: RBX });
        body(code);
        code.constant(RDX, 0);
        code.push(Instruction::Pop { rd: RBX });
        code.push(Instruction::Ret);
    }
}
