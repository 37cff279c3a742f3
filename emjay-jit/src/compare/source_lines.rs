//! From places to lines of the source.

use codegen::ir::Function;
use codegen::{Place, PlaceId};

/// So many inlined calls at one place are followed.
const DEEPEST_INLINING: usize = 64;

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct SourceLines {
    /// The offset of the first byte of each line.
    starts: Vec<u32>,
}

impl SourceLines {
    /// The lines of a text, which has less than 2^32 bytes.
    pub(super) fn of(text: &str) -> Self {
        let newlines = text.bytes().zip(1..).filter(|&(byte, _)| byte == b'\n');
        Self {
            starts: std::iter::once(0)
                .chain(newlines.map(|(_, next)| next))
                .collect(),
        }
    }

    /// The line, from 1, that a place begins in. Where a call was inlined that is a line of the
    /// function that was called.
    pub(super) fn of_place(&self, function: &Function, place: PlaceId) -> Option<u32> {
        let mut place = place;
        for _ in 0..DEEPEST_INLINING {
            match *function.places.get(place.0 as usize)? {
                Place::Source { start, .. } => return Some(self.of_offset(start)),
                Place::Inlined {
                    place: PlaceId(0),
                    call,
                    ..
                } => place = call,
                Place::Inlined { place: inner, .. } => place = inner,
                Place::Unknown | Place::Address(_) => return None,
            }
        }
        None
    }

    /// The line, from 1, that a function is declared in.
    pub(super) fn of_function(&self, function: &Function) -> Option<u32> {
        self.of_place(function, function.place)
    }

    fn of_offset(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(place: impl FnOnce(&mut Function) -> PlaceId) -> Option<u32> {
        let mut function = Function::new("f", 0);
        let place = place(&mut function);
        SourceLines::of("a\nbc\n\nd").of_place(&function, place)
    }

    fn source(start: u32) -> Place {
        Place::Source {
            start,
            end: start + 1,
        }
    }

    #[test]
    fn an_offset_has_the_line_that_it_stands_in() {
        for (offset, expected) in [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (6, 4), (7, 4)] {
            assert_eq!(line(|f| f.make_place(source(offset))), Some(expected));
        }
    }

    #[test]
    fn an_inlined_place_has_the_line_of_its_text() {
        let inlined = line(|f| {
            let call = f.make_place(source(6));
            let place = f.make_place(source(2));
            f.make_place(Place::Inlined {
                place,
                callee: 1,
                call,
            })
        });
        assert_eq!(inlined, Some(2));
    }

    #[test]
    fn an_unknown_place_has_no_line() {
        assert_eq!(line(|_| PlaceId(0)), None);
        assert_eq!(line(|_| PlaceId(99)), None);
    }
}
