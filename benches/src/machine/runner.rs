//! Who runs a program: an engine of the ULM, qemu-riscv64, or the processor itself.

use clap::ValueEnum;
use clap::builder::PossibleValue;

/// An engine of `ulm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The definition, evaluated literally.
    Reference,
    /// Decoded instructions.
    Fast,
    /// Translation to the instructions of the host.
    Jit,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reference, Self::Fast, Self::Jit];

    /// What `--engine` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Fast => "fast",
            Self::Jit => "jit",
        }
    }
}

/// Who runs a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// `ulm`
    Engine(Engine),
    /// `qemu-riscv64`, with what `gcc -O2` makes for RISC-V.
    Qemu,
    /// What `gcc -O1` makes for this machine.
    GccO1,
    /// What `gcc -O2` makes for this machine.
    GccO2,
}

impl Runner {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Engine(Engine::Reference),
        Self::Engine(Engine::Fast),
        Self::Engine(Engine::Jit),
        Self::Qemu,
        Self::GccO1,
        Self::GccO2,
    ];

    /// As in the titles of tables.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Engine(engine) => engine.name(),
            Self::Qemu => "qemu-riscv64",
            Self::GccO1 => "gcc -O1",
            Self::GccO2 => "gcc -O2",
        }
    }
}

/// As on the command line.
impl ValueEnum for Runner {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Engine(engine) => engine.name(),
            Self::Qemu => "qemu",
            Self::GccO1 => "gcc-o1",
            Self::GccO2 => "gcc-o2",
        }))
    }
}
