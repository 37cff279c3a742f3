//! Memory and snapshots.

mod common;

use common::{Random, cases, machine, run_all, same_memory, state};
use std::collections::BTreeMap;
use ulm_isa::Isa;
use ulm_machine::{Engine, FastEngine, Limit, Limits, Machine, PAGE_BYTES, Stop};
use ulmas::image::{Block, Image};

fn machine_with_memory(bytes: u64) -> Machine {
    let mut machine = Machine::new();
    machine.set_limits(Limits {
        memory: bytes,
        ..Limits::default()
    });
    machine
}

#[test]
fn memory_that_nobody_wrote_reads_as_zero_and_takes_no_room() {
    let machine = Machine::new();
    let mut bytes = [1; 10_000];
    machine.memory().read_bytes(u64::MAX - 5000, &mut bytes);
    assert_eq!(bytes, [0; 10_000]);
    assert_eq!(machine.memory().allocated(), 0);
    // Nor does reading from a program: movzbq (%1), %2; addq %3, %1, %1; jmp -8
    let mut machine = common::machine(&[0x1B00_0102, 0x3003_0101, 0x41FF_FFFE]);
    machine.set_register(3, 0x10_0001);
    let (_, result) = run_all(Isa::ulm(), &mut machine, 10_000);
    assert_eq!(result.memory().allocated(), PAGE_BYTES);
}

#[test]
fn memory_agrees_with_a_map_of_bytes() {
    for seed in 0..cases(40) {
        let random = &mut Random(seed);
        let mut machine = Machine::new();
        let mut model: BTreeMap<u64, u8> = BTreeMap::new();
        for _ in 0..200 {
            let mut address = match random.below(3) {
                0 => random.below(1 << 14),
                1 => random.below(64) << 24,
                _ => random.below(9000).wrapping_sub(4500),
            };
            let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
            machine.memory_mut().write_bytes(address, &bytes).unwrap();
            for &byte in &bytes {
                model.insert(address, byte);
                address = address.wrapping_add(1);
            }
        }
        for (&address, &byte) in &model {
            assert_eq!(machine.memory().byte(address), byte);
        }
        let pages: Vec<u64> = machine
            .memory()
            .pages()
            .map(|(address, _)| address)
            .collect();
        let mut expected: Vec<u64> = model.keys().map(|a| a & !(PAGE_BYTES - 1)).collect();
        expected.dedup();
        assert_eq!(pages, expected);
        assert_eq!(
            machine.memory().allocated(),
            expected.len() as u64 * PAGE_BYTES
        );
        for (address, bytes) in machine.memory().pages() {
            for (i, &byte) in (0..).zip(bytes) {
                assert_eq!(byte, model.get(&(address + i)).copied().unwrap_or(0));
            }
        }
    }
}

#[test]
fn numbers_are_big_endian() {
    let mut machine = Machine::new();
    machine
        .memory_mut()
        .write_bytes(0xFFE, &[1, 2, 3, 4])
        .unwrap();
    assert_eq!(machine.memory().number(0xFFE, 4), 0x0102_0304);
    assert_eq!(machine.memory().number(0xFFF, 2), 0x0203);
    assert_eq!(machine.memory().number(0xFFE, 8), 0x0102_0304_0000_0000);
}

#[test]
fn bytes_that_do_not_fit_the_limit_are_refused() {
    let mut machine = machine_with_memory(2 * PAGE_BYTES);
    let bytes = [7; 3 * PAGE_BYTES as usize];
    let result = machine.memory_mut().write_bytes(0, &bytes);
    assert_eq!(result, Err(Limit::Memory));
    assert_eq!(machine.memory().allocated(), 2 * PAGE_BYTES);
    let mut none = machine_with_memory(0);
    assert_eq!(none.memory_mut().write_bytes(9, &[1]), Err(Limit::Memory));
    assert_eq!(none.memory_mut().write_bytes(9, &[]), Ok(()));
}

#[test]
fn an_image_is_loaded_where_its_segments_are() {
    let mut image = Image::default();
    image.object.text.size = 6;
    image.object.text.blocks = vec![Block {
        offset: 2,
        bytes: vec![1, 2, 3, 4],
    }];
    image.object.data.alignment = 8;
    image.object.data.size = 1;
    image.object.data.blocks = vec![Block {
        offset: 0,
        bytes: vec![9],
    }];
    let mut machine = Machine::new();
    machine.load(&image).unwrap();
    assert_eq!(machine.memory().number(0, 8), 0x0000_0102_0304_0000);
    assert_eq!(machine.memory().byte(8), 9);
    assert_eq!(machine_with_memory(4095).load(&image), Err(Limit::Memory));
}

#[test]
fn a_snapshot_and_its_original_go_their_own_ways() {
    // movq %1, 0x40(%0) and back again from 0x48; addq 1, %1, %1; jmp
    let words = [0x2801_4000, 0x1848_0002, 0x3801_0101, 0x41FF_FFFD];
    let mut original = machine(&words);
    original.memory_mut().write_bytes(0x48, &[5]).unwrap();
    let mut engine = FastEngine::new(Isa::ulm());
    engine.run(&mut original, 1001, &mut ());
    let mut snapshot = original.snapshot();
    let kept = state(&snapshot);
    assert_eq!(kept, state(&original));
    assert!(same_memory(&snapshot, &original));

    engine.run(&mut original, 1000, &mut ());
    assert_eq!(state(&snapshot), kept);
    assert_eq!(snapshot.memory().number(0x40, 8), 250);
    assert_eq!(original.memory().number(0x40, 8), 500);

    engine.run(&mut snapshot, 1000, &mut ());
    assert_eq!(state(&snapshot), state(&original));
    assert!(same_memory(&snapshot, &original));

    snapshot.memory_mut().write_bytes(0x48, &[6]).unwrap();
    engine.run(&mut snapshot, 4, &mut ());
    engine.run(&mut original, 4, &mut ());
    assert_eq!(snapshot.register(2) >> 56, 6);
    assert_eq!(original.register(2) >> 56, 5);
}

#[test]
fn snapshots_of_snapshots_keep_what_they_had() {
    for seed in 0..cases(50) {
        let random = &mut Random(seed);
        let mut machines = vec![(Machine::new(), BTreeMap::new())];
        for _ in 0..120 {
            let at = random.below(machines.len() as u64) as usize;
            if random.one_in(8) {
                let copy = (machines[at].0.snapshot(), machines[at].1.clone());
                machines.push(copy);
            } else if random.one_in(12) && machines.len() > 1 {
                machines.swap_remove(at);
            } else {
                let (machine, model) = &mut machines[at];
                let (address, byte) = (random.below(60) * 1000, random.next() as u8);
                machine.memory_mut().write_bytes(address, &[byte]).unwrap();
                model.insert(address, byte);
            }
        }
        for (machine, model) in &machines {
            for address in (0..60_000).step_by(1000) {
                let expected = model.get(&address).copied().unwrap_or(0);
                assert_eq!(machine.memory().byte(address), expected, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_snapshot_costs_a_copy_of_each_page_that_is_written_afterwards() {
    let mut machine = Machine::new();
    for page in 0..1000 {
        machine
            .memory_mut()
            .write_bytes(page * PAGE_BYTES, &[1])
            .unwrap();
    }
    assert_eq!(machine.memory().pages_copied(), 0);
    let snapshot = machine.snapshot();
    assert_eq!(machine.memory().pages_copied(), 0);
    for _ in 0..10 {
        for page in [5, 7, 900] {
            machine
                .memory_mut()
                .write_bytes(page * PAGE_BYTES, &[2])
                .unwrap();
        }
    }
    assert_eq!(machine.memory().pages_copied(), 3);
    assert_eq!(snapshot.memory().pages_copied(), 0);
    // What nobody shares any more is not copied.
    drop(snapshot);
    machine
        .memory_mut()
        .write_bytes(8 * PAGE_BYTES, &[2])
        .unwrap();
    assert_eq!(machine.memory().pages_copied(), 3);
}

#[test]
fn input_and_output_are_part_of_a_snapshot() {
    // getc %1, putc %1, jmp -8
    let mut machine = machine(&[0x6001_0000, 0x6101_0000, 0x41FF_FFFE]);
    machine.feed(b"abcdef");
    let mut engine = FastEngine::new(Isa::ulm());
    engine.run(&mut machine, 6, &mut ());
    let mut earlier = machine.snapshot();
    machine.feed(b"g");
    assert_eq!(engine.run(&mut machine, 100, &mut ()), Stop::NeedsInput);
    assert_eq!(machine.take_output(), b"abcdefg");
    assert_eq!(engine.run(&mut earlier, 100, &mut ()), Stop::NeedsInput);
    assert_eq!(earlier.take_output(), b"abcdef");
}

#[test]
fn randomizing_depends_on_the_seed_and_stays_in_its_range() {
    let make = |seed| {
        let mut machine = Machine::new();
        machine.randomize(seed, 0x1003..0x1020).unwrap();
        machine
    };
    let (one, same, other) = (make(1), make(1), make(2));
    assert_eq!(state(&one), state(&same));
    assert!(same_memory(&one, &same));
    assert_ne!(one.register(1), other.register(1));
    assert!(!same_memory(&one, &other));
    assert_eq!(one.register(0), 0);
    assert_eq!(one.memory().number(0x0FFB, 8), 0);
    assert_eq!(one.memory().number(0x1020, 8), 0);
    assert_ne!(one.memory().number(0x1010, 8), 0);
    let mut small = machine_with_memory(PAGE_BYTES);
    assert_eq!(small.randomize(1, 0..1 << 60), Err(Limit::Memory));
}

#[test]
fn a_machine_can_be_sent_to_another_thread() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Machine>();
    let mut original = machine(&[0x2801_4000, 0x3801_0101, 0x41FF_FFFE]);
    let handles: Vec<_> = (0..4)
        .map(|n| {
            let mut copy = original.snapshot();
            std::thread::spawn(move || {
                FastEngine::new(Isa::ulm()).run(&mut copy, 3000 + 3 * n, &mut ());
                copy.memory().number(0x40, 8)
            })
        })
        .collect();
    FastEngine::new(Isa::ulm()).run(&mut original, 300, &mut ());
    assert_eq!(original.memory().number(0x40, 8), 99);
    for (n, handle) in (0..).zip(handles) {
        assert_eq!(handle.join().unwrap(), 999 + n);
    }
}
