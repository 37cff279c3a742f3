//! The optimised AArch64 generator: what it writes for small functions, and that every allocation of
//! what it selects for random modules is right. (`agree.rs` runs such modules; those with loads and
//! stores run here.)

mod common;

use codegen::aarch64::simulator::{Ending, IMAGE_BASE, Image, Permission, Simulator};
use codegen::aarch64::{self, Options};
use codegen::execution::Outcome;
use codegen::ir::interpret::{Limits, Memory, run_with_memory};
use codegen::ir::text::parse;
use codegen::ir::verify::verify;
use codegen::ir::{FunctionId, Module};
use codegen::machine::Calls;
use codegen::passes;
use codegen::random::{self, Shape, Window};
use codegen::regalloc::{self, check};
use common::cases;

/// The text of a module's first function, without the blanks that align it.
fn generated(source: &str, calls: Calls) -> Vec<String> {
    let module = parse(source).expect("the test's IR is well-formed");
    verify(&module).expect("the test's IR is valid");
    let assembly = aarch64::generate(&module, FunctionId(0), &Options { calls });
    let text = aarch64::print(&assembly, &module);
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

#[track_caller]
fn assert_generated(source: &str, expected: &[&str]) {
    assert_eq!(generated(source, Calls::Direct), expected);
}

/// A random module with memory, as it is or optimised.
fn random_module(seed: u64) -> Module {
    let memory = Some(Window {
        address: 0x10_0000,
        bytes: 4096,
    });
    let shape = Shape {
        memory,
        ..Shape::default()
    };
    let mut module = random::module(seed, &shape);
    if seed % 2 == 1 {
        passes::optimise(
            &mut module,
            passes::Level::Basic,
            passes::Options::default(),
        );
    }
    module
}

#[test]
fn every_allocation_is_right() {
    for seed in 0..cases(300) {
        let module = random_module(seed);
        let calls = [Calls::Direct, Calls::Trampoline][(seed / 2 % 2) as usize];
        for id in (0..module.functions.len() as u32).map(FunctionId) {
            let before = aarch64::code_before_allocation(&module, id, &Options { calls });
            let mut after = before.clone();
            let allocation = regalloc::allocate(&mut after, aarch64::registers());
            check::check(&before, &after, &allocation, aarch64::registers())
                .unwrap_or_else(|error| panic!("seed {seed}, {id:?}: {error}"));
        }
    }
}

/// Where the window of memory begins, and what it holds at first.
const WINDOW: u64 = 0x1000_0000;

fn window() -> Vec<u8> {
    (0..4096u32).map(|byte| (byte * 37 % 251) as u8).collect()
}

/// A single function that loads and stores, never leaves and has a few arguments in registers.
fn module_with_memory(seed: u64) -> Module {
    let shape = Shape {
        functions: 1,
        parameters: 6,
        calls: false,
        recursion: false,
        imports: false,
        exits: false,
        divisions: false,
        memory: Some(Window {
            address: WINDOW,
            bytes: 4096,
        }),
        ..Shape::default()
    };
    random::module(seed, &shape)
}

#[test]
fn loads_and_stores_do_what_they_do_in_the_interpreter() {
    for seed in 0..cases(200) {
        let module = module_with_memory(seed);
        let arguments = random::arguments(seed, module.functions[0].parameters);
        let mut bytes = window();
        let mut memory = Memory {
            base: WINDOW,
            bytes: &mut bytes,
        };
        let limits = Limits::default();
        let main = FunctionId(0);
        let expected = run_with_memory(&module, main, &arguments, &mut (), &mut memory, &limits);
        let Ok(Outcome::Returned(expected)) = expected.outcome else {
            continue;
        };
        let unit = aarch64::encode(&aarch64::generate(&module, main, &Options::default()));
        let image = Image {
            bytes: &unit.bytes,
            code: unit.bytes.len(),
        };
        let mut simulator = Simulator::new(image, &[], 1 << 20);
        simulator.map(WINDOW, window(), Permission::ReadWrite);
        let arguments: Vec<u64> = arguments.iter().map(|&argument| argument as u64).collect();
        let top = simulator.stack_top();
        let ending = simulator.call_directly(IMAGE_BASE, &arguments, top, &mut ());
        let Ok(Ending::Returned([found, _])) = ending else {
            panic!("seed {seed}: {ending:?}");
        };
        assert_eq!(found as i64, expected, "seed {seed}");
        assert_eq!(
            simulator.read(WINDOW, 4096),
            Some(&bytes[..]),
            "seed {seed}"
        );
    }
}

#[test]
fn a_leaf_has_no_frame() {
    assert_generated(
        "fn f - #args: 2, #reg: 3 {
            mva @r0, a0
            mva @r1, a1
            mul @r2, r0, r1
            ret r2
        }",
        &["f:", "mul x0, x0, x1", "ret"],
    );
}

#[test]
fn a_call_saves_the_link_register() {
    assert_generated(
        "fn f - #args: 1, #reg: 2 {
            mva @r0, a0
            call @r1, f:0(r0)
            ret r1
        }",
        &[
            "f:",
            "str x30, [sp, #-16]!",
            "bl f",
            "ldr x30, [sp], #16",
            "ret",
        ],
    );
}

#[test]
fn a_value_that_lives_across_a_call_is_in_a_saved_register() {
    assert_generated(
        "fn f - #args: 1, #reg: 3 {
            mva @r0, a0
            call @r1, f:0(r0)
            add @r2, r0, r1
            ret r2
        }",
        &[
            "f:",
            "stp x19, x30, [sp, #-16]!",
            "mov x19, x0",
            "bl f",
            "add x0, x19, x0",
            "ldp x19, x30, [sp], #16",
            "ret",
        ],
    );
}

#[test]
fn the_ninth_argument_is_on_the_stack() {
    assert_generated(
        "fn f - #args: 9, #reg: 3 {
            mva @r0, a8
            mva @r1, a0
            call @r2, f:0(r0, r1, r1, r1, r1, r1, r1, r1, r1)
            ret r2
        }",
        &[
            "f:",
            "str x30, [sp, #-16]!",
            "sub sp, sp, #16",
            "mov x8, x0",
            "ldr x0, [sp, #32]",
            "str x8, [sp]",
            "mov x7, x8",
            "mov x6, x8",
            "mov x5, x8",
            "mov x4, x8",
            "mov x3, x8",
            "mov x2, x8",
            "mov x1, x8",
            "bl f",
            "add sp, sp, #16",
            "ldr x30, [sp], #16",
            "ret",
        ],
    );
}

#[test]
fn the_trampoline_is_told_who_is_called() {
    let source = "fn f - #args: 1, #reg: 2 {
            mva @r0, a0
            call @r1, f:0(r0)
            ret r1
        }";
    assert_eq!(
        generated(source, Calls::Trampoline),
        [
            "f:",
            "str x30, [sp, #-16]!",
            "mov x2, x0",
            "movz x0, catalogue",
            "movz x1, 0",
            "bl trampoline",
            "ldr x30, [sp], #16",
            "ret"
        ]
    );
}

#[test]
fn an_import_is_called_through_the_context() {
    assert_generated(
        "import putc/1
        fn f - #args: 1, #reg: 2 {
            mva @r0, a0
            call @r1, putc(r0) or exit 3(r0)
            ret r1
        }",
        &[
            "f:",
            "stp x19, x30, [sp, #-16]!",
            "mov x19, x0",
            "mov x1, x19",
            "mov x0, x28",
            "ldr x16, [x28, #312]",
            "blr x16",
            "cbnz x1, .L1",
            "ldp x19, x30, [sp], #16",
            "ret",
            ".L1:",
            "adr x16, .L1",
            "b exit",
        ],
    );
}

#[test]
fn an_exit_leads_to_a_stub_at_the_end() {
    assert_generated(
        "fn f - #args: 2, #reg: 3 {
            mva @r0, a0
            mva @r1, a1
            div @r2, r0, r1 or exit 3(r0)
            ret r2
        }",
        &[
            "f:",
            "cbz x1, .L1",
            "sdiv x0, x0, x1",
            "ret",
            ".L1:",
            "adr x16, .L1",
            "b exit",
        ],
    );
}

#[test]
fn the_stack_is_checked_before_the_prologue() {
    assert_generated(
        "fn f - #args: 1, #reg: 2 {
            stack or exit 3()
            mva @r0, a0
            call @r1, f:0(r0)
            ret r1
        }",
        &[
            "f:",
            "ldr x16, [x28]",
            "cmp sp, x16",
            "b.ls .L1",
            "str x30, [sp, #-16]!",
            "bl f",
            "ldr x30, [sp], #16",
            "ret",
            ".L1:",
            "adr x16, .L1",
            "b exit",
        ],
    );
}

#[test]
fn a_branch_falls_through_to_the_next_block() {
    assert_generated(
        "fn f - #args: 2, #reg: 3 {
        b0():
            mva @r0, a0
            mva @r1, a1
            lt @r2, r0, r1
            br r2, b1(), b2()
        b1():
            ret r0
        b2():
            ret r1
        }",
        &[
            "f:",
            "cmp x0, x1",
            "b.ge .L2",
            "ret",
            ".L2:",
            "mov x0, x1",
            "ret",
        ],
    );
}

#[test]
fn a_block_that_only_leaves_is_branched_over() {
    assert_generated(
        "fn f - #args: 2, #reg: 2 {
        b0():
            mva @r0, a0
            mva @r1, a1
            br r1, b1(), b2()
        b1():
            exit 3(r0)
        b2():
            ret r0
        }",
        &[
            "f:",
            "cbnz x1, .L3",
            "ret",
            ".L3:",
            "adr x16, .L3",
            "b exit",
        ],
    );
}

#[test]
fn moves_on_an_edge_stand_behind_the_branch() {
    assert_generated(
        "fn f - #args: 2, #reg: 8 {
        b0():
            mva @r0, a0
            mva @r1, a1
            jmp b1(r0, r1)
        b1(@r2, @r3):
            sub @r4, r2, r3
            lt @r5, r4, r3
            br r5, b2(r4), b1(r3, r4)
        b2(@r6):
            ret r6
        }",
        &[
            "f:",
            ".L1:",
            "sub x8, x0, x1",
            "cmp x8, x1",
            "b.lt .L2",
            "mov x0, x1",
            "mov x1, x8",
            "b .L1",
            ".L2:",
            "mov x0, x8",
            "ret",
        ],
    );
}

#[test]
fn a_jump_to_a_short_return_returns() {
    assert_generated(
        "fn f - #args: 2, #reg: 5 {
        b0():
            mva @r0, a0
            mva @r1, a1
            br r1, b1(), b2()
        b1():
            add @r2, r0, r1
            jmp b3(r2)
        b2():
            mul @r3, r0, r0
            jmp b3(r3)
        b3(@r4):
            ret r4
        }",
        &[
            "f:",
            "cbz x1, .L2",
            "add x8, x0, x1",
            "mov x0, x8",
            "ret",
            ".L2:",
            "mul x8, x0, x0",
            "mov x0, x8",
            "ret",
        ],
    );
}

#[test]
fn a_circle_of_jumps_stays_one() {
    assert_generated(
        "fn f - #args: 0, #reg: 0 {
        b0():
            jmp b1()
        b1():
            jmp b2()
        b2():
            jmp b1()
        }",
        &["f:", ".L1:", "b .L1"],
    );
}
