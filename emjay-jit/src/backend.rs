//! From the IR to machine code: the passes of a level, the generator of a target, the linker.

use codegen::ir::{FunctionId, Module};
use codegen::link::{self, Architecture, LinkError, Linked, StackChecks};
use codegen::machine::{Calls, CodeUnit};
use codegen::passes::{self, Inlining, Level, stack_checks, strength::Costs};
use codegen::{aarch64, x86_64};

use crate::parallel;
use crate::reason::Reason;

/// How code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The machine.
    pub architecture: Architecture,
    /// How much is done to make it fast. Below [`Level::Full`] AArch64 has its baseline generator,
    /// which writes the same few instructions for each one of the IR.
    pub level: Level,
    /// How functions call each other.
    pub calls: Calls,
    /// Whether calls of small functions may be replaced by their bodies; only at [`Level::Full`].
    pub inline: bool,
    /// Whether recursive calls may become jumps; only at [`Level::Full`]. Who counts calls wants
    /// them all to be there.
    pub jumps_instead_of_recursion: bool,
}

impl Backend {
    /// The usual way for a machine and a level: calls go through the trampoline where the baseline
    /// generator works, and small functions are inlined where that can be done.
    pub fn new(architecture: Architecture, level: Level) -> Self {
        let is_baseline = architecture == Architecture::Aarch64 && level != Level::Full;
        Self {
            architecture,
            level,
            calls: if is_baseline {
                Calls::Trampoline
            } else {
                Calls::Direct
            },
            inline: true,
            jumps_instead_of_recursion: true,
        }
    }

    /// Makes of a module what the generator gets: runs the passes, and puts in checks of the stack
    /// where functions make them.
    pub fn optimise(self, module: &mut Module) {
        let options = passes::Options {
            inline: if self.inline {
                Inlining::Small
            } else {
                Inlining::None
            },
            costs: match self.architecture {
                Architecture::Aarch64 => Costs::AARCH64,
                Architecture::X86_64 => Costs::X86_64,
            },
            exhausted: self
                .jumps_instead_of_recursion
                .then_some(Reason::StackExhausted.number()),
        };
        if self.inline && self.level == Level::Full || !is_large(module) {
            passes::optimise(module, self.level, options);
        } else {
            let signatures = passes::Signatures::of(module);
            let mut functions: Vec<_> = ids(module).zip(&mut module.functions).collect();
            parallel::for_each(
                &mut functions,
                || (),
                |(), (id, function)| {
                    passes::optimise_function(function, *id, self.level, options, &signatures);
                },
            );
        }
        if self.stack_checks() == StackChecks::InFunctions {
            stack_checks::insert(module, Reason::StackExhausted.number());
        }
    }

    /// The machine code of all functions of a module that has been optimised.
    pub fn generate(self, module: &Module) -> Vec<CodeUnit> {
        if is_large(module) {
            return self.generate_in_parallel(module);
        }
        ids(module).map(|id| self.unit(module, id)).collect()
    }

    /// The assembly text of a function of a module that has been optimised.
    pub fn print(self, module: &Module, id: FunctionId) -> String {
        match self.architecture {
            Architecture::Aarch64 => aarch64::print(&self.aarch64(module, id), module),
            Architecture::X86_64 => x86_64::print(&self.x86_64(module, id), module),
        }
    }

    /// Joins units to one piece of code.
    pub fn link(self, module: &Module, units: Vec<CodeUnit>) -> Result<Linked, LinkError> {
        link::link(module, units, &self.link_options())
    }

    /// How units are joined.
    pub fn link_options(self) -> link::Options {
        link::Options {
            architecture: self.architecture,
            calls: self.calls,
            checks: self.stack_checks(),
            exhausted: Reason::StackExhausted.number(),
        }
    }

    /// Who looks whether the stack is used up: the baseline's functions have no room for that.
    fn stack_checks(self) -> StackChecks {
        match self.calls {
            Calls::Trampoline if self.is_baseline() => StackChecks::InTrampoline,
            _ => StackChecks::InFunctions,
        }
    }

    /// Whether functions come from AArch64's baseline generator.
    pub(crate) fn is_baseline(self) -> bool {
        self.architecture == Architecture::Aarch64 && self.level != Level::Full
    }

    /// The machine code of one function of a module that has been optimised.
    pub fn unit(self, module: &Module, id: FunctionId) -> CodeUnit {
        match self.architecture {
            Architecture::Aarch64 => aarch64::encode(&self.aarch64(module, id)),
            Architecture::X86_64 => x86_64::encode(&self.x86_64(module, id)),
        }
    }

    /// The instructions of a function of a module that has been optimised, for AArch64.
    pub(crate) fn aarch64(
        self,
        module: &Module,
        id: FunctionId,
    ) -> codegen::machine::Assembly<aarch64::instruction::Instruction> {
        let calls = self.calls;
        if self.is_baseline() {
            return aarch64::baseline::generate(module, id, calls);
        }
        aarch64::generate(module, id, &aarch64::Options { calls })
    }

    /// The instructions of a function of a module that has been optimised, for x86-64.
    pub(crate) fn x86_64(
        self,
        module: &Module,
        id: FunctionId,
    ) -> codegen::machine::Assembly<x86_64::instruction::Instruction> {
        let calls = self.calls;
        x86_64::generate(module, id, &x86_64::Options { calls })
    }

    fn generate_in_parallel(self, module: &Module) -> Vec<CodeUnit> {
        let mut units: Vec<_> = ids(module).map(|id| (id, None)).collect();
        parallel::for_each(
            &mut units,
            || (),
            |(), (id, unit)| {
                *unit = Some(self.unit(module, *id));
            },
        );
        units.into_iter().filter_map(|(_, unit)| unit).collect()
    }
}

/// Below so many instructions starting threads takes longer than it saves.
const LARGE: usize = 20_000;

fn is_large(module: &Module) -> bool {
    let sizes = module.functions.iter().map(|f| f.instructions.len());
    module.functions.len() > 1 && sizes.sum::<usize>() > LARGE
}

/// The ids of the functions of a module.
pub fn ids(module: &Module) -> impl Iterator<Item = FunctionId> + use<> {
    (0..module.functions.len() as u32).map(FunctionId)
}
