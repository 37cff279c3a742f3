//! Jumps inside a function: 2 bytes if the distance fits in 8 bits, else 5 or 6.
//!
//! At first all are long. Making one short moves what is behind it nearer to what is before it, and
//! so other jumps can only become shorter: it is right to stop at any time, and a few rounds find
//! nearly all.

use crate::machine::Relocation;
use crate::x86_64::instruction::{Cond, Label};

/// `jmp` with 32 bits, all 0.
pub(super) const LONG_JMP: [u8; 5] = [0xe9, 0, 0, 0, 0];
/// Room for `jcc` with 32 bits.
pub(super) const LONG_JCC: [u8; 6] = [0x0f, 0x80, 0, 0, 0, 0];

/// The length of a short jump of either kind.
const SHORT: u32 = 2;

/// How often the distances are looked at. Each round costs as much as there are jumps.
const ROUNDS: u32 = 4;

/// A jump to a label.
pub(super) struct Jump {
    /// Which instruction it is.
    instruction: u32,
    /// Where it stands while all jumps are long.
    start: u32,
    /// None for `jmp`.
    cond: Option<Cond>,
    /// Where to.
    label: Label,
    /// Whether 8 bits are enough.
    short: bool,
    /// By how many bytes the jumps before it have become shorter.
    saved_before: u32,
}

impl Jump {
    /// `jmp`
    pub(super) fn always(instruction: usize, start: usize, label: Label) -> Self {
        Self {
            instruction: instruction as u32,
            start: start as u32,
            cond: None,
            label,
            short: false,
            saved_before: 0,
        }
    }

    /// `jcc`
    pub(super) fn conditional(instruction: usize, start: usize, cond: Cond, label: Label) -> Self {
        Self {
            cond: Some(cond),
            ..Self::always(instruction, start, label)
        }
    }

    fn long_length(&self) -> u32 {
        match self.cond {
            None => LONG_JMP.len() as u32,
            Some(_) => LONG_JCC.len() as u32,
        }
    }

    /// By how many bytes it has become shorter.
    fn saved(&self) -> u32 {
        if self.short {
            self.long_length() - SHORT
        } else {
            0
        }
    }

    /// Where it ends.
    fn end(&self) -> u32 {
        self.start - self.saved_before + self.long_length() - self.saved()
    }
}

/// Decides which jumps are short, and moves everything to where it belongs then. `offsets` has one
/// entry more than there are instructions.
pub(super) fn settle(
    jumps: &mut [Jump],
    labels: &[u32],
    bytes: &mut Vec<u8>,
    offsets: &mut [u32],
    relocations: &mut [Relocation],
) {
    if jumps.is_empty() {
        return;
    }
    let targets = targets(jumps, labels, offsets);
    for _ in 0..ROUNDS {
        if !shorten(jumps, &targets) {
            break;
        }
    }
    close_gaps(jumps, &targets, bytes);
    move_offsets(jumps, offsets);
    move_relocations(jumps, relocations);
}

/// Where a jump leads.
#[derive(Clone, Copy)]
struct JumpTarget {
    /// The offset while all jumps are long.
    offset: u32,
    /// How many jumps stand before it.
    jumps_before: u32,
}

fn targets(jumps: &[Jump], labels: &[u32], offsets: &[u32]) -> Vec<JumpTarget> {
    jumps
        .iter()
        .map(|jump| {
            let instruction = labels[jump.label.0 as usize];
            JumpTarget {
                offset: offsets[instruction as usize],
                jumps_before: jumps.partition_point(|jump| jump.instruction < instruction) as u32,
            }
        })
        .collect()
}

/// The distance from a jump's end to its target, as things stand.
fn distance(jumps: &[Jump], jump: &Jump, target: JumpTarget) -> i32 {
    let saved = match jumps.get(target.jumps_before as usize) {
        Some(next) => next.saved_before,
        None => jumps
            .last()
            .map_or(0, |last| last.saved_before + last.saved()),
    };
    (target.offset - saved) as i32 - jump.end() as i32
}

/// One round; whether a jump became shorter.
fn shorten(jumps: &mut [Jump], targets: &[JumpTarget]) -> bool {
    let mut changed = false;
    for i in 0..jumps.len() {
        let (jump, target) = (&jumps[i], targets[i]);
        let backward = target.jumps_before as usize <= i;
        // Shorter, it ends nearer to what is before it; what is behind it moves as it does.
        let gained = if backward {
            jump.long_length() - SHORT
        } else {
            0
        };
        if !jump.short && i8::try_from(distance(jumps, jump, target) + gained as i32).is_ok() {
            jumps[i].short = true;
            changed = true;
        }
    }
    let mut saved = 0;
    for jump in jumps {
        jump.saved_before = saved;
        saved += jump.saved();
    }
    changed
}

/// Writes the jumps, and moves what stands between them.
fn close_gaps(jumps: &[Jump], targets: &[JumpTarget], bytes: &mut Vec<u8>) {
    for (i, jump) in jumps.iter().enumerate() {
        let distance = distance(jumps, jump, targets[i]);
        let at = (jump.start - jump.saved_before) as usize;
        match (jump.short, jump.cond) {
            (true, cond) => {
                let opcode = cond.map_or(0xeb, |cond| 0x70 | cond as u8);
                bytes[at..at + 2].copy_from_slice(&[opcode, distance as u8]);
            }
            (false, None) => {
                bytes[at] = LONG_JMP[0];
                bytes[at + 1..at + 5].copy_from_slice(&distance.to_le_bytes());
            }
            (false, Some(cond)) => {
                bytes[at..at + 2].copy_from_slice(&[LONG_JCC[0], LONG_JCC[1] | cond as u8]);
                bytes[at + 2..at + 6].copy_from_slice(&distance.to_le_bytes());
            }
        }
        let from = (jump.start + jump.long_length()) as usize;
        let to = jumps
            .get(i + 1)
            .map_or(bytes.len(), |next| next.start as usize);
        bytes.copy_within(from..to, jump.end() as usize);
    }
    let saved = jumps
        .last()
        .map_or(0, |last| last.saved_before + last.saved());
    bytes.truncate(bytes.len() - saved as usize);
}

fn move_offsets(jumps: &[Jump], offsets: &mut [u32]) {
    for (i, jump) in jumps.iter().enumerate() {
        let saved = jump.saved_before + jump.saved();
        let behind = jump.instruction as usize + 1;
        let next = jumps
            .get(i + 1)
            .map_or(offsets.len(), |next| next.instruction as usize + 1);
        offsets[behind..next]
            .iter_mut()
            .for_each(|offset| *offset -= saved);
    }
}

fn move_relocations(jumps: &[Jump], relocations: &mut [Relocation]) {
    let mut saved = 0;
    let mut jumps = jumps.iter().peekable();
    for relocation in relocations {
        while let Some(jump) = jumps.next_if(|jump| jump.start < relocation.offset) {
            saved = jump.saved_before + jump.saved();
        }
        relocation.offset -= saved;
    }
}
