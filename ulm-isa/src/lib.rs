//! What the machine is: its instruction formats, opcodes, assembly forms and effects, as data.
//!
//! A machine is described in a text file, the ISA description language; [`Isa::parse`] reads it,
//! and [`Isa::ulm`] is the built-in Ulm Lecture Machine, written in the same language. Assembler,
//! disassembler, engines, manual and editor files all derive from an [`Isa`]: nothing else in the
//! project knows an opcode.
//!
//! ```
//! use ulm_isa::Isa;
//!
//! let isa = Isa::parse(
//!     "IMM (OP u 8) (imm u 8)\n\
//!      0x01 IMM\n\
//!      : halt imm\n\
//!      \u{20}   ulm_halt(imm);\n",
//! )
//! .unwrap();
//! assert_eq!(isa.disassemble(0x0107_0000).as_deref(), Some("halt 7"));
//! ```
//!
//! The way of a description: [`Isa::parse`] → formats, instructions, forms ([`isa`]) and typed
//! effects ([`effect`]). What is wrong with it is an [`IsaError`] for each cause, all of a text in
//! one run, with a page in [`explanations`] for each code. Reading takes time in proportion to the
//! text; whatever the text, it ends, and without a panic.
//!
//! The way of a word: [`Isa::decode`] → fields ([`word`]) → [`Isa::disassemble`] for people,
//! [`micro::lower`] for engines, [`flow`] for whoever asks where control goes next.
//! [`Isa::encode`] is the way back.
//!
//! What people read: [`Isa::show`] for a mnemonic, [`Isa::manual_markdown`] and
//! [`Isa::manual_html`] for the machine, with the effects as mathematics ([`notation`]);
//! [`Isa::vim_syntax`] and [`Isa::textmate_grammar`] teach editors its assembly language.

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

pub use disassemble::write_pieces;
pub use error::{IsaError, IsaErrorKind};
pub use explanations::EXPLANATIONS;
pub use isa::{
    Field, FieldIndex, FieldKind, Form, FormRef, Format, Instruction, InstructionId, Isa, Piece,
};
pub use word::{Decoded, FieldError};
