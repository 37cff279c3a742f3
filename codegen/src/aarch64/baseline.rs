//! The baseline generator: every IR instruction becomes the same few machine instructions, wherever
//! it stands.
//!
//! It is made to be read beside its output, and to be compared with what the optimised generator
//! makes of the same function. Values live in x9 … x15 and in spill slots (see [`places`]); x16, x17
//! and, since every function saves it, x30 are scratch.
//!
//! ```text
//! fn f - #args: 0, #reg: 4 {            stp  x29, x30, [sp, #-64]!
//!     0:  mvi  @r0, 1                   mov  x29, sp
//!     1:  mvi  @r1, 2                   movz x9, 1
//!     2:  call @r2, g:1(r1)             movz x10, 2
//!     3:  add  @r3, r0, r2              (saves, arguments, branch, restores)
//!     4:  ret  r3                       add  x10, x9, x11
//! }                                     mov  x0, x10
//!                                       ldp  x29, x30, [sp], #64
//!                                       ret
//! ```
//!
//! A frame, from its low end: x29 and x30, 8 bytes that stay unused, the registers that calls save,
//! the spill slots.

mod calls;
mod frame;
mod needed;
mod places;
mod wide_division;

use crate::aarch64::instruction::{
    Address, Alu, Alu1, Alu2, CONTEXT, Cond, FP, Instruction, LR, Label, MemoryAccess, SP, Select,
    Shift, X16, X17, ZR,
};
use crate::context;
use crate::ir::{
    Access, Binary, BlockId, Condition, Division, ExitId, Function, FunctionId, List, Module, Op,
    Target, Unary, Value, Width,
};
use crate::machine::{
    Assembly, Calls, ExitSite, Frame, Location, Register, RegisterSet, ReturnAddress, Symbol,
};
use crate::origin::{Linkage, Mechanism, Origin};
use crate::regalloc::parallel_move::{Move, Sequencer};

use frame::Layout;
use places::Places;

/// The registers that values live in, in the order in which they are first taken.
const VALUE_REGISTERS: [u8; 7] = [9, 10, 11, 12, 13, 14, 15];
/// The number of x16, through which moves between slots go.
const SCRATCH: u8 = 16;
/// x19 holds the trampoline's address in a call.
const X19: Register = Register::physical(19);

/// Generates code for one function of a verified module.
pub fn generate(module: &Module, id: FunctionId, calls: Calls) -> Assembly<Instruction> {
    let function = &module.functions[id.index()];
    let places = Places::of(function);
    let layout = Layout::of(function, &places, calls);
    let blocks = function.blocks.len();
    let mut generator = Generator {
        function,
        places,
        layout,
        calls,
        origin: Origin::default(),
        needed_after_calls: Vec::new(),
        stubs: Vec::new(),
        output: Assembly {
            id,
            name: function.name.clone(),
            instructions: Vec::new(),
            origins: Vec::new(),
            labels: vec![u32::MAX; blocks],
            frame: Frame::default(),
            slots_at: 0,
            exits: Vec::new(),
            calls: Vec::new(),
            checks_stack: false,
            needless: Vec::new(),
        },
    };
    generator.run();
    generator.output
}

/// An exit that has been branched to, whose stub has not been written yet.
struct Stub {
    label: u32,
    site: ExitSite,
}

struct Generator<'a> {
    function: &'a Function,
    places: Places,
    layout: Layout,
    calls: Calls,
    /// The origin of what is being written.
    origin: Origin,
    /// By call, in the order in which they are written: the registers that are needed after it.
    needed_after_calls: Vec<RegisterSet>,
    stubs: Vec<Stub>,
    output: Assembly<Instruction>,
}

impl Generator<'_> {
    fn run(&mut self) {
        self.output.frame = Frame {
            size: self.layout.size,
            return_address: ReturnAddress::Stack(8),
        };
        self.output.slots_at = self.layout.spills_at;
        let order = std::mem::take(&mut self.places.order);
        self.needed_after_calls =
            needed::after_calls(self.function, &self.places, &order, self.calls);
        self.stack_check();
        self.enter();
        for (position, &block) in order.iter().enumerate() {
            self.output.labels[block.index()] = self.here();
            let next = order.get(position + 1).copied();
            for instruction in self.function.block(block) {
                self.origin = Origin::body(instruction.origin.place);
                self.instruction(&instruction.op, next);
            }
        }
        self.write_stubs();
    }

    fn here(&self) -> u32 {
        self.output.instructions.len() as u32
    }

    fn emit(&mut self, instruction: Instruction) {
        self.output.instructions.push(instruction);
        self.output.origins.push(self.origin);
    }

    /// Says which part in a call the instructions have that are written from here on.
    const fn set_part(&mut self, linkage: Linkage, mechanism: Mechanism) {
        self.origin = self.origin.with(linkage).doing(mechanism);
    }

    fn new_label(&mut self) -> u32 {
        self.output.labels.push(u32::MAX);
        self.output.labels.len() as u32 - 1
    }

    fn place_label(&mut self, label: u32) {
        self.output.labels[label as usize] = self.here();
    }

    // Values.

    /// The register that holds a value; a spilled one is loaded into the scratch register given.
    fn read(&mut self, value: Value, scratch: Register) -> Register {
        match self.places.location(value) {
            Location::Register(number) => Register::physical(number),
            Location::Slot(slot) => {
                self.load_slot(scratch, self.layout.spill(slot));
                scratch
            }
            Location::Constant(_) => unreachable!("this generator keeps every value"),
        }
    }

    /// Where to compute a value: its register, or scratch. [`Self::store_result`] follows.
    fn result(&self, dest: Value) -> Register {
        match self.places.location(dest) {
            Location::Register(number) => Register::physical(number),
            _ => X16,
        }
    }

    /// Brings a spilled result from where it was computed to its slot.
    fn store_result(&mut self, dest: Value) {
        self.move_result(dest, self.result(dest));
    }

    /// Brings a result from a register to its place.
    fn move_result(&mut self, dest: Value, from: Register) {
        match self.places.location(dest) {
            Location::Register(number) if Register::physical(number) == from => {}
            Location::Register(number) => {
                self.emit(Instruction::Mov {
                    rd: Register::physical(number),
                    rn: from,
                });
            }
            Location::Slot(slot) => self.store_slot(from, self.layout.spill(slot)),
            Location::Constant(_) => unreachable!("this generator keeps every value"),
        }
    }

    /// `movz` with the lowest half-word, `movk` for each further one that is not zero.
    fn constant(&mut self, rd: Register, value: i64) {
        self.emit(Instruction::Movz {
            rd,
            value: value as u16,
            shift: 0,
        });
        for shift in [16, 32, 48] {
            let half = (value >> shift) as u16;
            if half != 0 {
                self.emit(Instruction::Movk {
                    rd,
                    value: half,
                    shift,
                });
            }
        }
    }

    // Instructions.

    fn instruction(&mut self, op: &Op, next: Option<BlockId>) {
        match *op {
            Op::Constant { dest, value } => {
                let rd = self.result(dest);
                self.constant(rd, value);
                self.store_result(dest);
            }
            Op::Argument { dest, index } => self.argument(dest, index),
            Op::Unary { operator, dest, a } => {
                let rn = self.read(a, X16);
                let rd = self.result(dest);
                self.unary(operator, rd, rn);
                self.store_result(dest);
            }
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => {
                let rn = self.read(a, X16);
                let rm = self.read(b, X17);
                let rd = self.result(dest);
                self.binary(operator, rd, rn, rm);
                self.store_result(dest);
            }
            Op::Divide {
                operator,
                dest,
                a,
                b,
                exit,
            } => {
                let rn = self.read(a, X16);
                let rm = self.read(b, X17);
                self.check_divisor(rm, exit);
                let rd = self.result(dest);
                self.divide(operator, rd, rn, rm);
                self.store_result(dest);
            }
            Op::Select {
                dest,
                condition,
                a,
                b,
            } => {
                let rn = self.read(condition, X16);
                self.emit(Instruction::CmpImmediate { rn, value: 0 });
                let rn = self.read(a, X16);
                let rm = self.read(b, X17);
                let rd = self.result(dest);
                self.emit(Instruction::Select {
                    op: Select::Csel,
                    rd,
                    rn,
                    rm,
                    cond: Cond::Ne,
                });
                self.store_result(dest);
            }
            Op::WideMultiply { low, high, a, b } => {
                let rn = self.read(a, X16);
                let rm = self.read(b, X17);
                self.emit(Instruction::Alu2 {
                    op: Alu2::Umulh,
                    rd: LR,
                    rn,
                    rm,
                });
                self.emit(Instruction::Alu2 {
                    op: Alu2::Mul,
                    rd: X16,
                    rn,
                    rm,
                });
                self.move_result(low, X16);
                self.move_result(high, LR);
            }
            Op::WideDivide {
                results,
                operands,
                exit,
            } => {
                self.wide_divide(results, operands, exit);
            }
            Op::Load {
                dest,
                address,
                offset,
                access,
            } => self.load(dest, address, offset, access),
            Op::Store {
                value,
                address,
                offset,
                access,
            } => {
                self.store(value, address, offset, access);
            }
            Op::Call {
                dest,
                callee,
                arguments,
                exit,
            } => self.call(dest, callee, arguments, exit),
            Op::Guard { condition, exit } => {
                let rt = self.read(condition, X16);
                let label = self.exit_label(exit);
                self.emit(Instruction::Cbnz { rt, label });
            }
            Op::Poll { exit } => {
                let address = Address::Offset(CONTEXT, context::INTERRUPT as i32);
                self.emit(Instruction::Load {
                    access: MemoryAccess::Double,
                    rt: X16,
                    address,
                });
                let label = self.exit_label(exit);
                self.emit(Instruction::Cbnz { rt: X16, label });
            }
            // Stands before the frame: see `stack_check`.
            Op::StackCheck { .. } => {}
            Op::Jump { target } => {
                self.hand_over(target);
                if self.only_returns(target.block) {
                    self.set_part(Linkage::Epilogue, Mechanism::ControlTransfer);
                }
                self.go_to(target.block, next);
            }
            Op::Branch {
                condition,
                then,
                otherwise,
            } => {
                self.branch(condition, then, otherwise, next);
            }
            Op::Return { value } => {
                self.set_part(Linkage::Epilogue, Mechanism::DataTransfer);
                let rn = self.read(value, X16);
                self.emit(Instruction::Mov {
                    rd: Register::physical(0),
                    rn,
                });
                self.leave();
            }
            Op::Leave { exit } => {
                let label = self.exit_label(exit);
                self.emit(Instruction::B { label });
            }
        }
    }

    /// `mov xD, xN`, or a load from where the caller has put it.
    fn argument(&mut self, dest: Value, index: u32) {
        self.set_part(Linkage::Prologue, Mechanism::DataTransfer);
        let in_registers = frame::argument_registers(self.calls);
        if index < in_registers {
            self.move_result(dest, Register::physical(index as u8));
        } else {
            let rd = self.result(dest);
            self.load_slot(rd, self.layout.size + 8 * (index - in_registers));
            self.store_result(dest);
        }
    }

    fn unary(&mut self, operator: Unary, rd: Register, rn: Register) {
        let op = match operator {
            Unary::Negate => return self.alu(Alu::Sub, rd, ZR, rn),
            Unary::Not => return self.alu(Alu::Orn, rd, ZR, rn),
            Unary::SignExtend8 => Alu1::Sxtb,
            Unary::SignExtend16 => Alu1::Sxth,
            Unary::SignExtend32 => Alu1::Sxtw,
            Unary::ZeroExtend8 => Alu1::Uxtb,
            Unary::ZeroExtend16 => Alu1::Uxth,
            Unary::ZeroExtend32 => Alu1::Uxtw,
        };
        self.emit(Instruction::Alu1 { op, rd, rn });
    }

    fn alu(&mut self, op: Alu, rd: Register, rn: Register, rm: Register) {
        self.emit(Instruction::Alu {
            op,
            rd,
            rn,
            rm,
            shift: Shift::Lsl,
            amount: 0,
        });
    }

    fn binary(&mut self, operator: Binary, rd: Register, rn: Register, rm: Register) {
        let op = match operator {
            Binary::Add => return self.alu(Alu::Add, rd, rn, rm),
            Binary::Subtract => return self.alu(Alu::Sub, rd, rn, rm),
            Binary::And => return self.alu(Alu::And, rd, rn, rm),
            Binary::Or => return self.alu(Alu::Orr, rd, rn, rm),
            Binary::Xor => return self.alu(Alu::Eor, rd, rn, rm),
            Binary::Compare(condition) => {
                self.emit(Instruction::Cmp {
                    rn,
                    rm,
                    shift: Shift::Lsl,
                    amount: 0,
                });
                // cset xD, cond
                let cond = cond(condition.negated());
                self.emit(Instruction::Select {
                    op: Select::Csinc,
                    rd,
                    rn: ZR,
                    rm: ZR,
                    cond,
                });
                return;
            }
            Binary::Multiply => Alu2::Mul,
            Binary::MultiplyHighSigned => Alu2::Smulh,
            Binary::MultiplyHighUnsigned => Alu2::Umulh,
            Binary::ShiftLeft => Alu2::Lsl,
            Binary::ShiftRight => Alu2::Lsr,
            Binary::ShiftRightSigned => Alu2::Asr,
        };
        self.emit(Instruction::Alu2 { op, rd, rn, rm });
    }

    fn check_divisor(&mut self, rt: Register, exit: Option<ExitId>) {
        if let Some(exit) = exit {
            let label = self.exit_label(exit);
            self.emit(Instruction::Cbz { rt, label });
        }
    }

    /// A remainder is what the quotient leaves: `sdiv x30, xA, xB`, `msub xD, x30, xB, xA`.
    fn divide(&mut self, operator: Division, rd: Register, rn: Register, rm: Register) {
        let op = match operator {
            Division::Signed | Division::SignedRemainder => Alu2::Sdiv,
            Division::Unsigned | Division::UnsignedRemainder => Alu2::Udiv,
        };
        match operator {
            Division::Signed | Division::Unsigned => {
                self.emit(Instruction::Alu2 { op, rd, rn, rm });
            }
            Division::SignedRemainder | Division::UnsignedRemainder => {
                self.emit(Instruction::Alu2 { op, rd: LR, rn, rm });
                self.emit(Instruction::Msub {
                    rd,
                    rn: LR,
                    rm,
                    ra: rn,
                });
            }
        }
    }

    // Memory.

    /// An address as an operand, in x17 and x30 where it needs instructions of its own.
    fn address(&mut self, address: Value, offset: i32) -> Address {
        let base = self.read(address, X17);
        if (-256..256).contains(&offset) {
            return Address::Offset(base, offset);
        }
        self.constant(LR, i64::from(offset));
        Address::Index(base, LR)
    }

    fn load(&mut self, dest: Value, address: Value, offset: i32, access: Access) {
        let address = self.address(address, offset);
        let rd = self.result(dest);
        let plain = Access {
            signed: access.signed && !access.big_endian,
            ..access
        };
        self.emit(Instruction::Load {
            access: load_access(plain),
            rt: rd,
            address,
        });
        if access.big_endian {
            self.reverse_bytes(rd, rd, access.width);
            let extend = match (access.signed, access.width) {
                (true, Width::Half) => Some(Alu1::Sxth),
                (true, Width::Word) => Some(Alu1::Sxtw),
                (true, Width::Byte) => Some(Alu1::Sxtb),
                _ => None,
            };
            if let Some(op) = extend {
                self.emit(Instruction::Alu1 { op, rd, rn: rd });
            }
        }
        self.store_result(dest);
    }

    fn store(&mut self, value: Value, address: Value, offset: i32, access: Access) {
        let mut rt = self.read(value, X16);
        let address = self.address(address, offset);
        if access.big_endian {
            self.reverse_bytes(X16, rt, access.width);
            rt = X16;
        }
        let access = load_access(Access {
            signed: false,
            ..access
        });
        self.emit(Instruction::Store {
            access,
            rt,
            address,
        });
    }

    fn reverse_bytes(&mut self, rd: Register, rn: Register, width: Width) {
        let op = match width {
            Width::Byte => Alu1::Uxtb,
            Width::Half => Alu1::Rev16,
            Width::Word => Alu1::Rev32,
            Width::Double => Alu1::Rev,
        };
        self.emit(Instruction::Alu1 { op, rd, rn });
    }

    // Control.

    fn jump(&mut self, target: Target, next: Option<BlockId>) {
        self.hand_over(target);
        self.go_to(target.block, next);
    }

    /// `b block`, unless that comes next.
    fn go_to(&mut self, block: BlockId, next: Option<BlockId>) {
        if next != Some(block) {
            let label = Label::Local(block.0);
            self.emit(Instruction::B { label });
        }
    }

    fn only_returns(&self, block: BlockId) -> bool {
        let first = self.function.block(block).first();
        first.is_some_and(|instruction| matches!(instruction.op, Op::Return { .. }))
    }

    /// `cbnz xC, then`, `b otherwise`. A side with arguments gets a block of its own for the moves.
    fn branch(&mut self, condition: Value, then: Target, otherwise: Target, next: Option<BlockId>) {
        let rt = self.read(condition, X16);
        if then.arguments == List::EMPTY {
            self.emit(Instruction::Cbnz {
                rt,
                label: Label::Local(then.block.0),
            });
            self.jump(otherwise, next);
        } else {
            let label = self.new_label();
            self.emit(Instruction::Cbnz {
                rt,
                label: Label::Local(label),
            });
            self.jump(otherwise, None);
            self.place_label(label);
            self.jump(then, next);
        }
    }

    /// Moves arguments to a block's parameters, all at once.
    fn hand_over(&mut self, target: Target) {
        let parameters = self
            .function
            .list(self.function.blocks[target.block.index()].parameters);
        let arguments = self.function.list(target.arguments);
        let moves: Vec<Move> = parameters
            .zip(arguments)
            .map(|(to, from)| Move {
                to: self.places.location(to),
                from: self.places.location(from),
            })
            .collect();
        let mut sequence = Vec::with_capacity(moves.len());
        let mut sequencer = Sequencer::new(SCRATCH, self.places.slots);
        sequencer.sequence(&moves, |step| sequence.push(step));
        for step in sequence {
            match (step.to, step.from) {
                (Location::Register(to), Location::Register(from)) => self.emit(Instruction::Mov {
                    rd: Register::physical(to),
                    rn: Register::physical(from),
                }),
                (Location::Register(to), Location::Slot(slot)) => {
                    self.load_slot(Register::physical(to), self.layout.spill(slot));
                }
                (Location::Slot(slot), Location::Register(from)) => {
                    self.store_slot(Register::physical(from), self.layout.spill(slot));
                }
                _ => unreachable!("a move in sequence has a register on one side"),
            }
        }
    }

    // Exits.

    /// A label of a stub that leaves by this exit, with its values where they are now.
    fn exit_label(&mut self, exit: ExitId) -> Label {
        let values = self.function.exits[exit.index()].values;
        let values = self
            .function
            .list(values)
            .map(|value| self.places.location(value))
            .collect();
        self.stub(exit, values, true)
    }

    fn stub(&mut self, exit: ExitId, values: Vec<Location>, framed: bool) -> Label {
        let label = self.new_label();
        let site = ExitSite {
            at: 0,
            exit,
            framed,
            values,
            origin: self.origin,
        };
        self.stubs.push(Stub { label, site });
        Label::Local(label)
    }

    /// `ldr x16, [limit]`, `cmp sp, x16`, `b.ls exit`, where the function has a check.
    fn stack_check(&mut self) {
        let first = self.function.instructions.first();
        let Some((Op::StackCheck { exit }, origin)) = first.map(|first| (first.op, first.origin))
        else {
            return;
        };
        self.output.checks_stack = true;
        self.origin = origin;
        self.set_part(Linkage::Prologue, Mechanism::StateManagement);
        let address = Address::Offset(CONTEXT, context::STACK_LIMIT as i32);
        self.emit(Instruction::Load {
            access: MemoryAccess::Double,
            rt: X16,
            address,
        });
        self.emit(Instruction::CmpSp { rm: X16 });
        let label = self.stub(exit, Vec::new(), false);
        self.emit(Instruction::BCond {
            cond: Cond::Ls,
            label,
        });
    }

    fn write_stubs(&mut self) {
        for Stub { label, mut site } in std::mem::take(&mut self.stubs) {
            self.place_label(label);
            self.origin = Origin::body(site.origin.place);
            site.at = self.here();
            self.emit(Instruction::Adr {
                rd: X16,
                label: Label::Local(label),
            });
            self.emit(Instruction::BSymbol {
                symbol: Symbol::ExitStub,
            });
            self.output.exits.push(site);
        }
    }
}

/// The condition code of a comparison.
const fn cond(condition: Condition) -> Cond {
    match condition {
        Condition::Equal => Cond::Eq,
        Condition::NotEqual => Cond::Ne,
        Condition::Less => Cond::Lt,
        Condition::LessEqual => Cond::Le,
        Condition::Greater => Cond::Gt,
        Condition::GreaterEqual => Cond::Ge,
        Condition::Below => Cond::Lo,
        Condition::BelowEqual => Cond::Ls,
        Condition::Above => Cond::Hi,
        Condition::AboveEqual => Cond::Hs,
    }
}

const fn load_access(access: Access) -> MemoryAccess {
    match (access.width, access.signed) {
        (Width::Byte, false) => MemoryAccess::Byte,
        (Width::Byte, true) => MemoryAccess::SignedByte,
        (Width::Half, false) => MemoryAccess::Half,
        (Width::Half, true) => MemoryAccess::SignedHalf,
        (Width::Word, false) => MemoryAccess::Word,
        (Width::Word, true) => MemoryAccess::SignedWord,
        (Width::Double, _) => MemoryAccess::Double,
    }
}
