//! The same program on several machines and under several conventions: run, checked against each
//! other, and its calls taken apart.
//!
//! [`compare`] makes a [`Report`] of a program and a [`Request`]. It holds everything that there is to
//! show; [`text`], [`markdown`], [`html`] and [`json`] show it.

mod aarch64;
mod agreement;
mod code;
mod column;
mod console;
mod groups;
pub mod html;
mod ir;
pub mod json;
mod ledger;
pub mod markdown;
mod phrases;
mod report;
mod request;
mod run;
mod sites;
mod source_lines;
mod tables;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
mod ulm;
mod walk;
mod x86_64;

pub use column::{Column as ColumnName, UnknownColumn};
pub use report::{
    Agreement, Cell, Column, Count, End, IrFunction, IrLine, Ledger, Line, Listing, Mechanism,
    Outcome, Part, Report, Site, Step, Totals, Verdict, Walk, Write,
};
pub use request::{CompareError, Request, compare};
