//! From data to the text that people read.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet,
};

use crate::{Advice, Diagnostic, FileId, Label, Replacement, SHOWN_ERRORS, Severity, Sources};

/// Whether colours are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appearance {
    /// Text alone.
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// The text of one message, with a newline at its end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, appearance: Appearance) -> String {
    let diagnostic = &bounded(diagnostic);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut groups = vec![labelled(Group::with_title(title), diagnostic, sources)];
    // Plain notes stay with the message; whatever shows source is a group of its own.
    for advice in &diagnostic.advice {
        match advice {
            Advice::Note(text) => {
                let last = groups.pop().expect("the message's own group comes first");
                groups.push(last.element(Level::NOTE.message(text.as_str())));
            }
            Advice::Help(text) => {
                let last = groups.pop().expect("the message's own group comes first");
                groups.push(last.element(Level::HELP.message(text.as_str())));
            }
            Advice::NoteAt(text, label) => {
                let group = Group::with_title(Level::NOTE.secondary_title(text.as_str()));
                groups.push(group.element(snippet(sources, &[(AnnotationKind::Primary, label)])));
            }
            Advice::Repair(text, replacements) if is_long(sources, replacements) => {
                // Nobody sees a change in a line of thousands of characters.
                let last = groups.pop().expect("the message's own group comes first");
                groups.push(last.element(Level::HELP.message(text.as_str())));
            }
            Advice::Repair(text, replacements) => {
                let mut group = Group::with_title(Level::HELP.secondary_title(text.as_str()));
                if let Some(first) = replacements.first() {
                    let window = Window::around(
                        sources,
                        first.location.file,
                        replacements.iter().map(|r| &r.location.span),
                    );
                    let mut shown = Snippet::source(window.text)
                        .path(window.name)
                        .line_start(window.first_line)
                        .fold(true);
                    for replacement in replacements {
                        let span = window.inside(&replacement.location.span);
                        shown = shown.patch(Patch::new(span, replacement.text.as_str()));
                    }
                    group = group.element(shown);
                }
                groups.push(group);
            }
        }
    }
    let renderer = match appearance {
        Appearance::Plain => Renderer::plain(),
        Appearance::Coloured => Renderer::styled(),
    };
    let mut text = renderer.decor_style(DecorStyle::Ascii).render(&groups);
    text.push('\n');
    text
}

/// The most characters of a text in a message; a name in the source may be of any length.
const LONGEST_TEXT: usize = 1000;

/// The message with texts of limited length.
fn bounded(diagnostic: &Diagnostic) -> Diagnostic {
    let mut diagnostic = diagnostic.clone();
    let Diagnostic {
        message,
        primary,
        secondary,
        advice,
        ..
    } = &mut diagnostic;
    shorten(message);
    shorten(&mut primary.text);
    for label in secondary {
        shorten(&mut label.text);
    }
    for advice in advice {
        match advice {
            Advice::Note(text) | Advice::Help(text) | Advice::Repair(text, _) => shorten(text),
            Advice::NoteAt(text, label) => {
                shorten(text);
                shorten(&mut label.text);
            }
        }
    }
    diagnostic
}

/// Replaces the middle of a very long text.
fn shorten(text: &mut String) {
    if text.len() <= LONGEST_TEXT {
        return;
    }
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (head, tail) = (boundary(60), boundary(text.len() - 60));
    text.replace_range(head..tail, "…");
}

/// The text of all messages: the first [`SHOWN_ERRORS`] errors and a count, or, where there is no
/// error, the warnings.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, appearance: Appearance) -> String {
    let errors = diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    let shown = if errors > 0 {
        Severity::Error
    } else {
        Severity::Warning
    };
    let mut text = String::new();
    for diagnostic in diagnostics
        .iter()
        .filter(|d| d.severity == shown)
        .take(SHOWN_ERRORS)
    {
        text += &render(diagnostic, sources, appearance);
        text.push('\n');
    }
    let count = if errors > 0 {
        errors
    } else {
        diagnostics.len()
    };
    let (one, many) = match shown {
        Severity::Error => ("error", "errors"),
        Severity::Warning => ("warning", "warnings"),
    };
    let summary = match count {
        0 => return text,
        1 => format!("1 {one}\n"),
        n if n > SHOWN_ERRORS => format!("{n} {many}, the first {SHOWN_ERRORS} of them shown\n"),
        n => format!("{n} {many}\n"),
    };
    text + &summary
}

/// Adds the ranges of a message to its group, a snippet for each file.
fn labelled<'a>(
    mut group: Group<'a>,
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
) -> Group<'a> {
    let mut labels = vec![(AnnotationKind::Primary, &diagnostic.primary)];
    labels.extend(
        diagnostic
            .secondary
            .iter()
            .map(|label| (AnnotationKind::Context, label)),
    );
    if sources
        .get(diagnostic.primary.location.file)
        .text
        .is_empty()
    {
        // There is no line to show.
        return group.element(
            Origin::path(sources.get(diagnostic.primary.location.file).name.as_str())
                .line(1)
                .char_column(1),
        );
    }
    while let Some(&(_, first)) = labels.first() {
        let file = first.location.file;
        let (here, elsewhere): (Vec<_>, Vec<_>) = labels
            .into_iter()
            .partition(|(_, label)| label.location.file == file);
        group = group.element(snippet(sources, &here));
        labels = elsewhere;
    }
    group
}

/// The most bytes of source that a repair is shown with.
const LONGEST_REPAIR: usize = 1000;

fn is_long(sources: &Sources, replacements: &[Replacement]) -> bool {
    replacements.first().is_some_and(|first| {
        let spans = replacements.iter().map(|r| &r.location.span);
        Window::around(sources, first.location.file, spans)
            .text
            .len()
            > LONGEST_REPAIR
    })
}

/// The lines of one file with their annotations.
fn snippet<'a>(
    sources: &'a Sources,
    labels: &[(AnnotationKind, &'a Label)],
) -> Snippet<'a, Annotation<'a>> {
    let file = labels[0].1.location.file;
    let window = Window::around(sources, file, labels.iter().map(|(_, l)| &l.location.span));
    let mut shown = Snippet::source(window.text)
        .path(window.name)
        .line_start(window.first_line)
        .fold(true);
    for (kind, label) in labels {
        let mut annotation = kind.span(window.inside(&label.location.span));
        if !label.text.is_empty() {
            annotation = annotation.label(label.text.as_str());
        }
        shown = shown.annotation(annotation);
    }
    shown
}

/// The lines that some ranges touch, so that a message costs time for these and not for the file.
struct Window<'a> {
    name: &'a str,
    text: &'a str,
    /// Line number, from 1, of the first line of `text`.
    first_line: usize,
    /// Byte offset of `text` in its file.
    start: usize,
}

impl<'a> Window<'a> {
    fn around<'s>(
        sources: &'a Sources,
        file: FileId,
        spans: impl Iterator<Item = &'s std::ops::Range<usize>> + Clone,
    ) -> Self {
        let source = sources.get(file);
        let text = source.text.as_str();
        let floor = |mut offset: usize| {
            offset = offset.min(text.len());
            while !text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let low = floor(spans.clone().map(|s| s.start).min().unwrap_or(0));
        let high = floor(spans.map(|s| s.end).max().unwrap_or(low).max(low));
        let mut start = text[..low].rfind('\n').map_or(0, |i| i + 1);
        let end = text[high..].find('\n').map_or(text.len(), |i| high + i);
        let mut first_line = memchr::memchr_iter(b'\n', &text.as_bytes()[..start]).count() + 1;
        if start == text.len() && start > 0 && low == high {
            // Behind the last newline there is no line: show the end of the one before.
            start = text[..start - 1].rfind('\n').map_or(0, |i| i + 1);
            first_line -= 1;
        }
        Self {
            name: &source.name,
            // A carriage return belongs to the end of the line.
            text: text[start..end.max(start)].trim_end_matches('\r'),
            first_line,
            start,
        }
    }

    /// A range of the file as a range of the window.
    fn inside(&self, span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let clamp = |offset: usize| {
            let mut offset = offset.saturating_sub(self.start).min(self.text.len());
            while !self.text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let start = clamp(span.start);
        start..clamp(span.end).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Location;

    fn one_error(text: &str, span: std::ops::Range<usize>) -> (Sources, Diagnostic) {
        let mut sources = Sources::new();
        let file = sources.add("a.s", text);
        (
            sources,
            Diagnostic::error("U0104", "missing comma", Location::new(file, span), "here"),
        )
    }

    #[test]
    fn the_caret_stands_under_the_range() {
        let (sources, error) = one_error("first\n    addq %1 %2\n", 16..18);
        assert_eq!(
            render(&error, &sources, Appearance::Plain),
            "error[U0104]: missing comma\n --> a.s:2:11\n  |\n2 |     addq %1 %2\n  |           \
             ^^ here\n"
        );
    }

    #[test]
    fn a_range_behind_the_last_newline_is_shown_at_the_last_line() {
        let (sources, error) = one_error("halt\n", 5..5);
        assert!(render(&error, &sources, Appearance::Plain).contains("halt"));
    }

    #[test]
    fn a_carriage_return_at_the_end_of_the_line_is_not_shown() {
        let (sources, error) = one_error("halt 0\r\nhalt\r\n", 8..12);
        assert!(render(&error, &sources, Appearance::Plain).contains("\n2 | halt\n"));
    }

    #[test]
    fn a_repair_of_a_very_long_line_is_told_in_words() {
        let (sources, error) = one_error(&"x".repeat(2000), 5..6);
        let place = Location::new(error.primary.location.file, 5..6);
        let error = error.with_repair("write y", place, "y");
        let text = render(&error, &sources, Appearance::Plain);
        assert!(text.contains("help: write y"), "{text}");
        assert!(text.len() < 2000, "{text}");
    }

    #[test]
    fn a_name_of_any_length_leaves_the_message_readable() {
        let (sources, mut error) = one_error("x", 0..1);
        error.message = format!("`{}` is not defined", "ü".repeat(100_000));
        let text = render(&error, &sources, Appearance::Plain);
        assert!(text.len() < 1000 && text.contains("…"), "{text}");
        assert!(text.contains("` is not defined\n"), "{text}");
    }

    #[test]
    fn an_empty_file_has_a_place() {
        let (sources, error) = one_error("", 0..0);
        assert!(render(&error, &sources, Appearance::Plain).contains("a.s:1:1"));
    }

    #[test]
    fn more_than_the_shown_errors_are_counted() {
        let (sources, error) = one_error("x\n", 0..1);
        let text = render_all(&vec![error; 25], &sources, Appearance::Plain);
        assert_eq!(text.matches("error[U0104]").count(), SHOWN_ERRORS);
        assert!(text.ends_with("25 errors, the first 20 of them shown\n"));
    }

    #[test]
    fn warnings_are_silent_beside_an_error() {
        let (sources, error) = one_error("x\n", 0..1);
        let warning = Diagnostic {
            severity: Severity::Warning,
            ..error.clone()
        };
        let text = render_all(&[warning, error], &sources, Appearance::Plain);
        assert!(!text.contains("warning"));
    }
}
