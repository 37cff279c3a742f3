//! Bytes as emjay source: valid functions, or errors that can be shown.

#![no_main]

use codegen::ir::verify;
use diagnostics::{Appearance, Sources, render_all};
use emjay_jit::session::{Session, is_incomplete};
use emjay_jit::{Options, compile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::new();
    let file = sources.add_bytes("fuzz.emjay", bytes.to_vec());
    match compile(&sources, file, Options::default()) {
        Ok(program) => verify::verify(&program.module).expect("what is lowered is valid"),
        Err(messages) => {
            assert!(!messages.is_empty());
            render_all(&messages, &sources, Appearance::Plain);
        }
    }
    // The same as something that was typed in.
    let text = String::from_utf8_lossy(bytes);
    is_incomplete(&text);
    let entry = Session::default().compile(&mut sources, "entry", &text, Options { polls: true });
    if let Ok(entry) = entry {
        verify::verify(&entry.module).expect("what is lowered is valid");
    }
});
