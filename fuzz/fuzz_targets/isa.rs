//! Bytes as a machine description: whatever is read can be used, whatever is wrong can be shown.

#![no_main]

use diagnostics::{Appearance, Sources, render_all};
use libfuzzer_sys::fuzz_target;
use ulm_isa::{FieldIndex, Isa, micro};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    match Isa::parse(&text) {
        Ok(isa) => use_machine(&isa, bytes),
        Err(errors) => {
            assert!(!errors.is_empty());
            let mut sources = Sources::new();
            let file = sources.add("fuzz.isa", text);
            let messages: Vec<_> = errors.iter().map(|e| e.to_diagnostic(file)).collect();
            render_all(&messages, &sources, Appearance::Plain);
        }
    }
});

/// Decodes, prints, lowers and encodes the words of the text itself and of every opcode.
fn use_machine(isa: &Isa, bytes: &[u8]) {
    let bits = isa.formats[0].fields[0].bits;
    let opcodes = isa.instructions.iter().map(|i| i.opcode << (32 - bits));
    let patterns = opcodes.flat_map(|opcode| [opcode, opcode | u32::MAX >> 1 >> (bits - 1)]);
    let chunks = bytes.chunks_exact(4).take(64);
    let own = chunks.map(|c| u32::from_be_bytes([c[0], c[1], c[2], c[3]]));
    for word in patterns.chain(own) {
        let Some(decoded) = isa.decode(word) else {
            continue;
        };
        let _ = (
            isa.write_decoded(decoded),
            isa.flow(decoded),
            micro::lower(isa, decoded),
        );
        let format = isa.format_of(decoded.instruction);
        let values: Vec<i64> = (1..format.fields.len())
            .map(|i| decoded.field(format, FieldIndex(i as u8)))
            .collect();
        let encoded = isa.encode(decoded.instruction, &values);
        assert_eq!(encoded, Ok(word & format.used_bits()));
    }
    let _ = (
        isa.manual_markdown(),
        isa.manual_html(),
        isa.vim_syntax(),
        isa.textmate_grammar(),
    );
    // A page looks at the whole machine.
    for mnemonic in isa.mnemonics().into_iter().take(4) {
        assert!(isa.show(mnemonic).is_some());
    }
}
