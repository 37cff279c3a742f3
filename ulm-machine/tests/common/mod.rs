//! What the tests of the engines share.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "a part of each test, and no test uses all of it"
)]

use ulm_isa::effect::Flag;
use ulm_isa::isa::{FieldKind, InstructionId};
use ulm_isa::{Field, Isa};
use ulm_machine::{Engine, FastEngine, Jump, Machine, Observer, PAGE_BYTES, ReferenceEngine, Stop};

/// Small, fast, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 31).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (z ^ z >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ z >> 29
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// A number near an edge as often as not.
    pub fn number(&mut self) -> u64 {
        match self.below(4) {
            0 => self.pick(&EDGES),
            1 => self
                .pick(&EDGES)
                .wrapping_add(self.below(5))
                .wrapping_sub(2),
            2 => self.below(70),
            _ => self.next() >> self.below(64),
        }
    }
}

/// Numbers at which arithmetic changes its ways.
pub const EDGES: [u64; 12] = [
    0,
    1,
    2,
    0x7F,
    0xFF,
    0xFFFF_FFFF,
    1 << 32,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000,
    0x8000_0000_0000_0001,
    u64::MAX - 1,
    u64::MAX,
];

/// How many random cases a test tries: `ULM_TEST_CASES`, or `default`.
pub fn cases(default: u64) -> u64 {
    std::env::var("ULM_TEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A machine with these words at address 0.
pub fn machine(words: &[u32]) -> Machine {
    let mut machine = Machine::new();
    write_words(&mut machine, 0, words);
    machine
}

pub fn write_words(machine: &mut Machine, address: u64, words: &[u32]) {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    machine.memory_mut().write_bytes(address, &bytes).unwrap();
}

/// All that can be seen of a machine, for comparisons and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub ip: u64,
    pub flags: Vec<&'static str>,
    pub registers: Vec<(u8, u64)>,
    pub instructions: u64,
    pub output: Vec<u8>,
    pub output_written: u64,
    pub pending_input: usize,
    pub allocated: u64,
    pub jumps: Vec<Jump>,
}

pub fn state(machine: &Machine) -> State {
    let flags = machine.flags();
    State {
        ip: machine.ip(),
        flags: Flag::ALL
            .into_iter()
            .filter(|&flag| flags.get(flag))
            .map(Flag::name)
            .collect(),
        registers: (0..=255)
            .map(|n| (n, machine.register(n)))
            .filter(|&(_, value)| value != 0)
            .collect(),
        instructions: machine.instructions(),
        output: machine.output().to_vec(),
        output_written: machine.output_written(),
        pending_input: machine.pending_input(),
        allocated: machine.memory().allocated(),
        jumps: machine.recent_jumps().collect(),
    }
}

pub fn same_memory(a: &Machine, b: &Machine) -> bool {
    a.memory().pages().eq(b.memory().pages())
}

/// Runs copies of a machine with all engines, checks that they end up alike, and gives the result.
#[track_caller]
pub fn run_all(isa: &Isa, machine: &mut Machine, budget: u64) -> (Stop, Machine) {
    let mut other = machine.snapshot();
    let mut result = machine.snapshot();
    let expected = ReferenceEngine::new(isa).run(&mut other, budget, &mut ());
    let stop = FastEngine::new(isa).run(&mut result, budget, &mut ());
    assert_eq!(stop, expected);
    assert_eq!(state(&result), state(&other));
    assert!(same_memory(&result, &other));
    #[cfg(feature = "jit")]
    {
        let (stop, translated) = run_translated(isa, machine, budget);
        assert_eq!(stop, expected, "translated");
        assert_eq!(state(&translated), state(&other), "translated");
        assert!(same_memory(&translated, &other), "translated");
    }
    (stop, result)
}

/// Runs a copy of a machine with code that was translated before, as far as it can be.
#[cfg(feature = "jit")]
fn run_translated(isa: &Isa, machine: &mut Machine, budget: u64) -> (Stop, Machine) {
    let mut engine = ulm_machine::JitEngine::with_threshold(isa, 0);
    let mut used = machine.snapshot();
    engine.run(&mut used, budget, &mut ());
    let mut result = begin_again(&mut used, machine);
    let stop = engine.run(&mut result, budget, &mut ());
    engine.recall(&mut result);
    (stop, result)
}

/// A copy of a machine that has the memory of another one, put back to what it was. So what an engine
/// knows of the code in it stays right.
pub fn begin_again(used: &mut Machine, start: &mut Machine) -> Machine {
    let mut changes = Vec::new();
    for (page, bytes) in used.memory().pages() {
        let mut expected = [0; PAGE_BYTES as usize];
        start.memory().read_bytes(page, &mut expected);
        let words = bytes.chunks(8).zip(expected.chunks(8));
        for (index, (_, expected)) in (0..).zip(words).filter(|(_, (a, b))| a != b) {
            changes.push((page + 8 * index, expected.to_vec()));
        }
    }
    for (address, bytes) in changes {
        let written = used.memory_mut().write_bytes(address, &bytes);
        written.expect("the page is there");
    }
    let mut copy = start.snapshot();
    std::mem::swap(copy.memory_mut(), used.memory_mut());
    copy
}

/// A random word of some instruction, made so that programs of such words get somewhere.
pub fn random_word(isa: &Isa, random: &mut Random) -> u32 {
    if random.one_in(60) {
        return random.next() as u32;
    }
    let id = InstructionId(random.below(isa.instructions.len() as u64) as u16);
    let halts = isa
        .decode(isa.encode(id, &[]).unwrap())
        .is_some_and(|d| isa.flow(d).halts);
    if halts && !random.one_in(8) {
        return random_word(isa, random);
    }
    let format = isa.format_of(id);
    let values: Vec<i64> = format.fields[1..]
        .iter()
        .map(|field| random_field(field, random))
        .collect();
    isa.encode(id, &values).unwrap()
}

fn random_field(field: &Field, random: &mut Random) -> i64 {
    let range = field.range();
    let value = match field.kind {
        FieldKind::Jump => 4 * (random.below(40) as i64 - 16),
        FieldKind::Signed => random.below(64) as i64 * 4 - 128,
        FieldKind::Unsigned => match random.below(8) {
            0 => random.next() as i64 & range.end(),
            1 => *range.end() - random.below(3) as i64,
            2 => random.below(64) as i64 * 8,
            _ => random.below(12) as i64,
        },
    };
    if range.contains(&value) {
        value
    } else {
        field.extract(random.next() as u32)
    }
}

/// A machine with a random program around the border of two pages, at [`PROGRAM`], and registers
/// that point into it and elsewhere.
pub fn random_machine(isa: &Isa, random: &mut Random) -> Machine {
    let mut machine = Machine::new();
    let start = PROGRAM + 4 * random.below(20);
    let length = 40 + random.below(60);
    for i in 0..length {
        let word = random_word(isa, random);
        write_words(&mut machine, start + 4 * i, &[word]);
    }
    for register in 1..=255 {
        let value = match random.below(6) {
            0 | 1 => start + 4 * random.below(length),
            2 => (start + 8 * random.below(length)) & !7,
            3 => 8 * random.below(40),
            4 => random.number(),
            _ => u64::MAX - 7 - 8 * random.below(4),
        };
        machine.set_register(register, value);
    }
    machine.set_ip(start + 4 * random.below(length));
    machine
}

/// Where random programs are: a little before the end of a page.
pub const PROGRAM: u64 = 2 * 4096 - 160;

/// Writes down all that it is told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log(pub Vec<String>);

impl Observer for Log {
    fn begin(&mut self, ip: u64, word: u32) {
        self.0.push(format!("begin {ip:#x} {word:08x}"));
    }

    fn register_read(&mut self, number: u8, value: u64) {
        self.0.push(format!("%{number} is {value:#x}"));
    }

    fn register_write(&mut self, number: u8, old: u64, new: u64) {
        self.0.push(format!("%{number} from {old:#x} to {new:#x}"));
    }

    fn flags_write(&mut self, old: ulm_machine::Flags, new: ulm_machine::Flags) {
        self.0.push(format!("flags from {old} to {new}"));
    }

    fn load(&mut self, address: u64, size: u8, value: u64) {
        self.0
            .push(format!("load {size} at {address:#x}: {value:#x}"));
    }

    fn store(&mut self, address: u64, size: u8, value: u64) {
        self.0
            .push(format!("store {size} at {address:#x}: {value:#x}"));
    }

    fn input(&mut self, byte: Option<u8>) {
        self.0.push(format!("input {byte:?}"));
    }

    fn output(&mut self, byte: u8) {
        self.0.push(format!("output {byte}"));
    }

    fn transfer(&mut self, jump: Jump) {
        self.0.push(format!("transfer {jump:?}"));
    }

    fn end(&mut self, machine: &Machine) {
        self.0.push(format!("end, next {:#x}", machine.ip()));
    }
}
