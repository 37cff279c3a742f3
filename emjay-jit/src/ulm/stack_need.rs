//! How much stack a program needs whose functions don't call themselves.

use codegen::ir::{FunctionId, Module};

use super::convention::calls;
use super::frame_size;
use super::program::{Program, SectionKind};

/// How far the walk has come with a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// Not seen.
    New,
    /// On the path.
    Open,
    /// The bytes that it needs, those of the functions that it calls included.
    Done(u64),
}

/// The bytes of stack that a call of a function needs at most, its own frame included; no bound where
/// functions can come back to themselves.
pub(super) fn stack_need(program: &Program, module: &Module, id: FunctionId) -> Option<u64> {
    let own = own_bytes(program, module);
    let mut visits = vec![Visit::New; module.functions.len()];
    let mut path = vec![id];
    while let Some(&function) = path.last() {
        let callees = || calls(&module.functions[function.index()]).map(|(callee, _)| callee);
        match visits[function.index()] {
            Visit::Done(_) => {
                path.pop();
            }
            Visit::New => {
                visits[function.index()] = Visit::Open;
                path.extend(callees().filter(|callee| visits[callee.index()] == Visit::New));
            }
            Visit::Open => {
                path.pop();
                let mut deepest = 0;
                for callee in callees() {
                    match visits[callee.index()] {
                        Visit::Done(bytes) => deepest = deepest.max(bytes),
                        Visit::New | Visit::Open => return None,
                    }
                }
                visits[function.index()] = Visit::Done(own[function.index()] + deepest);
            }
        }
    }
    match visits[id.index()] {
        Visit::Done(bytes) => {
            let arguments = module.functions[id.index()].parameters;
            Some(bytes + u64::from(frame_size(arguments)))
        }
        Visit::New | Visit::Open => None,
    }
}

/// By function: the bytes of its local variables, and of the largest frame that it opens for a call.
fn own_bytes(program: &Program, module: &Module) -> Vec<u64> {
    let mut bytes = vec![0; module.functions.len()];
    for section in &program.sections {
        if let SectionKind::Function(id) = section.kind {
            let opened = section.assembly.calls.iter().map(|call| call.lowered);
            let opened = u64::from(opened.max().unwrap_or(0));
            bytes[id.index()] = u64::from(section.assembly.frame.size) + opened;
        }
    }
    bytes
}
