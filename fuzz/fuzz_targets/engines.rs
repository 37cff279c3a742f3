//! Bytes as code: all engines do the same, to the last instruction.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, JitEngine, Jump, Limits, Machine, ReferenceEngine, Stop};

/// Instructions in a run.
const BUDGET: u64 = 2_000;

/// How far the registers with addresses are apart, so that code is loaded from and stored to, and
/// memory elsewhere as well.
const PLACES: [u64; 6] = [
    0,
    64,
    0x1000 - 32,
    0x400_0000,
    (1 << 63) - 16,
    0u64.wrapping_sub(64),
];

/// What the first bytes of an input decide.
struct Plan {
    /// How much longer each slice is than the one before.
    growth: u64,
    limits: Limits,
    /// Whether input comes a byte at a time.
    is_fed_slowly: bool,
}

fn plan(bytes: [u8; 4]) -> Plan {
    let [growth, memory, output, input] = bytes.map(u64::from);
    Plan {
        growth: growth % 8 * growth,
        limits: Limits {
            instructions: None,
            memory: 4096 * (1 + memory % 16),
            output: (output < 128).then_some(output),
        },
        is_fed_slowly: input < 128,
    }
}

fn machine(code: &[u8], plan: &Plan) -> Option<Machine> {
    let mut machine = Machine::new();
    machine.set_limits(plan.limits);
    machine.memory_mut().write_bytes(0, code).ok()?;
    for register in 1..=255 {
        let place = PLACES[usize::from(register) % PLACES.len()];
        machine.set_register(register, place.wrapping_add(u64::from(register / 6) * 8));
    }
    if !plan.is_fed_slowly {
        machine.feed(b"input");
        machine.end_input();
    }
    Some(machine)
}

/// Runs a machine by one slice, and gives it input if it needs some.
fn run_slice(engine: &mut impl Engine, machine: &mut Machine, budget: u64) -> Stop {
    let stop = engine.run(machine, budget, &mut ());
    engine.recall(machine);
    if stop == Stop::NeedsInput {
        let byte = machine.instructions() as u8;
        if byte < 200 {
            machine.feed(&[byte]);
        } else {
            machine.end_input();
        }
    }
    stop
}

fn compare(one: &Machine, two: &Machine) {
    assert_eq!(one.ip(), two.ip());
    assert_eq!(one.flags(), two.flags());
    assert_eq!(one.instructions(), two.instructions());
    for register in 0..=255 {
        assert_eq!(one.register(register), two.register(register));
    }
    assert_eq!(one.output(), two.output());
    assert_eq!(one.pending_input(), two.pending_input());
    let jumps = |machine: &Machine| machine.recent_jumps().collect::<Vec<Jump>>();
    assert_eq!(jumps(one), jumps(two));
}

fn compare_memory(one: &Machine, two: &Machine) {
    let pages = |machine: &Machine| {
        machine
            .memory()
            .pages()
            .map(|(page, bytes)| (page, bytes.to_vec()))
            .collect::<Vec<_>>()
    };
    assert_eq!(pages(one), pages(two));
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, code)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let plan = plan(first);
    let code = &code[..code.len().min(4096)];
    let new = || machine(code, &plan);
    let (Some(mut one), Some(mut two), Some(mut three)) = (new(), new(), new()) else {
        return;
    };
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut fast = FastEngine::new(Isa::ulm());
    let mut jit = JitEngine::with_threshold(Isa::ulm(), 1);
    // In steps of growing size: what a run leaves, the next one starts from.
    let mut step = 1;
    let mut slices = 0;
    while one.instructions() < BUDGET && slices < BUDGET {
        let stop = run_slice(&mut reference, &mut one, step);
        assert_eq!(run_slice(&mut fast, &mut two, step), stop);
        assert_eq!(run_slice(&mut jit, &mut three, step), stop);
        compare(&one, &two);
        compare(&one, &three);
        match stop {
            Stop::Paused | Stop::NeedsInput => {}
            _ => break,
        }
        step += 3 + plan.growth;
        slices += 1;
    }
    compare_memory(&one, &two);
    compare_memory(&one, &three);
});
