//! What the simulator computes, counts, and does not let pass.

use codegen::aarch64::encode;
use codegen::aarch64::encode::encode_instruction;
use codegen::aarch64::instruction::{
    Address, Alu, Alu1, Alu2, CONTEXT, Cond, FP, Instruction, LR, Label, MemoryAccess, SP, Select,
    Shift, ZR,
};
use codegen::aarch64::simulator::{
    Access, Ending, Fault, FaultKind, IMAGE_BASE, Image, Observer, Permission, Simulator,
};
use codegen::context;
use codegen::execution::{Host, Reply};
use codegen::ir::ImportId;
use codegen::machine::Register;

use crate::forms::{self, Random, cases, x};
use crate::text::assembly;

/// The size of the programs' stacks.
const STACK: usize = 4096;

fn bytes(instructions: Vec<Instruction>) -> Vec<u8> {
    encode(&assembly(instructions, Vec::new())).bytes
}

fn simulator(instructions: Vec<Instruction>) -> Simulator {
    let bytes = bytes(instructions);
    let code = bytes.len();
    let bytes = &bytes;
    Simulator::new(Image { bytes, code }, &[], STACK)
}

/// Calls the first instruction.
fn call(simulator: &mut Simulator, arguments: &[u64]) -> Result<Ending, Fault> {
    let stack_pointer = simulator.stack_top();
    simulator.call_directly(IMAGE_BASE, arguments, stack_pointer, &mut ())
}

/// What a function gives in x0.
fn result(instructions: Vec<Instruction>, arguments: &[u64]) -> u64 {
    match call(&mut simulator(instructions), arguments) {
        Ok(Ending::Returned([value, _])) => value,
        other => panic!("{other:?}"),
    }
}

/// The result of one instruction that writes x0, with arguments in x0, x1, x2.
fn result_of(instruction: Instruction, arguments: &[u64]) -> u64 {
    result(vec![instruction, Instruction::Ret], arguments)
}

/// What goes wrong, and at which instruction.
fn fault(instructions: Vec<Instruction>) -> (u64, FaultKind) {
    match call(&mut simulator(instructions), &[]) {
        Err(Fault { pc, kind }) => ((pc - IMAGE_BASE) / 4, kind),
        Ok(ending) => panic!("{ending:?}"),
    }
}

const fn add(rd: Register, rn: Register, value: u32) -> Instruction {
    let op = Alu::Add;
    Instruction::AddImmediate { op, rd, rn, value }
}

const fn sub(rd: Register, rn: Register, value: u32) -> Instruction {
    let op = Alu::Sub;
    Instruction::AddImmediate { op, rd, rn, value }
}

const fn movz(rd: Register, value: u16) -> Instruction {
    let shift = 0;
    Instruction::Movz { rd, value, shift }
}

const fn load(rt: Register, address: Address) -> Instruction {
    let access = MemoryAccess::Double;
    Instruction::Load {
        access,
        rt,
        address,
    }
}

const fn store(rt: Register, address: Address) -> Instruction {
    let access = MemoryAccess::Double;
    Instruction::Store {
        access,
        rt,
        address,
    }
}

/// `stp x29, x30, [sp, #-16]!`
const PUSH: Instruction = Instruction::StorePair {
    rt1: FP,
    rt2: LR,
    address: Address::PreIndex(SP, -16),
};
/// `ldp x29, x30, [sp], #16`
const POP: Instruction = Instruction::LoadPair {
    rt1: FP,
    rt2: LR,
    address: Address::PostIndex(SP, 16),
};

const MINUS: u64 = u64::MAX;
const MIN: u64 = 1 << 63;

#[test]
fn arithmetic_and_logic_give_what_the_manual_says() {
    let alu = |op, shift, amount| Instruction::Alu {
        op,
        rd: x(0),
        rn: x(0),
        rm: x(1),
        shift,
        amount,
    };
    for (op, shift, amount, expected) in [
        (Alu::Add, Shift::Lsl, 0, 15),
        (Alu::Sub, Shift::Lsl, 0, 9),
        (Alu::Sub, Shift::Lsl, 3, 12 - 24),
        (Alu::And, Shift::Lsl, 2, 12),
        (Alu::Orr, Shift::Lsr, 1, 13),
        (Alu::Eor, Shift::Ror, 1, 0xd ^ i64::MIN),
        (Alu::Bic, Shift::Lsl, 2, 0),
        (Alu::Orn, Shift::Lsl, 0, -1 ^ 3),
        (Alu::Eon, Shift::Lsl, 0, !0xf),
        (Alu::Add, Shift::Asr, 63, 12),
    ] {
        let found = result_of(alu(op, shift, amount), &[12, 3]);
        assert_eq!(found as i64, expected, "{op:?} {shift:?} {amount}");
    }
}

#[test]
fn multiplication_and_division_give_what_the_manual_says() {
    let alu2 = |op| Instruction::Alu2 {
        op,
        rd: x(0),
        rn: x(0),
        rm: x(1),
    };
    for (op, a, b, expected) in [
        (Alu2::Mul, MINUS, 7, -7i64 as u64),
        (Alu2::Mneg, 6, 7, -42i64 as u64),
        (Alu2::Smulh, MINUS, 2, MINUS),
        (Alu2::Umulh, MINUS, 2, 1),
        (Alu2::Sdiv, -7i64 as u64, 2, -3i64 as u64),
        (Alu2::Sdiv, 7, 0, 0),
        (Alu2::Sdiv, MIN, MINUS, MIN),
        (Alu2::Udiv, MINUS, 2, MINUS / 2),
        (Alu2::Udiv, 7, 0, 0),
        (Alu2::Lsl, 1, 65, 2),
        (Alu2::Lsr, MIN, 63, 1),
        (Alu2::Asr, MIN, 63, MINUS),
        (Alu2::Ror, 1, 1, MIN),
    ] {
        assert_eq!(result_of(alu2(op), &[a, b]), expected, "{op:?} {a} {b}");
    }
    let (rd, rn, rm, ra) = (x(0), x(0), x(1), x(2));
    let madd = Instruction::Madd { rd, rn, rm, ra };
    let msub = Instruction::Msub { rd, rn, rm, ra };
    assert_eq!(result_of(madd, &[3, 4, 5]), 17);
    assert_eq!(result_of(msub, &[3, 4, 25]), 13);
}

#[test]
fn extensions_and_orders_of_bytes_give_what_the_manual_says() {
    let alu1 = |op| Instruction::Alu1 {
        op,
        rd: x(0),
        rn: x(0),
    };
    let n = 0x8182_8384_8586_8788;
    for (op, expected) in [
        (Alu1::Sxtb, 0xffff_ffff_ffff_ff88),
        (Alu1::Sxth, 0xffff_ffff_ffff_8788),
        (Alu1::Sxtw, 0xffff_ffff_8586_8788),
        (Alu1::Uxtb, 0x88),
        (Alu1::Uxth, 0x8788),
        (Alu1::Uxtw, 0x8586_8788),
        (Alu1::Rev, 0x8887_8685_8483_8281),
        (Alu1::Rev32, 0x8483_8281_8887_8685),
        (Alu1::Rev16, 0x8281_8483_8685_8887),
        (Alu1::Clz, 0),
    ] {
        assert_eq!(result_of(alu1(op), &[n]), expected, "{op:?}");
    }
    assert_eq!(result_of(alu1(Alu1::Clz), &[0]), 64);
}

#[test]
fn bit_fields_give_what_the_manual_says() {
    let (rd, rn, lsb, width) = (x(0), x(0), 4, 8);
    let ubfx = Instruction::Ubfx { rd, rn, lsb, width };
    let sbfx = Instruction::Sbfx { rd, rn, lsb, width };
    let ubfiz = Instruction::Ubfiz { rd, rn, lsb, width };
    assert_eq!(result_of(ubfx, &[0xabcd]), 0xbc);
    assert_eq!(result_of(sbfx, &[0xabcd]), 0xffff_ffff_ffff_ffbc);
    assert_eq!(result_of(ubfiz, &[0xabcd]), 0xcd0);
    for (op, amount, expected) in [
        (Shift::Lsl, 4, 0xabcd0),
        (Shift::Lsr, 4, 0xabc),
        (Shift::Asr, 63, 0),
        (Shift::Ror, 4, 0xd000_0000_0000_0abc),
    ] {
        let shift = Instruction::ShiftImmediate { op, rd, rn, amount };
        assert_eq!(result_of(shift, &[0xabcd]), expected);
    }
}

/// The comparisons of signed and unsigned numbers by the conditions that follow `cmp`.
#[test]
fn conditions_compare_as_rust_does() {
    let numbers = [0, 1, 2, MIN - 1, MIN, MIN + 1, MINUS - 1, MINUS];
    for (cond, compare) in [
        (Cond::Eq, (|a, b| a == b) as fn(u64, u64) -> bool),
        (Cond::Ne, |a, b| a != b),
        (Cond::Hs, |a, b| a >= b),
        (Cond::Lo, |a, b| a < b),
        (Cond::Hi, |a, b| a > b),
        (Cond::Ls, |a, b| a <= b),
        (Cond::Ge, |a, b| a as i64 >= b as i64),
        (Cond::Lt, |a, b| (a as i64) < b as i64),
        (Cond::Gt, |a, b| a as i64 > b as i64),
        (Cond::Le, |a, b| a as i64 <= b as i64),
        (Cond::Mi, |a, b| (a.wrapping_sub(b) as i64) < 0),
        (Cond::Pl, |a, b| a.wrapping_sub(b) as i64 >= 0),
        (Cond::Vs, |a, b| (a as i64).checked_sub(b as i64).is_none()),
        (Cond::Vc, |a, b| (a as i64).checked_sub(b as i64).is_some()),
    ] {
        for a in numbers {
            for b in numbers {
                let found = result(
                    vec![
                        Instruction::Cmp {
                            rn: x(0),
                            rm: x(1),
                            shift: Shift::Lsl,
                            amount: 0,
                        },
                        Instruction::Select {
                            op: Select::Csel,
                            rd: x(0),
                            rn: x(2),
                            rm: ZR,
                            cond,
                        },
                        Instruction::Ret,
                    ],
                    &[a, b, 1],
                );
                assert_eq!(found == 1, compare(a, b), "{a:#x} {cond:?} {b:#x}");
            }
        }
    }
}

#[test]
fn cmn_compares_with_the_negated_and_tst_the_common_bits() {
    let cset = |cond| Instruction::Select {
        op: Select::Csinc,
        rd: x(0),
        rn: ZR,
        rm: ZR,
        cond,
    };
    let value = 5;
    let cmn = Instruction::CmnImmediate { rn: x(0), value };
    let is_minus_5 = vec![cmn, cset(Cond::Ne), Instruction::Ret];
    assert_eq!(result(is_minus_5.clone(), &[-5i64 as u64]), 1);
    assert_eq!(result(is_minus_5, &[5]), 0);
    let tst = Instruction::TstImmediate { rn: x(0), value: 6 };
    let has_none = vec![tst, cset(Cond::Ne), Instruction::Ret];
    assert_eq!(result(has_none.clone(), &[9]), 1);
    assert_eq!(result(has_none, &[2]), 0);
}

#[test]
fn a_selection_changes_its_second_operand() {
    for (op, expected) in [
        (Select::Csel, 7),
        (Select::Csinc, 8),
        (Select::Csinv, !7),
        (Select::Csneg, -7i64 as u64),
    ] {
        let select = Instruction::Select {
            op,
            rd: x(0),
            rn: x(2),
            rm: x(1),
            cond: Cond::Ne,
        };
        let compare = Instruction::CmpImmediate { rn: x(0), value: 1 };
        let found = result(vec![compare, select, Instruction::Ret], &[1, 7]);
        assert_eq!(found, expected, "{op:?}");
    }
}

#[test]
fn loads_extend_and_stores_cut() {
    for (access, expected) in [
        (MemoryAccess::Double, 0x8182_8384_8586_8788),
        (MemoryAccess::Word, 0x8586_8788),
        (MemoryAccess::Half, 0x8788),
        (MemoryAccess::Byte, 0x88),
        (MemoryAccess::SignedWord, 0xffff_ffff_8586_8788),
        (MemoryAccess::SignedHalf, 0xffff_ffff_ffff_8788),
        (MemoryAccess::SignedByte, 0xffff_ffff_ffff_ff88),
    ] {
        let address = Address::PostIndex(SP, 16);
        let found = result(
            vec![
                store(x(0), Address::PreIndex(SP, -16)),
                Instruction::Load {
                    access,
                    rt: x(0),
                    address,
                },
                Instruction::Ret,
            ],
            &[0x8182_8384_8586_8788],
        );
        assert_eq!(found, expected, "{access:?}");
    }
    let access = MemoryAccess::Half;
    let found = result(
        vec![
            store(x(0), Address::PreIndex(SP, -16)),
            Instruction::Store {
                access,
                rt: ZR,
                address: Address::Offset(SP, 2),
            },
            load(x(0), Address::PostIndex(SP, 16)),
            Instruction::Ret,
        ],
        &[MINUS],
    );
    assert_eq!(found, 0xffff_ffff_0000_ffff);
}

#[test]
fn an_index_is_scaled_by_the_size() {
    let mut simulator = simulator(vec![
        load(x(0), Address::ScaledIndex(x(0), x(1))),
        Instruction::Ret,
    ]);
    let words = [10u64, 11, 12, 13].map(u64::to_le_bytes).concat();
    simulator.map(0x1000_0000, words, Permission::Read);
    let ending = call(&mut simulator, &[0x1000_0000, 2]);
    assert!(matches!(ending, Ok(Ending::Returned([12, _]))));
}

/// ```text
///     mov  x1, xzr
/// again:
///     add  x1, x1, x0
///     sub  x0, x0, #1
///     cbnz x0, again
///     mov  x0, x1
///     ret
/// ```
fn sum() -> Vec<Instruction> {
    vec![
        Instruction::Mov { rd: x(1), rn: ZR },
        Instruction::Alu {
            op: Alu::Add,
            rd: x(1),
            rn: x(1),
            rm: x(0),
            shift: Shift::Lsl,
            amount: 0,
        },
        sub(x(0), x(0), 1),
        Instruction::Cbnz {
            rt: x(0),
            label: Label::Offset(-8),
        },
        Instruction::Mov { rd: x(0), rn: x(1) },
        Instruction::Ret,
    ]
}

#[test]
fn a_loop_is_executed_and_counted() {
    let mut simulator = simulator(sum());
    let stack_pointer = simulator.stack_top();
    let ending = simulator.call_directly(IMAGE_BASE, &[100], stack_pointer, &mut ());
    assert!(matches!(ending, Ok(Ending::Returned([5050, _]))));
    assert_eq!(simulator.statistics().instructions, 3 + 3 * 100);
}

#[test]
fn an_observer_counts_each_word() {
    let mut simulator = simulator(sum());
    let mut counts = vec![0; 6];
    let ending = simulator.call_observed(IMAGE_BASE, &[100], &mut (), &mut counts);
    assert!(matches!(ending, Ok(Ending::Returned([5050, _]))));
    assert_eq!(counts, [1, 100, 100, 100, 1, 1]);
}

/// Keeps what is in x0 after each word.
struct FirstRegister(Vec<(usize, u64)>);

impl Observer for FirstRegister {
    fn execute(&mut self, _: usize) {}

    fn executed(&mut self, word: usize, machine: &Simulator) {
        self.0.push((word, machine.registers()[0]));
    }
}

#[test]
fn an_observer_sees_the_machine_as_each_word_leaves_it() {
    let mut simulator = simulator(vec![PUSH, sub(x(0), x(0), 2), POP, Instruction::Ret]);
    let mut observer = FirstRegister(Vec::new());
    let ending = simulator.call_observed(IMAGE_BASE, &[9], &mut (), &mut observer);
    assert!(matches!(ending, Ok(Ending::Returned([7, _]))));
    assert_eq!(observer.0, [(0, 9), (1, 7), (2, 7), (3, 7)]);
}

#[test]
fn a_limit_stops_after_so_many_instructions() {
    let mut simulator = simulator(sum());
    simulator.set_limit(50);
    assert_eq!(call(&mut simulator, &[100]), Ok(Ending::Limit));
    assert_eq!(simulator.statistics().instructions, 50);
}

#[test]
fn loads_stores_bytes_and_the_deepest_stack_are_counted() {
    let mut simulator = simulator(vec![
        PUSH,
        sub(SP, SP, 32),
        add(SP, SP, 32),
        POP,
        Instruction::Ret,
    ]);
    assert!(call(&mut simulator, &[]).is_ok());
    let statistics = simulator.statistics();
    assert_eq!((statistics.loads, statistics.stores), (1, 1));
    assert_eq!((statistics.loaded_bytes, statistics.stored_bytes), (16, 16));
    assert_eq!(statistics.deepest_stack, 48);
}

#[test]
fn a_function_calls_another_and_returns() {
    let label = Label::Offset(16);
    let found = result(
        vec![
            PUSH,
            Instruction::BlLocal { label },
            POP,
            Instruction::Ret,
            Instruction::Ret,
            add(x(0), x(0), 1),
            Instruction::Ret,
        ],
        &[41],
    );
    assert_eq!(found, 42);
}

// What does not pass.

#[test]
fn a_misaligned_stack_pointer_may_be_had_but_not_used() {
    let moved = vec![sub(SP, SP, 8), add(SP, SP, 8), Instruction::Ret];
    assert!(call(&mut simulator(moved), &[]).is_ok());
    let (at, kind) = fault(vec![sub(SP, SP, 8), store(x(0), Address::Offset(SP, 0))]);
    assert_eq!(at, 1);
    assert!(matches!(kind, FaultKind::MisalignedStackPointer { .. }));
}

#[test]
fn a_call_with_a_misaligned_stack_pointer_is_a_fault() {
    let label = Label::Offset(4);
    let (at, kind) = fault(vec![sub(SP, SP, 8), Instruction::BlLocal { label }]);
    assert_eq!(at, 1);
    assert!(matches!(kind, FaultKind::MisalignedStackPointer { .. }));
}

#[test]
fn an_access_below_the_stack_pointer_is_a_fault() {
    let (at, kind) = fault(vec![store(x(0), Address::Offset(SP, -8))]);
    assert_eq!(at, 0);
    assert!(matches!(
        kind,
        FaultKind::BelowStackPointer {
            access: Access::Store,
            size: 8,
            ..
        }
    ));
    // Also through another register.
    let (at, kind) = fault(vec![
        Instruction::MovSp { rd: x(1), rn: SP },
        load(x(0), Address::Offset(x(1), -8)),
    ]);
    assert_eq!(at, 1);
    assert!(matches!(kind, FaultKind::BelowStackPointer { .. }));
}

#[test]
fn an_access_outside_of_memory_is_a_fault() {
    let (at, kind) = fault(vec![movz(x(1), 4096), load(x(0), Address::Offset(x(1), 8))]);
    let not_mapped = FaultKind::NotMapped {
        access: Access::Load,
        address: 4104,
        size: 8,
    };
    assert_eq!((at, kind), (1, not_mapped));
    // Above the stack.
    let (_, kind) = fault(vec![load(x(0), Address::Offset(SP, 0))]);
    assert!(matches!(kind, FaultKind::NotMapped { .. }));
}

#[test]
fn code_can_not_be_read_and_data_not_written_or_executed() {
    let adr = |distance| Instruction::Adr {
        rd: x(1),
        label: Label::Offset(distance),
    };
    let mut code = bytes(vec![
        adr(16),
        load(x(0), Address::Offset(x(1), 0)),
        Instruction::Ret,
        Instruction::Nop,
    ]);
    let size = code.len();
    code.extend(7u64.to_le_bytes());
    let image = Image {
        bytes: &code,
        code: size,
    };
    let mut simulator = Simulator::new(image, &[], STACK);
    assert!(matches!(
        call(&mut simulator, &[]),
        Ok(Ending::Returned([7, _]))
    ));
    let load_code = vec![adr(0), load(x(0), Address::Offset(x(1), 0))];
    assert!(matches!(fault(load_code).1, FaultKind::NotMapped { .. }));

    let mut code = bytes(vec![adr(8), store(x(0), Address::Offset(x(1), 0))]);
    code.extend(7u64.to_le_bytes());
    let bytes = &code;
    let mut simulator = Simulator::new(Image { bytes, code: 8 }, &[], STACK);
    let ending = call(&mut simulator, &[]);
    assert!(matches!(
        ending,
        Err(Fault {
            kind: FaultKind::NotMapped { .. },
            ..
        })
    ));
}

#[test]
fn execution_outside_of_the_code_is_a_fault() {
    assert_eq!(fault(vec![Instruction::Nop]), (1, FaultKind::NoCode));
    let label = Label::Offset(400);
    assert_eq!(
        fault(vec![Instruction::B { label }]),
        (100, FaultKind::NoCode)
    );
    let (at, kind) = fault(vec![movz(x(1), 64), Instruction::Br { rn: x(1) }]);
    assert_eq!((at, kind), (1, FaultKind::BranchOutside { target: 64 }));
}

#[test]
fn an_undefined_word_is_a_fault() {
    let code = [0u8; 4];
    let bytes = &code;
    let mut simulator = Simulator::new(Image { bytes, code: 4 }, &[], STACK);
    let fault = call(&mut simulator, &[]).expect_err("0 is no instruction");
    assert_eq!(fault.kind, FaultKind::Undefined { word: 0 });
    assert_eq!(
        fault.to_string(),
        "at 0x400000: 0x00000000 is not an instruction"
    );
}

#[test]
fn brk_and_svc_are_faults() {
    let brk = Instruction::Brk { value: 7 };
    assert_eq!(fault(vec![brk]), (0, FaultKind::Breakpoint { value: 7 }));
    let svc = Instruction::Svc { value: 0 };
    assert_eq!(fault(vec![svc]), (0, FaultKind::SystemCall { value: 0 }));
}

#[test]
fn a_function_that_does_not_preserve_a_register_is_a_fault() {
    for number in 18..=29 {
        let (at, kind) = fault(vec![movz(x(number), 7), Instruction::Ret]);
        assert_eq!(at, 1);
        assert!(
            matches!(kind, FaultKind::NotPreserved { register, after: 7, .. } if register == number)
        );
    }
    let (at, kind) = fault(vec![sub(SP, SP, 16), Instruction::Ret]);
    assert_eq!(at, 1);
    assert!(matches!(kind, FaultKind::StackPointerNotPreserved { .. }));
}

#[test]
fn also_a_function_that_is_called_within_has_to_preserve_registers() {
    let label = Label::Offset(12);
    let (at, kind) = fault(vec![
        PUSH,
        Instruction::BlLocal { label },
        POP,
        Instruction::Ret,
        movz(x(20), 7),
        Instruction::Ret,
    ]);
    assert_eq!(at, 5);
    assert!(matches!(kind, FaultKind::NotPreserved { register: 20, .. }));
}

#[test]
fn a_return_to_elsewhere_is_a_fault() {
    let (at, kind) = fault(vec![movz(LR, 64), Instruction::Ret]);
    assert_eq!((at, kind), (1, FaultKind::WrongReturn { target: 64 }));
}

#[test]
fn endless_recursion_ends_with_the_stack() {
    let label = Label::Offset(-4);
    let (at, kind) = fault(vec![PUSH, Instruction::BlLocal { label }]);
    assert_eq!(at, 0);
    assert!(matches!(kind, FaultKind::OutsideStack { .. }));
}

/// Gives the sum of its arguments, and stops at import 1.
struct Adder(Vec<Vec<i64>>);

impl Host for Adder {
    fn call(&mut self, import: ImportId, arguments: &[i64]) -> Reply {
        self.0.push(arguments.to_vec());
        match import.0 {
            1 => Reply::Stop,
            _ => Reply::Continue(arguments.iter().sum()),
        }
    }
}

/// A function that calls an import with what is in x1 and x2, and gives what it left in x0 and x1.
fn call_import(import: u32) -> Vec<u8> {
    let table = (context::IMPORTS + 8 * import) as i32;
    bytes(vec![
        PUSH,
        Instruction::Mov {
            rd: x(0),
            rn: CONTEXT,
        },
        load(x(16), Address::Offset(CONTEXT, table)),
        Instruction::Blr { rn: x(16) },
        POP,
        Instruction::Ret,
    ])
}

#[test]
fn an_import_is_called_through_the_contexts_table() {
    for (import, expected) in [(0, [30, 0]), (1, [0, 1])] {
        let code = call_import(import);
        let image = Image {
            bytes: &code,
            code: code.len(),
        };
        let mut simulator = Simulator::new(image, &[2, 0], STACK);
        let mut host = Adder(Vec::new());
        let stack_pointer = simulator.stack_top();
        let ending = simulator.call_directly(IMAGE_BASE, &[0, 10, 20], stack_pointer, &mut host);
        assert_eq!(ending, Ok(Ending::Returned(expected)));
        let arguments: &[i64] = if import == 0 { &[10, 20] } else { &[] };
        assert_eq!(host.0, [arguments]);
    }
}

#[test]
fn an_import_leaves_nothing_in_registers_that_it_need_not_preserve() {
    // movz x9, 5; the call; mov x0, x9; ret
    let mut code = bytes(vec![movz(x(9), 5)]);
    code.extend(call_import(0));
    code.truncate(code.len() - 4);
    code.extend(bytes(vec![
        Instruction::Mov { rd: x(0), rn: x(9) },
        Instruction::Ret,
    ]));
    let image = Image {
        bytes: &code,
        code: code.len(),
    };
    let mut simulator = Simulator::new(image, &[0], STACK);
    let ending = call(&mut simulator, &[]);
    assert!(matches!(ending, Ok(Ending::Returned([value, _])) if value != 5));
}

#[test]
fn an_import_wants_the_context() {
    let mut code = call_import(0);
    // mov x0, x28 becomes nop.
    code[4..8].copy_from_slice(&bytes(vec![Instruction::Nop]));
    let image = Image {
        bytes: &code,
        code: code.len(),
    };
    let mut simulator = Simulator::new(image, &[0], STACK);
    let fault = call(&mut simulator, &[5]).expect_err("x0 is 5");
    assert_eq!(fault.kind, FaultKind::NoContext { found: 5 });
}

#[test]
fn any_code_ends_with_a_result_a_fault_or_the_limit() {
    let forms = forms::all();
    let mut random = Random(5);
    for _ in 0..cases(2_000) {
        let words = (0..64).map(|_| match random.below(20) {
            0 => random.next() as u32,
            _ => {
                let form = &forms[random.below(forms.len())];
                encode_instruction(form).expect("forms::all keeps what can be encoded")
            }
        });
        let code: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        let image = Image {
            bytes: &code,
            code: random.below(260),
        };
        let mut simulator = Simulator::new(image, &[1], STACK);
        simulator.set_limit(1_000);
        let arguments: [u64; 8] = std::array::from_fn(|_| match random.below(3) {
            0 => simulator.stack_top() - random.next() % 4096,
            1 => simulator.context() + random.next() % 256,
            _ => random.next(),
        });
        // Whatever it is, it comes back.
        let stack_pointer = simulator.stack_top() - 1024;
        let _ = simulator.call_directly(IMAGE_BASE, &arguments, stack_pointer, &mut ());
        assert!(simulator.statistics().instructions <= 1_000);
    }
}
