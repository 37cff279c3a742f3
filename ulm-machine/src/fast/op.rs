//! Decoded instructions of the fast engine.
//!
//! The common instructions, those with a single micro-operation on registers and constants, have an
//! [`Op`] of their own; all others share [`Op::General`].

use ulm_isa::micro::FlagStates;

use crate::prepared::Index;

/// A decoded instruction, small enough for four in a cache line.
///
/// `x`, `y` and `z` are registers as in the assembly form: sources first. The destination is never
/// `%0`, so no operation needs to look after it; `%0` may be a source, as its entry in the
/// registers is always 0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    /// The word has not been looked at, or has changed since.
    Undecoded,
    /// There is a breakpoint before whatever the instruction is.
    Breakpoint(Index),
    /// Whatever has no operation of its own.
    General(Index),
    Nop,

    Set {
        value: u64,
        z: u8,
    },
    AddRegister {
        x: u8,
        y: u8,
        z: u8,
    },
    AddConstant {
        x: u64,
        y: u8,
        z: u8,
    },
    SubtractRegister {
        x: u8,
        y: u8,
        z: u8,
    },
    SubtractConstant {
        x: u64,
        y: u8,
        z: u8,
    },
    /// A subtraction whose result is dropped.
    CompareRegister {
        x: u8,
        y: u8,
    },
    CompareConstant {
        x: u64,
        y: u8,
    },
    MultiplyRegister {
        x: u8,
        y: u8,
        z: u8,
    },
    MultiplyConstant {
        x: u64,
        y: u8,
        z: u8,
    },
    MultiplyWideRegister {
        x: u8,
        y: u8,
        low: u8,
        high: u8,
    },
    MultiplyWideConstant {
        x: u64,
        y: u8,
        low: u8,
        high: u8,
    },
    DivideWideRegister {
        x: u8,
        low: u8,
        high: u8,
        z: [u8; 3],
    },
    DivideWideConstant {
        x: u64,
        low: u8,
        high: u8,
        z: [u8; 3],
    },
    DivideSignedRegister {
        x: u8,
        y: u8,
        z: [u8; 2],
    },
    DivideSignedConstant {
        x: u64,
        y: u8,
        z: [u8; 2],
    },
    And {
        x: u8,
        y: u8,
        z: u8,
    },
    /// An And whose result is dropped.
    Test {
        x: u8,
        y: u8,
    },
    Or {
        x: u8,
        y: u8,
        z: u8,
    },
    Not {
        x: u8,
        z: u8,
    },
    ShiftLeftRegister {
        x: u8,
        y: u8,
        z: u8,
    },
    ShiftLeftConstant {
        x: u8,
        y: u8,
        z: u8,
    },
    ShiftRightUnsignedRegister {
        x: u8,
        y: u8,
        z: u8,
    },
    ShiftRightUnsignedConstant {
        x: u8,
        y: u8,
        z: u8,
    },
    ShiftRightSignedRegister {
        x: u8,
        y: u8,
        z: u8,
    },
    ShiftRightSignedConstant {
        x: u8,
        y: u8,
        z: u8,
    },
    /// `(y << x) | value`, which builds constants.
    ShiftOr {
        x: u8,
        y: u8,
        value: u64,
        z: u8,
    },

    /// Loads and stores with a displacement; `y` is the base.
    Load8 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    Load4 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    Load2 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    Load1 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    LoadSigned4 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    LoadSigned2 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    LoadSigned1 {
        displacement: u64,
        y: u8,
        z: u8,
    },
    Store8 {
        x: u8,
        displacement: u64,
        z: u8,
    },
    Store4 {
        x: u8,
        displacement: u64,
        z: u8,
    },
    Store2 {
        x: u8,
        displacement: u64,
        z: u8,
    },
    Store1 {
        x: u8,
        displacement: u64,
        z: u8,
    },

    /// Loads and stores with an index, the register before `scale`.
    LoadIndexed8 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    LoadIndexed4 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    LoadIndexed2 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    LoadIndexed1 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    LoadIndexedSigned4 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    LoadIndexedSigned2 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    LoadIndexedSigned1 {
        x: u8,
        y: u8,
        scale: u64,
        z: u8,
    },
    StoreIndexed8 {
        x: u8,
        y: u8,
        z: u8,
        scale: u64,
    },
    StoreIndexed4 {
        x: u8,
        y: u8,
        z: u8,
        scale: u64,
    },
    StoreIndexed2 {
        x: u8,
        y: u8,
        z: u8,
        scale: u64,
    },
    StoreIndexed1 {
        x: u8,
        y: u8,
        z: u8,
        scale: u64,
    },

    /// Jumps within the page.
    Jump {
        near: Near,
    },
    JumpZero {
        near: Near,
    },
    JumpNotZero {
        near: Near,
    },
    JumpLess {
        near: Near,
    },
    JumpGreaterOrEqual {
        near: Near,
    },
    JumpLessOrEqual {
        near: Near,
    },
    JumpGreater {
        near: Near,
    },
    JumpBelow {
        near: Near,
    },
    JumpAboveOrEqual {
        near: Near,
    },
    JumpBelowOrEqual {
        near: Near,
    },
    JumpAbove {
        near: Near,
    },
    /// Jumps to other pages.
    JumpFar {
        target: u64,
    },
    JumpFarIf {
        states: FlagStates,
        target: u64,
    },
    /// To an address in a register, leaving a return address.
    Call {
        x: u8,
        link: u8,
    },
    /// To an address in a register.
    Return {
        x: u8,
    },

    /// Two instructions in a row, the second of which has its own operation, too: a comparison of
    /// `x` and `y`, in this order here, and a jump.
    CompareRegisterJumpZero(u8, u8, Near),
    CompareRegisterJumpNotZero(u8, u8, Near),
    CompareRegisterJumpLess(u8, u8, Near),
    CompareRegisterJumpGreaterOrEqual(u8, u8, Near),
    CompareRegisterJumpLessOrEqual(u8, u8, Near),
    CompareRegisterJumpGreater(u8, u8, Near),
    CompareRegisterJumpBelow(u8, u8, Near),
    CompareRegisterJumpAboveOrEqual(u8, u8, Near),
    CompareRegisterJumpBelowOrEqual(u8, u8, Near),
    CompareRegisterJumpAbove(u8, u8, Near),
    CompareConstantJumpZero(u64, u8, Near),
    CompareConstantJumpNotZero(u64, u8, Near),
    CompareConstantJumpLess(u64, u8, Near),
    CompareConstantJumpGreaterOrEqual(u64, u8, Near),
    CompareConstantJumpLessOrEqual(u64, u8, Near),
    CompareConstantJumpGreater(u64, u8, Near),
    CompareConstantJumpBelow(u64, u8, Near),
    CompareConstantJumpAboveOrEqual(u64, u8, Near),
    CompareConstantJumpBelowOrEqual(u64, u8, Near),
    CompareConstantJumpAbove(u64, u8, Near),
    TestJumpZero(u8, u8, Near),
    TestJumpNotZero(u8, u8, Near),
    /// What closes a loop, three in a row: an addition of `x` with `y` and `z`, and a comparison and a
    /// jump, which are a pair of their own.
    AddCompareJumpNotZero(u8, [u8; 2], [u8; 2], Near),
    AddCompareJumpLess(u8, [u8; 2], [u8; 2], Near),
    AddCompareJumpBelow(u8, [u8; 2], [u8; 2], Near),
    /// A subtraction of `x` with `y` and `z`, and a jump.
    SubtractConstantJumpZero(u8, [u8; 2], Near),
    SubtractConstantJumpNotZero(u8, [u8; 2], Near),

    PutRegister {
        x: u8,
    },
    PutConstant {
        value: u8,
    },
}

/// A jump within a page: where it is and where it goes, in bytes from the start of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub(super) from: u16,
    pub(super) to: u16,
}

const _: () = assert!(size_of::<Op>() == 16, "four operations fill a cache line");
