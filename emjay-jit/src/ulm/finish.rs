//! From allocated instructions to a finished function: frame, moves, spilled values, branches in
//! layout order, and what stood for several instructions.

mod expand;
mod frame;
mod order;
mod peephole;

use codegen::ir::{ExitId, FunctionId};
use codegen::machine::{
    Allocation, Assembly, CallSite, Code, Edit, ExitSite, Frame, Location, MachineInstruction,
    Register, RegisterSet, ReturnAddress,
};
use codegen::origin::{Linkage, Mechanism, Origin};

use self::frame::Plan;
use self::peephole::Ending;
use super::instruction::{FrameSlot, Half, Instruction, Label, Memory, Symbol, ZERO};
use super::registers::{FP, Layout, Passing, SCRATCH, SP, Scheme};
use super::select::Selected;

pub(super) use self::expand::constant;
pub(super) use self::peephole::Rewriting;

/// What there is to know of a function besides its instructions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) id: FunctionId,
    pub(super) name: &'a str,
    pub(super) scheme: &'a Scheme<'a>,
    pub(super) layout: Layout,
    /// Whether every function has a frame pointer.
    pub(super) always_frames: bool,
    /// The word in which its first spilled value waits, where it has no frame.
    pub(super) first_spilled: u32,
}

/// Writes a function out. Its labels are those of the blocks, then others.
pub(super) fn finish(
    context: &Context<'_>,
    selected: &Selected,
    allocation: &Allocation,
) -> Assembly<Instruction> {
    let code = &selected.code;
    let plan = Plan::of(context, selected, allocation);
    let order = order::order(code, allocation, &plan);
    let mut finisher = Finisher {
        context,
        code,
        allocation,
        scratch: scratch(context, code, allocation),
        plan,
        assembly: Assembly {
            id: context.id,
            name: context.name.to_owned(),
            instructions: Vec::with_capacity(code.instructions.len()),
            origins: Vec::with_capacity(code.instructions.len()),
            labels: vec![0; code.blocks.len()],
            frame: Frame::default(),
            slots_at: 0,
            exits: Vec::new(),
            calls: Vec::new(),
            checks_stack: false,
            needless: Vec::new(),
        },
        calls: (0..code.instructions.len() as u32)
            .filter(|&at| matches!(code.instructions[at as usize], Instruction::Call { .. }))
            .collect(),
        lowered: 0,
        is_framed: false,
        origin: Origin::default(),
    };
    finisher.blocks(&order);
    finisher.note_frame();
    finisher.fall_through_to_end();
    let ending = finisher.ending();
    peephole::improve(&mut finisher.assembly, &ending);
    finisher.assembly
}

/// The registers that a function changes, those that its moves need included.
pub(super) fn registers(
    context: &Context<'_>,
    code: &Code<Instruction>,
    allocation: &Allocation,
) -> RegisterSet {
    let mut used = allocation.used;
    let places = allocation
        .edits
        .iter()
        .flat_map(|edit| [edit.to, edit.from]);
    let has_moves_between = places
        .clone()
        .any(|place| place == Location::Register(SCRATCH[0]));
    let has_slots = allocation.slots > 0;
    let [between, address] = scratch(context, code, allocation);
    if has_moves_between || has_slots {
        used.insert(between);
    }
    if has_slots {
        used.insert(address);
    }
    used
}

/// The registers for slots and addresses: those with the lowest numbers in which nothing stands.
fn scratch(context: &Context<'_>, code: &Code<Instruction>, allocation: &Allocation) -> [u8; 2] {
    let taken = taken(code, allocation);
    let mut free = (context.layout.first_free()..SCRATCH[0])
        .filter(|&number| !taken.contains(number))
        .filter(|&number| is_scratch(context.layout, number));
    SCRATCH.map(|usual| free.next().unwrap_or(usual))
}

/// The registers in which a value stands anywhere in the function.
fn taken(code: &Code<Instruction>, allocation: &Allocation) -> RegisterSet {
    let mut taken = RegisterSet::EMPTY;
    for instruction in &code.instructions {
        let mut instruction = *instruction;
        instruction.visit_registers(|register, _, _| {
            register
                .number()
                .into_iter()
                .for_each(|number| taken.insert(number));
        });
        if let Instruction::Grouped { .. } = instruction {
            taken = taken.union(&instruction.clobbers());
        }
    }
    let places = allocation
        .edits
        .iter()
        .flat_map(|edit| [edit.to, edit.from]);
    let places = places.chain(allocation.operands.iter().copied());
    for place in places {
        if let Location::Register(number) = place {
            taken.insert(number);
        }
    }
    taken
}

/// Whether a register is one that a function may use as it likes.
fn is_scratch(layout: Layout, number: u8) -> bool {
    match layout {
        Layout::Leaf { callee_registers } => {
            number != callee_registers + 1 && number != callee_registers + 2
        }
        Layout::Stack | Layout::Inline => true,
    }
}

struct Finisher<'a> {
    context: &'a Context<'a>,
    code: &'a Code<Instruction>,
    allocation: &'a Allocation,
    scratch: [u8; 2],
    plan: Plan,
    assembly: Assembly<Instruction>,
    /// The calls among the instructions, ascending.
    calls: Vec<u32>,
    /// By how much the stack pointer is lower than in the body: a call is being prepared.
    lowered: u32,
    /// Whether the frame has been set up in the block that is being written.
    is_framed: bool,
    origin: Origin,
}

impl Finisher<'_> {
    fn push(&mut self, instruction: Instruction) {
        self.assembly.instructions.push(instruction);
        self.assembly.origins.push(self.origin);
    }

    fn place_label(&mut self, label: u32) {
        self.assembly.labels[label as usize] = self.assembly.instructions.len() as u32;
    }

    fn new_label(&mut self) -> Label {
        self.assembly.labels.push(0);
        Label(self.assembly.labels.len() as u32 - 1)
    }

    fn layout(&self) -> Layout {
        self.context.layout
    }

    fn is_on_stack(&self) -> bool {
        self.context.scheme.passing == Passing::Stack
    }

    fn blocks(&mut self, order: &order::Order) {
        for (index, &block) in order.blocks.iter().enumerate() {
            self.place_label(block);
            self.is_framed = self.plan.is_framed(block);
            if self.plan.begins_frame(block) {
                self.prologue();
            }
            self.block(block, order, order.blocks.get(index + 1).copied());
        }
    }

    fn block(&mut self, block: u32, order: &order::Order, next: Option<u32>) {
        let parts = &self.code.blocks[block as usize];
        let last = parts.end.saturating_sub(1);
        for at in parts.start..parts.end {
            self.edits(at);
            if self.allocation.dead.binary_search(&at).is_ok() {
                continue;
            }
            self.origin = self.code.origins[at as usize];
            self.note_exit(at);
            if at == last {
                let other = parts.successors[1].map(|other| other.0);
                self.terminator(at, order, other, next);
            } else {
                self.instruction(self.code.instructions[at as usize]);
            }
        }
    }

    /// Notes where the values of an exit are, if the instruction has one. The stack is checked
    /// elsewhere: where the frame is set up.
    fn note_exit(&mut self, at: u32) {
        let exits = &self.code.exits;
        let Ok(index) = exits.binary_search_by_key(&at, |exit| exit.instruction) else {
            return;
        };
        if self.code.instructions[at as usize] == Instruction::StackCheck {
            return;
        }
        let extras = &self.code.extras;
        let values = match extras.binary_search_by_key(&at, |extra| extra.instruction) {
            Ok(extra) => {
                let (start, end) = extras[extra].operands;
                (start..end)
                    .filter(|&operand| {
                        self.code.operands[operand as usize].constraint
                            == codegen::machine::Constraint::Anywhere
                    })
                    .map(|operand| self.exit_value(self.allocation.operands[operand as usize]))
                    .collect()
            }
            Err(_) => Vec::new(),
        };
        self.exit_site(exits[index].exit, self.is_framed, values);
    }

    /// Where the value of an exit is: slots are words from the stack pointer up, or else words of
    /// what the program keeps outside of frames.
    fn exit_value(&self, place: Location) -> Location {
        match place {
            Location::Slot(slot) if self.is_on_stack() => {
                Location::Slot(self.plan.word_above_stack_pointer(slot, self.is_framed))
            }
            Location::Slot(slot) => Location::Slot(self.context.first_spilled + slot),
            place => place,
        }
    }

    /// The next instruction leaves.
    fn exit_site(&mut self, exit: ExitId, framed: bool, values: Vec<Location>) {
        self.assembly.exits.push(ExitSite {
            at: self.assembly.instructions.len() as u32,
            exit,
            framed,
            values,
            origin: self.origin,
        });
    }

    /// The exit that has been noted last is taken by the next instruction.
    fn exit_is_here(&mut self) {
        let here = self.assembly.instructions.len() as u32;
        if let Some(site) = self.assembly.exits.last_mut() {
            site.at = here;
        }
    }

    // ---- the allocator's moves ----

    fn edits(&mut self, before: u32) {
        let edits = &self.allocation.edits;
        let start = edits.partition_point(|edit| edit.before < before);
        for edit in edits[start..]
            .iter()
            .take_while(|edit| edit.before == before)
        {
            self.origin = self.edit_origin(edit);
            self.edit(edit);
        }
    }

    /// A move belongs to what it stands before, if that is a call or a return; to what it stands
    /// behind, if that is the entry or a call whose result it takes.
    fn edit_origin(&self, edit: &Edit) -> Origin {
        let at = edit.before as usize;
        let origin = self.code.origins[at];
        let previous = at.checked_sub(1).map(|at| &self.code.instructions[at]);
        let touches_slot =
            matches!(edit.to, Location::Slot(_)) || matches!(edit.from, Location::Slot(_));
        let mechanism = if touches_slot {
            Mechanism::StateManagement
        } else {
            Mechanism::DataTransfer
        };
        if touches_slot && self.is_on_stack() {
            // There are registers enough: who puts a value into memory does it because of a call.
            return self.origin_around_call(edit).doing(mechanism);
        }
        match previous {
            Some(Instruction::Parameters | Instruction::Parameter { .. }) => {
                return self.code.origins[at - 1].doing(mechanism);
            }
            Some(Instruction::Call { .. })
                if edit.from == Location::Register(1) && !self.is_on_stack() =>
            {
                return self.code.origins[at - 1]
                    .with(Linkage::Postreturn)
                    .doing(mechanism);
            }
            _ => {}
        }
        match self.code.instructions[at] {
            Instruction::Call { .. }
            | Instruction::Argument { .. }
            | Instruction::Return { .. } => origin.doing(mechanism),
            _ if origin.linkage == Linkage::Body => origin,
            _ => origin.doing(mechanism),
        }
    }

    /// The origin of a move to memory or back: it belongs to the call before which the value is
    /// saved, or after which it is needed again.
    fn origin_around_call(&self, edit: &Edit) -> Origin {
        let next = self.calls.partition_point(|&call| call < edit.before);
        let (before, behind) = (next.checked_sub(1), Some(next));
        let (order, linkage) = match edit.to {
            Location::Slot(_) => ([behind, before], Linkage::Precall),
            _ => ([before, behind], Linkage::Postreturn),
        };
        let mut calls = order.into_iter().flatten();
        let call = calls.find_map(|index| self.calls.get(index).copied());
        let at = call.unwrap_or(edit.before);
        self.code.origins[at as usize].with(linkage)
    }

    fn edit(&mut self, edit: &Edit) {
        match (edit.to, edit.from) {
            (Location::Slot(slot), Location::Register(from)) => {
                if !self.plan.is_parameter(slot) {
                    let x = self.physical(from);
                    let to = self.slot(slot);
                    self.push(Instruction::Store { x, to });
                }
            }
            (Location::Register(to), Location::Slot(slot)) => {
                let z = self.physical(to);
                let from = self.slot(slot);
                self.push(Instruction::Load { from, z });
            }
            (Location::Register(to), Location::Register(from)) => {
                let (z, y) = (self.physical(to), self.physical(from));
                self.instruction(Instruction::Move { z, y });
            }
            (Location::Register(to), Location::Constant(value)) => {
                let z = self.physical(to);
                self.constant(z, value);
            }
            (Location::Slot(_) | Location::Constant(_), _) => {}
        }
    }

    /// A register, those for moves between slots under their final numbers.
    fn physical(&self, number: u8) -> Register {
        Register::physical(if number == SCRATCH[0] {
            self.scratch[0]
        } else {
            number
        })
    }

    /// The memory of a slot; its address may be computed first.
    fn slot(&mut self, slot: u32) -> Memory {
        if !self.is_on_stack() {
            let z = Register::physical(self.scratch[1]);
            self.push(Instruction::LoadAddress {
                symbol: Symbol::Spilled(self.context.first_spilled + slot),
                half: Half::Whole,
                z,
            });
            return Memory::Displaced(0, z);
        }
        let (base, distance) = match self.plan.parameter(slot) {
            Some(index) => self.parameter_place(index),
            None => self.local_place(self.plan.local(slot)),
        };
        self.memory(base, distance)
    }

    /// Where a local variable is: the register that it is measured from, and the distance in bytes.
    fn local_place(&self, number: u32) -> (Register, i64) {
        if self.plan.has_frame_pointer() {
            (FP, -8 * (i64::from(number) + 1))
        } else {
            (SP, i64::from(self.plan.outgoing() + 8 * number))
        }
    }

    /// The same for a parameter.
    fn parameter_place(&self, index: u32) -> (Register, i64) {
        let offset = i64::from(super::frame_size(0)) + 8 * i64::from(index);
        match (self.is_framed, self.plan.has_frame_pointer()) {
            (true, true) => (FP, offset),
            (true, false) => (SP, offset + i64::from(self.plan.size())),
            (false, _) => (SP, offset),
        }
    }

    /// `distance(%base)`, or `(%base, %scratch)` where the distance is too large for a displacement.
    fn memory(&mut self, base: Register, distance: i64) -> Memory {
        if let Ok(displacement) = i8::try_from(distance) {
            return Memory::Displaced(displacement, base);
        }
        let index = Register::physical(self.scratch[1]);
        self.constant(index, distance);
        Memory::Indexed(base, index)
    }

    // ---- the frame ----

    /// ```text
    /// movq %RET, ret(%SP)             movq %RET, ret(%SP)
    /// movq %FP, fp(%SP)               subq 40, %SP, %SP
    /// addq %SP, %0, %FP
    /// subq 8, %SP, %SP
    /// ```
    fn prologue(&mut self) {
        let here = self.origin;
        self.origin = self.plan.entry_origin();
        if let Some(exit) = self.plan.stack_check() {
            self.check_stack(exit);
        }
        if self.plan.saves_return_address() {
            let x = self.layout().return_address();
            let to = Memory::Slot(FrameSlot::Return, SP);
            self.push(Instruction::Store { x, to });
        }
        if self.plan.has_frame_pointer() {
            let to = Memory::Slot(FrameSlot::FramePointer, SP);
            self.push(Instruction::Store { x: FP, to });
            self.instruction(Instruction::Move { z: FP, y: SP });
        }
        self.move_stack_pointer(-i64::from(self.plan.size()));
        self.origin = here;
    }

    /// The result to the frame, and back to where the function was called.
    fn r#return(&mut self, y: Option<Register>) {
        let origin = self.origin.with(Linkage::Epilogue);
        let [state, data, control] = [
            Mechanism::StateManagement,
            Mechanism::DataTransfer,
            Mechanism::ControlTransfer,
        ]
        .map(|mechanism| origin.doing(mechanism));
        if self.context.scheme.entry.is_some() {
            self.origin = control;
            return self.push(Instruction::JumpEnd);
        }
        let has_frame_pointer = self.is_framed && self.plan.has_frame_pointer();
        let base = if has_frame_pointer { FP } else { SP };
        if self.is_framed && !has_frame_pointer {
            self.origin = state;
            self.move_stack_pointer(i64::from(self.plan.size()));
        }
        if let Some(x) = y {
            self.origin = data;
            let to = Memory::Slot(FrameSlot::Result, base);
            self.push(Instruction::Store { x, to });
        }
        self.origin = state;
        if has_frame_pointer {
            self.instruction(Instruction::Move { z: SP, y: FP });
        }
        let x = self.layout().return_address();
        if self.is_framed && self.plan.saves_return_address() {
            let from = Memory::Slot(FrameSlot::Return, base);
            self.push(Instruction::Load { from, z: x });
        }
        if has_frame_pointer {
            let from = Memory::Slot(FrameSlot::FramePointer, base);
            self.push(Instruction::Load { from, z: FP });
        }
        self.origin = control;
        self.push(Instruction::JumpRegister { x, y: ZERO });
    }

    /// What others need to walk over the frame: where the return address is, and its size.
    fn note_frame(&mut self) {
        let size = self.plan.size();
        self.assembly.checks_stack = self.plan.stack_check().is_some();
        self.assembly.frame = Frame {
            size,
            return_address: if self.plan.saves_return_address() {
                ReturnAddress::Stack(size)
            } else {
                ReturnAddress::LinkRegister
            },
        };
    }

    /// What prints the value of `main` stands right behind it.
    fn fall_through_to_end(&mut self) {
        if self.assembly.instructions.last() == Some(&Instruction::JumpEnd) {
            self.assembly.instructions.pop();
            self.assembly.origins.pop();
        }
    }

    /// What others need of the registers when the function ends, and what calls do with them.
    fn ending(&self) -> Ending {
        let needed: &[u8] = match self.context.scheme.passing {
            Passing::Stack => &[1, 2],
            Passing::Registers { .. } => &[1],
        };
        let callee = match self.context.scheme.passing {
            Passing::Stack => RegisterSet::EMPTY,
            Passing::Registers { callee_registers } => (1..=callee_registers).collect(),
        };
        Ending {
            needed: RegisterSet::of(needed),
            callee,
        }
    }

    fn call_site(&mut self) {
        self.assembly.calls.push(CallSite {
            returns_to: self.assembly.instructions.len() as u32,
            lowered: self.lowered,
            origin: self.origin,
        });
    }
}
