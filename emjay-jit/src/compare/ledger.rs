//! From the code of a column and the counts of its run to what the report says of it: listings,
//! totals, and what calls cost.

use codegen::ir::{FunctionId, Module};

use super::code::{Access, Code, CodeLine, CodeListing};
use super::report::{Cell, Count, Ledger, Line, Listing, Mechanism, Part, Site, Totals};
use super::sites::{SiteId, Sites};
use super::source_lines::SourceLines;

/// What was counted while the code ran.
#[derive(Debug)]
pub(super) struct Counts {
    /// How often each word of 4 bytes of the code was executed.
    pub(super) words: Vec<u64>,
    /// The deepest stack, in bytes.
    pub(super) stack_bytes: u64,
}

impl Counts {
    fn of(&self, line: &CodeLine) -> u64 {
        let word = usize::try_from(line.address / 4).ok();
        let count = word.and_then(|word| self.words.get(word));
        count.copied().unwrap_or(0)
    }
}

/// The parts of a column that are made of its code.
#[derive(Debug)]
pub(super) struct Balance {
    /// See [`Column::functions`](super::report::Column).
    pub(super) functions: Vec<Listing>,
    /// See [`Column::runtime`](super::report::Column).
    pub(super) runtime: Vec<Listing>,
    /// The sums.
    pub(super) totals: Totals,
    /// What calls cost.
    pub(super) ledger: Ledger,
}

/// What is known about a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Books<'a> {
    /// The functions as the generator got them.
    pub(super) module: &'a Module,
    /// The lines of the source.
    pub(super) source: &'a SourceLines,
    /// The code.
    pub(super) code: &'a Code,
    /// Its calls.
    pub(super) sites: &'a Sites,
    /// What was counted, if anything.
    pub(super) counts: Option<&'a Counts>,
    /// The function that is called from outside, once.
    pub(super) main: FunctionId,
}

impl Books<'_> {
    /// Draws everything up.
    pub(super) fn balance(self) -> Balance {
        let entered = self.entered();
        let listing = |listing: &CodeListing| {
            let entered = match listing.function {
                Some(id) => entered.as_ref().map(|entered| entered[id.index()]),
                None => listing.lines.first().and_then(|line| self.executed(line)),
            };
            self.listing(listing, entered)
        };
        let functions: Vec<Listing> = self.code.functions.iter().map(listing).collect();
        let runtime: Vec<Listing> = self.code.runtime.iter().map(listing).collect();
        Balance {
            totals: self.totals(),
            ledger: self.ledger(entered.as_deref()),
            functions,
            runtime,
        }
    }

    fn executed(&self, line: &CodeLine) -> Option<u64> {
        self.counts.map(|counts| counts.of(line))
    }

    /// How often each function was entered, by its number.
    fn entered(&self) -> Option<Vec<u64>> {
        let counts = self.counts?;
        let mut entered = vec![0; self.module.functions.len()];
        // The call from outside, if it came to that.
        if counts.words.iter().any(|&count| count > 0) {
            entered[self.main.index()] = 1;
        }
        for site in &self.sites.all {
            let line = &self.code.functions[site.listing].lines[site.line];
            entered[site.callee.index()] += counts.of(line);
        }
        Some(entered)
    }

    fn listing(&self, listing: &CodeListing, entered: Option<u64>) -> Listing {
        let lines = listing.lines.iter().map(|line| {
            let source_line = listing.function.and_then(|id| self.source_line(id, line));
            let callee = line
                .calls
                .and_then(|id| self.module.functions.get(id.index()));
            Line {
                label: line.label.clone(),
                address: line.address,
                text: line.text.clone(),
                bytes: line.bytes,
                part: line.origin.linkage.into(),
                mechanism: line.origin.mechanism.into(),
                needless: line.needless,
                source_line,
                calls: callee.map(|function| function.name.clone()),
                executed: self.executed(line),
            }
        });
        Listing {
            name: listing.name.clone(),
            lines: lines.collect(),
            entered,
            is_counted: listing.is_counted,
        }
    }

    /// The line of the source. What sets up a frame comes from the function as a whole: generators
    /// that say where it stands name the statement behind it, others nothing.
    fn source_line(&self, function: FunctionId, line: &CodeLine) -> Option<u32> {
        let function = self.module.functions.get(function.index())?;
        let known = || self.source.of_place(function, line.origin.place);
        match (line.origin.linkage, line.origin.mechanism) {
            (codegen::Linkage::Prologue, codegen::Mechanism::StateManagement) => {
                self.source.of_function(function).or_else(known)
            }
            (codegen::Linkage::Prologue, _) => {
                known().or_else(|| self.source.of_function(function))
            }
            _ => known(),
        }
    }

    /// The instructions that are counted, each with its listing and its line there.
    fn counted(&self) -> impl Iterator<Item = (usize, usize, &CodeLine)> {
        let listings = self.code.listings().enumerate();
        listings
            .filter(|(_, listing)| listing.is_counted)
            .flat_map(|(number, listing)| {
                let lines = listing.lines.iter().enumerate();
                lines.map(move |(index, line)| (number, index, line))
            })
    }

    fn count<'b>(&self, lines: impl Iterator<Item = &'b CodeLine>) -> Count {
        let mut count = Count {
            instructions: 0,
            executed: self.counts.map(|_| 0),
        };
        for line in lines {
            self.add(&mut count, line);
        }
        count
    }

    fn add(&self, count: &mut Count, line: &CodeLine) {
        count.instructions += 1;
        if let (Some(sum), Some(executed)) = (&mut count.executed, self.executed(line)) {
            *sum += executed;
        }
    }

    fn totals(&self) -> Totals {
        let lines = || self.counted().map(|(_, _, line)| line);
        let executed = |is_meant: fn(&CodeLine) -> bool| {
            self.count(lines().filter(|&line| is_meant(line))).executed
        };
        Totals {
            instructions: self.count(lines()),
            bytes: lines().map(|line| u64::from(line.bytes)).sum(),
            loads: executed(|line| line.access == Access::Load),
            stores: executed(|line| line.access == Access::Store),
            stack_bytes: self.counts.map(|counts| counts.stack_bytes),
            calls: executed(|line| line.calls.is_some()),
        }
    }

    fn ledger(&self, entered: Option<&[u64]>) -> Ledger {
        Ledger {
            cells: self.cells(entered),
            needless: self.count(
                self.counted()
                    .map(|(_, _, line)| line)
                    .filter(|line| line.needless),
            ),
            sites: self.sites(),
        }
    }

    fn cells(&self, entered: Option<&[u64]>) -> Vec<Cell> {
        let kinds = Part::ALL
            .into_iter()
            .flat_map(|part| Mechanism::ALL.map(|mechanism| (part, mechanism)));
        let mut cells: Vec<Cell> = kinds
            .map(|(part, mechanism)| Cell {
                part,
                mechanism,
                count: self.count(std::iter::empty()),
                per_call: None,
            })
            .collect();
        let mut for_calls = vec![0.0; cells.len()];
        for (listing, index, line) in self.counted() {
            let part = Part::from(line.origin.linkage) as usize;
            let mechanism = Mechanism::from(line.origin.mechanism) as usize;
            let cell = part * Mechanism::ALL.len() + mechanism;
            self.add(&mut cells[cell].count, line);
            for_calls[cell] += self.share(listing, index, entered) * self.weight(line);
        }
        let calls = self.totals_of_calls();
        for (cell, executed) in cells.iter_mut().zip(for_calls) {
            cell.per_call = calls.map(|calls| executed / calls);
        }
        cells.retain(|cell| cell.count.instructions > 0);
        cells
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a quotient is shown with a few digits"
    )]
    fn weight(&self, line: &CodeLine) -> f64 {
        self.executed(line).unwrap_or(0) as f64
    }

    /// The executed calls of the program's functions, if there were any.
    fn totals_of_calls(&self) -> Option<f64> {
        self.counts?;
        let calls: f64 = self
            .counted()
            .filter(|(_, _, line)| line.calls.is_some())
            .map(|(_, _, line)| self.weight(line))
            .sum();
        (calls > 0.0).then_some(calls)
    }

    /// Which share of an instruction's executions was for calls of the program's functions: not what
    /// `main` did for the call from outside, and nothing that was for calls of `putc` and `getc`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a quotient is shown with a few digits"
    )]
    fn share(&self, listing: usize, line: usize, entered: Option<&[u64]>) -> f64 {
        let Some(function) = self.code.functions.get(listing) else {
            return 1.0;
        };
        match Part::from(function.lines[line].origin.linkage) {
            Part::Precall | Part::Postreturn if self.sites.of_line(listing, line).is_some() => 1.0,
            Part::Precall | Part::Postreturn => 0.0,
            Part::Prologue | Part::Body | Part::Epilogue
                if function.function != Some(self.main) =>
            {
                1.0
            }
            Part::Prologue | Part::Body | Part::Epilogue => {
                match entered.map(|entered| entered[self.main.index()]) {
                    None | Some(0) => 0.0,
                    Some(entered) => (entered - 1) as f64 / entered as f64,
                }
            }
        }
    }

    fn sites(&self) -> Vec<Site> {
        let name = |id: FunctionId| {
            let function = self.module.functions.get(id.index());
            function.map_or_else(String::new, |function| function.name.clone())
        };
        let inside = self.inside();
        let (passed_around, passed_inside) = self.passed();
        let mut sites: Vec<Site> = self
            .sites
            .all
            .iter()
            .map(|site| {
                let listing = &self.code.functions[site.listing];
                let line = &listing.lines[site.line];
                let source_line = listing.function.and_then(|id| self.source_line(id, line));
                Site {
                    caller: listing.name.clone(),
                    callee: name(site.callee),
                    source_line,
                    executed: self.executed(line),
                    around: passed_around,
                    inside: inside[site.callee.index()] + passed_inside,
                    needless: 0,
                }
            })
            .collect();
        for (listing, index, line) in self.counted() {
            if let Some(SiteId(site)) = self.sites.of_line(listing, index) {
                let site = &mut sites[site as usize];
                site.around += 1;
                site.needless += u64::from(line.needless);
            }
        }
        sites
    }

    /// The instructions of each function's prologues and epilogues.
    fn inside(&self) -> Vec<u64> {
        let mut inside = vec![0; self.module.functions.len()];
        for listing in &self.code.functions {
            if let Some(id) = listing.function {
                inside[id.index()] = number_of(listing, is_inside);
            }
        }
        inside
    }

    /// The instructions that every call passes on its way, those of the trampoline: what they do for
    /// the caller, and what they do for the callee.
    fn passed(&self) -> (u64, u64) {
        let passed = || self.code.runtime.iter().filter(|l| l.is_counted);
        (
            passed().map(|l| number_of(l, is_around)).sum(),
            passed().map(|l| number_of(l, is_inside)).sum(),
        )
    }
}

/// How many instructions of a listing are in parts of a kind.
fn number_of(listing: &CodeListing, is_meant: fn(Part) -> bool) -> u64 {
    let parts = listing.lines.iter().map(|line| line.origin.linkage.into());
    parts.filter(|&part| is_meant(part)).count() as u64
}

const fn is_around(part: Part) -> bool {
    matches!(part, Part::Precall | Part::Postreturn)
}

const fn is_inside(part: Part) -> bool {
    matches!(part, Part::Prologue | Part::Epilogue)
}
