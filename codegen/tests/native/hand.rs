//! Functions written by hand in the instructions of this machine, with the IR that they stand for as
//! far as the linker asks: parameters, exits, imports, calls.

use codegen::ir::{ExitId, Function, FunctionId, Import, Module};
use codegen::machine::{Assembly, CallSite, ExitSite, Frame, Location};
use codegen::origin::{Origin, PlaceId};

/// `fn sum(10 parameters)`: the first + twice the second + 10 times the last.
pub(crate) const SUM: FunctionId = FunctionId(0);
/// `fn down(n)`: 0 for 0, else 1 + `down(n - 1)`; checks the stack and leaves with
/// [`EXHAUSTED`].
pub(crate) const DOWN: FunctionId = FunctionId(1);
/// `fn wait(x)`: polls for ever; leaves with [`INTERRUPTED`] and x.
pub(crate) const WAIT: FunctionId = FunctionId(2);
/// `fn ask(x)`: calls the import with x and 7 and returns its result + 1; leaves with [`STOPPED`].
pub(crate) const ASK: FunctionId = FunctionId(3);
/// `fn twice(x)`: `down(x) + down(x)`, so that [`DOWN`] has a caller.
pub(crate) const TWICE: FunctionId = FunctionId(4);

pub(crate) const EXHAUSTED: u32 = 11;
pub(crate) const INTERRUPTED: u32 = 12;
pub(crate) const STOPPED: u32 = 13;

/// The IR, without instructions.
pub(crate) fn module() -> Module {
    let function = |name: &str, parameters, reason: Option<u32>| {
        let mut function = Function::new(name, parameters);
        if let Some(reason) = reason {
            function.make_exit(reason, &[]);
        }
        function
    };
    Module {
        functions: vec![
            function("sum", 10, None),
            function("down", 1, Some(EXHAUSTED)),
            function("wait", 1, Some(INTERRUPTED)),
            function("ask", 1, Some(STOPPED)),
            function("twice", 1, None),
        ],
        imports: vec![Import {
            name: String::from("host"),
            parameters: 2,
        }],
    }
}

/// An origin by the number of its place.
pub(crate) fn origin(place: u32) -> Origin {
    Origin::body(PlaceId(place))
}

/// A function of these instructions.
pub(crate) fn assembly<I>(id: FunctionId, instructions: Vec<I>, labels: &[u32]) -> Assembly<I> {
    Assembly {
        id,
        name: String::from("by hand"),
        origins: vec![Origin::default(); instructions.len()],
        instructions,
        labels: labels.to_vec(),
        frame: Frame::default(),
        slots_at: 0,
        exits: Vec::new(),
        calls: Vec::new(),
        checks_stack: false,
    }
}

/// The first exit of a function, at an instruction.
pub(crate) fn exit(at: u32, framed: bool, values: &[Location]) -> ExitSite {
    ExitSite {
        at,
        exit: ExitId(0),
        framed,
        values: values.to_vec(),
        origin: origin(100),
    }
}

/// A call that returns to an instruction.
pub(crate) fn call(returns_to: u32, place: u32) -> CallSite {
    CallSite {
        returns_to,
        lowered: 0,
        origin: origin(place),
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::units;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use codegen::context::{IMPORTS, INTERRUPT, STACK_LIMIT};
    use codegen::machine::{CodeUnit, Frame, Location, Register, ReturnAddress, Symbol};
    use codegen::x86_64::encode::encode;
    use codegen::x86_64::instruction::{
        Address, Alu, CONTEXT, Cond, Instruction as I, Label, Operand, RAX, RBX, RDI, RDX, RSI,
        RSP, Scale, Size, Source,
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

    fn leave() -> I {
        I::Call {
            symbol: Symbol::ExitStub,
        }
    }

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
                leave(),
                I::Ud2,
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
                leave(),
                I::Ud2,
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
                leave(),
                I::Ud2,
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
}

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::units;

#[cfg(target_arch = "aarch64")]
mod aarch64 {
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
}
