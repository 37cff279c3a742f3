//! Pairs of operations that are executed as one.
//!
//! The first of the pair becomes the fused operation, once both words are decoded. The second keeps
//! its own, for jumps to it. It may be such an operation itself.

use super::op::Op;

/// How many words an operation stands for at most.
pub(super) const MOST_WORDS: usize = 3;

/// The operation for an instruction and what comes behind it, if there is one.
pub(super) fn fuse(first: Op, second: Op) -> Option<Op> {
    Some(match (first, second) {
        (Op::CompareRegister { x, y }, Op::JumpZero { near }) => {
            Op::CompareRegisterJumpZero(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpNotZero { near }) => {
            Op::CompareRegisterJumpNotZero(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpLess { near }) => {
            Op::CompareRegisterJumpLess(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpGreaterOrEqual { near }) => {
            Op::CompareRegisterJumpGreaterOrEqual(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpLessOrEqual { near }) => {
            Op::CompareRegisterJumpLessOrEqual(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpGreater { near }) => {
            Op::CompareRegisterJumpGreater(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpBelow { near }) => {
            Op::CompareRegisterJumpBelow(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpAboveOrEqual { near }) => {
            Op::CompareRegisterJumpAboveOrEqual(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpBelowOrEqual { near }) => {
            Op::CompareRegisterJumpBelowOrEqual(x, y, near)
        }
        (Op::CompareRegister { x, y }, Op::JumpAbove { near }) => {
            Op::CompareRegisterJumpAbove(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpZero { near }) => {
            Op::CompareConstantJumpZero(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpNotZero { near }) => {
            Op::CompareConstantJumpNotZero(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpLess { near }) => {
            Op::CompareConstantJumpLess(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpGreaterOrEqual { near }) => {
            Op::CompareConstantJumpGreaterOrEqual(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpLessOrEqual { near }) => {
            Op::CompareConstantJumpLessOrEqual(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpGreater { near }) => {
            Op::CompareConstantJumpGreater(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpBelow { near }) => {
            Op::CompareConstantJumpBelow(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpAboveOrEqual { near }) => {
            Op::CompareConstantJumpAboveOrEqual(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpBelowOrEqual { near }) => {
            Op::CompareConstantJumpBelowOrEqual(x, y, near)
        }
        (Op::CompareConstant { x, y }, Op::JumpAbove { near }) => {
            Op::CompareConstantJumpAbove(x, y, near)
        }
        (Op::Test { x, y }, Op::JumpZero { near }) => Op::TestJumpZero(x, y, near),
        (Op::SubtractConstant { x, y, z }, Op::JumpZero { near }) => {
            Op::SubtractConstantJumpZero(u8::try_from(x).ok()?, [y, z], near)
        }
        (Op::Test { x, y }, Op::JumpNotZero { near }) => Op::TestJumpNotZero(x, y, near),
        (Op::SubtractConstant { x, y, z }, Op::JumpNotZero { near }) => {
            Op::SubtractConstantJumpNotZero(u8::try_from(x).ok()?, [y, z], near)
        }
        (Op::AddConstant { x, y, z }, Op::CompareRegisterJumpNotZero(a, b, near)) => {
            Op::AddCompareJumpNotZero(u8::try_from(x).ok()?, [y, z], [a, b], near)
        }
        (Op::AddConstant { x, y, z }, Op::CompareRegisterJumpLess(a, b, near)) => {
            Op::AddCompareJumpLess(u8::try_from(x).ok()?, [y, z], [a, b], near)
        }
        (Op::AddConstant { x, y, z }, Op::CompareRegisterJumpBelow(a, b, near)) => {
            Op::AddCompareJumpBelow(u8::try_from(x).ok()?, [y, z], [a, b], near)
        }
        _ => return None,
    })
}

/// The first operation of a pair by itself; other operations stay as they are.
pub(super) fn first_of(op: Op) -> Op {
    match op {
        Op::CompareRegisterJumpZero(x, y, _)
        | Op::CompareRegisterJumpNotZero(x, y, _)
        | Op::CompareRegisterJumpLess(x, y, _)
        | Op::CompareRegisterJumpGreaterOrEqual(x, y, _)
        | Op::CompareRegisterJumpLessOrEqual(x, y, _)
        | Op::CompareRegisterJumpGreater(x, y, _)
        | Op::CompareRegisterJumpBelow(x, y, _)
        | Op::CompareRegisterJumpAboveOrEqual(x, y, _)
        | Op::CompareRegisterJumpBelowOrEqual(x, y, _)
        | Op::CompareRegisterJumpAbove(x, y, _) => Op::CompareRegister { x, y },
        Op::CompareConstantJumpZero(x, y, _)
        | Op::CompareConstantJumpNotZero(x, y, _)
        | Op::CompareConstantJumpLess(x, y, _)
        | Op::CompareConstantJumpGreaterOrEqual(x, y, _)
        | Op::CompareConstantJumpLessOrEqual(x, y, _)
        | Op::CompareConstantJumpGreater(x, y, _)
        | Op::CompareConstantJumpBelow(x, y, _)
        | Op::CompareConstantJumpAboveOrEqual(x, y, _)
        | Op::CompareConstantJumpBelowOrEqual(x, y, _)
        | Op::CompareConstantJumpAbove(x, y, _) => Op::CompareConstant { x, y },
        Op::TestJumpZero(x, y, _) | Op::TestJumpNotZero(x, y, _) => Op::Test { x, y },
        Op::SubtractConstantJumpZero(x, [y, z], _)
        | Op::SubtractConstantJumpNotZero(x, [y, z], _) => {
            Op::SubtractConstant { x: x.into(), y, z }
        }
        Op::AddCompareJumpNotZero(x, [y, z], ..)
        | Op::AddCompareJumpLess(x, [y, z], ..)
        | Op::AddCompareJumpBelow(x, [y, z], ..) => Op::AddConstant { x: x.into(), y, z },
        other => other,
    }
}
