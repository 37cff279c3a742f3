//! One random function: straight statements here, loops and choices in [`control`].

mod control;

use super::builder::Builder;
use super::numbers::Random;
use super::{Shape, Window};
use crate::ir::verify::MAX_PARAMETERS;
use crate::ir::{
    Access, Binary, BlockId, Callee, Condition, Division, ExitId, Function, FunctionId, ImportId,
    Op, Unary, Value, Width,
};

/// The reasons of the exits, as a front end might number them.
mod reason {
    pub(super) const DIVISION: u32 = 0;
    pub(super) const END: u32 = 1;
    pub(super) const GUARD: u32 = 2;
    pub(super) const POLL: u32 = 3;
    pub(super) const STACK: u32 = 4;
    pub(super) const LEAVE: u32 = 5;
}

/// The imports of a random module.
const PUTC: ImportId = ImportId(0);
const GETC: ImportId = ImportId(1);

/// How deep loops and choices are nested at most, whatever the shape says: they are made by
/// functions that call each other.
const MAX_NESTING: u32 = 64;

/// What a caller needs to know of a function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Callable {
    id: FunctionId,
    parameters: u32,
    /// How many instructions a call executes in the worst case.
    cost: u64,
}

/// How a function calls itself. Its last parameter, cut to a few bits, says how deep.
#[derive(Debug, Clone, Copy)]
struct Recursion {
    /// The bits of the parameter that count.
    mask: i64,
    /// How many calls of itself an activation makes.
    calls: u32,
}

impl Recursion {
    /// How many activations there are at most.
    const fn activations(self) -> u64 {
        let depth = self.mask as u32 + 1;
        match self.calls {
            1 => depth as u64,
            _ => 1 << depth,
        }
    }
}

/// A function that is being made.
pub(super) struct Body<'a> {
    random: &'a mut Random,
    shape: &'a Shape,
    callables: &'a [Callable],
    id: FunctionId,
    builder: Builder,
    /// The values that may be used at this point.
    pool: Vec<Value>,
    /// How often the current block is executed in an activation, at most.
    repetitions: u64,
    /// How many instructions have been executed in an activation, at most.
    cost: u64,
    /// How many may be.
    budget: u64,
    /// How many statements may still be made.
    statements: u32,
    /// How deep this point is nested.
    nesting: u32,
    /// An exit of the current block, to be used again.
    exit: Option<ExitId>,
    /// How much deeper the function may call itself, and how many calls are left to make.
    fuel: Option<(Value, u32)>,
}

impl<'a> Body<'a> {
    /// Makes a function that calls none but those given, and itself.
    pub(super) fn generate(
        id: FunctionId,
        random: &'a mut Random,
        shape: &'a Shape,
        callables: &'a [Callable],
    ) -> (Function, Callable) {
        let recursive = shape.recursion && shape.nesting > 0 && random.percent(20);
        let recursion = recursive.then(|| {
            let calls = 1 + random.below(2);
            let mask = if calls == 2 || random.percent(70) {
                7
            } else {
                63
            };
            Recursion { mask, calls }
        });
        let own = random.below(shape.parameters.min(MAX_PARAMETERS) + 1);
        let parameters = own.max(u32::from(recursive));
        let name = match id.0 {
            0 => "main".to_owned(),
            number => format!("f{number}"),
        };
        let activations = recursion.map_or(1, Recursion::activations);
        let mut body = Self {
            shape,
            callables,
            id,
            builder: Builder::new(name, parameters),
            pool: Vec::new(),
            repetitions: 1,
            cost: 0,
            budget: shape.instructions / activations,
            statements: 1 + random.below(shape.statements.max(1)),
            nesting: 0,
            exit: None,
            fuel: None,
            random,
        };
        body.function(recursion);
        let callable = Callable {
            id,
            parameters,
            cost: body.cost * activations,
        };
        if body.random.percent(10) {
            body.random.shuffle(body.builder.layout());
        }
        (body.builder.finish(), callable)
    }

    fn function(&mut self, recursion: Option<Recursion>) {
        if self.shape.exits && (recursion.is_some() || self.random.percent(10)) {
            let exit = self.builder.function.make_exit(reason::STACK, &[]);
            self.push(Op::StackCheck { exit });
        }
        for index in 0..self.builder.function.parameters {
            if self.random.percent(90) {
                self.fetch(index);
            }
        }
        if let Some(recursion) = recursion {
            self.begin_recursion(recursion);
        }
        let kept = self.kept_values();
        while self.statements > 0 && self.cost < self.budget {
            self.statement();
        }
        let result = self.fold(&kept);
        self.push(Op::Return { value: result });
    }

    /// Leaves the recursion if it is deep enough.
    fn begin_recursion(&mut self, recursion: Recursion) {
        let fuel = self.fetch(self.builder.function.parameters - 1);
        let mask = self.constant(recursion.mask);
        let fuel = self.binary(Binary::And, fuel, mask);
        let (deeper, _) = self.builder.make_block(0);
        let (end, _) = self.builder.make_block(0);
        let (then, otherwise) = (self.target(deeper, &[]), self.target(end, &[]));
        self.push(Op::Branch {
            condition: fuel,
            then,
            otherwise,
        });
        self.begin(end);
        let value = self.value();
        self.push(Op::Return { value });
        self.begin(deeper);
        self.fuel = Some((fuel, recursion.calls));
    }

    /// Makes values that stay alive up to the end.
    fn kept_values(&mut self) -> Vec<Value> {
        let most = if self.random.percent(25) {
            self.shape.pressure
        } else {
            self.shape.pressure.min(5)
        };
        let affordable = (self.budget / 8).min(u64::from(most)) as u32;
        let count = self.random.below(affordable + 1);
        (0..count).map(|_| self.arithmetic()).collect()
    }

    /// Makes one value of many, and of a few others.
    fn fold(&mut self, values: &[Value]) -> Value {
        let mut result = self.value();
        for _ in 0..3 {
            let other = self.value();
            result = self.binary(Binary::Xor, result, other);
        }
        for &value in values {
            let operator = self
                .random
                .pick(&[Binary::Add, Binary::Subtract, Binary::Xor]);
            result = self.binary(operator, result, value);
        }
        result
    }

    /// Adds a statement.
    fn statement(&mut self) {
        self.statements = self.statements.saturating_sub(1);
        let shape = self.shape;
        match self.random.below(100) {
            0..=3 => self.any_constant(),
            4..=7 => self.unary(),
            8..=12 if shape.divisions => self.division(),
            13..=16 => self.select(),
            17..=18 if shape.wide => self.wide_multiply(),
            19 if shape.wide && shape.divisions => self.wide_divide(),
            20..=25 => self.memory(),
            26..=32 if shape.calls => self.call(),
            33..=35 if shape.imports => self.import(),
            36..=37 if shape.exits => self.guard(),
            38 if shape.exits => self.poll(),
            39..=40 => self.argument(),
            41..=44 => self.recursive_call(),
            45..=55 if self.nesting < shape.nesting.min(MAX_NESTING) => self.control(),
            _ => {
                self.arithmetic();
            }
        }
    }

    /// Adds an instruction.
    fn push(&mut self, op: Op) {
        self.cost += self.repetitions;
        self.builder.push(op);
    }

    /// Adds an instruction with one result, which may be used from now on.
    fn define(&mut self, op: impl FnOnce(Value) -> Op) -> Value {
        let dest = self.builder.function.value();
        self.push(op(dest));
        self.pool.push(dest);
        dest
    }

    /// A value that may be used here, mostly one of the last.
    fn value(&mut self) -> Value {
        if self.pool.is_empty() {
            let number = self.random.number();
            return self.constant(number);
        }
        let len = self.pool.len();
        let window = if self.random.percent(50) {
            len.min(8)
        } else {
            len
        };
        let index = len - window + self.random.below(window as u32) as usize;
        self.pool[index]
    }

    fn some_values(&mut self, count: u32) -> Vec<Value> {
        (0..count).map(|_| self.value()).collect()
    }

    fn constant(&mut self, value: i64) -> Value {
        self.define(|dest| Op::Constant { dest, value })
    }

    fn binary(&mut self, operator: Binary, a: Value, b: Value) -> Value {
        self.define(|dest| Op::Binary {
            operator,
            dest,
            a,
            b,
        })
    }

    /// An exit with a few values, sometimes one that the block has already.
    fn exit(&mut self, reason: u32) -> ExitId {
        if let Some(exit) = self.exit {
            let known = self.builder.function.exits[exit.index()].reason == reason;
            if known && self.random.percent(30) {
                return exit;
            }
        }
        let count = self.random.below(4);
        let values = self.some_values(count);
        let exit = self.builder.function.make_exit(reason, &values);
        self.exit = Some(exit);
        exit
    }

    fn begin(&mut self, block: BlockId) {
        self.exit = None;
        self.builder.begin(block);
    }

    fn any_constant(&mut self) {
        let number = self.random.number();
        self.constant(number);
    }

    fn fetch(&mut self, index: u32) -> Value {
        self.define(|dest| Op::Argument { dest, index })
    }

    fn argument(&mut self) {
        let parameters = self.builder.function.parameters;
        if self.builder.is_in_entry() && parameters > 0 {
            let index = self.random.below(parameters);
            self.fetch(index);
        }
    }

    fn unary(&mut self) {
        let operator = self.random.pick(&[
            Unary::Negate,
            Unary::Not,
            Unary::SignExtend8,
            Unary::SignExtend16,
            Unary::SignExtend32,
            Unary::ZeroExtend8,
            Unary::ZeroExtend16,
            Unary::ZeroExtend32,
        ]);
        let a = self.value();
        self.define(|dest| Op::Unary { operator, dest, a });
    }

    /// An operation with two operands, one of which often is a constant.
    fn arithmetic(&mut self) -> Value {
        let operator = match self.random.below(16) {
            0..=2 => Binary::Add,
            3..=5 => Binary::Subtract,
            6 | 7 => Binary::Multiply,
            8 => Binary::And,
            9 => Binary::Or,
            10 => Binary::Xor,
            11 => return self.shift(),
            12 => Binary::MultiplyHighSigned,
            13 => Binary::MultiplyHighUnsigned,
            _ => Binary::Compare(self.condition()),
        };
        let mut a = self.value();
        let mut b = self.value();
        if self.random.percent(40) {
            let number = self.random.number();
            b = self.constant(number);
            if self.random.percent(30) {
                std::mem::swap(&mut a, &mut b);
            }
        }
        self.binary(operator, a, b)
    }

    fn shift(&mut self) -> Value {
        let operator = self.random.pick(&[
            Binary::ShiftLeft,
            Binary::ShiftRight,
            Binary::ShiftRightSigned,
        ]);
        let a = self.value();
        let count = if self.random.percent(70) {
            let count = i64::from(self.random.below(70));
            self.constant(count)
        } else {
            self.value()
        };
        self.binary(operator, a, count)
    }

    fn condition(&mut self) -> Condition {
        self.random.pick(&[
            Condition::Equal,
            Condition::NotEqual,
            Condition::Less,
            Condition::LessEqual,
            Condition::Greater,
            Condition::GreaterEqual,
            Condition::Below,
            Condition::BelowEqual,
            Condition::Above,
            Condition::AboveEqual,
        ])
    }

    /// A value to be tested: a comparison, or any.
    fn tested(&mut self) -> Value {
        if self.random.percent(30) {
            return self.value();
        }
        let operator = Binary::Compare(self.condition());
        let a = self.value();
        let b = if self.random.percent(50) {
            let number = self.random.number();
            self.constant(number)
        } else {
            self.value()
        };
        if self.random.percent(30) {
            return self.tested_beside(operator, a, b);
        }
        self.binary(operator, a, b)
    }

    /// A comparison beside arithmetic of the same operands, or of its result with 0: on many machines
    /// one instruction can do both.
    fn tested_beside(&mut self, compare: Binary, a: Value, b: Value) -> Value {
        let operator = self.random.pick(&[
            Binary::Add,
            Binary::Subtract,
            Binary::Subtract,
            Binary::And,
            Binary::Xor,
        ]);
        let result = self.binary(operator, a, b);
        if self.random.percent(50) {
            return self.binary(compare, a, b);
        }
        let zero = self.constant(0);
        self.binary(compare, result, zero)
    }

    fn division(&mut self) {
        let operator = self.random.pick(&[
            Division::Signed,
            Division::SignedRemainder,
            Division::Unsigned,
            Division::UnsignedRemainder,
        ]);
        let a = self.value();
        let (b, is_safe) = self.divisor();
        let exit = self.division_exit(is_safe);
        self.define(|dest| Op::Divide {
            operator,
            dest,
            a,
            b,
            exit,
        });
    }

    /// A divisor, and whether it is known not to be 0.
    fn divisor(&mut self) -> (Value, bool) {
        match self.random.below(100) {
            0..60 => {
                let number = self.random.divisor();
                (self.constant(number), true)
            }
            60..90 => {
                // b | 1
                let (value, one) = (self.value(), self.constant(1));
                (self.binary(Binary::Or, value, one), true)
            }
            90..99 => (self.value(), false),
            _ => (self.constant(0), false),
        }
    }

    /// The exit of a division, which it may do without if the divisor is known not to be 0.
    fn division_exit(&mut self, is_safe: bool) -> Option<ExitId> {
        let without = is_safe && self.random.percent(30);
        (!without).then(|| self.exit(reason::DIVISION))
    }

    fn select(&mut self) {
        let condition = self.tested();
        let (a, b) = (self.value(), self.value());
        self.define(|dest| Op::Select {
            dest,
            condition,
            a,
            b,
        });
    }

    fn wide_multiply(&mut self) {
        let (a, b) = (self.value(), self.value());
        let (low, high) = (self.builder.function.value(), self.builder.function.value());
        self.push(Op::WideMultiply { low, high, a, b });
        self.pool.extend([low, high]);
    }

    fn wide_divide(&mut self) {
        let low = self.value();
        let high = if self.random.percent(30) {
            self.constant(0)
        } else {
            self.value()
        };
        let (divisor, is_safe) = self.divisor();
        let exit = self.division_exit(is_safe);
        let function = &mut self.builder.function;
        let results = [function.value(), function.value(), function.value()];
        let operands = function.make_list(&[low, high, divisor]);
        let list = function.make_list(&results);
        self.push(Op::WideDivide {
            results: list,
            operands,
            exit,
        });
        self.pool.extend(results);
    }

    fn memory(&mut self) {
        let Some(window) = self.shape.memory.filter(|window| window.bytes >= 64) else {
            return;
        };
        let (address, offset) = self.address(window);
        let access = Access {
            width: self
                .random
                .pick(&[Width::Byte, Width::Half, Width::Word, Width::Double]),
            signed: self.random.percent(50),
            big_endian: self.random.percent(50),
        };
        if self.random.percent(50) {
            self.define(|dest| Op::Load {
                dest,
                address,
                offset,
                access,
            });
        } else {
            let value = self.value();
            self.push(Op::Store {
                value,
                address,
                offset,
                access: Access {
                    signed: false,
                    ..access
                },
            });
        }
    }

    /// An address and an offset with which up to 8 bytes lie within a window.
    fn address(&mut self, window: Window) -> (Value, i32) {
        // middle + (value & mask) + offset, where the mask is less than a quarter of the window.
        let quarter = (window.bytes / 4).min(1 << 28);
        let middle = self.constant(window.address.wrapping_add(u64::from(2 * quarter)) as i64);
        let mask = (quarter + 1).next_power_of_two() / 2 - 1;
        let mask = self.constant(i64::from(mask));
        let value = self.value();
        let index = self.binary(Binary::And, value, mask);
        let address = self.binary(Binary::Add, middle, index);
        let offset = self.random.below(3 * quarter - 8) as i32 - 2 * quarter as i32;
        (address, offset)
    }

    fn call(&mut self) {
        if self.callables.is_empty() {
            return;
        }
        let callable = self.random.pick(self.callables);
        let cost = callable.cost.saturating_mul(self.repetitions);
        if self.cost.saturating_add(cost) > self.budget {
            return;
        }
        self.cost += cost;
        let arguments = self.some_values(callable.parameters);
        self.call_function(callable.id, &arguments);
    }

    fn call_function(&mut self, id: FunctionId, arguments: &[Value]) {
        let arguments = self.builder.function.make_list(arguments);
        self.define(|dest| Op::Call {
            dest,
            callee: Callee::Function(id),
            arguments,
            exit: None,
        });
    }

    /// A call of the function itself, outside of loops.
    fn recursive_call(&mut self) {
        let Some((fuel, calls @ 1..)) = self.fuel else {
            return;
        };
        if self.repetitions > 1 {
            return;
        }
        self.fuel = Some((fuel, calls - 1));
        let one = self.constant(1);
        let less = self.binary(Binary::Subtract, fuel, one);
        let mut arguments = self.some_values(self.builder.function.parameters - 1);
        arguments.push(less);
        self.call_function(self.id, &arguments);
    }

    fn import(&mut self) {
        let (import, arguments) = if self.random.percent(70) {
            (PUTC, vec![self.value()])
        } else {
            (GETC, Vec::new())
        };
        let exit = Some(self.exit(reason::END));
        let arguments = self.builder.function.make_list(&arguments);
        self.define(|dest| Op::Call {
            dest,
            callee: Callee::Import(import),
            arguments,
            exit,
        });
    }

    /// A guard that seldom leaves.
    fn guard(&mut self) {
        let condition = if self.random.percent(10) {
            self.tested()
        } else {
            let (value, number) = (self.value(), self.random.bits() as i64);
            let number = self.constant(number);
            self.binary(Binary::Compare(Condition::Equal), value, number)
        };
        let exit = self.exit(reason::GUARD);
        self.push(Op::Guard { condition, exit });
    }

    fn poll(&mut self) {
        let exit = self.exit(reason::POLL);
        self.push(Op::Poll { exit });
    }
}
