//! Translated code in the simulator of AArch64: the same code as on the processor, byte for byte, on
//! copies.
//!
//! The simulator's memory has a place for everything that the code works on: the [`state`],
//! the registers, input, output, and a table of pages that tells of copies of the pages in use. Before
//! each entry they become what the machine has, and afterwards what was written goes back. A page
//! that is not in use is one that the code leaves for; once the interpreter has been there, it is.

use codegen::aarch64::simulator::Permission;
use codegen::execution::Outcome;
use codegen::simulated::{Procedure, Runner};

use super::exits::{Cause, Entry};
use super::processor::{Compiled, STACK};
use super::state;
use crate::machine::Machine;
use crate::memory::{Memory, PAGE_BYTES, TABLE_ENTRIES, WATCHED, Writing, entry};

const PAGE: usize = PAGE_BYTES as usize;

/// How many pages have copies.
const COPIES: usize = 64;

/// The bytes of a page's marks.
const MARKS: usize = PAGE / 4;

/// The most bytes of input that the code sees at once, and of output that it has room for.
const ROOM: usize = 1 << 16;

/// The tag of an entry that stands for no page.
const NO_PAGE: u64 = u64::MAX;

/// What the code only reads: the state, the registers, the table, the marks, and input.
const STATE_AT: u64 = 0x0100_0000_0000;
const REGISTERS_AT: u64 = STATE_AT + state::SIZE as u64;
const TABLE_AT: u64 = REGISTERS_AT + 8 * 256;
const MARKS_AT: u64 = TABLE_AT + entry::SIZE * TABLE_ENTRIES as u64;
const INPUT_AT: u64 = MARKS_AT + (MARKS * COPIES) as u64;
const READ_END: u64 = INPUT_AT + ROOM as u64;

/// What it writes: the copies of pages, and output.
const PAGES_AT: u64 = 0x0200_0000_0000;
const OUTPUT_AT: u64 = PAGES_AT + (PAGE * COPIES) as u64;
const WRITE_END: u64 = OUTPUT_AT + ROOM as u64;

/// The simulator.
#[derive(Debug)]
pub(super) struct Simulated {
    runner: Runner,
    /// The pages of the copies.
    copies: Vec<Copy>,
}

#[derive(Debug, Clone, Copy)]
struct Copy {
    /// The address of its first byte in the machine.
    page: u64,
    /// Whether the code may write to it.
    is_writable: bool,
}

impl Simulated {
    pub(super) fn new() -> Self {
        let mut runner = Runner::new(STACK);
        let zeros = |from, to| vec![0; (to - from) as usize];
        runner.map(STATE_AT, zeros(STATE_AT, READ_END), Permission::Read);
        runner.map(PAGES_AT, zeros(PAGES_AT, WRITE_END), Permission::ReadWrite);
        for index in 0..TABLE_ENTRIES as u64 {
            let at = TABLE_AT + entry::SIZE * index;
            write_words(&mut runner, at, &entry_words(NO_PAGE, NO_PAGE, 0, 0));
        }
        Self {
            runner,
            copies: Vec::new(),
        }
    }

    /// See [`super::processor::Processor::enter`].
    pub(super) fn enter(
        &mut self,
        region: &Compiled,
        procedure: &Procedure,
        machine: &mut Machine,
        left: u64,
    ) -> Option<Cause> {
        self.copy_pages(&mut machine.memory);
        self.write_state(region, machine, left);
        let outcome = procedure.enter(&mut self.runner, &[STATE_AT as i64]);
        // If the code is wrong, whatever it has done is forgotten.
        debug_assert!(outcome.is_ok(), "the simulator stops: {outcome:?}");
        let Ok(Outcome::Left(departure)) = outcome else {
            return None;
        };
        // There is none where the stack is too small.
        let plan = region.plans.get(departure.reason as usize)?;
        self.return_pages(&mut machine.memory);
        let entry = Entry {
            left,
            reserve: region.reserve,
            input: INPUT_AT,
        };
        let runner = &self.runner;
        let values = departure.values.into_iter();
        plan.restore(machine, entry, values, |next| {
            let count = next.wrapping_sub(OUTPUT_AT) as usize;
            let bytes = runner.read(OUTPUT_AT, count.min(ROOM));
            bytes.unwrap_or_default().iter().copied()
        });
        Some(plan.cause)
    }

    /// Makes the table and the copies tell of the pages in use.
    fn copy_pages(&mut self, memory: &mut Memory) {
        for copy in self.copies.drain(..) {
            let words = entry_words(NO_PAGE, NO_PAGE, 0, 0);
            write_words(&mut self.runner, entry_at(copy.page), &words);
        }
        if memory.count_in_use() > COPIES {
            memory.put_pages_away();
        }
        for (number, page) in (0..).zip(memory.pages_in_use()) {
            let bytes_at = PAGES_AT + number * PAGE_BYTES;
            let marks_at = MARKS_AT + number * MARKS as u64;
            self.runner.write(bytes_at, page.bytes);
            let write = match page.writing {
                Writing::No => NO_PAGE,
                Writing::Yes => page.address,
                Writing::Watched(marks) => {
                    self.runner.write(marks_at, marks);
                    page.address | WATCHED
                }
            };
            let origin = bytes_at.wrapping_sub(page.address);
            let words = entry_words(page.address, write, origin, marks_at);
            write_words(&mut self.runner, entry_at(page.address), &words);
            self.copies.push(Copy {
                page: page.address,
                is_writable: write != NO_PAGE,
            });
        }
    }

    /// Writes back what may have been written.
    fn return_pages(&self, memory: &mut Memory) {
        for (number, copy) in (0..).zip(&self.copies) {
            let bytes = self.runner.read(PAGES_AT + number * PAGE_BYTES, PAGE);
            if let Some(bytes) = bytes.and_then(|bytes| bytes.first_chunk())
                && copy.is_writable
            {
                memory.write_page(copy.page, bytes);
            }
        }
    }

    /// Writes the state, with all that it leads to but the pages.
    fn write_state(&mut self, region: &Compiled, machine: &Machine, left: u64) {
        let input = machine.waiting_input();
        let input = &input[..input.len().min(ROOM)];
        let room = machine.room_for_output().min(ROOM);
        self.runner.write(INPUT_AT, input);
        write_words(&mut self.runner, REGISTERS_AT, &machine.registers);
        let mut set = |offset: i32, word: u64| {
            write_words(&mut self.runner, STATE_AT + offset as u64, &[word]);
        };
        set(state::REGISTERS, REGISTERS_AT);
        set(state::TABLE, TABLE_AT);
        set(state::INPUT, INPUT_AT);
        set(state::INPUT_END, INPUT_AT + input.len() as u64);
        set(state::OUTPUT, OUTPUT_AT);
        set(state::OUTPUT_END, OUTPUT_AT + room as u64);
        set(state::LEFT, left);
        let operands = region.rules.operands(machine.flags);
        for (offset, operand) in (state::FLAGS..).step_by(8).zip(operands) {
            set(offset, operand);
        }
    }
}

/// The words of an entry of the table, in their order.
fn entry_words(read: u64, write: u64, origin: u64, marks: u64) -> [u64; 4] {
    let mut words = [0; 4];
    for (offset, word) in [
        (entry::READ, read),
        (entry::WRITE, write),
        (entry::ORIGIN, origin),
        (entry::MARKS, marks),
    ] {
        words[offset as usize / 8] = word;
    }
    words
}

/// The address of the entry for a page.
fn entry_at(page: u64) -> u64 {
    let index = page / PAGE_BYTES % TABLE_ENTRIES as u64;
    TABLE_AT + entry::SIZE * index
}

fn write_words(runner: &mut Runner, address: u64, words: &[u64]) {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    runner.write(address, &bytes);
}
