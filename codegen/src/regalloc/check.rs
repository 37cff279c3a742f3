//! Checks an allocation, without looking at how it was made.
//!
//! The checker follows which values each register and each slot holds, through every instruction
//! and every move, over all blocks until nothing changes any more. Where ways of control join, a
//! place holds what it holds on all of them. Every operand must then find its value in its place.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::machine::{
    Allocation, Code, Constraint, Edit, Location, MachineInstruction, Register, RegisterFile, Role,
};

/// What is wrong with an allocation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckError {
    /// The code before and after don't belong together.
    #[error("the allocated code has another shape: {what}")]
    Shape {
        /// In what they differ.
        what: &'static str,
    },
    /// An operand is in a place where it can't be.
    #[error("instruction {instruction}: operand {operand} must not be in {place:?}")]
    Constraint {
        /// The instruction.
        instruction: u32,
        /// Which of its operands, those beside it behind its own.
        operand: usize,
        /// The place.
        place: Location,
    },
    /// A place doesn't hold the value that is read from it.
    #[error("instruction {instruction}: {place:?} does not hold virtual register {register}")]
    Value {
        /// The instruction.
        instruction: u32,
        /// The place.
        place: Location,
        /// The index of the virtual register expected.
        register: u32,
    },
    /// A move that no instruction can do, or that is in the wrong order.
    #[error("an impossible move: {edit:?}")]
    Edit {
        /// The move.
        edit: Edit,
    },
    /// A register is written that is not reported as used.
    #[error("register {number} is written and not reported as used")]
    Unreported {
        /// The register.
        number: u8,
    },
    /// An instruction is left out that does more than making a constant.
    #[error("instruction {instruction} must not be left out")]
    Dead {
        /// The instruction.
        instruction: u32,
    },
}

/// What a place may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    /// The value of a virtual register.
    Virtual(u32),
    /// A constant.
    Constant(i64),
}

/// A place, in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Register(u8),
    Slot(u32),
}

/// What all places hold; those that aren't listed hold nothing of interest.
type State = BTreeMap<Place, BTreeSet<Held>>;

/// An operand as it was before.
#[derive(Debug, Clone, Copy)]
struct Before {
    register: Register,
    role: Role,
    constraint: Constraint,
}

/// Checks that the code `after` does with its registers, slots and moves what `before` does with
/// virtual registers. Blocks that can't be reached are not looked at.
pub fn check<I: MachineInstruction>(
    before: &Code<I>,
    after: &Code<I>,
    allocation: &Allocation,
    registers: &RegisterFile,
) -> Result<(), CheckError> {
    let checker = Checker {
        before,
        after,
        allocation,
        registers,
        constants: constants(before),
    };
    checker.shape()?;
    checker.edits_are_possible()?;
    checker.flow()
}

/// The values of the virtual registers that are constants.
fn constants<I: MachineInstruction>(code: &Code<I>) -> BTreeMap<u32, i64> {
    let made = code
        .instructions
        .iter()
        .filter_map(MachineInstruction::as_constant);
    made.filter_map(|(register, value)| Some((register.virtual_index()?, value)))
        .collect()
}

struct Checker<'a, I> {
    before: &'a Code<I>,
    after: &'a Code<I>,
    allocation: &'a Allocation,
    registers: &'a RegisterFile,
    constants: BTreeMap<u32, i64>,
}

impl<I: MachineInstruction> Checker<'_, I> {
    fn shape(&self) -> Result<(), CheckError> {
        let wrong = |what| Err(CheckError::Shape { what });
        if self.before.instructions.len() != self.after.instructions.len() {
            return wrong("the number of instructions");
        }
        if self.before.blocks != self.after.blocks || self.before.lists != self.after.lists {
            return wrong("the blocks");
        }
        if self.before.operands.len() != self.allocation.operands.len() {
            return wrong("the number of operands");
        }
        for &instruction in &self.allocation.dead {
            let dead = self.before.instructions.get(instruction as usize);
            if dead.is_none_or(|dead| dead.as_constant().is_none()) {
                return Err(CheckError::Dead { instruction });
            }
        }
        Ok(())
    }

    fn edits_are_possible(&self) -> Result<(), CheckError> {
        let exists = |place| match place {
            Location::Slot(slot) => slot < self.allocation.slots,
            Location::Register(number) => self.is_available(number),
            Location::Constant(_) => true,
        };
        let mut last = 0;
        for &edit in &self.allocation.edits {
            let register = |place| matches!(place, Location::Register(_));
            let ordered = last <= edit.before;
            let inside = (edit.before as usize) < self.before.instructions.len();
            let writes = !matches!(edit.to, Location::Constant(_));
            let one_register = register(edit.to) || register(edit.from);
            let exist = exists(edit.to) && exists(edit.from);
            if !(ordered && inside && writes && one_register && exist) {
                return Err(CheckError::Edit { edit });
            }
            last = edit.before;
            if let Location::Register(number) = edit.to {
                self.reported(number)?;
            }
        }
        Ok(())
    }

    /// Whether the allocator may use a register at all: also one that isn't allocatable, if an
    /// operand is fixed there.
    fn is_available(&self, number: u8) -> bool {
        number == self.registers.scratch
            || self.registers.allocatable.contains(&number)
            || self
                .before
                .operands
                .iter()
                .any(|o| o.constraint == Constraint::Fixed(number))
            || self.before.instructions.iter().any(|&instruction| {
                let mut fixed = false;
                let mut copy = instruction;
                copy.visit_registers(|_, _, constraint| {
                    fixed |= constraint == Constraint::Fixed(number);
                });
                fixed
            })
    }

    fn reported(&self, number: u8) -> Result<(), CheckError> {
        if self.allocation.used.contains(number) {
            Ok(())
        } else {
            Err(CheckError::Unreported { number })
        }
    }

    /// Follows the values over all blocks that control comes to.
    fn flow(&self) -> Result<(), CheckError> {
        let mut entries: Vec<Option<State>> = vec![None; self.before.blocks.len()];
        let Some(entry) = entries.first_mut() else {
            return Ok(());
        };
        *entry = Some(State::new());
        let mut pending = BTreeSet::from([0]);
        // What a place holds only ever shrinks, so this ends; errors seen on the way are real, for
        // the same reason.
        while let Some(block) = pending.pop_first() {
            let Some(mut state) = entries[block].clone() else {
                continue;
            };
            self.block(block, &mut state)?;
            for successor in self.before.blocks[block].successors.iter().flatten() {
                let there = self.hand_over(block, successor.index(), &state);
                let entry = &mut entries[successor.index()];
                let merged = match entry {
                    Some(old) => meet(old, &there),
                    None => there,
                };
                if entry.as_ref() != Some(&merged) {
                    *entry = Some(merged);
                    pending.insert(successor.index());
                }
            }
        }
        Ok(())
    }

    fn block(&self, block: usize, state: &mut State) -> Result<(), CheckError> {
        let block = &self.before.blocks[block];
        for at in block.start..block.end {
            let edits = &self.allocation.edits;
            let first = edits.partition_point(|edit| edit.before < at);
            let count = edits.partition_point(|edit| edit.before <= at);
            for &edit in &edits[first..count] {
                let held = read(state, edit.from);
                write(state, edit.to, held);
            }
            if self.allocation.dead.binary_search(&at).is_err() {
                self.instruction(at, state)?;
            } else if let Some((register, _)) = self.before.instructions[at as usize].as_constant()
            {
                forget(state, register);
            }
        }
        Ok(())
    }

    fn instruction(&self, at: u32, state: &mut State) -> Result<(), CheckError> {
        let operands = self.operands(at);
        let first_use = operands.iter().find(|(before, _)| before.role == Role::Use);
        let first_use = first_use.map(|&(_, place)| place);
        for (number, &(before, place)) in operands.iter().enumerate() {
            let wrong = CheckError::Constraint {
                instruction: at,
                operand: number,
                place,
            };
            let Some(register) = before.register.virtual_index() else {
                if before.register.number().map(Location::Register) != Some(place) {
                    return Err(wrong);
                }
                continue;
            };
            if !self.is_allowed(before, place, first_use) {
                return Err(wrong);
            }
            if before.role == Role::Use && !self.holds(state, place, register) {
                return Err(CheckError::Value {
                    instruction: at,
                    place,
                    register,
                });
            }
        }
        self.no_early_result_in_an_operand(at, &operands)?;
        self.effects(at, &operands, state)
    }

    /// What is written while others are still read must not be in their registers.
    fn no_early_result_in_an_operand(
        &self,
        at: u32,
        operands: &[(Before, Location)],
    ) -> Result<(), CheckError> {
        let is_tied = |before: &Before| before.constraint == Constraint::SameAsFirstUse;
        for (number, &(before, place)) in operands.iter().enumerate() {
            let early = before.role == Role::DefineEarly || is_tied(&before);
            if before.role == Role::Use || !early {
                continue;
            }
            // The first operand shares its register with a tied result; others may share it if they
            // are the same value.
            let mut first = is_tied(&before).then_some(true);
            let shared = operands.iter().any(|&(other, other_place)| {
                let is_first = other.role == Role::Use && first.take() == Some(true);
                let tied_value = is_tied(&before) && self.first_value(operands) == other.register;
                other.role == Role::Use && !is_first && !tied_value && other_place == place
            });
            if shared {
                return Err(CheckError::Constraint {
                    instruction: at,
                    operand: number,
                    place,
                });
            }
        }
        Ok(())
    }

    fn first_value(&self, operands: &[(Before, Location)]) -> Register {
        let first = operands.iter().find(|(before, _)| before.role == Role::Use);
        first.map_or(Register::physical(self.registers.scratch), |(before, _)| {
            before.register
        })
    }

    fn effects(
        &self,
        at: u32,
        operands: &[(Before, Location)],
        state: &mut State,
    ) -> Result<(), CheckError> {
        let instruction = self.before.instructions[at as usize];
        for number in instruction.clobbers().iter() {
            state.remove(&Place::Register(number));
        }
        state.remove(&Place::Register(self.registers.scratch));
        let results = || {
            operands
                .iter()
                .filter(|(before, _)| before.role != Role::Use)
        };
        for &(before, place) in results() {
            forget(state, before.register);
            if let Location::Register(number) = place
                && before.register.virtual_index().is_some()
            {
                self.reported(number)?;
            }
        }
        let mut written = BTreeSet::new();
        for &(before, place) in results() {
            let Some(register) = before.register.virtual_index() else {
                continue;
            };
            let mut held = BTreeSet::from([Held::Virtual(register)]);
            held.extend(self.constants.get(&register).copied().map(Held::Constant));
            write(state, place, held);
            if let Location::Register(number) = place
                && !written.insert(number)
            {
                return Err(CheckError::Constraint {
                    instruction: at,
                    operand: operands.len(),
                    place,
                });
            }
        }
        Ok(())
    }

    /// The operands of an instruction, those in it and those beside it, with their places.
    fn operands(&self, at: u32) -> Vec<(Before, Location)> {
        let mut befores = Vec::new();
        let mut instruction = self.before.instructions[at as usize];
        instruction.visit_registers(|&mut register, role, constraint| {
            befores.push(Before {
                register,
                role,
                constraint,
            });
        });
        let mut places = Vec::new();
        let mut instruction = self.after.instructions[at as usize];
        instruction.visit_registers(|&mut register, _, _| {
            // A register that is still virtual is nowhere.
            places.push(match register.number() {
                Some(number) => Location::Register(number),
                None => Location::Slot(u32::MAX),
            });
        });
        let extras = &self.before.extras;
        if let Ok(extra) = extras.binary_search_by_key(&at, |extra| extra.instruction) {
            let (from, to) = extras[extra].operands;
            for index in from as usize..to as usize {
                let operand = self.before.operands[index];
                befores.push(Before {
                    register: operand.register,
                    role: operand.role,
                    constraint: operand.constraint,
                });
                places.push(self.allocation.operands[index]);
            }
        }
        befores.into_iter().zip(places).collect()
    }

    fn is_allowed(&self, before: Before, place: Location, first_use: Option<Location>) -> bool {
        let allocatable = match place {
            Location::Register(number) => self.registers.allocatable.contains(&number),
            Location::Slot(_) | Location::Constant(_) => false,
        };
        match before.constraint {
            Constraint::Register => allocatable,
            Constraint::Fixed(number) => place == Location::Register(number),
            Constraint::SameAsFirstUse => allocatable && Some(place) == first_use,
            Constraint::Anywhere => match place {
                Location::Register(_) => allocatable,
                Location::Slot(slot) => slot < self.allocation.slots,
                Location::Constant(_) => before.role == Role::Use,
            },
        }
    }

    /// Whether a place holds a virtual register's value.
    fn holds(&self, state: &State, place: Location, register: u32) -> bool {
        let held = read(state, place);
        let constant = self.constants.get(&register).copied().map(Held::Constant);
        held.contains(&Held::Virtual(register)) || constant.is_some_and(|c| held.contains(&c))
    }

    /// What the places hold at the beginning of a successor: the parameters hold the arguments, all
    /// of which are taken over at once.
    fn hand_over(&self, block: usize, successor: usize, state: &State) -> State {
        let list = |(from, to): (u32, u32)| &self.before.lists[from as usize..to as usize];
        let arguments = list(self.before.blocks[block].arguments);
        let parameters = list(self.before.blocks[successor].parameters);
        let pairs = || {
            let both = arguments.iter().zip(parameters);
            both.filter_map(|(a, p)| Some((a.virtual_index()?, p.virtual_index()?)))
        };
        let mut result = State::new();
        for (&place, held) in state {
            let mut there = held.clone();
            for (_, parameter) in pairs() {
                there.remove(&Held::Virtual(parameter));
            }
            for (argument, parameter) in pairs() {
                let constant = self.constants.get(&argument).copied().map(Held::Constant);
                if held.contains(&Held::Virtual(argument))
                    || constant.is_some_and(|c| held.contains(&c))
                {
                    there.insert(Held::Virtual(parameter));
                }
            }
            if !there.is_empty() {
                result.insert(place, there);
            }
        }
        result
    }
}

fn read(state: &State, location: Location) -> BTreeSet<Held> {
    let place = match location {
        Location::Register(number) => Place::Register(number),
        Location::Slot(slot) => Place::Slot(slot),
        Location::Constant(value) => return BTreeSet::from([Held::Constant(value)]),
    };
    state.get(&place).cloned().unwrap_or_default()
}

fn write(state: &mut State, location: Location, held: BTreeSet<Held>) {
    let place = match location {
        Location::Register(number) => Place::Register(number),
        Location::Slot(slot) => Place::Slot(slot),
        Location::Constant(_) => return,
    };
    state.insert(place, held);
}

/// A virtual register gets a new value: nobody holds it any more.
fn forget(state: &mut State, register: Register) {
    if let Some(register) = register.virtual_index() {
        for held in state.values_mut() {
            held.remove(&Held::Virtual(register));
        }
    }
}

/// What places hold in both states.
fn meet(one: &State, other: &State) -> State {
    let common = one.iter().filter_map(|(&place, held)| {
        let both: BTreeSet<Held> = held.intersection(other.get(&place)?).copied().collect();
        (!both.is_empty()).then_some((place, both))
    });
    common.collect()
}
