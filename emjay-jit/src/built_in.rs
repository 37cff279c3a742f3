//! The functions that are there without being declared.

use codegen::ir::Import;

/// A function that is there without being declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// How many parameters it has.
    pub parameters: u32,
}

/// `putc(x)` writes the low byte and gives x.
pub const PUTC: usize = 0;
/// `getc()` gives the next byte of the input, −1 at its end.
pub const GETC: usize = 1;

/// The `getc()` past the end of the input that ends the program: it would go on for ever.
pub const READS_PAST_END: u32 = 65_536;

/// All of them; the numbers are those of the module's imports.
pub const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn {
        name: "putc",
        parameters: 1,
    },
    BuiltIn {
        name: "getc",
        parameters: 0,
    },
];

/// The imports of every module.
pub(crate) fn imports() -> Vec<Import> {
    let import = |built_in: &BuiltIn| Import {
        name: built_in.name.into(),
        parameters: built_in.parameters,
    };
    BUILT_IN.iter().map(import).collect()
}
