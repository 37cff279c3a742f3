//! A machine made up for the tests: its instructions are lists of operands.

use codegen::Origin;
use codegen::ir::BlockId;
use codegen::machine::{
    Code, CodeBlock, Constraint, Extra, MachineInstruction, Operand, Register, RegisterFile,
    RegisterSet, Role,
};

/// What an instruction is beside its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something that computes.
    Compute,
    /// A move.
    Move,
    /// Makes a constant.
    Constant(i64),
}

/// An instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Toy {
    pub kind: Kind,
    pub operands: [Option<Operand>; 4],
    pub clobbers: RegisterSet,
}

impl Toy {
    /// An instruction with these operands, at most four.
    pub fn new(kind: Kind, operands: &[Operand]) -> Self {
        let mut all = [None; 4];
        for (to, &from) in all.iter_mut().zip(operands) {
            *to = Some(from);
        }
        Self {
            kind,
            operands: all,
            clobbers: RegisterSet::EMPTY,
        }
    }

    /// The register of an operand.
    pub fn register(&self, operand: usize) -> Register {
        self.operands[operand].expect("the operand exists").register
    }
}

impl MachineInstruction for Toy {
    fn visit_registers(&mut self, mut visit: impl FnMut(&mut Register, Role, Constraint)) {
        for operand in self.operands.iter_mut().flatten() {
            visit(&mut operand.register, operand.role, operand.constraint);
        }
    }

    fn clobbers(&self) -> RegisterSet {
        self.clobbers
    }

    fn as_move(&self) -> Option<(Register, Register)> {
        (self.kind == Kind::Move).then(|| (self.register(1), self.register(0)))
    }

    fn as_constant(&self) -> Option<(Register, i64)> {
        match self.kind {
            Kind::Constant(value) => Some((self.register(0), value)),
            _ => None,
        }
    }
}

/// The virtual register of an index.
pub fn v(index: u32) -> Register {
    Register::virtual_register(index)
}

/// An operand that is read.
pub fn reads(register: Register, constraint: Constraint) -> Operand {
    Operand {
        register,
        role: Role::Use,
        constraint,
    }
}

/// An operand that is written.
pub fn writes(register: Register, constraint: Constraint) -> Operand {
    Operand {
        register,
        role: Role::Define,
        constraint,
    }
}

/// A register file of `count` registers, those from `kept` on callee-saved; the scratch register
/// follows them.
pub fn file(count: u8, kept: u8) -> RegisterFile {
    RegisterFile {
        allocatable: (0..count).collect(),
        callee_saved: (kept..count).collect(),
        scratch: count,
    }
}

/// Builds code block by block, in layout order.
pub struct Builder {
    pub code: Code<Toy>,
}

impl Builder {
    /// No code.
    pub fn new() -> Self {
        Self {
            code: Code {
                instructions: Vec::new(),
                origins: Vec::new(),
                blocks: Vec::new(),
                lists: Vec::new(),
                extras: Vec::new(),
                operands: Vec::new(),
                exits: Vec::new(),
                virtual_registers: 0,
            },
        }
    }

    /// Begins the next block.
    pub fn block(&mut self, parameters: &[Register]) {
        let at = self.code.instructions.len() as u32;
        let parameters = self.list(parameters);
        self.code.blocks.push(CodeBlock {
            start: at,
            end: at,
            parameters,
            ..CodeBlock::default()
        });
    }

    /// Adds an instruction.
    pub fn add(&mut self, instruction: Toy) {
        for operand in instruction.operands.iter().flatten() {
            self.count(operand.register);
        }
        self.code.instructions.push(instruction);
        self.code.origins.push(Origin::default());
        self.last().end += 1;
    }

    /// Adds operands beside the last instruction.
    pub fn beside(&mut self, operands: &[Operand]) {
        let from = self.code.operands.len() as u32;
        for &operand in operands {
            self.count(operand.register);
            self.code.operands.push(operand);
        }
        self.code.extras.push(Extra {
            instruction: self.code.instructions.len() as u32 - 1,
            operands: (from, self.code.operands.len() as u32),
        });
    }

    /// `result = constant`
    pub fn constant(&mut self, result: u32, value: i64) {
        self.add(Toy::new(
            Kind::Constant(value),
            &[writes(v(result), Constraint::Register)],
        ));
    }

    /// `result = move operand`
    pub fn copy(&mut self, result: u32, operand: u32) {
        let operands = [
            reads(v(operand), Constraint::Register),
            writes(v(result), Constraint::Register),
        ];
        self.add(Toy::new(Kind::Move, &operands));
    }

    /// `result = compute uses`
    pub fn compute(&mut self, result: u32, uses: &[u32]) {
        let mut operands = register_uses(uses);
        operands.push(writes(v(result), Constraint::Register));
        self.add(Toy::new(Kind::Compute, &operands));
    }

    /// An instruction that reads only.
    pub fn consume(&mut self, uses: &[u32]) {
        self.add(Toy::new(Kind::Compute, &register_uses(uses)));
    }

    /// A call with arguments in registers 0, 1, …, its result in register 0.
    pub fn call(&mut self, result: u32, arguments: &[u32], clobbers: RegisterSet) {
        self.add(Toy {
            clobbers,
            ..Toy::new(Kind::Compute, &[])
        });
        let mut operands: Vec<Operand> = (0..)
            .zip(arguments)
            .map(|(number, &argument)| reads(v(argument), Constraint::Fixed(number)))
            .collect();
        operands.push(writes(v(result), Constraint::Fixed(0)));
        self.beside(&operands);
    }

    /// Ends the block with a jump.
    pub fn jump(&mut self, to: u32, arguments: &[Register]) {
        self.add(Toy::new(Kind::Compute, &[]));
        let arguments = self.list(arguments);
        let block = self.last();
        block.successors = [Some(BlockId(to)), None];
        block.arguments = arguments;
    }

    /// Ends the block with a branch.
    pub fn branch(&mut self, condition: u32, then: u32, otherwise: u32) {
        self.consume(&[condition]);
        self.last().successors = [Some(BlockId(then)), Some(BlockId(otherwise))];
    }

    /// Ends the block and the function with the result in register 0.
    pub fn leave(&mut self, result: u32) {
        self.add(Toy::new(Kind::Compute, &[]));
        self.beside(&[reads(v(result), Constraint::Fixed(0))]);
    }

    fn last(&mut self) -> &mut CodeBlock {
        self.code.blocks.last_mut().expect("a block has been begun")
    }

    fn list(&mut self, registers: &[Register]) -> (u32, u32) {
        let from = self.code.lists.len() as u32;
        for &register in registers {
            self.count(register);
            self.code.lists.push(register);
        }
        (from, self.code.lists.len() as u32)
    }

    fn count(&mut self, register: Register) {
        if let Some(index) = register.virtual_index() {
            self.code.virtual_registers = self.code.virtual_registers.max(index + 1);
        }
    }
}

fn register_uses(uses: &[u32]) -> Vec<Operand> {
    let uses = uses.iter();
    uses.map(|&register| reads(v(register), Constraint::Register))
        .collect()
}
