//! The x86-64 code of small functions.

use codegen::ir::FunctionId;
use codegen::ir::text::parse;
use codegen::machine::Calls;
use codegen::x86_64::{self, Options};

/// The code of the first function of a module, its name aside.
fn code(module: &str, calls: Calls) -> String {
    let module = parse(module).expect("the test's text is right");
    let assembly = x86_64::generate(&module, FunctionId(0), &Options { calls });
    let text = x86_64::print(&assembly, &module);
    text.lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Asserts what the code of a function with these lines is.
fn assert_code(lines: &str, expected: &str) {
    let parameters = lines.matches("mva").count();
    let module = format!("fn main - #args: {parameters}, #reg: 20 {{\n{lines}\n}}");
    assert_same(&code(&module, Calls::Direct), expected);
}

/// Compares line by line; indentation does not count.
fn assert_same(code: &str, expected: &str) {
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(code.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_sum_is_an_addition_to_one_of_its_operands() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         add @r2, r0, r1
         ret r2",
        "lea rax, [rdi + rsi]
         ret",
    );
}

#[test]
fn a_sum_of_three_is_one_address() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         add @r2, r0, r1
         mvi @r3, 5
         add @r4, r2, r3
         ret r4",
        "lea rax, [rdi + rsi + 5]
         ret",
    );
}

#[test]
fn a_shift_by_up_to_three_is_a_part_of_an_address() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mvi @r2, 3
         shl @r3, r1, r2
         add @r4, r0, r3
         ret r4",
        "lea rax, [rdi + rsi*8]
         ret",
    );
}

#[test]
fn a_difference_to_a_number_is_an_address() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 7
         sub @r2, r0, r1
         ret r2",
        "lea rax, [rdi - 7]
         ret",
    );
}

#[test]
fn a_multiplication_by_nine_is_an_address() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 9
         mul @r2, r0, r1
         ret r2",
        "lea rax, [rdi + rdi*8]
         ret",
    );
}

#[test]
fn a_multiplication_takes_a_number() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 1000
         mul @r2, r0, r1
         ret r2",
        "imul rax, rdi, 1000
         ret",
    );
}

#[test]
fn a_long_number_needs_a_register() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 4886718345
         xor @r2, r0, r1
         ret r2",
        "movabs rax, 4886718345
         xor rdi, rax
         mov rax, rdi
         ret",
    );
}

#[test]
fn a_byte_is_cut_out_by_movzx() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 255
         and @r2, r0, r1
         ret r2",
        "movzx eax, dil
         ret",
    );
}

#[test]
fn a_mask_that_is_not_negative_needs_32_bits() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 127
         and @r2, r0, r1
         ret r2",
        "and edi, 127
         mov rax, rdi
         ret",
    );
}

#[test]
fn a_shift_by_a_variable_takes_its_count_from_cl() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         sar @r2, r0, r1
         ret r2",
        "mov rcx, rsi
         sar rdi, cl
         mov rax, rdi
         ret",
    );
}

#[test]
fn a_comparison_as_a_value_clears_its_register_first() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         ltu @r2, r0, r1
         ret r2",
        "xor eax, eax
         cmp rdi, rsi
         setb al
         ret",
    );
}

#[test]
fn a_selection_is_a_conditional_move() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         lt @r2, r0, r1
         sel @r3, r2, r0, r1
         ret r3",
        "cmp rdi, rsi
         cmovl rsi, rdi
         mov rax, rsi
         ret",
    );
}

#[test]
fn a_selection_of_one_and_zero_is_a_set() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 1
         mvi @r2, 0
         ge @r3, r0, r2
         sel @r4, r3, r2, r1
         ret r4",
        "xor eax, eax
         test rdi, rdi
         setl al
         ret",
    );
}

#[test]
fn a_division_leaves_by_its_exit_and_looks_after_minus_one() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         div @r2, r0, r1 or exit 0(r0)
         ret r2",
        "mov rax, rdi
         test rsi, rsi
         je .L1
         cmp rsi, -1
         je .L3
         cqo
         idiv rsi
         .L2:
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub
         .L3:
         neg rax
         xor edx, edx
         jmp .L2",
    );
}

#[test]
fn a_division_by_a_number_checks_nothing() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 10
         mod @r2, r0, r1 or exit 0()
         ret r2",
        "mov ecx, 10
         mov rax, rdi
         cqo
         idiv rcx
         mov rax, rdx
         ret",
    );
}

#[test]
fn an_unsigned_division_needs_no_look_at_minus_one() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         divu @r2, r0, r1
         ret r2",
        "mov rax, rdi
         xor edx, edx
         div rsi
         ret",
    );
}

#[test]
fn the_high_half_of_a_product_comes_from_rdx() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mulhu @r2, r0, r1
         ret r2",
        "mov rax, rsi
         mul rdi
         mov rax, rdx
         ret",
    );
}

#[test]
fn a_wide_division_is_two_unless_the_high_half_is_0() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mva @r2, a2
         divw @r3, @r4, @r5, r0, r1, r2 or exit 0()
         xor @r6, r3, r4
         xor @r7, r6, r5
         ret r7",
        "mov rax, rsi
         mov rsi, rdx
         mov rcx, rdi
         test rsi, rsi
         je .L1
         xor edx, edx
         mov rdi, rax
         test rax, rax
         jne .L3
         .L2:
         mov rax, rcx
         div rsi
         xor rax, rdi
         xor rax, rdx
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub
         .L3:
         div rsi
         mov rdi, rax
         jmp .L2",
    );
}

#[test]
fn quotient_and_remainder_come_from_one_division() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         modu @r2, r0, r1 or exit 0()
         divu @r3, r0, r1
         sub @r4, r3, r2
         ret r4",
        "mov rax, rdi
         test rsi, rsi
         je .L1
         xor edx, edx
         div rsi
         sub rax, rdx
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn of_a_wide_product_only_the_half_is_made_that_is_needed() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mulw @r2, @r3, r0, r1
         ret r2",
        "imul rdi, rsi
         mov rax, rdi
         ret",
    );
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mulw @r2, @r3, r0, r1
         ret r3",
        "mov rax, rsi
         mul rdi
         mov rax, rdx
         ret",
    );
}

#[test]
fn an_addition_further_up_leaves_the_flags_for_a_branch() {
    assert_same(
        &code(
            "fn f - #args: 2, #reg: 12 {
            b0():
                mva @r0, a0
                mva @r1, a1
                jmp b1(r0, r1)
            b1(@r2, @r3):
                mvi @r4, 1
                mvi @r5, 2
                sub @r6, r2, r4
                mul @r7, r3, r1
                gt  @r8, r2, r4
                br  r8, b1(r6, r7), b2()
            b2():
                ret r7
            }",
            Calls::Direct,
        ),
        "mov rax, rsi
         .L1:
         imul rax, rsi
         sub rdi, 1
         jg .L1
         ret",
    );
}

#[test]
fn a_difference_that_lives_on_is_tested_for_its_sign_by_the_flags() {
    assert_same(
        &code(
            "fn f - #args: 1, #reg: 12 {
            b0():
                mva @r0, a0
                jmp b1(r0)
            b1(@r1):
                mvi @r2, -5
                add @r3, r1, r2
                mvi @r4, 0
                lt  @r5, r3, r4
                guard r5 or exit 3(r3, r4)
                jmp b1(r3)
            }",
            Calls::Direct,
        ),
        ".L1:
         sub rdi, 5
         jns .L1
         jmp .L2
         .L2:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn arithmetic_stays_where_its_result_is_needed_before_the_comparison() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mvi @r2, 1
         sub @r3, r0, r2
         st8 r3, [r1]
         eq  @r4, r3, r0
         mvi @r5, 0
         lt  @r6, r3, r5
         guard r6 or exit 4(r3)
         ret r3",
        "lea rax, [rdi - 1]
         mov qword ptr [rsi], rax
         test rax, rax
         jl .L1
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn an_exit_compares_with_memory_at_a_sum_that_is_part_of_each_address() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mva @r2, a2
         add @r3, r0, r1
         ld8 @r4, [r3 + 8]
         ne  @r5, r2, r4
         guard r5 or exit 4(r2)
         ld8 @r6, [r3 + 16]
         ret r6",
        "cmp rdx, qword ptr [rdi + rsi + 8]
         jne .L1
         mov rax, qword ptr [rdi + rsi + 16]
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn what_memory_held_before_a_store_is_loaded_before_it() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         ld8 @r2, [r0]
         st8 r1, [r0 + 8]
         ne  @r3, r1, r2
         guard r3 or exit 4()
         ret r1",
        "mov rax, qword ptr [rdi]
         mov qword ptr [rdi + 8], rsi
         cmp rsi, rax
         jne .L1
         mov rax, rsi
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn memory_is_addressed_with_base_index_and_displacement() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mvi @r2, 3
         shl @r3, r1, r2
         add @r4, r0, r3
         ld8 @r5, [r4 + 16]
         ret r5",
        "mov rax, qword ptr [rdi + rsi*8 + 16]
         ret",
    );
}

#[test]
fn bytes_in_the_other_order_are_turned_around() {
    assert_code(
        "mva @r0, a0
         ld2b @r1, [r0]
         st4b r1, [r0 + 8]
         ret r1",
        "movzx eax, word ptr [rdi]
         bswap eax
         shr eax, 16
         mov rcx, rax
         bswap ecx
         mov dword ptr [rdi + 8], ecx
         ret",
    );
}

#[test]
fn a_number_is_stored_as_such() {
    assert_code(
        "mva @r0, a0
         mvi @r1, -1
         st1 r1, [r0 - 1]
         ret r0",
        "mov byte ptr [rdi - 1], -1
         mov rax, rdi
         ret",
    );
}

#[test]
fn a_guard_jumps_to_a_stub() {
    assert_code(
        "mva @r0, a0
         mvi @r1, 8
         and @r2, r0, r1
         guard r2 or exit 0(r0)
         ret r0",
        "test edi, 8
         jne .L1
         mov rax, rdi
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn a_poll_looks_into_the_context() {
    assert_code(
        "poll or exit 0()
         mvi @r0, 0
         ret r0",
        "cmp qword ptr [r15 + 8], 0
         jne .L1
         xor eax, eax
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn what_nobody_needs_vanishes() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mul @r2, r0, r1
         ret r0",
        "mov rax, rdi
         ret",
    );
}

#[test]
fn a_product_overwrites_the_factor_that_nobody_needs_later() {
    assert_code(
        "mva @r0, a0
         mva @r1, a1
         mul @r2, r0, r1
         sub @r3, r2, r0
         ret r3",
        "imul rsi, rdi
         sub rsi, rdi
         mov rax, rsi
         ret",
    );
}

const CALLER: &str = "
    fn main - #args: 1, #reg: 4 {
        0:  mva  @r0, a0
        1:  mvi  @r1, 2
        2:  call @r2, g:1(r1, r0)
        3:  add  @r3, r0, r2
        4:  ret  r3
    }
    fn g - #args: 2, #reg: 1 {
        0:  mva  @r0, a1
        1:  ret  r0
    }";

#[test]
fn what_lives_across_a_call_is_in_a_register_that_is_saved() {
    assert_same(
        &code(CALLER, Calls::Direct),
        "push rbx
         mov rbx, rdi
         mov rsi, rbx
         mov edi, 2
         call g
         add rax, rbx
         pop rbx
         ret",
    );
}

#[test]
fn the_trampoline_is_told_the_catalogue_and_the_number() {
    assert_same(
        &code(CALLER, Calls::Trampoline),
        "push rbx
         mov rbx, rdi
         mov rcx, rbx
         mov edx, 2
         lea rdi, [rip + catalogue]
         mov esi, 1
         call trampoline
         add rax, rbx
         pop rbx
         ret",
    );
}

#[test]
fn arguments_past_the_sixth_go_on_the_stack() {
    let module = "
        fn main - #args: 8, #reg: 3 {
            0:  mva  @r0, a6
            1:  mva  @r1, a7
            2:  call @r2, main:0(r1, r1, r1, r1, r1, r1, r0, r1)
            3:  ret  r2
        }";
    let code = code(module, Calls::Direct);
    assert!(
        code.starts_with(
            "sub rsp, 24\n\
             mov rax, qword ptr [rsp + 32]\n\
             mov rdi, qword ptr [rsp + 40]\n\
             mov qword ptr [rsp], rax\n\
             mov qword ptr [rsp + 8], rdi\n"
        ),
        "{code}"
    );
}

#[test]
fn an_import_that_ends_the_program_leaves_behind_the_call() {
    let module = "
        import putc/1
        fn main - #args: 1, #reg: 2 {
            0:  mva  @r0, a0
            1:  call @r1, putc(r0) or exit 0()
            2:  ret  r1
        }";
    assert_same(
        &code(module, Calls::Direct),
        "sub rsp, 8
         mov rsi, rdi
         mov rdi, r15
         call qword ptr [r15 + 312]
         test rdx, rdx
         jne .L1
         add rsp, 8
         ret
         .L1:
         lea r11, [rip]
         jmp exit_stub",
    );
}

#[test]
fn the_stack_is_checked_before_there_is_a_frame() {
    let module = "
        fn main - #args: 1, #reg: 3 {
            0:  stack or exit 0()
            1:  mva  @r0, a0
            2:  call @r1, main:0(r0)
            3:  add  @r2, r0, r1
            4:  ret  r2
        }";
    let code = code(module, Calls::Direct);
    assert!(
        code.starts_with("cmp rsp, qword ptr [r15]\njbe .L1\npush rbx\n"),
        "{code}"
    );
}

#[test]
fn a_loop_runs_through_its_blocks_as_they_lie() {
    let module = "
        fn main - #args: 1, #reg: 7 {
        b0():
            0:  mva  @r0, a0
            1:  mvi  @r1, 0
            2:  jmp  b1(r0, r1)
        b1(@r2, @r3):
            3:  add  @r4, r3, r2
            4:  mvi  @r5, 1
            5:  sub  @r6, r2, r5
            6:  br   r6, b1(r6, r4), b2()
        b2():
            7:  ret  r4
        }";
    assert_same(
        &code(module, Calls::Direct),
        "xor eax, eax
         .L1:
         add rax, rdi
         sub rdi, 1
         jne .L1
         ret",
    );
}

#[test]
fn an_early_return_needs_no_frame() {
    let module = "
        fn main - #args: 1, #reg: 6 {
        b0():
            0:  mva  @r0, a0
            1:  mvi  @r1, 2
            2:  lt   @r2, r0, r1
            3:  br   r2, b1(), b2()
        b1():
            4:  ret  r0
        b2():
            5:  sub  @r3, r0, r1
            6:  call @r4, main:0(r3)
            7:  add  @r5, r4, r0
            8:  ret  r5
        }";
    assert_same(
        &code(module, Calls::Direct),
        "cmp rdi, 2
         jge .L3
         mov rax, rdi
         ret
         .L3:
         push rbx
         mov rbx, rdi
         lea rdi, [rbx - 2]
         call main
         add rax, rbx
         pop rbx
         ret",
    );
}

/// A loop with 30 values, each of which is another one in every round, by one of two ways back.
fn loop_with_many_values() -> String {
    let list = |first: usize| {
        let names: Vec<String> = (first..first + 30).map(|n| format!("r{n}")).collect();
        names.join(", ")
    };
    let mut lines = String::from("b0():\nmva @r0, a0\nmvi @r1, 1\n");
    for n in 0..30 {
        lines += &format!("ld8 @r{}, [r0 + {}]\n", 2 + n, 8 * n);
    }
    lines += &format!("jmp b1({})\n", list(2));
    lines += &format!("b1({}):\n", list(32).replace('r', "@r"));
    for n in 0..30 {
        lines += &format!("add @r{}, r{}, r1\n", 62 + n, 32 + n);
    }
    lines += "br r62, b2(), b3()\n";
    lines += &format!("b2():\njmp b1({})\n", list(62));
    lines += &format!("b3():\nguard r63 or exit 1({})\n", list(62));
    for n in 0..30 {
        lines += &format!("add @r{}, r{}, r1\n", 92 + n, 62 + n);
    }
    lines += &format!("jmp b1({})\n", list(92));
    format!("fn f - #args: 1, #reg: 122 {{\n{lines}}}\n")
}

#[test]
fn what_a_loop_hands_over_in_memory_is_not_moved_there() {
    let code = code(&loop_with_many_values(), Calls::Direct);
    // From slot to slot the way is by r11, which otherwise only tells the exit stub the site.
    let moves: Vec<&str> = code
        .lines()
        .skip_while(|line| *line != ".L1:")
        .filter(|line| line.contains("r11") && !line.contains("rip"))
        .collect();
    assert!(moves.is_empty(), "{moves:?}");
}

#[test]
fn what_a_loop_hands_over_is_not_in_a_register_that_the_loop_needs() {
    assert_same(
        &code(
            "fn f - #args: 1, #reg: 9 {
            b0():
                mva @r0, a0
                ld8 @r1, [r0]
                ld8 @r2, [r0 + 8]
                jmp b1(r1, r2)
            b1(@r3, @r4):
                mvi @r5, -5
                add @r6, r3, r5
                guard r6 or exit 3(r6)
                mulhu @r7, r4, r4
                jmp b1(r6, r7)
            }",
            Calls::Direct,
        ),
        "mov rax, qword ptr [rdi]
         mov rcx, qword ptr [rdi + 8]
         mov rsi, rax
         .L1:
         sub rsi, 5
         jne .L2
         mov rax, rcx
         mul rcx
         mov rcx, rdx
         jmp .L1
         .L2:
         lea r11, [rip]
         jmp exit_stub",
    );
}
