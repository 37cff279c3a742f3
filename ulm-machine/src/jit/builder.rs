//! Writes a function of the intermediate representation, block by block, in any order.

use codegen::ir::{
    Access, Binary, Block, BlockId, Condition, Division, ExitId, Function, Instruction, List, Op,
    Target, Unary, Value, Width,
};
use codegen::{Origin, Place, PlaceId};
use rustc_hash::FxHashMap;

/// What is known of a value beyond its definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It is this number.
    Constant(u64),
    /// It is another value plus this.
    Sum(Value, u64),
    /// Nothing.
    Nothing,
}

/// A word of the host; hosts that code is generated for are little-endian.
const WORD: Access = Access {
    width: Width::Double,
    signed: false,
    big_endian: false,
};

/// A function on its way. Operations on constants are carried out at once.
#[derive(Debug)]
pub(super) struct Builder {
    function: Function,
    drafts: Vec<Draft>,
    current: BlockId,
    known: Vec<Known>,
    /// Constants and sums that have been computed before the current place.
    computed: Computed,
    place: PlaceId,
}

/// What has been computed on every way to a place, so that it need not be computed again.
#[derive(Debug, Clone, Default)]
pub(super) struct Computed {
    constants: FxHashMap<u64, Value>,
    binaries: FxHashMap<(Binary, Value, Value), Value>,
}

/// A number in the code that is known only later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    /// The constant, or what is loaded.
    pub(super) value: Value,
    block: BlockId,
    position: usize,
}

/// A block on its way.
#[derive(Debug)]
struct Draft {
    parameters: List,
    instructions: Vec<Instruction>,
}

impl Builder {
    /// A function with so many parameters, which begins with its entry block.
    pub(super) fn new(name: String, parameters: u32) -> Self {
        Self {
            function: Function::new(name, parameters),
            drafts: vec![Draft::default()],
            current: BlockId::ENTRY,
            known: Vec::new(),
            computed: Computed::default(),
            place: PlaceId::default(),
        }
    }

    /// The finished function.
    pub(super) fn finish(mut self) -> Function {
        for draft in self.drafts {
            let start = self.function.instructions.len() as u32;
            self.function.instructions.extend(draft.instructions);
            self.function.blocks.push(Block {
                parameters: draft.parameters,
                start,
                end: self.function.instructions.len() as u32,
            });
        }
        self.function
    }

    /// A new block with so many parameters. Blocks are laid out in the order in which they are made.
    pub(super) fn block(&mut self, parameters: usize) -> (BlockId, Vec<Value>) {
        let values: Vec<Value> = (0..parameters).map(|_| self.value()).collect();
        let parameters = self.function.make_list(&values);
        self.drafts.push(Draft {
            parameters,
            instructions: Vec::new(),
        });
        (BlockId(self.drafts.len() as u32 - 1), values)
    }

    /// Goes on at the end of a block.
    pub(super) fn switch_to(&mut self, block: BlockId) {
        self.current = block;
        self.computed = Computed::default();
    }

    /// Goes on at the end of a block before which all this has been computed. Gives the block that was
    /// the current one.
    pub(super) fn go_on(&mut self, block: BlockId, computed: Computed) -> BlockId {
        self.computed = computed;
        std::mem::replace(&mut self.current, block)
    }

    /// What has been computed.
    pub(super) fn computed(&self) -> Computed {
        self.computed.clone()
    }

    /// Instructions that are added from here on come from this address of the program.
    pub(super) fn set_address(&mut self, address: u64) {
        self.place = self.function.make_place(Place::Address(address));
    }

    /// The number that a value is known to be.
    pub(super) fn as_constant(&self, value: Value) -> Option<u64> {
        match self.known[value.index()] {
            Known::Constant(number) => Some(number),
            _ => None,
        }
    }

    /// A value as a sum of one that is no such sum, perhaps 0, and a number.
    pub(super) fn split(&mut self, value: Value) -> (Value, u64) {
        match self.as_constant(value) {
            Some(number) => (self.constant(0), number),
            None => self.as_sum(value),
        }
    }

    fn as_sum(&self, value: Value) -> (Value, u64) {
        match self.known[value.index()] {
            Known::Sum(root, offset) => (root, offset),
            _ => (value, 0),
        }
    }

    fn value(&mut self) -> Value {
        self.known.push(Known::Nothing);
        self.function.value()
    }

    fn push(&mut self, op: Op) {
        let origin = Origin::body(self.place);
        self.drafts[self.current.index()]
            .instructions
            .push(Instruction { op, origin });
    }

    /// A function's argument; only in the entry block.
    pub(super) fn argument(&mut self, index: u32) -> Value {
        let dest = self.value();
        self.push(Op::Argument { dest, index });
        dest
    }

    /// A number.
    pub(super) fn constant(&mut self, number: u64) -> Value {
        if let Some(&value) = self.computed.constants.get(&number) {
            return value;
        }
        let dest = self.value();
        self.known[dest.index()] = Known::Constant(number);
        self.computed.constants.insert(number, dest);
        self.push(Op::Constant {
            dest,
            value: number as i64,
        });
        dest
    }

    pub(super) fn unary(&mut self, operator: Unary, a: Value) -> Value {
        if let Some(a) = self.as_constant(a) {
            return self.constant(operator.evaluate(a as i64) as u64);
        }
        let dest = self.value();
        self.push(Op::Unary { operator, dest, a });
        dest
    }

    pub(super) fn binary(&mut self, operator: Binary, a: Value, b: Value) -> Value {
        let (x, y) = (self.as_constant(a), self.as_constant(b));
        if let (Some(x), Some(y)) = (x, y) {
            return self.constant(operator.evaluate(x as i64, y as i64) as u64);
        }
        match (operator, x, y) {
            (Binary::Add | Binary::Or | Binary::Xor, Some(0), _) => return b,
            (
                Binary::Add
                | Binary::Subtract
                | Binary::Or
                | Binary::Xor
                | Binary::ShiftLeft
                | Binary::ShiftRight
                | Binary::ShiftRightSigned,
                _,
                Some(0),
            )
            | (Binary::Multiply, _, Some(1)) => return a,
            (Binary::Multiply, Some(1), _) => return b,
            _ => {}
        }
        if let Some(&value) = self.computed.binaries.get(&(operator, a, b)) {
            return value;
        }
        let sum = match (operator, x, y) {
            (Binary::Add, None, Some(number)) => Some((a, number)),
            (Binary::Add, Some(number), None) => Some((b, number)),
            (Binary::Subtract, None, Some(number)) => Some((a, number.wrapping_neg())),
            _ => None,
        };
        let dest = self.value();
        if let Some((value, number)) = sum {
            let (root, offset) = self.as_sum(value);
            self.known[dest.index()] = Known::Sum(root, offset.wrapping_add(number));
        }
        self.computed.binaries.insert((operator, a, b), dest);
        self.push(Op::Binary {
            operator,
            dest,
            a,
            b,
        });
        dest
    }

    /// A constant that is still to be said: see [`Self::close`].
    pub(super) fn open(&mut self) -> Open {
        let dest = self.value();
        self.push_open(dest, Op::Constant { dest, value: 0 })
    }

    /// A word of the host's memory, at an offset that is still to be said: see [`Self::close`].
    pub(super) fn open_load(&mut self, address: Value) -> Open {
        let dest = self.value();
        let op = Op::Load {
            dest,
            address,
            offset: 0,
            access: WORD,
        };
        self.push_open(dest, op)
    }

    fn push_open(&mut self, value: Value, op: Op) -> Open {
        let position = self.drafts[self.current.index()].instructions.len();
        self.push(op);
        Open {
            value,
            block: self.current,
            position,
        }
    }

    /// Says a number.
    pub(super) fn close(&mut self, open: Open, number: i64) {
        match &mut self.drafts[open.block.index()].instructions[open.position].op {
            Op::Constant { value, .. } => *value = number,
            Op::Load { offset, .. } => *offset = number as i32,
            _ => {}
        }
    }

    /// `a + number`
    pub(super) fn add_constant(&mut self, a: Value, number: u64) -> Value {
        let number = self.constant(number);
        self.binary(Binary::Add, a, number)
    }

    /// A sum of which a summand is still open.
    pub(super) fn raw_add(&mut self, a: Value, b: Value) -> Value {
        self.raw(Binary::Add, a, b)
    }

    /// The same for `a & b`.
    pub(super) fn raw_and(&mut self, a: Value, b: Value) -> Value {
        self.raw(Binary::And, a, b)
    }

    fn raw(&mut self, operator: Binary, a: Value, b: Value) -> Value {
        let dest = self.value();
        self.push(Op::Binary {
            operator,
            dest,
            a,
            b,
        });
        dest
    }

    /// `a & number`
    pub(super) fn and_constant(&mut self, a: Value, number: u64) -> Value {
        let number = self.constant(number);
        self.binary(Binary::And, a, number)
    }

    /// A comparison: 1 or 0.
    pub(super) fn compare(&mut self, condition: Condition, a: Value, b: Value) -> Value {
        self.binary(Binary::Compare(condition), a, b)
    }

    /// A comparison with a number: 1 or 0.
    pub(super) fn compare_constant(
        &mut self,
        condition: Condition,
        a: Value,
        number: u64,
    ) -> Value {
        let number = self.constant(number);
        self.compare(condition, a, number)
    }

    /// A division; leaves if the divisor is 0.
    pub(super) fn divide(
        &mut self,
        operator: Division,
        a: Value,
        b: Value,
        exit: Option<ExitId>,
    ) -> Value {
        let dest = self.value();
        self.push(Op::Divide {
            operator,
            dest,
            a,
            b,
            exit,
        });
        dest
    }

    /// `a` if the condition is not 0, else `b`.
    pub(super) fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        match self.as_constant(condition) {
            Some(0) => return b,
            Some(_) => return a,
            None => {}
        }
        let dest = self.value();
        self.push(Op::Select {
            dest,
            condition,
            a,
            b,
        });
        dest
    }

    /// The low and the high half of the unsigned product.
    pub(super) fn wide_multiply(&mut self, a: Value, b: Value) -> (Value, Value) {
        let (low, high) = (self.value(), self.value());
        self.push(Op::WideMultiply { low, high, a, b });
        (low, high)
    }

    /// The unsigned quotient, low and high half, and the remainder. Operands: the dividend's low and
    /// high half, and the divisor.
    pub(super) fn wide_divide(&mut self, operands: [Value; 3], exit: ExitId) -> [Value; 3] {
        let values = [self.value(), self.value(), self.value()];
        let results = self.function.make_list(&values);
        let operands = self.function.make_list(&operands);
        self.push(Op::WideDivide {
            results,
            operands,
            exit: Some(exit),
        });
        values
    }

    /// A word of the host's memory.
    pub(super) fn load_word(&mut self, address: Value, offset: i32) -> Value {
        self.load(address, offset, WORD)
    }

    pub(super) fn load(&mut self, address: Value, offset: i32, access: Access) -> Value {
        let dest = self.value();
        self.push(Op::Load {
            dest,
            address,
            offset,
            access,
        });
        dest
    }

    pub(super) fn store(&mut self, value: Value, address: Value, offset: i32, access: Access) {
        self.push(Op::Store {
            value,
            address,
            offset,
            access,
        });
    }

    pub(super) fn make_exit(&mut self, reason: u32, values: &[Value]) -> ExitId {
        self.function.make_exit(reason, values)
    }

    /// Leaves if a value is not 0.
    pub(super) fn guard(&mut self, condition: Value, exit: ExitId) {
        if self.as_constant(condition) != Some(0) {
            self.push(Op::Guard { condition, exit });
        }
    }

    pub(super) fn leave(&mut self, exit: ExitId) {
        self.push(Op::Leave { exit });
    }

    /// Leaves from another block than the current one.
    pub(super) fn leave_from(&mut self, block: BlockId, exit: ExitId) {
        let current = std::mem::replace(&mut self.current, block);
        self.leave(exit);
        self.current = current;
    }

    pub(super) fn target(&mut self, block: BlockId, arguments: &[Value]) -> Target {
        let arguments = self.function.make_list(arguments);
        Target { block, arguments }
    }

    pub(super) fn jump(&mut self, target: Target) {
        self.push(Op::Jump { target });
    }

    pub(super) fn branch(&mut self, condition: Value, then: Target, otherwise: Target) {
        match self.as_constant(condition) {
            Some(0) => self.jump(otherwise),
            Some(_) => self.jump(then),
            None => self.push(Op::Branch {
                condition,
                then,
                otherwise,
            }),
        }
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            parameters: List::EMPTY,
            instructions: Vec::new(),
        }
    }
}
