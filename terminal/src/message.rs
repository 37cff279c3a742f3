//! What a command itself says: to stderr, in colour where that is wanted.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use diagnostics::{Appearance, Diagnostic, Sources};

/// The colours of messages, those of [`diagnostics::render`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Palette {
    /// `error`
    pub error: Style,
    /// `help`
    pub help: Style,
    /// `note`
    pub note: Style,
    /// A message's own words.
    pub title: Style,
    /// Line numbers, bars and arrows.
    pub frame: Style,
}

impl Palette {
    /// The colours, or none.
    pub fn of(appearance: Appearance) -> Self {
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

/// How text on stderr is to look: coloured on a terminal, unless `NO_COLOR`, `CLICOLOR` or
/// `CLICOLOR_FORCE` say otherwise.
pub fn appearance() -> Appearance {
    match anstream::AutoStream::choice(&io::stderr()) {
        anstream::ColorChoice::Never => Appearance::Plain,
        _ => Appearance::Coloured,
    }
}

/// The text of messages, as they are to look on stderr.
pub fn render_all(messages: &[Diagnostic], sources: &Sources) -> String {
    diagnostics::render_all(messages, sources, appearance())
}

/// Writes text to stderr. If nobody can read it there, nobody misses it.
pub fn say(text: &str) {
    let mut stderr = anstream::stderr().lock();
    _ = stderr.write_all(text.as_bytes());
    _ = stderr.flush();
}

/// Writes `error: …` and a newline to stderr.
pub fn say_error(text: &str) {
    let Palette { error, title, .. } = Palette::of(appearance());
    say(&format!("{error}error{error:#}{title}: {text}{title:#}\n"));
}

/// Writes `help: …` and a newline to stderr.
pub fn say_help(text: &str) {
    let Palette { help, .. } = Palette::of(appearance());
    say(&format!("{help}help{help:#}: {text}\n"));
}

/// An input or output error as people say it, without the number that the host has for it.
pub fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(" (os error ") {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_an_error_has_no_number() {
        let error = io::Error::from_raw_os_error(2);
        assert!(error.to_string().contains("os error 2"));
        assert!(!reason(&error).contains("os error"));
        assert!(!reason(&error).is_empty());
        assert_eq!(
            reason(&io::Error::other("it is too large")),
            "it is too large"
        );
    }

    #[test]
    fn plain_text_has_no_colours() {
        let Palette { error, title, .. } = Palette::of(Appearance::Plain);
        assert_eq!(format!("{error}a{error:#}{title}b{title:#}"), "ab");
        let Palette { error, .. } = Palette::of(Appearance::Coloured);
        assert_ne!(format!("{error}a{error:#}"), "a");
    }
}
