//! The columns of a comparison, by name.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::ulm::Convention;

/// What a program is compiled to, for a column of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// AArch64, the optimised generator, direct calls.
    Aarch64,
    /// AArch64, the baseline generator, whose calls go through the trampoline.
    Aarch64Baseline,
    /// AArch64, the optimised generator, calls through the trampoline.
    Aarch64Trampoline,
    /// x86-64, the optimised generator.
    X86_64,
    /// The ULM, under a convention.
    Ulm(Convention),
}

impl Column {
    /// All columns, in the order in which they are listed to users.
    pub const ALL: [Self; 8] = [
        Self::Aarch64,
        Self::Aarch64Baseline,
        Self::Aarch64Trampoline,
        Self::X86_64,
        Self::Ulm(Convention::Auto),
        Self::Ulm(Convention::Leaf),
        Self::Ulm(Convention::Stack),
        Self::Ulm(Convention::Inline),
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64",
            Self::Aarch64Baseline => "aarch64:baseline",
            Self::Aarch64Trampoline => "aarch64:trampoline",
            Self::X86_64 => "x86-64",
            Self::Ulm(Convention::Auto) => "ulm",
            Self::Ulm(Convention::Leaf) => "ulm:leaf",
            Self::Ulm(Convention::Stack) => "ulm:stack",
            Self::Ulm(Convention::Inline) => "ulm:inline",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Aarch64 => "AArch64",
            Self::Aarch64Baseline => "AArch64, baseline",
            Self::Aarch64Trampoline => "AArch64, calls through the trampoline",
            Self::X86_64 => "x86-64",
            Self::Ulm(Convention::Auto) => "ULM",
            Self::Ulm(Convention::Leaf) => "ULM, leaf convention",
            Self::Ulm(Convention::Stack) => "ULM, stack convention",
            Self::Ulm(Convention::Inline) => "ULM, all calls inlined",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no column of that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no column `{0}`; columns are {all}", all = names())]
pub struct UnknownColumn(pub String);

fn names() -> String {
    Column::ALL.map(Column::name).join(", ")
}

impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(text: &str) -> Result<Self, UnknownColumn> {
        Self::ALL
            .into_iter()
            .find(|column| column.name() == text)
            .ok_or_else(|| UnknownColumn(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own() {
        for column in Column::ALL {
            assert_eq!(column.name().parse(), Ok(column));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_that_there_are() {
        let error = "riscv".parse::<Column>().expect_err("there is none");
        assert!(error.to_string().contains("aarch64:baseline"));
    }
}
