//! A simulator of the AArch64 subset: runs the emitted bytes on any machine, strictly, and counts.
//!
//! Each word is decoded once. The program sees: its image, of which the front is code, which can only
//! be executed, and the rest data, which can only be read; a context (see [`context`]); a stack; the
//! stack of its host, on which the entry stub is called; what is [mapped](Simulator::map) besides. All
//! else is a [`Fault`], as is what hardware or the calling convention forbids: an access below the
//! stack pointer, or through one that is not a multiple of 16; a function that returns elsewhere than
//! to its caller, or with another stack pointer or other values in x18 to x29 than it was called with
//! (up to 65,536 calls deep). Registers that a function outside may change are changed when one is
//! called, so that nobody relies on them. All of it is deterministic.

mod activations;
mod execute;
mod fault;
mod flags;
mod memory;
mod operation;

use activations::Activations;
use execute::Halt;
pub use fault::{Fault, FaultKind};
use flags::Flags;
use memory::Memory;
pub use memory::{Access, Permission};
use operation::{Index, Operation};

use super::decode::decode;
use crate::context;
use crate::execution::{Host, Reply};
use crate::ir::ImportId;

/// Where an image is to be placed.
pub const IMAGE_BASE: u64 = 0x0040_0000;
/// The addresses of the functions outside: 4 bytes for each.
const IMPORTS: u64 = 0x2000_0000_0000;
/// Where a call from outside returns to.
const OUTSIDE: u64 = IMPORTS - 4;
/// The address of the context.
const CONTEXT: u64 = 0x3000_0000_0000;
/// The end of the program's stack.
const STACK_TOP: u64 = 0x4000_0000_0000;
/// The largest stack of a program, in bytes: 1 GiB, and what its host wants to be free beside it.
pub const LARGEST_STACK: usize = (1 << 30) + (1 << 20);
/// The end of the host's stack.
const HOST_STACK_TOP: u64 = 0x5000_0000_0000;
/// The size of the host's stack.
const HOST_STACK_SIZE: usize = 4096;

/// What is in registers that nobody has written: the same in all of them, and easily recognised.
const JUNK: u64 = 0xdead_0000_beef_0000;

/// The bytes of a program, relocated to [`IMAGE_BASE`].
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// The code, and behind it the data that it reads.
    pub bytes: &'a [u8],
    /// How many of the bytes are code. A multiple of 4.
    pub code: usize,
}

/// How a call ended, if without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The function has returned; what it left in x0 and x1.
    Returned([u64; 2]),
    /// As many instructions as were allowed have been executed.
    Limit,
}

/// What has been executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Executed instructions, the stubs' included.
    pub instructions: u64,
    /// Executed instructions that load (a pair is one).
    pub loads: u64,
    /// Executed instructions that store.
    pub stores: u64,
    /// Bytes loaded.
    pub loaded_bytes: u64,
    /// Bytes stored.
    pub stored_bytes: u64,
    /// How far the stack pointer has been below [`Simulator::stack_top`], in bytes.
    pub deepest_stack: u64,
}

/// Is told what is executed.
pub trait Observer {
    /// The word with this number, counted from the beginning of the image, is about to be executed.
    fn execute(&mut self, word: usize);

    /// It has been executed, without a fault, and the machine is as it leaves it. Does nothing by
    /// default.
    #[inline]
    fn executed(&mut self, word: usize, machine: &Simulator) {
        let _ = (word, machine);
    }
}

/// An observer that looks away.
impl Observer for () {
    #[inline]
    fn execute(&mut self, _: usize) {}
}

/// Counts how often each word of the image is executed, by its number. The vector is as long as the
/// image has words; words that it has no place for are not counted.
impl Observer for Vec<u64> {
    #[inline]
    fn execute(&mut self, word: usize) {
        if let Some(count) = self.get_mut(word) {
            *count += 1;
        }
    }
}

/// A machine with a program in it.
#[derive(Debug)]
pub struct Simulator {
    code: Vec<u32>,
    operations: Vec<Operation>,
    /// x0 to x30 and those of [`Index`].
    registers: [u64; 64],
    flags: Flags,
    memory: Memory,
    activations: Activations,
    instructions: u64,
    limit: u64,
    /// The number of parameters of each function outside.
    imports: Vec<u32>,
}

/// The address of a word of the code.
const fn address_of(position: u64) -> u64 {
    IMAGE_BASE.wrapping_add(position.wrapping_mul(4))
}

/// Where execution goes on.
enum Goal {
    /// At a word of the code, by its number; maybe one that is not there.
    Word(u64),
    /// Outside: the function that was called has returned.
    Returned,
}

impl Simulator {
    /// A machine with a program, so many bytes of stack (rounded up to 16, at most
    /// [`LARGEST_STACK`]), and a context for functions outside, each given by its number of
    /// parameters. The limits in the context are 0: the stack may be used up, and nobody has asked to
    /// leave.
    pub fn new(image: Image<'_>, imports: &[u32], stack: usize) -> Self {
        let stack = stack.min(LARGEST_STACK).next_multiple_of(16);
        let mut memory = Memory::new((STACK_TOP, stack), (HOST_STACK_TOP, HOST_STACK_SIZE));
        let context = vec![0; context::size(imports.len() as u32) as usize];
        memory.map(CONTEXT, context, Permission::ReadWrite);
        let mut simulator = Self {
            operations: Vec::new(),
            code: Vec::new(),
            registers: [0; 64],
            flags: Flags::default(),
            memory,
            activations: Activations::default(),
            instructions: 0,
            limit: u64::MAX,
            imports: imports.to_vec(),
        };
        simulator.set_image(image);
        for import in 0..imports.len() as u32 {
            let address = IMPORTS + 4 * u64::from(import);
            simulator.set_context(context::IMPORTS + 8 * import, address);
        }
        simulator
    }

    /// Puts a program in the place of the one that is there. The rest of the machine stays as it is.
    pub fn replace_image(&mut self, image: Image<'_>) {
        self.memory.unmap(self.data_start());
        self.set_image(image);
    }

    fn set_image(&mut self, image: Image<'_>) {
        let (code, data) = image.bytes.split_at(image.code.min(image.bytes.len()));
        let words = code.as_chunks::<4>().0.iter();
        self.code = words.map(|&word| u32::from_le_bytes(word)).collect();
        self.operations = vec![Operation::Undecoded; self.code.len()];
        self.memory
            .map(self.data_start(), data.to_vec(), Permission::Read);
    }

    /// The address of the data behind the code.
    fn data_start(&self) -> u64 {
        address_of(self.code.len() as u64)
    }

    /// Adds memory. It must not overlap other memory; an address above the image and below
    /// `0x1000_0000_0000` is free.
    pub fn map(&mut self, address: u64, bytes: Vec<u8>, permission: Permission) {
        self.memory.map(address, bytes, permission);
    }

    /// The address of the context.
    pub const fn context(&self) -> u64 {
        CONTEXT
    }

    /// The end of the program's stack, a multiple of 16.
    pub const fn stack_top(&self) -> u64 {
        STACK_TOP
    }

    /// Writes a word of the context, by its offset; nothing if the context is smaller.
    pub fn set_context(&mut self, offset: u32, value: u64) {
        let address = CONTEXT + u64::from(offset);
        self.write(address, &value.to_le_bytes());
    }

    /// Bytes from an address on; `None` if not all of them are there. Code can't be read.
    pub fn read(&self, address: u64, size: usize) -> Option<&[u8]> {
        self.memory.bytes(address, size)
    }

    /// The 8 bytes at an address; `None` if not all of them are there.
    pub fn read_word(&self, address: u64) -> Option<u64> {
        let bytes = self.memory.bytes(address, 8)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// What is in x0 to x30.
    pub fn registers(&self) -> &[u64; 31] {
        let registers = self.registers.first_chunk();
        registers.expect("there are more than 31 of them")
    }

    /// The stack pointer.
    pub const fn stack_pointer(&self) -> u64 {
        self.memory.stack_pointer()
    }

    /// Writes bytes from an address on, whatever a program may do there. Says whether all of them are
    /// there; if not, nothing is written.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> bool {
        match self.memory.bytes_mut(address, bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    /// Sets how many instructions may be executed, counted from the beginning of the simulator, not of
    /// a call.
    pub const fn set_limit(&mut self, instructions: u64) {
        self.limit = instructions;
    }

    /// What has been executed since the beginning.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            instructions: self.instructions,
            loads: self.memory.loads,
            stores: self.memory.stores,
            loaded_bytes: self.memory.loaded_bytes,
            stored_bytes: self.memory.stored_bytes,
            deepest_stack: self.memory.deepest_stack(),
        }
    }

    /// Calls a function from the host's stack, as the entry stub wants it. At most 8 arguments, in x0
    /// to x7.
    pub fn call(
        &mut self,
        address: u64,
        arguments: &[u64],
        host: &mut dyn Host,
    ) -> Result<Ending, Fault> {
        self.call_observed(address, arguments, host, &mut ())
    }

    /// As [`Self::call`], with an observer.
    pub fn call_observed(
        &mut self,
        address: u64,
        arguments: &[u64],
        host: &mut dyn Host,
        observer: &mut impl Observer,
    ) -> Result<Ending, Fault> {
        self.call_on(HOST_STACK_TOP, address, arguments, host, observer)
    }

    /// Calls a function of the program without an entry stub: on the program's stack, the stack
    /// pointer that far down, with the context's address in x28. Such a function can't leave by an
    /// exit, since nobody is there to go back to.
    pub fn call_directly(
        &mut self,
        address: u64,
        arguments: &[u64],
        stack_pointer: u64,
        host: &mut dyn Host,
    ) -> Result<Ending, Fault> {
        self.call_on(stack_pointer, address, arguments, host, &mut ())
    }

    fn call_on(
        &mut self,
        stack_pointer: u64,
        address: u64,
        arguments: &[u64],
        host: &mut dyn Host,
        observer: &mut impl Observer,
    ) -> Result<Ending, Fault> {
        for (number, register) in self.registers[..31].iter_mut().enumerate() {
            *register = JUNK + number as u64;
        }
        self.registers[..8]
            .iter_mut()
            .zip(arguments)
            .for_each(|(register, &argument)| *register = argument);
        self.registers[usize::from(context::AARCH64_CONTEXT)] = CONTEXT;
        self.registers[30] = OUTSIDE;
        self.flags = Flags::default();
        let fault = |pc| move |kind| Fault { pc, kind };
        self.set_stack_pointer(stack_pointer)
            .map_err(fault(address))?;
        self.activations.clear();
        self.activations
            .call(OUTSIDE, stack_pointer, &self.registers);
        let position = match self.goal(address).map_err(fault(address))? {
            Goal::Word(position) => position,
            Goal::Returned => return Ok(self.returned()),
        };
        match self.run(position, host, observer) {
            Halt::Returned => Ok(self.returned()),
            Halt::Limit => Ok(Ending::Limit),
            Halt::Fault(position, kind) => Err(fault(address_of(position))(kind)),
        }
    }

    const fn returned(&self) -> Ending {
        Ending::Returned([self.registers[0], self.registers[1]])
    }

    /// Looks at a word for the first time.
    #[cold]
    fn decode(&mut self, position: u64) -> Operation {
        let word = self.code[position as usize];
        let operation = decode(word)
            .and_then(|instruction| Operation::new(&instruction, position, IMAGE_BASE))
            .unwrap_or(Operation::Undefined { word });
        self.operations[position as usize] = operation;
        operation
    }

    /// What is at an address.
    #[inline]
    fn goal(&self, address: u64) -> Result<Goal, FaultKind> {
        let offset = address.wrapping_sub(IMAGE_BASE);
        if offset.is_multiple_of(4) && offset / 4 < self.code.len() as u64 {
            Ok(Goal::Word(offset / 4))
        } else if address == OUTSIDE {
            Ok(Goal::Returned)
        } else {
            Err(FaultKind::BranchOutside { target: address })
        }
    }

    #[inline]
    fn get(&self, index: Index) -> u64 {
        self.registers[usize::from(index.0 & 63)]
    }

    #[inline]
    fn set(&mut self, index: Index, value: u64) {
        self.registers[usize::from(index.0 & 63)] = value;
    }

    fn set_stack_pointer(&mut self, value: u64) -> Result<(), FaultKind> {
        self.set(Index::STACK_POINTER, value);
        self.memory.set_stack_pointer(value)
    }

    // Functions outside.

    fn import_at(&self, address: u64) -> Option<ImportId> {
        let offset = address.wrapping_sub(IMPORTS);
        let import = offset / 4;
        (offset.is_multiple_of(4) && import < self.imports.len() as u64)
            .then_some(ImportId(import as u32))
    }

    /// Asks the host: x0 is the context, the arguments stand from x1 on; the result goes to x0, and
    /// whether to leave to x1.
    fn call_import(&mut self, import: ImportId, host: &mut dyn Host) -> Result<(), FaultKind> {
        self.memory.check_stack_alignment()?;
        let found = self.registers[0];
        if found != CONTEXT {
            return Err(FaultKind::NoContext { found });
        }
        let mut arguments = [0; 7];
        for (argument, &register) in arguments.iter_mut().zip(&self.registers[1..]) {
            *argument = register as i64;
        }
        let parameters = self.imports[import.index()] as usize;
        let arguments = &arguments[..parameters.min(arguments.len())];
        let (value, stop) = match host.call(import, arguments) {
            Reply::Continue(value) => (value, 0),
            Reply::Stop => (0, 1),
        };
        // What a function need not preserve.
        for (number, register) in self.registers[..18].iter_mut().enumerate() {
            *register = JUNK + number as u64;
        }
        self.registers[0] = value as u64;
        self.registers[1] = stop;
        self.flags = Flags::default();
        Ok(())
    }
}
