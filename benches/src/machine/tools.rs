//! What has to be there before anything is measured: the tools of the ULM, built from this source, and
//! those of others, as far as they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::process;
use super::runner::{Engine, Runner};
use crate::programs::scratch;

/// Where the tools are, and which ones.
#[derive(Debug)]
pub struct Tools {
    /// The folder with `ulm`, `ulmas` and `emjay`.
    folder: PathBuf,
}

impl Tools {
    /// Builds them with optimisation, where Cargo puts what it builds.
    ///
    /// # Errors
    ///
    /// If Cargo can't be started, or fails.
    pub fn build() -> Result<Self, Error> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        process::run(
            Command::new("cargo")
                .args(["build", "--release", "--locked"])
                .args(["-p", "ulm", "-p", "ulmas", "-p", "emjay-jit"])
                .current_dir(&workspace),
        )?;
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| "target".into(), PathBuf::from);
        // A relative path is one from the workspace, where Cargo was started.
        Ok(Self::in_folder(workspace.join(target).join("release")))
    }

    /// Takes them as they are.
    pub const fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// `ulm` with an engine.
    pub fn ulm(&self, engine: Engine) -> Command {
        let mut command = Command::new(self.folder.join("ulm"));
        command.args(["--engine", engine.name()]);
        command
    }

    /// `ulmas`
    pub fn ulmas(&self) -> Command {
        Command::new(self.folder.join("ulmas"))
    }

    /// `emjay`
    pub fn emjay(&self) -> Command {
        Command::new(self.folder.join("emjay"))
    }

    /// Assembles a text of instructions.
    ///
    /// # Errors
    ///
    /// If it can't be written, or is wrong.
    pub fn assemble_text(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let source = scratch().join(format!("{name}.s"));
        std::fs::write(&source, text).map_err(Error::file(&source))?;
        self.assemble(name, &source)
    }

    /// Assembles a file and gives the path of the image.
    ///
    /// # Errors
    ///
    /// If it is wrong.
    pub fn assemble(&self, name: &str, source: &Path) -> Result<PathBuf, Error> {
        let image = scratch().join(format!("{name}.ulm"));
        process::run(self.ulmas().arg("-o").arg(&image).arg(source))?;
        Ok(image)
    }

    /// Why somebody can't run programs here, if that is so.
    pub fn why_not(&self, runner: Runner) -> Option<String> {
        let attempt = match runner {
            Runner::Engine(engine) => self.try_engine(engine),
            Runner::Qemu => process::run(Command::new("qemu-riscv64").arg("--version"))
                .and_then(|()| process::run(Command::new(RISCV_GCC).arg("--version"))),
            Runner::GccO1 | Runner::GccO2 => process::run(Command::new("gcc").arg("--version")),
        };
        let reason = attempt.err()?.to_string();
        // A message may go on with advice for who typed the command.
        let first: Vec<_> = reason.lines().take(2).collect();
        Some(first.join(": "))
    }

    fn try_engine(&self, engine: Engine) -> Result<(), Error> {
        let image = self.halt()?;
        process::run(self.ulm(engine).arg(image))
    }

    /// The image of the shortest program.
    ///
    /// # Errors
    ///
    /// If it can't be assembled.
    pub fn halt(&self) -> Result<PathBuf, Error> {
        self.assemble_text("halt", "        halt    0\n")
    }
}

/// The compiler for RISC-V.
pub const RISCV_GCC: &str = "riscv64-linux-gnu-gcc";
