//! The functions for x86-64.

use codegen::context::{IMPORTS, INTERRUPT, STACK_LIMIT};
use codegen::machine::{CodeUnit, Frame, Location, Register, ReturnAddress, Symbol};
use codegen::x86_64::encode::encode;
use codegen::x86_64::instruction::{
    Address, Alu, CONTEXT, Cond, EXIT_SITE, Instruction as I, Label, Operand, RAX, RBX, RDI, RDX,
    RSI, RSP, Scale, Size, Source,
};

use super::{ASK, DOWN, SUM, TWICE, WAIT, assembly, call, exit};

const SIZE: Size = Size::Bits64;

fn immediate(op: Alu, rd: Register, value: i32) -> I {
    let operand = Operand::Immediate(value);
    I::Alu {
        op,
        size: SIZE,
        rd,
        operand,
    }
}

fn add(rd: Register, rm: Register) -> I {
    let operand = Operand::Register(rm);
    I::Alu {
        op: Alu::Add,
        size: SIZE,
        rd,
        operand,
    }
}

/// The first instruction of a way out.
const HERE: I = I::Here { rd: EXIT_SITE };

/// The second.
const LEAVE: I = I::JmpSymbol {
    symbol: Symbol::ExitStub,
};

/// A frame of one pushed register.
const FRAME: Frame = Frame {
    size: 8,
    return_address: ReturnAddress::Stack(8),
};

/// The functions as bytes.
pub(crate) fn units() -> Vec<CodeUnit> {
    vec![sum(), down(), wait(), ask(), twice()]
}

fn sum() -> CodeUnit {
    let last = Address::base(RSP, 8 + 3 * 8);
    let mut code = assembly(
        SUM,
        vec![
            I::Load {
                rd: RAX,
                address: last,
            },
            I::ImulImmediate {
                rd: RAX,
                operand: Operand::Register(RAX),
                value: 10,
            },
            I::Lea {
                rd: RDI,
                address: Address::indexed(RDI, RSI, Scale::Two),
            },
            add(RAX, RDI),
            I::Ret,
        ],
        &[],
    );
    code.frame.return_address = ReturnAddress::Stack(0);
    encode(&code)
}

fn down() -> CodeUnit {
    let mut code = assembly(
        DOWN,
        vec![
            I::Alu {
                op: Alu::Cmp,
                size: SIZE,
                rd: RSP,
                operand: Operand::Memory(Address::base(CONTEXT, STACK_LIMIT as i32)),
            },
            I::Jcc {
                cond: Cond::Be,
                label: Label(1),
            },
            I::Push { rd: RBX },
            I::MovImmediate { rd: RAX, value: 0 },
            I::Test {
                size: SIZE,
                rn: RDI,
                source: Source::Register(RDI),
            },
            I::Jcc {
                cond: Cond::E,
                label: Label(0),
            },
            immediate(Alu::Sub, RDI, 1),
            I::Call {
                symbol: Symbol::Function(DOWN),
            },
            immediate(Alu::Add, RAX, 1),
            I::Pop { rd: RBX },
            I::Ret,
            HERE,
            LEAVE,
        ],
        &[9, 11],
    );
    code.frame = FRAME;
    code.calls = vec![call(8, 1)];
    code.exits = vec![exit(11, false, &[])];
    code.checks_stack = true;
    encode(&code)
}

fn wait() -> CodeUnit {
    let mut code = assembly(
        WAIT,
        vec![
            I::Push { rd: RBX },
            I::Mov { rd: RBX, rn: RDI },
            I::Push { rd: RDI },
            I::AluMemory {
                op: Alu::Cmp,
                size: SIZE,
                address: Address::base(CONTEXT, INTERRUPT as i32),
                value: 0,
            },
            I::Jcc {
                cond: Cond::E,
                label: Label(0),
            },
            HERE,
            LEAVE,
        ],
        &[3],
    );
    code.frame = Frame {
        size: 16,
        return_address: ReturnAddress::Stack(16),
    };
    code.exits = vec![exit(
        5,
        true,
        &[
            Location::Register(3),
            Location::Slot(0),
            Location::Constant(-5),
        ],
    )];
    encode(&code)
}

fn ask() -> CodeUnit {
    let mut code = assembly(
        ASK,
        vec![
            I::Push { rd: RBX },
            I::Mov { rd: RSI, rn: RDI },
            I::MovImmediate { rd: RDX, value: 7 },
            I::Mov {
                rd: RDI,
                rn: CONTEXT,
            },
            I::CallMemory {
                address: Address::base(CONTEXT, IMPORTS as i32),
            },
            I::Test {
                size: SIZE,
                rn: RDX,
                source: Source::Register(RDX),
            },
            I::Jcc {
                cond: Cond::Ne,
                label: Label(0),
            },
            immediate(Alu::Add, RAX, 1),
            I::Pop { rd: RBX },
            I::Ret,
            HERE,
            LEAVE,
        ],
        &[10],
    );
    code.frame = FRAME;
    code.exits = vec![exit(10, true, &[])];
    encode(&code)
}

fn twice() -> CodeUnit {
    let mut code = assembly(
        TWICE,
        vec![
            I::Push { rd: RBX },
            I::Mov { rd: RBX, rn: RDI },
            I::Call {
                symbol: Symbol::Function(DOWN),
            },
            I::Mov { rd: RDI, rn: RBX },
            I::Mov { rd: RBX, rn: RAX },
            I::Push { rd: RBX },
            I::Push { rd: RBX },
            I::Call {
                symbol: Symbol::Function(DOWN),
            },
            I::Pop { rd: RBX },
            I::Pop { rd: RBX },
            add(RAX, RBX),
            I::Pop { rd: RBX },
            I::Ret,
        ],
        &[],
    );
    code.frame = FRAME;
    let mut second = call(8, 3);
    second.lowered = 16;
    code.calls = vec![call(3, 2), second];
    encode(&code)
}
