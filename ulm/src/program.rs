//! Loading: from a file's name to an image, and what can go wrong on the way.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use diagnostics::{FileId, Sources};
use ulm_isa::Isa;
use ulmas::image::Image;

use crate::message::{self, reason};
use crate::report::Outcome;
use crate::status;

/// The largest file that is read as a program or a description, in bytes.
const LARGEST_FILE: u64 = 1 << 30;

/// A program that can be run.
#[derive(Debug)]
pub(crate) struct Program {
    /// What is loaded.
    pub(crate) image: Image,
    /// The text that it was assembled from; empty if it was an image before.
    pub(crate) sources: Sources,
    /// The text among them.
    pub(crate) source: Option<FileId>,
}

/// Why something can't be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The text of a program or a machine has errors; rendered.
    #[error("{0}")]
    Source(String),
    /// An image is damaged, or not one at all; rendered.
    #[error("{0}")]
    Image(String),
    /// A text that can't be read.
    #[error("can't read `{}`: {}", .0.display(), reason(.1))]
    UnreadableSource(PathBuf, io::Error),
    /// An image that can't be read.
    #[error("can't read `{}`: {}", .0.display(), reason(.1))]
    UnreadableImage(PathBuf, io::Error),
}

impl LoadError {
    /// The exit status that stands for it.
    pub(crate) fn status(&self) -> u8 {
        match self.outcome() {
            Outcome::Image => status::IMAGE,
            _ => status::SOURCE,
        }
    }

    /// What a report calls it.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Source(_) | Self::UnreadableSource(..) => Outcome::Source,
            Self::Image(_) | Self::UnreadableImage(..) => Outcome::Image,
        }
    }

    /// Tells the user.
    pub(crate) fn say(&self) {
        match self {
            Self::Source(text) | Self::Image(text) => message::say(text),
            Self::UnreadableSource(path, _) | Self::UnreadableImage(path, _) => {
                message::say_error(&self.to_string());
                if let Some(near) = program_beside(path) {
                    message::say_help(&format!("there is `{}`", near.display()));
                }
            }
        }
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
    let Some(path) = path else {
        return Ok(None);
    };
    let bytes =
        read_file(path).map_err(|error| LoadError::UnreadableSource(path.to_owned(), error))?;
    let mut sources = Sources::new();
    let file = sources.add_bytes(path.display().to_string(), bytes);
    Isa::parse(&sources.get(file).text)
        .map(Some)
        .map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(|e| e.to_diagnostic(file)).collect();
            LoadError::Source(render_all(&errors, &sources))
        })
}

/// Reads an image, or assembles a `.s` file.
pub(crate) fn load(isa: &Isa, path: &Path) -> Result<Program, LoadError> {
    if path.as_os_str() == "-" {
        let bytes = read_whole(io::stdin().lock())
            .map_err(|error| LoadError::UnreadableSource("<stdin>".into(), error))?;
        assemble(isa, "<stdin>", bytes)
    } else if path.extension().is_some_and(|extension| extension == "s") {
        let bytes =
            read_file(path).map_err(|error| LoadError::UnreadableSource(path.to_owned(), error))?;
        assemble(isa, &path.display().to_string(), bytes)
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
    let bytes =
        read_file(path).map_err(|error| LoadError::UnreadableImage(path.to_owned(), error))?;
    Image::parse(&bytes).map_err(|error| {
        let mut sources = Sources::new();
        let file = sources.add(path.display().to_string(), printable(&bytes));
        LoadError::Image(diagnostics::render(
            &error.to_diagnostic(file),
            &sources,
            message::appearance(),
        ))
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

fn assemble(isa: &Isa, name: &str, bytes: Vec<u8>) -> Result<Program, LoadError> {
    let mut sources = Sources::new();
    let file = sources.add_bytes(name, bytes);
    let assembly = ulmas::assemble(isa, &sources, &[file]);
    match assembly.image {
        Some(image) => Ok(Program {
            image,
            sources,
            source: Some(file),
        }),
        None => Err(LoadError::Source(render_all(
            &assembly.diagnostics,
            &sources,
        ))),
    }
}

fn render_all(errors: &[diagnostics::Diagnostic], sources: &Sources) -> String {
    diagnostics::render_all(errors, sources, message::appearance())
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_whole(File::open(path)?)
}

fn read_whole(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 1 GiB"));
    }
    Ok(bytes)
}
