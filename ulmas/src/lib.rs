//! The ULM assembler: source text to objects to images.
//!
//! The way of a program: the lexer cuts text into tokens, the parser makes statements of them and
//! gives each its place in a segment, the encoder finds the form of each instruction among those
//! that the machine's description has and fills its fields, and [`image::link`] joins the objects
//! and puts in the addresses. All errors come back as data ([`Assembly::diagnostics`]); nothing
//! here reads a file or prints.
//!
//! ```
//! use diagnostics::Sources;
//!
//! let mut sources = Sources::new();
//! let file = sources.add("answer.s", "        halt 42\n");
//! let assembly = ulmas::assemble(ulm_isa::Isa::ulm(), &sources, &[file]);
//! let image = assembly.image.expect("there is no error");
//! assert!(image.write().starts_with("#TEXT 4\n0x0000000000000000: 09 2A 00 00 #     halt 42\n"));
//! ```

#![forbid(unsafe_code)]

mod advice;
mod assemble;
mod disassemble;
mod encode;
mod error;
mod explanations;
mod expression;
mod forms;
mod globals;
pub mod image;
mod lexer;
mod listing;
mod object;
mod operands;
mod parser;
mod statement;
mod symbols;
mod warnings;

pub use assemble::{Assembly, assemble};
pub use disassemble::disassemble;
pub use explanations::EXPLANATIONS;
pub use listing::listing;
