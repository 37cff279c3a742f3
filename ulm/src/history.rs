//! How control got where it is: the last jumps and the calls that have not returned.

use std::fmt::Write as _;

use ulm_machine::{Jump, JumpKind};

use crate::number::grouped;
use crate::places::Places;

/// How many different jumps are shown.
const SHOWN_JUMPS: usize = 6;
/// How many calls are shown.
const SHOWN_CALLS: usize = 6;

/// A jump, and how often it is among the last ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Repeated {
    jump: Jump,
    times: u64,
}

impl Repeated {
    /// `(x7)`, or nothing for once.
    fn times(self) -> String {
        match self.times {
            1 => String::new(),
            n => format!("  (x{})", grouped(n)),
        }
    }
}

/// The different jumps among `jumps`, those made last at the end.
fn distinct(jumps: &[Jump]) -> Vec<Repeated> {
    let mut found: Vec<Repeated> = Vec::new();
    for &jump in jumps.iter().rev() {
        match found.iter_mut().find(|known| known.jump == jump) {
            Some(known) => known.times += 1,
            None => found.push(Repeated { jump, times: 1 }),
        }
    }
    found.reverse();
    found
}

/// The calls among `jumps` that have not returned, the innermost first; equal ones in a row are
/// one.
///
/// Calls before the first of `jumps` are not known; returns from these are ignored.
fn open_calls(jumps: &[Jump]) -> Vec<Repeated> {
    let mut open = Vec::new();
    for &jump in jumps {
        match jump.kind {
            JumpKind::Call => open.push(jump),
            JumpKind::Return => _ = open.pop(),
            JumpKind::Jump => {}
        }
    }
    let mut calls: Vec<Repeated> = Vec::new();
    for jump in open.into_iter().rev() {
        match calls.last_mut() {
            Some(last) if last.jump == jump => last.times += 1,
            _ => calls.push(Repeated { jump, times: 1 }),
        }
    }
    calls
}

/// The notes about `jumps`, oldest first; none if there were none.
pub(crate) fn notes(jumps: &[Jump], places: &Places<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let distinct = distinct(jumps);
    if !distinct.is_empty() {
        let mut text = match jumps.len() {
            1 => "one jump was made:".to_owned(),
            n => format!("the last {n} jumps, the latest at the end:"),
        };
        let left_out = distinct.len().saturating_sub(SHOWN_JUMPS);
        if left_out > 0 {
            text += "\n  ...";
        }
        for repeated in &distinct[left_out..] {
            let Jump { from, to, kind } = repeated.jump;
            let kind = match kind {
                JumpKind::Call => "  call",
                JumpKind::Return => "  return",
                JumpKind::Jump => "",
            };
            let (from, to) = (places.describe(from), places.describe(to));
            _ = write!(text, "\n  {from} -> {to}{kind}{}", repeated.times());
        }
        notes.push(text);
    }
    let calls = open_calls(jumps);
    if !calls.is_empty() {
        let mut text = "the calls that led here, the innermost first:".to_owned();
        for call in calls.iter().take(SHOWN_CALLS) {
            let to = places.describe(call.jump.to);
            let from = places.describe_with_line(call.jump.from);
            _ = write!(text, "\n  {to}, called at {from}{}", call.times());
        }
        if calls.len() > SHOWN_CALLS {
            let more = (calls.len() - SHOWN_CALLS) as u64;
            _ = write!(text, "\n  and at least {} more", grouped(more));
        }
        notes.push(text);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jump(from: u64, to: u64) -> Jump {
        Jump {
            from,
            to,
            kind: JumpKind::Jump,
        }
    }

    fn call(from: u64, to: u64) -> Jump {
        Jump {
            from,
            to,
            kind: JumpKind::Call,
        }
    }

    fn back(from: u64, to: u64) -> Jump {
        Jump {
            from,
            to,
            kind: JumpKind::Return,
        }
    }

    #[test]
    fn repeated_jumps_are_counted_where_they_were_made_last() {
        let jumps = [jump(8, 0), jump(4, 20), jump(8, 0), jump(8, 0)];
        assert_eq!(
            distinct(&jumps),
            [
                Repeated {
                    jump: jump(4, 20),
                    times: 1
                },
                Repeated {
                    jump: jump(8, 0),
                    times: 3
                },
            ]
        );
    }

    #[test]
    fn a_call_is_open_until_its_return() {
        let jumps = [call(0, 40), call(44, 80), back(84, 48), call(52, 80)];
        assert_eq!(
            open_calls(&jumps),
            [
                Repeated {
                    jump: call(52, 80),
                    times: 1
                },
                Repeated {
                    jump: call(0, 40),
                    times: 1
                }
            ]
        );
    }

    #[test]
    fn a_return_to_an_unknown_call_closes_nothing() {
        assert_eq!(
            open_calls(&[back(84, 48), call(0, 40)]),
            [Repeated {
                jump: call(0, 40),
                times: 1
            }]
        );
    }

    #[test]
    fn equal_calls_in_a_row_are_one() {
        assert_eq!(
            open_calls(&[call(8, 0), call(8, 0), call(8, 0)]),
            [Repeated {
                jump: call(8, 0),
                times: 3
            }]
        );
    }
}
