//! The same program on several machines and under several conventions: run, checked against each
//! other, and its calls taken apart.
//!
//! [`Report`] holds everything that there is to show; [`text`](self::text), [`markdown`] and
//! [`html`] show it. As JSON it is written as it stands.

mod column;
mod groups;
pub mod html;
pub mod json;
pub mod markdown;
mod phrases;
mod report;
mod tables;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;

pub use column::{Column as ColumnName, UnknownColumn};
pub use report::{
    Agreement, Cell, Column, Count, IrFunction, IrLine, Ledger, Line, Listing, Mechanism, Outcome,
    Part, Report, Site, Step, Totals, Verdict, Walk, Write,
};
