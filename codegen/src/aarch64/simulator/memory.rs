//! The memory of a simulated program: what is where, and who may touch it.

use std::fmt;

use super::fault::FaultKind;

/// What an instruction does with memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It reads.
    Load,
    /// It writes.
    Store,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Store => "store",
        })
    }
}

/// What a program may do with a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Load from it.
    Read,
    /// Load from it and store to it.
    ReadWrite,
}

/// Consecutive bytes.
#[derive(Debug)]
struct Region {
    start: u64,
    bytes: Vec<u8>,
    permission: Permission,
}

impl Region {
    const fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// The index of a byte, if `size` bytes from there on are in the region.
    const fn index(&self, address: u64, size: u64) -> Option<usize> {
        let index = address.wrapping_sub(self.start);
        let length = self.bytes.len() as u64;
        if index <= length && length - index >= size {
            Some(index as usize)
        } else {
            None
        }
    }
}

/// All memory. The first two regions are stacks: the program's, and that of its host.
#[derive(Debug)]
pub(super) struct Memory {
    regions: Vec<Region>,
    /// Which of the stacks the stack pointer is in.
    stack: usize,
    stack_pointer: u64,
    /// The lowest stack pointer in the program's stack.
    lowest: u64,
    pub(super) loads: u64,
    pub(super) stores: u64,
    pub(super) loaded_bytes: u64,
    pub(super) stored_bytes: u64,
}

/// The number of regions that are stacks.
const STACKS: usize = 2;
/// The program's stack.
const PROGRAM: usize = 0;

impl Memory {
    /// Two stacks, each given by its end and its size; the stack pointer is at the end of the second,
    /// the host's.
    pub(super) fn new(program: (u64, usize), host: (u64, usize)) -> Self {
        let stack = |(end, size): (u64, usize)| Region {
            start: end - size as u64,
            bytes: vec![0; size],
            permission: Permission::ReadWrite,
        };
        Self {
            regions: vec![stack(program), stack(host)],
            stack: 1,
            stack_pointer: host.0,
            lowest: program.0,
            loads: 0,
            stores: 0,
            loaded_bytes: 0,
            stored_bytes: 0,
        }
    }

    /// Adds a region.
    pub(super) fn map(&mut self, start: u64, bytes: Vec<u8>, permission: Permission) {
        self.regions.push(Region {
            start,
            bytes,
            permission,
        });
    }

    /// Takes the region that begins at an address away, stacks excepted.
    pub(super) fn unmap(&mut self, start: u64) {
        let mut number = 0;
        self.regions.retain(|region| {
            number += 1;
            number <= STACKS || region.start != start
        });
    }

    /// The stack pointer.
    pub(super) const fn stack_pointer(&self) -> u64 {
        self.stack_pointer
    }

    /// How far the stack pointer has been below the end of the program's stack, in bytes.
    pub(super) fn deepest_stack(&self) -> u64 {
        self.regions[PROGRAM].end() - self.lowest
    }

    /// Changes the stack pointer, which has to be in a stack, or at its end.
    pub(super) fn set_stack_pointer(&mut self, stack_pointer: u64) -> Result<(), FaultKind> {
        let is_in = |stack: &usize| {
            let stack: &Region = &self.regions[*stack];
            stack.index(stack_pointer, 0).is_some()
        };
        let stacks = [self.stack, STACKS - 1 - self.stack];
        let Some(stack) = stacks.into_iter().find(is_in) else {
            return Err(FaultKind::OutsideStack { stack_pointer });
        };
        self.stack = stack;
        self.stack_pointer = stack_pointer;
        if stack == PROGRAM {
            self.lowest = self.lowest.min(stack_pointer);
        }
        Ok(())
    }

    /// An error if the stack pointer is not a multiple of 16.
    #[inline]
    pub(super) const fn check_stack_alignment(&self) -> Result<(), FaultKind> {
        let stack_pointer = self.stack_pointer;
        if stack_pointer.is_multiple_of(16) {
            Ok(())
        } else {
            Err(FaultKind::MisalignedStackPointer { stack_pointer })
        }
    }

    /// What a load gives.
    #[inline]
    pub(super) fn load<const N: usize>(&mut self, address: u64) -> Result<[u8; N], FaultKind> {
        self.loads += 1;
        self.loaded_bytes += N as u64;
        let (region, index) = self.find(address, N as u64, Access::Load)?;
        let bytes = self.regions[region].bytes[index..].first_chunk();
        Ok(*bytes.expect("`find` has checked the size"))
    }

    /// A store.
    #[inline]
    pub(super) fn store<const N: usize>(
        &mut self,
        address: u64,
        value: [u8; N],
    ) -> Result<(), FaultKind> {
        self.stores += 1;
        self.stored_bytes += N as u64;
        let (region, index) = self.find(address, N as u64, Access::Store)?;
        let bytes = self.regions[region].bytes[index..].first_chunk_mut();
        *bytes.expect("`find` has checked the size") = value;
        Ok(())
    }

    /// The region, and the index there, of an access.
    #[inline]
    fn find(&self, address: u64, size: u64, access: Access) -> Result<(usize, usize), FaultKind> {
        if address >= self.stack_pointer
            && let Some(index) = self.regions[self.stack].index(address, size)
        {
            return Ok((self.stack, index));
        }
        self.find_elsewhere(address, size, access)
    }

    /// The region, and the index there, of an access that is not to the current stack.
    fn find_elsewhere(
        &self,
        address: u64,
        size: u64,
        access: Access,
    ) -> Result<(usize, usize), FaultKind> {
        for (number, region) in self.regions.iter().enumerate().skip(STACKS) {
            if let Some(index) = region.index(address, size)
                && (access == Access::Load || region.permission == Permission::ReadWrite)
            {
                return Ok((number, index));
            }
        }
        let size = size as u32;
        let on_stack = self.regions[self.stack].index(address, 0).is_some();
        Err(if on_stack && address < self.stack_pointer {
            FaultKind::BelowStackPointer {
                access,
                address,
                size,
                stack_pointer: self.stack_pointer,
            }
        } else {
            FaultKind::NotMapped {
                access,
                address,
                size,
            }
        })
    }

    /// Bytes from an address on, for a look from outside: nothing is counted, and it may be anywhere.
    pub(super) fn bytes(&self, address: u64, size: usize) -> Option<&[u8]> {
        self.regions.iter().find_map(|region| {
            let index = region.index(address, size as u64)?;
            Some(&region.bytes[index..index + size])
        })
    }

    /// As [`Self::bytes`], to be changed.
    pub(super) fn bytes_mut(&mut self, address: u64, size: usize) -> Option<&mut [u8]> {
        self.regions.iter_mut().find_map(|region| {
            let index = region.index(address, size as u64)?;
            Some(&mut region.bytes[index..index + size])
        })
    }
}
