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
    /// Where the bytes of the file were not UTF-8.
    pub not_utf8: Option<NotUtf8>,
}

/// Bytes that are not UTF-8; each such place shows as U+FFFD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUtf8 {
    /// The byte offset in the text of the first such place.
    pub first: usize,
    /// How many there are.
    pub places: usize,
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
        self.push(Source {
            name: name.into(),
            text: text.into(),
            not_utf8: None,
        })
    }

    /// Adds the bytes of a file, which should be UTF-8; where they are not, see
    /// [`Source::not_utf8`].
    pub fn add_bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> FileId {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return self.add(name, text),
            Err(error) => error.into_bytes(),
        };
        let mut text = String::with_capacity(bytes.len());
        let mut places = 0;
        let mut first = 0;
        for chunk in bytes.utf8_chunks() {
            text += chunk.valid();
            if !chunk.invalid().is_empty() {
                if places == 0 {
                    first = text.len();
                }
                places += 1;
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.push(Source {
            name: name.into(),
            text,
            not_utf8: Some(NotUtf8 { first, places }),
        })
    }

    fn push(&mut self, source: Source) -> FileId {
        self.files.push(source);
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
