//! What the scan needs to know of each virtual register, collected in one walk over the code: where
//! it is defined, where and how it is used, where it lives, and which registers are taken where.
//!
//! Uses, ranges and barriers are linked lists in three vectors. A virtual register that lives in one
//! block only needs no ranges, just its beginning and its end; for each of the others, the blocks
//! that it lives in are found by walking backwards from its uses to its definition.

use super::layout::{Layout, NONE};
use super::ranges::BlockWalk;
use crate::machine::{Code, Constraint, MachineInstruction, Register, RegisterFile, Role};

/// What a use asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// The value must be in a register.
    Register,
    /// The value is copied from wherever it is, best from a register.
    Copy,
    /// Where the value is is recorded.
    Nothing,
}

/// Which register would save a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// Any does.
    None,
    /// This one, by its rank.
    Register(u8),
    /// That of another virtual register.
    Same(u32),
}

/// A use of a virtual register.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    /// Where: an even position (odd only for a definition that is pretended to be a use).
    pub position: u32,
    /// The next use of the same virtual register, or `NONE`.
    pub next: u32,
    /// What it asks for.
    pub want: Want,
    /// Which register would be best.
    pub hint: Hint,
}

/// A stretch of the layout in which a virtual register lives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    /// The first position.
    pub start: u32,
    /// The position behind the last.
    pub end: u32,
    /// The next range, or `NONE`.
    pub next: u32,
}

/// A position at which a register is not free.
#[derive(Debug, Clone, Copy)]
pub(super) struct Barrier {
    /// Where.
    pub position: u32,
    /// The virtual register that is expected there and may stay, or `NONE`.
    pub owner: u32,
    /// The next barrier of the same register, or `NONE`.
    pub next: u32,
}

/// How a virtual register is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Definition {
    /// Not at all.
    Missing,
    /// By an instruction, in a register.
    Register,
    /// By an instruction, in a certain register, from which it is moved.
    Fixed(u8),
    /// By an instruction that makes this constant.
    Constant(i64),
    /// As a block's parameter.
    Parameter,
}

/// What is known of a virtual register.
#[derive(Debug, Clone, Copy)]
pub(super) struct Virtual {
    /// How it is defined.
    pub definition: Definition,
    /// Where its life begins: at the instruction's second position, at its first if it must not
    /// share a register with the operands, behind the instruction if it is moved out of a certain
    /// register, or at the block's beginning.
    pub defined_at: u32,
    /// The block that defines it.
    pub block: u32,
    /// The first use.
    pub first_use: u32,
    last_use: u32,
    /// The first range; `NONE` if the life has no holes.
    pub ranges: u32,
    /// The first position of its life.
    pub start: u32,
    /// The position behind the last; `start` if it needs no place at all.
    pub end: u32,
    /// If it must be in the register of an operand: that operand's virtual register.
    pub tied_to: u32,
    /// The rank of a register that would save a move.
    pub preferred: u8,
    /// Whether a use has a hint.
    pub hinted: bool,
    /// The parameter that it is handed over to in the innermost loop, or `NONE`.
    pub handed_to: u32,
    /// How many loops the jump is in that hands it over.
    pub handed_depth: u32,
    crosses_blocks: bool,
}

impl Virtual {
    /// One of which nothing is known.
    pub(super) const NEW: Self = Self {
        definition: Definition::Missing,
        defined_at: NONE,
        block: NONE,
        first_use: NONE,
        last_use: NONE,
        ranges: NONE,
        start: 0,
        end: 0,
        tied_to: NONE,
        preferred: NO_RANK,
        hinted: false,
        handed_to: NONE,
        handed_depth: 0,
        crosses_blocks: false,
    };

    /// The constant that it is, if it is one.
    pub(super) const fn constant(&self) -> Option<i64> {
        match self.definition {
            Definition::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The positions from the definition on in which it can't leave its register.
    pub(super) fn pinned(&self, position: u32) -> bool {
        self.definition == Definition::Register
            && position >= self.defined_at
            && position <= self.defined_at | 1
    }
}

/// The rank of a register that values can't live in.
pub(super) const NO_RANK: u8 = u8::MAX;

/// The allocatable registers by rank: those that a call spoils first, then the others, each in the
/// order of preference of the register file.
#[derive(Debug)]
pub(super) struct Ranks {
    /// The register of each rank.
    pub registers: Vec<u8>,
    /// The rank of each register, or `NO_RANK`.
    pub of: [u8; 256],
    /// The first rank of a callee-saved register.
    pub callee_saved: u8,
}

impl Ranks {
    /// The ranks of a register file.
    pub(super) fn of(file: &RegisterFile) -> Self {
        let kept = |number: &u8| file.callee_saved.contains(*number);
        let (saved, spoilt): (Vec<u8>, Vec<u8>) = file.allocatable.iter().partition(|r| kept(r));
        let callee_saved = spoilt.len() as u8;
        let registers = [spoilt, saved].concat();
        let mut of = [NO_RANK; 256];
        for (rank, &number) in registers.iter().enumerate() {
            of[usize::from(number)] = rank as u8;
        }
        Self {
            registers,
            of,
            callee_saved,
        }
    }
}

/// What is known of all virtual registers.
#[derive(Debug, Default)]
pub(super) struct Lifetimes {
    /// The virtual registers.
    pub registers: Vec<Virtual>,
    /// The uses.
    pub uses: Vec<Use>,
    /// The ranges.
    pub ranges: Vec<Range>,
    /// The barriers.
    pub barriers: Vec<Barrier>,
    /// The first barrier of each rank, or `NONE`.
    pub first_barrier: Vec<u32>,
    /// The positions at which any register has a barrier, ascending.
    pub barrier_positions: Vec<u32>,
    /// The virtual registers that need a place, by the position at which their lives begin.
    pub order: Vec<u32>,
    /// The instructions with an operand that shares the register of the result, and the result.
    pub tied: Vec<(u32, u32)>,
    /// Whether each life begins at its definition: then two of them that overlap do so where one of
    /// them begins.
    pub strict: bool,
}

/// Collects the lifetimes of some code.
pub(super) fn collect<I: MachineInstruction>(
    code: &Code<I>,
    layout: &Layout,
    ranks: &Ranks,
) -> Lifetimes {
    let mut collector = Collector::new(code, ranks);
    collector.walk(code);
    collector.find_ranges(layout);
    collector.finish(layout)
}

/// The state of the walk.
struct Collector<'a> {
    ranks: &'a Ranks,
    lifetimes: Lifetimes,
    last_barrier: Vec<u32>,
    /// The certain registers that the present instruction writes.
    written: Vec<u8>,
    block: u32,
    /// The position at which it begins.
    block_start: u32,
    /// Virtual registers that live in several blocks.
    global: Vec<u32>,
}

impl<'a> Collector<'a> {
    fn new<I>(code: &Code<I>, ranks: &'a Ranks) -> Self {
        let count = ranks.registers.len();
        Self {
            ranks,
            lifetimes: Lifetimes {
                registers: vec![Virtual::NEW; code.virtual_registers as usize],
                uses: Vec::with_capacity(code.instructions.len() * 2),
                ranges: Vec::new(),
                barriers: Vec::new(),
                first_barrier: vec![NONE; count],
                barrier_positions: Vec::new(),
                order: Vec::with_capacity(code.virtual_registers as usize),
                tied: Vec::new(),
                strict: true,
            },
            last_barrier: vec![NONE; count],
            written: Vec::new(),
            block: 0,
            block_start: 0,
            global: Vec::new(),
        }
    }

    fn walk<I: MachineInstruction>(&mut self, code: &Code<I>) {
        let mut extras = code.extras.iter().peekable();
        for (number, block) in code.blocks.iter().enumerate() {
            self.block = number as u32;
            self.block_start = 2 * block.start;
            for parameter in list(&code.lists, block.parameters) {
                self.define(parameter, Definition::Parameter, 2 * block.start);
            }
            for at in block.start..block.end {
                let instruction = &code.instructions[at as usize];
                self.instruction(at, instruction);
                if let Some(extra) = extras.next_if(|extra| extra.instruction == at) {
                    let (from, to) = extra.operands;
                    for operand in &code.operands[from as usize..to as usize] {
                        self.operand(at, operand.register, operand.role, operand.constraint);
                    }
                }
                self.barriers_behind(at, instruction);
            }
            self.arguments(code, number);
        }
    }

    fn instruction<I: MachineInstruction>(&mut self, at: u32, instruction: &I) {
        let constant = instruction.as_constant();
        let mut first_use = None;
        let mut copy = *instruction;
        copy.visit_registers(|register, role, constraint| {
            let Some(index) = register.virtual_index() else {
                return;
            };
            match (role, constraint) {
                (Role::Use, _) => {
                    if first_use.is_none() {
                        first_use = Some((index, self.lifetimes.uses.len() as u32));
                    }
                    if constraint == Constraint::Register {
                        self.use_(index, 2 * at, Want::Register, Hint::None);
                    } else {
                        self.operand(at, *register, role, constraint);
                    }
                }
                (_, constraint) => match (constant, constraint, first_use) {
                    (Some((_, value)), _, _) => {
                        self.define(*register, Definition::Constant(value), 2 * at + 1);
                    }
                    (None, Constraint::SameAsFirstUse, Some((operand, number))) => {
                        self.tie(at, index, operand, number);
                    }
                    _ => self.operand(at, *register, role, constraint),
                },
            }
        });
        if let Some((to, from)) = instruction.as_move()
            && let (Some(to), Some(from)) = (to.virtual_index(), from.virtual_index())
        {
            let from = &mut self.lifetimes.registers[from as usize];
            from.hinted = true;
            let number = from.last_use;
            if let Some(use_) = self.lifetimes.uses.get_mut(number as usize) {
                use_.hint = Hint::Same(to);
            }
        }
    }

    /// An operand that shares no register with another one.
    fn operand(&mut self, at: u32, register: Register, role: Role, constraint: Constraint) {
        let Some(index) = register.virtual_index() else {
            return;
        };
        match (role, constraint) {
            (Role::Use, Constraint::Register | Constraint::SameAsFirstUse) => {
                self.use_(index, 2 * at, Want::Register, Hint::None);
            }
            (Role::Use, Constraint::Anywhere) => {
                self.record(index, 2 * at);
            }
            (Role::Use, Constraint::Fixed(number)) => {
                let hint = match self.ranks.of[usize::from(number)] {
                    NO_RANK => Hint::None,
                    rank => Hint::Register(rank),
                };
                self.use_(index, 2 * at, Want::Copy, hint);
                self.barrier(number, 2 * at, index);
            }
            (_, Constraint::Fixed(number)) => {
                if role == Role::DefineEarly {
                    self.barrier(number, 2 * at, NONE);
                }
                self.written.push(number);
                self.define(register, Definition::Fixed(number), 2 * at + 2);
                self.lifetimes.registers[index as usize].preferred =
                    self.ranks.of[usize::from(number)];
            }
            (Role::Define, _) => self.define(register, Definition::Register, 2 * at + 1),
            (Role::DefineEarly, _) => self.define(register, Definition::Register, 2 * at),
        }
    }

    /// `result` must be in the register of the instruction's first use, which is use `number`, of
    /// `operand`: it begins to live before the other operands are read, and the operand is copied
    /// into its register.
    fn tie(&mut self, at: u32, result: u32, operand: u32, number: u32) {
        let Lifetimes {
            registers, uses, ..
        } = &mut self.lifetimes;
        let use_ = &mut uses[number as usize];
        use_.want = Want::Copy;
        use_.hint = Hint::Same(result);
        registers[operand as usize].hinted = true;
        registers[result as usize].tied_to = operand;
        let register = Register::virtual_register(result);
        self.define(register, Definition::Register, 2 * at);
        self.lifetimes.tied.push((at, result));
    }

    /// The place of a value is recorded. Of several such uses in a block only the last one counts: it
    /// says how long the value lives. There may be as many as exits times values.
    fn record(&mut self, index: u32, position: u32) {
        let Lifetimes {
            registers, uses, ..
        } = &mut self.lifetimes;
        let register = &mut registers[index as usize];
        if let Some(last) = uses.get_mut(register.last_use as usize)
            && last.want == Want::Nothing
            && last.position >= self.block_start
        {
            last.position = position;
            register.end = position + 1;
            return;
        }
        self.use_(index, position, Want::Nothing, Hint::None);
    }

    #[inline]
    fn use_(&mut self, index: u32, position: u32, want: Want, hint: Hint) {
        let Lifetimes {
            registers, uses, ..
        } = &mut self.lifetimes;
        let register = &mut registers[index as usize];
        register.hinted |= hint != Hint::None;
        let number = uses.len() as u32;
        uses.push(Use {
            position,
            next: NONE,
            want,
            hint,
        });
        match uses.get_mut(register.last_use as usize) {
            Some(last) => last.next = number,
            None => register.first_use = number,
        }
        register.last_use = number;
        register.end = position + 1;
        if register.block != self.block && !register.crosses_blocks {
            register.crosses_blocks = true;
            self.global.push(index);
        }
    }

    fn define(&mut self, register: Register, definition: Definition, position: u32) {
        let Some(index) = register.virtual_index() else {
            return;
        };
        let register = &mut self.lifetimes.registers[index as usize];
        register.definition = definition;
        register.defined_at = position;
        register.block = self.block;
        register.start = position;
        self.lifetimes.order.push(index);
        if register.first_use == NONE {
            register.end = position;
        }
    }

    fn barrier(&mut self, number: u8, position: u32, owner: u32) {
        let rank = self.ranks.of[usize::from(number)];
        if rank == NO_RANK {
            return;
        }
        let Lifetimes {
            barriers,
            first_barrier,
            barrier_positions,
            ..
        } = &mut self.lifetimes;
        let rank = usize::from(rank);
        let entry = barriers.len() as u32;
        barriers.push(Barrier {
            position,
            owner,
            next: NONE,
        });
        match barriers.get_mut(self.last_barrier[rank] as usize) {
            Some(last) => last.next = entry,
            None => first_barrier[rank] = entry,
        }
        self.last_barrier[rank] = entry;
        if barrier_positions.last() != Some(&position) {
            barrier_positions.push(position);
        }
    }

    /// The registers that an instruction writes and clobbers are free of other values then.
    fn barriers_behind<I: MachineInstruction>(&mut self, at: u32, instruction: &I) {
        let clobbers = instruction.clobbers();
        if self.written.is_empty() && clobbers.is_empty() {
            return;
        }
        let mut written = std::mem::take(&mut self.written);
        for number in written.drain(..).chain(clobbers.iter()) {
            self.barrier(number, 2 * at + 1, NONE);
        }
        self.written = written;
    }

    /// The arguments of a block that jumps are used by its last instruction.
    fn arguments<I>(&mut self, code: &Code<I>, number: usize) {
        let block = &code.blocks[number];
        let Some(successor) = block.successors.iter().flatten().next() else {
            return;
        };
        let parameters = list(&code.lists, code.blocks[successor.index()].parameters);
        for (argument, parameter) in list(&code.lists, block.arguments).zip(parameters) {
            let hint = parameter.virtual_index().map_or(Hint::None, Hint::Same);
            if let Some(index) = argument.virtual_index() {
                let position = 2 * (block.end - 1);
                self.use_(index, position, Want::Copy, hint);
                let life = &mut self.lifetimes.registers[index as usize];
                if life.handed_to == NONE || life.handed_depth < block.loop_depth {
                    life.handed_to = parameter.virtual_index().unwrap_or(NONE);
                    life.handed_depth = block.loop_depth;
                }
            }
        }
    }

    /// Finds where the virtual registers live that cross a block's border.
    fn find_ranges(&mut self, layout: &Layout) {
        let mut walk = BlockWalk::new(layout);
        for &index in &self.global {
            walk.run(&mut self.lifetimes, index);
        }
    }

    fn finish(mut self, layout: &Layout) -> Lifetimes {
        let Lifetimes {
            registers,
            order,
            strict,
            ..
        } = &mut self.lifetimes;
        for &index in &self.global {
            if registers[index as usize].definition == Definition::Missing {
                order.push(index);
                *strict = false;
            }
        }
        for register in registers.iter_mut() {
            // A result that nobody uses needs a register all the same while it is written.
            if register.definition == Definition::Register {
                register.end = register.end.max((register.defined_at | 1) + 1);
            } else if let Definition::Constant(_) = register.definition {
                register.end = register.end.max(register.defined_at + 1);
            }
        }
        order.retain(|&index| {
            let register = &registers[index as usize];
            register.start < register.end
        });
        if !order.is_sorted_by_key(|&index| registers[index as usize].start) {
            order.sort_by_key(|&index| registers[index as usize].start);
        }
        *strict &= layout.all_reachable;
        self.lifetimes
    }
}

/// The registers of a list.
pub(super) fn list(lists: &[Register], range: (u32, u32)) -> impl Iterator<Item = Register> {
    lists[range.0 as usize..range.1 as usize].iter().copied()
}
