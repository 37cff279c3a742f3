//! Reading entries from a terminal: history, several lines, completion, colours.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use diagnostics::Appearance;
use emjay_jit::highlight::{Class, classify};
use emjay_jit::session::is_incomplete;
use emjay_jit::{BUILT_IN, KEYWORDS};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor};
use rustyline::{Helper, Hinter};

const COMMANDS: [&str; 9] = [
    ":ast", ":asm", ":help", ":ir", ":list", ":load", ":quit", ":reset", ":time",
];

/// Reads entries.
pub(super) struct LineEditor(Editor<Assistant, DefaultHistory>);

impl LineEditor {
    pub(super) fn new() -> rustyline::Result<Self> {
        let config = Config::builder().auto_add_history(true).build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant {
            names: Vec::new(),
            appearance: terminal::appearance(),
        }));
        Ok(Self(editor))
    }

    /// Makes names known that can be completed.
    pub(super) fn set_names(&mut self, names: Vec<String>) {
        if let Some(assistant) = self.0.helper_mut() {
            assistant.names = names;
        }
    }

    /// The next entry; `None` at the end. Ctrl-C drops what has been typed.
    pub(super) fn read(&mut self) -> rustyline::Result<Option<String>> {
        loop {
            match self.0.readline("> ") {
                Ok(entry) => return Ok(Some(entry)),
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Helps with what is being typed.
#[derive(Helper, Hinter)]
struct Assistant {
    names: Vec<String>,
    appearance: Appearance,
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let before = &line[..position];
        let start = before
            .char_indices()
            .rev()
            .take_while(|&(_, c)| is_part(c))
            .last()
            .map_or(position, |(at, _)| at);
        let word = &before[start..];
        let built_in = BUILT_IN.iter().map(|built_in| built_in.name);
        let words = COMMANDS.into_iter().chain(KEYWORDS).chain(built_in);
        let words = words.chain(self.names.iter().map(String::as_str));
        let candidates = words
            .filter(|candidate| !word.is_empty() && candidate.starts_with(word))
            .map(|candidate| Pair {
                display: candidate.to_owned(),
                replacement: candidate.to_owned(),
            });
        Ok((start, candidates.collect()))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let entry = context.input();
        let is_command = entry.trim_start().starts_with(':');
        if !is_command && is_incomplete(entry) {
            return Ok(ValidationResult::Incomplete);
        }
        Ok(ValidationResult::Valid(None))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _position: usize) -> Cow<'l, str> {
        if self.appearance == Appearance::Plain || line.trim_start().starts_with(':') {
            return Cow::Borrowed(line);
        }
        let mut text = String::with_capacity(2 * line.len());
        for (class, piece) in classify(line) {
            let style = style(class);
            text += &format!("{style}{piece}{style:#}");
        }
        Cow::Owned(text)
    }

    fn highlight_char(&self, _line: &str, _position: usize, _kind: CmdKind) -> bool {
        self.appearance == Appearance::Coloured
    }
}

fn style(class: Class) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match class {
        Class::Keyword => colour(AnsiColor::BrightBlue).bold(),
        Class::Number => colour(AnsiColor::Cyan),
        Class::Comment => colour(AnsiColor::BrightBlack),
        Class::Wrong => colour(AnsiColor::BrightRed),
        Class::Plain => Style::new(),
    }
}
