//! What can be left out or put elsewhere once all instructions stand in their places.
//!
//! ```text
//! .L1:  idivq %b, %a, %q          .L1:  idivq %b, %a, %q
//!       subq  0, %r, %0                 addq  %b, %0, %a
//!       jz    .L2           →           addq  %r, %0, %b
//!       addq  %b, %0, %a                jnz   .L1
//!       addq  %r, %0, %b          .L2:
//!       jmp   .L1
//! .L2:
//! ```
//!
//! A loop that moves values on its way back to its beginning moves them before it decides whether to
//! go back, if nobody needs the old ones otherwise. A comparison with 0 is left out behind an
//! instruction that has told the same. A jump to a function's last few instructions is replaced by
//! these.

use codegen::ir::Condition;
use codegen::machine::{Assembly, Location, MachineInstruction, Register, RegisterSet, Role};

use crate::ulm::instruction::{Grouped, Instruction, Label, Operation, Source, ZERO};

/// As many instructions at the end of a function are copied to where it is jumped to them.
const SHORT_END: usize = 3;

/// What is needed when a function ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    /// The registers that others read afterwards.
    pub(super) needed: RegisterSet,
    /// The registers that a callee may read, and those that it changes.
    pub(super) callee: RegisterSet,
}

/// Improves a function that has been written out.
pub(super) fn improve(assembly: &mut Assembly<Instruction>, ending: &Ending) {
    copy_short_ends(assembly);
    if has_moves_on_the_way_back(assembly) {
        let liveness = Liveness::of(assembly, ending);
        move_before_test(assembly, &liveness);
    }
    leave_out_tests(assembly);
    leave_out_unreachable(assembly);
}

/// By instruction: how many jumps lead there.
fn jumps_to(assembly: &Assembly<Instruction>) -> Vec<u32> {
    let mut jumps = vec![0; assembly.instructions.len() + 1];
    for instruction in &assembly.instructions {
        if let Some(label) = target(instruction) {
            jumps[position(assembly, label)] += 1;
        }
    }
    jumps
}

const fn target(instruction: &Instruction) -> Option<Label> {
    match *instruction {
        Instruction::Jump { label } | Instruction::JumpIf { label, .. } => Some(label),
        _ => None,
    }
}

fn position(assembly: &Assembly<Instruction>, label: Label) -> usize {
    assembly.labels[label.0 as usize] as usize
}

/// Whether control never comes to the next instruction.
const fn ends_way(instruction: &Instruction) -> bool {
    matches!(
        instruction,
        Instruction::Jump { .. }
            | Instruction::JumpEnd
            | Instruction::JumpExhausted { condition: None }
            | Instruction::Halt { .. }
    ) || is_return(instruction)
}

const fn is_return(instruction: &Instruction) -> bool {
    matches!(instruction, Instruction::JumpRegister { y, .. } if matches!(y.number(), Some(0)))
}

// ---- short ends ----

/// `jmp .L5`, where `.L5: movq %r, rval(%SP); jmp %RET, %0` stands, becomes these two.
fn copy_short_ends(assembly: &mut Assembly<Instruction>) {
    let ends: Vec<(usize, usize, usize)> = (0..assembly.instructions.len())
        .filter_map(|at| {
            let Instruction::Jump { label } = assembly.instructions[at] else {
                return None;
            };
            let start = position(assembly, label);
            let rest = assembly.instructions.get(start..)?;
            let length = rest.iter().take(SHORT_END).position(is_return)? + 1;
            let is_plain = rest[..length - 1].iter().all(is_plain_end);
            is_plain.then_some((at, start, length))
        })
        .collect();
    if ends.is_empty() {
        return;
    }
    let mut rewriting = Rewriting::new(assembly);
    let mut ends = ends.into_iter().peekable();
    for at in 0..assembly.instructions.len() {
        match ends.next_if(|&(jump, _, _)| jump == at) {
            Some((_, start, length)) => {
                rewriting.replace(
                    at,
                    (start..start + length)
                        .map(|at| (assembly.instructions[at], assembly.origins[at])),
                );
            }
            None => rewriting.keep(assembly, at),
        }
    }
    rewriting.apply(assembly);
}

/// What may stand before a return that is copied: nothing that leaves or jumps.
const fn is_plain_end(instruction: &Instruction) -> bool {
    matches!(
        instruction,
        Instruction::Arithmetic { .. }
            | Instruction::Load { .. }
            | Instruction::Store { .. }
            | Instruction::LoadUnsigned { .. }
            | Instruction::LoadSigned { .. }
    )
}

/// Leaves out what stands behind a jump and is not jumped to.
fn leave_out_unreachable(assembly: &mut Assembly<Instruction>) {
    let targets = jumps_to(assembly);
    let mut rewriting = Rewriting::new(assembly);
    let mut is_reached = true;
    let mut is_changed = false;
    for (at, instruction) in assembly.instructions.iter().enumerate() {
        is_reached |= targets[at] > 0;
        if is_reached {
            rewriting.keep(assembly, at);
            is_reached = !ends_way(instruction);
        } else {
            rewriting.replace(at, std::iter::empty());
            is_changed = true;
        }
    }
    if is_changed {
        rewriting.apply(assembly);
    }
}

// ---- tests ----

/// Leaves out `subq 0, %r, %0` behind an instruction that has set ZF by the same value.
fn leave_out_tests(assembly: &mut Assembly<Instruction>) {
    let targets = jumps_to(assembly);
    let needless = |at: &usize| {
        let at = *at;
        let instructions = &assembly.instructions;
        let [before, test, jump] = [at.wrapping_sub(1), at, at + 1].map(|at| instructions.get(at));
        let asks_for_zero = matches!(
            jump,
            Some(Instruction::JumpIf {
                condition: Condition::Equal | Condition::NotEqual,
                ..
            })
        );
        targets[at] == 0
            && asks_for_zero
            && tested(test).is_some_and(|register| tells(before, register))
    };
    let mut rewriting = Rewriting::new(assembly);
    let mut is_changed = false;
    for at in 0..assembly.instructions.len() {
        if needless(&at) {
            is_changed = true;
            rewriting.replace(at, std::iter::empty());
        } else {
            rewriting.keep(assembly, at);
        }
    }
    if is_changed {
        rewriting.apply(assembly);
    }
}

/// The register that is compared with 0.
fn tested(instruction: Option<&Instruction>) -> Option<Register> {
    match instruction {
        Some(&Instruction::Arithmetic {
            operation: Operation::Subtract,
            x: Source::Immediate(0),
            y,
            z: ZERO,
        }) => Some(y),
        _ => None,
    }
}

/// Whether ZF says after an instruction whether the register is 0.
fn tells(instruction: Option<&Instruction>, register: Register) -> bool {
    match instruction {
        Some(&Instruction::Arithmetic { operation, x, y, z }) => {
            let is_result = operation.sets_zero_flag() && z == register;
            let is_moved = moved(&Instruction::Arithmetic { operation, x, y, z })
                .is_some_and(|(_, from)| from == register);
            is_result || is_moved
        }
        Some(&Instruction::Not { z, .. }) => z == register,
        _ => false,
    }
}

/// Destination and source of `addq %s, %0, %d`.
fn moved(instruction: &Instruction) -> Option<(Register, Register)> {
    match *instruction {
        Instruction::Arithmetic {
            operation: Operation::Add,
            x: Source::Register(from),
            y: ZERO,
            z,
        } if z != ZERO => Some((z, from)),
        _ => None,
    }
}

// ---- moves on the way back ----

/// A test, a jump out of the loop, moves, and the jump back.
#[derive(Debug, Clone, Copy)]
struct WayBack {
    test: usize,
    jump_back: usize,
    out: Label,
    back: Label,
}

fn has_moves_on_the_way_back(assembly: &Assembly<Instruction>) -> bool {
    let targets = jumps_to(assembly);
    (0..assembly.instructions.len()).any(|at| way_back(assembly, &targets, at).is_some())
}

/// The way back whose test stands there.
fn way_back(assembly: &Assembly<Instruction>, targets: &[u32], test: usize) -> Option<WayBack> {
    let instructions = &assembly.instructions;
    let Instruction::Arithmetic { z: ZERO, .. } = instructions[test] else {
        return None;
    };
    let Some(&Instruction::JumpIf { label: out, .. }) = instructions.get(test + 1) else {
        return None;
    };
    let first = test + 2;
    let moves = instructions[first..]
        .iter()
        .take_while(|i| moved(i).is_some());
    let jump_back = first + moves.count();
    let Some(&Instruction::Jump { label: back }) = instructions.get(jump_back) else {
        return None;
    };
    let is_back = position(assembly, back) <= test;
    let is_one_way = targets[test + 1..=jump_back]
        .iter()
        .all(|&jumps| jumps == 0);
    (jump_back > first && is_back && is_one_way).then_some(WayBack {
        test,
        jump_back,
        out,
        back,
    })
}

fn move_before_test(assembly: &mut Assembly<Instruction>, liveness: &Liveness) {
    let targets = jumps_to(assembly);
    let mut turns = Vec::new();
    // What stands elsewhere afterwards, or has been done when control comes out of the loop.
    let mut is_gone = vec![false; assembly.instructions.len()];
    for test in 0..assembly.instructions.len() {
        if let Some(way) = way_back(assembly, &targets, test)
            && let Some(turn) = Turn::of(assembly, &targets, way, liveness)
        {
            is_gone[turn.done.clone()].fill(true);
            is_gone[turn.first()..turn.way.test].fill(true);
            turns.push(turn);
        }
    }
    let mut rewriting = Rewriting::new(assembly);
    let mut turns = turns.into_iter().peekable();
    let mut at = 0;
    while at < assembly.instructions.len() {
        if let Some(turn) = turns.next_if(|turn| turn.way.test == at) {
            rewriting.replace(at, turn.instructions(assembly).into_iter());
            for gone in at + 1..=turn.way.jump_back {
                rewriting.replace(gone, std::iter::empty());
            }
            at = turn.way.jump_back + 1;
            continue;
        }
        if is_gone[at] {
            rewriting.replace(at, std::iter::empty());
        } else {
            rewriting.keep(assembly, at);
        }
        at += 1;
    }
    rewriting.apply(assembly);
}

/// A way back that is turned around.
#[derive(Debug)]
struct Turn {
    way: WayBack,
    /// The test, with the registers in which its operands are behind the moves.
    test: Instruction,
    /// Whether the instruction before the test comes behind the moves and tells the same.
    is_told_before: bool,
    /// The first instructions outside of the loop, as far as they only repeat some of the moves.
    done: std::ops::Range<usize>,
    /// Moves that bring back, outside of the loop, what is needed there: destination and source.
    restored: Vec<(Register, Register)>,
}

impl Turn {
    fn of(
        assembly: &Assembly<Instruction>,
        targets: &[u32],
        way: WayBack,
        liveness: &Liveness,
    ) -> Option<Self> {
        let moves: Vec<(Register, Register)> = assembly.instructions[way.test + 2..way.jump_back]
            .iter()
            .filter_map(moved)
            .collect();
        let places = Places::behind(&moves);
        let mut test = assembly.instructions[way.test];
        let mut is_lost = false;
        test.visit_registers(|register, role, _| {
            if role == Role::Use && *register != ZERO {
                match places.of(*register) {
                    Some(place) => *register = place,
                    None => is_lost = true,
                }
            }
        });
        if is_lost {
            return None;
        }
        let done = done_behind(assembly, targets, &way, &places);
        let done_moves: RegisterSet = assembly.instructions[done.clone()]
            .iter()
            .filter_map(|instruction| moved(instruction)?.0.number())
            .collect();
        let overwritten: RegisterSet = moves.iter().filter_map(|(to, _)| to.number()).collect();
        let needed = liveness.before(done.end);
        let mut restored = Vec::new();
        for number in overwritten
            .intersection(&needed)
            .difference(&done_moves)
            .iter()
        {
            let register = Register::physical(number);
            let place = places.of(register)?;
            if place != register {
                restored.push((register, place));
            }
        }
        let is_ordered = restored
            .iter()
            .all(|(to, _)| restored.iter().all(|(_, from)| from != to))
            && restored
                .iter()
                .all(|(to, _)| !to.number().is_some_and(|to| done_moves.contains(to)));
        let is_told_before = is_told_before(assembly, targets, &way, &moves);
        (is_ordered && restored.len() < 2).then_some(Self {
            way,
            test,
            is_told_before,
            done,
            restored,
        })
    }

    /// The first instruction that stands elsewhere afterwards.
    const fn first(&self) -> usize {
        self.way.test - self.is_told_before as usize
    }

    /// The moves, the test, the jump back, and what is to be done outside of the loop; a jump there
    /// if that doesn't follow.
    fn instructions(
        &self,
        assembly: &Assembly<Instruction>,
    ) -> Vec<(Instruction, codegen::Origin)> {
        let way = &self.way;
        let both = |at: usize| (assembly.instructions[at], assembly.origins[at]);
        let mut written: Vec<_> = (way.test + 2..way.jump_back).map(both).collect();
        if self.is_told_before {
            written.push(both(way.test - 1));
        }
        written.push((self.test, assembly.origins[way.test]));
        let origin = assembly.origins[way.test + 1];
        if let Instruction::JumpIf { condition, .. } = assembly.instructions[way.test + 1] {
            let condition = condition.negated();
            let label = way.back;
            written.push((Instruction::JumpIf { condition, label }, origin));
        }
        for &(z, from) in &self.restored {
            let restore = Instruction::Arithmetic {
                operation: Operation::Add,
                x: Source::Register(from),
                y: ZERO,
                z,
            };
            written.push((restore, origin));
        }
        if position(assembly, way.out) != way.jump_back + 1 {
            written.push((Instruction::Jump { label: way.out }, origin));
        }
        written
    }
}

/// Whether the instruction before the test sets ZF by the tested register, and can stand behind the
/// moves as well.
fn is_told_before(
    assembly: &Assembly<Instruction>,
    targets: &[u32],
    way: &WayBack,
    moves: &[(Register, Register)],
) -> bool {
    let Some(before) = way.test.checked_sub(1) else {
        return false;
    };
    let Instruction::Arithmetic { operation, x, y, z } = assembly.instructions[before] else {
        return false;
    };
    let asks_for_zero = matches!(
        assembly.instructions[way.test + 1],
        Instruction::JumpIf {
            condition: Condition::Equal | Condition::NotEqual,
            ..
        }
    );
    let touches =
        |register: Register| register == z || register == y || x == Source::Register(register);
    asks_for_zero
        && operation.sets_zero_flag()
        && z != ZERO
        && tested(assembly.instructions.get(way.test)) == Some(z)
        && targets[way.test] == 0
        && moves.iter().all(|&(to, from)| !touches(to) && from != z)
}

/// Where values are behind moves that were in registers before them.
struct Places {
    /// What a register holds: the register that held it before.
    contents: Vec<(Register, Register)>,
}

impl Places {
    fn behind(moves: &[(Register, Register)]) -> Self {
        let mut contents: Vec<(Register, Register)> = Vec::new();
        for &(to, from) in moves {
            let known = contents.iter().find(|(register, _)| *register == from);
            let content = known.map_or(from, |&(_, content)| content);
            match contents.iter_mut().find(|(register, _)| *register == to) {
                Some(entry) => entry.1 = content,
                None => contents.push((to, content)),
            }
        }
        Self { contents }
    }

    /// A register that holds what this one held before.
    fn of(&self, register: Register) -> Option<Register> {
        let here = self.contents.iter().find(|(place, _)| *place == register);
        if here.is_none_or(|&(_, content)| content == register) {
            return Some(register);
        }
        let elsewhere = self
            .contents
            .iter()
            .find(|(_, content)| *content == register);
        elsewhere.map(|&(place, _)| place)
    }
}

/// The first instructions outside of the loop that only repeat what the moves have done.
fn done_behind(
    assembly: &Assembly<Instruction>,
    targets: &[u32],
    way: &WayBack,
    places: &Places,
) -> std::ops::Range<usize> {
    let start = position(assembly, way.out);
    let mut end = start;
    if is_only_way(assembly, targets, start) {
        while let Some((to, from)) = assembly.instructions.get(end).and_then(moved)
            && places.contents.contains(&(to, from))
        {
            end += 1;
        }
    }
    start..end
}

/// Whether control comes to an instruction by one jump only.
fn is_only_way(assembly: &Assembly<Instruction>, targets: &[u32], at: usize) -> bool {
    let before = at
        .checked_sub(1)
        .and_then(|at| assembly.instructions.get(at));
    targets[at] == 1 && before.is_some_and(ends_way)
}

/// Which registers are read before they are written, before each instruction that is jumped to.
struct Liveness {
    /// By instruction, for those that are jumped to or follow a jump; the rest is empty.
    before: Vec<RegisterSet>,
}

impl Liveness {
    fn of(assembly: &Assembly<Instruction>, ending: &Ending) -> Self {
        let count = assembly.instructions.len();
        let reported = reported(assembly);
        let mut before = vec![RegisterSet::EMPTY; count + 1];
        before[count] = ending.needed;
        loop {
            let mut is_changed = false;
            for at in (0..count).rev() {
                let live = Self::step(assembly, ending, &before, at).union(&reported[at]);
                is_changed |= live != before[at];
                before[at] = live;
            }
            if !is_changed {
                return Self { before };
            }
        }
    }

    /// What is needed before an instruction, by what is needed after it.
    fn step(
        assembly: &Assembly<Instruction>,
        ending: &Ending,
        before: &[RegisterSet],
        at: usize,
    ) -> RegisterSet {
        let mut instruction = assembly.instructions[at];
        let mut live = if is_return(&instruction) || matches!(instruction, Instruction::JumpEnd) {
            ending.needed
        } else if ends_way(&instruction) {
            RegisterSet::EMPTY
        } else {
            before[at + 1]
        };
        if let Some(label) = target(&instruction) {
            live = live.union(&before[position(assembly, label)]);
        }
        if matches!(instruction, Instruction::JumpRegister { .. }) && !is_return(&instruction) {
            live = live.difference(&ending.callee).union(&ending.callee);
        }
        live = live.difference(&instruction.clobbers());
        let mut read = RegisterSet::EMPTY;
        if let Instruction::Grouped {
            operation: Grouped::DivideUnsigned,
            first,
            ..
        } = instruction
        {
            read.insert(first);
            read.insert(first + 1);
        }
        instruction.visit_registers(|register, role, _| {
            if let Some(number) = register.number() {
                if role == Role::Use {
                    read.insert(number);
                } else {
                    live.remove(number);
                }
            }
        });
        live.union(&read)
    }

    fn before(&self, at: usize) -> RegisterSet {
        self.before[at]
    }
}

/// By instruction: the registers whose values are told if the program leaves there.
fn reported(assembly: &Assembly<Instruction>) -> Vec<RegisterSet> {
    let mut reported = vec![RegisterSet::EMPTY; assembly.instructions.len()];
    for exit in &assembly.exits {
        for value in &exit.values {
            if let Location::Register(number) = *value {
                reported[exit.at as usize].insert(number);
            }
        }
    }
    reported
}

// ---- rewriting ----

/// Instructions that take the place of a function's.
pub(in crate::ulm) struct Rewriting {
    instructions: Vec<Instruction>,
    origins: Vec<codegen::Origin>,
    /// By old index: the new one.
    positions: Vec<u32>,
}

impl Rewriting {
    pub(in crate::ulm) fn new(assembly: &Assembly<Instruction>) -> Self {
        let count = assembly.instructions.len();
        Self {
            instructions: Vec::with_capacity(count),
            origins: Vec::with_capacity(count),
            positions: Vec::with_capacity(count + 1),
        }
    }

    /// The next instruction stays.
    pub(in crate::ulm) fn keep(&mut self, assembly: &Assembly<Instruction>, at: usize) {
        self.replace(
            at,
            std::iter::once((assembly.instructions[at], assembly.origins[at])),
        );
    }

    /// The next instruction, number `at`, is replaced by these.
    pub(in crate::ulm) fn replace(
        &mut self,
        at: usize,
        by: impl Iterator<Item = (Instruction, codegen::Origin)>,
    ) {
        debug_assert_eq!(at, self.positions.len(), "they come in their order");
        self.positions.push(self.instructions.len() as u32);
        for (instruction, origin) in by {
            self.instructions.push(instruction);
            self.origins.push(origin);
        }
    }

    /// Puts them in place, with all that names instructions.
    pub(in crate::ulm) fn apply(mut self, assembly: &mut Assembly<Instruction>) {
        self.positions.push(self.instructions.len() as u32);
        let position = |at: &mut u32| *at = self.positions[*at as usize];
        assembly.labels.iter_mut().for_each(position);
        assembly
            .exits
            .iter_mut()
            .for_each(|exit| position(&mut exit.at));
        assembly
            .calls
            .iter_mut()
            .for_each(|call| position(&mut call.returns_to));
        assembly.needless.iter_mut().for_each(position);
        assembly.instructions = self.instructions;
        assembly.origins = self.origins;
    }
}
