//! Pieces of a line of the terminal, with what each is for: their width is known, and they can be
//! cut and padded, before any escape sequence stands among them.

use anstyle::{AnsiColor, Color, Style};
use diagnostics::Appearance;
use unicode_width::UnicodeWidthChar;

use crate::compare::Part;

/// Tabs of the source lead to the next multiple of so many columns.
const TAB: usize = 4;

/// What a piece of text is for; its colour follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// What the reader came for.
    Plain,
    /// The name of what follows.
    Heading,
    /// What only helps to find one's way: source lines, addresses, rules.
    Aside,
    /// An instruction of a part.
    Of(Part),
    /// Something is as it should be.
    Good,
    /// Something is not.
    Bad,
}

impl Role {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(Color::Ansi(colour)));
        match self {
            Self::Plain | Self::Of(Part::Body) => Style::new(),
            Self::Heading => Style::new().bold(),
            Self::Aside => Style::new().dimmed(),
            Self::Of(Part::Precall) => colour(AnsiColor::Cyan),
            Self::Of(Part::Prologue) => colour(AnsiColor::Yellow),
            Self::Of(Part::Epilogue) => colour(AnsiColor::Magenta),
            Self::Of(Part::Postreturn) => colour(AnsiColor::Green),
            Self::Good => colour(AnsiColor::Green).bold(),
            Self::Bad => colour(AnsiColor::Red).bold(),
        }
    }
}

/// A line, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Styled {
    pieces: Vec<(Role, String)>,
    width: usize,
}

impl Styled {
    /// One piece.
    pub(super) fn new(role: Role, text: &str) -> Self {
        let mut styled = Self::default();
        styled.push(role, text);
        styled
    }

    /// So many blanks.
    pub(super) fn blank(width: usize) -> Self {
        let mut styled = Self::default();
        styled.pad(width);
        styled
    }

    /// The number of columns that it takes on a terminal.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// Appends text; what would move the cursor is replaced. Tab stops are counted from where it
    /// begins.
    pub(super) fn push(&mut self, role: Role, text: &str) {
        let start = self.width;
        let mut visible = String::with_capacity(text.len());
        for character in text.chars() {
            if character == '\t' {
                let blanks = TAB - (self.width - start) % TAB;
                visible.extend(std::iter::repeat_n(' ', blanks));
                self.width += blanks;
            } else if let Some(character) = shown(character) {
                visible.push(character);
                self.width += character.width().unwrap_or(0);
            }
        }
        self.pieces.push((role, visible));
    }

    /// Appends what another one has.
    pub(super) fn append(&mut self, other: Self) {
        self.width += other.width;
        self.pieces.extend(other.pieces);
    }

    /// Fills it up with blanks.
    pub(super) fn pad(&mut self, width: usize) {
        if self.width < width {
            let blanks = " ".repeat(width - self.width);
            self.pieces.push((Role::Plain, blanks));
            self.width = width;
        }
    }

    /// Shortens it to a width; a `…` is its last character then.
    pub(super) fn cut(&mut self, width: usize) {
        if self.width <= width {
            return;
        }
        let room = width.saturating_sub(1);
        let mut used = 0;
        let mut kept = Vec::new();
        'pieces: for (role, text) in self.pieces.drain(..) {
            for (index, character) in text.char_indices() {
                let character_width = character.width().unwrap_or(0);
                if used + character_width > room {
                    kept.push((role, text[..index].to_owned()));
                    break 'pieces;
                }
                used += character_width;
            }
            kept.push((role, text));
        }
        if width > 0 {
            kept.push((Role::Aside, "…".to_owned()));
            used += 1;
        }
        self.pieces = kept;
        self.width = used;
    }

    /// Writes the line and its end, without blanks at the end.
    pub(super) fn write(&self, appearance: Appearance, to: &mut String) {
        let start = to.len();
        for (role, text) in &self.pieces {
            let style = match appearance {
                Appearance::Coloured => role.style(),
                Appearance::Plain => Style::new(),
            };
            if style == Style::new() || text.is_empty() {
                to.push_str(text);
            } else {
                to.push_str(&format!("{style}{text}{style:#}"));
            }
        }
        let end = to[start..].trim_end_matches(' ').len();
        to.truncate(start + end);
        to.push('\n');
    }
}

/// A character as a terminal may show it: nothing that moves the cursor, changes colours or turns
/// the direction of the line. `None` for what only asks for another look of its neighbour.
fn shown(character: char) -> Option<char> {
    match character {
        '\u{fe00}'..='\u{fe0f}' => None,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)),
        '\x7f' => Some('␡'),
        '\u{80}'..='\u{9f}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => Some(char::REPLACEMENT_CHARACTER),
        _ => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(styled: &Styled) -> String {
        let mut text = String::new();
        styled.write(Appearance::Plain, &mut text);
        text
    }

    #[test]
    fn what_is_too_long_ends_with_dots() {
        let mut styled = Styled::new(Role::Aside, "add  x0, ");
        styled.push(Role::Plain, "x1, x2");
        styled.cut(12);
        assert_eq!(plain(&styled), "add  x0, x1…\n");
        assert_eq!(styled.width(), 12);
        styled.cut(0);
        assert_eq!((plain(&styled), styled.width()), ("\n".to_owned(), 0));
    }

    #[test]
    fn a_wide_character_is_not_cut_in_halves() {
        let mut styled = Styled::new(Role::Plain, "漢字漢字");
        assert_eq!(styled.width(), 8);
        styled.cut(6);
        assert_eq!(plain(&styled), "漢字…\n");
        assert_eq!(styled.width(), 5);
        styled.pad(6);
        assert_eq!(styled.width(), 6);
    }

    #[test]
    fn tabs_lead_to_multiples_of_four() {
        let mut styled = Styled::new(Role::Aside, "7|");
        styled.push(Role::Plain, "\ta\tb");
        assert_eq!(plain(&styled), "7|    a   b\n");
        assert_eq!(styled.width(), 11);
    }

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_obey() {
        let styled = Styled::new(Role::Plain, "\x1b[2J\u{9b}m\u{202e}x");
        assert_eq!(plain(&styled), "␛[2J\u{fffd}m\u{fffd}x\n");
    }

    #[test]
    fn colours_take_no_room_and_end_with_the_piece() {
        let mut styled = Styled::new(Role::Bad, "no");
        styled.push(Role::Plain, "!");
        let mut text = String::new();
        styled.write(Appearance::Coloured, &mut text);
        assert_eq!(text, "\x1b[1m\x1b[31mno\x1b[0m!\n");
        assert_eq!(styled.width(), 3);
    }
}
