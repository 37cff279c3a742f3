//! Traps, limits, input that is missing, breakpoints: what the machine is like then, and how it
//! goes on.

mod common;

use common::{machine, run_all, write_words};
use diagnostics::Explanation;
use ulm_isa::Isa;
use ulm_machine::{
    EXPLANATIONS, Engine, FastEngine, Limit, Limits, Machine, PENDING_OUTPUT, READS_PAST_END,
    ReferenceEngine, Stop, Trap, TrapKind,
};

const NOP: u32 = 0xFF00_0000;
const HALT: u32 = 0x0900_0000;
const GETC: u32 = 0x6001_0000;

/// A test that both engines must pass.
macro_rules! for_both_engines {
    ($engine:ident => $body:block) => {{
        {
            let mut $engine = ReferenceEngine::new(Isa::ulm());
            $body
        }
        {
            let mut $engine = FastEngine::new(Isa::ulm());
            $body
        }
    }};
}

#[test]
fn an_instruction_that_traps_has_not_happened() {
    let misaligned_load = |address, size| TrapKind::MisalignedLoad { address, size };
    let misaligned_store = |address, size| TrapKind::MisalignedStore { address, size };
    for (word, kind) in [
        (0x0000_0000, TrapKind::IllegalInstruction { word: 0 }),
        (
            0xFE01_0203,
            TrapKind::IllegalInstruction { word: 0xFE01_0203 },
        ),
        (0x3300_0204, TrapKind::DivisionByZero),
        (0x3B00_0204, TrapKind::DivisionByZero),
        (0x3500_0204, TrapKind::DivisionByZero),
        (0x3D00_0204, TrapKind::DivisionByZero),
        (0x1801_0003, misaligned_load(1, 8)),
        (0x1004_0503, misaligned_load(0x1001, 8)),
        (0x1906_0003, misaligned_load(6, 4)),
        (0x1D06_0003, misaligned_load(6, 4)),
        (0x1A07_0003, misaligned_load(7, 2)),
        (0x1E07_0003, misaligned_load(7, 2)),
        (0x2801_0400, misaligned_store(4, 8)),
        (0x2001_0405, misaligned_store(0x1001, 8)),
        (0x2901_0200, misaligned_store(2, 4)),
        (0x2A01_FF00, misaligned_store(u64::MAX, 2)),
        (0x4005_0600, TrapKind::MisalignedJump { target: 0x1001 }),
        (0x4005_0000, TrapKind::MisalignedJump { target: 0x1001 }),
        (0x3201_02FF, TrapKind::RegisterPastEnd { number: 256 }),
        (0x3501_02FF, TrapKind::RegisterPastEnd { number: 256 }),
        (0x3301_02FE, TrapKind::RegisterPastEnd { number: 256 }),
        (0x3301_FF04, TrapKind::RegisterPastEnd { number: 256 }),
        // The registers are looked at before the divisor.
        (0x3B00_02FF, TrapKind::RegisterPastEnd { number: 256 }),
    ] {
        let mut machine = machine(&[NOP, word]);
        for register in 1..=255 {
            machine.set_register(register, 0x100 + u64::from(register));
        }
        machine.set_register(4, 0);
        machine.set_register(5, 0x1001);
        machine.set_register(6, 7);
        let before = machine.snapshot();
        let (stop, result) = run_all(Isa::ulm(), &mut machine, 10);
        assert_eq!(stop, Stop::Trapped(Trap { kind, address: 4 }), "{word:08X}");
        assert_eq!((result.ip(), result.instructions()), (4, 1));
        for register in 0..=255 {
            assert_eq!(result.register(register), before.register(register));
        }
        assert!(common::same_memory(&result, &before), "{word:08X}");
    }
}

#[test]
fn a_misaligned_instruction_pointer_traps_at_the_fetch() {
    let mut machine = machine(&[NOP, NOP]);
    machine.set_ip(2);
    let trap = Trap {
        kind: TrapKind::MisalignedFetch,
        address: 2,
    };
    let (stop, _) = run_all(Isa::ulm(), &mut machine, 10);
    assert_eq!(stop, Stop::Trapped(trap));
}

#[test]
fn a_program_without_a_halt_runs_into_the_illegal_zero() {
    let (stop, result) = run_all(Isa::ulm(), &mut machine(&[NOP; 1030]), 10_000);
    let kind = TrapKind::IllegalInstruction { word: 0 };
    assert_eq!(
        stop,
        Stop::Trapped(Trap {
            kind,
            address: 4120
        })
    );
    assert_eq!(result.instructions(), 1030);
}

#[test]
fn a_budget_and_a_limit_are_exact() {
    for_both_engines!(engine => {
        for n in 0..20 {
            let mut limited = machine(&[NOP, 0x41FF_FFFF]); // nop, jmp -4
            limited.set_limits(Limits { instructions: Some(n), ..Limits::default() });
            let stop = engine.run(&mut limited, u64::MAX, &mut ());
            assert_eq!(stop, Stop::Limit(Limit::Instructions));
            assert_eq!((limited.instructions(), limited.ip()), (n, 4 * (n % 2)));
            // It stays so until the limit is raised.
            assert_eq!(engine.run(&mut limited, 5, &mut ()), Stop::Limit(Limit::Instructions));
            assert_eq!(limited.instructions(), n);
            limited.set_limits(Limits::default());
            assert_eq!(engine.run(&mut limited, 5, &mut ()), Stop::Paused);
            assert_eq!(limited.instructions(), n + 5);
            assert_eq!(engine.run(&mut limited, 0, &mut ()), Stop::Paused);
            assert_eq!(limited.instructions(), n + 5);
        }
    });
}

#[test]
fn a_halt_as_the_last_instruction_that_the_limit_allows_ends_normally() {
    for_both_engines!(engine => {
        for (limit, expected) in [
            (3, Stop::Halted(0)),
            (2, Stop::Limit(Limit::Instructions)),
        ] {
            let mut machine = machine(&[NOP, NOP, HALT]);
            machine.set_limits(Limits { instructions: Some(limit), ..Limits::default() });
            assert_eq!(engine.run(&mut machine, u64::MAX, &mut ()), expected);
            assert_eq!(machine.instructions(), limit);
        }
    });
}

#[test]
fn the_memory_limit_counts_pages_and_stops_before_the_store() {
    for_both_engines!(engine => {
        // movb %1, (%2); addq %3, %2, %2; jmp -8
        let mut machine = machine(&[0x2B01_0002, 0x3003_0202, 0x41FF_FFFE]);
        machine.set_register(2, 0x10000);
        machine.set_register(3, 0x10_0000);
        let limits = Limits { memory: 4 * 4096 + 4095, ..Limits::default() };
        machine.set_limits(limits);
        let stop = engine.run(&mut machine, 1000, &mut ());
        assert_eq!(stop, Stop::Limit(Limit::Memory));
        assert_eq!((machine.ip(), machine.instructions()), (0, 9));
        assert_eq!(machine.memory().allocated(), 4 * 4096);
        // Pages that exist can be written all the same; and more of them if the limit is raised.
        machine.set_register(2, 0x10000);
        machine.set_register(3, 0);
        assert_eq!(engine.run(&mut machine, 30, &mut ()), Stop::Paused);
        machine.set_register(2, 0x20000);
        assert_eq!(engine.run(&mut machine, 30, &mut ()), Stop::Limit(Limit::Memory));
        machine.set_limits(Limits { memory: 5 * 4096, ..limits });
        assert_eq!(engine.run(&mut machine, 30, &mut ()), Stop::Paused);
    });
}

#[test]
fn the_output_limit_stops_before_the_byte_that_is_too_much() {
    for_both_engines!(engine => {
        let mut machine = machine(&[0x6961_0000, 0x41FF_FFFF]); // putc 'a', jmp -4
        machine.set_limits(Limits { output: Some(3), ..Limits::default() });
        let stop = engine.run(&mut machine, 1000, &mut ());
        assert_eq!(stop, Stop::Limit(Limit::Output));
        assert_eq!(machine.take_output(), b"aaa");
        // Taking it doesn't make room.
        assert_eq!(engine.run(&mut machine, 1000, &mut ()), Stop::Limit(Limit::Output));
        assert_eq!((machine.ip(), machine.instructions()), (0, 6));
        machine.set_limits(Limits { output: Some(4), ..Limits::default() });
        assert_eq!(engine.run(&mut machine, 1000, &mut ()), Stop::Limit(Limit::Output));
        assert_eq!(machine.output(), b"a");
    });
}

#[test]
fn an_engine_pauses_when_much_output_waits() {
    for_both_engines!(engine => {
        let mut machine = machine(&[0x6961_0000, 0x41FF_FFFF]); // putc 'a', jmp -4
        assert_eq!(engine.run(&mut machine, u64::MAX, &mut ()), Stop::Paused);
        assert_eq!(machine.take_output().len(), PENDING_OUTPUT);
        assert_eq!(engine.run(&mut machine, u64::MAX, &mut ()), Stop::Paused);
        assert_eq!(machine.output_written(), 2 * PENDING_OUTPUT as u64);
    });
}

#[test]
fn a_read_waits_for_input_and_then_goes_on() {
    for_both_engines!(engine => {
        let mut machine = machine(&[NOP, GETC, 0x6002_0000, HALT]);
        for _ in 0..2 {
            assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::NeedsInput);
            assert_eq!((machine.ip(), machine.instructions()), (4, 1));
        }
        machine.feed(b"A");
        assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::NeedsInput);
        assert_eq!((machine.ip(), machine.register(1)), (8, 65));
        machine.end_input();
        assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::Halted(0));
        assert_eq!(machine.register(2), 255);
    });
}

#[test]
fn reading_on_and_on_past_the_end_is_stopped() {
    for_both_engines!(engine => {
        let mut machine = machine(&[GETC, 0x41FF_FFFF]); // getc %1, jmp -4
        machine.feed(b"AB");
        machine.end_input();
        let stop = engine.run(&mut machine, 1 << 40, &mut ());
        assert_eq!(stop, Stop::Limit(Limit::InputEnded));
        // Two bytes, the reads past the end, and a jump behind each.
        assert_eq!(machine.instructions(), 2 * (2 + u64::from(READS_PAST_END)));
        assert_eq!(machine.ip(), 0);
        // A byte begins the count anew.
        machine.feed(b"C");
        assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::Paused);
    });
}

#[test]
fn a_breakpoint_stops_before_its_instruction_once_each_time_around() {
    for_both_engines!(engine => {
        let mut machine = machine(&[NOP, NOP, 0x41FF_FFFE]); // jmp -8
        engine.breakpoints_mut().insert(4);
        for round in 0..3 {
            let stop = engine.run(&mut machine, u64::MAX, &mut ());
            assert_eq!(stop, Stop::Breakpoint(4));
            assert_eq!((machine.ip(), machine.instructions()), (4, 1 + 3 * round));
        }
        // A pause right at a breakpoint doesn't hide it.
        assert_eq!(engine.run(&mut machine, 3, &mut ()), Stop::Paused);
        assert_eq!(machine.ip(), 4);
        assert_eq!(engine.run(&mut machine, 3, &mut ()), Stop::Breakpoint(4));
        // Breakpoints set and removed in decoded code are seen.
        engine.breakpoints_mut().insert(8);
        assert_eq!(engine.run(&mut machine, 9, &mut ()), Stop::Breakpoint(8));
        engine.breakpoints_mut().remove(4);
        assert_eq!(engine.run(&mut machine, 9, &mut ()), Stop::Breakpoint(8));
        engine.breakpoints_mut().clear();
        assert_eq!(engine.run(&mut machine, 9, &mut ()), Stop::Paused);
    });
}

#[test]
fn a_breakpoint_on_an_instruction_that_must_wait_is_passed_once() {
    for_both_engines!(engine => {
        let mut machine = machine(&[GETC, HALT]);
        engine.breakpoints_mut().insert(0);
        assert_eq!(engine.run(&mut machine, 9, &mut ()), Stop::Breakpoint(0));
        assert_eq!(engine.run(&mut machine, 9, &mut ()), Stop::NeedsInput);
        machine.feed(b"x");
        assert_eq!(engine.run(&mut machine, 9, &mut ()), Stop::Halted(0));
    });
}

#[test]
fn the_last_jumps_are_remembered_oldest_first() {
    for_both_engines!(engine => {
        let mut machine = Machine::new();
        // A chain of jumps over one word each.
        for i in 0..100 {
            write_words(&mut machine, 8 * i, &[0x4100_0002]);
        }
        engine.run(&mut machine, 100, &mut ());
        let jumps: Vec<u64> = machine.recent_jumps().map(|jump| jump.from).collect();
        let expected: Vec<u64> = (36..100).map(|i| 8 * i).collect();
        assert_eq!(jumps, expected);
        assert!(machine.recent_jumps().all(|jump| jump.to == jump.from + 8));
    });
}

#[test]
fn there_is_a_page_for_every_trap_and_limit() {
    let traps = [
        TrapKind::IllegalInstruction { word: 0 },
        TrapKind::DivisionByZero,
        TrapKind::MisalignedLoad {
            address: 1,
            size: 8,
        },
        TrapKind::MisalignedStore {
            address: 1,
            size: 8,
        },
        TrapKind::MisalignedJump { target: 1 },
        TrapKind::MisalignedFetch,
        TrapKind::RegisterPastEnd { number: 256 },
        TrapKind::IllegalOperand,
    ];
    let limits = [
        Limit::Instructions,
        Limit::Memory,
        Limit::Output,
        Limit::InputEnded,
    ];
    let codes: Vec<&str> = traps
        .iter()
        .map(|t| t.code())
        .chain(limits.iter().map(|l| l.code()))
        .collect();
    let pages: Vec<&str> = EXPLANATIONS
        .iter()
        .map(|page: &Explanation| page.code)
        .collect();
    assert_eq!(codes, pages);
}

#[test]
fn traps_say_their_values() {
    for (kind, text) in [
        (
            TrapKind::IllegalInstruction { word: 0xAB },
            "at 0x0000000000000010: illegal instruction 00 00 00 AB",
        ),
        (
            TrapKind::MisalignedLoad {
                address: 0x1001,
                size: 8,
            },
            "at 0x0000000000000010: misaligned load of 8 bytes: the address 0x0000000000001001 \
             is not a multiple of 8",
        ),
        (
            TrapKind::RegisterPastEnd { number: 256 },
            "at 0x0000000000000010: the instruction needs register %256, and %255 is the last one",
        ),
    ] {
        assert_eq!(Trap { kind, address: 16 }.to_string(), text);
    }
}
