//! The engine for everyday use: it decodes each instruction once, and executes what it decoded.
//!
//! Pages of code become pages of operations, a word becoming one when it is first reached. Within
//! a page the next operation is simply the next in memory; only when control leaves a page is
//! another one looked up. A store into a page with code makes its word undecoded again, so the
//! next instruction already is the new one.
//!
//! A comparison and the jump behind it become one operation; the word of the jump keeps its own, for
//! whoever jumps to it. Instructions are counted a stretch at a time, from one jump to the next.

mod code;
mod decode;
mod flags;
mod fusion;
mod op;
mod profile;

use ulm_isa::Isa;

use crate::arithmetic;
use crate::engine::{Breakpoints, Engine, Step, run_steps};
use crate::execution::trap_at;
use crate::machine::{JumpKind, Machine};
use crate::memory::{PAGE_BYTES, Stored};
use crate::observer::Observer;
use crate::prepared::Prepared;
use crate::stop::{Limit, Stop, TrapKind};
use code::{Code, Ops, Page, word_index};
use flags::LazyFlags;
use op::{Near, Op};
pub(crate) use profile::{Ended, Profile};

/// Decodes each instruction once. Does exactly what [`crate::ReferenceEngine`] does.
///
/// What it has decoded stays with the engine, for the machine that it ran last: give each machine
/// its own.
#[derive(Debug, Clone)]
pub struct FastEngine {
    prepared: Prepared,
    breakpoints: Breakpoints,
    code: Code,
    /// [`Breakpoints::changes`] and [`Prepared::forgotten`] when the code was decoded.
    changes: u64,
    forgotten: u64,
}

impl FastEngine {
    /// An engine for the machine that `isa` describes.
    pub fn new(isa: &Isa) -> Self {
        Self {
            prepared: Prepared::new(isa),
            breakpoints: Breakpoints::default(),
            code: Code::default(),
            changes: 0,
            forgotten: 0,
        }
    }
}

impl Engine for FastEngine {
    fn run<O: Observer>(&mut self, machine: &mut Machine, budget: u64, observer: &mut O) -> Stop {
        // An observer wants to know about each step; and only from outside can the instruction
        // pointer come to be misaligned.
        if O::ACTIVE || !machine.ip.is_multiple_of(4) {
            let prepared = &mut self.prepared;
            return run_steps(machine, &mut self.breakpoints, budget, |machine| {
                prepared.step(machine, observer)
            });
        }
        match self.run_decoded(machine, budget, i16::MAX, &mut ()) {
            Ended::Stopped(stop) => stop,
            // Without a profile nothing is counted.
            Ended::Hot => machine.pause(),
        }
    }

    fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }

    fn breakpoints_mut(&mut self) -> &mut Breakpoints {
        &mut self.breakpoints
    }
}

/// Why the loop over decoded instructions was left.
enum End {
    Stop(Stop),
    /// For the reason that [`Machine::pause`] gives.
    Pause,
    Hot,
}

impl FastEngine {
    /// Executes from an aligned instruction pointer on.
    fn run_decoded<P: Profile>(
        &mut self,
        machine: &mut Machine,
        budget: u64,
        hot: i16,
        profile: &mut P,
    ) -> Ended {
        let Self {
            prepared,
            breakpoints,
            code,
            changes,
            forgotten,
        } = self;
        if *changes != breakpoints.changes() || *forgotten != prepared.forgotten() {
            code.forget();
            *changes = breakpoints.changes();
            *forgotten = prepared.forgotten();
        }

        // What changes with each instruction is kept here, and is the machine's again at the end
        // and wherever an instruction is executed outside of this loop.
        let mut left = machine.allowance(budget);
        let end = machine.instructions.wrapping_add(left);
        let mut flags = LazyFlags::of(machine.flags);
        let mut ip = machine.ip;
        // Whether control comes to `ip` by a jump that counts for its heat.
        let mut arrives = false;

        let end_of_run = 'pages: loop {
            let page = ip & !(PAGE_BYTES - 1);
            let page_index = code.enter(&mut machine.memory, ip);
            let watcher = code.watcher();
            let Page { ops, heat } = code.page(page_index);
            let ops: &Ops = ops;

            // Counts the arrival at a target in this page.
            macro_rules! arrive {
                ($target:expr) => {
                    if left > 0 && heat.add($target, 1) >= hot {
                        ip = $target;
                        break 'pages End::Hot;
                    }
                };
            }
            if P::ACTIVE && arrives {
                arrives = false;
                arrive!(ip);
            }

            // A stretch of operations without a jump is counted where it begins, as if it went on to
            // the end of the page or of what is left; what is still in `rest` did not happen after
            // all. `behind` is the address behind the stretch, `later` what is left after it.
            let (mut rest, mut behind, mut later);
            macro_rules! begin_at {
                ($target:expr) => {{
                    let target: u64 = $target;
                    let stretch = &ops[word_index(target)..];
                    let length =
                        usize::try_from(left).map_or(stretch.len(), |left| left.min(stretch.len()));
                    rest = stretch[..length].iter();
                    behind = target.wrapping_add(4 * length as u64);
                    later = left - length as u64;
                }};
            }
            begin_at!(ip);

            // The address of the operation that was taken from `rest` last.
            macro_rules! here {
                () => {
                    behind.wrapping_sub(4 * rest.len() as u64 + 4)
                };
            }
            // What is left after that operation.
            macro_rules! left_after {
                () => {
                    later + rest.len() as u64
                };
            }
            // Stops at the current instruction, which has not happened.
            macro_rules! stop {
                ($stop:expr) => {{
                    ip = here!();
                    left = left_after!() + 1;
                    break 'pages End::Stop($stop);
                }};
            }
            macro_rules! trap {
                ($kind:expr) => {
                    stop!(trap_at(here!(), $kind))
                };
            }
            macro_rules! register {
                ($number:expr) => {
                    machine.registers[$number as usize]
                };
            }
            macro_rules! jump_within {
                ($near:expr) => {{
                    let Near { from, to } = $near;
                    let (from, to) = (page | u64::from(from), page | u64::from(to));
                    machine.jumps.push(from, to, JumpKind::Jump);
                    left = left_after!();
                    if P::ACTIVE && to <= from {
                        arrive!(to);
                    }
                    begin_at!(to);
                }};
            }
            macro_rules! jump_within_if {
                ($condition:expr, $near:expr) => {
                    if $condition {
                        jump_within!($near);
                    }
                };
            }
            // The first half of a pair has happened; the second may be beyond the limit.
            macro_rules! second_jumps_if {
                ($condition:expr, $near:expr) => {{
                    let condition = $condition;
                    if rest.next().is_some() && condition {
                        jump_within!($near);
                    }
                }};
            }
            macro_rules! compare_and_jump {
                ($subtrahend:expr, $minuend:expr, $near:expr, |$x:ident, $y:ident| $condition:expr) => {{
                    let ($x, $y) = ($subtrahend, $minuend);
                    flags.subtract($x, $y);
                    second_jumps_if!($condition, $near);
                }};
            }
            macro_rules! jump_to {
                ($target:expr, $kind:expr) => {{
                    let (here, target) = (here!(), $target);
                    machine.jumps.push(here, target, $kind);
                    left = left_after!();
                    if P::ACTIVE {
                        let is_through_register = $kind != JumpKind::Jump;
                        if is_through_register {
                            profile.through_register(here, target);
                        }
                        arrives = is_through_register || target <= here;
                    }
                    if target & !(PAGE_BYTES - 1) == page {
                        if P::ACTIVE && arrives {
                            arrives = false;
                            arrive!(target);
                        }
                        begin_at!(target);
                    } else {
                        ip = target;
                        continue 'pages;
                    }
                }};
            }
            macro_rules! load {
                ($bytes:literal, $address:expr, $z:expr, $extend:ty) => {{
                    let address = $address;
                    match machine.memory.load::<$bytes>(address) {
                        Some(value) => register!($z) = value as $extend as u64,
                        None => trap!(TrapKind::MisalignedLoad {
                            address,
                            size: $bytes
                        }),
                    }
                }};
            }
            macro_rules! store {
                ($bytes:literal, $address:expr, $x:expr) => {{
                    let address = $address;
                    let value = register!($x);
                    match machine.memory.store_for_watcher::<$bytes>(address, value) {
                        Stored::Done => {}
                        Stored::DoneWatched => {
                            ip = here!().wrapping_add(4);
                            left = left_after!();
                            code.changed(address, $bytes);
                            if P::ACTIVE {
                                code.note_change(address, $bytes);
                            }
                            continue 'pages;
                        }
                        Stored::Misaligned => trap!(TrapKind::MisalignedStore {
                            address,
                            size: $bytes
                        }),
                        Stored::Full => stop!(Stop::Limit(Limit::Memory)),
                    }
                }};
            }
            macro_rules! displaced {
                ($displacement:expr, $base:expr) => {
                    register!($base).wrapping_add($displacement)
                };
            }
            macro_rules! indexed {
                ($base:expr, $index:expr, $scale:expr) => {
                    register!($base).wrapping_add(register!($index).wrapping_mul($scale))
                };
            }
            macro_rules! put {
                ($byte:expr) => {{
                    let byte = $byte;
                    if let Err(limit) = machine.write_output(byte) {
                        stop!(Stop::Limit(limit));
                    }
                    if machine.has_much_output() {
                        ip = here!().wrapping_add(4);
                        left = left_after!();
                        break 'pages End::Pause;
                    }
                }};
            }
            macro_rules! multiply_wide {
                ($x:expr, $y:expr, $low:expr, $high:expr) => {{
                    let (low, high) = arithmetic::multiply_wide($x, $y);
                    register!($low) = low;
                    register!($high) = high;
                    flags.set_carry(high != 0);
                }};
            }
            macro_rules! divide_wide {
                ($x:expr, $low:expr, $high:expr, $z:expr) => {
                    match arithmetic::divide_wide($x, $low, $high) {
                        Some((low, high, remainder)) => {
                            register!($z[0]) = low;
                            register!($z[1]) = high;
                            register!($z[2]) = remainder;
                        }
                        None => trap!(TrapKind::DivisionByZero),
                    }
                };
            }
            macro_rules! divide_signed {
                ($x:expr, $y:expr, $z:expr) => {
                    match arithmetic::divide_signed($x, $y) {
                        Some((quotient, remainder)) => {
                            register!($z[0]) = quotient;
                            register!($z[1]) = remainder;
                        }
                        None => trap!(TrapKind::DivisionByZero),
                    }
                };
            }
            macro_rules! bitwise {
                ($value:expr, $z:expr) => {{
                    let value = $value;
                    register!($z) = value;
                    flags.set_zero(value);
                }};
            }
            macro_rules! shift_left {
                ($count:expr, $y:expr, $z:expr) => {{
                    let (value, last) = arithmetic::shift_left($count, $y);
                    register!($z) = value;
                    if let Some(carry) = last {
                        flags.set_carry(carry);
                    }
                }};
            }
            // Executes an instruction outside of this loop.
            macro_rules! general {
                ($index:expr) => {{
                    let here = here!();
                    machine.ip = here;
                    machine.flags = flags.get();
                    left = left_after!();
                    machine.instructions = end.wrapping_sub(left + 1);
                    let result = prepared.execute($index, machine, &mut ());
                    flags = LazyFlags::of(machine.flags);
                    ip = machine.ip;
                    match result {
                        Ok(Step::WroteOutput) if machine.has_much_output() => {
                            break 'pages End::Pause;
                        }
                        Ok(_) => {
                            let has_jumped = ip != here.wrapping_add(4);
                            if P::ACTIVE && has_jumped {
                                profile.through_register(here, ip);
                                arrives = true;
                            }
                            if has_jumped || machine.memory.watcher() != watcher {
                                continue 'pages;
                            }
                        }
                        Err(stop @ Stop::Halted(_)) => break 'pages End::Stop(stop),
                        Err(stop) => stop!(stop),
                    }
                }};
            }

            loop {
                let Some(op) = rest.next() else {
                    ip = behind;
                    left = later;
                    if left == 0 {
                        break 'pages End::Pause;
                    }
                    continue 'pages;
                };
                match *op {
                    Op::Undecoded => {
                        ip = here!();
                        left = left_after!() + 1;
                        let op = decode(ip, machine, prepared, breakpoints);
                        code.decoded(page_index, ip, op);
                        machine.memory.mark(ip);
                        if prepared.forgotten() != *forgotten {
                            *forgotten = prepared.forgotten();
                            code.forget();
                        }
                        continue 'pages;
                    }
                    Op::Breakpoint(index) => {
                        let here = here!();
                        if breakpoints.stops(here, end.wrapping_sub(left_after!() + 1)) {
                            stop!(Stop::Breakpoint(here));
                        }
                        general!(index);
                    }
                    Op::General(index) => general!(index),
                    Op::Nop => {}

                    Op::Set { value, z } => register!(z) = value,
                    Op::AddRegister { x, y, z } => {
                        register!(z) = flags.add(register!(x), register!(y));
                    }
                    Op::AddConstant { x, y, z } => register!(z) = flags.add(x, register!(y)),
                    Op::SubtractRegister { x, y, z } => {
                        register!(z) = flags.subtract(register!(x), register!(y));
                    }
                    Op::SubtractConstant { x, y, z } => {
                        register!(z) = flags.subtract(x, register!(y));
                    }
                    Op::CompareRegister { x, y } => {
                        flags.subtract(register!(x), register!(y));
                    }
                    Op::CompareConstant { x, y } => {
                        flags.subtract(x, register!(y));
                    }
                    Op::MultiplyRegister { x, y, z } => {
                        register!(z) = register!(x).wrapping_mul(register!(y));
                    }
                    Op::MultiplyConstant { x, y, z } => {
                        register!(z) = x.wrapping_mul(register!(y));
                    }
                    Op::MultiplyWideRegister { x, y, low, high } => {
                        multiply_wide!(register!(x), register!(y), low, high);
                    }
                    Op::MultiplyWideConstant { x, y, low, high } => {
                        multiply_wide!(x, register!(y), low, high);
                    }
                    Op::DivideWideRegister { x, low, high, z } => {
                        divide_wide!(register!(x), register!(low), register!(high), z);
                    }
                    Op::DivideWideConstant { x, low, high, z } => {
                        divide_wide!(x, register!(low), register!(high), z);
                    }
                    Op::DivideSignedRegister { x, y, z } => {
                        divide_signed!(register!(x), register!(y), z);
                    }
                    Op::DivideSignedConstant { x, y, z } => divide_signed!(x, register!(y), z),
                    Op::And { x, y, z } => bitwise!(register!(x) & register!(y), z),
                    Op::Test { x, y } => flags.set_zero(register!(x) & register!(y)),
                    Op::Or { x, y, z } => bitwise!(register!(x) | register!(y), z),
                    Op::Not { x, z } => bitwise!(!register!(x), z),
                    Op::ShiftLeftRegister { x, y, z } => {
                        shift_left!(register!(x), register!(y), z);
                    }
                    Op::ShiftLeftConstant { x, y, z } => {
                        shift_left!(u64::from(x), register!(y), z);
                    }
                    Op::ShiftRightUnsignedRegister { x, y, z } => {
                        register!(z) = arithmetic::shift_right_unsigned(register!(x), register!(y));
                    }
                    Op::ShiftRightUnsignedConstant { x, y, z } => {
                        register!(z) = arithmetic::shift_right_unsigned(x.into(), register!(y));
                    }
                    Op::ShiftRightSignedRegister { x, y, z } => {
                        register!(z) = arithmetic::shift_right_signed(register!(x), register!(y));
                    }
                    Op::ShiftRightSignedConstant { x, y, z } => {
                        register!(z) = arithmetic::shift_right_signed(x.into(), register!(y));
                    }
                    Op::ShiftOr { x, y, value, z } => {
                        register!(z) = register!(y) << (x & 63) | value;
                    }

                    Op::Load8 { displacement, y, z } => {
                        load!(8, displaced!(displacement, y), z, u64);
                    }
                    Op::Load4 { displacement, y, z } => {
                        load!(4, displaced!(displacement, y), z, u64);
                    }
                    Op::Load2 { displacement, y, z } => {
                        load!(2, displaced!(displacement, y), z, u64);
                    }
                    Op::Load1 { displacement, y, z } => {
                        load!(1, displaced!(displacement, y), z, u64);
                    }
                    Op::LoadSigned4 { displacement, y, z } => {
                        load!(4, displaced!(displacement, y), z, i32);
                    }
                    Op::LoadSigned2 { displacement, y, z } => {
                        load!(2, displaced!(displacement, y), z, i16);
                    }
                    Op::LoadSigned1 { displacement, y, z } => {
                        load!(1, displaced!(displacement, y), z, i8);
                    }
                    Op::Store8 { x, displacement, z } => store!(8, displaced!(displacement, z), x),
                    Op::Store4 { x, displacement, z } => store!(4, displaced!(displacement, z), x),
                    Op::Store2 { x, displacement, z } => store!(2, displaced!(displacement, z), x),
                    Op::Store1 { x, displacement, z } => store!(1, displaced!(displacement, z), x),
                    Op::LoadIndexed8 { x, y, scale, z } => load!(8, indexed!(x, y, scale), z, u64),
                    Op::LoadIndexed4 { x, y, scale, z } => load!(4, indexed!(x, y, scale), z, u64),
                    Op::LoadIndexed2 { x, y, scale, z } => load!(2, indexed!(x, y, scale), z, u64),
                    Op::LoadIndexed1 { x, y, scale, z } => load!(1, indexed!(x, y, scale), z, u64),
                    Op::LoadIndexedSigned4 { x, y, scale, z } => {
                        load!(4, indexed!(x, y, scale), z, i32);
                    }
                    Op::LoadIndexedSigned2 { x, y, scale, z } => {
                        load!(2, indexed!(x, y, scale), z, i16);
                    }
                    Op::LoadIndexedSigned1 { x, y, scale, z } => {
                        load!(1, indexed!(x, y, scale), z, i8);
                    }
                    Op::StoreIndexed8 { x, y, z, scale } => store!(8, indexed!(y, z, scale), x),
                    Op::StoreIndexed4 { x, y, z, scale } => store!(4, indexed!(y, z, scale), x),
                    Op::StoreIndexed2 { x, y, z, scale } => store!(2, indexed!(y, z, scale), x),
                    Op::StoreIndexed1 { x, y, z, scale } => store!(1, indexed!(y, z, scale), x),

                    Op::Jump { near } => jump_within!(near),
                    Op::JumpZero { near } => jump_within_if!(flags.is_zero(), near),
                    Op::JumpNotZero { near } => jump_within_if!(!flags.is_zero(), near),
                    Op::JumpLess { near } => jump_within_if!(flags.is_less(), near),
                    Op::JumpGreaterOrEqual { near } => jump_within_if!(!flags.is_less(), near),
                    Op::JumpLessOrEqual { near } => {
                        jump_within_if!(flags.is_zero() || flags.is_less(), near);
                    }
                    Op::JumpGreater { near } => {
                        jump_within_if!(!flags.is_zero() && !flags.is_less(), near);
                    }
                    Op::JumpBelow { near } => jump_within_if!(flags.carry(), near),
                    Op::JumpAboveOrEqual { near } => jump_within_if!(!flags.carry(), near),
                    Op::JumpBelowOrEqual { near } => {
                        jump_within_if!(flags.carry() || flags.is_zero(), near);
                    }
                    Op::JumpAbove { near } => {
                        jump_within_if!(!flags.carry() && !flags.is_zero(), near);
                    }
                    Op::CompareRegisterJumpZero(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y == x);
                    }
                    Op::CompareRegisterJumpNotZero(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y != x);
                    }
                    Op::CompareRegisterJumpLess(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| (y as i64)
                            < x as i64);
                    }
                    Op::CompareRegisterJumpGreaterOrEqual(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y as i64
                            >= x as i64);
                    }
                    Op::CompareRegisterJumpLessOrEqual(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y as i64
                            <= x as i64);
                    }
                    Op::CompareRegisterJumpGreater(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y as i64
                            > x as i64);
                    }
                    Op::CompareRegisterJumpBelow(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y < x);
                    }
                    Op::CompareRegisterJumpAboveOrEqual(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y >= x);
                    }
                    Op::CompareRegisterJumpBelowOrEqual(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y <= x);
                    }
                    Op::CompareRegisterJumpAbove(x, y, near) => {
                        compare_and_jump!(register!(x), register!(y), near, |x, y| y > x);
                    }
                    Op::CompareConstantJumpZero(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y == x);
                    }
                    Op::CompareConstantJumpNotZero(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y != x);
                    }
                    Op::CompareConstantJumpLess(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| (y as i64) < x as i64);
                    }
                    Op::CompareConstantJumpGreaterOrEqual(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y as i64 >= x as i64);
                    }
                    Op::CompareConstantJumpLessOrEqual(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y as i64 <= x as i64);
                    }
                    Op::CompareConstantJumpGreater(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y as i64 > x as i64);
                    }
                    Op::CompareConstantJumpBelow(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y < x);
                    }
                    Op::CompareConstantJumpAboveOrEqual(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y >= x);
                    }
                    Op::CompareConstantJumpBelowOrEqual(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y <= x);
                    }
                    Op::CompareConstantJumpAbove(x, y, near) => {
                        compare_and_jump!(x, register!(y), near, |x, y| y > x);
                    }
                    Op::SubtractConstantJumpZero(x, [y, z], near) => {
                        let difference = flags.subtract(u64::from(x), register!(y));
                        register!(z) = difference;
                        second_jumps_if!(difference == 0, near);
                    }
                    Op::TestJumpZero(x, y, near) => {
                        let value = register!(x) & register!(y);
                        flags.set_zero(value);
                        second_jumps_if!(value == 0, near);
                    }
                    Op::SubtractConstantJumpNotZero(x, [y, z], near) => {
                        let difference = flags.subtract(u64::from(x), register!(y));
                        register!(z) = difference;
                        second_jumps_if!(difference != 0, near);
                    }
                    Op::TestJumpNotZero(x, y, near) => {
                        let value = register!(x) & register!(y);
                        flags.set_zero(value);
                        second_jumps_if!(value != 0, near);
                    }
                    Op::AddCompareJumpNotZero(x, [y, z], pair, near) => {
                        register!(z) = flags.add(u64::from(x), register!(y));
                        if rest.next().is_some() {
                            let [x, y] = pair;
                            compare_and_jump!(register!(x), register!(y), near, |x, y| y != x);
                        }
                    }
                    Op::AddCompareJumpLess(x, [y, z], pair, near) => {
                        register!(z) = flags.add(u64::from(x), register!(y));
                        if rest.next().is_some() {
                            let [x, y] = pair;
                            compare_and_jump!(register!(x), register!(y), near, |x, y| (y as i64)
                                < x as i64);
                        }
                    }
                    Op::AddCompareJumpBelow(x, [y, z], pair, near) => {
                        register!(z) = flags.add(u64::from(x), register!(y));
                        if rest.next().is_some() {
                            let [x, y] = pair;
                            compare_and_jump!(register!(x), register!(y), near, |x, y| y < x);
                        }
                    }
                    Op::JumpFar { target } => jump_to!(target, JumpKind::Jump),
                    Op::JumpFarIf { states, target } => {
                        if states.contains(flags.get().index()) {
                            jump_to!(target, JumpKind::Jump);
                        }
                    }
                    Op::Call { x, link } => {
                        let target = register!(x);
                        if !target.is_multiple_of(4) {
                            trap!(TrapKind::MisalignedJump { target });
                        }
                        register!(link) = here!().wrapping_add(4);
                        jump_to!(target, JumpKind::Call);
                    }
                    Op::Return { x } => {
                        let target = register!(x);
                        if !target.is_multiple_of(4) {
                            trap!(TrapKind::MisalignedJump { target });
                        }
                        jump_to!(target, JumpKind::Return);
                    }

                    Op::PutRegister { x } => put!(register!(x) as u8),
                    Op::PutConstant { value } => put!(value),
                }
            }
        };

        machine.ip = ip;
        machine.flags = flags.get();
        machine.instructions = end.wrapping_sub(left);
        match end_of_run {
            End::Stop(stop) => Ended::Stopped(stop),
            End::Pause => Ended::Stopped(machine.pause()),
            End::Hot => Ended::Hot,
        }
    }
}

/// The operation for the instruction at an address that is a multiple of 4.
#[cold]
#[inline(never)]
fn decode(
    ip: u64,
    machine: &mut Machine,
    prepared: &mut Prepared,
    breakpoints: &Breakpoints,
) -> Op {
    let word = machine.memory.load::<4>(ip).unwrap_or(0) as u32;
    let index = prepared.index_of(word);
    if breakpoints.contains(ip) {
        Op::Breakpoint(index)
    } else {
        decode::decode(prepared.meaning(index), index, ip)
    }
}
