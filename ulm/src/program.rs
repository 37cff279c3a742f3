//! Loading: from a file's name to an image, and what can go wrong on the way.

use std::path::{Path, PathBuf};

use diagnostics::{FileId, Sources};
use terminal::{Failure, ReadError, status};
use ulm_isa::Isa;
use ulmas::image::Image;

use crate::report::Outcome;

/// A program that can be run.
#[derive(Debug)]
pub struct Program {
    /// What is loaded.
    pub image: Image,
    /// The text that it was assembled from; empty if it was an image before.
    pub sources: Sources,
    /// The text among them.
    pub source: Option<FileId>,
}

/// Why something can't be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The text of a program or of a machine.
    Source(terminal::LoadError),
    /// An image: damaged, or not one at all.
    Image(terminal::LoadError),
}

impl LoadError {
    /// The exit status that stands for it.
    pub fn status(&self) -> u8 {
        match self {
            Self::Source(_) => status::FAILED,
            Self::Image(_) => status::NOT_LOADED,
        }
    }

    /// What a report calls it.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Source(_) => Outcome::Source,
            Self::Image(_) => Outcome::Image,
        }
    }

    /// Tells the user.
    pub fn say(&self) {
        let (Self::Source(error) | Self::Image(error)) = self;
        error.say();
        if let terminal::LoadError::Unreadable(ReadError { path, .. }) = error
            && let Some(near) = program_beside(path)
        {
            terminal::say_help(&format!("there is `{}`", near.display()));
        }
    }
}

impl From<LoadError> for Failure {
    /// Tells the user; what is left is the status.
    fn from(error: LoadError) -> Self {
        error.say();
        Self(error.status())
    }
}

/// A file that was probably meant where `path` doesn't exist.
fn program_beside(path: &Path) -> Option<PathBuf> {
    if path.exists() {
        return None;
    }
    let source = path.with_extension("s");
    let bare = path.with_extension("");
    [source, bare]
        .into_iter()
        .find(|other| other != path && other.is_file())
}

/// Reads a machine's description; the built-in machine where there is no file.
pub(crate) fn load_isa(path: Option<&Path>) -> Result<Option<Isa>, LoadError> {
    path.map(terminal::load_isa)
        .transpose()
        .map_err(LoadError::Source)
}

/// Reads an image, or assembles a `.s` file.
///
/// # Errors
///
/// What can't be read, is no image, or has errors.
pub fn load(isa: &Isa, path: &Path) -> Result<Program, LoadError> {
    let is_source =
        terminal::is_stdin(path) || path.extension().is_some_and(|extension| extension == "s");
    if is_source {
        assemble(isa, path).map_err(LoadError::Source)
    } else {
        load_image(path).map(|image| Program {
            image,
            sources: Sources::new(),
            source: None,
        })
    }
}

/// Reads an image.
pub(crate) fn load_image(path: &Path) -> Result<Image, LoadError> {
    let bytes = terminal::read(path).map_err(|error| LoadError::Image(error.into()))?;
    Image::parse(&bytes).map_err(|error| {
        let mut sources = Sources::new();
        let file = sources.add(terminal::display_name(path), printable(&bytes));
        LoadError::Image(terminal::LoadError::Wrong(diagnostics::render(
            &error.to_diagnostic(file),
            &sources,
            terminal::appearance(),
        )))
    })
}

/// The text of a file for messages about it; empty if it is not one that people read.
fn printable(bytes: &[u8]) -> &str {
    let is_text = |text: &&str| {
        text.chars()
            .all(|c| !c.is_control() || c.is_ascii_whitespace())
    };
    str::from_utf8(bytes).ok().filter(is_text).unwrap_or("")
}

fn assemble(isa: &Isa, path: &Path) -> Result<Program, terminal::LoadError> {
    let mut sources = Sources::new();
    let file = terminal::read_source(&mut sources, path)?;
    let assembly = ulmas::assemble(isa, &sources, &[file]);
    match assembly.image {
        Some(image) => Ok(Program {
            image,
            sources,
            source: Some(file),
        }),
        None => Err(terminal::LoadError::Wrong(terminal::render_all(
            &assembly.diagnostics,
            &sources,
        ))),
    }
}
