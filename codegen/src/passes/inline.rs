//! Inlining: calls of small functions are replaced by their bodies.
//!
//! ```text
//! call @r2, twice:1(r0)           add  @r5, r0, r0
//! ret  r2                         ret  r5
//! ```
//!
//! What came from a callee says so: its places become [`Place::Inlined`], so that an exit can still
//! be reported with the calls that led to it.

use thiserror::Error;

use super::calls;
use super::rewrite::{self, Renaming, Substitution};
use crate::ir::{
    Block, BlockId, Callee, Function, FunctionId, Instruction, List, Module, Op, Target, Value,
};
use crate::origin::{Place, PlaceId};

/// The number of instructions of a function that is inlined; constants and arguments don't count.
const LARGEST_CALLEE: usize = 20;
/// The same for one that calls itself something.
const LARGEST_CALLING_CALLEE: usize = 10;
/// The number of instructions by which a function may grow, beside doubling.
const GROWTH: usize = 500;

/// Replaces calls in one function: of those functions for which `is_ready` holds, as long as they
/// are small and the function doesn't grow too much.
pub fn inline(module: &mut Module, caller: FunctionId, is_ready: impl Fn(FunctionId) -> bool) {
    let function = &module.functions[caller.index()];
    let sites = Sites::of(module, function, |id| id != caller && is_ready(id));
    if sites.calls.is_empty() {
        return;
    }
    let inlined = Inliner::new(module, function, &sites).inline();
    module.functions[caller.index()] = inlined;
}

/// Replaces all calls in one function; none of them may be of the function itself.
pub fn inline_all(module: &mut Module, caller: FunctionId) {
    let function = &module.functions[caller.index()];
    let sites = Sites::all(function);
    if sites.calls.is_empty() {
        return;
    }
    let inlined = Inliner::new(module, function, &sites).inline();
    module.functions[caller.index()] = inlined;
}

/// Why not all calls can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InlineError {
    /// A function calls itself, maybe by way of others.
    #[error("a function calls itself, which can't be replaced by its body")]
    Recursion {
        /// The function that calls.
        caller: FunctionId,
        /// The call, in the places of the caller.
        place: PlaceId,
        /// The function that is called, which leads back to the caller.
        callee: FunctionId,
    },
    /// The bodies would be too large together.
    #[error("without calls the functions are too large")]
    TooLarge,
}

/// Whether all calls can be replaced in a function, or in all if none is given, so that none of them
/// grows beyond `limit` instructions.
///
/// # Errors
///
/// The first call in the order of the functions that leads back to its caller; else that they would
/// be too large.
pub fn check(module: &Module, root: Option<FunctionId>, limit: u64) -> Result<(), InlineError> {
    let calls = calls::Calls::of(module);
    let mut is_met = vec![false; module.functions.len()];
    let mut sizes = vec![0_u64; module.functions.len()];
    let roots = match root {
        Some(root) => vec![root],
        None => (0..module.functions.len() as u32).map(FunctionId).collect(),
    };
    let mut is_open = vec![false; module.functions.len()];
    for root in roots {
        // Each function on the path with the number of its callees that have been looked at.
        let mut path = Vec::new();
        if !std::mem::replace(&mut is_met[root.index()], true) {
            is_open[root.index()] = true;
            path.push((root, 0));
        }
        while let Some((caller, looked_at)) = path.last_mut() {
            let caller = *caller;
            if let Some(&callee) = calls.callees(caller.index()).get(*looked_at) {
                *looked_at += 1;
                if is_open[callee.index()] {
                    return Err(recursion(module, caller, callee));
                }
                if !std::mem::replace(&mut is_met[callee.index()], true) {
                    is_open[callee.index()] = true;
                    path.push((callee, 0));
                }
                continue;
            }
            let own = module.functions[caller.index()].instructions.len() as u64;
            let callees = calls.callees(caller.index()).iter();
            let size = callees.fold(own, |size, callee| {
                size.saturating_add(sizes[callee.index()])
            });
            if size > limit {
                return Err(InlineError::TooLarge);
            }
            sizes[caller.index()] = size;
            is_open[caller.index()] = false;
            path.pop();
        }
    }
    Ok(())
}

fn recursion(module: &Module, caller: FunctionId, callee: FunctionId) -> InlineError {
    let function = &module.functions[caller.index()];
    let call = function.instructions.iter().find(|instruction| {
        matches!(instruction.op, Op::Call { callee: Callee::Function(id), .. } if id == callee)
    });
    InlineError::Recursion {
        caller,
        place: call.map(|call| call.origin.place).unwrap_or_default(),
        callee,
    }
}

/// Whether a function is small enough, and calls not itself.
fn is_small(module: &Module, id: FunctionId) -> bool {
    let function = &module.functions[id.index()];
    let most = LARGEST_CALLEE.max(LARGEST_CALLING_CALLEE);
    // Many constants are a large function, too.
    if function.instructions.len() > 3 * most {
        return false;
    }
    let size = function
        .instructions
        .iter()
        .filter(|instruction| {
            !matches!(
                instruction.op,
                Op::Constant { .. } | Op::Argument { .. } | Op::Return { .. }
            )
        })
        .count();
    let checks_stack = function
        .instructions
        .iter()
        .any(|instruction| matches!(instruction.op, Op::StackCheck { .. }));
    let mut limit = LARGEST_CALLEE;
    for callee in calls::called(function) {
        if callee == id {
            return false;
        }
        limit = LARGEST_CALLING_CALLEE;
    }
    size <= limit && !checks_stack
}

/// The calls that are replaced.
struct Sites {
    /// Positions of instructions, ascending, and who is called.
    calls: Vec<(usize, FunctionId)>,
}

impl Sites {
    fn all(function: &Function) -> Self {
        let calls = function.instructions.iter().enumerate();
        let calls = calls.filter_map(|(position, instruction)| match instruction.op {
            Op::Call {
                callee: Callee::Function(id),
                ..
            } => Some((position, id)),
            _ => None,
        });
        Self {
            calls: calls.collect(),
        }
    }

    fn of(module: &Module, function: &Function, is_ready: impl Fn(FunctionId) -> bool) -> Self {
        let mut room = function.instructions.len() + GROWTH;
        let mut calls = Vec::new();
        for (position, instruction) in function.instructions.iter().enumerate() {
            let Op::Call {
                callee: Callee::Function(id),
                ..
            } = instruction.op
            else {
                continue;
            };
            let size = module.functions[id.index()].instructions.len();
            if size <= room && is_ready(id) && is_small(module, id) {
                room -= size;
                calls.push((position, id));
            }
        }
        Self { calls }
    }
}

/// The work on one caller.
struct Inliner<'a> {
    module: &'a Module,
    old: &'a Function,
    sites: &'a Sites,
    new: Function,
    /// The new block of each old one.
    names: Vec<BlockId>,
    /// What a call's result is, where a callee has only one block.
    results: Vec<(Value, Value)>,
    /// Where the block that is made begins, and its parameters.
    start: u32,
    parameters: List,
}

impl<'a> Inliner<'a> {
    fn new(module: &'a Module, old: &'a Function, sites: &'a Sites) -> Self {
        let mut new = Function::new(old.name.clone(), old.parameters);
        new.values = old.values;
        new.places.clone_from(&old.places);
        new.place = old.place;
        Self {
            module,
            old,
            sites,
            new,
            names: names(module, old, sites),
            results: Vec::new(),
            start: 0,
            parameters: List::EMPTY,
        }
    }

    fn inline(mut self) -> Function {
        let old = self.old;
        let has_more_blocks = self
            .sites
            .calls
            .iter()
            .any(|&(_, id)| !is_straight(&self.module.functions[id.index()]));
        let mut sites = self.sites.calls.iter().peekable();
        if has_more_blocks {
            self.copy_entry();
        }
        for block in &old.blocks {
            self.parameters = self.copy_list_of_results(block.parameters);
            for position in block.range() {
                let instruction = old.instructions[position];
                if let Some((_, callee)) = sites.next_if(|(at, _)| *at == position) {
                    self.call(instruction, *callee);
                } else if !(has_more_blocks && is_entry(&instruction.op)) {
                    let mut names = Caller { names: &self.names };
                    let op = rewrite::copy(old, &instruction.op, &mut self.new, &mut names);
                    self.new
                        .instructions
                        .push(Instruction { op, ..instruction });
                }
            }
            self.close_block();
        }
        let mut substitution = Substitution::new(self.new.values);
        for (dest, result) in self.results {
            substitution.replace(dest, result);
        }
        substitution.apply(&mut self.new);
        self.new
    }

    /// Begins with what must stand in the first block.
    fn copy_entry(&mut self) {
        let old = self.old;
        let mut names = Caller { names: &self.names };
        for instruction in old.instructions.iter().filter(|i| is_entry(&i.op)) {
            let op = rewrite::copy(old, &instruction.op, &mut self.new, &mut names);
            self.new.instructions.push(Instruction {
                op,
                origin: instruction.origin,
            });
        }
    }

    fn copy_list_of_results(&mut self, list: List) -> List {
        let values: Vec<Value> = self.old.list(list).collect();
        self.new.make_list(&values)
    }

    /// Ends the block that is made; the next begins.
    fn close_block(&mut self) {
        let end = self.new.instructions.len() as u32;
        self.new.blocks.push(Block {
            parameters: self.parameters,
            start: self.start,
            end,
        });
        self.start = end;
        self.parameters = List::EMPTY;
    }

    /// Writes a callee's body in the place of a call.
    fn call(&mut self, call: Instruction, id: FunctionId) {
        let Op::Call {
            dest, arguments, ..
        } = call.op
        else {
            return;
        };
        let callee = &self.module.functions[id.index()];
        let is_straight = is_straight(callee);
        let here = self.new.blocks.len() as u32;
        let mut names = Inlined {
            values: vec![None; callee.values as usize],
            next: self.new.values,
            here,
        };
        let arguments: Vec<Value> = self.old.list(arguments).collect();
        let behind = BlockId(here + callee.blocks.len() as u32);
        let mut places = Places::new(callee, id, call.origin.place);
        for (index, block) in callee.blocks.iter().enumerate() {
            if index > 0 {
                self.parameters =
                    rewrite::copy_results(callee, block.parameters, &mut self.new, &mut names);
            }
            for instruction in &callee.instructions[block.range()] {
                let op = match instruction.op {
                    Op::Argument { dest, index } => {
                        names.values[dest.index()] = Some(arguments[index as usize]);
                        continue;
                    }
                    Op::Return { value } if is_straight => {
                        self.results.push((dest, names.operand(value)));
                        continue;
                    }
                    Op::Return { value } => Op::Jump {
                        target: Target {
                            block: behind,
                            arguments: self.new.make_list(&[names.operand(value)]),
                        },
                    },
                    op => rewrite::copy(callee, &op, &mut self.new, &mut names),
                };
                let mut origin = instruction.origin;
                origin.place = places.inlined(&mut self.new, origin.place);
                self.new.instructions.push(Instruction { op, origin });
            }
            if !is_straight {
                self.close_block();
            }
        }
        self.new.values = names.next;
        if !is_straight {
            self.parameters = self.new.make_list(&[dest]);
        }
    }
}

/// Whether a function is one block that returns: it needs no blocks in its caller.
fn is_straight(function: &Function) -> bool {
    let last = function.instructions.last();
    function.blocks.len() == 1 && last.is_some_and(|last| matches!(last.op, Op::Return { .. }))
}

/// Whether an instruction stands in the first block if there are several. (The check of the stack
/// is before all others already.)
const fn is_entry(op: &Op) -> bool {
    matches!(op, Op::StackCheck { .. } | Op::Argument { .. })
}

/// The new block of each old one: what is inlined comes in between.
fn names(module: &Module, old: &Function, sites: &Sites) -> Vec<BlockId> {
    let mut sites = sites.calls.iter().peekable();
    let mut next = 0;
    old.blocks
        .iter()
        .map(|block| {
            let name = BlockId(next);
            next += 1;
            while let Some((_, id)) = sites.next_if(|(position, _)| *position < block.end as usize)
            {
                let callee = &module.functions[id.index()];
                if !is_straight(callee) {
                    next += callee.blocks.len() as u32;
                }
            }
            name
        })
        .collect()
}

/// The caller's names: values stay, blocks move.
struct Caller<'a> {
    names: &'a [BlockId],
}

impl Renaming for Caller<'_> {
    fn operand(&mut self, value: Value) -> Value {
        value
    }

    fn result(&mut self, value: Value) -> Value {
        value
    }

    fn block(&mut self, block: BlockId) -> BlockId {
        self.names[block.index()]
    }
}

/// A callee's names in its caller.
struct Inlined {
    values: Vec<Option<Value>>,
    next: u32,
    /// The block that its entry becomes the end of.
    here: u32,
}

impl Renaming for Inlined {
    fn operand(&mut self, value: Value) -> Value {
        let next = &mut self.next;
        *self.values[value.index()].get_or_insert_with(|| {
            *next += 1;
            Value(*next - 1)
        })
    }

    fn result(&mut self, value: Value) -> Value {
        self.operand(value)
    }

    fn block(&mut self, block: BlockId) -> BlockId {
        BlockId(self.here + block.0)
    }
}

/// A callee's places in its caller.
struct Places<'a> {
    callee: &'a Function,
    id: FunctionId,
    call: PlaceId,
    /// The copy of a place as it stands.
    copies: Vec<Option<PlaceId>>,
    /// The same, inlined.
    inlined: Vec<Option<PlaceId>>,
}

impl<'a> Places<'a> {
    fn new(callee: &'a Function, id: FunctionId, call: PlaceId) -> Self {
        let count = callee.places.len();
        Self {
            callee,
            id,
            call,
            copies: vec![None; count],
            inlined: vec![None; count],
        }
    }

    /// A place of the callee as one of the caller. What was inlined into the callee has a chain of
    /// calls, each of which is inlined.
    fn inlined(&mut self, caller: &mut Function, place: PlaceId) -> PlaceId {
        let mut chain = Vec::new();
        let mut outermost = place;
        while self.inlined[outermost.0 as usize].is_none()
            && let Place::Inlined {
                place,
                callee,
                call,
            } = self.callee.places[outermost.0 as usize]
        {
            chain.push((outermost, place, callee));
            outermost = call;
        }
        let mut result = match self.inlined[outermost.0 as usize] {
            Some(known) => known,
            None => {
                let copy = self.copy(caller, outermost);
                let made = push_place(
                    caller,
                    Place::Inlined {
                        place: copy,
                        callee: self.id.0,
                        call: self.call,
                    },
                );
                self.inlined[outermost.0 as usize] = Some(made);
                made
            }
        };
        for (original, place, callee) in chain.into_iter().rev() {
            let place = self.copy(caller, place);
            let call = result;
            result = push_place(
                caller,
                Place::Inlined {
                    place,
                    callee,
                    call,
                },
            );
            self.inlined[original.0 as usize] = Some(result);
        }
        result
    }

    /// A place of the callee that is not inlined, as it stands.
    fn copy(&mut self, caller: &mut Function, place: PlaceId) -> PlaceId {
        *self.copies[place.0 as usize]
            .get_or_insert_with(|| push_place(caller, self.callee.places[place.0 as usize]))
    }
}

fn push_place(function: &mut Function, place: Place) -> PlaceId {
    if place == Place::Unknown {
        return PlaceId(0);
    }
    function.places.push(place);
    PlaceId(function.places.len() as u32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::text;
    use crate::passes::testing::parse;

    fn assert_inlined(before: &str, after: &str) {
        let mut module = parse(before);
        inline(&mut module, FunctionId(0), |_| true);
        crate::ir::verify::verify(&module).expect("it verifies");
        let printed = text::print_function(&module, FunctionId(0)).to_string();
        let after = parse(after);
        let expected = text::print_function(&after, FunctionId(0)).to_string();
        assert_eq!(printed, expected);
    }

    const TWICE: &str = "
        fn twice - #args: 1, #reg: 2 {
            0: mva @r0, a0
            1: add @r1, r0, r0
            2: ret r1
        }";

    #[test]
    fn a_function_with_one_block_is_written_in_the_place_of_its_call() {
        assert_inlined(
            &format!(
                "fn f - #args: 1, #reg: 3 {{
                    0: mva @r0, a0
                    1: call @r1, twice:1(r0)
                    2: call @r2, twice:1(r1)
                    3: ret r2
                }}{TWICE}"
            ),
            &format!(
                "fn f - #args: 1, #reg: 5 {{
                    0: mva @r0, a0
                    1: add @r3, r0, r0
                    2: add @r4, r3, r3
                    3: ret r4
                }}{TWICE}"
            ),
        );
    }

    const LARGER: &str = "
        fn larger - #args: 2, #reg: 3 {
        b0():
            0: mva @r0, a0
            1: mva @r1, a1
            2: gt @r2, r0, r1
            3: br r2, b1(), b2()
        b1():
            4: ret r0
        b2():
            5: ret r1
        }";

    #[test]
    fn a_function_with_several_blocks_divides_the_block_of_its_call() {
        assert_inlined(
            &format!(
                "fn f - #args: 2, #reg: 4 {{
                    0: mva @r0, a0
                    1: mva @r1, a1
                    2: call @r2, larger:1(r0, r1)
                    3: add @r3, r2, r2
                    4: ret r3
                }}{LARGER}"
            ),
            &format!(
                "fn f - #args: 2, #reg: 5 {{
                b0():
                    0: mva @r0, a0
                    1: mva @r1, a1
                    2: gt @r4, r0, r1
                    3: br r4, b1(), b2()
                b1():
                    4: jmp b3(r0)
                b2():
                    5: jmp b3(r1)
                b3(@r2):
                    6: add @r3, r2, r2
                    7: ret r3
                }}{LARGER}"
            ),
        );
    }

    #[test]
    fn a_function_that_leaves_ends_the_block_of_its_call() {
        const LEAVES: &str = "
            fn leaves - #args: 0, #reg: 0 {
                0: exit 3()
            }";
        assert_inlined(
            &format!(
                "fn f - #args: 0, #reg: 1 {{
                    0: call @r0, leaves:1()
                    1: ret r0
                }}{LEAVES}"
            ),
            &format!(
                "fn f - #args: 0, #reg: 1 {{
                b0():
                    0: exit 3()
                b1(@r0):
                    1: ret r0
                }}{LEAVES}"
            ),
        );
    }

    #[test]
    fn a_function_that_calls_itself_is_not_inlined() {
        let text = "fn f - #args: 0, #reg: 1 {
                0: call @r0, g:1()
                1: ret r0
            }
            fn g - #args: 0, #reg: 1 {
                0: call @r0, g:1()
                1: ret r0
            }";
        assert_inlined(text, text);
    }

    #[test]
    fn places_of_two_levels_of_calls_can_be_told() {
        let source = |start| Place::Source {
            start,
            end: start + 1,
        };
        let mut module = parse(&format!(
            "fn f - #args: 0, #reg: 1 {{
                0: call @r0, g:1()
                1: ret r0
            }}
            fn g - #args: 0, #reg: 2 {{
                0: mvi @r0, 3
                1: call @r1, twice:2(r0)
                2: ret r1
            }}{TWICE}"
        ));
        for (function, position, start) in [(0, 0, 10), (1, 1, 20), (2, 1, 30)] {
            let function: &mut Function = &mut module.functions[function];
            let place = function.make_place(source(start));
            function.instructions[position].origin.place = place;
        }
        inline(&mut module, FunctionId(1), |_| true);
        inline(&mut module, FunctionId(0), |_| true);
        let f = &module.functions[0];
        let sum = f
            .instructions
            .iter()
            .find(|instruction| matches!(instruction.op, Op::Binary { .. }))
            .expect("twice adds");
        let place = |id: PlaceId| f.places[id.0 as usize];
        let Place::Inlined {
            place: inner,
            callee: 2,
            call,
        } = place(sum.origin.place)
        else {
            panic!("{:?}", place(sum.origin.place));
        };
        assert_eq!(place(inner), source(30));
        let Place::Inlined {
            place: middle,
            callee: 1,
            call,
        } = place(call)
        else {
            panic!("{:?}", place(call));
        };
        assert_eq!((place(middle), place(call)), (source(20), source(10)));
    }
}
