//! Words to text and back: what the disassembler prints, the assembler reads as the same word.

use diagnostics::Sources;
use ulm_isa::{Decoded, Field, FieldIndex, FieldKind, FormRef, InstructionId, Isa, Piece};

/// Numbers that are different from one another and the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// `ULM_TEST_CASES`, when set, makes the sweep sparse, for slow hosts.
fn sparse() -> bool {
    std::env::var_os("ULM_TEST_CASES").is_some()
}

/// The units of a field: what its bits count.
fn unit(field: &Field) -> i64 {
    if field.kind == FieldKind::Jump { 4 } else { 1 }
}

/// Every value of a field of up to 16 bits; of a wider one the edges, the powers of two with their
/// neighbours, and 100,000 at random.
fn values(field: &Field) -> Vec<i64> {
    let (low, high) = field.range().into_inner();
    let unit = unit(field);
    if field.bits <= 16 {
        let step = if sparse() && field.bits > 8 { 257 } else { 1 };
        return (low / unit..=high / unit)
            .step_by(step)
            .map(|v| v * unit)
            .collect();
    }
    let mut values = edges(field);
    for power in 0..63 {
        for neighbour in -1..=1 {
            for value in [(1i64 << power) + neighbour, -(1i64 << power) + neighbour] {
                values.push(value.saturating_mul(unit));
            }
        }
    }
    let mut random = Random(u64::from(field.bits));
    let count = if sparse() { 1_000 } else { 100_000 };
    let span = (high - low) / unit + 1;
    values.extend((0..count).map(|_| low + (random.next() % span as u64) as i64 * unit));
    values.retain(|value| field.range().contains(value));
    values
}

fn edges(field: &Field) -> Vec<i64> {
    let (low, high) = field.range().into_inner();
    let unit = unit(field);
    let mut edges = vec![low, low + unit, 0, unit, high - unit, high];
    edges.retain(|value| field.range().contains(value));
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The words of an instruction in which one field takes all its values and the others their edges.
fn words(isa: &Isa, id: InstructionId) -> Vec<u32> {
    let fields = &isa.format_of(id).fields[1..];
    let mut words = Vec::new();
    if fields.is_empty() {
        words.push(isa.encode(id, &[]).expect("there is nothing to encode"));
    }
    for swept in 0..fields.len() {
        let choices: Vec<Vec<i64>> = fields
            .iter()
            .enumerate()
            .map(|(i, field)| {
                if i == swept {
                    values(field)
                } else {
                    edges(field)
                }
            })
            .collect();
        let total: usize = choices.iter().map(Vec::len).product();
        for mut index in 0..total {
            let row: Vec<i64> = choices
                .iter()
                .map(|choice| {
                    let value = choice[index % choice.len()];
                    index /= choice.len();
                    value
                })
                .collect();
            words.push(isa.encode(id, &row).expect("the values are in range"));
        }
    }
    words
}

/// The words that a text of instructions assembles to.
fn assemble(isa: &Isa, text: String) -> Vec<u32> {
    let mut sources = Sources::new();
    let file = sources.add("all.s", text);
    let assembly = ulmas::assemble(isa, &sources, &[file]);
    let Some(image) = assembly.image else {
        let plain = diagnostics::Appearance::Plain;
        panic!(
            "{}",
            diagnostics::render_all(&assembly.diagnostics, &sources, plain)
        );
    };
    image
        .object
        .text
        .blocks
        .iter()
        .flat_map(|block| block.bytes.chunks_exact(4))
        .map(|word| u32::from_be_bytes(word.try_into().expect("chunks of 4")))
        .collect()
}

/// Whether the word names a register past the last, which the assembler refuses.
fn passes_last_register(isa: &Isa, word: u32) -> bool {
    let decoded = isa.decode(word).expect("it was encoded");
    let format = isa.format_of(decoded.instruction);
    let effect = &isa.instruction(decoded.instruction).effect;
    effect
        .register_past_end(&|field| decoded.field(format, field))
        .is_some()
}

/// Whether a form can say all of the word: a field that no form has can't be written.
fn can_be_written(isa: &Isa, word: u32) -> bool {
    let decoded = isa.decode(word).expect("it was encoded");
    let format = isa.format_of(decoded.instruction);
    let form = isa.form_for(decoded);
    (1..format.fields.len())
        .map(|i| FieldIndex(i as u8))
        .all(|field| form.mentions(field) || decoded.field(format, field) == 0)
}

fn all_words_come_back(isa: &Isa) -> usize {
    let mut count = 0;
    for number in 0..isa.instructions.len() {
        let id = InstructionId(number as u16);
        let mut words = words(isa, id);
        words.retain(|&word| !passes_last_register(isa, word) && can_be_written(isa, word));
        for part in words.chunks(200_000) {
            let mut text = String::new();
            for &word in part {
                text += "        ";
                text += &isa.disassemble(word).expect("it was encoded");
                text.push('\n');
            }
            let assembled = assemble(isa, text);
            assert_eq!(assembled.len(), part.len());
            for (before, after) in part.iter().zip(assembled) {
                assert_eq!(
                    *before,
                    after,
                    "{}",
                    isa.disassemble(*before).unwrap_or_default()
                );
            }
            count += part.len();
        }
    }
    count
}

#[test]
fn every_opcode_with_every_value_of_each_field_comes_back_through_text() {
    let count = all_words_come_back(Isa::ulm());
    assert!(count > 90 * 256, "only {count} words were tried");
}

fn fixture(name: &str) -> Isa {
    let path = format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Isa::parse(&text).unwrap_or_else(|errors| panic!("{path}: {}", errors[0]))
}

#[test]
fn words_of_other_machines_come_back_through_text() {
    for name in [
        "examples/tiny.isa",
        "tests/isa/sixteen.isa",
        "tests/isa/odd.isa",
        "tests/isa/minimal.isa",
    ] {
        assert!(all_words_come_back(&fixture(name)) > 0, "{name}");
    }
}

/// A form with values that differ from field to field.
fn sample(isa: &Isa, form: FormRef) -> (String, Vec<(FieldIndex, i64)>) {
    let format = isa.format_of(form.instruction);
    let mut given = Vec::new();
    let mut text = isa.form(form).mnemonic.clone() + " ";
    for &piece in &isa.form(form).pieces {
        match piece {
            Piece::Punctuation(mark) => text.push(mark),
            Piece::Number(number) => text += &number.to_string(),
            Piece::Register(field) | Piece::Immediate(field) => {
                let of = &format.fields[usize::from(field.0)];
                let value = (i64::from(field.0) + 2).min(*of.range().end()) * unit(of);
                if matches!(piece, Piece::Register(_)) {
                    text.push('%');
                }
                text += &value.to_string();
                given.push((field, value));
            }
        }
    }
    (text, given)
}

#[test]
fn every_form_of_every_mnemonic_is_its_own_opcode() {
    for isa in [
        Isa::ulm().clone(),
        fixture("examples/tiny.isa"),
        fixture("tests/isa/odd.isa"),
    ] {
        for name in isa.mnemonics() {
            for &form in isa.forms_of(name) {
                let (text, given) = sample(&isa, form);
                let word = assemble(&isa, format!("        {text}\n"))[0];
                let decoded = isa.decode(word).expect("it was assembled");
                assert_eq!(decoded.instruction, form.instruction, "{text}");
                let format = isa.format_of(form.instruction);
                for (field, value) in given {
                    assert_eq!(Decoded::field(decoded, format, field), value, "{text}");
                }
            }
        }
    }
}

#[test]
fn a_register_behind_the_last_is_refused_for_exactly_the_words_that_trap() {
    let isa = Isa::ulm();
    for opcode in [0x32u32, 0x33, 0x35, 0x3A, 0x3B, 0x3D] {
        for register in 250..256u32 {
            for (y, z) in [(1, register), (register, 1)] {
                let word = opcode << 24 | 1 << 16 | y << 8 | z;
                let text = format!("        {}\n", isa.disassemble(word).unwrap_or_default());
                let mut sources = Sources::new();
                let file = sources.add("one.s", text.clone());
                let assembled = ulmas::assemble(isa, &sources, &[file]).image.is_some();
                assert_eq!(assembled, !passes_last_register(isa, word), "{text}");
            }
        }
    }
}
