//! Which instructions belong to which call.

use codegen::ir::FunctionId;
use codegen::{Linkage, PlaceId};
use rustc_hash::FxHashMap;

use super::code::{Code, CodeLine};

/// The number of a place in the code that calls a function of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SiteId(pub(super) u32);

impl SiteId {
    /// The number as an index.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A place in the code that calls a function of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodeSite {
    /// The listing, an index into [`Code::functions`].
    pub(super) listing: usize,
    /// The instruction there that calls.
    pub(super) line: usize,
    /// The function that is called.
    pub(super) callee: FunctionId,
}

/// The calls of the program's functions.
#[derive(Debug)]
pub(super) struct Sites {
    /// The places that call, in the order of the code.
    pub(super) all: Vec<CodeSite>,
    /// For each function of the code, for each of its lines: the call that it serves, before or
    /// after it.
    of_lines: Vec<Vec<Option<SiteId>>>,
}

impl Sites {
    /// The calls of a code.
    pub(super) fn of(code: &Code) -> Self {
        let mut sites = Self {
            all: Vec::new(),
            of_lines: Vec::with_capacity(code.functions.len()),
        };
        for (listing, function) in code.functions.iter().enumerate() {
            let first = sites.all.len();
            for (line, instruction) in function.lines.iter().enumerate() {
                sites.all.extend(instruction.calls.map(|callee| CodeSite {
                    listing,
                    line,
                    callee,
                }));
            }
            let of_lines = sites.assign(first, &function.lines);
            sites.of_lines.push(of_lines);
        }
        sites
    }

    /// The call that a line of a function serves, before or after it.
    pub(super) fn of_line(&self, listing: usize, line: usize) -> Option<SiteId> {
        *self.of_lines.get(listing)?.get(line)?
    }

    /// The calls of a function's lines; those of the function are all from `first` on. An
    /// instruction has the place of its call; where a call stands in the code more than once, the
    /// nearest one is meant.
    fn assign(&self, first: usize, lines: &[CodeLine]) -> Vec<Option<SiteId>> {
        let mut by_place: FxHashMap<PlaceId, Vec<SiteId>> = FxHashMap::default();
        for (number, site) in (0..).zip(&self.all).skip(first) {
            let place = lines[site.line].origin.place;
            by_place.entry(place).or_default().push(SiteId(number));
        }
        let of_line = |(index, line): (usize, &CodeLine)| {
            let sites = by_place.get(&line.origin.place)?;
            let line_of = |site: &SiteId| self.all[site.index()].line;
            match line.origin.linkage {
                Linkage::Precall => {
                    let next = sites.partition_point(|site| line_of(site) < index);
                    sites.get(next).or(sites.last()).copied()
                }
                Linkage::Postreturn => {
                    let next = sites.partition_point(|site| line_of(site) < index);
                    sites.get(next.saturating_sub(1)).copied()
                }
                Linkage::Prologue | Linkage::Body | Linkage::Epilogue => None,
            }
        };
        lines.iter().enumerate().map(of_line).collect()
    }
}
