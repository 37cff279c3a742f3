//! Of two recursive calls whose results are added, the second becomes a jump.
//!
//! ```text
//! fib(n):                                   fib(n):
//!     if n < 2 { return n; }                    sum = 0;
//!     return fib(n - 1) + fib(n - 2);       again:
//!                                               if n < 2 { return sum + n; }
//!                                               sum = sum + fib(n - 1);
//!                                               n = n - 2;
//!                                               goto again;
//! ```
//!
//! Half of the activations are gone. Nobody may miss them: only functions are changed in which nothing
//! leaves and nobody else is called, so that no report of an exit has their activations in it. A
//! recursive call has to stay, and the jumps are counted: recursion that never ends still exhausts the
//! stack, or [`MOST_JUMPS`].

use super::rewrite::Substitution;
use crate::ir::{
    Binary, Block, BlockId, Callee, Condition, Function, FunctionId, Instruction, List, Op, Target,
    Value,
};
use crate::origin::{Linkage, Origin};

/// How often an activation may jump before its stack counts as exhausted: as many activations, with
/// the smallest frames, fill 64 MiB.
pub const MOST_JUMPS: i64 = 1 << 22;

/// Changes the function with that id, if it is of this kind; says whether it has done so. `exhausted`
/// is the reason of the exit that is taken after [`MOST_JUMPS`].
pub fn accumulate(function: &mut Function, id: FunctionId, exhausted: u32) -> bool {
    accumulate_up_to(function, id, exhausted, MOST_JUMPS)
}

fn accumulate_up_to(
    function: &mut Function,
    id: FunctionId,
    exhausted: u32,
    most_jumps: i64,
) -> bool {
    let sites: Vec<Option<Site>> = (0..function.blocks.len() as u32)
        .map(|block| Site::of(function, BlockId(block), id))
        .collect();
    let jumps = sites.iter().flatten().count();
    if jumps == 0 || recursive_calls(function, id) <= jumps || is_reported(function, id) {
        return false;
    }
    Rebuilding::new(function, exhausted, most_jumps).run(&sites);
    true
}

/// Whether an activation of the function can be among those that are told when something leaves.
fn is_reported(function: &Function, id: FunctionId) -> bool {
    function.instructions.iter().any(|instruction| {
        let calls_another =
            matches!(instruction.op, Op::Call { callee, .. } if callee != Callee::Function(id));
        calls_another || instruction.op.exit().is_some()
    })
}

fn recursive_calls(function: &Function, id: FunctionId) -> usize {
    let calls = |op| matches!(op, Op::Call { callee: Callee::Function(to), .. } if to == id);
    function
        .instructions
        .iter()
        .filter(|instruction| calls(instruction.op))
        .count()
}

/// The end of a block that can become a jump: `call @r, f(…)`, `add @s, r, addend`, `ret s`.
#[derive(Debug, Clone, Copy)]
struct Site {
    arguments: List,
    addend: Value,
}

impl Site {
    fn of(function: &Function, block: BlockId, id: FunctionId) -> Option<Self> {
        let [.., call, add, last] = function.block(block) else {
            return None;
        };
        let Op::Call {
            dest: called,
            callee,
            arguments,
            exit: None,
        } = call.op
        else {
            return None;
        };
        let Op::Binary {
            operator: Binary::Add,
            dest: sum,
            a,
            b,
        } = add.op
        else {
            return None;
        };
        let addend = match (a == called, b == called) {
            (true, false) => b,
            (false, true) => a,
            _ => return None,
        };
        let is_site = callee == Callee::Function(id)
            && matches!(last.op, Op::Return { value } if value == sum);
        is_site.then_some(Self { arguments, addend })
    }
}

/// The function with a new entry, and its old entry as the head of a loop.
struct Rebuilding<'f> {
    function: &'f mut Function,
    instructions: Vec<Instruction>,
    blocks: Vec<Block>,
    exhausted: u32,
    most_jumps: i64,
    /// What has been added up so far, a parameter of the head.
    sum: Value,
    /// How often the function has jumped, another one.
    jumps: Value,
    /// The arguments that the function looks at, each with the head's parameter for it.
    arguments: Vec<(u32, Value)>,
}

impl<'f> Rebuilding<'f> {
    /// The head of the loop, the old entry.
    const HEAD: BlockId = BlockId(1);

    fn new(function: &'f mut Function, exhausted: u32, most_jumps: i64) -> Self {
        let (sum, jumps) = (function.value(), function.value());
        Self {
            instructions: Vec::with_capacity(function.instructions.len() + 16),
            blocks: Vec::with_capacity(function.blocks.len() + 1),
            arguments: Vec::new(),
            function,
            exhausted,
            most_jumps,
            sum,
            jumps,
        }
    }

    fn run(mut self, sites: &[Option<Site>]) {
        let mut same = Substitution::new(self.function.values);
        for instruction in &self.function.instructions {
            let Op::Argument { dest, index } = instruction.op else {
                continue;
            };
            match self.arguments.iter().find(|argument| argument.0 == index) {
                Some(&(_, first)) => same.replace(dest, first),
                None => self.arguments.push((index, dest)),
            }
        }
        self.entry();
        for (block, site) in (0..).map(BlockId).zip(sites) {
            self.block(block, *site);
        }
        self.function.instructions = self.instructions;
        self.function.blocks = self.blocks;
        same.apply(self.function);
    }

    fn emit(&mut self, op: Op, origin: Origin) {
        self.instructions.push(Instruction { op, origin });
    }

    fn constant(&mut self, value: i64, origin: Origin) -> Value {
        let dest = self.function.value();
        self.emit(Op::Constant { dest, value }, origin);
        dest
    }

    fn binary(&mut self, operator: Binary, a: Value, b: Value, origin: Origin) -> Value {
        let dest = self.function.value();
        self.emit(
            Op::Binary {
                operator,
                dest,
                a,
                b,
            },
            origin,
        );
        dest
    }

    /// Fetches the arguments, and jumps to the head with nothing added up.
    fn entry(&mut self) {
        let origin = self
            .function
            .instructions
            .first()
            .map_or(Origin::default(), |i| i.origin);
        let mut values = Vec::with_capacity(self.arguments.len() + 2);
        for n in 0..self.arguments.len() {
            let dest = self.function.value();
            let index = self.arguments[n].0;
            self.emit(Op::Argument { dest, index }, origin);
            values.push(dest);
        }
        let zero = self.constant(0, origin);
        values.extend([zero, zero]);
        self.jump(&values, origin);
        self.close(0, List::EMPTY);
    }

    fn jump(&mut self, values: &[Value], origin: Origin) {
        let arguments = self.function.make_list(values);
        let target = Target {
            block: Self::HEAD,
            arguments,
        };
        self.emit(Op::Jump { target }, origin);
    }

    fn close(&mut self, start: usize, parameters: List) {
        let end = self.instructions.len() as u32;
        self.blocks.push(Block {
            parameters,
            start: start as u32,
            end,
        });
    }

    fn block(&mut self, id: BlockId, site: Option<Site>) {
        let start = self.instructions.len();
        let block = self.function.blocks[id.index()];
        let kept = block.range().len() - if site.is_some() { 3 } else { 0 };
        for position in block.range().take(kept) {
            let Instruction { op, origin } = self.function.instructions[position];
            match op {
                Op::Argument { .. } => {}
                Op::Return { value } => {
                    let value = self.binary(Binary::Add, self.sum, value, origin);
                    self.emit(Op::Return { value }, origin);
                }
                _ => self.emit(behind_new_entry(op), origin),
            }
        }
        if let Some(site) = site {
            let origin = self.function.instructions[block.range().start + kept].origin;
            self.jump_instead(site, origin.with(Linkage::Body));
        }
        let parameters = if id == BlockId::ENTRY {
            let mut values: Vec<Value> = self.arguments.iter().map(|&(_, value)| value).collect();
            values.extend([self.sum, self.jumps]);
            self.function.make_list(&values)
        } else {
            block.parameters
        };
        self.close(start, parameters);
    }

    /// ```text
    /// add   @r10, sum, addend
    /// add   @r11, jumps, 1
    /// guard r11 >= most or exit
    /// jmp   b1(arguments, r10, r11)
    /// ```
    fn jump_instead(&mut self, site: Site, origin: Origin) {
        let sum = self.binary(Binary::Add, self.sum, site.addend, origin);
        let one = self.constant(1, origin);
        let jumps = self.binary(Binary::Add, self.jumps, one, origin);
        let most = self.constant(self.most_jumps, origin);
        let too_many = Binary::Compare(Condition::GreaterEqual);
        let condition = self.binary(too_many, jumps, most, origin);
        let exit = self.function.make_exit(self.exhausted, &[]);
        self.emit(Op::Guard { condition, exit }, origin);
        let all: Vec<Value> = self.function.list(site.arguments).collect();
        let mut values: Vec<Value> = self
            .arguments
            .iter()
            .map(|&(index, _)| all[index as usize])
            .collect();
        values.extend([sum, jumps]);
        self.jump(&values, origin);
    }
}

/// All blocks have moved by one.
fn behind_new_entry(mut op: Op) -> Op {
    match &mut op {
        Op::Jump { target } => target.block.0 += 1,
        Op::Branch {
            then, otherwise, ..
        } => {
            then.block.0 += 1;
            otherwise.block.0 += 1;
        }
        _ => {}
    }
    op
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::Outcome;
    use crate::ir::interpret::{Limits, run};
    use crate::ir::verify::verify;
    use crate::passes::testing::{assert_kept, parse};

    const FIB: &str = "\
fn fib - #args: 1, #reg: 11 {
b0():
    mva @r0, a0
    mvi @r1, 2
    lt @r2, r0, r1
    br r2, b1(), b2()
b1():
    ret r0
b2():
    mvi @r3, 1
    sub @r4, r0, r3
    call @r5, fib:0(r4)
    mvi @r6, 2
    sub @r7, r0, r6
    call @r8, fib:0(r7)
    add @r9, r5, r8
    ret r9
}
";

    #[test]
    fn one_of_two_calls_whose_results_are_added_becomes_a_jump() {
        let mut module = parse(FIB);
        assert!(accumulate(&mut module.functions[0], FunctionId(0), 7));
        verify(&module).expect("it verifies");
        assert_eq!(recursive_calls(&module.functions[0], FunctionId(0)), 1);
        for (n, expected) in [(0, 0), (1, 1), (2, 1), (10, 55), (20, 6765)] {
            let outcome = run(&module, FunctionId(0), &[n], &mut (), &Limits::default());
            assert_eq!(outcome, Ok(Outcome::Returned(expected)));
        }
    }

    #[test]
    fn the_only_recursive_call_stays() {
        let source = "\
fn sum - #args: 1, #reg: 4 {
    mva @r0, a0
    mvi @r1, 1
    sub @r2, r0, r1
    call @r3, sum:0(r2)
    add @r4, r0, r3
    ret r4
}
"
        .replace("#reg: 4", "#reg: 5");
        let change = |function: &mut Function| {
            accumulate(function, FunctionId(0), 7);
        };
        assert_kept(change, &source);
    }

    #[test]
    fn activations_that_may_be_told_stay() {
        let source = FIB.replace("ret r0\n", "div @r10, r1, r0 or exit 0(r1)\n    ret r10\n");
        let change = |function: &mut Function| {
            accumulate(function, FunctionId(0), 7);
        };
        assert_kept(change, &source);
    }

    #[test]
    fn jumps_without_an_end_leave_by_the_exit() {
        let source = FIB
            .replace("lt @r2", "gt @r2")
            .replace("sub @r7, r0, r6", "add @r7, r0, r6");
        let source = source.replace("sub @r4, r0, r3", "add @r4, r1, r3");
        let mut module = parse(&source);
        assert!(accumulate_up_to(
            &mut module.functions[0],
            FunctionId(0),
            7,
            1000
        ));
        // From −1,000,000 on it goes up by 2, the other call returns at once.
        let outcome = run(
            &module,
            FunctionId(0),
            &[-1_000_000],
            &mut (),
            &Limits::default(),
        );
        assert!(matches!(outcome, Ok(Outcome::Left(left)) if left.reason == 7));
    }
}
