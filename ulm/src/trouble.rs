//! The message about a place where a program stopped.

use std::fmt::Write as _;
use std::path::Path;

use diagnostics::{Advice, Appearance, Diagnostic};
use terminal::Palette;

use crate::places::Places;

/// What there is to say about a trap or a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The code that `explain` takes.
    pub(crate) code: &'static str,
    /// What happened, in one line.
    pub(crate) title: String,
    /// The address of the instruction that is shown.
    pub(crate) address: u64,
    /// The word there.
    pub(crate) word: u32,
    /// What is said beside the caret: the operands' values.
    pub(crate) label: String,
    /// Notes and help, in order.
    pub(crate) notes: Vec<String>,
    pub(crate) helps: Vec<String>,
}

/// The longest line of a source that is shown, in characters.
const LONGEST_LINE: usize = 200;

/// A line of a file that a compiler made the assembly text of, if the file is still there.
fn foreign_line(file: &str, line: u32) -> Option<String> {
    let path = Path::new(file);
    if path.extension().is_none_or(|extension| extension == "s") || !path.is_file() {
        return None;
    }
    let bytes = terminal::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().nth((line as usize).checked_sub(1)?)?.trim();
    let shown = line.chars().take(LONGEST_LINE);
    Some(shown.filter(|c| !c.is_control()).collect())
}

impl Trouble {
    /// The text, in the shape of all other messages.
    pub(crate) fn render(&self, places: &Places<'_>, appearance: Appearance) -> String {
        // A program that has overwritten itself no longer does what its source says.
        let is_as_loaded = places.loaded_word(self.address) == Some(self.word);
        match places.location(self.address).filter(|_| is_as_loaded) {
            Some(location) => {
                let mut diagnostic =
                    Diagnostic::error(self.code, &*self.title, location, &*self.label);
                for note in &self.notes {
                    diagnostic = diagnostic.with(Advice::Note(note.clone()));
                }
                for help in &self.helps {
                    diagnostic = diagnostic.with(Advice::Help(help.clone()));
                }
                diagnostics::render(&diagnostic, &places.program.sources, appearance)
            }
            None => self.render_without_source(places, appearance),
        }
    }

    /// The text without its first line, for a message that says otherwise what happened.
    pub(crate) fn render_place(&self, places: &Places<'_>, appearance: Appearance) -> String {
        let text = self.render(places, appearance);
        text.split_once('\n')
            .map_or("", |(_, place)| place)
            .to_owned()
    }

    /// The same shape with what an image knows: at best file, line, and the text of the line.
    fn render_without_source(&self, places: &Places<'_>, appearance: Appearance) -> String {
        let palette = Palette::of(appearance);
        let Palette {
            error,
            title,
            frame,
            ..
        } = palette;
        // One space where a line number would be.
        let (place, number) = match places.line_at(self.address) {
            Some((file, line)) => (format!("{file}:{line}"), line.to_string()),
            None => (places.describe_with_address(self.address), " ".to_owned()),
        };
        let margin = " ".repeat(number.len());
        let foreign = places
            .line_at(self.address)
            .and_then(|(file, line)| foreign_line(file, line));
        // The instruction stands below the line that it was made of.
        let (above, gutter) = match foreign {
            Some(line) => (format!("{frame}{number} |{frame:#}     {line}\n"), &*margin),
            None => (String::new(), &*number),
        };
        let instruction = places.instruction_text(self.address, self.word);
        let carets = "^".repeat(instruction.chars().count().max(1));
        let marked = format!("{carets} {}", self.label);
        let marked = marked.trim_end();
        let mut text = format!(
            "{error}error[{}]{error:#}{title}: {}{title:#}\n\
             {margin}{frame}-->{frame:#} {place}\n\
             {margin}{frame} |{frame:#}\n\
             {above}{frame}{gutter} |{frame:#}     {instruction}\n\
             {margin}{frame} |{frame:#}     {error}{marked}{error:#}\n",
            self.code, self.title
        );
        let notes = self.notes.iter().map(|text| ("note", palette.note, text));
        let helps = self.helps.iter().map(|text| ("help", palette.help, text));
        if !(self.notes.is_empty() && self.helps.is_empty()) {
            _ = writeln!(text, "{margin}{frame} |{frame:#}");
        }
        for (kind, style, advice) in notes.chain(helps) {
            let indented = advice.replace('\n', &format!("\n{margin}         "));
            _ = writeln!(
                text,
                "{margin} {frame}={frame:#} {style}{kind}{style:#}: {indented}"
            );
        }
        text
    }
}
