//! The x86-64 generator.

use super::{FIB, IMPORTS, LOOP, NINE_ARGUMENTS, ONE_CALL, SHARED_RETURN, assert_labelled};
use crate::x86;
use codegen::machine::Calls;

#[test]
fn the_argument_is_made_in_its_place() {
    assert_labelled(
        x86,
        ONE_CALL,
        Calls::Direct,
        &[
            "prologue state sub rsp, 8",
            "precall data mov edi, 2",
            "precall control call g:1",
            "body computation add rax, 1",
            "epilogue state add rsp, 8",
            "epilogue control ret",
        ],
    );
}

#[test]
fn a_call_through_the_trampoline_says_whom_it_calls() {
    assert_labelled(
        x86,
        ONE_CALL,
        Calls::Trampoline,
        &[
            "prologue state sub rsp, 8",
            "precall data mov edx, 2",
            "precall control lea rdi, [rip + catalogue]",
            "precall control mov esi, 1",
            "precall control call trampoline",
            "body computation add rax, 1",
            "epilogue state add rsp, 8",
            "epilogue control ret",
        ],
    );
}

#[test]
fn arguments_on_the_stack_are_stored_and_parameters_loaded() {
    assert_labelled(
        x86,
        NINE_ARGUMENTS,
        Calls::Direct,
        &[
            "prologue state cmp rsp, qword ptr [r15]",
            "prologue state jbe .L1",
            "prologue state push rbx",
            "prologue state sub rsp, 32",
            "prologue data mov rax, rdi",
            "prologue data mov rbx, qword ptr [rsp + 64]",
            "precall data mov qword ptr [rsp], rax",
            "precall data mov qword ptr [rsp + 8], rax",
            "precall data mov qword ptr [rsp + 16], rbx",
            "precall data mov r9, rax",
            "precall data mov r8, rax",
            "precall data mov rcx, rax",
            "precall data mov rdx, rax",
            "precall data mov rsi, rax",
            "precall data mov rdi, rbx",
            "precall control call g:0",
            "body computation add rax, rbx",
            "epilogue state add rsp, 32",
            "epilogue state pop rbx",
            "epilogue control ret",
            "body computation lea r11, [rip]",
            "body computation jmp exit_stub",
        ],
    );
}

#[test]
fn an_import_gets_the_context() {
    assert_labelled(
        x86,
        IMPORTS,
        Calls::Direct,
        &[
            "prologue state push rbx",
            "prologue data mov rbx, rdi",
            "precall data mov rsi, rbx",
            "precall data mov rdi, r15",
            "precall control call qword ptr [r15 + 312]",
            "body computation test rdx, rdx",
            "body computation jne .L1",
            "precall data mov rdi, r15",
            "precall control call qword ptr [r15 + 320]",
            "body computation test rdx, rdx",
            "body computation jne .L2",
            "epilogue state pop rbx",
            "epilogue control ret",
            "body computation lea r11, [rip]",
            "body computation jmp exit_stub",
            "body computation lea r11, [rip]",
            "body computation jmp exit_stub",
        ],
    );
}

#[test]
fn an_early_return_stands_before_the_prologue() {
    assert_labelled(
        x86,
        FIB,
        Calls::Direct,
        &[
            "body computation cmp rdi, 2",
            "body computation jge .L3",
            "epilogue data mov rax, rdi",
            "epilogue control ret",
            "prologue state push rbx",
            "prologue state push rbp",
            "prologue state sub rsp, 8",
            "prologue data mov rbx, rdi",
            "body computation lea rdi, [rbx - 1]",
            "precall control call g:0",
            "postreturn data mov rbp, rax",
            "body computation lea rdi, [rbx - 2]",
            "precall control call g:0",
            "body computation add rax, rbp",
            "epilogue state add rsp, 8",
            "epilogue state pop rbp",
            "epilogue state pop rbx",
            "epilogue control ret",
        ],
    );
}

#[test]
fn a_parameter_that_changes_in_a_loop_is_brought_there() {
    assert_labelled(
        x86,
        LOOP,
        Calls::Direct,
        &[
            "prologue state push rbx",
            "prologue state push rbp",
            "prologue state push r12",
            "prologue data mov rbx, rsi",
            "body computation xor r12d, r12d",
            "prologue data mov rbp, rdi",
            "body computation test rbp, rbp",
            "body computation je .L3",
            "precall data mov rsi, rbx",
            "precall data mov rdi, rbp",
            "precall control call g:0",
            "body computation add r12, rax",
            "body computation sub rbp, rbx",
            "body computation jmp .L1",
            "epilogue data mov rax, r12",
            "epilogue state pop r12",
            "epilogue state pop rbp",
            "epilogue state pop rbx",
            "epilogue control ret",
        ],
    );
}

#[test]
fn a_jump_to_a_shared_return_belongs_to_the_epilogue() {
    assert_labelled(
        x86,
        SHARED_RETURN,
        Calls::Direct,
        &[
            "prologue state push rbx",
            "prologue state push rbp",
            "prologue state push r12",
            "prologue state push r13",
            "prologue state push r14",
            "prologue data mov r13, rcx",
            "prologue data mov r12, rdx",
            "prologue data mov rbp, rsi",
            "prologue data mov rbx, rdi",
            "precall data mov rcx, r12",
            "precall data mov rdx, r13",
            "precall data mov rsi, rbx",
            "precall data mov rdi, rbp",
            "precall control call g:0",
            "postreturn data mov r14, rax",
            "body computation test rbx, rbx",
            "body computation je .L2",
            "body computation mov rax, rbp",
            "body computation sub rax, r13",
            "epilogue control jmp .L3",
            "precall data mov rcx, r13",
            "precall data mov rdx, r12",
            "precall data mov rsi, rbp",
            "precall data mov rdi, rbx",
            "precall control call g:0",
            "body computation add rax, r14",
            "body computation add rax, r12",
            "body computation add rax, r13",
            "body computation add rax, rbp",
            "epilogue state pop r14",
            "epilogue state pop r13",
            "epilogue state pop r12",
            "epilogue state pop rbp",
            "epilogue state pop rbx",
            "epilogue control ret",
        ],
    );
}
