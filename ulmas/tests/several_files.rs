//! Names that lead from file to file.

use diagnostics::{Appearance, Sources};
use ulm_isa::Isa;
use ulmas::image::Image;

/// Joins files; there must be no error.
fn join(texts: &[&str]) -> Image {
    let mut sources = Sources::new();
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| sources.add(format!("{i}.s"), *text))
        .collect();
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &files);
    assembly.image.unwrap_or_else(|| {
        let plain = Appearance::Plain;
        panic!(
            "{}",
            diagnostics::render_all(&assembly.diagnostics, &sources, plain)
        )
    })
}

/// The numbers of 8 bytes in the data.
fn data(image: &Image) -> Vec<u64> {
    let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().expect("chunks of 8"));
    let blocks = image.object.data.blocks.iter();
    blocks
        .flat_map(|block| block.bytes.chunks_exact(8))
        .map(number)
        .collect()
}

#[test]
fn a_second_name_for_an_address_in_a_third_file_is_that_address() {
    let image = join(&[
        "        .data\n        .quad alias + 1\n        .quad @w0(alias)\n",
        "        .globl alias\n        .equ alias, place + 16\n",
        "        .globl place\n        .data\nplace:  .quad 5\n",
    ]);
    assert_eq!(data(&image), [0x21, 0x20, 5]);
}

#[test]
fn a_word_of_an_address_in_a_third_file_is_that_word() {
    let image = join(&[
        "        .data\n        .quad word\n",
        "        .globl word\n        .equ word, @w0(place)\n",
        "        .globl place\n        .data\nplace:  .quad 5\n",
    ]);
    assert_eq!(data(&image), [8, 5]);
}

#[test]
fn two_names_for_one_place_have_a_distance() {
    let image = join(&[
        "        .data\n        .quad alias - place\n",
        "        .globl alias\n        .equ alias, place + 16\n",
        "        .globl place\n        .data\nplace:  .quad 5\n",
    ]);
    assert_eq!(data(&image), [16, 5]);
}

#[test]
fn a_number_is_found_through_a_hundred_thousand_names_of_two_files() {
    const LENGTH: usize = 50_000;
    let mut first: String = (0..LENGTH)
        .map(|i| format!("        .globl a{i}\n        .equ a{i}, b{i} + 1\n"))
        .collect();
    let second: String = (0..LENGTH)
        .map(|i| format!("        .globl b{i}\n        .equ b{i}, a{}\n", i + 1))
        .collect();
    first += &format!("        .globl a{LENGTH}\n        .equ a{LENGTH}, 7\n        .data\n");
    // Each use of it is as fast as the first.
    first += &"        .quad b0\n".repeat(LENGTH);
    let image = join(&[&first, &second]);
    assert_eq!(data(&image), vec![LENGTH as u64 - 1 + 7; LENGTH]);
}

#[test]
fn a_jump_that_leads_too_far_is_a_jump_whatever_the_width_of_its_field() {
    let description = "JUMP (OP u 8) (unused u 16) (distance j 8)\n\
                       0x01 JUMP\n: jmp distance\n    ulm_unconditionalRelJump(distance);\n";
    let isa = Isa::parse(description).expect("it is a description");
    let mut sources = Sources::new();
    let files = [
        sources.add("main.s", "        jmp far\n"),
        sources.add(
            "far.s",
            "        .globl far\n        .space 1000\nfar:    jmp far\n",
        ),
    ];
    let assembly = ulmas::assemble(&isa, &sources, &files);
    let codes: Vec<_> = assembly.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["U0405"]);
}

#[test]
fn a_definition_computes_with_a_number_of_another_file() {
    let image = join(&[
        "        .equ twice, half * 2\n        .data\n        .quad twice, -twice, half / 2\n",
        "        .globl half\n        .equ half, 21\n",
    ]);
    assert_eq!(data(&image), [42, 42u64.wrapping_neg(), 10]);
}

#[test]
fn addresses_of_one_segment_have_a_distance_also_between_files() {
    let image = join(&[
        "        .data\n        .byte 1\nhere:   .byte 2\n        .align 8\n        .quad there - \
         here, there - before\nbefore: .byte 3\n",
        "        .globl there\n        .data\n        .align 8\nthere:  .quad 4\n",
    ]);
    let base = 0;
    let (here, before, there) = (base + 1, base + 24, base + 32);
    let numbers = data(&image);
    assert_eq!(numbers[1..3], [there - here, there - before]);
}

#[test]
fn a_jump_into_another_file_needs_no_fixup() {
    let image = join(&[
        "        jmp     function\n",
        "        .globl  function\n        nop\nfunction:\n        halt    0\n",
    ]);
    assert_eq!(image.object.text.blocks[0].bytes[..4], [0x41, 0, 0, 2]);
    assert!(image.object.fixups.is_empty());
}

#[test]
fn bytes_between_files_are_in_the_image() {
    let image = join(&[
        "        .data\n        .byte 1\n",
        "        .data\n        .align 4\n        .byte 2\n",
    ]);
    assert!(image.write().contains(": 00 00 00 #      for alignment\n"));
}
