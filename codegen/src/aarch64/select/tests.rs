//! What is selected, with virtual registers: `v0` and so on, numbered as they were asked for.

use crate::aarch64::{Options, code_before_allocation};
use crate::ir::FunctionId;
use crate::ir::text::parse;
use crate::machine::Calls;

/// The instructions for the first function of a module.
fn selected(source: &str, calls: Calls) -> Vec<String> {
    let module = parse(source).expect("the test's IR is well-formed");
    let code = code_before_allocation(&module, FunctionId(0), &Options { calls });
    code.instructions
        .iter()
        .map(|instruction| {
            let text = instruction.to_string();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// Checks the instructions between the function's entry and its return.
#[track_caller]
fn assert_selected(body: &str, expected: &[&str]) {
    let source = format!("fn f - #args: 4, #reg: 40 {{\n{body}\n}}\n");
    let found = selected(&source, Calls::Direct);
    assert_eq!(found.first().map(String::as_str), Some("parameters"));
    assert_eq!(found.last().map(String::as_str), Some("return"));
    assert_eq!(found[1..found.len() - 1], *expected);
}

#[test]
fn a_small_constant_is_an_immediate() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 4095 \n\
         add @r2, r0, r1 \n\
         ret r2",
        &["add v0, v1, #4095"],
    );
}

#[test]
fn adding_a_negative_constant_subtracts() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, -4096 \n\
         add @r2, r0, r1 \n\
         ret r2",
        &["sub v0, v1, #4096"],
    );
}

#[test]
fn subtracting_a_negative_constant_adds() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, -7 \n\
         sub @r2, r0, r1 \n\
         ret r2",
        &["add v0, v1, #7"],
    );
}

#[test]
fn a_constant_of_24_bits_is_added_in_two_steps() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 100000 \n\
         add @r2, r0, r1 \n\
         ret r2",
        &["add v2, v1, #98304", "add v0, v2, #1696"],
    );
}

#[test]
fn a_constant_that_is_no_immediate_is_made() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 5000 \n\
         add @r2, r0, r1 \n\
         ret r2",
        &["movz v2, 5000", "add v0, v1, v2"],
    );
}

#[test]
fn a_constant_that_is_used_twice_is_made_once() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 5000 \n\
         mul @r2, r0, r1 \n\
         div @r3, r2, r1 \n\
         ret r3",
        &["movz v2, 5000", "mul v1, v3, v2", "sdiv v0, v1, v2"],
    );
}

#[test]
fn a_product_that_is_added_is_a_madd() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mul @r2, r0, r1 \n\
         add @r3, r2, r1 \n\
         ret r3",
        &["madd v0, v1, v2, v2"],
    );
}

#[test]
fn a_product_that_is_subtracted_is_an_msub() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mul @r2, r0, r1 \n\
         sub @r3, r1, r2 \n\
         ret r3",
        &["msub v0, v1, v2, v2"],
    );
}

#[test]
fn a_product_that_is_negated_is_an_mneg() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mul @r2, r0, r1 \n\
         neg @r3, r2 \n\
         ret r3",
        &["mneg v0, v1, v2"],
    );
}

#[test]
fn a_product_that_is_used_twice_is_computed_once() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mul @r2, r0, r1 \n\
         add @r3, r2, r1 \n\
         add @r4, r3, r2 \n\
         ret r4",
        &["mul v2, v4, v3", "add v1, v2, v3", "add v0, v1, v2"],
    );
}

#[test]
fn a_multiplication_by_a_power_of_two_shifts() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 8 \n\
         mul @r2, r0, r1 \n\
         ret r2",
        &["lsl v0, v1, #3"],
    );
}

#[test]
fn a_multiplication_by_a_power_of_two_and_one_adds_a_shifted_operand() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 9 \n\
         mul @r2, r0, r1 \n\
         ret r2",
        &["add v0, v1, v1, lsl #3"],
    );
}

#[test]
fn a_shift_becomes_a_part_of_an_addition() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 3 \n\
         shl @r3, r0, r2 \n\
         add @r4, r3, r1 \n\
         ret r4",
        &["add v0, v2, v1, lsl #3"],
    );
}

#[test]
fn a_shift_becomes_a_part_of_a_subtraction_on_the_right_only() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 3 \n\
         shl @r3, r0, r2 \n\
         sub @r4, r3, r1 \n\
         ret r4",
        &["lsl v1, v3, #3", "sub v0, v1, v2"],
    );
}

#[test]
fn a_shift_becomes_a_part_of_an_or() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 60 \n\
         shr @r3, r0, r2 \n\
         or @r4, r3, r1 \n\
         ret r4",
        &["orr v0, v2, v1, lsr #60"],
    );
}

#[test]
fn a_shift_becomes_a_part_of_a_comparison() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 2 \n\
         sar @r3, r0, r2 \n\
         lt @r4, r1, r3 \n\
         ret r4",
        &["cmp v2, v1, asr #2", "cset v0, lt"],
    );
}

#[test]
fn a_mask_is_a_logical_immediate() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 65280 \n\
         and @r2, r0, r1 \n\
         ret r2",
        &["and v0, v1, #0xff00"],
    );
}

#[test]
fn an_inverted_operand_becomes_a_part_of_an_and() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         not @r2, r1 \n\
         and @r3, r0, r2 \n\
         ret r3",
        &["bic v0, v1, v2"],
    );
}

#[test]
fn an_inverted_operand_becomes_a_part_of_an_exclusive_or() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         not @r2, r1 \n\
         xor @r3, r2, r0 \n\
         ret r3",
        &["eon v0, v1, v2"],
    );
}

#[test]
fn a_shift_and_a_mask_are_a_bit_field() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 4 \n\
         shr @r2, r0, r1 \n\
         mvi @r3, 255 \n\
         and @r4, r2, r3 \n\
         ret r4",
        &["ubfx v0, v1, #4, #8"],
    );
}

#[test]
fn a_mask_of_shifted_bits_is_a_bit_field() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 4 \n\
         shl @r2, r0, r1 \n\
         mvi @r3, 4080 \n\
         and @r4, r2, r3 \n\
         ret r4",
        &["ubfiz v0, v1, #4, #8"],
    );
}

#[test]
fn two_shifts_are_a_signed_bit_field() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 48 \n\
         shl @r2, r0, r1 \n\
         mvi @r3, 52 \n\
         sar @r4, r2, r3 \n\
         ret r4",
        &["sbfx v0, v1, #4, #12"],
    );
}

#[test]
fn two_shifts_to_the_left_in_all_are_a_bit_field() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 48 \n\
         shl @r2, r0, r1 \n\
         mvi @r3, 40 \n\
         shr @r4, r2, r3 \n\
         ret r4",
        &["ubfiz v0, v1, #8, #16"],
    );
}

#[test]
fn a_comparison_as_a_number_is_a_cset() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         leu @r2, r0, r1 \n\
         ret r2",
        &["cmp v1, v2", "cset v0, ls"],
    );
}

#[test]
fn a_comparison_with_a_negative_constant_is_a_cmn() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, -5 \n\
         lt @r2, r0, r1 \n\
         ret r2",
        &["cmn v1, #5", "cset v0, lt"],
    );
}

#[test]
fn a_comparison_takes_a_neighbouring_constant_that_is_an_immediate() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 4097 \n\
         lt @r2, r0, r1 \n\
         ret r2",
        &["cmp v1, #4096", "cset v0, le"],
    );
}

#[test]
fn a_constant_on_the_left_of_a_comparison_changes_sides() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 5 \n\
         lt @r2, r1, r0 \n\
         ret r2",
        &["cmp v1, #5", "cset v0, gt"],
    );
}

#[test]
fn a_comparison_that_is_added_is_a_cinc() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         lt @r2, r0, r1 \n\
         add @r3, r0, r2 \n\
         ret r3",
        &["cmp v1, v2", "csinc v0, v1, v1, ge"],
    );
}

#[test]
fn a_selection_takes_in_its_comparison() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         lt @r2, r0, r1 \n\
         sel @r3, r2, r0, r1 \n\
         ret r3",
        &["cmp v1, v2", "csel v0, v1, v2, lt"],
    );
}

#[test]
fn a_selection_of_0_takes_the_zero_register() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 0 \n\
         sel @r3, r0, r1, r2 \n\
         ret r3",
        &["cmp v1, #0", "csel v0, v2, xzr, ne"],
    );
}

#[test]
fn a_selection_takes_in_an_increment() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 1 \n\
         add @r3, r1, r2 \n\
         sel @r4, r0, r3, r1 \n\
         ret r4",
        &["cmp v1, #0", "csinc v0, v2, v2, eq"],
    );
}

#[test]
fn a_selection_takes_in_a_negation() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         neg @r2, r1 \n\
         sel @r3, r0, r1, r2 \n\
         ret r3",
        &["cmp v1, #0", "csneg v0, v2, v2, ne"],
    );
}

#[test]
fn a_selection_on_a_mask_tests_bits() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 6 \n\
         and @r3, r0, r2 \n\
         sel @r4, r3, r0, r1 \n\
         ret r4",
        &["tst v1, #0x6", "csel v0, v1, v2, ne"],
    );
}

#[test]
fn a_remainder_uses_the_quotient_before_it() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         div @r2, r0, r1 or exit 1(r0) \n\
         mod @r3, r0, r1 or exit 1(r0) \n\
         add @r4, r2, r3 \n\
         ret r4",
        &[
            "cbz v3, .exit0",
            "sdiv v1, v4, v3",
            "msub v2, v1, v3, v4",
            "add v0, v1, v2",
        ],
    );
}

#[test]
fn a_quotient_is_that_of_the_remainder_before_it() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mod @r2, r0, r1 or exit 1(r0) \n\
         div @r3, r0, r1 or exit 1(r0) \n\
         add @r4, r2, r3 \n\
         ret r4",
        &[
            "cbz v3, .exit0",
            "sdiv v2, v4, v3",
            "msub v1, v2, v3, v4",
            "add v0, v1, v2",
        ],
    );
}

#[test]
fn several_quotients_share_a_remainders_division() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         modu @r2, r0, r1 \n\
         divu @r3, r0, r1 \n\
         divu @r4, r0, r1 \n\
         add @r5, r3, r4 \n\
         add @r6, r5, r2 \n\
         ret r6",
        &[
            "udiv v4, v5, v6",
            "msub v2, v4, v6, v5",
            "mov v3, v4",
            "add v1, v3, v4",
            "add v0, v1, v2",
        ],
    );
}

#[test]
fn a_signed_and_an_unsigned_division_share_nothing() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         div @r2, r0, r1 \n\
         modu @r3, r0, r1 \n\
         add @r4, r2, r3 \n\
         ret r4",
        &[
            "sdiv v1, v4, v5",
            "udiv v3, v4, v5",
            "msub v2, v3, v5, v4",
            "add v0, v1, v2",
        ],
    );
}

#[test]
fn a_division_by_a_constant_is_not_checked() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 10 \n\
         div @r2, r0, r1 or exit 1() \n\
         ret r2",
        &["movz v2, 10", "sdiv v0, v1, v2"],
    );
}

#[test]
fn a_division_whose_result_is_not_needed_is_still_checked() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         div @r2, r0, r1 or exit 1() \n\
         ret r0",
        &["cbz v1, .exit0"],
    );
}

#[test]
fn what_nobody_needs_vanishes() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mul @r2, r0, r1 \n\
         add @r3, r2, r2 \n\
         ret r0",
        &[],
    );
}

#[test]
fn a_wide_product_is_computed_by_halves() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mulw @r2, @r3, r0, r1 \n\
         add @r4, r2, r3 \n\
         ret r4",
        &["mul v1, v3, v4", "umulh v2, v3, v4", "add v0, v1, v2"],
    );
}

#[test]
fn half_a_wide_product_is_one_multiplication() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mulw @r2, @r3, r0, r1 \n\
         ret r3",
        &["umulh v0, v1, v2"],
    );
}

#[test]
fn a_wide_division_has_its_operands_beside_it() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         divw @r2, @r3, @r4, r0, r1, r0 or exit 1() \n\
         ret r4",
        &["cbz v1, .exit0", "wide divide"],
    );
}

#[test]
fn an_address_takes_in_a_constant() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 24 \n\
         add @r2, r0, r1 \n\
         ld8 @r3, [r2 + 8] \n\
         ret r3",
        &["ldr v0, [v1, #32]"],
    );
}

#[test]
fn an_address_takes_in_an_index() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         add @r2, r0, r1 \n\
         ld4s @r3, [r2 + 0] \n\
         ret r3",
        &["ldrsw v0, [v1, v2]"],
    );
}

#[test]
fn an_address_takes_in_a_scaled_index() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         mvi @r2, 3 \n\
         shl @r3, r1, r2 \n\
         add @r4, r0, r3 \n\
         ld8 @r5, [r4 + 0] \n\
         ret r5",
        &["ldr v0, [v1, v2, lsl #3]"],
    );
}

#[test]
fn an_offset_that_is_too_large_is_made() {
    assert_selected(
        "mva @r0, a0 \n\
         ld1 @r1, [r0 + 70000] \n\
         ret r1",
        &["movz v2, 70000", "ldrb v0, [v1, v2]"],
    );
}

#[test]
fn big_endian_loads_reverse_the_bytes() {
    assert_selected(
        "mva @r0, a0 \n\
         ld2sb @r1, [r0 + 2] \n\
         ret r1",
        &["ldrh v2, [v1, #2]", "rev16 v3, v2", "sxth v0, v3"],
    );
}

#[test]
fn big_endian_stores_reverse_the_bytes() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         st4b r1, [r0 + 0] \n\
         ret r0",
        &["rev32 v2, v1", "str v2, [v0]"],
    );
}

#[test]
fn storing_0_takes_the_zero_register() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 0 \n\
         st8 r1, [r0 - 8] \n\
         ret r0",
        &["stur xzr, [v0, #-8]"],
    );
}

#[test]
fn a_guard_on_a_comparison_is_a_conditional_branch() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         gt @r2, r0, r1 \n\
         guard r2 or exit 1() \n\
         ret r0",
        &["cmp v0, v1", "b.gt .exit0"],
    );
}

#[test]
fn a_guard_on_a_number_is_a_cbnz() {
    assert_selected(
        "mva @r0, a0 \n\
         guard r0 or exit 1() \n\
         ret r0",
        &["cbnz v0, .exit0"],
    );
}

#[test]
fn a_guard_on_a_sign_tests_a_bit() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 0 \n\
         lt @r2, r0, r1 \n\
         guard r2 or exit 1() \n\
         ret r0",
        &["tbnz v0, #63, .exit0"],
    );
}

#[test]
fn a_guard_on_a_bit_tests_it() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 64 \n\
         and @r2, r0, r1 \n\
         mvi @r3, 0 \n\
         eq @r4, r2, r3 \n\
         guard r4 or exit 1() \n\
         ret r0",
        &["tbz v0, #6, .exit0"],
    );
}

#[test]
fn comparisons_with_0_are_seen_through() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a1 \n\
         lt @r2, r0, r1 \n\
         mvi @r3, 0 \n\
         eq @r4, r2, r3 \n\
         guard r4 or exit 1() \n\
         ret r0",
        &["cmp v0, v1", "b.ge .exit0"],
    );
}

#[test]
fn a_poll_reads_the_context() {
    assert_selected(
        "mva @r0, a0 \n\
         poll or exit 1() \n\
         ret r0",
        &["ldr v1, [x28, #8]", "cbnz v1, .exit0"],
    );
}

#[test]
fn a_parameter_that_is_fetched_twice_is_copied() {
    assert_selected(
        "mva @r0, a0 \n\
         mva @r1, a0 \n\
         mul @r2, r0, r1 \n\
         ret r2",
        &["mov v2, v1", "mul v0, v1, v2"],
    );
}

#[test]
fn a_constant_is_made_again_after_a_call() {
    assert_selected(
        "mva @r0, a0 \n\
         mvi @r1, 5000 \n\
         mul @r2, r0, r1 \n\
         call @r3, f:0(r2, r2, r2, r2) \n\
         mul @r4, r3, r1 \n\
         ret r4",
        &[
            "movz v5, 5000",
            "mul v3, v4, v5",
            "call function0",
            "movz v2, 5000",
            "mul v0, v1, v2",
        ],
    );
}
