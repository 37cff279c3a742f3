//! What is printed reads back as the same module, and any text is read or refused.

mod common;

use codegen::ir::text::{parse, print_function};
use codegen::ir::{
    BlockId, Callee, Exit, ExitId, Function, FunctionId, Instruction, List, Module, Op, Target,
};
use codegen::random::{self, Shape, Window};
use codegen::{Origin, Place};
use common::cases;

fn shape() -> Shape {
    Shape {
        memory: Some(Window {
            address: 0x1000,
            bytes: 0x1000,
        }),
        ..Shape::default()
    }
}

/// The same function with places left out, and every list and exit in the order of its use.
fn normalized(function: &Function) -> Function {
    let mut copy = Function::new(function.name.as_str(), function.parameters);
    copy.values = function.values;
    copy.places = vec![Place::Unknown];
    for (index, block) in function.blocks.iter().enumerate() {
        let mut block = *block;
        block.parameters = copy_list(&mut copy, function, block.parameters);
        copy.blocks.push(block);
        for instruction in function.block(BlockId(index as u32)) {
            let op = normalized_op(&mut copy, function, instruction.op);
            copy.instructions.push(Instruction {
                op,
                origin: Origin::default(),
            });
        }
    }
    copy
}

fn copy_list(copy: &mut Function, function: &Function, list: List) -> List {
    let values: Vec<_> = function.list(list).collect();
    copy.make_list(&values)
}

fn copy_target(copy: &mut Function, function: &Function, target: Target) -> Target {
    Target {
        arguments: copy_list(copy, function, target.arguments),
        ..target
    }
}

fn copy_exit(copy: &mut Function, function: &Function, exit: ExitId) -> ExitId {
    let Exit { reason, values } = function.exits[exit.index()];
    let values = copy_list(copy, function, values);
    copy.exits.push(Exit { reason, values });
    ExitId(copy.exits.len() as u32 - 1)
}

fn normalized_op(copy: &mut Function, function: &Function, mut op: Op) -> Op {
    match &mut op {
        Op::WideDivide {
            results, operands, ..
        } => {
            *results = copy_list(copy, function, *results);
            *operands = copy_list(copy, function, *operands);
        }
        Op::Call { arguments, .. } => *arguments = copy_list(copy, function, *arguments),
        Op::Jump { target } => *target = copy_target(copy, function, *target),
        Op::Branch {
            then, otherwise, ..
        } => {
            *then = copy_target(copy, function, *then);
            *otherwise = copy_target(copy, function, *otherwise);
        }
        _ => {}
    }
    match &mut op {
        Op::Divide {
            exit: Some(exit), ..
        }
        | Op::WideDivide {
            exit: Some(exit), ..
        }
        | Op::Call {
            exit: Some(exit), ..
        }
        | Op::Guard { exit, .. }
        | Op::Poll { exit }
        | Op::StackCheck { exit }
        | Op::Leave { exit } => *exit = copy_exit(copy, function, *exit),
        _ => {}
    }
    op
}

/// A number that follows from others.
fn mix(seed: u64) -> usize {
    (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize
}

#[test]
fn random_modules_read_back_as_themselves() {
    for seed in 0..cases(1_000) {
        let module = random::module(seed, &shape());
        let text = module.to_string();
        let again = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(again.to_string(), text, "seed {seed}");
        let functions = again.functions.iter().map(normalized);
        let expected: Vec<Function> = module.functions.iter().map(normalized).collect();
        assert_eq!(
            functions.collect::<Vec<_>>(),
            expected,
            "seed {seed}\n{text}"
        );
        assert_eq!(again.imports, module.imports);
    }
}

#[test]
fn a_text_with_something_changed_is_read_or_refused() {
    let other = b"@,()[]{}:+-/#\"\\ \nr0b1fnmviret9\xc3\xa9";
    for seed in 0..cases(1_000) {
        let small = Shape {
            functions: 2,
            statements: 10,
            ..shape()
        };
        let mut text = random::module(seed, &small).to_string().into_bytes();
        for change in 0..3 {
            let number = mix(seed * 8 + change);
            let at = number % text.len();
            match number % 3 {
                0 => text[at] = other[number / 7 % other.len()],
                1 => text.truncate(at),
                _ => drop(text.drain(at..text.len().min(at + number / 7 % 20))),
            }
            if text.is_empty() {
                break;
            }
        }
        let text = String::from_utf8_lossy(&text);
        match parse(&text) {
            Ok(module) => assert_eq!(parse(&module.to_string()), Ok(module)),
            Err(error) => {
                let line = text.split('\n').nth(error.line as usize - 1);
                let columns = line.map(|line| line.chars().count());
                assert!(columns.is_some_and(|columns| error.column as usize <= columns + 1));
            }
        }
    }
}

#[test]
fn a_function_prints_as_part_of_its_module() {
    let text = "\
import getc/0

fn f - #args: 0, #reg: 4 {
    0:  mvi  @r0, 1
    1:  mvi  @r2, 2
    2:  call @r1, g:1(r2)
    3:  add  @r3, r0, r1
    4:  ret  r3
}

fn g - #args: 1, #reg: 2 {
    0:  mva  @r0, a0
    1:  ret  r0
}
";
    let module = parse(text).expect("the text is right");
    let printed = [FunctionId(0), FunctionId(1)].map(|id| print_function(&module, id).to_string());
    assert_eq!(
        format!("import getc/0\n\n{}\n{}", printed[0], printed[1]),
        text
    );
    assert_eq!(print_function(&module, FunctionId(2)).to_string(), "");
}

#[test]
fn calls_name_what_the_module_has_under_their_number() {
    let text = "fn f - #args: 0, #reg: 1 { call @r0, g:1() ret r0 } fn g - #args: 0, #reg: 0 {}";
    let module = parse(text).expect("the text is right");
    let Op::Call { callee, .. } = module.functions[0].instructions[0].op else {
        panic!("the first instruction is a call");
    };
    assert_eq!(callee, Callee::Function(FunctionId(1)));
}

#[test]
fn long_and_repetitive_texts_are_read_in_one_go() {
    let long = [
        "fn f - #args: 0, #reg: 1 {}\n".repeat(20_000),
        format!(
            "fn f - #args: 0, #reg: 1 {{ {} }}",
            "ret r0 ".repeat(100_000)
        ),
        format!(
            "fn f - #args: 0, #reg: 1 {{ jmp b0({}r0) }}",
            "r0, ".repeat(100_000)
        ),
        "(".repeat(1_000_000),
        "// comment".repeat(100_000),
        "\"".repeat(1_000_000),
    ];
    let read: Vec<bool> = long.iter().map(|text| parse(text).is_ok()).collect();
    assert_eq!(read, [true, true, true, false, true, false]);
}

#[test]
fn many_imports_and_calls_of_them_are_found_by_name() {
    let count = 20_000;
    let imports: String = (0..count).map(|n| format!("import i{n}/0\n")).collect();
    let calls: String = (0..count).map(|n| format!("call @r0, i{n}()\n")).collect();
    let module = parse(&format!("{imports} fn f - #args: 0, #reg: 1 {{ {calls} }}"));
    let module: Module = module.expect("the text is right");
    assert_eq!(module.imports.len(), count);
    assert_eq!(module.functions[0].instructions.len(), count);
}
