//! Bytes as code: both engines do the same, to the last instruction.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Limits, Machine, ReferenceEngine, Stop};

/// Instructions in a run.
const BUDGET: u64 = 2_000;

fn machine(code: &[u8]) -> Option<Machine> {
    let mut machine = Machine::new();
    machine.set_limits(Limits {
        memory: 1 << 20,
        ..Limits::default()
    });
    machine.memory_mut().write_bytes(0, code).ok()?;
    machine.feed(b"input");
    machine.end_input();
    Some(machine)
}

fuzz_target!(|bytes: &[u8]| {
    let code = &bytes[..bytes.len().min(4096)];
    let (Some(mut one), Some(mut two)) = (machine(code), machine(code)) else {
        return;
    };
    let mut reference = ReferenceEngine::new(Isa::ulm());
    let mut fast = FastEngine::new(Isa::ulm());
    // In steps of growing size: what a run leaves, the next one starts from.
    let mut step = 1;
    while one.instructions() < BUDGET {
        let stops = [
            reference.run(&mut one, step, &mut ()),
            fast.run(&mut two, step, &mut ()),
        ];
        assert_eq!(stops[0], stops[1]);
        assert_eq!(one.ip(), two.ip());
        assert_eq!(one.flags(), two.flags());
        assert_eq!(one.instructions(), two.instructions());
        for register in 0..=255 {
            assert_eq!(one.register(register), two.register(register));
        }
        if stops[0] != Stop::Paused {
            break;
        }
        step += 3;
    }
    assert_eq!(one.take_output(), two.take_output());
    let pages = |machine: &Machine| {
        machine
            .memory()
            .pages()
            .map(|(page, bytes)| (page, bytes.to_vec()))
            .collect::<Vec<_>>()
    };
    assert_eq!(pages(&one), pages(&two));
});
