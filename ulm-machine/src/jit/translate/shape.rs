//! What a region uses and changes, known before it is translated.

use codegen::ir::Value;
use ulm_isa::micro::{Condition, MicroOperation as M, Operand};

use super::{OTHER_VALUES, Values};
use crate::jit::builder::Computed;
use crate::jit::flags::{Carry, OPERANDS, Rules, Sign};
use crate::jit::region::{Block, End, Index, Region, inside};

/// What a region uses and changes.
#[derive(Debug)]
pub(super) struct Shape {
    /// The registers that are used, ascending, without `%0`.
    pub(super) registers: Vec<u8>,
    /// Whether each of them is written.
    written: Vec<bool>,
    /// The positions in `registers`.
    positions: Vec<Option<u8>>,
    sets_flags: bool,
    /// How the flags follow from their operands at the beginning of each block that is a join.
    pub(super) rules: Vec<Rules>,
    /// The most instructions that are executed before somebody looks whether there are so many left.
    pub(super) reserve: u64,
}

impl Shape {
    pub(super) fn of(region: &Region) -> Self {
        let mut used = Used::default();
        for block in &region.blocks {
            for operation in block.instructions.iter().flatten() {
                used.operation(operation);
            }
            used.end(&block.end);
        }
        let registers: Vec<u8> = (1..=255)
            .filter(|&number: &u8| used.is_used[usize::from(number)])
            .collect();
        let mut positions = vec![None; 256];
        for (position, &number) in (0..).zip(&registers) {
            positions[usize::from(number)] = Some(position);
        }
        Self {
            written: registers
                .iter()
                .map(|&number| used.is_written[usize::from(number)])
                .collect(),
            registers,
            positions,
            sets_flags: used.sets_flags,
            rules: rules(region),
            reserve: reserve(region),
        }
    }

    /// The position of a register in [`Shape::registers`].
    pub(super) fn index(&self, number: u8) -> Option<usize> {
        self.positions[usize::from(number)].map(usize::from)
    }

    /// The number of values that are handed over where ways join.
    pub(super) fn width(&self) -> usize {
        let flags = if self.sets_flags { 0 } else { OPERANDS };
        OTHER_VALUES - flags
            + self
                .written
                .iter()
                .filter(|&&is_written| is_written)
                .count()
    }

    /// What is handed over.
    pub(super) fn pack(
        &self,
        values: &Values,
        left: Value,
        operands: [Value; OPERANDS],
    ) -> Vec<Value> {
        let mut packed = vec![left, values.input, values.output];
        if self.sets_flags {
            packed.extend(operands);
        }
        let registers = values.registers.iter().zip(&self.written);
        packed.extend(
            registers
                .filter(|&(_, is_written)| *is_written)
                .map(|(v, _)| v),
        );
        packed
    }

    /// The values at the beginning of a join from what was handed over.
    pub(super) fn unpack(&self, entry: &Values, packed: &[Value], block: Index) -> Values {
        let mut rest = packed.iter().copied();
        let mut next = || rest.next().expect("as many are handed over as are taken");
        let mut values = Values {
            left: next(),
            input: next(),
            output: next(),
            executed: 0,
            groups: Vec::new(),
            computed: Computed::default(),
            ..entry.clone()
        };
        if self.sets_flags {
            let operands = std::array::from_fn(|_| next());
            values.flags = entry.flags.joined(self.rules[block.index()], operands);
        }
        for (register, _) in values
            .registers
            .iter_mut()
            .zip(&self.written)
            .filter(|&(_, is_written)| *is_written)
        {
            *register = next();
        }
        values
    }
}

#[derive(Debug)]
struct Used {
    is_used: [bool; 256],
    is_written: [bool; 256],
    sets_flags: bool,
}

impl Default for Used {
    fn default() -> Self {
        Self {
            is_used: [false; 256],
            is_written: [false; 256],
            sets_flags: false,
        }
    }
}

impl Used {
    fn read(&mut self, operand: Operand) {
        if let Operand::Register(number) = operand {
            self.is_used[usize::from(number)] = true;
        }
    }

    fn write(&mut self, number: u8) {
        self.is_used[usize::from(number)] = true;
        self.is_written[usize::from(number)] = true;
    }

    fn end(&mut self, end: &End) {
        match *end {
            End::Computed { target, link, .. } => {
                self.read(target);
                self.write(link);
            }
            End::Branch {
                condition: Condition::Value(value),
                ..
            } => self.read(value),
            _ => {}
        }
    }

    fn operation(&mut self, operation: &M) {
        match *operation {
            M::Unary { a, .. } => self.read(a),
            M::Binary { a, b, .. } => {
                self.read(a);
                self.read(b);
            }
            M::Select {
                condition, a, b, ..
            } => {
                self.read(condition);
                self.read(a);
                self.read(b);
            }
            M::ReadFlag { .. } | M::ReadChar { .. } => {}
            M::SetRegister { value, destination } => {
                self.read(value);
                self.write(destination);
            }
            M::Add { a, b, destination }
            | M::Subtract { a, b, destination }
            | M::And { a, b, destination }
            | M::Or { a, b, destination } => {
                self.read(a);
                self.read(b);
                self.write(destination);
                self.sets_flags = true;
            }
            M::Multiply { a, b, destination }
            | M::ShiftRightUnsigned {
                count: a,
                value: b,
                destination,
            }
            | M::ShiftRightSigned {
                count: a,
                value: b,
                destination,
            } => {
                self.read(a);
                self.read(b);
                self.write(destination);
            }
            M::MultiplyWide { a, b, low, high } => {
                self.read(a);
                self.read(b);
                self.write(low);
                self.write(high);
                self.sets_flags = true;
            }
            M::DivideWide {
                divisor,
                low,
                high,
                quotient_low,
                quotient_high,
                remainder,
            } => {
                for operand in [divisor, low, high] {
                    self.read(operand);
                }
                for number in [quotient_low, quotient_high, remainder] {
                    self.write(number);
                }
            }
            M::DivideSigned {
                divisor,
                dividend,
                quotient,
            } => {
                self.read(divisor);
                self.read(dividend);
                self.write(quotient);
                self.write(quotient.wrapping_add(1));
            }
            M::Not { a, destination } => {
                self.read(a);
                self.write(destination);
                self.sets_flags = true;
            }
            M::ShiftLeft {
                count,
                value,
                destination,
            } => {
                self.read(count);
                self.read(value);
                self.write(destination);
                self.sets_flags = true;
            }
            M::Load {
                address,
                destination,
                ..
            } => {
                self.address(address);
                self.write(destination);
            }
            M::Store {
                address, source, ..
            } => {
                self.address(address);
                self.is_used[usize::from(source)] = true;
            }
            M::PrintChar { value } | M::Halt { status: value } => self.read(value),
            M::JumpAbsolute { .. }
            | M::JumpRelative { .. }
            | M::JumpConditional { .. }
            | M::SetInstructionPointer { .. } => {}
        }
    }

    fn address(&mut self, address: ulm_isa::micro::Address) {
        self.read(address.displacement);
        self.is_used[usize::from(address.base)] = true;
        self.is_used[usize::from(address.index)] = true;
    }
}

/// Whether a subtraction leaves its minuend nowhere.
pub(super) fn replaces_minuend(minuend: Operand, destination: u8) -> bool {
    destination != 0 && minuend == Operand::Register(destination)
}

/// The rules that a block leaves behind, where it sets flags.
fn rules_behind(block: &Block) -> (Option<Carry>, Option<Sign>) {
    let mut rules = (None, None);
    for operation in block.instructions.iter().flatten() {
        match *operation {
            M::Add { .. } => rules = (Some(Carry::Below), Some(Sign::SumIs)),
            M::Subtract { b, destination, .. } => {
                rules = if replaces_minuend(b, destination) {
                    (Some(Carry::Sum), Some(Sign::DifferenceIs))
                } else {
                    (Some(Carry::Below), Some(Sign::Difference))
                }
            }
            M::MultiplyWide { .. } => rules.0 = Some(Carry::Below),
            M::ShiftLeft { count, .. } => match count {
                Operand::Constant(count) if count & 63 == 0 => {}
                Operand::Constant(_) => rules.0 = Some(Carry::LowBit),
                _ => rules.0 = Some(Carry::Below),
            },
            _ => {}
        }
    }
    rules
}

/// What is known of the rules at some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreed<T> {
    Unknown,
    On(T),
    Not,
}

impl<T: Copy + PartialEq> Agreed<T> {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (Self::On(a), Self::On(b)) if a == b => self,
            _ => Self::Not,
        }
    }
}

impl<T: Copy> Agreed<T> {
    /// The rule of a join, given the one to which others can be turned, and whether somebody behind
    /// must know it.
    fn rule(self, general: T, is_asked: bool) -> Option<T> {
        match self {
            Self::On(rule) => Some(rule),
            Self::Unknown => Some(general),
            Self::Not => is_asked.then_some(general),
        }
    }
}

/// The rules at the beginning of each block: those on which all ways within the region agree. Where they
/// don't, nothing is known if nobody looks at the flags, and else the general ones hold.
fn rules(region: &Region) -> Vec<Rules> {
    let behind: Vec<_> = region.blocks.iter().map(rules_behind).collect();
    let is_asked = is_asked(region);
    let mut at_start = vec![(Agreed::Unknown, Agreed::Unknown); region.blocks.len()];
    agree(region, &behind, &is_asked, &mut at_start);
    // Where the flags from before the region come to: they follow the rules of the head, whatever those
    // are.
    let (carry, sign) = &mut at_start[0];
    if *carry == Agreed::Unknown {
        *carry = Agreed::On(Carry::GENERAL);
    }
    if *sign == Agreed::Unknown {
        *sign = Agreed::On(Sign::GENERAL);
    }
    agree(region, &behind, &is_asked, &mut at_start);
    at_start
        .into_iter()
        .zip(is_asked)
        .map(|((carry, sign), is_asked)| Rules {
            carry: carry.rule(Carry::GENERAL, is_asked),
            sign: sign.rule(Sign::GENERAL, is_asked),
        })
        .collect()
}

/// Spreads the rules along all ways.
fn agree(
    region: &Region,
    behind: &[(Option<Carry>, Option<Sign>)],
    is_asked: &[bool],
    at_start: &mut [(Agreed<Carry>, Agreed<Sign>)],
) {
    let mut changes = true;
    while changes {
        changes = false;
        for (index, block) in region.blocks.iter().enumerate() {
            let (carry, sign) = at_start[index];
            // Where ways don't agree, the general rules hold from there on, or none is known.
            let carry = match (behind[index].0, carry) {
                (Some(rule), _) => Agreed::On(rule),
                (None, Agreed::Not) if is_asked[index] => Agreed::On(Carry::GENERAL),
                (None, known) => known,
            };
            let sign = match (behind[index].1, sign) {
                (Some(rule), _) => Agreed::On(rule),
                (None, Agreed::Not) if is_asked[index] => Agreed::On(Sign::GENERAL),
                (None, known) => known,
            };
            for next in inside(&block.end) {
                let before = at_start[next.index()];
                let after = (before.0.with(carry), before.1.with(sign));
                changes |= before != after;
                at_start[next.index()] = after;
            }
        }
    }
}

/// Whether flags from before each block may be looked at, in it or behind it, other than by who leaves.
fn is_asked(region: &Region) -> Vec<bool> {
    let own: Vec<Option<bool>> = region.blocks.iter().map(asks).collect();
    let mut asked: Vec<bool> = own.iter().map(|own| own.unwrap_or(false)).collect();
    let mut changes = true;
    while changes {
        changes = false;
        for (index, block) in region.blocks.iter().enumerate().rev() {
            if own[index].is_none() && !asked[index] {
                let is_asked = inside(&block.end).iter().any(|next| asked[next.index()]);
                changes |= is_asked;
                asked[index] = is_asked;
            }
        }
    }
    asked
}

/// Whether a block looks at flags from before it; `None` if it neither does nor sets them all.
fn asks(block: &Block) -> Option<bool> {
    for operation in block.instructions.iter().flatten() {
        match operation {
            M::ReadFlag { .. } => return Some(true),
            M::ShiftLeft { count, .. } if !matches!(count, Operand::Constant(_)) => {
                return Some(true);
            }
            M::Add { .. } | M::Subtract { .. } => return Some(false),
            _ => {}
        }
    }
    let looks = matches!(
        block.end,
        End::Branch {
            condition: Condition::Flags(_),
            ..
        }
    );
    looks.then_some(true)
}

/// The length of the longest way from where somebody looks at the limit to where somebody looks again.
fn reserve(region: &Region) -> u64 {
    let mut longest = vec![0; region.blocks.len()];
    let mut most = 0;
    for (index, block) in region.blocks.iter().enumerate().rev() {
        let rest = inside(&block.end)
            .into_iter()
            .filter(|next| next.index() > index)
            .map(|next| longest[next.index()])
            .max();
        longest[index] = block.instructions.len() as u64 + rest.unwrap_or(0);
        if index == 0 || block.is_header {
            most = most.max(longest[index]);
        }
    }
    most
}
