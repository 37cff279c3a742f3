//! Listings with the part and the mechanism before each instruction.

mod aarch64;
mod baseline;
mod x86_64;

use super::labelled;
use codegen::ir::text::parse;
use codegen::ir::verify::verify;
use codegen::ir::{FunctionId, Module};
use codegen::machine::{Assembly, Calls};
use std::fmt::Display;

/// Checks the listing of the first function.
#[track_caller]
fn assert_labelled<I: Display>(
    generate: fn(&Module, FunctionId, Calls) -> Assembly<I>,
    source: &str,
    calls: Calls,
    expected: &[&str],
) {
    let module = parse(source).expect("the test's IR is well-formed");
    verify(&module).expect("the test's IR is valid");
    let found = labelled(&generate(&module, FunctionId(0), calls));
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        expected,
        "found:\n{found}"
    );
}

const ONE_CALL: &str = "
    fn f - #args: 0, #reg: 4 {
        0:  mvi  @r0, 1
        1:  mvi  @r2, 2
        2:  call @r1, g:1(r2)
        3:  add  @r3, r0, r1
        4:  ret  r3
    }

    fn g - #args: 1, #reg: 3 {
        0:  mvi  @r0, 2
        1:  mva  @r1, a0
        2:  mul  @r2, r0, r1
        3:  ret  r2
    }
";

const NINE_ARGUMENTS: &str = "
    fn f - #args: 9, #reg: 4 {
        stack or exit 7()
        mva  @r0, a0
        mva  @r1, a8
        call @r2, f:0(r1, r0, r0, r0, r0, r0, r0, r0, r1)
        add  @r3, r2, r1
        ret  r3
    }
";

const IMPORTS: &str = "
    import putc/1
    import getc/0

    fn f - #args: 1, #reg: 3 {
        mva  @r0, a0
        call @r1, putc(r0) or exit 3(r0)
        call @r2, getc() or exit 3()
        ret  r2
    }
";

const FIB: &str = "
    fn fib - #args: 1, #reg: 9 {
    b0():
        mva  @r0, a0
        mvi  @r1, 2
        lt   @r2, r0, r1
        br   r2, b1(), b2()
    b1():
        ret  r0
    b2():
        mvi  @r3, 1
        sub  @r4, r0, r3
        call @r5, fib:0(r4)
        sub  @r6, r0, r1
        call @r7, fib:0(r6)
        add  @r8, r5, r7
        ret  r8
    }
";

const LOOP: &str = "
    fn f - #args: 2, #reg: 8 {
    b0():
        mva  @r0, a0
        mva  @r1, a1
        mvi  @r2, 0
        jmp  b1(r0, r2)
    b1(@r3, @r4):
        br   r3, b2(), b3()
    b2():
        call @r5, f:0(r3, r1)
        add  @r6, r4, r5
        sub  @r7, r3, r1
        jmp  b1(r7, r6)
    b3():
        ret  r4
    }
";

const SHARED_RETURN: &str = "
    fn f - #args: 4, #reg: 12 {
    b0():
        mva  @r0, a0
        mva  @r1, a1
        mva  @r2, a2
        mva  @r3, a3
        call @r4, f:0(r1, r0, r3, r2)
        br   r0, b1(), b2()
    b1():
        sub  @r11, r1, r3
        jmp  b3(r11)
    b2():
        call @r5, f:0(r0, r1, r2, r3)
        add  @r6, r5, r4
        add  @r7, r6, r2
        add  @r8, r7, r3
        add  @r9, r8, r1
        jmp  b3(r9)
    b3(@r10):
        ret  r10
    }
";

const LEAF: &str = "
    fn f - #args: 2, #reg: 5 {
    b0():
        mva  @r0, a0
        mva  @r1, a1
        br   r0, b1(), b2()
    b1():
        sub  @r2, r1, r0
        jmp  b3(r2)
    b2():
        jmp  b3(r1)
    b3(@r3):
        ret  r3
    }
";
