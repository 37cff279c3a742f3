//! From the meaning of a word to its operation.

use ulm_isa::micro::{Address, Condition, FlagStates, Lowered, MicroOperation as M, Operand};

use super::op::{Near, Op};
use crate::memory::PAGE_BYTES;
use crate::prepared::{Index, Meaning};

/// The operation for the instruction at an address.
pub(super) fn decode(meaning: &Meaning, index: Index, ip: u64) -> Op {
    let Meaning::Micro(Lowered { operations, .. }) = meaning else {
        return Op::General(index);
    };
    let special = match operations[..] {
        [] => Some(Op::Nop),
        [operation] => single(operation, ip),
        [shift, or, set] => shift_or(shift, or, set),
        _ => None,
    };
    special.unwrap_or(Op::General(index))
}

/// The register that an operand is, taking `%0` for the number 0.
fn register(operand: Operand) -> Option<u8> {
    match operand {
        Operand::Register(number) => Some(number),
        Operand::Constant(0) => Some(0),
        _ => None,
    }
}

/// A register that can be written without looking.
fn destination(number: u8) -> Option<u8> {
    (number != 0).then_some(number)
}

/// A count of a shift that is known.
fn count(operand: Operand) -> Option<u8> {
    match operand {
        Operand::Constant(count) => Some((count & 63) as u8),
        _ => None,
    }
}

fn single(operation: M, ip: u64) -> Option<Op> {
    use Operand::Constant;
    Some(match operation {
        M::SetRegister {
            value,
            destination: z,
        } => {
            let z = destination(z)?;
            match value {
                Constant(value) => Op::Set { value, z },
                Operand::InstructionPointer => Op::Set { value: ip, z },
                _ => return None,
            }
        }
        M::Add {
            a,
            b,
            destination: z,
        } => {
            let z = destination(z)?;
            match (register(a), register(b)) {
                (Some(x), Some(y)) => Op::AddRegister { x, y, z },
                (None, Some(y)) => Op::AddConstant {
                    x: constant(a)?,
                    y,
                    z,
                },
                (Some(y), None) => Op::AddConstant {
                    x: constant(b)?,
                    y,
                    z,
                },
                (None, None) => return None,
            }
        }
        M::Subtract {
            a,
            b,
            destination: z,
        } => {
            let y = register(b)?;
            match (register(a), z) {
                (Some(x), 0) => Op::CompareRegister { x, y },
                (Some(x), z) => Op::SubtractRegister { x, y, z },
                (None, 0) => Op::CompareConstant { x: constant(a)?, y },
                (None, z) => Op::SubtractConstant {
                    x: constant(a)?,
                    y,
                    z,
                },
            }
        }
        M::Multiply {
            a,
            b,
            destination: z,
        } => {
            let (y, z) = (register(b)?, destination(z)?);
            match register(a) {
                Some(x) => Op::MultiplyRegister { x, y, z },
                None => Op::MultiplyConstant {
                    x: constant(a)?,
                    y,
                    z,
                },
            }
        }
        M::MultiplyWide { a, b, low, high } => {
            let (y, low, high) = (register(b)?, destination(low)?, destination(high)?);
            match register(a) {
                Some(x) => Op::MultiplyWideRegister { x, y, low, high },
                None => Op::MultiplyWideConstant {
                    x: constant(a)?,
                    y,
                    low,
                    high,
                },
            }
        }
        M::DivideWide {
            divisor,
            low,
            high,
            quotient_low,
            quotient_high,
            remainder,
        } => {
            let z = [
                destination(quotient_low)?,
                destination(quotient_high)?,
                destination(remainder)?,
            ];
            let (low, high) = (register(low)?, register(high)?);
            match register(divisor) {
                Some(x) => Op::DivideWideRegister { x, low, high, z },
                None => Op::DivideWideConstant {
                    x: constant(divisor)?,
                    low,
                    high,
                    z,
                },
            }
        }
        M::DivideSigned {
            divisor,
            dividend,
            quotient,
        } => {
            let z = destination(quotient)?;
            let (y, z) = (register(dividend)?, [z, z.checked_add(1)?]);
            match register(divisor) {
                Some(x) => Op::DivideSignedRegister { x, y, z },
                None => Op::DivideSignedConstant {
                    x: constant(divisor)?,
                    y,
                    z,
                },
            }
        }
        M::And {
            a,
            b,
            destination: z,
        } => {
            let (x, y) = (register(a)?, register(b)?);
            match z {
                0 => Op::Test { x, y },
                z => Op::And { x, y, z },
            }
        }
        M::Or {
            a,
            b,
            destination: z,
        } => {
            let (x, y, z) = (register(a)?, register(b)?, destination(z)?);
            Op::Or { x, y, z }
        }
        M::Not { a, destination: z } => {
            let (x, z) = (register(a)?, destination(z)?);
            Op::Not { x, z }
        }
        M::ShiftLeft {
            count: n,
            value,
            destination: z,
        } => {
            let (y, z) = (register(value)?, destination(z)?);
            match count(n) {
                Some(x) => Op::ShiftLeftConstant { x, y, z },
                None => Op::ShiftLeftRegister {
                    x: register(n)?,
                    y,
                    z,
                },
            }
        }
        M::ShiftRightUnsigned {
            count: n,
            value,
            destination: z,
        } => {
            let (y, z) = (register(value)?, destination(z)?);
            match count(n) {
                Some(x) => Op::ShiftRightUnsignedConstant { x, y, z },
                None => Op::ShiftRightUnsignedRegister {
                    x: register(n)?,
                    y,
                    z,
                },
            }
        }
        M::ShiftRightSigned {
            count: n,
            value,
            destination: z,
        } => {
            let (y, z) = (register(value)?, destination(z)?);
            match count(n) {
                Some(x) => Op::ShiftRightSignedConstant { x, y, z },
                None => Op::ShiftRightSignedRegister {
                    x: register(n)?,
                    y,
                    z,
                },
            }
        }
        M::Load {
            address,
            size,
            signed,
            destination: z,
        } => load(address, size, signed, destination(z)?)?,
        M::Store {
            address,
            size,
            source,
        } => store(address, size, source)?,
        M::JumpRelative { distance } => {
            let target = target(ip, distance)?;
            match within_page(ip, target) {
                Some(near) => Op::Jump { near },
                None => Op::JumpFar { target },
            }
        }
        M::JumpConditional {
            condition: Condition::Flags(states),
            distance,
        } => {
            let target = target(ip, distance)?;
            match within_page(ip, target).and_then(|near| jump_if(states, near)) {
                Some(near) => near,
                None => Op::JumpFarIf { states, target },
            }
        }
        M::JumpAbsolute { target, link } => match (register(target)?, link) {
            (x, 0) => Op::Return { x },
            (x, link) => Op::Call { x, link },
        },
        M::PrintChar { value } => match value {
            Constant(value) => Op::PutConstant { value: value as u8 },
            _ => Op::PutRegister {
                x: register(value)?,
            },
        },
        _ => return None,
    })
}

fn constant(operand: Operand) -> Option<u64> {
    match operand {
        Operand::Constant(number) => Some(number),
        _ => None,
    }
}

/// `t := y << x`, `t := t | value`, `z := t`
fn shift_or(shift: M, or: M, set: M) -> Option<Op> {
    use ulm_isa::effect::BinaryOperator::{Or, ShiftLeft};
    match (shift, or, set) {
        (
            M::Binary {
                operator: ShiftLeft,
                a: y,
                b: x,
                to: first,
            },
            M::Binary {
                operator: Or,
                a: Operand::Temporary(shifted),
                b: Operand::Constant(value),
                to: second,
            },
            M::SetRegister {
                value: Operand::Temporary(result),
                destination: z,
            },
        ) if first == shifted && second == result => Some(Op::ShiftOr {
            x: count(x)?,
            y: register(y)?,
            value,
            z: destination(z)?,
        }),
        _ => None,
    }
}

/// What an address is made of, with an operation for each case.
enum Place {
    Displaced { displacement: u64, base: u8 },
    Indexed { base: u8, index: u8, scale: u64 },
}

fn place(address: Address) -> Option<Place> {
    let displacement = constant(address.displacement)?;
    let Address {
        base, index, scale, ..
    } = address;
    if index == 0 || scale == 0 {
        Some(Place::Displaced { displacement, base })
    } else {
        (displacement == 0).then_some(Place::Indexed { base, index, scale })
    }
}

fn load(address: Address, size: u8, signed: bool, z: u8) -> Option<Op> {
    Some(match place(address)? {
        Place::Displaced {
            displacement,
            base: y,
        } => match (size, signed) {
            (8, _) => Op::Load8 { displacement, y, z },
            (4, false) => Op::Load4 { displacement, y, z },
            (2, false) => Op::Load2 { displacement, y, z },
            (1, false) => Op::Load1 { displacement, y, z },
            (4, true) => Op::LoadSigned4 { displacement, y, z },
            (2, true) => Op::LoadSigned2 { displacement, y, z },
            (1, true) => Op::LoadSigned1 { displacement, y, z },
            _ => return None,
        },
        Place::Indexed {
            base: x,
            index: y,
            scale,
        } => match (size, signed) {
            (8, _) => Op::LoadIndexed8 { x, y, scale, z },
            (4, false) => Op::LoadIndexed4 { x, y, scale, z },
            (2, false) => Op::LoadIndexed2 { x, y, scale, z },
            (1, false) => Op::LoadIndexed1 { x, y, scale, z },
            (4, true) => Op::LoadIndexedSigned4 { x, y, scale, z },
            (2, true) => Op::LoadIndexedSigned2 { x, y, scale, z },
            (1, true) => Op::LoadIndexedSigned1 { x, y, scale, z },
            _ => return None,
        },
    })
}

fn store(address: Address, size: u8, x: u8) -> Option<Op> {
    Some(match place(address)? {
        Place::Displaced {
            displacement,
            base: z,
        } => match size {
            8 => Op::Store8 { x, displacement, z },
            4 => Op::Store4 { x, displacement, z },
            2 => Op::Store2 { x, displacement, z },
            1 => Op::Store1 { x, displacement, z },
            _ => return None,
        },
        Place::Indexed {
            base: y,
            index: z,
            scale,
        } => match size {
            8 => Op::StoreIndexed8 { x, y, z, scale },
            4 => Op::StoreIndexed4 { x, y, z, scale },
            2 => Op::StoreIndexed2 { x, y, z, scale },
            1 => Op::StoreIndexed1 { x, y, z, scale },
            _ => return None,
        },
    })
}

/// The target of a jump, if it is one that can be jumped to.
fn target(ip: u64, distance: Operand) -> Option<u64> {
    let target = ip.wrapping_add(constant(distance)?);
    target.is_multiple_of(4).then_some(target)
}

/// Jump and target, if they are on one page.
fn within_page(ip: u64, target: u64) -> Option<Near> {
    (ip / PAGE_BYTES == target / PAGE_BYTES).then_some(Near {
        from: (ip % PAGE_BYTES) as u16,
        to: (target % PAGE_BYTES) as u16,
    })
}

/// A conditional jump within the page, if its condition is a usual one.
fn jump_if(condition: FlagStates, near: Near) -> Option<Op> {
    // Bits of the flags in the index of a state.
    let zero = |state: u32| state & 1 != 0;
    let carry = |state: u32| state & 2 != 0;
    let less = |state: u32| (state & 4 != 0) != (state & 8 != 0);
    let is = |holds: &dyn Fn(u32) -> bool| (0..16).all(|s| condition.contains(s) == holds(s));
    Some(if is(&zero) {
        Op::JumpZero { near }
    } else if is(&|s| !zero(s)) {
        Op::JumpNotZero { near }
    } else if is(&less) {
        Op::JumpLess { near }
    } else if is(&|s| !less(s)) {
        Op::JumpGreaterOrEqual { near }
    } else if is(&|s| zero(s) || less(s)) {
        Op::JumpLessOrEqual { near }
    } else if is(&|s| !zero(s) && !less(s)) {
        Op::JumpGreater { near }
    } else if is(&carry) {
        Op::JumpBelow { near }
    } else if is(&|s| !carry(s)) {
        Op::JumpAboveOrEqual { near }
    } else if is(&|s| carry(s) || zero(s)) {
        Op::JumpBelowOrEqual { near }
    } else if is(&|s| !carry(s) && !zero(s)) {
        Op::JumpAbove { near }
    } else {
        return None;
    })
}
