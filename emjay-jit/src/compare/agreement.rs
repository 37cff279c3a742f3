//! Whether all columns gave the same: value, error with its line, and output, byte by byte.
//!
//! A run that was stopped, by a limit or because its stack is exhausted, has to agree as far as it
//! got: the bytes that it wrote are the first ones of the others.

use super::report::{Agreement, Verdict};
use super::run::{Ending, Run};

/// A column that was run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Witness<'a> {
    /// The name of the column.
    pub(super) name: &'a str,
    /// Whether it is the ULM, whose `getc` can't tell a byte 255 from the end.
    pub(super) is_ulm: bool,
    /// How it ended.
    pub(super) run: &'a Run,
}

/// Judges over all that ran. `notes` are those that there are already.
pub(super) fn judge(witnesses: &[Witness<'_>], input: &[u8], notes: Vec<String>) -> Agreement {
    let mut judgement = Judgement {
        verdict: Verdict::Agree,
        notes,
    };
    let sound: Vec<Witness<'_>> = witnesses
        .iter()
        .copied()
        .filter(|witness| judgement.is_sound(witness))
        .collect();
    for witness in &sound {
        judgement.note_limit(witness);
    }
    if has_ambiguous_byte(input) && sound.iter().any(|witness| witness.is_ulm) {
        judgement.notes.push(
            "the input has a byte 255, which `getc()` on the ULM gives as -1, as at the end of \
             the input"
                .to_owned(),
        );
        let (ulm, others): (Vec<_>, Vec<_>) = sound.iter().partition(|witness| witness.is_ulm);
        judgement.compare_all(&ulm);
        judgement.compare_all(&others);
        judgement.compare_across(&others, &ulm);
    } else {
        judgement.compare_all(&sound);
    }
    Agreement {
        verdict: judgement.verdict,
        notes: judgement.notes,
    }
}

/// Whether there is a byte that the ULM can't tell from the end of the input.
fn has_ambiguous_byte(input: &[u8]) -> bool {
    input.contains(&255)
}

struct Judgement {
    verdict: Verdict,
    notes: Vec<String>,
}

impl Judgement {
    /// Whether the code did nothing that it must not.
    fn is_sound(&mut self, witness: &Witness<'_>) -> bool {
        if let Ending::Fault(fault) = &witness.run.ending {
            self.differ(format!("`{}` failed: {fault}", witness.name));
            return false;
        }
        true
    }

    fn note_limit(&mut self, witness: &Witness<'_>) {
        if let Ending::Limit(bound) = witness.run.ending {
            self.notes.push(format!(
                "`{}`: {}; it is compared as far as it got",
                witness.name,
                bound.title()
            ));
        }
    }

    fn differ(&mut self, what: String) {
        self.verdict = Verdict::Differ;
        self.notes.push(what);
    }

    /// Compares each one with the one that got furthest.
    fn compare_all(&mut self, witnesses: &[Witness<'_>]) {
        let Some(reference) = furthest(witnesses) else {
            return;
        };
        let mut deep_enough = !reference.run.is_exhausted();
        let mut exhausted = Vec::new();
        for witness in witnesses {
            if let Some(difference) = difference(reference, witness) {
                self.differ(difference);
            }
            if witness.run.is_exhausted() {
                exhausted.push(*witness);
            } else {
                deep_enough = true;
            }
        }
        self.note_exhausted(&exhausted, deep_enough);
    }

    /// The stack takes no part in the judgement but for this.
    fn note_exhausted(&mut self, exhausted: &[Witness<'_>], elsewhere_enough: bool) {
        let Some(first) = exhausted.first() else {
            return;
        };
        if elsewhere_enough {
            let names: Vec<String> = exhausted.iter().map(|w| format!("`{}`", w.name)).collect();
            let names = names.join(", ");
            self.notes
                .push(format!("the stack is exhausted in {names}, and only there"));
            if self.verdict == Verdict::Agree {
                self.verdict = Verdict::StackExhaustedOnOneSide;
            }
        } else if exhausted.iter().any(|w| w.run != first.run) {
            self.notes
                .push("the stack is exhausted at different depths, as frames differ".to_owned());
        }
    }

    /// The ULM and the others, where they read the input differently.
    fn compare_across(&mut self, others: &[Witness<'_>], ulm: &[Witness<'_>]) {
        let (Some(other), Some(ulm)) = (furthest(others), furthest(ulm)) else {
            return;
        };
        if let Some(difference) = difference(other, ulm) {
            self.notes
                .push(format!("{difference}, which that byte accounts for"));
            if self.verdict == Verdict::Agree {
                self.verdict = Verdict::AmbiguousByte;
            }
        }
    }
}

/// The run that says most: one that is complete, else the one that wrote most.
fn furthest<'w, 'r>(witnesses: &'w [Witness<'r>]) -> Option<&'w Witness<'r>> {
    let mut best: Option<&Witness<'_>> = None;
    let rank = |witness: &Witness<'_>| (witness.run.is_complete(), witness.run.output.len());
    for witness in witnesses {
        let is_better = best.is_none_or(|best| match (rank(best), rank(witness)) {
            // Of complete ones the first is as good as any.
            ((true, _), _) => false,
            (old, new) => new > old,
        });
        if is_better {
            best = Some(witness);
        }
    }
    best
}

/// What is different, in a sentence.
fn difference(a: &Witness<'_>, b: &Witness<'_>) -> Option<String> {
    different_output(a, b).or_else(|| different_ending(a, b))
}

fn different_ending(a: &Witness<'_>, b: &Witness<'_>) -> Option<String> {
    let both_complete = a.run.is_complete() && b.run.is_complete();
    (both_complete && a.run.ending != b.run.ending).then(|| {
        let (of_a, of_b) = (ending(a.run), ending(b.run));
        format!("`{}` {of_a}, but `{}` {of_b}", a.name, b.name)
    })
}

/// What a program did at last: `gives 5`.
fn ending(run: &Run) -> String {
    match &run.ending {
        Ending::Returned(value) => format!("gives {value}"),
        Ending::Error { reason, line } => {
            let error = format!("ends with {}, {}", reason.code(), reason.title());
            match line {
                Some(line) => format!("{error}, in line {line}"),
                None => error,
            }
        }
        Ending::Limit(bound) => format!("was stopped: {}", bound.title()),
        Ending::Fault(fault) => format!("failed: {fault}"),
    }
}

fn different_output(a: &Witness<'_>, b: &Witness<'_>) -> Option<String> {
    let (of_a, of_b) = (&a.run.output, &b.run.output);
    let common = of_a.iter().zip(of_b).take_while(|(a, b)| a == b).count();
    let may_stop =
        |witness: &Witness<'_>| !witness.run.is_complete() && witness.run.output.len() == common;
    if of_a == of_b || may_stop(a) || may_stop(b) {
        return None;
    }
    let byte = |output: &[u8]| match output.get(common) {
        Some(&byte) => format!("writes {}", shown(byte)),
        None => "has ended its output".to_owned(),
    };
    Some(format!(
        "the outputs differ at byte {common}: there `{}` {}, but `{}` {}",
        a.name,
        byte(of_a),
        b.name,
        byte(of_b)
    ))
}

/// A byte for people: its number, and the character if it is one.
fn shown(byte: u8) -> String {
    match byte {
        b' '..=b'~' => format!("{byte} (`{}`)", char::from(byte)),
        _ => byte.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::Bound;
    use super::*;
    use crate::reason::Reason;

    fn run(ending: Ending, output: &str) -> Run {
        Run {
            ending,
            output: output.into(),
        }
    }

    fn returned(value: i64, output: &str) -> Run {
        run(Ending::Returned(value), output)
    }

    fn error(reason: Reason, line: u32, output: &str) -> Run {
        let line = Some(line);
        run(Ending::Error { reason, line }, output)
    }

    fn judge_input(runs: &[&Run], input: &[u8]) -> Agreement {
        let names = ["a", "b", "c"];
        let witnesses: Vec<Witness<'_>> = names
            .into_iter()
            .zip(runs)
            .map(|(name, &run)| Witness {
                name,
                is_ulm: name == "b",
                run,
            })
            .collect();
        judge(&witnesses, input, Vec::new())
    }

    fn judge_runs(runs: &[&Run]) -> Agreement {
        judge_input(runs, b"")
    }

    #[test]
    fn the_same_value_and_output_agree() {
        let agreement = judge_runs(&[&returned(5, "x"), &returned(5, "x")]);
        assert_eq!(agreement.verdict, Verdict::Agree);
        assert!(agreement.notes.is_empty());
    }

    #[test]
    fn another_value_is_a_difference() {
        let agreement = judge_runs(&[&returned(5, ""), &returned(5, ""), &returned(6, "")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
        assert_eq!(agreement.notes, ["`a` gives 5, but `c` gives 6"]);
    }

    #[test]
    fn another_byte_of_output_is_a_difference() {
        let agreement = judge_runs(&[&returned(5, "ok"), &returned(5, "oh")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
        let expected = "the outputs differ at byte 1: there `a` writes 107 (`k`), but `b` writes \
                        104 (`h`)";
        assert_eq!(agreement.notes, [expected]);
    }

    #[test]
    fn more_output_is_a_difference() {
        let agreement = judge_runs(&[&returned(5, "o"), &returned(5, "o\n")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
        let expected =
            "the outputs differ at byte 1: there `a` has ended its output, but `b` writes 10";
        assert_eq!(agreement.notes, [expected]);
    }

    #[test]
    fn an_error_elsewhere_is_a_difference() {
        let zero = |line| error(Reason::DivisionByZero, line, "");
        let agreement = judge_runs(&[&zero(3), &zero(3)]);
        assert_eq!(agreement.verdict, Verdict::Agree);
        let agreement = judge_runs(&[&zero(3), &zero(4)]);
        let expected = "`a` ends with E0301, division by zero, in line 3, but `b` ends with \
                        E0301, division by zero, in line 4";
        assert_eq!(agreement.notes, [expected]);
        assert_eq!(agreement.verdict, Verdict::Differ);
    }

    #[test]
    fn a_stack_that_is_exhausted_on_one_side_is_no_difference() {
        let exhausted = error(Reason::StackExhausted, 2, "ab");
        let agreement = judge_runs(&[&exhausted, &returned(1, "abc")]);
        assert_eq!(agreement.verdict, Verdict::StackExhaustedOnOneSide);
        let expected = "the stack is exhausted in `a`, and only there";
        assert_eq!(agreement.notes, [expected]);
    }

    #[test]
    fn what_was_written_before_the_stack_was_exhausted_counts() {
        let exhausted = error(Reason::StackExhausted, 2, "ax");
        let agreement = judge_runs(&[&exhausted, &returned(1, "abc")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
    }

    #[test]
    fn a_stack_may_be_exhausted_at_different_depths() {
        let first = error(Reason::StackExhausted, 2, "ab");
        let second = error(Reason::StackExhausted, 3, "abc");
        let agreement = judge_runs(&[&first, &second]);
        assert_eq!(agreement.verdict, Verdict::Agree);
        assert_eq!(agreement.notes.len(), 1);
        assert!(judge_runs(&[&first, &first]).notes.is_empty());
    }

    #[test]
    fn a_limited_run_is_compared_as_far_as_it_got() {
        let limited = |output| run(Ending::Limit(Bound::Instructions), output);
        let agreement = judge_runs(&[&limited("a"), &returned(1, "ab")]);
        assert_eq!(agreement.verdict, Verdict::Agree);
        let expected = "`a`: the limit of instructions is reached; it is compared as far as it got";
        assert_eq!(agreement.notes, [expected]);
        let agreement = judge_runs(&[&limited("b"), &returned(1, "ab")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
        let agreement = judge_runs(&[&limited("abc"), &returned(1, "ab")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
    }

    #[test]
    fn code_that_does_what_it_must_not_is_a_difference() {
        let fault = run(Ending::Fault("no".to_owned()), "");
        let agreement = judge_runs(&[&fault, &returned(1, "")]);
        assert_eq!(agreement.verdict, Verdict::Differ);
        assert_eq!(agreement.notes, ["`a` failed: no"]);
    }

    #[test]
    fn the_one_byte_that_the_ulm_reads_differently_is_no_fault() {
        let runs = [&returned(255, ""), &returned(-1, "")];
        let agreement = judge_input(&runs, b"\xff");
        assert_eq!(agreement.verdict, Verdict::AmbiguousByte);
        assert_eq!(agreement.notes.len(), 2);
        assert_eq!(judge_input(&runs, b"\xfe").verdict, Verdict::Differ);
    }

    #[test]
    fn a_byte_that_makes_no_difference_is_only_noted() {
        let agreement = judge_input(&[&returned(1, ""), &returned(1, "")], b"\xff");
        assert_eq!(agreement.verdict, Verdict::Agree);
        assert_eq!(agreement.notes.len(), 1);
    }

    #[test]
    fn columns_of_one_kind_agree_about_every_byte() {
        let runs = [&returned(255, ""), &returned(-1, ""), &returned(3, "")];
        assert_eq!(judge_input(&runs, b"\xff").verdict, Verdict::Differ);
    }
}
