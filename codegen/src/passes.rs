//! The optimiser: what is done to a module between its source and its code.
//!
//! Each pass is a public function of its own, in a file of its own, and leaves a function that
//! verifies and means the same: it returns the same value, calls the same imports with the same
//! arguments in the same order, and leaves by the same exit with the same values. What may leave is
//! never removed, moved across another exit or a call, or done where it was not done before.
//!
//! [`Level::Basic`] are four simple passes, in this order: [`constants`], [`dedup`], [`dead`],
//! [`renumber`].
//!
//! [`Level::Full`] goes through the functions from callees to callers. Each gets small callees
//! [inlined](inline), and is [simplified](simplify): that is the pass that does most, and straight
//! code needs no other. With branches it is cleared of needless [blocks], [loops] get their test to
//! the bottom and lose what is the same in each iteration, small branches become
//! [selections](if_conversion), short ways to a [return](returns) are copied, and the blocks are
//! [laid out](layout). After a pass that changes branches the function is simplified again. Before all
//! that, recursion whose results are [added up](accumulate) may become a loop;
//! [`Options::exhausted`] says how recursion without an end is still told.
//!
//! Each pass takes time in proportion to the function's size.

pub mod accumulate;
pub mod blocks;
mod calls;
pub mod compact;
pub mod constants;
pub mod countdown;
pub mod dead;
pub mod dedup;
pub mod equal_parameters;
pub mod if_conversion;
pub mod inline;
pub mod layout;
pub mod loops;
pub mod parameters;
pub mod renumber;
pub mod returns;
mod rewrite;
pub mod simplify;
pub mod stack_checks;
pub mod strength;
#[cfg(test)]
mod testing;

pub use blocks::split_critical_edges;

use crate::ir::verify::verify_function;
use crate::ir::{Function, FunctionId, Module};
use calls::Calls;
use strength::Costs;

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    None,
    /// Constants, and what is dead.
    Basic,
    /// Everything.
    #[default]
    Full,
}

/// Which calls are replaced by the functions' bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Inlining {
    /// None.
    None,
    /// Those of small functions, at [`Level::Full`] only.
    #[default]
    Small,
    /// All, at every level; no function may call itself, not by way of others either. See
    /// [`inline::check`].
    Everything,
}

/// What is left open by the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which calls are replaced by the functions' bodies.
    pub inline: Inlining,
    /// What decides between ways of multiplying and dividing ([`Level::Full`] only).
    pub costs: Costs,
    /// The reason of the exit when the stack is exhausted, if recursive calls may become jumps
    /// ([`Level::Full`] only).
    pub exhausted: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            inline: Inlining::Small,
            costs: Costs::AARCH64,
            exhausted: None,
        }
    }
}

/// A pass, with the name by which it can be asked for.
pub type Pass = (&'static str, fn(&mut Function));

/// The passes of [`Level::Basic`], in their order.
pub const BASIC: [Pass; 4] = [
    ("constants", constants::propagate),
    ("dedup", dedup::deduplicate),
    ("dead", dead::eliminate),
    ("final", renumber::renumber),
];

/// What the functions of a module look like from outside. In debug builds a function is verified
/// with it after every pass; otherwise nobody looks at it, and it is empty.
#[derive(Debug, Clone)]
pub struct Signatures(Module);

impl Signatures {
    /// Those of a module.
    pub fn of(module: &Module) -> Self {
        let mut signatures = Module::default();
        if cfg!(debug_assertions) {
            signatures.imports.clone_from(&module.imports);
            signatures.functions = module
                .functions
                .iter()
                .map(|function| Function::new(function.name.clone(), function.parameters))
                .collect();
        }
        Self(signatures)
    }
}

/// Improves all functions of a module. Ids of functions stay as they are, also where no call of a
/// function is left.
///
/// In debug builds the function is verified after every pass.
pub fn optimise(module: &mut Module, level: Level, options: Options) {
    let signatures = Signatures::of(module);
    let inlines = match options.inline {
        Inlining::None => false,
        Inlining::Small => level == Level::Full,
        Inlining::Everything => true,
    };
    if !inlines {
        for (id, function) in (0..).map(FunctionId).zip(&mut module.functions) {
            optimise_function(function, id, level, options, &signatures);
        }
        return;
    }
    let order = Calls::of(module).bottom_up();
    let mut is_done = vec![false; module.functions.len()];
    for id in order {
        if options.inline == Inlining::Everything {
            inline::inline_all(module, id);
        } else {
            inline::inline(module, id, |callee| is_done[callee.index()]);
        }
        let function = &mut module.functions[id.index()];
        optimise_function(function, id, level, options, &signatures);
        is_done[id.index()] = true;
    }
}

/// What a level does to one function, its calls left as they are. Functions don't depend on each
/// other here: several threads may do this.
pub fn optimise_function(
    function: &mut Function,
    id: FunctionId,
    level: Level,
    options: Options,
    signatures: &Signatures,
) {
    match level {
        Level::None => {}
        Level::Basic => BASIC
            .into_iter()
            .for_each(|(_, pass)| apply(function, signatures, pass)),
        Level::Full => {
            if let Some(exhausted) = options.exhausted {
                apply(function, signatures, |function| {
                    accumulate::accumulate(function, id, exhausted)
                });
            }
            optimise_fully(function, options.costs, signatures);
        }
    }
}

fn optimise_fully(function: &mut Function, costs: Costs, signatures: &Signatures) {
    apply(function, signatures, blocks::straighten);
    if function.blocks.len() == 1 {
        return optimise_straight_code(function, costs, signatures);
    }
    simplify_and_clean(function, costs, signatures);
    if apply(function, signatures, loops::invert::invert) {
        apply(function, signatures, blocks::straighten);
        simplify_and_clean(function, costs, signatures);
    }
    if costs.selects && apply(function, signatures, if_conversion::convert) {
        simplify_and_clean(function, costs, signatures);
    }
    if apply(function, signatures, returns::duplicate) {
        simplify_and_clean(function, costs, signatures);
    }
    apply(function, signatures, countdown::count_down);
    apply(function, signatures, loops::hoist::hoist);
    apply(function, signatures, layout::arrange);
    apply(function, signatures, renumber::renumber);
}

/// What is left to do where control has only one way.
fn optimise_straight_code(function: &mut Function, costs: Costs, signatures: &Signatures) {
    apply(function, signatures, |function| {
        simplify::simplify(function, costs);
    });
    apply(function, signatures, compact::compact);
}

/// Simplifies, and takes away what is not needed any more.
fn simplify_and_clean(function: &mut Function, costs: Costs, signatures: &Signatures) {
    apply(function, signatures, |function| {
        simplify::simplify(function, costs);
    });
    apply(function, signatures, blocks::straighten);
    apply(function, signatures, equal_parameters::merge);
    apply(function, signatures, parameters::replace_constant);
    apply(function, signatures, dead::eliminate);
}

/// Applies a pass to a function.
fn apply<T>(
    function: &mut Function,
    signatures: &Signatures,
    pass: impl FnOnce(&mut Function) -> T,
) -> T {
    let result = pass(function);
    debug_assert_eq!(
        verify_function(&signatures.0, function),
        Ok(()),
        "a pass leaves a function that verifies"
    );
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::testing::parse;

    const SOURCE: &str = "\
fn main - #args: 1, #reg: 5 {
    0:  mvi  @r0, 2
    1:  mvi  @r1, 2
    2:  add  @r2, r0, r1
    3:  mva  @r3, a0
    4:  add  @r4, r2, r3
    5:  ret  r4
}
";

    #[test]
    fn each_of_the_four_passes_prints_as_it_is_explained() {
        let stages = [
            "\
fn main - #args: 1, #reg: 5 {
    0:  mvi  @r0, 2
    1:  mvi  @r1, 2
    2:  mvi  @r2, 4
    3:  mva  @r3, a0
    4:  add  @r4, r2, r3
    5:  ret  r4
}
",
            "\
fn main - #args: 1, #reg: 5 {
    0:  mvi  @r0, 2
    1:  mvi  @r2, 4
    2:  mva  @r3, a0
    3:  add  @r4, r2, r3
    4:  ret  r4
}
",
            "\
fn main - #args: 1, #reg: 5 {
    0:  mvi  @r2, 4
    1:  mva  @r3, a0
    2:  add  @r4, r2, r3
    3:  ret  r4
}
",
            "\
fn main - #args: 1, #reg: 3 {
    0:  mvi  @r0, 4
    1:  mva  @r1, a0
    2:  add  @r2, r0, r1
    3:  ret  r2
}
",
        ];
        let mut module = parse(SOURCE);
        for ((_, pass), expected) in BASIC.into_iter().zip(stages) {
            pass(&mut module.functions[0]);
            assert_eq!(module.to_string(), expected);
        }
        let mut module = parse(SOURCE);
        optimise(&mut module, Level::Basic, Options::default());
        assert_eq!(module.to_string(), stages[3]);
    }

    #[test]
    fn a_call_between_constants_stays_as_it_is_at_the_basic_level() {
        let text = "\
fn f - #args: 0, #reg: 4 {
    0:  mvi  @r0, 1
    1:  mvi  @r2, 2
    2:  call @r1, g:1(r2)
    3:  add  @r3, r0, r1
    4:  ret  r3
}

fn g - #args: 1, #reg: 3 {
    0:  mvi  @r0, 2
    1:  mva  @r1, a0
    2:  mul  @r2, r0, r1
    3:  ret  r2
}
";
        let mut module = parse(text);
        optimise(&mut module, Level::Basic, Options::default());
        assert_eq!(module.to_string(), text);
    }

    #[test]
    fn at_no_level_nothing_changes() {
        let mut module = parse(SOURCE);
        optimise(&mut module, Level::None, Options::default());
        assert_eq!(module.to_string(), SOURCE);
    }

    #[test]
    fn at_the_full_level_a_small_callee_leaves_a_constant() {
        let mut module = parse(
            "fn f - #args: 0, #reg: 4 {
                0: mvi @r0, 1
                1: mvi @r2, 2
                2: call @r1, g:1(r2)
                3: add @r3, r0, r1
                4: ret r3
            }
            fn g - #args: 1, #reg: 3 {
                0: mvi @r0, 2
                1: mva @r1, a0
                2: mul @r2, r0, r1
                3: ret r2
            }",
        );
        optimise(&mut module, Level::Full, Options::default());
        let printed = crate::ir::text::print_function(&module, FunctionId(0)).to_string();
        assert_eq!(
            printed,
            "fn f - #args: 0, #reg: 1 {\n    0:  mvi  @r0, 5\n    1:  ret  r0\n}\n"
        );
    }
}
