//! What `ulm` itself says: to stderr, in colour where that is wanted.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use diagnostics::Appearance;

/// The colours of messages, those of [`diagnostics::render`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Palette {
    /// `error`
    pub(crate) error: Style,
    /// `help`
    pub(crate) help: Style,
    /// `note`
    pub(crate) note: Style,
    /// A message's own words.
    pub(crate) title: Style,
    /// Line numbers, bars and arrows.
    pub(crate) frame: Style,
}

impl Palette {
    pub(crate) fn of(appearance: Appearance) -> Self {
        let colour = |colour: AnsiColor| Style::new().bold().fg_color(Some(colour.into()));
        match appearance {
            Appearance::Plain => Self::default(),
            Appearance::Coloured => Self {
                error: colour(AnsiColor::BrightRed),
                help: colour(AnsiColor::BrightCyan),
                note: colour(AnsiColor::BrightGreen),
                title: Style::new().bold(),
                frame: colour(AnsiColor::BrightBlue),
            },
        }
    }
}

/// How text on stderr is to look.
pub(crate) fn appearance() -> Appearance {
    match anstream::AutoStream::choice(&io::stderr()) {
        anstream::ColorChoice::Never => Appearance::Plain,
        _ => Appearance::Coloured,
    }
}

/// Writes text to stderr. If nobody can read it there, nobody misses it.
pub(crate) fn say(text: &str) {
    let mut stderr = anstream::stderr().lock();
    _ = stderr.write_all(text.as_bytes());
    _ = stderr.flush();
}

/// Writes `error: …` to stderr.
pub(crate) fn say_error(text: &str) {
    let Palette { error, title, .. } = Palette::of(appearance());
    say(&format!("{error}error{error:#}{title}: {text}{title:#}\n"));
}

/// Writes `help: …` to stderr.
pub(crate) fn say_help(text: &str) {
    let Palette { help, .. } = Palette::of(appearance());
    say(&format!("{help}help{help:#}: {text}\n"));
}

/// Whether both stdout and stderr appear on a terminal, so that they share its lines.
pub(crate) fn outputs_share_a_terminal() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// An input or output error as people say it, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
