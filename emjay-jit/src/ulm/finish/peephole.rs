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

/// Whether an instruction is a jump target, by index.
fn is_target(assembly: &Assembly<Instruction>) -> Vec<bool> {
    let mut targets = vec![false; assembly.instructions.len() + 1];
    for instruction in &assembly.instructions {
        if let Some(label) = target(instruction) {
            targets[position(assembly, label)] = true;
        }
    }
    targets
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
    let targets = is_target(assembly);
    let mut rewriting = Rewriting::new(assembly);
    let mut is_reached = true;
    let mut is_changed = false;
    for (at, instruction) in assembly.instructions.iter().enumerate() {
        is_reached |= targets[at];
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
    let targets = is_target(assembly);
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
        !targets[at]
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
    let targets = is_target(assembly);
    (0..assembly.instructions.len()).any(|at| way_back(assembly, &targets, at).is_some())
}

/// The way back whose test stands there.
fn way_back(assembly: &Assembly<Instruction>, targets: &[bool], test: usize) -> Option<WayBack> {
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
    let is_one_way = !targets[test + 1..=jump_back].contains(&true);
    (jump_back > first && is_back && is_one_way).then_some(WayBack {
        test,
        jump_back,
        out,
        back,
    })
}

fn move_before_test(assembly: &mut Assembly<Instruction>, liveness: &Liveness) {
    let targets = is_target(assembly);
    let mut ways = Vec::new();
    // What the loop's moves have done already when control comes out of it.
    let mut is_done = vec![false; assembly.instructions.len()];
    for test in 0..assembly.instructions.len() {
        if let Some(way) = way_back(assembly, &targets, test)
            && let Some(done) = done_behind(assembly, &way, liveness)
        {
            is_done[done].fill(true);
            ways.push(way);
        }
    }
    let mut rewriting = Rewriting::new(assembly);
    let mut ways = ways.into_iter().peekable();
    let mut at = 0;
    while at < assembly.instructions.len() {
        if let Some(way) = ways.next_if(|way| way.test == at) {
            rewriting.replace(at, turned(assembly, &way).into_iter());
            for gone in way.test + 1..=way.jump_back {
                rewriting.replace(gone, std::iter::empty());
            }
            at = way.jump_back + 1;
            continue;
        }
        if is_done[at] {
            rewriting.replace(at, std::iter::empty());
        } else {
            rewriting.keep(assembly, at);
        }
        at += 1;
    }
    rewriting.apply(assembly);
}

/// The moves, the test, and the jump back; a jump out of the loop if that doesn't follow.
fn turned(assembly: &Assembly<Instruction>, way: &WayBack) -> Vec<(Instruction, codegen::Origin)> {
    let both = |at: usize| (assembly.instructions[at], assembly.origins[at]);
    let mut written: Vec<_> = (way.test + 2..way.jump_back).map(both).collect();
    written.push(both(way.test));
    let origin = assembly.origins[way.test + 1];
    if let Instruction::JumpIf { condition, .. } = assembly.instructions[way.test + 1] {
        let condition = condition.negated();
        let label = way.back;
        written.push((Instruction::JumpIf { condition, label }, origin));
    }
    if position(assembly, way.out) != way.jump_back + 1 {
        written.push((Instruction::Jump { label: way.out }, origin));
    }
    written
}

/// If the moves leave the test as it is, and nobody needs outside of the loop what they overwrite:
/// the instructions there that only repeat some of the moves.
fn done_behind(
    assembly: &Assembly<Instruction>,
    way: &WayBack,
    liveness: &Liveness,
) -> Option<std::ops::Range<usize>> {
    let moves: Vec<(Register, Register)> = assembly.instructions[way.test + 2..way.jump_back]
        .iter()
        .filter_map(moved)
        .collect();
    let mut overwritten: RegisterSet = moves.iter().filter_map(|(to, _)| to.number()).collect();
    let mut read = RegisterSet::EMPTY;
    let mut test = assembly.instructions[way.test];
    test.visit_registers(|register, role, _| {
        if role == Role::Use
            && let Some(number) = register.number()
        {
            read.insert(number);
        }
    });
    if overwritten.len() as usize != moves.len() || !overwritten.intersection(&read).is_empty() {
        return None;
    }
    let start = position(assembly, way.out);
    let mut end = start;
    if is_only_way(assembly, start) {
        while let Some((to, from)) = assembly.instructions.get(end).and_then(moved)
            && moves.contains(&(to, from))
            && is_source_kept(&moves, from)
        {
            overwritten.remove(to.number().unwrap_or_default());
            end += 1;
        }
    }
    let needed = liveness.before(end);
    overwritten
        .intersection(&needed)
        .is_empty()
        .then_some(start..end)
}

/// Whether a source still has its value when it is read: no move before overwrites it. Those of a
/// block's arguments are ordered so, unless they go in a circle.
fn is_source_kept(moves: &[(Register, Register)], from: Register) -> bool {
    let read_at = moves.iter().position(|&(_, source)| source == from);
    let written_at = moves.iter().position(|&(to, _)| to == from);
    match (read_at, written_at) {
        (Some(read), Some(written)) => read < written,
        _ => true,
    }
}

/// Whether control comes to an instruction by one jump only.
fn is_only_way(assembly: &Assembly<Instruction>, at: usize) -> bool {
    let jumps = assembly
        .instructions
        .iter()
        .filter_map(target)
        .filter(|&label| position(assembly, label) == at)
        .count();
    let before = at
        .checked_sub(1)
        .and_then(|at| assembly.instructions.get(at));
    jumps == 1 && before.is_some_and(ends_way)
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
