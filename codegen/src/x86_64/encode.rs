//! Instructions as bytes.
//!
//! Facts: Intel's manual, volume 2, chapter 2 (prefixes, `ModRM`, SIB) and the pages of the
//! instructions. Of several encodings of one instruction the shortest is taken, and where two are as
//! short the one that GNU as takes.
//!
//! Jumps are encoded with 32 bits first; those that turn out to be short are cut down afterwards
//! (see [`jumps`]).

mod forms;
mod jumps;

pub use forms::{Encoded, encode_instruction};

use super::instruction::Instruction;
use crate::machine::{
    Assembly, CallSite, CodeUnit, ExitSite, Register, Relocation, RelocationKind, Symbol,
};

/// The number of a register of the machine, as it is encoded.
///
/// # Panics
///
/// If the register is virtual: allocation leaves none.
fn number(register: Register) -> u8 {
    register.number().expect("all registers are allocated") & 15
}

/// A finished function as bytes. Instructions that only exist before `finish` become `ud2`.
pub fn encode(assembly: &Assembly<Instruction>) -> CodeUnit {
    let count = assembly.instructions.len();
    let mut bytes = Vec::with_capacity(count * 5 + 16);
    let mut offsets = Vec::with_capacity(count + 1);
    let mut relocations = Vec::new();
    let mut found = Vec::new();
    for (position, instruction) in assembly.instructions.iter().enumerate() {
        let start = bytes.len();
        offsets.push(start as u32);
        match *instruction {
            Instruction::Jmp { label } => {
                found.push(jumps::Jump::always(position, start, label));
                bytes.extend_from_slice(&jumps::LONG_JMP);
            }
            Instruction::Jcc { cond, label } => {
                found.push(jumps::Jump::conditional(position, start, cond, label));
                bytes.extend_from_slice(&jumps::LONG_JCC);
            }
            _ => {
                let encoded = encode_instruction(instruction);
                // A copy of fixed length costs less than one of the right length.
                bytes.extend_from_slice(&encoded.bytes);
                bytes.truncate(start + encoded.length);
                if let Some(symbol) = encoded.symbol {
                    relocations.push(relative_at_end(bytes.len(), symbol));
                }
            }
        }
    }
    // Where a label at the very end would be.
    offsets.push(bytes.len() as u32);
    jumps::settle(
        &mut found,
        &assembly.labels,
        &mut bytes,
        &mut offsets,
        &mut relocations,
    );
    let unit = CodeUnit {
        id: assembly.id,
        relocations,
        frame: assembly.frame,
        slots_at: assembly.slots_at,
        exits: exits_in_bytes(&assembly.exits, &offsets),
        calls: calls_in_bytes(&assembly.calls, &offsets),
        checks_stack: assembly.checks_stack,
        bytes,
        offsets,
    };
    without_end(unit)
}

/// A relocation of the four bytes before `end`, relative to it.
fn relative_at_end(end: usize, symbol: Symbol) -> Relocation {
    Relocation {
        offset: end as u32 - 4,
        kind: RelocationKind::X86Relative,
        symbol,
    }
}

/// A site is known by the address behind its first instruction.
fn exits_in_bytes(exits: &[ExitSite], offsets: &[u32]) -> Vec<ExitSite> {
    exits
        .iter()
        .map(|exit| ExitSite {
            at: offsets[exit.at as usize + 1],
            ..exit.clone()
        })
        .collect()
}

fn calls_in_bytes(calls: &[CallSite], offsets: &[u32]) -> Vec<CallSite> {
    calls
        .iter()
        .map(|call| CallSite {
            returns_to: offsets[call.returns_to as usize],
            ..*call
        })
        .collect()
}

/// The unit has one offset for each instruction, and none for the end.
fn without_end(mut unit: CodeUnit) -> CodeUnit {
    unit.offsets.pop();
    unit
}
