//! An observer that sees whether running code keeps the convention that it claims.

use std::collections::BTreeMap;

use codegen::passes::Level;
use emjay_jit::ulm::{Layout, SectionKind};
use ulm_machine::{Jump, JumpKind, Machine, Observer};

use super::{Compiled, Way};

/// What the code says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) rules: Rules,
    /// By the address behind them: what stands in the program.
    pub(crate) parts: BTreeMap<u64, Part>,
}

/// Which convention is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// %1 … belong to callees, so many; CALL and RET come behind.
    Leaf { callee_registers: u8 },
    /// A frame for each call.
    Stack {
        /// Whether every function stores the return address and the frame pointer.
        whole_frames: bool,
    },
    /// No calls.
    Inline,
}

/// A part of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) start: u64,
    pub(crate) kind: PartKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartKind {
    /// What the program begins with and that nobody calls.
    Beginning,
    Function {
        parameters: u64,
        /// By how many bytes the stack pointer is lowered in its body: for local variables, and for
        /// the frames of its calls if frames are not whole.
        lowered: u64,
    },
    /// The end of the program, which calls nothing and returns to nobody.
    End,
}

const FP: u8 = 1;
const SP: u8 = 2;
const RET: u8 = 3;
/// The opcode of `jmp %x, %y`.
const JUMP_REGISTER: u8 = 0x40;
/// The opcodes that make an address.
const LOAD_ADDRESS: [u8; 2] = [0x56, 0x5d];

impl Claim {
    pub(crate) fn of(compiled: &Compiled, way: Way) -> Self {
        let program = &compiled.program;
        let rules = match program.layout {
            Layout::Leaf { callee_registers } => Rules::Leaf { callee_registers },
            Layout::Stack => Rules::Stack {
                whole_frames: way.level != Level::Full,
            },
            Layout::Inline => Rules::Inline,
        };
        let main = compiled.module.find("main");
        let mut parts = BTreeMap::new();
        for section in &program.sections {
            let kind = match section.kind {
                SectionKind::Start => PartKind::Beginning,
                SectionKind::Function(id)
                    if Some(id) == main && program.layout != Layout::Stack =>
                {
                    PartKind::Beginning
                }
                SectionKind::Function(id) => PartKind::Function {
                    parameters: compiled.module.functions[id.index()].parameters.into(),
                    lowered: section.assembly.frame.size.into(),
                },
                SectionKind::End | SectionKind::StackExhausted => PartKind::End,
            };
            let size = 4 * section.assembly.instructions.len() as u64;
            let part = Part {
                start: section.address,
                kind,
            };
            if size > 0 {
                parts.insert(section.address + size, part);
            }
        }
        Self { rules, parts }
    }

    fn part(&self, address: u64) -> Option<Part> {
        let (_, &part) = self.parts.range(address + 1..).next()?;
        (part.start <= address).then_some(part)
    }
}

/// A call that has not returned, or the beginning of the program.
#[derive(Debug, Clone, Copy)]
struct Activation {
    part: Part,
    returns_to: u64,
    sp: u64,
    fp: u64,
    /// The bytes above `sp` that belong to it.
    frame: u64,
    has_stored_return_address: bool,
    has_stored_frame_pointer: bool,
}

/// Where the frame of a call gets its bytes from.
#[derive(Debug, Clone, Copy)]
enum Room {
    /// The caller has lowered %SP by so much for the call.
    Made(u64),
    /// The caller has lowered %SP by so much at its beginning, for its calls and local variables.
    Kept(u64),
}

/// What an instruction has done so far.
#[derive(Debug, Default)]
struct Step {
    ip: u64,
    word: u32,
    writes: Vec<u8>,
    loads: Vec<(u64, u8)>,
    stores: Vec<(u64, u8, u64)>,
    jump: Option<Jump>,
}

impl Step {
    const fn opcode(&self) -> u8 {
        (self.word >> 24) as u8
    }

    const fn x(&self) -> u8 {
        (self.word >> 16) as u8
    }

    const fn y(&self) -> u8 {
        (self.word >> 8) as u8
    }
}

/// Watches a program run.
#[derive(Debug)]
pub(crate) struct Checker {
    claim: Claim,
    step: Step,
    activations: Vec<Activation>,
    /// The first breach of the convention.
    pub(crate) breach: Option<String>,
    /// How many calls there were.
    pub(crate) calls: u64,
}

impl Checker {
    pub(crate) fn new(claim: Claim) -> Self {
        Self {
            claim,
            step: Step::default(),
            activations: Vec::new(),
            breach: None,
            calls: 0,
        }
    }

    fn check(&mut self, machine: &Machine) -> Result<(), String> {
        let step = std::mem::take(&mut self.step);
        let part = self
            .claim
            .part(step.ip)
            .ok_or("it is outside of the program")?;
        if part.kind == PartKind::End {
            return Ok(());
        }
        match self.claim.rules {
            Rules::Leaf { callee_registers } => self.check_leaf(&step, part, callee_registers),
            Rules::Stack { whole_frames } => self.check_stack(&step, part, whole_frames, machine),
            Rules::Inline if step.opcode() == JUMP_REGISTER => {
                Err("there is a call or a return".to_owned())
            }
            Rules::Inline => Ok(()),
        }
    }

    // ---- leaf ----

    fn check_leaf(&mut self, step: &Step, part: Part, callee_registers: u8) -> Result<(), String> {
        let (call, ret) = (callee_registers + 1, callee_registers + 2);
        let jump = step.jump;
        let Some(&activation) = self.activations.last() else {
            expect(
                part.kind == PartKind::Beginning,
                "a function that nobody called",
            )?;
            return match jump {
                Some(jump) if step.opcode() == JUMP_REGISTER => {
                    expect(
                        step.x() == call && step.y() == ret,
                        "a call by other registers",
                    )?;
                    self.enter(jump, [0, 0], None)
                }
                _ => {
                    let makes_address = LOAD_ADDRESS.contains(&step.opcode());
                    expect(
                        !step.writes.contains(&ret),
                        "%RET is changed by something else",
                    )?;
                    expect(
                        !step.writes.contains(&call) || makes_address,
                        "%CALL is changed by something else",
                    )
                }
            };
        };
        expect(
            activation.part == part,
            "the function has been left by a jump",
        )?;
        for &number in &step.writes {
            expect(
                number <= callee_registers,
                &format!("the callee changes %{number}"),
            )?;
        }
        match jump {
            Some(jump) if step.opcode() == JUMP_REGISTER => {
                expect(jump.kind == JumpKind::Return, "the callee calls")?;
                expect(step.x() == ret, "a return by another register")?;
                expect(
                    jump.to == activation.returns_to,
                    "it returns to another place",
                )?;
                self.activations.pop();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    // ---- stack ----

    fn check_stack(
        &mut self,
        step: &Step,
        part: Part,
        whole_frames: bool,
        machine: &Machine,
    ) -> Result<(), String> {
        if self.activations.is_empty() {
            expect(
                part.kind == PartKind::Beginning,
                "a function that nobody called",
            )?;
            self.activations.push(Activation {
                part,
                returns_to: 0,
                sp: 0,
                fp: 0,
                frame: 0,
                has_stored_return_address: true,
                has_stored_frame_pointer: true,
            });
        }
        let current = self.activations.len() - 1;
        let activation = self.activations[current];
        expect(
            activation.part == part,
            "the function has been left by a jump",
        )?;
        let (sp, fp) = (machine.register(SP), machine.register(FP));
        for &(address, size, value) in &step.stores {
            Self::check_place(activation, address, size, sp, "store")?;
            match address.wrapping_sub(activation.sp) {
                0 if activation.frame > 0 => {
                    let is_kept = value == activation.returns_to;
                    expect(is_kept, "`ret` isn't the return address")?;
                    self.activations[current].has_stored_return_address = true;
                }
                8 if activation.frame > 0 => {
                    expect(value == activation.fp, "`fp` isn't the caller's %FP")?;
                    self.activations[current].has_stored_frame_pointer = true;
                }
                _ => {}
            }
        }
        for &(address, size) in &step.loads {
            Self::check_place(activation, address, size, sp, "load")?;
        }
        expect(sp.is_multiple_of(8), "%SP isn't a multiple of 8")?;
        expect(
            below(sp, activation.sp) || sp == activation.sp,
            "%SP is above the function's frame",
        )?;
        match step.jump {
            Some(jump) if step.opcode() == JUMP_REGISTER => {
                if jump.kind == JumpKind::Return {
                    expect(step.x() == RET, "a return by another register")?;
                    expect(
                        jump.to == activation.returns_to,
                        "it returns to another place",
                    )?;
                    expect(sp == activation.sp, "%SP isn't what it was")?;
                    expect(fp == activation.fp, "%FP isn't what it was")?;
                    let is_whole =
                        activation.has_stored_return_address && activation.has_stored_frame_pointer;
                    expect(is_whole || !whole_frames, "%RET and %FP were not stored")?;
                    expect(current > 0, "nobody has called this")?;
                    self.activations.pop();
                    return Ok(());
                }
                expect(step.y() == RET, "a call with another register")?;
                let body = match part.kind {
                    PartKind::Function { lowered, .. } => activation.sp.wrapping_sub(lowered),
                    PartKind::Beginning | PartKind::End => activation.sp,
                };
                let room = if whole_frames || part.kind == PartKind::Beginning {
                    Room::Made(body.wrapping_sub(sp))
                } else {
                    expect(sp == body, "%SP is lowered for a call")?;
                    Room::Kept(activation.sp.wrapping_sub(sp))
                };
                self.enter(jump, [sp, fp], Some(room))
            }
            _ => Ok(()),
        }
    }

    /// A function reaches its own frame, what is below, and nothing under the stack pointer.
    fn check_place(
        activation: Activation,
        address: u64,
        size: u8,
        sp: u64,
        what: &str,
    ) -> Result<(), String> {
        expect(
            size == 8 && address.is_multiple_of(8),
            &format!("a {what} of something else than a whole word"),
        )?;
        let above = activation.sp.wrapping_add(activation.frame);
        expect(
            !below(address, sp) && below(address, above),
            &format!("a {what} at {address:#x}, outside of the frame"),
        )
    }

    // ---- calls ----

    /// A call, with so much room for the callee's frame, and these values of %SP and %FP.
    fn enter(&mut self, jump: Jump, [sp, fp]: [u64; 2], room: Option<Room>) -> Result<(), String> {
        expect(jump.kind == JumpKind::Call, "a return from no call")?;
        let target = self
            .claim
            .part(jump.to)
            .ok_or("a call out of the program")?;
        let PartKind::Function { parameters, .. } = target.kind else {
            return Err("a call of something that is no function".to_owned());
        };
        expect(
            target.start == jump.to,
            "a call into the middle of a function",
        )?;
        let frame = room.map_or(0, |_| 24 + 8 * parameters);
        let is_enough = match room {
            Some(Room::Made(bytes)) => bytes == frame,
            Some(Room::Kept(bytes)) => bytes >= frame,
            None => true,
        };
        expect(is_enough, &format!("{room:?} for a frame of {frame} bytes"))?;
        self.calls += 1;
        self.activations.push(Activation {
            part: target,
            returns_to: jump.from + 4,
            sp,
            fp,
            frame,
            has_stored_return_address: false,
            has_stored_frame_pointer: false,
        });
        Ok(())
    }
}

/// Whether an address on the stack is below another one; the stack's upper end is address 0.
fn below(address: u64, other: u64) -> bool {
    (address.wrapping_sub(other) as i64) < 0
}

fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}

impl Observer for Checker {
    fn begin(&mut self, ip: u64, word: u32) {
        self.step.ip = ip;
        self.step.word = word;
        self.step.writes.clear();
        self.step.loads.clear();
        self.step.stores.clear();
        self.step.jump = None;
    }

    fn register_write(&mut self, number: u8, _old: u64, _new: u64) {
        self.step.writes.push(number);
    }

    fn load(&mut self, address: u64, size: u8, _value: u64) {
        self.step.loads.push((address, size));
    }

    fn store(&mut self, address: u64, size: u8, value: u64) {
        self.step.stores.push((address, size, value));
    }

    fn transfer(&mut self, jump: Jump) {
        self.step.jump = Some(jump);
    }

    fn end(&mut self, machine: &Machine) {
        let ip = self.step.ip;
        if self.breach.is_none()
            && let Err(breach) = self.check(machine)
        {
            self.breach = Some(format!("{ip:#x}: {breach}"));
        }
    }
}
