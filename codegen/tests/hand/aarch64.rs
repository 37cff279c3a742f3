//! The functions for AArch64.

use codegen::aarch64::encode;
use codegen::aarch64::instruction::{
    Address, Alu, CONTEXT, Cond, Instruction as I, LR, Label, MemoryAccess, SP, Shift, X16,
};
use codegen::context::{IMPORTS, INTERRUPT, STACK_LIMIT};
use codegen::machine::{CodeUnit, Frame, Location, Register, ReturnAddress, Symbol};

use super::{ASK, DOWN, SUM, TWICE, WAIT, assembly, call, exit};

const fn x(number: u8) -> Register {
    Register::physical(number)
}

fn load(rt: Register, base: Register, offset: u32) -> I {
    I::Load {
        access: MemoryAccess::Double,
        rt,
        address: Address::Offset(base, offset as i32),
    }
}

fn add(rd: Register, rn: Register, rm: Register, amount: u8) -> I {
    let (op, shift) = (Alu::Add, Shift::Lsl);
    I::Alu {
        op,
        rd,
        rn,
        rm,
        shift,
        amount,
    }
}

fn immediate(op: Alu, rd: Register, rn: Register, value: u32) -> I {
    I::AddImmediate { op, rd, rn, value }
}

fn push(rt1: Register) -> I {
    I::StorePair {
        rt1,
        rt2: LR,
        address: Address::PreIndex(SP, -16),
    }
}

fn pop(rt1: Register) -> I {
    I::LoadPair {
        rt1,
        rt2: LR,
        address: Address::PostIndex(SP, 16),
    }
}

fn leave() -> [I; 2] {
    [
        I::Adr {
            rd: X16,
            label: Label::Offset(0),
        },
        I::BSymbol {
            symbol: Symbol::ExitStub,
        },
    ]
}

/// A frame of one pair of registers.
const FRAME: Frame = Frame {
    size: 16,
    return_address: ReturnAddress::Stack(8),
};

/// The functions as bytes.
pub(crate) fn units() -> Vec<CodeUnit> {
    vec![sum(), down(), wait(), ask(), twice()]
}

fn sum() -> CodeUnit {
    encode(&assembly(
        SUM,
        vec![
            load(x(9), SP, 8),
            add(x(0), x(0), x(1), 1),
            add(x(0), x(0), x(9), 3),
            add(x(0), x(0), x(9), 1),
            I::Ret,
        ],
        &[],
    ))
}

fn down() -> CodeUnit {
    let [adr, b] = leave();
    let mut code = assembly(
        DOWN,
        vec![
            load(X16, CONTEXT, STACK_LIMIT),
            I::CmpSp { rm: X16 },
            I::BCond {
                cond: Cond::Ls,
                label: Label::Local(1),
            },
            push(x(19)),
            I::Cbz {
                rt: x(0),
                label: Label::Local(0),
            },
            immediate(Alu::Sub, x(0), x(0), 1),
            I::Bl {
                symbol: Symbol::Function(DOWN),
            },
            immediate(Alu::Add, x(0), x(0), 1),
            pop(x(19)),
            I::Ret,
            adr,
            b,
        ],
        &[8, 10],
    );
    code.frame = FRAME;
    code.calls = vec![call(7, 1)];
    code.exits = vec![exit(10, false, &[])];
    code.checks_stack = true;
    encode(&code)
}

fn wait() -> CodeUnit {
    let [adr, b] = leave();
    let mut code = assembly(
        WAIT,
        vec![
            I::StorePair {
                rt1: x(0),
                rt2: LR,
                address: Address::PreIndex(SP, -16),
            },
            load(X16, CONTEXT, INTERRUPT),
            I::Cbz {
                rt: X16,
                label: Label::Local(0),
            },
            adr,
            b,
        ],
        &[1],
    );
    code.frame = FRAME;
    code.exits = vec![exit(
        3,
        true,
        &[
            Location::Register(0),
            Location::Slot(0),
            Location::Constant(-5),
        ],
    )];
    encode(&code)
}

fn ask() -> CodeUnit {
    let [adr, b] = leave();
    let mut code = assembly(
        ASK,
        vec![
            push(x(19)),
            I::Mov { rd: x(1), rn: x(0) },
            I::Movz {
                rd: x(2),
                value: 7,
                shift: 0,
            },
            I::Mov {
                rd: x(0),
                rn: CONTEXT,
            },
            load(X16, CONTEXT, IMPORTS),
            I::Blr { rn: X16 },
            I::Cbnz {
                rt: x(1),
                label: Label::Local(0),
            },
            immediate(Alu::Add, x(0), x(0), 1),
            pop(x(19)),
            I::Ret,
            adr,
            b,
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
            push(x(19)),
            I::Mov {
                rd: x(19),
                rn: x(0),
            },
            I::Bl {
                symbol: Symbol::Function(DOWN),
            },
            I::Mov { rd: x(9), rn: x(0) },
            I::Mov {
                rd: x(0),
                rn: x(19),
            },
            I::Mov {
                rd: x(19),
                rn: x(9),
            },
            immediate(Alu::Sub, SP, SP, 16),
            I::Bl {
                symbol: Symbol::Function(DOWN),
            },
            immediate(Alu::Add, SP, SP, 16),
            add(x(0), x(0), x(19), 0),
            pop(x(19)),
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
