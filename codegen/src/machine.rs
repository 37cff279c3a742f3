//! What the machines have in common: registers as data, instructions with virtual registers before
//! allocation, finished functions after it.
//!
//! The way of a function: a target's `select` makes [`Code`] of it, instructions whose operands are
//! virtual registers; [`regalloc`](crate::regalloc) gives each a [`Location`] and says which moves
//! are needed; the target's `finish` writes the moves, the frame and the stubs for the exits, which
//! gives [`Assembly`]: what is printed, and what is encoded to a [`CodeUnit`]. [`link`](crate::link)
//! joins units.

use std::fmt;

use crate::ir::{BlockId, ExitId, FunctionId};
use crate::origin::Origin;

/// A register: physical below 256, virtual from 256 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register(u32);

impl Register {
    /// The first number of a virtual register.
    const FIRST_VIRTUAL: u32 = 256;

    /// A register of the machine, by its number.
    pub const fn physical(number: u8) -> Self {
        Self(number as u32)
    }

    /// A virtual register, by its index from 0.
    pub const fn virtual_register(index: u32) -> Self {
        Self(index + Self::FIRST_VIRTUAL)
    }

    /// The number of a register of the machine; `None` for a virtual one.
    pub const fn number(self) -> Option<u8> {
        if self.0 < Self::FIRST_VIRTUAL {
            Some(self.0 as u8)
        } else {
            None
        }
    }

    /// The index of a virtual register; `None` for one of the machine.
    pub const fn virtual_index(self) -> Option<u32> {
        self.0.checked_sub(Self::FIRST_VIRTUAL)
    }
}

/// A set of registers of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RegisterSet([u64; 4]);

impl RegisterSet {
    /// No register.
    pub const EMPTY: Self = Self([0; 4]);

    /// The set of these registers.
    pub const fn of(numbers: &[u8]) -> Self {
        let mut set = [0; 4];
        let mut i = 0;
        while i < numbers.len() {
            set[(numbers[i] >> 6) as usize] |= 1 << (numbers[i] & 63);
            i += 1;
        }
        Self(set)
    }

    /// Whether a register is in it.
    pub const fn contains(&self, number: u8) -> bool {
        self.0[(number >> 6) as usize] >> (number & 63) & 1 != 0
    }

    /// Adds a register.
    pub const fn insert(&mut self, number: u8) {
        self.0[(number >> 6) as usize] |= 1 << (number & 63);
    }

    /// Takes a register out.
    pub const fn remove(&mut self, number: u8) {
        self.0[(number >> 6) as usize] &= !(1 << (number & 63));
    }

    /// Whether it has no register.
    pub const fn is_empty(&self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    /// How many registers it has.
    pub const fn len(&self) -> u32 {
        self.0[0].count_ones()
            + self.0[1].count_ones()
            + self.0[2].count_ones()
            + self.0[3].count_ones()
    }

    /// The registers of either set.
    #[must_use]
    pub const fn union(&self, other: &Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]])
    }

    /// The registers that are in both sets.
    #[must_use]
    pub const fn intersection(&self, other: &Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]])
    }

    /// The registers of this set that are not in the other.
    #[must_use]
    pub const fn difference(&self, other: &Self) -> Self {
        let (a, b) = (self.0, other.0);
        Self([a[0] & !b[0], a[1] & !b[1], a[2] & !b[2], a[3] & !b[3]])
    }

    /// The register with the smallest number.
    pub const fn first(&self) -> Option<u8> {
        let mut i = 0;
        while i < 4 {
            if self.0[i] != 0 {
                return Some((i as u32 * 64 + self.0[i].trailing_zeros()) as u8);
            }
            i += 1;
        }
        None
    }

    /// The registers in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let number = rest.first()?;
            rest.remove(number);
            Some(number)
        })
    }
}

impl fmt::Debug for RegisterSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<u8> for RegisterSet {
    fn from_iter<T: IntoIterator<Item = u8>>(numbers: T) -> Self {
        let mut set = Self::EMPTY;
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

/// The registers of a machine under a calling convention, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterFile {
    /// The registers that values may live in, those to be preferred first.
    pub allocatable: Vec<u8>,
    /// The registers that a call leaves as they are.
    pub callee_saved: RegisterSet,
    /// A register that never holds a value: moves between slots, and cycles of moves, go through it.
    pub scratch: u8,
}

/// A place for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Location {
    /// A register.
    Register(u8),
    /// A spill slot of 8 bytes, by its index from 0.
    Slot(u32),
    /// Nowhere: the value is this constant, made again where it is needed.
    Constant(i64),
}

/// How an instruction uses an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Read, before anything is written.
    Use,
    /// Written, after everything has been read.
    Define,
    /// Written while others are still read: shares no register with a use.
    DefineEarly,
}

/// What the operand must be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// Any allocatable register.
    Register,
    /// This register.
    Fixed(u8),
    /// For a definition: the register of the instruction's first use (machines with two operands).
    /// The value of that use may live on elsewhere.
    SameAsFirstUse,
    /// Any location, a constant included: it is only recorded (the values of an exit).
    Anywhere,
}

/// An operand beside the instruction: a call's argument or result, a value of an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operand {
    /// The virtual register.
    pub register: Register,
    /// Read or written.
    pub role: Role,
    /// Where it must be.
    pub constraint: Constraint,
}

/// What register allocation needs to know of an instruction.
pub trait MachineInstruction: Copy + fmt::Debug {
    /// Calls `visit` with each register that stands in the instruction, always in the same order,
    /// uses before definitions. Registers of the machine may stand there too if they are not
    /// allocatable (stack pointer, zero, context); the allocator leaves them alone.
    fn visit_registers(&mut self, visit: impl FnMut(&mut Register, Role, Constraint));

    /// The registers that it spoils besides those that it defines: after it their contents are
    /// lost. Uses are read before.
    fn clobbers(&self) -> RegisterSet;

    /// Destination and source, if it is a move between two registers and nothing else.
    fn as_move(&self) -> Option<(Register, Register)>;

    /// Destination and value, if it makes a constant, so that it may be made again instead of kept.
    fn as_constant(&self) -> Option<(Register, i64)>;
}

/// A block of [`Code`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeBlock {
    /// The first instruction.
    pub start: u32,
    /// The one after the last.
    pub end: u32,
    /// The block's parameters, virtual registers, a range of [`Code::lists`].
    pub parameters: (u32, u32),
    /// If it ends with a jump to a block with parameters: the arguments, a range of
    /// [`Code::lists`]. The block then has exactly one successor.
    pub arguments: (u32, u32),
    /// Where control goes next.
    pub successors: [Option<BlockId>; 2],
    /// How many loops it is in.
    pub loop_depth: u32,
}

/// The operands beside one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extra {
    /// The instruction.
    pub instruction: u32,
    /// The range in [`Code::operands`].
    pub operands: (u32, u32),
}

/// An instruction of [`Code`] that may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeExit {
    /// The instruction.
    pub instruction: u32,
    /// Which exit of the function.
    pub exit: ExitId,
}

/// A function as instructions with virtual registers.
///
/// Invariants: blocks stand in layout order, their instructions without gaps; no edge is critical
/// (a block with several successors is the only predecessor of each of them, and hands over no
/// arguments); a virtual register is defined once, by an instruction or as a block's parameter.
#[derive(Debug, Clone)]
pub struct Code<I> {
    /// The instructions.
    pub instructions: Vec<I>,
    /// Their origins.
    pub origins: Vec<Origin>,
    /// The blocks; a block has the number that it has in the IR.
    pub blocks: Vec<CodeBlock>,
    /// Parameters and arguments of blocks.
    pub lists: Vec<Register>,
    /// Operands beside instructions, in ascending order of the instruction.
    pub extras: Vec<Extra>,
    /// The operands of all `extras`. The values of an exit are `Use`s with `Constraint::Anywhere`
    /// beside the instruction that may leave, in their order, and no others there are.
    pub operands: Vec<Operand>,
    /// The instructions that may leave, in ascending order.
    pub exits: Vec<CodeExit>,
    /// The number of virtual registers.
    pub virtual_registers: u32,
}

/// A move that the allocator wants before an instruction. One of the two places is a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// The instruction before which it stands; several stand in the order of the list.
    pub before: u32,
    /// Where to: a register or a slot.
    pub to: Location,
    /// Where from.
    pub from: Location,
}

/// What register allocation found. The instructions themselves have been rewritten.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allocation {
    /// The moves, in ascending order of their instruction.
    pub edits: Vec<Edit>,
    /// The places of [`Code::operands`], index by index.
    pub operands: Vec<Location>,
    /// The number of spill slots.
    pub slots: u32,
    /// The registers that hold a value anywhere in the function, or are clobbered.
    pub used: RegisterSet,
    /// The instructions that nothing needs any more, in ascending order: they made a constant which
    /// is made again at each of its uses. They must not be emitted.
    pub dead: Vec<u32>,
}

/// The frame of a function while its body runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frame {
    /// Bytes from the stack pointer in the body to where it stood at the entry. (x86-64: without
    /// the return address, which is above.)
    pub size: u32,
    /// Where the return address is.
    pub return_address: ReturnAddress,
}

/// Where a function's return address is while its body runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnAddress {
    /// In the link register: a leaf without a frame.
    #[default]
    LinkRegister,
    /// On the stack, so many bytes above the stack pointer.
    Stack(u32),
}

/// A place in the code that may leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitSite {
    /// The instruction of the stub that leaves, an index into [`Assembly::instructions`]; in a
    /// [`CodeUnit`] the offset in bytes that the shared stub is told (see [`context`](crate::context)).
    pub at: u32,
    /// Which exit.
    pub exit: ExitId,
    /// Whether the frame has been set up there; before, the return address is where a caller puts
    /// it, and the frame has no size.
    pub framed: bool,
    /// Where the exit's values are.
    pub values: Vec<Location>,
    /// The origin of the instruction that leaves.
    pub origin: Origin,
}

/// A place in the code that calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSite {
    /// The instruction that is returned to, an index into [`Assembly::instructions`]; in a
    /// [`CodeUnit`] its offset in bytes.
    pub returns_to: u32,
    /// By how many bytes the stack pointer is lower than in the body, for arguments.
    pub lowered: u32,
    /// The origin of the call.
    pub origin: Origin,
}

/// A finished function, as instructions of the machine.
#[derive(Debug, Clone)]
pub struct Assembly<I> {
    /// The function's number in its module.
    pub id: FunctionId,
    /// Its name.
    pub name: String,
    /// The instructions, registers all physical.
    pub instructions: Vec<I>,
    /// Their origins.
    pub origins: Vec<Origin>,
    /// Labels: `labels[n]` is the instruction that label n stands before. Labels of blocks have the
    /// numbers of the blocks; those of stubs follow.
    pub labels: Vec<u32>,
    /// The frame.
    pub frame: Frame,
    /// For slots: bytes from the stack pointer in the body to slot 0; slots are 8 bytes each.
    pub slots_at: u32,
    /// Where it may leave.
    pub exits: Vec<ExitSite>,
    /// Where it calls.
    pub calls: Vec<CallSite>,
    /// Whether it checks the stack's limit at its entry.
    pub checks_stack: bool,
    /// The instructions that save or restore, around a call, a register whose value nobody needs
    /// after that call; ascending. What the function's caller has in a register that it gets back is
    /// needed as long as the function may return.
    pub needless: Vec<u32>,
}

/// What a relocation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A function.
    Function(FunctionId),
    /// The table of the functions' addresses, by id.
    Catalogue,
    /// The code that calls a function by its id.
    Trampoline,
    /// The code that leaves: see [`context`](crate::context).
    ExitStub,
}

/// How a symbol's address is written into the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelocationKind {
    /// AArch64: 26 bits of a branch, in words, from the instruction.
    Aarch64Branch,
    /// AArch64: `movz` and three `movk`, the whole address.
    Aarch64Address,
    /// x86-64: 32 bits, from the end of the field.
    X86Relative,
    /// x86-64: 64 bits, the whole address.
    X86Absolute,
}

/// A place in the code that waits for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relocation {
    /// Bytes from the beginning of the function.
    pub offset: u32,
    /// How it is written.
    pub kind: RelocationKind,
    /// What it leads to.
    pub symbol: Symbol,
}

/// A finished function as bytes.
#[derive(Debug, Clone)]
pub struct CodeUnit {
    /// The function's number in its module.
    pub id: FunctionId,
    /// The machine code.
    pub bytes: Vec<u8>,
    /// What is missing in it.
    pub relocations: Vec<Relocation>,
    /// The offset in bytes of each instruction of the [`Assembly`].
    pub offsets: Vec<u32>,
    /// The frame.
    pub frame: Frame,
    /// For slots: bytes from the stack pointer in the body to slot 0.
    pub slots_at: u32,
    /// Where it may leave, with offsets in bytes.
    pub exits: Vec<ExitSite>,
    /// Where it calls, with offsets in bytes.
    pub calls: Vec<CallSite>,
    /// Whether it checks the stack's limit at its entry.
    pub checks_stack: bool,
}

impl CodeUnit {
    /// The instruction of the [`Assembly`] in whose bytes an offset lies; `None` behind the last.
    pub fn instruction_at(&self, offset: u32) -> Option<u32> {
        let after = self.offsets.partition_point(|&start| start <= offset);
        let is_inside = (offset as usize) < self.bytes.len();
        after
            .checked_sub(1)
            .filter(|_| is_inside)
            .map(|at| at as u32)
    }
}

/// How functions are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Calls {
    /// A branch to the function, resolved when the code is linked.
    #[default]
    Direct,
    /// Through the trampoline, with the function's id.
    Trampoline,
}
