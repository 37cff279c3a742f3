//! IR → text. Whatever the function looks like, valid or not, something is printed.

use std::fmt::{self, Display, Formatter, Write as _};

use super::super::{
    Callee, ExitId, Function, FunctionId, Import, ImportId, List, Module, Op, Target, Value,
};
use super::{Mnemonic, access_name, is_plain_name};

/// A function of a module, in whole lines, the last one included. Without such a function it prints
/// nothing.
pub fn print_function(module: &Module, function: FunctionId) -> impl Display + '_ {
    PrintedFunction { module, function }
}

struct PrintedFunction<'a> {
    module: &'a Module,
    function: FunctionId,
}

impl Display for PrintedFunction<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.module.functions.get(self.function.index()) {
            Some(function) => write_function(f, self.module, function),
            None => Ok(()),
        }
    }
}

/// What a line of a printed function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintedLine {
    /// Its name.
    Head,
    /// The label of a block.
    Block,
    /// An instruction, an index into [`Function::instructions`].
    Instruction(usize),
    /// The brace at its end.
    End,
}

/// The lines of what [`print_function`] prints, without their ends, and what each of them is.
pub fn print_lines(module: &Module, function: FunctionId) -> Vec<(String, PrintedLine)> {
    let mut lines = Vec::new();
    if let Some(function) = module.functions.get(function.index()) {
        let mut sink = |line: PrintedLine, text: &dyn Display| {
            lines.push((text.to_string(), line));
            Ok(())
        };
        // A string takes any text.
        _ = write_lines(&mut sink, module, function);
    }
    lines
}

/// One instruction of a function, without its number.
pub fn print_op<'a>(module: &'a Module, function: &'a Function, op: Op) -> impl Display + 'a {
    PrintedOp {
        module,
        function,
        op,
    }
}

struct PrintedOp<'a> {
    module: &'a Module,
    function: &'a Function,
    op: Op,
}

impl Display for PrintedOp<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_op(f, self.module, self.function, &self.op)
    }
}

impl Display for Module {
    /// The imports, if there are any, and the functions, an empty line between them.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Import { name, parameters } in &self.imports {
            writeln!(f, "import {}/{parameters}", Name(name))?;
        }
        for (index, function) in self.functions.iter().enumerate() {
            if index > 0 || !self.imports.is_empty() {
                f.write_char('\n')?;
            }
            write_function(f, self, function)?;
        }
        Ok(())
    }
}

/// A name, in quotes if it needs them.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if is_plain_name(self.0) {
            return f.write_str(self.0);
        }
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if character.is_control() => write!(f, "\\u{{{:x}}}", u32::from(character))?,
                _ => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// The values of a list; none if it isn't one.
fn values(function: &Function, list: List) -> impl Iterator<Item = Value> + '_ {
    let rest = function.lists.get(list.0 as usize..).unwrap_or_default();
    let (len, rest) = rest.split_first().unwrap_or((&0, &[]));
    rest.iter().take(*len as usize).map(|&value| Value(value))
}

/// `r1, r2`, each with the mark of a definition or without.
fn write_list(f: &mut Formatter<'_>, function: &Function, list: List, mark: &str) -> fmt::Result {
    for (index, value) in values(function, list).enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{mark}{value}")?;
    }
    Ok(())
}

/// The values of a list, each with the mark of a definition.
struct Defined<'a>(&'a Function, List);

impl Display for Defined<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_list(f, self.0, self.1, "@")
    }
}

fn write_function(f: &mut Formatter<'_>, module: &Module, function: &Function) -> fmt::Result {
    let mut sink = |_, line: &dyn Display| writeln!(f, "{line}");
    write_lines(&mut sink, module, function)
}

/// Gives each line, and what it is, to `sink`.
fn write_lines(
    sink: &mut dyn FnMut(PrintedLine, &dyn Display) -> fmt::Result,
    module: &Module,
    function: &Function,
) -> fmt::Result {
    let (name, args, values) = (Name(&function.name), function.parameters, function.values);
    sink(
        PrintedLine::Head,
        &format_args!("fn {name} - #args: {args}, #reg: {values} {{"),
    )?;
    for (number, block) in function.blocks.iter().enumerate() {
        let instructions = function.instructions.get(block.range()).unwrap_or_default();
        let alone = function.blocks.len() == 1 && !instructions.is_empty();
        if !alone || block.parameters != List::EMPTY {
            let parameters = Defined(function, block.parameters);
            sink(
                PrintedLine::Block,
                &format_args!("b{number}({parameters}):"),
            )?;
        }
        for (index, instruction) in block.range().zip(instructions) {
            let op = print_op(module, function, instruction.op);
            sink(
                PrintedLine::Instruction(index),
                &format_args!("{index:>5}:  {op}"),
            )?;
        }
    }
    sink(PrintedLine::End, &"}")
}

fn write_op(f: &mut Formatter<'_>, module: &Module, function: &Function, op: &Op) -> fmt::Result {
    write_mnemonic(f, mnemonic(op))?;
    match *op {
        Op::Constant { dest, value } => write!(f, "@{dest}, {value}"),
        Op::Argument { dest, index } => write!(f, "@{dest}, a{index}"),
        Op::Unary { dest, a, .. } => write!(f, "@{dest}, {a}"),
        Op::Binary { dest, a, b, .. } => write!(f, "@{dest}, {a}, {b}"),
        Op::Divide {
            dest, a, b, exit, ..
        } => {
            write!(f, "@{dest}, {a}, {b}")?;
            write_optional_exit(f, function, exit)
        }
        Op::Select {
            dest,
            condition,
            a,
            b,
        } => write!(f, "@{dest}, {condition}, {a}, {b}"),
        Op::WideMultiply { low, high, a, b } => write!(f, "@{low}, @{high}, {a}, {b}"),
        Op::WideDivide {
            results,
            operands,
            exit,
        } => {
            write_list(f, function, results, "@")?;
            f.write_str(", ")?;
            write_list(f, function, operands, "")?;
            write_optional_exit(f, function, exit)
        }
        Op::Load {
            dest,
            address,
            offset,
            ..
        } => {
            write!(f, "@{dest}, ")?;
            write_address(f, address, offset)
        }
        Op::Store {
            value,
            address,
            offset,
            ..
        } => {
            write!(f, "{value}, ")?;
            write_address(f, address, offset)
        }
        Op::Call {
            dest,
            callee,
            arguments,
            exit,
        } => {
            write!(f, "@{dest}, ")?;
            write_callee(f, module, callee)?;
            f.write_char('(')?;
            write_list(f, function, arguments, "")?;
            f.write_char(')')?;
            write_optional_exit(f, function, exit)
        }
        Op::Guard { condition, exit } => {
            write!(f, "{condition} or ")?;
            write_exit(f, function, exit)
        }
        Op::Poll { exit } | Op::StackCheck { exit } => {
            f.write_str("or ")?;
            write_exit(f, function, exit)
        }
        Op::Jump { target } => write_target(f, function, target),
        Op::Branch {
            condition,
            then,
            otherwise,
        } => {
            write!(f, "{condition}, ")?;
            write_target(f, function, then)?;
            f.write_str(", ")?;
            write_target(f, function, otherwise)
        }
        Op::Return { value } => write!(f, "{value}"),
        Op::Leave { exit } => write_reason(f, function, exit),
    }
}

/// The mnemonic, at least four characters wide, and a space.
fn write_mnemonic(f: &mut Formatter<'_>, mnemonic: Mnemonic) -> fmt::Result {
    let (prefix, access) = match mnemonic {
        Mnemonic::Load(access) => ("ld", access),
        Mnemonic::Store(access) => ("st", access),
        _ => return write!(f, "{:<4} ", mnemonic.simple_name().unwrap_or_default()),
    };
    let (bytes, suffix) = access_name(access);
    write!(f, "{prefix}{bytes}{suffix:<1} ")
}

fn mnemonic(op: &Op) -> Mnemonic {
    match *op {
        Op::Constant { .. } => Mnemonic::Constant,
        Op::Argument { .. } => Mnemonic::Argument,
        Op::Unary { operator, .. } => Mnemonic::Unary(operator),
        Op::Binary { operator, .. } => Mnemonic::Binary(operator),
        Op::Divide { operator, .. } => Mnemonic::Divide(operator),
        Op::Select { .. } => Mnemonic::Select,
        Op::WideMultiply { .. } => Mnemonic::WideMultiply,
        Op::WideDivide { .. } => Mnemonic::WideDivide,
        Op::Load { access, .. } => Mnemonic::Load(access),
        Op::Store { access, .. } => Mnemonic::Store(access),
        Op::Call { .. } => Mnemonic::Call,
        Op::Guard { .. } => Mnemonic::Guard,
        Op::Poll { .. } => Mnemonic::Poll,
        Op::StackCheck { .. } => Mnemonic::StackCheck,
        Op::Jump { .. } => Mnemonic::Jump,
        Op::Branch { .. } => Mnemonic::Branch,
        Op::Return { .. } => Mnemonic::Return,
        Op::Leave { .. } => Mnemonic::Leave,
    }
}

/// `[r0]`, `[r0 + 16]`, `[r0 - 8]`
fn write_address(f: &mut Formatter<'_>, address: Value, offset: i32) -> fmt::Result {
    match offset {
        0 => write!(f, "[{address}]"),
        1.. => write!(f, "[{address} + {offset}]"),
        _ => write!(f, "[{address} - {}]", offset.unsigned_abs()),
    }
}

/// `g:1`, or the name of an import. What isn't in the module has no name.
fn write_callee(f: &mut Formatter<'_>, module: &Module, callee: Callee) -> fmt::Result {
    match callee {
        Callee::Function(id) => {
            let function = module.functions.get(id.index());
            let name = function.map_or("?", |function| function.name.as_str());
            write!(f, "{}:{}", Name(name), id.0)
        }
        Callee::Import(ImportId(id)) => {
            let import = module.imports.get(id as usize);
            write!(
                f,
                "{}",
                Name(import.map_or("?", |import| import.name.as_str()))
            )
        }
    }
}

/// `b1(r2, r3)`
fn write_target(f: &mut Formatter<'_>, function: &Function, target: Target) -> fmt::Result {
    write!(f, "b{}(", target.block.0)?;
    write_list(f, function, target.arguments, "")?;
    f.write_char(')')
}

fn write_optional_exit(
    f: &mut Formatter<'_>,
    function: &Function,
    exit: Option<ExitId>,
) -> fmt::Result {
    let Some(exit) = exit else {
        return Ok(());
    };
    f.write_str(" or ")?;
    write_exit(f, function, exit)
}

/// `exit 1(r2)`
fn write_exit(f: &mut Formatter<'_>, function: &Function, exit: ExitId) -> fmt::Result {
    f.write_str("exit ")?;
    write_reason(f, function, exit)
}

/// `1(r2)`; a question mark for an exit that the function hasn't.
fn write_reason(f: &mut Formatter<'_>, function: &Function, exit: ExitId) -> fmt::Result {
    let Some(exit) = function.exits.get(exit.index()) else {
        return f.write_str("?()");
    };
    write!(f, "{}(", exit.reason)?;
    write_list(f, function, exit.values, "")?;
    f.write_char(')')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Access, Binary, Block, Instruction, Unary, Width};
    use crate::origin::Origin;

    /// A module of one function with one block.
    fn module(ops: impl IntoIterator<Item = Op>, prepare: impl FnOnce(&mut Function)) -> Module {
        let mut function = Function::new("main", 1);
        function.instructions = ops
            .into_iter()
            .map(|op| Instruction {
                op,
                origin: Origin::default(),
            })
            .collect();
        function.blocks.push(Block {
            parameters: List::EMPTY,
            start: 0,
            end: function.instructions.len() as u32,
        });
        prepare(&mut function);
        Module {
            functions: vec![function],
            imports: Vec::new(),
        }
    }

    #[test]
    fn a_straight_function_prints_as_a_table() {
        let add = |dest, a, b| Op::Binary {
            operator: Binary::Add,
            dest: Value(dest),
            a: Value(a),
            b: Value(b),
        };
        let constant = |dest| Op::Constant {
            dest: Value(dest),
            value: 2,
        };
        let argument = Op::Argument {
            dest: Value(3),
            index: 0,
        };
        let result = Op::Return { value: Value(4) };
        let ops = [
            constant(0),
            constant(1),
            add(2, 0, 1),
            argument,
            add(4, 2, 3),
            result,
        ];
        let module = module(ops, |function| function.values = 5);
        let expected = "\
fn main - #args: 1, #reg: 5 {
    0:  mvi  @r0, 2
    1:  mvi  @r1, 2
    2:  add  @r2, r0, r1
    3:  mva  @r3, a0
    4:  add  @r4, r2, r3
    5:  ret  r4
}
";
        assert_eq!(module.to_string(), expected);
    }

    #[test]
    fn each_line_says_what_it_is() {
        let result = Op::Return { value: Value(0) };
        let mut module = module([result], |_| {});
        module.functions[0].blocks.push(Block {
            parameters: List::EMPTY,
            start: 1,
            end: 1,
        });
        let lines = print_lines(&module, FunctionId(0));
        let kinds: Vec<PrintedLine> = lines.iter().map(|(_, kind)| *kind).collect();
        let expected = [
            PrintedLine::Head,
            PrintedLine::Block,
            PrintedLine::Instruction(0),
            PrintedLine::Block,
            PrintedLine::End,
        ];
        assert_eq!(kinds, expected);
        let text: String = lines.iter().map(|(text, _)| format!("{text}\n")).collect();
        assert_eq!(text, print_function(&module, FunctionId(0)).to_string());
    }

    #[test]
    fn numbers_of_instructions_are_right_aligned() {
        let op = Op::Unary {
            operator: Unary::Negate,
            dest: Value(0),
            a: Value(0),
        };
        let text = module([op; 11], |_| {}).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[10], "    9:  neg  @r0, r0");
        assert_eq!(lines[11], "   10:  neg  @r0, r0");
    }

    #[test]
    fn accesses_are_padded_like_other_mnemonics() {
        let load = |width, signed, big_endian, offset| Op::Load {
            dest: Value(1),
            address: Value(0),
            offset,
            access: Access {
                width,
                signed,
                big_endian,
            },
        };
        let ops = [
            load(Width::Double, false, false, 16),
            load(Width::Half, true, true, i32::MIN),
        ];
        let text = module(ops, |_| {}).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "    0:  ld8  @r1, [r0 + 16]");
        assert_eq!(lines[2], "    1:  ld2sb @r1, [r0 - 2147483648]");
    }

    #[test]
    fn names_that_are_no_words_are_quoted() {
        assert_eq!(Name("größe").to_string(), "größe");
        assert_eq!(Name("1st \"x\"\n").to_string(), r#""1st \"x\"\u{a}""#);
        assert_eq!(Name("").to_string(), r#""""#);
    }

    #[test]
    fn what_is_not_valid_is_printed_all_the_same() {
        let leave = Op::Leave { exit: ExitId(7) };
        let call = Op::Call {
            dest: Value(0),
            callee: Callee::Function(FunctionId(3)),
            arguments: List(100),
            exit: None,
        };
        let module = module([call, leave], |function| function.lists.clear());
        assert!(module.to_string().contains("call @r0, \"?\":3()"));
        assert!(module.to_string().contains("exit ?()"));
    }
}
