//! The optimised AArch64 generator.

use super::{FIB, IMPORTS, LOOP, NINE_ARGUMENTS, ONE_CALL, SHARED_RETURN, assert_labelled};
use crate::optimised;
use codegen::machine::Calls;

#[test]
fn in_optimised_code_the_argument_is_made_in_its_place() {
    assert_labelled(
        optimised,
        ONE_CALL,
        Calls::Direct,
        &[
            "prologue state str x30, [sp, #-16]!",
            "precall data movz x0, 2",
            "precall control bl function1",
            "body computation add x0, x0, #1",
            "epilogue state ldr x30, [sp], #16",
            "epilogue control ret",
        ],
    );
}

#[test]
fn a_call_through_the_trampoline_says_whom_it_calls() {
    assert_labelled(
        optimised,
        ONE_CALL,
        Calls::Trampoline,
        &[
            "prologue state str x30, [sp, #-16]!",
            "precall data movz x2, 2",
            "precall control movz x0, catalogue",
            "precall control movz x1, 1",
            "precall control bl trampoline",
            "body computation add x0, x0, #1",
            "epilogue state ldr x30, [sp], #16",
            "epilogue control ret",
        ],
    );
}

#[test]
fn arguments_on_the_stack_are_stored_and_parameters_loaded() {
    assert_labelled(
        optimised,
        NINE_ARGUMENTS,
        Calls::Direct,
        &[
            "prologue state ldr x16, [x28]",
            "prologue state cmp sp, x16",
            "prologue state b.ls .L1",
            "prologue state stp x19, x30, [sp, #-16]!",
            "prologue state sub sp, sp, #16",
            "prologue data mov x8, x0",
            "prologue data ldr x19, [sp, #32]",
            "precall data str x19, [sp]",
            "precall data mov x7, x8",
            "precall data mov x6, x8",
            "precall data mov x5, x8",
            "precall data mov x4, x8",
            "precall data mov x3, x8",
            "precall data mov x2, x8",
            "precall data mov x1, x8",
            "precall data mov x0, x19",
            "precall control bl function0",
            "body computation add x0, x0, x19",
            "epilogue state add sp, sp, #16",
            "epilogue state ldp x19, x30, [sp], #16",
            "epilogue control ret",
            "body computation adr x16, .L1",
            "body computation b exit",
        ],
    );
}

#[test]
fn an_import_gets_the_context_and_its_results_are_asked_for() {
    assert_labelled(
        optimised,
        IMPORTS,
        Calls::Direct,
        &[
            "prologue state stp x19, x30, [sp, #-16]!",
            "prologue data mov x19, x0",
            "precall data mov x1, x19",
            "precall data mov x0, x28",
            "precall control ldr x16, [x28, #312]",
            "precall control blr x16",
            "body computation cbnz x1, .L1",
            "precall data mov x0, x28",
            "precall control ldr x16, [x28, #320]",
            "precall control blr x16",
            "body computation cbnz x1, .L2",
            "epilogue state ldp x19, x30, [sp], #16",
            "epilogue control ret",
            "body computation adr x16, .L1",
            "body computation b exit",
            "body computation adr x16, .L2",
            "body computation b exit",
        ],
    );
}

#[test]
fn each_return_has_an_epilogue_of_its_own() {
    assert_labelled(
        optimised,
        FIB,
        Calls::Direct,
        &[
            "prologue state stp x19, x30, [sp, #-32]!",
            "prologue state str x20, [sp, #16]",
            "prologue data mov x19, x0",
            "body computation cmp x19, #2",
            "body computation b.ge .L2",
            "epilogue state ldr x20, [sp, #16]",
            "epilogue state ldp x19, x30, [sp], #32",
            "epilogue control ret",
            "body computation sub x0, x19, #1",
            "precall control bl function0",
            "postreturn data mov x20, x0",
            "body computation sub x0, x19, #2",
            "precall control bl function0",
            "body computation add x0, x20, x0",
            "epilogue state ldr x20, [sp, #16]",
            "epilogue state ldp x19, x30, [sp], #32",
            "epilogue control ret",
        ],
    );
}

#[test]
fn a_parameter_that_changes_in_a_loop_is_brought_there() {
    assert_labelled(
        optimised,
        LOOP,
        Calls::Direct,
        &[
            "prologue state stp x19, x30, [sp, #-32]!",
            "prologue state stp x20, x21, [sp, #16]",
            "prologue data mov x19, x1",
            "body computation movz x21, 0",
            "prologue data mov x20, x0",
            "body computation cbz x20, .L3",
            "precall data mov x1, x19",
            "precall data mov x0, x20",
            "precall control bl function0",
            "body computation add x21, x21, x0",
            "body computation sub x20, x20, x19",
            "body computation b .L1",
            "epilogue data mov x0, x21",
            "epilogue state ldp x20, x21, [sp, #16]",
            "epilogue state ldp x19, x30, [sp], #32",
            "epilogue control ret",
        ],
    );
}

#[test]
fn a_jump_to_a_shared_return_belongs_to_the_epilogue() {
    assert_labelled(
        optimised,
        SHARED_RETURN,
        Calls::Direct,
        &[
            "prologue state stp x19, x30, [sp, #-48]!",
            "prologue state stp x20, x21, [sp, #16]",
            "prologue state stp x22, x23, [sp, #32]",
            "prologue data mov x22, x3",
            "prologue data mov x21, x2",
            "prologue data mov x20, x1",
            "prologue data mov x19, x0",
            "precall data mov x3, x21",
            "precall data mov x2, x22",
            "precall data mov x1, x19",
            "precall data mov x0, x20",
            "precall control bl function0",
            "postreturn data mov x23, x0",
            "body computation cbz x19, .L2",
            "body computation sub x8, x20, x22",
            "epilogue control b .L3",
            "precall data mov x3, x22",
            "precall data mov x2, x21",
            "precall data mov x1, x20",
            "precall data mov x0, x19",
            "precall control bl function0",
            "body computation add x8, x0, x23",
            "body computation add x8, x8, x21",
            "body computation add x8, x8, x22",
            "body computation add x8, x8, x20",
            "epilogue data mov x0, x8",
            "epilogue state ldp x22, x23, [sp, #32]",
            "epilogue state ldp x20, x21, [sp, #16]",
            "epilogue state ldp x19, x30, [sp], #48",
            "epilogue control ret",
        ],
    );
}
