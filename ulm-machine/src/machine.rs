//! The state of a machine.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ulm_isa::effect::Flag;
use ulm_isa::micro::FlagStates;
use ulmas::image::Image;

use crate::memory::{Memory, PAGE_BYTES};
use crate::stop::{Limit, Stop};

/// How many control transfers are remembered.
pub const RECENT_JUMPS: usize = 64;

/// Engines pause after an instruction that leaves this many bytes of output, or more, to be taken.
pub const PENDING_OUTPUT: usize = 1 << 20;

/// The read past the end of the input that is not executed any more, counting from 1, is one more
/// than this. Reading a byte begins the count anew.
pub const READS_PAST_END: u32 = 65_535;

/// The status flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the flags that the machine has"
)]
pub struct Flags {
    /// ZF: the result was 0.
    pub zero: bool,
    /// CF: carry out of an addition, borrow of a subtraction.
    pub carry: bool,
    /// SF: the sign bit of the result.
    pub sign: bool,
    /// OF: the true result does not fit into 64 bits as a signed number.
    pub overflow: bool,
}

impl Flags {
    /// One of them.
    pub fn get(self, flag: Flag) -> bool {
        match flag {
            Flag::Zero => self.zero,
            Flag::Carry => self.carry,
            Flag::Sign => self.sign,
            Flag::Overflow => self.overflow,
        }
    }

    /// The number of this combination in [`FlagStates`].
    pub(crate) fn index(self) -> u32 {
        FlagStates::index(self.zero, self.carry, self.sign, self.overflow)
    }
}

impl fmt::Display for Flags {
    /// The names of the flags that are set, with spaces between them; `-` if none is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for flag in Flag::ALL.into_iter().filter(|&flag| self.get(flag)) {
            write!(f, "{separator}{}", flag.name())?;
            separator = " ";
        }
        if separator.is_empty() {
            f.write_str("-")?;
        }
        Ok(())
    }
}

/// What a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most instructions, counted from the start of the machine; `None` for any number.
    pub instructions: Option<u64>,
    /// The most bytes of memory, in pages of 4096.
    pub memory: u64,
    /// The most bytes of output, counted from the start of the machine; `None` for any number.
    pub output: Option<u64>,
}

impl Default for Limits {
    /// 1 GiB of memory, nothing else limited.
    fn default() -> Self {
        Self {
            instructions: None,
            memory: 1 << 30,
            output: None,
        }
    }
}

/// A control transfer that took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Jump {
    /// The address of the jump instruction.
    pub from: u64,
    /// Where it went.
    pub to: u64,
    /// How.
    pub kind: JumpKind,
}

/// How control was transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JumpKind {
    /// By a distance, or by setting the instruction pointer.
    Jump,
    /// To an address in a register, with a return address left behind.
    Call,
    /// To an address in a register, with no return address.
    Return,
}

/// The last control transfers.
#[derive(Clone, Copy)]
pub(crate) struct JumpRing {
    /// From, and to with the kind in its low bits, which a target has no use for.
    entries: [(u64, u64); RECENT_JUMPS],
    /// How many were written since it was empty.
    count: u64,
}

impl JumpRing {
    #[inline]
    pub(crate) fn push(&mut self, from: u64, to: u64, kind: JumpKind) {
        self.entries[self.count as usize % RECENT_JUMPS] = (from, to | kind as u64);
        self.count = self.count.wrapping_add(1);
    }

    #[cfg(feature = "jit")]
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    fn iter(&self) -> impl Iterator<Item = Jump> {
        let first = self.count.saturating_sub(RECENT_JUMPS as u64);
        (first..self.count).map(|n| {
            let (from, to) = self.entries[n as usize % RECENT_JUMPS];
            let kind = match to & 3 {
                0 => JumpKind::Jump,
                1 => JumpKind::Call,
                _ => JumpKind::Return,
            };
            let to = to & !3;
            Jump { from, to, kind }
        })
    }
}

/// Input that was supplied and not read yet.
#[derive(Clone, Default)]
struct Input {
    /// Shared with snapshots.
    bytes: Arc<Vec<u8>>,
    position: usize,
    has_ended: bool,
    /// How many reads in a row found the end.
    reads_past_end: u32,
}

/// What happened to a machine from outside since an engine took a snapshot of it: input and nothing else,
/// or there is no trail any more.
#[derive(Debug)]
pub(crate) struct Trail {
    /// Which snapshot.
    #[cfg_attr(
        not(feature = "jit"),
        expect(dead_code, reason = "only that engine takes one")
    )]
    pub(crate) snapshot: u64,
    /// The input that came since.
    pub(crate) input: Vec<u8>,
}

/// The most bytes of input that a trail remembers.
const LONGEST_TRAIL: usize = 4 << 20;

/// The state of a Ulm Lecture Machine: everything that decides what it does next.
///
/// Nothing that an engine makes up for itself is in it, so engines can be changed between any two
/// instructions.
pub struct Machine {
    /// Entry 0 is always 0.
    pub(crate) registers: [u64; 256],
    pub(crate) flags: Flags,
    pub(crate) ip: u64,
    pub(crate) memory: Memory,
    pub(crate) instructions: u64,
    pub(crate) jumps: JumpRing,
    limits: Limits,
    input: Input,
    output: Vec<u8>,
    /// How many bytes were written, those already taken included.
    written: u64,
    pub(crate) trail: Option<Trail>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("ip", &self.ip)
            .field("flags", &self.flags)
            .field("instructions", &self.instructions)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// A machine at its start: registers, flags, instruction pointer and memory are 0.
    pub fn new() -> Self {
        let limits = Limits::default();
        Self {
            registers: [0; 256],
            flags: Flags::default(),
            ip: 0,
            memory: Memory::new(limits.memory),
            instructions: 0,
            jumps: JumpRing {
                entries: [(0, 0); RECENT_JUMPS],
                count: 0,
            },
            limits,
            input: Input::default(),
            output: Vec::new(),
            written: 0,
            trail: None,
        }
    }

    /// Puts the bytes of a program into memory. What the image leaves out stays as it is, zero in
    /// a new machine.
    ///
    /// # Errors
    ///
    /// [`Limit::Memory`] if they need more memory than [`Limits::memory`] allows.
    pub fn load(&mut self, image: &Image) -> Result<(), Limit> {
        self.trail = None;
        for (address, bytes) in image.bytes() {
            self.memory.write_bytes(address, bytes)?;
        }
        Ok(())
    }

    /// The value of a register; 0 for `%0`.
    pub fn register(&self, number: u8) -> u64 {
        self.registers[number as usize]
    }

    /// Sets a register; nothing happens to `%0`.
    pub fn set_register(&mut self, number: u8, value: u64) {
        self.trail = None;
        if number != 0 {
            self.registers[number as usize] = value;
        }
    }

    /// The flags.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// Sets all flags.
    pub fn set_flags(&mut self, flags: Flags) {
        self.trail = None;
        self.flags = flags;
    }

    /// The address of the next instruction.
    pub fn ip(&self) -> u64 {
        self.ip
    }

    /// Sets the address of the next instruction. It should be a multiple of 4: else the next
    /// fetch traps.
    pub fn set_ip(&mut self, address: u64) {
        self.trail = None;
        self.ip = address;
    }

    /// The memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The memory, to write to. Instructions may be changed; engines take notice.
    pub fn memory_mut(&mut self) -> &mut Memory {
        self.trail = None;
        &mut self.memory
    }

    /// Appends to the input.
    pub fn feed(&mut self, bytes: &[u8]) {
        // Input behind its end: who has found the end would find these bytes if it all happened again.
        let is_too_late = self.input.has_ended;
        self.trail
            .take_if(|trail| is_too_late || trail.input.len() + bytes.len() > LONGEST_TRAIL);
        if let Some(trail) = &mut self.trail {
            trail.input.extend_from_slice(bytes);
        }
        let input = &mut self.input;
        let buffer = Arc::make_mut(&mut input.bytes);
        // Drop what was read, but not so often that moving the rest would count.
        if input.position >= buffer.len() / 2 {
            buffer.drain(..input.position);
            input.position = 0;
        }
        buffer.extend_from_slice(bytes);
    }

    /// Says that no more input will come. Bytes that are fed nevertheless are read all the same.
    pub fn end_input(&mut self) {
        self.input.has_ended = true;
    }

    /// How many bytes of input wait to be read.
    pub fn pending_input(&self) -> usize {
        self.input.bytes.len() - self.input.position
    }

    /// Whether no more input will come.
    pub fn input_has_ended(&self) -> bool {
        self.input.has_ended
    }

    /// The output since it was last taken.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// The output since it was last taken; from now on it is the caller's.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// How many bytes were written in all.
    pub fn output_written(&self) -> u64 {
        self.written
    }

    /// How many instructions were completed. A halt counts, an instruction that traps does not.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// What the program may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets what the program may use from now on. What it has used already stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.trail = None;
        self.limits = limits;
        self.memory.set_limit(limits.memory);
    }

    /// The last control transfers, at most [`RECENT_JUMPS`], the oldest first. Some engines have to be
    /// [asked](crate::Engine::recall) for them.
    pub fn recent_jumps(&self) -> impl Iterator<Item = Jump> {
        self.jumps.iter()
    }

    /// A machine in the same state.
    ///
    /// The time it takes does not depend on how much memory is allocated: pages are shared, and
    /// the first write to each afterwards copies it. Output that was not taken is copied.
    #[must_use]
    pub fn snapshot(&mut self) -> Self {
        Self {
            registers: self.registers,
            flags: self.flags,
            ip: self.ip,
            memory: self.memory.snapshot(),
            instructions: self.instructions,
            jumps: self.jumps,
            limits: self.limits,
            input: self.input.clone(),
            output: self.output.clone(),
            written: self.written,
            trail: None,
        }
    }

    /// Fills the registers `%1` … `%255` and a range of memory, usually `.bss`, with values that
    /// look random and depend on `seed` alone.
    ///
    /// # Errors
    ///
    /// [`Limit::Memory`] if the range does not fit. Then the registers are filled and the range is
    /// not, or not all of it.
    pub fn randomize(&mut self, seed: u64, range: Range<u64>) -> Result<(), Limit> {
        self.trail = None;
        let mut random = SplitMix(seed);
        for register in &mut self.registers[1..] {
            *register = random.next();
        }
        let length = range.end.saturating_sub(range.start);
        if length > self.limits.memory {
            return Err(Limit::Memory);
        }
        let mut page = [0; PAGE_BYTES as usize];
        let mut address = range.start;
        while address < range.end {
            let count = (range.end - address).min(PAGE_BYTES) as usize;
            for bytes in page[..count].chunks_mut(8) {
                bytes.copy_from_slice(&random.next().to_be_bytes()[..bytes.len()]);
            }
            self.memory.write_bytes(address, &page[..count])?;
            address += count as u64;
        }
        Ok(())
    }

    /// Whether an instruction that reads up to `count` bytes must wait.
    #[inline]
    pub(crate) fn needs_input(&self, count: usize) -> bool {
        count > self.pending_input() && !self.input.has_ended
    }

    /// The next byte of the input, `None` at its end.
    pub(crate) fn read_input(&mut self) -> Result<Option<u8>, Limit> {
        let input = &mut self.input;
        if let Some(&byte) = input.bytes.get(input.position) {
            input.position += 1;
            input.reads_past_end = 0;
            return Ok(Some(byte));
        }
        if input.reads_past_end >= READS_PAST_END {
            return Err(Limit::InputEnded);
        }
        input.reads_past_end += 1;
        Ok(None)
    }

    #[inline]
    pub(crate) fn write_output(&mut self, byte: u8) -> Result<(), Limit> {
        if self
            .limits
            .output
            .is_some_and(|limit| self.written >= limit)
        {
            return Err(Limit::Output);
        }
        self.output.push(byte);
        self.written += 1;
        Ok(())
    }

    /// Whether the caller should take the output before it grows further.
    #[inline]
    pub(crate) fn has_much_output(&self) -> bool {
        self.output.len() >= PENDING_OUTPUT
    }

    /// The address of the first register, for translated code.
    #[cfg(feature = "jit")]
    pub(crate) fn registers_address(&self) -> u64 {
        self.registers.as_ptr().expose_provenance() as u64
    }

    /// The input that waits to be read.
    #[cfg(feature = "jit")]
    pub(crate) fn waiting_input(&self) -> &[u8] {
        &self.input.bytes[self.input.position..]
    }

    /// The addresses of the next byte of input, and behind the last, for translated code.
    #[cfg(feature = "jit")]
    pub(crate) fn input_addresses(&self) -> (u64, u64) {
        let waiting = self.waiting_input();
        let start = waiting.as_ptr().expose_provenance() as u64;
        (start, start + waiting.len() as u64)
    }

    /// Takes notice of so many bytes that translated code has read.
    #[cfg(feature = "jit")]
    pub(crate) fn skip_input(&mut self, count: usize) {
        if count > 0 {
            self.input.position += count;
            self.input.reads_past_end = 0;
        }
    }

    /// How many bytes may be written before the interpreter must look after the output.
    #[cfg(feature = "jit")]
    pub(crate) fn room_for_output(&self) -> usize {
        // The byte that makes it much, after which an engine pauses, is the interpreter's.
        let waiting = PENDING_OUTPUT.saturating_sub(self.output.len() + 1);
        let limit = self.limits.output.unwrap_or(u64::MAX);
        let allowed = limit.saturating_sub(self.written);
        waiting.min(usize::try_from(allowed).unwrap_or(usize::MAX))
    }

    /// Takes notice of bytes that translated code has written.
    #[cfg(feature = "jit")]
    pub(crate) fn append_output(&mut self, bytes: impl Iterator<Item = u8>) {
        let before = self.output.len();
        self.output.extend(bytes);
        self.written += (self.output.len() - before) as u64;
    }

    /// How many instructions may still be executed with this budget.
    pub(crate) fn allowance(&self, budget: u64) -> u64 {
        let limit = self.limits.instructions.unwrap_or(u64::MAX);
        budget.min(limit.saturating_sub(self.instructions))
    }

    /// Why no further instruction may be executed now.
    pub(crate) fn pause(&self) -> Stop {
        let limit = self.limits.instructions;
        if limit.is_some_and(|limit| self.instructions >= limit) {
            Stop::Limit(Limit::Instructions)
        } else {
            Stop::Paused
        }
    }
}

/// Steele, Lea and Flood's generator: small, and good enough to find programs that rely on zero.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }
}
