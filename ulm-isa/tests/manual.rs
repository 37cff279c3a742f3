//! The manual, against pages that were read by a person.

use std::io::Write as _;

use goldenfile::Mint;
use ulm_isa::Isa;

/// A machine with what is rare: an alias of its own, left-out fields, odd widths, an effect that is
/// too complex for a line, and help texts that look like markup.
const SMALL: &str = "\
PAIR (OP u 6) (a u 5) (b u 5) (n s 12)
FAR (OP u 6) (far j 26)

@stop
# Ends *all* of it <now>.
#
# 1. Really.

0x00 PAIR
# The status is n & 255.
: stop n
: stop n, %a
    ulm_halt(n);

0x01 FAR
: go far
: goto far
    ulm_unconditionalRelJump(far);

@mix
# Mixes | stirs.

0x02 PAIR
: mix %a, %b, n
    ulm_or64(ulm_regVal(a), n, b);
    ulm_setReg(ulm_regVal(a) + ulm_regVal(a) * 3 + ulm_regVal(a) * 5 + ulm_regVal(a) * 7
        + ulm_regVal(a) * 9 + ulm_regVal(a) * 11, a);

0x3F FAR
: stop
    ;
";

fn golden(name: &str, text: &str) {
    let mut mint = Mint::new("tests/golden");
    let mut file = mint.new_goldenfile(name).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn show(mnemonic: &str) -> String {
    Isa::ulm().show(mnemonic).unwrap()
}

#[test]
fn a_mnemonic_is_shown_with_all_that_is_known_about_it() {
    golden("show_divq.txt", &show("divq"));
    golden("show_movq.txt", &show("movq"));
    golden("show_getc.txt", &show("getc"));
    golden("show_addq.txt", &show("addq"));
}

#[test]
fn an_alias_is_shown_with_what_it_stands_for() {
    golden("show_je.txt", &show("je"));
    golden("show_salq.txt", &show("salq"));
}

#[test]
fn a_word_that_is_no_mnemonic_is_not_shown() {
    assert_eq!(Isa::ulm().show("mov"), None);
    assert_eq!(Isa::ulm().show(""), None);
}

#[test]
fn every_mnemonic_can_be_shown_with_every_form_and_opcode() {
    let isa = Isa::ulm();
    for mnemonic in isa.mnemonics() {
        let page = show(mnemonic);
        for &form in isa.forms_of(mnemonic) {
            assert!(page.contains(&isa.write_form(form)), "{mnemonic}");
            let opcode = isa.instruction(form.instruction).opcode;
            assert!(
                page.contains(&format!("0x{opcode:02X}, format")),
                "{mnemonic}"
            );
        }
    }
}

#[test]
fn the_manual_of_a_small_machine_is_complete() {
    let isa = Isa::parse(SMALL).unwrap();
    golden("small.md", &isa.manual_markdown());
    golden("small.html", &isa.manual_html());
    golden("show_small_stop.txt", &isa.show("stop").unwrap());
}

#[test]
fn the_manuals_have_a_section_for_each_mnemonic_and_an_entry_for_each_opcode() {
    let isa = Isa::ulm();
    let (markdown, html) = (isa.manual_markdown(), isa.manual_html());
    for instruction in &isa.instructions {
        let mnemonic = &instruction.forms[0].mnemonic;
        assert!(markdown.contains(&format!("<a id=\"op-{mnemonic}\"></a>")));
        assert!(html.contains(&format!("<h3 id=\"op-{mnemonic}\">")));
        let opcode = format!("0x{:02X}", instruction.opcode);
        assert!(markdown.contains(&format!("- Opcode: `{opcode}`")));
        assert!(html.contains(&format!("<dd><code>{opcode}</code>")));
    }
    for (_, introduction) in &isa.introductions {
        let line = introduction.lines().next().unwrap();
        assert!(
            html.contains(
                &line
                    .replace('<', "&lt;")
                    .replace('>', "&gt;")
                    .replace('"', "&quot;")
            )
        );
    }
}

#[test]
fn every_link_of_the_page_leads_to_a_place_of_the_page() {
    let html = Isa::ulm().manual_html();
    let links: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(links.len() > 100);
    for link in links {
        let id = link.strip_prefix('#').expect("no link leaves the page");
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

#[test]
fn the_page_needs_neither_scripts_nor_the_network() {
    let html = Isa::ulm().manual_html();
    for foreign in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}
