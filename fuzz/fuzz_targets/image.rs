//! Bytes as an image: it is read and comes back through source, or an error says where it is wrong.

#![no_main]

use diagnostics::{Appearance, Sources, render};
use libfuzzer_sys::fuzz_target;
use ulm_isa::Isa;
use ulmas::image::Image;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::new();
    match Image::parse(bytes) {
        Ok(image) => {
            let text = ulmas::disassemble(Isa::ulm(), &image);
            let _ = ulmas::listing(Isa::ulm(), &image);
            let file = sources.add("again.s", text);
            let again = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
            let again = again.expect("what was disassembled can be assembled");
            assert_eq!(image.object.text.size, again.object.text.size);
        }
        Err(error) => {
            let file = sources.add_bytes("fuzz.image", bytes.to_vec());
            render(&error.to_diagnostic(file), &sources, Appearance::Plain);
        }
    }
});
