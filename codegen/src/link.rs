//! Joins functions to one piece of code.
//!
//! ```text
//! entry stub, exit stub, trampoline, import thunks
//! functions, each at a multiple of 16, in the order in which they come
//! catalogue: the address of each function of the module, 8 bytes each
//! ```
//!
//! What leads from one place of the code to another is written at once. Whole addresses wait until
//! the code is given one: [`Linked::relocate_into`]. Besides the bytes a [`Linked`] knows what lies
//! where: an address leads back to the function, its frame, and the place in its source.

mod call_graph;
mod shared;
mod stack;

use thiserror::Error;

use crate::context::ENTRY_ARGUMENTS;
use crate::ir::{FunctionId, Module};
use crate::machine::{
    CallSite, Calls, CodeUnit, ExitSite, Frame, Relocation, RelocationKind, Symbol,
};
use crate::origin::Origin;
use crate::{aarch64, x86_64};
use call_graph::CallGraph;
use shared::SharedStubs;
pub use shared::{SharedStub, SharedStubInstruction, SharedStubKind};
pub use stack::StackNeed;

/// A machine that code is generated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// AArch64, little-endian.
    Aarch64,
    /// x86-64, with the System V calling convention.
    X86_64,
}

impl Architecture {
    /// The machine that this program runs on, if code can be generated for it.
    pub const fn of_this_machine() -> Option<Self> {
        if cfg!(target_arch = "aarch64") {
            Some(Self::Aarch64)
        } else if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else {
            None
        }
    }

    /// How many arguments of a function go in registers; the others go on the stack.
    pub fn register_arguments(self, calls: Calls) -> usize {
        let in_register = |index: &u32| match self {
            Self::Aarch64 => {
                let place = aarch64::registers::parameter(calls, *index);
                matches!(place, aarch64::registers::ArgumentPlace::Register(_))
            }
            Self::X86_64 => {
                let place = x86_64::registers::parameter(calls, *index);
                matches!(place, x86_64::registers::ArgumentPlace::Register(_))
            }
        };
        (0..ENTRY_ARGUMENTS as u32).take_while(in_register).count()
    }

    /// The bytes of stack that the call instruction itself takes.
    pub(crate) const fn return_address_size(self) -> u32 {
        match self {
            Self::Aarch64 => 0,
            Self::X86_64 => 8,
        }
    }

    /// How much code there may be, so that each branch reaches each place.
    const fn largest_code(self) -> usize {
        match self {
            Self::Aarch64 => 128 << 20,
            Self::X86_64 => i32::MAX as usize,
        }
    }
}

/// Who looks whether the stack is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StackChecks {
    /// The functions that begin with a check.
    #[default]
    InFunctions,
    /// The trampoline, at each call.
    InTrampoline,
}

/// How to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The machine of the units.
    pub architecture: Architecture,
    /// How the functions call each other.
    pub calls: Calls,
    /// Who checks the stack.
    pub checks: StackChecks,
    /// The reason that is reported when the stack is exhausted and no exit of a function says it.
    pub exhausted: u32,
}

/// Why functions can't be joined.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    /// A branch might not reach its target.
    #[error("the code has {bytes} bytes, but branches reach only {limit}")]
    TooLarge {
        /// The size of the code at the function that is too much.
        bytes: usize,
        /// The largest size.
        limit: usize,
    },
    /// Code calls a function that there is no code of.
    #[error("`{caller}` calls `{callee}`, of which there is no code")]
    Undefined {
        /// The name of the function that calls.
        caller: String,
        /// The name of the function that is missing.
        callee: String,
    },
    /// Two units have the same number.
    #[error("there is code of `{name}` twice")]
    Duplicate {
        /// The name of the function.
        name: String,
    },
    /// A unit's number is not that of a function of the module.
    #[error("there is code of function {}, but the module has no such function", .id.0)]
    NotInModule {
        /// The number.
        id: FunctionId,
    },
    /// The table of imports would be too large for its loads.
    #[error("the module has {count} imports; {MOST_IMPORTS} are possible")]
    TooManyImports {
        /// How many there are.
        count: usize,
    },
}

/// The number of imports that the code can reach in the context's table.
pub const MOST_IMPORTS: usize = 2048;

/// Where a function lies, and what is known about places in it.
#[derive(Debug, Clone)]
pub struct LinkedFunction {
    /// Its number in the module.
    pub id: FunctionId,
    /// The offset of its first byte.
    pub start: u32,
    /// The offset behind its last byte.
    pub end: u32,
    /// Its frame.
    pub frame: Frame,
    /// Bytes from the stack pointer in the body to the first spill slot.
    pub slots_at: u32,
    /// Whether it checks the stack's limit at its entry.
    pub checks_stack: bool,
    /// Where it may leave, ascending, in bytes from its start.
    pub exits: Vec<ExitSite>,
    /// Where calls return to, ascending, in bytes from its start.
    pub calls: Vec<CallSite>,
    /// The reasons of its exits, by [`ExitId`](crate::ir::ExitId).
    pub reasons: Vec<u32>,
}

impl LinkedFunction {
    /// The site with this offset from the function's start.
    fn exit_at(&self, offset: u32) -> Option<&ExitSite> {
        // The stubs of a function mostly stand one behind the other and have the same size: the first
        // guess is right.
        let (first, last) = (self.exits.first()?.at, self.exits.last()?.at);
        let into = u64::from(offset.checked_sub(first)?);
        let guess = into * (self.exits.len() as u64 - 1) / u64::from(last - first).max(1);
        if let Some(site) = self.exits.get(guess as usize)
            && site.at == offset
        {
            return Some(site);
        }
        let search = self
            .exits
            .binary_search_by_key(&offset, |site| site.at)
            .ok()?;
        Some(&self.exits[search])
    }
}

/// Code with a place for everything, but without an address.
#[derive(Debug, Clone)]
pub struct Linked {
    options: Options,
    code: Vec<u8>,
    absolute: Vec<AbsoluteAddress>,
    functions: Vec<LinkedFunction>,
    by_id: Vec<Option<u32>>,
    parameters: Vec<u32>,
    import_parameters: Vec<u32>,
    stubs: StubOffsets,
    shared: SharedStubs,
    needs: Vec<StackNeed>,
    head_room: u64,
}

/// An instruction, or a word of the catalogue, that holds a whole address.
#[derive(Debug, Clone, Copy)]
struct AbsoluteAddress {
    offset: u32,
    kind: AbsoluteKind,
    /// The offset of what the address is of.
    target: u32,
}

#[derive(Debug, Clone, Copy)]
enum AbsoluteKind {
    /// Four instructions of AArch64 with 16 bits each.
    MoveWide,
    /// 8 bytes.
    Word,
}

/// The shared stubs of a machine as one unit, and where in it they begin, in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Stubs {
    /// The code. It begins with the entry stub.
    pub(crate) unit: CodeUnit,
    /// The origins of its instructions.
    pub(crate) origins: Vec<Origin>,
    /// Where its parts are.
    pub(crate) offsets: StubOffsets,
}

/// Where the shared stubs lie. The entry stub is at 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StubOffsets {
    /// The exit stub.
    pub(crate) exit: u32,
    /// The trampoline.
    pub(crate) trampoline: u32,
    /// The site at which the trampoline leaves, if it checks the stack, as the exit stub is told it.
    pub(crate) trampoline_site: Option<u32>,
    /// The thunks of the imports, by number.
    pub(crate) thunks: Vec<u32>,
}

/// Joins units. They may be some of the module's functions, in any order; those that they call have
/// to be among them.
pub fn link(module: &Module, units: Vec<CodeUnit>, options: &Options) -> Result<Linked, LinkError> {
    let by_id = index_units(module, &units)?;
    let stubs = assemble_stubs(module, *options)?;
    let graph = CallGraph::of(module, &units, options.calls);
    require_callees(module, &units, &graph, &by_id)?;
    let starts = lay_out(&stubs, &units, options.architecture)?;
    let mut linked = Linked {
        options: *options,
        code: Vec::new(),
        absolute: Vec::new(),
        functions: Vec::with_capacity(units.len()),
        by_id,
        parameters: module.functions.iter().map(|f| f.parameters).collect(),
        import_parameters: module.imports.iter().map(|i| i.parameters).collect(),
        shared: SharedStubs::of(&stubs),
        stubs: stubs.offsets,
        needs: Vec::new(),
        head_room: 0,
    };
    linked.join_bytes(&stubs.unit.bytes, &units, &starts);
    linked.resolve(0, &stubs.unit.relocations, &starts);
    for (unit, &start) in units.iter().zip(&starts) {
        linked.resolve(start, &unit.relocations, &starts);
    }
    linked.functions = units
        .into_iter()
        .zip(&starts)
        .map(|(unit, &start)| place_function(module, unit, start))
        .collect();
    let depths = stack::Depths::of(&linked.functions, &linked.by_id, &graph, *options);
    linked.needs = depths.needs;
    linked.head_room = depths.head_room;
    Ok(linked)
}

/// The position of the unit of each function.
fn index_units(module: &Module, units: &[CodeUnit]) -> Result<Vec<Option<u32>>, LinkError> {
    let mut by_id = vec![None; module.functions.len()];
    for (position, unit) in units.iter().enumerate() {
        let entry = by_id
            .get_mut(unit.id.index())
            .ok_or(LinkError::NotInModule { id: unit.id })?;
        if entry.replace(position as u32).is_some() {
            let name = module.functions[unit.id.index()].name.clone();
            return Err(LinkError::Duplicate { name });
        }
    }
    Ok(by_id)
}

fn assemble_stubs(module: &Module, options: Options) -> Result<Stubs, LinkError> {
    let count = module.imports.len();
    if count > MOST_IMPORTS {
        return Err(LinkError::TooManyImports { count });
    }
    Ok(match options.architecture {
        Architecture::Aarch64 => aarch64::stubs::assemble(count as u32, options.checks),
        Architecture::X86_64 => x86_64::stubs::assemble(count as u32, options.checks),
    })
}

/// Whatever is called must have code.
fn require_callees(
    module: &Module,
    units: &[CodeUnit],
    graph: &CallGraph,
    by_id: &[Option<u32>],
) -> Result<(), LinkError> {
    let name = |id: FunctionId| {
        let function = module.functions.get(id.index());
        function.map_or_else(|| format!("function {}", id.0), |f| f.name.clone())
    };
    for (position, unit) in units.iter().enumerate() {
        for &callee in graph.callees(position) {
            if by_id.get(callee.index()).copied().flatten().is_none() {
                return Err(LinkError::Undefined {
                    caller: name(unit.id),
                    callee: name(callee),
                });
            }
        }
    }
    Ok(())
}

/// The offset of each unit and, as one more, of the catalogue.
fn lay_out(
    stubs: &Stubs,
    units: &[CodeUnit],
    architecture: Architecture,
) -> Result<Vec<u32>, LinkError> {
    let limit = architecture.largest_code();
    let mut end = stubs.unit.bytes.len();
    let mut starts = Vec::with_capacity(units.len() + 1);
    for unit in units {
        let start = end.next_multiple_of(16);
        starts.push(start as u32);
        end = start + unit.bytes.len();
        if end > limit {
            return Err(LinkError::TooLarge { bytes: end, limit });
        }
    }
    starts.push(end.next_multiple_of(16) as u32);
    Ok(starts)
}

/// The facts of a unit whose bytes and relocations are done with.
fn place_function(module: &Module, mut unit: CodeUnit, start: u32) -> LinkedFunction {
    if !unit.exits.is_sorted_by_key(|site| site.at) {
        unit.exits.sort_unstable_by_key(|site| site.at);
    }
    if !unit.calls.is_sorted_by_key(|site| site.returns_to) {
        unit.calls.sort_unstable_by_key(|site| site.returns_to);
    }
    let exits = &module.functions[unit.id.index()].exits;
    LinkedFunction {
        id: unit.id,
        start,
        end: start + unit.bytes.len() as u32,
        frame: unit.frame,
        slots_at: unit.slots_at,
        checks_stack: unit.checks_stack,
        exits: unit.exits,
        calls: unit.calls,
        reasons: exits.iter().map(|exit| exit.reason).collect(),
    }
}

impl Linked {
    /// Puts the bytes to their places, and room for the catalogue behind them.
    fn join_bytes(&mut self, stubs: &[u8], units: &[CodeUnit], starts: &[u32]) {
        let catalogue = starts[units.len()];
        let size = catalogue as usize + 8 * self.by_id.len();
        self.code.reserve_exact(size);
        self.code.extend_from_slice(stubs);
        for (unit, &start) in units.iter().zip(starts) {
            self.code.resize(start as usize, 0);
            self.code.extend_from_slice(&unit.bytes);
        }
        self.code.resize(size, 0);
        for (id, position) in self.by_id.iter().enumerate() {
            if let Some(position) = position {
                self.absolute.push(AbsoluteAddress {
                    offset: catalogue + 8 * id as u32,
                    kind: AbsoluteKind::Word,
                    target: starts[*position as usize],
                });
            }
        }
    }

    /// Writes what depends on no address, and remembers the rest.
    fn resolve(&mut self, start: u32, relocations: &[Relocation], starts: &[u32]) {
        for relocation in relocations {
            let offset = start + relocation.offset;
            let target = match relocation.symbol {
                Symbol::Function(id) => {
                    let position = self.by_id[id.index()].expect("the callees have been checked");
                    starts[position as usize]
                }
                Symbol::Catalogue => *starts.last().expect("the catalogue is the last"),
                Symbol::Trampoline => self.stubs.trampoline,
                Symbol::ExitStub => self.stubs.exit,
            };
            match relocation.kind {
                RelocationKind::Aarch64Branch => {
                    let words = (target as i32 - offset as i32) >> 2;
                    self.edit_word(offset, |word| {
                        word & 0xFC00_0000 | words as u32 & 0x03FF_FFFF
                    });
                }
                RelocationKind::X86Relative => {
                    let distance = target.wrapping_sub(offset + 4);
                    self.edit_word(offset, |_| distance);
                }
                RelocationKind::Aarch64Address => self.absolute.push(AbsoluteAddress {
                    offset,
                    kind: AbsoluteKind::MoveWide,
                    target,
                }),
                RelocationKind::X86Absolute => self.absolute.push(AbsoluteAddress {
                    offset,
                    kind: AbsoluteKind::Word,
                    target,
                }),
            }
        }
    }

    fn edit_word(&mut self, offset: u32, edit: impl FnOnce(u32) -> u32) {
        edit_word(&mut self.code, offset, edit);
    }

    /// The number of bytes, stubs and catalogue included.
    pub fn size(&self) -> usize {
        self.code.len()
    }

    /// The number of bytes that are code; the catalogue lies behind them.
    pub fn code_size(&self) -> usize {
        self.code.len() - 8 * self.by_id.len()
    }

    /// The bytes for code that lies at `base`, a multiple of 16.
    pub fn relocated(&self, base: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.size()];
        self.relocate_into(base, &mut bytes);
        bytes
    }

    /// Writes the bytes for code that lies at `base`, a multiple of 16, to the beginning of `room`,
    /// which must not be smaller than [`Self::size`].
    pub fn relocate_into(&self, base: u64, room: &mut [u8]) {
        let bytes = &mut room[..self.code.len()];
        bytes.copy_from_slice(&self.code);
        for place in &self.absolute {
            let address = base + u64::from(place.target);
            match place.kind {
                AbsoluteKind::Word => {
                    let at = place.offset as usize;
                    bytes[at..at + 8].copy_from_slice(&address.to_le_bytes());
                }
                AbsoluteKind::MoveWide => {
                    for part in 0..4 {
                        let half = (address >> (16 * part)) as u16;
                        edit_word(bytes, place.offset + 4 * part, |word| {
                            word & !(0xFFFF << 5) | u32::from(half) << 5
                        });
                    }
                }
            }
        }
    }

    /// How it was joined.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The functions in the order of their offsets.
    pub fn functions(&self) -> &[LinkedFunction] {
        &self.functions
    }

    /// Where a function of the module lies; `None` if it has no code here.
    pub fn function(&self, id: FunctionId) -> Option<&LinkedFunction> {
        let position = self.by_id.get(id.index()).copied().flatten()?;
        self.functions.get(position as usize)
    }

    /// The function in which an offset lies.
    pub fn function_at(&self, offset: u32) -> Option<&LinkedFunction> {
        let after = self.functions.partition_point(|f| f.start <= offset);
        let function = self.functions.get(after.checked_sub(1)?)?;
        (offset < function.end).then_some(function)
    }

    /// The function that leaves at a site, and the site. The offset is that which the exit stub is
    /// told.
    pub fn exit_at(&self, offset: u32) -> Option<(&LinkedFunction, &ExitSite)> {
        // On AArch64 it may be the function's first byte.
        [offset.checked_sub(1)?, offset]
            .into_iter()
            .find_map(|inside| {
                let function = self.function_at(inside)?;
                let site = function.exit_at(offset - function.start)?;
                Some((function, site))
            })
    }

    /// The function that calls and the call, of an offset that is returned to.
    pub fn call_returning_to(&self, offset: u32) -> Option<(&LinkedFunction, &CallSite)> {
        // A call that never returns may be the last instruction of its function.
        let function = self.function_at(offset.checked_sub(1)?)?;
        let site = function
            .calls
            .binary_search_by_key(&(offset - function.start), |site| site.returns_to)
            .ok()?;
        Some((function, &function.calls[site]))
    }

    /// The site at which the trampoline leaves, as the exit stub is told it, if it checks the stack.
    pub fn trampoline_site(&self) -> Option<u32> {
        self.stubs.trampoline_site
    }

    /// The offset of the entry stub.
    pub fn entry_stub(&self) -> u32 {
        0
    }

    /// The offsets of the thunks for the imports, by number: see [`context`](crate::context).
    pub fn thunks(&self) -> &[u32] {
        &self.stubs.thunks
    }

    /// The number of parameters of each import of the module.
    pub fn import_parameters(&self) -> &[u32] {
        &self.import_parameters
    }

    /// The number of parameters of a function of the module.
    pub fn parameters(&self, id: FunctionId) -> Option<u32> {
        self.parameters.get(id.index()).copied()
    }

    /// How much stack the code needs from the call of a function on.
    pub fn stack_need(&self, id: FunctionId) -> Option<StackNeed> {
        let position = self.by_id.get(id.index()).copied().flatten()?;
        self.needs.get(position as usize).copied()
    }

    /// The bytes of stack that the code may use between two checks, the most for all functions:
    /// this much must be free below the limit.
    pub fn head_room(&self) -> u64 {
        self.head_room
    }
}

/// Changes 4 bytes.
fn edit_word(bytes: &mut [u8], offset: u32, edit: impl FnOnce(u32) -> u32) {
    let field = bytes[offset as usize..]
        .first_chunk_mut()
        .expect("a relocation lies in its function");
    *field = edit(u32::from_le_bytes(*field)).to_le_bytes();
}
