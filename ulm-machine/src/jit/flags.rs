//! Flags as the values that they are made from.
//!
//! Most instructions set all flags, and nearly nobody looks at them. So translated code keeps two
//! operands for each of three groups, ZF, CF, and SF with OF, and the rules by which the flags follow from
//! them. A branch right behind a comparison becomes the comparison of its operands; who leaves hands the
//! operands to the engine, which makes the flags.
//!
//! Where ways join that set flags by different rules, the rule itself becomes an operand, unless
//! somebody looks at the flags behind: then they are made on the ways there.

use codegen::ir::{Binary, Condition, Value};
use ulm_isa::effect::Flag;
use ulm_isa::micro::FlagStates;

use super::builder::Builder;
use crate::machine::Flags;

/// How CF follows from its operands a and b.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carry {
    /// a < b, unsigned.
    Below,
    /// a + b does not fit into 64 bits.
    Sum,
    /// The lowest bit of a.
    LowBit,
}

impl Carry {
    pub(super) const ALL: [Self; 3] = [Self::Below, Self::Sum, Self::LowBit];
    /// The rule to which all others can be turned.
    pub(super) const GENERAL: Self = Self::Below;
}

/// How SF and OF follow from their operands a and b.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// As in a − b.
    Difference,
    /// As in (a + b) − b.
    DifferenceIs,
    /// As in (a − b) + b.
    SumIs,
    /// SF is the top bit of a, OF that of b.
    Words,
}

impl Sign {
    pub(super) const ALL: [Self; 4] = [
        Self::Difference,
        Self::DifferenceIs,
        Self::SumIs,
        Self::Words,
    ];
    /// The rule to which all others can be turned.
    pub(super) const GENERAL: Self = Self::Words;
}

/// How the flags follow from their operands, as far as it is known; else an operand says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) carry: Option<Carry>,
    pub(super) sign: Option<Sign>,
}

/// The number of operands of the flags: two each for ZF, which is set if they are equal, for CF, and for
/// SF and OF; the rule for CF and the rule for SF and OF, which are their positions in `ALL`.
pub(super) const OPERANDS: usize = 8;

/// The constants that say the rules.
#[derive(Debug, Clone, Copy)]
struct RuleValues {
    carry: [Value; Carry::ALL.len()],
    sign: [Value; Sign::ALL.len()],
}

/// The flags in translated code.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlagValues {
    pub(super) rules: Rules,
    pub(super) operands: [Value; OPERANDS],
    constants: RuleValues,
    /// The minuend and the subtrahend, if all flags come from one subtraction in this piece of code.
    difference: Option<(Value, Value)>,
}

impl FlagValues {
    /// The flags at the entry, which is where the builder is. The state has operands for these rules.
    pub(super) fn new(builder: &mut Builder, rules: Rules, operands: [Value; 6]) -> Self {
        let constants = RuleValues {
            carry: [0, 1, 2].map(|number| builder.constant(number)),
            sign: [0, 1, 2, 3].map(|number| builder.constant(number)),
        };
        let carry = rules.carry.unwrap_or(Carry::GENERAL);
        let sign = rules.sign.unwrap_or(Sign::GENERAL);
        let [a, b, c, d, e, f] = operands;
        let rule_of_carry = constants.carry[carry as usize];
        let rule_of_sign = constants.sign[sign as usize];
        Self {
            rules: Rules {
                carry: Some(carry),
                sign: Some(sign),
            },
            operands: [a, b, c, d, e, f, rule_of_carry, rule_of_sign],
            constants,
            difference: None,
        }
    }

    /// The flags where ways join.
    pub(super) fn joined(&self, rules: Rules, operands: [Value; OPERANDS]) -> Self {
        Self {
            rules,
            operands,
            constants: self.constants,
            difference: None,
        }
    }

    fn set_zero(&mut self, a: Value, b: Value) {
        (self.operands[0], self.operands[1]) = (a, b);
        self.difference = None;
    }

    fn set_carry(&mut self, rule: Carry, a: Value, b: Value) {
        self.rules.carry = Some(rule);
        (self.operands[2], self.operands[3]) = (a, b);
        self.operands[6] = self.constants.carry[rule as usize];
        self.difference = None;
    }

    fn set_sign(&mut self, rule: Sign, a: Value, b: Value) {
        self.rules.sign = Some(rule);
        (self.operands[4], self.operands[5]) = (a, b);
        self.operands[7] = self.constants.sign[rule as usize];
        self.difference = None;
    }

    /// Behind `sum := y + x`.
    pub(super) fn add(&mut self, builder: &mut Builder, sum: Value, x: Value) {
        let zero = builder.constant(0);
        self.set_zero(sum, zero);
        self.set_carry(Carry::Below, sum, x);
        self.set_sign(Sign::SumIs, sum, x);
    }

    /// Behind `y − x`, where y is still there afterwards.
    pub(super) fn compare(&mut self, y: Value, x: Value) {
        self.set_zero(y, x);
        self.set_carry(Carry::Below, y, x);
        self.set_sign(Sign::Difference, y, x);
        self.difference = Some((y, x));
    }

    /// Behind `difference := y − x`, where the difference takes the place of y.
    pub(super) fn subtract(
        &mut self,
        builder: &mut Builder,
        y: Value,
        x: Value,
        difference: Value,
    ) {
        let zero = builder.constant(0);
        self.set_zero(difference, zero);
        self.set_carry(Carry::Sum, difference, x);
        self.set_sign(Sign::DifferenceIs, difference, x);
        self.difference = Some((y, x));
    }

    /// ZF: whether a value is 0.
    pub(super) fn test(&mut self, builder: &mut Builder, value: Value) {
        let zero = builder.constant(0);
        self.set_zero(value, zero);
    }

    /// CF: whether a value is not 0.
    pub(super) fn carry_unless_zero(&mut self, builder: &mut Builder, value: Value) {
        let zero = builder.constant(0);
        self.set_carry(Carry::Below, zero, value);
    }

    /// CF: the lowest bit of a value.
    pub(super) fn carry_low_bit(&mut self, builder: &mut Builder, value: Value) {
        let zero = builder.constant(0);
        self.set_carry(Carry::LowBit, value, zero);
    }

    /// One flag, 1 or 0.
    pub(super) fn flag(&self, builder: &mut Builder, flag: Flag) -> Value {
        match flag {
            Flag::Zero => self.is_zero(builder),
            Flag::Carry => self.is_carry(builder),
            Flag::Sign => {
                let word = self.sign_word(builder);
                builder.compare_constant(Condition::Less, word, 0)
            }
            Flag::Overflow => {
                let word = self.overflow_word(builder);
                builder.compare_constant(Condition::Less, word, 0)
            }
        }
    }

    /// Whether the flags are in one of these states: 1 or 0.
    pub(super) fn is_in(&self, builder: &mut Builder, states: FlagStates) -> Value {
        let Some(condition) = Known::of(states) else {
            return self.is_in_any(builder, states);
        };
        match (self.difference, condition) {
            (Some((y, x)), Known::Comparison(condition)) => builder.compare(condition, y, x),
            (_, Known::Comparison(condition)) => self.compared(builder, condition),
            (_, Known::Flag(flag)) => self.flag(builder, flag),
            (_, Known::NoFlag(flag)) => {
                let set = self.flag(builder, flag);
                builder.compare_constant(Condition::Equal, set, 0)
            }
        }
    }

    /// What a comparison would say whose flags these are.
    fn compared(&self, builder: &mut Builder, condition: Condition) -> Value {
        use Condition as C;
        let [a, b, ..] = self.operands;
        match condition {
            C::Equal | C::NotEqual => builder.compare(condition, a, b),
            C::Below => self.is_carry(builder),
            C::Less => self.is_less(builder),
            C::BelowEqual | C::LessEqual => {
                let zero = self.is_zero(builder);
                let strict = match condition {
                    C::BelowEqual => self.is_carry(builder),
                    _ => self.is_less(builder),
                };
                builder.binary(Binary::Or, zero, strict)
            }
            C::AboveEqual | C::Above | C::GreaterEqual | C::Greater => {
                let opposite = self.compared(builder, condition.negated());
                builder.compare_constant(C::Equal, opposite, 0)
            }
        }
    }

    fn is_zero(&self, builder: &mut Builder) -> Value {
        let [a, b, ..] = self.operands;
        builder.compare(Condition::Equal, a, b)
    }

    fn is_carry(&self, builder: &mut Builder) -> Value {
        let [_, _, a, b, ..] = self.operands;
        match self.rules.carry.unwrap_or(Carry::GENERAL) {
            Carry::Below => builder.compare(Condition::Below, a, b),
            Carry::Sum => {
                let sum = builder.binary(Binary::Add, a, b);
                builder.compare(Condition::Below, sum, b)
            }
            Carry::LowBit => builder.and_constant(a, 1),
        }
    }

    /// The rule for SF and OF, where somebody looks at them: it is known there.
    fn known_sign(&self) -> Sign {
        self.rules.sign.unwrap_or(Sign::GENERAL)
    }

    /// SF ≠ OF.
    fn is_less(&self, builder: &mut Builder) -> Value {
        let [_, _, _, _, a, b, ..] = self.operands;
        match self.known_sign() {
            Sign::Difference => builder.compare(Condition::Less, a, b),
            Sign::DifferenceIs => {
                let minuend = builder.binary(Binary::Add, a, b);
                builder.compare(Condition::Less, minuend, b)
            }
            Sign::SumIs | Sign::Words => {
                let sign = self.sign_word(builder);
                let overflow = self.overflow_word(builder);
                let differ = builder.binary(Binary::Xor, sign, overflow);
                builder.compare_constant(Condition::Less, differ, 0)
            }
        }
    }

    /// A word whose top bit is SF.
    fn sign_word(&self, builder: &mut Builder) -> Value {
        let [_, _, _, _, a, b, ..] = self.operands;
        match self.known_sign() {
            Sign::Difference => builder.binary(Binary::Subtract, a, b),
            Sign::DifferenceIs | Sign::SumIs | Sign::Words => a,
        }
    }

    /// A word whose top bit is OF.
    fn overflow_word(&self, builder: &mut Builder) -> Value {
        let [_, _, _, _, a, b, ..] = self.operands;
        match self.known_sign() {
            Sign::Words => b,
            // The operands differ in sign, and the difference's is not the minuend's.
            Sign::Difference => {
                let difference = builder.binary(Binary::Subtract, a, b);
                overflow_of_difference(builder, a, b, difference)
            }
            Sign::DifferenceIs => {
                let minuend = builder.binary(Binary::Add, a, b);
                overflow_of_difference(builder, minuend, b, a)
            }
            // The sum's sign differs from that of both summands.
            Sign::SumIs => {
                let other = builder.binary(Binary::Subtract, a, b);
                let one = builder.binary(Binary::Xor, a, b);
                let two = builder.binary(Binary::Xor, a, other);
                builder.binary(Binary::And, one, two)
            }
        }
    }

    /// Any set of states: the number of the state selects a bit.
    fn is_in_any(&self, builder: &mut Builder, states: FlagStates) -> Value {
        let mut index = self.flag(builder, Flag::Zero);
        for (flag, bit) in [(Flag::Carry, 1), (Flag::Sign, 2), (Flag::Overflow, 3)] {
            let set = self.flag(builder, flag);
            let bit = builder.constant(bit);
            let set = builder.binary(Binary::ShiftLeft, set, bit);
            index = builder.binary(Binary::Or, index, set);
        }
        let states = builder.constant(states.0.into());
        let shifted = builder.binary(Binary::ShiftRight, states, index);
        builder.and_constant(shifted, 1)
    }

    /// The operands by other rules: those that are not known take any operands, the others are
    /// [`Carry::GENERAL`] and [`Sign::GENERAL`], where they differ.
    pub(super) fn converted(&self, builder: &mut Builder, rules: Rules) -> [Value; OPERANDS] {
        let mut operands = self.operands;
        if rules.carry.is_some() && self.rules.carry != rules.carry {
            operands[2] = builder.constant(0);
            operands[3] = self.is_carry(builder);
            operands[6] = self.constants.carry[Carry::GENERAL as usize];
        }
        if rules.sign.is_some() && self.rules.sign != rules.sign {
            operands[4] = self.sign_word(builder);
            operands[5] = self.overflow_word(builder);
            operands[7] = self.constants.sign[Sign::GENERAL as usize];
        }
        operands
    }
}

fn overflow_of_difference(builder: &mut Builder, y: Value, x: Value, difference: Value) -> Value {
    let one = builder.binary(Binary::Xor, y, x);
    let two = builder.binary(Binary::Xor, y, difference);
    builder.binary(Binary::And, one, two)
}

/// A set of states that has a name.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// What a comparison of minuend and subtrahend says.
    Comparison(Condition),
    Flag(Flag),
    NoFlag(Flag),
}

impl Known {
    fn of(states: FlagStates) -> Option<Self> {
        use Condition as C;
        let comparisons = [
            C::Equal,
            C::NotEqual,
            C::Less,
            C::LessEqual,
            C::Greater,
            C::GreaterEqual,
            C::Below,
            C::BelowEqual,
            C::Above,
            C::AboveEqual,
        ];
        let comparison = comparisons
            .into_iter()
            .find(|&condition| states == states_of(|flags| says(condition, flags)))
            .map(Self::Comparison);
        comparison.or_else(|| {
            let flag = |flag: Flag| states == states_of(|flags| flags.get(flag));
            let no_flag = |flag: Flag| states == states_of(|flags| !flags.get(flag));
            let find = |is: &dyn Fn(Flag) -> bool| Flag::ALL.into_iter().find(|&flag| is(flag));
            let set = find(&flag).map(Self::Flag);
            set.or_else(|| find(&no_flag).map(Self::NoFlag))
        })
    }
}

/// What a comparison says, by its flags.
fn says(condition: Condition, flags: Flags) -> bool {
    let less = flags.sign != flags.overflow;
    match condition {
        Condition::Equal => flags.zero,
        Condition::NotEqual => !flags.zero,
        Condition::Less => less,
        Condition::LessEqual => flags.zero || less,
        Condition::Greater => !(flags.zero || less),
        Condition::GreaterEqual => !less,
        Condition::Below => flags.carry,
        Condition::BelowEqual => flags.carry || flags.zero,
        Condition::Above => !(flags.carry || flags.zero),
        Condition::AboveEqual => !flags.carry,
    }
}

/// The states in which something holds.
fn states_of(holds: impl Fn(Flags) -> bool) -> FlagStates {
    let mut states = 0;
    for bits in 0..16_u32 {
        let flags = Flags {
            zero: bits & 1 != 0,
            carry: bits & 2 != 0,
            sign: bits & 4 != 0,
            overflow: bits & 8 != 0,
        };
        if holds(flags) {
            states |= 1 << flags.index();
        }
    }
    FlagStates(states)
}

/// The flags that follow from operands.
pub(super) fn flags_of(operands: [u64; OPERANDS]) -> Flags {
    let [zero_a, zero_b, carry_a, carry_b, a, b, carry, sign] = operands;
    let difference = |y: u64, x: u64| {
        let (value, overflow) = (y as i64).overflowing_sub(x as i64);
        (value < 0, overflow)
    };
    let rule = Sign::ALL.get(sign as usize).unwrap_or(&Sign::GENERAL);
    let (sign, overflow) = match rule {
        Sign::Difference => difference(a, b),
        Sign::DifferenceIs => difference(a.wrapping_add(b), b),
        Sign::SumIs => {
            let (value, overflow) = (a.wrapping_sub(b) as i64).overflowing_add(b as i64);
            (value < 0, overflow)
        }
        Sign::Words => ((a as i64) < 0, (b as i64) < 0),
    };
    let rule = Carry::ALL.get(carry as usize).unwrap_or(&Carry::GENERAL);
    Flags {
        zero: zero_a == zero_b,
        carry: match rule {
            Carry::Below => carry_a < carry_b,
            Carry::Sum => carry_a.checked_add(carry_b).is_none(),
            Carry::LowBit => carry_a & 1 != 0,
        },
        sign,
        overflow,
    }
}

impl Rules {
    /// Operands from which flags follow by these rules, or the general ones where nothing is known, the
    /// rules left out.
    pub(super) fn operands(self, flags: Flags) -> [u64; 6] {
        const LEAST: u64 = 1 << 63;
        const GREATEST: u64 = LEAST - 1;
        let word = |bit: bool| if bit { u64::MAX } else { 0 };
        let [carry_a, carry_b] = match self.carry.unwrap_or(Carry::GENERAL) {
            Carry::Below => [0, flags.carry.into()],
            Carry::Sum => [word(flags.carry), word(flags.carry)],
            Carry::LowBit => [flags.carry.into(), 0],
        };
        // A difference and what was subtracted.
        let [difference, x] = match (flags.sign, flags.overflow) {
            (sign, false) => [word(sign), 0],
            (false, true) => [GREATEST, 1],
            (true, true) => [LEAST, u64::MAX],
        };
        // A sum and a summand.
        let sum = match (flags.sign, flags.overflow) {
            (sign, false) => [word(sign), 0],
            (false, true) => [0, LEAST],
            (true, true) => [LEAST, GREATEST],
        };
        let [a, b] = match self.sign.unwrap_or(Sign::GENERAL) {
            Sign::Difference => [difference.wrapping_add(x), x],
            Sign::DifferenceIs => [difference, x],
            Sign::SumIs => sum,
            Sign::Words => [word(flags.sign), word(flags.overflow)],
        };
        [0, u64::from(!flags.zero), carry_a, carry_b, a, b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_each_rule_all_flags_have_operands() {
        for carry in Carry::ALL {
            for sign in Sign::ALL {
                let rules = Rules {
                    carry: Some(carry),
                    sign: Some(sign),
                };
                let numbers = [carry as u64, sign as u64];
                let all = states_of(|flags| {
                    let [a, b, c, d, e, f] = rules.operands(flags);
                    flags_of([a, b, c, d, e, f, numbers[0], numbers[1]]) == flags
                });
                assert_eq!(all, FlagStates(u16::MAX), "{rules:?}");
            }
        }
    }
}
