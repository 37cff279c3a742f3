//! emjay: a small language, and its way from text to behaviour.
//!
//! The way of a program: the lexer cuts the text into tokens, the parser makes a tree of them
//! ([`ast`]), the checker finds out what every name stands for, and the lowering makes functions of
//! the IR of it ([`codegen::ir`]), which the rest is left to. All errors come back as data; nothing
//! here reads a file or prints.
//!
//! ```
//! use diagnostics::Sources;
//!
//! let mut sources = Sources::new();
//! let file = sources.add("answer.emjay", "fn main() { return 6 * 7; }");
//! let program = emjay_jit::compile(&sources, file, emjay_jit::Options::default())?;
//! assert!(program.module.find("main").is_some());
//! # Ok::<(), Vec<diagnostics::Diagnostic>>(())
//! ```

#![forbid(unsafe_code)]

pub mod ast;
pub mod backend;
mod built_in;
mod check;
pub mod compare;
mod compile;
mod error;
mod explanations;
pub mod highlight;
mod lexer;
mod lower;
mod names;
mod parallel;
mod parser;
pub mod random;
mod reason;
pub mod session;
mod span;
pub mod ulm;

pub use built_in::{BUILT_IN, BuiltIn, GETC, PUTC, READS_PAST_END};
pub use compile::{Checked, Program, check, compile, lower, parse};
pub use explanations::EXPLANATIONS;
pub use highlight::KEYWORDS;
pub use lower::Options;
pub use names::{Name, Names};
pub use parser::DEEPEST_NESTING;
pub use reason::Reason;
pub use span::Span;
