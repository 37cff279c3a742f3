//! The texts that messages point into.

use std::ops::Range;

/// A file among [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A byte range in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// Byte offsets into its text, `start <= end`.
    pub span: Range<usize>,
}

impl Location {
    /// The range `span` of `file`.
    pub fn new(file: FileId, span: Range<usize>) -> Self {
        Self { file, span }
    }
}

/// A named text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that messages show: a path, or `<stdin>`.
    pub name: String,
    /// The text. Where the bytes of a file were not UTF-8, the lossy conversion.
    pub text: String,
}

impl Source {
    /// The line (from 1) and column (from 1, in characters) of a byte offset.
    ///
    /// An offset past the end counts as the end.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        (line, before[start..].chars().count() + 1)
    }
}

/// The texts of one run.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and gives its name among the others.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push(Source {
            name: name.into(),
            text: text.into(),
        });
        FileId(self.files.len() as u32 - 1)
    }

    /// The text called `file`.
    ///
    /// # Panics
    ///
    /// When `file` does not come from [`Sources::add`] of these sources.
    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    /// `FILE:LINE:COLUMN` of the start of a range.
    pub fn describe(&self, location: &Location) -> String {
        let source = self.get(location.file);
        let (line, column) = source.line_column(location.span.start);
        format!("{}:{line}:{column}", source.name)
    }
}
