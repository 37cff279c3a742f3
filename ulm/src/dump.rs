//! `--dump`: the registers in use and the flags.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ulm_machine::{Flags, Machine};

use crate::number::count;
use crate::places::{Places, registers_of};

/// The largest text that is searched for the names of registers, in instructions.
const SEARCHED_INSTRUCTIONS: usize = 1 << 17;

/// The registers that the program names or that are not 0, the flags and the instruction pointer.
pub(crate) fn render(machine: &Machine, places: &Places<'_>, is_randomized: bool) -> String {
    let mut registers = registers_in_text(places);
    if !is_randomized {
        for number in 1..=255 {
            if machine.register(number) != 0 {
                registers.entry(number).or_default();
            }
        }
    }
    let rows: Vec<[String; 5]> = registers
        .iter()
        .map(|(&number, names)| {
            let value = machine.register(number);
            let signed = value as i64;
            [
                format!("%{number}"),
                names.join(", "),
                format!("0x{value:016X}"),
                value.to_string(),
                if signed < 0 {
                    signed.to_string()
                } else {
                    String::new()
                },
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for [number, names, hex, unsigned, signed] in &rows {
        let line = format!(
            "{number:<0$}  {names:<1$}  {hex:<2$}  {unsigned:>3$}  {signed:>4$}",
            widths[0], widths[1], widths[2], widths[3], widths[4]
        );
        _ = writeln!(text, "{}", line.trim_end());
    }
    let ip = machine.ip();
    _ = writeln!(text, "{}", render_flags(machine.flags()));
    _ = writeln!(text, "%IP  0x{ip:016X}  {}", places.describe_with_line(ip));
    _ = writeln!(
        text,
        "{} executed",
        count(machine.instructions(), "instruction")
    );
    text
}

/// `ZF=1 CF=0 SF=0 OF=0`
pub(crate) fn render_flags(flags: Flags) -> String {
    format!(
        "ZF={} CF={} SF={} OF={}",
        u8::from(flags.zero),
        u8::from(flags.carry),
        u8::from(flags.sign),
        u8::from(flags.overflow)
    )
}

/// The registers that the instructions of the text read or write, with the source's names for
/// them in order of first mention.
fn registers_in_text<'a>(places: &Places<'a>) -> BTreeMap<u8, Vec<&'a str>> {
    let mut registers: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
    let text = &places.image().object.text;
    let words = text.blocks.iter().flat_map(|block| {
        block.bytes.chunks_exact(4).enumerate().map(|(i, bytes)| {
            let word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            (block.offset + 4 * i as u64, word)
        })
    });
    for (address, word) in words.take(SEARCHED_INSTRUCTIONS) {
        let Some(decoded) = places.isa.decode(word) else {
            continue;
        };
        for register in registers_of(places.isa, decoded) {
            registers.entry(register).or_default();
        }
        for (register, name) in places.register_names(address, word) {
            let names = registers.entry(register).or_default();
            if register != 0 && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    registers.remove(&0);
    registers
}
