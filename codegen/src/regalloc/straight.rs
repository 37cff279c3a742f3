//! The short way, for a function of one block in which registers suffice: each value gets one
//! register for its whole life, each constant one for as long as it is used often.
//!
//! One walk finds the uses of each value and the *barriers*, positions at which registers are wanted
//! or clobbered; a second one assigns the registers and writes them into the instructions. Free
//! registers are a set of bits. As soon as a value finds no register, this way is given up, and the
//! [scan](super::scan) does the function from the beginning: it can split and spill.
//!
//! Positions are those of [`layout`](super::layout): instruction i reads at 2i and writes at 2i + 1.

use super::layout::NONE;
use super::lifetimes::{NO_RANK, Ranks};
use super::parallel_move::Move;
use super::resolve::{Group, Pending, in_order};
use crate::machine::{
    Allocation, Code, Constraint, Location, MachineInstruction, Register, RegisterFile,
    RegisterSet, Role,
};

/// A constant that isn't used within so many instructions is made again instead of kept.
const CONSTANT_KEPT: u32 = 16;

/// The same while most registers are free.
const CONSTANT_KEPT_LONG: u32 = 128;

/// How many barriers a life may cross; with more, the scan does it.
const MOST_BARRIERS: usize = 64;

/// A set of registers, by rank.
type Ranked = u64;

/// A use of a value.
#[derive(Debug, Clone, Copy)]
struct Use {
    /// The instruction.
    at: u32,
    /// The next use of the same value, or `NONE`.
    next: u32,
    /// Whether it is read from any register.
    in_register: bool,
}

/// A value: a virtual register.
#[derive(Debug, Clone, Copy)]
struct Value {
    /// The first use, or `NONE`.
    first_use: u32,
    /// The last use that has been found.
    last_use: u32,
    /// The instruction that makes it, if it is a constant, else `NONE`.
    constant_at: u32,
    /// A constant's last use in its present register; `NONE` for others.
    kept_to: u32,
    /// The rank of its register, or `NO_RANK`.
    rank: u8,
    /// The rank of a register that would save a move.
    preferred: u8,
}

impl Value {
    const NEW: Self = Self {
        first_use: NONE,
        last_use: NONE,
        constant_at: NONE,
        kept_to: NONE,
        rank: NO_RANK,
        preferred: NO_RANK,
    };
}

/// A position at which some registers can hold nothing else.
#[derive(Debug, Clone, Copy)]
struct Barrier {
    position: u32,
    registers: Ranked,
    /// The value that is expected there and may stay, or `NONE`.
    owner: u32,
}

/// What the first walk finds.
struct Survey<'a> {
    ranks: &'a Ranks,
    values: Vec<Value>,
    /// The uses, in the order in which the operands are visited.
    uses: Vec<Use>,
    barriers: Vec<Barrier>,
    /// The instructions with an operand that shares the register of the result, and the result.
    tied: Vec<(u32, u32)>,
    /// The registers that instructions clobber.
    clobbered: RegisterSet,
}

/// Allocates the short way; `None`, with the code as it was, if that can't be done.
pub(super) fn allocate<I: MachineInstruction>(
    code: &mut Code<I>,
    file: &RegisterFile,
    ranks: &Ranks,
) -> Option<Allocation> {
    let [block] = code.blocks.as_slice() else {
        return None;
    };
    let has_parameters = block.parameters.0 != block.parameters.1;
    let goes_round = block.successors.iter().any(Option::is_some);
    if has_parameters || goes_round || ranks.registers.len() > Ranked::BITS as usize {
        return None;
    }
    let survey = survey(code, ranks)?;
    let mut rewritten = Vec::with_capacity(code.instructions.len());
    let assigned = assign(code, file, survey, &mut rewritten)?;
    code.instructions = rewritten;
    Some(in_order(
        assigned.pending,
        file.scratch,
        Allocation {
            operands: assigned.operands,
            used: assigned.touched,
            dead: assigned.dead,
            ..Allocation::default()
        },
    ))
}

/// The first walk; `None` if an operand has a constraint that only the scan knows.
fn survey<'a, I: MachineInstruction>(code: &Code<I>, ranks: &'a Ranks) -> Option<Survey<'a>> {
    let mut survey = Survey {
        ranks,
        values: vec![Value::NEW; code.virtual_registers as usize],
        uses: Vec::with_capacity(code.instructions.len() * 2 + code.operands.len()),
        barriers: Vec::new(),
        tied: Vec::new(),
        clobbered: RegisterSet::EMPTY,
    };
    let mut extras = code.extras.as_slice();
    for (at, instruction) in (0..).zip(&code.instructions) {
        let mut written = 0;
        let mut known = true;
        let mut copy = *instruction;
        copy.visit_registers(|&mut register, role, constraint| {
            known &= survey.operand(at, register, role, constraint, &mut written);
        });
        if let Some((register, _)) = instruction.as_constant()
            && let Some(index) = register.virtual_index()
        {
            survey.values[index as usize].constant_at = at;
        }
        if let Some((extra, rest)) = extras.split_first()
            && extra.instruction == at
        {
            extras = rest;
            for operand in &code.operands[extra.operands.0 as usize..extra.operands.1 as usize] {
                let (role, constraint) = (operand.role, operand.constraint);
                known &= survey.operand(at, operand.register, role, constraint, &mut written);
            }
        }
        if !known {
            return None;
        }
        survey.barrier_behind(at, instruction.clobbers(), written);
    }
    Some(survey)
}

impl Survey<'_> {
    /// An operand; false if its constraint is not known here. `written` collects the registers that
    /// the instruction writes because it must.
    #[inline]
    fn operand(
        &mut self,
        at: u32,
        register: Register,
        role: Role,
        constraint: Constraint,
        written: &mut Ranked,
    ) -> bool {
        let Some(index) = register.virtual_index() else {
            return true;
        };
        match (role, constraint) {
            (Role::Use, Constraint::Register) => self.use_(at, index, true),
            (Role::Use, Constraint::Anywhere) => self.use_(at, index, false),
            (Role::Use, Constraint::Fixed(number)) => {
                self.use_(at, index, false);
                let rank = self.ranks.of[usize::from(number)];
                let value = &mut self.values[index as usize];
                if value.preferred == NO_RANK {
                    value.preferred = rank;
                }
                if rank != NO_RANK {
                    self.barriers.push(Barrier {
                        position: 2 * at,
                        registers: 1 << rank,
                        owner: index,
                    });
                }
            }
            (Role::Define | Role::DefineEarly, Constraint::Register) => {}
            (Role::Define | Role::DefineEarly, Constraint::Fixed(number)) => {
                let rank = self.ranks.of[usize::from(number)];
                self.values[index as usize].preferred = rank;
                if rank != NO_RANK {
                    *written |= 1 << rank;
                    if role == Role::DefineEarly {
                        self.barriers.push(Barrier {
                            position: 2 * at,
                            registers: 1 << rank,
                            owner: NONE,
                        });
                    }
                }
            }
            (Role::Define | Role::DefineEarly, Constraint::SameAsFirstUse) => {
                self.tied.push((at, index));
            }
            _ => return false,
        }
        true
    }

    #[inline]
    fn use_(&mut self, at: u32, index: u32, in_register: bool) {
        let number = self.uses.len() as u32;
        self.uses.push(Use {
            at,
            next: NONE,
            in_register,
        });
        let value = &mut self.values[index as usize];
        match self.uses.get_mut(value.last_use as usize) {
            Some(last) => last.next = number,
            None => value.first_use = number,
        }
        value.last_use = number;
    }

    /// The registers that an instruction writes and clobbers are free of other values then.
    #[inline]
    fn barrier_behind(&mut self, at: u32, clobbers: RegisterSet, written: Ranked) {
        let mut registers = written;
        if !clobbers.is_empty() {
            self.clobbered = self.clobbered.union(&clobbers);
            for number in clobbers.iter() {
                let rank = self.ranks.of[usize::from(number)];
                if rank != NO_RANK {
                    registers |= 1 << rank;
                }
            }
        }
        if registers != 0 {
            self.barriers.push(Barrier {
                position: 2 * at + 1,
                registers,
                owner: NONE,
            });
        }
    }
}

/// The state of the second walk.
struct Assignment<'a> {
    survey: Survey<'a>,
    scratch: Register,
    /// The register of each rank; the scratch register for all that there aren't.
    registers: [Register; 256],
    /// The uses that have been visited.
    uses_passed: u32,
    /// The barriers that lie before the present instruction.
    barriers_passed: usize,
    /// The tied results that have been visited.
    tied_passed: usize,
    /// The registers in which nothing lives.
    free: Ranked,
    /// Those whose values the present instruction reads last.
    dying: Ranked,
    /// That of them that the result has taken already.
    shared: Ranked,
    /// Those that it writes for nobody.
    unused: Ranked,
    /// Those that have been given to a value.
    given: Ranked,
    /// Whether a value has found no register.
    stuck: bool,
    pending: Vec<Pending>,
    operands: Vec<Location>,
    dead: Vec<u32>,
    touched: RegisterSet,
}

/// The second walk. `rewritten` takes the instructions with their registers.
fn assign<'a, I: MachineInstruction>(
    code: &Code<I>,
    file: &RegisterFile,
    survey: Survey<'a>,
    rewritten: &mut Vec<I>,
) -> Option<Assignment<'a>> {
    let count = survey.ranks.registers.len() as u32;
    let scratch = Register::physical(file.scratch);
    let mut registers = [scratch; 256];
    for (to, &number) in registers.iter_mut().zip(&survey.ranks.registers) {
        *to = Register::physical(number);
    }
    let mut this = Assignment {
        scratch,
        registers,
        uses_passed: 0,
        barriers_passed: 0,
        tied_passed: 0,
        free: Ranked::MAX.unbounded_shr(Ranked::BITS - count),
        dying: 0,
        shared: 0,
        unused: 0,
        given: 0,
        stuck: false,
        pending: Vec::new(),
        operands: Vec::with_capacity(code.operands.len()),
        dead: Vec::new(),
        touched: survey.clobbered,
        survey,
    };
    let mut extras = code.extras.as_slice();
    for (at, instruction) in (0..).zip(&code.instructions) {
        this.begin(at);
        let mut tied = this.tied_result(at);
        let mut copy = *instruction;
        copy.visit_registers(|operand, role, constraint| {
            if let Some(index) = operand.virtual_index() {
                *operand = match (role, constraint) {
                    (Role::Use, Constraint::Register) => match tied.take() {
                        None => this.read(code, at, index),
                        Some(result) => this.share(code, at, index, result),
                    },
                    (Role::Define, Constraint::Register) => this.result(at, index, instruction),
                    (_, Constraint::SameAsFirstUse) => this.present_register(index),
                    _ => {
                        this.stuck |= tied.is_some();
                        let place = this.operand(code, at, index, role, constraint);
                        this.register(place)
                    }
                };
            }
        });
        rewritten.push(copy);
        if let Some((extra, rest)) = extras.split_first()
            && extra.instruction == at
        {
            extras = rest;
            for operand in &code.operands[extra.operands.0 as usize..extra.operands.1 as usize] {
                let place = match operand.register.virtual_index() {
                    Some(index) => this.operand(code, at, index, operand.role, operand.constraint),
                    None => Location::Register(operand.register.number()?),
                };
                this.operands.push(place);
            }
        }
        if this.stuck || tied.is_some() {
            return None;
        }
        this.free |= this.dying | this.unused;
    }
    for (rank, &number) in this.survey.ranks.registers.iter().enumerate() {
        if this.given >> rank & 1 != 0 {
            this.touched.insert(number);
        }
    }
    Some(this)
}

impl Assignment<'_> {
    /// Comes to an instruction.
    #[inline]
    fn begin(&mut self, at: u32) {
        self.dying = 0;
        self.shared = 0;
        self.unused = 0;
        let barriers = &self.survey.barriers;
        while barriers
            .get(self.barriers_passed)
            .is_some_and(|barrier| barrier.position < 2 * at)
        {
            self.barriers_passed += 1;
        }
    }

    /// The result of an instruction that shares the register of its first operand.
    #[inline]
    fn tied_result(&mut self, at: u32) -> Option<u32> {
        let &(instruction, result) = self.survey.tied.get(self.tied_passed)?;
        (instruction == at).then(|| {
            self.tied_passed += 1;
            result
        })
    }

    /// The register of a rank.
    fn number(&self, rank: u8) -> u8 {
        self.survey.ranks.registers[usize::from(rank)]
    }

    /// The register of a rank; if there is none, the instruction will not be used.
    #[inline]
    fn register_of(&self, rank: u8) -> Register {
        self.registers[usize::from(rank)]
    }

    /// The register that a value is in now.
    #[inline]
    fn present_register(&self, index: u32) -> Register {
        self.register_of(self.survey.values[index as usize].rank)
    }

    /// The register of an operand's place; an instruction has no other places.
    fn register(&self, place: Location) -> Register {
        match place {
            Location::Register(number) => Register::physical(number),
            Location::Slot(_) | Location::Constant(_) => self.scratch,
        }
    }

    /// An operand that is read from any register.
    #[inline]
    fn read<I: MachineInstruction>(&mut self, code: &Code<I>, at: u32, index: u32) -> Register {
        if self.survey.values[index as usize].rank == NO_RANK {
            self.make_constant(code, at, index);
        }
        let register = self.present_register(index);
        self.pass_use(at, index);
        register
    }

    /// An operand beside an instruction, or one in a certain register.
    #[cold]
    fn operand<I: MachineInstruction>(
        &mut self,
        code: &Code<I>,
        at: u32,
        index: u32,
        role: Role,
        constraint: Constraint,
    ) -> Location {
        match (role, constraint) {
            (Role::Use, Constraint::Register) => {
                let register = self.read(code, at, index);
                Location::Register(register.number().expect("it has been assigned"))
            }
            (Role::Use, Constraint::Fixed(number)) => {
                let to = Location::Register(number);
                let from = self.place(code, index);
                self.pass_use(at, index);
                self.push(at, Group::Operands, to, from);
                self.touched.insert(number);
                to
            }
            (Role::Use, _) => {
                let place = self.place(code, index);
                self.pass_use(at, index);
                place
            }
            (_, Constraint::Fixed(number)) => {
                self.fixed_result(at, index, number);
                Location::Register(number)
            }
            _ => {
                let (start, among) = match role {
                    Role::DefineEarly => (2 * at, self.free),
                    Role::Define | Role::Use => (2 * at + 1, self.free | self.dying),
                };
                let rank = self.take_to_last_use(at, start, index, among, NO_RANK);
                let register = self.register_of(rank);
                Location::Register(register.number().expect("it has been assigned"))
            }
        }
    }

    /// Where a value is now.
    fn place<I: MachineInstruction>(&mut self, code: &Code<I>, index: u32) -> Location {
        let value = &self.survey.values[index as usize];
        if value.rank != NO_RANK {
            return Location::Register(self.number(value.rank));
        }
        let constant = code.instructions.get(value.constant_at as usize);
        match constant.and_then(MachineInstruction::as_constant) {
            Some((_, constant)) => Location::Constant(constant),
            None => {
                self.stuck = true;
                Location::Constant(0)
            }
        }
    }

    /// Leaves a use behind; with the last one, and with the last one for which a constant is kept,
    /// the register becomes free.
    #[inline]
    fn pass_use(&mut self, at: u32, index: u32) {
        let next = self.survey.uses[self.uses_passed as usize].next;
        self.uses_passed += 1;
        let value = &mut self.survey.values[index as usize];
        if next != NONE {
            let next_at = || self.survey.uses[next as usize].at;
            if value.kept_to > at || next_at() == at {
                return;
            }
        }
        if value.rank != NO_RANK {
            self.dying |= 1 << value.rank & !self.shared;
            value.rank = NO_RANK;
        }
    }

    /// Makes a constant right before an instruction that wants it in a register, and keeps it while
    /// it is used often. Over a barrier it isn't kept.
    #[inline(never)]
    fn make_constant<I: MachineInstruction>(&mut self, code: &Code<I>, at: u32, index: u32) {
        let from = self.place(code, index);
        if self.stuck {
            return;
        }
        let kept_to = self.kept_to(self.uses_passed);
        self.survey.values[index as usize].kept_to = kept_to;
        let life = (2 * at, 2 * kept_to + 1);
        let rank = self.take(life, index, self.free, NO_RANK);
        if rank != NO_RANK {
            let to = Location::Register(self.number(rank));
            self.push(at, Group::Between, to, from);
        }
    }

    /// The instruction up to which a constant is kept that is wanted for a use: the last of those
    /// that follow closely, before the next barrier.
    fn kept_to(&self, use_: u32) -> u32 {
        let barrier = self.survey.barriers.get(self.barriers_passed);
        let barrier = barrier.map_or(NONE, |barrier| barrier.position);
        let most_are_free = 2 * self.free.count_ones() as usize > self.survey.ranks.registers.len();
        let distance = if most_are_free {
            CONSTANT_KEPT_LONG
        } else {
            CONSTANT_KEPT
        };
        let first = self.survey.uses[use_ as usize];
        let (mut kept_to, mut number) = (first.at, first.next);
        while let Some(use_) = self.survey.uses.get(number as usize) {
            if use_.at > kept_to + distance || 2 * use_.at >= barrier {
                break;
            }
            if use_.in_register {
                kept_to = use_.at;
            }
            number = use_.next;
        }
        kept_to
    }

    /// The result of an instruction in any register.
    #[inline]
    fn result<I: MachineInstruction>(&mut self, at: u32, index: u32, instruction: &I) -> Register {
        if self.survey.values[index as usize].constant_at == at {
            return self.constant_result(at, index);
        }
        let source = match self.dying {
            0 => NO_RANK,
            _ if instruction.as_move().is_none() => NO_RANK,
            dying => dying.trailing_zeros() as u8,
        };
        let among = self.free | self.dying;
        let rank = self.take_to_last_use(at, 2 * at + 1, index, among, source);
        self.register_of(rank)
    }

    /// A constant isn't made here unless the next instruction wants it.
    #[inline(never)]
    fn constant_result(&mut self, at: u32, index: u32) -> Register {
        let first_use = self.survey.values[index as usize].first_use;
        let first = self.survey.uses.get(first_use as usize);
        if first.is_none_or(|first| first.at > at + 1 || !first.in_register) {
            self.dead.push(at);
            return self.scratch;
        }
        let kept_to = self.kept_to(first_use);
        self.survey.values[index as usize].kept_to = kept_to;
        let life = (2 * at + 1, 2 * kept_to + 1);
        let rank = self.take(life, index, self.free | self.dying, NO_RANK);
        self.register_of(rank)
    }

    /// A result in a certain register goes to its own, unless nobody uses it.
    fn fixed_result(&mut self, at: u32, index: u32, number: u8) -> Register {
        self.touched.insert(number);
        let last_use = self.survey.values[index as usize].last_use;
        if let Some(last) = self.survey.uses.get(last_use as usize) {
            let life = (2 * at + 2, 2 * last.at + 1);
            let rank = self.take(life, index, self.free | self.dying, NO_RANK);
            if rank != NO_RANK {
                let to = Location::Register(self.number(rank));
                self.push(at + 1, Group::Between, to, Location::Register(number));
            }
        }
        Register::physical(number)
    }

    /// The result shares the register of the operand that is visited now, its first: its own if the
    /// operand lives on, into which the operand is copied.
    #[inline(never)]
    fn share<I: MachineInstruction>(
        &mut self,
        code: &Code<I>,
        at: u32,
        operand: u32,
        result: u32,
    ) -> Register {
        let from = self.place(code, operand);
        let others = self.dying;
        let value = &self.survey.values[operand as usize];
        let held = value.rank;
        // The instruction may read it more than once.
        let is_last = self.survey.uses[value.last_use as usize].at == at;
        self.pass_use(at, operand);
        let mut own = self.dying & !others;
        if held != NO_RANK && is_last {
            own |= 1 << held;
        }
        // The operand's register costs no move here, whatever the result is wanted in later.
        let preferred = &mut self.survey.values[result as usize].preferred;
        let second = match own {
            0 => NO_RANK,
            own => std::mem::replace(preferred, own.trailing_zeros() as u8),
        };
        let rank = self.take_to_last_use(at, 2 * at, result, self.free | own, second);
        if rank != NO_RANK {
            self.shared = own & (1 << rank);
            let to = Location::Register(self.number(rank));
            self.push(at, Group::Operands, to, from);
        }
        self.register_of(rank)
    }

    /// A register for a value from `start` to its last use.
    #[inline]
    fn take_to_last_use(
        &mut self,
        at: u32,
        start: u32,
        index: u32,
        among: Ranked,
        source: u8,
    ) -> u8 {
        let last_use = self.survey.values[index as usize].last_use;
        let last = self.survey.uses.get(last_use as usize);
        let end = last.map_or(2 * at + 2, |last| 2 * last.at + 1);
        let is_used = last.is_some();
        let rank = self.take((start, end), index, among, source);
        if !is_used && rank != NO_RANK {
            self.unused |= 1 << rank;
        }
        rank
    }

    /// Gives a value a register of a set that no barrier takes while it lives, from one position up
    /// to before another: the one that it prefers, else `source`, else the first.
    #[inline]
    fn take(&mut self, life: (u32, u32), index: u32, among: Ranked, source: u8) -> u8 {
        let mut suitable = among;
        let barriers = &self.survey.barriers[self.barriers_passed..];
        for (number, barrier) in barriers.iter().enumerate() {
            if barrier.position >= life.1 {
                break;
            }
            if number == MOST_BARRIERS {
                suitable = 0;
            }
            if barrier.position >= life.0 && barrier.owner != index {
                suitable &= !barrier.registers;
            }
            if suitable == 0 {
                break;
            }
        }
        if suitable == 0 {
            self.stuck = true;
            return NO_RANK;
        }
        let value = &mut self.survey.values[index as usize];
        let is_suitable = |rank: u8| suitable.unbounded_shr(u32::from(rank)) & 1 != 0;
        let rank = match value.preferred {
            preferred if is_suitable(preferred) => preferred,
            _ if is_suitable(source) => source,
            _ => suitable.trailing_zeros() as u8,
        };
        value.rank = rank;
        let taken = 1 << rank;
        self.free &= !taken;
        self.dying &= !taken;
        self.given |= taken;
        rank
    }

    fn push(&mut self, before: u32, group: Group, to: Location, from: Location) {
        if to != from {
            self.pending
                .push(Pending::new(before, group, Move { to, from }));
        }
    }
}
