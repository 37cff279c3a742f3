//! From the intermediate representation of a region to linked code.

use codegen::ir::{Function, FunctionId, Module};
use codegen::link::{self, Architecture, Linked, StackChecks};
use codegen::machine::Calls;
use codegen::passes::{self, Inlining, Level, strength::Costs};
use codegen::{aarch64, x86_64};

/// The only function of a region's module.
pub(super) const FUNCTION: FunctionId = FunctionId(0);

/// The module of a region's function.
pub(super) fn module(function: Function) -> Module {
    Module {
        functions: vec![function],
        imports: Vec::new(),
    }
}

/// Runs all passes over regions' functions.
pub(super) fn optimise(module: &mut Module, architecture: Architecture) {
    let options = passes::Options {
        inline: Inlining::None,
        costs: match architecture {
            Architecture::Aarch64 => Costs::AARCH64,
            Architecture::X86_64 => Costs::X86_64,
        },
        exhausted: None,
    };
    passes::optimise(module, Level::Full, options);
}

/// The code of a region; `None` if it is too large for the branches of the machine.
pub(super) fn generate(module: &Module, architecture: Architecture) -> Option<Linked> {
    let calls = Calls::Direct;
    let unit = match architecture {
        Architecture::Aarch64 => {
            let options = aarch64::Options { calls };
            aarch64::encode(&aarch64::generate(module, FUNCTION, &options))
        }
        Architecture::X86_64 => {
            let options = x86_64::Options { calls };
            x86_64::encode(&x86_64::generate(module, FUNCTION, &options))
        }
    };
    let options = link::Options {
        architecture,
        calls,
        checks: StackChecks::InFunctions,
        exhausted: u32::MAX,
    };
    link::link(module, vec![unit], &options).ok()
}
