//! What single instructions become that only exist before this.

use super::{Finisher, Stub};
use crate::context;
use crate::ir::{BlockId, Division};
use crate::machine::Register;
use crate::x86_64::instruction::{
    Address, Alu, CONTEXT, Compare, Cond, Divisor, Extend, Instruction, Label, Operand, RAX, RCX,
    RDI, RDX, RSI, RSP, Scale, Shift, Size, Source, Tied, Unary,
};

impl Finisher<'_> {
    #[inline]
    pub(super) fn instruction(&mut self, block: usize, index: u32, instruction: Instruction) {
        match instruction {
            Instruction::Mov { rd, rn } => {
                if rd != rn {
                    self.emit(instruction);
                }
            }
            Instruction::Constant { rd, value } => self.constant(rd, value),
            Instruction::Lea { rd, address } => self.lea(rd, address),
            Instruction::Tied { op, rd, rn, source } => {
                debug_assert_eq!(rd, rn, "{instruction}");
                self.emit(tied(op, rd, source));
                self.flags_are_kept = self.are_flags_read_behind(index);
            }
            Instruction::TiedShift { op, rd, rn, .. } => {
                debug_assert_eq!(rd, rn, "{instruction}");
                let size = Size::Bits64;
                self.emit(Instruction::ShiftCl { op, size, rd });
            }
            Instruction::Jmp { label } => {
                let label = self.layout.target(BlockId(label.0));
                self.origin = self.parts.jump_origin(self.origin, label.0);
                self.jump(block, label);
            }
            Instruction::CompareJump {
                compare,
                cond,
                rn,
                source,
                ..
            } => self.compare_jump(block, (compare, cond), rn, source),
            Instruction::CompareExit {
                compare,
                cond,
                rn,
                source,
            } => {
                self.compare((compare, cond), rn, source);
                self.exit_if(cond, index, true);
            }
            Instruction::CompareMemoryExit { cond, rn, address } => {
                self.emit(Instruction::Alu {
                    op: Alu::Cmp,
                    size: Size::Bits64,
                    rd: rn,
                    operand: Operand::Memory(address),
                });
                self.exit_if(cond, index, true);
            }
            Instruction::CompareSet {
                compare,
                cond,
                rd,
                rn,
                source,
            } => self.compare_set((compare, cond), rd, rn, source),
            Instruction::CompareSelect {
                compare,
                cond,
                rn,
                source,
                rd,
                then,
                ..
            } => {
                if rd != then {
                    self.compare((compare, cond), rn, source);
                    let rn = then;
                    self.emit(Instruction::Cmov { cond, rd, rn });
                }
            }
            Instruction::WideMultiply { op, b, .. } => self.unary(op, b),
            Instruction::Divide {
                op, known, divisor, ..
            } => self.divide(index, op, known, divisor),
            Instruction::WideDivide { .. } => self.wide_divide(index),
            Instruction::Parameters => {}
            Instruction::LoadArgument { rd, index } => {
                // Above the frame and the return address.
                let offset = self.assembly.frame.size + 8 + 8 * index;
                let address = Address::base(RSP, offset as i32);
                self.emit(Instruction::Load { rd, address });
            }
            Instruction::CallFunction { callee } => self.call_function(callee),
            Instruction::CallImport { import } => self.call_import(import),
            Instruction::Poll => {
                self.emit(Instruction::AluMemory {
                    op: Alu::Cmp,
                    size: Size::Bits64,
                    address: Address::base(CONTEXT, context::INTERRUPT as i32),
                    value: 0,
                });
                self.exit_if(Cond::Ne, index, true);
            }
            Instruction::StackCheck => {
                if self.checked != Some(index) {
                    self.checked = None;
                    self.stack_check(index);
                }
            }
            Instruction::Leave => {
                if let Some(exit) = self.exit(index, true) {
                    self.leave(exit);
                }
            }
            Instruction::Return => self.give_back(block),
            other => self.emit(other),
        }
    }

    /// Whether the next instruction that isn't a constant reads the flags that this one leaves.
    fn are_flags_read_behind(&self, index: u32) -> bool {
        self.code.instructions[index as usize + 1..]
            .iter()
            .find(|instruction| !matches!(instruction, Instruction::Constant { .. }))
            .is_some_and(Instruction::reads_flags)
    }

    /// `xor rd, rd` or `mov rd, value`; `mov rd, 0` where the flags are needed.
    fn constant(&mut self, rd: Register, value: i64) {
        self.emit(if self.flags_are_kept {
            Instruction::MovImmediate { rd, value }
        } else {
            constant(rd, value)
        });
    }

    fn jump(&mut self, block: usize, label: Label) {
        if self.layout.is_next(block, label) {
            return;
        }
        if self.layout.only_returns(label) && self.saved.is_empty() {
            return self.give_back(label.0 as usize);
        }
        let label = self.swap_with_exit(label);
        self.emit(Instruction::Jmp { label });
    }

    /// Where a jump has to lead that is about to be emitted. Behind a jump to an exit it is the exit,
    /// which is hardly ever taken, and the jump before leads where this one would have:
    ///
    /// ```text
    ///     js  .L9               jns .L1
    ///     jmp .L1          →    jmp .L9
    /// ```
    fn swap_with_exit(&mut self, target: Label) -> Label {
        let in_block = self.position() > self.block_start;
        let exit = match self.stubs.last() {
            Some(&(label, Stub::Exit(_), _)) if in_block => label,
            _ => return target,
        };
        match self.assembly.instructions.last_mut() {
            Some(Instruction::Jcc { cond, label }) if *label == exit => {
                *cond = cond.negated();
                *label = target;
                exit
            }
            _ => target,
        }
    }

    /// `cmp a, b; jcc then`, and a jump to the other way unless that comes next.
    fn compare_jump(
        &mut self,
        block: usize,
        (compare, cond): (Compare, Cond),
        rn: Register,
        source: Source,
    ) {
        let [Some(then), Some(otherwise)] = self.code.blocks[block].successors else {
            debug_assert!(false, "a branch has two ways");
            return;
        };
        let (then, otherwise) = (self.layout.target(then), self.layout.target(otherwise));
        if then != otherwise {
            self.compare((compare, cond), rn, source);
            if self.layout.is_next(block, then) {
                let cond = cond.negated();
                let label = otherwise;
                return self.emit(Instruction::Jcc { cond, label });
            }
            self.emit(Instruction::Jcc { cond, label: then });
        }
        self.jump(block, otherwise);
    }

    /// `cmp a, b`, `test a, b`; `test a, a` for `cmp a, 0`, or nothing if the flags tell it already.
    fn compare(&mut self, (compare, cond): (Compare, Cond), rn: Register, source: Source) {
        if compare == Compare::Kept {
            self.flags_are_kept = false;
            return;
        }
        if (compare, source) == (Compare::Cmp, Source::Immediate(0)) && self.flags_tell(cond, rn) {
            return;
        }
        let size = match (compare, source) {
            // A number that isn't negative leaves nothing of the upper half.
            (Compare::Test, Source::Immediate(0..)) => Size::Bits32,
            _ => Size::Bits64,
        };
        self.emit(match (compare, source) {
            (Compare::Cmp, Source::Immediate(0)) => Instruction::Test {
                size,
                rn,
                source: Source::Register(rn),
            },
            (Compare::Cmp, _) => Instruction::Alu {
                op: Alu::Cmp,
                size,
                rd: rn,
                operand: source.into(),
            },
            (Compare::Test | Compare::Kept, _) => Instruction::Test { size, rn, source },
        });
    }

    /// Whether the last instruction of the block has just computed a register, and has left flags
    /// from which a condition against 0 can be seen: the overflow of a sum says something else.
    fn flags_tell(&self, cond: Cond, rn: Register) -> bool {
        let in_block = self.position() > self.block_start;
        let last = self.assembly.instructions.last().filter(|_| in_block);
        match last {
            Some(&Instruction::Alu { op, rd, .. }) if rd == rn => match op {
                Alu::And | Alu::Or | Alu::Xor => true,
                Alu::Add | Alu::Sub => matches!(cond, Cond::E | Cond::Ne),
                Alu::Adc | Alu::Sbb | Alu::Cmp => false,
            },
            _ => false,
        }
    }

    /// `xor rd, rd; cmp a, b; setcc rd`, or, if the comparison needs the register,
    /// `cmp a, b; setcc rd; movzx rd, rd`.
    fn compare_set(
        &mut self,
        (compare, cond): (Compare, Cond),
        rd: Register,
        rn: Register,
        source: Source,
    ) {
        let free = rd != rn && source != Source::Register(rd);
        if free {
            self.emit(zero(rd));
        }
        self.compare((compare, cond), rn, source);
        self.emit(Instruction::Set { cond, rd });
        if !free {
            let op = Extend::Zero8;
            self.emit(Instruction::Extend { op, rd, rn: rd });
        }
    }

    /// `add`, `shl` or `mov` where that is the same, else `lea`.
    fn lea(&mut self, rd: Register, address: Address) {
        let add = |operand| Instruction::Alu {
            op: Alu::Add,
            size: Size::Bits64,
            rd,
            operand,
        };
        let Address {
            base,
            index,
            displacement,
        } = address;
        self.emit(match (base, index, displacement) {
            (Some(rn), None, 0) if rd == rn => return,
            (Some(rn), None, 0) => Instruction::Mov { rd, rn },
            (Some(rn), None, -0x7fff_ffff..0) if rd == rn => Instruction::Alu {
                op: Alu::Sub,
                size: Size::Bits64,
                rd,
                operand: Operand::Immediate(-displacement),
            },
            (Some(rn), None, _) if rd == rn => add(Operand::Immediate(displacement)),
            (Some(rn), Some((rm, Scale::One)), 0) if rd == rn => add(Operand::Register(rm)),
            (Some(rn), Some((rm, Scale::One)), 0) if rd == rm => add(Operand::Register(rn)),
            (None, Some((rn, scale)), 0) if rd == rn => Instruction::ShiftImmediate {
                op: Shift::Shl,
                size: Size::Bits64,
                rd,
                amount: scale as u8,
            },
            // rbp and r13 as a base need a displacement, as an index they don't.
            (Some(rn), Some((rm, Scale::One)), 0)
                if rn.number() == Some(5) || rn.number() == Some(13) =>
            {
                let address = Address::indexed(rm, rn, Scale::One);
                Instruction::Lea { rd, address }
            }
            _ => Instruction::Lea { rd, address },
        });
    }

    fn unary(&mut self, op: Unary, rd: Register) {
        let size = Size::Bits64;
        self.emit(Instruction::Unary { op, size, rd });
    }

    /// ```text
    ///     test d, d; je exit       if it may leave
    ///     cmp  d, -1; je L         signed, if it may be that: the machine traps on MIN / -1
    ///     cqo; idiv d              or  xor edx, edx; div d
    /// ```
    fn divide(&mut self, index: u32, op: Division, known: Divisor, divisor: Register) {
        self.leave_if_zero(index, divisor);
        match op {
            Division::Unsigned | Division::UnsignedRemainder => {
                self.emit(zero(RDX));
                self.unary(Unary::Div, divisor);
            }
            Division::Signed | Division::SignedRemainder => {
                let back = (known == Divisor::Any).then(|| self.apart_if_negative_one(divisor));
                self.emit(Instruction::Cqo);
                self.unary(Unary::Idiv, divisor);
                if let Some(back) = back {
                    self.place(back);
                }
            }
        }
    }

    fn leave_if_zero(&mut self, index: u32, divisor: Register) {
        let exits = self.code.exits.get(self.next_exit);
        if exits.is_some_and(|exit| exit.instruction == index) {
            self.compare((Compare::Cmp, Cond::E), divisor, Source::Immediate(0));
            self.exit_if(Cond::E, index, true);
        }
    }

    /// Sends a division by −1 to a stub; gives the label to which that comes back.
    fn apart_if_negative_one(&mut self, divisor: Register) -> Label {
        let back = self.label();
        let label = self.stub(Stub::NegativeOne(back));
        let cond = Cond::E;
        self.compare((Compare::Cmp, cond), divisor, Source::Immediate(-1));
        self.emit(Instruction::Jcc { cond, label });
        back
    }

    /// `neg rax; xor edx, edx; jmp back`
    pub(super) fn divide_by_negative_one(&mut self, back: Label) {
        self.unary(Unary::Neg, RAX);
        self.emit(zero(RDX));
        self.emit(Instruction::Jmp { label: back });
    }

    /// The high half is divided first; its remainder is smaller than the divisor, and so the second
    /// quotient fits into a register. Mostly it is 0, and then so are both quotient and remainder.
    ///
    /// ```text
    ///     test rsi, rsi; je exit
    ///     xor  edx, edx; mov rdi, rax
    ///     test rax, rax; jne L
    /// back:
    ///     mov  rax, rcx; div rsi
    ///     …
    /// L:  div  rsi; mov rdi, rax; jmp back
    /// ```
    fn wide_divide(&mut self, index: u32) {
        self.leave_if_zero(index, RSI);
        self.emit(zero(RDX));
        self.emit(Instruction::Mov { rd: RDI, rn: RAX });
        let back = self.label();
        let label = self.stub(Stub::HighHalf(back));
        let cond = Cond::Ne;
        self.compare((Compare::Cmp, cond), RAX, Source::Immediate(0));
        self.emit(Instruction::Jcc { cond, label });
        self.place(back);
        self.emit(Instruction::Mov { rd: RAX, rn: RCX });
        self.unary(Unary::Div, RSI);
    }

    /// `div rsi; mov rdi, rax; jmp back`
    pub(super) fn divide_high_half(&mut self, back: Label) {
        self.unary(Unary::Div, RSI);
        self.emit(Instruction::Mov { rd: RDI, rn: RAX });
        self.emit(Instruction::Jmp { label: back });
    }
}

/// `xor rd, rd` or `mov rd, value`, where no flags are in use.
pub(super) fn constant(rd: Register, value: i64) -> Instruction {
    if value == 0 {
        zero(rd)
    } else {
        Instruction::MovImmediate { rd, value }
    }
}

/// `xor rd, rd`: 32 bits are enough.
fn zero(rd: Register) -> Instruction {
    Instruction::Alu {
        op: Alu::Xor,
        size: Size::Bits32,
        rd,
        operand: Operand::Register(rd),
    }
}

/// The operation on its one register.
fn tied(op: Tied, rd: Register, source: Source) -> Instruction {
    let amount = match source {
        Source::Immediate(amount) => amount as u8,
        Source::Register(_) => 0,
    };
    let shift = |op, size| Instruction::ShiftImmediate {
        op,
        size,
        rd,
        amount,
    };
    match op {
        Tied::Alu(op) => {
            let positive = matches!(source, Source::Immediate(0..));
            let size = if op == Alu::And && positive {
                Size::Bits32
            } else {
                Size::Bits64
            };
            Instruction::Alu {
                op,
                size,
                rd,
                operand: source.into(),
            }
        }
        Tied::Imul => Instruction::Imul {
            rd,
            operand: source.into(),
        },
        Tied::Unary(op) => Instruction::Unary {
            op,
            size: Size::Bits64,
            rd,
        },
        Tied::Shift(op) => shift(op, Size::Bits64),
        Tied::Shift32(op) => shift(op, Size::Bits32),
        Tied::Bswap => Instruction::Bswap {
            size: Size::Bits64,
            rd,
        },
        Tied::Bswap32 => Instruction::Bswap {
            size: Size::Bits32,
            rd,
        },
    }
}
