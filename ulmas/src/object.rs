//! Building the segments and the line table of an object.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::image::{Block, Record, Segment, SourceLine};
use crate::parser::File;
use crate::statement::Statement;

/// Longer runs of zeros are left out of the image's bytes.
const LISTED_ZEROS: u64 = 64 * 1024;
/// So are runs that are longer than this behind [`ALL_LISTED_ZEROS`] in the segment: a line of
/// source can't make more of the image than its like in bytes.
const ALWAYS_LISTED_ZEROS: u64 = 64;
const ALL_LISTED_ZEROS: u64 = 4 * 1024 * 1024;

/// A segment that grows.
pub(crate) struct SegmentBuilder {
    segment: Segment,
    listed_zeros: u64,
}

impl SegmentBuilder {
    /// An empty segment; about `lines` records will come.
    pub(crate) fn new(lines: usize, alignment: u64) -> Self {
        let segment = Segment {
            alignment,
            records: Vec::with_capacity(lines),
            comments: String::with_capacity(lines * 24),
            ..Segment::default()
        };
        Self {
            segment,
            listed_zeros: 0,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.segment.size
    }

    /// The bytes of a line of source.
    pub(crate) fn push(&mut self, bytes: &[u8], source: &str) {
        let start = self.segment.comments.len();
        push_folded(&mut self.segment.comments, source);
        self.push_bytes(bytes, start);
    }

    fn push_bytes(&mut self, bytes: &[u8], comment_start: usize) {
        if bytes.is_empty() {
            self.segment.comments.truncate(comment_start);
            return;
        }
        let comment = (
            comment_start as u64,
            (self.segment.comments.len() - comment_start) as u32,
        );
        let offset = self.segment.size;
        match self.segment.blocks.last_mut() {
            Some(block) if block.offset + block.bytes.len() as u64 == offset => {
                block.bytes.extend_from_slice(bytes);
            }
            _ => self.segment.blocks.push(Block {
                offset,
                bytes: bytes.to_vec(),
            }),
        }
        self.segment.size += bytes.len() as u64;
        self.segment.records.push(Record {
            offset,
            length: bytes.len() as u64,
            comment,
        });
    }

    /// Zeros of a line of source; a long run takes no memory.
    pub(crate) fn push_zeros(&mut self, count: u64, source: &str) {
        if self.lists_zeros(count) {
            self.push(&vec![0; count as usize], source);
        } else {
            self.segment.size += count;
        }
    }

    /// Zeros up to `offset`, for alignment.
    pub(crate) fn pad(&mut self, offset: u64) {
        let count = offset - self.segment.size;
        if self.lists_zeros(count) {
            let start = self.segment.comments.len();
            self.segment.comments.push_str(crate::image::PADDING);
            self.push_bytes(&vec![0; count as usize], start);
        } else {
            self.segment.size = offset;
        }
    }

    /// Whether a run of zeros comes to stand in the image; it counts then.
    fn lists_zeros(&mut self, count: u64) -> bool {
        let listed = self.listed_zeros.saturating_add(count);
        if count > LISTED_ZEROS || count > ALWAYS_LISTED_ZEROS && listed > ALL_LISTED_ZEROS {
            return false;
        }
        self.listed_zeros = listed;
        true
    }

    /// The segment, padded to its full size.
    pub(crate) fn finish(mut self, size: u64) -> Segment {
        if size > self.segment.size {
            self.pad(size);
        }
        self.segment
    }
}

/// What a byte of source is to the folding of blanks and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    /// It stays.
    Plain,
    /// A blank, or what may begin a comment.
    Gap,
    /// It begins and ends a literal.
    Quote,
}

const FOLDS: [Fold; 256] = {
    let mut folds = [Fold::Plain; 256];
    let gaps = b" \t\r\n\x0b\x0c#/";
    let mut i = 0;
    while i < gaps.len() {
        folds[gaps[i] as usize] = Fold::Gap;
        i += 1;
    }
    folds[b'"' as usize] = Fold::Quote;
    folds[b'\'' as usize] = Fold::Quote;
    folds
};

/// Source text on one line, without comments and with single spaces.
fn push_folded(into: &mut String, source: &str) {
    let bytes = source.as_bytes();
    let mut from = 0;
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        match FOLDS[usize::from(byte)] {
            Fold::Plain => i += 1,
            Fold::Quote => i = behind_literal(bytes, i),
            // A single space, and a slash that divides, stay.
            Fold::Gap if is_single(bytes, i) => i += 1,
            Fold::Gap => {
                into.push_str(&source[from..i]);
                i = skip_blank(source, i);
                if i < bytes.len() && !into.ends_with(' ') {
                    into.push(' ');
                }
                from = i;
            }
        }
    }
    into.push_str(&source[from.min(bytes.len())..]);
}

/// Whether nothing is to be left out at `i`: a space before something else, or a slash that begins
/// no comment.
fn is_single(bytes: &[u8], i: usize) -> bool {
    match bytes[i] {
        b' ' => (bytes.get(i + 1)).is_some_and(|next| FOLDS[usize::from(*next)] != Fold::Gap),
        b'/' => !matches!(bytes.get(i + 1), Some(b'/' | b'*')),
        _ => false,
    }
}

/// Behind the literal that begins at `i`. One in error may have no end.
fn behind_literal(bytes: &[u8], mut i: usize) -> usize {
    let quote = bytes[i];
    i += 1;
    while i < bytes.len() && bytes[i] != quote {
        i += 1 + usize::from(bytes[i] == b'\\');
    }
    // `'''` is the quote itself.
    let rest = bytes.get(i..).unwrap_or_default();
    i + 1 + usize::from(rest.starts_with(b"''") && quote == b'\'')
}

/// Behind blanks and comments.
fn skip_blank(source: &str, mut i: usize) -> usize {
    let bytes = source.as_bytes();
    loop {
        match bytes.get(i) {
            Some(b' ' | b'\t' | b'\r' | b'\n' | 11 | 12) => i += 1,
            Some(b'#') => i += line_length(&source[i..]),
            Some(b'/') if bytes.get(i + 1) == Some(&b'/') => i += line_length(&source[i..]),
            Some(b'/') if bytes.get(i + 1) == Some(&b'*') => {
                i += source[i + 2..]
                    .find("*/")
                    .map_or(source.len() - i, |at| at + 4);
            }
            _ => return i,
        }
    }
}

fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// The source lines of the instructions of a file.
pub(crate) struct LineTable<'f, 's> {
    file: &'f File<'s>,
    files: Vec<Arc<str>>,
    file_numbers: FxHashMap<Arc<str>, u32>,
    lines: Vec<SourceLine>,
    next_origin: usize,
    /// File and line that the last `#line` gave, if it gave any.
    origin: Option<(u32, u32)>,
}

impl<'f, 's> LineTable<'f, 's> {
    pub(crate) fn new(file: &'f File<'s>, name: &str) -> Self {
        let name = Arc::<str>::from(name);
        Self {
            file,
            file_numbers: FxHashMap::from_iter([(name.clone(), 0)]),
            files: vec![name],
            lines: Vec::with_capacity(file.statements.len()),
            next_origin: 0,
            origin: None,
        }
    }

    /// Notes the line of an instruction.
    pub(crate) fn note(&mut self, statement: &Statement) {
        let Statement {
            span, line, offset, ..
        } = *statement;
        while let Some(origin) = self.file.origins.get(self.next_origin)
            && origin.from <= span.start
        {
            let files = &mut self.files;
            let numbers = &mut self.file_numbers;
            self.origin = origin.place.as_ref().map(|(file, line)| {
                let entry = numbers.entry(file.clone());
                let number = *entry.or_insert_with_key(|name| {
                    files.push(name.clone());
                    files.len() as u32 - 1
                });
                (number, *line)
            });
            self.next_origin += 1;
        }
        let (file, line) = self.origin.unwrap_or((0, line));
        self.lines.push(SourceLine { offset, file, line });
    }

    pub(crate) fn finish(self) -> (Vec<Arc<str>>, Vec<SourceLine>) {
        (self.files, self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::push_folded;

    fn folded(source: &str) -> String {
        let mut into = String::new();
        push_folded(&mut into, source);
        into
    }

    #[test]
    fn blanks_and_comments_fold_to_a_space_outside_of_literals() {
        assert_eq!(folded("ldzwq   puts,           %CALL"), "ldzwq puts, %CALL");
        assert_eq!(folded("addq 1, /* one\n two */ %2 ,%3"), "addq 1, %2 ,%3");
        assert_eq!(
            folded(".string  \"a  # b \\\"  c\""),
            ".string \"a  # b \\\"  c\""
        );
        assert_eq!(folded("putc  ' '"), "putc ' '");
        assert_eq!(folded("putc '''"), "putc '''");
        assert_eq!(folded("putc  \"\\"), "putc \"\\");
        assert_eq!(folded("putc  '#'"), "putc '#'");
        assert_eq!(folded("addq 'a'+1, // x\n %2, %3"), "addq 'a'+1, %2, %3");
        assert_eq!(folded("addq  8/2, %2, %3"), "addq 8/2, %2, %3");
    }
}
