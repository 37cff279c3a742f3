//! What a program has besides its functions: its beginning, the printing of its value, and the place
//! where exhausted stacks end.

use codegen::ir::{Condition, FunctionId};
use codegen::machine::{Assembly, Frame, Register};
use codegen::origin::{Linkage, Mechanism, Origin};

use super::finish::constant;
use super::instruction::{
    FrameSlot, Grouped, Half, Instruction, Label, Memory, Operation, Source, Symbol, ZERO,
};
use super::registers::{LIMIT, Layout, SP};
use super::{frame_size, registers};

/// The exit status where the stack is exhausted.
const EXHAUSTED: u8 = 125;

/// A beginning for the stack convention.
#[derive(Debug)]
pub(super) struct Stack<'a> {
    /// The function that is called.
    pub(super) main: FunctionId,
    /// Its arguments; those that are missing are 0.
    pub(super) arguments: &'a [i64],
    /// How many it takes.
    pub(super) parameters: u32,
    /// The bytes of stack.
    pub(super) size: u64,
    /// Whether functions look at how much of it is left.
    pub(super) is_checked: bool,
}

/// Instructions that are put together by hand.
struct Writer {
    assembly: Assembly<Instruction>,
    origin: Origin,
}

impl Writer {
    fn new(name: &str) -> Self {
        Self {
            assembly: Assembly {
                id: FunctionId(0),
                name: name.to_owned(),
                instructions: Vec::new(),
                origins: Vec::new(),
                labels: Vec::new(),
                frame: Frame::default(),
                slots_at: 0,
                exits: Vec::new(),
                calls: Vec::new(),
                checks_stack: false,
                needless: Vec::new(),
            },
            origin: Origin::default(),
        }
    }

    fn part(&mut self, linkage: Linkage, mechanism: Mechanism) {
        self.origin = Origin::default().with(linkage).doing(mechanism);
    }

    fn emit(&mut self, instruction: Instruction) {
        self.assembly.instructions.push(instruction);
        self.assembly.origins.push(self.origin);
    }

    fn emit_all(&mut self, instructions: Vec<Instruction>) {
        for instruction in instructions {
            self.emit(instruction);
        }
    }

    fn arithmetic(&mut self, operation: Operation, x: Source, y: Register, z: Register) {
        self.emit(Instruction::Arithmetic { operation, x, y, z });
    }

    /// Adds `bytes` to the stack pointer.
    fn move_stack_pointer(&mut self, operation: Operation, bytes: u32, scratch: Register) {
        let x = if bytes <= 255 {
            Source::Immediate(bytes as i16)
        } else {
            self.emit_all(constant(scratch, i64::from(bytes)));
            Source::Register(scratch)
        };
        self.arithmetic(operation, x, SP, SP);
    }

    /// A label that stands here.
    fn label_here(&mut self) -> Label {
        let label = self.label();
        self.place(label);
        label
    }

    /// A label that is placed later.
    fn label(&mut self) -> Label {
        self.assembly.labels.push(0);
        Label(self.assembly.labels.len() as u32 - 1)
    }

    fn place(&mut self, label: Label) {
        self.assembly.labels[label.0 as usize] = self.assembly.instructions.len() as u32;
    }
}

/// Sets up the stack, and calls `main`.
///
/// ```text
/// ldzwq 0, %SP           subq 32, %SP, %SP        jmp  %TMP0, %RET
/// ldswq -4096, %LIMIT    ldzwq 5, %TMP0           movq rval(%SP), %TMP0
/// shldwq 0, %LIMIT       movq %TMP0, 24(%SP)      addq 32, %SP, %SP
///                        ldzwq main, %TMP0
/// ```
pub(super) fn stack(stack: &Stack<'_>) -> Assembly<Instruction> {
    let mut writer = Writer::new("start");
    let scratch = Register::physical(Layout::Stack.first_free());
    let second = Register::physical(Layout::Stack.first_free() + 1);
    writer.part(Linkage::Body, Mechanism::Computation);
    writer.emit_all(constant(SP, 0));
    if stack.is_checked {
        writer.emit_all(constant(LIMIT, lowest_address(stack.size)));
    }
    writer.part(Linkage::Precall, Mechanism::StateManagement);
    let bytes = frame_size(stack.parameters);
    writer.move_stack_pointer(Operation::Subtract, bytes, scratch);
    writer.part(Linkage::Precall, Mechanism::DataTransfer);
    for index in 0..stack.parameters {
        let value = stack.arguments.get(index as usize).copied();
        writer.emit_all(constant(scratch, value.unwrap_or_default()));
        let offset = i64::from(frame_size(index));
        let to = match i8::try_from(offset) {
            Ok(offset) => Memory::Displaced(offset, SP),
            Err(_) => {
                writer.emit_all(constant(second, offset));
                Memory::Indexed(SP, second)
            }
        };
        writer.emit(Instruction::Store { x: scratch, to });
    }
    writer.part(Linkage::Precall, Mechanism::ControlTransfer);
    writer.emit(Instruction::LoadAddress {
        symbol: Symbol::Function(stack.main),
        half: Half::Whole,
        z: scratch,
    });
    writer.emit(Instruction::JumpRegister {
        x: scratch,
        y: Layout::Stack.return_address(),
    });
    writer.part(Linkage::Postreturn, Mechanism::DataTransfer);
    writer.emit(Instruction::Load {
        from: Memory::Slot(FrameSlot::Result, SP),
        z: scratch,
    });
    writer.part(Linkage::Postreturn, Mechanism::StateManagement);
    writer.move_stack_pointer(Operation::Add, bytes, second);
    writer.assembly
}

/// The end of a stack of so many bytes, which grows down from 0.
fn lowest_address(bytes: u64) -> i64 {
    -i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The beginning of a program that surely needs more stack than there is: `jmp stack_exhausted`
pub(super) fn too_little_stack() -> Assembly<Instruction> {
    let mut writer = Writer::new("start");
    writer.part(Linkage::Body, Mechanism::StateManagement);
    writer.emit(Instruction::JumpExhausted { condition: None });
    writer.assembly
}

/// Prints the number in the first register as a signed one, and ends the program.
///
/// ```text
///         subq  0, n, %0           .L2:    putc  digit
///         jge   .L0                        subq  1, next, next
///         putc  '-'                        movzbq (next), digit
///         subq  n, %0, n                   subq  0, digit, %0
/// .L0:    ldzwq digits, next               jnz   .L2
///         movb  %0, (next)                 putc  '\n'
///         ldzwq 0, high                    halt  0
/// .L1:    divq  10, n, n
///         addq  '0', digit, digit
///         addq  1, next, next
///         movb  digit, (next)
///         subq  0, n, %0
///         jnz   .L1
/// ```
pub(super) fn print_value(layout: Layout) -> Assembly<Instruction> {
    let mut writer = Writer::new("print_value");
    let first = layout.first_free();
    let [number, high, digit, next] = [0, 1, 2, 3].map(|index| Register::physical(first + index));
    let byte = |byte: u8| Source::Immediate(i16::from(byte));
    let test = |writer: &mut Writer, register| {
        writer.arithmetic(Operation::Subtract, Source::Immediate(0), register, ZERO);
    };
    let jump = |writer: &mut Writer, condition, label| {
        writer.emit(Instruction::JumpIf { condition, label });
    };

    let positive = writer.label();
    test(&mut writer, number);
    jump(&mut writer, Condition::GreaterEqual, positive);
    writer.emit(Instruction::Putc { x: byte(b'-') });
    writer.arithmetic(Operation::Subtract, Source::Register(number), ZERO, number);
    writer.place(positive);
    writer.emit(Instruction::LoadAddress {
        symbol: Symbol::Digits,
        half: Half::Whole,
        z: next,
    });
    // What ends the digits when they are written out, from the last one back.
    writer.emit(Instruction::StoreByte { x: ZERO, z: next });
    writer.emit_all(constant(high, 0));
    let more = writer.label_here();
    writer.emit(Instruction::Grouped {
        operation: Grouped::DivideUnsigned,
        x: byte(10),
        y: number,
        first,
    });
    writer.arithmetic(Operation::Add, byte(b'0'), digit, digit);
    writer.arithmetic(Operation::Add, Source::Immediate(1), next, next);
    writer.emit(Instruction::StoreByte { x: digit, z: next });
    test(&mut writer, number);
    jump(&mut writer, Condition::NotEqual, more);
    let write = writer.label_here();
    writer.emit(Instruction::Putc {
        x: Source::Register(digit),
    });
    writer.arithmetic(Operation::Subtract, Source::Immediate(1), next, next);
    writer.emit(Instruction::LoadByte { y: next, z: digit });
    test(&mut writer, digit);
    jump(&mut writer, Condition::NotEqual, write);
    writer.emit(Instruction::Putc { x: byte(b'\n') });
    writer.emit(Instruction::Halt { status: 0 });
    debug_assert!(registers::SCRATCH[0] > first + 3);
    writer.assembly
}

/// `halt 1`: what begins where there is no `main` must not run into a function.
pub(super) fn nothing() -> Assembly<Instruction> {
    let mut writer = Writer::new("start");
    writer.emit(Instruction::Halt { status: 1 });
    writer.assembly
}

/// `halt 125`
pub(super) fn stack_exhausted() -> Assembly<Instruction> {
    let mut writer = Writer::new(super::instruction::STACK_EXHAUSTED);
    writer.emit(Instruction::Halt { status: EXHAUSTED });
    writer.assembly
}
