//! `--stats`: what the program did, in numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use ulm_machine::{Jump, JumpKind, Machine, Observer};

use crate::number::grouped;
use crate::places::Places;

/// Counts as the program runs.
#[derive(Debug)]
pub(crate) struct Stats<'a> {
    places: &'a Places<'a>,
    loads: u64,
    stores: u64,
    calls: u64,
    depth: u64,
    deepest: u64,
    /// Address and word of the instruction that runs.
    running: (u64, u32),
    /// By the instruction's number in the machine's description.
    by_instruction: Vec<u64>,
    /// By the number of the stretch.
    by_stretch: Vec<u64>,
    /// The addresses from one label to the next, in ascending order.
    stretches: Vec<(Range<u64>, String)>,
    /// The stretch of the last instruction: most of the time also the next one's.
    current: usize,
}

/// The name of what has no label.
const ELSEWHERE: &str = "(no label)";

impl<'a> Stats<'a> {
    pub(crate) fn new(places: &'a Places<'a>) -> Self {
        let stretches = stretches(places);
        Self {
            places,
            loads: 0,
            stores: 0,
            calls: 0,
            depth: 0,
            deepest: 0,
            running: (0, 0),
            by_instruction: vec![0; places.isa.instructions.len()],
            by_stretch: vec![0; stretches.len()],
            stretches,
            current: 0,
        }
    }

    /// The tables; `instructions` is how many the machine executed.
    pub(crate) fn render(&self, instructions: u64) -> String {
        let mut text = String::new();
        let totals = [
            ("instructions", instructions),
            ("loads", self.loads),
            ("stores", self.stores),
            ("calls", self.calls),
            ("deepest call", self.deepest),
        ];
        let width = grouped(totals.iter().map(|(_, n)| *n).max().unwrap_or(0)).len();
        for (name, number) in totals {
            _ = writeln!(text, "{name:<12}  {:>width$}", grouped(number));
        }
        let mut mnemonics: BTreeMap<&str, u64> = BTreeMap::new();
        for (instruction, &count) in self
            .places
            .isa
            .instructions
            .iter()
            .zip(&self.by_instruction)
        {
            *mnemonics.entry(&instruction.forms[0].mnemonic).or_default() += count;
        }
        table(&mut text, "mnemonic", mnemonics);
        let mut labels: BTreeMap<&str, u64> = BTreeMap::new();
        for ((_, name), &count) in self.stretches.iter().zip(&self.by_stretch) {
            *labels.entry(name).or_default() += count;
        }
        table(&mut text, "label", labels);
        text
    }

    fn note_label(&mut self, ip: u64) {
        if !self.stretches[self.current].0.contains(&ip) {
            // The stretches cover all addresses but the very last, which is no instruction's.
            let after = self.stretches.partition_point(|(r, _)| r.start <= ip);
            self.current = after.saturating_sub(1);
        }
        self.by_stretch[self.current] += 1;
    }
}

impl Observer for Stats<'_> {
    const ACTIVE: bool = true;

    fn begin(&mut self, ip: u64, word: u32) {
        self.running = (ip, word);
    }

    fn load(&mut self, _address: u64, _size: u8, _value: u64) {
        self.loads += 1;
    }

    fn store(&mut self, _address: u64, _size: u8, _value: u64) {
        self.stores += 1;
    }

    fn transfer(&mut self, jump: Jump) {
        match jump.kind {
            JumpKind::Call => {
                self.calls += 1;
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            JumpKind::Return => self.depth = self.depth.saturating_sub(1),
            JumpKind::Jump => {}
        }
    }

    // What traps or is stopped by a limit doesn't count.
    fn end(&mut self, _machine: &Machine) {
        let (ip, word) = self.running;
        if let Some(decoded) = self.places.isa.decode(word) {
            self.by_instruction[usize::from(decoded.instruction.0)] += 1;
        }
        self.note_label(ip);
    }
}

/// From each label to the next one, or to the end of its segment, and what is between.
fn stretches(places: &Places<'_>) -> Vec<(Range<u64>, String)> {
    let image = places.image();
    let mut starts: BTreeMap<u64, String> = BTreeMap::from([(0, ELSEWHERE.to_owned())]);
    // First the borders of segments, then the labels, which may stand at them.
    for segment in ulmas::image::SegmentKind::ALL {
        for border in [
            image.base(segment),
            image.base(segment).wrapping_add(image.size(segment)),
        ] {
            starts.insert(border, ELSEWHERE.to_owned());
        }
    }
    for label in places.labels().rev() {
        // A label at the end of its segment names nothing in it.
        if image.segment_at(label.address) == Some(label.segment) {
            starts.insert(label.address, label.name.to_owned());
        }
    }
    let ends: Vec<u64> = starts.keys().copied().skip(1).chain([u64::MAX]).collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|((start, name), end)| (start..end, name))
        .collect()
}

/// Rows with shares, the most frequent first; what never ran is left out.
fn table(text: &mut String, title: &str, counts: BTreeMap<&str, u64>) {
    let mut rows: Vec<(&str, u64)> = counts.into_iter().filter(|(_, n)| *n > 0).collect();
    rows.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let total: u64 = rows.iter().map(|(_, n)| n).sum();
    let name_width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let name_width = name_width.unwrap_or(0).max(title.len());
    let width = rows.first().map_or(0, |(_, n)| grouped(*n).len());
    _ = writeln!(text, "\nper {title}");
    for (name, count) in rows {
        // Tenths of a percent, rounded, without floating point.
        let share = (u128::from(count) * 1000 + u128::from(total) / 2) / u128::from(total);
        _ = writeln!(
            text,
            "  {name:<name_width$}  {:>width$}  {:>3}.{} %",
            grouped(count),
            share / 10,
            share % 10
        );
    }
}
