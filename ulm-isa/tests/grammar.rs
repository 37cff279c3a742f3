//! The files for editors.

use std::collections::BTreeSet;

use serde_json::Value;
use ulm_isa::Isa;

const DIRECTIVES: [&str; 14] = [
    "text", "data", "bss", "equ", "byte", "word", "long", "quad", "string", "ascii", "space",
    "align", "globl", "global",
];

/// A machine with mnemonics that no other has; one begins like another, one has a point.
fn other() -> Isa {
    Isa::parse("F (OP u 8)\n1 F\n: fly\n: fly.high\n    ;\n2 F\n: flying\n    ;\n").unwrap()
}

fn grammar(isa: &Isa) -> Value {
    serde_json::from_str(&isa.textmate_grammar()).expect("the grammar is JSON")
}

/// The rule with that name.
fn rule(grammar: &Value, name: &str) -> Value {
    let patterns = grammar["patterns"].as_array().unwrap();
    let rule = patterns.iter().find(|pattern| pattern["name"] == name);
    rule.unwrap_or_else(|| panic!("no rule {name}")).clone()
}

/// The words of the alternatives of a rule.
fn alternatives(text: &str) -> BTreeSet<String> {
    let start = text.rfind("(?:").unwrap() + 3;
    let end = start + text[start..].find(')').unwrap();
    text[start..end]
        .split('|')
        .map(|word| word.replace('\\', ""))
        .collect()
}

#[test]
fn the_textmate_grammar_knows_exactly_the_mnemonics_of_its_machine() {
    for isa in [Isa::ulm(), &other()] {
        let rule = rule(&grammar(isa), "keyword.mnemonic.ulm");
        let found = alternatives(rule["match"].as_str().unwrap());
        let expected: BTreeSet<String> = isa.mnemonics().into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn the_textmate_grammar_knows_all_directives() {
    let rule = rule(&grammar(Isa::ulm()), "keyword.control.directive.ulm");
    let found = alternatives(rule["match"].as_str().unwrap());
    let expected: BTreeSet<String> = DIRECTIVES.iter().map(|d| format!(".{d}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_textmate_grammar_has_a_rule_for_each_part_of_the_language() {
    let grammar = grammar(Isa::ulm());
    assert_eq!(grammar["scopeName"], "source.ulm");
    for name in [
        "comment.block.ulm",
        "comment.line.number-sign.ulm",
        "comment.line.double-slash.ulm",
        "entity.name.function.label.ulm",
        "variable.language.register.ulm",
        "support.function.word.ulm",
        "constant.numeric.ulm",
        "string.quoted.double.ulm",
        "string.quoted.single.ulm",
    ] {
        rule(&grammar, name);
    }
}

#[test]
fn the_vim_syntax_knows_exactly_the_mnemonics_of_its_machine() {
    for isa in [Isa::ulm(), &other()] {
        let text = isa.vim_syntax();
        let line = text
            .lines()
            .find(|line| line.starts_with("syntax match ulmMnemonic"))
            .unwrap();
        let start = line.rfind("@<!\\%(").unwrap() + 6;
        let end = start + line[start..].find("\\)\\%(").unwrap();
        let found: BTreeSet<String> = line[start..end]
            .split("\\|")
            .map(|word| word.replace('\\', ""))
            .collect();
        let expected: BTreeSet<String> = isa.mnemonics().into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn the_vim_syntax_knows_all_directives_and_gives_each_group_a_colour() {
    let text = Isa::ulm().vim_syntax();
    for directive in DIRECTIVES {
        assert!(text.contains(directive), "{directive}");
    }
    let groups: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("syntax ") && !line.starts_with("syntax sync"))
        .filter_map(|line| line.split_whitespace().nth(2))
        .filter(|group| group.starts_with("ulm"))
        .collect();
    assert_eq!(groups.len(), 11);
    for group in groups {
        assert!(
            text.contains(&format!("highlight default link {group} ")),
            "{group}"
        );
    }
}
