//! What simplification makes of small functions.

use super::*;
use crate::passes::testing::assert_pass;
use crate::passes::{dead, renumber};

/// Simplifies for AArch64, and clears away what is not needed any more.
fn assert_simplified(before: &str, after: &str) {
    assert_simplified_for(Costs::AARCH64, before, after);
}

fn assert_simplified_for(costs: Costs, before: &str, after: &str) {
    assert_pass(
        |function| {
            simplify(function, costs);
            blocks::straighten(function);
            dead::eliminate(function);
            renumber::renumber(function);
        },
        before,
        after,
    );
}

/// A function of two parameters r0 and r1 whose result is computed by `body` in r9; the constants
/// 0, 1, 2, 3 and 5 are r2 to r6.
fn two_parameters(body: &str) -> String {
    format!(
        "fn f - #args: 2, #reg: 20 {{
            0: mva @r0, a0
            1: mva @r1, a1
            2: mvi @r2, 0
            3: mvi @r3, 1
            4: mvi @r4, 2
            5: mvi @r5, 3
            6: mvi @r6, 5
            {body}
            7: ret r9
        }}"
    )
}

/// Checks that `body` is found to be the same as the first parameter.
fn assert_is_first_parameter(body: &str) {
    assert_simplified(
        &two_parameters(body),
        "fn f - #args: 2, #reg: 1 {
            0: mva @r0, a0
            1: ret r0
        }",
    );
}

fn assert_is_constant(body: &str, constant: i64) {
    assert_simplified(
        &two_parameters(body),
        &format!(
            "fn f - #args: 2, #reg: 1 {{
                0: mvi @r0, {constant}
                1: ret r0
            }}"
        ),
    );
}

#[test]
fn operations_that_do_nothing_go() {
    assert_is_first_parameter("0: add @r9, r0, r2");
    assert_is_first_parameter("0: add @r9, r2, r0");
    assert_is_first_parameter("0: sub @r9, r0, r2");
    assert_is_first_parameter("0: mul @r9, r0, r3");
    assert_is_first_parameter("0: mul @r9, r3, r0");
    assert_is_first_parameter("0: div @r9, r0, r3 or exit 0()");
    assert_is_first_parameter("0: and @r9, r0, r0");
    assert_is_first_parameter("0: or @r9, r0, r2");
    assert_is_first_parameter("0: xor @r9, r2, r0");
    assert_is_first_parameter("0: shl @r9, r0, r2");
    assert_is_first_parameter("0: sar @r9, r0, r2");
    assert_is_first_parameter("0: sel @r9, r1, r0, r0");
    assert_is_first_parameter("0: neg @r8, r0\n1: neg @r9, r8");
    assert_is_first_parameter("0: not @r8, r0\n1: not @r9, r8");
    assert_is_first_parameter("0: add @r8, r0, r1\n1: sub @r9, r8, r1");
    assert_is_first_parameter("0: sub @r8, r0, r1\n1: add @r9, r1, r8");
    assert_is_first_parameter("0: sub @r8, r1, r0\n1: sub @r9, r1, r8");
}

#[test]
fn operations_with_a_known_result_become_constants() {
    assert_is_constant("0: sub @r9, r0, r0", 0);
    assert_is_constant("0: xor @r9, r0, r0", 0);
    assert_is_constant("0: mul @r9, r0, r2", 0);
    assert_is_constant("0: and @r9, r2, r0", 0);
    assert_is_constant("0: mod @r9, r0, r3 or exit 0()", 0);
    assert_is_constant("0: le @r9, r0, r0", 1);
    assert_is_constant("0: ltu @r9, r0, r2", 0);
    assert_is_constant(
        "0: add @r7, r0, r4\n1: add @r8, r0, r5\n2: sub @r9, r8, r7",
        1,
    );
    assert_is_constant(
        "0: add @r7, r0, r4\n1: add @r8, r0, r5\n2: eq @r9, r8, r7",
        0,
    );
    assert_is_constant("0: lt @r8, r0, r1\n1: eq @r9, r8, r6", 0);
}

#[test]
fn offsets_of_sums_are_added_at_once() {
    assert_simplified(
        &two_parameters("0: add @r7, r0, r5\n1: add @r8, r1, r6\n2: sub @r9, r7, r8"),
        "fn f - #args: 2, #reg: 5 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: sub @r2, r0, r1
            3: mvi @r3, -2
            4: add @r4, r2, r3
            5: ret r4
        }",
    );
}

#[test]
fn an_offset_passes_through_a_multiplication_by_a_constant() {
    assert_simplified(
        &two_parameters("0: add @r7, r0, r5\n1: mul @r8, r7, r6\n2: sub @r9, r1, r8"),
        "fn f - #args: 2, #reg: 8 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: mvi @r2, 2
            3: shl @r3, r0, r2
            4: add @r4, r0, r3
            5: sub @r5, r1, r4
            6: mvi @r6, -15
            7: add @r7, r5, r6
            8: ret r7
        }",
    );
}

#[test]
fn a_factor_is_made_where_it_is_defined() {
    assert_simplified(
        &two_parameters("0: add @r7, r0, r5\n1: add @r8, r7, r6\n2: mul @r9, r8, r1"),
        "fn f - #args: 2, #reg: 5 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: mvi @r2, 8
            3: add @r3, r0, r2
            4: mul @r4, r1, r3
            5: ret r4
        }",
    );
}

#[test]
fn what_was_computed_is_not_computed_again() {
    assert_simplified(
        &two_parameters("0: mul @r7, r0, r1\n1: mul @r8, r1, r0\n2: xor @r9, r7, r8"),
        "fn f - #args: 2, #reg: 1 {
            0: mvi @r0, 0
            1: ret r0
        }",
    );
}

#[test]
fn a_negated_comparison_is_one_comparison() {
    assert_simplified(
        &two_parameters("0: lt @r7, r0, r1\n1: eq @r9, r7, r2"),
        "fn f - #args: 2, #reg: 3 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: ge @r2, r0, r1
            3: ret r2
        }",
    );
}

#[test]
fn a_second_division_by_the_same_needs_no_exit() {
    assert_simplified(
        &two_parameters(
            "0: div @r7, r0, r1 or exit 0(r0)
             1: mod @r8, r0, r1 or exit 0(r0)
             2: xor @r9, r7, r8",
        ),
        "fn f - #args: 2, #reg: 5 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: div @r2, r0, r1 or exit 0(r0)
            3: mod @r3, r0, r1
            4: xor @r4, r2, r3
            5: ret r4
        }",
    );
}

#[test]
fn a_division_by_zero_is_neither_folded_nor_dead() {
    assert_simplified(
        &two_parameters("0: div @r7, r3, r2 or exit 0(r3)\n1: add @r9, r0, r2"),
        "fn f - #args: 2, #reg: 4 {
            0: mva @r0, a0
            1: mvi @r1, 1
            2: mvi @r2, 0
            3: div @r3, r1, r2 or exit 0(r1)
            4: ret r0
        }",
    );
}

#[test]
fn a_division_by_two_adds_the_sign_and_shifts() {
    assert_simplified(
        &two_parameters("0: div @r9, r0, r4"),
        "fn f - #args: 2, #reg: 6 {
            0: mva @r0, a0
            1: mvi @r1, 63
            2: shr @r2, r0, r1
            3: add @r3, r0, r2
            4: mvi @r4, 1
            5: sar @r5, r3, r4
            6: ret r5
        }",
    );
}

#[test]
fn whether_a_number_is_even_is_asked_of_its_lowest_bit() {
    assert_simplified(
        &two_parameters("0: mod @r8, r0, r4\n1: eq @r9, r8, r2"),
        "fn f - #args: 2, #reg: 5 {
            0: mva @r0, a0
            1: mvi @r1, 1
            2: and @r2, r0, r1
            3: mvi @r3, 0
            4: eq @r4, r2, r3
            5: ret r4
        }",
    );
}

#[test]
fn a_division_by_ten_multiplies_where_dividing_is_slow() {
    let divides = two_parameters("0: add @r7, r6, r6\n1: div @r9, r0, r7");
    assert_simplified(
        &divides,
        "fn f - #args: 2, #reg: 3 {
            0: mva @r0, a0
            1: mvi @r1, 10
            2: div @r2, r0, r1
            3: ret r2
        }",
    );
    assert_simplified_for(
        Costs::X86_64,
        &divides,
        "fn f - #args: 2, #reg: 8 {
            0: mva @r0, a0
            1: mvi @r1, 7378697629483820647
            2: mulhs @r2, r0, r1
            3: mvi @r3, 2
            4: sar @r4, r2, r3
            5: mvi @r5, 63
            6: sar @r6, r0, r5
            7: sub @r7, r4, r6
            8: ret r7
        }",
    );
}

#[test]
fn what_a_branch_has_decided_is_known_behind_it() {
    assert_simplified(
        "fn f - #args: 2, #reg: 6 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: mvi @r2, 0
            3: ne @r3, r1, r2
            4: br r3, b1(), b2()
        b1():
            5: div @r4, r0, r1 or exit 0(r0)
            6: ret r4
        b2():
            7: sel @r5, r1, r0, r2
            8: ret r5
        }",
        "fn f - #args: 2, #reg: 4 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: mvi @r2, 0
            3: br r1, b1(), b2()
        b1():
            4: div @r3, r0, r1
            5: ret r3
        b2():
            6: ret r2
        }",
    );
}

#[test]
fn a_parameter_that_is_the_same_on_all_ways_goes() {
    assert_simplified(
        "fn f - #args: 2, #reg: 6 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: br r0, b1(), b2()
        b1():
            3: call @r2, f:0(r0, r1)
            4: jmp b3(r1)
        b2():
            5: call @r3, f:0(r1, r0)
            6: jmp b3(r1)
        b3(@r4):
            7: add @r5, r4, r0
            8: ret r5
        }",
        "fn f - #args: 2, #reg: 5 {
            0: mva @r0, a0
            1: mva @r1, a1
            2: br r0, b1(), b2()
        b1():
            3: call @r2, f:0(r0, r1)
            4: jmp b3()
        b2():
            5: call @r3, f:0(r1, r0)
            6: jmp b3()
        b3():
            7: add @r4, r0, r1
            8: ret r4
        }",
    );
}

#[test]
fn a_guard_that_always_leaves_ends_its_block() {
    assert_simplified(
        "fn f - #args: 1, #reg: 2 {
            0: mva @r0, a0
            1: mvi @r1, 7
            2: guard r1 or exit 3(r0)
            3: ret r0
        }",
        "fn f - #args: 1, #reg: 1 {
            0: mva @r0, a0
            1: exit 3(r0)
        }",
    );
}
