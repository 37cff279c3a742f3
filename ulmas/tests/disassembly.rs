//! Programs to images to source and back: the same bytes at the same addresses.

use diagnostics::Sources;
use proptest::prelude::*;
use ulm_isa::Isa;
use ulmas::image::{Image, SegmentKind};

fn assembled(text: &str) -> Image {
    let mut sources = Sources::new();
    let file = sources.add("program.s", text);
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    assembly.image.unwrap_or_else(|| {
        let plain = diagnostics::Appearance::Plain;
        let messages = diagnostics::render_all(&assembly.diagnostics, &sources, plain);
        panic!("{messages}\n{text}");
    })
}

/// What the machine sees of an image: each byte with its address, and where `.bss` is.
fn contents(image: &Image) -> (Vec<(u64, u8)>, u64, u64) {
    let bytes = image
        .bytes()
        .flat_map(|(address, bytes)| {
            bytes.iter().enumerate().map(move |(i, &byte)| (address + i as u64, byte))
        })
        // Zeros may be written or left out.
        .filter(|(_, byte)| *byte != 0)
        .collect();
    (
        bytes,
        image.base(SegmentKind::Bss),
        image.size(SegmentKind::Bss),
    )
}

fn assert_comes_back(image: &Image) {
    let text = ulmas::disassemble(Isa::ulm(), image);
    let again = assembled(&text);
    assert_eq!(contents(image), contents(&again), "{text}");
    for segment in SegmentKind::ALL {
        assert_eq!(image.size(segment), again.size(segment), "{text}");
        assert_eq!(image.base(segment), again.base(segment), "{text}");
    }
}

#[test]
fn labels_and_references_come_back_by_name() {
    let image = assembled(
        "        .equ    P, 7\n        ldzwq   text, %P\nloop:   subq    1, %P, %P\n        jnz     \
         loop\n        ldzwq   @w1(table), %2\n        halt    0\n        .data\ntext:   .string \
         \"a \\\"quoted\\\" text\\n\"\n        .align  8\ntable:  .quad   loop, text, table+4\n        \
         .bss\nroom:   .space  100\n",
    );
    let text = ulmas::disassemble(Isa::ulm(), &image);
    for expected in [
        "        ldzwq   text, %7\n",
        "loop:\n        subq    1, %7, %7\n        jnz     loop\n",
        "        ldzwq   @w1(table), %2\n",
        "text:\n        .string \"a \\\"quoted\\\" text\\n\"\n",
        "        .quad   loop\n",
        "        .quad   table+4\n",
        "room:\n        .space  100\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
    assert_comes_back(&image);
}

#[test]
fn words_that_are_no_instructions_are_written_as_data() {
    let image = Image::parse(b"00 00 00 00  56 00 20 01  FF 01 02 03  09 00 00 01 61").unwrap();
    let text = ulmas::disassemble(Isa::ulm(), &image);
    assert_eq!(
        text,
        "        .text\n        .long   0x00000000\n        ldzwq   32, %1\n        .long   \
         0xFF010203\n        .long   0x09000001\n        .byte   0x61\n"
    );
    assert_comes_back(&image);
}

/// A line of a random program; labels are numbered, and each number is one of the program's.
fn line() -> impl Strategy<Value = String> {
    let register = 0u8..=255;
    let label = 0usize..8;
    prop_oneof![
        (any::<u8>(), register.clone(), register.clone())
            .prop_map(|(a, b, c)| format!("addq {a}, %{b}, %{c}")),
        (any::<i8>(), register.clone(), register.clone())
            .prop_map(|(a, b, c)| format!("movq {a}(%{b}), %{c}")),
        (register.clone(), register.clone(), register.clone())
            .prop_map(|(a, b, c)| format!("movb %{a}, (%{b}, %{c}, 4)")),
        label.clone().prop_map(|l| format!("jnz l{l}")),
        (label.clone(), register.clone()).prop_map(|(l, r)| format!("ldzwq l{l}, %{r}")),
        (label.clone(), register, 0..4).prop_map(|(l, r, w)| format!("shldwq @w{w}(l{l}), %{r}")),
        any::<u64>().prop_map(|v| format!(".quad {v}")),
        label.clone().prop_map(|l| format!(".long d{l} + 3")),
        label.prop_map(|l| format!(".quad l{l}")),
        proptest::collection::vec(any::<u8>(), 1..20).prop_map(|v| format!(
            ".byte {}",
            v.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")
        )),
        "[ -!#-\\[\\]-~äλ🍺]{0,24}".prop_map(|text| format!(".string \"{text}\"")),
        (0u16..70).prop_map(|n| format!(".space {n}")),
        (0u32..6).prop_map(|n| format!(".align {}", 1 << n)),
    ]
}

/// A program of three segments with eight labels.
fn program() -> impl Strategy<Value = String> {
    let segments = proptest::collection::vec((0usize..2, line()), 8..60);
    (
        segments,
        0u32..300,
        proptest::collection::vec(any::<prop::sample::Index>(), 8),
    )
        .prop_map(|(lines, bss, places)| {
            let mut text = String::new();
            let mut at: Vec<usize> = places
                .iter()
                .map(|place| place.index(lines.len()))
                .collect();
            at.sort_unstable();
            let mut label = 0;
            for (i, (segment, line)) in lines.iter().enumerate() {
                while at.get(label) == Some(&i) {
                    text += &format!("        .data\nd{label}:\n        .text\nl{label}:   nop\n");
                    label += 1;
                }
                text += ["        .text\n", "        .data\n"][*segment];
                text += &format!("        {line}\n");
            }
            text + &format!("        .bss\n        .align 16\n        .space {bss}\n")
        })
}

fn cases() -> u32 {
    std::env::var("ULM_TEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_come_back(text in program()) {
        assert_comes_back(&assembled(&text));
    }

    #[test]
    fn random_images_come_back(words in proptest::collection::vec(any::<u32>(), 0..40), tail in 0usize..4) {
        let mut hex: String = words.iter().map(|word| format!("{word:08x}\n")).collect();
        hex += &"5a ".repeat(tail);
        if let Ok(image) = Image::parse(hex.as_bytes()) {
            assert_comes_back(&image);
        }
    }

    #[test]
    fn an_image_is_read_back_as_it_was_written(text in program()) {
        let image = assembled(&text);
        let again = Image::parse(image.write().as_bytes()).unwrap();
        prop_assert_eq!(contents(&image), contents(&again));
        prop_assert_eq!(&image.object.symbols, &again.object.symbols);
        prop_assert_eq!(&image.object.lines, &again.object.lines);
        prop_assert_eq!(image.write(), again.write());
    }

    #[test]
    fn random_bytes_are_an_image_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(image) = Image::parse(&bytes) {
            let _ = ulmas::disassemble(Isa::ulm(), &image);
            let _ = ulmas::listing(Isa::ulm(), &image);
        }
    }

    #[test]
    fn lines_like_an_image_are_one_or_an_error(
        text in "(#TEXT 4\n|#DATA [0-9]{1,3}\n|#BSS [0-9]{1,2} [0-9]{1,25}\n|#SYMTAB\n|#FIXUPS\n|a x 0x1\n|t y 4\n|U z 0\n|text 0x0 8 16 (absolute|w9|w1) \\[data\\][+-][0-9]\n|0x[0-9A-F]{1,17}: [0-9a-f ]{0,9}(# c)?\n|[0-9A-F ]{0,20}\n|#LINES\n|# text 0x[0-9] f:[0-9]\n){0,12}"
    ) {
        if let Ok(image) = Image::parse(text.as_bytes()) {
            let _ = ulmas::disassemble(Isa::ulm(), &image);
            let _ = Image::parse(image.write().as_bytes());
        }
    }
}
