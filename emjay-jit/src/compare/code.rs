//! The code of a column as its generator made it, with what is known of each instruction before it
//! is executed.

use codegen::ir::{Callee, Function, FunctionId, Module, Op};
use codegen::machine::{Assembly, CodeUnit};
use codegen::{Origin, PlaceId};
use rustc_hash::FxHashMap;

/// All code of a column.
#[derive(Debug)]
pub(super) struct Code {
    /// The functions of the program, in the order of the source.
    pub(super) functions: Vec<CodeListing>,
    /// The rest.
    pub(super) runtime: Vec<CodeListing>,
}

/// A function, or a part of the rest.
#[derive(Debug)]
pub(super) struct CodeListing {
    /// Its name.
    pub(super) name: String,
    /// The function of the program that it is.
    pub(super) function: Option<FunctionId>,
    /// Whether totals and ledger count it.
    pub(super) is_counted: bool,
    /// Its instructions, in the order of their addresses.
    pub(super) lines: Vec<CodeLine>,
}

/// An instruction.
#[derive(Debug, Clone)]
pub(super) struct CodeLine {
    /// The label before it.
    pub(super) label: Option<String>,
    /// Its address, from the beginning of the program's code.
    pub(super) address: u64,
    /// The instruction as text.
    pub(super) text: String,
    /// Its size in bytes.
    pub(super) bytes: u32,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// Whether it saves or restores what nobody needs.
    pub(super) needless: bool,
    /// The function of the program that it calls.
    pub(super) calls: Option<FunctionId>,
    /// What it does with memory.
    pub(super) access: Access,
}

/// What an instruction does with memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Access {
    /// Nothing.
    #[default]
    None,
    /// It loads.
    Load,
    /// It stores.
    Store,
}

impl Code {
    /// All listings: the functions, behind them the rest.
    pub(super) fn listings(&self) -> impl Iterator<Item = &CodeListing> {
        self.functions.iter().chain(&self.runtime)
    }
}

/// The calls of a function, by their places: a place is never that of calls of different functions.
#[derive(Debug, Default)]
pub(super) struct CallPlaces(FxHashMap<PlaceId, Callee>);

impl CallPlaces {
    /// The calls of a function as the generator gets it.
    pub(super) fn of(function: &Function) -> Self {
        let calls = function.instructions.iter().filter_map(|i| match i.op {
            Op::Call { callee, .. } => Some((i.origin.place, callee)),
            _ => None,
        });
        Self(calls.collect())
    }

    /// The function of the program that is called at a place.
    pub(super) fn function(&self, place: PlaceId) -> Option<FunctionId> {
        match self.0.get(&place) {
            Some(&Callee::Function(id)) => Some(id),
            _ => None,
        }
    }
}

/// An instruction of an assembly as what it becomes in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The instructions of the machine, mostly one, as texts with their sizes in bytes.
    pub(super) texts: Vec<(String, u32)>,
    /// What it does with memory.
    pub(super) access: Access,
}

/// A function's code, which begins at the address `start`.
///
/// `labels` are those that something refers to, with the instruction that each stands before, in the
/// order of these. `write` gives what the instruction with an index becomes.
pub(super) fn listing<I>(
    assembly: &Assembly<I>,
    start: u64,
    calls: &CallPlaces,
    labels: Vec<(u32, String)>,
    write: impl Fn(usize) -> Written,
) -> CodeListing {
    let mut labels = labels.into_iter().peekable();
    let mut needless = assembly.needless.iter().copied().peekable();
    let mut returns = assembly.calls.iter().map(|call| call.returns_to).peekable();
    let mut lines = Vec::with_capacity(assembly.instructions.len());
    let mut address = start;
    for (index, origin) in assembly.origins.iter().enumerate() {
        let mut label = None;
        while let Some((_, name)) = labels.next_if(|&(at, _)| at as usize <= index) {
            label = Some(name);
        }
        let is_needless = needless.next_if_eq(&(index as u32)).is_some();
        let is_call = returns.next_if_eq(&(index as u32 + 1)).is_some();
        let written = write(index);
        for (text, bytes) in written.texts {
            lines.push(CodeLine {
                label: label.take(),
                address,
                text,
                bytes,
                origin: *origin,
                needless: is_needless,
                calls: is_call.then(|| calls.function(origin.place)).flatten(),
                access: written.access,
            });
            address += u64::from(bytes);
        }
    }
    CodeListing {
        name: assembly.name.clone(),
        function: Some(assembly.id),
        is_counted: true,
        lines,
    }
}

/// The bytes of an instruction of an assembly.
pub(super) fn bytes_of(unit: &CodeUnit, index: usize) -> &[u8] {
    let start = unit.offsets[index] as usize;
    let end = unit.offsets.get(index + 1).map(|&end| end as usize);
    &unit.bytes[start..end.unwrap_or(unit.bytes.len())]
}

/// The calls of each function of a module.
pub(super) fn call_places(module: &Module) -> Vec<CallPlaces> {
    module.functions.iter().map(CallPlaces::of).collect()
}
