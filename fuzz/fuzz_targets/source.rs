//! Bytes as assembly source: an image without errors, or errors that can be shown.

#![no_main]

use diagnostics::{Appearance, Severity, Sources, render_all};
use libfuzzer_sys::fuzz_target;
use ulm_isa::Isa;
use ulmas::image::Image;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::new();
    // Two files: names go from one to the other.
    let middle = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    let (first, second) = bytes.split_at(middle);
    let files = [
        sources.add_bytes("first.s", first.to_vec()),
        sources.add_bytes("second.s", second.get(1..).unwrap_or_default().to_vec()),
    ];
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &files);
    let errors = assembly
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    assert_eq!(errors == 0, assembly.image.is_some());
    render_all(&assembly.diagnostics, &sources, Appearance::Plain);
    if let Some(image) = assembly.image {
        let again = Image::parse(image.write().as_bytes()).expect("it was written");
        assert_eq!(image.object.text.size, again.object.text.size);
    }
});
