//! The manual as one page of HTML that stands alone.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::markdown::anchor;
use super::{Entry, Group, OpcodeMap, Row, entry, groups, kind, layout, opcode_map, summary};
use crate::isa::Isa;
use crate::notation::Notation;

/// Light and dark by the reader's wish; on paper black on white, and no instruction torn apart.
const STYLE: &str = "
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --link: #79b8ff; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, monospace; }
pre { background: var(--soft); padding: .5rem .75rem; overflow-x: auto; }
nav ul { columns: 8rem; list-style: none; padding: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .75rem 0; }
th, td { border: 1px solid var(--line); padding: .15rem .4rem; text-align: center; }
table.word { width: 100%; table-layout: fixed; }
table.word td { overflow-wrap: anywhere; }
table.word .place { font-size: .75rem; border: 0; }
table.word .unused { background: var(--soft); }
table.opcodes td { font-size: .8rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
section.instruction { border-top: 1px solid var(--line); }
@media print {
  body { max-width: none; margin: 0; font-size: 10pt; color: #000; background: #fff; }
  a { color: inherit; text-decoration: none; }
  section.instruction, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
";

pub(super) fn manual(isa: &Isa) -> String {
    let groups = groups(isa);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Instruction set manual" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Instruction set manual" }
                p { (summary(isa)) }
                nav {
                    h2 { "Contents" }
                    p {
                        a href="#formats" { "Formats" } " · "
                        a href="#opcodes" { "Opcodes" } " · "
                        a href="#instructions" { "Instructions" }
                    }
                    ul {
                        @for group in &groups {
                            li { a href={ "#" (anchor(group.mnemonic)) } { code { (group.title()) } } }
                        }
                    }
                }
                h2 id="formats" { "Formats" }
                (formats(isa))
                h2 id="opcodes" { "Opcodes" }
                (opcodes(isa))
                h2 id="instructions" { "Instructions" }
                @for group in &groups { (mnemonic(isa, group)) }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

fn formats(isa: &Isa) -> Markup {
    html! {
        @for format in &isa.formats {
            h3 { code { (format.name) } }
            (word(&layout(format, |field| kind(&format.fields[field.0 as usize]).to_owned())))
        }
    }
}

/// The word as a table in which a bit has one width everywhere.
fn word(rows: &[Row]) -> Markup {
    html! {
        table class="word" {
            tr {
                @for row in rows { td class="place" colspan=(row.bits) { (row.place()) } }
            }
            tr {
                @for row in rows {
                    td class=[(row.name == "-").then_some("unused")] colspan=(row.bits) {
                        code { (row.name) }
                    }
                }
            }
            tr {
                @for row in rows { td class="place" colspan=(row.bits) { (row.holds) } }
            }
        }
    }
}

fn opcodes(isa: &Isa) -> Markup {
    match opcode_map(isa) {
        OpcodeMap::Square(square) => html! {
            p { "Row: the first digit of the opcode. Column: the second." }
            div class="scroll" {
                table class="opcodes" {
                    tr {
                        th {}
                        @for column in 0..16 { th { (format!("{column:X}")) } }
                    }
                    @for (row, cells) in square.iter().enumerate() {
                        tr {
                            th { (format!("{row:X}")) }
                            @for cell in cells { td { @if let Some(name) = cell { (link(name, name)) } } }
                        }
                    }
                }
            }
        },
        OpcodeMap::List(rows) => html! {
            table {
                tr { th { "opcode" } th { "instruction" } }
                @for (opcode, form, mnemonic) in rows {
                    tr { td { code { (opcode) } } td { (link(mnemonic, &form)) } }
                }
            }
        },
    }
}

fn link(mnemonic: &str, text: &str) -> Markup {
    html! { a href={ "#" (anchor(mnemonic)) } { code { (text) } } }
}

fn mnemonic(isa: &Isa, group: &Group<'_>) -> Markup {
    html! {
        h3 id=(anchor(group.mnemonic)) { code { (group.title()) } }
        @for paragraph in &group.introduction { p { (paragraph) } }
        @for &id in &group.instructions { (instruction(&entry(isa, id))) }
    }
}

fn instruction(entry: &Entry) -> Markup {
    html! {
        section class="instruction" {
            pre { (entry.forms.join("\n")) }
            @for paragraph in &entry.description { p { (paragraph) } }
            (word(&entry.layout))
            dl {
                dt { "Opcode" }
                dd { code { (entry.opcode) } ", format " code { (entry.format) } }
                dt { "Effect" }
                dd {
                    @match &entry.effect {
                        Notation::Lines(lines) => {
                            @for line in lines { div { code { (line) } } }
                        }
                        Notation::Source(source) => { code { (source) } }
                    }
                }
                dt { "Flags" }
                dd { (entry.flags) }
            }
        }
    }
}
