//! Files that the command line names, and what can go wrong with them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use diagnostics::{FileId, Sources};
use ulm_isa::Isa;

use crate::message::{reason, render_all, say, say_error};

/// The largest file that is read, in bytes: 1 GiB.
pub const LARGEST_FILE: u64 = 1 << 30;

/// A file that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read {}: {}", quoted(.path), reason(.error))]
pub struct ReadError {
    /// The file as the command line names it; `-` is the standard input.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// What it says is wrong; the rendered messages, each with a newline at its end.
    #[error("{0}")]
    Wrong(String),
}

impl LoadError {
    /// Tells the user.
    pub fn say(&self) {
        match self {
            Self::Unreadable(error) => say_error(&error.to_string()),
            Self::Wrong(messages) => say(messages),
        }
    }
}

/// Whether a path of the command line stands for the standard input.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What messages call a file: its path, or `<stdin>`.
pub fn display_name(path: &Path) -> String {
    if is_stdin(path) {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    }
}

fn quoted(path: &Path) -> String {
    if is_stdin(path) {
        "the standard input".to_owned()
    } else {
        format!("`{}`", path.display())
    }
}

/// Reads a file, or the standard input for `-`; at most [`LARGEST_FILE`] bytes.
///
/// # Errors
///
/// The host's error, or that it is too large.
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    let bytes = if is_stdin(path) {
        read_at_most(io::stdin().lock(), LARGEST_FILE)
    } else {
        File::open(path).and_then(|file| read_at_most(file, LARGEST_FILE))
    };
    bytes.map_err(|error| ReadError {
        path: path.to_owned(),
        error,
    })
}

/// Reads a file, or the standard input for `-`, and adds its text to `sources`.
///
/// # Errors
///
/// Like [`read`].
pub fn read_source(sources: &mut Sources, path: &Path) -> Result<FileId, ReadError> {
    read(path).map(|bytes| sources.add_bytes(display_name(path), bytes))
}

/// Reads the description of a machine.
///
/// # Errors
///
/// It can't be read, or has errors.
pub fn load_isa(path: &Path) -> Result<Isa, LoadError> {
    let mut sources = Sources::new();
    let file = read_source(&mut sources, path)?;
    Isa::parse(&sources.get(file).text).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(|e| e.to_diagnostic(file)).collect();
        LoadError::Wrong(render_all(&errors, &sources))
    })
}

fn read_at_most(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is larger than 1 GiB",
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        (folder, path)
    }

    #[test]
    fn what_is_larger_than_the_limit_is_not_read() {
        assert_eq!(read_at_most(&b"four"[..], 4).expect("it fits"), b"four");
        let error = read_at_most(io::repeat(0), 4).expect_err("it has no end");
        assert_eq!(reason(&error), "it is larger than 1 GiB");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let (folder, _) = file("other", "");
        let path = folder.path().join("missing.s");
        let error = read(&path).expect_err("there is no such file");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("can't read `{}`: ", path.display())),
            "{text}"
        );
        assert!(!text.contains("os error"), "{text}");
    }

    #[test]
    fn a_dash_is_called_the_standard_input() {
        assert_eq!(display_name(Path::new("-")), "<stdin>");
        assert_eq!(display_name(Path::new("./-")), "./-");
        let error = ReadError {
            path: "-".into(),
            error: io::Error::other("it is gone"),
        };
        assert_eq!(
            error.to_string(),
            "can't read the standard input: it is gone"
        );
    }

    #[test]
    fn a_description_is_read() {
        let (_folder, path) = file(
            "small.isa",
            "U (OP u 8) (n u 8)\n0x77 U\n: stop n\n    ulm_halt(n);\n",
        );
        let isa = load_isa(&path).expect("it has no error");
        assert_eq!(isa.mnemonics(), ["stop"]);
    }

    #[test]
    fn the_errors_of_a_description_are_rendered() {
        let (_folder, path) = file("wrong.isa", "0x01 NOWHERE\n: halt\n");
        match load_isa(&path) {
            Err(LoadError::Wrong(text)) => assert!(text.contains("wrong.isa:1:"), "{text}"),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            load_isa(Path::new("no/such/file")),
            Err(LoadError::Unreadable(_))
        ));
    }
}
