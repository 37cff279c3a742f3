//! The page of a mnemonic as plain text.

use std::fmt::Write as _;

use super::{Entry, Row, aliases, entry, groups};
use crate::isa::{InstructionId, Isa};
use crate::notation::Notation;

pub(super) fn show(isa: &Isa, mnemonic: &str) -> Option<String> {
    let forms = isa.forms_of(mnemonic);
    let mut ids: Vec<InstructionId> = forms.iter().map(|form| form.instruction).collect();
    ids.dedup();
    if ids.is_empty() {
        return None;
    }
    let mut text = mnemonic.to_owned();
    for alias in aliases(isa, mnemonic, &ids) {
        text += " = ";
        text += alias;
    }
    text.push('\n');
    let shown = |name: &str| name == mnemonic;
    for group in groups(isa) {
        // An alias is introduced with what it stands for.
        if shown(group.mnemonic) || group.aliases.iter().any(|alias| shown(alias)) {
            for paragraph in &group.introduction {
                indented(&mut text, paragraph);
            }
        }
    }
    for id in ids {
        text.push('\n');
        instruction(&mut text, &entry(isa, id));
    }
    Some(text)
}

fn indented(text: &mut String, paragraph: &str) {
    text.push('\n');
    for line in paragraph.lines() {
        *text += "    ";
        *text += line;
        text.push('\n');
    }
}

fn instruction(text: &mut String, entry: &Entry) {
    for form in &entry.forms {
        *text += form;
        text.push('\n');
    }
    for paragraph in &entry.description {
        indented(text, paragraph);
    }
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "\n    opcode  {}, format {}\n",
        entry.opcode, entry.format
    );
    let name_width = widest(entry.layout.iter().map(|row| row.name.as_str()));
    let place_width = widest(entry.layout.iter().map(Row::place));
    for (i, row) in entry.layout.iter().enumerate() {
        let head = if i == 0 { "fields" } else { "" };
        let _ = writeln!(
            text,
            "    {head:6}  {:name_width$}  {:>7}, {:place_width$}  {}",
            row.name,
            row.width(),
            row.place(),
            row.holds
        );
    }
    let (head, lines) = match &entry.effect {
        Notation::Lines(lines) => ("effect", lines.as_slice()),
        Notation::Source(source) => ("effect", std::slice::from_ref(source)),
    };
    for (i, line) in lines.iter().enumerate() {
        let head = if i == 0 { head } else { "" };
        let _ = writeln!(text, "    {head:6}  {line}");
    }
    let _ = writeln!(text, "    flags   {}", entry.flags);
}

fn widest(texts: impl Iterator<Item = impl AsRef<str>>) -> usize {
    texts
        .map(|text| text.as_ref().chars().count())
        .max()
        .unwrap_or(0)
}
