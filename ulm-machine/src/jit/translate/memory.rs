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
//!
//! Accesses at fixed distances from the same value, as those to a frame on the stack, are a [`Group`]:
//! the first of them looks whether all of them are in one page. If not, it leaves, and the interpreter
//! goes on; where that happens often, the engine translates once more without the group.

use codegen::ir::{Access, Binary, Condition, ExitId, Value, Width};
use ulm_isa::micro::Address;

use super::{Translator, Values};
use crate::jit::builder::Open;
use crate::jit::exits::Cause;
use crate::jit::region::Index;
use crate::memory::{OFFSET_MASK, PAGE_BYTES, TABLE_ENTRIES, WATCHED, entry};

/// The longest distance within a group, in bytes.
const LONGEST: i64 = 1024;

/// Accesses at fixed distances from one value, of which the first looks after all.
#[derive(Debug)]
pub(super) struct Group {
    root: Value,
    /// Where the byte with the address `root` is, if the group is in one page.
    host: Value,
    /// The first and the last byte, and the greatest access, by their distances from `root`.
    first: i64,
    end: i64,
    greatest: (i64, u8),
    writes: bool,
    /// The block in which it began: only there it can come to write.
    block: Option<Index>,
    /// In the code: the distance of the first byte, that of the aligned piece that has the last, the bits
    /// of the address of which that have to be those of the tag, and which tag.
    open_first: Open,
    open_last: Open,
    open_mask: Open,
    open_tag: Open,
}

/// An access to memory.
#[derive(Debug, Clone, Copy)]
struct Touch {
    root: Value,
    distance: i64,
    size: u8,
    writes: bool,
}

impl Group {
    /// Takes one more access in, if it can be looked after with the others.
    fn take(&mut self, access: Touch, block: Option<Index>) -> bool {
        let Touch {
            root,
            distance,
            size,
            writes,
        } = access;
        if root != self.root || writes && !self.writes && block != self.block {
            return false;
        }
        let first = self.first.min(distance);
        let end = self.end.max(distance + i64::from(size));
        let (at, greatest) = self.greatest;
        let smaller = i64::from(size.min(greatest));
        if end - first > LONGEST || (distance - at) % smaller != 0 {
            return false;
        }
        if size > greatest {
            self.greatest = (distance, size);
        }
        self.first = first;
        self.end = end;
        self.writes |= writes;
        true
    }

    /// The distance of the piece of the greatest size, aligned as the accesses of that size, that has the
    /// last byte.
    fn last(&self) -> i64 {
        let (at, size) = self.greatest;
        let size = i64::from(size);
        at + (self.end - 1 - at).div_euclid(size) * size
    }
}

const fn width(size: u8) -> Width {
    match size {
        1 => Width::Byte,
        2 => Width::Half,
        4 => Width::Word,
        _ => Width::Double,
    }
}

impl Translator<'_> {
    /// `displacement + %base + scale · %index`, as a value and the distance from it.
    fn address_of(&mut self, at: Address, instruction: u64) -> (Value, u64) {
        let displacement = self.operand(at.displacement, instruction);
        let (displacement, distance) = self.builder.split(displacement);
        let base = self.read(at.base);
        let (base, base_distance) = self.builder.split(base);
        let index = self.read(at.index);
        let (index, index_distance) = self.builder.split(index);
        let scale = self.builder.constant(at.scale);
        let scaled = self.builder.binary(Binary::Multiply, index, scale);
        let sum = self.builder.binary(Binary::Add, base, scaled);
        let sum = self.builder.binary(Binary::Add, sum, displacement);
        let distance = distance
            .wrapping_add(base_distance)
            .wrapping_add(at.scale.wrapping_mul(index_distance));
        let (sum, more) = self.builder.split(sum);
        (sum, distance.wrapping_add(more))
    }

    pub(super) fn load(
        &mut self,
        at: Address,
        size: u8,
        signed: bool,
        (instruction, before): (u64, &Values),
    ) -> Value {
        let (root, distance) = self.address_of(at, instruction);
        let access = Access {
            width: width(size),
            signed,
            big_endian: true,
        };
        if let Some((host, distance)) =
            self.in_group(root, distance, (size, false), (instruction, before))
        {
            return self.builder.load(host, distance, access);
        }
        let address = self.builder.add_constant(root, distance);
        let exit = self.exit_before(instruction, Cause::Instruction, before);
        let entry = self.entry_of(address);
        let tag = self.builder.load_word(entry, entry::READ);
        let other = self.is_other_page(address, size, tag);
        self.builder.guard(other, exit);
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
        let (root, distance) = self.address_of(at, instruction);
        let access = Access {
            width: width(size),
            signed: false,
            big_endian: true,
        };
        if let Some((host, distance)) =
            self.in_group(root, distance, (size, true), (instruction, before))
        {
            return self.builder.store(value, host, distance, access);
        }
        let address = self.builder.add_constant(root, distance);
        let exit = self.exit_before(instruction, Cause::Instruction, before);
        let entry = self.entry_of(address);
        let tag = self.builder.load_word(entry, entry::WRITE);
        let other = self.is_other_page(address, size, tag);
        let (watched, _) = self.builder.block(0);
        let (own, _) = self.builder.block(0);
        let to_watched = self.builder.target(watched, &[]);
        let to_own = self.builder.target(own, &[]);
        self.builder.branch(other, to_watched, to_own);

        let computed = self.builder.computed();
        self.builder.go_on(watched, computed.clone());
        self.require_unmarked(address, size, (entry, tag), exit);
        let to_own = self.builder.target(own, &[]);
        self.builder.jump(to_own);

        self.builder.go_on(own, computed);
        let byte = self.host_address(entry, address);
        self.builder.store(value, byte, 0, access);
    }

    /// Where the byte is, as an address and the distance from it, if the access is one of a group.
    fn in_group(
        &mut self,
        root: Value,
        distance: u64,
        (size, writes): (u8, bool),
        (instruction, before): (u64, &Values),
    ) -> Option<(Value, i32)> {
        let is_fixed = self.builder.as_constant(root).is_some();
        let distance = i64::from(i32::try_from(distance as i64).ok()?);
        if is_fixed || self.alone.contains(&instruction) {
            return None;
        }
        let access = Touch {
            root,
            distance,
            size,
            writes,
        };
        let block = self.current;
        for &known in &self.values.groups {
            let group = &mut self.groups[known];
            if group.take(access, block) {
                return Some((group.host, distance as i32));
            }
        }
        let exit = self.exit_before(instruction, Cause::Group, before);
        let open_first = self.builder.open();
        let first = self.builder.raw_add(root, open_first.value);
        let entry = self.entry_of(first);
        let open_tag = self.builder.open_load(entry);
        let open_last = self.builder.open();
        let last = self.builder.raw_add(root, open_last.value);
        let open_mask = self.builder.open();
        let page = self.builder.raw_and(last, open_mask.value);
        let other = self
            .builder
            .compare(Condition::NotEqual, page, open_tag.value);
        self.builder.guard(other, exit);
        let host = self.host_address(entry, root);
        self.values.groups.push(self.groups.len());
        self.groups.push(Group {
            root,
            host,
            first: distance,
            end: distance + i64::from(size),
            greatest: (distance, size),
            writes,
            block,
            open_first,
            open_last,
            open_mask,
            open_tag,
        });
        Some((host, distance as i32))
    }

    /// Says what was left open.
    pub(super) fn close_groups(&mut self) {
        for group in &self.groups {
            let (_, size) = group.greatest;
            let mask = !OFFSET_MASK | (u64::from(size) - 1);
            let tag = if group.writes {
                entry::WRITE
            } else {
                entry::READ
            };
            self.builder.close(group.open_first, group.first);
            self.builder.close(group.open_last, group.last());
            self.builder.close(group.open_mask, mask as i64);
            self.builder.close(group.open_tag, tag.into());
        }
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
