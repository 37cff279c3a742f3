//! Random emjay programs, for tests: they are correct, end quickly, and use everything that the
//! language has.
//!
//! A program of a seed is always the same. It may divide by zero, on purpose and often; what it
//! computes is for an interpreter to say. Functions call only functions that stand behind them, and
//! themselves with less fuel; loops count up to a few; and the number of statements that will be
//! executed at most is estimated while the text is made, so that every program ends after some hundred
//! thousand of them.

use std::fmt::Write;

/// What a program is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The largest number of functions besides `main`.
    pub functions: u32,
    /// The largest number of parameters of a function.
    pub parameters: u32,
    /// The largest number of statements of a block.
    pub statements: u32,
    /// Whether there are `if`, `while`, comparisons, logic, recursion.
    pub control: bool,
    /// Whether there are `putc` and `getc`.
    pub output: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            functions: 5,
            parameters: 12,
            statements: 8,
            control: true,
            output: true,
        }
    }
}

/// The text of a program, and arguments for its `main`.
pub fn program(seed: u64, shape: &Shape) -> (String, Vec<i64>) {
    let mut writer = Writer {
        random: Random(seed),
        shape: shape.clone(),
        callable: Vec::new(),
        scopes: Vec::new(),
        constant: Vec::new(),
        names: 0,
        repeats: 1,
        cost: 0,
        text: String::new(),
        indent: 0,
        this: None,
        is_plain: false,
    };
    let functions = writer.random.below(shape.functions + 1);
    let mut texts = Vec::new();
    for number in (0..functions).rev() {
        texts.push(writer.function(&format!("f{number}")));
    }
    texts.push(writer.main());
    texts.reverse();
    let parameters = writer.callable.last().expect("main was made").parameters;
    let arguments = (0..parameters).map(|_| writer.random.number()).collect();
    (texts.join("\n"), arguments)
}

/// A small generator of random numbers: `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to n − 1; 0 if n is 0.
    fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u32
    }

    /// True once in n times.
    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// A number that is likely to find mistakes.
    fn number(&mut self) -> i64 {
        let power = 1_i64.wrapping_shl(self.below(64));
        match self.below(10) {
            0..4 => i64::from(self.below(12)) - 2,
            4 => i64::from(self.below(1000)),
            5 => power,
            6 => power.wrapping_sub(1),
            7 => power.wrapping_neg(),
            8 => self.pick(&[
                i64::MIN,
                i64::MAX,
                4095,
                4096,
                -4096,
                65535,
                65536,
                0x00ff_f000,
            ]),
            _ => self.next() as i64,
        }
    }
}

/// A function that can be called.
#[derive(Debug, Clone)]
struct Callable {
    name: String,
    parameters: u32,
    /// Whether the first argument says how often it may call itself.
    fuel: bool,
    cost: u64,
}

/// The most that a function may cost, in executed statements, by estimate.
const MOST: u64 = 2_000;
/// How often a function with fuel may call itself.
const FUEL: u32 = 6;
/// The activations of a function that calls itself with 1 and with 2 units less.
const ACTIVATIONS: u64 = 41;

struct Writer {
    random: Random,
    shape: Shape,
    callable: Vec<Callable>,
    /// The variables that are visible, by block.
    scopes: Vec<Vec<String>>,
    /// Variables that must not be assigned: they count loops and fuel.
    constant: Vec<String>,
    names: u32,
    /// How often what is written now is executed.
    repeats: u64,
    cost: u64,
    text: String,
    indent: usize,
    /// The function itself, if it may still be called from within.
    this: Option<Callable>,
    /// Whether the function does nothing but compute, and calls itself twice at its end.
    is_plain: bool,
}

impl Writer {
    fn main(&mut self) -> String {
        let parameters = self.random.below(5);
        self.body("main", parameters, false)
    }

    fn function(&mut self, name: &str) -> String {
        let parameters = self.random.below(self.shape.parameters + 1);
        let fuel = self.shape.control && parameters > 0 && self.random.one_in(3);
        self.body(name, parameters, fuel)
    }

    fn body(&mut self, name: &str, parameters: u32, fuel: bool) -> String {
        self.text.clear();
        self.names = 0;
        self.cost = 1;
        let names: Vec<String> = (0..parameters).map(|n| format!("p{n}")).collect();
        self.scopes = vec![names.clone()];
        self.constant = if fuel {
            vec!["p0".to_owned()]
        } else {
            Vec::new()
        };
        self.line(&format!("fn {name}({}) {{", names.join(", ")));
        self.indent = 1;
        self.repeats = 1;
        self.is_plain = fuel && self.random.one_in(3);
        if fuel {
            self.this = Some(Callable {
                name: name.to_owned(),
                parameters,
                fuel,
                cost: 0,
            });
            self.line(&format!("if p0 <= 0 || p0 > {FUEL} {{"));
            self.indent = 2;
            let value = self.expression(2, false);
            self.line(&format!("return {value};"));
            self.indent = 1;
            self.line("}");
        }
        self.statements(0);
        if self.random.one_in(3) {
            self.pressure();
        }
        let twice = if self.is_plain {
            self.this.take()
        } else {
            None
        };
        let value = match &twice {
            Some(this) => {
                let (first, second) = (self.call_itself(this, 1), self.call_itself(this, 2));
                format!("{first} + {second}")
            }
            None => self.expression(4, true),
        };
        self.line(&format!("return {value};"));
        self.indent = 0;
        self.line("}");
        self.this = None;
        let times = match (fuel, twice) {
            (_, Some(_)) => ACTIVATIONS,
            (true, None) => u64::from(FUEL),
            (false, None) => 1,
        };
        let cost = self.cost.saturating_mul(times);
        self.callable.push(Callable {
            name: name.to_owned(),
            parameters,
            fuel,
            cost,
        });
        self.text.clone()
    }

    fn line(&mut self, text: &str) {
        let indent = 4 * self.indent;
        writeln!(self.text, "{:indent$}{text}", "").expect("a string takes everything");
    }

    fn spend(&mut self, cost: u64) {
        self.cost = self.cost.saturating_add(cost.saturating_mul(self.repeats));
    }

    fn statements(&mut self, depth: u32) {
        for _ in 0..=self.random.below(self.shape.statements) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: u32) {
        self.spend(1);
        match self.random.below(12) {
            0..3 => self.declaration(),
            3..7 => self.assignment(),
            7 if depth < 3 => self.block(depth),
            8 | 9 if depth < 3 && self.shape.control => self.branch(depth),
            10 if depth < 3 && self.shape.control => self.loop_(depth),
            11 if self.shape.output && !self.is_plain => {
                let value = self.expression(2, true);
                self.line(&format!("putc({value});"));
            }
            _ if depth > 0 && self.shape.control && self.random.one_in(8) => {
                let value = self.expression(2, true);
                self.line(&format!("if {value} {{ return {}; }}", self.names));
            }
            _ => self.assignment(),
        }
    }

    fn declare(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn visible(&mut self, name: String) {
        self.scopes.last_mut().expect("a scope is open").push(name);
    }

    fn declaration(&mut self) {
        let value = self.expression(3, true);
        let name = self.declare();
        self.line(&format!("let {name} = {value};"));
        self.visible(name);
    }

    fn assignment(&mut self) {
        let Some(name) = self.variable().filter(|name| !self.constant.contains(name)) else {
            return self.declaration();
        };
        let value = self.expression(3, true);
        self.line(&format!("{name} = {value};"));
    }

    fn nested(&mut self, depth: u32) {
        self.scopes.push(Vec::new());
        self.indent += 1;
        self.statements(depth + 1);
        self.indent -= 1;
        self.scopes.pop();
    }

    fn block(&mut self, depth: u32) {
        self.line("{");
        self.nested(depth);
        self.line("}");
    }

    fn branch(&mut self, depth: u32) {
        let condition = self.expression(3, true);
        self.line(&format!("if {condition} {{"));
        self.nested(depth);
        while self.random.one_in(3) {
            let condition = self.expression(2, true);
            self.line(&format!("}} else if {condition} {{"));
            self.nested(depth);
        }
        if self.random.one_in(2) {
            self.line("} else {");
            self.nested(depth);
        }
        self.line("}");
    }

    fn loop_(&mut self, depth: u32) {
        let times = self.random.below(6);
        if self.cost.saturating_mul(u64::from(times)) > MOST {
            return self.assignment();
        }
        let counter = self.declare();
        let also = if self.random.one_in(3) {
            format!(" && {}", self.operand(2, false))
        } else {
            String::new()
        };
        self.line(&format!("let {counter} = 0;"));
        self.line(&format!("while {counter} < {times}{also} {{"));
        self.visible(counter.clone());
        self.constant.push(counter.clone());
        let before = self.repeats;
        self.repeats = before * u64::from(times.max(1));
        self.indent += 1;
        self.line(&format!("{counter} = {counter} + 1;"));
        self.indent -= 1;
        self.nested(depth);
        self.repeats = before;
        self.line("}");
    }

    /// More values at once than any machine has registers.
    fn pressure(&mut self) {
        let count = 8 + self.random.below(40);
        let mut names = Vec::new();
        for _ in 0..count {
            let value = self.expression(2, false);
            let name = self.declare();
            self.line(&format!("let {name} = {value};"));
            names.push(name.clone());
            self.visible(name);
        }
        if let Some(call) = self.call(1) {
            let name = self.declare();
            self.line(&format!("let {name} = {call};"));
            names.push(name.clone());
            self.visible(name);
        }
        let sum = names.join(if self.random.one_in(2) { " + " } else { " - " });
        let name = self.declare();
        self.line(&format!("let {name} = {sum};"));
        self.visible(name);
    }

    fn variable(&mut self) -> Option<String> {
        let count: usize = self.scopes.iter().map(Vec::len).sum();
        let index = self.random.below(count as u32) as usize;
        self.scopes.iter().flatten().nth(index).cloned()
    }

    fn number(&mut self) -> String {
        let value = self.random.number();
        match self.random.below(6) {
            0 if value >= 0 => format!("{value:#x}"),
            _ if value < 0 => format!("(-{})", value.unsigned_abs()),
            _ => value.to_string(),
        }
    }

    fn expression(&mut self, depth: u32, calls: bool) -> String {
        if depth == 0 || self.random.one_in(5) {
            return match self.variable() {
                Some(name) if !self.random.one_in(3) => name,
                _ => self.number(),
            };
        }
        match self.random.below(16) {
            0 => format!("-{}", self.operand(depth - 1, calls)),
            1 if self.shape.control => format!("!{}", self.operand(depth - 1, calls)),
            2 | 3 if calls => match self.call(depth - 1) {
                Some(call) => call,
                None => self.binary(depth - 1, calls),
            },
            4 if self.shape.output && !self.is_plain && self.random.one_in(4) => {
                "getc()".to_owned()
            }
            _ => self.binary(depth - 1, calls),
        }
    }

    fn operand(&mut self, depth: u32, calls: bool) -> String {
        let inner = self.expression(depth, calls);
        if inner.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            inner
        } else {
            format!("({inner})")
        }
    }

    fn binary(&mut self, depth: u32, calls: bool) -> String {
        let plain = ["+", "-", "*", "/", "+", "-", "*"];
        let extended = ["%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "/"];
        let operator = if self.shape.control && self.random.one_in(3) {
            self.random.pick(&extended)
        } else {
            self.random.pick(&plain)
        };
        let operator = match operator {
            "/" | "%" if self.is_plain => "*",
            _ => operator,
        };
        let left = self.operand(depth, calls);
        let right = match operator {
            // A divisor that is seldom 0, and often a constant.
            "/" | "%" if self.random.one_in(2) => self.number(),
            "/" | "%" if !self.random.one_in(6) => {
                format!("({} * 2 + 1)", self.operand(depth, calls))
            }
            _ => self.operand(depth, calls),
        };
        format!("{left} {operator} {right}")
    }

    /// A call of the function itself, with so much less fuel.
    fn call_itself(&mut self, this: &Callable, less: u32) -> String {
        let mut arguments = vec![format!("p0 - {less}")];
        arguments.extend((1..this.parameters).map(|_| self.expression(1, false)));
        format!("{}({})", this.name, arguments.join(", "))
    }

    fn call(&mut self, depth: u32) -> Option<String> {
        if self.is_plain {
            return None;
        }
        if self.this.is_some() && self.repeats == 1 && self.random.one_in(2) {
            // One call of itself is enough here: two would double with every unit of fuel.
            let this = self.this.take()?;
            return Some(self.call_itself(&this, 1));
        }
        let index = self.random.below(self.callable.len() as u32) as usize;
        let callee = self.callable.get(index)?.clone();
        let cost = callee.cost.saturating_mul(self.repeats);
        if self.cost.saturating_add(cost) > MOST {
            return None;
        }
        self.spend(callee.cost);
        let arguments: Vec<String> = (0..callee.parameters)
            .map(|n| match n {
                0 if callee.fuel => self.random.below(FUEL + 2).to_string(),
                _ => self.expression(depth.min(2), false),
            })
            .collect();
        Some(format!("{}({})", callee.name, arguments.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use codegen::ir::FunctionId;
    use codegen::passes::accumulate::accumulate;
    use diagnostics::Sources;

    use super::{Shape, program};

    #[test]
    fn a_seed_gives_the_same_program_every_time() {
        assert_eq!(program(7, &Shape::default()), program(7, &Shape::default()));
        assert_ne!(
            program(7, &Shape::default()).0,
            program(8, &Shape::default()).0
        );
    }

    #[test]
    fn some_programs_have_recursion_that_becomes_a_loop() {
        let mut loops = 0;
        for seed in 0..200 {
            let mut sources = Sources::new();
            let file = sources.add("random.emjay", program(seed, &Shape::default()).0);
            let compiled = crate::compile(&sources, file, crate::Options::default());
            let mut module = compiled.expect("random programs are right").module;
            for (id, function) in (0..).map(FunctionId).zip(&mut module.functions) {
                loops += u32::from(accumulate(function, id, 1));
            }
        }
        assert!(loops > 10, "only {loops}");
    }
}
