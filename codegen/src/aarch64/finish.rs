//! From allocated instructions to a finished function: the frame, the allocator's moves,
//! pseudo-instructions, branches in layout order, and the stubs of the exits.

mod copies;
mod frame;
mod order;
mod threads;
mod wide_divide;

use self::copies::Copies;
use self::frame::{Layout, add_in_steps};
use self::order::Order;
use self::threads::Threads;
use super::immediate::constant_sequence;
use super::instruction::{
    Address, Alu, CONTEXT, Cond, Instruction, Label, MemoryAccess, SP, X16, X17, ZR,
};
use super::registers::{CALLEE_SAVED, IMPORT_ENDS, RESULT};
use super::select::Selected;
use crate::context;
use crate::ir::{BlockId, FunctionId, ImportId};
use crate::linkage::{Convention, MoveParts, Step, Steps};
use crate::machine::{
    Allocation, Assembly, CallSite, Calls, Code, Edit, ExitSite, Location, MachineInstruction,
    Register, Role, Symbol,
};
use crate::origin::{Linkage, Mechanism, Origin};

/// The largest offset of an 8-byte access.
const LARGEST_OFFSET: u32 = 4095 * 8;

/// As many instructions may take a frame down where a jump to them is replaced by a copy.
const SHORT_EPILOGUE: usize = 3;

/// What the convention says of calls.
const CONVENTION: Convention = Convention {
    callee_saved: CALLEE_SAVED,
    result: Register::physical(RESULT),
    second_result: Register::physical(IMPORT_ENDS),
};

/// Writes a function out.
pub(super) fn finish(
    id: FunctionId,
    name: &str,
    selected: &Selected,
    allocation: &Allocation,
    calls: Calls,
) -> Assembly<Instruction> {
    let code = &selected.code;
    let layout = Layout::of(
        &allocation.used,
        selected.calls,
        allocation.slots,
        selected.outgoing,
    );
    let count = code.instructions.len() + allocation.edits.len() + 2 * code.exits.len() + 8;
    let mut finisher = Finisher {
        code,
        allocation,
        calls,
        threads: Threads::of(code, allocation),
        parts: MoveParts::of(code, CONVENTION, [Some(BlockId::ENTRY), None]),
        assembly: Assembly {
            id,
            name: name.to_owned(),
            instructions: Vec::with_capacity(count),
            origins: Vec::with_capacity(count),
            labels: vec![0; code.blocks.len() + code.exits.len()],
            frame: layout.frame,
            slots_at: layout.slots_at,
            exits: Vec::with_capacity(code.exits.len()),
            calls: Vec::new(),
            checks_stack: false,
            needless: Vec::new(),
        },
        layout,
        copies: Copies::new(),
        next_edit: 0,
        next_dead: 0,
    };
    finisher.entry();
    finisher.blocks();
    finisher.stubs();
    finisher.assembly
}

struct Finisher<'a> {
    code: &'a Code<Instruction>,
    allocation: &'a Allocation,
    calls: Calls,
    threads: Threads,
    parts: MoveParts<'a, Instruction>,
    layout: Layout,
    assembly: Assembly<Instruction>,
    copies: Copies,
    /// The first edit of the block that has not been written.
    next_edit: usize,
    /// The first dead instruction of the block that has not been met.
    next_dead: usize,
}

impl Finisher<'_> {
    #[inline]
    fn push(&mut self, instruction: Instruction, origin: Origin) {
        self.assembly.instructions.push(instruction);
        self.assembly.origins.push(origin);
    }

    fn new_label(&mut self) -> u32 {
        self.assembly.labels.push(0);
        self.assembly.labels.len() as u32 - 1
    }

    fn place_label(&mut self, label: u32) {
        self.assembly.labels[label as usize] = self.assembly.instructions.len() as u32;
    }

    const fn exit_label(&self, exit: u32) -> u32 {
        self.code.blocks.len() as u32 + exit
    }

    /// The stack's check, if there is one, and the prologue.
    fn entry(&mut self) {
        if self.checks_stack() {
            let instruction = self.code.exits[0].instruction;
            let origin = self.code.origins[instruction as usize];
            self.assembly.checks_stack = true;
            self.check_stack(origin);
        }
        let origin = Origin::default()
            .with(Linkage::Prologue)
            .doing(Mechanism::StateManagement);
        let assembly = &mut self.assembly;
        self.layout.prologue(|instruction| {
            assembly.instructions.push(instruction);
            assembly.origins.push(origin);
        });
    }

    /// Whether the first exit is that of the stack's check, which stands before everything else.
    fn checks_stack(&self) -> bool {
        self.code.exits.first().is_some_and(|exit| {
            let instruction = self.code.instructions[exit.instruction as usize];
            matches!(instruction, Instruction::StackCheck { .. })
        })
    }

    /// `ldr x16, [x28, #0]; cmp sp, x16; b.ls exit`
    fn check_stack(&mut self, origin: Origin) {
        self.push(
            Instruction::Load {
                access: MemoryAccess::Double,
                rt: X16,
                address: Address::Offset(CONTEXT, context::STACK_LIMIT as i32),
            },
            origin,
        );
        self.push(Instruction::CmpSp { rm: X16 }, origin);
        let label = Label::Local(self.exit_label(0));
        let cond = Cond::Ls;
        self.push(Instruction::BCond { cond, label }, origin);
    }

    fn blocks(&mut self) {
        let order = Order::of(self.code, &self.threads);
        for (index, &block) in order.blocks.iter().enumerate() {
            let is_continued = index > 0 && order.follows_only(block, order.blocks[index - 1]);
            if !is_continued {
                self.copies.forget_all();
            }
            self.block(block, order.blocks.get(index + 1).copied());
        }
    }

    fn block(&mut self, block: u32, next: Option<u32>) {
        self.place_label(block);
        let parts = &self.code.blocks[block as usize];
        self.skip_to(parts.start);
        let last = parts.end.saturating_sub(1);
        for at in parts.start..last {
            self.edits(at);
            if !self.is_dead(at) {
                self.instruction(at);
            }
        }
        self.edits(last);
        self.terminator(last, parts.successors[1].map(|other| other.0), next);
    }

    /// Goes to the edits and dead instructions of a block; mostly they come next.
    fn skip_to(&mut self, start: u32) {
        let edits = &self.allocation.edits;
        let is_next = |next: usize| {
            let is_behind = next == 0 || edits[next - 1].before < start;
            is_behind && edits.get(next).is_none_or(|edit| edit.before >= start)
        };
        if !is_next(self.next_edit) {
            self.next_edit = edits.partition_point(|edit| edit.before < start);
        }
        let dead = &self.allocation.dead;
        self.next_dead = dead.partition_point(|&at| at < start);
    }

    /// Whether the allocator found an instruction useless.
    #[inline]
    fn is_dead(&mut self, at: u32) -> bool {
        let is_dead = self.allocation.dead.get(self.next_dead) == Some(&at);
        self.next_dead += usize::from(is_dead);
        is_dead
    }

    fn instruction(&mut self, at: u32) {
        let origin = self.code.origins[at as usize];
        let mut instruction = self.code.instructions[at as usize];
        match instruction {
            Instruction::Mov { rd, rn } => self.copy(rd, rn, origin),
            Instruction::Parameters | Instruction::StackCheck { .. } => {}
            Instruction::Constant { rd, value } => self.constant(rd, value, origin),
            Instruction::StackParameter { rd, index } => {
                let address = self.stack_address(self.layout.frame.size + 8 * index, origin);
                self.load(rd, address, origin);
            }
            Instruction::WideDivide => {
                self.wide_divide(origin);
                self.copies.define_caller_saved();
            }
            Instruction::CallFunction { callee } => self.call_function(callee, origin),
            Instruction::CallImport { import } => self.call_import(import, origin),
            _ => {
                if let Some(label) = instruction.label_mut()
                    && let Label::Exit(exit) = *label
                {
                    *label = Label::Local(self.exit_label(exit));
                }
                self.push(instruction, origin);
                self.note_definitions(instruction);
            }
        }
    }

    /// What an instruction writes is no copy of anything any more.
    #[inline]
    fn note_definitions(&mut self, mut instruction: Instruction) {
        instruction.visit_registers(|register, role, _| {
            if role != Role::Use {
                self.copies.define(*register);
            }
        });
    }

    /// `mov rd, rn`, unless they hold the same.
    fn copy(&mut self, rd: Register, rn: Register, origin: Origin) {
        if self.copies.copy(rd, rn) {
            self.push(Instruction::Mov { rd, rn }, origin);
        }
    }

    /// The last instruction of a block. `other` is where a conditional branch goes that isn't taken.
    fn terminator(&mut self, at: u32, other: Option<u32>, next: Option<u32>) {
        let origin = self.code.origins[at as usize];
        let mut instruction = self.code.instructions[at as usize];
        if matches!(instruction, Instruction::Return) {
            return self.r#return(origin);
        }
        let Some(&mut Label::Local(target)) = instruction.label_mut() else {
            return self.instruction(at);
        };
        let target = self.threads.label(target);
        let Some(other) = other else {
            let origin = self.parts.jump_origin(origin, target);
            return self.jump(target, next, origin);
        };
        let other = self.threads.label(other);
        if target == other || Some(target) == next {
            if target != other {
                self.branch(inverted(instruction), other, origin);
            }
            return self.jump(target, next, origin);
        }
        self.branch(instruction, target, origin);
        self.jump(other, next, origin);
    }

    fn branch(&mut self, mut instruction: Instruction, label: u32, origin: Origin) {
        if let Some(slot) = instruction.label_mut() {
            *slot = Label::Local(label);
        }
        self.push(instruction, origin);
    }

    /// `b label`, nothing if that comes next, or a copy of what is there if it only returns.
    fn jump(&mut self, label: u32, next: Option<u32>, origin: Origin) {
        if Some(label) == next {
            return;
        }
        if let Some(at) = self.short_return(label) {
            return self.copy_of_return(at);
        }
        let label = Label::Local(label);
        self.push(Instruction::B { label }, origin);
    }

    /// The return that a block consists of, if that takes few instructions, the moves before it
    /// included.
    fn short_return(&self, label: u32) -> Option<u32> {
        let parts = self.code.blocks.get(label as usize)?;
        let is_return = parts.end == parts.start + 1
            && self.code.instructions[parts.start as usize] == Instruction::Return;
        if !is_return {
            return None;
        }
        let moves = self.edits_before(parts.start).len();
        (moves + self.layout.epilogue_length() <= SHORT_EPILOGUE).then_some(parts.start)
    }

    fn edits_before(&self, at: u32) -> std::ops::Range<usize> {
        let edits = &self.allocation.edits;
        let start = edits.partition_point(|edit| edit.before < at);
        let count = edits[start..]
            .iter()
            .take_while(|edit| edit.before == at)
            .count();
        start..start + count
    }

    /// Writes a return that stands elsewhere, the moves before it included.
    fn copy_of_return(&mut self, at: u32) {
        let here = self.next_edit;
        // What comes next comes from a branch before these moves.
        let copies = self.copies.clone();
        self.next_edit = self.edits_before(at).start;
        self.edits(at);
        self.r#return(self.code.origins[at as usize]);
        self.next_edit = here;
        self.copies = copies;
    }

    /// The epilogue, and `ret`.
    fn r#return(&mut self, origin: Origin) {
        let frame = origin.doing(Mechanism::StateManagement);
        let assembly = &mut self.assembly;
        self.layout.epilogue(|instruction| {
            assembly.instructions.push(instruction);
            assembly.origins.push(frame);
        });
        self.push(Instruction::Ret, origin);
    }

    /// `bl f`, or `movz x0, catalogue; movz x1, id; bl trampoline`.
    fn call_function(&mut self, callee: FunctionId, origin: Origin) {
        let symbol = match self.calls {
            Calls::Direct => Symbol::Function(callee),
            Calls::Trampoline => {
                let catalogue = Register::physical(0);
                let id = Register::physical(1);
                let symbol = Symbol::Catalogue;
                self.push(
                    Instruction::LoadAddress {
                        rd: catalogue,
                        symbol,
                    },
                    origin,
                );
                self.constant(id, i64::from(callee.0), origin);
                Symbol::Trampoline
            }
        };
        self.push(Instruction::Bl { symbol }, origin);
        self.call_site(origin);
    }

    /// `mov x0, x28; ldr x16, [x28, #offset]; blr x16`
    fn call_import(&mut self, import: ImportId, origin: Origin) {
        let rd = Register::physical(0);
        let argument = origin.doing(Mechanism::DataTransfer);
        self.push(Instruction::Mov { rd, rn: CONTEXT }, argument);
        let offset = context::IMPORTS + 8 * import.0;
        let address = self.address(CONTEXT, offset, origin);
        self.load(X16, address, origin);
        self.push(Instruction::Blr { rn: X16 }, origin);
        self.call_site(origin);
    }

    fn call_site(&mut self, origin: Origin) {
        self.assembly.calls.push(CallSite {
            returns_to: self.assembly.instructions.len() as u32,
            lowered: 0,
            origin,
        });
        self.copies.define_caller_saved();
    }

    /// The allocator's moves before an instruction.
    #[inline]
    fn edits(&mut self, before: u32) {
        while let Some(&edit) = self.allocation.edits.get(self.next_edit)
            && edit.before == before
        {
            let origin = self
                .parts
                .origin(&edit, |block| self.threads.label(block.0));
            self.next_edit += 1;
            if let Some(&second) = self.allocation.edits.get(self.next_edit)
                && second.before == before
                && let Some(pair) = self.pair(&edit, &second)
            {
                self.next_edit += 1;
                self.push(pair, origin);
                self.note_definitions(pair);
            } else {
                self.edit(&edit, origin);
            }
        }
    }

    fn edit(&mut self, edit: &Edit, origin: Origin) {
        match (edit.to, edit.from) {
            (Location::Register(to), Location::Register(from)) => {
                self.copy(Register::physical(to), Register::physical(from), origin);
            }
            (Location::Register(to), Location::Slot(slot)) => {
                let address = self.slot_address(slot, origin);
                self.load(Register::physical(to), address, origin);
            }
            (Location::Slot(slot), Location::Register(from)) => {
                let address = self.slot_address(slot, origin);
                self.store(Register::physical(from), address, origin);
            }
            (Location::Register(to), Location::Constant(value)) => {
                self.constant(Register::physical(to), value, origin);
            }
            (Location::Slot(slot), Location::Constant(0)) => {
                let address = self.slot_address(slot, origin);
                self.store(ZR, address, origin);
            }
            (to, from) => debug_assert!(false, "a move has a register: {to:?} from {from:?}"),
        }
    }

    /// Two moves between registers and neighbouring slots in one instruction.
    fn pair(&self, first: &Edit, second: &Edit) -> Option<Instruction> {
        let (slots, registers, is_load) = match (first.to, first.from, second.to, second.from) {
            (
                Location::Register(a),
                Location::Slot(s),
                Location::Register(b),
                Location::Slot(t),
            ) if a != b => ((s, t), (a, b), true),
            (
                Location::Slot(s),
                Location::Register(a),
                Location::Slot(t),
                Location::Register(b),
            ) => ((s, t), (a, b), false),
            _ => return None,
        };
        let (low, (a, b)) = match slots {
            (s, t) if t == s + 1 => (s, registers),
            (s, t) if s == t + 1 => (t, (registers.1, registers.0)),
            _ => return None,
        };
        let offset = self.layout.slots_at + 8 * low;
        if offset > 504 {
            return None;
        }
        let (rt1, rt2) = (Register::physical(a), Register::physical(b));
        let address = Address::Offset(SP, offset as i32);
        Some(if is_load {
            Instruction::LoadPair { rt1, rt2, address }
        } else {
            Instruction::StorePair { rt1, rt2, address }
        })
    }

    fn constant(&mut self, rd: Register, value: i64, origin: Origin) {
        for instruction in constant_sequence(rd, value) {
            self.push(instruction, origin);
        }
        self.copies.define(rd);
    }

    fn load(&mut self, rt: Register, address: Address, origin: Origin) {
        let access = MemoryAccess::Double;
        self.push(
            Instruction::Load {
                access,
                rt,
                address,
            },
            origin,
        );
        self.copies.define(rt);
    }

    fn store(&mut self, rt: Register, address: Address, origin: Origin) {
        let access = MemoryAccess::Double;
        self.push(
            Instruction::Store {
                access,
                rt,
                address,
            },
            origin,
        );
    }

    fn slot_address(&mut self, slot: u32, origin: Origin) -> Address {
        self.stack_address(self.layout.slots_at + 8 * slot, origin)
    }

    fn stack_address(&mut self, offset: u32, origin: Origin) -> Address {
        self.address(SP, offset, origin)
    }

    /// `[base, #offset]`, if that is too far `[x17, #rest]` after `add x17, base, #…`.
    fn address(&mut self, base: Register, offset: u32, origin: Origin) -> Address {
        if offset <= LARGEST_OFFSET {
            return Address::Offset(base, offset as i32);
        }
        let (far, near) = (offset & !0xfff, offset & 0xfff);
        add_in_steps(Alu::Add, X17, base, far, |instruction| {
            self.push(instruction, origin);
        });
        Address::Offset(X17, near as i32)
    }

    /// `adr x16, .; b exit` for each exit, and the table of them.
    fn stubs(&mut self) {
        let mut extras = self.code.extras.iter().peekable();
        for (index, exit) in self.code.exits.iter().enumerate() {
            while extras
                .next_if(|extra| extra.instruction < exit.instruction)
                .is_some()
            {}
            let values = match extras.next_if(|extra| extra.instruction == exit.instruction) {
                Some(extra) => {
                    let (start, end) = extra.operands;
                    self.allocation.operands[start as usize..end as usize].to_vec()
                }
                None => Vec::new(),
            };
            let origin = Origin::body(self.code.origins[exit.instruction as usize].place);
            let label = self.exit_label(index as u32);
            self.place_label(label);
            self.assembly.exits.push(ExitSite {
                at: self.assembly.instructions.len() as u32,
                exit: exit.exit,
                framed: !(index == 0 && self.assembly.checks_stack),
                values,
                origin,
            });
            let label = Label::Local(label);
            self.push(Instruction::Adr { rd: X16, label }, origin);
            let symbol = Symbol::ExitStub;
            self.push(Instruction::BSymbol { symbol }, origin);
        }
    }
}

/// The branch that is taken exactly when this one isn't.
fn inverted(branch: Instruction) -> Instruction {
    match branch {
        Instruction::BCond { cond, label } => Instruction::BCond {
            cond: cond.negated(),
            label,
        },
        Instruction::Cbz { rt, label } => Instruction::Cbnz { rt, label },
        Instruction::Cbnz { rt, label } => Instruction::Cbz { rt, label },
        Instruction::Tbz { rt, bit, label } => Instruction::Tbnz { rt, bit, label },
        Instruction::Tbnz { rt, bit, label } => Instruction::Tbz { rt, bit, label },
        other => other,
    }
}

impl Steps for Instruction {
    fn step(&self) -> Step {
        match *self {
            Self::Parameters => Step::Parameters,
            Self::StackCheck { .. } => Step::StackCheck,
            Self::StackParameter { rd, .. } => Step::StackParameter(rd),
            Self::Store { rt, .. } => Step::Store(rt),
            Self::CallFunction { .. } | Self::CallImport { .. } => Step::Call,
            Self::WideDivide => Step::Constrained,
            Self::B {
                label: Label::Local(block),
            } => Step::Jump(BlockId(block)),
            Self::Return => Step::Return,
            _ => Step::Other,
        }
    }
}
