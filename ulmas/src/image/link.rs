//! Joining objects.

use std::ops::RangeInclusive;
use std::sync::Arc;

use byteorder::{BigEndian, ByteOrder};
use rustc_hash::FxHashMap;

use super::{
    Block, Fixup, FixupKind, Image, Object, Record, Segment, SegmentKind, SymbolKind, Target,
    common_alignment, round_up,
};

/// Why objects can't be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct LinkError {
    /// Index of the object in which it shows.
    pub object: usize,
    /// Index of the fixup there, where it is one that fails.
    pub fixup: Option<usize>,
    /// What fails.
    pub kind: LinkErrorKind,
}

/// What fails when objects are joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkErrorKind {
    /// No object defines it.
    #[error("`{0}` is not defined")]
    Undefined(Arc<str>),
    /// Two objects define the same global symbol.
    #[error("`{name}` is defined in two files")]
    Duplicate {
        /// The symbol.
        name: Arc<str>,
        /// Index of the object that defined it first.
        first: usize,
    },
    /// The value doesn't fit.
    #[error("the value {value} does not fit, the range is {} … {}", .range.start(), .range.end())]
    OutOfRange {
        /// The value.
        value: i128,
        /// What fits.
        range: RangeInclusive<i128>,
    },
    /// A jump distance that is not a multiple of 4.
    #[error("the distance {0} is not a multiple of 4")]
    NotAMultipleOfFour(i128),
    /// The program is larger than the address space.
    #[error("the program is larger than the address space")]
    TooLarge,
}

/// What a global name stands for: a number, or a place in a joined segment.
#[derive(Clone, Copy)]
enum Global {
    Number(u64),
    Place(SegmentKind, u64),
}

/// Where the segments of each part begin in the joined ones, from their sizes and alignments; by
/// part, by segment.
pub(crate) fn starts(parts: impl Iterator<Item = [(u64, u64); 3]>) -> Vec<[u64; 3]> {
    let mut sizes = [0u64; 3];
    parts
        .map(|part| {
            std::array::from_fn(|segment| {
                let (size, alignment) = part[segment];
                let start = round_up(sizes[segment], alignment);
                sizes[segment] = start.wrapping_add(size);
                start
            })
        })
        .collect()
}

/// Joins objects in their order, resolves symbols between them and applies all fixups.
///
/// # Errors
///
/// All that is wrong, in the order of the objects.
pub fn link(objects: Vec<Object>) -> Result<Image, Vec<LinkError>> {
    let mut errors = Vec::new();
    let starts = starts(objects.iter().map(|object| {
        [
            (object.text.size, object.text.alignment),
            (object.data.size, object.data.alignment),
            (object.bss.size, object.bss.alignment),
        ]
    }));
    let largest = (0..objects.len()).max_by_key(|&i| {
        let object = &objects[i];
        object.text.size.max(object.data.size).max(object.bss.size)
    });
    let too_large = LinkError {
        object: largest.unwrap_or(0),
        fixup: None,
        kind: LinkErrorKind::TooLarge,
    };
    let mut first_symbols = Vec::with_capacity(objects.len());
    let mut joined = Object::default();
    let mut fixups: Vec<(usize, usize, Fixup)> = Vec::new();
    for (i, mut object) in objects.into_iter().enumerate() {
        let own = std::mem::take(&mut object.fixups);
        fixups.extend(own.into_iter().enumerate().map(|(j, fixup)| (i, j, fixup)));
        first_symbols.push(joined.symbols.len());
        if i == 0 {
            // It stays where it is.
            joined = object;
        } else if append(&mut joined, object, starts[i]).is_none() {
            return Err(vec![too_large]);
        }
    }
    let globals = globals(&joined, &first_symbols, &mut errors);
    let mut image = Image { object: joined };
    if !fits_address_space(&image) {
        return Err(vec![too_large]);
    }
    let bases = SegmentKind::ALL.map(|segment| image.base(segment));
    let mut kept = Vec::with_capacity(fixups.len());
    for (object, index, mut fixup) in fixups {
        fixup.offset += starts[object][fixup.segment as usize];
        let resolved = resolve(&mut fixup, object, &starts, &globals, bases)
            .and_then(|value| apply(&mut image.object, &fixup, value, bases));
        match resolved {
            Ok(()) if matches!(fixup.target, Target::Segment(_)) => kept.push(fixup),
            Ok(()) => {}
            Err(kind) => errors.push(LinkError {
                object,
                fixup: Some(index),
                kind,
            }),
        }
    }
    // Jumps inside the text hold wherever the program is loaded.
    kept.retain(|fixup| fixup.kind != FixupKind::Relative);
    image.object.fixups = kept;
    if errors.is_empty() {
        Ok(image)
    } else {
        Err(errors)
    }
}

/// Whether no segment goes past the end of the address space.
fn fits_address_space(image: &Image) -> bool {
    let mut end = 0u64;
    SegmentKind::ALL.into_iter().all(|segment| {
        let base = image.base(segment);
        let fits = base >= end;
        match base.checked_add(image.size(segment)) {
            Some(next) if fits => {
                end = next;
                true
            }
            _ => false,
        }
    })
}

/// Appends `object`, whose segments begin at `starts`; `None` if it does not fit.
fn append(joined: &mut Object, object: Object, starts: [u64; 3]) -> Option<()> {
    let [text, data, bss] = starts;
    append_segment(&mut joined.text, object.text, text)?;
    append_segment(&mut joined.data, object.data, data)?;
    let zeros = &mut joined.bss;
    zeros.size = end_of(zeros.size, bss, object.bss.size)?;
    zeros.alignment = common_alignment(zeros.alignment, object.bss.alignment);
    joined
        .symbols
        .extend(object.symbols.into_iter().map(|mut symbol| {
            if let SymbolKind::Address(segment) = symbol.kind {
                symbol.value = symbol.value.wrapping_add(starts[segment as usize]);
            }
            symbol
        }));
    let first_file = joined.files.len() as u32;
    joined.files.extend(object.files);
    joined
        .lines
        .extend(object.lines.into_iter().map(|mut line| {
            line.offset += text;
            line.file += first_file;
            line
        }));
    Some(())
}

/// The end of a part of `size` bytes that begins at `start`, behind `before`.
fn end_of(before: u64, start: u64, size: u64) -> Option<u64> {
    if start < before {
        return None;
    }
    start.checked_add(size)
}

fn append_segment(joined: &mut Segment, segment: Segment, start: u64) -> Option<()> {
    let end = end_of(joined.size, start, segment.size)?;
    if joined.size == 0 && joined.records.is_empty() {
        let alignment = common_alignment(joined.alignment, segment.alignment);
        *joined = Segment {
            alignment,
            ..segment
        };
        return Some(());
    }
    pad(joined, start);
    joined.size = end;
    joined.alignment = common_alignment(joined.alignment, segment.alignment);
    joined
        .blocks
        .extend(segment.blocks.into_iter().map(|b| Block {
            offset: start + b.offset,
            bytes: b.bytes,
        }));
    let comments = joined.comments.len() as u64;
    joined.comments += &segment.comments;
    joined
        .records
        .extend(segment.records.into_iter().map(|r| Record {
            offset: start + r.offset,
            comment: (comments + r.comment.0, r.comment.1),
            ..r
        }));
    Some(())
}

/// A row of zeros between two files, for alignment; a wide gap stays one.
fn pad(segment: &mut Segment, end: u64) {
    const WIDEST: u64 = 4096;
    let (offset, length) = (segment.size, end - segment.size);
    if length == 0 || length > WIDEST {
        return;
    }
    segment.blocks.push(Block {
        offset,
        bytes: vec![0; length as usize],
    });
    let comment = (segment.comments.len() as u64, super::PADDING.len() as u32);
    segment.comments += super::PADDING;
    segment.records.push(Record {
        offset,
        length,
        comment,
    });
}

fn globals(
    joined: &Object,
    first_symbols: &[usize],
    errors: &mut Vec<LinkError>,
) -> FxHashMap<Arc<str>, Global> {
    let mut globals: FxHashMap<Arc<str>, (Global, usize)> = FxHashMap::default();
    for (i, symbol) in joined.symbols.iter().enumerate() {
        let global = match symbol.kind {
            _ if !symbol.is_global => continue,
            SymbolKind::Undefined => continue,
            SymbolKind::Absolute => Global::Number(symbol.value),
            SymbolKind::Address(segment) => Global::Place(segment, symbol.value),
        };
        let object = first_symbols.partition_point(|first| *first <= i) - 1;
        match globals.get(&symbol.name) {
            Some(&(_, first)) => errors.push(LinkError {
                object,
                fixup: None,
                kind: LinkErrorKind::Duplicate {
                    name: symbol.name.clone(),
                    first,
                },
            }),
            None => {
                globals.insert(symbol.name.clone(), (global, object));
            }
        }
    }
    globals
        .into_iter()
        .map(|(name, (global, _))| (name, global))
        .collect()
}

/// The value that a fixup's target stands for. Rewrites targets in terms of joined segments.
fn resolve(
    fixup: &mut Fixup,
    object: usize,
    starts: &[[u64; 3]],
    globals: &FxHashMap<Arc<str>, Global>,
    bases: [u64; 3],
) -> Result<i128, LinkErrorKind> {
    let place = |object: usize, segment: SegmentKind| {
        let starts: Option<&[u64; 3]> = starts.get(object);
        starts.map_or(Err(LinkErrorKind::TooLarge), |starts| {
            Ok(Global::Place(segment, starts[segment as usize]))
        })
    };
    let place = match &fixup.target {
        Target::Segment(segment) => place(object, *segment)?,
        Target::Part { object, segment } => place(*object, *segment)?,
        Target::Symbol(name) => match globals.get(name) {
            Some(&global) => global,
            None => return Err(LinkErrorKind::Undefined(name.clone())),
        },
    };
    Ok(match place {
        Global::Number(number) => i128::from(number as i64).saturating_add(fixup.addend),
        Global::Place(segment, offset) => {
            fixup.target = Target::Segment(segment);
            fixup.addend = fixup.addend.saturating_add(i128::from(offset));
            fixup
                .addend
                .saturating_add(i128::from(bases[segment as usize]))
        }
    })
}

fn apply(
    object: &mut Object,
    fixup: &Fixup,
    value: i128,
    bases: [u64; 3],
) -> Result<(), LinkErrorKind> {
    let value = match fixup.kind {
        FixupKind::Absolute => value,
        FixupKind::Word(word) => value >> (16 * u32::from(word)) & 0xFFFF,
        FixupKind::Relative => {
            // A number is a distance, an address a target.
            let distance = match fixup.target {
                Target::Symbol(_) => value,
                Target::Segment(_) | Target::Part { .. } => value
                    .saturating_sub(i128::from(bases[fixup.segment as usize]))
                    .saturating_sub(i128::from(fixup.offset)),
            };
            let range = fixup.extent.range(fixup.bits);
            let range = 4 * range.start()..=4 * range.end();
            if !range.contains(&distance) {
                return Err(LinkErrorKind::OutOfRange {
                    value: distance,
                    range,
                });
            }
            if distance % 4 != 0 {
                return Err(LinkErrorKind::NotAMultipleOfFour(distance));
            }
            distance / 4
        }
    };
    let range = fixup.extent.range(fixup.bits);
    if !range.contains(&value) {
        return Err(LinkErrorKind::OutOfRange { value, range });
    }
    let segment = match fixup.segment {
        SegmentKind::Text => &mut object.text,
        _ => &mut object.data,
    };
    let after = segment.blocks.partition_point(|b| b.offset <= fixup.offset);
    let length = (fixup.bit + fixup.bits).div_ceil(8) as usize;
    let place = after.checked_sub(1).and_then(|i| {
        let block = &mut segment.blocks[i];
        let start = usize::try_from(fixup.offset - block.offset).ok()?;
        block.bytes.get_mut(start..start.checked_add(length)?)
    });
    let Some(place) = place else {
        return Err(LinkErrorKind::TooLarge);
    };
    let shift = 8 * length as u32 - fixup.bit - fixup.bits;
    let mask = (u128::MAX >> (128 - fixup.bits)) << shift;
    let old = BigEndian::read_uint128(place, length);
    let new = old & !mask | ((value as u128) << shift) & mask;
    BigEndian::write_uint128(place, new, length);
    Ok(())
}
