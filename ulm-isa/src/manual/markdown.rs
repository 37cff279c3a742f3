//! The manual as Markdown, with tables.

use std::fmt::Write as _;

use super::{Entry, OpcodeMap, Row, entry, groups, layout, opcode_map, summary};
use crate::isa::Isa;
use crate::notation::Notation;

pub(super) fn manual(isa: &Isa) -> String {
    let groups = groups(isa);
    let mut text = String::from("# Instruction set manual\n\n");
    text += &escaped(&summary(isa));
    text += "\n\n## Contents\n\n";
    text += "- [Formats](#formats)\n- [Opcodes](#opcodes)\n- [Instructions](#instructions)\n";
    for group in &groups {
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "  - [`{}`](#{})",
            group.title(),
            anchor(group.mnemonic)
        );
    }
    formats(&mut text, isa);
    opcodes(&mut text, isa);
    text += "\n## Instructions\n";
    for group in &groups {
        let _ = write!(
            text,
            "\n<a id=\"{}\"></a>\n\n### `{}`\n",
            anchor(group.mnemonic),
            group.title()
        );
        for paragraph in &group.introduction {
            let _ = write!(text, "\n{}\n", escaped(paragraph));
        }
        for &id in &group.instructions {
            instruction(&mut text, &entry(isa, id));
        }
    }
    text
}

/// The name of a mnemonic's section; the prefix keeps it apart from the sections of the page.
pub(super) fn anchor(mnemonic: &str) -> String {
    format!("op-{mnemonic}")
}

fn formats(text: &mut String, isa: &Isa) {
    *text +=
        "\n## Formats\n\n| format | fields, from bit 31 down | instructions |\n|---|---|---|\n";
    for (i, format) in isa.formats.iter().enumerate() {
        let rows = layout(format, |field| {
            let field = &format.fields[field.0 as usize];
            super::kind(field).to_owned()
        });
        let fields: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {} ({})", cell_code(&row.name), row.width(), row.holds))
            .collect();
        let users = isa
            .instructions
            .iter()
            .filter(|instruction| usize::from(instruction.format.0) == i)
            .count();
        let _ = writeln!(
            text,
            "| {} | {} | {users} |",
            cell_code(&format.name),
            fields.join(", ")
        );
    }
}

fn opcodes(text: &mut String, isa: &Isa) {
    *text += "\n## Opcodes\n\n";
    match opcode_map(isa) {
        OpcodeMap::Square(square) => {
            *text += "Row: the first digit of the opcode. Column: the second.\n\n|   |";
            for column in 0..16 {
                let _ = write!(text, " {column:X} |");
            }
            *text += "\n|---|";
            *text += &"---|".repeat(16);
            text.push('\n');
            for (row, cells) in square.iter().enumerate() {
                let _ = write!(text, "| **{row:X}** |");
                for cell in cells {
                    match cell {
                        Some(mnemonic) => {
                            let _ = write!(text, " [`{mnemonic}`](#{}) |", anchor(mnemonic));
                        }
                        None => *text += "   |",
                    }
                }
                text.push('\n');
            }
        }
        OpcodeMap::List(rows) => {
            *text += "| opcode | instruction |\n|---|---|\n";
            for (opcode, form, mnemonic) in rows {
                let _ = writeln!(
                    text,
                    "| `{opcode}` | [{}](#{}) |",
                    cell_code(&form),
                    anchor(mnemonic)
                );
            }
        }
    }
}

fn instruction(text: &mut String, entry: &Entry) {
    let _ = write!(text, "\n```\n{}\n```\n", entry.forms.join("\n"));
    for paragraph in &entry.description {
        let _ = write!(text, "\n{}\n", escaped(paragraph));
    }
    text.push('\n');
    word(text, &entry.layout);
    let _ = write!(
        text,
        "\n- Opcode: `{}`, format {}\n",
        entry.opcode,
        code(&entry.format)
    );
    let effect: Vec<String> = match &entry.effect {
        Notation::Lines(lines) => lines.iter().map(|line| code(line)).collect(),
        Notation::Source(source) => vec![code(source)],
    };
    let _ = writeln!(text, "- Effect: {}", effect.join("; then "));
    let _ = writeln!(text, "- Flags: {}", escaped(&entry.flags));
}

/// The word as a table: places, names, what the fields hold.
fn word(text: &mut String, rows: &[Row]) {
    let mut line = |cell: &dyn Fn(&Row) -> String| {
        text.push('|');
        for row in rows {
            let _ = write!(text, " {} |", cell(row));
        }
        text.push('\n');
    };
    line(&Row::place);
    line(&|_| "---".into());
    line(&|row| cell_code(&row.name));
    line(&|row| escaped(&row.holds));
}

/// A code span.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{text}{fence}")
}

/// A code span in a table, where a bar would end the cell.
fn cell_code(text: &str) -> String {
    code(&text.replace('|', "\\|"))
}

/// Text in which nothing means anything to Markdown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (i, line) in text.lines().enumerate() {
        if i > 0 {
            escaped.push('\n');
        }
        // A line may begin like a heading, a list or a quotation.
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        for (at, c) in line.char_indices() {
            let at_start = at == 0 && matches!(c, '#' | '+' | '-' | '=' | '~');
            let in_number = digits > 0 && at == digits && matches!(c, '.' | ')');
            let anywhere = matches!(
                c,
                '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '&'
            );
            if at_start || in_number || anywhere {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{cell_code, escaped};

    #[test]
    fn help_texts_cannot_format_the_page() {
        assert_eq!(
            escaped("a <b> *c*\n# d\n1. e\n- f - g"),
            "a \\<b\\> \\*c\\*\n\\# d\n1\\. e\n\\- f - g"
        );
    }

    #[test]
    fn a_bar_in_code_does_not_end_the_cell() {
        assert_eq!(cell_code("%z := %y | %x"), "`%z := %y \\| %x`");
    }
}
