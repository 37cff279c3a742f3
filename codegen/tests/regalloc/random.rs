//! Random code: any flow of control, values used wherever they are defined on every way, operands
//! with all constraints.

use codegen::machine::{Code, Constraint, Operand, Register, RegisterFile, RegisterSet, Role};

use crate::toy::{Builder, Kind, Toy, reads, v, writes};

/// Random numbers (`SplitMix64`).
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % bound.max(1) as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// How large the code becomes, and how.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// At most so many blocks that others can jump to.
    pub blocks: usize,
    /// At most so many instructions a block.
    pub instructions: usize,
    /// Operands are among so many values that were defined last.
    pub window: usize,
}

/// How a block ends.
enum End {
    Return,
    Jump(usize),
    Branch(usize, usize),
}

/// Random code for a register file.
pub fn code(seed: u64, shape: Shape, file: &RegisterFile) -> Code<Toy> {
    let mut random = Random(seed);
    let ends = flow(&mut random, shape.blocks);
    let dominators = dominators(&ends);
    let mut generator = Generator {
        file,
        shape,
        parameters: Vec::new(),
        bodies: (0..ends.len()).map(|_| Vec::new()).collect(),
        at_end: vec![Vec::new(); ends.len()],
        next: 0,
        random,
    };
    generator.parameters = generator.parameters(&ends);
    for &block in &order(&dominators) {
        let inherited = dominators[block]
            .filter(|&dominator| dominator != block)
            .map_or(Vec::new(), |dominator| generator.at_end[dominator].clone());
        generator.body(block, inherited, &ends[block]);
    }
    generator.write(&ends)
}

/// An instruction and the operands beside it.
type Item = (Toy, Vec<Operand>);

struct Generator<'a> {
    file: &'a RegisterFile,
    shape: Shape,
    parameters: Vec<Vec<u32>>,
    bodies: Vec<Vec<Item>>,
    /// The values that may be used at the end of each block.
    at_end: Vec<Vec<u32>>,
    next: u32,
    random: Random,
}

impl Generator<'_> {
    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Only blocks that are jumped to have parameters.
    fn parameters(&mut self, ends: &[End]) -> Vec<Vec<u32>> {
        let jumped_to = |block| {
            let jumps = |end: &End| matches!(end, End::Jump(to) if *to == block);
            ends.iter().any(jumps)
        };
        let count = |this: &mut Self| if this.random.once_in(12) { 12 } else { 4 };
        (0..ends.len())
            .map(|block| {
                let most = count(self);
                let count = if jumped_to(block) {
                    self.random.below(most)
                } else {
                    0
                };
                (0..count).map(|_| self.fresh()).collect()
            })
            .collect()
    }

    fn body(&mut self, block: usize, mut values: Vec<u32>, end: &End) {
        values.extend(&self.parameters[block]);
        for _ in 0..self.random.below(self.shape.instructions + 1) {
            let item = self.instruction(&mut values);
            self.bodies[block].push(item);
        }
        if values.is_empty() {
            let result = self.fresh();
            values.push(result);
            let operands = [writes(v(result), Constraint::Register)];
            self.bodies[block].push((Toy::new(Kind::Compute, &operands), Vec::new()));
        }
        let nothing = Toy::new(Kind::Compute, &[]);
        let last = match end {
            End::Return => {
                let result = self.pick(&values);
                (nothing, vec![reads(result, Constraint::Fixed(0))])
            }
            End::Jump(_) => (nothing, Vec::new()),
            End::Branch(..) => {
                let condition = reads(self.pick(&values), Constraint::Register);
                (Toy::new(Kind::Compute, &[condition]), Vec::new())
            }
        };
        self.bodies[block].push(last);
        self.at_end[block] = values;
    }

    fn pick(&mut self, values: &[u32]) -> Register {
        let window = if self.random.once_in(8) {
            values.len()
        } else {
            self.shape.window
        };
        let window = window.min(values.len());
        v(values[values.len() - window + self.random.below(window)])
    }

    fn result(&mut self, values: &mut Vec<u32>) -> Register {
        let result = self.fresh();
        values.push(result);
        v(result)
    }

    fn instruction(&mut self, values: &mut Vec<u32>) -> Item {
        let choice = if values.is_empty() {
            0
        } else {
            self.random.below(16)
        };
        match choice {
            0 | 1 => {
                let value = self.random.below(3) as i64;
                let result = writes(self.result(values), Constraint::Register);
                (Toy::new(Kind::Constant(value), &[result]), Vec::new())
            }
            2 | 3 => {
                let operand = reads(self.pick(values), Constraint::Register);
                let result = writes(self.result(values), Constraint::Register);
                (Toy::new(Kind::Move, &[operand, result]), Vec::new())
            }
            4..=6 => self.two_address(values),
            7 => self.call(values),
            8 => self.divide(values),
            9 => self.guard(values),
            _ => self.compute(values),
        }
    }

    fn compute(&mut self, values: &mut Vec<u32>) -> Item {
        let room = self.file.allocatable.len().min(4);
        let uses = 1 + self.random.below(2);
        let mut operands: Vec<Operand> = (0..uses)
            .map(|_| reads(self.pick(values), Constraint::Register))
            .collect();
        for _ in 0..self.random.below(1 + room - uses) {
            let mut result = writes(self.result(values), Constraint::Register);
            if self.random.once_in(4) {
                result.role = Role::DefineEarly;
            }
            operands.push(result);
        }
        (Toy::new(Kind::Compute, &operands), Vec::new())
    }

    fn two_address(&mut self, values: &mut Vec<u32>) -> Item {
        let first = reads(self.pick(values), Constraint::Register);
        let constraint = match self.random.below(4) {
            0 => Constraint::Fixed(1),
            _ => Constraint::Register,
        };
        let second = reads(self.pick(values), constraint);
        let result = writes(self.result(values), Constraint::SameAsFirstUse);
        (
            Toy::new(Kind::Compute, &[first, second, result]),
            Vec::new(),
        )
    }

    fn call(&mut self, values: &mut Vec<u32>) -> Item {
        let all = self.file.allocatable.iter();
        let spoilt = all.filter(|&&number| !self.file.callee_saved.contains(number));
        let clobbers: RegisterSet = spoilt.copied().collect();
        let most = clobbers.len().min(6) as usize;
        let mut beside = Vec::new();
        for number in 0..self.random.below(most + 1) {
            beside.push(reads(self.pick(values), Constraint::Fixed(number as u8)));
        }
        let mut uses = Vec::new();
        if beside.len() < self.file.allocatable.len() && self.random.once_in(3) {
            uses.push(reads(self.pick(values), Constraint::Register));
        }
        if self.random.once_in(3) {
            beside.push(reads(self.pick(values), Constraint::Anywhere));
        }
        for number in 0..self.random.below(3).min(most) {
            beside.push(writes(self.result(values), Constraint::Fixed(number as u8)));
        }
        let call = Toy {
            clobbers,
            ..Toy::new(Kind::Compute, &uses)
        };
        (call, beside)
    }

    fn divide(&mut self, values: &mut Vec<u32>) -> Item {
        let operands = [
            reads(self.pick(values), Constraint::Fixed(0)),
            reads(self.pick(values), Constraint::Register),
            writes(self.result(values), Constraint::Fixed(0)),
            writes(self.result(values), Constraint::Fixed(1)),
        ];
        (Toy::new(Kind::Compute, &operands), Vec::new())
    }

    fn guard(&mut self, values: &[u32]) -> Item {
        let condition = reads(self.pick(values), Constraint::Register);
        let count = self.random.below(6);
        let beside = (0..count)
            .map(|_| reads(self.pick(values), Constraint::Anywhere))
            .collect();
        (Toy::new(Kind::Compute, &[condition]), beside)
    }

    /// Writes the blocks in a random order, the entry first.
    fn write(mut self, ends: &[End]) -> Code<Toy> {
        let mut layout: Vec<usize> = (0..ends.len()).collect();
        for _ in 0..self.random.below(2) * ends.len() {
            let (a, b) = (self.random.below(ends.len()), self.random.below(ends.len()));
            if a != 0 && b != 0 {
                layout.swap(a, b);
            }
        }
        let mut number = vec![0; ends.len()];
        for (position, &block) in layout.iter().enumerate() {
            number[block] = position as u32;
        }
        let mut builder = Builder::new();
        for &block in &layout {
            let parameters: Vec<Register> = self.parameters[block].iter().map(|&p| v(p)).collect();
            builder.block(&parameters);
            let (last, body) = self.bodies[block].split_last().expect("a block has an end");
            for (instruction, beside) in body {
                builder.add(*instruction);
                if !beside.is_empty() {
                    builder.beside(beside);
                }
            }
            match ends[block] {
                End::Return => {
                    builder.add(last.0);
                    builder.beside(&last.1);
                }
                End::Jump(to) => {
                    let values = self.at_end[block].clone();
                    let arguments: Vec<Register> = (0..self.parameters[to].len())
                        .map(|_| self.pick(&values))
                        .collect();
                    builder.jump(number[to], &arguments);
                }
                End::Branch(then, otherwise) => {
                    let condition = last.0.register(0).virtual_index().expect("it is virtual");
                    builder.branch(condition, number[then], number[otherwise]);
                }
            }
        }
        builder.code.virtual_registers = self.next;
        builder.code
    }
}

/// Random ends of blocks. No edge is critical: a branch leads to blocks of its own, which jump.
fn flow(random: &mut Random, most: usize) -> Vec<End> {
    let count = 1 + random.below(most);
    let mut ends: Vec<End> = Vec::new();
    let mut edges = Vec::new();
    for block in 0..count {
        // Mostly forward, so that all blocks are reached.
        let mut target = || match random.below(4) {
            0 => 1 + random.below(count - 1),
            _ => block + 1,
        };
        let (one, other) = (target(), target());
        let end = match random.below(8) {
            _ if one >= count || other >= count => End::Return,
            0 => End::Return,
            1..=3 => End::Jump(one),
            _ => {
                edges.extend([one, other]);
                End::Branch(count + edges.len() - 2, count + edges.len() - 1)
            }
        };
        ends.push(end);
    }
    ends.extend(edges.into_iter().map(End::Jump));
    ends
}

fn successors(end: &End) -> Vec<usize> {
    match *end {
        End::Return => Vec::new(),
        End::Jump(to) => vec![to],
        End::Branch(then, otherwise) => vec![then, otherwise],
    }
}

/// The immediate dominator of each block; `None` for the entry and for what can't be reached. By
/// definition: d dominates b if b can't be reached without d.
fn dominators(ends: &[End]) -> Vec<Option<usize>> {
    let reached_without = |without: Option<usize>| {
        let mut seen = vec![false; ends.len()];
        let mut pending = vec![0];
        while let Some(block) = pending.pop() {
            if Some(block) != without && !seen[block] {
                seen[block] = true;
                pending.extend(successors(&ends[block]));
            }
        }
        seen
    };
    let reached = reached_without(None);
    let without: Vec<Vec<bool>> = (0..ends.len()).map(|d| reached_without(Some(d))).collect();
    let dominates = |d: usize, b: usize| reached[d] && reached[b] && !without[d][b];
    let depth = |b: usize| (0..ends.len()).filter(|&d| dominates(d, b)).count();
    (0..ends.len())
        .map(|block| {
            let strict = (0..ends.len()).filter(|&d| d != block && dominates(d, block));
            strict.max_by_key(|&d| depth(d))
        })
        .collect()
}

/// The blocks, each behind its dominator.
fn order(dominators: &[Option<usize>]) -> Vec<usize> {
    let depth = |mut block: usize| {
        let mut depth = 0;
        while let Some(dominator) = dominators[block] {
            block = dominator;
            depth += 1;
        }
        depth
    };
    let mut order: Vec<usize> = (0..dominators.len()).collect();
    order.sort_by_key(|&block| depth(block));
    order
}
