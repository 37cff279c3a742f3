//! Listings: addresses, bytes, and what the bytes are.

use std::io::Write as _;

use ulm_isa::Isa;

use crate::image::{Image, SegmentKind};

/// Bytes of a row of anything but an instruction or text.
const ROW: usize = 16;

/// A program as addresses, bytes and decoded instructions; strings as they were written.
pub fn listing(isa: &Isa, image: &Image) -> String {
    let mut text = Vec::new();
    for (kind, segment) in [
        (SegmentKind::Text, &image.object.text),
        (SegmentKind::Data, &image.object.data),
    ] {
        let base = image.base(kind);
        for block in &segment.blocks {
            let mut done = 0;
            while done < block.bytes.len() {
                let offset = block.offset + done as u64;
                let rest = &block.bytes[done..];
                let record = segment.record_at(offset);
                let length = match record {
                    Some(record) => (record.offset + record.length - offset) as usize,
                    None => ROW,
                };
                let bytes = &rest[..length.min(rest.len())];
                let comment = record.map_or("", |record| segment.comment(record));
                rows(&mut text, isa, base.wrapping_add(offset), bytes, comment);
                done += bytes.len();
            }
        }
    }
    let bss = image.size(SegmentKind::Bss);
    if bss > 0 {
        text.extend_from_slice(b"0x");
        crate::image::push_address(&mut text, image.base(SegmentKind::Bss));
        let _ = writeln!(text, ":   .bss, {bss} bytes");
    }
    String::from_utf8(text).unwrap_or_default()
}

fn rows(text: &mut Vec<u8>, isa: &Isa, mut address: u64, bytes: &[u8], comment: &str) {
    let literal = comment
        .strip_prefix(".string")
        .or_else(|| comment.strip_prefix(".ascii"));
    let mut meaning = match (literal, comment) {
        (Some(literal), _) => literal.trim_start().to_owned(),
        (None, directive) if directive.starts_with('.') => directive.to_owned(),
        (None, crate::image::PADDING) => format!("({comment})"),
        (None, _) => <[u8; 4]>::try_from(bytes)
            .ok()
            .and_then(|word| isa.disassemble(u32::from_be_bytes(word)))
            .unwrap_or_default(),
    };
    let row = if bytes.len() as u64 <= crate::image::WHOLE_ROW {
        bytes.len()
    } else {
        ROW
    };
    for row in bytes.chunks(row.max(1)) {
        text.extend_from_slice(b"0x");
        crate::image::push_address(text, address);
        text.push(b':');
        crate::image::push_hex(text, row);
        if !meaning.is_empty() {
            text.extend_from_slice(b"   ");
            text.extend_from_slice(meaning.as_bytes());
            meaning.clear();
        }
        text.push(b'\n');
        address = address.wrapping_add(row.len() as u64);
    }
}
