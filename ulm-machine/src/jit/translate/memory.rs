//! Loads and stores of the program.
//!
//! ```text
//! shr  @t, a, 7            the entry of the page in the table: 32 bytes each
//! and  @t, t, 0x7FFE0
//! add  @e, table, t
//! ld8  @tag, [e]           the page that may be read there
//! and  @page, a, -0x1000 + size - 1
//! ne   @other, page, tag   another page, or an address that is no multiple of the size
//! guard other or exit …
//! ld8  @origin, [e + 16]   where the byte with the address 0 would be
//! add  @p, a, origin
//! ld8b @value, [p]
//! ```

use codegen::ir::{Access, Binary, Condition, ExitId, Value, Width};
use ulm_isa::micro::Address;

use super::{Translator, Values};
use crate::memory::{OFFSET_MASK, PAGE_BYTES, TABLE_ENTRIES, WATCHED, entry};

const fn width(size: u8) -> Width {
    match size {
        1 => Width::Byte,
        2 => Width::Half,
        4 => Width::Word,
        _ => Width::Double,
    }
}

impl Translator<'_> {
    /// `displacement + %base + scale · %index`
    fn address_of(&mut self, at: Address, instruction: u64) -> Value {
        let displacement = self.operand(at.displacement, instruction);
        let base = self.read(at.base);
        let index = self.read(at.index);
        let scale = self.builder.constant(at.scale);
        let scaled = self.builder.binary(Binary::Multiply, index, scale);
        let sum = self.builder.binary(Binary::Add, base, scaled);
        self.builder.binary(Binary::Add, sum, displacement)
    }

    pub(super) fn load(
        &mut self,
        at: Address,
        size: u8,
        signed: bool,
        (instruction, before): (u64, &Values),
    ) -> Value {
        let address = self.address_of(at, instruction);
        let exit = self.exit_before(instruction, before);
        let entry = self.entry_of(address);
        let tag = self.builder.load_word(entry, entry::READ);
        let other = self.is_other_page(address, size, tag);
        self.builder.guard(other, exit);
        let access = Access {
            width: width(size),
            signed,
            big_endian: true,
        };
        let byte = self.host_address(entry, address);
        self.builder.load(byte, 0, access)
    }

    pub(super) fn store(
        &mut self,
        at: Address,
        size: u8,
        value: Value,
        (instruction, before): (u64, &Values),
    ) {
        let address = self.address_of(at, instruction);
        let exit = self.exit_before(instruction, before);
        let entry = self.entry_of(address);
        let tag = self.builder.load_word(entry, entry::WRITE);
        let other = self.is_other_page(address, size, tag);
        let (watched, _) = self.builder.block(0);
        let (own, _) = self.builder.block(0);
        let to_watched = self.builder.target(watched, &[]);
        let to_own = self.builder.target(own, &[]);
        self.builder.branch(other, to_watched, to_own);

        self.builder.switch_to(watched);
        self.require_unmarked(address, size, (entry, tag), exit);
        let to_own = self.builder.target(own, &[]);
        self.builder.jump(to_own);

        self.builder.switch_to(own);
        let access = Access {
            width: width(size),
            signed: false,
            big_endian: true,
        };
        let byte = self.host_address(entry, address);
        self.builder.store(value, byte, 0, access);
    }

    /// Leaves unless the page may be written, but is watched, and the words are not marked.
    fn require_unmarked(
        &mut self,
        address: Value,
        size: u8,
        (entry, tag): (Value, Value),
        exit: ExitId,
    ) {
        let watched = self.builder.constant(WATCHED);
        let tag = self.builder.binary(Binary::Xor, tag, watched);
        let other = self.is_other_page(address, size, tag);
        self.builder.guard(other, exit);
        let marks = self.builder.load_word(entry, entry::MARKS);
        let two = self.builder.constant(2);
        let word = self.builder.binary(Binary::ShiftRight, address, two);
        let word = self.builder.and_constant(word, PAGE_BYTES / 4 - 1);
        let mark = self.builder.binary(Binary::Add, marks, word);
        let access = Access {
            width: if size == 8 { Width::Half } else { Width::Byte },
            signed: false,
            big_endian: false,
        };
        let marked = self.builder.load(mark, 0, access);
        self.builder.guard(marked, exit);
    }

    /// The address of the table's entry for the page of an address.
    fn entry_of(&mut self, address: Value) -> Value {
        let shift = PAGE_BYTES.trailing_zeros() - entry::SIZE.trailing_zeros();
        let shift = self.builder.constant(shift.into());
        let offset = self.builder.binary(Binary::ShiftRight, address, shift);
        let mask = (TABLE_ENTRIES as u64 - 1) * entry::SIZE;
        let offset = self.builder.and_constant(offset, mask);
        self.builder.binary(Binary::Add, self.table, offset)
    }

    /// Whether a tag is not that of the page of an address, or the address no multiple of the size.
    fn is_other_page(&mut self, address: Value, size: u8, tag: Value) -> Value {
        let mask = !OFFSET_MASK | (u64::from(size) - 1);
        let page = self.builder.and_constant(address, mask);
        self.builder.compare(Condition::NotEqual, page, tag)
    }

    fn host_address(&mut self, entry: Value, address: Value) -> Value {
        let origin = self.builder.load_word(entry, entry::ORIGIN);
        self.builder.binary(Binary::Add, address, origin)
    }
}
