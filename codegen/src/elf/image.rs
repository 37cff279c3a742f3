//! The format: an ELF header, four program headers.
//!
//! Facts: System V Application Binary Interface, "Object Files" and "Program Loading".

use super::layout::{CODE_SEGMENT, DATA, DATA_END, DATA_IN_FILE, DATA_SIZE, HEADER, STACK_BOTTOM};
use crate::link::Architecture;

const EXECUTE: u32 = 1;
const WRITE: u32 = 2;
const READ: u32 = 4;

/// A segment that is loaded.
const PT_LOAD: u32 = 1;
/// What the stack that the system provides may be used for.
const PT_GNU_STACK: u32 = 0x6474_e551;

/// The largest pages that segments may have to be apart.
const ALIGNMENT: u64 = 64 << 10;

/// The header of a file of so many bytes, with a stack of so many bytes.
pub(super) fn header(architecture: Architecture, entry: u64, file: u64, stack: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER as usize);
    let machine: u16 = match architecture {
        Architecture::Aarch64 => 183,
        Architecture::X86_64 => 62,
    };
    // 64 bits, little-endian, version 1, System V.
    bytes.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    // An executable at fixed addresses.
    put16(&mut bytes, &[2, machine]);
    put32(&mut bytes, &[1]);
    // The entry; the program headers stand behind this header; no sections.
    put64(&mut bytes, &[entry, 64, 0]);
    put32(&mut bytes, &[0]);
    // The sizes: this header, a program header, their number; of sections the same.
    put16(&mut bytes, &[64, 56, 4, 64, 0, 0]);

    let mut segment = |kind, access, [offset, address, in_file, in_memory]: [u64; 4], align| {
        put32(&mut bytes, &[kind, access]);
        put64(
            &mut bytes,
            &[offset, address, address, in_file, in_memory, align],
        );
    };
    let code = [0, CODE_SEGMENT, file, file];
    segment(PT_LOAD, READ | EXECUTE, code, ALIGNMENT);
    let data = [DATA_IN_FILE, DATA, DATA_SIZE, DATA_END - DATA];
    segment(PT_LOAD, READ | WRITE, data, ALIGNMENT);
    let stack = [0, STACK_BOTTOM, 0, stack];
    segment(PT_LOAD, READ | WRITE, stack, ALIGNMENT);
    segment(PT_GNU_STACK, READ | WRITE, [0; 4], 16);
    bytes
}

fn put16(bytes: &mut Vec<u8>, numbers: &[u16]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn put32(bytes: &mut Vec<u8>, numbers: &[u32]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn put64(bytes: &mut Vec<u8>, numbers: &[u64]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_size_that_the_layout_counts_with() {
        let bytes = header(Architecture::Aarch64, 0, 0, 0);
        assert_eq!(bytes.len() as u64, HEADER);
    }

    #[test]
    fn no_segment_is_writable_and_executable() {
        let bytes = header(Architecture::X86_64, 0, 0, 0);
        for segment in bytes[64..].chunks(56) {
            let access = u32::from_le_bytes([segment[4], segment[5], segment[6], segment[7]]);
            assert_ne!(access & (WRITE | EXECUTE), WRITE | EXECUTE);
        }
    }

    #[test]
    fn a_segment_lies_in_its_page_as_in_the_file() {
        let bytes = header(Architecture::Aarch64, 0, 1 << 20, 1 << 20);
        let word = |segment: &[u8], at: usize| {
            let bytes = segment[at..].first_chunk().expect("8 bytes");
            u64::from_le_bytes(*bytes)
        };
        for segment in bytes[64..].chunks(56).take(3) {
            let (offset, address) = (word(segment, 8), word(segment, 16));
            assert_eq!(offset % ALIGNMENT, address % ALIGNMENT);
        }
    }
}
