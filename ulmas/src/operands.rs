//! Why the operands of an instruction fit no form.
//!
//! Only lines in error come here, so nothing needs to be fast; but nothing may explode either:
//! the number of trials is bounded.

use crate::error::{AssemblyError, Edit, ErrorKind, Repair, UnknownHelp, any_of};
use crate::forms::{Candidate, Mnemonic, Mnemonics};
use crate::lexer::{Lexeme, Token};
use crate::parser::File;
use crate::statement::{Item, ItemKind, Span};
use crate::symbols::Definition;

mod marks;
mod shapes;

use marks::{
    count_commas, fits, foreign_mark, missing_commas, missing_operand, read_separated, unbalanced,
};
use shapes::{
    Part, marks_of, merged, missing_percent, other_mnemonics, parts_of, slots_of, span_of, split,
    split_by, write_forms, wrong_order,
};

/// A line with more tokens is not searched for repairs.
const LEXEMES_SEARCHED: usize = 40;
/// At most this many places for a comma are tried, in all combinations.
const PLACES_TRIED: usize = 6;
/// More forms are listed only where there is nothing better to say.
const LISTED_FORMS: usize = 4;
/// In a file with more errors, further ones come without suggestions: nobody reads them, and they
/// take time.
const ERRORS_WITH_SUGGESTIONS: usize = 1000;

/// A missing comma or parenthesis, if that explains a line which can't be read.
pub(crate) fn or_missing_mark(
    file: &mut File<'_>,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> Option<AssemblyError> {
    if lexemes.len() > LEXEMES_SEARCHED || file.errors.len() > ERRORS_WITH_SUGGESTIONS {
        return None;
    }
    missing_commas(file, mnemonic, lexemes).or_else(|| unbalanced(file, mnemonic, lexemes))
}

/// What is wrong with operands that could be read but fit no form.
pub(crate) fn diagnose(
    file: &mut File<'_>,
    mnemonics: &Mnemonics,
    mnemonic: &Mnemonic,
    lexemes: &[Lexeme],
) -> AssemblyError {
    if let Some(error) = or_missing_mark(file, mnemonic, lexemes) {
        return error;
    }
    let items = read_separated(file, mnemonic, lexemes);
    if let Some(error) = missing_operand(file, mnemonic, lexemes, &items) {
        return error;
    }
    if let Some(error) = foreign_mark(file, mnemonic, lexemes) {
        return error;
    }
    let parts = parts_of(&items, file.text);
    let operands = split(&parts);
    let percent = missing_percent(file, mnemonic, &parts);
    let is_brief = file.errors.len() > ERRORS_WITH_SUGGESTIONS;
    let others = if is_brief {
        Vec::new()
    } else {
        other_mnemonics(mnemonics, mnemonic, &parts)
    };
    let order = others
        .is_empty()
        .then(|| wrong_order(file, mnemonic, &operands))
        .flatten();
    match (percent, order) {
        (Some((error, true)), _) | (Some((error, false)), None) => return error,
        (_, Some(error)) => return error,
        (None, None) => {}
    }
    let names_no_register = parts.last().is_some_and(|part| {
        let Some(Item {
            kind: ItemKind::Expression(expression),
            ..
        }) = part.item
        else {
            return false;
        };
        let is_constant = |id| matches!(file.symbols.get(id).definition, Definition::Equ(_));
        expression
            .as_symbol(&file.nodes)
            .is_some_and(|id| !is_constant(id))
    });
    let found = Found {
        names_no_register,
        text: file.text,
        mnemonics,
        mnemonic,
        lexemes,
        operands,
        forms: if is_brief {
            Vec::new()
        } else {
            write_forms(mnemonic)
        },
    };
    found.count_or_form(others)
}

/// An instruction that the machine doesn't have.
///
/// `indentation` is put before a repaired word.
pub(crate) fn unknown_mnemonic(
    file: &mut File<'_>,
    mnemonics: &Mnemonics,
    lexemes: &[Lexeme],
    indentation: &str,
) -> ErrorKind {
    let name = &file.text[lexemes[0].range()];
    let span = Span::of(lexemes[0]);
    let words = |words: &str| ErrorKind::UnknownMnemonic {
        name: name.to_owned(),
        help: UnknownHelp::Words(words.to_owned()),
    };
    if file.errors.len() > ERRORS_WITH_SUGGESTIONS {
        return words(MANUAL);
    }
    let near: Vec<&Mnemonic> = (mnemonics.list.iter())
        .filter(|m| diagnostics::nearest(name, [m.name.as_str()]).is_some())
        .collect();
    let names = |list: &[&Mnemonic]| -> Option<String> {
        let names: Vec<&str> = list.iter().map(|m| m.name.as_str()).collect();
        diagnostics::nearest(name, names).map(str::to_owned)
    };
    let fitting: Vec<&Mnemonic> = (near.iter().copied())
        .filter(|m| m.name.eq_ignore_ascii_case(name) || fits(file, m, lexemes))
        .collect();
    let idiom = idiom(name, mnemonics);
    // `mov` may well be `movq`, but `xorq` is not `orq`.
    if let Some(words_for_it) = idiom.filter(|_| !name.starts_with("mov")) {
        return words(words_for_it);
    }
    if let Some(other) = names(&fitting) {
        let text = format!("did you mean `{other}`?");
        return ErrorKind::UnknownMnemonic {
            name: name.to_owned(),
            help: UnknownHelp::Repair(Repair::new(text, span, format!("{indentation}{other}"))),
        };
    }
    if let Some(idiom) = idiom {
        return words(idiom);
    }
    let count = count_commas(lexemes);
    let like: Vec<&Mnemonic> = (near.iter().copied())
        .filter(|m| m.candidates.iter().any(|c| slots_of(c).len() == count))
        .collect();
    if let Some(other) = names(&like).or_else(|| names(&near)) {
        return words(&format!("did you mean `{other}`?"));
    }
    match lexemes.get(1).map(|lexeme| lexeme.token) {
        None | Some(Token::Identifier) => words(&format!(
            "a label begins in column 1: is `{name}` one? {MANUAL}"
        )),
        _ => words(MANUAL),
    }
}

const MANUAL: &str = "`ulm isa manual` lists all instructions";

/// What instructions of other machines are on one with the usual instructions of the course.
fn idiom(name: &str, mnemonics: &Mnemonics) -> Option<&'static str> {
    for needed in ["addq", "subq", "ldzwq", "movq", "jmp", "putc"] {
        mnemonics.find(needed)?;
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "call" | "callq" | "jal" | "jsr" | "bl" => {
            "a call is `jmp %CALL, %RET`, with the address in the first register; \
             the second one gets the address to return to"
        }
        "ret" | "retq" | "return" | "rts" => "a return is `jmp %RET, %0`",
        "cmp" | "cmpq" | "cmpl" | "test" | "testq" => {
            "a comparison is a subtraction that drops its result, like `subq 5, %1, %0`"
        }
        "push" | "pushq" => "on a stack: `subq 8, %SP, %SP`, then `movq %1, (%SP)`",
        "pop" | "popq" => "from a stack: `movq (%SP), %1`, then `addq 8, %SP, %SP`",
        "mov" | "move" | "mv" | "ld" | "load" | "li" | "st" | "store" => {
            "`ldzwq` loads a number, `movq` moves between a register and memory, \
             `addq 0, %1, %2` copies a register"
        }
        "lea" | "leaq" | "la" => "`ldzwq` loads an address",
        "inc" | "incq" => "`addq 1, %1, %1` adds 1",
        "dec" | "decq" => "`subq 1, %1, %1` subtracts 1",
        "xor" | "xorq" => "there is no exclusive or; `orq`, `andq` and `notq` make it",
        "print" | "puts" | "printf" | "write" => "`putc` writes one character",
        "read" | "input" | "scanf" | "gets" => "`getc` reads one character",
        "exit" | "quit" | "stop" | "end" | "hlt" => "`halt 0` ends the program",
        _ => return None,
    })
}

/// Operands that fit no form, with what is needed to say why.
struct Found<'a> {
    text: &'a str,
    mnemonics: &'a Mnemonics,
    mnemonic: &'a Mnemonic,
    lexemes: &'a [Lexeme],
    operands: Vec<&'a [Part]>,
    forms: Vec<String>,
    /// The last operand is the name of something, but no `.equ` above defines it.
    names_no_register: bool,
}

impl Found<'_> {
    /// Too few operands, too many, or the wrong ones.
    fn count_or_form(&self, others: Vec<String>) -> AssemblyError {
        let Self {
            mnemonic, operands, ..
        } = self;
        let mut counts: Vec<usize> = mnemonic
            .candidates
            .iter()
            .map(|candidate| split_by(&marks_of(candidate), |mark| *mark).len())
            .collect();
        counts.sort_unstable();
        counts.dedup();
        let found = operands.len();
        let whole = self.whole();
        let forms = self.forms.clone();
        let name = mnemonic.name.clone();
        if counts.contains(&found) {
            let misfit = self.misfit();
            let repair = others.is_empty().then(|| self.other_form()).flatten();
            // A long list is for those whom nothing else tells more.
            let is_told = misfit.is_some() || repair.is_some();
            let forms = if is_told && forms.len() > LISTED_FORMS {
                Vec::new()
            } else {
                forms
            };
            return AssemblyError::new(
                misfit.as_ref().map_or(whole, |(span, _)| *span),
                ErrorKind::NoSuchForm {
                    mnemonic: name,
                    forms,
                    expected: misfit.map(|(_, expected)| expected),
                    repair,
                    others,
                },
            );
        }
        let most = counts.last().copied().unwrap_or(0);
        let span = if found > most {
            // The ones too many.
            Span {
                start: span_of(operands[most]).start,
                end: whole.end,
            }
        } else {
            whole
        };
        let expected = match counts[..] {
            [0] => "no operands".to_owned(),
            [1] => "1 operand".to_owned(),
            _ => {
                let words: Vec<String> = counts.iter().map(usize::to_string).collect();
                format!("{} operands", any_of(&words))
            }
        };
        AssemblyError::new(
            span,
            ErrorKind::OperandCount {
                mnemonic: name,
                expected,
                found,
                forms,
                repair: self.completed(),
            },
        )
    }

    fn whole(&self) -> Span {
        match self.operands[..] {
            [] => Span::of(self.lexemes[0]),
            [first, .., last] => Span {
                start: span_of(first).start,
                end: span_of(last).end,
            },
            [only] => span_of(only),
        }
    }

    fn marks(&self) -> Vec<Vec<Option<char>>> {
        let marks = |operand: &&[Part]| operand.iter().map(|p| p.mark).collect();
        self.operands.iter().map(marks).collect()
    }

    /// Whether some form of `name` has operands with these marks.
    fn has_form(&self, name: &str, operands: &[&[Option<char>]]) -> bool {
        let Some(number) = self.mnemonics.find(name) else {
            return false;
        };
        let candidates = &self.mnemonics.get(number).candidates;
        candidates
            .iter()
            .any(|c| split_by(&marks_of(c), |mark| *mark) == operands)
    }

    /// The only operand that does not fit, and what it must be.
    fn misfit(&self) -> Option<(Span, String)> {
        let own = self.marks();
        let mut position = None;
        let mut expected: Vec<(&str, &Candidate)> = Vec::new();
        for candidate in &self.mnemonic.candidates {
            let marks = marks_of(candidate);
            let slots = split_by(&marks, |mark| *mark);
            if slots.len() != own.len() {
                continue;
            }
            let wrong: Vec<usize> = (0..own.len()).filter(|&i| own[i] != slots[i]).collect();
            let [only] = wrong[..] else { continue };
            if *position.get_or_insert(only) != only {
                // It may be one or the other.
                return None;
            }
            let text = match slots[only] {
                [Some('%'), None] => "a register",
                [None] => "a number or a label",
                _ => slots_of(candidate).get(only).copied().unwrap_or_default(),
            };
            expected.push((text, candidate));
        }
        let texts: Vec<String> = merged(expected.into_iter())
            .into_iter()
            .map(|text| {
                if text.starts_with("a ") {
                    text
                } else {
                    format!("`{text}`")
                }
            })
            .collect();
        Some((span_of(self.operands[position?]), any_of(&texts)))
    }

    /// What was probably meant by too few operands.
    fn completed(&self) -> Option<Repair> {
        let register: &[Option<char>] = &[Some('%'), None];
        let name = self.mnemonic.name.as_str();
        let own = self.marks();
        let own: Vec<&[Option<char>]> = own.iter().map(Vec::as_slice).collect();
        let whole = self.whole();
        let behind = Span {
            start: whole.end,
            ..whole
        };
        match own[..] {
            [] if self.immediate_with_hash().is_some() => {
                let hash = self.immediate_with_hash()?;
                Some(Repair::new("`#` begins a comment", hash, ""))
            }
            [] if name == "halt" && self.has_form(name, &[&[None]]) => {
                let text = "0 is the exit status of a program that went well";
                Some(Repair::new(text, behind, " 0"))
            }
            [first, last] if last == register && self.has_form(name, &[first, last, register]) => {
                let register = &self.text[span_of(self.operands[1]).range()];
                let text = "the destination is an operand of its own, even if it is a source, too";
                let mut repair = Repair::new(text, behind, format!(", {register}"));
                let gap = Span {
                    start: span_of(self.operands[0]).end,
                    end: span_of(self.operands[1]).start,
                };
                if !self.text[gap.range()].contains(',') {
                    repair.edits.push(Edit {
                        span: Span {
                            end: gap.start,
                            ..gap
                        },
                        text: ",".into(),
                    });
                }
                Some(repair)
            }
            _ => None,
        }
    }

    /// The sign in `addq #5, %1, %1`, as some assemblers write numbers.
    fn immediate_with_hash(&self) -> Option<Span> {
        let word = Span::of(self.lexemes[0]);
        let rest = &self.text[word.end as usize..];
        let comment = rest.trim_start_matches([' ', '\t']);
        let first = comment.strip_prefix('#')?.chars().next()?;
        let operands = comment.lines().next()?;
        let start = word.end + (rest.len() - comment.len()) as u32;
        let end = start + 1;
        (first.is_ascii_digit() && operands.contains('%')).then_some(Span { start, end })
    }

    /// What was probably meant by operands that no form has.
    fn other_form(&self) -> Option<Repair> {
        let register: &[Option<char>] = &[Some('%'), None];
        let number: &[Option<char>] = &[None];
        let name = self.mnemonic.name.as_str();
        let own = self.marks();
        let own: Vec<&[Option<char>]> = own.iter().map(Vec::as_slice).collect();
        let word = Span::of(self.lexemes[0]);
        let whole = self.whole();
        let operand = |i: usize| &self.text[span_of(self.operands[i]).range()];
        let behind = Span {
            start: whole.end,
            ..whole
        };
        let is_move = name.starts_with("mov");
        match own[..] {
            [only] if only == register && name == "jmp" && self.names_no_register => {
                let text = "a label is written without `%`";
                let percent = self.operands[0][0].span;
                Some(Repair::new(text, percent, ""))
            }
            [only] if only == register && name == "jmp" => {
                let text = "to jump to the address in a register, name %0 as the second one";
                (self.has_form(name, &[register, register]))
                    .then(|| Repair::new(text, behind, ", %0"))
            }
            [from, to] if is_move && from == register && to == register => {
                let (from, to) = (operand(0), operand(1));
                let line = Span {
                    start: word.start,
                    end: whole.end,
                };
                let text = "a register is copied by adding 0";
                (self.has_form("addq", &[number, register, register]))
                    .then(|| Repair::new(text, line, format!("addq    0, {from}, {to}")))
            }
            [from, to] if name == "movq" && from == number && to == register => {
                let load = if operand(0).starts_with('-') {
                    "ldswq"
                } else {
                    "ldzwq"
                };
                let text = "a number or an address is loaded by";
                (self.has_form(load, &[number, register]))
                    .then(|| Repair::new(format!("{text} `{load}`"), word, load))
            }
            _ => None,
        }
    }
}
