//! What the machine is: its instruction formats, opcodes, assembly forms and effects, as data.
//!
//! A machine is described in a text file, the ISA description language; [`Isa::parse`] reads it,
//! and [`Isa::ulm`] is the built-in Ulm Lecture Machine, written in the same language. Assembler,
//! disassembler, engines, manual and editor files all derive from an [`Isa`]: nothing else in the
//! project knows an opcode.
//!
//! The way of a description: [`Isa::parse`] → formats, instructions, forms ([`isa`]) and typed
//! effects ([`effect`]). The way of a word: [`Isa::decode`] → fields ([`word`]) →
//! [`Isa::disassemble`] for people, [`micro::lower`] for engines, [`flow`] for whoever asks where
//! control goes next.

#![forbid(unsafe_code)]

mod disassemble;
pub mod effect;
mod error;
pub mod explanations;
pub mod flow;
mod grammar;
pub mod isa;
mod manual;
pub mod micro;
pub mod notation;
mod parse;
pub mod word;

pub use error::{IsaError, IsaErrorKind};
pub use explanations::EXPLANATIONS;
pub use isa::{
    Field, FieldIndex, FieldKind, Form, FormRef, Format, Instruction, InstructionId, Isa, Piece,
};
pub use word::{Decoded, FieldError};
