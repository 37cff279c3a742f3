//! The shared stubs as parts of linked code: where each lies, and what its instructions do towards a
//! call. For those who count what is executed.

use super::{Linked, Stubs};
use crate::ir::ImportId;
use crate::origin::Origin;

/// What a shared stub is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SharedStubKind {
    /// The host enters the code: a procedure of its own, which calls a function.
    Entry,
    /// The code is left before its end. No part of a call.
    Exit,
    /// Calls a function by its number.
    Trampoline,
    /// Calls a function of the host for an import.
    Import(ImportId),
}

impl SharedStubKind {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Trampoline => "trampoline",
            Self::Import(_) => "import",
        }
    }
}

/// A shared stub in linked code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedStub {
    /// What it is for.
    pub kind: SharedStubKind,
    /// The offset of its first byte in the code.
    pub start: u32,
    /// The offset behind its last byte.
    pub end: u32,
}

/// An instruction of a shared stub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedStubInstruction {
    /// The offset of its first byte in the code.
    pub offset: u32,
    /// Its part in a call, and what it does there. It comes from no place of a source.
    pub origin: Origin,
}

/// All shared stubs of linked code.
#[derive(Debug, Clone)]
pub(super) struct SharedStubs {
    /// In the order of their offsets, without gaps from 0 on.
    stubs: Vec<SharedStub>,
    instructions: Vec<SharedStubInstruction>,
}

impl SharedStubs {
    pub(super) fn of(stubs: &Stubs) -> Self {
        let offsets = &stubs.offsets;
        let starts = [
            (SharedStubKind::Entry, 0),
            (SharedStubKind::Exit, offsets.exit),
            (SharedStubKind::Trampoline, offsets.trampoline),
        ];
        let thunks = (0..)
            .map(|import| SharedStubKind::Import(ImportId(import)))
            .zip(offsets.thunks.iter().copied());
        let mut parts: Vec<SharedStub> = starts
            .into_iter()
            .chain(thunks)
            .map(|(kind, start)| SharedStub {
                kind,
                start,
                end: start,
            })
            .collect();
        let mut end = stubs.unit.bytes.len() as u32;
        for part in parts.iter_mut().rev() {
            part.end = std::mem::replace(&mut end, part.start);
        }
        let instructions = stubs.unit.offsets.iter().zip(&stubs.origins);
        Self {
            stubs: parts,
            instructions: instructions
                .map(|(&offset, &origin)| SharedStubInstruction { offset, origin })
                .collect(),
        }
    }

    fn instructions_between(&self, start: u32, end: u32) -> &[SharedStubInstruction] {
        let position = |offset| {
            self.instructions
                .partition_point(|instruction| instruction.offset < offset)
        };
        &self.instructions[position(start)..position(end)]
    }
}

impl Linked {
    /// The shared stubs, in the order of their offsets: entry, exit, trampoline, then the imports by
    /// number.
    pub fn shared_stubs(&self) -> &[SharedStub] {
        &self.shared.stubs
    }

    /// The shared stub in which an offset lies.
    pub fn shared_stub_at(&self, offset: u32) -> Option<&SharedStub> {
        let stubs = &self.shared.stubs;
        let after = stubs.partition_point(|stub| stub.start <= offset);
        stubs
            .get(after.checked_sub(1)?)
            .filter(|stub| offset < stub.end)
    }

    /// The instructions of a shared stub, in the order of their offsets.
    pub fn shared_stub_instructions(&self, stub: &SharedStub) -> &[SharedStubInstruction] {
        self.shared.instructions_between(stub.start, stub.end)
    }
}
