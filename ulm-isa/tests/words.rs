//! Proofs about words: over all of them where the build is fast enough, and against the tables of
//! the machine's reference.

use std::fmt::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use ulm_isa::{Field, FieldError, FieldIndex, FieldKind, Form, Format, InstructionId, Isa, Piece};

/// The words that are looked at: all in a release build; a prime stride in a debug build.
const STRIDE: usize = if cfg!(debug_assertions) { 4099 } else { 1 };

/// The instructions of a machine by opcode, read off its public data and not with its decoder.
struct Opcodes {
    shift: u32,
    instructions: Vec<Option<InstructionId>>,
}

impl Opcodes {
    fn of(isa: &Isa) -> Self {
        let bits = isa.formats[0].fields[0].bits;
        let mut instructions = vec![None; 1 << bits];
        for (i, instruction) in isa.instructions.iter().enumerate() {
            instructions[instruction.opcode as usize] = Some(InstructionId(i as u16));
        }
        Self {
            shift: 32 - bits,
            instructions,
        }
    }
}

/// Words are what their opcode says, and their operands encoded again give them back, unused bits
/// aside. The words are of one opcode.
fn check_words(isa: &Isa, opcodes: &Opcodes, opcode: u32, words: impl Iterator<Item = u32>) {
    let Some(instruction) = opcodes.instructions[opcode as usize] else {
        for word in words {
            assert_eq!(isa.decode(word), None, "{word:#010x} is illegal");
        }
        return;
    };
    let format = isa.format_of(instruction);
    let used = format.used_bits();
    let mut values = vec![0; format.fields.len() - 1];
    for word in words {
        let decoded = isa.decode(word);
        assert!(
            decoded.is_some_and(|d| d.instruction == instruction && d.word == word),
            "the instruction of {word:#010x}"
        );
        let Some(decoded) = decoded else { return };
        for (i, value) in values.iter_mut().enumerate() {
            *value = decoded.field(format, FieldIndex(i as u8 + 1));
        }
        let encoded = isa.encode(instruction, &values);
        assert!(
            encoded == Ok(word & used),
            "the operands of {word:#010x} give {encoded:x?}"
        );
    }
}

/// Checks every [`STRIDE`]th word, and those at the edges of each opcode, on all processors.
fn check_all_words(isa: &Isa) {
    let opcodes = &Opcodes::of(isa);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for i in 0..threads {
            // Neighbours differ in how much there is to check, so the threads take turns.
            let mine = (0..opcodes.instructions.len() as u32)
                .skip(i)
                .step_by(threads);
            scope.spawn(move || {
                for opcode in mine {
                    let first = opcode << opcodes.shift;
                    let last = first | ((1 << opcodes.shift) - 1);
                    // As 64-bit numbers, whose steps cost less than those of an inclusive range.
                    let words = u64::from(first)..u64::from(last) + 1;
                    let words = words.step_by(STRIDE).map(|word| word as u32);
                    check_words(isa, opcodes, opcode, words);
                    let edges = [first, first + 1, last - 1, last].into_iter();
                    check_words(isa, opcodes, opcode, edges);
                    let bits = 0..opcodes.shift;
                    let edges = bits.flat_map(|bit| [first | 1 << bit, last ^ 1 << bit]);
                    check_words(isa, opcodes, opcode, edges);
                }
            });
        }
    });
}

/// The machines that stand beside this crate: examples, and those of the end-to-end tests.
fn other_machines() -> Vec<(PathBuf, Isa)> {
    let mut machines = Vec::new();
    for folder in ["../examples", "../tests/isa"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let Ok(entries) = folder.read_dir() else {
            continue;
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "isa"));
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).unwrap();
            let isa = Isa::parse(&text)
                .unwrap_or_else(|errors| panic!("{}: {}", path.display(), errors[0]));
            machines.push((path, isa));
        }
    }
    machines
}

#[test]
fn the_operands_of_every_word_of_the_built_in_machine_encode_to_that_word() {
    check_all_words(Isa::ulm());
}

#[test]
fn the_operands_of_every_word_of_the_other_machines_encode_to_that_word() {
    for (_, isa) in other_machines() {
        check_all_words(&isa);
    }
}

#[test]
fn a_wide_opcode_field_is_looked_up_too() {
    let isa =
        Isa::parse("WIDE (OP u 20) (a s 12)\n0xABCDE WIDE\n: wide a\n    ulm_halt(a);\n").unwrap();
    let opcodes = Opcodes::of(&isa);
    for opcode in [0xABCDE, 0xABCDF, 0, 0xF_FFFF] {
        check_words(
            &isa,
            &opcodes,
            opcode,
            (opcode << 12)..=(opcode << 12 | 0xFFF),
        );
    }
    assert_eq!(isa.disassemble(0xABCD_EFFF).as_deref(), Some("wide -1"));
    let whole = Isa::parse("W (OP u 32)\n0xFFFFFFFF W\n: last\n    ;\n").unwrap();
    assert_eq!(whole.disassemble(u32::MAX).as_deref(), Some("last"));
    assert_eq!(whole.decode(u32::MAX - 1), None);
    assert_eq!(whole.encode(InstructionId(0), &[]), Ok(u32::MAX));
}

#[test]
fn the_listing_of_the_course_comes_out_byte_for_byte() {
    let listing = "\
0x0000000000000000: 56 00 20 01   ldzwq 32, %1
0x0000000000000004: 1B 00 01 02   movzbq 0(%1), %2
0x0000000000000008: 39 00 02 00   subq 0, %2, %0
0x000000000000000C: 42 00 00 04   jz 16
0x0000000000000010: 61 02 00 00   putc %2
0x0000000000000014: 38 01 01 01   addq 1, %1, %1
0x0000000000000018: 41 FF FF FB   jmp -20
0x000000000000001C: 09 00 00 00   halt 0
";
    let words = [
        0x5600_2001,
        0x1B00_0102,
        0x3900_0200,
        0x4200_0004,
        0x6102_0000,
        0x3801_0101,
        0x41FF_FFFB,
        0x0900_0000u32,
    ];
    let mut text = String::new();
    for (i, word) in words.into_iter().enumerate() {
        let [a, b, c, d] = word.to_be_bytes();
        let instruction = Isa::ulm().disassemble(word).unwrap();
        let address = 4 * i;
        writeln!(
            text,
            "0x{address:016X}: {a:02X} {b:02X} {c:02X} {d:02X}   {instruction}"
        )
        .unwrap();
    }
    assert_eq!(text, listing);
}

/// Every instruction of the machine with the operand bytes 0xF1, 2 and 3: as a register 241, as a
/// signed displacement −15.
const TABLE: &[(u8, &str)] = &[
    // Control.
    (0x01, "halt %241"),
    (0x09, "halt 241"),
    (0x40, "jmp %241, %2"),
    (0x41, "jmp -3930100"),
    (0x42, "jz -3930100"),
    (0x43, "jnz -3930100"),
    (0x44, "jl -3930100"),
    (0x45, "jge -3930100"),
    (0x46, "jle -3930100"),
    (0x47, "jg -3930100"),
    (0x48, "jb -3930100"),
    (0x49, "jae -3930100"),
    (0x4A, "jbe -3930100"),
    (0x4B, "ja -3930100"),
    (0xFF, "nop"),
    // Input and output.
    (0x60, "getc %241"),
    (0x61, "putc %241"),
    (0x69, "putc 241"),
    // Arithmetic and logic.
    (0x30, "addq %241, %2, %3"),
    (0x38, "addq 241, %2, %3"),
    (0x31, "subq %241, %2, %3"),
    (0x39, "subq 241, %2, %3"),
    (0x34, "imulq %241, %2, %3"),
    (0x3C, "imulq -15, %2, %3"),
    (0x32, "mulq %241, %2, %3"),
    (0x3A, "mulq 241, %2, %3"),
    (0x33, "divq %241, %2, %3"),
    (0x3B, "divq 241, %2, %3"),
    (0x35, "idivq %241, %2, %3"),
    (0x3D, "idivq 241, %2, %3"),
    (0x50, "orq %241, %2, %3"),
    (0x51, "andq %241, %2, %3"),
    (0x5E, "notq %241, %2"),
    (0x52, "shlq %241, %2, %3"),
    (0x5A, "shlq 241, %2, %3"),
    (0x53, "shrq %241, %2, %3"),
    (0x5B, "shrq 241, %2, %3"),
    (0x54, "sarq %241, %2, %3"),
    (0x5C, "sarq 241, %2, %3"),
    (0x56, "ldzwq 61698, %3"),
    (0x57, "ldswq -3838, %3"),
    (0x5D, "shldwq 61698, %3"),
    // Loads.
    (0x18, "movq -15(%2), %3"),
    (0x19, "movzlq -15(%2), %3"),
    (0x1A, "movzwq -15(%2), %3"),
    (0x1B, "movzbq -15(%2), %3"),
    (0x1D, "movslq -15(%2), %3"),
    (0x1E, "movswq -15(%2), %3"),
    (0x1F, "movsbq -15(%2), %3"),
    (0x10, "movq (%241, %2), %3"),
    (0x11, "movzlq (%241, %2), %3"),
    (0x12, "movzwq (%241, %2), %3"),
    (0x13, "movzbq (%241, %2), %3"),
    (0x15, "movslq (%241, %2), %3"),
    (0x16, "movswq (%241, %2), %3"),
    (0x17, "movsbq (%241, %2), %3"),
    (0x80, "movq (%241, %2, 2), %3"),
    (0x81, "movzlq (%241, %2, 2), %3"),
    (0x82, "movzwq (%241, %2, 2), %3"),
    (0x83, "movzbq (%241, %2, 2), %3"),
    (0x85, "movslq (%241, %2, 2), %3"),
    (0x86, "movswq (%241, %2, 2), %3"),
    (0x87, "movsbq (%241, %2, 2), %3"),
    (0xA0, "movq (%241, %2, 4), %3"),
    (0xA1, "movzlq (%241, %2, 4), %3"),
    (0xA2, "movzwq (%241, %2, 4), %3"),
    (0xA3, "movzbq (%241, %2, 4), %3"),
    (0xA5, "movslq (%241, %2, 4), %3"),
    (0xA6, "movswq (%241, %2, 4), %3"),
    (0xA7, "movsbq (%241, %2, 4), %3"),
    (0xC0, "movq (%241, %2, 8), %3"),
    (0xC1, "movzlq (%241, %2, 8), %3"),
    (0xC2, "movzwq (%241, %2, 8), %3"),
    (0xC3, "movzbq (%241, %2, 8), %3"),
    (0xC5, "movslq (%241, %2, 8), %3"),
    (0xC6, "movswq (%241, %2, 8), %3"),
    (0xC7, "movsbq (%241, %2, 8), %3"),
    // Stores: the first byte is the register, the second one the displacement.
    (0x28, "movq %241, 2(%3)"),
    (0x29, "movl %241, 2(%3)"),
    (0x2A, "movw %241, 2(%3)"),
    (0x2B, "movb %241, 2(%3)"),
    (0x20, "movq %241, (%2, %3)"),
    (0x21, "movl %241, (%2, %3)"),
    (0x22, "movw %241, (%2, %3)"),
    (0x23, "movb %241, (%2, %3)"),
    (0x90, "movq %241, (%2, %3, 2)"),
    (0x91, "movl %241, (%2, %3, 2)"),
    (0x92, "movw %241, (%2, %3, 2)"),
    (0x93, "movb %241, (%2, %3, 2)"),
    (0xB0, "movq %241, (%2, %3, 4)"),
    (0xB1, "movl %241, (%2, %3, 4)"),
    (0xB2, "movw %241, (%2, %3, 4)"),
    (0xB3, "movb %241, (%2, %3, 4)"),
    (0xD0, "movq %241, (%2, %3, 8)"),
    (0xD1, "movl %241, (%2, %3, 8)"),
    (0xD2, "movw %241, (%2, %3, 8)"),
    (0xD3, "movb %241, (%2, %3, 8)"),
];

#[test]
fn every_instruction_of_the_reference_is_printed_as_there_and_no_other_opcode_is_legal() {
    let isa = Isa::ulm();
    for opcode in 0..=0xFF {
        let expected = TABLE.iter().find(|row| row.0 == opcode).map(|row| row.1);
        let word = u32::from_be_bytes([opcode, 0xF1, 2, 3]);
        assert_eq!(isa.disassemble(word).as_deref(), expected, "{opcode:#04x}");
    }
    assert_eq!(isa.instructions.len(), TABLE.len());
}

#[test]
fn the_aliases_of_the_reference_belong_to_their_instructions() {
    let aliases: &[(&str, &[u32])] = &[
        ("je", &[0x42]),
        ("jne", &[0x43]),
        ("jnge", &[0x44]),
        ("jnl", &[0x45]),
        ("jng", &[0x46]),
        ("jnle", &[0x47]),
        ("jnae", &[0x48]),
        ("jnb", &[0x49]),
        ("jna", &[0x4A]),
        ("jnbe", &[0x4B]),
        ("salq", &[0x52, 0x5A]),
    ];
    let isa = Isa::ulm();
    for &(alias, opcodes) in aliases {
        let found: Vec<u32> = isa
            .forms_of(alias)
            .iter()
            .map(|form| isa.instruction(form.instruction).opcode)
            .collect();
        assert_eq!(found, opcodes, "{alias}");
    }
}

/// The forms of one mnemonic as they are written.
fn written(mnemonic: &str) -> Vec<String> {
    let isa = Isa::ulm();
    let forms = isa.forms_of(mnemonic).iter();
    forms.map(|&form| isa.write_form(form)).collect()
}

#[test]
fn all_forms_of_a_mnemonic_are_found() {
    assert_eq!(
        written("movl"),
        [
            "movl %source, disp(%base)",
            "movl %source, (%base)",
            "movl %source, (%base, %index)",
            "movl %source, (%base, %index, 1)",
            "movl %source, (%base, %index, 2)",
            "movl %source, (%base, %index, 4)",
            "movl %source, (%base, %index, 8)",
        ]
    );
    assert_eq!(written("jmp"), ["jmp %CALL, %RET", "jmp distance"]);
    assert_eq!(written("nop"), ["nop"]);
    assert_eq!(written("ret"), [""; 0]);
}

#[test]
fn a_mnemonic_is_listed_once() {
    let mnemonics = Isa::ulm().mnemonics();
    assert_eq!(mnemonics[..5], ["halt", "jmp", "jz", "je", "jnz"]);
    assert_eq!(mnemonics.iter().filter(|m| **m == "movq").count(), 1);
}

/// A format with one field of each kind.
fn all_kinds() -> Format {
    let text = "F (OP u 4) (a u 8) (b s 8) (c j 12)\n0x1 F\n: f a, b, c\n    ;\n";
    Isa::parse(text).unwrap().formats[0].clone()
}

#[test]
fn fields_run_down_from_the_most_significant_bit() {
    let shifts: Vec<u32> = all_kinds().fields.iter().map(|f| f.shift).collect();
    assert_eq!(shifts, [28, 20, 12, 0]);
    assert_eq!(all_kinds().used_bits(), u32::MAX);
}

#[test]
fn the_range_of_a_field_depends_on_its_kind() {
    let ranges: Vec<_> = all_kinds().fields[1..].iter().map(Field::range).collect();
    assert_eq!(ranges, [0..=255, -128..=127, -8192..=8188]);
    let wide = Isa::parse("F (OP u 1) (a j 31)\n1 F\n: f a\n    ;\n").unwrap();
    assert_eq!(
        wide.formats[0].fields[1].range(),
        -(1i64 << 32)..=(1i64 << 32) - 4
    );
}

#[test]
fn the_edges_of_every_field_fit_and_their_neighbours_do_not() {
    for field in &all_kinds().fields[1..] {
        let (low, high) = field.range().into_inner();
        let step = if field.kind == FieldKind::Jump { 4 } else { 1 };
        for value in [low, low + step, 0, high - step, high] {
            let word = field.insert(value).unwrap();
            assert_eq!(field.extract(word), value, "{}", field.name);
        }
        for value in [low - step, high + step, i64::MIN, i64::MAX] {
            let error = FieldError::OutOfRange { value, low, high };
            assert_eq!(field.insert(value), Err(error), "{}", field.name);
        }
    }
}

#[test]
fn a_distance_that_is_no_multiple_of_four_does_not_fit() {
    let field = &all_kinds().fields[3];
    for value in [1, 2, 3, -1, -2, -3, 4095] {
        assert_eq!(
            field.insert(value),
            Err(FieldError::NotAMultipleOfFour { value })
        );
    }
}

#[test]
fn an_encoding_error_names_the_first_field_that_does_not_fit() {
    let isa = Isa::ulm();
    let addq = isa.decode(0x3800_0000).unwrap().instruction;
    let error = FieldError::OutOfRange {
        value: 256,
        low: 0,
        high: 255,
    };
    assert_eq!(isa.encode(addq, &[1, 256, -1]), Err((FieldIndex(2), error)));
    assert_eq!(error.to_string(), "256 is not in the range 0 … 255");
}

#[test]
fn values_that_are_missing_are_zero() {
    let isa = Isa::ulm();
    let putc = isa.decode(0x6900_0000).unwrap().instruction;
    assert_eq!(isa.encode(putc, &[]), Ok(0x6900_0000));
}

#[test]
fn a_form_that_leaves_out_a_field_is_not_used_for_a_word_where_it_is_not_zero() {
    let text = "F (OP u 8) (a u 8) (b u 8)\n1 F\n: short %a\n: long %a, b\n    ;\n";
    let isa = Isa::parse(text).unwrap();
    assert_eq!(isa.disassemble(0x0105_0000).as_deref(), Some("short %5"));
    assert_eq!(isa.disassemble(0x0105_0600).as_deref(), Some("long %5, 6"));
}

#[test]
fn unused_bits_do_not_matter() {
    let isa = Isa::ulm();
    assert_eq!(isa.disassemble(0x6102_FFFF).as_deref(), Some("putc %2"));
    assert_eq!(isa.disassemble(0xFF12_3456).as_deref(), Some("nop"));
}

#[test]
fn the_form_of_a_word_mentions_its_operands() {
    let isa = Isa::ulm();
    let decoded = isa.decode(0x1805_0102).unwrap();
    let form: &Form = isa.form_for(decoded);
    assert!((1..4).all(|i| form.mentions(FieldIndex(i))));
    assert_eq!(form.pieces[0], Piece::Immediate(FieldIndex(1)));
}
