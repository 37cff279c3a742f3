//! What each instruction becomes.

use codegen::ir::{Condition, ExitId};
use codegen::machine::Register;
use codegen::origin::Mechanism;

use super::{Finisher, order};
use crate::ulm::frame_size;
use crate::ulm::instruction::{
    FrameSlot, Instruction, Label, Memory, Operation, Source, Test, ZERO,
};
use crate::ulm::registers::{LIMIT, SP};

impl Finisher<'_> {
    pub(super) fn instruction(&mut self, instruction: Instruction) {
        match instruction {
            Instruction::Constant { z, value } | Instruction::BuiltIn { z, value } => {
                self.constant(z, value);
            }
            Instruction::Move { z, y } => {
                if z != y {
                    self.push(Instruction::Arithmetic {
                        operation: Operation::Add,
                        x: Source::Register(y),
                        y: ZERO,
                        z,
                    });
                }
            }
            // The stack is checked where the frame is set up.
            Instruction::Parameters | Instruction::StackCheck | Instruction::Unreachable => {}
            Instruction::Parameter { index, z } => {
                let (base, distance) = self.parameter_place(index);
                let from = self.memory(base, distance);
                self.push(Instruction::Load { from, z });
            }
            Instruction::Compare { test, z } => self.compare(test, z),
            Instruction::Select { test, a, b, z } => self.select(test, a, b, z),
            Instruction::AddIf {
                test, amount, z, ..
            } => self.add_if(test, amount, z),
            Instruction::InputByte { z, .. } => self.input_byte(z),
            Instruction::LeaveIf { test } => {
                self.push(test.comparison());
                let condition = Some(test.condition);
                self.exit_is_here();
                self.push(Instruction::JumpExhausted { condition });
            }
            Instruction::Leave => self.push(Instruction::JumpExhausted { condition: None }),
            // Without a frame pointer there is room already.
            Instruction::OpenFrame { .. } | Instruction::CloseFrame { .. }
                if !self.plan.has_frame_pointer() => {}
            Instruction::OpenFrame { arguments } => {
                let bytes = frame_size(arguments);
                self.move_stack_pointer(-i64::from(bytes));
                self.lowered = bytes;
            }
            Instruction::Argument { index, x } => {
                let offset = i64::from(frame_size(0)) + 8 * i64::from(index);
                let to = self.memory(SP, offset);
                self.push(Instruction::Store { x, to });
            }
            Instruction::Call { x, .. } => {
                self.origin = self.origin.doing(Mechanism::ControlTransfer);
                let y = self.layout().return_address();
                self.push(Instruction::JumpRegister { x, y });
                self.call_site();
            }
            Instruction::Result { z } => {
                let from = Memory::Slot(FrameSlot::Result, SP);
                self.push(Instruction::Load { from, z });
            }
            Instruction::CloseFrame { arguments } => {
                self.move_stack_pointer(i64::from(frame_size(arguments)));
                self.lowered = 0;
            }
            Instruction::Return { y } => self.r#return(y),
            _ => self.push(instruction),
        }
    }

    pub(super) fn constant(&mut self, z: Register, value: i64) {
        let origin = self.origin;
        for instruction in constant(z, value) {
            self.assembly.instructions.push(instruction);
            self.assembly.origins.push(origin);
        }
    }

    /// `addq bytes, %SP, %SP` or `subq`; with a register where the number is too large.
    pub(super) fn move_stack_pointer(&mut self, bytes: i64) {
        let operation = if bytes < 0 {
            Operation::Subtract
        } else {
            Operation::Add
        };
        let x = match bytes.unsigned_abs() {
            0 => return,
            small @ 1..=255 => Source::Immediate(small as i16),
            large => {
                let register = Register::physical(self.scratch[1]);
                self.constant(register, large as i64);
                Source::Register(register)
            }
        };
        self.push(Instruction::Arithmetic {
            operation,
            x,
            y: SP,
            z: SP,
        });
    }

    /// `subq %LIMIT, %SP, %0; jl stack_exhausted`
    pub(super) fn check_stack(&mut self, exit: ExitId) {
        self.push(Instruction::Arithmetic {
            operation: Operation::Subtract,
            x: Source::Register(LIMIT),
            y: SP,
            z: ZERO,
        });
        let condition = Some(Condition::Less);
        self.exit_site(exit, false, Vec::new());
        self.push(Instruction::JumpExhausted { condition });
    }

    /// ```text
    ///         subq  x, y, %0
    ///         ldzwq 1, z
    ///         jl    .L1
    ///         ldzwq 0, z
    /// .L1:
    /// ```
    fn compare(&mut self, test: Test, z: Register) {
        let label = self.new_label();
        self.push(test.comparison());
        self.push(Instruction::LoadUnsigned { value: 1, z });
        self.jump_if(test.condition, label);
        self.push(Instruction::LoadUnsigned { value: 0, z });
        self.place_label(label.0);
    }

    /// ```text
    ///         addq  a, %0, z
    ///         subq  x, y, %0
    ///         jl    .L1
    ///         addq  b, %0, z
    /// .L1:
    /// ```
    fn select(&mut self, test: Test, a: Register, b: Register, z: Register) {
        let label = self.new_label();
        self.instruction(Instruction::Move { z, y: a });
        self.push(test.comparison());
        self.jump_if(test.condition, label);
        self.instruction(Instruction::Move { z, y: b });
        self.place_label(label.0);
    }

    /// ```text
    ///         subq  x, y, %0
    ///         jge   .L1
    ///         addq  amount, z, z
    /// .L1:
    /// ```
    fn add_if(&mut self, test: Test, amount: i16, z: Register) {
        let label = self.new_label();
        self.push(test.comparison());
        self.jump_if(test.condition.negated(), label);
        self.push(Instruction::Arithmetic {
            operation: if amount < 0 {
                Operation::Subtract
            } else {
                Operation::Add
            },
            x: Source::Immediate(amount.abs()),
            y: z,
            z,
        });
        self.place_label(label.0);
    }

    /// ```text
    ///         subq  255, z, %0
    ///         jnz   .L1
    ///         ldswq -1, z
    /// .L1:
    /// ```
    fn input_byte(&mut self, z: Register) {
        let label = self.new_label();
        self.push(Instruction::Arithmetic {
            operation: Operation::Subtract,
            x: Source::Immediate(255),
            y: z,
            z: ZERO,
        });
        self.jump_if(Condition::NotEqual, label);
        self.constant(z, -1);
        self.place_label(label.0);
    }

    fn jump_if(&mut self, condition: Condition, label: Label) {
        self.push(Instruction::JumpIf { condition, label });
    }

    /// The last instruction of a block. `other` is where a branch goes that isn't taken.
    pub(super) fn terminator(
        &mut self,
        at: u32,
        order: &order::Order,
        other: Option<u32>,
        next: Option<u32>,
    ) {
        match self.code.instructions[at as usize] {
            Instruction::Jump { label } => self.jump(order.target(label.0), next),
            Instruction::Branch { test, label } => {
                let target = order.target(label.0);
                let other = order.target(other.unwrap_or(label.0));
                if target == other {
                    return self.jump(target, next);
                }
                let (test, target, other) = if Some(target) == next {
                    (test.negated(), other, target)
                } else {
                    (test, target, other)
                };
                self.push(test.comparison());
                self.jump_if(test.condition, Label(target));
                self.jump(other, next);
            }
            instruction => self.instruction(instruction),
        }
    }

    /// `jmp label`, nothing if that comes next.
    fn jump(&mut self, target: u32, next: Option<u32>) {
        if Some(target) != next {
            self.push(Instruction::Jump {
                label: Label(target),
            });
        }
    }
}

/// The instructions that make a constant: at most four, as a person would write them.
///
/// ```text
/// ldzwq 5, z          ldzwq 5, z              ldswq -1, z
/// shldwq 7, z         shlq  40, z, z          shrq  1, z, z
/// ```
pub(in crate::ulm) fn constant(z: Register, value: i64) -> Vec<Instruction> {
    if let Ok(value) = u16::try_from(value) {
        return vec![Instruction::LoadUnsigned { value, z }];
    }
    if let Ok(value) = i16::try_from(value) {
        return vec![Instruction::LoadSigned { value, z }];
    }
    let mut instructions = constant(z, value >> 16);
    if instructions.len() == 1 {
        instructions.push(shift_in(z, value));
        return instructions;
    }
    if value > 0 && value & value.wrapping_add(1) == 0 {
        let ones = Instruction::LoadSigned { value: -1, z };
        return vec![ones, shift(Operation::ShiftRight, value.leading_zeros(), z)];
    }
    let zeros = value.trailing_zeros();
    if zeros > 0 {
        let mut shifted = constant(z, value >> zeros);
        if shifted.len() < instructions.len() {
            shifted.push(shift(Operation::ShiftLeft, zeros, z));
            return shifted;
        }
    }
    instructions.push(shift_in(z, value));
    instructions
}

/// `shldwq value, z`, of which the low 16 bits count
const fn shift_in(z: Register, value: i64) -> Instruction {
    let value = value as u16;
    Instruction::ShiftIn { value, z }
}

/// `shlq bits, z, z`
const fn shift(operation: Operation, bits: u32, z: Register) -> Instruction {
    Instruction::Arithmetic {
        operation,
        x: Source::Immediate(bits as i16),
        y: z,
        z,
    }
}

#[cfg(test)]
mod tests {
    use codegen::machine::Register;

    use super::constant;
    use crate::ulm::instruction::{Instruction, Operation, Source};

    /// What the instructions leave in their register.
    fn made(instructions: &[Instruction]) -> i64 {
        instructions
            .iter()
            .fold(0_i64, |z, &instruction| match instruction {
                Instruction::LoadUnsigned { value, .. } => value.into(),
                Instruction::LoadSigned { value, .. } => value.into(),
                Instruction::ShiftIn { value, .. } => z << 16 | i64::from(value),
                Instruction::Arithmetic {
                    operation: Operation::ShiftLeft,
                    x: Source::Immediate(bits),
                    ..
                } => z << bits,
                Instruction::Arithmetic {
                    operation: Operation::ShiftRight,
                    x: Source::Immediate(bits),
                    ..
                } => (z as u64 >> bits) as i64,
                other => panic!("{other:?} makes no constant"),
            })
    }

    #[track_caller]
    fn assert_made_with_at_most(most: usize, value: i64) {
        let instructions = constant(Register::physical(1), value);
        assert_eq!(made(&instructions), value);
        assert!(instructions.len() <= most, "{value:#x}: {instructions:?}");
    }

    #[test]
    fn powers_of_two_and_their_neighbours_below_take_two_instructions() {
        for power in (0..64).map(|bits| 1_i64 << bits) {
            for value in [power, power.wrapping_neg(), power.wrapping_sub(1)] {
                assert_made_with_at_most(2, value);
            }
        }
    }

    #[test]
    fn numbers_of_sixteen_bits_take_one_instruction() {
        for value in (-32768..65536).step_by(7).chain([-1, 0, 65535]) {
            assert_made_with_at_most(1, value);
        }
    }

    #[test]
    fn a_number_takes_an_instruction_for_each_of_its_words() {
        let mut value = 0x9e37_79b9_7f4a_7c15_u64;
        for bits in (0..64).cycle().take(20_000) {
            value = value.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let shortened = value as i64 >> bits;
            let words = 4 - (bits as usize) / 16;
            assert_made_with_at_most(words, shortened);
        }
    }

    #[test]
    fn two_words_are_shifted_as_one_is() {
        assert_made_with_at_most(3, 0x0012_3456_7800_0000);
    }
}
