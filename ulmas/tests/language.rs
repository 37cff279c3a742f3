//! The examples of LANGUAGE.md are programs.

use diagnostics::{Appearance, Sources};
use ulm_isa::Isa;

/// The code blocks of the document.
fn examples() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../LANGUAGE.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let blocks = text.split("```").skip(1).step_by(2);
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_first_example_assembles_without_a_message() {
    let mut sources = Sources::new();
    let file = sources.add("LANGUAGE.md", examples()[0].as_str());
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &[file]);
    let messages = diagnostics::render_all(&assembly.diagnostics, &sources, Appearance::Plain);
    assert_eq!(messages, "");
    assert!(assembly.image.is_some());
}

#[test]
fn the_words_of_an_address_are_loaded_as_shown() {
    let mut sources = Sources::new();
    let text = format!("{}        .data\ntext:   .byte 1\n", examples()[1]);
    let file = sources.add("LANGUAGE.md", text);
    let image = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
    let image = image.expect("there is no error");
    let words = image.object.text.blocks[0].bytes.as_slice();
    assert_eq!(words, [0x56, 0, 0, 1, 0x5D, 0, 8, 1]);
}
