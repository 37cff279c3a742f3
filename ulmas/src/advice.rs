//! What to do with a value that does not fit, on a machine that has the usual instructions.

use crate::forms::{Candidate, Mnemonics};
use crate::parser::File;
use crate::statement::{Span, Statement, StatementKind};

/// How to do with a number that does not fit, on a machine that has the usual instructions.
pub(crate) fn other_way(
    file: &File<'_>,
    mnemonics: &Mnemonics,
    statement: &Statement,
    operand: Span,
    value: i128,
) -> Option<String> {
    let StatementKind::Instruction {
        mnemonic, operands, ..
    } = statement.kind
    else {
        return None;
    };
    let mnemonic = mnemonics.get(mnemonic);
    let has = |name| mnemonics.find(name).is_some();
    let instead = |name| format!("`{name}` with {} does that", -value);
    match mnemonic.name.as_str() {
        "addq" if (-255..0).contains(&value) && has("subq") => Some(instead("subq")),
        "subq" if (-255..0).contains(&value) && has("addq") => Some(instead("addq")),
        "ldzwq" if (-0x8000..0).contains(&value) && has("ldswq") => {
            Some("`ldswq` loads numbers with a sign".to_owned())
        }
        "ldzwq" | "ldswq" if has("ldzwq") && has("shldwq") => {
            let last = file.expressions(operands).last()?.span(&file.nodes);
            let (number, register) = (&file.text[operand.range()], &file.text[last.range()]);
            // Modulo 2^64, a negative number has all words.
            let value = u64::try_from(value)
                .or_else(|_| i64::try_from(value).map(|value| value as u64))
                .ok()?;
            let code = in_words(number, register, value);
            Some(format!("load the number like this:\n{code}"))
        }
        _ => {
            let is_register_form = |c: &Candidate| {
                c.variables.len() > 2 && c.variables.iter().all(|(_, _, is_register)| *is_register)
            };
            let has_one = mnemonic.candidates.iter().any(is_register_form);
            // An index is no way around a displacement, and shifts count to 63 only.
            let operands = file.expressions(operands);
            let is_first = operands.first()?.span(&file.nodes) == operand;
            let is_sum = operands.len() > 2 && is_first && has_one;
            let is_other = ["mov", "sh", "sa"]
                .iter()
                .any(|o| mnemonic.name.starts_with(o));
            (is_sum && !is_other)
                .then(|| "load the number into a register first, and name that here".to_owned())
        }
    }
}

/// How to load an address that is too wide for one instruction, on a machine that has the usual
/// ones for that.
pub(crate) fn wide_load(
    file: &File<'_>,
    mnemonics: &Mnemonics,
    statement: &Statement,
    operand: Span,
    value: i128,
) -> Option<String> {
    let StatementKind::Instruction {
        mnemonic, operands, ..
    } = statement.kind
    else {
        return None;
    };
    mnemonics.find("shldwq")?;
    mnemonics.find("ldzwq")?;
    if value < 0 || !matches!(mnemonics.get(mnemonic).name.as_str(), "ldzwq" | "ldswq") {
        return None;
    }
    let last = file.expressions(operands).last()?.span(&file.nodes);
    let (address, register) = (&file.text[operand.range()], &file.text[last.range()]);
    Some(in_words(address, register, u64::try_from(value).ok()?))
}

/// Instructions that load a value, 16 bits at a time.
fn in_words(source: &str, register: &str, value: u64) -> String {
    let words = (1..4)
        .find(|&words| value >> (16 * words) == 0)
        .unwrap_or(4);
    if words == 1 {
        return format!("    ldzwq   {source}, %{register}");
    }
    let first = format!("    ldzwq   @w{}({source}), %{register}", words - 1);
    (0..words - 1).rev().fold(first, |code, word| {
        code + &format!("\n    shldwq  @w{word}({source}), %{register}")
    })
}
