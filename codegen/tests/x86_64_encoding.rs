//! The bytes of x86-64 instructions: against GNU as, against another disassembler, and jumps.

#[path = "x86_64/forms.rs"]
mod forms;

use std::fs;
use std::path::Path;

use codegen::ir::FunctionId;
use codegen::machine::{
    Assembly, CallSite, CodeUnit, ExitSite, Frame, Register, RelocationKind, Symbol,
};
use codegen::origin::Origin;
use codegen::x86_64::encode::{encode, encode_instruction};
use codegen::x86_64::instruction::{Cond, Instruction, Label};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter, Mnemonic};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(instruction: &Instruction) -> Vec<u8> {
    let encoded = encode_instruction(instruction);
    encoded.bytes[..encoded.length].to_vec()
}

#[test]
fn the_bytes_are_those_of_gnu_as() {
    let golden = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/x86_64/encodings.txt"),
    )
    .unwrap_or_default();
    let forms = forms::all();
    let ours: Vec<String> = forms
        .iter()
        .map(|form| format!("{} {form}", hex(&bytes_of(form))))
        .collect();
    let wrong: Vec<_> = golden
        .lines()
        .zip(&ours)
        .filter(|(golden, ours)| golden != ours)
        .take(20)
        .collect();
    if wrong.is_empty() && golden.lines().count() == ours.len() {
        return;
    }
    let texts = Path::new(env!("CARGO_TARGET_TMPDIR")).join("x86_64_forms.s");
    let text: String = forms.iter().map(|form| format!("{form}\n")).collect();
    fs::write(&texts, text).expect("the directory is there");
    panic!(
        "as / ours: {wrong:#?}; {} and {} lines; to make them anew: encodings.sh {}",
        golden.lines().count(),
        ours.len(),
        texts.display()
    );
}

/// iced's text in our manner.
fn disassembled(bytes: &[u8]) -> String {
    let mut decoder = Decoder::new(64, bytes, DecoderOptions::NONE);
    let instruction = decoder.decode();
    assert_eq!(instruction.len(), bytes.len(), "{}", hex(bytes));
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_space_after_operand_separator(true);
    options.set_space_between_memory_add_operators(true);
    options.set_memory_size_options(iced_x86::MemorySizeOptions::Always);
    options.set_number_base(iced_x86::NumberBase::Decimal);
    options.set_signed_immediate_operands(true);
    options.set_always_show_scale(true);
    options.set_show_branch_size(false);
    let mut text = String::new();
    formatter.format(&instruction, &mut text);
    if instruction.mnemonic() == Mnemonic::Imul && instruction.op_count() == 3 {
        // It leaves out the second of two equal registers.
        let register = text["imul ".len()..].split(',').next().unwrap_or_default();
        if text.matches(',').count() == 1 {
            text = text.replacen(register, &format!("{register}, {register}"), 1);
        }
    }
    if instruction.mnemonic() == Mnemonic::Mov && bytes.len() == 10 && !text.contains("ptr") {
        text = text.replace("mov ", "movabs ");
    }
    text
}

/// Removes in what the two ways of writing differ: `*1`, and the sign of numbers of 32 bits.
fn normal(text: &str) -> String {
    let text = text.replace("*1", "").replace("ptr ", "");
    match text.rsplit_once(", ") {
        Some((head, number)) => match number.parse::<i64>() {
            Ok(number) if text.starts_with("mov e") || text.contains("d, ") => {
                format!("{head}, {}", number as i32)
            }
            _ => text,
        },
        None => text,
    }
}

#[test]
fn another_disassembler_reads_what_is_printed() {
    for form in forms::all() {
        let theirs = disassembled(&bytes_of(&form));
        assert_eq!(
            normal(&theirs),
            normal(&form.to_string()),
            "{}",
            hex(&bytes_of(&form))
        );
    }
}

/// A function of these instructions with these labels.
fn assembly(instructions: Vec<Instruction>, labels: Vec<u32>) -> Assembly<Instruction> {
    Assembly {
        id: FunctionId(0),
        name: "f".into(),
        origins: vec![Origin::default(); instructions.len()],
        instructions,
        labels,
        frame: Frame::default(),
        slots_at: 0,
        exits: Vec::new(),
        calls: Vec::new(),
        checks_stack: false,
        needless: Vec::new(),
    }
}

/// Every instruction begins where the unit says, and every jump leads to its label.
fn assert_jumps_lead_to_labels(assembly: &Assembly<Instruction>, unit: &CodeUnit) {
    let mut decoder = Decoder::new(64, &unit.bytes, DecoderOptions::NONE);
    let end = unit.bytes.len() as u32;
    for (position, instruction) in assembly.instructions.iter().enumerate() {
        assert_eq!(decoder.ip() as u32, unit.offsets[position]);
        let decoded = decoder.decode();
        let (Instruction::Jmp { label } | Instruction::Jcc { label, .. }) = *instruction else {
            continue;
        };
        let target = assembly.labels[label.0 as usize] as usize;
        let target = unit.offsets.get(target).copied().unwrap_or(end);
        assert_eq!(decoded.near_branch_target() as u32, target);
    }
    assert!(!decoder.can_decode());
}

/// So many instructions of one byte.
fn padding(count: usize) -> impl Iterator<Item = Instruction> {
    std::iter::repeat_n(Instruction::Ret, count)
}

#[test]
fn a_jump_forward_is_short_up_to_127_bytes() {
    for (distance, length) in [(0, 2), (127, 2), (128, 5)] {
        let mut code = vec![Instruction::Jmp { label: Label(0) }];
        code.extend(padding(distance));
        let assembly = assembly(code, vec![distance as u32 + 1]);
        let unit = encode(&assembly);
        assert_eq!(unit.bytes.len(), distance + length);
        assert_jumps_lead_to_labels(&assembly, &unit);
    }
}

#[test]
fn a_jump_backward_is_short_up_to_128_bytes_with_itself() {
    for (distance, length) in [(0, 2), (126, 2), (127, 6)] {
        let mut code: Vec<_> = padding(distance).collect();
        code.push(Instruction::Jcc {
            cond: Cond::Ne,
            label: Label(0),
        });
        let assembly = assembly(code, vec![0]);
        let unit = encode(&assembly);
        assert_eq!(unit.bytes.len(), distance + length);
        assert_jumps_lead_to_labels(&assembly, &unit);
    }
}

#[test]
fn a_jump_that_becomes_short_makes_others_short() {
    // The outer jump spans the inner one, which is long at first.
    let mut code = vec![Instruction::Jmp { label: Label(0) }];
    code.extend(padding(60));
    code.push(Instruction::Jmp { label: Label(0) });
    code.extend(padding(65));
    let assembly = assembly(code, vec![127]);
    let unit = encode(&assembly);
    assert_eq!(unit.bytes.len(), 2 + 60 + 2 + 65);
    assert_jumps_lead_to_labels(&assembly, &unit);
}

/// A sequence of numbers that looks random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

#[test]
fn jumps_of_all_distances_lead_to_their_labels() {
    for seed in 0..64 {
        let mut numbers = Numbers(seed);
        let count = 40 + numbers.below(400) as u32;
        let labels: Vec<u32> = (0..30)
            .map(|_| numbers.below(count as u64 + 1) as u32)
            .collect();
        let code = (0..count)
            .map(|_| match numbers.below(8) {
                0 => Instruction::Jmp {
                    label: Label(numbers.below(30) as u32),
                },
                1 => Instruction::Jcc {
                    cond: forms::CONDS[numbers.below(16) as usize],
                    label: Label(numbers.below(30) as u32),
                },
                2 => Instruction::Call {
                    symbol: Symbol::ExitStub,
                },
                3 => Instruction::MovImmediate {
                    rd: Register::physical(9),
                    value: i64::MAX,
                },
                _ => Instruction::Cqo,
            })
            .collect();
        let assembly = assembly(code, labels);
        assert_jumps_lead_to_labels(&assembly, &encode(&assembly));
    }
}

#[test]
fn what_follows_a_short_jump_moves_with_it() {
    let symbol = Symbol::Function(FunctionId(7));
    let mut function = assembly(
        vec![
            Instruction::Jmp { label: Label(0) },
            Instruction::Call { symbol },
            Instruction::Ret,
            Instruction::Call {
                symbol: Symbol::ExitStub,
            },
        ],
        vec![2],
    );
    function.calls.push(CallSite {
        returns_to: 2,
        lowered: 0,
        origin: Origin::default(),
    });
    function.exits.push(ExitSite {
        at: 3,
        exit: codegen::ir::ExitId(0),
        framed: true,
        values: Vec::new(),
        origin: Origin::default(),
    });
    let unit = encode(&function);
    assert_eq!(hex(&unit.bytes), "eb05e800000000c3e800000000");
    assert_eq!(unit.offsets, [0, 2, 7, 8]);
    let relocations: Vec<_> = unit
        .relocations
        .iter()
        .map(|relocation| (relocation.offset, relocation.kind, relocation.symbol))
        .collect();
    assert_eq!(
        relocations,
        [
            (3, RelocationKind::X86Relative, symbol),
            (9, RelocationKind::X86Relative, Symbol::ExitStub)
        ]
    );
    assert_eq!(unit.calls[0].returns_to, 7);
    assert_eq!(unit.exits[0].at, 13);
}

#[test]
fn an_instruction_can_ask_where_it_ends() {
    for (register, bytes) in [(1, "488d0d00000000"), (11, "4c8d1d00000000")] {
        let rd = Register::physical(register);
        let unit = encode(&assembly(vec![Instruction::Here { rd }], Vec::new()));
        assert_eq!(hex(&unit.bytes), bytes);
        assert!(unit.relocations.is_empty());
    }
}

#[test]
fn the_address_of_a_symbol_is_relative_to_the_instructions_end() {
    for (register, bytes) in [(7, "488d3d00000000"), (12, "4c8d2500000000")] {
        let instruction = Instruction::LoadAddress {
            rd: Register::physical(register),
            symbol: Symbol::Catalogue,
        };
        let unit = encode(&assembly(vec![instruction], Vec::new()));
        assert_eq!(hex(&unit.bytes), bytes);
        assert_eq!(unit.relocations[0].offset, 3);
    }
}
