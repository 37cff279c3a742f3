//! Files that teach an editor the assembly language of a machine: comments, labels in column 0,
//! directives, registers, numbers, strings, and the mnemonics of this machine.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::isa::Isa;

/// The directives of the assembler; a machine doesn't change them.
const DIRECTIVES: [&str; 14] = [
    "text", "data", "bss", "equ", "byte", "word", "long", "quad", "string", "ascii", "space",
    "align", "globl", "global",
];

/// The characters of names, in both kinds of regular expressions.
const NAME: &str = "[A-Za-z_.][A-Za-z0-9_.]*";

impl Isa {
    /// A syntax file for Vim, to be saved as `syntax/ulm.vim`.
    pub fn vim_syntax(&self) -> String {
        let mut text = String::from(
            "\" Vim syntax file: ULM assembly language\n\
             \" Made from the description of the machine; changes belong there.\n\
             if exists(\"b:current_syntax\")\n  finish\nendif\n\n\
             syntax case match\n\n",
        );
        // Of two rules that fit at one place, Vim takes the later one.
        text += "\" Names that are not known, in the place of a mnemonic, are left alone.\n";
        let mnemonics: Vec<String> = longest_first(&self.mnemonics())
            .into_iter()
            .map(|mnemonic| mnemonic.replace('.', "\\."))
            .collect();
        let directives = DIRECTIVES.map(|directive| format!("\\.{directive}"));
        for (group, words) in [
            ("ulmMnemonic", &mnemonics[..]),
            ("ulmDirective", &directives),
        ] {
            let words = words.join("\\|");
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "syntax match {group} \"\\%(\\k\\|[.]\\)\\@<!\\%({words}\\)\\%(\\k\\|[.]\\)\\@!\""
            );
        }
        text += "\
syntax match ulmLabel \"^[A-Za-z_.][A-Za-z0-9_.]*:\\?\"
syntax match ulmRegister \"%\\s*\\%([0-9]\\+\\|[A-Za-z_.][A-Za-z0-9_.]*\\)\"
syntax match ulmNumber \"\\%(\\k\\|[.%]\\)\\@<!\\d\\k*\" contains=ulmBadNumber
syntax match ulmBadNumber \"\\%(\\k\\|[.]\\)\\@<!\\%(0[xX]\\x\\+\\>\\|0\\o*\\>\\|[1-9]\\d*\\>\\)\\@!\\d\\k*\" contained
syntax match ulmWordOf \"@w[0-3]\\>\"
syntax match ulmEscape \"\\\\\\%([\\\"'?\\\\abfnrtv]\\|\\o\\{1,3}\\|x\\x\\+\\)\" contained
syntax region ulmString start=+\"+ skip=+\\\\.+ end=+\"+ oneline contains=ulmEscape
syntax match ulmCharacter \"'\\%(\\\\\\%(\\o\\{1,3}\\|x\\x\\+\\|.\\)\\|[^'\\\\]\\)'\" contains=ulmEscape
syntax match ulmComment \"#.*$\" contains=@Spell
syntax match ulmComment \"//.*$\" contains=@Spell
syntax region ulmComment start=\"/\\*\" end=\"\\*/\" contains=@Spell

syntax sync ccomment ulmComment

highlight default link ulmMnemonic Statement
highlight default link ulmDirective PreProc
highlight default link ulmLabel Label
highlight default link ulmRegister Identifier
highlight default link ulmNumber Number
highlight default link ulmBadNumber Error
highlight default link ulmWordOf Function
highlight default link ulmString String
highlight default link ulmCharacter Character
highlight default link ulmEscape SpecialChar
highlight default link ulmComment Comment

let b:current_syntax = \"ulm\"
";
        text
    }

    /// A `TextMate` grammar, for editors that read that, as JSON.
    pub fn textmate_grammar(&self) -> String {
        let rule = |name: &str, pattern: String| json!({ "name": name, "match": pattern });
        let word = |alternatives: &[String]| {
            format!(
                "(?<![A-Za-z0-9_.])(?:{})(?![A-Za-z0-9_.])",
                alternatives.join("|")
            )
        };
        let mnemonics: Vec<String> = longest_first(&self.mnemonics())
            .into_iter()
            .map(|mnemonic| mnemonic.replace('.', "\\."))
            .collect();
        let directives = DIRECTIVES.map(|directive| format!("\\.{directive}"));
        let escape = r#"\\(?:["'?\\abfnrtv]|[0-7]{1,3}|x[0-9A-Fa-f]+)"#;
        let escapes = json!([
            rule("constant.character.escape.ulm", escape.into()),
            rule("invalid.illegal.escape.ulm", r"\\.".into()),
        ]);
        let patterns: Vec<Value> = vec![
            json!({
                "name": "comment.block.ulm",
                "begin": r"/\*",
                "end": r"\*/",
            }),
            rule("comment.line.number-sign.ulm", "#.*$".into()),
            rule("comment.line.double-slash.ulm", "//.*$".into()),
            rule("entity.name.function.label.ulm", format!("^{NAME}:?")),
            rule("keyword.control.directive.ulm", word(&directives)),
            rule("keyword.mnemonic.ulm", word(&mnemonics)),
            rule(
                "variable.language.register.ulm",
                format!(r"%\s*(?:[0-9]+|{NAME})"),
            ),
            rule("support.function.word.ulm", r"@w[0-3]\b".into()),
            rule(
                "constant.numeric.ulm",
                r"(?<![A-Za-z0-9_.])(?:0[xX][0-9A-Fa-f]+|[0-9]+)\b".into(),
            ),
            json!({
                "name": "string.quoted.double.ulm",
                "begin": "\"",
                "end": "\"|$",
                "patterns": escapes,
            }),
            json!({
                "name": "string.quoted.single.ulm",
                "begin": "'",
                "end": "'|$",
                "patterns": escapes,
            }),
        ];
        let grammar = json!({
            "name": "ULM assembly language",
            "scopeName": "source.ulm",
            "fileTypes": ["s"],
            "patterns": patterns,
        });
        format!("{grammar:#}\n")
    }
}

/// Alternatives of which the first one that fits is taken.
fn longest_first<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names
}
